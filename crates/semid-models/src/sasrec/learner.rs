//! SASRec as the training sees it.

use super::layout::Layout;
use super::model::{Lesson, Room, Teaching, teach};
use super::ranker::SasrecRanker;
use super::{Loss, SasrecSettings};
use crate::trainer::{Bite, Learner, Regime};
use crate::transformer::{Losses, Parameters, Place, Tensors, mixed};

/// A model to be trained.
pub(super) struct SasrecLearner<'a> {
    pub settings: &'a SasrecSettings,
    pub loss: Loss,
    pub layout: Layout,
}

impl Learner for SasrecLearner<'_> {
    type Room = (Lesson, Room<f32>);
    type Ranker = SasrecRanker;
    const KEY: &'static str = "sasrec";
    const TITLE: &'static str = "SASRec";

    fn regime(&self) -> Regime {
        self.settings.regime()
    }

    fn identity(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec(&(self.settings, self.loss)).unwrap_or_default();
        bytes.extend((self.layout.items as u64).to_le_bytes());
        bytes
    }

    fn tensors(&self) -> &Tensors {
        &self.layout.tensors
    }

    fn matrices(&self) -> Vec<Place> {
        let mut matrices = self.layout.stack.matrices();
        matrices.push((self.layout.item.clone(), self.layout.d()));
        matrices
    }

    fn blocks(&self) -> usize {
        self.settings.layers
    }

    fn positions(&self, items: usize) -> usize {
        items
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
        lesson.sequences.first = bite.first;
        for (items, taught, all) in bite.windows() {
            lesson.push(items, taught);
            if self.loss == Loss::SampledBinary {
                for at in lesson.negatives.len()..lesson.inputs.len() {
                    lesson.negatives.push(negative(bite.key, (bite.first + at) as u32, self.layout.items, all));
                }
            }
        }
        let teaching = Teaching { dropout: bite.dropout, weight: bite.weight };
        teach(&self.layout, parameters, gradients, lesson, teaching, room)
    }

    fn ranker(&self, parameters: Vec<f32>) -> SasrecRanker {
        SasrecRanker { settings: self.settings.clone(), layout: self.layout.clone(), parameters }
    }
}

/// An item that is not among those met, drawn evenly by a hash of the step and the position in the batch, so that it does
/// not depend on how the batch was cut. A user who met nearly everything is given any item after some draws.
fn negative(key: u32, position: u32, items: usize, met: &[u32]) -> u32 {
    let draw = |nth: u32| {
        let hash = mixed(key ^ mixed(position ^ mixed(nth.wrapping_add(0x5851_f42d))));
        ((u64::from(hash) * items as u64) >> 32) as u32
    };
    (0..32).map(draw).find(|item| !met.contains(item)).unwrap_or_else(|| draw(32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn negatives_are_spread_evenly_over_what_was_not_met() {
        let met = [0, 3, 4];
        let mut times = [0u32; 10];
        for position in 0..70_000 {
            times[negative(7, position, 10, &met) as usize] += 1;
        }
        for (item, &times) in times.iter().enumerate() {
            let expected = if met.contains(&(item as u32)) { 0 } else { 10_000 };
            assert!(times.abs_diff(expected) < 500, "item {item} was drawn {times} times of {expected}");
        }
    }
}
