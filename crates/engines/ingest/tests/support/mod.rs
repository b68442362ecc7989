//! What the tests of this crate share: the real format files, the shared data, plain records.

#![allow(dead_code, reason = "each test binary uses a part")]

pub(crate) mod certificates;
pub(crate) mod door;
pub(crate) mod flow_records;
pub(crate) mod packets;
pub(crate) mod programs;
pub(crate) mod senders;

use event::{Micros, Origin, RawRecord};
use luytre_ingest::FormatSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..")
}

/// All of `content/formats`.
pub(crate) fn formats() -> FormatSet {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(repository().join("content/formats")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            files.push((name, std::fs::read_to_string(&path).unwrap()));
        }
    }
    files.sort();
    FormatSet::load(&files).unwrap_or_else(|errors| panic!("{errors}"))
}

/// The names of the elements of flows.
pub(crate) fn elements() -> String {
    std::fs::read_to_string(repository().join("content/flows/elements.toml")).unwrap()
}

/// The shared data, or `None` with a line that says what could not run. With `CI=true` its absence is a failure.
pub(crate) fn shared_data() -> Option<PathBuf> {
    let path =
        std::env::var_os("LUYTRE_SHARED_DATA").map_or_else(|| repository().join("../shared/data"), PathBuf::from);
    if path.is_dir() {
        return Some(path);
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "the shared data is absent: {}", path.display());
    println!("could not run: no shared data at {}", path.display());
    None
}

pub(crate) fn micros(text: &str) -> Micros {
    text.parse::<jiff::Timestamp>().unwrap().as_microsecond()
}

pub(crate) fn record(bytes: impl Into<Vec<u8>>) -> RawRecord {
    RawRecord {
        bytes: bytes.into().into(),
        arrival: micros("2026-11-21T00:00:00Z"),
        origin: Arc::new(Origin::default()),
        position: 1,
    }
}
