//! Text encoders, quantizers, recommenders; candle stays inside.

pub mod baselines;
pub mod generative;
pub mod kernels;
pub mod plane;
mod products;
pub mod quantizer;
pub mod sasrec;
pub mod text_encoder;
pub mod top_k;
pub mod torch_file;
mod trainer;
mod transformer;

pub use trainer::TrainingPrecision;
