//! The options of `semid compare` over the starter settings.

use std::path::{Path, PathBuf};

use semid_api::ApiError;
use semid_api::engine::settings::{ExperimentSettings, IdSettings, ListNames, RecommenderSettings};
use semid_core::id_schemes::CollisionRule;
use semid_core::prepare::{SplitRule, Ties};
use semid_core::statistics::Correction;

use crate::args::{CompareArgs, ShapeArgs};

/// Endings of files of IDs.
const IDS_ENDINGS: [&str; 4] = [".json", ".csv", ".parquet", ".pt"];
/// Endings of files of lists.
const LIST_ENDINGS: [&str; 5] = [".trec", ".run", ".parquet", ".json", ".jsonl"];

/// The settings of an experiment: the starter, and what the options change.
pub fn settings(mut settings: ExperimentSettings, args: &CompareArgs) -> Result<ExperimentSettings, ApiError> {
    apply_shape(&mut settings, &args.shape)?;
    if let Some(ids) = &args.ids {
        settings.ids = schemes(ids, false)?;
    }
    if let Some(recommenders) = &args.recommenders {
        settings.recommenders = recommenders.iter().map(|key| recommender(key)).collect::<Result<_, _>>()?;
    }
    if let Some(seeds) = args.seeds {
        settings.seeds = (1..=seeds).collect();
    }
    if let Some(metrics) = &args.metrics {
        settings.evaluation.metrics = metrics.clone();
    }
    if let Some(split) = &args.split {
        settings.prepare.split = split_rule(split)?;
    }
    if let Some(ties) = &args.ties {
        settings.prepare.ties = one_of("--ties", ties, &[("shuffle", Ties::Shuffle), ("file-order", Ties::FileOrder)])?;
    }
    if let Some(k_core) = args.k_core {
        settings.prepare.k_core = k_core;
    }
    if let Some(rating) = args.min_rating {
        if !rating.is_finite() {
            return Err(ApiError::input(format!("{rating} is no rating. Write a number after --min-rating.")));
        }
        settings.prepare.min_rating = Some(rating);
    }
    if let Some(correction) = &args.correction {
        let known = [("holm", Correction::Holm), ("benjamini-hochberg", Correction::BenjaminiHochberg)];
        settings.evaluation.correction = one_of("--correction", correction, &known)?;
    }
    if let Some(epochs) = args.epochs {
        settings.recommenders.iter_mut().for_each(|recommender| recommender.set_epochs(epochs));
    }
    settings.prepare.test_users = args.users.or(settings.prepare.test_users);
    settings.settle_users();
    if let Some(name) = &args.name {
        settings.name = name.clone();
    }
    match &args.baseline {
        Some(baseline) => settings.baseline = baseline.clone(),
        None => settings.settle_baseline(),
    }
    Ok(settings)
}

/// Levels, codes, collisions, encoder.
pub fn apply_shape(settings: &mut ExperimentSettings, args: &ShapeArgs) -> Result<(), ApiError> {
    if let Some(levels) = args.levels {
        settings.codes.levels = levels;
    }
    if let Some(codes) = args.codes {
        settings.codes.codes = codes;
    }
    if let Some(collisions) = &args.collisions {
        let known = [
            ("append-digit", CollisionRule::AppendDigit),
            ("next-best", CollisionRule::NextBest),
            ("keep", CollisionRule::Keep),
        ];
        settings.codes.collisions = one_of("--collisions", collisions, &known)?;
    }
    if let Some(model) = &args.model {
        settings.text.encoder = model.clone();
    }
    Ok(())
}

/// ID schemes by key, or by the path of a file to import. Alone, a permuted scheme brings the one it deals from.
pub fn schemes(keys: &[String], alone: bool) -> Result<Vec<IdSettings>, ApiError> {
    let mut schemes = Vec::new();
    for key in keys {
        let is_file = IDS_ENDINGS.iter().any(|ending| key.ends_with(ending));
        schemes.push(match IdSettings::starter(key) {
            Some(scheme) => scheme,
            None if is_file => IdSettings::Imported { file: whole(key)? },
            None => {
                return Err(ApiError::input(format!(
                    "There is no ID scheme named “{key}”. There are: {}, and files of IDs ending in {}.",
                    IdSettings::KEYS.join(", "),
                    IDS_ENDINGS.join(", ")
                )));
            }
        });
    }
    if alone && matches!(schemes.first(), Some(IdSettings::Permuted { .. })) {
        schemes.extend(IdSettings::starter("rq-kmeans"));
    }
    Ok(schemes)
}

/// A recommender by key, or lists by the path of their file.
fn recommender(key: &str) -> Result<RecommenderSettings, ApiError> {
    match RecommenderSettings::starter(key) {
        Some(settings) => Ok(settings),
        None if LIST_ENDINGS.iter().any(|ending| key.ends_with(ending)) => lists(&[key], None, None, ListNames::Auto),
        None => Err(ApiError::input(format!(
            "There is no recommender named “{key}”. There are: {}, and files of another system's lists ending in {}.",
            RecommenderSettings::KEYS.join(", "),
            LIST_ENDINGS.join(", ")
        ))),
    }
}

/// Imported lists; their arm is named after the first file where no name is given.
pub fn lists(
    files: &[&str],
    name: Option<&String>,
    title: Option<&String>,
    names: ListNames,
) -> Result<RecommenderSettings, ApiError> {
    let files = files.iter().map(|file| whole(file)).collect::<Result<Vec<PathBuf>, _>>()?;
    let stem = files.first().and_then(|file| file.file_stem()).map(|stem| stem.to_string_lossy().into_owned());
    let stem = stem.unwrap_or_default();
    let mut key = String::new();
    for char in stem.to_lowercase().chars().take(60) {
        match char {
            'a'..='z' | '0'..='9' | '_' => key.push(char),
            _ if key.ends_with('-') || key.is_empty() => {}
            _ => key.push('-'),
        }
    }
    let key = key.trim_end_matches('-').to_owned();
    let key = if key.is_empty() || RecommenderSettings::KEYS.contains(&key.as_str()) {
        format!("imported-{key}")
    } else {
        key
    };
    Ok(RecommenderSettings::Imported {
        name: name.cloned().unwrap_or_else(|| key.trim_end_matches('-').to_owned()),
        title: title.cloned().unwrap_or(stem),
        files,
        names,
    })
}

/// What stands for users and items in a file, as typed.
pub fn list_names(text: &str) -> Result<ListNames, ApiError> {
    let known = [("auto", ListNames::Auto), ("keys", ListNames::Keys), ("indices", ListNames::Indices)];
    one_of("--names", text, &known)
}

fn whole(path: &str) -> Result<PathBuf, ApiError> {
    std::path::absolute(Path::new(path)).map_err(|error| ApiError::input(format!("{path}: {error}.")))
}

fn split_rule(text: &str) -> Result<SplitRule, ApiError> {
    if text == "leave-last-out" {
        return Ok(SplitRule::LeaveLastOut);
    }
    let shares = text.strip_prefix("time:").and_then(|shares| shares.split_once(','));
    let share = |text: &str| text.parse().ok().filter(|share: &f64| share.is_finite());
    let parsed = shares.and_then(|(validation, test)| Some((share(validation)?, share(test)?)));
    let (validation_share, test_share) = parsed.ok_or_else(|| {
        ApiError::input(format!("“{text}” is no split. Write leave-last-out, or time:0.1,0.1 for validation and test."))
    })?;
    Ok(SplitRule::GlobalTime { validation_share, test_share })
}

fn one_of<T: Copy>(option: &str, text: &str, known: &[(&str, T)]) -> Result<T, ApiError> {
    known.iter().find(|(key, _)| *key == text).map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|(key, _)| *key).collect();
        ApiError::input(format!("“{text}” is not understood after {option}. Write one of: {}.", names.join(", ")))
    })
}
