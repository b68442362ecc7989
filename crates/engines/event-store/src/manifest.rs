//! The manifest: which segments exist, up to which sequence events are sealed, and a few small facts that must
//! survive a restart. SQLite, synchronous; the truth about segments, never a directory listing.

mod archived;

use crate::StoreError;
use crate::ledger::{Cause, Change, Listed};
use crate::log::{BatchId, Damage, StoredBatch};
use crate::retention::Hold;
use crate::segment::Minutes;
use event::Micros;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// One Parquet file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SegmentRow {
    /// Relative to the folder of segments, `2026-11-21/….parquet`.
    pub path: String,
    /// Days since 1970-01-01 of the event times in it; `None` for a file of stray days.
    pub day: Option<i32>,
    pub generation: u32,
    pub rows: u64,
    pub bytes: u64,
    pub min_time: Micros,
    pub max_time: Micros,
    pub min_seq: u64,
    pub max_seq: u64,
    /// The later of event time and arrival, over all rows: retention counts from here.
    pub newest: Micros,
    pub sha256: String,
    /// Sources in it, where they are few.
    pub sources: Option<BTreeSet<String>>,
    /// Offset and length of the word index in the file.
    pub words: Option<(u64, u64)>,
    /// CRC-32C of each 64 KiB of the file.
    pub checksums: Vec<u32>,
    /// Root of the Merkle tree over its rows, hexadecimal; files of older layouts have none.
    pub rows_root: Option<String>,
    /// It lies in the archive, not on the store's own disk.
    pub archived: bool,
    /// How many of its events fall into each minute; not known of files of older layouts.
    pub minutes: Option<Minutes>,
}

/// Segments out and others in, and why; the ledger will say so.
#[derive(Debug)]
pub(crate) struct Replacement<'a> {
    pub cause: Cause,
    pub removed: &'a [String],
    pub added: &'a [SegmentRow],
    pub because: Option<String>,
    pub at: Micros,
}

impl<'a> Replacement<'a> {
    pub(crate) fn new(cause: Cause, removed: &'a [String], added: &'a [SegmentRow], at: Micros) -> Self {
        Self { cause, removed, added, because: None, at }
    }
}

impl SegmentRow {
    /// Of a file without rows.
    pub(crate) fn empty(day: Option<i32>) -> Self {
        Self {
            path: String::new(),
            day,
            generation: 0,
            rows: 0,
            bytes: 0,
            min_time: i64::MAX,
            max_time: i64::MIN,
            min_seq: u64::MAX,
            max_seq: 0,
            newest: i64::MIN,
            sha256: String::new(),
            sources: None,
            words: None,
            checksums: Vec::new(),
            rows_root: None,
            archived: false,
            minutes: None,
        }
    }
}

pub(crate) struct Manifest(Mutex<Connection>);

const VERSION: i64 = 5;
/// Of version 1; the later ones add to it.
const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS segments (
  path TEXT PRIMARY KEY, day INTEGER, generation INTEGER NOT NULL, rows INTEGER NOT NULL, bytes INTEGER NOT NULL,
  min_time INTEGER NOT NULL, max_time INTEGER NOT NULL, min_seq INTEGER NOT NULL, max_seq INTEGER NOT NULL,
  newest INTEGER NOT NULL, sha256 TEXT NOT NULL, sources TEXT) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS batches (
  id BLOB PRIMARY KEY, first_seq INTEGER NOT NULL, count INTEGER NOT NULL, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS imports (key TEXT PRIMARY KEY, note TEXT NOT NULL, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS damage (
  file TEXT NOT NULL, at_offset INTEGER NOT NULL, length INTEGER NOT NULL, torn INTEGER NOT NULL, found_at INTEGER NOT NULL,
  PRIMARY KEY (file, at_offset)) STRICT, WITHOUT ROWID;
";

const SECOND: &str = "
ALTER TABLE segments ADD COLUMN words_offset INTEGER; ALTER TABLE segments ADD COLUMN words_length INTEGER;
ALTER TABLE segments ADD COLUMN checksums BLOB; ALTER TABLE damage ADD COLUMN mended_at INTEGER;
";
const THIRD: &str = "
ALTER TABLE segments ADD COLUMN rows_root TEXT;
CREATE TABLE changes (number INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;
CREATE TABLE holds (id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE outlook (path TEXT PRIMARY KEY, plan TEXT NOT NULL, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
";

/// `unclaimed`: objects of the archive that no segment of the manifest is, or not yet: to be removed there.
const FOURTH: &str = "
ALTER TABLE segments ADD COLUMN archived INTEGER NOT NULL DEFAULT 0;
CREATE TABLE unclaimed (path TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
";

const FIFTH: &str = "ALTER TABLE segments ADD COLUMN minutes BLOB;";

fn upgrade(transaction: &Transaction<'_>, from: i64) -> rusqlite::Result<()> {
    transaction.execute_batch(SCHEMA)?;
    if from < 2 {
        transaction.execute_batch(SECOND)?;
    }
    if from < 3 {
        transaction.execute_batch(THIRD)?;
    }
    if from < 4 {
        transaction.execute_batch(FOURTH)?;
    }
    if from < 5 {
        transaction.execute_batch(FIFTH)?;
    }
    if from < 3 {
        let known = segments(transaction)?;
        if !known.is_empty() {
            note_change(transaction, &Replacement::new(Cause::Known, &[], &known, 0))?;
        }
    }
    transaction.pragma_update(None, "user_version", VERSION)
}

impl Manifest {
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if version > VERSION {
            return Err(StoreError::Manifest(format!("version {version} is newer than this program")));
        }
        let manifest = Self(Mutex::new(connection));
        // Nothing is written where nothing changes: a full disk can still be looked at.
        if version < VERSION {
            manifest.change(|transaction| upgrade(transaction, version))?;
        }
        Ok(manifest)
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, change: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        let mut connection = self.connection();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let value = change(&transaction)?;
        transaction.commit()?;
        Ok(value)
    }

    pub(crate) fn sequence(&self, name: &str) -> Result<u64, StoreError> {
        sequence(&self.connection(), name)
    }

    pub(crate) fn segments(&self) -> Result<Vec<SegmentRow>, StoreError> {
        Ok(segments(&self.connection())?)
    }

    /// A seal: its segments and the new end of what is sealed, together or not at all.
    pub(crate) fn commit_seal(&self, done: &Replacement<'_>, sealed: u64, evaluated: u64) -> Result<(), StoreError> {
        self.change(|transaction| {
            replace(transaction, done)?;
            set(transaction, "sealed", sealed)?;
            set(transaction, "evaluated", evaluated)
        })
    }

    /// A merge or a deletion: old segments out, new ones in.
    pub(crate) fn replace(&self, done: &Replacement<'_>) -> Result<(), StoreError> {
        self.change(|transaction| replace(transaction, done))
    }

    /// Segments, the changes that are not signed, and how many entries the ledger has, of one moment.
    pub(crate) fn state(&self) -> Result<(Vec<SegmentRow>, Vec<Change>, u64), StoreError> {
        let mut connection = self.connection();
        let moment = connection.transaction()?;
        Ok((segments(&moment)?, changes_after(&moment, 0)?, sequence(&moment, "ledger")?))
    }

    /// Changes that no entry of the ledger names yet, in their order.
    pub(crate) fn changes_after(&self, through: u64) -> Result<Vec<Change>, StoreError> {
        changes_after(&self.connection(), through)
    }

    /// An entry of the ledger is durable: its number is remembered, its changes are not needed here any more.
    pub(crate) fn signed(&self, entries: u64, through: u64) -> Result<(), StoreError> {
        self.change(|transaction| {
            set(transaction, "ledger", entries)?;
            set(transaction, "changes", through)?;
            transaction.execute("DELETE FROM changes WHERE number <= ?1", [through as i64])?;
            Ok(())
        })
    }

    pub(crate) fn hold(&self, hold: &Hold) -> Result<(), StoreError> {
        let body = serde_json::to_string(hold).map_err(|error| StoreError::Manifest(error.to_string()))?;
        self.change(|transaction| {
            transaction.execute("INSERT OR REPLACE INTO holds (id, body) VALUES (?1, ?2)", [&hold.id, &body])?;
            Ok(())
        })
    }

    /// Whether there was one.
    pub(crate) fn release_hold(&self, id: &str) -> Result<bool, StoreError> {
        self.change(|transaction| Ok(transaction.execute("DELETE FROM holds WHERE id = ?1", [id])? > 0))
    }

    pub(crate) fn holds(&self) -> Result<Vec<Hold>, StoreError> {
        let connection = self.connection();
        let mut statement = connection.prepare("SELECT body FROM holds ORDER BY id")?;
        let bodies = statement.query_map([], |row| row.get::<_, String>(0))?;
        // A hold that cannot be read must stop deletion, not be passed over.
        let broken = |error: serde_json::Error| StoreError::Manifest(format!("a hold cannot be read: {error}"));
        bodies.map(|body| serde_json::from_str(&body?).map_err(broken)).collect()
    }

    /// When a segment has to be looked at again under this plan, where that is known.
    pub(crate) fn outlook(&self, path: &str, plan: &str) -> Result<Option<Micros>, StoreError> {
        let sql = "SELECT at FROM outlook WHERE path = ?1 AND plan = ?2";
        Ok(self.connection().query_row(sql, [path, plan], |row| row.get(0)).optional()?)
    }

    pub(crate) fn set_outlook(&self, path: &str, plan: &str, at: Micros) -> Result<(), StoreError> {
        self.change(|transaction| {
            let sql = "INSERT OR REPLACE INTO outlook (path, plan, at) VALUES (?1, ?2, ?3)";
            transaction.execute(sql, params![path, plan, at])?;
            Ok(())
        })
    }

    /// Keeps what the log files about to go know: the detection cursor and the batches still remembered.
    pub(crate) fn keep_batches(&self, batches: &[StoredBatch], evaluated: u64) -> Result<(), StoreError> {
        self.change(|transaction| {
            transaction.execute("DELETE FROM batches", [])?;
            for batch in batches {
                transaction.execute(
                    "INSERT OR REPLACE INTO batches (id, first_seq, count, at) VALUES (?1, ?2, ?3, ?4)",
                    params![batch.id.0.as_slice(), batch.first_seq as i64, batch.count, batch.at],
                )?;
            }
            set(transaction, "evaluated", evaluated)
        })
    }

    pub(crate) fn batches(&self) -> Result<Vec<StoredBatch>, StoreError> {
        let connection = self.connection();
        let mut statement = connection.prepare("SELECT id, first_seq, count, at FROM batches")?;
        let rows = statement.query_map([], |row| {
            Ok(StoredBatch {
                id: BatchId(row.get(0)?),
                first_seq: unsigned(row.get(1)?),
                count: row.get(2)?,
                at: row.get(3)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    pub(crate) fn import(&self, key: &str) -> Result<Option<String>, StoreError> {
        let connection = self.connection();
        Ok(connection.query_row("SELECT note FROM imports WHERE key = ?1", [key], |row| row.get(0)).optional()?)
    }

    pub(crate) fn remember_import(&self, key: &str, note: &str, now: Micros) -> Result<(), StoreError> {
        self.change(|transaction| {
            transaction.execute(
                "INSERT OR REPLACE INTO imports (key, note, at) VALUES (?1, ?2, ?3)",
                params![key, note, now],
            )?;
            Ok(())
        })
    }

    pub(crate) fn note_damage(&self, damage: &[Damage], now: Micros) -> Result<(), StoreError> {
        if damage.is_empty() {
            return Ok(());
        }
        self.change(|transaction| {
            for one in damage {
                transaction.execute(
                    "INSERT OR IGNORE INTO damage (file, at_offset, length, torn, found_at) VALUES (?1, ?2, ?3, ?4, ?5)",
                    params![one.file, one.offset as i64, one.length as i64, one.torn, now],
                )?;
            }
            Ok(())
        })
    }

    /// What was damaged so far is known from here on: lost, and no longer in the way.
    pub(crate) fn mend_damage(&self, now: Micros) -> Result<(), StoreError> {
        self.change(|transaction| {
            transaction.execute("UPDATE damage SET mended_at = ?1 WHERE mended_at IS NULL", [now])?;
            Ok(())
        })
    }

    /// Damage found so far, and whether it has been dealt with.
    pub(crate) fn damage(&self) -> Result<Vec<(Damage, bool)>, StoreError> {
        let connection = self.connection();
        let mut statement = connection
            .prepare("SELECT file, at_offset, length, torn, mended_at IS NOT NULL FROM damage ORDER BY found_at")?;
        let rows = statement.query_map([], |row| {
            let damage = Damage {
                file: row.get(0)?,
                offset: unsigned(row.get(1)?),
                length: unsigned(row.get(2)?),
                torn: row.get(3)?,
            };
            Ok((damage, row.get(4)?))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// SQLite's own check; the answer is `ok` or what is wrong.
    pub(crate) fn check(&self) -> Result<String, StoreError> {
        Ok(self.connection().query_row("PRAGMA integrity_check(5)", [], |row| row.get(0))?)
    }
}

fn to_bytes(checksums: &[u32]) -> Vec<u8> {
    checksums.iter().flat_map(|checksum| checksum.to_le_bytes()).collect()
}

fn little_endian(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

/// SQLite knows signed numbers only; ours never reach the sign.
fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

fn set(transaction: &Transaction<'_>, name: &str, value: u64) -> rusqlite::Result<()> {
    // A cursor never goes back: two writers of the same fact may finish in either order.
    transaction.execute(
        "INSERT INTO facts (name, value) VALUES (?1, ?2)
         ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE CAST(value AS INTEGER) < CAST(excluded.value AS INTEGER)",
        params![name, value.to_string()],
    )?;
    Ok(())
}

fn changes_after(connection: &Connection, through: u64) -> Result<Vec<Change>, StoreError> {
    let mut statement = connection.prepare("SELECT body FROM changes WHERE number > ?1 ORDER BY number")?;
    let bodies = statement.query_map([through as i64], |row| row.get::<_, String>(0))?;
    let broken = |error: serde_json::Error| StoreError::Manifest(format!("a change cannot be read: {error}"));
    bodies.map(|body| serde_json::from_str(&body?).map_err(broken)).collect()
}

fn sequence(connection: &Connection, name: &str) -> Result<u64, StoreError> {
    let value: Option<String> =
        connection.query_row("SELECT value FROM facts WHERE name = ?1", [name], |row| row.get(0)).optional()?;
    value.map_or(Ok(0), |text| text.parse().map_err(|_| StoreError::Manifest(format!("{name} is {text:?}"))))
}

fn segments(connection: &Connection) -> rusqlite::Result<Vec<SegmentRow>> {
    let mut statement = connection.prepare(
        "SELECT path, day, generation, rows, bytes, min_time, max_time, min_seq, max_seq, newest, sha256, sources,
         words_offset, words_length, checksums, rows_root, archived, minutes FROM segments ORDER BY max_time, path",
    )?;
    let rows = statement.query_map([], |row| {
        let sources: Option<String> = row.get(11)?;
        let checksums: Option<Vec<u8>> = row.get(14)?;
        Ok(SegmentRow {
            path: row.get(0)?,
            day: row.get(1)?,
            generation: row.get(2)?,
            rows: unsigned(row.get(3)?),
            bytes: unsigned(row.get(4)?),
            min_time: row.get(5)?,
            max_time: row.get(6)?,
            min_seq: unsigned(row.get(7)?),
            max_seq: unsigned(row.get(8)?),
            newest: row.get(9)?,
            sha256: row.get(10)?,
            sources: sources.and_then(|text| serde_json::from_str(&text).ok()),
            words: row.get::<_, Option<i64>>(12)?.map(unsigned).zip(row.get::<_, Option<i64>>(13)?.map(unsigned)),
            checksums: checksums.unwrap_or_default().chunks_exact(4).map(little_endian).collect(),
            rows_root: row.get(15)?,
            archived: row.get(16)?,
            minutes: row.get::<_, Option<Vec<u8>>>(17)?.map(Minutes::from_bytes),
        })
    })?;
    rows.collect()
}

fn replace(transaction: &Transaction<'_>, done: &Replacement<'_>) -> rusqlite::Result<()> {
    for path in done.removed {
        archived::disown(transaction, path)?;
        if transaction.execute("DELETE FROM segments WHERE path = ?1", [path])? == 0 {
            // Somebody else took it out: what was made of it must not come in.
            let words = format!("{path} is not in the manifest any more");
            return Err(rusqlite::Error::ToSqlConversionFailure(words.into()));
        }
        transaction.execute("DELETE FROM outlook WHERE path = ?1", [path])?;
    }
    done.added.iter().try_for_each(|row| insert(transaction, row))?;
    note_change(transaction, done)
}

fn note_change(transaction: &Transaction<'_>, done: &Replacement<'_>) -> rusqlite::Result<()> {
    if done.removed.is_empty() && done.added.is_empty() && done.cause != Cause::Rebuilt {
        return Ok(());
    }
    let signed: Option<String> =
        transaction.query_row("SELECT value FROM facts WHERE name = 'changes'", [], |row| row.get(0)).optional()?;
    let pending: Option<i64> = transaction.query_row("SELECT max(number) FROM changes", [], |row| row.get(0))?;
    let signed = signed.and_then(|text| text.parse().ok()).unwrap_or(0);
    let change = Change {
        number: signed.max(pending.map_or(0, unsigned)) + 1,
        at: done.at,
        cause: done.cause,
        removed: done.removed.to_vec(),
        added: done.added.iter().map(Listed::from).collect(),
        because: done.because.clone(),
    };
    let body = serde_json::to_string(&change).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    transaction.execute("INSERT INTO changes (number, body) VALUES (?1, ?2)", params![change.number as i64, body])?;
    Ok(())
}

fn insert(transaction: &Transaction<'_>, row: &SegmentRow) -> rusqlite::Result<()> {
    let sources = row.sources.as_ref().and_then(|sources| serde_json::to_string(sources).ok());
    transaction.execute(
        "INSERT INTO segments (path, day, generation, rows, bytes, min_time, max_time, min_seq, max_seq, newest, sha256, sources,
         words_offset, words_length, checksums, rows_root, archived, minutes)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)",
        params![
            row.path,
            row.day,
            row.generation,
            row.rows as i64,
            row.bytes as i64,
            row.min_time,
            row.max_time,
            row.min_seq as i64,
            row.max_seq as i64,
            row.newest,
            row.sha256,
            sources,
            row.words.map(|(offset, _)| offset as i64),
            row.words.map(|(_, length)| length as i64),
            to_bytes(&row.checksums),
            row.rows_root,
            row.archived,
            row.minutes.as_ref().map(Minutes::as_bytes)
        ],
    )?;
    Ok(())
}
