//! `cargo xtask bench`: our benches, alone or side by side with another tool's script.
//!
//! Both sides print one JSON line per measurement (`name`, `seconds_wall`, `seconds_cpu`, `peak_rss_mb`). They take turns,
//! ours, theirs, ours, theirs, so that a busy machine is busy for both; what counts is the ratio of medians and its
//! range over the rounds.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::{bench_inputs, shell};

const HELP: &str = "\
cargo xtask bench NAME [--rounds 3] [--threads N] [--peers DIR --python FILE]

  embed     texts through the text encoder
  train     steps of the generative recommender
  beam      users ranked by its beam search
  llm       a prompt and an answer through the local language model
  kmeans    k-means over 12,101 vectors of 384 numbers
  metrics   two million ranked rows
  import    a million rows of CSV
  store     a million interactions into the store and out again

--peers names a folder with the scripts of other tools (embed.py, train_decoder.py, kmeans.py, metrics.py; beam.py, llm.py are here)
and --python the Python that can run them; then both take turns on the same input, and the ratio of their medians is
printed.";

/// One of our benches, and the script that does the same work with another tool.
struct Bench {
    name: &'static str,
    package: &'static str,
    target: &'static str,
    script: Option<&'static str>,
    /// Which of our measurements is the same work as theirs; empty: all; [`SAME_NAME`]: those of the same name.
    same_work: &'static str,
    /// Input and options that both sides understand.
    arguments: fn(&Settings) -> Result<Vec<String>, String>,
}

const BENCHES: [Bench; 8] = [
    Bench {
        name: "embed",
        package: "semid-models",
        target: "embed",
        script: Some("embed.py"),
        same_work: "",
        arguments: |settings| Ok(with_threads(settings, bench_inputs::texts()?, &["--repeat", "1"])),
    },
    Bench {
        name: "train",
        package: "semid-models",
        target: "train",
        script: Some("train_decoder.py"),
        same_work: "",
        arguments: |settings| Ok(with_threads(settings, Vec::new(), &["--steps", "10"])),
    },
    Bench {
        name: "beam",
        package: "semid-models",
        target: "beam",
        script: Some("beam.py"),
        same_work: "",
        arguments: |settings| Ok(with_threads(settings, Vec::new(), &[])),
    },
    Bench {
        name: "llm",
        package: "semid-models",
        target: "llm",
        script: Some("llm.py"),
        same_work: SAME_NAME,
        arguments: |settings| Ok(with_threads(settings, bench_inputs::language_model()?, &["--repeat", "1"])),
    },
    Bench {
        name: "kmeans",
        package: "semid-models",
        target: "kmeans",
        script: Some("kmeans.py"),
        same_work: "semid",
        arguments: |settings| {
            Ok(with_threads(settings, bench_inputs::vectors()?, &["--k", "256", "--iterations", "20"]))
        },
    },
    Bench {
        name: "metrics",
        package: "semid-core",
        target: "trec",
        script: Some("metrics.py"),
        same_work: "judging",
        arguments: |_| Ok([bench_inputs::trec()?, vec!["--k".to_owned(), "10".to_owned()]].concat()),
    },
    Bench {
        name: "import",
        package: "semid-import",
        target: "import_speed",
        script: None,
        same_work: "",
        arguments: |_| Ok(Vec::new()),
    },
    Bench {
        name: "store",
        package: "semid-store",
        target: "million_rows",
        script: None,
        same_work: "",
        arguments: |_| Ok(Vec::new()),
    },
];

/// Each of our measurements is compared with theirs of the same name.
const SAME_NAME: &str = "=";

struct Settings {
    rounds: usize,
    threads: usize,
    peers: Option<(PathBuf, PathBuf)>,
}

/// `bench NAME …`.
pub fn bench(arguments: &[String]) -> Result<(), String> {
    let Some(bench) = arguments.first().and_then(|name| BENCHES.iter().find(|bench| bench.name == name)) else {
        println!("{HELP}");
        return match arguments.first().map(String::as_str) {
            None | Some("--help" | "-h" | "help") => Ok(()),
            Some(name) => Err(format!("“{name}” is not a bench.")),
        };
    };
    let settings = settings(&arguments[1..])?;
    let shared = (bench.arguments)(&settings)?;

    let build = ["bench", "--quiet", "--no-run", "--package", bench.package, "--bench", bench.target];
    shell::run("The build of the bench", shell::cargo().args(build))?;
    let mut measured = Measured::default();
    for round in 1..=settings.rounds {
        println!("round {round} of {}", settings.rounds);
        let mut ours = shell::cargo();
        ours.args(["bench", "--quiet", "--package", bench.package, "--bench", bench.target, "--"]).args(&shared);
        ours.env("RAYON_NUM_THREADS", settings.threads.to_string());
        measured.take("semid", &mut ours)?;
        if let (Some(script), Some((folder, python))) = (bench.script, &settings.peers) {
            let theirs = folder.join(script);
            let ours = shell::root().join("crates").join(bench.package).join("benches").join(script);
            let script = if theirs.is_file() { theirs } else { ours };
            if !script.is_file() {
                return Err(format!("{} is not here: name the folder of the scripts with --peers.", script.display()));
            }
            measured.take("other", Command::new(python).arg(script).args(&shared))?;
        }
    }
    measured.print(bench.same_work);
    Ok(())
}

fn settings(arguments: &[String]) -> Result<Settings, String> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut settings = Settings { rounds: 3, threads, peers: None };
    let (mut peers, mut python) = (None, None);
    for pair in arguments.chunks(2) {
        let [name, value] = pair else { return Err(format!("{} needs a value.\n\n{HELP}", pair.join(" "))) };
        let number = || value.parse().map_err(|_| format!("{name} needs a number, not “{value}”."));
        match name.as_str() {
            "--rounds" => settings.rounds = number()?,
            "--threads" => settings.threads = number()?,
            "--peers" => peers = Some(PathBuf::from(value)),
            "--python" => python = Some(PathBuf::from(value)),
            _ => return Err(format!("“{name}” is not understood.\n\n{HELP}")),
        }
    }
    settings.peers = match (peers, python) {
        (Some(peers), python) => Some((peers, python.unwrap_or_else(|| PathBuf::from("python3")))),
        (None, None) => None,
        // Scripts that lie beside our benches need no folder.
        (None, Some(python)) => Some((PathBuf::new(), python)),
    };
    Ok(settings)
}

fn with_threads(settings: &Settings, files: Vec<String>, options: &[&str]) -> Vec<String> {
    let options = options.iter().map(|option| (*option).to_owned());
    let threads = ["--threads".to_owned(), settings.threads.to_string()];
    files.into_iter().chain(options).chain(threads).collect()
}

/// Seconds by side and name; one entry a round.
#[derive(Default)]
struct Measured(BTreeMap<(&'static str, String), Vec<Round>>);

/// Medians of one round.
#[derive(Clone, Copy)]
struct Round {
    wall: f64,
    cpu: Option<f64>,
    peak_rss_mb: Option<f64>,
}

impl Measured {
    /// Runs one side once and takes in what it measured. Other output is shown as it is.
    fn take(&mut self, side: &'static str, command: &mut Command) -> Result<(), String> {
        let program = Path::new(command.get_program()).display().to_string();
        let output = command.stderr(Stdio::inherit()).output();
        let output = output.map_err(|error| format!("{program} could not be started ({error})."))?;
        let mut lines: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            println!("  {line}");
            if let Ok(value) = serde_json::from_str::<Value>(line)
                && let Some(name) = value["name"].as_str().filter(|_| value["seconds_wall"].is_number())
            {
                lines.entry(name.to_owned()).or_default().push(value.clone());
            }
        }
        if !output.status.success() {
            return Err(format!("{program} failed ({}).", output.status));
        }
        for (name, values) in lines {
            let of = |key: &str| median(values.iter().filter_map(|value| value[key].as_f64()).collect());
            let Some(wall) = of("seconds_wall") else { continue };
            let round = Round { wall, cpu: of("seconds_cpu"), peak_rss_mb: of("peak_rss_mb") };
            self.0.entry((side, name)).or_default().push(round);
        }
        Ok(())
    }

    fn print(&self, same_work: &str) {
        println!("\n{:<36} {:>10} {:>21} {:>10} {:>9}", "median", "wall s", "range", "cpu s", "peak MB");
        for ((side, name), rounds) in &self.0 {
            let wall: Vec<f64> = rounds.iter().map(|round| round.wall).collect();
            let (low, high) = range(&wall);
            let show = |value: Option<f64>| value.map_or("–".to_owned(), |value| format!("{value:.3}"));
            let cpu = median(rounds.iter().filter_map(|round| round.cpu).collect());
            let peak = median(rounds.iter().filter_map(|round| round.peak_rss_mb).collect());
            println!(
                "{:<36} {:>10} {:>21} {:>10} {:>9}",
                format!("{side}: {name}"),
                show(median(wall)),
                format!("{low:.3}–{high:.3}"),
                show(cpu),
                peak.map_or("–".to_owned(), |peak| format!("{peak:.0}"))
            );
        }
        let side = |wanted| self.0.iter().filter(move |((side, _), _)| *side == wanted);
        for ((_, theirs), other) in side("other") {
            for ((_, ours), semid) in side("semid").filter(|((_, ours), _)| match same_work {
                "" => true,
                SAME_NAME => ours == theirs,
                name => ours == name,
            }) {
                let wall = ratio(other, semid, |round| Some(round.wall));
                let cpu = ratio(other, semid, |round| round.cpu.filter(|seconds| *seconds > 0.0));
                if let (Some(wall), Some(cpu)) = (wall, cpu) {
                    println!("{ours} is {wall} times as fast as {theirs} by the clock, {cpu} times in CPU seconds");
                }
            }
        }
    }
}

/// Theirs over ours: the ratio of medians, and in brackets the range over rounds.
fn ratio(theirs: &[Round], ours: &[Round], seconds: fn(&Round) -> Option<f64>) -> Option<String> {
    let all = |rounds: &[Round]| median(rounds.iter().filter_map(seconds).collect());
    let pairs = theirs.iter().zip(ours).filter_map(|(theirs, ours)| Some(seconds(theirs)? / seconds(ours)?));
    let (low, high) = range(&pairs.collect::<Vec<_>>());
    Some(format!("{:.2} ({low:.2}–{high:.2})", all(theirs)? / all(ours)?))
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        n if n % 2 == 1 => Some(values[middle]),
        _ => Some((values[middle - 1] + values[middle]) / 2.0),
    }
}

fn range(values: &[f64]) -> (f64, f64) {
    values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(*value), high.max(*value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_of_medians_with_its_range_over_rounds() {
        let rounds = |seconds: [f64; 3]| seconds.map(|wall| Round { wall, cpu: None, peak_rss_mb: None });
        let ratio = |seconds| ratio(&rounds([4.0, 6.0, 5.0]), &rounds([2.0, 2.0, 1.0]), seconds);
        assert_eq!(
            ratio(|round| Some(round.wall)).as_deref(),
            Some("2.50 (2.00–5.00)"),
            "5 over 2; rounds give 2, 3, 5"
        );
        assert_eq!(ratio(|round| round.cpu), None, "what was not measured has no ratio");
    }

    #[test]
    fn lines_of_both_sides_are_taken_and_other_output_is_passed_by() {
        let mut measured = Measured::default();
        let script = r#"echo hello; for s in 3 1 2; do echo "{\"name\": \"it\", \"seconds_wall\": $s}"; done"#;
        assert_eq!(measured.take("other", Command::new("sh").args(["-c", script])), Ok(()), "the script ran");
        let rounds: Vec<f64> = measured.0.values().flatten().map(|round| round.wall).collect();
        assert_eq!(rounds, [2.0], "a round is the median of what its process measured");
        let failed = measured.take("other", Command::new("sh").args(["-c", "exit 3"]));
        assert!(failed.is_err_and(|sentence| sentence.contains('3')), "a failed side is told, not left out");
    }
}
