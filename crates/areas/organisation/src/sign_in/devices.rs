//! Devices that have signed in before. A cookie with a secret says which browser it is; it gives no right but one:
//! what others do with the name of the account does not close the door for it.

use super::NewDevice;
use crate::policies::DeviceLimits;
use kit::clock::{Micros, SECOND};
use kit::{Connection, Error, Tx};
use sea_orm::{ConnectionTrait, Statement, Value};

async fn execute(tx: &Tx<'_>, sql: &str, values: Vec<Value>) -> Result<(), Error> {
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(())
}

async fn exists(connection: &impl Connection, sql: &str, values: Vec<Value>) -> Result<bool, Error> {
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    Ok(connection.query_one_raw(statement).await?.is_some())
}

/// Whether this device has signed in for the account before.
pub(super) async fn is_known(
    connection: &impl Connection,
    account: &str,
    token: &str,
    now: Micros,
) -> Result<bool, Error> {
    let sql = "SELECT 1 FROM known_devices JOIN people ON people.id = person_id \
               WHERE account = $1 AND token_hash = $2 AND expires_at > $3";
    exists(connection, sql, vec![account.into(), super::hash_of(token).into(), now.into()]).await
}

/// Remembers the device for the person. A secret we never gave out is not taken over: the device gets a new one.
pub(super) async fn remember(
    tx: &Tx<'_>,
    person_id: &str,
    token: Option<&str>,
    limits: &DeviceLimits,
    now: Micros,
) -> Result<NewDevice, Error> {
    execute(tx, "DELETE FROM known_devices WHERE expires_at <= $1", vec![now.into()]).await?;
    let ours = "SELECT 1 FROM known_devices WHERE token_hash = $1";
    let token = match token {
        Some(token) if exists(tx, ours, vec![super::hash_of(token).into()]).await? => token.to_owned(),
        _ => super::secret()?,
    };
    let sql = "INSERT INTO known_devices (token_hash, person_id, first_at, last_at, expires_at) \
               VALUES ($1, $2, $3, $3, $4) ON CONFLICT (token_hash, person_id) \
               DO UPDATE SET last_at = excluded.last_at, expires_at = excluded.expires_at";
    let until = now + limits.lifetime * SECOND;
    execute(tx, sql, vec![super::hash_of(&token).into(), person_id.into(), now.into(), until.into()]).await?;
    let surplus = format!(
        "DELETE FROM known_devices WHERE person_id = $1 AND token_hash NOT IN (SELECT token_hash FROM known_devices \
         WHERE person_id = $1 ORDER BY last_at DESC, token_hash LIMIT {})",
        limits.at_most.max(1)
    );
    execute(tx, &surplus, vec![person_id.into()]).await?;
    Ok(NewDevice { token, seconds: limits.lifetime })
}

/// Forgets every device of a person.
pub(super) async fn forget(tx: &Tx<'_>, person_id: &str) -> Result<(), Error> {
    execute(tx, "DELETE FROM known_devices WHERE person_id = $1", vec![person_id.into()]).await
}
