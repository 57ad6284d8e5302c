//! Keys of users or items as dense indices, in order of first appearance. The keys lie end to end in one arena, so that
//! a million of them are two allocations and not a million.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

#[derive(Default)]
pub(crate) struct Keys {
    hasher: DefaultHashBuilder,
    /// Upper half of the hash beside the index: a probe touches the arena only for a key that is very likely the same.
    table: HashTable<(u32, u32)>,
    arena: Vec<u8>,
    ends: Vec<usize>,
    /// Files are often sorted by user: the last key found is asked first.
    last: Option<u32>,
}

impl Keys {
    /// Number of keys.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The index of a key.
    pub(crate) fn find(&mut self, key: &str) -> Option<u32> {
        if let Some(last) = self.last
            && self.bytes(last) == key.as_bytes()
        {
            return Some(last);
        }
        let hash = self.hasher.hash_one(key.as_bytes());
        let tag = (hash >> 32) as u32;
        let found = self.table.find(hash, |&(other, index)| other == tag && self.bytes(index) == key.as_bytes());
        let index = found.map(|&(_, index)| index)?;
        self.last = Some(index);
        Some(index)
    }

    /// Adds a key that is not there yet; none when indices have run out.
    pub(crate) fn add(&mut self, key: &str) -> Option<u32> {
        let index = u32::try_from(self.ends.len()).ok()?;
        let hash = self.hasher.hash_one(key.as_bytes());
        self.arena.extend_from_slice(key.as_bytes());
        self.ends.push(self.arena.len());
        let Keys { table, arena, ends, hasher, .. } = self;
        table.insert_unique(hash, ((hash >> 32) as u32, index), |&(_, index)| {
            hasher.hash_one(bytes_of(arena, ends, index))
        });
        self.last = Some(index);
        Some(index)
    }

    /// The key of an index.
    pub(crate) fn key(&self, index: u32) -> &str {
        std::str::from_utf8(self.bytes(index)).unwrap_or_default()
    }

    fn bytes(&self, index: u32) -> &[u8] {
        bytes_of(&self.arena, &self.ends, index)
    }
}

fn bytes_of<'a>(arena: &'a [u8], ends: &[usize], index: u32) -> &'a [u8] {
    let index = index as usize;
    let start = if index == 0 { 0 } else { ends[index - 1] };
    &arena[start..ends[index]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_are_dense_in_order_of_first_appearance() {
        let mut keys = Keys::default();
        for number in 0..10_000u32 {
            let key = format!("key-{}", number * 7_919 % 10_000);
            assert_eq!(keys.find(&key), None, "each key is new");
            assert_eq!(keys.add(&key), Some(number), "and gets the next index");
        }
        for number in 0..10_000u32 {
            let key = format!("key-{}", number * 7_919 % 10_000);
            assert_eq!(keys.find(&key), Some(number), "each key is found again");
            assert_eq!(keys.key(number), key, "and its text with it");
        }
        assert_eq!(keys.len(), 10_000, "finding adds nothing");
        assert_eq!(keys.find("key-10000"), None, "what was never added is not there");
    }
}
