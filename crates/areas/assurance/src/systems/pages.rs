//! Pages of systems: the register, one system, the form.

use super::store::{self, Filter};
use super::{NewSystem, State, System, service};
use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use kit::page::{Chip, Choice, Entry, ErrorSummary, FlashKind, FormErrors, Level, Page, Pagination};
use kit::web::{Csv, Fail, Form, Routes, SlotContent, Visit, render, see_other_saying};
use kit::{Capability, Error, Personal};
use organisation::agencies;
use organisation::elevations::{file_link, leave};

const PER_PAGE: u64 = 100;

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/systems", Capability::ViewSystems, list_systems)
        .post("/systems", Capability::ManageSystems, register_system)
        .get("/systems/new", Capability::ManageSystems, new_system)
        .get("/systems/{id}", Capability::ViewSystems, show_system)
        .post("/systems/{id}", Capability::ManageSystems, change_system)
        .get("/systems/{id}/edit", Capability::ManageSystems, edit_system)
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
    groups: Vec<Group>,
    pagination: Pagination,
    may_change: bool,
    csv: String,
}

async fn list_systems(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::ViewSystems)?;
    let address = &visit.address;
    let filter = Filter {
        words: address.value("q").unwrap_or_default().to_owned(),
        level: address.value("level").and_then(|text| text.parse().ok()),
        state: address.value("state").and_then(State::from_code),
        agency_id: address.value("agency").filter(|id| !id.is_empty()).map(ToOwned::to_owned),
    };
    let systems = store::list(&visit.read(), &filter).await?;
    let page = visit.page().await?;
    if address.has("format", "csv") {
        return Ok(leave(&visit, csv(&page, &systems)).await?);
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
    if let Some(agency) = &filter.agency_id {
        let name = first.map_or_else(|| agency.clone(), |system| system.agency_name.clone());
        chip("agency", agency, "system-agency", name);
    }
    chips
}

fn states(page: &Page, chosen: Option<State>) -> Vec<Choice> {
    State::ALL.into_iter().map(|state| Choice::new(state.code(), page.t(state.key()), chosen == Some(state))).collect()
}

fn csv(page: &Page, systems: &[System]) -> Csv {
    let heads = [
        "system-code",
        "system-name",
        "system-agency",
        "system-level",
        "system-level-decision",
        "system-state",
        "system-hosting",
    ];
    let mut csv = Csv::new("systems", heads.map(|key| page.t(key)));
    for system in systems {
        csv.row([
            system.code.as_str(),
            &system.name,
            &system.agency_name,
            &system.level.to_string(),
            system.level_decision.as_deref().unwrap_or_default(),
            &page.t(state_key(system)),
            &system.hosting,
        ]);
    }
    csv
}

/// Key of the system's state; a word that no state has shows itself as proposed.
pub(super) fn state_key(system: &System) -> &'static str {
    State::from_code(&system.state).unwrap_or_default().key()
}

/// Badge of the system's level.
pub(super) fn level_of(system: &System) -> Option<Level> {
    u8::try_from(system.level).ok().and_then(Level::new)
}

/// Texts of a system with the keys of their names, in the order of the page.
fn plain_texts(system: &System, revealed: &bool) -> Vec<(&'static str, String)> {
    let personal = |text: &Personal| if *revealed { text.reveal().to_owned() } else { text.to_string() };
    vec![
        ("system-purpose", system.purpose.clone()),
        ("system-operator", system.operator.clone()),
        ("system-hosting", system.hosting.clone()),
        ("system-services", system.services.clone()),
        ("system-operating-system", system.operating_system.clone()),
        ("system-security-measures", system.security_measures.clone()),
        ("system-domains", system.domains.clone()),
        ("system-public-addresses", system.public_addresses.clone()),
        ("system-contact-name", system.contact_name.clone()),
        ("system-contact-title", system.contact_title.clone()),
        ("system-contact-phone", personal(&system.contact_phone)),
        ("system-contact-email", personal(&system.contact_email)),
    ]
}

#[derive(Template)]
#[template(path = "systems/templates/system.html")]
struct SystemPage {
    page: Page,
    system: System,
    header: Vec<SlotContent>,
    parts: Vec<SlotContent>,
    may_change: bool,
    /// The contact's telephone number and address in full.
    revealed: bool,
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
        Ok(Self {
            page: visit.page().await?,
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

#[derive(Template)]
#[template(path = "systems/templates/form.html")]
struct FormPage {
    page: Page,
    title: String,
    action: String,
    back: String,
    version: i64,
    errors: ErrorSummary,
    sections: Vec<(String, Vec<Entry>)>,
}

async fn new_system(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::ManageSystems)?;
    let empty = NewSystem { level: 2, state: State::Proposed.code().to_owned(), ..NewSystem::default() };
    form(&visit, &empty, None, FormErrors::default()).await
}

async fn edit_system(visit: Visit, Path(id): Path<String>) -> Result<Response, Fail> {
    visit.require(Capability::ManageSystems)?;
    let tx = visit.begin().await?;
    let system = service::reveal(&tx, &id, "edit", visit.now()).await?;
    tx.commit().await?;
    form(&visit, &as_input(system), Some(&id), FormErrors::default()).await
}

async fn register_system(visit: Visit, Form(new): Form<NewSystem>) -> Result<Response, Fail> {
    let tx = visit.begin().await?;
    match service::register(&tx, new.clone(), visit.now()).await {
        Ok(id) => {
            tx.commit().await?;
            Ok(see_other_saying(format!("/systems/{id}"), FlashKind::Done, "system-registered"))
        }
        Err(error) => again(&visit, &new, None, error).await,
    }
}

async fn change_system(visit: Visit, Path(id): Path<String>, Form(new): Form<NewSystem>) -> Result<Response, Fail> {
    let tx = visit.begin().await?;
    match service::change(&tx, &id, new.clone(), visit.now()).await {
        Ok(()) => {
            tx.commit().await?;
            Ok(see_other_saying(format!("/systems/{id}"), FlashKind::Done, "system-changed"))
        }
        Err(error) => again(&visit, &new, Some(&id), error).await,
    }
}

/// The form once more, with everything that was typed and what is wrong with it.
async fn again(visit: &Visit, new: &NewSystem, id: Option<&str>, error: Error) -> Result<Response, Fail> {
    form(visit, new, id, FormErrors::of_error(visit.lang, error)?).await
}

async fn form(visit: &Visit, new: &NewSystem, id: Option<&str>, errors: FormErrors) -> Result<Response, Fail> {
    let page = visit.page().await?;
    let agencies = agencies::choices(&visit.read(), visit.now()).await?;
    let entry =
        |kind, name: &str, key: &str, value: &str| Entry::new(kind, name, page.t(key)).value(value).checked(&errors);
    let agencies = agencies.into_iter().map(|(id, name)| Choice::new(id.clone(), name, id == new.agency_id)).collect();
    let levels = (1..=5)
        .map(|level| Choice::new(level.to_string(), page.tn("shell-level", "level", level), new.level == level))
        .collect();
    let what = vec![
        entry("text", "code", "system-code", &new.code).hint(page.t("system-code-hint")).required(),
        entry("text", "name", "system-name", &new.name).required(),
        entry("select", "agency_id", "system-agency", &new.agency_id).choices(agencies).required(),
        entry("select", "level", "system-level", &new.level.to_string()).choices(levels).required(),
        entry("text", "level_decision", "system-level-decision", &new.level_decision),
        entry("select", "state", "system-state", &new.state)
            .choices(states(&page, State::from_code(&new.state)))
            .required(),
        entry("checkbox", "critical", "system-critical", if new.critical { "true" } else { "" }),
        entry("checkbox", "secret", "system-secret", if new.secret { "true" } else { "" })
            .hint(page.t("system-secret-hint")),
    ];
    let technical = vec![
        entry("textarea", "purpose", "system-purpose", &new.purpose).rows(3),
        entry("text", "operator", "system-operator", &new.operator).hint(page.t("system-operator-hint")),
        entry("text", "hosting", "system-hosting", &new.hosting),
        entry("text", "services", "system-services", &new.services),
        entry("text", "operating_system", "system-operating-system", &new.operating_system),
        entry("text", "security_measures", "system-security-measures", &new.security_measures),
        entry("text", "domains", "system-domains", &new.domains),
        entry("text", "public_addresses", "system-public-addresses", &new.public_addresses),
    ];
    let contact = vec![
        entry("text", "contact_name", "system-contact-name", &new.contact_name),
        entry("text", "contact_title", "system-contact-title", &new.contact_title),
        entry("tel", "contact_phone", "system-contact-phone", &new.contact_phone),
        entry("email", "contact_email", "system-contact-email", &new.contact_email),
    ];
    let status = if errors.is_empty() { 200 } else { 422 };
    let template = FormPage {
        title: page.t(if id.is_some() { "system-edit" } else { "system-new" }),
        action: id.map_or_else(|| "/systems".to_owned(), |id| format!("/systems/{id}")),
        back: id.map_or_else(|| "/systems".to_owned(), |id| format!("/systems/{id}")),
        version: new.version,
        errors: errors.summary(what.iter().chain(&technical).chain(&contact)),
        sections: vec![
            (page.t("system-section-what"), what),
            (page.t("system-section-technical"), technical),
            (page.t("system-section-contact"), contact),
        ],
        page,
    };
    let status = axum::http::StatusCode::from_u16(status).unwrap_or_default();
    Ok((status, render(&template)?).into_response())
}

fn as_input(system: System) -> NewSystem {
    NewSystem {
        code: system.code,
        name: system.name,
        agency_id: system.agency_id,
        operator: system.operator,
        purpose: system.purpose,
        level: system.level,
        level_decision: system.level_decision.unwrap_or_default(),
        state: system.state,
        hosting: system.hosting,
        services: system.services,
        operating_system: system.operating_system,
        security_measures: system.security_measures,
        domains: system.domains,
        public_addresses: system.public_addresses,
        contact_name: system.contact_name,
        contact_title: system.contact_title,
        contact_phone: system.contact_phone.reveal().to_owned(),
        contact_email: system.contact_email.reveal().to_owned(),
        critical: system.critical,
        secret: system.secret,
        version: system.version,
    }
}
