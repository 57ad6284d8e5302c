//! The real client against the server with faults.
#![allow(clippy::unwrap_used)]

use std::time::Instant;

use super::*;
use crate::mock::{MockServer, Turn};
use crate::{Budget, MemoryCache, Price, Retries};
use semid_core::{Constraint, Finish, Outcome, Prompt, Sampling, Seed};
use serde_json::json;

fn request(text: &str) -> Request {
    Request { prompt: Prompt::once("frame", text), sampling: Sampling::greedy(8), constraint: None }
}

fn requests(count: usize) -> Vec<Request> {
    (0..count).map(|at| request(&format!("question {at}"))).collect()
}

fn with_schema(text: &str) -> Request {
    let constraint = Some(Constraint::JsonSchema { name: "answer".into(), schema: json!({ "type": "object" }) });
    Request { constraint, ..request(text) }
}

/// Waits of a few milliseconds, a time limit that only a scripted wait passes.
fn settings(servers: &[&MockServer]) -> RemoteSettings {
    let mut settings = RemoteSettings::starter("mock", "http://127.0.0.1:9/v1", "mock");
    let endpoint =
        |(at, server): (usize, &&MockServer)| Endpoint { name: format!("server {at}"), base_url: server.url() };
    settings.endpoints = servers.iter().enumerate().map(endpoint).collect();
    settings.timeout_secs = 30.0;
    settings.retries = Retries { attempts: 4, first_wait_ms: 4, longest_wait_ms: 3_000, rest_after: 3 };
    settings
}

fn model(settings: RemoteSettings, cache: &Arc<MemoryCache>) -> RemoteModel {
    let ledger = Ledger::new(settings.budget, settings.price.clone()).unwrap();
    RemoteModel::new(settings, |_| Secret::new("sk-secret").map(Some), cache.clone(), ledger).unwrap()
}

/// One server, one request, one script: the reply, and how often it was sent.
fn reply_to(turns: impl IntoIterator<Item = Turn>) -> (Reply, usize) {
    let server = MockServer::start().unwrap();
    server.script(turns);
    let model = model(settings(&[&server]), &Arc::default());
    let reply = model.complete(&Work::new(Seed(1)), &[request("hello")]).unwrap().remove(0);
    (reply, server.seen().len())
}

fn failure(reply: &Reply) -> (FailureKind, &str) {
    match &reply.outcome {
        Outcome::Failed { kind, sentence } => (*kind, sentence),
        Outcome::Text { text, .. } => panic!("expected a failure, got {text:?}"),
    }
}

#[test]
fn answers_come_in_the_order_asked_and_no_more_are_on_their_way_than_set() {
    let server = MockServer::start().unwrap();
    server.answer_with(|body| format!("to {}", body["messages"][1]["content"].as_str().unwrap()));
    // The first is the last to be answered.
    server.script([Turn::Slow(Duration::from_millis(40))]);
    let model = model(RemoteSettings { concurrency: 3, ..settings(&[&server]) }, &Arc::default());
    let replies = model.complete(&Work::new(Seed(1)), &requests(12)).unwrap();
    for (at, reply) in replies.iter().enumerate() {
        assert_eq!(reply.text(), Some(format!("to question {at}").as_str()), "a reply belongs to its request");
        assert_eq!((reply.attempts, reply.cached), (1, false), "nothing failed, nothing was kept before");
    }
    assert!(server.most_at_once() <= 3, "{} were on their way at once, 3 are allowed", server.most_at_once());
    let seen = server.seen();
    assert!(seen.iter().all(|seen| seen.authorization.as_deref() == Some("Bearer sk-secret")), "each carries the key");
    let used = replies.iter().map(|reply| reply.usage.prompt_tokens + reply.usage.completion_tokens);
    assert_eq!(model.ledger().spent().tokens, used.sum::<u64>(), "the purse holds what the server counted");
}

#[test]
fn what_passes_is_tried_again() {
    let error = r#"{"error":{"message":"busy"}}"#;
    for turn in [
        Turn::Status(429, Some("0"), error),
        Turn::Status(429, None, "not even JSON"),
        Turn::Status(500, None, error),
        Turn::Status(503, None, error),
        Turn::Truncated,
        Turn::Dropped,
    ] {
        let (reply, sent) = reply_to([turn.clone(), turn.clone()]);
        assert_eq!(reply.text(), Some("ok"), "{turn:?} passes, so the third attempt is answered");
        assert_eq!((reply.attempts, sent), (3, 3), "{turn:?}: two attempts failed");
        let lost = matches!(turn, Turn::Truncated | Turn::Dropped);
        assert_eq!(reply.usage.estimated, lost, "{turn:?}: an answer that was lost may be charged, a refusal is not");
    }
}

#[test]
fn what_does_not_pass_is_a_failure_in_words_at_once() {
    let cases = [
        (Turn::Status(401, None, r#"{"error":{"message":"bad key sk-secret"}}"#), FailureKind::Rejected, "key"),
        (Turn::Status(404, None, r#"{"error":"model not found"}"#), FailureKind::Rejected, "model not found"),
        (Turn::Status(400, None, r#"{"error":{"message":"too long","code":400}}"#), FailureKind::Rejected, "too long"),
        (Turn::Status(302, None, ""), FailureKind::Rejected, "Redirects"),
        (Turn::MalformedJson, FailureKind::Malformed, "not JSON"),
        (Turn::Json(json!({ "hello": "world" })), FailureKind::Malformed, "no choice"),
        (Turn::Json(json!([])), FailureKind::Malformed, "no choice"),
    ];
    for (turn, kind, word) in cases {
        let (reply, sent) = reply_to([turn.clone()]);
        let (found, sentence) = failure(&reply);
        assert_eq!((found, sent), (kind, 1), "{turn:?} would be the same a second time");
        assert!(sentence.contains(word) && sentence.contains("server 0"), "{turn:?} is told in words: {sentence}");
        assert!(!sentence.contains("sk-secret"), "a key that the server repeated is not told on: {sentence}");
    }
}

#[test]
fn a_failure_that_stays_is_a_reply_and_the_others_are_answered() {
    let server = MockServer::start().unwrap();
    server.script(vec![Turn::Status(500, None, "out of memory"); 4]);
    let model = model(RemoteSettings { concurrency: 1, ..settings(&[&server]) }, &Arc::default());
    let replies = model.complete(&Work::new(Seed(1)), &requests(3)).unwrap();
    let (kind, sentence) = failure(&replies[0]);
    assert_eq!((kind, replies[0].attempts), (FailureKind::Server, 4), "all attempts were used");
    assert!(sentence.contains("out of memory") && sentence.contains("4 times"), "what and how often: {sentence}");
    assert!(replies[1..].iter().all(|reply| reply.text() == Some("ok")), "one failure does not end a run");
}

#[test]
fn a_server_that_is_slow_or_not_there_is_a_failure_in_words() {
    let server = MockServer::start().unwrap();
    server.script([Turn::Slow(Duration::from_secs(60))]);
    let mut slow = settings(&[&server]);
    (slow.timeout_secs, slow.retries.attempts) = (0.05, 1);
    let reply = model(slow, &Arc::default()).complete(&Work::new(Seed(1)), &[request("hello")]).unwrap().remove(0);
    assert_eq!(failure(&reply).0, FailureKind::Timeout, "there was no answer in time");
    assert!(reply.usage.estimated && reply.usage.completion_tokens == 8, "the server may have written all of it");

    let gone = { settings(&[&MockServer::start().unwrap()]) };
    let reply = model(gone, &Arc::default()).complete(&Work::new(Seed(1)), &[request("hello")]).unwrap().remove(0);
    let (kind, sentence) = failure(&reply);
    assert_eq!(kind, FailureKind::Connection, "nobody listens there: {sentence}");
    assert_eq!(reply.usage, Usage::default(), "nothing was sent, so nothing is charged");
}

#[test]
fn the_wait_that_a_server_asks_for_is_kept() {
    let server = MockServer::start().unwrap();
    server.script([Turn::Status(429, Some("60ms"), "slow down")]);
    let model = model(settings(&[&server]), &Arc::default());
    let replies = model.complete(&Work::new(Seed(1)), &[request("hello")]).unwrap();
    let seen = server.seen();
    assert_eq!((replies[0].text(), seen.len()), (Some("ok"), 2), "the second attempt is answered");
    assert!(seen[1].at - seen[0].at >= Duration::from_millis(60), "it was sent after that and not before");

    let server = MockServer::start().unwrap();
    server.script([Turn::Status(429, Some("3600"), "come back in an hour")]);
    let model = self::model(settings(&[&server]), &Arc::default());
    let replies = model.complete(&Work::new(Seed(1)), &[request("hello")]).unwrap();
    let (kind, sentence) = failure(&replies[0]);
    assert_eq!(kind, FailureKind::RateLimited, "nobody waits an hour");
    assert!(sentence.contains("3600 s"), "but is told of it: {sentence}");
}

#[test]
fn an_endpoint_that_rests_is_left_alone() {
    let (resting, awake) = (MockServer::start().unwrap(), MockServer::start().unwrap());
    let model = model(settings(&[&resting, &awake]), &Arc::default());
    let now = Instant::now();
    model.shared.pool.take(now, None).ok().unwrap().rest(now + Duration::from_secs(600));
    let replies = model.complete(&Work::new(Seed(1)), &requests(10)).unwrap();
    assert!(replies.iter().all(|reply| reply.text() == Some("ok")), "no request waits for the one that rests");
    assert_eq!((resting.seen().len(), awake.seen().len()), (0, 10), "the other one does the work");
}

#[test]
fn one_broken_endpoint_of_two_costs_retries_but_no_answers() {
    let (broken, good) = (MockServer::start().unwrap(), MockServer::start().unwrap());
    broken.script(vec![Turn::Dropped; 1_000]);
    let model = model(settings(&[&broken, &good]), &Arc::default());
    let replies = model.complete(&Work::new(Seed(1)), &requests(20)).unwrap();
    assert!(replies.iter().all(|reply| reply.text() == Some("ok")), "the other one answers them: {replies:?}");
    let most = replies.iter().map(|reply| reply.attempts).max();
    assert_eq!((good.seen().len(), most), (20, Some(2)), "what failed at one is tried at the other");
    assert!(broken.seen().len() >= 3, "both were asked");
}

#[test]
fn the_budget_stops_a_run_at_the_same_request_however_many_are_asked_at_once() {
    let answered = |concurrency: usize| {
        let server = MockServer::start().unwrap();
        let mut limited = RemoteSettings { concurrency, ..settings(&[&server]) };
        limited.budget = Budget { tokens: Some(120), cost: None };
        let model = model(limited, &Arc::default());
        let replies = model.complete(&Work::new(Seed(1)), &requests(60)).unwrap();
        let count = replies.iter().take_while(|reply| reply.text().is_some()).count();
        assert!(
            replies[count..].iter().all(|reply| failure(reply).0 == FailureKind::Budget),
            "after it nothing is sent"
        );
        assert_eq!(server.seen().len(), count, "what was not answered was not sent");
        let spent = model.ledger().spent();
        assert!(spent.stopped && spent.tokens <= 120, "the limit was not passed: {spent:?}");
        count
    };
    let (one, many) = (answered(1), answered(16));
    assert!(one > 0 && one == many, "{one} one by one, {many} at once");
}

#[test]
fn a_budget_counts_what_was_lost_on_the_way() {
    let server = MockServer::start().unwrap();
    server.script(vec![Turn::Dropped; 10]);
    let mut limited = settings(&[&server]);
    // The request may take 16 + 5 + 5 + 16 + 8 = 50 tokens, so that two attempts fit and a third does not.
    limited.budget = Budget { tokens: Some(110), cost: None };
    let model = model(limited, &Arc::default());
    let reply = model.complete(&Work::new(Seed(1)), &[request("hello")]).unwrap().remove(0);
    assert_eq!((failure(&reply).0, reply.attempts), (FailureKind::Budget, 2), "a third attempt could pass the limit");
    assert_eq!(model.ledger().spent().tokens, 100, "each lost answer counts as if it had been long");
}

#[test]
fn a_run_that_is_done_again_costs_nothing() {
    let server = MockServer::start().unwrap();
    let cache = Arc::default();
    let mut priced = settings(&[&server]);
    priced.price = Some(Price { prompt_per_million: 1.0, completion_per_million: 2.0, currency: "USD".into() });
    let work = Work::new(Seed(1));
    let asked = [request("a"), request("b"), request("a")];
    let first = model(priced.clone(), &cache).complete(&work, &asked).unwrap();
    assert_eq!(server.seen().len(), 2, "equal requests are sent once");
    let cost = |tokens: Usage| (tokens.prompt_tokens as f64 + 2.0 * tokens.completion_tokens as f64) / 1e6;
    assert_eq!(first[0].cost, Some(cost(first[0].usage)), "what the server counted, at the price that was set");
    assert!(first[2].cached && first[2].cost == Some(0.0), "the third came from the first");

    let again = model(priced.clone(), &cache);
    let second = again.complete(&work, &asked).unwrap();
    assert_eq!((server.seen().len(), again.ledger().spent().tokens), (2, 0), "nothing was sent");
    for (one, two) in first.iter().zip(&second) {
        assert_eq!((&one.outcome, one.usage), (&two.outcome, two.usage), "the same replies");
        assert!(two.cached && two.cost == Some(0.0) && two.attempts == 0, "marked as kept");
    }
    let other = model(RemoteSettings { name: "another".into(), ..priced }, &cache);
    assert!(!other.complete(&work, &asked).unwrap()[0].cached, "another server's replies are its own");
}

#[test]
fn failures_are_not_kept() {
    let server = MockServer::start().unwrap();
    server.script([Turn::Status(400, None, "no"), Turn::Answer]);
    let cache = Arc::default();
    let ask = || model(settings(&[&server]), &cache).complete(&Work::new(Seed(1)), &[request("a")]).unwrap().remove(0);
    assert!(ask().text().is_none() && ask().text() == Some("ok"), "next time it is asked again");
}

#[test]
fn a_server_without_schemas_answers_freely_and_the_reply_says_so() {
    for words in ["response_format is not supported", "bad request"] {
        let server = MockServer::start().unwrap();
        server.refuse_schemas(words);
        let one_by_one = RemoteSettings { concurrency: 1, ..settings(&[&server]) };
        let model = model(one_by_one, &Arc::default());
        let asked = [with_schema("a"), with_schema("b"), request("c")];
        let replies = model.complete(&Work::new(Seed(1)), &asked).unwrap();
        assert!(replies.iter().all(|reply| reply.text() == Some("ok")), "{words}: it answers without");
        let notes: Vec<usize> = replies.iter().map(|reply| reply.notes.len()).collect();
        assert_eq!(notes, [1, 1, 0], "{words}: those that wanted a schema say that it was not kept to");
        let tried = server.seen().iter().filter(|seen| seen.body.get("response_format").is_some()).count();
        assert_eq!((tried, server.seen().len()), (1, 4), "{words}: it was tried once and remembered");
    }
}

#[test]
fn a_server_with_schemas_gets_them_and_its_refusals_are_refusals() {
    let server = MockServer::start().unwrap();
    let one_by_one = RemoteSettings { concurrency: 1, ..settings(&[&server]) };
    let model = model(one_by_one, &Arc::default());
    server.script([Turn::Answer, Turn::Status(400, None, "prompt too long")]);
    let replies = model.complete(&Work::new(Seed(1)), &[with_schema("a"), with_schema("b")]).unwrap();
    assert!(replies[0].notes.is_empty(), "the schema was kept to");
    assert_eq!(failure(&replies[1]).0, FailureKind::Rejected, "this refusal is not about the schema");
    let schema = &server.seen()[0].body["response_format"]["json_schema"];
    assert_eq!((&schema["name"], &schema["strict"]), (&json!("answer"), &json!(true)), "as OpenAI defined it");
}

#[test]
fn a_server_that_calls_the_limit_otherwise_is_asked_in_its_words() {
    let server = MockServer::start().unwrap();
    server.script([Turn::Status(400, None, "Unsupported 'max_tokens': use 'max_completion_tokens' instead.")]);
    let one_by_one = RemoteSettings { concurrency: 1, ..settings(&[&server]) };
    let replies = model(one_by_one, &Arc::default()).complete(&Work::new(Seed(1)), &requests(2)).unwrap();
    assert!(replies.iter().all(|reply| reply.text() == Some("ok") && reply.attempts == 1), "no attempt was lost");
    let names: Vec<bool> = server.seen().iter().map(|seen| seen.body.get("max_tokens").is_some()).collect();
    assert_eq!(names, [true, false, false], "it was found out once");
}

#[test]
fn a_cut_or_uncounted_answer_says_so() {
    let (reply, _) = reply_to([Turn::Say("half a".into(), "length")]);
    assert_eq!(
        reply.outcome,
        Outcome::Text { text: "half a".into(), finish: Finish::Length },
        "whoever reads it knows"
    );
    let (reply, _) = reply_to([Turn::Uncounted]);
    assert!(reply.usage.estimated, "a count that nobody made is an upper bound");
}

#[test]
fn a_cancel_takes_effect_within_a_second_and_keeps_what_was_answered() {
    let server = MockServer::start().unwrap();
    server.script([Turn::Answer, Turn::Slow(Duration::from_secs(60)), Turn::Slow(Duration::from_secs(60))]);
    let cache: Arc<MemoryCache> = Arc::default();
    let model = model(RemoteSettings { concurrency: 1, ..settings(&[&server]) }, &cache);
    let work = Work::new(Seed(1));
    let (cancel, watched) = (work.cancel(), &server);
    let took = std::thread::scope(|scope| {
        let canceller = scope.spawn(move || {
            while watched.seen().len() < 2 {
                std::thread::sleep(Duration::from_millis(2));
            }
            cancel.cancel();
            Instant::now()
        });
        let result = model.complete(&work, &requests(5));
        assert!(matches!(result, Err(Error::Cancelled)), "cancelled, and nothing else");
        canceller.join().unwrap().elapsed()
    });
    assert!(took < Duration::from_secs(1), "it took {took:?}");
    let kept = self::model(settings(&[&server]), &cache).complete(&Work::new(Seed(1)), &requests(1)).unwrap();
    assert!(kept[0].cached, "the answer that had come is not paid twice");
}

#[test]
fn the_record_of_a_run_tells_all_but_the_key() {
    let server = MockServer::start().unwrap();
    let identity = model(settings(&[&server]), &Arc::default()).identity();
    let written = serde_json::to_string(&identity).unwrap();
    assert!(
        written.contains(&server.url()) && written.contains("\"attempts\":4"),
        "where, and how it was set: {written}"
    );
    assert!(!written.contains("secret"), "the key is no part of it: {written}");
}

#[test]
fn a_test_of_the_connection_lists_the_models_or_says_why_not() {
    let server = MockServer::start().unwrap();
    let gone = MockServer::start().unwrap().url();
    let mut tested = settings(&[&server]);
    tested.endpoints.push(Endpoint { name: "gone".into(), base_url: gone });
    tested.endpoints.push(Endpoint { name: "elsewhere".into(), base_url: server.url().replace("/v1", "/v2") });
    let tests = model(tested, &Arc::default()).test(&Work::new(Seed(1))).unwrap();
    assert_eq!((tests[0].models.len(), tests[0].has_model), (2, true), "the models it has, and the chosen one");
    assert_eq!(tests[0].problem, None, "nothing is wrong with it");
    for test in &tests[1..] {
        let problem = test.problem.as_deref().unwrap_or_default();
        assert!(problem.contains(&test.endpoint) && problem.contains("/v1"), "what happened and what to do: {problem}");
        assert!(!test.has_model && test.models.is_empty(), "nothing is known of its models");
    }
}

#[test]
fn a_remote_model_says_that_it_cannot_be_held_to_texts() {
    let server = MockServer::start().unwrap();
    let asked = Request { constraint: Some(Constraint::OneOf(vec!["a".into()])), ..request("a") };
    let reply = model(settings(&[&server]), &Arc::default()).complete(&Work::new(Seed(1)), &[asked]).unwrap().remove(0);
    assert_eq!(failure(&reply).0, FailureKind::Unsupported, "it is not asked something else instead");
    assert!(server.seen().is_empty(), "nothing was sent");
}
