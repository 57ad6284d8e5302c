//! The generative recommender: a decoder-only transformer over the tokens of item IDs, on the CPU, fused by hand.
//!
//! A history becomes one sequence of tokens, item after item, level after level, and every position predicts the next
//! token, so one pass over a history supervises all of it (Rajput et al. 2023, "Recommender Systems with Generative
//! Retrieval", made decoder-only). Recommending is writing down the next item's ID: a beam search that never leaves the
//! trie of the catalog's IDs.
//!
//! Where to look: `model` is the forward pass and `backward` its gradient, over one flat buffer of parameters laid out
//! by `layout`; `trainer` is the loop around them, `search` the beam. `reference` says the same model in candle's
//! words; tests hold the two against each other.

mod adamw;
mod attention;
mod backward;
mod checkpoint;
mod follow;
mod health;
mod layers;
mod layout;
mod model;
mod product;
mod ranker;
mod real;
#[cfg(test)]
mod reference;
mod search;
mod settings;
mod trainer;
mod vocabulary;
mod weights;
mod windows;

#[cfg(test)]
mod tests;

pub use follow::{ItemPath, PathLevel, PathWay};
pub use ranker::GenerativeRanker;
pub use settings::GenerativeSettings;

use semid_core::{Error, Ranker, Recommender, Result, SemanticIds, TokenTrie, TrainingData, Work};
use vocabulary::Vocabulary;

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
        trainer::train(&self.settings, ids_of(data)?, work, data)
    }
}

impl Generative {
    /// Like [`Recommender::restore`], as the type that can also say how it came to an item.
    pub fn restore_ranker(ids: &SemanticIds, weights: &[u8]) -> Result<GenerativeRanker> {
        let (settings, layout, parameters) = weights::from_bytes(weights, Vocabulary::new(ids)?)?;
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
