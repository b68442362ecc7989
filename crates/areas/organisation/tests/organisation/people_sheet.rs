//! Tables of people line by line, and accounts that nobody uses.

use crate::browser::{Browser, app, site};
use crate::province::{NOW, PASSWORD, Province, scope_of, service};
use axum::http::StatusCode;
use kit::bus::Bus;
use kit::clock::DAY;
use kit::scope::Agencies;
use kit::{Capability, Error};
use organisation::people::{self, NewPerson, PersonFilter};
use organisation::sheets::{Outcome, ReadTable, Totals};
use sea_orm::{ConnectionTrait, Statement};
use test_support::on_each_database;

const TABLE: &str = "account,full_name,agency_code,phone,kind,role,role_to\n\
    lan.nguyen,Nguyễn Thị Lan,SYT,0912 000 111,Quản trị,officer,2026-12-31\n\
    an.tran,,,0988 777 666,,,\n\
    moi.le,Lê Mới,KHONG-CO,,,,\n\
    hoa.pham,Phạm Hoa,SGD,,thần linh,,\n\
    a b,Có Dấu Cách,SYT,,,,\n\
    LAN.NGUYEN,Lần Hai,SYT,,,,\n";

async fn table(text: &str) -> ReadTable {
    people::read_sheet(text.as_bytes().to_vec()).await.unwrap()
}

#[tokio::test]
async fn a_table_makes_and_changes_accounts_and_shows_masks() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let an = province.person("an.tran", "Trần An", &province.a, "officer").await;
        let scope = service();
        for keep in [false, true] {
            let tx = province.db.scoped(&scope).begin().await.unwrap();
            let report = people::import_sheet(&tx, &province.policies, NOW, table(TABLE).await).await.unwrap();
            assert_eq!(report.totals(), Totals { new: 1, changed: 1, same: 0, refused: 4 }, "{report:?}");
            let keys: Vec<_> = report
                .lines
                .iter()
                .filter_map(|line| match &line.outcome {
                    Outcome::Refused(errors) => Some((line.line, errors[0].key)),
                    _ => None,
                })
                .collect();
            let expected = [
                (4, "agency-no-such-code"),
                (5, "sheet-value-unknown"),
                (6, "person-account-form"),
                (7, "sheet-twice"),
            ];
            assert_eq!(keys, expected);
            let words = report.lines.iter().flat_map(|line| line.changes(kit::Lang::Vi)).collect::<Vec<_>>().join("; ");
            assert!(words.contains("••••••666") && !words.contains("0988"), "{words}");
            assert!(words.contains("Giao vai trò: – → officer – Sở Y tế"), "what a new account is given: {words}");
            match keep {
                true => tx.commit().await.unwrap(),
                false => tx.rollback().await.unwrap(),
            }
            let view = province.db.scoped(&scope).read();
            let count = people::count(&view, &PersonFilter::default()).await.unwrap();
            assert_eq!(count, if keep { 2 } else { 1 });
        }
        let view = province.db.scoped(&scope).read();
        let lan = people::by_account(&view, "lan.nguyen").await.unwrap().unwrap();
        assert_eq!((lan.kind.as_str(), lan.phone.reveal()), ("administrative", "0912 000 111"));
        let grant = people::grants_of(&view, &lan.id).await.unwrap().remove(0);
        assert!(grant.role == "officer" && grant.ends_at.is_some_and(|end| end > NOW + 40 * DAY));
        assert_eq!(people::find(&view, &an).await.unwrap().phone.reveal(), "0988 777 666");
        let sql = "SELECT details AS value FROM audit_entries";
        let rows = view.query_all_raw(Statement::from_string(view.get_database_backend(), sql)).await.unwrap();
        let trail: Vec<String> = rows.iter().map(|row| row.try_get("", "value").unwrap()).collect();
        assert!(trail.iter().all(|row| !row.contains("0912 000") && !row.contains("0988 777")));
    })
    .await;
}

#[tokio::test]
async fn every_fault_of_a_line_of_people_is_told() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let scope = service();
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        let text = "account,full_name,agency_code,email,kind,role,role_agency_code,role_from,role_to\n\
            a b,,KHONG-CO,không,thần linh,vua,CUNG-KHONG,31/02/2026,2026-01-01\n\
            lan.nguyen,Nguyễn Thị Lan,SYT,,,officer,,2026-12-31,2026-12-01\n";
        let report = people::import_sheet(&tx, &province.policies, NOW, table(text).await).await.unwrap();
        assert_eq!(report.totals(), Totals { new: 0, changed: 0, same: 0, refused: 2 }, "{report:?}");
        let found = |line: usize| match &report.lines[line].outcome {
            Outcome::Refused(faults) => faults.iter().map(|fault| (fault.column, fault.key)).collect(),
            _ => Vec::new(),
        };
        let mut first = found(0);
        first.sort_unstable();
        let all = [
            ("account", "person-account-form"),
            ("agency_code", "agency-no-such-code"),
            ("email", "field-invalid"),
            ("full_name", "field-required"),
            ("kind", "sheet-value-unknown"),
            ("role", "sheet-value-unknown"),
            ("role_agency_code", "agency-no-such-code"),
            ("role_from", "sheet-date-wrong"),
        ];
        assert_eq!(first, all);
        assert_eq!(found(1), [("role_to", "role-ends-before-start")]);
        let words = report.lines[0].reasons(kit::Lang::Vi).join("\n");
        assert!(words.contains("Mã cơ quan: ") && words.contains("Mã cơ quan của vai trò: "), "{words}");
        assert!(people::by_account(&tx, "lan.nguyen").await.unwrap().is_none(), "a line is taken whole or not at all");
    })
    .await;
}

#[tokio::test]
async fn a_table_gives_no_more_than_whoever_brings_it_may() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let officer = province.policies.role("officer").unwrap();
        let capabilities = officer.capabilities.iter().copied().chain([Capability::ManagePeople]);
        let local = scope_of("chief", Agencies::Under([province.a.clone()].into()), capabilities);
        let tx = province.db.scoped(&local).begin().await.unwrap();
        let text = "account,full_name,agency_code,role\nmot.le,Lê Một,SYT,officer\nhai.le,Lê Hai,SYT,administrator\n\
                    ba.le,Lê Ba,SGD,officer\n";
        let report = people::import_sheet(&tx, &province.policies, NOW, table(text).await).await.unwrap();
        assert_eq!(report.totals(), Totals { new: 1, changed: 0, same: 0, refused: 2 }, "{report:?}");
        assert!(people::by_account(&tx, "hai.le").await.unwrap().is_none(), "not even the account without the role");
        drop(tx);
        let reader = scope_of("reader", Agencies::All, [Capability::ViewPeople]);
        let tx = province.db.scoped(&reader).begin().await.unwrap();
        let refused = people::import_sheet(&tx, &province.policies, NOW, table(text).await).await;
        assert!(matches!(refused, Err(Error::Forbidden(_))));
    })
    .await;
}

#[tokio::test]
async fn accounts_lie_unused_for_45_days_and_the_last_administrator_stays() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let admin = province.person("quan.tri", "Quản Trị", &province.root, "administrator").await;
        let unused = province.person("bo.quen", "Bỏ Quên", &province.a, "officer").await;
        let used = province.person("hay.dung", "Hay Dùng", &province.a, "officer").await;
        let scope = service();
        let close = async |at| {
            let tx = province.db.scoped(&scope).begin().await.unwrap();
            let closed = people::close_idle(&tx, &province.policies, at).await.unwrap();
            tx.commit().await.unwrap();
            closed.into_iter().map(|one| one.id).collect::<Vec<_>>()
        };
        let days = province.policies.account.idle.days;
        assert_eq!(days, 45);
        assert!(close(NOW + days * DAY).await.is_empty(), "a day too early");
        province.clock.advance(30 * DAY);
        let site = site(&app(&province, false));
        Browser::enter(&site, "hay.dung").await;
        assert_eq!(
            close(NOW + 46 * DAY).await,
            std::slice::from_ref(&unused),
            "neither who signs in nor the last administrator"
        );
        assert!(close(NOW + 46 * DAY).await.is_empty(), "once");
        // Opened again, the days count anew.
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        people::enable(&tx, &province.policies, NOW + 47 * DAY, &unused).await.unwrap();
        tx.commit().await.unwrap();
        assert!(close(NOW + 48 * DAY).await.is_empty());
        // With another administrator who is there, the unused one goes too.
        province.clock.advance(60 * DAY);
        province.person("quan.tri.2", "Quản Trị Hai", &province.root, "administrator").await;
        Browser::enter(&site, "quan.tri.2").await;
        let closed = close(NOW + 93 * DAY).await;
        assert!(closed.contains(&admin) && closed.contains(&used) && closed.contains(&unused), "{closed:?}");
        assert_eq!(closed.len(), 3);
    })
    .await;
}

#[tokio::test]
async fn nobody_signs_in_to_an_account_of_a_machine() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let scope = service();
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        let new = |account: &str, kind: &str| NewPerson {
            account: account.into(),
            full_name: "Máy".into(),
            agency_id: province.a.clone(),
            kind: kind.into(),
            ..NewPerson::default()
        };
        assert!(matches!(people::create(&tx, NOW, new("may.0", "robot")).await, Err(Error::Invalid(_))));
        let ids = [
            people::create(&tx, NOW, new("may.1", "service")).await.unwrap().id,
            people::create(&tx, NOW, new("may.2", "")).await.unwrap().id,
        ];
        tx.commit().await.unwrap();
        for id in &ids {
            province.sign_in.set_password(&scope, id, PASSWORD).await.unwrap();
        }
        let site = site(&app(&province, false));
        let machine = Browser::new(&site).sign_in("may.1", PASSWORD).await;
        assert_eq!(machine.status, StatusCode::UNAUTHORIZED);
        assert_eq!(Browser::new(&site).sign_in("may.2", PASSWORD).await.status, StatusCode::SEE_OTHER);
    })
    .await;
}
