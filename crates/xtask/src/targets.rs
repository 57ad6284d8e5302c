//! Targets: what the rows of a comparison are held against, told as met, not met or not run.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;
use toml::Table;

/// The numbers to meet.
pub struct Targets {
    gate: Vec<(String, u64)>,
    targets: Vec<Target>,
}

struct Target {
    /// Keys of the arms of which the best counts.
    arms: Vec<String>,
    metric: String,
    wanted: Wanted,
    source: String,
}

enum Wanted {
    AtLeast(f64),
    Near { value: f64, tolerance: f64 },
    GainOverPermuted,
}

/// How a target came out.
pub struct Verdict {
    /// The arm that counted, or those that were not run.
    pub arm: String,
    /// What was measured of it.
    pub metric: String,
    /// What was wanted, in words.
    pub wanted: String,
    /// What was measured, in words; empty when the arm was not run.
    pub measured: String,
    /// Whether it is met; none when the arm was not run.
    pub met: Option<bool>,
    /// Where the target comes from.
    pub source: String,
}

/// Reads the targets of an experiment.
pub fn read(path: &Path) -> Result<Targets, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}.", path.display()))?;
    let table: Table = text.parse().map_err(|error| format!("{} is not TOML: {error}", path.display()))?;
    let wrong = |what: String| format!("{}: {what}", path.display());
    let gate = table.get("gate").and_then(|gate| gate.as_table()).ok_or_else(|| wrong("there is no [gate].".into()))?;
    let count = |(name, value): (&String, &toml::Value)| {
        let count = value.as_integer().and_then(|value| u64::try_from(value).ok());
        count.map(|count| (name.clone(), count)).ok_or_else(|| wrong(format!("{name} is no count.")))
    };
    let gate = gate.iter().map(count).collect::<Result<Vec<_>, String>>()?;
    let targets = table.get("target").and_then(|targets| targets.as_array()).map(Vec::as_slice).unwrap_or_default();
    let targets = targets.iter().enumerate().map(|(at, target)| {
        let text = |field: &str| target.get(field).and_then(|value| value.as_str()).map(str::to_owned);
        let number = |field: &str| target.get(field).and_then(toml::Value::as_float);
        let need = |field: &str| text(field).ok_or_else(|| wrong(format!("target {} has no {field}.", at + 1)));
        let wanted = match (number("at_least"), number("value"), number("tolerance"), target.get("gain_over_permuted"))
        {
            (Some(least), None, None, None) => Wanted::AtLeast(least),
            (None, Some(value), Some(tolerance), None) => Wanted::Near { value, tolerance },
            (None, None, None, Some(toml::Value::Boolean(true))) => Wanted::GainOverPermuted,
            _ => {
                return Err(wrong(format!(
                    "target {} says not one of: at_least; value and tolerance; gain_over_permuted = true.",
                    at + 1
                )));
            }
        };
        let arms = std::iter::once(need("arm")?).chain(text("or")).collect();
        Ok(Target { arms, metric: need("metric")?, wanted, source: need("source")? })
    });
    Ok(Targets { gate, targets: targets.collect::<Result<_, String>>()? })
}

impl Targets {
    /// Counts of the data that are not what they should be, in sentences.
    pub fn gate_problems(&self, comparison: &Value) -> Vec<String> {
        let problem = |(name, wanted): &(String, u64)| {
            let found = comparison["dataset"][name].as_u64();
            let found_text = found.map_or("unknown".to_owned(), |found| found.to_string());
            (found != Some(*wanted))
                .then(|| format!("{} should be {wanted}, and are {found_text}.", name.replace('_', " ")))
        };
        self.gate.iter().filter_map(problem).collect()
    }

    /// "22363 users, 12101 items".
    pub fn gate_in_words(&self) -> String {
        let words = self.gate.iter().map(|(name, count)| format!("{count} {}", name.replace('_', " ")));
        words.collect::<Vec<_>>().join(", ")
    }

    /// Every target, with what came of it.
    pub fn hold_against(&self, comparison: &Value) -> Vec<Verdict> {
        self.targets.iter().map(|target| target.hold_against(comparison)).collect()
    }
}

impl Target {
    fn hold_against(&self, comparison: &Value) -> Verdict {
        let wanted = match &self.wanted {
            Wanted::AtLeast(least) => format!("≥ {least:.4}"),
            Wanted::Near { value, tolerance } => format!("{value:.4} ± {tolerance:.4}"),
            Wanted::GainOverPermuted => "semantic − permuted, 95 % interval above 0".to_owned(),
        };
        let measured = self.arms.iter().filter_map(|arm| Some((arm, self.measure(comparison, arm)?)));
        let best = measured.max_by(|(_, a), (_, b)| a.number.total_cmp(&b.number));
        let (arm, measured, met) = match best {
            Some((arm, measured)) => (arm.clone(), measured.words, Some(measured.met)),
            None => (self.arms.join(" or "), String::new(), None),
        };
        Verdict { arm, metric: self.metric.clone(), wanted, measured, met, source: self.source.clone() }
    }

    fn measure(&self, comparison: &Value, arm: &str) -> Option<Measured> {
        if let Wanted::GainOverPermuted = self.wanted {
            let gain = comparison["meaning_gains"].as_array()?.iter();
            let gain = gain.into_iter().find(|gain| gain["arm"] == arm && gain["metric"] == self.metric.as_str())?;
            let [difference, low, high] =
                ["difference", "low", "high"].map(|field| gain[field].as_f64().unwrap_or(f64::NAN));
            let words = format!("{difference:+.4} [{low:+.4}, {high:+.4}]");
            return Some(Measured { number: low, words, met: low > 0.0 });
        }
        let number = value(comparison, arm, &self.metric)?;
        let met = match self.wanted {
            Wanted::AtLeast(least) => number >= least,
            Wanted::Near { value, tolerance } => (number - value).abs() <= tolerance,
            Wanted::GainOverPermuted => false,
        };
        Some(Measured { number, words: format!("{number:.4}"), met })
    }
}

struct Measured {
    number: f64,
    words: String,
    met: bool,
}

/// The mean of an arm in a metric.
pub fn value(comparison: &Value, arm: &str, metric: &str) -> Option<f64> {
    let arm = comparison["arms"].as_array()?.iter().find(|known| known["key"] == arm)?;
    arm["values"].as_array()?.iter().find(|value| value["metric"] == metric)?["mean"].as_f64()
}

/// The outcome as a page for `docs/results/`.
pub fn as_markdown(comparison: &Value, verdicts: &[Verdict]) -> String {
    let seeds = comparison["seeds"].as_array().map_or(0, Vec::len);
    let count = |met: Option<bool>| verdicts.iter().filter(|verdict| verdict.met == met).count();
    let mut text = format!(
        "# Targets\n\nWritten by `cargo xtask reproduce beauty`; means over {seeds} seeds. {} met, {} not met, {} not run.\n\n",
        count(Some(true)),
        count(Some(false)),
        count(None)
    );
    text += "| arm | metric | wanted | measured | | where the target comes from |\n|---|---|---|---|---|---|\n";
    for Verdict { arm, metric, wanted, measured, met, source } in verdicts {
        let outcome = match met {
            Some(true) => "met",
            Some(false) => "**not met**",
            None => "not run: the experiment has no such arm",
        };
        let measured = if measured.is_empty() { "–" } else { measured };
        // Writing into a string cannot fail.
        let _ = writeln!(text, "| {arm} | {metric} | {wanted} | {measured} | {outcome} | {source} |");
    }
    text
}

/// Every arm with its values, a line each.
pub fn values_of(comparison: &Value) -> String {
    let mut text = String::new();
    for arm in comparison["arms"].as_array().into_iter().flatten() {
        let values = arm["values"].as_array().into_iter().flatten();
        let values: Vec<String> = values
            .map(|value| {
                format!("{} {:.4}", value["metric"].as_str().unwrap_or("?"), value["mean"].as_f64().unwrap_or(f64::NAN))
            })
            .collect();
        let _ = writeln!(text, "  {}: {}", arm["key"].as_str().unwrap_or("?"), values.join(", "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn target(wanted: Wanted, arms: &[&str]) -> Target {
        let arms = arms.iter().map(|&arm| arm.to_owned()).collect();
        Target { arms, metric: "ndcg@10".into(), wanted, source: String::new() }
    }

    fn comparison() -> Value {
        let arm = |key: &str, mean: f64| json!({ "key": key, "values": [{ "metric": "ndcg@10", "mean": mean }] });
        json!({
            "dataset": { "users": 3, "items": 5 },
            "arms": [arm("popularity", 0.010), arm("generative/rq-kmeans", 0.030), arm("generative/rq-vae", 0.040)],
            "meaning_gains": [{ "arm": "generative/rq-vae", "metric": "ndcg@10", "difference": 0.02, "low": -0.001, "high": 0.03 }],
        })
    }

    #[test]
    fn a_target_is_met_not_met_or_not_run() {
        let met = |wanted, arms: &[&str]| target(wanted, arms).hold_against(&comparison()).met;
        let near = Wanted::Near { value: 0.0105, tolerance: 0.001 };
        assert_eq!(met(near, &["popularity"]), Some(true), "within the tolerance");
        let near = Wanted::Near { value: 0.008, tolerance: 0.001 };
        assert_eq!(met(near, &["popularity"]), Some(false), "above it is as wrong as below");
        let either = ["generative/rq-kmeans", "generative/rq-vae"];
        assert_eq!(met(Wanted::AtLeast(0.035), &either), Some(true), "the better of the two counts");
        assert_eq!(met(Wanted::AtLeast(0.035), &either[..1]), Some(false), "alone it falls short");
        assert_eq!(
            met(Wanted::AtLeast(0.0), &["sasrec-ce"]),
            None,
            "an arm that is not there is not met and not failed"
        );
        assert_eq!(met(Wanted::GainOverPermuted, &either), Some(false), "an interval that reaches 0 shows no gain");
    }

    #[test]
    fn every_committed_target_is_read() -> Result<(), String> {
        let targets = read(&crate::reproduce::experiments().join("beauty-targets.toml"))?;
        assert!(targets.targets.len() >= 9 && targets.gate.len() == 4, "none was skipped");
        Ok(())
    }

    #[test]
    fn the_gate_names_every_count_that_is_wrong() {
        let gate = [("users", 3), ("items", 6), ("training_windows", 9)].map(|(name, count)| (name.to_owned(), count));
        let targets = Targets { gate: gate.to_vec(), targets: Vec::new() };
        let problems = targets.gate_problems(&comparison());
        assert_eq!(problems.len(), 2, "users fit: {problems:?}");
        assert!(problems[1].contains("training windows") && problems[1].contains("unknown"), "{problems:?}");
    }
}
