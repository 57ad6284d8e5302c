//! What is learned from: every item of a training sequence but its first is a target, its history what came before.

use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::tokens::Tokens;

/// A history and its next item, as places in the training sequences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pair {
    pub user: u32,
    /// Place of the target in the user's sequence, from 1.
    pub target: u32,
}

impl Pair {
    /// The items before the target.
    pub fn history<'a>(&self, sequences: &'a [Vec<u32>]) -> &'a [u32] {
        &sequences[self.user as usize][..self.target as usize]
    }

    /// The item to be written.
    pub fn item(&self, sequences: &[Vec<u32>]) -> u32 {
        sequences[self.user as usize][self.target as usize]
    }
}

/// All pairs, in the order of the sequences.
pub(crate) fn pairs(sequences: &[Vec<u32>]) -> Vec<Pair> {
    let of_user = |(user, items): (usize, &Vec<u32>)| {
        (1..items.len()).map(move |target| Pair { user: user as u32, target: target as u32 })
    };
    sequences.iter().enumerate().flat_map(of_user).collect()
}

/// The batches of one epoch: all pairs shuffled, each batch then ordered by length, so that neighbours need little padding.
pub(crate) fn batches(pairs: &[Pair], size: usize, rng: &mut ChaCha8Rng) -> Vec<Vec<Pair>> {
    let mut order = pairs.to_vec();
    order.shuffle(rng);
    let sorted = |batch: &[Pair]| {
        let mut batch = batch.to_vec();
        batch.sort_by_key(|pair| pair.target);
        batch
    };
    order.chunks(size.max(1)).map(sorted).collect()
}

/// Cuts a batch into runs of at most `most` tokens, padding and the decoder's included; a longer pair is alone.
pub(crate) fn bites<'a>(batch: &'a [Pair], tokens: &Tokens, most: usize) -> Vec<&'a [Pair]> {
    let (mut bites, mut from) = (Vec::new(), 0);
    for at in 0..batch.len() {
        let longest = tokens.length(batch[at].target as usize) + tokens.ids.levels();
        if at > from && (at + 1 - from) * longest > most {
            bites.push(&batch[from..at]);
            from = at;
        }
    }
    if from < batch.len() {
        bites.push(&batch[from..]);
    }
    bites
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use crate::trainer::world::World;
    use semid_core::Seed;

    #[test]
    fn every_item_with_a_history_is_a_target_once_an_epoch_in_bites_that_fit() {
        let world = World::new(3, 30);
        let tokens = Tokens::new(&world.ids, 10, 6).unwrap();
        let all = pairs(&world.sequences);
        let targets: usize = world.sequences.iter().map(|items| items.len().saturating_sub(1)).sum();
        assert_eq!(all.len(), targets, "the first item of a sequence has no history");
        let mut seen = Vec::new();
        for batch in batches(&all, 32, &mut Seed(1).rng("pairs")) {
            let bites = bites(&batch, &tokens, 200);
            assert_eq!(bites.concat(), batch, "no pair is lost, doubled or moved");
            for bite in bites {
                let length = |pair: &Pair| tokens.length(pair.history(&world.sequences).len()) + 3;
                let longest = bite.iter().map(length).max().unwrap();
                assert!(bite.len() == 1 || bite.len() * longest <= 200, "a bite fits with its padding");
            }
            seen.extend(batch);
        }
        seen.sort_by_key(|pair| (pair.user, pair.target));
        assert_eq!(seen, all, "a target once an epoch, no more and no less");
    }
}
