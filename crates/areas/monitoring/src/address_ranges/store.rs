//! Rows of address ranges. Those of an agency are seen by who reaches it, those of the whole centre by who sees all of it.

use super::{AddressRange, Kind};
use crate::enrichment::count_on;
use ipnet::IpNet;
use kit::clock::Micros;
use kit::fold::fold;
use kit::{Connection, Error, Tx};
use organisation::like_escape;
use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};

const SELECT: &str = "SELECT r.id, r.network, r.name, r.kind, r.agency_id, g.name AS agency_name, g.code AS agency_code, \
    r.note, r.updated_at FROM address_ranges r LEFT JOIN agencies g ON g.id = r.agency_id";

/// What a list is narrowed to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Part of the name or of the network.
    pub words: String,
    pub kind: Option<Kind>,
}

fn conditions(connection: &impl Connection, filter: &Filter, values: &mut Vec<Value>) -> String {
    let mut conditions = connection.scope().agency_condition("r.agency_id");
    let words = filter.words.trim();
    if !words.is_empty() {
        values.push(format!("%{}%", like_escape(&fold(words))).into());
        values.push(format!("{}%", like_escape(words)).into());
        conditions += " AND (r.name_fold LIKE $1 ESCAPE '!' OR r.network LIKE $2 ESCAPE '!')";
    }
    if let Some(kind) = filter.kind {
        values.push(kind.code().into());
        conditions += &format!(" AND r.kind = ${}", values.len());
    }
    conditions
}

/// Those one may see, by name.
pub async fn list(
    connection: &impl Connection,
    filter: &Filter,
    limit: u64,
    offset: u64,
) -> Result<Vec<AddressRange>, Error> {
    let mut values = Vec::new();
    let conditions = conditions(connection, filter, &mut values);
    let sql =
        format!("{SELECT} WHERE {conditions} ORDER BY r.name_fold, r.network, r.id LIMIT {limit} OFFSET {offset}");
    rows(connection, sql, values).await
}

/// How many these are.
pub async fn count(connection: &impl Connection, filter: &Filter) -> Result<u64, Error> {
    let mut values = Vec::new();
    let conditions = conditions(connection, filter, &mut values);
    number(connection, format!("SELECT COUNT(*) AS number FROM address_ranges r WHERE {conditions}"), values).await
}

/// One of those one may see.
pub async fn find(connection: &impl Connection, id: &str) -> Result<AddressRange, Error> {
    by_id(connection, id).await?.ok_or(Error::NotFound)
}

pub(super) async fn by_id(connection: &impl Connection, id: &str) -> Result<Option<AddressRange>, Error> {
    let sql = format!("{SELECT} WHERE r.id = $1 AND {}", connection.scope().agency_condition("r.agency_id"));
    Ok(rows(connection, sql, vec![id.into()]).await?.pop())
}

/// All there are, whatever the scope: for the program.
pub(crate) async fn all(connection: &impl Connection) -> Result<Vec<AddressRange>, Error> {
    rows(connection, format!("{SELECT} ORDER BY r.id"), Vec::new()).await
}

/// How many there are of every agency: for a bound that all share, and not to be shown.
pub(super) async fn total(connection: &impl Connection) -> Result<u64, Error> {
    number(connection, "SELECT COUNT(*) AS number FROM address_ranges".to_owned(), Vec::new()).await
}

async fn rows(connection: &impl Connection, sql: String, values: Vec<Value>) -> Result<Vec<AddressRange>, Error> {
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    connection.query_all_raw(statement).await?.iter().map(range).collect()
}

async fn number(connection: &impl Connection, sql: String, values: Vec<Value>) -> Result<u64, Error> {
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    let row = connection.query_one_raw(statement).await?;
    let number: i64 = row.map(|row| row.try_get("", "number")).transpose()?.unwrap_or(0);
    Ok(u64::try_from(number).unwrap_or(0))
}

pub(super) async fn save(tx: &Tx<'_>, range: &AddressRange, now: Micros) -> Result<(), Error> {
    let sql = "INSERT INTO address_ranges (id, network, name, name_fold, kind, agency_id, note, created_by, created_at, \
               updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9) ON CONFLICT (id) DO UPDATE SET \
               name = excluded.name, name_fold = excluded.name_fold, kind = excluded.kind, note = excluded.note, \
               updated_at = excluded.updated_at";
    let values: [Value; 9] = [
        range.id.as_str().into(),
        range.network.to_string().into(),
        range.name.as_str().into(),
        fold(&range.name).into(),
        range.kind.code().into(),
        range.agency_id.clone().into(),
        range.note.as_str().into(),
        tx.scope().actor().id().into(),
        now.into(),
    ];
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    count_on(tx).await
}

pub(super) async fn delete(tx: &Tx<'_>, id: &str) -> Result<(), Error> {
    let sql = "DELETE FROM address_ranges WHERE id = $1";
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, [id.into()])).await?;
    count_on(tx).await
}

fn range(row: &QueryResult) -> Result<AddressRange, Error> {
    let network: IpNet = row.try_get::<String>("", "network")?.parse().map_err(Error::internal)?;
    Ok(AddressRange {
        id: row.try_get("", "id")?,
        network,
        name: row.try_get("", "name")?,
        kind: Kind::from_code(&row.try_get::<String>("", "kind")?).unwrap_or(Kind::Other),
        agency_id: row.try_get("", "agency_id")?,
        agency_name: row.try_get("", "agency_name")?,
        agency_code: row.try_get("", "agency_code")?,
        note: row.try_get("", "note")?,
        updated_at: row.try_get("", "updated_at")?,
    })
}
