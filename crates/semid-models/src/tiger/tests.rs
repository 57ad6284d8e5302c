//! Tests of the whole method: the gradient, the network, the training, the lists.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::HashSet;
use std::time::{Duration, Instant};

use candle_core::{DType, Device, Tensor};
use rand::Rng;
use semid_core::{
    Case, Catalog, CodeShape, Error, History, Item, NoCheckpoints, RankedList, Ranker, Recommender, Seed, SemanticId,
    SemanticIds, TrainingData, Work,
};

use super::layers::Dropout;
use super::lesson::{Example, Lesson, written};
use super::model::{Model, Start};
use super::tokens::Tokens;
use super::variables::Variables;
use super::{Tiger, TigerRanker, TigerSettings};
use crate::device::ComputeDevice;
use crate::trainer::world::{Slot, World, cancelled_again_and_again};

fn settings() -> TigerSettings {
    TigerSettings {
        encoder_layers: 2,
        decoder_layers: 2,
        d_model: 16,
        heads: 3,
        head_width: 8,
        feed_forward: 24,
        dropout: 0.1,
        max_history: 6,
        user_tokens: 5,
        batch_pairs: 64,
        epochs: 2,
        learning_rate: 5e-3,
        validate_every: 1,
        validation_cases: 20,
        label_smoothing: 0.05,
        ..TigerSettings::starter()
    }
}

fn trained(world: &World, settings: &TigerSettings) -> TigerRanker {
    Tiger::new(settings.clone()).train(&Work::new(Seed(7)), &world.data()).unwrap()
}

/// A model in f64 whose every number matters.
fn exact(world: &World) -> (Variables, Tokens, Model) {
    let (settings, mut variables, mut rng) = (settings(), Variables::default(), Seed(3).rng("parameters"));
    let tokens = Tokens::new(&world.ids, settings.user_tokens, settings.max_history).unwrap();
    let model = Model::new(&settings, &tokens, &mut |name, shape, _| {
        variables.draw(&mut rng, name, shape, Start::Normal(0.5), DType::F64, &Device::Cpu)
    });
    (variables, tokens, model.unwrap())
}

/// Histories of several lengths, among them none and one that is cut.
fn examples(world: &World) -> Vec<Example<'_>> {
    let sequence = world.sequences.iter().find(|items| items.len() > 9).unwrap();
    let example = |(user, length): (u32, usize)| Example { user, history: &sequence[..length], item: sequence[length] };
    [(0, 0), (1, 3), (2, 1), (3, 9), (9, 6)].map(example).to_vec()
}

#[test]
fn every_variable_has_a_gradient_and_it_agrees_with_difference_quotients() {
    let world = World::new(3, 10);
    let (variables, tokens, model) = exact(&world);
    let examples = examples(&world);
    // A new mask of the same key for each pass: dropout is on, and always the same.
    let objective = || Lesson::new(&model, &tokens, &examples, 0.1, &Dropout::new(0.2, 5)).unwrap().objective;
    let gradients = variables.gradients(&objective().backward().unwrap()).unwrap();
    let value = || objective().to_scalar::<f64>().unwrap();
    let mut rng = Seed(4).rng("places");
    for (variable, gradient) in variables.0.iter().zip(gradients) {
        let gradient = gradient.flatten_all().unwrap().to_vec1::<f64>().unwrap();
        assert!(gradient.iter().any(|value| value.abs() > 1e-6), "a gradient reaches {}", variable.name);
        let kept = variable.tensor.flatten_all().unwrap().to_vec1::<f64>().unwrap();
        let moved = |at: usize, by: f64| {
            let mut values = kept.clone();
            values[at] += by;
            let values = Tensor::from_vec(values, variable.tensor.dims(), &Device::Cpu).unwrap();
            variable.tensor.set(&values).unwrap();
            value()
        };
        for _ in 0..4 {
            let at = rng.random_range(0..kept.len());
            let quotient = (moved(at, 1e-5) - moved(at, -1e-5)) / 2e-5;
            let error = (gradient[at] - quotient).abs();
            let name = &variable.name;
            assert!(error < 1e-6 * quotient.abs().max(1.0), "{name} at {at}: {} against {quotient}", gradient[at]);
        }
        moved(0, 0.0);
    }
}

/// Hidden rows of the decoder for each example, [examples, levels, d].
fn hidden(model: &Model, tokens: &Tokens, examples: &[Example<'_>]) -> Vec<Vec<Vec<f64>>> {
    let off = Dropout::default();
    let histories = examples.iter().map(|one| (one.user, one.history));
    let batch = tokens.batch(histories, DType::F64, &Device::Cpu).unwrap();
    let memory = model.encode(&batch, &off).unwrap();
    let codes = written(tokens, examples, &Device::Cpu).unwrap();
    let hidden = model.decode(&memory, &mut Vec::new(), &codes, &off).unwrap();
    hidden.squeeze(1).unwrap().to_vec3::<f64>().unwrap()
}

fn farthest(a: &[Vec<f64>], b: &[Vec<f64>]) -> f64 {
    a.iter().flatten().zip(b.iter().flatten()).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

#[test]
fn what_is_written_later_changes_nothing_before_it() {
    let world = World::new(3, 10);
    let (_, tokens, model) = exact(&world);
    let one = examples(&world)[1];
    // Items 8 and 9 share the ring, which is the first code, and differ in the place.
    let (a, b) = (Example { item: 8, ..one }, Example { item: 9, ..one });
    let (a, b) = (&hidden(&model, &tokens, &[a])[0], &hidden(&model, &tokens, &[b])[0]);
    assert_eq!(a[..2], b[..2], "the opening token and the ring do not see the place");
    assert!(farthest(&a[2..], &b[2..]) > 1e-3, "what comes behind it does");
}

#[test]
fn padding_changes_nothing() {
    let world = World::new(3, 10);
    let (_, tokens, model) = exact(&world);
    let examples = examples(&world);
    let together = hidden(&model, &tokens, &examples);
    for (example, together) in examples.iter().zip(&together) {
        let alone = &hidden(&model, &tokens, &[*example])[0];
        let history = example.history.len();
        assert!(farthest(alone, together) < 1e-12, "{history} items are read alike alone and beside longer histories");
    }
}

#[test]
fn a_rule_without_exceptions_is_learned() {
    let items = 24u32;
    let next = |item: u32| (item * 7 + 5) % items;
    let walk = |from: u32, length: usize| -> Vec<u32> {
        std::iter::successors(Some(from), |&item| Some(next(item))).take(length).collect()
    };
    let sequences: Vec<Vec<u32>> = (0..96).map(|user| walk(user % items, 4)).collect();
    let validation: Vec<Case> = (0..items)
        .map(|from| {
            let mut history = walk(from, 4);
            let target = history.pop().unwrap();
            Case { user: from, history, targets: vec![target] }
        })
        .collect();
    let id = |item: u32| SemanticId { codes: vec![item / 6, item % 6], suffix: None };
    let ids = SemanticIds { shape: CodeShape(vec![4, 6]), suffixes: 0, ids: (0..items).map(id).collect() };
    let catalog = Catalog { items: vec![Item::default(); items as usize] };
    let data = TrainingData {
        catalog: &catalog,
        sequences: &sequences,
        validation: &validation,
        embeddings: None,
        ids: Some(&ids),
        checkpoints: &NoCheckpoints,
    };
    let settings = TigerSettings { d_model: 32, feed_forward: 64, epochs: 40, batch_pairs: 32, ..settings() };
    let work = Work::new(Seed(7));
    let ranker = Tiger::new(TigerSettings { validate_every: 10, ..settings }).train(&work, &data).unwrap();
    let histories: Vec<History<'_>> =
        validation.iter().map(|case| History { user: case.user, items: &case.history }).collect();
    let lists = ranker.rank(&work, &histories, 1).unwrap();
    let hits = lists.iter().zip(&validation).filter(|(list, case)| list.entries[0].items == case.targets).count();
    let share = hits as f64 / validation.len() as f64;
    assert!(share >= 0.95, "{share} of the next items were found");
    let losses: Vec<f64> = work
        .take_series()
        .into_iter()
        .filter(|point| point.series == "training loss")
        .map(|point| point.value)
        .collect();
    assert!(losses[losses.len() - 1] < losses[0] / 2.0, "the loss was recorded and fell: {losses:?}");
}

/// Every item's log-probability for one history, each written down on its own.
fn exhaustive(ranker: &TigerRanker, history: &History<'_>) -> Vec<f64> {
    let (off, tokens, model) = (Dropout::default(), &ranker.tokens, &ranker.model);
    let score = |item: u32| {
        let example = Example { user: history.user, history: history.items, item };
        let lesson = Lesson::new(model, tokens, &[example], 0.0, &off).unwrap();
        -f64::from(lesson.nats.to_scalar::<f32>().unwrap())
    };
    (0..tokens.ids.items() as u32).map(score).collect()
}

#[test]
fn a_beam_over_the_trie_finds_what_scoring_every_item_finds() {
    let world = World::new(3, 20);
    let ranker = trained(&world, &settings());
    let work = Work::new(Seed(7));
    for (beam, exact) in [(24, true), (20, false)] {
        let lists = ranker.rank_with_beam(&work, &world.histories(), 10, beam).unwrap();
        for (history, list) in world.histories().iter().zip(&lists) {
            let scores = exhaustive(&ranker, history);
            let mut best: Vec<u32> = (0..24).filter(|item| !history.items.contains(item)).collect();
            best.sort_by(|&a, &b| scores[b as usize].total_cmp(&scores[a as usize]));
            assert_eq!(list.entries.len(), 10, "ten ranks were asked for");
            for (rank, entry) in list.entries.iter().enumerate() {
                let [item] = entry.items[..] else { panic!("every ID here is one item's") };
                let difference = (entry.score - scores[item as usize]).abs();
                assert!(difference < 1e-4, "the beam scores item {item} as the whole ID does");
                let expected = scores[best[rank] as usize];
                assert!(!exact || (entry.score - expected).abs() < 1e-4, "rank {rank} is the best that is left");
            }
        }
    }
}

#[test]
fn lists_leave_the_history_out_and_depend_on_nobody_else() {
    let world = World::new(3, 20);
    let ranker = trained(&world, &settings());
    let work = Work::new(Seed(7));
    let most: Vec<u32> = (0..23).collect();
    let all: Vec<u32> = (0..24).collect();
    let of = |items| History { user: 1, items };
    let lists = ranker.rank(&work, &[of(&most), of(&all), of(&[]), of(&[5, 6])], 10).unwrap();
    let items = |list: &RankedList| list.entries.iter().map(|entry| entry.items[0]).collect::<Vec<_>>();
    assert_eq!(items(&lists[0]), [23], "one item is left");
    assert!(lists[1].entries.is_empty(), "nothing is left");
    assert_eq!(lists[2].entries.len(), 10, "without a history the model still has a list");
    let listed: HashSet<u32> = items(&lists[3]).into_iter().collect();
    assert!(listed.len() == 10 && !listed.contains(&5) && !listed.contains(&6), "ten others than the two met");
    assert!(lists[3].entries.windows(2).all(|pair| pair[0].score >= pair[1].score), "best first");
    let alone = ranker.rank(&work, &[of(&[5, 6])], 10).unwrap();
    assert_eq!(items(&alone[0]), items(&lists[3]), "a list does not depend on who is ranked beside");
    assert!(ranker.rank(&work, &[of(&[24])], 10).unwrap_err().to_string().contains("24"), "an unknown item is named");
}

#[test]
fn items_that_share_an_id_share_its_rank() {
    let mut world = World::new(2, 20);
    world.ids.ids[3] = world.ids.ids[4].clone();
    let ranker = trained(&world, &TigerSettings { epochs: 1, ..settings() });
    let list = ranker.rank(&Work::new(Seed(7)), &[History { user: 0, items: &[1] }], 15).unwrap().remove(0);
    let shared = list.entries.iter().find(|entry| entry.items.contains(&3)).unwrap();
    assert_eq!(shared.items, [3, 4], "both stand in one entry");
    let list = ranker.rank(&Work::new(Seed(7)), &[History { user: 0, items: &[3] }], 15).unwrap().remove(0);
    let left = list.entries.iter().find(|entry| entry.items.contains(&4)).unwrap();
    assert_eq!(left.items, [4], "the one in the history is left out");
}

#[test]
fn one_thread_and_two_give_the_same_bytes_and_seeds_give_different_models() {
    let world = World::new(4, 40);
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let ranker = trained(&world, &settings());
            (ranker.weights().unwrap(), ranker.rank(&Work::new(Seed(7)), &world.histories(), 10).unwrap())
        })
    };
    let (one, two) = (run(1), run(2));
    assert!(one.0 == two.0, "the weights do not depend on the number of threads");
    assert_eq!(one.1, two.1, "nor do the lists");
    let other = Tiger::new(settings()).train(&Work::new(Seed(8)), &world.data()).unwrap();
    assert!(other.weights().unwrap() != one.0, "the seed decides start, order and dropout");
}

#[test]
fn a_training_cancelled_again_and_again_ends_with_the_same_bytes() {
    let world = World::new(4, 30);
    let settings = TigerSettings { epochs: 4, ..settings() };
    let whole = trained(&world, &settings);
    let train = |work: &Work, data: &TrainingData<'_>| Tiger::new(settings.clone()).train(work, data);
    let (resumed, cancelled) = cancelled_again_and_again(&world, train);
    assert!(cancelled > 0, "it was cancelled at least once");
    assert!(whole.weights() == resumed.weights(), "{cancelled} interruptions left no trace in the weights");
}

#[test]
fn a_checkpoint_that_is_damaged_or_of_another_training_is_passed_over() {
    let world = World::new(3, 20);
    let slot = Slot::default();
    let run = |settings: &TigerSettings, cancelled: bool| {
        let work = Work::new(Seed(7));
        if cancelled {
            work.cancel().cancel();
        }
        let data = TrainingData { checkpoints: &slot, ..world.data() };
        Tiger::new(settings.clone()).train(&work, &data)
    };
    let whole = trained(&world, &settings()).weights();
    let other = TigerSettings { weight_decay: 0.5, ..settings() };
    assert!(matches!(run(&other, true), Err(Error::Cancelled)), "it was cancelled before it began");
    assert!(slot.0.lock().unwrap().is_some(), "and left its state");
    assert!(run(&settings(), false).unwrap().weights() == whole, "the state of other settings is not gone on from");
    for damage in [0, 40, 5000] {
        assert!(matches!(run(&settings(), true), Err(Error::Cancelled)), "cancelled");
        if let Some(byte) = slot.0.lock().unwrap().as_mut().and_then(|bytes| bytes.get_mut(damage)) {
            *byte ^= 1;
        }
        assert!(run(&settings(), false).unwrap().weights() == whole, "byte {damage} was damaged, and it starts afresh");
    }
}

#[test]
fn a_cancel_takes_effect_within_a_second() {
    let world = World::new(100, 3000);
    let settings = TigerSettings { max_history: 20, batch_pairs: 1 << 20, epochs: 1000, ..settings() };
    let work = Work::new(Seed(7));
    let cancel = work.cancel();
    let asked = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(300));
        cancel.cancel();
        Instant::now()
    });
    let result = Tiger::new(settings).train(&work, &world.data());
    let late = asked.join().unwrap().elapsed();
    assert!(matches!(result, Err(Error::Cancelled)), "it stopped because it was asked to");
    assert!(late < Duration::from_secs(1), "the whole batch takes much longer, and it stopped after {late:?}");
}

#[test]
fn weights_come_back_as_the_same_ranker_and_other_catalogs_are_refused() {
    let world = World::new(3, 20);
    let ranker = trained(&world, &settings());
    let bytes = ranker.weights().unwrap();
    let method = Tiger::new(settings());
    let restored = method.restore(&world.data(), &bytes).unwrap();
    let work = Work::new(Seed(7));
    let lists = |ranker: &dyn Ranker| ranker.rank(&work, &world.histories(), 10).unwrap();
    assert_eq!(lists(&ranker), lists(restored.as_ref()), "the same lists");
    assert_eq!(restored.weights().unwrap(), bytes, "and the same bytes again");
    assert_eq!(restored.parameters(), ranker.parameters(), "and as many numbers");
    let error = method.restore(&World::new(4, 20).data(), &bytes).map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("embedding"), "{error} names the tensor that does not fit");
    for cut in [0, 7, 100, bytes.len() - 1] {
        assert!(method.restore(&world.data(), &bytes[..cut]).is_err(), "{cut} bytes are not the whole file");
    }
}

#[test]
fn data_that_cannot_be_learnt_from_and_bad_settings_are_refused_with_a_sentence() {
    let world = World::new(3, 20);
    let run = |settings: TigerSettings, data: TrainingData<'_>| {
        Tiger::new(settings).fit(&Work::new(Seed(7)), &data).err().map(|error| error.to_string()).unwrap_or_default()
    };
    assert!(run(settings(), TrainingData { sequences: &[vec![]], ..world.data() }).contains("no training"), "nothing");
    assert!(run(settings(), TrainingData { sequences: &[vec![1]], ..world.data() }).contains("next item"), "one item");
    assert!(run(settings(), TrainingData { sequences: &[vec![999]], ..world.data() }).contains("999"), "out of range");
    assert!(run(settings(), TrainingData { ids: None, ..world.data() }).contains("ID scheme"), "no IDs");
    assert!(run(TigerSettings { heads: 0, ..settings() }, world.data()).contains("heads"), "bad settings");
    if !cfg!(feature = "cuda") {
        let sentence = run(TigerSettings { device: ComputeDevice::Cuda, ..settings() }, world.data());
        assert!(sentence.contains("--features cuda"), "{sentence} says how to get the device");
    }
}
