//! Matches gathered in memory between two writes. Bounded: of one rule and hour so many groups are told apart as the
//! settings say, what comes beyond is counted by agency alone.

use super::{Fate, Hit, Span};
use crate::alerts::grouping::Owner;
use crate::rules::settings::HitSettings;
use event::{Column, Event, Value};
use kit::clock::{HOUR, Micros};
use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::BuildHasher;

/// Longest value kept, in bytes.
pub const LONGEST_VALUE: usize = 512;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Group {
    rule_id: String,
    hour_start: Micros,
    source_id: Option<String>,
    system_id: Option<String>,
    agency_id: Option<String>,
    entities: BTreeMap<String, String>,
    detailed: bool,
}

#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    alerted: i64,
    shadowed: i64,
    excepted: i64,
}

/// The gathering.
#[derive(Debug)]
pub struct Tally {
    groups_per_hour: usize,
    columns: Vec<Column>,
    groups: HashMap<Group, Counts>,
    /// Of each rule its newest hour and the groups told apart in it.
    known: HashMap<String, (Micros, HashSet<u64>)>,
    hashing: RandomState,
}

impl Tally {
    pub fn new(settings: &HitSettings) -> Self {
        Self {
            groups_per_hour: settings.groups_per_hour,
            columns: settings.columns(),
            groups: HashMap::new(),
            known: HashMap::new(),
            hashing: RandomState::new(),
        }
    }

    /// Tells groups apart by other settings; what was gathered stays.
    pub fn set(&mut self, settings: &HitSettings) {
        self.groups_per_hour = settings.groups_per_hour;
        self.columns = settings.columns();
    }

    /// Counts a match; `group_by` are the fields that a correlation grouped by, with their values.
    pub fn add(&mut self, rule_id: &str, owner: &Owner, event: &Event, group_by: &[(String, String)], fate: Fate) {
        let group = self.admit(Group {
            rule_id: rule_id.to_owned(),
            hour_start: event.arrival.div_euclid(HOUR) * HOUR,
            source_id: Some(owner.source_id.to_string()),
            system_id: owner.system_id.as_deref().map(ToOwned::to_owned),
            agency_id: owner.agency_id.as_deref().map(ToOwned::to_owned),
            entities: entities(&self.columns, event, group_by),
            detailed: true,
        });
        let counts = self.groups.entry(group).or_default();
        match fate {
            Fate::Alerted => counts.alerted += 1,
            Fate::Shadowed => counts.shadowed += 1,
            Fate::Excepted => counts.excepted += 1,
        }
    }

    /// The group itself while there is room, else the one that gathers the rest of its agency.
    fn admit(&mut self, group: Group) -> Group {
        let number = self.hashing.hash_one(&group);
        let (hour, told_apart) = self.known.entry(group.rule_id.clone()).or_default();
        // Arrivals of two hours may alternate; an hour before counts among those of the newest.
        if *hour < group.hour_start {
            *hour = group.hour_start;
            told_apart.clear();
        }
        if told_apart.contains(&number) || told_apart.len() < self.groups_per_hour {
            told_apart.insert(number);
            return group;
        }
        Group { source_id: None, system_id: None, entities: BTreeMap::new(), detailed: false, ..group }
    }

    /// Everything gathered; the gathering starts anew.
    pub fn take(&mut self) -> Vec<Hit> {
        let hit = |(group, counts): (Group, Counts)| Hit {
            rule_id: group.rule_id,
            hour_start: group.hour_start,
            span: Span::Hour,
            source_id: group.source_id,
            system_id: group.system_id,
            agency_id: group.agency_id,
            entities: group.entities,
            detailed: group.detailed,
            alerted: counts.alerted,
            shadowed: counts.shadowed,
            excepted: counts.excepted,
        };
        std::mem::take(&mut self.groups).into_iter().map(hit).collect()
    }
}

/// The values by which a match is told from others.
fn entities(columns: &[Column], event: &Event, group_by: &[(String, String)]) -> BTreeMap<String, String> {
    let filled = columns.iter().filter_map(|column| {
        let value = event.columns.get(*column).and_then(Value::as_text)?;
        Some((column.name().to_owned(), cut(&value)))
    });
    filled.chain(group_by.iter().map(|(field, value)| (field.clone(), cut(value)))).collect()
}

/// A value as it is kept.
pub fn cut(text: &str) -> String {
    text.get(..text.floor_char_boundary(LONGEST_VALUE)).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    fn settings() -> HitSettings {
        Settings::embedded().expect("sound").tuning.hits
    }

    fn event(address: &str, arrival: Micros) -> Event {
        let mut event = Event { arrival, ..Event::default() };
        event.columns.set(Column::SourceIp, &Value::from(address));
        event
    }

    fn owner() -> Owner {
        Owner { source_id: "s".into(), system_id: Some("y".into()), agency_id: Some("a".into()), system_level: None }
    }

    #[test]
    fn alike_matches_of_an_hour_are_one_group_with_what_became_of_them() {
        let mut tally = Tally::new(&settings());
        tally.add("r", &owner(), &event("10.0.0.1", 5 * HOUR + 1), &[], Fate::Alerted);
        tally.add("r", &owner(), &event("10.0.0.1", 5 * HOUR + 9), &[], Fate::Excepted);
        tally.add("r", &owner(), &event("10.0.0.1", 6 * HOUR), &[], Fate::Shadowed);
        let mut hits = tally.take();
        hits.sort_by_key(|hit| hit.hour_start);
        let counts: Vec<_> = hits.iter().map(|hit| (hit.hour_start, hit.alerted, hit.shadowed, hit.excepted)).collect();
        assert_eq!(counts, vec![(5 * HOUR, 1, 0, 1), (6 * HOUR, 0, 1, 0)]);
        assert_eq!(hits[0].entities.get("source_ip").map(String::as_str), Some("10.0.0.1"));
        assert!(tally.take().is_empty());
    }

    #[test]
    fn a_flood_of_addresses_is_counted_in_full_and_told_apart_within_bounds() {
        let mut tally = Tally::new(&HitSettings { groups_per_hour: 3, ..settings() });
        for number in 0..500 {
            tally.add("r", &owner(), &event(&format!("10.0.{}.{}", number / 250, number % 250), 0), &[], Fate::Alerted);
        }
        let hits = tally.take();
        assert_eq!(hits.len(), 4);
        let rest = hits.iter().find(|hit| !hit.detailed).expect("the rest");
        assert_eq!((rest.alerted, rest.agency_id.as_deref(), rest.source_id.as_deref()), (497, Some("a"), None));
        // The bound holds over writes of the same hour as well.
        tally.add("r", &owner(), &event("192.0.2.1", 1), &[], Fate::Alerted);
        assert!(tally.take().iter().all(|hit| !hit.detailed));
    }
}
