//! `StudyResults`: a study and everything its answers say, every number in it computed. Reports, charts, the command line
//! and the window format it; none of them computes.

use serde::{Deserialize, Serialize};

use super::{Analysis, CompanionRow, PowerAssumptions, PowerEstimate, Replacement, StudyDesign};

/// Who answers. The three are never mixed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "lowercase")]
pub enum ParticipantKind {
    /// A human being.
    #[default]
    Person,
    /// Made up by the program, to try a study.
    Simulated,
    /// A language model.
    Model,
}

impl ParticipantKind {
    /// All of them; people come first wherever they are listed.
    pub const ALL: [ParticipantKind; 3] = [ParticipantKind::Person, ParticipantKind::Simulated, ParticipantKind::Model];

    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            ParticipantKind::Person => "person",
            ParticipantKind::Simulated => "simulated",
            ParticipantKind::Model => "model",
        }
    }

    /// What several of them are called above a table.
    pub fn title(self) -> &'static str {
        match self {
            ParticipantKind::Person => "People",
            ParticipantKind::Simulated => "Simulated participants",
            ParticipantKind::Model => "Language models",
        }
    }
}

/// A study whose data collection has ended, with everything its answers say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct StudyResults {
    /// Version of this document's form.
    pub form: u32,
    /// 1, and one more for each new version after a lock.
    pub version: u64,
    /// As locked.
    pub design: StudyDesign,
    /// What a person calls the data set.
    pub dataset_title: String,
    /// Digest of the data set.
    pub dataset_digest: String,
    /// BLAKE3 of the locked protocol's canonical JSON, 64 hexadecimal digits.
    pub protocol_hash: String,
    /// The program's version at the lock.
    pub program: String,
    /// Languages with the version of their texts.
    pub instruments: Vec<InstrumentFacts>,
    /// Unix seconds of the lock.
    pub locked_at: i64,
    /// Unix seconds of the end of data collection.
    pub closed_at: i64,
    /// Unix seconds of this analysis.
    pub analysed_at: i64,
    /// Rows of the Latin square: after so many participants each stimulus was in each arm equally often.
    pub block: u32,
    /// What was shown.
    pub stimuli: Vec<StimulusFacts>,
    /// The power of the planned size, one a task.
    pub power: Vec<TaskPower>,
    /// Participants who withdrew; nothing else is known of them.
    pub withdrawals: u64,
    /// People, simulated participants, language models, in this order; those without answers are left out.
    pub kinds: Vec<KindResults>,
    /// How far language models agree with people on the same stimuli in the same arms; empty unless both answered.
    pub model_agreement: Vec<ModelAgreement>,
    /// Bootstrap resamples behind the intervals.
    pub resamples: u32,
    /// Sign flips behind the p-values.
    pub flips: u32,
    /// One row an answer, in the order of participants and trials. Empty where only the analysis was asked for.
    pub rows: Vec<AnswerRow>,
}

/// The texts of a language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct InstrumentFacts {
    /// `en`.
    pub language: String,
    /// Version of the texts.
    pub version: u32,
    /// BLAKE3 of the texts' canonical JSON.
    pub digest: String,
}

/// A stimulus, without what is shown around it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct StimulusFacts {
    /// Key of the task.
    pub task: String,
    /// Key of its item.
    pub item: String,
    /// The item's title.
    pub title: String,
    /// The third of the catalog it is in by popularity: 0 the least met.
    pub band: u8,
    /// Replacements by hand, oldest first.
    pub replaced: Vec<Replacement>,
}

/// How sure a task is to find a difference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct TaskPower {
    /// Key of the task.
    pub task: String,
    /// The difference that is to be found, in words: "0.3 points of 5", "15 percentage points right".
    pub difference: String,
    /// What was assumed.
    pub assumptions: PowerAssumptions,
    /// What came out.
    pub estimate: PowerEstimate,
    /// Power and size in a sentence; says that it is a pilot where both tests together stay below 80 %.
    pub sentence: String,
}

/// Everything one kind of participants says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct KindResults {
    /// Which.
    pub kind: ParticipantKind,
    /// Sessions that were made.
    pub sessions: u64,
    /// Those with at least one answer.
    pub with_answers: u64,
    /// Those that were handed in or answered to the end.
    pub handed_in: u64,
    /// Pseudonyms; the number of a participant in `analysis` is a place in this list.
    pub pseudonyms: Vec<String>,
    /// Median minutes from the first to the last answer; none without answers.
    pub median_minutes: Option<f64>,
    /// Tests, intervals, agreement, times.
    pub analysis: Analysis,
    /// Automatic companions beside the human numbers.
    pub companions: Vec<CompanionRow>,
    /// Each ID scheme by accuracy and by interpretability.
    pub two_axes: Vec<TwoAxesRow>,
    /// Names that were given to codes, and how often they were matched.
    pub names: Vec<NameRow>,
}

/// An ID scheme by how well recommendations with it are, and how well people see what its codes say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct TwoAxesRow {
    /// Key of the study's arm.
    pub arm: String,
    /// Its title.
    pub title: String,
    /// Key of the intrusion task.
    pub task: String,
    /// What guessing gives in it.
    pub chance: f64,
    /// Mean over participants of the share right, and its 95 % bootstrap interval over them.
    pub right: Axis,
    /// The run's metric with its 95 % bootstrap interval over users.
    pub accuracy: Axis,
    /// `NDCG@10`.
    pub metric: String,
    /// Number of the run.
    pub run: i64,
    /// Key of the run's arm: `generative/rq-kmeans`.
    pub run_arm: String,
    /// Title of the run's arm.
    pub run_arm_title: String,
}

/// A value with its interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct Axis {
    /// The value.
    pub value: f64,
    /// Lower end of the 95 % interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Participants, or users.
    pub n: u64,
}

/// A name that somebody gave to a code.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct NameRow {
    /// Key of the naming task.
    pub task: String,
    /// Key of the arm.
    pub arm: String,
    /// Place of the stimulus among those of the study.
    pub stimulus: u32,
    /// Who gave it.
    pub pseudonym: String,
    /// The words. Free text: escape it.
    pub text: String,
    /// How often others were asked to match it.
    pub asked: u64,
    /// How often they matched it to its own code.
    pub matched: u64,
}

/// Agreement of language models with people in one task and arm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct ModelAgreement {
    /// Pseudonym of the model's session.
    pub model: String,
    /// Key of the task.
    pub task: String,
    /// Stimuli, as arms show them, that both answered.
    pub n: u64,
    /// Share of them in which the model chose what most people chose; ties count by their share.
    pub equal_share: f64,
    /// The same share for one person against the other people, the mean over people; none with a single person.
    pub between_people: Option<f64>,
    /// Krippendorff's α of the model and the people's most frequent choice: nominal for choices, ordinal for ratings; none
    /// where it is not defined.
    pub alpha: Option<f64>,
}

/// One answer, with all that is known of it: a row of the long format.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct AnswerRow {
    /// Who.
    pub pseudonym: String,
    /// What kind of participant.
    pub kind: ParticipantKind,
    /// 2 for those who match names that others gave.
    pub part: u8,
    /// Row in the Latin square.
    pub row: u32,
    /// The rule that leaves this participant out; none for those who stay in.
    pub excluded: Option<String>,
    /// Place in the session, from 1.
    pub position: u32,
    /// Key of the task.
    pub task: String,
    /// `intrusion`, `forward-simulation`, `naming`, `matching`, `rating`.
    pub task_kind: String,
    /// Whether it is an attention check, which has no stimulus and no arm.
    pub attention: bool,
    /// Place of the stimulus among those of the study.
    pub stimulus: Option<u32>,
    /// Key of its item.
    pub item: Option<String>,
    /// The item's title.
    pub item_title: Option<String>,
    /// The third by popularity: 0 the least met.
    pub band: Option<u8>,
    /// Key of the arm.
    pub arm: Option<String>,
    /// The code shown: `3·14`.
    pub prefix: Option<String>,
    /// Place chosen on the screen, from 1.
    pub place: Option<u32>,
    /// Number of the option chosen, from 1, whatever its place on the screen.
    pub choice: Option<u32>,
    /// Whether the choice is right (for checks: as instructed); none where nothing is right or wrong.
    pub right: Option<bool>,
    /// What guessing gives.
    pub chance: Option<f64>,
    /// Point chosen on a scale, from 1.
    pub rating: Option<u32>,
    /// The point's label in the participant's language.
    pub rating_label: Option<String>,
    /// "Cannot judge" was chosen.
    pub cannot_judge: bool,
    /// Confidence, from 1 to 5.
    pub confidence: Option<u32>,
    /// Words that were written. Free text: escape it.
    pub text: Option<String>,
    /// Milliseconds from showing to answering.
    pub ms: u32,
    /// Language of the page.
    pub language: String,
    /// Unix milliseconds on the participant's clock.
    pub answered_at: i64,
}
