//! Language models that learn, as arms which train like any other: soft tokens before a frozen model, and a model that
//! speaks in IDs. What they learn is kept as the model of the arm, and can be written down for other tools.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rand::Rng;
use semid_core::id_schemes::{HashDraw, atomic_ids, hash_codes, resolve};
use semid_core::labels::{LabelSettings, label_prefixes};
use semid_core::{CodeShape, Embeddings, NoCheckpoints, Recommender, Seed, SemanticIds, TrainingData, Work};
use semid_models::language_model::LocalModel;
use semid_models::language_model::tune::{
    AdapterFiles, FrozenLlama, LlamaShape, SoftTokenSettings, SoftTokens, SpeakItems, SpeakSettings, TrainingEstimate,
};
use serde::{Deserialize, Serialize};

use super::arms::SMALL;
use crate::envelope::open_envelope;
use crate::past_run::PreparedData;
use crate::settings::{CodeSettings, ExperimentSettings, IdSettings, Problem, RecommenderSettings};
use crate::stages::{ArmCost, AssignedIds, Shared};
use crate::{Engine, Error, Result, files};

/// Soft tokens before a language model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct LmSoftSettings {
    /// Name of a language model of this machine, of the llama family.
    pub model: String,
    /// What is learned before it.
    pub tuning: SoftTokenSettings,
}

/// A language model that learns to speak in IDs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct LmSpeakSettings {
    /// Name of a language model of this machine, of the llama family.
    pub model: String,
    /// What it learns.
    pub tuning: SpeakSettings,
}

impl LmSoftSettings {
    /// The small local model.
    pub fn starter() -> Self {
        LmSoftSettings { model: SMALL.to_owned(), tuning: SoftTokenSettings::starter() }
    }

    /// What is wrong: field and sentence.
    pub fn problems(&self) -> Vec<(String, String)> {
        problems(&self.model, self.tuning.problems())
    }
}

impl LmSpeakSettings {
    /// The small local model.
    pub fn starter() -> Self {
        LmSpeakSettings { model: SMALL.to_owned(), tuning: SpeakSettings::starter() }
    }

    /// What is wrong: field and sentence.
    pub fn problems(&self) -> Vec<(String, String)> {
        problems(&self.model, self.tuning.problems())
    }
}

fn problems(model: &str, tuning: Vec<(&'static str, String)>) -> Vec<(String, String)> {
    let unnamed = model.trim().is_empty().then(|| {
        ("model".to_owned(), "No language model is named. `semid model list` shows which there are.".to_owned())
    });
    unnamed.into_iter().chain(tuning.into_iter().map(|(field, why)| (format!("tuning.{field}"), why))).collect()
}

impl Engine {
    /// All problems of settings at once, what the models of this machine cannot do among them.
    pub fn check(&self, settings: &ExperimentSettings) -> Result<Vec<Problem>> {
        let mut problems = settings.check();
        for recommender in &settings.recommenders {
            // What is not here yet is fetched, as a text encoder is: an estimate names it.
            let Some(model) = recommender.tuned_model().filter(|model| self.is_at_hand(model)) else { continue };
            if let Err(error) = self.tunable(model) {
                problems.push(Problem {
                    field: format!("recommenders.{}.model", recommender.key()),
                    sentence: error.to_string(),
                });
            }
        }
        Ok(problems)
    }

    /// The file of a model that can be trained on.
    pub(crate) fn tunable(&self, name: &str) -> Result<PathBuf> {
        if self.remote_models()?.iter().any(|remote| remote.name == name) {
            return Err(Error::input(format!(
                "{name} answers behind a URL, and only a model of this machine can be trained on. Choose a GGUF file of the \
                 llama family, such as {SMALL}."
            )));
        }
        let path = self.path_of_model(name)?;
        LlamaShape::of_gguf(&path)?;
        Ok(path)
    }

    /// The digest of a model that an arm trains on; none for an arm that trains on none.
    pub(crate) fn digest_of_tuned(&self, recommender: &RecommenderSettings) -> Result<Option<String>> {
        let Some(name) = recommender.tuned_model() else { return Ok(None) };
        self.tunable(name)?;
        Ok(Some(self.open_local_model(name)?.facts().digest.clone()))
    }

    /// The weights to train on, and what splits texts into their tokens.
    fn open_to_train(&self, name: &str) -> Result<(Arc<FrozenLlama>, Arc<LocalModel>)> {
        let llama = FrozenLlama::from_gguf(&self.tunable(name)?)?;
        Ok((Arc::new(llama), self.open_local_model(name)?))
    }

    /// Times a few steps of a training. Embeddings and IDs, which are not there yet, are stood in for by others of the same
    /// shape.
    pub(crate) fn time_training(
        &self,
        work: &Work,
        recommender: &RecommenderSettings,
        scheme: Option<&IdSettings>,
        codes: &CodeSettings,
        data: &PreparedData,
    ) -> Result<Option<TrainingEstimate>> {
        let catalog = &data.catalog;
        let mut training = TrainingData {
            catalog,
            sequences: &data.prepared.split.train,
            validation: &data.prepared.split.validation,
            embeddings: None,
            ids: None,
            checkpoints: &NoCheckpoints,
        };
        Ok(match recommender {
            RecommenderSettings::LmSoft(settings) => {
                let mut rng = Seed(0).rng("embeddings to time with");
                let numbers = (0..catalog.len() * DIM).map(|_| rng.random_range(-1.0f32..1.0)).collect();
                let embeddings = Embeddings::new(DIM, numbers)?;
                training.embeddings = Some(&embeddings);
                Some(self.soft_tokens(settings)?.estimate(work, &training)?)
            }
            RecommenderSettings::LmSpeak(settings) => {
                let ids: SemanticIds = match scheme {
                    Some(IdSettings::Atomic {}) => atomic_ids(catalog.len())?,
                    _ => {
                        let shape = CodeShape::uniform(codes.levels, codes.codes);
                        resolve(&hash_codes(catalog, &shape, HashDraw::Once, Seed(0))?, codes.collisions, None)?.ids
                    }
                };
                training.ids = Some(&ids);
                let (llama, words) = self.open_to_train(&settings.model)?;
                Some(SpeakItems::new(llama, words, settings.tuning.clone(), None).estimate(work, &training)?)
            }
            _ => None,
        })
    }

    fn soft_tokens(&self, settings: &LmSoftSettings) -> Result<SoftTokens> {
        let (llama, words) = self.open_to_train(&settings.model)?;
        Ok(SoftTokens::new(llama, &*words, settings.tuning.clone())?)
    }
}

/// Numbers of an embedding while a training is timed.
const DIM: usize = 384;

/// Soft tokens to be trained.
pub(crate) fn soft(shared: &Shared<'_>, settings: &LmSoftSettings) -> Result<Box<dyn Recommender>> {
    Ok(Box::new(shared.engine.soft_tokens(settings)?))
}

/// A model to be taught IDs; the words that label their codes are where the rows of new tokens start.
pub(crate) fn speak(
    shared: &Shared<'_>,
    settings: &LmSpeakSettings,
    ids: Option<&AssignedIds>,
) -> Result<Box<dyn Recommender>> {
    let labels = ids.map(|ids| label_prefixes(&shared.catalog, &ids.ids, LabelSettings::starter()));
    let (llama, words) = shared.engine.open_to_train(&settings.model)?;
    Ok(Box::new(SpeakItems::new(llama, words, settings.tuning.clone(), labels)))
}

/// What a language model learned in a run, to be written down.
#[derive(Clone, Debug, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct AdaptersRequest {
    /// Which run.
    pub run: i64,
    /// Key of an arm that trained on a language model: `lm-soft`, `lm-speak/rq-kmeans`.
    pub arm: String,
    /// Seed of the replicate.
    pub seed: u64,
    /// Folder to write into.
    pub output: PathBuf,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct AdaptersWritten {
    /// The language model that it belongs to.
    pub model: String,
    /// The files.
    pub files: Vec<PathBuf>,
}

impl Engine {
    /// Writes what a language model learned in a run: adapters as PEFT reads them with the rows of the new tokens, or the
    /// projection to soft tokens.
    pub fn export_adapters(&self, request: &AdaptersRequest) -> Result<AdaptersWritten> {
        let run = self.past_run(request.run)?;
        let (arm, seed) = (run.arm(&request.arm)?, run.seed(request.seed)?);
        let recommender = run.settings.recommenders.iter().find(|one| one.key() == arm.recommender);
        let name = format!("model of {}, seed {seed}", arm.key);
        let stage = self.store().stages(run.run.id)?.into_iter().find(|stage| stage.stage == name);
        let stored = match stage.and_then(|stage| stage.fingerprint) {
            Some(fingerprint) => self.store().artifacts().read(&fingerprint, "model")?,
            None => None,
        };
        let kept = stored.as_deref().and_then(open_envelope::<ArmCost>).map(|(_, weights)| weights);
        let gone = || {
            Error::input(format!(
                "What {} learned is no longer in the workspace. Run the comparison again under another name.",
                arm.title
            ))
        };
        let (model, made): (&str, Vec<(&str, Vec<u8>)>) = match recommender {
            Some(RecommenderSettings::LmSpeak(settings)) => {
                let files = AdapterFiles::of_weights(kept.ok_or_else(gone)?, &settings.model)?;
                let made = vec![
                    ("adapter_model.safetensors", files.adapter_model),
                    ("adapter_config.json", files.adapter_config.into_bytes()),
                    ("new_tokens.safetensors", files.new_tokens),
                    ("added_tokens.json", files.added_tokens.into_bytes()),
                    ("README.md", LOADED.as_bytes().to_vec()),
                ];
                (&settings.model, made)
            }
            Some(RecommenderSettings::LmSoft(settings)) => {
                (&settings.model, vec![("projection.safetensors", kept.ok_or_else(gone)?.to_vec())])
            }
            _ => {
                return Err(Error::input(format!(
                    "{} did not train on a language model, so there are no adapters of it. Choose an arm of lm-speak or \
                     lm-soft.",
                    arm.title
                )));
            }
        };
        let write = |(name, bytes): (&str, Vec<u8>)| {
            let path: PathBuf = Path::new(&request.output).join(name);
            files::write_atomically(&path, |file| file.write_all(&bytes))?;
            Ok(path)
        };
        Ok(AdaptersWritten { model: model.to_owned(), files: made.into_iter().map(write).collect::<Result<_>>()? })
    }
}

/// Goes beside the adapters: how another tool reads them.
const LOADED: &str = "\
# Adapters of Semid

Low-rank adapters (`adapter_model.safetensors`, `adapter_config.json`) as PEFT reads them, and the rows of the code tokens
that extend the vocabulary (`new_tokens.safetensors`), numbered by name in `added_tokens.json`. With transformers and PEFT:

```python
import json
import torch
from peft import PeftModel
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

base, folder = \"HuggingFaceTB/SmolLM2-135M-Instruct\", \".\"  # the model that was trained on, this folder
tokenizer, model = AutoTokenizer.from_pretrained(base), AutoModelForCausalLM.from_pretrained(base)
added, rows = json.load(open(f\"{folder}/added_tokens.json\")), load_file(f\"{folder}/new_tokens.safetensors\")
first = min(added.values())
assert len(tokenizer) == first, \"the tokens stand behind the model's own\"
tokenizer.add_tokens(sorted(added, key=added.get), special_tokens=True)
model.resize_token_embeddings(first + len(added))
with torch.no_grad():
    model.get_input_embeddings().weight[first:] = rows[\"embed_tokens.weight\"]
    if \"lm_head.weight\" in rows:
        model.get_output_embeddings().weight[first:] = rows[\"lm_head.weight\"]
model = PeftModel.from_pretrained(model, folder)
```

They were trained on the weights of the GGUF file; where these are quantized, the published ones differ from them a little.
";
