//! Binomial draws: how many of `trials` succeed.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// Draws binomial numbers of up to a given number of trials.
pub(super) struct Binomial {
    /// ln n! for every n up to the number of trials.
    ln_factorial: Vec<f64>,
}

impl Binomial {
    pub(super) fn up_to(trials: usize) -> Self {
        let mut ln_factorial = vec![0.0; trials + 1];
        for n in 1..=trials {
            ln_factorial[n] = ln_factorial[n - 1] + (n as f64).ln();
        }
        Binomial { ln_factorial }
    }

    /// A draw from Binomial(trials, p) for p in 0–1 (anything above counts as 1).
    ///
    /// Few expected successes: inversion. Many: transformed rejection, the algorithm BTRS of Hörmann, "The generation of
    /// binomial random variates", 1993, which takes a constant number of uniforms whatever the number of trials.
    pub(super) fn draw(&self, rng: &mut ChaCha8Rng, trials: u64, p: f64) -> u64 {
        if trials == 0 || p <= 0.0 {
            0
        } else if p >= 1.0 {
            trials
        } else if p > 0.5 {
            trials - self.below_half(rng, trials, 1.0 - p)
        } else {
            self.below_half(rng, trials, p)
        }
    }

    fn below_half(&self, rng: &mut ChaCha8Rng, trials: u64, p: f64) -> u64 {
        if trials as f64 * p < 10.0 { by_inversion(rng, trials, p) } else { self.by_rejection(rng, trials, p) }
    }

    fn by_rejection(&self, rng: &mut ChaCha8Rng, trials: u64, p: f64) -> u64 {
        let n = trials as f64;
        let spread = (n * p * (1.0 - p)).sqrt();
        let b = 1.15 + 2.53 * spread;
        let a = -0.0873 + 0.0248 * b + 0.01 * p;
        let center = n * p + 0.5;
        let squeeze = 0.92 - 4.2 / b;
        let alpha = (2.83 + 5.1 / b) * spread;
        let log_odds = (p / (1.0 - p)).ln();
        let mode = ((n + 1.0) * p).floor();
        let ln_ways = |k: f64| -(self.ln_factorial[k as usize] + self.ln_factorial[(n - k) as usize]);
        let at_mode = ln_ways(mode);
        loop {
            let u = rng.random::<f64>() - 0.5;
            let v: f64 = rng.random();
            let distance = 0.5 - u.abs();
            let k = ((2.0 * a / distance + b) * u + center).floor();
            if distance >= 0.07 && v <= squeeze {
                return k as u64;
            }
            if k < 0.0 || k > n {
                continue;
            }
            let bound = (v * alpha / (a / (distance * distance) + b)).ln();
            if bound <= ln_ways(k) - at_mode + (k - mode) * log_odds {
                return k as u64;
            }
        }
    }
}

fn by_inversion(rng: &mut ChaCha8Rng, trials: u64, p: f64) -> u64 {
    let odds = p / (1.0 - p);
    loop {
        let mut probability = (trials as f64 * (-p).ln_1p()).exp();
        let mut left: f64 = rng.random();
        for successes in 0..=trials {
            if left < probability {
                return successes;
            }
            left -= probability;
            probability *= odds * (trials - successes) as f64 / (successes + 1) as f64;
        }
        // Rounding left a sliver beyond the last value: draw again.
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use statrs::function::gamma::ln_gamma;

    #[test]
    fn frequencies_follow_the_binomial_distribution() {
        // Both algorithms, both halves of p, and the border between them.
        for (trials, p) in [(10, 0.3), (30, 0.5), (40, 0.9), (200, 0.05), (201, 0.0499), (1000, 0.37), (22_363, 0.06)] {
            let draws = 200_000;
            let mut rng = ChaCha8Rng::seed_from_u64(11);
            let mut counts = vec![0u32; trials as usize + 1];
            let binomial = Binomial::up_to(trials as usize);
            for _ in 0..draws {
                counts[binomial.draw(&mut rng, trials, p) as usize] += 1;
            }
            let n = trials as f64;
            let (mut chi_square, mut cells, mut rest, mut rest_seen) = (0.0, 0, f64::from(draws), f64::from(draws));
            for (k, &seen) in counts.iter().enumerate() {
                let k = k as f64;
                let ln = ln_gamma(n + 1.0) - ln_gamma(k + 1.0) - ln_gamma(n - k + 1.0);
                let expected = f64::from(draws) * (ln + k * f64::ln(p) + (n - k) * f64::ln(1.0 - p)).exp();
                if expected >= 10.0 {
                    chi_square += (f64::from(seen) - expected).powi(2) / expected;
                    cells += 1;
                    rest -= expected;
                    rest_seen -= f64::from(seen);
                }
            }
            // Mean `cells`, standard deviation √(2·cells): five of them are never reached by a right sampler.
            let limit = f64::from(cells) + 5.0 * f64::from(2 * cells).sqrt();
            assert!(chi_square < limit, "Binomial({trials}, {p}): χ² is {chi_square} over {cells} cells");
            assert!(
                (rest - rest_seen).abs() < 6.0 * rest.max(1.0).sqrt() + 1.0,
                "the tails hold {rest}, drew {rest_seen}"
            );
        }
    }

    #[test]
    fn certain_outcomes_need_no_chance() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let binomial = Binomial::up_to(9);
        assert_eq!(binomial.draw(&mut rng, 9, 1.0), 9, "every trial succeeds");
        assert_eq!(binomial.draw(&mut rng, 9, 0.0), 0, "no trial succeeds");
        assert_eq!(binomial.draw(&mut rng, 0, 0.5), 0, "there is no trial");
    }
}
