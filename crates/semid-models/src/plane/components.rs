//! Principal components by orthogonal iteration on the covariance.

use rand::Rng;
use rayon::prelude::*;
use semid_core::{Embeddings, Result, Work};

/// Rounds of the iteration: far more than the leading components need to be told apart on a picture.
const ROUNDS: usize = 40;

/// Rows × dim, row-major.
pub(crate) struct Reduced {
    pub dim: usize,
    pub values: Vec<f32>,
}

impl Reduced {
    pub fn rows(&self) -> usize {
        self.values.len() / self.dim
    }

    pub fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.dim..(row + 1) * self.dim]
    }
}

/// The rows, brought to length 1 and centred, in their first `keep` principal components, the strongest first.
pub(crate) fn principal(work: &Work, embeddings: &Embeddings, keep: usize) -> Result<Reduced> {
    let dim = embeddings.dim();
    let keep = keep.min(dim);
    let centred = centred_unit_rows(embeddings);
    let covariance: Vec<Vec<f64>> = (0..dim)
        .into_par_iter()
        .map(|at| {
            work.check()?;
            let mut sums = vec![0.0f64; dim];
            // Partial sums of some rows in f32, added up in f64: quick and exact enough.
            for rows in centred.chunks(256 * dim) {
                let mut part = vec![0.0f32; dim];
                for row in rows.chunks_exact(dim) {
                    let x = row[at];
                    part.iter_mut().zip(row).for_each(|(sum, y)| *sum += x * y);
                }
                sums.iter_mut().zip(part).for_each(|(sum, part)| *sum += f64::from(part));
            }
            Ok(sums)
        })
        .collect::<Result<_>>()?;
    let mut rng = work.rng("principal components");
    let mut basis: Vec<Vec<f64>> = (0..keep).map(|_| (0..dim).map(|_| rng.random::<f64>() - 0.5).collect()).collect();
    for _ in 0..ROUNDS {
        work.check()?;
        basis = basis
            .par_iter()
            .map(|vector| covariance.iter().map(|row| row.iter().zip(vector).map(|(a, b)| a * b).sum()).collect())
            .collect();
        orthogonalise(&mut basis);
    }
    let basis: Vec<Vec<f32>> = basis.into_iter().map(|v| v.into_iter().map(|x| x as f32).collect()).collect();
    let rows: Vec<Vec<f32>> = centred
        .par_chunks(dim)
        .map(|row| basis.iter().map(|vector| vector.iter().zip(row).map(|(a, b)| a * b).sum()).collect())
        .collect();
    let values = rows.into_iter().flatten().collect();
    Ok(Reduced { dim: keep, values })
}

fn centred_unit_rows(embeddings: &Embeddings) -> Vec<f32> {
    let dim = embeddings.dim();
    let mut values = Vec::with_capacity(embeddings.values().len());
    for row in embeddings.iter() {
        let length = row.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>().sqrt();
        let scale = if length > 0.0 { 1.0 / length } else { 0.0 };
        values.extend(row.iter().map(|&x| (f64::from(x) * scale) as f32));
    }
    let mut mean = vec![0.0f64; dim];
    for row in values.chunks_exact(dim) {
        mean.iter_mut().zip(row).for_each(|(mean, &x)| *mean += f64::from(x));
    }
    let rows = embeddings.rows() as f64;
    for row in values.chunks_exact_mut(dim) {
        row.iter_mut().zip(&mean).for_each(|(x, mean)| *x -= (mean / rows) as f32);
    }
    values
}

/// Gram and Schmidt, twice for accuracy; a vector with nothing of its own becomes zero.
fn orthogonalise(basis: &mut [Vec<f64>]) {
    for at in 0..basis.len() {
        let (before, rest) = basis.split_at_mut(at);
        let vector = &mut rest[0];
        let size = vector.iter().map(|x| x * x).sum::<f64>().sqrt();
        for _ in 0..2 {
            for other in before.iter() {
                let along: f64 = other.iter().zip(vector.iter()).map(|(a, b)| a * b).sum();
                vector.iter_mut().zip(other).for_each(|(x, y)| *x -= along * y);
            }
        }
        let length = vector.iter().map(|x| x * x).sum::<f64>().sqrt();
        let scale = if length > 1e-10 * size && length > 0.0 { 1.0 / length } else { 0.0 };
        vector.iter_mut().for_each(|x| *x *= scale);
    }
}
