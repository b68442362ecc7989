//! Wrong passwords of others: they close the door where they were typed and nowhere else, they are told, and a device
//! that has signed in before is let in whatever strangers do.

use crate::browser::{Browser, app, site};
use crate::province::{NOW, PASSWORD, Province, service};
use axum::http::StatusCode;
use kit::bus::Bus;
use kit::clock::{HOUR, MINUTE, SECOND};
use organisation::audit::{self, store::AuditFilter};
use organisation::inbox::{self, InboxFilter};
use organisation::sign_in::{Attempt, Origin, Outcome};
use test_support::on_each_database;

async fn try_from(province: &Province, password: &str, address: &str, device: Option<&str>) -> Outcome {
    let origin = Origin { address: Some(address.parse().unwrap()), same_site: true, ..Origin::default() };
    let attempt =
        Attempt { account: "can.bo".into(), password: password.into(), origin, device: device.map(Into::into) };
    province.sign_in.attempt(&attempt).await.unwrap()
}

fn device_of(outcome: Outcome) -> String {
    match outcome {
        Outcome::SignedIn { device, .. } => device.token,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn wrong_passwords_elsewhere_lock_nobody_out() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        for _ in 0..7 {
            try_from(&province, "sai", "203.0.113.9", None).await;
        }
        assert!(matches!(try_from(&province, PASSWORD, "203.0.113.9", None).await, Outcome::Locked { .. }));
        let elsewhere = try_from(&province, PASSWORD, "192.0.2.1", None).await;
        assert!(matches!(elsewhere, Outcome::SignedIn { .. }), "{elsewhere:?}");
    })
    .await;
}

#[tokio::test]
async fn guesses_from_many_places_slow_strangers_and_never_a_known_device() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        let device = device_of(try_from(&province, PASSWORD, "192.0.2.1", None).await);
        for number in 0..20 {
            let outcome = try_from(&province, "sai", &format!("198.51.100.{number}"), None).await;
            assert_eq!(outcome, Outcome::Refused, "{number}");
        }
        let until = NOW + 30 * SECOND;
        assert_eq!(try_from(&province, "sai", "198.51.100.99", None).await, Outcome::Guarded { until });
        assert_eq!(try_from(&province, PASSWORD, "192.0.2.1", None).await, Outcome::Guarded { until });
        assert_eq!(try_from(&province, PASSWORD, "192.0.2.1", Some("made-up")).await, Outcome::Guarded { until });
        // One attempt passes after each wait, and each wait is longer.
        province.clock.advance(30 * SECOND);
        assert_eq!(try_from(&province, "sai", "198.51.100.98", None).await, Outcome::Refused);
        let until = NOW + 90 * SECOND;
        assert_eq!(try_from(&province, "sai", "198.51.100.97", None).await, Outcome::Guarded { until });
        let known = try_from(&province, PASSWORD, "198.51.100.97", Some(&device)).await;
        assert_eq!(device_of(known), device, "the device keeps its secret");
        province.clock.advance(2 * HOUR);
        assert!(matches!(try_from(&province, PASSWORD, "192.0.2.77", None).await, Outcome::SignedIn { .. }));
    })
    .await;
}

#[tokio::test]
async fn a_known_device_passes_a_closed_address_and_answers_for_its_own_failures() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        let device = device_of(try_from(&province, PASSWORD, "192.0.2.1", None).await);
        for number in 0..51 {
            let origin = Origin { address: Some("192.0.2.1".parse().unwrap()), same_site: true, ..Origin::default() };
            let account = format!("ten.{number}");
            let attempt = Attempt { account, password: "x".into(), origin, device: Some(device.clone()) };
            province.sign_in.attempt(&attempt).await.unwrap();
        }
        assert!(matches!(try_from(&province, PASSWORD, "192.0.2.1", None).await, Outcome::Slowed { .. }));
        device_of(try_from(&province, PASSWORD, "192.0.2.1", Some(&device)).await);
        for _ in 0..5 {
            try_from(&province, "sai", "192.0.2.1", Some(&device)).await;
        }
        assert!(matches!(try_from(&province, PASSWORD, "192.0.2.1", Some(&device)).await, Outcome::Locked { .. }));
    })
    .await;
}

#[tokio::test]
async fn a_new_password_from_an_administrator_forgets_devices() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let id = province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        let device = device_of(try_from(&province, PASSWORD, "192.0.2.1", None).await);
        province.sign_in.reset_password(&service(), &id).await.unwrap();
        for number in 0..20 {
            try_from(&province, "sai", &format!("198.51.100.{number}"), None).await;
        }
        assert!(matches!(try_from(&province, "sai", "192.0.2.1", Some(&device)).await, Outcome::Guarded { .. }));
    })
    .await;
}

#[tokio::test]
async fn a_lock_is_recorded_and_told_to_the_owner_and_the_administrators_once() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let owner = province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        let admin = province.person("quan.tri", "Quản Trị", &province.root, "administrator").await;
        let other = province.person("ai.do", "Ai Đó", &province.b, "officer").await;
        for address in ["203.0.113.8", "203.0.113.9"] {
            for _ in 0..6 {
                try_from(&province, "sai", address, None).await;
            }
        }
        let scope = service();
        let filter = AuditFilter { action: "session.lock".into(), ..AuditFilter::default() };
        assert_eq!(audit::store::count(&province.db.scoped(&scope).read(), &filter).await.unwrap(), 2);
        let inbox = async |person: &str, role: &str| {
            let scope = province.scope(person, &province.root, role);
            let messages =
                inbox::list(&province.db.scoped(&scope).read(), &InboxFilter::default(), 50, 0).await.unwrap();
            messages.into_iter().map(|message| (message.title_key, message.link)).collect::<Vec<_>>()
        };
        let key = || "inbox-account-locked".to_owned();
        assert_eq!(inbox(&owner, "officer").await, [(key(), "/me".to_owned())], "told once an hour");
        assert_eq!(inbox(&admin, "administrator").await, [(key(), format!("/people/{owner}"))]);
        assert!(inbox(&other, "officer").await.is_empty());
        // Guesses from many places are another message.
        province.clock.advance(MINUTE);
        for number in 0..10 {
            try_from(&province, "sai", &format!("198.51.100.{number}"), None).await;
        }
        let keys: Vec<_> = inbox(&owner, "officer").await.into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["inbox-account-guessed", "inbox-account-locked"]);
    })
    .await;
}

#[tokio::test]
async fn a_browser_that_signed_in_before_gets_in_though_its_address_is_locked() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        let site = site(&app(&province, false));
        let mut own = Browser::enter(&site, "can.bo").await;
        own.post("/sign-out", &[]).await;
        let mut stranger = Browser::new(&site);
        for _ in 0..5 {
            stranger.sign_in("can.bo", "sai").await;
        }
        assert_eq!(stranger.sign_in("can.bo", PASSWORD).await.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(own.sign_in("can.bo", PASSWORD).await.status, StatusCode::SEE_OTHER);
    })
    .await;
}
