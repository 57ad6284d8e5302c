//! TFRecord files of `tf.train.Example`: length and record, each with its masked CRC-32C; the whole gzipped.

use std::collections::BTreeMap;
use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use prost::Message;

/// `tf.train.Example`, as its protocol buffers define it.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Example {
    #[prost(message, optional, tag = "1")]
    features: Option<Features>,
}

#[derive(Clone, PartialEq, Message)]
struct Features {
    #[prost(btree_map = "string, message", tag = "1")]
    feature: BTreeMap<String, Feature>,
}

#[derive(Clone, PartialEq, Message)]
struct Feature {
    #[prost(oneof = "Kind", tags = "1, 2, 3")]
    kind: Option<Kind>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum Kind {
    #[prost(message, tag = "1")]
    Bytes(BytesList),
    #[prost(message, tag = "2")]
    Floats(FloatList),
    #[prost(message, tag = "3")]
    Ints(Int64List),
}

#[derive(Clone, PartialEq, Message)]
struct BytesList {
    #[prost(bytes = "vec", repeated, tag = "1")]
    value: Vec<Vec<u8>>,
}

#[derive(Clone, PartialEq, Message)]
struct FloatList {
    #[prost(float, repeated, tag = "1")]
    value: Vec<f32>,
}

#[derive(Clone, PartialEq, Message)]
struct Int64List {
    #[prost(int64, repeated, tag = "1")]
    value: Vec<i64>,
}

impl Example {
    pub(crate) fn ints(self, name: &str, value: impl IntoIterator<Item = i64>) -> Self {
        self.with(name, Kind::Ints(Int64List { value: value.into_iter().collect() }))
    }

    pub(crate) fn text(self, name: &str, value: &str) -> Self {
        self.with(name, Kind::Bytes(BytesList { value: vec![value.as_bytes().to_vec()] }))
    }

    pub(crate) fn floats(self, name: &str, value: &[f32]) -> Self {
        self.with(name, Kind::Floats(FloatList { value: value.to_vec() }))
    }

    fn with(mut self, name: &str, kind: Kind) -> Self {
        let features = self.features.get_or_insert_with(Features::default);
        features.feature.insert(name.to_owned(), Feature { kind: Some(kind) });
        self
    }
}

/// Writes examples as one gzipped file. The same examples give the same bytes.
pub(crate) fn write(to: &mut (dyn Write + Send), examples: impl Iterator<Item = Example>) -> io::Result<()> {
    let mut gzip = GzEncoder::new(to, Compression::default());
    for example in examples {
        let record = example.encode_to_vec();
        let length = (record.len() as u64).to_le_bytes();
        gzip.write_all(&length)?;
        gzip.write_all(&masked_crc(&length).to_le_bytes())?;
        gzip.write_all(&record)?;
        gzip.write_all(&masked_crc(&record).to_le_bytes())?;
    }
    gzip.finish()?;
    Ok(())
}

/// The checksum as TFRecord stores it: rotated and shifted, since a checksum of bytes that hold checksums is weak.
fn masked_crc(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}
