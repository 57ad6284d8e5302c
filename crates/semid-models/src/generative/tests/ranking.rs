//! The beam: exact when as wide as the catalog, close when not, and never an item of the history.

use std::collections::HashSet;

use semid_core::{History, Ranker, Seed, Work};

use super::{World, settings, shapes, trained};
use crate::generative::GenerativeRanker;
use crate::generative::model::{Lesson, Room, Teaching, teach};
use crate::transformer::Parameters;

/// Log-probability of an item's ID after a history, by the loss that training would see.
fn teacher_forced(ranker: &GenerativeRanker, history: &[u32], item: u32) -> f64 {
    let recent = &history[history.len().saturating_sub(ranker.settings.max_history)..];
    let items: Vec<u32> = recent.iter().copied().chain([item]).collect();
    let mut lesson = Lesson::default();
    lesson.push(&ranker.layout, &items, recent.len());
    let teaching = Teaching { dropout: None, label_smoothing: 0.0, weight: 1.0 };
    let parameters = Parameters::exact(&ranker.parameters);
    let mut gradients = vec![0.0; ranker.parameters.len()];
    let losses =
        teach(&ranker.layout, &ranker.trie, parameters, &mut gradients, &lesson, teaching, &mut Room::default());
    -losses.objective
}

#[test]
fn exact_ranking_scores_every_item_as_teaching_does() {
    let world = World::new(4, 40);
    for settings in shapes() {
        let ranker = trained(&world, &settings);
        let work = Work::new(Seed(7));
        for history in &world.histories()[..8] {
            let list = &ranker.rank_exactly(&work, std::slice::from_ref(history), 1000).unwrap()[0];
            let met: HashSet<u32> = history.items.iter().copied().collect();
            assert_eq!(list.entries.len(), 32 - met.len(), "every item outside the history is ranked");
            for entry in &list.entries {
                let expected = teacher_forced(&ranker, history.items, entry.items[0]);
                assert!((entry.score - expected).abs() < 1e-4, "{} by search, {expected} by one pass", entry.score);
            }
            assert!(list.entries.windows(2).all(|pair| pair[0].score >= pair[1].score), "best first");
        }
    }
}

#[test]
fn under_the_softmax_of_the_trie_all_items_together_are_certain() {
    let world = World::new(4, 40);
    let [.., items] = shapes();
    let ranker = trained(&world, &items);
    let nothing = semid_core::History { user: 0, items: &[] };
    let list = &ranker.rank_exactly(&Work::new(Seed(7)), &[nothing], 1000).unwrap()[0];
    let sum: f64 = list.entries.iter().map(|entry| entry.score.exp()).sum();
    assert!((sum - 1.0).abs() < 1e-5, "the probabilities of the whole catalog add up to {sum}");
}

#[test]
fn a_narrow_beam_finds_nearly_what_the_exact_ranking_finds() {
    let world = World::new(12, 150);
    let ranker = trained(&world, &settings());
    let work = Work::new(Seed(7));
    let histories = world.histories();
    let beam = ranker.rank_with_beam(&work, &histories, 10, 20).unwrap();
    let exact = ranker.rank_exactly(&work, &histories, 10).unwrap();
    let shared: usize = beam
        .iter()
        .zip(&exact)
        .map(|(a, b)| a.entries.iter().filter(|x| b.entries.iter().any(|y| x.items == y.items)).count())
        .sum();
    let share = shared as f64 / (10 * beam.len()) as f64;
    assert!(share > 0.97, "a beam of 20 over 96 items finds {share} of the true top 10");
}

#[test]
fn lists_hold_k_items_none_of_the_history_and_shared_ids_as_one_entry() {
    let mut world = World::new(4, 40);
    let twin = world.ids.ids[3].clone();
    world.ids.ids[9] = twin;
    let ranker = trained(&world, &settings());
    let work = Work::new(Seed(7));
    let histories = world.histories();
    let mut together = 0;
    for (list, history) in ranker.rank(&work, &histories, 10).unwrap().iter().zip(&histories) {
        let items: Vec<u32> = list.entries.iter().flat_map(|entry| entry.items.clone()).collect();
        assert!(items.len() >= 10, "the beam is wide enough for 10 items, got {}", items.len());
        assert!(items.iter().all(|item| !history.items.contains(item)), "no item of the history");
        assert_eq!(items.iter().collect::<HashSet<_>>().len(), items.len(), "no item twice");
        together += list.entries.iter().filter(|entry| entry.items == [3, 9]).count();
    }
    assert!(together > 0, "items 3 and 9 share an ID and so an entry");
}

#[test]
fn a_history_of_all_items_but_one_or_none_at_all_is_served() {
    let world = World::new(3, 20);
    let ranker = trained(&world, &settings());
    let work = Work::new(Seed(7));
    let most: Vec<u32> = (0..23).collect();
    let all: Vec<u32> = (0..24).collect();
    let of = |items| History { user: 1, items };
    let lists = ranker.rank(&work, &[of(&most), of(&all), of(&[])], 10).unwrap();
    assert_eq!(lists[0].entries.iter().map(|e| e.items.clone()).collect::<Vec<_>>(), [[23]], "one item is left");
    assert!(lists[1].entries.is_empty(), "nothing is left");
    assert_eq!(lists[2].entries.len(), 10, "without a history the model still has a list");
    assert!(ranker.rank(&work, &[of(&[24])], 10).unwrap_err().to_string().contains("24"), "an unknown item is named");
}

#[test]
fn groups_do_not_change_a_users_list() {
    let world = World::new(4, 100);
    let ranker = trained(&world, &settings());
    let work = Work::new(Seed(7));
    let histories = world.histories();
    let together = ranker.rank(&work, &histories, 10).unwrap();
    for (history, list) in histories.iter().zip(&together).step_by(17) {
        let alone = &ranker.rank(&work, std::slice::from_ref(history), 10).unwrap()[0];
        let items = |list: &semid_core::RankedList| list.entries.iter().map(|e| e.items.clone()).collect::<Vec<_>>();
        assert_eq!(items(alone), items(list), "a user's list does not depend on who is ranked beside them");
    }
}

#[test]
fn a_followed_path_multiplies_to_the_score_of_ranking_and_knows_what_the_beam_kept() {
    let world = World::new(12, 150);
    let narrow = crate::generative::GenerativeSettings { beam: 4, ..settings() };
    let ranker = trained(&world, &narrow);
    let work = Work::new(Seed(7));
    let mut lost = 0;
    for history in &world.histories()[..6] {
        let one = std::slice::from_ref(history);
        let list = &ranker.rank(&work, one, 2).unwrap()[0];
        let exact = &ranker.rank_exactly(&work, one, 1000).unwrap()[0];
        for entry in &exact.entries {
            let item = entry.items[0];
            let path = ranker.follow(&work, history, item, 2).unwrap();
            assert!(
                (path.score() - entry.score).abs() < 1e-5,
                "{} along the path, {} ranked",
                path.score(),
                entry.score
            );
            let kept = path.levels.iter().all(|level| level.ways[level.chosen].in_beam);
            let found =
                ranker.rank_with_beam(&work, one, 1000, 4).unwrap()[0].entries.iter().any(|e| e.items == [item]);
            assert_eq!(kept, found, "an item is found when its whole path stays in the beam");
            lost += usize::from(!kept);
            for (level, step) in path.levels.iter().enumerate() {
                assert!(
                    step.ways.windows(2).all(|pair| pair[0].log_probability >= pair[1].log_probability),
                    "best first"
                );
                let code = world.ids.row(item as usize).nth(level).unwrap();
                assert_eq!(step.ways[step.chosen].code, code, "the chosen codes spell the item");
                let all: f64 = step.ways.iter().map(|way| way.log_probability.exp()).sum();
                assert!(all <= 1.0 + 1e-5, "the trie allows a part of all codes: {all}");
            }
        }
        assert!(list.entries.len() >= 2, "the beam still gives a list");
    }
    assert!(lost > 100, "a beam of 4 over 96 items loses most paths, which are followed all the same: {lost}");
    let history = &world.histories()[0];
    let error = ranker.follow(&work, history, history.items[0], 2).unwrap_err().to_string();
    assert!(error.contains("history"), "what is never recommended has no path: {error}");
}
