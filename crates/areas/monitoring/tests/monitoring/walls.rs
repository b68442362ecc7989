//! A person of agency A finds no event, alert or source of B through any page, API, search or SQL, and cannot act
//! on one.

use crate::centre::{Centre, RULE, in_a_centre};
use axum::http::StatusCode;

const A_ADDRESS: &str = "203.0.113.9";
const B_ADDRESS: &str = "198.51.100.7";

#[tokio::test]
async fn no_list_and_no_page_shows_what_belongs_to_another_agency() {
    in_a_centre(|centre: Centre| async move {
        for path in [
            "/",
            "/?wall=1",
            "/alerts?state=all&range=all",
            "/alerts?state=all&range=all&format=csv",
            "/api/v1/alerts?state=all&range=all",
            "/search?range=all",
            "/search?range=all&format=csv",
            "/search?range=all&format=json",
            "/api/v1/search?range=all",
            "/questions?sql=SELECT%20source_ip%20FROM%20events",
            "/questions?sql=SELECT%20source_ip%20FROM%20events&format=csv",
        ] {
            let own = centre.get("0", path).await;
            assert_eq!(own.status, StatusCode::OK, "{path}: {}", own.text);
            assert!(own.says(A_ADDRESS), "{path} does not show the own agency's");
            assert!(!own.says(B_ADDRESS), "{path} shows another agency's address");
            assert!(!own.says("Máy chủ SGD") && !own.says("Sở Giáo dục"), "{path} names another agency");
            let whole = centre.get("2", path).await;
            assert!(whole.says(A_ADDRESS) && whole.says(B_ADDRESS), "{path} hides something from the centre");
        }
    })
    .await;
}

#[tokio::test]
async fn raw_events_may_be_read_of_fewer_agencies_than_are_reached() {
    in_a_centre(|centre: Centre| async move {
        for path in [
            "/search?range=all",
            "/search?range=all&format=csv",
            "/api/v1/search?range=all",
            "/questions?sql=SELECT%20source_ip%20FROM%20events",
        ] {
            let answer = centre.get("7", path).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
            assert!(answer.says(B_ADDRESS) && !answer.says(A_ADDRESS), "{path}: {}", answer.text);
        }
        assert_eq!(centre.get("7", &format!("/events/{}", centre.a.seq)).await.status, StatusCode::NOT_FOUND);
        assert_eq!(centre.get("7", &format!("/events/{}", centre.b.seq)).await.status, StatusCode::OK);
        let page = centre.get("7", "/search?range=all").await;
        assert!(page.says("/elevations?kind=foreign-events"), "the page says how the others are reached");
        assert!(!centre.get("2", "/search?range=all").await.says("/elevations?kind"));
        for who in ["6", "7"] {
            let page = centre.get(who, &format!("/alerts/{}", centre.a.alert)).await;
            assert_eq!(page.status, StatusCode::OK, "{}", page.text);
            assert!(page.says("không có quyền xem nhật ký gốc") && !page.says("user=root"), "{who}: {}", page.text);
            let answer = centre.get(who, &format!("/api/v1/alerts/{}", centre.a.alert)).await;
            assert!(answer.says("\"samples\":[]"), "{who}: {}", answer.text);
        }
        let own = centre.get("7", &format!("/api/v1/alerts/{}", centre.b.alert)).await;
        assert!(own.says("\"value\":\"root\""), "{}", own.text);
        let alerts = centre.get("7", "/alerts?state=all&range=all").await;
        assert!(alerts.says("Sở Y tế") && alerts.says("Sở Giáo dục"), "what is reached otherwise stays");
    })
    .await;
}

#[tokio::test]
async fn objects_of_another_agency_are_not_found() {
    in_a_centre(|centre: Centre| async move {
        for path in [
            format!("/alerts/{}", centre.b.alert),
            format!("/api/v1/alerts/{}", centre.b.alert),
            format!("/alerts?open={}", centre.b.alert),
            format!("/events/{}", centre.b.seq),
        ] {
            assert_eq!(centre.get("0", &path).await.status, StatusCode::NOT_FOUND, "{path}");
            assert_eq!(centre.get("1", &path).await.status, StatusCode::OK, "{path}");
        }
    })
    .await;
}

#[tokio::test]
async fn no_act_reaches_an_alert_of_another_agency() {
    in_a_centre(|centre: Centre| async move {
        let (own, other) = (&centre.a.alert, &centre.b.alert);
        for form in [
            format!("act=acknowledge&row={own}&row={other}"),
            format!("act=take&row={other}"),
            format!("act=assign&row={other}&assigned_to={}", centre.a.person),
            format!("act=close&row={other}&reason=benign"),
            format!("act=escalate&row={other}"),
        ] {
            let answer = centre.post("0", "/alerts/act", &form).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{form}");
        }
        let json = format!("{{\"act\":\"acknowledge\",\"ids\":[\"{other}\"]}}");
        assert_eq!(centre.post_json("0", "/api/v1/alerts/act", &json).await.status, StatusCode::NOT_FOUND);
        // The one allowed row of the mixed act did not change either.
        let state = format!("SELECT state AS value FROM alerts WHERE id = '{own}'");
        assert_eq!(centre.value(&state).await, "new");
    })
    .await;
}

#[tokio::test]
async fn whatever_the_interface_refuses_is_a_problem_document() {
    in_a_centre(|centre: Centre| async move {
        let answers = [
            (StatusCode::BAD_REQUEST, centre.post_json("2", "/api/v1/alerts/act", "{").await),
            (StatusCode::UNPROCESSABLE_ENTITY, centre.post_json("2", "/api/v1/alerts/act", "{\"act\":\"x\"}").await),
            (StatusCode::METHOD_NOT_ALLOWED, centre.post_json("2", "/api/v1/alerts", "{}").await),
            (StatusCode::BAD_REQUEST, centre.get("2", "/api/v1/alerts/%ff").await),
            (StatusCode::BAD_REQUEST, centre.get("2", "/api/v1/alerts?offset=18446744073709551615").await),
        ];
        for (status, answer) in answers {
            assert_eq!(answer.status, status, "{}", answer.text);
            assert_eq!(answer.headers["content-type"], "application/problem+json", "{}", answer.text);
            let problem: serde_json::Value = serde_json::from_str(&answer.text).unwrap();
            assert_eq!(problem["status"], status.as_u16());
        }
    })
    .await;
}

#[tokio::test]
async fn an_alert_is_not_given_to_a_person_of_another_agency() {
    in_a_centre(|centre: Centre| async move {
        let form = format!("act=assign&row={}&assigned_to={}", centre.a.alert, centre.b.person);
        assert_eq!(centre.post("0", "/alerts/act", &form).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    })
    .await;
}

#[tokio::test]
async fn counts_beside_rules_keep_to_the_scope() {
    in_a_centre(|centre: Centre| async move {
        let own = centre.get("0", &format!("/rules/{RULE}")).await;
        let whole = centre.get("2", &format!("/rules/{RULE}")).await;
        assert!(own.says("1 cảnh báo trong 30 ngày"), "{}", own.text);
        assert!(whole.says("2 cảnh báo trong 30 ngày"), "{}", whole.text);
    })
    .await;
}

#[tokio::test]
async fn a_search_for_the_other_agencys_source_finds_nothing() {
    in_a_centre(|centre: Centre| async move {
        let clause = format!("source_id%3A%22{}%22", centre.b.source);
        let answer = centre.get("0", &format!("/api/v1/search?range=all&q={clause}")).await;
        assert!(answer.says("\"rows\":[]"), "{}", answer.text);
        let page = centre.get("0", &format!("/search/value?field=source_id&value={}", centre.b.source)).await;
        assert!(!page.says("Máy chủ SGD"));
        let sql =
            format!("SELECT%20count(*)%20AS%20n%20FROM%20events%20WHERE%20source_id%20%3D%20'{}'", centre.b.source);
        let answer = centre.get("0", &format!("/questions?sql={sql}&format=json")).await;
        assert_eq!(answer.text, "[{\"n\":0}]");
    })
    .await;
}

#[tokio::test]
async fn nobody_signed_in_sees_nothing() {
    in_a_centre(|centre: Centre| async move {
        for path in ["/", "/alerts", "/search", "/questions", "/rules", "/find?q=a"] {
            let answer = centre.get("", path).await;
            assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
            assert!(answer.location().starts_with("/sign-in"), "{path}");
        }
        assert_eq!(centre.get("", "/api/v1/search").await.status, StatusCode::UNAUTHORIZED);
    })
    .await;
}

#[tokio::test]
async fn quick_search_finds_pages_alerts_and_sources_of_the_own_scope_alone() {
    in_a_centre(|centre: Centre| async move {
        let own = centre.get("0", "/find?q=dang%20nhap%20SAI").await;
        assert!(own.says(&centre.a.alert) && !own.says(&centre.b.alert), "{}", own.text);
        assert!(own.says("trong nhật ký") && own.says("/search?q=dang"), "no way into the logs: {}", own.text);
        let source = centre.get("0", "/find?q=may%20chu").await;
        assert!(source.says(&centre.a.source) && !source.says(&centre.b.source), "{}", source.text);
        let whole = centre.get("2", "/find?q=may%20chu").await;
        assert!(whole.says(&centre.a.source) && whole.says(&centre.b.source));
        let address = centre.get("1", "/find?q=203.0.113").await;
        assert!(!address.says(&centre.a.alert), "{}", address.text);
        let pages = centre.get("0", "/find?q=nguon").await;
        assert!(pages.says("href=\"/sources\""), "{}", pages.text);
    })
    .await;
}
