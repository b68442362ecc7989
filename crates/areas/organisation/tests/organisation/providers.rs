//! Signing in with an account from elsewhere, against a provider that really signs: who gets in, and every answer that
//! must not be taken.

use crate::browser::{Answer, Browser, app, site};
use crate::provider::{Bend, CLIENT, Provider, SECRET, Signer, claims};
use crate::province::{Province, quick_policies, service};
use axum::Router;
use axum::http::{Method, StatusCode};
use kit::bus::Bus;
use kit::clock::{MINUTE, SECOND};
use organisation::audit::{self, store::AuditFilter};
use organisation::inbox::{self, InboxFilter};
use organisation::people;
use organisation::sign_in::{ClientSecret, GroupRole, Linking, ProviderSettings, Providers};
use serde_json::json;
use std::sync::Arc;
use test_support::on_each_database;

const BEGIN: &str = "/sign-in/provider/tinh?to=/me";

fn settings(provider: &Provider) -> ProviderSettings {
    ProviderSettings {
        client_secret: ClientSecret::from(SECRET),
        ..ProviderSettings::new("Cổng Tỉnh", &provider.issuer, CLIENT)
    }
}

/// The site with one provider.
fn trusting(province: &mut Province, settings: ProviderSettings) -> Router {
    let providers = Providers::new(&[("tinh".to_owned(), settings)].into(), &province.policies).unwrap();
    province.sign_in = province.sign_in.clone().trusting(providers);
    site(&app(province, false))
}

/// What our page on the way back leads to.
async fn go_on(browser: &mut Browser, back: &str) -> Answer {
    let page = browser.get(back).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    let on = page.headers["refresh"].to_str().unwrap().strip_prefix("0;url=").unwrap().to_owned();
    assert!(on.starts_with("/sign-in/provider/tinh/finish?"), "{on}");
    browser.get(&on).await
}

async fn sign_in(browser: &mut Browser, provider: &Provider, bent: &Bend) -> Answer {
    let away = browser.get(BEGIN).await;
    assert_eq!(away.status, StatusCode::SEE_OTHER, "{}", away.text);
    let back = provider.sign_in(away.location(), bent);
    go_on(browser, &back).await
}

fn is_in(answer: &Answer) -> bool {
    answer.status == StatusCode::SEE_OTHER && answer.location() == "/me"
}

#[tokio::test]
async fn an_account_elsewhere_signs_in_once_an_administrator_has_linked_it() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let mut province = Province::new(db).await;
        let person = province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        let other = province.person("dong.nghiep", "Đồng Nghiệp", &province.a, "officer").await;
        let provider = Provider::start(&province.clock, Signer::rs256()).await;
        let site = trusting(&mut province, settings(&provider));
        let mut browser = Browser::new(&site);
        let page = browser.get("/sign-in?to=/me").await.text;
        assert!(
            page.contains("/sign-in/provider/tinh?to=%2Fme") && page.contains("Đăng nhập bằng Cổng Tỉnh"),
            "{page}"
        );
        let named = claims(json!({ "preferred_username": "can.bo" }));
        let unknown = sign_in(&mut browser, &provider, &named).await;
        assert_eq!(unknown.status, StatusCode::UNAUTHORIZED, "a name gives no account where administrators link them");
        assert!(unknown.text.contains("248"), "what to tell the administrator");
        let (sign_in_, scope) = (province.sign_in.clone(), service());
        sign_in_.link_account(&scope, &person, "tinh", "248").await.unwrap();
        assert!(sign_in_.link_account(&scope, &other, "tinh", "248").await.is_err(), "one account, one person");
        assert!(sign_in_.link_account(&scope, &person, "tinh", "249").await.is_err(), "one person, one account");
        assert!(sign_in_.link_account(&scope, &other, "nowhere", "1").await.is_err());
        let inside = sign_in(&mut browser, &provider, &Bend::default()).await;
        assert!(is_in(&inside), "{}", inside.text);
        let me = browser.get("/me").await.text;
        assert!(me.contains("can.bo") && me.contains("Tài khoản ở nơi khác"));
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        people::disable(&tx, &province.policies, province.clock_now(), &person, "nghỉ").await.unwrap();
        tx.commit().await.unwrap();
        let closed = sign_in(&mut Browser::new(&site), &provider, &Bend::default()).await;
        assert_eq!(closed.status, StatusCode::UNAUTHORIZED);
    })
    .await;
}

#[tokio::test]
async fn every_wrong_token_is_refused() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let mut province = Province::new(db).await;
        let person = province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        let provider = Provider::start(&province.clock, Signer::es256()).await;
        let site = trusting(&mut province, settings(&provider));
        province.sign_in.link_account(&service(), &person, "tinh", "248").await.unwrap();
        let now = province.clock_now() / SECOND;
        let header = |header| Bend { header, ..Bend::default() };
        let another = Bend { by: Some(Arc::new(Signer::es256())), ..Bend::default() };
        for (what, bent) in [
            ("nonce", claims(json!({ "nonce": "another" }))),
            ("no nonce", claims(json!({ "nonce": null }))),
            ("issuer", claims(json!({ "iss": "https://evil.example" }))),
            ("audience", claims(json!({ "aud": "another" }))),
            ("several audiences", claims(json!({ "aud": [CLIENT, "another"] }))),
            ("party", claims(json!({ "azp": "another" }))),
            ("expired", claims(json!({ "exp": now - 61 }))),
            ("endless", claims(json!({ "exp": null }))),
            ("of tomorrow", claims(json!({ "iat": now + 86_400 }))),
            ("of yesterday", claims(json!({ "iat": now - 86_400 }))),
            ("nobody", claims(json!({ "sub": null }))),
            ("alg none", header(json!({ "alg": "none" }))),
            ("alg of a shared secret", header(json!({ "alg": "HS256" }))),
            ("alg of another kind of key", header(json!({ "alg": "RS256" }))),
            ("another key", another),
            ("a key that is not shown", header(json!({ "kid": "second" }))),
            ("a key that comes along", header(json!({ "kid": null, "jwk": {}, "crit": ["jwk"] }))),
        ] {
            let mut browser = Browser::new(&site);
            let refused = sign_in(&mut browser, &provider, &bent).await;
            assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{what}");
            assert!(!browser.cookies.contains_key("luytre"), "{what}");
        }
        let mut browser = Browser::new(&site);
        assert!(is_in(&sign_in(&mut browser, &provider, &Bend::default()).await), "a right one is taken");
    })
    .await;
}

#[tokio::test]
async fn an_answer_counts_once_and_for_the_browser_that_asked() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let mut province = Province::new(db).await;
        let person = province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        let provider = Provider::start(&province.clock, Signer::es256()).await;
        let site = trusting(&mut province, settings(&provider));
        province.sign_in.link_account(&service(), &person, "tinh", "248").await.unwrap();
        let mut browser = Browser::new(&site);
        let away = browser.get(BEGIN).await;
        let back = provider.sign_in(away.location(), &Bend::default());
        let mut victim = Browser::new(&site);
        assert_eq!(go_on(&mut victim, &back).await.status, StatusCode::UNAUTHORIZED, "another browser");
        victim.get(BEGIN).await;
        assert_eq!(go_on(&mut victim, &back).await.status, StatusCode::UNAUTHORIZED, "another state");
        assert!(is_in(&go_on(&mut browser, &back).await), "what others tried took nothing away");
        assert_eq!(go_on(&mut browser, &back).await.status, StatusCode::UNAUTHORIZED, "the same answer again");
        // The same code with an answer of its own.
        let code = back.split("code=").nth(1).unwrap().split('&').next().unwrap();
        let mut thief = Browser::new(&site);
        let away = thief.get(BEGIN).await;
        let own = provider.sign_in(away.location(), &Bend::default());
        let own_code = own.split("code=").nth(1).unwrap().split('&').next().unwrap();
        let replayed = own.replace(&format!("code={own_code}&"), &format!("code={code}&"));
        assert_eq!(go_on(&mut thief, &replayed).await.status, StatusCode::UNAUTHORIZED, "a code that was used");
        let changes: [fn(&str) -> String; 6] = [
            |back| back.replace("state=", "state=x"),
            |back| back.replace("state=", "other="),
            |back| back.replace("code=", "other="),
            |back| format!("{back}&error=access_denied"),
            |back| format!("{back}&error=%0D%0Ax%3Cb%3E"),
            |back| format!("{back}&iss=https%3A%2F%2Fevil.example"),
        ];
        for change in changes {
            let mut browser = Browser::new(&site);
            let away = browser.get(BEGIN).await;
            let back = change(&provider.sign_in(away.location(), &Bend::default()));
            assert_eq!(go_on(&mut browser, &back).await.status, StatusCode::UNAUTHORIZED, "{back}");
        }
        let mut late = Browser::new(&site);
        let away = late.get(BEGIN).await;
        province.clock.advance(6 * MINUTE);
        let back = provider.sign_in(away.location(), &Bend::default());
        assert_eq!(go_on(&mut late, &back).await.status, StatusCode::UNAUTHORIZED, "too late");
    })
    .await;
}

#[tokio::test]
async fn new_keys_of_the_provider_are_asked_for_but_not_for_every_invented_one() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let mut province = Province::new(db).await;
        let person = province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        let provider = Provider::start(&province.clock, Signer::es256()).await;
        let site = trusting(&mut province, settings(&provider));
        province.sign_in.link_account(&service(), &person, "tinh", "248").await.unwrap();
        assert!(is_in(&sign_in(&mut Browser::new(&site), &provider, &Bend::default()).await));
        provider.rotate("second", Signer::rs256());
        province.clock.advance(2 * MINUTE);
        assert!(is_in(&sign_in(&mut Browser::new(&site), &provider, &Bend::default()).await), "the new key");
        assert_eq!(provider.keys_asked(), 2);
        let invented = Bend { header: json!({ "kid": "invented" }), ..Bend::default() };
        for _ in 0..5 {
            let refused = sign_in(&mut Browser::new(&site), &provider, &invented).await;
            assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
        }
        assert_eq!(provider.keys_asked(), 2, "not before a minute is over");
    })
    .await;
}

#[tokio::test]
async fn a_first_sign_in_links_the_account_of_the_same_name_but_no_administrator() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let mut province = Province::new(db).await;
        province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        province.person("quan.tri", "Quản Trị", &province.root, "administrator").await;
        let provider = Provider::start(&province.clock, Signer::es256()).await;
        let email = "email".to_owned();
        let first = ProviderSettings { linking: Linking::FirstSignIn, account_claim: email, ..settings(&provider) };
        let site = trusting(&mut province, first);
        let unverified = claims(json!({ "email": "can.bo" }));
        let refused = sign_in(&mut Browser::new(&site), &provider, &unverified).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "an address that anybody can write");
        let verified =
            |name: &str, subject: &str| claims(json!({ "email": name, "email_verified": true, "sub": subject }));
        let administrator = sign_in(&mut Browser::new(&site), &provider, &verified("quan.tri", "1")).await;
        assert_eq!(administrator.status, StatusCode::UNAUTHORIZED);
        let unknown = sign_in(&mut Browser::new(&site), &provider, &verified("khong.co", "3")).await;
        assert_eq!(unknown.status, StatusCode::UNAUTHORIZED, "no account is made here");
        assert!(is_in(&sign_in(&mut Browser::new(&site), &provider, &verified("Can.Bo", "2")).await));
        assert!(
            is_in(&sign_in(&mut Browser::new(&site), &provider, &verified("ten.moi", "2")).await),
            "linked for good"
        );
        let taken = sign_in(&mut Browser::new(&site), &provider, &verified("can.bo", "9")).await;
        assert_eq!(taken.status, StatusCode::UNAUTHORIZED, "a name that another person got there later");
    })
    .await;
}

#[tokio::test]
async fn groups_there_give_and_take_roles_here_and_leave_the_others() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let mut province = Province::new(db).await;
        let person = province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        let provider = Provider::start(&province.clock, Signer::es256()).await;
        let role = |group: &str, role: &str, agency: Option<&str>| GroupRole {
            group: group.into(),
            role: role.into(),
            agency: agency.map(ToOwned::to_owned),
        };
        let roles = vec![
            role("soc", "analyst", Some("TINH")),
            role("giam-doc", "leader", None),
            role("la", "leader", Some("KHONG-CO")),
        ];
        let site = trusting(&mut province, ProviderSettings { roles, ..settings(&provider) });
        let scope = service();
        province.sign_in.link_account(&scope, &person, "tinh", "248").await.unwrap();
        let held = async || {
            let view = province.db.scoped(&scope).read();
            let now = province.clock_now();
            let grants = people::grants_of(&view, &person).await.unwrap();
            let mut held: Vec<_> =
                grants.into_iter().filter(|one| one.holds_at(now)).map(|one| (one.role, one.agency_id)).collect();
            held.sort();
            held
        };
        let own = ("officer".to_owned(), province.a.clone());
        let analyst = ("analyst".to_owned(), province.root.clone());
        let leader = ("leader".to_owned(), province.a.clone());
        let groups = |groups: serde_json::Value| claims(json!({ "groups": groups }));
        for (given, expected) in [
            (json!(["soc", "la", "khac"]), vec![analyst.clone(), own.clone()]),
            (json!(["soc", "giam-doc"]), vec![analyst, leader.clone(), own.clone()]),
            (json!("giam-doc"), vec![leader, own.clone()]),
            (json!(null), vec![own]),
        ] {
            province.clock.advance(SECOND);
            assert!(is_in(&sign_in(&mut Browser::new(&site), &provider, &groups(given.clone())).await), "{given}");
            assert_eq!(held().await, expected, "{given}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_group_gives_no_role_that_separation_of_duties_forbids() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let mut province = Province::new(db).await;
        let person = province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        let admin = province.person("quan.tri", "Quản Trị", &province.root, "administrator").await;
        let provider = Provider::start(&province.clock, Signer::es256()).await;
        let roles = ["coordinator", "auditor", "analyst"].map(|role| GroupRole {
            group: role.into(),
            role: role.into(),
            agency: Some("TINH".into()),
        });
        let site = trusting(&mut province, ProviderSettings { roles: roles.into(), ..settings(&provider) });
        let scope = service();
        province.sign_in.link_account(&scope, &person, "tinh", "248").await.unwrap();
        let groups = claims(json!({ "groups": ["coordinator", "auditor", "analyst"] }));
        assert!(is_in(&sign_in(&mut Browser::new(&site), &provider, &groups).await), "sign-in goes on");
        let view = province.db.scoped(&scope).read();
        let grants = people::grants_of(&view, &person).await.unwrap();
        let mut held: Vec<_> = grants.iter().map(|grant| grant.role.as_str()).collect();
        held.sort_unstable();
        assert_eq!(held, ["auditor", "officer"], "neither with a role given here nor with one of another group");
        let filter = AuditFilter { action: "role.refuse".into(), ..AuditFilter::default() };
        assert_eq!(audit::store::count(&view, &filter).await.unwrap(), 2);
        let own = province.scope(&admin, &province.root, "administrator");
        let told = inbox::list(&province.db.scoped(&own).read(), &InboxFilter::default(), 50, 0).await.unwrap();
        assert_eq!(told.len(), 1);
        assert_eq!(
            (told[0].title_key.as_str(), &told[0].link),
            ("inbox-account-role-refused", &format!("/people/{person}"))
        );
    })
    .await;
}

#[tokio::test]
async fn who_needs_a_second_factor_needs_it_after_a_provider_that_saw_but_one() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let mut policies = organisation::Policies::clone(&quick_policies());
        policies.second_factor.required.outside_of.clear();
        let mut province = Province::with(db, Arc::new(policies)).await;
        let person = province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        let provider = Provider::start(&province.clock, Signer::es256()).await;
        let strong = ProviderSettings { strong_amr: vec!["mfa".into()], ..settings(&provider) };
        let site = trusting(&mut province, strong);
        province.sign_in.link_account(&service(), &person, "tinh", "248").await.unwrap();
        let weak = claims(json!({ "amr": ["pwd"] }));
        let weak = sign_in(&mut Browser::new(&site), &provider, &weak).await;
        assert_eq!((weak.status, weak.location()), (StatusCode::SEE_OTHER, "/me/second-factors?to=%2Fme"));
        let mut browser = Browser::new(&site);
        let both = claims(json!({ "amr": ["pwd", "mfa"] }));
        assert!(is_in(&sign_in(&mut browser, &provider, &both).await));
        assert!(browser.get("/me").await.text.contains("Tài khoản ở nơi khác, hai lớp"));
    })
    .await;
}

#[tokio::test]
async fn signing_out_there_ends_the_sessions_here_that_came_from_there() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let mut province = Province::new(db).await;
        let person = province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        let provider = Provider::start(&province.clock, Signer::es256()).await;
        let site = trusting(&mut province, settings(&provider));
        province.sign_in.link_account(&service(), &person, "tinh", "248").await.unwrap();
        let mut by_password = Browser::enter(&site, "can.bo").await;
        let (mut one, mut two) = (Browser::new(&site), Browser::new(&site));
        assert!(is_in(&sign_in(&mut one, &provider, &claims(json!({ "sid": "one" }))).await));
        assert!(is_in(&sign_in(&mut two, &provider, &claims(json!({ "sid": "two" }))).await));
        let send = async |token: &str| {
            let form = [("logout_token", token)];
            Browser::new(&site).post_bare("/sign-in/provider/tinh/sign-out", &form).await.status
        };
        for wrong in [
            claims(json!({ "events": {} })),
            claims(json!({ "nonce": "n" })),
            claims(json!({ "aud": "another" })),
            claims(json!({ "sub": null })),
            Bend { header: json!({ "typ": "JWT" }), ..Bend::default() },
            Bend { by: Some(Arc::new(Signer::es256())), ..Bend::default() },
        ] {
            assert_eq!(send(&provider.sign_out(&wrong)).await, StatusCode::BAD_REQUEST);
        }
        assert_eq!(send(&provider.sign_out(&claims(json!({ "sub": "999", "sid": "one" })))).await, StatusCode::OK);
        assert_eq!(one.get("/me").await.status, StatusCode::OK, "of somebody else no session is ours");
        assert_eq!(send(&provider.sign_out(&claims(json!({ "sid": "one" })))).await, StatusCode::OK);
        assert_eq!(one.get("/me").await.status, StatusCode::SEE_OTHER, "it has ended");
        assert_eq!(two.get("/me").await.status, StatusCode::OK);
        assert_eq!(send(&provider.sign_out(&Bend::default())).await, StatusCode::OK);
        assert_eq!(two.get("/me").await.status, StatusCode::SEE_OTHER, "all of the person");
        assert_eq!(by_password.get("/me").await.status, StatusCode::OK, "it did not come from there");
    })
    .await;
}

#[tokio::test]
async fn an_administrator_links_and_unlinks_on_the_page_of_the_person() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let mut province = Province::new(db).await;
        let person = province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        province.person("quan.tri", "Quản Trị", &province.root, "administrator").await;
        let provider = Provider::start(&province.clock, Signer::es256()).await;
        let site = trusting(&mut province, settings(&provider));
        let mut administrator = Browser::enter(&site, "quan.tri").await;
        let path = format!("/people/{person}");
        assert!(administrator.get(&path).await.text.contains("Cổng Tỉnh"));
        let form = [("provider", "tinh"), ("subject", "248")];
        let links = format!("{path}/provider-links");
        let empty = administrator.post(&links, &[("provider", "tinh"), ("subject", " ")]).await;
        assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(administrator.post(&links, &form).await.location(), path);
        let mut own = Browser::enter(&site, "can.bo").await;
        assert_eq!(own.post(&links, &form).await.status, StatusCode::FORBIDDEN);
        let mut browser = Browser::new(&site);
        assert!(is_in(&sign_in(&mut browser, &provider, &Bend::default()).await));
        let page = administrator.get(&path).await.text;
        let remove = page.split(&format!("action=\"{links}/")).nth(1).unwrap().split('"').next().unwrap().to_owned();
        assert_eq!(administrator.post(&format!("{links}/{remove}"), &[]).await.location(), path);
        assert_eq!(browser.get("/me").await.status, StatusCode::SEE_OTHER, "its sessions have ended");
        let gone = sign_in(&mut Browser::new(&site), &provider, &Bend::default()).await;
        assert_eq!(gone.status, StatusCode::UNAUTHORIZED);
    })
    .await;
}

#[tokio::test]
async fn nobody_is_sent_elsewhere_and_a_provider_that_fails_is_told_of() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let mut province = Province::new(db).await;
        let person = province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        let provider = Provider::start(&province.clock, Signer::es256()).await;
        let site = trusting(&mut province, settings(&provider));
        province.sign_in.link_account(&service(), &person, "tinh", "248").await.unwrap();
        for to in ["https://evil.example", "//evil.example", "/%5Cevil.example", "/x%0D%0ASet-Cookie:%20a=b"] {
            let mut browser = Browser::new(&site);
            let away = browser.get(&format!("/sign-in/provider/tinh?to={to}")).await;
            let back = provider.sign_in(away.location(), &Bend::default());
            let inside = go_on(&mut browser, &back).await;
            assert_eq!((inside.status, inside.location()), (StatusCode::SEE_OTHER, "/"), "{to}");
            assert!(!browser.cookies.contains_key("a"));
        }
        let mut browser = Browser::new(&site);
        let from_elsewhere = [("sec-fetch-site", "cross-site")];
        let sent = browser.send(Method::GET, BEGIN, None, &from_elsewhere).await;
        assert_eq!(sent.status, StatusCode::FORBIDDEN);
        for path in ["/sign-in/provider/khac", "/sign-in/provider/khac/return?code=a", "/sign-in/provider/khac/finish"]
        {
            assert_eq!(browser.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
        }
        provider.say(StatusCode::OK, &format!("{{\"id_token\": \"{}\"}}", "x".repeat(300_000)));
        assert_eq!(sign_in(&mut browser, &provider, &Bend::default()).await.status, StatusCode::SERVICE_UNAVAILABLE);
        provider.say(StatusCode::OK, "no JSON");
        assert_eq!(sign_in(&mut browser, &provider, &Bend::default()).await.status, StatusCode::SERVICE_UNAVAILABLE);
        provider.say(StatusCode::FOUND, "");
        assert_eq!(sign_in(&mut browser, &provider, &Bend::default()).await.status, StatusCode::SERVICE_UNAVAILABLE);
        provider.fail();
        province.clock.advance(25 * 60 * MINUTE);
        let away = browser.get(BEGIN).await;
        assert_eq!(away.status, StatusCode::SERVICE_UNAVAILABLE, "{}", away.text);
        assert!(browser.sign_in("can.bo", crate::province::PASSWORD).await.status == StatusCode::SEE_OTHER);
    })
    .await;
}
