//! Hunts: what is stored is looked through once more, alerts are of the past, and nothing is raised twice.

use crate::centre::{Centre, NOW, RULE, in_a_centre, migrations, shelf};
use crate::indicators::{list_named, take};
use crate::stream::{failures, figures, start};
use axum::http::StatusCode;
use event_store::{Options, Store};
use kit::catalogue::{Cell, rows_in_scope};
use kit::clock::FixedClock;
use kit::live::Live;
use kit::scope::{Actor, Agencies};
use kit::{Capability, Db, Scope};
use monitoring::hunts::service::{self, HuntInput};
use monitoring::hunts::{Hunt, Parts, State, run_next, store};
use monitoring::indicators::Sharing;
use monitoring::indicators::service::ListInput;
use monitoring::rules::{Book, Shelf};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

const RULES: &str = "title: Failed logon\nid: 6f3b2a10-0000-4000-8000-000000000001\nlevel: high\n\
logsource: {product: linux, service: sshd}\ndetection: {selection: {event_outcome: failure}, condition: selection}\n";
const MANY: &str = "title: Many failed logons\nid: 6f3b2a10-0000-4000-8000-000000000002\nlevel: critical\ncorrelation: \
{type: event_count, rules: [6f3b2a10-0000-4000-8000-000000000001], group-by: [source_ip], timespan: 10m, condition: {gte: 20}}\n";

fn parts(events: &Store, db: &Db) -> Parts {
    let (set, errors) = detection::RuleSet::from_texts([("logon.yml", RULES), ("many.yml", MANY)]);
    assert!(errors.is_empty(), "{errors:?}");
    Parts {
        store: events.clone(),
        db: db.clone(),
        scope: Scope::service("test"),
        policies: organisation::Policies::embedded().unwrap(),
        clock: Arc::new(FixedClock::at(NOW)),
        live: Live::default(),
        settings: shelf(),
        rules: Shelf::new(Book { set: Arc::new(set), ..Book::default() }),
        enrichment: monitoring::enrichment::Shelf::default(),
    }
}

async fn ask(parts: &Parts, kind: &str, subject: &str) -> String {
    let scope = Scope::service("test");
    let tx = parts.db.scoped(&scope).begin().await.unwrap();
    let input = HuntInput { kind: kind.into(), subject: subject.into(), range: "all".into(), ..HuntInput::default() };
    let id = service::create(&tx, &parts.rules.current(), &input, NOW).await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn hunt(parts: &Parts, kind: &str, subject: &str) -> Hunt {
    let id = ask(parts, kind, subject).await;
    let done = run_next(parts, &CancellationToken::new()).await.unwrap().expect("a hunt");
    assert_eq!((done.id.as_str(), done.state), (id.as_str(), State::Done), "{done:?}");
    done
}

const PAST: &str = "SELECT COUNT(*) AS value FROM alerts a JOIN hunt_alerts h ON h.alert_id = a.id";
const MATCHES: &str = "SELECT CAST(COALESCE(SUM(count), 0) AS BIGINT) AS value FROM alerts";
const READINGS: &str =
    "SELECT COUNT(*) AS value FROM audit_entries WHERE action = 'event.read' AND details LIKE '%\"hunt\"%'";
const ALL: &str = "SELECT COUNT(*) AS value FROM alerts";

/// A store with 60 failed logons, sealed and in memory, of which detection has seen nothing.
async fn stored(db: &Db, directory: &std::path::Path) -> Store {
    let events = Store::open(directory, Options::default()).unwrap();
    let pipeline = start(&events, db).await;
    for round in 0..2 {
        events.append(failures(round * 30, 30, "10.0.0.5"), None).await.unwrap();
        pipeline.wait_evaluated(events.last_seq()).await.unwrap();
        if round == 0 {
            events.seal().await.unwrap();
        }
    }
    pipeline.stop().await;
    let scope = Scope::service("test");
    let tx = db.scoped(&scope).begin().await.unwrap();
    sea_orm::ConnectionTrait::execute_unprepared(&tx, "DELETE FROM alerts").await.unwrap();
    tx.commit().await.unwrap();
    events
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_and_indicators_are_found_in_what_is_stored_and_nothing_is_raised_twice() {
    test_support::on_each_database(&migrations(), kit::bus::Bus::default, |db| async move {
        let directory = tempfile::tempdir().unwrap();
        let events = stored(&db, directory.path()).await;
        let parts = parts(&events, &db);
        let first = hunt(&parts, "rule", RULE).await;
        assert_eq!((first.events, first.matches, first.alerts), (60, 60, 1));
        assert_eq!((figures(&db, PAST).await, figures(&db, MATCHES).await), (1, 60));
        let again = hunt(&parts, "rule", RULE).await;
        assert_eq!((again.matches, again.alerts), (60, 0));
        assert_eq!((figures(&db, ALL).await, figures(&db, MATCHES).await), (1, 60));

        take(&db, &list_named("NCSC"), "203.0.113.9\n198.51.100.1\nevil.example\n").await;
        let listed = hunt(&parts, "list", "ncsc").await;
        assert_eq!((listed.matches, listed.alerts), (60, 1));
        let one = hunt(&parts, "indicator", "203.0.113[.]9").await;
        assert_eq!((one.matches, one.alerts), (60, 0), "the same indicator has its alert already");
        let none = hunt(&parts, "indicator", "evil.example").await;
        assert_eq!((none.events, none.matches), (0, 0), "the index rules everything out");
        assert_eq!((figures(&db, PAST).await, figures(&db, MATCHES).await), (2, 120));

        let correlated = hunt(&parts, "rule", "6f3b2a10-0000-4000-8000-000000000002").await;
        assert_eq!((correlated.events, correlated.alerts), (60, 1), "{correlated:?}");
        let critical = "SELECT COUNT(*) AS value FROM alerts WHERE rule_level = 'critical'";
        assert_eq!(figures(&db, critical).await, 1);
        let told = "SELECT COUNT(*) AS value FROM audit_entries WHERE action = 'hunt.end'";
        assert_eq!(figures(&db, told).await, 6);
        assert_eq!(figures(&db, READINGS).await, 5, "the one that read nothing has no row");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hunt_goes_on_after_a_restart_and_ends_when_it_is_cancelled() {
    test_support::on_each_database(&migrations(), kit::bus::Bus::default, |db| async move {
        let directory = tempfile::tempdir().unwrap();
        let events = stored(&db, directory.path()).await;
        let parts = parts(&events, &db);
        let id = ask(&parts, "rule", RULE).await;
        let stopped = CancellationToken::new();
        stopped.cancel();
        let under_way = run_next(&parts, &stopped).await.unwrap().expect("a hunt");
        assert_eq!((under_way.state, under_way.matches), (State::Running, 0));
        let done = run_next(&parts, &CancellationToken::new()).await.unwrap().expect("the same");
        assert_eq!((done.id, done.state, done.matches), (id, State::Done, 60));

        let id = ask(&parts, "rule", RULE).await;
        let scope = Scope::service("test");
        let tx = db.scoped(&scope).begin().await.unwrap();
        service::cancel(&tx, &id, NOW).await.unwrap();
        assert!(service::cancel(&tx, &id, NOW).await.is_err(), "it is over");
        tx.commit().await.unwrap();
        assert!(run_next(&parts, &CancellationToken::new()).await.unwrap().is_none());
        let cancelled = store::find(&db.scoped(&scope).read(), &id).await.unwrap();
        assert_eq!((cancelled.state, cancelled.ended_at), (State::Cancelled, Some(NOW)));
        // Cancelled after something was read: the trail hears of it at the next look, once.
        let tx = db.scoped(&scope).begin().await.unwrap();
        let read = format!("UPDATE hunts SET events = 7 WHERE id = '{id}'");
        sea_orm::ConnectionTrait::execute_unprepared(&tx, &read).await.unwrap();
        tx.commit().await.unwrap();
        for _ in 0..2 {
            assert!(run_next(&parts, &CancellationToken::new()).await.unwrap().is_none());
        }
        assert_eq!(figures(&db, READINGS).await, 2, "of the one that was done and of this one");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_of_the_past_that_goes_on_is_of_today() {
    test_support::on_each_database(&migrations(), kit::bus::Bus::default, |db| async move {
        let directory = tempfile::tempdir().unwrap();
        let events = stored(&db, directory.path()).await;
        hunt(&parts(&events, &db), "rule", RULE).await;
        assert_eq!((figures(&db, PAST).await, figures(&db, ALL).await), (1, 1));
        let pipeline = start(&events, &db).await;
        events.append(failures(60, 5, "10.0.0.5"), None).await.unwrap();
        pipeline.wait_evaluated(events.last_seq()).await.unwrap();
        pipeline.stop().await;
        assert_eq!((figures(&db, PAST).await, figures(&db, ALL).await, figures(&db, MATCHES).await), (0, 1, 65));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_off_feeds_no_correlation_in_the_past_either() {
    test_support::on_each_database(&migrations(), kit::bus::Bus::default, |db| async move {
        let directory = tempfile::tempdir().unwrap();
        let events = stored(&db, directory.path()).await;
        let parts = parts(&events, &db);
        let scope = Scope::service("test");
        let tx = db.scoped(&scope).begin().await.unwrap();
        let off = format!(
            "INSERT INTO rule_states (rule_id, state, reason, changed_by, changed_at) \
             VALUES ('{RULE}', 'off', 'x', 'test', {NOW})"
        );
        sea_orm::ConnectionTrait::execute_unprepared(&tx, &off).await.unwrap();
        tx.commit().await.unwrap();
        let many = hunt(&parts, "rule", "6f3b2a10-0000-4000-8000-000000000002").await;
        assert_eq!((many.events, many.matches), (60, 0), "what is off feeds no correlation");
        assert_eq!(hunt(&parts, "rule", RULE).await.matches, 60, "what is looked for may be off");
    })
    .await;
}

#[tokio::test]
async fn a_hunt_reaches_what_its_owner_reaches_and_calls_nobody() {
    in_a_centre(|centre: Centre| async move {
        let unknown = centre.post("0", "/hunts", "kind=rule&subject=nothing&range=all").await;
        assert!(
            unknown.status == StatusCode::UNPROCESSABLE_ENTITY && unknown.says("Không tìm thấy"),
            "{}",
            unknown.text
        );
        let begun = centre.post("0", "/hunts", &format!("kind=rule&subject={RULE}&range=all")).await;
        assert_eq!(begun.status, StatusCode::SEE_OTHER, "{}", begun.text);
        let page = begun.location().to_owned();
        assert!(centre.get("0", &page).await.says("Đang chờ"));
        assert!(centre.get("0", &format!("{page}/progress")).await.says("every 2s"));
        assert_eq!(centre.get("1", &page).await.status, StatusCode::NOT_FOUND, "another's");
        assert_eq!(centre.get("2", &page).await.status, StatusCode::OK, "the centre's duty");
        assert_eq!(centre.get("6", &page).await.status, StatusCode::FORBIDDEN, "without a look into events");
        assert_eq!(centre.post("1", &format!("{page}/cancel"), "").await.status, StatusCode::NOT_FOUND);
        let cancelled = centre.post("0", &format!("{page}/cancel"), "").await;
        assert_eq!(cancelled.location(), page);
        assert!(centre.get("0", &page).await.says("Đã dừng"));
        // What a hunt raised is in the list with its mark, and not among what waits for the duty.
        centre
            .change(&format!(
                "INSERT INTO hunt_alerts (alert_id, hunt_id) SELECT '{}', MIN(id) FROM hunts",
                centre.a.alert
            ))
            .await;
        let list = centre.get("0", "/alerts?state=all&range=all").await;
        assert!(list.says("quá khứ") && list.says("Đăng nhập sai nhiều lần"), "{}", list.text);
        let id = page.trim_start_matches("/hunts/");
        assert!(
            centre.get("0", &format!("/alerts?state=all&range=all&hunt={id}")).await.says("Đăng nhập sai nhiều lần")
        );
        assert!(!centre.get("0", "/").await.says("Đăng nhập sai nhiều lần"));
    })
    .await;
}

#[tokio::test]
async fn the_table_of_the_catalogue_names_nothing_of_a_list_that_is_not_for_everyone() {
    test_support::on_each_database(&migrations(), kit::bus::Bus::default, |db| async move {
        let directory = tempfile::tempdir().unwrap();
        let events = Store::open(directory.path(), Options::default()).unwrap();
        let parts = parts(&events, &db);
        let closed = ListInput { sharing: Sharing::Managers.code().into(), ..list_named("Kin") };
        take(&db, &closed, "closed.example\nboth.example\n").await;
        take(&db, &list_named("Chung"), "open.example\nboth.example\n").await;
        for (kind, subject) in [
            ("rule", RULE),
            ("list", "Kin"),
            ("list", "Chung"),
            ("indicator", "closed.example"),
            ("indicator", "open.example"),
            ("indicator", "both.example"),
        ] {
            ask(&parts, kind, subject).await;
        }
        let actor = Actor::Person { id: "p".into(), name: "P".into() };
        let auditor = Scope::new(actor, Agencies::All, [Capability::ViewAudit], None);
        let table = monitoring::hunts::tables::HUNTS;
        let rows = rows_in_scope(&db.scoped(&auditor).read(), &table).await.unwrap();
        let place = |name: &str| table.columns.iter().position(|column| column.name == name).unwrap();
        let texts = |name: &str| {
            let mut found: Vec<_> = rows
                .iter()
                .filter_map(|row| match &row[place(name)] {
                    Cell::Text(text) => Some(text.clone()),
                    _ => None,
                })
                .collect();
            found.sort();
            found
        };
        assert_eq!(rows.len(), 6, "that there was a hunt is seen");
        assert_eq!(texts("subject_name"), ["Chung", "Failed logon", "both.example", "open.example"]);
        assert_eq!(texts("subject_id").len(), 4);
        assert_eq!(texts("subject_kind").len(), 6);
    })
    .await;
}

#[tokio::test]
async fn programs_begin_see_and_cancel_hunts_within_their_reach() {
    in_a_centre(|centre: Centre| async move {
        let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        let body = json!({ "kind": "rule", "subject": RULE, "range": "all" }).to_string();
        assert_eq!(centre.post_json("", "/api/v1/hunts", &body).await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(centre.post_json("6", "/api/v1/hunts", &body).await.status, StatusCode::FORBIDDEN);
        let wrong = json!({ "kind": "rule", "subject": "nothing", "range": "all" }).to_string();
        let refused = centre.post_json("0", "/api/v1/hunts", &wrong).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
        let begun = centre.post_json("0", "/api/v1/hunts", &body).await;
        assert_eq!(begun.status, StatusCode::CREATED, "{}", begun.text);
        let hunt = read(&begun.text);
        assert_eq!(
            (&hunt["state"], &hunt["subject_id"], &hunt["progress"]),
            (&json!("waiting"), &json!(RULE), &json!(0.0))
        );
        let path = format!("/api/v1/hunts/{}", hunt["id"].as_str().unwrap());
        for (who, status) in [("0", StatusCode::OK), ("1", StatusCode::NOT_FOUND), ("2", StatusCode::OK)] {
            assert_eq!(centre.get(who, &path).await.status, status, "{who}");
        }
        let total = |text: &str| read(text)["total"].clone();
        assert_eq!(total(&centre.get("0", "/api/v1/hunts").await.text), json!(1));
        assert_eq!(total(&centre.get("1", "/api/v1/hunts").await.text), json!(0));
        let listed = read(&centre.get("2", "/api/v1/hunts?limit=1").await.text);
        assert_eq!((&listed["total"], &listed["rows"][0]["id"]), (&json!(1), &hunt["id"]));
        let cancel = format!("{path}/cancel");
        assert_eq!(centre.post_json("1", &cancel, "").await.status, StatusCode::NOT_FOUND);
        let cancelled = centre.post_json("0", &cancel, "").await;
        assert_eq!(read(&cancelled.text)["state"], json!("cancelled"), "{}", cancelled.text);
        assert_eq!(centre.post_json("0", &cancel, "").await.status, StatusCode::CONFLICT);
        let audited =
            "SELECT CAST(COUNT(*) AS TEXT) AS value FROM audit_entries WHERE action IN ('hunt.start', 'hunt.cancel')";
        assert_eq!(centre.value(audited).await, "2");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hunt_says_which_days_it_could_not_look_at() {
    test_support::on_each_database(&migrations(), kit::bus::Bus::default, |db| async move {
        let directory = tempfile::tempdir().unwrap();
        let events = stored(&db, directory.path()).await;
        let parts = parts(&events, &db);
        let whole = hunt(&parts, "rule", RULE).await;
        assert_eq!((whole.events, whole.unread_days), (60, Vec::new()));
        for day in std::fs::read_dir(directory.path().join("segments")).unwrap() {
            for file in std::fs::read_dir(day.unwrap().path()).unwrap() {
                std::fs::remove_file(file.unwrap().path()).unwrap();
            }
        }
        let rest = hunt(&parts, "rule", RULE).await;
        assert_eq!((rest.events, rest.unread_days.len()), (30, 1), "{rest:?}");
        let trail = "SELECT COUNT(*) AS value FROM audit_entries WHERE action = 'hunt.end' AND details LIKE '%\"unread_days\":[\"%'";
        assert_eq!(figures(&db, trail).await, 1);
    })
    .await;
}
