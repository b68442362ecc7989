//! Forms that carry more than they should, and files that a spreadsheet would run.

use crate::browser::{Browser, app, site};
use crate::province::{PASSWORD, Province, agency, service};
use axum::http::StatusCode;
use kit::bus::Bus;
use organisation::agencies;
use organisation::people;
use test_support::on_each_database;

#[tokio::test]
async fn fields_that_a_form_does_not_have_change_nothing() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let person = province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        let other = province.person("dong.nghiep", "Đồng Nghiệp", &province.b, "officer").await;
        province.person("quan.tri", "Quản Trị", &province.root, "administrator").await;
        let site = site(&app(&province, false));
        let scope = service();
        let seen = async || {
            let view = province.db.scoped(&scope).read();
            let one = people::find(&view, &person).await.unwrap();
            let two = people::find(&view, &other).await.unwrap();
            let roles = people::grants_of(&view, &person).await.unwrap();
            (one, two, roles)
        };
        let before = seen().await;
        // More than the form of the own password, the own reach and the own sessions ask for.
        let mut own = Browser::enter(&site, "can.bo").await;
        let more = [
            ("person_id", other.as_str()),
            ("id", other.as_str()),
            ("account", "quan.tri"),
            ("role", "administrator"),
            ("capabilities", "administer"),
            ("agency_id", province.b.as_str()),
            ("must_change", "false"),
            ("active", "false"),
        ];
        let new = "Sông-Núi.Nước-Nam.8";
        let password = [[("current", PASSWORD), ("new", new), ("again", new)].as_slice(), &more].concat();
        assert_eq!(own.post("/me/password", &password).await.location(), "/me");
        let reach = [[("agency", province.b.as_str())].as_slice(), &more].concat();
        assert_eq!(own.post("/me/acting", &reach).await.status, StatusCode::FORBIDDEN);
        own.get("/me").await;
        own.post("/me/sessions/end-others", &more).await;
        assert_eq!(seen().await, before);
        let mut another = Browser::new(&site);
        assert_eq!(another.sign_in("dong.nghiep", PASSWORD).await.location(), "/me", "the password of nobody else");
        // More than the form of a person asks for, sent by whoever may change the person.
        let mut administrator = Browser::enter(&site, "quan.tri").await;
        let fields = [("full_name", "Cán Bộ"), ("agency_id", province.a.as_str())];
        let extra = [
            ("id", "x"),
            ("account", "ten.khac"),
            ("active", "false"),
            ("role", "administrator"),
            ("password", "x"),
            ("created_at", "0"),
            ("disabled_at", "1"),
        ];
        let changed = administrator.post(&format!("/people/{person}"), &[fields.as_slice(), &extra].concat()).await;
        assert_eq!(changed.status, StatusCode::SEE_OTHER, "{}", changed.text);
        assert_eq!(seen().await, before);
        assert_eq!(own.get("/me").await.status, StatusCode::OK);
    })
    .await;
}

#[tokio::test]
async fn no_file_of_a_list_holds_a_formula() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        province.person("quan.tri", "=cmd|' /C calc'!A0", &province.root, "administrator").await;
        for (number, start) in ["=1+1", "+1+1", "-1+1", "@SUM(1)"].into_iter().enumerate() {
            let person = province.person(&format!("nguoi.{number}"), start, &province.a, "officer").await;
            let scope = service();
            let tx = province.db.scoped(&scope).begin().await.unwrap();
            let new = vec![agency(&format!("CT{number}"), &format!("{start} Sở"), "department", "")];
            agencies::import_agencies(&tx, crate::province::NOW, new).await.unwrap();
            people::disable(&tx, &province.policies, crate::province::NOW, &person, start).await.unwrap();
            tx.commit().await.unwrap();
        }
        let site = site(&app(&province, false));
        let mut administrator = Browser::enter(&site, "quan.tri").await;
        for path in ["/people", "/agencies", "/audit", "/audit/readings", "/roster", "/api-keys"] {
            let file = administrator.get(&format!("{path}?format=csv")).await;
            assert_eq!(file.status, StatusCode::OK, "{path}: {}", file.text);
            assert!(file.headers["content-type"].to_str().unwrap().starts_with("text/csv"), "{path}");
            let text = file.text.trim_start_matches('\u{feff}');
            let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
            for cell in reader.records().flat_map(|row| row.unwrap().iter().map(ToOwned::to_owned).collect::<Vec<_>>())
            {
                let runs = cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && cell.parse::<f64>().is_err();
                assert!(!runs, "{path}: {cell}");
            }
        }
    })
    .await;
}
