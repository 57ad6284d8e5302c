//! k-means: k-means++ start, Lloyd's iterations, empty clusters refilled, optionally balanced.
//!
//! Distances come from products, ‖x‖² − 2·x·c + ‖c‖², in fixed blocks of rows; sums run in f64 in the order of the rows.
//! So the outcome is the same bytes for any number of threads.

use rand::{Rng, RngCore};
use rayon::prelude::*;
use semid_core::{Cancelled, Result, Work};

use crate::products::{dot, multiply, transposed};

/// Rows whose products are made at one go: small enough for the cache of one core beside the centroids.
const BLOCK: usize = 128;

/// k-means++ looks at this many rows per cluster at most; on larger sets a seeded sample stands for the whole.
const START_ROWS_PER_CLUSTER: usize = 64;

/// How k-means runs.
#[derive(Clone, Copy, Debug)]
pub struct KMeans {
    /// Numbers in a row.
    pub dim: usize,
    /// Lloyd's iterations at most; it stops when no row changes its cluster.
    pub iterations: usize,
    /// During how many of the first iterations no cluster may hold more than ⌈rows / clusters⌉ rows; all of them when
    /// this is no less than `iterations`, and then the outcome is balanced too.
    ///
    /// A few are worth their time wherever vectors have little structure, as residuals have: the first centroids are
    /// single rows, and the one nearest to the middle would draw most rows to itself and keep them.
    pub even_iterations: usize,
}

/// A fitted k-means.
#[derive(Clone, Debug, PartialEq)]
pub struct Clusters {
    /// `clusters × dim`.
    pub centroids: Vec<f32>,
    /// Cluster of each row.
    pub assignment: Vec<u32>,
    /// Sum over rows of the squared distance to the centroid of their cluster.
    pub inertia: f64,
}

impl KMeans {
    /// Lloyd's iterations from `start` (`clusters × dim`) over `rows × dim`. `each_iteration` is called before each.
    pub fn fit(
        &self,
        work: &Work,
        rows: &[f32],
        start: Vec<f32>,
        each_iteration: impl Fn() -> Result<(), Cancelled>,
    ) -> Result<Clusters> {
        let mut centroids = start;
        let mut assignment = vec![u32::MAX; rows.len() / self.dim];
        for iteration in 0..self.iterations {
            each_iteration()?;
            let even = iteration < self.even_iterations;
            let mut nearest = self.assign(work, rows, &centroids, even)?;
            self.refill(&mut nearest, centroids.len() / self.dim);
            if nearest.clusters == assignment && (!even || self.stays_even()) {
                break;
            }
            assignment = nearest.clusters;
            self.move_centroids(rows, &assignment, &mut centroids);
        }
        // The last move may have left a cluster without rows. Its centroid goes to the row that is worst off, which
        // makes that row its own; a few rounds suffice unless there are fewer different rows than clusters.
        let mut nearest = self.assign(work, rows, &centroids, self.stays_even())?;
        for _ in 0..8 {
            let before = nearest.clusters.clone();
            if self.refill(&mut nearest, centroids.len() / self.dim) == 0 {
                break;
            }
            for (row, (&now, &then)) in nearest.clusters.iter().zip(&before).enumerate() {
                if now != then {
                    let row = &rows[row * self.dim..(row + 1) * self.dim];
                    centroids[now as usize * self.dim..(now as usize + 1) * self.dim].copy_from_slice(row);
                }
            }
            nearest = self.assign(work, rows, &centroids, self.stays_even())?;
        }
        let inertia = nearest.distances.iter().map(|&distance| f64::from(distance)).sum();
        Ok(Clusters { centroids, assignment: nearest.clusters, inertia })
    }

    /// Rows drawn as first centroids, each with a probability in proportion to its squared distance from those drawn
    /// before (k-means++, Arthur and Vassilvitskii 2007). Where there are fewer different rows than clusters, the
    /// remaining centroids repeat the first and stay without rows.
    pub fn start(&self, work: &Work, rows: &[f32], clusters: usize, rng: &mut impl RngCore) -> Result<Vec<f32>> {
        let sample = sample(rows.len() / self.dim, clusters.saturating_mul(START_ROWS_PER_CLUSTER), rng);
        let row = |at: usize| &rows[sample[at] * self.dim..(sample[at] + 1) * self.dim];
        let mut centroids = Vec::with_capacity(clusters * self.dim);
        let mut distances = vec![f32::INFINITY; sample.len()];
        let mut next = Some(rng.random_range(0..sample.len().max(1) as u64) as usize).filter(|_| !sample.is_empty());
        for _ in 0..clusters {
            work.check()?;
            let Some(chosen) = next else {
                // Every row is a centroid already: a copy of the first is never nearer than the first.
                let first = centroids.get(..self.dim).map_or(vec![0.0; self.dim], <[f32]>::to_vec);
                centroids.extend(first);
                continue;
            };
            centroids.extend_from_slice(row(chosen));
            let chosen = row(chosen);
            let sums: Vec<f64> = distances
                .par_chunks_mut(1024)
                .enumerate()
                .map(|(chunk, distances)| {
                    let mut sum = 0.0;
                    for (at, distance) in distances.iter_mut().enumerate() {
                        *distance = distance.min(squared_distance(row(chunk * 1024 + at), chosen));
                        sum += f64::from(*distance);
                    }
                    sum
                })
                .collect();
            next = draw(&sums, &distances, rng.random());
        }
        Ok(centroids)
    }

    fn stays_even(&self) -> bool {
        self.even_iterations >= self.iterations
    }

    /// The cluster of each row: the nearest, or, to keep clusters even, the nearest that has room.
    pub fn assign(&self, work: &Work, rows: &[f32], centroids: &[f32], even: bool) -> Result<Nearest> {
        let clusters = centroids.len() / self.dim;
        let columns = transposed(centroids, self.dim);
        let norms: Vec<f32> = centroids.chunks_exact(self.dim).map(|centroid| dot(centroid, centroid)).collect();
        let count = rows.len() / self.dim;
        let mut nearest = Nearest { clusters: vec![0; count], distances: vec![0.0; count], gaps: vec![] };
        nearest.gaps.resize(if even { count } else { 0 }, 0.0);
        let gaps: Vec<&mut [f32]> = match even {
            true => nearest.gaps.chunks_mut(BLOCK).collect(),
            false => (0..count.div_ceil(BLOCK)).map(|_| &mut [][..]).collect(),
        };
        rows.par_chunks(BLOCK * self.dim)
            .zip(nearest.clusters.par_chunks_mut(BLOCK))
            .zip(nearest.distances.par_chunks_mut(BLOCK))
            .zip(gaps)
            .try_for_each_init(Vec::new, |scores, (((rows, out), distances), gaps)| {
                work.check()?;
                self.score_block(rows, &columns, &norms, scores);
                for (at, scores) in scores.chunks_exact(clusters).enumerate() {
                    let (cluster, score) = lowest(scores);
                    (out[at], distances[at]) = (cluster as u32, score);
                    if let Some(gap) = gaps.get_mut(at) {
                        let others = scores[..cluster].iter().chain(&scores[cluster + 1..]);
                        *gap = others.fold(f32::INFINITY, |low, &score| low.min(score)) - score;
                    }
                }
                Ok::<_, Cancelled>(())
            })?;
        // What the scores lack to be squared distances is the norm of the row.
        nearest.distances.par_iter_mut().zip(rows.par_chunks_exact(self.dim)).for_each(|(distance, row)| {
            *distance = (*distance + dot(row, row)).max(0.0);
        });
        if even {
            self.balance(work, rows, centroids, &mut nearest)?;
        }
        Ok(nearest)
    }

    /// `scores[row × cluster] = ‖c‖² − 2·x·c`: what orders the clusters of a row.
    fn score_block(&self, rows: &[f32], columns: &[f32], norms: &[f32], scores: &mut Vec<f32>) {
        scores.resize(rows.len() / self.dim * norms.len(), 0.0);
        multiply(scores, rows, columns, self.dim, norms.len());
        for scores in scores.chunks_exact_mut(norms.len()) {
            for (score, norm) in scores.iter_mut().zip(norms) {
                *score = norm - 2.0 * *score;
            }
        }
    }

    /// Rows that would lose most by going elsewhere are served first; each goes to the nearest cluster with room.
    fn balance(&self, work: &Work, rows: &[f32], centroids: &[f32], nearest: &mut Nearest) -> Result<()> {
        let clusters = centroids.len() / self.dim;
        let room = nearest.clusters.len().div_ceil(clusters);
        let mut order: Vec<usize> = (0..nearest.clusters.len()).collect();
        order.sort_by(|&a, &b| nearest.gaps[b].total_cmp(&nearest.gaps[a]).then(a.cmp(&b)));
        let mut sizes = vec![0usize; clusters];
        for (served, &row) in order.iter().enumerate() {
            if served % 1024 == 0 {
                work.check()?;
            }
            if sizes[nearest.clusters[row] as usize] >= room {
                let values = &rows[row * self.dim..(row + 1) * self.dim];
                let best = (0..clusters)
                    .filter(|&cluster| sizes[cluster] < room)
                    .map(|at| (at, squared_distance(values, &centroids[at * self.dim..(at + 1) * self.dim])))
                    .min_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
                if let Some((cluster, distance)) = best {
                    (nearest.clusters[row], nearest.distances[row]) = (cluster as u32, distance);
                }
            }
            sizes[nearest.clusters[row] as usize] += 1;
        }
        Ok(())
    }

    /// Gives each cluster without rows the row that is farthest from its centroid and not alone in its cluster. Returns
    /// how many were given one.
    fn refill(&self, nearest: &mut Nearest, clusters: usize) -> usize {
        let mut sizes = vec![0usize; clusters];
        nearest.clusters.iter().for_each(|&cluster| sizes[cluster as usize] += 1);
        let empty: Vec<usize> = (0..clusters).filter(|&cluster| sizes[cluster] == 0).collect();
        if empty.is_empty() {
            return 0;
        }
        let mut farthest: Vec<usize> =
            (0..nearest.clusters.len()).filter(|&row| nearest.distances[row] > 0.0).collect();
        farthest.sort_by(|&a, &b| nearest.distances[b].total_cmp(&nearest.distances[a]).then(a.cmp(&b)));
        let mut candidates = farthest.into_iter();
        let mut filled = 0;
        for cluster in empty {
            let Some(row) = candidates.find(|&row| sizes[nearest.clusters[row] as usize] > 1) else { break };
            sizes[nearest.clusters[row] as usize] -= 1;
            sizes[cluster] = 1;
            (nearest.clusters[row], nearest.distances[row]) = (cluster as u32, 0.0);
            filled += 1;
        }
        filled
    }

    /// Each centroid becomes the mean of its rows; one without rows stays.
    fn move_centroids(&self, rows: &[f32], assignment: &[u32], centroids: &mut [f32]) {
        let clusters = centroids.len() / self.dim;
        // Members of each cluster in the order of the rows, by counting.
        let mut ends = vec![0usize; clusters + 1];
        assignment.iter().for_each(|&cluster| ends[cluster as usize + 1] += 1);
        (0..clusters).for_each(|cluster| ends[cluster + 1] += ends[cluster]);
        let mut next = ends.clone();
        let mut members = vec![0usize; assignment.len()];
        for (row, &cluster) in assignment.iter().enumerate() {
            members[next[cluster as usize]] = row;
            next[cluster as usize] += 1;
        }
        centroids.par_chunks_mut(self.dim).enumerate().for_each(|(cluster, centroid)| {
            let members = &members[ends[cluster]..ends[cluster + 1]];
            if members.is_empty() {
                return;
            }
            let mut sums = vec![0.0f64; self.dim];
            for &row in members {
                let row = &rows[row * self.dim..(row + 1) * self.dim];
                sums.iter_mut().zip(row).for_each(|(sum, &value)| *sum += f64::from(value));
            }
            let count = members.len() as f64;
            centroid.iter_mut().zip(&sums).for_each(|(value, sum)| *value = (sum / count) as f32);
        });
    }
}

/// Where each row belongs.
#[derive(Clone, Debug)]
pub struct Nearest {
    /// Cluster of each row.
    pub clusters: Vec<u32>,
    /// Squared distance to its centroid.
    pub distances: Vec<f32>,
    /// By how much the second nearest is farther; only where clusters are kept even.
    gaps: Vec<f32>,
}

/// Position and value of the lowest score, the first of equals. Two passes without a branch are faster than one with.
fn lowest(scores: &[f32]) -> (usize, f32) {
    let mut lanes = [f32::INFINITY; 16];
    let blocks = scores.chunks_exact(16);
    let rest = blocks.remainder();
    for block in blocks {
        for lane in 0..16 {
            lanes[lane] = if block[lane] < lanes[lane] { block[lane] } else { lanes[lane] };
        }
    }
    let lowest = lanes.iter().chain(rest).fold(f32::INFINITY, |low, &score| if score < low { score } else { low });
    (scores.iter().position(|&score| score == lowest).unwrap_or(0), lowest)
}

fn squared_distance(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0f32; 16];
    let (a_blocks, b_blocks) = (a.chunks_exact(16), b.chunks_exact(16));
    let rest: f32 = a_blocks.remainder().iter().zip(b_blocks.remainder()).map(|(x, y)| (x - y) * (x - y)).sum();
    for (x, y) in a_blocks.zip(b_blocks) {
        for lane in 0..16 {
            let difference = x[lane] - y[lane];
            lanes[lane] += difference * difference;
        }
    }
    lanes.iter().sum::<f32>() + rest
}

/// A row drawn in proportion to its distance; none when all distances are 0. `sums` are those of chunks of 1024.
fn draw(sums: &[f64], distances: &[f32], at: f64) -> Option<usize> {
    let total: f64 = sums.iter().sum();
    let mut left = at * total;
    let mut last = None;
    for (chunk, &sum) in sums.iter().enumerate() {
        if left >= sum && chunk + 1 < sums.len() {
            left -= sum;
            continue;
        }
        for (row, &distance) in distances.iter().enumerate().skip(chunk * 1024) {
            if distance > 0.0 {
                last = Some(row);
                left -= f64::from(distance);
                if left < 0.0 {
                    return last;
                }
            }
        }
    }
    // Rounding may walk past the end; then the last row with a distance is the one, wherever it stands.
    last.or_else(|| distances.iter().rposition(|&distance| distance > 0.0))
}

/// Indices of at most `most` rows, ascending: all of them, or a seeded sample without repetition (Floyd's algorithm
/// gives a set; sorting keeps memory access in order).
fn sample(rows: usize, most: usize, rng: &mut impl RngCore) -> Vec<usize> {
    if rows <= most {
        return (0..rows).collect();
    }
    let mut chosen = std::collections::BTreeSet::new();
    for upper in rows - most..rows {
        let pick = rng.random_range(0..=upper as u64) as usize;
        if !chosen.insert(pick) {
            chosen.insert(upper);
        }
    }
    chosen.into_iter().collect()
}
