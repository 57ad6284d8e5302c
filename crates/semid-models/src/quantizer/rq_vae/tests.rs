//! The RQ-VAE against candle's gradient, and what it promises on catalogs of any size.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use candle_core::{DType, Device, Tensor, Var};
use semid_core::id_quality::{diagnose, id_quality};
use semid_core::id_schemes::{CollisionRule, resolve};
use semid_core::{Catalog, Item, Seed};

use super::network::Network;
use super::shard::{Objective, Shard};
use super::*;
use crate::quantizer::codebooks_from_bytes;

fn work() -> Work {
    Work::new(Seed(1))
}

fn random(count: usize, purpose: &str) -> Vec<f64> {
    let mut rng = Seed(8).rng(purpose);
    (0..count).map(|_| f64::from(crate::quantizer::gaussian(&mut rng))).collect()
}

/// `rows × dim` on a curved sheet of three dimensions with a little noise, so that there is something to learn.
fn sheet(rows: usize, dim: usize) -> Embeddings {
    let (places, ways, noise) = (random(rows * 3, "places"), random(dim * 3, "ways"), random(rows * dim, "noise"));
    let value = |at: usize| {
        let (place, way) = (&places[at / dim * 3..][..3], &ways[at % dim * 3..][..3]);
        let along: f64 = place.iter().zip(way).map(|(a, b)| a * b).sum();
        (along.sin() + 0.05 * noise[at]) as f32
    };
    Embeddings::new(dim, (0..rows * dim).map(value).collect()).unwrap()
}

fn small(change: impl FnOnce(&mut RqVaeSettings)) -> RqVaeSettings {
    let mut settings = RqVaeSettings { width: 48, layers: 2, latent: 8, epochs: 30, ..RqVaeSettings::starter() };
    (settings.batch, settings.learning_rate, settings.balanced) = (128, 3e-3, false);
    change(&mut settings);
    settings
}

fn fitted(settings: RqVaeSettings, shape: &[u32], rows: &Embeddings) -> Box<dyn Codebooks> {
    RqVae { shape: CodeShape(shape.to_vec()), settings }.fit(&work(), rows).unwrap()
}

/// Share of the variance that the codes lose.
fn lost(books: &dyn Codebooks, rows: &Embeddings) -> f64 {
    let decoded = books.decode(&books.encode(&work(), rows).unwrap()).unwrap();
    let mean = crate::quantizer::mean(rows);
    let squares = |other: &dyn Fn(usize) -> f32| -> f64 {
        rows.values().iter().enumerate().map(|(at, x)| f64::from(x - other(at)).powi(2)).sum()
    };
    squares(&|at| decoded.values()[at]) / squares(&|at| mean[at % rows.dim()])
}

/// The loss of the documentation of [`Shard`] in candle's words, over the codes that were chosen.
struct Reference {
    parameters: Var,
    layout: Layout,
}

impl Reference {
    fn part(&self, at: &std::ops::Range<usize>, shape: (usize, usize)) -> Tensor {
        self.parameters.narrow(0, at.start, at.len()).unwrap().reshape(shape).unwrap()
    }

    fn network(&self, network: &Network, x: &Tensor) -> Tensor {
        let mut x = x.clone();
        for (at, layer) in network.0.iter().enumerate() {
            let product = x.matmul(&self.part(&layer.weight, (layer.inputs, layer.outputs))).unwrap();
            x = product.broadcast_add(&self.part(&layer.bias, (1, layer.outputs))).unwrap();
            if at + 1 < network.0.len() {
                x = x.relu().unwrap();
            }
        }
        x
    }

    fn loss(&self, x: &Tensor, codes: &[Vec<u32>], objective: Objective) -> Tensor {
        let sum = |x: Tensor| x.sqr().unwrap().sum_all().unwrap();
        let z = self.network(&self.layout.encoder, x);
        let (mut residual, mut losses) = (z.clone(), Vec::new());
        for (range, codes) in self.layout.levels.iter().zip(codes) {
            let book = self.part(range, (range.len() / self.layout.latent, self.layout.latent));
            let chosen = book.index_select(&Tensor::new(codes.as_slice(), &Device::Cpu).unwrap(), 0).unwrap();
            losses.push(sum((residual.detach() - &chosen).unwrap()));
            residual = (residual - chosen.detach()).unwrap();
            losses.push((sum(residual.clone()) * objective.commitment).unwrap());
        }
        let quantized = (&z - &residual).unwrap().detach();
        let passed = if objective.rotated {
            let norm = |x: &Tensor| x.sqr().unwrap().sum_keepdim(1).unwrap().sqrt().unwrap();
            let unit = |x: &Tensor| x.broadcast_div(&norm(x)).unwrap().detach();
            let (from, to) = (unit(&z), unit(&quantized));
            let between = unit(&(&from + &to).unwrap());
            let along = |axis: &Tensor, onto: &Tensor| {
                onto.broadcast_mul(&(&z * axis).unwrap().sum_keepdim(1).unwrap()).unwrap()
            };
            let turned = ((&z - (along(&between, &between) * 2.0).unwrap()).unwrap()
                + (along(&from, &to) * 2.0).unwrap())
            .unwrap();
            turned.broadcast_mul(&norm(&quantized).broadcast_div(&norm(&z)).unwrap().detach()).unwrap()
        } else {
            (&z + (quantized - &z).unwrap().detach()).unwrap()
        };
        let rebuilt = self.network(&self.layout.decoder, &passed);
        let loss = losses.into_iter().fold(sum((rebuilt - x).unwrap()), |loss, more| (loss + more).unwrap());
        (loss / objective.batch as f64).unwrap()
    }
}

#[test]
fn the_gradient_is_that_of_candle() {
    let (rows, dim) = (13, 5);
    let layout = Layout::new(dim, &[7, 4], 3, &[6, 4]);
    let parameters: Vec<f64> = random(layout.parameters, "parameters").iter().map(|value| 0.6 * value).collect();
    let x = random(rows * dim, "rows");
    for rotated in [false, true] {
        let objective = Objective { commitment: 0.25, rotated, batch: 20 };
        let mut shard = Shard::of(x.clone());
        shard.encode(&layout, &parameters);
        for level in 0..2 {
            let codes = shard.nearest(&layout, &parameters, level);
            shard.descend(&layout, &parameters, level, codes, objective);
        }
        shard.backward(&layout, &parameters, objective);

        let flat = Tensor::from_vec(parameters.clone(), layout.parameters, &Device::Cpu).unwrap();
        let reference = Reference { parameters: Var::from_tensor(&flat).unwrap(), layout: layout.clone() };
        let rows = Tensor::from_vec(x.clone(), (rows, dim), &Device::Cpu).unwrap();
        assert_eq!(rows.dtype(), DType::F64, "the comparison is in f64");
        let loss = reference.loss(&rows, &shard.codes, objective);
        let own = (shard.error + 1.25 * shard.left_over) / 20.0;
        assert!((loss.to_scalar::<f64>().unwrap() - own).abs() < 1e-10, "the loss, rotated: {rotated}");
        let gradients = loss.backward().unwrap();
        let expected: Vec<f64> = gradients.get(&reference.parameters).unwrap().to_vec1().unwrap();
        for (at, (ours, theirs)) in shard.gradients.iter().zip(&expected).enumerate() {
            assert!((ours - theirs).abs() < 1e-10, "parameter {at}, rotated {rotated}: {ours} against {theirs}");
        }
        assert!(expected.iter().filter(|slope| slope.abs() > 1e-9).count() > layout.parameters / 2, "most take part");
    }
}

#[test]
fn codes_say_more_the_more_levels_there_are_and_training_is_on_record() {
    let rows = sheet(1_200, 24);
    for gradient in [GradientRoute::StraightThrough, GradientRoute::Rotation] {
        let settings = small(|settings| settings.gradient = gradient);
        let (one, three) = (fitted(settings.clone(), &[32], &rows), fitted(settings, &[32, 32, 32], &rows));
        let (one, three) = (lost(&*one, &rows), lost(&*three, &rows));
        assert!(three < 0.6 * one && three < 0.3, "{gradient:?}: one level loses {one}, three lose {three}");
    }
    let work = work();
    RqVae { shape: CodeShape(vec![16, 16]), settings: small(|_| ()) }.fit(&work, &rows).unwrap();
    let series = work.take_series();
    let losses: Vec<f64> = series.iter().filter(|point| point.series == "training loss").map(|it| it.value).collect();
    assert!(losses.len() > 1 && losses.last() < losses.first(), "a curve that falls: {losses:?}");
    assert!(series.iter().any(|point| point.series == "held-out reconstruction error"), "what early stopping went by");
}

#[test]
fn every_code_is_used_where_there_are_items_enough() {
    let rows = sheet(1_500, 24);
    let table = fitted(small(|_| ()), &[64, 64, 64], &rows).encode(&work(), &rows).unwrap();
    for level in 0..3 {
        let used: std::collections::HashSet<u32> = table.iter().map(|row| row[level]).collect();
        assert!(used.len() >= 62, "level {level} uses {} of 64", used.len());
    }
}

#[test]
fn a_collapse_is_told_in_words_and_the_starter_has_none() {
    let rows = sheet(900, 24);
    let told = |settings: RqVaeSettings| {
        let table = fitted(settings, &[64, 64], &rows).encode(&work(), &rows).unwrap();
        let ids = resolve(&table, CollisionRule::AppendDigit, None).unwrap().ids;
        let items = (0..900).map(|n| Item { key: n.to_string(), ..Item::default() }).collect();
        let quality = id_quality(&work(), &ids, &Catalog { items }, None, None).unwrap();
        diagnose(&quality, 900).concat()
    };
    // As in the first papers: codebooks from small random numbers, and nobody looks after dead codes.
    let naive = told(small(|settings| (settings.kmeans_start, settings.restart_dead) = (false, false)));
    assert!(naive.contains("has collapsed") && naive.contains("k-means"), "said, with what to do: {naive}");
    let kept = told(small(|_| ()));
    assert!(!kept.contains("collapsed"), "the measures of the starter prevent it: {kept}");
}

#[test]
fn balance_gives_items_last_codes_of_their_own_while_there_are_any() {
    let rows = sheet(1_024, 24);
    // Every row twice: twins have the same codes unless the last level tells them apart.
    let twins = Embeddings::new(24, [rows.values(), rows.values()].concat()).unwrap();
    let unique = |balanced: bool| {
        let books = fitted(small(|settings| settings.balanced = balanced), &[16, 16, 64], &rows);
        let table = books.encode(&work(), &twins).unwrap();
        table.iter().collect::<std::collections::HashSet<_>>().len()
    };
    assert!(unique(false) <= 1_024, "twins share their codes");
    assert!(unique(true) >= 2_000, "up to 64 items that share a prefix are told apart");
}

#[test]
fn balance_takes_the_least_distance_there_is() {
    // Two codes, four rows on a line: the two on the left belong left, however near the third is.
    let left_and_right = sinkhorn::balanced_codes(&work(), &[0.0, 0.1, 0.2, 1.0], &[0.0, 1.0], 1).unwrap();
    assert_eq!(left_and_right, [0, 0, 1, 1], "the one that loses least goes over");
    let alike = sinkhorn::balanced_codes(&work(), &[0.5; 6], &[0.0, 0.0, 0.0], 1).unwrap();
    assert_eq!(alike.len(), 6, "equal rows and equal codes are no accident");
    assert!(sinkhorn::balanced_codes(&work(), &[], &[0.0, 1.0], 1).unwrap().is_empty(), "no rows, no codes");
}

#[test]
fn rq_vae_is_the_same_bytes_for_any_number_of_threads() {
    let rows = sheet(700, 24);
    for balanced in [false, true] {
        let settings = small(|settings| (settings.balanced, settings.epochs, settings.batch) = (balanced, 4, 600));
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let books = fitted(settings.clone(), &[32, 16], &rows);
                (books.to_bytes(), books.encode(&work(), &rows).unwrap())
            })
        };
        let one = run(1);
        assert!(one == run(2), "2 threads, balanced: {balanced}");
        assert!(one == run(3), "3 threads, balanced: {balanced}");
    }
}

#[test]
fn small_catalogs_have_ids_too_and_an_empty_one_a_sentence() {
    for items in [1, 2, 10] {
        let rows = sheet(items, 6);
        for balanced in [false, true] {
            let books = fitted(small(|settings| settings.balanced = balanced), &[256, 256, 256], &rows);
            let table = books.encode(&work(), &rows).unwrap();
            assert_eq!(table.rows(), items, "fewer items than codes");
            let decoded = books.decode(&table).unwrap();
            assert!(decoded.values().iter().all(|value| value.is_finite()), "{items} items decode to numbers");
        }
    }
    let refused = |settings: RqVaeSettings, rows: &Embeddings| match (RqVae { shape: CodeShape(vec![4]), settings })
        .fit(&work(), rows)
    {
        Err(error) => error.to_string(),
        Ok(_) => String::new(),
    };
    let empty = Embeddings::new(4, vec![]).unwrap();
    assert!(refused(small(|_| ()), &empty).contains("empty catalog"), "nothing to learn from");
    let rate = refused(small(|settings| settings.learning_rate = -1.0), &sheet(9, 4));
    assert!(rate.contains("learning_rate is -1"), "{rate}");
    let diverged = refused(small(|settings| settings.learning_rate = 10.0), &sheet(300, 4));
    assert!(diverged.is_empty() || diverged.contains("diverged"), "{diverged}");
}

#[test]
fn an_rq_vae_comes_back_from_its_bytes_and_damage_is_noticed() {
    let rows = sheet(200, 12);
    let books = fitted(small(|settings| (settings.epochs, settings.balanced) = (3, true)), &[8, 4], &rows);
    let bytes = books.to_bytes();
    let back = codebooks_from_bytes(&bytes).unwrap();
    assert_eq!(back.to_bytes(), bytes, "nothing is lost on the way");
    assert_eq!(back.encode(&work(), &rows).unwrap(), books.encode(&work(), &rows).unwrap(), "same codes");
    for cut in (0..bytes.len()).step_by(97) {
        assert!(codebooks_from_bytes(&bytes[..cut]).is_err(), "cut at {cut}");
    }
    for word in 3..13 {
        let mut damaged = bytes.clone();
        damaged[word * 4..word * 4 + 4].fill(0xff);
        // Word 11 is the switch for balance, which is on for any number but 0.
        assert!(codebooks_from_bytes(&damaged).is_err() || word == 11, "word {word} is not believed");
    }
}

#[test]
fn the_most_preferred_last_code_is_the_one_the_row_has() {
    let rows = sheet(300, 12);
    let books = fitted(small(|settings| settings.epochs = 5), &[16, 8], &rows);
    for (row, codes) in rows.iter().zip(books.encode(&work(), &rows).unwrap().iter()) {
        let order = books.last_level_by_preference(row, codes);
        assert_eq!(order[0], codes[1], "its own code suits a row best");
        assert_eq!(order.len(), 8, "every code is ranked");
    }
    assert!(books.last_level_by_preference(&[1.0], &[0, 0]).is_empty(), "a row of another width has no preference");
    assert!(books.encode(&work(), &sheet(3, 5)).is_err(), "vectors of another width");
}

#[test]
fn a_cancel_stops_the_training() {
    let work = work();
    work.cancel().cancel();
    let rq_vae = RqVae { shape: CodeShape(vec![8, 8]), settings: small(|_| ()) };
    let stopped = rq_vae.fit(&work, &sheet(100, 4));
    assert!(matches!(stopped, Err(Error::Cancelled)), "the cancel was asked for before the first batch");
}
