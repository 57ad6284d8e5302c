//! Times the text encoder on a file of texts, one a line:
//! `cargo run --release -p semid-models --example embed -- MODEL_FOLDER TEXTS [--precision auto|f32|bf16] [--repeat 3]`
//!
//! Prints one JSON line a repeat, with the seconds of processor time beside those of the clock.

use std::time::Instant;

use semid_core::{Embedder, Seed, Work};
use semid_models::kernels::Precision;
use semid_models::text_encoder::TextEncoder;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, file, options @ ..] = arguments.as_slice() else {
        return Err("Name a model folder and a file of texts.".into());
    };
    let option = |name: &str| options.iter().position(|o| o == name).and_then(|at| options.get(at + 1));
    let precision = match option("--precision").map(String::as_str) {
        None | Some("auto") => Precision::Auto,
        Some("f32") => Precision::F32,
        Some("bf16") => Precision::Bf16,
        Some(other) => return Err(format!("There is no precision {other:?}: auto, f32, bf16.").into()),
    };
    let repeat: usize = option("--repeat").map_or(Ok(3), |count| count.parse())?;
    let texts: Vec<String> = std::fs::read_to_string(file)?.lines().map(str::to_owned).collect();

    let (clock, processor) = (Instant::now(), processor_seconds());
    let encoder = TextEncoder::load_with(folder.as_ref(), precision)?;
    let (wall, cpu) = (clock.elapsed().as_secs_f64(), processor_seconds() - processor);
    println!(r#"{{"name":"load {}","seconds_cpu":{cpu:.3},"seconds_wall":{wall:.3}}}"#, encoder.kernel());
    for _ in 0..repeat {
        let (clock, processor) = (Instant::now(), processor_seconds());
        encoder.embed(&Work::new(Seed(0)), &texts)?;
        let (wall, cpu) = (clock.elapsed().as_secs_f64(), processor_seconds() - processor);
        println!(
            r#"{{"name":"semid {}","texts":{},"seconds_cpu":{cpu:.3},"seconds_wall":{wall:.3},"texts_per_second":{:.1},"peak_rss_mb":{:.0}}}"#,
            encoder.kernel(),
            texts.len(),
            texts.len() as f64 / wall,
            peak_megabytes(),
        );
    }
    Ok(())
}

/// Seconds of processor time of this process so far; 0 where the system does not say (only Linux does here).
fn processor_seconds() -> f64 {
    let Ok(line) = std::fs::read_to_string("/proc/self/stat") else { return 0.0 };
    let fields = line.rsplit(')').next().unwrap_or_default().split_whitespace();
    // Fields 14 and 15 of the line, user and system time in hundredths of a second; the name holds the first two.
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// The most memory this process had at once; 0 where the system does not say.
fn peak_megabytes() -> f64 {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return 0.0 };
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}
