//! Pages through the real routes: sign-in and out, proofs of forms, links of the demonstration, every page in
//! both languages, and what an administrator does in a day.

use crate::browser::{Browser, app, site};
use crate::province::{NOW, PASSWORD, Province, service};
use axum::http::{Method, StatusCode, header};
use kit::bus::Bus;
use kit::clock::{DAY, HOUR};
use organisation::people::{self, PersonFilter};
use organisation::sign_in::create_sign_in_link;
use test_support::on_each_database;

#[tokio::test]
async fn signing_in_and_out_leaves_the_right_cookies() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        let app = app(&province, false);
        let site = site(&app);
        let mut browser = Browser::new(&site);
        let guest = browser.get("/agencies?q=so+y").await;
        assert_eq!((guest.status, guest.location()), (StatusCode::SEE_OTHER, "/sign-in?to=%2Fagencies%3Fq%3Dso%2By"));
        let page = browser.get("/sign-in?to=/agencies").await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.text.contains("Đăng nhập") && page.text.contains("value=\"/agencies\""));
        assert!(browser.get("/sign-in?to=//evil.example").await.text.contains("name=\"to\" value=\"/\""));
        let (wrong, unknown) = (browser.sign_in("can.bo", "sai").await, browser.sign_in("khong.co", "sai").await);
        assert_eq!((wrong.status, unknown.status), (StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED));
        assert_eq!(wrong.text.replace("can.bo", "khong.co"), unknown.text, "both answers are the same");
        assert!(wrong.text.contains("không được giữ lại") && !wrong.text.contains("vẫn còn nguyên"), "{}", wrong.text);
        let answer =
            browser.post_bare("/sign-in", &[("account", "Can.Bo "), ("password", PASSWORD), ("to", "/\\evil")]).await;
        assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/"));
        let cookie = answer.headers.get(header::SET_COOKIE).unwrap().to_str().unwrap().to_owned();
        assert!(cookie.starts_with("luytre=") && cookie.contains("; HttpOnly; SameSite=Lax"), "{cookie}");
        assert!(browser.get("/agencies").await.text.contains("Sở Y tế"));
        let (looked, acted) = (browser.get("/channels").await, browser.post("/channels", &[]).await);
        assert_eq!((looked.status, acted.status), (StatusCode::FORBIDDEN, StatusCode::FORBIDDEN));
        assert!(looked.text.contains("không có dữ liệu nào thay đổi"), "{}", looked.text);
        assert!(acted.text.contains("thay đổi vừa rồi chưa được ghi"), "{}", acted.text);
        browser.get("/me").await;
        let before = browser.cookies.clone();
        let out = browser.post("/sign-out", &[]).await;
        assert_eq!(out.location(), "/sign-in");
        assert!(browser.get("/sign-in").await.text.contains("Bạn đã đăng xuất"));
        browser.cookies = before;
        assert_eq!(browser.get("/agencies").await.status, StatusCode::SEE_OTHER, "the old cookie is worth nothing");
    })
    .await;
}

#[tokio::test]
async fn a_form_sent_after_the_session_ended_leads_back_to_its_page() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let app = app(&province, false);
        let mut browser = Browser::new(&site(&app));
        let form = || Some("full_name=x".to_owned());
        let at = [("referer", "http://localhost:8080/people/p1?tab=roles")];
        let sent = browser.send(Method::POST, "/people/p1/roles", form(), &at).await;
        assert_eq!(sent.location(), "/sign-in?to=%2Fpeople%2Fp1%3Ftab%3Droles");
        let part = [("hx-request", "true"), ("hx-current-url", "http://localhost:8080/agencies?q=so")];
        let part = browser.send(Method::GET, "/people", None, &part).await;
        let path = part.headers.get("hx-redirect").map(|path| path.to_str().unwrap());
        assert_eq!(path, Some("/sign-in?to=%2Fagencies%3Fq%3Dso"), "the page, not the part of it");
        let nowhere = browser.send(Method::POST, "/people/p1/roles", form(), &[]).await;
        assert_eq!(nowhere.location(), "/sign-in?to=%2F", "an address that is only posted to shows nothing");
    })
    .await;
}

#[tokio::test]
async fn a_locked_name_is_told_until_when() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        let app = app(&province, false);
        let mut browser = Browser::new(&site(&app));
        for _ in 0..5 {
            browser.sign_in("can.bo", "sai").await;
        }
        let answer = browser.sign_in("can.bo", PASSWORD).await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(answer.headers.get(header::RETRY_AFTER).unwrap(), "43200");
        assert!(answer.text.contains("tạm khóa đến 21/11/2026 21:12"), "{}", answer.text);
        let heading = answer.text.contains("Nơi này đang tạm khóa") && !answer.text.contains("Có chỗ cần sửa");
        assert!(heading, "nothing typed is wrong: {}", answer.text);
        assert!(answer.text.contains("TCVN 14423:2026"), "what says how long: {}", answer.text);
    })
    .await;
}

#[tokio::test]
async fn over_tls_the_cookie_is_bound_to_the_host() {
    use organisation::sign_in::{cookie_name, set_cookie};
    assert_eq!(cookie_name(true), "__Host-luytre");
    let cookie = set_cookie(true, "abc", 60);
    assert_eq!(cookie, "__Host-luytre=abc; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure");
}

#[tokio::test]
async fn a_form_without_the_sessions_proof_is_refused() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let victim = province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        province.person("quan.tri", "Quản Trị", &province.root, "administrator").await;
        province.person("quan.tri.2", "Quản Trị Hai", &province.root, "administrator").await;
        let app = app(&province, false);
        let site = site(&app);
        let mut admin = Browser::enter(&site, "quan.tri").await;
        let other = Browser::enter(&site, "quan.tri.2").await;
        let path = format!("/people/{victim}/disable");
        for csrf in ["", "x", &other.csrf] {
            let answer = admin.post_bare(&path, &[("reason", "x"), ("csrf", csrf)]).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{csrf}");
        }
        assert_eq!(admin.post_bare("/sign-out", &[]).await.status, StatusCode::FORBIDDEN);
        // Forms without a session look at where they come from.
        for path in ["/sign-in", "/preferences"] {
            let form = Some("account=quan.tri&password=x&lang=en".to_owned());
            let answer = admin.send(Method::POST, path, form, &[("sec-fetch-site", "cross-site")]).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
        }
        let scope = service();
        assert!(people::find(&province.db.scoped(&scope).read(), &victim).await.unwrap().active);
    })
    .await;
}

#[tokio::test]
async fn a_demonstration_link_works_once_here_and_only_in_a_demonstration() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let id = province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        province.person("can.bo.2", "Cán Bộ Hai", &province.b, "officer").await;
        let scope = service();
        let link = async || {
            let tx = province.db.scoped(&scope).begin().await.unwrap();
            let token = create_sign_in_link(&tx, &province.policies, kit::clock::Clock::now(&province.clock), &id)
                .await
                .unwrap();
            tx.commit().await.unwrap();
            format!("/sign-in/link/{token}")
        };
        let serious = site(&app(&province, false));
        assert_eq!(Browser::new(&serious).get(&link().await).await.status, StatusCode::NOT_FOUND);
        let demonstration = site(&app(&province, true));
        let path = link().await;
        let mut away = Browser::new(&demonstration);
        away.address = "192.0.2.7:4000".parse().unwrap();
        assert_eq!(away.get(&path).await.status, StatusCode::FORBIDDEN);
        let mut rebound = Browser::new(&demonstration);
        rebound.host = "evil.example";
        assert_eq!(rebound.get(&path).await.status, StatusCode::FORBIDDEN);
        let mut here = Browser::new(&demonstration);
        assert_eq!(here.get(&path).await.location(), "/");
        assert_eq!(here.get("/me").await.status, StatusCode::OK);
        assert_eq!(here.get(&path).await.location(), "/", "another tab of the same browser");
        let used = Browser::new(&demonstration).get(&path).await;
        assert_eq!(used.status, StatusCode::GONE, "the second time");
        assert!(used.text.contains("mỗi liên kết chỉ đăng nhập được một lần"), "{}", used.text);
        assert!(used.text.contains("name=\"account\" value=\"can.bo\""), "{}", used.text);
        let mut other = Browser::enter(&demonstration, "can.bo.2").await;
        assert_eq!(other.get(&path).await.status, StatusCode::GONE, "somebody else is signed in here");
        let late = link().await;
        province.clock.advance(DAY + HOUR);
        assert_eq!(Browser::new(&demonstration).get(&late).await.status, StatusCode::GONE, "too late");
    })
    .await;
}

#[tokio::test]
async fn every_page_stands_in_both_languages_with_all_its_texts() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let id = province.person("can.bo", "Nguyễn Thị Ỷ Ẫn", &province.a, "officer").await;
        province.person("quan.tri", "Quản Trị", &province.root, "administrator").await;
        let app = app(&province, false);
        let site = site(&app);
        let mut admin = Browser::enter(&site, "quan.tri").await;
        for lang in ["vi", "en"] {
            let to = admin.post("/preferences", &[("lang", lang), ("theme", "dark"), ("to", "/people")]).await;
            assert_eq!(to.location(), "/people");
            let paths = [
                "/agencies",
                "/agencies?kind=department",
                "/agencies/new",
                "/people",
                "/people?role=officer&state=active",
                "/people/new",
                "/api-keys",
                "/api-keys?state=revoked",
                "/api-keys/new",
                "/roles",
                "/elevations",
                "/elevations?kind=export",
                "/roster",
                "/roster?week=2026-11-02",
                "/inbox",
                "/inbox?state=open",
                "/audit",
                "/audit?verify=yes",
                "/audit?action=person.create",
                "/audit/readings",
                "/audit/readings?own=yes",
                "/me",
                "/me/notices",
                "/channels",
                "/channels/new?kind=mail",
                "/channels/new?kind=gateway",
                "/channels/new?kind=webhook",
                "/outbox",
                "/outbox?state=failed",
            ]
            .map(ToOwned::to_owned);
            let of_objects = [
                format!("/people/{id}"),
                format!("/people/{id}/edit"),
                format!("/agencies/{}", province.a),
                format!("/agencies/{}/edit", province.a),
            ];
            for path in paths.iter().chain(&of_objects) {
                let answer = admin.get(path).await;
                assert_eq!(answer.status, StatusCode::OK, "{path}");
                assert!(answer.text.contains(&format!("<html lang=\"{lang}\"")), "{path}");
                assert!(answer.text.contains("data-bs-theme=\"dark\""), "{path}");
                for line in answer.text.split(['<', '>']) {
                    let is_key = [
                        "agency-",
                        "person-",
                        "role-",
                        "key-",
                        "roles-",
                        "elevation-",
                        "separation-",
                        "roster-",
                        "inbox-",
                        "audit-",
                        "reading-",
                        "me-",
                        "capability-",
                        "news-",
                        "channel-",
                        "outbox-",
                    ]
                    .iter()
                    .any(|start| line.trim().starts_with(start));
                    assert!(!is_key, "{path} shows a key: {line}");
                }
                assert!(!answer.text.contains("style=\"") && !answer.text.contains("onclick"), "{path}");
            }
        }
        assert!(admin.get("/audit?verify=yes").await.text.contains("The chain is whole"));
    })
    .await;
}

#[tokio::test]
async fn an_administrators_day() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        province.person("quan.tri", "Quản Trị", &province.root, "administrator").await;
        let app = app(&province, false);
        let site = site(&app);
        let mut admin = Browser::enter(&site, "quan.tri").await;
        let wrong =
            admin.post("/people", &[("full_name", ""), ("account", "tên có dấu"), ("agency_id", &province.a)]).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(wrong.text.contains("Không được để trống") && wrong.text.contains("tên có dấu"));
        let made = admin
            .post(
                "/people",
                &[
                    ("full_name", "Trần <b>Văn</b> Ếch"),
                    ("account", "tran.ech@syt.example"),
                    ("agency_id", &province.a),
                    ("active", "false"),
                    ("id", "x"),
                ],
            )
            .await;
        assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.text);
        let person = made.location().to_owned();
        let shown = admin.get(&person).await;
        assert!(shown.text.contains("Trần &#60;b&#62;Văn") && !shown.text.contains("<b>Văn"), "names are text");
        let roles = [
            ("role", "officer"),
            ("role_agency_id", province.a.as_str()),
            ("starts_at", ""),
            ("ends_at", "2026-12-31"),
        ];
        assert_eq!(admin.post(&format!("{person}/roles"), &roles).await.location(), person);
        let twice = admin.post(&format!("{person}/roles"), &roles).await;
        assert_eq!(twice.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(twice.text.contains("đang giữ vai trò"));
        let held = admin.get(&person).await.text;
        assert!(
            held.contains("hết 31/12/2026") && !held.contains("01/01/2027"),
            "until the end of the day typed: {held}"
        );
        let reset = admin.post(&format!("{person}/reset-password"), &[]).await;
        let password =
            reset.text.split("<code class=\"secret\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
        let mut newcomer = Browser::new(&site);
        assert_eq!(newcomer.sign_in("tran.ech@syt.example", &password).await.location(), "/me");
        assert!(newcomer.get("/me").await.text.contains("Bạn cần đổi mật khẩu"));
        assert_eq!(newcomer.get("/people").await.location(), "/me?to=%2Fpeople");
        assert_eq!(newcomer.get("/roster").await.location(), "/me?to=%2Froster", "nothing but the change");
        newcomer.get("/me").await;
        let fields = [("current", password.as_str()), ("new", "Sông-Núi.Nước-Nam.8"), ("again", "Sông-Núi.Nước-Nam.8")];
        assert_eq!(newcomer.post("/me/password", &fields).await.location(), "/me");
        let me = newcomer.get("/me").await.text;
        assert!(me.contains("đến hết 31/12/2026") && !me.contains("01/01/2027"), "{me}");
        assert_eq!(newcomer.get("/people").await.status, StatusCode::OK);
        let csv = admin.get("/people?format=csv&q=ech").await;
        assert!(csv.text.starts_with('\u{feff}') && csv.text.contains("tran.ech@syt.example"), "{}", csv.text);
        admin.get(&person).await;
        assert_eq!(admin.post(&format!("{person}/disable"), &[("reason", "chuyển công tác")]).await.location(), person);
        assert_eq!(newcomer.get("/people").await.status, StatusCode::SEE_OTHER, "put out at once");
        let trail =
            admin.get(&format!("/audit?object_kind=person&object_id={}", person.rsplit('/').next().unwrap())).await;
        for act in ["Lập tài khoản", "Giao vai trò", "Cấp mật khẩu mới", "Đổi mật khẩu", "Khóa tài khoản"]
        {
            assert!(trail.text.contains(act), "{act}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_key_is_shown_once_and_works() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        let app = app(&province, false);
        let site = site(&app);
        let mut officer = Browser::enter(&site, "can.bo").await;
        let fields = [
            ("name", "rsyslog"),
            ("agency_id", province.a.as_str()),
            ("capability", "ingest-events"),
            ("capability", "view-sources"),
            ("expires_at", "2026-12-31"),
        ];
        let form = officer.get("/api-keys/new").await.text;
        assert!(form.contains("value=\"18/02/2027\"") && form.contains("366"), "an end is offered: {form}");
        for (day, said) in [("", "Không được để trống"), ("2036-11-21", "quá xa"), ("2027-11-23", "quá xa")]
        {
            let endless = [fields[0], fields[1], fields[2], ("expires_at", day)];
            let refused = officer.post("/api-keys", &endless).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{day}");
            assert!(refused.text.contains(said), "{day}: {}", refused.text);
        }
        let made = officer.post("/api-keys", &fields).await;
        assert_eq!(made.status, StatusCode::OK);
        let key = made.text.split("<code class=\"secret\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
        assert!(key.starts_with("luytre_"));
        assert!(made.text.contains("Khóa dùng được đến hết 31/12/2026;"), "{}", made.text);
        assert!(!officer.get("/api-keys").await.text.contains(&key));
        let mut machine = Browser::new(&site);
        let header = format!("Bearer {key}");
        let list = machine.send(Method::GET, "/api-keys?format=csv", None, &[("authorization", &header)]).await;
        assert_eq!(list.status, StatusCode::OK);
        assert!(list.text.contains("2026-12-31 23:59") && !list.text.contains("2027-01-01"), "{}", list.text);
        let listed = officer.get("/api-keys").await.text;
        assert!(listed.contains("hết 31/12/2026") && !listed.contains("01/01/2027"), "{listed}");
        let form = Some("csrf=".to_owned());
        let act = machine.send(Method::POST, "/roster", form, &[("authorization", &header)]).await;
        assert_eq!(act.status, StatusCode::FORBIDDEN, "a key posts no forms");
        let beyond = [("name", "x"), ("agency_id", province.a.as_str()), ("capability", "administer"), fields[4]];
        assert_eq!(officer.post("/api-keys", &beyond).await.status, StatusCode::FORBIDDEN);
    })
    .await;
}

#[tokio::test]
async fn a_person_with_roles_at_two_places_acts_for_one_at_a_time() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let id = province.person("hai.noi", "Hai Nơi", &province.a, "officer").await;
        let scope = service();
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        people::grant_role(&tx, &province.policies, NOW, &id, "leader", &province.b, NOW - DAY, None).await.unwrap();
        tx.commit().await.unwrap();
        let app = app(&province, false);
        let site = site(&app);
        let mut browser = Browser::enter(&site, "hai.noi").await;
        let first = browser.get("/agencies").await.text;
        assert_ne!(first.contains("Sở Y tế"), first.contains("Sở Giáo dục"), "one of them");
        for (agency, seen, unseen) in
            [(&province.a, "Văn phòng Sở Y tế", "<code>SGD"), (&province.b, "<code>SGD", "<code>SYT")]
        {
            browser.get("/me").await;
            assert_eq!(browser.post("/me/acting", &[("agency", agency)]).await.location(), "/me");
            let list = browser.get("/agencies").await.text;
            assert!(list.contains(seen) && !list.contains(unseen), "{agency}");
        }
        browser.get("/me").await;
        for foreign in ["all", &province.root, "x"] {
            assert_eq!(
                browser.post("/me/acting", &[("agency", foreign)]).await.status,
                StatusCode::FORBIDDEN,
                "{foreign}"
            );
        }
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        people::grant_role(&tx, &province.policies, NOW, &id, "finance", &province.root, NOW, None).await.unwrap();
        tx.commit().await.unwrap();
        let mut later = Browser::enter(&site, "hai.noi").await;
        for browser in [&mut browser, &mut later] {
            let list = browser.get("/agencies").await.text;
            assert!(list.contains("<code>SGD") && !list.contains("<code>SYT"), "the choice outlives a wider role");
        }
    })
    .await;
}

#[tokio::test]
async fn one_ends_the_own_sessions_and_nobody_elses() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        province.person("ke.la", "Kẻ Lạ", &province.a, "officer").await;
        let app = app(&province, false);
        let site = site(&app);
        let mut here = Browser::enter(&site, "can.bo").await;
        let mut there = Browser::enter(&site, "can.bo").await;
        let mut stranger = Browser::enter(&site, "ke.la").await;
        let page = here.get("/me").await.text;
        let end = page.split("action=\"/me/sessions/").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let end = format!("/me/sessions/{end}");
        assert_eq!(stranger.post(&end, &[]).await.status, StatusCode::NOT_FOUND);
        assert_eq!(there.get("/me").await.status, StatusCode::OK);
        assert_eq!(here.post(&end, &[]).await.location(), "/me");
        assert_eq!(there.get("/me").await.status, StatusCode::SEE_OTHER);
        let mut third = Browser::enter(&site, "can.bo").await;
        here.get("/me").await;
        here.post("/me/sessions/end-others", &[]).await;
        assert_eq!(third.get("/me").await.status, StatusCode::SEE_OTHER);
        assert_eq!(here.get("/me").await.status, StatusCode::OK);
    })
    .await;
}

#[tokio::test]
async fn the_roster_page_plans_a_week_and_the_bell_rings() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let an = province.person("truc.an", "Trực An", &province.root, "analyst").await;
        province.person("dieu.phoi", "Điều Phối", &province.root, "coordinator").await;
        let app = app(&province, false);
        let site = site(&app);
        let mut coordinator = Browser::enter(&site, "dieu.phoi").await;
        let fields = [
            ("person_id", an.as_str()),
            ("post", "lead"),
            ("agency_id", &province.root),
            ("starts_at", "2026-11-21T07:00"),
            ("ends_at", "2026-11-21T19:00"),
        ];
        assert_eq!(coordinator.post("/roster", &fields).await.location(), "/roster?week=2026-11-16");
        let twice = coordinator.post("/roster", &fields).await;
        assert_eq!(twice.status, StatusCode::UNPROCESSABLE_ENTITY);
        let page = coordinator.get("/roster").await.text;
        assert!(page.contains("07:00–19:00") && page.contains("Trực An") && page.contains("Trưởng ca"));
        let panel = &organisation::area().slots[0];
        let html = (panel.fragment)(&app, &service(), kit::Lang::Vi, "").await.unwrap();
        assert!(html.contains("Trực An") && html.contains("đến"), "{html}");
        let scope = service();
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        let message =
            organisation::inbox::Message { title_key: "roster-added", link: "/roster".into(), ..Default::default() };
        let on_duty = organisation::inbox::Recipient::OnDuty;
        organisation::inbox::notify(&tx, &app.live, NOW, on_duty, &message).await.unwrap();
        tx.commit().await.unwrap();
        let mut analyst = Browser::enter(&site, "truc.an").await;
        let inbox = analyst.get("/inbox").await.text;
        assert!(inbox.contains("1 tin chưa đọc") && inbox.contains("Đã thêm ca trực."), "{inbox}");
        let link = inbox.split("href=\"/inbox/").nth(1).unwrap().split('"').next().unwrap().to_owned();
        assert_eq!(analyst.get(&format!("/inbox/{link}")).await.location(), "/roster");
        assert!(analyst.get("/inbox").await.text.contains("0 tin chưa đọc"));
        assert_eq!(analyst.post(&format!("/inbox/{link}/acknowledge"), &[]).await.location(), "/roster");
        let people = PersonFilter { role: "analyst".into(), now: NOW, ..PersonFilter::default() };
        assert_eq!(people::count(&province.db.scoped(&scope).read(), &people).await.unwrap(), 1);
    })
    .await;
}
