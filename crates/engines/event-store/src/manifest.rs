//! The manifest: which segments exist, up to which sequence events are sealed, and a few small facts that must
//! survive a restart. SQLite, synchronous; the truth about segments, never a directory listing.

use crate::StoreError;
use crate::log::{BatchId, Damage, StoredBatch};
use event::Micros;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// One Parquet file.
#[derive(Debug, Clone, PartialEq, Eq)]
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
        }
    }
}

pub(crate) struct Manifest(Mutex<Connection>);

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

impl Manifest {
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        match version {
            0..=2 => {}
            newer => return Err(StoreError::Manifest(format!("version {newer} is newer than this program"))),
        }
        connection.execute_batch(SCHEMA)?;
        if version < 2 {
            connection.execute_batch(
                "ALTER TABLE segments ADD COLUMN words_offset INTEGER; ALTER TABLE segments ADD COLUMN words_length INTEGER;
                 ALTER TABLE segments ADD COLUMN checksums BLOB; ALTER TABLE damage ADD COLUMN mended_at INTEGER;",
            )?;
            // Nothing is written where nothing changes: a full disk can still be looked at.
            connection.pragma_update(None, "user_version", 2)?;
        }
        Ok(Self(Mutex::new(connection)))
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
        let value: Option<String> = self
            .connection()
            .query_row("SELECT value FROM facts WHERE name = ?1", [name], |row| row.get(0))
            .optional()?;
        match value {
            None => Ok(0),
            Some(text) => text.parse().map_err(|_| StoreError::Manifest(format!("{name} is {text:?}"))),
        }
    }

    pub(crate) fn segments(&self) -> Result<Vec<SegmentRow>, StoreError> {
        let connection = self.connection();
        let mut statement = connection.prepare(
            "SELECT path, day, generation, rows, bytes, min_time, max_time, min_seq, max_seq, newest, sha256, sources,
             words_offset, words_length, checksums FROM segments ORDER BY max_time, path",
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
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// A seal: its segments and the new end of what is sealed, together or not at all.
    pub(crate) fn commit_seal(&self, added: &[SegmentRow], sealed: u64, evaluated: u64) -> Result<(), StoreError> {
        self.change(|transaction| {
            added.iter().try_for_each(|row| insert(transaction, row))?;
            set(transaction, "sealed", sealed)?;
            set(transaction, "evaluated", evaluated)
        })
    }

    /// A merge or a deletion: old segments out, new ones in.
    pub(crate) fn replace(&self, removed: &[String], added: &[SegmentRow]) -> Result<(), StoreError> {
        self.change(|transaction| {
            for path in removed {
                transaction.execute("DELETE FROM segments WHERE path = ?1", [path])?;
            }
            added.iter().try_for_each(|row| insert(transaction, row))
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

fn insert(transaction: &Transaction<'_>, row: &SegmentRow) -> rusqlite::Result<()> {
    let sources = row.sources.as_ref().and_then(|sources| serde_json::to_string(sources).ok());
    transaction.execute(
        "INSERT INTO segments (path, day, generation, rows, bytes, min_time, max_time, min_seq, max_seq, newest, sha256, sources,
         words_offset, words_length, checksums)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
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
            row.checksums.iter().flat_map(|checksum| checksum.to_le_bytes()).collect::<Vec<u8>>()
        ],
    )?;
    Ok(())
}
