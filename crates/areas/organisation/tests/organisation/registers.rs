//! Registers of agencies and of those who answer for them: tables line by line, mergers, posts, certificates, experts.

use crate::browser::{Browser, app, site};
use crate::province::{NOW, Province, service};
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kit::Error;
use kit::bus::Bus;
use kit::clock::DAY;
use kit::live::Live;
use organisation::agencies::{self, AgencyFilter};
use organisation::experts::{self, ExpertData, ExpertFilter};
use organisation::incumbents::{self, NewAbsence, NewIncumbent};
use organisation::people;
use organisation::qualifications::{self, NewQualification, QualificationFilter};
use organisation::sheets::{Outcome, Report, Totals};
use sea_orm::{ConnectionTrait, Statement};
use test_support::on_each_database;
use test_support::workbook::workbook_of;

/// Communes as a spreadsheet writes them: semicolons, Vietnamese heads, a child before its parent, and what goes wrong.
const TABLE: &str = "\u{feff}Mã;Tên;Loại;Mã cơ quan cấp trên;Điện thoại\r\n\
    X-3-TYT;Trạm Y tế xã Ba;public-unit;X-3;\r\n\
    X-1;Xã Một;Xã;;0239 000 001\r\n\
    X 2;Xã Hai;Xã;;\r\n\
    X-3;Xã Ba;commune;;'+84 239 000 003\r\n\
    X-4;Xã Bốn;vương quốc;;\r\n\
    X-1;Xã Một lần nữa;Xã;;\r\n\
    X-5;Xã Năm;Xã;KHONG-CO;\r\n\
    SYT;Sở Y tế tỉnh;;;\r\n\
    X-6;Xã Sáu\r\n";

pub(crate) async fn import(province: &Province, text: &str, keep: bool) -> Report {
    let scope = service();
    let tx = province.db.scoped(&scope).begin().await.unwrap();
    let table = agencies::read_sheet(text.as_bytes().to_vec()).await.unwrap();
    let report = agencies::import_sheet(&tx, &Live::default(), NOW + DAY, table).await.unwrap();
    if keep {
        tx.commit().await.unwrap();
    } else {
        tx.rollback().await.unwrap();
    }
    report
}

pub(crate) fn reasons(report: &Report, line: u64) -> Vec<(&'static str, &'static str)> {
    let line = report.lines.iter().find(|one| one.line == line).expect("the line is in the report");
    match &line.outcome {
        Outcome::Refused(faults) => faults.iter().map(|fault| (fault.column, fault.key)).collect(),
        _ => Vec::new(),
    }
}

#[tokio::test]
async fn one_wrong_line_spoils_no_other_and_each_is_named() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let scope = service();
        let count =
            async || agencies::count(&province.db.scoped(&scope).read(), &AgencyFilter::default()).await.unwrap();
        let tried = import(&province, TABLE, false).await;
        assert_eq!(count().await, 4, "a dry run keeps nothing");
        let taken = import(&province, TABLE, true).await;
        assert_eq!(tried, taken, "a dry run says what will be");
        assert_eq!(taken.totals(), Totals { new: 3, changed: 1, same: 0, refused: 5 });
        assert_eq!(count().await, 7);
        assert_eq!(reasons(&taken, 4), [("code", "field-invalid")]);
        assert_eq!(reasons(&taken, 6), [("kind", "sheet-value-unknown")]);
        assert_eq!(reasons(&taken, 7), [("code", "sheet-twice")]);
        assert_eq!(reasons(&taken, 8), [("parent_code", "agency-no-such-parent")]);
        assert_eq!(reasons(&taken, 10), [("", "sheet-line-cells")]);
        let changed = taken.lines.iter().find(|line| line.subject == "SYT").unwrap();
        assert_eq!(changed.changes(kit::Lang::Vi), ["Tên: Sở Y tế → Sở Y tế tỉnh"]);
        let view = province.db.scoped(&scope).read();
        let post = agencies::by_code(&view, "X-3-TYT").await.unwrap().unwrap();
        assert_eq!(post.parent_code.as_deref(), Some("X-3"));
        let three = agencies::by_code(&view, "X-3").await.unwrap().unwrap();
        assert_eq!((three.kind.as_str(), three.phone.as_str()), ("commune", "+84 239 000 003"));
        let again = import(&province, TABLE, true).await;
        assert_eq!(
            again.totals(),
            Totals { new: 0, changed: 0, same: 4, refused: 5 },
            "the second time changes nothing"
        );
    })
    .await;
}

#[tokio::test]
async fn every_fault_of_a_line_is_told_by_the_title_of_its_column() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let text = "code,name,kind,parent_code,valid_from,became\n\
            X 9,,vương quốc,KHONG-CO,hôm qua,KHONG-CO-NUA\n\
            X-1,\"Xã Một,commune,,,\n\
            X-2,\"Xã Hai\",commune,,,\n";
        let report = import(&province, text, true).await;
        assert_eq!(report.totals(), Totals { new: 1, changed: 0, same: 0, refused: 2 });
        assert_eq!(reasons(&report, 3), [("", "sheet-quote-open")], "it takes no other line with it");
        let mut found = reasons(&report, 2);
        found.sort_unstable();
        let all = [
            ("became", "agency-no-such-successor"),
            ("code", "field-invalid"),
            ("kind", "sheet-value-unknown"),
            ("name", "field-required"),
            ("parent_code", "agency-no-such-parent"),
            ("valid_from", "sheet-date-wrong"),
        ];
        assert_eq!(found, all);
        let line = report.lines.iter().find(|line| line.line == 2).unwrap();
        let words = line.reasons(kit::Lang::Vi).join("\n");
        assert!(words.contains("Mã: Không đúng định dạng") && words.contains("Tên: Không được để trống"), "{words}");
        assert!(words.contains("Loại: ") && words.contains("Xã (commune)"), "the kinds that there are: {words}");
        assert!(!words.contains("parent_code") && !words.contains("valid_from"), "no names of files: {words}");
        assert!(line.reasons(kit::Lang::En).join("\n").contains("Commune (commune)"));
    })
    .await;
}

#[tokio::test]
async fn a_line_that_fails_half_way_leaves_nothing_of_itself() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        // Made by the line, then to become part of what lies below it: the second half is impossible.
        let text = "code,name,kind,became\nTINH,Tỉnh Khác,,SYT\nX-1,Xã Một,commune,X-1\nX-2,Xã Hai,commune,\n";
        let report = import(&province, text, true).await;
        assert_eq!(report.totals(), Totals { new: 1, changed: 0, same: 0, refused: 2 });
        assert_eq!(reasons(&report, 2), [("", "agency-root-stays")]);
        let scope = service();
        let view = province.db.scoped(&scope).read();
        assert_eq!(agencies::root(&view).await.unwrap().unwrap().name, "Tỉnh Ví Dụ", "the new name went with the line");
        assert!(agencies::by_code(&view, "X-1").await.unwrap().is_none());
        assert!(agencies::by_code(&view, "X-2").await.unwrap().is_some());
    })
    .await;
}

#[tokio::test]
async fn a_workbook_is_tried_and_taken_through_the_page_as_one_and_the_same_file() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        province.person("quan.tri", "Quản Trị", &province.root, "administrator").await;
        let site = site(&app(&province, false));
        let mut admin = Browser::enter(&site, "quan.tri").await;
        let page = admin.get("/agencies/import").await.text;
        assert!(page.contains(r#"type="file""#) && page.contains("data-sheet="), "{page}");
        let lines: [&[&str]; 3] = [&["Mã", "Tên", "Loại"], &["X-7", "Xã Bảy", "Xã"], &["X-8", "Xã Tám", "vương quốc"]];
        let file = URL_SAFE_NO_PAD.encode(workbook_of(&lines));
        let tried = admin.post("/agencies/import", &[("sheet", ""), ("file", file.as_str())]).await;
        assert!(tried.status == StatusCode::OK && tried.text.contains("Chạy thử, chưa ghi gì"), "{}", tried.text);
        assert!(tried.text.contains("1 mới") && tried.text.contains("1 bị từ chối"), "{}", tried.text);
        assert!(tried.text.contains(&format!(r#"name="file" value="{file}""#)), "what was tried is what will be taken");
        assert!(!admin.get("/agencies?q=xa+bay").await.text.contains("<code>X-7"));
        admin.get("/agencies/import").await;
        // A file takes precedence, and without the proof nothing is read of it.
        let fields = [("sheet", "code\nA\n"), ("file", file.as_str()), ("take", "true")];
        assert_eq!(admin.post_bare("/agencies/import", &fields).await.status, StatusCode::FORBIDDEN);
        assert!(!admin.get("/agencies?q=xa+bay").await.text.contains("<code>X-7"));
        admin.get("/agencies/import").await;
        let taken = admin.post("/agencies/import", &fields).await;
        assert!(taken.text.contains("Đã ghi"), "{}", taken.text);
        assert!(admin.get("/agencies?q=xa+bay").await.text.contains("<code>X-7"));
        for (file, said) in
            [("UEsDBA", "Không đọc được tệp Excel"), ("%%", "Không đọc được tệp Excel"), ("_w", "UTF-8")]
        {
            admin.get("/agencies/import").await;
            let wrong = admin.post("/agencies/import", &[("file", file)]).await;
            assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{file}");
            assert!(wrong.text.contains(said) && wrong.text.contains(r##"href="#chosen""##), "{file}: {}", wrong.text);
        }
    })
    .await;
}

#[tokio::test]
async fn a_merged_commune_is_found_by_its_name_and_its_records_are_the_successors() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let text = "code,name,kind,parent_code,valid_from\nX-1,Xã Thạch Lạc,commune,,2025-07-01\n\
                    X-2,Xã Thạch Khê,commune,,01/07/2025\nX-1-TYT,Trạm Y tế,public-unit,X-1,2025-07-01\n";
        assert_eq!(import(&province, text, true).await.totals().new, 3);
        let merge = "code,became,valid_to,basis\nX-1,X-2,2026-03-01,NQ 1/2026\n";
        let report = import(&province, merge, true).await;
        assert_eq!(report.totals().changed, 1, "{report:?}");
        assert_eq!(import(&province, merge, true).await.totals().same, 1, "said again it is known");
        let scope = service();
        let view = province.db.scoped(&scope).read();
        let (one, two) = (
            agencies::by_code(&view, "X-1").await.unwrap().unwrap(),
            agencies::by_code(&view, "X-2").await.unwrap().unwrap(),
        );
        assert_eq!(one.parent_code.as_deref(), Some("X-2"));
        assert!(!one.exists_at(NOW) && one.exists_at(one.valid_from));
        let station = agencies::by_code(&view, "X-1-TYT").await.unwrap().unwrap();
        assert_eq!(station.parent_code.as_deref(), Some("X-2"), "subordinates go over");
        let became = agencies::became(&view, &one.id).await.unwrap();
        assert_eq!((became[0].agency_id.as_str(), became[0].basis.as_str()), (two.id.as_str(), "NQ 1/2026"));
        assert_eq!(agencies::came_from(&view, &two.id).await.unwrap()[0].agency_id, one.id);
        let filter = AgencyFilter { text: "thach lac".into(), at: Some(NOW), ..AgencyFilter::default() };
        let found = agencies::list(&view, &filter, 10, 0).await.unwrap();
        assert_eq!(found.iter().map(|one| one.code.as_str()).collect::<Vec<_>>(), ["X-2"]);
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        let circle = agencies::become_part_of(&tx, NOW + DAY, &two.id, &station.id, NOW, "").await;
        assert!(matches!(circle, Err(Error::Conflict("agency-successor-below"))), "{circle:?}");
        let twice = agencies::become_part_of(&tx, NOW + DAY, &one.id, &two.id, NOW, "").await;
        assert!(matches!(twice, Err(Error::Conflict("agency-became-that-already"))), "{twice:?}");
        agencies::close(&tx, NOW + DAY, &one.id, None).await.unwrap();
        assert!(agencies::became(&tx, &one.id).await.unwrap().is_empty(), "what is brought back became nothing");
    })
    .await;
}

#[tokio::test]
async fn a_former_name_finds_the_agency_and_names_follow_each_other() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let scope = service();
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        agencies::rename_since(&tx, NOW, &province.b, "Sở Học vấn", NOW - 10 * DAY, "QĐ 5").await.unwrap();
        let filter = AgencyFilter { text: "dao tao".into(), ..AgencyFilter::default() };
        assert_eq!(agencies::list(&tx, &filter, 10, 0).await.unwrap()[0].name, "Sở Học vấn");
        for since in [NOW - 10 * DAY, NOW - 11 * DAY, NOW + 1] {
            let wrong = agencies::rename_since(&tx, NOW, &province.b, "Sở Khác", since, "").await;
            assert!(matches!(wrong, Err(Error::Invalid(_))), "{since}: {wrong:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn one_head_at_a_time_and_a_substitute_during_leave() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let an = province.person("an.tran", "Trần An", &province.a, "").await;
        let binh = province.person("binh.le", "Lê Bình", &province.a, "").await;
        let scope = service();
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        let post = |person: &str, post: &str, starts_at| NewIncumbent {
            agency_id: province.a.clone(),
            person_id: person.to_owned(),
            post: post.to_owned(),
            starts_at,
            ..NewIncumbent::default()
        };
        let head = incumbents::appoint(&tx, NOW, post(&an, "head", NOW - DAY)).await.unwrap();
        let taken = incumbents::appoint(&tx, NOW, post(&binh, "head", NOW)).await;
        assert!(matches!(taken, Err(Error::Conflict("incumbent-post-taken"))), "{taken:?}");
        for person in [&an, &binh] {
            incumbents::appoint(&tx, NOW, post(person, "dedicated", NOW)).await.unwrap();
        }
        assert!(matches!(incumbents::appoint(&tx, NOW, post(&an, "king", NOW)).await, Err(Error::Invalid(_))));
        let leave = |substitute: &str| NewAbsence {
            incumbent_id: head.clone(),
            substitute_id: substitute.to_owned(),
            starts_at: NOW,
            ends_at: NOW + 3 * DAY,
        };
        let oneself = incumbents::substitute(&tx, NOW, leave(&an)).await;
        assert!(matches!(oneself, Err(Error::Invalid(_))), "{oneself:?}");
        let absence = incumbents::substitute(&tx, NOW, leave(&binh)).await.unwrap();
        assert!(matches!(incumbents::substitute(&tx, NOW, leave(&binh)).await, Err(Error::Conflict(_))));
        let acting = async |at| {
            let held = incumbents::holding(&tx, at).await.unwrap();
            let absences = incumbents::absences_of(&tx, &province.a, at).await.unwrap();
            let head = held.iter().find(|one| one.post == "head").unwrap();
            incumbents::acting(head, &absences, at).1.to_owned()
        };
        assert_eq!(
            (acting(NOW + DAY).await, acting(NOW + 3 * DAY).await),
            ("Lê Bình".to_owned(), "Trần An".to_owned())
        );
        incumbents::return_from_leave(&tx, NOW + DAY, &province.a, &head, &absence).await.unwrap();
        assert_eq!(acting(NOW + DAY).await, "Trần An");
        let elsewhere = incumbents::relieve(&tx, NOW + DAY, &province.b, &head).await;
        assert!(matches!(elsewhere, Err(Error::NotFound)), "of another agency: {elsewhere:?}");
        incumbents::relieve(&tx, NOW + DAY, &province.a, &head).await.unwrap();
        assert!(incumbents::appoint(&tx, NOW + DAY, post(&binh, "head", NOW + DAY)).await.is_ok());
        assert_eq!(incumbents::of_agency(&tx, &province.a).await.unwrap().len(), 4);
    })
    .await;
}

#[tokio::test]
async fn every_wrong_day_of_a_form_is_named() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        province.person("quan.tri", "Quản Trị", &province.root, "administrator").await;
        let an = province.person("an.tran", "Trần An", &province.a, "").await;
        let binh = province.person("binh.le", "Lê Bình", &province.a, "").await;
        let site = site(&app(&province, false));
        let mut admin = Browser::enter(&site, "quan.tri").await;
        let page = format!("/agencies/{}/incumbents", province.a);
        admin.get(&page).await;
        let post = |from, to| [("person_id", an.as_str()), ("post", "head"), ("starts_at", from), ("ends_at", to)];
        for (from, to) in [("32/11/2026", "1/13/2026"), ("01/01/2127", "01/02/2227")] {
            let wrong = admin.post(&page, &post(from, to)).await;
            assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{from} {to}");
            for field in ["starts_at", "ends_at"] {
                assert!(wrong.text.contains(&format!("id=\"{field}-error\"")), "{field}: {}", wrong.text);
            }
        }
        assert_eq!(admin.post(&page, &post("", "")).await.location(), page);
        let sql = "SELECT id AS value FROM incumbents";
        let incumbent = texts(&province, sql).await.remove(0);
        let leave = format!("/agencies/{}/leave", province.a);
        admin.get(&page).await;
        for (from, to) in [("", ""), ("32/11/2026", "hôm nào"), ("01/01/2127", "01/02/2127")] {
            let fields = [
                ("incumbent_id", incumbent.as_str()),
                ("substitute_id", binh.as_str()),
                ("since", from),
                ("until", to),
            ];
            let wrong = admin.post(&leave, &fields).await;
            assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{from} {to}");
            for field in ["since", "until"] {
                assert!(wrong.text.contains(&format!("id=\"{field}-error\"")), "{field}: {}", wrong.text);
            }
        }
        let person = format!("/people/{an}");
        admin.get(&person).await;
        let role = [
            ("role", "officer"),
            ("role_agency_id", province.a.as_str()),
            ("starts_at", "01/01/2127"),
            ("ends_at", "31/12/2127"),
        ];
        let wrong = admin.post(&format!("{person}/roles"), &role).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        for field in ["starts_at", "ends_at"] {
            assert!(wrong.text.contains(&format!("id=\"{field}-error\"")), "{field}: {}", wrong.text);
        }
        assert!(wrong.text.contains("quá xa trong tương lai"), "{}", wrong.text);
    })
    .await;
}

pub(crate) async fn texts(province: &Province, sql: &str) -> Vec<String> {
    let scope = service();
    let view = province.db.scoped(&scope).read();
    let rows = view.query_all_raw(Statement::from_string(view.get_database_backend(), sql)).await.unwrap();
    rows.iter().map(|row| row.try_get("", "value").unwrap()).collect()
}

#[tokio::test]
async fn numbers_of_certificates_and_experts_are_sealed_and_a_call_leaves_a_row() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let an = province.person("an.tran", "Trần An", &province.a, "officer").await;
        province.person("truc.ban", "Trực Ban", &province.root, "analyst").await;
        let scope = service();
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        let certificate = NewQualification {
            person_id: an.clone(),
            kind: "certificate".into(),
            name: "Ứng cứu sự cố".into(),
            number: "VN-778899-AB".into(),
            expires_at: Some(NOW + 30 * DAY),
            ..NewQualification::default()
        };
        qualifications::add(&tx, NOW, certificate).await.unwrap();
        let expert = ExpertData {
            agency_id: province.root.clone(),
            full_name: "Phạm Chuyên Gia".into(),
            fields: "phân tích mã độc".into(),
            phone: "0912 345 678".into(),
            at_night: true,
            ..ExpertData::default()
        };
        let nameless = experts::add(&tx, NOW, expert.clone()).await;
        assert!(matches!(nameless, Err(Error::Invalid(_))), "how to call at night is asked: {nameless:?}");
        let expert = ExpertData { night_call: "Gọi bảo vệ trước, cổng số 2".into(), ..expert };
        let wrong = ExpertData { phone: "abc".into(), ..expert.clone() };
        let Err(Error::Invalid(fields)) = experts::add(&tx, NOW, wrong).await else { panic!("no telephone number") };
        assert_eq!((fields[0].field.as_str(), fields[0].key), ("phone", "field-telephone"));
        let id = experts::add(&tx, NOW, expert).await.unwrap();
        let night = ExpertFilter { text: "ma doc".into(), at_night: true, at: Some(NOW) };
        assert_eq!(
            experts::list(&tx, &night, 10, 0).await.unwrap()[0].night_call.reveal(),
            "Gọi bảo vệ trước, cổng số 2"
        );
        let soon = QualificationFilter { ends_before: Some(NOW + 90 * DAY), ..QualificationFilter::default() };
        assert_eq!(qualifications::list(&tx, &soon, 10, 0).await.unwrap()[0].number.reveal(), "VN-778899-AB");
        tx.commit().await.unwrap();
        let stored = texts(
            &province,
            "SELECT number AS value FROM qualifications UNION SELECT phone || night_call FROM experts",
        )
        .await;
        assert!(stored.iter().all(|text| text.starts_with(kit::sealed::PREFIX)), "{stored:?}");
        let trail = texts(&province, "SELECT details AS value FROM audit_entries").await.join("\n");
        for secret in ["778899", "0912", "cổng số 2"] {
            assert!(!trail.contains(secret), "{secret}");
        }
        let site = site(&app(&province, false));
        let mut analyst = Browser::enter(&site, "truc.ban").await;
        let path = format!("/experts/{id}");
        let page = analyst.get(&path).await.text;
        assert!(page.contains("Phạm Chuyên Gia") && !page.contains("0912") && !page.contains("cổng số 2"));
        let call = analyst.post(&format!("{path}/call"), &[]).await;
        assert!(call.status == StatusCode::OK && call.text.contains("0912 345 678") && call.text.contains("cổng số 2"));
        let rows = texts(&province, "SELECT details AS value FROM audit_entries WHERE action = 'expert.read'").await;
        assert_eq!(rows.len(), 1, "{rows:?}");
        assert!(!analyst.get("/experts?format=csv").await.text.contains("0912"));
        assert_eq!(analyst.post(&format!("{path}/close"), &[]).await.status, StatusCode::FORBIDDEN);
        let own = analyst.get(&format!("/people/{an}/qualifications")).await.text;
        assert!(own.contains("Ứng cứu sự cố") && !own.contains("778899") && own.contains("Hết hạn trong 90 ngày"));
    })
    .await;
}

#[tokio::test]
async fn the_pages_try_a_table_before_they_take_it_and_show_who_is_missing() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let an = province.person("an.tran", "Trần An", &province.a, "officer").await;
        province.person("quan.tri", "Quản Trị", &province.root, "administrator").await;
        let site = site(&app(&province, false));
        let mut admin = Browser::enter(&site, "quan.tri").await;
        admin.get("/agencies/import").await;
        let table = "code,name,kind\nX-1,Xã Một,commune\nX-2,,commune\n";
        let tried = admin.post("/agencies/import", &[("sheet", table)]).await;
        assert!(tried.status == StatusCode::OK && tried.text.contains("Chạy thử, chưa ghi gì"), "{}", tried.text);
        assert!(tried.text.contains("1 mới") && tried.text.contains("1 bị từ chối") && tried.text.contains("X-2"));
        assert!(!admin.get("/agencies?q=xa+mot").await.text.contains("<code>X-1"));
        admin.get("/agencies/import").await;
        let taken = admin.post("/agencies/import", &[("sheet", table), ("take", "true")]).await;
        assert!(taken.text.contains("Đã ghi"), "{}", taken.text);
        assert!(admin.get("/agencies?q=xa+mot").await.text.contains("<code>X-1"));
        admin.get("/agencies/import").await;
        let wrong = admin.post("/agencies/import", &[("sheet", "code,colour\nA,red\n")]).await;
        assert!(wrong.status == StatusCode::UNPROCESSABLE_ENTITY && wrong.text.contains("colour"), "{}", wrong.text);
        // Who answers where.
        let missing = admin.get("/incumbents?missing=dedicated").await.text;
        assert!(missing.contains("Sở Y tế") && missing.contains("Sở Giáo dục"));
        let path = format!("/agencies/{}/incumbents", province.a);
        admin.get(&path).await;
        let fields = [("post", "dedicated"), ("person_id", an.as_str()), ("decision", "QĐ 12")];
        assert_eq!(admin.post(&path, &fields).await.location(), path);
        assert_eq!(admin.post(&path, &fields).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(admin.get(&format!("/agencies/{}", province.a)).await.text.contains("Trần An"));
        let missing = admin.get("/incumbents?missing=dedicated").await.text;
        assert!(!missing.contains(&format!("/agencies/{}/incumbents", province.a)), "no gap any more");
        assert!(admin.get("/incumbents?format=csv").await.text.contains("Trần An"));
        // The successor's form names the old agency on the new one's page.
        let path = format!("/agencies/{}/become", province.b);
        admin.get(&path).await;
        let to = admin.post(&path, &[("into", province.a.as_str()), ("basis", "NQ 9")]).await;
        assert_eq!(to.location(), format!("/agencies/{}", province.b), "{}", to.text);
        assert!(admin.get(&format!("/agencies/{}", province.a)).await.text.contains("Sở Giáo dục và Đào tạo"));
        for (path, said, unsaid) in [
            ("/experts", "Chưa có chuyên gia nào trong danh sách", "nào khớp"),
            ("/experts?q=ai", "nào khớp", "Chưa có chuyên gia nào trong danh sách"),
            ("/qualifications", "Chưa ghi chứng chỉ", "nào khớp"),
            ("/qualifications?q=ai", "nào khớp", "Chưa ghi chứng chỉ"),
        ] {
            let page = admin.get(path).await.text;
            assert!(page.contains(said) && !page.contains(unsaid), "{path}: {page}");
        }
        for path in ["/experts", "/experts/new", "/qualifications", "/people/import", "/people?kind=service"] {
            for lang in ["vi", "en"] {
                admin.cookies.insert("lang".to_owned(), lang.to_owned());
                assert_eq!(admin.get(path).await.status, StatusCode::OK, "{path} {lang}");
            }
        }
        let view_only = people::find(&province.db.scoped(&service()).read(), &an).await.unwrap();
        assert_eq!(view_only.kind, "operational");
    })
    .await;
}
