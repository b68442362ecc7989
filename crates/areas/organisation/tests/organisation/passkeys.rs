//! Passkeys through the real pages, with an authenticator in software: made, used as first and as second factor, and
//! refused where they do not belong.

use crate::browser::{Answer, Browser, app, site};
use crate::province::{PASSWORD, Province};
use crate::soft_authenticator::SoftAuthenticator;
use axum::Router;
use axum::http::StatusCode;
use kit::bus::Bus;
use kit::clock::MINUTE;
use serde_json::Value;
use test_support::on_each_database;

const SITE: &str = "http://localhost:8080";

/// What a page asks the browser.
fn asked(answer: &Answer) -> Value {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let written = answer.text.split("data-passkey=\"").nth(1).unwrap().split('"').next().unwrap();
    serde_json::from_str(&written.replace("&#34;", "\"").replace("&quot;", "\"")).unwrap()
}

async fn add(browser: &mut Browser, authenticator: &mut SoftAuthenticator) -> Answer {
    let options = asked(&browser.post("/me/passkeys/new", &[]).await);
    let answer = authenticator.make(&options);
    browser.post("/me/passkeys", &[("name", "Máy phòng trực"), ("answer", &answer)]).await
}

/// Somebody with a passkey.
async fn person_with_passkey(province: &Province, site: &Router, account: &str) -> SoftAuthenticator {
    province.person(account, "Cán Bộ", &province.a, "officer").await;
    let mut browser = Browser::enter(site, account).await;
    let mut authenticator = SoftAuthenticator::es256(SITE);
    let added = add(&mut browser, &mut authenticator).await;
    assert_eq!(added.status, StatusCode::OK, "{}", added.text);
    assert_eq!(added.text.matches("<li><code>").count(), 10, "recovery codes come with the first second factor");
    assert!(added.text.contains("Máy phòng trực"));
    authenticator
}

#[tokio::test]
async fn a_passkey_signs_in_without_account_and_password() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let site = site(&app(&province, false));
        let mut authenticator = person_with_passkey(&province, &site, "can.bo").await;
        let mut browser = Browser::new(&site);
        assert!(browser.get("/sign-in").await.text.contains("action=\"/sign-in/passkey\""));
        let options = asked(&browser.post_bare("/sign-in/passkey", &[("to", "/me")]).await);
        assert_eq!(options["allowCredentials"], serde_json::json!([]), "nobody is named to strangers");
        let answer = authenticator.answer(&options);
        let inside = browser.post_bare("/sign-in/passkey/answer", &[("answer", &answer), ("to", "/me")]).await;
        assert_eq!((inside.status, inside.location()), (StatusCode::SEE_OTHER, "/me"), "{}", inside.text);
        assert!(browser.get("/me").await.text.contains("can.bo"));
        let mut thief = Browser::new(&site);
        asked(&thief.post_bare("/sign-in/passkey", &[]).await);
        let again = thief.post_bare("/sign-in/passkey/answer", &[("answer", &answer)]).await;
        assert_eq!(again.status, StatusCode::UNAUTHORIZED, "an answer to an earlier challenge");
        let never_asked = Browser::new(&site).post_bare("/sign-in/passkey/answer", &[("answer", &answer)]).await;
        assert_eq!(never_asked.status, StatusCode::UNAUTHORIZED);
    })
    .await;
}

#[tokio::test]
async fn a_challenge_is_answered_once_and_in_time() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let site = site(&app(&province, false));
        let mut authenticator = person_with_passkey(&province, &site, "can.bo").await;
        let mut browser = Browser::new(&site);
        let options = asked(&browser.post_bare("/sign-in/passkey", &[]).await);
        let wrong = browser.post_bare("/sign-in/passkey/answer", &[("answer", "{}")]).await;
        assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
        let answer = authenticator.answer(&options);
        let second = browser.post_bare("/sign-in/passkey/answer", &[("answer", &answer)]).await;
        assert_eq!(second.status, StatusCode::UNAUTHORIZED, "the challenge was used up");
        let options = asked(&browser.post_bare("/sign-in/passkey", &[]).await);
        province.clock.advance(5 * MINUTE);
        let answer = authenticator.answer(&options);
        let late = browser.post_bare("/sign-in/passkey/answer", &[("answer", &answer)]).await;
        assert_eq!(late.status, StatusCode::UNAUTHORIZED);
    })
    .await;
}

#[tokio::test]
async fn after_the_password_only_the_persons_own_passkey_counts() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let site = site(&app(&province, false));
        let mut own = person_with_passkey(&province, &site, "can.bo").await;
        let mut another = person_with_passkey(&province, &site, "dong.nghiep").await;
        let mut browser = Browser::new(&site);
        let first = browser.sign_in("can.bo", PASSWORD).await;
        assert_eq!(first.location(), "/sign-in/second?to=%2Fme");
        assert!(browser.get("/sign-in/second").await.text.contains("action=\"/sign-in/passkey\""));
        let options = asked(&browser.post_bare("/sign-in/passkey", &[]).await);
        assert_eq!(options["allowCredentials"].as_array().unwrap().len(), 1);
        let foreign = another.answer(&options);
        let refused = browser.post_bare("/sign-in/passkey/answer", &[("answer", &foreign)]).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
        let options = asked(&browser.post_bare("/sign-in/passkey", &[]).await);
        let answer = own.answer(&options);
        let inside = browser.post_bare("/sign-in/passkey/answer", &[("answer", &answer), ("to", "/me")]).await;
        assert_eq!(inside.status, StatusCode::SEE_OTHER, "{}", inside.text);
    })
    .await;
}

#[tokio::test]
async fn a_passkey_of_another_site_or_known_already_is_not_added() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let site = site(&app(&province, false));
        let mut known = person_with_passkey(&province, &site, "can.bo").await;
        province.person("ke.khac", "Kẻ Khác", &province.a, "officer").await;
        let mut browser = Browser::enter(&site, "ke.khac").await;
        let taken = add(&mut browser, &mut known).await;
        assert_eq!(taken.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(taken.text.contains("đã được thêm trước đó"));
        let mut foreign = SoftAuthenticator::es256("http://localhost:9999");
        assert_eq!(add(&mut browser, &mut foreign).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        let options = asked(&browser.post("/me/passkeys/new", &[]).await);
        let answer = SoftAuthenticator::ed25519(SITE).make(&options);
        let nameless = browser.post("/me/passkeys", &[("name", " "), ("answer", &answer)]).await;
        assert_eq!(nameless.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(!browser.get("/me/second-factors").await.text.contains("/remove"), "nothing was added");
    })
    .await;
}

#[tokio::test]
async fn a_passkey_proves_again_who_is_there_and_can_be_removed() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let site = site(&app(&province, false));
        let mut authenticator = person_with_passkey(&province, &site, "can.bo").await;
        let mut browser = Browser::new(&site);
        let options = asked(&browser.post_bare("/sign-in/passkey", &[]).await);
        let answer = authenticator.answer(&options);
        browser.post_bare("/sign-in/passkey/answer", &[("answer", &answer)]).await;
        province.clock.advance(11 * MINUTE);
        let page = browser.get("/me/second-factors").await;
        let remove = page.text.split("action=\"/me/passkeys/").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let remove = format!("/me/passkeys/{remove}");
        assert!(browser.post(&remove, &[]).await.location().starts_with("/confirm"));
        assert!(browser.get("/confirm?to=/me/second-factors").await.text.contains("/confirm/passkey"));
        let options = asked(&browser.post("/confirm/passkey", &[("to", "/me/second-factors")]).await);
        let answer = authenticator.answer(&options);
        let done = browser.post("/confirm/passkey/answer", &[("answer", &answer), ("to", "/me/second-factors")]).await;
        assert_eq!(done.location(), "/me/second-factors", "{}", done.text);
        assert_eq!(browser.post(&remove, &[]).await.status, StatusCode::SEE_OTHER);
        assert!(!browser.get("/me/second-factors").await.text.contains("Máy phòng trực"));
        let mut later = Browser::new(&site);
        let options = asked(&later.post_bare("/sign-in/passkey", &[]).await);
        let answer = authenticator.answer(&options);
        let gone = later.post_bare("/sign-in/passkey/answer", &[("answer", &answer)]).await;
        assert_eq!(gone.status, StatusCode::UNAUTHORIZED);
    })
    .await;
}
