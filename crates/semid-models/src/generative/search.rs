//! Beam search over the trie, batched over users and beams.
//!
//! A user's history is read once. Where positions are tokens, every prefix in the beam then costs one position, whose
//! attention sees the history's cached keys and values and those of its own earlier tokens; where they are items, it costs
//! the head of its level. A score is the sum of log-probabilities of the tokens, each among those that its softmax runs
//! over. A prefix that leads only to items of the history is never entered, so the beam is spent on items that
//! can be recommended, and a beam as wide as the catalog is an exact ranking.

use std::collections::{HashMap, HashSet};

use semid_core::{History, RankedEntry, RankedList, TokenTrie};

use super::follow::Follow;
use super::heads::{HeadTrace, Spare};
use super::layout::{HeadLayout, Layout, Reading};
use super::model::{Packed, embed_one, read};
use crate::top_k::met_below;
use crate::transformer::{
    Mat, Parameters, ProductRoom, Trace, activate, add_rows, exponentials, linear, norm, product, room, small_product,
    sum_of, vectorised,
};

/// What the search may emit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Emission {
    /// IDs of items outside the history.
    Recommendable,
    /// Any sequence of codes: what the model would say on its own.
    Anything,
}

/// A trained model and the trie it speaks in.
#[derive(Clone, Copy)]
pub(crate) struct Searcher<'a> {
    pub layout: &'a Layout,
    pub parameters: Parameters<'a, f32>,
    pub trie: &'a TokenTrie,
    pub max_history: usize,
    /// Orders equal scores.
    pub tie_seed: u64,
}

/// Room of one thread, reused from group to group.
#[derive(Default)]
pub(crate) struct SearchRoom {
    trace: Trace<f32>,
    packed: Packed,
    /// Per block and step, `rows × 3d`.
    cache: Vec<Vec<Vec<f32>>>,
    x: Vec<f32>,
    normed: Vec<f32>,
    attention: Vec<f32>,
    wide: Vec<f32>,
    active: Vec<f32>,
    narrow: Vec<f32>,
    hidden: Vec<f32>,
    logits: Vec<f32>,
    keys: Vec<f32>,
    scores: Vec<f32>,
    stats: Vec<[f32; 2]>,
    products: ProductRoom,
    /// Per prefix, the hidden row of its user and its tokens so far, and the same one token before.
    sums: Vec<f32>,
    sums_before: Vec<f32>,
    head: HeadTrace<f32>,
    spare: Spare<f32>,
}

/// A prefix, or at the end a whole ID.
#[derive(Clone, Debug)]
pub(crate) struct Hypothesis {
    /// Where in the trie it leads; none once it has left it.
    pub node: Option<u32>,
    /// Log-probability.
    pub score: f64,
    /// Last token.
    token: u32,
    /// Its row at each step of the search so far.
    rows: Vec<u32>,
}

impl Searcher<'_> {
    /// Ranks items for a group of users.
    pub fn rank(&self, histories: &[History<'_>], k: usize, beam: usize, at: &mut SearchRoom) -> Vec<RankedList> {
        let found = self.search(histories, beam.min(self.trie.leaves()), Emission::Recommendable, at);
        histories.iter().zip(found).map(|(history, hypotheses)| self.list(history, &hypotheses, k)).collect()
    }

    /// Entries of whole IDs, best first, until `k` ranks are taken.
    fn list(&self, history: &History<'_>, hypotheses: &[Hypothesis], k: usize) -> RankedList {
        let met: HashSet<u32> = history.items.iter().copied().collect();
        let mut list = RankedList::default();
        let mut ranks = 0;
        for hypothesis in hypotheses {
            let Some(leaf) = hypothesis.node else { continue };
            if ranks >= k {
                break;
            }
            let items: Vec<u32> = self.trie.items(leaf).iter().copied().filter(|item| !met.contains(item)).collect();
            ranks += items.len();
            list.entries.push(RankedEntry { items, score: hypothesis.score });
        }
        list
    }

    /// The best `beam` IDs of each user, best first.
    pub fn search(
        &self,
        histories: &[History<'_>],
        beam: usize,
        emission: Emission,
        at: &mut SearchRoom,
    ) -> Vec<Vec<Hypothesis>> {
        self.search_following(histories, beam, emission, at, None)
    }

    /// The same search; `follow` writes down the way to one item for the only user. A followed prefix that the beam has
    /// lost goes along without taking part: the beam stays what it would be.
    pub fn search_following(
        &self,
        histories: &[History<'_>],
        beam: usize,
        emission: Emission,
        at: &mut SearchRoom,
        mut follow: Option<&mut Follow>,
    ) -> Vec<Vec<Hypothesis>> {
        let (layout, levels) = (self.layout, self.layout.levels());
        let starts = self.read_histories(histories, at);
        let met: Vec<HashMap<u32, usize>> = match emission {
            Emission::Recommendable => histories.iter().map(|history| met_below(self.trie, history)).collect(),
            Emission::Anything => vec![HashMap::new(); histories.len()],
        };
        let mut beams = vec![vec![Hypothesis::root()]; histories.len()];
        for level in 0..levels {
            match &layout.reading {
                Reading::Tokens { .. } if level > 0 => self.read_tokens(level, &mut beams, &starts, at),
                Reading::Tokens { .. } => {}
                Reading::Items { heads } => self.read_heads(&heads[level], level, &mut beams, emission, at),
            }
            let size = layout.vocabulary.size(level);
            self.score(level, &beams, emission, at);
            let mut logits = at.logits.chunks_exact(size);
            for (user, beam_of_user) in beams.iter_mut().enumerate() {
                let mut ways = Vec::new();
                let mut followed = Vec::new();
                for (parent, hypothesis) in beam_of_user.iter().enumerate() {
                    let Some(row) = logits.next() else { break };
                    let normaliser = match hypothesis.node {
                        Some(node) if emission == Emission::Recommendable => self.normaliser(node, row, &mut at.narrow),
                        _ => log_sum(row, &mut at.narrow),
                    };
                    let reach = Reach { parent, hypothesis, met: &met[user], user: histories[user].user };
                    let before = ways.len();
                    self.ways_on(reach, row, normaliser, emission, &mut ways);
                    if let Some(follow) = &follow
                        && hypothesis.node == Some(follow.path[level])
                    {
                        followed = ways[before..].to_vec();
                        if follow.forced == Some(parent) {
                            ways.truncate(before);
                        }
                    }
                }
                keep_best(&mut ways, beam);
                if let Some(follow) = &mut follow {
                    follow.step(level, followed, beam_of_user, &mut ways);
                }
                let offset = layout.vocabulary.offset(level) as u32;
                *beam_of_user = ways
                    .iter()
                    .map(|way| Hypothesis {
                        node: way.node,
                        score: way.score,
                        token: offset + way.code,
                        rows: beam_of_user[way.parent].rows.clone(),
                    })
                    .collect();
            }
        }
        beams
    }

    /// Reads the histories; leaves each user's last hidden row in `at.hidden` and tells where each starts.
    fn read_histories(&self, histories: &[History<'_>], at: &mut SearchRoom) -> Vec<usize> {
        let d = self.layout.d();
        at.packed.clear();
        let mut starts = Vec::with_capacity(histories.len());
        for history in histories {
            starts.push(at.packed.positions());
            let recent = &history.items[history.items.len().saturating_sub(self.max_history)..];
            at.packed.push(self.layout, recent, true);
        }
        read(self.layout, self.parameters, &at.packed, None, &mut at.trace);
        room(&mut at.hidden, histories.len() * d);
        let rows = at.hidden.chunks_exact_mut(d).zip(&starts).zip(&at.packed.sequences.lengths);
        for ((row, &start), &length) in rows {
            let last = start + length - 1;
            row.copy_from_slice(&at.trace.hidden[last * d..(last + 1) * d]);
        }
        starts
    }

    /// Whether there is something to ask after a prefix: not where only one token can follow.
    fn chooses(&self, hypothesis: &Hypothesis, emission: Emission) -> bool {
        let alone = |node| self.trie.children(node).len() == 1;
        !(self.layout.trie_softmax && emission == Emission::Recommendable && hypothesis.node.is_some_and(alone))
    }

    /// The logits of a level from the rows in `at.hidden`, a row of `size` for each prefix. Where the softmax runs over
    /// what continues an ID, those of other codes are left as they were.
    fn score(&self, level: usize, beams: &[Vec<Hypothesis>], emission: Emission, at: &mut SearchRoom) {
        let (d, size) = (self.layout.d(), self.layout.vocabulary.size(level));
        let table = self.parameters.at(&self.layout.output(level));
        let prefixes: usize = beams.iter().map(Vec::len).sum();
        let logits = room(&mut at.logits, prefixes * size);
        let all = self.layout.chooses_among_all(self.trie, level) || emission == Emission::Anything;
        if all && at.hidden.len() == prefixes * d {
            return product(logits, size, Mat::new(&at.hidden, prefixes, d), Mat::new(table, size, d).t(), false);
        }
        let by_token = matches!(self.layout.reading, Reading::Tokens { .. });
        let mut hidden = at.hidden.chunks_exact(d);
        vectorised(
            #[inline(always)]
            || {
                for (hypothesis, logits) in beams.iter().flatten().zip(logits.chunks_exact_mut(size)) {
                    let asked = self.chooses(hypothesis, emission);
                    let row = if asked || by_token { hidden.next() } else { None };
                    let Some(node) = hypothesis.node else { continue };
                    for child in self.trie.children(node) {
                        let code = self.trie.code(child) as usize;
                        let token = &table[code * d..(code + 1) * d];
                        logits[code] = row.filter(|_| asked).map_or(0.0, |row| sum_of(row, token, |a, b| a * b));
                    }
                }
            },
        );
    }

    /// ln Σ exp over what the softmax after a prefix runs over.
    fn normaliser(&self, node: u32, logits: &[f32], spare: &mut Vec<f32>) -> f64 {
        if !self.layout.trie_softmax {
            return log_sum(logits, spare);
        }
        let children = self.trie.children(node);
        log_sum_of(children.map(|child| logits[self.trie.code(child) as usize]), spare)
    }

    /// The log-probability of each code of the first level after each history: `histories × size`, negative infinity where
    /// no ID begins so.
    pub fn first_codes(&self, histories: &[History<'_>], at: &mut SearchRoom) -> Vec<f64> {
        self.read_histories(histories, at);
        let mut roots = vec![vec![Hypothesis::root()]; histories.len()];
        if let Reading::Items { heads } = &self.layout.reading {
            self.read_heads(&heads[0], 0, &mut roots, Emission::Anything, at);
        }
        self.score(0, &roots, Emission::Anything, at);
        let size = self.layout.vocabulary.size(0);
        let mut logs = vec![f64::NEG_INFINITY; at.logits.len()];
        for (logs, logits) in logs.chunks_exact_mut(size).zip(at.logits.chunks_exact(size)) {
            let normaliser = self.normaliser(TokenTrie::ROOT, logits, &mut at.narrow);
            for child in self.trie.children(TokenTrie::ROOT) {
                let code = self.trie.code(child) as usize;
                logs[code] = f64::from(logits[code]) - normaliser;
            }
        }
        logs
    }

    /// All ways on from a prefix, scored by its row of logits.
    fn ways_on(&self, from: Reach<'_>, logits: &[f32], normaliser: f64, emission: Emission, ways: &mut Vec<Way>) {
        let mut push = |code: u32, node: Option<u32>, name: u32| {
            ways.push(Way {
                score: from.hypothesis.score + (f64::from(logits[code as usize]) - normaliser),
                tie: tie(self.tie_seed, from.user, name),
                parent: from.parent,
                code,
                node,
            });
        };
        match emission {
            Emission::Recommendable => {
                let Some(node) = from.hypothesis.node else { return };
                for child in self.trie.children(node) {
                    let items = self.trie.items(child);
                    if from.met.get(&child).is_none_or(|&met| met < items.len()) {
                        push(self.trie.code(child), Some(child), items[0]);
                    }
                }
            }
            Emission::Anything => {
                for code in 0..logits.len() as u32 {
                    push(code, from.hypothesis.node.and_then(|node| self.trie.child(node, code)), code);
                }
            }
        }
    }

    /// Asks the head of a level about every prefix that there is something to ask about; leaves what it says in
    /// `at.hidden`, where the users' hidden rows are at the first level.
    fn read_heads(
        &self,
        head: &HeadLayout,
        level: usize,
        beams: &mut [Vec<Hypothesis>],
        emission: Emission,
        at: &mut SearchRoom,
    ) {
        let d = self.layout.d();
        if level == 0 {
            at.sums.clone_from(&at.hidden);
        } else {
            std::mem::swap(&mut at.sums, &mut at.sums_before);
            at.sums.clear();
            for (user, beam) in beams.iter_mut().enumerate() {
                for hypothesis in beam {
                    let before = hypothesis.rows.last().map_or(user, |&row| row as usize);
                    let row = at.sums.len();
                    hypothesis.rows.push((row / d) as u32);
                    at.sums.extend_from_slice(&at.sums_before[before * d..(before + 1) * d]);
                    let token = self.parameters.at(&self.layout.token_row(hypothesis.token));
                    add_rows(&mut at.sums[row..], token);
                }
            }
        }
        at.head.y.clear();
        for (hypothesis, sum) in beams.iter().flatten().zip(at.sums.chunks_exact(d)) {
            if self.chooses(hypothesis, emission) {
                at.head.y.extend_from_slice(sum);
            }
        }
        at.head.forward(self.layout, head, level, self.parameters, None, 0, &mut at.spare);
        at.hidden.clone_from(&at.head.out);
    }

    /// Reads the last token of every prefix; leaves their hidden rows in `at.hidden`.
    fn read_tokens(&self, level: usize, beams: &mut [Vec<Hypothesis>], starts: &[usize], at: &mut SearchRoom) {
        let (layout, d, levels) = (self.layout, self.layout.d(), self.layout.levels());
        let lengths = at.packed.sequences.lengths.clone();
        at.cache.resize_with(layout.stack.blocks.len(), Vec::new);
        at.cache.iter_mut().for_each(|cache| cache.resize_with(levels - 1, Vec::new));
        let step = level - 1;
        let rows: usize = beams.iter().map(Vec::len).sum();
        let p = |range: &std::ops::Range<usize>| self.parameters.at(range);
        room(&mut at.x, rows * d);
        let mut row = 0;
        for (beam, &length) in beams.iter_mut().zip(&lengths) {
            for hypothesis in beam {
                hypothesis.rows.push(row as u32);
                let x = &mut at.x[row * d..(row + 1) * d];
                embed_one(layout, self.parameters, x, hypothesis.token, length - 1 + level);
                row += 1;
            }
        }
        room(&mut at.stats, rows);
        for (index, block) in layout.stack.blocks.iter().enumerate() {
            let normed = room(&mut at.normed, rows * d);
            norm(normed, &mut at.stats, &at.x, p(&block.norm1_gain), p(&block.norm1_bias));
            linear(
                room(&mut at.cache[index][step], rows * 3 * d),
                normed,
                self.parameters.matrix(&block.qkv, 3 * d),
                p(&block.qkv_bias),
                &mut at.products,
            );
            room(&mut at.attention, rows * d);
            let mut from = 0;
            for (user, beam) in beams.iter().enumerate() {
                let history = &at.trace.blocks[index].qkv[starts[user] * 3 * d..][..lengths[user] * 3 * d];
                let out = &mut at.attention[from * d..(from + beam.len()) * d];
                attend_to_past(
                    layout,
                    out,
                    beam,
                    from,
                    history,
                    &at.cache[index][..=step],
                    &mut at.keys,
                    &mut at.scores,
                );
                from += beam.len();
            }
            linear(
                room(&mut at.narrow, rows * d),
                &at.attention,
                self.parameters.matrix(&block.mix, d),
                p(&block.mix_bias),
                &mut at.products,
            );
            add(&mut at.x, &at.narrow);
            norm(normed, &mut at.stats, &at.x, p(&block.norm2_gain), p(&block.norm2_bias));
            let wide = room(&mut at.wide, rows * 4 * d);
            linear(wide, normed, self.parameters.matrix(&block.up, 4 * d), p(&block.up_bias), &mut at.products);
            let active = room(&mut at.active, rows * 4 * d);
            activate(active, wide);
            linear(
                &mut at.narrow,
                active,
                self.parameters.matrix(&block.down, d),
                p(&block.down_bias),
                &mut at.products,
            );
            add(&mut at.x, &at.narrow);
        }
        let (gain, bias) = (p(&layout.stack.norm_gain), p(&layout.stack.norm_bias));
        norm(room(&mut at.hidden, rows * d), &mut at.stats, &at.x, gain, bias);
    }
}

fn add(x: &mut [f32], more: &[f32]) {
    for (x, &more) in x.iter_mut().zip(more) {
        *x += more;
    }
}

/// Attention of one user's prefixes: to the user's history (`length × 3d`) and to their own earlier tokens in `cache`
/// (per step, `rows × 3d`; the last step holds their queries, from row `from` on).
#[allow(clippy::too_many_arguments)] // One call site; the loop around it owns all of these.
fn attend_to_past(
    layout: &Layout,
    out: &mut [f32],
    beam: &[Hypothesis],
    from: usize,
    history: &[f32],
    cache: &[Vec<f32>],
    keys: &mut Vec<f32>,
    scores: &mut Vec<f32>,
) {
    let (d, width) = (layout.d(), layout.d() / layout.stack.shape.heads);
    let length = history.len() / (3 * d);
    let scale = 1.0 / (width as f32).sqrt();
    let padded = length.next_multiple_of(16);
    let stride = padded.max(length + cache.len()).next_multiple_of(16);
    room(scores, beam.len() * stride);
    room(keys, width * padded).fill(0.0);
    let Some(queries) = cache.last().filter(|_| !beam.is_empty()) else { return };
    vectorised(
        #[inline(always)]
        || {
            for column in (0..d).step_by(width) {
                for (row, line) in history.chunks_exact(3 * d).enumerate() {
                    for (i, &value) in line[d + column..d + column + width].iter().enumerate() {
                        keys[i * padded + row] = value;
                    }
                }
                let q = Mat::strided(&queries[from * 3 * d + column..], beam.len(), width, 3 * d);
                small_product(scores, stride, q, Mat::new(keys, width, padded), scale, false);
                for (row, hypothesis) in beam.iter().enumerate() {
                    let q = &queries[(from + row) * 3 * d + column..][..width];
                    let line = &mut scores[row * stride..][..length + cache.len()];
                    for (step, (&own, cache)) in hypothesis.rows.iter().zip(cache).enumerate() {
                        let key = &cache[own as usize * 3 * d + d + column..][..width];
                        line[length + step] = scale * q.iter().zip(key).map(|(a, b)| a * b).sum::<f32>();
                    }
                    let (_, sum) = exponentials(line);
                    let share = 1.0 / sum;
                    line.iter_mut().for_each(|value| *value *= share);
                }
                let p = Mat::strided(scores, beam.len(), length, stride);
                let v = Mat::strided(&history[2 * d + column..], length, width, 3 * d);
                small_product(&mut out[column..], d, p, v, 1.0, false);
                for (row, hypothesis) in beam.iter().enumerate() {
                    let out = &mut out[row * d + column..][..width];
                    for (step, (&own, cache)) in hypothesis.rows.iter().zip(cache).enumerate() {
                        let weight = scores[row * stride + length + step];
                        let value = &cache[own as usize * 3 * d + 2 * d + column..][..width];
                        for (out, &value) in out.iter_mut().zip(value) {
                            *out += weight * value;
                        }
                    }
                }
            }
        },
    );
}

/// Where a way on starts.
#[derive(Clone, Copy)]
struct Reach<'a> {
    parent: usize,
    hypothesis: &'a Hypothesis,
    /// Items of the history below each node.
    met: &'a HashMap<u32, usize>,
    user: u32,
}

/// A prefix and one more code.
#[derive(Clone, Copy)]
pub(crate) struct Way {
    pub score: f64,
    tie: u64,
    pub parent: usize,
    pub code: u32,
    pub node: Option<u32>,
}

impl Hypothesis {
    /// Before anything is said.
    fn root() -> Self {
        Hypothesis { node: Some(TokenTrie::ROOT), score: 0.0, token: 0, rows: Vec::new() }
    }
}

/// ln Σ exp of a row.
fn log_sum(logits: &[f32], spare: &mut Vec<f32>) -> f64 {
    log_sum_of(logits.iter().copied(), spare)
}

fn log_sum_of(logits: impl Iterator<Item = f32>, spare: &mut Vec<f32>) -> f64 {
    spare.clear();
    spare.extend(logits);
    let (top, sum) = vectorised(
        #[inline(always)]
        || exponentials(spare),
    );
    f64::from(top) + f64::from(sum).ln()
}

/// Keeps the best, best first; equal scores in their seeded order.
fn keep_best(ways: &mut Vec<Way>, beam: usize) {
    let order = |a: &Way, b: &Way| {
        let tied = || a.tie.cmp(&b.tie).then(a.parent.cmp(&b.parent)).then(a.code.cmp(&b.code));
        b.score.total_cmp(&a.score).then_with(tied)
    };
    if ways.len() > beam {
        ways.select_nth_unstable_by(beam.saturating_sub(1), order);
        ways.truncate(beam);
    }
    ways.sort_unstable_by(order);
}

/// A seeded place for an item among equals, the same for a user wherever the item is ranked (splitmix64).
fn tie(seed: u64, user: u32, item: u32) -> u64 {
    let mut x = seed ^ (u64::from(user) << 32 | u64::from(item));
    x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}
