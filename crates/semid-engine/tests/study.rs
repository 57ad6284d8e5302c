//! A study from its design to a withdrawal, on the built-in sample with IDs that mean something, the same dealt anew, and
//! hash IDs.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::{Path, PathBuf};

use semid_core::study::{ParticipantKind, canonical_json};
use semid_core::{Seed, Work};
use semid_engine::settings::{ExperimentSettings, IdSettings};
use semid_engine::study::{Answer, AskedTrial, FileFate, StudyState, hmac_sha256, sign_next};
use semid_engine::{Engine, Home};
use serde_json::{Value, json};

/// The page's place for its session, and nothing else.
const PAGE: &str = "<html><script id=\"session\" type=\"application/json\">null</script></html>";

/// What one participant writes wherever words are asked for. A spreadsheet would compute it, a browser run it.
const WORDS: &str = "=SECRETWORDS <img src=x onerror=alert(1)>";

struct Place {
    folder: tempfile::TempDir,
    engine: Engine,
    work: Work,
}

impl Place {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Whether any file below the folder holds these bytes.
    fn holds(&self, folder: &str, bytes: &str) -> bool {
        fn search(folder: &Path, bytes: &[u8]) -> bool {
            std::fs::read_dir(folder).into_iter().flatten().flatten().any(|entry| {
                let path = entry.path();
                if path.is_dir() {
                    return search(&path, bytes);
                }
                std::fs::read(&path).unwrap().windows(bytes.len()).any(|window| window == bytes)
            })
        }
        search(&self.path(folder), bytes.as_bytes())
    }
}

/// The sample with three sets of IDs; the text encoder is the tiny one of the fixtures.
fn sample() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::open(Home::at(folder.path().join("home"))).unwrap();
    let work = Work::new(Seed(1));
    let dataset = engine.dataset_or_recipe(&work, "sample-films").unwrap();
    let mut settings = ExperimentSettings::starter(&dataset.name, dataset.items);
    let encoder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/embeddings/tiny-cls");
    settings.text.encoder = encoder.canonicalize().unwrap().to_str().unwrap().to_owned();
    (settings.codes.levels, settings.codes.codes) = (3, 6);
    let starter = |key: &str| IdSettings::starter(key).unwrap();
    for ids in [vec![starter("rq-kmeans")], vec![starter("permuted"), starter("rq-kmeans")], vec![starter("hash")]] {
        settings.ids = ids;
        engine.build_ids(&work, &settings, None).unwrap();
    }
    Place { folder, engine, work }
}

/// The session inside a file, as a browser reads it.
fn document(file: &Path) -> Value {
    let html = std::fs::read_to_string(file).unwrap();
    let (_, rest) = html.split_once("application/json\">").unwrap();
    let (json, end) = rest.split_once("</script>").unwrap();
    assert_eq!(end, "</html>", "nothing inside the session ends the script early");
    serde_json::from_str(json).unwrap()
}

/// The answer to a trial: what is asked in a check, else a place that goes around.
fn answer(trial: &Value, words: &str) -> Value {
    let position = trial["position"].as_u64().unwrap();
    let kind = trial["kind"].as_str().unwrap();
    let options = match &trial["points"] {
        Value::Null => trial["options"].as_array().unwrap().len() as u64,
        points => points["en"].as_array().unwrap().len() as u64,
    };
    let place = match (trial["attention"].as_u64(), kind) {
        (Some(place), _) => Some(place),
        (None, "naming") => None,
        (None, _) => Some((position * 7) % options),
    };
    json!({
        "position": position, "place": place, "cannot_judge": false,
        "confidence": (trial["confidence"] == true).then_some(position % 5),
        "text": (kind == "naming").then_some(words),
        "ms": 2000 + position, "answered_at": 1_700_000_000_000_u64 + position * 9000, "language": "en",
    })
}

/// Signs as the page does.
fn signed(document: &Value, answers: Vec<Value>, stopped: bool) -> Value {
    let key: Vec<u8> = {
        let hex = document["key"].as_str().unwrap();
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
    };
    let mut last = document["session"].as_str().unwrap().to_owned();
    let mut chain = Vec::new();
    for answer in answers {
        last = sign_next(&key, &last, &canonical_json(&answer));
        chain.push(json!({ "answer": answer, "mac": last }));
    }
    let mut file = json!({
        "form": 1, "pseudonym": document["pseudonym"], "session": document["session"],
        "protocol_hash": document["protocol_hash"],
        "consent": {
            "language": "en", "text_hash": document["consent_hash"]["en"], "given_at": 1_699_999_999_000_u64,
        },
        "answers": chain, "stopped": stopped,
    });
    let mac = hmac_sha256(&key, format!("{last}\n{}", canonical_json(&file)).as_bytes());
    file["mac"] = mac.into();
    file
}

fn all_answers(document: &Value, words: &str) -> Vec<Value> {
    document["trials"].as_array().unwrap().iter().map(|trial| answer(trial, words)).collect()
}

/// Writes a file and imports it.
fn hand_in(place: &Place, name: &str, file: &Value) -> Result<semid_engine::study::AnswersImported, String> {
    let path = place.path(name);
    std::fs::write(&path, file.to_string()).unwrap();
    place.engine.import_answers(&path).map_err(|error| error.to_string())
}

#[test]
fn a_study_goes_from_its_design_to_a_withdrawal_that_leaves_no_byte() {
    let place = sample();
    let (engine, work) = (&place.engine, &place.work);
    let ids = ["rq-kmeans", "permuted", "hash"].map(str::to_owned);
    let mut design = engine.starter_study("sample-films", &ids, None, None).unwrap();
    let kept = ["intrusion-easy", "naming", "matching", "together"];
    design.tasks.retain(|task| kept.contains(&task.key.as_str()));
    assert_eq!(design.tasks.len(), kept.len(), "all of them can be drawn from the sample");
    design.tasks.iter_mut().for_each(|task| task.per_arm = 2);

    // A draft may lack whom people can ask; a locked study may not.
    let draft = engine.save_study(&design, &[]).unwrap();
    assert_eq!(draft.stimuli.len(), 4 * 3 * 2, "two in each of three arms of four tasks");
    let problems = engine.check_study(&design, &[]).unwrap();
    assert_eq!(problems.iter().map(|one| one.field.as_str()).collect::<Vec<_>>(), ["consent"], "{problems:?}");
    assert!(engine.lock_study(&design.name).is_err(), "and it is not locked");
    let hostile = "Ask </script><script>alert(1)</script> & me\u{2028}<!--";
    design.consent.values_mut().for_each(|text| *text = hostile.to_owned());
    engine.save_study(&design, &[]).unwrap();
    let replaced = engine.replace_stimulus(&design.name, 2, None, "too well known").unwrap();
    assert_eq!(replaced.stimuli[2].replaced.len(), 1, "the replacement is on record");
    let locked = engine.lock_study(&design.name).unwrap();
    assert_eq!((locked.state, locked.protocol_hash.unwrap().len()), (StudyState::Open, 64), "fixed under a hash");
    assert!(engine.replace_stimulus(&design.name, 2, None, "x").is_err(), "a locked study does not change");
    assert_eq!(engine.save_study(&design, &[]).unwrap().study.version, 2, "there are new versions only");

    // Six people; rows of the Latin square fill up; neither arms nor right answers leave the program.
    let sessions = place.path("sessions");
    let made = engine.make_sessions(&design.name, None, 6, 1, Some((PAGE, &sessions))).unwrap();
    let documents: Vec<Value> = made.iter().map(|one| document(one.file.as_ref().unwrap())).collect();
    let rows: Vec<u32> = made.iter().map(|one| engine.store().participant(&one.pseudonym).unwrap().row).collect();
    assert_eq!(rows, [0, 1, 2, 0, 1, 2], "participants are dealt the rows in turn");
    for (document, one) in documents.iter().zip(&made) {
        assert_eq!(document["consent"]["en"], hostile, "hostile text comes through as text");
        assert_eq!(document["trials"].as_array().unwrap().len() as u64, one.trials, "every trial is there");
        let text = document["trials"].to_string();
        for hidden in ["rq-kmeans", "permuted", "\"hash\"", "\"answer\"", "\"arm\""] {
            assert!(!text.contains(hidden), "a page must not know “{hidden}”: {text}");
        }
    }

    // Four hand in files; what was tampered with is refused and changes nothing.
    let words = |at: usize| if at == 0 { WORDS } else { "things to watch" };
    let all = |at: usize| all_answers(&documents[at], words(at));
    let whole: Vec<Value> = documents.iter().zip(0..).map(|(one, at)| signed(one, all(at), false)).collect();
    let mut changed = whole[0].clone();
    changed["answers"][3]["answer"]["ms"] = 1.into();
    let refused = hand_in(&place, "changed.json", &changed).unwrap_err();
    assert!(refused.contains("Answer 4 does not match its signature"), "it says which: {refused}");
    let mut shorter = whole[0].clone();
    shorter["answers"].as_array_mut().unwrap().pop();
    assert!(hand_in(&place, "shorter.json", &shorter).unwrap_err().contains("The file does not match"), "nor cut");
    let mut swapped = whole[0].clone();
    swapped["session"] = documents[1]["session"].clone();
    assert!(hand_in(&place, "swapped.json", &swapped).is_err(), "nor under another's session");
    let mut beyond = all(0);
    beyond[0]["place"] = 99.into();
    let refused = hand_in(&place, "beyond.json", &signed(&documents[0], beyond, false)).unwrap_err();
    assert!(refused.contains("not offered"), "signed or not, it must be an answer: {refused}");
    let mut twice = all(0);
    twice.push(twice[0].clone());
    let refused = hand_in(&place, "twice.json", &signed(&documents[0], twice, false)).unwrap_err();
    assert!(refused.contains("answered twice"), "each once: {refused}");
    let mut agreed = whole[0].clone();
    agreed["consent"]["text_hash"] = "0".repeat(64).into();
    assert!(hand_in(&place, "agreed.json", &agreed).is_err(), "nor to another consent");
    assert!(engine.studies().unwrap().iter().all(|study| study.people == 0), "nothing of it was kept");
    for (at, file) in whole.iter().enumerate().take(4) {
        let imported = hand_in(&place, &format!("answers-{at}.json"), file).unwrap();
        assert_eq!((imported.new, imported.answers), (made[at].trials, made[at].trials), "{}", imported.sentence);
    }
    let again = hand_in(&place, "answers-0.json", &whole[0]).unwrap();
    assert!(again.new == 0 && again.sentence.contains("imported before"), "{}", again.sentence);
    let stopped = signed(&documents[4], all(4)[..3].to_vec(), true);
    assert_eq!(hand_in(&place, "answers-4.json", &stopped).unwrap().new, 3, "who stops hands in what there is");

    // The sixth takes part in the app's own window.
    let session = &made[5].session;
    let opened = engine.participant_session(session).unwrap();
    assert_eq!((opened.document.key.as_str(), opened.state.consent_given), ("", false), "the engine keeps the key");
    let first: Answer = serde_json::from_value(answer(&documents[5]["trials"][0], words(5))).unwrap();
    assert!(engine.participant_answer(session, &first).is_err(), "nobody answers before the consent");
    let hash = &opened.document.consent_hash["en"];
    engine.participant_consent(session, "en", hash, 1_700_000_000_000).unwrap();
    for (at, trial) in documents[5]["trials"].as_array().unwrap().iter().enumerate() {
        let given: Answer = serde_json::from_value(answer(trial, words(5))).unwrap();
        let state = engine.participant_answer(session, &given).unwrap();
        assert_eq!(state.answered.len(), at + 1, "acknowledged");
        assert_eq!(engine.participant_answer(session, &given).unwrap(), state, "told again, it is kept once");
    }
    let other = Answer { ms: 1, ..first };
    assert!(engine.participant_answer(session, &other).is_err(), "an answer that was given does not change");

    // Names that were given are matched by somebody else, and simulated participants stay apart.
    let second = engine.make_sessions(&design.name, None, 1, 2, Some((PAGE, &sessions))).unwrap();
    let matching = document(second[0].file.as_ref().unwrap());
    let named = matching["trials"].as_array().unwrap().iter().filter(|trial| trial["name"] == WORDS).count();
    assert!(named > 0, "names of the first part are shown");
    hand_in(&place, "answers-matching.json", &signed(&matching, all_answers(&matching, ""), false)).unwrap();
    engine.simulate_participants(work, &design.name, None, 3, 1, &Default::default()).unwrap();
    // A language model, or whatever else answers: here the same rule as the people follow.
    let rater = |asked: &AskedTrial<'_>| {
        let trial = serde_json::to_value(asked.trial).unwrap();
        Ok(Some(serde_json::from_value(answer(&trial, "model")).unwrap()))
    };
    let model = engine.model_participant(work, &design.name, None, 1, rater).unwrap();
    assert!(model.pseudonym.starts_with("M-"), "a model has a name that tells: {}", model.pseudonym);

    // Until data collection ends there are counts and times and nothing else.
    let masked = engine.study_analysis(work, &design.name, None, None).unwrap();
    assert!(masked.masked && masked.results.is_none(), "no outcome is shown");
    let letters: Vec<&str> = masked.progress[0].arms.iter().map(|arm| arm.letter.as_str()).collect();
    assert_eq!(letters, ["A", "B", "C"], "arms have no names yet");
    assert!(engine.export_study(work, &design.name, None, None, &place.path("early")).is_err(), "nor exported");
    assert_eq!(engine.close_study(&design.name, None).unwrap().state, StudyState::Closed, "data collection ends");
    assert!(engine.make_sessions(&design.name, None, 1, 1, None).is_err(), "nobody takes part any more");
    let late = signed(&documents[4], all(4), false);
    assert!(hand_in(&place, "late.json", &late).is_err(), "nor are late answers taken");

    let open = engine.study_analysis(work, &design.name, None, None).unwrap().results.unwrap();
    let three = [(ParticipantKind::Person, 7), (ParticipantKind::Simulated, 3), (ParticipantKind::Model, 1)];
    let kinds: Vec<(ParticipantKind, u64)> = open.kinds.iter().map(|one| (one.kind, one.with_answers)).collect();
    assert_eq!(kinds, three, "kinds are never mixed");
    assert!(open.model_agreement.iter().any(|row| row.task == "intrusion-easy" && row.n > 0), "beside the people");
    let people = &open.kinds[0];
    assert_eq!(
        people.analysis.excluded.len(),
        1,
        "who stopped is left out by the rule: {:?}",
        people.analysis.excluded
    );
    let arms: Vec<&str> = people
        .analysis
        .accuracy
        .iter()
        .filter(|row| row.task == "intrusion-easy")
        .map(|row| row.arm.as_str())
        .collect();
    assert_eq!(arms, ["rq-kmeans", "permuted", "hash"], "arms are named now");
    assert!(people.companions.iter().any(|row| row.measure == "prefix purity"), "automatic companions stand beside");
    assert!(people.names.iter().map(|name| name.asked).sum::<u64>() > 0, "names know how often they were matched");

    // Withdrawal.
    let results = place.path("results");
    let exported = engine.export_study(work, &design.name, None, None, &results).unwrap();
    assert!(exported.files.iter().any(|file| file == "results.json"), "{:?}", exported.files);
    assert!(place.holds("results", "SECRETWORDS") && place.holds("home", "SECRETWORDS"), "the words are there now");
    engine.export_study(work, &design.name, None, None, &place.path("touched")).unwrap();
    std::fs::write(place.path("touched/results.json"), "edited by hand").unwrap();
    let gone = &made[0].pseudonym;
    let withdrawn = engine.withdraw_participant(work, gone).unwrap();
    let fate = |name: &str| withdrawn.files.iter().find(|file| file.path.ends_with(name)).map(|file| file.fate);
    assert_eq!(withdrawn.answers, made[0].trials, "all answers are deleted");
    assert_eq!(fate("touched/results.json"), Some(FileFate::NotReached), "what somebody changed is left and named");
    assert_eq!(fate("results/results.json"), Some(FileFate::Rewritten), "what is ours is written without the person");
    assert_eq!(fate("answers-0.json"), Some(FileFate::NotReached), "a file that was handed in is not ours to delete");
    assert!(!made[0].file.as_ref().unwrap().exists(), "the session's file is gone");
    assert!(!second[0].file.as_ref().unwrap().exists(), "so is the one that showed words of this person");
    assert!(made[1].file.as_ref().unwrap().exists(), "those of others stay");
    assert!(!place.holds("results", gone), "no result speaks of the person");
    let left = engine.study(&design.name, Some(1)).unwrap();
    assert_eq!(left.withdrawals[0].files, withdrawn.files, "and it is on record what became of each file");
    for folder in ["home", "results", "sessions"] {
        assert!(!place.holds(folder, "SECRETWORDS"), "no byte of the words is left in {folder}");
    }
    assert!(engine.withdraw_participant(work, gone).is_err(), "who is gone is gone");
    assert!(semid_store::check(engine.store().folder()).is_empty(), "and the workspace is sound");
}
