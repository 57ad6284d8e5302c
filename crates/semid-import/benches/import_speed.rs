//! How long a million-row interactions CSV takes to read: generates the file, then times imports of it.
//!
//! `cargo bench -p semid-import` prints one line an arm: the median of five runs.
#![allow(clippy::unwrap_used)]

use std::fmt::Write;
use std::time::Instant;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use semid_core::{Result, Seed, Work};
use semid_import::{ImportPlan, ImportedItem, InteractionRow, Problem, Sink, import};

const ROWS: usize = 1_000_000;

/// Counts, so that what is timed is the reading.
#[derive(Default)]
struct Counting {
    rows: usize,
    sum: u64,
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
        self.sum += rows.iter().map(|row| u64::from(row.user)).sum::<u64>();
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
        let item = (rng.random::<f64>().powi(3) * 50_000.0) as u32;
        let user = rng.random_range(0..100_000u32);
        let (rating, at) = (rng.random_range(1..=10) as f32 / 2.0, rng.random_range(1_000_000_000..1_700_000_000u32));
        writeln!(csv, "user-{user:06},B00{item:07},{rating:.1},{at}").unwrap();
        writeln!(json, "{{\"reviewerID\": \"user-{user:06}\", \"asin\": \"B00{item:07}\", \"overall\": {rating:.1}, \"unixReviewTime\": {at}}}").unwrap();
    }
    for (name, text) in [("interactions.csv", &csv), ("interactions.jsonl", &json)] {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let plan = ImportPlan::new(Vec::new(), vec![path]);
        let mut secs: Vec<f64> = (0..5)
            .map(|_| {
                let mut sink = Counting::default();
                let start = Instant::now();
                import(&Work::new(Seed(1)), &plan, &mut sink).unwrap();
                assert_eq!(sink.rows, ROWS, "every row arrives");
                start.elapsed().as_secs_f64()
            })
            .collect();
        secs.sort_by(f64::total_cmp);
        let mb = text.len() as f64 / 1e6;
        println!("{name}: {ROWS} rows, {mb:.0} MB: {:.3} s ({:.0} MB/s), best {:.3} s", secs[2], mb / secs[2], secs[0]);
    }
}
