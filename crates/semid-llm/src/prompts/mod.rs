//! What is said to a model: templates with a name, a version and a digest, and the tasks that fill them.

mod names;
pub mod tasks;
mod template;

pub use names::{ItemNames, Representation, Shown};
pub use template::{DiffLine, DiffMark, Part, PromptKind, Template, TemplateProblem};
