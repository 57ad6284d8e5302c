//! Reading TREC files: what is accepted, what is refused and how, and judging against a plain implementation.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use semid_core::metrics::Metric;
use semid_core::trec::{Qrels, Run, Ties, TrecEvaluation, evaluate};

fn judge(run: &str, qrels: &str, metrics: &[&str], ties: Ties) -> TrecEvaluation {
    let metrics: Vec<Metric> = metrics.iter().map(|key| key.parse().unwrap()).collect();
    let (run, qrels) = (Run::parse(run.as_bytes()).unwrap(), Qrels::parse(qrels.as_bytes()).unwrap());
    evaluate(&run, &qrels, &metrics, ties).unwrap()
}

#[test]
fn scores_decide_and_not_the_rank_column_or_the_order_of_lines() {
    let run = "u Q0 worse 1 0.5 t\r\nu\tQ0  best 9 1e3 t\n\n   \nu Q0 worst 2 -2 t";
    let result = judge(run, "u 0 worse 1\n", &["mrr@10"], Ties::TrecEval);
    assert_eq!(result.per_user, [[0.5]], "second by score, whatever blanks, tabs, line ends and ranks say");
}

#[test]
fn equal_scores_go_by_document_key_or_not_at_all() {
    let run = "u Q0 a 1 1 t\nu Q0 b 2 1 t\n";
    let mrr = |relevant: &str, ties| judge(run, &format!("u 0 {relevant} 1"), &["mrr@10"], ties).per_user[0][0];
    assert_eq!((mrr("b", Ties::TrecEval), mrr("a", Ties::TrecEval)), (1.0, 0.5), "the greater key comes first");
    assert_eq!((mrr("b", Ties::Expected), mrr("a", Ties::Expected)), (0.75, 0.75), "the mean of both orders");
    let result = judge("u Q0 a 1 0 t\nu Q0 b 2 -0.0 t\n", "u 0 a 1", &["mrr@10"], Ties::TrecEval);
    assert_eq!((result.per_user[0][0], result.tie_rate), (0.5, 1.0), "minus zero is zero");
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    let run = |text: &str| Run::parse(text.as_bytes()).unwrap_err().to_string();
    let qrels = |text: &str| Qrels::parse(text.as_bytes()).unwrap_err().to_string();
    let good = "u Q0 a 1 1.0 t\n";
    for (message, parts) in [
        (run(&format!("{good}u Q0 b 1 1.0\n")), ["Line 2", "5 fields"]),
        (run(&format!("{good}\nu Q0 b 1 1.0 t more\n")), ["Line 3", "7 fields"]),
        (run(&format!("{good}u Q0 b 1 high t\n")), ["Line 2", "`high`"]),
        (run(&format!("{good}u Q0 b 1 NaN t\n")), ["Line 2", "finite"]),
        (run(&format!("{good}u Q0 b 1 1e999 t\n")), ["Line 2", "finite"]),
        (run(&format!("{good}v Q0 a 1 1 t\nu Q0 a 2 0.5 t\n")), ["Line 3", "second time"]),
        (qrels("u 0 a 1\nu 0 a 1\n"), ["Line 2", "second time"]),
        (qrels("u 0 a 1.5\n"), ["Line 1", "whole number"]),
        (qrels("u a 1\n"), ["Line 1", "3 fields"]),
        (run(&"x".repeat(1 << 20)), ["Line 1", "1 fields"]),
        (run(&format!("u Q0 b 1 {} t", "x".repeat(1 << 20))), ["Line 1", "…"]),
    ] {
        assert!(parts.iter().all(|part| message.contains(part)), "{parts:?} should be in: {message}");
        assert!(message.len() < 300, "a long field is cut: {} bytes", message.len());
    }
}

#[test]
fn an_error_in_a_large_file_names_the_right_line() {
    let mut text = String::new();
    for user in 0..40_000 {
        writeln!(text, "user{user} Q0 document{user} 1 0.25 tag").unwrap();
    }
    text += "user39999 Q0 document39999 2 0.2 tag\n";
    let message = Run::parse(text.as_bytes()).unwrap_err().to_string();
    assert!(message.contains("Line 40001 "), "chunks are read in parallel, lines are counted in the file: {message}");
    let message = Run::parse(text.replace("user39998 ", "user39998").as_bytes()).unwrap_err().to_string();
    assert!(message.contains("Line 39999 "), "the first broken line of the file: {message}");
}

#[test]
fn binary_junk_and_nothing_are_no_panic() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    for length in [0, 1, 7, 8, 9, 1000, 200_000] {
        let junk: Vec<u8> = (0..length).map(|_| rng.random()).collect();
        assert_eq!(Run::parse(&junk).is_ok(), length == 0, "junk of {length} bytes is no run");
    }
    let (run, qrels) = (Run::parse(b"").unwrap(), Qrels::parse(b"u 0 a 1").unwrap());
    let message = evaluate(&run, &qrels, &["mrr@5".parse().unwrap()], Ties::TrecEval).unwrap_err().to_string();
    assert!(message.contains("No user of the run (0)"), "an empty run is told: {message}");
    let run = Run::parse(b"u Q0 a 1 1 t").unwrap();
    assert!(evaluate(&run, &qrels, &[], Ties::TrecEval).is_err(), "no metric was asked for");
}

#[test]
fn random_files_agree_with_a_plain_implementation_for_any_number_of_threads() {
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    let (mut run_lines, mut qrels_lines) = (Vec::new(), Vec::new());
    // User → documents with scores; user → relevant documents.
    let mut run: BTreeMap<String, Vec<(f64, String)>> = BTreeMap::new();
    let mut qrels: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for user in 0..3000 {
        let key = format!("{}user-{user}", "long-".repeat(user % 3));
        let mut documents: Vec<u32> = (0..200).collect();
        documents.shuffle(&mut rng);
        for &document in &documents[..rng.random_range(1..30)] {
            let (score, document) = (f64::from(rng.random_range(0..20u8)) / 4.0, format!("document{document}"));
            run_lines.push(format!("{key} Q0 {document} 0 {score} t"));
            run.entry(key.clone()).or_default().push((score, document));
        }
        documents.shuffle(&mut rng);
        for &document in &documents[..rng.random_range(1..60)] {
            qrels_lines.push(format!("{key} 0 document{document} 1"));
            qrels.entry(key.clone()).or_default().insert(format!("document{document}"));
        }
    }
    run_lines.shuffle(&mut rng);
    let (run_text, qrels_text) = (run_lines.join("\n"), qrels_lines.join("\n"));
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| judge(&run_text, &qrels_text, &["precision@10", "recall@10", "mrr@10"], Ties::TrecEval))
    };
    let result = with(1);
    assert_eq!(result, with(3), "lines are grouped alike, however they are dealt to threads");
    assert!(result.users.is_sorted() && result.users.len() == 3000, "users come sorted by key");
    for (user, values) in result.rows() {
        let mut list = run[user].clone();
        list.sort_by(|a, b| b.partial_cmp(a).unwrap());
        let hit = |(_, document): &(f64, String)| qrels[user].contains(document);
        let hits = list.iter().take(10).filter(|row| hit(row)).count() as f64;
        let first = list.iter().take(10).position(hit).map_or(0.0, |at| 1.0 / (at as f64 + 1.0));
        let truth = [hits / 10.0, hits / qrels[user].len() as f64, first];
        assert_eq!(values, truth, "{user} by the definitions");
    }
}
