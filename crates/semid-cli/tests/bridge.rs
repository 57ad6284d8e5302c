//! Round trips through other systems' forms, on a small shop of our own: what goes out is what other readers read, and what
//! they send back is judged as they judge it.
#![allow(clippy::unwrap_used, clippy::expect_used)]
mod common;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use common::*;
use serde_json::Value;

const FORMATS: [&str; 4] = ["grid", "lcrec", "recbole", "parquet"];

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/bridge")
}

fn fixture(name: &str) -> String {
    fixtures().join(name).to_str().unwrap().to_owned()
}

fn json(name: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(fixtures().join(name)).unwrap()).unwrap()
}

/// A home with the shop of the fixtures.
fn home() -> Home {
    let home = Home::new();
    let (items, log) = (fixture("items.csv"), fixture("log.csv"));
    home.ok(&["import", "--items", &items, "--interactions", &log, "--name", "shop", "--map", "key=item"]);
    home
}

fn export(home: &Home, source: &str, format: &str, folder: &str) -> Value {
    let shape = ["--ids", "hash", "--levels", "2", "--codes", "4"];
    let arguments = ["bridge", "export", source, "--format", format, "--output", folder];
    home.json(&arguments.into_iter().chain(shape).collect::<Vec<_>>())
}

/// Every file below a folder, by its path there.
fn files_below(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).unwrap_or_else(|why| panic!("{}: {why}", next.display())).flatten() {
            let path = entry.path();
            match path.is_dir() {
                true => folders.push(path),
                false => {
                    let name = path.strip_prefix(folder).unwrap().to_str().unwrap().replace('\\', "/");
                    found.insert(name, std::fs::read(&path).unwrap());
                }
            }
        }
    }
    found
}

/// Run by hand after a wanted change of a format, before `make_fixtures.py read`.
#[test]
#[ignore = "writes the fixtures"]
fn write_the_exports() {
    let home = home();
    for format in FORMATS {
        let folder = fixtures().join("exported").join(format);
        let _ = std::fs::remove_dir_all(&folder);
        export(&home, "shop", format, folder.to_str().unwrap());
        std::fs::remove_file(folder.join("bridge.json")).unwrap();
    }
}

#[test]
fn exports_are_the_files_that_other_readers_were_seen_to_read() {
    let home = home();
    for format in FORMATS {
        let folder = home.path(format);
        let report = export(&home, "shop", format, folder.to_str().unwrap());
        let mut written = files_below(&folder);
        let about = written.remove("bridge.json").expect("every export says what it is");
        let about: Value = serde_json::from_slice(&about).unwrap();
        assert_eq!(about["names"], report["names"], "what stands for users and items is written down");
        let committed = files_below(&fixtures().join("exported").join(format));
        assert_eq!(
            written.keys().collect::<Vec<_>>(),
            committed.keys().collect::<Vec<_>>(),
            "{format}: after a wanted change write the fixtures anew, see make_fixtures.py"
        );
        for (name, bytes) in &written {
            assert!(
                bytes == &committed[name],
                "{format}/{name} has other bytes than what other readers were seen to read"
            );
        }
    }
}

#[test]
fn all_readers_see_the_same_data_set() {
    let read = json("as_read.json");
    let list = |value: &Value| value.as_array().unwrap().clone();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let items: Vec<String> = list(&read["parquet"]["items"]).iter().map(|item| text(&item["item"])).collect();
    let users: Vec<String> = list(&read["parquet"]["training"]).iter().map(|row| text(&row["user"])).collect();
    assert_eq!((users.len(), items.len()), (14, 24), "everybody and everything is there");

    // Sequences: Parquet by key, LC-Rec and GRID by index, RecBole by key and position.
    let mut by_user: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in list(&read["parquet"]["interactions"]) {
        by_user.entry(text(&row["user"])).or_default().push(text(&row["item"]));
    }
    for row in list(&read["recbole"]["inter"]) {
        let position: usize = text(&row["position:float"]).parse().unwrap();
        let user = &by_user[&text(&row["user_id:token"])];
        assert_eq!(user[position], text(&row["item_id:token"]), "RecBole's position is the order in time");
    }
    let keys = |indices: &Value| -> Vec<String> {
        list(indices).iter().map(|index| items[index.as_u64().unwrap() as usize].clone()).collect()
    };
    let inter = read["lcrec"]["inter"].as_object().unwrap();
    assert_eq!(inter.len(), 13, "the user who only trains is left out where the system splits by itself");
    for (user, indices) in inter {
        assert_eq!(keys(indices), by_user[&users[user.parse::<usize>().unwrap()]], "LC-Rec's items of user {user}");
    }
    for (part, left_out) in [("training", 2), ("evaluation", 1), ("testing", 0)] {
        for row in list(&read["grid"][part]) {
            let all = &by_user[&users[row["user_id"][0].as_u64().unwrap() as usize]];
            let only_trains = all.len() < 3;
            let expected = if only_trains { &all[..] } else { &all[..all.len() - left_out] };
            assert_eq!(keys(&row["sequence_data"]), expected, "GRID's {part}: the last item is the target");
        }
    }
    assert_eq!(list(&read["grid"]["testing"]).len(), 13, "one test row a judged user");
    let rows: usize =
        by_user.values().map(|items| if items.len() < 3 { items.len() - 1 } else { items.len() - 3 }).sum();
    assert_eq!(list(&read["recbole"]["train.inter"]).len(), rows, "a row for every training item after the first");

    // IDs: tokens, tensor, Parquet and RecBole spell the same.
    for (index, item) in list(&read["parquet"]["items"]).iter().enumerate() {
        let codes: Vec<u64> = list(&item["codes"]).iter().map(|code| code.as_u64().unwrap()).collect();
        assert_eq!(codes.len(), 3, "two levels and the digit");
        let tokens: Vec<String> =
            codes.iter().zip(["a", "b", "c"]).map(|(code, letter)| format!("<{letter}_{code}>")).collect();
        assert_eq!(read["lcrec"]["index"][index.to_string()], Value::from(tokens), "index.json of item {index}");
        for (level, code) in codes.iter().enumerate() {
            assert_eq!(read["grid"]["semantic_ids"][level][index].as_u64(), Some(*code), "levels × items");
        }
        assert_eq!(read["lcrec"]["item"][index.to_string()]["title"], item["title"], "titles with quotes and accents");
        assert_eq!(read["grid"]["items"][index]["text"], item["text"], "the text of item {index}");
        assert_eq!(
            text(&read["recbole"]["item"][index]["item_id:token"]),
            text(&item["item"]),
            "the order of the catalog"
        );
    }
}

#[test]
fn lists_of_other_systems_are_arms_of_the_same_table_judged_as_they_judge() {
    let home = home();
    let expected = json("expected.json");
    let lists = ["run.trec", "long.parquet", "wide.parquet", "scored.json", "by-index.jsonl"];
    let files: Vec<String> = lists.iter().map(|list| fixture(&format!("lists/{list}"))).collect();
    let metrics = "ndcg@10,recall@10,mrr@10";
    let base = [
        "compare",
        "shop",
        "--ids",
        "hash",
        "--recommenders",
        "popularity,item-knn",
        "--seeds",
        "2",
        "--metrics",
        metrics,
    ];
    let run = home.json(&base)["run"].to_string();
    let mut import = vec!["bridge", "import", run.as_str()];
    for (list, name) in files.iter().zip(["trec", "long", "wide", "scored", "by-index"]) {
        import.extend(["--lists", list, "--name", name]);
    }
    let whole = home.json(&import);
    let comparison = &whole["comparison"];
    assert_eq!(comparison["protocol"]["users"], expected["users"], "the same users");
    for name in ["popularity", "item-knn", "trec", "long", "wide", "scored", "by-index"] {
        let arm = comparison["arms"].as_array().unwrap().iter().find(|arm| arm["key"] == name);
        let arm = arm.unwrap_or_else(|| panic!("{name} is an arm of the table"));
        if ["popularity", "item-knn"].contains(&name) {
            continue;
        }
        for value in arm["values"].as_array().unwrap() {
            let (metric, mean) = (value["metric"].as_str().unwrap(), value["mean"].as_f64().unwrap());
            let wanted = expected[metric].as_f64().unwrap();
            assert!((mean - wanted).abs() < 1e-12, "{metric} of {name} is {mean}, and plain Python says {wanted}");
        }
        let health = &arm["health"];
        assert_eq!(health["users_without_list"], 1, "{name}: the user without a list counts 0");
        let warnings = health["warnings"].to_string();
        assert!(
            warnings.contains("1 entries of") && warnings.contains("miss"),
            "{name}: the stranger is told: {warnings}"
        );
    }
    let tested = comparison["differences"].as_array().unwrap().iter().filter(|difference| difference["arm"] == "trec");
    assert_eq!(tested.count(), 3, "and it is tested against the baseline like every arm");
    assert_eq!(whole["lists"][0]["unknown_items"], 1, "what was found is in the JSON");
    let again = home.json(&import);
    assert_eq!(again["run"], whole["run"], "the same files are the same run");
}

#[test]
fn a_changed_file_of_lists_is_another_run() {
    let home = home();
    let lists = home.file("mine.json", std::fs::read(fixtures().join("lists/scored.json")).unwrap());
    let compare = ["compare", "shop", "--ids", "hash", "--recommenders", "popularity,mine.json", "--seeds", "1"];
    let first = home.json(&compare);
    std::fs::write(&lists, "{\"ann-00\": [\"B000x\"]}").unwrap();
    let second = home.json(&compare);
    assert_ne!(first["run"], second["run"], "the path is the same, what it holds is not");
    let mine = |run: &Value| run["comparison"]["arms"][1].clone();
    assert_eq!(mine(&second)["key"], "mine", "named after the file");
    assert_eq!(mine(&second)["health"]["users_without_list"], 12, "{}", mine(&second));
}

#[test]
fn ids_come_back_as_they_went_out() {
    let home = home();
    let first = home.path("first");
    export(&home, "shop", "lcrec", first.to_str().unwrap());
    let sent = std::fs::read(first.join("shop.index.json")).unwrap();
    for file in ["exported/lcrec/shop.index.json", "exported/grid/semantic_ids.pt", "lists/codes.parquet"] {
        let (file, back) = (fixture(file), home.path("back"));
        let shape = ["--levels", "2", "--codes", "4", "--format", "lcrec", "--output", back.to_str().unwrap()];
        home.ok(&["bridge", "export", "shop", "--ids", &file].into_iter().chain(shape).collect::<Vec<_>>());
        let returned = std::fs::read(back.join("shop.index.json")).unwrap();
        assert!(returned == sent, "{file}: the digit is the digit again, and no second one is added");
    }
}

#[test]
fn what_cannot_be_bridged_is_refused_in_a_sentence() {
    let home = home();
    let out = home.path("out");
    let out = out.to_str().unwrap();
    let plain = ["bridge", "export", "shop", "--format", "lcrec", "--output", out];
    home.refused(3, &["hsah"], &plain.iter().copied().chain(["--ids", "hsah"]).collect::<Vec<_>>());
    // One time is missing in this shop, so that the split in time is tried on the other one.
    home.import_shop("timed");
    let timed = "dataset = 'timed'\nids = []\nrecommenders = ['popularity']\n[prepare.split]\nrule = 'global-time'\n\
                 validation_share = 0.2\ntest_share = 0.2\n";
    let timed = home.file("timed.toml", timed);
    home.refused(3, &["leave-last-out"], &["bridge", "export", &timed, "--format", "lcrec", "--output", out]);
    home.ok(&["bridge", "export", &timed, "--format", "parquet", "--output", out]);
    let experiment =
        home.file("plain.toml", "dataset = 'shop'\nids = []\nseeds = [1, 2, 3]\nrecommenders = ['popularity']\n");
    let import = |lists: &str, more: &[&str], words: &[&str]| {
        let arguments = ["bridge", "import", &experiment, "--lists", lists];
        home.refused(3, words, &arguments.into_iter().chain(more.iter().copied()).collect::<Vec<_>>());
    };
    let good = fixture("lists/run.trec");
    import("nowhere.trec", &[], &["nowhere.trec", "could not be read"]);
    import(&fixture("make_fixtures.py"), &[], &["make_fixtures.py", ".trec"]);
    import(&home.file("twice.json", "{\"ann-00\": [\"B000x\", \"B000x\"]}"), &[], &["twice.json", "1 entries repeat"]);
    import(&home.file("nan.trec", "ann-00 Q0 B000x 1 nan x\n"), &[], &["nan.trec", "Line 1"]);
    import(&home.file("strangers.json", "{\"zoe\": [\"B000x\"]}"), &[], &["none of the 14 users", "zoe"]);
    import(&format!("{good},{good}"), &["--name", "two"], &["2 files of lists and 3 seeds"]);
    import(&good, &["--name", "No Such Key"], &["cannot be the key"]);
    import(&good, &["--names", "numbers"], &["--names", "indices"]);
    let look = home.json(&["bridge", "import", &experiment, "--lists", &good, "--look"]);
    assert_eq!(look["lists"][0]["users_judged"], 13, "looking runs nothing and says what is there: {look}");
}
