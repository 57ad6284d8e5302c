//! What benches work on, made once and the same on every machine, so that both sides read the same files.

use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use semid_fetch::{Fetch, Home, MINILM, SMOLLM2, Silent};
use serde_json::Value;

use crate::shell;

/// The text encoder's folder and 1,000 texts of 8 to 200 words, one a line.
pub fn texts() -> Result<Vec<String>, String> {
    let home = Home::from_env().map_err(|error| error.to_string())?;
    let recipe = semid_fetch::find(MINILM).map_err(|error| error.to_string())?;
    let model = recipe.and_then(|recipe| Fetch::new(&home, &Silent).present(&recipe).ok().flatten());
    let model = model.ok_or("The text encoder is not here yet: cargo xtask setup")?;
    let path = input("texts.txt", |out| {
        let items = fs::read_to_string(shell::root().join("datasets/sample-films/items.jsonl"))?;
        let descriptions = items.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let words: Vec<String> = descriptions
            .filter_map(|item| item["description"].as_str().map(str::to_owned))
            .flat_map(|text| text.split(' ').map(str::to_owned).collect::<Vec<_>>())
            .collect();
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        for _ in 0..1_000 {
            let length = rng.random_range(8..=200);
            let start = rng.random_range(0..words.len() - length);
            writeln!(out, "{}", words[start..start + length].join(" "))?;
        }
        Ok(())
    })?;
    Ok(vec![model.folder.display().to_string(), path])
}

/// The file of the language model.
pub fn language_model() -> Result<Vec<String>, String> {
    let home = Home::from_env().map_err(|error| error.to_string())?;
    let recipe = semid_fetch::find(SMOLLM2).map_err(|error| error.to_string())?;
    let recipe = recipe.ok_or("there is no recipe of the language model")?;
    let fetch = Fetch::new(&home, &Silent);
    // It is no part of set-up, so it is fetched by whoever wants to measure it.
    let here = fetch.present(&recipe).map_err(|error| error.to_string())?;
    let model = here.map_or_else(|| fetch.get(&recipe), Ok).map_err(|error| error.to_string())?;
    Ok(vec![model.folder.join(&recipe.files[0].path).display().to_string()])
}

/// 12,101 vectors of 384 numbers around 200 centres, as `.npy`.
pub fn vectors() -> Result<Vec<String>, String> {
    const ROWS: usize = 12_101;
    const DIM: usize = 384;
    let path = input("vectors.npy", |out| {
        // A header padded so that the numbers start at byte 128, as NumPy writes it.
        let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({ROWS}, {DIM}), }}");
        out.write_all(b"\x93NUMPY\x01\x00\x76\x00")?;
        writeln!(out, "{header:<117}")?;
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let centres: Vec<f32> = (0..200 * DIM).map(|_| rng.random_range(-0.1..0.1)).collect();
        for _ in 0..ROWS {
            let centre = rng.random_range(0..200) * DIM;
            for at in 0..DIM {
                let value: f32 = centres[centre + at] + rng.random_range(-0.05..0.05);
                out.write_all(&value.to_le_bytes())?;
            }
        }
        Ok(())
    })?;
    Ok(vec![path])
}

/// Lists of 100 items for 20,000 users as a TREC run, and five relevant items each as qrels.
pub fn trec() -> Result<Vec<String>, String> {
    const USERS: usize = 20_000;
    let run = input("run", |out| {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        for user in 0..USERS {
            for rank in 0..100 {
                let score = 10.0 - f64::from(rank) * 0.05 - rng.random::<f64>() * 0.05;
                writeln!(out, "u{user} Q0 i{} {} {score} bench", item(user, rank), rank + 1)?;
            }
        }
        Ok(())
    })?;
    let qrels = input("qrels", |out| {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        for user in 0..USERS {
            // One in each fifth of the list or just behind it, so that none comes twice.
            for fifth in 0..5 {
                let rank = fifth * 40 + rng.random_range(0..40);
                writeln!(out, "u{user} 0 i{} 1", item(user, rank))?;
            }
        }
        Ok(())
    })?;
    Ok(vec![run, qrels])
}

/// The item of a rank: distinct within a list, spread over 50,000 items.
fn item(user: usize, rank: u32) -> usize {
    (user * 7_919 + rank as usize * 211) % 50_000
}

/// A file below `target/bench`, written whole or not at all, once.
fn input(name: &str, write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Result<String, String> {
    let folder: PathBuf = shell::root().join("target/bench");
    let path = folder.join(name);
    if !path.exists() {
        let part = folder.join(format!("{name}.part"));
        let made =
            fs::create_dir_all(&folder).and_then(|()| make(&part, write)).and_then(|()| fs::rename(&part, &path));
        made.map_err(|error| format!("{} could not be written ({error}).", path.display()))?;
    }
    Ok(path.display().to_string())
}

fn make(part: &Path, write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> std::io::Result<()> {
    let mut out = BufWriter::new(fs::File::create(part)?);
    write(&mut out)?;
    out.flush()
}
