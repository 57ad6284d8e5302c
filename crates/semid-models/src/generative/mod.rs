//! The generative recommender: a decoder-only transformer over the tokens of item IDs, on the CPU, fused by hand.
//!
//! A history becomes one sequence, and every position predicts what comes next, so one pass over a history supervises all
//! of it (Rajput et al. 2023, "Recommender Systems with Generative Retrieval", made decoder-only). A position is a whole
//! item, whose successor's tokens are told level by level ([`Positions::Items`]), or one token ([`Positions::Tokens`]).
//! Recommending is writing down the next item's ID: a beam search that never leaves the trie of the catalog's IDs.
//!
//! Where to look: `model` is what feeds and reads the shared [`transformer`](crate::transformer), over one flat buffer of
//! parameters laid out by `layout`; `heads` tell the tokens of a whole item, `choices` is the softmax over the trie;
//! `learner` is what the shared [`trainer`] sees of it, `search` the beam.

mod choices;
mod follow;
mod heads;
mod health;
mod layout;
mod learner;
mod model;
mod ranker;
mod search;
mod settings;
pub(crate) mod vocabulary;

#[cfg(test)]
mod tests;

pub use follow::{ItemPath, PathLevel, PathWay};
pub use ranker::GenerativeRanker;
pub use settings::{GenerativeSettings, Positions};

use layout::Layout;
use learner::GenerativeLearner;
use semid_core::{Error, Ranker, Recommender, Result, SemanticIds, TokenTrie, TrainingData, Work};
use vocabulary::Vocabulary;

use crate::trainer::{self, weights::Saved};

/// The generative recommender; learns to write down the ID of the next item.
///
/// While it trains it records the series `training loss` (nats per token) and `validation ndcg@10` by epoch, and once at
/// the end `first-token loss` beside `bigram first-token loss` (a healthy model is below) and `id validity` (share of
/// the first 10 IDs written without the trie's constraint that are an item's).
#[derive(Clone, Debug)]
pub struct Generative {
    settings: GenerativeSettings,
}

impl Generative {
    /// A recommender of these settings, which are checked when it learns.
    pub fn new(settings: GenerativeSettings) -> Self {
        Generative { settings }
    }

    /// Like [`Recommender::fit`], as the type that can also rank exactly and measure ID validity.
    pub fn train(&self, work: &Work, data: &TrainingData<'_>) -> Result<GenerativeRanker> {
        let problems = self.settings.problems();
        if !problems.is_empty() {
            let sentences: Vec<String> = problems.into_iter().map(|problem| problem.1).collect();
            return Err(Error::input(sentences.join(" ")));
        }
        let ids = ids_of(data)?;
        let vocabulary = Vocabulary::new(ids)?;
        if vocabulary.items() != data.catalog.len() {
            return Err(Error::input(format!(
                "There are {} IDs for a catalog of {} items. Assign IDs to this catalog.",
                vocabulary.items(),
                data.catalog.len()
            )));
        }
        let layout = Layout::new(&self.settings, vocabulary);
        let learner = GenerativeLearner { settings: &self.settings, ids, layout, trie: TokenTrie::new(ids), data };
        trainer::train(&learner, work, data)
    }
}

impl Generative {
    /// Like [`Recommender::restore`], as the type that can also say how it came to an item.
    pub fn restore_ranker(ids: &SemanticIds, weights: &[u8]) -> Result<GenerativeRanker> {
        let saved = Saved::open::<GenerativeLearner<'_>>(weights)?;
        let settings = saved.settings(|settings: &GenerativeSettings| settings.problems().len())?;
        let layout = Layout::new(&settings, Vocabulary::new(ids)?);
        let parameters = saved.parameters(&layout.tensors)?;
        Ok(GenerativeRanker { settings, layout, trie: TokenTrie::new(ids), parameters })
    }
}

impl Recommender for Generative {
    fn fit(&self, work: &Work, train: &TrainingData<'_>) -> Result<Box<dyn Ranker>> {
        Ok(Box::new(self.train(work, train)?))
    }

    fn restore(&self, train: &TrainingData<'_>, weights: &[u8]) -> Result<Box<dyn Ranker>> {
        Ok(Box::new(Generative::restore_ranker(ids_of(train)?, weights)?))
    }
}

fn ids_of<'a>(data: &TrainingData<'a>) -> Result<&'a SemanticIds> {
    data.ids.ok_or_else(|| {
        Error::input("The generative recommender speaks in IDs and was given none. Choose an ID scheme for this arm.")
    })
}
