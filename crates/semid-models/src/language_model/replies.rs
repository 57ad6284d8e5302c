//! The local model as any language model of the house: replies to requests, likelihoods of continuations.
//!
//! What all prompts begin with is read once. Then every prompt goes its own way, several at a time.

use rayon::prelude::*;
use semid_core::{
    Constraint, ContinuationScorer, Error, FailureKind, Finish, LanguageModel, ModelIdentity, ModelSource, Outcome,
    Prompt, Reply, Request, Result, Role, Seed, Usage, Work,
};
use serde_json::json;

use super::schema::pick;
use super::{Choices, End, LocalModel, Sampling, State, Turn};

impl LanguageModel for LocalModel {
    fn identity(&self) -> ModelIdentity {
        let facts = self.facts();
        ModelIdentity {
            name: facts.name.clone(),
            source: ModelSource::File { digest: facts.digest.clone() },
            settings: json!({
                "family": facts.family,
                "parameters": facts.parameters,
                "stored_as": facts.stored_as,
                "context": facts.context,
                "kernel": facts.kernel,
                "template": facts.template,
            }),
        }
    }

    fn complete(&self, work: &Work, requests: &[Request]) -> Result<Vec<Reply>> {
        let prompts: Vec<Vec<u32>> =
            requests.iter().map(|request| self.prompt_tokens(&request.prompt)).collect::<Result<_>>()?;
        let shared = self.read_shared(work, &prompts)?;
        let step = work.step("asking the language model", requests.len());
        let all = requests.par_iter().zip(&prompts).enumerate();
        all.map(|(index, (request, tokens))| {
            let reply = match self.reply(work, shared.clone(), request, tokens, index) {
                // A prompt that is too long is a failure of this request, not of all.
                Err(Error::Input(sentence)) => Reply::failed(FailureKind::Rejected, sentence),
                other => other?,
            };
            step.advance(1)?;
            Ok(reply)
        })
        .collect()
    }
}

impl ContinuationScorer for LocalModel {
    fn score(&self, work: &Work, prompts: &[Prompt], continuations: &[Vec<String>]) -> Result<Vec<Vec<f64>>> {
        if prompts.len() != continuations.len() {
            return Err(Error::input(format!(
                "There are {} prompts, but continuations for {}. Give each prompt its own list.",
                prompts.len(),
                continuations.len()
            )));
        }
        let tokens: Vec<Vec<u32>> = prompts.iter().map(|prompt| self.prompt_tokens(prompt)).collect::<Result<_>>()?;
        let shared = self.read_shared(work, &tokens)?;
        let step = work.step("scoring continuations", prompts.len());
        let all = tokens.par_iter().zip(continuations);
        all.map(|(tokens, texts)| {
            let mut state = shared.clone();
            self.resume(work, &mut state, tokens)?;
            let sequences: Vec<Vec<u32>> = texts.iter().map(|text| self.tokens(text)).collect::<Result<_>>()?;
            let scores = self.score_choices(work, &state, &Choices::new(&sequences))?;
            step.advance(1)?;
            Ok(scores)
        })
        .collect()
    }
}

impl LocalModel {
    /// The tokens of a prompt by the model's template.
    pub fn prompt_tokens(&self, prompt: &Prompt) -> Result<Vec<u32>> {
        let system = (!prompt.system.is_empty()).then(|| Turn::new("system", prompt.system.as_str()));
        let turns = prompt.messages.iter().map(|message| match message.role {
            Role::User => Turn::new("user", message.text.as_str()),
            Role::Assistant => Turn::new("assistant", message.text.as_str()),
        });
        self.prompt(&system.into_iter().chain(turns).collect::<Vec<_>>())
    }

    /// The state after what all prompts begin with.
    fn read_shared(&self, work: &Work, prompts: &[Vec<u32>]) -> Result<State> {
        let mut state = self.state();
        if let Some((first, others)) = prompts.split_first().filter(|(_, others)| !others.is_empty()) {
            let shared = others.iter().fold(first.len(), |shared, other| {
                shared.min(first.iter().zip(other).take_while(|(a, b)| a == b).count())
            });
            // A beginning that does not even fit alone is told with each prompt.
            if shared > 0 && shared <= self.facts().context {
                self.extend(work, &mut state, &first[..shared])?;
            }
        }
        Ok(state)
    }

    fn reply(&self, work: &Work, mut state: State, request: &Request, tokens: &[u32], index: usize) -> Result<Reply> {
        self.resume(work, &mut state, tokens)?;
        let mut usage = Usage { prompt_tokens: tokens.len() as u64, ..Usage::default() };
        let mut notes = Vec::new();
        let (work, purpose) = match request.sampling.seed {
            Some(seed) => (work.with_seed(Seed(seed.into())), "language model".to_owned()),
            None => (work.clone(), format!("language model, request {index}")),
        };
        let temperature = f64::from(request.sampling.temperature);
        let (text, finish) = match &request.constraint {
            Some(Constraint::OneOf(texts)) => match self.choose(&work, &state, texts, temperature, &purpose)? {
                Some((text, written)) => {
                    usage.completion_tokens = written as u64;
                    (text, Finish::Stop)
                }
                None => {
                    return Ok(Reply::failed(
                        FailureKind::Rejected,
                        "The answer must be one of no texts at all. Give the language model something to choose from.",
                    ));
                }
            },
            constraint => {
                let sampling = Sampling {
                    temperature,
                    top_p: f64::from(request.sampling.top_p),
                    max_tokens: request.sampling.max_tokens as usize,
                    stop: Vec::new(),
                };
                let held = match constraint {
                    Some(Constraint::JsonSchema { schema, .. }) => {
                        self.write_json(&work, &mut state, schema, &sampling, &purpose)?
                    }
                    _ => None,
                };
                let written = match held {
                    Some(written) => written,
                    None => {
                        if constraint.is_some() {
                            notes.push(
                                "The schema has a form that is not known here, so the answer is free text.".to_owned(),
                            );
                        }
                        self.write(&work, &mut state, &sampling, &purpose, |_| {})?
                    }
                };
                usage.completion_tokens = written.tokens.len() as u64;
                (written.text, if written.end == End::Length { Finish::Length } else { Finish::Stop })
            }
        };
        Ok(Reply { outcome: Outcome::Text { text, finish }, usage, cost: None, cached: false, attempts: 1, notes })
    }

    /// One of the texts, by the probability of the text and of the answer ending there: the likeliest, or drawn.
    fn choose(
        &self,
        work: &Work,
        state: &State,
        texts: &[String],
        temperature: f64,
        purpose: &str,
    ) -> Result<Option<(String, usize)>> {
        let end = self.end_tokens().first().copied();
        let with_end = |text: &String| -> Result<Vec<u32>> {
            let mut tokens = self.tokens(text)?;
            tokens.extend(end);
            Ok(tokens)
        };
        let sequences: Vec<Vec<u32>> = texts.iter().map(with_end).collect::<Result<_>>()?;
        let scores = self.score_choices(work, state, &Choices::new(&sequences))?;
        let chosen = pick(&scores, temperature, &mut work.rng(purpose));
        Ok(chosen.map(|chosen| (texts[chosen].clone(), sequences[chosen].len())))
    }
}
