//! `cargo xtask bench`.

/// Runs a bench.
pub fn bench(_arguments: &[String]) -> Result<(), String> {
    Err("soon".to_owned())
}
