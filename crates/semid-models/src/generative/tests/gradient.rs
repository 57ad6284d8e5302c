//! The hand-written gradient against candle's autograd and against difference quotients, in f64.

use candle_core::{DType, Device, Tensor};
use rand::Rng;
use semid_core::{Seed, TokenTrie};

use super::{World, settings};
use crate::generative::layout::{Layout, Reading};
use crate::generative::model::{Lesson, Room, Teaching, teach};
use crate::generative::vocabulary::Vocabulary;
use crate::generative::{GenerativeSettings, Positions};
use crate::transformer::reference::{Reference, gelu};
use crate::transformer::{Dropout, Parameters, Real, UNTAUGHT};

/// A model whose every parameter matters, and windows of several lengths, one with context that is not taught.
struct Taught {
    layout: Layout,
    trie: TokenTrie,
    parameters: Vec<f64>,
    lesson: Lesson,
}

/// Both kinds of positions, with the softmax over the level and over what continues an ID.
fn all_shapes() -> impl Iterator<Item = Taught> {
    let shapes = [Positions::Tokens, Positions::Items].map(|positions| [(positions, false), (positions, true)]);
    shapes.into_iter().flatten().map(|(positions, trie_softmax)| taught(positions, trie_softmax))
}

/// A model whose output is tied where its softmax is not that of the trie.
fn taught(positions: Positions, trie_softmax: bool) -> Taught {
    let mut world = World::new(5, 10);
    // Not every prefix goes on in as many ways, and some in one.
    world.ids.ids.iter_mut().step_by(3).for_each(|id| (id.codes[1], id.suffix) = (id.codes[1] / 2, Some(0)));
    let settings =
        GenerativeSettings { d_model: 40, max_history: 12, positions, trie_softmax, tied: !trie_softmax, ..settings() };
    let layout = Layout::new(&settings, Vocabulary::new(&world.ids).unwrap());
    let mut rng = Seed(3).rng("parameters");
    let parameters = layout
        .tensors
        .0
        .iter()
        .flat_map(|tensor| {
            let base = if tensor.name.ends_with("gain") { 1.0 } else { 0.0 };
            (0..tensor.at.len()).map(|_| base + rng.random_range(-0.3..0.3)).collect::<Vec<f64>>()
        })
        .collect();
    let mut lesson = Lesson::default();
    for (length, taught) in [(13, 0), (1, 0), (7, 3), (2, 0)] {
        let items: Vec<u32> = (0..length).map(|_| rng.random_range(0..40)).collect();
        lesson.push(&layout, &items, taught);
    }
    Taught { trie: TokenTrie::new(&world.ids), layout, parameters, lesson }
}

impl Taught {
    /// Tokens that are taught.
    fn count(&self) -> f64 {
        let positions = self.lesson.targets.iter().filter(|&&target| target != UNTAUGHT).count();
        (positions * self.layout.levels() / self.layout.positions_an_item()) as f64
    }

    fn run<R: Real>(&self, parameters: &[R], dropout: f64) -> (f64, Vec<R>) {
        let mut gradients = vec![R::default(); parameters.len()];
        let weight = 1.0 / self.count();
        let teaching = Teaching { dropout: Dropout::new(dropout, 5), label_smoothing: 0.1, weight };
        let (parameters, mut room) = (Parameters::exact(parameters), Room::default());
        let losses = teach(&self.layout, &self.trie, parameters, &mut gradients, &self.lesson, teaching, &mut room);
        (losses.mean(), gradients)
    }

    /// The mean objective in candle: windows padded at their end to one length.
    fn expected(&self, candle: &Reference<'_>) -> candle_core::Result<Tensor> {
        let (layout, lengths) = (&self.layout, &self.lesson.packed.sequences.lengths);
        let (sequences, longest, d) = (lengths.len(), *lengths.iter().max().unwrap(), layout.d());
        let (mut inputs, mut targets, mut start) = (Vec::new(), Vec::new(), 0);
        for &length in lengths {
            inputs.extend_from_slice(&self.lesson.packed.inputs[start..start + length]);
            targets.extend_from_slice(&self.lesson.targets[start..start + length]);
            inputs.resize(inputs.len() + longest - length, self.lesson.packed.inputs[0]);
            targets.resize(targets.len() + longest - length, UNTAUGHT);
            start += length;
        }
        let rows =
            |table, of: &dyn Fn(usize) -> usize| candle.rows(table, (0..longest).map(|at| of(at) as u32).collect());
        let (levels, opening) = (layout.levels(), layout.vocabulary.opening());
        let mut sum = Tensor::zeros((), DType::F64, &Device::Cpu)?;
        match &layout.reading {
            Reading::Tokens { level } => {
                let places = (rows(&layout.position, &|at| at / levels)? + rows(level, &|at| at % levels)?)?;
                let tokens = candle.rows(&layout.token, inputs)?.reshape((sequences, longest, d))?;
                let hidden = candle.hidden(&layout.stack, &tokens.broadcast_add(&places)?)?;
                // [sequences · items, levels, d]
                let hidden = hidden.reshape((sequences * longest / levels, levels, d))?;
                for level in 0..levels {
                    let targets: Vec<u32> = targets.iter().skip(level).step_by(levels).copied().collect();
                    sum = (sum + self.objective(candle, &hidden.narrow(1, level, 1)?.squeeze(1)?, level, &targets)?)?;
                }
            }
            Reading::Items { heads } => {
                // One summand a level; the opening has a row of its own and nothing else.
                let token = |level: usize| {
                    let token = |&item: &u32| layout.vocabulary.item(if item == u32::MAX { 0 } else { item })[level];
                    candle.rows(&layout.token, inputs.iter().map(token).collect())?.reshape((sequences, longest, d))
                };
                let is_item = inputs.iter().map(|&item| f64::from(u8::from(item != u32::MAX))).collect::<Vec<_>>();
                let is_item = Tensor::from_vec(is_item, (sequences, longest, 1), &Device::Cpu)?;
                let mut x = token(0)?;
                for level in 1..levels {
                    x = (x + token(level)?)?;
                }
                let open = candle.rows(&layout.token, vec![opening; sequences * longest])?;
                let open = open.reshape((sequences, longest, d))?.broadcast_mul(&is_item.affine(-1.0, 1.0)?)?;
                let x = (x.broadcast_mul(&is_item)? + open)?.broadcast_add(&rows(&layout.position, &|at| at)?)?;
                let mut y = candle.hidden(&layout.stack, &x)?;
                for (level, head) in heads.iter().enumerate() {
                    let read = match &head.inner {
                        None => y.clone(),
                        Some(at) => {
                            let normed = candle.norm(&y, &at.norm_gain, &at.norm_bias)?;
                            let up = candle.linear(&normed, &at.up, &at.up_bias)?;
                            (&y + candle.linear(&gelu(&up)?, &at.down, &at.down_bias)?)?
                        }
                    };
                    let out = candle.norm(&read, &head.norm_gain, &head.norm_bias)?;
                    let out = out.reshape((sequences * longest, d))?;
                    sum = (sum + self.objective(candle, &out, level, &targets)?)?;
                    let said = |&item: &u32| layout.vocabulary.item(if item == UNTAUGHT { 0 } else { item })[level];
                    let said = candle.rows(&layout.token, targets.iter().map(said).collect())?;
                    y = (y + said.reshape((sequences, longest, d))?)?;
                }
            }
        }
        sum / self.count()
    }

    /// The objective of one level in candle; targets are items.
    fn objective(
        &self,
        candle: &Reference<'_>,
        hidden: &Tensor,
        level: usize,
        targets: &[u32],
    ) -> candle_core::Result<Tensor> {
        let (vocabulary, trie) = (&self.layout.vocabulary, &self.trie);
        let (offset, size) = (vocabulary.offset(level), vocabulary.size(level));
        let table = candle.named("output").unwrap_or_else(|| candle.tensor(&self.layout.token));
        let table = table.narrow(0, offset, size)?;
        let mut allowed = vec![f64::from(u8::from(!self.layout.trie_softmax)); targets.len() * size];
        let mut codes = Vec::new();
        for (allowed, &item) in allowed.chunks_mut(size).zip(targets) {
            let item_or_any = if item == UNTAUGHT { 0 } else { item };
            let prefix = &vocabulary.item(item_or_any)[..level];
            let mut node = TokenTrie::ROOT;
            for (level, &token) in prefix.iter().enumerate() {
                node = trie.child(node, token - vocabulary.offset(level) as u32).unwrap();
            }
            trie.children(node).for_each(|child| allowed[trie.code(child) as usize] = 1.0);
            codes.push(if item == UNTAUGHT { UNTAUGHT } else { vocabulary.item(item)[level] - offset as u32 });
        }
        candle.objective_among(hidden, &table, &codes, allowed, 0.1)
    }
}

#[test]
fn loss_and_every_gradient_agree_with_candle() {
    for taught in all_shapes() {
        let layout = &taught.layout;
        let (loss, gradients) = taught.run(&taught.parameters, 0.0);
        let reference = Reference::new(&layout.tensors, &taught.parameters, DType::F64, &Device::Cpu).unwrap();
        let expected = taught.expected(&reference).unwrap();
        let difference = (loss - expected.to_scalar::<f64>().unwrap()).abs();
        assert!(difference < 1e-10, "the two losses differ by {difference}");
        let store = expected.backward().unwrap();
        for (tensor, expected) in layout.tensors.0.iter().zip(reference.gradients(&store).unwrap()) {
            let expected = expected.unwrap_or_else(|| panic!("candle's gradient does not reach {}", tensor.name));
            let largest = expected.iter().fold(0.0f64, |most, value| most.max(value.abs()));
            // A bias of the keys shifts all scores of a row alike, so that third of the tensor has none; the rest must.
            assert!(largest > 1e-6, "{} has a gradient", tensor.name);
            for (ours, theirs) in gradients[tensor.at.clone()].iter().zip(&expected) {
                assert!((ours - theirs).abs() < 1e-10, "{}: {ours} here, {theirs} in candle", tensor.name);
            }
        }
    }
}

#[test]
fn gradients_agree_with_difference_quotients_with_dropout_on() {
    for mut taught in all_shapes() {
        let (_, gradients) = taught.run(&taught.parameters, 0.3);
        let mut rng = Seed(4).rng("places");
        for tensor in taught.layout.tensors.0.clone() {
            for _ in 0..4 {
                let at = rng.random_range(tensor.at.clone());
                let kept = taught.parameters[at];
                let mut moved = |by: f64| {
                    taught.parameters[at] = kept + by;
                    taught.run(&taught.parameters, 0.3).0
                };
                let quotient = (moved(1e-5) - moved(-1e-5)) / 2e-5;
                taught.parameters[at] = kept;
                let error = (gradients[at] - quotient).abs();
                assert!(error < 1e-8, "{} at {at}: {} by hand, {quotient} by difference", tensor.name, gradients[at]);
            }
        }
    }
}

#[test]
fn single_precision_gradients_are_double_precision_ones_rounded() {
    for taught in all_shapes() {
        let (loss, gradients) = taught.run(&taught.parameters, 0.2);
        let single: Vec<f32> = taught.parameters.iter().map(|&value| value as f32).collect();
        let (loss32, gradients32) = taught.run(&single, 0.2);
        assert!((loss - loss32).abs() < 1e-5, "{loss} and {loss32} are the same loss");
        for (a, b) in gradients.iter().zip(&gradients32) {
            assert!(
                (a - f64::from(*b)).abs() < 2e-6,
                "{a} in double and {b} in single precision are the same gradient"
            );
        }
    }
}
