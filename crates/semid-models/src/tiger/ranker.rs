//! The trained model as a ranker.

use std::fmt;

use candle_core::Tensor;
use rayon::prelude::*;
use semid_core::{Error, History, RankedList, Ranker, Result, SemanticIds, TokenTrie, Work};

use super::model::Model;
use super::search::Searcher;
use super::settings::TigerSettings;
use super::tokens::Tokens;
use super::variables::{Opened, broken, to_bytes};
use super::{SETTINGS, inside};
use crate::top_k::{TieOrder, check_known};

/// A trained TIGER.
pub struct TigerRanker {
    pub(super) settings: TigerSettings,
    pub(super) tokens: Tokens,
    pub(super) trie: TokenTrie,
    pub(super) model: Model,
    /// The model's numbers by name.
    pub(super) values: Vec<(String, Tensor)>,
}

/// Prefixes searched together on a CPU, and how many times as many elsewhere: full products, and a cancel within a second.
const GROUP_PREFIXES: usize = 512;
const ELSEWHERE: usize = 16;

impl TigerRanker {
    /// Brings a model back from its weights.
    pub(super) fn restore(ids: &SemanticIds, weights: &[u8]) -> Result<Self> {
        let file = Opened::new(weights)?;
        let settings: TigerSettings = serde_json::from_str(file.word(SETTINGS)?)
            .map_err(|why| broken(&format!("its settings are wrong ({why})")))?;
        if let Some((_, problem)) = settings.problems().into_iter().next() {
            return Err(broken(&format!("its settings cannot be used: {problem}")));
        }
        let device = settings.device.open()?;
        TigerRanker::new(&settings, ids, |name, shape| file.tensor(name, shape, &device))
    }

    /// A model of the tensors that `value` gives by name and shape.
    pub(super) fn new(
        settings: &TigerSettings,
        ids: &SemanticIds,
        mut value: impl FnMut(&str, &[usize]) -> Result<Tensor>,
    ) -> Result<Self> {
        let tokens = Tokens::new(ids, settings.user_tokens, settings.max_history)?;
        let mut values = Vec::new();
        let mut failed = None;
        let model = Model::new(settings, &tokens, &mut |name, shape, _| match value(name, shape) {
            Ok(tensor) => {
                values.push((name.to_owned(), tensor.clone()));
                Ok(tensor)
            }
            Err(why) => {
                failed = Some(why);
                candle_core::bail!("the model is not complete")
            }
        });
        match (model, failed) {
            (_, Some(why)) => Err(why),
            (Err(why), None) => Err(inside(why)),
            (Ok(model), None) => {
                Ok(TigerRanker { settings: settings.clone(), tokens, trie: TokenTrie::new(ids), model, values })
            }
        }
    }

    /// The settings it was trained with.
    pub fn settings(&self) -> &TigerSettings {
        &self.settings
    }

    /// Ranks with a beam of this width instead of the settings'. A beam as wide as the catalog ranks exactly.
    pub fn rank_with_beam(
        &self,
        work: &Work,
        histories: &[History<'_>],
        k: usize,
        beam: usize,
    ) -> Result<Vec<RankedList>> {
        check_known(histories, self.tokens.ids.items())?;
        let step = work.step("rank", histories.len());
        let searcher =
            Searcher { model: &self.model, tokens: &self.tokens, trie: &self.trie, ties: TieOrder::new(work.seed()) };
        let rank = |group: &[History<'_>]| {
            let lists = searcher.rank(group, k, beam).map_err(inside)?;
            step.advance(group.len())?;
            match lists.iter().flat_map(|list| &list.entries).position(|entry| !entry.score.is_finite()) {
                Some(row) => Err(Error::NotFinite { what: "a score of TIGER", row }),
                None => Ok(lists),
            }
        };
        let cpu = self.model.device().is_cpu();
        let prefixes = if cpu { GROUP_PREFIXES } else { GROUP_PREFIXES * ELSEWHERE };
        let size = (prefixes / beam.clamp(1, self.trie.leaves().max(1))).max(1);
        let groups: Vec<Vec<RankedList>> = match cpu {
            true => histories.par_chunks(size).map(rank).collect::<Result<_>>()?,
            false => histories.chunks(size).map(rank).collect::<Result<_>>()?,
        };
        Ok(groups.concat())
    }
}

impl Ranker for TigerRanker {
    fn rank(&self, work: &Work, histories: &[History<'_>], k: usize) -> Result<Vec<RankedList>> {
        self.rank_with_beam(work, histories, k, self.settings.beam.max(2 * k))
    }

    fn parameters(&self) -> usize {
        self.values.iter().map(|(_, value)| value.elem_count()).sum()
    }

    fn weights(&self) -> Option<Vec<u8>> {
        let settings = serde_json::to_string(&self.settings).ok()?;
        to_bytes(self.values.iter().map(|(name, value)| (name.clone(), value)), SETTINGS, settings).ok()
    }
}

impl fmt::Debug for TigerRanker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TigerRanker").field("settings", &self.settings).finish_non_exhaustive()
    }
}
