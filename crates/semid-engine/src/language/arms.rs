//! Language models as arms of a comparison: they order what a retriever found, or write the ID of what comes next.
//!
//! The same users, the same candidates, the same metrics as any arm. Only what was offered counts; what was named and not
//! offered keeps its place as a miss, and a request that failed is a user without a list.

use std::time::Instant;

use semid_core::labels::{LabelSettings, PrefixLabels, label_prefixes};
use semid_core::statistics::Resampling;
use semid_core::{
    Case, Catalog, ContinuationScorer, History, NoCheckpoints, Prompt, RankedEntry, RankedList, Ranker, Recommender,
    Request, Sampling, Seed, TrainingData, Work,
};
use semid_llm::grounding::{self, Named};
use semid_llm::position_bias::position_bias;
use semid_llm::tasks::{self, CandidateTask, Order};
use semid_llm::{Choices, Grounded, ItemNames, PromptKind, Representation, Tally, Template};
use semid_models::baselines::{ItemKnn, ItemKnnSettings, Popularity, TextKnn, TextKnnSettings};
use semid_models::language_model::{self, LocalModel};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::answers::{LmAnswer, seal_answers};
use super::models::Opened;
use crate::envelope::{open_envelope, seal_envelope};
use crate::fingerprint::Fingerprint;
use crate::settings::RecommenderSettings;
use crate::stages::{ArmCost, ArmLists, AssignedIds, Shared};
use crate::{Error, Result, memory};
use semid_store::{decode_lists, encode_lists};

/// Raised when code changes the lists that are made from the same input.
const VERSION: u32 = 1;
/// How an answer begins in the form that prompts ask for; what is likeliest after it is what is named first.
const OPENING: &str = "{\"ranking\": [";
/// IDs that are asked for where they are written freely.
const WRITTEN: usize = 10;
/// Tokens of a name in an answer, with quotes and comma, generously: `"C12", `, `"<12·207·9·1>", `, a UUID.
const TOKENS_A_NUMBER: u32 = 10;
const TOKENS_AN_ID: u32 = 24;
const TOKENS_A_UUID: u32 = 64;

/// A language model that orders candidates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct LmRankSettings {
    /// Name of a language model.
    pub model: String,
    /// What finds the candidates.
    pub retriever: Retriever,
    /// How many.
    pub candidates: usize,
    /// Items of the history that are told, the last ones.
    pub history: usize,
    /// How the order is read from the model.
    pub answer: AnswerBy,
    /// The prompt in a person's own words; none: the built-in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub prompt: Option<OwnPrompt>,
}

/// A language model that writes IDs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct LmGenerateSettings {
    /// Name of a language model.
    pub model: String,
    /// Items of the history that are told, the last ones.
    pub history: usize,
    /// Whether only IDs of the catalog can be written.
    pub constrained: bool,
    /// Where constrained: beginnings kept at each token.
    pub beam: usize,
    /// The prompt in a person's own words; none: the built-in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub prompt: Option<OwnPrompt>,
}

/// A prompt of one's own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct OwnPrompt {
    /// What it is called.
    pub version: String,
    /// The frame.
    pub system: String,
    /// The question, with holes.
    pub user: String,
}

/// What finds candidates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "kebab-case")]
pub enum Retriever {
    /// Items met by the same people.
    ItemKnn,
    /// What most people met.
    Popularity,
    /// Items with similar text.
    TextKnn,
}

/// How an order is read from a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "kebab-case")]
pub enum AnswerBy {
    /// By how likely each candidate is to be named first.
    Likelihood,
    /// The list it writes.
    Written,
}

/// The small model that set-up fetches on request.
pub(super) const SMALL: &str = "SmolLM2-135M-Instruct";

impl LmRankSettings {
    /// The small local model orders twenty candidates of item-kNN by likelihood.
    pub fn starter() -> Self {
        LmRankSettings {
            model: SMALL.to_owned(),
            retriever: Retriever::ItemKnn,
            candidates: 20,
            history: 10,
            answer: AnswerBy::Likelihood,
            prompt: None,
        }
    }

    /// What is wrong: field and sentence.
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let mut problems = asked_problems(&self.model, self.history, PromptKind::Rank, self.prompt.as_ref());
        if !(2..=200).contains(&self.candidates) {
            problems
                .push(("candidates", format!("{} candidates cannot be ordered. Choose 2 to 200.", self.candidates)));
        }
        problems
    }
}

impl LmGenerateSettings {
    /// The small local model writes IDs of the catalog.
    pub fn starter() -> Self {
        LmGenerateSettings { model: SMALL.to_owned(), history: 10, constrained: true, beam: 20, prompt: None }
    }

    /// What is wrong: field and sentence.
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let mut problems = asked_problems(&self.model, self.history, PromptKind::Generate, self.prompt.as_ref());
        if !(1..=1_000).contains(&self.beam) {
            problems.push(("beam", format!("A beam of {} cannot be searched. Choose 1 to 1,000.", self.beam)));
        }
        problems
    }
}

fn asked_problems(
    model: &str,
    history: usize,
    kind: PromptKind,
    own: Option<&OwnPrompt>,
) -> Vec<(&'static str, String)> {
    let mut problems = Vec::new();
    if model.trim().is_empty() {
        problems.push(("model", "No language model is named. `semid model list` shows which there are.".to_owned()));
    }
    if !(1..=200).contains(&history) {
        problems.push(("history", format!("{history} items of a history cannot be told. Choose 1 to 200.")));
    }
    let wrong = own.and_then(|own| Template::custom(kind, &own.version, &own.system, &own.user).err());
    problems.extend(wrong.into_iter().flatten().map(|problem| ("prompt.user", problem.sentence)));
    problems
}

/// One user's answer, read.
pub(super) struct Read {
    pub answer: LmAnswer,
    pub list: RankedList,
    pub tally: Tally,
    /// Rank of each candidate in the order shown; empty where none were shown.
    pub ranks: Vec<Option<usize>>,
}

/// What a language model recommends for the test cases, from the artifact or asked now.
pub(crate) fn arm_lists(
    work: &Work,
    shared: &Shared<'_>,
    recommender: &RecommenderSettings,
    ids: Option<&AssignedIds>,
) -> Result<ArmLists> {
    let name = recommender.language_model().unwrap_or_default();
    let opened = shared.engine.open_model(name)?;
    let template = template_of(recommender)?;
    let k = shared.settings.list_length();
    let fingerprint = Fingerprint::new("lists of a language model", VERSION)
        .with(&shared.data_fingerprint)
        .with(if recommender.reads_text() { &shared.embeddings_fingerprint } else { "" })
        .with(ids.map_or("", |ids| ids.fingerprint.as_str()))
        .with(recommender)
        .with(opened.asked().identity())
        .with(template.digest())
        .with(shared.settings.data_seed)
        .with(work.seed())
        .with(k)
        .finish();
    let stored = shared.artifacts.read(&fingerprint, "lists")?;
    if let Some((cost, bytes)) = stored.as_deref().and_then(open_envelope::<ArmCost>)
        && let Some(lists) = decode_lists(bytes)
        && lists.len() == shared.prepared.split.test.len()
    {
        return Ok(ArmLists { lists, cost, fingerprint, model_fingerprint: None, reused: true });
    }
    memory::reset_peak();
    let start = Instant::now();
    let asked = Asked { work, shared, titles: &shared.catalog, opened: &opened, template: &template, ids };
    let (read, mut notes) = match recommender {
        RecommenderSettings::LmGenerate(settings) => asked.generate(settings, k)?,
        other => match other.as_lm_rank() {
            Some((settings, representation)) => asked.rank(settings, representation)?,
            None => return Err(Error::input("Only language models are asked.")),
        },
    };
    let tally: Tally = read.iter().map(|one| one.tally).sum();
    notes.insert(0, tally_sentence(&tally));
    let seed = work.seed().0;
    let notes = notes.into_iter().map(|note| format!("Seed {seed}: {note}")).collect();
    let cost = ArmCost {
        rank_secs: start.elapsed().as_secs_f64(),
        peak_bytes: memory::peak_bytes(),
        parameters: opened.parameters(),
        notes,
        ..ArmCost::default()
    };
    let about = json!({
        "recommender": recommender,
        "ids": ids.map(|ids| &ids.fingerprint),
        "seed": seed,
        "model": opened.asked().identity(),
        "prompt": { "version": template.version, "digest": template.digest() },
    });
    let (answers, mut lists): (Vec<LmAnswer>, Vec<RankedList>) =
        read.into_iter().map(|one| (one.answer, one.list)).unzip();
    lists.iter_mut().for_each(|list| list.entries.truncate(k));
    shared.artifacts.write(&fingerprint, "answers", &about, &seal_answers(&answers)?)?;
    shared.artifacts.write(&fingerprint, "lists", &about, &seal_envelope(&cost, &encode_lists(&lists))?)?;
    Ok(ArmLists { lists, cost, fingerprint, model_fingerprint: None, reused: false })
}

fn template_of(recommender: &RecommenderSettings) -> Result<Template> {
    let (kind, own) = match recommender {
        RecommenderSettings::LmGenerate(settings) => (PromptKind::Generate, settings.prompt.as_ref()),
        other => (PromptKind::Rank, other.as_lm_rank().and_then(|(settings, _)| settings.prompt.as_ref())),
    };
    let Some(own) = own else { return Ok(Template::built_in(kind)) };
    Template::custom(kind, &own.version, &own.system, &own.user).map_err(|problems| {
        let sentences: Vec<String> = problems.into_iter().map(|problem| problem.sentence).collect();
        Error::input(sentences.join(" "))
    })
}

/// One arm and seed while its model is asked.
pub(super) struct Asked<'a> {
    pub work: &'a Work,
    pub shared: &'a Shared<'a>,
    /// The items as the model reads them.
    pub titles: &'a Catalog,
    pub opened: &'a Opened,
    pub template: &'a Template,
    pub ids: Option<&'a AssignedIds>,
}

impl Asked<'_> {
    fn cases(&self) -> &[Case] {
        &self.shared.prepared.split.test
    }

    fn labels(&self, representation: Representation) -> Option<PrefixLabels> {
        let ids = self.ids.filter(|_| representation == Representation::SemanticIdWithLegend)?;
        Some(label_prefixes(self.titles, &ids.ids, LabelSettings::starter()))
    }

    fn names<'b>(&'b self, representation: Representation, labels: Option<&'b PrefixLabels>) -> Result<ItemNames<'b>> {
        let ids = self.ids.map(|ids| &ids.ids);
        Ok(ItemNames::new(self.titles, ids, labels, representation, Seed(self.shared.settings.data_seed))?)
    }

    fn scorer(&self, what: &str) -> Result<&LocalModel> {
        self.opened.local().ok_or_else(|| {
            Error::input(format!(
                "{} answers behind a URL, and {what} needs a model of this machine. Choose a written answer, or a model of \
                 this machine.",
                self.opened.asked().identity().name
            ))
        })
    }

    /// Orders candidates.
    pub fn rank(&self, settings: &LmRankSettings, representation: Representation) -> Result<(Vec<Read>, Vec<String>)> {
        let labels = self.labels(representation);
        let names = self.names(representation, labels.as_ref())?;
        let retrieved = self.retrieve(settings)?;
        let a_name = match representation {
            Representation::Title => TOKENS_A_NUMBER,
            Representation::Hash => TOKENS_A_UUID,
            _ => TOKENS_AN_ID,
        };
        let mut asked: Vec<CandidateTask> = Vec::new();
        for (case, list) in self.cases().iter().zip(&retrieved) {
            let candidates: Vec<u32> = list.entries.iter().flat_map(|entry| entry.items.iter().copied()).collect();
            let history = last(&case.history, settings.history);
            let order = Order { user: case.user, seed: self.work.seed() };
            let sampling = Sampling::greedy(64 + a_name * candidates.len() as u32);
            asked.push(tasks::rank(self.template, &names, history, &candidates, order, sampling)?);
        }
        let read = match settings.answer {
            AnswerBy::Likelihood => self.by_likelihood(&asked)?,
            AnswerBy::Written => self.as_written(&asked)?,
        };
        let mut notes = vec![coverage_sentence(self.cases(), &retrieved)];
        notes.extend(self.order_sentence(&read)?);
        Ok((read, notes))
    }

    fn retrieve(&self, settings: &LmRankSettings) -> Result<Vec<RankedList>> {
        let recommender: Box<dyn Recommender> = match settings.retriever {
            Retriever::ItemKnn => Box::new(ItemKnn::new(ItemKnnSettings::starter())),
            Retriever::Popularity => Box::new(Popularity),
            Retriever::TextKnn => Box::new(TextKnn::new(TextKnnSettings::starter())),
        };
        let data = TrainingData {
            catalog: &self.shared.catalog,
            sequences: &self.shared.prepared.split.train,
            validation: &self.shared.prepared.split.validation,
            embeddings: self.shared.embeddings.as_ref(),
            ids: None,
            checkpoints: &NoCheckpoints,
        };
        // Candidates are the same for all replicates; what a seed redraws is the order in which they are shown.
        let work = self.work.with_seed(Seed(self.shared.settings.data_seed));
        let ranker: Box<dyn Ranker> = recommender.fit(&work, &data)?;
        let histories: Vec<History<'_>> =
            self.cases().iter().map(|case| History { user: case.user, items: &case.history }).collect();
        Ok(ranker.rank(&work, &histories, settings.candidates)?)
    }

    /// Exact: of all candidates, how likely each is to be the first that the answer names.
    fn by_likelihood(&self, asked: &[CandidateTask]) -> Result<Vec<Read>> {
        let model = self.scorer("ordering by likelihood")?;
        let prompts: Vec<Prompt> = asked.iter().map(|task| task.request.prompt.clone()).collect();
        let answers = |task: &CandidateTask| task.shown.choices.ids().iter().map(|id| opened_with(id)).collect();
        let continuations: Vec<Vec<String>> = asked.iter().map(answers).collect();
        let scores = model.score(self.work, &prompts, &continuations)?;
        let read = self.cases().iter().zip(asked).zip(scores).map(|((case, task), scores)| {
            let choices = &task.shown.choices;
            let mut order: Vec<usize> = (0..choices.len()).collect();
            order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]).then(a.cmp(&b)));
            let name = |&place: &usize| Named {
                choice: Some(place),
                said: choices.ids().get(place).cloned().unwrap_or_default(),
                explanation: None,
            };
            let tally = Tally { asked: 1, valid: choices.len() as u64, ..Tally::default() };
            let grounded = Grounded { named: order.iter().map(name).collect(), tally };
            self.read(case, &task.request, choices, grounded, "", order.iter().map(|&place| scores[place]).collect())
        });
        Ok(read.collect())
    }

    /// The list that is written.
    fn as_written(&self, asked: &[CandidateTask]) -> Result<Vec<Read>> {
        let requests: Vec<Request> = asked.iter().map(|task| task.request.clone()).collect();
        let replies = self.opened.asked().complete(self.work, &requests)?;
        let read = self.cases().iter().zip(asked).zip(replies).map(|((case, task), reply)| {
            let choices = &task.shown.choices;
            let grounded = grounding::read_ranking(&reply, choices, choices.len());
            self.read(case, &task.request, choices, grounded, &super::answers::said(&reply), Vec::new())
        });
        Ok(read.collect())
    }

    /// Writes IDs.
    fn generate(&self, settings: &LmGenerateSettings, k: usize) -> Result<(Vec<Read>, Vec<String>)> {
        let names = self.names(Representation::SemanticId, None)?;
        let all = names.all()?;
        let ask = |case: &Case| {
            let sampling = Sampling::greedy(64 + TOKENS_AN_ID * WRITTEN as u32);
            tasks::generate(self.template, &names, last(&case.history, settings.history), WRITTEN, sampling)
        };
        let requests: Vec<Request> = self.cases().iter().map(ask).collect::<Result<_, _>>()?;
        let mut read = Vec::new();
        if settings.constrained {
            let model = self.scorer("writing only IDs of the catalog")?;
            let sequences: Vec<Vec<u32>> =
                all.ids().iter().map(|id| model.tokens(&opened_with(id))).collect::<Result<_, _>>()?;
            let tree = language_model::Choices::new(&sequences);
            let step = self.work.step("writing IDs", requests.len());
            let one = self.work.unseen();
            let mut state = model.state();
            for (case, request) in self.cases().iter().zip(&requests) {
                model.resume(&one, &mut state, &model.prompt_tokens(&request.prompt)?)?;
                // Items of the history fall away afterwards, so that as many more are looked for.
                let most = k + case.history.len();
                let found = model.search(&one, &state, &tree, settings.beam.max(most), most)?;
                let name = |found: &language_model::Found| Named {
                    choice: Some(found.sequence),
                    said: all.ids().get(found.sequence).cloned().unwrap_or_default(),
                    explanation: None,
                };
                let met = |place: usize| all.items(place).iter().all(|item| case.history.contains(item));
                let kept: Vec<language_model::Found> =
                    found.into_iter().filter(|found| !met(found.sequence)).take(k).collect();
                let tally = Tally { asked: 1, valid: kept.len() as u64, ..Tally::default() };
                let grounded = Grounded { named: kept.iter().map(name).collect(), tally };
                let scores = kept.iter().map(|found| found.log_probability).collect();
                read.push(self.read(case, request, &all, grounded, "", scores));
                step.advance(1)?;
            }
            return Ok((read, vec!["Only IDs of the catalog could be written.".to_owned()]));
        }
        let replies = self.opened.asked().complete(self.work, &requests)?;
        for ((case, request), reply) in self.cases().iter().zip(&requests).zip(replies) {
            let grounded = grounding::read_ranking(&reply, &all, WRITTEN);
            read.push(self.read(case, request, &all, grounded, &super::answers::said(&reply), Vec::new()));
        }
        let tally: Tally = read.iter().map(|one: &Read| one.tally).sum();
        let notes = tally
            .validity()
            .map(|share| format!("{:.1} % of the IDs it wrote were IDs that no item has.", 100.0 * (1.0 - share)));
        Ok((read, notes.into_iter().collect()))
    }

    fn read(
        &self,
        case: &Case,
        request: &Request,
        choices: &Choices,
        grounded: Grounded,
        said: &str,
        likelihoods: Vec<f64>,
    ) -> Read {
        let mut list = grounded.list(choices);
        for (place, entry) in list.entries.iter_mut().enumerate() {
            // Items of the user's history are left out, as for all arms; here the place stays, as a miss.
            entry.items.retain(|item| !case.history.contains(item));
            *entry = RankedEntry {
                items: std::mem::take(&mut entry.items),
                score: likelihoods.get(place).copied().unwrap_or(-(place as f64)),
            };
        }
        let ranks = if choices.len() <= 200 { grounded.ranks(choices) } else { Vec::new() };
        let tally = grounded.tally;
        let shown = if ranks.is_empty() { &[] } else { choices.ids() };
        Read { answer: LmAnswer::new(case.user, request, shown, &grounded, said, likelihoods), list, tally, ranks }
    }

    /// How much the order in which candidates were shown mattered.
    fn order_sentence(&self, read: &[Read]) -> Result<Option<String>> {
        let ranks: Vec<Vec<Option<usize>>> = read.iter().map(|one| one.ranks.clone()).collect();
        let evaluation = &self.shared.settings.evaluation;
        let resampling = Resampling {
            seed: Seed(self.shared.settings.data_seed),
            resamples: evaluation.resamples,
            flips: evaluation.flips,
        };
        let bias = position_bias(&ranks, &resampling)?;
        let (Some(correlation), Some(first)) = (bias.correlation, bias.first_shown_first) else { return Ok(None) };
        Ok(Some(format!(
            "The order in which candidates were shown, drawn by the seed, correlates with the order given at ρ = {:.3} \
             [{:.3}, {:.3}] (0: it did not matter); the first shown was ranked first in {:.1} % of the answers, by chance \
             {:.1} %.",
            correlation.mean,
            correlation.low,
            correlation.high,
            100.0 * first.share,
            100.0 * first.chance
        )))
    }
}

/// The beginning of an answer that names this first.
fn opened_with(id: &str) -> String {
    // IDs are numbers, dots and UUIDs: JSON has nothing to escape in them.
    format!("{OPENING}\"{id}\"")
}

fn last(history: &[u32], count: usize) -> &[u32] {
    &history[history.len().saturating_sub(count)..]
}

fn coverage_sentence(cases: &[Case], retrieved: &[RankedList]) -> String {
    let there = cases.iter().zip(retrieved).filter(|(case, list)| {
        list.entries.iter().any(|entry| entry.items.iter().any(|item| case.targets.contains(item)))
    });
    format!(
        "The candidates held a target for {:.1} % of the users: no order of them can recall more.",
        100.0 * there.count() as f64 / cases.len().max(1) as f64
    )
}

pub(super) fn tally_sentence(tally: &Tally) -> String {
    format!(
        "Of {} answers, {} could be read ({} requests failed, {} answers were cut, {} had no list). {} names were valid, {} \
         were not offered, {} stood there twice, {} were missing; what is not valid is a miss.",
        tally.asked,
        tally.readable(),
        tally.failed,
        tally.truncated,
        tally.malformed,
        tally.valid,
        tally.invalid,
        tally.duplicates,
        tally.missing
    )
}
