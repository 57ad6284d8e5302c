//! Reads the files people have into clean rows and a list of what was wrong.
//!
//! [`import`] streams items, users and interactions into a [`Sink`]; memory grows with the number of different keys and
//! never with the number of rows. [`preview()`] looks at one file and says what it would be read as.

mod categories;
mod columns;
mod delimited;
mod format;
mod items;
mod json;
mod keys;
mod lines;
mod number;
mod outbox;
mod parquet_rows;
mod plan;
mod preview;
mod problem;
mod python;
mod run;
mod sink;
mod sniff;
mod table;
mod template;
mod text;
mod value;

pub use columns::{Mapping, Role};
pub use format::Format;
pub use plan::{ImportPlan, UnknownItems};
pub use preview::{Preview, preview};
pub use problem::{Problem, ProblemKind};
pub use run::import;
pub use sink::{FileSummary, ImportSummary, ImportedItem, InteractionRow, Sink};
pub use sniff::FileKind;
