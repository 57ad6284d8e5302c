//! The inverse of a large symmetric positive definite matrix, in place: Cholesky's A = L·Lᵀ, then L⁻¹, then
//! A⁻¹ = L⁻ᵀ·L⁻¹, in blocks of fixed size so that nearly all of it are matrix products (LAPACK's potrf, trtri, lauum).
//!
//! Every block of the result is one product on one thread, and blocks are cut by [`BLOCK`] alone: the same bytes for any
//! number of threads.

use rayon::prelude::*;
use semid_core::{Error, Result};

use crate::transformer::{Mat, product};

/// Rows and columns of a block.
pub(super) const BLOCK: usize = 256;
/// How many times each block of rows is passed over; `each_block` is called as often for each.
pub(super) const PASSES: usize = 3;

/// Replaces the lower triangle of the symmetric `n × n` matrix `a` by that of its inverse. What stands above the diagonal
/// is not read, and undefined afterwards. Takes `n³` multiplications and additions together.
pub(super) fn invert(a: &mut [f64], n: usize, each_block: impl Fn() -> Result<()>) -> Result<()> {
    assert_eq!(a.len(), n * n, "a square matrix");
    factorise(a, n, &each_block)?;
    invert_factor(a, n, &each_block)?;
    multiply_factors(a, n, &each_block)
}

/// A becomes L below the diagonal blocks, and the diagonal blocks become the inverses of those of L: the rest needs only
/// these.
fn factorise(a: &mut [f64], n: usize, each_block: &impl Fn() -> Result<()>) -> Result<()> {
    for from in (0..n).step_by(BLOCK) {
        each_block()?;
        let to = n.min(from + BLOCK);
        let width = to - from;
        let (done, below) = a.split_at_mut(to * n);
        let mut corner = copied(&done[from * n + from..], width, width, n);
        invert_corner(&mut corner, width).ok_or_else(|| {
            Error::input(
                "EASE cannot invert the matrix of item counts, because the penalty λ vanishes beside them: raise λ.",
            )
        })?;
        write(&mut done[from * n + from..], &corner, width, n);
        let mut panel = vec![0.0; (n - to) * width];
        let rows = below.par_chunks_mut(BLOCK * n).zip(panel.par_chunks_mut(BLOCK * width));
        rows.for_each(|(rows, panel)| {
            let height = panel.len() / width;
            let old = Mat::strided(&rows[from..], height, width, n);
            product(panel, width, old, Mat::new(&corner, width, width).t(), false);
            write(&mut rows[from..], panel, width, n);
        });
        below.par_chunks_mut(BLOCK * n).enumerate().for_each(|(block, rows)| {
            let (first, last) = (block * BLOCK, (block * BLOCK + BLOCK).min(n - to));
            let minus: Vec<f64> = panel[first * width..last * width].iter().map(|value| -value).collect();
            let upper = Mat::new(&panel, last, width).t();
            product(&mut rows[to..], n, Mat::new(&minus, last - first, width), upper, true);
        });
    }
    Ok(())
}

/// L becomes its inverse W, row of blocks by row of blocks: `W[i, j] = −W[i, i] · Σ_{j ≤ k < i} L[i, k] · W[k, j]`.
fn invert_factor(a: &mut [f64], n: usize, each_block: &impl Fn() -> Result<()>) -> Result<()> {
    for from in (0..n).step_by(BLOCK) {
        each_block()?;
        let height = n.min(from + BLOCK) - from;
        let (above, rows) = a.split_at_mut(from * n);
        let minus: Vec<f64> = copied(&rows[from..], height, height, n).iter().map(|value| -value).collect();
        let blocks: Vec<Vec<f64>> = (0..from / BLOCK)
            .into_par_iter()
            .map(|block| {
                let at = block * BLOCK;
                let mut sum = vec![0.0; height * BLOCK];
                let factor = Mat::strided(&rows[at..], height, from - at, n);
                product(&mut sum, BLOCK, factor, Mat::strided(&above[at * n + at..], from - at, BLOCK, n), false);
                let mut block = vec![0.0; height * BLOCK];
                product(&mut block, BLOCK, Mat::new(&minus, height, height), Mat::new(&sum, height, BLOCK), false);
                block
            })
            .collect();
        blocks.iter().enumerate().for_each(|(at, block)| write(&mut rows[at * BLOCK..], block, BLOCK, n));
    }
    Ok(())
}

/// W becomes the lower triangle of WᵀW. Row `i` of the result needs rows `i` and below of W only, so each can take its
/// place as soon as it is there.
fn multiply_factors(a: &mut [f64], n: usize, each_block: &impl Fn() -> Result<()>) -> Result<()> {
    for from in (0..n).step_by(BLOCK) {
        each_block()?;
        let (height, depth) = (n.min(from + BLOCK) - from, n - from);
        let rows = &mut a[from * n..];
        let blocks: Vec<Vec<f64>> = (0..=from / BLOCK)
            .into_par_iter()
            .map(|block| {
                let at = block * BLOCK;
                let width = n.min(at + BLOCK) - at;
                let mut block = vec![0.0; height * width];
                let left = Mat::strided(&rows[from..], depth, height, n).t();
                product(&mut block, width, left, Mat::strided(&rows[at..], depth, width, n), false);
                block
            })
            .collect();
        for (at, block) in blocks.iter().enumerate() {
            let width = block.len() / height;
            write(&mut rows[at * BLOCK..], block, width, n);
        }
    }
    Ok(())
}

/// The inverse of the Cholesky factor of a small symmetric matrix, zeros above its diagonal. None when the matrix is not
/// positive definite.
fn invert_corner(a: &mut [f64], n: usize) -> Option<()> {
    for row in 0..n {
        for column in 0..=row {
            let inner: f64 = (0..column).map(|k| a[row * n + k] * a[column * n + k]).sum();
            let rest = a[row * n + column] - inner;
            if column < row {
                a[row * n + column] = rest / a[column * n + column];
            } else if rest > 0.0 && rest.is_finite() {
                a[row * n + row] = rest.sqrt();
            } else {
                return None;
            }
        }
    }
    for row in 0..n {
        let own = 1.0 / a[row * n + row];
        let mut inverse = vec![0.0; n];
        for k in 0..row {
            let factor = a[row * n + k];
            (0..=k).for_each(|column| inverse[column] -= factor * a[k * n + column]);
        }
        inverse[..row].iter_mut().for_each(|value| *value *= own);
        inverse[row] = own;
        a[row * n..(row + 1) * n].copy_from_slice(&inverse);
    }
    Some(())
}

/// `rows × columns` out of a matrix whose rows lie `stride` apart.
fn copied(from: &[f64], rows: usize, columns: usize, stride: usize) -> Vec<f64> {
    (0..rows).flat_map(|row| &from[row * stride..row * stride + columns]).copied().collect()
}

/// The other way round.
fn write(to: &mut [f64], block: &[f64], columns: usize, stride: usize) {
    for (row, block) in block.chunks_exact(columns).enumerate() {
        to[row * stride..row * stride + columns].copy_from_slice(block);
    }
}
