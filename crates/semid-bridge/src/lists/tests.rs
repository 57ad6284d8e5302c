//! Lists of other systems: every form is read, and what does not fit is told in words.

#![allow(clippy::unwrap_used)]
use super::*;

fn list(user: &str, entries: &[(&str, f64)]) -> UserList {
    UserList { user: user.into(), entries: entries.iter().map(|&(item, score)| (item.to_owned(), score)).collect() }
}

fn read(name: &str, text: &str) -> Result<Lists> {
    Lists::read(name, text.as_bytes().to_vec())
}

fn refusal(name: &str, text: &str) -> String {
    let message = read(name, text).unwrap_err().to_string();
    assert!(message.starts_with(name), "the file is named: {message}");
    message
}

#[test]
fn every_form_of_the_same_lists_reads_the_same() {
    let scored = [list("u1", &[("a", 2.5), ("b", 1.0)]), list("u2", &[("c", 0.5)])];
    for (name, text) in [
        ("run.trec", "u1 Q0 a 1 2.5 x\nu1 Q0 b 2 1.0 x\nu2 Q0 c 1 0.5 x\n"),
        ("run.json", r#"{"u1": {"a": 2.5, "b": 1.0}, "u2": {"c": 0.5}}"#),
        ("run.json", r#"{"u1": [["a", 2.5], ["b", 1.0]], "u2": [{"item": "c", "score": 0.5}]}"#),
        (
            "run.json",
            r#"[{"user": "u1", "items": ["a", "b"], "scores": [2.5, 1]}, {"user_id": "u2", "item": "c", "score": 0.5}]"#,
        ),
        (
            "run.jsonl",
            "{\"user\": \"u1\", \"item\": \"a\", \"score\": 2.5}\n\n{\"user\": \"u1\", \"item\": \"b\", \"score\": 1}\n{\"user_id:token\": \"u2\", \"item_id:token\": \"c\", \"score\": 0.5}\n",
        ),
    ] {
        assert_eq!(read(name, text).unwrap().users, scored, "{text}");
    }
    let ordered = [list("7", &[("12", 0.0), ("3", -1.0)])];
    for (name, text) in [
        ("run.json", r#"{"7": [12, 3]}"#),
        ("run.json", r#"{"7": ["12", "3"]}"#),
        ("run.jsonl", r#"{"user": 7.0, "recommendations": [12.0, 3]}"#),
        ("run.jsonl", "{\"user\": 7, \"item\": 12}\n{\"user\": 7, \"item\": 3}"),
    ] {
        assert_eq!(read(name, text).unwrap().users, ordered, "the order is the score: {text}");
    }
    let by_rank =
        read("run.jsonl", "{\"user\": 1, \"item\": 5, \"rank\": 2}\n{\"user\": 1, \"item\": 6, \"rank\": 1}").unwrap();
    assert_eq!(by_rank.users[0].entries[1], ("6".to_owned(), -1.0), "a lower rank scores higher");
}

#[test]
fn what_cannot_be_judged_is_counted_and_named() {
    for (name, text, words) in [
        ("a.json", r#"{"u": {"a": 1e999}}"#, "out of range"),
        ("a.json", r#"{"u": {"a": NaN}}"#, "NaN is no JSON"),
        ("a.json", r#"{"u": {"a": null, "b": null}}"#, "2 scores are no finite numbers, the first that of item \"a\""),
        ("a.json", r#"{"u": ["a", "b", "a", "b"]}"#, "2 entries repeat an item"),
        ("a.json", r#"{"u": ["a"], "u": ["b"]}"#, "User \"u\" has two lists"),
        ("a.json", r#"{"u": ["a", true, {"x": 1}]}"#, "rank 3"),
        ("a.json", r#"{"u": "a"}"#, "no list"),
        ("a.json", r#"[{"user": "u", "items": ["a"], "scores": [1, 2]}]"#, "entry 1 has 1 items and 2 scores"),
        ("a.json", r#"[{"user": "u", "items": ["a"]}, {"user": "u", "items": ["b"]}]"#, "entry 2 is a second list"),
        ("a.json", r#"[{"who": "u", "item": "a"}]"#, "entry 1 names no user"),
        ("a.json", r#"[{"user": "u", "thing": "a"}]"#, "names no item"),
        ("a.json", "[1]", "Entry 1"),
        ("a.json", "3", "neither an object"),
        ("a.json", "{}", "no list in it"),
        ("a.jsonl", "{\"user\": 1, \"item\": 2}\n{oops", "Line 2"),
        ("a.trec", "u Q0 a 1 nan x\n", "line 1"),
        ("a.trec", "u Q0 a 1 2 x\nu Q0 a 2 1 x\n", "line 2"),
        ("a.parquet", "PAR1 no", "no Parquet file"),
        ("a.pkl", "", "Lists are read from files ending in"),
    ] {
        let message = refusal(name, text).to_lowercase();
        assert!(message.contains(&words.to_lowercase()), "{text} → {message}, which should say “{words}”");
    }
}
