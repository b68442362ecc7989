//! A small centre for tests: two departments with a system, a source, events and an alert each; the area's real
//! routes behind the real middleware; people told apart by a header, since signing in is organisation's business.

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{Method, Request, StatusCode, header};
use axum::{Router, middleware};
use bytes::Bytes;
use event::{Column, Event, LogSource, Value};
use event_store::{Options, QueryContext, Store};
use kit::app::{App, AppParts, Ports, Settings};
use kit::catalogue::{Catalogue, QueryAnswer, QueryLimits, TableSpec};
use kit::clock::{DAY, FixedClock, MINUTE, Micros};
use kit::live::Live;
use kit::migration::Migration;
use kit::scope::{Actor, Agencies};
use kit::session::{Authenticate, Session};
use kit::web::{identify, secure};
use kit::{Capability, Db, Error, Scope};
use monitoring::intake::DoorKind;
use monitoring::rules::packs::Places;
use monitoring::rules::{Book, Shelf};
use monitoring::search::places::{SearchLimits, Searches};
use monitoring::senders::{ListenerAddresses, Senders};
use monitoring::{Monitoring, sources};
use organisation::agencies::{self, NewAgency};
use organisation::people::{self, NewPerson};
use organisation::regulations::{Files, Regulations};
use sea_orm::{ConnectionTrait, Statement};
use std::sync::Arc;
use tower::ServiceExt;

/// 21 November 2026, 09:12 in Vietnam.
pub(crate) const NOW: Micros = 1_795_227_120_000_000;
pub(crate) const RULE: &str = "6f3b2a10-0000-4000-8000-000000000001";
const CSRF: &str = "proof";

pub(crate) const RULES: &str = "title: Many failed logons\nid: 6f3b2a10-0000-4000-8000-000000000001\nlevel: high\nauthor: Lũy Tre\n\
tags: [attack.t1110, attack.credential-access]\nlogsource: {product: linux, service: sshd}\n\
detection: {selection: {event_outcome: failure}, condition: selection}\n\
luytre: {title_vi: Đăng nhập sai nhiều lần, what_to_do_vi: Chặn địa chỉ rồi đổi mật khẩu.}\n";
pub(crate) const CORRELATION: &str = "6f3b2a10-0000-4000-8000-000000000002";
const CORRELATION_RULE: &str = "title: Password guessing from one address\n\
id: 6f3b2a10-0000-4000-8000-000000000002\nlevel: high\ncorrelation: {type: event_count, \
rules: [6f3b2a10-0000-4000-8000-000000000001], group-by: [source_ip], timespan: 10m, condition: {gte: 2}, generate: true}\n\
luytre: {title_vi: Dò mật khẩu từ một địa chỉ}\n";
const BROKEN_RULE: &str = "title: Broken\nlogsource: {product: linux}\ndetection: {condition: nothing}\n";

const CASES: &str = "origin: documented\ncases:\n  - name: a wrong password\n    expect: [6f3b2a10-0000-4000-8000-000000000001]\n    \
events:\n      - {log_source: {product: linux, service: sshd}, columns: {event_outcome: failure}}\n  - name: a right password\n    \
expect: []\n    events:\n      - {log_source: {product: linux, service: sshd}, columns: {event_outcome: success}}\n";

fn cases() -> Vec<detection::RuleTestFile> {
    vec![detection::RuleTestFile::parse(std::path::Path::new("own/logons.test.yml"), CASES).unwrap()]
}

fn senders() -> Senders {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../content/senders");
    let read = |name: &str| (name.to_owned(), std::fs::read_to_string(folder.join(name)).unwrap());
    Senders::parse(&["server.toml", "network.toml"].map(read)).unwrap()
}

pub(crate) fn migrations() -> Vec<Migration> {
    let mut migrations = organisation::MIGRATIONS.to_vec();
    migrations.extend(assurance::area().migrations);
    migrations.extend(monitoring::MIGRATIONS.iter().copied());
    migrations
}

/// One department with what it sends and what was raised.
pub(crate) struct Department {
    pub(crate) agency: String,
    pub(crate) system: String,
    pub(crate) source: String,
    pub(crate) person: String,
    pub(crate) alert: String,
    pub(crate) seq: u64,
}

pub(crate) struct Centre {
    pub(crate) db: Db,
    pub(crate) app: App,
    pub(crate) a: Department,
    pub(crate) b: Department,
    site: Router,
    pub(crate) directory: tempfile::TempDir,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: axum::http::HeaderMap,
    pub(crate) text: String,
}

/// What is built in.
pub(crate) fn settings() -> monitoring::settings::Settings {
    monitoring::settings::Settings::embedded().unwrap()
}

pub(crate) fn shelf() -> monitoring::settings::Shelf {
    monitoring::settings::Shelf::new(settings())
}

impl Centre {
    pub(crate) async fn new(db: Db) -> Self {
        Self::limited(db, SearchLimits::default()).await
    }

    /// With other limits of searches.
    pub(crate) async fn limited(db: Db, limits: SearchLimits) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path(), Options::default()).unwrap();
        let root = root(&db).await;
        let a = department(&db, "SYT", "Sở Y tế", 1, "203.0.113.9").await;
        let b = department(&db, "SGD", "Sở Giáo dục và Đào tạo", 2, "198.51.100.7").await;
        store.insert(vec![event(1, &a, "203.0.113.9"), event(2, &b, "198.51.100.7")]).await.unwrap();
        let texts =
            [("own/logons.yml", RULES), ("own/guessing.yml", CORRELATION_RULE), ("own/broken.yml", BROKEN_RULE)];
        let (set, errors) = detection::RuleSet::from_texts(texts);
        let rules = Shelf::new(Book { set: Arc::new(set), errors, tests: cases(), loaded_at: NOW, ..Book::default() });
        let mut ports = Ports::default();
        let formats = monitoring::formats::Shelf::new(ingest::FormatSet::load(&[]).unwrap());
        let policies = organisation::Policies::clone(&organisation::Policies::embedded().unwrap());
        let searches = Searches::new(limits, policies.session.live.tails);
        let settings = shelf();
        let enrichment = monitoring::enrichment::Shelf::default();
        ports.insert(Monitoring {
            store: store.clone(),
            resends: Arc::default(),
            formats: formats.clone(),
            searches,
            rules,
            settings,
            enrichment,
        });
        let book = monitoring::formats::Formats::new(formats.clone(), Files::new(), "Asia/Ho_Chi_Minh");
        ports.insert(Regulations::open(vec![Box::new(book)], None).unwrap());
        ports.insert(Places { own: directory.path().join("rules"), built_in: Vec::new() });
        ports.insert(policies);
        ports.insert(senders());
        ports.insert(ListenerAddresses {
            host: "log.tinh.example".into(),
            doors: vec![(DoorKind::SyslogTcp, 6514), (DoorKind::SyslogTls, 6515)],
            elastic: Some("http://log.tinh.example:8080".into()),
        });
        let persons = vec![
            (a.person.clone(), Some(a.agency.clone())),
            (b.person.clone(), Some(b.agency.clone())),
            (root.clone(), None),
            (root.clone(), None),
            (root.clone(), Some(a.agency.clone())),
            (root.clone(), Some(b.agency.clone())),
            (root.clone(), None),
            (root.clone(), None),
            (root, None),
        ];
        let area = monitoring::area();
        let app = App::new(AppParts {
            db: db.clone(),
            clock: Arc::new(FixedClock::at(NOW)),
            catalogue: Arc::new(Events { store, db: db.clone() }),
            authenticate: Arc::new(ByHeader(persons)),
            live: Live::default(),
            settings: Settings { secure_cookies: false, ..Settings::default() },
            navigation: area.navigation.clone(),
            slots: area.slots.clone(),
            counters: area.counters.clone(),
            finders: area.finders.clone(),
            ports,
        });
        let site = area
            .routes
            .merge(kit::page::router())
            .into_router()
            .layer(middleware::from_fn_with_state(app.clone(), identify))
            .layer(middleware::from_fn(secure))
            .with_state(app.clone());
        Self { db, app, a, b, site, directory }
    }

    /// `who` is `0` (department A), `1` (department B), `2` (the whole centre) or `3` (the same without the right to
    /// register sources).
    pub(crate) async fn send(
        &self,
        who: &str,
        lang: &str,
        method: Method,
        path: &str,
        body: Option<(&str, String)>,
    ) -> Answer {
        let body = body.map(|(kind, body)| (kind, body.into_bytes()));
        self.send_bytes(who, lang, method, path, body).await
    }

    /// The same with a body that is no text.
    pub(crate) async fn send_bytes(
        &self,
        who: &str,
        lang: &str,
        method: Method,
        path: &str,
        body: Option<(&str, Vec<u8>)>,
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("x-test-person", who)
            .header("x-csrf-token", CSRF)
            .header("cookie", format!("lang={lang}"));
        if !path.starts_with("/api/") {
            request = request.header("accept", "text/html");
        }
        let content = match body {
            Some((kind, body)) => {
                request = request.header("content-type", kind);
                body
            }
            None => Vec::new(),
        };
        let response = self.site.clone().oneshot(request.body(Body::from(content)).unwrap()).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = axum::body::to_bytes(response.into_body(), 8_000_000).await.unwrap();
        Answer { status, headers, text: String::from_utf8_lossy(&bytes).into_owned() }
    }

    /// An answer whose body nobody has read yet.
    pub(crate) async fn open(&self, who: &str, path: &str, accept: &str) -> axum::response::Response {
        let request = Request::builder().uri(path).header("x-test-person", who).header("accept", accept);
        self.site.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    pub(crate) async fn get(&self, who: &str, path: &str) -> Answer {
        self.send(who, "vi", Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, who: &str, path: &str, form: &str) -> Answer {
        let body = Some(("application/x-www-form-urlencoded", format!("{form}&csrf={CSRF}")));
        self.send(who, "vi", Method::POST, path, body).await
    }

    pub(crate) async fn post_json(&self, who: &str, path: &str, body: &str) -> Answer {
        self.send(who, "vi", Method::POST, path, Some(("application/json", body.to_owned()))).await
    }

    /// Stores an event of department A that happened at `time` by its own account.
    pub(crate) async fn happen(&self, seq: u64, time: Micros) {
        let mut event = event(seq, &self.a, "203.0.113.9");
        event.time = time;
        self.store().insert(vec![event]).await.unwrap();
    }

    /// Stores events of department A of the last minute, ten a second.
    pub(crate) async fn happen_often(&self, count: u64) {
        let at = |number: u64| NOW - (count - number) as i64 * 100_000;
        let events = (0..count).map(|number| Event { time: at(number), ..event(number + 10, &self.a, "203.0.113.9") });
        self.store().insert(events.collect()).await.unwrap();
    }

    pub(crate) fn store(&self) -> Store {
        self.app.ports.get::<Monitoring>().unwrap().store.clone()
    }

    /// Takes the files of what is sealed away, behind the store's back.
    pub(crate) fn lose_segments(&self) {
        for day in std::fs::read_dir(self.directory.path().join("segments")).unwrap() {
            for file in std::fs::read_dir(day.unwrap().path()).unwrap() {
                std::fs::remove_file(file.unwrap().path()).unwrap();
            }
        }
    }

    /// Changes the registers behind everybody's back.
    pub(crate) async fn change(&self, sql: &str) {
        let scope = Scope::service("test");
        let tx = self.db.scoped(&scope).begin().await.unwrap();
        tx.execute_unprepared(sql).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// One value of the registers, as text.
    pub(crate) async fn value(&self, sql: &str) -> String {
        let scope = Scope::service("test");
        let connection = self.db.scoped(&scope).read();
        let statement = Statement::from_string(connection.get_database_backend(), sql);
        let row = connection.query_one_raw(statement).await.unwrap().expect("a row");
        row.try_get::<String>("", "value").unwrap()
    }
}

impl Answer {
    pub(crate) fn says(&self, text: &str) -> bool {
        self.text.contains(text)
    }

    pub(crate) fn location(&self) -> &str {
        self.headers.get(header::LOCATION).map_or("", |value| value.to_str().unwrap())
    }
}

async fn root(db: &Db) -> String {
    let scope = Scope::service("test");
    let tx = db.scoped(&scope).begin().await.unwrap();
    let root = agencies::ensure_root_agency(&tx, NOW - DAY, "Tỉnh Ví Dụ", "TINH").await.unwrap().id;
    let person = person(&tx, "truc-ban", "Trần Thị Trực", &root).await;
    tx.commit().await.unwrap();
    person
}

async fn person(tx: &kit::Tx<'_>, account: &str, full_name: &str, agency: &str) -> String {
    let new = NewPerson {
        account: account.into(),
        full_name: full_name.into(),
        agency_id: agency.into(),
        ..NewPerson::default()
    };
    people::create(tx, NOW - DAY, new).await.unwrap().id
}

async fn department(db: &Db, code: &str, name: &str, number: u64, address: &str) -> Department {
    let scope = Scope::service("test");
    let tx = db.scoped(&scope).begin().await.unwrap();
    let new = NewAgency {
        code: code.into(),
        name: name.into(),
        kind: "department".into(),
        parent_code: "TINH".into(),
        ..NewAgency::default()
    };
    let agency = agencies::create(&tx, NOW - DAY, new).await.unwrap().id;
    let person = person(&tx, &code.to_lowercase(), &format!("Nguyễn Thị Ỷ {code}"), &agency).await;
    let system = assurance::systems::NewSystem {
        code: format!("{code}-01"),
        name: format!("Cổng thông tin {name}"),
        agency_id: agency.clone(),
        level: 3,
        state: "operating".into(),
        ..Default::default()
    };
    let system = assurance::systems::service::register(&tx, system, NOW - DAY).await.unwrap();
    let input = sources::service::SourceInput {
        name: format!("Máy chủ {code}"),
        kind: "server".into(),
        system_id: system.clone(),
        match_host: format!("web-{code}"),
        expected: "on".into(),
        max_silence_minutes: "10".into(),
        ..Default::default()
    };
    let source = sources::service::register(&tx, &settings().sources, &input, NOW - DAY).await.unwrap();
    let alert = kit::id::new_id(NOW - MINUTE);
    let samples = format!(
        "[{{\"seq\":{number},\"time\":{NOW},\"fields\":[{{\"field\":\"user\",\"value\":\"root\",\"pattern\":\"root\"}}]}}]"
    );
    let sql = format!(
        "INSERT INTO alerts (id, rule_id, rule_title, rule_title_vi, title_fold, rule_level, group_key, first_sequence, \
         last_sequence, source_id, system_id, system_level, agency_id, entity_kind, entity_value, severity, severity_rank, \
         score, state, count, first_event_time, last_event_time, first_event_recorded, detected_at, updated_at, techniques, \
         samples, damped) VALUES ('{alert}', '{RULE}', 'Many failed logons', 'Đăng nhập sai nhiều lần', \
         'dang nhap sai nhieu lan', 'high', 'g{number}', {number}, {number}, '{source}', '{system}', 3, '{agency}', \
         'source_ip', '{address}', 'high', 3, 75, 'new', 42, {start}, {NOW}, {start}, {NOW}, {NOW}, '[\"T1110\"]', \
         '{samples}', {no})",
        start = NOW - MINUTE,
        no = "FALSE",
    );
    tx.execute_unprepared(&sql).await.unwrap();
    tx.commit().await.unwrap();
    Department { agency, system, source, person, alert, seq: number }
}

pub(crate) fn event(seq: u64, of: &Department, address: &str) -> Event {
    let mut event = Event {
        seq,
        time: NOW - MINUTE,
        arrival: NOW - MINUTE,
        source_id: Some(of.source.as_str().into()),
        format: "sshd@1".into(),
        understood: true,
        log_source: LogSource { product: Some("linux".into()), services: vec!["sshd".into()], ..LogSource::default() },
        message: Some(format!("Failed password for root from {address} port 4711")),
        raw: Bytes::from(format!("<38>Nov 21 09:11:00 web sshd: Failed password for root from {address} port 4711 =x")),
        ..Event::default()
    };
    event.columns.set(Column::SourceIp, &Value::from(address));
    event.columns.set(Column::UserName, &Value::from("root"));
    event.columns.set(Column::EventOutcome, &Value::from("failure"));
    event.fields.push("user", "root");
    event
}

/// Gives a session for the number in `x-test-person`.
struct ByHeader(Vec<(String, Option<String>)>);

#[async_trait::async_trait]
impl Authenticate for ByHeader {
    async fn session(&self, parts: &Parts) -> Result<Option<Session>, Error> {
        let number = parts.headers.get("x-test-person").and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
        let Some((id, agency)) = number.and_then(|number| self.0.get(number)) else { return Ok(None) };
        let agencies = match agency {
            Some(agency) => Agencies::Under([agency.clone()].into()),
            None => Agencies::All,
        };
        let actor = Actor::Person { id: id.as_str().into(), name: "Nguyễn Thị Ỷ Ẫn".into() };
        let withheld: &[Capability] = match number {
            Some(3) => &[Capability::Administer, Capability::ManageSources],
            // Administrators: of the first agency, of the second, and of the centre without a look into events.
            Some(4 | 5) => &[],
            Some(6) => &[Capability::ViewEvents],
            Some(8) => &[Capability::Administer, Capability::ManageRules],
            _ => &[Capability::Administer],
        };
        let capabilities = Capability::ALL.iter().copied().filter(|one| !withheld.contains(one));
        let scope = Scope::new(actor, agencies, capabilities, None);
        // Reaches the whole centre, but raw events of the second department alone.
        let second = || Agencies::Under(self.0.get(1).and_then(|(_, agency)| agency.clone()).into_iter().collect());
        Ok(Some(Session {
            scope: if number == Some(7) { scope.reading_events_of(second()) } else { scope },
            csrf: CSRF.to_owned(),
            person_name: "Nguyễn Thị Ỷ Ẫn".to_owned(),
            agency_name: "Sở Y tế".to_owned(),
            agency_id: agency.clone().unwrap_or_default(),
            role_key: "role-analyst".to_owned(),
            api_key: false,
            confirmed_at: 0,
        }))
    }
}

/// The events of the store in the asker's scope; registers join them in the program.
struct Events {
    store: Store,
    db: Db,
}

#[async_trait::async_trait]
impl Catalogue for Events {
    async fn query(&self, scope: &Scope, sql: &str, limits: QueryLimits) -> Result<QueryAnswer, Error> {
        let mut context = QueryContext::new(sources::sources_in_scope(&self.db.scoped(scope).read()).await?);
        context.max_rows = limits.max_rows;
        let refused = monitoring::search::run::refusal;
        let result = self.store.query(sql, &context).await.map_err(refused)?;
        Ok(QueryAnswer {
            columns: result.columns(),
            rows: result.to_json_rows().map_err(refused)?,
            truncated: result.truncated,
            files_read: result.files_read,
            files_total: result.files_total,
            events_read: result.events_read,
            unreadable: monitoring::search::run::told_unreadable(&result.unreadable),
            milliseconds: 0,
        })
    }

    fn tables(&self) -> Vec<TableSpec> {
        monitoring::area().tables
    }
}

/// Runs a test in a centre with few rows to a slice, on SQLite: these tests ask nothing else of the registers.
pub(crate) async fn in_small_slices(per_person: usize) -> (Centre, test_support::TestDatabase) {
    let database = test_support::sqlite(&migrations(), kit::bus::Bus::default()).await;
    let limits = SearchLimits { per_person, slice_rows: 1, ..SearchLimits::default() };
    (Centre::limited(database.db.clone(), limits).await, database)
}

/// Runs a test on each database.
pub(crate) async fn in_a_centre<F, T>(test: T)
where
    T: Fn(Centre) -> F,
    F: std::future::Future<Output = ()>,
{
    let test = &test;
    test_support::on_each_database(&migrations(), kit::bus::Bus::default, |db| async move {
        test(Centre::new(db).await).await;
    })
    .await;
}
