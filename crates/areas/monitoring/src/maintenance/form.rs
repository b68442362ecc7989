//! The form of a new window of planned maintenance: filled from a source, a system or an agency where one leads here.

use super::service::{self, MaintenanceInput};
use crate::rules::exceptions::Reach;
use crate::settings::Settings;
use crate::sources;
use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kit::civil::moment_field;
use kit::clock::HOUR;
use kit::page::{Choice, Entry, ErrorSummary, FlashKind, FormErrors, Page};
use kit::scope::Agencies;
use kit::web::{Fail, OnceForm, Visit, render, see_other_saying};
use kit::{Capability, Error};
use sea_orm::{ConnectionTrait, Statement};

/// Systems and agencies offered.
const MOST_OFFERED: u64 = 2_000;

#[derive(Template)]
#[template(path = "maintenance/templates/form.html")]
struct FormPage {
    page: Page,
    entries: Vec<Entry>,
    errors: ErrorSummary,
}

pub(super) async fn new_maintenance(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::ManageSources)?;
    let asked = |name: &str| visit.address.value(name).filter(|id| !id.is_empty()).map(ToOwned::to_owned);
    let hours = Settings::of(&visit.app)?.sources.maintenance.default_hours;
    let reach = match (asked("source"), asked("system"), asked("agency")) {
        (None, None, None) => String::new(),
        (source, system, agency) => Reach::of(source, system, agency).code(),
    };
    let input = MaintenanceInput {
        reach,
        starts_at: moment_field(visit.now()),
        ends_at: moment_field(visit.now() + hours * HOUR),
        ..MaintenanceInput::default()
    };
    Ok(show(&visit, &input, FormErrors::default()).await?)
}

async fn show(visit: &Visit, input: &MaintenanceInput, errors: FormErrors) -> Result<Response, Error> {
    let page = visit.page().await?;
    let settings = Settings::of(&visit.app)?;
    let entry = |kind, name: &str, key: &str, value: &str| Entry::new(kind, name, page.t(key)).value(value).required();
    let mut entries = vec![
        entry("select", "reach", "rule-exception-reach", &input.reach)
            .hint(page.t("rule-exception-reach-hint"))
            .choices(reaches(visit, &page, &input.reach).await?),
        entry("date-time", "starts_at", "suppression-starts", &input.starts_at).hint(page.t("maintenance-starts-hint")),
        entry("date-time", "ends_at", "suppression-ends", &input.ends_at).hint(page.tn(
            "suppression-ends-hint",
            "hours",
            settings.sources.maintenance.most_hours,
        )),
        entry("textarea", "reason", "shell-reason", &input.reason).hint(page.t("shell-reason-hint")).rows(3),
    ];
    if visit.scope().may(Capability::TuneRules) {
        let hold = Entry::new("checkbox", "hold_alerts", page.t("maintenance-hold-alerts"));
        entries.push(hold.value(&input.hold_alerts).hint(page.t("maintenance-hold-alerts-hint")));
    }
    let entries: Vec<Entry> = entries.into_iter().map(|entry| entry.checked(&errors)).collect();
    let template = FormPage { errors: errors.summary(&entries), entries, page };
    let status = if template.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok((status, render(&template)?).into_response())
}

/// Systems and agencies within reach, and the source that leads here.
async fn reaches(visit: &Visit, page: &Page, chosen: &str) -> Result<Vec<Choice>, Error> {
    let view = visit.read();
    let mut offered: Vec<(Reach, String)> = Vec::new();
    if let Some(Reach::Source(id)) = Reach::from_code(chosen) {
        match sources::store::get(&view, &id).await {
            Ok(listed) => offered.push((Reach::Source(id), listed.source.name)),
            Err(Error::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    for (table, column, reach) in [
        ("systems", "agency_id", Reach::System as fn(String) -> Reach),
        ("agencies", "id", Reach::Agency as fn(String) -> Reach),
    ] {
        let condition = visit.scope().agency_condition(column);
        let sql = format!("SELECT id, name FROM {table} WHERE {condition} ORDER BY name_sort, id LIMIT {MOST_OFFERED}");
        for row in view.query_all_raw(Statement::from_string(view.get_database_backend(), sql)).await? {
            offered.push((reach(row.try_get("", "id")?), row.try_get("", "name")?));
        }
    }
    if matches!(visit.scope().agencies(), Agencies::All) {
        offered.push((Reach::Centre, String::new()));
    }
    let choice = |(reach, name): (Reach, String)| {
        let words = if name.is_empty() { page.t(reach.key()) } else { format!("{}: {name}", page.t(reach.key())) };
        Choice::new(reach.code(), words, false)
    };
    Ok(offered.into_iter().map(choice).collect())
}

pub(super) async fn plan_maintenance(
    visit: Visit,
    OnceForm(input, identity): OnceForm<MaintenanceInput>,
) -> Result<Response, Fail> {
    let done = || see_other_saying("/maintenance", FlashKind::Done, "maintenance-planned");
    let tx = visit.begin().await?;
    if identity.claim(&tx, visit.now()).await?.is_some() {
        return Ok(done());
    }
    let settings = Settings::of(&visit.app)?;
    match service::plan(&tx, &settings, &input, visit.now()).await {
        Ok(id) => {
            identity.answer(&tx, &id).await?;
            tx.commit().await?;
            Ok(done())
        }
        Err(error) => {
            tx.rollback().await?;
            let errors = FormErrors::of_error(visit.lang, error)?;
            Ok(show(&visit, &input, errors).await?)
        }
    }
}
