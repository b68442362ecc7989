//! Pages of saved searches: the list, one of them with its schedule, and the short list beside the search.

use super::schedules::{self, Schedule};
use super::service;
use super::store::{self, Filter};
use super::{Kind, SavedSearch, alerts, form};
use crate::settings::Settings;
use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use kit::page::{Address, Chip, ErrorSummary, FlashKind, FormErrors, Page, Pagination, Tab, Tone};
use kit::web::{Access, Csv, Fail, Form, Routes, Visit, render, see_other_saying};
use kit::{Capability, Error};
use organisation::elevations::{file_link, leave};
use serde::Deserialize;

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/saved-searches", ASK_OR_ADMINISTER, list_searches)
        .post("/saved-searches", ASK_OR_ADMINISTER, form::create)
        .get("/saved-searches/new", ASK_OR_ADMINISTER, form::new_search)
        .get("/saved-searches/menu", ASK_OR_ADMINISTER, show_menu)
        .get("/saved-searches/{id}", ASK_OR_ADMINISTER, show_search)
        .post("/saved-searches/{id}", ASK_OR_ADMINISTER, form::change)
        .get("/saved-searches/{id}/edit", ASK_OR_ADMINISTER, form::edit_search)
        .post("/saved-searches/{id}/delete", ASK_OR_ADMINISTER, delete_search)
        .post("/saved-searches/{id}/take-over", ASK_OR_ADMINISTER, take_over)
}

/// Whoever may ask anything, or has to look after what others left.
pub(super) const ASK_OR_ADMINISTER: Access =
    Access::NeedsOneOf(&[Capability::ViewEvents, Capability::QuerySql, Capability::Administer]);
const PER_PAGE: u64 = 50;
const MOST_ROWS: u64 = 10_000;
/// Rows of the short list.
const IN_MENU: u64 = 30;

fn may_ask(visit: &Visit) -> bool {
    Kind::ALL.into_iter().any(|kind| visit.scope().may(kind.capability()))
}

/// Where a search is begun; nowhere for whoever may ask nothing.
fn way_to_ask(visit: &Visit) -> &'static str {
    let mut ways = Kind::ALL.into_iter().filter(|kind| visit.scope().may(kind.capability()));
    ways.next().map_or("", Kind::page)
}

/// Refused only to those who may ask nothing at all.
fn require_any(visit: &Visit) -> Result<(), Error> {
    if may_ask(visit) || visit.scope().may(Capability::Administer) {
        Ok(())
    } else {
        Err(Error::Forbidden(Capability::ViewEvents.name()))
    }
}

fn filter_of(visit: &Visit) -> Filter {
    Filter {
        words: visit.address.value("q").unwrap_or_default().to_owned(),
        kind: visit.address.value("kind").and_then(Kind::from_code),
        own: visit.address.has("show", "own"),
        scheduled: visit.address.has("show", "scheduled"),
    }
}

#[derive(Template)]
#[template(path = "saved_searches/templates/list.html")]
struct ListPage {
    page: Page,
    words: String,
    tabs: Vec<Tab>,
    chips: Vec<Chip>,
    rows: Vec<Row>,
    pagination: Pagination,
    csv: String,
    /// Empty for whoever may ask nothing.
    way_to_ask: &'static str,
}

struct Row {
    saved: SavedSearch,
    is_own: bool,
}

async fn list_searches(visit: Visit) -> Result<Response, Fail> {
    require_any(&visit)?;
    let filter = filter_of(&visit);
    let view = visit.read();
    if visit.address.has("format", "csv") {
        let rows = store::list(&view, &filter, MOST_ROWS, 0).await?;
        return Ok(leave(&visit, csv(&visit, &rows)).await?);
    }
    let pagination = Pagination::of(&visit.address, PER_PAGE, store::count(&view, &filter).await?);
    let rows = store::list(&view, &filter, PER_PAGE, pagination.offset()).await?;
    let me = visit.scope().person_id();
    let rows = rows.into_iter().map(|saved| Row { is_own: saved.is_owned_by(me), saved }).collect();
    let page = visit.page().await?;
    let template = ListPage {
        tabs: tabs(&visit, &page, &filter).await?,
        chips: chips(&page, &filter),
        csv: file_link(&visit, &page.address, pagination.total).await?,
        words: filter.words,
        way_to_ask: way_to_ask(&visit),
        rows,
        pagination,
        page,
    };
    Ok(render(&template)?.into_response())
}

async fn tabs(visit: &Visit, page: &Page, filter: &Filter) -> Result<Vec<Tab>, Error> {
    let mut tabs = Vec::new();
    for (code, key) in
        [("", "saved-search-tab-all"), ("own", "saved-search-tab-own"), ("scheduled", "saved-search-tab-scheduled")]
    {
        let asked = Filter { own: code == "own", scheduled: code == "scheduled", ..filter.clone() };
        let chosen = (asked.own, asked.scheduled) == (filter.own, filter.scheduled);
        let href = if code.is_empty() { page.address.without("show") } else { page.address.with("show", code) };
        let count = store::count(&visit.read(), &asked).await?;
        tabs.push(Tab { name: page.t(key), href: href.to_string(), chosen, count: Some(count) });
    }
    Ok(tabs)
}

fn chips(page: &Page, filter: &Filter) -> Vec<Chip> {
    let mut chips = Vec::new();
    if !filter.words.is_empty() {
        let words = filter.words.clone();
        chips.push(Chip::of(&page.address, "q", &filter.words, page.t("saved-search-words"), words));
    }
    if let Some(kind) = filter.kind {
        chips.push(Chip::of(&page.address, "kind", kind.code(), page.t("saved-search-kind"), page.t(kind.key())));
    }
    chips
}

fn csv(visit: &Visit, rows: &[SavedSearch]) -> Csv {
    let head = [
        "saved-search-name",
        "saved-search-description",
        "saved-search-kind",
        "saved-search-text",
        "saved-search-sharing",
        "saved-search-owner",
        "saved-search-agency",
        "saved-search-schedule",
        "saved-search-last-run",
        "saved-search-last-matches",
    ];
    let mut csv = Csv::new("saved-searches", head.map(|key| visit.t(key)));
    for saved in rows {
        let schedule = saved.schedule.as_ref();
        csv.row([
            saved.name.clone(),
            saved.description.clone(),
            visit.t(saved.kind.key()),
            saved.text.clone(),
            visit.t(saved.sharing.key()),
            saved.owner_name.clone(),
            saved.agency_name.clone().unwrap_or_default(),
            schedule.map(|one| visit.t(state_key(one))).unwrap_or_default(),
            schedule.and_then(|one| one.last_run_at).map(kit::page::iso).unwrap_or_default(),
            schedule.and_then(|one| one.last_matches).map(|number| number.to_string()).unwrap_or_default(),
        ]);
    }
    csv
}

#[derive(Template)]
#[template(path = "saved_searches/templates/search.html")]
struct SearchPage {
    page: Page,
    saved: SavedSearch,
    is_own: bool,
    /// The whole of the permanent address, to be sent to somebody.
    permanent: String,
    schedule: schedules::Shown,
    errors: ErrorSummary,
    /// The alerts it raised, for those who may see alerts.
    alerts: Option<String>,
    may_run: bool,
    /// Its owner left, and this person administers its agency.
    may_clear: bool,
}

async fn show_search(visit: Visit, Path(id): Path<String>) -> Result<Response, Fail> {
    require_any(&visit)?;
    Ok(show(&visit, &id, None, FormErrors::default()).await?)
}

/// The page of one search; with what was typed into the form of its schedule where that was wrong.
pub(super) async fn show(
    visit: &Visit,
    id: &str,
    typed: Option<&schedules::ScheduleInput>,
    errors: FormErrors,
) -> Result<Response, Error> {
    let saved = store::find(&visit.read(), id).await?;
    let page = visit.page().await?;
    let is_own = saved.is_owned_by(visit.scope().person_id());
    let list = Address::parse("/alerts?state=all&range=all").with("rule", alerts::rule_id(&saved.id));
    let settings = Settings::of(&visit.app)?;
    let schedule = schedules::shown(visit, &settings.saved_searches, &page, &saved, is_own, typed, &errors);
    let template = SearchPage {
        permanent: format!("{}{}", visit.app.settings.public_url, saved.permanent()),
        errors: errors.summary(&schedule.entries),
        schedule,
        alerts: visit.scope().may(Capability::ViewAlerts).then(|| list.to_string()),
        may_run: visit.scope().may(saved.kind.capability()),
        may_clear: !is_own && service::may_clear(&visit.read(), &saved).await?,
        is_own,
        saved,
        page,
    };
    let status = match template.errors.is_empty() {
        true => axum::http::StatusCode::OK,
        false => axum::http::StatusCode::UNPROCESSABLE_ENTITY,
    };
    Ok((status, render(&template)?).into_response())
}

#[derive(Deserialize)]
struct Nothing {}

async fn delete_search(visit: Visit, Path(id): Path<String>, _form: Form<Nothing>) -> Result<Response, Fail> {
    let tx = visit.begin().await?;
    service::delete(&tx, &id, visit.now()).await?;
    tx.commit().await?;
    Ok(see_other_saying("/saved-searches", FlashKind::Done, "saved-search-deleted"))
}

async fn take_over(visit: Visit, Path(id): Path<String>, _form: Form<Nothing>) -> Result<Response, Fail> {
    let settings = Settings::of(&visit.app)?;
    let tx = visit.begin().await?;
    service::take_over(&tx, &settings.saved_searches, &id, visit.now()).await?;
    tx.commit().await?;
    Ok(see_other_saying(format!("/saved-searches/{id}"), FlashKind::Done, "saved-search-taken-over"))
}

#[derive(Template)]
#[template(path = "saved_searches/templates/menu.html")]
struct Menu {
    page: Page,
    rows: Vec<SavedSearch>,
}

/// The short list that the search page unfolds.
async fn show_menu(visit: Visit) -> Result<Response, Fail> {
    require_any(&visit)?;
    let filter = Filter { kind: filter_of(&visit).kind, ..Filter::default() };
    let rows = store::list(&visit.read(), &filter, IN_MENU, 0).await?;
    Ok(render(&Menu { page: visit.page().await?, rows })?.into_response())
}

/// Key of the word for how a schedule stands.
pub(super) fn state_key(schedule: &Schedule) -> &'static str {
    match (schedule.state, &schedule.error_key, schedule.stop_reason) {
        (schedules::State::Active, Some(_), _) => "saved-search-state-error",
        (schedules::State::Active, None, _) => "saved-search-state-active",
        (schedules::State::Stopped, _, Some(schedules::StopReason::RightLost)) => "saved-search-state-right-lost",
        (schedules::State::Stopped, ..) => "saved-search-state-stopped",
    }
}

/// Its tone.
fn tone(schedule: &Schedule) -> Tone {
    match (schedule.state, &schedule.error_key, schedule.stop_reason) {
        (schedules::State::Active, Some(_), _) => Tone::Bad,
        (schedules::State::Active, None, _) => Tone::Good,
        (schedules::State::Stopped, _, Some(schedules::StopReason::RightLost)) => Tone::Attention,
        (schedules::State::Stopped, ..) => Tone::Neutral,
    }
}
