//! A suppression: a window of time in which nobody is told of alerts of one rule or of all, on a system, a source or
//! whatever they are about, as during maintenance or a drill. What it holds back is kept, counted and can be taken out. Pure;
//! rows are in `store`, acts in `service`.

mod api;
mod form;
mod pages;
pub mod service;
pub mod store;
pub mod tables;

use crate::alerts::Entity;
use crate::alerts::grouping::{Bundle, Owner, held_back_key};
use crate::rules::exceptions::{Condition, Extent, Reach, words_of};
use event::Event;
use kit::clock::Micros;
use kit::page::Address;
use kit::web::Routes;
use std::sync::Arc;

pub fn routes() -> Routes {
    pages::routes().merge(api::routes())
}

/// Why nobody is to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Kind {
    /// The system is worked on, as announced.
    #[default]
    Maintenance,
    Drill,
    Other,
}

impl Kind {
    pub const ALL: [Kind; 3] = [Self::Maintenance, Self::Drill, Self::Other];

    /// Word in the database and in forms.
    pub fn code(self) -> &'static str {
        match self {
            Self::Maintenance => "maintenance",
            Self::Drill => "drill",
            Self::Other => "other",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// Key of the word for people.
    pub fn key(self) -> &'static str {
        match self {
            Self::Maintenance => "suppression-kind-maintenance",
            Self::Drill => "suppression-kind-drill",
            Self::Other => "suppression-kind-other",
        }
    }
}

/// A suppression as the pipeline applies it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    pub id: Arc<str>,
    /// `None` for every rule.
    pub rule_id: Option<String>,
    pub extent: Extent,
    pub starts_at: Micros,
    pub ends_at: Micros,
}

impl Window {
    pub fn is_of(&self, rule_id: &str) -> bool {
        self.rule_id.as_deref().is_none_or(|own| own == rule_id)
    }

    /// Whether a match of one of its rules is held back. The event's arrival counts: reading the log again comes to the same,
    /// and no sender puts its events into the window by what it says of their time.
    pub fn covers(&self, owner: &Owner, event: &Event, group_by: &[(String, String)]) -> bool {
        (self.starts_at..self.ends_at).contains(&event.arrival) && self.extent.covers(owner, event, group_by)
    }

    /// The same of a group whose events are not at hand.
    fn covers_group(&self, owner: &Owner, entity: &Entity, at: Micros) -> bool {
        let event = Event { arrival: at, ..Event::default() };
        self.covers(owner, &event, &[(entity.kind.clone(), entity.value.clone())])
    }
}

/// Bundles that were not gathered match by match, held back where a window covers them at a moment.
pub fn hold_back(bundles: Vec<(String, Bundle)>, windows: &[Arc<Window>], at: Micros) -> Vec<(String, Bundle)> {
    let held = |(key, bundle): (String, Bundle)| {
        let covers = |window: &&Arc<Window>| {
            window.is_of(&bundle.rule.id) && window.covers_group(&bundle.owner, &bundle.entity, at)
        };
        match windows.iter().find(covers).map(|window| window.id.clone()) {
            None => (key, bundle),
            Some(id) => (held_back_key(&key, &id), Bundle { suppression: Some(id), ..bundle }),
        }
    };
    bundles.into_iter().map(held).collect()
}

/// How a suppression stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Phase {
    #[default]
    Running,
    Coming,
    Over,
}

impl Phase {
    pub const ALL: [Phase; 3] = [Self::Running, Self::Coming, Self::Over];

    /// Word in addresses.
    pub fn code(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Coming => "coming",
            Self::Over => "over",
        }
    }

    /// How something stands that holds from one moment to another.
    pub(crate) fn at(starts_at: Micros, end: Micros, now: Micros) -> Self {
        match end {
            end if end <= now => Self::Over,
            _ if starts_at > now => Self::Coming,
            _ => Self::Running,
        }
    }

    /// The one that an address asks for.
    pub(crate) fn of(address: &Address) -> Self {
        let shown = address.value("show").unwrap_or_default();
        Self::ALL.into_iter().find(|phase| phase.code() == shown).unwrap_or_default()
    }

    pub fn key(self) -> &'static str {
        match self {
            Self::Running => "suppression-running",
            Self::Coming => "suppression-coming",
            Self::Over => "suppression-over",
        }
    }
}

/// A suppression with everything that people read of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Suppression {
    pub id: String,
    pub kind: Kind,
    pub rule_id: Option<String>,
    pub reach: Reach,
    /// Name of the source, system or agency.
    pub reach_name: String,
    pub agency_id: Option<String>,
    pub conditions: Vec<Condition>,
    pub reason: String,
    pub starts_at: Micros,
    pub ends_at: Micros,
    pub alert_id: Option<String>,
    pub created_by: String,
    pub created_by_name: String,
    pub created_at: Micros,
    pub ended_by_name: Option<String>,
    pub ended_at: Option<Micros>,
    pub end_reason: Option<String>,
}

impl Suppression {
    /// `host_name = web01`.
    pub fn words(&self) -> String {
        words_of(&self.conditions)
    }

    pub fn phase(&self, now: Micros) -> Phase {
        Phase::at(self.starts_at, self.ended_at.unwrap_or(self.ends_at), now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(conditions: Vec<Condition>) -> Window {
        let extent = Extent { reach: Reach::System("y".into()), conditions, ..Extent::default() };
        Window { id: "w".into(), rule_id: None, extent, starts_at: 100, ends_at: 200 }
    }

    fn owner() -> Owner {
        Owner { source_id: "s".into(), system_id: Some("y".into()), ..Owner::default() }
    }

    #[test]
    fn it_holds_back_what_arrives_within_its_time() {
        let at = |arrival| window(Vec::new()).covers(&owner(), &Event { arrival, ..Event::default() }, &[]);
        assert_eq!([99, 100, 199, 200].map(at), [false, true, true, false]);
        let elsewhere = Owner { system_id: Some("z".into()), ..owner() };
        assert!(!window(Vec::new()).covers(&elsewhere, &Event { arrival: 150, ..Event::default() }, &[]));
    }

    #[test]
    fn it_is_of_one_rule_or_of_all() {
        let all = window(Vec::new());
        let one = Window { rule_id: Some("r".into()), ..all.clone() };
        assert_eq!([all.is_of("q"), one.is_of("r"), one.is_of("q")], [true, true, false]);
    }

    #[test]
    fn a_group_without_events_is_held_back_by_what_it_is_about() {
        let about = Condition { field: "host_name".into(), values: vec!["web01".into()] };
        let window = window(vec![about]);
        let entity = |value: &str| Entity { kind: "host_name".into(), value: value.into() };
        assert!(window.covers_group(&owner(), &entity("WEB01"), 150));
        assert!(!window.covers_group(&owner(), &entity("web02"), 150));
    }

    #[test]
    fn it_comes_runs_and_is_over() {
        let one = Suppression { starts_at: 100, ends_at: 200, ..Suppression::default() };
        assert_eq!([99, 100, 200].map(|now| one.phase(now)), [Phase::Coming, Phase::Running, Phase::Over]);
        let ended = Suppression { ended_at: Some(50), ..one };
        assert_eq!(ended.phase(60), Phase::Over, "called off before it began");
    }

    #[test]
    fn codes_lead_back() {
        assert!(Kind::ALL.into_iter().all(|kind| Kind::from_code(kind.code()) == Some(kind)));
    }
}
