//! Rows of values on lists. Those of an agency are seen by who reaches it, those of the whole centre by who sees all of it.

use super::ListedValue;
use crate::enrichment::count_on;
use kit::clock::Micros;
use kit::fold::fold;
use kit::{Connection, Error, Tx};
use organisation::like_escape;
use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};

const SELECT: &str = "SELECT v.id, v.list, v.value, v.agency_id, g.name AS agency_name, g.code AS agency_code, v.note, \
    v.updated_at FROM listed_values v LEFT JOIN agencies g ON g.id = v.agency_id";

/// What the page is narrowed to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Part of the value.
    pub words: String,
    pub list: Option<String>,
}

fn conditions(connection: &impl Connection, filter: &Filter, values: &mut Vec<Value>) -> String {
    let mut conditions = connection.scope().agency_condition("v.agency_id");
    let words = fold(filter.words.trim());
    if !words.is_empty() {
        let pattern = format!("%{}%", like_escape(&words));
        values.push(pattern.into());
        conditions += &format!(" AND v.value_fold LIKE ${} ESCAPE '!'", values.len());
    }
    if let Some(list) = &filter.list {
        values.push(list.as_str().into());
        conditions += &format!(" AND v.list = ${}", values.len());
    }
    conditions
}

/// Those one may see, list by list.
pub async fn list(
    connection: &impl Connection,
    filter: &Filter,
    limit: u64,
    offset: u64,
) -> Result<Vec<ListedValue>, Error> {
    let mut values = Vec::new();
    let conditions = conditions(connection, filter, &mut values);
    let sql = format!("{SELECT} WHERE {conditions} ORDER BY v.list, v.value_fold, v.id LIMIT {limit} OFFSET {offset}");
    rows(connection, sql, values).await
}

/// How many these are.
pub async fn count(connection: &impl Connection, filter: &Filter) -> Result<u64, Error> {
    let mut values = Vec::new();
    let conditions = conditions(connection, filter, &mut values);
    number(connection, format!("SELECT COUNT(*) AS number FROM listed_values v WHERE {conditions}"), values).await
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

/// One of those one may see.
pub async fn find(connection: &impl Connection, id: &str) -> Result<ListedValue, Error> {
    by_id(connection, id).await?.ok_or(Error::NotFound)
}

pub(super) async fn by_id(connection: &impl Connection, id: &str) -> Result<Option<ListedValue>, Error> {
    let sql = format!("{SELECT} WHERE v.id = $1 AND {}", connection.scope().agency_condition("v.agency_id"));
    Ok(rows(connection, sql, vec![id.into()]).await?.pop())
}

/// All there are, whatever the scope: for the program.
pub(crate) async fn all(connection: &impl Connection) -> Result<Vec<ListedValue>, Error> {
    rows(connection, format!("{SELECT} ORDER BY v.list, v.value_fold, v.id"), Vec::new()).await
}

/// How many there are of every agency: for a bound that all share, and not to be shown.
pub(super) async fn total(connection: &impl Connection) -> Result<u64, Error> {
    number(connection, "SELECT COUNT(*) AS number FROM listed_values".to_owned(), Vec::new()).await
}

async fn rows(connection: &impl Connection, sql: String, values: Vec<Value>) -> Result<Vec<ListedValue>, Error> {
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    connection.query_all_raw(statement).await?.iter().map(value).collect()
}

async fn number(connection: &impl Connection, sql: String, values: Vec<Value>) -> Result<u64, Error> {
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    let row = connection.query_one_raw(statement).await?;
    let number: i64 = row.map(|row| row.try_get("", "number")).transpose()?.unwrap_or(0);
    Ok(u64::try_from(number).unwrap_or(0))
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

pub(super) async fn delete(tx: &Tx<'_>, id: &str) -> Result<(), Error> {
    let sql = "DELETE FROM listed_values WHERE id = $1";
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, [id.into()])).await?;
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
