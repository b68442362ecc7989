//! Segments in the manifest, and the changes of them that the ledger has yet to sign.

use super::{archived, unsigned};
use crate::StoreError;
use crate::ledger::{Cause, Change, Listed};
use crate::segment::Minutes;
use event::Micros;
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

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

pub(super) fn segments(connection: &Connection) -> rusqlite::Result<Vec<SegmentRow>> {
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

pub(super) fn replace(transaction: &Transaction<'_>, done: &Replacement<'_>) -> rusqlite::Result<()> {
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

pub(super) fn note_change(transaction: &Transaction<'_>, done: &Replacement<'_>) -> rusqlite::Result<()> {
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

pub(super) fn changes_after(connection: &Connection, through: u64) -> Result<Vec<Change>, StoreError> {
    let mut statement = connection.prepare("SELECT body FROM changes WHERE number > ?1 ORDER BY number")?;
    let bodies = statement.query_map([through as i64], |row| row.get::<_, String>(0))?;
    let broken = |error: serde_json::Error| StoreError::Manifest(format!("a change cannot be read: {error}"));
    bodies.map(|body| serde_json::from_str(&body?).map_err(broken)).collect()
}

pub(super) fn to_bytes(checksums: &[u32]) -> Vec<u8> {
    checksums.iter().flat_map(|checksum| checksum.to_le_bytes()).collect()
}

fn little_endian(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte))
}
