//! A PyTorch file that holds one tensor of whole numbers, as `torch.save` writes it: a zip archive with the storage and a
//! pickle that says how to read it. Written here; read with candle, in `semid-models`.

use std::io::{self, Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Writes `rows × columns` numbers, row by row.
pub(crate) fn write(
    to: &mut (dyn Write + Send),
    rows: usize,
    columns: usize,
    numbers: impl Iterator<Item = i64>,
) -> io::Result<()> {
    let storage: Vec<u8> = numbers.flat_map(i64::to_le_bytes).collect();
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    // PyTorch maps storages into memory, so nothing is compressed; one date for all, so that equal IDs are equal bytes.
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let options = options.last_modified_time(zip::DateTime::default());
    for (name, bytes) in [
        ("archive/data.pkl", pickle(rows, columns)?),
        ("archive/byteorder", b"little".to_vec()),
        ("archive/data/0", storage),
        ("archive/version", b"3\n".to_vec()),
    ] {
        zip.start_file(name, options).map_err(io::Error::other)?;
        zip.write_all(&bytes)?;
    }
    to.write_all(zip.finish().map_err(io::Error::other)?.get_ref())
}

/// `torch._utils._rebuild_tensor_v2(storage 0, offset 0, size, stride, no gradient, no hooks)` in protocol 2.
fn pickle(rows: usize, columns: usize) -> io::Result<Vec<u8>> {
    const MARK: &[u8] = b"(";
    const TUPLE: &[u8] = b"t";
    const TUPLE_OF_2: &[u8] = b"\x86";
    const CALL: &[u8] = b"R";
    let int = |number: usize| {
        let number = i32::try_from(number).map_err(|_| io::Error::other("more IDs than a tensor of this form holds"));
        number.map(|number| [b"J".as_slice(), &number.to_le_bytes()].concat())
    };
    let text = |text: &str| [b"X".as_slice(), &(text.len() as u32).to_le_bytes(), text.as_bytes()].concat();
    Ok([
        b"\x80\x02".as_slice(),
        b"ctorch._utils\n_rebuild_tensor_v2\n",
        MARK,
        MARK,
        &text("storage"),
        b"ctorch\nLongStorage\n",
        &text("0"),
        &text("cpu"),
        &int(rows * columns)?,
        TUPLE,
        b"Q", // the storage that this tuple names
        &int(0)?,
        &int(rows)?,
        &int(columns)?,
        TUPLE_OF_2,
        &int(columns)?,
        &int(1)?,
        TUPLE_OF_2,
        b"\x89", // False
        b"ccollections\nOrderedDict\n",
        b")",
        CALL,
        TUPLE,
        CALL,
        b".",
    ]
    .concat())
}
