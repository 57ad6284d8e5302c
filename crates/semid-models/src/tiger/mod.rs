//! TIGER (Rajput et al. 2023, "Recommender Systems with Generative Retrieval"): a small T5 that reads a history as the codes
//! of its items and writes the codes of the next one.
//!
//! It is the published encoder–decoder, in candle's words and with its autograd, so that it also computes on a GPU; every
//! item with a history is a target of its own, which is what makes it slow. The decoder-only
//! [`generative`](crate::generative) recommender teaches all positions of a history in one pass and is many times cheaper.
//!
//! Where to look: `model` is the network, `lesson` what is asked of it, `training` the loop, `search` the beam. candle's
//! fused norm and softmax have no backward and end gradients without an error: `layers` writes them out.

mod checkpoint;
mod layers;
mod lesson;
mod model;
mod optimiser;
mod pairs;
mod ranker;
mod search;
mod settings;
mod tokens;
mod training;
mod variables;

#[cfg(test)]
mod tests;

pub use ranker::TigerRanker;
pub use settings::{Schedule, TigerSettings};

use semid_core::{Error, Ranker, Recommender, Result, SemanticIds, TrainingData, Work};
use training::Training;

use crate::trainer;

/// TIGER; learns to write down the ID of the next item.
///
/// While it trains it records the series `training loss` (nats per code) and `validation ndcg@10` by epoch.
#[derive(Clone, Debug)]
pub struct Tiger {
    settings: TigerSettings,
}

impl Tiger {
    /// A recommender of these settings, which are checked when it learns.
    pub fn new(settings: TigerSettings) -> Self {
        Tiger { settings }
    }

    /// Like [`Recommender::fit`], as the type that can also rank exactly.
    pub fn train(&self, work: &Work, data: &TrainingData<'_>) -> Result<TigerRanker> {
        let problems = self.settings.problems();
        if !problems.is_empty() {
            let sentences: Vec<String> = problems.into_iter().map(|problem| problem.1).collect();
            return Err(Error::input(sentences.join(" ")));
        }
        trainer::check(data)?;
        let ids = ids_of(data)?;
        if ids.len() != data.catalog.len() {
            return Err(Error::input(format!(
                "There are {} IDs for a catalog of {} items. Assign IDs to this catalog.",
                ids.len(),
                data.catalog.len()
            )));
        }
        Training::new(&self.settings, ids, data, work)?.run()
    }
}

impl Recommender for Tiger {
    fn fit(&self, work: &Work, train: &TrainingData<'_>) -> Result<Box<dyn Ranker>> {
        Ok(Box::new(self.train(work, train)?))
    }

    fn restore(&self, train: &TrainingData<'_>, weights: &[u8]) -> Result<Box<dyn Ranker>> {
        Ok(Box::new(TigerRanker::restore(ids_of(train)?, weights)?))
    }
}

/// The name under which the settings stand in a file of weights.
const SETTINGS: &str = "semid.tiger";

fn ids_of<'a>(data: &TrainingData<'a>) -> Result<&'a SemanticIds> {
    data.ids.ok_or_else(|| Error::input("TIGER speaks in IDs and was given none. Choose an ID scheme for this arm."))
}

/// A failure of candle: out of memory on a device, or shapes that do not fit, which is a bug.
fn inside(why: candle_core::Error) -> Error {
    Error::inside("computing TIGER (where memory ran out, lower batch_pairs, beam or max_history)", why)
}
