//! What the participant's page says, in one language. English and German come with the program, others by file.

use serde::{Deserialize, Serialize};

/// The usual labels of agreement, for questions that give none.
pub const ENGLISH_POINTS: [&str; 5] =
    ["Strongly disagree", "Disagree", "Neither agree nor disagree", "Agree", "Strongly agree"];

macro_rules! texts {
    ($($(#[$about:meta])* $field:ident),* $(,)?) => {
        /// The words of the participant's page in one language.
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
        #[serde(deny_unknown_fields)]
        pub struct Texts {
            /// Short name of the language: `en`.
            pub language: String,
            /// Raised whenever a text changes, so that data tell what was read.
            pub version: u32,
            /// Labels of the five points of confidence, from the lowest.
            pub confidence_points: Vec<String>,
            /// Practice trials: four that belong together, then the stranger. Two of them.
            pub practice: Vec<Vec<String>>,
            $($(#[$about])* pub $field: String,)*
        }

        impl Texts {
            /// Names of texts that are empty, or are missing a part: every problem at once.
            pub fn problems(&self) -> Vec<String> {
                let mut problems = Vec::new();
                if self.language.trim().is_empty() {
                    problems.push("language".to_owned());
                }
                if self.confidence_points.len() != 5 {
                    problems.push("confidence_points (five)".to_owned());
                }
                if self.practice.len() != 2 || self.practice.iter().any(|items| items.len() < 3) {
                    problems.push("practice (two lists of at least three, the stranger last)".to_owned());
                }
                $(if self.$field.trim().is_empty() {
                    problems.push(stringify!($field).to_owned());
                })*
                problems
            }
        }
    };
}

texts! {
    /// Name of the language in itself.
    language_name,
    /// Above the consent text.
    consent_heading,
    /// Beside the box to tick.
    consent_agree,
    /// A button.
    begin,
    /// A button.
    next,
    /// A button.
    back_to_study,
    /// Above the instructions.
    instructions_heading,
    /// Before the first task; says how keys work and that answers are saved.
    instructions,
    /// Above the practice.
    practice_heading,
    /// What practice is for.
    practice_note,
    /// Feedback.
    practice_right,
    /// Feedback; `{answer}` is the right one.
    practice_wrong,
    /// Above an intrusion: find the stranger.
    intrusion,
    /// Above a forward simulation.
    forward_simulation,
    /// The new item's label.
    new_item,
    /// Above a naming.
    naming,
    /// Label of the field for words.
    naming_field,
    /// Above a matching.
    matching,
    /// The name's label.
    name_given,
    /// "Group", before a letter.
    group,
    /// Label of an item whose ID is shown.
    item,
    /// Label of an ID.
    id,
    /// Label of an item that was liked.
    liked,
    /// Label of a recommended item.
    recommended,
    /// Label of what both share.
    because,
    /// Offered apart from a scale.
    cannot_judge,
    /// The question of confidence.
    confidence,
    /// An attention check; `{n}` is the number to choose.
    attention,
    /// Progress; `{done}` and `{total}`.
    progress,
    /// Above a break.
    break_heading,
    /// What to do in it.
    break_note,
    /// After the last trial.
    debrief_heading,
    /// What the study was about and what to do with the file.
    debrief,
    /// A button.
    save_answers,
    /// After saving.
    saved_note,
    /// A button that ends it without handing in.
    stop,
    /// What stopping does.
    stop_note,
    /// A button: confirms.
    stop_confirm,
    /// A button that closes the window, where the page has one of its own.
    close_window,
    /// After stopping.
    stopped,
    /// Said when the browser cannot keep answers.
    not_kept,
    /// Said when work is resumed.
    resumed,
    /// How to use the keys; `{n}` is the number of options.
    keys,
    /// Said to a screen reader when an answer is saved.
    answer_saved,
    /// A light or dark page.
    theme,
}

impl Texts {
    /// A text that is asked above a task.
    pub fn prompt(&self, task: &super::TaskKind) -> String {
        use super::TaskKind::*;
        match task {
            Intrusion { .. } => self.intrusion.clone(),
            ForwardSimulation { .. } => self.forward_simulation.clone(),
            Naming { .. } => self.naming.clone(),
            Matching { .. } => self.matching.clone(),
            Rating { question, .. } => question.wording.get(&self.language).cloned().unwrap_or_default(),
        }
    }
}
