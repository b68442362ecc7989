//! Whatever single byte of the trail is altered, in whatever column of whatever row, verifying finds it and says where.

use crate::audit::{checkpoints, report, spoil, write};
use crate::checkpoints::signed_trail;
use crate::province::{NOW, service};
use kit::bus::Bus;
use kit::db::Db;
use organisation::audit::{self, Fault};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::json;
use std::time::Instant;
use test_support::on_each_database;

const TEXTS: [&str; 10] = [
    "actor_id",
    "actor_name",
    "on_behalf_of",
    "action",
    "object_kind",
    "object_id",
    "agency_id",
    "origin",
    "details",
    "hash",
];
const NUMBERS: [&str; 2] = ["sequence", "at"];

async fn value(db: &Db, sql: &str) -> Option<String> {
    let scope = service();
    let view = db.scoped(&scope).read();
    let row = view.query_one_raw(Statement::from_string(view.get_database_backend(), sql)).await.unwrap();
    row.and_then(|row| row.try_get::<Option<String>>("", "value").unwrap())
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// The text with one bit of the byte at or after `at` turned over, where that leaves a text.
fn bent(text: &str, at: usize) -> Option<String> {
    (0..text.len()).map(|step| (at + step) % text.len()).find_map(|at| {
        let mut bytes = text.as_bytes().to_vec();
        bytes[at] ^= 1;
        String::from_utf8(bytes).ok()
    })
}

#[tokio::test]
async fn one_bent_byte_in_any_column_of_any_row_is_found_there() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let directory = tempfile::tempdir().unwrap();
        let checkpoints = checkpoints(&directory, 1);
        signed_trail(&db, &checkpoints).await;
        let mut runner = TestRunner::deterministic();
        let (mut bent_texts, columns) = (0, TEXTS.len() + NUMBERS.len());
        for _ in 0..240 {
            let strategy = (1_i64..=26, 0..columns, 0_usize..200, 0_u32..20);
            let (row, column, at, bit) = strategy.new_tree(&mut runner).unwrap().current();
            let (name, was, wrong) = match TEXTS.get(column) {
                Some(name) => {
                    let sql = format!("SELECT {name} AS value FROM audit_entries WHERE sequence = {row}");
                    let Some(was) = value(&db, &sql).await.filter(|text| !text.is_empty()) else { continue };
                    let Some(wrong) = bent(&was, at) else { continue };
                    bent_texts += 1;
                    (*name, quoted(&was), quoted(&wrong))
                }
                None => {
                    let name = NUMBERS[column - TEXTS.len()];
                    // A number of a row that exists already cannot be taken.
                    let bit = if name == "sequence" { bit + 20 } else { bit };
                    let sql = format!("SELECT CAST({name} AS TEXT) AS value FROM audit_entries WHERE sequence = {row}");
                    let was: i64 = value(&db, &sql).await.unwrap().parse().unwrap();
                    (name, was.to_string(), (was ^ (1 << bit)).to_string())
                }
            };
            spoil(&db, &format!("UPDATE audit_entries SET {name} = {wrong} WHERE sequence = {row}")).await;
            let found = report(&db, Some(&checkpoints)).await;
            let place = found.problems.first().map(|problem| (problem.first, problem.last));
            assert_eq!(place, Some((row, row)), "{name} of row {row}: {wrong} for {was}, {:?}", found.problems);
            let row = if name == "sequence" { wrong } else { row.to_string() };
            spoil(&db, &format!("UPDATE audit_entries SET {name} = {was} WHERE sequence = {row}")).await;
            assert!(report(&db, Some(&checkpoints)).await.ok(), "{name} of row {row} is as it was");
        }
        assert!(bent_texts > 100, "only {bent_texts} texts were bent");
    })
    .await;
}

#[tokio::test]
async fn the_index_of_readings_and_the_head_are_watched_as_well() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let directory = tempfile::tempdir().unwrap();
        let checkpoints = checkpoints(&directory, 1);
        signed_trail(&db, &checkpoints).await;
        for (bend, back, place, fault) in [
            (
                "records = 13 WHERE sequence = 10 AND agency_id = 'b'",
                "records = 12 WHERE sequence = 10 AND agency_id = 'b'",
                10,
                Fault::Readings,
            ),
            (
                "records = 0 WHERE sequence = 20 AND agency_id = 'b'",
                "records = NULL WHERE sequence = 20 AND agency_id = 'b'",
                20,
                Fault::Readings,
            ),
            (
                "agency_id = 'd' WHERE sequence = 20 AND agency_id = 'c'",
                "agency_id = 'c' WHERE sequence = 20 AND agency_id = 'd'",
                20,
                Fault::Readings,
            ),
            (
                "sequence = 11 WHERE sequence = 10 AND agency_id = 'b'",
                "sequence = 10 WHERE sequence = 11",
                10,
                Fault::Readings,
            ),
        ] {
            spoil(&db, &format!("UPDATE audit_readings SET {bend}")).await;
            let found = report(&db, Some(&checkpoints)).await;
            assert_eq!((found.problems[0].first, found.problems[0].fault), (place, fault), "{bend}");
            spoil(&db, &format!("UPDATE audit_readings SET {back}")).await;
            assert!(report(&db, Some(&checkpoints)).await.ok(), "{back}");
        }
        spoil(&db, "UPDATE audit_head SET hash = 'x' || hash").await;
        assert_eq!(report(&db, Some(&checkpoints)).await.problems[0].fault, Fault::Head);
    })
    .await;
}

#[tokio::test]
async fn a_row_beside_the_chain_is_found() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        write(&db, 10, "row").await;
        let columns = TEXTS.join(", ");
        for place in [0, -5, 11, 1_000_000] {
            let copy = format!("INSERT INTO audit_entries (sequence, at, {columns}) SELECT {place}, at, {columns}");
            spoil(&db, &format!("{copy} FROM audit_entries WHERE sequence = 3")).await;
            let found = report(&db, None).await;
            let places: Vec<_> = found.problems.iter().map(|problem| (problem.first, problem.fault)).collect();
            assert_eq!(places, [(place, Fault::Stray)]);
            spoil(&db, &format!("DELETE FROM audit_entries WHERE sequence = {place}")).await;
        }
        spoil(&db, "INSERT INTO audit_readings (sequence, agency_id, records) VALUES (999, 'a', 1)").await;
        let found = report(&db, None).await;
        assert_eq!((found.problems[0].first, found.problems[0].fault), (999, Fault::StrayReading));
        spoil(&db, "DELETE FROM audit_readings WHERE sequence = 999").await;
        assert!(report(&db, None).await.ok());
    })
    .await;
}

/// SQLite takes what PostgreSQL refuses: bytes that are no text, text in a column of numbers.
#[tokio::test]
async fn a_row_that_cannot_be_read_is_named_and_the_others_are_still_verified() {
    let database = test_support::sqlite(organisation::MIGRATIONS, Bus::default()).await;
    let db = &database.db;
    write(db, 10, "row").await;
    for bend in ["details = CAST(x'7bff7d' AS TEXT) WHERE sequence = 4", "at = 'soon' WHERE sequence = 7"] {
        spoil(db, &format!("UPDATE audit_entries SET {bend}")).await;
    }
    spoil(db, "UPDATE audit_entries SET object_id = 'x' WHERE sequence = 9").await;
    let found = report(db, None).await;
    let places: Vec<_> = found.problems.iter().map(|problem| (problem.first, problem.fault)).collect();
    assert_eq!(places, [(4, Fault::Unreadable), (7, Fault::Unreadable), (9, Fault::Altered)]);
    let columns = TEXTS.join(", ");
    for odd in ["NULL", "1.5", "'abc'"] {
        let copy = format!("INSERT INTO audit_entries (sequence, at, {columns}) SELECT {odd}, at, {columns}");
        spoil(db, &format!("{copy} FROM audit_entries WHERE sequence = 3")).await;
    }
    let strays = report(db, None).await.problems.into_iter().filter(|problem| problem.fault == Fault::Stray);
    assert_eq!(strays.count(), 3);
}

#[tokio::test]
async fn a_run_of_a_hundred_thousand_changes_verifies_and_one_bent_byte_in_it_is_found() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let scope = service().asking("192.0.2.7", "agency");
        let began = Instant::now();
        for thousand in 0..100 {
            let tx = db.scoped(&scope).begin().await.unwrap();
            for number in 0..1_000 {
                let details = json!({ "before": { "level": number % 5 }, "after": { "level": (number + 1) % 5 } });
                let id = format!("{thousand}-{number}");
                audit::record(&tx, NOW, "system.change", "system", &id, None, details).await.unwrap();
            }
            tx.commit().await.unwrap();
        }
        let (written, began) = (began.elapsed(), Instant::now());
        let found = report(&db, None).await;
        assert_eq!((found.rows, found.ok()), (100_000, true));
        let kind = if db.backend() == DbBackend::Sqlite { "SQLite" } else { "PostgreSQL" };
        eprintln!("{kind}: written in {written:?}, verified in {:?}", began.elapsed());
        spoil(
            &db,
            "UPDATE audit_entries SET details = REPLACE(details, '\"level\":1', '\"level\":0') WHERE sequence = 73211",
        )
        .await;
        let place = report(&db, None).await.problems.first().map(|problem| (problem.first, problem.fault));
        assert_eq!(place, Some((73_211, Fault::Altered)));
    })
    .await;
}
