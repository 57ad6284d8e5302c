//! Experiment settings: as typed in a form or a file, and checked once, at the door.
//!
//! [`ExperimentSettings::check`] finds all problems at once, each with its field; after that nobody checks again. Every
//! default lives in [`ExperimentSettings::starter`].

use std::collections::BTreeSet;
use std::path::PathBuf;

use semid_core::CodeShape;
use semid_core::id_schemes::CollisionRule;
use semid_core::metrics::Metric;
use semid_core::prepare::{PrepareSettings, SplitRule};
use semid_core::statistics::Correction;
use semid_llm::Representation;
use semid_models::baselines::{EaseSettings, ItemKnnSettings, TextKnnSettings};
use semid_models::generative::GenerativeSettings;
use semid_models::quantizer::{Opq, RqKMeans, RqVaeSettings};
use semid_models::sasrec::SasrecSettings;
use semid_models::tiger::TigerSettings;
use serde::{Deserialize, Serialize};

use crate::language::{LmGenerateSettings, LmRankSettings, LmSoftSettings, LmSpeakSettings, Retriever};

/// Users judged where a language model is asked and no number was given.
const USERS_OF_A_LANGUAGE_MODEL: u32 = 200;

/// An experiment as typed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct ExperimentSettings {
    /// What a person calls it.
    pub name: String,
    /// Name of a data set in the workspace.
    pub dataset: String,
    /// One replicate of everything after the embeddings per seed: IDs, initialisation, shuffling.
    pub seeds: Vec<u64>,
    /// The seed of the split, the ties, the bootstrap: shared by all replicates, so that users stay comparable.
    pub data_seed: u64,
    /// Key of the arm that all others are compared with.
    pub baseline: String,
    /// Filters, order in time, split.
    pub prepare: PrepareSettings,
    /// How texts become vectors.
    pub text: TextSettings,
    /// The shape all ID schemes share, so that arms spend the same tokens.
    pub codes: CodeSettings,
    /// ID schemes, each an arm of every recommender that speaks in IDs.
    pub ids: Vec<IdSettings>,
    /// Recommenders.
    pub recommenders: Vec<RecommenderSettings>,
    /// How lists are judged.
    pub evaluation: EvaluationSettings,
}

/// How texts become vectors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct TextSettings {
    /// Name of a model folder.
    pub encoder: String,
}

/// The shape of IDs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct CodeSettings {
    /// Levels of an ID.
    pub levels: usize,
    /// Codes of each level.
    pub codes: u32,
    /// What to do when items share all codes.
    pub collisions: CollisionRule,
}

/// One ID scheme.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(tag = "scheme", rename_all = "kebab-case", deny_unknown_fields)]
pub enum IdSettings {
    /// Codes drawn at random by a keyed hash of the item's key.
    Hash {},
    /// Another scheme's IDs dealt to other items: same trie, same shape, no meaning.
    Permuted {
        /// Key of the scheme whose IDs are dealt.
        of: String,
    },
    /// Random hyperplanes.
    Lsh {},
    /// Residual k-means.
    RqKmeans {
        /// Lloyd's iterations on each level at most.
        iterations: u32,
        /// Whether each dimension is brought to mean 0 and standard deviation 1 first.
        standardise: bool,
        /// Whether no code may have more items than an even share.
        balanced: bool,
    },
    /// A residual-quantized autoencoder.
    RqVae(RqVaeSettings),
    /// Product quantization, with or without a learned rotation.
    Opq {
        /// Lloyd's iterations of each part at most, and as many rotations before.
        iterations: u32,
        /// Whether vectors are rotated first; without, it is PQ.
        rotate: bool,
    },
    /// The catalog's own categories as levels.
    CategoryPath {},
    /// One token an item.
    Atomic {},
    /// Read from a file: `index.json` of LETTER and MiniOneRec, a CSV, Parquet, or GRID's tensor.
    Imported {
        /// The file.
        file: PathBuf,
    },
}

/// One recommender.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum RecommenderSettings {
    /// Most met first.
    Popularity {},
    /// Items met by the same users.
    ItemKnn(ItemKnnSettings),
    /// Items with similar text.
    TextKnn(TextKnnSettings),
    /// Weights between all pairs of items, in closed form.
    Ease(EaseSettings),
    /// A causal transformer over items, taught by the softmax over the catalog.
    Sasrec(SasrecSettings),
    /// The same, taught by one sampled negative a position as in its paper.
    SasrecBce(SasrecSettings),
    /// A decoder-only transformer over IDs.
    Generative(GenerativeSettings),
    /// The encoder–decoder of TIGER's paper over IDs: hours of training on a CPU.
    Tiger(TigerSettings),
    /// A language model orders candidates by title.
    LmTitle(LmRankSettings),
    /// The same by IDs without meaning.
    LmHash(LmRankSettings),
    /// The same by the IDs of a scheme.
    LmId(LmRankSettings),
    /// The same, told what the codes mean.
    LmLegend(LmRankSettings),
    /// The same by ID and title.
    LmIdTitle(LmRankSettings),
    /// A language model writes IDs.
    LmGenerate(LmGenerateSettings),
    /// A projection of item embeddings learns to stand before a frozen language model.
    LmSoft(LmSoftSettings),
    /// A language model learns to speak in IDs.
    LmSpeak(LmSpeakSettings),
    /// Lists that another system made, judged like every other arm's.
    Imported {
        /// Key of the arm.
        name: String,
        /// What people call it; the name when empty.
        #[serde(default)]
        title: String,
        /// One file for all seeds, or one a seed in their order: TREC runs, Parquet, JSON.
        files: Vec<PathBuf>,
        /// What stands for users and items in them.
        #[serde(default)]
        names: ListNames,
    },
}

/// What stands for users and items in a file that another system wrote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "kebab-case")]
pub enum ListNames {
    /// Their keys, unless more of the names are indices.
    #[default]
    Auto,
    /// The keys of the files that were imported.
    Keys,
    /// 0, 1, …: their place in the data set as prepared, as the bridges to GRID and LC-Rec name them.
    Indices,
}

/// How lists are judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct EvaluationSettings {
    /// Metrics shown, such as `ndcg@10`; the first is the one the headline speaks of.
    pub metrics: Vec<String>,
    /// Bootstrap resamples behind the intervals, at least 1,000.
    pub resamples: u32,
    /// Sign flips behind the p-values, at least 1,000.
    pub flips: u32,
    /// How p-values are adjusted over all arms and metrics shown.
    pub correction: Correction,
}

impl ExperimentSettings {
    /// The defaults, all of them, for a catalog of `items` items.
    pub fn starter(dataset: &str, items: u64) -> Self {
        // As many codes as keep three levels far emptier than full: 3 × 64 spells 262,144 IDs, 3 × 256 16.8 million.
        let codes = if items > 4_000 { 256 } else { 64 };
        ExperimentSettings {
            name: dataset.to_owned(),
            dataset: dataset.to_owned(),
            seeds: vec![1, 2, 3],
            data_seed: 1,
            baseline: "popularity".to_owned(),
            prepare: PrepareSettings::starter(),
            text: TextSettings { encoder: "all-MiniLM-L6-v2".to_owned() },
            codes: CodeSettings { levels: 3, codes, collisions: CollisionRule::AppendDigit },
            ids: ["hash", "permuted", "lsh", "rq-kmeans"].iter().filter_map(|key| IdSettings::starter(key)).collect(),
            recommenders: ["popularity", "item-knn", "text-knn", "generative"]
                .iter()
                .filter_map(|key| RecommenderSettings::starter(key))
                .collect(),
            evaluation: EvaluationSettings {
                metrics: ["ndcg@10", "recall@10", "precision@10", "mrr@10", "ndcg@5", "recall@5"]
                    .map(str::to_owned)
                    .to_vec(),
                resamples: 2_000,
                flips: 10_000,
                correction: Correction::Holm,
            },
        }
    }

    /// All problems at once, each with its field; none when the experiment can start.
    pub fn check(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut problem = |field: &str, sentence: String| {
            problems.push(Problem { field: field.to_owned(), sentence });
        };
        if self.name.trim().is_empty() {
            problem("name", "The experiment has no name. Give it one that you will recognise.".into());
        }
        if self.seeds.is_empty() {
            problem("seeds", "There is no seed. Name at least one; three or more show how much chance decides.".into());
        }
        if self.seeds.iter().collect::<BTreeSet<_>>().len() < self.seeds.len() {
            problem("seeds", "A seed stands there twice. Each replicate needs a seed of its own.".into());
        }
        if self.codes.levels == 0 || self.codes.levels > 8 {
            problem("codes.levels", format!("{} levels cannot be built. Choose 1 to 8.", self.codes.levels));
        }
        if self.codes.codes < 2 || self.codes.codes > 65_536 {
            problem("codes.codes", format!("{} codes cannot be built. Choose 2 to 65,536.", self.codes.codes));
        }
        if self.recommenders.is_empty() {
            problem("recommenders", "There is no recommender. Name at least one.".into());
        }
        for recommender in &self.recommenders {
            let found = match recommender {
                RecommenderSettings::Imported { name, files, .. } => imported_problems(name, files, self.seeds.len()),
                learned => learned.problems(),
            };
            for (field, sentence) in found {
                problem(&format!("recommenders.{}.{field}", recommender.key()), sentence);
            }
        }
        if let Some(speaker) = self.recommenders.iter().find(|recommender| recommender.speaks_ids())
            && self.ids.is_empty()
        {
            problem("ids", format!("{} speaks in IDs, and there is no ID scheme. Name one.", speaker.title()));
        }
        for (what, keys) in [
            ("ids", self.ids.iter().map(IdSettings::key).collect::<Vec<_>>()),
            ("recommenders", self.recommenders.iter().map(RecommenderSettings::key).collect()),
        ] {
            let mut seen = BTreeSet::new();
            for key in keys {
                if !seen.insert(key) {
                    problem(what, format!("{key} stands there twice. Name each once."));
                }
            }
        }
        for ids in &self.ids {
            for (field, sentence) in ids.problems() {
                problem(&format!("ids.{}.{field}", ids.key()), sentence);
            }
            if let IdSettings::Permuted { of } = ids
                && !self.ids.iter().any(|other| other.key() == of && other.key() != "permuted")
            {
                problem(
                    "ids.permuted.of",
                    format!("The permuted control deals the IDs of {of}, which is not among the schemes. Add {of}."),
                );
            }
            if let IdSettings::Lsh {} = ids
                && !self.codes.codes.is_power_of_two()
            {
                problem(
                    "codes.codes",
                    format!("LSH needs a power of two, and there are {} codes a level.", self.codes.codes),
                );
            }
        }
        if let SplitRule::GlobalTime { validation_share, test_share } = self.prepare.split
            && !(validation_share > 0.0 && test_share > 0.0 && validation_share + test_share < 1.0)
        {
            problem("prepare.split", "Both shares must be above 0 and their sum below 1.".into());
        }
        if self.evaluation.metrics.is_empty() {
            problem("evaluation.metrics", "There is no metric. Name at least one, such as ndcg@10.".into());
        }
        for metric in &self.evaluation.metrics {
            if let Err(error) = metric.parse::<Metric>() {
                problem("evaluation.metrics", error.to_string());
            }
        }
        if self.evaluation.resamples < 1_000 {
            problem("evaluation.resamples", "Fewer than 1,000 resamples make intervals that jump.".into());
        }
        if self.evaluation.flips < 1_000 {
            problem("evaluation.flips", "Fewer than 1,000 sign flips make p-values that jump.".into());
        }
        if !self.arms().iter().any(|arm| arm.key() == self.baseline) {
            let arms: Vec<String> = self.arms().iter().map(Arm::key).collect();
            problem(
                "baseline",
                format!("The baseline {} is not among the arms. Choose one of: {}.", self.baseline, arms.join(", ")),
            );
        }
        problems
    }

    /// The arms, in the order shown: each recommender, and each ID scheme under a recommender that speaks in IDs.
    pub fn arms(&self) -> Vec<Arm> {
        let mut arms = Vec::new();
        for (recommender, settings) in self.recommenders.iter().enumerate() {
            if settings.speaks_ids() {
                arms.extend((0..self.ids.len()).map(|ids| Arm {
                    recommender,
                    ids: Some(ids),
                    key: format!("{}/{}", settings.key(), self.ids[ids].key()),
                    title: format!("{} · {}", settings.title(), self.ids[ids].title()),
                }));
            } else {
                let (key, title) = (settings.key().to_owned(), settings.title().to_owned());
                arms.push(Arm { recommender, ids: None, key, title });
            }
        }
        arms
    }

    /// Where the baseline of the starter is not among the arms, the first arm is what the others are compared with.
    pub fn settle_baseline(&mut self) {
        let arms = self.arms();
        if let (false, Some(first)) = (arms.iter().any(|arm| arm.key() == self.baseline), arms.first()) {
            self.baseline = first.key();
        }
    }

    /// Where a language model is asked or writes, so many users are judged unless a number was given: it takes about a second
    /// a user. One that reads soft tokens ranks the catalog in one short pass.
    pub fn settle_users(&mut self) {
        let is_slow = |one: &RecommenderSettings| {
            one.language_model().is_some() || matches!(one, RecommenderSettings::LmSpeak(_))
        };
        if self.recommenders.iter().any(is_slow) {
            self.prepare.test_users.get_or_insert(USERS_OF_A_LANGUAGE_MODEL);
        }
    }

    /// The largest K any metric looks at: how long lists must be.
    pub fn list_length(&self) -> usize {
        self.evaluation
            .metrics
            .iter()
            .filter_map(|metric| metric.parse::<Metric>().ok())
            .map(|metric| metric.k())
            .max()
            .unwrap_or(10)
            .max(10)
    }
}

/// What is wrong with imported lists, each with its field.
fn imported_problems(name: &str, files: &[PathBuf], seeds: usize) -> Vec<(String, String)> {
    let mut problems = Vec::new();
    let fits = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '-' || char == '_';
    if name.is_empty() || name.len() > 60 || !name.chars().all(fits) {
        let sentence = format!(
            "“{name}” cannot be the key of an arm: use up to 60 small letters, digits, “-” and “_”. The title can be anything."
        );
        problems.push(("name".to_owned(), sentence));
    }
    if RecommenderSettings::KEYS.contains(&name) {
        let sentence = format!("{name} is the key of a recommender of Semid. Name the imported lists otherwise.");
        problems.push(("name".to_owned(), sentence));
    }
    if files.len() != 1 && files.len() != seeds {
        let sentence = format!(
            "There are {} files of lists and {seeds} seeds. Give one file for all seeds, or one a seed in their order.",
            files.len()
        );
        problems.push(("files".to_owned(), sentence));
    }
    problems
}

/// One arm of an experiment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arm {
    /// Index into the recommenders.
    pub recommender: usize,
    /// Index into the ID schemes, for recommenders that speak in IDs.
    pub ids: Option<usize>,
    key: String,
    title: String,
}

impl Arm {
    /// `generative/rq-kmeans`.
    pub fn key(&self) -> String {
        self.key.clone()
    }

    /// "Generative · RQ-KMeans".
    pub fn title(&self) -> String {
        self.title.clone()
    }
}

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(rename = "FieldProblem")]
pub struct Problem {
    /// Path of the field: `codes.levels`.
    pub field: String,
    /// What is wrong and what to do.
    pub sentence: String,
}

impl IdSettings {
    /// Keys of all schemes, as typed after `--ids`.
    pub const KEYS: [&str; 9] =
        ["hash", "permuted", "lsh", "rq-kmeans", "rq-vae", "opq", "category-path", "atomic", "imported"];

    /// The scheme of a key with its defaults; none for a key that is no scheme, or needs a file.
    pub fn starter(key: &str) -> Option<Self> {
        Some(match key {
            "hash" => IdSettings::Hash {},
            "permuted" => IdSettings::Permuted { of: "rq-kmeans".to_owned() },
            "lsh" => IdSettings::Lsh {},
            "rq-kmeans" => {
                let starter = RqKMeans::starter(CodeShape::uniform(1, 1));
                let RqKMeans { iterations, standardise, balanced, shape: _ } = starter;
                IdSettings::RqKmeans { iterations, standardise, balanced }
            }
            "rq-vae" => IdSettings::RqVae(RqVaeSettings::starter()),
            "opq" => {
                let Opq { iterations, rotate, shape: _ } = Opq::starter(CodeShape::uniform(1, 1));
                IdSettings::Opq { iterations, rotate }
            }
            "category-path" => IdSettings::CategoryPath {},
            "atomic" => IdSettings::Atomic {},
            _ => return None,
        })
    }

    /// `rq-kmeans`.
    pub fn key(&self) -> &'static str {
        match self {
            IdSettings::Hash {} => "hash",
            IdSettings::Permuted { .. } => "permuted",
            IdSettings::Lsh {} => "lsh",
            IdSettings::RqKmeans { .. } => "rq-kmeans",
            IdSettings::RqVae(_) => "rq-vae",
            IdSettings::Opq { .. } => "opq",
            IdSettings::CategoryPath {} => "category-path",
            IdSettings::Atomic {} => "atomic",
            IdSettings::Imported { .. } => "imported",
        }
    }

    /// "RQ-KMeans".
    pub fn title(&self) -> &'static str {
        match self {
            IdSettings::Hash {} => "Hash",
            IdSettings::Permuted { .. } => "Permuted",
            IdSettings::Lsh {} => "LSH",
            IdSettings::RqKmeans { .. } => "RQ-KMeans",
            IdSettings::RqVae(_) => "RQ-VAE",
            IdSettings::Opq { rotate: true, .. } => "OPQ",
            IdSettings::Opq { rotate: false, .. } => "PQ",
            IdSettings::CategoryPath {} => "Category path",
            IdSettings::Atomic {} => "Atomic",
            IdSettings::Imported { .. } => "Imported",
        }
    }

    /// Whether the scheme reads the embeddings.
    pub fn reads_text(&self) -> bool {
        matches!(self, IdSettings::Lsh {} | IdSettings::RqKmeans { .. } | IdSettings::RqVae(_) | IdSettings::Opq { .. })
    }

    /// What is wrong with its own settings: field and sentence.
    fn problems(&self) -> Vec<(&'static str, String)> {
        match self {
            IdSettings::RqVae(settings) => settings.problems(),
            _ => Vec::new(),
        }
    }

    /// Whether the codes say something about the item, so that there is a meaning gain to measure.
    pub fn has_meaning(&self) -> bool {
        !matches!(self, IdSettings::Hash {} | IdSettings::Permuted { .. } | IdSettings::Atomic {})
    }
}

impl RecommenderSettings {
    /// Keys of all recommenders, as typed after `--recommenders`.
    pub const KEYS: [&str; 16] = [
        "popularity",
        "item-knn",
        "text-knn",
        "ease",
        "sasrec",
        "sasrec-bce",
        "generative",
        "tiger",
        "lm-title",
        "lm-hash",
        "lm-id",
        "lm-legend",
        "lm-id-title",
        "lm-generate",
        "lm-soft",
        "lm-speak",
    ];

    /// The recommender of a key with its defaults; none for a key that is no recommender.
    pub fn starter(key: &str) -> Option<Self> {
        Some(match key {
            "popularity" => RecommenderSettings::Popularity {},
            "item-knn" => RecommenderSettings::ItemKnn(ItemKnnSettings::starter()),
            "text-knn" => RecommenderSettings::TextKnn(TextKnnSettings::starter()),
            "ease" => RecommenderSettings::Ease(EaseSettings::starter()),
            "sasrec" => RecommenderSettings::Sasrec(SasrecSettings::starter()),
            "sasrec-bce" => RecommenderSettings::SasrecBce(SasrecSettings::starter_sampled()),
            "generative" => RecommenderSettings::Generative(GenerativeSettings::starter()),
            "tiger" => RecommenderSettings::Tiger(TigerSettings::starter()),
            "lm-title" => RecommenderSettings::LmTitle(LmRankSettings::starter()),
            "lm-hash" => RecommenderSettings::LmHash(LmRankSettings::starter()),
            "lm-id" => RecommenderSettings::LmId(LmRankSettings::starter()),
            "lm-legend" => RecommenderSettings::LmLegend(LmRankSettings::starter()),
            "lm-id-title" => RecommenderSettings::LmIdTitle(LmRankSettings::starter()),
            "lm-generate" => RecommenderSettings::LmGenerate(LmGenerateSettings::starter()),
            "lm-soft" => RecommenderSettings::LmSoft(LmSoftSettings::starter()),
            "lm-speak" => RecommenderSettings::LmSpeak(LmSpeakSettings::starter()),
            _ => return None,
        })
    }

    /// `item-knn`; the name of imported lists.
    pub fn key(&self) -> &str {
        match self {
            RecommenderSettings::Popularity {} => "popularity",
            RecommenderSettings::ItemKnn(_) => "item-knn",
            RecommenderSettings::TextKnn(_) => "text-knn",
            RecommenderSettings::Ease(_) => "ease",
            RecommenderSettings::Sasrec(_) => "sasrec",
            RecommenderSettings::SasrecBce(_) => "sasrec-bce",
            RecommenderSettings::Generative(_) => "generative",
            RecommenderSettings::Tiger(_) => "tiger",
            RecommenderSettings::LmTitle(_) => "lm-title",
            RecommenderSettings::LmHash(_) => "lm-hash",
            RecommenderSettings::LmId(_) => "lm-id",
            RecommenderSettings::LmLegend(_) => "lm-legend",
            RecommenderSettings::LmIdTitle(_) => "lm-id-title",
            RecommenderSettings::LmGenerate(_) => "lm-generate",
            RecommenderSettings::LmSoft(_) => "lm-soft",
            RecommenderSettings::LmSpeak(_) => "lm-speak",
            RecommenderSettings::Imported { name, .. } => name,
        }
    }

    /// "Item-kNN"; what a person calls imported lists.
    pub fn title(&self) -> &str {
        match self {
            RecommenderSettings::Popularity {} => "Popularity",
            RecommenderSettings::ItemKnn(_) => "Item-kNN",
            RecommenderSettings::TextKnn(_) => "Text-kNN",
            RecommenderSettings::Ease(_) => "EASE",
            RecommenderSettings::Sasrec(_) => "SASRec",
            RecommenderSettings::SasrecBce(_) => "SASRec-BCE",
            RecommenderSettings::Generative(_) => "Generative",
            RecommenderSettings::Tiger(_) => "TIGER",
            RecommenderSettings::LmTitle(_) => "LM by title",
            RecommenderSettings::LmHash(_) => "LM by hash ID",
            RecommenderSettings::LmId(_) => "LM by ID",
            RecommenderSettings::LmLegend(_) => "LM by ID with legend",
            RecommenderSettings::LmIdTitle(_) => "LM by ID and title",
            RecommenderSettings::LmGenerate(_) => "LM writes IDs",
            RecommenderSettings::LmSoft(_) => "LM with soft tokens",
            RecommenderSettings::LmSpeak(_) => "LM taught IDs",
            RecommenderSettings::Imported { name, title, .. } => {
                if title.trim().is_empty() {
                    name
                } else {
                    title
                }
            }
        }
    }

    /// What is wrong with its own settings: field and sentence.
    fn problems(&self) -> Vec<(String, String)> {
        let problems = match self {
            RecommenderSettings::LmSoft(settings) => return settings.problems(),
            RecommenderSettings::LmSpeak(settings) => return settings.problems(),
            RecommenderSettings::Sasrec(settings) | RecommenderSettings::SasrecBce(settings) => settings.problems(),
            RecommenderSettings::Generative(settings) => settings.problems(),
            RecommenderSettings::Tiger(settings) => settings.problems(),
            RecommenderSettings::LmTitle(settings)
            | RecommenderSettings::LmHash(settings)
            | RecommenderSettings::LmId(settings)
            | RecommenderSettings::LmLegend(settings)
            | RecommenderSettings::LmIdTitle(settings) => settings.problems(),
            RecommenderSettings::LmGenerate(settings) => settings.problems(),
            _ => Vec::new(),
        };
        problems.into_iter().map(|(field, sentence)| (field.to_owned(), sentence)).collect()
    }

    /// Sets the passes over the training interactions, where there are any.
    pub fn set_epochs(&mut self, epochs: usize) {
        match self {
            RecommenderSettings::Sasrec(settings) | RecommenderSettings::SasrecBce(settings) => {
                settings.epochs = epochs
            }
            RecommenderSettings::Generative(settings) => settings.epochs = epochs,
            RecommenderSettings::Tiger(settings) => settings.epochs = epochs,
            RecommenderSettings::LmSoft(settings) => settings.tuning.epochs = epochs,
            // A quarter for the new tokens alone, as in the starter.
            RecommenderSettings::LmSpeak(LmSpeakSettings { tuning, .. }) => {
                tuning.token_epochs = epochs.div_ceil(4);
                tuning.adapter_epochs = epochs - tuning.token_epochs;
            }
            _ => {}
        }
    }

    /// Whether it names items by their IDs, so that each ID scheme is an arm.
    pub fn speaks_ids(&self) -> bool {
        matches!(
            self,
            RecommenderSettings::Generative(_)
                | RecommenderSettings::Tiger(_)
                | RecommenderSettings::LmId(_)
                | RecommenderSettings::LmLegend(_)
                | RecommenderSettings::LmIdTitle(_)
                | RecommenderSettings::LmGenerate(_)
                | RecommenderSettings::LmSpeak(_)
        )
    }

    /// Name of the language model it asks, if it asks one.
    pub fn language_model(&self) -> Option<&str> {
        match self {
            RecommenderSettings::LmGenerate(settings) => Some(&settings.model),
            other => other.as_lm_rank().map(|(settings, _)| settings.model.as_str()),
        }
    }

    /// Name of the language model that it trains on, if it trains on one.
    pub fn tuned_model(&self) -> Option<&str> {
        match self {
            RecommenderSettings::LmSoft(settings) => Some(&settings.model),
            RecommenderSettings::LmSpeak(settings) => Some(&settings.model),
            _ => None,
        }
    }

    /// Its settings and how items appear, where a language model orders candidates.
    pub(crate) fn as_lm_rank(&self) -> Option<(&LmRankSettings, Representation)> {
        Some(match self {
            RecommenderSettings::LmTitle(settings) => (settings, Representation::Title),
            RecommenderSettings::LmHash(settings) => (settings, Representation::Hash),
            RecommenderSettings::LmId(settings) => (settings, Representation::SemanticId),
            RecommenderSettings::LmLegend(settings) => (settings, Representation::SemanticIdWithLegend),
            RecommenderSettings::LmIdTitle(settings) => (settings, Representation::SemanticIdAndTitle),
            _ => return None,
        })
    }

    /// Whether it reads the embeddings itself.
    pub fn reads_text(&self) -> bool {
        match self {
            RecommenderSettings::TextKnn(_) | RecommenderSettings::LmSoft(_) => true,
            other => other.as_lm_rank().is_some_and(|(settings, _)| settings.retriever == Retriever::TextKnn),
        }
    }
}
