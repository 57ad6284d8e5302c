//! The numbers that a product multiplies: f32, or bf16 with sums in f32.

use bytemuck::{Pod, Zeroable};

use super::Kernel;
use super::finish::Finish;
use super::packed::Packed;
use super::tiles::{Matrix, portable_product};

/// A number a product can multiply. Sums are f32 always.
pub trait Element: Pod + Default + Send + Sync {
    /// How many consecutive depths of one column lie side by side in a panel: what one instruction multiplies.
    const GROUP: usize;
    /// Rounds to nearest, ties to even.
    fn from_f32(value: f32) -> Self;
    /// Exact.
    fn to_f32(self) -> f32;
    /// `left × right`, tile by tile into `finish`, with the fastest micro-kernel that `kernel` allows.
    fn product<F: Finish>(kernel: Kernel, left: Matrix<'_, Self>, right: &Packed<Self>, finish: &mut F);
}

impl Element for f32 {
    const GROUP: usize = 1;

    #[inline(always)]
    fn from_f32(value: f32) -> Self {
        value
    }

    #[inline(always)]
    fn to_f32(self) -> f32 {
        self
    }

    fn product<F: Finish>(kernel: Kernel, left: Matrix<'_, f32>, right: &Packed<f32>, finish: &mut F) {
        #[cfg(target_arch = "x86_64")]
        {
            if kernel.has_avx512() {
                // SAFETY: `Kernel` values come from detection only, so the CPU has AVX-512.
                return unsafe { super::x86::product_f32_avx512(left, right, finish) };
            }
            if kernel.has_avx2() {
                // SAFETY: as above, for AVX2 and FMA.
                return unsafe { super::x86::product_f32_avx2(left, right, finish) };
            }
        }
        let _ = kernel;
        portable_product(left, right, finish);
    }
}

/// A number of 8 exponent and 7 mantissa bits: the upper half of an f32.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(transparent)]
pub struct Bf16(pub u16);

// SAFETY: a transparent wrapper of u16, for which every bit pattern is a value.
unsafe impl Zeroable for Bf16 {}
// SAFETY: as above.
unsafe impl Pod for Bf16 {}

impl Element for Bf16 {
    const GROUP: usize = 2;

    #[inline(always)]
    fn from_f32(value: f32) -> Self {
        let bits = value.to_bits();
        // A NaN from arithmetic has its top mantissa bit set and zeros below, so the carry cannot turn it into a number.
        Bf16((bits.wrapping_add(0x7fff + ((bits >> 16) & 1)) >> 16) as u16)
    }

    #[inline(always)]
    fn to_f32(self) -> f32 {
        f32::from_bits(u32::from(self.0) << 16)
    }

    fn product<F: Finish>(kernel: Kernel, left: Matrix<'_, Bf16>, right: &Packed<Bf16>, finish: &mut F) {
        #[cfg(target_arch = "x86_64")]
        {
            if kernel.has_amx() && super::amx::fits(right) {
                // SAFETY: `Kernel` values come from detection only: the CPU has AMX, and this process may use it.
                return unsafe { super::amx::product_bf16_amx(left, right, finish) };
            }
            if kernel.has_avx512_bf16() {
                // SAFETY: `Kernel` values come from detection only, so the CPU has AVX512-BF16.
                return unsafe { super::x86::product_bf16_avx512(left, right, finish) };
            }
        }
        let _ = kernel;
        portable_product(left, right, finish);
    }
}
