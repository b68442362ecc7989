//! Suppressions: what they hold back is kept, counted and told to nobody; whose they are; that each ends.

use crate::centre::{Centre, NOW, RULE, in_a_centre, migrations, settings};
use crate::stream::{failures, figures, start};
use axum::http::StatusCode;
use event_store::{Options, Store};
use kit::{Db, Scope};
use monitoring::suppressions::service::{self, SuppressionInput};
use serde_json::{Value, json};

async fn suppress(db: &Db, input: SuppressionInput) -> String {
    let scope = Scope::service("test");
    let tx = db.scoped(&scope).begin().await.unwrap();
    let input = SuppressionInput {
        kind: "drill".into(),
        reach: "centre".into(),
        starts_at: "2026-11-21T09:00".into(),
        ends_at: "2026-11-21T12:00".into(),
        reason: "diễn tập".into(),
        ..input
    };
    let id = service::create(&tx, &settings().tuning, &input, NOW).await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn end(db: &Db, id: &str) {
    let scope = Scope::service("test");
    let tx = db.scoped(&scope).begin().await.unwrap();
    service::end(&tx, id, "xong", NOW).await.unwrap();
    assert!(service::end(&tx, id, "lần nữa", NOW).await.is_err());
    tx.commit().await.unwrap();
}

const TOLD: &str = "SELECT CAST(COALESCE(SUM(count), 0) AS BIGINT) AS value FROM alerts WHERE state = 'new'";
const HELD: &str = "SELECT CAST(COALESCE(SUM(count), 0) AS BIGINT) AS value FROM alerts WHERE state = 'suppressed'";
const ROWS: &str = "SELECT COUNT(*) AS value FROM alerts";
const HITS: &str = "SELECT CAST(SUM(alerted) AS BIGINT) AS value FROM rule_hits";

#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_back_is_kept_and_counted_and_joins_nothing_that_was_told() {
    test_support::on_each_database(&migrations(), kit::bus::Bus::default, |db| async move {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path(), Options::default()).unwrap();
        let pipeline = start(&store, &db).await;
        let send = async |from: u64| {
            pipeline.refresh_tuning().await.unwrap();
            let appended = store.append(failures(from, 10, "10.0.0.5"), None).await.unwrap();
            pipeline.wait_evaluated(appended.first_seq + 9).await.unwrap();
            (figures(&db, TOLD).await, figures(&db, HELD).await)
        };
        assert_eq!(send(0).await, (10, 0));
        let about = |field: &str, value: &str| SuppressionInput {
            field: field.into(),
            value: value.into(),
            ..SuppressionInput::default()
        };
        suppress(&db, about("source_ip", "192.0.2.1")).await;
        assert_eq!(send(10).await, (20, 0), "another address is none of its business");
        let by_address = suppress(&db, about("source_ip", "203.0.113.9")).await;
        assert_eq!(send(20).await, (20, 10));
        assert_eq!(send(30).await, (20, 20));
        assert_eq!(figures(&db, ROWS).await, 2, "one alert that was told, one that is held back");
        end(&db, &by_address).await;
        assert_eq!(send(40).await, (30, 20), "what is told joins what was told");
        let of_rule = suppress(&db, SuppressionInput { rule_id: RULE.into(), ..SuppressionInput::default() }).await;
        assert_eq!(send(50).await, (30, 30));
        end(&db, &of_rule).await;
        let other = suppress(&db, SuppressionInput { rule_id: "another".into(), ..SuppressionInput::default() }).await;
        assert_eq!(send(60).await, (40, 30));
        end(&db, &other).await;
        assert_eq!(
            (figures(&db, ROWS).await, figures(&db, HITS).await),
            (3, 70),
            "each suppression holds back its own"
        );
        pipeline.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_window_is_made_seen_and_ended_within_the_agency() {
    in_a_centre(|centre: Centre| async move {
        let (alert, system) = (&centre.a.alert, &centre.a.system);
        let page = centre.get("0", &format!("/alerts/{alert}")).await;
        let link = format!("/suppressions/new?alert={alert}");
        assert!(page.says(&link), "{}", page.text);
        let form = centre.get("0", &link).await;
        assert_eq!(form.status, StatusCode::OK, "{}", form.text);
        assert!(form.says(&format!("value=\"system:{system}\" selected")) && form.says("value=\"203.0.113.9\""));
        assert_eq!(centre.get("1", &link).await.status, StatusCode::NOT_FOUND);
        let fields = format!(
            "kind=maintenance&rule_id=&field=&value=&starts_at=2026-11-21T09:00&reach=system%3A{system}&reason=thay%20ngu%E1%BB%93n"
        );
        let wrong = centre.post("0", "/suppressions", &format!("{fields}&ends_at=")).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(wrong.says("href=\"#ends_at\""), "{}", wrong.text);
        let foreign = centre.post("1", "/suppressions", &format!("{fields}&ends_at=2026-11-21T12:00")).await;
        assert_eq!(foreign.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", foreign.text);
        let all = "kind=other&reach=centre&starts_at=2026-11-21T09:00&ends_at=2026-11-21T12:00&reason=x";
        let wide = centre.post("2", "/suppressions", all).await;
        assert!(wide.says("phải nêu một quy tắc hoặc một đối tượng"), "{}", wide.text);
        let made = centre.post("0", "/suppressions", &format!("{fields}&ends_at=2026-11-21T12:00")).await;
        assert_eq!((made.status, made.location()), (StatusCode::SEE_OTHER, "/suppressions"));
        let audited = "SELECT details AS value FROM audit_entries WHERE action = 'suppression.create'";
        assert!(centre.value(audited).await.contains("thay nguồn"));
        let id = centre.value("SELECT id AS value FROM suppressions").await;
        let list = centre.get("0", "/suppressions").await;
        assert!(list.says("thay nguồn") && list.says("chưa giữ lại cảnh báo nào"), "{}", list.text);
        assert!(!centre.get("1", "/suppressions").await.says("thay nguồn"));
        assert!(centre.get("2", "/suppressions?format=csv").await.says(&id));
        let close = format!("/suppressions/{id}/end");
        assert_eq!(centre.post("1", &close, "reason=x").await.status, StatusCode::NOT_FOUND);
        assert_eq!(centre.post("0", &close, "reason=").await.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(centre.post("0", &close, "reason=xong").await.status, StatusCode::SEE_OTHER);
        assert!(!centre.get("0", "/suppressions").await.says("thay nguồn"));
        assert!(centre.get("0", "/suppressions?show=over").await.says("thay nguồn"));
    })
    .await;
}

#[tokio::test]
async fn alerts_that_were_held_back_are_listed_and_can_be_taken_out() {
    in_a_centre(|centre: Centre| async move {
        let alert = &centre.a.alert;
        let input = SuppressionInput { rule_id: RULE.into(), ..SuppressionInput::default() };
        let id = suppress(&centre.db, input).await;
        let held = format!("UPDATE alerts SET state = 'suppressed', suppression_id = '{id}' WHERE id = '{alert}'");
        centre.change(&held).await;
        assert!(!centre.get("0", "/alerts").await.says(alert), "it is told to nobody");
        assert!(!centre.get("0", "/alerts?state=open").await.says(alert));
        let list = centre.get("2", "/suppressions").await;
        assert!(list.says("đã giữ lại 1 cảnh báo, 42 lần khớp"), "{}", list.text);
        let through = format!("/alerts?state=all&#38;range=all&#38;suppression={id}");
        assert!(list.says(&through), "{}", list.text);
        let shown = centre.get("0", &through.replace("&#38;", "&")).await;
        assert!(shown.says(alert) && !shown.says(&centre.b.alert), "{}", shown.text);
        // The suppression is of the whole centre, which a department does not read; that there is one is said.
        let page = centre.get("0", &format!("/alerts/{alert}")).await;
        assert!(page.says("được giữ lại") && !page.says("diễn tập") && page.says("Đưa ra xử lý"), "{}", page.text);
        assert!(centre.get("2", &format!("/alerts/{alert}")).await.says("diễn tập"));
        let act = |act: &str| format!("act={act}&row={alert}");
        centre.post("0", "/alerts/act", &act("acknowledge")).await;
        let state = format!("SELECT state AS value FROM alerts WHERE id = '{alert}'");
        assert_eq!(centre.value(&state).await, "suppressed", "first it is taken out");
        assert_eq!(centre.post("0", "/alerts/act", &act("reopen")).await.status, StatusCode::SEE_OTHER);
        assert_eq!(centre.value(&state).await, "new");
        assert!(centre.get("0", "/alerts").await.says(alert));
    })
    .await;
}

#[tokio::test]
async fn programs_make_see_and_end_suppressions_within_their_reach() {
    in_a_centre(|centre: Centre| async move {
        let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        let body = |reason: &str| {
            let reach = format!("system:{}", centre.a.system);
            json!({
                "kind": "maintenance", "reach": reach, "reason": reason, "field": "host_name", "value": "web01",
                "starts_at": "2026-11-21T02:00:00Z", "ends_at": "2026-11-21T05:00:00Z",
            })
            .to_string()
        };
        let path = "/api/v1/suppressions";
        assert_eq!(centre.post_json("", path, &body("x")).await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(centre.post_json("1", path, &body("x")).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        let unfit = centre.post_json("0", path, &body("")).await;
        assert_eq!(unfit.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", unfit.text);
        let made = centre.post_json("0", path, &body("thay nguồn")).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        let made = read(&made.text);
        assert_eq!((&made["reason"], &made["alerts"]), (&json!("thay nguồn"), &json!(0)));
        assert_eq!(made["conditions"], json!([{ "field": "host_name", "values": ["web01"] }]));
        let one = format!("{path}/{}", made["id"].as_str().unwrap());
        for (who, status) in [("0", StatusCode::OK), ("1", StatusCode::NOT_FOUND), ("2", StatusCode::OK)] {
            assert_eq!(centre.get(who, &one).await.status, status, "{who}");
        }
        let phase = made["phase"].as_str().unwrap().to_owned();
        let total = async |who: &str, phase: &str| {
            read(&centre.get(who, &format!("{path}?show={phase}")).await.text)["total"].clone()
        };
        assert_eq!(
            (total("0", &phase).await, total("1", &phase).await, total("0", "over").await),
            (json!(1), json!(0), json!(0))
        );
        let end = format!("{one}/end");
        let why = json!({ "reason": "xong" }).to_string();
        assert_eq!(centre.post_json("1", &end, &why).await.status, StatusCode::NOT_FOUND);
        assert_eq!(centre.post_json("0", &end, "{}").await.status, StatusCode::UNPROCESSABLE_ENTITY);
        let ended = centre.post_json("0", &end, &why).await;
        assert_eq!(read(&ended.text)["end_reason"], json!("xong"), "{}", ended.text);
        assert_eq!(centre.post_json("0", &end, &why).await.status, StatusCode::CONFLICT);
        assert_eq!((total("0", &phase).await, total("0", "over").await), (json!(0), json!(1)));
    })
    .await;
}
