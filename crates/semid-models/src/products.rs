//! Products of row-major f32 matrices for quantizers and baselines: the same bits for any number of threads.

use std::sync::OnceLock;

use crate::kernels::{Finish, Kernel, Matrix, Packed, Precision, Store, product};

/// `rows × dim` as the right side of a product: each row becomes a column.
pub(crate) fn packed(rows: &[f32], dim: usize) -> Packed<f32> {
    Packed::from_weights(rows, rows.len() / dim.max(1), dim)
}

/// `out[rows × columns] = rows · columns`, on the calling thread.
pub(crate) fn multiply(out: &mut [f32], rows: &[f32], columns: &Packed<f32>) {
    assert_eq!(out.len() * columns.depth(), rows.len() * columns.columns(), "an inner product for each row and column");
    into(rows, columns, &mut Store { stride: columns.columns(), out, add: false });
}

/// The products of each of `rows` with each column, tile by tile into `finish`.
pub(crate) fn into(rows: &[f32], columns: &Packed<f32>, finish: &mut impl Finish) {
    let stride = columns.depth();
    let left = Matrix { numbers: rows, rows: rows.len() / stride.max(1), stride };
    product(kernel(), left, columns, finish);
}

/// Inner product, summed in sixteen fixed lanes.
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0f32; 16];
    let (a_blocks, b_blocks) = (a.chunks_exact(16), b.chunks_exact(16));
    let rest: f32 = a_blocks.remainder().iter().zip(b_blocks.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in a_blocks.zip(b_blocks) {
        for lane in 0..16 {
            lanes[lane] += x[lane] * y[lane];
        }
    }
    lanes.iter().sum::<f32>() + rest
}

/// The fastest f32 kernel of this CPU, found out once.
fn kernel() -> Kernel {
    static KERNEL: OnceLock<Kernel> = OnceLock::new();
    *KERNEL.get_or_init(|| Kernel::detect(Precision::F32).unwrap_or_else(|| Kernel::available()[0]))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    #[test]
    fn products_equal_the_sums_they_stand_for() {
        for (m, n, dim) in [(5, 7, 37), (33, 70, 16), (1, 1, 1), (3, 0, 4), (0, 3, 4)] {
            let a: Vec<f32> = (0..m * dim).map(|at| (at % 11) as f32 - 5.0).collect();
            let b: Vec<f32> = (0..n * dim).map(|at| (at % 7) as f32 - 3.0).collect();
            let mut out = vec![f32::NAN; m * n];
            multiply(&mut out, &a, &packed(&b, dim));
            for row in 0..m {
                for column in 0..n {
                    let (x, y) = (&a[row * dim..(row + 1) * dim], &b[column * dim..(column + 1) * dim]);
                    let expected: f32 = x.iter().zip(y).map(|(x, y)| x * y).sum();
                    assert_eq!(out[row * n + column], expected, "small whole numbers multiply exactly");
                    assert_eq!(dot(x, y), expected, "the inner product alone says the same");
                }
            }
        }
    }
}
