//! Tests of the whole method: the gradient, the training, the lists.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::HashSet;
use std::time::{Duration, Instant};

use candle_core::{DType, Device, Tensor};
use rand::Rng;
use semid_core::{Error, History, Ranker, Recommender, Seed, TrainingData, Work};

use super::layout::Layout;
use super::model::{Lesson, OPENING, Room, Teaching, teach};
use super::{Loss, Sasrec, SasrecSettings};
use crate::trainer::world::{World, cancelled_again_and_again};
use crate::transformer::reference::Reference;
use crate::transformer::{Dropout, Parameters, Real, UNTAUGHT};

fn settings() -> SasrecSettings {
    SasrecSettings {
        layers: 2,
        d_model: 24,
        heads: 2,
        feed_forward: 40,
        dropout: 0.1,
        max_history: 6,
        window_stride: 5,
        batch_items: 100,
        epochs: 4,
        learning_rate: 5e-3,
        patience: 4,
        validation_cases: 40,
        shards: 3,
        ..SasrecSettings::starter()
    }
}

fn trained(world: &World, settings: &SasrecSettings, loss: Loss) -> Box<dyn Ranker> {
    Sasrec::new(settings.clone(), loss).fit(&Work::new(Seed(7)), &world.data()).unwrap()
}

const ITEMS: usize = 300;

/// A model whose every parameter matters, and windows of several lengths, one with context that is not taught.
fn lesson(sampled: bool) -> (Layout, Vec<f64>, Lesson) {
    let settings = SasrecSettings { d_model: 40, max_history: 12, ..settings() };
    let layout = Layout::new(&settings, ITEMS);
    let mut rng = Seed(3).rng("parameters");
    let parameters = layout.tensors.0.iter().flat_map(|tensor| {
        let base = if tensor.name.ends_with("gain") { 1.0 } else { 0.0 };
        (0..tensor.at.len()).map(|_| base + rng.random_range(-0.3..0.3)).collect::<Vec<f64>>()
    });
    let parameters = parameters.collect();
    let mut lesson = Lesson::default();
    // Long enough for more than one block of rows of the softmax.
    for (length, taught) in [(13, 0), (1, 0), (7, 3), (2, 0)].into_iter().cycle().take(50) {
        let items: Vec<u32> = (0..length).map(|_| rng.random_range(0..ITEMS as u32)).collect();
        lesson.push(&items, taught);
    }
    if sampled {
        lesson.negatives = lesson.inputs.iter().map(|_| rng.random_range(0..ITEMS as u32)).collect();
    }
    (layout, parameters, lesson)
}

fn run<R: Real>(layout: &Layout, parameters: &[R], lesson: &Lesson, dropout: f64) -> (f64, Vec<R>) {
    let mut gradients = vec![R::default(); parameters.len()];
    let weight = 1.0 / lesson.targets.iter().filter(|&&target| target != UNTAUGHT).count() as f64;
    let teaching = Teaching { dropout: Dropout::new(dropout, 5), weight };
    let losses = teach(layout, Parameters::exact(parameters), &mut gradients, lesson, teaching, &mut Room::default());
    (losses.mean(), gradients)
}

/// The mean objective in candle, one sequence at a time.
fn expected_loss(layout: &Layout, candle: &Reference<'_>, lesson: &Lesson) -> candle_core::Result<Tensor> {
    let both = Tensor::cat(&[candle.tensor(&layout.item), candle.tensor(&layout.opening)], 0)?;
    let (mut sum, mut start, mut taught) = (Tensor::zeros((), DType::F64, &Device::Cpu)?, 0, 0);
    for &length in &lesson.sequences.lengths {
        let at = start..start + length;
        let inputs: Vec<u32> = lesson.inputs[at.clone()].iter().map(|&item| item.min(ITEMS as u32)).collect();
        let items = both.index_select(&Tensor::from_vec(inputs, length, &Device::Cpu)?, 0)?;
        let positions = candle.rows(&layout.position, (0..length as u32).collect())?;
        let hidden = candle.hidden(&layout.stack, &(items + positions)?.unsqueeze(0)?)?.squeeze(0)?;
        let targets = &lesson.targets[at.clone()];
        taught += targets.iter().filter(|&&target| target != UNTAUGHT).count();
        if lesson.negatives.is_empty() {
            sum = (sum + candle.objective(&hidden, candle.tensor(&layout.item), targets, 0.0)?)?;
        } else {
            for (place, &target) in targets.iter().enumerate().filter(|(_, target)| **target != UNTAUGHT) {
                let two = candle.rows(&layout.item, vec![target, lesson.negatives[start + place]])?;
                let scores = two.matmul(&hidden.narrow(0, place, 1)?.t()?)?.squeeze(1)?;
                let signs = Tensor::new(&[-1.0f64, 1.0], &Device::Cpu)?;
                sum = (sum + ((scores * signs)?.exp()? + 1.0)?.log()?.sum_all()?)?;
            }
        }
        start += length;
    }
    sum / taught as f64
}

#[test]
fn loss_and_every_gradient_agree_with_candle() {
    for sampled in [false, true] {
        let (layout, parameters, lesson) = lesson(sampled);
        let (loss, gradients) = run(&layout, &parameters, &lesson, 0.0);
        let candle = Reference::new(&layout.tensors, &parameters, DType::F64, &Device::Cpu).unwrap();
        let expected = expected_loss(&layout, &candle, &lesson).unwrap();
        let difference = (loss - expected.to_scalar::<f64>().unwrap()).abs();
        assert!(difference < 1e-10, "the two losses differ by {difference}");
        let store = expected.backward().unwrap();
        for (tensor, expected) in layout.tensors.0.iter().zip(candle.gradients(&store).unwrap()) {
            let expected = expected.unwrap_or_else(|| panic!("candle's gradient does not reach {}", tensor.name));
            assert!(expected.iter().any(|value| value.abs() > 1e-6), "{} has a gradient", tensor.name);
            for (ours, theirs) in gradients[tensor.at.clone()].iter().zip(&expected) {
                assert!((ours - theirs).abs() < 1e-10, "{}: {ours} here, {theirs} in candle", tensor.name);
            }
        }
    }
}

#[test]
fn gradients_agree_with_difference_quotients_with_dropout_on() {
    for sampled in [false, true] {
        let (layout, mut parameters, lesson) = lesson(sampled);
        let (_, gradients) = run(&layout, &parameters, &lesson, 0.3);
        let mut rng = Seed(4).rng("places");
        for tensor in &layout.tensors.0 {
            for _ in 0..3 {
                let at = rng.random_range(tensor.at.clone());
                let kept = parameters[at];
                parameters[at] = kept + 1e-5;
                let above = run(&layout, &parameters, &lesson, 0.3).0;
                parameters[at] = kept - 1e-5;
                let below = run(&layout, &parameters, &lesson, 0.3).0;
                parameters[at] = kept;
                let quotient = (above - below) / 2e-5;
                let error = (gradients[at] - quotient).abs();
                assert!(error < 1e-8, "{} at {at}: {} by hand, {quotient} by difference", tensor.name, gradients[at]);
            }
        }
    }
}

#[test]
fn it_learns_what_comes_next_by_either_loss() {
    let world = World::new(4, 120);
    for loss in [Loss::CrossEntropy, Loss::SampledBinary] {
        let settings = SasrecSettings { epochs: 25, patience: 25, learning_rate: 1e-2, ..settings() };
        let work = Work::new(Seed(7));
        let ranker = Sasrec::new(settings, loss).fit(&work, &world.data()).unwrap();
        let lists = ranker.rank(&work, &world.histories(), 1).unwrap();
        let cases = lists.iter().zip(&world.validation);
        let hits = cases.filter(|(list, case)| list.entries[0].items == case.targets).count();
        let share = hits as f64 / lists.len() as f64;
        assert!(share > 0.7, "nine of ten steps follow the ring, and {loss:?} found {share} of them");
    }
}

#[test]
fn one_thread_and_two_give_the_same_bytes_and_seeds_give_different_models() {
    let world = World::new(4, 40);
    for loss in [Loss::CrossEntropy, Loss::SampledBinary] {
        let settings = settings();
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let ranker = trained(&world, &settings, loss);
                (ranker.weights(), ranker.rank(&Work::new(Seed(7)), &world.histories(), 10).unwrap())
            })
        };
        let (one, two) = (run(1), run(2));
        assert!(one.0 == two.0, "the weights do not depend on the number of threads");
        assert_eq!(one.1, two.1, "nor do the lists");
        let other = Sasrec::new(settings.clone(), loss).fit(&Work::new(Seed(8)), &world.data()).unwrap();
        assert!(other.weights() != one.0, "the seed decides start, order, dropout and negatives");
    }
}

#[test]
fn a_training_cancelled_again_and_again_ends_with_the_same_bytes() {
    let world = World::new(4, 40);
    let settings = SasrecSettings { epochs: 8, ..settings() };
    let whole = trained(&world, &settings, Loss::SampledBinary);
    let train =
        |work: &Work, data: &TrainingData<'_>| Sasrec::new(settings.clone(), Loss::SampledBinary).fit(work, data);
    let (resumed, cancelled) = cancelled_again_and_again(&world, train);
    assert!(cancelled > 0, "it was cancelled at least once");
    assert!(whole.weights() == resumed.weights(), "{cancelled} interruptions left no trace in the weights");
}

#[test]
fn a_cancel_takes_effect_within_a_second() {
    let world = World::new(400, 2000);
    let settings = SasrecSettings { layers: 3, d_model: 64, batch_items: 1 << 20, epochs: 1000, ..settings() };
    let work = Work::new(Seed(7));
    let cancel = work.cancel();
    let asked = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(300));
        cancel.cancel();
        Instant::now()
    });
    let result = Sasrec::new(settings, Loss::CrossEntropy).fit(&work, &world.data());
    let waited = asked.join().unwrap().elapsed();
    assert!(matches!(result, Err(Error::Cancelled)), "a cancelled training says so");
    assert!(waited < Duration::from_secs(1), "it took {waited:?}");
}

#[test]
fn lists_hold_k_items_none_of_the_history_however_long_or_short_it_is() {
    let world = World::new(3, 20);
    let ranker = trained(&world, &settings(), Loss::CrossEntropy);
    let work = Work::new(Seed(7));
    let most: Vec<u32> = (0..23).collect();
    let all: Vec<u32> = (0..24).collect();
    let of = |items| History { user: 1, items };
    let lists = ranker.rank(&work, &[of(&most), of(&all), of(&[]), of(&[5, 6])], 10).unwrap();
    assert_eq!(lists[0].entries.iter().map(|e| e.items.clone()).collect::<Vec<_>>(), [[23]], "one item is left");
    assert!(lists[1].entries.is_empty(), "nothing is left");
    assert_eq!(lists[2].entries.len(), 10, "without a history the model still has a list");
    let items: HashSet<u32> = lists[3].entries.iter().flat_map(|entry| entry.items.clone()).collect();
    assert!(items.len() == 10 && !items.contains(&5) && !items.contains(&6), "ten others than the two met");
    assert!(lists[3].entries.windows(2).all(|pair| pair[0].score >= pair[1].score), "best first");
    let alone = ranker.rank(&work, &[of(&[5, 6])], 10).unwrap();
    let order = |list: &semid_core::RankedList| list.entries.iter().map(|e| e.items[0]).collect::<Vec<_>>();
    assert_eq!(order(&alone[0]), order(&lists[3]), "a list does not depend on who is ranked beside");
    assert!(ranker.rank(&work, &[of(&[24])], 10).unwrap_err().to_string().contains("24"), "an unknown item is named");
}

#[test]
fn weights_come_back_as_the_same_ranker_and_other_catalogs_are_refused() {
    let world = World::new(3, 20);
    let ranker = trained(&world, &settings(), Loss::CrossEntropy);
    let bytes = ranker.weights().unwrap();
    let method = Sasrec::new(settings(), Loss::CrossEntropy);
    let restored = method.restore(&world.data(), &bytes).unwrap();
    let work = Work::new(Seed(7));
    let lists = |ranker: &dyn Ranker| ranker.rank(&work, &world.histories(), 10).unwrap();
    assert_eq!(lists(ranker.as_ref()), lists(restored.as_ref()), "the same lists");
    assert_eq!(restored.weights().unwrap(), bytes, "and the same bytes again");
    assert!(method.restore(&World::new(4, 20).data(), &bytes).is_err(), "weights for 24 items do not fit 32");
    for cut in [0, 7, 100, bytes.len() - 1] {
        assert!(method.restore(&world.data(), &bytes[..cut]).is_err(), "{cut} bytes are not the whole file");
    }
}

#[test]
fn data_that_cannot_be_learnt_from_and_bad_settings_are_refused_with_a_sentence() {
    let world = World::new(3, 20);
    let run = |settings: SasrecSettings, data: TrainingData<'_>| {
        Sasrec::new(settings, Loss::CrossEntropy)
            .fit(&Work::new(Seed(7)), &data)
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default()
    };
    assert!(run(settings(), TrainingData { sequences: &[vec![]], ..world.data() }).contains("no training"), "nothing");
    assert!(run(settings(), TrainingData { sequences: &[vec![999]], ..world.data() }).contains("999"), "out of range");
    assert!(run(SasrecSettings { heads: 7, ..settings() }, world.data()).contains("heads"), "bad settings");
    assert_eq!(OPENING, UNTAUGHT, "neither is an item");
}
