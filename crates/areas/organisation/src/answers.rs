//! Answers that several pages of the area give alike: a form again with its errors, a time in a CSV.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kit::Lang;
use kit::civil::{is_midnight, local};
use kit::clock::Micros;
use kit::web::Html;

/// A form shown again: 422 where something is wrong with it.
pub(crate) fn again(html: Html) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, html).into_response()
}

/// Absolute time for a CSV: `2026-11-21 09:12` in Vietnamese time, empty for none.
pub(crate) fn csv_time(at: Option<Micros>) -> String {
    at.map(|at| local(at).strftime("%Y-%m-%d %H:%M").to_string()).unwrap_or_default()
}

/// The same of an end; what ends with a day ends in its last minute.
pub(crate) fn csv_end(at: Option<Micros>) -> String {
    csv_time(at.map(|at| if is_midnight(at) { at - 1 } else { at }))
}

/// Text of a key outside a page (CSV heads).
pub(crate) fn text(lang: Lang, key: &str) -> String {
    kit::locale::texts().text(lang, key)
}
