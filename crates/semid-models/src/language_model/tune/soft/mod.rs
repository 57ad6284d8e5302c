//! Soft tokens: a learned projection turns an item's embedding into a row that stands among the embeddings of a frozen
//! language model's tokens, and the model's hidden row is asked which projected item comes next.
//!
//! The projection is both ways in and out (tied), so a score is one inner product and the ranking exact. The keys and
//! values of the text before the items are computed once for a training: no weight that they depend on learns.

mod learner;
mod model;
mod projection;
mod ranker;
mod settings;
#[cfg(test)]
mod tests;

pub use ranker::SoftTokenRanker;
pub use settings::{SoftSoftmax, SoftTokenSettings};

use std::sync::Arc;

use learner::{SoftLearner, World};
use semid_core::{Embeddings, Error, Ranker, Recommender, Result, TrainingData, Work};

use super::{FrozenLlama, TextTokens, TrainingEstimate};
use crate::trainer::{self, weights::Saved};

/// A projection before a frozen language model; learns which item comes next.
///
/// While it trains it records the series `training loss` (nats per item) and `validation ndcg@10` by epoch.
#[derive(Clone, Debug)]
pub struct SoftTokens {
    llama: Arc<FrozenLlama>,
    settings: SoftTokenSettings,
    prompt: Vec<u32>,
    answer: Vec<u32>,
}

impl SoftTokens {
    /// A recommender of these settings over a model whose texts `text` splits.
    pub fn new(llama: Arc<FrozenLlama>, text: &dyn TextTokens, settings: SoftTokenSettings) -> Result<Self> {
        let problems = settings.problems();
        if !problems.is_empty() {
            let sentences: Vec<String> = problems.into_iter().map(|problem| problem.1).collect();
            return Err(Error::input(sentences.join(" ")));
        }
        let vocabulary = llama.shape().vocabulary;
        let split = |words: &str| match words.is_empty() {
            true => Ok(Vec::new()),
            false => known(text.tokens(words)?, vocabulary),
        };
        let (prompt, answer) = (split(&settings.prompt)?, split(&settings.answer)?);
        Ok(SoftTokens { llama, settings, prompt, answer })
    }

    /// How long a training on these data will take; times a few bites.
    pub fn estimate(&self, work: &Work, data: &TrainingData<'_>) -> Result<TrainingEstimate> {
        let learner = SoftLearner(self.world(&self.settings, data)?);
        let pace = trainer::pace(&learner, work, data)?;
        Ok(TrainingEstimate::new(pace.an_epoch, self.settings.epochs, pace.timed, pace.seconds))
    }

    /// Like [`Recommender::fit`], as the type it is.
    pub fn train(&self, work: &Work, data: &TrainingData<'_>) -> Result<SoftTokenRanker> {
        trainer::train(&SoftLearner(self.world(&self.settings, data)?), work, data)
    }

    fn world(&self, settings: &SoftTokenSettings, data: &TrainingData<'_>) -> Result<Arc<World>> {
        trainer::check(data)?;
        let embeddings = embeddings_of(data)?;
        let world = World::new(settings, &self.llama, &self.prompt, &self.answer, embeddings, data.sequences)?;
        Ok(Arc::new(world))
    }
}

impl Recommender for SoftTokens {
    fn fit(&self, work: &Work, train: &TrainingData<'_>) -> Result<Box<dyn Ranker>> {
        Ok(Box::new(self.train(work, train)?))
    }

    fn restore(&self, train: &TrainingData<'_>, weights: &[u8]) -> Result<Box<dyn Ranker>> {
        let saved = Saved::open::<SoftLearner>(weights)?;
        let settings = saved.settings(|settings: &SoftTokenSettings| settings.problems().len())?;
        if (&settings.prompt, &settings.answer) != (&self.settings.prompt, &self.settings.answer) {
            return Err(Error::input(
                "The saved projection was trained with another prompt. Choose that prompt, or train it again.",
            ));
        }
        let world = self.world(&settings, train)?;
        let parameters = saved.parameters(&world.layout.tensors)?;
        Ok(Box::new(SoftTokenRanker::new(world, parameters)))
    }
}

fn embeddings_of<'a>(data: &TrainingData<'a>) -> Result<&'a Embeddings> {
    let embeddings = data.embeddings.ok_or_else(|| {
        Error::input("Soft tokens are made of item embeddings and were given none. Choose a text encoder for this arm.")
    })?;
    match embeddings.rows() == data.catalog.len() && embeddings.dim() > 0 {
        true => Ok(embeddings),
        false => Err(Error::input(format!(
            "There are {} embeddings for a catalog of {} items. Embed this catalog.",
            embeddings.rows(),
            data.catalog.len()
        ))),
    }
}

/// Refuses tokens that the model does not have: tokenizer and model do not belong together.
pub(super) fn known(tokens: Vec<u32>, vocabulary: usize) -> Result<Vec<u32>> {
    match tokens.iter().find(|&&token| token as usize >= vocabulary) {
        Some(token) => Err(Error::input(format!(
            "The tokenizer gives token {token}, but the model has {vocabulary}. Choose the tokenizer of this model."
        ))),
        None => Ok(tokens),
    }
}
