//! The form of a system, in sections that somebody fills who has never drawn a network: what it is, who answers for it,
//! for whom it works, what it holds, where it stands, how it is kept.

use super::pages::{places, states};
use super::{NewSystem, ServiceScope, State, service};
use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use kit::page::{Choice, Entry, ErrorSummary, FlashKind, FormErrors, Page};
use kit::web::{Fail, Form, Visit, render, see_other_saying};
use kit::{Capability, Error};
use organisation::agencies;

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

pub(super) async fn new_system(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::ManageSystems)?;
    let empty = NewSystem { state: State::Proposed.code().to_owned(), ..NewSystem::default() };
    form(&visit, &empty, None, FormErrors::default()).await
}

pub(super) async fn edit_system(visit: Visit, Path(id): Path<String>) -> Result<Response, Fail> {
    visit.require(Capability::ManageSystems)?;
    let tx = visit.begin().await?;
    let system = service::reveal(&tx, &id, "edit", visit.now()).await?;
    tx.commit().await?;
    form(&visit, &NewSystem::from(system), Some(&id), FormErrors::default()).await
}

pub(super) async fn register_system(visit: Visit, Form(new): Form<NewSystem>) -> Result<Response, Fail> {
    let tx = visit.begin().await?;
    match service::register(&tx, new.clone(), visit.now()).await {
        Ok(id) => {
            tx.commit().await?;
            Ok(see_other_saying(format!("/systems/{id}"), FlashKind::Done, "system-registered"))
        }
        Err(error) => again(&visit, &new, None, error).await,
    }
}

pub(super) async fn change_system(
    visit: Visit,
    Path(id): Path<String>,
    Form(new): Form<NewSystem>,
) -> Result<Response, Fail> {
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
    let sections = sections(visit, &page, new, &errors).await?;
    let status = if errors.is_empty() { 200 } else { 422 };
    let template = FormPage {
        title: page.t(if id.is_some() { "system-edit" } else { "system-new" }),
        action: id.map_or_else(|| "/systems".to_owned(), |id| format!("/systems/{id}")),
        back: id.map_or_else(|| "/systems".to_owned(), |id| format!("/systems/{id}")),
        version: new.version,
        errors: errors.summary(sections.iter().flat_map(|(_, entries)| entries)),
        sections,
        page,
    };
    let status = axum::http::StatusCode::from_u16(status).unwrap_or_default();
    Ok((status, render(&template)?).into_response())
}

/// The agencies that somebody may name, and the one that is named already, though it be out of reach.
async fn named(visit: &Visit, id: &str) -> Result<Vec<(String, String)>, Error> {
    let mut agencies = agencies::choices(&visit.read(), visit.now()).await?;
    if !id.is_empty() && agencies.iter().all(|(known, _)| known != id) {
        let name = super::store::name_of_agency(&visit.read(), id).await?;
        agencies.extend(name.map(|name| (id.to_owned(), name)));
    }
    Ok(agencies)
}

async fn sections(
    visit: &Visit,
    page: &Page,
    new: &NewSystem,
    errors: &FormErrors,
) -> Result<Vec<(String, Vec<Entry>)>, Error> {
    let entry = |kind, name: &str, value: &str| {
        let key = format!("system-{}", name.trim_end_matches("_id").replace('_', "-"));
        Entry::new(kind, name, page.t(&key)).value(value).checked(errors)
    };
    let hinted = |kind, name: &str, value: &str| {
        let hint = page.t(&format!("system-{}-hint", name.trim_end_matches("_id").replace('_', "-")));
        entry(kind, name, value).hint(hint)
    };
    let ticked = |name: &str, is: bool| entry("checkbox", name, if is { "true" } else { "" });
    let chosen = |agencies: Vec<(String, String)>, id: &str| -> Vec<Choice> {
        agencies.into_iter().map(|(one, name)| Choice::new(one.clone(), name, one == id)).collect()
    };
    let levels = (1..=5)
        .map(|level| Choice::new(level.to_string(), page.tn("shell-level", "level", level), new.level == level))
        .collect();
    let scopes = ServiceScope::ALL
        .iter()
        .map(|scope| Choice::new(scope.code(), page.t(scope.key()), new.service_scope == scope.code()))
        .collect();
    let owners = agencies::choices(&visit.read(), visit.now()).await?;
    let level = if new.level == 0 { String::new() } else { new.level.to_string() };
    let what = vec![
        hinted("text", "code", &new.code).required(),
        entry("text", "name", &new.name).required(),
        hinted("select", "level", &level).choices(levels).required(),
        entry("text", "level_decision", &new.level_decision),
        entry("select", "state", &new.state).choices(states(page, State::from_code(&new.state))).required(),
        ticked("critical", new.critical),
        hinted("checkbox", "secret", if new.secret { "true" } else { "" }),
        hinted("checkbox", "defence", if new.defence { "true" } else { "" }),
    ];
    let unit_words = Entry::new("text", "specialised_unit", page.t("system-specialised-unit-words"));
    let operator_words = Entry::new("text", "operator", page.t("system-operator-words"));
    let who = vec![
        entry("select", "agency_id", &new.agency_id).choices(chosen(owners, &new.agency_id)).required(),
        hinted("select", "operator_id", &new.operator_id)
            .choices(chosen(named(visit, &new.operator_id).await?, &new.operator_id)),
        operator_words.value(&new.operator).hint(page.t("system-operator-words-hint")).checked(errors),
        hinted("select", "specialised_unit_id", &new.specialised_unit_id)
            .choices(chosen(named(visit, &new.specialised_unit_id).await?, &new.specialised_unit_id)),
        unit_words.value(&new.specialised_unit).hint(page.t("system-specialised-unit-words-hint")).checked(errors),
    ];
    let purpose = vec![
        hinted("textarea", "purpose", &new.purpose).rows(3),
        hinted("textarea", "users", &new.users).rows(2),
        hinted("text", "user_count", &new.user_count),
        hinted("select", "service_scope", &new.service_scope).choices(scopes),
        hinted("text", "services", &new.services),
    ];
    let information = vec![
        ticked("public_information", new.public_information).hint(page.t("system-public-information-hint")),
        ticked("private_information", new.private_information).hint(page.t("system-private-information-hint")),
        ticked("personal_information", new.personal_information).hint(page.t("system-personal-information-hint")),
        hinted("text", "basic_subjects", &new.basic_subjects),
        hinted("text", "sensitive_subjects", &new.sensitive_subjects),
    ];
    let place = vec![
        entry("select", "hosting_kind", &new.hosting_kind).choices(places(page, &new.hosting_kind)),
        hinted("text", "hosting", &new.hosting),
        hinted("text", "network_ranges", &new.network_ranges),
        hinted("text", "domains", &new.domains),
        hinted("text", "public_addresses", &new.public_addresses),
        entry("text", "operating_system", &new.operating_system),
    ];
    let protection = vec![
        entry("text", "security_measures", &new.security_measures),
        hinted("textarea", "backup", &new.backup).rows(2),
    ];
    let contact = vec![
        entry("text", "contact_name", &new.contact_name),
        entry("text", "contact_title", &new.contact_title),
        entry("tel", "contact_phone", &new.contact_phone),
        entry("email", "contact_email", &new.contact_email),
    ];
    Ok(vec![
        (page.t("system-section-what"), what),
        (page.t("system-section-who"), who),
        (page.t("system-section-use"), purpose),
        (page.t("system-section-information"), information),
        (page.t("system-section-place"), place),
        (page.t("system-section-protection"), protection),
        (page.t("system-section-contact"), contact),
    ])
}
