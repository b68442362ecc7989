//! The scoring table: how much a match weighs, whom it is about, how matches are grouped and damped. The numbers
//! are content (`content/monitoring/scoring.toml`); here is their reading.

use super::Entity;
use crate::settings::Basis;
use crate::stories::policy::{Section, StoryPolicy};
use event::{Column, Event, Value};
use kit::clock::{MINUTE, Micros};
use kit::page::Severity;
use serde::Deserialize;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Longest entity kept; a longer value is cut, so that no record can bloat the registers.
const MAX_ENTITY: usize = 512;

/// The table in force.
#[derive(Debug, Clone)]
pub struct Scoring {
    /// Matches of a group lie within this of its first or last event.
    pub window: Micros,
    pub groups_per_rule_per_minute: u32,
    /// Events kept with an alert.
    pub samples: usize,
    score: BTreeMap<String, BTreeMap<String, i64>>,
    /// Lowest score and its severity, highest first.
    severities: Vec<(i64, Severity)>,
    entities: Vec<EntityChoice>,
    /// What makes an attack story.
    pub story: StoryPolicy,
}

/// A value that is missing, unknown or out of bounds; names its key.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ScoringError(String);

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    #[expect(dead_code, reason = "its presence and form are what reading checks")]
    basis: Basis,
    window_minutes: i64,
    groups_per_rule_per_minute: u32,
    samples: usize,
    score: BTreeMap<String, BTreeMap<String, i64>>,
    severity: BTreeMap<String, i64>,
    entity: Vec<EntityEntry>,
    story: Section,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EntityEntry {
    #[serde(default)]
    products: Vec<String>,
    #[serde(default)]
    categories: Vec<String>,
    #[serde(default)]
    services: Vec<String>,
    columns: Vec<String>,
}

#[derive(Debug, Clone)]
struct EntityChoice {
    products: Vec<String>,
    categories: Vec<String>,
    services: Vec<String>,
    columns: Vec<Column>,
}

impl Scoring {
    /// The table that a file makes; says what is missing, unknown or out of bounds.
    pub(crate) fn of(file: File) -> Result<Self, ScoringError> {
        if !(1..=10_080).contains(&file.window_minutes) {
            return Err(ScoringError("window_minutes must be between 1 and 10080".to_owned()));
        }
        for severity in Severity::ALL {
            let row = file.score.get(severity.code());
            for system in ["none", "c1", "c2", "c3", "c4", "c5"] {
                let score = row.and_then(|row| row.get(system));
                if !score.is_some_and(|score| (0..=100).contains(score)) {
                    return Err(ScoringError(format!("score.{}.{system} must be 0 to 100", severity.code())));
                }
            }
        }
        if !(1..=1_000_000).contains(&file.groups_per_rule_per_minute) || !(1..=100).contains(&file.samples) {
            return Err(ScoringError("groups_per_rule_per_minute must be 1 to 1000000, samples 1 to 100".to_owned()));
        }
        let mut severities = Vec::new();
        for (code, lowest) in &file.severity {
            let severity = code.parse().map_err(|()| ScoringError(format!("unknown severity {code}")))?;
            severities.push((*lowest, severity));
        }
        severities.sort_by_key(|(lowest, _)| Reverse(*lowest));
        let mut entities = Vec::new();
        for entry in file.entity {
            let columns = entry
                .columns
                .iter()
                .map(|name| Column::from_name(name).ok_or_else(|| ScoringError(format!("unknown column {name}"))))
                .collect::<Result<_, _>>()?;
            let EntityEntry { products, categories, services, .. } = entry;
            entities.push(EntityChoice { products, categories, services, columns });
        }
        Ok(Self {
            window: file.window_minutes * MINUTE,
            groups_per_rule_per_minute: file.groups_per_rule_per_minute,
            samples: file.samples,
            score: file.score,
            severities,
            entities,
            story: StoryPolicy::of(file.story).map_err(ScoringError)?,
        })
    }

    /// The same with another window, for what groups by its own.
    #[must_use]
    pub fn with_window(&self, window: Micros) -> Self {
        Self { window, ..self.clone() }
    }

    /// Score (0 to 100) and severity of a rule's match on a system of this level.
    pub fn weigh(&self, rule: Severity, system_level: Option<i64>) -> (i64, Severity) {
        let column = match system_level {
            Some(level @ 1..=5) => format!("c{level}"),
            _ => "none".to_owned(),
        };
        let score = self.score.get(rule.code()).and_then(|row| row.get(&column)).copied().unwrap_or(0);
        let severity =
            self.severities.iter().find(|(lowest, _)| score >= *lowest).map_or(Severity::Informational, |one| one.1);
        (score, severity)
    }

    /// Whom a match is about. `group_by` are the fields a correlation grouped by, with their values; they win.
    /// Where no column is filled the source itself is the entity.
    pub fn entity_of(&self, event: &Event, group_by: &[(String, String)]) -> Entity {
        if !group_by.is_empty() {
            let kind = group_by.iter().map(|(field, _)| field.as_str()).collect::<Vec<_>>().join(" + ");
            let value = group_by.iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>().join(" · ");
            return Entity { kind: cut(&kind), value: cut(&value) };
        }
        let choice = self.entities.iter().find(|choice| choice.fits(event));
        let filled = choice.into_iter().flat_map(|choice| &choice.columns).find_map(|column| {
            let value = event.columns.get(*column).and_then(Value::as_text)?;
            Some(Entity { kind: column.name().to_owned(), value: cut(&value) })
        });
        filled.unwrap_or_else(|| Entity {
            kind: "source".to_owned(),
            value: event.source_id.as_deref().unwrap_or_default().to_owned(),
        })
    }
}

impl EntityChoice {
    fn fits(&self, event: &Event) -> bool {
        let source = &event.log_source;
        let among = |wanted: &[String], have: &[std::sync::Arc<str>]| {
            wanted.is_empty() || wanted.iter().any(|one| have.iter().any(|name| name.eq_ignore_ascii_case(one)))
        };
        let product = self.products.is_empty()
            || self
                .products
                .iter()
                .any(|one| source.product.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(one)));
        product && among(&self.categories, &source.categories) && among(&self.services, &source.services)
    }
}

fn cut(text: &str) -> String {
    let mut end = text.len().min(MAX_ENTITY);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Settings, embedded};

    #[test]
    fn the_embedded_table_is_sound_and_a_higher_level_never_lowers_a_score() {
        let scoring = Settings::embedded().expect("sound").scoring;
        for severity in Severity::ALL {
            let scores: Vec<_> = (1..=5).map(|level| scoring.weigh(severity, Some(level)).0).collect();
            assert!(scores.is_sorted(), "{severity:?}: {scores:?}");
        }
        assert_eq!(scoring.weigh(Severity::High, Some(4)).1, Severity::Critical);
        assert_eq!(scoring.weigh(Severity::High, None).1, Severity::High);
    }

    #[test]
    fn a_table_with_a_hole_is_refused() {
        let files = embedded();
        let text = files.get("monitoring/scoring.toml").expect("there");
        let made = |text: &str| Scoring::of(toml::from_str(text).expect("the form of the file"));
        assert!(made(text).is_ok());
        assert!(made(&text.replace("c5 = 100\n", "")).is_err());
        assert!(made(&text.replace("\"host_name\"", "\"hostess\"")).is_err());
        assert!(made(&text.replace("samples = 20", "samples = 0")).is_err());
    }

    #[test]
    fn a_web_server_alert_is_about_the_client_and_a_process_alert_about_the_host() {
        let scoring = Settings::embedded().expect("sound").scoring;
        let mut event = Event::default();
        event.columns.set(Column::SourceIp, &Value::from("203.0.113.7"));
        event.columns.set(Column::HostName, &Value::from("web01"));
        event.log_source.categories = vec!["webserver".into()];
        assert_eq!(scoring.entity_of(&event, &[]).value, "203.0.113.7");
        event.log_source.categories = vec!["process_creation".into()];
        assert_eq!(scoring.entity_of(&event, &[]).value, "web01");
        let grouped = scoring.entity_of(&event, &[("user_name".to_owned(), "root".to_owned())]);
        assert_eq!((grouped.kind.as_str(), grouped.value.as_str()), ("user_name", "root"));
        let bare = Event { source_id: Some("s1".into()), ..Event::default() };
        assert_eq!(scoring.entity_of(&bare, &[]).kind, "source");
    }
}
