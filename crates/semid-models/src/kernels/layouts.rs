//! f32 rows rounded to bf16 in the three layouts that products read: as they are, transposed, and packed.
//!
//! bf16 products multiply pairs of consecutive depths, so every layout is made of pairs, and the two that turn rows into
//! columns are transpositions of pairs, 16 × 16 at a time.

use super::packed::{NR, Packed};
use super::{Bf16, Element, Kernel};

/// Rows and columns of a block of pairs.
const BLOCK: usize = 16;

/// Pairs of bf16 numbers, 16 × 16; the first of a pair in the lower half.
type Block = [[u32; BLOCK]; BLOCK];

/// Rows as they are: `rows × depth` of `stride` numbers becomes `rows × padded_depth`.
pub fn rounded(out: &mut Vec<Bf16>, source: &[f32], rows: usize, depth: usize, stride: usize, padded_depth: usize) {
    out.resize(rows * padded_depth, Bf16::default());
    pulp::Arch::new().dispatch(|| {
        for (out, row) in out.chunks_exact_mut(padded_depth.max(1)).zip(source.chunks(stride.max(1))) {
            for (out, &value) in out.iter_mut().zip(&row[..depth]) {
                *out = Bf16::from_f32(value);
            }
            out[depth..].fill(Bf16::default());
        }
    });
}

/// Columns as rows: `rows × columns` (`stride` numbers from row to row) becomes `columns × padded_rows`, zeros beyond.
pub fn transposed(
    kernel: Kernel,
    out: &mut Vec<Bf16>,
    source: &[f32],
    rows: usize,
    columns: usize,
    stride: usize,
    padded_rows: usize,
) {
    assert!(padded_rows >= rows && padded_rows.is_multiple_of(2 * BLOCK), "padded to whole blocks");
    out.resize(columns * padded_rows, Bf16::default());
    let pairs: &mut [u32] = bytemuck::cast_slice_mut(out);
    let line = padded_rows / 2;
    for row in (0..padded_rows).step_by(2 * BLOCK) {
        for column in (0..columns).step_by(BLOCK) {
            let (height, width) = (rows.saturating_sub(row).min(2 * BLOCK), BLOCK.min(columns - column));
            let block = transposed_block(
                kernel,
                &pairs_of_rows(&source[(row * stride + column).min(source.len())..], stride, height, width),
            );
            for (offset, pairs_of_column) in block.iter().enumerate().take(width) {
                let start = (column + offset) * line + row / 2;
                pairs[start..start + BLOCK].copy_from_slice(pairs_of_column);
            }
        }
    }
}

impl Packed<Bf16> {
    /// Packs `depth × columns` numbers, `stride` from row to row, as it is; the depth is padded with zeros.
    pub fn round_columns(&mut self, source: &[f32], depth: usize, columns: usize, stride: usize, padded_depth: usize) {
        for (panel, target) in self.reshape(columns, depth, padded_depth).enumerate() {
            let first = panel * NR;
            let width = NR.min(columns - first);
            let pairs: &mut [u32] = bytemuck::cast_slice_mut(target);
            pulp::Arch::new().dispatch(
                #[inline(always)]
                || {
                    for (group, line) in pairs.chunks_exact_mut(NR).take(depth.div_ceil(2)).enumerate() {
                        let upper = &source[2 * group * stride + first..][..width];
                        if 2 * group + 1 < depth {
                            let lower = &source[(2 * group + 1) * stride + first..][..width];
                            for ((pair, &a), &b) in line.iter_mut().zip(upper).zip(lower) {
                                *pair = pair_of(a, b);
                            }
                        } else {
                            for (pair, &a) in line.iter_mut().zip(upper) {
                                *pair = pair_of(a, 0.0);
                            }
                        }
                    }
                },
            );
        }
    }

    /// Packs the transpose of `rows × depth`, `stride` from row to row: each row becomes a column.
    pub fn round_rows(
        &mut self,
        kernel: Kernel,
        source: &[f32],
        rows: usize,
        depth: usize,
        stride: usize,
        padded_depth: usize,
    ) {
        for (panel, target) in self.reshape(rows, depth, padded_depth).enumerate() {
            let lines: &mut [u32] = bytemuck::cast_slice_mut(target);
            for half in [0, BLOCK] {
                let first = panel * NR + half;
                let height = BLOCK.min(rows.saturating_sub(first));
                for at in (0..if height > 0 { depth } else { 0 }).step_by(2 * BLOCK) {
                    let width = (2 * BLOCK).min(depth - at);
                    let block = pairs_along_rows(&source[first * stride + at..], stride, height, width);
                    for (offset, pairs) in transposed_block(kernel, &block).iter().enumerate().take(width.div_ceil(2)) {
                        let start = (at / 2 + offset) * NR + half;
                        lines[start..start + height].copy_from_slice(&pairs[..height]);
                    }
                }
            }
        }
    }
}

#[inline(always)]
fn pair_of(first: f32, second: f32) -> u32 {
    u32::from(Bf16::from_f32(first).0) | (u32::from(Bf16::from_f32(second).0) << 16)
}

/// Pairs made of a row and the one below it: `height` rows of `width` numbers, zeros beyond.
#[inline(always)]
fn pairs_of_rows(source: &[f32], stride: usize, height: usize, width: usize) -> Block {
    let mut block = [[0; BLOCK]; BLOCK];
    pulp::Arch::new().dispatch(
        #[inline(always)]
        || {
            if height == 2 * BLOCK && width == BLOCK {
                for (pair, line) in block.iter_mut().enumerate() {
                    let upper: &[f32; BLOCK] = fixed(&source[2 * pair * stride..]);
                    let lower: &[f32; BLOCK] = fixed(&source[(2 * pair + 1) * stride..]);
                    for lane in 0..BLOCK {
                        line[lane] = pair_of(upper[lane], lower[lane]);
                    }
                }
                return;
            }
            for (pair, line) in block.iter_mut().enumerate().take(height.div_ceil(2)) {
                for (lane, cell) in line.iter_mut().enumerate().take(width) {
                    let below = if 2 * pair + 1 < height { source[(2 * pair + 1) * stride + lane] } else { 0.0 };
                    *cell = pair_of(source[2 * pair * stride + lane], below);
                }
            }
        },
    );
    block
}

/// Pairs made of two neighbours in a row: `height` rows of `width` numbers, zeros beyond.
#[inline(always)]
fn pairs_along_rows(source: &[f32], stride: usize, height: usize, width: usize) -> Block {
    let mut block = [[0; BLOCK]; BLOCK];
    pulp::Arch::new().dispatch(
        #[inline(always)]
        || {
            for (row, line) in block.iter_mut().enumerate().take(height) {
                let numbers = &source[row * stride..][..width];
                let (pairs, rest) = numbers.as_chunks::<2>();
                for (cell, &[a, b]) in line.iter_mut().zip(pairs) {
                    *cell = pair_of(a, b);
                }
                if let [last] = rest {
                    line[pairs.len()] = pair_of(*last, 0.0);
                }
            }
        },
    );
    block
}

#[inline(always)]
fn fixed(numbers: &[f32]) -> &[f32; BLOCK] {
    // A fixed length lets the compiler load whole registers.
    match numbers.first_chunk() {
        Some(chunk) => chunk,
        None => unreachable!("a whole block was asked for"),
    }
}

#[inline(always)]
fn transposed_block(kernel: Kernel, block: &Block) -> Block {
    #[cfg(target_arch = "x86_64")]
    if kernel.has_avx512() {
        // SAFETY: `Kernel` values come from detection only, so the CPU has AVX-512.
        return unsafe { transposed_avx512(block) };
    }
    let _ = kernel;
    std::array::from_fn(|row| std::array::from_fn(|column| block[column][row]))
}

/// Four rounds of 16 shuffles: pairs of cells, pairs of pairs, then quarters of registers twice.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn transposed_avx512(block: &Block) -> Block {
    use std::arch::x86_64::*;
    let mut rows = [_mm512_setzero_si512(); BLOCK];
    for (register, line) in rows.iter_mut().zip(block) {
        // SAFETY: a line is 64 bytes; the load needs no alignment.
        *register = unsafe { _mm512_loadu_si512(line.as_ptr().cast()) };
    }
    let mut pairs = rows;
    for i in 0..8 {
        pairs[2 * i] = _mm512_unpacklo_epi32(rows[2 * i], rows[2 * i + 1]);
        pairs[2 * i + 1] = _mm512_unpackhi_epi32(rows[2 * i], rows[2 * i + 1]);
    }
    let mut fours = rows;
    for i in 0..4 {
        for half in 0..2 {
            let (a, b) = (pairs[4 * i + half], pairs[4 * i + 2 + half]);
            fours[4 * i + 2 * half] = _mm512_unpacklo_epi64(a, b);
            fours[4 * i + 2 * half + 1] = _mm512_unpackhi_epi64(a, b);
        }
    }
    // fours[4 i + j] holds, in its quarter q, cells 4 i … 4 i + 3 of column 4 q + j.
    let mut out = [[0; BLOCK]; BLOCK];
    for j in 0..4 {
        let (a, b, c, d) = (fours[j], fours[4 + j], fours[8 + j], fours[12 + j]);
        let (low_ab, high_ab) = (_mm512_shuffle_i32x4::<0x88>(a, b), _mm512_shuffle_i32x4::<0xdd>(a, b));
        let (low_cd, high_cd) = (_mm512_shuffle_i32x4::<0x88>(c, d), _mm512_shuffle_i32x4::<0xdd>(c, d));
        let columns = [
            _mm512_shuffle_i32x4::<0x88>(low_ab, low_cd),
            _mm512_shuffle_i32x4::<0x88>(high_ab, high_cd),
            _mm512_shuffle_i32x4::<0xdd>(low_ab, low_cd),
            _mm512_shuffle_i32x4::<0xdd>(high_ab, high_cd),
        ];
        for (quarter, column) in columns.into_iter().enumerate() {
            // SAFETY: a line is 64 bytes; the store needs no alignment.
            unsafe { _mm512_storeu_si512(out[4 * quarter + j].as_mut_ptr().cast(), column) };
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(count: usize) -> Vec<f32> {
        (0..count).map(|i| (i as f32 * 0.37).sin() * 3.0).collect()
    }

    #[test]
    fn every_layout_holds_the_rounded_numbers_where_products_look_for_them() {
        for kernel in Kernel::available() {
            for (rows, columns, stride) in [(1, 1, 3), (32, 16, 16), (37, 45, 50), (64, 96, 96), (70, 33, 33)] {
                let source = numbers((rows - 1) * stride + columns);
                let number = |row: usize, column: usize| Bf16::from_f32(source[row * stride + column]);
                let mut out = vec![Bf16(7); 5];
                let padded = rows.next_multiple_of(32);
                transposed(kernel, &mut out, &source, rows, columns, stride, padded);
                for column in 0..columns {
                    for row in 0..padded {
                        let want = if row < rows { number(row, column) } else { Bf16::default() };
                        assert_eq!(out[column * padded + row], want, "{rows}×{columns} at {row}, {column}");
                    }
                }
                let whole: Vec<Bf16> = (0..rows * columns).map(|at| number(at / columns, at % columns)).collect();
                let (mut got, mut want) = (Packed::<Bf16>::default(), Packed::<Bf16>::default());
                got.round_columns(&source, rows, columns, stride, padded);
                want.fill_with_columns(&whole, rows, columns, columns, padded);
                assert!(got.panels().eq(want.panels()), "{rows}×{columns} packed as it is");
                let padded = columns.next_multiple_of(32);
                got.round_rows(kernel, &source, rows, columns, stride, padded);
                want.fill_with_rows(&whole, rows, columns, columns, padded);
                assert!(got.panels().eq(want.panels()), "{rows}×{columns} packed as columns");
                rounded(&mut out, &source, rows, columns, stride, padded);
                for row in 0..rows {
                    let line = &out[row * padded..(row + 1) * padded];
                    assert!((0..columns).all(|column| line[column] == number(row, column)), "a row as it is");
                    assert!(line[columns..].iter().all(|zero| *zero == Bf16::default()), "padded with zeros");
                }
            }
        }
    }
}
