//! SASRec: a causal transformer over the items of a history (Kang & McAuley 2018, "Self-Attentive Sequential
//! Recommendation"), each item one learned row that is both its input and its output.
//!
//! By default every position is taught by a softmax over the whole catalog, which is what makes SASRec strong (Klenitskiy &
//! Vasilev 2023, "Turning Dross Into Gold Loss"); the paper's loss, one sampled negative a position, is there for
//! comparison with papers. The blocks are the shared ones, pre-norm as in GPT-2.

mod layout;
mod learner;
mod model;
mod ranker;
mod settings;

#[cfg(test)]
mod tests;

pub use ranker::SasrecRanker;
pub use settings::SasrecSettings;

use layout::Layout;
use learner::SasrecLearner;
use semid_core::{Error, Ranker, Recommender, Result, TrainingData, Work};

use crate::trainer::{self, weights::Saved};

/// What a position is taught by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub enum Loss {
    /// The softmax over the whole catalog: cross-entropy of the next item.
    CrossEntropy,
    /// Binary cross-entropy of the next item and of one item the user never met, drawn evenly: the paper's loss.
    SampledBinary,
}

/// SASRec; learns which item comes next.
///
/// While it trains it records the series `training loss` (nats per item) and `validation ndcg@10` by epoch.
#[derive(Clone, Debug)]
pub struct Sasrec {
    settings: SasrecSettings,
    loss: Loss,
}

impl Sasrec {
    /// A recommender of these settings, which are checked when it learns.
    pub fn new(settings: SasrecSettings, loss: Loss) -> Self {
        Sasrec { settings, loss }
    }
}

impl Recommender for Sasrec {
    fn fit(&self, work: &Work, train: &TrainingData<'_>) -> Result<Box<dyn Ranker>> {
        let problems = self.settings.problems();
        if !problems.is_empty() {
            let sentences: Vec<String> = problems.into_iter().map(|problem| problem.1).collect();
            return Err(Error::input(sentences.join(" ")));
        }
        let layout = Layout::new(&self.settings, train.catalog.len());
        let learner = SasrecLearner { settings: &self.settings, loss: self.loss, layout };
        Ok(Box::new(trainer::train(&learner, work, train)?))
    }

    fn restore(&self, train: &TrainingData<'_>, weights: &[u8]) -> Result<Box<dyn Ranker>> {
        let saved = Saved::open::<SasrecLearner<'_>>(weights)?;
        let settings = saved.settings(|settings: &SasrecSettings| settings.problems().len())?;
        let layout = Layout::new(&settings, train.catalog.len());
        let parameters = saved.parameters(&layout.tensors)?;
        Ok(Box::new(SasrecRanker { settings, layout, parameters }))
    }
}
