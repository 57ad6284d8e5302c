//! Parquet files: rows over several row groups, nested lists, times with a unit, missing columns, damage.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;
use std::path::Path;
use std::sync::Arc;

use common::*;
use parquet::data_type::{ByteArray, ByteArrayType, DataType, FloatType, Int64Type};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use semid_import::{Format, ImportPlan, preview};

const EVENTS: &str = "message events {
    required int64 user_id; required binary item_id (UTF8); optional float rating; optional int64 at (TIMESTAMP_MILLIS);
    required int64 unused; }";
const ITEMS: &str = "message items {
    required binary item_id (UTF8); optional binary title (UTF8);
    optional group categories (LIST) { repeated group list { optional binary element (UTF8); } } }";

fn column<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, std::fs::File>,
    values: &[T::T],
    levels: &[i16],
    repeats: &[i16],
) {
    let mut writer = group.next_column().unwrap().unwrap();
    writer.typed::<T>().write_batch(values, Some(levels), Some(repeats)).unwrap();
    writer.close().unwrap();
}

fn texts(values: &[&str]) -> Vec<ByteArray> {
    values.iter().map(|text| ByteArray::from(*text)).collect()
}

/// `groups` row groups of two rows each: user 1 and a row with neither rating nor time.
fn write_events(path: &Path, groups: i64) {
    let schema = Arc::new(parse_message_type(EVENTS).unwrap());
    let mut writer = SerializedFileWriter::new(std::fs::File::create(path).unwrap(), schema, Arc::default()).unwrap();
    for group in 0..groups {
        let mut rows = writer.next_row_group().unwrap();
        column::<Int64Type>(&mut rows, &[1, 2 + group], &[0, 0], &[0, 0]);
        column::<ByteArrayType>(&mut rows, &texts(&["a", "b"]), &[0, 0], &[0, 0]);
        column::<FloatType>(&mut rows, &[4.1], &[1, 0], &[0, 0]);
        column::<Int64Type>(&mut rows, &[86_400_500], &[1, 0], &[0, 0]);
        column::<Int64Type>(&mut rows, &[0, 0], &[0, 0], &[0, 0]);
        rows.close().unwrap();
    }
    writer.close().unwrap();
}

fn write_items(path: &Path) {
    let schema = Arc::new(parse_message_type(ITEMS).unwrap());
    let mut writer = SerializedFileWriter::new(std::fs::File::create(path).unwrap(), schema, Arc::default()).unwrap();
    let mut rows = writer.next_row_group().unwrap();
    column::<ByteArrayType>(&mut rows, &texts(&["a", "b"]), &[0, 0], &[0, 0]);
    column::<ByteArrayType>(&mut rows, &texts(&["Tin &amp; Tide"]), &[1, 0], &[0, 0]);
    // Two elements in the first row's list, none in the second's.
    column::<ByteArrayType>(&mut rows, &texts(&["Music", "Folk"]), &[3, 3, 1], &[0, 1, 0]);
    rows.close().unwrap();
    writer.close().unwrap();
}

#[test]
fn parquet_gives_rows_over_row_groups_lists_and_times() {
    let folder = tempfile::tempdir().unwrap();
    let (items, events) = (folder.path().join("items.parquet"), folder.path().join("events.parquet"));
    write_items(&items);
    write_events(&events, 3);
    let (kept, summary) = run(&ImportPlan::new(vec![items.clone()], vec![events.clone()]));
    assert_eq!(
        kept.items(),
        ["a | Tin & Tide | Tin & Tide. Music, Folk | Music > Folk", "b | b | b | "],
        "lists are paths"
    );
    assert_eq!(
        kept.lines(),
        ["1 a 4.1 86400", "2 b - -", "1 a 4.1 86400", "3 b - -", "1 a 4.1 86400", "4 b - -"],
        "every row group is read, in order; a time has the unit that its column says"
    );
    assert_eq!(summary.files[1].format, Format::Parquet, "seen from the first bytes");
    assert_eq!(preview(&events, None, None).unwrap().columns.len(), 5, "the preview shows all columns");
    let error = try_run(&ImportPlan::new(Vec::new(), vec![items])).unwrap_err().to_string();
    assert!(
        error.contains("the user") && error.contains("item_id, title, categories"),
        "says what is missing: {error}"
    );
}

#[test]
fn damaged_parquet_is_a_sentence_or_a_problem_and_never_a_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.parquet");
    write_events(&path, 2);
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() - 10]).unwrap();
    let error = try_run(&ImportPlan::new(Vec::new(), vec![path.clone()])).unwrap_err().to_string();
    assert!(error.contains("fetch it again"), "a file that ends early says what to do: {error}");
    for at in (4..whole.len()).step_by(3) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x41;
        std::fs::write(&path, &damaged).unwrap();
        let _ = try_run(&ImportPlan::new(Vec::new(), vec![path.clone()]));
    }
}
