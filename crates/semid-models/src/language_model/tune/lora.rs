//! Low-rank adapters (Hu et al. 2021, "LoRA"): beside a frozen matrix W stands A · B of rank r, so that a product is
//! `x W + alpha / r · dropout(x) A B`. B starts at zero: an untrained adapter changes nothing.

use std::ops::Range;

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::llama::{FrozenLlama, LayerLayout, LlamaShape};
use crate::trainer::Problems;
use crate::transformer::{Dropout, Mat, Real, Tensors, add_dropped, disjoint, dropped, product, room};

/// Which matrices of a block have an adapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "kebab-case")]
pub enum LoraModules {
    /// Queries, keys, values and the output of attention.
    Attention,
    /// Gate, up and down of the feed-forward half.
    Mlp,
    /// All seven.
    All,
}

/// How adapters are made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct LoraSettings {
    /// Rank of each adapter.
    pub rank: usize,
    /// An adapter's output is multiplied by `alpha / rank`.
    pub alpha: f64,
    /// Share of an adapter's input that is dropped while training.
    pub dropout: f64,
    /// Which matrices have one.
    pub modules: LoraModules,
}

impl LoraSettings {
    /// Rank 8 on attention and feed-forward halves.
    pub fn starter() -> Self {
        LoraSettings { rank: 8, alpha: 16.0, dropout: 0.05, modules: LoraModules::All }
    }

    pub(crate) fn check(&self, problems: &mut Problems) {
        problems.check_counts(&[("lora.rank", self.rank, 1, 1024)]);
        problems.check_numbers(&[("lora.alpha", self.alpha, 1e-6, 1e6), ("lora.dropout", self.dropout, 0.0, 0.95)]);
    }
}

/// The matrices of a block by the names that other tools know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Module {
    Query,
    Key,
    Value,
    Output,
    Gate,
    Up,
    Down,
}

impl Module {
    pub const ALL: [Module; 7] =
        [Module::Query, Module::Key, Module::Value, Module::Output, Module::Gate, Module::Up, Module::Down];

    /// Its name in a published model.
    pub fn name(self) -> &'static str {
        match self {
            Module::Query => "q_proj",
            Module::Key => "k_proj",
            Module::Value => "v_proj",
            Module::Output => "o_proj",
            Module::Gate => "gate_proj",
            Module::Up => "up_proj",
            Module::Down => "down_proj",
        }
    }

    /// Its name with the half of the block it belongs to.
    pub fn path(self) -> String {
        let half = if self.of_attention() { "self_attn" } else { "mlp" };
        format!("{half}.{}", self.name())
    }

    fn of_attention(self) -> bool {
        matches!(self, Module::Query | Module::Key | Module::Value | Module::Output)
    }

    /// Inputs, outputs, and the first column of its outputs in the matrix it is part of.
    pub fn shape(self, shape: &LlamaShape) -> (usize, usize, usize) {
        let (queries, keys, hidden, wide) = (shape.queries(), shape.keys(), shape.hidden, shape.intermediate);
        match self {
            Module::Query => (hidden, queries, 0),
            Module::Key => (hidden, keys, queries),
            Module::Value => (hidden, keys, queries + keys),
            Module::Output => (queries, hidden, 0),
            Module::Gate => (hidden, wide, 0),
            Module::Up => (hidden, wide, wide),
            Module::Down => (wide, hidden, 0),
        }
    }

    /// The frozen matrix it is part of, and that matrix's columns.
    fn place(self, at: &LayerLayout, shape: &LlamaShape) -> (Range<usize>, usize) {
        match self {
            Module::Query | Module::Key | Module::Value => (at.qkv.clone(), shape.qkv()),
            Module::Output => (at.mix.clone(), shape.hidden),
            Module::Gate | Module::Up => (at.gate_up.clone(), 2 * shape.intermediate),
            Module::Down => (at.down.clone(), shape.hidden),
        }
    }
}

impl LoraModules {
    fn has(self, module: Module) -> bool {
        match self {
            LoraModules::Attention => module.of_attention(),
            LoraModules::Mlp => !module.of_attention(),
            LoraModules::All => true,
        }
    }
}

/// Where one adapter lies.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Adapter {
    pub module: Module,
    /// `inputs × rank`.
    pub a: Range<usize>,
    /// `rank × outputs`.
    pub b: Range<usize>,
    inputs: usize,
    outputs: usize,
    column: usize,
    /// Place of its dropout mask.
    site: u32,
}

/// Where all adapters lie.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LoraLayout {
    pub rank: usize,
    scale: f64,
    /// By block.
    pub layers: Vec<Vec<Adapter>>,
}

impl LoraLayout {
    /// Places the adapters of the first `layers` blocks behind the tensors that are there.
    pub fn new(tensors: &mut Tensors, shape: &LlamaShape, layers: usize, settings: &LoraSettings) -> Self {
        let rank = settings.rank;
        let of_layer = |layer: usize| {
            let modules = Module::ALL.into_iter().filter(|module| settings.modules.has(*module));
            let adapter = |module: Module| {
                let (inputs, outputs, column) = module.shape(shape);
                let name = format!("layers.{layer}.{}", module.path());
                let a = tensors.place(format!("{name}.a"), inputs, rank);
                let b = tensors.place(format!("{name}.b"), rank, outputs);
                Adapter { module, a, b, inputs, outputs, column, site: (layer * 8 + module as usize) as u32 }
            };
            modules.map(adapter).collect()
        };
        LoraLayout { rank, scale: settings.alpha / rank as f64, layers: (0..layers).map(of_layer).collect() }
    }

    /// A evenly within ±1/√inputs, B zero.
    pub fn start(&self, values: &mut [f32], rng: &mut ChaCha8Rng) {
        for adapter in self.layers.iter().flatten() {
            let spread = 1.0 / (adapter.inputs as f32).sqrt();
            values[adapter.a.clone()].iter_mut().for_each(|value| *value = rng.random_range(-spread..spread));
            values[adapter.b.clone()].fill(0.0);
        }
    }

    /// The model with the adapters added to its weights: `W + alpha / r · A B`.
    pub fn merged(&self, llama: &FrozenLlama, values: &[f32]) -> FrozenLlama {
        let mut weights = llama.values.clone();
        for (at, adapters) in llama.layout.layers.iter().zip(&self.layers) {
            for adapter in adapters {
                let (place, columns) = adapter.module.place(at, &llama.shape);
                let scaled: Vec<f32> =
                    values[adapter.b.clone()].iter().map(|value| value * self.scale as f32).collect();
                let a = Mat::new(&values[adapter.a.clone()], adapter.inputs, self.rank);
                let b = Mat::new(&scaled, self.rank, adapter.outputs);
                product(&mut weights[place][adapter.column..], columns, a, b, true);
            }
        }
        llama.with_values(weights)
    }
}

/// Adapters as a pass through the network reads them.
#[derive(Clone, Copy)]
pub(crate) struct Lora<'a, R> {
    pub layout: &'a LoraLayout,
    /// The flat buffer that the layout's places are of.
    pub values: &'a [R],
    pub dropout: Option<Dropout>,
    /// Index of the first row in the whole batch; places the dropout masks.
    pub first: usize,
}

/// Room for adapters; reused from one to the next.
#[derive(Default)]
pub(crate) struct LoraRoom<R> {
    input: Vec<R>,
    low: Vec<R>,
    dlow: Vec<R>,
    dinput: Vec<R>,
}

impl<R: Real> Lora<'_, R> {
    fn adapter(&self, layer: usize, module: Module) -> Option<&Adapter> {
        self.layout.layers.get(layer)?.iter().find(|adapter| adapter.module == module)
    }

    /// Whether the gradient of a block reads the input of this module.
    pub fn reads(&self, layer: usize, module: Module) -> bool {
        self.adapter(layer, module).is_some()
    }

    /// Adds the adapter's part to `out`, rows of `stride` that hold the module's outputs at their place.
    pub fn add(&self, layer: usize, module: Module, out: &mut [R], stride: usize, x: &[R], at: &mut LoraRoom<R>) {
        let Some(adapter) = self.adapter(layer, module) else { return };
        self.lower(adapter, x, at);
        let n = at.low.len() / self.layout.rank;
        let b = Mat::new(&self.values[adapter.b.clone()], self.layout.rank, adapter.outputs);
        product(&mut out[adapter.column..], stride, Mat::new(&at.low, n, self.layout.rank), b, true);
    }

    /// `low = scale · dropout(x) · A`; the dropped input stays in the room.
    fn lower(&self, adapter: &Adapter, x: &[R], at: &mut LoraRoom<R>) {
        let (rank, n) = (self.layout.rank, x.len() / adapter.inputs);
        dropped(room(&mut at.input, x.len()), x, self.dropout, adapter.site, self.first * adapter.inputs);
        let a = Mat::new(&self.values[adapter.a.clone()], adapter.inputs, rank);
        product(room(&mut at.low, n * rank), rank, Mat::new(&at.input, n, adapter.inputs), a, false);
        let scale = R::of(self.layout.scale);
        at.low.iter_mut().for_each(|value| *value = *value * scale);
    }

    /// Adds the gradients of A and B, and the adapter's part to `dx`, from `dout`, rows of `stride`.
    #[allow(clippy::too_many_arguments)] // The forward pass's arguments and their gradients.
    pub fn back(
        &self,
        layer: usize,
        module: Module,
        gradients: &mut [R],
        dx: &mut [R],
        dout: &[R],
        stride: usize,
        x: &[R],
        at: &mut LoraRoom<R>,
    ) {
        let Some(adapter) = self.adapter(layer, module) else { return };
        let (rank, inputs, outputs) = (self.layout.rank, adapter.inputs, adapter.outputs);
        let n = x.len() / inputs;
        self.lower(adapter, x, at);
        let [da, db] = disjoint(gradients, [&adapter.a, &adapter.b]);
        let dout = Mat::strided(&dout[adapter.column..], n, outputs, stride);
        product(db, outputs, Mat::new(&at.low, n, rank).t(), dout, true);
        let b = Mat::new(&self.values[adapter.b.clone()], rank, outputs);
        let dlow = room(&mut at.dlow, n * rank);
        product(dlow, rank, dout, b.t(), false);
        let scale = R::of(self.layout.scale);
        dlow.iter_mut().for_each(|value| *value = *value * scale);
        let dlow = Mat::new(dlow, n, rank);
        product(da, rank, Mat::new(&at.input, n, inputs).t(), dlow, true);
        let a = Mat::new(&self.values[adapter.a.clone()], inputs, rank);
        product(room(&mut at.dinput, n * inputs), inputs, dlow, a.t(), false);
        // Back through the same mask, added to what is there.
        let base = room(&mut at.input, n * inputs);
        base.copy_from_slice(dx);
        add_dropped(dx, base, &at.dinput, self.dropout, adapter.site, self.first * inputs);
    }
}
