//! Codebooks as bytes: a mark, the kind, then little-endian words; read back with every length and number checked.

use semid_core::{CodeShape, Codebooks, Error, Result};

use super::{LshCodebooks, OpqCodebooks, RqKMeansCodebooks, RqVaeCodebooks};

const MARK: &[u8; 8] = b"semidcb1";

/// Reads what [`Codebooks::to_bytes`] wrote. Fails on bytes that are no codebooks, cut short, or not finite.
pub fn codebooks_from_bytes(bytes: &[u8]) -> Result<Box<dyn Codebooks>> {
    let mut reader = Reader { bytes: bytes.strip_prefix(MARK).ok_or_else(damaged)? };
    let codebooks: Box<dyn Codebooks> = match reader.word()? {
        RqKMeansCodebooks::KIND => Box::new(RqKMeansCodebooks::read(&mut reader)?),
        LshCodebooks::KIND => Box::new(LshCodebooks::read(&mut reader)?),
        RqVaeCodebooks::KIND => Box::new(RqVaeCodebooks::read(&mut reader)?),
        OpqCodebooks::KIND => Box::new(OpqCodebooks::read(&mut reader)?),
        _ => return Err(damaged()),
    };
    if reader.bytes.is_empty() { Ok(codebooks) } else { Err(damaged()) }
}

/// Bytes in the making.
pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub(super) fn new(kind: u32) -> Self {
        let mut writer = Writer(MARK.to_vec());
        writer.word(kind);
        writer
    }

    pub(super) fn word(&mut self, word: u32) {
        self.0.extend_from_slice(&word.to_le_bytes());
    }

    pub(super) fn shape(&mut self, shape: &CodeShape) {
        self.word(shape.levels() as u32);
        shape.0.iter().for_each(|&codes| self.word(codes));
    }

    pub(super) fn floats(&mut self, floats: &[f32]) {
        floats.iter().for_each(|float| self.0.extend_from_slice(&float.to_le_bytes()));
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.0
    }
}

/// Bytes not yet read.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
}

impl Reader<'_> {
    pub(super) fn word(&mut self) -> Result<u32> {
        let (word, rest) = self.bytes.split_first_chunk::<4>().ok_or_else(damaged)?;
        self.bytes = rest;
        Ok(u32::from_le_bytes(*word))
    }

    pub(super) fn shape(&mut self) -> Result<CodeShape> {
        let levels = self.word()? as usize;
        if levels > self.bytes.len() / 4 {
            return Err(damaged());
        }
        (0..levels).map(|_| self.word()).collect::<Result<_>>().map(CodeShape)
    }

    pub(super) fn floats(&mut self, count: usize) -> Result<Vec<f32>> {
        let length = count.checked_mul(4).filter(|&length| length <= self.bytes.len()).ok_or_else(damaged)?;
        let (floats, rest) = self.bytes.split_at(length);
        self.bytes = rest;
        let floats: Vec<f32> =
            floats.chunks_exact(4).map(|word| f32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect();
        if floats.iter().all(|float| float.is_finite()) { Ok(floats) } else { Err(damaged()) }
    }
}

pub(super) fn damaged() -> Error {
    Error::input("The stored codebooks are damaged or of another version; delete them, and they are learned again.")
}
