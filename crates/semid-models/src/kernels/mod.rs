//! Dense kernels for the CPU: packed matrix products with a fused finish, and the row functions between them.
//!
//! A product is `rows × depth` times a [`Packed`] matrix of `depth × columns`, packed once into panels of [`NR`]
//! columns. A micro-kernel sums one tile in registers and leaves it in the first-level cache, where a [`Finish`] takes
//! it: adds a bias, applies an activation, adds to a residual. Which instructions run is decided once, at run time, by
//! [`Kernel::detect`].
//!
//! Every number of a product is one chain of sums over the depth, in order, whatever tile it lies in. So a row's result
//! is the same bytes whatever other rows are computed with it, and for any number of threads.

#[cfg(target_arch = "x86_64")]
mod amx;
mod coded;
mod element;
mod entropy;
mod finish;
mod kernel;
mod layouts;
mod math;
mod packed;
mod portable;
mod rows;
#[cfg(test)]
mod tests;
mod tiles;
#[cfg(target_arch = "x86_64")]
mod x86;

pub use coded::{Code, Coded, Column};
pub use element::{Bf16, Element};
pub use entropy::{RowSlope, RowSum, Slopes, SumRows};
pub use finish::{Activation, AddBiasActivate, AddBiasResidual, AddTransposed, Finish, Scatter, Store};
pub use kernel::{Kernel, Precision};
pub use layouts::{rounded, transposed};
pub use packed::{NR, Packed};
pub use rows::{GateActivation, Norm, add_scaled, chain, gate, gelu_rows, layer_norm, rms_norm, softmax};
pub use tiles::{Matrix, product};
