//! Interpretability studies: what is shown to whom, in which order, and what the answers say.
//!
//! A [`StudyDesign`] is what a person wrote; [`draw_stimuli`] draws what is shown, [`plan_session`] deals it to one
//! participant, [`Protocol`] fixes all of it before the first answer, and [`analyse`] judges the answers by the rules
//! that were fixed. Nothing here does I/O or knows how a trial looks on a screen.

mod analysis;
mod companions;
mod design;
mod power;
mod protocol;
mod results;
mod rotation;
mod simulate;
mod stimuli;
mod texts;

pub use analysis::{
    AccuracyRow, AgreementRow, Analysis, DifferenceRow, Excluded, RatedArm, RatingRow, SuperiorityRow, TaskCounts,
    TimeRow, TrialAnswer, analyse,
};
pub use companions::{Companion, CompanionRow, companions, correlations};
pub use design::{
    About, ArmDesign, Names, Problem, Question, Rules, StudyDesign, TaskDesign, TaskKind, Words, check_design,
};
pub use power::{PowerAssumptions, PowerEstimate, power, simulate_ratings};
pub use protocol::{Protocol, canonical_json};
pub use results::{
    AnswerRow, Axis, InstrumentFacts, KindResults, ModelAgreement, NameRow, ParticipantKind, StimulusFacts,
    StudyResults, TaskPower, TwoAxesRow,
};
pub use rotation::{PlannedTrial, TrialKind, block, plan_matching, plan_session};
pub use simulate::{Simulated, simulate_answer};
pub use stimuli::{ArmIds, Explained, Replacement, Stimulus, View, draw_stimuli, redraw};
pub use texts::{ENGLISH_POINTS, Texts};
