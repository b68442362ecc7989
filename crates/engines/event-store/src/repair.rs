//! Mends what `verify` finds, as far as it can be mended, with the store closed: what is lost is named, set aside and
//! kept; what can be read goes on.
//!
//! - A manifest that is lost, cannot be read or is not the newest there was is made anew from the segments, the ledger
//!   and the log (see `rebuild`).
//! - A damaged segment is written again from what can be read of it; the old file is set aside.
//! - A segment that is gone is taken from the manifest.
//!
//! The archive is looked at in the same way, except where it does not answer: then nothing is known of what lies there.

use crate::archive::Archive;
use crate::files::{FileLayer, RealFiles};
use crate::ledger::Cause;
use crate::lock::DirectoryLock;
use crate::log::{self, Damage, Recovered};
use crate::manifest::{Manifest, Replacement, SegmentRow};
use crate::orphans::ASIDE;
use crate::rebuild::rebuild;
use crate::segment::{BLOCK, Blocks, DAY, Segment, SegmentReader, SegmentWriter};
use crate::store::segment;
use crate::{Options, StoreError, compaction, orphans};
use arrow::array::RecordBatch;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelector,
};
use serde::Serialize;
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// What was done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Repaired {
    pub manifest_rebuilt: bool,
    /// Segments that were damaged or gone.
    pub segments: Vec<Mended>,
    /// Files of a merge that had been replaced, or of a seal that had not ended: their events are elsewhere.
    pub removed: Vec<String>,
    /// Files among the segments that nothing explains, by their names in the folder of damaged ones.
    pub unclaimed: Vec<String>,
    /// Damaged places of the log that are now known as such.
    pub log_damage: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mended {
    pub file: String,
    pub rows_before: u64,
    pub rows_after: u64,
    /// First and last sequence of the file: what is lost lies between them.
    pub first_seq: u64,
    pub last_seq: u64,
}

/// Mends the store in `dir`. It must not be open.
pub fn repair(dir: &Path, options: &Options) -> Result<Repaired, StoreError> {
    let _lock = DirectoryLock::take(dir)?;
    let now = (options.clock)();
    let files: Arc<dyn FileLayer> = Arc::new(RealFiles);
    let archive = Archive::open(dir, options.archiving.as_ref(), files.clone())?;
    for name in ["log", "segments", "unfinished"] {
        files.create_dir_all(&dir.join(name)).map_err(|error| StoreError::io("create the store's folders", error))?;
    }
    let mut done = Repaired::default();
    let found = log::recover(&*files, &dir.join("log"), &dir.join(ASIDE))?;
    let wrap = |row| segment(dir, row, &archive, &files);
    let manifest = match sound(dir, &found)? {
        Some(manifest) => {
            let looked = orphans::look(dir, &manifest, &found.held, &wrap)?;
            match &looked.behind {
                Some(reason) => {
                    tracing::warn!(reason, "the manifest is made anew");
                    fs::create_dir_all(dir.join(ASIDE)).map_err(|error| StoreError::io("make a folder", error))?;
                    manifest.copy_to(&dir.join(ASIDE).join(format!("{now}-manifest.sqlite")))?;
                    rebuild(dir, &manifest, &archive, &found, now, &mut done)?;
                }
                None => done.unclaimed = looked.settle(dir, &manifest, now)?,
            }
            manifest
        }
        None => {
            for end in ["", "-wal", "-shm"] {
                set_aside(dir, &dir.join(format!("manifest.sqlite{end}")), now)?;
            }
            let manifest = Manifest::open(&dir.join("manifest.sqlite"))?;
            rebuild(dir, &manifest, &archive, &found, now, &mut done)?;
            manifest
        }
    };
    for row in manifest.segments()? {
        let one = segment(dir, row.clone(), &archive, &files);
        let Err(reason) = one.check() else { continue };
        if claim(&manifest, &archive, &one)? {
            continue;
        }
        let Some(whole) = one.whole() else {
            tracing::warn!(segment = row.path, reason, "left as it is");
            continue;
        };
        tracing::warn!(segment = row.path, reason, "mending");
        let rest = salvage(dir, &one, &whole)?;
        // Before the segment goes: searches over its days tell of what is lost for ever.
        let lost = row.rows.saturating_sub(rest.as_ref().map_or(0, |one| one.rows));
        if lost > 0 {
            manifest.note_loss(&loss(&row, lost))?;
        }
        // What is set aside keeps its name; the new file has another generation.
        let added: Vec<SegmentRow> = rest.into_iter().collect();
        manifest.replace(&Replacement::new(Cause::Mended, std::slice::from_ref(&row.path), &added, now))?;
        match one.path() {
            Some(file) => set_aside(dir, file, now)?,
            // It stays in the archive for whoever can make more of it.
            None => manifest.forget_unclaimed(&row.path)?,
        }
        let rows_after: u64 = added.iter().map(|one| one.rows).sum();
        if rows_after < row.rows {
            let lost = Damage { file: row.path.clone(), length: row.bytes, ..Damage::default() };
            manifest.note_damage(&[lost], now)?;
        }
        done.segments.push(Mended {
            file: row.path,
            rows_before: row.rows,
            rows_after,
            first_seq: row.min_seq,
            last_seq: row.max_seq,
        });
    }
    let (evaluated, given) = (manifest.sequence("evaluated")?, manifest.sequence("given")?);
    let given = given.max(manifest.sequence("sealed")?);
    let damage: Vec<_> = found.damage.iter().cloned().chain(found.lost(given, evaluated)).collect();
    done.log_damage = damage.iter().filter(|damage| !damage.torn).count();
    manifest.note_damage(&damage, now)?;
    manifest.note_given(given.max(found.given).max(evaluated))?;
    manifest.mend_damage(now)?;
    Ok(done)
}

/// The manifest where it can be read; that of a store which had none and needs none is new.
fn sound(dir: &Path, log: &Recovered) -> Result<Option<Manifest>, StoreError> {
    let path = dir.join("manifest.sqlite");
    let there = Manifest::exists(&path).unwrap_or(true);
    if !there && orphans::traces(dir, log)?.is_some() {
        return Ok(None);
    }
    Ok(Manifest::open(&path).ok().filter(|manifest| manifest.check().is_ok_and(|said| said == "ok")))
}

/// Whether a segment that is not here lies in the archive after all: an older manifest does not know that it went there.
fn claim(manifest: &Manifest, archive: &Archive, one: &Segment) -> Result<bool, StoreError> {
    if archive.settings.is_none() || one.path().is_none_or(Path::exists) {
        return Ok(false);
    }
    match archive.digest(&one.row, &[], &|| Ok(())) {
        Ok((sha256, checksums)) if sha256 == one.row.sha256 => manifest.archived(&one.row.path, &checksums),
        _ => Ok(false),
    }
}

/// What the manifest keeps of a segment whose events, so many of them, are gone.
fn loss(row: &SegmentRow, events: u64) -> SegmentRow {
    let (words, checksums, rows_root, minutes) = (None, Vec::new(), None, None);
    SegmentRow { rows: events, words, checksums, rows_root, minutes, ..row.clone() }
}

/// The same of a file that nothing is known of but its name; how many events it had is not known.
pub(crate) fn loss_by_name(path: &str) -> SegmentRow {
    let (folder, name) = path.split_once('/').unwrap_or_default();
    let day = folder.parse::<jiff::civil::Date>().ok();
    let start = day.and_then(|day| day.to_zoned(jiff::tz::TimeZone::UTC).ok());
    let start = start.map(|start| start.timestamp().as_microsecond());
    let mut seqs = name.split(['-', '.']).map(|part| part.parse::<u64>().ok());
    let (first, last) = (seqs.next().flatten(), seqs.next().flatten());
    SegmentRow {
        path: path.to_owned(),
        min_time: start.unwrap_or(i64::MIN),
        max_time: start.map_or(i64::MAX, |start| start + DAY - 1),
        newest: start.map_or(i64::MAX, |start| start + DAY - 1),
        min_seq: first.unwrap_or(0),
        max_seq: last.unwrap_or(i64::MAX as u64),
        ..SegmentRow::empty(start.and_then(|start| i32::try_from(start.div_euclid(DAY)).ok()))
    }
}

/// Moves a file into the folder of damaged ones.
pub(crate) fn set_aside(dir: &Path, file: &Path, now: i64) -> Result<(), StoreError> {
    let failed = |error| StoreError::io("set a damaged file aside", error);
    if !file.exists() {
        return Ok(());
    }
    let aside = dir.join(ASIDE);
    fs::create_dir_all(&aside).map_err(failed)?;
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    fs::rename(file, aside.join(format!("{now}-{name}"))).map_err(failed)?;
    RealFiles.sync_dir(&aside).map_err(failed)
}

/// Writes what can be read of a damaged segment into a new one; nothing where nothing can.
fn salvage(dir: &Path, one: &Arc<Segment>, whole: &Blocks) -> Result<Option<SegmentRow>, StoreError> {
    let row = &one.row;
    let footer = match one.footer_around_damage() {
        Some(footer) => ArrowReaderMetadata::try_new(footer, ArrowReaderOptions::new()),
        None => ArrowReaderMetadata::load(&one.reader(), ArrowReaderOptions::new()),
    };
    let Ok(footer) = footer else { return Ok(None) };
    let segments = dir.join("segments");
    let temporary = dir.join("unfinished").join("repair.parquet");
    fs::create_dir_all(dir.join("unfinished")).map_err(|error| StoreError::io("make a folder", error))?;
    let _ = fs::remove_file(&temporary);
    let mut writer = SegmentWriter::begin(&RealFiles, &segments, temporary, row.day, row.generation + 1)?;
    let (mut first, mut rows) = (0, 0);
    for (group, facts) in footer.metadata().row_groups().iter().enumerate() {
        let count = usize::try_from(facts.num_rows()).unwrap_or(0);
        // A changed bit in a page need not make it unreadable: what the checksums doubt is lost.
        let selection = promising(whole, first, count);
        first += count;
        if selection.iter().all(|part| part.skip) {
            continue;
        }
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(one.reader(), footer.clone())
            .with_row_groups(vec![group])
            .with_row_selection(selection.into());
        let Some(batches) = read_rows(reader) else { continue };
        for batch in batches {
            rows += batch.num_rows();
            writer.write(&batch)?;
        }
    }
    if rows == 0 { Ok(None) } else { writer.finish().map(Some) }
}

/// The rows of these blocks among `count` of a row group from row `first` on.
fn promising(whole: &Blocks, first: usize, count: usize) -> Vec<RowSelector> {
    let mut selection = Vec::new();
    let mut at = first;
    while at < first + count {
        let end = ((at / BLOCK + 1) * BLOCK).min(first + count);
        let rows = end - at;
        selection.push(if whole.contains(at / BLOCK) { RowSelector::select(rows) } else { RowSelector::skip(rows) });
        at = end;
    }
    selection
}

/// All rows that are asked for, or nothing where one cannot be read.
fn read_rows(reader: ParquetRecordBatchReaderBuilder<SegmentReader>) -> Option<Vec<RecordBatch>> {
    reader.build().ok()?.map(|batch| compaction::adapt(&batch.ok()?).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unreadable::days_of;

    #[test]
    fn the_name_of_a_file_tells_its_day_and_its_sequences() {
        let lost = loss_by_name("2026-11-21/000000000001-000000065536-0.parquet");
        assert_eq!((lost.min_seq, lost.max_seq, lost.rows, days_of(&lost)), (1, 65_536, 0, "2026-11-21".to_owned()));
        assert_eq!((lost.min_time, lost.max_time - lost.min_time), (1_795_219_200_000_000, DAY - 1));
        let stray = loss_by_name("several-days/x.parquet");
        assert_eq!((stray.day, stray.min_time, stray.max_time), (None, i64::MIN, i64::MAX));
    }
}
