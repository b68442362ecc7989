//! The SQL catalogue behind kit's trait: events from the event store, registers from the areas' declared
//! tables, both in the asker's scope.

use event_store::{ExternalColumn, ExternalKind, ExternalRows, ExternalTable, Lane, QueryContext, Store, StoreError};
use kit::catalogue::{Catalogue, Cell, ColumnKind, QueryAnswer, QueryLimits, TableSpec, rows_in_scope};
use kit::{Db, Error, Scope};
use std::sync::Arc;

/// Events and registers as one catalogue.
pub struct EventsAndRegisters {
    pub store: Store,
    pub db: Db,
    pub tables: Vec<TableSpec>,
}

#[async_trait::async_trait]
impl Catalogue for EventsAndRegisters {
    async fn query(&self, scope: &Scope, sql: &str, limits: QueryLimits) -> Result<QueryAnswer, Error> {
        let sources = monitoring::sources::sources_in_scope(&self.db.scoped(scope).read()).await?;
        let mut context = QueryContext::new(sources);
        context.tables = self.tables.iter().map(|spec| self.external(scope, *spec)).collect();
        context.max_rows = limits.max_rows;
        context.timeout = limits.timeout;
        context.lane = Lane::Question;
        let result = self.store.query(sql, &context).await.map_err(as_error)?;
        Ok(QueryAnswer {
            columns: result.columns(),
            rows: result.to_json_rows().map_err(Error::internal)?,
            truncated: result.truncated,
            files_read: result.files_read,
            files_total: result.files_total,
            milliseconds: u64::try_from(result.elapsed.as_millis()).unwrap_or(u64::MAX),
        })
    }

    fn tables(&self) -> Vec<TableSpec> {
        self.tables.clone()
    }
}

impl EventsAndRegisters {
    fn external(&self, scope: &Scope, spec: TableSpec) -> ExternalTable {
        ExternalTable {
            schema: spec.schema.to_owned(),
            name: spec.name.to_owned(),
            doc: spec.doc.to_owned(),
            columns: spec
                .columns
                .iter()
                .map(|column| ExternalColumn {
                    name: column.name.to_owned(),
                    kind: external_kind(column.kind),
                    doc: column.doc.to_owned(),
                })
                .collect(),
            rows: Arc::new(Rows { db: self.db.clone(), scope: scope.clone(), spec }),
        }
    }
}

/// What the asker did wrong is said in words; what we did wrong is ours.
pub fn as_error(error: StoreError) -> Error {
    match error {
        StoreError::Search { hint: Some(ref hint), .. } => Error::BadRequest(format!("{error}; {hint}")),
        StoreError::Refused(_)
        | StoreError::Query(_)
        | StoreError::Memory { .. }
        | StoreError::Timeout { .. }
        | StoreError::Search { .. } => Error::BadRequest(error.to_string()),
        StoreError::Full { .. } | StoreError::DiskFull | StoreError::Closed => Error::Unavailable(error.to_string()),
        error => Error::internal(error),
    }
}

struct Rows {
    db: Db,
    scope: Scope,
    spec: TableSpec,
}

#[async_trait::async_trait]
impl ExternalRows for Rows {
    async fn fetch(&self) -> Result<Vec<Vec<event_store::Cell>>, String> {
        let rows =
            rows_in_scope(&self.db.scoped(&self.scope).read(), &self.spec).await.map_err(|error| error.to_string())?;
        let cells = |row: Vec<Cell>| {
            row.into_iter().zip(self.spec.columns).map(|(cell, column)| external_cell(cell, column.kind)).collect()
        };
        Ok(rows.into_iter().map(cells).collect())
    }
}

fn external_kind(kind: ColumnKind) -> ExternalKind {
    match kind {
        ColumnKind::Text => ExternalKind::Text,
        ColumnKind::Integer => ExternalKind::Integer,
        ColumnKind::Float => ExternalKind::Float,
        ColumnKind::Boolean => ExternalKind::Boolean,
        ColumnKind::Time => ExternalKind::Time,
    }
}

fn external_cell(cell: Cell, kind: ColumnKind) -> event_store::Cell {
    match cell {
        Cell::Null => event_store::Cell::Null,
        Cell::Text(text) => event_store::Cell::Text(text),
        Cell::Integer(time) if kind == ColumnKind::Time => event_store::Cell::Time(time),
        Cell::Integer(number) => event_store::Cell::Integer(number),
        Cell::Float(number) => event_store::Cell::Float(number),
        Cell::Boolean(truth) => event_store::Cell::Boolean(truth),
    }
}
