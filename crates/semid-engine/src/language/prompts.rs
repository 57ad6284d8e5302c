//! Prompts as a person edits them: what is wrong, what the model would see, what differs from the built-in one.

use semid_llm::{DiffLine, PromptKind, Template, TemplateProblem};
use serde::{Deserialize, Serialize};

use crate::{Engine, Result};

/// A prompt while it is edited.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct PromptDraft {
    /// What it asks for.
    pub kind: PromptKind,
    /// The frame.
    pub system: String,
    /// The question, with holes.
    pub user: String,
}

/// An edited prompt looked at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct PromptCheck {
    /// What is wrong; empty when it can be used.
    pub problems: Vec<TemplateProblem>,
    /// The frame as the model would see it on a small sample; empty when it cannot be filled in.
    pub system: String,
    /// The question, the same.
    pub question: String,
    /// Line by line against the built-in one.
    pub diff: Vec<DiffLine>,
    /// 64 hex digits that name exactly this text, as runs record it.
    pub digest: String,
}

impl Engine {
    /// The prompts that come with the program, one of each kind.
    pub fn prompt_templates(&self) -> Vec<Template> {
        PromptKind::ALL.into_iter().map(Template::built_in).collect()
    }

    /// Looks at an edited prompt.
    pub fn check_prompt(&self, draft: &PromptDraft) -> Result<PromptCheck> {
        let PromptDraft { kind, system, user } = draft.clone();
        let template = Template { kind, version: "edited".to_owned(), system, user };
        let problems = template.problems();
        let seen = if problems.is_empty() { template.preview()? } else { Default::default() };
        let turns: Vec<&str> = seen.messages.iter().map(|message| message.text.as_str()).collect();
        Ok(PromptCheck {
            problems,
            question: turns.join("\n\n"),
            system: seen.system.clone(),
            diff: template.diff(),
            digest: template.digest(),
        })
    }
}
