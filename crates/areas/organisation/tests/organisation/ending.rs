//! Sessions that an administrator ends, through the pages and in the trail.

use crate::browser::{Browser, app, site};
use crate::province::{Province, service};
use axum::http::StatusCode;
use kit::Error;
use kit::bus::Bus;
use organisation::audit::store::{AuditFilter, list};
use test_support::on_each_database;

async fn details_of(province: &Province, action: &str) -> Vec<serde_json::Value> {
    let scope = service();
    let filter = AuditFilter { action: action.into(), ..AuditFilter::default() };
    let rows = list(&province.db.scoped(&scope).read(), &filter, 10, 0).await.unwrap();
    rows.iter().map(|row| serde_json::from_str(&row.details).unwrap()).collect()
}

#[tokio::test]
async fn an_administrator_ends_the_sessions_of_one_person_and_the_account_stays_open() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let id = province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        let other = province.person("dong.nghiep", "Đồng Nghiệp", &province.b, "officer").await;
        province.person("quan.tri", "Quản Trị", &province.root, "administrator").await;
        let site = site(&app(&province, false));
        let mut own = Browser::enter(&site, "can.bo").await;
        let mut colleague = Browser::enter(&site, "dong.nghiep").await;
        let mut admin = Browser::enter(&site, "quan.tri").await;
        let page = format!("/people/{id}");
        assert!(admin.get(&page).await.text.contains("Kết thúc các phiên"));
        let foreign = colleague.post(&format!("{page}/end-sessions"), &[]).await;
        assert_eq!(foreign.status, StatusCode::FORBIDDEN);
        assert_eq!(own.get("/me").await.status, StatusCode::OK);
        assert_eq!(admin.post(&format!("{page}/end-sessions"), &[]).await.location(), page);
        assert_eq!(own.get("/me").await.status, StatusCode::SEE_OTHER, "the session has ended");
        assert_eq!(colleague.get("/me").await.status, StatusCode::OK, "nobody else's");
        Browser::enter(&site, "can.bo").await;
        let told = details_of(&province, "person.end-sessions").await;
        assert_eq!(told, [serde_json::json!({ "sessions_ended": 1 })]);
        let local = province.scope(&other, &province.b, "officer");
        assert!(province.sign_in.end_sessions(&local, &id).await.is_err());
    })
    .await;
}

#[tokio::test]
async fn ending_everybodys_sessions_wants_a_reason_and_the_whole_centre() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        let id = province.person("quan.tri", "Quản Trị", &province.root, "administrator").await;
        let site = site(&app(&province, false));
        let mut own = Browser::enter(&site, "can.bo").await;
        let mut admin = Browser::enter(&site, "quan.tri").await;
        let path = "/people/end-sessions";
        assert_eq!(own.post(path, &[("reason", "x")]).await.status, StatusCode::FORBIDDEN);
        assert!(admin.get("/people").await.text.contains("Kết thúc phiên của mọi người"));
        assert_eq!(admin.post(path, &[]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(own.get("/me").await.status, StatusCode::OK);
        assert_eq!(admin.post(path, &[("reason", "nghi lộ phiên")]).await.location(), "/sign-in");
        for browser in [&mut own, &mut admin] {
            assert_eq!(browser.get("/me").await.status, StatusCode::SEE_OTHER);
        }
        let told = details_of(&province, "session.end-all").await;
        assert_eq!(told, [serde_json::json!({ "reason": "nghi lộ phiên", "sessions_ended": 2 })]);
        let narrow = province.policies.role("administrator").unwrap().capabilities.clone();
        let reach = kit::scope::Agencies::Under([province.a.clone()].into());
        let narrow = crate::province::scope_of(&id, reach, narrow);
        let refused = province.sign_in.end_sessions_of_all(&narrow, "thử").await;
        assert!(matches!(refused, Err(Error::Forbidden(_))), "{refused:?}");
    })
    .await;
}
