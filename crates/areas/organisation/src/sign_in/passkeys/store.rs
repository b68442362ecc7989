//! Rows of passkeys.

use super::Passkey;
use super::ceremony::Made;
use kit::clock::Micros;
use kit::{Connection, Error, Tx};
use sea_orm::{ConnectionTrait, FromQueryResult, Statement, Value};

const SELECT: &str =
    "SELECT id, person_id, credential_id, public_key, counter, name, added_at, last_used_at FROM passkeys";

async fn select(connection: &impl Connection, rest: &str, values: Vec<Value>) -> Result<Vec<Passkey>, Error> {
    let statement =
        Statement::from_sql_and_values(connection.get_database_backend(), format!("{SELECT} {rest}"), values);
    Ok(Passkey::find_by_statement(statement).all(connection).await?)
}

async fn execute(tx: &Tx<'_>, sql: &str, values: Vec<Value>) -> Result<u64, Error> {
    let done = tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(done.rows_affected())
}

pub(super) async fn of(connection: &impl Connection, person_id: &str) -> Result<Vec<Passkey>, Error> {
    select(connection, "WHERE person_id = $1 ORDER BY added_at, id", vec![person_id.into()]).await
}

pub(super) async fn by_credential(connection: &impl Connection, id: &str) -> Result<Option<Passkey>, Error> {
    Ok(select(connection, "WHERE credential_id = $1", vec![id.into()]).await?.pop())
}

pub(super) async fn insert(tx: &Tx<'_>, person_id: &str, name: &str, made: &Made, now: Micros) -> Result<(), Error> {
    let sql = "INSERT INTO passkeys (id, person_id, credential_id, public_key, counter, name, added_at, last_used_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, NULL)";
    let values = vec![
        kit::id::new_id(now).into(),
        person_id.into(),
        made.credential_id.as_str().into(),
        made.public_key.as_str().into(),
        i64::from(made.counter).into(),
        name.into(),
        now.into(),
    ];
    execute(tx, sql, values).await.map(|_| ())
}

/// Notes a use; whether nobody else noted one since `passkey` was read.
pub(super) async fn used(tx: &Tx<'_>, passkey: &Passkey, counter: u32, now: Micros) -> Result<bool, Error> {
    let sql = "UPDATE passkeys SET counter = $1, last_used_at = $2 WHERE id = $3 AND counter = $4";
    let values = vec![i64::from(counter).into(), now.into(), passkey.id.as_str().into(), passkey.counter.into()];
    Ok(execute(tx, sql, values).await? > 0)
}

/// Takes one of a person away.
pub(super) async fn remove(tx: &Tx<'_>, person_id: &str, id: &str) -> Result<bool, Error> {
    let sql = "DELETE FROM passkeys WHERE id = $1 AND person_id = $2";
    Ok(execute(tx, sql, vec![id.into(), person_id.into()]).await? > 0)
}

/// Takes all of a person away.
pub(in crate::sign_in) async fn remove_all(tx: &Tx<'_>, person_id: &str) -> Result<(), Error> {
    execute(tx, "DELETE FROM passkeys WHERE person_id = $1", vec![person_id.into()]).await.map(|_| ())
}
