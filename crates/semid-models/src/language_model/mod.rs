//! Language models in the loop of recommendation.

pub mod tune;
