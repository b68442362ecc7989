//! Mends what `verify` finds, as far as it can be mended, with the store closed: what is lost is named, set aside and
//! kept; what can be read goes on.
//!
//! - A manifest that cannot be read is made anew from the segments and the log.
//! - A damaged segment is written again from the row groups that can be read; the old file is set aside.
//! - A segment that is gone is taken from the manifest.
//!
//! The archive is looked at in the same way, except where it does not answer: then nothing is known of what lies there.

use crate::archive::{Archive, describe_all};
use crate::files::{FileLayer, RealFiles};
use crate::ledger::{Cause, Ledger};
use crate::lock::DirectoryLock;
use crate::log::{self, Damage};
use crate::manifest::{Manifest, Replacement, SegmentRow};
use crate::segment::{BLOCK, Blocks, DAY, Segment, SegmentReader, SegmentWriter, describe};
use crate::sequences::Sequences;
use crate::store::segment;
use crate::{Options, StoreError, compaction};
use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
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
    let mut done = Repaired::default();
    let path = dir.join("manifest.sqlite");
    let sound = Manifest::open(&path).ok().filter(|manifest| manifest.check().is_ok_and(|said| said == "ok"));
    let manifest = match sound {
        Some(manifest) => manifest,
        None => {
            for end in ["", "-wal", "-shm"] {
                set_aside(dir, &dir.join(format!("manifest.sqlite{end}")), now)?;
            }
            let manifest = Manifest::open(&path)?;
            rebuild(dir, &manifest, &archive, now, &mut done)?;
            done.manifest_rebuilt = true;
            manifest
        }
    };
    for row in manifest.segments()? {
        let one = segment(dir, row.clone(), &archive, &files);
        let Err(reason) = one.check() else { continue };
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
        let lost = Damage { file: row.path.clone(), offset: 0, length: row.bytes, torn: false };
        manifest.note_damage(&[lost], now)?;
        done.segments.push(Mended {
            file: row.path,
            rows_before: row.rows,
            rows_after: added.iter().map(|one| one.rows).sum(),
            first_seq: row.min_seq,
            last_seq: row.max_seq,
        });
    }
    let found = log::recover(&*files, &dir.join("log"), &dir.join("damaged"))?;
    done.log_damage = found.damage.iter().filter(|damage| !damage.torn).count();
    manifest.note_damage(&found.damage, now)?;
    manifest.mend_damage(now)?;
    Ok(done)
}

/// What the manifest keeps of a segment whose events, so many of them, are gone.
fn loss(row: &SegmentRow, events: u64) -> SegmentRow {
    let (words, checksums, rows_root, minutes) = (None, Vec::new(), None, None);
    SegmentRow { rows: events, words, checksums, rows_root, minutes, ..row.clone() }
}

/// The same of a file that nothing is known of but its name; how many events it had is not known.
fn loss_by_name(path: &str) -> SegmentRow {
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
fn set_aside(dir: &Path, file: &Path, now: i64) -> Result<(), StoreError> {
    let failed = |error| StoreError::io("set a damaged file aside", error);
    if !file.exists() {
        return Ok(());
    }
    let aside = dir.join("damaged");
    fs::create_dir_all(&aside).map_err(failed)?;
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    fs::rename(file, aside.join(format!("{now}-{name}"))).map_err(failed)?;
    RealFiles.sync_dir(&aside).map_err(failed)
}

/// Writes what can be read of a damaged segment into a new one; nothing where nothing can.
fn salvage(dir: &Path, one: &Arc<Segment>, whole: &Blocks) -> Result<Option<SegmentRow>, StoreError> {
    let row = &one.row;
    let open = || ParquetRecordBatchReaderBuilder::try_new(one.reader()).ok();
    let Some(groups) = open().map(|reader| reader.metadata().num_row_groups()) else { return Ok(None) };
    let segments = dir.join("segments");
    let temporary = dir.join("unfinished").join("repair.parquet");
    fs::create_dir_all(dir.join("unfinished")).map_err(|error| StoreError::io("make a folder", error))?;
    let _ = fs::remove_file(&temporary);
    let mut writer = SegmentWriter::begin(&RealFiles, &segments, temporary, row.day, row.generation + 1)?;
    let (mut first, mut rows) = (0, 0);
    for group in 0..groups {
        let Some(reader) = open() else { break };
        let count = usize::try_from(reader.metadata().row_group(group).num_rows()).unwrap_or(0);
        // A changed bit in a page need not make it unreadable: what the checksums doubt is lost.
        let promising = whole.contains(first / BLOCK);
        first += count;
        let Some(batches) = promising.then(|| read_group(reader, group)).flatten() else { continue };
        for batch in batches {
            rows += batch.num_rows();
            writer.write(&batch)?;
        }
    }
    if rows == 0 { Ok(None) } else { writer.finish().map(Some) }
}

/// All rows of a group, or nothing where one cannot be read.
fn read_group(reader: ParquetRecordBatchReaderBuilder<SegmentReader>, group: usize) -> Option<Vec<RecordBatch>> {
    let batches = reader.with_row_groups(vec![group]).build().ok()?;
    batches.map(|batch| compaction::adapt(&batch.ok()?).ok()).collect()
}

/// Fills an empty manifest from the files.
fn rebuild(
    dir: &Path,
    manifest: &Manifest,
    archive: &Arc<Archive>,
    now: i64,
    done: &mut Repaired,
) -> Result<(), StoreError> {
    let files: Arc<dyn FileLayer> = Arc::new(RealFiles);
    let mut rows = Vec::new();
    for folder in list(&dir.join("segments"))? {
        for name in list(&dir.join("segments").join(&folder))?.iter().filter(|name| name.ends_with(".parquet")) {
            let path = format!("{folder}/{name}");
            match describe(&dir.join("segments"), &path) {
                Ok(row) => rows.push(row),
                Err(error) => {
                    tracing::error!(segment = path, %error, "cannot be read");
                    manifest.note_loss(&loss_by_name(&path))?;
                    set_aside(dir, &dir.join("segments").join(&path), 0)?;
                    done.segments.push(Mended { file: path, rows_before: 0, rows_after: 0, first_seq: 0, last_seq: 0 });
                }
            }
        }
    }
    rows.extend(describe_all(archive, &dir.join("unfinished"))?);
    // Merged files first: a file whose events a later generation holds was replaced. Of one that lies in both places the
    // one here counts.
    rows.sort_by_key(|row| (std::cmp::Reverse(row.generation), row.min_seq, row.archived));
    let found = log::recover(&RealFiles, &dir.join("log"), &dir.join("damaged"))?;
    let mut in_log = Sequences::default();
    found.files.iter().for_each(|file| in_log.add(file.first_seq..=file.last_seq));
    let mut seqs = Sequences::default();
    let mut kept: Vec<(SegmentRow, Sequences)> = Vec::new();
    for row in rows {
        let own = sequences(&segment(dir, row.clone(), archive, &files))?;
        if own.is_subset(&seqs) {
            if row.archived {
                manifest.begin_archiving(&row.path)?;
            }
            done.removed.push(row.path);
        } else {
            seqs.add_all(&own);
            kept.push((row, own));
        }
    }
    // A seal writes several files and counts once the manifest has them all. Where the log holds an event that comes
    // before others of such files, their seal had not ended, and the log has all of it.
    while let Some(first) = in_log.first_outside(&seqs) {
        let (whole, unfinished): (Vec<_>, Vec<_>) = kept.into_iter().partition(|(row, _)| row.max_seq < first);
        kept = whole;
        if unfinished.is_empty() {
            break;
        }
        done.removed.extend(unfinished.iter().map(|(row, _)| row.path.clone()));
        seqs = Sequences::default();
        kept.iter().for_each(|(_, own)| seqs.add_all(own));
    }
    let rows: Vec<SegmentRow> = kept.into_iter().map(|(row, _)| row).collect();
    let sealed = rows.iter().map(|row| row.max_seq).max().unwrap_or(0);
    // Detection keeps its cursor elsewhere; what the log no longer holds has been evaluated.
    let evaluated = in_log.first().map_or(sealed, |first| first.saturating_sub(1).min(sealed));
    // The ledger goes on where it ended.
    let ledger = Ledger::new(&RealFiles, dir);
    manifest.signed(ledger.count()?, ledger.through()?)?;
    manifest.commit_seal(&Replacement::new(Cause::Rebuilt, &[], &rows, now), sealed, evaluated)
}

fn list(dir: &Path) -> Result<Vec<String>, StoreError> {
    let failed = |error| StoreError::io("list the store's folders", error);
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).map_err(failed)? {
        names.push(entry.map_err(failed)?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

fn sequences(one: &Arc<Segment>) -> Result<Sequences, StoreError> {
    let broken =
        |error: &dyn std::fmt::Display| StoreError::Segment { file: one.row.path.clone(), reason: error.to_string() };
    let reader = ParquetRecordBatchReaderBuilder::try_new(one.reader()).map_err(|error| broken(&error))?;
    let only = ProjectionMask::columns(reader.parquet_schema(), ["seq"]);
    let mut seqs = Sequences::default();
    for batch in reader.with_projection(only).build().map_err(|error| broken(&error))? {
        let batch = batch.map_err(|error| broken(&error))?;
        if let Some(column) = batch.column_by_name("seq") {
            // In order of time, which is nearly that of sequences: a batch is sorted, then added run by run.
            let mut sorted: Vec<u64> =
                column.as_primitive::<Int64Type>().values().iter().map(|seq| *seq as u64).collect();
            sorted.sort_unstable();
            sorted.chunk_by(|a, b| a + 1 == *b).for_each(|run| {
                if let (Some(first), Some(last)) = (run.first(), run.last()) {
                    seqs.add(*first..=*last);
                }
            });
        }
    }
    Ok(seqs)
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
