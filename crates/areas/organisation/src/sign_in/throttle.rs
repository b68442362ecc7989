//! Counting failed attempts per account name and per address. A name is counted whether an account has it or
//! not, so that a lock tells nothing; names are kept as hashes, because people type passwords into the wrong
//! field. An attempt counts before it is verified: attempts at the same time cannot slip past the limit.

use crate::policies::ThrottleLimits;
use kit::clock::{Micros, SECOND};
use kit::{Connection, Error, Tx};
use sea_orm::{ConnectionTrait, Statement, Value};

/// Row of an account name.
pub(super) fn account(name: &str) -> String {
    format!("account:{}", super::hash_of(name))
}

/// Row of an address.
pub(super) fn address(network: &str) -> String {
    format!("address:{network}")
}

async fn execute(tx: &Tx<'_>, sql: &str, values: Vec<Value>) -> Result<(), Error> {
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(())
}

/// Counts one more attempt. `Err(until)`: the door is closed until then.
pub(super) async fn reserve(
    tx: &Tx<'_>,
    subject: &str,
    limits: &ThrottleLimits,
    now: Micros,
) -> Result<Result<(), Micros>, Error> {
    // The row is made first, so that attempts at the same time wait for each other on PostgreSQL.
    let make = "INSERT INTO sign_in_throttles (subject, failures, first_at, last_at, locked_until) \
                VALUES ($1, 0, $2, $2, NULL) ON CONFLICT (subject) DO NOTHING";
    execute(tx, make, vec![subject.into(), now.into()]).await?;
    let touch =
        "UPDATE sign_in_throttles SET last_at = $1 WHERE subject = $2 RETURNING failures, first_at, locked_until";
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), touch, [now.into(), subject.into()]);
    let row = tx.query_one_raw(statement).await?.ok_or_else(|| Error::internal("throttle row vanished"))?;
    let mut failures: i64 = row.try_get("", "failures")?;
    let mut first_at: i64 = row.try_get("", "first_at")?;
    let locked_until: Option<i64> = row.try_get("", "locked_until")?;
    if let Some(until) = locked_until.filter(|until| *until > now) {
        return Ok(Err(until));
    }
    if locked_until.is_some() || now - first_at > limits.window * SECOND {
        (failures, first_at) = (0, now);
    }
    failures += 1;
    let locked_until = (failures > limits.failures).then_some(now + limits.lock * SECOND);
    let keep = "UPDATE sign_in_throttles SET failures = $1, first_at = $2, locked_until = $3 WHERE subject = $4";
    execute(tx, keep, vec![failures.into(), first_at.into(), locked_until.into(), subject.into()]).await?;
    Ok(locked_until.map_or(Ok(()), Err))
}

/// The reserved attempt failed: the last one allowed closes the door. Returns until when.
pub(super) async fn failed(
    tx: &Tx<'_>,
    subject: &str,
    limits: &ThrottleLimits,
    now: Micros,
) -> Result<Option<Micros>, Error> {
    let until = now + limits.lock * SECOND;
    let sql = "UPDATE sign_in_throttles SET locked_until = $1 WHERE subject = $2 AND failures >= $3 \
               AND locked_until IS NULL RETURNING subject";
    let values = [until.into(), subject.into(), limits.failures.into()];
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
    Ok(tx.query_one_raw(statement).await?.map(|_| until))
}

/// Gives one reserved attempt back: it was right.
pub(super) async fn give_back(tx: &Tx<'_>, subject: &str) -> Result<(), Error> {
    let sql = "UPDATE sign_in_throttles SET failures = failures - 1 WHERE subject = $1 AND failures > 0";
    execute(tx, sql, vec![subject.into()]).await
}

/// Forgets the failures of a subject and opens its lock.
pub(super) async fn clear(tx: &Tx<'_>, subject: &str) -> Result<(), Error> {
    execute(tx, "DELETE FROM sign_in_throttles WHERE subject = $1", vec![subject.into()]).await
}

/// Until when a subject is locked.
pub(crate) async fn locked_until(
    connection: &impl Connection,
    subject: &str,
    now: Micros,
) -> Result<Option<Micros>, Error> {
    let sql = "SELECT locked_until FROM sign_in_throttles WHERE subject = $1 AND locked_until > $2";
    let statement =
        Statement::from_sql_and_values(connection.get_database_backend(), sql, [subject.into(), now.into()]);
    Ok(connection.query_one_raw(statement).await?.map(|row| row.try_get("", "locked_until")).transpose()?)
}

/// Removes rows that no longer matter, so that invented names do not fill the table.
pub(super) async fn sweep(tx: &Tx<'_>, window: i64, now: Micros) -> Result<(), Error> {
    let sql = "DELETE FROM sign_in_throttles WHERE last_at < $1 AND (locked_until IS NULL OR locked_until < $2)";
    execute(tx, sql, vec![(now - window * SECOND).into(), now.into()]).await
}
