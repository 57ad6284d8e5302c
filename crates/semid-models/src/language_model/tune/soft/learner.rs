//! Soft tokens as the training sees them.

use std::sync::Arc;

use rand_chacha::ChaCha8Rng;
use semid_core::{Embeddings, Error, Result};

use super::model::{Candidates, Frozen, Lesson, SoftRoom};
use super::projection::ProjectionLayout;
use super::ranker::SoftTokenRanker;
use super::settings::{SoftSoftmax, SoftTokenSettings};
use crate::language_model::tune::forward::{Network, Prefix, Trace, prefix_of};
use crate::language_model::tune::llama::FrozenLlama;
use crate::trainer::{Bite, Learner, Regime};
use crate::transformer::{Losses, Parameters, Place, Rounded, Tensors, mixed};

/// Rows computed at once: their activations, some 23 kB a row and block, are what training keeps in memory.
const BITE_ROWS: usize = 256;

/// All that stays what it is: shared by the training, its validations and the ranker.
pub(crate) struct World {
    pub settings: SoftTokenSettings,
    pub llama: Arc<FrozenLlama>,
    rounded: Option<Rounded>,
    prefix: Prefix<f32>,
    answer: Vec<f32>,
    /// `items × dim`, centred and scaled to unit variance.
    items: Vec<f32>,
    pub layout: ProjectionLayout,
    token_scale: f64,
    answer_scale: f64,
    /// Share of all training items that each item is.
    shares: Vec<f64>,
    identity: Vec<u8>,
}

impl World {
    pub fn new(
        settings: &SoftTokenSettings,
        llama: &Arc<FrozenLlama>,
        prompt: &[u32],
        answer: &[u32],
        embeddings: &Embeddings,
        sequences: &[Vec<u32>],
    ) -> Result<Self> {
        let layers = settings.blocks(llama);
        let shape = llama.shape();
        let rows = prompt.len() + settings.max_history + answer.len();
        if rows > shape.context {
            return Err(Error::input(format!(
                "The prompt, {} items and the answer are {rows} tokens, but the model reads {}. Lower max_history.",
                settings.max_history, shape.context
            )));
        }
        let rounded = llama.rounded(layers, false, settings.precision);
        let embed = |tokens: &[u32]| -> Vec<f32> {
            tokens.iter().flat_map(|&token| llama.embedding(token).iter().copied()).collect()
        };
        let prefix = prefix_of(&Network::new(llama, layers, rounded.as_ref()), &embed(prompt), &mut Trace::default());
        let (width, length) = (shape.hidden as f64, llama.embedding_norm());
        let gain = &llama.values[llama.layout.norm.clone()];
        let gain = gain.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>().sqrt();
        let mut counts = vec![0.0f64; embeddings.rows()];
        sequences.iter().flatten().for_each(|&item| counts[item as usize] += 1.0);
        let all = counts.iter().sum::<f64>().max(1.0);
        let mut identity = serde_json::to_vec(settings).unwrap_or_default();
        identity.extend_from_slice(llama.digest().as_bytes());
        for tokens in [prompt, answer] {
            identity.extend((tokens.len() as u64).to_le_bytes());
            identity.extend(tokens.iter().flat_map(|token| token.to_le_bytes()));
        }
        identity.extend_from_slice(blake3::hash(bytemuck::cast_slice(embeddings.values())).as_bytes());
        Ok(World {
            prefix,
            answer: embed(answer),
            items: standardised(embeddings),
            layout: ProjectionLayout::new(embeddings.dim(), settings.projection_hidden, shape.hidden),
            shares: counts.into_iter().map(|count| count / all).collect(),
            token_scale: length / width.sqrt(),
            // At the start the inner products with the items have about unit variance.
            answer_scale: width.sqrt() / (gain * length).max(1e-9),
            settings: settings.clone(),
            llama: llama.clone(),
            rounded,
            identity,
        })
    }

    /// The frozen side as passes read it.
    pub fn frozen(&self) -> Frozen<'_, f32> {
        Frozen {
            network: Network::new(&self.llama, self.settings.blocks(&self.llama), self.rounded.as_ref()),
            prefix: &self.prefix,
            answer: &self.answer,
            items: &self.items,
            layout: &self.layout,
            token_scale: self.token_scale,
            answer_scale: self.answer_scale,
        }
    }

    pub fn answer_tokens(&self) -> usize {
        self.answer.len() / self.layout.hidden
    }

    pub fn items(&self) -> usize {
        self.items.len() / self.layout.dim
    }
}

impl SoftTokenSettings {
    /// Blocks of the model that are used.
    pub(super) fn blocks(&self, llama: &FrozenLlama) -> usize {
        if self.layers == 0 { llama.shape().layers } else { self.layers.min(llama.shape().layers) }
    }
}

/// The rows minus their mean, over the root mean square of what is left.
fn standardised(embeddings: &Embeddings) -> Vec<f32> {
    let (rows, dim) = (embeddings.rows().max(1) as f64, embeddings.dim());
    let mut mean = vec![0.0f64; dim];
    embeddings.iter().for_each(|row| mean.iter_mut().zip(row).for_each(|(mean, &x)| *mean += f64::from(x) / rows));
    let centred = embeddings.iter().flat_map(|row| row.iter().zip(&mean).map(|(&x, mean)| f64::from(x) - mean));
    let centred: Vec<f64> = centred.collect();
    let square = centred.iter().map(|x| x * x).sum::<f64>() / centred.len().max(1) as f64;
    let scale = 1.0 / square.sqrt().max(1e-12);
    centred.into_iter().map(|x| (x * scale) as f32).collect()
}

/// A projection to be trained.
pub(crate) struct SoftLearner(pub Arc<World>);

/// Room of one shard.
#[derive(Default)]
pub(crate) struct LearnerRoom {
    soft: SoftRoom<f32>,
    lesson: Lesson,
    items: Vec<u32>,
    corrections: Vec<f64>,
}

impl Learner for SoftLearner {
    type Room = LearnerRoom;
    type Ranker = SoftTokenRanker;
    const KEY: &'static str = "soft tokens";
    const TITLE: &'static str = "the projection to soft tokens";

    fn regime(&self) -> Regime {
        self.0.settings.regime()
    }

    fn identity(&self) -> Vec<u8> {
        self.0.identity.clone()
    }

    fn tensors(&self) -> &Tensors {
        &self.0.layout.tensors
    }

    fn matrices(&self) -> Vec<Place> {
        // The projection stays f32: beside the model its products are nothing.
        Vec::new()
    }

    fn blocks(&self) -> usize {
        1
    }

    fn start(&self, rng: ChaCha8Rng) -> Vec<f32> {
        self.0.layout.start(rng)
    }

    fn bite_positions(&self) -> usize {
        BITE_ROWS
    }

    fn positions(&self, items: usize) -> usize {
        items.saturating_sub(1).max(1) + self.0.answer_tokens()
    }

    fn teach(
        &self,
        parameters: Parameters<'_, f32>,
        gradients: &mut [f32],
        bite: Bite<'_>,
        room: &mut Self::Room,
    ) -> Losses {
        let world = &*self.0;
        let LearnerRoom { soft, lesson, items, corrections } = room;
        lesson.clear();
        lesson.first = bite.first;
        let tokens = world.answer_tokens();
        for (at, (window, taught, _)) in bite.windows().enumerate() {
            let first = taught.max(1);
            if window.len() <= first {
                continue; // The first item of all has nothing before it that could tell it.
            }
            if tokens == 0 {
                let row = lesson.push(&window[..window.len() - 1], 0);
                lesson.asked.extend((first..window.len()).map(|place| (row + place - 1, window[place])));
            } else {
                // One of the taught items, another in every step.
                let draw = mixed(bite.key ^ mixed((bite.first as u32) ^ mixed(at as u32)));
                let place = first + ((u64::from(draw) * (window.len() - first) as u64) >> 32) as usize;
                let row = lesson.push(&window[..place], tokens);
                lesson.asked.push((row + place + tokens - 1, window[place]));
            }
        }
        corrections.clear();
        items.clear();
        match world.settings.softmax {
            SoftSoftmax::Catalog => items.extend(0..world.items() as u32),
            SoftSoftmax::Sampled => {
                items.extend(lesson.read.iter().copied().chain(lesson.asked.iter().map(|&(_, item)| item)));
                let draws = items.len() as f64;
                let negatives = world.settings.negatives as u32;
                let key = mixed(bite.key ^ mixed(bite.first as u32 ^ 0x51f0_4ced));
                let all = world.items() as u64;
                items.extend((0..negatives).map(|nth| ((u64::from(mixed(key ^ mixed(nth))) * all) >> 32) as u32));
                items.sort_unstable();
                items.dedup();
                corrections.extend(items.iter().map(|&item| {
                    let missed = (1.0 - world.shares[item as usize]).powf(draws)
                        * (1.0 - 1.0 / all as f64).powf(f64::from(negatives));
                    -(1.0 - missed).max(1e-9).ln()
                }));
            }
        }
        let candidates = Candidates { items, corrections };
        world.frozen().teach(parameters, gradients, lesson, &candidates, (bite.dropout, bite.weight), soft)
    }

    fn ranker(&self, parameters: Vec<f32>) -> SoftTokenRanker {
        SoftTokenRanker::new(self.0.clone(), parameters)
    }
}
