//! `Comparison`: the answer to an experiment, every number in it computed. Reports, charts, the command line and the
//! window format it; none of them computes.
//!
//! Fields that a stored comparison of an earlier version lacks take their default, so that it can still be shown.

use serde::{Deserialize, Serialize};

/// The outcome of one experiment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(default)]
pub struct Comparison {
    /// The name the person gave it.
    pub name: String,
    /// Unix seconds at which it finished.
    pub finished_at: i64,
    /// What it ran on.
    pub dataset: DatasetFacts,
    /// How it was judged. Two comparisons with different protocols never share an axis or a test.
    pub protocol: Protocol,
    /// Seeds of the replicates.
    pub seeds: Vec<u64>,
    /// The metric the headline, the charts and the sorting speak of first, for instance `ndcg@10`.
    pub primary_metric: String,
    /// Definitions of all metrics shown.
    pub metrics: Vec<MetricFacts>,
    /// Definitions of the measures of breadth: what all lists of an arm together look like.
    pub breadth_metrics: Vec<MetricFacts>,
    /// The arms, in the order asked for.
    pub arms: Vec<ArmResult>,
    /// Index of the arm that all others are compared with.
    pub baseline: usize,
    /// Every arm against the baseline, for every metric shown.
    pub differences: Vec<Difference>,
    /// Semantic − permuted under the same recommender: the meaning gain, the headline.
    pub meaning_gains: Vec<Difference>,
    /// Semantic − hash under the same recommender.
    pub hash_gains: Vec<Difference>,
    /// The question answered in a few sentences, every number from this struct.
    pub verdict: Vec<String>,
    /// The ID schemes: shape, quality, examples.
    pub id_schemes: Vec<IdSchemeResult>,
    /// Seconds of every stage of the run, in order.
    pub stages: Vec<StageTime>,
    /// The machine and the versions, as label and value.
    pub provenance: Vec<(String, String)>,
    /// The settings that reproduce it, as an experiment file.
    pub settings_toml: String,
}

/// What is known of a data set.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(default)]
pub struct DatasetFacts {
    /// Its name in the workspace.
    pub name: String,
    /// What a person calls it.
    pub title: String,
    /// Licence in a sentence; empty when unknown.
    pub licence: String,
    /// Whether the interactions were simulated; said wherever the data set is shown.
    pub simulated: bool,
    /// Users, items, interactions after the filters.
    pub users: u64,
    /// Items of the catalog that take part.
    pub items: u64,
    /// Interactions that take part.
    pub interactions: u64,
    /// Items that are learned to be predicted: every training item of a user after the first.
    pub training_windows: u64,
    /// Digest of the data as imported.
    pub digest: String,
}

/// How lists were made and judged.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(default)]
pub struct Protocol {
    /// Each fact as label and value ("Split", "leave-last-out"), for people.
    pub facts: Vec<(String, String)>,
    /// Digest of the protocol: only equal digests may be compared.
    pub digest: String,
    /// Users judged.
    pub users: u64,
    /// Users left out because they have no relevant item.
    pub users_without_target: u64,
    /// Test targets that were in the user's own history, so that no arm can hit them.
    pub targets_in_history: u64,
    /// Share of the users whose test and validation item carry the same time.
    pub tied_in_time: f64,
    /// Bootstrap resamples behind the intervals.
    pub resamples: u32,
    /// Sign flips behind the p-values.
    pub flips: u32,
    /// "Holm" or "Benjamini–Hochberg".
    pub correction: String,
}

/// A metric's definition, one click from its numbers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(default)]
pub struct MetricFacts {
    /// `ndcg@10`.
    pub key: String,
    /// `NDCG@10`.
    pub title: String,
    /// The formula in a sentence.
    pub formula: String,
    /// Whether more is better.
    pub higher_is_better: bool,
}

/// One arm: a recommender, with an ID scheme where it speaks in IDs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(default)]
pub struct ArmResult {
    /// `generative/rq-kmeans`, `popularity`.
    pub key: String,
    /// "Generative · RQ-KMeans".
    pub title: String,
    /// Recommender's key.
    pub recommender: String,
    /// ID scheme's key; none for recommenders that name items directly.
    pub ids: Option<String>,
    /// One entry per metric of the comparison, in its order.
    pub values: Vec<MetricValue>,
    /// What it cost, mean over seeds.
    pub cost: Cost,
    /// Whether to believe it.
    pub health: Health,
    /// One value per measure of breadth, in their order, mean over seeds.
    pub breadth: Vec<f64>,
    /// The primary metric and its companions by slice.
    pub slices: Vec<SliceValue>,
    /// Training curves of every seed.
    pub curves: Vec<Curve>,
}

/// A metric of an arm over the judged users.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(default)]
pub struct MetricValue {
    /// `ndcg@10`.
    pub metric: String,
    /// Mean over users of the per-user mean over seeds.
    pub mean: f64,
    /// 95 % bootstrap interval over users.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Mean over users, one value per seed.
    pub by_seed: Vec<f64>,
    /// Standard deviation over seeds (n − 1); none with one seed.
    pub seed_sd: Option<f64>,
}

/// What an arm cost.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(default)]
pub struct Cost {
    /// Wall seconds spent embedding what this arm needs; 0 when it needs no embeddings.
    pub embed_secs: f64,
    /// Wall seconds for learning the quantizer and assigning IDs.
    pub quantize_secs: f64,
    /// Wall seconds of training, mean over seeds.
    pub train_secs: f64,
    /// Wall seconds of ranking all judged users, mean over seeds.
    pub rank_secs: f64,
    /// Highest resident memory of the process while the arm worked.
    pub peak_bytes: u64,
    /// Learned numbers.
    pub parameters: u64,
}

/// Signs that an arm works as it should.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(default)]
pub struct Health {
    /// Share of emitted IDs that are an item's ID, as decoded: 1 where decoding is constrained by the trie.
    pub id_validity: f64,
    /// The same share on a sample of users when nothing constrains decoding; none where there is nothing to constrain.
    pub unconstrained_id_validity: Option<f64>,
    /// Users for whom no list came.
    pub users_without_list: u64,
    /// Users whose list was shorter than the largest K.
    pub short_lists: u64,
    /// Share of neighbouring ranks with equal scores.
    pub tie_rate: f64,
    /// Distinct items in the top 10 over all users.
    pub distinct_in_top10: u64,
    /// What to worry about, in sentences; empty when nothing.
    pub warnings: Vec<String>,
}

/// A metric on a part of the users.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(default)]
pub struct SliceValue {
    /// "Target popularity", "History length".
    pub slicing: String,
    /// "≤ 5", "6–20", "> 20".
    pub slice: String,
    /// Users in it.
    pub users: u64,
    /// `ndcg@10`.
    pub metric: String,
    /// Mean over the slice.
    pub mean: f64,
    /// 95 % bootstrap interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// A curve recorded while training.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(default)]
pub struct Curve {
    /// "training loss", "validation ndcg@10".
    pub series: String,
    /// Seed of the replicate.
    pub seed: u64,
    /// (epoch or step, value).
    pub points: Vec<(u64, f64)>,
}

/// One arm minus another on the same users.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(default)]
pub struct Difference {
    /// Key of the arm.
    pub arm: String,
    /// Key of the arm subtracted.
    pub against: String,
    /// `ndcg@10`.
    pub metric: String,
    /// Mean paired difference.
    pub difference: f64,
    /// 95 % paired bootstrap interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Two-sided sign-flip p, (b + 1) / (m + 1).
    pub p: f64,
    /// Adjusted over the family the comparison names.
    pub p_adjusted: f64,
    /// Mean difference over its standard deviation.
    pub effect_size: f64,
    /// Users for whom the arm is better.
    pub wins: u64,
    /// Users for whom both are equal.
    pub ties: u64,
    /// Users for whom it is worse.
    pub losses: u64,
}

/// An ID scheme on this catalog.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(default)]
pub struct IdSchemeResult {
    /// `rq-kmeans`.
    pub key: String,
    /// "RQ-KMeans".
    pub title: String,
    /// Shape such as "3 × 64 + digit".
    pub shape: String,
    /// Quality by level, then of the whole.
    pub quality: IdQuality,
    /// What is remarkable, in words, beside what is normal for such a catalog.
    pub diagnosis: Vec<String>,
    /// A few items with their IDs: (item title, ID, labels).
    pub examples: Vec<IdExample>,
    /// What was recorded while its codebooks were learned; empty where nothing was, or nothing in steps.
    pub curves: Vec<Curve>,
}

/// One item with its ID.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(default)]
pub struct IdExample {
    /// Item title.
    pub title: String,
    /// `12·207·9`.
    pub id: String,
    /// `thriller › courtroom › 1990s`.
    pub labels: String,
}

/// Quality of a set of IDs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(default)]
pub struct IdQuality {
    /// One entry per level, coarse to fine.
    pub levels: Vec<LevelQuality>,
    /// Share of items whose codes, before any digit, are theirs alone.
    pub unique_share: f64,
    /// Items in the largest group that shares all codes.
    pub largest_group: u64,
    /// Mean squared error of decoding, over the mean squared distance from the mean; none where codes cannot be decoded.
    pub reconstruction_error: Option<f64>,
    /// Share of an item's 10 nearest in embedding space found among its 10 nearest in code space.
    pub neighbour_recall10: Option<f64>,
}

/// Quality of one level.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(default)]
pub struct LevelQuality {
    /// Codes the level has.
    pub codes: u32,
    /// Share of them in use.
    pub usage_share: f64,
    /// Entropy of the codes in bits.
    pub entropy_bits: f64,
    /// 2^entropy: the number of equally used codes that would be as diverse.
    pub perplexity: f64,
    /// Items per code, most used first (for the chart).
    pub counts: Vec<u32>,
    /// Agreement of the prefixes up to this level with the categories; none where there are none.
    pub category: Option<CategoryAgreement>,
}

/// How well prefixes agree with categories, beside what chance gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(default)]
pub struct CategoryAgreement {
    /// Purity.
    pub purity: f64,
    /// Mean purity over random permutations of the IDs.
    pub purity_by_chance: f64,
    /// Normalised mutual information (arithmetic mean).
    pub nmi: f64,
    /// Mean NMI over the same permutations.
    pub nmi_by_chance: f64,
    /// Adjusted mutual information.
    pub ami: f64,
}

/// Seconds of a stage.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(default)]
pub struct StageTime {
    /// "embed", "train generative/rq-kmeans, seed 1".
    pub stage: String,
    /// Wall seconds.
    pub secs: f64,
    /// Whether an artifact of an earlier run was used instead.
    pub reused: bool,
}
