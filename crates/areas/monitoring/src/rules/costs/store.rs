//! Rows of costs. They hold no event and belong to no agency; whoever sees rules sees them.

use super::Cost;
use kit::{Connection, Error, Tx};
use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};
use std::collections::HashMap;

/// Rows written, or named, in one statement.
const CHUNK: usize = 100;

/// By rule.
pub async fn all(connection: &impl Connection) -> Result<HashMap<String, Cost>, Error> {
    let sql = "SELECT rule_id, nanoseconds, events, sample, measured_at FROM rule_costs";
    let rows = connection.query_all_raw(Statement::from_string(connection.get_database_backend(), sql)).await?;
    rows.iter().map(|row| Ok((row.try_get("", "rule_id")?, cost(row)?))).collect()
}

/// Of one rule, where it was measured.
pub async fn of_rule(connection: &impl Connection, rule_id: &str) -> Result<Option<Cost>, Error> {
    let sql = "SELECT nanoseconds, events, sample, measured_at FROM rule_costs WHERE rule_id = $1";
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [rule_id.into()]);
    connection.query_one_raw(statement).await?.as_ref().map(cost).transpose()
}

fn cost(row: &QueryResult) -> Result<Cost, Error> {
    Ok(Cost {
        nanoseconds: row.try_get("", "nanoseconds")?,
        events: row.try_get("", "events")?,
        sample: row.try_get("", "sample")?,
        measured_at: row.try_get("", "measured_at")?,
    })
}

pub(super) async fn save(tx: &Tx<'_>, costs: &[(String, Cost)]) -> Result<(), Error> {
    for chunk in costs.chunks(CHUNK) {
        let mut values: Vec<Value> = Vec::new();
        let mut rows = Vec::new();
        for (rule_id, cost) in chunk {
            let first = values.len() + 1;
            let row: [Value; 5] = [
                rule_id.as_str().into(),
                cost.nanoseconds.into(),
                cost.events.into(),
                cost.sample.into(),
                cost.measured_at.into(),
            ];
            values.extend(row);
            let places: Vec<_> = (first..=values.len()).map(|place| format!("${place}")).collect();
            rows.push(format!("({})", places.join(", ")));
        }
        let sql = format!(
            "INSERT INTO rule_costs (rule_id, nanoseconds, events, sample, measured_at) VALUES {} \
             ON CONFLICT (rule_id) DO UPDATE SET nanoseconds = excluded.nanoseconds, events = excluded.events, \
             sample = excluded.sample, measured_at = excluded.measured_at",
            rows.join(", ")
        );
        tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    }
    Ok(())
}

/// Lets go of the costs of texts that are no more.
pub(in crate::rules) async fn forget(tx: &Tx<'_>, rule_ids: &[&str]) -> Result<(), Error> {
    for chunk in rule_ids.chunks(CHUNK) {
        let values: Vec<Value> = chunk.iter().map(|id| (*id).into()).collect();
        let places: Vec<_> = (1..=values.len()).map(|place| format!("${place}")).collect();
        let sql = format!("DELETE FROM rule_costs WHERE rule_id IN ({})", places.join(", "));
        tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    }
    Ok(())
}
