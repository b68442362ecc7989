//! Who may do what, walked through on the real program: every operation that it mounts, with every role and without
//! signing in, and every table of the SQL catalogue. A new route or table is walked without a word here.

use crate::program::{Serving, free_port};
use kit::clock::{HOUR, MINUTE, Micros};
use kit::live::Live;
use kit::page::Severity;
use kit::scope::{Actor, Agencies};
use kit::web::{Access, Operation};
use kit::{Capability, Db, Scope};
use luytre::access::{Grant, Matrix, Rule};
use luytre::centre::Registers;
use luytre::configuration::Configuration;
use monitoring::saved_searches::service::SavedSearchInput;
use monitoring::sources::service::SourceInput;
use organisation::agencies::{self, NewAgency};
use organisation::api_keys::{self, NewKey};
use organisation::channels::{self, ChannelInput, Settings, WebhookSettings};
use organisation::elevations::{self, Asked};
use organisation::experts::{self, ExpertData};
use organisation::inbox::{self, Message, Recipient};
use organisation::incumbents::{self, NewIncumbent};
use organisation::people::{self, NewPerson};
use organisation::policies::{Reach, Role};
use organisation::qualifications::{self, NewQualification};
use organisation::roster::{self, NewShift};
use reqwest::{Client, Method, StatusCode};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};
use std::path::Path;

const PASSWORD: &str = "Tre-Xanh.Ven-Song.1975";
/// An id that nothing has.
const NOBODY: &str = "0199aaaa-0000-7000-8000-000000000000";
/// Tables whose rows of the foreign agency are told by a column, with the column of their id.
const FOREIGN: [(&str, &str); 19] = [
    ("people", "id"),
    ("person_roles", "id"),
    ("api_keys", "id"),
    ("duty_shifts", "id"),
    ("incumbents", "id"),
    ("experts", "id"),
    ("notice_channels", "id"),
    ("inbox_messages", "id"),
    ("elevations", "id"),
    ("systems", "id"),
    ("source_assignments", "source_id"),
    ("saved_searches", "id"),
    ("rule_exceptions", "id"),
    ("suppressions", "id"),
    ("early_warnings", "id"),
    ("address_ranges", "id"),
    ("listed_values", "id"),
    ("incidents", "id"),
    ("notices", "id"),
];

/// A centre with a person of every role in agency A, and in agency B a row of everything.
struct World {
    directory: tempfile::TempDir,
    roles: Vec<Role>,
    b: String,
    /// Everything of B that an address can name.
    ids: Vec<String>,
    server: Serving,
}

/// The person of a role.
fn account(role: &Role) -> String {
    format!("nguoi.{}", role.id)
}

/// Runs a test in a world on each database.
async fn in_each_world<F: Future<Output = ()>>(test: impl Fn(World) -> F) {
    test(World::new(None).await).await;
    if let Some(database) = test_support::empty_postgres().await {
        test(World::new(Some(&database)).await).await;
    }
}

impl World {
    /// On SQLite, or in a database at an address.
    async fn new(database: Option<&str>) -> Self {
        let directory = tempfile::tempdir().expect("directory");
        let data = directory.path();
        settings(data, database);
        let configuration = Configuration::load(data, None).expect("configuration");
        let registers = Registers::open(data, &configuration, &Live::default()).await.expect("registers");
        let roles = registers.policies.roles.clone();
        let (a, b) = two_agencies(&registers).await;
        for role in &roles {
            person(&registers, &account(role), role, &a).await;
        }
        rows_of(&registers, &b).await;
        let ids = ids_of(&registers.db, &b).await;
        drop(registers);
        let server = Serving::start(data, free_port(), free_port(), free_port());
        Self { directory, roles, b, ids, server }
    }

    fn role(&self, id: &str) -> &Role {
        self.roles.iter().find(|role| role.id == id).expect("a role")
    }

    async fn enter(&self, role: &Role) -> Visitor {
        Visitor::enter(&self.server.address, &account(role)).await
    }
}

/// Second factors are another matter; without them a password alone opens every role.
fn settings(data: &Path, database: Option<&str>) {
    let text = include_str!("../../../../content/organisation/second-factor-policy.toml");
    let without = text.replacen("roles = [\"administrator\", \"partner\"]", "roles = []", 1);
    assert_ne!(text, without);
    let content = data.join("content");
    std::fs::create_dir_all(content.join("organisation")).expect("directory");
    std::fs::write(content.join("organisation/second-factor-policy.toml"), without).expect("policy");
    let mut settings = format!("content_directory = {:?}\n", content.to_str().expect("path"));
    if let Some(url) = database {
        settings += &format!("[database]\nurl = {url:?}\n");
    }
    std::fs::write(data.join("luytre.toml"), settings).expect("settings");
}

async fn two_agencies(registers: &Registers) -> (String, String) {
    let scope = Scope::service("test");
    let now = registers.clock.now();
    let tx = registers.db.scoped(&scope).begin().await.expect("transaction");
    agencies::ensure_root_agency(&tx, now, "Trung tâm An ninh mạng", "TTANM").await.expect("root");
    let mut ids = Vec::new();
    for (code, name) in [("SYT", "Sở Y tế"), ("SGD", "Sở Giáo dục và Đào tạo")] {
        let new = NewAgency {
            code: code.into(),
            name: name.into(),
            kind: "department".into(),
            parent_code: "TTANM".into(),
            ..NewAgency::default()
        };
        ids.push(agencies::create(&tx, now, new).await.expect("agency").id);
    }
    tx.commit().await.expect("commit");
    let b = ids.pop().expect("B");
    (ids.pop().expect("A"), b)
}

async fn person(registers: &Registers, account: &str, role: &Role, agency: &str) -> String {
    let scope = Scope::service("test");
    let now = registers.clock.now();
    let tx = registers.db.scoped(&scope).begin().await.expect("transaction");
    let new = NewPerson {
        account: account.into(),
        full_name: format!("Người {account}"),
        agency_id: agency.into(),
        ..NewPerson::default()
    };
    let person = people::create(&tx, now, new).await.expect("person");
    people::grant_role(&tx, &registers.policies, now, &person.id, &role.id, agency, now, None).await.expect("role");
    tx.commit().await.expect("commit");
    let sign_in = registers.sign_in(false).expect("sign-in");
    sign_in.set_password(&scope, &person.id, PASSWORD).await.expect("password");
    person.id
}

/// One row of everything in B. Whoever adds a table of the catalogue adds a row of it here.
async fn rows_of(registers: &Registers, b: &str) {
    let (db, now) = (&registers.db, registers.clock.now());
    let officer = registers.policies.role("officer").expect("a role");
    let id = person(registers, "nguoi.xa", officer, b).await;
    let actor = Actor::Person { id: id.as_str().into(), name: "Người xa".into() };
    let scope = Scope::new(actor, Agencies::Under([b.to_owned()].into()), Capability::ALL.iter().copied(), None);
    let tx = db.scoped(&scope).begin().await.expect("transaction");
    let key = NewKey {
        name: "Khóa xa".into(),
        agency_id: b.into(),
        capabilities: vec![Capability::IngestEvents],
        ..NewKey::default()
    };
    api_keys::create(&tx, now, key).await.expect("key");
    let shift = NewShift {
        agency_id: b.into(),
        person_id: id.clone(),
        post: "analyst".into(),
        starts_at: now - HOUR,
        ends_at: now + HOUR,
    };
    roster::add_shift(&tx, &registers.policies, now, &shift).await.expect("shift");
    let incumbent = NewIncumbent {
        agency_id: b.into(),
        person_id: id.clone(),
        post: "dedicated".into(),
        starts_at: now - HOUR,
        ..NewIncumbent::default()
    };
    incumbents::appoint(&tx, now, incumbent).await.expect("incumbent");
    let certificate = NewQualification {
        person_id: id.clone(),
        kind: "certificate".into(),
        name: "Chứng chỉ xa".into(),
        ..NewQualification::default()
    };
    qualifications::add(&tx, now, certificate).await.expect("qualification");
    let expert = ExpertData {
        agency_id: b.into(),
        full_name: "Chuyên gia xa".into(),
        fields: "mã độc".into(),
        phone: "0900 000 001".into(),
        ..ExpertData::default()
    };
    experts::add(&tx, now, expert).await.expect("expert");
    let channel = ChannelInput {
        agency_id: b.into(),
        name: "Kênh xa".into(),
        kinds: Vec::new(),
        settings: Settings::Webhook(WebhookSettings {
            url: "https://xa.example/hook".into(), secret: "bí mật".into()
        }),
    };
    let channel = channels::create(&tx, &registers.policies.notice, now, &channel).await.expect("channel");
    channels::queue_test(&tx, now, &channel).await.expect("outbox");
    let system = assurance::systems::NewSystem {
        code: "SGD-01".into(),
        name: "Hệ thống xa".into(),
        agency_id: b.into(),
        level: 3,
        state: "operating".into(),
        ..Default::default()
    };
    let system = assurance::systems::service::register(&tx, system, now).await.expect("system");
    let source = SourceInput {
        name: "Nguồn xa".into(),
        kind: "server".into(),
        system_id: system.clone(),
        match_host: "may-xa".into(),
        expected: "on".into(),
        max_silence_minutes: "10".into(),
        ..SourceInput::default()
    };
    let source = monitoring::sources::service::register(&tx, &source, now - 2 * HOUR).await.expect("source");
    let search = SavedSearchInput {
        kind: "search".into(),
        name: "Câu tìm xa".into(),
        text: "Failed".into(),
        range: "24h".into(),
        sharing: "agency".into(),
        ..SavedSearchInput::default()
    };
    monitoring::saved_searches::service::create(&tx, &search, b, now).await.expect("saved search");
    let incident = response::incidents::service::NewIncident {
        title: "Sự cố xa".into(),
        agency_id: b.into(),
        system_id: system.clone(),
        description: "Chuyện của cơ quan khác".into(),
        occurred: None,
        detected: None,
    };
    let incident = response::incidents::service::open(&tx, &Live::default(), now, &incident).await.expect("incident");
    response::notices::service::draft(&tx, now, &incident, "first-notice").await.expect("notice");
    let asked = Asked {
        kind: "export".into(),
        agency_id: b.into(),
        subject: "/alerts".into(),
        reason: "Việc xa".into(),
        ..Asked::default()
    };
    elevations::ask(&tx, &Live::default(), &registers.policies, now, &asked).await.expect("elevation");
    let message = Message {
        severity: Severity::Low,
        title_key: "inbox-title",
        body: "Tin xa".into(),
        link: "/me".into(),
        agency_id: Some(b.into()),
        ..Message::default()
    };
    inbox::notify(&tx, &Live::default(), now, Recipient::Person(&id), &message).await.expect("message");
    let hour = (now - HOUR) / HOUR * HOUR;
    let presence = format!(
        "INSERT INTO source_presence (source_id, hour_start, minutes_seen, events) VALUES ('{source}', {hour}, 1, 1)"
    );
    tx.execute_unprepared(&presence).await.expect("presence");
    tx.execute_unprepared(&alert(b, &source, &system, now)).await.expect("alert");
    let hits = format!(
        "INSERT INTO rule_hits (id, rule_id, hour_start, source_id, system_id, agency_id, entities, detailed, alerted, \
         shadowed, excepted) VALUES ('hit-xa', 'rule-1', {hour}, '{source}', '{system}', '{b}', '{{}}', TRUE, 1, 0, 0)"
    );
    tx.execute_unprepared(&hits).await.expect("hits");
    let exception = format!(
        "INSERT INTO rule_exceptions (id, rule_id, agency_id, system_id, conditions, reason, expires_at, created_by, \
         created_at) VALUES ('{}', 'rule-1', '{b}', '{system}', '[]', 'Xa', {}, '{id}', {now})",
        kit::id::new_id(now),
        now + 24 * HOUR
    );
    tx.execute_unprepared(&exception).await.expect("exception");
    let hunt = format!(
        "INSERT INTO hunts (id, subject_kind, subject_id, subject_name, time_from, time_to, state, owner_id, \
         reach_agency_id, next_sequence, events, matches, alerts, touched, told, created_at) VALUES ('{far}', 'rule', \
         'rule-1', 'Xa', 0, {now}, 'done', '{id}', '{b}', 0, 1, 1, 1, '{{}}', TRUE, {now})",
        far = kit::id::new_id(now),
    );
    tx.execute_unprepared(&hunt).await.expect("hunt");
    let past = "INSERT INTO hunt_alerts (alert_id, hunt_id) SELECT a.id, h.id FROM alerts a CROSS JOIN hunts h";
    tx.execute_unprepared(past).await.expect("alert of the past");
    let suppression = format!(
        "INSERT INTO suppressions (id, kind, agency_id, system_id, conditions, reason, starts_at, ends_at, created_by, \
         created_at) VALUES ('{}', 'maintenance', '{b}', '{system}', '[]', 'Xa', {now}, {}, '{id}', {now})",
        kit::id::new_id(now),
        now + 24 * HOUR
    );
    tx.execute_unprepared(&suppression).await.expect("suppression");
    let unusual = format!(
        "INSERT INTO early_warnings (id, detector, agency_id, source_id, entity_kind, entity_value, sequence, time, \
         anomaly) VALUES ('{}', 'early-volume', '{b}', '{source}', 'source', '{source}', 1, {now}, '{{\"normal\": \
         {{\"kind\": \"hour\", \"hour\": 3, \"weekend\": false, \"share\": 0.0, \"observations\": 90, \"days\": 9}}, \
         \"bars\": []}}')",
        kit::id::new_id(now)
    );
    tx.execute_unprepared(&unusual).await.expect("early warning");
    let known = format!(
        "INSERT INTO address_ranges (id, network, name, name_fold, kind, agency_id, note, created_by, created_at, \
         updated_at) VALUES ('{range}', '10.99.0.0/16', 'Xa', 'xa', 'internal', '{b}', 'Xa', '{id}', {now}, {now}); \
         INSERT INTO listed_values (id, list, value, value_fold, agency_id, note, created_by, created_at, updated_at) \
         VALUES ('{value}', 'administrators', 'Xa', 'xa', '{b}', 'Xa', '{id}', {now}, {now})",
        range = kit::id::new_id(now),
        value = kit::id::new_id(now),
    );
    tx.execute_unprepared(&known).await.expect("ranges and values");
    tx.commit().await.expect("commit");
}

fn alert(agency: &str, source: &str, system: &str, now: Micros) -> String {
    let start = now - MINUTE;
    format!(
        "INSERT INTO alerts (id, rule_id, rule_title, rule_title_vi, title_fold, rule_level, group_key, first_sequence, \
         last_sequence, source_id, system_id, system_level, agency_id, entity_kind, entity_value, severity, severity_rank, \
         score, state, count, first_event_time, last_event_time, first_event_recorded, detected_at, updated_at, techniques, \
         samples, damped) VALUES ('{id}', 'rule-1', 'Far', 'Xa', 'xa', 'high', 'g', 1, 1, '{source}', '{system}', 3, \
         '{agency}', 'host_name', 'may-xa', 'high', 3, 75, 'new', 1, {start}, {now}, {start}, {now}, {now}, '[]', '[]', \
         FALSE)",
        id = kit::id::new_id(now),
    )
}

async fn texts(db: &Db, sql: &str) -> Vec<String> {
    let scope = Scope::service("test");
    let view = db.scoped(&scope).read();
    let rows = view.query_all_raw(Statement::from_string(view.get_database_backend(), sql)).await.expect("rows");
    rows.iter().map(|row| row.try_get("", "value").expect("a text")).collect()
}

async fn ids_of(db: &Db, agency: &str) -> Vec<String> {
    let mut ids = vec![agency.to_owned(), "1".to_owned()];
    let theirs = "SELECT q.id AS value FROM qualifications q JOIN people p ON p.id = q.person_id";
    ids.extend(texts(db, &format!("{theirs} WHERE p.agency_id = '{agency}'")).await);
    ids.extend(texts(db, &format!("SELECT id AS value FROM hunts WHERE reach_agency_id = '{agency}'")).await);
    for (table, column) in FOREIGN.into_iter().chain([("alerts", "id")]) {
        let found = texts(db, &format!("SELECT {column} AS value FROM {table} WHERE agency_id = '{agency}'")).await;
        assert!(!found.is_empty(), "nothing of B in {table}");
        ids.extend(found);
    }
    ids
}

/// Somebody with a session, or nobody.
struct Visitor {
    client: Client,
    address: String,
    cookie: String,
    csrf: String,
}

/// What came back, as far as it matters here.
#[derive(Debug)]
struct Answer {
    status: StatusCode,
    /// Code of the problem.
    code: String,
    location: String,
    body: String,
}

impl Visitor {
    fn guest(address: &str) -> Self {
        let redirects = reqwest::redirect::Policy::none();
        let client = Client::builder().no_proxy().redirect(redirects).build().expect("client");
        Self { client, address: address.to_owned(), cookie: String::new(), csrf: String::new() }
    }

    async fn enter(address: &str, account: &str) -> Self {
        let mut visitor = Self::guest(address);
        let form = format!("account={account}&password={PASSWORD}&to=/me");
        let request = visitor.client.post(format!("{address}/sign-in")).body(form).header("accept", "text/html");
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{account} cannot sign in");
        let cookies = answer.headers().get_all("set-cookie").iter().filter_map(|cookie| cookie.to_str().ok());
        let cookies: Vec<_> = cookies.filter_map(|cookie| cookie.split(';').next()).collect();
        visitor.cookie = cookies.join("; ");
        let page = visitor.client.get(format!("{address}/me")).header("cookie", &visitor.cookie);
        let page = page.header("accept", "text/html").send().await.expect("an answer").text().await.expect("a page");
        let (_, rest) = page.split_once("name=\"csrf\" value=\"").expect("the proof of forms");
        visitor.csrf = rest.split('"').next().expect("a secret").to_owned();
        visitor
    }

    /// An operation with one id in every place, with the proof that forms carry and nothing else.
    async fn ask(&self, operation: &Operation, id: &str) -> Answer {
        let path = filled(operation.path, id);
        let method = Method::from_bytes(operation.method.as_bytes()).expect("a method");
        // Pages lead guests to the door; who is signed in is told in a form that can be read here.
        let accept = if self.cookie.is_empty() { "text/html" } else { "application/json" };
        let mut request = self.client.request(method, format!("{}{path}", self.address)).header("accept", accept);
        if !self.cookie.is_empty() {
            request = request.header("cookie", &self.cookie).header("x-csrf-token", &self.csrf);
        }
        if operation.method != "GET" {
            request = match path.starts_with("/api/") {
                true => request.header("content-type", "application/json").body("{}"),
                false => request.header("content-type", "application/x-www-form-urlencoded").body(""),
            };
        }
        Answer::of(request.send().await.unwrap_or_else(|error| panic!("{path}: {error}"))).await
    }

    async fn query(&self, sql: &str) -> Answer {
        let body = json!({ "sql": sql, "max_rows": 10_000 }).to_string();
        let request = self.client.post(format!("{}/api/v1/query", self.address)).body(body);
        let request = request.header("content-type", "application/json").header("cookie", &self.cookie);
        Answer::of(request.header("x-csrf-token", &self.csrf).send().await.expect("an answer")).await
    }
}

impl Answer {
    async fn of(response: reqwest::Response) -> Self {
        let header = |name: &str| {
            let value = response.headers().get(name).and_then(|value| value.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        let (status, location, kind) = (response.status(), header("location"), header("content-type"));
        // A stream has no end to wait for.
        let body = if kind.starts_with("text/event-stream") { String::new() } else { text_of(response).await };
        let problem: Value = serde_json::from_str(&body).unwrap_or_default();
        let code = problem.get("code").and_then(Value::as_str).unwrap_or_default().to_owned();
        Self { status, code, location, body }
    }
}

async fn text_of(response: reqwest::Response) -> String {
    String::from_utf8_lossy(&response.bytes().await.unwrap_or_default()).into_owned()
}

/// `/alerts/{id}` with an id in its place.
fn filled(path: &str, id: &str) -> String {
    let fill = |part: &str| if part.starts_with('{') { id.to_owned() } else { part.to_owned() };
    path.split('/').map(fill).collect::<Vec<_>>().join("/")
}

/// Every operation; what ends the session comes last.
fn operations() -> Vec<Operation> {
    let mut operations = luytre::server::routes().operations().to_vec();
    operations.sort_by_key(|operation| operation.path == "/sign-out");
    operations
}

/// What is wrong with an answer to somebody who may.
fn wrong_for_who_may(access: Access, operation: &Operation, answer: &Answer) -> bool {
    let refused = answer.status == StatusCode::UNAUTHORIZED && access != Access::Open;
    // A page whose rule lets in and whose handler does not: one of them is wrong.
    let contradicts = operation.method == "GET"
        && matches!(access, Access::Needs(_) | Access::NeedsAll(_))
        && answer.code == "forbidden";
    refused || contradicts || answer.status.is_server_error()
}

fn is_refused(access: Access, answer: &Answer) -> bool {
    match access {
        // A browser's session is no key, so machines' doors do not know it.
        Access::AnswersItself(_) => matches!(answer.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN),
        _ => answer.status == StatusCode::FORBIDDEN && answer.code == "forbidden",
    }
}

fn running<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().expect("runtime").block_on(work)
}

#[test]
fn every_operation_lets_in_whom_its_rule_names_and_nobody_else() {
    running(in_each_world(|world| async move {
        let mut wrong = Vec::new();
        // All at once: failed attempts on the way would make those who come later wait at the door.
        let mut visitors = Vec::new();
        for role in &world.roles {
            visitors.push((role, world.enter(role).await));
        }
        for (role, visitor) in &visitors {
            for operation in operations() {
                let answer = visitor.ask(&operation, NOBODY).await;
                let sound = match Rule::Route(operation.access).grant(role) {
                    Grant::No => is_refused(operation.access, &answer),
                    Grant::Own | Grant::All => !wrong_for_who_may(operation.access, &operation, &answer),
                };
                if !sound {
                    let Answer { status, code, .. } = answer;
                    wrong.push(format!("{} {} {}: {status} {code}", role.id, operation.method, operation.path));
                }
            }
        }
        let guest = Visitor::guest(&world.server.address);
        for operation in operations() {
            let answer = guest.ask(&operation, NOBODY).await;
            let led_away = answer.status == StatusCode::UNAUTHORIZED || answer.location.starts_with("/sign-in");
            if answer.status.is_server_error() || operation.access != Access::Open && !led_away {
                wrong.push(format!("nobody {} {}: {}", operation.method, operation.path, answer.status));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        world.server.stop();
    }));
}

#[test]
fn no_address_opens_a_row_of_another_agency_to_who_reaches_only_the_own() {
    running(in_each_world(|world| async move {
        let named: Vec<_> = operations().into_iter().filter(|operation| operation.path.contains('{')).collect();
        let mut wrong = Vec::new();
        for role in world.roles.iter().filter(|role| role.reach == Reach::Subtree) {
            let visitor = world.enter(role).await;
            for operation in &named {
                for id in &world.ids {
                    let answer = visitor.ask(operation, id).await;
                    if answer.status.is_success() || answer.status.is_server_error() {
                        let path = filled(operation.path, id);
                        wrong.push(format!("{} {} {path}: {}", role.id, operation.method, answer.status));
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        // The same addresses lead somewhere for who reaches the whole centre.
        let visitor = world.enter(world.role("coordinator")).await;
        let mut opened = 0;
        for operation in named.iter().filter(|operation| operation.method == "GET") {
            for id in &world.ids {
                opened += usize::from(visitor.ask(operation, id).await.status == StatusCode::OK);
            }
        }
        assert!(opened >= 10, "only {opened} pages of B opened: the rows prove little");
        let data = world.directory.path();
        world.server.stop();
        let configuration = Configuration::load(data, None).expect("configuration");
        let registers = Registers::open(data, &configuration, &Live::default()).await.expect("registers");
        let touched = |rest: &str| {
            format!(
                "SELECT e.action AS value FROM audit_entries e JOIN people p ON p.id = e.actor_id \
                 JOIN person_roles r ON r.person_id = p.id AND r.role IN ('officer', 'leader', 'partner') \
                 AND r.agency_id <> '{b}' {rest}",
                b = world.b
            )
        };
        let changed = touched(&format!("WHERE e.agency_id = '{}'", world.b));
        let read = format!("JOIN audit_readings x ON x.sequence = e.sequence WHERE x.agency_id = '{}'", world.b);
        for sql in [changed, touched(&read)] {
            assert_eq!(texts(&registers.db, &sql).await, Vec::<String>::new(), "the trail says that B was touched");
        }
    }));
}

#[test]
fn no_table_shows_a_row_of_another_agency_to_who_reaches_only_the_own() {
    running(in_each_world(|world| async move {
        let mut wrong = Vec::new();
        let mut shown = std::collections::BTreeSet::new();
        let tables = luytre::centre::tables();
        for role in &world.roles {
            let visitor = world.enter(role).await;
            let events = visitor.query("SELECT seq FROM events LIMIT 1").await.status;
            let may = Rule::Table(Some(luytre::catalogue::EVENTS_NEED)).grant(role) != Grant::No;
            let expected = if may { StatusCode::OK } else { StatusCode::FORBIDDEN };
            if events != expected {
                wrong.push(format!("{}: events {events}", role.id));
            }
            for table in &tables {
                let Some(column) = table.agency_column else { continue };
                let name = format!("{}.{}", table.schema, table.name);
                let answer = visitor.query(&format!("SELECT {column} AS agency FROM {name}")).await;
                let grant = Rule::Table(table.capability).grant(role);
                let of_b = rows(&answer).iter().filter(|row| row["agency"] == world.b.as_str()).count();
                let sound = match grant {
                    Grant::No => answer.status == StatusCode::FORBIDDEN,
                    Grant::Own => answer.status == StatusCode::OK && of_b == 0,
                    Grant::All => answer.status == StatusCode::OK,
                };
                if !sound {
                    wrong.push(format!("{} {name}: {} with {of_b} rows of B", role.id, answer.status));
                }
                if grant == Grant::All && of_b > 0 {
                    shown.insert(name);
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        let names = tables.iter().filter(|table| table.agency_column.is_some());
        let names = names.map(|table| format!("{}.{}", table.schema, table.name));
        let empty: Vec<_> = names.filter(|name| !shown.contains(name)).collect();
        assert!(empty.is_empty(), "without a row of B these prove nothing: {empty:?}");
        world.server.stop();
    }));
}

fn rows(answer: &Answer) -> Vec<Value> {
    let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    body.get("rows").and_then(Value::as_array).cloned().unwrap_or_default()
}

#[test]
fn nul_in_an_address_is_a_fault_of_whoever_sends_it() {
    running(in_each_world(|world| async move {
        let mut wrong = Vec::new();
        for visitor in [Visitor::guest(&world.server.address), world.enter(world.role("coordinator")).await] {
            for operation in operations().iter().filter(|operation| operation.method == "GET") {
                let path = format!("{}?q=%00&kind=%00&state=%00&from=%00", filled(operation.path, "%00"));
                let request =
                    visitor.client.get(format!("{}{path}", visitor.address)).header("cookie", &visitor.cookie);
                let answer = Answer::of(request.send().await.unwrap_or_else(|error| panic!("{path}: {error}"))).await;
                if answer.status != StatusCode::BAD_REQUEST {
                    wrong.push(format!("{path}: {}", answer.status));
                }
            }
            for operation in operations().iter().filter(|operation| operation.path.contains('{')) {
                let answer = visitor.ask(operation, "%00").await;
                if answer.status.is_server_error() {
                    wrong.push(format!("{} {}: {}", operation.method, operation.path, answer.status));
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        world.server.stop();
    }));
}

#[test]
fn the_matrix_is_printed_and_checked() {
    let data = tempfile::tempdir().expect("directory");
    let nowhere = data.path().join("none");
    let printed = crate::program::ask(&nowhere, &["access", "matrix", "--json"]);
    let matrix = Matrix::of(&organisation::Policies::embedded().expect("policies"));
    assert_eq!(printed, matrix.json());
    let checked = crate::program::run(&nowhere, &["access", "matrix", "--check"]);
    assert!(checked.contains("without a rule: 0") || checked.contains("chưa có quy tắc: 0"), "{checked}");
    let lines = crate::program::run(&nowhere, &["access", "matrix"]);
    assert_eq!(lines.lines().count(), matrix.rows.len() + 1);
    assert!(!nowhere.exists(), "no data directory is made for it");
}
