//! The state of a training between two optimiser steps, as bytes: everything that decides what comes after.

use semid_core::{Result, SemanticIds, SeriesPoint, TrainingData, Work};
use serde::{Deserialize, Serialize};

use super::inside;
use super::settings::TigerSettings;
use super::training::Training;
use super::variables::{Opened, to_bytes};

/// The countable part of the state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Position {
    /// Epochs done.
    pub epoch: usize,
    /// Batches done in the epoch that is going on; its order is drawn from seed and epoch.
    pub batch: usize,
    /// Sum of the losses of that epoch so far, and the codes asked for.
    pub nats: f64,
    pub asked: usize,
    /// Best validation NDCG@10.
    pub best_ndcg: f64,
    /// Validations since.
    pub stale: usize,
    /// The curves so far.
    pub series: Vec<SeriesPoint>,
}

/// What is written beside the tensors.
#[derive(Serialize, Deserialize)]
struct Header {
    fingerprint: String,
    steps: u64,
    position: Position,
}

/// The name under which the header stands in the file.
const STATE: &str = "semid.tiger.training";

impl Training<'_> {
    /// The state: a digest, then safetensors with the variables, the optimiser's memory and the best so far.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let header =
            Header { fingerprint: self.fingerprint.clone(), steps: self.optimiser.steps, position: self.at.clone() };
        let header = serde_json::to_string(&header).unwrap_or_default();
        let now = self.variables.copies().map_err(inside)?;
        let parts = [("now.", &now), ("mean.", &self.optimiser.mean), ("square.", &self.optimiser.square)];
        let parts = parts.into_iter().chain(self.best.as_ref().map(|best| ("best.", best)));
        let tensors = parts.flat_map(|(prefix, values)| self.variables.named(prefix, values));
        let state = to_bytes(tensors, STATE, header).map_err(inside)?;
        Ok([blake3::hash(&state).as_bytes(), &state[..]].concat())
    }

    /// Goes on from the checkpoint, if there is one of this training; one that is damaged or of another training is
    /// passed over, and the training starts afresh.
    pub fn resume(&mut self) -> Result<()> {
        let Some(bytes) = self.data.checkpoints.load()? else { return Ok(()) };
        let Some((digest, state)) = bytes.split_first_chunk::<32>() else { return Ok(()) };
        if blake3::hash(state).as_bytes() != digest {
            return Ok(());
        }
        let Ok(file) = Opened::new(state) else { return Ok(()) };
        let header = file.word(STATE).ok().and_then(|header| serde_json::from_str::<Header>(header).ok());
        let Some(header) = header.filter(|header| header.fingerprint == self.fingerprint) else { return Ok(()) };
        let read = |prefix: &str| {
            let one = |variable: &super::variables::Variable| {
                file.tensor(&format!("{prefix}{}", variable.name), variable.tensor.dims(), &self.device)
            };
            self.variables.0.iter().map(one).collect::<Result<Vec<_>>>()
        };
        let (now, mean, square) = (read("now.")?, read("mean.")?, read("square.")?);
        let best = if file.has("best.embedding") { Some(read("best.")?) } else { None };
        self.variables.set(&now).map_err(inside)?;
        (self.optimiser.mean, self.optimiser.square, self.optimiser.steps) = (mean, square, header.steps);
        (self.best, self.at) = (best, header.position);
        Ok(())
    }
}

/// Which training a checkpoint belongs to: settings, IDs, seed, sequences and validation cases.
pub(crate) fn fingerprint(settings: &TigerSettings, ids: &SemanticIds, data: &TrainingData<'_>, work: &Work) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("semid tiger training v1");
    hasher.update(&serde_json::to_vec(settings).unwrap_or_default());
    hasher.update(&work.seed().0.to_le_bytes());
    let mut row = |numbers: &mut dyn Iterator<Item = u32>| {
        let bytes: Vec<u8> = numbers.flat_map(u32::to_le_bytes).collect();
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(&bytes);
    };
    row(&mut ids.position_sizes().into_iter());
    for item in 0..ids.len() {
        row(&mut ids.row(item));
    }
    for items in data.sequences {
        row(&mut items.iter().copied());
    }
    for case in data.validation {
        row(&mut std::iter::once(case.user).chain(case.history.iter().copied()));
        row(&mut case.targets.iter().copied());
    }
    hasher.finalize().to_hex().to_string()
}
