//! A change is committed whole, or the one who made it is told that it is not; on both databases.

use crate::province::service;
use kit::bus::Bus;
use kit::{Db, Error};
use sea_orm::{ConnectionTrait, Statement};
use test_support::on_each_database;

const TABLE: &str = "CREATE TABLE notes (word TEXT PRIMARY KEY, \
                     above TEXT REFERENCES notes (word) DEFERRABLE INITIALLY DEFERRED)";
const FIRST: &str = "INSERT INTO notes (word) VALUES ('first')";
const SECOND: &str = "INSERT INTO notes (word) VALUES ('second')";
const ORPHAN: &str = "INSERT INTO notes (word, above) VALUES ('orphan', 'nobody')";

async fn write(db: &Db, statements: &[&str]) -> Result<(), Error> {
    let scope = service();
    let tx = db.scoped(&scope).begin().await?;
    for sql in statements {
        tx.execute_unprepared(sql).await?;
    }
    tx.commit().await
}

async fn notes(db: &Db) -> Vec<String> {
    let scope = service();
    let view = db.scoped(&scope).read();
    let all = Statement::from_string(view.get_database_backend(), "SELECT word FROM notes ORDER BY word");
    let rows = view.query_all_raw(all).await.unwrap();
    rows.iter().map(|row| row.try_get("", "word").unwrap()).collect()
}

#[tokio::test]
async fn a_transaction_with_a_failed_statement_is_never_told_as_committed() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        write(&db, &[TABLE]).await.unwrap();
        let scope = service();
        let tx = db.scoped(&scope).begin().await.unwrap();
        tx.execute_unprepared(FIRST).await.unwrap();
        assert!(tx.execute_unprepared(FIRST).await.is_err());
        assert!(tx.commit().await.is_err());
        assert!(notes(&db).await.is_empty());
        write(&db, &[SECOND]).await.unwrap();
        assert_eq!(notes(&db).await, ["second"]);
    })
    .await;
}

#[tokio::test]
async fn a_part_is_taken_back_alone_with_the_statement_that_failed_in_it() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        write(&db, &[TABLE]).await.unwrap();
        let scope = service();
        let tx = db.scoped(&scope).begin().await.unwrap();
        tx.execute_unprepared(FIRST).await.unwrap();
        for _ in 0..2 {
            tx.begin_part().await.unwrap();
            tx.execute_unprepared("INSERT INTO notes (word) VALUES ('taken back')").await.unwrap();
            assert!(tx.execute_unprepared(FIRST).await.is_err());
            tx.take_back_part().await.unwrap();
            tx.end_part().await.unwrap();
        }
        tx.execute_unprepared(SECOND).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(notes(&db).await, ["first", "second"]);
    })
    .await;
}

#[tokio::test]
async fn after_a_commit_that_fails_the_next_one_is_seen_by_everybody() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        write(&db, &[TABLE]).await.unwrap();
        for _ in 0..3 {
            assert!(write(&db, &[FIRST, ORPHAN]).await.is_err(), "nobody is above");
        }
        write(&db, &[SECOND]).await.unwrap();
        assert_eq!(notes(&db).await, ["second"]);
    })
    .await;
}
