//! Rows of planned maintenance. Those of an agency are seen by who reaches it, those of the whole centre by who sees all of it.

use super::{Maintenance, Planned};
use crate::rules::exceptions::Reach;
use crate::rules::exceptions::service::extent_of;
use crate::suppressions::Phase;
use kit::clock::Micros;
use kit::{Connection, Error, Tx};
use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};

const SELECT: &str = "SELECT m.id, m.agency_id, m.system_id, m.source_id, m.reason, m.starts_at, m.ends_at, m.created_by, \
    c.full_name AS created_by_name, m.created_at, r.full_name AS ended_by_name, m.ended_at, m.end_reason, m.suppression_id, \
    COALESCE(o.name, s.name, g.name) AS reach_name \
    FROM maintenance_windows m LEFT JOIN people c ON c.id = m.created_by LEFT JOIN people r ON r.id = m.ended_by \
    LEFT JOIN sources o ON o.id = m.source_id LEFT JOIN systems s ON s.id = m.system_id \
    LEFT JOIN agencies g ON g.id = m.agency_id";

fn conditions(connection: &impl Connection, phase: Phase) -> String {
    let holds = match phase {
        Phase::Running => "m.starts_at <= $1 AND COALESCE(m.ended_at, m.ends_at) > $1",
        Phase::Coming => "m.starts_at > $1 AND m.ended_at IS NULL",
        Phase::Over => "COALESCE(m.ended_at, m.ends_at) <= $1",
    };
    format!("{} AND {holds}", connection.scope().agency_condition("m.agency_id"))
}

/// Those of a phase, the one that ends first on top; of those that are over, the one that ended last.
pub async fn list(
    connection: &impl Connection,
    phase: Phase,
    now: Micros,
    limit: u64,
    offset: u64,
) -> Result<Vec<Maintenance>, Error> {
    let order = match phase {
        Phase::Over => "COALESCE(m.ended_at, m.ends_at) DESC",
        Phase::Running | Phase::Coming => "m.ends_at",
    };
    let conditions = conditions(connection, phase);
    let sql = format!("{SELECT} WHERE {conditions} ORDER BY {order}, m.id LIMIT {limit} OFFSET {offset}");
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [now.into()]);
    connection.query_all_raw(statement).await?.iter().map(maintenance).collect()
}

/// How many are in a phase.
pub async fn count(connection: &impl Connection, phase: Phase, now: Micros) -> Result<u64, Error> {
    let sql = format!("SELECT COUNT(*) AS number FROM maintenance_windows m WHERE {}", conditions(connection, phase));
    number(connection, sql, now).await
}

/// Those that are not over, of every agency: a number for a bound that all share, and not to be shown.
pub(super) async fn count_not_over(connection: &impl Connection, now: Micros) -> Result<u64, Error> {
    let sql = "SELECT COUNT(*) AS number FROM maintenance_windows m WHERE COALESCE(m.ended_at, m.ends_at) > $1";
    number(connection, sql.to_owned(), now).await
}

async fn number(connection: &impl Connection, sql: String, now: Micros) -> Result<u64, Error> {
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [now.into()]);
    let row = connection.query_one_raw(statement).await?;
    let number: i64 = row.map(|row| row.try_get("", "number")).transpose()?.unwrap_or(0);
    Ok(u64::try_from(number).unwrap_or(0))
}

/// One of them, [`Error::NotFound`] where the scope does not reach it.
pub async fn find(connection: &impl Connection, id: &str) -> Result<Maintenance, Error> {
    let sql = format!("{SELECT} WHERE m.id = $1 AND {}", connection.scope().agency_condition("m.agency_id"));
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [id.into()]);
    connection.query_one_raw(statement).await?.as_ref().map(maintenance).transpose()?.ok_or(Error::NotFound)
}

/// All that touch a span of time, whoever entered them: whoever looks at a system may know that its silence was planned.
pub async fn planned(connection: &impl Connection, from: Micros, to: Micros) -> Result<Vec<Planned>, Error> {
    let sql =
        format!("{SELECT} WHERE m.starts_at < $2 AND COALESCE(m.ended_at, m.ends_at) > $1 ORDER BY m.starts_at, m.id");
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [from.into(), to.into()]);
    let mut planned = Vec::new();
    for row in connection.query_all_raw(statement).await? {
        let one = maintenance(&row)?;
        let end = one.ended_at.unwrap_or(one.ends_at).min(one.ends_at);
        if end > one.starts_at {
            planned.push(Planned {
                agencies: extent_of(connection, one.reach.clone(), Vec::new()).await?.agencies,
                id: one.id,
                reach: one.reach,
                reason: one.reason,
                from: one.starts_at,
                to: end,
            });
        }
    }
    Ok(planned)
}

pub(super) async fn insert(tx: &Tx<'_>, new: &Maintenance) -> Result<(), Error> {
    let (system_id, source_id) = match &new.reach {
        Reach::System(id) => (Some(id.clone()), None),
        Reach::Source(id) => (None, Some(id.clone())),
        Reach::Centre | Reach::Agency(_) => (None, None),
    };
    let sql = "INSERT INTO maintenance_windows (id, agency_id, system_id, source_id, reason, starts_at, ends_at, created_by, \
               created_at, suppression_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let values: [Value; 10] = [
        new.id.as_str().into(),
        new.agency_id.clone().into(),
        system_id.into(),
        source_id.into(),
        new.reason.as_str().into(),
        new.starts_at.into(),
        new.ends_at.into(),
        new.created_by.as_str().into(),
        new.created_at.into(),
        new.suppression_id.clone().into(),
    ];
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(())
}

/// False where it is over already.
pub(super) async fn end(tx: &Tx<'_>, id: &str, reason: &str, now: Micros) -> Result<bool, Error> {
    let sql = "UPDATE maintenance_windows SET ended_at = $2, ended_by = $3, end_reason = $4 \
               WHERE id = $1 AND ended_at IS NULL AND ends_at > $2";
    let values = [id.into(), now.into(), tx.scope().actor().id().into(), reason.into()];
    let done = tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(done.rows_affected() > 0)
}

fn maintenance(row: &QueryResult) -> Result<Maintenance, Error> {
    let optional = |name: &str| row.try_get::<Option<String>>("", name);
    let agency_id = optional("agency_id")?;
    let created_by: String = row.try_get("", "created_by")?;
    Ok(Maintenance {
        id: row.try_get("", "id")?,
        reach: Reach::of(optional("source_id")?, optional("system_id")?, agency_id.clone()),
        reach_name: optional("reach_name")?.unwrap_or_default(),
        agency_id,
        reason: row.try_get("", "reason")?,
        starts_at: row.try_get("", "starts_at")?,
        ends_at: row.try_get("", "ends_at")?,
        created_by_name: optional("created_by_name")?.unwrap_or_else(|| created_by.clone()),
        created_by,
        created_at: row.try_get("", "created_at")?,
        ended_by_name: optional("ended_by_name")?,
        ended_at: row.try_get("", "ended_at")?,
        end_reason: optional("end_reason")?,
        suppression_id: optional("suppression_id")?,
    })
}
