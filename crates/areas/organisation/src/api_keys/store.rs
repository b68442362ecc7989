//! Rows of keys.

use super::{ApiKey, is_person};
use crate::conditions::Conditions;
use crate::sign_in::hash_of;
use kit::clock::Micros;
use kit::{Capability, Connection, Error, Tx};
use sea_orm::{ConnectionTrait, FromQueryResult, Statement, Value};

const SELECT: &str = "SELECT api_keys.id, api_keys.name, api_keys.agency_id, agencies.name AS agency_name, \
                      api_keys.source_id, api_keys.capabilities, api_keys.created_by, api_keys.created_at, \
                      api_keys.expires_at, api_keys.last_used_at, api_keys.last_used_from, api_keys.networks, \
                      api_keys.revoked_at \
                      FROM api_keys JOIN agencies ON agencies.id = api_keys.agency_id";

async fn select(connection: &impl Connection, rest: &str, values: Vec<Value>) -> Result<Vec<ApiKey>, Error> {
    let statement =
        Statement::from_sql_and_values(connection.get_database_backend(), format!("{SELECT} {rest}"), values);
    Ok(ApiKey::find_by_statement(statement).all(connection).await?)
}

/// Keys in scope, newest first. Revoked ones only if asked for.
pub async fn list(connection: &impl Connection, revoked: bool, limit: u64, offset: u64) -> Result<Vec<ApiKey>, Error> {
    connection.scope().require(Capability::ViewSources)?;
    let mut conditions = Conditions::default();
    conditions.plain(connection.scope().agency_condition("api_keys.agency_id"));
    conditions.plain(if revoked { "api_keys.revoked_at IS NOT NULL" } else { "api_keys.revoked_at IS NULL" });
    let rest = format!(
        "{} ORDER BY api_keys.created_at DESC, api_keys.id DESC LIMIT {limit} OFFSET {offset}",
        conditions.sql()
    );
    select(connection, &rest, conditions.values()).await
}

/// How many keys in scope there are.
pub async fn count(connection: &impl Connection, revoked: bool) -> Result<u64, Error> {
    connection.scope().require(Capability::ViewSources)?;
    let condition = connection.scope().agency_condition("agency_id");
    let state = if revoked { "revoked_at IS NOT NULL" } else { "revoked_at IS NULL" };
    let sql = format!("SELECT COUNT(*) AS found FROM api_keys WHERE {condition} AND {state}");
    let row = connection.query_one_raw(Statement::from_string(connection.get_database_backend(), sql)).await?;
    Ok(row.map(|row| row.try_get::<i64>("", "found")).transpose()?.and_then(|n| u64::try_from(n).ok()).unwrap_or(0))
}

/// One key in scope.
pub async fn find(connection: &impl Connection, id: &str) -> Result<ApiKey, Error> {
    connection.scope().require(Capability::ViewSources)?;
    in_scope(connection, id).await?.ok_or(Error::NotFound)
}

/// The same for whoever has another business with it than looking at keys.
pub(super) async fn in_scope(connection: &impl Connection, id: &str) -> Result<Option<ApiKey>, Error> {
    let rest = format!("WHERE api_keys.id = $1 AND {}", connection.scope().agency_condition("api_keys.agency_id"));
    Ok(select(connection, &rest, vec![id.into()]).await?.pop())
}

/// Source a key is bound to; for the front doors, which know the key from the scope's actor.
pub async fn source_of(connection: &impl Connection, key_id: &str) -> Result<Option<String>, Error> {
    Ok(in_scope(connection, key_id).await?.and_then(|key| key.source_id))
}

/// The person who made a key, whatever the scope; nobody for one that was made on the machine itself.
pub(crate) async fn maker_of(connection: &impl Connection, id: &str) -> Result<Option<String>, Error> {
    let sql = "SELECT created_by FROM api_keys WHERE id = $1";
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [id.into()]);
    let row = connection.query_one_raw(statement).await?;
    let maker: Option<String> = row.map(|row| row.try_get("", "created_by")).transpose()?;
    Ok(maker.filter(|maker| is_person(maker)))
}

/// How many keys that open something now a person has made, wherever they are.
pub(crate) async fn held_open_by(connection: &impl Connection, person_id: &str, now: Micros) -> Result<i64, Error> {
    let sql = "SELECT COUNT(*) AS found FROM api_keys WHERE created_by = $1 AND revoked_at IS NULL \
               AND (expires_at IS NULL OR expires_at > $2)";
    let values = [person_id.into(), now.into()];
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    let row = connection.query_one_raw(statement).await?;
    Ok(row.map(|row| row.try_get("", "found")).transpose()?.unwrap_or(0))
}

/// The key with this secret, for sign-in alone.
pub(crate) async fn by_secret(connection: &impl Connection, secret: &str) -> Result<Option<ApiKey>, Error> {
    Ok(select(connection, "WHERE api_keys.key_hash = $1", vec![hash_of(secret).into()]).await?.pop())
}

async fn execute(tx: &Tx<'_>, sql: &str, values: Vec<Value>) -> Result<(), Error> {
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(())
}

pub(crate) async fn used(tx: &Tx<'_>, id: &str, from: &str, now: Micros) -> Result<(), Error> {
    let sql = "UPDATE api_keys SET last_used_at = $1, last_used_from = $2 WHERE id = $3";
    execute(tx, sql, vec![now.into(), from.into(), id.into()]).await
}

pub(super) async fn insert(
    tx: &Tx<'_>,
    id: &str,
    secret: &str,
    new: &super::NewKey,
    capabilities: &str,
    now: Micros,
) -> Result<(), Error> {
    let sql = "INSERT INTO api_keys (id, key_hash, name, agency_id, source_id, capabilities, created_by, created_at, \
               expires_at, last_used_at, revoked_at, networks) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,NULL,NULL,$10)";
    let values = vec![
        id.into(),
        hash_of(secret).into(),
        new.name.as_str().into(),
        new.agency_id.as_str().into(),
        new.source_id.clone().into(),
        capabilities.into(),
        tx.scope().actor().id().into(),
        now.into(),
        new.expires_at.into(),
        new.networks.as_str().into(),
    ];
    execute(tx, sql, values).await
}

pub(super) async fn set_revoked(tx: &Tx<'_>, id: &str, now: Micros) -> Result<(), Error> {
    let sql = "UPDATE api_keys SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL";
    execute(tx, sql, vec![now.into(), id.into()]).await
}
