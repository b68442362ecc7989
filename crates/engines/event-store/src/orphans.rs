//! Makes disk and manifest agree at the start. A file that the manifest does not know is removed only where nothing is
//! lost by it: its events are all in other segments or come again from the log, or it was merged or let go, as ledger and
//! manifest say. Any other file is moved to the folder of damaged ones and named. Where such files, or the ledger, show
//! that the manifest is not the newest there was, nothing is touched: it has to be made anew.

use crate::StoreError;
use crate::files::{FileLayer, RealFiles};
use crate::ledger::{Cause, Change, Ledger};
use crate::log::{Damage, Recovered};
use crate::manifest::{Manifest, SegmentRow};
use crate::segment::{Segment, sequences_of, sequences_of_file};
use crate::sequences::Sequences;
use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where damaged files and those that nothing explains go.
pub(crate) const ASIDE: &str = "damaged";

/// What lies on the disk beside what the manifest says. Nothing was changed to find it out.
#[derive(Default)]
pub(crate) struct Looked {
    pub segments: Vec<Arc<Segment>>,
    /// Segments that the manifest knows and the disk does not have whole.
    pub missing: Vec<SegmentRow>,
    /// Files whose events are elsewhere, or went on purpose.
    leftovers: Vec<String>,
    /// Files that nothing explains, and their lengths.
    pub unclaimed: Vec<(String, u64)>,
    /// Why the manifest is not the newest there was.
    pub behind: Option<String>,
}

/// What the last change that names a segment made of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Said {
    Added,
    Removed(Cause),
}

/// `held`: the records that the log can give again.
pub(crate) fn look(
    dir: &Path,
    manifest: &Manifest,
    held: &Sequences,
    wrap: &dyn Fn(SegmentRow) -> Arc<Segment>,
) -> Result<Looked, StoreError> {
    let mut looked = Looked::default();
    let ledger = Ledger::new(&RealFiles, dir);
    let (known, through) = (manifest.last_change()?, ledger.through()?);
    if known < through {
        looked.behind =
            Some(format!("it ends with change {known} of the segments, and the ledger names change {through}"));
    }
    let rows = manifest.segments()?;
    let here: HashSet<&str> = rows.iter().filter(|row| !row.archived).map(|row| row.path.as_str()).collect();
    let mut unknown = parquet_files(dir)?;
    unknown.retain(|(path, _)| !here.contains(path.as_str()));
    for row in &rows {
        let found = fs::metadata(dir.join("segments").join(&row.path)).map(|data| data.len()).ok();
        if row.archived || found == Some(row.bytes) {
            looked.segments.push(wrap(row.clone()));
        } else {
            tracing::error!(segment = row.path, expected = row.bytes, ?found, "segment is missing or cut");
            looked.missing.push(row.clone());
        }
    }
    if unknown.is_empty() {
        return Ok(looked);
    }
    let said = said(&ledger, through, manifest)?;
    let sealed = manifest.sequence("sealed")?;
    let mut read = HashMap::new();
    for (path, bytes) in unknown {
        let archived = rows.iter().any(|row| row.archived && row.path == path && row.bytes == bytes);
        let last = said.get(&path).copied();
        let gone = matches!(last, Some(Said::Removed(Cause::Merged | Cause::Expired)));
        if archived || (gone && looked.missing.is_empty()) {
            looked.leftovers.push(path);
            continue;
        }
        if last == Some(Said::Added) {
            looked.behind = Some(format!("it does not know segment {path}, which the ledger names"));
            looked.unclaimed.push((path, bytes));
            continue;
        }
        let own = match sequences_of_file(&dir.join("segments").join(&path)) {
            Ok(own) => own,
            Err(reason) => {
                tracing::error!(segment = path, reason, "a file that the manifest does not know cannot be read");
                looked.unclaimed.push((path, bytes));
                continue;
            }
        };
        // What the log holds comes again where it is not sealed.
        let mut elsewhere = held.above(sealed);
        for one in looked.segments.iter().filter(|one| own.meets(one.row.min_seq, one.row.max_seq)) {
            let of_one = read.entry(one.row.path.clone()).or_insert_with(|| sequences_of(one).unwrap_or_default());
            elsewhere.add_all(of_one);
        }
        // What it was merged into may be among the missing: then it is the last there is of its events.
        let lost = looked.missing.iter().any(|row| own.meets(row.min_seq, row.max_seq));
        if (gone && !lost) || own.is_subset(&elsewhere) {
            looked.leftovers.push(path);
            continue;
        }
        let above = !own.above(sealed).is_subset(&elsewhere);
        if lost || above {
            looked.behind = Some(format!("it does not know segment {path}, whose events are nowhere else"));
        }
        looked.unclaimed.push((path, bytes));
    }
    Ok(looked)
}

impl Looked {
    /// # Errors
    /// `Manifest` where it is not the newest there was.
    pub(crate) fn accept(&self) -> Result<(), StoreError> {
        self.behind.as_deref().map_or(Ok(()), |reason| Err(refusal(reason)))
    }

    /// Empties the folder of unfinished work, removes what is elsewhere and sets aside what nothing explains; gives the
    /// latter.
    pub(crate) fn settle(&self, dir: &Path, manifest: &Manifest, now: i64) -> Result<Vec<String>, StoreError> {
        let failed = |error| StoreError::io("tidy the store's folders", error);
        let segments = dir.join("segments");
        for entry in fs::read_dir(dir.join("unfinished")).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.is_dir() {
                fs::remove_dir_all(path).map_err(failed)?;
            } else {
                fs::remove_file(path).map_err(failed)?;
            }
        }
        for path in &self.leftovers {
            fs::remove_file(segments.join(path)).map_err(failed)?;
        }
        let mut aside = Vec::new();
        for (path, bytes) in &self.unclaimed {
            let name = free_name(dir, path);
            tracing::error!(segment = path, name, "the manifest does not know this file; it is set aside");
            // Named first: killed in between, the next start finds the same name.
            let file = format!("{ASIDE}/{name}");
            manifest.note_damage(&[Damage { file, length: *bytes, ..Damage::default() }], now)?;
            let moved = fs::create_dir_all(dir.join(ASIDE))
                .and_then(|()| fs::rename(segments.join(path), dir.join(ASIDE).join(&name)))
                .and_then(|()| RealFiles.sync_dir(&dir.join(ASIDE)));
            moved.map_err(failed)?;
            aside.push(name);
        }
        for folder in fs::read_dir(&segments).map_err(failed)? {
            let folder = folder.map_err(failed)?.path();
            if folder.is_dir() && fs::read_dir(&folder).map_err(failed)?.next().is_none() {
                fs::remove_dir(folder).map_err(failed)?;
            }
        }
        Ok(aside)
    }
}

/// A name among the damaged files for one of the folder of segments.
fn free_name(dir: &Path, path: &str) -> String {
    let plain = format!("unclaimed-{}", path.replace('/', "-"));
    let mut name = plain.clone();
    let mut number = 1;
    while dir.join(ASIDE).join(&name).exists() {
        number += 1;
        name = format!("{number}-{plain}");
    }
    name
}

/// Paths of segment files in the folder of segments, and their lengths.
fn parquet_files(dir: &Path) -> Result<Vec<(String, u64)>, StoreError> {
    let failed = |error| StoreError::io("list the store's folders", error);
    let mut found = Vec::new();
    for folder in folders(&dir.join("segments")).map_err(failed)? {
        for file in fs::read_dir(&folder).map_err(failed)? {
            let file = file.map_err(failed)?;
            let day = folder.file_name().unwrap_or_default().to_string_lossy();
            let path = format!("{day}/{}", file.file_name().to_string_lossy());
            if path.ends_with(".parquet") {
                found.push((path, file.metadata().map_err(failed)?.len()));
            }
        }
    }
    found.sort();
    Ok(found)
}

fn folders(segments: &Path) -> std::io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(segments) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut folders = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            folders.push(entry.path());
        }
    }
    Ok(folders)
}

/// What shows that a store without a manifest is no new one: it has what only one with a manifest can have.
pub(crate) fn traces(dir: &Path, log: &Recovered) -> Result<Option<String>, StoreError> {
    let traces = if !parquet_files(dir)?.is_empty() {
        "there are segments"
    } else if Ledger::new(&RealFiles, dir).count()? > 0 {
        "there is a ledger"
    } else if log.held.first().is_some_and(|first| first > 1) {
        "the log begins after records that were sealed"
    } else {
        return Ok(None);
    };
    Ok(Some(format!("it is missing or empty, and {traces}")))
}

/// Opens the manifest, or makes that of a new store.
///
/// # Errors
/// `Manifest` where it was lost.
pub(crate) fn open_manifest(dir: &Path, log: &Recovered) -> Result<Manifest, StoreError> {
    let path = dir.join("manifest.sqlite");
    if !Manifest::exists(&path)?
        && let Some(reason) = traces(dir, log)?
    {
        return Err(refusal(&reason));
    }
    Manifest::open(&path)
}

fn refusal(reason: &str) -> StoreError {
    StoreError::Manifest(format!("{reason}; nothing was changed, run `luytre store repair`"))
}

/// Of every segment that a change names, what the last of them says.
fn said(ledger: &Ledger<'_>, through: u64, manifest: &Manifest) -> Result<HashMap<String, Said>, StoreError> {
    let mut entries: Vec<_> = ledger.newest_first()?.filter_map(|(_, sealed)| sealed.ok()?.open().ok()).collect();
    entries.reverse();
    let mut said = HashMap::new();
    let mut follow = |change: &Change| {
        if change.cause == Cause::Rebuilt {
            said.clear();
        }
        said.extend(change.removed.iter().map(|path| (path.clone(), Said::Removed(change.cause))));
        said.extend(change.added.iter().map(|one| (one.path.clone(), Said::Added)));
    };
    entries.iter().flat_map(|entry| &entry.changes).for_each(&mut follow);
    manifest.changes_after(through)?.iter().for_each(&mut follow);
    Ok(said)
}
