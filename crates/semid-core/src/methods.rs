//! The traits behind which methods live: embedders, quantizers, recommenders. Settings → `fit` → a fitted thing.
//!
//! All speak plain slices; batches are in the signatures, decisions in the callers. Every implementation is
//! deterministic: the same `Work` seed and input give the same bytes for any number of threads.

use crate::{Case, Catalog, CodeShape, CodeTable, Embeddings, Result, SemanticIds, Work};

/// Turns texts into vectors.
pub trait Embedder: Send + Sync {
    /// One row per text, in the order given.
    fn embed(&self, work: &Work, texts: &[String]) -> Result<Embeddings>;
    /// Numbers in a row.
    fn dim(&self) -> usize;
    /// What the cache keys vectors by: the same digest means the same vectors.
    fn digest(&self) -> &str;
}

/// Learns how to turn vectors into codes.
pub trait Quantizer: Send + Sync {
    /// Learns from `rows × dim`.
    fn fit(&self, work: &Work, embeddings: &Embeddings) -> Result<Box<dyn Codebooks>>;
}

/// A fitted quantizer.
pub trait Codebooks: Send + Sync {
    /// Levels and codes.
    fn shape(&self) -> &CodeShape;
    /// `rows × levels` codes, coarse to fine.
    fn encode(&self, work: &Work, embeddings: &Embeddings) -> Result<CodeTable>;
    /// What the codes say the vectors were: `rows × dim`. None where codes cannot be turned back (LSH).
    fn decode(&self, codes: &CodeTable) -> Option<Embeddings>;
    /// For one row, the codes of the last level from best to worst given the codes before it; what the next-best
    /// collision rule walks through.
    fn last_level_by_preference(&self, row: &[f32], codes: &[u32]) -> Vec<u32>;
    /// All of it as bytes, to be kept as an artifact; whoever implements this also reads them back.
    fn to_bytes(&self) -> Vec<u8>;
}

/// What a recommender may learn from.
#[derive(Clone, Copy)]
pub struct TrainingData<'a> {
    /// The items.
    pub catalog: &'a Catalog,
    /// Training items of each user, oldest first.
    pub sequences: &'a [Vec<u32>],
    /// Cases for early stopping; never the test cases.
    pub validation: &'a [Case],
    /// One row per item, for recommenders that read text.
    pub embeddings: Option<&'a Embeddings>,
    /// The IDs, for recommenders that speak in them.
    pub ids: Option<&'a SemanticIds>,
    /// Where a long training leaves checkpoints and finds them again.
    pub checkpoints: &'a dyn Checkpoints,
}

/// One slot for the state of a long training. Written atomically by whoever implements it.
pub trait Checkpoints: Send + Sync {
    /// The last state saved, if any.
    fn load(&self) -> Result<Option<Vec<u8>>>;
    /// Replaces the state.
    fn save(&self, state: &[u8]) -> Result<()>;
}

/// Nowhere to resume from, nothing kept.
#[derive(Clone, Copy, Debug)]
pub struct NoCheckpoints;

impl Checkpoints for NoCheckpoints {
    fn load(&self) -> Result<Option<Vec<u8>>> {
        Ok(None)
    }
    fn save(&self, _state: &[u8]) -> Result<()> {
        Ok(())
    }
}

/// Learns to rank items for a history.
pub trait Recommender: Send + Sync {
    /// Learns; resumes from `train.checkpoints` when there is a state from the same settings.
    fn fit(&self, work: &Work, train: &TrainingData<'_>) -> Result<Box<dyn Ranker>>;
    /// Brings a fitted recommender back from [`Ranker::weights`].
    fn restore(&self, train: &TrainingData<'_>, weights: &[u8]) -> Result<Box<dyn Ranker>>;
}

/// A fitted recommender.
pub trait Ranker: Send + Sync {
    /// One list per history: at most `k` ranks of items not in that history, best first, scores descending.
    fn rank(&self, work: &Work, histories: &[History<'_>], k: usize) -> Result<Vec<RankedList>>;
    /// Learned numbers; 0 for counting methods.
    fn parameters(&self) -> usize;
    /// What [`Recommender::restore`] needs; none when fitting again is as fast as loading.
    fn weights(&self) -> Option<Vec<u8>>;
}

/// What a user met, oldest first. All of it is left out of the list; a model may look at the last few only.
#[derive(Clone, Copy, Debug)]
pub struct History<'a> {
    /// Who: seeds the order of equal scores, so that ties are broken alike in all arms.
    pub user: u32,
    /// Items, oldest first.
    pub items: &'a [u32],
}

/// What was recommended to one user, best first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RankedList {
    /// Entries, best first.
    pub entries: Vec<RankedEntry>,
}

/// One entry: usually one item. No item: an emitted ID that is no item's, which keeps its rank as a miss. Several items:
/// they share one ID and so share the ranks from here on; metrics take the expectation under a random order.
#[derive(Clone, Debug, PartialEq)]
pub struct RankedEntry {
    /// The items of the entry.
    pub items: Vec<u32>,
    /// Higher is better; finite.
    pub score: f64,
}
