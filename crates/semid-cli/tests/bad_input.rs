//! Bad input, a bad machine, two at once: each a sentence with what to do and the right exit code; no panic, nothing
//! half-written.
#![allow(clippy::unwrap_used, clippy::expect_used)]
mod common;

use std::io::Write;
use std::path::Path;

use common::*;

#[test]
fn a_model_folder_that_is_not_whole_is_refused_by_name() {
    let home = Home::new();
    let texts = home.file("texts.txt", "a lamp\na kettle\n");
    let output = home.path("vectors.npy");
    let refused = |folder: &str, words: &[&str]| {
        home.refused(3, words, &["embed", "--texts", &texts, "--output", output.to_str().unwrap(), "--model", folder])
    };
    type Damage<'a> = (&'a str, &'a dyn Fn(&Path), &'a [&'a str]);
    let damages: [Damage; 6] = [
        ("no-weights", &|folder| remove(folder, "model.safetensors"), &["no model.safetensors", "again"]),
        ("cut", &|folder| cut(&folder.join("model.safetensors"), 2), &["model.safetensors is cut short", "again"]),
        (
            "pickle",
            &|folder| {
                remove(folder, "model.safetensors");
                std::fs::write(folder.join("pytorch_model.bin"), b"\x80\x02}q\x00.").unwrap();
            },
            &["pickle", "Save the model again"],
        ),
        (
            "disguise",
            &|folder| std::fs::write(folder.join("model.safetensors"), b"\x80\x02}q\x00.").unwrap(),
            &["model.safetensors", "no safetensors"],
        ),
        ("no-tokenizer", &|folder| remove(folder, "tokenizer.json"), &["tokenizer.json"]),
        ("broken-config", &|folder| cut(&folder.join("config.json"), 2), &["config.json"]),
    ];
    for (name, damage, words) in damages {
        let folder = home.path(name);
        copy_folder(Path::new(&tiny_encoder()), &folder);
        damage(&folder);
        let mut words = words.to_vec();
        words.push(name);
        refused(folder.to_str().unwrap(), &words);
    }
    home.refused(5, &["nosuch", "fetch"], &["embed", "--texts", &texts, "--output", "v.npy", "--model", "nosuch"]);
    assert!(!output.exists() && !home.path("v.npy").exists(), "no file is written for a model that cannot be read");
}

#[test]
fn texts_that_cannot_be_read_leave_the_old_vectors_alone() {
    let home = Home::new();
    let encoder = tiny_encoder();
    let output = home.file("vectors.npy", "as it was");
    let refused = |texts: &str, words: &[&str]| {
        home.refused(3, words, &["embed", "--texts", texts, "--output", &output, "--model", &encoder]);
        assert_eq!(std::fs::read_to_string(&output).unwrap(), "as it was", "the old file stays after {texts}");
    };
    refused(&home.file("latin.txt", b"fine\ncaf\xe9\n"), &["Line 2", "latin.txt", "UTF-8"]);
    refused(&home.file("empty.txt", ""), &["empty.txt is empty", "one text a line"]);
    refused("/no/such/file.txt", &["/no/such/file.txt", "Check the path"]);
    refused(home.path("").to_str().unwrap(), &["could not be read", "Check the path"]);
    let long = huge_line(&home, "long.txt", "short\n");
    let refused = with_little_memory(&home, &["embed", "--texts", &long, "--output", &output, "--model", &encoder]);
    check_refusal(&refused, 3, &["Line 2", "long.txt"], "a line of a gigabyte");
}

#[test]
fn files_that_are_no_data_set_are_refused_and_leave_none() {
    let home = Home::new();
    let log = home.file("log.csv", shop_log());
    let refused = |file: &str, words: &[&str]| {
        home.refused(3, words, &["import", "--interactions", file, "--name", "bad"]);
    };
    refused(
        &home.file("wrong.csv", "colour,size\nred,1\nblue,2\n"),
        &["wrong.csv", "no column", "colour, size", "mapping"],
    );
    refused(&home.file("empty.csv", ""), &["empty.csv"]);
    refused(&home.file("head.csv", "user_id,item_id,rating\n"), &["head.csv"]);
    let mut junk = vec![0_u8; 5000];
    (0..junk.len()).for_each(|at| junk[at] = (at * at * 31 % 251) as u8);
    refused(&home.file("junk.csv", &junk), &["junk.csv", "binary"]);
    refused(&home.file("all-nan.csv", "user_id,item_id,rating\na,x,NaN\nb,y,nan\n"), &["all-nan.csv", "NaN"]);
    refused("/no/such.csv", &["/no/such.csv", "check"]);
    refused(&home.file("cut.parquet", b"PAR1 and then nothing"), &["cut.parquet"]);
    let mut gz = gzip(shop_log().repeat(20).as_bytes());
    gz.truncate(gz.len() / 2);
    refused(&home.file("cut.csv.gz", &gz), &["cut.csv.gz", "end early", "Nothing was imported", "again"]);
    home.refused(3, &["name", "../x"], &["import", "--interactions", &log, "--name", "../x"]);
    home.refused(3, &["--name"], &["import", "--interactions", &log]);
    home.refused(
        3,
        &["no-such-format"],
        &["import", "--interactions", &log, "--name", "bad", "--format", "no-such-format"],
    );
    home.refused(3, &["nosuch"], &["import", "--interactions", &log, "--name", "bad", "--map", "user=nosuch"]);
    home.refused(3, &["sample-films"], &["import", "nosuch"]);
    let items = home.file("items.csv", shop_items());
    let unknown = ["import", "--items", &items, "--interactions", &log, "--name", "bad", "--text", "{nosuch}"];
    home.refused(3, &["nosuch"], &unknown);
    let long = huge_line(&home, "long.csv", "user_id,item_id,rating\n");
    let ran = with_little_memory(&home, &["import", "--interactions", &long, "--name", "bad"]);
    check_refusal(&ran, 3, &["long.csv"], "a line of a gigabyte");
    assert_eq!(home.json(&["datasets"])["datasets"].as_array().unwrap().len(), 0, "no refused import left a data set");
    assert_eq!(home.run(&["doctor"]).code, Some(0), "and nothing half-written");
}

#[test]
fn rows_that_are_wrong_are_told_and_left_out_or_stop_a_strict_import() {
    let home = Home::new();
    let items = home.file("items.csv", format!("{}i00,A second lamp,lamp,Again\n", shop_items()));
    let mut log = shop_log().into_bytes();
    log.extend_from_slice(b"u01,i01,NaN,1700000000\nu02,i02,inf,1700000000\nu\xff,i03,1,1700000000\nu04,i04\n");
    let log = home.file("log.csv", &log);
    let import = ["import", "--items", &items, "--interactions", &log, "--name", "rough"];
    let mut strict = import.to_vec();
    strict.push("--strict");
    home.refused(3, &["items.csv", "line 42", "i00", "Nothing was imported"], &strict);
    assert_eq!(home.json(&["datasets"])["datasets"].as_array().unwrap().len(), 0, "strict means all or nothing");

    let report = home.json(&import);
    assert_eq!(report["dataset"]["interactions"], 640, "the good rows are there: {report}");
    assert_eq!(report["dataset"]["problems"], 5, "the others are counted: {report}");
    let plain = home.ok(&["import", "--items", &items, "--interactions", &log, "--name", "again"]);
    for words in ["5 rows were left out", "NaN", "items.csv, line 42", "log.csv, line 644", "UTF-8"] {
        assert!(plain.contains(words), "the text says “{words}”: {plain}");
    }
}

#[test]
fn a_tiny_catalog_is_compared_or_says_why_not() {
    let home = Home::new();
    let items = home.file("one.csv", "item_id,title\nx,The only one\n");
    let log = home.file("one-log.csv", "user_id,item_id,timestamp\na,x,1\nb,x,2\n");
    home.ok(&["import", "--items", &items, "--interactions", &log, "--name", "one"]);
    let compare = ["compare", "one", "--ids", "hash", "--recommenders", "popularity,generative", "--epochs", "1"];
    home.refused(3, &["No user can be judged", "three items", "Import more"], &compare);
    home.refused(3, &["No user can be judged"], &["ids", "one", "--scheme", "hash"]);
    let encoder = tiny_encoder();

    let few = home.file("few.csv", "user_id,item_id,timestamp\na,x,1\na,y,2\na,z,3\nb,z,1\nb,y,2\nb,x,3\n");
    home.ok(&["import", "--interactions", &few, "--name", "few"]);
    let answer = home.json(&[
        "compare",
        "few",
        "--ids",
        "hash,permuted,rq-kmeans,lsh,atomic",
        "--recommenders",
        "popularity,item-knn,text-knn,generative",
        "--epochs",
        "1",
        "--seeds",
        "1",
        "--metrics",
        "ndcg@1000,recall@1",
        "--model",
        &encoder,
    ]);
    let arms = answer["comparison"]["arms"].as_array().unwrap();
    assert_eq!(arms.len(), 8, "three items and two users are enough to compare");
    // Two of the three items are the history: the one that is left is the target, for every arm that lists all items.
    for at in [0, 3, 4, 5, 6, 7] {
        assert_eq!(arms[at]["values"][1]["mean"], 1.0, "{} finds the only item there is to find", arms[at]["key"]);
    }
    assert_eq!(arms[1]["values"][1]["mean"].to_string(), "0.0", "nobody has a common user, and a zero has no sign");
}

#[test]
fn unknown_names_are_told_beside_the_known_ones() {
    let home = Home::with_shop();
    let refused = |words: &[&str], args: &[&str]| home.refused(3, words, args);
    refused(&["nosuch", "shop"], &["compare", "nosuch"]);
    refused(&["hahs", "hash", "rq-kmeans"], &["compare", "shop", "--ids", "hahs"]);
    refused(&["bert", "popularity", "generative"], &["compare", "shop", "--recommenders", "bert"]);
    refused(&["goodness@10", "ndcg"], &["compare", "shop", "--metrics", "goodness@10"]);
    refused(&["ndcg"], &["compare", "shop", "--metrics", "ndcg@0"]);
    refused(&["sasrec", "popularity"], &["compare", "shop", "--baseline", "sasrec"]);
    refused(&["diagonal", "leave-last-out"], &["compare", "shop", "--split", "diagonal"]);
    refused(&["nan", "leave-last-out"], &["compare", "shop", "--split", "time:nan,0.1"]);
    refused(&["NaN", "--min-rating"], &["compare", "shop", "--min-rating", "nan"]);
    refused(&["sum below 1"], &["compare", "shop", "--split", "time:0.6,0.6"]);
    refused(&["codes.levels", "1 to 8"], &["compare", "shop", "--levels", "99"]);
    refused(&["codes.codes"], &["compare", "shop", "--codes", "1"]);
    refused(&["rq-kmeans"], &["compare", "shop", "--ids", "permuted"]);
    refused(
        &["missing.csv", "Check the path"],
        &["compare", "shop", "--ids", "missing.csv", "--recommenders", "generative", "--epochs", "1", "--seeds", "1"],
    );
    refused(&["nosuch"], &["ids", "shop", "--scheme", "nosuch"]);
    refused(&["99"], &["show", "99"]);
    refused(&["No run is finished"], &["show"]);
    refused(&["No run is finished"], &["export", "--output", "x"]);
    refused(&["99"], &["chart", "99", "list"]);
    let qrels = home.file("qrels.txt", "a 0 x 1\n");
    let run = home.file("run.txt", "a Q0 x 1 1.0 t\n");
    refused(&["goodness@10"], &["eval", &run, &qrels, "--metrics", "goodness@10"]);
    refused(&["nosuch.txt", "Check the path"], &["eval", "nosuch.txt", &qrels]);
    refused(&["run.txt", "Line 2"], &["eval", &home.file("bad/run.txt", "a Q0 x 1 1.0 t\na b\n"), &qrels]);
    refused(&["Line 1"], &["eval", &home.file("nan/run.txt", "a Q0 x 1 NaN t\n"), &qrels]);
    let long = huge_line(&home, "long-run.txt", "a Q0 x 1 1.0 t\n");
    let ran = with_little_memory(&home, &["eval", &long, &qrels]);
    check_refusal(&ran, 3, &["Line 2", "long-run.txt"], "a line of a gigabyte");
}

#[test]
fn a_broken_experiment_file_is_told_by_its_mistake() {
    let home = Home::with_shop();
    let refused = |text: &[u8], words: &[&str]| {
        home.refused(3, words, &["run", &home.file("experiment.toml", text)]);
    };
    refused(b"dataset = ", &["not TOML", "line 1"]);
    refused(b"seeds = [1]\n", &["names no data set", "dataset ="]);
    refused(b"dataset = 'nosuch'\n", &["nosuch"]);
    refused(b"dataset = 'shop'\nsedes = [1]\n", &["sedes", "seeds"]);
    refused(b"dataset = 'shop'\nids = ['hsah']\n", &["hsah"]);
    refused(b"dataset = 'shop'\nseeds = []\n[codes]\nlevels = 0\n", &["seeds", "codes.levels"]);
    refused(b"dataset = 'shop'\n[[recommenders]]\nkind = 'generative'\nheads = 7\n", &["heads"]);
    refused(b"dataset = 'shop'\n[[recommenders]]\nkind = 'generative'\nlearning_rate = nan\n", &["learning_rate"]);
    refused(b"dataset = 'sh\xffop'\n", &["experiment.toml", "UTF-8"]);
    home.refused(3, &["/no/such.toml", "Check the path"], &["run", "/no/such.toml"]);
    assert_eq!(home.json(&["runs"]).as_array().unwrap().len(), 0, "a run that cannot start is none");
}

#[cfg(unix)]
#[test]
fn places_that_cannot_be_written_are_told_and_nothing_is_lost() {
    let home = Home::with_shop();
    let file = home.file("a-file", "precious");
    let below = format!("{file}/below");
    home.json(&["compare", "shop", "--recommenders", "popularity,item-knn", "--ids", "hash", "--seeds", "1"]);
    let texts = home.file("texts.txt", "a lamp\n");
    let encoder = tiny_encoder();
    let qrels = home.file("qrels.txt", "a 0 x 1\n");
    let run = home.file("run.txt", "a Q0 x 1 1.0 t\n");
    let chart = home.json(&["chart", "1", "list"])["charts"][0].as_str().unwrap().to_owned();
    for args in [
        vec!["embed", "--texts", &texts, "--model", &encoder, "--output", &below],
        vec!["export", "1", "--output", &below],
        vec!["chart", "1", &chart, "--output", &below],
        vec!["ids", "shop", "--scheme", "hash", "--output", &below],
        vec!["eval", &run, &qrels, "--per-user", &below],
        vec!["compare", "shop", "--settings-only", &below],
        vec!["compare", "shop", "--recommenders", "popularity", "--ids", "hash", "--seeds", "1", "--output", &below],
    ] {
        home.refused(4, &["a-file", "Check the path"], &args);
    }
    assert_eq!(
        home.json(&["runs"])[0]["status"],
        "finished",
        "a run whose report has no place is finished all the same"
    );
    home.refused(
        4,
        &["could not be written", "directory"],
        &["chart", "1", &chart, "--output", home.path("home").to_str().unwrap()],
    );
    for (place, words) in [(below.as_str(), "a-file"), ("/proc/semid", "/proc/semid")] {
        for args in [vec!["datasets"], vec!["import", "sample-films"], vec!["compare", "sample-films"]] {
            let ran = ran(home.command(&args).env("SEMID_HOME", place));
            assert!(matches!(ran.code, Some(3 | 4)), "{args:?} below {place} is refused: {}", ran.err);
            assert!(ran.err.contains(words) && !ran.err.contains("panicked"), "and says where: {}", ran.err);
        }
    }
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "precious", "the file in the way is untouched");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_and_the_same_command_works_when_there_is_room() {
    let home = Home::with_shop();
    let experiment = home.file("experiment.toml", experiment(3));
    // Nothing can be printed: not a bug, and what was computed stays.
    for args in [vec!["datasets"], vec!["run", &experiment], vec!["show", "--json"]] {
        let mut command = home.command(&args);
        command.stdout(std::fs::File::options().write(true).open("/dev/full").unwrap());
        check_refusal(&ran(&mut command), 4, &["could not be written", "No space"], "printing onto a full disk");
    }
    assert_eq!(home.json(&["run", &experiment])["finished_before"], true, "the run was kept");
    // A reader that goes away, as `head` does, is no error, and neither is a closed standard error.
    let head = home.in_shell("\"$SEMID\" datasets | head -0; \"$SEMID\" show 99 2>/dev/full");
    assert!(!head.err.contains("panicked"), "a reader that has seen enough is no bug: {}", head.err);

    // Files may not grow: as a full disk.
    let fresh = Home::new();
    let (items, log) = (fresh.file("items.csv", shop_items()), fresh.file("log.csv", shop_log()));
    let import = ["import", "--items", &items, "--interactions", &log, "--name", "shop"];
    for blocks in ["0", "8", "100", "200"] {
        let ran = fresh.run_with_small_files(blocks, &import);
        assert!(ran.code == Some(4) || ran.code == Some(0), "it fits or is refused with {blocks} blocks: {}", ran.err);
        assert!(!ran.err.contains("panicked"), "a full disk is no bug: {}", ran.err);
        if ran.code == Some(0) {
            break;
        }
        assert!(ran.err.contains("room") || ran.err.contains("disk"), "it says that the disk is full: {}", ran.err);
    }
    if fresh.json(&["datasets"])["datasets"].as_array().unwrap().is_empty() {
        fresh.ok(&import);
    }
    let encoder = tiny_encoder();
    let texts = fresh.file("texts.txt", "a lamp\n".repeat(300));
    let output = fresh.file("vectors.npy", "as it was");
    let embed = ["embed", "--texts", &texts, "--model", &encoder, "--output", &output];
    let full = fresh.run_with_small_files("8", &embed);
    check_refusal(&full, 4, &["vectors.npy", "Free some space"], "vectors onto a full disk");
    assert_eq!(std::fs::read_to_string(&output).unwrap(), "as it was", "the old file stays");
    let left = std::fs::read_dir(fresh.path(""))
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().starts_with(".semid"));
    assert_eq!(left.count(), 0, "no temporary file stays");
    fresh.ok(&embed);
    let full = ran(&mut fresh.command(&["embed", "--texts", &texts, "--model", &encoder, "--output", "/dev/full"]));
    check_refusal(&full, 4, &["/dev/full", "Free some space"], "vectors onto /dev/full");
    assert!(!std::fs::metadata("/dev/full").unwrap().is_file(), "a device is never replaced by a file");
}

#[test]
fn a_newer_or_foreign_database_is_refused_with_advice_and_left_alone() {
    let home = Home::with_shop();
    let path = home.path("home/workspace/semid.db");
    // The version of the tables stands in bytes 60 to 63 of an SQLite file.
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[60..64].copy_from_slice(&9999_u32.to_be_bytes());
    std::fs::write(&path, &bytes).unwrap();
    for args in [vec!["datasets"], vec!["runs"], vec!["compare", "shop"], vec!["import", "sample-films"]] {
        home.refused(4, &["newer Semid", "Update Semid", "SEMID_HOME"], &args);
    }
    assert_eq!(std::fs::read(&path).unwrap(), bytes, "not a byte was changed");
    assert_eq!(home.run(&["doctor"]).code, Some(3), "the doctor says so too");
    for junk in [&b"not a database at all, but long enough to be looked at as one"[..], b"", &[0; 4096]] {
        std::fs::write(&path, junk).unwrap();
        let ran = home.run(&["datasets"]);
        assert!(!ran.err.contains("panicked"), "junk is no bug: {}", ran.err);
        if !junk.is_empty() {
            assert_ne!(ran.code, Some(0), "junk in place of the database is refused: {}", ran.out);
            assert_eq!(std::fs::read(&path).unwrap(), junk, "and left alone");
        }
    }
}

impl Home {
    /// A shell line in which `$SEMID` is the program.
    fn in_shell(&self, line: &str) -> Ran {
        let mut command = std::process::Command::new("bash");
        command.args(["-c", line]).env("SEMID", env!("CARGO_BIN_EXE_semid")).env("SEMID_HOME", self.path("home"));
        ran(&mut command)
    }

    /// Runs where no file may be larger than so many blocks of a kilobyte.
    fn run_with_small_files(&self, blocks: &str, args: &[&str]) -> Ran {
        let mut command = std::process::Command::new("bash");
        let line = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
        command.args(["-c", &line, env!("CARGO_BIN_EXE_semid")]).args(args);
        command.env("SEMID_HOME", self.path("home")).env("RAYON_NUM_THREADS", "1").current_dir(self.path(""));
        ran(&mut command)
    }
}

/// Runs where no more than 600 MB of memory can be had, less than the line to be read.
fn with_little_memory(home: &Home, args: &[&str]) -> Ran {
    let mut command = std::process::Command::new("bash");
    command.args(["-c", "ulimit -v 600000; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_semid")]).args(args);
    command.env("SEMID_HOME", home.path("home")).env("RAYON_NUM_THREADS", "1");
    ran(&mut command)
}

/// A file with some text and then a line of a gigabyte, which takes no room on the disk.
fn huge_line(home: &Home, name: &str, before: &str) -> String {
    let path = home.file(name, before);
    std::fs::File::options().write(true).open(&path).unwrap().set_len(1 << 30).unwrap();
    path
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn remove(folder: &Path, name: &str) {
    std::fs::remove_file(folder.join(name)).unwrap();
}

/// Leaves the first part of a file.
fn cut(path: &Path, part: u64) {
    let file = std::fs::File::options().write(true).open(path).unwrap();
    file.set_len(file.metadata().unwrap().len() / part).unwrap();
}
