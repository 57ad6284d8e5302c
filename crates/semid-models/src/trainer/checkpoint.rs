//! The state of a training between two optimiser steps, as bytes: everything that decides what comes after.

use semid_core::SeriesPoint;
use serde::{Deserialize, Serialize};

use super::adamw::AdamW;
use crate::transformer::Losses;

/// Where a training stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct State {
    pub parameters: Vec<f32>,
    pub optimiser: AdamW,
    pub at: Position,
    /// Parameters of the best validation so far.
    pub best: Option<Vec<f32>>,
}

/// The countable part of the state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Position {
    /// Epochs done.
    pub epoch: usize,
    /// Batches done in the epoch that is going on; its order is drawn from seed and epoch.
    pub batch: usize,
    /// Losses of that epoch so far.
    pub losses: Losses,
    /// Best validation NDCG@10.
    pub best_ndcg: f64,
    /// Validations since.
    pub stale: usize,
    /// The curves so far.
    pub series: Vec<SeriesPoint>,
}

#[derive(Serialize, Deserialize)]
struct Header {
    position: Position,
    steps: u64,
    parameters: usize,
    best: bool,
}

const MAGIC: &[u8; 8] = b"semidtr2";

impl State {
    /// The state's bytes: magic, the training's fingerprint, a JSON header, f32 values, and a digest of all of it.
    pub fn to_bytes(&self, fingerprint: &[u8; 32]) -> Vec<u8> {
        let header = Header {
            position: self.at.clone(),
            steps: self.optimiser.steps,
            parameters: self.parameters.len(),
            best: self.best.is_some(),
        };
        let header = serde_json::to_vec(&header).unwrap_or_default();
        let mut bytes = Vec::with_capacity(128 + header.len() + 16 * self.parameters.len());
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(fingerprint);
        bytes.extend_from_slice(&(header.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&header);
        let parts = [&self.parameters, &self.optimiser.mean, &self.optimiser.square].into_iter().chain(&self.best);
        for value in parts.flatten() {
            bytes.extend_from_slice(&value.to_le_bytes());
        }
        let digest = blake3::hash(&bytes);
        bytes.extend_from_slice(digest.as_bytes());
        bytes
    }

    /// The state in these bytes; none when they are damaged or belong to another training, which then starts afresh.
    pub fn from_bytes(bytes: &[u8], fingerprint: &[u8; 32], parameters: usize) -> Option<State> {
        let (body, digest) = bytes.split_last_chunk::<32>()?;
        if blake3::hash(body).as_bytes() != digest {
            return None;
        }
        let rest = body.strip_prefix(MAGIC)?.strip_prefix(fingerprint)?;
        let (length, rest) = rest.split_first_chunk::<8>()?;
        let (header, values) = rest.split_at_checked(u64::from_le_bytes(*length) as usize)?;
        let header: Header = serde_json::from_slice(header).ok()?;
        let parts = if header.best { 4 } else { 3 };
        if header.parameters != parameters || values.len() != parts * parameters * 4 {
            return None;
        }
        let mut parts = values
            .chunks_exact(parameters * 4)
            .map(|part| part.as_chunks::<4>().0.iter().map(|value| f32::from_le_bytes(*value)).collect::<Vec<f32>>());
        Some(State {
            parameters: parts.next()?,
            optimiser: AdamW { mean: parts.next()?, square: parts.next()?, steps: header.steps },
            at: header.position,
            best: parts.next(),
        })
    }
}
