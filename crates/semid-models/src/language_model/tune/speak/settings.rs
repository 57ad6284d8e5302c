//! The settings of speaking items, the one place for their defaults, and what makes them unusable.

use serde::{Deserialize, Serialize};

use crate::language_model::tune::lora::LoraSettings;
use crate::trainer::{Problems, TrainingPrecision};

/// What stands around a question and its answer: the model's chat template, written out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct ChatFrame {
    /// Before the question.
    pub opening: String,
    /// Between question and answer.
    pub turn: String,
    /// After the answer; learned with it.
    pub closing: String,
}

/// How often each kind of lesson is drawn, in proportion to the others. A kind that the catalog has nothing for
/// (no titles, no categories) is left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct LessonShares {
    /// A history of IDs, answered by the next ID.
    pub next_item: f64,
    /// An ID, answered by its title.
    pub id_to_title: f64,
    /// A title, answered by its ID.
    pub title_to_id: f64,
    /// An ID, answered by its category path.
    pub id_to_category: f64,
    /// A category path, answered by the ID of one of its items.
    pub category_to_id: f64,
    /// A history and the next ID, answered by a sentence made of titles and categories.
    pub explain: f64,
}

impl LessonShares {
    pub(super) fn all(&self) -> [(&'static str, f64); 6] {
        [
            ("next_item", self.next_item),
            ("id_to_title", self.id_to_title),
            ("title_to_id", self.title_to_id),
            ("id_to_category", self.id_to_category),
            ("category_to_id", self.category_to_id),
            ("explain", self.explain),
        ]
    }
}

/// How a model learns to speak in IDs. Every field counts; nothing is implied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct SpeakSettings {
    /// What stands around questions and answers.
    pub frame: ChatFrame,
    /// What is taught, in which proportion.
    pub shares: LessonShares,
    /// The model reads this many of the last items.
    pub max_history: usize,
    /// A title or a category path is cut to so many tokens.
    pub text_tokens: usize,
    /// Lessons drawn for one epoch.
    pub lessons_an_epoch: usize,
    /// Epochs that teach the rows of the new tokens alone.
    pub token_epochs: usize,
    /// Epochs after them that teach adapters and rows together.
    pub adapter_epochs: usize,
    /// Lessons in one optimiser step.
    pub batch_lessons: usize,
    /// The adapters.
    pub lora: LoraSettings,
    /// Highest learning rate of the first epochs, falling along a cosine to a tenth.
    pub token_learning_rate: f64,
    /// The same of the later epochs.
    pub adapter_learning_rate: f64,
    /// Share of each phase over which the learning rate rises from 0.
    pub warm_up_share: f64,
    /// AdamW's decoupled decay.
    pub weight_decay: f64,
    /// Gradients longer than this (Euclidean norm) are shortened to it.
    pub clip_norm: f64,
    /// Epochs from one validation to the next.
    pub validate_every: usize,
    /// Validations without a better NDCG@10 after which a phase stops.
    pub patience: usize,
    /// At most this many validation cases, drawn with the seed; each costs about as much as two lessons.
    pub validation_cases: usize,
    /// Prefixes kept at each level of the search.
    pub beam: usize,
    /// Parts a batch is cut into, each computed by one thread.
    pub shards: usize,
    /// What products with the frozen weights multiply, in training as in ranking.
    pub precision: TrainingPrecision,
}

impl SpeakSettings {
    /// Where to start: ChatML, as SmolLM2 speaks it; a night of two cores for a small catalog.
    pub fn starter() -> Self {
        SpeakSettings {
            frame: ChatFrame {
                opening: "<|im_start|>user\n".to_owned(),
                turn: "<|im_end|>\n<|im_start|>assistant\n".to_owned(),
                closing: "<|im_end|>".to_owned(),
            },
            shares: LessonShares {
                next_item: 0.6,
                id_to_title: 0.1,
                title_to_id: 0.1,
                id_to_category: 0.05,
                category_to_id: 0.05,
                explain: 0.1,
            },
            max_history: 20,
            text_tokens: 32,
            lessons_an_epoch: 2000,
            token_epochs: 2,
            adapter_epochs: 6,
            batch_lessons: 16,
            lora: LoraSettings::starter(),
            token_learning_rate: 5e-3,
            adapter_learning_rate: 5e-4,
            warm_up_share: 0.05,
            weight_decay: 0.0,
            clip_norm: 1.0,
            validate_every: 1,
            patience: 3,
            validation_cases: 100,
            beam: 20,
            shards: 4,
            precision: TrainingPrecision::Bf16,
        }
    }

    /// All epochs of both phases.
    pub(super) fn epochs(&self) -> usize {
        self.token_epochs + self.adapter_epochs
    }

    /// What is wrong with the settings: field and sentence, all at once; empty when they can be used.
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let mut problems = Problems::default();
        problems.check_counts(&[
            ("max_history", self.max_history, 1, 10_000),
            ("text_tokens", self.text_tokens, 1, 10_000),
            ("lessons_an_epoch", self.lessons_an_epoch, 1, 1 << 30),
            ("token_epochs", self.token_epochs, 0, 100_000),
            ("adapter_epochs", self.adapter_epochs, 0, 100_000),
            ("batch_lessons", self.batch_lessons, 1, 1 << 20),
            ("validate_every", self.validate_every, 1, 100_000),
            ("patience", self.patience, 1, 100_000),
            ("validation_cases", self.validation_cases, 1, usize::MAX),
            ("beam", self.beam, 1, 100_000),
            ("shards", self.shards, 1, 1024),
        ]);
        problems.check_numbers(&[
            ("token_learning_rate", self.token_learning_rate, 1e-9, 10.0),
            ("adapter_learning_rate", self.adapter_learning_rate, 1e-9, 10.0),
            ("warm_up_share", self.warm_up_share, 0.0, 1.0),
            ("weight_decay", self.weight_decay, 0.0, 10.0),
            ("clip_norm", self.clip_norm, 1e-6, 1e9),
        ]);
        self.lora.check(&mut problems);
        for (kind, share) in self.shares.all() {
            problems.check("shares", share.is_finite() && (0.0..=1e6).contains(&share), || {
                format!("The share of {kind} is {share}; choose 0 or more.")
            });
        }
        problems.check("shares", self.shares.next_item > 0.0, || {
            "The share of next_item is 0, so nothing would teach what comes next; choose more.".to_owned()
        });
        problems.check("token_epochs", self.epochs() > 0, || {
            "token_epochs and adapter_epochs are both 0, so nothing would be learned; choose more.".to_owned()
        });
        problems.0
    }
}
