//! The page of a rule: its condition in words, its tests, its versions, what analysts said, and who wrote it.

use crate::centre::{CORRELATION, Centre, NOW, RULE, in_a_centre, settings};
use axum::http::StatusCode;
use detection::RuleSet;
use kit::clock::HOUR;
use kit::{Db, Scope};
use monitoring::rules::versions::store::{Recorded, record};

const GONE: &str = "6f3b2a10-0000-4000-8000-0000000000aa";

fn text(value: &str) -> String {
    format!(
        "title: Gone\nid: {GONE}\nauthor: A. Author\nlicense: DRL-1.1\nlogsource: {{product: linux}}\n\
         detection:\n  s: {{user_name: {value}}}\n  condition: s\n"
    )
}

async fn load(db: &Db, text: &str) -> Recorded {
    let (set, errors) = RuleSet::from_texts([("pack/gone.yml", text)]);
    assert_eq!(errors, []);
    let scope = Scope::service("test");
    let tx = db.scoped(&scope).begin().await.unwrap();
    let recorded = record(&tx, set.rules(), NOW).await.unwrap();
    tx.commit().await.unwrap();
    recorded
}

#[tokio::test]
async fn a_rule_says_in_words_what_it_asks_and_runs_its_tests() {
    in_a_centre(|centre: Centre| async move {
        let page = centre.get("0", &format!("/rules/{RULE}")).await;
        assert!(page.says("event_outcome là “failure”"), "{}", page.text);
        assert!(page.says("a wrong password") && page.says("phải khớp") && page.says("không được khớp"));
        assert!(!page.says("Đạt<"), "nothing was run yet");
        let ran = centre.get("0", &format!("/rules/{RULE}?tests=run")).await;
        assert!(ran.says("Đạt<") && !ran.says("Không đạt"), "{}", ran.text);
        let correlation = centre.get("0", &format!("/rules/{CORRELATION}")).await;
        assert!(correlation.says("với cùng source_ip") && correlation.says("từ 2 trở lên"), "{}", correlation.text);
        assert!(correlation.says(&format!("/rules/{RULE}")), "the rule that is counted");
    })
    .await;
}

#[tokio::test]
async fn a_changed_text_is_another_version_and_its_difference_is_shown() {
    in_a_centre(|centre: Centre| async move {
        assert_eq!(load(&centre.db, &text("root")).await, Recorded { added: 1, changed: 0 });
        assert_eq!(load(&centre.db, &text("root")).await, Recorded::default(), "the same text is no version");
        assert_eq!(load(&centre.db, &text("admin")).await, Recorded { added: 0, changed: 1 });
        assert_eq!(load(&centre.db, &text("root")).await, Recorded { added: 0, changed: 1 }, "back is a change too");
        let count = "SELECT CAST(COUNT(*) AS TEXT) AS value FROM audit_entries WHERE action = 'rule.load'";
        assert_eq!(centre.value(count).await, "3");
        let second = centre.get("0", &format!("/rules/{GONE}/versions/2")).await;
        assert_eq!(second.status, StatusCode::OK, "{}", second.text);
        assert!(second.says("diff-removed") && second.says("diff-added") && second.says("user_name: admin"));
        assert!(second.says("DRL-1.1") && second.says("A. Author"));
        let first = centre.get("0", &format!("/rules/{GONE}/versions/1")).await;
        assert!(!first.says("diff-added") && first.says("phiên bản đầu tiên"), "{}", first.text);
        assert_eq!(centre.get("0", &format!("/rules/{GONE}/versions/9")).await.status, StatusCode::NOT_FOUND);
    })
    .await;
}

#[tokio::test]
async fn the_author_of_a_rule_is_named_with_every_alert_also_after_the_rule_is_gone() {
    in_a_centre(|centre: Centre| async move {
        load(&centre.db, &text("root")).await;
        let alert = &centre.a.alert;
        assert!(centre.get("0", &format!("/alerts/{alert}")).await.says("Tác giả quy tắc: Lũy Tre"));
        centre.change(&format!("UPDATE alerts SET rule_id = '{GONE}' WHERE id = '{alert}'")).await;
        let page = centre.get("0", &format!("/alerts/{alert}")).await;
        assert!(page.says("Tác giả quy tắc: A. Author") && page.says("giấy phép DRL-1.1"), "{}", page.text);
        let csv = centre.get("2", "/alerts?state=all&range=all&format=csv").await;
        assert!(
            csv.says(&format!("{GONE},A. Author,DRL-1.1")) && csv.says(&format!("{RULE},Lũy Tre,")),
            "{}",
            csv.text
        );
        for path in ["/api/v1/alerts?state=all&range=all".to_owned(), format!("/api/v1/alerts/{alert}")] {
            let answer = centre.get("0", &path).await;
            assert!(answer.says("\"rule_licence\":\"DRL-1.1\""), "{path}: {}", answer.text);
        }
    })
    .await;
}

#[tokio::test]
async fn what_analysts_said_of_a_rule_is_shown_within_the_scope() {
    in_a_centre(|centre: Centre| async move {
        let form = format!("act=close&row={}&reason=false-positive&note=m%C3%A1y%20sao%20l%C6%B0u", centre.a.alert);
        assert_eq!(centre.post("0", "/alerts/act", &form).await.status, StatusCode::SEE_OTHER);
        let own = centre.get("0", &format!("/rules/{RULE}")).await;
        assert!(own.says("Báo nhầm") && own.says("máy sao lưu") && own.says("1 báo nhầm"), "{}", own.text);
        let other = centre.get("1", &format!("/rules/{RULE}")).await;
        assert!(!other.says("máy sao lưu") && other.says("0 báo nhầm"), "{}", other.text);
    })
    .await;
}

#[tokio::test]
async fn an_event_is_held_against_a_rule_part_by_part() {
    in_a_centre(|centre: Centre| async move {
        let path = format!("/events/{}/explain", centre.a.seq);
        let offered = centre.get("0", &path).await;
        assert!(offered.says("Đăng nhập sai nhiều lần") && offered.says(&format!("rule={RULE}")), "{}", offered.text);
        let fired = centre.get("0", &format!("{path}?rule={RULE}")).await;
        assert!(fired.says("condition-holds") && !fired.says("condition-fails"), "{}", fired.text);
        assert!(fired.says("event_outcome là “failure”") && fired.says("<code>failure</code>"), "{}", fired.text);
        let off = centre.post("2", &format!("/rules/{RULE}/state"), "state=off&reason=x").await;
        assert_eq!(off.status, StatusCode::SEE_OTHER);
        assert!(centre.get("0", &format!("{path}?rule={RULE}")).await.says("nhưng quy tắc đang tắt"));
        let correlation = centre.get("0", &format!("{path}?rule={CORRELATION}")).await;
        assert!(correlation.says("Sự kiện được đếm") && correlation.says("từ 2 trở lên"), "{}", correlation.text);
        let found = centre.get("0", &format!("{path}?q=do%20mat%20khau")).await;
        assert!(found.says("Dò mật khẩu từ một địa chỉ") && !found.says("Đăng nhập sai"), "{}", found.text);
        assert_eq!(centre.get("1", &format!("{path}?rule={RULE}")).await.status, StatusCode::NOT_FOUND);
        assert_eq!(centre.get("6", &format!("{path}?rule={RULE}")).await.status, StatusCode::FORBIDDEN);
        let read = "SELECT CAST(COUNT(*) AS TEXT) AS value FROM audit_readings";
        assert_ne!(centre.value(read).await, "0", "whoever looks at an event is in the trail");
    })
    .await;
}

#[tokio::test]
async fn an_event_that_does_not_match_says_which_part_fails() {
    in_a_centre(|centre: Centre| async move {
        let mut event = crate::centre::event(9, &centre.a, "203.0.113.9");
        event.columns.set(event::Column::EventOutcome, &event::Value::from("success"));
        centre.store().insert(vec![event]).await.unwrap();
        let page = centre.get("0", &format!("/events/9/explain?rule={RULE}")).await;
        assert!(page.says("condition-fails") && page.says("<code>success</code>"), "{}", page.text);
        let scope = Scope::service("test");
        let tx = centre.db.scoped(&scope).begin().await.unwrap();
        let input = monitoring::rules::exceptions::service::ExceptionInput {
            reach: format!("source:{}", centre.a.source),
            reason: "bảo trì".into(),
            expires_on: "2026-12-01".into(),
            ..Default::default()
        };
        let settings = settings().tuning.exceptions;
        monitoring::rules::exceptions::service::create(&tx, &settings, RULE, &input, NOW).await.unwrap();
        tx.commit().await.unwrap();
        let path = format!("/events/{}/explain?rule={RULE}", centre.a.seq);
        let (then, now) = explained(&centre.get("0", &path).await);
        assert!(then.contains("Không có ngoại lệ nào") && now.contains("bảo trì"), "made after the event: {then} {now}");
        // Held when the event arrived, and is over now.
        let over = format!(
            "INSERT INTO rule_exceptions (id, rule_id, agency_id, source_id, conditions, reason, expires_at, created_by, \
             created_at) VALUES ('e1', '{RULE}', '{}', '{}', '[]', 'diễn tập', {}, '{}', {})",
            centre.a.agency,
            centre.a.source,
            NOW - 1,
            centre.a.person,
            NOW - HOUR
        );
        centre.change(&over).await;
        let page = centre.get("0", &path).await;
        assert!(page.says("một ngoại lệ có hiệu lực khi sự kiện đến đã bỏ qua nó"), "{}", page.text);
        let (then, now) = explained(&page);
        assert!(then.contains("diễn tập") && !then.contains("bảo trì"), "{then}");
        assert!(now.contains("bảo trì") && !now.contains("diễn tập"), "{now}");
        let whole = "UPDATE rule_exceptions SET agency_id = NULL, source_id = NULL WHERE id = 'e1'";
        centre.change(whole).await;
        let (then, _) = explained(&centre.get("0", &path).await);
        assert!(then.contains("Còn 1 ngoại lệ") && !then.contains("diễn tập"), "it is said that there is one: {then}");
        let (then, _) = explained(&centre.get("2", &path).await);
        assert!(then.contains("diễn tập"), "{then}");
    })
    .await;
}

/// What a page says of exceptions then, and now.
fn explained(page: &crate::centre::Answer) -> (String, String) {
    let (_, then) = page.text.split_once("id=\"explain-then\"").expect("exceptions then");
    let (then, now) = then.split_once("id=\"explain-now\"").expect("exceptions now");
    (then.to_owned(), now.to_owned())
}

#[tokio::test]
async fn what_a_rule_costs_is_measured_told_with_how_and_forgotten_with_its_text() {
    in_a_centre(|centre: Centre| async move {
        let page = format!("/rules/{RULE}");
        assert!(centre.get("2", &page).await.says("Chưa đo"));
        let measure = format!("/rules/{RULE}/cost");
        assert_eq!(
            centre.post("0", &measure, "").await.status,
            StatusCode::FORBIDDEN,
            "it looks at events of everybody"
        );
        assert_eq!(centre.post("6", &measure, "").await.status, StatusCode::FORBIDDEN);
        let measured = centre.post("2", &measure, "").await;
        assert_eq!(measured.status, StatusCode::SEE_OTHER, "{}", measured.text);
        let shown = centre.get("0", &page).await;
        assert!(shown.says("ns mỗi sự kiện") && shown.says("trên 2 sự kiện"), "{}", shown.text);
        let count = "SELECT CAST(COUNT(*) AS TEXT) AS value FROM rule_costs";
        assert_eq!(centre.post("2", "/rules/costs", "").await.status, StatusCode::SEE_OTHER);
        assert_eq!(centre.value(count).await, "1", "a correlation is not measured");
        let list = centre.get("2", "/rules?sort=-cost").await;
        assert!(list.says("aria-sort=\"descending\""), "{}", list.text);
        let audited = "SELECT CAST(COUNT(*) AS TEXT) AS value FROM audit_entries WHERE action = 'rule.measure'";
        assert_eq!(centre.value(audited).await, "2");
        load(&centre.db, &text("root")).await;
        let cost = format!(
            "INSERT INTO rule_costs (rule_id, nanoseconds, events, sample, measured_at) VALUES ('{GONE}', 1.5, 1, 1, 1)"
        );
        centre.change(&cost).await;
        load(&centre.db, &text("root")).await;
        assert_eq!(centre.value(count).await, "2");
        load(&centre.db, &text("toor")).await;
        assert_eq!(centre.value(count).await, "1", "another text costs something else");
    })
    .await;
}
