//! Detectors in force: `content/monitoring/early-warning.toml`.

use super::programs;
use crate::alerts::grouping::RuleFacts;
use crate::settings::Basis;
use baseline::{Baselines, Detector, Method, Rhythm};
use event::{Column, Event, Value};
use kit::Lang;
use kit::locale::texts;
use kit::page::Severity;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Longest subject that a baseline is kept of, in bytes.
const LONGEST_SUBJECT: usize = 256;

#[derive(Debug, Clone)]
pub struct Policy {
    pub history_days: i64,
    pub keep_days: i64,
    rhythm: Rhythm,
    pub detectors: Vec<Watched>,
}

/// One detector: which events it looks at, whom its baselines are of, and how it decides.
#[derive(Debug, Clone)]
pub struct Watched {
    pub id: String,
    pub enabled: bool,
    pub facts: Arc<RuleFacts>,
    /// None for the source itself.
    pub subject: Vec<Column>,
    value: Option<Column>,
    /// The value is the path of a program.
    is_program: bool,
    conditions: Vec<(Column, Vec<String>)>,
    ignored: Vec<String>,
    ignored_ends: Vec<String>,
    pub detector: Detector,
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct PolicyError(String);

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    #[expect(dead_code, reason = "its presence and form are what reading checks")]
    basis: Basis,
    time_zone_minutes: i64,
    history_days: i64,
    keep_days: i64,
    detector: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    enabled: bool,
    severity: String,
    #[serde(default)]
    techniques: Vec<String>,
    #[serde(default)]
    tactics: Vec<String>,
    subject: Vec<String>,
    value: Option<String>,
    #[serde(default)]
    program: bool,
    #[serde(default)]
    ignored: Vec<String>,
    #[serde(default)]
    ignored_ends: Vec<String>,
    most_series: usize,
    method: Method,
    #[serde(default, rename = "where")]
    conditions: BTreeMap<String, Vec<String>>,
}

impl Policy {
    /// What a file makes; says what is unknown or out of bounds.
    pub(crate) fn of(file: File) -> Result<Self, PolicyError> {
        // Hours of the day are compared with those of a week at least, and what is remembered reaches back four weeks.
        if !(7..=21).contains(&file.history_days) || !(1..=3_660).contains(&file.keep_days) {
            return Err(PolicyError("history_days must be 7 to 21, keep_days 1 to 3660".to_owned()));
        }
        if !(-720..=840).contains(&file.time_zone_minutes) {
            return Err(PolicyError("time_zone_minutes must be -720 to 840".to_owned()));
        }
        for (number, entry) in file.detector.iter().enumerate() {
            if file.detector.iter().take(number).any(|other| other.id == entry.id) {
                return Err(PolicyError(format!("detector {} stands there twice", entry.id)));
            }
        }
        let detectors = file.detector.into_iter().map(|entry| Watched::of(entry, file.history_days));
        Ok(Self {
            history_days: file.history_days,
            keep_days: file.keep_days,
            rhythm: Rhythm::at_minutes(file.time_zone_minutes),
            detectors: detectors.collect::<Result<_, _>>()?,
        })
    }

    #[cfg(test)]
    fn parse(text: &str) -> Result<Self, PolicyError> {
        Self::of(toml::from_str(text).map_err(|error| PolicyError(error.to_string()))?)
    }

    /// Baselines that have seen nothing yet.
    pub fn baselines(&self) -> Baselines {
        Baselines::new(self.detectors.iter().map(|watched| watched.detector).collect(), self.rhythm)
    }

    /// Number of a detector, as the baselines count them.
    pub fn place(&self, id: &str) -> Option<usize> {
        self.detectors.iter().position(|watched| watched.id == id)
    }
}

fn column(name: &str) -> Result<Column, PolicyError> {
    Column::from_name(name).ok_or_else(|| PolicyError(format!("unknown column {name}")))
}

impl Watched {
    fn of(entry: Entry, history_days: i64) -> Result<Self, PolicyError> {
        let level: Severity =
            entry.severity.parse().map_err(|()| PolicyError(format!("unknown severity {}", entry.severity)))?;
        if !entry.id.starts_with(super::PREFIX) {
            return Err(PolicyError(format!("{} must begin with {}", entry.id, super::PREFIX)));
        }
        if matches!(entry.method, Method::FirstSeen(_) | Method::Rare(_) | Method::FanOut(_)) && entry.value.is_none() {
            return Err(PolicyError(format!("{} compares a value and names none", entry.id)));
        }
        let conditions = entry.conditions.into_iter().map(|(name, values)| Ok((column(&name)?, values)));
        Ok(Self {
            facts: Arc::new(RuleFacts {
                id: entry.id.clone(),
                title: texts().text(Lang::En, &entry.id),
                title_vi: Some(texts().text(Lang::Vi, &entry.id)),
                level,
                techniques: entry.techniques,
                tactics: entry.tactics,
            }),
            id: entry.id,
            enabled: entry.enabled,
            subject: entry.subject.iter().map(|name| column(name)).collect::<Result<_, _>>()?,
            value: entry.value.as_deref().map(column).transpose()?,
            is_program: entry.program,
            conditions: conditions.collect::<Result<_, PolicyError>>()?,
            ignored: entry.ignored,
            ignored_ends: entry.ignored_ends,
            detector: Detector { method: entry.method, history_days, most_series: entry.most_series.max(1) },
        })
    }

    /// Whom an event is about for this detector, and what of it is compared; nothing where it does not look at it. A subject
    /// of several columns is their values, which an alert shows in the same words.
    pub fn seen(&self, event: &Event) -> Option<(String, String)> {
        if self.enabled { self.would_see(event) } else { None }
    }

    /// The same, were it on.
    pub fn would_see(&self, event: &Event) -> Option<(String, String)> {
        let fits = |(column, values): &(Column, Vec<String>)| {
            let have = event.columns.get(*column).and_then(Value::as_text);
            have.is_some_and(|have| values.iter().any(|value| have.eq_ignore_ascii_case(value)))
        };
        if !self.conditions.iter().all(fits) {
            return None;
        }
        let mut subject = String::new();
        for column in &self.subject {
            let value = event.columns.get(*column).and_then(Value::as_text)?;
            if value.is_empty() || self.is_ignored(&value) {
                return None;
            }
            if !subject.is_empty() {
                subject.push_str(" · ");
            }
            subject.push_str(&kit::text::without_nul(&value));
        }
        if self.subject.is_empty() {
            subject.push_str(event.source_id.as_deref()?);
        }
        if subject.len() > LONGEST_SUBJECT {
            return None;
        }
        let value = match self.value {
            None => String::new(),
            Some(column) => {
                let value = event.columns.get(column).and_then(Value::as_text)?;
                if self.is_program { programs::shape(&value) } else { value.into_owned() }
            }
        };
        (self.value.is_none() || !value.is_empty()).then_some((subject, value))
    }

    /// The columns that a subject is of, with their values.
    pub fn about(&self, event: &Event) -> Vec<(String, String)> {
        let value = |column: &Column| {
            let text = event.columns.get(*column).and_then(Value::as_text)?;
            Some((column.name().to_owned(), kit::text::without_nul(&text)))
        };
        self.subject.iter().filter_map(value).collect()
    }

    /// Names of the columns whose values a subject is; `source` where it is the source.
    pub fn entity_kind(&self) -> String {
        if self.subject.is_empty() {
            return "source".to_owned();
        }
        self.subject.iter().map(|column| column.name()).collect::<Vec<_>>().join(" + ")
    }

    fn is_ignored(&self, value: &str) -> bool {
        let lower = value.to_lowercase();
        self.ignored.contains(&lower) || self.ignored_ends.iter().any(|end| lower.ends_with(end.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMBEDDED: &str =
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../content/monitoring/early-warning.toml"));

    #[test]
    fn the_embedded_detectors_are_sound_and_each_has_its_words() {
        let policy = Policy::parse(EMBEDDED).expect("sound");
        assert!(!policy.detectors.is_empty());
        for watched in &policy.detectors {
            for key in [watched.id.clone(), format!("{}-about", watched.id)] {
                for lang in Lang::ALL {
                    assert_ne!(texts().text(lang, &key), key, "{key}");
                }
            }
        }
    }

    #[test]
    fn a_column_that_does_not_exist_or_less_than_a_week_is_refused() {
        assert!(Policy::parse(&EMBEDDED.replace("\"user_name\"", "\"user\"")).is_err());
        assert!(Policy::parse(&EMBEDDED.replace("history_days = 7", "history_days = 6")).is_err());
        assert!(Policy::parse(&EMBEDDED.replace("id = \"early-volume\"", "id = \"volume\"")).is_err());
        assert!(Policy::parse(&EMBEDDED.replace("id = \"early-volume\"", "id = \"early-fan-out\"")).is_err());
    }

    #[test]
    fn a_program_is_seen_by_its_shape_also_by_a_detector_that_is_off() {
        let off = EMBEDDED
            .replace("id = \"early-rare-program\"\nenabled = true", "id = \"early-rare-program\"\nenabled = false");
        let policy = Policy::parse(&off).expect("sound");
        let watched = &policy.detectors[policy.place("early-rare-program").expect("there")];
        let mut event = Event::default();
        event.columns.set(Column::EventCategory, &Value::from("process"));
        event.columns.set(Column::HostName, &Value::from("web01"));
        event.columns.set(Column::ProcessExecutable, &Value::from(r"C:\Users\lan\app-1.2.3\Zalo.exe"));
        assert_eq!(watched.seen(&event), None);
        assert_eq!(watched.would_see(&event), Some(("web01".to_owned(), r"c:\users\*\app-#\zalo.exe".to_owned())));
        assert_eq!(watched.about(&event), [("host_name".to_owned(), "web01".to_owned())]);
    }

    #[test]
    fn a_sign_in_is_seen_by_its_account_and_machine_accounts_are_left_out() {
        let policy = Policy::parse(EMBEDDED).expect("sound");
        let watched = &policy.detectors[policy.place("early-sign-in-address").expect("there")];
        let mut event = Event::default();
        event.columns.set(Column::EventCategory, &Value::from("authentication"));
        event.columns.set(Column::EventOutcome, &Value::from("success"));
        event.columns.set(Column::UserName, &Value::from("lan"));
        assert_eq!(watched.seen(&event), None, "no address");
        event.columns.set(Column::SourceIp, &Value::from("10.0.0.5"));
        assert_eq!(watched.seen(&event), Some(("lan".to_owned(), "10.0.0.5".to_owned())));
        event.columns.set(Column::UserName, &Value::from("WEB01$"));
        assert_eq!(watched.seen(&event), None);
    }
}
