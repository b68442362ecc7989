//! Forms of signed-in people. A form is read only if it carries the session's CSRF secret, in the field
//! `csrf` or the header `X-CSRF-Token`.

use crate::app::App;
use crate::error::Error;
use crate::session::Session;
use crate::web::answer::Fail;
use axum::RequestExt;
use axum::extract::{FromRequest, RawForm, Request};
use serde::de::DeserializeOwned;
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// Fields of a posted form.
pub struct Form<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest<App> for Form<T> {
    type Rejection = Fail;

    async fn from_request(request: Request, _app: &App) -> Result<Self, Fail> {
        let (parts, body) = request.into_parts();
        let secret = parts.extensions.get::<Arc<Session>>().map(|session| session.csrf.clone());
        let header = parts.headers.get("x-csrf-token").and_then(|header| header.to_str().ok()).map(ToOwned::to_owned);
        let fail_parts = parts.clone();
        let request = Request::from_parts(parts, body);
        let fail = |error| Fail::new(error, &fail_parts);
        let RawForm(bytes) =
            request.extract().await.map_err(|rejection: axum::extract::rejection::RawFormRejection| {
                fail(Error::BadRequest(rejection.body_text()))
            })?;
        let sent = header.or_else(|| field(&bytes, "csrf")).unwrap_or_default();
        match secret {
            Some(secret) if same_secret(&sent, &secret) => {}
            Some(_) => return Err(fail(Error::Forbidden("csrf"))),
            None => return Err(fail(Error::Unauthenticated)),
        }
        let value =
            serde_html_form::from_bytes::<T>(&bytes).map_err(|error| fail(Error::BadRequest(error.to_string())))?;
        Ok(Self(value))
    }
}

pub(crate) fn same_secret(sent: &str, secret: &str) -> bool {
    !secret.is_empty() && bool::from(sent.as_bytes().ct_eq(secret.as_bytes()))
}

fn field(bytes: &[u8], name: &str) -> Option<String> {
    let pairs: Vec<(String, String)> = serde_html_form::from_bytes(bytes).ok()?;
    pairs.into_iter().find(|(have, _)| have == name).map(|(_, value)| value)
}
