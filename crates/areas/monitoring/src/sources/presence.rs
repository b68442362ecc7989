//! Presence: the minutes in which a source was heard live, and the strips and coverage made of them.

use kit::clock::{HOUR, Micros};
use kit::page::{Presence, Slot, SlotState};
use kit::{Connection, Error};
use sea_orm::{Statement, Value};
use std::collections::HashMap;

/// One hour of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HourPresence {
    pub hour_start: Micros,
    /// Bit n is set when something arrived in minute n.
    pub minutes: i64,
    pub events: i64,
}

/// Minutes an hour must have to count as seen in a strip; fewer is partly.
const SEEN_MINUTES: u32 = 45;

/// Presence of these sources by hour, from `from` on. The caller has the ids from a query in scope.
pub async fn hours(
    connection: &impl Connection,
    source_ids: &[String],
    from: Micros,
    to: Micros,
) -> Result<HashMap<String, Vec<HourPresence>>, Error> {
    let mut found: HashMap<String, Vec<HourPresence>> = HashMap::new();
    for chunk in source_ids.chunks(400) {
        let mut values: Vec<Value> = vec![from.into(), to.into()];
        values.extend(chunk.iter().map(|id| Value::from(id.as_str())));
        let places: Vec<_> = (3..values.len() + 1).map(|place| format!("${place}")).collect();
        let sql = format!(
            "SELECT source_id, hour_start, minutes_seen, events FROM source_presence \
             WHERE hour_start >= $1 AND hour_start < $2 AND source_id IN ({}) ORDER BY hour_start",
            places.join(", ")
        );
        let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
        for row in connection.query_all_raw(statement).await? {
            found.entry(row.try_get("", "source_id")?).or_default().push(HourPresence {
                hour_start: row.try_get("", "hour_start")?,
                minutes: row.try_get("", "minutes_seen")?,
                events: row.try_get("", "events")?,
            });
        }
    }
    Ok(found)
}

/// What the strip needs to know of a source besides its hours.
#[derive(Debug, Clone, Copy)]
pub struct StripFor<'source> {
    pub id: &'source str,
    pub name: &'source str,
    pub expected: bool,
    /// Before this nothing was expected.
    pub since: Micros,
}

/// The last `count` hours as a strip, the running hour at the end.
pub fn strip(source: StripFor<'_>, hours: &[HourPresence], now: Micros, count: i64) -> Presence {
    let current = now.div_euclid(HOUR) * HOUR;
    let slots = (0..count).rev().map(|back| {
        let from = current - back * HOUR;
        let seen = hours.iter().find(|hour| hour.hour_start == from).copied().unwrap_or_default();
        // Of the running hour only the minutes that have passed can have been seen.
        let possible = if back == 0 { (now - current) / (HOUR / 60) + 1 } else { 60 };
        let state = match seen.minutes.count_ones() {
            0 if !source.expected || from + HOUR <= source.since => SlotState::NotExpected,
            0 => SlotState::Silent,
            minutes if i64::from(minutes) * 60 >= i64::from(SEEN_MINUTES) * possible => SlotState::Seen,
            _ => SlotState::Partly,
        };
        let query = serde_query(source.id, from, from + HOUR);
        Slot {
            from,
            to: from + HOUR,
            state,
            count: u64::try_from(seen.events).unwrap_or_default(),
            href: if seen.events > 0 { format!("/search?{query}") } else { String::new() },
        }
    });
    Presence { slots: slots.collect(), name: source.name.to_owned() }
}

/// Query of the search page for the events of a source that arrived in a span.
fn serde_query(source_id: &str, from: Micros, to: Micros) -> String {
    let iso = |at| kit::page::iso(at).replace(':', "%3A");
    format!("q=source_id%3A{source_id}&from={}&to={}", iso(from), iso(to))
}

/// Share of minutes in which at least one of a system's sources was heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemCoverage {
    pub system_id: String,
    pub agency_id: String,
    /// Minutes of the span since its first source was assigned or the span began.
    pub minutes_expected: i64,
    pub minutes_seen: i64,
    pub sources: i64,
}

/// Coverage of every system in scope that has a source, from the hour of `from` to the hour of `to`. Assignments
/// are resolved as they hold for each hour.
pub async fn coverage(connection: &impl Connection, from: Micros, to: Micros) -> Result<Vec<SystemCoverage>, Error> {
    let from = from.div_euclid(HOUR) * HOUR;
    let to = to.div_euclid(HOUR) * HOUR;
    let condition = connection.scope().agency_condition("a.agency_id");
    let sql = format!(
        "SELECT a.system_id, a.agency_id, a.source_id, a.valid_from, a.valid_to, p.hour_start, p.minutes_seen \
         FROM source_assignments a LEFT JOIN source_presence p ON p.source_id = a.source_id \
         AND p.hour_start >= $1 AND p.hour_start < $2 \
         AND p.hour_start >= a.valid_from AND (a.valid_to IS NULL OR p.hour_start < a.valid_to) \
         WHERE a.system_id IS NOT NULL AND (a.valid_to IS NULL OR a.valid_to > $1) AND a.valid_from < $2 \
         AND {condition}"
    );
    let values = [from.into(), to.into()];
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    let mut systems: HashMap<String, Gathered> = HashMap::new();
    for row in connection.query_all_raw(statement).await? {
        let system = systems.entry(row.try_get("", "system_id")?).or_default();
        system.agency_id = row.try_get("", "agency_id")?;
        system.sources.insert(row.try_get::<String>("", "source_id")?);
        let begins: Micros = row.try_get("", "valid_from")?;
        system.begins = Some(system.begins.map_or(begins, |earlier| earlier.min(begins)));
        if let Some(hour) = row.try_get::<Option<i64>>("", "hour_start")? {
            *system.hours.entry(hour).or_default() |= row.try_get::<i64>("", "minutes_seen")?;
        }
    }
    let mut covered: Vec<_> = systems
        .into_iter()
        .map(|(system_id, system)| SystemCoverage {
            system_id,
            agency_id: system.agency_id,
            minutes_expected: (to - system.begins.unwrap_or(from).max(from)).max(0) / (HOUR / 60),
            minutes_seen: system.hours.values().map(|minutes| i64::from(minutes.count_ones())).sum(),
            sources: i64::try_from(system.sources.len()).unwrap_or(i64::MAX),
        })
        .collect();
    covered.sort_by(|one, other| one.system_id.cmp(&other.system_id));
    Ok(covered)
}

#[derive(Default)]
struct Gathered {
    agency_id: String,
    sources: std::collections::BTreeSet<String>,
    begins: Option<Micros>,
    /// Minutes seen by any of the sources, by hour.
    hours: HashMap<Micros, i64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strip_tells_seen_partly_silent_and_not_expected_apart() {
        let now = 10 * HOUR + HOUR / 2;
        let hours = [
            HourPresence { hour_start: 10 * HOUR, minutes: (1 << 30) - 1, events: 30 },
            HourPresence { hour_start: 9 * HOUR, minutes: (1 << 20) - 1, events: 20 },
        ];
        let source = StripFor { id: "s", name: "S", expected: true, since: 8 * HOUR };
        let states: Vec<_> = strip(source, &hours, now, 4).slots.iter().map(|slot| slot.state).collect();
        use SlotState::*;
        assert_eq!(states, vec![NotExpected, Silent, Partly, Seen]);
    }
}
