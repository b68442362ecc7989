//! Stories in a scope: their alerts, each under the row rule of alerts. A story of which nothing is reached is not there.

use super::{Link, Story};
use crate::alerts::listing::Filter;
use crate::alerts::{Alert, store as alerts};
use kit::{Connection, Error};
use sea_orm::{Statement, Value};
use std::cmp::Reverse;
use std::collections::HashMap;

/// Alerts shown of one story; of several together as many times as there are stories.
pub const MOST_ALERTS: u64 = 500;

/// One story, [`Error::NotFound`] where the scope reaches none of its alerts.
pub async fn get(connection: &impl Connection, id: &str) -> Result<Story, Error> {
    tell(connection, vec![id.to_owned()]).await?.pop().ok_or(Error::NotFound)
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
    let rows = connection.query_all_raw(statement).await?;
    let ids = rows.iter().map(|row| row.try_get("", "story_id")).collect::<Result<_, _>>()?;
    tell(connection, ids).await
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

/// These stories in their order, without those of which nothing is reached.
async fn tell(connection: &impl Connection, ids: Vec<String>) -> Result<Vec<Story>, Error> {
    let mut alerts: HashMap<String, Vec<Alert>> = HashMap::new();
    for alert in alerts::of_stories(connection, &ids, MOST_ALERTS * ids.len() as u64).await? {
        alerts.entry(alert.story_id.clone().unwrap_or_default()).or_default().push(alert);
    }
    let found: Vec<&str> = alerts.values().flatten().map(|alert| alert.id.as_str()).collect();
    let links = links(connection, &found).await?;
    let mut stories = Vec::new();
    for id in ids {
        let Some(alerts) = alerts.remove(&id) else { continue };
        let mut shared: HashMap<&Link, usize> = HashMap::new();
        for link in alerts.iter().filter_map(|alert| links.get(&alert.id)).flatten() {
            *shared.entry(link).or_default() += 1;
        }
        let mut shared: Vec<_> = shared.into_iter().filter(|(_, number)| *number > 1).collect();
        shared.sort_by_key(|(link, number)| (Reverse(*number), *link));
        stories.push(Story { id, links: shared.into_iter().map(|(link, _)| link.clone()).collect(), alerts });
    }
    Ok(stories)
}

/// What alerts may share, by alert. The caller has them from a query in scope.
async fn links(connection: &impl Connection, alerts: &[&str]) -> Result<HashMap<String, Vec<Link>>, Error> {
    let mut found: HashMap<String, Vec<Link>> = HashMap::new();
    for part in alerts.chunks(400) {
        let places: Vec<String> = (1..=part.len()).map(|place| format!("${place}")).collect();
        let sql = format!("SELECT alert_id, kind, value FROM alert_links WHERE alert_id IN ({})", places.join(", "));
        let values = part.iter().map(|id| Value::from(*id));
        let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
        for row in connection.query_all_raw(statement).await? {
            let link = Link { kind: row.try_get("", "kind")?, value: row.try_get("", "value")? };
            found.entry(row.try_get("", "alert_id")?).or_default().push(link);
        }
    }
    Ok(found)
}
