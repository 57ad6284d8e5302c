//! `semid model` and `semid ask`: language models, and a request in one's own words.

use std::io::{BufRead, IsTerminal};
use std::path::PathBuf;

use clap::{Args, Subcommand};
use semid_api::ApiError;
use semid_api::engine::settings::ExperimentSettings;
use semid_api::wire::*;
use serde_json::json;

use crate::print::{clean, table};
use crate::{Outcome, Shell, compare, out};

#[derive(Subcommand)]
#[command(
    after_help = "Examples:\n  semid model fetch SmolLM2-135M-Instruct\n  semid model test SmolLM2-135M-Instruct\n  semid \
                        model add cluster --url http://10.0.0.5:8000/v1 --model Qwen/Qwen3-8B\n\nThe key of an endpoint comes \
                        from the system's keychain (semid model key NAME), else from SEMID_LLM_KEY; it is never stored in the \
                        workspace."
)]
pub enum ModelCommand {
    /// List the language models at hand.
    List,
    /// Fetch a model; its licence is shown first.
    Fetch(ModelNameArgs),
    /// Set a model behind an OpenAI-compatible URL.
    Add(ModelAddArgs),
    /// Forget a model behind a URL.
    Remove(ModelNameArgs),
    /// Put the key of a remote model into the system's keychain; it is read from standard input.
    Key(ModelNameArgs),
    /// Greet a model and show what it answers.
    Test(ModelNameArgs),
    /// Open an answer of a run with its prompt.
    Answer(ModelAnswerArgs),
    /// Let a model explain the same recommendations by title, by hash ID and by semantic ID, to be rated in a study.
    Explain(ModelExplainArgs),
    /// Plant orders into 0, 1 and 10 % of the titles and tell what changes.
    Orders(ModelOrdersArgs),
    /// Write what a model learned in a run: LoRA adapters as PEFT reads them with the rows of the new tokens.
    Adapters(ModelAdaptersArgs),
    /// Print a built-in prompt, or look at an edited one: what the model would see, and what differs.
    Prompt(ModelPromptArgs),
}

#[derive(Args)]
pub struct ModelAnswerArgs {
    /// Number of the run.
    pub run: i64,
    /// Key of an arm that asked a language model, such as lm-id/rq-kmeans.
    pub arm: String,
    /// Seed of the replicate.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Index of the user; none: the first that was judged.
    #[arg(long)]
    pub user: Option<u32>,
}

#[derive(Args)]
pub struct ModelExplainArgs {
    /// The data set.
    pub dataset: String,
    /// IDs to name items by: keys of schemes, whose IDs are built where there are none, or names of IDs, by comma.
    #[arg(long, value_delimiter = ',', default_value = "rq-kmeans")]
    pub ids: Vec<String>,
    /// The language model.
    #[arg(long)]
    pub model: String,
    /// Recommendations to explain.
    #[arg(long, default_value_t = 40)]
    pub count: u32,
    /// Draws them.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

#[derive(Args)]
pub struct ModelOrdersArgs {
    /// The data set.
    pub dataset: String,
    /// The language model.
    #[arg(long)]
    pub model: String,
    /// Users whose candidates it orders.
    #[arg(long, default_value_t = 50)]
    pub users: u32,
    /// Read the order from a list that the model writes instead of from likelihoods.
    #[arg(long)]
    pub written: bool,
}

#[derive(Args)]
#[command(after_help = "Example:\n  semid model adapters 7 lm-speak/rq-kmeans --output adapters/")]
pub struct ModelAdaptersArgs {
    /// Number of the run.
    pub run: i64,
    /// Key of an arm that trained on a language model, such as lm-speak/rq-kmeans or lm-soft.
    pub arm: String,
    /// Seed of the replicate.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Folder to write into.
    #[arg(long)]
    pub output: PathBuf,
}

#[derive(Args)]
pub struct ModelPromptArgs {
    /// rank, generate, ask, explain, intrusion, forward-simulation, naming, rating.
    pub kind: String,
    /// A file with an edited question; the frame stays.
    #[arg(long)]
    pub user: Option<PathBuf>,
    /// A file with an edited frame; the question stays.
    #[arg(long)]
    pub system: Option<PathBuf>,
}

#[derive(Args)]
pub struct ModelNameArgs {
    /// Name of the model.
    pub name: String,
}

#[derive(Args)]
pub struct ModelAddArgs {
    /// What to call it.
    pub name: String,
    /// Base URL up to and with the version; several by comma share the requests.
    #[arg(long, value_delimiter = ',', required = true)]
    pub url: Vec<String>,
    /// The model's name there.
    #[arg(long)]
    pub model: String,
    /// Requests on their way at once.
    #[arg(long)]
    pub concurrency: Option<u32>,
    /// Seconds until an attempt counts as lost.
    #[arg(long)]
    pub timeout: Option<f64>,
    /// Tokens a run may spend: it stops there.
    #[arg(long)]
    pub most_tokens: Option<u64>,
    /// What a run may cost: it stops there. Needs --price.
    #[arg(long, requires = "price")]
    pub most_cost: Option<f64>,
    /// Price of a million tokens of prompts and of answers: --price 0.15,0.60
    #[arg(long, value_delimiter = ',', num_args = 2)]
    pub price: Vec<f64>,
    /// Currency of the price.
    #[arg(long)]
    pub currency: Option<String>,
}

#[derive(Args)]
#[command(
    after_help = "Examples:\n  semid ask sample-films \"sci-fi thrillers\"\n  semid ask movielens-100k \"like Blade Runner \
                        but lighter\" --model SmolLM2-135M-Instruct --ids rq-kmeans"
)]
pub struct AskArgs {
    /// The data set.
    pub dataset: String,
    /// What to find, in your own words.
    pub text: String,
    /// The IDs shown and searched: the key of a scheme, whose IDs are built where there are none, or the name of IDs.
    #[arg(long, default_value = "rq-kmeans")]
    pub ids: String,
    /// The language model that orders and explains; none: retrieval alone.
    #[arg(long)]
    pub model: Option<String>,
    /// Keys of items you liked, by comma.
    #[arg(long, value_delimiter = ',')]
    pub liked: Vec<String>,
    /// Items wanted at the most.
    #[arg(long, default_value_t = 5)]
    pub count: u32,
}

impl Shell {
    pub fn model(&self, command: ModelCommand) -> Outcome {
        match command {
            ModelCommand::List => {
                let models: Vec<LanguageModelRow> = self.app.call("language_models", Nothing {})?;
                self.tell(&models, |models| listed(models))
            }
            ModelCommand::Fetch(args) => {
                let about: About = self.app.call("about", Nothing {})?;
                if let Some(row) = about.models.iter().find(|row| row.name == args.name && !row.here) {
                    let size = row.bytes.map_or(String::new(), |bytes| format!(", {:.0} MB", bytes as f64 / 1e6));
                    out::note(&format!("{}{size}, licence {}.", clean(&row.title), clean(&row.licence)));
                }
                let row: ModelRow = self.job("fetch_model", ModelRequest { model: args.name })?;
                self.tell(&row, |row| {
                    let folder: PathBuf = row.folder.clone().unwrap_or_default();
                    format!("{} ({}) is in {}.", clean(&row.title), clean(&row.licence), folder.display())
                })
            }
            ModelCommand::Add(args) => {
                let (prompt_price, completion_price) = (args.price.first().copied(), args.price.get(1).copied());
                let request = RemoteModelDraft {
                    name: args.name,
                    model: args.model,
                    urls: args.url,
                    concurrency: args.concurrency,
                    timeout_secs: args.timeout,
                    most_tokens: args.most_tokens,
                    most_cost: args.most_cost,
                    prompt_price,
                    completion_price,
                    currency: args.currency,
                };
                let models: Vec<LanguageModelRow> = self.app.call("set_remote_model", request)?;
                self.tell(&models, |models| listed(models))
            }
            ModelCommand::Remove(args) => {
                let request = LanguageModelRequest { model: args.name };
                let models: Vec<LanguageModelRow> = self.app.call("remove_remote_model", request)?;
                self.tell(&models, |models| listed(models))
            }
            ModelCommand::Key(args) => {
                if std::io::stdin().is_terminal() {
                    eprintln!("Paste the key and press Enter; an empty line forgets the one that is kept.");
                }
                let mut key = String::new();
                let read = std::io::stdin().lock().read_line(&mut key);
                read.map_err(|error| ApiError::input(format!("The key could not be read ({error}).")))?;
                let forgotten = key.trim().is_empty();
                // Not through a typed request: nothing of it may be printed by a slip.
                let Nothing {} = self.app.call("keep_key", json!({ "model": args.name, "key": key.trim() }))?;
                self.tell(&json!({ "kept": !forgotten }), |_| {
                    if forgotten { "The key is forgotten." } else { "The key is in the keychain." }.to_owned()
                })
            }
            ModelCommand::Test(args) => {
                let test: ModelTest = self.job("test_language_model", LanguageModelRequest { model: args.name })?;
                self.tell(&test, tested)
            }
            ModelCommand::Answer(args) => {
                let request = LmAnswerRequest { run: args.run, arm: args.arm, seed: args.seed, user: args.user };
                let answer: LmAnswer = self.app.call("language_answer", request)?;
                self.tell(&answer, opened)
            }
            ModelCommand::Explain(args) => {
                let request = ExplainRequest {
                    ids: self.ids_named(&args.dataset, &args.ids)?,
                    dataset: args.dataset,
                    model: args.model,
                    count: args.count,
                    seed: args.seed,
                };
                let set: ExplanationSet = self.job("explain", request)?;
                self.tell(&set, explained)
            }
            ModelCommand::Orders(args) => {
                let answer = if args.written { AnswerBy::Written } else { AnswerBy::Likelihood };
                let (dataset, model, users) = (args.dataset, args.model, args.users);
                let rows: Vec<OrdersRow> =
                    self.job("orders_in_titles", OrdersRequest { dataset, model, users, answer })?;
                self.tell(&rows, |rows| ordered(rows))
            }
            ModelCommand::Adapters(args) => {
                let output = crate::absolute(args.output)?;
                let request = AdaptersRequest { run: args.run, arm: args.arm, seed: args.seed, output };
                let written: AdaptersWritten = self.app.call("export_adapters", request)?;
                self.tell(&written, |written| {
                    let files: String = written.files.iter().map(|file| format!("\n  {}", file.display())).collect();
                    format!("What was learned on {}:{files}", clean(&written.model))
                })
            }
            ModelCommand::Prompt(args) => self.prompt(args),
        }
    }

    fn prompt(&self, args: ModelPromptArgs) -> Outcome {
        let templates: Vec<PromptTemplate> = self.app.call("prompts", Nothing {})?;
        let known: Vec<&str> = templates.iter().map(|template| template.kind.key()).collect();
        let template = templates.iter().find(|template| template.kind.key() == args.kind).ok_or_else(|| {
            ApiError::input(format!("There is no prompt of the kind “{}”. There are: {}.", args.kind, known.join(", ")))
        })?;
        if args.user.is_none() && args.system.is_none() {
            return self.tell(template, |template| format!("{}\n---\n{}", template.system, template.user));
        }
        let read = |file: Option<PathBuf>, built_in: &str| match file {
            None => Ok(built_in.to_owned()),
            Some(file) => std::fs::read_to_string(&file)
                .map_err(|error| ApiError::input(format!("{} could not be read ({error}).", file.display()))),
        };
        let (system, user) = (read(args.system, &template.system)?, read(args.user, &template.user)?);
        let check: PromptCheck = self.app.call("check_prompt", PromptDraft { kind: template.kind, system, user })?;
        self.tell(&check, checked)
    }

    pub fn ask(&self, args: AskArgs) -> Outcome {
        let ids = self.ids_named(&args.dataset, std::slice::from_ref(&args.ids))?;
        let request = AskRequest {
            dataset: args.dataset,
            ids: ids.into_iter().next().unwrap_or(args.ids),
            text: args.text,
            model: args.model,
            history: args.liked,
            earlier: Vec::new(),
            count: args.count,
        };
        let asked: Asked = self.job("ask", request)?;
        self.tell(&asked, answered)
    }

    /// The names of IDs that are given by the key of their scheme, or by name. A scheme that has none yet builds them.
    fn ids_named(&self, dataset: &str, given: &[String]) -> Result<Vec<String>, ApiError> {
        let there = || -> Result<Vec<SchemeRow>, ApiError> {
            self.app.call("schemes", DatasetRequest { dataset: dataset.to_owned() })
        };
        let mut names = Vec::new();
        let mut rows = there()?;
        for given in given {
            let known = |rows: &[SchemeRow]| rows.iter().find(|row| row.scheme == *given).map(|row| row.ids.clone());
            if known(&rows).is_none()
                && let Ok(schemes) = compare::schemes(std::slice::from_ref(given), true)
            {
                let settings = ExperimentSettings { ids: schemes, ..self.starter(dataset)? };
                let _: IdsReport = self.job("ids", IdsRequest { settings, seed: 1, output: None })?;
                rows = there()?;
            }
            names.push(known(&rows).unwrap_or_else(|| given.clone()));
        }
        Ok(names)
    }
}

fn listed(models: &[LanguageModelRow]) -> String {
    if models.is_empty() {
        return "No language model is at hand. `semid model fetch SmolLM2-135M-Instruct` fetches a small one."
            .to_owned();
    }
    let rows = models.iter().map(|model| {
        let place = match model.place {
            ModelPlace::Here => "here",
            ModelPlace::Remote => "remote",
        };
        vec![clean(&model.name), place.to_owned(), clean(&model.about)]
    });
    table(&["Language model", "Where", "What"], &[], rows)
}

fn tested(test: &ModelTest) -> String {
    match (&test.answer, &test.problem) {
        (Some(answer), _) => {
            format!("{} answered in {:.1} s, {} tokens: {}", clean(&test.name), test.secs, test.tokens, clean(answer))
        }
        (None, problem) => {
            format!("{} did not answer: {}", clean(&test.name), problem.as_deref().unwrap_or("no reason was given."))
        }
    }
}

fn opened(answer: &LmAnswer) -> String {
    let mut text = format!("User {}\n\n{}\n\n{}\n", answer.user, answer.system, answer.question);
    if !answer.said.is_empty() {
        text += &format!("\nThe model wrote:\n{}\n", clean(&answer.said));
    }
    text += "\nWhat counts, best first:\n";
    for (at, named) in answer.named.iter().enumerate() {
        let likelihood = answer.likelihoods.get(at).map(|value| format!("  log p {value:.3}")).unwrap_or_default();
        let miss = if named.counts { "" } else { "  a miss: not offered, or named before" };
        text += &format!("{:>3}. {}{likelihood}{miss}\n", at + 1, clean(&named.said));
    }
    text
}

fn explained(set: &ExplanationSet) -> String {
    let rows = set.arms.iter().map(|arm| {
        let sample = arm.explained.values().next().map(|one| clean(&one.text)).unwrap_or_default();
        vec![clean(&arm.key), clean(&arm.title), sample]
    });
    format!(
        "{}\n{} recommendations are explained in every arm; {} were left out, for which an answer could not be read.\nRate \
         them: semid study new {} --explanations {}",
        table(&["Arm", "Items named by", "For example"], &[], rows),
        set.pairs,
        set.left_out,
        clean(&set.dataset),
        set.name
    )
}

fn ordered(rows: &[OrdersRow]) -> String {
    let shown = rows.iter().map(|row| {
        vec![
            format!("{:.0} %", 100.0 * row.share),
            row.shown.to_string(),
            row.first.to_string(),
            row.first_before.to_string(),
            row.changed.to_string(),
            format!("{:.4}", row.ndcg),
        ]
    });
    let answers: String = rows.iter().map(|row| format!("{:.0} %: {}\n", 100.0 * row.share, row.answers)).collect();
    let heads = ["Titles with orders", "Shown", "Ranked first", "The same without orders", "First changed", "NDCG@10"];
    format!("{}\n{answers}", table(&heads, &[], shown))
}

fn checked(check: &PromptCheck) -> String {
    let problems: String = check.problems.iter().map(|problem| format!("{}\n", clean(&problem.sentence))).collect();
    let diff = check.diff.iter().map(|line| {
        let mark = match line.mark {
            DiffMark::Same => ' ',
            DiffMark::Added => '+',
            DiffMark::Removed => '-',
        };
        format!("{mark} {}\n", line.text)
    });
    let diff: String = diff.collect();
    match problems.is_empty() {
        true => format!("{diff}\nOn a sample the model would see:\n\n{}\n\n{}", check.system, check.question),
        false => format!("{problems}\n{diff}"),
    }
}

fn answered(asked: &Asked) -> String {
    let mut text = String::new();
    for (at, found) in asked.items.iter().enumerate() {
        let codes: Vec<String> = found.item.codes.iter().map(u32::to_string).collect();
        let labels: Vec<&str> =
            found.item.labels.iter().map(String::as_str).filter(|label| !label.is_empty()).collect();
        let found_by = match &found.found_by {
            FoundBy::Text {} => format!("its text, similarity {:.2}", found.similarity),
            FoundBy::Id { prefix, with, .. } => {
                format!("its ID, which shares {} codes with {}", prefix.len(), clean(with))
            }
        };
        text += &format!(
            "{}. {}\n   {}  {}\n   Found by {found_by}.\n",
            at + 1,
            clean(&found.item.title),
            codes.join("·"),
            clean(&labels.join(" › "))
        );
        if let (Some(explanation), Some(model)) = (&found.explanation, &asked.model) {
            text += &format!("   {}: “{}”\n", clean(model), clean(explanation));
        }
    }
    for note in &asked.notes {
        text += &format!("\n{}", clean(note));
    }
    text
}
