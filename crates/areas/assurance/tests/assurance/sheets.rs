//! Tables of systems: what a line does, that a wrong one is named and spoils no other, and that nobody reaches farther by a
//! table than by a form.

use crate::house::{House, NOW, faults, in_each_house, system};
use assurance::systems::store::{self, Filter};
use assurance::systems::{self, NewSystem, service};
use kit::{Error, Scope};
use luytre_assurance as assurance;
use organisation::sheets::{Outcome, Report, Totals};
use std::fmt::Write as _;

async fn import(house: &House, scope: &Scope, text: &str) -> Result<Report, Error> {
    let table = systems::read_sheet(text.as_bytes().to_vec()).await?;
    let tx = house.db.scoped(scope).begin().await?;
    let report = systems::import_sheet(&tx, NOW, table).await?;
    tx.commit().await?;
    Ok(report)
}

#[tokio::test]
async fn a_table_registers_and_changes_and_brought_again_does_nothing() {
    in_each_house(|house| async move {
        let scope = Scope::service("test");
        let text = "Mã hệ thống;Tên hệ thống;Mã chủ quản;Cấp độ;Trạng thái;Thông tin cá nhân;basic_subjects;operator_code\n\
            SYT-01;Hồ sơ sức khỏe;SYT;C3;Đang vận hành;Có;120.000;SGD\n\
            ;Trang tin;syt;2;proposed;;;\n\
            SGD-01;Học bạ;SGD;Cấp độ 3;on_trial;có;;\n";
        let report = import(&house, &scope, text).await.unwrap();
        assert_eq!(report.totals(), Totals { new: 3, ..Totals::default() }, "{report:?}");
        assert_eq!(report.lines[1].subject, "SYT-02", "a code is given where there is none");
        let again = import(&house, &scope, text).await.unwrap();
        assert_eq!(again.totals(), Totals { same: 3, ..Totals::default() }, "{again:?}");
        let change = "code,name,sensitive_subjects,state\nSYT-01,Hồ sơ sức khỏe,9000,\nSGD-01,Học bạ số,,operating\n";
        let report = import(&house, &scope, change).await.unwrap();
        assert_eq!(report.totals(), Totals { changed: 2, ..Totals::default() }, "{report:?}");
        let words = report.lines.iter().flat_map(|line| line.changes(kit::Lang::Vi)).collect::<Vec<_>>().join("; ");
        assert!(words.contains("Tên hệ thống: Học bạ → Học bạ số"), "{words}");
        let view = house.db.scoped(&scope).read();
        let kept = store::list(&view, &Filter { words: "suc khoe".into(), ..Filter::default() }).await.unwrap().remove(0);
        assert_eq!((kept.level, kept.basic_subjects, kept.sensitive_subjects), (3, Some(120_000), Some(9_000)));
        assert_eq!((kept.operator_code.as_str(), kept.state.as_str()), ("SGD", "operating"));
    })
    .await;
}

#[tokio::test]
async fn every_fault_of_a_line_is_told_under_its_column() {
    in_each_house(|house| async move {
        let scope = Scope::service("test");
        let text = "code,name,agency_code,level,state,network_ranges,user_count,operator_code,defence\n\
            A 1,,KHONG,7,bay,10.0.0.0/40,nhiều,AI,\n\
            QS-1,Quân sự,SYT,3,operating,,,,yes\n\
            T-1,Tốt,SYT,3,operating,10.1.0.0/16,5,,no\n\
            T-1,Hai lần,SYT,3,operating,,,,\n\
            ,Không của ai,,3,operating,,,,\n";
        let report = import(&house, &scope, text).await.unwrap();
        assert_eq!(report.totals(), Totals { new: 1, refused: 4, ..Totals::default() }, "{report:?}");
        let mut first = faults(&report, 2);
        first.sort_unstable();
        let all = [
            ("agency_code", "agency-no-such-code"),
            ("code", "field-invalid"),
            ("level", "system-level-wrong"),
            ("name", "field-required"),
            ("network_ranges", "network-range-wrong"),
            ("operator_code", "agency-no-such-code"),
            ("state", "sheet-value-unknown"),
            ("user_count", "system-amount-wrong"),
        ];
        assert_eq!(first, all);
        assert_eq!(faults(&report, 3), [("defence", "system-defence-refused")]);
        assert_eq!(faults(&report, 5), [("code", "sheet-twice")]);
        assert_eq!(faults(&report, 6)[0], ("code", "system-code-or-agency"));
    })
    .await;
}

#[tokio::test]
async fn a_table_reaches_no_farther_than_whoever_brings_it() {
    in_each_house(|house| async move {
        let all = Scope::service("test");
        let tx = house.db.scoped(&all).begin().await.unwrap();
        let theirs = service::register(&tx, system("SGD-01", &house.b), NOW).await.unwrap();
        service::register(&tx, NewSystem { operator_id: house.b.clone(), ..system("SYT-01", &house.a) }, NOW)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let officer = house.officer(&house.a);
        let text = "code,name,agency_code,level,state,operator_code\n\
            SGD-01,Cướp,SYT,1,retired,\n\
            X-1,Của họ,SGD,1,proposed,\n\
            SYT-01,Hệ thống SYT-01,SYT,2,operating,SGD\n\
            X-2,Người khác chạy,SYT,2,operating,SGD\n";
        let report = import(&house, &officer, text).await.unwrap();
        assert_eq!(report.totals(), Totals { same: 1, refused: 3, ..Totals::default() }, "{report:?}");
        assert_eq!(faults(&report, 2), [("code", "field-taken")]);
        assert_eq!(faults(&report, 3), [("agency_code", "agency-no-such-code")]);
        assert_eq!(faults(&report, 5), [("operator_code", "agency-no-such-code")]);
        let kept = store::find(&house.db.scoped(&all).read(), &theirs).await.unwrap();
        assert_eq!((kept.name.as_str(), kept.state.as_str()), ("Hệ thống SGD-01", "operating"));
        let refused = import(&house, &house.reader(), text).await;
        assert!(matches!(refused, Err(Error::Forbidden(_))));
    })
    .await;
}

#[tokio::test]
async fn of_two_thousand_systems_every_bad_one_is_named() {
    in_each_house(|house| async move {
        let scope = Scope::service("test");
        let mut text = "code,name,agency_code,level,state,purpose,hosting_kind,network_ranges\n".to_owned();
        for number in 1..=2_000 {
            let level = if number % 20 == 0 { 9 } else { number % 5 + 1 };
            writeln!(
                text,
                "HT-{number:04},Hệ thống số {number},{},{level},operating,Phục vụ người dân,own_room,10.{}.{}.0/24",
                if number % 2 == 0 { "SYT" } else { "SGD" },
                number / 250,
                number % 250
            )
            .unwrap();
        }
        let begun = std::time::Instant::now();
        let report = import(&house, &scope, &text).await.unwrap();
        eprintln!("2,000 systems with 100 bad rows: {} ms", begun.elapsed().as_millis());
        assert_eq!(report.totals(), Totals { new: 1_900, refused: 100, ..Totals::default() });
        let refused = report.lines.iter().filter(|line| matches!(line.outcome, Outcome::Refused(_)));
        let named: Vec<_> = refused.map(|line| (line.line, line.subject.clone())).collect();
        let bad: Vec<_> = (1..=100_u64).map(|bad| (bad * 20 + 1, format!("HT-{:04}", bad * 20))).collect();
        assert_eq!(named, bad);
        assert!(faults(&report, 21).contains(&("level", "system-level-wrong")));
        let again = import(&house, &scope, &text).await.unwrap();
        assert_eq!(again.totals(), Totals { same: 1_900, refused: 100, ..Totals::default() });
    })
    .await;
}

#[tokio::test]
async fn what_was_written_is_read_again_and_changes_nothing() {
    in_each_house(|house| async move {
        let scope = Scope::service("test");
        let full = NewSystem {
            operator_id: house.b.clone(),
            specialised_unit: "=Trung tâm".into(),
            purpose: "Dòng một,\n  dòng \"hai\"".into(),
            users: "Người dân; doanh nghiệp".into(),
            user_count: "12000".into(),
            service_scope: "nation".into(),
            public_information: true,
            personal_information: true,
            basic_subjects: "0".into(),
            level_decision: "0012".into(),
            hosting_kind: "elsewhere".into(),
            hosting: "+84".into(),
            backup: "Hằng ngày\n\nsang nơi khác".into(),
            network_ranges: "10.0.0.0/8, 2001:db8::/32".into(),
            contact_name: "Nguyễn Thị Ỷ".into(),
            contact_phone: "0239 000 001".into(),
            critical: true,
            ..system("SYT-01", &house.a)
        };
        let tx = house.db.scoped(&scope).begin().await.unwrap();
        let id = service::register(&tx, full, NOW).await.unwrap();
        service::register(&tx, NewSystem { secret: true, ..system("MAT-01", &house.b) }, NOW).await.unwrap();
        let device = assurance::inventory::NewItem {
            kind: "device".into(),
            name: "Máy chủ".into(),
            values: [
                ("support_end", "2028-05-01"),
                ("status", "in-use"),
                ("notes", "một\nhai"),
                ("addresses", "10.0.0.1"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
            version: 0,
        };
        assurance::inventory::service::add(&tx, &id, device, NOW).await.unwrap();
        tx.commit().await.unwrap();
        for lang in kit::Lang::ALL {
            let view = house.db.scoped(&scope).read();
            let systems = systems::table(lang, &store::list(&view, &Filter::default()).await.unwrap());
            let filter = assurance::inventory::store::Filter::default();
            let items = assurance::inventory::store::list(&view, &filter, 100, 0).await.unwrap();
            let inventory = assurance::inventory::table(lang, &items);
            for file in [systems.csv().text().as_bytes().to_vec(), systems.workbook().unwrap()] {
                let table = systems::read_sheet(file).await.unwrap();
                let tx = house.db.scoped(&scope).begin().await.unwrap();
                let report = systems::import_sheet(&tx, NOW, table).await.unwrap();
                assert_eq!(report.totals(), Totals { same: 2, ..Totals::default() }, "{lang:?} {report:?}");
            }
            for file in [inventory.csv().text().as_bytes().to_vec(), inventory.workbook().unwrap()] {
                let table = assurance::inventory::read_sheet(file).await.unwrap();
                let tx = house.db.scoped(&scope).begin().await.unwrap();
                let report = assurance::inventory::import_sheet(&tx, NOW, table).await.unwrap();
                assert_eq!(report.totals(), Totals { same: 1, ..Totals::default() }, "{lang:?} {report:?}");
            }
        }
    })
    .await;
}
