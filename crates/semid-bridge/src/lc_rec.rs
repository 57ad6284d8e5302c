//! LC-Rec (Zheng et al. 2024), LETTER (Wang et al. 2024) and MiniOneRec: JSON by index, and the rows of each part of the
//! split as MiniOneRec converts them.
//!
//! These systems split `NAME.inter.json` themselves, leave-last-out, so an export of another split would be judged on
//! other targets; it is refused.

use std::io::{self, Write};

use semid_core::{Error, Result};
use serde_json::{Map, Value, json};

use crate::{BridgeFile, Export, Plan, plain, recbole, token};

pub(crate) fn plan<'a>(export: &'a Export<'a>) -> Result<Plan<'a>> {
    if !export.leaves_last_out() {
        return Err(Error::input(
            "LC-Rec, LETTER and MiniOneRec split leave-last-out themselves, and this experiment splits otherwise, so \
             their targets would be other ones. Choose the leave-last-out split, or export as parquet or grid.",
        ));
    }
    let name = export.name;
    let split = &export.prepared.split;
    let mut notes = Vec::new();
    let left_out = export.prepared.sequences.users() - split.test.len();
    if left_out > 0 {
        notes.push(format!(
            "{name}.inter.json has no way to say that a user only trains; users with fewer than three interactions are left \
             out of it ({left_out})."
        ));
    }
    if export.ids.is_none() {
        notes.push(format!("No IDs were asked for, so there is no {name}.index.json; name a scheme with --ids."));
    }
    let mut files = vec![
        BridgeFile::new(format!("{name}.inter.json"), "items of each user in time, by index", |to| {
            let users = split.test.iter().map(|case| {
                let items = &export.prepared.sequences.items[case.user as usize];
                (case.user.to_string(), json!(items))
            });
            write_object(to, users)
        }),
        BridgeFile::new(format!("{name}.item.json"), "title, description and categories of each item", |to| {
            let items = export.catalog.items.iter().enumerate().map(|(index, item)| {
                let mut facts = Map::new();
                facts.insert("title".to_owned(), json!(item.title));
                facts.insert("description".to_owned(), json!(item.text));
                facts.insert("categories".to_owned(), json!(item.categories.join(", ")));
                (index.to_string(), Value::Object(facts))
            });
            write_object(to, items)
        }),
    ];
    if let Some(ids) = export.ids {
        files.push(BridgeFile::new(format!("{name}.index.json"), "tokens of each item's ID, the digit last", |to| {
            let tokens = |item: usize| -> Vec<String> {
                ids.row(item).enumerate().map(|(level, code)| token(level, code)).collect()
            };
            write_object(to, (0..ids.len()).map(|item| (item.to_string(), json!(tokens(item)))))
        }));
    }
    files.extend(recbole::rows_of_split(export, recbole::Names::indices()));
    let mapping = |keys: Vec<&'a str>| {
        move |to: &mut (dyn Write + Send)| {
            keys.iter().enumerate().try_for_each(|(index, key)| writeln!(to, "{}\t{index}", plain(key)))
        }
    };
    let users = export.prepared.sequences.user_keys.iter().map(String::as_str).collect();
    files.push(BridgeFile::new(format!("{name}.user2id"), "index of each user's key", mapping(users)));
    let items = export.catalog.items.iter().map(|item| item.key.as_str()).collect();
    files.push(BridgeFile::new(format!("{name}.item2id"), "index of each item's key", mapping(items)));
    Ok(Plan { files, notes })
}

/// One entry a line, in the order given: a person can look at it, and two exports can be compared.
fn write_object(to: &mut (dyn Write + Send), entries: impl Iterator<Item = (String, Value)>) -> io::Result<()> {
    write!(to, "{{")?;
    for (at, (key, value)) in entries.enumerate() {
        let comma = if at == 0 { "" } else { "," };
        write!(to, "{comma}\n{}: {value}", json!(key))?;
    }
    writeln!(to, "\n}}")
}
