//! Bridges: a prepared data set and its IDs in the forms that other systems read, and what they made of it back.
//!
//! Out go GRID (gzipped TFRecords and a tensor of IDs), LC-Rec, LETTER and MiniOneRec (`NAME.inter.json`,
//! `NAME.index.json`, `NAME.item.json`), RecBole (atomic files) and Parquet. Back come ranked lists ([`lists`]: TREC,
//! Parquet, JSON) and codes ([`codes`]). This room opens no file: it writes to what it is given and reads bytes.

pub mod codes;
mod grid;
mod lc_rec;
pub mod lists;
mod parquet_out;
mod parquet_rows;
mod recbole;
mod tfrecord;
mod torch_tensor;

use std::io::{self, Write};

use semid_core::prepare::Prepared;
use semid_core::{Case, Catalog, Embeddings, Result, SemanticIds};
use serde::{Deserialize, Serialize};

/// Whose forms are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "kebab-case")]
#[ts(rename = "BridgeFormat")]
pub enum Format {
    /// GRID of Snap Research: TFRecords of sequences and items, IDs as a PyTorch tensor of levels × items.
    Grid,
    /// LC-Rec, LETTER and MiniOneRec: JSON by index.
    #[serde(rename = "lcrec")]
    LcRec,
    /// RecBole's atomic files, with benchmark files of the split.
    #[serde(rename = "recbole")]
    RecBole,
    /// Parquet tables of items, interactions and cases.
    Parquet,
}

impl Format {
    /// Every one, as typed after `--format`.
    pub const ALL: [Format; 4] = [Format::Grid, Format::LcRec, Format::RecBole, Format::Parquet];

    /// `recbole`.
    pub fn key(self) -> &'static str {
        match self {
            Format::Grid => "grid",
            Format::LcRec => "lcrec",
            Format::RecBole => "recbole",
            Format::Parquet => "parquet",
        }
    }

    /// By what users and items are named in the files, for whoever sends lists back.
    pub fn names(self) -> &'static str {
        match self {
            Format::Grid | Format::LcRec => "indices",
            Format::RecBole | Format::Parquet => "keys",
        }
    }
}

/// What is exported: a data set as an experiment prepared and split it.
#[derive(Clone, Copy)]
pub struct Export<'a> {
    /// Begins the names of files: letters, digits, `-`, `_`.
    pub name: &'a str,
    /// The items that take part.
    pub catalog: &'a Catalog,
    /// Sequences and split.
    pub prepared: &'a Prepared,
    /// One ID per item, where a scheme was asked for.
    pub ids: Option<&'a SemanticIds>,
    /// One row per item, where vectors were asked for.
    pub embeddings: Option<&'a Embeddings>,
}

/// One file of an export.
pub struct BridgeFile<'a> {
    /// Its path below the folder, parts divided by `/`.
    pub name: String,
    /// What it holds, in a few words.
    pub about: &'static str,
    write: Writing<'a>,
}

type Writing<'a> = Box<dyn Fn(&mut (dyn Write + Send)) -> io::Result<()> + 'a>;

impl<'a> BridgeFile<'a> {
    fn new(
        name: impl Into<String>,
        about: &'static str,
        write: impl Fn(&mut (dyn Write + Send)) -> io::Result<()> + 'a,
    ) -> Self {
        BridgeFile { name: name.into(), about, write: Box::new(write) }
    }

    /// Writes the whole file.
    pub fn write(&self, to: &mut (dyn Write + Send)) -> io::Result<()> {
        (self.write)(to)
    }
}

/// The files of an export, and what a reader must know, in sentences.
pub struct Plan<'a> {
    /// The files.
    pub files: Vec<BridgeFile<'a>>,
    /// What was left out or renamed.
    pub notes: Vec<String>,
}

impl<'a> Export<'a> {
    /// The files of a format. Fails where the format cannot say what the split says.
    pub fn plan(&'a self, format: Format) -> Result<Plan<'a>> {
        let mut plan = match format {
            Format::Grid => grid::plan(self),
            Format::LcRec => lc_rec::plan(self)?,
            Format::RecBole => recbole::plan(self),
            Format::Parquet => parquet_out::plan(self),
        };
        self.add_qrels(&mut plan);
        Ok(plan)
    }

    fn user_key(&self, user: u32) -> &'a str {
        &self.prepared.sequences.user_keys[user as usize]
    }

    fn item_key(&self, item: u32) -> &'a str {
        &self.catalog.items[item as usize].key
    }

    /// Whether every user is split leave-last-out: a validation and a test case of one target each at the end of the
    /// sequence, or none.
    fn leaves_last_out(&self) -> bool {
        let split = &self.prepared.split;
        let fits = |case: &Case, held_out: usize| {
            let items = &self.prepared.sequences.items[case.user as usize];
            case.targets.len() == 1 && case.history.len() + held_out == items.len()
        };
        split.validation.len() == split.test.len()
            && split.validation.iter().all(|case| fits(case, 2))
            && split.test.iter().all(|case| fits(case, 1))
    }

    /// The targets of the test in TREC form, so that any tool can judge: users and items by key.
    fn add_qrels(&'a self, plan: &mut Plan<'a>) {
        let cases = &self.prepared.split.test;
        let mut keys = cases.iter().flat_map(|case| {
            std::iter::once(self.user_key(case.user)).chain(case.targets.iter().map(|&item| self.item_key(item)))
        });
        if keys.any(has_blank) {
            plan.notes.push(
                "Some keys hold blanks, which TREC files cannot; test.qrels was not written. The lists are judged on \
                 import all the same."
                    .to_owned(),
            );
            return;
        }
        plan.files.push(BridgeFile::new("test.qrels", "targets of the test in TREC form, by key", |to| {
            for case in &self.prepared.split.test {
                for &item in &case.targets {
                    writeln!(to, "{} 0 {} 1", self.user_key(case.user), self.item_key(item))?;
                }
            }
            Ok(())
        }));
    }
}

fn has_blank(key: &str) -> bool {
    key.is_empty() || key.chars().any(|char| char.is_whitespace() || char.is_control())
}

/// Text that fits between two tabs: no line end, no tab, no quote that a reader could take for one of its own.
fn plain(text: &str) -> String {
    let plain = |char: char| match char {
        char if char.is_whitespace() || char.is_control() => ' ',
        '"' => '\'',
        char => char,
    };
    text.chars().map(plain).collect::<String>().split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// `<a_12>` of the first level, `<b_207>` of the second: how LETTER and MiniOneRec spell a code.
fn token(level: usize, code: u32) -> String {
    format!("<{}_{code}>", letter(level))
}

fn letter(level: usize) -> char {
    char::from(b'a' + u8::try_from(level % 26).unwrap_or(0))
}
