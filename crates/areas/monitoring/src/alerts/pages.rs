//! Pages of alerts: the list with its drawer, and one alert. Acts are posted to one address, for one alert or many.

use super::listing::{self, Filter, Row, SORTS};
use super::{AlertState, CloseReason, service, show};
use crate::rules::Shelf;
use crate::rules::attribution::{self, Attribution};
use crate::stories::account::StoryLine;
use crate::stories::store as stories;
use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use kit::page::{Address, Chip, Choice, FlashKind, Page, Pagination, Severity, Sorting, Sparkline, Tone};
use kit::web::{Csv, Fail, Form, Routes, Visit, render, see_other_saying};
use kit::{App, Capability, Error};
use organisation::elevations::leave;
use serde::Deserialize;
use std::collections::HashMap;

pub fn routes() -> Routes {
    Routes::new()
        .get_or_file("/alerts", Capability::ViewAlerts, Capability::ExportRows, list_alerts)
        .post("/alerts/act", Capability::HandleAlerts, act)
        .get("/alerts/{id}", Capability::ViewAlerts, show_alert)
}

const PER_PAGE: u64 = 50;
/// Stories above the list; the others are on their own page.
const MOST_STORIES: u64 = 10;

/// A row of the list with its sparkline.
struct Line {
    row: Row,
    title: String,
    sparkline: Sparkline,
    open: String,
}

#[derive(Template)]
#[template(path = "alerts/templates/list.html")]
struct ListPage {
    page: Page,
    filter: Filter,
    chips: Vec<Chip>,
    states: Vec<Choice>,
    severities: Vec<Choice>,
    ranges: Vec<Choice>,
    sorting: Sorting,
    /// Attack stories that stand for their alerts, and the address that shows each alert instead.
    stories: Vec<StoryLine>,
    each: Option<String>,
    lines: Vec<Line>,
    pagination: Pagination,
    csv: String,
    /// Where an act leads back to.
    here: String,
    everything: String,
    may_handle: bool,
    close_reasons: Vec<Choice>,
    open: Option<show::Shown>,
    close_drawer: String,
}

async fn list_alerts(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::ViewAlerts)?;
    let filter = Filter::of(&visit.address, visit.now(), visit.scope().person_id());
    let sorting = Sorting::of(&visit.address, &SORTS);
    let connection = visit.read();
    if visit.address.has("format", "csv") {
        let rows = listing::rows(&connection, &filter, &sorting, listing::MOST_ROWS, 0).await?;
        let book = shelf(&visit.app).map(|shelf| shelf.current());
        let ids: Vec<_> = rows.iter().map(|row| row.rule_id.as_str()).collect();
        let authors = attribution::of(&connection, book.as_deref(), &ids).await?;
        return Ok(leave(&visit, csv(&visit, &rows, &authors)).await?);
    }
    // What belongs to a story is told by it, unless somebody asks for each, or for something in particular.
    let told = filter.is_general() && !visit.address.has("each", "1");
    let stories = if told { stories::list(&connection, &filter, MOST_STORIES, 0).await? } else { Vec::new() };
    let filter = Filter { is_loose: told, ..filter };
    let total = listing::count(&connection, &filter).await?;
    let pagination = Pagination::of(&visit.address, PER_PAGE, total);
    let rows = listing::rows(&connection, &filter, &sorting, PER_PAGE, pagination.offset()).await?;
    let hourly = listing::hourly(&connection, &rows, visit.now()).await?;
    let open = match visit.address.value("open") {
        Some(id) => Some(show::open(&visit, id).await?),
        None => None,
    };
    let page = visit.page().await?;
    let bare = page.address.without("open");
    let template = ListPage {
        chips: chips(&page, &filter, &rows),
        each: (!stories.is_empty()).then(|| bare.without("page").with("each", "1").to_string()),
        stories: StoryLine::of(&visit, stories)?,
        states: states(&page, &filter),
        severities: severities(&page, &filter),
        ranges: filter.span.choices(&page),
        lines: rows.into_iter().map(|row| line(&page, row, &hourly)).collect(),
        csv: bare.with("format", "csv").to_string(),
        here: bare.to_string(),
        everything: Address::parse("/alerts?state=all&range=30d").to_string(),
        may_handle: visit.scope().may(Capability::HandleAlerts),
        close_reasons: close_reasons(&page),
        close_drawer: bare.to_string(),
        open,
        sorting,
        pagination,
        filter,
        page,
    };
    Ok(render(&template)?.into_response())
}

fn line(page: &Page, row: Row, hourly: &HashMap<(String, super::Entity), Vec<u64>>) -> Line {
    let counts = hourly.get(&(row.rule_id.clone(), row.entity.clone())).cloned().unwrap_or_default();
    Line {
        title: row.title(page.lang).to_owned(),
        sparkline: Sparkline { counts, name: page.t("alert-sparkline") },
        // The page number stays: the drawer opens beside the same rows.
        open: match page.address.value("page") {
            Some(number) => page.address.with("open", &row.id).with("page", number).to_string(),
            None => page.address.with("open", &row.id).to_string(),
        },
        row,
    }
}

fn states(page: &Page, filter: &Filter) -> Vec<Choice> {
    let chosen = |state: AlertState| filter.states.as_slice() == [state];
    let open: Vec<_> = AlertState::ALL.into_iter().filter(|state| state.is_open()).collect();
    let all = Choice::new("all", page.t("alert-state-all"), filter.states.is_empty());
    let unfinished = Choice::new("open", page.t("alert-state-open"), filter.states == open);
    let one = |state: AlertState| Choice::new(state.code(), page.t(state_key(&state)), chosen(state));
    AlertState::ALL.into_iter().map(one).chain([unfinished, all]).collect()
}

fn severities(page: &Page, filter: &Filter) -> Vec<Choice> {
    let one = |severity: Severity| {
        Choice::new(severity.code(), page.t(severity.key()), filter.severities.contains(&severity))
    };
    Severity::ALL.into_iter().map(one).collect()
}

pub(crate) fn close_reasons(page: &Page) -> Vec<Choice> {
    CloseReason::ALL.into_iter().map(|reason| Choice::new(reason.code(), page.t(reason.key()), false)).collect()
}

/// Key of a state's word.
pub fn state_key(state: &AlertState) -> &'static str {
    match state {
        AlertState::New => "alert-state-new",
        AlertState::Acknowledged => "alert-state-acknowledged",
        AlertState::Assigned => "alert-state-assigned",
        AlertState::Escalated => "alert-state-escalated",
        AlertState::Closed => "alert-state-closed",
        AlertState::Suppressed => "alert-state-suppressed",
    }
}

/// Filters in use. Names come from the first row that has them: a filter on one system shows rows of that system.
fn chips(page: &Page, filter: &Filter, rows: &[Row]) -> Vec<Chip> {
    let address = page.address.without("open");
    let mut chips = Vec::new();
    let chip =
        |name: &str, value: String, remove: Address| Chip { name: page.t(name), value, remove: remove.to_string() };
    if !filter.states.is_empty() {
        let words: Vec<_> = filter.states.iter().map(|state| page.t(state_key(state))).collect();
        chips.push(chip("alert-state", words.join(", "), address.with("state", "all")));
    }
    if filter.span.from.is_some() || filter.span.to.is_some() {
        let wider = address.without("from").without("to").with("range", "all");
        chips.push(chip("alert-time", filter.span.words(page), wider));
    }
    for severity in &filter.severities {
        let remove = address.without_value("severity", severity.code());
        chips.push(chip("shell-severity", page.t(severity.key()), remove));
    }
    let first = rows.first();
    let named = |name: Option<String>, id: &str| name.unwrap_or_else(|| id.to_owned());
    if let Some(id) = &filter.rule_id {
        let title = first.map(|row| row.title(page.lang).to_owned());
        chips.push(chip("alert-rule", named(title, id), address.without("rule")));
    }
    if let Some(id) = &filter.system_id {
        let name = first.and_then(|row| row.system_name.clone());
        chips.push(chip("alert-system", named(name, id), address.without("system")));
    }
    if let Some(id) = &filter.agency_id {
        let name = first.and_then(|row| row.agency_name.clone());
        chips.push(chip("alert-agency", named(name, id), address.without("agency")));
    }
    if let Some(id) = &filter.source_id {
        let name = first.and_then(|row| row.source_name.clone());
        chips.push(chip("alert-source", named(name, id), address.without("source")));
    }
    if let Some(entity) = &filter.entity {
        chips.push(chip("alert-entity", entity.value.clone(), address.without("entity")));
    }
    if let Some(technique) = &filter.technique {
        chips.push(chip("alert-technique", technique.clone(), address.without("technique")));
    }
    if filter.assigned_to.is_some() {
        let mine = address.has("assigned", "me");
        let name = first.and_then(|row| row.assigned_name.clone()).unwrap_or_default();
        let words = if mine { page.t("alert-assigned-me") } else { name };
        chips.push(chip("alert-assigned", words, address.without("assigned")));
    }
    if filter.hunt_id.is_some() {
        chips.push(chip("hunt-title", page.t("alert-of-the-past"), address.without("hunt")));
    }
    if let Some(id) = &filter.story_id {
        chips.push(chip("story-name", id.clone(), address.without("story")));
    }
    if let Some(id) = &filter.suppression_id {
        chips.push(chip("suppression-name", id.clone(), address.without("suppression")));
    }
    if !filter.words.is_empty() {
        chips.push(chip("alert-words", filter.words.clone(), address.without("q")));
    }
    chips
}

fn csv(visit: &Visit, rows: &[Row], authors: &HashMap<String, Attribution>) -> Csv {
    let head = [
        "id",
        "title",
        "severity",
        "score",
        "state",
        "count",
        "entity_kind",
        "entity",
        "system",
        "system_level",
        "agency",
        "source",
        "assigned_to",
        "first_event",
        "last_event",
        "detected",
        "rule_id",
        "rule_author",
        "rule_licence",
        "of_the_past",
    ];
    let mut csv = Csv::new("alerts", head);
    for row in rows {
        let optional = |text: &Option<String>| text.clone().unwrap_or_default();
        let attribution = authors.get(&row.rule_id).cloned().unwrap_or_default();
        csv.row([
            row.id.clone(),
            row.title(visit.lang).to_owned(),
            row.severity.code().to_owned(),
            row.score.to_string(),
            row.state.code().to_owned(),
            row.count.to_string(),
            row.entity.kind.clone(),
            row.entity.value.clone(),
            optional(&row.system_name),
            row.system_level.map(|level| level.to_string()).unwrap_or_default(),
            optional(&row.agency_name),
            optional(&row.source_name),
            optional(&row.assigned_name),
            kit::page::iso(row.first_event_time),
            kit::page::iso(row.last_event_time),
            kit::page::iso(row.detected_at),
            row.rule_id.clone(),
            optional(&attribution.author),
            optional(&attribution.licence),
            row.hunt_id.is_some().to_string(),
        ]);
    }
    csv
}

#[derive(Template)]
#[template(path = "alerts/templates/alert.html")]
struct AlertPage {
    page: Page,
    alert: show::Shown,
    here: String,
    may_handle: bool,
    close_reasons: Vec<Choice>,
}

async fn show_alert(visit: Visit, Path(id): Path<String>) -> Result<Response, Fail> {
    visit.require(Capability::ViewAlerts)?;
    let alert = show::open(&visit, &id).await?;
    let page = visit.page().await?;
    let template = AlertPage {
        here: format!("/alerts/{id}"),
        may_handle: visit.scope().may(Capability::HandleAlerts),
        close_reasons: close_reasons(&page),
        alert,
        page,
    };
    Ok(render(&template)?.into_response())
}

#[derive(Deserialize)]
struct Act {
    #[serde(default)]
    act: String,
    #[serde(default)]
    row: Vec<String>,
    /// `acknowledge:<id>`: an act on one row whatever is selected, for the keys.
    #[serde(default)]
    one: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    note: String,
    #[serde(default)]
    assigned_to: String,
    /// Where to go afterwards, an address of ours.
    #[serde(default)]
    to: String,
}

async fn act(visit: Visit, Form(mut form): Form<Act>) -> Result<Response, Fail> {
    if let Some((act, id)) = form.one.split_once(':') {
        (form.act, form.row) = (act.to_owned(), vec![id.to_owned()]);
    }
    let ours = form.to == "/" || form.to.starts_with("/alerts") || form.to.starts_with("/stories/");
    let back = if ours { form.to.clone() } else { "/alerts".to_owned() };
    if form.row.is_empty() {
        return Ok(see_other_saying(back, FlashKind::Note, "alert-none-selected"));
    }
    let (live, now) = (visit.app.live.clone(), visit.now());
    let tx = visit.begin().await?;
    let outcome = match form.act.as_str() {
        "acknowledge" => service::acknowledge(&tx, &live, &form.row, now).await.map(|_| "alert-done-acknowledged"),
        "take" => {
            let me = visit.scope().person_id().ok_or(Error::Forbidden("person"))?;
            service::assign(&tx, &live, &form.row, me, now).await.map(|_| "alert-done-assigned")
        }
        "assign" => service::assign(&tx, &live, &form.row, &form.assigned_to, now).await.map(|_| "alert-done-assigned"),
        "close" => {
            let reason =
                CloseReason::from_code(&form.reason).ok_or_else(|| Error::invalid("reason", "field-required"))?;
            service::close(&tx, &live, &form.row, reason, &form.note, now).await.map(|_| "alert-done-closed")
        }
        "reopen" => service::reopen(&tx, &live, &form.row, now).await.map(|_| "alert-done-reopened"),
        "escalate" => service::escalate(&tx, &live, &form.row, None, now).await.map(|_| "alert-done-escalated"),
        _ => Err(Error::invalid("act", "field-invalid")),
    };
    match outcome {
        Ok(said) => {
            tx.commit().await?;
            let first = form.row.first().map(|id| format!("/alerts/{id}"));
            // What was escalated is an incident now; its alert shows the way there.
            let to = if form.act == "escalate" { first.unwrap_or(back) } else { back };
            Ok(see_other_saying(to, FlashKind::Done, said))
        }
        // Somebody was faster, or the rows do not belong together: nothing changed, and the list says why.
        Err(Error::Conflict(key)) => Ok(see_other_saying(back, FlashKind::Problem, key)),
        Err(error) => Err(error.into()),
    }
}

/// The rules in force, where detection runs.
pub(crate) fn shelf(app: &App) -> Option<Shelf> {
    app.ports.get::<crate::Monitoring>().map(|monitoring| monitoring.rules.clone())
}

impl ListPage {
    /// Parts of the address that the filter form has no field for and must keep.
    fn kept(&self) -> Vec<(String, String)> {
        let own = ["q", "state", "severity", "range", "from", "to", "page", "open"];
        let mut kept = self.page.address.pairs().to_vec();
        kept.retain(|(name, _)| !own.contains(&name.as_str()));
        kept
    }
}

pub(crate) fn tone(state: &AlertState) -> Tone {
    match state {
        AlertState::New => Tone::Attention,
        AlertState::Acknowledged | AlertState::Assigned => Tone::Active,
        AlertState::Escalated => Tone::Bad,
        AlertState::Closed => Tone::Good,
        AlertState::Suppressed => Tone::Neutral,
    }
}

/// Key of what a row of the audit trail says about an alert.
fn history_key(action: &str) -> &'static str {
    match action {
        "alert.see" => "alert-history-see",
        "alert.acknowledge" => "alert-history-acknowledge",
        "alert.assign" => "alert-history-assign",
        "alert.close" => "alert-history-close",
        "alert.reopen" => "alert-history-reopen",
        "alert.escalate" => "alert-history-escalate",
        _ => "alert-history-other",
    }
}
