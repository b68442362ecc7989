//! States of rules: what the pipeline does with them, who changes them, what the list says.

use crate::centre::{Centre, NOW, RULE, in_a_centre, migrations};
use crate::stream::{failures, figures, start};
use axum::http::StatusCode;
use event_store::{Options, Store};
use kit::scope::{Actor, Agencies};
use kit::{Capability, Db, Error, Scope};
use monitoring::rules::states::{self, RuleState};

async fn decide(db: &Db, state: RuleState) {
    let scope = Scope::service("test");
    let tx = db.scoped(&scope).begin().await.unwrap();
    states::service::set(&tx, RULE, state, "thử", NOW).await.unwrap();
    tx.commit().await.unwrap();
}

const MATCHES: &str = "SELECT CAST(COALESCE(SUM(count), 0) AS BIGINT) AS value FROM alerts";
const ALERTED: &str = "SELECT CAST(COALESCE(SUM(alerted), 0) AS BIGINT) AS value FROM rule_hits";
const SHADOWED: &str = "SELECT CAST(COALESCE(SUM(shadowed), 0) AS BIGINT) AS value FROM rule_hits";

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_on_trial_counts_and_alerts_nobody_and_one_that_is_off_does_neither() {
    test_support::on_each_database(&migrations(), kit::bus::Bus::default, |db| async move {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path(), Options::default()).unwrap();
        let pipeline = start(&store, &db).await;
        let send = async |from: u64| {
            let appended = store.append(failures(from, 10, "10.0.0.5"), None).await.unwrap();
            pipeline.wait_evaluated(appended.first_seq + 9).await.unwrap();
            (figures(&db, MATCHES).await, figures(&db, ALERTED).await, figures(&db, SHADOWED).await)
        };
        assert_eq!(send(0).await, (10, 10, 0));
        decide(&db, RuleState::Shadow).await;
        pipeline.refresh_tuning().await.unwrap();
        assert_eq!(send(10).await, (10, 10, 10));
        decide(&db, RuleState::Off).await;
        pipeline.refresh_tuning().await.unwrap();
        assert_eq!(send(20).await, (10, 10, 10));
        decide(&db, RuleState::On).await;
        pipeline.refresh_tuning().await.unwrap();
        assert_eq!(send(30).await, (20, 20, 10));
        pipeline.stop().await;
        drop((pipeline, store));
        // Read again after a start, everything is counted once.
        let store = Store::open(directory.path(), Options::default()).unwrap();
        let pipeline = start(&store, &db).await;
        pipeline.wait_evaluated(store.last_seq()).await.unwrap();
        pipeline.stop().await;
        assert_eq!((figures(&db, ALERTED).await, figures(&db, SHADOWED).await), (20, 10));
    })
    .await;
}

#[tokio::test]
async fn a_state_is_changed_with_a_reason_and_told_to_the_trail() {
    in_a_centre(|centre: Centre| async move {
        let path = format!("/rules/{RULE}/state");
        let without = centre.post("2", &path, "state=shadow&reason=").await;
        assert_eq!(without.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(without.says("id=\"reason-error\""), "{}", without.text);
        let unknown = centre.post("2", &path, "state=asleep&reason=x").await;
        assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
        let form = "state=shadow&reason=%C4%91ang%20th%E1%BB%AD%20v%E1%BB%9Bi%20m%E1%BB%99t%20s%E1%BB%9F";
        assert_eq!(centre.post("2", &path, form).await.status, StatusCode::SEE_OTHER);
        let page = centre.get("0", &format!("/rules/{RULE}")).await;
        assert!(page.says("Chạy thử") && page.says("đang thử với một sở"), "{}", page.text);
        let list = centre.get("0", "/rules?state=shadow").await;
        assert!(list.says("Đăng nhập sai nhiều lần"), "{}", list.text);
        assert!(!centre.get("0", "/rules").await.says("Đăng nhập sai nhiều lần"));
        let audited = "SELECT details AS value FROM audit_entries WHERE action = 'rule.state'";
        assert!(centre.value(audited).await.contains("\"to\":\"shadow\""));
        assert_eq!(centre.post("2", &path, form).await.status, StatusCode::SEE_OTHER, "told, not an error page");
        let count = "SELECT CAST(COUNT(*) AS TEXT) AS value FROM audit_entries WHERE action = 'rule.state'";
        assert_eq!(centre.value(count).await, "1", "the same state again changes nothing");
    })
    .await;
}

#[tokio::test]
async fn an_agency_cannot_turn_a_rule_off_for_everybody() {
    in_a_centre(|centre: Centre| async move {
        let actor = Actor::Person { id: centre.a.person.as_str().into(), name: "Người thử".into() };
        let own = Agencies::Under([centre.a.agency.clone()].into());
        let scope = Scope::new(actor, own, Capability::ALL.iter().copied(), None);
        let tx = centre.db.scoped(&scope).begin().await.unwrap();
        let refused = states::service::set(&tx, RULE, RuleState::Off, "ồn", NOW).await;
        assert!(matches!(refused, Err(Error::Forbidden("manage-rules"))), "{refused:?}");
        drop(tx);
        assert_eq!(centre.post("0", &format!("/rules/{RULE}/state"), "state=off&reason=x").await.status, 403);
        assert!(!centre.get("0", &format!("/rules/{RULE}")).await.says("/state\""), "no form that would be refused");
    })
    .await;
}

#[tokio::test]
async fn the_list_judges_rules_by_closings_within_the_scope() {
    in_a_centre(|centre: Centre| async move {
        let copied = "rule_id, rule_title, rule_title_vi, title_fold, rule_level, first_sequence, last_sequence, source_id, \
                      system_id, system_level, agency_id, entity_kind, entity_value, severity, severity_rank, score, count, \
                      first_event_time, last_event_time, first_event_recorded, detected_at, updated_at, techniques, \
                      samples, damped";
        let close = |from: u32, to: u32, reason: &str| {
            let numbers: Vec<_> = (from..to).map(|number| format!("SELECT {number} AS number")).collect();
            format!(
                "INSERT INTO alerts (id, group_key, state, close_reason, {copied}) SELECT 'c-' || CAST(number AS TEXT), \
                 'c-' || CAST(number AS TEXT), 'closed', '{reason}', {copied} FROM alerts, ({}) AS numbers WHERE id = '{}'",
                numbers.join(" UNION ALL "),
                centre.a.alert
            )
        };
        centre.change(&close(0, 5, "false-positive")).await;
        let own = centre.get("0", "/rules").await;
        assert!(own.says("Cần chỉnh") && own.says("100\u{a0}%") && own.says("trên 5 cảnh báo"), "{}", own.text);
        let other = centre.get("1", "/rules?verdict=tune").await;
        assert!(!other.says("Đăng nhập sai nhiều lần"), "another agency's closings count: {}", other.text);
        centre.change(&close(5, 20, "false-positive")).await;
        let retire = centre.get("2", "/rules?verdict=retire").await;
        assert!(retire.says("Đăng nhập sai nhiều lần") && retire.says("Nên bỏ"), "{}", retire.text);
        centre.change(&close(20, 21, "handled")).await;
        let csv = centre.get("2", "/rules?format=csv").await;
        assert!(csv.says(",21,20,0.952,tune"), "{}", csv.text);
    })
    .await;
}
