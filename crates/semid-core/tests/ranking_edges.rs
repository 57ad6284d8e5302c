//! What happens at the edges of an evaluation: who is counted, what is refused.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use semid_core::metrics::Metric;
use semid_core::metrics::ranking::{Evaluation, evaluate};
use semid_core::{Case, RankedEntry, RankedList, Result};

fn list(entries: &[(&[u32], f64)]) -> RankedList {
    let entries = entries.iter().map(|&(items, score)| RankedEntry { items: items.to_vec(), score }).collect();
    RankedList { entries }
}

fn case(user: u32, targets: &[u32]) -> Case {
    Case { user, history: vec![], targets: targets.to_vec() }
}

fn judge(lists: &[RankedList], cases: &[Case], metrics: &[&str]) -> Result<Evaluation> {
    let metrics: Vec<Metric> = metrics.iter().map(|text| text.parse().unwrap()).collect();
    evaluate(lists, cases, &metrics, 100)
}

#[test]
fn a_user_without_relevant_item_is_left_out_and_counted() {
    let lists = [list(&[(&[1], 1.0)]), list(&[(&[1], 1.0)])];
    let result = judge(&lists, &[case(0, &[]), case(1, &[1])], &["recall@1"]).unwrap();
    assert_eq!((result.users(), result.users_without_target), (1, 1), "there was nothing to find for user 0");
    assert_eq!(result.judged, [1], "the one value belongs to the second case");
    assert_eq!(result.per_user, [[1.0]], "user 1 was served");
}

#[test]
fn a_user_without_list_counts_zero() {
    let result = judge(&[list(&[]), list(&[(&[1], 1.0)])], &[case(0, &[1]), case(1, &[1])], &["recall@1"]).unwrap();
    assert_eq!(result.per_user, [[0.0, 1.0]], "no list is no hit, not no user");
    assert_eq!(result.users_without_list, 1, "and it is said");
    assert_eq!(result.short_lists, 1, "an empty list is a short one");
    assert!(result.health().warnings[0].contains("1 of 2 users"), "health says it in words");
}

#[test]
fn a_short_list_is_padded_with_misses() {
    let result = judge(&[list(&[(&[1], 2.0), (&[2], 1.0)])], &[case(0, &[2])], &["precision@5", "mrr@5"]).unwrap();
    assert_eq!(result.per_user, [[0.2], [0.5]], "Precision@5 divides by 5, whatever the list's length");
    assert_eq!(result.short_lists, 1, "five ranks were asked for, two came");
}

#[test]
fn an_id_that_is_no_item_keeps_its_rank_as_a_miss() {
    let result = judge(&[list(&[(&[], 2.0), (&[7], 1.0)])], &[case(0, &[7])], &["mrr@2", "precision@2"]).unwrap();
    assert_eq!(result.per_user, [[0.5], [0.5]], "the item stands on rank 2");
    assert_eq!((result.entries, result.invalid_entries), (2, 1), "one of two IDs was no item's");
    assert_eq!(result.id_validity(), 0.5, "half of the IDs are valid");
}

#[test]
fn mapping_the_whole_catalog_to_one_id_earns_what_chance_earns() {
    let everything: Vec<u32> = (0..100).collect();
    let result = judge(&[list(&[(&everything, 1.0)])], &[case(0, &[42])], &["hit_rate@10", "recall@10"]).unwrap();
    assert!((result.per_user[0][0] - 0.1).abs() < 1e-12, "10 of 100 places hit");
    assert!((result.per_user[1][0] - 0.1).abs() < 1e-12, "10 of 100 places hit");
    assert_eq!(result.tie_rate, 1.0, "every rank has its neighbour's score");
    assert_eq!(result.distinct_in_top10, 10, "one user sees ten items");
}

#[test]
fn ties_are_counted_between_neighbouring_ranks() {
    let lists = [list(&[(&[1], 3.0), (&[2], 3.0), (&[3], 2.0), (&[4, 5], 1.0)])];
    let result = judge(&lists, &[case(0, &[1])], &["mrr@5"]).unwrap();
    assert_eq!(result.tie_rate, 0.5, "ranks 1–2 and 4–5 of four neighbouring pairs");
}

#[test]
fn targets_are_a_set() {
    let result = judge(&[list(&[(&[1], 1.0)])], &[case(0, &[1, 1])], &["recall@5"]).unwrap();
    assert_eq!(result.per_user, [[1.0]], "an item met twice is found once");
}

#[test]
fn the_order_of_cases_and_threads_do_not_matter() {
    let lists: Vec<RankedList> =
        (0..2000u32).map(|user| list(&[(&[user % 50], 2.0), (&[50 + user % 50], 1.0)])).collect();
    let cases: Vec<Case> = (0..2000).map(|user| case(user, &[user % 77])).collect();
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| judge(&lists, &cases, &["ndcg@10"]).unwrap())
    };
    assert_eq!(with(1), with(3), "values stand in the order of the cases");
}

#[test]
fn unsound_lists_are_refused_with_the_user_named() {
    let wrong: [(&str, RankedList); 6] = [
        ("twice", list(&[(&[1], 2.0), (&[1], 1.0)])),
        ("twice", list(&[(&[1, 1], 2.0)])),
        ("finite", list(&[(&[1], f64::NAN)])),
        ("finite", list(&[(&[1], f64::INFINITY), (&[2], 1.0)])),
        ("not sorted", list(&[(&[1], 1.0), (&[2], 2.0)])),
        ("100 items", list(&[(&[100], 1.0)])),
    ];
    for (reason, list) in wrong {
        let message = judge(&[list], &[case(17, &[1])], &["mrr@5"]).unwrap_err().to_string();
        assert!(
            message.contains("user 17") && message.contains(reason),
            "the sentence should say `{reason}`: {message}"
        );
    }
}

#[test]
fn a_list_too_few_and_no_metric_are_refused() {
    let message = judge(&[], &[case(0, &[1])], &["mrr@5"]).unwrap_err().to_string();
    assert!(message.contains("0 lists for 1 cases"), "{message}");
    assert!(judge(&[], &[], &[]).is_err(), "nothing was asked for");
    assert_eq!(judge(&[], &[], &["mrr@5"]).unwrap().users(), 0, "nobody to judge is not an error");
}
