//! Pages of systems: the register, one system. The form is in `form.rs`.

use super::store::{self, Filter};
use super::{Hosting, ServiceScope, State, System, form, service, sheet, sheet_page};
use crate::inventory::panel::Panel;
use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use kit::page::{Chip, Choice, Level, Page, Pagination};
use kit::web::{Fail, Form, Routes, SlotContent, Visit, render};
use kit::{Capability, Error, Personal};
use organisation::elevations::file_link;
use organisation::sheets::Table;

const PER_PAGE: u64 = 100;

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/systems", Capability::ViewSystems, list_systems)
        .post("/systems", Capability::ManageSystems, form::register_system)
        .get("/systems/new", Capability::ManageSystems, form::new_system)
        .get("/systems/import", Capability::ManageSystems, sheet_page::show_import)
        .post("/systems/import", Capability::ManageSystems, sheet_page::import)
        .get("/systems/{id}", Capability::ViewSystems, show_system)
        .post("/systems/{id}", Capability::ManageSystems, form::change_system)
        .get("/systems/{id}/edit", Capability::ManageSystems, form::edit_system)
        .post("/systems/{id}/reveal", Capability::ViewSystems, reveal_contact)
}

/// Systems of one agency, in a list grouped by agency.
struct Group {
    agency_name: String,
    systems: Vec<System>,
}

#[derive(Template)]
#[template(path = "systems/templates/list.html")]
struct ListPage {
    page: Page,
    words: String,
    chips: Vec<Chip>,
    levels: Vec<Choice>,
    states: Vec<Choice>,
    places: Vec<Choice>,
    groups: Vec<Group>,
    pagination: Pagination,
    may_change: bool,
    csv: String,
}

/// The same list as a workbook, for whoever may have it as CSV.
fn workbook(page: &Page) -> String {
    page.address.with("format", "xlsx").to_string()
}

async fn list_systems(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::ViewSystems)?;
    let address = &visit.address;
    let filter = Filter {
        words: address.value("q").unwrap_or_default().to_owned(),
        level: address.value("level").and_then(|text| text.parse().ok()),
        state: address.value("state").and_then(State::from_code),
        hosting: address.value("hosting").and_then(Hosting::from_code),
        agency_id: address.value("agency").filter(|id| !id.is_empty()).map(ToOwned::to_owned),
    };
    let systems = store::list(&visit.read(), &filter).await?;
    let page = visit.page().await?;
    if let Some(file) = Table::leave(&visit, || sheet::table(page.lang, &systems)).await? {
        return Ok(file);
    }
    let pagination = Pagination::of(address, PER_PAGE, systems.len() as u64);
    let chips = chips(&page, &filter, systems.first());
    let levels = (1..=5)
        .map(|level| {
            Choice::new(level.to_string(), page.tn("shell-level", "level", level), filter.level == Some(level))
        })
        .collect();
    let states = states(&page, filter.state);
    let mut groups: Vec<Group> = Vec::new();
    for system in systems.into_iter().skip(pagination.offset() as usize).take(PER_PAGE as usize) {
        match groups.last_mut() {
            Some(group) if group.agency_name == system.agency_name => group.systems.push(system),
            _ => groups.push(Group { agency_name: system.agency_name.clone(), systems: vec![system] }),
        }
    }
    let template = ListPage {
        words: filter.words,
        chips,
        levels,
        states,
        places: places(&page, filter.hosting.map(Hosting::code).unwrap_or_default()),
        groups,
        pagination,
        may_change: visit.scope().may(Capability::ManageSystems),
        csv: file_link(&visit, &page.address, pagination.total).await?,
        page,
    };
    Ok(render(&template)?.into_response())
}

fn chips(page: &Page, filter: &Filter, first: Option<&System>) -> Vec<Chip> {
    let mut chips = Vec::new();
    let mut chip = |parameter: &str, code: &str, name: &str, value: String| {
        chips.push(Chip::of(&page.address, parameter, code, page.t(name), value));
    };
    if !filter.words.is_empty() {
        chip("q", &filter.words, "system-words", filter.words.clone());
    }
    if let Some(level) = filter.level {
        chip("level", &level.to_string(), "system-level", level.to_string());
    }
    if let Some(state) = filter.state {
        chip("state", state.code(), "system-state", page.t(state.key()));
    }
    if let Some(hosting) = filter.hosting {
        chip("hosting", hosting.code(), "system-hosting-kind", page.t(hosting.key()));
    }
    if let Some(agency) = &filter.agency_id {
        let name = first.map_or_else(|| agency.clone(), |system| system.agency_name.clone());
        chip("agency", agency, "system-agency", name);
    }
    chips
}

pub(super) fn states(page: &Page, chosen: Option<State>) -> Vec<Choice> {
    State::ALL.iter().map(|state| Choice::new(state.code(), page.t(state.key()), chosen == Some(*state))).collect()
}

pub(super) fn places(page: &Page, chosen: &str) -> Vec<Choice> {
    Hosting::ALL.iter().map(|place| Choice::new(place.code(), page.t(place.key()), chosen == place.code())).collect()
}

/// Key of the system's state; a word that no state has shows itself as proposed.
pub(super) fn state_key(system: &System) -> &'static str {
    State::from_code(&system.state).unwrap_or(State::Proposed).key()
}

/// Badge of the system's level.
pub(crate) fn level_of(system: &System) -> Option<Level> {
    Level::new(system.level)
}

/// Where it stands: the kind of place and its name.
fn place_words(page: &Page, system: &System) -> String {
    let kind = Hosting::from_code(&system.hosting_kind).map(|kind| page.t(kind.key())).unwrap_or_default();
    let told = [kind.as_str(), &system.hosting];
    told.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ")
}

/// What it holds, in words.
fn information_words(page: &Page, system: &System) -> String {
    let kinds = [
        (system.public_information, "system-public-information"),
        (system.private_information, "system-private-information"),
        (system.personal_information, "system-personal-information"),
    ];
    kinds.into_iter().filter(|(holds, _)| *holds).map(|(_, key)| page.t(key)).collect::<Vec<_>>().join(", ")
}

/// Texts of a system under the headings of the form, with the keys of their names. Empty ones and empty headings are left
/// out.
fn sections(page: &Page, system: &System, revealed: &bool) -> Vec<(&'static str, Vec<(String, String)>)> {
    let personal = |text: &Personal| if *revealed { text.reveal().to_owned() } else { text.to_string() };
    let amount = |amount: Option<i64>| amount.map(|amount| page.format.number(amount)).unwrap_or_default();
    let scope = ServiceScope::from_code(&system.service_scope).map(|scope| page.t(scope.key())).unwrap_or_default();
    let run_by = if system.secret { String::new() } else { system.run_by().to_owned() };
    let sections = [
        (
            "system-section-who",
            vec![("system-operator", run_by), ("system-specialised-unit", system.guarded_by().to_owned())],
        ),
        (
            "system-section-use",
            vec![
                ("system-purpose", system.purpose.clone()),
                ("system-users", system.users.clone()),
                ("system-user-count", amount(system.user_count)),
                ("system-service-scope", scope),
                ("system-services", system.services.clone()),
            ],
        ),
        (
            "system-section-information",
            vec![
                ("system-information", information_words(page, system)),
                ("system-basic-subjects", amount(system.basic_subjects)),
                ("system-sensitive-subjects", amount(system.sensitive_subjects)),
            ],
        ),
        (
            "system-section-place",
            vec![
                ("system-hosting", place_words(page, system)),
                ("system-network-ranges", system.network_ranges.clone()),
                ("system-domains", system.domains.clone()),
                ("system-public-addresses", system.public_addresses.clone()),
                ("system-operating-system", system.operating_system.clone()),
            ],
        ),
        (
            "system-section-protection",
            vec![
                ("system-security-measures", system.security_measures.clone()),
                ("system-backup", system.backup.clone()),
            ],
        ),
        (
            "system-section-contact",
            vec![
                ("system-contact-name", system.contact_name.clone()),
                ("system-contact-title", system.contact_title.clone()),
                ("system-contact-phone", personal(&system.contact_phone)),
                ("system-contact-email", personal(&system.contact_email)),
            ],
        ),
    ];
    let told = |(heading, texts): (&'static str, Vec<(&str, String)>)| {
        let texts: Vec<_> =
            texts.into_iter().filter(|(_, text)| !text.is_empty()).map(|(key, text)| (page.t(key), text)).collect();
        (heading, texts)
    };
    sections.into_iter().map(told).filter(|(_, texts)| !texts.is_empty()).collect()
}

#[derive(Template)]
#[template(path = "systems/templates/system.html")]
struct SystemPage {
    page: Page,
    system: System,
    header: Vec<SlotContent>,
    parts: Vec<SlotContent>,
    inventory: Panel,
    may_change: bool,
    /// The contact's telephone number and address in full.
    revealed: bool,
}

/// Who changed what of the system, and when.
fn history_path(system: &System) -> String {
    format!("/audit?object_kind=system&object_id={}", system.id)
}

fn model_path(system: &System) -> String {
    format!("/systems/{}/model", system.id)
}

fn reveal_path(system: &System) -> String {
    format!("/systems/{}/reveal", system.id)
}

async fn show_system(visit: Visit, Path(id): Path<String>) -> Result<Response, Fail> {
    visit.require(Capability::ViewSystems)?;
    let system = store::find(&visit.read(), &id).await?;
    Ok(render(&SystemPage::new(&visit, system, false).await?)?.into_response())
}

impl SystemPage {
    async fn new(visit: &Visit, system: System, revealed: bool) -> Result<Self, Error> {
        let page = visit.page().await?;
        Ok(Self {
            inventory: Panel::of(&visit.read(), &page, &system).await?,
            page,
            header: visit.fragments("system.header", &system.id).await,
            parts: visit.fragments("system.tab", &system.id).await,
            may_change: visit.scope().may(Capability::ManageSystems),
            revealed,
            system,
        })
    }
}

#[derive(serde::Deserialize)]
struct Nothing {}

/// The contact in full, on the answer to this very request.
async fn reveal_contact(visit: Visit, Path(id): Path<String>, _form: Form<Nothing>) -> Result<Response, Fail> {
    let tx = visit.begin().await?;
    let system = service::reveal(&tx, &id, "reveal", visit.now()).await?;
    tx.commit().await?;
    Ok(render(&SystemPage::new(&visit, system, true).await?)?.into_response())
}
