//! The wire types as TypeScript: one file, types by name, then the commands.

use std::any::TypeId;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use ts_rs::{Config, TS, TypeVisitor};

/// The content of `ui/src/lib/wire.ts`: every type that goes over the wire, then every command with its request and
/// reply, then what comes of each job.
pub fn typescript() -> String {
    let mut types = Declarations::new();
    types.declare::<crate::ApiError>();
    crate::declare(&mut types);
    let Declarations { types, commands, jobs, .. } = types;
    let types: String = types.into_values().collect();
    format!(
        "// Written by `cargo xtask wire` from the Rust types; a test checks that it is current. Do not edit.\n\n{types}\
         /** Every command: its request and its reply. */\nexport interface Commands {{\n{commands}}}\n\n\
         /** What comes of the job that a command starts. */\nexport interface JobResults {{\n{jobs}}}\n"
    )
}

/// Types declared so far.
pub struct Declarations {
    config: Config,
    seen: BTreeSet<TypeId>,
    /// By name: the order in which a type names its parts is not the same for every build.
    types: BTreeMap<String, String>,
    /// Names that two types share, of which only one would be written.
    clashes: Vec<String>,
    commands: String,
    jobs: String,
}

impl Declarations {
    fn new() -> Self {
        // Counts stay far below 2^53, where a JavaScript number is exact.
        let config = Config::new().with_large_int("number");
        Declarations {
            config,
            seen: BTreeSet::new(),
            types: BTreeMap::new(),
            clashes: Vec::new(),
            commands: String::new(),
            jobs: String::new(),
        }
    }

    /// A command with its request and reply.
    pub fn command<Q: TS + 'static, R: TS + 'static>(&mut self, name: &str, about: &str) {
        self.declare::<Q>();
        self.declare::<R>();
        let (request, reply) = (Q::name(&self.config), R::name(&self.config));
        let _ = writeln!(self.commands, "  /** {about} */\n  {name}: {{ request: {request}; reply: {reply} }};");
    }

    /// What comes of the job a command starts.
    pub fn job<R: TS + 'static>(&mut self, name: &str) {
        self.declare::<R>();
        let _ = writeln!(self.jobs, "  {name}: {};", R::name(&self.config));
    }

    fn declare<T: TS + 'static + ?Sized>(&mut self) {
        if !self.seen.insert(TypeId::of::<T>()) {
            return;
        }
        T::visit_dependencies(self);
        T::visit_generics(self);
        // Only types of ours have a file of their own; strings, numbers and lists are spelled where they stand.
        if T::output_path().is_some() {
            let docs = T::docs().unwrap_or_default();
            let declaration = format!("{docs}export {}", T::decl(&self.config));
            let (name, text) = (T::ident(&self.config), layout(&declaration) + "\n\n");
            if self.types.get(&name).is_some_and(|other| *other != text) {
                self.clashes.push(name.clone());
            }
            self.types.insert(name, text);
        }
    }
}

/// One line for a comment of one sentence, and fields indented below their type.
fn layout(declaration: &str) -> String {
    let short = declaration.replace(" }", "\n}").replace("/**\n * ", "/** ");
    let mut lines: Vec<String> = Vec::new();
    let (mut depth, mut comment) = (0usize, false);
    for line in short.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if line == "*/" {
            if let Some(last) = lines.last_mut() {
                last.push_str(" */");
            }
            comment = false;
            continue;
        }
        if !comment && line.starts_with('}') {
            depth = depth.saturating_sub(1);
        }
        let star = if comment { " " } else { "" };
        lines.push(format!("{}{star}{line}", "  ".repeat(depth)));
        comment |= line.starts_with("/**");
        if !comment {
            let opened = line.matches('{').count();
            depth = (depth + opened).saturating_sub(line.matches('}').count() - usize::from(line.starts_with('}')));
        }
    }
    lines.join("\n")
}

impl TypeVisitor for Declarations {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        self.declare::<T>();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::path::Path;

    #[test]
    fn no_two_types_share_a_name() {
        let mut types = super::Declarations::new();
        crate::declare(&mut types);
        assert!(types.clashes.is_empty(), "give one a name of its own with #[ts(rename)]: {:?}", types.clashes);
    }

    #[test]
    fn the_types_of_the_window_are_those_of_the_engine() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/src/lib/wire.ts");
        let there = std::fs::read_to_string(path).unwrap_or_default();
        assert!(there == super::typescript(), "ui/src/lib/wire.ts is not current. Write it with: cargo xtask wire");
    }
}
