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
    let rows: [&[T]; ROWS] = std::array::from_fn(|row| &left[row * stride..row * stride + depth]);
    for column in (0..NR).step_by(WIDTH) {
        let mut sums = [[0.0f32; WIDTH]; ROWS];
        for (group, line) in panel.chunks_exact(NR * T::GROUP).take(depth / T::GROUP).enumerate() {
            let right = &line[column * T::GROUP..(column + WIDTH) * T::GROUP];
            for offset in 0..T::GROUP {
                for row in 0..ROWS {
                    let value = rows[row][group * T::GROUP + offset].to_f32();
                    for (lane, sum) in sums[row].iter_mut().enumerate() {
                        *sum = multiply_add::<FUSED>(value, right[lane * T::GROUP + offset].to_f32(), *sum);
                    }
                }
            }
        }
        for (target, sums) in tile.0.iter_mut().zip(&sums) {
            target[column..column + WIDTH].copy_from_slice(sums);
        }
    }
}
