//! Extractors: a signed-in visitor, a machine with a key, a guest.

use crate::app::App;
use crate::db::{ScopedDb, Tx, View};
use crate::error::Error;
use crate::locale::{Lang, texts};
use crate::page::{Address, Counter, Flash, NavigationItem, Page, PageParts, PersonBadge, Theme};
use crate::scope::{Capability, Scope};
use crate::session::{Session, language, theme};
use crate::web::answer::{Fail, Refused, Unaddressed, refused_by_router};
use crate::web::flash;
use crate::web::headers::kept_to_this_host;
use crate::web::page_rules::OpenPages;
use crate::web::rates::RequestRates;
use crate::web::routes::{Access, Needed, Ruled};
use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// Middleware: asks once who this is and leaves the answer in the request.
pub async fn identify(State(app): State<App>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    // Nothing has NUL in its name, and PostgreSQL takes none in a question.
    if parts.uri.path_and_query().is_some_and(|address| address.as_str().contains("%00")) {
        return Fail::new(Error::mistake("text-nul", []), &parts).into();
    }
    match app.authenticate.session(&parts).await {
        Ok(Some(mut session)) => {
            let rates = app.ports.get::<RequestRates>();
            if let Some(Err(error)) = rates.map(|rates| rates.take(&session, parts.uri.path(), app.clock.now())) {
                return Fail::new(error, &parts).into();
            }
            session.scope = session.scope.asking(&peer(&parts), &session.agency_id);
            parts.extensions.insert(Arc::new(session));
        }
        Ok(None) => {}
        Err(error) => return Fail::new(error, &parts).into(),
    }
    let asked = parts.clone();
    let response = next.run(Request::from_parts(parts, body)).await;
    let ruled = response.extensions().get::<Ruled>().copied();
    // An error that came by `?` did not know the asker: it is said again in the right language and form.
    let response = match response.extensions().get::<Unaddressed>() {
        Some(Unaddressed(error)) => Fail::to(Arc::clone(error), &asked).into(),
        None if refuses_plainly(&response) => refused_by_router(&asked, response).await,
        None => response,
    };
    let refused = match response.extensions().get::<Refused>() {
        Some(Refused(right)) => *right,
        // Doors that answer in the words of their own protocol do not say which.
        None => (response.status() == StatusCode::FORBIDDEN).then_some("unsaid"),
    };
    let helped = match refused {
        Some(right) => {
            tell_refused(&app, &asked, right).await;
            helped(&app, &asked, right, ruled).await
        }
        None => None,
    };
    let response = helped.unwrap_or(response);
    let response = flash::forget_shown(&asked, response);
    if app.settings.secure_cookies { kept_to_this_host(response) } else { response }
}

/// A right that was refused is a line of the log, whoever asked; the rest is for who knows the asker.
async fn tell_refused(app: &App, asked: &Parts, right: &'static str) {
    let session = asked.extensions.get::<Arc<Session>>();
    let actor = session.map(|session| session.scope.actor().id()).unwrap_or_default();
    let (method, path) = (asked.method.as_str(), asked.uri.path());
    tracing::warn!(actor, from = peer(asked), method, path, right, "refused");
    if let Some(session) = session {
        app.authenticate.refused(session, asked, right).await;
    }
}

/// The page of a refusal once more, for a person who lacks a right where they act now: with the other reaches of theirs that
/// have it, or whom to ask.
async fn helped(app: &App, asked: &Parts, right: &'static str, ruled: Option<Ruled>) -> Option<Response> {
    let session = asked.extensions.get::<Arc<Session>>().filter(|session| !session.api_key)?;
    let capability = Capability::from_name(right)?;
    let fail = Fail::new(Error::Forbidden(right), asked);
    let lang = fail.reader()?;
    let needed = Needed {
        access: ruled.map_or(Access::SignedIn, |ruled| ruled.access),
        right: (!ruled.is_some_and(|ruled| ruled.by_rule)).then_some(capability),
    };
    // Whoever has the right and is refused all the same is refused for what it was asked of.
    if needed.is_met(|one| session.scope.may(one)) {
        return None;
    }
    match app.authenticate.help(session, needed, lang).await {
        Ok(help) => Some(fail.helped(help, &session.csrf).into()),
        Err(error) => {
            tracing::warn!(%error, "what helps somebody who was refused is not known");
            None
        }
    }
}

/// Address of the other end; empty where the server does not know it.
fn peer(parts: &Parts) -> String {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    peer.map(|peer| peer.0.ip().to_canonical().to_string()).unwrap_or_default()
}

/// Rows of an answer where a program does not say how many.
const ROWS: u64 = 100;

/// Rows that an asker wants to leave out; databases count them with a sign.
pub fn rows_to_skip(offset: u64) -> Result<u64, Error> {
    match i64::try_from(offset) {
        Ok(_) => Ok(offset),
        Err(_) => Err(Error::BadRequest(format!("offset {offset} is beyond what can be counted"))),
    }
}

/// Refusals of the router come as plain text; a method that is not offered comes without any.
fn refuses_plainly(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    response.status().is_client_error()
        && kind.map_or(response.status() == StatusCode::METHOD_NOT_ALLOWED, |kind| kind.starts_with("text/plain"))
}

/// A visitor who has signed in, with everything a handler needs.
#[derive(Clone)]
pub struct Visit {
    pub app: App,
    pub session: Arc<Session>,
    pub lang: Lang,
    pub theme: Theme,
    /// Path and query as asked.
    pub address: Address,
    /// Message left by the act before this page.
    pub flash: Option<Flash>,
    /// `htmx` asks for a part of the page only.
    pub partial: bool,
}

impl Visit {
    pub fn scope(&self) -> &Scope {
        &self.session.scope
    }

    pub fn require(&self, capability: Capability) -> Result<(), Error> {
        self.scope().require(capability)
    }

    /// Which part of a list a program asks for: how many rows (`limit`, no more than `most`), and how many before them are
    /// left out (`offset`).
    pub fn rows_asked(&self, most: u64) -> Result<(u64, u64), Error> {
        let number = |name: &str| self.address.value(name).and_then(|text| text.parse::<u64>().ok());
        let offset = rows_to_skip(number("offset").unwrap_or(0))?;
        Ok((number("limit").unwrap_or(ROWS).clamp(1, most), offset))
    }

    /// The text under `key` in the visitor's language.
    pub fn t(&self, key: &str) -> String {
        texts().text(self.lang, key)
    }

    pub fn now(&self) -> i64 {
        self.app.clock.now()
    }

    fn db(&self) -> ScopedDb<'_> {
        self.app.db.scoped(self.scope())
    }

    pub fn read(&self) -> View<'_> {
        self.db().read()
    }

    pub async fn begin(&self) -> Result<Tx<'_>, Error> {
        self.db().begin().await
    }

    /// The frame of the page for this visitor: navigation and counters as far as the scope allows.
    pub async fn page(&self) -> Result<Page, Error> {
        let open = OpenPages::to(&self.app, self.scope());
        let mut counters: Vec<Counter> = Vec::new();
        for counter in &self.app.counters {
            counters.extend(counter(&self.app, self.scope()).await?);
        }
        Ok(Page::new(PageParts {
            lang: self.lang,
            theme: self.theme,
            address: self.address.clone(),
            csrf: self.session.csrf.clone(),
            centre: self.app.settings.centre.clone(),
            person: Some(PersonBadge {
                id: self.scope().person_id().unwrap_or_default().to_owned(),
                name: self.session.person_name.clone(),
                role: texts().text(self.lang, &self.session.role_key),
                agency: self.session.agency_name.clone(),
                href: "/me".to_owned(),
            }),
            scopes: Vec::new(),
            navigation: navigation(&self.app, self.scope(), &open),
            counters,
            flash: self.flash.clone().into_iter().collect(),
            now: self.now(),
            live: Some("/live".to_owned()),
            open,
        }))
    }

    /// HTML of all fragments of a place that this visitor may see, in order: heading key and HTML. A fragment
    /// that fails or takes over two seconds becomes a box that says so; the page stands.
    pub async fn fragments(&self, place: &str, key: &str) -> Vec<SlotContent> {
        let mut contents = Vec::new();
        for slot in self.app.slots_of(place) {
            if slot.capability.is_some_and(|capability| !self.scope().may(capability)) {
                continue;
            }
            let fragment = (slot.fragment)(&self.app, self.scope(), self.lang, key);
            let html = match tokio::time::timeout(std::time::Duration::from_secs(2), fragment).await {
                Ok(Ok(html)) => html,
                Ok(Err(error)) => {
                    tracing::error!(place, %error, "fragment failed");
                    format!("<p class=\"flash flash-problem\">{}</p>", texts().text(self.lang, "error-unavailable"))
                }
                Err(_) => {
                    format!("<p class=\"flash flash-problem\">{}</p>", texts().text(self.lang, "error-unavailable"))
                }
            };
            if !html.is_empty() {
                contents.push(SlotContent { title_key: slot.title_key, html });
            }
        }
        contents
    }
}

/// What one slot gave.
#[derive(Debug, Clone)]
pub struct SlotContent {
    pub title_key: &'static str,
    pub html: String,
}

fn address(parts: &Parts) -> Address {
    Address::parse(parts.uri.path_and_query().map_or("/", |address| address.as_str()))
}

/// Order of the groups in the left navigation, with the icon of each (`ui.md`, frame).
const GROUPS: [(&str, &str); 8] = [
    ("duty", "shell-group-duty"),
    ("monitoring", "shell-group-monitoring"),
    ("response", "shell-group-response"),
    ("assurance", "shell-group-assurance"),
    ("exchange", "shell-group-exchange"),
    ("direction", "shell-group-direction"),
    ("outreach", "shell-group-outreach"),
    ("organisation", "shell-group-organisation"),
];

fn navigation(app: &App, scope: &Scope, open: &OpenPages) -> Vec<NavigationItem> {
    let mut groups = Vec::new();
    for (group, key) in GROUPS {
        let mut items: Vec<_> = app
            .navigation
            .iter()
            .filter(|item| item.group == group && item.needs.iter().all(|needed| scope.may(*needed)))
            .filter(|item| open.opens(item.path))
            .collect();
        items.sort_by_key(|item| item.order);
        let Some(first) = items.first() else { continue };
        let children = items.iter().map(|item| NavigationItem::new(item.key, item.icon, item.path)).collect::<Vec<_>>();
        let entry = NavigationItem::new(key, first.icon, first.path);
        groups.push(if children.len() > 1 { entry.with_children(children) } else { entry });
    }
    groups
}

impl FromRequestParts<App> for Visit {
    type Rejection = Fail;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Fail> {
        let Some(session) = parts.extensions.get::<Arc<Session>>().cloned() else {
            return Err(Fail::new(Error::Unauthenticated, parts));
        };
        Ok(Self {
            app: app.clone(),
            session,
            lang: language(parts),
            theme: theme(parts),
            address: address(parts),
            flash: flash::read(parts),
            partial: parts.headers.contains_key("hx-request") && !parts.headers.contains_key("hx-boosted"),
        })
    }
}

/// Asks again who is there, while something is sent for long: sessions end, keys are revoked and roles change meanwhile.
pub struct Renewal {
    app: App,
    parts: Parts,
}

impl Renewal {
    /// The session as it is now; nothing where it has ended.
    pub async fn session(&self) -> Result<Option<Session>, Error> {
        self.app.authenticate.session(&self.parts).await
    }

    /// Waits until the session is over or may do other things elsewhere than `scope`. Asked every few seconds.
    pub async fn over(self, scope: Scope) {
        loop {
            tokio::time::sleep(ASKED_EVERY).await;
            match self.session().await {
                Ok(Some(session)) if session.scope.reaches_like(&scope) => {}
                _ => return,
            }
        }
    }
}

/// How often it is asked whether somebody may still look on.
pub const ASKED_EVERY: Duration = Duration::from_secs(10);

impl FromRequestParts<App> for Renewal {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        Ok(Self { app: app.clone(), parts: parts.clone() })
    }
}

/// A request of the API: a key, or a signed-in person whose changing requests carry `X-CSRF-Token`; the guard of the
/// route has asked for it.
#[derive(Clone)]
pub struct ApiVisit(pub Visit);

impl FromRequestParts<App> for ApiVisit {
    type Rejection = Fail;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Fail> {
        let visit = Visit::from_request_parts(parts, app).await?;
        let proven = visit.session.api_key || parts.method.is_safe() || super::form::is_proven(parts);
        if proven { Ok(Self(visit)) } else { Err(Fail::new(Error::Forbidden("csrf"), parts)) }
    }
}

/// A visitor without account: sign-in and public pages.
#[derive(Clone)]
pub struct Guest {
    pub app: App,
    pub lang: Lang,
    pub theme: Theme,
    pub address: Address,
    pub flash: Option<Flash>,
    /// Present where the guest is signed in after all.
    pub session: Option<Arc<Session>>,
}

impl FromRequestParts<App> for Guest {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        Ok(Self {
            app: app.clone(),
            lang: language(parts),
            theme: theme(parts),
            address: address(parts),
            flash: flash::read(parts),
            session: parts.extensions.get::<Arc<Session>>().cloned(),
        })
    }
}

impl Guest {
    /// The plain frame: no navigation, no counters.
    pub fn page(&self) -> Page {
        Page::new(PageParts {
            lang: self.lang,
            theme: self.theme,
            address: self.address.clone(),
            centre: self.app.settings.centre.clone(),
            flash: self.flash.clone().into_iter().collect(),
            now: self.app.clock.now(),
            ..PageParts::default()
        })
    }
}
