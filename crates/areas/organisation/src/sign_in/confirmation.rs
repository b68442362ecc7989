//! Proving again who it is, before acts that the policy names. The proof counts for a while, in this session alone.

use super::door::local;
use super::sessions::NewSession;
use super::tokens::SessionToken;
use super::{SignIn, sessions, set_cookie};
use crate::answers::again;
use crate::audit;
use crate::people::Person;
use askama::Template;
use axum::http::header;
use axum::response::{AppendHeaders, IntoResponse, Response};
use kit::clock::SECOND;
use kit::page::{Entry, ErrorSummary, FlashKind, FormErrors, Page};
use kit::web::{Access, Fail, Form, Routes, Visit, render, see_other_saying};
use kit::{Error, Tx};
use serde::Deserialize;
use serde_json::json;

/// Acts that ask for it, where the policy names them.
const ACTS: &[&str] = &[
    "role.grant",
    "role.revoke",
    "password.reset",
    "second-factor.reset",
    "second-factor.add",
    "second-factor.remove",
    "second-factor.open",
    "session.end",
    "session.end-all",
    "api-key.create",
    "elevation.approve",
    "channel.create",
    "channel.change",
    "provider-link.add",
    "provider-link.remove",
    "law.change",
];

/// Refuses with [`Error::Unconfirmed`], which leads to `/confirm`, an act that the policy names and a session whose
/// last proof is too old.
pub fn require_confirmation(visit: &Visit, act: &'static str) -> Result<(), Error> {
    debug_assert!(ACTS.contains(&act), "{act} is not listed");
    let sign_in = SignIn::of(&visit.app)?;
    let policy = &sign_in.policies.second_factor.confirmation;
    let until = visit.session.confirmed_at + policy.lifetime * SECOND;
    if !policy.acts.iter().any(|one| one == act) || visit.now() < until { Ok(()) } else { Err(Error::Unconfirmed) }
}

pub(super) fn routes() -> Routes {
    Routes::new().get("/confirm", Access::Entering, show_confirm).post("/confirm", Access::Entering, confirm)
}

impl SignIn {
    /// Records a proof; returns the session under its new token.
    pub(super) async fn confirmed(
        &self,
        tx: &Tx<'_>,
        person: &Person,
        token: &str,
        by: &str,
    ) -> Result<NewSession, Error> {
        let now = self.clock.now();
        let session = sessions::confirm(tx, token, now).await?;
        let details = json!({ "by": by });
        audit::record(tx, now, "session.confirm", "person", &person.id, Some(&person.agency_id), details).await?;
        Ok(session)
    }
}

#[derive(Template)]
#[template(path = "sign_in/templates/confirm.html")]
struct ConfirmPage {
    page: Page,
    errors: ErrorSummary,
    current: Entry,
    account: String,
    to: String,
    passkeys: bool,
}

impl ConfirmPage {
    async fn new(visit: &Visit, to: &str, errors: FormErrors) -> Result<Self, Error> {
        let sign_in = SignIn::of(&visit.app)?;
        let page = visit.page().await?;
        let view = visit.read();
        let id = visit.scope().person_id().ok_or(Error::Forbidden("confirm"))?;
        let person = crate::people::find(&view, id).await?;
        let current = Entry::new("password", "current", page.t("me-password-current"))
            .required()
            .autocomplete("current-password")
            .checked(&errors);
        Ok(Self {
            errors: errors.summary([&current]),
            current,
            account: person.account,
            to: local(to),
            passkeys: sign_in.has_passkeys() && !sign_in.passkeys_of(&view, id).await?.is_empty(),
            page,
        })
    }
}

async fn show_confirm(visit: Visit) -> Result<Response, Fail> {
    let to = visit.address.value("to").unwrap_or("/").to_owned();
    Ok(render(&ConfirmPage::new(&visit, &to, FormErrors::default()).await?)?.into_response())
}

/// On to where the proof was asked for, with the cookie of the session's new token.
pub(super) fn gone_on(visit: &Visit, session: &NewSession, to: &str) -> Response {
    let cookie = set_cookie(visit.app.settings.secure_cookies, &session.token, session.seconds);
    let cookie = AppendHeaders([(header::SET_COOKIE, cookie)]);
    (cookie, see_other_saying(local(to), FlashKind::Done, "confirm-done")).into_response()
}

#[derive(Deserialize)]
struct ConfirmForm {
    #[serde(default)]
    current: String,
    #[serde(default)]
    to: String,
}

async fn confirm(visit: Visit, token: SessionToken, Form(form): Form<ConfirmForm>) -> Result<Response, Fail> {
    match SignIn::of(&visit.app)?.confirm_by_password(visit.scope(), &token.0, &form.current).await {
        Ok(session) => Ok(gone_on(&visit, &session, &form.to)),
        Err(error) => {
            let errors = FormErrors::of_error(visit.lang, error)?;
            Ok(again(render(&ConfirmPage::new(&visit, &form.to, errors).await?)?))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ACTS;
    use crate::policies::Policies;
    use kit::locale::{Lang, texts};

    #[test]
    fn the_policy_names_acts_that_ask_and_the_trail_knows() {
        for act in &Policies::embedded().unwrap().second_factor.confirmation.acts {
            assert!(ACTS.contains(&act.as_str()), "nothing asks for {act}");
            assert!(texts().has(Lang::Vi, &format!("audit-{}", act.replace('.', "-"))), "{act}");
        }
    }
}
