//! Agencies in time: days that a table says, and what an agency that has ended takes no more.

use crate::browser::{Browser, app, site};
use crate::province::{NOW, Province, agency, service};
use crate::registers::{import, reasons};
use axum::http::StatusCode;
use kit::Error;
use kit::bus::Bus;
use kit::clock::DAY;
use organisation::agencies;
use organisation::incumbents::{self, NewAbsence, NewIncumbent};
use organisation::people::{self, NewPerson, PersonChange};
use organisation::sheets::Totals;
use test_support::on_each_database;

#[tokio::test]
async fn a_table_says_since_when_a_name_and_an_agency_are() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        import(&province, "code,name,kind,valid_from\nX-1,Xã Một,commune,2025-07-01\n", true).await;
        let renamed = "code,name,parent_code,phone,valid_from,basis\nX-1,Xã Nhất,,,2026-01-15,QĐ 3\n";
        let report = import(&province, renamed, true).await;
        let told = ["Tên: Xã Một → Xã Nhất", "Tên mới có từ ngày: – → 15/01/2026"];
        assert_eq!(report.lines[0].changes(kit::Lang::Vi), told);
        assert_eq!(import(&province, renamed, true).await.totals().same, 1, "brought again it is known");
        let scope = service();
        let view = province.db.scoped(&scope).read();
        let one = agencies::by_code(&view, "X-1").await.unwrap().unwrap();
        let wrong =
            [("2026-01-10", ("valid_from", "agency-name-since-wrong")), ("2027-01-15", ("basis", "field-required"))];
        for (day, fault) in wrong {
            let report = import(&province, &format!("code,name,valid_from\nX-1,Xã Khác,{day}\n"), true).await;
            assert_eq!(reasons(&report, 2), [fault], "{day}");
        }
        let start = import(&province, "code,valid_from,basis\nX-1,2025-03-01,NQ 1\n", true).await;
        assert_eq!(start.lines[0].changes(kit::Lang::Vi).len(), 1, "{start:?}");
        let moved = agencies::find(&view, &one.id).await.unwrap();
        assert!(moved.valid_from < one.valid_from && moved.name == "Xã Nhất", "{moved:?}");
        let late = import(&province, "code,valid_from\nX-1,2026-02-01\n", true).await;
        assert_eq!(reasons(&late, 2), [("valid_from", "agency-begins-too-late")]);
    })
    .await;
}

#[tokio::test]
async fn a_circle_and_an_end_before_the_start_are_told_as_such() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let text = "code,name,kind,parent_code,valid_from,valid_to\n\
            X-1,Xã Một,commune,X-2,,\nX-2,Xã Hai,commune,X-1,,\nX-3,Xã Ba,commune,X-1,,\n\
            X-4,Xã Bốn,commune,,2026-02-01,2026-01-01\nX-5,Xã Năm,commune,X-5,,\n";
        let report = import(&province, text, true).await;
        assert_eq!(report.totals(), Totals { new: 0, changed: 0, same: 0, refused: 5 }, "{report:?}");
        for line in [2, 3, 6] {
            assert_eq!(reasons(&report, line), [("parent_code", "agency-above-itself")], "{line}");
        }
        assert_eq!(reasons(&report, 4), [("parent_code", "agency-no-such-parent")]);
        assert_eq!(reasons(&report, 5), [("valid_to", "agency-ends-before-start")]);
        let end = import(&province, "code,valid_to\nSYT,2020-01-01\n", true).await;
        assert_eq!(reasons(&end, 2), [("valid_to", "agency-ends-before-start")]);
    })
    .await;
}

#[tokio::test]
async fn what_has_ended_takes_nothing_new_and_keeps_what_it_has() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let here = province.person("o.day", "Ở Đây", &province.b, "officer").await;
        let elsewhere = province.person("o.kia", "Ở Kia", &province.a, "").await;
        province.person("quan.tri", "Quản Trị", &province.root, "administrator").await;
        let scope = service();
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        agencies::close(&tx, NOW, &province.b, Some(NOW)).await.unwrap();
        tx.commit().await.unwrap();
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        let refused = |error: Error| match error {
            Error::Invalid(fields) => (fields[0].field.clone(), fields[0].key),
            other => (other.to_string(), ""),
        };
        let child = agencies::create(&tx, NOW, agency("SGD-1", "Phòng Một", "public-unit", "SGD")).await.unwrap_err();
        assert_eq!(refused(child), ("parent_code".to_owned(), "agency-parent-ended"));
        let moved = agencies::move_under(&tx, NOW, &province.a_office, &province.b).await;
        assert!(matches!(moved, Err(Error::Conflict("agency-parent-ended"))), "{moved:?}");
        let new = NewPerson {
            account: "moi.moi".into(),
            full_name: "Mới".into(),
            agency_id: province.b.clone(),
            ..NewPerson::default()
        };
        let person = people::create(&tx, NOW, new).await.unwrap_err();
        assert_eq!(refused(person), ("agency_id".to_owned(), "agency-ended"));
        let policies = &province.policies;
        let role = people::grant_role(&tx, policies, NOW, &elsewhere, "leader", &province.b, NOW, None).await;
        assert_eq!(refused(role.unwrap_err()), ("role_agency_id".to_owned(), "agency-ended"));
        let change = |full_name: &str| PersonChange {
            full_name: full_name.into(),
            agency_id: province.b.clone(),
            ..PersonChange::default()
        };
        let comes = people::change(&tx, policies, NOW, &elsewhere, change("Ở Kia")).await.unwrap_err();
        assert_eq!(refused(comes), ("agency_id".to_owned(), "agency-ended"));
        people::change(&tx, policies, NOW, &here, change("Vẫn Ở Đây")).await.unwrap();
        let held = people::grants_of(&tx, &here).await.unwrap().remove(0);
        let other = people::revoke_role(&tx, policies, NOW, &elsewhere, &held.id).await;
        assert!(matches!(other, Err(Error::NotFound)), "the role of somebody else: {other:?}");
        tx.commit().await.unwrap();
        let ended = import(
            &province,
            "code,name,kind,parent_code,valid_from,valid_to\n\
             SGD-2,Phòng Hai,public-unit,SGD,2025-01-01,2026-01-01\nSGD-3,Phòng Ba,public-unit,SGD,2025-01-01,\n",
            true,
        )
        .await;
        assert_eq!(
            ended.totals(),
            Totals { new: 1, changed: 0, same: 0, refused: 1 },
            "what ended with it may be told"
        );
        assert_eq!(reasons(&ended, 3), [("parent_code", "agency-parent-ended")]);

        let site = site(&app(&province, false));
        let mut admin = Browser::enter(&site, "quan.tri").await;
        for (id, offered) in [(&province.a, true), (&province.b, false)] {
            let page = admin.get(&format!("/agencies/{id}")).await.text;
            assert_eq!(page.contains("/agencies/new?parent="), offered, "{page}");
        }
        let chosen = admin.get(&format!("/people?under={}", province.b)).await.text;
        let chip = chosen.split("class=\"chip-name\"").nth(1).and_then(|rest| rest.split("</a>").next());
        let chip = chip.unwrap_or_default();
        assert!(chip.contains("Sở Giáo dục và Đào tạo"), "{chosen}");
        let fields =
            [("code", "SGD-4"), ("name", "Phòng Bốn"), ("kind", "public-unit"), ("parent", province.b.as_str())];
        admin.get("/agencies/new").await;
        let answer = admin.post("/agencies", &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.text.contains("Cơ quan cấp trên này đã kết thúc"), "{}", answer.text);
    })
    .await;
}

#[tokio::test]
async fn who_is_away_stands_in_for_nobody() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let an = province.person("an.tran", "Trần An", &province.a, "").await;
        let binh = province.person("binh.le", "Lê Bình", &province.a, "").await;
        let chi = province.person("chi.vo", "Võ Chi", &province.a, "").await;
        province.person("quan.tri", "Quản Trị", &province.root, "administrator").await;
        let scope = service();
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        let mut posts = Vec::new();
        for (person, post) in [(&an, "head"), (&binh, "deputy")] {
            let new = NewIncumbent {
                agency_id: province.a.clone(),
                person_id: person.clone(),
                post: post.to_owned(),
                starts_at: NOW - DAY,
                ..NewIncumbent::default()
            };
            posts.push(incumbents::appoint(&tx, NOW, new).await.unwrap());
        }
        let leave = |post: usize, substitute: &str, from: i64, to: i64| NewAbsence {
            incumbent_id: posts[post].clone(),
            substitute_id: substitute.to_owned(),
            starts_at: NOW + from * DAY,
            ends_at: NOW + to * DAY,
        };
        incumbents::substitute(&tx, NOW, leave(1, &chi, 0, 3)).await.unwrap();
        let away = incumbents::substitute(&tx, NOW, leave(0, &binh, 2, 5)).await;
        let Err(Error::Mistake(mistake)) = away else { panic!("the substitute is away: {away:?}") };
        let sentence = mistake.sentence(kit::Lang::Vi);
        assert!(sentence.contains("Lê Bình") && sentence.contains("21/11/2026"), "{sentence}");
        incumbents::substitute(&tx, NOW, leave(0, &binh, 3, 6)).await.unwrap();
        tx.commit().await.unwrap();
        let site = site(&app(&province, false));
        let mut admin = Browser::enter(&site, "quan.tri").await;
        let path = format!("/agencies/{}/incumbents", province.a);
        assert!(!admin.get(&path).await.text.contains("người thay cũng vắng"));
        let leave_of_the_substitute = [
            ("incumbent_id", posts[1].as_str()),
            ("substitute_id", chi.as_str()),
            ("since", "2026-11-25"),
            ("until", "2026-11-25"),
        ];
        let noted = admin.post(&format!("/agencies/{}/leave", province.a), &leave_of_the_substitute).await;
        assert_eq!(noted.location(), path, "{}", noted.text);
        let page = admin.get(&path).await.text;
        assert!(page.contains("người thay cũng vắng: 25/11/2026 – 25/11/2026"), "{page}");
        let refused = [
            ("incumbent_id", posts[0].as_str()),
            ("substitute_id", binh.as_str()),
            ("since", "2026-11-21"),
            ("until", "2026-11-22"),
        ];
        let answer = admin.post(&format!("/agencies/{}/leave", province.a), &refused).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.text.contains("Lê Bình cũng vắng mặt từ 21/11/2026"), "{}", answer.text);
        let elsewhere = format!("/agencies/{}/incumbents/{}/relieve", province.b, posts[0]);
        assert_eq!(admin.post(&elsewhere, &[]).await.status, StatusCode::NOT_FOUND);
    })
    .await;
}
