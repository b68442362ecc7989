//! The ranking of entities by risk.

use super::store::{self, Filter, Ranked};
use super::{Band, Policy};
use crate::alerts::listing::entity_of;
use crate::rules::settings::HitSettings;
use crate::settings::Settings;
use askama::Template;
use axum::response::{IntoResponse, Response};
use kit::Capability;
use kit::locale::texts;
use kit::page::{Address, Chip, Choice, Page, Pagination, Sparkline};
use kit::web::{Csv, Fail, Routes, Visit, render};
use organisation::elevations::leave;

const PER_PAGE: u64 = 50;
const MOST_ROWS: u64 = 10_000;

pub(super) fn routes() -> Routes {
    Routes::new().get_or_file("/entities", Capability::ViewAlerts, Capability::ExportRows, list_entities)
}

/// What an address asks of the ranking.
pub(super) fn filter_of(address: &Address) -> Filter {
    let text = |name: &str| address.value(name).filter(|text| !text.is_empty()).map(ToOwned::to_owned);
    Filter {
        kind: text("kind"),
        entity: address.value("entity").and_then(entity_of),
        agency_id: text("agency").map(Some),
        words: text("q").unwrap_or_default(),
    }
}

/// An entity as a row.
struct Row {
    one: Ranked,
    /// Its value, or the name of the source that it is.
    name: String,
    points: String,
    band: Band,
    line: Sparkline,
    alerts: String,
}

#[derive(Template)]
#[template(path = "entities/templates/list.html")]
struct ListPage {
    page: Page,
    words: String,
    kinds: Vec<Choice>,
    chips: Vec<Chip>,
    rows: Vec<Row>,
    pagination: Pagination,
    days: u16,
    half_life: String,
    csv: String,
}

async fn list_entities(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::ViewAlerts)?;
    let filter = filter_of(&visit.address);
    let (view, now) = (visit.read(), visit.now());
    let settings = Settings::of(&visit.app)?;
    let policy = &settings.entity_risk;
    if visit.address.has("format", "csv") {
        let found = store::ranking(&view, policy, &filter, now, MOST_ROWS, 0).await?;
        return Ok(leave(&visit, csv(policy, &found)).await?);
    }
    let pagination = Pagination::of(&visit.address, PER_PAGE, store::count(&view, policy, &filter, now).await?);
    let found = store::ranking(&view, policy, &filter, now, PER_PAGE, pagination.offset()).await?;
    let agency = found.first().and_then(|one| one.agency_name.clone());
    let mut lines = store::by_day(&view, policy, &found, now).await?;
    let page = visit.page().await?;
    let row = |one: Ranked| Row {
        name: one.source_name.clone().unwrap_or_else(|| one.entity.value.clone()),
        points: page.format.decimal(one.risk, 0),
        band: policy.band(one.risk),
        line: Sparkline {
            counts: lines.remove(&(one.agency_id.clone(), one.entity.clone())).unwrap_or_default(),
            name: page.t("entity-line"),
        },
        alerts: alerts_of(&one),
        one,
    };
    let template = ListPage {
        rows: found.into_iter().map(row).collect(),
        kinds: kinds(&page, &settings.tuning.hits, &filter),
        chips: chips(&page, &filter, agency),
        words: filter.words.clone(),
        pagination,
        days: policy.days,
        half_life: page.format.decimal(policy.half_life_days, 1),
        csv: page.address.with("format", "csv").to_string(),
        page,
    };
    Ok(render(&template)?.into_response())
}

/// The alerts of an entity.
fn alerts_of(one: &Ranked) -> String {
    let address = Address::parse("/alerts?state=all&range=30d&each=1")
        .with("entity", format!("{}:{}", one.entity.kind, one.entity.value));
    match &one.agency_id {
        Some(id) => address.with("agency", id).to_string(),
        None => address.to_string(),
    }
}

fn kinds(page: &Page, hits: &HitSettings, filter: &Filter) -> Vec<Choice> {
    let columns = hits.columns();
    let chosen = filter.kind.as_deref();
    let mut names: Vec<&str> = columns.iter().map(|column| column.name()).chain(["source"]).collect();
    if let Some(kind) = chosen.filter(|kind| !names.contains(kind)) {
        names.push(kind);
    }
    let all = Choice::new("", page.t("monitoring-filter-all"), chosen.is_none());
    let choice = |name: &str| Choice::new(name, kind_name(page, name), chosen == Some(name));
    std::iter::once(all).chain(names.into_iter().map(choice)).collect()
}

/// A kind of entity in words; as the column is called where there are none.
fn kind_name(page: &Page, kind: &str) -> String {
    let key = format!("entity-kind-{}", kind.replace('_', "-"));
    if texts().has(page.lang, &key) { page.t(&key) } else { kind.to_owned() }
}

/// `agency` is the name of the one that is asked for.
fn chips(page: &Page, filter: &Filter, agency: Option<String>) -> Vec<Chip> {
    let mut chips = Vec::new();
    let mut add = |parameter: &str, code: &str, name: &str, value: String| {
        chips.push(Chip::of(&page.address, parameter, code, page.t(name), value));
    };
    if let Some(kind) = &filter.kind {
        add("kind", kind, "entity-kind", kind_name(page, kind));
    }
    if let Some(entity) = &filter.entity {
        add("entity", &format!("{}:{}", entity.kind, entity.value), "alert-entity", entity.value.clone());
    }
    if let Some(Some(id)) = &filter.agency_id {
        add("agency", id, "alert-agency", agency.unwrap_or_else(|| id.clone()));
    }
    if !filter.words.is_empty() {
        add("q", &filter.words, "alert-words", filter.words.clone());
    }
    chips
}

fn csv(policy: &Policy, found: &[Ranked]) -> Csv {
    let head =
        ["kind", "value", "agency_id", "agency", "risk", "band", "alerts", "open_alerts", "rules", "stories", "newest"];
    let mut csv = Csv::new("entities", head);
    for one in found {
        csv.row([
            one.entity.kind.clone(),
            one.entity.value.clone(),
            one.agency_id.clone().unwrap_or_default(),
            one.agency_name.clone().unwrap_or_default(),
            format!("{:.1}", one.risk),
            policy.band(one.risk).code().to_owned(),
            one.alerts.to_string(),
            one.open_alerts.to_string(),
            one.rules.to_string(),
            one.stories.to_string(),
            kit::page::iso(one.newest),
        ]);
    }
    csv
}
