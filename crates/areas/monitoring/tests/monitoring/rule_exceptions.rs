//! Exceptions: what the pipeline leaves out, what is shown before one is saved, and whose they are.

use crate::centre::{Centre, NOW, RULE, in_a_centre, migrations, settings};
use crate::stream::{failures, figures, start};
use axum::http::StatusCode;
use event_store::{Options, Store};
use kit::Scope;
use kit::clock::{DAY, HOUR};
use monitoring::rules::exceptions::service::{self, ExceptionInput};

const MATCHES: &str = "SELECT CAST(COALESCE(SUM(count), 0) AS BIGINT) AS value FROM alerts";
const EXCEPTED: &str = "SELECT CAST(COALESCE(SUM(excepted), 0) AS BIGINT) AS value FROM rule_hits";

#[tokio::test(flavor = "multi_thread")]
async fn what_is_excepted_raises_nothing_and_is_counted() {
    test_support::on_each_database(&migrations(), kit::bus::Bus::default, |db| async move {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path(), Options::default()).unwrap();
        let pipeline = start(&store, &db).await;
        let send = async |from: u64| {
            let appended = store.append(failures(from, 10, "10.0.0.5"), None).await.unwrap();
            pipeline.wait_evaluated(appended.first_seq + 9).await.unwrap();
            (figures(&db, MATCHES).await, figures(&db, EXCEPTED).await)
        };
        let except = async |address: &str| {
            let scope = Scope::service("test");
            let tx = db.scoped(&scope).begin().await.unwrap();
            let input = ExceptionInput {
                reach: "centre".into(),
                field: vec!["source_ip".into()],
                values: vec![address.into()],
                reason: "máy quét của Trung tâm".into(),
                expires_on: "2026-11-30".into(),
                alert: String::new(),
            };
            let id = service::create(&tx, &settings().tuning.exceptions, RULE, &input, NOW).await.unwrap();
            tx.commit().await.unwrap();
            pipeline.refresh_tuning().await.unwrap();
            id
        };
        assert_eq!(send(0).await, (10, 0));
        except("192.0.2.1").await;
        assert_eq!(send(10).await, (20, 0), "another address is none of its business");
        let id = except("203.0.113.9").await;
        assert_eq!(send(20).await, (20, 10));
        let scope = Scope::service("test");
        let tx = db.scoped(&scope).begin().await.unwrap();
        service::remove(&tx, &id, "xong việc", NOW).await.unwrap();
        assert!(service::remove(&tx, &id, "lần nữa", NOW).await.is_err());
        tx.commit().await.unwrap();
        pipeline.refresh_tuning().await.unwrap();
        assert_eq!(send(30).await, (30, 10));
        pipeline.stop().await;
    })
    .await;
}

/// Matches of the last days of department A, of two addresses.
async fn hits(centre: &Centre) {
    let hour = NOW.div_euclid(HOUR) * HOUR;
    for (number, (ago, address, count)) in
        [(0, "203.0.113.9", 20), (DAY, "203.0.113.9", 20), (DAY, "192.0.2.55", 2)].into_iter().enumerate()
    {
        let sql = format!(
            "INSERT INTO rule_hits (id, rule_id, hour_start, source_id, system_id, agency_id, entities, detailed, alerted, \
             shadowed, excepted) VALUES ('h{number}', '{RULE}', {}, '{}', '{}', '{}', '{{\"source_ip\":\"{address}\"}}', \
             TRUE, {count}, 0, 0)",
            hour - ago,
            centre.a.source,
            centre.a.system,
            centre.a.agency
        );
        centre.change(&sql).await;
    }
}

#[tokio::test]
async fn from_an_alert_to_an_exception_with_tomorrow_in_sight() {
    in_a_centre(|centre: Centre| async move {
        hits(&centre).await;
        let (alert, system) = (&centre.a.alert, &centre.a.system);
        let page = centre.get("0", &format!("/alerts/{alert}")).await;
        let link = format!("/rules/{RULE}/exceptions/new?alert={alert}");
        assert!(page.says(&link), "{}", page.text);
        let form = centre.get("0", &link).await;
        assert_eq!(form.status, StatusCode::OK, "{}", form.text);
        assert!(form.says(">203.0.113.9</textarea>") && form.says(&format!("value=\"system:{system}\" selected")));
        assert!(form.says("40 trong 42 lần khớp") && form.says("6,6 → 0,3"), "{}", form.text);
        let fields = format!("reach=system%3A{system}&field=source_ip&values=203.0.113.9%0A192.0.2.55&alert={alert}");
        let path = format!("/rules/{RULE}/exceptions");
        let again = centre.post("0", &path, &format!("{fields}&act=preview")).await;
        assert_eq!(again.status, StatusCode::OK, "nothing is kept yet: {}", again.text);
        assert!(again.says("42 trong 42 lần khớp"), "{}", again.text);
        let unreasoned = centre.post("0", &path, &format!("{fields}&act=save&expires_on=2026-12-01&reason=")).await;
        assert_eq!(unreasoned.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(unreasoned.says("192.0.2.55</textarea>"), "what was typed is kept");
        let count = "SELECT CAST(COUNT(*) AS TEXT) AS value FROM rule_exceptions";
        assert_eq!(centre.value(count).await, "0");
        let save = format!("{fields}&act=save&expires_on=2026-12-01&reason=m%C3%A1y%20sao%20l%C6%B0u&close_alert=true");
        let saved = centre.post("0", &path, &save).await;
        assert_eq!((saved.status, saved.location()), (StatusCode::SEE_OTHER, format!("/alerts/{alert}").as_str()));
        let closed = format!("SELECT close_reason AS value FROM alerts WHERE id = '{alert}'");
        assert_eq!(centre.value(&closed).await, "false-positive");
        let audited = "SELECT details AS value FROM audit_entries WHERE action = 'rule-exception.create'";
        let details = centre.value(audited).await;
        assert!(details.contains("máy sao lưu") && details.contains("192.0.2.55"), "{details}");
        for path in [format!("/rules/{RULE}"), "/rules/exceptions".to_owned()] {
            let shown = centre.get("0", &path).await;
            assert!(shown.says("source_ip = 203.0.113.9, 192.0.2.55") && shown.says("máy sao lưu"), "{}", shown.text);
        }
        let id = centre.value("SELECT id AS value FROM rule_exceptions").await;
        let end = format!("/rules/exceptions/{id}/remove");
        assert_eq!(centre.post("0", &end, "reason=").await.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(centre.post("0", &end, "reason=xong").await.status, StatusCode::SEE_OTHER);
        assert!(!centre.get("0", "/rules/exceptions").await.says("192.0.2.55"));
        assert!(centre.get("0", "/rules/exceptions?show=ended").await.says("192.0.2.55"));
    })
    .await;
}

#[tokio::test]
async fn exceptions_stay_behind_the_wall_of_their_agency() {
    in_a_centre(|centre: Centre| async move {
        hits(&centre).await;
        let path = format!("/rules/{RULE}/exceptions");
        let end = "act=save&expires_on=2026-12-01&reason=x&field=source_ip&values=203.0.113.9";
        let (system, source, agency) = (&centre.a.system, &centre.a.source, &centre.a.agency);
        for reach in
            [format!("system:{system}"), format!("source:{source}"), format!("agency:{agency}"), "centre".into()]
        {
            let foreign = centre.post("1", &path, &format!("{end}&reach={reach}")).await;
            assert_eq!(foreign.status, StatusCode::UNPROCESSABLE_ENTITY, "{reach}: {}", foreign.text);
        }
        let form = centre.get("1", &format!("{path}/new?alert={}", centre.a.alert)).await;
        assert_eq!(form.status, StatusCode::NOT_FOUND);
        let preview = centre.post("1", &path, &format!("act=preview&reach=system%3A{}", centre.b.system)).await;
        assert!(preview.says("0 trong 0 lần khớp"), "another agency's matches are counted: {}", preview.text);
        let own = centre.post("0", &path, &format!("{end}&reach=agency%3A{agency}")).await;
        assert_eq!(own.status, StatusCode::SEE_OTHER, "{}", own.text);
        let whole = centre.post("2", &path, &format!("{end}&reach=centre")).await;
        assert_eq!(whole.status, StatusCode::SEE_OTHER, "{}", whole.text);
        let of = |who: &'static str| centre.get(who, "/rules/exceptions");
        assert!(of("0").await.says(": Sở Y tế</strong>") && !of("0").await.says("<strong>Toàn Trung tâm"));
        assert!(!of("1").await.says(": Sở Y tế</strong>"));
        assert!(of("2").await.says(": Sở Y tế</strong>") && of("2").await.says("<strong>Toàn Trung tâm"));
        let sql = "SELECT id AS value FROM rule_exceptions WHERE agency_id IS NOT NULL";
        let remove = format!("/rules/exceptions/{}/remove", centre.value(sql).await);
        assert_eq!(centre.post("1", &remove, "reason=x").await.status, StatusCode::NOT_FOUND);
    })
    .await;
}

#[tokio::test]
async fn everything_everywhere_is_no_exception() {
    in_a_centre(|centre: Centre| async move {
        let path = format!("/rules/{RULE}/exceptions");
        let all = centre.post("2", &path, "act=save&expires_on=2026-12-01&reason=x&reach=centre&field=a&values=").await;
        assert_eq!(all.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(all.says("hãy tắt quy tắc"), "{}", all.text);
        let long = "act=save&expires_on=2029-12-01&reason=x&reach=centre&field=user_name&values=root";
        let long = centre.post("2", &path, long).await;
        assert!(long.says("Quá thời hạn dài nhất"), "{}", long.text);
    })
    .await;
}

#[tokio::test]
async fn everything_that_is_wrong_is_said_at_once() {
    in_a_centre(|centre: Centre| async move {
        let path = format!("/rules/{RULE}/exceptions");
        let wrong = centre.post("2", &path, "act=save&reach=&field=&values=root&expires_on=soon&reason=").await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        for field in ["reach", "values", "expires_on", "reason"] {
            assert!(wrong.says(&format!("href=\"#{field}\"")), "{field}: {}", wrong.text);
        }
    })
    .await;
}

#[tokio::test]
async fn the_bound_on_exceptions_of_a_rule_is_one_for_all_agencies() {
    in_a_centre(|centre: Centre| async move {
        let most = settings().tuning.exceptions.most_per_rule;
        let (agency, person) = (&centre.b.agency, &centre.b.person);
        let row =
            |number: u64| format!("('e{number}', '{RULE}', '{agency}', '[]', 'x', {}, '{person}', {NOW})", NOW + DAY);
        let rows: Vec<String> = (0..most).map(row).collect();
        let columns = "id, rule_id, agency_id, conditions, reason, expires_at, created_by, created_at";
        centre.change(&format!("INSERT INTO rule_exceptions ({columns}) VALUES {}", rows.join(", "))).await;
        let path = format!("/rules/{RULE}/exceptions");
        let form = format!("act=save&reach=system%3A{}&expires_on=2026-12-01&reason=x", centre.a.system);
        let full = centre.post("0", &path, &form).await;
        assert!(full.says("đã có quá nhiều ngoại lệ") && !full.says("diễn tập"), "{}", full.text);
        centre.change("UPDATE rule_exceptions SET removed_at = 1 WHERE id = 'e0'").await;
        assert_eq!(centre.post("0", &path, &form).await.status, StatusCode::SEE_OTHER);
    })
    .await;
}
