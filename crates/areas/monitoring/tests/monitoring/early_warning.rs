//! Early warning on its real path: learnt over days and restarts, told with what normal was, behind the wall.

use crate::centre::{Centre, NOW, migrations};
use crate::stream::{figures, opened, start};
use axum::http::StatusCode;
use bytes::Bytes;
use event::{Listener, Origin, RawRecord};
use event_store::{Options, Store};
use kit::Db;
use monitoring::pipeline::Pipeline;
use std::sync::Arc;

/// A sign-in of one account on a host of the first department, in November.
fn sign_in(day: u32, time: &str, address: &str) -> RawRecord {
    let origin = Origin { listener: Listener::SyslogTcp, peer: Some("10.0.0.5".into()), ..Origin::default() };
    let line =
        format!("<38>Nov {day:2} {time} web-SYT sshd[77]: Accepted password for lan from {address} port 4711 ssh2");
    RawRecord { bytes: Bytes::from(line), arrival: NOW, origin: Arc::new(origin), position: 0 }
}

async fn take_in(store: &Store, pipeline: &Pipeline, records: Vec<RawRecord>) {
    let count = records.len() as u64;
    let appended = store.append(records, None).await.unwrap();
    pipeline.wait_evaluated(appended.first_seq + count - 1).await.unwrap();
}

fn days(days: std::ops::RangeInclusive<u32>) -> Vec<RawRecord> {
    let times = ["08:01:00", "10:12:00", "13:30:00", "16:45:00"];
    days.flat_map(|day| times.map(|time| sign_in(day, time, "10.1.0.5"))).collect()
}

async fn found(db: &Db, detector: &str) -> (i64, i64) {
    let alerts = format!("SELECT COUNT(*) AS value FROM alerts WHERE rule_id = '{detector}'");
    let warnings = format!("SELECT COUNT(*) AS value FROM early_warnings WHERE detector = '{detector}'");
    (figures(db, &alerts).await, figures(db, &warnings).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_at_night_from_a_new_address_is_told_with_what_is_normal_and_to_whom_it_concerns() {
    test_support::on_each_database(&migrations(), kit::bus::Bus::default, |db| async move {
        let centre = Centre::new(db.clone()).await;
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path(), Options::default()).unwrap();
        let pipeline = start(&store, &db).await;
        take_in(&store, &pipeline, days(8..=14)).await;
        pipeline.stop().await;
        drop((pipeline, store));

        // What was learnt outlives a stop, and a kill too.
        let store = Store::open(directory.path(), Options::default()).unwrap();
        let pipeline = start(&store, &db).await;
        take_in(&store, &pipeline, days(15..=20)).await;
        pipeline.abandon();
        drop((pipeline, store));

        let store = opened(directory.path()).await;
        let pipeline = start(&store, &db).await;
        assert_eq!(figures(&db, "SELECT COUNT(*) AS value FROM early_warnings").await, 0, "a rhythm is no news");
        take_in(&store, &pipeline, vec![sign_in(21, "03:10:00", "203.0.113.77")]).await;
        assert_eq!(found(&db, "early-sign-in-address").await, (1, 1));
        assert_eq!(found(&db, "early-sign-in-hour").await, (1, 1));
        pipeline.stop().await;

        let page = centre.get("0", "/early-warning").await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.text.contains("203.0.113.77") && page.text.contains("early-bar-marked"), "{}", page.text);
        let elsewhere = centre.get("1", "/early-warning").await;
        assert_eq!(elsewhere.status, StatusCode::OK);
        assert!(!elsewhere.text.contains("203.0.113.77"), "{}", elsewhere.text);
        let id = centre.value("SELECT id AS value FROM alerts WHERE rule_id = 'early-sign-in-address'").await;
        let alert = centre.get("0", &format!("/alerts/{id}")).await;
        // Every sign-in of two weeks was counted once: fifty-two of them, from one other address.
        assert!(alert.text.contains("trong 52 lần") && alert.text.contains("10.1.0.5"), "{}", alert.text);
        assert_eq!(centre.get("1", &format!("/alerts/{id}")).await.status, StatusCode::NOT_FOUND);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_less_than_a_week_nothing_is_told() {
    let database = test_support::sqlite(&migrations(), kit::bus::Bus::default()).await;
    let (db, directory) = (database.db.clone(), tempfile::tempdir().unwrap());
    let store = Store::open(directory.path(), Options::default()).unwrap();
    let pipeline = start(&store, &db).await;
    take_in(&store, &pipeline, days(16..=20)).await;
    take_in(&store, &pipeline, vec![sign_in(21, "03:10:00", "203.0.113.77")]).await;
    assert_eq!(figures(&db, "SELECT COUNT(*) AS value FROM early_warnings").await, 0);
    assert!(figures(&db, "SELECT COUNT(*) AS value FROM baselines").await > 0, "but it learns");
    pipeline.stop().await;
}
