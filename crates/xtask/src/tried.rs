//! `cargo xtask reproduce beauty --tried`: what was tried on the models, one change a row, told by validation alone.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;
use toml::Table;

use crate::reproduce::{Semid, read, written};
use crate::shell;

const FILE: &str = "beauty-tried.toml";

/// One row: a recommender, and what differs from its defaults.
struct Trial {
    what: String,
    recommender: Table,
    codes: Option<Table>,
}

/// Trains every trial with one seed, and writes the table.
pub fn run(semid: &Semid, dataset: &str, results: &Path) -> Result<(), String> {
    let trials = trials(&read(FILE)?)?;
    let mut text = format!(
        "# What was tried\n\nWritten by `cargo xtask reproduce beauty --tried` out of `experiments/{FILE}`: one seed, RQ-KMeans \
         IDs, the best NDCG@10 over the validation users that the file asks for and the epoch it was reached at. The test \
         set was not looked at.\n\n\
         | what | validation NDCG@10 | at epoch | of | training |\n|---|---|---|---|---|\n"
    );
    let folder = shell::root().join("target/reproduce/tried");
    for (at, trial) in trials.iter().enumerate() {
        let comparison =
            semid.run(&written(&trial.experiment(dataset)?, &folder, "trial.toml")?, &folder.join("report"))?;
        let row = trial.row(&comparison)?;
        println!("{}/{} {row}", at + 1, trials.len());
        text += &row;
        text.push('\n');
    }
    let path = results.join("tried.md");
    let written = std::fs::create_dir_all(results).and_then(|()| std::fs::write(&path, text));
    written.map_err(|error| format!("{} could not be written: {error}.", path.display()))
}

/// All trials of the file, each over what the file says of its kind.
fn trials(file: &Table) -> Result<Vec<Trial>, String> {
    let wrong = |what: String| format!("{FILE}: {what}");
    let all =
        file.get("trial").and_then(|trials| trials.as_array()).ok_or_else(|| wrong("there is no trial.".into()))?;
    all.iter()
        .enumerate()
        .map(|(at, trial)| {
            let text = |field: &str| {
                let text = trial.get(field).and_then(|value| value.as_str());
                text.map(str::to_owned).ok_or_else(|| wrong(format!("trial {} has no {field}.", at + 1)))
            };
            let kind = text("kind")?;
            let table = |from: Option<&toml::Value>| from.and_then(|value| value.as_table()).cloned();
            let mut recommender = table(file.get(&kind)).unwrap_or_default();
            recommender.extend(table(trial.get("change")).unwrap_or_default());
            recommender.insert("kind".into(), kind.into());
            Ok(Trial { what: text("what")?, recommender, codes: table(trial.get("codes")) })
        })
        .collect()
}

impl Trial {
    fn experiment(&self, dataset: &str) -> Result<Table, String> {
        let mut experiment = read("beauty.toml")?;
        experiment.insert("name".into(), format!("beauty, tried: {}", self.what).into());
        experiment.insert("dataset".into(), dataset.into());
        experiment.insert("seeds".into(), vec![1i64].into());
        experiment.insert("ids".into(), vec!["rq-kmeans"].into());
        experiment.insert("recommenders".into(), vec![self.recommender.clone()].into());
        experiment.remove("baseline");
        if let Some(codes) = &self.codes {
            experiment.insert("codes".into(), codes.clone().into());
        }
        Ok(experiment)
    }

    fn row(&self, comparison: &Value) -> Result<String, String> {
        let arm = &comparison["arms"][0];
        let curves = arm["curves"].as_array().into_iter().flatten();
        let points = curves.filter(|curve| curve["series"] == "validation ndcg@10");
        let points = points.flat_map(|curve| curve["points"].as_array().into_iter().flatten());
        let points = points.filter_map(|point| Some((point[0].as_u64()?, point[1].as_f64()?)));
        let best = points.clone().max_by(|a, b| a.1.total_cmp(&b.1));
        let (epoch, ndcg) = best.ok_or_else(|| format!("“{}” was never validated.", self.what))?;
        let last = points.map(|point| point.0).max().unwrap_or(epoch);
        let mut row = String::new();
        // Writing into a string cannot fail.
        let secs = arm["cost"]["train_secs"].as_f64().unwrap_or(f64::NAN);
        let _ = write!(row, "| {} | {ndcg:.4} | {epoch} | {last} | {secs:.0} s |", self.what);
        Ok(row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_committed_trial_is_read_and_differs() -> Result<(), String> {
        let trials = trials(&read(FILE)?)?;
        assert!(trials.len() > 5, "several things were tried");
        for (at, trial) in trials.iter().enumerate() {
            let experiment = trial.experiment("some")?;
            assert_eq!(experiment["recommenders"].as_array().map(Vec::len), Some(1), "one recommender a trial");
            let same = |other: &&Trial| other.recommender == trial.recommender && other.codes == trial.codes;
            assert!(trials[..at].iter().find(same).is_none(), "“{}” stands there twice", trial.what);
        }
        Ok(())
    }

    #[test]
    fn a_row_tells_the_best_validation_and_where_it_was() -> Result<(), String> {
        let curve = json!({ "series": "validation ndcg@10", "points": [[2, 0.03], [4, 0.05], [6, 0.04]] });
        let arm = json!({ "curves": [{ "series": "training loss", "points": [[8, 9.0]] }, curve], "cost": { "train_secs": 61.4 } });
        let trial = Trial { what: "wider".into(), recommender: Table::new(), codes: None };
        assert_eq!(trial.row(&json!({ "arms": [arm] }))?, "| wider | 0.0500 | 4 | 6 | 61 s |");
        assert!(trial.row(&json!({ "arms": [] })).is_err(), "no curve, no row");
        Ok(())
    }
}
