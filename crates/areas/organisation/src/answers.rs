//! Answers that several pages of the area give alike: a form again with its errors, a time typed into a form.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kit::Lang;
use kit::clock::{Micros, VIETNAM_OFFSET_SECONDS};
use kit::web::Html;

/// A form shown again: 422 where something is wrong with it.
pub(crate) fn again(html: Html) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, html).into_response()
}

/// `2026-11-21T07:00` or `2026-11-21` as typed into a form, in Vietnamese time. `None` for an empty or
/// impossible one.
pub(crate) fn local_time(text: &str) -> Option<Micros> {
    let text = text.trim();
    let time: jiff::civil::DateTime = match text.parse::<jiff::civil::DateTime>() {
        Ok(time) => time,
        Err(_) => text.parse::<jiff::civil::Date>().ok()?.to_datetime(jiff::civil::Time::midnight()),
    };
    let offset = jiff::tz::Offset::from_seconds(VIETNAM_OFFSET_SECONDS).ok()?;
    offset.to_timestamp(time).ok().map(|time| time.as_microsecond())
}

/// The same the other way, for the value of a field.
pub(crate) fn field_time(at: Micros) -> String {
    local(at).strftime("%Y-%m-%dT%H:%M").to_string()
}

/// Civil time in Vietnam.
pub(crate) fn local(at: Micros) -> jiff::civil::DateTime {
    let offset = jiff::tz::Offset::from_seconds(VIETNAM_OFFSET_SECONDS).unwrap_or(jiff::tz::Offset::UTC);
    offset.to_datetime(jiff::Timestamp::from_microsecond(at).unwrap_or(jiff::Timestamp::UNIX_EPOCH))
}

/// Absolute time for a CSV: `2026-11-21 09:12` in Vietnamese time, empty for none.
pub(crate) fn csv_time(at: Option<Micros>) -> String {
    at.map(|at| local(at).strftime("%Y-%m-%d %H:%M").to_string()).unwrap_or_default()
}

/// Text of a key outside a page (CSV heads).
pub(crate) fn text(lang: Lang, key: &str) -> String {
    kit::locale::texts().text(lang, key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_times_are_vietnamese() {
        assert_eq!(local_time("2026-11-21T09:12"), Some(1_795_227_120_000_000));
        assert_eq!(local_time("2026-11-21"), Some(1_795_194_000_000_000));
        assert_eq!(field_time(1_795_227_120_000_000), "2026-11-21T09:12");
        for text in ["", "hôm nay", "2026-13-01", "9999999-01-01T00:00"] {
            assert_eq!(local_time(text), None, "{text}");
        }
    }
}
