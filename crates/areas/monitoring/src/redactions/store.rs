//! Rows of rules by source, and the key of hashes.

use super::{Act, KEY_ROW, Redaction, Rule, key_place};
use kit::clock::Micros;
use kit::sealed::KeyRing;
use kit::{Connection, Error, Tx};
use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};
use std::collections::HashMap;

fn statement<const N: usize>(connection: &impl Connection, sql: &str, values: [Value; N]) -> Statement {
    Statement::from_sql_and_values(connection.get_database_backend(), sql, values)
}

/// Rules of a source, those in force first. The source must be in scope; whoever calls has found it.
pub async fn of_source(connection: &impl Connection, source_id: &str) -> Result<Vec<Redaction>, Error> {
    let sql = "SELECT id, source_id, field, act, reason, created_by, created_at, ended_at, records FROM source_redactions \
        WHERE source_id = $1 ORDER BY CASE WHEN ended_at IS NULL THEN 0 ELSE 1 END, created_at, id";
    let rows = connection.query_all_raw(statement(connection, sql, [source_id.into()])).await?;
    rows.iter().map(redaction).collect()
}

fn redaction(row: &QueryResult) -> Result<Redaction, Error> {
    Ok(Redaction {
        id: row.try_get("", "id")?,
        source_id: row.try_get("", "source_id")?,
        field: row.try_get("", "field")?,
        act: Act::from_code(&row.try_get::<String>("", "act")?).unwrap_or_default(),
        reason: row.try_get("", "reason")?,
        created_by: row.try_get("", "created_by")?,
        created_at: row.try_get("", "created_at")?,
        ended_at: row.try_get("", "ended_at")?,
        records: row.try_get("", "records")?,
    })
}

/// Rules in force of all sources, whatever the scope: for the program.
pub(crate) async fn in_force(connection: &impl Connection) -> Result<HashMap<String, Vec<Rule>>, Error> {
    let sql = "SELECT id, source_id, field, act FROM source_redactions WHERE ended_at IS NULL ORDER BY created_at, id";
    let rows = connection.query_all_raw(statement(connection, sql, [])).await?;
    let mut by_source: HashMap<String, Vec<Rule>> = HashMap::new();
    for row in rows {
        let act = Act::from_code(&row.try_get::<String>("", "act")?).unwrap_or_default();
        let rule = Rule { id: row.try_get("", "id")?, field: row.try_get("", "field")?, act };
        by_source.entry(row.try_get("", "source_id")?).or_default().push(rule);
    }
    Ok(by_source)
}

/// The key of hashes, where one was made.
pub(crate) async fn hash_key(connection: &impl Connection) -> Result<Option<String>, Error> {
    let sql = "SELECT sealed_key FROM redaction_keys WHERE id = $1";
    let Some(row) = connection.query_one_raw(statement(connection, sql, [KEY_ROW.into()])).await? else {
        return Ok(None);
    };
    let sealed: String = row.try_get("", "sealed_key")?;
    Ok(Some(connection.keys().open(key_place(), &sealed).map_err(Error::internal)?))
}

/// Makes the key of hashes unless there is one: it stays, so that hashes of equal values stay equal.
pub(super) async fn ensure_hash_key(tx: &Tx<'_>) -> Result<(), Error> {
    if hash_key(tx).await?.is_some() {
        return Ok(());
    }
    let sealed = tx.keys().seal(key_place(), &KeyRing::fresh_key())?;
    let sql = "INSERT INTO redaction_keys (id, sealed_key) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING";
    tx.execute_raw(statement(tx, sql, [KEY_ROW.into(), sealed.into()])).await?;
    Ok(())
}

pub(super) async fn insert(tx: &Tx<'_>, one: &Redaction) -> Result<(), Error> {
    let sql = "INSERT INTO source_redactions (id, source_id, field, act, reason, created_by, created_at, records) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, 0)";
    let values: [Value; 7] = [
        one.id.as_str().into(),
        one.source_id.as_str().into(),
        one.field.as_str().into(),
        one.act.code().into(),
        one.reason.as_str().into(),
        one.created_by.as_str().into(),
        one.created_at.into(),
    ];
    tx.execute_raw(statement(tx, sql, values)).await?;
    touch(tx, &one.source_id, one.created_at).await
}

/// Ends a rule; false where it has ended.
pub(super) async fn end(tx: &Tx<'_>, source_id: &str, id: &str, now: Micros) -> Result<bool, Error> {
    let sql = "UPDATE source_redactions SET ended_at = $1 WHERE id = $2 AND source_id = $3 AND ended_at IS NULL";
    let done = tx.execute_raw(statement(tx, sql, [now.into(), id.into(), source_id.into()])).await?;
    touch(tx, source_id, now).await?;
    Ok(done.rows_affected() == 1)
}

/// Whoever binds records to sources reads the register again.
async fn touch(tx: &Tx<'_>, source_id: &str, now: Micros) -> Result<(), Error> {
    let sql = "UPDATE sources SET updated_at = $1 WHERE id = $2";
    tx.execute_raw(statement(tx, sql, [now.into(), source_id.into()])).await?;
    Ok(())
}

pub(super) async fn count(tx: &Tx<'_>, id: &str, records: i64) -> Result<(), Error> {
    let sql = "UPDATE source_redactions SET records = records + $1 WHERE id = $2";
    tx.execute_raw(statement(tx, sql, [records.into(), id.into()])).await?;
    Ok(())
}
