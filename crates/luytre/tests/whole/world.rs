//! A centre for the tests of access: a person of every role in agency A, in A and in B a row of everything, and visitors
//! who ask the real program.

use crate::program::{Serving, free_port};
use crate::rows::{Ids, Of, PASSING, ids_of, of, places, rows_of};
use kit::live::Live;
use kit::web::Operation;
use kit::{Capability, Db, Scope};
use luytre::centre::Registers;
use luytre::configuration::Configuration;
use organisation::agencies::{self, NewAgency};
use organisation::people::{self, NewPerson};
use organisation::policies::{Reach, Role};
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

const PASSWORD: &str = "Tre-Xanh.Ven-Song.1975";
/// Stands in the words of every row of B, and nowhere else.
const MARK: &str = "vongxa";
/// May do everything there is in A, and in the whole centre. Roles are data: each of these is one that somebody may make.
pub(crate) const IN_A: &str = "everything";
pub(crate) const EVERYWHERE: &str = "everywhere";
const ROLES: &str = include_str!("../../../../content/organisation/roles.toml");

/// A centre with a person of every role in agency A, and in agencies A and B a row of everything.
pub(crate) struct World {
    directory: tempfile::TempDir,
    /// Those of the program and the two of ours.
    all: Vec<Role>,
    pub(crate) b: String,
    /// Rows of A and of B.
    own: Ids,
    far: Ids,
    pub(crate) server: Serving,
}

/// The person of a role.
fn account(role: &Role) -> String {
    format!("nguoi.{}", role.id)
}

/// Runs a test in a world on each database.
pub(crate) async fn in_each_world<F: Future<Output = ()>>(test: impl Fn(World) -> F) {
    in_each_world_with("", test).await;
}

/// The same where the policy of elevations is another one; empty: the one of the program.
pub(crate) async fn in_each_world_with<F: Future<Output = ()>>(elevations: &str, test: impl Fn(World) -> F) {
    test(World::new(None, elevations).await).await;
    if let Some(database) = test_support::empty_postgres().await {
        test(World::new(Some(&database), elevations).await).await;
    }
}

pub(crate) fn running<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().expect("runtime").block_on(work)
}

impl World {
    /// On SQLite, or in a database at an address.
    async fn new(database: Option<&str>, elevations: &str) -> Self {
        let directory = tempfile::tempdir().expect("directory");
        let data = directory.path();
        settings(data, database);
        if !elevations.is_empty() {
            std::fs::write(data.join("content/organisation/elevations.toml"), elevations).expect("policy");
        }
        let registers = open(data).await;
        let all = registers.policies.roles.clone();
        let (a, b) = two_agencies(&registers).await;
        // First of all, so that the first person of each agency is one whom its own people may manage.
        rows_of(&registers, &a, "gan", 1).await;
        rows_of(&registers, &b, MARK, 2).await;
        for role in &all {
            person(&registers, &account(role), role, &a).await;
        }
        let (own, far) = (ids_of(&registers.db, &a).await, ids_of(&registers.db, &b).await);
        drop(registers);
        let server = Serving::start(data, free_port(), free_port(), free_port());
        Self { directory, all, b, own, far, server }
    }

    /// The data directory.
    pub(crate) fn data(&self) -> &Path {
        self.directory.path()
    }

    /// Roles of the program.
    pub(crate) fn roles(&self) -> impl Iterator<Item = &Role> {
        self.all.iter().filter(|role| ![IN_A, EVERYWHERE].contains(&role.id.as_str()))
    }

    /// Roles, ours among them, that reach A alone where they are given there.
    pub(crate) fn near(&self) -> impl Iterator<Item = &Role> {
        self.all.iter().filter(|role| role.reach == Reach::Subtree)
    }

    pub(crate) fn role(&self, id: &str) -> &Role {
        self.all.iter().find(|role| role.id == id).expect("a role")
    }

    pub(crate) async fn enter(&self, role: &Role) -> Visitor {
        Visitor::enter(&self.server.address, &account(role)).await
    }

    /// The first row of B of a noun.
    pub(crate) fn far(&self, noun: &str) -> &str {
        &self.far[noun][0]
    }

    pub(crate) fn own(&self, noun: &str) -> &str {
        &self.own[noun][0]
    }

    /// What stands in B for each row of A whose id is no other word as well.
    pub(crate) fn counterparts(&self) -> BTreeMap<&str, &str> {
        let rows = self.own.iter().flat_map(|(noun, ids)| ids.iter().map(move |id| (id.as_str(), self.far(noun))));
        rows.filter(|(id, _)| is_id(id)).collect()
    }

    /// A path with a row in each place: of A in the first so many, of B in those after them.
    pub(crate) fn address(&self, path: &str, own: usize) -> String {
        let row = |(at, place): (usize, &String)| match of(place) {
            Some(Of::Agency(noun)) if at < own => self.own(noun).to_owned(),
            Some(Of::Agency(noun)) => self.far(noun).to_owned(),
            Some(Of::Centre(one)) => one.to_owned(),
            None => panic!("{place} is in no list of rows.rs"),
        };
        let rows: Vec<String> = places(path).iter().enumerate().map(row).collect();
        let mut rows = rows.into_iter();
        let fill = |part: &str| match part.starts_with('{') {
            true => rows.next().unwrap_or_default(),
            false => part.to_owned(),
        };
        path.split('/').map(fill).collect::<Vec<_>>().join("/")
    }

    /// Every way in which a path names a row of B: all of it, and below rows of A.
    pub(crate) fn far_addresses(&self, path: &str) -> Vec<String> {
        let places = places(path);
        let first = |own: &usize| matches!(of(&places[*own]), Some(Of::Agency(_)));
        (0..places.len()).filter(first).map(|own| self.address(path, own)).collect()
    }

    /// The registers, beside the program that runs on them.
    pub(crate) async fn registers(&self) -> Registers {
        open(self.data()).await
    }

    /// Acts on B and readings of it in the trail, by people of some roles.
    pub(crate) async fn touched<'role>(&self, roles: impl Iterator<Item = &'role Role>) -> Vec<String> {
        let registers = self.registers().await;
        let accounts: Vec<_> = roles.map(|role| format!("'{}'", account(role))).collect();
        let from = "SELECT DISTINCT e.action AS value FROM audit_entries e JOIN people p ON p.id = e.actor_id";
        let by = format!("p.account IN ({})", accounts.join(", "));
        let acts = format!("{from} WHERE {by} AND e.agency_id = '{}'", self.b);
        let readings = format!(
            "{from} JOIN audit_readings x ON x.sequence = e.sequence WHERE {by} AND x.agency_id = '{}'",
            self.b
        );
        let mut found = texts(&registers.db, &acts).await;
        found.extend(texts(&registers.db, &readings).await);
        found
    }

    /// Rows of B that are gone or have come, but for what the program itself makes.
    pub(crate) async fn moved(&self) -> Vec<String> {
        let registers = self.registers().await;
        let now = ids_of(&registers.db, &self.b).await;
        let changed = now.iter().filter(|(noun, ids)| !PASSING.contains(noun) && self.far[**noun] != **ids);
        changed.map(|(noun, ids)| format!("{noun}: {ids:?}")).collect()
    }
}

/// Whether a text is an identifier and nothing else.
pub(crate) fn is_id(text: &str) -> bool {
    let dashes = [8, 13, 18, 23];
    let fits = |(at, letter): (usize, char)| match dashes.contains(&at) {
        true => letter == '-',
        false => letter.is_ascii_hexdigit(),
    };
    text.len() == 36 && text.chars().enumerate().all(fits)
}

async fn open(data: &Path) -> Registers {
    let configuration = Configuration::load(data, None).expect("configuration");
    Registers::open(data, &configuration, &Live::default()).await.expect("registers")
}

/// Second factors are another matter; without them a password alone opens every role.
fn settings(data: &Path, database: Option<&str>) {
    let text = include_str!("../../../../content/organisation/second-factor-policy.toml");
    let without = text.replacen("roles = [\"administrator\", \"partner\"]", "roles = []", 1);
    assert_ne!(text, without);
    let own = data.join("content/organisation");
    std::fs::create_dir_all(&own).expect("directory");
    std::fs::write(own.join("second-factor-policy.toml"), without).expect("policy");
    let capabilities: Vec<_> = Capability::ALL.iter().map(|one| format!("\"{}\"", one.name())).collect();
    let role = |id: &str, reach: &str| {
        format!("\n[[role]]\nid = \"{id}\"\nreach = \"{reach}\"\ncapabilities = [{}]\n", capabilities.join(", "))
    };
    let roles = format!("{ROLES}{}{}", role(IN_A, "subtree"), role(EVERYWHERE, "province"));
    std::fs::write(own.join("roles.toml"), roles).expect("roles");
    let content = data.join("content");
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
    for (code, name) in [("SYT", "Sở Y tế".to_owned()), ("SVX", format!("Sở {MARK}"))] {
        let new = NewAgency {
            code: code.into(),
            name,
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

pub(crate) async fn person(registers: &Registers, account: &str, role: &Role, agency: &str) -> String {
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

pub(crate) async fn texts(db: &Db, sql: &str) -> Vec<String> {
    let scope = Scope::service("test");
    let view = db.scoped(&scope).read();
    let rows = view.query_all_raw(Statement::from_string(view.get_database_backend(), sql)).await.expect("rows");
    rows.iter().map(|row| row.try_get("", "value").expect("a text")).collect()
}

/// Somebody with a session, or nobody.
pub(crate) struct Visitor {
    pub(crate) client: Client,
    pub(crate) address: String,
    pub(crate) cookie: String,
    csrf: String,
}

/// What came back, as far as it matters here.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// Code of the problem.
    pub(crate) code: String,
    pub(crate) location: String,
    pub(crate) body: String,
}

impl Visitor {
    pub(crate) fn guest(address: &str) -> Self {
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

    /// A request with the session and the proof that forms carry.
    fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        // Pages lead guests to the door; who is signed in is told in a form that can be read here.
        let accept = if self.cookie.is_empty() { "text/html" } else { "application/json" };
        let request = self.client.request(method, format!("{}{path}", self.address)).header("accept", accept);
        match self.cookie.is_empty() {
            true => request,
            false => request.header("cookie", &self.cookie).header("x-csrf-token", &self.csrf),
        }
    }

    /// An operation at an address of it, with nothing in its body.
    pub(crate) async fn ask(&self, operation: &Operation, path: &str) -> Answer {
        let mut request = self.request(operation.method, path);
        if operation.method != "GET" {
            request = match path.starts_with("/api/") {
                true => request.header("content-type", "application/json").body("{}"),
                false => request.header("content-type", "application/x-www-form-urlencoded").body(""),
            };
        }
        Answer::of(request.send().await.unwrap_or_else(|error| panic!("{path}: {error}"))).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request("GET", path).send().await.unwrap_or_else(|error| panic!("{path}: {error}"))).await
    }

    /// A form of a page, with the own proof in the place of that of whoever saw the page.
    pub(crate) async fn post(&self, path: &str, fields: &[(String, String)]) -> Answer {
        let own = fields.iter().map(|(name, value)| (name.as_str(), if name == "csrf" { &self.csrf } else { value }));
        let request = self.request("POST", path).form(&own.collect::<Vec<_>>());
        Answer::of(request.send().await.unwrap_or_else(|error| panic!("{path}: {error}"))).await
    }

    pub(crate) async fn send(&self, method: &str, path: &str, body: &Value) -> Answer {
        let request = self.request(method, path).header("content-type", "application/json").body(body.to_string());
        Answer::of(request.send().await.unwrap_or_else(|error| panic!("{path}: {error}"))).await
    }

    pub(crate) async fn query(&self, sql: &str) -> Answer {
        self.send("POST", "/api/v1/query", &json!({ "sql": sql, "max_rows": 10_000 })).await
    }
}

impl Answer {
    pub(crate) async fn of(response: reqwest::Response) -> Self {
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

    /// Whether it shows anything of B.
    pub(crate) fn tells_of_b(&self) -> bool {
        self.body.to_lowercase().contains(MARK)
    }
}

async fn text_of(response: reqwest::Response) -> String {
    String::from_utf8_lossy(&response.bytes().await.unwrap_or_default()).into_owned()
}

/// Every operation; what ends the session comes last.
pub(crate) fn operations() -> Vec<Operation> {
    let mut operations = luytre::server::routes().operations().to_vec();
    operations.sort_by_key(|operation| operation.path == "/sign-out");
    operations
}
