//! Indicators: lists and files onto them, who sees which, and what the pipeline finds.

use crate::centre::{Centre, NOW, in_a_centre, migrations, settings};
use crate::stream::{failures, figures, opened, start};
use axum::http::StatusCode;
use event::RawRecord;
use event_store::{Options, Store};
use kit::clock::DAY;
use kit::{Db, Scope};
use monitoring::indicators::import::{self, Report};
use monitoring::indicators::service::{self, ListInput};
use serde_json::{Value, json};

/// The address in the records of `failures`.
const ADDRESS: &str = "203.0.113.9";
const FORM: &str = "source=NCSC&kind=malware&tlp=amber&confidence=80&valid_days=30&enabled=true&with_subdomains=true";

/// Makes a list by its page; gives its id.
pub(crate) async fn make(centre: &Centre, name: &str, sharing: &str) -> String {
    let answer = centre.post("2", "/indicators/lists", &format!("name={name}&sharing={sharing}&{FORM}")).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    answer.location().strip_prefix("/indicators/lists/").unwrap().to_owned()
}

/// What a new list of this name begins with.
pub(crate) fn list_named(name: &str) -> ListInput {
    ListInput::new(&settings().indicators, name)
}

/// Takes a file onto a list of this name, as the command does.
pub(crate) async fn take(db: &Db, input: &ListInput, file: &str) -> Report {
    let (scope, settings) = (Scope::service("test"), settings().indicators);
    let tx = db.scoped(&scope).begin().await.unwrap();
    let known = monitoring::indicators::store::by_name(&tx, &input.name, NOW).await.unwrap();
    let list = match known {
        Some(list) => list,
        None => service::create(&tx, &settings, input, NOW).await.unwrap(),
    };
    let read = monitoring::indicators::read(&settings, file.as_bytes(), NOW).unwrap();
    let report = import::take(&tx, &settings, &list, read, NOW).await.unwrap();
    tx.commit().await.unwrap();
    report
}

#[tokio::test]
async fn a_file_is_tried_taken_renewed_and_found_again() {
    in_a_centre(|centre: Centre| async move {
        let id = make(&centre, "Danh%20s%C3%A1ch%20A", "everyone").await;
        let import = format!("/indicators/lists/{id}/import");
        let file = "sheet=evil%5B.%5Dexample%0Acom%0A198.51.100.7%0Aevil.example";
        let tried = centre.post("2", &import, file).await;
        assert!(tried.says("2 mới, 0 gia hạn, 2 bị từ chối"), "{}", tried.text);
        assert!(tried.says("quá rộng") && tried.says("đã có ở phía trên"), "{}", tried.text);
        assert!(centre.get("2", "/indicators").await.says("Không có chỉ báo nào"), "a dry run keeps nothing");
        let taken = centre.post("2", &import, &format!("{file}&take=true")).await;
        assert_eq!(taken.location(), format!("/indicators/lists/{id}"));
        let again = centre.post("2", &import, file).await;
        assert!(again.says("0 mới, 2 gia hạn, 2 bị từ chối"), "{}", again.text);
        let found = centre.get("2", "/indicators?q=hxxps://EVIL.example").await;
        assert!(found.says("Không có chỉ báo nào"), "a link is no domain: {}", found.text);
        let found = centre.get("2", "/indicators?q=EVIL%5B.%5Dexample").await;
        assert!(found.says(">evil.example<") && !found.says(">198.51.100.7<"), "{}", found.text);
        let found = centre.get("2", "/indicators?q=il.ex").await;
        assert!(found.says(">evil.example<") && !centre.get("2", "/indicators?q=il_ex").await.says(">evil.example<"));
        assert!(centre.get("2", "/indicators?q=198.51.100.7&kind=domain").await.says("Không có chỉ báo nào"));
        let csv = centre.get("2", "/indicators?format=csv").await;
        assert!(csv.says("198.51.100.7,address,Danh sách A,80,"), "{}", csv.text);
        // An exported list is a file that can be taken.
        let found = monitoring::indicators::read(&settings().indicators, csv.text.as_bytes(), NOW).unwrap();
        assert_eq!((found.wanted.len(), found.refused_total), (2, 0), "{:?}", found.refused);
        let address = "SELECT indicator_id AS value FROM indicators WHERE kind = 'address'";
        let indicator = centre.value(address).await;
        let page = centre.get("2", &format!("/indicators/{indicator}")).await;
        assert!(page.says("198.51.100.7") && page.says("Danh sách A"), "{}", page.text);
        let off =
            centre.post("2", &format!("/indicators/lists/{id}/take-off"), &format!("indicator={indicator}")).await;
        assert_eq!(off.status, StatusCode::SEE_OTHER, "{}", off.text);
        assert_eq!(centre.get("2", &format!("/indicators/{indicator}")).await.status, StatusCode::NOT_FOUND);
        let gone = centre.post("2", &format!("/indicators/lists/{id}/delete"), "").await;
        assert_eq!(gone.location(), "/indicators/lists");
        let acts = "SELECT CAST(COUNT(DISTINCT action) AS TEXT) AS value FROM audit_entries \
                    WHERE object_kind = 'indicator-list'";
        assert_eq!(centre.value(acts).await, "4", "create, import, take-off, delete");
    })
    .await;
}

#[tokio::test]
async fn a_form_says_everything_that_is_wrong_and_names_stay_apart() {
    in_a_centre(|centre: Centre| async move {
        let wrong = centre.post("2", "/indicators/lists", "name=&source=&confidence=200&valid_days=0").await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        let id = make(&centre, "NCSC", "everyone").await;
        let twice = centre.post("2", "/indicators/lists", &format!("name=ncsc&sharing=everyone&{FORM}")).await;
        assert!(twice.status == StatusCode::UNPROCESSABLE_ENTITY && twice.says("Đã có danh sách mang tên này"));
        let form = format!("name=NCSC%202&sharing=everyone&{FORM}");
        assert_eq!(centre.post("2", &format!("/indicators/lists/{id}"), &form).await.status, StatusCode::SEE_OTHER);
        assert!(centre.get("2", "/indicators/lists").await.says("NCSC 2"));
        let nonsense = centre.post("2", &format!("/indicators/lists/{id}/import"), "sheet=%7Bnonsense").await;
        assert!(nonsense.status == StatusCode::UNPROCESSABLE_ENTITY && nonsense.says("STIX"), "{}", nonsense.text);
    })
    .await;
}

#[tokio::test]
async fn a_restricted_list_is_seen_by_those_who_manage_rules_alone() {
    in_a_centre(|centre: Centre| async move {
        let id = make(&centre, "KinDao", "managers").await;
        let body = json!({"type": "bundle", "objects": [
            {"type": "indicator", "id": "indicator--1", "pattern": "[domain-name:value = 'evil.example']"},
            {"type": "indicator", "id": "indicator--2", "pattern": "[process:pid = 1]"},
        ]});
        let path = format!("/api/v1/indicator-lists/{id}/import");
        let tried: Value =
            serde_json::from_str(&centre.post_json("2", &format!("{path}?dry_run=1"), &body.to_string()).await.text)
                .unwrap();
        assert_eq!((&tried["added"], &tried["refused"][0]["reason"]), (&json!(1), &json!("path")));
        let taken = centre.post_json("2", &path, &body.to_string()).await;
        assert_eq!(taken.status, StatusCode::OK, "{}", taken.text);
        let indicator = centre.value("SELECT indicator_id AS value FROM indicators").await;
        let pages = ["/indicators", "/indicators/lists", "/indicators?format=csv", "/indicators/lists?format=csv"];
        let answers = ["/api/v1/indicators", "/api/v1/indicator-lists"];
        for path in pages.into_iter().chain(answers) {
            assert!(centre.get("2", path).await.says("KinDao"), "{path}");
            let seen = centre.get("8", path).await;
            assert!(seen.status == StatusCode::OK && !seen.says("KinDao") && !seen.says("evil.example"), "{path}");
        }
        for path in [format!("/indicators/lists/{id}"), format!("/indicators/{indicator}")] {
            assert_eq!(centre.get("2", &path).await.status, StatusCode::OK, "{path}");
            assert_eq!(centre.get("8", &path).await.status, StatusCode::NOT_FOUND, "{path}");
        }
        for (path, form) in [
            ("/indicators/lists".to_owned(), FORM.to_owned()),
            (format!("/indicators/lists/{id}"), FORM.to_owned()),
            (format!("/indicators/lists/{id}/import"), "sheet=a.example&take=true".to_owned()),
            (format!("/indicators/lists/{id}/take-off"), format!("indicator={indicator}")),
            (format!("/indicators/lists/{id}/delete"), String::new()),
        ] {
            assert_eq!(centre.post("8", &path, &form).await.status, StatusCode::FORBIDDEN, "{path}");
        }
        assert_eq!(centre.post_json("8", &path, "{}").await.status, StatusCode::FORBIDDEN);
        // A hunt for it names it, so it is seen by the same people and by whoever began it.
        let begun = centre.post("0", "/hunts", &format!("kind=list&subject={id}&range=all")).await;
        assert_eq!(begun.status, StatusCode::SEE_OTHER, "{}", begun.text);
        let hunt = begun.location().to_owned();
        for person in ["0", "2"] {
            assert!(
                centre.get(person, "/hunts").await.says("KinDao") && centre.get(person, &hunt).await.says("KinDao")
            );
        }
        assert!(!centre.get("8", "/hunts").await.says("KinDao"));
        assert_eq!(centre.get("8", &hunt).await.status, StatusCode::NOT_FOUND);
        let refused = centre.post("8", "/hunts", &format!("kind=list&subject={id}&range=all")).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "it is not there for them");
    })
    .await;
}

/// Records whose text names an address each.
fn from_addresses(count: u64) -> Vec<RawRecord> {
    let mut records = failures(0, count, "10.0.0.5");
    for (number, record) in records.iter_mut().enumerate() {
        let text = String::from_utf8(record.bytes.to_vec()).unwrap();
        record.bytes = text.replace(ADDRESS, &format!("198.51.100.{}", number + 1)).into();
    }
    records
}

const FOUND: &str = "SELECT COUNT(*) AS value FROM alerts WHERE rule_id LIKE 'indicator:%'";
const COUNTED: &str =
    "SELECT CAST(COALESCE(SUM(count), 0) AS BIGINT) AS value FROM alerts WHERE rule_id LIKE 'indicator:%'";

#[tokio::test(flavor = "multi_thread")]
async fn an_event_with_an_indicator_raises_one_alert_that_names_who_says_so() {
    test_support::on_each_database(&migrations(), kit::bus::Bus::default, |db| async move {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path(), Options::default()).unwrap();
        let restricted = ListInput { sharing: "managers".into(), ..list_named("Kín đáo") };
        let off = ListInput { enabled: String::new(), ..list_named("Tắt") };
        take(&db, &list_named("NCSC"), "203.0.113.0/24\n198.51.100.1").await;
        take(&db, &ListInput { confidence: "95".into(), ..list_named("VNCERT") }, "203.0.113.0/24").await;
        take(&db, &restricted, "203.0.113.0/24").await;
        take(&db, &off, ADDRESS).await;
        let pipeline = start(&store, &db).await;
        store.append(failures(0, 30, "10.0.0.5"), None).await.unwrap();
        pipeline.wait_evaluated(store.last_seq()).await.unwrap();
        assert_eq!((figures(&db, FOUND).await, figures(&db, COUNTED).await), (1, 30));
        let named = "SELECT COUNT(*) AS value FROM alerts WHERE rule_title = \
            'Known indicator: 203.0.113.0/24 (NCSC, VNCERT, confidence 95 %)' AND rule_level = 'high' \
            AND samples LIKE '%203.0.113.9%'";
        assert_eq!(figures(&db, named).await, 1);
        // A change holds without a new start, and what the log gives again is counted once.
        take(&db, &off, "198.51.100.7").await;
        take(&db, &list_named("Mới"), "198.51.100.9").await;
        pipeline.refresh_indicators().await.unwrap();
        store.append(from_addresses(10), None).await.unwrap();
        pipeline.wait_evaluated(store.last_seq()).await.unwrap();
        assert_eq!((figures(&db, FOUND).await, figures(&db, COUNTED).await), (3, 32));
        pipeline.abandon();
        drop((pipeline, store));
        let store = opened(directory.path()).await;
        let pipeline = start(&store, &db).await;
        pipeline.wait_evaluated(store.last_seq()).await.unwrap();
        pipeline.stop().await;
        assert_eq!((figures(&db, FOUND).await, figures(&db, COUNTED).await), (3, 32));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_indicators_is_damped_into_one_row() {
    let database = test_support::sqlite(&migrations(), kit::bus::Bus::default()).await;
    let db = &database.db;
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path(), Options::default()).unwrap();
    let list: String = (1..=200).map(|number| format!("198.51.100.{number}\n")).collect();
    assert_eq!(take(db, &list_named("Dò quét"), &list).await.added, 200);
    let pipeline = start(&store, db).await;
    store.append(from_addresses(200), None).await.unwrap();
    pipeline.wait_evaluated(store.last_seq()).await.unwrap();
    pipeline.stop().await;
    assert_eq!(figures(db, COUNTED).await, 200);
    let damped = "SELECT count AS value FROM alerts WHERE damped AND rule_id = 'indicator:*'";
    assert_eq!((figures(db, FOUND).await, figures(db, damped).await), (121, 80));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ended_long_ago_is_forgotten_and_what_has_ended_is_not_looked_for() {
    test_support::on_each_database(&migrations(), kit::bus::Bus::default, |db| async move {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path(), Options::default()).unwrap();
        take(&db, &list_named("NCSC"), &format!("{ADDRESS}\nevil.example\n198.51.100.1")).await;
        let scope = Scope::service("test");
        let tx = db.scoped(&scope).begin().await.unwrap();
        for (kind, until) in [("address", NOW - 5 * DAY), ("domain", NOW - 400 * DAY)] {
            let sql = format!("UPDATE indicators SET valid_until = {until} WHERE kind = '{kind}'");
            sea_orm::ConnectionTrait::execute_unprepared(&tx, &sql).await.unwrap();
        }
        service::forget(&tx, &settings().indicators, NOW).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(figures(&db, "SELECT COUNT(*) AS value FROM indicators").await, 2);
        let pipeline = start(&store, &db).await;
        store.append(failures(0, 5, "10.0.0.5"), None).await.unwrap();
        pipeline.wait_evaluated(store.last_seq()).await.unwrap();
        pipeline.stop().await;
        assert_eq!(figures(&db, FOUND).await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_its_publisher_withdrew_is_off_the_list_and_what_does_not_hold_yet_raises_nothing() {
    test_support::on_each_database(&migrations(), kit::bus::Bus::default, |db| async move {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path(), Options::default()).unwrap();
        let object = |id: &str, value: &str, more: Value| {
            let pattern = format!("[ipv4-addr:value = '{value}']");
            let mut object = json!({ "type": "indicator", "id": id, "name": "C2", "pattern": pattern });
            object.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            object
        };
        let bundle = |objects: Vec<Value>| json!({ "type": "bundle", "objects": objects }).to_string();
        let later = json!({ "valid_from": "2030-01-01T00:00:00Z" });
        let first = bundle(vec![
            object("indicator--1", ADDRESS, json!({})),
            object("indicator--10", "198.51.100.1", json!({})),
        ]);
        let report = take(&db, &list_named("NCSC"), &first).await;
        assert_eq!((report.added, report.revoked, report.refused_total), (2, 0, 0));
        let withdrawn = bundle(vec![object("indicator--1", ADDRESS, json!({ "revoked": true }))]);
        let report = take(&db, &list_named("NCSC"), &withdrawn).await;
        assert_eq!((report.added, report.revoked, report.refused_total), (0, 1, 0));
        let left = "SELECT COUNT(*) AS value FROM indicators WHERE text = '198.51.100.1'";
        assert_eq!(figures(&db, left).await, 1, "another object with a similar id stays");
        let audited = "SELECT COUNT(*) AS value FROM audit_entries WHERE action = 'indicator.revoke'";
        assert_eq!(figures(&db, audited).await, 1);
        take(&db, &list_named("VNCERT"), &bundle(vec![object("indicator--2", ADDRESS, later)])).await;
        let kept = "SELECT COUNT(*) AS value FROM indicators WHERE valid_from > 0 AND valid_until > valid_from";
        assert_eq!(figures(&db, kept).await, 1);
        let pipeline = start(&store, &db).await;
        store.append(failures(0, 5, "10.0.0.5"), None).await.unwrap();
        pipeline.wait_evaluated(store.last_seq()).await.unwrap();
        pipeline.stop().await;
        assert_eq!(figures(&db, FOUND).await, 0);
    })
    .await;
}
