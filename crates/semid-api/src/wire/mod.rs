//! What goes over the wire: requests and replies that are not an engine's own type. TypeScript of all of them is in
//! `ui/src/lib/wire.ts`, written by `cargo xtask wire` and checked by a test.

mod bridge;
mod data;
mod explore;
mod language;
mod results;
mod runs;
mod study;
mod system;

pub use bridge::*;
pub use data::*;
pub use explore::*;
pub use language::*;
pub use results::*;
pub use runs::*;
pub use study::*;
pub use system::*;
