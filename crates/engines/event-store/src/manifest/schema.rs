//! The tables of the manifest, and what each version added to them.

use super::segments::{Replacement, note_change, segments};
use crate::ledger::Cause;
use rusqlite::Transaction;

pub(super) const VERSION: i64 = 5;
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

pub(super) fn upgrade(transaction: &Transaction<'_>, from: i64) -> rusqlite::Result<()> {
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
