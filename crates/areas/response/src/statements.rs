//! Raw statements of this area, in one place: values are always bound, never written into the text.

use kit::{Connection, Error, Tx};
use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};

pub(crate) async fn rows(
    connection: &impl Connection,
    sql: &str,
    values: Vec<Value>,
) -> Result<Vec<QueryResult>, Error> {
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    Ok(connection.query_all_raw(statement).await?)
}

pub(crate) async fn row(
    connection: &impl Connection,
    sql: &str,
    values: Vec<Value>,
) -> Result<Option<QueryResult>, Error> {
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    Ok(connection.query_one_raw(statement).await?)
}

/// Runs a change; gives the number of rows it touched.
pub(crate) async fn execute(tx: &Tx<'_>, sql: &str, values: Vec<Value>) -> Result<u64, Error> {
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
    Ok(tx.execute_raw(statement).await?.rows_affected())
}

/// Inserts one row: columns and values in the same order.
pub(crate) async fn insert(tx: &Tx<'_>, table: &str, columns: &[(&str, Value)]) -> Result<(), Error> {
    let names: Vec<_> = columns.iter().map(|(name, _)| *name).collect();
    let places: Vec<_> = (1..=columns.len()).map(|place| format!("${place}")).collect();
    let sql = format!("INSERT INTO {table} ({}) VALUES ({})", names.join(", "), places.join(", "));
    execute(tx, &sql, columns.iter().map(|(_, value)| value.clone()).collect()).await?;
    Ok(())
}

/// Sets columns of one row of a versioned table; [`Error::Conflict`] where somebody else was faster.
pub(crate) async fn update(
    tx: &Tx<'_>,
    table: &str,
    id: &str,
    version: i64,
    columns: &[(&str, Value)],
) -> Result<(), Error> {
    let set: Vec<_> = columns.iter().enumerate().map(|(place, (name, _))| format!("{name} = ${}", place + 1)).collect();
    let (id_place, version_place) = (columns.len() + 1, columns.len() + 2);
    let sql = format!(
        "UPDATE {table} SET {}, version = version + 1 WHERE id = ${id_place} AND version = ${version_place}",
        set.join(", ")
    );
    let mut values: Vec<Value> = columns.iter().map(|(_, value)| value.clone()).collect();
    values.extend([id.into(), version.into()]);
    match execute(tx, &sql, values).await? {
        1 => Ok(()),
        _ => Err(Error::Conflict("response-somebody-was-faster")),
    }
}

/// The next number of a series kept per agency and year.
pub(crate) async fn next_number(tx: &Tx<'_>, table: &str, agency_id: &str, year: i16) -> Result<i64, Error> {
    let sql = format!(
        "INSERT INTO {table} (agency_id, year, last) VALUES ($1, $2, 1) \
         ON CONFLICT (agency_id, year) DO UPDATE SET last = {table}.last + 1 RETURNING last"
    );
    let row = row(tx, &sql, vec![agency_id.into(), i64::from(year).into()]).await?;
    let row = row.ok_or_else(|| Error::internal("a series gave no number"))?;
    Ok(row.try_get::<i64>("", "last")?)
}
