//! What a data set's page shows.

use semid_api::wire::{DatasetDetail, DatasetList, DrawnChart, ItemPage, Nothing, ProblemPage};
use semid_api::{ApiError, Code};
use serde_json::json;

use crate::fresh;

#[test]
fn the_page_of_a_data_set_has_its_numbers_and_charts() {
    let fresh = fresh();
    fresh.sample();
    let page: DatasetDetail = fresh.app.call("dataset", json!({ "dataset": "sample-films" })).unwrap();
    let fact = |label: &str| page.facts.iter().find(|fact| fact.0 == label).map(|fact| fact.1.as_str());
    assert_eq!((fact("Users"), fact("Items")), (Some("600"), Some("413")), "counts as the card of the sample says");
    let dataset = &page.dataset;
    let expected = dataset.interactions as f64 / (dataset.users * dataset.items) as f64;
    assert!((page.density - expected).abs() < 1e-12, "interactions over users times items");
    assert_eq!(page.charts, ["history-lengths", "popularity", "interactions-over-time"], "it has times, no ratings");
    assert!(page.runs.is_empty(), "nothing was run on it yet");
}

#[test]
fn every_chart_of_a_data_set_is_drawn_with_its_table() {
    let fresh = fresh();
    let csv =
        fresh.file("log.csv", "user,item,rating,time\nu1,i1,5,2024-01-05\nu1,i2,3,2024-03-01\nu2,i1,4,2024-03-02\n");
    let _: serde_json::Value = fresh.finish("import", json!({ "name": "log", "interactions": csv }));
    let page: DatasetDetail = fresh.app.call("dataset", json!({ "dataset": "log" })).unwrap();
    assert_eq!(
        page.charts,
        ["history-lengths", "popularity", "interactions-over-time", "ratings"],
        "all it has data for"
    );
    for chart in page.charts {
        let asked = json!({ "dataset": "log", "chart": chart, "dark": true });
        let drawn: DrawnChart = fresh.app.call("dataset_chart", asked).unwrap();
        assert!(drawn.svg.starts_with("<svg") && !drawn.marks.is_empty(), "{chart} is drawn");
        assert!(!drawn.table.rows.is_empty() && !drawn.title.is_empty(), "{chart} has its numbers as a table");
    }
    let asked = json!({ "dataset": "log", "chart": "interactions-over-time", "dark": false });
    let drawn: DrawnChart = fresh.app.call("dataset_chart", asked).unwrap();
    let cells: Vec<&str> = drawn.table.rows.iter().map(|row| row.cells[1].text.as_str()).collect();
    assert_eq!(cells, ["1", "0", "2"], "a month without interactions stands between those with");
}

#[test]
fn items_come_page_by_page_and_words_find_them() {
    let fresh = fresh();
    fresh.sample();
    let items = |payload: serde_json::Value| -> ItemPage { fresh.app.call("items", payload).unwrap() };
    let page = items(json!({ "dataset": "sample-films", "offset": 400, "limit": 50 }));
    assert_eq!((page.total, page.items.len()), (413, 13), "the last page is short");
    assert_eq!(page.items[0].item, 400, "an item is named by its index");
    let all = items(json!({ "dataset": "sample-films", "offset": 0, "limit": 1000 }));
    let title = &all.items[7].title;
    let shouted = title.to_uppercase();
    let found = items(json!({ "dataset": "sample-films", "query": shouted, "offset": 0, "limit": 10 }));
    assert!(found.items.iter().any(|item| item.title == *title), "case does not matter: {title}");
    let met: u64 = all.items.iter().map(|item| item.interactions).sum();
    let list: DatasetList = fresh.app.call("datasets", Nothing {}).unwrap();
    assert_eq!(met, list.datasets[0].interactions, "every interaction is counted at its item");
    let none = items(json!({ "dataset": "sample-films", "query": "zz zz-nothing", "offset": 0, "limit": 10 }));
    assert_eq!((none.total, none.items.len()), (0, 0), "what matches nothing is an empty page, no error");
}

#[test]
fn a_data_set_can_be_removed_and_is_then_unknown() {
    let fresh = fresh();
    fresh.sample();
    let _: Nothing = fresh.app.call("remove_dataset", json!({ "dataset": "sample-films" })).unwrap();
    let gone: Result<DatasetDetail, ApiError> = fresh.app.call("dataset", json!({ "dataset": "sample-films" }));
    assert_eq!(gone.unwrap_err().code, Code::NotFound, "the code says so, for clients");
}

#[test]
fn problems_of_an_import_are_listed_with_their_lines() {
    let fresh = fresh();
    let csv = fresh.file("log.csv", "user,item,rating\nu1,i1,5\nu1,,3\nu2,i2,good\nu2,i1,1\n");
    let _: serde_json::Value = fresh.finish("import", json!({ "name": "log", "interactions": csv }));
    let page: ProblemPage =
        fresh.app.call("dataset_problems", json!({ "dataset": "log", "offset": 0, "limit": 10 })).unwrap();
    assert_eq!(page.problems.iter().map(|row| row.line).collect::<Vec<_>>(), [Some(3), Some(4)], "lines of the file");
    let asked = json!({ "dataset": "log", "query": "rating", "offset": 0, "limit": 10 });
    let page: ProblemPage = fresh.app.call("dataset_problems", asked).unwrap();
    assert_eq!((page.kept, page.problems.len()), (1, 1), "words find problems, too");
}

#[test]
fn every_recipe_says_how_much_would_be_downloaded_before_it_is() {
    let list: DatasetList = fresh().app.call("datasets", Nothing {}).unwrap();
    let bytes = |name: &str| list.recipes.iter().find(|recipe| recipe.name == name).unwrap().bytes;
    assert_eq!(bytes("sample-films"), Some(0), "built in");
    assert_eq!(bytes("movielens-100k"), Some(4_924_029), "the archive its publisher offers");
    assert_eq!(bytes("amazon-beauty-2014"), None, "its publisher does not say");
}
