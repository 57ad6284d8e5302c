//! Speaking items: the vocabulary of a language model extended by a token for each code of an ID; the rows of these tokens
//! are learned first, then low-rank adapters together with them (as in LC-Rec, Zheng et al. 2024).
//!
//! Where to look: `lessons` is what is taught, `model` the loss of an answer and its gradient, `training` the two phases,
//! `ranker` the beam over the trie, `export` the files that other tools read.

mod export;
mod lessons;
mod model;
mod ranker;
mod settings;
#[cfg(test)]
mod tests;
mod training;
mod vocabulary;
mod world;

pub use export::AdapterFiles;
pub use ranker::SpeakRanker;
pub use settings::{ChatFrame, LessonShares, SpeakSettings};

use std::sync::Arc;

use lessons::Lessons;
use semid_core::labels::PrefixLabels;
use semid_core::{Error, Ranker, Recommender, Result, SemanticIds, TrainingData, Work};
use training::Training;
use world::World;

use super::{FrozenLlama, TextTokens, TrainingEstimate};
use crate::trainer;

/// A language model that learns to speak in IDs.
///
/// While it trains it records the series `training loss` (nats per token of an answer) and `validation ndcg@10` by epoch,
/// both phases counted through.
#[derive(Clone)]
pub struct SpeakItems {
    llama: Arc<FrozenLlama>,
    text: Arc<dyn TextTokens>,
    settings: SpeakSettings,
    labels: Option<PrefixLabels>,
}

impl SpeakItems {
    /// A recommender of these settings, which are checked when it learns. With labels, the rows of new tokens start from
    /// the words that their codes are called by.
    pub fn new(
        llama: Arc<FrozenLlama>,
        text: Arc<dyn TextTokens>,
        settings: SpeakSettings,
        labels: Option<PrefixLabels>,
    ) -> Self {
        SpeakItems { llama, text, settings, labels }
    }

    /// How long a training on these data will take; times a step.
    pub fn estimate(&self, work: &Work, data: &TrainingData<'_>) -> Result<TrainingEstimate> {
        self.training(work, data)?.pace()
    }

    /// Like [`Recommender::fit`], as the type that can also be exported.
    pub fn train(&self, work: &Work, data: &TrainingData<'_>) -> Result<SpeakRanker> {
        let mut training = self.training(work, data)?;
        training.resume()?;
        training.run()
    }

    /// Brings a ranker back from the files of [`SpeakRanker::export`].
    pub fn import(&self, data: &TrainingData<'_>, files: &AdapterFiles) -> Result<SpeakRanker> {
        let (world, lessons) = self.prepared(&self.settings, data)?;
        let parameters = export::read(&world, &[&files.adapter_model, &files.new_tokens])?;
        Ok(SpeakRanker::new(world, lessons, parameters))
    }

    fn training<'a>(&self, work: &'a Work, data: &'a TrainingData<'a>) -> Result<Training<'a>> {
        let (world, lessons) = self.prepared(&self.settings, data)?;
        let mut rng = work.rng("speak new tokens");
        let mut rows = world.tokens.start(&self.llama, self.labels.as_ref(), &*self.text, &mut rng)?;
        if world.layout.outputs != world.layout.tokens {
            rows.extend_from_within(..);
        }
        let fingerprint = self.fingerprint(&rows, &lessons, work, data);
        Ok(Training::new(world, lessons, data, work, rows, fingerprint))
    }

    fn prepared(&self, settings: &SpeakSettings, data: &TrainingData<'_>) -> Result<(Arc<World>, Arc<Lessons>)> {
        let problems = settings.problems();
        if !problems.is_empty() {
            let sentences: Vec<String> = problems.into_iter().map(|problem| problem.1).collect();
            return Err(Error::input(sentences.join(" ")));
        }
        trainer::check(data)?;
        let ids = ids_of(data)?;
        let world = World::new(settings, &self.llama, ids);
        let lessons = Lessons::new(data.catalog, ids, data.sequences, &world.tokens, &*self.text, settings)?;
        let (longest, context) = (lessons.longest(), self.llama.shape().context);
        if longest > context {
            return Err(Error::input(format!(
                "A lesson can be {longest} tokens long, but the model reads {context}. Lower max_history or text_tokens."
            )));
        }
        Ok((Arc::new(world), Arc::new(lessons)))
    }

    /// Which training a checkpoint belongs to: model, settings, start, lessons, seed, sequences and validation cases.
    fn fingerprint(&self, rows: &[f32], lessons: &Lessons, work: &Work, data: &TrainingData<'_>) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_derive_key("semid speak training v1");
        hasher.update(self.llama.digest().as_bytes());
        hasher.update(&serde_json::to_vec(&self.settings).unwrap_or_default());
        hasher.update(bytemuck::cast_slice(rows));
        hasher.update(&work.seed().0.to_le_bytes());
        let mut row = |numbers: &mut dyn Iterator<Item = u32>| {
            let bytes: Vec<u8> = numbers.flat_map(u32::to_le_bytes).collect();
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update(&bytes);
        };
        lessons.told().for_each(|tokens| row(&mut tokens.iter().copied()));
        for items in data.sequences {
            row(&mut items.iter().copied());
        }
        for case in data.validation {
            row(&mut std::iter::once(case.user).chain(case.history.iter().copied()));
            row(&mut case.targets.iter().copied());
        }
        *hasher.finalize().as_bytes()
    }
}

impl Recommender for SpeakItems {
    fn fit(&self, work: &Work, train: &TrainingData<'_>) -> Result<Box<dyn Ranker>> {
        Ok(Box::new(self.train(work, train)?))
    }

    fn restore(&self, train: &TrainingData<'_>, weights: &[u8]) -> Result<Box<dyn Ranker>> {
        let (world, lessons) = self.prepared(&export::settings(weights)?, train)?;
        let parameters = export::read(&world, &[weights])?;
        Ok(Box::new(SpeakRanker::new(world, lessons, parameters)))
    }
}

fn ids_of<'a>(data: &TrainingData<'a>) -> Result<&'a SemanticIds> {
    let ids = data.ids.ok_or_else(|| {
        Error::input("Speaking items needs IDs and was given none. Choose an ID scheme for this arm.")
    })?;
    match ids.len() == data.catalog.len() && ids.tokens_per_item() > 0 {
        true => Ok(ids),
        false => Err(Error::input(format!(
            "There are {} IDs for a catalog of {} items. Assign IDs to this catalog.",
            ids.len(),
            data.catalog.len()
        ))),
    }
}
