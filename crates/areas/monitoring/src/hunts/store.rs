//! Rows of hunts. One sees the own ones; whoever acts for the whole centre sees all, but for those for what stands on
//! lists that are for whoever manages rules alone.

use super::{Hunt, State, SubjectKind};
use crate::indicators::Sharing;
use kit::clock::Micros;
use kit::scope::Agencies;
use kit::{Capability, Connection, Error, Tx};
use organisation::audit::Touched;
use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};
use std::collections::{BTreeSet, HashSet};

const SELECT: &str = "SELECT h.id, h.subject_kind, h.subject_id, h.subject_name, h.time_from, h.time_to, h.state, \
    h.owner_id, p.full_name AS owner_name, h.reach_agency_id, h.first_sequence, h.last_sequence, h.next_sequence, \
    h.events, h.matches, h.alerts, h.touched, h.unread_days, h.error_key, h.error_words, h.created_at, h.started_at, \
    h.ended_at \
    FROM hunts h LEFT JOIN people p ON p.id = h.owner_id";

/// Row rule of this table.
fn visible(connection: &impl Connection, values: &mut Vec<Value>) -> String {
    let scope = connection.scope();
    let reaches_all = *scope.agencies() == Agencies::All;
    if reaches_all && scope.may(Capability::ManageRules) {
        return "1 = 1".to_owned();
    }
    values.push(scope.actor().id().into());
    let own = format!("h.owner_id = ${}", values.len());
    if !reaches_all {
        return own;
    }
    let everyone = Sharing::Everyone.code();
    format!(
        "({own} OR h.subject_kind = 'rule' \
         OR EXISTS (SELECT 1 FROM indicator_lists l WHERE l.id = h.subject_id AND l.sharing = '{everyone}') \
         OR EXISTS (SELECT 1 FROM indicators i JOIN indicator_lists l ON l.id = i.list_id \
         WHERE i.indicator_id = h.subject_id AND l.sharing = '{everyone}'))"
    )
}

/// The newest first.
pub async fn list(connection: &impl Connection, limit: u64, offset: u64) -> Result<Vec<Hunt>, Error> {
    let mut values = Vec::new();
    let condition = visible(connection, &mut values);
    let sql = format!("{SELECT} WHERE {condition} ORDER BY h.created_at DESC, h.id DESC LIMIT {limit} OFFSET {offset}");
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    connection.query_all_raw(statement).await?.iter().map(hunt).collect()
}

pub async fn count(connection: &impl Connection) -> Result<u64, Error> {
    let mut values = Vec::new();
    let condition = visible(connection, &mut values);
    let sql = format!("SELECT COUNT(*) AS figure FROM hunts h WHERE {condition}");
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    let row = connection.query_one_raw(statement).await?;
    let figure: i64 = row.map(|row| row.try_get("", "figure")).transpose()?.unwrap_or(0);
    Ok(u64::try_from(figure).unwrap_or(0))
}

/// One of those one may see.
pub async fn find(connection: &impl Connection, id: &str) -> Result<Hunt, Error> {
    let mut values = vec![id.into()];
    let condition = visible(connection, &mut values);
    let sql = format!("{SELECT} WHERE h.id = $1 AND {condition}");
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    connection.query_one_raw(statement).await?.as_ref().map(hunt).transpose()?.ok_or(Error::NotFound)
}

/// Whether an alert came of a hunt and has not grown since.
pub async fn is_of_the_past(connection: &impl Connection, alert_id: &str) -> Result<bool, Error> {
    let sql = "SELECT alert_id FROM hunt_alerts WHERE alert_id = $1";
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [alert_id.into()]);
    Ok(connection.query_one_raw(statement).await?.is_some())
}

/// The hunt that is next: one that was under way, else the oldest that waits. The program's own work, in its own scope.
pub(super) async fn next(connection: &impl Connection) -> Result<Option<Hunt>, Error> {
    let sql = format!(
        "{SELECT} WHERE h.state IN ('running', 'waiting') \
         ORDER BY CASE h.state WHEN 'running' THEN 0 ELSE 1 END, h.created_at, h.id LIMIT 1"
    );
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    connection.query_one_raw(statement).await?.as_ref().map(hunt).transpose()
}

/// A hunt that was cancelled while records had been read for it, of which the trail has not heard.
pub(super) async fn untold(connection: &impl Connection) -> Result<Option<Hunt>, Error> {
    let sql = format!("{SELECT} WHERE h.state = 'cancelled' AND NOT h.told AND h.events > 0 ORDER BY h.id LIMIT 1");
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    connection.query_one_raw(statement).await?.as_ref().map(hunt).transpose()
}

/// Says that the trail has what was read for a hunt.
pub(super) async fn set_told(tx: &Tx<'_>, id: &str) -> Result<(), Error> {
    execute(tx, "UPDATE hunts SET told = TRUE WHERE id = $1", [id.into()]).await?;
    Ok(())
}

/// How many hunts of an owner are not over.
pub(super) async fn open(connection: &impl Connection, owner_id: &str) -> Result<u64, Error> {
    let sql = "SELECT COUNT(*) AS figure FROM hunts WHERE owner_id = $1 AND state IN ('running', 'waiting')";
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [owner_id.into()]);
    let row = connection.query_one_raw(statement).await?;
    let figure: i64 = row.map(|row| row.try_get("", "figure")).transpose()?.unwrap_or(0);
    Ok(u64::try_from(figure).unwrap_or(0))
}

fn hunt(row: &QueryResult) -> Result<Hunt, Error> {
    let text = |name: &str| row.try_get::<String>("", name);
    let number = |name: &str| row.try_get::<i64>("", name).map(|number| u64::try_from(number).unwrap_or(0));
    let sequence =
        |name: &str| row.try_get::<Option<i64>>("", name).map(|one| one.and_then(|number| u64::try_from(number).ok()));
    let owner_id = text("owner_id")?;
    Ok(Hunt {
        id: text("id")?,
        subject_kind: SubjectKind::from_code(&text("subject_kind")?).unwrap_or(SubjectKind::Rule),
        subject_id: text("subject_id")?,
        subject_name: text("subject_name")?,
        from: row.try_get("", "time_from")?,
        to: row.try_get("", "time_to")?,
        state: State::from_code(&text("state")?).unwrap_or(State::Failed),
        owner_name: row.try_get::<Option<String>>("", "owner_name")?.unwrap_or_else(|| owner_id.clone()),
        owner_id,
        reach_agency_id: row.try_get("", "reach_agency_id")?,
        sequences: sequence("first_sequence")?.zip(sequence("last_sequence")?),
        next_sequence: number("next_sequence")?,
        events: number("events")?,
        matches: number("matches")?,
        alerts: number("alerts")?,
        unread_days: text("unread_days")?.split(", ").filter(|day| !day.is_empty()).map(ToOwned::to_owned).collect(),
        touched: serde_json::from_str(&text("touched")?).unwrap_or_default(),
        error_key: row.try_get("", "error_key")?,
        error_words: row.try_get("", "error_words")?,
        created_at: row.try_get("", "created_at")?,
        started_at: row.try_get("", "started_at")?,
        ended_at: row.try_get("", "ended_at")?,
    })
}

pub(super) async fn insert(tx: &Tx<'_>, hunt: &Hunt) -> Result<(), Error> {
    let sql = "INSERT INTO hunts (id, subject_kind, subject_id, subject_name, time_from, time_to, state, owner_id, \
               reach_agency_id, next_sequence, events, matches, alerts, touched, told, created_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, 0, 0, 0, '{}', FALSE, $10)";
    let values: [Value; 10] = [
        hunt.id.as_str().into(),
        hunt.subject_kind.code().into(),
        hunt.subject_id.as_str().into(),
        hunt.subject_name.as_str().into(),
        hunt.from.into(),
        hunt.to.into(),
        hunt.state.code().into(),
        hunt.owner_id.as_str().into(),
        hunt.reach_agency_id.clone().into(),
        hunt.created_at.into(),
    ];
    execute(tx, sql, values).await?;
    Ok(())
}

/// Begins a hunt that waits: the sequences that its window holds, none where nothing lies in it.
pub(super) async fn begin(
    tx: &Tx<'_>,
    id: &str,
    sequences: Option<(u64, u64)>,
    unread_days: &[String],
    now: Micros,
) -> Result<(), Error> {
    let sql = "UPDATE hunts SET state = 'running', started_at = $2, first_sequence = $3, last_sequence = $4, \
               next_sequence = COALESCE($3, 0), unread_days = $5 WHERE id = $1 AND state = 'waiting'";
    let (first, last) = sequences.unzip();
    let unread = unread_days.join(", ");
    execute(tx, sql, [id.into(), now.into(), first.map(whole).into(), last.map(whole).into(), unread.into()]).await?;
    Ok(())
}

/// Figures of a stretch.
pub(super) struct Stretch {
    pub(super) next_sequence: u64,
    pub(super) events: u64,
    pub(super) matches: u64,
    pub(super) alerts: u64,
    pub(super) touched: Touched,
    /// Days that could not be read.
    pub(super) unread_days: Vec<String>,
}

/// How far it came, in the transaction that writes its alerts; false where it was cancelled meanwhile or somebody else
/// has been further.
pub(super) async fn advance(tx: &Tx<'_>, hunt: &mut Hunt, stretch: &Stretch) -> Result<bool, Error> {
    let mut touched = hunt.touched.clone();
    for (agency, count) in &stretch.touched {
        let sum = touched.entry(agency.clone()).or_default();
        *sum = Some(sum.unwrap_or(0).saturating_add(count.unwrap_or(0)));
    }
    let sql = "UPDATE hunts SET next_sequence = $3, events = events + $4, matches = matches + $5, alerts = alerts + $6, \
               touched = $7, unread_days = $8 WHERE id = $1 AND state = 'running' AND next_sequence = $2";
    let unread: BTreeSet<&String> = hunt.unread_days.iter().chain(&stretch.unread_days).collect();
    let unread: Vec<String> = unread.into_iter().cloned().collect();
    let values = [
        hunt.id.as_str().into(),
        whole(hunt.next_sequence).into(),
        whole(stretch.next_sequence).into(),
        whole(stretch.events).into(),
        whole(stretch.matches).into(),
        whole(stretch.alerts).into(),
        serde_json::to_string(&touched).map_err(Error::internal)?.into(),
        unread.join(", ").into(),
    ];
    if execute(tx, sql, values).await? == 0 {
        return Ok(false);
    }
    hunt.next_sequence = stretch.next_sequence;
    hunt.touched = touched;
    hunt.unread_days = unread;
    Ok(true)
}

/// Goes back to the beginning: what a correlation has seen is not kept across starts.
pub(super) async fn rewind(tx: &Tx<'_>, hunt: &Hunt) -> Result<(), Error> {
    let sql = "UPDATE hunts SET next_sequence = COALESCE(first_sequence, 0), events = 0, matches = 0, \
               touched = '{}' WHERE id = $1";
    execute(tx, sql, [hunt.id.as_str().into()]).await?;
    Ok(())
}

/// Ends a hunt that is not over; false where it is.
pub(super) async fn end(
    tx: &Tx<'_>,
    id: &str,
    state: State,
    error: Option<(&str, Option<String>)>,
    now: Micros,
) -> Result<bool, Error> {
    let sql = "UPDATE hunts SET state = $2, ended_at = $3, error_key = $4, error_words = $5 \
               WHERE id = $1 AND state IN ('running', 'waiting')";
    let (key, words) = error.unzip();
    let values = [id.into(), state.code().into(), now.into(), key.into(), words.flatten().into()];
    Ok(execute(tx, sql, values).await? > 0)
}

/// Marks an alert as of the past.
pub(super) async fn mark(tx: &Tx<'_>, hunt_id: &str, alert_id: &str) -> Result<(), Error> {
    let sql = "INSERT INTO hunt_alerts (alert_id, hunt_id) VALUES ($1, $2)";
    execute(tx, sql, [alert_id.into(), hunt_id.into()]).await?;
    Ok(())
}

/// Takes the mark away from alerts that records have joined which came since: they are of today. Gives those that had it.
pub(crate) async fn unmark(tx: &Tx<'_>, alert_ids: &[&str]) -> Result<HashSet<String>, Error> {
    let mut unmarked = HashSet::new();
    for part in alert_ids.chunks(400) {
        let places: Vec<_> = (1..=part.len()).map(|place| format!("${place}")).collect();
        let sql = format!("DELETE FROM hunt_alerts WHERE alert_id IN ({}) RETURNING alert_id", places.join(", "));
        let values = part.iter().map(|id| Value::from(*id));
        let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
        for row in tx.query_all_raw(statement).await? {
            unmarked.insert(row.try_get("", "alert_id")?);
        }
    }
    Ok(unmarked)
}

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

async fn execute<const N: usize>(tx: &Tx<'_>, sql: &str, values: [Value; N]) -> Result<u64, Error> {
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
    Ok(tx.execute_raw(statement).await?.rows_affected())
}
