//! Forms of people: a new account, and changing the data of one.

use super::service::{self, NewPerson, PersonChange};
use super::{Person, roles, store};
use crate::agencies;
use crate::answers::again;
use crate::policies::Policies;
use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use kit::page::{Choice, Entry, ErrorSummary, FlashKind, FormErrors, Page};
use kit::web::{Fail, Form, Visit, render, see_other_saying};
use kit::{Capability, Error};
use serde::Deserialize;

#[derive(Template)]
#[template(path = "people/templates/form.html")]
struct PersonForm {
    page: Page,
    title: String,
    action: String,
    back: String,
    errors: ErrorSummary,
    entries: Vec<Entry>,
}

/// What the form posts. Nothing else of a person can be set by it.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Fields {
    #[serde(default)]
    account: String,
    #[serde(default)]
    full_name: String,
    #[serde(default)]
    agency_id: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    signs_as: String,
    #[serde(default)]
    phone: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    kind: String,
}

impl PersonForm {
    async fn new(visit: &Visit, person: Option<&Person>, fields: &Fields, errors: FormErrors) -> Result<Self, Error> {
        let page = visit.page().await?;
        let places = agencies::choices(&visit.read(), visit.now()).await?;
        let places = places.into_iter().map(|(id, name)| Choice::new(id, name, false)).collect();
        let entry = |kind, name: &str, key: &str, value: &str| {
            Entry::new(kind, name, page.t(key)).value(value).checked(&errors)
        };
        let mut entries = vec![entry("text", "full_name", "person-name", &fields.full_name).required()];
        if person.is_none() {
            let hint = page.t("person-account-hint");
            entries.push(entry("text", "account", "sign-in-account", &fields.account).hint(hint).required());
        }
        entries.push(entry("select", "agency_id", "agency", &fields.agency_id).choices(places).required());
        let policies = Policies::of(&visit.app)?;
        let kinds = policies.account.kinds.iter();
        let kinds = kinds.map(|kind| Choice::new(kind, page.t(&format!("account-kind-{kind}")), false)).collect();
        let hint = page.t("account-kind-hint");
        entries.push(entry("select", "kind", "account-kind", &fields.kind).hint(hint).choices(kinds).required());
        entries.push(entry("text", "title", "person-title", &fields.title));
        let hint = page.t("person-signs-as-hint");
        entries.push(entry("textarea", "signs_as", "person-signs-as", &fields.signs_as).hint(hint).rows(3));
        entries.push(entry("tel", "phone", "person-phone", &fields.phone));
        entries.push(entry("email", "email", "person-email", &fields.email));
        let place = person.map_or("/people".to_owned(), |own| format!("/people/{}", own.id));
        let title = person
            .map_or_else(|| page.t("person-new"), |own| page.tn("person-edit-of", "name", own.full_name.as_str()));
        Ok(Self { title, action: place.clone(), back: place, errors: errors.summary(&entries), entries, page })
    }
}

pub(super) async fn new_person(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::ManagePeople)?;
    let agency = visit.address.value("agency").unwrap_or_default().to_owned();
    let kind = Policies::of(&visit.app)?.account.ordinary().to_owned();
    let fields = Fields { agency_id: agency, kind, ..Fields::default() };
    Ok(render(&PersonForm::new(&visit, None, &fields, FormErrors::default()).await?)?.into_response())
}

pub(super) async fn create_person(visit: Visit, Form(fields): Form<Fields>) -> Result<Response, Fail> {
    match create(&visit, &fields).await {
        Ok(id) => Ok(see_other_saying(format!("/people/{id}"), FlashKind::Done, "person-created-next")),
        Err(error) => {
            let errors = FormErrors::of_error(visit.lang, error)?;
            Ok(again(render(&PersonForm::new(&visit, None, &fields, errors).await?)?))
        }
    }
}

async fn create(visit: &Visit, fields: &Fields) -> Result<String, Error> {
    let Fields { account, full_name, agency_id, title, signs_as, phone, email, kind } = fields.clone();
    let tx = visit.begin().await?;
    let new = NewPerson { account, full_name, agency_id, title, signs_as, phone, email, kind };
    let person = service::create(&tx, visit.now(), new).await?;
    tx.commit().await?;
    Ok(person.id)
}

pub(super) async fn edit_person(visit: Visit, Path(id): Path<String>) -> Result<Response, Fail> {
    let policies = Policies::of(&visit.app)?;
    let person = roles::manageable(&visit.read(), &policies, visit.now(), &id).await?;
    let fields = Fields {
        account: person.account.clone(),
        full_name: person.full_name.clone(),
        agency_id: person.agency_id.clone(),
        title: person.title.clone(),
        signs_as: person.signs_as.clone(),
        phone: person.phone.reveal().to_owned(),
        email: person.email.reveal().to_owned(),
        kind: person.kind.clone(),
    };
    let tx = visit.begin().await?;
    service::record_reveal(&tx, visit.now(), (&id, &person.agency_id), "edit").await?;
    tx.commit().await?;
    Ok(render(&PersonForm::new(&visit, Some(&person), &fields, FormErrors::default()).await?)?.into_response())
}

pub(super) async fn change_person(
    visit: Visit,
    Path(id): Path<String>,
    Form(fields): Form<Fields>,
) -> Result<Response, Fail> {
    match change(&visit, &id, &fields).await {
        Ok(()) => Ok(see_other_saying(format!("/people/{id}"), FlashKind::Done, "person-changed")),
        Err(error) => {
            let errors = FormErrors::of_error(visit.lang, error)?;
            let person = store::find(&visit.read(), &id).await?;
            Ok(again(render(&PersonForm::new(&visit, Some(&person), &fields, errors).await?)?))
        }
    }
}

async fn change(visit: &Visit, id: &str, fields: &Fields) -> Result<(), Error> {
    let policies = Policies::of(&visit.app)?;
    let Fields { full_name, agency_id, title, signs_as, phone, email, kind, .. } = fields.clone();
    let tx = visit.begin().await?;
    let change = PersonChange { full_name, agency_id, title, signs_as, phone, email, kind };
    service::change(&tx, &policies, visit.now(), id, change).await?;
    tx.commit().await
}
