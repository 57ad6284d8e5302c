//! The trained model as a ranker: lists by beam search, exact scores of a whole catalog, and what it says unconstrained.

use rayon::prelude::*;
use semid_core::{Error, History, RankedList, Ranker, Result, TokenTrie, Work};

use super::layout::Layout;
use super::learner::GenerativeLearner;
use super::search::{Emission, SearchRoom, Searcher};
use super::settings::GenerativeSettings;
use crate::top_k::check_known;
use crate::trainer::weights;
use crate::transformer::Parameters;

/// A trained generative recommender.
#[derive(Debug)]
pub struct GenerativeRanker {
    pub(crate) settings: GenerativeSettings,
    pub(crate) layout: Layout,
    pub(crate) trie: TokenTrie,
    pub(crate) parameters: Vec<f32>,
}

/// Positions read together: enough rows for full products, few enough to stay in the cache.
const GROUP_ROWS: usize = 2048;

impl GenerativeRanker {
    pub(crate) fn searcher(&self, work: &Work) -> Searcher<'_> {
        let key = work.seed().key("generative ties");
        Searcher {
            layout: &self.layout,
            parameters: Parameters::exact(&self.parameters),
            trie: &self.trie,
            max_history: self.settings.max_history,
            tie_seed: u64::from_le_bytes([key[0], key[1], key[2], key[3], key[4], key[5], key[6], key[7]]),
        }
    }

    /// Ranks with a beam of this width instead of the settings'. A beam as wide as the catalog ranks exactly.
    pub fn rank_with_beam(
        &self,
        work: &Work,
        histories: &[History<'_>],
        k: usize,
        beam: usize,
    ) -> Result<Vec<RankedList>> {
        let beam = beam.max(1);
        let found =
            self.in_groups(work, "rank", histories, beam, |searcher, group, room| searcher.rank(group, k, beam, room))?;
        match found.iter().flat_map(|list| &list.entries).position(|entry| !entry.score.is_finite()) {
            Some(row) => Err(Error::NotFinite { what: "a score of the generative recommender", row }),
            None => Ok(found),
        }
    }

    /// Exact ranking of the whole catalog: every item's log-likelihood, prefixes shared. Costs about as much per user
    /// as reading the whole catalog once, so it is for samples of users.
    pub fn rank_exactly(&self, work: &Work, histories: &[History<'_>], k: usize) -> Result<Vec<RankedList>> {
        self.rank_with_beam(work, histories, k, self.trie.leaves())
    }

    /// Of the first `k` IDs that the model emits without the trie's constraint, the share that are an item's ID.
    pub fn id_validity(&self, work: &Work, histories: &[History<'_>], k: usize) -> Result<f64> {
        let beam = self.beam_for(k);
        let valid = self.in_groups(work, "check emitted IDs", histories, beam, |searcher, group, room| {
            let found = searcher.search(group, beam, Emission::Anything, room);
            found
                .iter()
                .map(|ids| (ids.iter().take(k).filter(|id| id.node.is_some()).count(), ids.len().min(k)))
                .collect()
        })?;
        let (valid, emitted) = valid.iter().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        Ok(valid as f64 / emitted.max(1) as f64)
    }

    /// The settings it was trained with.
    pub fn settings(&self) -> &GenerativeSettings {
        &self.settings
    }

    pub(crate) fn beam_for(&self, k: usize) -> usize {
        self.settings.beam.max(2 * k).max(1)
    }

    fn in_groups<T: Send>(
        &self,
        work: &Work,
        name: &'static str,
        histories: &[History<'_>],
        beam: usize,
        search: impl Fn(&Searcher<'_>, &[History<'_>], &mut SearchRoom) -> Vec<T> + Sync,
    ) -> Result<Vec<T>> {
        check_known(histories, self.layout.vocabulary.items())?;
        let step = work.step(name, histories.len());
        let searcher = self.searcher(work);
        let read = self.settings.max_history * self.layout.positions_an_item() + 1;
        let size = (GROUP_ROWS / read.max(beam.min(self.trie.leaves()))).clamp(1, 64);
        let found: Vec<Vec<T>> = histories
            .par_chunks(size)
            .map_init(SearchRoom::default, |room, group| {
                let found = search(&searcher, group, room);
                step.advance(group.len())?;
                Ok(found)
            })
            .collect::<Result<_>>()?;
        Ok(found.into_iter().flatten().collect())
    }
}

impl Ranker for GenerativeRanker {
    fn rank(&self, work: &Work, histories: &[History<'_>], k: usize) -> Result<Vec<RankedList>> {
        self.rank_with_beam(work, histories, k, self.beam_for(k))
    }

    fn parameters(&self) -> usize {
        self.layout.tensors.numbers()
    }

    fn weights(&self) -> Option<Vec<u8>> {
        Some(weights::to_bytes::<GenerativeLearner<'_>>(&self.settings, &self.layout.tensors, &self.parameters))
    }
}
