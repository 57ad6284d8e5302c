//! Every format, from a small file of our own, to the rows it must give.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;
use common::*;
use semid_import::{FileKind, Format, Role, UnknownItems, preview};

fn formats(summary: &semid_import::ImportSummary) -> Vec<Format> {
    summary.files.iter().map(|file| file.format).collect()
}

#[test]
fn csv_with_quotes_dates_and_empty_fields() {
    let (kept, summary) = run(&plan(&["items.csv"], &["ratings.csv"]));
    assert_eq!(
        kept.items(),
        [
            "t1 | Kettle, 1.5 l | Kettle, 1.5 l. Kitchen, Kettles. Boils & whistles. | Kitchen > Kettles",
            "t2 | Blue mug | Blue mug. Kitchen, Mugs | Kitchen > Mugs",
        ],
        "titles are plain text, paths are paths, the default template leaves nothing dangling"
    );
    assert_eq!(
        kept.lines(),
        ["ann t1 4.5 1700000000", "bob t2 3 1700006400", "ann t2 - -", "o\"neil, pat t1 5 1700000000"],
        "rows come in the order of the file"
    );
    assert_eq!(summary.text, "{title}. {categories}. {description}", "the template is made from the columns there are");
    assert_eq!((summary.with_rating, summary.with_time), (3, 3), "what is missing is counted");
    assert_eq!(summary.time_span, Some((1_700_000_000, 1_700_006_400)), "the span is over rows with a time");
    assert_eq!(summary.problem_count(), 0, "an empty rating or time is no problem");
}

#[test]
fn gzip_gives_the_same_rows_and_the_same_digest() {
    let (plain, first) = run(&plan(&["items.csv"], &["ratings.csv"]));
    let (packed, second) = run(&plan(&["items.csv"], &["ratings.csv.gz"]));
    assert_eq!(plain.lines(), packed.lines(), "compression is no part of the data");
    assert_eq!(first.digest, second.digest, "nor of its digest");
    assert_ne!(first.digest, run(&plan(&[], &["ratings.csv"])).1.digest, "other items give another digest");
}

#[test]
fn tsv_with_a_stray_quote_and_dates() {
    let (kept, _) = run(&plan(&["items.tsv"], &["events.tsv"]));
    assert_eq!(
        kept.items(),
        [
            "p1 | The Long Pier | The Long Pier. Drama, Mystery | Drama > Mystery",
            "p2 | 6\" Gauge | 6\" Gauge. Documentary | Documentary"
        ],
        "a mark for inches is content"
    );
    assert_eq!(kept.lines(), ["u1 p1 - 1582934400", "u2 p2 - 1583064000", "u1 p2 - -"], "dates are midnight in UTC");
}

#[test]
fn json_lines_with_numbers_as_keys_and_lists() {
    for items in ["items.jsonl", "items.jsonl.gz"] {
        let (kept, summary) = run(&plan(&[items], &["events.jsonl"]));
        assert_eq!(
            kept.items(),
            [
                "7 | Tin & Tide | Tin & Tide. Folk, Live. Songs from a harbour. | Folk > Live",
                "8 | Second Light | Second Light | "
            ],
            "numbers are keys and lists are paths"
        );
        assert_eq!(kept.lines(), ["u1 7 4 1600000000", "12 8 - 1599955200"], "8.0 is the key 8");
        assert_eq!(summary.items_with_categories, 1, "an empty list is no path");
    }
}

#[test]
fn recbole_atomic_files() {
    let (kept, summary) = run(&plan(&["tiny.item"], &["tiny.inter"]));
    assert_eq!(formats(&summary), [Format::RecBole, Format::RecBole], "seen from the typed header");
    assert_eq!(
        kept.items(),
        [
            "10 | Paper Boats | Paper Boats (1994). Comedy, Drama | Comedy > Drama",
            "11 | Night \"Ferry | Night \"Ferry (1995). Film-Noir | Film-Noir",
        ],
        "token_seq is separated by spaces, and quotes mean nothing here"
    );
    assert_eq!(kept.lines(), ["1 10 4 880000000", "2 11 2.5 880000001"], "floats are times too");
}

#[test]
fn movielens_100k() {
    let (kept, summary) = run(&plan(&["ml-100k/u.item"], &["ml-100k/u.data"]));
    assert_eq!(formats(&summary), [Format::MovieLens100k, Format::MovieLens100k], "seen from the names");
    assert_eq!(
        kept.items(),
        [
            "1 | The Glass Orchard | The Glass Orchard (1995). Drama, Romance | Drama > Romance",
            "2 | Café au Port | Café au Port (1996). Comedy | Comedy",
            "3 | unknown | unknown | ",
        ],
        "Latin-1 is read, titles are in reading order, marks are genres"
    );
    assert_eq!(kept.lines(), ["1 2 3 881250949", "2 1 5 891717742"], "four columns without a header");
}

#[test]
fn movielens_1m() {
    let (kept, summary) = run(&plan(&["ml-1m/movies.dat"], &["ml-1m/ratings.dat"]));
    assert_eq!(formats(&summary), [Format::MovieLens1m, Format::MovieLens1m], "seen from the double colons");
    assert_eq!(
        kept.items(),
        [
            "10 | The Glass Orchard | The Glass Orchard (1995). Drama, Romance | Drama > Romance",
            "11 | La Misère | La Misère (1998). Comedy | Comedy",
        ],
        "Latin-1 is read and titles are in reading order"
    );
    assert_eq!(kept.lines()[2], "2 10 4 978301968", "the last line is read");
}

#[test]
fn movielens_latest() {
    let mut plan = plan(&["ml-latest/movies.csv"], &["ml-latest/ratings.csv"]);
    let (kept, summary) = run(&plan);
    assert_eq!(formats(&summary), [Format::MovieLens, Format::MovieLens], "seen from the header");
    assert_eq!(
        kept.items(),
        [
            "1 | Harbour Lights | Harbour Lights (1995). Adventure, Animation | Adventure > Animation",
            "3 | The Long Pier | The Long Pier (2003) | "
        ],
        "no genres listed is no genre"
    );
    plan.text = Some("{year}: {title}, {genres}".to_owned());
    let (kept, _) = run(&plan);
    assert_eq!(kept.catalog.items[1].text, "2003: The Long Pier", "the year is a column of its own");
}

#[test]
fn amazon_2014_with_python_metadata() {
    let (kept, summary) = run(&plan(&["amazon-2014/meta.json"], &["amazon-2014/reviews.json"]));
    assert_eq!(formats(&summary), [Format::Amazon2014, Format::Amazon2014], "seen from the keys");
    assert_eq!(
        kept.items(),
        [
            "B000000001 | Pat's Balm & Oil | Pat's Balm & Oil. Beauty, Skin Care, Balms | Beauty > Skin Care > Balms",
            "B000000002 | Comb | Comb. Beauty, Hair Care. A plain comb. | Beauty > Hair Care",
        ],
        "Python dictionaries are read, the first path is the path"
    );
    assert_eq!(
        kept.lines(),
        ["A1AAAAAAAAAAAA B000000001 5 1252800000", "A2BBBBBBBBBBBB B000000002 1 1259798400"],
        "the unix time is chosen before the written date"
    );
}

#[test]
fn amazon_2018() {
    let (kept, summary) = run(&plan(&["amazon-2018/meta.json"], &["amazon-2018/reviews.json"]));
    assert_eq!(formats(&summary), [Format::Amazon2018, Format::Amazon2018], "seen from the keys");
    assert_eq!(
        kept.items(),
        [
            "B000000011 | Pier Puzzle | Pier Puzzle. Toys & Games, Puzzles. A puzzle of a pier. 500 pieces | Toys & Games > Puzzles",
            "B000000012 | Kite | Kite. Outdoor | Outdoor",
        ],
        "lists of sentences are one description; the main category stands in for an empty path"
    );
    assert_eq!(
        kept.lines()[1],
        "A2BBBBBBBBBBBB B000000012 2 1406937600",
        "fields that are sometimes missing do not matter"
    );
}

#[test]
fn amazon_2023_by_parent() {
    let (kept, summary) = run(&plan(&["amazon-2023/meta.jsonl"], &["amazon-2023/reviews.jsonl"]));
    assert_eq!(formats(&summary), [Format::Amazon2023, Format::Amazon2023], "seen from the keys");
    assert_eq!(
        kept.items()[0],
        "B000000021 | Pine Soap | Pine Soap. Beauty & Personal Care, Soaps. Cold-pressed. | Beauty & Personal Care > Soaps",
        "items are named by their parent"
    );
    assert_eq!(kept.catalog.items[1].categories, ["All Beauty"], "the main category stands in for an empty path");
    assert_eq!(
        kept.lines(),
        ["AE1 B000000021 5 1588687728", "AE2 B000000022 3 1612044209"],
        "milliseconds become seconds"
    );
}

#[test]
fn columns_and_template_can_be_set() {
    let mut plan = plan(&["amazon-2023/meta.jsonl"], &["amazon-2023/reviews.jsonl"]);
    plan.mapping = "item=asin, rating=none, key=parent_asin".parse().unwrap();
    plan.unknown_items = UnknownItems::Create;
    plan.text = Some("{title} by {store}: {details} ({price} USD). Key {key}".to_owned());
    let (kept, summary) = run(&plan);
    assert_eq!(
        kept.catalog.items[0].text, "Pine Soap by Quay: Scent: Pine (6.5 USD). Key B000000021",
        "any column fills it"
    );
    assert_eq!(kept.catalog.items[1].text, "Brush by Quay. Key B000000022", "and an empty one leaves nothing behind");
    assert_eq!(kept.items()[2], "B0000000V1 | B0000000V1 | B0000000V1 | ", "an unknown item is created bare");
    assert_eq!((summary.items_created, summary.with_rating), (2, 0), "and counted; a role set to none is not read");
}

#[test]
fn without_an_items_file_the_items_are_those_of_the_interactions() {
    let (kept, summary) = run(&plan(&[], &["ml-100k/u.data", "tiny.inter"]));
    assert_eq!(
        kept.catalog.items.iter().map(|item| item.title.as_str()).collect::<Vec<_>>(),
        ["2", "1", "10", "11"],
        "in order of first appearance, over all files"
    );
    assert_eq!((summary.users, summary.interactions), (2, 4), "users of both files are one set");
    let (kept, summary) = run(&plan(&["items.csv", "items.tsv"], &[]));
    assert_eq!((kept.catalog.len(), summary.interactions), (4, 0), "items alone can be imported");
}

#[test]
fn a_preview_says_what_a_file_would_be_read_as() {
    let seen = preview(&fixture("items.jsonl.gz"), None, None).unwrap();
    assert_eq!((seen.format, seen.kind, seen.compressed), (Format::JsonLines, FileKind::Items, true), "what it is");
    assert_eq!(seen.columns, ["id", "name", "tags", "about"], "its columns");
    assert_eq!(seen.rows[0][2], "Folk, Live", "its rows as text");
    assert_eq!(seen.text.as_deref(), Some("{title}. {categories}. {description}"), "the template it would get");
    assert!(seen.mapping.contains(&(Role::Title, "name".to_owned())), "what each column means");
    let seen = preview(&fixture("ml-1m/ratings.dat"), None, None).unwrap();
    assert_eq!((seen.format, seen.kind), (Format::MovieLens1m, FileKind::Interactions), "ratings are interactions");
    assert_eq!(preview(&fixture("ml-100k/u.item"), None, None).unwrap().kind, FileKind::Items, "films are items");
}
