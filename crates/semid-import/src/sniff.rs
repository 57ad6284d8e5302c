//! What a file is, seen from its name and its first bytes, and which columns it has.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use memchr::{memchr, memmem};
use semid_core::{Error, Result};

use crate::columns::{Role, is_known, listed};
use crate::delimited::{Delimited, Dialect, Separator};
use crate::format::Format;
use crate::json;
use crate::lines::{Lines, Meter};
use crate::parquet_rows;
use crate::table::Table;

/// How much of a file is looked at, in bytes, uncompressed.
const HEAD: u64 = 1 << 20;
/// How many rows are looked at.
const SAMPLE_ROWS: usize = 20;

/// What the rows of a file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, ts_rs::TS)]
#[serde(rename_all = "kebab-case")]
pub enum FileKind {
    /// One item a row.
    Items,
    /// One interaction a row.
    Interactions,
}

/// A file that was looked at.
#[derive(Clone, Debug)]
pub(crate) struct Sniffed {
    pub path: PathBuf,
    /// The name without its folder, for messages.
    pub name: String,
    /// Size on the disk.
    pub bytes: u64,
    pub compressed: bool,
    pub format: Format,
    pub layout: Layout,
    pub columns: Vec<String>,
    /// Columns whose text is a list separated by spaces (RecBole's token_seq).
    pub spaced: Vec<bool>,
    /// Whether the file itself names its columns.
    pub named: bool,
    /// The first rows as text.
    pub sample: Vec<Vec<String>>,
}

/// How rows are laid out in the file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Layout {
    Delimited(Dialect),
    Json,
    Parquet,
}

/// Looks at a file. `format` is what a person said it is; `kind` is what it is to be read as, where that is known.
pub(crate) fn sniff(path: &Path, format: Option<Format>, kind: Option<FileKind>) -> Result<Sniffed> {
    let name = path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned());
    let metadata = std::fs::metadata(path).map_err(|error| unopened(path, &error))?;
    if metadata.is_dir() {
        return Err(Error::input(format!("{} is a folder; name the file in it that is to be read", path.display())));
    }
    let mut sniffed = Sniffed {
        path: path.to_owned(),
        name,
        bytes: metadata.len(),
        compressed: false,
        format: format.unwrap_or(Format::Csv),
        layout: Layout::Json,
        columns: Vec::new(),
        spaced: Vec::new(),
        named: true,
        sample: Vec::new(),
    };
    let mut magic = Vec::new();
    open(path)?.take(16).read_to_end(&mut magic).map_err(|error| unopened(path, &error))?;
    if magic.is_empty() {
        return Err(empty(&sniffed.name));
    }
    if magic.starts_with(b"PAR1") || format == Some(Format::Parquet) {
        sniffed.format = Format::Parquet;
        sniffed.layout = Layout::Parquet;
        sniffed.columns = parquet_rows::columns(path, &sniffed.name)?;
        sniffed.spaced = vec![false; sniffed.columns.len()];
    } else {
        refuse_archives(&sniffed.name, &magic)?;
        sniffed.compressed = magic.starts_with(&[0x1F, 0x8B]);
        let head = Head::read(&sniffed)?;
        sniffed.see_text(&head, format, kind)?;
        sniffed.take_sample(&mut sniffed.clone().table_over(&head.bytes))?;
        return Ok(sniffed);
    }
    let all = vec![true; sniffed.columns.len()];
    let mut table = Table::open(&sniffed, &all, Meter::default())?;
    sniffed.take_sample(&mut table)?;
    Ok(sniffed)
}

pub(crate) fn open(path: &Path) -> Result<File> {
    File::open(path).map_err(|error| unopened(path, &error))
}

fn unopened(path: &Path, error: &std::io::Error) -> Error {
    let advice = match error.kind() {
        std::io::ErrorKind::NotFound => "check its name and folder",
        std::io::ErrorKind::PermissionDenied => "allow reading it, or choose a copy that may be read",
        _ => "check that the disk is there",
    };
    Error::input(format!("{} could not be opened ({error}): {advice}", path.display()))
}

fn empty(name: &str) -> Error {
    Error::input(format!("{name} is empty; choose a file with rows, or fetch it again if the download broke off"))
}

fn refuse_archives(name: &str, magic: &[u8]) -> Result<()> {
    let what = if magic.starts_with(b"PK\x03\x04") {
        "a zip archive (a spreadsheet .xlsx is one too): unpack it, or save the sheet as CSV, and choose the file inside"
    } else if magic.starts_with(&[0x28, 0xB5, 0x2F, 0xFD]) {
        "compressed with zstd: unpack it with unzstd, or compress it with gzip"
    } else if magic.starts_with(b"BZh") {
        "compressed with bzip2: unpack it with bunzip2, or compress it with gzip"
    } else if magic.starts_with(b"\xFD7zXZ") {
        "compressed with xz: unpack it with unxz, or compress it with gzip"
    } else if magic.starts_with(b"SQLite format 3") {
        "an SQLite database: export the table as CSV"
    } else if magic.starts_with(&[0xFF, 0xFE]) || magic.starts_with(&[0xFE, 0xFF]) {
        "written in UTF-16: save it as UTF-8"
    } else if magic.starts_with(b"%PDF") {
        "a PDF: export its table as CSV"
    } else {
        return Ok(());
    };
    Err(Error::input(format!("{name} is {what}")))
}

/// The beginning of a text file, cut after its last whole line.
struct Head {
    bytes: Vec<u8>,
}

impl Head {
    fn read(sniffed: &Sniffed) -> Result<Head> {
        let file = open(&sniffed.path)?;
        let mut bytes = Vec::new();
        let mut limited: Box<dyn Read> =
            if sniffed.compressed { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
        // A gzip that breaks off within the head is reported row by row when the file is read.
        let read = limited.by_ref().take(HEAD).read_to_end(&mut bytes);
        let name = &sniffed.name;
        match read {
            Err(error) if !bytes.contains(&b'\n') && sniffed.compressed => {
                return Err(Error::input(format!(
                    "{name} looks like a gzip file but not one line could be unpacked ({error}); fetch or compress it again"
                )));
            }
            Err(error) if !sniffed.compressed => return Err(unopened(&sniffed.path, &error)),
            _ => {}
        }
        if bytes.len() as u64 == HEAD
            && let Some(last) = memchr::memrchr(b'\n', &bytes)
        {
            bytes.truncate(last + 1);
        }
        if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
            return Err(Error::input(format!("{name} is written in UTF-16: save it as UTF-8")));
        }
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Err(empty(name));
        }
        if is_binary(&bytes) {
            return Err(Error::input(format!(
                "{name} holds binary data, not text; Semid reads CSV, TSV, JSON Lines (each also as .gz) and Parquet"
            )));
        }
        Ok(Head { bytes })
    }

    /// The first lines with content.
    fn lines(&self) -> impl Iterator<Item = &[u8]> {
        let bytes = self.bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&self.bytes);
        bytes.split(|byte| *byte == b'\n').map(|line| line.trim_ascii_end()).filter(|line| !line.is_empty())
    }
}

/// Whether bytes are no text at all: text has hardly any control characters, and Latin-1 has few bytes above 127.
fn is_binary(bytes: &[u8]) -> bool {
    let control = bytes.iter().filter(|byte| **byte < 32 && !matches!(**byte, b'\t' | b'\n' | b'\r')).count();
    let broken = match std::str::from_utf8(&bytes[..bytes.len().saturating_sub(4).max(1)]) {
        Ok(_) => 0,
        Err(_) => bytes.iter().filter(|byte| **byte >= 128).count(),
    };
    control * 20 > bytes.len() || broken * 3 > bytes.len()
}

impl Sniffed {
    /// Sees format, layout and columns of a text file.
    fn see_text(&mut self, head: &Head, format: Option<Format>, kind: Option<FileKind>) -> Result<()> {
        let detected = format.unwrap_or_else(|| detect(&self.name, head));
        self.format = detected;
        match detected {
            Format::JsonLines | Format::Amazon2014 | Format::Amazon2018 | Format::Amazon2023 => {
                self.see_json(head, format.is_none())
            }
            Format::MovieLens100k => {
                let items = kind.map_or_else(|| head.lines().all(|line| memchr(b'|', line).is_some()), is_items);
                let names = if items { U_ITEM } else { RATINGS };
                let separator = Separator::Byte(if items { b'|' } else { b'\t' });
                self.without_names(Dialect { separator, quoting: false, header: false, latin1: true }, names);
                Ok(())
            }
            Format::MovieLens1m => {
                let three = head.lines().next().is_some_and(|line| memmem::find_iter(line, b"::").count() == 2);
                let names = if kind.map_or(three, is_items) { MOVIES } else { RATINGS };
                let separator = Separator::DoubleColon;
                self.without_names(Dialect { separator, quoting: false, header: false, latin1: true }, names);
                Ok(())
            }
            Format::RecBole => self.see_recbole(head),
            Format::Tsv => self.see_delimited(head, b'\t', kind),
            Format::Csv | Format::MovieLens | Format::Parquet => {
                self.see_delimited(head, separator(head), kind)?;
                let has = |name: &str| self.columns.iter().any(|column| column == name);
                if format.is_none() && has("movieId") && (has("userId") || (has("title") && has("genres"))) {
                    self.format = Format::MovieLens;
                }
                Ok(())
            }
        }
    }

    fn without_names(&mut self, dialect: Dialect, names: &[&str]) {
        self.layout = Layout::Delimited(dialect);
        self.columns = names.iter().map(|name| (*name).to_owned()).collect();
        self.spaced = vec![false; names.len()];
    }

    fn see_delimited(&mut self, head: &Head, separator: u8, kind: Option<FileKind>) -> Result<()> {
        let dialect = Dialect { separator: Separator::Byte(separator), quoting: true, header: true, latin1: false };
        let first = first_record(head, &dialect, &self.name)?;
        let roles: &[Role] = match kind {
            Some(FileKind::Interactions) => &Role::OF_INTERACTIONS,
            Some(FileKind::Items) => &Role::OF_ITEMS,
            None => &[Role::User, Role::Item, Role::Rating, Role::Timestamp, Role::Title, Role::Categories],
        };
        let is_number = |name: &String| name.trim().parse::<f64>().is_ok();
        let header = first.iter().any(|name| is_known(name, roles) && !is_number(name)) || !first.iter().any(is_number);
        self.named = header;
        self.columns =
            first
                .into_iter()
                .enumerate()
                .map(|(at, name)| {
                    if header && !name.trim().is_empty() {
                        name.trim().to_owned()
                    } else {
                        format!("column {}", at + 1)
                    }
                })
                .collect();
        self.spaced = vec![false; self.columns.len()];
        self.layout = Layout::Delimited(Dialect { header, ..dialect });
        Ok(())
    }

    fn see_recbole(&mut self, head: &Head) -> Result<()> {
        let dialect = Dialect { separator: Separator::Byte(b'\t'), quoting: false, header: true, latin1: false };
        let first = first_record(head, &dialect, &self.name)?;
        for name in first {
            let (name, kind) = name.trim().rsplit_once(':').map_or((name.trim(), ""), |(name, kind)| (name, kind));
            self.columns.push(name.to_owned());
            self.spaced.push(kind.ends_with("_seq"));
        }
        self.layout = Layout::Delimited(dialect);
        Ok(())
    }

    fn see_json(&mut self, head: &Head, detect: bool) -> Result<()> {
        let mut reason = None;
        for line in head.lines().take(1_000) {
            let parsed = std::str::from_utf8(line).map_err(|_| "it is not UTF-8".to_owned()).and_then(json::object);
            match parsed {
                Ok(pairs) => {
                    for (name, _) in pairs {
                        if !name.is_empty() && !self.columns.contains(&name) {
                            self.columns.push(name);
                        }
                    }
                }
                Err(why) => reason = reason.or(Some(why)),
            }
        }
        if head.bytes.trim_ascii_start().starts_with(b"[") {
            return Err(Error::input(format!(
                "{} is one JSON array; Semid reads one object a line (jq -c '.[]' turns one into the other)",
                self.name
            )));
        }
        if self.columns.is_empty() {
            return Err(Error::input(format!(
                "{} has no line that is a JSON object: {}. Write one object in braces a line",
                self.name,
                reason.unwrap_or_default()
            )));
        }
        self.spaced = vec![false; self.columns.len()];
        if detect {
            self.format = amazon(&self.columns).unwrap_or(Format::JsonLines);
        }
        Ok(())
    }

    /// A table over bytes in memory, for the sample.
    fn table_over<'w>(self, head: &'w [u8]) -> Table<'w> {
        let all = vec![true; self.columns.len()];
        Table::over(&self, &all, Lines::new(Box::new(head), &self.name, Meter::default()))
    }

    fn take_sample(&mut self, table: &mut Table<'_>) -> Result<()> {
        // Rows with problems are passed over here; reading the file reports them.
        for _ in 0..SAMPLE_ROWS * 5 {
            match table.next()? {
                crate::delimited::Next::Row => {
                    let row = (0..self.columns.len()).map(|column| crop(table.field(column).shown()));
                    self.sample.push(row.collect());
                }
                crate::delimited::Next::Trouble(_) => {}
                crate::delimited::Next::End => break,
            }
            if self.sample.len() == SAMPLE_ROWS {
                break;
            }
        }
        Ok(())
    }
}

const RATINGS: &[&str] = &["user_id", "item_id", "rating", "timestamp"];
const MOVIES: &[&str] = &["item_id", "title", "genres"];
/// Columns of `u.item`: five, then a mark for each genre.
const U_ITEM: &[&str] = &[
    "item_id",
    "title",
    "release_date",
    "video_release_date",
    "url",
    "unknown",
    "Action",
    "Adventure",
    "Animation",
    "Children's",
    "Comedy",
    "Crime",
    "Documentary",
    "Drama",
    "Fantasy",
    "Film-Noir",
    "Horror",
    "Musical",
    "Mystery",
    "Romance",
    "Sci-Fi",
    "Thriller",
    "War",
    "Western",
];
/// Columns of `u.item` that mark a genre; the one before them is "unknown", which is none.
pub(crate) const GENRE_MARKS: std::ops::Range<usize> = 6..24;

fn is_items(kind: FileKind) -> bool {
    kind == FileKind::Items
}

fn first_record(head: &Head, dialect: &Dialect, name: &str) -> Result<Vec<String>> {
    let lines = Lines::new(Box::new(head.bytes.as_slice()), name, Meter::default());
    match Delimited::first_record(lines, dialect.clone())? {
        Some(names) => Ok(names),
        None => Err(Error::input(format!(
            "the first line of {name} cannot be read as text in columns; check that the file is CSV or TSV in UTF-8"
        ))),
    }
}

fn detect(name: &str, head: &Head) -> Format {
    let name = name.to_ascii_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    let extension = name.rsplit('.').next().unwrap_or_default();
    let first = head.lines().next().unwrap_or_default();
    if first.trim_ascii_start().starts_with(b"{") || first.trim_ascii_start().starts_with(b"[{") || first == b"[" {
        return Format::JsonLines;
    }
    let typed =
        |name: &[u8]| [":token", ":float", ":token_seq", ":float_seq"].iter().any(|t| name.ends_with(t.as_bytes()));
    if first.split(|byte| *byte == b'\t').all(typed) {
        return Format::RecBole;
    }
    let count = |what: &[u8], line: &[u8]| memmem::find_iter(line, what).count();
    if head.lines().take(SAMPLE_ROWS).all(|line| matches!(count(b"::", line), 2..=4)) {
        return Format::MovieLens1m;
    }
    if name == "u.item" || (count(b"|", first) == U_ITEM.len() - 1 && extension != "csv") {
        return Format::MovieLens100k;
    }
    if name == "u.data" || (name.starts_with('u') && matches!(extension, "base" | "test")) {
        return Format::MovieLens100k;
    }
    if matches!(extension, "jsonl" | "ndjson" | "json") {
        return Format::JsonLines;
    }
    if extension == "tsv" || (extension != "csv" && separator(head) == b'\t') {
        return Format::Tsv;
    }
    Format::Csv
}

/// The separator that most lines have equally often.
fn separator(head: &Head) -> u8 {
    let lines: Vec<&[u8]> = head.lines().take(SAMPLE_ROWS).collect();
    let score = |byte: u8| {
        let count = |line: &&[u8]| memchr::memchr_iter(byte, line).count();
        let first = lines.first().map_or(0, count);
        let equal = lines.iter().filter(|line| count(line) == first).count();
        if first == 0 { 0 } else { equal * 1_000 + first.min(999) }
    };
    // The first of equals wins.
    [b',', b'\t', b';', b'|'].into_iter().rev().max_by_key(|byte| score(*byte)).unwrap_or(b',')
}

fn amazon(columns: &[String]) -> Option<Format> {
    let has = |name: &str| columns.iter().any(|column| column == name);
    if has("parent_asin") {
        Some(Format::Amazon2023)
    } else if !has("asin") {
        None
    } else if has("reviewerID") && has("overall") {
        Some(if has("verified") || has("vote") { Format::Amazon2018 } else { Format::Amazon2014 })
    } else if has("also_view") || has("also_buy") || has("main_cat") || has("tech1") {
        Some(Format::Amazon2018)
    } else if has("imUrl") || has("salesRank") {
        Some(Format::Amazon2014)
    } else {
        None
    }
}

fn crop(mut text: String) -> String {
    if let Some((at, _)) = text.char_indices().nth(200) {
        text.truncate(at);
        text.push('…');
    }
    text
}

/// The sentence for a file in which no row could be read.
pub(crate) fn no_rows(name: &str, columns: &[String]) -> Error {
    Error::input(format!("{name} has columns ({}) and no rows; choose a file with rows", listed(columns)))
}
