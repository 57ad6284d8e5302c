//! The trained model as a ranker: one pass over a history, one inner product an item.

use rayon::prelude::*;
use semid_core::{History, RankedList, Ranker, Result, Work};

use super::layout::Layout;
use super::learner::SasrecLearner;
use super::model::{Lesson, read};
use super::settings::SasrecSettings;
use crate::top_k::{Met, TieOrder, check_known};
use crate::trainer::weights;
use crate::transformer::{Mat, Parameters, Trace, product, room};

/// A trained SASRec.
#[derive(Debug)]
pub struct SasrecRanker {
    pub(super) settings: SasrecSettings,
    pub(super) layout: Layout,
    pub(super) parameters: Vec<f32>,
}

/// Histories read together.
const GROUP: usize = 64;

/// Room of one thread, reused from group to group.
struct RankRoom {
    trace: Trace<f32>,
    lesson: Lesson,
    last: Vec<f32>,
    scores: Vec<f32>,
    met: Met,
}

impl SasrecRanker {
    /// The settings it was trained with.
    pub fn settings(&self) -> &SasrecSettings {
        &self.settings
    }

    fn rank_group(
        &self,
        ties: TieOrder,
        histories: &[History<'_>],
        k: usize,
        at: &mut RankRoom,
    ) -> Result<Vec<RankedList>> {
        let (d, items) = (self.layout.d(), self.layout.items);
        at.lesson.clear();
        for history in histories {
            let recent = history.items.len().saturating_sub(self.settings.max_history);
            at.lesson.push_open(&history.items[recent..]);
        }
        read(&self.layout, Parameters::exact(&self.parameters), &at.lesson, None, &mut at.trace);
        at.last.clear();
        let mut end = 0;
        for length in &at.lesson.sequences.lengths {
            end += length;
            at.last.extend_from_slice(&at.trace.hidden[(end - 1) * d..end * d]);
        }
        let table = Mat::new(&self.parameters[self.layout.item.clone()], items, d);
        let scores = room(&mut at.scores, histories.len() * items);
        product(scores, items, Mat::new(&at.last, histories.len(), d), table.t(), false);
        let rank = |(history, scores): (&History<'_>, &[f32])| {
            ties.best_unmet(k, history, scores, &mut at.met, "a score of SASRec")
        };
        histories.iter().zip(scores.chunks_exact(items)).map(rank).collect()
    }
}

impl Ranker for SasrecRanker {
    fn rank(&self, work: &Work, histories: &[History<'_>], k: usize) -> Result<Vec<RankedList>> {
        let items = self.layout.items;
        check_known(histories, items)?;
        let ties = TieOrder::new(work.seed());
        let step = work.step("ranking", histories.len());
        let room = || RankRoom {
            trace: Trace::default(),
            lesson: Lesson::default(),
            last: Vec::new(),
            scores: Vec::new(),
            met: Met::nothing(items),
        };
        let groups = histories.par_chunks(GROUP).map_init(room, |room, group| {
            let lists = self.rank_group(ties, group, k, room)?;
            step.advance(group.len())?;
            Ok(lists)
        });
        Ok(groups.collect::<Result<Vec<_>>>()?.concat())
    }

    fn parameters(&self) -> usize {
        self.layout.tensors.numbers()
    }

    fn weights(&self) -> Option<Vec<u8>> {
        Some(weights::to_bytes::<SasrecLearner<'_>>(&self.settings, &self.layout.tensors, &self.parameters))
    }
}
