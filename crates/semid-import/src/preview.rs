//! A look at one file before it is imported: format, columns, first rows, what each column would be read as.

use std::path::Path;

use semid_core::Result;
use serde::{Deserialize, Serialize};

use crate::columns::{Mapping, Role, Roles, resolve};
use crate::format::Format;
use crate::items::ItemReader;
use crate::sniff::{FileKind, sniff};

/// What a file would be read as.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[ts(rename = "FilePreview")]
pub struct Preview {
    /// Name without its folder.
    pub name: String,
    /// Size on the disk.
    pub bytes: u64,
    /// Whether it is compressed with gzip.
    pub compressed: bool,
    /// Its format.
    pub format: Format,
    /// What its rows seem to be.
    pub kind: FileKind,
    /// Its columns.
    pub columns: Vec<String>,
    /// The first rows as text, one entry a column.
    pub rows: Vec<Vec<String>>,
    /// The column of each role that has one.
    pub mapping: Vec<(Role, String)>,
    /// The template the item texts would be made with; none for interactions.
    pub text: Option<String>,
}

/// Looks at a file. `kind` and `format` are what a person said, where they said it.
///
/// # Errors
///
/// A sentence when the file cannot be opened, is empty, or is no text and no Parquet.
pub fn preview(path: &Path, kind: Option<FileKind>, format: Option<Format>) -> Result<Preview> {
    let file = sniff(path, format, kind)?;
    let rows = (!file.named).then_some(file.sample.as_slice());
    let none = Mapping::default();
    let interactions = resolve(&file.name, &file.columns, &Role::OF_INTERACTIONS, &none, rows)?;
    let looks_like_items = interactions.get(Role::User).is_none() || interactions.get(Role::Item).is_none();
    let kind = kind.unwrap_or(if looks_like_items { FileKind::Items } else { FileKind::Interactions });
    let named = |roles: &Roles| roles.iter().map(|(role, column)| (role, file.columns[column].clone())).collect();
    let (mapping, text) = match kind {
        FileKind::Interactions => (named(&interactions), None),
        FileKind::Items => match ItemReader::new(&file, &none, None) {
            Ok(reader) => (named(reader.roles()), Some(reader.template_text().to_owned())),
            // Without a column for the key there is still something to look at.
            Err(_) => (Vec::new(), None),
        },
    };
    Ok(Preview {
        name: file.name,
        bytes: file.bytes,
        compressed: file.compressed,
        format: file.format,
        kind,
        columns: file.columns,
        rows: file.sample,
        mapping,
        text,
    })
}
