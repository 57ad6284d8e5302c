//! Values that trec_eval, ranx, scipy, statsmodels, scikit-learn and RecBole computed; the script that asked them stands
//! beside the fixtures.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use semid_core::metrics::Metric;
use semid_core::metrics::breadth::breadth;
use semid_core::statistics::{Resampling, benjamini_hochberg, holm, paired, paired_t, sign_flip};
use semid_core::trec::{Qrels, Run, Ties, evaluate};
use semid_core::{Embeddings, RankedEntry, RankedList, Seed, id_quality};
use serde_json::Value;

fn fixture(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/metrics");
    std::fs::read(folder.join(name)).unwrap()
}

fn golden(part: &str) -> Value {
    serde_json::from_slice::<Value>(&fixture("golden.json")).unwrap()[part].take()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn codes(value: &Value) -> Vec<u32> {
    value.as_array().unwrap().iter().map(|number| number.as_u64().unwrap() as u32).collect()
}

/// By metric, by user.
type Table = BTreeMap<String, BTreeMap<String, f64>>;

fn judged(run: &str, qrels: &str, theirs: &Table) -> (Table, semid_core::trec::TrecEvaluation) {
    let (run, qrels) = (fixture(run), fixture(qrels));
    let metrics: Vec<Metric> = theirs.keys().map(|key| key.parse().unwrap()).collect();
    let result =
        evaluate(&Run::parse(&run).unwrap(), &Qrels::parse(&qrels).unwrap(), &metrics, Ties::TrecEval).unwrap();
    let mut ours: Table = theirs.keys().map(|key| (key.clone(), BTreeMap::new())).collect();
    for (user, values) in result.rows() {
        for (metric, value) in metrics.iter().zip(values) {
            ours.get_mut(&metric.key()).unwrap().insert(user.to_owned(), value);
        }
    }
    (ours, result)
}

#[test]
fn every_user_has_the_value_of_trec_eval() {
    let theirs: Table = serde_json::from_value(golden("trec_eval")).unwrap();
    let (ours, result) = judged("run.txt", "qrels.txt", &theirs);
    for (metric, users) in &theirs {
        let mut listed = 0;
        for (user, value) in users {
            match ours[metric].get(user) {
                Some(our_value) => {
                    assert!((our_value - value).abs() < 1e-12, "{metric} of {user} is {value}, not {our_value}");
                    listed += 1;
                }
                // trec_eval lists users for whom nothing is relevant with 0; here they are left out and counted.
                None => assert_eq!(*value, 0.0, "only users without relevant document are left out, not {user}"),
            }
        }
        assert_eq!(listed, result.users_listed(), "trec_eval knows every user that has documents");
    }
    assert_eq!(result.users_without_target, nothing_relevant(), "who has no relevant document");
    assert_eq!((result.users_without_list(), result.users_only_in_run), (2, 1), "u3, u17; u11");
    assert!(result.tie_rate > 0.05, "a third of the lists are full of ties, so the tie rule was tried");
    let mean = |metric: &str, n: usize| ours[metric].values().sum::<f64>() / n as f64;
    let at = result.metrics.iter().position(|metric| metric.key() == "ndcg@10").unwrap();
    assert!((result.means()[at] - mean("ndcg@10", result.users.len())).abs() < 1e-12, "missing lists count 0");
    assert!((result.means_over_listed()[at] - mean("ndcg@10", result.users_listed())).abs() < 1e-12, "or are left out");
}

/// Users whose judgements are all 0 or below: u5, and others by accident.
fn nothing_relevant() -> u64 {
    let mut best: BTreeMap<String, i32> = BTreeMap::new();
    for line in String::from_utf8(fixture("qrels.txt")).unwrap().lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        let highest = best.entry(fields[0].to_owned()).or_insert(i32::MIN);
        *highest = fields[3].parse::<i32>().unwrap().max(*highest);
    }
    best.values().filter(|&&highest| highest <= 0).count() as u64
}

#[test]
fn every_user_has_the_value_of_ranx() {
    let theirs: Table = serde_json::from_value(golden("ranx")).unwrap();
    let (ours, _) = judged("plain_run.txt", "plain_qrels.txt", &theirs);
    for (metric, users) in &theirs {
        assert_eq!(users.len(), ours[metric].len(), "{metric} judges the same users");
        for (user, value) in users {
            let our_value = ours[metric][user];
            assert!((our_value - value).abs() < 1e-12, "{metric} of {user} is {value}, not {our_value}");
        }
    }
}

#[test]
fn few_users_have_the_exact_p_of_scipy() {
    for case in golden("exact_flips").as_array().unwrap() {
        let (a, b) = (numbers(&case["a"]), numbers(&case["b"]));
        let differences: Vec<f64> = a.iter().zip(&b).map(|(a, b)| a - b).collect();
        let resampling = Resampling { seed: Seed(1), resamples: 1000, flips: 1 << 12 };
        let p = sign_flip(&differences, &resampling).unwrap();
        let truth = case["p"].as_f64().unwrap();
        assert!((p - truth).abs() < 1e-12, "{differences:?} has p {truth}, not {p}");
    }
}

#[test]
fn intervals_and_p_values_agree_with_scipy_within_the_error_of_drawing() {
    let resampling = Resampling { seed: Seed(1), resamples: 100_000, flips: 100_000 };
    for case in golden("paired").as_array().unwrap() {
        let (a, b) = (numbers(&case["a"]), numbers(&case["b"]));
        let of = |name: &str| case[name].as_f64().unwrap();
        let result = paired(&a, &b, &resampling).unwrap();
        assert!((result.difference.mean - of("mean")).abs() < 1e-14, "the mean is no matter of chance");
        // Both sides drew: 200,000 there, 100,000 here.
        let error = (of("p") * (1.0 - of("p")) * (1.0 / 200_000.0 + 1.0 / 100_000.0)).sqrt();
        assert!((result.p - of("p")).abs() < 5.0 * error + 2e-5, "p is {}, scipy's {}", result.p, of("p"));
        // A 2.5 % quantile of a near-normal distribution has a standard error of 2.67 sd / √draws.
        let sd = (of("high") - of("low")) / 3.92;
        let error = 2.67 * sd * (1.0f64 / 200_000.0 + 1.0 / 100_000.0).sqrt();
        for (ours, theirs) in [(result.difference.low, of("low")), (result.difference.high, of("high"))] {
            assert!((ours - theirs).abs() < 5.0 * error, "the interval ends at {ours}, scipy's at {theirs} ± {error}");
        }
        assert!((result.effect_size.unwrap() - of("d_z")).abs() < 1e-12, "d_z divides by the sd with n − 1");
        let counts = [result.wins, result.ties, result.losses].map(|count| count as f64);
        assert_eq!(counts, ["wins", "ties", "losses"].map(of), "users better, equal, worse");
        let t = paired_t(&a, &b).unwrap().unwrap();
        assert!((t.t - of("t")).abs() < 1e-9 && (t.p - of("t_p")).abs() < 1e-9, "Student's t is scipy's: {t:?}");
    }
}

#[test]
fn corrections_are_those_of_statsmodels() {
    for case in golden("corrections").as_array().unwrap() {
        let p = numbers(&case["p"]);
        for (ours, name) in [(holm(&p).unwrap(), "holm"), (benjamini_hochberg(&p).unwrap(), "benjamini_hochberg")] {
            for (ours, theirs) in ours.iter().zip(numbers(&case[name])) {
                assert!((ours - theirs).abs() < 1e-12, "{name} of {p:?} has {theirs}, not {ours}");
            }
        }
    }
}

#[test]
fn agreement_is_that_of_scikit_learn() {
    for case in golden("agreement").as_array().unwrap() {
        let (groups, labels) = (codes(&case["groups"]), codes(&case["labels"]));
        let ours = id_quality::agreement(&groups, &labels);
        let ami = id_quality::adjusted_mutual_information(&groups, &labels);
        for (name, value) in [("purity", ours.purity), ("nmi", ours.nmi), ("ami", ami)] {
            let truth = case[name].as_f64().unwrap();
            let members = groups.len();
            assert!((value - truth).abs() < 1e-9, "{name} of {members} members is {truth}, not {value}");
        }
    }
}

#[test]
fn breadth_is_that_of_recbole() {
    let case = golden("breadth");
    let lists: Vec<RankedList> = case["lists"].as_array().unwrap().iter().map(|items| list(&codes(items))).collect();
    let rows = case["embeddings"].as_array().unwrap();
    let values: Vec<f32> = rows.iter().flat_map(numbers).map(|number| number as f32).collect();
    let embeddings = Embeddings::new(values.len() / rows.len(), values).unwrap();
    let popularity = codes(&case["popularity"]);
    let k = case["k"].as_u64().unwrap() as usize;
    let ours = breadth(&lists, k, popularity.len(), Some(&popularity), Some(&embeddings)).unwrap();
    let (novelty, diversity) = (ours.novelty.unwrap(), ours.diversity.unwrap());
    for (name, value) in
        [("coverage", ours.coverage), ("gini", ours.gini), ("novelty", novelty), ("diversity", diversity)]
    {
        let truth = case[name].as_f64().unwrap();
        assert!((value - truth).abs() < 1e-9, "{name} is {truth}, not {value}");
    }
}

fn list(items: &[u32]) -> RankedList {
    let entry = |(rank, &item): (usize, &u32)| RankedEntry { items: vec![item], score: -(rank as f64) };
    RankedList { entries: items.iter().enumerate().map(entry).collect() }
}
