//! The orthogonal factor of a square matrix, by Newton's iteration (Higham 1986): the nearest orthogonal matrix.

/// Iterations at most; scaled as below, fewer than ten suffice for any matrix that can be inverted at all.
const ITERATIONS: usize = 60;

/// `U` of the polar decomposition `A = U·H` of an `n × n` matrix; none where `A` cannot be inverted.
///
/// `X ← (γ·X + X⁻ᵀ/γ) / 2` brings every singular value of `X` to 1 and leaves its singular vectors.
pub(super) fn orthogonal_factor(a: Vec<f64>, n: usize) -> Option<Vec<f64>> {
    let mut x = a;
    for _ in 0..ITERATIONS {
        let inverse = inverse(x.clone(), n)?;
        let norm = |x: &[f64]| x.iter().map(|value| value * value).sum::<f64>().sqrt();
        let scale = (norm(&inverse) / norm(&x)).sqrt();
        let mut change = 0.0;
        for row in 0..n {
            for column in 0..n {
                let old = x[row * n + column];
                let new = 0.5 * (scale * old + inverse[column * n + row] / scale);
                change += (new - old).powi(2);
                x[row * n + column] = new;
            }
        }
        if !change.is_finite() {
            return None;
        }
        if change.sqrt() <= 1e-12 * n as f64 {
            break;
        }
    }
    Some(x)
}

/// The inverse by Gauss and Jordan in place, with the largest of each column as pivot.
fn inverse(mut a: Vec<f64>, n: usize) -> Option<Vec<f64>> {
    let mut swaps = Vec::with_capacity(n);
    for column in 0..n {
        let size = |row: usize| a[row * n + column].abs();
        let pivot = (column..n).max_by(|&one, &other| size(one).total_cmp(&size(other)))?;
        let value = a[pivot * n + column];
        if value == 0.0 || !value.is_finite() {
            return None;
        }
        swaps.push(pivot);
        if pivot != column {
            (0..n).for_each(|k| a.swap(column * n + k, pivot * n + k));
        }
        a[column * n + column] = 1.0;
        a[column * n..(column + 1) * n].iter_mut().for_each(|entry| *entry /= value);
        let own = a[column * n..(column + 1) * n].to_vec();
        for (row, entries) in a.chunks_exact_mut(n).enumerate() {
            if row != column {
                let factor = std::mem::take(&mut entries[column]);
                entries.iter_mut().zip(&own).for_each(|(entry, own)| *entry -= factor * own);
            }
        }
    }
    for (column, &pivot) in swaps.iter().enumerate().rev() {
        if pivot != column {
            (0..n).for_each(|row| a.swap(row * n + column, row * n + pivot));
        }
    }
    Some(a)
}
