//! The trail: whole after many writers at once, and any bent row is found where it is.

use crate::province::{NOW, Province, service};
use kit::bus::Bus;
use kit::db::Db;
use organisation::audit::{self, verify};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::json;
use test_support::on_each_database;

async fn write(db: &Db, count: usize, name: &str) {
    for number in 0..count {
        let scope = service();
        let tx = db.scoped(&scope).begin().await.unwrap();
        audit::record(&tx, NOW, "test.write", name, &number.to_string(), None, json!({ "n": number })).await.unwrap();
        tx.commit().await.unwrap();
    }
}

async fn spoil(db: &Db, sql: &str) {
    let scope = service();
    let tx = db.scoped(&scope).begin().await.unwrap();
    tx.execute_raw(Statement::from_string(tx.get_database_backend(), sql)).await.unwrap();
    tx.commit().await.unwrap();
}

async fn broken_at(db: &Db) -> Option<i64> {
    let scope = service();
    verify(&db.scoped(&scope).read()).await.unwrap().err().map(|broken| broken.sequence)
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
        let scope = service();
        assert_eq!(verify(&db.scoped(&scope).read()).await.unwrap(), Ok(100));
    })
    .await;
}

#[tokio::test]
async fn a_changed_removed_or_added_row_is_found_where_it_is() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        write(&db, 10, "row").await;
        assert_eq!(broken_at(&db).await, None);
        for (column, value, restored) in [
            ("details", "'{\"n\":99}'", "'{\"n\":4}'"),
            ("actor_name", "'somebody'", "'test'"),
            ("at", "1", &NOW.to_string()),
            ("agency_id", "'x'", "NULL"),
        ] {
            spoil(&db, &format!("UPDATE audit_entries SET {column} = {value} WHERE sequence = 5")).await;
            assert_eq!(broken_at(&db).await, Some(5), "{column}");
            spoil(&db, &format!("UPDATE audit_entries SET {column} = {restored} WHERE sequence = 5")).await;
            assert_eq!(broken_at(&db).await, None, "{column}");
        }
        spoil(&db, "UPDATE audit_entries SET sequence = 100 WHERE sequence = 3").await;
        spoil(&db, "UPDATE audit_entries SET sequence = 3 WHERE sequence = 4").await;
        spoil(&db, "UPDATE audit_entries SET sequence = 4 WHERE sequence = 100").await;
        assert_eq!(broken_at(&db).await, Some(3), "two rows exchanged");
    })
    .await;
}

#[tokio::test]
async fn a_missing_row_and_a_cut_end_are_found() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        write(&db, 6, "row").await;
        spoil(&db, "DELETE FROM audit_entries WHERE sequence = 6").await;
        assert_eq!(broken_at(&db).await, Some(6));
        spoil(&db, "DELETE FROM audit_entries WHERE sequence = 2").await;
        assert_eq!(broken_at(&db).await, Some(2));
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
        assert_eq!(verify(&db.scoped(&scope).read()).await.unwrap(), Ok(4));
    })
    .await;
}

#[tokio::test]
async fn every_agency_sees_its_own_rows_and_no_others() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let tx_scope = service();
        let tx = province.db.scoped(&tx_scope).begin().await.unwrap();
        let agencies = [province.a_office.clone(), province.b.clone()];
        audit::record_read(&tx, NOW, "finding", "quarterly check", "level >= 3", 12, &agencies).await.unwrap();
        tx.commit().await.unwrap();
        let scope = crate::province::scope_of(
            "p",
            kit::scope::Agencies::Under([province.a.clone()].into()),
            [kit::Capability::ViewAudit],
        );
        let view = province.db.scoped(&scope).read();
        let filter = audit::store::AuditFilter { action: "finding.read".into(), ..Default::default() };
        let rows = audit::store::list(&view, &filter, 10, 0).await.unwrap();
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].agency_id.as_deref(), Some(province.a_office.as_str()));
        let everything = audit::store::list(&view, &Default::default(), 100, 0).await.unwrap();
        let foreign = [Some(province.b.as_str()), Some(province.root.as_str()), None];
        assert!(everything.iter().all(|row| !foreign.contains(&row.agency_id.as_deref())));
        let blind = crate::province::scope_of("p", kit::scope::Agencies::All, []);
        assert!(audit::store::list(&province.db.scoped(&blind).read(), &filter, 10, 0).await.is_err());
    })
    .await;
}
