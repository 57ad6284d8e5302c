//! Answers as models give them, and worse.
#![allow(clippy::unwrap_used)]

use super::*;
use rand::Rng;
use semid_core::{FailureKind, Seed, Usage};

fn choices() -> Choices {
    let ids = ["<1·2·3>", "<1·2·4>", "<5·0·0>", "<5·0·1>"];
    Choices::new(ids.iter().enumerate().map(|(at, id)| ((*id).to_owned(), at as u32 * 10)))
}

fn said(text: &str, finish: Finish) -> Reply {
    let outcome = Outcome::Text { text: text.to_owned(), finish };
    Reply { outcome, usage: Usage::default(), ..Reply::failed(FailureKind::Server, "") }
}

fn read(text: &str) -> Grounded {
    read_ranking(&said(text, Finish::Stop), &choices(), 4)
}

fn order(grounded: &Grounded) -> Vec<Option<usize>> {
    grounded.named.iter().map(|named| named.choice).collect()
}

#[test]
fn one_json_value_is_read_wherever_it_stands() {
    for text in [
        r#"["<5·0·0>","<1·2·3>"]"#,
        r#"{"ranking": ["<5·0·0>", "<1·2·3>"]}"#,
        "```json\n{\"ranking\": [\" 5·0·0 \", \"1·2·3\"]}\n```",
        "Here is my ranking:\n[\"<5·0·0>\", \"<1·2·3>\"]\nI hope this helps :)",
        r#"<think>[1] or {"2"} … hm [</think>[{"id":"<5·0·0>","explanation":"like \"it\""},{"id":"<1·2·3>"}]"#,
        r#"Of [course {not: ["<5·0·0>","<1·2·3>"]"#,
    ] {
        let grounded = read(text);
        assert_eq!(order(&grounded), [Some(2), Some(0)], "{text} says it plainly");
        let expected = Tally { asked: 1, valid: 2, missing: 2, ..Tally::default() };
        assert_eq!(grounded.tally, expected, "{text}: two were named, two of the four wanted were not");
    }
}

#[test]
fn what_was_not_offered_or_was_named_before_keeps_its_place_as_a_miss() {
    let grounded = read(r#"["<9·9·9>", "<1·2·3>", "<1·2·3>", "<1·2>", "<1·2·40>", 7, "<5·0·1>"]"#);
    assert_eq!(order(&grounded), [None, Some(0), None, None, None, None, Some(3)], "nothing moves up");
    let expected = Tally { asked: 1, valid: 2, invalid: 4, duplicates: 1, missing: 2, ..Tally::default() };
    assert_eq!(grounded.tally, expected, "each kind is counted apart");
    assert_eq!(grounded.tally.validity(), Some(3.0 / 7.0), "a duplicate is an ID of an item, but no hit");
    let list = grounded.list(&choices());
    let items: Vec<&[u32]> = list.entries.iter().map(|entry| entry.items.as_slice()).collect();
    assert_eq!(items, [&[][..], &[0], &[], &[], &[], &[], &[30]], "the metrics see the misses");
    assert!(list.entries.windows(2).all(|pair| pair[0].score > pair[1].score), "best first");
    assert_eq!(grounded.ranks(&choices()), [Some(1), None, None, Some(6)], "the rank that each choice was given");
}

#[test]
fn an_answer_that_is_not_one_list_is_no_answer() {
    let malformed = Tally { asked: 1, malformed: 1, missing: 4, ..Tally::default() };
    let truncated = Tally { asked: 1, truncated: 1, missing: 4, ..Tally::default() };
    for (text, expected) in [
        ("", malformed),
        ("<1·2·3>, <1·2·4>", malformed),
        (r#"["<1·2·3>"] or rather ["<1·2·4>"]"#, malformed),
        (r#"{"ranking": ["<1·2·3>"], "also": ["<1·2·4>"]}"#, malformed),
        (r#"{"ranking": "<1·2·3>"}"#, malformed),
        (r#"[["<1·2·3>"]]"#, malformed),
        (r#"[{"name": "<1·2·3>"}]"#, malformed),
        (r#"["<1·2·3>", "<1·2"#, truncated),
        (r#"{"ranking": ["<1·2·3>"]"#, truncated),
        ("<think>[\"<1·2·3>\"] would be", malformed),
    ] {
        let grounded = read(text);
        assert_eq!((grounded.tally, grounded.named.len()), (expected, 0), "{text:?} leaves room for guesses");
    }
    let cut = read_ranking(&said(r#"["<1·2·3>"]"#, Finish::Length), &choices(), 4);
    assert_eq!(cut.tally, truncated, "a server that says it was cut is believed");
    let failed = read_ranking(&Reply::failed(FailureKind::Server, "down"), &choices(), 2);
    assert_eq!(failed.tally, Tally { asked: 1, failed: 1, missing: 2, ..Tally::default() }, "a failure is counted");
    let all: Tally = [failed.tally, cut.tally, read(r#"["<1·2·3>"]"#).tally].into_iter().sum();
    assert_eq!((all.asked, all.readable(), all.missing), (3, 1, 9), "answers add up");
}

#[test]
fn items_that_share_an_id_are_ranked_together() {
    let shared = Choices::new([("<1>".to_owned(), 7), ("<2>".to_owned(), 8), ("<1>".to_owned(), 9)]);
    assert_eq!((shared.len(), shared.items(0)), (2, &[7, 9][..]), "the ID is offered once");
    let list = read_ranking(&said(r#"["<1>"]"#, Finish::Stop), &shared, 2).list(&shared);
    assert_eq!(list.entries[0].items, [7, 9], "metrics take the expectation over both");
}

#[test]
fn arbitrary_answers_never_panic_and_never_name_what_was_not_offered() {
    let choices = choices();
    let mut rng = Seed(11).rng("answers");
    let pieces = [
        "[",
        "]",
        "{",
        "}",
        "\"",
        ",",
        ":",
        "<",
        ">",
        "·",
        "1·2·3",
        "\"<1·2·3>\"",
        "\"<5·0·1>\"",
        "\"<9·9·9>\"",
        "\"id\":",
        "\"explanation\":",
        "null",
        "1e999",
        "-",
        "\\u0000",
        "\\ud800",
        "```json\n",
        "<think>",
        "</think>",
        " ",
        "\n",
        "é",
        "{\"ranking\":[",
        "]}",
        "\u{202e}",
        "[[[[[[[[",
        "{\"a\":",
    ];
    let whole: Vec<char> =
        r#"{"ranking": ["<1·2·3>", "<5·0·1>", "<9·9·9>", "<1·2·3>", {"id": "1·2·4"}]}"#.chars().collect();
    let mut read_some = 0;
    for round in 0..30_000 {
        let text = match round % 3 {
            0 => {
                let bytes: Vec<u8> = (0..rng.random_range(0..60)).map(|_| rng.random()).collect();
                String::from_utf8_lossy(&bytes).into_owned()
            }
            1 => (0..rng.random_range(0..14)).map(|_| pieces[rng.random_range(0..pieces.len())]).collect(),
            _ => {
                let mut text = whole.clone();
                for _ in 0..rng.random_range(0..4) {
                    let (from, to) = (rng.random_range(0..text.len()), rng.random_range(0..text.len()));
                    text[to] = text[from];
                }
                text.into_iter().collect()
            }
        };
        let reply = said(&text, Finish::Stop);
        let grounded = read_ranking(&reply, &choices, 4);
        let tally = grounded.tally;
        assert_eq!(tally.readable() + tally.malformed + tally.truncated, 1, "{text:?} is one answer of one kind");
        assert_eq!(tally.valid + tally.missing, 4, "{text:?}: what was wanted was named or is missing");
        let named = tally.valid + tally.invalid + tally.duplicates;
        assert_eq!(named, grounded.named.len() as u64, "{text:?}: each place is counted once");
        for choice in grounded.named.iter().filter_map(|named| named.choice) {
            let id = choices.ids()[choice].trim_matches(['<', '>']);
            assert!(text.contains(id), "{text:?} does not hold {id}");
        }
        read_some += tally.valid;
        let _ = (read_choice(&reply, 4), read_rating(&reply, 5), read_explanation(&reply));
    }
    assert!(read_some > 1_000, "the answers were not all nonsense: {read_some} IDs were read");
    for deep in ["[".repeat(100_000), "{\"a\":".repeat(50_000), "[\"<1·2·3>\",".repeat(20_000), "[0] ".repeat(50_000)]
    {
        assert!(read(&deep).named.is_empty(), "depth and length are no answer");
    }
}

#[test]
fn raters_answer_with_a_place_a_point_or_nothing() {
    let reply = |text: &str| said(text, Finish::Stop);
    assert_eq!(read_choice(&reply("{\"choice\": 2}"), 4), Ok(1), "places are counted from 1");
    for text in ["{\"choice\": 0}", "{\"choice\": 5}", "{\"choice\": \"2\"}", "{\"choice\": 2.5}", "2", "{}"] {
        assert_eq!(read_choice(&reply(text), 4), Err(Unreadable::Malformed), "{text} is no place of four");
    }
    assert_eq!(read_rating(&reply("```\n{\"rating\": 5}\n```"), 5), Ok(Some(4)), "the highest point");
    assert_eq!(read_rating(&reply("{\"rating\": null}"), 5), Ok(None), "it cannot be judged");
    assert_eq!(read_rating(&reply("{\"rating\": 6}"), 5), Err(Unreadable::Malformed), "there is no such point");
    assert_eq!(read_explanation(&reply("{\"explanation\": \"a\\nb\"}")), Ok("a b".to_owned()), "on one line");
    assert_eq!(read_explanation(&reply("{\"explanation\": \" \"}")), Err(Unreadable::Malformed), "nothing was said");
}
