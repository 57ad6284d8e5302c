//! What is asked of the model: the codes of the next item, each given the history and the codes before it.

use candle_core::{Result, Tensor};

use super::layers::Dropout;
use super::model::Model;
use super::tokens::Tokens;

/// A history and the item that came next.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Example<'a> {
    pub user: u32,
    pub history: &'a [u32],
    pub item: u32,
}

/// Sums over examples and levels.
pub(crate) struct Lesson {
    /// What is made small: the cross-entropy with smoothed targets.
    pub objective: Tensor,
    /// The cross-entropy of the targets themselves.
    pub nats: Tensor,
}

impl Lesson {
    /// Reads the histories and asks for the items.
    pub fn new(
        model: &Model,
        tokens: &Tokens,
        examples: &[Example<'_>],
        smoothing: f64,
        drop: &Dropout,
    ) -> Result<Self> {
        let device = model.device();
        let batch = tokens.batch(examples.iter().map(|one| (one.user, one.history)), model.dtype(), device)?;
        let memory = model.encode(&batch, drop)?;
        let hidden = model.decode(&memory, &mut Vec::new(), &written(tokens, examples, device)?, drop)?;
        let (mut nats, mut even) = (Vec::new(), Vec::new());
        for level in 0..tokens.ids.levels() {
            let at_level = hidden.narrow(2, level, 1)?.reshape((examples.len(), ()))?;
            let logs = model.log_probabilities(tokens, &at_level, level)?;
            let offset = tokens.ids.offset(level) as u32;
            let codes: Vec<u32> = examples.iter().map(|one| tokens.ids.item(one.item)[level] - offset).collect();
            let codes = Tensor::from_vec(codes, (examples.len(), 1), device)?;
            nats.push(logs.gather(&codes, 1)?.sum_all()?.neg()?);
            even.push((logs.sum_all()? * (-1.0 / tokens.ids.size(level) as f64))?);
        }
        let nats = Tensor::stack(&nats, 0)?.sum_all()?;
        let even = Tensor::stack(&even, 0)?.sum_all()?;
        let objective = ((&nats * (1.0 - smoothing))? + (even * smoothing)?)?;
        Ok(Lesson { objective, nats })
    }
}

/// What the decoder is given while it is taught: the opening token and all codes but the last, [examples, 1, levels].
pub(crate) fn written(tokens: &Tokens, examples: &[Example<'_>], device: &candle_core::Device) -> Result<Tensor> {
    let levels = tokens.ids.levels();
    let rows = examples.iter().flat_map(|one| {
        std::iter::once(tokens.ids.opening()).chain(tokens.ids.item(one.item)[..levels - 1].iter().copied())
    });
    Tensor::from_vec(rows.collect::<Vec<u32>>(), (examples.len(), 1, levels), device)
}
