//! Parameters as products read them: as they are, and, where training multiplies in bf16, rounded and packed once a step.

use std::ops::Range;

use rayon::prelude::*;

use super::real::Real;
use crate::kernels::{Bf16, Kernel, Packed};

/// The flat buffer of parameters.
#[derive(Clone, Copy)]
pub(crate) struct Parameters<'a, R> {
    values: &'a [R],
    rounded: Option<&'a Rounded>,
}

impl<'a, R: Real> Parameters<'a, R> {
    /// Multiplied as they are.
    pub fn exact(values: &'a [R]) -> Self {
        Parameters { values, rounded: None }
    }

    /// The numbers of a tensor.
    #[inline(always)]
    pub fn at(self, range: &Range<usize>) -> &'a [R] {
        &self.values[range.clone()]
    }

    /// A tensor as the right side of products, `rows × cols`.
    pub fn matrix(self, range: &Range<usize>, cols: usize) -> Matrix<'a, R> {
        let rounded = self.rounded.and_then(|rounded| Some((rounded.kernel, rounded.find(range)?)));
        Matrix { values: self.at(range), rows: range.len() / cols.max(1), cols, rounded }
    }
}

impl<'a> Parameters<'a, f32> {
    /// Multiplied in bf16 where they are among the rounded.
    pub fn with(values: &'a [f32], rounded: Option<&'a Rounded>) -> Self {
        Parameters { values, rounded }
    }
}

/// A learned matrix.
#[derive(Clone, Copy)]
pub(crate) struct Matrix<'a, R> {
    /// `rows × cols`.
    pub values: &'a [R],
    pub rows: usize,
    pub cols: usize,
    /// Its rounded form, and what multiplies it.
    pub rounded: Option<(Kernel, &'a RoundedMatrix)>,
}

/// Where a matrix lies, and its columns.
pub(crate) type Place = (Range<usize>, usize);

/// Matrices rounded to bf16 and packed; refreshed after every step of the optimiser.
pub(crate) struct Rounded {
    kernel: Kernel,
    /// In the order of their places.
    matrices: Vec<RoundedMatrix>,
}

/// One matrix, rounded and packed both ways.
#[derive(Default)]
pub(crate) struct RoundedMatrix {
    at: Range<usize>,
    cols: usize,
    /// For `x · matrix`.
    pub by_columns: Packed<Bf16>,
    /// For `x · matrixᵀ`.
    pub by_rows: Packed<Bf16>,
}

/// Depths are padded with zeros to whole tile registers.
pub(super) fn padded(depth: usize) -> usize {
    depth.next_multiple_of(32)
}

impl Rounded {
    /// Rounds the matrices at these places.
    pub fn new(kernel: Kernel, mut places: Vec<Place>, values: &[f32]) -> Self {
        places.sort_by_key(|(at, _)| at.start);
        let matrices = places.into_iter().map(|(at, cols)| RoundedMatrix { at, cols, ..RoundedMatrix::default() });
        let mut rounded = Rounded { kernel, matrices: matrices.collect() };
        rounded.refresh(values);
        rounded
    }

    /// Rounds them again.
    pub fn refresh(&mut self, values: &[f32]) {
        let kernel = self.kernel;
        self.matrices.par_iter_mut().for_each(|matrix| {
            let (values, cols) = (&values[matrix.at.clone()], matrix.cols);
            let rows = values.len() / cols.max(1);
            let RoundedMatrix { by_columns, by_rows, .. } = matrix;
            rayon::join(
                || by_columns.round_columns(values, rows, cols, cols, padded(rows)),
                || by_rows.round_rows(kernel, values, rows, cols, cols, padded(cols)),
            );
        });
    }

    fn find(&self, range: &Range<usize>) -> Option<&RoundedMatrix> {
        let at = self.matrices.binary_search_by_key(&range.start, |matrix| matrix.at.start).ok()?;
        self.matrices.get(at).filter(|matrix| matrix.at == *range)
    }
}
