//! Secrets that a browser sends in cookies, as handlers take them.

use super::{cookie_name, device_cookie_name, step_cookie_name};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use kit::App;
use kit::session::cookie;
use serde::Deserialize;
use std::convert::Infallible;

const LONGEST: usize = 100;

/// Token of the session cookie; empty where there is none.
pub(super) struct SessionToken(pub(super) String);

impl FromRequestParts<App> for SessionToken {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        Ok(Self(sent(parts, cookie_name(app.settings.secure_cookies)).unwrap_or_default()))
    }
}

/// Secret of the device's cookie.
pub(super) struct DeviceToken(pub(super) Option<String>);

impl FromRequestParts<App> for DeviceToken {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        Ok(Self(sent(parts, device_cookie_name(app.settings.secure_cookies))))
    }
}

/// Secret of a step between two requests of signing in.
pub(super) struct StepToken(pub(super) Option<String>);

impl FromRequestParts<App> for StepToken {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        Ok(Self(sent(parts, step_cookie_name(app.settings.secure_cookies))))
    }
}

fn sent(parts: &Parts, name: &str) -> Option<String> {
    cookie(parts, name).filter(|token| !token.is_empty() && token.len() <= LONGEST).map(ToOwned::to_owned)
}

/// A form that says nothing but that it was sent.
#[derive(Deserialize)]
pub(super) struct Nothing {}
