//! Telephone numbers and mail addresses: sealed in the database, masked on pages and in the trail, and whoever sees them
//! in full leaves a row.

use crate::browser::{Browser, app, site};
use crate::province::{NOW, Province, service};
use axum::http::StatusCode;
use kit::Db;
use kit::bus::Bus;
use kit::clock::HOUR;
use kit::sealed::{KeyRing, PREFIX, examine, reseal};
use organisation::people::{self, PersonChange, SEALED};
use organisation::roster::{self, NewShift};
use sea_orm::{ConnectionTrait, Statement};
use test_support::on_each_database;

const PHONE: &str = "0912 345 678";
const EMAIL: &str = "an.tran@syt.example";

async fn texts(db: &Db, sql: &str) -> Vec<String> {
    let scope = service();
    let view = db.scoped(&scope).read();
    let rows = view.query_all_raw(Statement::from_string(view.get_database_backend(), sql)).await.unwrap();
    rows.iter().map(|row| row.try_get("", "value").unwrap()).collect()
}

async fn readings(db: &Db, purpose: &str) -> usize {
    let sql = format!(
        "SELECT details AS value FROM audit_entries WHERE action = 'person.read' AND details LIKE '%\"purpose\":\"{purpose}\"%'"
    );
    texts(db, &sql).await.len()
}

async fn with_contact(province: &Province, account: &str) -> String {
    let id = province.person(account, "Trần An", &province.a, "officer").await;
    let scope = service();
    let tx = province.db.scoped(&scope).begin().await.unwrap();
    let change = PersonChange {
        full_name: "Trần An".into(),
        agency_id: province.a.clone(),
        phone: PHONE.into(),
        email: EMAIL.into(),
        ..PersonChange::default()
    };
    people::change(&tx, &province.policies, NOW, &id, change).await.unwrap();
    tx.commit().await.unwrap();
    id
}

#[tokio::test]
async fn contact_details_are_sealed_at_rest_and_masked_in_the_trail() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let id = with_contact(&province, "tran.an").await;
        let stored =
            texts(&province.db, &format!("SELECT phone || email AS value FROM people WHERE id = '{id}'")).await;
        assert!(stored[0].starts_with(PREFIX) && !stored[0].contains("345") && !stored[0].contains("an.tran"));
        let trail = texts(&province.db, "SELECT details AS value FROM audit_entries").await.join("\n");
        assert!(!trail.contains("0912") && !trail.contains("an.tran"), "{trail}");
        assert!(trail.contains("••••••678") && trail.contains("\"contact_changed\":true"), "{trail}");
        let scope = service();
        let person = people::find(&province.db.scoped(&scope).read(), &id).await.unwrap();
        assert_eq!((person.phone.reveal(), person.email.reveal()), (PHONE, EMAIL));
        assert!(!format!("{person:?}").contains("0912"));
    })
    .await;
}

#[tokio::test]
async fn pages_mask_contact_details_and_whoever_reveals_them_is_in_the_trail() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let id = with_contact(&province, "tran.an").await;
        province.person("quan.tri", "Quản Trị", &province.root, "administrator").await;
        let site = site(&app(&province, false));
        let mut admin = Browser::enter(&site, "quan.tri").await;
        let path = format!("/people/{id}");
        let page = admin.get(&path).await;
        assert!(page.text.contains("••••••678") && page.text.contains("a••••••@syt.example"), "{}", page.text);
        assert!(!page.text.contains(PHONE) && !page.text.contains(EMAIL));
        assert_eq!(readings(&province.db, "reveal").await, 0);
        let shown = admin.post(&format!("{path}/reveal"), &[]).await;
        assert!(shown.text.contains(PHONE) && shown.text.contains(EMAIL), "{}", shown.text);
        assert_eq!(readings(&province.db, "reveal").await, 1);
        assert!(!admin.get(&path).await.text.contains(PHONE), "masked again");
        assert!(admin.get(&format!("{path}/edit")).await.text.contains(PHONE));
        assert_eq!(readings(&province.db, "edit").await, 1);
        assert!(admin.get("/people?format=csv").await.text.contains(PHONE));
        assert_eq!(readings(&province.db, "export").await, 1);
        province.person("can.bo.b", "Cán Bộ B", &province.b, "officer").await;
        let mut other = Browser::enter(&site, "can.bo.b").await;
        assert_eq!(other.post(&format!("{path}/reveal"), &[]).await.status, StatusCode::NOT_FOUND);
        assert_eq!(readings(&province.db, "reveal").await, 1);
    })
    .await;
}

#[tokio::test]
async fn the_number_of_somebody_on_watch_is_one_act_away_and_the_act_is_recorded() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let id = with_contact(&province, "tran.an").await;
        let scope = service();
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        let shift = NewShift {
            agency_id: province.root.clone(),
            person_id: id,
            post: province.policies.roster.posts[0].clone(),
            starts_at: NOW - HOUR,
            ends_at: NOW + HOUR,
        };
        let shift = roster::add_shift(&tx, &province.policies, NOW, &shift).await.unwrap();
        tx.commit().await.unwrap();
        province.person("can.bo.b", "Cán Bộ B", &province.b, "officer").await;
        let site = site(&app(&province, false));
        let mut officer = Browser::enter(&site, "can.bo.b").await;
        let page = officer.get("/roster").await;
        assert!(page.text.contains("••••••678") && !page.text.contains(PHONE), "{}", page.text);
        let shown = officer.post(&format!("/roster/{shift}/phone"), &[]).await;
        assert!(shown.text.contains(&format!("tel:{PHONE}")), "{}", shown.text);
        assert_eq!(readings(&province.db, "call").await, 1);
        assert_eq!(officer.post("/roster/nobody/phone", &[]).await.status, StatusCode::NOT_FOUND);
    })
    .await;
}

#[tokio::test]
async fn a_new_key_seals_everything_anew_and_a_lost_one_locks_nobody_out() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db.clone()).await;
        let id = with_contact(&province, "tran.an").await;
        let scope = service();
        let lost = db.clone().sealing_with(KeyRing::parse(&KeyRing::fresh_key()).unwrap());
        let person = people::find(&lost.scoped(&scope).read(), &id).await.unwrap();
        assert_eq!((person.full_name.as_str(), person.phone.reveal()), ("Trần An", "••••••"));
        assert_eq!(examine(&lost.scoped(&scope).read(), &SEALED[0]).await.unwrap(), (1, 1));
        let unreadable = reseal(&lost, &scope, &SEALED[0]).await.unwrap();
        assert_eq!((unreadable.sealed, unreadable.unreadable), (0, 1), "what cannot be read stays as it is");
        crate::audit::spoil(&db, &format!("UPDATE people SET phone = '{PHONE}' WHERE id = '{id}'")).await;
        let done = reseal(&lost, &scope, &SEALED[0]).await.unwrap();
        assert_eq!((done.sealed, done.unreadable), (1, 0), "what stands in plain is sealed");
        assert_eq!(examine(&lost.scoped(&scope).read(), &SEALED[0]).await.unwrap(), (1, 0));
        assert_eq!(people::find(&lost.scoped(&scope).read(), &id).await.unwrap().phone.reveal(), PHONE);
    })
    .await;
}
