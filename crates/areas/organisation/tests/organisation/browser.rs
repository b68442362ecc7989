//! A browser without a screen: keeps cookies, follows nothing by itself, sends the CSRF secret of the page it
//! last saw unless told otherwise. Behind it stand the area's real routes with the real middleware.

use crate::province::Province;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Method, Request, StatusCode, header};
use axum::{Router, middleware};
use kit::app::{App, AppParts, Ports, Settings};
use kit::catalogue::{Catalogue, QueryAnswer, QueryLimits, TableSpec};
use kit::live::Live;
use kit::web::{identify, secure};
use kit::{Error, Scope};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use tower::ServiceExt;

/// There is no event store behind these tests, and nothing here asks one.
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

pub(crate) fn app(province: &Province, demonstration: bool) -> App {
    app_with(province, demonstration, Ports::default())
}

/// The same with more ports.
pub(crate) fn app_with(province: &Province, demonstration: bool, mut ports: Ports) -> App {
    ports.insert(province.sign_in.clone());
    ports.insert(organisation::Policies::clone(&province.policies));
    ports.insert(crate::regulations::notes());
    let area = organisation::area();
    App::new(AppParts {
        db: province.db.clone(),
        clock: Arc::new(province.clock.clone()),
        catalogue: Arc::new(NoCatalogue),
        authenticate: Arc::new(province.sign_in.clone()),
        live: Live::default(),
        settings: Settings { demonstration, secure_cookies: false, ..Settings::default() },
        navigation: area.navigation,
        slots: area.slots,
        counters: area.counters,
        finders: area.finders,
        ports,
    })
}

pub(crate) fn site(app: &App) -> Router {
    let area = organisation::area();
    area.routes
        .into_router()
        .layer(middleware::from_fn_with_state(app.clone(), identify))
        .layer(middleware::from_fn(secure))
        .with_state(app.clone())
}

pub(crate) struct Browser {
    site: Router,
    pub(crate) cookies: BTreeMap<String, String>,
    pub(crate) csrf: String,
    pub(crate) address: SocketAddr,
    pub(crate) host: &'static str,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: axum::http::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn location(&self) -> &str {
        self.headers.get(header::LOCATION).map_or("", |value| value.to_str().unwrap())
    }
}

impl Browser {
    pub(crate) fn new(site: &Router) -> Self {
        Self {
            site: site.clone(),
            cookies: BTreeMap::new(),
            csrf: String::new(),
            address: "127.0.0.1:4711".parse().unwrap(),
            host: "localhost:8080",
        }
    }

    pub(crate) async fn send(
        &mut self,
        method: Method,
        path: &str,
        form: Option<String>,
        extra: &[(&str, &str)],
    ) -> Answer {
        let mut request =
            Request::builder().method(method).uri(path).header("host", self.host).header("accept", "text/html");
        if !self.cookies.is_empty() {
            let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header("cookie", cookies.join("; "));
        }
        for (name, value) in extra {
            request = request.header(*name, *value);
        }
        if form.is_some() {
            request = request.header("content-type", "application/x-www-form-urlencoded");
        }
        let mut request = request.body(Body::from(form.unwrap_or_default())).unwrap();
        request.extensions_mut().insert(ConnectInfo(self.address));
        let response = self.site.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        for cookie in headers.get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let (pair, rest) = cookie.split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if rest.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let bytes = axum::body::to_bytes(response.into_body(), 4_000_000).await.unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((_, rest)) = text.split_once("name=\"csrf\" value=\"") {
            self.csrf = rest.split('"').next().unwrap().to_owned();
        }
        Answer { status, headers, text }
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.send(Method::GET, path, None, &[]).await
    }

    /// Posts a form with the proof of the last page.
    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut fields = fields.to_vec();
        let csrf = self.csrf.clone();
        fields.push(("csrf", &csrf));
        self.post_bare(path, &fields).await
    }

    /// Posts exactly these fields.
    pub(crate) async fn post_bare(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let form: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
        self.send(Method::POST, path, Some(form.join("&")), &[]).await
    }

    pub(crate) async fn sign_in(&mut self, account: &str, password: &str) -> Answer {
        self.post_bare("/sign-in", &[("account", account), ("password", password), ("to", "/me")]).await
    }

    /// Signs in and looks at the own page, so that the CSRF secret is known.
    pub(crate) async fn enter(site: &Router, account: &str) -> Self {
        let mut browser = Self::new(site);
        let answer = browser.sign_in(account, crate::province::PASSWORD).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{account}: {}", answer.text);
        assert_eq!(browser.get("/me").await.status, StatusCode::OK);
        browser
    }
}

fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
