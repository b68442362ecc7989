//! An exception: what a rule is not to alert on, where and until when. The rule's text stays as it is, and what an exception
//! leaves out is still counted. Pure; rows are in `store`, acts in `service`, what one would have left out in `preview`.

pub(crate) mod form;
pub mod pages;
pub mod preview;
pub mod service;
pub mod store;

use super::hits::Hit;
use super::hits::tally::cut;
use crate::alerts::grouping::Owner;
use event::{Column, Event, Value};
use kit::clock::Micros;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Where an exception holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub enum Reach {
    #[default]
    Centre,
    /// With everything below it.
    Agency(String),
    System(String),
    Source(String),
}

impl Reach {
    /// The narrowest of what a row names.
    pub fn of(source_id: Option<String>, system_id: Option<String>, agency_id: Option<String>) -> Self {
        match (source_id, system_id, agency_id) {
            (Some(id), ..) => Self::Source(id),
            (None, Some(id), _) => Self::System(id),
            (None, None, Some(id)) => Self::Agency(id),
            (None, None, None) => Self::Centre,
        }
    }

    /// `system:<id>`, as a form sends it.
    pub fn code(&self) -> String {
        match self {
            Self::Centre => "centre".to_owned(),
            Self::Agency(id) => format!("agency:{id}"),
            Self::System(id) => format!("system:{id}"),
            Self::Source(id) => format!("source:{id}"),
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        if code == "centre" {
            return Some(Self::Centre);
        }
        let (kind, id) = code.split_once(':').filter(|(_, id)| !id.is_empty())?;
        match kind {
            "agency" => Some(Self::Agency(id.to_owned())),
            "system" => Some(Self::System(id.to_owned())),
            "source" => Some(Self::Source(id.to_owned())),
            _ => None,
        }
    }

    /// Key of the word for people.
    pub fn key(&self) -> &'static str {
        match self {
            Self::Centre => "rule-exception-reach-centre",
            Self::Agency(_) => "rule-exception-reach-agency",
            Self::System(_) => "rule-exception-reach-system",
            Self::Source(_) => "rule-exception-reach-source",
        }
    }
}

/// A field that must have one of these values; letter case does not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// A common column, or a field of a format's own.
    pub field: String,
    pub values: Vec<String>,
}

impl Condition {
    fn takes(&self, text: &str) -> bool {
        let text = cut(text);
        let same =
            |value: &String| text.chars().flat_map(char::to_lowercase).eq(value.chars().flat_map(char::to_lowercase));
        self.values.iter().any(same)
    }
}

/// `user_name = backup, root; host_name = web01`.
pub fn words_of(conditions: &[Condition]) -> String {
    let one = |condition: &Condition| format!("{} = {}", condition.field, condition.values.join(", "));
    conditions.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// What an exception leaves out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extent {
    pub reach: Reach,
    /// Of an agency: itself and everything below it.
    pub agencies: BTreeSet<String>,
    /// All of them must hold.
    pub conditions: Vec<Condition>,
}

impl Extent {
    /// Whether a match of an event is left out. `group_by` are the fields that a correlation grouped by, with their values.
    pub fn covers(&self, owner: &Owner, event: &Event, group_by: &[(String, String)]) -> bool {
        let reached = match &self.reach {
            Reach::Centre => true,
            Reach::Agency(_) => owner.agency_id.as_deref().is_some_and(|agency| self.agencies.contains(agency)),
            Reach::System(id) => owner.system_id.as_deref() == Some(id.as_str()),
            Reach::Source(id) => *owner.source_id == **id,
        };
        reached && self.conditions.iter().all(|condition| holds(condition, event, group_by))
    }

    /// Whether counted matches would have been left out; nothing where the count does not tell. `kept` are the columns
    /// that every count tells where the event had them.
    pub fn covers_hit(&self, hit: &Hit, kept: &[Column]) -> Option<bool> {
        let same = |have: &Option<String>, wanted: &String| match have {
            None if !hit.detailed => None,
            have => Some(have.as_ref() == Some(wanted)),
        };
        let reached = match &self.reach {
            Reach::Centre => Some(true),
            Reach::Agency(_) => Some(hit.agency_id.as_ref().is_some_and(|agency| self.agencies.contains(agency))),
            Reach::System(id) => same(&hit.system_id, id),
            Reach::Source(id) => same(&hit.source_id, id),
        };
        let told = |condition: &Condition| match hit.entities.get(&condition.field) {
            Some(value) => Some(condition.takes(value)),
            None if !hit.detailed => None,
            None => kept.iter().any(|column| column.name() == condition.field).then_some(false),
        };
        let answers: Vec<_> = std::iter::once(reached).chain(self.conditions.iter().map(told)).collect();
        if answers.contains(&Some(false)) {
            return Some(false);
        }
        (!answers.contains(&None)).then_some(true)
    }
}

fn holds(condition: &Condition, event: &Event, group_by: &[(String, String)]) -> bool {
    if let Some((_, value)) = group_by.iter().find(|(field, _)| *field == condition.field) {
        return condition.takes(value);
    }
    let column = Column::from_name(&condition.field).and_then(|column| event.columns.get(column));
    let value: Option<&Value> = column.or_else(|| event.fields.get(&condition.field));
    value.is_some_and(|value| value.any_text(&mut |text| condition.takes(text)))
}

/// An exception as the pipeline applies it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InForce {
    pub extent: Extent,
    pub expires_at: Micros,
}

impl InForce {
    /// Whether a match is left out; the event's arrival counts, so that reading the log again comes to the same.
    pub fn covers(&self, owner: &Owner, event: &Event, group_by: &[(String, String)]) -> bool {
        event.arrival < self.expires_at && self.extent.covers(owner, event, group_by)
    }
}

/// An exception with everything that people read of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RuleException {
    pub id: String,
    pub rule_id: String,
    pub reach: Reach,
    /// Name of the source, system or agency.
    pub reach_name: String,
    pub agency_id: Option<String>,
    pub conditions: Vec<Condition>,
    pub reason: String,
    pub expires_at: Micros,
    pub alert_id: Option<String>,
    pub created_by: String,
    pub created_by_name: String,
    pub created_at: Micros,
    pub removed_at: Option<Micros>,
    pub removed_by_name: Option<String>,
    pub removed_reason: Option<String>,
}

impl RuleException {
    pub fn words(&self) -> String {
        words_of(&self.conditions)
    }

    /// Whether it was there at a moment, made before and not yet over.
    pub fn is_in_force(&self, at: Micros) -> bool {
        self.created_at <= at && at < self.expires_at && self.removed_at.is_none_or(|removed| at < removed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner() -> Owner {
        Owner { source_id: "s".into(), system_id: Some("y".into()), agency_id: Some("a".into()), system_level: None }
    }

    fn event() -> Event {
        let mut event = Event { arrival: 100, ..Event::default() };
        event.columns.set(Column::UserName, &Value::from("Backup"));
        event.fields.set("Job", Value::List(vec!["full".into(), "nightly".into()]));
        event
    }

    fn condition(field: &str, values: &[&str]) -> Condition {
        Condition { field: field.into(), values: values.iter().map(ToString::to_string).collect() }
    }

    fn extent(reach: Reach, conditions: &[Condition]) -> Extent {
        Extent { reach, agencies: ["a".to_owned()].into(), conditions: conditions.to_vec() }
    }

    #[test]
    fn it_holds_where_it_reaches_and_nowhere_else() {
        for (code, covered) in
            [("centre", true), ("agency:a", true), ("system:y", true), ("system:z", false), ("source:s", true)]
        {
            let reach = Reach::from_code(code).expect("a reach");
            assert_eq!(reach.code(), code);
            assert_eq!(extent(reach, &[]).covers(&owner(), &event(), &[]), covered, "{code}");
        }
        let elsewhere = Owner { agency_id: Some("b".into()), ..owner() };
        assert!(!extent(Reach::Agency("a".into()), &[]).covers(&elsewhere, &event(), &[]));
        assert_eq!((Reach::from_code("system:"), Reach::from_code("planet:3")), (None, None));
    }

    #[test]
    fn all_fields_must_have_one_of_their_values() {
        let covers = |conditions: &[Condition]| extent(Reach::Centre, conditions).covers(&owner(), &event(), &[]);
        assert!(covers(&[condition("user_name", &["root", "backup"]), condition("Job", &["NIGHTLY"])]));
        assert!(!covers(&[condition("user_name", &["backup"]), condition("Job", &["weekly"])]));
        assert!(!covers(&[condition("user_name", &["back"])]), "a part of a value is another value");
        assert!(!covers(&[condition("host_name", &[""])]), "what is not there has no value");
        let group = [("user_name".to_owned(), "root".to_owned())];
        assert!(extent(Reach::Centre, &[condition("user_name", &["root"])]).covers(&owner(), &event(), &group));
    }

    #[test]
    fn it_is_in_force_from_its_making_to_its_end() {
        let exception = RuleException { created_at: 10, expires_at: 100, ..RuleException::default() };
        let held = |at| exception.is_in_force(at);
        assert_eq!([9, 10, 99, 100].map(held), [false, true, true, false]);
        let removed = RuleException { removed_at: Some(50), ..exception.clone() };
        assert_eq!([49, 50].map(|at| removed.is_in_force(at)), [true, false]);
    }

    #[test]
    fn it_ends_with_the_events_that_arrive_after_it() {
        let until = |expires_at| InForce { extent: extent(Reach::Centre, &[]), expires_at };
        assert!(until(101).covers(&owner(), &event(), &[]) && !until(100).covers(&owner(), &event(), &[]));
    }

    #[test]
    fn a_count_that_does_not_tell_is_neither_in_nor_out() {
        let kept = [Column::UserName, Column::SourceIp];
        let hit = Hit {
            source_id: Some("s".into()),
            system_id: Some("y".into()),
            agency_id: Some("a".into()),
            entities: [("user_name".to_owned(), "backup".to_owned())].into(),
            detailed: true,
            ..Hit::default()
        };
        let answer = |reach: &str, conditions: &[Condition], hit: &Hit| {
            extent(Reach::from_code(reach).expect("a reach"), conditions).covers_hit(hit, &kept)
        };
        let backup = [condition("user_name", &["BACKUP"])];
        assert_eq!(answer("source:s", &backup, &hit), Some(true));
        assert_eq!(answer("source:t", &backup, &hit), Some(false));
        assert_eq!(answer("centre", &[condition("source_ip", &["10.0.0.1"])], &hit), Some(false), "it had no address");
        assert_eq!(answer("centre", &[condition("Job", &["x"])], &hit), None, "no count tells this field");
        let rest = Hit { source_id: None, system_id: None, entities: Default::default(), detailed: false, ..hit };
        assert_eq!(answer("agency:a", &[], &rest), Some(true));
        assert_eq!(answer("agency:b", &[], &Hit { agency_id: Some("b".into()), ..rest.clone() }), Some(false));
        assert_eq!(answer("source:s", &[], &rest), None);
        assert_eq!(answer("centre", &backup, &rest), None);
    }
}
