//! Counting failed attempts: of an account name at one place (an address or a known device), of the name at all
//! places together, and of an address for all names. A name is counted whether an account has it or not, so that a
//! lock tells nothing; names are kept as hashes, because people type passwords into the wrong field. An attempt counts
//! before it is verified: attempts at the same time cannot slip past the limit.

use crate::policies::{SlowLimits, ThrottleLimits};
use kit::clock::{Micros, SECOND};
use kit::{Connection, Error, Tx};
use sea_orm::{ConnectionTrait, Statement, Value};

/// Row of an account name at all places where it is not known.
pub(super) fn account(name: &str) -> String {
    format!("account:{}", super::hash_of(name))
}

/// Row of an account name at an address.
pub(super) fn account_at(name: &str, network: &str) -> String {
    format!("from:{}:{network}", super::hash_of(name))
}

/// Row of an account name on a device that has signed in for it before.
pub(super) fn account_on(name: &str, device: &str) -> String {
    format!("device:{}:{}", super::hash_of(name), super::hash_of(device))
}

/// Row of the present password, asked for again by whoever changes it.
pub(super) fn present_password(name: &str) -> String {
    format!("present:{}", super::hash_of(name))
}

/// Row of the codes of an account, given after its password.
pub(super) fn second_factor(name: &str) -> String {
    format!("second:{}", super::hash_of(name))
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
    Ok(count(tx, subject, limits, now).await?.map(|_| ()))
}

async fn count(tx: &Tx<'_>, subject: &str, limits: &ThrottleLimits, now: Micros) -> Result<Result<i64, Micros>, Error> {
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
    // A lock that has run out begins anew; a wait (no lock of its own) goes on counting until the window ends.
    if (locked_until.is_some() && limits.lock > 0) || now - first_at > limits.window * SECOND {
        (failures, first_at) = (0, now);
    }
    failures += 1;
    let locked_until = (failures > limits.failures).then_some(now + limits.lock * SECOND);
    let keep = "UPDATE sign_in_throttles SET failures = $1, first_at = $2, locked_until = $3 WHERE subject = $4";
    execute(tx, keep, vec![failures.into(), first_at.into(), locked_until.into(), subject.into()]).await?;
    Ok(locked_until.map_or(Ok(failures), Err))
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

/// How long strangers wait after so many failures: twice as long after each.
fn wait(limits: &SlowLimits, failures: i64) -> i64 {
    let doublings = (failures - limits.failures).clamp(0, 30);
    limits.first_wait.saturating_mul(1 << doublings).min(limits.longest_wait)
}

/// Counts one more attempt of a stranger; returns how many there are. Past the limit one attempt passes after each
/// wait. `Err(until)`: this is not the one.
pub(super) async fn reserve_slowly(
    tx: &Tx<'_>,
    subject: &str,
    limits: &SlowLimits,
    now: Micros,
) -> Result<Result<i64, Micros>, Error> {
    let counted = ThrottleLimits { failures: i64::MAX, window: limits.window, lock: 0 };
    let failures = match count(tx, subject, &counted, now).await? {
        Ok(failures) => failures,
        Err(until) => return Ok(Err(until)),
    };
    if failures >= limits.failures {
        let until = now + wait(limits, failures) * SECOND;
        let sql = "UPDATE sign_in_throttles SET locked_until = $1 WHERE subject = $2";
        execute(tx, sql, vec![until.into(), subject.into()]).await?;
    }
    Ok(Ok(failures))
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

/// Rows of an account name, whatever was counted.
const OF_ACCOUNT: &str = "(subject = 'account:' || $1 OR subject = 'present:' || $1 OR subject = 'second:' || $1 OR subject LIKE 'from:' || $1 || ':%' \
     OR subject LIKE 'device:' || $1 || ':%')";

/// Forgets every failure for an account name and opens all its locks.
pub(super) async fn clear_account(tx: &Tx<'_>, name: &str) -> Result<(), Error> {
    let sql = format!("DELETE FROM sign_in_throttles WHERE {OF_ACCOUNT}");
    execute(tx, &sql, vec![super::hash_of(name).into()]).await
}

/// Until when some place is locked out of an account.
pub(crate) async fn locked_until(
    connection: &impl Connection,
    name: &str,
    now: Micros,
) -> Result<Option<Micros>, Error> {
    let sql =
        format!("SELECT MAX(locked_until) AS until FROM sign_in_throttles WHERE {OF_ACCOUNT} AND locked_until > $2");
    let values = [super::hash_of(name).into(), now.into()];
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    let row = connection.query_one_raw(statement).await?;
    Ok(row.map(|row| row.try_get("", "until")).transpose()?.flatten())
}

/// Removes rows that no longer matter, so that invented names do not fill the table.
pub(super) async fn sweep(tx: &Tx<'_>, window: i64, now: Micros) -> Result<(), Error> {
    let sql = "DELETE FROM sign_in_throttles WHERE last_at < $1 AND (locked_until IS NULL OR locked_until < $2)";
    execute(tx, sql, vec![(now - window * SECOND).into(), now.into()]).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_further_failure_makes_strangers_wait_twice_as_long_up_to_a_limit() {
        let limits = SlowLimits { failures: 20, window: 3_600, first_wait: 30, longest_wait: 300 };
        let waits: Vec<_> = [20, 21, 22, 23, 24, 90, i64::MAX].map(|failures| wait(&limits, failures)).into();
        assert_eq!(waits, [30, 60, 120, 240, 300, 300, 300]);
    }
}
