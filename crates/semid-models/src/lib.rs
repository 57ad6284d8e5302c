//! Text encoders, quantizers, recommenders; candle stays inside.

pub mod baselines;
mod device;
pub mod generative;
pub mod kernels;
pub mod language_model;
pub mod plane;
mod products;
pub mod quantizer;
pub mod sasrec;
pub mod text_encoder;
pub mod tiger;
pub mod top_k;
pub mod torch_file;
mod trainer;
mod transformer;

pub use device::ComputeDevice;
pub use trainer::TrainingPrecision;
