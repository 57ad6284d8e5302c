//! The sign-flip randomisation test: under no effect, a user's difference is as likely to have the other sign.

use rand::RngCore;
use rayon::prelude::*;

use super::{Resampling, refuse_unsound};
use crate::{Error, Result};

/// Two-sided p of the mean of paired differences: (b + 1) / (m + 1), where b of m flips are at least as extreme.
///
/// Differences of 0 do not matter and cost nothing; when all are 0, p is 1. Where the signs of the others have no more
/// than m patterns, every pattern other than the observed one is walked once instead of drawing: m is then their number,
/// and p is exact.
pub fn sign_flip(differences: &[f64], resampling: &Resampling) -> Result<f64> {
    refuse_unsound(differences, "a sign-flip test")?;
    if resampling.flips == 0 {
        return Err(Error::input("A sign-flip test needs at least one flip; ask for 10000."));
    }
    let sizes: Vec<f64> = differences.iter().map(|d| d.abs()).filter(|&d| d > 0.0).collect();
    let observed = differences.iter().sum::<f64>().abs();
    // Equal sums may differ by their rounding errors, which this bounds: such flips count as extreme.
    let bar = observed - f64::EPSILON * sizes.len() as f64 * sizes.iter().sum::<f64>();

    let flips = u64::from(resampling.flips);
    let patterns = 1u64.checked_shl(sizes.len() as u32).filter(|&patterns| patterns <= flips);
    let (extreme, flips) = match patterns {
        // The pattern and its mirror image are equally extreme, so half of the patterns tell all; the observed pattern,
        // which is among them, is taken out.
        Some(patterns) => (2 * extreme_patterns(&sizes, patterns / 2, bar).max(1) - 1, patterns.max(2) - 1),
        None => (extreme_draws(&sizes, resampling, bar), flips),
    };
    Ok((extreme + 1) as f64 / (flips + 1) as f64)
}

/// How many of the sign patterns with a first plus are extreme.
fn extreme_patterns(sizes: &[f64], patterns: u64, bar: f64) -> u64 {
    let sum = |pattern: u64| -> f64 {
        let signed = |(bit, size): (usize, &f64)| if pattern >> bit & 1 == 0 { *size } else { -size };
        // The highest bit of a pattern belongs to the last size, which is always plus here.
        sizes.iter().enumerate().map(signed).sum()
    };
    (0..patterns).filter(|&pattern| sum(pattern).abs() >= bar).count() as u64
}

/// How many of the drawn sign patterns are extreme. Eight users at a time: their 256 possible signed sums are laid out
/// once, and then one random byte picks a sum.
fn extreme_draws(sizes: &[f64], resampling: &Resampling, bar: f64) -> u64 {
    let tables: Vec<[f64; 256]> = sizes.chunks(8).map(signed_sums).collect();
    let rng = resampling.seed.rng("sign flip");
    let flips = resampling.flips as usize;
    (0..flips.div_ceil(CHUNK))
        .into_par_iter()
        .map(|chunk| {
            let mut rng = rng.clone();
            rng.set_stream(chunk as u64);
            let mut sums = [0.0f64; CHUNK];
            let mut bytes = [0u8; CHUNK];
            for table in &tables {
                rng.fill_bytes(&mut bytes);
                for (sum, &byte) in sums.iter_mut().zip(&bytes) {
                    *sum += table[byte as usize];
                }
            }
            let count = CHUNK.min(flips - chunk * CHUNK);
            sums[..count].iter().filter(|sum| sum.abs() >= bar).count() as u64
        })
        .sum()
}

/// Flips that share a generator.
const CHUNK: usize = 512;

/// The signed sums of up to eight sizes: bit i of the index flips size i.
fn signed_sums(sizes: &[f64]) -> [f64; 256] {
    let mut sums = [0.0; 256];
    for (pattern, sum) in sums.iter_mut().enumerate() {
        *sum = sizes.iter().enumerate().map(|(bit, size)| if pattern >> bit & 1 == 0 { *size } else { -size }).sum();
    }
    sums
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::Seed;

    fn p_of(differences: &[f64], flips: u32) -> f64 {
        sign_flip(differences, &Resampling { seed: Seed(5), resamples: 1000, flips }).unwrap()
    }

    #[test]
    fn few_users_are_enumerated() {
        assert_eq!(p_of(&[1.0, 1.0, 1.0], 1000), 0.25, "+++ and −−− of 8 patterns are as extreme");
        assert_eq!(p_of(&[1.0, 0.0, 1.0, 1.0], 1000), 0.25, "a tie changes nothing");
        assert_eq!(p_of(&[-1.0, -2.0, -4.0, -8.0], 16), 0.125, "both directions count");
        assert_eq!(p_of(&[1.0], 1000), 1.0, "one user proves nothing");
        assert_eq!(p_of(&[0.0, 0.0], 1000), 1.0, "no difference proves nothing");
        assert_eq!(p_of(&[3.0, 1.0], 1000), 0.5, "±4 are two of four sums");
        assert_eq!(p_of(&[3.0, -1.0], 1000), 1.0, "no sum is below 2 in size");
    }

    #[test]
    fn sums_that_are_equal_but_for_rounding_count_as_equal() {
        // .1 + .2 − .3 is not 0 in floating point.
        let p = p_of(&[0.1, 0.2, -0.3], 1000);
        assert_eq!(p, 1.0, "a sum of 0 is reached by every pattern");
    }

    #[test]
    fn draws_agree_with_the_enumeration() {
        let differences: Vec<f64> = (0..16).map(|user| f64::from((user * 7) % 11) - 3.5).collect();
        let exact = p_of(&differences, 1 << 16);
        let drawn = p_of(&differences, (1 << 16) - 1);
        let error = (exact * (1.0 - exact) / f64::from(1 << 16)).sqrt();
        assert!((exact - drawn).abs() < 5.0 * error, "exact {exact}, drawn {drawn}");
    }

    #[test]
    fn the_same_seed_gives_the_same_p_for_any_number_of_threads() {
        let differences: Vec<f64> = (0..999).map(|user| f64::from((user * 7) % 11) - 4.8).collect();
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| p_of(&differences, 5000))
        };
        assert_eq!(with(1), with(3), "generators belong to chunks of flips, not to threads");
    }
}
