//! RecBole (Zhao et al. 2021): atomic files, the rows of the split as its `benchmark_filename` reads them, and a
//! configuration that makes its sequential models train and test on this split.

use std::io::Write;

use semid_core::Case;

use crate::{BridgeFile, Export, Plan, has_blank, letter, plain};

/// By what users and items are named.
#[derive(Clone, Copy)]
pub(crate) struct Names {
    users_by_key: bool,
    items_by_key: bool,
}

impl Names {
    pub(crate) fn indices() -> Self {
        Names { users_by_key: false, items_by_key: false }
    }

    fn user(self, export: &Export<'_>, user: u32) -> String {
        if self.users_by_key { export.user_key(user).to_owned() } else { user.to_string() }
    }

    fn item(self, export: &Export<'_>, item: u32) -> String {
        if self.items_by_key { export.item_key(item).to_owned() } else { item.to_string() }
    }
}

pub(crate) fn plan<'a>(export: &'a Export<'a>) -> Plan<'a> {
    let name = export.name;
    let names = Names {
        users_by_key: !export.prepared.sequences.user_keys.iter().any(|key| has_blank(key)),
        items_by_key: !export.catalog.items.iter().any(|item| has_blank(&item.key)),
    };
    let mut notes = Vec::new();
    for (what, by_key) in [("users", names.users_by_key), ("items", names.items_by_key)] {
        if !by_key {
            notes.push(format!(
                "Some keys of {what} hold blanks, which RecBole's files cannot; {what} are named by index here."
            ));
        }
    }
    let mut files = vec![
        BridgeFile::new(format!("{name}.inter"), "all interactions; position is their order in time", move |to| {
            writeln!(to, "user_id:token\titem_id:token\tposition:float\ttimestamp:float")?;
            let sequences = &export.prepared.sequences;
            for (user, (items, at)) in (0u32..).zip(sequences.items.iter().zip(&sequences.at)) {
                let user = names.user(export, user);
                for (position, (&item, at)) in items.iter().zip(at).enumerate() {
                    // A missing time is left empty, as RecBole's own files leave it.
                    let at = at.map(|at| at.to_string()).unwrap_or_default();
                    writeln!(to, "{user}\t{}\t{position}\t{at}", names.item(export, item))?;
                }
            }
            Ok(())
        }),
        BridgeFile::new(format!("{name}.item"), "title, categories and ID of each item", move |to| {
            write!(to, "item_id:token\ttitle:token_seq\tcategories:token_seq")?;
            writeln!(to, "{}", if export.ids.is_some() { "\tsemantic_id:token_seq" } else { "" })?;
            for (index, item) in (0u32..).zip(&export.catalog.items) {
                let categories: Vec<String> =
                    item.categories.iter().map(|category| plain(category).replace(' ', "_")).collect();
                write!(to, "{}\t{}\t{}", names.item(export, index), plain(&item.title), categories.join(" "))?;
                if let Some(ids) = export.ids {
                    let codes = ids.row(index as usize).enumerate();
                    let codes: Vec<String> = codes.map(|(level, code)| format!("{}_{code}", letter(level))).collect();
                    write!(to, "\t{}", codes.join(" "))?;
                }
                writeln!(to)?;
            }
            Ok(())
        }),
    ];
    files.extend(rows_of_split(export, names));
    let longest = export.prepared.sequences.items.iter().map(Vec::len).max().unwrap_or(1).clamp(1, 50);
    files.push(BridgeFile::new("sequential.yaml", "for RecBole's sequential models", move |to| {
        writeln!(to, "# run_recbole(model='SASRec', dataset='{name}', config_file_list=['{name}/sequential.yaml'])")?;
        writeln!(to, "# with data_path above the folder of this export. The split is that of the benchmark files.")?;
        writeln!(to, "load_col:\n  inter: [user_id, item_id_list, item_id]")?;
        writeln!(to, "benchmark_filename: [train, valid, test]\nalias_of_item_id: [item_id_list]")?;
        writeln!(to, "MAX_ITEM_LIST_LENGTH: {longest}\ntrain_neg_sample_args: ~")?;
        writeln!(to, "eval_args:\n  mode: full")
    }));
    if export.leaves_last_out() {
        files.push(BridgeFile::new("general.yaml", "for RecBole's general models, the same leave-last-out", |to| {
            writeln!(to, "load_col:\n  inter: [user_id, item_id, position]\nTIME_FIELD: position")?;
            writeln!(to, "eval_args:\n  split: {{LS: valid_and_test}}\n  order: TO\n  group_by: user\n  mode: full")
        }));
    }
    Plan { files, notes }
}

/// `NAME.train.inter`, `NAME.valid.inter`, `NAME.test.inter`: a history and the item that came next, a row each. Training has
/// a row for every item after the first. RecBole and MiniOneRec read the same rows.
pub(crate) fn rows_of_split<'a>(export: &'a Export<'a>, names: Names) -> Vec<BridgeFile<'a>> {
    let split = &export.prepared.split;
    let head = "user_id:token\titem_id_list:token_seq\titem_id:token";
    let row = move |to: &mut (dyn Write + Send), user: u32, history: &[u32], target: u32| {
        let history: Vec<String> = history.iter().map(|&item| names.item(export, item)).collect();
        writeln!(to, "{}\t{}\t{}", names.user(export, user), history.join(" "), names.item(export, target))
    };
    let name = export.name;
    let mut files =
        vec![BridgeFile::new(format!("{name}.train.inter"), "each training item after its history", move |to| {
            writeln!(to, "{head}")?;
            for (user, items) in (0u32..).zip(&split.train) {
                for at in 1..items.len() {
                    row(to, user, &items[..at], items[at])?;
                }
            }
            Ok(())
        })];
    for (part, about, cases) in [
        ("valid", "each validation target after its history", &split.validation),
        ("test", "each test target after its history", &split.test),
    ] {
        files.push(BridgeFile::new(format!("{name}.{part}.inter"), about, move |to| {
            writeln!(to, "{head}")?;
            // A history of nothing is no row of these systems.
            for Case { user, history, targets } in cases.iter().filter(|case| !case.history.is_empty()) {
                for &target in targets {
                    row(to, *user, history, target)?;
                }
            }
            Ok(())
        }));
    }
    files
}
