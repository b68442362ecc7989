//! The manifest: which segments exist, up to which sequence events are sealed, and a few small facts that must
//! survive a restart. SQLite, synchronous; the truth about segments, never a directory listing.

mod archived;
mod schema;
mod segments;

pub(crate) use segments::{Replacement, SegmentRow};

use crate::StoreError;
use crate::ledger::{Cause, Change};
use crate::log::{BatchId, Damage, StoredBatch};
use crate::retention::Hold;
use event::Micros;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use schema::{VERSION, upgrade};
use segments::{changes_after, replace, segments};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Begins the names of facts that tell of events lost for good; the path of their segment follows.
const LOST: &str = "lost ";

pub(crate) struct Manifest(Mutex<Connection>);

/// What a manifest that is made anew says of segments.
pub(crate) struct Rebuilt<'a> {
    pub segments: &'a [SegmentRow],
    pub sealed: u64,
    pub evaluated: u64,
    /// Entries of the ledger, and the last change that they name.
    pub entries: u64,
    pub through: u64,
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

    /// Whether there is one: a file that is absent, empty or without its tables is none.
    pub(crate) fn exists(path: &Path) -> Result<bool, StoreError> {
        match std::fs::metadata(path) {
            Ok(data) if data.len() > 0 => {}
            Ok(_) => return Ok(false),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(StoreError::io("read the manifest", error)),
        }
        let version: i64 = Connection::open(path)?.pragma_query_value(None, "user_version", |row| row.get(0))?;
        Ok(version > 0)
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

    /// Everything that is said of segments anew, as the files are; what else is known stays.
    pub(crate) fn rebuild(&self, made: &Rebuilt<'_>, now: Micros) -> Result<(), StoreError> {
        self.change(|transaction| {
            for table in ["segments", "outlook", "changes"] {
                transaction.execute(&format!("DELETE FROM {table}"), [])?;
            }
            for row in made.segments.iter().filter(|row| row.archived) {
                transaction.execute("DELETE FROM unclaimed WHERE path = ?1", [&row.path])?;
            }
            transaction.execute("DELETE FROM facts WHERE name IN ('ledger', 'changes', 'sealed')", [])?;
            set(transaction, "ledger", made.entries)?;
            set(transaction, "changes", made.through)?;
            set(transaction, "sealed", made.sealed)?;
            set(transaction, "evaluated", made.evaluated)?;
            replace(transaction, &Replacement::new(Cause::Rebuilt, &[], made.segments, now))
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

    /// Number of the last change there was, signed or not.
    pub(crate) fn last_change(&self) -> Result<u64, StoreError> {
        let connection = self.connection();
        let pending: Option<i64> = connection.query_row("SELECT max(number) FROM changes", [], |row| row.get(0))?;
        Ok(sequence(&connection, "changes")?.max(pending.map_or(0, unsigned)))
    }

    /// Numbers up to here were given, whatever became of their records.
    pub(crate) fn note_given(&self, seq: u64) -> Result<(), StoreError> {
        match self.sequence("given")? < seq {
            true => self.change(|transaction| set(transaction, "given", seq)),
            false => Ok(()),
        }
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
                    "INSERT INTO damage (file, at_offset, length, torn, found_at) VALUES (?1, ?2, ?3, ?4, ?5)
                     ON CONFLICT (file, at_offset) DO UPDATE SET length = excluded.length, torn = excluded.torn,
                     found_at = excluded.found_at, mended_at = NULL WHERE torn > excluded.torn",
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
                ..Damage::default()
            };
            Ok((damage, row.get(4)?))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// What a repair could not save of a segment: a row of it whose `rows` are those that are lost.
    pub(crate) fn note_loss(&self, lost: &SegmentRow) -> Result<(), StoreError> {
        let body = serde_json::to_string(lost).map_err(|error| StoreError::Manifest(error.to_string()))?;
        self.change(|transaction| {
            let sql = "INSERT OR REPLACE INTO facts (name, value) VALUES (?1, ?2)";
            transaction.execute(sql, params![format!("{LOST}{}", lost.path), body])?;
            Ok(())
        })
    }

    /// What repairs could not save so far.
    pub(crate) fn losses(&self) -> Result<Vec<SegmentRow>, StoreError> {
        let connection = self.connection();
        let sql = "SELECT value FROM facts WHERE substr(name, 1, length(?1)) = ?1 ORDER BY name";
        let mut statement = connection.prepare(sql)?;
        let bodies = statement.query_map([LOST], |row| row.get::<_, String>(0))?;
        let broken = |error: serde_json::Error| StoreError::Manifest(format!("a loss cannot be read: {error}"));
        bodies.map(|body| serde_json::from_str(&body?).map_err(broken)).collect()
    }

    /// Writes a copy of this moment to a new file. What this store has left in the archive without claiming it is not for the
    /// copy to remove: it may be claimed here a moment later.
    pub(crate) fn copy_to(&self, file: &Path) -> Result<(), StoreError> {
        let name = file.to_str().ok_or_else(|| StoreError::Manifest(format!("{} is no UTF-8", file.display())))?;
        self.connection().execute("VACUUM INTO ?1", [name])?;
        Connection::open(file)?.execute("DELETE FROM unclaimed", [])?;
        Ok(())
    }

    /// SQLite's own check; the answer is `ok` or what is wrong.
    pub(crate) fn check(&self) -> Result<String, StoreError> {
        Ok(self.connection().query_row("PRAGMA integrity_check(5)", [], |row| row.get(0))?)
    }
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
fn sequence(connection: &Connection, name: &str) -> Result<u64, StoreError> {
    let value: Option<String> =
        connection.query_row("SELECT value FROM facts WHERE name = ?1", [name], |row| row.get(0)).optional()?;
    value.map_or(Ok(0), |text| text.parse().map_err(|_| StoreError::Manifest(format!("{name} is {text:?}"))))
}
