//! Answers: HTML from templates, redirects, and errors in the form the asker understands. The whole error
//! policy stands in this file.

use crate::error::{Error, FieldError};
use crate::id::new_id;
use crate::locale::{Lang, texts};
use crate::session::{Help, language};
use askama::Template;
use axum::Json;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use std::sync::Arc;

const PROBLEM: &str = "application/problem+json";

/// A rendered page or fragment.
pub type Html = axum::response::Html<String>;

/// Renders a template.
pub fn render(template: &impl Template) -> Result<Html, Error> {
    template.render().map(axum::response::Html).map_err(Error::internal)
}

/// After a successful form: go and see the result.
pub fn see_other(path: impl AsRef<str>) -> Response {
    Redirect::to(path.as_ref()).into_response()
}

/// An error on its way to the asker. Handlers return `Result<_, Fail>`; `?` turns [`Error`] into it.
#[derive(Debug)]
pub struct Fail {
    error: Arc<Error>,
    lang: Lang,
    /// Where a guest wanted to go.
    wanted: Option<String>,
    json: bool,
    partial: bool,
    /// Whether the request would have changed something.
    changes: bool,
    /// Whether the asker is known; [`super::identify`] answers again where not.
    addressed: bool,
    /// What helps the asker, and the secret that forms of the page send back.
    help: Option<(Help, String)>,
}

/// Left in an answer by an error that did not know the asker.
#[derive(Clone)]
pub(super) struct Unaddressed(pub Arc<Error>);

/// Left in an answer that lets nobody through: the right that is missing; nothing where it is signing in that is not
/// finished. [`super::identify`] tells of it.
#[derive(Clone, Copy)]
pub(super) struct Refused(pub Option<&'static str>);

impl Fail {
    /// With what the request says about the asker.
    pub fn new(error: Error, parts: &Parts) -> Self {
        Self::to(Arc::new(error), parts)
    }

    pub(super) fn to(error: Arc<Error>, parts: &Parts) -> Self {
        let accepts = |wanted: &str| {
            parts
                .headers
                .get(header::ACCEPT)
                .and_then(|header| header.to_str().ok())
                .is_some_and(|header| header.contains(wanted))
        };
        Self {
            error,
            lang: language(parts),
            wanted: Some(page_of(parts)),
            json: parts.uri.path().starts_with("/api/")
                || !(accepts("text/html") || parts.headers.contains_key("hx-request")),
            partial: parts.headers.contains_key("hx-request"),
            changes: !parts.method.is_safe(),
            addressed: true,
            help: None,
        }
    }

    /// Without knowing the asker: Vietnamese HTML, unless the middleware knows better.
    pub fn plain(error: Error) -> Self {
        Self {
            error: Arc::new(error),
            lang: Lang::Vi,
            wanted: None,
            json: false,
            partial: false,
            changes: true,
            addressed: false,
            help: None,
        }
    }

    /// With what helps the asker, and the secret of the session.
    #[must_use]
    pub(super) fn helped(self, help: Help, csrf: &str) -> Self {
        Self { help: Some((help, csrf.to_owned())), ..self }
    }

    /// The language of the page; nothing where it is told to a program.
    pub(super) fn reader(&self) -> Option<Lang> {
        (!self.json).then_some(self.lang)
    }

    pub fn error(&self) -> &Error {
        &self.error
    }
}

impl From<Error> for Fail {
    fn from(error: Error) -> Self {
        Self::plain(error)
    }
}

impl From<Fail> for Response {
    fn from(fail: Fail) -> Self {
        fail.into_response()
    }
}

/// The page to come back to: the one asked for, or the one that holds the form or the part.
fn page_of(parts: &Parts) -> String {
    let asked = |uri: &Uri| uri.path_and_query().map(ToString::to_string);
    let whole = parts.method.is_safe() && !parts.headers.contains_key("hx-request");
    let page = if whole {
        asked(&parts.uri)
    } else {
        let text = |name: &str| parts.headers.get(name).and_then(|header| header.to_str().ok());
        text("hx-current-url").or_else(|| text("referer")).and_then(|page| asked(&page.parse().ok()?))
    };
    page.unwrap_or_else(|| "/".to_owned())
}

#[derive(serde::Serialize)]
struct Problem<'error> {
    r#type: &'static str,
    title: String,
    status: u16,
    /// Stable, for programs; texts may change.
    code: &'static str,
    detail: String,
    operation_id: String,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'error [FieldError],
}

/// What the router itself refuses (a body, path or query that cannot be read, a method that is not offered) in the form
/// and language of all other errors; its own words are quoted.
pub(super) async fn refused_by_router(asked: &Parts, response: Response) -> Response {
    let (parts, body) = response.into_parts();
    let words = axum::body::to_bytes(body, 16 << 10).await.unwrap_or_default();
    let words = String::from_utf8_lossy(&words).trim().to_owned();
    let mut response = Fail::new(Error::unreadable(parts.status.as_u16(), words), asked).into_response();
    if let Some(methods) = parts.headers.get(header::ALLOW) {
        response.headers_mut().insert(header::ALLOW, methods.clone());
    }
    response
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'text> {
    lang: &'text str,
    stylesheet: String,
    title: String,
    what: String,
    /// What the part that refused says itself.
    words: Option<&'text str>,
    words_head: String,
    kept: String,
    next: String,
    operation: String,
    operation_id: &'text str,
    fields: Vec<String>,
    /// Other reaches of the person in which it may be done: value and label of the button that goes there.
    ways: Vec<(String, String)>,
    ways_head: String,
    ask: &'text str,
    roles: String,
    csrf: &'text str,
    /// Where to go on from there.
    to: &'text str,
}

impl IntoResponse for Fail {
    fn into_response(self) -> Response {
        let operation_id = new_id(jiff::Timestamp::now().as_microsecond());
        let status = StatusCode::from_u16(self.error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        // What is answered again is told once.
        if status.is_server_error() && self.addressed {
            tracing::error!(operation_id, error = %self.error, "request failed");
        }
        let door = match *self.error {
            Error::Unauthenticated => Some("/sign-in"),
            Error::Unconfirmed => Some("/confirm"),
            Error::Due(path) => Some(path),
            _ => None,
        };
        // Who did not know the asker does not know the page to come back to either.
        if let Some(door) = door.filter(|_| self.addressed && !self.json) {
            let wanted = self.wanted.as_deref().unwrap_or("/");
            let query = serde_html_form::to_string([("to", wanted)]).unwrap_or_default();
            let path = format!("{door}?{query}");
            if self.partial {
                return (StatusCode::UNAUTHORIZED, [("hx-redirect", path)]).into_response();
            }
            return Redirect::to(&path).into_response();
        }
        let title = texts().text(self.lang, self.error.key());
        // What went wrong inside is for the log; the asker gets the number to quote.
        let detail = if status.is_server_error() { title.clone() } else { self.error.in_words(self.lang) };
        let fields: &[FieldError] = match &*self.error {
            Error::Invalid(fields) => fields,
            _ => &[],
        };
        let mut response = if self.json {
            let problem = Problem {
                r#type: "about:blank",
                title,
                status: status.as_u16(),
                code: self.error.code(),
                detail,
                operation_id,
                errors: fields,
            };
            let mut response = Json(problem).into_response();
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM));
            response
        } else {
            let (help, csrf) = self.help.unwrap_or_default();
            let is_helped = !help.ways.is_empty() || !help.ask.is_empty();
            let way = |place: &str| texts().text_with(self.lang, "error-way", &[("place", place.into())]);
            let page = ErrorPage {
                lang: self.lang.code(),
                stylesheet: format!("{}/own/style.css", crate::page::assets::PREFIX),
                title,
                what: match &*self.error {
                    Error::Forbidden(right) if is_helped => {
                        let right = texts().text(self.lang, &format!("capability-{right}"));
                        texts().text_with(self.lang, "error-what-403-here", &[("right", right.into())])
                    }
                    Error::Forbidden(_) | Error::Mistake(_) | Error::RateLimited { .. } => detail,
                    _ => texts().text(self.lang, &format!("error-what-{}", status.as_u16())),
                },
                words: self.error.own_words(),
                words_head: texts().text(self.lang, "error-words"),
                kept: texts().text(self.lang, if self.changes { "error-kept" } else { "error-kept-reading" }),
                next: texts().text(self.lang, "error-next"),
                operation: texts().text(self.lang, "error-operation"),
                operation_id: &operation_id,
                fields: fields
                    .iter()
                    .map(|field| format!("{}: {}", field.field, texts().text(self.lang, field.key)))
                    .collect(),
                ways: help.ways.into_iter().map(|one| (one.agency, way(&one.name))).collect(),
                ways_head: texts().text(self.lang, "error-ways"),
                ask: &help.ask,
                roles: texts().text(self.lang, "error-roles"),
                csrf: &csrf,
                to: self.wanted.as_deref().unwrap_or("/"),
            };
            axum::response::Html(page.render().unwrap_or_default()).into_response()
        };
        *response.status_mut() = status;
        let retry_after_seconds = match *self.error {
            Error::RateLimited { retry_after_seconds } => Some(retry_after_seconds),
            Error::Refused { status: 429, .. } => Some(5),
            _ => None,
        };
        if let Some(seconds) = retry_after_seconds {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::FORBIDDEN {
            let right = match *self.error {
                Error::Forbidden(right) => Some(right),
                _ => None,
            };
            response.extensions_mut().insert(Refused(right));
        }
        if !self.addressed {
            response.extensions_mut().insert(Unaddressed(self.error));
        }
        response
    }
}
