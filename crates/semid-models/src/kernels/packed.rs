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
        packed.fill(columns, depth, depth.next_multiple_of(T::GROUP), |column, at| {
            T::from_f32(weights[column * depth + at])
        });
        packed
    }

    /// Packs the transpose of `rows × depth`: each row becomes a column. `stride` lies between rows.
    pub fn fill_with_rows(&mut self, source: &[T], rows: usize, depth: usize, stride: usize, padded_depth: usize) {
        self.fill(rows, depth, padded_depth, |column, at| source[column * stride + at]);
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
        self.fill(columns, depth, padded_depth, |column, at| source[at * stride + column]);
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

    #[inline(always)]
    fn fill(&mut self, columns: usize, depth: usize, padded_depth: usize, number: impl Fn(usize, usize) -> T) {
        assert!(padded_depth >= depth && padded_depth.is_multiple_of(T::GROUP), "a depth is padded to whole groups");
        self.depth = padded_depth;
        self.columns = columns;
        let panel_length = padded_depth * NR;
        let length = columns.div_ceil(NR) * panel_length * size_of::<T>();
        self.lines.resize(length.div_ceil(size_of::<CacheLine>()), CacheLine::zeroed());
        let numbers: &mut [T] = bytemuck::cast_slice_mut(&mut self.lines);
        for (panel, target) in numbers.chunks_exact_mut(panel_length.max(1)).take(columns.div_ceil(NR)).enumerate() {
            let first = panel * NR;
            let width = NR.min(columns - first);
            for (group, line) in target.chunks_exact_mut(NR * T::GROUP).enumerate() {
                for (column, cell) in line.chunks_exact_mut(T::GROUP).enumerate() {
                    for (offset, value) in cell.iter_mut().enumerate() {
                        let at = group * T::GROUP + offset;
                        *value = if column < width && at < depth { number(first + column, at) } else { T::default() };
                    }
                }
            }
        }
    }
}
