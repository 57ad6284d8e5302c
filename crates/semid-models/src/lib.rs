//! Text encoders, quantizers, recommenders; candle stays inside.
