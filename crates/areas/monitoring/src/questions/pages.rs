//! The page of questions: a statement, the catalogue beside it, and the rows. The statement stands in the address,
//! so an answer can be sent to somebody, who sees what their own scope allows.

use super::ask;
use super::examples::EXAMPLES;
use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use event_store::Store;
use kit::catalogue::{ColumnKind, QueryAnswer, TableSpec};
use kit::page::{Address, Page};
use kit::web::{Csv, Fail, Visit, render};
use kit::{App, Capability, Error};
use serde_json::Value;

pub(super) fn routes() -> axum::Router<App> {
    axum::Router::new().route("/questions", get(show_question))
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
    milliseconds: u64,
}

#[derive(Template)]
#[template(path = "questions/templates/question.html")]
struct QuestionPage {
    page: Page,
    sql: String,
    answer: Option<Answer>,
    /// What the engine says about a statement it did not run.
    wrong: Option<String>,
    tables: Vec<Table>,
    examples: Vec<(&'static str, &'static str, String)>,
    csv: String,
    json: String,
    may_export: bool,
}

async fn show_question(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::QuerySql)?;
    let sql = visit.address.value("sql").unwrap_or_default().trim().to_owned();
    if let Some(format @ ("csv" | "json")) = visit.address.value("format") {
        return Ok(export(&visit, &sql, format).await?);
    }
    let (answer, wrong) = if sql.is_empty() {
        (None, None)
    } else {
        match ask(&visit, &sql, ON_PAGE, "page").await {
            Ok(answer) => (Some(answer), None),
            Err(Error::BadRequest(reason)) => (None, Some(reason)),
            Err(error @ (Error::Invalid(_) | Error::Unavailable(_))) => (None, Some(error.to_string())),
            Err(error) => return Err(error.into()),
        }
    };
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = visit.page().await?;
    let template = QuestionPage {
        answer: answer.map(Answer::of),
        wrong,
        tables: tables(&visit.app),
        examples: EXAMPLES
            .into_iter()
            .map(|(key, sql)| (key, sql, Address::parse("/questions").with("sql", sql).to_string()))
            .collect(),
        csv: page.address.with("format", "csv").to_string(),
        json: page.address.with("format", "json").to_string(),
        may_export: visit.scope().may(Capability::ExportRows),
        sql,
        page,
    };
    Ok((status, render(&template)?).into_response())
}

impl Answer {
    fn is_numeric(&self, index: &usize) -> bool {
        self.numeric.get(*index).copied().unwrap_or(false)
    }

    fn of(answer: QueryAnswer) -> Self {
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
    visit.require(Capability::ExportRows)?;
    let answer = ask(visit, sql, IN_FILE, "export").await?;
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
    Ok(csv.into_response())
}

/// A table as the page documents it.
struct Table {
    name: String,
    doc: &'static str,
    /// Name, type, meaning.
    columns: Vec<(&'static str, &'static str, &'static str)>,
}

/// The events first, then what the areas declare.
fn tables(app: &App) -> Vec<Table> {
    let events = Table {
        name: "events".to_owned(),
        doc: "Everything received, one row a record. Narrow the time first: `time > now() - INTERVAL '1 hour'`.",
        columns: Store::event_columns().iter().map(|column| (column.name, column.kind, column.doc)).collect(),
    };
    let declared = |table: TableSpec| Table {
        name: format!("{}.{}", table.schema, table.name),
        doc: table.doc,
        columns: table.columns.iter().map(|column| (column.name, kind(column.kind), column.doc)).collect(),
    };
    std::iter::once(events).chain(app.catalogue.tables().into_iter().map(declared)).collect()
}

/// Word of a column's type, as in the API.
fn kind(kind: ColumnKind) -> &'static str {
    match kind {
        ColumnKind::Text => "text",
        ColumnKind::Integer => "integer",
        ColumnKind::Float => "float",
        ColumnKind::Boolean => "boolean",
        ColumnKind::Time => "time",
    }
}
