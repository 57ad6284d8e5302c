//! Matrix products: large ones by the `gemm` crate on one thread, small ones (attention) by a register-blocked kernel
//! of our own, for which the crate's packing would cost more than the product.

use super::real::Real;

/// A matrix inside a slice, read as `rows × cols`.
#[derive(Clone, Copy)]
pub(crate) struct Mat<'a, R> {
    pub data: &'a [R],
    pub rows: usize,
    pub cols: usize,
    pub row_stride: usize,
    pub col_stride: usize,
}

impl<'a, R: Real> Mat<'a, R> {
    /// A dense row-major matrix at the start of `data`.
    pub fn new(data: &'a [R], rows: usize, cols: usize) -> Self {
        Self::strided(data, rows, cols, cols)
    }

    /// Row-major, `row_stride` numbers from one row to the next.
    pub fn strided(data: &'a [R], rows: usize, cols: usize, row_stride: usize) -> Self {
        Mat { data, rows, cols, row_stride, col_stride: 1 }
    }

    /// The transpose, without moving anything.
    pub fn t(self) -> Self {
        Mat { rows: self.cols, cols: self.rows, row_stride: self.col_stride, col_stride: self.row_stride, ..self }
    }

    /// Rows `from..from + count`.
    #[inline(always)]
    pub fn some_rows(self, from: usize, count: usize) -> Self {
        Mat { data: &self.data[from * self.row_stride..], rows: count, ..self }
    }

    fn reach(&self) -> usize {
        if self.rows == 0 || self.cols == 0 {
            return 0;
        }
        (self.rows - 1) * self.row_stride + (self.cols - 1) * self.col_stride + 1
    }
}

/// `out = a · b`, or `out += a · b`; `out` is row-major with `out_stride` numbers from row to row.
pub(crate) fn product<R: Real>(out: &mut [R], out_stride: usize, a: Mat<R>, b: Mat<R>, add: bool) {
    let (m, n, k) = (a.rows, b.cols, a.cols);
    if m == 0 || n == 0 {
        return;
    }
    assert!(k == b.rows && a.reach() <= a.data.len() && b.reach() <= b.data.len(), "operands fit their slices");
    assert!((m - 1) * out_stride + n <= out.len() && n <= out_stride, "the result fits its slice");
    // SAFETY: the assertions above keep every index of the three matrices inside its slice, and `out` is borrowed
    // exclusively, so it overlaps neither operand.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out.as_mut_ptr(),
            1,
            out_stride as isize,
            add,
            a.data.as_ptr(),
            a.col_stride as isize,
            a.row_stride as isize,
            b.data.as_ptr(),
            b.col_stride as isize,
            b.row_stride as isize,
            R::ONE,
            R::ONE,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

/// Rows and columns of one register block.
const BLOCK_ROWS: usize = 4;
const BLOCK_COLS: usize = 16;

/// `out[r][c] (+)= scale · Σ_k a[r][k] · b[k][c]` for a few rows; `b` must have contiguous rows. Meant to be inlined
/// into a loop that is compiled for the machine's vectors.
#[inline(always)]
pub(crate) fn small_product<R: Real>(out: &mut [R], out_stride: usize, a: Mat<R>, b: Mat<R>, scale: R, add: bool) {
    let mut row = 0;
    while row + BLOCK_ROWS <= a.rows {
        block_row::<R, BLOCK_ROWS>(
            &mut out[row * out_stride..],
            out_stride,
            &a.data[row * a.row_stride..],
            a,
            b,
            scale,
            add,
        );
        row += BLOCK_ROWS;
    }
    while row < a.rows {
        block_row::<R, 1>(&mut out[row * out_stride..], out_stride, &a.data[row * a.row_stride..], a, b, scale, add);
        row += 1;
    }
}

#[inline(always)]
fn block_row<R: Real, const ROWS: usize>(
    out: &mut [R],
    out_stride: usize,
    a_data: &[R],
    a: Mat<R>,
    b: Mat<R>,
    scale: R,
    add: bool,
) {
    let mut col = 0;
    while col + BLOCK_COLS <= b.cols {
        let mut sums = [[R::default(); BLOCK_COLS]; ROWS];
        for k in 0..b.rows {
            let line = &b.data[k * b.row_stride + col..][..BLOCK_COLS];
            for (row, sums) in sums.iter_mut().enumerate() {
                let factor = a_data[row * a.row_stride + k * a.col_stride];
                for lane in 0..BLOCK_COLS {
                    sums[lane] = factor.mul_add(line[lane], sums[lane]);
                }
            }
        }
        for (row, sums) in sums.iter().enumerate() {
            let out = &mut out[row * out_stride + col..][..BLOCK_COLS];
            for lane in 0..BLOCK_COLS {
                let old = if add { out[lane] } else { R::default() };
                out[lane] = scale.mul_add(sums[lane], old);
            }
        }
        col += BLOCK_COLS;
    }
    for col in col..b.cols {
        for row in 0..ROWS {
            let mut sum = R::default();
            for k in 0..b.rows {
                sum = a_data[row * a.row_stride + k * a.col_stride].mul_add(b.data[k * b.row_stride + col], sum);
            }
            let out = &mut out[row * out_stride + col];
            let old = if add { *out } else { R::default() };
            *out = scale.mul_add(sum, old);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn both_products_agree_with_the_definition_for_any_stride() {
        let (m, k, n) = (7, 5, 37);
        let a: Vec<f64> = (0..m * k).map(|i| (i as f64 * 0.7).sin()).collect();
        let b: Vec<f64> = (0..k * n).map(|i| (i as f64 * 0.3).cos()).collect();
        let at = Mat::new(&a, k, m).t();
        let want = |r: usize, c: usize| (0..k).map(|i| a[i * m + r] * b[i * n + c]).sum::<f64>();
        let (mut large, mut small) = (vec![1.0; m * n], vec![1.0; m * n]);
        product(&mut large, n, at, Mat::new(&b, k, n), true);
        small_product(&mut small, n, at, Mat::new(&b, k, n), 2.0, false);
        for r in 0..m {
            for c in 0..n {
                assert!((large[r * n + c] - want(r, c) - 1.0).abs() < 1e-12, "the product is added to what was there");
                assert!((small[r * n + c] - 2.0 * want(r, c)).abs() < 1e-12, "the scaled product replaces it");
            }
        }
    }
}
