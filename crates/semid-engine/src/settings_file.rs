//! Experiment files: TOML that says only what differs from the starter, and the facts of a protocol for people.
//!
//! `ids = ["hash", "rq-kmeans"]` takes each scheme with its defaults; `[[ids]] scheme = "rq-kmeans"` with fields changes
//! those. The same holds for recommenders by `kind`. A file written by Semid names every field.

use semid_core::prepare::{Duplicates, SplitRule, Ties};
use toml::{Table, Value};

use crate::settings::{ExperimentSettings, IdSettings, RecommenderSettings};
use crate::{Error, Result};

impl ExperimentSettings {
    /// Every field, as an experiment file.
    pub fn to_toml(&self) -> Result<String> {
        toml::to_string_pretty(self).map_err(|why| Error::input(format!("The settings cannot be written down: {why}.")))
    }

    /// The data set an experiment file names.
    pub fn dataset_of(text: &str) -> Result<String> {
        let table = parse(text)?;
        match table.get("dataset").and_then(Value::as_str) {
            Some(dataset) => Ok(dataset.to_owned()),
            None => Err(Error::input("The experiment file names no data set. Add a line such as: dataset = \"shop\".")),
        }
    }

    /// Reads an experiment file over `starter`: what the file does not say stays as there.
    pub fn from_toml(text: &str, starter: &ExperimentSettings) -> Result<Self> {
        let mut given = parse(text)?;
        for (field, tag) in [("ids", "scheme"), ("recommenders", "kind")] {
            if let Some(list) = given.get_mut(field) {
                fill_list(list, field, tag)?;
            }
        }
        let names_baseline = given.contains_key("baseline");
        let mut whole = to_table(starter)?;
        merge(&mut whole, given);
        let mut settings: ExperimentSettings = Value::Table(whole).try_into().map_err(|why: toml::de::Error| {
            Error::input(format!("The experiment file is not understood: {}", one_line(&why.to_string())))
        })?;
        if !names_baseline {
            settings.settle_baseline();
        }
        settings.settle_users();
        Ok(settings)
    }

    /// How lists are made and judged, as label and value, for people. `tests` is how many the correction spans.
    pub fn protocol_facts(&self, tests: usize) -> Vec<(String, String)> {
        let prepare = &self.prepare;
        let split = match prepare.split {
            SplitRule::LeaveLastOut => "leave-last-out: the last item is the test, the one before it the validation, \
                                        which is part of the test's history"
                .to_owned(),
            SplitRule::GlobalTime { validation_share, test_share } => format!(
                "one moment for all users: the last {:.0} % of the interactions test, the {:.0} % before them validate",
                test_share * 100.0,
                validation_share * 100.0
            ),
        };
        let ties = match prepare.ties {
            Ties::Shuffle => "broken by a seeded shuffle",
            Ties::FileOrder => "in the order of the file",
        };
        let duplicates = match prepare.duplicates {
            Duplicates::KeepAll => "all kept",
            Duplicates::KeepFirst => "the first kept",
            Duplicates::KeepLast => "the last kept",
        };
        let filter = match (prepare.k_core, prepare.min_rating) {
            (0 | 1, None) => "none".to_owned(),
            (0 | 1, Some(rating)) => format!("rating at least {rating}"),
            (k, None) => format!("{k}-core"),
            (k, Some(rating)) => format!("rating at least {rating}, then {k}-core"),
        };
        let users = prepare.test_users.filter(|&users| users > 0).map(|users| {
            let value =
                format!("{users} at most, drawn by the data seed; the intervals are as wide as so few make them");
            ("Users", value)
        });
        [
            ("Split", split),
            (
                "Pool",
                "the whole catalog; items of the user's history are left out, by the same rule for all arms".into(),
            ),
            ("Ties in time", ties.into()),
            ("Repeated items of a user", duplicates.into()),
            ("Filter", filter),
            ("Equal scores", "score descending in f64, then an order seeded by user".into()),
            ("Items that share an ID", "share its rank: the expectation under a random order".into()),
            (
                "IDs",
                format!("{} levels × {} codes, {}", self.codes.levels, self.codes.codes, self.codes.collisions.title()),
            ),
            (
                "Replicates",
                format!("{} seeds; IDs, initialisation and order of training redrawn for each", self.seeds.len()),
            ),
            ("Intervals", format!("95 % bootstrap over users, {} resamples", self.evaluation.resamples)),
            ("p-values", format!("two-sided sign-flip randomisation over users, {} flips", self.evaluation.flips)),
            (
                "Correction",
                format!("{} over {tests} tests: every arm, gain and metric shown", self.evaluation.correction.title()),
            ),
        ]
        .into_iter()
        .chain(users)
        .map(|(label, value)| (label.to_owned(), value))
        .collect()
    }
}

fn parse(text: &str) -> Result<Table> {
    let table = text
        .parse::<Table>()
        .map_err(|why| Error::input(format!("The experiment file is not TOML: {}", one_line(&why.to_string()))))?;
    match table.iter().find_map(|(field, value)| not_finite(field, value)) {
        Some(field) => Err(Error::input(format!(
            "{field} in the experiment file is no finite number. Give it one, or leave it out."
        ))),
        None => Ok(table),
    }
}

/// The field that holds NaN or an infinity, which TOML knows and JSON does not.
fn not_finite(field: &str, value: &Value) -> Option<String> {
    match value {
        Value::Float(number) => (!number.is_finite()).then(|| field.to_owned()),
        Value::Array(values) => values.iter().find_map(|value| not_finite(field, value)),
        Value::Table(table) => table.iter().find_map(|(inside, value)| not_finite(&format!("{field}.{inside}"), value)),
        _ => None,
    }
}

fn to_table<T: serde::Serialize>(value: &T) -> Result<Table> {
    Table::try_from(value).map_err(|why| Error::input(format!("The settings cannot be written down: {why}.")))
}

/// Names become tables with all defaults; tables are filled up with them.
fn fill_list(list: &mut Value, field: &'static str, tag: &str) -> Result<()> {
    let Value::Array(entries) = list else {
        return Err(Error::input(format!("{field} is no list. Write {field} = [\"…\"] or [[{field}]] tables.")));
    };
    for entry in entries {
        let (key, given) = match entry {
            Value::String(key) => (key.clone(), Table::new()),
            Value::Table(table) => {
                let key = table.get(tag).and_then(Value::as_str);
                let missing = || Error::input(format!("An entry of {field} has no {tag}. Add {tag} = \"…\"."));
                (key.ok_or_else(missing)?.to_owned(), table.clone())
            }
            _ => return Err(Error::input(format!("An entry of {field} is neither a name nor a table."))),
        };
        let starter = match field {
            "ids" => IdSettings::starter(&key).map(|settings| to_table(&settings)),
            _ => RecommenderSettings::starter(&key).map(|settings| to_table(&settings)),
        };
        // A scheme without defaults (imported IDs) or without a name that is known is left for the reader to judge.
        let mut whole = starter.transpose()?.unwrap_or_default();
        whole.insert(tag.to_owned(), Value::String(key));
        merge(&mut whole, given);
        *entry = Value::Table(whole);
    }
    Ok(())
}

fn merge(whole: &mut Table, given: Table) {
    for (key, value) in given {
        match (whole.get_mut(&key), value) {
            // A split rule replaces the other one with all its fields; tables of settings are merged.
            (Some(Value::Table(inside)), Value::Table(value)) if !value.contains_key("rule") => merge(inside, value),
            (_, value) => {
                whole.insert(key, value);
            }
        }
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn starter() -> ExperimentSettings {
        ExperimentSettings::starter("shop", 100)
    }

    #[test]
    fn what_semid_writes_it_reads_back_unchanged() {
        let text = starter().to_toml().unwrap();
        let other = ExperimentSettings::starter("another", 1_000_000);
        assert_eq!(ExperimentSettings::from_toml(&text, &other).unwrap(), starter(), "a full file leaves nothing open");
    }

    #[test]
    fn a_short_file_says_only_what_differs() {
        let text = "dataset = 'shop'\nids = ['hash', 'rq-kmeans']\nseeds = [7]\n[codes]\nlevels = 2\n\
                    [[recommenders]]\nkind = 'popularity'\n[[recommenders]]\nkind = 'generative'\nepochs = 3\n";
        let settings = ExperimentSettings::from_toml(text, &starter()).unwrap();
        assert_eq!((settings.codes.levels, settings.codes.codes), (2, 64), "one field of a table changes alone");
        let RecommenderSettings::Generative(generative) = &settings.recommenders[1] else { unreachable!() };
        assert_eq!(generative.epochs, 3, "a given field counts");
        assert!(settings.check().is_empty(), "the rest are defaults that fit: {:?}", settings.check());
    }

    #[test]
    fn mistakes_are_named() {
        for (text, word) in [
            ("dataset = 'shop'\nsedes = [1]", "sedes"),
            ("dataset = 'shop'\nids = 'hash'", "ids"),
            ("dataset = 'shop'\n[[recommenders]]\nepochs = 2", "kind"),
            ("dataset = 'shop'\nids = ['hsah']", "hsah"),
            ("dataset = ", "TOML"),
            ("dataset = 'shop'\n[[recommenders]]\nkind = 'generative'\nlearning_rate = nan", "learning_rate"),
        ] {
            let error = ExperimentSettings::from_toml(text, &starter()).unwrap_err().to_string();
            assert!(error.contains(word), "“{error}” should name {word}");
        }
        assert!(ExperimentSettings::dataset_of("seeds = [1]").is_err(), "a file must say what it runs on");
    }
}
