//! The generative model as the training sees it.

use semid_core::{Case, Result, SemanticIds, Step, TokenTrie, TrainingData, Work};

use super::health::{bigram_loss, first_token_loss};
use super::layout::{Layout, Reading};
use super::model::{Lesson, Room, Teaching, teach};
use super::ranker::GenerativeRanker;
use super::settings::GenerativeSettings;
use crate::trainer::{Bite, Learner, Regime, histories};
use crate::transformer::{Losses, Parameters, Place, Tensors};

/// Cases on which ID validity is measured once training is over.
const VALIDITY_CASES: usize = 64;

/// A model to be trained, and what it is trained on.
pub(crate) struct GenerativeLearner<'a> {
    pub settings: &'a GenerativeSettings,
    pub ids: &'a SemanticIds,
    pub layout: Layout,
    pub trie: TokenTrie,
    pub data: &'a TrainingData<'a>,
}

impl Learner for GenerativeLearner<'_> {
    type Room = (Lesson, Room<f32>);
    type Ranker = GenerativeRanker;
    const KEY: &'static str = "generative";
    const TITLE: &'static str = "the generative recommender";

    fn regime(&self) -> Regime {
        self.settings.regime(self.layout.levels())
    }

    fn identity(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec(self.settings).unwrap_or_default();
        bytes.extend(self.ids.position_sizes().iter().flat_map(|size| size.to_le_bytes()));
        for item in 0..self.ids.len() {
            bytes.extend(self.ids.row(item).flat_map(|code| code.to_le_bytes()));
        }
        bytes
    }

    fn tensors(&self) -> &Tensors {
        &self.layout.tensors
    }

    fn matrices(&self) -> Vec<Place> {
        let mut matrices = self.layout.stack.matrices();
        let d = self.layout.d();
        let whole = (0..self.layout.levels()).filter(|&level| self.layout.chooses_among_all(&self.trie, level));
        matrices.extend(whole.map(|level| (self.layout.output(level), d)));
        if let Reading::Items { heads } = &self.layout.reading {
            let inner = heads.iter().filter_map(|head| head.inner.as_ref());
            matrices.extend(inner.flat_map(|inner| [(inner.up.clone(), inner.width), (inner.down.clone(), d)]));
        }
        matrices
    }

    fn blocks(&self) -> usize {
        self.settings.layers
    }

    fn positions(&self, items: usize) -> usize {
        items * self.layout.positions_an_item()
    }

    fn teach(
        &self,
        parameters: Parameters<'_, f32>,
        gradients: &mut [f32],
        bite: Bite<'_>,
        room: &mut Self::Room,
    ) -> Losses {
        let (lesson, room) = room;
        lesson.clear();
        lesson.packed.sequences.first = bite.first;
        for (items, taught, _) in bite.windows() {
            lesson.push(&self.layout, items, taught);
        }
        let teaching = Teaching {
            dropout: bite.dropout,
            label_smoothing: self.settings.label_smoothing,
            weight: bite.weight / self.layout.positions_an_item() as f64,
        };
        teach(&self.layout, &self.trie, parameters, gradients, lesson, teaching, room)
    }

    fn ranker(&self, parameters: Vec<f32>) -> GenerativeRanker {
        let (settings, layout, trie) = (self.settings.clone(), self.layout.clone(), self.trie.clone());
        GenerativeRanker { settings, layout, trie, parameters }
    }

    fn examine(&self, ranker: &GenerativeRanker, work: &Work, step: &Step<'_>, cases: &[&Case], at: u64) -> Result<()> {
        step.record("first-token loss", at, first_token_loss(&ranker.searcher(work), cases));
        step.record("bigram first-token loss", at, bigram_loss(&self.layout, self.data.sequences, cases));
        let some = &cases[..cases.len().min(VALIDITY_CASES)];
        step.record("id validity", at, ranker.id_validity(work, &histories(some), 10)?);
        Ok(())
    }
}
