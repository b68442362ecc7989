//! Backups: everything of a data directory as one folder, made while the centre works, verified anywhere, and put back.
//! The folder has the layout of a data directory, and beside it `backup.json`: what there is, with lengths and hashes.

mod files;
mod make;
mod permission;
mod postgres;
mod registers;
mod restore;
mod settle;
mod verify;

pub use make::{BackupQuestion, Made};
pub use postgres::LOADING_LOCK;
pub use restore::{Exchanged, Outcome, Prepared, RestoreQuestion, Restored, restore};
pub use settle::settle;
pub use verify::{Found, Verified, verify};

pub(crate) use files::Scratch;

use event_store::{CopiedFile, StoreError, UncopiedFile};
use kit::Error;
use kit::clock::Micros;
use monitoring::search::run::refusal;
use organisation::audit::PublicKeys;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Component, Path};

/// Name of the inventory, and of the file with its SHA-256 as `sha256sum` writes it.
const INVENTORY: &str = "backup.json";
const INVENTORY_HASH: &str = "backup.json.sha256";
const LAYOUT: u32 = 1;
/// The store's folder, in a data directory as in a backup.
const EVENTS: &str = "events";
const SQLITE: &str = "registers.sqlite";
/// What `pg_dump` wrote.
const DUMP: &str = "registers.dump";
const CHECKPOINTS: &str = "audit/checkpoints.jsonl";
const SETTINGS: &str = "luytre.toml";

/// Which database the registers are in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Database {
    Sqlite,
    Postgres,
}

impl Database {
    fn of(configuration: &crate::configuration::Configuration) -> Self {
        if configuration.database.url.is_empty() { Self::Sqlite } else { Self::Postgres }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

/// How far the event store had come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogPosition {
    /// Last sequence in segments, and last sequence at all.
    pub sealed: u64,
    pub last_seq: u64,
    /// Segments that lie in the archive and are not in the backup.
    pub archived_segments: usize,
}

/// How far the audit trail had come, and what its checkpoints are judged by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrailPosition {
    pub rows: i64,
    /// Of the last row.
    pub hash: String,
    pub keys: Vec<PublicKeys>,
}

/// `backup.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inventory {
    /// Of this file and the folder around it.
    pub layout: u32,
    /// Version of the program that made it.
    pub program: String,
    pub made_at: Micros,
    /// Account, or name in the operating system.
    pub made_by: String,
    pub centre: String,
    pub database: Database,
    /// Migrations of the registers.
    pub migrations: Vec<String>,
    pub alerts: u64,
    pub people: u64,
    pub log: LogPosition,
    pub trail: TrailPosition,
    /// Whether keys and settings are in it.
    pub with_keys: bool,
    /// All files but this one and its hash, by path.
    pub files: Vec<CopiedFile>,
    /// What could not be read when it was made, and so is not in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uncopied: Vec<UncopiedFile>,
}

impl Inventory {
    /// Writes it into a backup; returns its SHA-256.
    fn write(&self, directory: &Path) -> Result<String, Error> {
        let mut text = serde_json::to_string_pretty(self).map_err(Error::internal)?;
        text.push('\n');
        let path = directory.join(INVENTORY);
        files::write_new(&path, text.as_bytes())?;
        let (_, sha256) = event_store::measure_file(&path).map_err(|error| failed(&path, &error))?;
        files::write_new(&directory.join(INVENTORY_HASH), format!("{sha256}  {INVENTORY}\n").as_bytes())?;
        Ok(sha256)
    }

    /// Reads that of a backup with its SHA-256.
    ///
    /// # Errors
    /// `backup-none` where there is no backup, `backup-inventory-altered` where it is not what was written,
    /// `backup-newer` where this program does not know the layout.
    pub fn read(directory: &Path) -> Result<(Self, String), Error> {
        let shown = || directory.display().to_string();
        let none = || Error::mistake("backup-none", [("directory", shown())]);
        let path = directory.join(INVENTORY);
        let bytes = fs::read(&path).map_err(|_| none())?;
        let (_, sha256) = event_store::measure_file(&path).map_err(|error| failed(&path, &error))?;
        let written = fs::read_to_string(directory.join(INVENTORY_HASH)).unwrap_or_default();
        if written.split_whitespace().next() != Some(sha256.as_str()) {
            return Err(Error::mistake("backup-inventory-altered", [("file", path.display().to_string())]));
        }
        let value: serde_json::Value = serde_json::from_slice(&bytes).map_err(|_| none())?;
        if value.get("layout").and_then(serde_json::Value::as_u64) != Some(LAYOUT.into()) {
            return Err(Error::mistake("backup-newer", [("directory", shown())]));
        }
        let inventory: Self = serde_json::from_value(value).map_err(|_| none())?;
        match inventory.files.iter().all(|file| stays_below(&file.path)) {
            true => Ok((inventory, sha256)),
            false => Err(none()),
        }
    }

    /// Refuses what a newer program made.
    fn require_known(&self, directory: &Path) -> Result<(), Error> {
        let migrations: Vec<_> = crate::centre::areas().into_iter().flat_map(|area| area.migrations).collect();
        match kit::migration::unknown(&self.migrations, &migrations).is_empty() {
            true => Ok(()),
            false => Err(Error::mistake("backup-newer", [("directory", directory.display().to_string())])),
        }
    }
}

/// Whether a path leads to a file below the folder that it is relative to.
fn stays_below(path: &str) -> bool {
    let mut parts = Path::new(path).components().peekable();
    parts.peek().is_some() && parts.all(|part| matches!(part, Component::Normal(_)))
}

/// A file that could not be read or written.
fn failed(path: &Path, error: &std::io::Error) -> Error {
    Error::mistake("backup-file", [("file", path.display().to_string()), ("reason", error.to_string())])
}

/// What the store says, with the file where it is about one.
fn of_store(error: StoreError) -> Error {
    match error {
        StoreError::Io { what, source } => {
            Error::mistake("backup-file", [("file", what), ("reason", source.to_string())])
        }
        error => refusal(error),
    }
}

/// Work that blocks, off the threads that must not.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}
