//! Messages that leave the house: what leaves and what does not, signatures, redirects, retries, quiet hours, escalation,
//! and that nobody reaches another agency's channels. Mail and HTTP servers are real ones of this test.

use crate::browser::{Browser, app, site};
use crate::province::{NOW, Province, quick_policies, service};
use crate::receivers::{HttpServer, MailServer};
use axum::http::StatusCode;
use kit::bus::Bus;
use kit::clock::{Clock, HOUR, MINUTE, Micros, SECOND};
use kit::live::Live;
use kit::page::Severity;
use kit::sealed::PREFIX;
use kit::{Db, Error, Lang};
use organisation::channels::{self, ChannelInput, GatewaySettings, MailSettings, Security, Settings, WebhookSettings};
use organisation::inbox::{self, InboxFilter, Message, Recipient};
use organisation::outbox::{self, OutboxFilter, Outgoing, Sender};
use organisation::people::{self, PersonChange};
use organisation::policies::Policies;
use organisation::roster::{self, NewShift};
use organisation::subscriptions::{self, Digest, Habits, Wish};
use ring::hmac;
use sea_orm::{ConnectionTrait, Statement};
use std::sync::Arc;
use test_support::on_each_database;

const EMAIL: &str = "an.tran@syt.example";

/// A province whose policy lists this machine, so that the servers of this test can be called.
async fn province(db: Db) -> Province {
    let mut policies = Policies::clone(&quick_policies());
    policies.notice.reachable_networks = vec!["127.0.0.0/8".parse().unwrap()];
    Province::with(db, Arc::new(policies)).await
}

fn sender(province: &Province, policies: &Arc<Policies>) -> Sender {
    let clock: Arc<dyn Clock> = Arc::new(province.clock.clone());
    let address = "https://tre.example.vn";
    Sender::new(province.db.clone(), service(), clock, Live::default(), Arc::clone(policies), address).unwrap()
}

async fn channel(province: &Province, agency: &str, kinds: &[&str], settings: Settings) -> String {
    let scope = service();
    let tx = province.db.scoped(&scope).begin().await.unwrap();
    let input = ChannelInput {
        agency_id: agency.to_owned(),
        name: "Kênh thử".into(),
        kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
        settings,
    };
    let id = channels::create(&tx, &province.policies.notice, NOW, &input).await.unwrap();
    tx.commit().await.unwrap();
    id
}

fn mail(port: u16) -> Settings {
    Settings::Mail(MailSettings {
        host: "127.0.0.1".into(),
        port,
        security: Security::None,
        from: "Trung tâm <tre@tinh.example>".into(),
        ..MailSettings::default()
    })
}

fn webhook(url: String) -> Settings {
    Settings::Webhook(WebhookSettings { url, secret: "bí mật của webhook".into() })
}

/// An officer of department A with a mail address.
async fn officer(province: &Province) -> String {
    let id = province.person("tran.an", "Trần An", &province.a, "officer").await;
    give_mail(province, &id, "Trần An").await;
    id
}

/// Gives somebody of department A a mail address.
async fn give_mail(province: &Province, id: &str, full_name: &str) {
    let scope = service();
    let tx = province.db.scoped(&scope).begin().await.unwrap();
    let change = PersonChange {
        full_name: full_name.into(),
        agency_id: province.a.clone(),
        email: EMAIL.into(),
        ..PersonChange::default()
    };
    people::change(&tx, &province.policies, NOW, id, change).await.unwrap();
    tx.commit().await.unwrap();
}

async fn wish(province: &Province, person: &str, channel: &str, kinds: &[&str], address: &str) -> Result<(), Error> {
    let scope = province.scope(person, &province.a, "officer");
    let tx = province.db.scoped(&scope).begin().await?;
    let wish = Wish {
        channel_id: channel.to_owned(),
        kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
        address: address.to_owned(),
    };
    subscriptions::set_wish(&tx, &province.policies.notice, NOW, wish).await?;
    tx.commit().await
}

async fn habits(province: &Province, person: &str, habits: Habits) {
    let scope = province.scope(person, &province.a, "officer");
    let tx = province.db.scoped(&scope).begin().await.unwrap();
    subscriptions::set_habits(&tx, NOW, &habits).await.unwrap();
    tx.commit().await.unwrap();
}

fn account_locked(province: &Province, severity: Severity) -> Message {
    Message {
        severity,
        title_key: "inbox-account-locked",
        title_arguments: vec![("account", "nguyen.van.a".into()), ("address", "203.0.113.9".into())],
        body: "nội dung kín".into(),
        link: "/me".into(),
        agency_id: Some(province.a.clone()),
    }
}

async fn tell(province: &Province, recipient: Recipient<'_>, message: &Message) {
    let scope = service();
    let tx = province.db.scoped(&scope).begin().await.unwrap();
    inbox::notify(&tx, &Live::default(), province.clock.now(), recipient, message).await.unwrap();
    tx.commit().await.unwrap();
}

async fn rows(province: &Province) -> Vec<Outgoing> {
    let scope = service();
    outbox::list(&province.db.scoped(&scope).read(), &OutboxFilter::default(), 100, 0).await.unwrap()
}

async fn states(province: &Province) -> Vec<String> {
    let mut states: Vec<_> = rows(province).await.into_iter().map(|row| row.state).collect();
    states.sort();
    states
}

async fn texts(db: &Db, sql: &str) -> Vec<String> {
    let scope = service();
    let view = db.scoped(&scope).read();
    let found = view.query_all_raw(Statement::from_string(view.get_database_backend(), sql)).await.unwrap();
    found.iter().map(|row| row.try_get("", "value").unwrap()).collect()
}

#[tokio::test]
async fn a_mail_holds_a_title_a_kind_and_a_link_and_nothing_else() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = province(db).await;
        let server = MailServer::start().await;
        let id = officer(&province).await;
        let channel = channel(&province, &province.root, &[], mail(server.port)).await;
        wish(&province, &id, &channel, &["account"], "").await.unwrap();
        tell(&province, Recipient::Person(&id), &account_locked(&province, Severity::Medium)).await;
        assert_eq!(states(&province).await, ["waiting"]);
        assert_eq!(sender(&province, &province.policies).run_due().await.unwrap(), 1);
        let mails = server.mails();
        assert_eq!(mails.len(), 1);
        assert_eq!(mails[0].to, [EMAIL]);
        let text = mails[0].text();
        assert!(text.contains("https://tre.example.vn/inbox/") && text.contains("Tài khoản và đăng nhập"), "{text}");
        for kept in ["nguyen.van.a", "203.0.113.9", "nội dung kín"] {
            assert!(!text.contains(kept) && !mails[0].raw.contains(kept), "{text}");
        }
        let row = rows(&province).await.remove(0);
        assert_eq!((row.state.as_str(), row.attempts, row.answer.as_str()), ("sent", 1, "250"));
        let sql = "SELECT details AS value FROM audit_entries WHERE action = 'person.read'";
        let readings = texts(&province.db, sql).await;
        assert!(readings.iter().any(|details| details.contains("\"purpose\":\"send\"")), "{readings:?}");
        let trail = texts(&province.db, "SELECT details AS value FROM audit_entries").await.join("\n");
        assert!(!trail.contains(EMAIL));
        assert_eq!(sender(&province, &province.policies).run_due().await.unwrap(), 0, "once is enough");
    })
    .await;
}

#[tokio::test]
async fn what_is_rolled_back_never_leaves() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = province(db).await;
        let server = MailServer::start().await;
        let id = officer(&province).await;
        let channel = channel(&province, &province.root, &[], mail(server.port)).await;
        wish(&province, &id, &channel, &["account"], "").await.unwrap();
        let scope = service();
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        let message = account_locked(&province, Severity::High);
        inbox::notify(&tx, &Live::default(), NOW, Recipient::Person(&id), &message).await.unwrap();
        tx.rollback().await.unwrap();
        assert_eq!(sender(&province, &province.policies).run_due().await.unwrap(), 0);
        assert!(server.mails().is_empty() && rows(&province).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_webhook_is_signed_and_tried_again_under_the_same_number() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = province(db).await;
        let server = HttpServer::start(&["503 Service Unavailable", "204 No Content"]).await;
        channel(&province, &province.root, &["account"], webhook(server.url("/hook"))).await;
        let nobody = Recipient::Role { role: "finance", agency_id: None };
        tell(&province, nobody, &account_locked(&province, Severity::Medium)).await;
        let sender = sender(&province, &province.policies);
        assert_eq!(sender.run_due().await.unwrap(), 1);
        let row = rows(&province).await.remove(0);
        assert_eq!((row.state.as_str(), row.failure.as_str(), row.answer.as_str()), ("waiting", "refused", "503"));
        assert_eq!(row.due_at, NOW + province.policies.notice.retry.first * SECOND);
        assert_eq!(sender.run_due().await.unwrap(), 0, "not before its time");
        province.clock.advance(province.policies.notice.retry.first * SECOND);
        assert_eq!(sender.run_due().await.unwrap(), 1);
        assert_eq!(states(&province).await, ["sent"]);
        let requests = server.requests();
        assert_eq!(requests.len(), 2);
        assert_eq!(requests[0].header("x-luytre-delivery"), requests[1].header("x-luytre-delivery"));
        for request in &requests {
            let timestamp = request.header("x-luytre-timestamp");
            let key = hmac::Key::new(hmac::HMAC_SHA256, "bí mật của webhook".as_bytes());
            let tag = hex::decode(request.header("x-luytre-signature").strip_prefix("v1=").unwrap()).unwrap();
            hmac::verify(&key, format!("{timestamp}.{}", request.body).as_bytes(), &tag).unwrap();
            let body: serde_json::Value = serde_json::from_str(&request.body).unwrap();
            let keys: Vec<_> = body.as_object().unwrap().keys().cloned().collect();
            assert_eq!(keys, ["id", "kind", "severity", "title", "link"]);
            assert!(!request.body.contains("nguyen.van.a") && !request.body.contains("203.0.113.9"));
        }
        assert_ne!(requests[0].header("x-luytre-timestamp"), requests[1].header("x-luytre-timestamp"));
    })
    .await;
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_the_inside_is_not_called() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = province(db).await;
        let server = HttpServer::start(&["302 Found\r\nLocation: /other", "200 OK"]).await;
        let id = channel(&province, &province.root, &["account"], webhook(server.url("/hook"))).await;
        let message = account_locked(&province, Severity::Medium);
        let nobody = Recipient::Role { role: "finance", agency_id: None };
        tell(&province, nobody, &message).await;
        sender(&province, &province.policies).run_due().await.unwrap();
        assert_eq!(server.requests().len(), 1, "one request, and none to where it pointed");
        assert_eq!(states(&province).await, ["failed"]);
        let strict = quick_policies();
        assert!(strict.notice.reachable_networks.is_empty());
        tell(&province, nobody, &message).await;
        sender(&province, &strict).run_due().await.unwrap();
        assert_eq!(server.requests().len(), 1, "this machine is not called unless it is listed");
        assert!(rows(&province).await.iter().any(|row| row.state == "failed" && row.failure == "barred"));
        // An administrator who sees why can have it sent again.
        let failed = rows(&province).await.into_iter().find(|row| row.failure == "barred").unwrap();
        let scope = service();
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        outbox::try_again(&tx, NOW, &failed.id).await.unwrap();
        assert!(matches!(outbox::try_again(&tx, NOW, &failed.id).await, Err(Error::Conflict(_))));
        tx.commit().await.unwrap();
        sender(&province, &province.policies).run_due().await.unwrap();
        assert_eq!(states(&province).await, ["failed", "sent"]);
        // Nothing goes to a channel out of use.
        tell(&province, nobody, &message).await;
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        channels::set_active(&tx, NOW, &id, false).await.unwrap();
        tx.commit().await.unwrap();
        sender(&province, &province.policies).run_due().await.unwrap();
        assert_eq!(states(&province).await, ["failed", "sent", "withdrawn"]);
    })
    .await;
}

#[tokio::test]
async fn a_gateway_gets_its_own_form_and_the_address_of_the_person() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = province(db).await;
        let server = HttpServer::start(&["200 OK"]).await;
        let settings = Settings::Gateway(GatewaySettings {
            url: server.url("/bot7:token/send?id={{id}}"),
            headers: vec![("Authorization".into(), "Bearer token".into())],
            body: "{\"chat_id\": \"{{to}}\", \"text\": \"{{title}} {{link}}\"}".into(),
        });
        let wrong = Settings::Gateway(GatewaySettings {
            url: server.url("/"),
            headers: Vec::new(),
            body: "{\"text\": \"{{password}}\"}".into(),
        });
        let scope = service();
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        let input =
            ChannelInput { agency_id: province.root.clone(), name: "x".into(), kinds: Vec::new(), settings: wrong };
        let refused = channels::create(&tx, &province.policies.notice, NOW, &input).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
        drop(tx);
        let id = officer(&province).await;
        let channel = channel(&province, &province.root, &[], settings).await;
        assert!(matches!(wish(&province, &id, &channel, &["account"], "").await, Err(Error::Invalid(_))));
        wish(&province, &id, &channel, &["account"], "987654321").await.unwrap();
        habits(&province, &id, Habits { lang: Lang::En, ..Habits::default() }).await;
        let stored = texts(&province.db, "SELECT settings AS value FROM notice_channels").await;
        let addresses = texts(&province.db, "SELECT address AS value FROM notice_subscriptions").await;
        assert!(stored.iter().chain(&addresses).all(|text| text.starts_with(PREFIX)), "{stored:?} {addresses:?}");
        tell(&province, Recipient::Person(&id), &account_locked(&province, Severity::Medium)).await;
        sender(&province, &province.policies).run_due().await.unwrap();
        let request = server.requests().remove(0);
        let body: serde_json::Value = serde_json::from_str(&request.body).unwrap();
        assert_eq!(body["chat_id"], "987654321");
        let text = body["text"].as_str().unwrap();
        assert!(text.starts_with("Wrong passwords") && text.contains("https://tre.example.vn/inbox/"), "{text}");
        assert_eq!(request.header("authorization"), "Bearer token");
        assert!(request.line.starts_with("POST /bot7:token/send?id="), "{}", request.line);
        let trail = texts(&province.db, "SELECT details AS value FROM audit_entries").await.join("\n");
        assert!(!trail.contains("token") && !trail.contains("987654321"), "{trail}");
    })
    .await;
}

#[tokio::test]
async fn what_is_for_nobody_does_not_leave_by_a_gateway_that_is_told_to_whom() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = province(db).await;
        let server = HttpServer::start(&["200 OK"]).await;
        let id = officer(&province).await;
        let settings = Settings::Gateway(GatewaySettings {
            url: server.url("/send"),
            headers: Vec::new(),
            body: "{\"chat_id\": \"{{to}}\"}".into(),
        });
        channel(&province, &province.root, &["account"], settings).await;
        tell(&province, Recipient::Person(&id), &account_locked(&province, Severity::High)).await;
        sender(&province, &province.policies).run_due().await.unwrap();
        assert!(server.requests().is_empty(), "no request with an empty receiver");
        let failed = texts(&province.db, "SELECT failure AS value FROM notice_outbox WHERE state = 'failed'").await;
        assert_eq!(failed, ["recipient"]);
    })
    .await;
}

#[tokio::test]
async fn quiet_hours_gather_what_is_not_read_meanwhile() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = province(db).await;
        let server = MailServer::start().await;
        let id = officer(&province).await;
        let channel = channel(&province, &province.root, &[], mail(server.port)).await;
        wish(&province, &id, &channel, &["account"], "").await.unwrap();
        // Now it is 09:12.
        habits(&province, &id, Habits { quiet: Some((9 * 60, 11 * 60)), ..Habits::default() }).await;
        let person = Recipient::Person(&id);
        for _ in 0..3 {
            tell(&province, person, &account_locked(&province, Severity::Low)).await;
        }
        tell(&province, person, &account_locked(&province, Severity::Critical)).await;
        let sender = sender(&province, &province.policies);
        assert_eq!(sender.run_due().await.unwrap(), 1, "what is urgent waits for nothing");
        let own = province.scope(&id, &province.a, "officer");
        let low: Vec<_> = inbox::list(&province.db.scoped(&own).read(), &InboxFilter::default(), 10, 0)
            .await
            .unwrap()
            .into_iter()
            .filter(|message| message.severity == "low")
            .collect();
        let tx = province.db.scoped(&own).begin().await.unwrap();
        inbox::mark_read(&tx, NOW, &low[0].id).await.unwrap();
        tx.commit().await.unwrap();
        province.clock.advance(HOUR);
        assert_eq!(sender.run_due().await.unwrap(), 0, "still quiet");
        province.clock.advance(HOUR);
        assert_eq!(sender.run_due().await.unwrap(), 1);
        let mails = server.mails();
        assert_eq!(mails.len(), 2);
        let text = mails[1].text();
        assert!(text.contains("2 tin mới trong hộp thư") && text.contains("/inbox?state=unread"), "{text}");
        assert_eq!(states(&province).await, ["sent", "sent", "sent", "withdrawn"]);
    })
    .await;
}

async fn on_watch(province: &Province, person: &str, post: &str) {
    on_watch_of(province, &province.root, person, post).await;
}

/// On the roster of an agency.
async fn on_watch_of(province: &Province, agency: &str, person: &str, post: &str) {
    let scope = service();
    let tx = province.db.scoped(&scope).begin().await.unwrap();
    let shift = NewShift {
        agency_id: agency.to_owned(),
        person_id: person.to_owned(),
        post: post.to_owned(),
        starts_at: NOW - HOUR,
        ends_at: NOW + 8 * HOUR,
    };
    roster::add_shift(&tx, &province.policies, NOW, &shift).await.unwrap();
    tx.commit().await.unwrap();
}

/// How many messages a person has.
async fn messages(province: &Province, person: &str) -> usize {
    let sql = format!("SELECT id AS value FROM inbox_messages WHERE person_id = '{person}'");
    texts(&province.db, &sql).await.len()
}

#[tokio::test]
async fn what_nobody_acknowledges_goes_up_the_duty_list_until_somebody_does() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = province(db).await;
        let analyst = province.person("truc.an", "Trực An", &province.root, "analyst").await;
        let standby = province.person("du.bi", "Dự Bị", &province.root, "analyst").await;
        let coordinator = province.person("dieu.phoi", "Điều Phối", &province.root, "coordinator").await;
        let leader = province.person("lanh.dao", "Lãnh Đạo", &province.root, "leader").await;
        on_watch(&province, &analyst, "analyst").await;
        on_watch(&province, &standby, "standby").await;
        let sender = sender(&province, &province.policies);
        tell(&province, Recipient::OnDuty, &account_locked(&province, Severity::High)).await;
        province.clock.advance(10 * MINUTE - SECOND);
        sender.run_due().await.unwrap();
        assert_eq!((messages(&province, &analyst).await, messages(&province, &standby).await), (1, 0));
        province.clock.advance(SECOND);
        sender.run_due().await.unwrap();
        sender.run_due().await.unwrap();
        assert_eq!((messages(&province, &standby).await, messages(&province, &coordinator).await), (1, 0));
        province.clock.advance(10 * MINUTE);
        sender.run_due().await.unwrap();
        assert_eq!((messages(&province, &coordinator).await, messages(&province, &leader).await), (1, 0));
        let sql = "SELECT details AS value FROM audit_entries WHERE action = 'escalation.step'";
        assert_eq!(texts(&province.db, sql).await.len(), 2);
        // The coordinator has seen it; nobody disturbs the leader.
        let own = province.scope(&coordinator, &province.root, "coordinator");
        let list = inbox::list(&province.db.scoped(&own).read(), &InboxFilter::default(), 10, 0).await.unwrap();
        let tx = province.db.scoped(&own).begin().await.unwrap();
        inbox::acknowledge(&tx, province.clock.now(), &list[0].id).await.unwrap();
        tx.commit().await.unwrap();
        province.clock.advance(HOUR);
        sender.run_due().await.unwrap();
        assert_eq!(messages(&province, &leader).await, 0);
        assert_eq!(messages(&province, &analyst).await, 1, "who was told is not told again");
    })
    .await;
}

#[tokio::test]
async fn colleagues_see_who_took_a_message_on_and_are_reminded_no_longer() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = province(db).await;
        let server = MailServer::start().await;
        let own = officer(&province).await;
        let an = province.person("truc.an", "Trực An", &province.root, "analyst").await;
        let binh = province.person("truc.binh", "Trực Bình", &province.a, "analyst").await;
        give_mail(&province, &binh, "Trực Bình").await;
        for person in [&an, &binh] {
            on_watch(&province, person, "analyst").await;
        }
        let channel = channel(&province, &province.root, &[], mail(server.port)).await;
        for person in [&own, &binh] {
            wish(&province, person, &channel, &["account"], "").await.unwrap();
            habits(&province, person, Habits { quiet: Some((9 * 60, 11 * 60)), ..Habits::default() }).await;
        }
        let scope = service();
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        let stands = Recipient::Role { role: "officer", agency_id: Some(&province.a) };
        let message = account_locked(&province, Severity::Medium);
        inbox::notify_all(&tx, &Live::default(), NOW, &[Recipient::OnDuty, stands], &message).await.unwrap();
        tx.commit().await.unwrap();
        let analyst = |person: &str| province.scope(person, &province.root, "analyst");
        let first = async |scope: &kit::Scope| {
            let view = province.db.scoped(scope).read();
            let waiting = InboxFilter { open: true, ..InboxFilter::default() };
            let open = inbox::count(&view, &waiting).await.unwrap();
            let unread = inbox::unread(&view).await.unwrap().0;
            let message = inbox::list(&view, &InboxFilter::default(), 10, 0).await.unwrap().remove(0);
            (message, open, unread)
        };
        let (taken, _, _) = first(&analyst(&an)).await;
        let tx_scope = analyst(&an);
        let tx = province.db.scoped(&tx_scope).begin().await.unwrap();
        inbox::acknowledge(&tx, NOW + MINUTE, &taken.id).await.unwrap();
        tx.commit().await.unwrap();

        let (message, open, unread) = first(&analyst(&binh)).await;
        assert_eq!((message.taken_at, message.taken_by_name.as_str()), (Some(NOW + MINUTE), "Trực An"));
        assert_eq!((open, unread, message.waits(), message.read_at), (0, 0, false, None), "it waits for nobody else");
        let (message, _, _) = first(&analyst(&an)).await;
        assert_eq!((message.taken_at, message.waits()), (None, false), "what one took oneself nobody else took");
        let (message, open, unread) = first(&province.scope(&own, &province.a, "officer")).await;
        assert_eq!((message.taken_by_name.as_str(), open, unread), ("Trực An", 1, 1), "the agency is not on duty");

        province.clock.advance(2 * HOUR);
        sender(&province, &province.policies).run_due().await.unwrap();
        assert_eq!(states(&province).await, ["sent", "withdrawn"], "the colleague's waited for the end of quiet hours");
        let site = site(&app(&province, false));
        let mut browser = Browser::enter(&site, "truc.binh").await;
        let page = browser.get("/inbox").await.text;
        assert!(page.contains("Trực An đã nhận") && !page.contains("/acknowledge\""), "{page}");
        let csv = browser.get("/inbox?format=csv").await.text;
        assert!(csv.contains("Trực An") && csv.contains("2026-11-21 09:13"), "{csv}");
        let page = Browser::enter(&site, "tran.an").await.get("/inbox").await.text;
        assert!(page.contains("Trực An đã nhận") && page.contains("/acknowledge\""), "{page}");
    })
    .await;
}

#[tokio::test]
async fn the_standby_of_an_agency_is_called_for_what_lies_below_it_before_that_of_the_centre() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = province(db).await;
        let analyst = province.person("truc.an", "Trực An", &province.root, "analyst").await;
        let centre = province.person("du.bi", "Dự Bị", &province.root, "analyst").await;
        let own = province.person("du.bi.a", "Dự Bị Sở", &province.a, "officer").await;
        let other = province.person("du.bi.b", "Dự Bị Khác", &province.b, "officer").await;
        on_watch(&province, &analyst, "analyst").await;
        on_watch(&province, &centre, "standby").await;
        on_watch_of(&province, &province.a, &own, "standby").await;
        on_watch_of(&province, &province.b, &other, "analyst").await;
        let sender = sender(&province, &province.policies);
        let told = async || [messages(&province, &own).await, messages(&province, &centre).await];
        let message =
            Message { agency_id: Some(province.a_office.clone()), ..account_locked(&province, Severity::High) };
        tell(&province, Recipient::OnDuty, &message).await;
        province.clock.advance(10 * MINUTE);
        sender.run_due().await.unwrap();
        assert_eq!(told().await, [1, 0], "the nearest first");
        province.clock.advance(10 * MINUTE);
        sender.run_due().await.unwrap();
        assert_eq!(told().await, [1, 1], "then the centre's");
        // Of an agency without a standby of its own, and of none.
        let message = Message { agency_id: Some(province.b.clone()), ..account_locked(&province, Severity::High) };
        tell(&province, Recipient::OnDuty, &message).await;
        tell(&province, Recipient::OnDuty, &Message { agency_id: None, ..message }).await;
        province.clock.advance(10 * MINUTE);
        sender.run_due().await.unwrap();
        assert_eq!(told().await, [1, 3]);
        assert_eq!(messages(&province, &other).await, 0, "no step calls that post");
        let site = site(&app(&province, false));
        let page = Browser::enter(&site, "truc.an").await.get("/roster").await.text;
        for said in ["cho mọi cơ quan", "nhận tin về Sở Y tế và đơn vị trực thuộc", "không được báo tin"]
        {
            assert!(page.contains(said), "{said}: {page}");
        }
    })
    .await;
}

#[tokio::test]
async fn who_is_on_call_at_home_is_told_at_once_while_nobody_else_is_on_watch() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = province(db).await;
        let standby = province.person("du.bi", "Dự Bị", &province.root, "analyst").await;
        let coordinator = province.person("dieu.phoi", "Điều Phối", &province.root, "coordinator").await;
        on_watch(&province, &standby, "standby").await;
        tell(&province, Recipient::OnDuty, &account_locked(&province, Severity::High)).await;
        assert_eq!((messages(&province, &standby).await, messages(&province, &coordinator).await), (1, 0));
    })
    .await;
}

#[tokio::test]
async fn what_is_not_urgent_or_goes_to_one_person_is_not_escalated() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = province(db).await;
        let analyst = province.person("truc.an", "Trực An", &province.root, "analyst").await;
        let coordinator = province.person("dieu.phoi", "Điều Phối", &province.root, "coordinator").await;
        on_watch(&province, &analyst, "analyst").await;
        tell(&province, Recipient::OnDuty, &account_locked(&province, Severity::Medium)).await;
        tell(&province, Recipient::Person(&analyst), &account_locked(&province, Severity::Critical)).await;
        province.clock.advance(HOUR);
        sender(&province, &province.policies).run_due().await.unwrap();
        assert_eq!(messages(&province, &coordinator).await, 0);
    })
    .await;
}

#[tokio::test]
async fn channels_of_one_agency_are_closed_to_another() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = province(db).await;
        let id = officer(&province).await;
        let of_b = channel(&province, &province.b, &["account"], webhook("https://b.example/hook".into())).await;
        let mail_of_b = channel(&province, &province.b, &[], mail(25)).await;
        let foreign = wish(&province, &id, &mail_of_b, &["account"], "").await;
        assert!(matches!(foreign, Err(Error::NotFound)), "{foreign:?}");
        tell(&province, Recipient::Person(&id), &account_locked(&province, Severity::High)).await;
        assert!(rows(&province).await.is_empty(), "news about A is not posted to a channel of B");
        let a = crate::province::scope_of(
            "p",
            kit::scope::Agencies::Under([province.a.clone()].into()),
            kit::Capability::ALL.iter().copied(),
        );
        let tx = province.db.scoped(&a).begin().await.unwrap();
        assert!(channels::list(&tx).await.unwrap().is_empty());
        assert!(matches!(channels::find(&tx, &of_b).await, Err(Error::NotFound)));
        assert!(matches!(channels::set_active(&tx, NOW, &of_b, false).await, Err(Error::NotFound)));
        assert!(matches!(channels::queue_test(&tx, NOW, &of_b).await, Err(Error::NotFound)));
        let input = ChannelInput {
            agency_id: province.b.clone(),
            name: "x".into(),
            kinds: Vec::new(),
            settings: webhook("https://a.example/".into()),
        };
        let made = channels::create(&tx, &province.policies.notice, NOW, &input).await;
        assert!(matches!(made, Err(Error::Invalid(_))), "{made:?}");
        drop(tx);
        let analyst = province.scope("p", &province.root, "analyst");
        let tx = province.db.scoped(&analyst).begin().await.unwrap();
        assert!(matches!(outbox::count(&tx, &OutboxFilter::default()).await, Err(Error::Forbidden(_))));
        assert!(matches!(channels::set_active(&tx, NOW, &of_b, false).await, Err(Error::Forbidden(_))));
    })
    .await;
}

#[tokio::test]
async fn an_administrator_sets_up_a_webhook_tests_it_and_sees_what_became_of_it() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = province(db).await;
        province.person("quan.tri", "Quản Trị", &province.root, "administrator").await;
        province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        let server = HttpServer::start(&["200 OK"]).await;
        let site = site(&app(&province, false));
        let mut admin = Browser::enter(&site, "quan.tri").await;
        for kind in ["mail", "gateway", "webhook"] {
            assert_eq!(admin.get(&format!("/channels/new?kind={kind}")).await.status, StatusCode::OK);
        }
        let url = server.url("/duong-dan-bi-mat");
        let fields = [("kind", "webhook"), ("name", "Phòng trực"), ("agency_id", &province.root), ("url", &url)];
        let wrong = [("kind", "webhook"), ("name", ""), ("agency_id", &province.root), ("url", "ftp://x")];
        assert_eq!(admin.post("/channels", &wrong).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        let made = admin.post("/channels", &fields).await;
        assert_eq!(made.status, StatusCode::OK, "{}", made.text);
        assert!(made.text.contains("class=\"secret\"") && made.text.contains("Phòng trực"), "{}", made.text);
        let list = admin.get("/channels").await.text;
        assert!(list.contains("127.0.0.1") && !list.contains("duong-dan-bi-mat") && !list.contains("class=\"secret\""));
        let id = list.split("action=\"/channels/").nth(1).unwrap().split('/').next().unwrap().to_owned();
        let form = admin.get(&format!("/channels/{id}")).await;
        assert!(form.status == StatusCode::OK && !form.text.contains("duong-dan-bi-mat"), "{}", form.text);
        let sent = admin.post(&format!("/channels/{id}/test"), &[]).await;
        assert_eq!(sent.location(), format!("/outbox?channel={id}"));
        assert!(admin.get("/outbox").await.text.contains("Tin thử của kênh gửi"));
        sender(&province, &province.policies).run_due().await.unwrap();
        assert_eq!(server.requests().len(), 1);
        assert!(admin.get("/outbox?state=sent").await.text.contains("Tin thử của kênh gửi"));
        assert!(admin.get("/outbox?format=csv").await.text.contains("Phòng trực"));
        assert_eq!(admin.post(&format!("/channels/{id}/stop"), &[]).await.location(), "/channels");
        let mut officer = Browser::enter(&site, "can.bo").await;
        for path in ["/channels", "/channels/new", "/outbox"] {
            assert_eq!(officer.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
        }
        let own = officer.get("/me/notices").await;
        assert_eq!(own.status, StatusCode::OK, "{}", own.text);
        let night = [("quiet_from", "22:00"), ("quiet_until", "06:00"), ("digest", "hourly"), ("lang", "vi")];
        assert_eq!(officer.post("/me/notices", &night).await.location(), "/me/notices");
        assert!(officer.get("/me/notices").await.text.contains("value=\"22:00\""));
        let half = [("quiet_from", "22:00"), ("digest", Digest::AtOnce.code()), ("lang", "vi")];
        assert_eq!(officer.post("/me/notices", &half).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    })
    .await;
}

#[tokio::test]
async fn a_channel_that_cannot_work_is_kept_and_says_what_keeps_it() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = province(db).await;
        province.person("quan.tri", "Quản Trị", &province.root, "administrator").await;
        let site = site(&app(&province, false));
        let mut admin = Browser::enter(&site, "quan.tri").await;
        for path in ["/channels/new", "/channels/new?kind=fax"] {
            assert_eq!(admin.get(path).await.location(), "/channels", "{path}: the list offers the kinds");
        }
        admin.get("/channels").await;
        let root = province.root.as_str();
        let fax = [("kind", "fax"), ("name", "Fax"), ("agency_id", root)];
        assert_eq!(admin.post("/channels", &fax).await.status, StatusCode::NOT_FOUND);
        for (url, said) in [
            ("https://10.20.30.40/hook", "mạng riêng mà trung tâm chưa cho phép gọi"),
            ("http://1.1.1.1/hook", "địa chỉ http:// không mã hóa"),
            ("https://khong-co.invalid/hook", "không tìm thấy địa chỉ của máy chủ"),
        ] {
            admin.get("/channels/new?kind=webhook").await;
            let fields = [("kind", "webhook"), ("name", url), ("agency_id", root), ("url", url)];
            let made = admin.post("/channels", &fields).await;
            assert!(made.status == StatusCode::OK && made.text.contains(said), "{url}: {}", made.text);
            assert!(made.text.contains("class=\"secret\""), "it is kept all the same: {}", made.text);
        }
        for (kind, warned) in [("account", true), ("", false)] {
            admin.get("/channels/new?kind=gateway").await;
            let mut fields = vec![("kind", "gateway"), ("name", "Nhắn tin"), ("agency_id", root)];
            fields.extend([("url", "https://1.1.1.1/send"), ("body", "{\"chat_id\": \"{{to}}\"}")]);
            fields.extend((!kind.is_empty()).then_some(("kinds", kind)));
            assert_eq!(admin.post("/channels", &fields).await.location(), "/channels");
            let list = admin.get("/channels").await.text;
            assert_eq!(list.contains("tin gửi chung không gửi riêng cho ai"), warned, "{kind}");
        }
        let mail = |host: &'static str, security: &'static str| {
            let fields = [("kind", "mail"), ("name", "Thư"), ("agency_id", root), ("host", host), ("port", "25")];
            [fields.as_slice(), &[("security", security), ("from", "tre@tinh.example")]].concat()
        };
        for (host, security, warned) in
            [("10.9.9.9", "none", true), ("10.9.9.9", "tls", false), ("127.0.0.1", "none", false)]
        {
            admin.get("/channels/new?kind=mail").await;
            assert_eq!(admin.post("/channels", &mail(host, security)).await.location(), "/channels");
            let list = admin.get("/channels").await.text;
            assert_eq!(list.contains("gửi thư không mã hóa chỉ dùng được"), warned, "{host} {security}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_storm_of_messages_goes_out_together() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = province(db).await;
        let id = officer(&province).await;
        let channel = channel(&province, &province.root, &[], mail(25)).await;
        wish(&province, &id, &channel, &["account"], "").await.unwrap();
        let most = province.policies.notice.most_per_hour;
        for _ in 0..most + 2 {
            tell(&province, Recipient::Person(&id), &account_locked(&province, Severity::High)).await;
        }
        let waiting = rows(&province).await;
        let together: Vec<_> = waiting.iter().filter(|row| row.bundled).collect();
        assert_eq!((waiting.len() as u64, together.len()), (most + 2, 2));
        let hour: Micros = NOW - NOW.rem_euclid(HOUR) + HOUR;
        assert!(together.iter().all(|row| row.due_at == hour));
    })
    .await;
}
