//! What rules did lately, in the scope of who asks: hits, alerts, and how alerts were closed.

use super::scorecard::{Closings, Thresholds, Verdict, verdict};
use crate::alerts::{AlertState, CloseReason};
use kit::calendar::{start_of_day, vietnam_date};
use kit::clock::{DAY, HOUR, Micros};
use kit::{Capability, Connection, Error};
use sea_orm::{Statement, Value};
use std::collections::HashMap;

/// Span of "lately".
pub const LATELY_DAYS: i64 = 30;

/// Figures of one rule.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// Matches of the last 24 hours, and of the last 30 days, that alerted or would have.
    pub hits_day: u64,
    pub hits_month: u64,
    /// Matches of the last 30 days that exceptions left out.
    pub excepted_month: u64,
    /// Alerts that came or grew in the last 30 days.
    pub alerts_month: u64,
    pub closings: Closings,
}

impl Figures {
    pub fn verdict(&self, thresholds: &Thresholds) -> Verdict {
        verdict(thresholds, &self.closings, self.alerts_month as f64 / LATELY_DAYS as f64)
    }
}

/// Figures by rule; of one rule alone where it is named. Empty for who may not see alerts. Alerts are judged by those of the
/// days that the scorecard goes back.
pub async fn by_rule(
    connection: &impl Connection,
    thresholds: &Thresholds,
    rule_id: Option<&str>,
    now: Micros,
) -> Result<HashMap<String, Figures>, Error> {
    let mut figures = HashMap::new();
    if !connection.scope().may(Capability::ViewAlerts) {
        return Ok(figures);
    }
    add_hits(connection, rule_id, now, &mut figures).await?;
    add_alerts(connection, thresholds, rule_id, now, &mut figures).await?;
    Ok(figures)
}

fn count(row: &sea_orm::QueryResult, name: &str) -> Result<u64, Error> {
    Ok(u64::try_from(row.try_get::<i64>("", name)?).unwrap_or(0))
}

async fn add_hits(
    connection: &impl Connection,
    rule_id: Option<&str>,
    now: Micros,
    figures: &mut HashMap<String, Figures>,
) -> Result<(), Error> {
    let (sql, values) = hits_since(connection, rule_id, now);
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    for row in connection.query_all_raw(statement).await? {
        let one: &mut Figures = figures.entry(row.try_get("", "rule_id")?).or_default();
        one.hits_month = count(&row, "month")?;
        one.hits_day = count(&row, "day")?;
        one.excepted_month = count(&row, "excepted")?;
    }
    Ok(())
}

/// The counts are by the hour, further back by the day: the hour under way and the 23 before it; so many whole days.
fn hits_since(connection: &impl Connection, rule_id: Option<&str>, now: Micros) -> (String, Vec<Value>) {
    let hour = now.div_euclid(HOUR) * HOUR;
    let first_day = start_of_day(vietnam_date(now - LATELY_DAYS * DAY));
    let mut values: Vec<Value> = vec![first_day.into(), (hour - 23 * HOUR).into()];
    let scope = connection.scope().agency_condition("h.agency_id");
    let sql = format!(
        "SELECT h.rule_id, CAST(SUM(h.alerted + h.shadowed) AS BIGINT) AS month, \
         CAST(SUM(CASE WHEN h.hour_start >= $2 THEN h.alerted + h.shadowed ELSE 0 END) AS BIGINT) AS day, \
         CAST(SUM(h.excepted) AS BIGINT) AS excepted FROM rule_hits h WHERE h.hour_start >= $1 AND {scope}{} \
         GROUP BY h.rule_id",
        only(rule_id, "h.rule_id", &mut values)
    );
    (sql, values)
}

async fn add_alerts(
    connection: &impl Connection,
    thresholds: &Thresholds,
    rule_id: Option<&str>,
    now: Micros,
    figures: &mut HashMap<String, Figures>,
) -> Result<(), Error> {
    let judged_since = now - thresholds.days.max(LATELY_DAYS) * DAY;
    let mut values: Vec<Value> = vec![judged_since.into(), (now - LATELY_DAYS * DAY).into()];
    let scope = connection.scope().agency_condition("a.agency_id");
    let sql = format!(
        "SELECT a.rule_id, a.state, a.close_reason, COUNT(*) AS number, \
         CAST(SUM(CASE WHEN a.updated_at >= $2 THEN 1 ELSE 0 END) AS BIGINT) AS lately FROM alerts a \
         WHERE a.updated_at >= $1 AND a.state <> 'suppressed' AND {scope}{} GROUP BY a.rule_id, a.state, a.close_reason",
        only(rule_id, "a.rule_id", &mut values)
    );
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    for row in connection.query_all_raw(statement).await? {
        let one: &mut Figures = figures.entry(row.try_get("", "rule_id")?).or_default();
        let number = count(&row, "number")?;
        one.alerts_month += count(&row, "lately")?;
        let reason = row.try_get::<Option<String>>("", "close_reason")?;
        let state = AlertState::from_code(&row.try_get::<String>("", "state")?);
        *place(&mut one.closings, state, reason.as_deref().and_then(CloseReason::from_code)) += number;
    }
    Ok(())
}

/// Where an alert of this state counts.
fn place(closings: &mut Closings, state: Option<AlertState>, reason: Option<CloseReason>) -> &mut u64 {
    match (state, reason) {
        (Some(AlertState::Escalated), _) | (Some(AlertState::Closed), Some(CloseReason::Handled)) => &mut closings.real,
        (Some(AlertState::Closed), Some(CloseReason::Benign)) => &mut closings.allowed,
        (Some(AlertState::Closed), Some(CloseReason::FalsePositive)) => &mut closings.false_positives,
        (Some(AlertState::Closed), Some(CloseReason::Duplicate)) => &mut closings.duplicates,
        _ => &mut closings.open,
    }
}

fn only(rule_id: Option<&str>, column: &str, values: &mut Vec<Value>) -> String {
    let Some(id) = rule_id else { return String::new() };
    values.push(id.into());
    format!(" AND {column} = ${}", values.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use kit::Scope;
    use kit::scope::{Actor, Agencies};
    use sea_orm::{ConnectionTrait, DbBackend};

    #[tokio::test]
    async fn what_rule_pages_ask_of_hits_is_answered_from_an_index_alone() {
        let mut migrations = organisation::MIGRATIONS.to_vec();
        migrations.extend(assurance::area().migrations);
        migrations.extend(crate::MIGRATIONS.iter().copied());
        test_support::on_each_database(&migrations, kit::bus::Bus::default, |db| async move {
            let of_agency =
                Scope::new(Actor::Service { name: "test" }, Agencies::Under([kit::id::new_id(0)].into()), [], None);
            for scope in [Scope::service("test"), of_agency] {
                let view = db.scoped(&scope).read();
                for rule_id in [None, Some("r")] {
                    let (sql, values) = hits_since(&view, rule_id, 0);
                    let backend = view.get_database_backend();
                    if backend != DbBackend::Sqlite {
                        // What PostgreSQL plans goes by what is in the table.
                        view.query_all_raw(Statement::from_sql_and_values(backend, sql, values))
                            .await
                            .expect("an answer");
                        continue;
                    }
                    let plan = Statement::from_sql_and_values(backend, format!("EXPLAIN QUERY PLAN {sql}"), values);
                    let rows = view.query_all_raw(plan).await.expect("a plan");
                    let steps: Vec<String> =
                        rows.iter().map(|row| row.try_get("", "detail").expect("a step")).collect();
                    assert!(steps.iter().any(|step| step.contains("COVERING INDEX rule_hits_figures")), "{steps:?}");
                }
            }
        })
        .await;
    }
}
