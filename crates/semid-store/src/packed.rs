//! Numbers as bytes: little-endian whatever the machine, and deflated where most of them are zeros.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

/// A number with a fixed little-endian form.
pub(crate) trait Number: Copy + bytemuck::Pod {
    /// The same number with its bytes swapped where this machine is big-endian.
    fn little_endian(self) -> Self;
}

impl Number for u32 {
    fn little_endian(self) -> Self {
        self.to_le()
    }
}

impl Number for i64 {
    fn little_endian(self) -> Self {
        self.to_le()
    }
}

impl Number for f32 {
    fn little_endian(self) -> Self {
        f32::from_bits(self.to_bits().to_le())
    }
}

impl Number for f64 {
    fn little_endian(self) -> Self {
        f64::from_bits(self.to_bits().to_le())
    }
}

/// The bytes of the numbers; no copy where the machine is little-endian.
pub(crate) fn bytes_of<N: Number>(numbers: &[N]) -> std::borrow::Cow<'_, [u8]> {
    if cfg!(target_endian = "little") {
        std::borrow::Cow::Borrowed(bytemuck::cast_slice(numbers))
    } else {
        let swapped: Vec<N> = numbers.iter().map(|number| number.little_endian()).collect();
        std::borrow::Cow::Owned(bytemuck::cast_slice(&swapped).to_vec())
    }
}

/// The numbers of the bytes; none when the length is no multiple of a number's.
pub(crate) fn numbers_of<N: Number>(bytes: &[u8]) -> Option<Vec<N>> {
    if !bytes.len().is_multiple_of(size_of::<N>()) {
        return None;
    }
    let mut numbers = vec![N::zeroed(); bytes.len() / size_of::<N>()];
    bytemuck::cast_slice_mut(&mut numbers).copy_from_slice(bytes);
    if cfg!(target_endian = "big") {
        numbers.iter_mut().for_each(|number| *number = number.little_endian());
    }
    Some(numbers)
}

/// Deflated bytes.
pub(crate) fn pack(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = DeflateEncoder::new(Vec::with_capacity(bytes.len() / 4), Compression::fast());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// The bytes again, when there are exactly `length` of them; none when they are damaged.
pub(crate) fn unpack(packed: &[u8], length: usize) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(length);
    // One more than expected, so that too long is seen, and a damaged blob cannot fill the memory.
    DeflateDecoder::new(packed).take(length as u64 + 1).read_to_end(&mut bytes).ok()?;
    (bytes.len() == length).then_some(bytes)
}
