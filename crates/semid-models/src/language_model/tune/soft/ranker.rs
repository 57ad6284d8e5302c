//! The trained projection as a ranker: one pass over a history, one inner product an item, so the ranking is exact.

use std::fmt;
use std::sync::Arc;

use rayon::prelude::*;
use semid_core::{History, RankedList, Ranker, Result, Work};

use super::learner::{SoftLearner, World};
use super::model::{Lesson, SoftRoom};
use super::settings::SoftTokenSettings;
use crate::top_k::{Met, TieOrder, check_known};
use crate::trainer::weights;
use crate::transformer::{Mat, Parameters, product, room};

/// A trained projection before its frozen model.
pub struct SoftTokenRanker {
    world: Arc<World>,
    parameters: Vec<f32>,
    /// The projections of all items, `items × hidden`.
    table: Vec<f32>,
}

/// Histories read together.
const GROUP: usize = 16;

/// Room of one thread.
struct RankRoom {
    soft: SoftRoom<f32>,
    lesson: Lesson,
    rows: Vec<f32>,
    scores: Vec<f32>,
    met: Met,
}

impl SoftTokenRanker {
    pub(super) fn new(world: Arc<World>, parameters: Vec<f32>) -> Self {
        let all: Vec<u32> = (0..world.items() as u32).collect();
        let mut at = SoftRoom::default();
        let table = world.frozen().project(Parameters::exact(&parameters), &all, &mut at);
        SoftTokenRanker { world, parameters, table }
    }

    /// The settings it was trained with.
    pub fn settings(&self) -> &SoftTokenSettings {
        &self.world.settings
    }

    fn rank_group(
        &self,
        ties: TieOrder,
        histories: &[History<'_>],
        k: usize,
        at: &mut RankRoom,
    ) -> Result<Vec<RankedList>> {
        let (d, items) = (self.world.layout.hidden, self.world.items());
        at.lesson.clear();
        for history in histories {
            let recent = history.items.len().saturating_sub(self.world.settings.max_history);
            at.lesson.push(&history.items[recent..], self.world.answer_tokens());
        }
        let parameters = Parameters::exact(&self.parameters[..]);
        self.world.frozen().last_rows(parameters, &at.lesson, &self.table, &mut at.soft, &mut at.rows);
        let scores = room(&mut at.scores, histories.len() * items);
        product(scores, items, Mat::new(&at.rows, histories.len(), d), Mat::new(&self.table, items, d).t(), false);
        let rank = |(history, scores): (&History<'_>, &[f32])| {
            ties.best_unmet(k, history, scores, &mut at.met, "a score of soft tokens")
        };
        histories.iter().zip(scores.chunks_exact(items)).map(rank).collect()
    }
}

impl Ranker for SoftTokenRanker {
    fn rank(&self, work: &Work, histories: &[History<'_>], k: usize) -> Result<Vec<RankedList>> {
        let items = self.world.items();
        check_known(histories, items)?;
        let ties = TieOrder::new(work.seed());
        let step = work.step("ranking", histories.len());
        let room = || RankRoom {
            soft: SoftRoom::default(),
            lesson: Lesson::default(),
            rows: Vec::new(),
            scores: Vec::new(),
            met: Met::nothing(items),
        };
        // Without an item there is nothing to read: every item is as good as another, in the seeded order.
        let unread = |history: &History<'_>| ties.top_k(k, history.user, (0..items as u32).map(|item| (item, 0.0)));
        let groups = histories.par_chunks(GROUP).map_init(room, |room, group| {
            let read: Vec<History<'_>> = group.iter().filter(|history| !history.items.is_empty()).copied().collect();
            let mut lists =
                if read.is_empty() { Vec::new() } else { self.rank_group(ties, &read, k, room)? }.into_iter();
            step.advance(group.len())?;
            let list = |history: &History<'_>| match history.items.is_empty() {
                true => unread(history),
                false => lists.next().unwrap_or_default(),
            };
            Ok(group.iter().map(list).collect::<Vec<_>>())
        });
        Ok(groups.collect::<Result<Vec<_>>>()?.concat())
    }

    fn parameters(&self) -> usize {
        self.parameters.len()
    }

    fn weights(&self) -> Option<Vec<u8>> {
        Some(weights::to_bytes::<SoftLearner>(&self.world.settings, &self.world.layout.tensors, &self.parameters))
    }
}

impl fmt::Debug for SoftTokenRanker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SoftTokenRanker").field("settings", self.settings()).finish_non_exhaustive()
    }
}
