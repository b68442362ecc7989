//! Pages of passkeys: the one that asks the browser, and what takes its answer. The script of the page fills the form
//! in; everything else is a form like any other.

use super::begin::Asked;
use crate::sign_in::confirmation::{gone_on, require_confirmation};
use crate::sign_in::door::{Tried, answered, local, on_the_way, waiting, wanted_path};
use crate::sign_in::second_factors::{added, require_open_way};
use crate::sign_in::tokens::{DeviceToken, Nothing, SessionToken, StepToken};
use crate::sign_in::{Origin, Outcome, SignIn, set_step_cookie};
use askama::Template;
use axum::extract::{Form as PlainForm, Path};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use kit::Error;
use kit::page::{Entry, ErrorSummary, FormErrors, Page};
use kit::web::{Access, Fail, Form, Guest, Routes, Visit, render, see_other};
use serde::Deserialize;
use serde_json::Value;

/// Routes that need no session.
pub(crate) fn open_routes() -> Routes {
    Routes::new().post("/sign-in/passkey", Access::Open, ask_guest).post(
        "/sign-in/passkey/answer",
        Access::Open,
        answer_guest,
    )
}

/// Routes of who is signed in.
pub(crate) fn own_routes() -> Routes {
    Routes::new()
        .post("/confirm/passkey", Access::Entering, ask_again)
        .post("/confirm/passkey/answer", Access::Entering, answer_again)
        .post("/me/passkeys/new", Access::Entering, ask_new)
        .post("/me/passkeys", Access::Entering, add_passkey)
        .post("/me/passkeys/{id}/remove", Access::SignedIn, remove_passkey)
}

/// Asks the browser to make or use a passkey, and sends what it answers to `action`.
#[derive(Template)]
#[template(path = "sign_in/passkeys/templates/ask.html")]
struct AskPage {
    page: Page,
    errors: ErrorSummary,
    title: &'static str,
    text: &'static str,
    action: &'static str,
    options: String,
    to: String,
    /// Asked together with a new one.
    name: Option<Entry>,
    back: String,
}

fn ask(page: Page, action: &'static str, options: &Value, to: String) -> AskPage {
    AskPage {
        page,
        errors: ErrorSummary::default(),
        title: "passkey-use",
        text: "passkey-use-text",
        action,
        options: options.to_string(),
        back: format!("/sign-in?{}", serde_html_form::to_string([("to", &to)]).unwrap_or_default()),
        to,
        name: None,
    }
}

#[derive(Deserialize)]
struct ToForm {
    #[serde(default)]
    to: String,
}

#[derive(Deserialize)]
struct AnswerForm {
    #[serde(default)]
    answer: String,
    #[serde(default)]
    to: String,
    #[serde(default)]
    name: String,
}

async fn ask_guest(
    guest: Guest,
    origin: Origin,
    step: StepToken,
    PlainForm(form): PlainForm<ToForm>,
) -> Result<Response, Fail> {
    if !origin.same_site {
        return Err(Error::Forbidden("cross-site").into());
    }
    let sign_in = SignIn::of(&guest.app)?;
    match sign_in.ask_guest(step.0.as_deref(), &origin).await? {
        Ok(Asked { step, options }) => {
            let html = render(&ask(guest.page(), "/sign-in/passkey/answer", &options, local(&form.to)))?;
            let cookie = set_step_cookie(guest.app.settings.secure_cookies, &step.token, step.seconds);
            Ok(([(header::SET_COOKIE, cookie)], html).into_response())
        }
        Err(outcome) => waiting(&guest, Tried::Passkey, &form.to, outcome),
    }
}

async fn answer_guest(
    guest: Guest,
    origin: Origin,
    (step, device, session): (StepToken, DeviceToken, SessionToken),
    PlainForm(form): PlainForm<AnswerForm>,
) -> Result<Response, Fail> {
    if !origin.same_site {
        return Err(Error::Forbidden("cross-site").into());
    }
    let sign_in = SignIn::of(&guest.app)?;
    let token = step.0.unwrap_or_default();
    match sign_in.answer_guest(&token, &form.answer, &origin, device.0.as_deref()).await? {
        outcome @ Outcome::SignedIn { .. } => answered(&guest, &session, &form.to, outcome).await,
        outcome => waiting(&guest, Tried::Passkey, &form.to, outcome),
    }
}

async fn ask_again(visit: Visit, token: SessionToken, Form(form): Form<ToForm>) -> Result<Response, Fail> {
    let options = SignIn::of(&visit.app)?.ask_again(visit.scope(), &token.0).await?;
    let to = local(&form.to);
    let back = format!("/confirm?{}", serde_html_form::to_string([("to", &to)]).unwrap_or_default());
    let page = ask(visit.page().await?, "/confirm/passkey/answer", &options, to);
    Ok(render(&AskPage { title: "confirm-title", text: "confirm-text", back, ..page })?.into_response())
}

async fn answer_again(visit: Visit, token: SessionToken, Form(form): Form<AnswerForm>) -> Result<Response, Fail> {
    let session = SignIn::of(&visit.app)?.answer_again(visit.scope(), &token.0, &form.answer).await?;
    Ok(gone_on(&visit, &session, &form.to))
}

async fn ask_new(visit: Visit, token: SessionToken, _form: Form<Nothing>) -> Result<Response, Fail> {
    require_open_way(&visit).await?;
    require_confirmation(&visit, "second-factor.add")?;
    new_page(&visit, &token.0, ("", &wanted_path(&visit)), FormErrors::default()).await
}

/// The form of a new passkey: its name, and where the person wanted to go.
async fn new_page(visit: &Visit, token: &str, (name, to): (&str, &str), errors: FormErrors) -> Result<Response, Fail> {
    let site = visit.app.settings.centre.clone();
    let options = SignIn::of(&visit.app)?.ask_new(visit.scope(), token, &site).await?;
    let page = visit.page().await?;
    let name = Entry::new("text", "name", page.t("passkey-name"))
        .value(name)
        .hint(page.t("passkey-name-hint"))
        .required()
        .checked(&errors);
    let asking = ask(page, "/me/passkeys", &options, local(to));
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let asking = AskPage {
        title: "passkey-new",
        text: "passkey-new-text",
        errors: errors.summary([&name]),
        name: Some(name),
        back: on_the_way("/me/second-factors", to),
        ..asking
    };
    Ok((status, render(&asking)?).into_response())
}

async fn add_passkey(visit: Visit, token: SessionToken, Form(form): Form<AnswerForm>) -> Result<Response, Fail> {
    require_open_way(&visit).await?;
    require_confirmation(&visit, "second-factor.add")?;
    match SignIn::of(&visit.app)?.add_passkey(visit.scope(), &token.0, &form.name, &form.answer).await {
        Ok(codes) => added(&visit, codes, &form.to, "passkey-added").await,
        Err(error) => {
            let errors = FormErrors::of_error(visit.lang, error)?;
            new_page(&visit, &token.0, (&form.name, &local(&form.to)), errors).await
        }
    }
}

async fn remove_passkey(visit: Visit, Path(id): Path<String>, _form: Form<Nothing>) -> Result<Response, Fail> {
    require_confirmation(&visit, "second-factor.remove")?;
    SignIn::of(&visit.app)?.remove_passkey(visit.scope(), &id).await?;
    Ok(see_other("/me/second-factors"))
}
