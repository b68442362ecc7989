//! The second step of signing in: the page that asks for a code.

use crate::policies::Policies;
use crate::sign_in::door::{Tried, answered, closed, local, retry_after, waiting};
use crate::sign_in::tokens::{DeviceToken, SessionToken, StepToken};
use crate::sign_in::{Origin, Outcome, SignIn};
use askama::Template;
use axum::extract::Form as PlainForm;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use kit::Error;
use kit::page::{Entry, ErrorSummary, FormErrors, Page};
use kit::web::{Access, Fail, Guest, Routes, render};
use serde::Deserialize;

pub(crate) fn routes() -> Routes {
    Routes::new().get("/sign-in/second", Access::Open, show_second).post("/sign-in/second", Access::Open, give_code)
}

#[derive(Template)]
#[template(path = "sign_in/second_factors/templates/second.html")]
struct SecondPage {
    page: Page,
    errors: ErrorSummary,
    closed: String,
    /// The person has an app.
    app: bool,
    passkeys: bool,
    code: Entry,
    to: String,
}

/// The page for whoever's password was right; the first page for everybody else.
async fn second(guest: &Guest, token: &str, to: &str, outcome: Option<Outcome>) -> Result<Response, Fail> {
    let sign_in = SignIn::of(&guest.app)?;
    let Some((_, factors)) = sign_in.awaited(token).await? else {
        return waiting(guest, Tried::Passkey, to, Outcome::Expired);
    };
    let page = guest.page();
    let policies = Policies::of(&guest.app)?;
    let shut = outcome.as_ref().and_then(|outcome| closed(&page, &policies.session, outcome));
    let mut errors = FormErrors::default();
    let status = match (&shut, &outcome) {
        (Some(_), _) => StatusCode::TOO_MANY_REQUESTS,
        (None, Some(_)) => {
            errors.add("code", page.t("sign-in-code-refused"));
            StatusCode::UNAUTHORIZED
        }
        (None, None) => StatusCode::OK,
    };
    let app = factors.app_since.is_some();
    let (label, hint) = match app {
        true => ("sign-in-code", "sign-in-code-hint"),
        false => ("sign-in-recovery-code", "sign-in-recovery-code-hint"),
    };
    let code = Entry::new("text", "code", page.t(label))
        .hint(page.t(hint))
        .required()
        .autocomplete("one-time-code")
        .checked(&errors);
    let wait = shut.as_ref().map(|(until, _)| *until);
    let html = render(&SecondPage {
        errors: errors.summary([&code]),
        code,
        closed: shut.map(|(_, words)| words).unwrap_or_default(),
        passkeys: factors.passkeys > 0 && sign_in.has_passkeys(),
        app,
        to: local(to),
        page,
    })?;
    let mut response = (status, html).into_response();
    if let Some(until) = wait {
        response.headers_mut().insert(header::RETRY_AFTER, retry_after(guest, until));
    }
    Ok(response)
}

async fn show_second(guest: Guest, step: StepToken) -> Result<Response, Fail> {
    let to = guest.address.value("to").unwrap_or("/").to_owned();
    second(&guest, &step.0.unwrap_or_default(), &to, None).await
}

#[derive(Deserialize)]
struct CodeForm {
    #[serde(default)]
    code: String,
    #[serde(default)]
    to: String,
}

async fn give_code(
    guest: Guest,
    origin: Origin,
    (step, device, before): (StepToken, DeviceToken, SessionToken),
    PlainForm(form): PlainForm<CodeForm>,
) -> Result<Response, Fail> {
    if !origin.same_site {
        return Err(Error::Forbidden("cross-site").into());
    }
    let token = step.0.unwrap_or_default();
    match SignIn::of(&guest.app)?.give_code(&token, &form.code, &origin, device.0.as_deref()).await? {
        outcome @ Outcome::SignedIn { .. } => answered(&guest, &before, &form.to, outcome).await,
        Outcome::Expired => waiting(&guest, Tried::Passkey, &form.to, Outcome::Expired),
        outcome => second(&guest, &token, &form.to, Some(outcome)).await,
    }
}
