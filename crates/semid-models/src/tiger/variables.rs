//! The model's learned numbers: drawn, given out, read back, and written as safetensors that other tools open too.

use std::collections::HashMap;

use candle_core::backprop::GradStore;
use candle_core::{DType, Device, Tensor, Var};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use semid_core::{Error, Result};

use super::model::Start;

/// The variables of a model, in the order in which it asked for them.
#[derive(Debug, Default)]
pub(crate) struct Variables(pub Vec<Variable>);

/// One of them.
#[derive(Debug)]
pub(crate) struct Variable {
    pub name: String,
    pub tensor: Var,
    /// Whether weight decay draws it to 0: matrices and embeddings, not gains and not positions.
    pub decays: bool,
}

impl Variables {
    /// Draws one more variable and gives it out.
    pub fn draw(
        &mut self,
        rng: &mut ChaCha8Rng,
        name: &str,
        shape: &[usize],
        start: Start,
        dtype: DType,
        device: &Device,
    ) -> candle_core::Result<Tensor> {
        let count = shape.iter().product();
        let values: Vec<f32> = match start {
            Start::Ones => vec![1.0; count],
            Start::Normal(deviation) => (0..count)
                .map(|_| {
                    // Box–Muller: one normal draw from two uniform ones.
                    let (radius, angle): (f64, f64) = (1.0 - rng.random::<f64>(), rng.random());
                    (deviation * (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()) as f32
                })
                .collect(),
        };
        let tensor = Var::from_tensor(&Tensor::from_vec(values, shape, device)?.to_dtype(dtype)?)?;
        let given = tensor.as_tensor().clone();
        let decays = shape.len() == 2 && !name.ends_with("positions");
        self.0.push(Variable { name: name.to_owned(), tensor, decays });
        Ok(given)
    }

    /// Their values as they are.
    pub fn all(&self) -> impl Iterator<Item = &Tensor> {
        self.0.iter().map(|variable| variable.tensor.as_tensor())
    }

    /// Values of their own, which later updates leave alone.
    pub fn copies(&self) -> candle_core::Result<Vec<Tensor>> {
        self.all().map(|value| value.detach().copy()).collect()
    }

    /// The gradient of each, let go of the graph it came from, which would stay in memory with it; an error names the first
    /// that the graph does not reach, since it would never be learned.
    pub fn gradients(&self, store: &GradStore) -> candle_core::Result<Vec<Tensor>> {
        let gradient = |variable: &Variable| match store.get(variable.tensor.as_tensor()) {
            Some(gradient) => Ok(gradient.detach()),
            None => candle_core::bail!("no gradient reaches {}", variable.name),
        };
        self.0.iter().map(gradient).collect()
    }

    /// Sets all of them.
    pub fn set(&self, values: &[Tensor]) -> candle_core::Result<()> {
        self.0.iter().zip(values).try_for_each(|(variable, value)| variable.tensor.set(value))
    }

    /// The names under `prefix`, with these values.
    pub fn named<'a>(&'a self, prefix: &'a str, values: &'a [Tensor]) -> impl Iterator<Item = (String, &'a Tensor)> {
        self.0.iter().map(move |variable| format!("{prefix}{}", variable.name)).zip(values)
    }
}

/// A safetensors file of f32 tensors and, under a name, a word about them; the format orders tensors, and would not order
/// several words, so that the same input gives the same bytes.
pub(crate) fn to_bytes<'a>(
    tensors: impl Iterator<Item = (String, &'a Tensor)>,
    name: &str,
    word: String,
) -> candle_core::Result<Vec<u8>> {
    let mut values: Vec<(String, Vec<usize>, Vec<u8>)> = Vec::new();
    for (name, tensor) in tensors {
        let numbers = tensor.flatten_all()?.to_vec1::<f32>()?;
        values.push((name, tensor.dims().to_vec(), numbers.iter().flat_map(|value| value.to_le_bytes()).collect()));
    }
    let views =
        values.iter().map(|(name, shape, bytes)| Ok((name, TensorView::new(Dtype::F32, shape.clone(), bytes)?)));
    let views = views.collect::<Result<Vec<_>, safetensors::SafeTensorError>>().map_err(candle_core::Error::wrap)?;
    safetensors::serialize(views, Some(HashMap::from([(name.to_owned(), word)]))).map_err(candle_core::Error::wrap)
}

/// Such a file, opened.
pub(crate) struct Opened<'a> {
    words: HashMap<String, String>,
    tensors: SafeTensors<'a>,
}

impl<'a> Opened<'a> {
    /// Reads the header.
    pub fn new(bytes: &'a [u8]) -> Result<Self> {
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(|why| broken(&why.to_string()))?;
        let tensors = SafeTensors::deserialize(bytes).map_err(|why| broken(&why.to_string()))?;
        Ok(Opened { words: header.metadata().clone().unwrap_or_default(), tensors })
    }

    /// The word of this name.
    pub fn word(&self, name: &str) -> Result<&str> {
        self.words.get(name).map(String::as_str).ok_or_else(|| broken(&format!("it says nothing about {name}")))
    }

    /// Whether there is such a tensor.
    pub fn has(&self, name: &str) -> bool {
        self.tensors.tensor(name).is_ok()
    }

    /// One tensor; refuses one of another shape or with numbers that are not finite, and names it.
    pub fn tensor(&self, name: &str, shape: &[usize], device: &Device) -> Result<Tensor> {
        let view = self.tensors.tensor(name).map_err(|_| broken(&format!("it has no tensor {name}")))?;
        if view.dtype() != Dtype::F32 || view.shape() != shape {
            return Err(broken(&format!("the tensor {name} was made for another catalog or other IDs")));
        }
        let bytes = view.data().as_chunks::<4>().0;
        let values: Vec<f32> = bytes.iter().map(|value| f32::from_le_bytes(*value)).collect();
        if values.iter().any(|value| !value.is_finite()) {
            return Err(broken(&format!("the tensor {name} holds numbers that are not finite")));
        }
        Tensor::from_vec(values, shape, device).map_err(|why| Error::inside(format!("reading the tensor {name}"), why))
    }
}

/// A file that cannot be used, in a sentence.
pub(crate) fn broken(why: &str) -> Error {
    Error::input(format!("The saved weights of TIGER cannot be read: {why}. Train it again."))
}
