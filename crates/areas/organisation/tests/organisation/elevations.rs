//! Rights for a while and duties kept apart, on both databases and through the pages.

use crate::browser::{Browser, app, site};
use crate::province::{NOW, Province, quick_policies, service};
use axum::http::{Method, StatusCode};
use kit::bus::Bus;
use kit::clock::{DAY, FixedClock, HOUR, MINUTE, Micros};
use kit::live::Live;
use kit::migration::migrate;
use kit::scope::{Actor, Agencies};
use kit::session::Authenticate;
use kit::{Capability, Error, Scope};
use organisation::agencies;
use organisation::api_keys::{self, NewKey};
use organisation::audit::store::{AuditFilter, count};
use organisation::audit::{Reading, record_reading};
use organisation::elevations::{self, Act, Asked, Standing, Taken};
use organisation::people::{self, NewPerson};
use organisation::policies::Policies;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::json;
use std::sync::Arc;
use test_support::on_each_database;

/// What the tests here ask for.
const QUESTION: &str = "/search?q=root";

fn export(rows: u64) -> Act<'static> {
    Act { kind: "export", subject: QUESTION, rows }
}

async fn spend_on(province: &Province, scope: &Scope, act: Act<'_>, now: Micros) -> Result<(), Error> {
    let tx = province.db.scoped(scope).begin().await.unwrap();
    elevations::spend(&tx, &province.policies, now, &act, json!("/search")).await?;
    tx.commit().await
}

async fn spend(province: &Province, scope: &Scope, rows: u64, now: Micros) -> Result<(), Error> {
    spend_on(province, scope, export(rows), now).await
}

async fn ask(province: &Province, scope: &Scope, agency: &str, now: Micros) -> Result<String, Error> {
    let asked = Asked {
        kind: "export".into(),
        agency_id: agency.into(),
        subject: QUESTION.into(),
        reason: "Theo công văn 12".into(),
        ..Asked::default()
    };
    let tx = province.db.scoped(scope).begin().await.unwrap();
    let id = elevations::ask(&tx, &Live::default(), &province.policies, now, &asked).await?;
    tx.commit().await.map(|()| id)
}

async fn approve(province: &Province, scope: &Scope, id: &str, now: Micros) -> Result<(), Error> {
    let tx = province.db.scoped(scope).begin().await.unwrap();
    elevations::approve(&tx, &Live::default(), &province.policies, now, id, "").await?;
    tx.commit().await
}

fn needed(result: &Result<(), Error>) -> bool {
    matches!(result, Err(Error::Conflict("elevation-needed")))
}

#[tokio::test]
async fn a_large_export_needs_somebody_else_and_only_for_a_while() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let analyst = province.person("truc.ban", "Trực Ban", &province.root, "analyst").await;
        let head = province.person("lanh.dao", "Lãnh Đạo", &province.root, "leader").await;
        let far = province.person("lanh.dao.b", "Lãnh Đạo B", &province.b, "leader").await;
        let scope = province.scope(&analyst, &province.root, "analyst");
        let above = province.scope(&head, &province.root, "leader");
        let elsewhere = province.scope(&far, &province.b, "leader");
        let rows = province.policies.elevation.kind("export").unwrap().rows;
        assert!(spend(&province, &scope, rows, NOW).await.is_ok(), "few rows need nobody");
        assert!(needed(&spend(&province, &scope, rows + 1, NOW).await));
        let id = ask(&province, &scope, &province.root, NOW).await.unwrap();
        assert!(needed(&spend(&province, &scope, rows + 1, NOW).await), "asking is not enough");
        let again = ask(&province, &scope, &province.root, NOW).await;
        assert!(matches!(again, Err(Error::Conflict("elevation-open-already"))), "{again:?}");
        assert!(matches!(approve(&province, &scope, &id, NOW).await, Err(Error::Forbidden(_))));
        assert!(
            matches!(approve(&province, &elsewhere, &id, NOW).await, Err(Error::NotFound)),
            "another agency's head"
        );
        approve(&province, &above, &id, NOW + MINUTE).await.unwrap();
        let twice = approve(&province, &above, &id, NOW + MINUTE).await;
        assert!(matches!(twice, Err(Error::Conflict("elevation-decided-already"))), "{twice:?}");
        assert!(spend(&province, &scope, rows * 5, NOW + 2 * MINUTE).await.is_ok());
        let other = Act { subject: "/search?q=admin", ..export(rows + 1) };
        let refused = spend_on(&province, &scope, other, NOW + 2 * MINUTE).await;
        assert!(matches!(refused, Err(Error::Conflict("elevation-for-another"))), "{refused:?}");
        let service = service();
        let view = province.db.scoped(&service).read();
        let own = province.db.scoped(&scope).read();
        let seen = elevations::find(&own, &id).await.unwrap();
        assert_eq!((seen.used, seen.decided_by.as_deref()), (1, Some(head.as_str())));
        for action in ["elevation.ask", "elevation.approve", "elevation.use"] {
            let filter = AuditFilter { action: action.into(), ..AuditFilter::default() };
            assert_eq!(count(&view, &filter).await.unwrap(), 1, "{action}");
        }
        assert!(needed(&spend(&province, &scope, rows + 1, NOW + MINUTE + HOUR).await), "its time is over");
    })
    .await;
}

#[tokio::test]
async fn rows_that_leave_are_added_up_for_a_while_for_each_person_with_all_keys_of_that_person() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let police = province.person("cong.an", "Điều Phối", &province.root, "coordinator").await;
        let head = province.person("lanh.dao", "Lãnh Đạo", &province.root, "leader").await;
        let scope = province.scope(&police, &province.root, "coordinator");
        let kind = province.policies.elevation.kind("export").unwrap();
        let (most, window) = (kind.rows, kind.window());
        assert_eq!(kind.window_rows, 2 * most);
        let machine_of = async |maker: &Scope| {
            let tx = province.db.scoped(maker).begin().await.unwrap();
            let new = NewKey {
                name: "Bảng điện tử".into(),
                agency_id: province.root.clone(),
                capabilities: vec![Capability::ViewEvents],
                ..NewKey::default()
            };
            let (key, _) = api_keys::create(&tx, NOW, new).await.unwrap();
            tx.commit().await.unwrap();
            let actor = Actor::Key { id: key.as_str().into(), name: "Bảng điện tử".into() };
            (key, Scope::new(actor, Agencies::All, [Capability::ViewEvents], None))
        };
        let (first, machine) = machine_of(&scope).await;
        let (second, another) = machine_of(&scope).await;
        let give = async |scope: &Scope, rows: u64, now: Micros| {
            let tx = province.db.scoped(scope).begin().await.unwrap();
            elevations::give(&tx, &province.policies, now, &export(rows), json!("/api/v1/search")).await?;
            tx.commit().await
        };
        let allowed = async |rows: u64, now: Micros| {
            let tx = province.db.scoped(&scope).begin().await.unwrap();
            elevations::allowed(&tx, &province.policies, now, &export(rows)).await
        };
        let taken = async |key: &str, now: Micros| {
            let view = province.db.scoped(&scope).read();
            elevations::taken_by_key(&view, &province.policies, key, now).await.unwrap()
        };
        assert!(spend(&province, &scope, most, NOW).await.is_ok());
        assert!(give(&machine, most - 300, NOW + MINUTE).await.is_ok());
        assert_eq!(allowed(most, NOW + 2 * MINUTE).await.unwrap(), 300, "what is left beside what the key took");
        assert!(needed(&give(&another, 301, NOW + 2 * MINUTE).await), "a second key gives nothing more");
        assert!(give(&another, 200, NOW + 2 * MINUTE).await.is_ok(), "what was refused was not counted");
        assert!(needed(&spend(&province, &scope, 101, NOW + 2 * MINUTE).await));
        assert!(spend(&province, &scope, 100, NOW + 2 * MINUTE).await.is_ok());
        for machine in [&machine, &another] {
            assert!(needed(&give(machine, 1, NOW + 2 * MINUTE).await), "a person has as much by however many keys");
        }
        let together = Some(2 * most);
        assert_eq!(taken(&first, NOW + 2 * MINUTE).await, Taken { by_key: most - 300, together });
        assert_eq!(taken(&second, NOW + 2 * MINUTE).await, Taken { by_key: 200, together });
        assert!(needed(&allowed(1, NOW + 3 * MINUTE).await.map(|_| ())));
        let (_, unmade) = machine_of(&service()).await;
        assert!(give(&unmade, most, NOW + 3 * MINUTE).await.is_ok(), "one of the machine itself counts for itself");
        let other = province.scope(&head, &province.root, "leader");
        assert!(give(&other, most, NOW + 3 * MINUTE).await.is_ok(), "somebody else");
        let id = ask(&province, &scope, &province.root, NOW + 3 * MINUTE).await.unwrap();
        approve(&province, &other, &id, NOW + 3 * MINUTE).await.unwrap();
        assert!(spend(&province, &scope, 9 * most, NOW + 4 * MINUTE).await.is_ok(), "by an approval");
        assert!(needed(&give(&machine, 1, NOW + 4 * MINUTE).await), "which is of the person alone");
        let later = NOW + window + 3 * MINUTE;
        assert_eq!(allowed(most, later - 2 * MINUTE).await.unwrap(), most, "the elevation still runs");
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        elevations::end(&tx, &province.policies, later - MINUTE, &id).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(allowed(most, later).await.unwrap(), most, "what left by the approval and long ago counts no more");
    })
    .await;
}

#[tokio::test]
async fn more_rows_leave_by_a_key_once_somebody_else_granted_them_until_it_ends() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let officer = province.person("can.bo", "Cán Bộ A", &province.a, "officer").await;
        let near = province.person("lanh.dao.a", "Lãnh Đạo A", &province.a, "leader").await;
        let far = province.person("lanh.dao.b", "Lãnh Đạo B", &province.b, "leader").await;
        let other = province.person("can.bo.b", "Cán Bộ B", &province.b, "officer").await;
        let scope = province.scope(&officer, &province.a, "officer");
        let head = province.scope(&near, &province.a, "leader");
        let policies = &province.policies;
        let export_kind = policies.elevation.kind("export").unwrap();
        let most = policies.elevation.kind("key-rows").unwrap().most_rows;
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        let new = NewKey {
            name: "Bảng điện tử".into(),
            agency_id: province.a.clone(),
            capabilities: vec![Capability::ViewEvents],
            expires_at: Some(NOW + 10 * DAY),
            ..NewKey::default()
        };
        let (key, _) = api_keys::create(&tx, NOW, new).await.unwrap();
        tx.commit().await.unwrap();
        let actor = Actor::Key { id: key.as_str().into(), name: "Bảng điện tử".into() };
        let machine = Scope::new(actor, under(&[&province.a]), [Capability::ViewEvents], None);
        let give = async |scope: &Scope, rows: u64, now: Micros| {
            let tx = province.db.scoped(scope).begin().await.unwrap();
            elevations::give(&tx, policies, now, &export(rows), json!("/api/v1/search")).await?;
            tx.commit().await
        };
        let ask_for = async |scope: &Scope, rows: u64| {
            let asked = Asked {
                kind: "key-rows".into(),
                subject: key.clone(),
                rows,
                reason: "Bảng ở phòng trực".into(),
                ..Asked::default()
            };
            let tx = province.db.scoped(scope).begin().await.unwrap();
            let id = elevations::ask(&tx, &Live::default(), policies, NOW, &asked).await?;
            tx.commit().await.map(|()| id)
        };
        let has = async |now: Micros| {
            let view = province.db.scoped(&scope).read();
            elevations::allowances(&view, policies, &[&key], now).await.unwrap().remove(0)
        };
        for rows in [0, export_kind.window_rows, most + 1] {
            let wrong = ask_for(&scope, rows).await;
            assert!(matches!(&wrong, Err(Error::Invalid(fields)) if fields[0].field == "rows"), "{rows}: {wrong:?}");
        }
        let foreign = ask_for(&province.scope(&other, &province.b, "officer"), 50_000).await;
        assert!(matches!(foreign, Err(Error::NotFound)), "{foreign:?}");
        let id = ask_for(&scope, 50_000).await.unwrap();
        let twice = ask_for(&scope, 60_000).await;
        assert!(matches!(twice, Err(Error::Conflict("elevation-open-already"))), "{twice:?}");
        assert!(
            needed(&give(&machine, export_kind.rows + 1, NOW).await) && has(NOW).await.granted_until.is_none(),
            "asked, no more"
        );
        assert!(matches!(approve(&province, &scope, &id, NOW).await, Err(Error::Forbidden(_))));
        let elsewhere = approve(&province, &province.scope(&far, &province.b, "leader"), &id, NOW).await;
        assert!(matches!(elsewhere, Err(Error::NotFound)), "{elsewhere:?}");
        approve(&province, &head, &id, NOW + MINUTE).await.unwrap();

        let allowance = has(NOW + MINUTE).await;
        assert_eq!((allowance.rows, allowance.granted_until), (50_000, Some(NOW + 10 * DAY)));
        assert!(give(&machine, 30_000, NOW + MINUTE).await.is_ok(), "many at once");
        assert!(give(&machine, 20_000, NOW + 2 * MINUTE).await.is_ok());
        assert!(needed(&give(&machine, 1, NOW + 2 * MINUTE).await), "as many as were granted");
        let view = province.db.scoped(&scope).read();
        let taken = elevations::taken_by_key(&view, policies, &key, NOW + 2 * MINUTE).await.unwrap();
        assert_eq!(taken, Taken { by_key: 50_000, together: None });
        assert!(give(&scope, export_kind.rows, NOW + 2 * MINUTE).await.is_ok(), "whoever made it has lost nothing");
        assert!(has(NOW + 10 * DAY).await.granted_until.is_none(), "it ends with the key");

        let more = ask_for(&scope, 60_000).await.unwrap();
        approve(&province, &head, &more, NOW + 3 * MINUTE).await.unwrap();
        assert!(give(&machine, 10_000, NOW + 3 * MINUTE).await.is_ok());
        let standing = async |id: &str, now: Micros| {
            let view = province.db.scoped(&scope).read();
            elevations::find(&view, id).await.unwrap().standing(&policies.elevation, now)
        };
        assert_eq!(standing(&id, NOW + 3 * MINUTE).await, Standing::Over, "one takes the place of the other");
        let waiting = ask_for(&scope, 70_000).await.unwrap();
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        api_keys::revoke(&tx, NOW + 4 * MINUTE, &key).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(standing(&more, NOW + 4 * MINUTE).await, Standing::Over);
        assert_eq!(standing(&waiting, NOW + 4 * MINUTE).await, Standing::Withdrawn);
        let late = ask_for(&scope, 50_000).await;
        assert!(matches!(late, Err(Error::Conflict("elevation-key-over"))), "{late:?}");
        let service = service();
        let view = province.db.scoped(&service).read();
        for (action, rows) in [("elevation.approve", 2), ("elevation.end", 2), ("elevation.withdraw", 1)] {
            let filter = AuditFilter { action: action.into(), ..AuditFilter::default() };
            assert_eq!(count(&view, &filter).await.unwrap(), rows, "{action}");
        }
    })
    .await;
}

#[tokio::test]
async fn rows_of_a_key_are_asked_for_and_shown_on_its_page() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let officer = province.person("can.bo", "Cán Bộ A", &province.a, "officer").await;
        province.person("lanh.dao.a", "Lãnh Đạo A", &province.a, "leader").await;
        let scope = province.scope(&officer, &province.a, "officer");
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        let new = NewKey {
            name: "Bảng điện tử".into(),
            agency_id: province.a.clone(),
            capabilities: vec![Capability::ViewEvents],
            ..NewKey::default()
        };
        let (key, _) = api_keys::create(&tx, NOW, new).await.unwrap();
        tx.commit().await.unwrap();
        let site = site(&app(&province, false));
        let mut officer = Browser::enter(&site, "can.bo").await;
        let (page, rows) = (format!("/api-keys/{key}"), format!("/api-keys/{key}/rows"));
        let text = officer.get(&page).await.text;
        assert!(text.contains("2.000 dòng trong 60 phút, mức chung") && text.contains(&rows), "{text}");
        for number in ["", "nhiều", "2000", "999999999"] {
            let wrong = officer.post(&rows, &[("rows", number), ("reason", "Bảng ở phòng trực")]).await;
            assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{number}: {}", wrong.text);
        }
        let sent = officer.post(&rows, &[("rows", "50000"), ("reason", "Bảng ở phòng trực")]).await;
        assert_eq!(sent.location(), page);
        let text = officer.get(&page).await.text;
        assert!(text.contains("Chờ duyệt: Cán Bộ A xin 50.000 dòng.") && !text.contains(&rows), "{text}");

        let mut head = Browser::enter(&site, "lanh.dao.a").await;
        let waiting = head.get("/elevations").await.text;
        let shown = format!("<a href=\"{page}\">Bảng điện tử: 50.000 dòng trong 60 phút</a>");
        assert!(waiting.contains(&shown), "{waiting}");
        let path = waiting
            .split("action=\"")
            .filter_map(|rest| rest.split('"').next())
            .find(|path| path.ends_with("/approve"));
        assert_eq!(head.post(path.expect("a button to approve"), &[]).await.location(), "/elevations");
        for path in ["/api-keys", page.as_str()] {
            let text = officer.get(path).await.text;
            assert!(text.contains("50.000 dòng trong 60 phút, được duyệt riêng"), "{path}: {text}");
        }
        let file = officer.get("/api-keys?format=csv").await.text;
        assert!(file.contains(",50000"), "{file}");
        let general = officer.post("/elevations", &[("kind", "key-rows"), ("reason", "Bảng ở phòng trực")]).await;
        assert_eq!(general.status, StatusCode::UNPROCESSABLE_ENTITY, "only on the page of the key: {}", general.text);
    })
    .await;
}

#[tokio::test]
async fn nobody_approves_the_own_request_and_an_old_one_lapses() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let police = province.person("cong.an", "Điều Phối", &province.root, "coordinator").await;
        let head = province.person("lanh.dao", "Lãnh Đạo", &province.root, "leader").await;
        let scope = province.scope(&police, &province.root, "coordinator");
        let above = province.scope(&head, &province.root, "leader");
        let id = ask(&province, &scope, &province.root, NOW).await.unwrap();
        let own = approve(&province, &scope, &id, NOW).await;
        assert!(matches!(own, Err(Error::Conflict("elevation-not-for-oneself"))), "{own:?}");
        let late = approve(&province, &above, &id, NOW + DAY).await;
        assert!(matches!(late, Err(Error::Conflict("elevation-decided-already"))), "{late:?}");
        // A new request may follow one that lapsed; it can be ended before its time.
        let id = ask(&province, &scope, &province.root, NOW + DAY).await.unwrap();
        approve(&province, &above, &id, NOW + DAY).await.unwrap();
        assert!(spend(&province, &scope, 5_000, NOW + DAY).await.is_ok());
        let tx = province.db.scoped(&above).begin().await.unwrap();
        elevations::end(&tx, &province.policies, NOW + DAY + MINUTE, &id).await.unwrap();
        let ended = elevations::find(&tx, &id).await.unwrap();
        assert_eq!(ended.standing(&province.policies.elevation, NOW + DAY + MINUTE), Standing::Over);
        tx.commit().await.unwrap();
        assert!(needed(&spend(&province, &scope, 5_000, NOW + DAY + MINUTE).await));
    })
    .await;
}

#[tokio::test]
async fn a_request_goes_from_the_form_to_the_head_and_back() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        province.person("truc.ban", "Trực Ban", &province.root, "analyst").await;
        province.person("lanh.dao", "Lãnh Đạo", &province.root, "leader").await;
        province.person("tai.chinh", "Tài Chính", &province.root, "finance").await;
        let site = site(&app(&province, false));
        let mut analyst = Browser::enter(&site, "truc.ban").await;
        let page = analyst.get("/elevations?kind=export&question=%2Falerts%3Fstate%3Dall").await;
        assert!(page.text.contains("<option value=\"export\" selected"), "{}", page.text);
        assert!(page.text.contains("value=\"/alerts?state=all\""), "{}", page.text);
        let form = |question, reason| [("kind", "export"), ("question", question), ("reason", reason)];
        for (question, reason) in [("/alerts?state=all", " "), (" ", "Theo công văn 12"), ("//x/", "Theo công văn 12")]
        {
            let wrong = analyst.post("/elevations", &form(question, reason)).await;
            assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{question}: {}", wrong.text);
        }
        let sent = analyst.post("/elevations", &form("/alerts?state=all&format=csv", "Theo công văn 12")).await;
        assert_eq!((sent.status, sent.location()), (StatusCode::SEE_OTHER, "/elevations"));
        let mut head = Browser::enter(&site, "lanh.dao").await;
        assert!(head.get("/inbox").await.text.contains("Trực Ban đề nghị quyền có thời hạn"));
        let page = head.get("/elevations").await.text;
        assert!(page.contains("href=\"/alerts?state=all\""), "who decides can see what is asked: {page}");
        let path = page.split("action=\"").find(|rest| rest.contains("/approve\"")).and_then(|rest| {
            let path = rest.split('"').next()?;
            path.ends_with("/approve").then(|| path.to_owned())
        });
        let path = path.expect("a button to approve");
        assert_eq!(analyst.post(&path, &[]).await.status, StatusCode::FORBIDDEN);
        assert_eq!(head.post(&path, &[]).await.location(), "/elevations");
        assert!(analyst.get("/elevations").await.text.contains("Đang có hiệu lực"));
        let mut finance = Browser::enter(&site, "tai.chinh").await;
        let page = finance.get("/elevations").await;
        assert!(page.status == StatusCode::OK && !page.text.contains("Trực Ban"), "only one's own");
        assert!(finance.get("/roles").await.text.contains("Điều phối (Công an tỉnh)"));
    })
    .await;
}

#[tokio::test]
async fn roles_that_must_not_meet_are_not_given_to_one_person() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let officer = province.person("can.bo", "Cán Bộ A", &province.a, "officer").await;
        let auditor = province.person("kiem.tra", "Kiểm Tra", &province.root, "auditor").await;
        let service = service();
        let tx = province.db.scoped(&service).begin().await.unwrap();
        let policies = &province.policies;
        for (person, role, agency) in [
            (&officer, "coordinator", &province.b),
            (&auditor, "analyst", &province.a),
            (&auditor, "responder", &province.b),
        ] {
            let given = people::grant_role(&tx, policies, NOW, person, role, agency, NOW, None).await;
            assert!(matches!(given, Err(Error::Conflict("role-duties-apart"))), "{role}: {given:?}");
        }
        assert!(people::grant_role(&tx, policies, NOW, &officer, "leader", &province.b, NOW, None).await.is_ok());
        // One after the other is another matter.
        let grants = people::grants_of(&tx, &officer).await.unwrap();
        let grant = grants.iter().find(|grant| grant.role == "officer").unwrap();
        people::revoke_role(&tx, policies, NOW, &officer, &grant.id).await.unwrap();
        let given = people::grant_role(&tx, policies, NOW, &officer, "coordinator", &province.b, NOW, None).await;
        assert!(given.is_ok(), "{given:?}");
    })
    .await;
}

/// What a session of this account may read now.
async fn session_of(province: &Province, browser: &Browser) -> Scope {
    let cookies: Vec<_> = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let request = axum::http::Request::builder().uri("/search").header("cookie", cookies.join("; "));
    let (mut parts, ()) = request.body(()).unwrap().into_parts();
    parts.extensions.insert(axum::extract::ConnectInfo(browser.address));
    province.sign_in.session(&parts).await.unwrap().unwrap().scope
}

fn under(agencies: &[&str]) -> Agencies {
    Agencies::Under(agencies.iter().map(|id| (*id).to_owned()).collect())
}

#[tokio::test]
async fn raw_events_of_another_agency_are_opened_by_that_agency_for_a_while() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let officer = province.person("can.bo.a", "Cán Bộ A", &province.a, "officer").await;
        province.person("kiem.tra", "Kiểm Tra", &province.root, "auditor").await;
        let near = province.person("lanh.dao.a", "Lãnh Đạo A", &province.a, "leader").await;
        let far = province.person("lanh.dao.b", "Lãnh Đạo B", &province.b, "leader").await;
        let site = site(&app(&province, false));
        let browser = Browser::enter(&site, "can.bo.a").await;
        let auditor = Browser::enter(&site, "kiem.tra").await;
        assert_eq!(*session_of(&province, &browser).await.event_agencies(), under(&[&province.a]));
        let audits = session_of(&province, &auditor).await;
        assert_eq!((audits.agencies(), audits.event_agencies()), (&Agencies::All, &under(&[])));

        let scope = province.scope(&officer, &province.a, "officer");
        let asked = |code: &str| Asked {
            kind: "foreign-events".into(),
            agency_id: province.a.clone(),
            agency_code: code.into(),
            reason: "Cùng điều tra một địa chỉ".into(),
            ..Asked::default()
        };
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        let (live, policies) = (Live::default(), &province.policies);
        let nobody = elevations::ask(&tx, &live, policies, NOW, &asked("KHONG-CO")).await;
        assert!(matches!(nobody, Err(Error::Invalid(_))), "{nobody:?}");
        let id = elevations::ask(&tx, &live, policies, NOW, &asked("SGD")).await.unwrap();
        let twice = elevations::ask(&tx, &live, policies, NOW, &asked("SGD")).await;
        assert!(matches!(twice, Err(Error::Conflict("elevation-open-already"))), "{twice:?}");
        elevations::ask(&tx, &live, policies, NOW, &asked("SYT-VP")).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(*session_of(&province, &browser).await.event_agencies(), under(&[&province.a]), "asked, no more");

        let own = approve(&province, &province.scope(&near, &province.a, "leader"), &id, NOW).await;
        assert!(matches!(own, Err(Error::NotFound)), "the other agency decides: {own:?}");
        approve(&province, &province.scope(&far, &province.b, "leader"), &id, NOW).await.unwrap();
        let elevated = session_of(&province, &browser).await;
        assert_eq!(*elevated.event_agencies(), under(&[&province.a, &province.b]));
        assert_eq!(*elevated.agencies(), under(&[&province.a]), "nothing else of it is opened");
        assert_eq!(*session_of(&province, &auditor).await.event_agencies(), under(&[]), "it is one person's");

        let touched = [(province.b.clone(), Some(3))].into();
        let reading = Reading {
            purpose: "investigation",
            object_kind: "event",
            object_id: "",
            query: "root",
            count: 3,
            touched: &touched,
        };
        let tx = province.db.scoped(&elevated).begin().await.unwrap();
        record_reading(&tx, NOW, &reading).await.unwrap();
        tx.commit().await.unwrap();
        let view = province.db.scoped(&elevated);
        assert_eq!(elevations::find(&view.read(), &id).await.unwrap().used, 1);
        let readings = Browser::enter(&site, "lanh.dao.b").await.get("/audit/readings").await.text;
        assert!(readings.contains("Cùng điều tra một địa chỉ"), "the agency reads why: {readings}");

        province.clock.advance(policies.elevation.kind("foreign-events").unwrap().lasts());
        let mut browser = browser;
        if browser.get("/me").await.status != StatusCode::OK {
            browser = Browser::enter(&site, "can.bo.a").await;
        }
        assert_eq!(*session_of(&province, &browser).await.event_agencies(), under(&[&province.a]), "the time is over");
    })
    .await;
}

/// A province where three rows at once leave without a second person.
async fn strict_province(db: kit::Db) -> Province {
    let mut policies = Policies::clone(&quick_policies());
    let export = policies.elevation.elevation.iter_mut().find(|kind| kind.id == "export").unwrap();
    (export.rows, export.window_rows) = (3, 100);
    Province::with(db, Arc::new(policies)).await
}

#[tokio::test]
async fn a_register_of_many_rows_leaves_as_a_file_with_a_second_person_alone() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = strict_province(db).await;
        let police = province.person("cong.an", "Điều Phối", &province.root, "coordinator").await;
        let head = province.person("lanh.dao", "Lãnh Đạo", &province.root, "leader").await;
        province.person("kiem.tra", "Kiểm Tra", &province.root, "auditor").await;
        province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        let site = site(&app(&province, false));
        let mut browser = Browser::enter(&site, "cong.an").await;
        for path in ["/agencies", "/people", "/incumbents"] {
            assert_eq!(browser.get(path).await.status, StatusCode::OK, "pages are not counted");
            let refused = browser.get(&format!("{path}?format=csv")).await;
            let form = format!("/elevations?kind=export&question=%2F{}", &path[1..]);
            assert_eq!((refused.status, refused.location()), (StatusCode::SEE_OTHER, form.as_str()));
        }
        let few = browser.get("/api-keys?format=csv").await;
        assert_eq!(few.status, StatusCode::OK);

        let everything = service();
        let exported = async || {
            let view = province.db.scoped(&everything).read();
            let filter = AuditFilter { action: "person.read".into(), ..AuditFilter::default() };
            count(&view, &filter).await.unwrap()
        };
        assert_eq!(exported().await, 0, "what did not leave was read by nobody");
        let mut auditor = Browser::enter(&site, "kiem.tra").await;
        for path in ["/agencies", "/people", "/incumbents"] {
            assert!(
                browser.get(path).await.text.contains("format=csv"),
                "{path}: whoever may ask for it finds the file"
            );
            let shown = auditor.get(path).await.text;
            assert!(!shown.contains("format=csv"), "{path}: more rows than may leave: {shown}");
        }
        assert!(auditor.get("/api-keys").await.text.contains("format=csv"), "few rows leave");
        let refused = auditor.get("/people?format=csv").await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "who may not export cannot ask for it");
        assert!(refused.text.contains("Xuất dữ liệu"), "{}", refused.text);

        let scope = province.scope(&police, &province.root, "coordinator");
        let asked = Asked {
            kind: "export".into(),
            agency_id: province.root.clone(),
            subject: "/people?format=csv".into(),
            reason: "Theo công văn 12".into(),
            ..Asked::default()
        };
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        let id = elevations::ask(&tx, &Live::default(), &province.policies, NOW, &asked).await.unwrap();
        tx.commit().await.unwrap();
        approve(&province, &province.scope(&head, &province.root, "leader"), &id, NOW).await.unwrap();
        let file = browser.get("/people?format=csv").await;
        assert!(file.status == StatusCode::OK && file.text.contains("Kiểm Tra"), "{}", file.text);
        assert_eq!(exported().await, 1);
        assert_eq!(browser.get("/agencies?format=csv").await.status, StatusCode::SEE_OTHER, "that and nothing else");

        let tx = province.db.scoped(&scope).begin().await.unwrap();
        let new = NewKey {
            name: "Bảng điện tử".into(),
            agency_id: province.root.clone(),
            capabilities: vec![Capability::ViewPeople, Capability::ExportRows],
            ..NewKey::default()
        };
        let (_, key) = api_keys::create(&tx, NOW, new).await.unwrap();
        tx.commit().await.unwrap();
        let header = format!("Bearer {key}");
        let mut machine = Browser::new(&site);
        let told = machine.send(Method::GET, "/people?format=csv", None, &[("authorization", &header)]).await;
        assert_eq!(told.status, StatusCode::CONFLICT, "{}", told.text);
        assert!(
            told.text.contains("Khóa này đã lấy hết số dòng") && told.text.contains("(/api-keys/0"),
            "{}",
            told.text
        );
    })
    .await;
}

#[tokio::test]
async fn what_a_request_is_about_was_taken_out_of_its_reason() {
    let at = organisation::MIGRATIONS.iter().position(|one| one.name.ends_with("elevations-about")).unwrap();
    let (before, after) = organisation::MIGRATIONS.split_at(at);
    on_each_database(before, Bus::default, |db| async move {
        let scope = service();
        let tx = db.scoped(&scope).begin().await.unwrap();
        let root = agencies::ensure_root_agency(&tx, NOW, "Tỉnh Ví Dụ", "TINH").await.unwrap().id;
        let new = NewPerson {
            account: "quan.tri".into(),
            full_name: "Quản Trị".into(),
            agency_id: root.clone(),
            ..NewPerson::default()
        };
        let person = people::create(&tx, NOW, new).await.unwrap().id;
        for (id, kind, reason) in [
            ("1", "change-law", "duties/plans-2026.toml: Theo chỉ đạo: gấp"),
            ("2", "change-law", "Theo: a.toml"),
            ("3", "export", "duties/plans-2026.toml: Theo chỉ đạo"),
        ] {
            let sql = format!(
                "INSERT INTO elevations (id, kind, person_id, agency_id, reason, state, asked_at, decided_reason, used) \
                 VALUES ('{id}', '{kind}', '{person}', '{root}', '{reason}', 'asked', {NOW}, '', 0)"
            );
            tx.execute_unprepared(&sql).await.unwrap();
        }
        tx.commit().await.unwrap();
        migrate(&db, after, &FixedClock::at(NOW)).await.unwrap();
        let view = db.scoped(&scope).read();
        let sql = "SELECT about, reason FROM elevations ORDER BY id";
        let rows = view.query_all_raw(Statement::from_string(view.get_database_backend(), sql)).await.unwrap();
        let text = |row: &sea_orm::QueryResult, name: &str| row.try_get::<String>("", name).unwrap();
        let found: Vec<_> = rows.iter().map(|row| (text(row, "about"), text(row, "reason"))).collect();
        let expected = [
            ("duties/plans-2026.toml", "Theo chỉ đạo: gấp"),
            ("", "Theo: a.toml"),
            ("", "duties/plans-2026.toml: Theo chỉ đạo"),
        ];
        assert_eq!(found, expected.map(|(about, reason)| (about.to_owned(), reason.to_owned())));
    })
    .await;
}
