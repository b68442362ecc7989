//! What somebody who wants in is shown: the page of account and password with the reason why it is not open yet, and
//! the way on once it is.

use super::tokens::SessionToken;
use super::{Outcome, SignIn, is_local_path, set_cookie, set_device_cookie, set_step_cookie};
use crate::policies::SessionPolicy;
use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use kit::Error;
use kit::clock::{MINUTE, Micros, SECOND};
use kit::page::{Entry, ErrorSummary, Page};
use kit::web::{Fail, Guest, Visit, render};

#[derive(Template)]
#[template(path = "sign_in/templates/sign_in.html")]
pub(super) struct SignInPage {
    pub(super) page: Page,
    pub(super) errors: ErrorSummary,
    /// Why this page came instead of what was asked for; empty for none.
    pub(super) note: String,
    /// What is closed, until when and what helps; empty where the door is open.
    pub(super) closed: String,
    pub(super) account: Entry,
    pub(super) password: Entry,
    pub(super) to: String,
    pub(super) passkeys: bool,
    /// Address and title of each provider of accounts.
    pub(super) providers: Vec<(String, String)>,
}

impl SignInPage {
    pub(super) fn new(guest: &Guest, account: &str, to: &str) -> Result<Self, Error> {
        let page = guest.page();
        let account_entry = Entry::new("text", "account", page.t("sign-in-account"))
            .value(account.chars().take(200).collect::<String>())
            .required()
            .autocomplete("username");
        let password =
            Entry::new("password", "password", page.t("sign-in-password")).required().autocomplete("current-password");
        let sign_in = SignIn::of(&guest.app)?;
        let to = local(to);
        let query = serde_html_form::to_string([("to", &to)]).unwrap_or_default();
        let offered = sign_in.offered().into_iter();
        Ok(Self {
            page,
            errors: ErrorSummary::default(),
            note: String::new(),
            closed: String::new(),
            account: account_entry,
            password,
            to,
            passkeys: sign_in.has_passkeys(),
            providers: offered.map(|(id, title)| (format!("/sign-in/provider/{id}?{query}"), title)).collect(),
        })
    }
}

/// The path if it is one of ours, else the start page.
pub(super) fn local(path: &str) -> String {
    if is_local_path(path) { path.to_owned() } else { "/".to_owned() }
}

/// A page where something must be done first, with where to go from there.
pub(super) fn on_the_way(path: &str, to: &str) -> String {
    if to == "/" || to.starts_with(path) {
        return path.to_owned();
    }
    format!("{path}?{}", serde_html_form::to_string([("to", to)]).unwrap_or_default())
}

/// Where somebody wanted to go who does something first; the start page where nowhere.
pub(super) fn wanted_path(visit: &Visit) -> String {
    local(visit.address.value("to").unwrap_or("/"))
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

/// Until when a door is closed, if that is what came of an attempt, and the words for it.
pub(super) fn closed(page: &Page, policy: &SessionPolicy, outcome: &Outcome) -> Option<(Micros, String)> {
    let (until, key) = match outcome {
        Outcome::Locked { until } => (*until, "sign-in-locked"),
        Outcome::Guarded { until } => (*until, "sign-in-guarded"),
        Outcome::Slowed { until } => (*until, "sign-in-slowed"),
        Outcome::CodesLocked { until } => (*until, "sign-in-codes-locked"),
        _ => return None,
    };
    let mut words = page.tn(key, "time", page.format.date_time(shown(until)));
    if matches!(outcome, Outcome::Locked { .. }) {
        words.push(' ');
        words += &lock_basis(page, policy);
    }
    Some((until, words))
}

/// What somebody tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tried<'form> {
    /// The password of this account.
    Password(&'form str),
    Passkey,
}

/// The page again, for whoever is not in yet.
pub(super) fn waiting(guest: &Guest, tried: Tried<'_>, to: &str, outcome: Outcome) -> Result<Response, Fail> {
    let sign_in = SignIn::of(&guest.app)?;
    let (account, refused) = match tried {
        Tried::Password(account) => (account, "sign-in-refused"),
        Tried::Passkey => ("", "passkey-refused"),
    };
    let mut page = SignInPage::new(guest, account, to)?;
    let (status, wait) = match closed(&page.page, &sign_in.policies().session, &outcome) {
        Some((until, words)) => {
            page.closed = words;
            (StatusCode::TOO_MANY_REQUESTS, Some(until))
        }
        None if outcome == Outcome::Expired => {
            page.note = page.page.t("sign-in-step-over");
            (StatusCode::UNAUTHORIZED, None)
        }
        None => {
            page.errors = ErrorSummary::whole(page.page.t(refused));
            (StatusCode::UNAUTHORIZED, None)
        }
    };
    let mut response = (status, render(&page)?).into_response();
    if let Some(until) = wait {
        response.headers_mut().insert(header::RETRY_AFTER, retry_after(guest, until));
    }
    Ok(response)
}

/// Seconds until a door opens.
pub(super) fn retry_after(guest: &Guest, until: Micros) -> HeaderValue {
    HeaderValue::from((until - guest.app.clock.now()).max(0) / SECOND)
}

/// The way on: in, or to the second factor. A session that the browser had before ends.
pub(super) async fn answered(
    guest: &Guest,
    before: &SessionToken,
    to: &str,
    outcome: Outcome,
) -> Result<Response, Fail> {
    let secure = guest.app.settings.secure_cookies;
    match outcome {
        Outcome::SignedIn { session, device, .. } => {
            if !before.0.is_empty() {
                SignIn::of(&guest.app)?.sign_out(&before.0).await?;
            }
            let to = local(to);
            let to = session.due.map_or(to.clone(), |due| on_the_way(due.path(), &to));
            let cookies = AppendHeaders([
                (header::SET_COOKIE, set_cookie(secure, &session.token, session.seconds)),
                (header::SET_COOKIE, set_device_cookie(secure, &device.token, device.seconds)),
                (header::SET_COOKIE, set_step_cookie(secure, "", 0)),
            ]);
            Ok((cookies, Redirect::to(&to)).into_response())
        }
        Outcome::SecondFactor { step } => {
            let query = serde_html_form::to_string([("to", local(to))]).unwrap_or_default();
            let cookie = set_step_cookie(secure, &step.token, step.seconds);
            Ok(([(header::SET_COOKIE, cookie)], Redirect::to(&format!("/sign-in/second?{query}"))).into_response())
        }
        outcome => waiting(guest, Tried::Passkey, to, outcome),
    }
}
