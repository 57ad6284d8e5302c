//! What a number was measured on: the machine and the versions, as label and value.

/// Label and value pairs for the provenance of a run.
pub fn provenance() -> Vec<(String, String)> {
    let pair = |label: &str, value: String| (label.to_owned(), value);
    let mut facts = vec![
        pair("Semid", env!("CARGO_PKG_VERSION").to_owned()),
        pair("System", format!("{} {}", std::env::consts::OS, std::env::consts::ARCH)),
    ];
    if let Some(name) = cpu() {
        facts.push(pair("Processor", name));
    }
    facts.push(pair("Threads", rayon::current_num_threads().to_string()));
    if let Some(bytes) = memory_bytes() {
        facts.push(pair("Memory", format!("{:.0} GiB", bytes as f64 / (1u64 << 30) as f64)));
    }
    facts
}

fn cpu() -> Option<String> {
    let info = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = info.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn memory_bytes() -> Option<u64> {
    let info = std::fs::read_to_string("/proc/meminfo").ok()?;
    let kib: u64 = info.lines().find(|line| line.starts_with("MemTotal:"))?.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024)
}
