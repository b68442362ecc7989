//! Rights that are refused, in the trail.

use crate::browser::{Browser, app, site};
use crate::province::{Province, service};
use axum::http::StatusCode;
use kit::bus::Bus;
use kit::clock::SECOND;
use organisation::audit::AuditEntry;
use organisation::audit::store::{AuditFilter, list};
use test_support::on_each_database;

async fn told(province: &Province) -> Vec<AuditEntry> {
    let scope = service();
    let filter = AuditFilter { action: "access.refuse".into(), ..AuditFilter::default() };
    list(&province.db.scoped(&scope).read(), &filter, 100, 0).await.unwrap()
}

#[tokio::test]
async fn a_refused_change_and_a_refused_look_at_what_is_sensitive_are_rows_of_the_trail() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let id = province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        let site = site(&app(&province, false));
        let mut own = Browser::enter(&site, "can.bo").await;
        assert_eq!(own.get("/audit").await.status, StatusCode::FORBIDDEN);
        assert_eq!(own.get("/channels").await.status, StatusCode::FORBIDDEN);
        assert_eq!(own.post("/channels", &[]).await.status, StatusCode::FORBIDDEN);
        assert_eq!(
            own.post_bare("/me/acting", &[("agency", "x"), ("csrf", "made up")]).await.status,
            StatusCode::FORBIDDEN
        );
        assert_eq!(own.get("/me").await.status, StatusCode::OK);
        assert!(
            Browser::new(&site).get("/audit").await.location().starts_with("/sign-in"),
            "a guest is led to the door"
        );
        let mut rows = told(&province).await;
        rows.reverse();
        let what: Vec<_> = rows.iter().map(|row| (row.object_id.as_str(), row.details.as_str())).collect();
        let details =
            |right: &str, method: &str| format!(r#"{{"right":"{right}","method":"{method}","last_for_now":false}}"#);
        assert_eq!(
            what,
            [
                ("/audit", details("view-audit", "GET").as_str()),
                ("/channels", details("administer", "POST").as_str()),
                ("/me/acting", details("csrf", "POST").as_str()),
            ]
        );
        for row in &rows {
            assert_eq!((row.actor_id.as_str(), row.agency_id.as_deref()), (id.as_str(), Some(province.a.as_str())));
            assert_eq!((row.origin.as_str(), row.object_kind.as_str()), ("127.0.0.1", "operation"));
        }
    })
    .await;
}

#[tokio::test]
async fn who_tries_without_end_does_not_fill_the_trail() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        let limits = province.policies.session.refusals.clone();
        let site = site(&app(&province, false));
        let mut own = Browser::enter(&site, "can.bo").await;
        for number in 0..limits.rows + 5 {
            assert_eq!(own.get("/audit").await.status, StatusCode::FORBIDDEN, "{number}");
        }
        let rows = told(&province).await;
        assert_eq!(rows.len() as u64, limits.rows);
        assert!(
            rows[0].details.contains("\"last_for_now\":true") && rows[1].details.contains("\"last_for_now\":false")
        );
        province.clock.advance(limits.window * SECOND);
        let mut again = Browser::enter(&site, "can.bo").await;
        again.get("/audit").await;
        assert_eq!(told(&province).await.len() as u64, limits.rows + 1);
    })
    .await;
}
