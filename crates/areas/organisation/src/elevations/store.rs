//! Rows of elevations.

use super::Elevation;
use crate::agencies::SAME_CODE;
use crate::audit::Touched;
use crate::policies::{CHANGE_LAW, FOREIGN_EVENTS, KEY_ROWS};
use kit::clock::Micros;
use kit::{Capability, Connection, Error, Tx};
use sea_orm::{ConnectionTrait, FromQueryResult, QueryResult, Statement, Value};
use std::collections::{BTreeMap, BTreeSet};

const SELECT: &str = "SELECT elevations.id, elevations.kind, elevations.person_id, people.full_name AS person_name, \
                      elevations.agency_id, agencies.name AS agency_name, elevations.subject, \
                      elevations.about, law_drafts.path AS draft_path, elevations.reason, elevations.allowance, \
                      api_keys.name AS key_name, elevations.state, \
                      elevations.asked_at, elevations.decided_at, elevations.decided_by, \
                      deciders.full_name AS decider_name, elevations.decided_reason, elevations.ends_at, \
                      elevations.used, elevations.used_at FROM elevations \
                      JOIN people ON people.id = elevations.person_id \
                      JOIN agencies ON agencies.id = elevations.agency_id \
                      LEFT JOIN people AS deciders ON deciders.id = elevations.decided_by \
                      LEFT JOIN law_drafts ON law_drafts.person_id = elevations.person_id \
                      AND law_drafts.digest = elevations.subject AND elevations.subject <> '' \
                      LEFT JOIN api_keys ON api_keys.id = elevations.subject AND elevations.kind = 'key-rows'";

async fn select(connection: &impl Connection, rest: &str, values: Vec<Value>) -> Result<Vec<Elevation>, Error> {
    let statement =
        Statement::from_sql_and_values(connection.get_database_backend(), format!("{SELECT} {rest}"), values);
    Ok(Elevation::find_by_statement(statement).all(connection).await?)
}

/// One's own, and for who approves those of the agencies in reach.
fn seen(connection: &impl Connection) -> String {
    let scope = connection.scope();
    match scope.may(Capability::ApproveElevations) {
        true => format!("(elevations.person_id = $1 OR {})", scope.agency_condition("elevations.agency_id")),
        false => "elevations.person_id = $1".to_owned(),
    }
}

fn asker(connection: &impl Connection) -> Value {
    connection.scope().person_id().unwrap_or_default().into()
}

/// The newest that the asker may see.
pub async fn list(connection: &impl Connection, limit: u64) -> Result<Vec<Elevation>, Error> {
    let rest =
        format!("WHERE {} ORDER BY elevations.asked_at DESC, elevations.id DESC LIMIT {limit}", seen(connection));
    select(connection, &rest, vec![asker(connection)]).await
}

/// One of them.
pub async fn find(connection: &impl Connection, id: &str) -> Result<Elevation, Error> {
    let rest = format!("WHERE elevations.id = $2 AND {}", seen(connection));
    select(connection, &rest, vec![asker(connection), id.into()]).await?.pop().ok_or(Error::NotFound)
}

/// What a person has asked for of a kind, for a subject or for whatever, and neither was refused nor taken back; newest first.
pub(super) async fn of_kind(
    connection: &impl Connection,
    person_id: &str,
    kind: &str,
    subject: Option<&str>,
) -> Result<Vec<Elevation>, Error> {
    let mut values: Vec<Value> = vec![person_id.into(), kind.into()];
    values.extend(subject.map(Value::from));
    let narrowed = if subject.is_some() { "AND elevations.subject = $3 " } else { "" };
    let rest = format!(
        "WHERE elevations.person_id = $1 AND elevations.kind = $2 AND elevations.state IN ('asked', 'approved') {narrowed}\
         ORDER BY elevations.asked_at DESC, elevations.id DESC LIMIT 50"
    );
    select(connection, &rest, values).await
}

/// What was asked for a key by anybody, and neither was refused nor taken back; newest first. Whoever looks must reach the key.
pub(super) async fn of_key(connection: &impl Connection, key_id: &str) -> Result<Vec<Elevation>, Error> {
    let rest = format!(
        "WHERE elevations.kind = '{KEY_ROWS}' AND elevations.subject = $1 AND {} \
         AND elevations.state IN ('asked', 'approved') ORDER BY elevations.asked_at DESC, elevations.id DESC LIMIT 50",
        connection.scope().agency_condition("elevations.agency_id")
    );
    select(connection, &rest, vec![key_id.into()]).await
}

/// Rows that may leave by a key, and how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct KeyGrant {
    pub(super) rows: u64,
    pub(super) until: Micros,
}

/// Rows that may leave by keys at `now`, where somebody has granted them: of one key, or of all.
pub(super) async fn granted_to_keys(
    connection: &impl Connection,
    key_id: Option<&str>,
    now: Micros,
) -> Result<BTreeMap<String, KeyGrant>, Error> {
    let mut values: Vec<Value> = vec![now.into()];
    values.extend(key_id.map(Value::from));
    let narrowed = if key_id.is_some() { "AND subject = $2 " } else { "" };
    let sql = format!(
        "SELECT subject, allowance, ends_at FROM elevations WHERE kind = '{KEY_ROWS}' AND state = 'approved' \
         AND ends_at > $1 {narrowed}ORDER BY decided_at, id"
    );
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    let rows = connection.query_all_raw(statement).await?;
    let granted = |row: &QueryResult| -> Result<(String, KeyGrant), Error> {
        let allowance: i64 = row.try_get("", "allowance")?;
        let rows = u64::try_from(allowance).unwrap_or_default();
        Ok((row.try_get("", "subject")?, KeyGrant { rows, until: row.try_get("", "ends_at")? }))
    };
    rows.iter().map(granted).collect()
}

/// Ends what runs for a key; identifier and agency of each.
pub(super) async fn end_for_key(tx: &Tx<'_>, key_id: &str, now: Micros) -> Result<Vec<(String, String)>, Error> {
    let sql = format!(
        "UPDATE elevations SET ends_at = $1 WHERE kind = '{KEY_ROWS}' AND subject = $2 AND state = 'approved' \
         AND ends_at > $1 RETURNING id, agency_id"
    );
    changed(tx, &sql, vec![now.into(), key_id.into()]).await
}

/// Takes back what waits for a key; identifier and agency of each.
pub(super) async fn withdraw_for_key(tx: &Tx<'_>, key_id: &str) -> Result<Vec<(String, String)>, Error> {
    let sql = format!(
        "UPDATE elevations SET state = 'withdrawn' WHERE kind = '{KEY_ROWS}' AND subject = $1 AND state = 'asked' \
         RETURNING id, agency_id"
    );
    changed(tx, &sql, vec![key_id.into()]).await
}

/// Identifier and agency of each row that a statement changed.
async fn changed(tx: &Tx<'_>, sql: &str, values: Vec<Value>) -> Result<Vec<(String, String)>, Error> {
    let rows = tx.query_all_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    rows.iter().map(|row| Ok((row.try_get("", "id")?, row.try_get("", "agency_id")?))).collect()
}

/// The request for a draft, with the digest of what is in it, that nobody has answered.
pub async fn waiting_for(connection: &impl Connection, digest: &str) -> Result<Option<Elevation>, Error> {
    let rest = format!(
        "WHERE elevations.subject = $2 AND elevations.kind = '{CHANGE_LAW}' AND elevations.state = 'asked' AND {} \
         ORDER BY elevations.asked_at DESC LIMIT 1",
        seen(connection)
    );
    Ok(select(connection, &rest, vec![asker(connection), digest.into()]).await?.pop())
}

/// Identifier and agency of each request that was taken back.
pub(super) async fn withdraw(
    tx: &Tx<'_>,
    person_id: &str,
    kind: &str,
    subject: &str,
) -> Result<Vec<(String, String)>, Error> {
    let sql = "UPDATE elevations SET state = 'withdrawn' WHERE person_id = $1 AND kind = $2 AND subject = $3 \
               AND state = 'asked' RETURNING id, agency_id";
    changed(tx, sql, vec![person_id.into(), kind.into(), subject.into()]).await
}

/// SQL that counts the elevations of a person that open raw events now, for a query that is asked anyway: the column of the
/// person, and the places of the kind ([`FOREIGN_EVENTS`]) and of the time.
pub(crate) fn foreign_events_count(person: &str, kind: usize, now: usize) -> String {
    format!(
        "(SELECT COUNT(*) FROM elevations WHERE elevations.person_id = {person} AND elevations.kind = ${kind} \
         AND elevations.state = 'approved' AND elevations.ends_at > ${now})"
    )
}

/// Agencies whose raw events a person may read for a while.
pub(crate) async fn foreign_events_of(
    connection: &impl Connection,
    person_id: &str,
    now: Micros,
) -> Result<Vec<String>, Error> {
    let sql = "SELECT DISTINCT agency_id FROM elevations \
               WHERE person_id = $1 AND kind = $2 AND state = 'approved' AND ends_at > $3";
    let values: [Value; 3] = [person_id.into(), FOREIGN_EVENTS.into(), now.into()];
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    let rows = connection.query_all_raw(statement).await?;
    rows.iter().map(|row| Ok(row.try_get("", "agency_id")?)).collect()
}

/// The agency of a code, whether the asker reaches it or not: whoever needs something of another agency must be able to
/// name it, and learns no more than that it is there.
pub(super) async fn agency_named(connection: &impl Connection, code: &str) -> Result<Option<String>, Error> {
    let sql = format!("SELECT id FROM agencies WHERE {SAME_CODE} AND valid_to IS NULL");
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [code.into()]);
    let row = connection.query_one_raw(statement).await?;
    row.map(|row| Ok(row.try_get("", "id")?)).transpose()
}

/// An elevation that opened raw events of an agency.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub(crate) struct Right {
    pub id: String,
    pub reason: String,
    /// Whose events were opened: the agency that it was asked for, or one below.
    pub agency_id: String,
}

/// Counts a use of every elevation that opened raw events of one of these agencies, and tells which.
pub(crate) async fn use_foreign_events(tx: &Tx<'_>, touched: &Touched, now: Micros) -> Result<Vec<Right>, Error> {
    let scope = tx.scope();
    // Most people read what their role reaches, and need no elevation.
    let person = scope.person_id().filter(|_| scope.event_agencies() != scope.agencies() && !touched.is_empty());
    let Some(person) = person else { return Ok(Vec::new()) };
    let mut values: Vec<Value> = vec![now.into(), person.into(), FOREIGN_EVENTS.into()];
    values.extend(touched.keys().map(Value::from));
    let places: Vec<_> = (4..values.len() + 1).map(|place| format!("${place}")).collect();
    let sql = format!(
        "SELECT e.id, e.reason, c.descendant_id AS agency_id FROM elevations e \
         JOIN agency_closure c ON c.ancestor_id = e.agency_id WHERE e.ends_at > $1 AND e.person_id = $2 AND e.kind = $3 \
         AND e.state = 'approved' AND c.descendant_id IN ({}) ORDER BY e.asked_at, e.id",
        places.join(", ")
    );
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
    let rights = Right::find_by_statement(statement).all(tx).await?;
    let used: BTreeSet<&str> = rights.iter().map(|right| right.id.as_str()).collect();
    for id in used {
        count_use(tx, id, now).await?;
    }
    Ok(rights)
}

async fn execute(tx: &Tx<'_>, sql: &str, values: Vec<Value>) -> Result<u64, Error> {
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
    Ok(tx.execute_raw(statement).await?.rows_affected())
}

pub(super) async fn insert(
    tx: &Tx<'_>,
    id: &str,
    (kind, person_id, agency_id, subject): (&str, &str, &str, &str),
    (about, reason, allowance): (&str, &str, i64),
    now: Micros,
) -> Result<(), Error> {
    let sql = "INSERT INTO elevations (id, kind, person_id, agency_id, subject, about, reason, allowance, state, asked_at, \
               decided_at, decided_by, decided_reason, ends_at, used, used_at) \
               VALUES ($1,$2,$3,$4,$5,$6,$7,$8,'asked',$9,NULL,NULL,'',NULL,0,NULL)";
    let texts = [id, kind, person_id, agency_id, subject, about, reason].map(Value::from);
    let values = texts.into_iter().chain([allowance.into(), now.into()]).collect();
    execute(tx, sql, values).await.map(|_| ())
}

/// Whether it was still open: the first answer counts.
pub(super) async fn decide(
    tx: &Tx<'_>,
    id: &str,
    (state, by, reason): (&str, &str, &str),
    ends_at: Option<Micros>,
    now: Micros,
) -> Result<bool, Error> {
    let sql = "UPDATE elevations SET state = $1, decided_at = $2, decided_by = $3, decided_reason = $4, ends_at = $5 \
               WHERE id = $6 AND state = 'asked'";
    let values = vec![state.into(), now.into(), by.into(), reason.into(), ends_at.into(), id.into()];
    Ok(execute(tx, sql, values).await? == 1)
}

pub(super) async fn count_use(tx: &Tx<'_>, id: &str, now: Micros) -> Result<(), Error> {
    let sql = "UPDATE elevations SET used = used + 1, used_at = $1 WHERE id = $2";
    execute(tx, sql, vec![now.into(), id.into()]).await.map(|_| ())
}

pub(super) async fn end(tx: &Tx<'_>, id: &str, now: Micros) -> Result<(), Error> {
    let sql = "UPDATE elevations SET ends_at = $1 WHERE id = $2";
    execute(tx, sql, vec![now.into(), id.into()]).await.map(|_| ())
}
