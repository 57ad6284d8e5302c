//! What the reading thread hands over: batches of items, users, rows and problems; and the counts it keeps.

use std::collections::BTreeMap;
use std::sync::mpsc::SyncSender;

use semid_core::{Error, Result};

use crate::plan::ImportPlan;
use crate::problem::{Problem, ProblemKind, Trouble};
use crate::sink::{ImportSummary, ImportedItem, InteractionRow, Sink};
use crate::sniff::{Sniffed, no_rows};

/// A batch is sent when it has this many interactions, or this many bytes of text.
const BATCH_ROWS: usize = 8_192;
const BATCH_BYTES: usize = 1 << 20;

/// Items, users and rows in the order a sink wants them.
#[derive(Default)]
pub(crate) struct Batch {
    items: Vec<OwnedItem>,
    first_user: u32,
    /// Keys end to end, and where each ends.
    users: String,
    user_ends: Vec<usize>,
    rows: Vec<InteractionRow>,
    problems: Vec<Problem>,
    bytes: usize,
}

struct OwnedItem {
    index: u32,
    key: String,
    title: String,
    text: String,
    categories: Vec<String>,
}

impl Batch {
    /// Hands everything to the sink.
    pub(crate) fn deliver(&self, sink: &mut dyn Sink) -> Result<()> {
        for item in &self.items {
            let OwnedItem { index, key, title, text, categories } = item;
            sink.item(ImportedItem { index: *index, key, title, text, categories })?;
        }
        let mut start = 0;
        for (user, &end) in (self.first_user..).zip(&self.user_ends) {
            sink.user(user, &self.users[start..end])?;
            start = end;
        }
        if !self.rows.is_empty() {
            sink.interactions(&self.rows)?;
        }
        self.problems.iter().try_for_each(|problem| sink.problem(problem))
    }
}

pub(crate) struct Outbox<'a> {
    pub summary: ImportSummary,
    plan: &'a ImportPlan,
    sender: SyncSender<Batch>,
    batch: Batch,
    file: String,
    problems: BTreeMap<ProblemKind, u64>,
    /// The first problem of the current file, for the sentence when nothing in it was usable.
    first_problem: Option<(u64, String)>,
    item_digest: Digest,
    user_digest: Digest,
    row_digest: Digest,
}

/// A digest over many small pieces, which are hashed together: hashing each alone costs more than reading it.
#[derive(Default)]
struct Digest {
    hasher: blake3::Hasher,
    pending: Vec<u8>,
}

impl Digest {
    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.pending.extend_from_slice(text.as_bytes());
    }

    fn number(&mut self, number: u64) {
        self.pending.extend_from_slice(&number.to_le_bytes());
    }

    fn row(&mut self, row: &InteractionRow) {
        let mut bytes = [0; 20];
        bytes[..4].copy_from_slice(&row.user.to_le_bytes());
        bytes[4..8].copy_from_slice(&row.item.to_le_bytes());
        // No finite rating has these bits, and no time is this early.
        bytes[8..12].copy_from_slice(&row.rating.map_or(u32::MAX, f32::to_bits).to_le_bytes());
        bytes[12..].copy_from_slice(&row.at.unwrap_or(i64::MIN).to_le_bytes());
        self.pending.extend_from_slice(&bytes);
    }

    fn flush(&mut self) -> &blake3::Hasher {
        self.hasher.update(&self.pending);
        self.pending.clear();
        &self.hasher
    }
}

impl<'a> Outbox<'a> {
    pub(crate) fn new(plan: &'a ImportPlan, sender: SyncSender<Batch>) -> Self {
        Outbox {
            summary: ImportSummary::default(),
            plan,
            sender,
            batch: Batch::default(),
            file: String::new(),
            problems: BTreeMap::new(),
            first_problem: None,
            item_digest: Digest::default(),
            user_digest: Digest::default(),
            row_digest: Digest::default(),
        }
    }

    pub(crate) fn begin_file(&mut self, name: &str) {
        self.file = name.to_owned();
        self.first_problem = None;
    }

    pub(crate) fn item(&mut self, item: ImportedItem<'_>) -> Result<()> {
        self.summary.items += 1;
        self.summary.items_with_categories += u64::from(!item.categories.is_empty());
        let categories: usize = item.categories.iter().map(|category| category.len() + 32).sum();
        self.batch.bytes += item.key.len() + item.title.len() + item.text.len() + categories + 128;
        let fields = [item.key, item.title, item.text];
        fields.iter().for_each(|field| self.item_digest.text(field));
        item.categories.iter().for_each(|category| self.item_digest.text(category));
        self.item_digest.number(item.categories.len() as u64);
        self.batch.items.push(OwnedItem {
            index: item.index,
            key: item.key.to_owned(),
            title: item.title.to_owned(),
            text: item.text.to_owned(),
            categories: item.categories.to_vec(),
        });
        self.send_when_full()
    }

    pub(crate) fn user(&mut self, key: &str) -> Result<()> {
        self.summary.users += 1;
        self.user_digest.text(key);
        self.batch.users.push_str(key);
        self.batch.user_ends.push(self.batch.users.len());
        self.batch.bytes += key.len() + 8;
        Ok(())
    }

    #[inline]
    pub(crate) fn row(&mut self, row: InteractionRow) -> Result<()> {
        self.summary.interactions += 1;
        self.summary.with_rating += u64::from(row.rating.is_some());
        if let Some(at) = row.at {
            self.summary.with_time += 1;
            self.summary.time_span = Some(match self.summary.time_span {
                Some((first, last)) => (first.min(at), last.max(at)),
                None => (at, at),
            });
        }
        self.batch.rows.push(row);
        if self.batch.rows.len() >= BATCH_ROWS { self.send() } else { Ok(()) }
    }

    /// Counts a trouble and keeps it if it is among the first of its kind; under `strict` it ends the import.
    pub(crate) fn trouble(&mut self, trouble: Trouble) -> Result<()> {
        let Trouble { line, kind, reason, snippet } = trouble;
        if self.plan.strict {
            return Err(Error::input(format!(
                "{}, line {line}: {reason}. Nothing was imported, since a strict import stops at the first problem; correct \
                 the line, or import without strict to keep the good rows",
                self.file
            )));
        }
        if self.first_problem.is_none() {
            self.first_problem = Some((line, reason.clone()));
        }
        let count = self.problems.entry(kind).or_default();
        *count += 1;
        if *count > self.plan.problems_kept {
            return Ok(());
        }
        self.batch.bytes += 512;
        self.batch.problems.push(Problem { file: self.file.clone(), line, kind, reason, snippet });
        self.send_when_full()
    }

    /// Sends what is left and closes the summary.
    pub(crate) fn finish(mut self) -> Result<ImportSummary> {
        self.send()?;
        let mut all = blake3::Hasher::new();
        for digest in [&mut self.item_digest, &mut self.user_digest, &mut self.row_digest] {
            all.update(digest.flush().finalize().as_bytes());
        }
        self.summary.digest = all.finalize().to_hex().to_string();
        self.summary.problems = self.problems.into_iter().collect();
        Ok(self.summary)
    }

    /// The sentence for an items file without a usable row.
    pub(crate) fn nothing_usable(&self, file: &Sniffed, rows: u64) -> Error {
        match &self.first_problem {
            None => no_rows(&file.name, &file.columns),
            Some((line, reason)) => Error::input(format!(
                "no row of {} could be used: all {rows} have a problem, the first on line {line}: {reason}. It was read as \
                 {}; set the format or the mapping if that is wrong",
                file.name,
                file.format.title()
            )),
        }
    }

    /// The sentence for an interactions file without a usable row.
    pub(crate) fn nothing_linked(&self, file: &Sniffed, rows: u64, known_item: &str) -> Error {
        let all_unknown = self.problems.get(&ProblemKind::UnknownItem).is_some_and(|count| *count == rows);
        match &self.first_problem {
            Some((_, reason)) if all_unknown => Error::input(format!(
                "no interaction of {} names an item of the items file: {reason}, while its items are named like \
                 \"{known_item}\". Set the columns that match with a mapping such as item=COLUMN,key=COLUMN",
                file.name
            )),
            _ => self.nothing_usable(file, rows),
        }
    }

    fn send_when_full(&mut self) -> Result<()> {
        if self.batch.bytes >= BATCH_BYTES { self.send() } else { Ok(()) }
    }

    fn send(&mut self) -> Result<()> {
        // A batch with rows is followed by one with as many: their place is made at once.
        let rows = Vec::with_capacity(if self.batch.rows.is_empty() { 0 } else { BATCH_ROWS });
        let next = Batch { first_user: self.summary.users as u32, rows, ..Batch::default() };
        let batch = std::mem::replace(&mut self.batch, next);
        batch.rows.iter().for_each(|row| self.row_digest.row(row));
        for digest in [&mut self.item_digest, &mut self.user_digest, &mut self.row_digest] {
            digest.flush();
        }
        // Nobody listens any more when the sink failed; its error is the one that is told.
        self.sender.send(batch).map_err(|_| Error::Cancelled)
    }
}
