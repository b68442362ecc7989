//! Reads a copy of a store (see [`Store::begin_copy`]), or a store that nobody has open, whole, without opening it and
//! without changing it.
//!
//! [`Store::begin_copy`]: crate::Store::begin_copy

use crate::archive::Archive;
use crate::files::{FileLayer, RealFiles};
use crate::lock::DirectoryLock;
use crate::log::{self, Damage, Header};
use crate::manifest::Manifest;
use crate::segment::Segment;
use crate::store::segment;
use crate::unreadable::{Unread, Why, gather};
use crate::verify::{UNCLAIMED, audit, problem};
use crate::{Options, Report, StoreError, orphans};
use event::Micros;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

const MANIFEST: &str = "manifest.sqlite";

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
    let missing = |error| StoreError::io("copy the manifest", error);
    std::fs::metadata(dir.join(MANIFEST)).map_err(missing)?;
    read(dir, scratch, measured, None)
}

/// Compares everything in the store in `dir`, which must not be open, with its checksums, and what lies there with what
/// the manifest says. Reads the archive as well. `scratch` as for [`inspect`].
///
/// # Errors
/// `Locked` where somebody has it open; where the manifest cannot be read at all; everything else is a problem of the
/// report.
pub fn verify(dir: &Path, scratch: &Path, options: &Options) -> Result<Report, StoreError> {
    let _lock = DirectoryLock::look(dir)?;
    // What is kept of archived segments is left alone as well.
    let archive = Archive::open(scratch, options.archiving.as_ref(), Arc::new(RealFiles))?;
    Ok(read(dir, scratch, &BTreeMap::new(), Some(&archive))?.report)
}

/// `archive`: of a store; copies go without.
fn read(
    dir: &Path,
    scratch: &Path,
    measured: &BTreeMap<String, String>,
    archive: Option<&Arc<Archive>>,
) -> Result<Inspected, StoreError> {
    let files: Arc<dyn FileLayer> = Arc::new(RealFiles);
    let copy = scratch.join(MANIFEST);
    for name in [MANIFEST, "manifest.sqlite-wal"] {
        if dir.join(MANIFEST).exists() && dir.join(name).exists() {
            let copied = std::fs::copy(dir.join(name), scratch.join(name));
            copied.map_err(|error| StoreError::io("copy the manifest", error))?;
        }
    }
    let there = Manifest::exists(&copy)?;
    let manifest = Manifest::open(&copy)?;
    let sealed = manifest.sequence("sealed")?;
    let mut found = Inspected { sealed, last_seq: sealed, ..Inspected::default() };
    let checked = manifest.check()?;
    if checked != "ok" {
        found.report.problems.push(problem("manifest", MANIFEST, checked));
    }
    for row in manifest.segments()? {
        found.report.segments += 1;
        found.report.bytes += row.bytes;
        found.newest = found.newest.max(Some(row.newest));
        let path = row.path.clone();
        let one = if row.archived {
            found.report.archived += 1;
            found.archived_events += row.rows;
            let Some(archive) = archive else { continue };
            Segment::archived(row, archive.clone())
        } else {
            let file = dir.join("segments").join(&path);
            Segment::here(row, file, files.clone())
        };
        let checked = match measured.get(&format!("segments/{path}")) {
            Some(sha256) => one.check_measured(sha256),
            None => one.check(),
        };
        match checked {
            Ok(rows) => found.report.rows += rows,
            Err(reason) => found.report.problems.push(problem("segment", &path, reason)),
        }
    }
    found.events = found.report.rows;
    let whole = match archive {
        Some(archive) => compare(dir, &manifest, there, archive, &mut found.report)?,
        None => true,
    };
    if whole {
        audit(&*files, dir, &manifest, &mut found.report)?;
    }
    let names = files.list(&dir.join("log")).map_err(|error| StoreError::io("list the log", error))?;
    let names: Vec<&String> = names.iter().filter(|name| name.ends_with(".log")).collect();
    for name in &names {
        let path = dir.join("log").join(name);
        let length = files.size(&path).map_err(|error| StoreError::io("read the log", error))?;
        // A copy was made of what is durable: nothing in it is torn.
        let newest = archive.is_some() && names.last() == Some(name);
        match log::check_file(&*files, &path, length, newest) {
            Ok((frames, damage)) => {
                found.report.note_log(&frames, &damage);
                if archive.is_none() {
                    frames.iter().for_each(|frame| found.follow(frame, &damage, name));
                    found.pass(&damage, u64::MAX);
                }
            }
            Err(error) => found.report.problems.push(problem("log", name, error.to_string())),
        }
    }
    found.report.note_damage(manifest.damage()?);
    found.report.lost = gather(manifest.losses()?.iter().map(|row| Unread::new(Why::Lost, row, row.rows)));
    Ok(found)
}

/// What lies in a store and what the manifest says of it; whether there is a manifest to go by.
fn compare(
    dir: &Path,
    manifest: &Manifest,
    there: bool,
    archive: &Arc<Archive>,
    report: &mut Report,
) -> Result<bool, StoreError> {
    let files: Arc<dyn FileLayer> = Arc::new(RealFiles);
    let log = log::look(&*files, &dir.join("log"))?;
    if !there {
        let traces = orphans::traces(dir, &log)?;
        report.problems.extend(traces.iter().map(|traces| problem("manifest", MANIFEST, traces.clone())));
        return Ok(traces.is_none());
    }
    let looked = orphans::look(dir, manifest, &log.held, &|row| segment(dir, row, archive, &files))?;
    match looked.behind {
        Some(reason) => report.problems.push(problem("manifest", MANIFEST, reason)),
        None => {
            let unclaimed = looked.unclaimed.iter().map(|(path, _)| problem("segment", path, UNCLAIMED.to_owned()));
            report.problems.extend(unclaimed);
        }
    }
    let given = manifest.sequence("sealed")?.max(manifest.sequence("given")?);
    let lost = log.lost(given, manifest.sequence("evaluated")?);
    report.problems.extend(lost.map(|lost| problem("log", &lost.file, lost.reason())));
    Ok(true)
}

impl Inspected {
    /// Damage that comes before a record is named already.
    fn pass(&mut self, damage: &[Damage], before: u64) {
        for (first, last) in damage.iter().filter_map(|one| one.records) {
            if first <= self.last_seq + 1 && last < before {
                self.last_seq = self.last_seq.max(last);
            }
        }
    }

    /// The next frame of the log. Records that are sealed are in segments as well.
    fn follow(&mut self, frame: &Header, damage: &[Damage], file: &str) {
        if frame.last_seq() <= self.last_seq {
            return;
        }
        self.pass(damage, frame.first_seq);
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
