//! A million interactions into the store and out again, and 12,000 vectors of 384 numbers into the embedding cache and
//! out: `cargo xtask bench store`. Syncs included.

use std::error::Error;

use semid_bench::measure;
use semid_core::{Interaction, Item};
use semid_store::{NewDataset, OnExisting, Store, TextDigest, text_digest};

const ROWS: usize = 1_000_000;
const USERS: usize = 100_000;
const ITEMS: usize = 20_000;
const TEXTS: usize = 12_000;
const DIM: usize = 384;
const REPEATS: usize = 5;

fn main() -> Result<(), Box<dyn Error>> {
    let items: Vec<Item> = (0..ITEMS).map(item).collect();
    let users: Vec<String> = (0..USERS).map(|user| format!("A{user:013}")).collect();
    let rows: Vec<Interaction> = (0..ROWS).map(interaction).collect();
    let texts: Vec<TextDigest> = items[..TEXTS].iter().map(|item| text_digest(&item.text)).collect();
    let values: Vec<f32> = (0..TEXTS * DIM).map(|at| (at % 997) as f32 / 997.0).collect();

    for _ in 0..REPEATS {
        let folder = tempfile::tempdir()?;
        let store = Store::open(folder.path())?;
        let new = NewDataset { name: "million".to_owned(), ..NewDataset::default() };

        let mut writer = store.write_dataset(&new, OnExisting::Refuse)?;
        measure("write items and users", &[("items", ITEMS as f64), ("users", USERS as f64)], || {
            writer.add_items(&items)?;
            writer.add_users(&users)
        })?;
        let dataset = measure("write interactions, commit", &[("rows", ROWS as f64)], || {
            for batch in rows.chunks(5_000) {
                writer.add_interactions(batch)?;
            }
            writer.finish()
        })?;
        let loaded =
            measure("load interactions and users", &[("rows", ROWS as f64)], || store.load_interactions(dataset.id))?;
        assert!(loaded.rows == rows && loaded.user_keys == users, "what was written is what is read");
        let catalog = measure("load items", &[("items", ITEMS as f64)], || store.load_catalog(dataset.id))?;
        assert_eq!(catalog.items, items, "what was written is what is read");

        measure("cache vectors", &[("rows", TEXTS as f64)], || {
            texts
                .chunks(4_000)
                .zip(values.chunks(4_000 * DIM))
                .try_for_each(|(texts, values)| store.cache_embeddings("model", DIM, texts, values).map(drop))
        })?;
        let cached =
            measure("look up vectors", &[("rows", TEXTS as f64)], || store.cached_embeddings("model", DIM, &texts))?;
        assert!(cached.missing.is_empty() && cached.values == values, "what was written is what is read");
    }
    Ok(())
}

fn item(idx: usize) -> Item {
    Item {
        key: format!("B{:09}", (idx * 7919) % 1_000_000_007),
        title: format!("Item number {idx}"),
        text: format!("Item number {idx}. Beauty, Hair Care, Shampoo. {}", "What a shop writes about it. ".repeat(12)),
        categories: vec!["Beauty".to_owned(), "Hair Care".to_owned(), "Shampoo".to_owned()],
    }
}

fn interaction(row: usize) -> Interaction {
    Interaction {
        user: (row.wrapping_mul(2_654_435_761) % USERS) as u32,
        item: (row.wrapping_mul(40_503) % ITEMS) as u32,
        rating: Some((row % 5) as f32 + 1.0),
        at: Some(1_400_000_000 + row as i64 * 60),
    }
}
