//! Pages before and around a session: sign in, sign out, one-time links.

use super::door::{SignInPage, Tried, answered, local, waiting};
use super::preferences::set_preferences;
use super::tokens::{DeviceToken, Nothing, SessionToken};
use super::{Attempt, Origin, Outcome, SignIn, passkeys, providers, second_factors, set_cookie};
use axum::extract::{Form as PlainForm, Path};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use kit::Error;
use kit::page::FlashKind;
use kit::web::{Access, Fail, Form, Guest, Routes, Visit, render, see_other};
use serde::Deserialize;

/// Routes before a session, and its end.
pub fn routes() -> Routes {
    Routes::new()
        .get("/sign-in", Access::Open, show_sign_in)
        .post("/sign-in", Access::Open, sign_in)
        .get("/sign-in/link/{token}", Access::Open, follow_link)
        .post("/sign-out", Access::Entering, sign_out)
        .post("/preferences", Access::Open, set_preferences)
        .merge(second_factors::step_routes())
        .merge(passkeys::open_routes())
        .merge(providers::routes())
}

async fn show_sign_in(guest: Guest) -> Result<Response, Fail> {
    let to = guest.address.value("to").unwrap_or("/").to_owned();
    if guest.session.is_some() {
        return Ok(see_other(local(&to)));
    }
    Ok(render(&SignInPage::new(&guest, "", &to)?)?.into_response())
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

async fn sign_in(
    guest: Guest,
    origin: Origin,
    (device, before): (DeviceToken, SessionToken),
    PlainForm(form): PlainForm<SignInForm>,
) -> Result<Response, Fail> {
    if !origin.same_site {
        return Err(Error::Forbidden("cross-site").into());
    }
    let attempt = Attempt { account: form.account.clone(), password: form.password, origin, device: device.0 };
    match SignIn::of(&guest.app)?.attempt(&attempt).await? {
        outcome @ (Outcome::SignedIn { .. } | Outcome::SecondFactor { .. }) => {
            answered(&guest, &before, &form.to, outcome).await
        }
        outcome => waiting(&guest, Tried::Password(&form.account), &form.to, outcome),
    }
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
        let mut page = SignInPage::new(&guest, &account, "/")?;
        page.note = page.page.t("sign-in-link-used");
        return Ok((StatusCode::GONE, render(&page)?).into_response());
    };
    let cookie = set_cookie(guest.app.settings.secure_cookies, &session.token, session.seconds);
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/")).into_response())
}

async fn sign_out(visit: Visit, token: SessionToken, _form: Form<Nothing>) -> Result<Response, Fail> {
    SignIn::of(&visit.app)?.sign_out(&token.0).await?;
    let secure = visit.app.settings.secure_cookies;
    let flash =
        format!("flash={}.sign-in-signed-out; Path=/; Max-Age=15; HttpOnly; SameSite=Lax", FlashKind::Done.code());
    let cookies = AppendHeaders([(header::SET_COOKIE, set_cookie(secure, "", 0)), (header::SET_COOKIE, flash)]);
    // What pages keep in this tab, their script forgets; cookies and storage hold language, theme and columns.
    let forget = [(HeaderName::from_static("clear-site-data"), HeaderValue::from_static("\"cache\""))];
    Ok((cookies, forget, Redirect::to("/sign-in")).into_response())
}
