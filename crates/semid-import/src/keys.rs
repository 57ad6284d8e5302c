//! Keys of users or items as dense indices, in order of first appearance.
//!
//! Looking up keys in random order is what an import spends its time on, and most of that is waiting for memory. So a key
//! of up to 24 bytes lies in the table itself: one place is touched, not three. Longer ones lie end to end in an arena.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

const INLINE: usize = 24;

#[derive(Default)]
pub(crate) struct Keys {
    hasher: DefaultHashBuilder,
    table: HashTable<Entry>,
    arena: Vec<u8>,
    /// Files are often sorted by user: the last key is asked first.
    last: Option<Entry>,
    first: Option<String>,
}

/// A key and its index, half a cache line.
#[derive(Clone, Copy)]
struct Entry {
    /// The key and zeros; of a long key its place in the arena and its hash, eight bytes each.
    bytes: [u8; INLINE],
    len: u32,
    index: u32,
}

impl Keys {
    /// The first key added.
    pub(crate) fn first(&self) -> Option<&str> {
        self.first.as_deref()
    }

    /// The index of a key.
    #[inline]
    pub(crate) fn find(&mut self, key: &str) -> Option<u32> {
        let probe = Probe::new(&self.hasher, key.as_bytes());
        if let Some(last) = &self.last
            && probe.matches(last, &self.arena)
        {
            return Some(last.index);
        }
        let found = *self.table.find(probe.hash(&self.hasher), |entry| probe.matches(entry, &self.arena))?;
        self.last = Some(found);
        Some(found.index)
    }

    /// Adds a key that is not there yet; none when indices have run out.
    pub(crate) fn add(&mut self, key: &str) -> Option<u32> {
        let index = u32::try_from(self.table.len()).ok()?;
        let probe = Probe::new(&self.hasher, key.as_bytes());
        let mut bytes = probe.bytes;
        if key.len() > INLINE {
            bytes[..8].copy_from_slice(&(self.arena.len() as u64).to_le_bytes());
            self.arena.extend_from_slice(key.as_bytes());
        }
        let entry = Entry { bytes, len: u32::try_from(key.len()).ok()?, index };
        let Keys { table, hasher, .. } = self;
        table.insert_unique(probe.hash(hasher), entry, |entry| entry.hash(hasher));
        self.last = Some(entry);
        if index == 0 {
            self.first = Some(key.to_owned());
        }
        Some(index)
    }
}

impl Entry {
    fn hash(&self, hasher: &DefaultHashBuilder) -> u64 {
        if self.len as usize > INLINE { word(&self.bytes, 1) } else { hash_inline(&self.bytes, hasher) }
    }
}

/// A key to look for, in the form of an entry.
struct Probe<'k> {
    key: &'k [u8],
    bytes: [u8; INLINE],
}

impl<'k> Probe<'k> {
    #[inline]
    fn new(hasher: &DefaultHashBuilder, key: &'k [u8]) -> Self {
        let mut bytes = [0; INLINE];
        if key.len() > INLINE {
            bytes[8..16].copy_from_slice(&hasher.hash_one(key).to_le_bytes());
        } else {
            bytes[..key.len()].copy_from_slice(key);
        }
        Probe { key, bytes }
    }

    #[inline]
    fn hash(&self, hasher: &DefaultHashBuilder) -> u64 {
        if self.key.len() > INLINE { word(&self.bytes, 1) } else { hash_inline(&self.bytes, hasher) }
    }

    #[inline]
    fn matches(&self, entry: &Entry, arena: &[u8]) -> bool {
        if self.key.len() != entry.len as usize {
            return false;
        }
        if self.key.len() <= INLINE {
            return self.bytes == entry.bytes;
        }
        let start = word(&entry.bytes, 0) as usize;
        word(&self.bytes, 1) == word(&entry.bytes, 1) && arena.get(start..start + self.key.len()) == Some(self.key)
    }
}

/// Three words are hashed faster than a slice; keys that differ in zeros at their end alone share a hash and no more.
#[inline]
fn hash_inline(bytes: &[u8; INLINE], hasher: &DefaultHashBuilder) -> u64 {
    hasher.hash_one((word(bytes, 0), word(bytes, 1), word(bytes, 2)))
}

/// One of the three words of an entry's bytes, little-endian.
#[inline]
fn word(bytes: &[u8; INLINE], place: usize) -> u64 {
    bytes.as_chunks::<8>().0.get(place).map_or(0, |word| u64::from_le_bytes(*word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_are_dense_in_order_of_first_appearance_for_short_and_long_keys() {
        // Around the length at which keys leave the table, and keys that differ in zeros only.
        let key = |number: u32| {
            let number = number * 7_919 % 10_000;
            format!("{}{number}{}", "k".repeat((number % 40) as usize), "\0".repeat((number % 3) as usize))
        };
        let mut keys = Keys::default();
        for number in 0..10_000 {
            assert_eq!(keys.find(&key(number)), None, "each key is new");
            assert_eq!(keys.add(&key(number)), Some(number), "and gets the next index");
        }
        for number in (0..10_000).rev() {
            assert_eq!(keys.find(&key(number)), Some(number), "each key is found again");
            assert_eq!(keys.find(&key(number)), Some(number), "also when it was the last one asked for");
        }
        assert_eq!(keys.first(), Some("0"), "the first key is known");
        assert_eq!(keys.find("other"), None, "what was never added is not there");
    }

    #[test]
    fn keys_that_differ_only_in_length_are_different() {
        let mut keys = Keys::default();
        for (index, key) in ["", "\0", "a", "a\0", &"a".repeat(24), &"a".repeat(25)].iter().enumerate() {
            assert_eq!((keys.find(key), keys.add(key)), (None, Some(index as u32)), "{key:?} is a key of its own");
        }
    }
}
