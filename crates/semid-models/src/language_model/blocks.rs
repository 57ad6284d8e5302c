//! The block formats of GGUF files, taken apart into codes, scales and offsets.
//!
//! Every format is `code × scale + offset` for a group of consecutive numbers; products of a scale stored in parts are exact
//! in f32, so what comes out is what the format defines, rounded once.

use candle_core::quantized::GgmlDType;
use half::f16;

use crate::kernels::{Code, Column};

/// How a format is kept here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Format {
    /// The kind of codes.
    pub code: Code,
    /// Numbers that share a scale; 1 where there is none.
    pub group: usize,
}

/// How a stored type is kept here; none for types that no model file uses for weights.
pub(super) fn format(kind: GgmlDType) -> Option<Format> {
    let (code, group) = match kind {
        GgmlDType::F32 => (Code::Full, 1),
        GgmlDType::F16 => (Code::Half, 1),
        GgmlDType::BF16 => (Code::Bf16, 1),
        GgmlDType::Q4_0 | GgmlDType::Q4_1 | GgmlDType::Q4K => (Code::Four, 32),
        GgmlDType::Q2K => (Code::Four, 16),
        GgmlDType::Q5_0 | GgmlDType::Q8_0 => (Code::Eight, 32),
        GgmlDType::Q5_1 | GgmlDType::Q5K => (Code::EightOffset, 32),
        GgmlDType::Q3K | GgmlDType::Q6K => (Code::Eight, 16),
        _ => return None,
    };
    Some(Format { code, group })
}

/// The name people know a stored type by.
pub(super) fn name(kind: GgmlDType) -> String {
    match kind {
        GgmlDType::Q2K => "Q2_K".to_owned(),
        GgmlDType::Q3K => "Q3_K".to_owned(),
        GgmlDType::Q4K => "Q4_K".to_owned(),
        GgmlDType::Q5K => "Q5_K".to_owned(),
        GgmlDType::Q6K => "Q6_K".to_owned(),
        other => format!("{other:?}"),
    }
}

/// Takes the whole blocks of one row apart.
pub(super) fn read(kind: GgmlDType, bytes: &[u8], column: &mut Column) {
    column.codes.clear();
    column.scales.clear();
    column.offsets.clear();
    match kind {
        GgmlDType::F32 => column.codes.extend(bytes.as_chunks().0.iter().map(|bytes| u32::from_le_bytes(*bytes))),
        GgmlDType::F16 | GgmlDType::BF16 => {
            column.codes.extend(bytes.as_chunks().0.iter().map(|bytes| u32::from(u16::from_le_bytes(*bytes))));
        }
        GgmlDType::Q4_0 => each::<18>(bytes, |block| {
            let scale = half(block, 0);
            column.group(scale, -8.0 * scale);
            column.codes.extend(nibbles(&block[2..18]));
        }),
        GgmlDType::Q4_1 => each::<20>(bytes, |block| {
            column.group(half(block, 0), half(block, 2));
            column.codes.extend(nibbles(&block[4..20]));
        }),
        GgmlDType::Q5_0 => each::<22>(bytes, |block| {
            column.scales.push(half(block, 0));
            let high = fifth_bits(&block[2..6]);
            column
                .codes
                .extend(nibbles(&block[6..22]).zip(high).map(|(low, high)| signed(i32::from(low as u8) + high - 16)));
        }),
        GgmlDType::Q5_1 => each::<24>(bytes, |block| {
            column.group(half(block, 0), half(block, 2));
            column
                .codes
                .extend(nibbles(&block[8..24]).zip(fifth_bits(&block[4..8])).map(|(low, high)| low + high as u32));
        }),
        GgmlDType::Q8_0 => each::<34>(bytes, |block| {
            column.scales.push(half(block, 0));
            column.codes.extend(block[2..].iter().map(|code| u32::from(*code)));
        }),
        GgmlDType::Q2K => each::<84>(bytes, |block| {
            let (scale, least) = (half(block, 80), half(block, 82));
            for part in &block[..16] {
                column.group(scale * f32::from(part & 15), -(least * f32::from(part >> 4)));
            }
            for pair in block[16..80].chunks_exact(32) {
                for shift in [0, 2, 4, 6] {
                    column.codes.extend(pair.iter().map(|code| u32::from(code >> shift & 3)));
                }
            }
        }),
        GgmlDType::Q3K => each::<110>(bytes, |block| {
            let (high, low, parts, scale) = (&block[..32], &block[32..96], &block[96..108], half(block, 108));
            for group in 0..16 {
                let lower = parts[group % 8] >> (4 * (group / 8)) & 15;
                let upper = parts[8 + group % 4] >> (2 * (group / 4)) & 3;
                column.scales.push(scale * f32::from((lower | upper << 4) as i8 - 32));
            }
            for (step, shift) in (0..8).map(|step| (step, 2 * (step % 4))) {
                let codes = low[32 * (step / 4)..].iter().zip(high);
                column.codes.extend(codes.map(|(low, high)| {
                    signed(i32::from(low >> shift & 3) - if high >> step & 1 == 0 { 4 } else { 0 })
                }));
            }
        }),
        GgmlDType::Q4K => each::<144>(bytes, |block| {
            for (scale, offset) in eight_scales(block) {
                column.group(scale, offset);
            }
            for pair in block[16..144].chunks_exact(32) {
                column.codes.extend(nibbles(pair));
            }
        }),
        GgmlDType::Q5K => each::<176>(bytes, |block| {
            for (scale, offset) in eight_scales(block) {
                column.group(scale, offset);
            }
            let high = &block[16..48];
            for (pair, codes) in block[48..176].chunks_exact(32).enumerate() {
                for half in 0..2 {
                    column.codes.extend(codes.iter().zip(high).map(|(low, high)| {
                        u32::from(low >> (4 * half) & 15) + 16 * u32::from(high >> (2 * pair + half) & 1)
                    }));
                }
            }
        }),
        GgmlDType::Q6K => each::<210>(bytes, |block| {
            let scale = half(block, 208);
            column.scales.extend(block[192..208].iter().map(|part| scale * f32::from(*part as i8)));
            for side in 0..2 {
                let (low, high) = (&block[64 * side..][..64], &block[128 + 32 * side..][..32]);
                for quarter in 0..4 {
                    for lane in 0..32 {
                        let lower = low[lane + 32 * (quarter % 2)] >> (4 * (quarter / 2)) & 15;
                        let upper = high[lane] >> (2 * quarter) & 3;
                        column.codes.push(signed(i32::from(lower | upper << 4) - 32));
                    }
                }
            }
        }),
        _ => {}
    }
}

impl Column {
    fn group(&mut self, scale: f32, offset: f32) {
        self.scales.push(scale);
        self.offsets.push(offset);
    }
}

fn each<const BYTES: usize>(bytes: &[u8], mut block: impl FnMut(&[u8; BYTES])) {
    bytes.as_chunks().0.iter().for_each(&mut block);
}

fn half(block: &[u8], at: usize) -> f32 {
    f16::from_le_bytes([block[at], block[at + 1]]).to_f32()
}

/// All lower halves, then all upper halves.
fn nibbles(bytes: &[u8]) -> impl Iterator<Item = u32> {
    bytes.iter().map(|byte| u32::from(byte & 15)).chain(bytes.iter().map(|byte| u32::from(byte >> 4)))
}

/// 0 or 16 for each of 32 codes.
fn fifth_bits(bytes: &[u8]) -> impl Iterator<Item = i32> {
    let bits = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    (0..32).map(move |at| ((bits >> at & 1) << 4) as i32)
}

/// A signed code as its byte.
fn signed(code: i32) -> u32 {
    u32::from(code as i8 as u8)
}

/// Scale and offset of each 32 numbers of Q4_K and Q5_K: six bits each, the last four with their upper bits elsewhere.
fn eight_scales(block: &[u8]) -> impl Iterator<Item = (f32, f32)> {
    let (scale, least) = (half(block, 0), half(block, 2));
    let parts: [u8; 12] = std::array::from_fn(|at| block[4 + at]);
    (0..8).map(move |group| {
        let (factor, minimum) = if group < 4 {
            (parts[group] & 63, parts[group + 4] & 63)
        } else {
            let both = parts[group + 4];
            (both & 15 | parts[group - 4] >> 6 << 4, both >> 4 | parts[group] >> 6 << 4)
        };
        (scale * f32::from(factor), -(least * f32::from(minimum)))
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use candle_core::quantized::QTensor;
    use candle_core::{Device, Tensor};

    #[test]
    fn every_format_reads_as_another_reader_of_the_format_reads_it() {
        let numbers: Vec<f32> = (0..512).map(|at| (at as f32 * 0.7).sin() * (1.0 + (at / 50) as f32)).collect();
        let tensor = Tensor::from_vec(numbers, 512, &Device::Cpu).unwrap();
        for kind in [
            GgmlDType::F32,
            GgmlDType::F16,
            GgmlDType::BF16,
            GgmlDType::Q4_0,
            GgmlDType::Q4_1,
            GgmlDType::Q5_0,
            GgmlDType::Q5_1,
            GgmlDType::Q8_0,
            GgmlDType::Q2K,
            GgmlDType::Q3K,
            GgmlDType::Q4K,
            GgmlDType::Q5K,
            GgmlDType::Q6K,
        ] {
            let stored = QTensor::quantize(&tensor, kind).unwrap();
            let want: Vec<f32> = stored.dequantize(&Device::Cpu).unwrap().to_vec1().unwrap();
            let bytes = stored.data().unwrap();
            let format = format(kind).unwrap();
            let rows = super::super::gguf::Rows::over(kind, format, 512, &bytes);
            let mut got = vec![0.0; 512];
            rows.read(0, &mut got);
            assert_eq!(got, want, "{} holds these numbers", name(kind));
        }
    }
}
