//! Weights as codes: small whole numbers with a scale and an offset for each group, widened to f32 as a product reads them.
//!
//! A matrix lies in panels of [`NR`] columns as in [`Packed`]. For each group of depths a panel holds a scale and, where the
//! format has one, an offset a column, then one line of codes a depth. A weight is `code × scale + offset`, rounded once.
//! One row is multiplied as the codes are widened, which reads a quarter or an eighth of the bytes of f32; several rows
//! share one widened panel in the nearest cache. Both are the same chain of sums, so the bytes are the same.

use super::math::multiply_add;
use super::packed::{NR, Packed};
use super::{Kernel, Matrix, Store, portable, product};

/// How one weight is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// 0 to 15, with an offset a group.
    Four,
    /// −128 to 127, without offset.
    Eight,
    /// −128 to 127, with an offset a group.
    EightOffset,
    /// IEEE 754 binary16; no groups.
    Half,
    /// The upper half of an f32; no groups.
    Bf16,
    /// f32; no groups.
    Full,
}

/// `depth × columns` weights as codes, in panels.
#[derive(Clone, Debug)]
pub struct Coded {
    code: Code,
    depth: usize,
    columns: usize,
    group: usize,
    /// Per panel and group: [`NR`] scales, then as many offsets where there are any.
    scales: Vec<f32>,
    /// Per panel and depth: one line of codes.
    codes: Vec<u8>,
}

/// One column of weights (a row of the matrix as models store it), to be packed.
#[derive(Clone, Debug, Default)]
pub struct Column {
    /// One code a depth, whatever its kind: a byte for [`Code::Four`], `i8` as a byte for [`Code::Eight`], the bits of
    /// the number for the others.
    pub codes: Vec<u32>,
    /// One a group.
    pub scales: Vec<f32>,
    /// One a group, where the code has offsets.
    pub offsets: Vec<f32>,
}

impl Code {
    /// Bytes of one line of codes.
    const fn line(self) -> usize {
        match self {
            Code::Four => NR / 2,
            Code::Eight | Code::EightOffset => NR,
            Code::Half | Code::Bf16 => 2 * NR,
            Code::Full => 4 * NR,
        }
    }

    const fn has_scales(self) -> bool {
        matches!(self, Code::Four | Code::Eight | Code::EightOffset)
    }

    const fn has_offsets(self) -> bool {
        matches!(self, Code::Four | Code::EightOffset)
    }

    /// Numbers of `scales` for a panel's group.
    const fn scale_line(self) -> usize {
        NR * (self.has_scales() as usize + self.has_offsets() as usize)
    }
}

impl Coded {
    /// Packs columns that `read` gives one by one. `group` depths share a scale and divide `depth`; without scales it is
    /// the whole depth.
    pub fn pack(
        code: Code,
        depth: usize,
        columns: usize,
        group: usize,
        mut read: impl FnMut(usize, &mut Column),
    ) -> Coded {
        let group = if code.has_scales() { group } else { depth.max(1) };
        assert!(group > 0 && depth.is_multiple_of(group), "groups fill the depth");
        let (panels, groups) = (columns.div_ceil(NR), depth / group);
        let mut scales = vec![0.0; panels * groups * code.scale_line()];
        let mut codes = vec![0; panels * depth * code.line()];
        let mut column = Column::default();
        for index in 0..columns {
            read(index, &mut column);
            let (panel, lane) = (index / NR, index % NR);
            assert_eq!(column.codes.len(), depth, "a code a depth");
            for at in 0..if code.has_scales() { groups } else { 0 } {
                let line = &mut scales[(panel * groups + at) * code.scale_line()..][..code.scale_line()];
                line[lane] = column.scales[at];
                if code.has_offsets() {
                    line[NR + lane] = column.offsets[at];
                }
            }
            for (at, &number) in column.codes.iter().enumerate() {
                let line = &mut codes[(panel * depth + at) * code.line()..][..code.line()];
                match code {
                    // The lower halves of the bytes are the first sixteen columns, the upper halves the others.
                    Code::Four => line[lane % 16] |= (number as u8 & 15) << (4 * (lane / 16)),
                    Code::Eight | Code::EightOffset => line[lane] = number as u8,
                    Code::Half | Code::Bf16 => line[2 * lane..][..2].copy_from_slice(&(number as u16).to_le_bytes()),
                    Code::Full => line[4 * lane..][..4].copy_from_slice(&number.to_le_bytes()),
                }
            }
        }
        Coded { code, depth, columns, group, scales, codes }
    }

    /// Depths.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// Columns, without padding.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Panels of [`NR`] columns.
    pub fn panels(&self) -> usize {
        self.columns.div_ceil(NR)
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.codes.len() + 4 * self.scales.len()
    }

    /// `rows × depth` times one panel into `out`, `rows × NR`. `scratch` keeps the widened panel of several rows.
    pub fn panel_product(
        &self,
        kernel: Kernel,
        left: Matrix<'_, f32>,
        panel: usize,
        scratch: &mut Packed<f32>,
        out: &mut [f32],
    ) {
        left.check(self.depth);
        assert_eq!(out.len(), left.rows * NR, "a line of sums a row");
        if left.rows == 1 {
            if let Some(out) = out.first_chunk_mut() {
                self.dispatch(kernel, panel, OneRow { left: &left.numbers[..self.depth], out });
            }
        } else {
            let target = scratch.room(NR, self.depth, self.depth);
            self.dispatch(kernel, panel, Widen { out: target });
            product(kernel, left, scratch, &mut Store { out, stride: NR, add: false });
        }
    }

    fn dispatch(&self, kernel: Kernel, panel: usize, job: impl Job) {
        #[cfg(target_arch = "x86_64")]
        {
            if kernel.has_avx512() {
                // SAFETY: `Kernel` values come from detection only, so the CPU has AVX-512.
                return unsafe { self.run_avx512(panel, job) };
            }
            if kernel.has_avx2() {
                // SAFETY: as above, for AVX2 and FMA.
                return unsafe { self.run_avx2(panel, job) };
            }
        }
        let _ = kernel;
        self.run::<{ portable::FUSED }>(panel, job);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
    fn run_avx512(&self, panel: usize, job: impl Job) {
        self.run::<true>(panel, job);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma")]
    fn run_avx2(&self, panel: usize, job: impl Job) {
        self.run::<true>(panel, job);
    }

    #[inline(always)]
    fn run<const FUSED: bool>(&self, panel: usize, mut job: impl Job) {
        let groups = self.depth / self.group;
        let scale_line = self.code.scale_line();
        let scales = &self.scales[panel * groups * scale_line..][..groups * scale_line];
        let line = self.code.line();
        let codes = &self.codes[panel * self.depth * line..][..self.depth * line];
        let zeros = [0.0; NR];
        let mut sums = [0.0; NR];
        match self.code {
            Code::Four => {
                for ((at, codes), scales) in
                    codes.chunks_exact(self.group * line).enumerate().zip(scales.as_chunks::<{ 2 * NR }>().0)
                {
                    let (scale, offset) = halves(scales);
                    for (depth, line) in codes.as_chunks::<{ NR / 2 }>().0.iter().enumerate() {
                        let mut numbers = [0.0; NR];
                        for lane in 0..NR / 2 {
                            numbers[lane] = f32::from(line[lane] & 15);
                            numbers[NR / 2 + lane] = f32::from(line[lane] >> 4);
                        }
                        job.line::<FUSED>(
                            at * self.group + depth,
                            &widened::<FUSED>(&numbers, scale, offset),
                            &mut sums,
                        );
                    }
                }
            }
            Code::EightOffset => {
                for ((at, codes), scales) in
                    codes.chunks_exact(self.group * line).enumerate().zip(scales.as_chunks::<{ 2 * NR }>().0)
                {
                    let (scale, offset) = halves(scales);
                    for (depth, line) in codes.as_chunks::<NR>().0.iter().enumerate() {
                        let numbers = line.map(|code| f32::from(code as i8));
                        job.line::<FUSED>(
                            at * self.group + depth,
                            &widened::<FUSED>(&numbers, scale, offset),
                            &mut sums,
                        );
                    }
                }
            }
            Code::Eight => {
                for ((at, codes), scale) in
                    codes.chunks_exact(self.group * line).enumerate().zip(scales.as_chunks::<NR>().0)
                {
                    for (depth, line) in codes.as_chunks::<NR>().0.iter().enumerate() {
                        let numbers = line.map(|code| f32::from(code as i8));
                        job.line::<FUSED>(
                            at * self.group + depth,
                            &widened::<FUSED>(&numbers, scale, &zeros),
                            &mut sums,
                        );
                    }
                }
            }
            Code::Half => {
                for (depth, line) in codes.as_chunks::<{ 2 * NR }>().0.iter().enumerate() {
                    let mut numbers = [0.0; NR];
                    for lane in 0..NR {
                        let bits = u32::from(u16::from_le_bytes([line[2 * lane], line[2 * lane + 1]]));
                        // Exponent and mantissa moved into place are 2^112 too small, below the normal range as well.
                        let size = f32::from_bits((bits & 0x7fff) << 13) * f32::from_bits(0x7780_0000);
                        numbers[lane] = f32::from_bits(size.to_bits() | (bits & 0x8000) << 16);
                    }
                    job.line::<FUSED>(depth, &numbers, &mut sums);
                }
            }
            Code::Bf16 => {
                for (depth, line) in codes.as_chunks::<{ 2 * NR }>().0.iter().enumerate() {
                    let mut numbers = [0.0; NR];
                    for lane in 0..NR {
                        let bits = u32::from(u16::from_le_bytes([line[2 * lane], line[2 * lane + 1]]));
                        numbers[lane] = f32::from_bits(bits << 16);
                    }
                    job.line::<FUSED>(depth, &numbers, &mut sums);
                }
            }
            Code::Full => {
                for (depth, line) in codes.as_chunks::<{ 4 * NR }>().0.iter().enumerate() {
                    let mut numbers = [0.0; NR];
                    for (number, bytes) in numbers.iter_mut().zip(line.as_chunks().0) {
                        *number = f32::from_le_bytes(*bytes);
                    }
                    job.line::<FUSED>(depth, &numbers, &mut sums);
                }
            }
        }
        job.finish(&sums);
    }
}

#[inline(always)]
fn halves(scales: &[f32; 2 * NR]) -> (&[f32; NR], &[f32; NR]) {
    let (scale, offset) = scales.as_chunks::<NR>().0.split_at(1);
    (&scale[0], &offset[0])
}

#[inline(always)]
fn widened<const FUSED: bool>(numbers: &[f32; NR], scale: &[f32; NR], offset: &[f32; NR]) -> [f32; NR] {
    let mut weights = [0.0; NR];
    for lane in 0..NR {
        weights[lane] = multiply_add::<FUSED>(numbers[lane], scale[lane], offset[lane]);
    }
    weights
}

/// What is done with a panel's weights, line by line.
trait Job {
    fn line<const FUSED: bool>(&mut self, depth: usize, weights: &[f32; NR], sums: &mut [f32; NR]);
    fn finish(&mut self, sums: &[f32; NR]);
}

struct OneRow<'a> {
    left: &'a [f32],
    out: &'a mut [f32; NR],
}

impl Job for OneRow<'_> {
    #[inline(always)]
    fn line<const FUSED: bool>(&mut self, depth: usize, weights: &[f32; NR], sums: &mut [f32; NR]) {
        let value = self.left[depth];
        for lane in 0..NR {
            sums[lane] = multiply_add::<FUSED>(value, weights[lane], sums[lane]);
        }
    }

    #[inline(always)]
    fn finish(&mut self, sums: &[f32; NR]) {
        *self.out = *sums;
    }
}

struct Widen<'a> {
    out: &'a mut [f32],
}

impl Job for Widen<'_> {
    #[inline(always)]
    fn line<const FUSED: bool>(&mut self, depth: usize, weights: &[f32; NR], _: &mut [f32; NR]) {
        self.out[depth * NR..(depth + 1) * NR].copy_from_slice(weights);
    }

    #[inline(always)]
    fn finish(&mut self, _: &[f32; NR]) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_row_and_many_give_the_bytes_of_the_widened_weights_for_every_code() {
        for (code, group) in [
            (Code::Four, 4),
            (Code::Eight, 16),
            (Code::EightOffset, 8),
            (Code::Half, 16),
            (Code::Bf16, 16),
            (Code::Full, 16),
        ] {
            let (depth, columns) = (48, 70);
            let number = |column: usize, depth: usize| -> (u32, f32) {
                let at = (column * 31 + depth * 17) % 97;
                match code {
                    Code::Four => ((at % 16) as u32, (at % 16) as f32),
                    Code::Eight | Code::EightOffset => ((at as i8 - 40) as u8 as u32, (at as i8 - 40) as f32),
                    Code::Half => (0x3c00 | (at as u32) << 3, 1.0 + at as f32 / 128.0),
                    Code::Bf16 => (0xbf80 | at as u32, -1.0 - at as f32 / 128.0),
                    Code::Full => ((at as f32).to_bits(), at as f32),
                }
            };
            let scale = |column: usize, group: usize| 0.5 + (column + 3 * group) as f32 / 7.0;
            let offset = |column: usize, group: usize| -(column as f32) / 3.0 + group as f32;
            let groups = depth / group;
            let coded = Coded::pack(code, depth, columns, group, |column, target| {
                target.codes = (0..depth).map(|depth| number(column, depth).0).collect();
                target.scales = (0..groups).map(|group| scale(column, group)).collect();
                target.offsets = (0..groups).map(|group| offset(column, group)).collect();
            });
            let mut weights = vec![0.0; columns * depth];
            for column in 0..columns {
                for at in 0..depth {
                    let plain = number(column, at).1;
                    weights[column * depth + at] = match code {
                        Code::Four | Code::EightOffset => {
                            plain.mul_add(scale(column, at / group), offset(column, at / group))
                        }
                        Code::Eight => plain * scale(column, at / group),
                        _ => plain,
                    };
                }
            }
            let rows = 9;
            let left: Vec<f32> = (0..rows * depth).map(|at| (at as f32 * 0.37).sin()).collect();
            for kernel in Kernel::available() {
                if !portable::FUSED && kernel == Kernel::available()[0] {
                    continue; // Without fused multiply-adds the weights themselves differ by a rounding.
                }
                let mut want = vec![0.0; rows * columns];
                product(
                    kernel,
                    Matrix { numbers: &left, rows, stride: depth },
                    &Packed::from_weights(&weights, columns, depth),
                    &mut Store { out: &mut want, stride: columns, add: false },
                );
                for panel in 0..coded.panels() {
                    let width = NR.min(columns - panel * NR);
                    let mut many = vec![0.0; rows * NR];
                    let mut scratch = Packed::default();
                    let all = Matrix { numbers: &left, rows, stride: depth };
                    coded.panel_product(kernel, all, panel, &mut scratch, &mut many);
                    for row in 0..rows {
                        let want = &want[row * columns + panel * NR..][..width];
                        assert_eq!(&many[row * NR..][..width], want, "{code:?}: several rows on {}", kernel.name());
                        let mut one = vec![0.0; NR];
                        let row = Matrix { numbers: &left[row * depth..], rows: 1, stride: depth };
                        coded.panel_product(kernel, row, panel, &mut scratch, &mut one);
                        assert_eq!(&one[..width], want, "{code:?}: one row alone on {}", kernel.name());
                    }
                }
            }
        }
    }
}
