//! What is asked of a model: the probability of given continuations, the best of those allowed, or words of its own.

use rand::Rng;
use semid_core::{Error, Result, Work};

use super::LocalModel;
use super::choices::Choices;
use super::forward::{Place, ROWS};
use super::state::{State, Tree};
use crate::kernels::softmax;

/// Rows whose logits over the whole vocabulary are held at a time.
const LOGIT_ROWS: usize = 32;

/// An allowed sequence that a search found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Found {
    /// Its index among the sequences of the choices.
    pub sequence: usize,
    /// The natural logarithm of its probability after the prompt.
    pub log_probability: f64,
}

/// How words are drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Sampling {
    /// 0: always the likeliest token; 1: as the model says; higher: more even.
    pub temperature: f64,
    /// Draws among the fewest tokens whose probabilities add up to this (Holtzman et al. 2020); 1: among all.
    pub top_p: f64,
    /// Most tokens of an answer.
    pub max_tokens: usize,
    /// Texts at which an answer ends; they are not part of it.
    pub stop: Vec<String>,
}

/// What a model wrote.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// The text.
    pub text: String,
    /// Its tokens, without one that ends it.
    pub tokens: Vec<u32>,
    /// Why it ended.
    pub end: End,
}

/// Why an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The model said so.
    Token,
    /// A stop text came up.
    Stop,
    /// It was as long as it may be, or the context was full.
    Length,
}

impl LocalModel {
    /// The natural logarithm of the probability of every sequence of `choices` after `state`, in their order. Exact: what
    /// sequences share is computed once, all that is left in batches.
    pub fn score_choices(&self, work: &Work, state: &State, choices: &Choices) -> Result<Vec<f64>> {
        let logits = self.predicted(state)?;
        self.room(state, deepest(choices))?;
        let mut scores = vec![0.0; choices.nodes()];
        self.score_children(logits, choices, Choices::ROOT, &mut scores);
        // Only nodes that something follows have to be read.
        let inner: Vec<u32> = (1..choices.nodes() as u32).filter(|node| !choices.children(*node).is_empty()).collect();
        let mut tree = Tree::new(&self.network.shape);
        let mut rows = vec![None; choices.nodes()];
        let step = work.step("reading continuations", inner.len());
        for nodes in inner.chunks(ROWS) {
            let hidden = self.read_nodes(work, state, &mut tree, choices, nodes, &mut rows)?;
            for (nodes, hidden) in nodes.chunks(LOGIT_ROWS).zip(hidden.chunks(LOGIT_ROWS * self.network.shape.hidden)) {
                let logits = self.network.logits(hidden);
                for (&node, logits) in nodes.iter().zip(logits.chunks_exact(self.network.shape.vocabulary)) {
                    self.score_children(logits, choices, node, &mut scores);
                }
                step.advance(nodes.len())?;
            }
        }
        let mut out = vec![0.0; choices.len()];
        for node in 0..choices.nodes() as u32 {
            for &end in choices.ends(node) {
                out[end as usize] = scores[node as usize];
            }
        }
        Ok(out)
    }

    /// The likeliest allowed sequences by beam search, best first, at most `most` of them. `beam` is how many beginnings are
    /// kept at each length; 1 is greedy. Sequences of the same tokens come one after another.
    pub fn search(
        &self,
        work: &Work,
        state: &State,
        choices: &Choices,
        beam: usize,
        most: usize,
    ) -> Result<Vec<Found>> {
        let mut logits = self.predicted(state)?.to_vec();
        self.room(state, deepest(choices))?;
        let vocabulary = self.network.shape.vocabulary;
        let (beam, mut scores) = (beam.max(1), vec![0.0; choices.nodes()]);
        let mut tree = Tree::new(&self.network.shape);
        let mut rows = vec![None; choices.nodes()];
        let mut front = vec![Choices::ROOT];
        let mut found: Vec<Found> = ended(choices, Choices::ROOT, 0.0).collect();
        let step = work.step("searching", 0);
        loop {
            let mut next = Vec::new();
            for (&node, logits) in front.iter().zip(logits.chunks_exact(vocabulary)) {
                self.score_children(logits, choices, node, &mut scores);
                next.extend(choices.children(node));
            }
            // Equal scores are ordered by node, so that the order is the same everywhere.
            next.sort_by(|&a, &b| scores[b as usize].total_cmp(&scores[a as usize]).then(a.cmp(&b)));
            next.truncate(beam);
            for &node in &next {
                found.extend(ended(choices, node, scores[node as usize]));
            }
            found.sort_by(|a, b| b.log_probability.total_cmp(&a.log_probability).then(a.sequence.cmp(&b.sequence)));
            found.truncate(most);
            // A sequence only gets less likely as it goes on: what is behind the last place stays behind.
            let worst = if found.len() == most { found.last().map(|last| last.log_probability) } else { None };
            next.retain(|&node| {
                !choices.children(node).is_empty() && worst.is_none_or(|worst| scores[node as usize] > worst)
            });
            step.advance(next.len())?;
            if next.is_empty() || most == 0 {
                return Ok(found);
            }
            next.sort_unstable();
            logits.clear();
            for nodes in next.chunks(ROWS) {
                let hidden = self.read_nodes(work, state, &mut tree, choices, nodes, &mut rows)?;
                logits.extend(self.network.logits(&hidden));
            }
            front = next;
        }
    }

    /// Goes on after `state` in the model's own words, and leaves them in the state. `purpose` names the draw, so that two
    /// answers of one seed differ. `hear` gets the text as it grows.
    pub fn write(
        &self,
        work: &Work,
        state: &mut State,
        sampling: &Sampling,
        purpose: &str,
        mut hear: impl FnMut(&str),
    ) -> Result<Written> {
        self.predicted(state)?;
        let mut rng = work.rng(purpose);
        let step = work.step("writing", sampling.max_tokens);
        let mut written = Written { text: String::new(), tokens: Vec::new(), end: End::Length };
        while written.tokens.len() < sampling.max_tokens && state.len() < self.network.shape.context {
            let token = draw(&state.logits, sampling, &mut rng);
            if self.tokenizer.ends(token) {
                written.end = End::Token;
                break;
            }
            written.tokens.push(token);
            let text = self.tokenizer.text(&written.tokens);
            let stop =
                sampling.stop.iter().filter(|stop| !stop.is_empty()).filter_map(|stop| text.find(stop.as_str())).min();
            if let Some(stop) = stop {
                written.text = text[..stop].to_owned();
                written.end = End::Stop;
                break;
            }
            // A character of several tokens is heard once it is whole.
            if !text.ends_with(char::REPLACEMENT_CHARACTER) {
                if let Some(new) = text.get(written.text.len()..).filter(|new| !new.is_empty()) {
                    hear(new);
                }
                written.text = text;
            }
            step.advance(1)?;
            self.extend(work, state, &[token])?;
        }
        Ok(written)
    }

    /// The state's prediction; an error where there is none.
    fn predicted<'a>(&self, state: &'a State) -> Result<&'a [f32]> {
        if state.logits.len() == self.network.shape.vocabulary {
            Ok(&state.logits)
        } else {
            Err(Error::input("The language model has read no prompt to go on from. Give it at least one token first."))
        }
    }

    /// An error unless `count` more tokens fit.
    pub(super) fn room(&self, state: &State, count: usize) -> Result<()> {
        let (length, context) = (state.len() + count, self.network.shape.context);
        if length > context {
            return Err(Error::input(format!(
                "The prompt and its continuation have {length} tokens, but the language model reads at most {context}. Shorten the history or the list of candidates."
            )));
        }
        Ok(())
    }

    /// Reads nodes, whose parents were read before, and gives their hidden numbers: nodes × H.
    fn read_nodes(
        &self,
        work: &Work,
        state: &State,
        tree: &mut Tree,
        choices: &Choices,
        nodes: &[u32],
        rows: &mut [Option<u32>],
    ) -> Result<Vec<f32>> {
        for &node in nodes {
            rows[node as usize] = Some(tree.add(rows[choices.parent(node) as usize]));
        }
        let tokens: Vec<u32> = nodes.iter().map(|node| choices.token(*node)).collect();
        let mut hidden = self.network.embed(&tokens)?;
        self.network.forward(work, &mut hidden, Place::Tree(state, tree))?;
        Ok(hidden)
    }

    /// The scores of a node's children from the logits after it.
    fn score_children(&self, logits: &[f32], choices: &Choices, node: u32, scores: &mut [f64]) {
        let children = choices.children(node);
        if children.is_empty() {
            return;
        }
        let (largest, sum) = self.log_sum(logits);
        for child in children {
            // A token outside the vocabulary cannot come.
            let logit = logits.get(choices.token(child) as usize).map_or(f64::NEG_INFINITY, |logit| f64::from(*logit));
            scores[child as usize] = scores[node as usize] + logit - largest - sum;
        }
    }

    /// The largest logit, and the logarithm of the sum of e^(logit − largest).
    fn log_sum(&self, logits: &[f32]) -> (f64, f64) {
        let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let mut shares = vec![0.0; logits.len()];
        let sum = softmax(self.network.kernel, logits, logits.len(), 1.0, &mut shares);
        (f64::from(largest), f64::from(sum).ln())
    }
}

fn ended(choices: &Choices, node: u32, log_probability: f64) -> impl Iterator<Item = Found> {
    choices.ends(node).iter().map(move |&end| Found { sequence: end as usize, log_probability })
}

fn deepest(choices: &Choices) -> usize {
    // Breadth-first: the last node lies deepest.
    let (mut node, mut depth) = (choices.nodes() as u32 - 1, 0);
    while node != Choices::ROOT {
        node = choices.parent(node);
        depth += 1;
    }
    depth
}

/// One token.
pub(super) fn draw(logits: &[f32], sampling: &Sampling, rng: &mut impl Rng) -> u32 {
    let best = logits
        .iter()
        .enumerate()
        .fold((0, f32::NEG_INFINITY), |best, (token, &logit)| if logit > best.1 { (token, logit) } else { best });
    if sampling.temperature <= 0.0 {
        return best.0 as u32;
    }
    // What is e^25 times less likely than the best is left out: 50,000 such tokens weigh a millionth.
    let weight = |logit: f32| (f64::from(logit - best.1) / sampling.temperature).exp();
    let least = best.1 - (25.0 * sampling.temperature) as f32;
    let kept = logits.iter().enumerate().filter(|(_, logit)| **logit >= least);
    let mut kept: Vec<(u32, f64)> = kept.map(|(token, logit)| (token as u32, weight(*logit))).collect();
    let total: f64 = kept.iter().map(|(_, weight)| weight).sum();
    if sampling.top_p < 1.0 {
        kept.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let mut sum = 0.0;
        let enough = kept.iter().position(|(_, weight)| {
            sum += weight;
            sum >= sampling.top_p * total
        });
        kept.truncate(enough.map_or(kept.len(), |last| last + 1));
    }
    let mut left = rng.random::<f64>() * kept.iter().map(|(_, weight)| weight).sum::<f64>();
    for (token, weight) in &kept {
        left -= weight;
        if left < 0.0 {
            return *token;
        }
    }
    kept.last().map_or(best.0 as u32, |(token, _)| *token)
}
