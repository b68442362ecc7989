//! Reads a copy of a store (see [`Store::begin_copy`]) whole, without opening it and without changing it.
//!
//! [`Store::begin_copy`]: crate::Store::begin_copy

use crate::files::{FileLayer, RealFiles};
use crate::log::{self, Header};
use crate::manifest::Manifest;
use crate::segment::Segment;
use crate::verify::{audit, problem};
use crate::{Report, StoreError};
use event::Micros;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// What a copy holds and what is wrong with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inspected {
    /// Segments in the archive are counted in it and not looked at.
    pub report: Report,
    /// Events in segments and log of the copy.
    pub events: u64,
    /// Events that lie in the archive.
    pub archived_events: u64,
    /// When the newest of all came, or happened if that is later.
    pub newest: Option<Micros>,
    /// Up to here events are in segments, and up to here there are records at all.
    pub sealed: u64,
    pub last_seq: u64,
}

/// Compares everything in `dir` with its checksums. `scratch` is a folder for a copy of the manifest, which cannot be read
/// without being written to. `measured`: SHA-256 of files by their path in `dir`, as whoever asks has just read them; those
/// segments are not read whole once more.
///
/// # Errors
/// Where the manifest cannot be read at all; everything else is a problem of the report.
pub fn inspect(dir: &Path, scratch: &Path, measured: &BTreeMap<String, String>) -> Result<Inspected, StoreError> {
    let files: Arc<dyn FileLayer> = Arc::new(RealFiles);
    let copy = scratch.join("manifest.sqlite");
    std::fs::copy(dir.join("manifest.sqlite"), &copy).map_err(|error| StoreError::io("copy the manifest", error))?;
    let manifest = Manifest::open(&copy)?;
    let sealed = manifest.sequence("sealed")?;
    let mut found = Inspected { sealed, last_seq: sealed, ..Inspected::default() };
    let checked = manifest.check()?;
    if checked != "ok" {
        found.report.problems.push(problem("manifest", "manifest.sqlite", checked));
    }
    for row in manifest.segments()? {
        found.report.segments += 1;
        found.report.bytes += row.bytes;
        found.newest = found.newest.max(Some(row.newest));
        if row.archived {
            found.report.archived += 1;
            found.archived_events += row.rows;
            continue;
        }
        let path = row.path.clone();
        let file = dir.join("segments").join(&path);
        let segment = Segment::here(row, file, files.clone());
        let checked = match measured.get(&format!("segments/{path}")) {
            Some(sha256) => segment.check_measured(sha256),
            None => segment.check(),
        };
        match checked {
            Ok(rows) => found.report.rows += rows,
            Err(reason) => found.report.problems.push(problem("segment", &path, reason)),
        }
    }
    found.events = found.report.rows;
    audit(&*files, dir, &manifest, &mut found.report)?;
    let names = files.list(&dir.join("log")).map_err(|error| StoreError::io("list the log", error))?;
    for name in names.iter().filter(|name| name.ends_with(".log")) {
        let path = dir.join("log").join(name);
        let length = files.size(&path).map_err(|error| StoreError::io("read the log", error))?;
        match log::check_file(&*files, &path, length) {
            Ok((frames, damage)) => {
                found.report.note_log(&frames, &damage);
                frames.iter().for_each(|frame| found.follow(frame, name));
            }
            Err(error) => found.report.problems.push(problem("log", name, error.to_string())),
        }
    }
    found.report.note_damage(manifest.damage()?);
    Ok(found)
}

impl Inspected {
    /// The next frame of the log. Records that are sealed are in segments as well.
    fn follow(&mut self, frame: &Header, file: &str) {
        if frame.last_seq() <= self.last_seq {
            return;
        }
        if frame.first_seq > self.last_seq + 1 {
            let reason = format!("records {} to {} are missing before it", self.last_seq + 1, frame.first_seq - 1);
            self.report.problems.push(problem("log", file, reason));
        }
        self.events += frame.last_seq() - frame.first_seq.max(self.last_seq + 1) + 1;
        self.newest = self.newest.max(Some(frame.written_at));
        self.last_seq = frame.last_seq();
    }
}

/// Whether a store holds any record, as far as its files tell. A folder that is none holds nothing.
pub fn holds_records(dir: &Path) -> std::io::Result<bool> {
    let files = RealFiles;
    if !files.list(&dir.join("log"))?.is_empty() {
        return Ok(true);
    }
    let days = match std::fs::read_dir(dir.join("segments")) {
        Ok(days) => days,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    for day in days {
        if files.list(&day?.path()).is_ok_and(|names| names.iter().any(|name| name.ends_with(".parquet"))) {
            return Ok(true);
        }
    }
    Ok(false)
}
