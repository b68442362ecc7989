//! Codes of agencies: one in whatever case, at every door and in the database; what an old database holds twice is numbered.

use crate::browser::{Browser, app, site};
use crate::province::{NOW, Province, agency, service};
use crate::registers::{import, reasons, texts};
use axum::http::StatusCode;
use kit::Error;
use kit::bus::Bus;
use kit::clock::SystemClock;
use kit::live::Live;
use kit::migration::migrate;
use organisation::agencies::{self, AgencyFilter};
use organisation::elevations::{self, Asked};
use organisation::sheets::Totals;
use sea_orm::ConnectionTrait;
use std::collections::BTreeMap;
use test_support::on_each_database;

const NUMBERING: &str = "2026-11-23-organisation-agency-codes";

fn row(id: &str, code: &str, created_at: i64, valid_to: &str) -> String {
    format!(
        "INSERT INTO agencies (id, code, name, name_fold, name_sort, kind, parent_id, valid_from, valid_to, address, \
         phone, email, duty_hours, created_at, updated_at) VALUES ('{id}', '{code}', 'Cơ quan {id}', '', '', \
         'department', NULL, 0, {valid_to}, '', '', '', '', {created_at}, {created_at})"
    )
}

#[tokio::test]
async fn a_code_is_one_in_whatever_case_at_every_door() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        province.person("quan.tri", "Quản Trị", &province.root, "administrator").await;
        let analyst = province.person("truc.ban", "Trực Ban", &province.root, "analyst").await;
        let scope = service();
        let view = province.db.scoped(&scope).read();
        for code in ["SYT", "syt", " Syt\t"] {
            let found = agencies::by_code(&view, code).await.unwrap().unwrap();
            assert_eq!((found.id.as_str(), found.code.as_str()), (province.a.as_str(), "SYT"), "{code}");
        }
        for code in ["", "  ", "S\u{200b}YT", "SYT\n"] {
            let found = agencies::by_code(&view, code).await.unwrap().map(|one| one.code);
            assert_eq!(found.is_some(), code == "SYT\n", "{code:?}");
        }
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        let taken = agencies::create(&tx, NOW, agency("syt", "Sở Y tế hai", "department", "")).await;
        let Err(Error::Invalid(wrong)) = taken else { panic!("the code is taken: {taken:?}") };
        assert_eq!((wrong[0].field.as_str(), wrong[0].key), ("code", "field-taken"));
        tx.rollback().await.unwrap();

        let text = "code,name,kind,parent_code\nsyt,Sở Y tế tỉnh,,\nx-1,Xã Một,commune,sgd\n\
                    X-1,Xã Một lần nữa,commune,\nX-1-TYT,Trạm Y tế,public-unit,X-1\n";
        let tried = import(&province, text, false).await;
        let report = import(&province, text, true).await;
        assert_eq!(tried, report, "a dry run says what will be");
        assert_eq!(report.totals(), Totals { new: 2, changed: 1, same: 0, refused: 1 });
        assert_eq!(reasons(&report, 4), [("code", "sheet-twice")]);
        let station = agencies::by_code(&view, "x-1-tyt").await.unwrap().unwrap();
        assert_eq!(station.parent_code.as_deref(), Some("x-1"), "a code stays as it was given");
        let circle = "code,name,kind,parent_code\nX-8,Xã Tám,commune,x-9\nX-9,Xã Chín,commune,x-8\n";
        let circle = import(&province, circle, true).await;
        for line in [2, 3] {
            assert_eq!(reasons(&circle, line), [("parent_code", "agency-above-itself")]);
        }

        let own = province.scope(&analyst, &province.root, "analyst");
        let tx = province.db.scoped(&own).begin().await.unwrap();
        let asked = Asked {
            kind: "foreign-events".into(),
            agency_code: " sgd".into(),
            reason: "Đối chiếu nhật ký".into(),
            ..Asked::default()
        };
        let id = elevations::ask(&tx, &Live::default(), &province.policies, NOW, &asked).await.unwrap();
        tx.commit().await.unwrap();
        let of = texts(&province, &format!("SELECT agency_id AS value FROM elevations WHERE id = '{id}'")).await;
        assert_eq!(of, [province.b.as_str()]);

        let site = site(&app(&province, false));
        let mut admin = Browser::enter(&site, "quan.tri").await;
        admin.get("/agencies/new").await;
        let fields = [("code", "sGd"), ("name", "Sở Khác"), ("kind", "department"), ("parent", province.root.as_str())];
        let answer = admin.post("/agencies", &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text);
        assert!(answer.text.contains("id=\"code-error\""), "{}", answer.text);
        assert_eq!(agencies::count(&view, &AgencyFilter::default()).await.unwrap(), 6);
    })
    .await;
}

#[tokio::test]
async fn the_database_takes_no_code_twice() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let scope = service();
        for (code, taken) in [("sYt", true), ("SYT", true), ("SYT-2", false)] {
            let tx = province.db.scoped(&scope).begin().await.unwrap();
            assert_eq!(tx.execute_unprepared(&row("another", code, 0, "NULL")).await.is_err(), taken, "{code}");
            tx.rollback().await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn codes_that_clash_in_an_old_database_are_numbered_and_nothing_is_lost() {
    let before = organisation::MIGRATIONS.iter().position(|one| one.name == NUMBERING).unwrap();
    on_each_database(&organisation::MIGRATIONS[..before], Bus::default, |db| async move {
        let scope = service();
        let tx = db.scoped(&scope).begin().await.unwrap();
        for (id, code, created_at, valid_to) in [
            ("ended", "SYT", 1, "5"),
            ("first", "syt", 2, "NULL"),
            ("second", "Syt", 3, "NULL"),
            ("alone", "SGD", 4, "NULL"),
            ("like", "syt-2", 5, "NULL"),
        ] {
            tx.execute_unprepared(&row(id, code, created_at, valid_to)).await.unwrap();
        }
        tx.commit().await.unwrap();
        migrate(&db, organisation::MIGRATIONS, &SystemClock).await.unwrap();
        let view = db.scoped(&scope).read();
        let all = agencies::list(&view, &AgencyFilter::default(), 10, 0).await.unwrap();
        let codes: BTreeMap<_, _> = all.iter().map(|one| (one.id.as_str(), one.code.as_str())).collect();
        let expected = [("alone", "SGD"), ("ended", "SYT~3"), ("first", "syt"), ("like", "syt-2"), ("second", "Syt~2")];
        assert_eq!(codes, BTreeMap::from(expected));
        assert_eq!(all.iter().filter(|one| one.is_numbered()).count(), 2);
        let living = agencies::numbered(&view, NOW).await.unwrap();
        assert_eq!(living.iter().map(|one| one.code.as_str()).collect::<Vec<_>>(), ["Syt~2"]);
        for (code, id) in [("SYT", "first"), ("syt~2", "second")] {
            assert_eq!(agencies::by_code(&view, code).await.unwrap().unwrap().id, id, "{code}");
        }
    })
    .await;
}
