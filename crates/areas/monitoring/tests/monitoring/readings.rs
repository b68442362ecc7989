//! Whoever reads events, by whatever way, is in the trail with the agencies whose events they are.

use crate::centre::{Centre, event, in_a_centre};
use axum::http::StatusCode;
use futures::StreamExt;
use kit::Scope;
use sea_orm::{ConnectionTrait, Statement};
use std::time::Duration;

/// Agency and number of records of the readings for a purpose, in order.
async fn touched(centre: &Centre, purpose: &str) -> Vec<String> {
    let sql = format!(
        "SELECT r.agency_id, r.records FROM audit_readings r JOIN audit_entries e ON e.sequence = r.sequence \
         WHERE e.details LIKE '{{\"purpose\":\"{purpose}\"%' ORDER BY r.sequence, r.agency_id"
    );
    let scope = Scope::service("test");
    let view = centre.db.scoped(&scope).read();
    let rows = view.query_all_raw(Statement::from_string(view.get_database_backend(), sql)).await.unwrap();
    let told = rows.iter().map(|row| {
        let records: Option<i64> = row.try_get("", "records").unwrap();
        let agency: String = row.try_get("", "agency_id").unwrap();
        format!("{agency}={}", records.map_or_else(|| "counted".to_owned(), |count| count.to_string()))
    });
    told.collect()
}

#[tokio::test]
async fn every_way_to_events_names_the_agencies_whose_events_were_seen() {
    in_a_centre(|centre: Centre| async move {
        let (a, b) = (&centre.a.agency, &centre.b.agency);
        let one = |agency: &String| format!("{agency}=1");
        let mut both = vec![one(a), one(b)];
        both.sort();
        for (path, purpose, expected) in [
            ("/search?range=all".to_owned(), "search", both.clone()),
            ("/search?range=all&format=csv".to_owned(), "export", both.clone()),
            ("/api/v1/search?range=all".to_owned(), "api", both.clone()),
            (format!("/events/{}", centre.b.seq), "event", vec![one(b)]),
            (format!("/alerts/{}", centre.a.alert), "alert", vec![one(a)]),
        ] {
            assert_eq!(centre.get("2", &path).await.status, StatusCode::OK, "{path}");
            assert_eq!(touched(&centre, purpose).await, expected, "{path}");
        }
        assert_eq!(centre.get("2", &format!("/api/v1/alerts/{}", centre.b.alert)).await.status, StatusCode::OK);
        assert_eq!(touched(&centre, "alert").await, [one(a), one(b)], "what matched, by the API");
        centre.get("2", "/questions?sql=SELECT%20count(*)%20FROM%20events").await;
        let mut counted = vec![format!("{a}=counted"), format!("{b}=counted")];
        counted.sort();
        assert_eq!(touched(&centre, "page").await, counted, "an answer that does not say whose events it counts");
    })
    .await;
}

#[tokio::test]
async fn a_question_that_reads_no_events_touches_nobody() {
    in_a_centre(|centre: Centre| async move {
        let page = centre.get("2", "/questions?sql=SELECT%201").await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        assert_eq!(touched(&centre, "page").await, Vec::<String>::new());
        let asked = "SELECT CAST(COUNT(*) AS TEXT) AS value FROM audit_entries WHERE action = 'question.read'";
        assert_eq!(centre.value(asked).await, "1", "it is in the trail all the same");
        centre.get("0", "/questions?sql=SELECT%20count(*)%20FROM%20events").await;
        assert_eq!(touched(&centre, "page").await, [format!("{}=counted", centre.a.agency)], "within the own scope");
    })
    .await;
}

#[tokio::test]
async fn one_person_follows_so_many_live_tails_and_is_told_why_not_more() {
    in_a_centre(|centre: Centre| async move {
        let most = organisation::Policies::embedded().unwrap().session.live.tails;
        let path = "/search/live?range=all";
        let mut open = Vec::new();
        for _ in 0..most {
            let answer = centre.open("0", path, "text/event-stream").await;
            assert_eq!(answer.status(), StatusCode::OK);
            open.push(answer);
        }
        let refused = centre.get("0", path).await;
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
        assert!(refused.says("theo dõi trực tiếp ở nhiều trang nhất có thể"), "{}", refused.text);
        assert_eq!(centre.open("1", path, "text/event-stream").await.status(), StatusCode::OK, "somebody else");
        open.pop();
        assert_eq!(centre.open("0", path, "text/event-stream").await.status(), StatusCode::OK, "one has ended");
    })
    .await;
}

#[tokio::test]
async fn a_live_view_tells_of_an_agency_when_its_first_event_is_seen() {
    in_a_centre(|centre: Centre| async move {
        let answer = centre.open("2", "/search/live?range=all", "text/event-stream").await;
        assert_eq!(answer.status(), StatusCode::OK);
        let mut body = answer.into_body().into_data_stream();
        assert_eq!(touched(&centre, "live").await, Vec::<String>::new());
        for seq in [50, 51] {
            centre.store().insert(vec![event(seq, &centre.b, "198.51.100.7")]).await.unwrap();
            let next = tokio::time::timeout(Duration::from_secs(20), body.next()).await.unwrap().unwrap().unwrap();
            assert!(String::from_utf8_lossy(&next).contains("198.51.100.7"));
        }
        assert_eq!(touched(&centre, "live").await, [format!("{}=1", centre.b.agency)], "once for each agency");
    })
    .await;
}
