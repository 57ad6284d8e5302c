//! SentencePiece vocabularies with scores (Kudo and Richardson 2018), as Llama 2 and Gemma files carry them: neighbours merge
//! to the best-scored piece until none is left; letters outside the vocabulary become bytes.

use std::collections::{BinaryHeap, HashMap};

/// Stands for a blank.
const BLANK: &str = "\u{2581}";
const BYTE: i64 = 6;
const NORMAL: [i64; 3] = [1, 2, 4];

/// The pieces and their scores.
pub(super) struct SentencePiece {
    pieces: HashMap<String, (u32, f32)>,
    bytes: HashMap<u8, u32>,
    unknown: u32,
    add_space: bool,
}

/// A pair that may merge, the best score first, then the leftmost.
#[derive(PartialEq)]
struct Pair {
    score: f32,
    left: usize,
    right: usize,
    length: usize,
}

impl Eq for Pair {}

impl Ord for Pair {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.score.total_cmp(&other.score).then(other.left.cmp(&self.left))
    }
}

impl PartialOrd for Pair {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl SentencePiece {
    /// Takes a file's lists.
    pub fn new(names: &[&str], kinds: &[i64], scores: &[f32], add_space: bool) -> Self {
        let (mut pieces, mut bytes, mut unknown) = (HashMap::new(), HashMap::new(), 0);
        for (token, name) in names.iter().enumerate() {
            let kind = kinds.get(token).copied().unwrap_or(1);
            if kind == 2 {
                unknown = token as u32;
            }
            if let Some(byte) = byte_of(name).filter(|_| kind == BYTE) {
                bytes.insert(byte, token as u32);
            } else if NORMAL.contains(&kind) {
                pieces.insert((*name).to_owned(), (token as u32, scores.get(token).copied().unwrap_or(0.0)));
            }
        }
        SentencePiece { pieces, bytes, unknown, add_space }
    }

    /// Whether a blank is put before a text.
    pub fn adds_space(&self) -> bool {
        self.add_space
    }

    /// The bytes of a piece of some kind.
    pub fn bytes(&self, kind: i64, name: &str) -> Vec<u8> {
        match byte_of(name).filter(|_| kind == BYTE) {
            Some(byte) => vec![byte],
            None if kind == 3 => Vec::new(),
            None => name.replace(BLANK, " ").into_bytes(),
        }
    }

    /// The tokens of a text.
    pub fn tokens(&self, text: &str) -> Vec<u32> {
        let blank = if self.add_space { " " } else { "" };
        let text = format!("{blank}{text}").replace(' ', BLANK);
        // A piece begins at its start and is `lengths` long; 0 once it has merged into the one before.
        let starts: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        let count = starts.len();
        let mut lengths: Vec<usize> = text.chars().map(char::len_utf8).collect();
        let mut next: Vec<usize> = (1..=count).collect();
        let mut before: Vec<usize> = (0..count).map(|at| at.wrapping_sub(1)).collect();
        let mut pairs = BinaryHeap::new();
        let pair = |left: usize, right: usize, lengths: &[usize]| {
            let length = lengths[left] + lengths[right];
            let piece = &text[starts[left]..starts[left] + length];
            self.pieces.get(piece).map(|(_, score)| Pair { score: *score, left, right, length })
        };
        pairs.extend((1..count).filter_map(|right| pair(right - 1, right, &lengths)));
        while let Some(Pair { left, right, length, .. }) = pairs.pop() {
            // A pair is out of date once one of its sides has merged otherwise.
            if lengths[left] == 0 || lengths[right] == 0 || lengths[left] + lengths[right] != length {
                continue;
            }
            lengths[left] = length;
            lengths[right] = 0;
            next[left] = next[right];
            if next[left] < count {
                before[next[left]] = left;
                pairs.extend(pair(left, next[left], &lengths));
            }
            if before[left] < count {
                pairs.extend(pair(before[left], left, &lengths));
            }
        }
        let mut tokens = Vec::new();
        for (start, length) in starts.into_iter().zip(lengths).filter(|(_, length)| *length > 0) {
            let piece = &text[start..start + length];
            match self.pieces.get(piece) {
                Some((token, _)) => tokens.push(*token),
                None => tokens.extend(piece.bytes().map(|byte| self.bytes.get(&byte).copied().unwrap_or(self.unknown))),
            }
        }
        tokens
    }
}

/// The byte that "<0x0A>" stands for.
fn byte_of(name: &str) -> Option<u8> {
    let digits = name.strip_prefix("<0x")?.strip_suffix('>')?;
    u8::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_merge_by_score_and_strange_letters_become_bytes() {
        let names = ["<unk>", "<0xC3>", "<0xA4>", "\u{2581}", "a", "b", "ab", "\u{2581}a", "ba", "\u{2581}ab"];
        let kinds = [2, 6, 6, 1, 1, 1, 1, 1, 1, 1];
        let scores = [0.0, 0.0, 0.0, -9.0, -9.0, -9.0, -1.0, -3.0, -2.0, -4.0];
        let pieces = SentencePiece::new(&names, &kinds, &scores, true);
        assert_eq!(pieces.tokens("ab"), [9], "a and b merge first, then the blank with both");
        assert_eq!(pieces.tokens("bab"), [3, 5, 6], "the best-scored pair wins over the one before it");
        assert_eq!(pieces.tokens("ä"), [3, 1, 2], "a letter that is no piece is its bytes");
        assert_eq!(pieces.tokens("z"), [3, 0], "a byte that is no piece is unknown");
        assert_eq!(pieces.bytes(6, "<0xC3>"), [0xc3], "a byte piece is its byte");
    }
}
