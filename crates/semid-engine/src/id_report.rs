//! An ID scheme described: quality, diagnosis, labels, examples; and the IDs of a data set on their own.

use std::io::Write;
use std::path::Path;

use semid_core::comparison::{IdExample, IdSchemeResult};
use semid_core::id_quality::{EmbeddingSpace, diagnose, id_quality};
use semid_core::labels::{LabelSettings, PrefixLabels, label_prefixes};
use semid_core::{Catalog, CodeTable, Embeddings, SemanticIds, Work};
use semid_models::quantizer::codebooks_from_bytes;

use crate::judge::curves_of;
use crate::settings::{ExperimentSettings, IdSettings};
use crate::stages::{AssignedIds, Shared, assign_ids};
use crate::{Engine, Error, Result, files};

/// Examples shown per scheme.
const EXAMPLES: usize = 12;

/// The IDs of a data set under one scheme.
pub struct BuiltIds {
    /// Quality, diagnosis, examples.
    pub scheme: IdSchemeResult,
    /// Items.
    pub items: u64,
    /// Whether they were made before.
    pub reused: bool,
}

impl Engine {
    /// Builds the IDs of the first scheme of `settings`, with `work`'s seed, and writes them as CSV where asked to.
    pub fn build_ids(&self, work: &Work, settings: &ExperimentSettings, output: Option<&Path>) -> Result<BuiltIds> {
        let problems: Vec<_> =
            settings.check().into_iter().filter(|problem| problem.field.starts_with("codes")).collect();
        if !problems.is_empty() {
            return Err(Error::Settings(problems));
        }
        let scheme = settings.ids.first().ok_or_else(|| Error::input("There is no ID scheme. Name one."))?;
        // Only the schemes are looked at: recommenders would ask for embeddings that no ID needs.
        let alone = ExperimentSettings { recommenders: Vec::new(), ..settings.clone() };
        let dataset = self.store().dataset(&settings.dataset)?;
        let shared = self.share(work, &alone, &dataset, &mut Vec::new())?;
        let (assigned, reused) = assign_ids(work, &shared, scheme)?;
        let space = shared.embeddings.as_ref().map(|embeddings| EmbeddingSpace::new(work, embeddings)).transpose()?;
        let (mut described, labels) = describe(work, &shared.catalog, space.as_ref(), scheme, &assigned)?;
        described.curves = curves_of(work.seed().0, &assigned.points);
        if let Some(path) = output {
            write_ids(path, &shared, &assigned.ids, &labels)?;
        }
        Ok(BuiltIds { scheme: described, items: shared.catalog.len() as u64, reused })
    }
}

/// Describes the IDs of one scheme; the labels of its prefixes beside.
pub(crate) fn describe(
    work: &Work,
    catalog: &Catalog,
    space: Option<&EmbeddingSpace<'_>>,
    scheme: &IdSettings,
    assigned: &AssignedIds,
) -> Result<(IdSchemeResult, PrefixLabels)> {
    let ids = &assigned.ids;
    let decoded = decode(assigned)?;
    let quality = id_quality(work, ids, catalog, space, decoded.as_ref())?;
    let mut diagnosis = diagnose(&quality, catalog.len());
    diagnosis.push(assigned.collisions.sentence());
    let labels = label_prefixes(catalog, ids, LabelSettings::starter());
    let examples = examples(catalog, ids, &labels, scheme);
    let described = IdSchemeResult {
        key: scheme.key().to_owned(),
        title: scheme.title().to_owned(),
        shape: shape(ids),
        quality,
        diagnosis,
        examples,
        curves: Vec::new(),
    };
    Ok((described, labels))
}

/// What the codes say the vectors were; none where nothing was learned or codes cannot be turned back.
fn decode(assigned: &AssignedIds) -> Result<Option<Embeddings>> {
    if assigned.codebooks.is_empty() {
        return Ok(None);
    }
    let ids = &assigned.ids;
    let codes = ids.ids.iter().flat_map(|id| id.codes.iter().copied()).collect();
    Ok(codebooks_from_bytes(&assigned.codebooks)?.decode(&CodeTable { shape: ids.shape.clone(), codes }))
}

/// Items spread over the code space in pairs of neighbours: two that stand side by side say more than two apart.
fn examples(catalog: &Catalog, ids: &SemanticIds, labels: &PrefixLabels, scheme: &IdSettings) -> Vec<IdExample> {
    let mut order: Vec<usize> = (0..ids.len()).collect();
    order.sort_by(|&a, &b| ids.ids[a].cmp(&ids.ids[b]));
    let pairs = EXAMPLES / 2;
    let spread = (0..pairs).flat_map(|pair| {
        let at = pair * order.len() / pairs;
        [at, at + 1]
    });
    let mut shown: Vec<usize> = spread.filter_map(|at| order.get(at).copied()).collect();
    shown.dedup();
    shown
        .into_iter()
        .map(|item| IdExample {
            title: catalog.items[item].title.clone(),
            id: ids.ids[item].to_string(),
            // Labels of codes without meaning would be chance dressed up as words.
            labels: if scheme.has_meaning() { labels.path(&ids.ids[item]) } else { String::new() },
        })
        .collect()
}

/// "3 × 64 + digit".
pub(crate) fn shape(ids: &SemanticIds) -> String {
    let sizes = &ids.shape.0;
    let uniform = sizes.windows(2).all(|pair| pair[0] == pair[1]);
    let mut text = match sizes.first() {
        Some(size) if uniform => format!("{} × {size}", sizes.len()),
        _ => sizes.iter().map(u32::to_string).collect::<Vec<_>>().join(" · "),
    };
    if ids.suffixes > 0 {
        text += " + digit";
    }
    text
}

fn write_ids(path: &Path, shared: &Shared<'_>, ids: &SemanticIds, labels: &PrefixLabels) -> Result<()> {
    files::write_atomically(path, |file| {
        writeln!(file, "item,id,title,labels")?;
        for (item, id) in shared.catalog.items.iter().zip(&ids.ids) {
            let written: Vec<String> =
                id.codes.iter().map(u32::to_string).chain(id.suffix.map(|digit| digit.to_string())).collect();
            writeln!(
                file,
                "{},{},{},{}",
                files::csv_field(&item.key),
                written.join("-"),
                files::csv_field(&item.title),
                files::csv_field(&labels.path(id))
            )?;
        }
        Ok(())
    })
}
