//! The ledger: a chain of signed entries, one a day, that names every segment which ever came and went, and why. Who
//! changes, removes or adds a segment, or a line of the ledger, later, is found out by [`Ledger::audit`]; a proof ties
//! one event to a signed entry. What happened since the last entry is only in the manifest, and not yet signed.
//!
//! Entries are files of two lines, the entry and its seal, under `ledger/`. They outlive the manifest.

mod entry;
mod key;
mod proof;
mod tree;

pub use entry::{Cause, Change, Entry, Listed, Seal, Sealed};
pub use key::LedgerKey;
pub use proof::{Proof, Proven, ProvenEvent};
pub(crate) use proof::{find_row, leaves_of};
pub(crate) use tree::{Tree, path};

use crate::StoreError;
use crate::files::FileLayer;
use crate::manifest::SegmentRow;
use crate::segment::hex;
use entry::{State, apply, root};
use std::path::{Path, PathBuf};

const NONE: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The entries of a store.
pub(crate) struct Ledger<'a> {
    pub files: &'a dyn FileLayer,
    pub dir: PathBuf,
}

/// What an entry left behind, for the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Last {
    pub number: u64,
    pub at: i64,
    pub through: u64,
    pub sha256: String,
    pub key: String,
    state: State,
}

impl Last {
    fn none() -> Self {
        let (sha256, key) = (NONE.to_owned(), String::new());
        Self { number: 0, at: i64::MIN, through: 0, sha256, key, state: State::new() }
    }
}

/// What is wrong: the file, and how.
pub(crate) type Fault = (String, String);

impl<'a> Ledger<'a> {
    pub(crate) fn new(files: &'a dyn FileLayer, store: &Path) -> Self {
        Self { files, dir: store.join("ledger") }
    }

    /// Names of its files, in the order of the entries.
    pub(crate) fn names(&self) -> Result<Vec<String>, StoreError> {
        let names = self.files.list(&self.dir).map_err(|error| StoreError::io("list the ledger", error))?;
        Ok(names.into_iter().filter(|name| name.ends_with(".jsonl")).collect())
    }

    pub(crate) fn count(&self) -> Result<u64, StoreError> {
        Ok(self.names()?.len() as u64)
    }

    fn read(&self, name: &str) -> Result<Sealed, String> {
        let bytes = self.files.read(&self.dir.join(name)).map_err(|error| error.to_string())?;
        Sealed::parse(std::str::from_utf8(&bytes).map_err(|error| error.to_string())?)
    }

    /// Entries, newest first.
    pub(crate) fn newest_first(&self) -> Result<impl Iterator<Item = (String, Result<Sealed, String>)>, StoreError> {
        let names = self.names()?;
        Ok(names.into_iter().rev().map(|name| {
            let sealed = self.read(&name);
            (name, sealed)
        }))
    }

    /// The last number of a change that an entry names, by its own word.
    pub(crate) fn through(&self) -> Result<u64, StoreError> {
        let opened = self.newest_first()?.find_map(|(_, sealed)| sealed.ok()?.open().ok());
        Ok(opened.map_or(0, |entry| entry.through))
    }

    /// When the last entry was signed, by its own word.
    pub(crate) fn last_at(&self) -> Result<Option<i64>, StoreError> {
        Ok(self.newest_first()?.find_map(|(_, sealed)| sealed.ok()?.open().ok()).map(|entry| entry.at))
    }

    /// Goes through the chain from its beginning; says what does not fit.
    pub(crate) fn audit(&self) -> Result<(Last, Vec<Fault>), StoreError> {
        let (mut last, mut faults) = (Last::none(), Vec::new());
        for name in self.names()? {
            let entry = self.read(&name).and_then(|sealed| Ok((sealed.open()?, sealed.seal)));
            let (entry, seal) = match entry {
                Ok(read) => read,
                Err(reason) => {
                    faults.push((name, reason));
                    continue;
                }
            };
            let mut fault = |reason: String| faults.push((name.clone(), reason));
            if entry.number != last.number + 1 || name != file_name(entry.number) {
                fault(format!("is entry {} and follows entry {}", entry.number, last.number));
            }
            if entry.previous != last.sha256 {
                fault("does not follow the entry before it".into());
            }
            if !last.key.is_empty() && seal.key != last.key {
                fault(format!("is signed by another key, {}", seal.key));
            }
            for change in &entry.changes {
                if let Err(reason) = apply(&mut last.state, change) {
                    fault(reason);
                }
            }
            if entry.root != hex(&root(&last.state)) {
                fault("the segments it names are not those that its changes lead to".into());
            }
            last = Last {
                number: entry.number,
                at: entry.at,
                through: entry.through,
                sha256: seal.sha256,
                key: seal.key,
                state: last.state,
            };
        }
        Ok((last, faults))
    }

    /// Whether the manifest is what the ledger and the changes since lead to.
    pub(crate) fn compare(last: &Last, pending: &[Change], manifest: &[SegmentRow]) -> Vec<Fault> {
        let mut state = last.state.clone();
        let mut faults: Vec<Fault> = Vec::new();
        for change in pending {
            if let Err(reason) = apply(&mut state, change) {
                faults.push(("manifest.sqlite".into(), reason));
            }
        }
        for row in manifest {
            match state.remove(&row.path) {
                None => faults.push((row.path.clone(), "is in the manifest and not in the ledger".into())),
                Some(listed) if listed != Listed::from(row) => {
                    faults.push((row.path.clone(), "is not the file that the ledger names".into()));
                }
                Some(_) => {}
            }
        }
        faults.extend(state.into_keys().map(|path| (path, "is in the ledger and not in the manifest".into())));
        faults
    }

    /// Signs what has changed since the last entry. Answers with the entry, its number and that of its last change.
    pub(crate) fn sign(
        &self,
        key: &LedgerKey,
        changes: Vec<Change>,
        now: i64,
    ) -> Result<(Sealed, u64, u64), StoreError> {
        let failed = |reason: String| StoreError::Ledger(reason);
        let (mut last, faults) = self.audit()?;
        if let Some((file, reason)) = faults.first() {
            return Err(failed(format!("{file}: {reason}")));
        }
        for change in &changes {
            apply(&mut last.state, change).map_err(failed)?;
        }
        let entry = Entry {
            version: 1,
            number: last.number + 1,
            at: now,
            previous: last.sha256,
            through: changes.last().map_or(last.through, |change| change.number),
            changes,
            segments: last.state.len() as u64,
            events: last.state.values().map(|one| one.rows).sum(),
            root: hex(&root(&last.state)),
        };
        let sealed = Sealed::new(&entry, key).map_err(failed)?;
        self.write(&file_name(entry.number), &sealed.text().map_err(failed)?)?;
        Ok((sealed, entry.number, entry.through))
    }

    fn write(&self, name: &str, text: &str) -> Result<(), StoreError> {
        let failed = |error| StoreError::io("write the ledger", error);
        self.files.create_dir_all(&self.dir).map_err(failed)?;
        let temporary = self.dir.join("unfinished");
        if self.files.list(&self.dir).map_err(failed)?.iter().any(|name| name == "unfinished") {
            self.files.remove(&temporary).map_err(failed)?;
        }
        let mut file = self.files.create(&temporary).map_err(failed)?;
        file.append(text.as_bytes()).and_then(|()| file.sync()).map_err(failed)?;
        self.files.rename(&temporary, &self.dir.join(name)).map_err(failed)?;
        self.files.sync_dir(&self.dir).map_err(failed)?;
        self.dir.parent().map_or(Ok(()), |store| self.files.sync_dir(store)).map_err(failed)
    }
}

fn file_name(number: u64) -> String {
    format!("{number:08}.jsonl")
}
