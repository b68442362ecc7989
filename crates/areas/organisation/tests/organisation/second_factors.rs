//! Second factors through the real pages: an authenticator app, recovery codes, who needs them, and acts that ask again.

use crate::browser::{Browser, app, site};
use crate::province::{PASSWORD, Province, quick_policies, service};
use axum::Router;
use axum::http::{Method, StatusCode};
use kit::bus::Bus;
use kit::clock::{Clock, MINUTE, Micros, SECOND};
use organisation::Policies;
use sea_orm::{ConnectionTrait, Statement};
use std::sync::Arc;
use test_support::on_each_database;
use totp_rs::{Builder, Secret};

fn code_at(secret: &str, now: Micros) -> String {
    let secret = Secret::try_from_base32(secret).unwrap();
    let totp = Builder::new().with_secret(secret).build().unwrap();
    totp.generate(u64::try_from(now / SECOND).unwrap()).to_string()
}

/// What stands between two texts of a page, each time.
fn between<'page>(page: &'page str, before: &str, after: &str) -> Vec<&'page str> {
    page.split(before).skip(1).map(|rest| rest.split(after).next().unwrap()).collect()
}

/// Adds an app; its secret and the recovery codes.
async fn add_app(browser: &mut Browser, province: &Province) -> (String, Vec<String>) {
    let page = browser.post("/me/second-factors/app/new", &[]).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    let secret = between(&page.text, "<code class=\"secret\">", "<")[0].replace(' ', "");
    let code = code_at(&secret, province.clock.now());
    let done = browser.post("/me/second-factors/app", &[("code", &code)]).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    let codes = between(&done.text, "<li><code>", "<").into_iter().map(ToOwned::to_owned).collect();
    (secret, codes)
}

/// Gives account and password, and is asked for more.
async fn half_way(site: &Router, account: &str) -> Browser {
    let mut browser = Browser::new(site);
    let answer = browser.sign_in(account, PASSWORD).await;
    assert_eq!(answer.location(), "/sign-in/second?to=%2Fme", "{}", answer.text);
    assert!(!browser.cookies.contains_key("luytre"), "the password alone made a session");
    browser
}

#[tokio::test]
async fn an_app_is_added_and_asked_for_and_no_code_counts_twice() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        let site = site(&app(&province, false));
        let mut own = Browser::enter(&site, "can.bo").await;
        let mut other = Browser::enter(&site, "can.bo").await;
        own.post("/me/second-factors/app/new", &[]).await;
        let wrong = own.post("/me/second-factors/app", &[("code", "000000")]).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        let (secret, codes) = add_app(&mut own, &province).await;
        assert_eq!(codes.len(), 10);
        assert_eq!(own.get("/agencies").await.status, StatusCode::OK, "the session that added it goes on");
        assert_eq!(other.get("/agencies").await.status, StatusCode::SEE_OTHER, "the others have ended");

        let mut browser = half_way(&site, "can.bo").await;
        assert!(browser.get("/sign-in/second?to=/me").await.text.contains("Sáu chữ số"));
        let used = code_at(&secret, province.clock.now());
        let replayed = browser.post_bare("/sign-in/second", &[("code", &used), ("to", "/me")]).await;
        assert_eq!(replayed.status, StatusCode::UNAUTHORIZED, "the code that confirmed the app");
        province.clock.advance(30 * SECOND);
        let code = code_at(&secret, province.clock.now());
        let inside = browser.post_bare("/sign-in/second", &[("code", &code), ("to", "/me")]).await;
        assert_eq!((inside.status, inside.location()), (StatusCode::SEE_OTHER, "/me"), "{}", inside.text);
        assert_eq!(browser.get("/me").await.status, StatusCode::OK);
        let mut thief = half_way(&site, "can.bo").await;
        let again = thief.post_bare("/sign-in/second", &[("code", &code)]).await;
        assert_eq!(again.status, StatusCode::UNAUTHORIZED, "seen over a shoulder");
        let earlier = code_at(&secret, province.clock.now() - 30 * SECOND);
        assert_eq!(thief.post_bare("/sign-in/second", &[("code", &earlier)]).await.status, StatusCode::UNAUTHORIZED);

        let mut lost = half_way(&site, "can.bo").await;
        let typed = codes[3].to_uppercase().replace('-', " ");
        assert_eq!(lost.post_bare("/sign-in/second", &[("code", &typed)]).await.status, StatusCode::SEE_OTHER);
        assert!(lost.get("/me/second-factors").await.text.contains("Còn 9 mã"));
        assert!(lost.get("/inbox").await.text.contains("bằng mã khôi phục"), "the owner is told");
        let mut lost = half_way(&site, "can.bo").await;
        assert_eq!(lost.post_bare("/sign-in/second", &[("code", &typed)]).await.status, StatusCode::UNAUTHORIZED);
    })
    .await;
}

#[tokio::test]
async fn a_step_belongs_to_its_browser_and_ends() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        let site = site(&app(&province, false));
        let mut own = Browser::enter(&site, "can.bo").await;
        let (secret, _) = add_app(&mut own, &province).await;
        province.clock.advance(30 * SECOND);
        let code = || code_at(&secret, province.clock.now());
        let mut nobody = Browser::new(&site);
        let answer = nobody.post_bare("/sign-in/second", &[("code", &code())]).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert!(answer.text.contains("name=\"password\""), "from the start again");
        nobody.cookies.insert("luytre-step".into(), "made-up".into());
        assert_eq!(nobody.get("/sign-in/second").await.status, StatusCode::UNAUTHORIZED);
        let mut slow = half_way(&site, "can.bo").await;
        province.clock.advance(5 * MINUTE);
        let late = slow.post_bare("/sign-in/second", &[("code", &code())]).await;
        assert_eq!(late.status, StatusCode::UNAUTHORIZED);
        assert!(!slow.cookies.contains_key("luytre"));
    })
    .await;
}

#[tokio::test]
async fn wrong_codes_close_the_second_step_for_a_while() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let id = province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        let site = site(&app(&province, false));
        let mut own = Browser::enter(&site, "can.bo").await;
        let (secret, _) = add_app(&mut own, &province).await;
        province.clock.advance(MINUTE);
        let mut thief = half_way(&site, "can.bo").await;
        for number in 0..9 {
            let answer = thief.post_bare("/sign-in/second", &[("code", "111 111")]).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{number}");
        }
        let last = thief.post_bare("/sign-in/second", &[("code", "111111")]).await;
        assert_eq!(last.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(last.headers["retry-after"], "900");
        let code = || code_at(&secret, province.clock.now());
        let right = thief.post_bare("/sign-in/second", &[("code", &code())]).await;
        assert_eq!(right.status, StatusCode::TOO_MANY_REQUESTS, "the right one no longer helps");
        assert!(own.get("/inbox").await.text.contains("đổi mật khẩu"), "the owner is told");
        province.sign_in.unlock(&service(), &id).await.unwrap();
        let right = thief.post_bare("/sign-in/second", &[("code", &code())]).await;
        assert_eq!(right.status, StatusCode::SEE_OTHER);
    })
    .await;
}

/// The policy as it ships, with a hash that costs little.
fn strict_policies() -> Arc<Policies> {
    let mut policies = Policies::clone(&quick_policies());
    policies.second_factor = Policies::embedded().unwrap().second_factor.clone();
    Arc::new(policies)
}

#[tokio::test]
async fn who_needs_a_second_factor_can_do_nothing_before_adding_one() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::with(db, strict_policies()).await;
        province.person("quan.tri", "Quản Trị", &province.root, "administrator").await;
        province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        let site = site(&app(&province, false));
        let mut admin = Browser::new(&site);
        let fields = [("account", "quan.tri"), ("password", PASSWORD), ("to", "/people?q=can")];
        let answer = admin.post_bare("/sign-in", &fields).await;
        let way = "?to=%2Fpeople%3Fq%3Dcan";
        assert_eq!(answer.location(), format!("/me/second-factors{way}"), "where it is done");
        for path in ["/people", "/channels", "/agencies", "/roster", "/elevations", "/inbox", "/regulations", "/roles"]
        {
            assert_eq!(admin.get(path).await.location(), format!("/me/second-factors?to=%2F{}", &path[1..]));
        }
        for path in ["/roster/x/phone", "/people/x/reveal", "/elevations", "/me/acting"] {
            let answer = admin.post(path, &[]).await;
            assert!(answer.location().starts_with("/me/second-factors?to="), "{path}: {}", answer.status);
        }
        let own = admin.get(&format!("/me/second-factors{way}")).await.text;
        assert!(own.contains("yêu cầu lớp xác thực thứ hai") && !own.contains("Tiếp tục"), "{own}");
        assert!(own.contains(&format!("action=\"/me/second-factors/app/new{way}\"")), "{own}");
        let begun = admin.post(&format!("/me/second-factors/app/new{way}"), &[]).await.text;
        assert!(begun.contains(&format!("action=\"/me/second-factors/app{way}\"")), "{begun}");
        let secret = between(&begun, "<code class=\"secret\">", "<")[0].replace(' ', "");
        let code = code_at(&secret, province.clock.now());
        let done = admin.post(&format!("/me/second-factors/app{way}"), &[("code", &code)]).await.text;
        assert!(done.contains("href=\"/people?q=can\">Tiếp tục"), "the way goes on: {done}");
        assert_eq!(admin.get("/people?q=can").await.status, StatusCode::OK);

        let mut inside = Browser::enter(&site, "can.bo").await;
        assert_eq!(inside.get("/api-keys").await.status, StatusCode::OK);
        inside.address = "203.0.113.9:4711".parse().unwrap();
        let way = "/me/second-factors?to=%2Fapi-keys";
        assert_eq!(inside.get("/api-keys").await.location(), way, "the same session from outside");
        let mut outside = Browser::new(&site);
        outside.address = "203.0.113.9:4711".parse().unwrap();
        assert_eq!(outside.sign_in("can.bo", PASSWORD).await.location(), "/me/second-factors?to=%2Fme");
        outside.get("/me").await;
        add_app(&mut outside, &province).await;
        assert_eq!(outside.get("/api-keys").await.status, StatusCode::OK);
    })
    .await;
}

#[tokio::test]
async fn the_secret_of_an_app_is_sealed_and_codes_are_hashes() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        let site = site(&app(&province, false));
        let mut own = Browser::enter(&site, "can.bo").await;
        own.post("/me/second-factors/app/new", &[]).await;
        let waiting = texts(&province, "SELECT state AS text FROM sign_in_steps").await;
        assert!(waiting.len() == 1 && waiting[0].starts_with("sealed:"), "{waiting:?}");
        let (secret, codes) = add_app(&mut own, &province).await;
        let sealed = texts(&province, "SELECT secret AS text FROM totp_secrets").await;
        assert!(sealed[0].starts_with("sealed:") && !sealed[0].contains(&secret));
        let hashes = texts(&province, "SELECT code_hash AS text FROM recovery_codes").await;
        assert_eq!(hashes.len(), 10);
        assert!(codes.iter().all(|code| !hashes.contains(code)));
        assert!(texts(&province, "SELECT state AS text FROM sign_in_steps").await.is_empty(), "used once");
    })
    .await;
}

async fn texts(province: &Province, sql: &str) -> Vec<String> {
    let scope = service();
    let view = province.db.scoped(&scope).read();
    let rows = view.query_all_raw(Statement::from_string(view.get_database_backend(), sql)).await.unwrap();
    rows.iter().map(|row| row.try_get("", "text").unwrap()).collect()
}

#[tokio::test]
async fn a_short_password_holds_as_long_as_the_second_factor_does() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        let site = site(&app(&province, false));
        let mut own = Browser::enter(&site, "can.bo").await;
        let short = [("current", PASSWORD), ("new", "lá trầu!"), ("again", "lá trầu!")];
        assert_eq!(own.post("/me/password", &short).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        add_app(&mut own, &province).await;
        assert_eq!(own.post("/me/password", &short).await.status, StatusCode::SEE_OTHER);
        assert_eq!(own.get("/api-keys").await.status, StatusCode::OK);
        assert_eq!(own.post("/me/second-factors/app/remove", &[]).await.status, StatusCode::SEE_OTHER);
        assert_eq!(own.get("/api-keys").await.location(), "/me?to=%2Fapi-keys");
        assert!(own.get("/me").await.text.contains("cần đổi mật khẩu"));
    })
    .await;
}

#[tokio::test]
async fn an_administrator_takes_a_lost_second_factor_away_after_proving_who_it_is() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let id = province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        province.person("quan.tri", "Quản Trị", &province.root, "administrator").await;
        let site = site(&app(&province, false));
        let mut own = Browser::enter(&site, "can.bo").await;
        add_app(&mut own, &province).await;
        let mut admin = Browser::enter(&site, "quan.tri").await;
        for _ in 0..3 {
            province.clock.advance(4 * MINUTE);
            assert!(admin.get(&format!("/people/{id}")).await.text.contains("Gỡ đăng nhập hai lớp"));
        }
        let reset = format!("/people/{id}/reset-second-factors");
        let asked = admin.post(&reset, &[]).await;
        assert_eq!(asked.location(), "/confirm?to=%2F");
        let csrf = admin.csrf.clone();
        let at = [("referer", "http://localhost:8080/people?q=can"), ("x-csrf-token", csrf.as_str())];
        let asked = admin.send(Method::POST, &reset, Some(String::new()), &at).await;
        assert_eq!(asked.location(), "/confirm?to=%2Fpeople%3Fq%3Dcan", "back to the page of the form");
        assert_eq!(admin.get("/api-keys/new").await.location(), "/confirm?to=%2Fapi-keys%2Fnew");
        assert_eq!(Browser::new(&site).sign_in("can.bo", PASSWORD).await.location(), "/sign-in/second?to=%2Fme");
        assert_eq!(admin.get("/confirm?to=/people").await.status, StatusCode::OK);
        let wrong = admin.post("/confirm", &[("current", "sai"), ("to", "/people")]).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(admin.post(&reset, &[]).await.location(), "/confirm?to=%2F", "a wrong password proves nothing");
        let before = admin.cookies["luytre"].clone();
        let right = admin.post("/confirm", &[("current", PASSWORD), ("to", "/people")]).await;
        assert_eq!(right.location(), "/people");
        assert_ne!(admin.cookies["luytre"], before, "a proof gives the session a new secret");
        let mut old = Browser::new(&site);
        old.cookies.insert("luytre".into(), before);
        assert_eq!(old.get("/me").await.status, StatusCode::SEE_OTHER, "the one before opens nothing");
        assert_eq!(admin.post(&reset, &[]).await.location(), format!("/people/{id}"));
        assert_eq!(own.get("/me").await.status, StatusCode::SEE_OTHER, "the sessions have ended");
        assert_eq!(Browser::new(&site).sign_in("can.bo", PASSWORD).await.location(), "/me");
    })
    .await;
}

#[tokio::test]
async fn every_named_act_asks_again_who_is_there() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let id = province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        province.person("quan.tri", "Quản Trị", &province.root, "administrator").await;
        let site = site(&app(&province, false));
        let mut admin = Browser::enter(&site, "quan.tri").await;
        for _ in 0..3 {
            province.clock.advance(4 * MINUTE);
            assert_eq!(admin.get("/me").await.status, StatusCode::OK);
        }
        for path in [
            format!("/people/{id}/roles"),
            format!("/people/{id}/roles/x/revoke"),
            format!("/people/{id}/reset-password"),
            format!("/people/{id}/reset-second-factors"),
            format!("/people/{id}/open-second-factor"),
            "/people/end-sessions".to_owned(),
            "/me/sessions/x/end".to_owned(),
            "/me/sessions/end-others".to_owned(),
            "/api-keys".to_owned(),
            "/channels".to_owned(),
            "/channels/x".to_owned(),
            "/me/second-factors/app/new".to_owned(),
            "/me/second-factors/app/remove".to_owned(),
            "/me/second-factors/recovery-codes".to_owned(),
            "/me/passkeys/new".to_owned(),
            "/me/passkeys".to_owned(),
            "/me/passkeys/x/remove".to_owned(),
        ] {
            let answer = admin.post(&path, &[("kind", "mail")]).await;
            assert!(answer.location().starts_with("/confirm?to="), "{path}: {} {}", answer.status, answer.text);
        }
    })
    .await;
}

#[tokio::test]
async fn the_way_to_the_first_one_closes_by_itself_and_an_administrator_opens_it_again() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::with(db, strict_policies()).await;
        let lasts = province.policies.second_factor.first.lasts();
        let late = province.person("quan.tri", "Quản Trị", &province.root, "administrator").await;
        province.person("quan.tri.hai", "Quản Trị Hai", &province.root, "administrator").await;
        let site = site(&app(&province, false));
        let mut admin = Browser::new(&site);
        assert_eq!(admin.sign_in("quan.tri.hai", PASSWORD).await.location(), "/me/second-factors?to=%2Fme");
        assert!(admin.get("/me/second-factors").await.text.contains("thêm được bằng mật khẩu đến"));
        let (secret, _) = add_app(&mut admin, &province).await;
        assert!(admin.get("/inbox").await.text.contains("vừa được thêm một lớp xác thực"), "the owner is told");

        province.clock.advance(lasts);
        let mut thief = Browser::new(&site);
        assert_eq!(thief.sign_in("quan.tri", PASSWORD).await.location(), "/me/second-factors?to=%2Fme");
        let page = thief.get("/me/second-factors").await.text;
        assert!(page.contains("Đã quá hạn thêm lớp đầu tiên"), "{page}");
        assert!(!page.contains("/me/second-factors/app/new") && !page.contains("/me/passkeys/new"), "{page}");
        for path in ["/me/second-factors/app/new", "/me/passkeys/new", "/me/passkeys"] {
            assert_eq!(thief.post(path, &[("name", "x")]).await.status, StatusCode::CONFLICT, "{path}");
        }

        let mut admin = half_way(&site, "quan.tri.hai").await;
        let code = code_at(&secret, province.clock.now());
        assert_eq!(admin.post_bare("/sign-in/second", &[("code", &code)]).await.status, StatusCode::SEE_OTHER);
        let page = format!("/people/{late}");
        assert!(admin.get(&page).await.text.contains("Cho thêm lớp xác thực đầu tiên"));
        assert_eq!(admin.post(&format!("{page}/open-second-factor"), &[]).await.location(), page);
        assert!(!admin.get(&page).await.text.contains("Cho thêm lớp xác thực đầu tiên"), "it is open");
        assert!(admin.get("/audit?action=second-factor.open").await.text.contains("Cho thêm lớp xác thực đầu tiên"));

        let mut own = Browser::new(&site);
        own.sign_in("quan.tri", PASSWORD).await;
        own.get("/me/second-factors").await;
        for _ in 0..2 {
            province.clock.advance(3 * MINUTE);
            assert_eq!(own.get("/me/second-factors").await.status, StatusCode::OK);
        }
        let stale = own.post("/me/second-factors/app/new", &[]).await;
        assert!(stale.location().starts_with("/confirm?to="), "a proof of this moment: {}", stale.status);
        assert_eq!(own.post("/confirm", &[("current", PASSWORD), ("to", "/me")]).await.location(), "/me");
        add_app(&mut own, &province).await;
        assert_eq!(own.get("/people").await.status, StatusCode::OK);
        let opened = province.sign_in.open_second_factor(&service(), &late).await;
        assert!(matches!(opened, Err(kit::Error::Conflict("second-factor-there"))), "{opened:?}");
    })
    .await;
}

#[tokio::test]
async fn whoever_is_handed_a_password_or_has_lost_a_second_factor_may_add_one_again() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::with(db, strict_policies()).await;
        let lasts = province.policies.second_factor.first.lasts();
        let id = province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        let until = async || {
            let scope = service();
            let view = province.db.scoped(&scope).read();
            province.sign_in.first_factor_until(&view, &id).await.unwrap()
        };
        province.clock.advance(2 * lasts);
        assert!(until().await < province.clock.now());
        province.sign_in.reset_password(&service(), &id).await.unwrap();
        assert_eq!(until().await, province.clock.now() + lasts);
        province.clock.advance(2 * lasts);
        assert!(until().await < province.clock.now());
        province.sign_in.reset_second_factors(&service(), &id).await.unwrap();
        assert_eq!(until().await, province.clock.now() + lasts);
    })
    .await;
}
