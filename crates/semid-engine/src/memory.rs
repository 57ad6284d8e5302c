//! Peak resident memory while something works.

/// Forgets the peak so far, so that the next [`peak_bytes`] speaks of what comes after. Where the system has no such
/// switch the peak of the whole process stays.
pub fn reset_peak() {
    #[cfg(target_os = "linux")]
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// The highest resident memory since the last reset; 0 where the system does not say.
pub fn peak_bytes() -> u64 {
    status_kib("VmHWM:").map_or(0, |kib| kib * 1024)
}

fn status_kib(field: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with(field))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
