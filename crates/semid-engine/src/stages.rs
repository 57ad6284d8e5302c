//! The stages of a run. Each asks for its artifact by fingerprint first, and leaves one that the next run can use.

use std::time::Instant;

use semid_core::comparison::StageTime;
use semid_core::id_schemes::{
    CollisionReport, CollisionRule, HashDraw, atomic_ids, category_path_codes, hash_codes, permuted_ids, resolve,
};
use semid_core::prepare::{PrepareSettings, Prepared, prepare};
use semid_core::{
    Case, Catalog, CodeShape, Codebooks, Embeddings, History, NoCheckpoints, Quantizer, RankedList, Ranker,
    Recommender, Seed, SemanticIds, SeriesPoint, TrainingData, Work,
};
use semid_models::baselines::{Ease, ItemKnn, Popularity, TextKnn};
use semid_models::generative::Generative;
use semid_models::quantizer::{Lsh, Opq, RqKMeans, RqVae};
use semid_models::sasrec::{Loss, Sasrec};
use semid_models::tiger::Tiger;
use semid_store::{Artifacts, decode_lists, encode_lists};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::envelope::{open_envelope, seal_envelope};
use crate::explore::about_ids;
use crate::fingerprint::Fingerprint;
use crate::language::{arms, tuned};
use crate::settings::{ExperimentSettings, IdSettings, RecommenderSettings};
use crate::{Engine, Error, Result, files, imported_ids, imported_lists, memory};

/// Raised when code changes the bytes a stage makes from the same input.
const IDS_VERSION: u32 = 1;
const MODEL_VERSION: u32 = 1;

/// Bytes of the largest file of IDs that is read: some ten million items.
const LARGEST_IDS: u64 = 1_000_000_000;

/// What all arms of a run share.
pub struct Shared<'a> {
    /// Opens language models.
    pub engine: &'a Engine,
    /// Where artifacts are.
    pub artifacts: &'a Artifacts,
    /// What was asked for.
    pub settings: &'a ExperimentSettings,
    /// The items that take part.
    pub catalog: Catalog,
    /// Sequences and split.
    pub prepared: Prepared,
    /// Digest of data set, filters, split and data seed.
    pub data_fingerprint: String,
    /// Digest of the data set as imported.
    pub dataset_digest: String,
    /// One row per item, if any arm reads text.
    pub embeddings: Option<Embeddings>,
    /// Digest of the encoder and the texts; empty without embeddings.
    pub embeddings_fingerprint: String,
}

/// The IDs of one scheme and seed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AssignedIds {
    /// One ID per item.
    pub ids: SemanticIds,
    /// What the collision rule found and did.
    pub collisions: CollisionReport,
    /// The codebooks as bytes; empty where no quantizer was learned.
    #[serde(skip)]
    pub codebooks: Vec<u8>,
    /// Seconds it took when it was made.
    pub secs: f64,
    /// Curves of learning the codebooks.
    #[serde(default)]
    pub points: Vec<SeriesPoint>,
    /// The artifact's name, which later stages build on.
    pub fingerprint: String,
}

/// What training and ranking one arm with one seed cost.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ArmCost {
    /// Seconds of training.
    pub train_secs: f64,
    /// Seconds of ranking all test cases.
    pub rank_secs: f64,
    /// Highest resident memory meanwhile.
    pub peak_bytes: u64,
    /// Learned numbers.
    pub parameters: u64,
    /// Curves.
    pub points: Vec<SeriesPoint>,
    /// What to know about the lists, in sentences.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// Filters, orders and splits a data set.
pub fn prepare_data(
    work: &Work,
    settings: &ExperimentSettings,
    digest: &str,
    catalog: &Catalog,
    interactions: &semid_core::Interactions,
) -> Result<(Catalog, Prepared, String)> {
    let work = work.with_seed(semid_core::Seed(settings.data_seed));
    let prepared = prepare(&work, catalog.len(), interactions, &settings.prepare)?;
    let items = prepared.kept_items.iter().map(|&item| catalog.items[item as usize].clone()).collect();
    Ok((Catalog { items }, prepared, data_fingerprint(digest, &settings.prepare, settings.data_seed)))
}

/// Names a data set as filtered, ordered and split.
pub fn data_fingerprint(digest: &str, prepare: &PrepareSettings, data_seed: u64) -> String {
    Fingerprint::new("data", 1).with(digest).with(prepare).with(data_seed).finish()
}

/// The IDs of a scheme, from the artifact or made now.
pub fn assign_ids(work: &Work, shared: &Shared<'_>, scheme: &IdSettings) -> Result<(AssignedIds, bool)> {
    let settings = shared.settings;
    let base = match scheme {
        IdSettings::Permuted { of } => {
            let of = settings.ids.iter().find(|other| other.key() == of);
            let of = of.ok_or_else(|| Error::input("The permuted control has no scheme to deal from."))?;
            Some(assign_ids(work, shared, of)?.0)
        }
        _ => None,
    };
    let prints = Prints { data: &shared.data_fingerprint, embeddings: &shared.embeddings_fingerprint };
    let fingerprint = ids_fingerprint(prints, settings, scheme, work.seed())?;
    let stored = shared.artifacts.read(&fingerprint, "ids")?;
    if let Some((mut assigned, codebooks)) = stored.as_deref().and_then(open_envelope::<AssignedIds>) {
        assigned.codebooks = codebooks.to_vec();
        return Ok((assigned, true));
    }
    let start = Instant::now();
    work.take_series();
    let mut assigned = make_ids(work, shared, scheme, base.as_ref())?;
    assigned.points = work.take_series();
    assigned.secs = start.elapsed().as_secs_f64() + base.map_or(0.0, |base| base.secs);
    assigned.fingerprint = fingerprint.clone();
    let about = about_ids(scheme, settings, work.seed(), &shared.dataset_digest, &assigned);
    shared.artifacts.write(&fingerprint, "ids", &about, &seal_envelope(&assigned, &assigned.codebooks)?)?;
    Ok((assigned, false))
}

/// What the fingerprints of all later stages start from.
#[derive(Clone, Copy)]
pub struct Prints<'a> {
    /// Of data set, filters, split and data seed.
    pub data: &'a str,
    /// Of the encoder and the texts; empty without embeddings.
    pub embeddings: &'a str,
}

/// Name of the artifact that holds the IDs of a scheme and seed.
pub fn ids_fingerprint(
    prints: Prints<'_>,
    settings: &ExperimentSettings,
    scheme: &IdSettings,
    seed: Seed,
) -> Result<String> {
    let base = match scheme {
        IdSettings::Permuted { of } => {
            let of = settings.ids.iter().find(|other| other.key() == of && other.key() != scheme.key());
            let of = of.ok_or_else(|| Error::input("The permuted control has no scheme to deal from."))?;
            ids_fingerprint(prints, settings, of, seed)?
        }
        _ => String::new(),
    };
    Ok(Fingerprint::new("ids", IDS_VERSION)
        .with(prints.data)
        .with(if scheme.reads_text() { prints.embeddings } else { "" })
        .with(base)
        .with(scheme)
        .with(&settings.codes)
        .with(seed)
        .with_bytes(&imported_bytes(scheme)?)
        .finish())
}

/// Names of the artifacts that hold the model and the lists of an arm and seed; `ids` is that of its IDs, if it has any, and
/// `tuned` the digest of the language model it trains on, if it trains on one.
pub fn arm_fingerprints(
    prints: Prints<'_>,
    recommender: &RecommenderSettings,
    ids: &str,
    tuned: Option<&str>,
    seed: Seed,
    k: usize,
) -> (String, String) {
    let mut model = Fingerprint::new("model", MODEL_VERSION)
        .with(prints.data)
        .with(if recommender.reads_text() { prints.embeddings } else { "" })
        .with(ids)
        .with(recommender)
        .with(seed);
    if let Some(tuned) = tuned {
        model = model.with(tuned);
    }
    let model = model.finish();
    let lists = Fingerprint::new("lists", MODEL_VERSION).with(&model).with(k).finish();
    (model, lists)
}

fn make_ids(work: &Work, shared: &Shared<'_>, scheme: &IdSettings, base: Option<&AssignedIds>) -> Result<AssignedIds> {
    let codes = &shared.settings.codes;
    let shape = CodeShape::uniform(codes.levels, codes.codes);
    let whole = |ids: SemanticIds| AssignedIds {
        ids,
        collisions: CollisionReport::default(),
        codebooks: Vec::new(),
        secs: 0.0,
        points: Vec::new(),
        fingerprint: String::new(),
    };
    let resolved = match scheme {
        IdSettings::Permuted { .. } => {
            let base = base.ok_or_else(|| Error::input("The permuted control has no scheme to deal from."))?;
            let mut assigned = whole(permuted_ids(&base.ids, work.seed()));
            assigned.collisions = base.collisions;
            return Ok(assigned);
        }
        IdSettings::Atomic {} => return Ok(whole(atomic_ids(shared.catalog.len())?)),
        IdSettings::Hash {} => {
            // Under a digit every arm spends it; without one a hash draws until its ID is unique.
            let draw =
                if codes.collisions == CollisionRule::AppendDigit { HashDraw::Once } else { HashDraw::UntilUnique };
            resolve(&hash_codes(&shared.catalog, &shape, draw, work.seed())?, codes.collisions, None)?
        }
        IdSettings::CategoryPath {} => {
            resolve(&category_path_codes(&shared.catalog, codes.levels)?.table, codes.collisions, None)?
        }
        IdSettings::Imported { file } => {
            let table = imported_ids::table(file, &imported_bytes(scheme)?, &shared.catalog)?;
            // An export has the digit as its last level; coming back, it is the digit again, and no second one is added.
            if let Some(ids) = imported_ids::with_their_digit(&table, codes) {
                return Ok(whole(ids));
            }
            resolve(&table, codes.collisions, None)?
        }
        IdSettings::Lsh {} => return quantize(work, shared, &Lsh { shape }),
        IdSettings::RqKmeans { iterations, standardise, balanced } => {
            let (iterations, standardise, balanced) = (*iterations, *standardise, *balanced);
            return quantize(work, shared, &RqKMeans { shape, iterations, standardise, balanced });
        }
        IdSettings::RqVae(settings) => return quantize(work, shared, &RqVae { shape, settings: settings.clone() }),
        IdSettings::Opq { iterations, rotate } => {
            return quantize(work, shared, &Opq { shape, iterations: *iterations, rotate: *rotate });
        }
    };
    let mut assigned = whole(resolved.ids);
    assigned.collisions = resolved.report;
    Ok(assigned)
}

fn quantize(work: &Work, shared: &Shared<'_>, quantizer: &dyn Quantizer) -> Result<AssignedIds> {
    let embeddings = shared.embeddings.as_ref().ok_or_else(|| Error::input("A quantizer needs embeddings."))?;
    let codebooks: Box<dyn Codebooks> = quantizer.fit(work, embeddings)?;
    let table = codebooks.encode(work, embeddings)?;
    let preference = |item: usize, codes: &[u32]| codebooks.last_level_by_preference(embeddings.row(item), codes);
    let resolved = resolve(&table, shared.settings.codes.collisions, Some(&preference))?;
    Ok(AssignedIds {
        ids: resolved.ids,
        collisions: resolved.report,
        codebooks: codebooks.to_bytes(),
        secs: 0.0,
        points: Vec::new(),
        fingerprint: String::new(),
    })
}

fn imported_bytes(scheme: &IdSettings) -> Result<Vec<u8>> {
    match scheme {
        IdSettings::Imported { file } => files::read_up_to(file, LARGEST_IDS),
        _ => Ok(Vec::new()),
    }
}

/// What one arm with one seed recommends for the test cases, from the artifact or made now.
pub struct ArmLists {
    /// One list per test case.
    pub lists: Vec<RankedList>,
    /// What it cost when it was made.
    pub cost: ArmCost,
    /// Name of the artifact that holds them.
    pub fingerprint: String,
    /// Name of the artifact that holds the model, where it is worth keeping.
    pub model_fingerprint: Option<String>,
    /// Whether an artifact was used.
    pub reused: bool,
}

/// Trains and ranks one arm with one seed.
pub fn train_and_rank(
    work: &Work,
    shared: &Shared<'_>,
    recommender: &RecommenderSettings,
    ids: Option<&AssignedIds>,
) -> Result<ArmLists> {
    if let RecommenderSettings::Imported { .. } = recommender {
        return imported_lists::arm_lists(work, shared, recommender);
    }
    if recommender.language_model().is_some() {
        return arms::arm_lists(work, shared, recommender, ids);
    }
    let k = shared.settings.list_length();
    let prints = Prints { data: &shared.data_fingerprint, embeddings: &shared.embeddings_fingerprint };
    let of_ids = ids.map_or("", |ids| ids.fingerprint.as_str());
    let tuned = shared.engine.digest_of_tuned(recommender)?;
    let (model_fingerprint, lists_fingerprint) =
        arm_fingerprints(prints, recommender, of_ids, tuned.as_deref(), work.seed(), k);
    let stored = shared.artifacts.read(&lists_fingerprint, "lists")?;
    if let Some((cost, bytes)) = stored.as_deref().and_then(open_envelope::<ArmCost>)
        && let Some(lists) = decode_lists(bytes)
        && lists.len() == shared.prepared.split.test.len()
    {
        let model_fingerprint = shared.artifacts.contains(&model_fingerprint, "model")?.then_some(model_fingerprint);
        return Ok(ArmLists { lists, cost, fingerprint: lists_fingerprint, model_fingerprint, reused: true });
    }
    memory::reset_peak();
    let (ranker, mut cost) = train(work, shared, recommender, ids, &model_fingerprint)?;
    let start = Instant::now();
    let lists = rank_cases(work, ranker.as_ref(), &shared.prepared.split.test, k)?;
    cost.rank_secs = start.elapsed().as_secs_f64();
    cost.peak_bytes = cost.peak_bytes.max(memory::peak_bytes());
    let about = json!({ "recommender": recommender, "ids": ids.map(|ids| &ids.fingerprint), "seed": work.seed() });
    let content = seal_envelope(&cost, &encode_lists(&lists))?;
    shared.artifacts.write(&lists_fingerprint, "lists", &about, &content)?;
    let model_fingerprint = shared.artifacts.contains(&model_fingerprint, "model")?.then_some(model_fingerprint);
    Ok(ArmLists { lists, cost, fingerprint: lists_fingerprint, model_fingerprint, reused: false })
}

fn train(
    work: &Work,
    shared: &Shared<'_>,
    settings: &RecommenderSettings,
    ids: Option<&AssignedIds>,
    fingerprint: &str,
) -> Result<(Box<dyn Ranker>, ArmCost)> {
    let recommender: Box<dyn Recommender> = match settings {
        RecommenderSettings::Popularity {} => Box::new(Popularity),
        RecommenderSettings::ItemKnn(settings) => Box::new(ItemKnn::new(settings.clone())),
        RecommenderSettings::TextKnn(settings) => Box::new(TextKnn::new(settings.clone())),
        RecommenderSettings::Ease(settings) => Box::new(Ease::new(settings.clone())),
        RecommenderSettings::Sasrec(settings) => Box::new(Sasrec::new(settings.clone(), Loss::CrossEntropy)),
        RecommenderSettings::SasrecBce(settings) => Box::new(Sasrec::new(settings.clone(), Loss::SampledBinary)),
        RecommenderSettings::Generative(settings) => Box::new(Generative::new(settings.clone())),
        RecommenderSettings::Tiger(settings) => Box::new(Tiger::new(settings.clone())),
        RecommenderSettings::LmSoft(settings) => tuned::soft(shared, settings)?,
        RecommenderSettings::LmSpeak(settings) => tuned::speak(shared, settings, ids)?,
        RecommenderSettings::Imported { .. }
        | RecommenderSettings::LmTitle(_)
        | RecommenderSettings::LmHash(_)
        | RecommenderSettings::LmId(_)
        | RecommenderSettings::LmLegend(_)
        | RecommenderSettings::LmIdTitle(_)
        | RecommenderSettings::LmGenerate(_) => return Err(Error::input("Only what learns from the log is trained.")),
    };
    let mut data = TrainingData {
        catalog: &shared.catalog,
        sequences: &shared.prepared.split.train,
        validation: &shared.prepared.split.validation,
        embeddings: shared.embeddings.as_ref(),
        ids: ids.map(|ids| &ids.ids),
        checkpoints: &NoCheckpoints,
    };
    let stored = shared.artifacts.read(fingerprint, "model")?;
    if let Some((cost, weights)) = stored.as_deref().and_then(open_envelope::<ArmCost>) {
        return Ok((recommender.restore(&data, weights)?, cost));
    }
    let about = json!({ "recommender": settings, "ids": ids.map(|ids| &ids.fingerprint), "seed": work.seed() });
    let checkpoint = shared.artifacts.checkpoint(fingerprint, about.clone())?;
    data.checkpoints = &checkpoint;
    let start = Instant::now();
    work.take_series();
    let ranker = recommender.fit(work, &data)?;
    let cost = ArmCost {
        train_secs: start.elapsed().as_secs_f64(),
        rank_secs: 0.0,
        peak_bytes: memory::peak_bytes(),
        parameters: ranker.parameters() as u64,
        points: work.take_series(),
        notes: Vec::new(),
    };
    if let Some(weights) = ranker.weights() {
        shared.artifacts.write(fingerprint, "model", &about, &seal_envelope(&cost, &weights)?)?;
    }
    checkpoint.clear()?;
    Ok((ranker, cost))
}

fn rank_cases(work: &Work, ranker: &dyn Ranker, cases: &[Case], k: usize) -> Result<Vec<RankedList>> {
    let histories: Vec<History<'_>> =
        cases.iter().map(|case| History { user: case.user, items: &case.history }).collect();
    Ok(ranker.rank(work, &histories, k)?)
}

/// A stage's time, for the record.
pub fn stage(name: impl Into<String>, secs: f64, reused: bool) -> StageTime {
    StageTime { stage: name.into(), secs, reused }
}
