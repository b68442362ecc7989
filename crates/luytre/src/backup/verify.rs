//! Verifies a backup where it lies, without changing it: every hash, then what is in it.

use super::files::{Scratch, measured, paths_below};
use super::registers::{self, Judged, look};
use super::{
    DUMP, Database, EVENTS, INVENTORY, INVENTORY_HASH, Inventory, SQLITE, blocking, failed, of_store, postgres,
};
use crate::commands::language;
use crate::examination::{Examiner, part_key};
use event_store::{Inspected, Problem, UncopiedFile};
use kit::bus::Bus;
use kit::clock::Micros;
use kit::{Db, Error};
use organisation::audit::{self, PublicKeys};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// One thing that is not as it should be, in the language of the terminal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Found {
    /// Path in the backup.
    pub file: String,
    /// `altered`, `missing`, `unlisted`, `unreadable`, `uncopied`, `database`, `store` or `trail`.
    pub fault: &'static str,
    /// Empty where the fault says it all.
    pub reason: String,
}

impl Found {
    pub(super) fn new(file: &str, fault: &'static str, reason: impl Into<String>) -> Self {
        Self { file: file.to_owned(), fault, reason: reason.into() }
    }

    pub(super) fn of_uncopied(file: &UncopiedFile) -> Self {
        Self::new(&file.path, "uncopied", file.reason.as_str())
    }

    pub(super) fn of_store(problem: &Problem) -> Self {
        let part = Examiner(language()).say(part_key(&problem.part), &[]);
        Self::new(&format!("{EVENTS}/{}", problem.file), "store", format!("{part}: {}", problem.reason))
    }

    pub(super) fn of_trail(file: &str, problem: &audit::Problem) -> Self {
        Self::new(file, "trail", Examiner(language()).problem_of_audit(problem))
    }
}

/// What a backup holds.
#[derive(Debug, Clone, Serialize)]
pub struct Verified {
    pub directory: PathBuf,
    /// Of `backup.json`.
    pub sha256: String,
    pub program: String,
    pub centre: String,
    pub made_at: Micros,
    pub made_by: String,
    pub database: Database,
    pub with_keys: bool,
    pub files: usize,
    pub bytes: u64,
    /// Events in the backup, and those that lie in the archive and are only named.
    pub events: u64,
    pub archived_events: u64,
    /// When the newest event came.
    pub newest: Option<Micros>,
    pub alerts: u64,
    pub people: u64,
    pub trail_rows: i64,
    /// Fingerprint of the keys that the trail's checkpoints are judged by.
    pub trail_key: String,
    pub problems: Vec<Found>,
}

/// Verifies a backup.
///
/// # Errors
/// Where the folder is no backup, or what says so is not what was written.
pub async fn verify(directory: &Path) -> Result<Verified, Error> {
    let (inventory, sha256) = Inventory::read(directory)?;
    let mut verified = Verified {
        directory: directory.to_owned(),
        sha256,
        program: inventory.program.clone(),
        centre: inventory.centre.clone(),
        made_at: inventory.made_at,
        made_by: inventory.made_by.clone(),
        database: inventory.database,
        with_keys: inventory.with_keys,
        files: inventory.files.len(),
        bytes: inventory.files.iter().map(|file| file.bytes).sum(),
        events: 0,
        archived_events: 0,
        newest: None,
        alerts: inventory.alerts,
        people: inventory.people,
        trail_rows: inventory.trail.rows,
        trail_key: inventory.trail.keys.last().map(PublicKeys::fingerprint).unwrap_or_default(),
        problems: Vec::new(),
    };
    let (folder, listed) = (directory.to_owned(), inventory.files.clone());
    verified.problems = blocking(move || compare(&folder, &listed)).await?;
    // Where bytes are not those that were written, what they say is worth nothing.
    if verified.problems.is_empty() {
        let scratch = Scratch::new()?;
        let measured = inventory.files.iter().filter_map(|file| {
            let path = file.path.strip_prefix(EVENTS)?.strip_prefix('/')?;
            Some((path.to_owned(), file.sha256.clone()))
        });
        // Every byte of them was compared just now.
        verified.take_store(&inspected(directory, &scratch, measured.collect()).await?);
        verified.problems.extend(judge_registers(directory, &inventory, &scratch).await?);
    }
    verified.problems.extend(inventory.uncopied.iter().map(Found::of_uncopied));
    Ok(verified)
}

impl Verified {
    fn take_store(&mut self, found: &Inspected) {
        self.events = found.events;
        self.archived_events = found.archived_events;
        self.newest = found.newest;
        self.problems.extend(found.report.problems.iter().map(Found::of_store));
    }
}

/// Compares the files of a folder with those that are listed.
fn compare(folder: &Path, listed: &[event_store::CopiedFile]) -> Result<Vec<Found>, Error> {
    let mut found = Vec::new();
    let mut there: BTreeSet<String> = paths_below(folder)?.into_iter().collect();
    for file in listed {
        if !there.remove(&file.path) {
            found.push(Found::new(&file.path, "missing", ""));
            continue;
        }
        match measured(folder, &file.path) {
            Ok(have) if have == *file => {}
            Ok(_) => found.push(Found::new(&file.path, "altered", "")),
            Err(error) => found.push(Found::new(&file.path, "unreadable", error.in_words(language()))),
        }
    }
    let ours = [INVENTORY, INVENTORY_HASH];
    found.extend(
        there.iter().filter(|path| !ours.contains(&path.as_str())).map(|path| Found::new(path, "unlisted", "")),
    );
    Ok(found)
}

/// What the event store of a folder holds. `measured`: hashes of files in it that were read just now.
pub(super) async fn inspected(
    folder: &Path,
    scratch: &Scratch,
    measured: BTreeMap<String, String>,
) -> Result<Inspected, Error> {
    let (events, scratch) = (folder.join(EVENTS), scratch.path().to_owned());
    blocking(move || event_store::inspect(&events, &scratch, &measured).map_err(of_store)).await
}

async fn judge_registers(directory: &Path, inventory: &Inventory, scratch: &Scratch) -> Result<Vec<Found>, Error> {
    let (file, path) = match inventory.database {
        Database::Sqlite => (SQLITE, directory.join(SQLITE)),
        Database::Postgres => {
            let dump = directory.join(DUMP);
            let read = blocking(move || postgres::contents(&dump)).await;
            return Ok(read
                .err()
                .map(|error| Found::new(DUMP, "database", error.in_words(language())))
                .into_iter()
                .collect());
        }
    };
    // Opening writes beside the file.
    let copy = scratch.path().join(SQLITE);
    let (from, to) = (path, copy.clone());
    blocking(move || fs::copy(&from, &to).map_err(|error| failed(&to, &error))).await?;
    let opened = async {
        let db = Db::open_sqlite(scratch.path(), Bus::default()).await?;
        let judged = registers::judge(&db, directory, &inventory.trail.keys).await;
        let held = look(&db).await;
        db.close().await?;
        Ok::<_, Error>((judged?, held?))
    };
    let (Judged { database, trail }, held) = match opened.await {
        Ok(found) => found,
        Err(error) => return Ok(vec![Found::new(file, "database", error.in_words(language()))]),
    };
    let mut found: Vec<Found> = database.into_iter().map(|fault| Found::new(file, "database", fault)).collect();
    found.extend(trail.problems.iter().map(|problem| Found::of_trail(file, problem)));
    if (held.rows, &held.hash, held.alerts) != (inventory.trail.rows, &inventory.trail.hash, inventory.alerts) {
        found.push(Found::new(file, "altered", ""));
    }
    Ok(found)
}
