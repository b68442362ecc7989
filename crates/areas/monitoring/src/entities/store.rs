//! Sums over alerts by entity, within the scope. An entity is told apart by agency: an address of one network is not that of
//! another.

use super::Policy;
use crate::alerts::Entity;
use kit::clock::{DAY, Micros};
use kit::{Connection, Error};
use sea_orm::{Statement, Value};
use std::collections::HashMap;

/// Alerts that the lines of one page are drawn from.
const MOST_ALERTS: u64 = 50_000;

/// What a list is narrowed to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    pub kind: Option<String>,
    pub entity: Option<Entity>,
    /// Whose it is; `Some(None)` for nobody's yet.
    pub agency_id: Option<Option<String>>,
    /// A part of the value; case does not matter.
    pub words: String,
}

/// An entity with its risk.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Ranked {
    pub agency_id: Option<String>,
    pub agency_name: Option<String>,
    pub entity: Entity,
    /// Name of the source where the entity is one.
    pub source_name: Option<String>,
    /// Faded by whole days.
    pub risk: f64,
    pub alerts: i64,
    pub open_alerts: i64,
    pub rules: i64,
    pub stories: i64,
    /// One of its stories.
    pub story_id: Option<String>,
    pub newest: Micros,
}

impl Filter {
    fn conditions(
        &self,
        connection: &impl Connection,
        policy: &Policy,
        now: Micros,
        values: &mut Vec<Value>,
    ) -> String {
        let mut conditions = vec![
            connection.scope().agency_condition("a.agency_id"),
            format!("a.last_event_time > {}", now - i64::from(policy.days) * DAY),
            format!("a.last_event_time <= {}", now.saturating_add(DAY)),
            "a.entity_kind <> 'damped' AND a.state <> 'suppressed'".to_owned(),
            "NOT (a.state = 'closed' AND COALESCE(a.close_reason, '') IN ('benign', 'false-positive', 'duplicate'))"
                .to_owned(),
        ];
        let mut add = |text: &str, value: Value| {
            values.push(value);
            conditions.push(text.replace("$?", &format!("${}", values.len())));
        };
        if let Some(kind) = &self.kind {
            add("a.entity_kind = $?", kind.as_str().into());
        }
        if let Some(entity) = &self.entity {
            add("a.entity_kind = $?", entity.kind.as_str().into());
            add("a.entity_value = $?", entity.value.as_str().into());
        }
        for word in self.words.to_lowercase().split_whitespace() {
            add("LOWER(a.entity_value) LIKE $?", format!("%{}%", word.replace(['%', '_'], " ")).into());
        }
        match &self.agency_id {
            None => {}
            Some(Some(id)) => add("a.agency_id = $?", id.as_str().into()),
            Some(None) => conditions.push("a.agency_id IS NULL".to_owned()),
        }
        conditions.join(" AND ")
    }
}

/// What is left of the weight of an alert, by whole days of age; the middle of a day stands for it.
fn faded(policy: &Policy, now: Micros) -> String {
    let day = |age: u16| {
        let born = now - (i64::from(age) + 1) * DAY;
        format!("WHEN a.last_event_time > {born} THEN {:.6}", policy.fade(i64::from(age) * DAY + DAY / 2))
    };
    let days: Vec<_> = (0..policy.days).map(day).collect();
    format!("a.risk * CASE {} ELSE 0.0 END", days.join(" "))
}

/// Entities that pass, the one with most risk first.
pub async fn ranking(
    connection: &impl Connection,
    policy: &Policy,
    filter: &Filter,
    now: Micros,
    limit: u64,
    offset: u64,
) -> Result<Vec<Ranked>, Error> {
    let mut values = Vec::new();
    let conditions = filter.conditions(connection, policy, now, &mut values);
    let sql = format!(
        "SELECT a.agency_id, MAX(g.name) AS agency_name, a.entity_kind, a.entity_value, MAX(o.name) AS source_name, \
         SUM({}) AS points, COUNT(*) AS alerts, \
         CAST(SUM(CASE WHEN a.state IN ('new', 'acknowledged', 'assigned') THEN 1 ELSE 0 END) AS BIGINT) AS open_alerts, \
         COUNT(DISTINCT a.rule_id) AS rules, COUNT(DISTINCT a.story_id) AS stories, MAX(a.story_id) AS story_id, \
         MAX(a.last_event_time) AS newest FROM alerts a LEFT JOIN agencies g ON g.id = a.agency_id \
         LEFT JOIN sources o ON a.entity_kind = 'source' AND o.id = a.entity_value WHERE {conditions} \
         GROUP BY a.agency_id, a.entity_kind, a.entity_value \
         ORDER BY points DESC, a.entity_kind, a.entity_value LIMIT {limit} OFFSET {offset}",
        faded(policy, now)
    );
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    let rows = connection.query_all_raw(statement).await?;
    rows.iter()
        .map(|row| {
            Ok(Ranked {
                agency_id: row.try_get("", "agency_id")?,
                agency_name: row.try_get("", "agency_name")?,
                entity: Entity { kind: row.try_get("", "entity_kind")?, value: row.try_get("", "entity_value")? },
                source_name: row.try_get("", "source_name")?,
                risk: row.try_get("", "points")?,
                alerts: row.try_get("", "alerts")?,
                open_alerts: row.try_get("", "open_alerts")?,
                rules: row.try_get("", "rules")?,
                stories: row.try_get("", "stories")?,
                story_id: row.try_get("", "story_id")?,
                newest: row.try_get("", "newest")?,
            })
        })
        .collect()
}

/// How many pass.
pub async fn count(connection: &impl Connection, policy: &Policy, filter: &Filter, now: Micros) -> Result<u64, Error> {
    let mut values = Vec::new();
    let conditions = filter.conditions(connection, policy, now, &mut values);
    let sql = format!(
        "SELECT COUNT(*) AS number FROM (SELECT a.entity_kind FROM alerts a WHERE {conditions} \
         GROUP BY a.agency_id, a.entity_kind, a.entity_value) AS entities"
    );
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    let row = connection.query_one_raw(statement).await?;
    let number: i64 = row.map(|row| row.try_get("", "number")).transpose()?.unwrap_or(0);
    Ok(u64::try_from(number).unwrap_or(0))
}

/// Weight that came in on each of the days that count, oldest first, for the entities of a page.
pub async fn by_day(
    connection: &impl Connection,
    policy: &Policy,
    page: &[Ranked],
    now: Micros,
) -> Result<HashMap<(Option<String>, Entity), Vec<u64>>, Error> {
    let days = usize::from(policy.days);
    let key = |one: &Ranked| (one.agency_id.clone(), one.entity.clone());
    let mut lines: HashMap<_, Vec<u64>> = page.iter().map(|one| (key(one), vec![0; days])).collect();
    if lines.is_empty() {
        return Ok(lines);
    }
    let mut values = Vec::new();
    let conditions = Filter::default().conditions(connection, policy, now, &mut values);
    let mut places = Vec::new();
    for one in page {
        values.push(one.entity.value.as_str().into());
        places.push(format!("${}", values.len()));
    }
    let sql = format!(
        "SELECT a.agency_id, a.entity_kind, a.entity_value, a.last_event_time, a.risk FROM alerts a \
         WHERE {conditions} AND a.entity_value IN ({}) LIMIT {MOST_ALERTS}",
        places.join(", ")
    );
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    for row in connection.query_all_raw(statement).await? {
        let entity = Entity { kind: row.try_get("", "entity_kind")?, value: row.try_get("", "entity_value")? };
        let Some(line) = lines.get_mut(&(row.try_get("", "agency_id")?, entity)) else { continue };
        let age = (now - row.try_get::<Micros>("", "last_event_time")?).max(0) / DAY;
        let place = usize::try_from(age).ok().and_then(|age| days.checked_sub(age + 1));
        if let Some(day) = place.and_then(|place| line.get_mut(place)) {
            *day += row.try_get::<f64>("", "risk")?.round().max(0.0) as u64;
        }
    }
    Ok(lines)
}

/// The risk of one entity of one agency, where it has any.
pub async fn of_entity(
    connection: &impl Connection,
    policy: &Policy,
    agency_id: Option<String>,
    entity: &Entity,
    now: Micros,
) -> Result<Option<Ranked>, Error> {
    let filter = Filter { agency_id: Some(agency_id), entity: Some(entity.clone()), ..Filter::default() };
    Ok(ranking(connection, policy, &filter, now, 1, 0).await?.into_iter().next())
}
