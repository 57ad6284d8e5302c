//! Text encoders, quantizers, recommenders; candle stays inside.

pub mod baselines;
mod products;
pub mod quantizer;
pub mod top_k;
