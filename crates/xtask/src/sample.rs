//! `cargo xtask sample`: simulates the histories of `datasets/sample-films` from its catalog.
//!
//! The films are real, the viewers are not. A viewer has two favourite genres and a favourite decade, and is in a mood:
//! one of the favourite genres, which lasts for a few films. The next film is drawn with weights: a popularity that
//! falls like Zipf's law over a seeded order of the catalog, times a bonus for the mood's genre, for the other favourite,
//! for the decade, and for genres shared with the film just seen. One film in eight is drawn by popularity alone. All
//! arithmetic is in integers, so that every machine writes the same bytes.

use std::fmt::Write as _;

use rand::Rng;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

const SEED: u64 = 20_260_501;
const VIEWERS: usize = 600;
const SHORTEST: usize = 6;
const LONGEST: usize = 40;
/// The first simulated evening, 2024-01-01 20:00 UTC.
const FIRST_EVENING: i64 = 1_704_139_200;
const DAY: i64 = 86_400;

/// Writes the histories beside their catalog.
pub fn write() -> Result<(), String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../datasets/sample-films");
    let (items, interactions) = (format!("{folder}/items.jsonl"), format!("{folder}/interactions.csv"));
    let catalog = std::fs::read_to_string(&items).map_err(|error| format!("{items} could not be read: {error}."))?;
    let csv = interactions_csv(&catalog)?;
    std::fs::write(&interactions, csv).map_err(|error| format!("{interactions} could not be written: {error}."))
}

/// The interactions as CSV: `viewer,film,timestamp`, for a catalog as JSON Lines with `film`, `genres` and `year`.
pub fn interactions_csv(items_jsonl: &str) -> Result<String, String> {
    let films = items_jsonl.lines().map(film).collect::<Result<Vec<_>, _>>()?;
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    let popularity = popularity(&mut rng, films.len());
    let mut genres: Vec<&str> = films.iter().flat_map(|film| film.genres.iter().map(String::as_str)).collect();
    genres.sort_unstable();
    let mut csv = String::from("viewer,film,timestamp\n");
    for viewer in 0..VIEWERS {
        // Drawn over mentions, not names: common genres are common favourites.
        let favourites = [genres[rng.random_range(0..genres.len())], genres[rng.random_range(0..genres.len())]];
        let decade = films[rng.random_range(0..films.len())].year / 10;
        let mut seen = vec![false; films.len()];
        let mut last: Option<usize> = None;
        let mut mood = 0;
        let mut at = FIRST_EVENING + DAY * rng.random_range(0..400);
        for _ in 0..length(&mut rng) {
            if rng.random_range(0..5) == 0 {
                mood = 1 - mood;
            }
            let by_popularity_alone = rng.random_range(0..8) == 0;
            let weights: Vec<u64> = films
                .iter()
                .enumerate()
                .map(|(index, film)| {
                    if seen[index] {
                        return 0;
                    }
                    if by_popularity_alone {
                        return popularity[index];
                    }
                    let liked = |genre: &str| u64::from(film.genres.iter().any(|own| own == genre));
                    let near = match film.year / 10 - decade {
                        0 => 2,
                        -1 | 1 => 1,
                        _ => 0,
                    };
                    let shared = last.map_or(0, |last| films[last].shared_genres(film));
                    popularity[index]
                        * (1 + 10 * liked(favourites[mood]) + 3 * liked(favourites[1 - mood]))
                        * (1 + 2 * near)
                        * (1 + 2 * shared * shared)
                })
                .collect();
            let chosen = draw(&mut rng, &weights);
            seen[chosen] = true;
            last = Some(chosen);
            at += DAY * rng.random_range(1..6);
            writeln!(csv, "viewer-{:03},{},{at}", viewer + 1, films[chosen].key).map_err(|error| error.to_string())?;
        }
    }
    Ok(csv)
}

struct Film {
    key: String,
    genres: Vec<String>,
    year: i64,
}

impl Film {
    fn shared_genres(&self, other: &Film) -> u64 {
        self.genres.iter().filter(|genre| other.genres.contains(genre)).count() as u64
    }
}

fn film(line: &str) -> Result<Film, String> {
    let value: Value = serde_json::from_str(line).map_err(|error| format!("{error} in the line {line}"))?;
    let genres =
        value["genres"].as_array().map(|list| list.iter().filter_map(Value::as_str).map(str::to_owned).collect());
    match (value["film"].as_str(), genres, value["year"].as_i64()) {
        (Some(key), Some(genres), Some(year)) => Ok(Film { key: key.to_owned(), genres, year }),
        _ => Err(format!("A film needs film, genres and year: {line}")),
    }
}

fn popularity(rng: &mut ChaCha8Rng, films: usize) -> Vec<u64> {
    let mut order: Vec<usize> = (0..films).collect();
    order.shuffle(rng);
    let mut popularity = vec![0; films];
    for (rank, film) in order.into_iter().enumerate() {
        popularity[film] = 1_000_000 / (rank as u64 + 20);
    }
    popularity
}

/// Mostly short, some long: the smallest of two uniform draws.
fn length(rng: &mut ChaCha8Rng) -> usize {
    rng.random_range(SHORTEST..=LONGEST).min(rng.random_range(SHORTEST..=LONGEST))
}

fn draw(rng: &mut ChaCha8Rng, weights: &[u64]) -> usize {
    let mut left = rng.random_range(0..weights.iter().sum::<u64>().max(1));
    for (index, weight) in weights.iter().enumerate() {
        if left < *weight {
            return index;
        }
        left -= weight;
    }
    weights.len() - 1
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    #[test]
    fn the_committed_histories_are_what_the_generator_writes() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../datasets/sample-films");
        let items = std::fs::read_to_string(format!("{folder}/items.jsonl")).unwrap();
        let committed = std::fs::read_to_string(format!("{folder}/interactions.csv")).unwrap();
        assert!(
            super::interactions_csv(&items).unwrap() == committed,
            "after a change of the catalog or the generator, run `cargo xtask sample`"
        );
    }
}
