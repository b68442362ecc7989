//! The way to a provider and back. The provider sends the browser to `…/return` from its own site, where our strict
//! cookies do not come along; the page there goes on to `…/finish` as one of our own, and that one does the work.

use super::flow::{Answer, Begun, Finished};
use crate::sign_in::door::{SignInPage, Tried, answered, local, waiting};
use crate::sign_in::tokens::{DeviceToken, SessionToken, StepToken};
use crate::sign_in::{Origin, SignIn, set_step_cookie};
use askama::Template;
use axum::extract::{Form as PlainForm, Path, Query};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use kit::Error;
use kit::page::{ErrorSummary, Page};
use kit::web::{Access, Fail, Guest, Routes, render};
use serde::Deserialize;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .get("/sign-in/provider/{id}", Access::Open, begin)
        .get("/sign-in/provider/{id}/return", Access::Open, come_back)
        .get("/sign-in/provider/{id}/finish", Access::Open, finish)
        .post("/sign-in/provider/{id}/sign-out", Access::Open, sign_out)
}

/// A link, not a form: the policy of our pages sends forms to ourselves alone, redirects included.
async fn begin(guest: Guest, origin: Origin, Path(id): Path<String>) -> Result<Response, Fail> {
    if !origin.same_site {
        return Err(Error::Forbidden("cross-site").into());
    }
    let to = local(guest.address.value("to").unwrap_or("/"));
    match SignIn::of(&guest.app)?.begin_at_provider(&id, &to, &origin).await? {
        Begun::Go { step, address } => {
            let cookie = set_step_cookie(guest.app.settings.secure_cookies, &step.token, step.seconds);
            Ok(([(header::SET_COOKIE, cookie)], Redirect::to(&address)).into_response())
        }
        Begun::Closed(outcome) => waiting(&guest, Tried::Passkey, &to, outcome),
        Begun::Away => refused(&guest, "provider-away", None),
    }
}

#[derive(Template)]
#[template(path = "sign_in/providers/templates/on.html")]
struct OnPage {
    page: Page,
    on: String,
}

async fn come_back(guest: Guest, Path(id): Path<String>, Query(answer): Query<Answer>) -> Result<Response, Fail> {
    if SignIn::of(&guest.app)?.offered().iter().all(|(offered, _)| *offered != id) {
        return Err(Error::NotFound.into());
    }
    let query = serde_html_form::to_string(&answer).unwrap_or_default();
    let on = format!("/sign-in/provider/{id}/finish?{query}");
    let refresh = HeaderValue::from_str(&format!("0;url={on}")).map_err(Error::internal)?;
    Ok(([(header::REFRESH, refresh)], render(&OnPage { page: guest.page(), on })?).into_response())
}

async fn finish(
    guest: Guest,
    origin: Origin,
    (step, device, before): (StepToken, DeviceToken, SessionToken),
    Path(id): Path<String>,
    Query(answer): Query<Answer>,
) -> Result<Response, Fail> {
    if !origin.same_site {
        return Err(Error::Forbidden("cross-site").into());
    }
    let sign_in = SignIn::of(&guest.app)?;
    let token = step.0.unwrap_or_default();
    match sign_in.finish_at_provider(&id, &answer, &token, &origin, device.0.as_deref()).await? {
        Finished::Outcome(to, outcome) => answered(&guest, &before, &to, outcome).await,
        Finished::Refused(key) => refused(&guest, key, None),
        Finished::NotLinked(subject) => refused(&guest, "provider-not-linked", Some(&subject)),
    }
}

/// The first page again, with the reason.
fn refused(guest: &Guest, key: &str, subject: Option<&str>) -> Result<Response, Fail> {
    let mut page = SignInPage::new(guest, "", "/")?;
    let words = match subject {
        Some(subject) => page.page.tn(key, "subject", subject),
        None => page.page.t(key),
    };
    page.errors = ErrorSummary::whole(words);
    let status = if key == "provider-away" { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::UNAUTHORIZED };
    Ok((status, render(&page)?).into_response())
}

#[derive(Deserialize)]
struct SignOutForm {
    #[serde(default)]
    logout_token: String,
}

/// The provider itself asks, without a browser: the signed token is the proof.
async fn sign_out(
    guest: Guest,
    origin: Origin,
    Path(id): Path<String>,
    PlainForm(form): PlainForm<SignOutForm>,
) -> Result<Response, Fail> {
    match SignIn::of(&guest.app)?.signed_out_at_provider(&id, &form.logout_token, &origin).await? {
        Ok(_) => Ok(StatusCode::OK.into_response()),
        Err(trouble) if trouble.passes() => Ok(StatusCode::SERVICE_UNAVAILABLE.into_response()),
        Err(_) => Ok((StatusCode::BAD_REQUEST, "invalid_request").into_response()),
    }
}
