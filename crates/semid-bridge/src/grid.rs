//! GRID (Ju et al. 2025): `training`, `evaluation`, `testing` and `items` folders of gzipped TFRecords, named by index, and
//! the IDs as a tensor of levels × items.
//!
//! GRID takes the last item of an evaluation or testing row for the target, and every prefix of a training row; so a row
//! here is what a user did up to and with the target.

use semid_core::Case;

use crate::tfrecord::{self, Example};
use crate::{BridgeFile, Export, Plan, torch_tensor};

/// Rows of one file: GRID deals whole files to its workers.
const ROWS: usize = 4_096;

pub(crate) fn plan<'a>(export: &'a Export<'a>) -> Plan<'a> {
    let split = &export.prepared.split;
    let mut files = Vec::new();
    let mut notes = Vec::new();
    // A training row of one item has nothing to predict.
    let training: Vec<(u32, Vec<u32>)> = (0u32..)
        .zip(&split.train)
        .filter(|(_, items)| items.len() > 1)
        .map(|(user, items)| (user, items.clone()))
        .collect();
    let short = split.train.iter().filter(|items| items.len() == 1).count();
    if short > 0 {
        notes.push(format!(
            "A training row of one item has nothing to predict; users with one training item are left out of training \
             ({short})."
        ));
    }
    for (folder, about, rows) in [
        ("training", "training items of each user, by index", training),
        ("evaluation", "validation: history and, last, the target", with_targets(&split.validation)),
        ("testing", "test: history and, last, the target", with_targets(&split.test)),
    ] {
        files.extend(parts(folder, about, rows, |(user, items): &(u32, Vec<u32>)| {
            let sequence = items.iter().map(|&item| i64::from(item));
            Example::default().ints("user_id", [i64::from(*user)]).ints("sequence_data", sequence)
        }));
    }
    let items = (0..export.catalog.len()).collect();
    files.extend(parts("items", "text of each item, by index", items, |&item: &usize| {
        let example = Example::default().ints("id", [item as i64]).text("text", &export.catalog.items[item].text);
        match export.embeddings {
            Some(embeddings) => example.floats("embedding", embeddings.row(item)),
            None => example,
        }
    }));
    if let Some(ids) = export.ids {
        let about = "int64 tensor, levels × items, the digit last: semantic_id_path";
        files.push(BridgeFile::new("semantic_ids.pt", about, |to| {
            let rows: Vec<Vec<u32>> = (0..ids.len()).map(|item| ids.row(item).collect()).collect();
            let levels = ids.tokens_per_item();
            let by_level = (0..levels).flat_map(|level| rows.iter().map(move |row| i64::from(row[level])));
            torch_tensor::write(to, levels, rows.len(), by_level)
        }));
    }
    let keys = |keys: Vec<&'a str>| {
        move |to: &mut (dyn std::io::Write + Send)| {
            writeln!(to, "index\tkey")?;
            keys.iter().enumerate().try_for_each(|(index, key)| writeln!(to, "{index}\t{}", crate::plain(key)))
        }
    };
    let users = export.prepared.sequences.user_keys.iter().map(String::as_str).collect();
    files.push(BridgeFile::new("users.tsv", "which user an index is", keys(users)));
    let items = export.catalog.items.iter().map(|item| item.key.as_str()).collect();
    files.push(BridgeFile::new("items.tsv", "which item an index is", keys(items)));
    Plan { files, notes }
}

fn with_targets(cases: &[Case]) -> Vec<(u32, Vec<u32>)> {
    let row = |case: &Case, target: u32| (case.user, case.history.iter().copied().chain([target]).collect());
    cases.iter().flat_map(|case| case.targets.iter().map(|&target| row(case, target)).collect::<Vec<_>>()).collect()
}

fn parts<'a, T: Clone + 'a>(
    folder: &'a str,
    about: &'static str,
    rows: Vec<T>,
    example: impl Fn(&T) -> Example + Copy + 'a,
) -> Vec<BridgeFile<'a>> {
    let chunks = rows.chunks(ROWS).enumerate().map(|(part, rows)| {
        let rows = rows.to_vec();
        BridgeFile::new(format!("{folder}/part-{part:05}.tfrecord.gz"), about, move |to| {
            tfrecord::write(to, rows.iter().map(example))
        })
    });
    chunks.collect()
}
