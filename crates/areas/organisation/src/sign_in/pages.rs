//! Pages before and around a session: sign in, sign out, one-time links, language and theme.

use super::cookie::preference_cookie;
use super::{
    Attempt, Origin, Outcome, SignIn, cookie_name, device_cookie_name, is_local_path, set_cookie, set_device_cookie,
};
use crate::policies::SessionPolicy;
use askama::Template;
use axum::extract::{Form as PlainForm, FromRequestParts, Path};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Router, http::HeaderValue};
use kit::clock::{MINUTE, Micros, SECOND};
use kit::page::{Entry, FlashKind, FormErrors, Page};
use kit::session::cookie;
use kit::web::{Fail, Form, Guest, Visit, render, see_other};
use kit::{App, Error, Lang};
use serde::Deserialize;

/// Routes that need no session.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/sign-in", get(show_sign_in).post(sign_in))
        .route("/sign-in/link/{token}", get(follow_link))
        .route("/sign-out", post(sign_out))
        .route("/preferences", post(set_preferences))
}

/// Token of the session cookie; empty where there is none.
pub(super) struct SessionToken(pub(super) String);

impl FromRequestParts<App> for SessionToken {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        Ok(Self(cookie(parts, cookie_name(app.settings.secure_cookies)).unwrap_or_default().to_owned()))
    }
}

/// Secret of the device's cookie.
struct DeviceToken(Option<String>);

impl FromRequestParts<App> for DeviceToken {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        let token = cookie(parts, device_cookie_name(app.settings.secure_cookies));
        Ok(Self(token.filter(|token| !token.is_empty() && token.len() <= 100).map(ToOwned::to_owned)))
    }
}

#[derive(Template)]
#[template(path = "sign_in/templates/sign_in.html")]
struct SignInPage {
    page: Page,
    errors: FormErrors,
    /// Why this page came instead of what was asked for; empty for none.
    note: String,
    /// What is closed, until when and what helps; empty where the door is open.
    closed: String,
    account: Entry,
    password: Entry,
    to: String,
}

impl SignInPage {
    fn new(guest: &Guest, account: &str, to: &str, errors: FormErrors) -> Self {
        let page = guest.page();
        let account_entry = Entry::new("text", "account", page.t("sign-in-account"))
            .value(account.chars().take(200).collect::<String>())
            .required()
            .autocomplete("username");
        let password =
            Entry::new("password", "password", page.t("sign-in-password")).required().autocomplete("current-password");
        Self {
            page,
            errors,
            note: String::new(),
            closed: String::new(),
            account: account_entry,
            password,
            to: local(to),
        }
    }
}

/// The path if it is one of ours, else the start page.
fn local(path: &str) -> String {
    if is_local_path(path) { path.to_owned() } else { "/".to_owned() }
}

async fn show_sign_in(guest: Guest) -> Result<Response, Fail> {
    let to = guest.address.value("to").unwrap_or("/").to_owned();
    if guest.session.is_some() {
        return Ok(see_other(local(&to)));
    }
    Ok(render(&SignInPage::new(&guest, "", &to, FormErrors::default()))?.into_response())
}

#[derive(Deserialize)]
struct SignInForm {
    #[serde(default)]
    account: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    to: String,
}

/// Pages show whole minutes: the one in which the wait has ended for certain.
fn shown(until: Micros) -> Micros {
    until + (MINUTE - 1 - (until - 1).rem_euclid(MINUTE))
}

/// For how long a place is locked, and what says so: a document, or nobody but us.
fn lock_basis(page: &Page, policy: &SessionPolicy) -> String {
    let length = page.format.duration(policy.account_lock.lock * SECOND);
    match &policy.account_lock_basis {
        Some(basis) if basis.text_seen => {
            page.tn2("sign-in-lock-basis", "length", length, "basis", basis.document.as_str())
        }
        Some(basis) => page.tn2("sign-in-lock-basis-unseen", "length", length, "basis", basis.document.as_str()),
        None => page.tn("sign-in-lock-own", "length", length),
    }
}

async fn sign_in(
    guest: Guest,
    origin: Origin,
    device: DeviceToken,
    PlainForm(form): PlainForm<SignInForm>,
) -> Result<Response, Fail> {
    if !origin.same_site {
        return Err(Error::Forbidden("cross-site").into());
    }
    let sign_in = SignIn::of(&guest.app)?;
    let attempt = Attempt { account: form.account.clone(), password: form.password, origin, device: device.0 };
    let mut errors = FormErrors::default();
    let mut closed = String::new();
    let (status, wait) = match sign_in.attempt(&attempt).await? {
        Outcome::SignedIn { session, device, .. } => {
            let secure = guest.app.settings.secure_cookies;
            let cookies = AppendHeaders([
                (header::SET_COOKIE, set_cookie(secure, &session.token, session.seconds)),
                (header::SET_COOKIE, set_device_cookie(secure, &device.token, device.seconds)),
            ]);
            return Ok((cookies, Redirect::to(&local(&form.to))).into_response());
        }
        Outcome::Refused => {
            errors.add("account", guest.page().t("sign-in-refused"));
            (StatusCode::UNAUTHORIZED, None)
        }
        Outcome::Locked { until } => {
            let page = guest.page();
            closed = page.tn("sign-in-locked", "time", page.format.date_time(shown(until)));
            closed.push(' ');
            closed += &lock_basis(&page, &sign_in.policies().session);
            (StatusCode::TOO_MANY_REQUESTS, Some(until))
        }
        Outcome::Guarded { until } => {
            let page = guest.page();
            closed = page.tn("sign-in-guarded", "time", page.format.date_time(shown(until)));
            (StatusCode::TOO_MANY_REQUESTS, Some(until))
        }
        Outcome::Slowed { until } => {
            let page = guest.page();
            closed = page.tn("sign-in-slowed", "time", page.format.date_time(shown(until)));
            (StatusCode::TOO_MANY_REQUESTS, Some(until))
        }
    };
    let html = render(&SignInPage { closed, ..SignInPage::new(&guest, &form.account, &form.to, errors) })?;
    let mut response = (status, html).into_response();
    if let Some(until) = wait {
        let seconds = (until - guest.app.clock.now()).max(0) / SECOND;
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    Ok(response)
}

async fn follow_link(guest: Guest, origin: Origin, Path(token): Path<String>) -> Result<Response, Fail> {
    if !guest.app.settings.demonstration {
        return Err(Error::NotFound.into());
    }
    if !origin.is_loopback() {
        return Err(Error::Forbidden("loopback").into());
    }
    let sign_in = SignIn::of(&guest.app)?;
    let Some(session) = sign_in.follow_link(&token, &origin).await? else {
        let owner = sign_in.owner_of_link(&token).await?;
        // The second tab of a browser that followed the link before.
        let here = guest.session.as_ref().and_then(|session| session.scope.person_id());
        if owner.as_ref().is_some_and(|(person, _)| Some(person.as_str()) == here) {
            return Ok(see_other("/"));
        }
        let account = owner.map(|(_, account)| account).unwrap_or_default();
        let mut page = SignInPage::new(&guest, &account, "/", FormErrors::default());
        page.note = page.page.t("sign-in-link-used");
        return Ok((StatusCode::GONE, render(&page)?).into_response());
    };
    let cookie = set_cookie(guest.app.settings.secure_cookies, &session.token, session.seconds);
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/")).into_response())
}

#[derive(Deserialize)]
pub(super) struct Nothing {}

async fn sign_out(visit: Visit, token: SessionToken, _form: Form<Nothing>) -> Result<Response, Fail> {
    SignIn::of(&visit.app)?.sign_out(&token.0).await?;
    let secure = visit.app.settings.secure_cookies;
    let flash =
        format!("flash={}.sign-in-signed-out; Path=/; Max-Age=15; HttpOnly; SameSite=Lax", FlashKind::Done.code());
    let cookies = AppendHeaders([(header::SET_COOKIE, set_cookie(secure, "", 0)), (header::SET_COOKIE, flash)]);
    Ok((cookies, Redirect::to("/sign-in")).into_response())
}

#[derive(Deserialize)]
struct Preferences {
    #[serde(default)]
    lang: String,
    #[serde(default)]
    theme: String,
    #[serde(default)]
    to: String,
}

/// Language and theme live in cookies: they change no record, and guests have them too.
async fn set_preferences(
    guest: Guest,
    origin: Origin,
    PlainForm(form): PlainForm<Preferences>,
) -> Result<Response, Fail> {
    if !origin.same_site {
        return Err(Error::Forbidden("cross-site").into());
    }
    let secure = guest.app.settings.secure_cookies;
    let mut response = Redirect::to(&local(&form.to)).into_response();
    let mut keep = |name, value| {
        if let Ok(value) = HeaderValue::from_str(&preference_cookie(secure, name, value)) {
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
