//! What the tests of the store share.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used)]

use semid_core::comparison::{ArmResult, Comparison, Curve, MetricValue, Protocol};
use semid_core::{Interaction, Item};
use semid_store::{Dataset, NewDataset, NewRun, OnExisting, Store};

pub fn items(count: usize) -> Vec<Item> {
    (0..count)
        .map(|idx| Item {
            key: format!("i{idx}"),
            title: format!("Title “{idx}” <b>"),
            text: format!("Text of {idx}, ünïcode ✓"),
            categories: (0..idx % 3).map(|level| format!("c{level}")).collect(),
        })
        .collect()
}

pub fn users(count: usize) -> Vec<String> {
    (0..count).map(|idx| format!("u{idx}")).collect()
}

/// Rows with all mixtures of rating and time.
pub fn rows(count: usize, users: usize, items: usize) -> Vec<Interaction> {
    (0..count)
        .map(|row| Interaction {
            user: (row * 7 % users) as u32,
            item: (row * 13 % items) as u32,
            rating: (row % 3 != 0).then_some(row as f32 / 2.0),
            at: (row % 5 != 0).then_some(row as i64 - 100),
        })
        .collect()
}

pub fn new_dataset(name: &str) -> NewDataset {
    NewDataset {
        name: name.to_owned(),
        title: "A data set".to_owned(),
        licence: "CC0".to_owned(),
        simulated: true,
        source: "films.csv".to_owned(),
        text_template: "{title}".to_owned(),
        settings: serde_json::json!({ "k_core": 5 }),
    }
}

pub fn import(store: &Store, name: &str, interactions: usize) -> Dataset {
    let mut writer = store.write_dataset(&new_dataset(name), OnExisting::Refuse).unwrap();
    writer.add_items(&items(20)).unwrap();
    writer.add_users(&users(10)).unwrap();
    writer.add_interactions(&rows(interactions, 10, 20)).unwrap();
    writer.finish().unwrap()
}

pub fn new_run(name: &str) -> NewRun {
    NewRun {
        name: name.to_owned(),
        dataset: "films".to_owned(),
        dataset_digest: "d1".to_owned(),
        settings: "name = \"x\"".to_owned(),
        fingerprint: format!("fp-{name}"),
        protocol: "p1".to_owned(),
    }
}

/// Two arms, two seeds, two metrics, a curve.
pub fn comparison() -> Comparison {
    let value = |metric: &str, mean: f64| MetricValue {
        metric: metric.to_owned(),
        mean,
        by_seed: vec![mean - 0.1, mean + 0.1],
        ..MetricValue::default()
    };
    let arm = |key: &str, mean: f64| ArmResult {
        key: key.to_owned(),
        values: vec![value("ndcg@10", mean), value("recall@10", mean / 3.0)],
        curves: vec![Curve { series: "loss".to_owned(), seed: u64::MAX, points: vec![(1, 2.5), (2, 0.1 + 0.2)] }],
        ..ArmResult::default()
    };
    Comparison {
        name: "first".to_owned(),
        seeds: vec![1, u64::MAX],
        arms: vec![arm("generative/rq-kmeans", 0.3), arm("popularity", 1.0 / 7.0)],
        protocol: Protocol { users: 3, ..Protocol::default() },
        ..Comparison::default()
    }
}
