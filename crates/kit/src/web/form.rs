//! Forms of signed-in people, and the proof that a page of theirs sent a request: the session's CSRF secret, in the field
//! `csrf` or the header `X-CSRF-Token`. The guard of a route asks for it once, before anything that changes something,
//! form or not; what reads a form asks whether it did.

use crate::app::App;
use crate::error::Error;
use crate::repeat::RequestIdentity;
use crate::session::Session;
use crate::web::answer::Fail;
use axum::RequestExt;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, RawForm, Request};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// Fields of a posted form.
pub struct Form<T>(pub T);

/// The same for a form that makes something: with what tells a repetition, where the form carries a `request`.
pub struct OnceForm<T>(pub T, pub RequestIdentity);

impl<T: DeserializeOwned + 'static> FromRequest<App> for Form<T> {
    type Rejection = Fail;

    async fn from_request(request: Request, app: &App) -> Result<Self, Fail> {
        let OnceForm(fields, _) = OnceForm::from_request(request, app).await?;
        Ok(Self(fields))
    }
}

impl<T: DeserializeOwned + 'static> FromRequest<App> for OnceForm<T> {
    type Rejection = Fail;

    async fn from_request(request: Request, _app: &App) -> Result<Self, Fail> {
        let (parts, body) = request.into_parts();
        let fail_parts = parts.clone();
        let request = Request::from_parts(parts, body);
        let fail = |error| Fail::new(error, &fail_parts);
        if !is_proven(&fail_parts) {
            return Err(fail(Error::Forbidden("csrf")));
        }
        let RawForm(bytes) =
            request.extract().await.map_err(|rejection: axum::extract::rejection::RawFormRejection| {
                fail(Error::unreadable(rejection.status().as_u16(), rejection.body_text()))
            })?;
        let value =
            serde_html_form::from_bytes::<T>(&bytes).map_err(|error| fail(Error::BadRequest(error.to_string())))?;
        let path = fail_parts.uri.path().as_bytes();
        let identity = field(&bytes, "request").map(|_| RequestIdentity::of(&[path, &bytes]));
        Ok(Self(value, identity.unwrap_or_default()))
    }
}

/// Identity of a request of the API that carries the header `Idempotency-Key`.
pub struct OnceKey(pub RequestIdentity);

impl<S: Sync> FromRequestParts<S> for OnceKey {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        let key = parts.headers.get("idempotency-key").map(|key| key.as_bytes());
        let identity = key.map(|key| RequestIdentity::of(&[parts.uri.path().as_bytes(), key]));
        Ok(Self(identity.unwrap_or_default()))
    }
}

/// Left in a changing request by the guard of its route, where a page of the session sent it.
#[derive(Debug, Clone, Copy)]
struct Proven;

/// Whether the guard of the route has seen the proof. A key has none, so it posts no forms; a route that is open to guests
/// has no guard, and what reads a guest's form looks where it comes from by itself.
pub(super) fn is_proven(parts: &Parts) -> bool {
    parts.extensions.get::<Proven>().is_some()
}

/// A changing request of a signed-in person, once it is known that a page of this session sent it. A key needs no
/// proof: no browser sends it by itself.
pub(super) async fn proven(request: Request) -> Result<Request, Fail> {
    let (mut parts, body) = request.into_parts();
    if parts.extensions.get::<Arc<Session>>().is_some_and(|session| session.api_key) {
        return Ok(Request::from_parts(parts, body));
    }
    let fail_parts = parts.clone();
    let fail = |error| Fail::new(error, &fail_parts);
    let bytes: Bytes =
        Request::from_parts(parts.clone(), body).extract().await.map_err(|rejection: BytesRejection| {
            fail(Error::unreadable(rejection.status().as_u16(), rejection.body_text()))
        })?;
    is_ours(&parts, &bytes).map_err(fail)?;
    parts.extensions.insert(Proven);
    Ok(Request::from_parts(parts, bytes.into()))
}

/// Whether the secret of the session comes with a request: in its header, else in the form that is its body.
fn is_ours(parts: &Parts, body: &[u8]) -> Result<(), Error> {
    let session = parts.extensions.get::<Arc<Session>>().ok_or(Error::Unauthenticated)?;
    let header = parts.headers.get("x-csrf-token").and_then(|header| header.to_str().ok()).map(ToOwned::to_owned);
    let sent = header.or_else(|| field(body, "csrf")).unwrap_or_default();
    if same_secret(&sent, &session.csrf) { Ok(()) } else { Err(Error::Forbidden("csrf")) }
}

fn same_secret(sent: &str, secret: &str) -> bool {
    !secret.is_empty() && bool::from(sent.as_bytes().ct_eq(secret.as_bytes()))
}

fn field(bytes: &[u8], name: &str) -> Option<String> {
    let pairs: Vec<(String, String)> = serde_html_form::from_bytes(bytes).ok()?;
    pairs.into_iter().find(|(have, _)| have == name).map(|(_, value)| value)
}
