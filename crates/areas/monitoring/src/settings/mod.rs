//! What a centre sets for its monitoring, and what the law says of keeping logs: `content/monitoring/`. All files are read
//! together and put in force as a whole; whoever takes the settings keeps those that were in force then. No figure of theirs
//! stands in Rust.

mod book;
mod checks;
mod describe;

pub use book::MonitoringSettings;
pub(crate) use checks::Checks;

use crate::alerts::scoring::Scoring;
use crate::duty::DutySettings;
use crate::indicators::settings::IndicatorSettings;
use crate::retention::Retention;
use crate::rules::scorecard::Thresholds;
use crate::rules::settings::TuningSettings;
use crate::rules::techniques::Techniques;
use crate::saved_searches::settings::SavedSearchSettings;
use crate::search::run::monitoring;
use crate::sources::settings::SourceSettings;
use crate::{early_warning, entities};
use jiff::civil::Date;
use kit::{App, Error};
use organisation::regulations::{Fault, Files, LawError};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::fmt;
use std::sync::Arc;

/// The folder of `content/`.
pub(crate) const FOLDER: &str = "monitoring";

/// Path and text of what is built in.
macro_rules! embedded {
    ($($name:literal),+ $(,)?) => {
        &[$((
            concat!("monitoring/", $name),
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../content/monitoring/", $name)),
        )),+]
    };
}

const EMBEDDED: &[(&str, &str)] = embedded![
    "duty.toml",
    "early-warning.toml",
    "entity-risk.toml",
    "indicators.toml",
    "retention.toml",
    "saved-searches.toml",
    "scorecard.toml",
    "scoring.toml",
    "sources.toml",
    "techniques.toml",
    "tuning.toml",
];

/// Everything that is set, as it was in force at one time.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How matches are weighed, grouped and told as stories.
    pub scoring: Arc<Scoring>,
    pub entity_risk: entities::Policy,
    pub early_warning: Arc<early_warning::policy::Policy>,
    /// When a rule is worth keeping.
    pub scorecard: Thresholds,
    /// Hits, exceptions, correlations, suppressions, costs of rules, enrichment.
    pub tuning: TuningSettings,
    pub techniques: Techniques,
    pub indicators: IndicatorSettings,
    pub saved_searches: SavedSearchSettings,
    pub duty: DutySettings,
    pub sources: SourceSettings,
    /// How long events are kept.
    pub retention: Retention,
}

impl Settings {
    /// What is built in. A fault is a broken build, which a test keeps from happening.
    ///
    /// # Errors
    /// Every fault of every file.
    pub fn embedded() -> Result<Self, LawError> {
        Self::read(&embedded())
    }

    /// # Errors
    /// Every fault of every file, with its path, line and key.
    pub fn read(files: &Files) -> Result<Self, LawError> {
        let mut reader = Reader { files, faults: Vec::new() };
        reader.refuse_unknown();
        let scoring = reader.made("monitoring/scoring.toml", Scoring::of);
        let entity_risk = reader.file("monitoring/entity-risk.toml");
        let early_warning = reader.made("monitoring/early-warning.toml", early_warning::policy::Policy::of);
        let scorecard = reader.file("monitoring/scorecard.toml");
        let tuning = reader.file("monitoring/tuning.toml");
        let techniques = reader.file("monitoring/techniques.toml");
        let indicators = reader.file("monitoring/indicators.toml");
        let saved_searches = reader.file("monitoring/saved-searches.toml");
        let duty = reader.file("monitoring/duty.toml");
        let sources = reader.file("monitoring/sources.toml");
        let retention = reader.file("monitoring/retention.toml");
        // One by one, so that every file tells its faults before the first that has some ends it.
        let read = move || {
            Some(Self {
                scoring: Arc::new(scoring?),
                entity_risk: entity_risk?,
                early_warning: Arc::new(early_warning?),
                scorecard: scorecard?,
                tuning: tuning?,
                techniques: techniques?,
                indicators: indicators?,
                saved_searches: saved_searches?,
                duty: duty?,
                sources: sources?,
                retention: retention?,
            })
        };
        match reader.faults.is_empty() {
            true => read().ok_or(LawError(Vec::new())),
            false => Err(LawError(reader.faults)),
        }
    }

    /// Those in force in the program.
    pub fn of(app: &App) -> Result<Arc<Self>, Error> {
        Ok(monitoring(app)?.settings.current())
    }
}

/// The settings in force.
pub type Shelf = kit::Shelf<Settings>;

/// The files built into the program.
pub fn embedded() -> Files {
    EMBEDDED.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
}

/// Where a file comes from and since when it holds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Basis {
    pub document: String,
    pub valid_from: Date,
    pub text_seen: bool,
}

/// Least, most and what a form begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bounds {
    pub least: i64,
    pub most: i64,
    pub default: i64,
}

impl Bounds {
    pub fn holds(&self, number: i64) -> bool {
        (self.least..=self.most).contains(&number)
    }
}

/// A file that says itself what is wrong with its values.
pub(crate) trait Checked {
    fn check(&self, checks: &mut Checks<'_>);
}

struct Reader<'a> {
    files: &'a Files,
    faults: Vec<Fault>,
}

impl<'a> Reader<'a> {
    /// A file whose name is misspelled would be missed by nobody.
    fn refuse_unknown(&mut self) {
        for path in self.files.keys().filter(|path| !EMBEDDED.iter().any(|(known, _)| known == path)) {
            self.faults.push(Fault::new(path, None, "setting-fault-nobody-reads", []));
        }
    }

    fn toml<T: DeserializeOwned>(&mut self, path: &'static str) -> Option<(&'a str, T)> {
        let Some(text) = self.files.get(path).map(String::as_str) else {
            self.faults.push(Fault::new(path, None, "setting-fault-missing", []));
            return None;
        };
        match toml::from_str(text) {
            Ok(found) => Some((text, found)),
            Err(error) => {
                self.faults.push(Fault::of_toml(path, text, &error));
                None
            }
        }
    }

    fn file<T: DeserializeOwned + Checked>(&mut self, path: &'static str) -> Option<T> {
        let (text, found) = self.toml::<T>(path)?;
        let mut checks = Checks::new(path, text);
        found.check(&mut checks);
        self.faults.extend(checks.into_faults());
        Some(found)
    }

    /// What is made of a file, where its values fit together.
    fn made<F: DeserializeOwned, T, E: fmt::Display>(
        &mut self,
        path: &'static str,
        make: impl FnOnce(F) -> Result<T, E>,
    ) -> Option<T> {
        let (_, file) = self.toml::<F>(path)?;
        match make(file) {
            Ok(made) => Some(made),
            Err(error) => {
                self.faults.push(Fault::new(path, None, "setting-fault-words", [("words", error.to_string())]));
                None
            }
        }
    }
}
