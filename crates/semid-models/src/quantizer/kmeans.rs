//! k-means: k-means++ start, Lloyd's iterations, empty clusters refilled, optionally balanced.
//!
//! Distances come from products, ‖x‖² − 2·x·c + ‖c‖², in fixed blocks of rows; sums run in f64 in the order of the rows.
//! So the outcome is the same bytes for any number of threads.

use rand::{Rng, RngCore};
use rayon::prelude::*;
use semid_core::{Cancelled, Result, Work};

use crate::kernels::{Finish, NR, Packed};
use crate::products::{self, dot, multiply, packed};

/// Rows whose products are made at one go: small enough for the cache of one core beside the centroids.
const BLOCK: usize = 112;

/// Rows whose distances to a new first centroid are made at one go.
const START_BLOCK: usize = 1024;

/// A squared distance below this share of the norms it is the difference of is rounding, and counts as none.
const ROUNDING: f32 = 4e-6;

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
        let rows: Vec<f32> = sample.iter().flat_map(|&at| &rows[at * self.dim..(at + 1) * self.dim]).copied().collect();
        let blocks: Vec<Packed<f32>> =
            rows.par_chunks(START_BLOCK * self.dim).map(|block| packed(block, self.dim)).collect();
        let norms: Vec<f32> = rows.par_chunks_exact(self.dim).map(|row| dot(row, row)).collect();
        let mut distances = vec![f32::INFINITY; sample.len()];
        let mut next = (!sample.is_empty()).then(|| rng.random_range(0..sample.len() as u64) as usize);
        let mut centroids = Vec::with_capacity(clusters * self.dim);
        for _ in 0..clusters {
            work.check()?;
            let Some(at) = next else {
                // Every row is a centroid already: a copy of the first is never nearer than the first.
                let first = centroids.get(..self.dim).map_or(vec![0.0; self.dim], <[f32]>::to_vec);
                centroids.extend(first);
                continue;
            };
            let (chosen, norm) = (&rows[at * self.dim..(at + 1) * self.dim], norms[at]);
            centroids.extend_from_slice(chosen);
            let blocks = distances.par_chunks_mut(START_BLOCK).zip(norms.par_chunks(START_BLOCK)).zip(&blocks);
            let sums: Vec<f64> = blocks
                .map(|((distances, norms), block)| {
                    let mut products = vec![0.0; distances.len()];
                    multiply(&mut products, chosen, block);
                    let mut sum = 0.0;
                    for ((distance, &own), product) in distances.iter_mut().zip(norms).zip(products) {
                        *distance = distance.min(squared_distance(norm - 2.0 * product, norm, own));
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
        let columns = packed(centroids, self.dim);
        let norms: Vec<f32> = centroids.chunks_exact(self.dim).map(|centroid| dot(centroid, centroid)).collect();
        let count = rows.len() / self.dim;
        let mut nearest = Nearest { clusters: vec![0; count], distances: vec![0.0; count] };
        let blocks = rows
            .par_chunks(BLOCK * self.dim)
            .zip(nearest.clusters.par_chunks_mut(BLOCK))
            .zip(nearest.distances.par_chunks_mut(BLOCK));
        if even {
            let mut gaps = vec![0.0; count];
            blocks.zip(gaps.par_chunks_mut(BLOCK)).try_for_each_init(
                Vec::new,
                |scores, (((rows, clusters), distances), gaps)| {
                    work.check()?;
                    score(rows, &columns, &norms, scores);
                    for (at, scores) in scores.chunks_exact(norms.len()).enumerate() {
                        let (cluster, score, second) = two_lowest(scores);
                        (clusters[at], distances[at], gaps[at]) = (cluster as u32, score, second - score);
                    }
                    Ok::<_, Cancelled>(())
                },
            )?;
            self.serve(work, rows, &columns, &norms, &gaps, &mut nearest)?;
        } else {
            let padded: Vec<f32> = (0..norms.len().next_multiple_of(NR))
                .map(|at| norms.get(at).copied().unwrap_or(f32::INFINITY))
                .collect();
            blocks.try_for_each(|((rows, clusters), distances)| {
                work.check()?;
                let mut lowest = Lowest { norms: &padded, rows: vec![LowestOfRow::default(); clusters.len()] };
                products::into(rows, &columns, &mut lowest);
                for ((cluster, distance), row) in clusters.iter_mut().zip(distances).zip(&lowest.rows) {
                    (*cluster, *distance) = row.lowest();
                }
                Ok::<_, Cancelled>(())
            })?;
        }
        // What the scores lack to be squared distances is the norm of the row.
        let (clusters, distances) = (nearest.clusters.par_iter(), nearest.distances.par_iter_mut());
        distances.zip(clusters).zip(rows.par_chunks_exact(self.dim)).for_each(|((distance, &cluster), row)| {
            *distance = squared_distance(*distance, norms[cluster as usize], dot(row, row));
        });
        Ok(nearest)
    }

    /// Rows that would lose most by going elsewhere are served first; each goes to the nearest cluster with room.
    fn serve(
        &self,
        work: &Work,
        rows: &[f32],
        columns: &Packed<f32>,
        norms: &[f32],
        gaps: &[f32],
        nearest: &mut Nearest,
    ) -> Result<()> {
        let room = gaps.len().div_ceil(norms.len());
        let mut order: Vec<usize> = (0..gaps.len()).collect();
        order.sort_by(|&a, &b| gaps[b].total_cmp(&gaps[a]).then(a.cmp(&b)));
        let mut sizes = vec![0usize; norms.len()];
        let mut scores = Vec::new();
        for (served, &row) in order.iter().enumerate() {
            if served % 1024 == 0 {
                work.check()?;
            }
            if sizes[nearest.clusters[row] as usize] >= room {
                score(&rows[row * self.dim..(row + 1) * self.dim], columns, norms, &mut scores);
                scores.iter_mut().zip(&sizes).filter(|(_, size)| **size >= room).for_each(|(score, _)| {
                    *score = f32::INFINITY;
                });
                let (cluster, score, _) = two_lowest(&scores);
                (nearest.clusters[row], nearest.distances[row]) = (cluster as u32, score);
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
}

/// `scores[row × cluster] = ‖c‖² − 2·x·c`: what orders the clusters of a row.
fn score(rows: &[f32], columns: &Packed<f32>, norms: &[f32], scores: &mut Vec<f32>) {
    scores.resize(rows.len() / columns.depth() * norms.len(), 0.0);
    multiply(scores, rows, columns);
    for scores in scores.chunks_exact_mut(norms.len()) {
        scores.iter_mut().zip(norms).for_each(|(score, norm)| *score = norm - 2.0 * *score);
    }
}

/// The squared distance that a score stands for, given the norms of the centroid and of the row.
fn squared_distance(score: f32, centroid: f32, row: f32) -> f32 {
    let distance = score + row;
    if distance <= ROUNDING * (centroid + row) { 0.0 } else { distance }
}

/// Position and value of the lowest score, the first of equals, and the value of the second lowest.
fn two_lowest(scores: &[f32]) -> (usize, f32, f32) {
    let (mut at, mut lowest, mut second) = (0, f32::INFINITY, f32::INFINITY);
    for (position, &score) in scores.iter().enumerate() {
        if score < lowest {
            (at, lowest, second) = (position, score, lowest);
        } else if score < second {
            second = score;
        }
    }
    (at, lowest, second)
}

/// Keeps the lowest score of each row while its products pass by, so that they are never stored.
struct Lowest<'a> {
    /// Norms of the centroids, filled up with infinities to whole panels.
    norms: &'a [f32],
    rows: Vec<LowestOfRow>,
}

/// The lowest score in each lane of the panels, and the panel it is from.
#[derive(Clone)]
#[repr(align(64))]
struct LowestOfRow {
    scores: [f32; NR],
    panels: [u32; NR],
}

impl Default for LowestOfRow {
    fn default() -> Self {
        LowestOfRow { scores: [f32::INFINITY; NR], panels: [0; NR] }
    }
}

impl LowestOfRow {
    /// Column and score of the lowest, the first of equals.
    fn lowest(&self) -> (u32, f32) {
        let mut best = (0, f32::INFINITY);
        for (lane, (&score, &panel)) in self.scores.iter().zip(&self.panels).enumerate() {
            let column = panel * NR as u32 + lane as u32;
            if score < best.1 || (score == best.1 && column < best.0) {
                best = (column, score);
            }
        }
        best
    }
}

impl Finish for Lowest<'_> {
    #[inline(always)]
    fn tile<const FUSED: bool>(&mut self, row: usize, column: usize, _width: usize, sums: &[[f32; NR]]) {
        let panel = (column / NR) as u32;
        let (norms, _) = self.norms[column..].split_at(NR);
        for (row, sums) in self.rows[row..].iter_mut().zip(sums) {
            for lane in 0..NR {
                let score = norms[lane] - 2.0 * sums[lane];
                let lower = score < row.scores[lane];
                row.scores[lane] = if lower { score } else { row.scores[lane] };
                row.panels[lane] = if lower { panel } else { row.panels[lane] };
            }
        }
    }
}

/// A row drawn in proportion to its distance; none when all distances are 0. `sums` are those of the blocks.
fn draw(sums: &[f64], distances: &[f32], at: f64) -> Option<usize> {
    let total: f64 = sums.iter().sum();
    let mut left = at * total;
    let mut last = None;
    for (block, &sum) in sums.iter().enumerate() {
        if left >= sum && block + 1 < sums.len() {
            left -= sum;
            continue;
        }
        for (row, &distance) in distances.iter().enumerate().skip(block * START_BLOCK) {
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
