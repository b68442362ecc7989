//! Rows of the trail. There is no update and no delete here.

use super::{AuditEntry, Touched};
use crate::conditions::Conditions;
use kit::clock::Micros;
use kit::{Connection, Error, Tx};
use sea_orm::{ConnectionTrait, FromQueryResult, Statement, Value};
use std::collections::BTreeMap;

const COLUMNS: &str = "sequence, at, actor_id, actor_name, on_behalf_of, action, object_kind, object_id, agency_id, \
                       origin, details, hash";

/// Takes the next number and the last hash. On PostgreSQL the updated row stays locked until the transaction
/// ends and the next writer sees the committed value; SQLite has one writer anyway.
pub(super) async fn take_head(tx: &Tx<'_>) -> Result<(i64, String), Error> {
    let sql = "UPDATE audit_head SET sequence = sequence + 1 WHERE id = 1 RETURNING sequence, hash";
    let row = tx.query_one_raw(Statement::from_string(tx.get_database_backend(), sql)).await?;
    let row = row.ok_or_else(|| Error::internal("the audit trail has no head"))?;
    Ok((row.try_get("", "sequence")?, row.try_get("", "hash")?))
}

pub(super) async fn set_head(tx: &Tx<'_>, hash: &str) -> Result<(), Error> {
    let sql = "UPDATE audit_head SET hash = $1 WHERE id = 1";
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, [hash.into()])).await?;
    Ok(())
}

pub(super) async fn head(connection: &impl Connection) -> Result<(i64, String), Error> {
    let sql = "SELECT sequence, hash FROM audit_head WHERE id = 1";
    let row = connection.query_one_raw(Statement::from_string(connection.get_database_backend(), sql)).await?;
    let row = row.ok_or_else(|| Error::internal("the audit trail has no head"))?;
    Ok((row.try_get("", "sequence")?, row.try_get("", "hash")?))
}

pub(super) async fn insert(tx: &Tx<'_>, entry: &AuditEntry) -> Result<(), Error> {
    let sql = format!("INSERT INTO audit_entries ({COLUMNS}) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12)");
    let values = [
        entry.sequence.into(),
        entry.at.into(),
        entry.actor_id.as_str().into(),
        entry.actor_name.as_str().into(),
        entry.on_behalf_of.as_str().into(),
        entry.action.as_str().into(),
        entry.object_kind.as_str().into(),
        entry.object_id.as_str().into(),
        entry.agency_id.clone().into(),
        entry.origin.as_str().into(),
        entry.details.as_str().into(),
        entry.hash.as_str().into(),
    ];
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(())
}

/// Numbers as far as they are numbers, of so many rows at most.
async fn numbers(connection: &impl Connection, sql: &str) -> Result<Vec<i64>, Error> {
    let statement = Statement::from_string(connection.get_database_backend(), format!("{sql} LIMIT 1000"));
    let rows = connection.query_all_raw(statement).await?;
    rows.iter().map(|row| Ok(row.try_get::<Option<i64>>("", "sequence")?.unwrap_or_default())).collect()
}

/// Rows that a walk from 1 to the head does not come by. SQLite keeps any value in a column of numbers.
pub(super) async fn stray_rows(connection: &impl Connection) -> Result<Vec<i64>, Error> {
    let sql = "SELECT CAST(sequence AS BIGINT) AS sequence FROM audit_entries WHERE sequence IS NULL OR sequence < 1 \
               OR sequence > (SELECT MAX(sequence) FROM audit_head) OR sequence <> CAST(sequence AS BIGINT)";
    numbers(connection, sql).await
}

/// Rows of the index of readings whose entry is not there.
pub(super) async fn stray_readings(connection: &impl Connection) -> Result<Vec<i64>, Error> {
    let sql = "SELECT CAST(sequence AS BIGINT) AS sequence FROM audit_readings WHERE NOT EXISTS \
               (SELECT 1 FROM audit_entries WHERE audit_entries.sequence = audit_readings.sequence)";
    numbers(connection, sql).await
}

/// Rows of the table that has one.
pub(super) async fn heads(connection: &impl Connection) -> Result<usize, Error> {
    Ok(numbers(connection, "SELECT CAST(sequence AS BIGINT) AS sequence FROM audit_head").await?.len())
}

/// Rows of the chain in order, these numbers included.
pub(super) async fn between(connection: &impl Connection, from: i64, to: i64) -> Result<Vec<AuditEntry>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM audit_entries WHERE sequence >= $1 AND sequence <= $2 ORDER BY sequence");
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [from.into(), to.into()]);
    Ok(AuditEntry::find_by_statement(statement).all(connection).await?)
}

/// What readings among these rows touched, by row.
pub(super) async fn touched(connection: &impl Connection, from: i64, to: i64) -> Result<BTreeMap<i64, Touched>, Error> {
    let sql = "SELECT sequence, agency_id, records FROM audit_readings WHERE sequence >= $1 AND sequence <= $2";
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [from.into(), to.into()]);
    let mut touched: BTreeMap<i64, Touched> = BTreeMap::new();
    for row in connection.query_all_raw(statement).await? {
        let records: Option<i64> = row.try_get("", "records")?;
        let of_row = touched.entry(row.try_get("", "sequence")?).or_default();
        of_row.insert(row.try_get("", "agency_id")?, records.map(|count| u64::try_from(count).unwrap_or(u64::MAX)));
    }
    Ok(touched)
}

pub(super) async fn insert_touched(tx: &Tx<'_>, sequence: i64, touched: &Touched) -> Result<(), Error> {
    let rows: Vec<_> = touched.iter().collect();
    for chunk in rows.chunks(200) {
        let mut values: Vec<Value> = vec![sequence.into()];
        let mut places = Vec::new();
        for (agency, records) in chunk {
            values.push(agency.as_str().into());
            values.push(records.map(|count| i64::try_from(count).unwrap_or(i64::MAX)).into());
            places.push(format!("($1, ${}, ${})", values.len() - 1, values.len()));
        }
        let sql = format!("INSERT INTO audit_readings (sequence, agency_id, records) VALUES {}", places.join(", "));
        tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    }
    Ok(())
}

/// Newest rows about one object that the asker may see already.
pub async fn history(
    connection: &impl Connection,
    object_kind: &str,
    object_id: &str,
    limit: u64,
) -> Result<Vec<AuditEntry>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM audit_entries WHERE object_kind = $1 AND object_id = $2 ORDER BY sequence DESC LIMIT {limit}"
    );
    let values = [object_kind.into(), object_id.into()];
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    Ok(AuditEntry::find_by_statement(statement).all(connection).await?)
}

/// What a list of the trail is narrowed to. Empty fields narrow nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    pub actor_id: String,
    pub action: String,
    pub object_kind: String,
    pub object_id: String,
    pub agency_id: String,
    pub from: Option<Micros>,
    pub until: Option<Micros>,
}

impl AuditFilter {
    fn conditions(&self, connection: &impl Connection) -> Conditions {
        let mut conditions = Conditions::default();
        conditions.plain(connection.scope().agency_condition("agency_id"));
        for (column, value) in [
            ("actor_id", &self.actor_id),
            ("action", &self.action),
            ("object_kind", &self.object_kind),
            ("object_id", &self.object_id),
            ("agency_id", &self.agency_id),
        ] {
            if !value.is_empty() {
                conditions.with(&format!("{column} = ?"), value.as_str());
            }
        }
        if let Some(from) = self.from {
            conditions.with("at >= ?", from);
        }
        if let Some(until) = self.until {
            conditions.with("at < ?", until);
        }
        conditions
    }
}

/// Newest rows in scope that the filter keeps.
pub async fn list(
    connection: &impl Connection,
    filter: &AuditFilter,
    limit: u64,
    offset: u64,
) -> Result<Vec<AuditEntry>, Error> {
    connection.scope().require(kit::Capability::ViewAudit)?;
    let conditions = filter.conditions(connection);
    let sql = format!(
        "SELECT {COLUMNS} FROM audit_entries {} ORDER BY sequence DESC LIMIT {limit} OFFSET {offset}",
        conditions.sql()
    );
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, conditions.values());
    Ok(AuditEntry::find_by_statement(statement).all(connection).await?)
}

/// How many there are.
pub async fn count(connection: &impl Connection, filter: &AuditFilter) -> Result<u64, Error> {
    connection.scope().require(kit::Capability::ViewAudit)?;
    let conditions = filter.conditions(connection);
    let sql = format!("SELECT COUNT(*) AS found FROM audit_entries {}", conditions.sql());
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, conditions.values());
    let row = connection.query_one_raw(statement).await?;
    Ok(row.map(|row| row.try_get::<i64>("", "found")).transpose()?.and_then(|n| u64::try_from(n).ok()).unwrap_or(0))
}

/// Figures per action, for the grouped head of the page.
pub async fn by_action(connection: &impl Connection, filter: &AuditFilter) -> Result<Vec<(String, u64)>, Error> {
    connection.scope().require(kit::Capability::ViewAudit)?;
    let conditions = filter.conditions(connection);
    let sql = format!(
        "SELECT action, COUNT(*) AS found FROM audit_entries {} GROUP BY action ORDER BY found DESC, action LIMIT 40",
        conditions.sql()
    );
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, conditions.values());
    let rows = connection.query_all_raw(statement).await?;
    rows.iter()
        .map(|row| {
            let found: i64 = row.try_get("", "found")?;
            Ok((row.try_get("", "action")?, u64::try_from(found).unwrap_or_default()))
        })
        .collect()
}
