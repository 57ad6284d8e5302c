//! The recipes that are built in, so that an installed program has them.

use crate::{Error, Kind, Recipe, Result};

/// The text encoder used unless another is named.
pub const MINILM: &str = "all-MiniLM-L6-v2";

/// The language model that is fetched where none is named.
pub const SMOLLM2: &str = "SmolLM2-135M-Instruct";

const BUILT_IN: [(&str, &str); 7] = [
    (MINILM, include_str!("../models/all-MiniLM-L6-v2.toml")),
    (SMOLLM2, include_str!("../models/SmolLM2-135M-Instruct.toml")),
    ("sample-films", include_str!("../../../datasets/sample-films.toml")),
    ("movielens-100k", include_str!("../../../datasets/movielens-100k.toml")),
    ("movielens-1m", include_str!("../../../datasets/movielens-1m.toml")),
    ("movielens-latest-small", include_str!("../../../datasets/movielens-latest-small.toml")),
    ("amazon-beauty-2014", include_str!("../../../datasets/amazon-beauty-2014.toml")),
];

/// Files that are built in, by recipe and path.
const BUNDLED: [(&str, &str, &[u8]); 2] = [
    ("sample-films", "items.jsonl", include_bytes!("../../../datasets/sample-films/items.jsonl")),
    ("sample-films", "interactions.csv", include_bytes!("../../../datasets/sample-films/interactions.csv")),
];

/// The bytes of a built-in file.
pub(crate) fn bundled(recipe: &str, path: &str) -> Option<&'static [u8]> {
    BUNDLED.iter().find(|file| (file.0, file.1) == (recipe, path)).map(|file| file.2)
}

/// One built-in recipe by name, any case.
pub fn find(name: &str) -> Result<Option<Recipe>> {
    let found = BUILT_IN.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map(|(known, text)| Recipe::parse(known, text)).transpose()
}

/// All built-in text encoders.
pub fn models() -> Result<Vec<Recipe>, Error> {
    all(Kind::Model)
}

/// All built-in language models; fetched only when asked for.
pub fn language_models() -> Result<Vec<Recipe>, Error> {
    all(Kind::LanguageModel)
}

/// All built-in data sets.
pub fn datasets() -> Result<Vec<Recipe>, Error> {
    all(Kind::Dataset)
}

fn all(kind: Kind) -> Result<Vec<Recipe>, Error> {
    let mut recipes = Vec::new();
    for (name, text) in BUILT_IN {
        let recipe = Recipe::parse(name, text)?;
        if recipe.kind == kind {
            recipes.push(recipe);
        }
    }
    Ok(recipes)
}
