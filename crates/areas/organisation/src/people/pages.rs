//! Pages of people: the list by agency. One person is in `person_page.rs`, the form in `form.rs`.

use super::store::{self, PersonFilter};
use super::{Grant, Person, form, person_page, sheet_page};
use crate::agencies::{self, AgencyFilter};
use crate::answers::text;
use crate::audit::{Reading, Touched, record_reading};
use crate::elevations::{export_refused, file_link};
use crate::policies::Policies;
use crate::sign_in::{SignIn, require_confirmation};
use askama::Template;
use axum::response::{IntoResponse, Response};
use kit::page::{Chip, Choice, FlashKind, Page, Pagination};
use kit::scope::Agencies;
use kit::web::{Access, Csv, Fail, Form, Routes, Visit, render, see_other_saying};
use kit::{Capability, Error};
use std::collections::BTreeMap;

const PER_PAGE: u64 = 100;

pub fn routes() -> Routes {
    Routes::new()
        .get("/people", Capability::ViewPeople, list_people)
        .post("/people", Capability::ManagePeople, form::create_person)
        .get("/people/import", Capability::ManagePeople, sheet_page::show_import)
        .post("/people/import", Capability::ManagePeople, sheet_page::import)
        .get("/people/new", Capability::ManagePeople, form::new_person)
        .post("/people/end-sessions", Capability::Administer, end_all_sessions)
        // Everybody sees the own page, whoever else they may see.
        .get("/people/{id}", Access::SignedIn, person_page::show_person)
        .post("/people/{id}", Capability::ManagePeople, form::change_person)
        .get("/people/{id}/edit", Capability::ManagePeople, form::edit_person)
        .post("/people/{id}/roles", Capability::ManagePeople, person_page::grant_role)
        .post("/people/{id}/roles/{grant}/revoke", Capability::ManagePeople, person_page::revoke_role)
        .post("/people/{id}/reveal", Access::SignedIn, person_page::reveal)
        .post("/people/{id}/disable", Capability::ManagePeople, person_page::disable)
        .post("/people/{id}/enable", Capability::ManagePeople, person_page::enable)
        .post("/people/{id}/reset-password", Capability::ManagePeople, person_page::reset_password)
        .post("/people/{id}/reset-second-factors", Capability::ManagePeople, person_page::reset_second_factors)
        .post("/people/{id}/open-second-factor", Capability::ManagePeople, person_page::open_second_factor)
        .post("/people/{id}/end-sessions", Capability::ManagePeople, person_page::end_sessions)
        .post("/people/{id}/provider-links", Capability::ManagePeople, person_page::link_account)
        .post("/people/{id}/provider-links/{link}/remove", Capability::ManagePeople, person_page::unlink_account)
        .post("/people/{id}/unlock", Capability::ManagePeople, person_page::unlock)
}

struct Row {
    person: Person,
    /// Names of the roles held now.
    roles: String,
}

struct Group {
    agency_id: String,
    agency_name: String,
    rows: Vec<Row>,
}

#[derive(Template)]
#[template(path = "people/templates/list.html")]
struct PersonList {
    page: Page,
    groups: Vec<Group>,
    words: String,
    agencies: Vec<Choice>,
    roles: Vec<Choice>,
    kinds: Vec<Choice>,
    states: Vec<Choice>,
    chips: Vec<Chip>,
    pagination: Pagination,
    csv: String,
    may_change: bool,
    /// Of everybody, the own ones too.
    may_end_sessions: bool,
}

async fn list_people(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::ViewPeople)?;
    let policies = Policies::of(&visit.app)?;
    let page = visit.page().await?;
    let value = |name| page.address.value(name).unwrap_or_default().to_owned();
    let filter = PersonFilter {
        text: value("q"),
        under: value("under"),
        role: value("role"),
        kind: value("kind"),
        active: match page.address.value("state") {
            Some("active") => Some(true),
            Some("disabled") => Some(false),
            _ => None,
        },
        now: visit.now(),
    };
    if page.address.value("format") == Some("csv") {
        return Ok(csv(&visit, &filter).await?);
    }
    let view = visit.read();
    let pagination = Pagination::of(&page.address, PER_PAGE, store::count(&view, &filter).await?);
    let people = store::list(&view, &filter, PER_PAGE, pagination.offset()).await?;
    let grants = store::grants_of_all(&view, &people, visit.now()).await?;
    let names = agencies::choices(&view, visit.now()).await?;
    let mut chips = Vec::new();
    let names_of_filters = [
        ("q", "person-words"),
        ("under", "agency"),
        ("role", "person-role"),
        ("kind", "account-kind"),
        ("state", "person-state"),
    ];
    for (name, key) in names_of_filters {
        let Some(code) = page.address.value(name).filter(|code| !code.is_empty()) else { continue };
        let shown = match name {
            // Also of an agency that has ended, which nobody chooses any more.
            "under" => agencies::find(&view, code).await.map_or_else(|_| code.to_owned(), |agency| agency.name),
            "role" => page.t(&format!("role-{code}")),
            "kind" => page.t(&format!("account-kind-{code}")),
            "state" => page.t(if code == "active" { "person-active" } else { "person-disabled" }),
            _ => code.to_owned(),
        };
        chips.push(Chip::of(&page.address, name, code, page.t(key), shown));
    }
    let states = [("active", "person-active"), ("disabled", "person-disabled")];
    let list = PersonList {
        groups: grouped(&page, people, &grants),
        agencies: names.into_iter().map(|(id, name)| Choice::new(id.clone(), name, id == filter.under)).collect(),
        roles: policies
            .roles
            .iter()
            .map(|role| Choice::new(&role.id, page.t(&role.key()), role.id == filter.role))
            .collect(),
        kinds: policies
            .account
            .kinds
            .iter()
            .map(|kind| Choice::new(kind, page.t(&format!("account-kind-{kind}")), *kind == filter.kind))
            .collect(),
        states: states
            .into_iter()
            .map(|(code, key)| Choice::new(code, page.t(key), page.address.has("state", code)))
            .collect(),
        words: filter.text,
        chips,
        pagination,
        csv: file_link(&visit, &page.address, pagination.total).await?,
        may_change: visit.scope().may(Capability::ManagePeople),
        may_end_sessions: visit.scope().may(Capability::Administer) && *visit.scope().agencies() == Agencies::All,
        page,
    };
    Ok(render(&list)?.into_response())
}

/// Everybody signs in again, whoever pressed the button too.
async fn end_all_sessions(visit: Visit, Form(form): Form<person_page::ReasonForm>) -> Result<Response, Fail> {
    require_confirmation(&visit, "session.end-all")?;
    SignIn::of(&visit.app)?.end_sessions_of_all(visit.scope(), &form.reason).await?;
    Ok(see_other_saying("/sign-in", FlashKind::Done, "person-all-sessions-ended"))
}

fn role_names(lang: kit::Lang, person: &Person, grants: &[Grant]) -> String {
    let mut names: Vec<_> =
        grants.iter().filter(|grant| grant.person_id == person.id).map(|grant| text(lang, &grant.role_key())).collect();
    names.sort();
    names.dedup();
    names.join(", ")
}

/// People under the name of their agency, agencies in the order in which they come.
fn grouped(page: &Page, people: Vec<Person>, grants: &[Grant]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for person in people {
        let row = Row { roles: role_names(page.lang, &person, grants), person };
        match groups.iter_mut().find(|group| group.agency_id == row.person.agency_id) {
            Some(group) => group.rows.push(row),
            None => groups.push(Group {
                agency_id: row.person.agency_id.clone(),
                agency_name: row.person.agency_name.clone(),
                rows: vec![row],
            }),
        }
    }
    groups
}

/// The whole list. It leaves the house with personal data in it, so the trail keeps that it did.
async fn csv(visit: &Visit, filter: &PersonFilter) -> Result<Response, Error> {
    let people = store::list(&visit.read(), filter, 20_000, 0).await?;
    if let Some(elsewhere) = export_refused(visit, people.len()).await? {
        return Ok(elsewhere);
    }
    let tx = visit.begin().await?;
    let grants = store::grants_of_all(&tx, &people, filter.now).await?;
    let places = agencies::list(&tx, &AgencyFilter::default(), 20_000, 0).await?;
    let codes: BTreeMap<_, _> = places.iter().map(|one| (one.id.as_str(), one.code.as_str())).collect();
    let mut touched = Touched::new();
    for person in &people {
        *touched.entry(person.agency_id.clone()).or_default().get_or_insert(0) += 1;
    }
    let query = visit.address.to_string();
    let reading = Reading {
        object_kind: "person",
        object_id: "",
        purpose: "export",
        query: &query,
        count: people.len() as u64,
        touched: &touched,
    };
    record_reading(&tx, visit.now(), &reading).await?;
    tx.commit().await?;
    let keys = [
        "person-name",
        "sign-in-account",
        "agency",
        "person-agency-code",
        "account-kind",
        "person-title",
        "person-phone",
        "person-email",
        "person-roles",
        "person-state",
    ];
    let mut csv = Csv::new("people", keys.map(|key| text(visit.lang, key)));
    for person in &people {
        let roles = role_names(visit.lang, person, &grants);
        let kind = text(visit.lang, &person.kind_key());
        let state = text(visit.lang, if person.active { "person-active" } else { "person-disabled" });
        csv.row([
            person.full_name.as_str(),
            &person.account,
            &person.agency_name,
            codes.get(person.agency_id.as_str()).copied().unwrap_or_default(),
            &kind,
            &person.title,
            person.phone.reveal(),
            person.email.reveal(),
            &roles,
            &state,
        ]);
    }
    Ok(csv.released())
}
