//! Walks a product tile by tile. The walk is the same for every instruction set; the micro-kernel is its argument.

use super::finish::Finish;
use super::packed::{NR, Packed};
use super::{Element, Kernel, portable};

/// Most rows of a tile, over all micro-kernels.
pub(super) const MAX_ROWS: usize = 32;

/// The sums of one tile.
#[repr(C, align(64))]
pub struct Tile(pub(super) [[f32; NR]; MAX_ROWS]);

impl Tile {
    pub(super) fn zeroed() -> Self {
        Tile([[0.0; NR]; MAX_ROWS])
    }
}

/// The left side of a product: `rows` rows, `stride` numbers from one to the next.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a, T> {
    /// The numbers, from the first of the first row.
    pub numbers: &'a [T],
    /// How many rows.
    pub rows: usize,
    /// Numbers between the starts of two rows.
    pub stride: usize,
}

impl<T> Matrix<'_, T> {
    /// Panics unless each row has `depth` numbers inside the slice: what the unsafe micro-kernels rely on.
    #[inline(always)]
    pub(super) fn check(&self, depth: usize) {
        if self.rows > 0 {
            assert!(
                depth <= self.stride && (self.rows - 1) * self.stride + depth <= self.numbers.len(),
                "a row of {depth} lies outside its matrix"
            );
        }
    }
}

/// `left × right`, tile by tile into `finish`. `left` has at least `right.depth()` numbers a row.
pub fn product<T: Element, F: Finish>(kernel: Kernel, left: Matrix<'_, T>, right: &Packed<T>, finish: &mut F) {
    left.check(right.depth());
    T::product(kernel, left, right, finish);
}

/// Columns outside, rows inside: a panel stays in the cache while all rows pass by. Rows are dealt evenly to strips, so
/// that no strip is left with one row. `micro(first row, rows, panel, tile)` sums one tile.
#[inline(always)]
pub(super) fn walk<T: Element, F: Finish, const FUSED: bool>(
    rows: usize,
    most_rows: usize,
    right: &Packed<T>,
    finish: &mut F,
    mut micro: impl FnMut(usize, usize, &[T], &mut Tile),
) {
    if rows == 0 {
        return;
    }
    let mut tile = Tile::zeroed();
    let strips = rows.div_ceil(most_rows);
    for (index, panel) in right.panels().enumerate() {
        let column = index * NR;
        let width = NR.min(right.columns() - column);
        for strip in 0..strips {
            let (first, end) = (strip * rows / strips, (strip + 1) * rows / strips);
            micro(first, end - first, panel, &mut tile);
            finish.tile::<FUSED>(first, column, width, &tile.0[..end - first]);
        }
    }
}

pub(super) fn portable_product<T: Element, F: Finish>(left: Matrix<'_, T>, right: &Packed<T>, finish: &mut F) {
    walk::<T, F, { portable::FUSED }>(left.rows, portable::ROWS, right, finish, |first, rows, panel, tile| {
        portable::tile(&left.numbers[first * left.stride..], left.stride, rows, panel, right.depth(), tile);
    });
}
