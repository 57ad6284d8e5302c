//! How long a million interactions take to read, from CSV and from JSON Lines: `cargo bench -p semid-import`. The sink
//! only counts, so that what is timed is the reading. Each file is read five times.
#![allow(clippy::unwrap_used)]

use std::fmt::Write;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use semid_bench::measure;
use semid_core::{Result, Seed, Work};
use semid_import::{ImportPlan, ImportedItem, InteractionRow, Problem, Sink, import};

const ROWS: usize = 1_000_000;
const USERS: u32 = 100_000;
const ITEMS: f64 = 50_000.0;
const REPEATS: usize = 5;

#[derive(Default)]
struct Counting {
    rows: usize,
}

impl Sink for Counting {
    fn item(&mut self, _: ImportedItem<'_>) -> Result<()> {
        Ok(())
    }
    fn user(&mut self, _: u32, _: &str) -> Result<()> {
        Ok(())
    }
    fn interactions(&mut self, rows: &[InteractionRow]) -> Result<()> {
        self.rows += rows.len();
        Ok(())
    }
    fn problem(&mut self, _: &Problem) -> Result<()> {
        Ok(())
    }
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut csv = String::from("user_id,item_id,rating,timestamp\n");
    let mut json = String::new();
    for _ in 0..ROWS {
        // Popular items are met often, as in real files.
        let item = (rng.random::<f64>().powi(3) * ITEMS) as u32;
        let user = rng.random_range(0..USERS);
        let (rating, at) = (rng.random_range(1..=10) as f32 / 2.0, rng.random_range(1_000_000_000..1_700_000_000u32));
        writeln!(csv, "user-{user:06},B00{item:07},{rating:.1},{at}").unwrap();
        let object = format!(
            r#"{{"reviewerID": "user-{user:06}", "asin": "B00{item:07}", "overall": {rating:.1}, "unixReviewTime": {at}}}"#
        );
        writeln!(json, "{object}").unwrap();
    }
    for (name, text) in [("interactions.csv", csv), ("interactions.jsonl", json)] {
        let path = folder.path().join(name);
        std::fs::write(&path, &text).unwrap();
        let plan = ImportPlan::new(Vec::new(), vec![path]);
        let figures = [("rows", ROWS as f64), ("megabytes", text.len() as f64 / 1e6)];
        drop(text);
        for _ in 0..REPEATS {
            let mut sink = Counting::default();
            measure(&format!("import {name}"), &figures, || import(&Work::new(Seed(1)), &plan, &mut sink)).unwrap();
            assert_eq!(sink.rows, ROWS, "every row arrives");
        }
    }
}
