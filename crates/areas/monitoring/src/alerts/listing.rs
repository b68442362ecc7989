//! Alerts as lists ask for them: the filter that an address holds, rows with the names around them, and counts.
//! Every query keeps to the scope of its connection.

use super::{AlertState, Entity};
use crate::timespan::Timespan;
use kit::clock::{HOUR, Micros};
use kit::error::Error;
use kit::fold::fold;
use kit::page::{Address, Level, Severity, Sorting};
use kit::{Connection, Lang};
use sea_orm::{QueryResult, Statement, Value};
use std::collections::HashMap;
use std::str::FromStr;

/// Columns a list can be ordered by; newest first unless the address says otherwise.
pub const SORTS: [&str; 4] = ["-updated", "severity", "count", "score"];
/// Most rows of one CSV.
pub const MOST_ROWS: u64 = 10_000;

/// What an address asks of the list of alerts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// None means every state.
    pub states: Vec<AlertState>,
    pub severities: Vec<Severity>,
    pub rule_id: Option<String>,
    pub system_id: Option<String>,
    pub agency_id: Option<String>,
    pub source_id: Option<String>,
    pub entity: Option<Entity>,
    pub technique: Option<String>,
    pub assigned_to: Option<String>,
    /// Raised by this hunt.
    pub hunt_id: Option<String>,
    /// Without those that hunts raised: what is over calls nobody.
    pub live_only: bool,
    /// Alerts of this attack story.
    pub story_id: Option<String>,
    /// Alerts that this suppression held back.
    pub suppression_id: Option<String>,
    /// Alerts that belong to no story.
    pub is_loose: bool,
    /// Words in title or entity; accents and case do not matter.
    pub words: String,
    /// By the time the newest match was added, so that imported old logs show up when they are imported.
    pub span: Timespan,
}

impl Filter {
    /// Reads an address; without any, new alerts of the last 24 hours.
    pub fn of(address: &Address, now: Micros, person_id: Option<&str>) -> Self {
        let text = |name: &str| address.value(name).filter(|text| !text.is_empty()).map(ToOwned::to_owned);
        Self {
            states: states(address),
            severities: values(address, "severity").filter_map(|code| Severity::from_str(code).ok()).collect(),
            rule_id: text("rule"),
            system_id: text("system"),
            agency_id: text("agency"),
            source_id: text("source"),
            entity: address.value("entity").and_then(entity_of),
            technique: text("technique").map(|technique| technique.to_uppercase()),
            assigned_to: match address.value("assigned") {
                Some("me") => person_id.map(ToOwned::to_owned),
                Some("") | None => None,
                Some(id) => Some(id.to_owned()),
            },
            hunt_id: text("hunt"),
            live_only: false,
            story_id: text("story"),
            suppression_id: text("suppression"),
            is_loose: false,
            words: text("q").unwrap_or_default(),
            span: Timespan::of(address, now, "24h"),
        }
    }

    /// Asks for nothing in particular but state, severity and time: stories may stand for their alerts.
    pub fn is_general(&self) -> bool {
        let named = [
            &self.rule_id,
            &self.system_id,
            &self.source_id,
            &self.technique,
            &self.assigned_to,
            &self.story_id,
            &self.suppression_id,
        ];
        named.iter().all(|one| one.is_none()) && self.entity.is_none() && self.words.is_empty()
    }

    /// The filter as a condition over `alerts a`, the scope included; values are added to `values`.
    pub(crate) fn conditions(&self, connection: &impl Connection, values: &mut Vec<Value>) -> String {
        let mut conditions = vec![connection.scope().agency_condition("a.agency_id")];
        let mut add = |text: &str, value: Value| {
            values.push(value);
            conditions.push(text.replace("$?", &format!("${}", values.len())));
        };
        for (column, value) in [
            ("a.rule_id", &self.rule_id),
            ("a.system_id", &self.system_id),
            ("a.agency_id", &self.agency_id),
            ("a.source_id", &self.source_id),
            ("a.assigned_to", &self.assigned_to),
            ("a.story_id", &self.story_id),
            ("a.suppression_id", &self.suppression_id),
        ] {
            if let Some(value) = value {
                add(&format!("{column} = $?"), value.clone().into());
            }
        }
        if let Some(entity) = &self.entity {
            add("a.entity_kind = $?", entity.kind.clone().into());
            add("a.entity_value = $?", entity.value.clone().into());
        }
        if let Some(hunt) = &self.hunt_id {
            add("EXISTS (SELECT 1 FROM hunt_alerts x WHERE x.alert_id = a.id AND x.hunt_id = $?)", hunt.clone().into());
        }
        if let Some(technique) = &self.technique {
            // Stored as a JSON list, so a quote stands before each.
            add("a.techniques LIKE $?", format!("%\"{}%", unwild(technique)).into());
        }
        if let Some(from) = self.span.from {
            add("a.updated_at >= $?", from.into());
        }
        if let Some(to) = self.span.to {
            add("a.updated_at < $?", to.into());
        }
        for word in fold(&self.words).split_whitespace() {
            let like = format!("%{}%", unwild(word));
            add("(a.title_fold LIKE $? OR LOWER(a.entity_value) LIKE $?)", like.into());
        }
        if self.live_only {
            conditions.push("NOT EXISTS (SELECT 1 FROM hunt_alerts x WHERE x.alert_id = a.id)".to_owned());
        }
        if self.is_loose {
            conditions.push("a.story_id IS NULL".to_owned());
        }
        if !self.states.is_empty() {
            conditions.push(one_of("a.state", self.states.iter().map(|state| state.code())));
        }
        if !self.severities.is_empty() {
            conditions.push(one_of("a.severity", self.severities.iter().map(|severity| severity.code())));
        }
        conditions.join(" AND ")
    }
}

fn values<'address>(address: &'address Address, name: &'static str) -> impl Iterator<Item = &'address str> {
    address.pairs().iter().filter(move |(have, _)| have == name).map(|(_, value)| value.as_str())
}

fn states(address: &Address) -> Vec<AlertState> {
    let mut states = Vec::new();
    let mut asked = false;
    for code in values(address, "state") {
        asked = true;
        match code {
            "all" => return Vec::new(),
            "open" => states.extend(AlertState::ALL.into_iter().filter(|state| state.is_open())),
            code => states.extend(AlertState::from_code(code)),
        }
    }
    if asked { states } else { vec![AlertState::New] }
}

/// `source_ip:203.0.113.9`.
pub(crate) fn entity_of(text: &str) -> Option<Entity> {
    let (kind, value) = text.split_once(':')?;
    Some(Entity { kind: kind.to_owned(), value: value.to_owned() })
}

fn unwild(text: &str) -> String {
    text.replace(['%', '_'], " ")
}

/// Codes are words of our own enumerations, never input.
fn one_of(column: &str, codes: impl Iterator<Item = &'static str>) -> String {
    let codes: Vec<_> = codes.map(|code| format!("'{code}'")).collect();
    format!("{column} IN ({})", codes.join(", "))
}

/// One alert with the names around it.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Row {
    pub id: String,
    pub rule_id: String,
    pub rule_title: String,
    pub rule_title_vi: Option<String>,
    pub severity: Severity,
    pub score: i64,
    pub state: AlertState,
    /// Matches so far.
    pub count: i64,
    pub entity: Entity,
    pub source_id: String,
    pub source_name: Option<String>,
    pub system_id: Option<String>,
    pub system_name: Option<String>,
    pub system_level: Option<i64>,
    pub agency_id: Option<String>,
    pub agency_name: Option<String>,
    pub assigned_to: Option<String>,
    pub assigned_name: Option<String>,
    pub first_event_time: Micros,
    pub last_event_time: Micros,
    pub detected_at: Micros,
    pub updated_at: Micros,
    pub damped: bool,
    /// The hunt that raised it: it is of the past.
    pub hunt_id: Option<String>,
    /// The attack story it belongs to.
    pub story_id: Option<String>,
}

impl Row {
    pub fn title(&self, lang: Lang) -> &str {
        match (lang, &self.rule_title_vi) {
            (Lang::Vi, Some(title)) => title,
            _ => &self.rule_title,
        }
    }

    pub fn level(&self) -> Option<Level> {
        self.system_level.and_then(Level::new)
    }

    /// Value of the parameter `entity`.
    pub fn entity_code(&self) -> String {
        format!("{}:{}", self.entity.kind, self.entity.value)
    }
}

const SELECT: &str = "SELECT a.id, a.rule_id, a.rule_title, a.rule_title_vi, a.severity, a.score, a.state, a.count, \
    a.entity_kind, a.entity_value, a.source_id, o.name AS source_name, a.system_id, s.name AS system_name, \
    a.system_level, a.agency_id, g.name AS agency_name, a.assigned_to, p.full_name AS assigned_name, \
    a.first_event_time, a.last_event_time, a.detected_at, a.updated_at, a.damped, a.story_id, h.hunt_id \
    FROM alerts a LEFT JOIN hunt_alerts h ON h.alert_id = a.id LEFT JOIN sources o ON o.id = a.source_id \
    LEFT JOIN systems s ON s.id = a.system_id \
    LEFT JOIN agencies g ON g.id = a.agency_id LEFT JOIN people p ON p.id = a.assigned_to";

/// Rows that pass the filter, in the order asked for.
pub async fn rows(
    connection: &impl Connection,
    filter: &Filter,
    sorting: &Sorting,
    limit: u64,
    offset: u64,
) -> Result<Vec<Row>, Error> {
    let mut values = Vec::new();
    let conditions = filter.conditions(connection, &mut values);
    let direction = if sorting.descending { "DESC" } else { "ASC" };
    let order = match sorting.column.as_str() {
        "severity" => format!("a.severity_rank {direction}, a.updated_at DESC"),
        "count" => format!("a.count {direction}, a.updated_at DESC"),
        "score" => format!("a.score {direction}, a.updated_at DESC"),
        _ => format!("a.updated_at {direction}"),
    };
    let sql = format!("{SELECT} WHERE {conditions} ORDER BY {order}, a.id DESC LIMIT {limit} OFFSET {offset}");
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    connection.query_all_raw(statement).await?.iter().map(row).collect()
}

/// One alert as a row, [`Error::NotFound`] where the scope does not reach it.
pub async fn row_by_id(connection: &impl Connection, id: &str) -> Result<Row, Error> {
    let sql = format!("{SELECT} WHERE a.id = $1 AND {}", connection.scope().agency_condition("a.agency_id"));
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [id.into()]);
    connection.query_one_raw(statement).await?.as_ref().map(row).transpose()?.ok_or(Error::NotFound)
}

/// How many pass the filter.
pub async fn count(connection: &impl Connection, filter: &Filter) -> Result<u64, Error> {
    let mut values = Vec::new();
    let conditions = filter.conditions(connection, &mut values);
    let sql = format!("SELECT COUNT(*) AS number FROM alerts a WHERE {conditions}");
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    let number = match connection.query_one_raw(statement).await? {
        Some(row) => row.try_get::<i64>("", "number")?,
        None => 0,
    };
    Ok(u64::try_from(number).unwrap_or(0))
}

/// All alerts in scope.
pub async fn count_all(connection: &impl Connection) -> Result<u64, Error> {
    let scope = connection.scope().agency_condition("a.agency_id");
    let sql = format!("SELECT COUNT(*) AS number FROM alerts a WHERE {scope}");
    let row = connection.query_one_raw(Statement::from_string(connection.get_database_backend(), sql)).await?;
    let number = row.map(|row| row.try_get::<i64>("", "number")).transpose()?.unwrap_or_default();
    Ok(u64::try_from(number).unwrap_or(0))
}

/// Hours a sparkline shows.
const HOURS: usize = 24;

/// Matches per hour of the last day for each rule and entity among `rows`. An alert's matches are spread evenly
/// from its first to its last event; its window is short.
pub async fn hourly(
    connection: &impl Connection,
    rows: &[Row],
    now: Micros,
) -> Result<HashMap<(String, Entity), Vec<u64>>, Error> {
    let mut lines: HashMap<(String, Entity), Vec<u64>> =
        rows.iter().map(|row| ((row.rule_id.clone(), row.entity.clone()), vec![0; HOURS])).collect();
    if lines.is_empty() {
        return Ok(lines);
    }
    let start = now - HOURS as i64 * HOUR;
    let mut rules: Vec<Value> = vec![start.into()];
    let mut places = Vec::new();
    let mut ids: Vec<&str> = rows.iter().map(|row| row.rule_id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    for id in ids {
        rules.push(id.into());
        places.push(format!("${}", rules.len()));
    }
    let sql = format!(
        "SELECT a.rule_id, a.entity_kind, a.entity_value, a.first_event_time, a.last_event_time, a.count \
         FROM alerts a WHERE a.last_event_time >= $1 AND a.rule_id IN ({}) AND {} LIMIT 20000",
        places.join(", "),
        connection.scope().agency_condition("a.agency_id"),
    );
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, rules);
    for found in connection.query_all_raw(statement).await? {
        let entity = Entity { kind: found.try_get("", "entity_kind")?, value: found.try_get("", "entity_value")? };
        let Some(line) = lines.get_mut(&(found.try_get("", "rule_id")?, entity)) else { continue };
        let hour = |at: Micros| ((at - start) / HOUR).clamp(0, HOURS as i64 - 1) as usize;
        let (first, last) = (hour(found.try_get("", "first_event_time")?), hour(found.try_get("", "last_event_time")?));
        let count = u64::try_from(found.try_get::<i64>("", "count")?).unwrap_or(0);
        let share = (count / (last - first.min(last) + 1) as u64).max(1);
        for slot in line.iter_mut().take(last + 1).skip(first) {
            *slot += share;
        }
    }
    Ok(lines)
}

fn row(found: &QueryResult) -> Result<Row, Error> {
    let text = |name: &str| found.try_get::<String>("", name);
    Ok(Row {
        id: text("id")?,
        rule_id: text("rule_id")?,
        rule_title: text("rule_title")?,
        rule_title_vi: found.try_get("", "rule_title_vi")?,
        severity: Severity::from_str(&text("severity")?).unwrap_or_default(),
        score: found.try_get("", "score")?,
        state: AlertState::from_code(&text("state")?).unwrap_or(AlertState::New),
        count: found.try_get("", "count")?,
        entity: Entity { kind: text("entity_kind")?, value: text("entity_value")? },
        source_id: text("source_id")?,
        source_name: found.try_get("", "source_name")?,
        system_id: found.try_get("", "system_id")?,
        system_name: found.try_get("", "system_name")?,
        system_level: found.try_get("", "system_level")?,
        agency_id: found.try_get("", "agency_id")?,
        agency_name: found.try_get("", "agency_name")?,
        assigned_to: found.try_get("", "assigned_to")?,
        assigned_name: found.try_get("", "assigned_name")?,
        first_event_time: found.try_get("", "first_event_time")?,
        last_event_time: found.try_get("", "last_event_time")?,
        detected_at: found.try_get("", "detected_at")?,
        updated_at: found.try_get("", "updated_at")?,
        damped: found.try_get("", "damped")?,
        hunt_id: found.try_get("", "hunt_id")?,
        story_id: found.try_get("", "story_id")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_filter_the_list_shows_new_alerts_of_the_last_day() {
        let filter = Filter::of(&Address::parse("/alerts"), 0, None);
        assert_eq!((filter.states, filter.span.range), (vec![AlertState::New], "24h"));
    }

    #[test]
    fn an_address_holds_the_whole_filter() {
        let address = "/alerts?state=all&severity=high&severity=critical&entity=host_ip:fe80::1&assigned=me&range=7d";
        let filter = Filter::of(&Address::parse(address), 0, Some("p"));
        assert!(filter.states.is_empty());
        assert_eq!(filter.severities, vec![Severity::High, Severity::Critical]);
        assert_eq!(filter.entity.map(|entity| entity.value).as_deref(), Some("fe80::1"));
        assert_eq!(filter.assigned_to.as_deref(), Some("p"));
    }
}
