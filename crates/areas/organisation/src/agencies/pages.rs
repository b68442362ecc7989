//! Pages of agencies: list, one agency. The forms are in `form.rs`.

use super::scheduled::{self, ScheduledChange};
use super::store::{self, AgencyFilter};
use super::{Agency, Succession, form, kinds, service, sheet_page, succession};
use crate::answers::{csv_time, text};
use crate::elevations::{file_link, leave};
use crate::{incumbents, people};
use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use kit::locale::Argument;
use kit::page::{Chip, Choice, FlashKind, Page, Pagination, Tab};
use kit::web::{Access, Csv, Fail, Form, Routes, SlotContent, Visit, render, see_other_saying};
use kit::{Capability, Error};

const PER_PAGE: u64 = 100;

pub fn routes() -> Routes {
    Routes::new()
        .get("/agencies", Access::SignedIn, list_agencies)
        .post("/agencies", Capability::Administer, form::create_agency)
        .get("/agencies/new", Capability::Administer, form::new_agency)
        .get("/agencies/import", Capability::Administer, sheet_page::show_import)
        .post("/agencies/import", Capability::Administer, sheet_page::import)
        .get("/agencies/{id}", Access::SignedIn, show_agency)
        .post("/agencies/{id}", Capability::Administer, form::change_agency)
        .get("/agencies/{id}/edit", Capability::Administer, form::edit_agency)
        .post("/agencies/{id}/close", Capability::Administer, close_agency)
        .post("/agencies/{id}/reopen", Capability::Administer, reopen_agency)
        .get("/agencies/{id}/become", Capability::Administer, form::ask_successor)
        .post("/agencies/{id}/become", Capability::Administer, form::become_agency)
        .post("/agencies/{id}/scheduled/{change}/revoke", Capability::Administer, scheduled::revoke_change)
        .post("/agencies/{id}/scheduled/{change}/retry", Capability::Administer, scheduled::retry_change)
}

#[derive(Template)]
#[template(path = "agencies/templates/list.html")]
struct AgencyList {
    page: Page,
    agencies: Vec<Agency>,
    /// The former name by which a row was found.
    found_by: Vec<(String, String)>,
    words: String,
    kinds: Vec<Choice>,
    groups: Vec<Tab>,
    chips: Vec<Chip>,
    pagination: Pagination,
    csv: String,
    may_change: bool,
}

#[derive(Template)]
#[template(path = "agencies/templates/agency.html")]
struct AgencyPage {
    page: Page,
    agency: Agency,
    above: Vec<Agency>,
    below: Vec<Agency>,
    former: Vec<(String, kit::clock::Micros)>,
    became: Vec<Succession>,
    came_from: Vec<Succession>,
    /// What is decided for a day to come, about it or about others that become part of it.
    ahead: Vec<ScheduledChange>,
    /// How many people, for those who may see them.
    people: Option<u64>,
    /// Post and name of who answers now, for those who may see people.
    in_charge: Vec<(String, String)>,
    tabs: Vec<SlotContent>,
    may_change: bool,
    may_see_readings: bool,
}

fn act_path(agency: &Agency, act: &str) -> String {
    format!("/agencies/{}/{act}", agency.id)
}

/// `Xã A sáp nhập vào Xã B từ 01/07/2027`.
fn ahead_words(page: &Page, change: &ScheduledChange) -> String {
    let key = change.either("agency-ahead-merges", "agency-ahead-named");
    let variables: [(&str, Argument<'_>); 3] = [
        ("agency", change.agency_name.as_str().into()),
        ("becomes", change.becomes().into()),
        ("day", page.format.date(change.at).into()),
    ];
    page.tm(key, &variables)
}

/// Address and name of the other agency of a merger, where the scope reaches it.
fn other_of(agency: &Agency, change: &ScheduledChange) -> Option<(String, String)> {
    let (into, name) = change.into_id.as_ref().zip(change.into_name.as_ref())?;
    let (id, name, reachable) = match *into == agency.id {
        true => (&change.agency_id, &change.agency_name, change.agency_reachable),
        false => (into, name, change.into_reachable),
    };
    reachable.then(|| (format!("/agencies/{id}"), name.clone()))
}

fn change_path(change: &ScheduledChange, act: &str) -> String {
    format!("/agencies/{}/scheduled/{}/{act}", change.agency_id, change.id)
}

fn or_dash(text: &str) -> &str {
    if text.is_empty() { "–" } else { text }
}

/// The former name by which this row was found, empty where its own name says it.
fn formerly(found_by: &[(String, String)], agency: &Agency) -> String {
    found_by.iter().find(|(id, _)| *id == agency.id).map(|(_, name)| name.clone()).unwrap_or_default()
}

async fn list_agencies(visit: Visit) -> Result<Response, Fail> {
    let page = visit.page().await?;
    let value = |name| page.address.value(name).unwrap_or_default().to_owned();
    let filter = AgencyFilter { text: value("q"), kind: value("kind"), under: value("under"), at: None };
    let view = visit.read();
    if page.address.value("format") == Some("csv") {
        return Ok(leave(&visit, csv(&visit, &store::list(&view, &filter, 20_000, 0).await?)).await?);
    }
    let pagination = Pagination::of(&page.address, PER_PAGE, store::count(&view, &filter).await?);
    let agencies = store::list(&view, &filter, PER_PAGE, pagination.offset()).await?;
    let figures = store::by_kind(&view, &AgencyFilter { kind: String::new(), ..filter.clone() }).await?;
    let name_of = |kind: &str| page.t(&format!("agency-kind-{kind}"));
    let all = Tab {
        name: page.t("shell-filter-all"),
        href: page.address.without("kind").to_string(),
        chosen: filter.kind.is_empty(),
        count: Some(figures.iter().map(|(_, count)| count).sum()),
    };
    let of_kinds = kinds().iter().filter_map(|kind| {
        let (_, count) = figures.iter().find(|(id, _)| *id == kind.id)?;
        Some(Tab {
            name: name_of(&kind.id),
            href: page.address.with("kind", &kind.id).to_string(),
            chosen: filter.kind == kind.id,
            count: Some(*count),
        })
    });
    let groups = std::iter::once(all).chain(of_kinds).collect();
    let mut chips = Vec::new();
    for (name, key) in [("q", "agency-words"), ("kind", "agency-kind"), ("under", "agency-under")] {
        let Some(code) = page.address.value(name).filter(|code| !code.is_empty()) else { continue };
        let shown = match name {
            "kind" => name_of(code),
            "under" => store::find(&view, code).await.map_or_else(|_| code.to_owned(), |agency| agency.name),
            _ => code.to_owned(),
        };
        chips.push(Chip::of(&page.address, name, code, page.t(key), shown));
    }
    let found_by = store::found_by(&view, &agencies, &filter.text).await?;
    let list = AgencyList {
        agencies,
        found_by,
        kinds: kinds().iter().map(|kind| Choice::new(&kind.id, name_of(&kind.id), kind.id == filter.kind)).collect(),
        words: filter.text,
        groups,
        chips,
        pagination,
        csv: file_link(&visit, &page.address, pagination.total).await?,
        may_change: visit.scope().may(Capability::Administer),
        page,
    };
    Ok(render(&list)?.into_response())
}

fn csv(visit: &Visit, agencies: &[Agency]) -> Csv {
    let keys = [
        "agency-code",
        "agency-name",
        "agency-kind",
        "agency-parent",
        "agency-parent-code",
        "agency-address",
        "agency-phone",
        "agency-email",
        "agency-duty-hours",
        "agency-valid-from",
        "agency-valid-to",
    ];
    let mut csv = Csv::new("agencies", keys.map(|key| text(visit.lang, key)));
    for agency in agencies {
        let kind = text(visit.lang, &agency.kind_key());
        csv.row([
            agency.code.as_str(),
            &agency.name,
            &kind,
            agency.parent_name.as_deref().unwrap_or_default(),
            agency.parent_code.as_deref().unwrap_or_default(),
            &agency.address,
            &agency.phone,
            &agency.email,
            &agency.duty_hours,
            &csv_time(Some(agency.valid_from)),
            &csv_time(agency.valid_to),
        ]);
    }
    csv
}

async fn show_agency(visit: Visit, Path(id): Path<String>) -> Result<Response, Fail> {
    let page = visit.page().await?;
    let view = visit.read();
    let agency = store::find(&view, &id).await?;
    let mut above = store::ancestors(&view, &id).await?;
    above.retain(|one| one.id != id);
    let people = if visit.scope().may(Capability::ViewPeople) {
        let filter =
            people::PersonFilter { under: id.clone(), active: Some(true), now: visit.now(), ..Default::default() };
        Some(people::count(&view, &filter).await?)
    } else {
        None
    };
    let mut in_charge = Vec::new();
    if people.is_some() {
        let absences = incumbents::absences_of(&view, &id, visit.now()).await?;
        let held = incumbents::of_agency(&view, &id).await?;
        for one in held.iter().filter(|one| one.holds_at(visit.now())) {
            let (_, name) = incumbents::acting(one, &absences, visit.now());
            in_charge.push((page.t(&one.post_key()), name.to_owned()));
        }
        in_charge.sort();
    }
    let shown = AgencyPage {
        in_charge,
        below: store::children(&view, &id, visit.now()).await?,
        former: store::former_names(&view, &id).await?,
        became: succession::became(&view, &id).await?,
        came_from: succession::came_from(&view, &id).await?,
        ahead: scheduled::concerning(&view, &id).await?,
        tabs: visit.fragments("agency.tab", &id).await,
        may_change: visit.scope().may(Capability::Administer),
        may_see_readings: visit.scope().may(Capability::ViewReadings),
        above,
        people,
        agency,
        page,
    };
    Ok(render(&shown)?.into_response())
}

async fn close_agency(visit: Visit, Path(id): Path<String>, _form: Form<form::Nothing>) -> Result<Response, Fail> {
    set_end(&visit, &id, Some(visit.now())).await?;
    Ok(see_other_saying(format!("/agencies/{id}"), FlashKind::Done, "agency-closed-now"))
}

async fn reopen_agency(visit: Visit, Path(id): Path<String>, _form: Form<form::Nothing>) -> Result<Response, Fail> {
    set_end(&visit, &id, None).await?;
    Ok(see_other_saying(format!("/agencies/{id}"), FlashKind::Done, "agency-reopened"))
}

async fn set_end(visit: &Visit, id: &str, end: Option<kit::clock::Micros>) -> Result<(), Error> {
    let tx = visit.begin().await?;
    service::close(&tx, visit.now(), id, end).await?;
    tx.commit().await
}
