//! Rows of coverage as they stand. A row is seen by whoever sees the agency that the system belonged to when it was counted.

use super::{Figures, Part};
use kit::clock::Micros;
use kit::{Connection, Error};
use sea_orm::{QueryResult, Statement, Value};

/// One part of a system on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    pub system_id: String,
    pub day: Micros,
    pub part: Part,
    pub level: i64,
    pub agency_id: String,
    pub figures: Figures,
    /// Identifiers of the sources behind it.
    pub sources: Vec<String>,
    /// The day was over when it was counted.
    pub complete: bool,
    pub known_at: Micros,
}

/// What a list of days asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DayFilter {
    /// Of these systems; of all where there are none.
    pub systems: Vec<String>,
    pub agency_id: Option<String>,
    /// The parts of all groups, or all sources together alone.
    pub by_group: bool,
}

const SELECT: &str = "SELECT c.system_id, c.day_start, c.solution_group, c.system_level, c.agency_id, c.minutes_expected, \
    c.minutes_seen, c.minutes_maintenance, c.longest_gap, c.sources, c.complete, c.known_at FROM coverage_days c";

fn narrowed(connection: &impl Connection, filter: &DayFilter, from: Micros, to: Micros) -> (String, Vec<Value>) {
    let mut values: Vec<Value> = vec![from.into(), to.into()];
    let mut conditions = vec![
        "c.superseded_at IS NULL AND c.day_start >= $1 AND c.day_start < $2".to_owned(),
        connection.scope().agency_condition("c.agency_id"),
    ];
    if let Some(id) = &filter.agency_id {
        values.push(id.as_str().into());
        conditions.push(format!("c.agency_id = ${}", values.len()));
    }
    if !filter.systems.is_empty() {
        let first = values.len() + 1;
        values.extend(filter.systems.iter().map(|id| Value::from(id.as_str())));
        let places: Vec<_> = (first..=values.len()).map(|place| format!("${place}")).collect();
        conditions.push(format!("c.system_id IN ({})", places.join(", ")));
    }
    if !filter.by_group {
        conditions.push("c.solution_group = 'any'".to_owned());
    }
    (conditions.join(" AND "), values)
}

/// Days in scope that begin in a span, the newest first.
pub async fn days(
    connection: &impl Connection,
    filter: &DayFilter,
    (from, to): (Micros, Micros),
    limit: u64,
    offset: u64,
) -> Result<Vec<Day>, Error> {
    let (conditions, values) = narrowed(connection, filter, from, to);
    let sql = format!(
        "{SELECT} WHERE {conditions} ORDER BY c.day_start DESC, c.system_id, c.solution_group LIMIT {limit} OFFSET {offset}"
    );
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    connection.query_all_raw(statement).await?.iter().map(day).collect()
}

/// How many there are.
pub async fn count(
    connection: &impl Connection,
    filter: &DayFilter,
    (from, to): (Micros, Micros),
) -> Result<u64, Error> {
    let (conditions, values) = narrowed(connection, filter, from, to);
    let sql = format!("SELECT COUNT(*) AS number FROM coverage_days c WHERE {conditions}");
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    let row = connection.query_one_raw(statement).await?;
    let number: i64 = row.map(|row| row.try_get("", "number")).transpose()?.unwrap_or(0);
    Ok(u64::try_from(number).unwrap_or_default())
}

fn day(row: &QueryResult) -> Result<Day, Error> {
    Ok(Day {
        system_id: row.try_get("", "system_id")?,
        day: row.try_get("", "day_start")?,
        part: Part::from_code(&row.try_get::<String>("", "solution_group")?).unwrap_or(Part::Any),
        level: row.try_get("", "system_level")?,
        agency_id: row.try_get("", "agency_id")?,
        figures: figures(row)?,
        sources: serde_json::from_str(&row.try_get::<String>("", "sources")?).unwrap_or_default(),
        complete: row.try_get("", "complete")?,
        known_at: row.try_get("", "known_at")?,
    })
}

pub(super) fn figures(row: &QueryResult) -> Result<Figures, Error> {
    Ok(Figures {
        expected: row.try_get("", "minutes_expected")?,
        seen: row.try_get("", "minutes_seen")?,
        maintenance: row.try_get("", "minutes_maintenance")?,
        longest_gap: row.try_get("", "longest_gap")?,
    })
}
