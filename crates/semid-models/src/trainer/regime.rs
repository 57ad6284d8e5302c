//! How a sequence model is trained, whatever the model: what their settings have in common, and what makes it unusable.

use serde::{Deserialize, Serialize};

use crate::kernels::{Kernel, Precision};

/// What the products of training multiply. Sums, weights, norms, softmax and the optimiser are f32 always.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "lowercase")]
pub enum TrainingPrecision {
    /// 24 bits of mantissa.
    F32,
    /// 8 bits of mantissa, on processors with instructions for it (AVX512-BF16, AMX); f32 on others.
    Bf16,
}

impl TrainingPrecision {
    /// The kernel whose products round to bf16; none where products stay f32.
    pub(crate) fn kernel(self) -> Option<Kernel> {
        match self {
            TrainingPrecision::F32 => None,
            TrainingPrecision::Bf16 => Kernel::detect(Precision::Bf16),
        }
    }
}

/// The part of a model's settings that the training reads. Fields are named and mean what they do there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Regime {
    pub dropout: f64,
    pub max_history: usize,
    pub window_stride: usize,
    /// At most this many windows an epoch, drawn anew for each.
    pub windows_an_epoch: usize,
    /// Positions in one optimiser step.
    pub batch_positions: usize,
    pub epochs: usize,
    pub learning_rate: f64,
    pub warm_up_share: f64,
    pub weight_decay: f64,
    pub clip_norm: f64,
    pub validate_every: usize,
    pub patience: usize,
    pub validation_cases: usize,
    pub shards: usize,
    pub precision: TrainingPrecision,
}

/// What is wrong with settings, each with its field.
#[derive(Default)]
pub(crate) struct Problems(pub Vec<(&'static str, String)>);

impl Problems {
    /// Adds the sentence unless the field holds.
    pub fn check(&mut self, field: &'static str, holds: bool, sentence: impl FnOnce() -> String) {
        if !holds {
            self.0.push((field, sentence()));
        }
    }

    /// Checks whole numbers against their bounds.
    pub fn check_counts(&mut self, counts: &[(&'static str, usize, usize, usize)]) {
        for &(field, value, low, high) in counts {
            let sentence = || format!("{field} is {value}; choose {low} to {high}.");
            self.check(field, (low..=high).contains(&value), sentence);
        }
    }

    /// Checks numbers against their bounds.
    pub fn check_numbers(&mut self, numbers: &[(&'static str, f64, f64, f64)]) {
        for &(field, value, low, high) in numbers {
            let sentence = || format!("{field} is {value}; choose {low} to {high}.");
            self.check(field, (low..=high).contains(&value), sentence);
        }
    }

    /// Checks the shape of a stack.
    pub fn check_shape(&mut self, layers: usize, d_model: usize, heads: usize) {
        self.check_counts(&[("layers", layers, 1, 48), ("d_model", d_model, 4, 4096)]);
        self.check("heads", heads > 0 && d_model.is_multiple_of(heads.max(1)), || {
            format!("heads is {heads}; choose a number that divides d_model ({d_model}).")
        });
    }

    /// Checks all of a regime but the batch, which models name after what they count.
    pub fn check_regime(&mut self, regime: &Regime) {
        let max_history = regime.max_history;
        self.check_counts(&[("max_history", max_history, 1, 10_000)]);
        let stride = regime.window_stride;
        self.check("window_stride", (1..=max_history.saturating_add(1)).contains(&stride), || {
            format!("window_stride is {stride}; choose 1 to max_history + 1.")
        });
        self.check_counts(&[
            ("windows_an_epoch", regime.windows_an_epoch, 1, usize::MAX),
            ("epochs", regime.epochs, 1, 100_000),
            ("validate_every", regime.validate_every, 1, 100_000),
            ("patience", regime.patience, 1, 100_000),
            ("validation_cases", regime.validation_cases, 1, usize::MAX),
            ("shards", regime.shards, 1, 1024),
        ]);
        self.check_numbers(&[
            ("dropout", regime.dropout, 0.0, 0.95),
            ("learning_rate", regime.learning_rate, 1e-9, 10.0),
            ("warm_up_share", regime.warm_up_share, 0.0, 1.0),
            ("weight_decay", regime.weight_decay, 0.0, 10.0),
            ("clip_norm", regime.clip_norm, 1e-6, 1e9),
        ]);
    }
}
