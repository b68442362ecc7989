//! The SQL catalogue: areas declare tables, anyone with a scope asks. The engine behind it is wired by
//! `luytre`; here are the declaration, the trait, and the reading of a declared table in a scope.

use crate::db::Connection;
use crate::error::Error;
use crate::scope::{Capability, Scope};
use sea_orm::{QueryResult, Statement};
use serde::Serialize;
use std::collections::BTreeSet;

/// Type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnKind {
    Text,
    Integer,
    Float,
    Boolean,
    /// Microseconds since 1970 UTC in the registers, a timestamp in SQL.
    Time,
}

impl ColumnKind {
    /// As in the API.
    pub fn code(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "integer",
            Self::Float => "float",
            Self::Boolean => "boolean",
            Self::Time => "time",
        }
    }
}

#[derive(Debug, Clone, Copy, Serialize)]
pub struct ColumnSpec {
    pub name: &'static str,
    pub kind: ColumnKind,
    /// One sentence for machines and the command line; pages say it in their language, from `locales/*/catalogue.ftl`.
    pub doc: &'static str,
}

/// A table of the catalogue: `assurance.systems`.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct TableSpec {
    pub schema: &'static str,
    pub name: &'static str,
    pub doc: &'static str,
    pub columns: &'static [ColumnSpec],
    /// Portable SELECT over the area's own tables; its columns carry the names above.
    #[serde(skip)]
    pub select: &'static str,
    /// Column of the SELECT that holds the agency; `None` for tables everybody may read.
    #[serde(skip)]
    pub agency_column: Option<&'static str>,
    /// What the asker must hold to read the table at all; `None` for everybody who may ask.
    #[serde(skip)]
    pub capability: Option<Capability>,
}

impl TableSpec {
    /// Key of the text that says what the table holds; `-` and the name of a column after it is that of the column.
    pub fn key(&self) -> String {
        format!("catalogue-{}-{}", self.schema, self.name)
    }
}

/// Declares a column: `column("name", ColumnKind::Text, "What it is.")`.
pub const fn column(name: &'static str, kind: ColumnKind, doc: &'static str) -> ColumnSpec {
    ColumnSpec { name, kind, doc }
}

/// One value of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Null,
    Text(String),
    Integer(i64),
    Float(f64),
    Boolean(bool),
}

/// Rows of a declared table that the connection's scope may see; [`Error::Forbidden`] without its capability.
pub async fn rows_in_scope(connection: &impl Connection, table: &TableSpec) -> Result<Vec<Vec<Cell>>, Error> {
    if let Some(capability) = table.capability {
        connection.scope().require(capability)?;
    }
    let condition = match table.agency_column {
        Some(column) => connection.scope().agency_condition(&format!("visible.{column}")),
        None => "1 = 1".to_owned(),
    };
    let names: Vec<_> = table.columns.iter().map(|column| format!("visible.{}", column.name)).collect();
    let sql = format!("SELECT {} FROM ({}) AS visible WHERE {condition}", names.join(", "), table.select);
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    let rows = connection.query_all_raw(statement).await?;
    rows.iter().map(|row| table.columns.iter().map(|column| cell(row, column)).collect()).collect()
}

fn cell(row: &QueryResult, column: &ColumnSpec) -> Result<Cell, Error> {
    Ok(match column.kind {
        ColumnKind::Text => row.try_get::<Option<String>>("", column.name)?.map_or(Cell::Null, Cell::Text),
        ColumnKind::Integer | ColumnKind::Time => {
            row.try_get::<Option<i64>>("", column.name)?.map_or(Cell::Null, Cell::Integer)
        }
        ColumnKind::Float => row.try_get::<Option<f64>>("", column.name)?.map_or(Cell::Null, Cell::Float),
        ColumnKind::Boolean => row.try_get::<Option<bool>>("", column.name)?.map_or(Cell::Null, Cell::Boolean),
    })
}

/// Bounds of one question.
#[derive(Debug, Clone)]
pub struct QueryLimits {
    pub max_rows: usize,
    pub timeout: std::time::Duration,
}

impl Default for QueryLimits {
    fn default() -> Self {
        Self { max_rows: 10_000, timeout: std::time::Duration::from_secs(60) }
    }
}

/// Answer to a question.
#[derive(Debug, Clone, Default, Serialize, serde::Deserialize)]
pub struct QueryAnswer {
    pub columns: Vec<String>,
    /// One object per row, in the order of `columns`.
    pub rows: Vec<serde_json::Map<String, serde_json::Value>>,
    /// More rows existed than `max_rows`.
    pub truncated: bool,
    pub files_read: usize,
    pub files_total: usize,
    /// Events were read, and not registers alone.
    #[serde(default)]
    pub events_read: bool,
    /// What the answer lacks because it could not be read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<Unreadable>,
    pub milliseconds: u64,
}

/// Files of events that one reason kept out of an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Unreadable {
    /// `missing`, `damaged`, `unreachable` (an archive that does not answer) or `lost` (a repair gave them up).
    pub why: String,
    /// `2026-11-21`, or `2026-01-01..2026-03-05` for a file of stray times; UTC, ascending.
    pub days: Vec<String>,
    pub files: u64,
    /// Events in them; 0 where that is not known, or not for the asker to know.
    #[serde(default)]
    pub events: u64,
}

impl Unreadable {
    /// Whether somebody can still do something about it.
    pub fn is_open(&self) -> bool {
        self.why != "lost"
    }

    /// The days of those, each once, with commas between them.
    pub fn open_days(all: &[Self]) -> String {
        let days: BTreeSet<&str> =
            all.iter().filter(|one| one.is_open()).flat_map(|one| &one.days).map(String::as_str).collect();
        days.into_iter().collect::<Vec<_>>().join(", ")
    }
}

/// The catalogue as areas ask it.
#[async_trait::async_trait]
pub trait Catalogue: Send + Sync + 'static {
    /// One SELECT, WITH or EXPLAIN over the tables, in the asker's scope.
    async fn query(&self, scope: &Scope, sql: &str, limits: QueryLimits) -> Result<QueryAnswer, Error>;

    /// All tables with their columns, for completion and documentation.
    fn tables(&self) -> Vec<TableSpec>;
}
