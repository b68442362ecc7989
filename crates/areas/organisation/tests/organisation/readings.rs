//! Who looked at whose data: each agency sees the readings of its own records, by whom and what for, and nothing of
//! what was asked or of other agencies.

use crate::browser::{Browser, app, site};
use crate::province::{NOW, Province, scope_of};
use axum::http::StatusCode;
use kit::Capability;
use kit::bus::Bus;
use kit::db::Db;
use kit::scope::{Agencies, Scope};
use organisation::audit::{self, Reading, Touched, record_reading};
use test_support::on_each_database;

async fn read(db: &Db, scope: &Scope, touched: &Touched) {
    let tx = db.scoped(scope).begin().await.unwrap();
    let reading = Reading {
        object_kind: "event",
        object_id: "",
        purpose: "search",
        query: "user_name:secret-suspect",
        count: 12,
        touched,
    };
    record_reading(&tx, NOW, &reading).await.unwrap();
    tx.commit().await.unwrap();
}

/// An analyst of the centre and an officer of A read events of A and B.
async fn province_with_readings(db: Db) -> Province {
    let province = Province::new(db).await;
    let analyst =
        scope_of("analyst", Agencies::All, Capability::ALL.iter().copied()).asking("192.0.2.7", &province.root);
    let both = Touched::from([(province.a.clone(), Some(7)), (province.b.clone(), Some(4_321))]);
    read(&province.db, &analyst, &both).await;
    let officer = scope_of("officer", Agencies::Under([province.a.clone()].into()), []).asking("", &province.a);
    read(&province.db, &officer, &Touched::from([(province.a.clone(), None)])).await;
    province.person("can.bo.a", "Cán Bộ A", &province.a, "officer").await;
    province.person("phan.tich", "Phân Tích", &province.root, "analyst").await;
    province
}

#[tokio::test]
async fn an_agency_sees_who_looked_at_its_own_data_and_no_more() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = province_with_readings(db).await;
        let site = site(&app(&province, false));
        let mut officer = Browser::enter(&site, "can.bo.a").await;
        let page = officer.get("/audit/readings").await;
        assert_eq!(page.status, StatusCode::OK);
        for seen in ["Người thử", "192.0.2.7", "Tỉnh Ví Dụ", "Tìm kiếm", "<td class=\"number\">7</td>"] {
            assert!(page.text.contains(seen), "{seen}: {}", page.text);
        }
        for hidden in ["secret-suspect", "4.321", "Sở Giáo dục", "chỉ đếm"] {
            assert!(!page.text.contains(hidden), "{hidden}");
        }
        let with_own = officer.get("/audit/readings?own=yes").await;
        assert!(with_own.text.contains("chỉ đếm"), "what the own people read");
        let csv = officer.get("/audit/readings?format=csv&own=yes").await;
        assert_eq!(csv.text.trim_end().lines().count(), 3, "{}", csv.text);
        assert!(!csv.text.contains("secret-suspect") && !csv.text.contains("Giáo dục"), "{}", csv.text);
        let foreign = officer.get(&format!("/audit/readings?agency={}", province.b)).await;
        assert!(!foreign.text.contains("4.321"), "{}", foreign.text);
        let none = officer.get("/audit/readings?object_kind=person").await;
        assert!(none.text.contains("Chưa có ai khác xem"));
        let mut analyst = Browser::enter(&site, "phan.tich").await;
        assert_eq!(analyst.get("/audit/readings").await.status, StatusCode::FORBIDDEN);
    })
    .await;
}

#[tokio::test]
async fn one_request_is_one_row_whatever_number_of_agencies_it_touches() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let count = |db: Db| async move {
            let scope = crate::province::service();
            let filter = organisation::audit::store::AuditFilter { action: "event.read".into(), ..Default::default() };
            organisation::audit::store::count(&db.scoped(&scope).read(), &filter).await.unwrap()
        };
        let many: Touched = (0..450).map(|number| (format!("agency-{number}"), Some(number))).collect();
        let analyst = scope_of("analyst", Agencies::All, []);
        read(&province.db, &analyst, &many).await;
        assert_eq!(count(province.db.clone()).await, 1);
        assert!(crate::audit::report(&province.db, None).await.ok());
    })
    .await;
}

#[tokio::test]
async fn parts_of_the_program_are_named_by_what_they_do() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        province.person("kiem.toan", "Kiểm Toán", &province.root, "auditor").await;
        let signer = Scope::service("checkpoint");
        let tx = province.db.scoped(&signer).begin().await.unwrap();
        audit::record(&tx, NOW, "audit.checkpoint", "audit", "", None, serde_json::json!({})).await.unwrap();
        tx.commit().await.unwrap();
        let program = Scope::service("luytre").asking("", &province.root);
        read(&province.db, &program, &Touched::from([(province.a.clone(), Some(7))])).await;
        let site = site(&app(&province, false));
        let mut auditor = Browser::enter(&site, "kiem.toan").await;
        for (lang, signer, program) in [
            ("vi", "Lũy Tre (ký nhật ký)", "Lũy Tre (tự động)"),
            ("en", "Lũy Tre (signing the trail)", "Lũy Tre (by itself)"),
        ] {
            auditor.cookies.insert("lang".to_owned(), lang.to_owned());
            for path in ["/audit", "/audit?format=csv"] {
                let trail = auditor.get(path).await.text;
                assert!(trail.contains(signer) && trail.contains(program), "{lang} {path}: {trail}");
            }
            for path in ["/audit/readings?own=yes", "/audit/readings?own=yes&format=csv"] {
                let readings = auditor.get(path).await.text;
                assert!(readings.contains(program), "{lang} {path}: {readings}");
            }
        }
    })
    .await;
}
