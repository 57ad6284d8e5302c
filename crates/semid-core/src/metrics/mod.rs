//! Metrics: how good the lists are ([`ranking`]), how much of the catalog they show ([`breadth`]), for whom ([`slices`]).

pub mod breadth;
mod definition;
pub mod ranking;
pub mod slices;

pub use definition::{Definition, Hit, Judged, METRICS, Metric};
