//! The SQL catalogue behind kit's trait: events from the event store, registers from the areas' declared
//! tables, both in the asker's scope.

use event_store::{ExternalColumn, ExternalKind, ExternalRows, ExternalTable, Lane, QueryContext, Sources, Store};
use kit::catalogue::{Catalogue, Cell, ColumnKind, QueryAnswer, QueryLimits, TableSpec, rows_in_scope};
use kit::{Capability, Db, Error, Scope};
use monitoring::search::run::{asker, refusal, told_unreadable};
use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

/// What the asker must hold to ask for events; what registers need is said by their [`TableSpec`].
pub const EVENTS_NEED: Capability = Capability::ViewEvents;

/// Events and registers as one catalogue.
pub struct EventsAndRegisters {
    pub store: Store,
    pub db: Db,
    pub tables: Vec<TableSpec>,
}

#[async_trait::async_trait]
impl Catalogue for EventsAndRegisters {
    async fn query(&self, scope: &Scope, sql: &str, limits: QueryLimits) -> Result<QueryAnswer, Error> {
        let sources = match scope.may(EVENTS_NEED) {
            true => monitoring::sources::sources_in_scope(&self.db.scoped(scope).read()).await?,
            // A source that nothing has: the engine says whether events were asked for, and that is refused below.
            false => Sources::Only(Arc::new(BTreeSet::from([String::new()]))),
        };
        let refused = Refused::default();
        let mut context = QueryContext::new(sources);
        context.tables = self.tables.iter().map(|spec| self.external(scope, *spec, &refused)).collect();
        context.max_rows = limits.max_rows;
        context.timeout = limits.timeout;
        context.lane = Lane::Question;
        context.asker = asker(scope);
        let result = self.store.query(sql, &context).await;
        if let Some(capability) = refused.get() {
            return Err(Error::Forbidden(capability));
        }
        let result = result.map_err(refusal)?;
        if result.events_read {
            scope.require(EVENTS_NEED)?;
        }
        Ok(QueryAnswer {
            columns: result.columns(),
            rows: result.to_json_rows().map_err(Error::internal)?,
            truncated: result.truncated,
            files_read: result.files_read,
            files_total: result.files_total,
            events_read: result.events_read,
            unreadable: told_unreadable(&result.unreadable),
            milliseconds: u64::try_from(result.elapsed.as_millis()).unwrap_or(u64::MAX),
        })
    }

    fn tables(&self) -> Vec<TableSpec> {
        self.tables.clone()
    }
}

impl EventsAndRegisters {
    fn external(&self, scope: &Scope, spec: TableSpec, refused: &Refused) -> ExternalTable {
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
            rows: Arc::new(Rows { db: self.db.clone(), scope: scope.clone(), spec, refused: Arc::clone(refused) }),
        }
    }
}

/// The capability that was missing for a table: the engine between here and there knows texts only.
type Refused = Arc<OnceLock<&'static str>>;

struct Rows {
    db: Db,
    scope: Scope,
    spec: TableSpec,
    refused: Refused,
}

#[async_trait::async_trait]
impl ExternalRows for Rows {
    async fn fetch(&self) -> Result<Vec<Vec<event_store::Cell>>, String> {
        let rows = rows_in_scope(&self.db.scoped(&self.scope).read(), &self.spec).await.map_err(|error| {
            if let Error::Forbidden(capability) = &error {
                let _ = self.refused.set(*capability);
            }
            error.to_string()
        })?;
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

#[cfg(test)]
mod tests {
    use event_store::Store;
    use kit::Lang;
    use kit::locale::texts;

    #[test]
    fn every_table_and_column_is_explained_in_both_languages_and_in_english_as_in_the_code() {
        let mut wanted: Vec<(String, &str)> = Vec::new();
        wanted.extend(Store::event_columns().iter().map(|one| (format!("catalogue-events-{}", one.name), one.doc)));
        for table in crate::centre::tables() {
            wanted.push((table.key(), table.doc));
            wanted.extend(table.columns.iter().map(|one| (format!("{}-{}", table.key(), one.name), one.doc)));
        }
        let wrong: Vec<_> = wanted.iter().filter(|(key, doc)| texts().text(Lang::En, key) != *doc).collect();
        assert!(wrong.is_empty(), "locales/en/catalogue.ftl differs: {wrong:?}");
        let missing: Vec<_> = wanted.iter().filter(|(key, _)| !texts().has(Lang::Vi, key)).collect();
        assert!(missing.is_empty(), "locales/vi/catalogue.ftl lacks: {missing:?}");
    }
}
