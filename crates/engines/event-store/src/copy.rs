//! A copy of the store while it is in use. Most of it is copied without holding anything up; then comes one moment: the
//! manifest of that moment, the segments and the ledger that it names, and last the log, which keeps all its files from
//! that moment on. What was acknowledged before the copy began is in it, once.

use crate::ledger::Ledger;
use crate::maintenance::Keeping;
use crate::segment::{Segment, hex};
use crate::store::Shared;
use crate::verify::problem;
use crate::{Problem, Store, StoreError};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Read and written at a time.
const STEP: usize = 1 << 20;
const MANIFEST: &str = "manifest.sqlite";

/// A file as it was written or read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CopiedFile {
    /// Relative to the folder that was copied to, with `/` between its parts.
    pub path: String,
    pub bytes: u64,
    /// Hexadecimal.
    pub sha256: String,
}

/// A file that could not be read and is not in the copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UncopiedFile {
    /// As [`CopiedFile::path`].
    pub path: String,
    /// In the words of the operating system.
    pub reason: String,
}

/// Why a file was not copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyFault {
    /// The file itself cannot be read; nothing is left of its copy.
    #[error("{0}")]
    Unreadable(io::Error),
    /// Its copy cannot be written, or it was broken off.
    #[error("{0}")]
    Unwritable(io::Error),
}

impl From<CopyFault> for io::Error {
    fn from(fault: CopyFault) -> Self {
        match fault {
            CopyFault::Unreadable(error) | CopyFault::Unwritable(error) => error,
        }
    }
}

/// What a copy holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopiedStore {
    pub files: Vec<CopiedFile>,
    /// What it lacks because it cannot be read.
    pub uncopied: Vec<UncopiedFile>,
    /// Up to here events are in segments, and up to here records are in the copy.
    pub sealed: u64,
    pub last_seq: u64,
    /// Segments that lie in the archive: the copy knows them and does not have them.
    pub archived: usize,
    /// Segments that are damaged or missing in the store itself.
    pub problems: Vec<Problem>,
}

/// Copies up to so many bytes of a file into a new one, which its owner alone may read and whose content is durable; says
/// how many there were and their SHA-256. Breaks off where `ends` says so.
///
/// # Errors
/// Which of the two files was at fault.
pub fn copy_file(from: &Path, to: &Path, most: u64, ends: &dyn Fn() -> bool) -> Result<(u64, String), CopyFault> {
    let mut input = File::open(from).map_err(CopyFault::Unreadable)?.take(most);
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to);
    let mut file = file.map_err(CopyFault::Unwritable)?;
    let copied = pass(&mut input, &mut file, ends);
    if let Err(CopyFault::Unreadable(_)) = &copied {
        fs::remove_file(to).map_err(CopyFault::Unwritable)?;
    }
    let measured = copied?;
    file.sync_all().map_err(CopyFault::Unwritable)?;
    Ok(measured)
}

/// How many bytes a file has, and their SHA-256.
pub fn measure_file(path: &Path) -> io::Result<(u64, String)> {
    Ok(pass(&mut File::open(path)?, &mut io::sink(), &|| false)?)
}

fn pass(input: &mut impl Read, output: &mut impl Write, ends: &dyn Fn() -> bool) -> Result<(u64, String), CopyFault> {
    let (mut hash, mut bytes, mut step) = (Sha256::new(), 0, vec![0; STEP]);
    loop {
        if ends() {
            return Err(CopyFault::Unwritable(io::Error::other("broken off")));
        }
        let count = match input.read(&mut step) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(CopyFault::Unreadable(error)),
        };
        let piece = step.get(..count).unwrap_or_default();
        if piece.is_empty() {
            return Ok((bytes, hex(&hash.finalize())));
        }
        hash.update(piece);
        output.write_all(piece).map_err(CopyFault::Unwritable)?;
        bytes += piece.len() as u64;
    }
}

/// What the store consists of at one moment. Segments stay on the disk as long as it is held.
pub(crate) struct Moment {
    segments: Arc<Vec<Arc<Segment>>>,
    /// Segments that the manifest names and the disk does not have.
    missing: Vec<String>,
    ledger: Vec<String>,
    sealed: u64,
}

impl Moment {
    /// For the thread that alone takes segments out; the one that seals waits.
    pub(crate) fn take(shared: &Shared, manifest: &Path) -> Result<Self, StoreError> {
        let together = shared.publishing();
        shared.manifest.copy_to(manifest)?;
        let rows = shared.manifest.segments()?;
        let sealed = shared.manifest.sequence("sealed")?;
        let segments = shared.memory().segments.clone();
        drop(together);
        let known: BTreeSet<&str> = segments.iter().map(|one| one.row.path.as_str()).collect();
        let missing = rows.into_iter().map(|row| row.path).filter(|path| !known.contains(path.as_str())).collect();
        let ledger = Ledger::new(&*shared.files, &shared.dir).names()?;
        Ok(Self { segments, missing, ledger, sealed })
    }
}

/// While it is held no file of the log goes.
struct LogKept(Arc<Shared>);

impl LogKept {
    fn begin(shared: &Arc<Shared>) -> Self {
        let _together = shared.publishing();
        shared.log_kept.fetch_add(1, Ordering::AcqRel);
        Self(shared.clone())
    }
}

impl Drop for LogKept {
    fn drop(&mut self) {
        self.0.log_kept.fetch_sub(1, Ordering::AcqRel);
    }
}

/// A copy under way: all but the log, which [`StoreCopy::finish`] adds.
pub struct StoreCopy {
    taken: Taken,
    sealed: u64,
    _log: LogKept,
}

impl Store {
    /// Begins a copy in a new folder. What lies beside the store and goes with it is copied between this and
    /// [`StoreCopy::finish`]: it is then not older than the segments and not newer than the log.
    ///
    /// # Errors
    /// `Io` where the folder is there already or something cannot be read or written, `Closed` where the store ends.
    pub async fn begin_copy(&self, dir: &Path) -> Result<StoreCopy, StoreError> {
        let mut taken = Taken::new(self.clone(), dir);
        // What is merged away meanwhile is left out below.
        let segments = self.shared().memory().segments.clone();
        taken = blocking(move || {
            taken.begin()?;
            taken.segments(&segments)?;
            Ok(taken)
        })
        .await?;
        let log = LogKept::begin(self.shared());
        let manifest = dir.join(MANIFEST);
        let moment = self.maintenance().ask(|answer| Keeping::Moment { manifest, answer }).await?;
        blocking(move || {
            taken.settle(&moment)?;
            Ok(StoreCopy { taken, sealed: moment.sealed, _log: log })
        })
        .await
    }
}

impl StoreCopy {
    /// Adds the log as far as it is durable now, and makes the names of all files durable.
    ///
    /// # Errors
    /// As [`Store::begin_copy`].
    pub async fn finish(self) -> Result<CopiedStore, StoreError> {
        blocking(move || self.finish_now()).await
    }

    fn finish_now(mut self) -> Result<CopiedStore, StoreError> {
        let mut last_seq = self.sealed;
        for file in self.taken.store.shared().writer.published.file_list() {
            let name = file.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if self.taken.copy(&format!("log/{name}"), &file.path, file.bytes)? {
                last_seq = last_seq.max(file.last_seq);
            }
        }
        self.taken.sync()?;
        let Taken { files, unreadable, problems, archived, .. } = self.taken;
        let uncopied = unreadable.into_iter().map(|(path, reason)| UncopiedFile { path, reason }).collect();
        let files = files.into_iter().map(|(path, (bytes, sha256))| CopiedFile { path, bytes, sha256 }).collect();
        Ok(CopiedStore { files, uncopied, sealed: self.sealed, last_seq, archived, problems })
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(StoreError::Closed))
}

/// What is in the copy so far.
struct Taken {
    store: Store,
    dir: PathBuf,
    /// Length and SHA-256 by path.
    files: BTreeMap<String, (u64, String)>,
    /// Why, by path.
    unreadable: BTreeMap<String, String>,
    archived: usize,
    problems: Vec<Problem>,
}

impl Taken {
    fn new(store: Store, dir: &Path) -> Self {
        let (files, unreadable) = (BTreeMap::new(), BTreeMap::new());
        Self { store, dir: dir.to_owned(), files, unreadable, archived: 0, problems: Vec::new() }
    }

    /// Unlike [`StoreError::io`] it knows that a disk without room is not the store's own.
    fn failed(&self, file: &Path, error: io::Error) -> StoreError {
        match self.store.shared().is_closing() {
            true => StoreError::Closed,
            false => StoreError::Io { what: file.display().to_string(), source: Arc::new(error) },
        }
    }

    fn begin(&self) -> Result<(), StoreError> {
        for folder in ["", "log", "segments", "ledger"] {
            let path = self.dir.join(folder);
            DirBuilder::new().mode(0o700).create(&path).map_err(|error| self.failed(&path, error))?;
        }
        Ok(())
    }

    /// Whether it could be read. What cannot is noted, and the rest goes on.
    fn copy(&mut self, path: &str, from: &Path, most: u64) -> Result<bool, StoreError> {
        let to = self.dir.join(path);
        let ends = || self.store.shared().is_closing();
        match copy_file(from, &to, most, &ends) {
            Ok(measured) => {
                self.unreadable.remove(path);
                self.files.insert(path.to_owned(), measured);
                Ok(true)
            }
            Err(CopyFault::Unreadable(error)) if !ends() => {
                self.unreadable.insert(path.to_owned(), error.to_string());
                Ok(false)
            }
            Err(fault) => Err(self.failed(&to, fault.into())),
        }
    }

    fn has(&self, path: &str, sha256: &str) -> bool {
        self.files.get(path).is_some_and(|(_, have)| have == sha256)
    }

    /// Copies those that are not there yet. The list keeps them from being removed.
    fn segments(&mut self, segments: &[Arc<Segment>]) -> Result<(), StoreError> {
        for one in segments {
            let (Some(from), path) = (one.path(), format!("segments/{}", one.row.path)) else { continue };
            if self.has(&path, &one.row.sha256) {
                continue;
            }
            self.remove(&path)?;
            if let Some(folder) = self.dir.join(&path).parent() {
                let made = DirBuilder::new().mode(0o700).recursive(true).create(folder);
                made.map_err(|error| self.failed(folder, error))?;
            }
            self.copy(&path, from, u64::MAX)?;
        }
        Ok(())
    }

    fn remove(&mut self, path: &str) -> Result<(), StoreError> {
        if self.files.remove(path).is_some() {
            let file = self.dir.join(path);
            fs::remove_file(&file).map_err(|error| self.failed(&file, error))?;
        }
        Ok(())
    }

    /// Makes the copy that of the moment, but for the log.
    fn settle(&mut self, moment: &Moment) -> Result<(), StoreError> {
        self.segments(&moment.segments)?;
        let here = |one: &&Arc<Segment>| !one.is_archived();
        let named: BTreeSet<String> =
            moment.segments.iter().filter(here).map(|one| format!("segments/{}", one.row.path)).collect();
        let gone: Vec<String> = self.files.keys().filter(|path| !named.contains(*path)).cloned().collect();
        gone.iter().try_for_each(|path| self.remove(path))?;
        self.unreadable.retain(|path, _| named.contains(path));
        self.archived = moment.segments.len() - named.len();
        let wrong = |one: &&Arc<Segment>| {
            let path = format!("segments/{}", one.row.path);
            here(one) && !self.unreadable.contains_key(&path) && !self.has(&path, &one.row.sha256)
        };
        let altered = moment
            .segments
            .iter()
            .filter(wrong)
            .map(|one| (&one.row.path, "its bytes are not those that were written"));
        let missing = moment.missing.iter().map(|path| (path, "missing, or not of the length it was written with"));
        let problems: Vec<Problem> =
            altered.chain(missing).map(|(path, reason)| problem("segment", path, reason.to_owned())).collect();
        self.problems = problems;
        for name in &moment.ledger {
            let from = self.store.shared().dir.join("ledger").join(name);
            self.copy(&format!("ledger/{name}"), &from, u64::MAX)?;
        }
        let manifest = self.dir.join(MANIFEST);
        let settled = || -> io::Result<(u64, String)> {
            fs::set_permissions(&manifest, Permissions::from_mode(0o600))?;
            File::open(&manifest)?.sync_all()?;
            measure_file(&manifest)
        };
        let measured = settled().map_err(|error| self.failed(&manifest, error))?;
        self.files.insert(MANIFEST.to_owned(), measured);
        Ok(())
    }

    /// Makes names durable. Folders of days that were left out again go.
    fn sync(&self) -> Result<(), StoreError> {
        let days = self.dir.join("segments");
        let synced = || -> io::Result<()> {
            for day in fs::read_dir(&days)? {
                let day = day?.path();
                if fs::read_dir(&day)?.next().is_none() {
                    fs::remove_dir(&day)?;
                } else {
                    File::open(&day)?.sync_all()?;
                }
            }
            for folder in ["log", "segments", "ledger", ""] {
                File::open(self.dir.join(folder))?.sync_all()?;
            }
            Ok(())
        };
        synced().map_err(|error| self.failed(&self.dir, error))
    }
}
