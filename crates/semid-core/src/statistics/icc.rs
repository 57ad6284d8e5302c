//! Intraclass correlations for absolute agreement, two-way: ICC(A,1) of one rater, ICC(A,k) of the mean of all raters.

use super::agreement::Coefficient;
use super::beta::f_quantile;
use crate::{Error, Result};

/// Both coefficients of one table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Intraclass {
    /// ICC(A,1).
    pub single: Coefficient,
    /// ICC(A,k).
    pub average: Coefficient,
}

/// ICC(A,1) and ICC(A,k) of `rows`: one a target, one value a rater, none missing.
///
/// `ICC(A,1) = (MSR − MSE) / (MSR + (k − 1) MSE + (k/n)(MSC − MSE))`, `ICC(A,k) = (MSR − MSE) / (MSR + (MSC − MSE)/n)`
///
/// with the mean squares of targets (R), raters (C) and the rest (E) over n targets and k raters; intervals by the F
/// distribution with Satterthwaite's degrees of freedom. McGraw and Wong, "Forming inferences about some intraclass
/// correlation coefficients", 1996, tables 4 and 7 (the same numbers as ICC(2,1), ICC(2,k) of Shrout and Fleiss 1979).
///
/// None with fewer than two targets or raters, or without any spread.
pub fn intraclass(rows: &[Vec<f64>]) -> Result<Option<Intraclass>> {
    let raters = rows.first().map_or(0, Vec::len);
    if let Some(row) = rows.iter().position(|row| row.len() != raters) {
        return Err(Error::input(format!("Target {} has a missing rating; an ICC needs a full table.", row + 1)));
    }
    if let Some(row) = rows.iter().position(|row| row.iter().any(|value| !value.is_finite())) {
        return Err(Error::NotFinite { what: "a rating", row });
    }
    if rows.len() < 2 || raters < 2 {
        return Ok(None);
    }
    let (n, k) = (rows.len() as f64, raters as f64);
    let grand = rows.iter().flatten().sum::<f64>() / (n * k);
    let target_means: Vec<f64> = rows.iter().map(|row| row.iter().sum::<f64>() / k).collect();
    let rater_means: Vec<f64> = (0..raters).map(|rater| rows.iter().map(|row| row[rater]).sum::<f64>() / n).collect();
    let squares = |means: &[f64]| means.iter().map(|mean| (mean - grand).powi(2)).sum::<f64>();
    let msr = k * squares(&target_means) / (n - 1.0);
    let msc = n * squares(&rater_means) / (k - 1.0);
    let rest = |(row, target): (&Vec<f64>, &f64)| {
        row.iter().zip(&rater_means).map(|(value, rater)| (value - target - rater + grand).powi(2)).sum::<f64>()
    };
    let mse = rows.iter().zip(&target_means).map(rest).sum::<f64>() / ((n - 1.0) * (k - 1.0));
    let below = msr + (k - 1.0) * mse + k / n * (msc - mse);
    if below <= 0.0 {
        return Ok(None);
    }
    let single = (msr - mse) / below;
    let (low, high) = interval(single, [msr, msc, mse], n, k);
    // The mean of k raters, by Spearman and Brown's formula, of the value and both ends.
    let stepped = |value: f64| k * value / (1.0 + (k - 1.0) * value);
    let of = |value, low, high| Coefficient { value, low, high, units: rows.len() as u64, raters: raters as u64 };
    Ok(Some(Intraclass {
        single: of(single, low, high),
        average: of((msr - mse) / (msr + (msc - mse) / n), stepped(low), stepped(high)),
    }))
}

fn interval(icc: f64, [msr, msc, mse]: [f64; 3], n: f64, k: f64) -> (f64, f64) {
    if mse <= 0.0 && msc <= 0.0 {
        return (icc, icc);
    }
    let a = k * icc / (n * (1.0 - icc));
    let b = 1.0 + k * icc * (n - 1.0) / (n * (1.0 - icc));
    let v = (a * msc + b * mse).powi(2) / ((a * msc).powi(2) / (k - 1.0) + (b * mse).powi(2) / ((n - 1.0) * (k - 1.0)));
    let (lower, upper) = (f_quantile(0.975, n - 1.0, v), f_quantile(0.975, v, n - 1.0));
    let shared = k * msc + (k * n - k - n) * mse;
    (n * (msr - lower * mse) / (lower * shared + n * msr), n * (upper * msr - mse) / (shared + n * upper * msr))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_table_with_a_gap_is_refused_and_a_small_one_has_no_icc() {
        assert!(intraclass(&[vec![1.0, 2.0], vec![1.0]]).is_err(), "a missing value is not guessed");
        assert_eq!(intraclass(&[vec![1.0, 2.0]]).unwrap(), None, "one target has no spread between targets");
        assert_eq!(intraclass(&[vec![2.0, 2.0], vec![2.0, 2.0]]).unwrap(), None, "nothing differs");
        let perfect = intraclass(&[vec![1.0, 1.0], vec![2.0, 2.0], vec![4.0, 4.0]]).unwrap().unwrap();
        assert_eq!((perfect.single.value, perfect.average.low), (1.0, 1.0), "no rater differs from another");
    }
}
