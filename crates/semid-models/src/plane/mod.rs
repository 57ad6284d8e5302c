//! A catalog on a plane: items with similar vectors stand near each other.
//!
//! UMAP (McInnes, Healy and Melville 2018, "UMAP: Uniform Manifold Approximation and Projection for Dimension
//! Reduction"), written down for catalogs of some ten thousand items: principal components, exact nearest neighbours,
//! the fuzzy graph of the paper, and its layout by attraction along edges and repulsion of random pairs, starting from
//! the first two components. The layout is one sequence of steps, so threads never show in it.

mod components;
mod graph;
mod layout;

#[cfg(test)]
mod tests;

use semid_core::{Embeddings, Result, Work};

/// How the plane is made, in a sentence for people.
pub const METHOD: &str = "UMAP (McInnes, Healy and Melville 2018) of the text embeddings: 50 principal components, 15 \
                          nearest neighbours by cosine, minimum distance 0.1. Near on the plane means similar texts; \
                          distances between far groups mean little.";

/// Principal components kept.
const COMPONENTS: usize = 50;
/// Neighbours of an item in the graph.
const NEIGHBOURS: usize = 15;

/// A place for every row, x and y in −1 … 1. The same seed gives the same bytes for any number of threads.
pub fn plane(work: &Work, embeddings: &Embeddings) -> Result<Vec<[f32; 2]>> {
    let rows = embeddings.rows();
    if rows < 2 {
        return Ok(vec![[0.0; 2]; rows]);
    }
    let step = work.step("principal components", 0);
    let reduced = components::principal(work, embeddings, COMPONENTS)?;
    drop(step);
    let neighbours = graph::nearest(work, &reduced, NEIGHBOURS)?;
    let edges = graph::edges(&neighbours);
    let mut places = layout::start(work, &reduced);
    layout::improve(work, &mut places, &edges)?;
    Ok(layout::fit(&places))
}
