//! The message after an act. It travels in a short-lived cookie as the key of a text, so nothing that a person
//! typed is ever shown back from there.

use crate::locale::texts;
use crate::page::{Flash, FlashKind};
use crate::session::{cookie, language};
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};

/// Goes to `path` and shows the text under `key` there.
pub fn see_other_saying(path: impl AsRef<str>, kind: FlashKind, key: &'static str) -> Response {
    let value = format!("flash={}.{key}; Path=/; Max-Age=15; HttpOnly; SameSite=Lax", kind.code());
    ([(header::SET_COOKIE, value)], Redirect::to(path.as_ref())).into_response()
}

pub(crate) fn read(parts: &Parts) -> Option<Flash> {
    let (kind, key) = cookie(parts, "flash")?.split_once('.')?;
    let kind = [FlashKind::Done, FlashKind::Note, FlashKind::Problem].into_iter().find(|one| one.code() == kind)?;
    let lang = language(parts);
    texts().has(lang, key).then(|| Flash { kind, text: texts().text(lang, key) })
}

/// Ends a message once a whole page has shown it, so that the next page does not say it again.
pub(crate) fn forget_shown(asked: &Parts, mut response: Response) -> Response {
    let page =
        response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    let says_another = response.headers().contains_key(header::SET_COOKIE);
    let whole = !asked.headers.contains_key("hx-request");
    if page && whole && !says_another && cookie(asked, "flash").is_some() {
        let ended = HeaderValue::from_static("flash=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
        response.headers_mut().append(header::SET_COOKIE, ended);
    }
    response
}
