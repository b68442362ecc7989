//! Rows of baselines and of what was unusual. Those of an agency are seen by who reaches it, those of a source that is
//! nobody's yet by who sees the whole centre.

use super::Warning;
use super::policy::Policy;
use super::watch::agency_of;
use crate::alerts::{Alert, Entity};
use baseline::{Baselines, Changes, Key, Row};
use kit::clock::{DAY, Micros};
use kit::{Connection, Error, Tx};
use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};
use std::collections::HashMap;

/// Rows of one statement.
const CHUNK: usize = 200;
/// What of one alert is shown.
const MOST_OF_ALERT: u64 = 5;

/// Takes up all baselines of detectors that there are; gives how many could not be read.
pub(super) async fn read_baselines(
    connection: &impl Connection,
    policy: &Policy,
    baselines: &mut Baselines,
) -> Result<u64, Error> {
    let mut refused = 0;
    for (detector, watched) in policy.detectors.iter().enumerate() {
        let sql =
            "SELECT scope, subject, since, last_at, state FROM baselines WHERE detector = $1 ORDER BY scope, subject";
        let values = [watched.id.as_str().into()];
        let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
        for row in connection.query_all_raw(statement).await? {
            let key = Key { detector, scope: row.try_get("", "scope")?, subject: row.try_get("", "subject")? };
            let (since, last) = (row.try_get("", "since")?, row.try_get("", "last_at")?);
            // Whether it can be judged is found anew from what is kept.
            let row = Row { key, since, last, cannot_judge: false, state: row.try_get("", "state")? };
            if !baselines.take_up(&row) {
                refused += 1;
            }
        }
    }
    Ok(refused)
}

pub(super) async fn write_baselines(tx: &Tx<'_>, policy: &Policy, changes: &Changes) -> Result<(), Error> {
    let name = |detector: usize| policy.detectors.get(detector).map_or("", |watched| watched.id.as_str());
    for rows in changes.kept.chunks(CHUNK) {
        let mut values: Vec<Value> = Vec::with_capacity(rows.len() * 8);
        let mut places = Vec::with_capacity(rows.len());
        for row in rows {
            let at = values.len();
            places.push(format!("({})", (at + 1..=at + 8).map(|at| format!("${at}")).collect::<Vec<_>>().join(", ")));
            values.push(name(row.key.detector).into());
            values.push(row.key.scope.as_str().into());
            values.push(row.key.subject.as_str().into());
            values.push(agency_of(&row.key.scope).map(ToOwned::to_owned).into());
            values.push(row.since.into());
            values.push(row.last.into());
            values.push(row.cannot_judge.into());
            values.push(row.state.as_str().into());
        }
        let sql = format!(
            "INSERT INTO baselines (detector, scope, subject, agency_id, since, last_at, cannot_judge, state) \
             VALUES {} ON CONFLICT (detector, scope, subject) DO UPDATE SET since = excluded.since, \
             last_at = excluded.last_at, cannot_judge = excluded.cannot_judge, state = excluded.state",
            places.join(", ")
        );
        tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    }
    for key in &changes.gone {
        let sql = "DELETE FROM baselines WHERE detector = $1 AND scope = $2 AND subject = $3";
        let values = [name(key.detector).into(), key.scope.as_str().into(), key.subject.as_str().into()];
        tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    }
    Ok(())
}

pub(super) async fn add(tx: &Tx<'_>, warnings: &[Warning]) -> Result<(), Error> {
    for warning in warnings {
        let sql = "INSERT INTO early_warnings (id, detector, agency_id, source_id, entity_kind, entity_value, sequence, \
                   time, anomaly) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        let anomaly = serde_json::to_string(&warning.anomaly).map_err(Error::internal)?;
        let values: [Value; 9] = [
            warning.id.as_str().into(),
            warning.detector.as_str().into(),
            warning.agency_id.clone().into(),
            warning.source_id.as_str().into(),
            warning.entity.kind.as_str().into(),
            warning.entity.value.as_str().into(),
            i64::try_from(warning.sequence).unwrap_or(i64::MAX).into(),
            warning.time.into(),
            anomaly.into(),
        ];
        tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    }
    Ok(())
}

/// Lets go what is older than the policy keeps.
pub(crate) async fn forget(tx: &Tx<'_>, before: Micros) -> Result<(), Error> {
    let sql = "DELETE FROM early_warnings WHERE time < $1";
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, [before.into()])).await?;
    Ok(())
}

const SELECT: &str = "SELECT w.id, w.detector, w.agency_id, w.source_id, w.entity_kind, w.entity_value, w.sequence, \
    w.time, w.anomaly, g.name AS agency_name, o.name AS source_name FROM early_warnings w \
    LEFT JOIN agencies g ON g.id = w.agency_id LEFT JOIN sources o ON o.id = w.source_id";

/// A row with the names that people read.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    pub warning: Warning,
    pub agency_name: Option<String>,
    pub source_name: Option<String>,
}

/// What was unusual, the newest first.
pub async fn list(
    connection: &impl Connection,
    detector: Option<&str>,
    limit: u64,
    offset: u64,
) -> Result<Vec<Listed>, Error> {
    let (condition, values) = narrowed(connection, detector);
    let sql = format!("{SELECT} WHERE {condition} ORDER BY w.time DESC, w.id DESC LIMIT {limit} OFFSET {offset}");
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    connection.query_all_raw(statement).await?.iter().map(listed).collect()
}

pub async fn count(connection: &impl Connection, detector: Option<&str>) -> Result<u64, Error> {
    let (condition, values) = narrowed(connection, detector);
    let sql = format!("SELECT COUNT(*) AS number FROM early_warnings w WHERE {condition}");
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    let row = connection.query_one_raw(statement).await?;
    let number: i64 = row.map(|row| row.try_get("", "number")).transpose()?.unwrap_or(0);
    Ok(u64::try_from(number).unwrap_or(0))
}

fn narrowed(connection: &impl Connection, detector: Option<&str>) -> (String, Vec<Value>) {
    let walls = connection.scope().agency_condition("w.agency_id");
    match detector {
        None => (walls, Vec::new()),
        Some(id) => (format!("{walls} AND w.detector = $1"), vec![id.into()]),
    }
}

pub(super) async fn of_alert(connection: &impl Connection, alert: &Alert) -> Result<Vec<Warning>, Error> {
    let number = |sequence: u64| i64::try_from(sequence).unwrap_or(i64::MAX);
    let sql = format!(
        "{SELECT} WHERE {} AND w.detector = $1 AND w.sequence BETWEEN $2 AND $3 AND w.entity_value = $4 \
         ORDER BY w.sequence DESC LIMIT {MOST_OF_ALERT}",
        connection.scope().agency_condition("w.agency_id")
    );
    let values: [Value; 4] = [
        alert.rule_id.as_str().into(),
        number(alert.first_sequence).into(),
        number(alert.last_sequence).into(),
        alert.entity.value.as_str().into(),
    ];
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    let rows = connection.query_all_raw(statement).await?;
    rows.iter().map(|row| listed(row).map(|one| one.warning)).collect()
}

/// How far the baselines of a detector are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Learnt {
    pub baselines: u64,
    /// Of these, how many are old enough to raise something.
    pub grown: u64,
    /// Of those, of how many nothing is told, since what is normal differs too much.
    pub unjudged: u64,
    /// First observation of the oldest.
    pub since: Option<Micros>,
}

/// By detector, within the scope.
pub async fn learnt(connection: &impl Connection, history_days: i64) -> Result<HashMap<String, Learnt>, Error> {
    let history = history_days.saturating_mul(DAY);
    let sql = format!(
        "SELECT b.detector, COUNT(*) AS baselines, CAST(SUM(CASE WHEN b.last_at - b.since >= {history} THEN 1 ELSE 0 END) AS \
         BIGINT) AS grown, CAST(SUM(CASE WHEN b.cannot_judge AND b.last_at - b.since >= {history} THEN 1 ELSE 0 END) AS BIGINT) \
         AS unjudged, MIN(b.since) AS since FROM baselines b WHERE {} GROUP BY b.detector",
        connection.scope().agency_condition("b.agency_id")
    );
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    let mut found = HashMap::new();
    for row in connection.query_all_raw(statement).await? {
        let number = |name: &str| Ok::<_, Error>(u64::try_from(row.try_get::<i64>("", name)?).unwrap_or(0));
        let learnt = Learnt {
            baselines: number("baselines")?,
            grown: number("grown")?,
            unjudged: number("unjudged")?,
            since: row.try_get("", "since")?,
        };
        found.insert(row.try_get("", "detector")?, learnt);
    }
    Ok(found)
}

/// Subjects of a detector of which nothing is told, within the scope, by the names that people read.
pub async fn unjudged(
    connection: &impl Connection,
    detector: &str,
    history_days: i64,
    limit: u64,
) -> Result<Vec<String>, Error> {
    let sql = format!(
        "SELECT COALESCE(o.name, b.subject) AS name FROM baselines b LEFT JOIN sources o ON o.id = b.subject \
         WHERE {} AND b.detector = $1 AND b.cannot_judge AND b.last_at - b.since >= $2 ORDER BY b.subject, b.scope LIMIT {limit}",
        connection.scope().agency_condition("b.agency_id")
    );
    let values = [detector.into(), history_days.saturating_mul(DAY).into()];
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    let rows = connection.query_all_raw(statement).await?;
    let name = |row: &QueryResult| -> Result<String, Error> { Ok(row.try_get("", "name")?) };
    rows.iter().map(name).collect()
}

/// One of them, [`Error::NotFound`] where the scope does not reach it.
pub async fn find(connection: &impl Connection, id: &str) -> Result<Listed, Error> {
    let sql = format!("{SELECT} WHERE {} AND w.id = $1", connection.scope().agency_condition("w.agency_id"));
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [id.into()]);
    connection.query_one_raw(statement).await?.as_ref().map(listed).transpose()?.ok_or(Error::NotFound)
}

fn listed(row: &QueryResult) -> Result<Listed, Error> {
    let anomaly: String = row.try_get("", "anomaly")?;
    let sequence: i64 = row.try_get("", "sequence")?;
    Ok(Listed {
        warning: Warning {
            id: row.try_get("", "id")?,
            detector: row.try_get("", "detector")?,
            agency_id: row.try_get("", "agency_id")?,
            source_id: row.try_get("", "source_id")?,
            entity: Entity { kind: row.try_get("", "entity_kind")?, value: row.try_get("", "entity_value")? },
            sequence: u64::try_from(sequence).unwrap_or_default(),
            time: row.try_get("", "time")?,
            anomaly: serde_json::from_str(&anomaly).map_err(Error::internal)?,
        },
        agency_name: row.try_get("", "agency_name")?,
        source_name: row.try_get("", "source_name")?,
    })
}
