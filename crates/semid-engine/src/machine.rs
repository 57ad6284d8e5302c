//! What a number was measured on: the machine and the versions, as label and value; and how many threads compute.

/// Lets so many threads compute, from the first computation of the process on. What the environment says
/// (`RAYON_NUM_THREADS`) counts more; later calls change nothing.
pub fn set_threads(threads: u32) {
    if std::env::var_os("RAYON_NUM_THREADS").is_none() {
        let _ = rayon::ThreadPoolBuilder::new().num_threads(threads as usize).build_global();
    }
}

/// Threads that compute.
pub fn threads() -> u32 {
    rayon::current_num_threads() as u32
}

/// Processor cores this process may use.
pub fn cores() -> u32 {
    std::thread::available_parallelism().map_or(1, |cores| cores.get() as u32)
}

/// What the program stands on, as label and value.
pub fn about() -> Vec<(String, String)> {
    let mut facts = provenance();
    facts.push(("SQLite".to_owned(), semid_store::sqlite_version().to_owned()));
    facts
}

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
