//! Stories in a scope: their alerts, each under the row rule of alerts. A story of which nothing is reached is not there.

use super::{Link, Story};
use crate::alerts::listing::Filter;
use crate::alerts::{Alert, store as alerts};
use kit::{Connection, Error};
use sea_orm::{Statement, Value};
use std::collections::HashMap;

/// Alerts shown of one story, the first ones.
pub const MOST_ALERTS: u64 = 500;

/// One story, [`Error::NotFound`] where the scope reaches none of its alerts.
pub async fn get(connection: &impl Connection, id: &str) -> Result<Story, Error> {
    let found = alerts::of_story(connection, id, MOST_ALERTS).await?;
    if found.is_empty() {
        return Err(Error::NotFound);
    }
    tell(connection, id.to_owned(), found).await
}

/// Stories that have an alert which passes the filter, the one that grew last first.
pub async fn list(connection: &impl Connection, filter: &Filter, limit: u64, offset: u64) -> Result<Vec<Story>, Error> {
    let mut values = Vec::new();
    let conditions = filter.conditions(connection, &mut values);
    let sql = format!(
        "SELECT a.story_id, MAX(a.updated_at) AS newest FROM alerts a \
         WHERE a.story_id IS NOT NULL AND {conditions} GROUP BY a.story_id \
         ORDER BY newest DESC, a.story_id DESC LIMIT {limit} OFFSET {offset}"
    );
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    let mut stories = Vec::new();
    for row in connection.query_all_raw(statement).await? {
        let id: String = row.try_get("", "story_id")?;
        let found = alerts::of_story(connection, &id, MOST_ALERTS).await?;
        stories.push(tell(connection, id, found).await?);
    }
    Ok(stories)
}

/// How many stories have an alert which passes the filter.
pub async fn count(connection: &impl Connection, filter: &Filter) -> Result<u64, Error> {
    let mut values = Vec::new();
    let conditions = filter.conditions(connection, &mut values);
    let sql = format!("SELECT COUNT(DISTINCT a.story_id) AS number FROM alerts a WHERE {conditions}");
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    let number: i64 = match connection.query_one_raw(statement).await? {
        Some(row) => row.try_get("", "number")?,
        None => 0,
    };
    Ok(u64::try_from(number).unwrap_or(0))
}

async fn tell(connection: &impl Connection, id: String, found: Vec<Alert>) -> Result<Story, Error> {
    let mut shared: HashMap<Link, usize> = HashMap::new();
    for part in found.chunks(200) {
        let places: Vec<String> = (1..=part.len()).map(|place| format!("${place}")).collect();
        let sql = format!(
            "SELECT kind, value, COUNT(*) AS number FROM alert_links WHERE alert_id IN ({}) GROUP BY kind, value",
            places.join(", ")
        );
        let values = part.iter().map(|alert| Value::from(alert.id.as_str()));
        let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
        for row in connection.query_all_raw(statement).await? {
            let link = Link { kind: row.try_get("", "kind")?, value: row.try_get("", "value")? };
            let number: i64 = row.try_get("", "number")?;
            *shared.entry(link).or_default() += usize::try_from(number).unwrap_or(0);
        }
    }
    let mut links: Vec<(Link, usize)> = shared.into_iter().filter(|(_, number)| *number > 1).collect();
    links.sort_by(|(left, more), (right, fewer)| fewer.cmp(more).then_with(|| left.cmp(right)));
    Ok(Story { id, alerts: found, links: links.into_iter().map(|(link, _)| link).collect() })
}
