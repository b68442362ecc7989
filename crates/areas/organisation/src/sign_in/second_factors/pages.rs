//! `/me/second-factors`: the own app, passkeys and recovery codes.

use super::{Factors, factors, totp};
use crate::policies::Policies;
use crate::sign_in::SignIn;
use crate::sign_in::confirmation::require_confirmation;
use crate::sign_in::passkeys::Passkey;
use crate::sign_in::standing::Due;
use crate::sign_in::tokens::{Nothing, SessionToken};
use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kit::Error;
use kit::page::{Entry, ErrorSummary, FlashKind, FormErrors, Page};
use kit::web::{Access, Fail, Form, Routes, Visit, render, see_other_saying};
use serde::Deserialize;

const OWN: &str = "/me/second-factors";

pub(crate) fn routes() -> Routes {
    Routes::new()
        .get("/me/second-factors", Access::SignedIn, show)
        .post("/me/second-factors/app/new", Access::SignedIn, begin_app)
        .post("/me/second-factors/app", Access::SignedIn, finish_app)
        .post("/me/second-factors/app/remove", Access::SignedIn, remove_app)
        .post("/me/second-factors/recovery-codes", Access::SignedIn, renew_codes)
}

#[derive(Template)]
#[template(path = "sign_in/second_factors/templates/own.html")]
struct OwnPage {
    page: Page,
    /// Nothing else can be done before one is added.
    due: bool,
    basis: String,
    factors: Factors,
    passkeys: Vec<Passkey>,
    passkeys_possible: bool,
    /// Recovery codes just made, shown on this one answer.
    codes: Vec<String>,
}

fn remove_path(passkey: &Passkey) -> String {
    format!("/me/passkeys/{}/remove", passkey.id)
}

impl OwnPage {
    async fn new(visit: &Visit, codes: Vec<String>) -> Result<Self, Error> {
        let sign_in = SignIn::of(&visit.app)?;
        let page = visit.page().await?;
        let view = visit.read();
        let id = visit.scope().person_id().ok_or(Error::Forbidden("second-factor"))?;
        let policies = Policies::of(&visit.app)?;
        let basis = &policies.second_factor.basis;
        let key = if basis.text_seen { "second-factor-basis" } else { "second-factor-basis-unseen" };
        Ok(Self {
            due: visit.session.role_key == Due::SecondFactor.role_key() && codes.is_empty(),
            basis: page.tn(key, "basis", basis.document.as_str()),
            factors: factors(&view, id).await?,
            passkeys: sign_in.passkeys_of(&view, id).await?,
            passkeys_possible: sign_in.has_passkeys(),
            codes,
            page,
        })
    }
}

async fn show(visit: Visit) -> Result<Response, Fail> {
    Ok(render(&OwnPage::new(&visit, Vec::new()).await?)?.into_response())
}

/// The own page with recovery codes that are told only now.
pub(in crate::sign_in) async fn show_codes(visit: &Visit, codes: Vec<String>) -> Result<Response, Fail> {
    Ok(render(&OwnPage::new(visit, codes).await?)?.into_response())
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
    let html = render(&AppPage { page, errors, side, drawing, secret: groups.join(" "), address, code })?;
    Ok((status, html).into_response())
}

async fn begin_app(visit: Visit, token: SessionToken, _form: Form<Nothing>) -> Result<Response, Fail> {
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
        Ok(codes) if codes.is_empty() => Ok(see_other_saying(OWN, FlashKind::Done, "second-factor-app-added")),
        Ok(codes) => show_codes(&visit, codes).await,
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
    show_codes(&visit, codes).await
}
