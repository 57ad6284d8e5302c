//! The `semid` command.
fn main() {}
