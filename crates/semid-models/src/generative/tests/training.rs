//! The training as a whole: it learns, resumes, repeats itself, stops when asked.

use std::time::{Duration, Instant};

use semid_core::{Error, Ranker, Recommender, Seed, TrainingData, Work};

use super::{Slot, World, cancelled_again_and_again, settings, shapes, trained};
use crate::generative::{Generative, GenerativeSettings};

#[test]
fn it_learns_what_comes_next() {
    let world = World::new(4, 120);
    for shape in shapes() {
        let settings = GenerativeSettings { epochs: 25, patience: 25, learning_rate: 1e-2, ..shape };
        let work = Work::new(Seed(7));
        let ranker = Generative::new(settings.clone()).train(&work, &world.data()).unwrap();
        let lists = ranker.rank(&work, &world.histories(), 1).unwrap();
        let right = |(list, case): &(&semid_core::RankedList, &semid_core::Case)| list.entries[0].items == case.targets;
        let share = lists.iter().zip(&world.validation).filter(right).count() as f64 / lists.len() as f64;
        assert!(share > 0.7, "nine of ten steps follow the ring, and the model found {share} of them");
        let series = work.take_series();
        let value = |name: &str| series.iter().rev().find(|point| point.series == name).unwrap().value;
        assert!(value("first-token loss") < value("bigram first-token loss") + 0.2, "no worse than a table of pairs");
        // Who was never told that some codes continue no ID does not know it.
        assert!(settings.trie_softmax || value("id validity") > 0.5, "what it says unconstrained is mostly an item");
    }
}

#[test]
fn one_thread_and_two_give_the_same_bytes() {
    let world = World::new(4, 40);
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            shapes().map(|settings| {
                let ranker = trained(&world, &settings);
                (ranker.weights(), ranker.rank(&Work::new(Seed(7)), &world.histories(), 10).unwrap())
            })
        })
    };
    let (one, two) = (run(1), run(2));
    for (one, two) in one.iter().zip(&two) {
        assert!(one.0 == two.0, "the weights do not depend on the number of threads");
        assert_eq!(one.1, two.1, "nor do the lists");
    }
}

#[test]
fn seeds_give_different_models() {
    let world = World::new(3, 20);
    let run = |seed| Generative::new(settings()).fit(&Work::new(Seed(seed)), &world.data()).unwrap().weights();
    assert_ne!(run(1), run(2), "the seed decides start, order and dropout");
}

#[test]
fn a_training_cancelled_again_and_again_ends_with_the_same_bytes() {
    let world = World::new(4, 40);
    let whole = trained(&world, &settings());
    let train = |work: &Work, data: &TrainingData<'_>| Generative::new(settings()).train(work, data);
    let (resumed, cancelled) = cancelled_again_and_again(&world, train);
    assert!(cancelled > 0, "it was cancelled at least once");
    assert!(whole.weights() == resumed.weights(), "{cancelled} interruptions left no trace in the weights");
}

#[test]
fn a_checkpoint_of_other_settings_or_a_damaged_one_is_not_used() {
    let world = World::new(3, 20);
    let slot = Slot::default();
    let data = TrainingData { checkpoints: &slot, ..world.data() };
    let stop = |settings: GenerativeSettings| {
        let work = Work::new(Seed(7));
        work.cancel().cancel();
        assert!(matches!(Generative::new(settings).train(&work, &data), Err(Error::Cancelled)), "it was cancelled");
    };
    stop(GenerativeSettings { dropout: 0.5, ..settings() });
    let whole = trained(&world, &settings()).weights();
    let work = Work::new(Seed(7));
    let other = Generative::new(settings()).train(&work, &data).unwrap().weights();
    assert!(whole == other, "a checkpoint of another dropout is ignored");
    stop(settings());
    let length = slot.0.lock().unwrap().as_ref().unwrap().len();
    slot.0.lock().unwrap().as_mut().unwrap()[length / 2] ^= 1;
    let other = Generative::new(settings()).train(&work, &data).unwrap().weights();
    assert!(whole == other, "a checkpoint with one bit turned is ignored");
}

#[test]
fn a_cancel_takes_effect_within_a_second() {
    let world = World::new(20, 400);
    let settings = GenerativeSettings { layers: 3, d_model: 64, batch_tokens: 1 << 20, epochs: 1000, ..settings() };
    let work = Work::new(Seed(7));
    let cancel = work.cancel();
    let asked = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(300));
        cancel.cancel();
        Instant::now()
    });
    let result = Generative::new(settings).train(&work, &world.data());
    let waited = asked.join().unwrap().elapsed();
    assert!(matches!(result, Err(Error::Cancelled)), "a cancelled training says so");
    assert!(waited < Duration::from_secs(1), "it took {waited:?}");
}

#[test]
fn a_loss_that_is_no_number_stops_with_a_sentence() {
    let world = World::new(3, 20);
    let settings =
        GenerativeSettings { learning_rate: 10.0, clip_norm: 1e9, epochs: 1000, patience: 1000, ..settings() };
    let exploding = Generative::new(GenerativeSettings { weight_decay: 10.0, warm_up_share: 0.0, ..settings });
    let sentence = exploding.train(&Work::new(Seed(7)), &world.data()).unwrap_err().to_string();
    assert!(sentence.contains("learning_rate"), "{sentence:?} says what to change");
}

#[test]
fn data_that_cannot_be_learnt_from_is_refused_with_a_sentence() {
    let world = World::new(3, 20);
    let run =
        |data: TrainingData<'_>| Generative::new(settings()).train(&Work::new(Seed(7)), &data).unwrap_err().to_string();
    assert!(run(TrainingData { ids: None, ..world.data() }).contains("ID scheme"), "no IDs");
    assert!(run(TrainingData { sequences: &[vec![], vec![]], ..world.data() }).contains("no training"), "no history");
    assert!(run(TrainingData { sequences: &[vec![999]], ..world.data() }).contains("999"), "an item out of range");
    let bad = Generative::new(GenerativeSettings { heads: 7, ..settings() });
    assert!(bad.train(&Work::new(Seed(7)), &world.data()).unwrap_err().to_string().contains("heads"), "bad settings");
}

#[test]
fn weights_come_back_as_the_same_ranker_and_other_ids_are_refused() {
    let world = World::new(3, 20);
    let ranker = trained(&world, &settings());
    let bytes = ranker.weights().unwrap();
    let method = Generative::new(settings());
    let restored = method.restore(&world.data(), &bytes).unwrap();
    let work = Work::new(Seed(7));
    let lists = |ranker: &dyn Ranker| ranker.rank(&work, &world.histories(), 10).unwrap();
    assert_eq!(lists(&ranker), lists(restored.as_ref()), "the same lists");
    assert_eq!(restored.weights().unwrap(), bytes, "and the same bytes again");
    let header = &bytes[8..8 + u64::from_le_bytes(*bytes.first_chunk().unwrap()) as usize];
    let header: serde_json::Value = serde_json::from_slice(header).unwrap();
    assert_eq!(header["block.1.mlp.up"]["shape"], serde_json::json!([24, 96]), "tensors are named and shaped");
    let other = World::new(4, 20);
    assert!(method.restore(&other.data(), &bytes).is_err(), "weights for 3 rings do not fit 4");
    for cut in [0, 7, 100, bytes.len() - 1] {
        assert!(method.restore(&world.data(), &bytes[..cut]).is_err(), "{cut} bytes are not the whole file");
    }
}
