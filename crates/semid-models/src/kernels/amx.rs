//! The micro-kernel for Intel's AMX: 32 × 32 sums in four tile registers.
//!
//! Rust has no stable intrinsics for it, so its few instructions are written in assembly, behind [`Registers`]: a second
//! implementation in plain Rust lets the walk and the layouts be tested on a processor without AMX.

use std::arch::asm;
use std::arch::x86_64::__cpuid_count;

use super::element::Bf16;
use super::finish::Finish;
use super::packed::{NR, Packed};
use super::tiles::{MAX_ROWS, Matrix, Tile, walk};

/// bf16 numbers in a row of a tile register: the depth that one instruction sums over.
const DEPTH: usize = 32;
/// Rows of a tile register.
const ROWS: usize = 16;

/// Whether the processor has AMX with bf16 and the system lets this process use it. Asks the system for it.
pub(super) fn is_usable() -> bool {
    static USABLE: std::sync::OnceLock<bool> = std::sync::OnceLock::new();
    *USABLE.get_or_init(|| has_instructions() && is_enabled() && is_permitted() && computes())
}

/// Whether a product's depth is whole tile registers.
pub(super) fn fits(right: &Packed<Bf16>) -> bool {
    right.depth() > 0 && right.depth().is_multiple_of(DEPTH)
}

/// # Safety
/// [`is_usable`] said so, and [`fits`].
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
pub(super) unsafe fn product_bf16_amx<F: Finish>(left: Matrix<'_, Bf16>, right: &Packed<Bf16>, finish: &mut F) {
    // SAFETY: promised by the caller.
    let mut registers = unsafe { Hardware::configure() };
    product(&mut registers, left, right, finish);
}

#[inline(always)]
fn product<R: Registers, F: Finish>(registers: &mut R, left: Matrix<'_, Bf16>, right: &Packed<Bf16>, finish: &mut F) {
    let depth = right.depth();
    left.check(depth);
    assert!(depth.is_multiple_of(DEPTH), "a depth is whole tile registers");
    // Registers are always full, so the last rows are copied to where zeros follow them.
    let whole = left.rows / MAX_ROWS * MAX_ROWS;
    let mut rest = Vec::new();
    if whole < left.rows {
        rest.resize(MAX_ROWS * depth, Bf16::default());
        for (row, target) in (whole..left.rows).zip(rest.chunks_exact_mut(depth)) {
            target.copy_from_slice(&left.numbers[row * left.stride..row * left.stride + depth]);
        }
    }
    let mut part = |numbers: &[Bf16], stride: usize, first: usize, rows: usize, most: usize| {
        walk::<Bf16, _, true>(rows, most, right, &mut Shifted { finish, first }, |row, _, panel, tile| {
            let start = &numbers[row * stride..];
            assert!(start.len() >= (MAX_ROWS - 1) * stride + depth && panel.len() >= depth * NR, "a tile is full");
            // SAFETY: just checked: 32 rows of `depth` numbers, and a panel of as many depths.
            unsafe { sum_tile(registers, start.as_ptr(), stride, panel.as_ptr(), depth, tile) };
        });
    };
    part(left.numbers, left.stride, 0, whole, MAX_ROWS);
    part(&rest, depth, whole, left.rows - whole, MAX_ROWS);
}

/// # Safety
/// `left` has 32 rows of `depth` numbers, `stride` apart; `panel` has `depth × NR`; `depth` is a multiple of [`DEPTH`].
#[inline(always)]
unsafe fn sum_tile<R: Registers>(
    registers: &mut R,
    left: *const Bf16,
    stride: usize,
    panel: *const Bf16,
    depth: usize,
    tile: &mut Tile,
) {
    const LINE: usize = NR * 2;
    // SAFETY: all addresses are inside what the caller promised; a register is 16 rows of 64 bytes.
    unsafe {
        registers.zero::<0>();
        registers.zero::<1>();
        registers.zero::<2>();
        registers.zero::<3>();
        for at in (0..depth).step_by(DEPTH) {
            let line = panel.add(at * NR);
            registers.load::<6>(line.cast(), LINE * 2);
            registers.load::<7>(line.add(LINE / 2).cast(), LINE * 2);
            registers.load::<4>(left.add(at).cast(), stride * 2);
            registers.multiply_add::<0, 4, 6>();
            registers.multiply_add::<1, 4, 7>();
            registers.load::<5>(left.add(ROWS * stride + at).cast(), stride * 2);
            registers.multiply_add::<2, 5, 6>();
            registers.multiply_add::<3, 5, 7>();
        }
        let sums = tile.0.as_mut_ptr().cast::<f32>();
        registers.store::<0>(sums.cast(), NR * 4);
        registers.store::<1>(sums.add(NR / 2).cast(), NR * 4);
        registers.store::<2>(sums.add(ROWS * NR).cast(), NR * 4);
        registers.store::<3>(sums.add(ROWS * NR + NR / 2).cast(), NR * 4);
    }
}

/// A finish that sees rows counted from `first`.
struct Shifted<'f, F> {
    finish: &'f mut F,
    first: usize,
}

impl<F: Finish> Finish for Shifted<'_, F> {
    #[inline(always)]
    fn tile<const FUSED: bool>(&mut self, row: usize, column: usize, width: usize, sums: &[[f32; NR]]) {
        self.finish.tile::<FUSED>(self.first + row, column, width, sums);
    }
}

/// Eight registers of 16 rows of 64 bytes.
trait Registers {
    unsafe fn zero<const T: usize>(&mut self);
    /// Reads rows that are `stride` bytes apart.
    unsafe fn load<const T: usize>(&mut self, from: *const u8, stride: usize);
    unsafe fn store<const T: usize>(&mut self, to: *mut u8, stride: usize);
    /// C[m, n] += Σ over k of A[m, 2k] B[k, 2n] + A[m, 2k+1] B[k, 2n+1].
    unsafe fn multiply_add<const C: usize, const A: usize, const B: usize>(&mut self);
}

/// The processor's own registers, configured as long as this lives. They belong to the thread.
struct Hardware(std::marker::PhantomData<*const ()>);

#[repr(C, align(64))]
struct Configuration {
    palette: u8,
    start_row: u8,
    reserved: [u8; 14],
    bytes_per_row: [u16; 16],
    rows: [u8; 16],
}

impl Hardware {
    /// # Safety
    /// The processor has AMX, and the system lets this process use it.
    unsafe fn configure() -> Hardware {
        let mut configuration =
            Configuration { palette: 1, start_row: 0, reserved: [0; 14], bytes_per_row: [0; 16], rows: [0; 16] };
        configuration.bytes_per_row[..8].fill(64);
        configuration.rows[..8].fill(ROWS as u8);
        // SAFETY: 64 bytes of a valid configuration; the compiler itself never uses these registers.
        unsafe { asm!("ldtilecfg [{}]", in(reg) &configuration, options(nostack, readonly)) };
        Hardware(std::marker::PhantomData)
    }
}

impl Drop for Hardware {
    fn drop(&mut self) {
        // SAFETY: only a configured thread has a value of this type.
        unsafe { asm!("tilerelease", options(nostack, nomem)) };
    }
}

impl Registers for Hardware {
    #[inline(always)]
    unsafe fn zero<const T: usize>(&mut self) {
        // SAFETY: the registers are configured.
        unsafe { asm!("tilezero tmm{}", const T, options(nostack, nomem)) };
    }

    #[inline(always)]
    unsafe fn load<const T: usize>(&mut self, from: *const u8, stride: usize) {
        // SAFETY: the caller promises 16 rows of 64 bytes.
        unsafe {
            asm!("tileloadd tmm{}, [{} + {} * 1]", const T, in(reg) from, in(reg) stride, options(nostack, readonly));
        }
    }

    #[inline(always)]
    unsafe fn store<const T: usize>(&mut self, to: *mut u8, stride: usize) {
        // SAFETY: the caller promises 16 rows of 64 bytes.
        unsafe { asm!("tilestored [{} + {} * 1], tmm{}", in(reg) to, in(reg) stride, const T, options(nostack)) };
    }

    #[inline(always)]
    unsafe fn multiply_add<const C: usize, const A: usize, const B: usize>(&mut self) {
        // SAFETY: the registers are configured.
        unsafe { asm!("tdpbf16ps tmm{}, tmm{}, tmm{}", const C, const A, const B, options(nostack, nomem)) };
    }
}

/// Leaf 7 of CPUID: AMX-BF16 is bit 22, AMX-TILE bit 24; leaf 1: XGETBV is there.
fn has_instructions() -> bool {
    let (basic, extended) = (__cpuid_count(1, 0), __cpuid_count(7, 0));
    basic.ecx & (1 << 27) != 0 && extended.edx & (1 << 22) != 0 && extended.edx & (1 << 24) != 0
}

/// Whether the system saves tile registers (bits 17 and 18 of XCR0).
fn is_enabled() -> bool {
    let low: u32;
    // SAFETY: `has_instructions` saw that XGETBV is there.
    unsafe { asm!("xgetbv", in("ecx") 0, out("eax") low, out("edx") _, options(nostack, nomem)) };
    low & (3 << 17) == 3 << 17
}

/// Linux gives tile registers to processes that ask: arch_prctl(ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA).
#[cfg(target_os = "linux")]
fn is_permitted() -> bool {
    let result: i64;
    // SAFETY: system call 158 with these numbers changes only what this process may use.
    unsafe {
        asm!("syscall", inlateout("rax") 158i64 => result, in("rdi") 0x1023, in("rsi") 18,
            out("rcx") _, out("r11") _, options(nostack));
    }
    result == 0
}

#[cfg(not(target_os = "linux"))]
fn is_permitted() -> bool {
    false
}

/// One product with a known result: a processor (or an emulator) that gets it wrong is not used.
fn computes() -> bool {
    let weights: Vec<f32> = (0..NR * DEPTH).map(|i| (i % 7) as f32 - 3.0).collect();
    let left: Vec<Bf16> = (0..MAX_ROWS * DEPTH).map(|i| super::Element::from_f32((i % 5) as f32 - 2.0)).collect();
    let packed = Packed::from_weights(&weights, NR, DEPTH);
    let mut sums = vec![0.0f32; MAX_ROWS * NR];
    let scales = [1.0; MAX_ROWS];
    // SAFETY: the three checks before this one said that the instructions may be used.
    let mut registers = unsafe { Hardware::configure() };
    product(
        &mut registers,
        Matrix { numbers: &left, rows: MAX_ROWS, stride: DEPTH },
        &packed,
        &mut super::Scatter { scales: &scales, out: &mut sums, stride: NR },
    );
    // Small whole numbers: every sum is exact in any order.
    sums.iter().enumerate().all(|(at, sum)| {
        let (row, column) = (at / NR, at % NR);
        let term = |k: usize| (((row * DEPTH + k) % 5) as f32 - 2.0) * weights[column * DEPTH + k];
        *sum == (0..DEPTH).map(term).sum::<f32>()
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Element, Scatter};
    use super::*;

    /// What the processor's manual says the instructions do.
    struct Emulated([[[u8; 64]; ROWS]; 8]);

    impl Registers for Emulated {
        unsafe fn zero<const T: usize>(&mut self) {
            self.0[T] = [[0; 64]; ROWS];
        }

        unsafe fn load<const T: usize>(&mut self, from: *const u8, stride: usize) {
            for (row, target) in self.0[T].iter_mut().enumerate() {
                // SAFETY: the caller promises 16 rows of 64 bytes.
                unsafe { std::ptr::copy_nonoverlapping(from.add(row * stride), target.as_mut_ptr(), 64) };
            }
        }

        unsafe fn store<const T: usize>(&mut self, to: *mut u8, stride: usize) {
            for (row, source) in self.0[T].iter().enumerate() {
                // SAFETY: the caller promises 16 rows of 64 bytes.
                unsafe { std::ptr::copy_nonoverlapping(source.as_ptr(), to.add(row * stride), 64) };
            }
        }

        unsafe fn multiply_add<const C: usize, const A: usize, const B: usize>(&mut self) {
            let number = |row: &[u8; 64], at: usize| Bf16(u16::from_le_bytes([row[2 * at], row[2 * at + 1]])).to_f32();
            for m in 0..ROWS {
                for k in 0..ROWS {
                    for n in 0..16 {
                        let cell = 4 * n..4 * n + 4;
                        let sum = f32::from_le_bytes(self.0[C][m][cell.clone()].try_into().unwrap_or_default());
                        let first = number(&self.0[A][m], 2 * k) * number(&self.0[B][k], 2 * n);
                        let second = number(&self.0[A][m], 2 * k + 1) * number(&self.0[B][k], 2 * n + 1);
                        self.0[C][m][cell].copy_from_slice(&(sum + first + second).to_le_bytes());
                    }
                }
            }
        }
    }

    #[test]
    fn the_walk_over_tile_registers_gives_the_plain_product() {
        for (rows, depth, columns, stride) in [(1, 32, 1, 32), (31, 64, 33, 70), (32, 32, 32, 32), (77, 96, 100, 96)] {
            let number = |i: usize, m: usize| ((i * 7919 % m) as f32 - (m / 2) as f32) / 8.0;
            let left: Vec<Bf16> = (0..rows * stride).map(|i| Bf16::from_f32(number(i, 31))).collect();
            let weights: Vec<f32> = (0..columns * depth).map(|i| number(i, 23)).collect();
            let mut out = vec![0.0f32; rows * columns];
            product(
                &mut Emulated([[[0xff; 64]; ROWS]; 8]),
                Matrix { numbers: &left, rows, stride },
                &Packed::from_weights(&weights, columns, depth),
                &mut Scatter { scales: &vec![1.0; rows], out: &mut out, stride: columns },
            );
            for row in 0..rows {
                for column in 0..columns {
                    let terms = (0..depth).map(|k| left[row * stride + k].to_f32() * weights[column * depth + k]);
                    // Multiples of 1/64 below 2^18: exact in any order.
                    assert_eq!(
                        out[row * columns + column],
                        terms.sum::<f32>(),
                        "{rows}×{depth}×{columns} at {row}, {column}"
                    );
                }
            }
        }
    }
}
