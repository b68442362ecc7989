//! Language and theme. They live in cookies: they change no record, and guests have them too.

use super::Origin;
use super::cookie::preference_cookie;
use super::door::local;
use axum::extract::Form as PlainForm;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use kit::web::Fail;
use kit::{Error, Lang};
use serde::Deserialize;

#[derive(Deserialize)]
pub(super) struct Preferences {
    #[serde(default)]
    lang: String,
    #[serde(default)]
    theme: String,
    #[serde(default)]
    to: String,
}

pub(super) async fn set_preferences(origin: Origin, PlainForm(form): PlainForm<Preferences>) -> Result<Response, Fail> {
    if !origin.same_site {
        return Err(Error::Forbidden("cross-site").into());
    }
    let mut response = Redirect::to(&local(&form.to)).into_response();
    let mut keep = |name, value| {
        if let Ok(value) = HeaderValue::from_str(&preference_cookie(name, value)) {
            response.headers_mut().append(header::SET_COOKIE, value);
        }
    };
    if let Some(lang) = Lang::from_code(&form.lang) {
        keep("lang", lang.code());
    }
    if matches!(form.theme.as_str(), "light" | "dark") {
        keep("theme", &form.theme);
    }
    Ok(response)
}
