//! Rows of values on lists. Those of an agency are seen by who reaches it, those of the whole centre by who sees all of it.

use super::ListedValue;
use crate::enrichment::{Narrowed, Table, count_on};
use kit::clock::Micros;
use kit::fold::fold;
use kit::{Connection, Error, Tx};
use organisation::like_escape;
use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};

pub(crate) static TABLE: Table<ListedValue> = Table {
    name: "listed_values",
    columns: "r.id, r.list, r.value, r.note, r.updated_at",
    order: "r.list, r.value_fold, r.id",
    read: value,
};

/// What the page is narrowed to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Part of the value.
    pub words: String,
    pub list: Option<String>,
}

impl Filter {
    fn narrowed(&self) -> Narrowed {
        let mut narrowed = Narrowed::default();
        let words = fold(self.words.trim());
        if !words.is_empty() {
            narrowed.values.push(format!("%{}%", like_escape(&words)).into());
            narrowed.conditions += &format!(" AND r.value_fold LIKE ${} ESCAPE '!'", narrowed.values.len());
        }
        if let Some(list) = &self.list {
            narrowed.values.push(list.as_str().into());
            narrowed.conditions += &format!(" AND r.list = ${}", narrowed.values.len());
        }
        narrowed
    }
}

/// Those one may see, list by list.
pub async fn list(
    connection: &impl Connection,
    filter: &Filter,
    limit: u64,
    offset: u64,
) -> Result<Vec<ListedValue>, Error> {
    TABLE.list(connection, filter.narrowed(), limit, offset).await
}

/// How many these are.
pub async fn count(connection: &impl Connection, filter: &Filter) -> Result<u64, Error> {
    TABLE.count(connection, filter.narrowed()).await
}

/// Lists on which one sees values, with how many.
pub async fn names(connection: &impl Connection) -> Result<Vec<(String, u64)>, Error> {
    let sql = format!(
        "SELECT v.list, COUNT(*) AS number FROM listed_values v WHERE {} GROUP BY v.list ORDER BY v.list",
        connection.scope().agency_condition("v.agency_id")
    );
    let found = connection.query_all_raw(Statement::from_string(connection.get_database_backend(), sql)).await?;
    let one = |row: &QueryResult| {
        let number: i64 = row.try_get("", "number")?;
        Ok::<_, Error>((row.try_get::<String>("", "list")?, u64::try_from(number).unwrap_or(0)))
    };
    found.iter().map(one).collect()
}

pub(super) async fn save(tx: &Tx<'_>, value: &ListedValue, now: Micros) -> Result<(), Error> {
    let sql = "INSERT INTO listed_values (id, list, value, value_fold, agency_id, note, created_by, created_at, \
               updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) ON CONFLICT (id) DO UPDATE SET \
               value = excluded.value, value_fold = excluded.value_fold, note = excluded.note, \
               updated_at = excluded.updated_at";
    let values: [Value; 8] = [
        value.id.as_str().into(),
        value.list.as_str().into(),
        value.value.as_str().into(),
        fold(&value.value).into(),
        value.agency_id.clone().into(),
        value.note.as_str().into(),
        tx.scope().actor().id().into(),
        now.into(),
    ];
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    count_on(tx).await
}

fn value(row: &QueryResult) -> Result<ListedValue, Error> {
    Ok(ListedValue {
        id: row.try_get("", "id")?,
        list: row.try_get("", "list")?,
        value: row.try_get("", "value")?,
        agency_id: row.try_get("", "agency_id")?,
        agency_name: row.try_get("", "agency_name")?,
        agency_code: row.try_get("", "agency_code")?,
        note: row.try_get("", "note")?,
        updated_at: row.try_get("", "updated_at")?,
    })
}
