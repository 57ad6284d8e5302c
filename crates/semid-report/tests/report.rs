//! A report as its readers meet it: complete, in order, readable by the tools of each format, whatever the names are.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{changed, comparison, hostile};
use semid_core::comparison::Comparison;
use semid_report::{report, summary_rows};

fn file(comparison: &Comparison, name: &str) -> String {
    let files = report(comparison).unwrap();
    let file = files.into_iter().find(|file| file.name == name).unwrap_or_else(|| panic!("the report lacks {name}"));
    String::from_utf8(file.bytes).unwrap()
}

/// Checks that every tag is closed in order and returns the text between the tags.
fn text_of(markup: &str) -> String {
    const VOID: [&str; 4] = ["meta", "br", "!doctype", "path"];
    let (mut open, mut text, mut rest) = (Vec::new(), String::new(), markup);
    while let Some((before, after)) = rest.split_once('<') {
        text.push_str(before);
        // A quoted attribute may hold anything but its quote; the writers escape `>` in them anyway.
        let (tag, after) = after.split_once('>').expect("a tag ends");
        let name = tag.trim_start_matches('/').split([' ', '/', '\n']).next().unwrap().to_lowercase();
        if tag.starts_with('/') {
            assert_eq!(open.pop().as_deref(), Some(name.as_str()), "tags close in the order they opened, at <{tag}>");
        } else if !tag.ends_with('/') && !VOID.contains(&name.as_str()) {
            open.push(name.clone());
        }
        assert!(name != "script" && name != "img", "no text becomes <{tag}>");
        rest = after;
    }
    assert!(open.is_empty(), "every tag is closed, left open: {open:?}");
    text + rest
}

#[test]
fn a_report_is_complete_and_its_file_names_are_harmless() {
    for comparison in [comparison(), hostile()] {
        let files = report(&comparison).unwrap();
        let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
        for name in [
            "index.html",
            "report.md",
            "tables.tex",
            "comparison.json",
            "experiment.toml",
            "metrics.csv",
            "seeds.csv",
            "differences.csv",
            "slices.csv",
            "costs.csv",
            "id_quality.csv",
            "curves.csv",
            "stages.csv",
            "charts/differences.svg",
            "charts/differences.dark.svg",
            "charts/curves.svg",
            "charts/id-quality.svg",
            "charts/id-curves.svg",
        ] {
            assert!(names.contains(&name), "the report lacks {name}");
        }
        for (at, name) in names.iter().enumerate() {
            assert!(!names[..at].contains(name), "{name} would overwrite another file");
            assert!(name.len() < 100 && !name.contains(".."), "{name} stays in its folder on every file system");
            let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte));
            assert!(plain, "{name} needs no quoting anywhere");
        }
    }
}

#[test]
fn the_curves_of_a_quantizer_stand_in_the_table_beside_those_of_the_arms() {
    let files = report(&comparison()).unwrap();
    let table = files.iter().find(|file| file.name == "curves.csv").unwrap();
    let table = String::from_utf8(table.bytes.clone()).unwrap();
    let rows = table.lines().filter(|line| line.starts_with("rq-kmeans,held-out reconstruction error,1,"));
    assert_eq!(rows.count(), 20, "one row an epoch");
}

#[test]
fn the_same_comparison_gives_the_same_bytes() {
    assert_eq!(report(&comparison()).unwrap(), report(&comparison()).unwrap(), "nothing but the comparison decides");
}

#[test]
fn the_page_needs_nothing_but_itself_and_tells_its_story_in_order() {
    let page = file(&comparison(), "index.html");
    let ids = ["answer", "arms", "charts", "slices", "ids", "health", "protocol", "run", "reproduce"];
    let places: Vec<usize> = ids.iter().map(|id| page.find(&format!("id=\"{id}\"")).expect(id)).collect();
    assert!(places.is_sorted(), "the answer first, then what it rests on");
    for outside in ["<script", "<link", "<img", "@import", "url(", " src="] {
        assert!(!page.contains(outside), "{outside} would make the page depend on something outside of it");
    }
    assert!(
        !page.contains("http://")
            || page.matches("http://").count() == page.matches("http://www.w3.org/2000/svg").count()
    );
    assert!(page.contains("prefers-color-scheme:dark"), "the page follows the reader's light or dark");
    assert!(!page.contains("Simulated data"), "these histories were recorded");
    let text = text_of(&page);
    for shown in
        ["+.0142", "[+.0080, +.0204]", "Generative · RQ-KMeans", ".0673", "12·20·9·0", "thriller › courtroom › 1990s"]
    {
        assert!(text.contains(shown), "the page shows {shown}");
    }
    assert!(
        page.matches("<details class=\"how\">").count() >= 6,
        "formulas, n and exclusions are one click from every table"
    );
}

#[test]
fn simulated_histories_are_labelled_wherever_they_are_shown() {
    let mut simulated = comparison();
    simulated.dataset.simulated = true;
    assert!(summary_rows(&simulated).note.contains("Simulated data"), "a terminal shows the note too");
    for name in ["index.html", "report.md", "tables.tex", "charts/differences.svg", "charts/curves.svg"] {
        assert!(file(&simulated, name).contains("Simulated data"), "{name} must not pass simulated histories for real");
    }
}

#[test]
fn hostile_names_stay_text_on_the_page_and_in_every_picture() {
    for file in report(&hostile()).unwrap() {
        if file.name.ends_with(".html") || file.name.ends_with(".svg") {
            let markup = String::from_utf8(file.bytes).unwrap();
            let text = text_of(&markup);
            assert!(text.contains("&lt;script&gt;"), "{}: the name is shown as it is spelt", file.name);
            assert!(!text.contains(" 49 "), "{}: a name is never run as a template", file.name);
            for mark in ['\u{202e}', '\u{2066}', '\u{0}', '\u{1b}'] {
                assert!(!markup.contains(mark), "{}: {mark:?} would reorder or break the text around it", file.name);
            }
        }
    }
}

#[test]
fn hostile_names_keep_markdown_tables_whole() {
    let markdown = file(&hostile(), "report.md");
    let (text, _settings) = markdown.split_once("````toml").expect("the fence outgrows the backticks it holds");
    let mut columns = None;
    for line in text.lines() {
        assert!(!line.contains('<') && !line.contains("://"), "no markup and no link from a name: {line}");
        let bars = line.replace("\\\\", "").replace("\\|", "").matches('|').count();
        if line.starts_with('|') {
            assert_eq!(*columns.get_or_insert(bars), bars, "a name must not add a column: {line}");
        } else {
            assert_eq!(bars, 0, "a name must not begin a table: {line}");
            columns = None;
        }
    }
    assert!(!text.contains("\n# head") && !text.contains("\n- item"), "a line break in a name begins nothing new");
}

#[test]
fn hostile_names_keep_latex_balanced() {
    for comparison in [comparison(), hostile()] {
        let tex = file(&comparison, "tables.tex");
        let mut depth = 0i32;
        let mut escaped = false;
        let body = tex.lines().filter(|line| !line.starts_with('%')).collect::<Vec<_>>().join("\n");
        for char in body.chars() {
            match (escaped, char) {
                (false, '{') => depth += 1,
                (false, '}') => depth -= 1,
                (false, '%' | '#' | '$' | '^' | '_' | '~') if char != '~' => {
                    panic!("{char} is a command where text belongs")
                }
                _ => {}
            }
            assert!(depth >= 0, "a brace closes what nobody opened");
            escaped = !escaped && char == '\\';
        }
        assert_eq!(depth, 0, "every brace is closed");
        for table in body.split("\\toprule").skip(1) {
            let table = table.split("\\bottomrule").next().unwrap();
            let ampersands = |row: &str| row.replace("\\&", "").matches('&').count();
            let rows: Vec<usize> = table.lines().filter(|line| line.ends_with("\\\\")).map(ampersands).collect();
            assert!(rows.windows(2).all(|pair| pair[0] == pair[1]), "every row has the head's columns: {rows:?}");
        }
    }
}

#[test]
fn csv_files_read_back_and_no_text_is_a_formula() {
    for sign in ["=", "+", "-", "@", "\t"] {
        let formulas = changed(|text| format!("{sign}HYPERLINK(\"x\"),\n{text}"));
        for file in report(&formulas).unwrap().into_iter().filter(|file| file.name.ends_with(".csv")) {
            let mut rows = csv::Reader::from_reader(file.bytes.as_slice());
            let mut count = 0;
            for row in rows.records() {
                count += 1;
                for cell in &row.expect("all rows have the head's length") {
                    let numeric = cell.parse::<f64>().is_ok();
                    let formula = cell.starts_with(['=', '+', '-', '@', '\t']);
                    assert!(numeric || !formula, "{}: a spreadsheet would run {cell:?}", file.name);
                }
            }
            assert!(count > 0, "{} has rows", file.name);
        }
    }
}

#[test]
fn csv_and_json_hold_every_digit() {
    let comparison = comparison();
    let metrics = file(&comparison, "metrics.csv");
    let mut rows = csv::Reader::from_reader(metrics.as_bytes());
    let first = rows.records().next().unwrap().unwrap();
    let value = &comparison.arms[0].values[0];
    assert_eq!(
        [&first[0], &first[4]],
        [comparison.arms[0].key.as_str(), value.metric.as_str()],
        "one row per arm and metric"
    );
    assert_eq!(first[5].parse::<f64>().unwrap(), value.mean, "the mean as it was computed, not as it is shown");
    let json = file(&comparison, "comparison.json");
    assert!(
        json.contains(&format!("\"low\": {}", value.low)),
        "the shortest digits that mean this number and no other"
    );
    let read: Comparison = serde_json::from_str(&json).unwrap();
    let keys = |comparison: &Comparison| comparison.arms.iter().map(|arm| arm.key.clone()).collect::<Vec<_>>();
    assert!(keys(&read) == keys(&comparison) && read.settings_toml == comparison.settings_toml, "it can be read back");
}

#[test]
fn the_main_table_marks_the_baseline_and_the_best_and_puts_cost_beside_gain() {
    let table = summary_rows(&comparison());
    let header = table.header();
    for column in ["Arm", "NDCG@10", "Difference", "Train", "Peak memory", "Parameters"] {
        assert!(header.iter().any(|head| head == column), "the main table has a column {column}");
    }
    assert!(table.rows.iter().all(|row| row.cells.len() == header.len()), "every row has every column");
    let marked: Vec<usize> = (0..table.rows.len()).filter(|&row| table.rows[row].baseline).collect();
    assert_eq!(marked, [0], "popularity is the baseline");
    let best: Vec<&str> =
        table.rows.iter().filter(|row| row.cells[1].best).map(|row| row.cells[0].text.as_str()).collect();
    assert_eq!(best, ["Item-kNN"], "the largest NDCG@10 is the best of its column");
    let plain = table.rows();
    assert_eq!(plain[0][0], "Popularity (baseline)", "on a terminal words mark the baseline");
    assert_eq!(plain[1][1], ".0718*", "and a star marks the best");
}

#[test]
fn the_best_of_a_metric_where_less_is_better_is_the_least() {
    let mut comparison = comparison();
    comparison.metrics[0].higher_is_better = false;
    let table = summary_rows(&comparison);
    let best: Vec<&str> =
        table.rows.iter().filter(|row| row.cells[1].best).map(|row| row.cells[0].text.as_str()).collect();
    assert_eq!(best, ["Text-kNN"], "the direction of the metric decides");
}

#[test]
fn what_no_report_can_show_is_refused_in_a_sentence() {
    let mut broken = comparison();
    broken.arms[2].values[1].high = f64::NAN;
    let error = report(&broken).unwrap_err().to_string();
    assert!(error.contains("text-knn") && error.contains("recall@10"), "the sentence names arm and metric: {error}");

    let mut broken = comparison();
    broken.baseline = 9;
    let error = report(&broken).unwrap_err().to_string();
    assert!(error.contains("baseline") && error.contains("9 arms"), "the sentence says what is wrong: {error}");
}

#[test]
fn an_empty_comparison_still_gives_a_report_that_says_so() {
    let page = file(&Comparison::default(), "index.html");
    let text = text_of(&page);
    assert!(text.contains("no verdict") && text.contains("No arm speaks in IDs"), "what is missing is said");
    assert!(!text.contains("NaN") && !text.contains("undefined"), "and nothing is made up");
}

#[test]
fn every_chart_has_a_table_that_says_what_pointing_at_it_says() {
    for comparison in [comparison(), hostile()] {
        for chart in semid_report::charts(&comparison) {
            let table = semid_report::chart_table(&chart.chart);
            assert!(!table.rows.is_empty(), "{} shows numbers", chart.name);
            for row in &table.rows {
                assert_eq!(row.cells.len(), table.columns.len(), "{}: a cell for every column", chart.name);
            }
            if chart.name.starts_with("codes-") {
                continue; // its table sums up the codes that the picture shows one by one
            }
            let cells = table.rows.iter().flat_map(|row| &row.cells);
            let said: std::collections::HashSet<&str> =
                cells.flat_map(|cell| cell.details.iter().chain([&cell.text])).map(String::as_str).collect();
            let drawn = semid_charts::draw(&chart.chart, semid_charts::Theme::Light).unwrap();
            for mark in drawn.marks() {
                let there =
                    mark.lines.iter().any(|line| said.iter().any(|cell| !cell.is_empty() && line.ends_with(*cell)));
                assert!(there, "{}: what is said at {:?} stands in the table too", chart.name, mark.lines);
            }
        }
    }
}
