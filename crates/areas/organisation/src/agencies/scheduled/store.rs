//! Rows of what is decided for a day to come.

use super::{ScheduledChange, State};
use crate::agencies::store::require_in_scope;
use kit::clock::Micros;
use kit::{Connection, Error, Tx};
use sea_orm::{ConnectionTrait, FromQueryResult, Statement, Value};

async fn select(connection: &impl Connection, rest: &str, values: Vec<Value>) -> Result<Vec<ScheduledChange>, Error> {
    let reaches = |column| connection.scope().agency_condition(column);
    let sql = format!(
        "SELECT c.id, c.agency_id, own.name AS agency_name, ({}) AS agency_reachable, c.into_id, \
         successor.name AS into_name, COALESCE(({}), FALSE) AS into_reachable, c.name, c.at, c.basis, c.entered_by, \
         c.state, c.refusal FROM agency_scheduled_changes AS c JOIN agencies AS own ON own.id = c.agency_id \
         LEFT JOIN agencies AS successor ON successor.id = c.into_id WHERE {rest} ORDER BY c.at, c.into_id IS NOT NULL, c.id",
        reaches("own.id"),
        reaches("successor.id"),
    );
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    Ok(ScheduledChange::find_by_statement(statement).all(connection).await?)
}

/// What is decided about an agency in scope, or about others that become part of it, and neither done nor revoked.
pub async fn concerning(connection: &impl Connection, agency_id: &str) -> Result<Vec<ScheduledChange>, Error> {
    require_in_scope(connection, agency_id).await?;
    let rest = "(c.agency_id = $1 OR c.into_id = $1) AND c.state IN ('waiting', 'refused')";
    select(connection, rest, vec![agency_id.into()]).await
}

/// One of an agency in scope.
pub(super) async fn find(connection: &impl Connection, agency_id: &str, id: &str) -> Result<ScheduledChange, Error> {
    require_in_scope(connection, agency_id).await?;
    let rest = "c.id = $1 AND c.agency_id = $2";
    select(connection, rest, vec![id.into(), agency_id.into()]).await?.pop().ok_or(Error::NotFound)
}

/// Whether the very same waits for its day. `into_id` is the successor of a merger, `name` a new name.
pub(in crate::agencies) async fn waits(
    connection: &impl Connection,
    agency_id: &str,
    (into_id, name): (Option<&str>, &str),
    at: Micros,
) -> Result<bool, Error> {
    let of_agency = concerning(connection, agency_id).await?;
    let is_same = |one: &ScheduledChange| {
        one.agency_id == agency_id && one.into_id.as_deref() == into_id && one.name == name && one.at == at
    };
    Ok(of_agency.iter().any(|one| !one.is_refused() && is_same(one)))
}

/// What waits, of whatever agency, by day, and on one day in the order in which it was entered.
pub(in crate::agencies) async fn waiting(connection: &impl Connection) -> Result<Vec<ScheduledChange>, Error> {
    select(connection, "c.state = 'waiting'", Vec::new()).await
}

/// Whose day has come, by day, and on one day new names first.
pub(super) async fn due(connection: &impl Connection, now: Micros) -> Result<Vec<ScheduledChange>, Error> {
    select(connection, "c.state = 'waiting' AND c.at <= $1", vec![now.into()]).await
}

/// A new one that waits.
pub(super) struct NewRow<'a> {
    pub(super) id: &'a str,
    pub(super) agency_id: &'a str,
    pub(super) into_id: Option<&'a str>,
    pub(super) name: &'a str,
    pub(super) at: Micros,
    pub(super) basis: &'a str,
}

pub(super) async fn insert(tx: &Tx<'_>, row: &NewRow<'_>, now: Micros) -> Result<(), Error> {
    let sql = "INSERT INTO agency_scheduled_changes (id, agency_id, into_id, name, at, basis, entered_at, entered_by, \
               state, settled_at, refusal) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,'waiting',NULL,'')";
    let values = [
        row.id.into(),
        row.agency_id.into(),
        row.into_id.map(ToOwned::to_owned).into(),
        row.name.into(),
        row.at.into(),
        row.basis.into(),
        now.into(),
        tx.scope().actor().name().into(),
    ];
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(())
}

/// Moves one on; false where it is no longer what it was, because somebody else was there first.
pub(super) async fn settle(
    tx: &Tx<'_>,
    change: &ScheduledChange,
    to: State,
    refusal: &str,
    now: Micros,
) -> Result<bool, Error> {
    let sql =
        "UPDATE agency_scheduled_changes SET state = $1, refusal = $2, settled_at = $3 WHERE id = $4 AND state = $5";
    let values =
        [to.code().into(), refusal.into(), now.into(), change.id.as_str().into(), change.state.as_str().into()];
    let done = tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(done.rows_affected() == 1)
}
