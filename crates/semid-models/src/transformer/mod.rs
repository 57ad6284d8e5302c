//! The transformer that sequence models share, on the CPU, fused by hand: a stack of causal pre-norm blocks over one flat
//! buffer of parameters, forward and backward.
//!
//! A model writes the input rows of its sequences, runs [`forward`], reads the hidden rows through [`cross_entropy`], runs
//! [`backward()`] and takes the gradient of its inputs: what a row stands for (a token, an item) and what is asked of it are
//! the model's. `reference` says the same stack in candle's words; tests hold the two against each other.

pub(crate) mod attention;
mod backward;
mod blocks;
mod dropout;
mod layers;
mod layout;
mod output;
mod parameters;
mod product;
mod real;
#[cfg(test)]
pub(crate) mod reference;
#[cfg(test)]
mod tests;

pub(crate) use backward::{backward, disjoint};
pub(crate) use blocks::{Sequences, Trace, forward, room};
pub(crate) use dropout::{Dropout, add_dropped, dropped, mixed};
pub(crate) use layers::{
    ProductRoom, activate, activate_back, add_rows, linear, linear_back, norm, norm_back, times, times_across,
};
pub(crate) use layout::{Shape, StackLayout, Tensors};
pub(crate) use output::{AnswerRoom, Asked, Losses, UNTAUGHT, cross_entropy};
pub(crate) use parameters::{Matrix, Parameters, Place, Rounded};
pub(crate) use product::{Mat, product, small_product};
pub(crate) use real::{Real, exponentials, sum_of, vectorised};
