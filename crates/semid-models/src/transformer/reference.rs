//! The same stack in plain candle operations, with candle's autograd: what the fused code is held against, and the way
//! to devices other than the CPU.
//!
//! Sequences are padded at their end; attention looks back only, so padding never reaches a real position, and it is no
//! target. Layer norm and softmax are written out, since candle's fused ones have no backward and would end the
//! gradient without an error.

use candle_core::backprop::GradStore;
use candle_core::{DType, Device, Result, Tensor, Var};

use super::layout::{BlockLayout, StackLayout, Tensors};
use super::output::UNTAUGHT;
use super::real::Real;

/// Tensors of the model as candle variables, in the order of the layout.
pub(crate) struct Reference<'a> {
    tensors: &'a Tensors,
    pub variables: Vec<Var>,
    device: Device,
    dtype: DType,
}

impl<'a> Reference<'a> {
    /// Takes the flat parameters to a device.
    pub fn new<R: Real>(tensors: &'a Tensors, parameters: &[R], dtype: DType, device: &Device) -> Result<Self> {
        let variables = tensors
            .0
            .iter()
            .map(|tensor| {
                let values: Vec<f64> = parameters[tensor.at.clone()].iter().map(|value| value.wide()).collect();
                let shape = tensor.shape();
                Var::from_tensor(&Tensor::from_vec(values, shape, device)?.to_dtype(dtype)?)
            })
            .collect::<Result<_>>()?;
        Ok(Reference { tensors, variables, device: device.clone(), dtype })
    }

    /// The tensor that lies at a range of the layout.
    pub fn tensor(&self, at: &std::ops::Range<usize>) -> &Tensor {
        let index = self.tensors.0.iter().position(|tensor| tensor.at == *at).unwrap_or(0);
        self.variables[index].as_tensor()
    }

    /// The tensor of a name, if the layout has it.
    pub fn named(&self, name: &str) -> Option<&Tensor> {
        let index = self.tensors.0.iter().position(|tensor| tensor.name == name)?;
        Some(self.variables[index].as_tensor())
    }

    /// `x` [sequences, length, d] → hidden [sequences, length, d].
    pub fn hidden(&self, stack: &StackLayout, x: &Tensor) -> Result<Tensor> {
        let length = x.dim(1)?;
        let ahead: Vec<f64> = (0..length * length).map(|i| if i % length > i / length { -1e30 } else { 0.0 }).collect();
        let mask = Tensor::from_vec(ahead, (length, length), &self.device)?.to_dtype(self.dtype)?;
        let mut x = x.clone();
        for block in &stack.blocks {
            x = self.block(stack, block, &x, &mask)?;
        }
        self.norm(&x, &stack.norm_gain, &stack.norm_bias)
    }

    /// Sum over the rows of `hidden` [rows, d] of the objective of a softmax over `table` [classes, d]; rows that are
    /// `UNTAUGHT` count nothing.
    pub fn objective(&self, hidden: &Tensor, table: &Tensor, targets: &[u32], smooth: f64) -> Result<Tensor> {
        let all = vec![1.0; targets.len() * table.dim(0)?];
        self.objective_among(hidden, table, targets, all, smooth)
    }

    /// The same where each row has its own choices: `allowed` [rows, classes] is 1 for those, else 0.
    pub fn objective_among(
        &self,
        hidden: &Tensor,
        table: &Tensor,
        targets: &[u32],
        allowed: Vec<f64>,
        smooth: f64,
    ) -> Result<Tensor> {
        let (rows, size) = (targets.len(), table.dim(0)?);
        let allowed = Tensor::from_vec(allowed, (rows, size), &self.device)?.to_dtype(self.dtype)?;
        let masked = (hidden.contiguous()?.matmul(&table.t()?)? + allowed.affine(1e30, -1e30)?)?;
        let logs = log_softmax(&masked)?;
        let taught: Vec<f64> = targets.iter().map(|&target| f64::from(u8::from(target != UNTAUGHT))).collect();
        let known: Vec<u32> = targets.iter().map(|&target| if target == UNTAUGHT { 0 } else { target }).collect();
        let known = Tensor::from_vec(known, (rows, 1), &self.device)?;
        let taught = Tensor::from_vec(taught, rows, &self.device)?.to_dtype(self.dtype)?;
        let hit = logs.gather(&known, 1)?.squeeze(1)?;
        let even = ((logs * &allowed)?.sum(1)? / allowed.sum(1)?)?;
        let objective = ((hit * (1.0 - smooth))? + (even * smooth)?)?.neg()?;
        (objective * taught)?.sum_all()
    }

    /// Rows of a table [classes, d] by index: [indices, d].
    pub fn rows(&self, table: &std::ops::Range<usize>, indices: Vec<u32>) -> Result<Tensor> {
        let length = indices.len();
        self.tensor(table).index_select(&Tensor::from_vec(indices, length, &self.device)?, 0)
    }

    fn block(&self, stack: &StackLayout, at: &BlockLayout, x: &Tensor, mask: &Tensor) -> Result<Tensor> {
        let (sequences, length, d) = x.dims3()?;
        let (heads, width) = (stack.shape.heads, stack.shape.d / stack.shape.heads);
        let qkv = self.linear(&self.norm(x, &at.norm1_gain, &at.norm1_bias)?, &at.qkv, &at.qkv_bias)?;
        // [sequences, length, 3d] → three of [sequences, heads, length, width]
        let part = |part: usize| {
            qkv.narrow(2, part * d, d)?.reshape((sequences, length, heads, width))?.transpose(1, 2)?.contiguous()
        };
        let (q, k, v) = (part(0)?, part(1)?, part(2)?);
        let scores = (q.matmul(&k.transpose(2, 3)?.contiguous()?)? / (width as f64).sqrt())?;
        let shares = log_softmax(&scores.broadcast_add(mask)?)?.exp()?;
        let seen = shares.matmul(&v)?.transpose(1, 2)?.contiguous()?.reshape((sequences, length, d))?;
        let x = (x + self.linear(&seen, &at.mix, &at.mix_bias)?)?;
        let up = self.linear(&self.norm(&x, &at.norm2_gain, &at.norm2_bias)?, &at.up, &at.up_bias)?;
        &x + self.linear(&gelu(&up)?, &at.down, &at.down_bias)?
    }

    /// `x` [.., inputs] through a linear layer.
    pub fn linear(&self, x: &Tensor, w: &std::ops::Range<usize>, bias: &std::ops::Range<usize>) -> Result<Tensor> {
        x.broadcast_matmul(self.tensor(w))?.broadcast_add(self.tensor(bias))
    }

    /// Layer norm of the rows of `x` [a, b, d].
    pub fn norm(&self, x: &Tensor, gain: &std::ops::Range<usize>, bias: &std::ops::Range<usize>) -> Result<Tensor> {
        let d = x.dim(2)? as f64;
        let centred = x.broadcast_sub(&(x.sum_keepdim(2)? / d)?)?;
        let deviation = ((centred.sqr()?.sum_keepdim(2)? / d)? + 1e-5)?.sqrt()?;
        centred.broadcast_div(&deviation)?.broadcast_mul(self.tensor(gain))?.broadcast_add(self.tensor(bias))
    }

    /// The gradient of each tensor of the layout; none where the graph does not reach it.
    pub fn gradients(&self, store: &GradStore) -> Result<Vec<Option<Vec<f64>>>> {
        self.variables
            .iter()
            .map(|variable| {
                let values = |gradient: &Tensor| gradient.flatten_all()?.to_dtype(DType::F64)?.to_vec1::<f64>();
                store.get(variable.as_tensor()).map(values).transpose()
            })
            .collect()
    }
}

/// Over the last dimension, from operations that have a backward.
fn log_softmax(x: &Tensor) -> Result<Tensor> {
    let last = x.rank() - 1;
    let centred = x.broadcast_sub(&x.max_keepdim(last)?.detach())?;
    let total = centred.exp()?.sum_keepdim(last)?.log()?;
    centred.broadcast_sub(&total)
}

/// The tanh form, written out: candle's own has a backward with constants of six digits.
pub(crate) fn gelu(x: &Tensor) -> Result<Tensor> {
    let inner = ((x + (x.sqr()? * x)?.affine(0.044_715, 0.0)?)? * (2.0 / std::f64::consts::PI).sqrt())?;
    (x * 0.5)? * (inner.tanh()? + 1.0)?
}
