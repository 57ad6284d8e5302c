//! The percentile bootstrap of a mean over users.
//!
//! A resample of n users is a multinomial draw over the distinct values, so it is drawn as one: each value that many
//! users share takes one binomial draw instead of one draw a user. Per-user metrics take few values (a user with one
//! relevant item has 11 possible NDCG@10s), which makes a resample of 22,000 users cost about a microsecond. Values that
//! few users share are drawn one by one, as the textbook does; the distribution is the same.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::binomial::Binomial;
use super::{Interval, Resampling, mean, refuse_unsound};
use crate::{Error, Result};

/// The mean with its 95 % percentile-bootstrap interval. For a paired difference, pass the differences.
pub fn mean_interval(values: &[f64], resampling: &Resampling) -> Result<Interval> {
    refuse_unsound(values, "a bootstrap interval")?;
    if resampling.resamples < 1000 {
        return Err(Error::input(format!(
            "{} bootstrap resamples are too few for the ends of a 95 % interval; ask for at least 1000.",
            resampling.resamples
        )));
    }
    let sample = Sample::new(values);
    let rng = resampling.seed.rng("bootstrap");
    let resamples = resampling.resamples as usize;
    let mut means: Vec<f64> = (0..resamples.div_ceil(CHUNK))
        .into_par_iter()
        .flat_map_iter(|chunk| {
            let mut rng = rng.clone();
            rng.set_stream(chunk as u64);
            let count = CHUNK.min(resamples - chunk * CHUNK);
            let sample = &sample;
            (0..count).map(move |_| sample.resampled_mean(&mut rng))
        })
        .collect();
    means.sort_unstable_by(f64::total_cmp);
    Ok(Interval { mean: mean(values), low: percentile(&means, 0.025), high: percentile(&means, 0.975) })
}

/// Resamples that share a generator.
const CHUNK: usize = 32;

/// From how many users on a value is worth a binomial draw.
const SHARED: u64 = 24;

/// The values, sorted so that a multinomial draw is cheap.
struct Sample {
    /// Distinct values that many users share, with how many do; most shared first.
    shared: Vec<(f64, u64)>,
    /// The values of all other users.
    single: Vec<f64>,
    users: u64,
    binomial: Binomial,
}

impl Sample {
    fn new(values: &[f64]) -> Self {
        let mut sorted = values.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        let (mut shared, mut single) = (Vec::new(), Vec::new());
        for same in sorted.chunk_by(|a, b| a == b) {
            if same.len() as u64 >= SHARED {
                shared.push((same[0], same.len() as u64));
            } else {
                single.extend_from_slice(same);
            }
        }
        shared.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
        Sample { shared, single, users: values.len() as u64, binomial: Binomial::up_to(values.len()) }
    }

    fn resampled_mean(&self, rng: &mut ChaCha8Rng) -> f64 {
        let (mut to_draw, mut left) = (self.users, self.users);
        let mut sum = 0.0;
        for &(value, count) in &self.shared {
            // Given what was drawn before, the number of draws that fall on this value is binomial.
            let drawn = self.binomial.draw(rng, to_draw, count as f64 / left as f64);
            sum += drawn as f64 * value;
            to_draw -= drawn;
            left -= count;
        }
        if !self.single.is_empty() {
            // 32 bits a draw are enough for any number of users, and half as dear.
            let singles = self.single.len() as u32;
            for _ in 0..to_draw {
                sum += self.single[rng.random_range(0..singles) as usize];
            }
        }
        sum / self.users as f64
    }
}

/// Linear interpolation between order statistics, as numpy and scipy do by default.
pub(super) fn percentile(sorted: &[f64], share: f64) -> f64 {
    let at = share * (sorted.len() - 1) as f64;
    let below = sorted[at.floor() as usize];
    let above = sorted[at.ceil() as usize];
    below + (above - below) * at.fract()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::Seed;
    use rand::SeedableRng;

    #[test]
    fn resampled_means_have_the_mean_and_the_standard_error_of_theory() {
        // Many shared values, some single ones: both ways of drawing take part.
        let values: Vec<f64> = (0..2000)
            .map(|user| match user % 10 {
                0 => f64::from(user) * 1e-3,
                1 => 0.25,
                2 | 3 => 1.0,
                _ => 0.0,
            })
            .collect();
        let sample = Sample::new(&values);
        assert!(!sample.shared.is_empty() && !sample.single.is_empty(), "the case covers both ways");
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let means: Vec<f64> = (0..20_000).map(|_| sample.resampled_mean(&mut rng)).collect();
        let (center, sd) = crate::statistics::mean_sd(&means);
        let truth = mean(&values);
        let error = (values.iter().map(|v| (v - truth) * (v - truth)).sum::<f64>()).sqrt() / values.len() as f64;
        assert!((center - truth).abs() < 4.0 * error / 20_000f64.sqrt(), "the mean is {truth}, resampled {center}");
        assert!((sd.unwrap() / error - 1.0).abs() < 0.02, "the standard error is {error}, resampled {sd:?}");
    }

    #[test]
    fn one_user_has_an_interval_of_no_width() {
        let resampling = Resampling { seed: Seed(1), resamples: 1000, flips: 1000 };
        let interval = mean_interval(&[0.3], &resampling).unwrap();
        assert_eq!(interval, Interval { mean: 0.3, low: 0.3, high: 0.3 }, "there is only one resample");
    }

    #[test]
    fn too_few_resamples_are_refused_with_advice() {
        let resampling = Resampling { seed: Seed(1), resamples: 100, flips: 1000 };
        let message = mean_interval(&[0.3], &resampling).unwrap_err().to_string();
        assert!(message.contains("at least 1000"), "the sentence says what to ask for: {message}");
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes_for_any_number_of_threads() {
        let values: Vec<f64> = (0..5000).map(|user| f64::from(user % 7) + f64::from(user) * 1e-6).collect();
        let resampling = Resampling { seed: Seed(3), resamples: 1000, flips: 1000 };
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| mean_interval(&values, &resampling).unwrap())
        };
        assert_eq!(with(1), with(3), "generators belong to chunks of resamples, not to threads");
    }
}
