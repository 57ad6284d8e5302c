//! Metrics: how good the lists are ([`ranking`]).

mod definition;
pub mod ranking;

pub use definition::{Definition, Hit, Judged, METRICS, Metric};
