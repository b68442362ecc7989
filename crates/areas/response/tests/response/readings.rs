//! Who opens an incident or a notice, or takes them away, is told to the agency: one row a request, with the purpose.

use crate::house::{bus, escalate, furnish, migrations};
use crate::pages::browser;
use axum::http::StatusCode;
use kit::db::Db;
use kit::scope::Scope;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::Value;

/// Kind, purpose and records of an agency of each reading by people of others, in order.
async fn by_others(db: &Db, agency: &str) -> Vec<(String, String, i64)> {
    let scope = Scope::service("test");
    let view = db.scoped(&scope).read();
    let sql = "SELECT e.object_kind, e.details, r.records FROM audit_readings r \
               JOIN audit_entries e ON e.sequence = r.sequence \
               WHERE r.agency_id = $1 AND e.on_behalf_of <> r.agency_id ORDER BY e.sequence";
    let statement = Statement::from_sql_and_values(view.get_database_backend(), sql, [agency.into()]);
    let rows = view.query_all_raw(statement).await.expect("rows");
    let row = |row: &sea_orm::QueryResult| {
        let details: Value =
            serde_json::from_str(&row.try_get::<String>("", "details").expect("details")).expect("JSON");
        let purpose = details["purpose"].as_str().expect("a purpose").to_owned();
        let records = row.try_get::<Option<i64>>("", "records").expect("records");
        (row.try_get("", "object_kind").expect("a kind"), purpose, records.unwrap_or_default())
    };
    rows.iter().map(row).collect()
}

#[tokio::test]
async fn who_opens_an_incident_or_a_notice_is_told_to_its_agency() {
    let database = test_support::sqlite(&migrations(), bus()).await;
    let house = furnish(&database.db).await;
    let mut browser = browser(&database.db, &house).await;
    let id = escalate(&database.db, &house).await;
    let here = format!("/incidents/{id}");
    let notice = browser.post(&format!("{here}/notices"), &[("form", "first-notice")]).await.location;
    assert_eq!(browser.get(&notice).await.status, StatusCode::OK);
    assert!(by_others(&database.db, &house.health).await.is_empty(), "only its own people have looked");

    browser.person = "above";
    let mut expected = Vec::new();
    for (path, kind, purpose) in [
        (here.clone(), "incident", "incident"),
        (format!("{here}?tab=documents"), "incident", "incident"),
        (format!("/api/v1{here}"), "incident", "api"),
        ("/api/v1/incidents".to_owned(), "incident", "api"),
        ("/incidents?format=csv".to_owned(), "incident", "export"),
        (notice.clone(), "notice", "report"),
        (format!("{notice}/document.docx"), "notice", "document"),
    ] {
        let seen = browser.get(&path).await;
        assert_eq!(seen.status, StatusCode::OK, "{path}: {}", seen.text());
        expected.push((kind.to_owned(), purpose.to_owned(), 1));
        assert_eq!(by_others(&database.db, &house.health).await, expected, "{path}");
    }
    assert!(by_others(&database.db, &house.schools).await.is_empty(), "nothing of another agency was read");
    for path in ["/incidents", "/notices", "/api/v1/clocks", "/api/v1/incidents?q=khong-co", "/incidents/nothing"] {
        browser.get(path).await;
    }
    assert_eq!(by_others(&database.db, &house.health).await, expected, "lists of titles and what is not there");

    browser.person = "watcher";
    let page = browser.get("/audit/readings").await.text();
    for word in ["Lê Thanh Bình", "Xem xét sự cố", "Đọc báo cáo sự cố", "Tải văn bản báo cáo sự cố", "Xuất ra tệp"]
    {
        assert!(page.contains(word), "{word}: {page}");
    }
    assert!(!page.contains("Trần Văn Bộ"), "the agency's own people are asked for apart: {page}");
    assert!(browser.get("/audit/readings?own=yes").await.text().contains("Trần Văn Bộ"));
}
