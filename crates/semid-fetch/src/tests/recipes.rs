//! The built-in recipes, and recipes that are refused.

use crate::{Kind, MINILM, Recipe, SMOLLM2, datasets, find, language_models, models};

#[test]
fn every_built_in_recipe_parses_and_is_found_by_its_name() {
    let all = [models().unwrap(), language_models().unwrap(), datasets().unwrap()].concat();
    assert!(all.len() >= 6, "two models and four public data sets are built in");
    for recipe in all {
        let found = find(&recipe.name.to_uppercase()).unwrap();
        assert_eq!(found.as_ref(), Some(&recipe), "a recipe is found by the name it gives itself, in any case");
        assert!(!recipe.licence.is_empty(), "{} says under which licence it is", recipe.name);
    }
    assert_eq!(find("no-such-thing").unwrap(), None, "an unknown name is no error");
    assert_eq!(find(MINILM).unwrap().map(|recipe| recipe.kind), Some(Kind::Model), "the encoder is a model");
    let names: Vec<String> = models().unwrap().into_iter().map(|recipe| recipe.name).collect();
    assert!(!names.iter().any(|name| name == SMOLLM2), "a language model is never fetched along with the encoders");
    let file = &find(SMOLLM2).unwrap().unwrap().files[0];
    assert!(file.path.ends_with(".gguf") && file.sha256.is_some(), "it is one file whose digest is known");
}

#[test]
fn a_recipe_that_leaves_out_a_digest_or_leaves_its_folder_is_refused_with_a_sentence() {
    let text = |file: &str| {
        format!(
            "name = \"x\"\ntitle = \"X\"\nkind = \"model\"\nlicence = \"none\"\nfiles = [{file}]\n[[sources]]\nfrom.web = {{ base = \"https://example.org/\" }}\n"
        )
    };
    let cases = [
        ("{ path = \"a\" }", "no sha256"),
        ("{ path = \"../a\", trust = \"first-use\" }", "not a plain path"),
        ("{ path = \"/a\", trust = \"first-use\" }", "not a plain path"),
        ("{ path = \"C:/a\", trust = \"first-use\" }", "not a plain path"),
        ("{ path = \".lock\", trust = \"first-use\" }", "not a plain path"),
        ("{ path = \"a\", sha256 = \"abc\" }", "not a SHA-256"),
        ("{ path = \"a\", sha265 = \"abc\" }", "unknown field"),
        ("", "brings no file"),
    ];
    for (file, problem) in cases {
        let error = Recipe::parse("x", &text(file)).unwrap_err().to_string();
        assert!(
            error.contains(problem) && error.contains("recipe x"),
            "{file} is refused because of “{problem}”: {error}"
        );
    }
}

#[test]
fn the_sample_is_built_in_and_needs_no_network_and_says_that_it_is_simulated() {
    let place = super::Place::new();
    let sample = find("sample-films").unwrap().unwrap();
    assert!(sample.is_bundled() && sample.simulated, "its viewers do not exist, and people are told");
    let fetched = place.get(&sample).unwrap();
    let rows = String::from_utf8(place.read(&sample, "interactions.csv")).unwrap();
    assert!(rows.lines().count() > 10_000, "the histories are all there");
    std::fs::write(fetched.folder.join("items.jsonl"), "edited").unwrap();
    assert_eq!(place.present(&sample), None, "an edited copy is not taken for the sample");
    place.get(&sample).unwrap();
    assert!(place.present(&sample).is_some(), "and getting it again makes it whole");
}

#[test]
fn movielens_means_the_same_whichever_source_served_it() {
    let recipe = find("movielens-100k").unwrap().unwrap();
    let imports: Vec<_> = recipe.sources.iter().map(|source| recipe.import_of(source).unwrap()).collect();
    assert!(imports.len() > 1, "there is a second source");
    for import in &imports {
        assert_eq!(import.text, imports[0].text, "items read the same, so embeddings and results are comparable");
        assert_eq!(import.prepare, imports[0].prepare, "the same filters apply");
    }
}
