//! One person: data, roles with what they allow, and the acts of whoever may manage the person.

use super::{Grant, Person, may_hand_out, roles, service, store};
use crate::answers::again;
use crate::policies::Policies;
use crate::sign_in::{ProviderLinks, SignIn, require_confirmation};
use crate::{agencies, api_keys};
use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use kit::clock::{DAY, Micros};
use kit::page::{Choice, Entry, ErrorSummary, FlashKind, FormErrors, Page};
use kit::text::FieldFaults;
use kit::web::{Fail, Form, Visit, render, see_other_saying};
use kit::{Capability, Error, Personal};
use serde::Deserialize;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "people/templates/person.html")]
struct PersonPage {
    page: Page,
    person: Person,
    grants: Vec<Grant>,
    policies: Arc<Policies>,
    errors: ErrorSummary,
    grant_entries: Vec<Entry>,
    manageable: bool,
    oneself: bool,
    locked: Option<Micros>,
    /// Signs in with a second factor; known to whoever manages the person.
    second_factor: bool,
    /// Has none, and the password alone is no longer enough to add the first.
    way_over: bool,
    /// Keys that stop with the account; known to whoever manages the person.
    open_keys: i64,
    links: ProviderLinks,
    /// A password just made, and until when it opens the door.
    temporary: Option<(String, Micros)>,
    /// Telephone number and address in full.
    revealed: bool,
    may_audit: bool,
}

fn act_path(person: &Person, act: &str) -> String {
    format!("/people/{}/{act}", person.id)
}

fn revoke_path(grant: &Grant) -> String {
    format!("/people/{}/roles/{}/revoke", grant.person_id, grant.id)
}

fn unlink_path(person: &Person, link: &str) -> String {
    format!("/people/{}/provider-links/{link}/remove", person.id)
}

fn or_dash(text: &str) -> &str {
    if text.is_empty() { "–" } else { text }
}

fn shown(text: &Personal, revealed: &bool) -> String {
    let text = if *revealed { text.reveal().to_owned() } else { text.to_string() };
    or_dash(&text).to_owned()
}

fn when_key(grant: &Grant, now: &Micros) -> &'static str {
    if grant.starts_at > *now { "role-to-come" } else { "role-past" }
}

/// Keys of what the role allows.
fn capabilities(policies: &Policies, grant: &Grant) -> Vec<String> {
    let role = policies.role(&grant.role);
    role.map(|role| role.capabilities.iter().map(|one| format!("capability-{}", one.name())).collect())
        .unwrap_or_default()
}

impl PersonPage {
    async fn new(visit: &Visit, id: &str, errors: FormErrors, fields: &GrantForm) -> Result<Self, Error> {
        let policies = Policies::of(&visit.app)?;
        let page = visit.page().await?;
        let view = visit.read();
        let person = store::find(&view, id).await?;
        let manageable = match roles::manageable(&view, &policies, visit.now(), id).await {
            Ok(_) => true,
            Err(Error::Forbidden(_) | Error::NotFound) => false,
            Err(error) => return Err(error),
        };
        let scope = visit.scope();
        let entry = |kind, name: &str, key: &str, value: &str| {
            Entry::new(kind, name, page.t(key)).value(value).checked(&errors)
        };
        let mut grant_entries = Vec::new();
        let offered: Vec<_> = policies.roles.iter().filter(|role| may_hand_out(scope, role)).collect();
        if manageable && !offered.is_empty() {
            let offered = offered.iter().map(|role| Choice::new(&role.id, page.t(&role.key()), false)).collect();
            let places = agencies::choices(&view, visit.now()).await?;
            let places = places.into_iter().map(|(id, name)| Choice::new(id, name, false)).collect();
            let place = if fields.role_agency_id.is_empty() { &person.agency_id } else { &fields.role_agency_id };
            grant_entries.push(entry("select", "role", "person-role", &fields.role).choices(offered).required());
            grant_entries.push(
                entry("select", "role_agency_id", "role-at", place)
                    .hint(page.t("role-at-hint"))
                    .choices(places)
                    .required(),
            );
            grant_entries
                .push(entry("date", "starts_at", "role-from", &fields.starts_at).hint(page.t("role-from-hint")));
            grant_entries.push(entry("date", "ends_at", "role-to", &fields.ends_at).hint(page.t("role-to-hint")));
        }
        let sign_in = SignIn::of(&visit.app)?;
        let locked = if manageable { sign_in.locked_until(&view, &person).await? } else { None };
        let links = match manageable {
            true => ProviderLinks::new(&sign_in, &view, &person, &page, &errors).await?,
            false => ProviderLinks::default(),
        };
        let second_factor = manageable && sign_in.has_second_factor(&view, &person).await?;
        let way_over =
            manageable && !second_factor && visit.now() >= sign_in.first_factor_until(&view, &person.id).await?;
        let open_keys = if manageable { api_keys::held_open_by(&view, id, visit.now()).await? } else { 0 };
        Ok(Self {
            grants: store::grants_of(&view, id).await?,
            oneself: scope.person_id() == Some(id),
            may_audit: scope.may(Capability::ViewAudit),
            temporary: None,
            revealed: false,
            policies,
            person,
            errors: errors.summary(grant_entries.iter().chain(&links.entries)),
            grant_entries,
            manageable,
            locked,
            second_factor,
            way_over,
            open_keys,
            links,
            page,
        })
    }
}

pub(super) async fn show_person(visit: Visit, Path(id): Path<String>) -> Result<Response, Fail> {
    let page = PersonPage::new(&visit, &id, FormErrors::default(), &GrantForm::default()).await?;
    Ok(render(&page)?.into_response())
}

/// The telephone number and the address stand on the answer to this very request and nowhere else.
pub(super) async fn reveal(visit: Visit, Path(id): Path<String>, _form: Form<ReasonForm>) -> Result<Response, Fail> {
    let mut page = PersonPage::new(&visit, &id, FormErrors::default(), &GrantForm::default()).await?;
    let tx = visit.begin().await?;
    service::record_reveal(&tx, visit.now(), (&id, &page.person.agency_id), "reveal").await?;
    tx.commit().await?;
    page.revealed = true;
    Ok(render(&page)?.into_response())
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct GrantForm {
    #[serde(default)]
    role: String,
    #[serde(default)]
    role_agency_id: String,
    #[serde(default)]
    starts_at: String,
    #[serde(default)]
    ends_at: String,
}

pub(super) async fn grant_role(
    visit: Visit,
    Path(id): Path<String>,
    Form(form): Form<GrantForm>,
) -> Result<Response, Fail> {
    require_confirmation(&visit, "role.grant")?;
    match grant(&visit, &id, &form).await {
        Ok(()) => Ok(see_other_saying(format!("/people/{id}"), FlashKind::Done, "role-granted")),
        Err(error) => {
            let errors = FormErrors::of_error(visit.lang, error)?;
            Ok(again(render(&PersonPage::new(&visit, &id, errors, &form).await?)?))
        }
    }
}

async fn grant(visit: &Visit, id: &str, form: &GrantForm) -> Result<(), Error> {
    let policies = Policies::of(&visit.app)?;
    let now = visit.now();
    // A role that begins today begins now; one that ends on a day lasts until its end.
    let mut faults = FieldFaults::default();
    let starts_at = faults.day("starts_at", &form.starts_at).map_or(now, |day| day.max(now));
    let ends_at = faults.day("ends_at", &form.ends_at).map(|day| day + DAY);
    faults.into_result()?;
    let tx = visit.begin().await?;
    super::grant_role(&tx, &policies, now, id, &form.role, &form.role_agency_id, starts_at, ends_at).await?;
    tx.commit().await
}

#[derive(Deserialize)]
pub(super) struct ReasonForm {
    #[serde(default)]
    pub(super) reason: String,
}

pub(super) async fn revoke_role(
    visit: Visit,
    Path((id, grant)): Path<(String, String)>,
    _form: Form<ReasonForm>,
) -> Result<Response, Fail> {
    require_confirmation(&visit, "role.revoke")?;
    let policies = Policies::of(&visit.app)?;
    let tx = visit.begin().await?;
    super::revoke_role(&tx, &policies, visit.now(), &id, &grant).await?;
    tx.commit().await?;
    Ok(see_other_saying(format!("/people/{id}"), FlashKind::Done, "role-revoked"))
}

pub(super) async fn disable(
    visit: Visit,
    Path(id): Path<String>,
    Form(form): Form<ReasonForm>,
) -> Result<Response, Fail> {
    let policies = Policies::of(&visit.app)?;
    let tx = visit.begin().await?;
    service::disable(&tx, &policies, visit.now(), &id, &form.reason).await?;
    tx.commit().await?;
    Ok(see_other_saying(format!("/people/{id}"), FlashKind::Done, "person-disabled-now"))
}

pub(super) async fn enable(visit: Visit, Path(id): Path<String>, _form: Form<ReasonForm>) -> Result<Response, Fail> {
    let policies = Policies::of(&visit.app)?;
    let tx = visit.begin().await?;
    service::enable(&tx, &policies, visit.now(), &id).await?;
    tx.commit().await?;
    Ok(see_other_saying(format!("/people/{id}"), FlashKind::Done, "person-enabled-now"))
}

/// The new password stands on the answer to this very request and nowhere else.
pub(super) async fn reset_password(
    visit: Visit,
    Path(id): Path<String>,
    _form: Form<ReasonForm>,
) -> Result<Response, Fail> {
    require_confirmation(&visit, "password.reset")?;
    let made = SignIn::of(&visit.app)?.reset_password(visit.scope(), &id).await?;
    let mut page = PersonPage::new(&visit, &id, FormErrors::default(), &GrantForm::default()).await?;
    page.temporary = Some(made);
    Ok(render(&page)?.into_response())
}

/// For somebody who has lost the second factor: the next sign-in is by password alone, and asks for a new one.
pub(super) async fn reset_second_factors(
    visit: Visit,
    Path(id): Path<String>,
    _form: Form<ReasonForm>,
) -> Result<Response, Fail> {
    require_confirmation(&visit, "second-factor.reset")?;
    SignIn::of(&visit.app)?.reset_second_factors(visit.scope(), &id).await?;
    Ok(see_other_saying(format!("/people/{id}"), FlashKind::Done, "person-second-factors-reset"))
}

/// For somebody who must have a second factor and was too late to add the first.
pub(super) async fn open_second_factor(
    visit: Visit,
    Path(id): Path<String>,
    _form: Form<ReasonForm>,
) -> Result<Response, Fail> {
    require_confirmation(&visit, "second-factor.open")?;
    SignIn::of(&visit.app)?.open_second_factor(visit.scope(), &id).await?;
    Ok(see_other_saying(format!("/people/{id}"), FlashKind::Done, "person-second-factor-opened"))
}

/// The account stays open.
pub(super) async fn end_sessions(
    visit: Visit,
    Path(id): Path<String>,
    _form: Form<ReasonForm>,
) -> Result<Response, Fail> {
    SignIn::of(&visit.app)?.end_sessions(visit.scope(), &id).await?;
    Ok(see_other_saying(format!("/people/{id}"), FlashKind::Done, "person-sessions-ended"))
}

#[derive(Deserialize)]
pub(super) struct LinkForm {
    #[serde(default)]
    provider: String,
    #[serde(default)]
    subject: String,
}

pub(super) async fn link_account(
    visit: Visit,
    Path(id): Path<String>,
    Form(form): Form<LinkForm>,
) -> Result<Response, Fail> {
    require_confirmation(&visit, "provider-link.add")?;
    match SignIn::of(&visit.app)?.link_account(visit.scope(), &id, &form.provider, &form.subject).await {
        Ok(()) => Ok(see_other_saying(format!("/people/{id}"), FlashKind::Done, "provider-linked")),
        Err(error) => {
            let errors = FormErrors::of_error(visit.lang, error)?;
            Ok(again(render(&PersonPage::new(&visit, &id, errors, &GrantForm::default()).await?)?))
        }
    }
}

pub(super) async fn unlink_account(
    visit: Visit,
    Path((id, link)): Path<(String, String)>,
    _form: Form<ReasonForm>,
) -> Result<Response, Fail> {
    require_confirmation(&visit, "provider-link.remove")?;
    SignIn::of(&visit.app)?.unlink_account(visit.scope(), &id, &link).await?;
    Ok(see_other_saying(format!("/people/{id}"), FlashKind::Done, "provider-unlinked"))
}

pub(super) async fn unlock(visit: Visit, Path(id): Path<String>, _form: Form<ReasonForm>) -> Result<Response, Fail> {
    SignIn::of(&visit.app)?.unlock(visit.scope(), &id).await?;
    Ok(see_other_saying(format!("/people/{id}"), FlashKind::Done, "person-unlocked"))
}
