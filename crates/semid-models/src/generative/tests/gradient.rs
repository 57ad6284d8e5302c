//! The hand-written gradient against candle's autograd and against difference quotients, in f64.

use candle_core::{DType, Device, Tensor};
use rand::Rng;
use semid_core::Seed;

use super::{World, settings};
use crate::generative::GenerativeSettings;
use crate::generative::layout::Layout;
use crate::generative::model::{Lesson, Room, Teaching, teach};
use crate::generative::vocabulary::Vocabulary;
use crate::transformer::reference::Reference;
use crate::transformer::{Dropout, Parameters, Real, UNTAUGHT};

/// A model whose every parameter matters, and windows of several lengths, one with context that is not taught.
fn lesson() -> (Layout, Vec<f64>, Lesson) {
    let world = World::new(5, 10);
    let settings = GenerativeSettings { d_model: 40, max_history: 12, ..settings() };
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
    (layout, parameters, lesson)
}

fn taught(lesson: &Lesson) -> f64 {
    lesson.targets.iter().filter(|&&target| target != UNTAUGHT).count() as f64
}

fn run<R: Real>(layout: &Layout, parameters: &[R], lesson: &Lesson, dropout: f64) -> (f64, Vec<R>) {
    let mut gradients = vec![R::default(); parameters.len()];
    let weight = 1.0 / taught(lesson);
    let teaching = Teaching { dropout: Dropout::new(dropout, 5), label_smoothing: 0.1, weight };
    let losses = teach(layout, Parameters::exact(parameters), &mut gradients, lesson, teaching, &mut Room::default());
    (losses.mean(), gradients)
}

/// The mean objective in candle: windows padded at their end to one length.
fn expected_loss(layout: &Layout, candle: &Reference<'_>, lesson: &Lesson, smooth: f64) -> candle_core::Result<Tensor> {
    let (levels, lengths) = (layout.levels(), &lesson.packed.sequences.lengths);
    let (sequences, longest) = (lengths.len(), *lengths.iter().max().unwrap());
    let (mut inputs, mut targets, mut start) = (Vec::new(), Vec::new(), 0);
    for &length in lengths {
        inputs.extend_from_slice(&lesson.packed.inputs[start..start + length]);
        targets.extend_from_slice(&lesson.targets[start..start + length]);
        inputs.resize(inputs.len() + longest - length, layout.vocabulary.opening());
        targets.resize(targets.len() + longest - length, UNTAUGHT);
        start += length;
    }
    let positions = candle.rows(&layout.position, (0..longest).map(|place| (place / levels) as u32).collect())?;
    let level = candle.rows(&layout.level, (0..longest).map(|place| (place % levels) as u32).collect())?;
    let tokens = candle.rows(&layout.token, inputs)?.reshape((sequences, longest, layout.d()))?;
    let hidden = candle.hidden(&layout.stack, &tokens.broadcast_add(&(positions + level)?)?)?;
    // [sequences · items, levels, d]
    let hidden = hidden.reshape((sequences * longest / levels, levels, layout.d()))?;
    let mut sum = Tensor::zeros((), DType::F64, &Device::Cpu)?;
    for level in 0..levels {
        let (offset, size) = (layout.vocabulary.offset(level), layout.vocabulary.size(level));
        let table = candle.tensor(&layout.token).narrow(0, offset, size)?;
        let targets: Vec<u32> = targets.iter().skip(level).step_by(levels).copied().collect();
        sum = (sum + candle.objective(&hidden.narrow(1, level, 1)?.squeeze(1)?, &table, &targets, smooth)?)?;
    }
    sum / taught(lesson)
}

#[test]
fn loss_and_every_gradient_agree_with_candle() {
    let (layout, parameters, lesson) = lesson();
    let (loss, gradients) = run(&layout, &parameters, &lesson, 0.0);
    let reference = Reference::new(&layout.tensors, &parameters, DType::F64, &Device::Cpu).unwrap();
    let expected = expected_loss(&layout, &reference, &lesson, 0.1).unwrap();
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

#[test]
fn gradients_agree_with_difference_quotients_with_dropout_on() {
    let (layout, mut parameters, lesson) = lesson();
    let (_, gradients) = run(&layout, &parameters, &lesson, 0.3);
    let mut rng = Seed(4).rng("places");
    for tensor in &layout.tensors.0 {
        for _ in 0..4 {
            let at = rng.random_range(tensor.at.clone());
            let kept = parameters[at];
            parameters[at] = kept + 1e-5;
            let above = run(&layout, &parameters, &lesson, 0.3).0;
            parameters[at] = kept - 1e-5;
            let below = run(&layout, &parameters, &lesson, 0.3).0;
            parameters[at] = kept;
            let quotient = (above - below) / 2e-5;
            let error = (gradients[at] - quotient).abs();
            assert!(error < 1e-8, "{} at {at}: {} by hand, {quotient} by difference", tensor.name, gradients[at]);
        }
    }
}

#[test]
fn single_precision_gradients_are_double_precision_ones_rounded() {
    let (layout, parameters, lesson) = lesson();
    let (loss, gradients) = run(&layout, &parameters, &lesson, 0.2);
    let single: Vec<f32> = parameters.iter().map(|&value| value as f32).collect();
    let (loss32, gradients32) = run(&layout, &single, &lesson, 0.2);
    assert!((loss - loss32).abs() < 1e-5, "{loss} and {loss32} are the same loss");
    for (a, b) in gradients.iter().zip(&gradients32) {
        assert!((a - f64::from(*b)).abs() < 2e-6, "{a} in double and {b} in single precision are the same gradient");
    }
}
