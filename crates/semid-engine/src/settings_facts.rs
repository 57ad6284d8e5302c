//! Every setting explained: what a form calls it, what it does in a sentence, what can be typed. And every method, too.
//!
//! The sentences live here and nowhere else. A setting without an entry fails a test that walks the starter.

use semid_core::id_schemes::CollisionRule;
use semid_core::statistics::Correction;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::settings::{ExperimentSettings, IdSettings, RecommenderSettings};
use crate::training_facts::{self, Row, generative_fields, sasrec_fields, soft_fields, speak_fields, tiger_fields};

/// A setting explained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct FieldFacts {
    /// Path in the settings: `codes.levels`, `recommenders.generative.d_model`; the path problems name, too.
    pub field: String,
    /// What a form calls it.
    pub title: String,
    /// What it does, in a sentence.
    pub sentence: String,
    /// What can be typed.
    pub input: FieldInput,
    /// Unit, such as "items"; may be empty.
    pub unit: String,
    /// Whether it may be left empty.
    pub optional: bool,
    /// Whether a beginner never needs it.
    pub advanced: bool,
}

/// What can be typed into a field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum FieldInput {
    /// Words.
    Text,
    /// A number within bounds.
    Number {
        /// Lowest.
        low: f64,
        /// Highest.
        high: f64,
        /// Whether only whole numbers.
        whole: bool,
    },
    /// Yes or no.
    Switch,
    /// One of these.
    Choice {
        /// Value, title and sentence of each.
        choices: Vec<(String, String, String)>,
    },
    /// A list, such as seeds and metrics.
    List,
    /// A file.
    File,
}

/// Facts of every setting these settings have, in the order a form shows them. Choices that depend on the other settings,
/// such as the baseline's, are those of these settings.
pub fn fields(settings: &ExperimentSettings) -> Vec<FieldFacts> {
    let mut facts = vec![
        field("name", "Name", "What you will recognise this experiment by in the list of runs.", FieldInput::Text),
        field("dataset", "Data set", "The data set of the workspace that is compared on.", FieldInput::Text),
        field(
            "seeds",
            "Seeds",
            "Each seed is a whole replicate: IDs, initialisation and order of training are drawn anew; three or more show \
             how much chance decides.",
            FieldInput::List,
        ),
        field(
            "data_seed",
            "Data seed",
            "Decides the order of ties, the bootstrap and the sign flips; shared by all replicates so that users stay \
             comparable.",
            whole(0.0, 9_007_199_254_740_991.0),
        )
        .advanced(),
        field(
            "baseline",
            "Baseline",
            "The arm that all others are compared with.",
            FieldInput::Choice {
                choices: settings.arms().iter().map(|arm| (arm.key(), arm.title(), String::new())).collect(),
            },
        ),
        field(
            "ids",
            "ID schemes",
            "Each scheme is an arm of every recommender that speaks in IDs; hash and permuted are the controls that \
             semantic IDs have to beat.",
            FieldInput::List,
        ),
        field("recommenders", "Recommenders", "What learns from the log and ranks the catalog.", FieldInput::List),
    ];
    facts.extend(prepare_fields());
    facts.extend(code_fields());
    for scheme in &settings.ids {
        facts.extend(scheme_fields(settings, scheme));
    }
    for recommender in &settings.recommenders {
        facts.extend(recommender_fields(recommender));
    }
    facts.extend(evaluation_fields());
    facts
}

/// What an ID scheme does, in a sentence; by its key.
pub fn scheme_sentence(key: &str) -> &'static str {
    match key {
        "hash" => "Codes drawn at random by a keyed hash of the item: the same shape, no meaning.",
        "permuted" => {
            "The semantic IDs dealt to other items: same tree and shape, no meaning, so the difference to them is the gain \
             of meaning alone."
        }
        "lsh" => "The signs of random projections of the item's embedding, so that near items tend to share codes.",
        "rq-kmeans" => {
            "k-means on the embeddings, then on what each level leaves over: coarse to fine, learned from the catalog."
        }
        "rq-vae" => {
            "An autoencoder learned on the embeddings whose middle is cut into codes level by level, as in TIGER: coarse to \
             fine, a minute of training."
        }
        "opq" => {
            "The embeddings rotated and cut into parts, each with its own codes: side by side, none finer than another, as in \
             systems with long IDs."
        }
        "category-path" => "The catalog's own categories as levels; needs a data set whose items have them.",
        "atomic" => "One token for each item: nothing shared between items.",
        "imported" => "IDs made elsewhere, read from a file.",
        _ => "",
    }
}

/// What a recommender does, in a sentence; by its key.
pub fn recommender_sentence(key: &str) -> &'static str {
    match key {
        "popularity" => "Recommends what most people met: the floor under every other number.",
        "item-knn" => "Recommends items that were met by the same people as those of the history.",
        "text-knn" => "Recommends items whose text is near to that of the history.",
        "ease" => {
            "Weighs every pair of items by a formula instead of a training: exact, without order in time, and strong where \
             people meet many items."
        }
        "sasrec" => {
            "A transformer over the items themselves, taught by the softmax over the whole catalog: the strong baseline \
             without IDs."
        }
        "sasrec-bce" => {
            "The same transformer taught as in its paper, by one sampled item a position: weaker, for comparison with papers."
        }
        "generative" => {
            "A small transformer that writes the ID of the next item code by code, one arm for each ID scheme."
        }
        "tiger" => {
            "The published encoder–decoder, which reads the IDs of the history and writes the next one, one arm for each ID \
             scheme: hours of training on a CPU."
        }
        "lm-title" => {
            "A language model orders what a retriever found, reading titles: what it knows of items without any IDs."
        }
        "lm-hash" => {
            "The same, reading IDs without meaning, written as UUIDs are: what is left when it can know nothing."
        }
        "lm-id" => "The same, reading semantic IDs, one arm for each ID scheme.",
        "lm-legend" => "The same, with what the codes mean in words before them.",
        "lm-id-title" => "The same, reading each item's ID and title.",
        "lm-generate" => "A language model writes the ID of the next item itself, without candidates.",
        "lm-soft" => {
            "Each item's embedding, projected into a language model's own space, stands in the prompt as one token; the \
             projection learns what comes next and the model stays as it is: an hour or more on a CPU."
        }
        "lm-speak" => {
            "A language model learns the codes of IDs as new words, first their embeddings, then low-rank adapters, one arm \
             for each ID scheme: a night on a CPU."
        }
        "imported" => "Lists that another system made, judged on the same users with the same statistics.",
        _ => "",
    }
}

/// Walks settings and names every field as problems and facts do: `ids.rq-kmeans.iterations`, with its value.
pub fn named_values(settings: &ExperimentSettings) -> Vec<(String, Value)> {
    // Settings are plain data; they always serialise.
    let whole = serde_json::to_value(settings).unwrap_or_default();
    let mut values = Vec::new();
    walk("", &whole, &mut values);
    values
}

/// A field and its value in each of several settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Differing {
    /// `codes.levels`.
    pub field: String,
    /// What a form calls it.
    pub title: String,
    /// As a person would type it; none where these settings have no such field.
    pub values: Vec<Option<String>>,
}

/// Fields that differ between settings, in the order of a form, and the number of those that are equal.
pub fn difference(all: &[ExperimentSettings]) -> (Vec<Differing>, u64) {
    let named: Vec<Vec<(String, Value)>> = all.iter().map(named_values).collect();
    let mut rows: Vec<Differing> = Vec::new();
    let (mut equal, mut seen) = (0, std::collections::BTreeSet::new());
    for facts in all.iter().flat_map(fields) {
        if !seen.insert(facts.field.clone()) {
            continue;
        }
        let value = |of: &Vec<(String, Value)>| {
            of.iter().find(|(field, _)| *field == facts.field).map(|(_, value)| as_typed(value))
        };
        let values: Vec<Option<String>> = named.iter().map(value).collect();
        match values.windows(2).all(|pair| pair[0] == pair[1]) {
            true => equal += 1,
            false => rows.push(Differing { title: facts.title, field: facts.field, values }),
        }
    }
    (rows, equal)
}

fn as_typed(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(as_typed).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

impl crate::Engine {
    /// Fields that differ between the settings of runs, and the number of those that are equal.
    pub fn settings_difference(&self, runs: &[semid_store::Run]) -> crate::Result<(Vec<Differing>, u64)> {
        let settings = runs.iter().map(crate::run::read_settings).collect::<crate::Result<Vec<_>>>()?;
        Ok(difference(&settings))
    }
}

fn walk(path: &str, value: &Value, values: &mut Vec<(String, Value)>) {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        Value::Object(fields) => {
            for (name, value) in fields.iter().filter(|(name, _)| !matches!(name.as_str(), "scheme" | "kind")) {
                walk(&below(name), value, values);
            }
        }
        Value::Array(entries) if entries.iter().any(Value::is_object) => {
            // Imported lists go by their name, since there may be several.
            let tags = ["scheme", "name", "kind"];
            let key = |entry: &Value| tags.iter().find_map(|tag| entry[tag].as_str().map(str::to_owned));
            values.push((path.to_owned(), entries.iter().filter_map(key).collect()));
            for entry in entries {
                walk(&below(&key(entry).unwrap_or_default()), entry, values);
            }
        }
        plain => values.push((path.to_owned(), plain.clone())),
    }
}

fn prepare_fields() -> Vec<FieldFacts> {
    vec![
        field(
            "prepare.min_rating",
            "Lowest rating",
            "Interactions rated lower are left out; empty keeps all, and rows without a rating stay.",
            number(-1e6, 1e6),
        )
        .optional(),
        field(
            "prepare.k_core",
            "k-core",
            "Users and items with fewer interactions are left out, again and again until none is left; 0 keeps all.",
            whole(0.0, 1_000.0),
        )
        .unit("interactions"),
        field(
            "prepare.duplicates",
            "Repeated items",
            "What counts when a user met the same item more than once.",
            choice(&[
                ("keep-first", "Keep the first", "The first meeting in time counts."),
                ("keep-last", "Keep the last", "The last meeting in time counts."),
                ("keep-all", "Keep all", "Every meeting counts."),
            ]),
        )
        .advanced(),
        field(
            "prepare.ties",
            "Ties in time",
            "The order of a user's interactions that carry the same time.",
            choice(&[
                ("shuffle", "Shuffle", "A seeded shuffle, since the order of a file can give the answer away."),
                ("file-order", "As in the file", "To compare with papers that do so."),
            ]),
        )
        .advanced(),
        field(
            "prepare.split.rule",
            "Split",
            "What is held out to judge by.",
            choice(&[
                (
                    "leave-last-out",
                    "Leave the last out",
                    "A user's last item is the test, the one before it the validation: what most papers do.",
                ),
                (
                    "global-time",
                    "One moment for all",
                    "Everything after one moment is the test, so that nobody's future leaks into the training.",
                ),
            ]),
        ),
        field(
            "prepare.split.validation_share",
            "Validation share",
            "Share of all interactions that lie in the validation period of a split at one moment.",
            number(0.001, 0.9),
        )
        .optional(),
        field(
            "prepare.split.test_share",
            "Test share",
            "Share of all interactions that lie in the test period of a split at one moment.",
            number(0.001, 0.9),
        )
        .optional(),
        field(
            "prepare.test_users",
            "Users judged",
            "How many users are judged, drawn by the data seed; 0 or empty judges all. A language model takes seconds a user.",
            whole(0.0, 1e9),
        )
        .unit("users")
        .optional(),
        field(
            "text.encoder",
            "Text encoder",
            "The model that turns item texts into vectors: the name of a model folder, or its path.",
            FieldInput::Text,
        )
        .advanced(),
    ]
}

fn code_fields() -> Vec<FieldFacts> {
    let rule = |rule: CollisionRule, title: &str, sentence: &str| {
        let value = serde_json::to_value(rule).ok().and_then(|value| value.as_str().map(str::to_owned));
        (value.unwrap_or_default(), title.to_owned(), sentence.to_owned())
    };
    vec![
        field(
            "codes.levels",
            "Levels",
            "Codes in an ID, coarse to fine; all schemes share the shape so that every arm spends the same tokens.",
            whole(1.0, 8.0),
        ),
        field(
            "codes.codes",
            "Codes a level",
            "How many different codes a level has: more tell items apart better and are learned from less data each.",
            whole(2.0, 65_536.0),
        ),
        field(
            "codes.collisions",
            "Shared IDs",
            "What becomes of items that share all their codes.",
            FieldInput::Choice {
                choices: vec![
                    rule(
                        CollisionRule::AppendDigit,
                        "Append a digit",
                        "Every ID gets one more position that tells twins apart, as in TIGER.",
                    ),
                    rule(
                        CollisionRule::NextBest,
                        "Next best code",
                        "All but the first take the free last code that suits them best.",
                    ),
                    rule(
                        CollisionRule::Keep,
                        "Keep",
                        "They share one ID, and metrics take the mean over their orders.",
                    ),
                ],
            },
        )
        .advanced(),
    ]
}

fn scheme_fields(settings: &ExperimentSettings, scheme: &IdSettings) -> Vec<FieldFacts> {
    match scheme {
        IdSettings::Permuted { .. } => {
            let others = settings.ids.iter().filter(|other| other.key() != "permuted");
            let choices = others.map(|other| (other.key().to_owned(), other.title().to_owned(), String::new()));
            vec![field(
                "ids.permuted.of",
                "Deals the IDs of",
                "The scheme whose IDs are dealt to other items.",
                FieldInput::Choice { choices: choices.collect() },
            )]
        }
        IdSettings::RqKmeans { .. } => vec![
            field(
                "ids.rq-kmeans.iterations",
                "Iterations",
                "Rounds of k-means on each level at most; it stops earlier when nothing moves.",
                whole(1.0, 10_000.0),
            )
            .advanced(),
            field(
                "ids.rq-kmeans.standardise",
                "Standardise",
                "Brings every dimension of the embeddings to mean 0 and deviation 1 first.",
                FieldInput::Switch,
            )
            .advanced(),
            field(
                "ids.rq-kmeans.balanced",
                "Balanced",
                "Lets no code have more items than an even share.",
                FieldInput::Switch,
            )
            .advanced(),
        ],
        IdSettings::RqVae(_) => rq_vae_fields(),
        IdSettings::Opq { .. } => vec![
            field(
                "ids.opq.iterations",
                "Iterations",
                "Rounds of k-means in each part at most, and of fitting the rotation before.",
                whole(1.0, 10_000.0),
            )
            .advanced(),
            field(
                "ids.opq.rotate",
                "Rotate",
                "Learns a rotation under which the parts lose least; without it this is plain product quantization.",
                FieldInput::Switch,
            )
            .advanced(),
        ],
        IdSettings::Imported { .. } => vec![field(
            "ids.imported.file",
            "File of IDs",
            "`index.json` as LETTER and MiniOneRec write it, or a CSV with the item's key and its codes.",
            FieldInput::File,
        )],
        IdSettings::Hash {} | IdSettings::Lsh {} | IdSettings::CategoryPath {} | IdSettings::Atomic {} => Vec::new(),
    }
}

fn rq_vae_fields() -> Vec<FieldFacts> {
    let row = |(name, title, sentence, input, unit): Row| {
        let facts = field(&format!("ids.rq-vae.{name}"), title, sentence, input).unit(unit);
        if name == "epochs" { facts } else { facts.advanced() }
    };
    training_facts::rq_vae_fields().into_iter().map(row).collect()
}

fn recommender_fields(recommender: &RecommenderSettings) -> Vec<FieldFacts> {
    let history = "How many of the last items of a history are looked at.";
    let recency = "Weight of an item relative to the one after it: 1 weighs all alike, lower forgets faster.";
    let facts = match recommender {
        RecommenderSettings::Popularity {} => Vec::new(),
        RecommenderSettings::ItemKnn(_) => vec![
            ("neighbours", "Neighbours", "Items that each item keeps as its neighbours.", whole(1.0, 1e6), "items"),
            (
                "shrinkage",
                "Shrinkage",
                "Added to the denominator of the cosine: the higher, the less a few common users count.",
                number(0.0, 1e6),
                "users",
            ),
            ("history", "History", history, whole(1.0, 10_000.0), "items"),
            ("recency", "Recency", recency, number(0.001, 1.0), ""),
        ],
        RecommenderSettings::TextKnn(_) => vec![
            ("history", "History", history, whole(1.0, 10_000.0), "items"),
            ("recency", "Recency", recency, number(0.001, 1.0), ""),
            (
                "pooling",
                "Pooling",
                "How the similarities to several items become one score.",
                choice(&[("mean", "Mean", "Near to all of them."), ("max", "Highest", "Near to any of them.")]),
                "",
            ),
        ],
        RecommenderSettings::Ease(_) => vec![(
            "lambda",
            "Penalty λ",
            "Added to the count of each item before the matrix of pairs is inverted: the higher, the less items with few \
             interactions are believed.",
            number(1e-3, 1e9),
            "interactions",
        )],
        RecommenderSettings::Sasrec(_) | RecommenderSettings::SasrecBce(_) => sasrec_fields(),
        RecommenderSettings::Generative(_) => generative_fields(),
        RecommenderSettings::Tiger(_) => tiger_fields(),
        RecommenderSettings::LmTitle(_)
        | RecommenderSettings::LmHash(_)
        | RecommenderSettings::LmId(_)
        | RecommenderSettings::LmLegend(_)
        | RecommenderSettings::LmIdTitle(_) => rank_fields(),
        RecommenderSettings::LmGenerate(_) => generate_fields(),
        RecommenderSettings::LmSoft(_) => soft_fields(),
        RecommenderSettings::LmSpeak(_) => speak_fields(),
        RecommenderSettings::Imported { .. } => imported_fields(),
    };
    // A model that trains is tuned by its size and the length of its training; the rest holds as it is.
    let basic = [
        "layers",
        "encoder_layers",
        "decoder_layers",
        "d_model",
        "max_history",
        "epochs",
        "device",
        "title",
        "files",
        "model",
        "lessons_an_epoch",
        "token_epochs",
        "adapter_epochs",
    ];
    // What trains on a language model names it beside what is learned.
    let is_nested = recommender.tuned_model().is_some();
    facts
        .into_iter()
        .map(|(name, title, sentence, input, unit)| {
            let inside = if is_nested && name != "model" { "tuning." } else { "" };
            let path = format!("recommenders.{}.{inside}{name}", recommender.key());
            let facts = field(&path, title, sentence, input).unit(unit);
            if basic.contains(&name) { facts } else { facts.advanced() }
        })
        .collect()
}

/// Settings of a language model that orders candidates.
fn rank_fields() -> Vec<Row> {
    let own = vec![
        (
            "retriever",
            "Retriever",
            "What finds the candidates, the same for all arms that have the same.",
            choice(&[
                ("item-knn", "Item-kNN", "Items met by the same people."),
                ("popularity", "Popularity", "What most people met."),
                ("text-knn", "Text-kNN", "Items with similar text."),
            ]),
            "",
        ),
        ("candidates", "Candidates", "Items that are ordered.", whole(2.0, 200.0), "items"),
        (
            "answer",
            "Answer",
            "How the order is read from the model.",
            choice(&[
                (
                    "likelihood",
                    "Likelihood",
                    "By how likely each candidate is to be named first: exact, and never unreadable. Models of this machine \
                     only.",
                ),
                ("written", "Written", "The list that the model writes, in a form it is held to where it can be."),
            ]),
            "",
        ),
    ];
    asked_fields().into_iter().chain(own).collect()
}

/// Settings of a language model that writes IDs.
fn generate_fields() -> Vec<Row> {
    let own = vec![
        (
            "constrained",
            "Constrained",
            "Only IDs of the catalog can be written; else the share of IDs that no item has is told. Models of this machine \
             only.",
            FieldInput::Switch,
            "",
        ),
        ("beam", "Beam", "Where constrained: beginnings of IDs kept at each token.", whole(1.0, 1_000.0), "beginnings"),
    ];
    asked_fields().into_iter().chain(own).collect()
}

/// What all that ask a language model share.
fn asked_fields() -> Vec<Row> {
    vec![
        ("model", "Model", "Name of a language model, as the list of models has it.", FieldInput::Text, ""),
        ("history", "History", "How many of the last items of a history are told.", whole(1.0, 200.0), "items"),
        (
            "prompt.version",
            "Prompt",
            "What your own prompt is called; without one it is the built-in one.",
            FieldInput::Text,
            "",
        ),
        ("prompt.system", "Frame", "The frame the model works in.", FieldInput::Text, ""),
        ("prompt.user", "Question", "The question, with holes for history and candidates.", FieldInput::Text, ""),
    ]
}

fn imported_fields() -> Vec<Row> {
    vec![
        ("name", "Key", "Names the arm in tables and files: small letters, digits, “-” and “_”.", FieldInput::Text, ""),
        ("title", "Title", "What people call the arm; the key when empty.", FieldInput::Text, ""),
        (
            "files",
            "Files",
            "TREC runs, Parquet or JSON with each user's list: one for all seeds, or one a seed in their order.",
            FieldInput::List,
            "",
        ),
        (
            "names",
            "Names",
            "What stands for users and items in the files.",
            choice(&[
                ("auto", "As they fit", "Keys, unless more of the names are indices."),
                ("keys", "Keys", "The keys of the files that were imported."),
                (
                    "indices",
                    "Indices",
                    "Their place in the data set as prepared, as the bridges to GRID and LC-Rec name them.",
                ),
            ]),
            "",
        ),
    ]
}

fn evaluation_fields() -> Vec<FieldFacts> {
    let correction = |correction: Correction, value: &str, sentence: &str| {
        (value.to_owned(), correction.title().to_owned(), sentence.to_owned())
    };
    vec![
        field(
            "evaluation.metrics",
            "Metrics",
            "Metrics shown, such as ndcg@10; the first is the one the headline speaks of.",
            FieldInput::List,
        ),
        field(
            "evaluation.resamples",
            "Resamples",
            "Bootstrap resamples behind the 95 % intervals: more make steadier ends.",
            whole(1_000.0, 1_000_000.0),
        )
        .advanced(),
        field(
            "evaluation.flips",
            "Sign flips",
            "Random sign flips behind the p-values: the smallest p that can be seen is about one over them.",
            whole(1_000.0, 10_000_000.0),
        )
        .advanced(),
        field(
            "evaluation.correction",
            "Correction",
            "How p-values are adjusted over all arms and metrics shown.",
            FieldInput::Choice {
                choices: vec![
                    correction(Correction::Holm, "holm", "Bounds the probability of any false discovery."),
                    correction(
                        Correction::BenjaminiHochberg,
                        "benjamini-hochberg",
                        "Bounds the expected share of false discoveries.",
                    ),
                ],
            },
        )
        .advanced(),
    ]
}

fn field(path: &str, title: &str, sentence: &str, input: FieldInput) -> FieldFacts {
    FieldFacts {
        field: path.to_owned(),
        title: title.to_owned(),
        sentence: sentence.to_owned(),
        input,
        unit: String::new(),
        optional: false,
        advanced: false,
    }
}

impl FieldFacts {
    fn unit(mut self, unit: &str) -> Self {
        self.unit = unit.to_owned();
        self
    }

    fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    fn advanced(mut self) -> Self {
        self.advanced = true;
        self
    }
}

pub(crate) fn number(low: f64, high: f64) -> FieldInput {
    FieldInput::Number { low, high, whole: false }
}

pub(crate) fn whole(low: f64, high: f64) -> FieldInput {
    FieldInput::Number { low, high, whole: true }
}

pub(crate) fn choice(choices: &[(&str, &str, &str)]) -> FieldInput {
    let owned = |(value, title, sentence): &(&str, &str, &str)| {
        ((*value).to_owned(), (*title).to_owned(), (*sentence).to_owned())
    };
    FieldInput::Choice { choices: choices.iter().map(owned).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::OwnPrompt;
    use crate::settings::ListNames;
    use semid_core::prepare::SplitRule;

    /// Settings with every scheme and every recommender, under the split with the most fields.
    fn all() -> ExperimentSettings {
        let mut settings = ExperimentSettings::starter("shop", 100);
        settings.ids = IdSettings::KEYS.iter().filter_map(|key| IdSettings::starter(key)).collect();
        settings.ids.push(IdSettings::Imported { file: "ids.json".into() });
        settings.recommenders =
            RecommenderSettings::KEYS.iter().filter_map(|key| RecommenderSettings::starter(key)).collect();
        let own =
            || Some(OwnPrompt { version: "mine".into(), system: "Rank.".into(), user: "{{ candidates }}".into() });
        for recommender in &mut settings.recommenders {
            match recommender {
                RecommenderSettings::LmTitle(asked)
                | RecommenderSettings::LmHash(asked)
                | RecommenderSettings::LmId(asked)
                | RecommenderSettings::LmLegend(asked)
                | RecommenderSettings::LmIdTitle(asked) => asked.prompt = own(),
                RecommenderSettings::LmGenerate(asked) => asked.prompt = own(),
                _ => {}
            }
        }
        for name in ["one", "other"] {
            settings.recommenders.push(RecommenderSettings::Imported {
                name: name.to_owned(),
                title: String::new(),
                files: vec!["lists.trec".into()],
                names: ListNames::Auto,
            });
        }
        settings.prepare.split = SplitRule::GlobalTime { validation_share: 0.1, test_share: 0.1 };
        settings.prepare.test_users = Some(10);
        settings
    }

    #[test]
    fn every_setting_has_its_sentence_and_every_sentence_its_setting() {
        let settings = all();
        let facts = fields(&settings);
        let named = named_values(&settings);
        for (path, _) in &named {
            let fact = facts.iter().find(|fact| fact.field == *path);
            assert!(fact.is_some_and(|fact| fact.sentence.ends_with('.')), "{path} is explained in a sentence");
        }
        for fact in &facts {
            assert!(named.iter().any(|(path, _)| *path == fact.field), "{} is a setting there is", fact.field);
        }
        assert_eq!(facts.len(), named.len(), "and each is explained once");
    }

    #[test]
    fn what_the_starter_holds_can_be_typed() {
        let settings = all();
        let facts = fields(&settings);
        for (path, value) in named_values(&settings) {
            let Some(fact) = facts.iter().find(|fact| fact.field == path) else { continue };
            let fits = match &fact.input {
                FieldInput::Text | FieldInput::File => value.is_string(),
                FieldInput::Switch => value.is_boolean(),
                FieldInput::List => value.is_array(),
                FieldInput::Number { low, high, whole } => value.as_f64().map_or(fact.optional, |number| {
                    (*low..=*high).contains(&number) && (!whole || number.fract() == 0.0)
                }),
                FieldInput::Choice { choices } => {
                    choices.iter().any(|choice| Some(choice.0.as_str()) == value.as_str())
                }
            };
            assert!(fits, "{path} = {value} is something its own input allows");
        }
    }

    #[test]
    fn every_method_has_its_sentence() {
        for key in IdSettings::KEYS {
            assert!(!scheme_sentence(key).is_empty(), "{key} is explained");
        }
        for key in RecommenderSettings::KEYS {
            assert!(!recommender_sentence(key).is_empty(), "{key} is explained");
        }
    }
}
