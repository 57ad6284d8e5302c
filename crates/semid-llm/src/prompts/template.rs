//! A prompt as text with holes: built in, or edited by a person and then checked, with a digest that names it in a record.

use std::collections::BTreeMap;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};
use semid_core::{Error, Prompt, Result};
use serde::{Deserialize, Serialize};
use similar::{ChangeTag, TextDiff};

use crate::item_text::quoted;

/// What a prompt asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "kebab-case")]
pub enum PromptKind {
    /// Candidates in the order in which a person would want them.
    Rank,
    /// IDs of what a person will meet next.
    Generate,
    /// Candidates that fit a request in a person's own words, each with an explanation.
    Ask,
    /// Why an item was recommended.
    Explain,
    /// A study's trial: which item is the stranger.
    Intrusion,
    /// A study's trial: to which group a new item belongs.
    ForwardSimulation,
    /// A study's trial: words for what items have in common.
    Naming,
    /// A study's trial: a point on a scale.
    Rating,
}

/// A prompt with holes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(rename = "PromptTemplate")]
pub struct Template {
    /// What it asks for.
    pub kind: PromptKind,
    /// "2" of the built-in ones; what a person called it of others.
    pub version: String,
    /// The frame the model works in.
    pub system: String,
    /// The question.
    pub user: String,
}

/// One thing that is wrong with an edited template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct TemplateProblem {
    /// Where.
    pub part: Part,
    /// What is wrong, and what to do.
    pub sentence: String,
}

/// The two parts of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "kebab-case")]
#[ts(rename = "PromptPart")]
pub enum Part {
    /// The frame.
    System,
    /// The question.
    User,
}

/// One line of a comparison with the built-in template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct DiffLine {
    /// In which part.
    pub part: Part,
    /// Whether it was added, taken away, or is the same.
    pub mark: DiffMark,
    /// The line, without its end.
    pub text: String,
}

/// What happened to a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "kebab-case")]
pub enum DiffMark {
    /// In both.
    Same,
    /// In the edited template only.
    Added,
    /// In the built-in template only.
    Removed,
}

/// So many steps are plenty for a prompt and few for a loop that does not end.
const FUEL: u64 = 200_000;
/// Bytes of a template part; what is longer was not written by hand.
const LONGEST_PART: usize = 20_000;
/// Bytes of a rendered part.
const LONGEST_PROMPT: usize = 4 << 20;

impl PromptKind {
    /// All of them.
    pub const ALL: [PromptKind; 8] = [
        PromptKind::Rank,
        PromptKind::Generate,
        PromptKind::Ask,
        PromptKind::Explain,
        PromptKind::Intrusion,
        PromptKind::ForwardSimulation,
        PromptKind::Naming,
        PromptKind::Rating,
    ];

    /// Its name in settings and records.
    pub fn key(self) -> &'static str {
        match self {
            PromptKind::Rank => "rank",
            PromptKind::Generate => "generate",
            PromptKind::Ask => "ask",
            PromptKind::Explain => "explain",
            PromptKind::Intrusion => "intrusion",
            PromptKind::ForwardSimulation => "forward-simulation",
            PromptKind::Naming => "naming",
            PromptKind::Rating => "rating",
        }
    }

    /// Version, frame, question.
    fn built_in(self) -> (&'static str, &'static str, &'static str) {
        macro_rules! built_in {
            ($version:literal, $name:literal) => {
                (
                    $version,
                    include_str!(concat!("templates/", $name, ".system.txt")),
                    include_str!(concat!("templates/", $name, ".user.txt")),
                )
            };
        }
        match self {
            PromptKind::Rank => built_in!("1", "rank"),
            PromptKind::Generate => built_in!("1", "generate"),
            PromptKind::Ask => built_in!("1", "ask"),
            PromptKind::Explain => built_in!("1", "explain"),
            PromptKind::Intrusion => built_in!("1", "intrusion"),
            PromptKind::ForwardSimulation => built_in!("1", "forward-simulation"),
            PromptKind::Naming => built_in!("1", "naming"),
            PromptKind::Rating => built_in!("1", "rating"),
        }
    }

    /// What the holes are filled with for a preview, and what of it must be seen in the question.
    fn sample(self) -> (BTreeMap<&'static str, serde_json::Value>, Vec<String>) {
        use serde_json::json;
        let title = |name: &str| quoted(name, 100);
        let item =
            |id: &str, name: &str| json!({ "id": id, "title": title(name), "line": format!("{id} {}", title(name)) });
        let history = json!([item("<12·7·0>", "A first film"), item("<12·9·4>", "A second film")]);
        let candidates = json!([item("<30·1·2>", "One candidate"), item("<12·7·5>", "Another candidate")]);
        let legend = json!([{ "code": "<12·…>", "label": title("courtroom drama") }]);
        let seen = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let history_ids = ["<12·7·0>", "<12·9·4>"];
        let candidate_ids = ["<30·1·2>", "<12·7·5>"];
        match self {
            PromptKind::Rank => (
                BTreeMap::from([
                    ("history", history),
                    ("candidates", candidates),
                    ("legend", legend),
                    ("count", json!(2)),
                ]),
                seen(&[&history_ids[..], &candidate_ids[..]].concat()),
            ),
            PromptKind::Generate => (
                BTreeMap::from([("history", history), ("legend", legend), ("count", json!(37))]),
                seen(&[&history_ids[..], &["37"]].concat()),
            ),
            PromptKind::Ask => {
                let (request, earlier) = (title("something lighter"), title("like Blade Runner"));
                let turn = json!({ "request": earlier, "shown": ["<12·7·5>"] });
                (
                    BTreeMap::from([
                        ("history", history),
                        ("candidates", candidates),
                        ("legend", legend),
                        ("request", json!(request)),
                        ("earlier", json!([turn])),
                        ("count", json!(2)),
                    ]),
                    [seen(&candidate_ids), vec![request, earlier]].concat(),
                )
            }
            PromptKind::Explain => (
                BTreeMap::from([("history", history), ("item", item("<30·1·2>", "One candidate")), ("legend", legend)]),
                seen(&[&history_ids[..], &candidate_ids[..1]].concat()),
            ),
            PromptKind::Intrusion => {
                let options = [title("A"), title("B")];
                let mut must = options.to_vec();
                must.push("What is asked?".to_owned());
                (BTreeMap::from([("question", json!("What is asked?")), ("options", json!(options))]), must)
            }
            PromptKind::ForwardSimulation => {
                let groups = [[title("A"), title("B")], [title("C"), title("D")]];
                let lead = json!([{ "name": "New item", "line": title("New") }]);
                let mut must = groups.concat();
                must.extend([title("New"), "What is asked?".to_owned()]);
                let question = json!("What is asked?");
                (BTreeMap::from([("question", question), ("lead", lead), ("groups", json!(groups))]), must)
            }
            PromptKind::Naming => {
                let shown = [title("A"), title("B")];
                let mut must = shown.to_vec();
                must.push("What is asked?".to_owned());
                (BTreeMap::from([("question", json!("What is asked?")), ("shown", json!(shown))]), must)
            }
            PromptKind::Rating => {
                let lead = json!([{ "name": "ID", "line": title("thriller") }]);
                let (shown, points) = ([title("A"), title("B")], ["not at all", "very much"]);
                let mut must = shown.to_vec();
                must.extend([title("thriller"), "What is asked?".to_owned()]);
                must.extend(points.map(str::to_owned));
                (
                    BTreeMap::from([
                        ("question", json!("What is asked?")),
                        ("lead", lead),
                        ("shown", json!(shown)),
                        ("points", json!(points)),
                    ]),
                    must,
                )
            }
        }
    }
}

impl Template {
    /// The one that comes with the program.
    pub fn built_in(kind: PromptKind) -> Self {
        let (version, system, user) = kind.built_in();
        Template { kind, version: version.to_owned(), system: system.to_owned(), user: user.to_owned() }
    }

    /// One that a person wrote, if it renders and shows the model all that the task needs.
    pub fn custom(kind: PromptKind, version: &str, system: &str, user: &str) -> Result<Self, Vec<TemplateProblem>> {
        let (version, system, user) = (version.to_owned(), system.to_owned(), user.to_owned());
        let template = Template { kind, version, system, user };
        let problems = template.problems();
        if problems.is_empty() { Ok(template) } else { Err(problems) }
    }

    /// All that is wrong with it, found by rendering it on a sample.
    pub fn problems(&self) -> Vec<TemplateProblem> {
        let (sample, must) = self.kind.sample();
        let mut problems = Vec::new();
        let mut parts = Vec::new();
        for (part, text) in self.parts() {
            let rendered = match text.len() > LONGEST_PART {
                true => Err(format!("This part is longer than {LONGEST_PART} bytes. Shorten it.")),
                false => fill(text, &sample),
            };
            match rendered {
                Ok(text) => parts.push(text),
                Err(sentence) => problems.push(TemplateProblem { part, sentence }),
            }
        }
        // Titles must keep their quotes, so what is looked for has them.
        let missing: Vec<&String> = must.iter().filter(|word| !parts.iter().any(|part| part.contains(*word))).collect();
        if problems.is_empty() && !missing.is_empty() {
            let missing: Vec<&str> = missing.into_iter().map(String::as_str).collect();
            let sentence = format!(
                "On the sample the model does not see {}. Put back what shows it; “{}” has: {}.",
                missing.join(", "),
                self.kind.key(),
                sample.keys().copied().collect::<Vec<_>>().join(", ")
            );
            problems.push(TemplateProblem { part: Part::User, sentence });
        }
        problems
    }

    /// 64 hex digits that name exactly this text.
    pub fn digest(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for part in ["semid prompt v1", self.kind.key(), &self.system, &self.user] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        hasher.finalize().to_hex().to_string()
    }

    /// Whether it is the text that comes with the program.
    pub fn is_built_in(&self) -> bool {
        let (_, system, user) = self.kind.built_in();
        self.system == system && self.user == user
    }

    /// What a person sees before it is used: the template on a small sample.
    pub fn preview(&self) -> Result<Prompt> {
        self.fill(&self.kind.sample().0)
    }

    /// Line by line against the built-in one.
    pub fn diff(&self) -> Vec<DiffLine> {
        let built_in = Template::built_in(self.kind);
        let mut lines = Vec::new();
        for ((part, now), (_, before)) in self.parts().into_iter().zip(built_in.parts()) {
            let diff = TextDiff::from_lines(before, now);
            lines.extend(diff.iter_all_changes().map(|change| DiffLine {
                part,
                mark: match change.tag() {
                    ChangeTag::Equal => DiffMark::Same,
                    ChangeTag::Insert => DiffMark::Added,
                    ChangeTag::Delete => DiffMark::Removed,
                },
                text: change.value().trim_end_matches(['\r', '\n']).to_owned(),
            }));
        }
        lines
    }

    /// The prompt, with its holes filled. Whatever is filled in must be harmless: see [`crate::item_text`].
    pub(crate) fn fill(&self, holes: &impl Serialize) -> Result<Prompt> {
        let fill = |part: Part, text: &str| {
            fill(text, holes).map_err(|why| {
                let part = if part == Part::System { "frame" } else { "question" };
                Error::input(format!("The {part} of the prompt “{}” cannot be filled in: {why}", self.kind.key()))
            })
        };
        Ok(Prompt::once(fill(Part::System, &self.system)?, fill(Part::User, &self.user)?))
    }

    fn parts(&self) -> [(Part, &str); 2] {
        [(Part::System, self.system.as_str()), (Part::User, self.user.as_str())]
    }
}

/// Fills in one part. What is not there is an error: a misspelt hole would silently ask something else.
fn fill(text: &str, holes: &impl Serialize) -> std::result::Result<String, String> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    // A line that holds only a tag leaves no empty line behind.
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    environment.set_syntax(syntax.map_err(|why| why.to_string())?);
    environment.set_fuel(Some(FUEL));
    let rendered = environment.render_str(text, Value::from(Serde(holes))).map_err(|why| {
        let line = why.line().map_or(String::new(), |line| format!("Line {line}: "));
        let detail = why.detail().map_or_else(|| why.kind().to_string(), str::to_owned);
        format!("{line}{detail}. Check the names between {{{{ and }}}} and that each {{% is closed.")
    })?;
    if rendered.len() > LONGEST_PROMPT {
        return Err("What comes out is longer than 4 MiB. Shorten it.".to_owned());
    }
    Ok(rendered.trim().to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn every_built_in_prompt_is_right_and_has_a_name_of_its_own() {
        let mut digests = Vec::new();
        for kind in PromptKind::ALL {
            let template = Template::built_in(kind);
            assert_eq!(template.problems(), [], "{kind:?} shows all that its task needs");
            assert!(
                template.is_built_in() && template.diff().iter().all(|line| line.mark == DiffMark::Same),
                "{kind:?}"
            );
            let prompt = template.preview().unwrap();
            assert!(prompt.system.contains("double quotes"), "{kind:?} says what quotes mean");
            assert!(prompt.messages[0].text.contains("JSON"), "{kind:?} says in which form to answer");
            assert!(
                !prompt.messages[0].text.contains("\n\n\n"),
                "{kind:?} leaves no holes: {}",
                prompt.messages[0].text
            );
            digests.push(template.digest());
        }
        let all = digests.len();
        digests.sort();
        digests.dedup();
        assert_eq!(digests.len(), all, "a digest names one prompt");
    }

    #[test]
    fn an_edited_prompt_is_checked_before_it_is_used() {
        let built_in = Template::built_in(PromptKind::Rank);
        let custom = |user: &str| Template::custom(PromptKind::Rank, "mine", &built_in.system, user);
        let edited = custom(&format!("{}\nThink twice.\n", built_in.user)).unwrap();
        assert_ne!(edited.digest(), built_in.digest(), "another text has another name");
        let diff = edited.diff();
        let added = diff.iter().any(|line| line.mark == DiffMark::Added && line.text == "Think twice.");
        assert!(added, "the comparison shows what was added");
        assert!(diff.iter().any(|line| line.mark == DiffMark::Same), "beside what stayed");

        let sentence = |user: &str| custom(user).unwrap_err()[0].sentence.clone();
        assert!(sentence("Rank them.").contains("<12·7·0>"), "the model would see no history");
        assert!(sentence(&built_in.user.replace("item.line", "item.lime")).contains("undefined"), "a misspelt hole");
        assert!(sentence("{% for item in history %}").contains("Line 1"), "a loop without an end");
        let endless = "{% for a in range(10000) %}{% for b in range(10000) %}x{% endfor %}{% endfor %}";
        assert!(custom(endless).is_err(), "a loop that takes too long is stopped");
        assert!(sentence(&"x".repeat(30_000)).contains("Shorten"), "nobody wrote that by hand");
        let unquoted = "{% for item in options %}{{ item | replace('\"', '') }}{% endfor %}{{ question }} JSON";
        let intrusion = Template::custom(PromptKind::Intrusion, "mine", "", unquoted);
        assert!(intrusion.unwrap_err()[0].sentence.contains("\"A\""), "titles cannot be shown without their quotes");
    }
}
