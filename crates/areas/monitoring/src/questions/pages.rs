//! The page of questions: a statement, the catalogue beside it, and the rows. The statement stands in the address,
//! so an answer can be sent to somebody, who sees what their own scope allows.

use super::examples::EXAMPLES;
use super::{ask, page_of};
use crate::saved_searches::opening::opened;
use crate::search::figures::unreadable;
use crate::search::run::{file_address, require_whole};
use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use event_store::Store;
use kit::catalogue::{QueryAnswer, TableSpec};
use kit::page::Page;
use kit::web::{Csv, Fail, Routes, Visit, render};
use kit::{App, Capability, Error};
use organisation::elevations::export_refused;
use serde_json::Value;

pub(super) fn routes() -> Routes {
    Routes::new().get_or_file("/questions", Capability::QuerySql, Capability::ExportRows, show_question)
}

/// Rows on the page; files hold more.
const ON_PAGE: usize = 500;
/// Rows of a file.
const IN_FILE: usize = 10_000;

/// An answer as a table of texts.
struct Answer {
    columns: Vec<String>,
    /// Which columns hold nothing but numbers; they stand right.
    numeric: Vec<bool>,
    /// Text of each cell, and the address behind it where it is the number of an event.
    rows: Vec<Vec<(String, String)>>,
    truncated: bool,
    files_read: u64,
    files_total: u64,
    /// In words: what it lacks because it could not be read.
    unreadable: Vec<String>,
    milliseconds: u64,
}

#[derive(Template)]
#[template(path = "questions/templates/question.html")]
struct QuestionPage {
    page: Page,
    sql: String,
    answer: Option<Answer>,
    /// Why a statement did not run, and what the engine itself says about it.
    wrong: Option<(String, Option<String>)>,
    tables: Vec<Table>,
    examples: Vec<(&'static str, &'static str, String)>,
    csv: String,
    json: String,
}

async fn show_question(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::QuerySql)?;
    if let Some(saved) = opened(&visit, "sql").await? {
        return Ok(saved);
    }
    let sql = visit.address.value("sql").unwrap_or_default().trim().to_owned();
    if let Some(format @ ("csv" | "json")) = visit.address.value("format") {
        return Ok(export(&visit, &sql, format).await?);
    }
    let (answer, wrong) = if sql.is_empty() {
        (None, None)
    } else {
        match ask(&visit, &sql, ON_PAGE, "page").await {
            Ok(answer) => (Some(answer), None),
            Err(error @ (Error::Mistake(_) | Error::Invalid(_))) => (None, Some((error.in_words(visit.lang), None))),
            Err(error) if error.own_words().is_some() => {
                (None, Some((visit.t(error.key()), error.own_words().map(ToOwned::to_owned))))
            }
            Err(error @ Error::Unavailable(_)) => (None, Some((visit.t(error.key()), None))),
            Err(error) => return Err(error.into()),
        }
    };
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = visit.page().await?;
    let lacks = answer.as_ref().map(|answer| answer.unreadable.clone()).unwrap_or_default();
    let file = |format| file_address(&page.address, format, &lacks);
    let template = QuestionPage {
        csv: file("csv"),
        json: file("json"),
        answer: answer.map(|answer| Answer::of(&page, answer)),
        wrong,
        tables: tables(&page, &visit.app),
        examples: examples(&visit),
        sql,
        page,
    };
    Ok((status, render(&template)?).into_response())
}

/// Title, statement and address of those that the visitor may ask.
fn examples(visit: &Visit) -> Vec<(&'static str, &'static str, String)> {
    let may_ask = |(_, need, _): &(&str, Capability, &str)| visit.scope().may(*need);
    EXAMPLES.into_iter().filter(may_ask).map(|(key, _, sql)| (key, sql, page_of(sql).to_string())).collect()
}

impl Answer {
    fn is_numeric(&self, index: &usize) -> bool {
        self.numeric.get(*index).copied().unwrap_or(false)
    }

    fn of(page: &Page, answer: QueryAnswer) -> Self {
        let cell = |name: &String, value: Option<&Value>| {
            let text = value.map(words).unwrap_or_default();
            let number = name == "seq" && text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty();
            let href = if number { format!("/events/{text}") } else { String::new() };
            (text, href)
        };
        let numeric = |name: &String| {
            let mut values =
                answer.rows.iter().filter_map(|row| row.get(name)).filter(|value| !value.is_null()).peekable();
            values.peek().is_some() && values.all(Value::is_number)
        };
        Self {
            numeric: answer.columns.iter().map(numeric).collect(),
            rows: answer
                .rows
                .iter()
                .map(|row| answer.columns.iter().map(|name| cell(name, row.get(name))).collect())
                .collect(),
            unreadable: unreadable(page, &answer.unreadable),
            columns: answer.columns,
            truncated: answer.truncated,
            files_read: answer.files_read as u64,
            files_total: answer.files_total as u64,
            milliseconds: answer.milliseconds,
        }
    }
}

fn words(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

async fn export(visit: &Visit, sql: &str, format: &str) -> Result<Response, Error> {
    let answer = ask(visit, sql, IN_FILE, "export").await?;
    require_whole(visit, &answer.unreadable)?;
    if let Some(elsewhere) = export_refused(visit, answer.rows.len()).await? {
        return Ok(elsewhere);
    }
    if format == "json" {
        let body = serde_json::to_string(&answer.rows).map_err(Error::internal)?;
        let headers = [
            (header::CONTENT_TYPE, "application/json"),
            (header::CONTENT_DISPOSITION, "attachment; filename=\"answer.json\""),
        ];
        return Ok((headers, body).into_response());
    }
    let mut csv = Csv::new("answer", &answer.columns);
    for row in &answer.rows {
        csv.row(answer.columns.iter().map(|name| row.get(name).map(words).unwrap_or_default()));
    }
    Ok(csv.released())
}

/// A table as the page documents it.
struct Table {
    name: String,
    doc: String,
    /// Name, type, meaning.
    columns: Vec<(&'static str, String, String)>,
}

/// The events first, then what the areas declare.
fn tables(page: &Page, app: &App) -> Vec<Table> {
    let table = |name: String, key: String, columns: Vec<(&'static str, &'static str)>| Table {
        columns: columns
            .into_iter()
            .map(|(name, kind)| (name, page.t(&format!("catalogue-kind-{kind}")), page.t(&format!("{key}-{name}"))))
            .collect(),
        doc: page.t(&key),
        name,
    };
    let columns = Store::event_columns().iter().map(|column| (column.name, column.kind)).collect();
    let events = table("events".to_owned(), "catalogue-events".to_owned(), columns);
    let declared = |spec: TableSpec| {
        let columns = spec.columns.iter().map(|column| (column.name, column.kind.code())).collect();
        table(format!("{}.{}", spec.schema, spec.name), spec.key(), columns)
    };
    std::iter::once(events).chain(app.catalogue.tables().into_iter().map(declared)).collect()
}
