//! `/me/second-factors`: the own app, passkeys and recovery codes.

use super::first::{is_due, require_open_way};
use super::{Factors, factors, totp};
use crate::policies::Policies;
use crate::sign_in::SignIn;
use crate::sign_in::confirmation::require_confirmation;
use crate::sign_in::door::{local, on_the_way, wanted_path};
use crate::sign_in::passkeys::Passkey;
use crate::sign_in::tokens::{Nothing, SessionToken};
use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kit::Error;
use kit::clock::Micros;
use kit::page::{Entry, ErrorSummary, FlashKind, FormErrors, Page};
use kit::web::{Access, Fail, Form, Routes, Visit, render, see_other_saying};
use serde::Deserialize;

const OWN: &str = "/me/second-factors";

pub(crate) fn routes() -> Routes {
    Routes::new()
        .get("/me/second-factors", Access::Entering, show)
        .post("/me/second-factors/app/new", Access::Entering, begin_app)
        .post("/me/second-factors/app", Access::Entering, finish_app)
        .post("/me/second-factors/app/remove", Access::SignedIn, remove_app)
        .post("/me/second-factors/recovery-codes", Access::SignedIn, renew_codes)
}

#[derive(Template)]
#[template(path = "sign_in/second_factors/templates/own.html")]
struct OwnPage {
    page: Page,
    /// Nothing else can be done before one is added.
    due: bool,
    /// Until when the password alone is enough for that; nothing where none is due.
    until: Option<Micros>,
    /// That time is over.
    closed: bool,
    basis: String,
    factors: Factors,
    passkeys: Vec<Passkey>,
    passkeys_possible: bool,
    /// Recovery codes just made, shown on this one answer.
    codes: Vec<String>,
    /// Where the person wanted to go.
    to: String,
    /// The way there, once what was due is done.
    on: Option<String>,
}

fn remove_path(passkey: &Passkey) -> String {
    format!("/me/passkeys/{}/remove", passkey.id)
}

impl OwnPage {
    async fn new(visit: &Visit, codes: Vec<String>, to: String) -> Result<Self, Error> {
        let sign_in = SignIn::of(&visit.app)?;
        let page = visit.page().await?;
        let view = visit.read();
        let id = visit.scope().person_id().ok_or(Error::Forbidden("second-factor"))?;
        let policies = Policies::of(&visit.app)?;
        let basis = &policies.second_factor.basis;
        let key = if basis.text_seen { "second-factor-basis" } else { "second-factor-basis-unseen" };
        let due = is_due(visit) && codes.is_empty();
        let until = if due { Some(sign_in.first_factor_until(&view, id).await?) } else { None };
        Ok(Self {
            due,
            until,
            closed: until.is_some_and(|until| visit.now() >= until),
            on: (is_due(visit) && !codes.is_empty()).then(|| to.clone()),
            basis: page.tn(key, "basis", basis.document.as_str()),
            factors: factors(&view, id).await?,
            passkeys: sign_in.passkeys_of(&view, id).await?,
            passkeys_possible: sign_in.has_passkeys(),
            codes,
            to,
            page,
        })
    }
}

async fn show(visit: Visit) -> Result<Response, Fail> {
    Ok(render(&OwnPage::new(&visit, Vec::new(), wanted_path(&visit)).await?)?.into_response())
}

/// A second factor was added: recovery codes are told only now; without any, and where it was due, the way goes on.
pub(in crate::sign_in) async fn added(
    visit: &Visit,
    codes: Vec<String>,
    to: &str,
    said: &'static str,
) -> Result<Response, Fail> {
    let to = local(to);
    if codes.is_empty() {
        return Ok(see_other_saying(if is_due(visit) { to.as_str() } else { OWN }, FlashKind::Done, said));
    }
    Ok(render(&OwnPage::new(visit, codes, to).await?)?.into_response())
}

#[derive(Template)]
#[template(path = "sign_in/second_factors/templates/app.html")]
struct AppPage {
    page: Page,
    errors: ErrorSummary,
    side: usize,
    drawing: String,
    secret: String,
    address: String,
    code: Entry,
    action: String,
    back: String,
}

async fn app_page(visit: &Visit, secret: &str, errors: FormErrors) -> Result<Response, Fail> {
    let page = visit.page().await?;
    let id = visit.scope().person_id().ok_or(Error::Forbidden("second-factor"))?;
    let person = crate::people::find(&visit.read(), id).await?;
    let address = totp::address(secret, &visit.app.settings.centre, &person.account);
    let (side, drawing) = totp::drawing(&address)?;
    let groups: Vec<_> = secret.as_bytes().chunks(4).map(|group| String::from_utf8_lossy(group).into_owned()).collect();
    let code = Entry::new("text", "code", page.t("second-factor-first-code"))
        .hint(page.t("second-factor-first-code-hint"))
        .required()
        .autocomplete("one-time-code")
        .checked(&errors);
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let errors = errors.summary([&code]);
    let to = wanted_path(visit);
    let html = render(&AppPage {
        action: on_the_way("/me/second-factors/app", &to),
        back: on_the_way(OWN, &to),
        secret: groups.join(" "),
        page,
        errors,
        side,
        drawing,
        address,
        code,
    })?;
    Ok((status, html).into_response())
}

async fn begin_app(visit: Visit, token: SessionToken, _form: Form<Nothing>) -> Result<Response, Fail> {
    require_open_way(&visit).await?;
    require_confirmation(&visit, "second-factor.add")?;
    let secret = SignIn::of(&visit.app)?.begin_app(visit.scope(), &token.0).await?;
    app_page(&visit, &secret, FormErrors::default()).await
}

#[derive(Deserialize)]
struct CodeForm {
    #[serde(default)]
    code: String,
}

async fn finish_app(visit: Visit, token: SessionToken, Form(form): Form<CodeForm>) -> Result<Response, Fail> {
    let sign_in = SignIn::of(&visit.app)?;
    match sign_in.finish_app(visit.scope(), &token.0, &form.code).await {
        Ok(codes) => added(&visit, codes, &wanted_path(&visit), "second-factor-app-added").await,
        Err(error @ Error::Invalid(_)) => {
            let errors = FormErrors::of_error(visit.lang, error)?;
            let secret = sign_in.waiting_app(visit.scope(), &token.0).await?;
            let secret = secret.ok_or(Error::Conflict("second-factor-step-over"))?;
            app_page(&visit, &secret, errors).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn remove_app(visit: Visit, _form: Form<Nothing>) -> Result<Response, Fail> {
    require_confirmation(&visit, "second-factor.remove")?;
    SignIn::of(&visit.app)?.remove_app(visit.scope()).await?;
    Ok(see_other_saying(OWN, FlashKind::Done, "second-factor-removed"))
}

async fn renew_codes(visit: Visit, _form: Form<Nothing>) -> Result<Response, Fail> {
    require_confirmation(&visit, "second-factor.add")?;
    let codes = SignIn::of(&visit.app)?.renew_recovery_codes(visit.scope()).await?;
    Ok(render(&OwnPage::new(&visit, codes, wanted_path(&visit)).await?)?.into_response())
}
