//! Forms of agencies: a new one, and changing name, place in the tree and contacts of one.

use super::store;
use super::{Agency, AgencyChange, NewAgency, become_part_of, kinds, scheduled, service};
use crate::answers::again;
use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use kit::civil::day_in;
use kit::page::{Choice, Entry, ErrorSummary, FlashKind, FormErrors, Page};
use kit::web::{Fail, Form, Visit, render, see_other_saying};
use kit::{Capability, Error};
use serde::Deserialize;

#[derive(Deserialize)]
pub(super) struct Nothing {}

#[derive(Template)]
#[template(path = "agencies/templates/form.html")]
struct AgencyForm {
    page: Page,
    title: String,
    action: String,
    back: String,
    errors: ErrorSummary,
    entries: Vec<Entry>,
}

/// What the form posts, for new agencies and changes alike.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Fields {
    #[serde(default)]
    code: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    parent: String,
    #[serde(default)]
    address: String,
    #[serde(default)]
    phone: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    duty_hours: String,
    /// Of a new name: since when, and by which document.
    #[serde(default)]
    since: String,
    #[serde(default)]
    basis: String,
}

impl Fields {
    fn of(agency: &Agency) -> Self {
        Self {
            code: agency.code.clone(),
            name: agency.name.clone(),
            kind: agency.kind.clone(),
            parent: agency.parent_id.clone().unwrap_or_default(),
            address: agency.address.clone(),
            phone: agency.phone.clone(),
            email: agency.email.clone(),
            duty_hours: agency.duty_hours.clone(),
            ..Self::default()
        }
    }
}

impl AgencyForm {
    async fn new(visit: &Visit, agency: Option<&Agency>, fields: &Fields, errors: FormErrors) -> Result<Self, Error> {
        let page = visit.page().await?;
        let agencies = store::choices(&visit.read(), visit.now()).await?;
        let parents =
            agencies.into_iter().filter(|(id, _)| agency.is_none_or(|own| own.id != *id)).map(|(id, name)| {
                let chosen = id == fields.parent;
                Choice::new(id, name, chosen)
            });
        let kinds = kinds()
            .iter()
            .map(|kind| Choice::new(&kind.id, page.t(&format!("agency-kind-{}", kind.id)), kind.id == fields.kind));
        let entry = |kind, name: &str, key: &str, value: &str| {
            Entry::new(kind, name, page.t(key)).value(value).checked(&errors)
        };
        let mut entries = vec![entry("text", "name", "agency-name", &fields.name).required()];
        if agency.is_some() {
            let hint = page.t("agency-name-since-hint");
            entries.push(entry("date", "since", "agency-name-since", &fields.since).hint(hint));
            entries.push(entry("text", "basis", "agency-basis", &fields.basis).hint(page.t("agency-basis-hint")));
        }
        if agency.is_none() {
            entries
                .push(entry("text", "code", "agency-code", &fields.code).hint(page.t("agency-code-hint")).required());
        }
        entries.push(entry("select", "kind", "agency-kind", &fields.kind).choices(kinds.collect()).required());
        if agency.is_none_or(|own| own.parent_id.is_some()) {
            let parent = entry("select", "parent", "agency-parent", &fields.parent).hint(page.t("agency-parent-hint"));
            entries.push(parent.choices(parents.collect()).required());
        }
        entries.push(entry("text", "address", "agency-address", &fields.address));
        entries.push(entry("text", "phone", "agency-phone", &fields.phone));
        entries.push(entry("email", "email", "agency-email", &fields.email));
        entries.push(
            entry("text", "duty_hours", "agency-duty-hours", &fields.duty_hours).hint(page.t("agency-duty-hours-hint")),
        );
        let place = agency.map_or("/agencies".to_owned(), |own| format!("/agencies/{}", own.id));
        let title =
            agency.map_or_else(|| page.t("agency-new"), |own| page.tn("agency-edit-of", "name", own.name.as_str()));
        Ok(Self { title, action: place.clone(), back: place, errors: errors.summary(&entries), entries, page })
    }
}

pub(super) async fn new_agency(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::Administer)?;
    let view = visit.read();
    let parent = match visit.address.value("parent") {
        Some(code) => store::by_code(&view, code).await?,
        None => store::root(&view).await?,
    };
    let fields = Fields { parent: parent.map(|parent| parent.id).unwrap_or_default(), ..Fields::default() };
    Ok(render(&AgencyForm::new(&visit, None, &fields, FormErrors::default()).await?)?.into_response())
}

pub(super) async fn create_agency(visit: Visit, Form(fields): Form<Fields>) -> Result<Response, Fail> {
    match create(&visit, &fields).await {
        Ok(id) => Ok(see_other_saying(format!("/agencies/{id}"), FlashKind::Done, "agency-created")),
        Err(error) => {
            let errors = FormErrors::of_error(visit.lang, error)?;
            Ok(again(render(&AgencyForm::new(&visit, None, &fields, errors).await?)?))
        }
    }
}

async fn create(visit: &Visit, fields: &Fields) -> Result<String, Error> {
    let tx = visit.begin().await?;
    let parent = store::find(&tx, &fields.parent).await.map_err(|_| Error::invalid("parent", "field-required"))?;
    if parent.has_ended(visit.now()) {
        return Err(Error::invalid("parent", "agency-parent-ended"));
    }
    let new = NewAgency {
        code: fields.code.clone(),
        name: fields.name.clone(),
        kind: fields.kind.clone(),
        parent_code: parent.code,
        valid_from: None,
        address: fields.address.clone(),
        phone: fields.phone.clone(),
        email: fields.email.clone(),
        duty_hours: fields.duty_hours.clone(),
    };
    let agency = service::create(&tx, visit.now(), new).await?;
    tx.commit().await?;
    Ok(agency.id)
}

pub(super) async fn edit_agency(visit: Visit, Path(id): Path<String>) -> Result<Response, Fail> {
    visit.require(Capability::Administer)?;
    let agency = store::find(&visit.read(), &id).await?;
    let form = AgencyForm::new(&visit, Some(&agency), &Fields::of(&agency), FormErrors::default()).await?;
    Ok(render(&form)?.into_response())
}

pub(super) async fn change_agency(
    visit: Visit,
    Path(id): Path<String>,
    Form(fields): Form<Fields>,
) -> Result<Response, Fail> {
    let agency = store::find(&visit.read(), &id).await?;
    match change(&visit, &agency, &fields).await {
        Ok(ahead) => {
            let said = if ahead { "agency-scheduled-now" } else { "agency-changed" };
            Ok(see_other_saying(format!("/agencies/{id}"), FlashKind::Done, said))
        }
        Err(error) => {
            let errors = FormErrors::of_error(visit.lang, error)?;
            Ok(again(render(&AgencyForm::new(&visit, Some(&agency), &fields, errors).await?)?))
        }
    }
}

/// Name, place and details together: one form, one transaction, one audit row for each that changed. Says whether the new
/// name is one for a day to come.
async fn change(visit: &Visit, agency: &Agency, fields: &Fields) -> Result<bool, Error> {
    let now = visit.now();
    let tx = visit.begin().await?;
    let since = day_in("since", &fields.since)?.unwrap_or(now);
    let ahead = since > now && fields.name.trim() != agency.name;
    if ahead {
        let live = &visit.app.live;
        scheduled::rename_on(&tx, live, now, &agency.id, &fields.name, since, &fields.basis).await?;
    } else {
        service::rename_since(&tx, now, &agency.id, &fields.name, since, &fields.basis).await?;
    }
    if agency.parent_id.is_some() {
        service::move_under(&tx, now, &agency.id, &fields.parent).await.map_err(|error| match error {
            Error::NotFound => Error::invalid("parent", "field-required"),
            Error::Conflict(key) => Error::invalid("parent", key),
            other => other,
        })?;
    }
    let details = AgencyChange {
        kind: fields.kind.clone(),
        address: fields.address.clone(),
        phone: fields.phone.clone(),
        email: fields.email.clone(),
        duty_hours: fields.duty_hours.clone(),
    };
    service::change(&tx, now, &agency.id, &details).await?;
    tx.commit().await?;
    Ok(ahead)
}

/// What an agency became: the successor, since when, by which document.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct BecomeFields {
    #[serde(default)]
    into: String,
    #[serde(default)]
    at: String,
    #[serde(default)]
    basis: String,
}

async fn successor_form(
    visit: &Visit,
    agency: &Agency,
    fields: &BecomeFields,
    errors: FormErrors,
) -> Result<AgencyForm, Error> {
    let page = visit.page().await?;
    let others = store::successors(&visit.read(), visit.now()).await?;
    let others = others.into_iter().filter(|(id, _)| *id != agency.id);
    let chosen = |(id, name): (String, String)| {
        let chosen = id == fields.into;
        Choice::new(id, name, chosen)
    };
    let others = others.map(chosen).collect();
    let entry =
        |kind, name: &str, key: &str, value: &str| Entry::new(kind, name, page.t(key)).value(value).checked(&errors);
    let entries = vec![
        entry("select", "into", "agency-successor", &fields.into)
            .hint(page.t("agency-successor-hint"))
            .choices(others)
            .required(),
        entry("date", "at", "agency-became-at", &fields.at).hint(page.t("agency-became-at-hint")),
        entry("text", "basis", "agency-basis", &fields.basis).hint(page.t("agency-basis-hint")),
    ];
    Ok(AgencyForm {
        title: page.tn("agency-become-of", "name", agency.name.as_str()),
        action: format!("/agencies/{}/become", agency.id),
        back: format!("/agencies/{}", agency.id),
        errors: errors.summary(&entries),
        entries,
        page,
    })
}

pub(super) async fn ask_successor(visit: Visit, Path(id): Path<String>) -> Result<Response, Fail> {
    visit.require(Capability::Administer)?;
    let agency = store::find(&visit.read(), &id).await?;
    let form = successor_form(&visit, &agency, &BecomeFields::default(), FormErrors::default()).await?;
    Ok(render(&form)?.into_response())
}

pub(super) async fn become_agency(
    visit: Visit,
    Path(id): Path<String>,
    Form(fields): Form<BecomeFields>,
) -> Result<Response, Fail> {
    let agency = store::find(&visit.read(), &id).await?;
    match take_over(&visit, &agency, &fields).await {
        Ok(ahead) => {
            let said = if ahead { "agency-scheduled-now" } else { "agency-became-now" };
            Ok(see_other_saying(format!("/agencies/{id}"), FlashKind::Done, said))
        }
        Err(error) => {
            let errors = FormErrors::of_error(visit.lang, error)?;
            Ok(again(render(&successor_form(&visit, &agency, &fields, errors).await?)?))
        }
    }
}

/// Says whether it is for a day to come.
async fn take_over(visit: &Visit, agency: &Agency, fields: &BecomeFields) -> Result<bool, Error> {
    let now = visit.now();
    let at = day_in("at", &fields.at)?.unwrap_or(now);
    let ahead = at > now;
    let tx = visit.begin().await?;
    let done = if ahead {
        let live = &visit.app.live;
        scheduled::merge_on(&tx, live, now, &agency.id, &fields.into, at, &fields.basis).await
    } else {
        become_part_of(&tx, now, &agency.id, &fields.into, at, &fields.basis).await
    };
    done.map_err(|error| match error {
        Error::NotFound => Error::invalid("into", "field-required"),
        other => other,
    })?;
    tx.commit().await?;
    Ok(ahead)
}
