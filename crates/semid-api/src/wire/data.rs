//! Data sets: looking at files before they are imported, importing them, and what is in the workspace.

use std::path::PathBuf;

use semid_engine::datasets::{ImportRequest, RecipeRow};
use semid_engine::import::{FileKind, FilePreview, Format, ProblemKind, RowProblem};
pub use semid_engine::import_files::{ItemText, Recognised, Texts as TextsReply};
use semid_engine::report::Table;
use semid_engine::store::{Dataset, ImportProblem, ProblemCount};
use serde::{Deserialize, Serialize};

/// Import a recipe.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[ts(optional_fields = nullable)]
#[serde(deny_unknown_fields)]
pub struct RecipeRequest {
    /// `movielens-100k`.
    pub recipe: String,
    /// Fetch what is not here.
    #[serde(default)]
    pub download: bool,
    /// Replace a data set of the same name.
    #[serde(default)]
    pub replace: bool,
}

/// Data sets in the workspace and recipes at hand.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct DatasetList {
    /// In the workspace.
    pub datasets: Vec<Dataset>,
    /// At hand.
    pub recipes: Vec<RecipeRow>,
}

/// Turn a file of texts into vectors.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[ts(optional_fields = nullable)]
#[serde(deny_unknown_fields)]
pub struct EmbedRequest {
    /// One text a line.
    pub texts: PathBuf,
    /// `.npy`, f32 rows.
    pub output: PathBuf,
    /// Name or folder of the encoder.
    pub model: String,
}

/// Vectors were written.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct EmbedReport {
    /// Number of texts.
    pub rows: usize,
    /// Numbers in a vector.
    pub dim: usize,
    /// Instructions and precision used: "bf16-avx512".
    pub kernel: String,
    /// Wall seconds of loading the encoder.
    pub load_secs: f64,
    /// Wall seconds of embedding.
    pub embed_secs: f64,
    /// Where they are.
    pub output: PathBuf,
}

/// Names a data set.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[ts(optional_fields = nullable)]
#[serde(deny_unknown_fields)]
pub struct DatasetRequest {
    /// Its name.
    pub dataset: String,
}

/// Tell dropped files from each other.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct FilesRequest {
    /// Files, or folders that stand for the files in them.
    pub paths: Vec<PathBuf>,
}

/// Look at a file before importing it.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
#[ts(optional_fields = nullable)]
pub struct PreviewRequest {
    /// The file.
    pub path: PathBuf,
    /// What its rows are, where a person said so.
    pub kind: Option<FileKind>,
    /// Its format, where a person said so.
    pub format: Option<Format>,
}

/// What a file would be read as, and what it could be read as.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct PreviewReply {
    /// What it would be read as.
    pub preview: FilePreview,
    /// Every role its columns can have, each with a sentence.
    pub roles: Vec<RoleFacts>,
    /// Every format there is.
    pub formats: Vec<FormatFacts>,
    /// A name for the data set, made from the file's name, that is not taken.
    pub suggested_name: String,
}

/// A role a column can have.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct RoleFacts {
    /// `user`.
    pub role: String,
    /// What it means, in a sentence.
    pub sentence: String,
    /// Whether an import needs it.
    pub required: bool,
}

/// A file format.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct FormatFacts {
    /// The value.
    pub format: Format,
    /// What people call it.
    pub title: String,
}

/// What an import would come to (result of the job `check_import`, which writes nothing).
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct ImportCheck {
    /// Counts, columns, problems by kind.
    pub summary: semid_engine::import::ImportSummary,
    /// Problems by kind, each kind as a sentence.
    pub kinds: Vec<ProblemKindCount>,
    /// The first problems in full.
    pub problems: Vec<RowProblem>,
    /// Whether a data set of that name is there already.
    pub name_taken: bool,
}

/// How often a kind of problem occurred.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct ProblemKindCount {
    /// The kind.
    pub kind: ProblemKind,
    /// What it means, in a sentence.
    pub sentence: String,
    /// Rows.
    pub rows: u64,
}

/// A data set with everything its page shows.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct DatasetDetail {
    /// As stored.
    pub dataset: Dataset,
    /// Interactions over users times items, 0–1.
    pub density: f64,
    /// Each fact as label and value, formatted ("Median history", "26").
    pub facts: Vec<(String, String)>,
    /// Problems by kind.
    pub problems: Vec<ProblemCount>,
    /// Charts there are: `history-lengths`, `popularity`, …
    pub charts: Vec<String>,
    /// Its runs, newest first.
    pub runs: Vec<i64>,
}

/// A chart of a data set.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct DatasetChartRequest {
    /// Its name.
    pub dataset: String,
    /// Which chart.
    pub chart: String,
    /// Dark instead of light.
    pub dark: bool,
}

/// A chart and the same numbers as a table.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct DrawnChart {
    /// Its name.
    pub name: String,
    /// Its title.
    pub title: String,
    /// The drawing; scale it by its `viewBox`.
    pub svg: String,
    /// The same numbers.
    pub table: Table,
    /// Where on the drawing a value can be pointed at; may be empty.
    pub marks: Vec<ChartMark>,
}

/// A place on a drawing, in the units of its `viewBox`, and what to say there.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct ChartMark {
    /// Left.
    pub x: f64,
    /// Top.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
    /// What to say, one line each.
    pub lines: Vec<String>,
}

impl From<semid_engine::export::Drawn> for DrawnChart {
    fn from(drawn: semid_engine::export::Drawn) -> Self {
        let mark = |mark: semid_engine::ChartMark| ChartMark {
            x: mark.x,
            y: mark.y,
            width: mark.width,
            height: mark.height,
            lines: mark.lines,
        };
        DrawnChart {
            name: drawn.name,
            title: drawn.table.title.clone(),
            svg: drawn.svg,
            marks: drawn.marks.into_iter().map(mark).collect(),
            table: drawn.table,
        }
    }
}

/// A page of a data set's problems.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct ProblemPage {
    /// Kept problems in all; the counts by kind may be larger.
    pub kept: u64,
    /// The page.
    pub problems: Vec<ImportProblem>,
}

/// A page of something, by data set.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
#[ts(optional_fields = nullable)]
pub struct ItemsRequest {
    /// Its name.
    pub dataset: String,
    /// Words that key, title or categories must contain; none: all.
    pub query: Option<String>,
    /// First row.
    pub offset: u64,
    /// Rows at most.
    pub limit: u64,
}

/// A page of items.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct ItemPage {
    /// Items that match.
    pub total: u64,
    /// The page.
    pub items: Vec<ItemRow>,
}

/// An item.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct ItemRow {
    /// Its index in the catalog as imported.
    pub item: u32,
    /// Its key.
    pub key: String,
    /// Its title.
    pub title: String,
    /// Coarse to fine.
    pub categories: Vec<String>,
    /// What is embedded.
    pub text: String,
    /// Interactions with it.
    pub interactions: u64,
}

/// The sample is in the workspace, with its finished comparison (result of the job `open_sample`).
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
pub struct SampleReport {
    /// The data set.
    pub dataset: String,
    /// Its finished comparison.
    pub run: i64,
}

/// Check or preview an import as it is typed.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct ImportDraft {
    /// What would be imported.
    pub import: ImportRequest,
}
