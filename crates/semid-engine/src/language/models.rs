//! Which language models there are, and opening one by its name.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use semid_core::{LanguageModel, Outcome, Prompt, Request, Sampling, Work};
use semid_llm::{Budget, Endpoint, Ledger, Price, RemoteModel, RemoteSettings, Secret, keys};
use semid_models::language_model::LocalModel;
use serde::{Deserialize, Serialize};

use super::replies::{KeptReplies, Remembering};
use crate::settings::Problem;
use crate::{Engine, Error, Result};

/// Under which setting of the workspace the models behind URLs are kept. Keys are never among it.
const REMOTE: &str = "language_models";

/// A language model in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct LanguageModelRow {
    /// Names it in requests.
    pub name: String,
    /// Where it answers.
    pub place: ModelPlace,
    /// Its file, or its name and URLs.
    pub about: String,
    /// Bytes of its file; none behind a URL.
    pub bytes: Option<u64>,
    /// What was set of a model behind URLs, to be edited; none of one on this machine.
    pub draft: Option<RemoteModelDraft>,
    /// What a person should know before a key goes to its URLs, such as that one is not encrypted.
    pub warnings: Vec<String>,
}

/// A model behind one or several URLs. Its key is no part of it: that is in the system's keychain or the environment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[ts(optional_fields = nullable)]
#[serde(deny_unknown_fields)]
pub struct RemoteModelDraft {
    /// What people call it.
    pub name: String,
    /// The model's name at the endpoints.
    pub model: String,
    /// Base URLs up to and with the version; several share the requests.
    pub urls: Vec<String>,
    /// Requests on their way at once; none: four.
    pub concurrency: Option<u32>,
    /// Seconds until an attempt counts as lost; none: two minutes.
    pub timeout_secs: Option<f64>,
    /// Tokens a run may spend; none: a million.
    pub most_tokens: Option<u64>,
    /// What a run may cost; none: no bound. Needs the price.
    pub most_cost: Option<f64>,
    /// What a million tokens of a prompt cost; none: unknown.
    pub prompt_price: Option<f64>,
    /// What a million tokens of an answer cost; none: unknown.
    pub completion_price: Option<f64>,
    /// The currency of both.
    pub currency: Option<String>,
}

/// Where a language model answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "kebab-case")]
pub enum ModelPlace {
    /// On this machine: nothing leaves it.
    Here,
    /// Behind a URL: what is asked is sent there.
    Remote,
}

/// A model that was tried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct ModelTest {
    /// Names it.
    pub name: String,
    /// What it is, in words.
    pub about: String,
    /// What it answered to a greeting; none where it failed.
    pub answer: Option<String>,
    /// Why it failed, and what to do.
    pub problem: Option<String>,
    /// Seconds from opening it to its answer.
    pub secs: f64,
    /// Tokens it wrote.
    pub tokens: u64,
}

/// A language model that was opened.
pub(crate) struct Opened {
    asked: Arc<dyn LanguageModel>,
    local: Option<Arc<LocalModel>>,
}

impl Opened {
    /// The model as one that is asked, and remembers what it answered.
    pub fn asked(&self) -> &dyn LanguageModel {
        self.asked.as_ref()
    }

    /// The model itself, where it is on this machine.
    pub fn local(&self) -> Option<&LocalModel> {
        self.local.as_deref()
    }

    /// Its learned numbers; 0 where they are not known.
    pub fn parameters(&self) -> u64 {
        self.local.as_ref().map_or(0, |model| model.facts().parameters)
    }
}

impl Engine {
    /// The language models at hand: files in the folders of models, and those behind URLs.
    pub fn language_models(&self) -> Result<Vec<LanguageModelRow>> {
        let mut rows: Vec<LanguageModelRow> = Vec::new();
        for (name, path) in self.files_of_models() {
            let bytes = std::fs::metadata(&path).map(|facts| facts.len()).ok();
            rows.push(LanguageModelRow {
                name,
                place: ModelPlace::Here,
                about: path.display().to_string(),
                bytes,
                draft: None,
                warnings: Vec::new(),
            });
        }
        for remote in self.remote_models()? {
            let urls: Vec<&str> = remote.endpoints.iter().map(|endpoint| endpoint.base_url.as_str()).collect();
            let about = format!("{} at {}", remote.model, urls.join(", "));
            rows.push(LanguageModelRow {
                name: remote.name.clone(),
                place: ModelPlace::Remote,
                about,
                bytes: None,
                warnings: remote.endpoints.iter().filter_map(|endpoint| endpoint.warning(true)).collect(),
                draft: Some(draft_of(&remote)),
            });
        }
        Ok(rows)
    }

    /// The models behind URLs.
    pub fn remote_models(&self) -> Result<Vec<RemoteSettings>> {
        let Some(kept) = self.store().setting(REMOTE)? else { return Ok(Vec::new()) };
        serde_json::from_str(&kept).map_err(|error| {
            Error::input(format!("The kept language models are of another form ({error}). Set them anew."))
        })
    }

    /// Keeps a model behind URLs in the place of one of the same name.
    pub fn set_remote_model(&self, draft: &RemoteModelDraft) -> Result<Vec<LanguageModelRow>> {
        let settings = settings_of(draft)?;
        let problem =
            |problem: semid_llm::SettingsProblem| Problem { field: problem.field, sentence: problem.sentence };
        let mut problems: Vec<Problem> = settings.problems().into_iter().map(problem).collect();
        if self.files_of_models().iter().any(|(name, _)| *name == settings.name) {
            let sentence =
                format!("A model on this machine is called “{}” already. Choose another name.", settings.name);
            problems.push(Problem { field: "name".to_owned(), sentence });
        }
        if !problems.is_empty() {
            return Err(Error::Settings(problems));
        }
        let mut kept = self.remote_models()?;
        kept.retain(|model| model.name != settings.name);
        kept.push(settings);
        self.keep_remote(&kept)
    }

    /// Forgets a model behind URLs. What it answered stays.
    pub fn remove_remote_model(&self, name: &str) -> Result<Vec<LanguageModelRow>> {
        let mut kept = self.remote_models()?;
        let before = kept.len();
        kept.retain(|model| model.name != name);
        if kept.len() == before {
            return Err(self.unknown_model(name)?);
        }
        self.keep_remote(&kept)
    }

    /// Puts the key of a remote model into the system's keychain, and nowhere else; an empty one forgets it.
    pub fn keep_key(&self, name: &str, key: &str) -> Result<()> {
        let Some(remote) = self.remote_models()?.into_iter().find(|model| model.name == name) else {
            return Err(self.unknown_model(name)?);
        };
        for endpoint in &remote.endpoints {
            match key.trim() {
                "" => keys::forget(&endpoint.name)?,
                key => keys::keep(&endpoint.name, &Secret::new(key)?)?,
            }
        }
        Ok(())
    }

    /// Opens a language model by its name, or by the path of a `.gguf` file.
    pub fn open_language_model(&self, name: &str) -> Result<Arc<dyn LanguageModel>> {
        Ok(self.open_model(name)?.asked)
    }

    /// The same, with what only a model of this machine can do.
    pub(crate) fn open_model(&self, name: &str) -> Result<Opened> {
        let replies = || KeptReplies(self.shared_store());
        if let Some(settings) = self.remote_models()?.into_iter().find(|model| model.name == name) {
            let ledger = Ledger::new(settings.budget, settings.price.clone())?;
            let key_of = |endpoint: &semid_llm::Endpoint| Ok(keys::find(endpoint)?.key);
            let asked = Arc::new(RemoteModel::new(settings, key_of, Arc::new(replies()), ledger)?);
            return Ok(Opened { asked, local: None });
        }
        let model = self.open_local_model(name)?;
        let asked = Arc::new(Remembering { model: model.clone(), replies: replies() });
        Ok(Opened { asked, local: Some(model) })
    }

    /// Greets a model and tells what came of it.
    pub fn test_language_model(&self, work: &Work, name: &str) -> Result<ModelTest> {
        let start = Instant::now();
        let model = self.open_language_model(name)?;
        let prompt = Prompt::once("", "Say hello in one short sentence.");
        // Drawn anew each time: an answer out of the workspace would test nothing.
        let sampling = Sampling { seed: None, ..Sampling::greedy(40) };
        let replies = model.complete(work, &[Request { prompt, sampling, constraint: None }])?;
        let reply = replies.into_iter().next().ok_or_else(|| Error::input("The model gave no reply."))?;
        let (answer, problem) = match reply.outcome {
            Outcome::Text { text, .. } => (Some(text.trim().to_owned()), None),
            Outcome::Failed { sentence, .. } => (None, Some(sentence)),
        };
        let about = self.language_models()?.into_iter().find(|row| row.name == name).map(|row| row.about);
        Ok(ModelTest {
            name: name.to_owned(),
            about: about.unwrap_or_else(|| name.to_owned()),
            answer,
            problem,
            secs: start.elapsed().as_secs_f64(),
            tokens: reply.usage.completion_tokens,
        })
    }

    /// The file of a model of this machine, by its name or its path.
    pub(super) fn path_of_model(&self, name: &str) -> Result<PathBuf> {
        let given = Path::new(name);
        let named = self.files_of_models().into_iter().find(|(known, _)| known == name).map(|(_, path)| path);
        match named {
            Some(path) => Ok(path),
            None if given.extension().is_some_and(|ending| ending == "gguf") && given.is_file() => Ok(given.to_owned()),
            None => Err(self.unknown_model(name)?),
        }
    }

    /// Whether a model of this name is here, or known behind URLs.
    pub(crate) fn is_at_hand(&self, name: &str) -> bool {
        self.path_of_model(name).is_ok()
            || self.remote_models().is_ok_and(|known| known.iter().any(|remote| remote.name == name))
    }

    pub(super) fn open_local_model(&self, name: &str) -> Result<Arc<LocalModel>> {
        let path = self.path_of_model(name)?;
        let opened = self.cache().get_or_make(&format!("language model {}", path.display()), || {
            let model = LocalModel::open(&path)?;
            let bytes = model.facts().memory_bytes as usize;
            Ok((Arc::new(model), bytes))
        })?;
        Ok((*opened).clone())
    }

    fn unknown_model(&self, name: &str) -> Result<Error> {
        let known: Vec<String> = self.language_models()?.into_iter().map(|row| row.name).collect();
        Ok(match known.is_empty() {
            true => Error::NotHere {
                what: format!("The language model {}", name.chars().take(64).collect::<String>()),
                advice: format!(
                    "`semid model fetch SmolLM2-135M-Instruct` fetches a small one; any GGUF file of the llama, qwen2, \
                     qwen3, gemma3 or phi families can be put into {}.",
                    self.home().root().join("models").display()
                ),
            },
            false => Error::Unknown {
                kind: "language model",
                name: name.chars().take(64).collect(),
                known: format!("There are: {}.", known.join(", ")),
            },
        })
    }

    fn keep_remote(&self, models: &[RemoteSettings]) -> Result<Vec<LanguageModelRow>> {
        let text = serde_json::to_string(models).map_err(|error| Error::Report(error.to_string()))?;
        self.store().set_setting(REMOTE, Some(&text))?;
        self.language_models()
    }

    /// GGUF files in the folders of models and one folder below, by the name of the folder that is theirs alone, else of the
    /// file.
    fn files_of_models(&self) -> Vec<(String, PathBuf)> {
        let mut found: Vec<(String, PathBuf)> = Vec::new();
        let mut add = |name: Option<&std::ffi::OsStr>, file: &Path| {
            let name = name.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if !name.is_empty() && !found.iter().any(|(known, _)| *known == name) {
                found.push((name, file.to_owned()));
            }
        };
        for place in self.home().model_places() {
            weights_in(&place).iter().for_each(|file| add(file.file_stem(), file));
            for folder in entries(&place).into_iter().filter(|path| path.is_dir()) {
                match weights_in(&folder).as_slice() {
                    [only] => add(folder.file_name(), only),
                    several => several.iter().for_each(|file| add(file.file_stem(), file)),
                }
            }
        }
        found
    }
}

/// The settings of a draft; what it leaves open is as usual.
fn settings_of(draft: &RemoteModelDraft) -> Result<RemoteSettings> {
    let first = draft.urls.first().map(String::as_str).unwrap_or_default();
    let mut settings = RemoteSettings::starter(&draft.name, first, &draft.model);
    let one = draft.urls.len() == 1;
    let endpoint = |(at, url): (usize, &String)| Endpoint {
        name: if one { draft.name.clone() } else { format!("{} {}", draft.name, at + 1) },
        base_url: url.clone(),
    };
    settings.endpoints = draft.urls.iter().enumerate().map(endpoint).collect();
    if let Some(concurrency) = draft.concurrency {
        settings.concurrency = concurrency as usize;
    }
    if let Some(secs) = draft.timeout_secs {
        settings.timeout_secs = secs;
    }
    settings.budget = Budget { tokens: draft.most_tokens.or(settings.budget.tokens), cost: draft.most_cost };
    settings.price = match (draft.prompt_price, draft.completion_price) {
        (Some(prompt_per_million), Some(completion_per_million)) => Some(Price {
            prompt_per_million,
            completion_per_million,
            currency: draft.currency.clone().unwrap_or_else(|| "USD".to_owned()),
        }),
        (None, None) => None,
        _ => {
            return Err(Error::input("Give the price of both a prompt's and an answer's tokens, or of neither."));
        }
    };
    Ok(settings)
}

/// Settings as they were typed.
fn draft_of(settings: &RemoteSettings) -> RemoteModelDraft {
    RemoteModelDraft {
        name: settings.name.clone(),
        model: settings.model.clone(),
        urls: settings.endpoints.iter().map(|endpoint| endpoint.base_url.clone()).collect(),
        concurrency: Some(settings.concurrency as u32),
        timeout_secs: Some(settings.timeout_secs),
        most_tokens: settings.budget.tokens,
        most_cost: settings.budget.cost,
        prompt_price: settings.price.as_ref().map(|price| price.prompt_per_million),
        completion_price: settings.price.as_ref().map(|price| price.completion_per_million),
        currency: settings.price.as_ref().map(|price| price.currency.clone()),
    }
}

/// The GGUF files of a folder.
fn weights_in(folder: &Path) -> Vec<PathBuf> {
    entries(folder).into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "gguf")).collect()
}

/// What is in a folder, by name; nothing where it cannot be read.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    entries.sort();
    entries
}
