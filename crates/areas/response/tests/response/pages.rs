//! The pages, asked as browsers ask: every page in both languages without a missing text, and the way from an alert to
//! a filed receipt through the forms. `LUYTRE_PAGES=DIR` keeps what was seen, to be looked at.

use crate::house::{LEADER, NOW, OFFICER, bus, escalate, furnish, migrations, person, scope};
use axum::Router;
use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{Request, StatusCode, header};
use kit::app::{App, AppParts, Ports, Settings};
use kit::catalogue::{Catalogue, QueryAnswer, QueryLimits, TableSpec};
use kit::clock::FixedClock;
use kit::db::Db;
use kit::live::Live;
use kit::scope::Scope;
use kit::session::{Authenticate, Session, cookie};
use kit::web::identify;
use kit::{Capability, Error};
use luytre_response as response;
use std::collections::BTreeMap;
use std::sync::Arc;
use tower::ServiceExt;

/// Nobody asks SQL here.
struct NoCatalogue;

#[async_trait::async_trait]
impl Catalogue for NoCatalogue {
    async fn query(&self, _: &Scope, _: &str, _: QueryLimits) -> Result<QueryAnswer, Error> {
        Err(Error::Unavailable("no catalogue in this test".into()))
    }

    fn tables(&self) -> Vec<TableSpec> {
        Vec::new()
    }
}

/// People by the cookie `person`.
struct People(BTreeMap<&'static str, Session>);

#[async_trait::async_trait]
impl Authenticate for People {
    async fn session(&self, parts: &Parts) -> Result<Option<Session>, Error> {
        Ok(cookie(parts, "person").and_then(|name| self.0.get(name)).cloned())
    }
}

pub struct Browser {
    router: Router,
    pub lang: &'static str,
    pub person: &'static str,
}

pub struct Seen {
    pub status: StatusCode,
    pub location: String,
    body: Vec<u8>,
}

impl Seen {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Browser {
    async fn ask(&self, request: axum::http::request::Builder, body: String) -> Seen {
        let cookies = format!("lang={}; person={}", self.lang, self.person);
        let request = request.header(header::COOKIE, cookies).header(header::ACCEPT, "text/html");
        let response =
            self.router.clone().oneshot(request.body(Body::from(body)).expect("request")).await.expect("answer");
        let status = response.status();
        let location =
            response.headers().get(header::LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let location = location.to_owned();
        let body = axum::body::to_bytes(response.into_body(), 10 << 20).await.expect("body").to_vec();
        Seen { status, location, body }
    }

    pub async fn get(&self, path: &str) -> Seen {
        self.ask(Request::get(path), String::new()).await
    }

    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Seen {
        let pairs: Vec<_> = fields.iter().copied().chain([("csrf", "secret")]).collect();
        let body: Vec<_> = pairs.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.ask(request, body.join("&")).await
    }

    /// A page that must be there, with every text in place.
    pub async fn see(&self, name: &str, path: &str) -> String {
        let seen = self.get(path).await;
        let text = seen.text();
        assert_eq!(seen.status, StatusCode::OK, "{path}: {text}");
        assert_eq!(missing_texts(&text), Vec::<String>::new(), "{path}");
        if let Ok(directory) = std::env::var("LUYTRE_PAGES") {
            std::fs::write(format!("{directory}/{name}-{}.html", self.lang), &text).expect("kept");
        }
        text
    }
}

fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// Keys that stand where a text should: words such as `incident-title` outside of tags.
fn missing_texts(html: &str) -> Vec<String> {
    let text: Vec<_> = html.split('<').filter_map(|piece| piece.split_once('>')).map(|(_, text)| text).collect();
    let prefixes = ["incident-", "notice-", "clock-", "response-", "shell-", "field-", "law-", "regulation-"];
    let is_key = |word: &&str| {
        prefixes.iter().any(|prefix| word.starts_with(prefix))
            && word.chars().all(|c| c.is_ascii_lowercase() || c == '-')
    };
    // The settings of scripts name keys on purpose.
    let words = text.iter().filter(|text| !text.trim_start().starts_with('{')).flat_map(|text| text.split_whitespace());
    words.filter(is_key).map(str::to_owned).collect()
}

/// Value of a hidden field.
fn version(html: &str) -> String {
    hidden(html, "version")
}

fn hidden(html: &str, name: &str) -> String {
    let rest = html.split_once(&format!("name=\"{name}\" value=\"")).expect("a hidden field").1;
    rest.split_once('"').expect("its end").0.to_owned()
}

fn session(scope: Scope, name: &str, agency_id: &str) -> Session {
    Session {
        scope,
        csrf: "secret".into(),
        person_name: name.into(),
        agency_name: "Sở Y tế".into(),
        agency_id: agency_id.into(),
        role_key: "shell-own-page".into(),
        api_key: false,
        confirmed_at: 0,
    }
}

/// The area behind its middleware, with the pages of its law, an officer and the head of the health department.
pub async fn browser(db: &Db, house: &crate::house::House) -> Browser {
    let officer_id = person(db, "can.bo", "Trần Văn Bộ", "Chuyên viên", &house.health).await;
    let head_id = person(db, "giam.doc", "Nguyễn Thị Ỷ Ẫn", "Giám đốc", &house.health).await;
    let officer = scope(&officer_id, "Trần Văn Bộ", &house.health, OFFICER);
    let head = scope(&head_id, "Nguyễn Thị Ỷ Ẫn", &house.health, LEADER);
    let above_id = person(db, "lanh.dao", "Lê Thanh Bình", "Giám đốc Trung tâm", &house.root).await;
    let above = scope(&above_id, "Lê Thanh Bình", &house.root, LEADER);
    let guest = scope("reader", "Khách", &house.health, &[Capability::ViewSystems]);
    let watcher = scope("watcher", "Người xem nhật ký", &house.health, &[Capability::ViewReadings]);
    let area = response::area();
    let mut ports = Ports::default();
    ports.insert(crate::law::regulations());
    ports.insert(organisation::Policies::clone(&organisation::Policies::embedded().expect("policies")));
    let app = App::new(AppParts {
        db: db.clone(),
        clock: Arc::new(FixedClock::at(NOW + 30 * kit::clock::MINUTE)),
        catalogue: Arc::new(NoCatalogue),
        authenticate: Arc::new(People(BTreeMap::from([
            ("officer", session(officer, "Trần Văn Bộ", &house.health)),
            ("head", session(head, "Nguyễn Thị Ỷ Ẫn", &house.health)),
            ("above", session(above, "Lê Thanh Bình", &house.root)),
            ("reader", session(guest, "Khách", &house.health)),
            ("watcher", session(watcher, "Người xem nhật ký", &house.health)),
        ]))),
        live: Live::default(),
        settings: Settings { centre: "Trung tâm An ninh mạng tỉnh Bình Lâm".into(), ..Settings::default() },
        navigation: area.navigation.clone(),
        slots: area.slots.clone(),
        counters: area.counters.clone(),
        finders: area.finders.clone(),
        ports,
    });
    let router = area
        .routes
        .merge(organisation::audit::routes())
        .merge(organisation::regulations::routes())
        .merge(kit::page::router())
        .into_router()
        .layer(axum::middleware::from_fn_with_state(app.clone(), identify))
        .with_state(app);
    Browser { router, lang: "vi", person: "officer" }
}

#[tokio::test]
async fn from_an_alert_to_a_filed_receipt_through_the_forms() {
    let database = test_support::sqlite(&migrations(), bus()).await;
    let house = furnish(&database.db).await;
    let mut browser = browser(&database.db, &house).await;
    browser.see("incidents-none", "/incidents").await;
    browser.see("notices-none", "/notices").await;
    let id = escalate(&database.db, &house).await;
    let here = format!("/incidents/{id}");
    let matrix = browser.see("incidents", "/incidents").await;
    assert!(matrix.contains("Mã web shell") && matrix.contains("SC-SYT-2026-0001"), "{matrix}");
    let incident = browser.see("incident", &here).await;
    assert!(incident.contains("24 giờ tỉnh"), "the strictest duty is on the clock bar: {incident}");

    let unreasoned = browser
        .post(&format!("{here}/severity"), &[("severity", "M4"), ("signs", "data-encrypted"), ("version", "1")])
        .await;
    assert_eq!(unreasoned.status, StatusCode::UNPROCESSABLE_ENTITY, "another level than the signs propose");
    let fields = [("severity", "M2"), ("signs", "data-encrypted"), ("version", "1")];
    assert_eq!(browser.post(&format!("{here}/severity"), &fields).await.status, StatusCode::SEE_OTHER);
    let moved = browser.post(&format!("{here}/state"), &[("to", "confirm"), ("version", "2")]).await;
    assert_eq!(moved.status, StatusCode::SEE_OTHER, "{}", moved.text());
    let noted = browser.post(&format!("{here}/notes"), &[("text", "Đã cô lập máy chủ"), ("at", "")]).await;
    assert_eq!(noted.status, StatusCode::SEE_OTHER);
    assert!(browser.see("incident-timeline", &here).await.contains("Đã cô lập máy chủ"));

    let drafted = browser.post(&format!("{here}/notices"), &[("form", "first-notice")]).await;
    assert_eq!(drafted.status, StatusCode::SEE_OTHER, "{}", drafted.text());
    let notice = drafted.location;
    let draft = browser.see("notice-draft", &notice).await;
    assert!(draft.contains("Hồ sơ sức khỏe"), "pre-filled: {draft}");
    let early = browser
        .post(
            &notice,
            &[
                ("then", "submit"),
                ("version", &version(&draft)),
                ("issuer", "Sở Y tế"),
                ("symbol", "SYT"),
                ("place", "Bình Lâm"),
                ("recipients", "ministry-force"),
                ("recipients", "provincial-police"),
            ],
        )
        .await;
    assert_eq!(early.status, StatusCode::UNPROCESSABLE_ENTITY, "required fields are empty");
    let kept = early.text();
    assert!(kept.contains("error-summary") && kept.contains("value=\"SYT\""), "what was typed is kept");
    let law = response::law::law();
    let label = law.form("first-notice").expect("the form").fields().find(|field| field.id == "scope");
    let named = format!("<a href=\"#scope\">{}: Không được để trống</a>", label.expect("a field").label.vi);
    assert!(kept.contains(&named), "the summary names the field and leads to it: {kept}");
    let version_now = version(&kept);
    let form = law.form("first-notice").expect("the form");
    let mut fields: Vec<(&str, &str)> =
        form.fields().filter(|field| field.required).map(|field| (field.id.as_str(), "Đã xác minh")).collect();
    fields.extend([
        ("then", "submit"),
        ("version", &version_now),
        ("issuer", "Sở Y tế"),
        ("symbol", "SYT"),
        ("place", "Bình Lâm"),
        ("recipients", "ministry-force"),
        ("recipients", "provincial-police"),
    ]);
    let contradicting = browser.post(&notice, &fields).await;
    assert_eq!(contradicting.status, StatusCode::UNPROCESSABLE_ENTITY, "the incident is classified otherwise");
    let told = contradicting.text();
    assert!(told.contains("Khác với hồ sơ sự cố: hồ sơ ghi “M2") && told.contains("name=\"take\""), "{told}");
    let version_now = version(&told);
    fields.retain(|(name, _)| *name != "version");
    fields.extend([("version", version_now.as_str()), ("take", "severity")]);
    let submitted = browser.post(&notice, &fields).await;
    assert_eq!(submitted.status, StatusCode::SEE_OTHER, "{}", submitted.text());

    browser.person = "above";
    let looked_at = browser.see("notice-above", &notice).await;
    assert!(!looked_at.contains("/approve\"") && !looked_at.contains("/return\""), "{looked_at}");
    assert!(looked_at.contains("người đứng đầu cơ quan báo cáo phê duyệt"), "{looked_at}");
    for act in ["approve", "return"] {
        let fields = [("reason", "x"), ("version", "3")];
        let forced = browser.post(&format!("{notice}/{act}"), &fields).await;
        assert_eq!(forced.status, StatusCode::UNPROCESSABLE_ENTITY, "{act}");
    }
    browser.person = "head";
    browser.see("notices", "/notices").await;
    let waiting = browser.see("notice-approval", &notice).await;
    assert!(waiting.contains("Khối ký") && waiting.contains("Giám đốc"), "{waiting}");
    let wrong = browser.post(&format!("{notice}/approve"), &[("number", "0"), ("version", &version(&waiting))]).await;
    assert!(wrong.text().contains("<a href=\"#number\">Số văn bản: Không đúng định dạng</a>"), "{}", wrong.text());
    let approved =
        browser.post(&format!("{notice}/approve"), &[("number", "17"), ("version", &version(&waiting))]).await;
    assert_eq!(approved.status, StatusCode::SEE_OTHER, "{}", approved.text());
    browser.person = "officer";
    let ready = browser.see("notice-approved", &notice).await;
    assert!(ready.contains("17/BC-SYT"), "{ready}");
    let docx = browser.get(&format!("{notice}/document.docx")).await;
    assert!(docx.status == StatusCode::OK && docx.body.starts_with(b"PK"));
    if let Ok(directory) = std::env::var("LUYTRE_PAGES") {
        std::fs::write(format!("{directory}/notice.docx"), &docx.body).expect("kept");
    }
    let properties = part(&docx.body, "docProps/core.xml");
    for piece in ["<dc:title>BÁO CÁO: ", "<dc:creator>Sở Y tế</dc:creator>", "2026-11-21T19:30:00Z</dcterms:modified>"]
    {
        assert!(properties.contains(piece), "{piece} is not in {properties}");
    }
    let early = [("channel", "paper"), ("sent_at", "2026-11-21T00:00"), ("version", &version(&ready))];
    let early = browser.post(&format!("{notice}/sent"), &early).await.text();
    assert!(early.contains("<a href=\"#sent_at\">Gửi lúc: Lúc gửi phải sau khi phê duyệt"), "{early}");
    assert!(early.contains("value=\"paper\" selected") && early.contains("2026-11-21T00:00"), "what was typed is kept");
    let sent = browser
        .post(
            &format!("{notice}/sent"),
            &[("channel", "document-system"), ("sent_at", ""), ("version", &version(&ready))],
        )
        .await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
    let sent = browser.see("notice-sent", &notice).await;
    let fields = [("reference", "GN-17"), ("received_at", ""), ("version", &version(&sent))];
    let filed = browser.post(&format!("{notice}/receipt"), &fields.map(|(name, value)| (name, value as &str))).await;
    assert_eq!(filed.status, StatusCode::SEE_OTHER, "{}", filed.text());

    for lang in ["vi", "en"] {
        browser.lang = lang;
        for (name, path) in [
            ("matrix", "/incidents?state=all".to_owned()),
            ("found", "/incidents?q=khong-co".to_owned()),
            ("new", "/incidents/new".to_owned()),
            ("timeline", here.clone()),
            ("evidence", format!("{here}?tab=evidence")),
            ("documents", format!("{here}?tab=documents")),
            ("facts", format!("{here}?tab=facts")),
            ("notice", notice.clone()),
            ("list", "/notices".to_owned()),
        ] {
            browser.see(name, &path).await;
        }
    }
    let csv = browser.get("/incidents?state=all&format=csv").await.text();
    assert!(csv.contains("SC-SYT-2026-0001"), "{csv}");
    let alert = browser.get("/incidents/of-alert/alert-1").await;
    assert_eq!(alert.location, here);
    browser.person = "reader";
    assert_eq!(browser.get("/incidents").await.status, StatusCode::FORBIDDEN);
    assert_eq!(browser.get(&format!("{notice}/document.docx")).await.status, StatusCode::FORBIDDEN);
}

fn part(package: &[u8], name: &str) -> String {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(package)).expect("a zip archive");
    std::io::read_to_string(archive.by_name(name).expect("the part")).expect("UTF-8")
}

#[tokio::test]
async fn the_errors_of_each_form_lead_to_its_own_fields_and_what_was_typed_is_kept() {
    let database = test_support::sqlite(&migrations(), bus()).await;
    let house = furnish(&database.db).await;
    let browser = browser(&database.db, &house).await;
    let here = format!("/incidents/{}", escalate(&database.db, &house).await);
    let wrong = async |act: &str, fields: &[(&str, &str)]| {
        let seen = browser.post(&format!("{here}/{act}"), fields).await;
        assert_eq!(seen.status, StatusCode::UNPROCESSABLE_ENTITY, "{act}: {}", seen.text());
        seen.text()
    };
    let fields = [("kind", "occurred"), ("known_by", "document"), ("reference", "CV 12"), ("reason", "theo biên bản")];
    let future = [("at", "2027-01-01T00:00")].into_iter().chain(fields).collect::<Vec<_>>();
    let times = wrong("times", &future).await;
    assert!(times.contains("<a href=\"#at\">Thời điểm (giờ Việt Nam): Thời điểm này chưa tới.</a>"), "{times}");
    assert!(times.contains("value=\"CV 12\"") && times.contains("2027-01-01T00:00"), "{times}");
    assert!(times.contains("value=\"document\" selected"), "{times}");
    let severity = wrong("severity", &[("severity", "M4"), ("signs", "data-encrypted"), ("version", "1")]).await;
    assert!(severity.contains("<a href=\"#severity-reason\">Lý do chọn mức: "), "{severity}");
    assert!(severity.contains("value=\"data-encrypted\" checked") && severity.contains("value=\"M4\" selected"));
    assert_eq!(severity.matches("field-error").count(), 1, "the reason of another form is not wrong: {severity}");
    let facts = [("title", ""), ("description", "Đã xem"), ("version", "1")];
    let facts = wrong("facts", &facts).await;
    assert!(facts.contains("<a href=\"#title\">Tên sự cố: Không được để trống</a>"), "{facts}");
    assert!(facts.contains(">Đã xem</textarea>"), "{facts}");
    let note = wrong("notes", &[("text", "Chưa xảy ra"), ("at", "2027-01-01T00:00")]).await;
    assert!(note.contains("<a href=\"#note-at\">") && note.contains(">Chưa xảy ra</textarea>"), "{note}");
    let opened = browser.post("/incidents", &[("title", ""), ("agency_id", house.health.as_str())]).await.text();
    assert!(opened.contains("<a href=\"#title\">Tên sự cố: Không được để trống</a>"), "{opened}");
}

#[tokio::test]
async fn the_timeline_tells_both_values_of_a_time_who_changed_it_and_why() {
    let database = test_support::sqlite(&migrations(), bus()).await;
    let house = furnish(&database.db).await;
    let mut browser = browser(&database.db, &house).await;
    let here = format!("/incidents/{}", escalate(&database.db, &house).await);
    for (at, reason) in [("2026-11-22T01:30", "camera"), ("2026-11-22T01:05", "bản ghi sớm hơn")] {
        let fields = [("kind", "occurred"), ("at", at), ("known_by", "person"), ("reason", reason)];
        let seen = browser.post(&format!("{here}/times"), &fields).await;
        assert_eq!(seen.status, StatusCode::SEE_OTHER, "{}", seen.text());
    }
    let timeline = browser.see("times", &here).await;
    assert!(timeline.contains("Xảy ra: 22/11/2026 01:30 → 22/11/2026 01:05. Lý do: bản ghi sớm hơn"), "{timeline}");
    assert!(timeline.contains("→ 22/11/2026 01:30. Lý do: camera"), "{timeline}");
    assert!(timeline.contains("Trần Văn Bộ"), "who changed it");
    assert!(timeline.contains("theo ghi nhận của: Trần Văn Bộ"), "{timeline}");
    browser.lang = "en";
    let timeline = browser.see("times", &here).await;
    assert!(timeline.contains("Reason: bản ghi sớm hơn"), "{timeline}");
}

#[tokio::test]
async fn what_comes_twice_is_done_once() {
    let database = test_support::sqlite(&migrations(), bus()).await;
    let house = furnish(&database.db).await;
    let browser = browser(&database.db, &house).await;
    let form = browser.see("new", "/incidents/new").await;
    let token = hidden(&form, "request");
    let fields = |title: &'static str| [("title", title), ("agency_id", house.health.as_str()), ("request", &token)];
    let first = browser.post("/incidents", &fields("Máy chủ ngừng")).await;
    assert_eq!(first.status, StatusCode::SEE_OTHER, "{}", first.text());
    let again = browser.post("/incidents", &fields("Máy chủ ngừng")).await;
    assert_eq!((again.status, &again.location), (StatusCode::SEE_OTHER, &first.location), "a double click");
    let other = browser.post("/incidents", &fields("Máy chủ khác ngừng")).await;
    assert_ne!(other.location, first.location, "the form was gone back to and filled anew");

    let here = first.location.clone();
    let token = hidden(&browser.see("once", &here).await, "request");
    for _ in 0..2 {
        let noted = browser.post(&format!("{here}/notes"), &[("text", "Đã gọi điện"), ("request", &token)]).await;
        assert_eq!(noted.status, StatusCode::SEE_OTHER, "{}", noted.text());
    }
    assert_eq!(browser.see("noted", &here).await.matches("Đã gọi điện").count(), 1);
    let draft = [("form", "first-notice"), ("request", token.as_str())];
    let notice = browser.post(&format!("{here}/notices"), &draft).await.location;
    assert_eq!(browser.post(&format!("{here}/notices"), &draft).await.location, notice);
}
