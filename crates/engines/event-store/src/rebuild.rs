//! Makes the manifest anew from what there is: footers and sequences of the segments, here and in the archive, the ledger
//! and the log. What an older manifest knew besides segments (holds, imports, batches) stays where there is one.

use crate::StoreError;
use crate::archive::{Archive, describe_all};
use crate::files::{FileLayer, RealFiles};
use crate::ledger::Ledger;
use crate::log::Recovered;
use crate::manifest::{Manifest, Rebuilt, SegmentRow};
use crate::repair::{Mended, Repaired, loss_by_name, set_aside};
use crate::segment::{Segment, describe, sequences_of, sequences_of_file};
use crate::sequences::Sequences;
use crate::store::segment;
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// A segment, and the sequences of its events.
type Kept = (SegmentRow, Sequences);

pub(crate) fn rebuild(
    dir: &Path,
    manifest: &Manifest,
    archive: &Arc<Archive>,
    log: &Recovered,
    now: i64,
    done: &mut Repaired,
) -> Result<(), StoreError> {
    let files: Arc<dyn FileLayer> = Arc::new(RealFiles);
    if archive.settings.is_none() && manifest.segments()?.iter().any(|row| row.archived) {
        let words = "segments lie in an archive that is not configured any more; they would be forgotten without it";
        return Err(StoreError::Archive(words.to_owned()));
    }
    let mut rows = described(dir, manifest, done)?;
    rows.extend(describe_all(archive, &dir.join("unfinished"))?);
    // Merged files first: a file whose events a later generation holds was replaced. Of one that lies in both places the
    // one here counts.
    rows.sort_by_key(|row| (std::cmp::Reverse(row.generation), row.min_seq, row.archived));
    let mut seqs = Sequences::default();
    let mut kept: Vec<Kept> = Vec::new();
    for row in rows {
        let one = segment(dir, row.clone(), archive, &files);
        // What is damaged is mended afterwards: here it is read as it is.
        let own = match one.path() {
            Some(file) => match sequences_of_file(file) {
                Ok(own) => own,
                Err(reason) => {
                    // Looking at it finds what can be put right while it is read.
                    let found = one.check().err().unwrap_or(reason);
                    tracing::warn!(segment = row.path, reason = found, "read around its damage");
                    sequences_of(&one)?
                }
            },
            None => sequences_of(&one)?,
        };
        if own.is_subset(&seqs) {
            leave_out(manifest, row, done)?;
        } else {
            seqs.add_all(&own);
            kept.push((row, own));
        }
    }
    let (kept, unfinished) = part(kept, &seqs, &log.held);
    for (row, _) in unfinished {
        leave_out(manifest, row, done)?;
    }
    let rows: Vec<SegmentRow> = kept.into_iter().map(|(row, _)| row).collect();
    let sealed = rows.iter().map(|row| row.max_seq).max().unwrap_or(0);
    // Detection keeps its cursor elsewhere; what the log no longer holds has been evaluated.
    let evaluated = log.held.first().map_or(sealed, |first| first.saturating_sub(1).min(sealed));
    // The ledger goes on where it ended.
    let ledger = Ledger::new(&RealFiles, dir);
    let (entries, through) = (ledger.count()?, ledger.through()?);
    manifest.rebuild(&Rebuilt { segments: &rows, sealed, evaluated, entries, through }, now)?;
    done.manifest_rebuilt = true;
    Ok(())
}

/// An object of the archive is removed there; a file is at the next start, once its events are found to be elsewhere.
fn leave_out(manifest: &Manifest, row: SegmentRow, done: &mut Repaired) -> Result<(), StoreError> {
    if row.archived {
        manifest.begin_archiving(&row.path)?;
    }
    done.removed.push(row.path);
    Ok(())
}

/// A seal writes several files and counts once the manifest has them all. Where the log holds an event that is in no
/// segment, files from there on may be of a seal that had not ended: those that the log has whole come again from it. A
/// file stays where later events than its first are in one that stays, since nothing is sealed before what comes before it.
fn part(all: Vec<Kept>, seqs: &Sequences, held: &Sequences) -> (Vec<Kept>, Vec<Kept>) {
    let Some(first) = held.first_outside(seqs) else { return (all, Vec::new()) };
    let (mut kept, mut unfinished): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|(row, own)| row.max_seq < first || !own.is_subset(held));
    loop {
        let sealed = kept.iter().map(|(row, _)| row.max_seq).max().unwrap_or(0);
        let (whole, rest): (Vec<_>, Vec<_>) = unfinished.into_iter().partition(|(row, _)| row.min_seq <= sealed);
        unfinished = rest;
        if whole.is_empty() {
            return (kept, unfinished);
        }
        kept.extend(whole);
    }
}

/// Rows of the segments here. What the manifest knew of one is believed rather than the file; one that cannot be read is
/// set aside.
fn described(dir: &Path, manifest: &Manifest, done: &mut Repaired) -> Result<Vec<SegmentRow>, StoreError> {
    let segments = dir.join("segments");
    let known = manifest.segments()?;
    let mut rows = Vec::new();
    for folder in list(&segments)?.into_iter().filter(|folder| segments.join(folder).is_dir()) {
        for name in list(&segments.join(&folder))?.iter().filter(|name| name.ends_with(".parquet")) {
            let path = format!("{folder}/{name}");
            match describe(&segments, &path) {
                Ok(row) => {
                    let of_old = known.iter().find(|one| one.path == row.path && one.bytes == row.bytes).cloned();
                    rows.push(SegmentRow { archived: false, ..of_old.unwrap_or(row) });
                }
                Err(error) => {
                    // What the manifest knew of it may put it right.
                    if let Some(of_old) = known.iter().find(|one| one.path == path) {
                        let row = SegmentRow { archived: false, ..of_old.clone() };
                        let one = Segment::here(row.clone(), segments.join(&path), Arc::new(RealFiles));
                        if one.check().is_err() && sequences_of(&one).is_ok() {
                            rows.push(row);
                            continue;
                        }
                    }
                    tracing::error!(segment = path, %error, "cannot be read");
                    manifest.note_loss(&loss_by_name(&path))?;
                    set_aside(dir, &segments.join(&path), 0)?;
                    done.segments.push(Mended { file: path, rows_before: 0, rows_after: 0, first_seq: 0, last_seq: 0 });
                }
            }
        }
    }
    Ok(rows)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(name: &str, ranges: &[std::ops::RangeInclusive<u64>]) -> Kept {
        let mut own = Sequences::default();
        ranges.iter().for_each(|range| own.add(range.clone()));
        let (min_seq, max_seq) = (*ranges[0].start(), *ranges[ranges.len() - 1].end());
        (SegmentRow { path: name.into(), min_seq, max_seq, ..SegmentRow::empty(None) }, own)
    }

    /// Names of those that stay and of those that come again.
    fn parted(all: Vec<Kept>, held: &[std::ops::RangeInclusive<u64>]) -> (Vec<String>, Vec<String>) {
        let (mut seqs, mut of_log) = (Sequences::default(), Sequences::default());
        all.iter().for_each(|(_, own)| seqs.add_all(own));
        held.iter().for_each(|range| of_log.add(range.clone()));
        let (kept, unfinished) = part(all, &seqs, &of_log);
        let names = |rows: Vec<Kept>| rows.into_iter().map(|(row, _)| row.path).collect::<Vec<_>>();
        (names(kept), names(unfinished))
    }

    #[test]
    fn only_what_the_log_has_whole_comes_again_from_it() {
        let whole = || kept("whole", &[1..=300]);
        let (one, other) = (|| kept("one", &[301..=310, 330..=400]), || kept("other", &[450..=600]));
        assert_eq!(parted(vec![whole(), one(), other()], &[301..=600]).1, ["one", "other"], "a part of the seal lacks");
        assert_eq!(parted(vec![whole(), one(), kept("rest", &[311..=329, 401..=600])], &[301..=600]).1, [""; 0]);
        assert_eq!(parted(vec![whole(), one(), other()], &[500..=600]).1, [""; 0], "the log has not all of it");
        // An event that went, by its age or with a damaged frame: the log lacks what lies beside it.
        assert_eq!(parted(vec![kept("merged", &[1..=149, 151..=300])], &[100..=300]).0, ["merged"]);
        let merged = kept("merged", &[1..=100, 700..=800]);
        let beside = kept("beside", &[601..=650, 660..=699]);
        assert_eq!(parted(vec![merged, beside], &[500..=800]).0, ["merged", "beside"], "later ones are sealed");
    }
}
