//! The micro-kernel for any CPU, written so that the compiler vectorises it.

use super::Element;
use super::math::multiply_add;
use super::packed::NR;
use super::tiles::Tile;

/// Rows of a tile.
pub(super) const ROWS: usize = 4;
/// Whether a multiply-add is one instruction in code compiled for any CPU of this architecture.
pub(super) const FUSED: bool = cfg!(any(target_arch = "aarch64", target_feature = "fma"));
/// Columns summed at a time: 4 × 8 sums fit the registers of SSE2 and of NEON.
const WIDTH: usize = 8;

/// Sums `rows × NR`.
#[inline(always)]
pub(super) fn tile<T: Element>(left: &[T], stride: usize, rows: usize, panel: &[T], depth: usize, tile: &mut Tile) {
    match rows {
        1 => sums::<T, 1>(left, stride, panel, depth, tile),
        2 => sums::<T, 2>(left, stride, panel, depth, tile),
        3 => sums::<T, 3>(left, stride, panel, depth, tile),
        _ => sums::<T, 4>(left, stride, panel, depth, tile),
    }
}

#[inline(always)]
fn sums<T: Element, const ROWS: usize>(left: &[T], stride: usize, panel: &[T], depth: usize, tile: &mut Tile) {
    let mut rows: [&[T]; ROWS] = [&[]; ROWS];
    for (row, start) in rows.iter_mut().zip((0..).step_by(stride)) {
        *row = &left[start..start + depth];
    }
    for column in (0..NR).step_by(WIDTH) {
        let mut sums = [[0.0f32; WIDTH]; ROWS];
        let mut rows = rows.map(|row| row.iter());
        for line in panel.chunks_exact(NR * T::GROUP) {
            for offset in 0..T::GROUP {
                // Columns of one depth are `GROUP` apart; the step is a constant, and so is every length here.
                let right: [f32; WIDTH] =
                    std::array::from_fn(|lane| line[(column + lane) * T::GROUP + offset].to_f32());
                for (row, sums) in rows.iter_mut().zip(&mut sums) {
                    let value = row.next().map_or(0.0, |value| value.to_f32());
                    for lane in 0..WIDTH {
                        sums[lane] = multiply_add::<FUSED>(value, right[lane], sums[lane]);
                    }
                }
            }
        }
        for (target, sums) in tile.0.iter_mut().zip(&sums) {
            target[column..column + WIDTH].copy_from_slice(sums);
        }
    }
}
