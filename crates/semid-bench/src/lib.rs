//! How benches measure and print: one JSON line per measurement with `name`, `seconds_cpu`, `seconds_wall`,
//! `peak_rss_mb` and figures of its own. `cargo xtask bench` reads these lines from our benches and from others' tools
//! alike.
//!
//! ```
//! let sum = semid_bench::measure("sum", &[("numbers", 3.0)], || [1, 2, 3].iter().sum::<i32>());
//! assert_eq!(sum, 6, "what is measured is returned");
//! ```

use std::fs;
use std::time::Instant;

use serde_json::{Value, json};

/// Runs `work` once, prints its line, and returns what it made. `figures` are further numbers for the line, such as how
/// many rows there were.
pub fn measure<T>(name: &str, figures: &[(&str, f64)], work: impl FnOnce() -> T) -> T {
    let (cpu, wall) = (cpu_seconds(), Instant::now());
    let made = work();
    let (wall, cpu) = (wall.elapsed().as_secs_f64(), cpu_seconds().zip(cpu).map(|(now, then)| now - then));
    let mut line = json!({ "name": name, "seconds_cpu": cpu, "seconds_wall": wall, "peak_rss_mb": peak_rss_mb() });
    for (figure, value) in figures {
        line[*figure] = Value::from(*value);
    }
    println!("{line}");
    made
}

/// The value after `--NAME` on the bench's command line, else `otherwise`: benches take the options of the tools they
/// are compared with.
pub fn option(name: &str, otherwise: usize) -> usize {
    let arguments: Vec<String> = std::env::args().collect();
    let at = arguments.iter().position(|argument| argument.strip_prefix("--") == Some(name));
    at.and_then(|at| arguments.get(at + 1)).and_then(|value| value.parse().ok()).unwrap_or(otherwise)
}

/// The arguments of the bench that are no options: files, mostly. cargo's own `--bench` is left out.
pub fn files() -> Vec<String> {
    let mut files = Vec::new();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.strip_prefix("--") {
            Some("bench") => {}
            Some(_) => drop(arguments.next()),
            None => files.push(argument),
        }
    }
    files
}

/// Seconds of CPU this process has used, all threads together; none where the system does not tell in a file.
fn cpu_seconds() -> Option<f64> {
    // Fields 14 and 15 behind the name in brackets, in hundredths of a second on every Linux.
    let text = fs::read_to_string("/proc/self/stat").ok()?;
    let mut fields = text.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<f64>().ok();
    Some((ticks()? + ticks()?) / 100.0)
}

/// The most memory this process has held, in MB; none where the system does not tell in a file.
fn peak_rss_mb() -> Option<f64> {
    let text = fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse::<f64>().ok().map(|kilobytes| kilobytes / 1024.0)
}
