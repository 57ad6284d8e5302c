//! The program itself: what it stands on, what a person set, what can be set.

use semid_api::engine::Home;
use semid_api::engine::settings::ExperimentSettings;
use semid_api::wire::{About, FieldFacts, Methods, Nothing, Preferences, ThemeChoice};
use semid_api::{ApiError, App, Code};
use serde_json::json;

use crate::fresh;

#[test]
fn what_a_person_set_is_there_after_a_restart() {
    let fresh = fresh();
    let home = Home::at(fresh.folder.path().join("home"));
    let models = fresh.folder.path().join("models");
    fresh.file("models/my-encoder/config.json", "{}");
    let set = Preferences {
        theme: ThemeChoice::Dark,
        text_size: Some(150),
        threads: Some(2),
        data_folder: None,
        model_folders: vec![models],
    };
    let _: Preferences = fresh.app.call("set_preferences", &set).unwrap();
    let again = App::new(home);
    assert_eq!(again.call::<Preferences>("preferences", Nothing {}).unwrap(), set, "read from the disk");
    let about: About = again.call("about", Nothing {}).unwrap();
    let row = about.models.iter().find(|model| model.name == "my-encoder");
    assert!(row.is_some_and(|row| row.here && row.folder.is_some()), "models are looked for in further folders");
    for name in ["all-MiniLM-L6-v2", "SmolLM2-135M-Instruct"] {
        let row = about.models.iter().find(|model| model.name == name).unwrap();
        assert!(!row.here && row.bytes > Some(80_000_000), "what can be fetched says its size");
        assert!(!row.licence.is_empty(), "and its licence");
    }
    assert!(about.facts.iter().any(|fact| fact.0 == "SQLite"), "versions: {:?}", about.facts);
}

#[test]
fn the_data_folder_is_kept_outside_of_it_and_found_again() {
    let fresh = fresh();
    let config = fresh.folder.path().join("config");
    let folder = fresh.folder.path().join("elsewhere");
    let app = App::new(Home::at(fresh.folder.path().join("home"))).with_config(Some(config.clone()));
    let set = Preferences { data_folder: Some(folder.clone()), ..Preferences::default() };
    let kept: Preferences = app.call("set_preferences", &set).unwrap();
    assert_eq!(kept.data_folder, Some(folder.clone()), "told back as kept");
    assert!(folder.is_dir(), "the folder is made at once, so that a wrong place shows at once");
    let none: Preferences = app.call("set_preferences", Preferences::default()).unwrap();
    assert_eq!(none.data_folder, None, "and can be given up again");
}

#[test]
fn preferences_that_cannot_be_are_refused_field_by_field() {
    let fresh = fresh();
    let bad = json!({ "threads": 0, "data_folder": "relative", "model_folders": ["/no/such/folder"] });
    let error: Result<Preferences, ApiError> = fresh.app.call("set_preferences", bad);
    let error = error.unwrap_err();
    let fields: Vec<&str> = error.problems.iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!((error.code, fields), (Code::Settings, vec!["threads", "data_folder", "model_folders"]), "all at once");
    let kept: Preferences = fresh.app.call("preferences", Nothing {}).unwrap();
    assert_eq!(kept, Preferences::default(), "and nothing was kept");
}

#[test]
fn a_form_gets_every_method_and_every_setting_explained() {
    let fresh = fresh();
    let methods: Methods = fresh.app.call("methods", Nothing {}).unwrap();
    assert!(methods.ids.iter().all(|id| id.sentence.ends_with('.')), "schemes");
    assert!(methods.recommenders.iter().all(|recommender| recommender.sentence.ends_with('.')), "recommenders");
    assert!(methods.metrics.iter().any(|metric| metric.key == "ndcg@10"), "metrics");
    let settings = ExperimentSettings::starter("shop", 100);
    let fields: Vec<FieldFacts> = fresh.app.call("fields", json!({ "settings": settings })).unwrap();
    assert!(fields.iter().any(|field| field.field == "recommenders.generative.d_model"), "settings of methods, too");
}
