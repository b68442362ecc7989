//! A disk without room, as SQLite knows it: no more pages than there are. What was told as committed is there for
//! everybody, what was not is not, and the writer goes on.

use crate::bus::Bus;
use crate::db::Db;
use crate::error::Error;
use crate::scope::Scope;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use std::path::PathBuf;

const TABLE: &str = "CREATE TABLE notes (word TEXT NOT NULL)";
/// A connection keeps its limit until it is closed.
const NO_ROOM: &str = "PRAGMA max_page_count = 1";
const ROOM: &str = "PRAGMA max_page_count = 1000000";
const LARGE: &str = "INSERT INTO notes VALUES (hex(zeroblob(50000)))";
const FIRST: &str = "INSERT INTO notes VALUES ('first')";
const SECOND: &str = "INSERT INTO notes VALUES ('second')";

/// A folder that goes with its test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("luytre-registers-{}", crate::id::new_id(0)));
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    /// Its database; each has connections of its own.
    async fn database(&self) -> Db {
        Db::open_sqlite(&self.0, Bus::default()).await.unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// One transaction.
async fn write(db: &Db, statements: &[&str]) -> Result<(), Error> {
    let scope = Scope::service("test");
    let tx = db.scoped(&scope).begin().await?;
    for sql in statements {
        tx.execute_unprepared(sql).await?;
    }
    tx.commit().await
}

/// What connections that only read see.
async fn notes(db: &Db) -> Vec<String> {
    let scope = Scope::service("test");
    let all = Statement::from_string(DbBackend::Sqlite, "SELECT word FROM notes ORDER BY word");
    let rows = db.scoped(&scope).read().query_all_raw(all).await.unwrap();
    rows.iter().map(|row| row.try_get("", "word").unwrap()).collect()
}

#[tokio::test]
async fn after_a_full_disk_what_is_committed_is_there_for_everybody() {
    let folder = Folder::new();
    let db = folder.database().await;
    write(&db, &[TABLE]).await.unwrap();
    for _ in 0..3 {
        let error = write(&db, &[NO_ROOM, LARGE]).await.unwrap_err();
        assert!(error.is_disk_full(), "{error}");
    }
    write(&db, &[ROOM]).await.unwrap();
    // One that is given up: as a savepoint it would leave the transaction around it open for ever.
    let error = write(&db, &["INSERT INTO notes VALUES ('given up')", "INSERT INTO nowhere VALUES (1)"]).await;
    assert!(error.is_err_and(|error| !error.is_disk_full()));
    write(&db, &[FIRST]).await.unwrap();
    assert_eq!(notes(&db).await, ["first"]);
    let other = folder.database().await;
    write(&other, &[SECOND]).await.unwrap();
    assert_eq!(notes(&db).await, ["first", "second"]);
    assert_eq!(notes(&other).await, ["first", "second"]);
}

#[tokio::test]
async fn nothing_is_written_alone_after_a_statement_that_found_no_room() {
    let folder = Folder::new();
    let db = folder.database().await;
    write(&db, &[TABLE]).await.unwrap();
    let scope = Scope::service("test");
    let tx = db.scoped(&scope).begin().await.unwrap();
    tx.execute_unprepared(FIRST).await.unwrap();
    tx.execute_unprepared(NO_ROOM).await.unwrap();
    assert!(tx.execute_unprepared(LARGE).await.is_err());
    assert!(tx.execute_unprepared(SECOND).await.is_err(), "the transaction has ended: this would be committed at once");
    let error = tx.commit().await.unwrap_err();
    assert!(error.is_disk_full(), "{error}");
    assert!(notes(&db).await.is_empty());
}

#[tokio::test]
async fn a_part_that_found_no_room_takes_the_whole_with_it() {
    let folder = Folder::new();
    let db = folder.database().await;
    write(&db, &[TABLE]).await.unwrap();
    let scope = Scope::service("test");
    let tx = db.scoped(&scope).begin().await.unwrap();
    tx.execute_unprepared(FIRST).await.unwrap();
    tx.begin_part().await.unwrap();
    tx.execute_unprepared(NO_ROOM).await.unwrap();
    assert!(tx.execute_unprepared(LARGE).await.is_err());
    assert!(tx.take_back_part().await.is_err(), "nothing is left to go back to");
    assert!(tx.commit().await.is_err());
    assert!(notes(&db).await.is_empty());
    write(&db, &[SECOND]).await.unwrap();
    assert_eq!(notes(&db).await, ["second"]);
}
