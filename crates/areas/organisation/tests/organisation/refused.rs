//! Rights that are refused: in the trail, and on the page that says so.

use crate::browser::{Browser, app, site};
use crate::province::{NOW, Province, service};
use axum::http::{Method, StatusCode};
use kit::bus::Bus;
use kit::clock::SECOND;
use organisation::audit::AuditEntry;
use organisation::audit::store::{AuditFilter, list};
use organisation::people;
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

#[tokio::test]
async fn who_has_the_right_elsewhere_is_led_there_and_who_has_it_nowhere_is_told_whom_to_ask() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let person = province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        province.person("quan.tri", "Nguyễn Quản Trị", &province.a, "administrator").await;
        let everything = service();
        let tx = province.db.scoped(&everything).begin().await.unwrap();
        people::grant_role(&tx, &province.policies, NOW, &person, "leader", &province.b, NOW, None).await.unwrap();
        tx.commit().await.unwrap();
        let site = site(&app(&province, false));
        let mut own = Browser::enter(&site, "can.bo").await;

        let approve = "/elevations/0193/approve";
        let (form, from) = (format!("csrf={}", own.csrf), ("referer", "http://localhost:8080/elevations?kind=export"));
        let refused = own.send(Method::POST, approve, Some(form), &[from]).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
        for shown in [
            "action=\"/me/acting\"",
            "Sở Giáo dục và Đào tạo (Lãnh đạo)",
            &format!("name=\"agency\" value=\"{}\"", province.b),
            "name=\"to\" value=\"/elevations?kind=export\"",
        ] {
            assert!(refused.text.contains(shown), "{shown}: {}", refused.text);
        }
        assert!(!refused.text.contains(&province.a), "where it is refused no way leads: {}", refused.text);

        for (to, expected) in [("/elevations?kind=export", "/elevations?kind=export"), ("https://ma.example/", "/")] {
            let switched = own.post("/me/acting", &[("agency", &province.b), ("to", to)]).await;
            assert_eq!(switched.location(), expected);
        }
        assert_eq!(own.post(approve, &[]).await.status, StatusCode::NOT_FOUND, "the right is there now");

        let nowhere = own.get("/channels").await;
        assert_eq!(nowhere.status, StatusCode::FORBIDDEN);
        assert!(!nowhere.text.contains("/me/acting"), "{}", nowhere.text);
        assert!(nowhere.text.contains("Quản trị hệ thống") && nowhere.text.contains("href=\"/roles\""));
        assert!(!nowhere.text.contains("Nguyễn Quản Trị"), "nobody is named whom the asker may not see");
        assert_eq!(own.post("/me/acting", &[("agency", &province.a)]).await.location(), "/me");
        assert!(own.get("/channels").await.text.contains("Nguyễn Quản Trị"));
    })
    .await;
}
