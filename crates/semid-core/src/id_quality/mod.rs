//! How good a set of IDs is, whatever made it: use of the codes, uniqueness, what survives of the embeddings, agreement
//! with the categories.

mod agreement;
mod diagnosis;
mod neighbours;

use crate::comparison::{IdQuality, LevelQuality};
use crate::{Catalog, Code, Embeddings, Error, Result, SemanticId, SemanticIds, Work};

pub use agreement::{Agreement, adjusted_mutual_information, agreement, category_depth};
pub use diagnosis::diagnose;
pub use neighbours::EmbeddingSpace;

/// Measures the IDs of a catalog. The appended digit takes no part: everything is about the codes before it.
///
/// `space` (made once for all schemes of a catalog) is needed for the neighbour recall and, with `decoded`, what the codes
/// say the embeddings were, for the reconstruction error. Categories are judged at [`category_depth`].
pub fn id_quality(
    work: &Work,
    ids: &SemanticIds,
    catalog: &Catalog,
    space: Option<&EmbeddingSpace<'_>>,
    decoded: Option<&Embeddings>,
) -> Result<IdQuality> {
    refuse_unsound(ids, catalog, space, decoded)?;
    let mut by_code: Vec<u32> = (0..ids.len() as u32).collect();
    by_code.sort_by(|&a, &b| codes(ids, a).cmp(codes(ids, b)));

    let mut levels: Vec<LevelQuality> =
        ids.shape.0.iter().enumerate().map(|(level, &size)| use_of_codes(&ids.ids, level, size)).collect();
    for (level, agreement) in agreement::by_level(work, ids, catalog, &by_code)?.into_iter().enumerate() {
        levels[level].category = Some(agreement);
    }
    let groups: Vec<usize> = by_code.chunk_by(|&a, &b| codes(ids, a) == codes(ids, b)).map(<[u32]>::len).collect();
    let alone = groups.iter().filter(|&&items| items == 1).count();
    Ok(IdQuality {
        levels,
        unique_share: alone as f64 / ids.len() as f64,
        largest_group: groups.iter().max().copied().unwrap_or(0) as u64,
        reconstruction_error: match (space, decoded) {
            (Some(space), Some(decoded)) => reconstruction_error(space.embeddings(), decoded),
            _ => None,
        },
        neighbour_recall10: match space {
            Some(space) => space.neighbour_recall(work, ids)?,
            None => None,
        },
    })
}

fn codes(ids: &SemanticIds, item: u32) -> &[Code] {
    &ids.ids[item as usize].codes
}

fn use_of_codes(ids: &[SemanticId], level: usize, size: u32) -> LevelQuality {
    let mut counts = vec![0u32; size as usize];
    for id in ids {
        counts[id.codes[level] as usize] += 1;
    }
    counts.sort_unstable_by(|a, b| b.cmp(a));
    let used = counts.iter().filter(|&&count| count > 0).count();
    let share = |count: u32| f64::from(count) / ids.len() as f64;
    let entropy_bits: f64 = counts[..used].iter().map(|&count| -share(count) * share(count).log2()).sum();
    LevelQuality {
        codes: size,
        usage_share: used as f64 / f64::from(size),
        entropy_bits,
        perplexity: entropy_bits.exp2(),
        counts,
        category: None,
    }
}

/// Σ |x − decoded|² / Σ |x − mean|²: 0 when nothing is lost, 1 when the mean would do as well. None where all embeddings
/// are equal.
fn reconstruction_error(embeddings: &Embeddings, decoded: &Embeddings) -> Option<f64> {
    let mut mean = vec![0.0f64; embeddings.dim()];
    for row in embeddings.iter() {
        mean.iter_mut().zip(row).for_each(|(mean, &x)| *mean += f64::from(x));
    }
    mean.iter_mut().for_each(|mean| *mean /= embeddings.rows() as f64);
    let (mut lost, mut all) = (0.0, 0.0);
    for (row, back) in embeddings.iter().zip(decoded.iter()) {
        for ((&x, &y), mean) in row.iter().zip(back).zip(&mean) {
            lost += (f64::from(x) - f64::from(y)).powi(2);
            all += (f64::from(x) - mean).powi(2);
        }
    }
    (all > 0.0).then(|| lost / all)
}

fn refuse_unsound(
    ids: &SemanticIds,
    catalog: &Catalog,
    space: Option<&EmbeddingSpace<'_>>,
    decoded: Option<&Embeddings>,
) -> Result<()> {
    let items = catalog.len();
    if items == 0 || ids.len() != items {
        return Err(Error::input(format!("There are {} IDs for a catalog of {items} items.", ids.len())));
    }
    for (item, id) in ids.ids.iter().enumerate() {
        let fits =
            id.codes.len() == ids.shape.levels() && id.codes.iter().zip(&ids.shape.0).all(|(code, size)| code < size);
        if !fits {
            return Err(Error::input(format!("The ID {id} of item {item} does not fit the shape {:?}.", ids.shape.0)));
        }
    }
    let rows = space.map(|space| space.embeddings().rows()).unwrap_or(items);
    if rows != items {
        return Err(Error::input(format!("There are {rows} embeddings for a catalog of {items} items.")));
    }
    if let (Some(space), Some(decoded)) = (space, decoded) {
        let embeddings = space.embeddings();
        if (decoded.rows(), decoded.dim()) != (embeddings.rows(), embeddings.dim()) {
            return Err(Error::input(format!(
                "The decoded vectors are {} × {}, the embeddings {} × {}.",
                decoded.rows(),
                decoded.dim(),
                embeddings.rows(),
                embeddings.dim()
            )));
        }
    }
    Ok(())
}
