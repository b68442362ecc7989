//! Records through the pipeline with a real store: bound, evaluated, grouped; once each, whatever happens between.

use crate::centre::{NOW, RULE, migrations, shelf};
use bytes::Bytes;
use detection::{Engine, RuleSet};
use event::{Listener, Origin, RawRecord};
use event_store::{Options, QueryContext, Sources, Store, StoreError};
use ingest::FormatSet;
use kit::clock::{FixedClock, SystemClock};
use kit::live::Live;
use kit::{Connection, Db, Scope};
use monitoring::import::{ImportOptions, import};
use monitoring::pipeline::{Parts, Pipeline};
use monitoring::settings::Shelf;
use sea_orm::{ConnectionTrait, Statement};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

pub(crate) const RULES: &str = "title: Failed logon\nid: 6f3b2a10-0000-4000-8000-000000000001\nlevel: high\n\
logsource: {product: linux, service: sshd}\ndetection: {selection: {event_outcome: failure}, condition: selection}\n";

fn formats() -> Arc<FormatSet> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../content/formats");
    let mut files: Vec<_> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
        .map(|path| (path.display().to_string(), std::fs::read_to_string(&path).unwrap()))
        .collect();
    files.sort();
    Arc::new(FormatSet::load(&files).unwrap())
}

/// An engine of rules in one text.
pub(crate) fn engine(rules: &str) -> Arc<Engine> {
    let (rules, errors) = RuleSet::from_texts([("logon.yml", rules)]);
    assert!(errors.is_empty(), "{errors:?}");
    Arc::new(Engine::new(rules))
}

pub(crate) async fn start(store: &Store, db: &Db) -> Pipeline {
    start_with(store, db, RULES).await
}

pub(crate) async fn start_with(store: &Store, db: &Db, rules: &str) -> Pipeline {
    start_under(store, db, rules, shelf()).await
}

pub(crate) async fn start_under(store: &Store, db: &Db, rules: &str, settings: Shelf) -> Pipeline {
    start_reading(store, db, rules, settings, kit::Shelf::new(formats())).await
}

/// By the formats of this shelf.
pub(crate) async fn start_reading(
    store: &Store,
    db: &Db,
    rules: &str,
    settings: Shelf,
    formats: kit::Shelf<FormatSet>,
) -> Pipeline {
    Pipeline::start(Parts {
        store: store.clone(),
        formats,
        engine: engine(rules),
        db: db.clone(),
        scope: Scope::service("test"),
        clock: Arc::new(FixedClock::at(NOW)),
        live: Live::default(),
        settings,
        geoip: Vec::new(),
    })
    .await
    .unwrap()
}

pub(crate) fn failures(from: u64, count: u64, peer: &str) -> Vec<RawRecord> {
    failures_on("web01", from, count, peer)
}

/// Failed sign-ins on a host, a second apart.
pub(crate) fn failures_on(host: &str, from: u64, count: u64, peer: &str) -> Vec<RawRecord> {
    let origin = Arc::new(Origin { listener: Listener::SyslogTcp, peer: Some(peer.into()), ..Origin::default() });
    (from..from + count)
        .map(|number| RawRecord {
            bytes: Bytes::from(format!(
                "<38>Nov 21 09:0{}:{:02} {host} sshd[{number}]: Failed password for root from 203.0.113.9 port 4711 ssh2",
                number / 60 % 10,
                number % 60
            )),
            arrival: NOW,
            origin: origin.clone(),
            position: 0,
        })
        .collect()
}

pub(crate) async fn figures(db: &Db, sql: &str) -> i64 {
    let scope = Scope::service("test");
    let view = db.scoped(&scope).read();
    let row = view.query_one_raw(Statement::from_string(view.get_database_backend(), sql)).await.unwrap().unwrap();
    assert_eq!(view.scope(), &scope);
    row.try_get("", "value").unwrap()
}

async fn stored(store: &Store) -> (i64, i64) {
    let sql = "SELECT count(*) AS events, count(DISTINCT seq) AS numbers FROM events";
    let result = store.query(sql, &QueryContext::new(Sources::All)).await.unwrap();
    let row = result.to_json_rows().unwrap().remove(0);
    (row["events"].as_i64().unwrap(), row["numbers"].as_i64().unwrap())
}

const ALERTS: &str = "SELECT COUNT(*) AS value FROM alerts";
const MATCHES: &str = "SELECT CAST(SUM(count) AS BIGINT) AS value FROM alerts";
const HEARD: &str = "SELECT CAST(SUM(events) AS BIGINT) AS value FROM source_status";

/// Opens the store as soon as the tasks that were killed have let go of it.
pub(crate) async fn opened(directory: &Path) -> Store {
    let opened = async {
        loop {
            match Store::open(directory, Options::default()) {
                Err(StoreError::Locked { .. }) => tokio::time::sleep(Duration::from_millis(5)).await,
                opened => return opened.unwrap(),
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), opened).await.expect("the store is let go")
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_crash_every_event_is_there_once_and_every_match_is_counted_once() {
    test_support::on_each_database(&migrations(), kit::bus::Bus::default, |db| async move {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path(), Options::default()).unwrap();
        let pipeline = start(&store, &db).await;
        let appended = store.append(failures(0, 100, "10.0.0.5"), None).await.unwrap();
        pipeline.wait_evaluated(appended.first_seq + 99).await.unwrap();
        assert_eq!((figures(&db, ALERTS).await, figures(&db, MATCHES).await), (1, 100));
        // Acknowledged, but the program dies before anything else happens to them.
        pipeline.abandon();
        store.append(failures(100, 50, "10.0.0.5"), None).await.unwrap();
        drop((pipeline, store));

        let store = opened(directory.path()).await;
        let pipeline = start(&store, &db).await;
        pipeline.wait_evaluated(store.last_seq()).await.unwrap();
        assert_eq!(stored(&store).await, (150, 150));
        assert_eq!((figures(&db, ALERTS).await, figures(&db, MATCHES).await), (1, 150));
        pipeline.stop().await;
        assert_eq!(figures(&db, HEARD).await, 150);
        drop((pipeline, store));

        // A third start with nothing new changes nothing.
        let store = Store::open(directory.path(), Options::default()).unwrap();
        let pipeline = start(&store, &db).await;
        pipeline.wait_evaluated(store.last_seq()).await.unwrap();
        assert_eq!(stored(&store).await, (150, 150));
        pipeline.stop().await;
        assert_eq!((figures(&db, MATCHES).await, figures(&db, HEARD).await), (150, 150));
    })
    .await;
}

async fn change(db: &Db, sql: &str) {
    let scope = Scope::service("test");
    let tx = db.scoped(&scope).begin().await.unwrap();
    tx.execute_unprepared(sql).await.unwrap();
    tx.commit().await.unwrap();
}

/// Waits until the registers have refused something.
async fn refused(pipeline: &Pipeline) {
    let refused = async {
        while pipeline.counters().database_errors == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), refused).await.expect("the registers are asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_registers_refused_until_the_end_is_written_after_the_next_start() {
    let database = test_support::sqlite(&migrations(), kit::bus::Bus::default()).await;
    let (db, directory) = (database.db.clone(), tempfile::tempdir().unwrap());
    let store = Store::open(directory.path(), Options::default()).unwrap();
    let pipeline = start(&store, &db).await;
    change(&db, "CREATE TRIGGER refuses BEFORE INSERT ON alerts BEGIN SELECT RAISE(ABORT, 'no'); END").await;
    store.append(failures(0, 10, "10.0.0.5"), None).await.unwrap();
    refused(&pipeline).await;
    pipeline.stop().await;
    drop((pipeline, store));

    change(&db, "DROP TRIGGER refuses").await;
    let store = Store::open(directory.path(), Options::default()).unwrap();
    let pipeline = start(&store, &db).await;
    pipeline.wait_evaluated(store.last_seq()).await.unwrap();
    assert_eq!((figures(&db, ALERTS).await, figures(&db, MATCHES).await), (1, 10));
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_does_not_wait_for_a_register_of_sources_that_is_away() {
    test_support::on_each_database(&migrations(), kit::bus::Bus::default, |db| async move {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path(), Options::default()).unwrap();
        let pipeline = start(&store, &db).await;
        change(&db, "ALTER TABLE sources RENAME TO sources_away").await;
        store.append(failures(0, 10, "10.0.0.5"), None).await.unwrap();
        refused(&pipeline).await;
        tokio::time::timeout(Duration::from_secs(60), pipeline.stop()).await.expect("the pipeline stops");
        drop((pipeline, store));

        change(&db, "ALTER TABLE sources_away RENAME TO sources").await;
        let store = opened(directory.path()).await;
        let pipeline = start(&store, &db).await;
        pipeline.wait_evaluated(store.last_seq()).await.unwrap();
        assert_eq!(stored(&store).await, (10, 10));
        assert_eq!((figures(&db, ALERTS).await, figures(&db, MATCHES).await), (1, 10));
        pipeline.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_sender_gets_one_source_of_its_own() {
    test_support::on_each_database(&migrations(), kit::bus::Bus::default, |db| async move {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path(), Options::default()).unwrap();
        let pipeline = start(&store, &db).await;
        for peer in ["10.0.0.5", "10.0.0.6", "10.0.0.5"] {
            store.append(failures(0, 5, peer), None).await.unwrap();
        }
        pipeline.wait_evaluated(store.last_seq()).await.unwrap();
        pipeline.stop().await;
        let sql = "SELECT COUNT(*) AS value FROM sources WHERE state = 'unassigned'";
        assert_eq!(figures(&db, sql).await, 2);
        assert_eq!(figures(&db, HEARD).await, 15);
        let sql = "SELECT COUNT(*) AS value FROM alerts WHERE agency_id IS NULL";
        assert_eq!(figures(&db, sql).await, 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_accounts_for_every_record_and_the_same_file_again_stores_nothing() {
    let database = test_support::sqlite(&migrations(), kit::bus::Bus::default()).await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("auth.log");
    let good = "Nov 21 09:00:01 web01 sshd[7]: Failed password for root from 203.0.113.9 port 4711 ssh2\n";
    std::fs::write(&file, format!("{good}{}\n{good}%%% nobody understands this\n", "x".repeat(5_000))).unwrap();
    let store = Store::open(&directory.path().join("events"), Options::default()).unwrap();
    let pipeline = start(&store, &database.db).await;
    let mut options = ImportOptions::default();
    options.limits.line = 1_000;
    let paths = [file.clone()];
    let report = import(&pipeline, &SystemClock, &paths, &options, |_| {}).await.unwrap();
    assert_eq!((report.read, report.stored, report.rejected.len()), (4, 3, 1));
    assert_eq!(report.rejected[0].record, 2);
    let rule = report.alerts.iter().find(|alert| alert.rule_id == RULE).expect("the rule matched");
    assert_eq!((rule.events, rule.files.clone()), (2, vec![file.display().to_string()]));
    // What was rejected and what was not understood are both found.
    let sql = "SELECT count(*) AS found FROM events WHERE NOT understood";
    let found = store.query(sql, &QueryContext::new(Sources::All)).await.unwrap().to_json_rows().unwrap();
    assert_eq!(found[0]["found"], 2, "{found:?}");

    let again = import(&pipeline, &SystemClock, &paths, &options, |_| {}).await.unwrap();
    assert_eq!((again.read, again.stored, again.skipped.len()), (0, 0, 1));
    assert!(again.skipped[0].reason.contains("imported before"));
    options.again = true;
    let forced = import(&pipeline, &SystemClock, &paths, &options, |_| {}).await.unwrap();
    assert_eq!(forced.stored, 3);
    pipeline.stop().await;
}
