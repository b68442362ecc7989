//! Presence: the minutes in which a source was heard live, and the strips and coverage made of them.

use super::rhythm::WeekHours;
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
    /// Hours of the week in which it is.
    pub hours: WeekHours,
    /// Maintenance, in order.
    pub planned: &'source [(Micros, Micros)],
    /// Before this nothing was expected.
    pub since: Micros,
    /// A record speaks for so many minutes.
    pub reach: u32,
}

impl StripFor<'_> {
    fn is_expected(&self, from: Micros) -> bool {
        self.expected && from + HOUR > self.since && self.hours.holds(from)
    }

    fn is_planned(&self, from: Micros) -> bool {
        self.planned.iter().any(|(begins, ends)| *begins < from + HOUR && *ends > from)
    }
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
            0 if !source.is_expected(from) => SlotState::NotExpected,
            0 if source.is_planned(from) => SlotState::Planned,
            0 => SlotState::Silent,
            _ if spoken_for(seen.minutes, source.reach) * 60 >= i64::from(SEEN_MINUTES) * possible => SlotState::Seen,
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

/// Minutes of an hour that its records speak for.
fn spoken_for(minutes: i64, reach: u32) -> i64 {
    let hour = (1_i64 << 60) - 1;
    let spread = (0..reach.clamp(1, 60)).fold(0, |spread, later| spread | (minutes << later));
    i64::from((spread & hour).count_ones())
}

/// Query of the search page for the events of a source that arrived in a span.
fn serde_query(source_id: &str, from: Micros, to: Micros) -> String {
    let iso = |at| kit::page::iso(at).replace(':', "%3A");
    format!("q=source_id%3A{source_id}&from={}&to={}", iso(from), iso(to))
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
        let source = StripFor {
            id: "s",
            name: "S",
            expected: true,
            hours: WeekHours::ALL,
            planned: &[],
            since: 8 * HOUR,
            reach: 1,
        };
        let states = |source| strip(source, &hours, now, 4).slots.iter().map(|slot| slot.state).collect::<Vec<_>>();
        use SlotState::*;
        assert_eq!(states(source), [NotExpected, Silent, Partly, Seen]);
        let planned = [(8 * HOUR, 9 * HOUR)];
        assert_eq!(states(StripFor { planned: &planned, ..source }), [NotExpected, Planned, Partly, Seen]);
        assert_eq!(states(StripFor { since: 0, expected: false, ..source }), [NotExpected, NotExpected, Partly, Seen]);
    }

    #[test]
    fn a_source_that_speaks_every_fifteen_minutes_speaks_for_the_whole_hour() {
        let quarters = 1 | (1 << 15) | (1 << 30) | (1 << 45);
        assert_eq!([spoken_for(quarters, 15), spoken_for(quarters, 5), spoken_for(1 << 59, 60)], [60, 20, 1]);
    }
}
