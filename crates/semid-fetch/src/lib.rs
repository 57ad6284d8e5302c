//! Downloads what the engine works on: models and data sets, each named by a recipe.
//!
//! A [`Recipe`] lists files, their digests and several sources in order. [`Fetch::get`] asks one source after the other
//! until every file is there and has the digest the recipe names; what was verified is remembered, so that asking again
//! costs a few file stats. Nothing here runs unless somebody asks for it: [`Fetch::present`] looks without a network.

mod archive;
mod digest;
mod error;
mod fetch;
mod home;
mod http;
mod part;
mod pip;
mod recipe;
mod recipes;
mod verified;
mod watch;

pub use digest::Digest;
pub use error::{Error, Result};
pub use fetch::{Fetch, Fetched, Patience};
pub use home::{Home, config_folder, semid_home};
pub use recipe::{File, Import, Kind, Place, Prepare, Recipe, Source, Trust};
pub use recipes::{MINILM, SMOLLM2, datasets, find, language_models, models};
pub use watch::{Event, Silent, Watch};

#[cfg(test)]
mod tests;
