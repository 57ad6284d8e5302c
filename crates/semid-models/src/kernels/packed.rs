//! The right side of a product, laid out the way micro-kernels read it.

use bytemuck::{Pod, Zeroable};

use super::Element;

/// Columns of a panel.
pub const NR: usize = 32;

/// A `depth × columns` matrix in panels of [`NR`] columns. Inside a panel, [`Element::GROUP`] consecutive depths of a
/// column lie side by side, then the next column, then the next depths. Missing columns and depths are zeros.
#[derive(Clone, Debug, Default)]
pub struct Packed<T> {
    depth: usize,
    columns: usize,
    lines: Vec<CacheLine>,
    element: std::marker::PhantomData<T>,
}

#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
struct CacheLine([u8; 64]);

// SAFETY: 64 bytes without padding, for which every bit pattern is a value.
unsafe impl Zeroable for CacheLine {}
// SAFETY: as above.
unsafe impl Pod for CacheLine {}

impl<T: Element> Packed<T> {
    /// Packs weights as they are stored, one row of `depth` per output column.
    pub fn from_weights(weights: &[f32], columns: usize, depth: usize) -> Self {
        assert_eq!(weights.len(), columns * depth, "weights are columns × depth");
        let mut packed = Packed::default();
        packed.fill_from_rows(weights, columns, depth, depth, depth.next_multiple_of(T::GROUP), T::from_f32);
        packed
    }

    /// Packs the transpose of `rows × depth`: each row becomes a column. `stride` lies between rows.
    pub fn fill_with_rows(&mut self, source: &[T], rows: usize, depth: usize, stride: usize, padded_depth: usize) {
        self.fill_from_rows(source, rows, depth, stride, padded_depth, |number| number);
    }

    /// Packs `depth × columns` as it is. `stride` lies between rows.
    pub fn fill_with_columns(
        &mut self,
        source: &[T],
        depth: usize,
        columns: usize,
        stride: usize,
        padded_depth: usize,
    ) {
        for (panel, target) in self.reshape(columns, depth, padded_depth).enumerate() {
            let first = panel * NR;
            let width = NR.min(columns - first);
            for (group, line) in target.chunks_exact_mut(NR * T::GROUP).take(depth.div_ceil(T::GROUP)).enumerate() {
                for offset in 0..T::GROUP.min(depth - group * T::GROUP) {
                    let start = (group * T::GROUP + offset) * stride + first;
                    let row = &source[start..start + width];
                    for (cell, number) in line.chunks_exact_mut(T::GROUP).zip(row) {
                        cell[offset] = *number;
                    }
                }
            }
        }
    }

    fn fill_from_rows<S: Copy>(
        &mut self,
        source: &[S],
        rows: usize,
        depth: usize,
        stride: usize,
        padded_depth: usize,
        number: impl Fn(S) -> T,
    ) {
        for (panel, target) in self.reshape(rows, depth, padded_depth).enumerate() {
            let first = panel * NR;
            for column in 0..NR.min(rows - first) {
                let start = (first + column) * stride;
                let row = source[start..start + depth].chunks(T::GROUP);
                for (line, numbers) in target.chunks_exact_mut(NR * T::GROUP).zip(row) {
                    let cell = &mut line[column * T::GROUP..(column + 1) * T::GROUP];
                    for (target, source) in cell.iter_mut().zip(numbers) {
                        *target = number(*source);
                    }
                }
            }
        }
    }

    /// Empty, with a fixed depth, to be grown column by column.
    pub fn with_depth(depth: usize) -> Self {
        Packed { depth, ..Packed::default() }
    }

    /// Empty, with at most one panel of columns, to be grown depth by depth.
    pub fn with_columns(columns: usize) -> Self {
        assert!(columns <= NR, "only a single panel grows in depth");
        Packed { columns, ..Packed::default() }
    }

    /// The depth, padded with zeros to a multiple of [`Element::GROUP`] or more.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// Columns, without padding.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        size_of_val(self.lines.as_slice())
    }

    /// The panels in order, each `depth × NR` numbers at an address that is a multiple of 64.
    pub(super) fn panels(&self) -> impl ExactSizeIterator<Item = &[T]> {
        let panels = self.columns.div_ceil(NR);
        let numbers: &[T] = bytemuck::cast_slice(&self.lines);
        let panel_length = self.depth * NR;
        (0..panels).map(move |panel| &numbers[panel * panel_length..(panel + 1) * panel_length])
    }

    /// Makes room, with zeros where there is padding, and gives the panels to be filled.
    pub(super) fn reshape(
        &mut self,
        columns: usize,
        depth: usize,
        padded_depth: usize,
    ) -> std::slice::ChunksExactMut<'_, T> {
        let panel = padded_depth * NR;
        self.room(columns, depth, padded_depth).chunks_exact_mut(panel.max(1))
    }

    /// The same as one slice, panel after panel.
    pub(super) fn room(&mut self, columns: usize, depth: usize, padded_depth: usize) -> &mut [T] {
        assert!(padded_depth >= depth && padded_depth.is_multiple_of(T::GROUP), "a depth is padded to whole groups");
        self.depth = padded_depth;
        self.columns = columns;
        let length = columns.div_ceil(NR) * padded_depth * NR;
        if padded_depth > depth || !columns.is_multiple_of(NR) {
            self.lines.clear();
        }
        self.lines.resize((length * size_of::<T>()).div_ceil(size_of::<CacheLine>()), CacheLine::zeroed());
        let numbers: &mut [T] = bytemuck::cast_slice_mut(&mut self.lines);
        &mut numbers[..length]
    }
}

impl Packed<f32> {
    /// One more column.
    pub fn push_column(&mut self, column: &[f32]) {
        assert_eq!(column.len(), self.depth, "a number a depth");
        let (panel, lane) = (self.columns / NR, self.columns % NR);
        self.columns += 1;
        self.resize_lines(self.columns.div_ceil(NR) * self.depth * NR);
        let depth = self.depth;
        let numbers: &mut [f32] = bytemuck::cast_slice_mut(&mut self.lines);
        for (line, &number) in numbers[panel * depth * NR..].chunks_exact_mut(NR).zip(column) {
            line[lane] = number;
        }
    }

    /// One more depth of a single panel.
    pub fn push_depth(&mut self, row: &[f32]) {
        assert!(row.len() == self.columns && row.len() <= NR, "a number a column");
        self.depth += 1;
        self.resize_lines(self.depth * NR);
        let numbers: &mut [f32] = bytemuck::cast_slice_mut(&mut self.lines);
        numbers[(self.depth - 1) * NR..][..row.len()].copy_from_slice(row);
    }

    /// Forgets all columns from `columns` on.
    pub fn truncate_columns(&mut self, columns: usize) {
        if columns < self.columns {
            self.columns = columns;
            self.resize_lines(columns.div_ceil(NR) * self.depth * NR);
        }
    }

    /// Forgets all depths from `depth` on.
    pub fn truncate_depth(&mut self, depth: usize) {
        if depth < self.depth && self.columns <= NR {
            self.depth = depth;
            self.resize_lines(depth * NR);
        }
    }

    fn resize_lines(&mut self, numbers: usize) {
        self.lines.resize((4 * numbers).div_ceil(size_of::<CacheLine>()), CacheLine::zeroed());
    }
}
