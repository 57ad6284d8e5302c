//! Micro-kernels in AVX2, AVX-512 and AVX512-BF16.
//!
//! Each sums a tile in registers: a row's number is broadcast, multiplied with the panel's columns and added.

use std::arch::x86_64::*;

use super::element::Bf16;
use super::finish::Finish;
use super::packed::{NR, Packed};
use super::tiles::{Matrix, Tile, walk};

/// 14 rows × 32 columns are 28 sums of the 32 registers; two hold the columns, one the broadcast.
const ROWS_AVX512: usize = 14;
/// 6 rows × 16 columns are 12 sums of the 16 registers.
const ROWS_AVX2: usize = 6;

/// Calls a micro-kernel with the number of rows as a constant.
macro_rules! with_rows {
    ($rows:expr, $kernel:ident $arguments:tt, $($constant:literal)*) => {
        match $rows {
            $($constant => $kernel::<$constant> $arguments,)*
            _ => unreachable!("a strip has at least one row and at most the kernel's"),
        }
    };
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
pub(super) fn product_f32_avx512<F: Finish>(left: Matrix<'_, f32>, right: &Packed<f32>, finish: &mut F) {
    let depth = right.depth();
    left.check(depth);
    walk::<f32, F, true>(left.rows, ROWS_AVX512, right, finish, |first, rows, panel, tile| {
        let (left, stride) = (left.numbers[first * left.stride..].as_ptr(), left.stride);
        // SAFETY: `check` saw that every row has `depth` numbers; a panel has `depth × NR`.
        unsafe {
            with_rows!(rows, tile_f32_avx512(left, stride, panel.as_ptr(), depth, tile), 1 2 3 4 5 6 7 8 9 10 11 12 13 14);
        }
    });
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma")]
pub(super) fn product_bf16_avx512<F: Finish>(left: Matrix<'_, Bf16>, right: &Packed<Bf16>, finish: &mut F) {
    let depth = right.depth();
    left.check(depth);
    walk::<Bf16, F, true>(left.rows, ROWS_AVX512, right, finish, |first, rows, panel, tile| {
        let (left, stride) = (left.numbers[first * left.stride..].as_ptr(), left.stride);
        // SAFETY: as above; `Packed` keeps bf16 depths even.
        unsafe {
            with_rows!(rows, tile_bf16_avx512(left, stride, panel.as_ptr(), depth, tile), 1 2 3 4 5 6 7 8 9 10 11 12 13 14);
        }
    });
}

#[target_feature(enable = "avx2,fma")]
pub(super) fn product_f32_avx2<F: Finish>(left: Matrix<'_, f32>, right: &Packed<f32>, finish: &mut F) {
    let depth = right.depth();
    left.check(depth);
    walk::<f32, F, true>(left.rows, ROWS_AVX2, right, finish, |first, rows, panel, tile| {
        let (left, stride) = (left.numbers[first * left.stride..].as_ptr(), left.stride);
        // SAFETY: as above.
        unsafe {
            with_rows!(rows, tile_f32_avx2(left, stride, panel.as_ptr(), depth, tile), 1 2 3 4 5 6);
        }
    });
}

/// # Safety
/// `left` has ROWS rows of `depth` numbers, `stride` apart; `panel` has `depth × NR` at a multiple of 64 bytes.
#[target_feature(enable = "avx512f")]
unsafe fn tile_f32_avx512<const ROWS: usize>(
    left: *const f32,
    stride: usize,
    panel: *const f32,
    depth: usize,
    tile: &mut Tile,
) {
    let mut sums = [[_mm512_setzero_ps(); 2]; ROWS];
    for at in 0..depth {
        // SAFETY: `at < depth`, and the caller promised the rest.
        unsafe {
            let columns = [_mm512_load_ps(panel.add(at * NR)), _mm512_load_ps(panel.add(at * NR + 16))];
            for (row, sums) in sums.iter_mut().enumerate() {
                let value = _mm512_set1_ps(*left.add(row * stride + at));
                sums[0] = _mm512_fmadd_ps(value, columns[0], sums[0]);
                sums[1] = _mm512_fmadd_ps(value, columns[1], sums[1]);
            }
        }
    }
    store_avx512(&sums, tile);
}

/// # Safety
/// As above, with an even `depth`.
#[target_feature(enable = "avx512f,avx512bf16")]
unsafe fn tile_bf16_avx512<const ROWS: usize>(
    left: *const Bf16,
    stride: usize,
    panel: *const Bf16,
    depth: usize,
    tile: &mut Tile,
) {
    let mut sums = [[_mm512_setzero_ps(); 2]; ROWS];
    for at in (0..depth).step_by(2) {
        // SAFETY: `at + 1 < depth`, and the caller promised the rest; the pair is read unaligned.
        unsafe {
            let line = panel.add(at * NR).cast::<__m512i>();
            let columns = [as_bf16(_mm512_load_si512(line)), as_bf16(_mm512_load_si512(line.add(1)))];
            for (row, sums) in sums.iter_mut().enumerate() {
                let pair = left.add(row * stride + at).cast::<i32>().read_unaligned();
                let value = as_bf16(_mm512_set1_epi32(pair));
                sums[0] = _mm512_dpbf16_ps(sums[0], value, columns[0]);
                sums[1] = _mm512_dpbf16_ps(sums[1], value, columns[1]);
            }
        }
    }
    store_avx512(&sums, tile);
}

#[inline]
#[target_feature(enable = "avx512f,avx512bf16")]
fn as_bf16(bits: __m512i) -> __m512bh {
    // SAFETY: both are 64 bytes for which every bit pattern is a value.
    unsafe { std::mem::transmute(bits) }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn store_avx512<const ROWS: usize>(sums: &[[__m512; 2]; ROWS], tile: &mut Tile) {
    for (target, sums) in tile.0.iter_mut().zip(sums) {
        // SAFETY: a row of a tile is 32 numbers at a multiple of 64 bytes.
        unsafe {
            _mm512_store_ps(target.as_mut_ptr(), sums[0]);
            _mm512_store_ps(target.as_mut_ptr().add(16), sums[1]);
        }
    }
}

/// # Safety
/// As for AVX-512.
#[target_feature(enable = "avx2,fma")]
unsafe fn tile_f32_avx2<const ROWS: usize>(
    left: *const f32,
    stride: usize,
    panel: *const f32,
    depth: usize,
    tile: &mut Tile,
) {
    for half in [0, 16] {
        let mut sums = [[_mm256_setzero_ps(); 2]; ROWS];
        for at in 0..depth {
            // SAFETY: `at < depth`, and the caller promised the rest.
            unsafe {
                let line = panel.add(at * NR + half);
                let columns = [_mm256_load_ps(line), _mm256_load_ps(line.add(8))];
                for (row, sums) in sums.iter_mut().enumerate() {
                    let value = _mm256_set1_ps(*left.add(row * stride + at));
                    sums[0] = _mm256_fmadd_ps(value, columns[0], sums[0]);
                    sums[1] = _mm256_fmadd_ps(value, columns[1], sums[1]);
                }
            }
        }
        for (target, sums) in tile.0.iter_mut().zip(&sums) {
            // SAFETY: a row of a tile is 32 numbers at a multiple of 64 bytes.
            unsafe {
                _mm256_store_ps(target.as_mut_ptr().add(half), sums[0]);
                _mm256_store_ps(target.as_mut_ptr().add(half + 8), sums[1]);
            }
        }
    }
}
