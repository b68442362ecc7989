//! The trail: whole after many writers at once, and any bent row is found where it is.

use crate::province::{NOW, Province, service};
use kit::bus::Bus;
use kit::db::Db;
use organisation::audit::{self, Checkpoints, Fault, Problem, Reading, Report, Touched, TrailKey, verify};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::json;
use test_support::on_each_database;

pub(crate) async fn write(db: &Db, count: usize, name: &str) {
    for number in 0..count {
        let scope = service();
        let tx = db.scoped(&scope).begin().await.unwrap();
        audit::record(&tx, NOW, "test.write", name, &number.to_string(), None, json!({ "n": number })).await.unwrap();
        tx.commit().await.unwrap();
    }
}

/// A reading of records of two agencies.
pub(crate) async fn read(db: &Db, agencies: [&str; 2]) {
    let scope = service().asking("192.0.2.7", agencies[0]);
    let tx = db.scoped(&scope).begin().await.unwrap();
    let touched = Touched::from([(agencies[0].to_owned(), None), (agencies[1].to_owned(), Some(12))]);
    let reading = Reading {
        object_kind: "finding",
        object_id: "",
        purpose: "search",
        query: "level >= 3",
        count: 12,
        touched: &touched,
    };
    audit::record_reading(&tx, NOW, &reading).await.unwrap();
    tx.commit().await.unwrap();
}

pub(crate) async fn spoil(db: &Db, sql: &str) {
    let scope = service();
    let tx = db.scoped(&scope).begin().await.unwrap();
    tx.execute_raw(Statement::from_string(tx.get_database_backend(), sql)).await.unwrap();
    tx.commit().await.unwrap();
}

pub(crate) async fn report(db: &Db, checkpoints: Option<&Checkpoints>) -> Report {
    let scope = service();
    verify(&db.scoped(&scope).read(), checkpoints).await.unwrap()
}

pub(crate) fn checkpoints(directory: &tempfile::TempDir, seed: u8) -> Checkpoints {
    Checkpoints::new(directory.path().join("checkpoints.jsonl"), TrailKey::from_seeds(&[seed; 64]))
}

async fn faults(db: &Db) -> Vec<(i64, i64, Fault)> {
    report(db, None).await.problems.into_iter().map(|Problem { first, last, fault }| (first, last, fault)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn parallel_writers_make_one_chain() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                let db = db.clone();
                tokio::spawn(async move { write(&db, 25, &format!("writer-{writer}")).await })
            })
            .collect();
        for writer in writers {
            writer.await.unwrap();
        }
        let found = report(&db, None).await;
        assert_eq!((found.rows, found.problems), (100, Vec::new()));
    })
    .await;
}

#[tokio::test]
async fn a_changed_row_is_found_where_it_is_and_nowhere_else() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        write(&db, 10, "row").await;
        assert_eq!(faults(&db).await, []);
        for (column, value, restored) in [
            ("details", "'{\"n\":99}'", "'{\"n\":4}'"),
            ("actor_name", "'somebody'", "'test'"),
            ("at", "1", &NOW.to_string()),
            ("agency_id", "'x'", "NULL"),
            ("on_behalf_of", "'x'", "''"),
        ] {
            spoil(&db, &format!("UPDATE audit_entries SET {column} = {value} WHERE sequence = 5")).await;
            assert_eq!(faults(&db).await, [(5, 5, Fault::Altered)], "{column}");
            spoil(&db, &format!("UPDATE audit_entries SET {column} = {restored} WHERE sequence = 5")).await;
            assert_eq!(faults(&db).await, [], "{column}");
        }
    })
    .await;
}

#[tokio::test]
async fn exchanged_missing_and_added_rows_and_a_cut_end_are_found() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        write(&db, 10, "row").await;
        for exchange in ["100 WHERE sequence = 3", "3 WHERE sequence = 4", "4 WHERE sequence = 100"] {
            spoil(&db, &format!("UPDATE audit_entries SET sequence = {exchange}")).await;
        }
        let found = faults(&db).await;
        assert_eq!(found[..2], [(3, 3, Fault::Altered), (4, 4, Fault::Altered)], "two rows exchanged");
        spoil(&db, "DELETE FROM audit_entries WHERE sequence IN (3, 4)").await;
        assert_eq!(faults(&db).await, [(3, 4, Fault::Missing)]);
        spoil(&db, "DELETE FROM audit_entries WHERE sequence > 8").await;
        assert_eq!(faults(&db).await, [(3, 4, Fault::Missing), (9, 10, Fault::Missing)]);
        spoil(&db, "UPDATE audit_head SET sequence = 8").await;
        assert_eq!(faults(&db).await, [(3, 4, Fault::Missing), (8, 8, Fault::Head)]);
    })
    .await;
}

#[tokio::test]
async fn a_row_that_is_rolled_back_leaves_no_gap() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        write(&db, 2, "row").await;
        let scope = service();
        let tx = db.scoped(&scope).begin().await.unwrap();
        audit::record(&tx, NOW, "test.write", "row", "lost", None, json!({})).await.unwrap();
        tx.rollback().await.unwrap();
        write(&db, 2, "row").await;
        let found = report(&db, None).await;
        assert_eq!((found.rows, found.ok()), (4, true));
    })
    .await;
}

#[tokio::test]
async fn a_row_says_from_where_and_on_whose_behalf() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let scope = service().asking("192.0.2.7", &province.a);
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        audit::record(&tx, NOW, "test.write", "row", "1", None, json!({})).await.unwrap();
        tx.commit().await.unwrap();
        let filter = audit::store::AuditFilter { action: "test.write".into(), ..Default::default() };
        let rows = audit::store::list(&province.db.scoped(&scope).read(), &filter, 10, 0).await.unwrap();
        assert_eq!((rows[0].origin.as_str(), &rows[0].on_behalf_of), ("192.0.2.7", &province.a));
    })
    .await;
}

#[tokio::test]
async fn every_agency_sees_its_own_rows_and_no_others() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        let capabilities = [kit::Capability::ViewAudit];
        let agencies = kit::scope::Agencies::Under([province.a.clone()].into());
        let scope = crate::province::scope_of("p", agencies, capabilities);
        let view = province.db.scoped(&scope).read();
        let everything = audit::store::list(&view, &Default::default(), 100, 0).await.unwrap();
        let own = [Some(province.a.as_str()), Some(province.a_office.as_str())];
        assert!(!everything.is_empty() && everything.iter().all(|row| own.contains(&row.agency_id.as_deref())));
        assert!(verify(&view, None).await.is_err(), "the chain holds rows of other agencies");
        let blind = crate::province::scope_of("p", kit::scope::Agencies::All, []);
        let view = province.db.scoped(&blind).read();
        assert!(audit::store::list(&view, &Default::default(), 10, 0).await.is_err());
    })
    .await;
}
