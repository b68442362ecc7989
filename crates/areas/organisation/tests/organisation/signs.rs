//! Signs that nobody sees, in every text of a form: refused beside their field and kept nowhere, on both databases.

use crate::browser::{Browser, app, site};
use crate::province::{NOW, Province, agency, service};
use axum::http::StatusCode;
use kit::Error;
use kit::bus::Bus;
use kit::live::Live;
use organisation::agencies::{self, AgencyChange};
use organisation::experts::{self, ExpertData};
use organisation::people::{self, PersonChange};
use test_support::on_each_database;

/// NUL, which PostgreSQL does not take; an escape; what turns the direction; what has no width.
const SIGNS: [char; 4] = ['\0', '\u{1b}', '\u{202e}', '\u{200b}'];

fn wrong<T: std::fmt::Debug>(done: Result<T, Error>) -> Vec<(String, &'static str)> {
    match done {
        Err(Error::Invalid(fields)) => fields.into_iter().map(|field| (field.field, field.key)).collect(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn services_refuse_them_field_by_field() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let person = province.person("an.tran", "Trần An", &province.a, "officer").await;
        let scope = service();
        for sign in SIGNS {
            let text = format!("Số{sign} 1");
            let tx = province.db.scoped(&scope).begin().await.unwrap();
            let hidden = |fields: &[&str]| -> Vec<_> {
                fields.iter().map(|field| ((*field).to_owned(), "text-hidden-sign")).collect()
            };
            let new = agency("X-1", &text, "commune", "");
            assert_eq!(wrong(agencies::create(&tx, NOW, new).await), hidden(&["name"]));
            let change = AgencyChange {
                kind: "department".into(),
                address: text.clone(),
                phone: text.clone(),
                email: text.clone(),
                duty_hours: text.clone(),
            };
            let changed = agencies::change(&tx, NOW, &province.a, &change).await;
            assert_eq!(wrong(changed), hidden(&["address", "phone", "email", "duty_hours"]));
            let change = PersonChange {
                full_name: "Trần An".into(),
                agency_id: province.a.clone(),
                title: text.clone(),
                signs_as: format!("KT. GIÁM ĐỐC\n{text}"),
                ..PersonChange::default()
            };
            let changed = people::change(&tx, &province.policies, NOW, &person, change).await;
            assert_eq!(wrong(changed), hidden(&["title", "signs_as"]));
            let closed = people::disable(&tx, &province.policies, NOW, &person, &text).await;
            assert_eq!(wrong(closed), hidden(&["reason"]));
            let expert = ExpertData {
                agency_id: province.root.clone(),
                full_name: "Phạm Chuyên Gia".into(),
                fields: text.clone(),
                phone: text.clone(),
                night_call: text.clone(),
                ..ExpertData::default()
            };
            assert_eq!(wrong(experts::add(&tx, NOW, expert).await), hidden(&["fields", "phone", "night_call"]));
            let table = format!("code,name,kind\nX-2,{text},commune\nX-3,Xã Ba,commune\n");
            let table = agencies::read_sheet(table.into_bytes()).await.unwrap();
            let report = agencies::import_sheet(&tx, &Live::default(), NOW, table).await.unwrap();
            assert_eq!((report.totals().new, report.totals().refused), (1, 1), "{sign:?}");
            tx.rollback().await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn pages_show_the_form_again_and_no_address_or_filter_with_nul_is_a_fault_of_ours() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        province.person("quan.tri", "Quản Trị", &province.root, "administrator").await;
        let site = site(&app(&province, false));
        let mut admin = Browser::enter(&site, "quan.tri").await;
        for sign in SIGNS {
            let name = format!("Xã{sign} Một");
            admin.get("/agencies/new").await;
            let fields =
                [("code", "X-1"), ("name", name.as_str()), ("kind", "commune"), ("parent", province.root.as_str())];
            let again = admin.post("/agencies", &fields).await;
            assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY, "{sign:?} {}", again.text);
            assert!(again.text.contains("id=\"name-error\"") && again.text.contains("value=\"X-1\""), "{}", again.text);
        }
        admin.get("/channels/new?kind=webhook").await;
        let fields = |name: &'static str| {
            [("kind", "webhook"), ("name", name), ("agency_id", province.root.as_str()), ("url", "https://1.1.1.1/")]
        };
        let lines = admin.post("/channels", &fields("Phòng trực\r\nBcc: x")).await;
        assert_eq!(lines.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", lines.text);
        assert!(lines.text.contains("id=\"name-error\""), "{}", lines.text);
        assert_eq!(admin.post("/channels", &fields(" Phòng trực ")).await.status, StatusCode::OK);
        for path in ["/agencies/%00", "/people/%00", "/experts/%00/edit", "/agencies?q=%00", "/people?q=%00&kind=%00"] {
            let answer = admin.get(path).await;
            assert!(!answer.status.is_server_error(), "{path}: {} {}", answer.status, answer.text);
        }
        assert!(admin.get("/agencies?q=xa+mot").await.text.matches("X-1").count() == 0, "nothing was kept");
    })
    .await;
}
