//! `luytre query`: one question to the SQL catalogue.

use super::search::tell_unreadable;
use super::{plain, print_json, say, text};
use crate::centre::Centre;
use crate::configuration::Configuration;
use crate::control;
use anyhow::Result;
use clap::{Args, ValueEnum};
use kit::catalogue::{QueryAnswer, QueryLimits};
use kit::web::csv_cell;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

/// Tables: `events`, and `area.table` such as `monitoring.alerts`, `assurance.systems`, `organisation.agencies`,
/// `response.incidents`. `luytre query --tables` lists them with their columns. Exit code 2 where events that may
/// belong to the answer could not be read; their days are told on standard error.
#[derive(Debug, Args)]
pub struct Query {
    /// One SELECT, WITH or EXPLAIN.
    #[arg(required_unless_present = "tables")]
    sql: Option<String>,
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Rows at the most.
    #[arg(long, default_value_t = 10_000)]
    limit: usize,
    /// Seconds at the most.
    #[arg(long, default_value_t = 60)]
    timeout: u64,
    /// List the tables and their columns instead.
    #[arg(long)]
    tables: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Json,
    Csv,
}

impl Query {
    pub(super) async fn run(&self, data: &Path, configuration: Configuration) -> Result<ExitCode> {
        if self.tables {
            for table in crate::centre::tables() {
                let columns = table.columns.iter().map(|column| (column.name, column.kind.code()));
                print_columns(&format!("{}.{}", table.schema, table.name), &table.key(), columns);
            }
            let columns = event_store::Store::event_columns().into_iter().map(|column| (column.name, column.kind));
            print_columns("events", "catalogue-events", columns);
            return Ok(ExitCode::SUCCESS);
        }
        let sql = self.sql.as_deref().unwrap_or_default();
        let limits = QueryLimits { max_rows: self.limit, timeout: Duration::from_secs(self.timeout) };
        let answer = ask(data, &configuration, sql, limits).await?;
        match self.format {
            Format::Json => print_json(&answer.rows)?,
            Format::Csv => print_csv(&answer),
            Format::Table => print_table(&answer),
        }
        if answer.truncated {
            eprintln!("{}", text("query-more", &[("rows", plain(answer.rows.len()))]));
        }
        Ok(tell_unreadable(Some(&serde_json::to_value(&answer.unreadable)?)))
    }
}

/// A table with its columns, name and kind each, as the page of questions explains them.
fn print_columns(table: &str, key: &str, columns: impl Iterator<Item = (&'static str, &'static str)>) {
    say!("{table}: {}", text(key, &[]));
    for (name, kind) in columns {
        let kind = text(&format!("catalogue-kind-{kind}"), &[]);
        say!("  {name:<24} {kind:<12} {}", text(&format!("{key}-{name}"), &[]));
    }
}

/// Asks the server that holds the data directory, else opens it.
pub(super) async fn ask(
    data: &Path,
    configuration: &Configuration,
    sql: &str,
    limits: QueryLimits,
) -> Result<QueryAnswer> {
    if let Some(server) = control::running(data).await? {
        return server.query(sql, &limits).await;
    }
    let centre = Centre::open(data, configuration).await?;
    // What the last run received but did not seal is read from the log again first.
    let answer = match centre.settle().await {
        Ok(()) => centre.query(sql, limits, &super::user_of_the_system()).await,
        Err(error) => Err(error),
    };
    centre.close().await;
    Ok(answer?)
}

fn cell(value: Option<&serde_json::Value>) -> String {
    match value {
        None | Some(serde_json::Value::Null) => String::new(),
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// Cells as in the files of the pages: a spreadsheet runs none of them.
fn print_csv(answer: &QueryAnswer) {
    let line = |cells: Vec<String>| say!("{}", cells.join(","));
    line(answer.columns.iter().map(|name| csv_cell(name)).collect());
    for row in &answer.rows {
        line(answer.columns.iter().map(|name| csv_cell(&cell(row.get(name)))).collect());
    }
}

fn print_table(answer: &QueryAnswer) {
    const WIDEST: usize = 60;
    let shorten = |text: String| -> String {
        let text = text.replace(['\n', '\r', '\t'], " ");
        if text.chars().count() > WIDEST { text.chars().take(WIDEST - 1).chain(['…']).collect() } else { text }
    };
    let rows: Vec<Vec<String>> = answer
        .rows
        .iter()
        .map(|row| answer.columns.iter().map(|column| shorten(cell(row.get(column)))).collect())
        .collect();
    let widths: Vec<usize> = answer
        .columns
        .iter()
        .enumerate()
        .map(|(index, name)| {
            let cells = rows.iter().filter_map(|row| row.get(index)).map(|text| text.chars().count());
            cells.chain([name.chars().count()]).max().unwrap_or(0)
        })
        .collect();
    let line = |cells: &[String]| {
        let padded: Vec<_> = cells
            .iter()
            .zip(&widths)
            .map(|(text, width)| format!("{text}{}", " ".repeat(width.saturating_sub(text.chars().count()))))
            .collect();
        say!("{}", padded.join("  ").trim_end());
    };
    line(&answer.columns);
    rows.iter().for_each(|row| line(row));
    let figures = [
        ("rows", answer.rows.len().into()),
        ("milliseconds", answer.milliseconds.into()),
        ("read", answer.files_read.into()),
        ("files", answer.files_total.into()),
    ];
    say!("{}", text("query-said", &figures));
}
