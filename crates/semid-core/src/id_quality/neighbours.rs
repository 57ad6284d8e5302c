//! Whether items that are near in embedding space are near in code space.

use rand::seq::index;
use rayon::prelude::*;

use super::codes;
use crate::{Embeddings, Result, SemanticIds, Work};

/// Neighbours that are compared.
const NEAREST: usize = 10;

/// Items for which neighbours are looked up; larger catalogs are sampled. At 1,000 items the recall's standard error is at
/// most .016.
const SAMPLE: usize = 1000;

/// The embeddings of a catalog with the nearest neighbours of a seeded sample of its items. Made once, used for all ID
/// schemes of the catalog.
#[derive(Debug)]
pub struct EmbeddingSpace<'a> {
    embeddings: &'a Embeddings,
    /// Sampled items with their nearest by cosine, nearest first; equal cosines by the order of the catalog.
    nearest: Vec<(u32, Vec<u32>)>,
}

impl<'a> EmbeddingSpace<'a> {
    /// Looks up the 10 nearest items by cosine, for every item of a catalog of up to 1,000, for a seeded sample of a
    /// larger one.
    pub fn new(work: &Work, embeddings: &'a Embeddings) -> Result<Self> {
        let (rows, dim) = (embeddings.rows(), embeddings.dim());
        let mut sample: Vec<u32> = if rows <= SAMPLE {
            (0..rows as u32).collect()
        } else {
            let drawn = index::sample(&mut work.rng("neighbour recall sample"), rows, SAMPLE);
            drawn.into_iter().map(|item| item as u32).collect()
        };
        sample.sort_unstable();
        let unit = unit_rows(embeddings);
        let step = work.step("find neighbours", sample.len());
        let nearest = sample
            .par_chunks(QUERIES)
            .map(|items| {
                let queries: Vec<&[f32]> = items.iter().map(|&item| &unit[item as usize * dim..][..dim]).collect();
                let mut cosines = vec![Vec::with_capacity(rows); items.len()];
                for row in unit.chunks_exact(dim) {
                    for (query, cosines) in queries.iter().zip(&mut cosines) {
                        cosines.push(dot(query, row));
                    }
                }
                step.advance(items.len())?;
                Ok(items.iter().zip(cosines).map(|(&item, cosines)| (item, highest(&cosines, item))).collect())
            })
            .collect::<Result<Vec<Vec<(u32, Vec<u32>)>>>>()?;
        Ok(EmbeddingSpace { embeddings, nearest: nearest.into_iter().flatten().collect() })
    }

    /// The embeddings.
    pub fn embeddings(&self) -> &Embeddings {
        self.embeddings
    }

    /// Share of an item's 10 nearest in embedding space that are among its 10 nearest in code space, mean over the sampled
    /// items. In code space an item is the nearer the longer the prefix it shares; among equal prefixes, the fewer levels
    /// differ. Items at equal distance are in a random order, and the value is the expectation. None in a catalog of one.
    pub fn neighbour_recall(&self, work: &Work, ids: &SemanticIds) -> Result<Option<f64>> {
        work.check()?;
        let levels = ids.shape.levels();
        let recalls: Vec<f64> = self
            .nearest
            .par_iter()
            .filter(|(_, nearest)| !nearest.is_empty())
            .map(|(item, nearest)| {
                let own = codes(ids, *item);
                let mut at_distance = vec![0usize; (levels + 1) * (levels + 1)];
                for other in 0..ids.len() as u32 {
                    at_distance[distance(own, codes(ids, other))] += 1;
                }
                at_distance[0] -= 1; // the item itself
                let mut nearer = 0;
                let chance: Vec<f64> = at_distance
                    .iter()
                    .map(|&here| {
                        let places = nearest.len().saturating_sub(nearer).min(here);
                        nearer += here;
                        if here == 0 { 0.0 } else { places as f64 / here as f64 }
                    })
                    .collect();
                let found: f64 = nearest.iter().map(|&other| chance[distance(own, codes(ids, other))]).sum();
                found / nearest.len() as f64
            })
            .collect();
        Ok((!recalls.is_empty()).then(|| crate::statistics::mean(&recalls)))
    }
}

/// Sampled items that share a pass over the embeddings.
const QUERIES: usize = 8;

/// Prefix first, then the number of levels that differ, as one number: 0 for equal codes.
fn distance(a: &[u32], b: &[u32]) -> usize {
    let shared = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let differing = a.iter().zip(b).filter(|(a, b)| a != b).count();
    (a.len() - shared) * (a.len() + 1) + differing
}

fn unit_rows(embeddings: &Embeddings) -> Vec<f32> {
    let mut unit = Vec::with_capacity(embeddings.values().len());
    for row in embeddings.iter() {
        let length = row.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>().sqrt();
        let scale = if length > 0.0 { (1.0 / length) as f32 } else { 0.0 };
        unit.extend(row.iter().map(|x| x * scale));
    }
    unit
}

/// The items with the highest cosines, other than the item itself.
fn highest(cosines: &[f32], item: u32) -> Vec<u32> {
    let mut others: Vec<u32> = (0..cosines.len() as u32).filter(|&other| other != item).collect();
    let nearer = |a: &u32, b: &u32| cosines[*b as usize].total_cmp(&cosines[*a as usize]).then(a.cmp(b));
    if others.len() > NEAREST {
        others.select_nth_unstable_by(NEAREST, nearer);
        others.truncate(NEAREST);
    }
    others.sort_unstable_by(nearer);
    others
}

/// Sixteen running sums, so that the compiler uses vector registers; the order of additions is fixed.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0f32; 16];
    let (mut a, mut b) = (a.chunks_exact(16), b.chunks_exact(16));
    for (a, b) in (&mut a).zip(&mut b) {
        for lane in 0..16 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest: f32 = a.remainder().iter().zip(b.remainder()).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}
