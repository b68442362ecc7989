//! Attacks on the whole program over a bare connection, by somebody who may do everything and by nobody: every changing
//! route without the secret of its form, line ends in every parameter, markup in names and log lines, paths that climb,
//! SQL that reaches for more. Compressed bombs: `bulk/body.rs`, `ingest` tests `files`; planted sessions: `organisation`
//! tests `doors`; foreign ids: `walls` of the areas.

use crate::program::{Serving, ask, free_port, run_with_input};
use kit::Capability;
use kit::web::{Access, Operation};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

const PASSWORD: &str = "Tre-Xanh.Ven-Song.1975";
pub(crate) const MARKUP: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>";
/// How a page shows the markup.
const AS_TEXT: &str = "&#60;script&#62;alert(1)";
const ROLES: &str = include_str!("../../../../content/organisation/roles.toml");

pub(crate) struct Answer {
    pub(crate) status: u16,
    /// In small letters.
    head: String,
    pub(crate) body: String,
}

impl Answer {
    fn of(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.unwrap_or_else(|| panic!("no answer: {text}"));
        Self { status, head: head.to_lowercase(), body: body.to_owned() }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        found.unwrap_or_default().trim()
    }
}

/// A server with somebody signed in whose role may do everything there is.
pub(crate) struct Target {
    pub(crate) server: Serving,
    pub(crate) data: tempfile::TempDir,
    cookie: String,
    csrf: String,
}

pub(crate) fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Whether a page holds the markup as markup.
pub(crate) fn runs(body: &str) -> bool {
    body.contains("<script>alert") || body.contains("<img src=x")
}

fn between<'text>(text: &'text str, before: &str, after: &str) -> Option<&'text str> {
    text.split_once(before)?.1.split_once(after).map(|(found, _)| found)
}

impl Target {
    pub(crate) fn start(full_name: &str) -> Self {
        let data = tempfile::tempdir().expect("directory");
        let content = data.path().join("content");
        std::fs::create_dir_all(content.join("organisation")).expect("directory");
        let all: Vec<_> = Capability::ALL.iter().map(|one| format!("\"{}\"", one.name())).collect();
        let everything =
            format!("\n[[role]]\nid = \"everything\"\nreach = \"province\"\ncapabilities = [{}]\n", all.join(", "));
        std::fs::write(content.join("organisation/roles.toml"), format!("{ROLES}{everything}")).expect("written");
        let settings = format!("content_directory = \"{}\"\n", content.display());
        std::fs::write(data.path().join("luytre.toml"), settings).expect("written");
        let add = ["user", "add", "thu.nghiem", "--name", full_name, "--role", "everything"];
        run_with_input(data.path(), &add, &format!("{PASSWORD}\n"));
        let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let log = data.path().join("markup.log");
        std::fs::write(&log, format!("<38>1 {now} web01 sshd 7 - - {MARKUP}\n")).expect("written");
        ask(data.path(), &["import", "--json", log.to_str().expect("path")]);
        let server = Serving::start(data.path(), free_port(), free_port(), free_port());
        let mut target = Self { server, data, cookie: String::new(), csrf: String::new() };
        let form = format!("account=thu.nghiem&password={}", encoded(PASSWORD));
        let inside = target.post("/sign-in", &[("cookie", "luytre=chosen-by-somebody-else")], &form);
        assert_eq!(inside.status, 303, "{}", inside.body);
        let session = between(&inside.head, "set-cookie: luytre=", ";").expect("a session").to_owned();
        assert_ne!(session, "chosen-by-somebody-else");
        // The head is in small letters, the secret is not.
        let raw = target.raw("POST", "/sign-in", &[FORM], &form);
        let session = between(&raw, "luytre=", ";").expect("a session").to_owned();
        target.cookie = format!("luytre={session}");
        let me = target.get("/me");
        assert_eq!(me.status, 200, "{}", me.body);
        target.csrf = between(&me.body, "name=\"csrf\" value=\"", "\"").expect("a secret").to_owned();
        target
    }

    /// Whatever comes until the connection ends or is silent for a while (live pages never end).
    fn raw(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> String {
        let host = self.server.address.trim_start_matches("http://");
        let mut stream = TcpStream::connect(host).expect("connects");
        stream.set_read_timeout(Some(Duration::from_secs(3))).expect("a limit");
        let mut request = format!("{method} {path} HTTP/1.0\r\nhost: {host}\r\ncontent-length: {}\r\n", body.len());
        if !headers.iter().any(|(name, _)| *name == "accept") {
            request += "accept: text/html\r\n";
        }
        if !self.cookie.is_empty() && !headers.iter().any(|(name, _)| *name == "cookie") {
            request += &format!("cookie: {}\r\n", self.cookie);
        }
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        stream.write_all(format!("{request}\r\n{body}").as_bytes()).expect("sent");
        let mut bytes = Vec::new();
        let mut piece = [0; 16 << 10];
        while let Ok(length @ 1..) = stream.read(&mut piece) {
            bytes.extend_from_slice(&piece[..length]);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        Answer::of(&self.raw(method, path, headers, body))
    }

    /// Proves again who it is, and goes on with the cookie that comes of it.
    fn confirm(&mut self, form: &str) -> Answer {
        let text = self.raw("POST", "/confirm", &[FORM], form);
        if let Some(session) = between(&text, "luytre=", ";") {
            self.cookie = format!("luytre={session}");
        }
        Answer::of(&text)
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], "")
    }

    pub(crate) fn post(&self, path: &str, headers: &[(&str, &str)], form: &str) -> Answer {
        let headers: Vec<_> = headers.iter().copied().chain([FORM]).collect();
        self.send("POST", path, &headers, form)
    }

    fn ask(&self, sql: &str) -> Answer {
        let body = serde_json::json!({ "sql": sql }).to_string();
        let headers = [("content-type", "application/json"), ("x-csrf-token", self.csrf.as_str())];
        self.send("POST", "/api/v1/query", &headers, &body)
    }
}

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// Its path with something in each place.
fn filled(operation: &Operation) -> String {
    let places = operation.path.split('/').map(|part| if part.starts_with('{') { "0" } else { part });
    places.collect::<Vec<_>>().join("/")
}

fn operations(reading: bool) -> Vec<Operation> {
    let all = luytre::server::routes();
    all.operations().iter().copied().filter(|one| (one.method == "GET") == reading).collect()
}

#[test]
fn no_route_changes_anything_without_the_secret_of_the_session() {
    let target = Target::start("Người Thử");
    let mut tried = 0;
    for operation in operations(false) {
        let path = filled(&operation);
        let method = operation.method;
        // Guests have no secret: the browser's own word on where a form comes from stands in for it.
        if operation.access == Access::Open && path != "/sign-out" {
            // A provider of accounts comes without a browser; its signed token is the proof.
            if !path.starts_with("/sign-in/provider/") {
                let from_elsewhere = [("sec-fetch-site", "cross-site"), FORM];
                let refused = target.send(method, &path, &from_elsewhere, "account=a&password=b&code=c&to=/");
                assert_eq!(refused.status, 403, "{method} {path}: {}", refused.body);
            }
            continue;
        }
        for secret in ["", "wrong"] {
            let api = path.starts_with("/api/");
            let kind = if api { ("content-type", "application/json") } else { FORM };
            let body = if api { "{}".to_owned() } else { format!("csrf={secret}") };
            let mut headers = vec![kind, ("accept", "application/json")];
            if !secret.is_empty() {
                headers.push(("x-csrf-token", secret));
            }
            let refused = target.send(method, &path, &headers, &body);
            if matches!(operation.access, Access::AnswersItself(_)) {
                assert!(refused.status >= 400, "{method} {path} takes a session instead of a key");
            } else {
                assert_eq!(refused.status, 403, "{method} {path}: {}", refused.body);
                assert!(refused.body.contains("form-not-ours"), "{method} {path}: {}", refused.body);
            }
            tried += 1;
        }
    }
    assert!(tried > 80, "{tried} routes were tried: is the list of operations empty?");
    assert_eq!(target.get("/me").status, 200, "the session has outlived all of it");
    target.server.stop();
}

#[test]
fn what_is_sent_for_long_ends_with_the_session() {
    let target = Target::start("Người Thử");
    let host = target.server.address.trim_start_matches("http://");
    let open = |path: &str| {
        let mut stream = TcpStream::connect(host).expect("connects");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a limit");
        let request = format!("GET {path} HTTP/1.0\r\nhost: {host}\r\ncookie: {}\r\n\r\n", target.cookie);
        stream.write_all(request.as_bytes()).expect("sent");
        let mut begun = [0; 12];
        stream.read_exact(&mut begun).expect("a head");
        assert_eq!(&begun, b"HTTP/1.0 200", "{path}");
        stream
    };
    let mut streams = [open("/live"), open("/search/live?q=")];
    let out = target.post("/sign-out", &[], &format!("csrf={}", target.csrf));
    assert_eq!(out.status, 303, "{}", out.body);
    // Something to show, so that the tail has a reason to ask.
    let log = target.data.path().join("later.log");
    std::fs::write(&log, "<38>1 2026-11-21T00:00:00Z web01 sshd 7 - - later\n").expect("written");
    let mut ended = streams.iter_mut().map(|stream| {
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).is_ok()
    });
    assert!(ended.next() == Some(true), "news go on without a session");
    ask(target.data.path(), &["import", "--json", log.to_str().expect("path")]);
    assert!(ended.next() == Some(true), "the tail goes on without a session");
    target.server.stop();
}

#[test]
fn line_ends_in_parameters_reach_no_header_and_nobody_is_sent_elsewhere() {
    let mut target = Target::start("Người Thử");
    let planted = encoded("x\r\nX-Planted: yes\r\nSet-Cookie: planted=1\r\n\r\n<p>planted");
    let sound = |what: &str, answer: &Answer| {
        let caught =
            answer.head.lines().any(|line| line.starts_with("x-planted") || line.starts_with("set-cookie: planted"));
        assert!(!caught, "{what}: {}", answer.head);
        let to = answer.header("location");
        assert!(to.is_empty() || (to.starts_with('/') && !to.starts_with("//") && !to.contains('\\')), "{what}: {to}");
    };
    let names = ["to", "q", "sql", "format", "sort", "page", "from", "until", "week", "code", "state", "id", "name"];
    let query: Vec<_> = names.iter().map(|name| format!("{name}={planted}")).collect();
    let query = query.join("&");
    for operation in operations(true) {
        let path = format!("{}?{query}", filled(&operation));
        sound(&path, &target.get(&path));
        let placed = operation.path.split('/').map(|part| if part.starts_with('{') { planted.as_str() } else { part });
        let path = placed.collect::<Vec<_>>().join("/");
        sound(&path, &target.get(&path));
    }
    for to in
        ["https://evil.example/", "//evil.example", "/\\evil.example", "/x\r\nX-Planted: yes", "javascript:alert(1)"]
    {
        let to = encoded(to);
        let wrong = format!("account=thu.nghiem&password={}&to={to}&lang={planted}&theme={planted}", encoded(PASSWORD));
        for path in ["/sign-in", "/preferences"] {
            sound(path, &target.post(path, &[("cookie", "none=1")], &wrong));
        }
        let form = format!("csrf={}&current={}&to={to}", target.csrf, encoded(PASSWORD));
        let confirmed = target.confirm(&form);
        assert_eq!((confirmed.status, confirmed.header("location")), (303, "/"), "{to}");
        sound("/sign-in", &target.get(&format!("/sign-in?to={to}")));
    }
    // A session that has ended leads back to the page that the form stood on, if that is one of ours.
    let referer = [("cookie", "none=1"), ("referer", "https://evil.example//evil.example/x")];
    let ended = target.post("/people", &referer, "full_name=x");
    sound("/people", &ended);
    assert!(
        !ended.header("location").contains("evil.example/x") || ended.header("location").starts_with("/sign-in?to=")
    );
    target.server.stop();
}

/// What the live view of a search shows of one more line with markup.
fn live_rows(target: &Target) -> String {
    let host = target.server.address.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).expect("connects");
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a limit");
    let cookie = &target.cookie;
    let request = format!("GET /search/live?q= HTTP/1.0\r\nhost: {host}\r\ncookie: {cookie}\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("sent");
    let mut bytes = vec![0; 12];
    stream.read_exact(&mut bytes).expect("a head");
    let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let log = target.data.path().join("later.log");
    std::fs::write(&log, format!("<38>1 {now} web02 sshd 7 - - {MARKUP}\n")).expect("written");
    ask(target.data.path(), &["import", "--json", log.to_str().expect("path")]);
    let mut piece = [0; 16 << 10];
    loop {
        let length = stream.read(&mut piece).expect("the tail goes on");
        bytes.extend_from_slice(&piece[..length]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if text.contains("alert(2)") {
            return text;
        }
        assert!(length > 0, "the tail ended: {text}");
    }
}

#[test]
fn markup_in_names_log_lines_and_addresses_is_shown_as_text() {
    let target = Target::start(MARKUP);
    let names = ["q", "sql", "text", "words", "name", "from", "to", "sort", "group", "rule", "format", "error"];
    let query: Vec<_> = names.iter().map(|name| format!("{name}={}", encoded(MARKUP))).collect();
    let query = query.join("&");
    let people = ask(target.data.path(), &["user", "list", "--json"]);
    let person = people.get(0).and_then(|one| one.get("id")).and_then(Value::as_str).expect("a person").to_owned();
    let mut paths = vec!["/".to_owned(), "/search?from=30d".to_owned(), format!("/people/{person}")];
    for operation in operations(true) {
        let path = filled(&operation);
        paths.push(format!("{path}?{query}"));
        paths.push(path);
    }
    for path in paths {
        let answer = target.get(&path);
        if !answer.header("content-type").starts_with("text/html") {
            assert!(answer.status >= 300 || answer.header("x-content-type-options") == "nosniff", "{path}");
            continue;
        }
        assert!(!runs(&answer.body), "{path}: {}", answer.body);
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("default-src 'self'") && policy.contains("script-src 'self'"), "{path}: {policy}");
        assert!(policy.contains("object-src 'none'") && policy.contains("base-uri 'none'"), "{path}: {policy}");
        assert!(!policy.contains("unsafe") && !policy.contains('*'), "{path}: {policy}");
    }
    assert!(target.get("/me").body.contains(AS_TEXT), "the name is there, as text");
    for path in ["/search?range=24h", "/events/1"] {
        let body = target.get(path).body;
        assert!(body.contains(AS_TEXT), "the line of the log is there, as text, on {path}: {body}");
    }
    let shown = live_rows(&target);
    assert!(shown.contains(AS_TEXT) && !runs(&shown), "the same in the live view: {shown}");
    target.server.stop();
}

#[test]
fn paths_that_climb_lead_to_no_file() {
    let target = Target::start("Người Thử");
    for start in ["/assets/", "/assets/own/", "/", "/incidents/", "/sources/"] {
        for climb in [
            "../../../../../../etc/passwd",
            "..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
            "%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
            "..%5c..%5c..%5cetc%5cpasswd",
            "....//....//etc/passwd",
            "%2fetc%2fpasswd",
            "/etc/passwd",
            "..%c0%af..%c0%afetc/passwd",
            "..%00/etc/passwd",
            "../luytre.toml",
            "..%2fregisters.sqlite",
        ] {
            let answer = target.get(&format!("{start}{climb}"));
            assert!(answer.status >= 300, "{start}{climb} gave {}", answer.status);
            assert!(!answer.body.contains("root:") && !answer.body.contains("content_directory"), "{start}{climb}");
            assert!(!answer.body.contains("SQLite format"), "{start}{climb}");
        }
    }
    target.server.stop();
}

#[test]
fn questions_in_sql_reach_nothing_but_the_catalogue() {
    let target = Target::start("Người Thử");
    let sound = target.ask("SELECT account FROM organisation.people");
    assert_eq!(sound.status, 200, "{}", sound.body);
    for sql in [
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_parquet('events/segments')",
        "CREATE EXTERNAL TABLE x STORED AS CSV LOCATION '/etc/passwd'",
        "COPY (SELECT 1) TO '/tmp/luytre-attack.csv'",
        "SET datafusion.execution.batch_size = 1",
        "SHOW ALL",
        "SELECT * FROM information_schema.df_settings",
        "SELECT * FROM pg_catalog.pg_class",
        "SELECT * FROM sqlite_master",
        "SELECT * FROM passwords",
        "SELECT * FROM former_passwords",
        "SELECT * FROM sessions",
        "SELECT * FROM totp_secrets",
        "SELECT * FROM provider_links",
        "SELECT * FROM api_keys",
        "SELECT * FROM other.people",
        "SELECT phone FROM organisation.people",
        "SELECT 1; DROP TABLE people",
        "WITH x AS (DELETE FROM people RETURNING *) SELECT * FROM x",
        "INSERT INTO people (id) VALUES ('x')",
        "UPDATE people SET active = false",
        "ATTACH DATABASE 'x' AS y",
        "PRAGMA table_info(people)",
        "SELECT load_extension('x')",
        "SELECT getenv('PATH')",
        "EXPLAIN COPY (SELECT 1) TO '/tmp/luytre-attack.csv'",
    ] {
        let refused = target.ask(sql);
        assert!((400..500).contains(&refused.status), "{sql}: {} {}", refused.status, refused.body);
        assert!(!refused.body.contains("root:") && !refused.body.contains("$argon2id$"), "{sql}: {}", refused.body);
    }
    assert!(!std::path::Path::new("/tmp/luytre-attack.csv").exists());
    let still = target.ask("SELECT account FROM organisation.people WHERE active");
    assert!(still.body.contains("thu.nghiem"), "nothing has changed: {}", still.body);
    target.server.stop();
}

#[test]
fn members_that_json_should_not_have_choose_no_identity_and_break_nothing() {
    const CHOSEN: &str = "chosen-by-the-sender";
    let target = Target::start("Người Thử");
    let body = serde_json::json!({
        "id": CHOSEN, "person_id": CHOSEN, "owner_id": CHOSEN, "created_by": CHOSEN, "author_id": CHOSEN, "created_at": 0,
        "capabilities": ["administer"], "active": true, "version": 99, "name": "Thử", "title": "Thử", "code": "HT-THU",
        "level": 3, "sql": "SELECT 1", "query": "error", "__proto__": { "admin": true },
    });
    let headers = [("content-type", "application/json"), ("x-csrf-token", target.csrf.as_str())];
    let mut tried = 0;
    for operation in operations(false).iter().filter(|one| one.path.starts_with("/api/")) {
        let (method, path) = (operation.method.to_uppercase(), filled(operation));
        let answer = target.send(&method, &path, &headers, &body.to_string());
        assert!(answer.status < 500, "{method} {path}: {} {}", answer.status, answer.body);
        assert!(answer.status >= 300 || !answer.body.contains(CHOSEN), "{method} {path}: {}", answer.body);
        tried += 1;
    }
    assert!(tried > 5, "{tried} routes were tried");
    for operation in operations(true).iter().filter(|one| one.path.starts_with("/api/") && !one.path.contains('{')) {
        assert!(!target.get(operation.path).body.contains(CHOSEN), "{}", operation.path);
    }
    target.server.stop();
}
