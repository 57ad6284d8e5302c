//! Products in bf16 against the same in f32: the rounding shows, and nothing else does.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use rand::Rng;
use semid_core::Seed;

use super::layers::{ProductRoom, linear, linear_back};
use super::{AnswerRoom, Asked, Losses, Mat, Parameters, Rounded, UNTAUGHT, cross_entropy};
use crate::kernels::Kernel;

/// Numbers in [−1, 1].
fn numbers(count: usize, purpose: &str) -> Vec<f32> {
    let mut rng = Seed(5).rng(purpose);
    (0..count).map(|_| rng.random_range(-1.0..1.0)).collect()
}

/// The largest difference, as a share of the largest number.
fn apart(a: &[f32], b: &[f32]) -> f32 {
    let largest = a.iter().fold(0.0f32, |most, value| most.max(value.abs()));
    a.iter().zip(b).fold(0.0f32, |most, (a, b)| most.max((a - b).abs())) / largest.max(1e-9)
}

fn kernels() -> impl Iterator<Item = Kernel> {
    Kernel::available().into_iter().filter(|kernel| kernel.multiplies_bf16())
}

#[test]
fn linear_layers_and_their_gradients_agree_up_to_the_rounding() {
    for kernel in kernels() {
        for (n, inputs, outputs) in [(1, 5, 7), (37, 24, 72), (64, 128, 32), (100, 96, 24), (130, 33, 65)] {
            let (w, bias) = (numbers(inputs * outputs, "w"), numbers(outputs, "bias"));
            let (x, dout) = (numbers(n * inputs, "x"), numbers(n * outputs, "dout"));
            let rounded = Rounded::new(kernel, vec![(0..w.len(), outputs)], &w);
            let run = |parameters: Parameters<'_, f32>| {
                let (mut out, mut dx) = (vec![f32::NAN; n * outputs], vec![f32::NAN; n * inputs]);
                let (mut dw, mut dbias) = (vec![0.5; w.len()], vec![0.5; outputs]);
                let (matrix, mut room) = (parameters.matrix(&(0..w.len()), outputs), ProductRoom::default());
                linear(&mut out, &x, matrix, &bias, &mut room);
                linear_back(&mut dx, &mut dw, &mut dbias, &dout, &x, matrix, &mut room);
                [out, dx, dw, dbias]
            };
            let exact = run(Parameters::exact(&w));
            let ours = run(Parameters::with(&w, Some(&rounded)));
            for (part, (exact, ours)) in exact.iter().zip(&ours).enumerate() {
                let apart = apart(exact, ours);
                assert!(apart < 0.01, "{}: part {part} of {n}×{inputs}×{outputs} is {apart} off", kernel.name());
            }
        }
    }
}

#[test]
fn the_softmax_and_its_gradient_agree_up_to_the_rounding() {
    for kernel in kernels() {
        for (rows, d, classes, smooth) in [(5, 24, 7, 0.0), (77, 32, 100, 0.1), (300, 40, 517, 0.0), (65, 64, 64, 0.1)]
        {
            // Hidden rows stand apart, as those of one level do.
            let stride = d + 8;
            let (hidden, table) = (numbers(rows * stride, "hidden"), numbers(classes * d, "table"));
            let mut rng = Seed(6).rng("targets");
            let targets: Vec<u32> = (0..rows)
                .map(|row| if row % 7 == 3 { UNTAUGHT } else { rng.random_range(0..classes as u32) })
                .collect();
            let rounded = Rounded::new(kernel, vec![(0..table.len(), d)], &table);
            let run = |parameters: Parameters<'_, f32>| -> (Losses, Vec<f32>, Vec<f32>) {
                let asked = Asked {
                    hidden: Mat::strided(&hidden, rows, d, stride),
                    table: parameters.matrix(&(0..table.len()), d),
                    label_smoothing: smooth,
                    weight: 1.0 / rows as f64,
                };
                let (mut dhidden, mut dtable) = (vec![0.0; rows * stride], vec![0.0; table.len()]);
                let targets = targets.iter().copied();
                let mut room = AnswerRoom::default();
                let losses = cross_entropy(asked, targets, &mut dhidden, stride, &mut dtable, &mut room);
                (losses, dhidden, dtable)
            };
            let (losses, dhidden, dtable) = run(Parameters::exact(&table));
            let ours = run(Parameters::with(&table, Some(&rounded)));
            let name = kernel.name();
            let off = (losses.mean() / ours.0.mean() - 1.0).abs();
            assert!(off < 2e-3, "{name}: {} exact, {} rounded", losses.mean(), ours.0.mean());
            assert_eq!(losses.taught, ours.0.taught, "{name}: the same rows are taught");
            assert!(apart(&dhidden, &ours.1) < 0.015, "{name}: hidden rows {rows}×{d}×{classes}");
            assert!(apart(&dtable, &ours.2) < 0.015, "{name}: the table {rows}×{d}×{classes}");
        }
    }
}
