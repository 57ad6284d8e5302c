//! Speaking items: the gradient, a rule that is learned, files that give the ranker again, lessons, and what is refused.
#![allow(clippy::unwrap_used, clippy::expect_used)]
use rand::Rng;
use semid_core::labels::{LabelSettings, label_prefixes};
use semid_core::{Catalog, History, Item, NoCheckpoints, Ranker, Recommender, Seed, TrainingData, Work};

use super::lessons::Lesson;
use super::model::{Frozen, SpeakLayout, SpeakRoom, Taught};
use super::*;
use crate::language_model::tune::forward::Network;
use crate::language_model::tune::tests::{Bytes, llama};
use crate::language_model::tune::{LoraModules, LoraSettings};
use crate::trainer::TrainingPrecision;
use crate::trainer::world::{World as Rings, cancelled_again_and_again};
use crate::transformer::{Dropout, Parameters};

fn settings() -> SpeakSettings {
    SpeakSettings {
        frame: ChatFrame { opening: "<".into(), turn: "|".into(), closing: ">".into() },
        shares: LessonShares {
            next_item: 1.0,
            id_to_title: 0.0,
            title_to_id: 0.0,
            id_to_category: 0.0,
            category_to_id: 0.0,
            explain: 0.0,
        },
        max_history: 3,
        lessons_an_epoch: 48,
        token_epochs: 1,
        adapter_epochs: 2,
        batch_lessons: 8,
        lora: LoraSettings { rank: 4, alpha: 8.0, dropout: 0.1, modules: LoraModules::All },
        token_learning_rate: 2e-2,
        adapter_learning_rate: 1e-2,
        validation_cases: 10,
        beam: 8,
        shards: 3,
        patience: 20,
        precision: TrainingPrecision::F32,
        ..SpeakSettings::starter()
    }
}

/// The rings with titles and categories.
fn rings(rings: u32, users: usize) -> Rings {
    let mut world = Rings::new(rings, users);
    let item = |at: u32| Item {
        key: at.to_string(),
        title: format!("item {at}"),
        text: format!("ring{} place{}", at / 8, at % 8),
        categories: vec!["all".to_owned(), format!("ring {}", at / 8)],
    };
    world.catalog = Catalog { items: (0..rings * 8).map(item).collect() };
    world
}

fn speak(settings: SpeakSettings, tied: bool) -> SpeakItems {
    SpeakItems::new(llama(tied), Arc::new(Bytes), settings, None)
}

#[test]
fn the_gradient_of_rows_and_adapters_is_the_difference_quotient() {
    for tied in [true, false] {
        let llama = llama(tied);
        let values: Vec<f64> = llama.values.iter().map(|&x| f64::from(x)).collect();
        let frozen_values = Parameters::exact(&values[..]);
        let layout = SpeakLayout::new(&llama, 9, &settings().lora);
        let network = Network {
            shape: &llama.shape,
            layers: &llama.layout.layers,
            norm: &llama.layout.norm,
            frozen: frozen_values,
            lora: None,
        };
        let frozen = Frozen {
            network,
            embedding: &values[llama.layout.embedding.clone()],
            output: frozen_values.matrix(&llama.layout.output, 24),
            layout: &layout,
        };
        let mut rng = Seed(8).rng("speak gradient");
        let parameters: Vec<f64> = (0..layout.tensors.numbers()).map(|_| rng.random_range(-0.4..0.4)).collect();
        let lessons = [
            Lesson { tokens: vec![3, 64, 70, 5, 72, 66], answer: 4 },
            Lesson { tokens: vec![9, 65, 68, 8, 1, 2, 71], answer: 2 },
            Lesson { tokens: vec![64, 69], answer: 1 },
        ];
        let run = |parameters: &[f64]| {
            let mut gradients = vec![0.0; parameters.len()];
            let taught = Taught { lessons: &lessons, first: 2, dropout: Dropout::new(0.2, 6), weight: 1.0 / 8.0 };
            let losses = frozen.teach(parameters, &mut gradients, taught, &mut SpeakRoom::default());
            assert_eq!(losses.taught, 8, "answers alone are taught");
            (losses.mean(), gradients)
        };
        let (_, gradients) = run(&parameters);
        for tensor in &layout.tensors.0 {
            let largest = gradients[tensor.at.clone()].iter().fold(0.0f64, |most, x| most.max(x.abs()));
            assert!(largest > 1e-7, "a gradient reaches {}", tensor.name);
            for at in tensor.at.clone().step_by((tensor.at.len() / 3).max(1)) {
                let moved = |by: f64| {
                    let mut parameters = parameters.clone();
                    parameters[at] += by;
                    run(&parameters).0
                };
                let quotient = (moved(1e-5) - moved(-1e-5)) / 2e-5;
                let gradient = gradients[at];
                assert!((gradient - quotient).abs() < 1e-7, "{} {at}: {gradient}, not {quotient}", tensor.name);
            }
        }
        // Without adapters the same rows alone learn.
        let rows = &parameters[..layout.rows];
        let mut gradients = vec![0.0; rows.len()];
        let taught = Taught { lessons: &lessons, first: 0, dropout: None, weight: 1.0 };
        frozen.teach(rows, &mut gradients, taught, &mut SpeakRoom::default());
        assert!(gradients.iter().any(|x| x.abs() > 1e-6), "the first phase teaches rows without adapters");
    }
}

#[test]
fn it_learns_what_comes_next_ranks_exactly_and_leaves_the_model_as_it_was() {
    let world = rings(2, 40);
    let data = world.data();
    let settings = SpeakSettings {
        token_epochs: 3,
        adapter_epochs: 6,
        lessons_an_epoch: 160,
        lora: LoraSettings { dropout: 0.0, ..settings().lora },
        ..settings()
    };
    let speak = speak(settings, true);
    let before = speak.llama.values.clone();
    let work = Work::new(Seed(7));
    let ranker = speak.train(&work, &data).unwrap();
    let series = work.take_series();
    let of = |name: &str| series.iter().filter(|point| point.series == name).map(|point| point.value).collect();
    let (losses, ndcgs): (Vec<f64>, Vec<f64>) = (of("training loss"), of("validation ndcg@10"));
    assert!(losses[losses.len() - 1] < 0.7 * losses[0], "training lowers the loss: {losses:?}");
    let best = ndcgs.iter().copied().fold(0.0, f64::max);
    assert!(best > 0.6, "it learns the rule that the next item follows the last: {ndcgs:?}");
    assert_eq!(speak.llama.values, before, "frozen weights keep every byte");

    // A beam as wide as the catalog gives every item the probability of its ID.
    let nothing: [u32; 0] = [];
    let histories = [History { user: 1, items: &nothing }, History { user: 2, items: &[3, 4] }];
    let lists = ranker.rank_with_beam(&work, &histories, 16, 16).unwrap();
    let sum: f64 = lists[0].entries.iter().map(|entry| entry.score.exp()).sum();
    assert!((sum - 1.0).abs() < 1e-4, "the probabilities of all IDs add up to one, not {sum}");
    let items: Vec<u32> = lists[1].entries.iter().flat_map(|entry| entry.items.clone()).collect();
    assert!(items.len() == 14 && !items.contains(&3) && !items.contains(&4), "all items but those met: {items:?}");
}

#[test]
fn exported_adapters_and_merged_weights_give_the_lists_of_the_ranker() {
    let world = rings(2, 20);
    let data = world.data();
    for tied in [true, false] {
        let settings = SpeakSettings { adapter_epochs: 1, lessons_an_epoch: 24, ..settings() };
        let speak = speak(settings.clone(), tied);
        let work = Work::new(Seed(7));
        let ranker = speak.train(&work, &data).unwrap();
        let lists = ranker.rank(&work, &world.histories(), 5).unwrap();
        let restored = speak.restore(&data, &ranker.weights().unwrap()).unwrap();
        assert_eq!(restored.rank(&work, &world.histories(), 5).unwrap(), lists, "weights bring the ranker back");

        let files = ranker.export("tiny").unwrap();
        let imported = speak.import(&data, &files).unwrap();
        assert_eq!(imported.rank(&work, &world.histories(), 5).unwrap(), lists, "so do the exported files");
        let file = safetensors::SafeTensors::deserialize(&files.adapter_model).unwrap();
        let b = file.tensor("base_model.model.model.layers.1.self_attn.k_proj.lora_B.weight").unwrap();
        assert_eq!(b.shape(), [12, 4], "named and shaped as PEFT reads it: outputs × rank");
        let a = file.tensor("base_model.model.model.layers.0.mlp.down_proj.lora_A.weight").unwrap();
        assert_eq!(a.shape(), [4, 20], "named and shaped as PEFT reads it: rank × inputs");
        let config: serde_json::Value = serde_json::from_str(&files.adapter_config).unwrap();
        assert_eq!(config["base_model_name_or_path"], "tiny", "they belong to a model");
        assert_eq!((config["r"].as_u64(), config["target_modules"].as_array().unwrap().len()), (Some(4), 7));
        let tokens: serde_json::Value = serde_json::from_str(&files.added_tokens).unwrap();
        assert_eq!(tokens["<|sid_0_0|>"], 64, "new tokens stand behind the model's own");

        // The merged model with adapters that do nothing ranks as the adapters do.
        let merged = SpeakItems { llama: Arc::new(ranker.merged()), ..speak.clone() };
        let (world_of, lessons) = merged.prepared(&settings, &data).unwrap();
        let rows = ranker.learned()[..world_of.layout.rows].to_vec();
        let merged = SpeakRanker::new(world_of, lessons, rows).rank(&work, &world.histories(), 5).unwrap();
        for (ours, theirs) in merged.iter().zip(&lists).flat_map(|(a, b)| a.entries.iter().zip(&b.entries)) {
            assert!((ours.score - theirs.score).abs() < 1e-3, "{} merged, {} beside", ours.score, theirs.score);
        }
    }
}

#[test]
fn threads_and_interruptions_leave_no_trace() {
    let world = rings(2, 20);
    let speak = speak(SpeakSettings { lessons_an_epoch: 24, ..settings() }, true);
    let train = |work: &Work, data: &TrainingData<'_>| speak.train(work, data);
    let straight = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| train(&Work::new(Seed(7)), &world.data()).unwrap().weights().unwrap())
    };
    let one = straight(1);
    assert!(one == straight(3), "three threads write the bytes that one writes");
    let (resumed, times) = cancelled_again_and_again(&world, train);
    assert!(times > 0, "the training was interrupted");
    assert!(one == resumed.weights().unwrap(), "resumed {times} times it writes the bytes of a straight run");
}

#[test]
fn lessons_are_drawn_by_share_and_say_what_the_catalog_says() {
    let world = rings(2, 20);
    let settings = SpeakSettings { shares: SpeakSettings::starter().shares, ..settings() };
    let speak = speak(settings.clone(), true);
    let (prepared, lessons) = speak.prepared(&settings, &world.data()).unwrap();
    let drawn = lessons.draw(4000, &mut Seed(2).rng("lessons"));
    assert_eq!(drawn, lessons.draw(4000, &mut Seed(2).rng("lessons")), "the same seed draws the same lessons");
    let spelled = |lesson: &Lesson| lesson.tokens[lesson.answer..].iter().filter(|&&token| token >= 64).count();
    let ids = drawn.iter().filter(|lesson| spelled(lesson) == 3).count() as f64 / 4000.0;
    assert!((ids - 0.75).abs() < 0.03, "next items, titles and categories are answered by an ID: {ids}");
    assert!(drawn.iter().all(|lesson| matches!(spelled(lesson), 0 | 3)), "an answer holds a whole ID or none");
    let title = Bytes.tokens("item 5>").unwrap();
    let question: Vec<u32> = prepared.tokens.of_item(&world.ids, 5).collect();
    let asked = drawn.iter().find(|lesson| lesson.tokens[lesson.answer..] == title[..]).unwrap();
    assert!(asked.tokens[..asked.answer].windows(3).any(|window| window == question), "title of the item asked");
    let bare = Rings::new(2, 20);
    let (_, lessons) = speak.prepared(&settings, &bare.data()).unwrap();
    let drawn = lessons.draw(50, &mut Seed(2).rng("lessons"));
    assert!(drawn.iter().all(|lesson| spelled(lesson) == 3), "a catalog without titles teaches next items alone");
}

#[test]
fn new_rows_start_from_the_words_that_label_their_code() {
    let world = rings(2, 20);
    let labels = label_prefixes(&world.catalog, &world.ids, LabelSettings::starter());
    let speak = SpeakItems { labels: Some(labels.clone()), ..speak(settings(), true) };
    let (prepared, _) = speak.prepared(&settings(), &world.data()).unwrap();
    let start = |labels| {
        let mut rng = Seed(1).rng("rows");
        prepared.tokens.start(&speak.llama, labels, &Bytes, &mut rng).unwrap()
    };
    let (with, without) = (start(Some(&labels)), start(None));
    let row = |rows: &[f32], at: usize| rows[at * 24..(at + 1) * 24].to_vec();
    let words: Vec<u32> =
        labels.get(&[1]).unwrap().terms.iter().flat_map(|term| Bytes.tokens(&format!(" {term}")).unwrap()).collect();
    let mean: Vec<f32> = (0..24)
        .map(|i| words.iter().map(|&token| speak.llama.embedding(token)[i]).sum::<f32>() / words.len() as f32)
        .collect();
    let apart = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f32>().sqrt();
    let (near, far) = (apart(&row(&with, 1), &mean), apart(&row(&without, 1), &mean));
    assert!(near < 0.5 * far, "code 1 starts near the words of its label: {near} against {far}");
    assert_ne!(row(&without, 0), row(&without, 1), "no two rows start the same");
}

#[test]
fn what_cannot_be_is_said_in_a_sentence() {
    let world = rings(1, 10);
    let work = Work::new(Seed(1));
    let without = TrainingData { ids: None, checkpoints: &NoCheckpoints, ..world.data() };
    let why = speak(settings(), true).fit(&work, &without).err().unwrap().to_string();
    assert!(why.contains("ID scheme"), "without IDs there is nothing to speak: {why}");
    let bad = SpeakSettings { token_epochs: 0, adapter_epochs: 0, beam: 0, ..settings() };
    let fields: Vec<_> = bad.problems().into_iter().map(|problem| problem.0).collect();
    assert_eq!(fields, ["beam", "token_epochs"], "each wrong field is named, none of the others");
    assert_eq!(SpeakSettings::starter().problems(), vec![], "the defaults hold");
    let estimate = speak(settings(), true).estimate(&work, &world.data()).unwrap();
    assert!(estimate.seconds > 0.0 && estimate.epochs == 3, "a training is estimated before it starts");
}
