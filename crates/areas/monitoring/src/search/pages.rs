//! The search page, its exports, and the menu of one value.

use super::clause::{exclude, include};
use super::counting::Shown;
use super::figures::{Figures, Way};
use super::run::{
    self, Failure, Found, MOST_ROWS, Patience, State, file_address, require_whole, search, search_page, sequence, text,
    time, told_unreadable,
};
use super::senders::Sender;
use super::{Question, asked, clause, column_doc, cursor_code};
use crate::saved_searches::opening::opened;
use crate::timespan::Timespan;
use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use event_store::{Cursor, SearchResult, Store};
use kit::civil::moment_field;
use kit::clock::Micros;
use kit::page::{Address, Choice, ErrorSummary, FormErrors, Page, Place};
use kit::scope::Agencies;
use kit::web::{Csv, Fail, Html, Routes, Visit, render};
use kit::{Capability, Error};
use organisation::elevations::export_refused;
use std::collections::HashMap;

pub(super) fn routes() -> Routes {
    Routes::new()
        .get_or_file("/search", Capability::ViewEvents, Capability::ExportRows, show_search)
        .get("/search/value", Capability::ViewEvents, show_value)
        .get("/search/drawer", Capability::ViewEvents, close_drawer)
}

/// Fields of the time, each under the key of its label, in the order of the form.
const TIME_FIELDS: [&str; 3] = ["search-range", "search-from", "search-to"];

/// Longest text of a row, in characters; the event's own page has all of it.
const LONGEST_TEXT: usize = 400;

/// One event as a row.
pub(super) struct Row {
    pub seq: u64,
    /// The event's own page, keeping the search it came from.
    pub href: String,
    pub time: Micros,
    /// Day and time of day to the millisecond: in a log, "a minute ago" says too little.
    pub day: String,
    pub clock: String,
    pub sender: Option<Sender>,
    /// Chosen columns in order: value and the address of its menu.
    pub cells: Vec<(String, String)>,
    pub text: String,
}

/// What is wrong with the text of a query.
struct Wrong {
    before: String,
    at: String,
    after: String,
    /// What is wrong there and what was expected.
    sentence: String,
    position: usize,
}

#[derive(Template)]
#[template(path = "search/templates/search.html")]
struct SearchPage {
    page: Page,
    question: Question,
    wrong: Option<Wrong>,
    ranges: Vec<Choice>,
    from: String,
    to: String,
    columns: Vec<String>,
    columns_value: String,
    rows: Vec<Row>,
    figures: Figures,
    /// How far the count is, where it is not done; and where the rest comes from while it goes on.
    way: Option<Way>,
    counting: String,
    /// The same page with everything counted at once.
    whole: String,
    /// What is wrong with the time, at its fields.
    errors: FormErrors,
    summary: ErrorSummary,
    /// The whole address of this search with its time fixed.
    permanent: Option<String>,
    /// Events whose clocks are fast, with the address that shows them.
    in_future: Option<(u64, String)>,
    newest: Option<String>,
    older: Option<String>,
    live: bool,
    live_href: String,
    live_toggle: String,
    csv: String,
    json: String,
    /// The visitor reads raw events only of agencies for which somebody has approved it.
    by_elevation: bool,
}

async fn show_search(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::ViewEvents)?;
    if let Some(saved) = opened(&visit, "q").await? {
        return Ok(saved);
    }
    let now = visit.now();
    let problems = Timespan::problems(&visit.address);
    let question = Question::of(&visit.address, now);
    if let Some(format @ ("csv" | "json")) = visit.address.value("format") {
        return Ok(export(&visit, &asked(&visit.address, now)?, format).await?);
    }
    if !problems.is_empty() {
        let mut template = assemble(&visit, visit.page().await?, question, None);
        template.live = false;
        for one in &problems {
            let text = match visit.address.value(&one.field).filter(|_| one.key != "timespan-backwards") {
                Some(given) => template.page.tn2("search-time-wrong", "given", given, "problem", visit.t(one.key)),
                None => visit.t(one.key),
            };
            template.errors.add(format!("search-{}", one.field), text);
            let typed = visit.address.value(&one.field).unwrap_or_default().to_owned();
            match one.field.as_str() {
                "from" => template.from = typed,
                "to" => template.to = typed,
                _ => {}
            }
        }
        template.summary = template.errors.summary(TIME_FIELDS.map(|name| Place {
            field: name.to_owned(),
            element: name.to_owned(),
            label: visit.t(name),
        }));
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, render(&template)?).into_response());
    }
    let _place = run::enter(&visit).await?;
    let in_future = match question.before {
        Some(_) => 0,
        None => run::count_in_future(&visit, &question).await.unwrap_or(0),
    };
    let patience = if visit.address.has("whole", "1") { Patience::Whole } else { Patience::FirstPage };
    let (found, wrong) = match search_page(&visit, &question, patience).await {
        Ok(found) => (Some(found), None),
        Err(Failure::Text(mistake)) => {
            let sentence = mistake.sentence(visit.lang);
            (None, Some(Wrong::new(&question.query, mistake.position.unwrap_or(1), sentence)))
        }
        Err(Failure::Other(error)) => return Err(error.into()),
    };
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = visit.page().await?;
    let ahead = page.address.without("range").without("before").without("live");
    let ahead = ahead.with("from", question.span.to.unwrap_or_default() / 1000).to_string();
    let mut template = assemble(&visit, page, question, wrong);
    if let Some(found) = found {
        template.fill(&visit, now, &found);
        let (address, lacks) = (template.page.address.without("before"), told_unreadable(&found.result.unreadable));
        template.csv = file_address(&address, "csv", &lacks);
        template.json = file_address(&address, "json", &lacks);
    }
    if template.wrong.is_none() {
        template.permanent = Some(permanent(&visit, &template.question, now));
    }
    template.in_future = (in_future > 0).then_some((in_future, ahead));
    Ok((status, render(&template)?).into_response())
}

/// The whole address of this search with its time fixed: it asks the same tomorrow.
fn permanent(visit: &Visit, question: &Question, now: Micros) -> String {
    let moving = ["range", "before", "live", "whole", "saved"];
    let address = moving.into_iter().fold(visit.address.clone(), |address, name| address.without(name));
    let address = match question.span.from {
        Some(from) => address.with("from", from / 1_000),
        None => address.without("from"),
    };
    let address = address.with("to", question.span.to.unwrap_or(now) / 1_000);
    format!("{}{address}", visit.app.settings.public_url)
}

fn assemble(visit: &Visit, page: Page, question: Question, wrong: Option<Wrong>) -> SearchPage {
    let address = page.address.without("before");
    let live = address.has("live", "1") && wrong.is_none() && question.before.is_none();
    SearchPage {
        ranges: question.span.choices(&page),
        from: question.span.from.filter(|_| question.span.range.is_empty()).map(moment_field).unwrap_or_default(),
        to: question.span.to.filter(|_| question.span.range.is_empty()).map(moment_field).unwrap_or_default(),
        columns: question.columns.clone(),
        columns_value: question.columns.join(","),
        rows: Vec::new(),
        figures: Figures::of(&page, &address, &question, &SearchResult::default(), &HashMap::new()),
        way: None,
        counting: String::new(),
        whole: page.address.with("whole", 1).to_string(),
        errors: FormErrors::default(),
        summary: ErrorSummary::default(),
        permanent: None,
        in_future: None,
        newest: question.before.map(|_| address.to_string()),
        older: None,
        live,
        live_href: address.at("/search/live").without("live").to_string(),
        live_toggle: if live { address.without("live") } else { address.with("live", 1) }.to_string(),
        csv: address.with("format", "csv").to_string(),
        json: address.with("format", "json").to_string(),
        by_elevation: matches!(visit.scope().agencies(), Agencies::All)
            && !matches!(visit.scope().event_agencies(), Agencies::All),
        wrong,
        question,
        page,
    }
}

impl SearchPage {
    /// `now` is when the question was asked.
    fn fill(&mut self, visit: &Visit, now: Micros, found: &Found) {
        let address = &self.page.address.without("before");
        let row = |row| row_of(&self.page, address, &self.question, row, &found.senders);
        self.rows = found.result.rows.iter().map(row).collect();
        self.figures = Figures::of(&self.page, address, &self.question, &found.result, &found.senders);
        let older = |next: Cursor| address.with("before", cursor_code(next.time, next.seq)).to_string();
        self.older = found.result.next.map(older);
        if found.progress.state == State::Done {
            return;
        }
        let seconds = run::monitoring(&visit.app).map_or(0, |monitoring| monitoring.searches.limits.time.as_secs());
        self.way = Some(Way::of(&self.page, &found.progress, seconds));
        if found.progress.state == State::UnderWay {
            let shown = Shown {
                at: now,
                reached: found.progress.reached,
                last: self.rows.last().map(|row| (row.time, row.seq)),
                complete: found.progress.page_complete,
            };
            self.counting = shown.address(&self.page.address).to_string();
        }
    }
}

impl Wrong {
    /// `position` counts characters from 1.
    fn new(query: &str, position: usize, sentence: String) -> Self {
        let letters: Vec<char> = query.chars().collect();
        let position = position.saturating_sub(1).min(letters.len());
        let take = |from: usize, to: usize| letters.iter().skip(from).take(to.saturating_sub(from)).collect::<String>();
        Self {
            before: take(0, position),
            at: take(position, position + 1),
            after: take(position + 1, letters.len()),
            sentence,
            position: position + 1,
        }
    }
}

/// One row, for the page, the live tail and what comes later.
pub(super) fn row_of(
    page: &Page,
    address: &Address,
    question: &Question,
    row: &serde_json::Map<String, serde_json::Value>,
    senders: &HashMap<String, Sender>,
) -> Row {
    let cell = |name: &String| {
        let value = text(row, name).unwrap_or_default();
        let menu = if value.is_empty() { String::new() } else { value_address(address, name, &value) };
        (value, menu)
    };
    let words = text(row, "message").or_else(|| text(row, "raw")).unwrap_or_default();
    let seq = sequence(row);
    let time = time(row, "time").unwrap_or_default();
    let precise = page.format.precise(time);
    let mut parts = precise.split(' ').map(ToOwned::to_owned);
    Row {
        href: address.at(&format!("/events/{seq}")).without("before").without("live").to_string(),
        seq,
        time,
        day: parts.next().unwrap_or_default(),
        clock: parts.next().unwrap_or_default(),
        sender: text(row, "source_id").and_then(|id| senders.get(&id).cloned()),
        cells: question.columns.iter().map(cell).collect(),
        text: shortened(&words),
    }
}

fn shortened(words: &str) -> String {
    let mut short: String = words.chars().take(LONGEST_TEXT).collect();
    if short.len() < words.len() {
        short.push('…');
    }
    short
}

/// The menu of a value, keeping the search it came from.
pub(crate) fn value_address(address: &Address, field: &str, value: &str) -> String {
    address.at("/search/value").without("before").without("live").with("field", field).with("value", value).to_string()
}

/// All columns of the rows found, as a file.
async fn export(visit: &Visit, question: &Question, format: &str) -> Result<Response, Error> {
    let mut question = question.clone();
    question.columns = Store::event_columns().iter().map(|column| column.name.to_owned()).collect();
    let _place = run::enter(visit).await?;
    let found = search(visit, &question, MOST_ROWS, "export").await?;
    require_whole(visit, &told_unreadable(&found.unreadable))?;
    if let Some(elsewhere) = export_refused(visit, found.rows.len()).await? {
        return Ok(elsewhere);
    }
    if format == "json" {
        let body = serde_json::to_string(&found.rows).map_err(Error::internal)?;
        let headers = [
            (header::CONTENT_TYPE, "application/json"),
            (header::CONTENT_DISPOSITION, "attachment; filename=\"events.json\""),
        ];
        return Ok((headers, body).into_response());
    }
    let mut csv = Csv::new("events", &question.columns);
    for row in &found.rows {
        csv.row(question.columns.iter().map(|name| text(row, name).unwrap_or_default()));
    }
    Ok(csv.released())
}

/// The closed drawer, so that closing does not run the search again.
async fn close_drawer(_visit: Visit) -> Html {
    axum::response::Html("<div id=\"drawer\"></div>".to_owned())
}

#[derive(Template)]
#[template(path = "search/templates/value.html")]
struct ValuePage {
    page: Page,
    menu: ValueMenu,
}

#[derive(Template)]
#[template(path = "search/templates/value_drawer.html")]
struct ValueDrawer {
    page: Page,
    menu: ValueMenu,
}

/// What can be done with one value.
struct ValueMenu {
    field: String,
    value: String,
    shown: String,
    doc: String,
    back: String,
    include: String,
    exclude: String,
    only: String,
    group: String,
    register: Option<String>,
    alerts: Option<String>,
}

async fn show_value(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::ViewEvents)?;
    let given = |name: &str| visit.address.value(name).filter(|text| !text.is_empty()).map(ToOwned::to_owned);
    let (Some(field), Some(value)) = (given("field"), given("value")) else {
        let missing = if given("field").is_none() { "field" } else { "value" };
        return Err(Error::invalid(missing, "field-required").into());
    };
    let base = visit.address.at("/search").without("field").without("value");
    let query = base.value("q").unwrap_or_default().to_owned();
    let common = Store::event_columns().iter().any(|column| column.name == field);
    let sql = format!(
        "SELECT {field}, count(*) AS events, min(time) AS first, max(time) AS last\nFROM events\n\
         WHERE time > now() - INTERVAL '24 hours'\nGROUP BY {field}\nORDER BY events DESC\nLIMIT 50"
    );
    let is_named = ["host_name", "host_ip", "source_ip", "destination_ip", "url_domain"].contains(&field.as_str());
    let page = visit.page().await?;
    let menu = ValueMenu {
        include: base.with("q", include(&query, &field, &value)).to_string(),
        exclude: base.with("q", exclude(&query, &field, &value)).to_string(),
        only: base.with("q", clause::clause(&field, &value)).to_string(),
        group: if common { Address::parse("/questions").with("sql", sql).to_string() } else { String::new() },
        register: (is_named && visit.scope().may(Capability::ViewSystems))
            .then(|| Address::parse("/systems").with("q", &value).to_string()),
        alerts: (common && visit.scope().may(Capability::ViewAlerts)).then(|| {
            let list = Address::parse("/alerts?state=all&range=30d");
            list.with("entity", format!("{field}:{value}")).to_string()
        }),
        shown: run::shown_value(&visit, &field, &value).await?,
        doc: column_doc(&page, &field),
        back: base.to_string(),
        field,
        value,
    };
    let html = if visit.partial { render(&ValueDrawer { page, menu })? } else { render(&ValuePage { page, menu })? };
    Ok(html.into_response())
}
