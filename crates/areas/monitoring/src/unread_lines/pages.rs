//! The queue of lines that nothing reads: the most frequent first, by source and agency.

use super::store::{self, Filter};
use super::{Part, State, UnreadLine};
use crate::search::run::audit;
use askama::Template;
use axum::response::{IntoResponse, Response};
use kit::page::{Chip, Choice, Page, Pagination, Tab, Tone};
use kit::web::{Csv, Fail, Routes, Visit, render};
use kit::{Capability, Error};
use organisation::audit::Touched;
use organisation::elevations::{file_link, leave};

const PER_PAGE: u64 = 50;
const MOST_ROWS: u64 = 10_000;

pub(super) fn routes() -> Routes {
    Routes::new().get("/unread-lines", Capability::ViewEvents, list_unread)
}

#[derive(Template)]
#[template(path = "unread_lines/templates/list.html")]
struct ListPage {
    page: Page,
    tabs: Vec<Tab>,
    rows: Vec<UnreadLine>,
    words: String,
    parts: Vec<Choice>,
    chips: Vec<Chip>,
    pagination: Pagination,
    csv: String,
}

pub(super) fn filter_of(visit: &Visit) -> Filter {
    let value = |name: &str| visit.address.value(name).filter(|text| !text.is_empty()).map(ToOwned::to_owned);
    Filter {
        state: Some(value("state").and_then(|code| State::from_code(&code)).unwrap_or_default()),
        part: value("part").and_then(|code| Part::from_code(&code)),
        source_id: value("source"),
        agency_id: value("agency"),
        words: value("q").unwrap_or_default(),
    }
}

/// Tells the trail whose lines were shown: a template holds words of them.
pub(super) async fn told(visit: &Visit, purpose: &str, query: &str, rows: &[UnreadLine]) -> Result<(), Error> {
    let mut touched = Touched::new();
    for agency in rows.iter().filter_map(|row| row.agency_id.clone()) {
        *touched.entry(agency).or_default().get_or_insert(0) += 1;
    }
    audit(visit, purpose, query, rows.len() as u64, &touched).await
}

async fn list_unread(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::ViewEvents)?;
    let filter = filter_of(&visit);
    let view = visit.read();
    let query = visit.address.to_string();
    if visit.address.has("format", "csv") {
        let rows = store::list(&view, &filter, MOST_ROWS, 0).await?;
        told(&visit, "export", &query, &rows).await?;
        return Ok(leave(&visit, csv(&rows)).await?);
    }
    let page = visit.page().await?;
    let pagination = Pagination::of(&page.address, PER_PAGE, store::count(&view, &filter).await?);
    let rows = store::list(&view, &filter, PER_PAGE, pagination.offset()).await?;
    told(&visit, "unread-lines", &query, &rows).await?;
    let part = |part: Part| Choice::new(part.code(), page.t(part.key()), filter.part == Some(part));
    let template = ListPage {
        tabs: tabs(&visit, &page, &filter).await?,
        parts: Part::ALL.map(part).into(),
        chips: chips(&page, &filter, rows.first()),
        rows,
        pagination,
        csv: file_link(&visit, &page.address, pagination.total).await?,
        words: filter.words,
        page,
    };
    Ok(render(&template)?.into_response())
}

async fn tabs(visit: &Visit, page: &Page, filter: &Filter) -> Result<Vec<Tab>, Error> {
    let mut tabs = Vec::new();
    for state in State::ALL {
        let asked = Filter { state: Some(state), ..filter.clone() };
        let address = page.address.without("page").without("state");
        let address = if state == State::New { address } else { address.with("state", state.code()) };
        let count = Some(store::count(&visit.read(), &asked).await?);
        let chosen = filter.state == Some(state);
        tabs.push(Tab { name: page.t(state.key()), href: address.to_string(), chosen, count });
    }
    Ok(tabs)
}

fn chips(page: &Page, filter: &Filter, first: Option<&UnreadLine>) -> Vec<Chip> {
    let mut chips = Vec::new();
    if !filter.words.is_empty() {
        chips.push(Chip::of(&page.address, "q", &filter.words, page.t("unread-line-words"), filter.words.clone()));
    }
    if let Some(part) = filter.part {
        chips.push(Chip::of(&page.address, "part", part.code(), page.t("unread-line-part"), page.t(part.key())));
    }
    if let Some(id) = &filter.source_id {
        let name = first.map_or_else(|| id.clone(), |row| row.source_name.clone());
        chips.push(Chip::of(&page.address, "source", id, page.t("unread-line-source"), name));
    }
    if let Some(id) = &filter.agency_id {
        let name = first.and_then(|row| row.agency_name.clone()).unwrap_or_else(|| id.clone());
        chips.push(Chip::of(&page.address, "agency", id, page.t("source-agency"), name));
    }
    chips
}

fn csv(rows: &[UnreadLine]) -> Csv {
    let heads = [
        "template",
        "agency",
        "source",
        "part",
        "program",
        "lines",
        "estimated",
        "first_seen",
        "last_seen",
        "state",
        "solved_by",
    ];
    let mut csv = Csv::new("unread-lines", heads);
    for row in rows {
        csv.row([
            row.template.as_str(),
            row.agency_name.as_deref().unwrap_or_default(),
            &row.source_name,
            row.part.code(),
            &row.program,
            &row.lines.to_string(),
            if row.estimated { "true" } else { "false" },
            &kit::page::iso(row.first_seen),
            &kit::page::iso(row.last_seen),
            row.state.code(),
            row.solved_by.as_deref().unwrap_or_default(),
        ]);
    }
    csv
}

/// Tone of a state beside its word.
pub(super) fn tone(row: &UnreadLine) -> Tone {
    match row.state {
        State::New => Tone::Attention,
        State::Ignored => Tone::Neutral,
        State::Solved => Tone::Good,
    }
}

/// What stands for the lines: those beyond the bound have no template.
pub(super) fn template_of(page: &Page, row: &UnreadLine) -> String {
    if row.template.is_empty() { page.t("unread-line-beyond") } else { row.template.clone() }
}
