//! A study's report as its readers meet it.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "common_study/mod.rs"]
mod common;

use std::sync::OnceLock;

use common::{protocol, results};
use semid_charts::numbers::{decimals, p};
use semid_core::study::{ParticipantKind, StudyResults};
use semid_report::study::{charts, files, methods, pilot, verdict};

/// 24 people, analysed once for all tests.
fn people() -> StudyResults {
    static PEOPLE: OnceLock<StudyResults> = OnceLock::new();
    PEOPLE.get_or_init(|| results(&[(ParticipantKind::Person, 24)])).clone()
}

fn hostile() -> StudyResults {
    static HOSTILE: OnceLock<StudyResults> = OnceLock::new();
    HOSTILE.get_or_init(common::hostile).clone()
}

fn file(results: &StudyResults, name: &str) -> String {
    let files = files(results, None).unwrap();
    let file = files.into_iter().find(|file| file.name == name).unwrap_or_else(|| panic!("the report lacks {name}"));
    String::from_utf8(file.bytes).unwrap()
}

#[test]
fn the_folder_is_complete_and_the_same_each_time() {
    let results = people();
    let protocol = protocol();
    let all = files(&results, Some(&protocol)).unwrap();
    let names: Vec<&str> = all.iter().map(|file| file.name.as_str()).collect();
    for name in [
        "report.html",
        "report.md",
        "tables.tex",
        "methods.md",
        "answers.csv",
        "codebook.md",
        "analysis.R",
        "results.json",
        "protocol.json",
        "charts/person-two-axes-intrusion-easy.svg",
        "charts/person-accuracy.svg",
        "charts/person-ratings-together.dark.svg",
        "charts/person-superiority.svg",
        "charts/person-companions.svg",
        "charts/person-times.svg",
    ] {
        assert!(names.contains(&name), "the report lacks {name}: {names:?}");
    }
    assert_eq!(all, files(&results, Some(&protocol)).unwrap(), "nothing but the results decides");
    let locked = all.iter().find(|file| file.name == "protocol.json").unwrap();
    let hash = blake3_of(&locked.bytes);
    assert_eq!(hash, results.protocol_hash, "whoever hashes protocol.json finds the hash that was locked");
}

/// The hash that a reader would compute, by way of the protocol read back.
fn blake3_of(bytes: &[u8]) -> String {
    let read: semid_core::study::Protocol = serde_json::from_slice(bytes).unwrap();
    let value: serde_json::Value = serde_json::from_slice(bytes).unwrap();
    let canonical = semid_core::study::canonical_json(&value);
    assert_eq!(canonical.as_bytes(), bytes, "the file is the canonical form itself");
    read.hash().unwrap()
}

#[test]
fn a_protocol_of_another_study_is_refused() {
    let mut other = protocol();
    other.design.seed += 1;
    let error = files(&people(), Some(&other)).unwrap_err().to_string();
    assert!(error.contains("give the protocol that was locked"), "the sentence says what to do: {error}");
}

#[test]
fn numbers_in_the_report_are_those_of_the_results() {
    let results = people();
    let [page, markdown, latex] = ["report.html", "report.md", "tables.tex"].map(|name| file(&results, name));
    let kind = &results.kinds[0];
    assert!(kind.analysis.accuracy.len() == 3 && !kind.analysis.differences.is_empty(), "there is something to show");
    for row in &kind.analysis.accuracy {
        let share = format!("{} of {}", row.share.hits, row.share.trials);
        for (name, text) in [("page", &page), ("Markdown", &markdown), ("LaTeX", &latex)] {
            let text = text.replace("\\.", ".");
            assert!(text.contains(&decimals(row.mean, 3)), "{name} shows the mean of {}", row.arm);
            assert!(text.contains(&share), "{name} shows hits and trials of {}", row.arm);
        }
    }
    for row in &kind.analysis.differences {
        assert!(page.contains(&decimals(row.difference.abs(), 3)), "the page shows {} minus {}", row.arm, row.against);
        assert!(page.contains(&p(row.p_adjusted).replace('<', "&lt;")), "with its adjusted p");
    }
    let alpha = kind.analysis.agreement.iter().find_map(|row| row.alpha).unwrap();
    assert!(page.contains(&decimals(alpha.value, 3)), "agreement is shown");
    let json = file(&results, "results.json");
    let read: StudyResults = serde_json::from_str(&json).unwrap();
    for row in &kind.analysis.accuracy {
        assert!(json.contains(&format!("\"mean\": {:?}", row.mean)), "results.json holds every digit of {}", row.mean);
    }
    assert!(read.rows.is_empty(), "the answers stand in answers.csv alone");
}

#[test]
fn the_answer_says_what_was_found_and_the_pilot_that_it_is_one() {
    let results = people();
    let said = verdict(&results).join(" ");
    assert!(said.contains("RQ-KMeans above Hash"), "arms that meaning parts are told apart: {said}");
    assert!(said.contains("Guessing gives .20"), "chance stands beside the shares: {said}");
    let pilot = pilot(&results).unwrap();
    assert!(pilot.contains("intrusion-easy (6)"), "six stimuli an arm are a pilot: {pilot}");
    assert!(file(&results, "report.html").contains("<strong>Pilot.</strong>"), "and the page says so at its head");
    let nobody = StudyResults { kinds: Vec::new(), rows: Vec::new(), ..results };
    assert!(verdict(&nobody)[0].contains("Nobody has answered"), "without answers nothing is claimed");
    let empty = file(&nobody, "report.html");
    assert!(!empty.contains("NaN") && !empty.contains("undefined"), "and nothing is made up");
}

#[test]
fn people_simulated_participants_and_models_never_share_a_table() {
    let all = [(ParticipantKind::Person, 6), (ParticipantKind::Simulated, 6), (ParticipantKind::Model, 2)];
    let results = results(&all);
    let page = file(&results, "report.html");
    let at = |id: &str| page.find(&format!("<section id=\"{id}\"")).unwrap();
    let (person, simulated, model) = (at("person"), at("simulated"), at("model"));
    assert!(person < simulated && simulated < model, "people come first");
    assert!(page[simulated..model].contains("nothing about people"), "simulated answers are called so");
    assert!(page[model..].contains("in no number about people"), "so are those of models");
    assert!(!page[person..simulated].contains(">S01<") && !page[person..simulated].contains(">M01<"), "kept apart");
    let only = common::results(&[(ParticipantKind::Simulated, 6)]);
    assert!(verdict(&only)[0].contains("No person took part"), "the answer begins with that");
}

#[test]
fn answers_read_back_whole_and_no_text_is_a_formula() {
    for results in [people(), hostile()] {
        let csv = file(&results, "answers.csv");
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        let head = reader.headers().unwrap().clone();
        let book = file(&results, "codebook.md");
        for name in &head {
            assert!(book.contains(&format!("| `{name}` |")), "the codebook explains {name}");
        }
        let at = |name: &str| head.iter().position(|head| head == name).unwrap();
        let rows: Vec<csv::StringRecord> = reader.records().map(|row| row.unwrap()).collect();
        assert_eq!(rows.len(), results.rows.len(), "one row an answer");
        for (row, answer) in rows.iter().zip(&results.rows) {
            assert_eq!(row[at("ms")], answer.ms.to_string(), "times as they were");
            assert_eq!(
                row[at("right")],
                answer.right.map_or(String::new(), |right| u8::from(right).to_string()),
                "right or wrong"
            );
            for cell in row {
                assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "a spreadsheet would run {cell:?}");
            }
            if let Some(text) = &answer.text {
                assert_eq!(row[at("text")].trim_start_matches('\''), text, "what was written is whole");
            }
        }
    }
}

#[test]
fn hostile_texts_stay_text_in_every_format() {
    let results = hostile();
    for file in files(&results, None).unwrap() {
        let text = String::from_utf8(file.bytes).unwrap();
        let name = file.name.as_str();
        if name.ends_with(".html") || name.ends_with(".svg") || name.ends_with(".md") {
            assert!(!text.contains("<script"), "{name}: markup in a text is escaped");
            assert!(!text.contains("55433"), "{name}: a text is never run as a template");
            assert!(!text.contains('\u{202e}') && !text.contains('\u{0}'), "{name}: nothing turns the text around it");
        }
        if name.ends_with(".md") {
            assert!(
                !text.contains("\n# head") && !text.contains("\n- item"),
                "{name}: a line break begins nothing new"
            );
            assert!(!text.contains("](http"), "{name}: a text makes no link");
            let mut columns = None;
            for line in text.lines() {
                let bars = line.replace("\\\\", "").replace("\\|", "").matches('|').count();
                if line.starts_with('|') {
                    assert_eq!(*columns.get_or_insert(bars), bars, "{name}: a text must not add a column: {line}");
                } else {
                    columns = None;
                }
            }
        }
        if name.ends_with(".tex") {
            assert_eq!(text.matches("\\end{document}").count(), 1, "no text ends the document");
            let body: Vec<&str> = text.lines().filter(|line| !line.starts_with('%')).collect();
            let plain = body.join("\n").replace("\\\\", "").replace("\\{", "").replace("\\}", "");
            assert_eq!(plain.matches('{').count(), plain.matches('}').count(), "every brace is closed");
            for command in ["%", "#", "$", "_"] {
                let bare = plain.replace(&format!("\\{command}"), "");
                assert!(!bare.contains(command), "{command} is a command where text belongs");
            }
        }
    }
}

#[test]
fn the_methods_hold_what_a_reviewer_asks_for() {
    let results = people();
    let kind = &results.kinds[0];
    let out = kind.analysis.excluded.len() as u64;
    assert!(out > 0, "somebody was left out");
    let text = methods(&results).replace("\\.", ".").replace("\\)", ")").replace("\\=", "=");
    let n = format!("(n = {})", kind.analysis.participants - out);
    let excluded = format!("{out} was left out");
    for wanted in [
        results.protocol_hash.as_str(),
        &n,
        &excluded,
        "Latin square of 3 rows",
        "24 participants were planned",
        "attention checks",
        "sign-flip tests by participant and by item",
        "Semid 0.9.0",
        "en version 3",
        "999 sign flips and 1,000 bootstrap resamples",
        "one was replaced by hand",
        "1 participant withdrew",
    ] {
        assert!(text.contains(wanted), "the methods lack “{wanted}”: {text}");
    }
}

#[test]
fn every_chart_has_a_table_with_a_row_for_every_mark() {
    for results in [people(), hostile()] {
        for kind in &results.kinds {
            for (name, chart) in charts(&results, kind) {
                let table = semid_report::chart_table(&chart);
                let drawn = semid_charts::draw(&chart, semid_charts::Theme::Light).unwrap();
                assert_eq!(table.rows.len(), drawn.marks().len(), "{name}: a row for every mark");
                for row in &table.rows {
                    assert_eq!(row.cells.len(), table.columns.len(), "{name}: a cell for every column");
                }
            }
        }
    }
}
