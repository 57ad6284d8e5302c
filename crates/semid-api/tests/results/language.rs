//! Language models behind a URL, asked by a comparison and in one's own words: the client is the real one, the server a
//! scripted one in this process.

use semid_api::engine::settings::{ExperimentSettings, IdSettings, RecommenderSettings};
use semid_api::wire::*;
use semid_core::study::StudyDesign;
use semid_llm::mock::{MockServer, Turn};
use serde_json::{Value, json};

use crate::world::World;

/// The names that the schema of a request allows.
fn offered(body: &Value) -> Vec<String> {
    fn find(value: &Value) -> Option<&Vec<Value>> {
        match value {
            Value::Object(fields) => match fields.get("enum") {
                Some(Value::Array(names)) => Some(names),
                _ => fields.values().find_map(find),
            },
            _ => None,
        }
    }
    let names = find(&body["response_format"]).into_iter().flatten();
    names.filter_map(|name| name.as_str().map(str::to_owned)).collect()
}

/// Ranks what it was shown from the last to the first.
fn backwards(body: &Value) -> String {
    json!({ "ranking": offered(body).into_iter().rev().collect::<Vec<_>>() }).to_string()
}

fn with_model(world: &World, server: &MockServer) {
    let draft = json!({ "name": "cluster", "model": "tiny", "urls": [server.url()], "concurrency": 1 });
    let models: Vec<LanguageModelRow> = world.call("set_remote_model", draft);
    assert_eq!(models.len(), 1, "the model is kept");
    assert_eq!(models[0].draft.as_ref().unwrap().urls, [server.url()], "and can be edited");
}

fn settings(world: &World, name: &str) -> ExperimentSettings {
    let mut settings = world.settings();
    settings.name = name.to_owned();
    settings.seeds = vec![1];
    settings.ids = ["hash", "rq-kmeans"].iter().filter_map(|key| IdSettings::starter(key)).collect();
    settings.recommenders = ["item-knn", "lm-title", "lm-hash", "lm-legend"]
        .iter()
        .filter_map(|key| RecommenderSettings::starter(key))
        .collect();
    for recommender in &mut settings.recommenders {
        if let RecommenderSettings::LmTitle(asked)
        | RecommenderSettings::LmHash(asked)
        | RecommenderSettings::LmLegend(asked) = recommender
        {
            asked.model = "cluster".to_owned();
            asked.candidates = 6;
            asked.answer = serde_json::from_value(json!("written")).unwrap();
        }
    }
    settings.prepare.test_users = Some(12);
    settings.settle_baseline();
    settings
}

#[test]
fn a_language_model_is_an_arm_whose_every_answer_opens_with_its_prompt() {
    let server = MockServer::start().unwrap();
    server.answer_with(backwards);
    // The first user's request fails for good, the second's answer is no list: both are misses, and counted.
    server.script([Turn::Status(400, None, "{\"error\":{\"message\":\"no\"}}"), Turn::Say("no list".into(), "stop")]);
    let world = World::with_shop();
    with_model(&world, &server);
    let run = world.run(&settings(&world, "asked"));
    let comparison: semid_core::comparison::Comparison = world.call("comparison", json!({ "run": run }));
    let keys: Vec<&str> = comparison.arms.iter().map(|arm| arm.key.as_str()).collect();
    assert_eq!(keys, ["item-knn", "lm-title", "lm-hash", "lm-legend/hash", "lm-legend/rq-kmeans"]);
    assert_eq!(comparison.protocol.users, 12, "as many users as asked for, the same for all arms");
    let facts = &comparison.protocol.facts;
    assert!(facts.iter().any(|(label, value)| label == "Users" && value.contains("12")), "and the protocol says so");
    let title = &comparison.arms[1];
    let notes = title.health.warnings.join(" ");
    assert!(notes.contains("Of 12 answers, 10 could be read (1 requests failed"), "faults are counted: {notes}");
    assert!(notes.contains("ρ = -1.000"), "the order shown decided it all: {notes}");
    let answer: LmAnswer =
        world.call("language_answer", json!({ "run": run, "arm": "lm-title", "seed": 1, "user": null }));
    assert!(answer.question.contains("C1") && answer.named.is_empty(), "a failed request opens with its prompt, too");
    let cases: Vec<u32> = {
        let page: UserPage = world.call(
            "users",
            json!({ "run": run, "arm": "lm-title", "against": null, "metric": "ndcg@10", "sort": "user", "descending": false,
                "query": null, "offset": 0, "limit": 50 }),
        );
        page.rows.iter().map(|row| row.user).collect()
    };
    let opened: Vec<LmAnswer> = cases
        .iter()
        .map(|user| {
            world.call("language_answer", json!({ "run": run, "arm": "lm-legend/rq-kmeans", "seed": 1, "user": user }))
        })
        .collect();
    assert_eq!(opened.len(), 12, "every user has an answer");
    for answer in &opened {
        let named: Vec<&str> = answer.named.iter().map(|named| named.said.as_str()).collect();
        let backwards: Vec<&str> = answer.shown.iter().rev().map(String::as_str).collect();
        assert_eq!(named, backwards, "what was named is what the server said");
        assert!(answer.question.contains("What the codes mean"), "the legend stands in the prompt");
    }
    // The same settings under another name ask nothing anew.
    let before = server.seen().len();
    world.run(&settings(&world, "asked again"));
    assert_eq!(server.seen().len(), before, "what was answered costs nothing a second time");
}

#[test]
fn a_request_in_ones_own_words_is_answered_with_and_without_a_model() {
    let server = MockServer::start().unwrap();
    server.answer_with(|body| {
        let named: Vec<Value> = offered(body)
            .into_iter()
            .rev()
            .map(|id| json!({ "id": id, "explanation": "Because it shines." }))
            .collect();
        json!({ "items": named }).to_string()
    });
    let (world, _) = World::with_run();
    with_model(&world, &server);
    let schemes: Vec<SchemeRow> = world.call("schemes", json!({ "dataset": "shop" }));
    let ids = schemes.iter().find(|row| row.scheme == "rq-kmeans").unwrap().ids.clone();
    let request =
        |model: Option<&str>| json!({ "dataset": "shop", "ids": ids, "text": "a lamp", "model": model, "count": 4 });
    let alone: Asked = world.job("ask", request(None));
    assert_eq!(alone.items.len(), 4, "as many as asked for");
    assert!(alone.notes.iter().any(|note| note.contains("No language model spoke")), "and that is said");
    assert!(alone.items.is_sorted_by(|a, b| a.similarity >= b.similarity), "in the order of similarity");
    let asked: Asked = world.job("ask", request(Some("cluster")));
    assert_eq!(asked.model.as_deref(), Some("cluster"), "the model is named");
    assert_eq!(asked.items[0].explanation.as_deref(), Some("Because it shines."), "with its explanation");
    assert!(asked.prompt.unwrap().contains("a lamp"), "and the prompt can be read");
    server.script([Turn::MalformedJson]);
    let liked = json!({ "dataset": "shop", "ids": ids, "text": "a tent", "model": "cluster", "count": 4, "history": ["i03"],
        "earlier": [{ "text": "a lamp", "items": ["i00", "i04"] }] });
    let broken: Asked = world.job("ask", liked);
    assert!(broken.items.iter().all(|found| found.item.key != "i03"), "what was liked is known already");
    assert!(broken.model.is_none() && broken.items.len() == 4, "retrieval answers where the model cannot");
}

#[test]
fn explanations_of_the_same_recommendations_are_rated_in_a_study() {
    let server = MockServer::start().unwrap();
    server.answer_with(|_| json!({ "explanation": "It is like what you had." }).to_string());
    server.script([Turn::Say("no answer".into(), "stop")]);
    let (world, _) = World::with_run();
    with_model(&world, &server);
    let schemes: Vec<SchemeRow> = world.call("schemes", json!({ "dataset": "shop" }));
    let ids = |scheme: &str| schemes.iter().find(|row| row.scheme == scheme).unwrap().ids.clone();
    let request = json!({ "dataset": "shop", "ids": [ids("rq-kmeans"), ids("hash")], "model": "cluster", "count": 13, "seed": 1 });
    let set: ExplanationSet = world.job("explain", request.clone());
    let keys: Vec<&str> = set.arms.iter().map(|arm| arm.key.as_str()).collect();
    assert_eq!(keys, ["title", "hash", "legend.rq-kmeans", "legend.hash"]);
    assert_eq!((set.pairs, set.left_out), (12, 1), "what one arm could not say is left out of all");
    for arm in &set.arms {
        assert!(arm.explained.keys().eq(set.arms[0].explained.keys()), "the same items in every arm");
    }
    let asked = server.seen().len();
    let again: ExplanationSet = world.job("explain", request);
    assert_eq!((again, server.seen().len()), (set.clone(), asked), "asked again it costs nothing");
    let design: StudyDesign = world.job(
        "study_starter",
        json!({ "dataset": "shop", "ids": ["rq-kmeans", "hash"], "contact": "N",
        "explanations": set.name }),
    );
    let task = design.tasks.iter().find(|task| task.key == "explained").unwrap();
    assert_eq!(task.arms.len(), 4, "its arms are the ways of naming");
    let others = design.tasks.iter().filter(|other| other.key != "explained");
    assert!(others.into_iter().all(|other| other.arms == ["rq-kmeans", "hash"]), "the other tasks keep theirs");
    let saved: StudyDetail = world.job("study_save", json!({ "design": design, "texts": [] }));
    let shown = saved.stimuli.iter().find(|stimulus| stimulus.task == "explained").unwrap();
    assert_eq!(shown.views.len(), 4, "one item, explained in four ways");
    let because = shown.views[0].lead.last().unwrap();
    assert_eq!((because.0.as_str(), because.1.as_str()), ("because", "It is like what you had."));
}

#[test]
fn orders_in_titles_are_measured_on_the_same_candidates() {
    let server = MockServer::start().unwrap();
    // A model that obeys: what says so in its title comes first.
    server.answer_with(|body| {
        let names = offered(body);
        let asked = body["messages"].as_array().unwrap().last().unwrap()["content"].as_str().unwrap().to_owned();
        let obeys = |name: &String| {
            let line = asked.lines().find(|line| line.starts_with(&format!("- {name}:"))).unwrap_or_default();
            !(line.contains("number 1") || line.to_lowercase().contains("ignore"))
        };
        let mut ranked = names;
        ranked.sort_by_key(obeys);
        json!({ "ranking": ranked }).to_string()
    });
    let world = World::with_shop();
    with_model(&world, &server);
    let request = json!({ "dataset": "shop", "model": "cluster", "users": 30, "answer": "written" });
    let rows: Vec<OrdersRow> = world.job("orders_in_titles", request);
    let shares: Vec<f64> = rows.iter().map(|row| row.share).collect();
    assert_eq!(shares, [0.0, 0.01, 0.1], "none, one in a hundred, one in ten");
    assert_eq!((rows[0].shown, rows[0].changed), (0, 0), "without orders nothing changes");
    assert!(rows[2].shown > rows[1].shown && rows[2].first >= rows[2].first_before, "obedience shows: {rows:?}");
    assert!(rows.iter().all(|row| row.answers.contains("Of 30 answers, 30 could be read")), "and all could be read");
}
