//! `semid study`: its commands with their options and examples.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Subcommand)]
#[command(
    after_help = "A study from beginning to end:\n  semid study new sample-films --contact 'A. Name, name@example.org'\n  \
                  semid study power sample-films-study\n  semid study lock sample-films-study\n  semid study session \
                  sample-films-study --count 24 --output sessions/\n  semid study import answers/*.json\n  semid study close \
                  sample-films-study\n  semid study analyse sample-films-study\n  semid study export sample-films-study \
                  --output results/"
)]
pub enum StudyCommand {
    /// Design a study and draw what it shows, or save a design that was edited.
    New(StudyNewArgs),
    /// List the studies.
    List,
    /// Show a study: arms, tasks, size, sessions, files.
    Show(StudyShowArgs),
    /// Put another item in the place of a stimulus, and record why.
    Replace(StudyReplaceArgs),
    /// How sure the study is to find a difference.
    Power(StudyPowerArgs),
    /// Fix design, stimuli, texts and analysis plan under one hash. Afterwards there are only new versions.
    Lock(StudyNameArgs),
    /// Make sessions for participants, each a file that runs in any browser without a network.
    Session(StudySessionArgs),
    /// Import the answers files that participants handed in.
    Import(StudyImportArgs),
    /// Try a locked study with simulated participants; they are kept apart from people.
    Simulate(StudySimulateArgs),
    /// Let a language model take part in a locked study; it is kept apart from people.
    Rate(StudyRateArgs),
    /// End data collection, which unmasks the arms. It does not begin again.
    Close(StudyVersionArgs),
    /// What the answers say; counts only until data collection has ended.
    #[command(alias = "analyze")]
    Analyse(StudyAnalyseArgs),
    /// Write the results of a closed study into a folder.
    Export(StudyExportArgs),
    /// Delete everything of a participant, from the workspace and from files that Semid wrote.
    Withdraw(StudyWithdrawArgs),
    /// Print the texts of the participant's page, to translate them for `semid study new --texts`.
    Texts,
}

#[derive(Args)]
#[command(
    after_help = "Examples:\n  semid study new movielens-100k --ids rq-kmeans,permuted,hash --contact 'A. Name, \
                  name@example.org'\n  semid study new movielens-100k --design-only design.toml\n  semid study new --design \
                  design.toml --texts fr.toml"
)]
pub struct StudyNewArgs {
    /// The data set; its IDs must be there (semid ids, semid compare).
    #[arg(required_unless_present = "design", conflicts_with = "design")]
    pub dataset: Option<String>,
    /// IDs of the arms, by comma: keys of schemes (rq-kmeans, permuted, hash, category-path) or names of IDs.
    #[arg(long, value_delimiter = ',', conflicts_with = "design")]
    pub ids: Vec<String>,
    /// Name of the study; made from the data set's name by default.
    #[arg(long, conflicts_with = "design")]
    pub name: Option<String>,
    /// Participants planned; best a multiple of the arms.
    #[arg(long)]
    pub participants: Option<u32>,
    /// Whom participants can ask: name, institution, e-mail. Stands in the consent.
    #[arg(long, conflicts_with = "design")]
    pub contact: Option<String>,
    /// A set of explanations to be rated beside, as `semid model explain` names it.
    #[arg(long, conflicts_with = "design")]
    pub explanations: Option<String>,
    /// Draws stimuli, rotation and order.
    #[arg(long)]
    pub seed: Option<u64>,
    /// A design in TOML, as --design-only writes it.
    #[arg(long)]
    pub design: Option<PathBuf>,
    /// A file with the texts of a language that does not come with the program. May be given again.
    #[arg(long)]
    pub texts: Vec<PathBuf>,
    /// Write the design here, to be edited, and draw nothing yet.
    #[arg(long)]
    pub design_only: Option<PathBuf>,
}

#[derive(Args)]
pub struct StudyNameArgs {
    /// Name of the study.
    pub name: String,
}

#[derive(Args)]
#[command(after_help = "Example:\n  semid study show films-study --stimuli")]
pub struct StudyShowArgs {
    /// Name of the study.
    pub name: String,
    /// Its version; the latest by default.
    #[arg(long)]
    pub version: Option<u64>,
    /// Also what is shown in every arm.
    #[arg(long)]
    pub stimuli: bool,
}

#[derive(Args)]
pub struct StudyVersionArgs {
    /// Name of the study.
    pub name: String,
    /// Its version; the latest that is locked by default.
    #[arg(long)]
    pub version: Option<u64>,
}

#[derive(Args)]
#[command(after_help = "Example:\n  semid study replace films-study 14 --why 'the title gives the answer away'")]
pub struct StudyReplaceArgs {
    /// Name of the study, which must be a draft.
    pub name: String,
    /// Number of the stimulus, as `semid study show NAME --stimuli` lists it.
    pub stimulus: u32,
    /// Key of the item to take; the next that the seed gives by default.
    #[arg(long)]
    pub item: Option<String>,
    /// Why: kept with the stimulus and told in the report.
    #[arg(long)]
    pub why: String,
}

#[derive(Args)]
pub struct StudyPowerArgs {
    /// Name of the study.
    pub name: String,
    /// Another number of participants than planned.
    #[arg(long)]
    pub participants: Option<u32>,
}

#[derive(Args)]
#[command(
    after_help = "Examples:\n  semid study session films-study --count 24 --output sessions/\n  semid study session \
                  films-study --participant P-7KQ2 --output again.html\n  semid study session films-study --part 2 --count 8 \
                  --output matching/"
)]
pub struct StudySessionArgs {
    /// Name of the study, which must be locked.
    pub name: String,
    /// How many sessions to make.
    #[arg(long, default_value_t = 1, conflicts_with = "participant")]
    pub count: u32,
    /// 2 for sessions that match names which others gave in part 1.
    #[arg(long, default_value_t = 1, conflicts_with = "participant")]
    pub part: u8,
    /// Write the session of this participant once more instead of making one.
    #[arg(long, requires = "output")]
    pub participant: Option<String>,
    /// Folder for the files; without it the sessions wait in the window.
    #[arg(long)]
    pub output: Option<PathBuf>,
    /// Version of the study; the latest that is locked by default.
    #[arg(long)]
    pub version: Option<u64>,
}

#[derive(Args)]
#[command(after_help = "Example:\n  semid study import answers/*.json")]
pub struct StudyImportArgs {
    /// Answers files, as the page saves them.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
}

#[derive(Args)]
#[command(after_help = "Example:\n  semid study simulate films-study --count 24 --meaning rq-kmeans=0.5,hash=0")]
pub struct StudySimulateArgs {
    /// Name of the study, which must be locked.
    pub name: String,
    /// How many participants.
    #[arg(long, default_value_t = 24)]
    pub count: u32,
    /// 2 to match names that simulated participants gave in part 1.
    #[arg(long, default_value_t = 1)]
    pub part: u8,
    /// How much the codes of an arm say, 0 to 1, by comma: rq-kmeans=0.5,hash=0.
    #[arg(long, value_delimiter = ',')]
    pub meaning: Vec<String>,
    /// Version of the study; the latest that is locked by default.
    #[arg(long)]
    pub version: Option<u64>,
}

#[derive(Args)]
#[command(after_help = "Example:\n  semid study rate films-study --model SmolLM2-135M-Instruct")]
pub struct StudyRateArgs {
    /// Name of the study, which must be locked.
    pub name: String,
    /// The language model; `semid model list` names them.
    #[arg(long)]
    pub model: String,
    /// 2 to match names that others gave in part 1.
    #[arg(long, default_value_t = 1)]
    pub part: u8,
    /// Version of the study; the latest that is locked by default.
    #[arg(long)]
    pub version: Option<u64>,
}

#[derive(Args)]
#[command(after_help = "Example:\n  semid study analyse films-study --run 3")]
pub struct StudyAnalyseArgs {
    /// Name of the study.
    pub name: String,
    /// The run whose accuracy the ID schemes are shown with; the newest that used them by default.
    #[arg(long)]
    pub run: Option<i64>,
    /// Version of the study; the latest that is locked by default.
    #[arg(long)]
    pub version: Option<u64>,
}

#[derive(Args)]
#[command(after_help = "Example:\n  semid study export films-study --output results/")]
pub struct StudyExportArgs {
    /// Name of the study.
    pub name: String,
    /// Where the folder goes.
    #[arg(long)]
    pub output: PathBuf,
    /// The run whose accuracy the ID schemes are shown with; the newest that used them by default.
    #[arg(long)]
    pub run: Option<i64>,
    /// Version of the study; the latest that is locked by default.
    #[arg(long)]
    pub version: Option<u64>,
}

#[derive(Args)]
#[command(after_help = "Example:\n  semid study withdraw P-7KQ2")]
pub struct StudyWithdrawArgs {
    /// The participant's code.
    pub pseudonym: String,
}
