//! `/me`: own data and roles, for which reach the session acts, the own password, the own sessions.

use super::door::{local, on_the_way, wanted_path};
use super::sessions::{self, SessionRow};
use super::standing::Due;
use super::tokens::{Nothing, SessionToken};
use super::{SignIn, confirmation, help, passkeys, second_factors};
use crate::answers::again;
use crate::audit;
use crate::people::{self, Grant, Person, reach};
use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use kit::Error;
use kit::clock::SECOND;
use kit::page::{Choice, Entry, ErrorSummary, FlashKind, FormErrors, Page};
use kit::web::{Access, Fail, Form, Routes, Visit, render, see_other_saying};
use serde::Deserialize;
use serde_json::json;

/// Routes of the own page.
pub fn own_routes() -> Routes {
    Routes::new()
        .get("/me", Access::Entering, show_me)
        .post("/me/password", Access::Entering, change_password)
        .post("/me/acting", Access::SignedIn, act_for)
        .post("/me/sessions/end-others", Access::SignedIn, end_other_sessions)
        .post("/me/sessions/{id}/end", Access::SignedIn, end_session)
        .merge(confirmation::routes())
        .merge(second_factors::routes())
        .merge(passkeys::own_routes())
}

/// "Firefox, Windows" of what a browser calls itself; all of it where that is not understood.
fn browser_words(own: &str) -> String {
    let first =
        |known: &[(&str, &'static str)]| known.iter().find(|(sign, _)| own.contains(sign)).map(|(_, name)| *name);
    // Each names those before it too.
    let browsers =
        [("Edg", "Edge"), ("coc_coc", "Cốc Cốc"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari")];
    let systems = [
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    ];
    match (first(&browsers), first(&systems)) {
        (Some(browser), Some(system)) => format!("{browser}, {system}"),
        _ => own.to_owned(),
    }
}

#[derive(Template)]
#[template(path = "sign_in/templates/me.html")]
struct MePage {
    page: Page,
    errors: ErrorSummary,
    person: Person,
    grants: Vec<Grant>,
    password_due: bool,
    /// Where the form of the password goes.
    password_action: String,
    second_factor_due: bool,
    second_factor: bool,
    reaches: Vec<Choice>,
    acting: Entry,
    rules: String,
    current: Entry,
    new: Entry,
    again: Entry,
    sessions: Vec<SessionRow>,
    own_session: String,
    limits: String,
}

impl MePage {
    async fn new(visit: &Visit, token: &str, errors: FormErrors) -> Result<Self, Error> {
        let sign_in = SignIn::of(&visit.app)?;
        let policies = sign_in.policies();
        let now = visit.now();
        let page = visit.page().await?;
        let view = visit.read();
        let id = visit.scope().person_id().ok_or(Error::Forbidden("me"))?;
        let person = people::find(&view, id).await?;
        let mut grants = people::grants_of(&view, id).await?;
        grants.retain(|grant| grant.ends_at.is_none_or(|end| end > now));
        let own = sessions::by_token(&view, token).await?;
        let wish = own.as_ref().map_or(reach::Wish::None, |row| row.wish());
        let chosen = reach::acting(policies, &grants, now, wish).agency_id;
        let reaches: Vec<_> = reach::choices(policies, &grants, now)
            .into_iter()
            .map(|choice| {
                let name = help::words_of(&choice, &grants, page.lang);
                Choice::new(help::value_of(&choice), name, choice.agency_id == chosen)
            })
            .collect();
        let standing = sign_in.standing(&view, id, &grants, now).await?;
        let limits = &policies.session.session;
        let idle = if standing.administrator { limits.administrator_idle } else { limits.idle };
        let factors = second_factors::factors(&view, id).await?;
        let rules = &policies.password.rules;
        let strength = rules.strength(factors.any());
        let rules_key = if strength.min_classes > 1 { "me-password-rules" } else { "me-password-rules-length" };
        let entry = |name: &str, key: &str, fill| {
            Entry::new("password", name, page.t(key)).required().autocomplete(fill).checked(&errors)
        };
        let [current, new, again] = [
            entry("current", "me-password-current", "current-password"),
            entry("new", "me-password-new", "new-password"),
            entry("again", "me-password-again", "new-password"),
        ];
        Ok(Self {
            acting: Entry::new("radio", "agency", page.t("me-acting"))
                .hint(page.t("me-acting-hint"))
                .required()
                .choices(reaches.clone()),
            password_due: standing.password_due,
            password_action: on_the_way("/me/password", &wanted_path(visit)),
            second_factor_due: visit.session.role_key == Due::SecondFactor.role_key(),
            second_factor: factors.any(),
            reaches,
            rules: page.tn2(rules_key, "length", strength.min_length as u64, "remembered", rules.remembered),
            errors: errors.summary([&current, &new, &again]),
            current,
            new,
            again,
            sessions: sessions::own_sessions(&view, now, idle).await?,
            own_session: own.map(|row| row.id).unwrap_or_default(),
            limits: page.tn2(
                "me-sessions-limits",
                "idle",
                page.format.duration(idle * SECOND),
                "absolute",
                page.format.duration(limits.absolute * SECOND),
            ),
            person,
            grants,
            page,
        })
    }
}

fn session_path(id: &str) -> String {
    format!("/me/sessions/{id}/end")
}

async fn show_me(visit: Visit, token: SessionToken) -> Result<Response, Fail> {
    Ok(render(&MePage::new(&visit, &token.0, FormErrors::default()).await?)?.into_response())
}

#[derive(Deserialize)]
struct PasswordForm {
    #[serde(default)]
    current: String,
    #[serde(default)]
    new: String,
    #[serde(default)]
    again: String,
}

async fn change_password(visit: Visit, token: SessionToken, Form(form): Form<PasswordForm>) -> Result<Response, Fail> {
    let changed = if form.new == form.again {
        SignIn::of(&visit.app)?.change_password(visit.scope(), &token.0, &form.current, &form.new).await
    } else {
        Err(Error::invalid("again", "me-password-differs"))
    };
    match changed {
        Ok(()) => {
            let to = visit.address.value("to").map_or("/me".to_owned(), local);
            Ok(see_other_saying(to, FlashKind::Done, "me-password-changed"))
        }
        Err(error) => {
            let errors = FormErrors::of_error(visit.lang, error)?;
            Ok(again(render(&MePage::new(&visit, &token.0, errors).await?)?))
        }
    }
}

#[derive(Deserialize)]
struct ActingForm {
    agency: String,
    /// Where to go on; the own page where nothing is said.
    #[serde(default)]
    to: String,
}

/// The session acts for another reach from now on. One that the person does not have is refused.
async fn act_for(visit: Visit, token: SessionToken, Form(form): Form<ActingForm>) -> Result<Response, Fail> {
    let sign_in = SignIn::of(&visit.app)?;
    let now = visit.now();
    let id = visit.scope().person_id().ok_or(Error::Forbidden("me"))?;
    let wanted = (form.agency != "all").then_some(form.agency.as_str());
    let tx = visit.begin().await?;
    let grants = people::grants_of(&tx, id).await?;
    if reach::choices(sign_in.policies(), &grants, now).iter().all(|choice| choice.agency_id.as_deref() != wanted) {
        return Err(Error::Forbidden("reach").into());
    }
    sessions::act_for(&tx, &token.0, wanted).await?;
    audit::record(&tx, now, "session.act-for", "person", id, wanted, json!({})).await?;
    tx.commit().await?;
    let to = if form.to.is_empty() { "/me".to_owned() } else { local(&form.to) };
    Ok(see_other_saying(to, FlashKind::Done, "me-acting-done"))
}

async fn end_session(visit: Visit, Path(id): Path<String>, _form: Form<Nothing>) -> Result<Response, Fail> {
    confirmation::require_confirmation(&visit, "session.end")?;
    let tx = visit.begin().await?;
    sessions::end_session(&tx, visit.now(), &id).await?;
    tx.commit().await?;
    Ok(see_other_saying("/me", FlashKind::Done, "session-ended"))
}

async fn end_other_sessions(visit: Visit, token: SessionToken, _form: Form<Nothing>) -> Result<Response, Fail> {
    confirmation::require_confirmation(&visit, "session.end")?;
    let id = visit.scope().person_id().ok_or(Error::Forbidden("me"))?.to_owned();
    let tx = visit.begin().await?;
    let person = people::find(&tx, &id).await?;
    let ended = sessions::end_others(&tx, &id, &token.0, visit.now()).await?;
    let details = json!({ "sessions_ended": ended });
    audit::record(&tx, visit.now(), "session.end", "person", &id, Some(&person.agency_id), details).await?;
    tx.commit().await?;
    Ok(see_other_saying("/me", FlashKind::Done, "session-ended"))
}
