//! What came of a run, asked for as a client does: through `App::call`, on homes of their own with a small shop.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod bundles;
mod explore;
mod language;
mod people;
mod tiny_llama;
mod tuning;
mod world;
