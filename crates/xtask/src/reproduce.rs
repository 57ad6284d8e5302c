//! `cargo xtask reproduce beauty`: the whole table from the raw files, held against its targets.
//!
//! The experiments are files in `experiments/`; everything is computed by `semid`, which this drives like anybody would.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use toml::Table;

use crate::targets::{self, Targets};
use crate::{shell, slice, tried};

/// What was asked for.
#[derive(Debug, Default, PartialEq)]
struct Asked {
    data: Option<PathBuf>,
    seeds: Option<u64>,
    slice: bool,
    measure: bool,
    tried: bool,
}

const USAGE: &str = "cargo xtask reproduce beauty [--data FOLDER] [--seeds N | --tried] | --slice [--measure]";

/// The data set's name when it comes from a folder of one's own: it never takes the place of the recipe's.
const GIVEN: &str = "amazon-beauty-2014-given";
const RECIPE: &str = "amazon-beauty-2014";

/// `reproduce beauty …`.
pub fn reproduce(arguments: &[String]) -> Result<(), String> {
    let asked = parse(arguments)?;
    if asked.slice {
        let program = built(&["--workspace"])?;
        return if asked.measure { slice::measure(&program) } else { slice::check(&program) };
    }
    let semid = Semid { program: built(&["--workspace"])?, home: None };
    let dataset = import(&semid, asked.data.as_deref())?;
    let targets = targets::read(&experiments().join("beauty-targets.toml"))?;
    gate(&semid, &dataset, &targets)?;
    let results = shell::root().join("docs/results/beauty");
    if asked.tried {
        return tried::run(&semid, &dataset, &results);
    }
    let comparison = run(&semid, "beauty.toml", &dataset, asked.seeds, &results)?;
    let verdicts = targets.hold_against(&comparison);
    let text = targets::as_markdown(&comparison, &verdicts);
    let file = results.join("targets.md");
    std::fs::write(&file, &text).map_err(|error| format!("{} could not be written: {error}.", file.display()))?;
    println!("\n{text}");

    println!("The same with ties in time as the file has them, for comparison with papers:");
    let raw = run(&semid, "beauty-raw-order.toml", &dataset, None, &results.join("raw-order"))?;
    println!("{}", targets::values_of(&raw));
    println!("The reports are in {} and {}/raw-order.", results.display(), results.display());
    Ok(())
}

fn parse(arguments: &[String]) -> Result<Asked, String> {
    let mut asked = Asked::default();
    let mut rest = arguments.iter();
    if rest.next().map(String::as_str) != Some("beauty") {
        return Err(format!("Say what to reproduce: {USAGE}"));
    }
    while let Some(argument) = rest.next() {
        let mut value = || rest.next().ok_or_else(|| format!("{argument} needs a value: {USAGE}"));
        match argument.as_str() {
            "--data" => asked.data = Some(PathBuf::from(value()?)),
            "--seeds" => {
                let seeds = value()?;
                let number = seeds.parse().ok().filter(|seeds| (1..=100).contains(seeds));
                asked.seeds = Some(number.ok_or_else(|| format!("“{seeds}” is no number of seeds. Choose 1 to 100."))?);
            }
            "--slice" => asked.slice = true,
            "--measure" => asked.measure = true,
            "--tried" => asked.tried = true,
            other => return Err(format!("“{other}” is not understood: {USAGE}")),
        }
    }
    let of_the_slice = asked.slice && (asked.data.is_some() || asked.seeds.is_some() || asked.tried);
    if asked.measure && !asked.slice || of_the_slice || asked.tried && asked.seeds.is_some() {
        return Err(format!("These do not go together: {USAGE}"));
    }
    Ok(asked)
}

/// Where the experiments are.
pub fn experiments() -> PathBuf {
    shell::root().join("experiments")
}

/// Builds `semid` of these packages, as it is built every day (what computes is optimised), and gives its place.
pub fn built(how: &[&str]) -> Result<PathBuf, String> {
    let mut build = shell::cargo();
    build
        .args(["build", "--quiet", "--locked", "--bin", "semid", "--message-format", "json-render-diagnostics"])
        .args(how);
    let output = build.stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| format!("The build of semid could not be started ({error})."))?;
    if !output.status.success() {
        return Err(format!("The build of semid failed ({}).", output.status));
    }
    let lines = String::from_utf8_lossy(&output.stdout).into_owned();
    let program = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).find_map(|message| {
        let is_semid = message["target"]["name"] == "semid";
        message["executable"].as_str().filter(|_| is_semid).map(PathBuf::from)
    });
    program.ok_or_else(|| "cargo does not say where it built semid.".to_owned())
}

/// The program, in a home.
pub struct Semid {
    /// The executable.
    pub program: PathBuf,
    /// `SEMID_HOME`; the environment's when none.
    pub home: Option<PathBuf>,
}

impl Semid {
    /// Runs it with `--json`, its progress on the terminal; the document it printed.
    pub fn json(&self, arguments: &[&str]) -> Result<Value, String> {
        let mut command = Command::new(&self.program);
        command.current_dir(shell::root()).args(arguments).arg("--json").stderr(Stdio::inherit());
        if let Some(home) = &self.home {
            command.env("SEMID_HOME", home);
        }
        let what = format!("semid {}", arguments.join(" "));
        let output = command.output().map_err(|error| format!("{what} could not be started ({error})."))?;
        if !output.status.success() {
            return Err(format!("{what} failed ({}), see above.", output.status));
        }
        serde_json::from_slice(&output.stdout).map_err(|error| format!("{what} printed no JSON ({error})."))
    }

    /// Runs an experiment; its comparison.
    pub fn run(&self, experiment: &Path, report: &Path) -> Result<Value, String> {
        let (experiment, report) = (experiment.to_string_lossy(), report.to_string_lossy());
        let mut whole = self.json(&["run", &experiment, "--output", &report])?;
        match whole["comparison"].take() {
            Value::Null => Err("semid run printed no comparison.".to_owned()),
            comparison => Ok(comparison),
        }
    }
}

/// Brings the data into the workspace; its name there.
fn import(semid: &Semid, folder: Option<&Path>) -> Result<String, String> {
    let Some(folder) = folder else {
        let known = semid.json(&["datasets"])?;
        let is_here = known["datasets"].as_array().is_some_and(|all| all.iter().any(|data| data["name"] == RECIPE));
        if !is_here {
            semid.json(&["import", RECIPE, "--download"])?;
        }
        return Ok(RECIPE.to_owned());
    };
    let [items, interactions] = ["items.jsonl", "interactions.csv"].map(|file| folder.join(file));
    for file in [&items, &interactions] {
        if !file.is_file() {
            return Err(format!(
                "{} is not there. --data names a folder with items.jsonl and interactions.csv.",
                file.display()
            ));
        }
    }
    let [items, interactions] = [items, interactions].map(|file| file.to_string_lossy().into_owned());
    let map = "user=user_id,item=item_id,key=item_id,timestamp=timestamp";
    let text = "{title}. {categories}";
    let arguments = ["import", "--items", &items, "--interactions", &interactions, "--name", GIVEN];
    let arguments: Vec<&str> = arguments.into_iter().chain(["--map", map, "--text", text, "--replace"]).collect();
    semid.json(&arguments)?;
    Ok(GIVEN.to_owned())
}

/// Refuses data that is not the data, before hours are spent on it.
fn gate(semid: &Semid, dataset: &str, targets: &Targets) -> Result<(), String> {
    let mut experiment = read("beauty.toml")?;
    experiment.insert("name".into(), "beauty: data gate".into());
    experiment.insert("dataset".into(), dataset.into());
    experiment.insert("seeds".into(), toml::Value::Array(vec![1.into()]));
    experiment.insert("ids".into(), toml::Value::Array(Vec::new()));
    experiment.insert("recommenders".into(), toml::Value::Array(vec!["popularity".into()]));
    let folder = shell::root().join("target/reproduce");
    let comparison = semid.run(&written(&experiment, &folder, "gate.toml")?, &folder.join("gate"))?;
    let problems = targets.gate_problems(&comparison);
    if problems.is_empty() {
        println!("The data gate holds: {}.", targets.gate_in_words());
        return Ok(());
    }
    Err(format!(
        "This is not the Beauty that the targets are for, so nothing was trained:\n  {}\nSee datasets/README.md for where it \
         is had.",
        problems.join("\n  ")
    ))
}

fn run(semid: &Semid, file: &str, dataset: &str, seeds: Option<u64>, report: &Path) -> Result<Value, String> {
    let mut experiment = read(file)?;
    experiment.insert("dataset".into(), dataset.into());
    if let Some(seeds) = seeds {
        let seeds = (1..=seeds).filter_map(|seed| i64::try_from(seed).ok()).map(toml::Value::Integer);
        experiment.insert("seeds".into(), toml::Value::Array(seeds.collect()));
    }
    let folder = shell::root().join("target/reproduce");
    semid.run(&written(&experiment, &folder, file)?, report)
}

/// An experiment as a table.
pub fn read(file: &str) -> Result<Table, String> {
    let path = experiments().join(file);
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}.", path.display()))?;
    text.parse().map_err(|error| format!("{} is not TOML: {error}", path.display()))
}

/// Writes an experiment down for `semid run`.
pub fn written(experiment: &Table, folder: &Path, name: &str) -> Result<PathBuf, String> {
    let path = folder.join(name);
    let failed = |error: std::io::Error| format!("{} could not be written: {error}.", path.display());
    std::fs::create_dir_all(folder).map_err(failed)?;
    let text = toml::to_string_pretty(experiment).map_err(|error| format!("{}: {error}.", path.display()))?;
    std::fs::write(&path, text).map_err(failed)?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Asked, String> {
        parse(&text.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn options_are_understood_or_refused_with_the_usage() {
        let asked = parsed("beauty --data mine --seeds 2");
        assert_eq!(asked, Ok(Asked { data: Some("mine".into()), seeds: Some(2), ..Asked::default() }), "both options");
        assert_eq!(parsed("beauty --slice --measure").map(|asked| asked.measure), Ok(true), "measuring the slice");
        for wrong in [
            "",
            "toys",
            "beauty --seeds 0",
            "beauty --seeds",
            "beauty --fast",
            "beauty --measure",
            "beauty --slice --seeds 2",
            "beauty --slice --tried",
            "beauty --tried --seeds 2",
        ] {
            assert!(parsed(wrong).is_err(), "“{wrong}” is refused");
        }
    }

    #[test]
    fn the_experiments_and_their_targets_fit_together() -> Result<(), String> {
        let [beauty, raw, slice] = ["beauty.toml", "beauty-raw-order.toml", "slice.toml"].map(read);
        let ties = |experiment: &Table| experiment["prepare"]["ties"].as_str().map(str::to_owned);
        assert_ne!(ties(&beauty?), ties(&raw?), "the second table differs in its protocol, and is one of its own");
        let metrics = slice?["evaluation"]["metrics"].as_array().map(Vec::len);
        assert_eq!(metrics, Some(2), "the slice is judged by two metrics");
        Ok(())
    }
}
