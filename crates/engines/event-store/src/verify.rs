//! Reads everything back: hashes of segments, checksums of the log, the manifest, and what recovery noted.
//! For `luytre store verify` and `luytre doctor`; `scrub` does a part of it again and again.

use crate::files::FileLayer;
use crate::ledger::Ledger;
use crate::log::{Damage, Header};
use crate::manifest::Manifest;
use crate::orphans::ASIDE;
use crate::segment::Segment;
use crate::unreadable::{Unread, Unreadable, Why, gather};
use crate::{Store, StoreError, log};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::Arc;

/// Of a file among the segments.
pub(crate) const UNCLAIMED: &str = "the manifest does not know this file, and neither ledger nor log explain it";

/// One thing that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// `log`, `segment`, `manifest` or `ledger`.
    pub part: String,
    pub file: String,
    pub reason: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub log_files: usize,
    pub log_frames: u64,
    pub log_records: u64,
    pub segments: usize,
    pub rows: u64,
    pub bytes: u64,
    /// Of the segments, those in the archive.
    #[serde(default)]
    pub archived: usize,
    /// Signed entries of the ledger, and the hash of the last: keep it elsewhere now and then.
    #[serde(default)]
    pub ledger_entries: u64,
    #[serde(default)]
    pub ledger_sha256: String,
    pub problems: Vec<Problem>,
    /// Ends of the log that crashes cut short and recovery cut off: never acknowledged, so no loss.
    pub torn_ends: usize,
    /// What was lost and dealt with by a repair.
    pub losses: Vec<Problem>,
    /// Of these, the events: how many, and of which days.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<Unreadable>,
}

impl Report {
    pub fn ok(&self) -> bool {
        self.problems.is_empty()
    }

    /// What one file of the log holds.
    pub(crate) fn note_log(&mut self, frames: &[Header], damage: &[Damage]) {
        self.log_files += 1;
        self.log_frames += frames.len() as u64;
        self.log_records += frames.iter().map(|frame| u64::from(frame.count)).sum::<u64>();
        for one in damage {
            match one.torn {
                true => self.torn_ends += 1,
                false => self.problems.push(problem("log", &one.file, one.reason())),
            }
        }
    }

    /// What was found damaged earlier, and whether it has been dealt with.
    pub(crate) fn note_damage(&mut self, found: Vec<(Damage, bool)>) {
        for (damage, mended) in found {
            let part = if damage.file.ends_with(".parquet") { "segment" } else { "log" };
            let lost = |words: &str| {
                let reason = match (damage.length, damage.file.starts_with(ASIDE)) {
                    (0, _) => damage.reason(),
                    (_, true) => UNCLAIMED.to_owned(),
                    (length, false) => format!("{length} bytes at {} {words}", damage.offset),
                };
                problem(part, &damage.file, reason)
            };
            if damage.torn {
                self.torn_ends += 1;
            } else if mended {
                self.problems.retain(|have| have.part != "log" || have.file != damage.file);
                self.losses.push(lost("were damaged; what could be read was kept"));
            } else if !self.problems.iter().any(|have| have.file == damage.file) {
                self.problems.push(lost("were damaged when the store was opened"));
            }
        }
    }
}

pub(crate) fn problem(part: &str, file: &str, reason: String) -> Problem {
    Problem { part: part.to_owned(), file: file.to_owned(), reason }
}

impl Store {
    /// Checks every file; takes as long as reading the store once, and the archive with it.
    pub async fn verify(&self) -> Result<Report, StoreError> {
        let store = self.clone();
        tokio::task::spawn_blocking(move || store.verify_now(true)).await.unwrap_or(Err(StoreError::Closed))
    }

    /// The same without reading the archive: its segments are only looked for.
    pub async fn verify_here(&self) -> Result<Report, StoreError> {
        let store = self.clone();
        tokio::task::spawn_blocking(move || store.verify_now(false)).await.unwrap_or(Err(StoreError::Closed))
    }

    fn verify_now(&self, everywhere: bool) -> Result<Report, StoreError> {
        let shared = self.shared();
        let mut report = Report::default();
        let checked = shared.manifest.check()?;
        if checked != "ok" {
            report.problems.push(problem("manifest", "manifest.sqlite", checked));
        }
        for row in &shared.missing {
            report.problems.push(problem(
                "segment",
                &row.path,
                "missing, or not of the length it was written with".into(),
            ));
        }
        // A snapshot keeps the files from being removed under the check.
        let segments = shared.memory().segments.clone();
        for one in segments.iter() {
            report.segments += 1;
            report.bytes += one.row.bytes;
            report.archived += usize::from(one.is_archived());
            let checked = match one.archive().filter(|_| !everywhere) {
                Some(archive) => archive.find(&one.row).map(|()| one.row.rows).map_err(|error| error.to_string()),
                None => one.check(),
            };
            match checked {
                Ok(rows) => report.rows += rows,
                Err(reason) => report.problems.push(problem("segment", &one.row.path, reason)),
            }
        }
        audit(&*shared.files, &shared.dir, &shared.manifest, &mut report)?;
        for file in shared.writer.published.file_list() {
            let name = file.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            match log::check_file(&*shared.files, &file.path, file.bytes, false) {
                Ok((frames, damage)) => report.note_log(&frames, &damage),
                // Released since the list was made.
                Err(_) if !file.path.exists() => {}
                Err(error) => report.problems.push(problem("log", &name, error.to_string())),
            }
        }
        report.note_damage(shared.manifest.damage()?);
        let lost = shared.gaps.iter().filter(|gap| gap.why == Why::Lost);
        report.lost = gather(lost.map(|gap| Unread::new(gap.why, &gap.row, gap.row.rows)));
        Ok(report)
    }
}

/// The chain itself, and whether manifest and chain say the same.
pub(crate) fn audit(
    files: &dyn FileLayer,
    dir: &Path,
    manifest: &Manifest,
    report: &mut Report,
) -> Result<(), StoreError> {
    let ledger = Ledger::new(files, dir);
    let (mut last, mut faults) = ledger.audit()?;
    let (mut rows, mut pending, mut known) = manifest.state()?;
    if known > last.number {
        // Signed since the chain was read; once more, and what is still missing then is gone.
        (last, faults) = ledger.audit()?;
        (rows, pending, known) = manifest.state()?;
    }
    if last.number < known {
        faults.push(("ledger".into(), format!("ends with entry {}; there were {known}", last.number)));
    }
    let pending: Vec<_> = pending.into_iter().filter(|change| change.number > last.through).collect();
    faults.extend(Ledger::compare(&last, &pending, &rows));
    (report.ledger_entries, report.ledger_sha256) = (last.number, last.sha256);
    report.problems.extend(faults.into_iter().map(|(file, reason)| problem("ledger", &file, reason)));
    Ok(())
}

/// How often segments were found to be damaged, before they are read.
pub(crate) fn verdicts(segments: &[Arc<Segment>]) -> u64 {
    segments.iter().map(|one| one.verdicts()).sum()
}

/// Looks at segments that could not be read; says whether more is known of their damage now than before, by whomever.
pub(crate) fn find_damaged(segments: &[Arc<Segment>], before: u64) -> bool {
    for one in segments.iter().filter(|one| one.may_be_damaged()) {
        // What was found is kept by the segment.
        let _ = one.check();
    }
    verdicts(segments) > before
}
