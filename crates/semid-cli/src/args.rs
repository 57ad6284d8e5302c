//! The command line: every command with its options and an example.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::study_args::StudyCommand;

/// A workbench for semantic IDs: load a catalog and a log of interactions, build semantic and hash IDs, train
/// recommenders on them, compare them with honest statistics.
#[derive(Parser)]
#[command(
    name = "semid",
    version,
    after_help = "Exit codes: 0 done; 1 a fault inside; 2 a wrong option; 3 the input does not allow it; 4 the machine \
                  does not (disk, permission, lock); 5 something must be fetched first; 130 cancelled.\n\nSEMID_HOME \
                  says where workspaces and models live."
)]
pub struct Cli {
    /// Print one JSON document instead of text.
    #[arg(long, global = true)]
    pub json: bool,
    /// Threads to use; all cores by default. The outcome is the same for any number.
    #[arg(long, global = true)]
    pub threads: Option<usize>,
    /// Print nothing but the outcome.
    #[arg(long, short, global = true)]
    pub quiet: bool,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
#[allow(clippy::large_enum_variant)] // there is one, and it is taken apart at once
pub enum Command {
    /// Bring a data set into the workspace, from your files or by a recipe.
    Import(ImportArgs),
    /// List the data sets of the workspace and the recipes at hand.
    #[command(after_help = "Example:\n  semid datasets --json")]
    Datasets,
    /// Turn texts, one a line, into vectors.
    Embed(EmbedArgs),
    /// Build the IDs of a data set and look at their quality.
    Ids(IdsArgs),
    /// Compare ID schemes and recommenders on a data set, and write a report.
    Compare(CompareArgs),
    /// Run an experiment from a settings file, or resume it.
    Run(RunArgs),
    /// List the runs.
    #[command(after_help = "Example:\n  semid runs")]
    Runs,
    /// Show the outcome of a run.
    Show(ShowArgs),
    /// Write the report of a run, or a bundle that another machine opens.
    Export(ExportArgs),
    /// Open a bundle that was exported on another machine.
    Open(OpenArgs),
    /// Draw one chart of a run as SVG or PNG.
    Chart(ChartArgs),
    /// Items for a request in your own words, explained by a language model where there is one.
    Ask(crate::language::AskArgs),
    /// Language models: fetch, set, test.
    #[command(subcommand)]
    Model(crate::language::ModelCommand),
    /// How the generative model came to an item for a user: the codes of its path, level by level.
    Why(WhyArgs),
    /// Judge the lists of any system: a TREC run against TREC qrels.
    Eval(EvalArgs),
    /// Hand a data set and its IDs to GRID, LC-Rec, LETTER, MiniOneRec, RecBole; take lists and IDs back.
    #[command(subcommand)]
    Bridge(BridgeCommand),
    /// Ask people whether they understand IDs: design, lock, sessions, answers, analysis, results.
    #[command(subcommand)]
    Study(StudyCommand),
    /// Answer requests, one JSON line each, on standard input: for programs and for working on the window.
    #[command(after_help = "Example:\n  echo '{\"id\": 1, \"command\": \"datasets\", \"payload\": {}}' | semid rpc")]
    Rpc(RpcArgs),
    /// Check the workspace, the models and the machine, and say what to do.
    Doctor(DoctorArgs),
}

#[derive(Args)]
#[command(after_help = "Examples:\n  semid import movielens-100k --download\n  semid import --items items.csv \
                        --interactions log.csv --name shop --text '{title}. {description}'")]
pub struct ImportArgs {
    /// A recipe, such as sample-films or movielens-100k, in place of --items and --interactions.
    #[arg(conflicts_with_all = ["items", "interactions"])]
    pub recipe: Option<String>,
    /// Fetch what the recipe needs, after showing its licence and size.
    #[arg(long)]
    pub download: bool,
    /// The catalog: CSV, TSV, JSON Lines (each also .gz), Parquet, RecBole .item, MovieLens, Amazon metadata.
    #[arg(long)]
    pub items: Option<PathBuf>,
    /// Who met what when, in the same formats.
    #[arg(long)]
    pub interactions: Option<PathBuf>,
    /// Name of the data set in the workspace.
    #[arg(long)]
    pub name: Option<String>,
    /// The format, when it is not told by the files.
    #[arg(long)]
    pub format: Option<String>,
    /// Which column is what: user=reviewerID,item=asin,timestamp=unixReviewTime.
    #[arg(long)]
    pub map: Option<String>,
    /// What is embedded for an item, over columns: '{title}. {categories}. {description}'.
    #[arg(long)]
    pub text: Option<String>,
    /// Import nothing at all if any row is wrong.
    #[arg(long)]
    pub strict: bool,
    /// Give items that only the interactions name a place in the catalog, with their key as title.
    #[arg(long)]
    pub keep_unknown_items: bool,
    /// Replace a data set of the same name.
    #[arg(long)]
    pub replace: bool,
}

#[derive(Args)]
#[command(after_help = "Example:\n  semid embed --texts titles.txt --output vectors.npy")]
pub struct EmbedArgs {
    /// A file with one text a line.
    #[arg(long)]
    pub texts: PathBuf,
    /// Where the f32 rows go, as .npy.
    #[arg(long)]
    pub output: PathBuf,
    /// A sentence-transformers folder, or the name of one among the models.
    #[arg(long, default_value = "all-MiniLM-L6-v2")]
    pub model: String,
}

#[derive(Args)]
#[command(
    after_help = "Examples:\n  semid ids sample-films --scheme rq-kmeans\n  semid ids shop --scheme lsh --codes \
                        128 --output ids.csv"
)]
pub struct IdsArgs {
    /// A data set.
    pub dataset: String,
    /// hash, permuted, lsh, rq-kmeans, rq-vae, opq, category-path, atomic, or a file of IDs to import (.json, .csv,
    /// .parquet, .pt).
    #[arg(long, default_value = "rq-kmeans")]
    pub scheme: String,
    #[command(flatten)]
    pub shape: ShapeArgs,
    /// The seed.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Write item, ID and labels here, as CSV.
    #[arg(long)]
    pub output: Option<PathBuf>,
}

#[derive(Args)]
pub struct ShapeArgs {
    /// Levels of an ID.
    #[arg(long)]
    pub levels: Option<usize>,
    /// Codes of each level.
    #[arg(long)]
    pub codes: Option<u32>,
    /// What to do when items share all codes: append-digit, next-best, keep.
    #[arg(long)]
    pub collisions: Option<String>,
    /// Name of the text encoder.
    #[arg(long)]
    pub model: Option<String>,
}

#[derive(Args)]
#[command(after_help = "Example:\n  semid compare movielens-100k --ids hash,permuted,lsh,rq-kmeans --recommenders \
                        popularity,item-knn,text-knn,generative --seeds 3")]
pub struct CompareArgs {
    /// A data set.
    pub dataset: String,
    /// ID schemes, by comma: hash, permuted, lsh, rq-kmeans, rq-vae, opq, category-path, atomic; a path ending in
    /// .json, .csv, .parquet or .pt is a file of IDs.
    #[arg(long, value_delimiter = ',')]
    pub ids: Option<Vec<String>>,
    /// Recommenders, by comma: popularity, item-knn, text-knn, ease, sasrec, sasrec-bce, generative, tiger (hours on a CPU);
    /// language models: lm-title, lm-hash, lm-id, lm-legend, lm-id-title, lm-generate; trained on one, for hours: lm-soft,
    /// lm-speak; a path ending in .trec, .run, .parquet, .json or .jsonl is a file of another system's lists.
    #[arg(long, value_delimiter = ',')]
    pub recommenders: Option<Vec<String>>,
    /// How many seeds: 1 to n.
    #[arg(long)]
    pub seeds: Option<u64>,
    #[command(flatten)]
    pub shape: ShapeArgs,
    /// Metrics, by comma; the first leads.
    #[arg(long, value_delimiter = ',')]
    pub metrics: Option<Vec<String>>,
    /// The arm that all others are compared with.
    #[arg(long)]
    pub baseline: Option<String>,
    /// leave-last-out, or time:0.1,0.1 for shares of validation and test.
    #[arg(long)]
    pub split: Option<String>,
    /// The order of a user's interactions with the same time: shuffle, file-order.
    #[arg(long)]
    pub ties: Option<String>,
    /// Drop users and items with fewer interactions.
    #[arg(long)]
    pub k_core: Option<u32>,
    /// Drop rows rated below.
    #[arg(long)]
    pub min_rating: Option<f32>,
    /// Judge so many users, drawn by the data seed; 0: all. 200 where a language model is asked or taught IDs.
    #[arg(long)]
    pub users: Option<u32>,
    /// Adjustment of p-values: holm, benjamini-hochberg.
    #[arg(long)]
    pub correction: Option<String>,
    /// Epochs of the recommenders that train, at the most.
    #[arg(long)]
    pub epochs: Option<usize>,
    /// Name of the run; the data set's name by default.
    #[arg(long)]
    pub name: Option<String>,
    /// Folder of the report; below SEMID_HOME by default.
    #[arg(long)]
    pub output: Option<PathBuf>,
    /// Write the settings here instead of running, for `semid run`.
    #[arg(long)]
    pub settings_only: Option<PathBuf>,
    /// Tell how long it would take instead of running.
    #[arg(long, conflicts_with = "settings_only")]
    pub estimate: bool,
}

#[derive(Args)]
#[command(after_help = "Example:\n  semid run experiment.toml --output report/")]
pub struct RunArgs {
    /// The settings, as `semid compare … --settings-only FILE` writes them.
    pub file: PathBuf,
    /// Folder of the report; below SEMID_HOME by default.
    #[arg(long)]
    pub output: Option<PathBuf>,
}

#[derive(Args)]
#[command(after_help = "Example:\n  semid show 3")]
pub struct ShowArgs {
    /// Number of the run; the last one by default.
    pub run: Option<i64>,
}

#[derive(Args)]
#[command(after_help = "Examples:\n  semid export 3 --output report/\n  semid export 3 --bundle films.semid --models")]
pub struct ExportArgs {
    /// Number of the run; the last one by default.
    pub run: Option<i64>,
    /// Where the report folder goes.
    #[arg(long, required_unless_present = "bundle")]
    pub output: Option<PathBuf>,
    /// Write one file with the whole run, which `semid open` opens on another machine.
    #[arg(long, conflicts_with_all = ["output", "per_user"])]
    pub bundle: Option<PathBuf>,
    /// Put the trained models and the embeddings into the bundle.
    #[arg(long, requires = "bundle")]
    pub models: bool,
    /// Put the users' keys into the bundle.
    #[arg(long, requires = "bundle")]
    pub keys: bool,
    /// Also write per-user metric values of every arm and seed, as CSV.
    #[arg(long)]
    pub per_user: bool,
}

#[derive(Args)]
#[command(after_help = "Example:\n  semid open films.semid")]
pub struct OpenArgs {
    /// The bundle.
    pub bundle: PathBuf,
}

#[derive(Args)]
#[command(after_help = "Examples:\n  semid chart 3 list\n  semid chart 3 gains --theme dark --output gains.png")]
pub struct ChartArgs {
    /// Number of the run.
    pub run: i64,
    /// Which chart; `semid chart RUN list` names them.
    pub chart: String,
    /// Colours.
    #[arg(long, value_enum, default_value = "light")]
    pub theme: ThemeArg,
    /// Where the picture goes, SVG or PNG by its ending; printed as SVG when not given.
    #[arg(long)]
    pub output: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum ThemeArg {
    Light,
    Dark,
}

#[derive(Args)]
#[command(after_help = "Examples:\n  semid why 3\n  semid why 3 --user A3CIUOJXQ5VDQ2 --arm generative/rq-kmeans")]
pub struct WhyArgs {
    /// Number of the run.
    pub run: i64,
    /// The user's key; the user the arm serves best by default.
    #[arg(long)]
    pub user: Option<String>,
    /// Key of an item that stands in the user's list or was held out; the first of the list by default.
    #[arg(long)]
    pub item: Option<String>,
    /// Key of an arm that speaks in IDs; the best one by default.
    #[arg(long)]
    pub arm: Option<String>,
    /// Seed of the replicate; the first by default.
    #[arg(long)]
    pub seed: Option<u64>,
}

#[derive(Subcommand)]
#[command(
    after_help = "Examples:\n  semid bridge export movielens-100k --ids rq-kmeans --format recbole --output ml/\n  semid \
                        bridge import 3 --lists sasrec.trec --title 'SASRec (RecBole)'"
)]
pub enum BridgeCommand {
    /// Write a data set, filtered and split as an experiment does it, in another system's forms.
    Export(BridgeExportArgs),
    /// Take another system's lists or IDs as arms of a comparison: same users, same statistics, same table.
    Import(BridgeImportArgs),
}

#[derive(Args)]
#[command(
    after_help = "Examples:\n  semid bridge export shop --ids rq-kmeans --format lcrec --output shop-lcrec/\n  semid \
                        bridge export 3 --format grid --ids rq-kmeans --embeddings --output grid/"
)]
pub struct BridgeExportArgs {
    /// A data set, the number of a run, or an experiment file (.toml): the last two say filters, split and shape of the IDs.
    pub source: String,
    /// The scheme whose IDs go along.
    #[arg(long)]
    pub ids: Option<String>,
    /// Whose forms.
    #[arg(long, value_enum)]
    pub format: BridgeFormatArg,
    /// Where the files go.
    #[arg(long)]
    pub output: PathBuf,
    /// Seed of the IDs.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Also the vectors of the items (grid, parquet).
    #[arg(long)]
    pub embeddings: bool,
    #[command(flatten)]
    pub shape: ShapeArgs,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum BridgeFormatArg {
    /// TFRecords and a tensor of IDs, as GRID reads them.
    Grid,
    /// NAME.inter.json, NAME.index.json, NAME.item.json: LC-Rec, LETTER, MiniOneRec.
    Lcrec,
    /// Atomic files with the rows of the split.
    Recbole,
    /// Tables of items, interactions, cases.
    Parquet,
}

#[derive(Args)]
#[command(
    after_help = "Examples:\n  semid bridge import 3 --lists sasrec.trec --title 'SASRec (RecBole)'\n  semid bridge \
                        import experiment.toml --lists tiger-1.json,tiger-2.json,tiger-3.json --name tiger --names indices\n  \
                        semid bridge import 3 --ids grid/semantic_ids.pt"
)]
pub struct BridgeImportArgs {
    /// The number of a run or an experiment file (.toml), whose arms stand beside; or a data set.
    pub source: String,
    /// A file of lists (.trec, .run, .parquet, .json, .jsonl), or one a seed by comma. May be given again: an arm each.
    #[arg(long, required_unless_present = "ids")]
    pub lists: Vec<String>,
    /// Key of the arm, one for each --lists; made from the file's name by default.
    #[arg(long)]
    pub name: Vec<String>,
    /// What people call the arm, one for each --lists.
    #[arg(long)]
    pub title: Vec<String>,
    /// What stands for users and items: auto, keys, indices (as grid and lcrec exports name them).
    #[arg(long, default_value = "auto")]
    pub names: String,
    /// A file of IDs (.json, .csv, .parquet, .pt): one more scheme of every recommender that speaks in IDs.
    #[arg(long)]
    pub ids: Option<PathBuf>,
    /// Only look at the files and say what they hold.
    #[arg(long)]
    pub look: bool,
    /// Folder of the report; below SEMID_HOME by default.
    #[arg(long)]
    pub output: Option<PathBuf>,
}

#[derive(Args)]
#[command(after_help = "Example:\n  semid eval run.trec qrels.trec --metrics ndcg@10,recall@10 --json")]
pub struct EvalArgs {
    /// Lists in TREC form: user Q0 item rank score tag.
    pub run: PathBuf,
    /// Relevance in TREC form: user 0 item relevance.
    pub qrels: PathBuf,
    /// Metrics, by comma.
    #[arg(long, value_delimiter = ',', default_value = "precision@10,recall@10,ndcg@10,map@10,mrr@10")]
    pub metrics: Vec<String>,
    /// Write every user's values here, as CSV.
    #[arg(long)]
    pub per_user: Option<PathBuf>,
}

#[derive(Args)]
#[command(after_help = "Example:\n  semid doctor --repair")]
pub struct DoctorArgs {
    /// Mend what can be mended without losing anything.
    #[arg(long)]
    pub repair: bool,
    /// Fetch the text encoder if it is not here.
    #[arg(long)]
    pub fetch: bool,
}

#[derive(Args)]
pub struct RpcArgs {
    /// Print the requests and replies as TypeScript instead.
    #[arg(long)]
    pub types: bool,
}
