//! What the door does for everybody: breached passwords, sessions that come before, the same time for every name.

use crate::browser::{Browser, app, app_with, site};
use crate::province::{NOW, PASSWORD, Province, quick_policies};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::from_fn_with_state;
use kit::app::Ports;
use kit::bus::Bus;
use kit::clock::{FixedClock, SECOND};
use kit::web::{Rate, RequestRates, strict_transport};
use organisation::Policies;
use organisation::sign_in::{Attempt, Breached, Origin, Outcome, SignIn};
use sha1::{Digest, Sha1};
use std::sync::Arc;
use std::time::{Duration, Instant};
use test_support::on_each_database;

fn list(passwords: &[&str]) -> (tempfile::TempDir, Breached) {
    let mut lines: Vec<_> =
        passwords.iter().map(|password| format!("{}:3", hex::encode_upper(Sha1::digest(password)))).collect();
    lines.sort();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("breached.txt");
    std::fs::write(&path, lines.join("\r\n")).unwrap();
    let list = Breached::open(&path).unwrap();
    (directory, list)
}

#[tokio::test]
async fn a_breached_password_is_not_taken_and_one_in_use_falls_due() {
    const BREACHED: &str = "Sông-Núi.Nước-Nam.8";
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let mut province = Province::new(db).await;
        province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        let (_directory, first) = list(&[BREACHED, "khac"]);
        province.sign_in = province.sign_in.clone().refusing(Some(first));
        let application = app(&province, false);
        let mut browser = Browser::enter(&site(&application), "can.bo").await;
        assert_eq!(browser.get("/api-keys").await.status, StatusCode::OK);
        let form = [("current", PASSWORD), ("new", BREACHED), ("again", BREACHED)];
        let refused = browser.post("/me/password", &form).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text.contains("danh sách mật khẩu đã bị lộ"));
        let (_directory, second) = list(&[PASSWORD]);
        province.sign_in = province.sign_in.clone().refusing(Some(second));
        let application = app(&province, false);
        let mut browser = Browser::new(&site(&application));
        assert_eq!(browser.sign_in("can.bo", PASSWORD).await.location(), "/me");
        assert!(browser.get("/me").await.text.contains("cần đổi mật khẩu"));
        assert_eq!(browser.get("/api-keys").await.location(), "/me?to=%2Fapi-keys", "there it is changed");
    })
    .await;
}

#[tokio::test]
async fn a_list_that_cannot_be_read_keeps_nobody_out_and_takes_no_new_password() {
    const NEW: &str = "Sông-Núi.Nước-Nam.8";
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let mut province = Province::new(db).await;
        province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        let (directory, breached) = list(&[PASSWORD]);
        let (path, aside) = (directory.path().join("breached.txt"), directory.path().join("aside.txt"));
        province.sign_in = province.sign_in.clone().refusing(Some(breached));
        std::fs::rename(&path, &aside).unwrap();
        assert!(province.sign_in.breached_trouble().await.is_some_and(|words| words.contains("breached.txt")));
        let site = site(&app(&province, false));
        assert_eq!(Browser::new(&site).sign_in("can.bo", "sai").await.status, StatusCode::UNAUTHORIZED);
        let mut browser = Browser::enter(&site, "can.bo").await;
        assert_eq!(browser.get("/api-keys").await.status, StatusCode::OK);
        let refused = browser.post("/me/password", &[("current", PASSWORD), ("new", NEW), ("again", NEW)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text.contains("Chưa đổi được mật khẩu"), "{}", refused.text);
        std::fs::rename(&aside, &path).unwrap();
        assert_eq!(province.sign_in.breached_trouble().await, None);
        let mut browser = Browser::enter(&site, "can.bo").await;
        let due = browser.get("/api-keys").await;
        assert_eq!(due.location(), "/me?to=%2Fapi-keys", "what was not looked up then is looked up now");
    })
    .await;
}

#[tokio::test]
async fn signing_in_ends_the_session_that_the_browser_had() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        province.person("ke.gian", "Kẻ Gian", &province.b, "officer").await;
        let site = site(&app(&province, false));
        let planted = Browser::enter(&site, "ke.gian").await;
        let mut victim = Browser::new(&site);
        victim.cookies = planted.cookies.clone();
        assert_eq!(victim.sign_in("can.bo", PASSWORD).await.status, StatusCode::SEE_OTHER);
        assert_ne!(victim.cookies["luytre"], planted.cookies["luytre"]);
        let mut planted = planted;
        assert_eq!(planted.get("/me").await.status, StatusCode::SEE_OTHER, "the planted session has ended");
        assert!(victim.get("/me").await.text.contains("can.bo"));
    })
    .await;
}

#[tokio::test]
async fn a_name_that_nobody_has_takes_as_long_as_any_other() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let mut policies = Policies::clone(&quick_policies());
        policies.password.argon2id = Policies::embedded().unwrap().password.argon2id.clone();
        let province = Province::with(db.clone(), Arc::new(policies.clone())).await;
        province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        let sign_in = SignIn::new(db, Arc::new(FixedClock::at(NOW)), Arc::new(policies), false).unwrap();
        let mut quickest = [Duration::MAX; 2];
        for number in 0..6_u8 {
            for (account, quickest) in ["can.bo", "khong.co"].into_iter().zip(&mut quickest) {
                let origin = Origin { address: Some([192, 0, 2, number].into()), ..Origin::default() };
                let attempt = Attempt { account: account.into(), password: "sai".into(), origin, device: None };
                let began = Instant::now();
                assert_eq!(sign_in.attempt(&attempt).await.unwrap(), Outcome::Refused);
                *quickest = (*quickest).min(began.elapsed());
            }
        }
        let [known, unknown] = quickest;
        assert!(unknown > known / 2 && known > unknown / 2, "known {known:?}, unknown {unknown:?}");
    })
    .await;
}

#[tokio::test]
async fn signing_out_takes_away_what_the_browser_keeps() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        let mut browser = Browser::enter(&site(&app(&province, false)), "can.bo").await;
        assert!(browser.cookies.contains_key("luytre"));
        let answer = browser.post("/sign-out", &[]).await;
        assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/sign-in"));
        assert_eq!(answer.headers["clear-site-data"], "\"cache\"");
        assert!(!browser.cookies.contains_key("luytre"));
    })
    .await;
}

#[tokio::test]
async fn where_the_public_address_has_tls_every_answer_asks_for_it() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let policy = &province.policies.session.strict_transport;
        let asked = |public_url: &str| policy.header(public_url).map(|value| HeaderValue::from_str(&value).unwrap());
        let inner = site(&app(&province, false));
        for (public_url, expected) in
            [("https://soc.example", Some("max-age=31536000; includeSubDomains")), ("http://localhost:8080", None)]
        {
            let site = inner.clone().layer(from_fn_with_state(asked(public_url), strict_transport));
            for path in ["/sign-in", "/me", "/nothing-here"] {
                let answer = Browser::new(&site).get(path).await;
                let said = answer.headers.get("strict-transport-security").map(|value| value.to_str().unwrap());
                assert_eq!(said, expected, "{public_url} {path}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn an_account_that_asks_without_end_waits_and_nobody_else_does() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        province.person("dong.nghiep", "Đồng Nghiệp", &province.b, "officer").await;
        let rate = Rate { burst: 20, each_second: 1 };
        let mut ports = Ports::default();
        ports.insert(RequestRates::new(rate, rate));
        let site = site(&app_with(&province, false, ports));
        let mut busy = Browser::enter(&site, "can.bo").await;
        let mut answers = Vec::new();
        for _ in 0..25 {
            answers.push(busy.get("/agencies").await);
        }
        assert_eq!(answers.iter().filter(|answer| answer.status == StatusCode::OK).count(), 19, "one went to /me");
        let last = answers.last().unwrap();
        assert_eq!(last.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(last.headers["retry-after"], "5");
        assert!(last.text.contains("quá nhiều yêu cầu"), "{}", last.text);
        Browser::enter(&site, "dong.nghiep").await;
        province.clock.advance(2 * SECOND);
        let later = [busy.get("/agencies").await, busy.get("/agencies").await, busy.get("/agencies").await];
        let open = later.iter().filter(|answer| answer.status == StatusCode::OK).count();
        assert_eq!(open, 2, "one more each second");
    })
    .await;
}
