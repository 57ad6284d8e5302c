//! Lines into rows, grouped by user, without copying a key.

use std::cmp::Ordering;

use rayon::prelude::*;

use crate::{Error, Result};

/// How a kind of file is laid out.
pub(super) struct Layout {
    /// What it is called in an error.
    name: &'static str,
    /// Its fields, for an error.
    fields: &'static str,
    /// How many there are.
    count: usize,
    /// Which field is the number; user and document are 0 and 2 in both.
    number_at: usize,
    /// What the number is called in an error.
    number_name: &'static str,
    number: fn(&[u8]) -> Option<f64>,
}

pub(super) const RUN: Layout = Layout {
    name: "run",
    fields: "user Q0 document rank score tag",
    count: 6,
    number_at: 4,
    number_name: "score, which must be a finite number",
    number: score,
};

pub(super) const QRELS: Layout = Layout {
    name: "qrels",
    fields: "user iteration document relevance",
    count: 4,
    number_at: 3,
    number_name: "relevance, which must be a whole number",
    number: relevance,
};

/// One line: a document and its score or relevance.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'a> {
    pub document: &'a [u8],
    pub number: f64,
}

/// The rows of a file by user.
#[derive(Debug)]
pub(super) struct Grouped<'a> {
    /// Sorted by key.
    users: Vec<UserRows<'a>>,
    /// Number of rows in all.
    pub rows: usize,
    blocks: Vec<Vec<Row<'a>>>,
}

/// Where a user's rows stand.
#[derive(Clone, Copy, Debug)]
struct UserRows<'a> {
    key: &'a [u8],
    block: usize,
    start: usize,
    end: usize,
}

impl<'a> Grouped<'a> {
    /// Number of users.
    pub fn users(&self) -> usize {
        self.users.len()
    }

    /// Each user's key and rows, sorted by key; the rows in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[Row<'a>])> {
        self.users.iter().map(|user| (user.key, self.rows_of(user)))
    }

    fn rows_of(&self, user: &UserRows<'a>) -> &[Row<'a>] {
        &self.blocks[user.block][user.start..user.end]
    }
}

/// Reads a whole file.
pub(super) fn grouped<'a>(bytes: &'a [u8], layout: &Layout) -> Result<Grouped<'a>> {
    let chunks = chunks_of_lines(bytes);
    let parsed: Vec<Result<Chunk<'a>, Trouble>> =
        chunks.into_par_iter().map(|chunk| read_chunk(chunk, layout)).collect();
    let mut blocks = Vec::with_capacity(parsed.len() + 1);
    let mut stretches = Vec::new();
    for chunk in parsed {
        let chunk = chunk.map_err(|trouble| explain(trouble, bytes, layout))?;
        let block = blocks.len();
        stretches.extend(chunk.stretches.into_iter().map(|s| UserRows { block, ..s }));
        blocks.push(chunk.rows);
    }
    let rows = blocks.iter().map(Vec::len).sum();
    let users = join_stretches(stretches, &mut blocks);
    let grouped = Grouped { users, rows, blocks };
    refuse_repetition(&grouped, bytes, layout)?;
    Ok(grouped)
}

/// Consecutive lines of one user are a stretch; `block` is set by the caller.
struct Chunk<'a> {
    rows: Vec<Row<'a>>,
    stretches: Vec<UserRows<'a>>,
}

/// What is wrong, at which line's first byte.
struct Trouble<'a> {
    line: &'a [u8],
    problem: Problem<'a>,
}

enum Problem<'a> {
    Fields(usize),
    Number(&'a [u8]),
    Repeated { user: &'a [u8], document: &'a [u8] },
}

fn chunks_of_lines(mut bytes: &[u8]) -> Vec<&[u8]> {
    // A few chunks a thread even out the work; small files are not worth a second thread.
    let size = (bytes.len() / (4 * rayon::current_num_threads())).max(1 << 16);
    let mut chunks = Vec::new();
    while bytes.len() > size {
        let Some(line_end) = bytes[size..].iter().position(|&byte| byte == b'\n') else { break };
        let (chunk, rest) = bytes.split_at(size + line_end + 1);
        chunks.push(chunk);
        bytes = rest;
    }
    chunks.push(bytes);
    chunks
}

fn read_chunk<'a>(bytes: &'a [u8], layout: &Layout) -> Result<Chunk<'a>, Trouble<'a>> {
    // A run line is seldom shorter than 24 bytes; what is reserved and not used is never touched.
    let mut rows = Vec::with_capacity(bytes.len() / 24);
    let mut stretches: Vec<UserRows<'a>> = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let line = &bytes[at..];
        let mut fields = [&line[..0]; 6];
        let mut count = 0;
        loop {
            while at < bytes.len() && bytes[at] <= b' ' && bytes[at] != b'\n' {
                at += 1;
            }
            if at == bytes.len() || bytes[at] == b'\n' {
                at += 1;
                break;
            }
            let end = field_end(bytes, at);
            if let Some(field) = fields.get_mut(count) {
                *field = &bytes[at..end];
            }
            count += 1;
            at = end;
        }
        if count == 0 {
            continue;
        }
        if count != layout.count {
            return Err(Trouble { line, problem: Problem::Fields(count) });
        }
        let number = fields[layout.number_at];
        let Some(number) = (layout.number)(number) else {
            return Err(Trouble { line, problem: Problem::Number(number) });
        };
        let key = fields[0];
        match stretches.last_mut() {
            Some(stretch) if stretch.key == key => stretch.end += 1,
            _ => stretches.push(UserRows { key, block: 0, start: rows.len(), end: rows.len() + 1 }),
        }
        rows.push(Row { document: fields[2], number });
    }
    Ok(Chunk { rows, stretches })
}

/// The first byte from `at` on that is a blank, a tab or a line end, eight bytes at a time.
fn field_end(bytes: &[u8], mut at: usize) -> usize {
    const ONES: u64 = u64::MAX / 255;
    while let Some(eight) = bytes.get(at..at + 8) {
        let word = word(eight);
        // The lowest high bit that is set marks the first byte of at most a blank's value.
        let blanks = word.wrapping_sub(ONES * (b' ' as u64 + 1)) & !word & (ONES * 128);
        if blanks != 0 {
            return at + blanks.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    while at < bytes.len() && bytes[at] > b' ' {
        at += 1;
    }
    at
}

fn score(field: &[u8]) -> Option<f64> {
    // Adding 0 makes a negative zero equal to zero in every comparison.
    let number = std::str::from_utf8(field).ok()?.parse::<f64>().ok()? + 0.0;
    number.is_finite().then_some(number)
}

fn relevance(field: &[u8]) -> Option<f64> {
    std::str::from_utf8(field).ok()?.parse::<i32>().ok().map(f64::from)
}

/// Gives each user one range of rows. Users whose lines do not stand together get a copy of theirs in a block of its own.
fn join_stretches<'a>(mut stretches: Vec<UserRows<'a>>, blocks: &mut Vec<Vec<Row<'a>>>) -> Vec<UserRows<'a>> {
    // Stable, so that the stretches of a user stay in the order of the file.
    if !stretches.is_sorted_by(|a, b| a.key < b.key) {
        stretches.par_sort_by(|a, b| compare_keys(a.key, b.key));
    }
    let mut joined = Vec::new();
    let users = stretches
        .chunk_by(|a, b| a.key == b.key)
        .map(|same| {
            if let [only] = same {
                return *only;
            }
            let start = joined.len();
            for stretch in same {
                joined.extend_from_slice(&blocks[stretch.block][stretch.start..stretch.end]);
            }
            UserRows { key: same[0].key, block: blocks.len(), start, end: joined.len() }
        })
        .collect();
    blocks.push(joined);
    users
}

/// The order of bytes, which is what `strcmp` gives, decided by the first eight where they differ.
pub(super) fn compare_keys(a: &[u8], b: &[u8]) -> Ordering {
    match (a.first_chunk::<8>(), b.first_chunk::<8>()) {
        (Some(first_a), Some(first_b)) if first_a != first_b => {
            u64::from_be_bytes(*first_a).cmp(&u64::from_be_bytes(*first_b))
        }
        _ => a.cmp(b),
    }
}

fn refuse_repetition(grouped: &Grouped<'_>, bytes: &[u8], layout: &Layout) -> Result<()> {
    let repeated = grouped
        .users
        .par_iter()
        .map_init(Vec::new, |slots, user| first_repetition(grouped.rows_of(user), slots).map(|row| (user.key, row)))
        .find_map_first(|found| found);
    match repeated {
        None => Ok(()),
        Some((user, document)) => {
            // The line starts before its document; only its position matters here.
            let line = &bytes[document.as_ptr() as usize - bytes.as_ptr() as usize..];
            Err(explain(Trouble { line, problem: Problem::Repeated { user, document } }, bytes, layout))
        }
    }
}

/// The first document that stands in the rows for the second time. `slots` is an open-addressing table, kept for reuse.
fn first_repetition<'a>(rows: &[Row<'a>], slots: &mut Vec<u32>) -> Option<&'a [u8]> {
    if rows.len() < 2 {
        return None;
    }
    let capacity = (rows.len() * 2).next_power_of_two();
    let shift = 64 - capacity.trailing_zeros();
    slots.clear();
    slots.resize(capacity, 0);
    for (number, row) in rows.iter().enumerate() {
        let mut slot = (hash(row.document) >> shift) as usize;
        loop {
            match slots[slot] {
                0 => break,
                taken if rows[taken as usize - 1].document == row.document => return Some(row.document),
                _ => slot = (slot + 1) & (capacity - 1),
            }
        }
        slots[slot] = number as u32 + 1;
    }
    None
}

/// A quick hash whose high bits are good: multiply and fold, eight bytes at a time.
fn hash(key: &[u8]) -> u64 {
    const MULTIPLIER: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut state = key.len() as u64;
    let mut eights = key.chunks_exact(8);
    for eight in &mut eights {
        state = (state ^ word(eight)).wrapping_mul(MULTIPLIER);
        state ^= state >> 32;
    }
    let rest = eights.remainder().iter().fold(0u64, |rest, &byte| rest << 8 | u64::from(byte));
    state = (state ^ rest).wrapping_mul(MULTIPLIER);
    (state ^ state >> 32).wrapping_mul(MULTIPLIER)
}

fn word(eight: &[u8]) -> u64 {
    eight.try_into().map_or(0, u64::from_le_bytes)
}

fn explain(trouble: Trouble<'_>, bytes: &[u8], layout: &Layout) -> Error {
    let at = trouble.line.as_ptr() as usize - bytes.as_ptr() as usize;
    let line = 1 + bytes[..at].iter().filter(|&&byte| byte == b'\n').count();
    let name = layout.name;
    Error::input(match trouble.problem {
        Problem::Fields(found) => format!(
            "Line {line} of the {name} has {found} fields, but a {name} line has {}: {}.",
            layout.count, layout.fields
        ),
        Problem::Number(field) => {
            format!("Line {line} of the {name}: `{}` cannot be read as the {}.", shown(field), layout.number_name)
        }
        Problem::Repeated { user, document } => format!(
            "Line {line} of the {name}: document `{}` stands there for user `{}` a second time. Each may stand once.",
            shown(document),
            shown(user)
        ),
    })
}

/// A field as it can be printed: short, and valid text.
fn shown(field: &[u8]) -> String {
    let text = String::from_utf8_lossy(&field[..field.len().min(60)]).into_owned();
    if field.len() > 60 { text + "…" } else { text }
}
