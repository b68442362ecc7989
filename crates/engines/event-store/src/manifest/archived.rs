//! What the manifest knows of the archive. An object is written down as unclaimed before it is put there and when its
//! segment goes, and is no longer once its segment is marked: so whatever lies in the archive without a segment of the
//! manifest is found and removed, wherever the program was killed.

use super::Manifest;
use super::segments::to_bytes;
use crate::StoreError;
use rusqlite::{Transaction, params};

impl Manifest {
    /// An object is about to be put into the archive.
    pub(crate) fn begin_archiving(&self, path: &str) -> Result<(), StoreError> {
        self.change(|transaction| {
            transaction.execute("INSERT OR IGNORE INTO unclaimed (path) VALUES (?1)", [path])?;
            Ok(())
        })
    }

    /// A segment is whole and durable in the archive. Whether there was such a segment.
    pub(crate) fn archived(&self, path: &str, checksums: &[u32]) -> Result<bool, StoreError> {
        self.change(|transaction| {
            let sql = "UPDATE segments SET archived = 1, checksums = ?2 WHERE path = ?1";
            if transaction.execute(sql, params![path, to_bytes(checksums)])? == 0 {
                return Ok(false);
            }
            transaction.execute("DELETE FROM unclaimed WHERE path = ?1", [path])?;
            Ok(true)
        })
    }

    /// Objects to be removed from the archive.
    pub(crate) fn unclaimed(&self) -> Result<Vec<String>, StoreError> {
        let connection = self.connection();
        let mut statement = connection.prepare("SELECT path FROM unclaimed ORDER BY path")?;
        let paths = statement.query_map([], |row| row.get(0))?;
        Ok(paths.collect::<Result<_, _>>()?)
    }

    /// An object is gone from the archive.
    pub(crate) fn forget_unclaimed(&self, path: &str) -> Result<(), StoreError> {
        self.change(|transaction| {
            transaction.execute("DELETE FROM unclaimed WHERE path = ?1", [path])?;
            Ok(())
        })
    }
}

/// A segment is about to be taken out: its object, if it has one, belongs to nobody from then on.
pub(super) fn disown(transaction: &Transaction<'_>, path: &str) -> rusqlite::Result<()> {
    let sql = "INSERT OR IGNORE INTO unclaimed (path) SELECT path FROM segments WHERE path = ?1 AND archived = 1";
    transaction.execute(sql, [path]).map(drop)
}
