//! Language models that learn, as arms of a comparison: estimated, trained, brought back from what is kept, written down.

use semid_api::engine::settings::{ExperimentSettings, IdSettings, Problem, RecommenderSettings};
use semid_api::wire::*;
use semid_core::comparison::Comparison;
use serde_json::{Value, json};

use crate::tiny_llama::{self, HIDDEN, INTERMEDIATE, VOCABULARY};
use crate::world::World;

/// A shop and a language model of a few thousand numbers.
fn with_model() -> World {
    let world = World::with_shop();
    std::fs::create_dir_all(world.path("home/models")).unwrap();
    for (name, family) in [("tiny", "llama"), ("other", "qwen2")] {
        std::fs::write(world.path(&format!("home/models/{name}.gguf")), tiny_llama::file(family)).unwrap();
    }
    world
}

fn settings(world: &World, name: &str, model: &str) -> ExperimentSettings {
    let mut settings = world.settings();
    settings.name = name.to_owned();
    settings.seeds = vec![1];
    settings.ids = ["hash", "rq-kmeans"].iter().filter_map(|key| IdSettings::starter(key)).collect();
    settings.recommenders =
        ["item-knn", "lm-soft", "lm-speak"].iter().filter_map(|key| RecommenderSettings::starter(key)).collect();
    for recommender in &mut settings.recommenders {
        match recommender {
            RecommenderSettings::LmSoft(soft) => {
                soft.model = model.to_owned();
                let tuning = &mut soft.tuning;
                (tuning.epochs, tuning.batch_rows, tuning.validation_cases) = (3, 128, 20);
            }
            RecommenderSettings::LmSpeak(speak) => {
                speak.model = model.to_owned();
                let tuning = &mut speak.tuning;
                (tuning.token_epochs, tuning.adapter_epochs, tuning.lessons_an_epoch) = (1, 2, 48);
                // As wide as the catalog, so that lists of any length begin alike.
                (tuning.validation_cases, tuning.beam, tuning.lora.rank) = (5, 40, 2);
            }
            _ => {}
        }
    }
    settings.prepare.test_users = Some(16);
    settings.settle_baseline();
    settings
}

/// Names and shapes of the tensors in a safetensors file.
fn header(world: &World, name: &str) -> Value {
    let bytes = std::fs::read(world.path(name)).unwrap();
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    serde_json::from_slice(&bytes[8..8 + length]).unwrap()
}

#[test]
fn a_language_model_that_learns_is_an_arm_whose_adapters_other_tools_read() {
    let world = with_model();
    let first = settings(&world, "tuned", "tiny");
    let estimate: Estimate = world.call("estimate", json!({ "settings": first }));
    assert!(estimate.basis.contains("timed"), "a few steps were timed: {}", estimate.basis);
    let taught: Vec<f64> =
        estimate.stages.iter().filter(|stage| stage.stage.contains("LM ")).map(|stage| stage.secs).collect();
    assert!(taught.len() == 3 && taught.iter().all(|&secs| secs > 0.0), "each training has its time: {taught:?}");

    let run = world.run(&first);
    let comparison: Comparison = world.call("comparison", json!({ "run": run }));
    let keys: Vec<&str> = comparison.arms.iter().map(|arm| arm.key.as_str()).collect();
    assert_eq!(keys, ["item-knn", "lm-soft", "lm-speak/hash", "lm-speak/rq-kmeans"], "an arm for each ID scheme");
    assert_eq!(comparison.protocol.users, 16, "the same users for all arms");
    for arm in &comparison.arms[1..] {
        assert!(arm.cost.parameters > 0, "{} says how many numbers it learned", arm.key);
        let losses = arm.curves.iter().find(|curve| curve.series == "training loss");
        assert_eq!(losses.map(|curve| curve.points.len()), Some(3), "{} shows how it learned", arm.key);
    }

    // Longer lists are ranked anew by the models that are kept.
    let mut second = settings(&world, "longer lists", "tiny");
    second.evaluation.metrics.push("recall@20".to_owned());
    let longer: Comparison = world.call("comparison", json!({ "run": world.run(&second) }));
    for (arm, again) in comparison.arms.iter().zip(&longer.arms).skip(1) {
        assert_eq!(arm.values[0].by_seed, again.values[0].by_seed, "{} gives the lists it gave", arm.key);
        let (before, after) = (arm.cost.train_secs, again.cost.train_secs);
        assert!(before > 0.0 && before.to_bits() == after.to_bits(), "{} was not trained again", arm.key);
    }

    let export = |arm: &str, folder: &str| json!({ "run": run, "arm": arm, "seed": 1, "output": world.path(folder) });
    let written: AdaptersWritten = world.call("export_adapters", export("lm-speak/rq-kmeans", "adapters"));
    assert_eq!((written.model.as_str(), written.files.len()), ("tiny", 5), "it says what they belong to");
    let adapters = header(&world, "adapters/adapter_model.safetensors");
    let shape = |name: &str| adapters[format!("base_model.model.model.layers.1.{name}.weight")]["shape"].clone();
    assert_eq!(shape("mlp.down_proj.lora_A"), json!([2, INTERMEDIATE]), "rank × inputs");
    assert_eq!(shape("self_attn.k_proj.lora_B"), json!([HIDDEN / 2, 2]), "outputs × rank");
    let config: Value =
        serde_json::from_slice(&std::fs::read(world.path("adapters/adapter_config.json")).unwrap()).unwrap();
    assert_eq!((&config["r"], &config["base_model_name_or_path"]), (&json!(2), &json!("tiny")), "as PEFT reads it");
    let tokens: Value =
        serde_json::from_slice(&std::fs::read(world.path("adapters/added_tokens.json")).unwrap()).unwrap();
    assert_eq!(tokens["<|sid_0_0|>"], json!(VOCABULARY), "new tokens stand behind the model's own");
    let rows = header(&world, "adapters/new_tokens.safetensors")["embed_tokens.weight"]["shape"].clone();
    assert_eq!(rows, json!([tokens.as_object().unwrap().len(), HIDDEN]), "a row for each of them");

    let soft: AdaptersWritten = world.call("export_adapters", export("lm-soft", "soft"));
    assert_eq!(soft.files, [world.path("soft/projection.safetensors")], "the projection is a file, too");
    let refused = world.refused("export_adapters", export("item-knn", "none"));
    assert!(refused.message.contains("lm-speak"), "what learned nothing has nothing to write: {}", refused.message);
}

#[test]
fn what_cannot_be_trained_on_is_refused_before_anything_runs() {
    let world = with_model();
    let draft = json!({ "name": "cluster", "model": "large", "urls": ["http://127.0.0.1:9/v1"] });
    let _: Vec<LanguageModelRow> = world.call("set_remote_model", draft);
    let check = |model: &str| -> Vec<Problem> {
        world.call("check", json!({ "settings": settings(&world, "refused", model) }))
    };
    for (model, word) in [("cluster", "behind a URL"), ("other", "family")] {
        let problems = check(model);
        let fields: Vec<&str> = problems.iter().map(|problem| problem.field.as_str()).collect();
        assert_eq!(fields, ["recommenders.lm-soft.model", "recommenders.lm-speak.model"], "beside their fields");
        assert!(problems[0].sentence.contains(word), "{model}: {}", problems[0].sentence);
    }
    assert_eq!(check("tiny"), [], "a llama of this machine is fine");
    let absent = settings(&world, "absent", "nobody");
    let estimate: Estimate = world.call("estimate", json!({ "settings": absent }));
    assert_eq!(estimate.missing, ["nobody"], "what is not here is named beforehand");
    assert!(estimate.secs > 0.0, "and what it would take is told all the same");
    let refused = world.refused("start_run", json!({ "settings": absent, "output": null }));
    assert!(refused.message.contains("nobody"), "it does not start: {}", refused.message);
}
