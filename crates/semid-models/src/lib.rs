//! Text encoders, quantizers, recommenders; candle stays inside.

pub mod baselines;
pub mod generative;
mod products;
pub mod quantizer;
pub mod top_k;
