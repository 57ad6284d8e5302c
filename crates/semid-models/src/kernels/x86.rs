//! Micro-kernels in AVX2, AVX-512 and AVX512-BF16.
//!
//! Each sums a tile in registers: a row's number is broadcast, multiplied with the panel's columns and added. These three
//! instructions are written in assembly, because the compiler moves all broadcasts to the front, runs out of registers
//! and spills sums. Addresses are computed by wrapping operations, so that a build with overflow checks is as fast.

use std::arch::asm;
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
        let (left, stride) = (left.numbers[first * left.stride..].as_ptr().cast(), left.stride * 4);
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
        let (left, stride) = (left.numbers[first * left.stride..].as_ptr().cast(), left.stride * 2);
        // SAFETY: as above; `Packed` keeps bf16 depths even, and two make a step of four bytes.
        unsafe {
            with_rows!(rows, tile_bf16_avx512(left, stride, panel.as_ptr().cast(), depth / 2, tile), 1 2 3 4 5 6 7 8 9 10 11 12 13 14);
        }
    });
}

#[target_feature(enable = "avx2,fma")]
pub(super) fn product_f32_avx2<F: Finish>(left: Matrix<'_, f32>, right: &Packed<f32>, finish: &mut F) {
    let depth = right.depth();
    left.check(depth);
    walk::<f32, F, true>(left.rows, ROWS_AVX2, right, finish, |first, rows, panel, tile| {
        let (left, stride) = (left.numbers[first * left.stride..].as_ptr().cast(), left.stride * 4);
        // SAFETY: as above.
        unsafe {
            with_rows!(rows, tile_f32_avx2(left, stride, panel.as_ptr(), depth, tile), 1 2 3 4 5 6);
        }
    });
}

/// `sums += broadcast(address) × columns`, for one row.
macro_rules! multiply_row {
    ($class:ident, $register:ty, $multiply:literal, $address:literal, $base:expr $(, $stride:expr)?;
     $sums:expr, $columns:expr) => {{
        // A name and a type, since an output without them is given a register of a wrong kind.
        let _value: $register;
        asm!(
            concat!("vbroadcastss {value}, dword ptr [", $address, "]"),
            concat!($multiply, " {first}, {value}, {left}"),
            concat!($multiply, " {second}, {value}, {right}"),
            base = in(reg) $base,
            $(stride = in(reg) $stride,)?
            value = out($class) _value,
            first = inout($class) $sums[0],
            second = inout($class) $sums[1],
            left = in($class) $columns[0],
            right = in($class) $columns[1],
            options(pure, readonly, nostack, preserves_flags),
        )
    }};
}

/// Three rows of each pointer, as far as there are rows.
macro_rules! multiply_three {
    ($class:ident, $register:ty, $multiply:literal, $bases:ident, $stride:ident, $sums:ident, $columns:ident,
     $($third:literal)*) => {$(
        let base = $bases[$third];
        if 3 * $third < ROWS {
            multiply_row!($class, $register, $multiply, "{base}", base; $sums[3 * $third], $columns);
        }
        if 3 * $third + 1 < ROWS {
            multiply_row!($class, $register, $multiply, "{base} + {stride}", base, $stride;
                $sums[3 * $third + 1], $columns);
        }
        if 3 * $third + 2 < ROWS {
            multiply_row!($class, $register, $multiply, "{base} + 2*{stride}", base, $stride;
                $sums[3 * $third + 2], $columns);
        }
    )*};
}

/// One micro-kernel: ROWS × two registers of columns. Three rows share a pointer, which an address can reach with the
/// stride once and twice, so that all pointers fit the registers too.
macro_rules! micro_kernel {
    ($name:ident, $features:literal, $class:ident, $multiply:literal, $register:ty, $lanes:literal,
     $zero:ident, $load:ident, $store:ident) => {
        /// Sums `depth` steps of four bytes a row.
        ///
        /// # Safety
        /// `left` has ROWS rows of `depth` steps, `stride` bytes apart; `panel` has `depth` lines of [`NR`] steps at a
        /// multiple of 64 bytes.
        #[target_feature(enable = $features)]
        unsafe fn $name<const ROWS: usize>(
            left: *const u8,
            stride: usize,
            panel: *const f32,
            depth: usize,
            tile: &mut Tile,
        ) {
            for offset in (0..NR).step_by(2 * $lanes) {
                let mut sums: [[$register; 2]; ROWS] = [[$zero(); 2]; ROWS];
                let mut panel = panel.wrapping_add(offset);
                let mut bases = [left; 5];
                for third in 1..5 {
                    bases[third] = bases[third - 1].wrapping_add(stride.wrapping_mul(3));
                }
                for _ in 0..depth {
                    // SAFETY: the pointers have moved by less than `depth` steps, and only rows below ROWS are read.
                    unsafe {
                        let columns = [$load(panel), $load(panel.wrapping_add($lanes))];
                        // Written out, since a loop this long is not unrolled.
                        multiply_three!($class, $register, $multiply, bases, stride, sums, columns, 0 1 2 3 4);
                    }
                    bases = bases.map(|base| base.wrapping_add(4));
                    panel = panel.wrapping_add(NR);
                }
                for (target, sums) in tile.0.iter_mut().zip(&sums) {
                    // SAFETY: a row of a tile is NR numbers at a multiple of 64 bytes.
                    unsafe {
                        $store(target.as_mut_ptr().wrapping_add(offset), sums[0]);
                        $store(target.as_mut_ptr().wrapping_add(offset + $lanes), sums[1]);
                    }
                }
            }
        }
    };
}

micro_kernel!(
    tile_f32_avx512,
    "avx512f",
    zmm_reg,
    "vfmadd231ps",
    __m512,
    16,
    _mm512_setzero_ps,
    _mm512_load_ps,
    _mm512_store_ps
);
micro_kernel!(
    tile_bf16_avx512,
    "avx512f,avx512bf16",
    zmm_reg,
    "vdpbf16ps",
    __m512,
    16,
    _mm512_setzero_ps,
    _mm512_load_ps,
    _mm512_store_ps
);
micro_kernel!(
    tile_f32_avx2,
    "avx2,fma",
    ymm_reg,
    "vfmadd231ps",
    __m256,
    8,
    _mm256_setzero_ps,
    _mm256_load_ps,
    _mm256_store_ps
);
