//! Correlations on their real path: whose events are counted together, what a restart keeps, what feeds what.

use crate::centre::{Centre, NOW, migrations, settings};
use crate::stream::{RULES, engine, failures_on, figures, opened, start_with};
use event_store::{Options, Store};
use kit::{Db, Scope};
use monitoring::pipeline::Pipeline;
use monitoring::rules::exceptions::service::ExceptionInput;
use monitoring::rules::states::RuleState;
use monitoring::rules::{exceptions, states};
use sea_orm::{ConnectionTrait, Statement};

const GUESSING: &str = "6f3b2a10-0000-4000-8000-0000000000c1";

/// Five failed sign-ins from one address within ten minutes.
fn guessing() -> String {
    format!(
        "{RULES}---\ntitle: Guessing\nid: {GUESSING}\nlevel: high\ncorrelation: {{type: event_count, \
         rules: [6f3b2a10-0000-4000-8000-000000000001], group-by: [source_ip], timespan: 10m, condition: {{gte: 5}}}}\n"
    )
}

/// Sends failed sign-ins on a host and waits until they are evaluated. Gives their numbers.
async fn fail(store: &Store, pipeline: &Pipeline, host: &str, from: u64, count: u64) -> Vec<u64> {
    let appended = store.append(failures_on(host, from, count, "10.0.0.5"), None).await.unwrap();
    let last = appended.first_seq + count - 1;
    pipeline.wait_evaluated(last).await.unwrap();
    (appended.first_seq..=last).collect()
}

/// One value of the registers, as text.
async fn text(db: &Db, sql: &str) -> String {
    let scope = Scope::service("test");
    let view = db.scoped(&scope).read();
    let row = view.query_one_raw(Statement::from_string(view.get_database_backend(), sql)).await.unwrap().unwrap();
    row.try_get("", "value").unwrap()
}

async fn alerts_of(db: &Db, rule: &str) -> i64 {
    figures(db, &format!("SELECT COUNT(*) AS value FROM alerts WHERE rule_id = '{rule}'")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_sign_ins_of_two_agencies_are_no_alert_together() {
    test_support::on_each_database(&migrations(), kit::bus::Bus::default, |db| async move {
        let centre = Centre::new(db.clone()).await;
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path(), Options::default()).unwrap();
        let pipeline = start_with(&store, &db, &guessing()).await;
        let mut own = fail(&store, &pipeline, "web-SYT", 0, 3).await;
        fail(&store, &pipeline, "web-SGD", 3, 3).await;
        assert_eq!(alerts_of(&db, GUESSING).await, 0, "three of one agency and three of another are no five");
        own.extend(fail(&store, &pipeline, "web-SYT", 6, 2).await);
        assert_eq!(alerts_of(&db, GUESSING).await, 1);
        pipeline.stop().await;
        let row = |column: &str| format!("SELECT {column} AS value FROM alerts WHERE rule_id = '{GUESSING}'");
        assert_eq!(centre.value(&row("agency_id")).await, centre.a.agency);
        let samples: Vec<serde_json::Value> = serde_json::from_str(&centre.value(&row("samples")).await).unwrap();
        let shown: Vec<u64> = samples.iter().map(|sample| sample["seq"].as_u64().unwrap()).collect();
        assert_eq!(shown, own, "the evidence is of the agency alone");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sources_that_nobody_owns_yet_are_counted_each_for_itself() {
    let database = test_support::sqlite(&migrations(), kit::bus::Bus::default()).await;
    let (db, directory) = (database.db.clone(), tempfile::tempdir().unwrap());
    let store = Store::open(directory.path(), Options::default()).unwrap();
    let pipeline = start_with(&store, &db, &guessing()).await;
    fail(&store, &pipeline, "one", 0, 4).await;
    fail(&store, &pipeline, "two", 4, 4).await;
    assert_eq!(alerts_of(&db, GUESSING).await, 0, "each may become another agency's");
    fail(&store, &pipeline, "one", 8, 1).await;
    assert_eq!(alerts_of(&db, GUESSING).await, 1);
    pipeline.stop().await;
}

const CHAIN: &str = "6f3b2a10-0000-4000-8000-0000000000c2";

async fn decide(db: &Db, pipeline: &Pipeline, state: RuleState) {
    let scope = Scope::service("test");
    let tx = db.scoped(&scope).begin().await.unwrap();
    states::service::set(&tx, GUESSING, state, "thử", NOW).await.unwrap();
    tx.commit().await.unwrap();
    pipeline.refresh_tuning().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correlation_that_is_off_or_excepted_feeds_none_above_it_and_a_silent_one_does() {
    test_support::on_each_database(&migrations(), kit::bus::Bus::default, |db| async move {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path(), Options::default()).unwrap();
        let chain = format!(
            "{}---\ntitle: Guessing goes on\nid: {CHAIN}\nlevel: high\ncorrelation: {{type: event_count, \
             rules: [{GUESSING}], group-by: [source_ip], timespan: 1h, condition: {{gte: 1}}}}\n",
            guessing()
        );
        let pipeline = start_with(&store, &db, &chain).await;
        decide(&db, &pipeline, RuleState::Off).await;
        fail(&store, &pipeline, "web01", 0, 8).await;
        assert_eq!((alerts_of(&db, GUESSING).await, alerts_of(&db, CHAIN).await), (0, 0), "off");
        decide(&db, &pipeline, RuleState::On).await;
        let scope = Scope::service("test");
        let tx = db.scoped(&scope).begin().await.unwrap();
        let input = ExceptionInput {
            reach: "centre".into(),
            field: vec!["source_ip".into()],
            values: vec!["203.0.113.9".into()],
            reason: "máy quét của Trung tâm".into(),
            expires_on: "2026-11-30".into(),
            alert: String::new(),
        };
        let exception =
            exceptions::service::create(&tx, &settings().tuning.exceptions, GUESSING, &input, NOW).await.unwrap();
        tx.commit().await.unwrap();
        pipeline.refresh_tuning().await.unwrap();
        fail(&store, &pipeline, "web01", 8, 8).await;
        assert_eq!((alerts_of(&db, GUESSING).await, alerts_of(&db, CHAIN).await), (0, 0), "excepted");
        let tx = db.scoped(&scope).begin().await.unwrap();
        exceptions::service::remove(&tx, &exception, "xong việc", NOW).await.unwrap();
        tx.commit().await.unwrap();
        pipeline.refresh_tuning().await.unwrap();
        fail(&store, &pipeline, "web01", 16, 1).await;
        assert_eq!((alerts_of(&db, GUESSING).await, alerts_of(&db, CHAIN).await), (0, 1), "silent, but on");
        pipeline.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_alerts_itself_while_the_correlation_that_counts_it_does_not_take_part() {
    test_support::on_each_database(&migrations(), kit::bus::Bus::default, |db| async move {
        let base = "6f3b2a10-0000-4000-8000-000000000001";
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path(), Options::default()).unwrap();
        let pipeline = start_with(&store, &db, &guessing()).await;
        fail(&store, &pipeline, "web01", 0, 3).await;
        assert_eq!((alerts_of(&db, base).await, alerts_of(&db, GUESSING).await), (0, 0), "the correlation is on");
        decide(&db, &pipeline, RuleState::Shadow).await;
        fail(&store, &pipeline, "web01", 3, 3).await;
        assert_eq!((alerts_of(&db, base).await, alerts_of(&db, GUESSING).await), (1, 0), "on trial");
        decide(&db, &pipeline, RuleState::On).await;
        fail(&store, &pipeline, "web02", 6, 5).await;
        assert_eq!((alerts_of(&db, base).await, alerts_of(&db, GUESSING).await), (1, 1), "on again");
        pipeline.stop().await;
    })
    .await;
}

/// Matches of the alerts about guessing.
const FOUND: &str = "SELECT CAST(COALESCE(SUM(count), 0) AS BIGINT) AS value FROM alerts WHERE rule_id = \
                     '6f3b2a10-0000-4000-8000-0000000000c1'";
const POSITION: &str = "SELECT COALESCE(MAX(sequence), 0) AS value FROM detection_cursor WHERE name = 'correlations'";

#[tokio::test(flavor = "multi_thread")]
async fn what_correlations_saw_outlives_every_kill_and_nothing_counts_twice() {
    test_support::on_each_database(&migrations(), kit::bus::Bus::default, |db| async move {
        let directory = tempfile::tempdir().unwrap();
        let mut all = Vec::new();
        for run in 0..7 {
            let store = opened(directory.path()).await;
            let pipeline = start_with(&store, &db, &guessing()).await;
            all.extend(fail(&store, &pipeline, "web01", run, 1).await);
            // In a segment already: of the log only what correlations still need is read again.
            store.seal().await.unwrap();
            let raised = i64::try_from(run).unwrap() - 3;
            assert_eq!(figures(&db, FOUND).await, raised.max(0), "after {} failed sign-ins", run + 1);
            match run % 3 {
                0 => pipeline.stop().await,
                _ => pipeline.abandon(),
            }
        }
        let store = opened(directory.path()).await;
        let pipeline = start_with(&store, &db, &guessing()).await;
        pipeline.wait_evaluated(store.last_seq()).await.unwrap();
        pipeline.stop().await;
        assert_eq!((alerts_of(&db, GUESSING).await, figures(&db, FOUND).await), (1, 3));
        assert_eq!(figures(&db, POSITION).await, i64::try_from(store.last_seq()).unwrap());
        assert_eq!(store.next_needed(), store.last_seq() + 1, "the log is needed no more");
        let sql = format!("SELECT samples AS value FROM alerts WHERE rule_id = '{GUESSING}'");
        let samples: Vec<serde_json::Value> = serde_json::from_str(&text(&db, &sql).await).unwrap();
        assert_eq!(samples.iter().map(|sample| sample["seq"].as_u64().unwrap()).collect::<Vec<_>>(), all);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_memory_that_cannot_be_used_is_left_and_correlations_begin_anew() {
    test_support::on_each_database(&migrations(), kit::bus::Bus::default, |db| async move {
        let directory = tempfile::tempdir().unwrap();
        let spoil = [
            "UPDATE correlation_memory SET state = REPLACE(state, '203', '204')",
            "UPDATE correlation_memory SET state = REPLACE(state, 'luytre-correlations 2', 'luytre-correlations 0')",
            "UPDATE correlation_memory SET state = ''",
            "UPDATE detection_cursor SET sequence = sequence + 100 WHERE name = 'correlations'",
        ];
        for (number, sql) in (0..).zip(spoil) {
            let store = opened(directory.path()).await;
            let pipeline = start_with(&store, &db, &guessing()).await;
            fail(&store, &pipeline, "web01", number * 10, 4).await;
            store.seal().await.unwrap();
            pipeline.stop().await;
            drop((pipeline, store));
            let scope = Scope::service("test");
            let tx = db.scoped(&scope).begin().await.unwrap();
            assert_eq!(tx.execute_unprepared(sql).await.unwrap().rows_affected(), 1);
            tx.commit().await.unwrap();
        }
        assert_eq!(alerts_of(&db, GUESSING).await, 0, "what was spoilt is used by nobody");
        let store = opened(directory.path()).await;
        let pipeline = start_with(&store, &db, &guessing()).await;
        fail(&store, &pipeline, "web01", 50, 5).await;
        pipeline.stop().await;
        assert_eq!(alerts_of(&db, GUESSING).await, 1, "it begins anew and works");
        assert_eq!(figures(&db, POSITION).await, i64::try_from(store.last_seq()).unwrap());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_rule_goes_live_with_what_it_saw() {
    let database = test_support::sqlite(&migrations(), kit::bus::Bus::default()).await;
    let (db, directory) = (database.db.clone(), tempfile::tempdir().unwrap());
    let store = opened(directory.path()).await;
    let pipeline = start_with(&store, &db, &guessing()).await;
    fail(&store, &pipeline, "web01", 0, 3).await;
    let changed = guessing().replace("title: Guessing", "title: Guessing of passwords").replace("gte: 5", "gte: 4");
    pipeline.set_engine(engine(&changed)).await.unwrap();
    fail(&store, &pipeline, "web01", 3, 1).await;
    pipeline.stop().await;
    let sql = format!("SELECT rule_title AS value FROM alerts WHERE rule_id = '{GUESSING}'");
    assert_eq!(text(&db, &sql).await, "Guessing of passwords");
}
