//! The slice: a small fixed experiment on MovieLens 100K, whose outcome must stay what it was. It guards quality, not time.

use std::path::{Path, PathBuf};
use std::time::Instant;

use semid_fetch::{Home, MINILM};
use serde_json::Value;
use toml::Table;

use crate::reproduce::{Semid, read, written};
use crate::{shell, targets};

const EXPECTED: &str = "slice-expected.toml";
const DATA: &str = "movielens-100k";
/// Seeds whose spread gives the tolerance.
const SEEDS: i64 = 5;
/// Standard deviations over seeds that a value may be away: one in tens of thousands by chance alone.
const WIDTH: f64 = 4.0;
/// Never narrower: other machines have other kernels, whose last bits differ.
const NARROWEST: f64 = 0.002;

/// One value with how far from it is fine.
#[derive(Debug, PartialEq)]
struct Expected {
    arm: String,
    metric: String,
    value: f64,
    tolerance: f64,
}

/// Whether what the slice needs was fetched.
pub fn is_set_up() -> Result<bool, String> {
    let home = Home::from_env().map_err(|error| error.to_string())?;
    Ok(home.model(MINILM).is_dir() && home.data(DATA).is_dir())
}

/// Runs the slice and compares it with what is expected.
pub fn check(program: &Path) -> Result<(), String> {
    let expected = expected(&read(EXPECTED)?)?;
    let started = Instant::now();
    let comparison = run(program, &[1])?;
    let mut problems = Vec::new();
    println!("{:<24} {:<10} {:>8} {:>17}", "arm", "metric", "value", "expected");
    for Expected { arm, metric, value: wanted, tolerance } in &expected {
        let found = targets::value(&comparison, arm, metric).unwrap_or(f64::NAN);
        println!("{arm:<24} {metric:<10} {found:>8.4} {wanted:>8.4} ± {tolerance:.4}");
        // A value that is no number is no value within the tolerance either.
        if (found - wanted).abs() <= *tolerance {
            continue;
        }
        problems.push(match found > *wanted {
            true => format!(
                "{metric} of {arm} is {found:.4}, better than {wanted:.4} ± {tolerance:.4}: an improvement, or a leak. If \
                 it is wanted, measure anew with: cargo xtask reproduce beauty --slice --measure"
            ),
            false => format!("{metric} of {arm} is {found:.4}, worse than {wanted:.4} ± {tolerance:.4}: a regression."),
        });
    }
    if problems.is_empty() {
        println!("The slice is as expected ({:.0} s).", started.elapsed().as_secs_f64());
        return Ok(());
    }
    Err(format!("The slice is not as expected:\n  {}", problems.join("\n  ")))
}

/// Measures the expected values over several seeds and writes them down.
pub fn measure(program: &Path) -> Result<(), String> {
    let seeds: Vec<i64> = (1..=SEEDS).collect();
    let comparison = run(program, &seeds)?;
    let mut text = format!(
        "# What slice.toml comes to: the mean over {SEEDS} seeds, and {WIDTH} standard deviations over them, at least {NARROWEST}.\n\
         # Written by: cargo xtask reproduce beauty --slice --measure\n"
    );
    for arm in comparison["arms"].as_array().into_iter().flatten() {
        for value in arm["values"].as_array().into_iter().flatten() {
            let number = |field: &str| value[field].as_f64().unwrap_or(f64::NAN);
            let (mean, tolerance) = (number("mean"), (WIDTH * number("seed_sd")).max(NARROWEST));
            let (arm, metric) = (arm["key"].as_str().unwrap_or("?"), value["metric"].as_str().unwrap_or("?"));
            text += &format!(
                "\n[[expected]]\narm = \"{arm}\"\nmetric = \"{metric}\"\nvalue = {mean:.4}\ntolerance = {tolerance:.4}\n"
            );
        }
    }
    let path = crate::reproduce::experiments().join(EXPECTED);
    std::fs::write(&path, &text).map_err(|error| format!("{} could not be written: {error}.", path.display()))?;
    println!("{text}\nWritten to {}. Commit it with the change that made it so.", path.display());
    Ok(())
}

fn run(program: &Path, seeds: &[i64]) -> Result<Value, String> {
    let folder = shell::root().join("target/slice");
    let home = fresh_home(&folder.join("home"))?;
    let semid = Semid { program: program.to_owned(), home: Some(home) };
    semid.json(&["import", DATA, "--quiet"])?;
    let mut experiment = read("slice.toml")?;
    experiment.insert("seeds".into(), toml::Value::Array(seeds.iter().copied().map(toml::Value::Integer).collect()));
    semid.run(&written(&experiment, &folder, "slice.toml")?, &folder.join("report"))
}

/// A home with the encoder and the data and nothing else: what was computed earlier must not stand in for what is tested.
fn fresh_home(home: &Path) -> Result<PathBuf, String> {
    let from = Home::from_env().map_err(|error| error.to_string())?;
    let failed = |what: &Path, error: std::io::Error| format!("{}: {error}.", what.display());
    match std::fs::remove_dir_all(home) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(home, error)),
        _ => {}
    }
    let to = Home::at(home);
    for (from, to) in [(from.model(MINILM), to.model(MINILM)), (from.data(DATA), to.data(DATA))] {
        if !from.is_dir() {
            return Err(format!("{} is not there. Fetch it with: cargo xtask setup --downloads-only", from.display()));
        }
        copy(&from, &to).map_err(|error| failed(&to, error))?;
    }
    Ok(home.to_owned())
}

/// A folder as links to the same files, or as copies where links cannot be.
fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else if std::fs::hard_link(entry.path(), &target).is_err() {
            std::fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}

fn expected(table: &Table) -> Result<Vec<Expected>, String> {
    let rows = table.get("expected").and_then(|rows| rows.as_array()).map(Vec::as_slice).unwrap_or_default();
    let rows: Vec<Expected> = rows
        .iter()
        .enumerate()
        .map(|(at, row)| {
            let wrong = || format!("Row {} of {EXPECTED} lacks arm, metric, value or tolerance.", at + 1);
            let text =
                |field: &str| row.get(field).and_then(|value| value.as_str()).map(str::to_owned).ok_or_else(wrong);
            let number = |field: &str| row.get(field).and_then(toml::Value::as_float).ok_or_else(wrong);
            Ok(Expected {
                arm: text("arm")?,
                metric: text("metric")?,
                value: number("value")?,
                tolerance: number("tolerance")?,
            })
        })
        .collect::<Result<_, String>>()?;
    if rows.is_empty() { Err(format!("There is nothing in {EXPECTED} to compare with.")) } else { Ok(rows) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_expectations_are_read_and_cover_the_generative_arms() -> Result<(), String> {
        let rows = expected(&read(EXPECTED)?)?;
        for arm in ["popularity", "item-knn", "generative/permuted", "generative/rq-kmeans"] {
            assert!(rows.iter().any(|row| row.arm == arm), "{arm} is held to a value");
        }
        assert!(rows.iter().all(|row| row.tolerance >= NARROWEST), "no tolerance is narrower than machines differ");
        assert!(expected(&Table::new()).is_err(), "an empty file expects nothing, and that is an error");
        Ok(())
    }
}
