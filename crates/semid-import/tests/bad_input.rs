//! Files that are not what they should be: each is a sentence with what to do, or a problem with its line while the good
//! rows go on. Nothing panics and memory stays bounded.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;
use std::io::Write;

use common::*;
use flate2::Compression;
use flate2::write::GzEncoder;
use rand::{Rng, RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;
use semid_core::{Error, Result, Seed, Work};
use semid_import::{ImportPlan, ImportedItem, InteractionRow, Problem, ProblemKind, Sink, import, preview};

fn refusal<T: std::fmt::Debug>(result: Result<T>) -> String {
    result.unwrap_err().to_string()
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn bad_rows_are_reported_by_line_and_good_rows_go_on() {
    let text = b"user,item,rating,time\na,1,5,10\na,1\n,1,5,10\na,,5,10\nb,2,NaN,10\nb,2,x,10\nb,2,1,soon\nb,\xFF,1,10\nb,2\0,1,10\nb,2,1,20,extra\nc,3,1,30\n";
    let (kept, summary) = of_bytes("events.csv", text).unwrap();
    assert_eq!(kept.lines(), ["a 1 5 10", "c 3 1 30"], "the good rows are there, and no user of a bad one");
    assert_eq!(
        kept.troubles(),
        [
            "3:field-count",
            "4:missing-key",
            "5:missing-key",
            "6:bad-rating",
            "7:bad-rating",
            "8:bad-timestamp",
            "9:invalid-utf8",
            "10:binary",
            "11:field-count",
        ],
        "each problem has its line and kind"
    );
    assert_eq!(count(&summary, ProblemKind::BadRating), 2, "problems are counted by kind");
    assert_eq!(kept.problems[0].reason, "it has 2 fields where the file has 4 columns", "and say why");
    assert_eq!(kept.problems[3].snippet, "b,2,NaN,10", "and show the line");
    assert_eq!(summary.files[0].rows, 11, "all rows are counted");
}

#[test]
fn strict_stops_at_the_first_problem() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.csv");
    std::fs::write(&path, "user,item,rating\na,1,5\nb,2,good\n").unwrap();
    let mut plan = ImportPlan::new(Vec::new(), vec![path]);
    plan.strict = true;
    let error = refusal(try_run(&plan));
    assert!(error.contains("events.csv, line 3") && error.contains("\"good\""), "says where and what: {error}");
}

#[test]
fn only_the_first_problems_of_a_kind_are_kept_and_all_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.csv");
    let text = "user,item,rating\na,1,5\n".to_owned() + &"a,1,bad\n".repeat(5_000) + "a,,1\n";
    std::fs::write(&path, text).unwrap();
    let (kept, summary) = run(&ImportPlan { problems_kept: 10, ..ImportPlan::new(Vec::new(), vec![path]) });
    assert_eq!(count(&summary, ProblemKind::BadRating), 5_000, "all are counted");
    assert_eq!(kept.problems.len(), 11, "ten of one kind and one of another are kept");
}

#[test]
fn unknown_and_duplicate_items_are_reported() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        vec![path]
    };
    let items = write("items.csv", "id,title\n1,One\n1,Again\n,None\n2,Two\n");
    let events = write("events.csv", "user,item\na,1\na,9\nb,2\n");
    let (kept, _) = run(&ImportPlan::new(items.clone(), events));
    assert_eq!(kept.items(), ["1 | One | One | ", "2 | Two | Two | "], "the first item with a key is kept");
    assert_eq!(
        kept.troubles(),
        ["3:duplicate-item", "4:missing-key", "3:unknown-item"],
        "with lines of their own files"
    );
    assert_eq!(kept.problems[2].file, "events.csv", "and the file's name");
    let other = write("other.csv", "user,item\na,B01\nb,B02\n");
    let error = refusal(try_run(&ImportPlan::new(items, other)));
    assert!(error.contains("no item \"B01\"") && error.contains("like \"1\""), "two keys side by side: {error}");
}

#[test]
fn a_gzip_that_ends_early_or_is_damaged_is_refused() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut text = String::from("user,item,rating\n");
    for _ in 0..200_000 {
        text += &format!("u{},i{},{}\n", rng.random_range(0..5_000), rng.random_range(0..900), rng.random_range(1..6));
    }
    let whole = gz(text.as_bytes());
    let error = refusal(of_bytes("events.csv.gz", &whole[..whole.len() / 2]));
    for words in ["events.csv.gz", "end early after line", "Nothing was imported", "Fetch the file again"] {
        assert!(error.contains(words), "half a file must not pass for a whole one: {error}");
    }
    let mut damaged = whole.clone();
    let middle = damaged.len() / 2;
    damaged[middle..middle + 64].fill(0x55);
    let error = refusal(of_bytes("events.csv.gz", &damaged));
    assert!(error.contains("are damaged") || error.contains("end early"), "damage is told as well: {error}");
    let error = refusal(of_bytes("events.csv.gz", &whole[..12]));
    assert!(error.contains("not one line could be unpacked"), "a stump of a gzip is refused: {error}");
}

#[test]
fn a_line_of_many_megabytes_is_left_out_and_the_next_one_read() {
    let mut text = b"user,item\na,1\n".to_vec();
    text.resize(text.len() + (40 << 20), b'x');
    text.extend(b"\nb,2\n");
    for name in ["events.csv", "events.csv.gz"] {
        let bytes = if name.ends_with(".gz") { gz(&text) } else { text.clone() };
        let (kept, _) = of_bytes(name, &bytes).unwrap();
        assert_eq!(kept.lines(), ["a 1 - -", "b 2 - -"], "reading goes on after the long line");
        assert_eq!(kept.troubles(), ["3:line-too-long"], "which is reported");
    }
    let json = [b"{\"user\": \"a\", \"item\": \"1\"}\n{\"user\": \"".to_vec(), vec![b'y'; 17 << 20], b"\"}\n".to_vec()]
        .concat();
    let (kept, _) = of_bytes("events.jsonl", &json).unwrap();
    assert_eq!((kept.rows.len(), kept.troubles()), (1, vec!["2:line-too-long".to_owned()]), "the same in JSON Lines");
}

#[test]
fn files_that_cannot_be_read_are_refused_with_what_to_do() {
    for (name, bytes, says) in [
        ("empty.csv", &b""[..], "is empty"),
        ("blank.csv", b" \n\n  \n", "is empty"),
        ("header.csv", b"user,item\n", "no rows"),
        ("a.csv", b"PK\x03\x04........", "zip archive"),
        ("a.csv", b"\xFF\xFEu\0s\0e\0r\0", "UTF-16"),
        ("a.csv", b"\x28\xB5\x2F\xFD........", "zstd"),
        ("a.db", b"SQLite format 3\0....", "SQLite"),
        ("a.csv", b"\x7FELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x3e\0\x01\0\0\0", "binary data"),
        ("a.json", b"[\n{\"user\": 1, \"item\": 2}\n]", "JSON array"),
        ("a.json", b"[{\"user\": 1, \"item\": 2}]", "JSON array"),
        ("a.jsonl", b"nothing\nhere\n", "JSON object"),
        ("a.parquet", b"PAR1 but not really PAR1", "Parquet"),
        ("a.csv", b"when,what\n1,2\n", "Its columns are: when, what"),
        ("a.csv", b"user,what\n1,2\n", "looks like the item"),
        ("a.csv", b"user,item,rating\n1,2,x\n3,4,y\n", "no row of a.csv could be used"),
    ] {
        let error = refusal(of_bytes(name, bytes));
        assert!(error.contains(says), "{name} must say \"{says}\", says: {error}");
    }
    let missing = refusal(try_run(&ImportPlan::new(Vec::new(), vec!["no/such/file.csv".into()])));
    assert!(missing.contains("check its name"), "a missing file: {missing}");
    let folder = refusal(try_run(&ImportPlan::new(Vec::new(), vec![fixture("")])));
    assert!(folder.contains("is a folder"), "a folder: {folder}");
    let nothing = refusal(try_run(&ImportPlan::new(Vec::new(), Vec::new())));
    assert!(nothing.contains("nothing to import"), "no files: {nothing}");
}

#[test]
fn a_wrong_template_or_mapping_lists_the_columns() {
    let mut wrong = plan(&["items.csv"], &["ratings.csv"]);
    wrong.text = Some("{title} {colour}".to_owned());
    let error = refusal(try_run(&wrong));
    assert!(error.contains("{colour}") && error.contains("item_id, title, categories, description"), "{error}");
    wrong.text = Some("{title".to_owned());
    assert!(refusal(try_run(&wrong)).contains("brace"), "an open brace is refused");
    wrong.text = None;
    wrong.mapping = "user=reviewer".parse().unwrap();
    let error = refusal(try_run(&wrong));
    assert!(error.contains("\"reviewer\"") && error.contains("user_id, item_id, rating, timestamp"), "{error}");
}

#[test]
fn random_bytes_never_panic() {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let folder = tempfile::tempdir().unwrap();
    let names = ["x.csv", "x.tsv", "x.jsonl", "x.inter", "u.item", "x.dat", "x.csv.gz", "x.parquet"];
    let starts: [&[u8]; 8] = [
        b"user,item,rating\n",
        b"user\titem\n",
        b"{\"user\": 1, \"item\": 2}\n",
        b"user_id:token\titem_id:token\n",
        b"1|A, The (1999)|||",
        b"1::2::3::4\n",
        b"",
        b"",
    ];
    // Bytes that mean something, so that parsers get past their first branch.
    let alphabet = b"\",\t|:;{}[]'\\\n\r <&>#0123456789.eE+-TZabcu\xC3\xA9\xFF\0";
    for round in 0..400 {
        let which = round % names.len();
        let mut bytes = starts[which].to_vec();
        for _ in 0..rng.random_range(0..600) {
            let byte = if rng.random_bool(0.95) {
                alphabet[rng.random_range(0..alphabet.len())]
            } else {
                rng.next_u32() as u8
            };
            bytes.push(byte);
        }
        if names[which].ends_with(".gz") {
            bytes = gz(&bytes);
            let cut = rng.random_range(0..bytes.len());
            bytes[cut] ^= rng.next_u32() as u8;
        }
        let path = folder.path().join(names[which]);
        std::fs::write(&path, &bytes).unwrap();
        let _ = preview(&path, None, None);
        for plan in [ImportPlan::new(Vec::new(), vec![path.clone()]), ImportPlan::new(vec![path.clone()], Vec::new())] {
            if let Ok((kept, summary)) = try_run(&plan) {
                let rows: u64 = summary.files.iter().map(|file| file.rows).sum();
                let good = kept.rows.len().max(kept.catalog.len()) as u64;
                let told = summary.problem_count();
                assert!(rows <= good + told, "every row is delivered or told: {rows} rows, {good} good, {told} told");
            }
        }
    }
}

/// Stops the import, one way or the other, and looks at the progress when it does.
struct Stopping<'a> {
    work: &'a Work,
    bytes: u64,
    full_after: Option<usize>,
    rows: usize,
}

impl Sink for Stopping<'_> {
    fn item(&mut self, _: ImportedItem<'_>) -> Result<()> {
        Ok(())
    }
    fn user(&mut self, _: u32, _: &str) -> Result<()> {
        Ok(())
    }
    fn interactions(&mut self, rows: &[InteractionRow]) -> Result<()> {
        self.rows += rows.len();
        match self.full_after {
            Some(limit) if self.rows > limit => Err(Error::input("the disk is full")),
            Some(_) => Ok(()),
            None => {
                let view = self.work.view();
                let step = view.steps.first().expect("a step is open while rows arrive");
                assert_eq!(
                    (step.name.as_str(), step.total),
                    ("import", self.bytes),
                    "progress is in bytes of the files"
                );
                assert!(step.done > 0, "and has begun");
                self.work.cancel().cancel();
                Ok(())
            }
        }
    }
    fn problem(&mut self, _: &Problem) -> Result<()> {
        Ok(())
    }
}

#[test]
fn a_cancel_and_a_failing_sink_end_the_import_with_their_own_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.csv");
    std::fs::write(&path, "user,item\n".to_owned() + &"someone,something\n".repeat(500_000)).unwrap();
    let bytes = std::fs::metadata(&path).unwrap().len();
    let plan = ImportPlan::new(Vec::new(), vec![path]);
    let work = Work::new(Seed(1));
    let mut sink = Stopping { work: &work, bytes, full_after: Some(20_000), rows: 0 };
    assert_eq!(
        refusal(import(&work, &plan, &mut sink)),
        "the disk is full",
        "the sink's error is the one that is told"
    );
    assert!(work.view().steps.is_empty(), "the step is closed");
    let mut sink = Stopping { work: &work, bytes, full_after: None, rows: 0 };
    let cancelled = import(&work, &plan, &mut sink);
    assert!(matches!(cancelled, Err(Error::Cancelled)), "a cancel ends it: {cancelled:?}");
    assert!(sink.rows < 400_000, "and does so before the end");
}
