//! Ranked lists of a run, in chunks, so that one person's list opens without reading the rest.

use rusqlite::{Connection, OptionalExtension};
use semid_core::{RankedEntry, RankedList};

use crate::{Error, Result, Store};

/// Lists in a chunk.
const CHUNK: usize = 256;

impl Store {
    /// Keeps the lists of one arm and seed, in the run's order of users, in place of those kept before. May be done
    /// before the run is finished, arm by arm, so that no run has to hold all its lists in memory.
    pub fn save_lists(&self, run: i64, arm: &str, seed: u64, lists: &[RankedList]) -> Result<()> {
        self.write("keeping ranked lists", |connection| {
            connection
                .prepare_cached("DELETE FROM ranked_list_chunk WHERE run = ?1 AND arm = ?2 AND seed = ?3")?
                .execute((run, arm, seed as i64))?;
            insert(connection, run, arm, seed, lists)
        })
    }

    /// The list of one user by position in the run's order of users.
    pub fn ranked_list(&self, run: i64, arm: &str, seed: u64, position: usize) -> Result<Option<RankedList>> {
        self.read("reading a ranked list", |connection| {
            let first = position - position % CHUNK;
            let bytes: Option<Vec<u8>> = connection
                .prepare_cached(
                    "SELECT lists FROM ranked_list_chunk WHERE run = ?1 AND arm = ?2 AND seed = ?3 AND first = ?4",
                )?
                .query_row((run, arm, seed as i64, first as i64), |row| row.get(0))
                .optional()?;
            let lists = bytes.map(|bytes| decode_lists(&bytes).ok_or_else(|| damaged(run))).transpose()?;
            Ok(lists.and_then(|lists| lists.into_iter().nth(position - first)))
        })
    }

    /// All lists of one arm and seed in the run's order of users; empty when none were kept.
    pub fn ranked_lists(&self, run: i64, arm: &str, seed: u64) -> Result<Vec<RankedList>> {
        self.read("reading ranked lists", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT lists FROM ranked_list_chunk WHERE run = ?1 AND arm = ?2 AND seed = ?3 ORDER BY first",
            )?;
            let mut chunks = statement.query((run, arm, seed as i64))?;
            let mut lists = Vec::new();
            while let Some(chunk) = chunks.next()? {
                let bytes = chunk.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
                lists.extend(decode_lists(bytes).ok_or_else(|| damaged(run))?);
            }
            Ok(lists)
        })
    }
}

/// Writes lists inside a transaction; there are none of this arm and seed yet.
pub(crate) fn insert(connection: &Connection, run: i64, arm: &str, seed: u64, lists: &[RankedList]) -> Result<()> {
    let mut statement = connection
        .prepare_cached("INSERT INTO ranked_list_chunk (run, arm, seed, first, lists) VALUES (?1, ?2, ?3, ?4, ?5)")?;
    for (chunk, lists) in lists.chunks(CHUNK).enumerate() {
        statement.execute((run, arm, seed as i64, (chunk * CHUNK) as i64, encode_lists(lists)))?;
    }
    Ok(())
}

/// Lists as bytes, for an artifact or a chunk. Nothing is rounded: scores take four bytes where that says them exactly,
/// else eight.
///
/// Form: score bytes (4 or 8), number of lists; each list: number of entries; each entry: number of items, items, score.
/// Numbers are LEB128, scores little-endian floats.
pub fn encode_lists(lists: &[RankedList]) -> Vec<u8> {
    let entries = || lists.iter().flat_map(|list| &list.entries);
    let short = entries().all(|entry| f64::from(entry.score as f32).to_bits() == entry.score.to_bits());
    let mut bytes = Vec::with_capacity(8 + lists.len() + entries().count() * if short { 8 } else { 12 });
    bytes.push(if short { 4 } else { 8 });
    put(&mut bytes, lists.len() as u64);
    for list in lists {
        put(&mut bytes, list.entries.len() as u64);
        for entry in &list.entries {
            put(&mut bytes, entry.items.len() as u64);
            entry.items.iter().for_each(|&item| put(&mut bytes, u64::from(item)));
            match short {
                true => bytes.extend_from_slice(&(entry.score as f32).to_le_bytes()),
                false => bytes.extend_from_slice(&entry.score.to_le_bytes()),
            }
        }
    }
    bytes
}

/// The lists again; none when the bytes are not what [`encode_lists`] wrote.
pub fn decode_lists(bytes: &[u8]) -> Option<Vec<RankedList>> {
    let (&score_bytes, mut rest) = bytes.split_first()?;
    let bytes = &mut rest;
    let mut lists = Vec::new();
    for _ in 0..take(bytes)? {
        let mut entries = Vec::new();
        for _ in 0..take(bytes)? {
            let items = (0..take(bytes)?).map(|_| take(bytes)?.try_into().ok()).collect::<Option<Vec<u32>>>()?;
            let score = match score_bytes {
                4 => f64::from(f32::from_le_bytes(*bytes.split_off(..4)?.first_chunk()?)),
                8 => f64::from_le_bytes(*bytes.split_off(..8)?.first_chunk()?),
                _ => return None,
            };
            entries.push(RankedEntry { items, score });
        }
        lists.push(RankedList { entries });
    }
    bytes.is_empty().then_some(lists)
}

fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0u64;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.split_off_first()?;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

fn damaged(run: i64) -> Error {
    Error::input(format!("The ranked lists of run {run} are damaged. Run `semid doctor`, and the run again."))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn list(entries: &[(&[u32], f64)]) -> RankedList {
        let entry = |&(items, score): &(&[u32], f64)| RankedEntry { items: items.to_vec(), score };
        RankedList { entries: entries.iter().map(entry).collect() }
    }

    #[test]
    fn lists_come_back_bit_for_bit_whether_scores_fit_four_bytes_or_not() {
        let exact = vec![list(&[(&[3], 0.5), (&[], 0.25), (&[u32::MAX, 0], -1.0)]), list(&[])];
        let long = vec![list(&[(&[1], 0.1), (&[2], std::f64::consts::PI)])];
        for lists in [exact, long, Vec::new()] {
            assert_eq!(decode_lists(&encode_lists(&lists)).unwrap(), lists, "nothing may be rounded or lost");
        }
        let halves: Vec<RankedList> = (0..100).map(|_| list(&[(&[7], 0.5)])).collect();
        assert!(encode_lists(&halves).len() < 100 * 8, "scores that fit f32 take four bytes");
    }

    #[test]
    fn damaged_bytes_are_seen_and_never_panic() {
        let bytes = encode_lists(&[list(&[(&[3, 300], 0.1)]), list(&[(&[70_000], 0.2)])]);
        for end in 0..bytes.len() {
            assert!(decode_lists(&bytes[..end]).is_none(), "lists cut off at byte {end} are not lists");
        }
        assert!(decode_lists(&[&bytes[..], &[0]].concat()).is_none(), "bytes behind the lists are not ours");
        assert!(decode_lists(&[4, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]).is_none());
    }
}
