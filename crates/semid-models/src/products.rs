//! Products of row-major f32 matrices, in fixed blocks: the same bits for any number of threads.

use gemm::Parallelism;

/// `out[m × n] = a[m × dim] · bt[dim × n]`, on the calling thread. `bt` is the second operand with one *column* per row
/// of the original ([`transposed`]), which spares the kernel from packing it at every call.
pub(crate) fn multiply(out: &mut [f32], a: &[f32], bt: &[f32], dim: usize, n: usize) {
    let m = a.len() / dim.max(1);
    assert!(a.len() == m * dim && bt.len() == dim * n && out.len() == m * n, "matrices that fit each other");
    // SAFETY: the three slices have exactly the sizes that the strides below walk (asserted above), and `out` is
    // borrowed mutably, so it overlaps neither operand.
    unsafe {
        gemm::gemm(
            m,
            n,
            dim,
            out.as_mut_ptr(),
            1,
            n as isize,
            false,
            a.as_ptr(),
            1,
            dim as isize,
            bt.as_ptr(),
            1,
            n as isize,
            0.0f32,
            1.0f32,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}

/// The rows of `rows × dim` as columns: `dim × rows`.
pub(crate) fn transposed(rows: &[f32], dim: usize) -> Vec<f32> {
    let count = rows.len() / dim.max(1);
    let mut columns = vec![0.0; rows.len()];
    for (row, values) in rows.chunks_exact(dim.max(1)).enumerate() {
        for (at, &value) in values.iter().enumerate() {
            columns[at * count + row] = value;
        }
    }
    columns
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

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    #[test]
    fn products_equal_the_sums_they_stand_for() {
        let (m, n, dim) = (5, 7, 37);
        let a: Vec<f32> = (0..m * dim).map(|at| (at % 11) as f32 - 5.0).collect();
        let b: Vec<f32> = (0..n * dim).map(|at| (at % 7) as f32 - 3.0).collect();
        let mut out = vec![f32::NAN; m * n];
        multiply(&mut out, &a, &transposed(&b, dim), dim, n);
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
