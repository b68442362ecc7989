//! Pages of indicators: the search over all lists, one indicator, the lists and one list.

use super::store::{self, Filter};
use super::{List, Listed, Tlp, alerts, kind_key, service};
use crate::hunts::{self, SubjectKind};
use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use detection::{Indicator, IndicatorKind};
use kit::page::{Address, Chip, Choice, FlashKind, Page, Pagination, Tab, Tone};
use kit::web::{Csv, Fail, Form, Routes, Visit, render, see_other_saying};
use kit::{Capability, Error};
use organisation::elevations::{file_link, leave};
use serde::Deserialize;

const PER_PAGE: u64 = 100;
/// Most rows of one CSV.
const MOST_ROWS: u64 = 10_000;

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/indicators", Capability::ViewRules, list_indicators)
        .get("/indicators/{id}", Capability::ViewRules, show_indicator)
        .get("/indicators/lists", Capability::ViewRules, list_lists)
        .get("/indicators/lists/{id}", Capability::ViewRules, show_list)
        .post("/indicators/lists/{id}/delete", Capability::ManageRules, delete_list)
        .post("/indicators/lists/{id}/take-off", Capability::ManageRules, take_off)
}

#[derive(Template)]
#[template(path = "indicators/templates/list.html")]
struct ListPage {
    page: Page,
    words: String,
    tabs: Vec<Tab>,
    chips: Vec<Chip>,
    lists: Vec<Choice>,
    kinds: Vec<Choice>,
    rows: Vec<Listed>,
    pagination: Pagination,
    csv: String,
    now: i64,
    may_manage: bool,
}

/// What an address asks of the list. Words that are an indicator are sought in its one spelling.
pub(super) fn filter_of(address: &Address, now: i64) -> Filter {
    let text = |name: &str| address.value(name).filter(|text| !text.is_empty()).map(ToOwned::to_owned);
    let words = text("q").unwrap_or_default();
    Filter {
        words: Indicator::read(&words, None).map_or(words, |indicator| indicator.text().to_owned()),
        list_id: text("list"),
        kind: text("kind").and_then(|code| IndicatorKind::from_name(&code)),
        valid: Some((!address.has("show", "expired"), now)),
        indicator_id: None,
    }
}

async fn list_indicators(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::ViewRules)?;
    let filter = filter_of(&visit.address, visit.now());
    let view = visit.read();
    if visit.address.has("format", "csv") {
        let rows = store::rows(&view, &filter, MOST_ROWS, 0).await?;
        return Ok(leave(&visit, csv(&visit, &rows)).await?);
    }
    let lists = store::lists(&view, visit.now()).await?;
    let page = visit.page().await?;
    let mut tabs = Vec::new();
    let mut total = 0;
    for (key, valid) in [("indicator-tab-valid", true), ("indicator-tab-expired", false)] {
        let address = if valid { page.address.without("show") } else { page.address.with("show", "expired") };
        let count = store::count(&view, &Filter { valid: Some((valid, visit.now())), ..filter.clone() }).await?;
        let chosen = filter.valid.is_some_and(|(asked, _)| asked == valid);
        total = if chosen { count } else { total };
        let href = address.without("page").to_string();
        tabs.push(Tab { name: page.t(key), href, chosen, count: Some(count) });
    }
    let pagination = Pagination::of(&visit.address, PER_PAGE, total);
    let template = ListPage {
        words: visit.address.value("q").unwrap_or_default().to_owned(),
        tabs,
        chips: chips(&page, &filter, &lists),
        kinds: kinds(&page, &filter),
        lists: lists
            .iter()
            .map(|list| Choice::new(&list.id, &list.name, filter.list_id.as_ref() == Some(&list.id)))
            .collect(),
        rows: store::rows(&view, &filter, PER_PAGE, pagination.offset()).await?,
        pagination,
        csv: file_link(&visit, &page.address, pagination.total).await?,
        now: visit.now(),
        may_manage: visit.scope().may(Capability::ManageRules),
        page,
    };
    Ok(render(&template)?.into_response())
}

fn kinds(page: &Page, filter: &Filter) -> Vec<Choice> {
    let choice = |kind: IndicatorKind| Choice::new(kind.code(), page.t(kind_key(&kind)), filter.kind == Some(kind));
    IndicatorKind::ALL.into_iter().map(choice).collect()
}

fn chips(page: &Page, filter: &Filter, lists: &[List]) -> Vec<Chip> {
    let mut chips = Vec::new();
    let mut add = |parameter: &str, code: &str, key: &str, value: String| {
        chips.push(Chip::of(&page.address, parameter, code, page.t(key), value));
    };
    if let Some(words) = page.address.value("q").filter(|words| !words.is_empty()) {
        add("q", words, "indicator-words", words.to_owned());
    }
    if let Some(id) = &filter.list_id {
        let name = lists.iter().find(|list| list.id == *id).map_or(id, |list| &list.name);
        add("list", id, "indicator-list", name.clone());
    }
    if let Some(kind) = filter.kind {
        add("kind", kind.code(), "indicator-kind", page.t(kind_key(&kind)));
    }
    chips
}

fn csv(visit: &Visit, rows: &[Listed]) -> Csv {
    let head = [
        "indicator-text",
        "indicator-kind",
        "indicator-list",
        "indicator-confidence",
        "indicator-valid-from",
        "indicator-valid-until",
        "indicator-reference",
        "indicator-renewed-at",
    ];
    let mut csv = Csv::new("indicators", head.map(|key| visit.t(key)));
    for row in rows {
        csv.row([
            row.text.clone(),
            row.kind.code().to_owned(),
            row.list_name.clone(),
            row.confidence.to_string(),
            if row.valid_from > 0 { kit::page::iso(row.valid_from) } else { String::new() },
            kit::page::iso(row.valid_until),
            row.reference.clone(),
            kit::page::iso(row.renewed_at),
        ]);
    }
    csv
}

#[derive(Template)]
#[template(path = "indicators/templates/indicator.html")]
struct IndicatorPage {
    page: Page,
    /// What is said of it, the newest first; never empty.
    rows: Vec<Listed>,
    text: String,
    kind: IndicatorKind,
    /// Alerts that it raised, and the search for it, for those who may see them.
    alerts: Option<String>,
    search: Option<String>,
    hunt: Option<String>,
    now: i64,
    may_manage: bool,
}

async fn show_indicator(visit: Visit, Path(id): Path<String>) -> Result<Response, Fail> {
    visit.require(Capability::ViewRules)?;
    let filter = Filter { indicator_id: Some(id.clone()), ..Filter::default() };
    let rows = store::rows(&visit.read(), &filter, PER_PAGE, 0).await?;
    let first = rows.first().ok_or(Error::NotFound)?;
    let scope = visit.scope();
    let alerts = Address::parse("/alerts?state=all&range=all").with("rule", alerts::rule_id(&id));
    let quoted = format!("\"{}\"", first.text.replace(['"', '\\'], " "));
    let search = Address::parse("/search?range=all").with("q", quoted);
    let template = IndicatorPage {
        text: first.text.clone(),
        kind: first.kind,
        alerts: scope.may(Capability::ViewAlerts).then(|| alerts.to_string()),
        search: scope.may(Capability::ViewEvents).then(|| search.to_string()),
        hunt: hunts::pages::begin_href(&visit, SubjectKind::Indicator, &id),
        now: visit.now(),
        may_manage: scope.may(Capability::ManageRules),
        page: visit.page().await?,
        rows,
    };
    Ok(render(&template)?.into_response())
}

#[derive(Template)]
#[template(path = "indicators/templates/lists.html")]
struct ListsPage {
    page: Page,
    lists: Vec<List>,
    csv: String,
    may_manage: bool,
}

async fn list_lists(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::ViewRules)?;
    let lists = store::lists(&visit.read(), visit.now()).await?;
    if visit.address.has("format", "csv") {
        return Ok(leave(&visit, lists_csv(&visit, &lists)).await?);
    }
    let page = visit.page().await?;
    let template = ListsPage {
        csv: file_link(&visit, &page.address, lists.len() as u64).await?,
        lists,
        may_manage: visit.scope().may(Capability::ManageRules),
        page,
    };
    Ok(render(&template)?.into_response())
}

fn lists_csv(visit: &Visit, lists: &[List]) -> Csv {
    let head = [
        "indicator-list-name",
        "indicator-list-source",
        "indicator-list-kind",
        "indicator-tlp",
        "indicator-sharing",
        "indicator-confidence",
        "indicator-valid-days",
        "indicator-list-enabled",
        "indicator-list-valid",
        "indicator-list-all",
    ];
    let mut csv = Csv::new("indicator-lists", head.map(|key| visit.t(key)));
    for list in lists {
        csv.row([
            list.name.clone(),
            list.source.clone(),
            visit.t(list.kind.key()),
            visit.t(list.tlp.key()),
            visit.t(list.sharing.key()),
            list.confidence.to_string(),
            list.valid_days.to_string(),
            list.enabled.to_string(),
            list.valid.to_string(),
            list.indicators.to_string(),
        ]);
    }
    csv
}

#[derive(Template)]
#[template(path = "indicators/templates/one_list.html")]
struct OneListPage {
    page: Page,
    list: List,
    hunt: Option<String>,
    may_manage: bool,
}

async fn show_list(visit: Visit, Path(id): Path<String>) -> Result<Response, Fail> {
    visit.require(Capability::ViewRules)?;
    let list = store::find(&visit.read(), &id, visit.now()).await?;
    let may_manage = visit.scope().may(Capability::ManageRules);
    let hunt = hunts::pages::begin_href(&visit, SubjectKind::List, &list.id);
    Ok(render(&OneListPage { page: visit.page().await?, list, hunt, may_manage })?.into_response())
}

#[derive(Deserialize)]
struct Nothing {}

async fn delete_list(visit: Visit, Path(id): Path<String>, _form: Form<Nothing>) -> Result<Response, Fail> {
    let tx = visit.begin().await?;
    service::delete(&tx, &id, visit.now()).await?;
    tx.commit().await?;
    Ok(see_other_saying("/indicators/lists", FlashKind::Done, "indicator-list-deleted"))
}

#[derive(Deserialize)]
struct TakenOff {
    indicator: String,
}

async fn take_off(visit: Visit, Path(id): Path<String>, Form(form): Form<TakenOff>) -> Result<Response, Fail> {
    let tx = visit.begin().await?;
    service::take_off(&tx, &id, &form.indicator, visit.now()).await?;
    tx.commit().await?;
    Ok(see_other_saying(format!("/indicators?list={id}"), FlashKind::Done, "indicator-taken-off"))
}

/// Tone of a marking.
fn tone(tlp: &Tlp) -> Tone {
    match tlp {
        Tlp::Clear => Tone::Neutral,
        Tlp::Green => Tone::Good,
        Tlp::Amber | Tlp::AmberStrict => Tone::Attention,
        Tlp::Red => Tone::Bad,
    }
}
