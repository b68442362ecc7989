//! What the comparison shares between its program and its tests: events that differ from copy to copy, rsigma behind
//! one function, the formats of the centre.

pub mod expand;
pub mod other;
pub mod peer;

use anyhow::{Context, Result};
use ingest::FormatSet;
use std::path::{Path, PathBuf};

/// The repository that this crate lies in.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The folder of shared data; `LUYTRE_SHARED_DATA` names another.
pub fn shared_data(what: &str) -> PathBuf {
    let default = repository().join("../../shared/data");
    std::env::var("LUYTRE_SHARED_DATA").map_or(default, PathBuf::from).join(what)
}

/// The formats that the program reads records with.
pub fn formats() -> Result<FormatSet> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(repository().join("content/formats"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let name = path.file_name().context("a file has a name")?.to_string_lossy().into_owned();
            files.push((name, std::fs::read_to_string(&path)?));
        }
    }
    FormatSet::load(&files).context("formats")
}

/// CPU time of this thread in seconds.
pub fn thread_seconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// Resident memory in bytes, now and at the highest.
pub fn memory() -> (u64, u64) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let of = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0) * 1024
    };
    (of("VmRSS:"), of("VmHWM:"))
}
