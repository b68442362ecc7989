//! An information system: what it is, whose it is, its level and its state. Rules here are pure.

pub mod api;
mod finder;
pub mod pages;
pub mod service;
pub mod store;
pub mod tables;

pub use finder::finder;
use kit::error::unfit;
use kit::sealed::{Place, SealedColumn};
use kit::text::FieldFaults;
use kit::web::Routes;
use kit::{Error, Personal};
use serde::{Deserialize, Serialize};

pub fn routes() -> Routes {
    pages::routes().merge(api::routes())
}

/// What is sealed at rest.
pub const SEALED: &[SealedColumn] = &[
    SealedColumn { table: "systems", row: "id", column: "contact_phone" },
    SealedColumn { table: "systems", row: "id", column: "contact_email" },
];

fn cell<'cell>(column: &'cell str, system_id: &'cell str) -> Place<'cell> {
    Place { table: "systems", column, row: system_id }
}

/// Where a system stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    #[default]
    Proposed,
    Building,
    OnTrial,
    Operating,
    Retired,
}

impl State {
    pub const ALL: [State; 5] = [Self::Proposed, Self::Building, Self::OnTrial, Self::Operating, Self::Retired];

    /// Word in the database, in addresses and, after `system-state-`, in texts.
    pub fn code(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Building => "building",
            Self::OnTrial => "on_trial",
            Self::Operating => "operating",
            Self::Retired => "retired",
        }
    }

    pub fn from_code(code: &str) -> Option<State> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    pub fn key(self) -> &'static str {
        match self {
            Self::Proposed => "system-state-proposed",
            Self::Building => "system-state-building",
            Self::OnTrial => "system-state-on-trial",
            Self::Operating => "system-state-operating",
            Self::Retired => "system-state-retired",
        }
    }
}

/// A registered system as other areas and pages see it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct System {
    pub id: String,
    pub code: String,
    pub name: String,
    pub agency_id: String,
    /// Name of the owner agency at the time of reading.
    pub agency_name: String,
    /// Who runs it day by day, in words; empty where the owner does.
    pub operator: String,
    pub purpose: String,
    /// 1 to 5 (Law 116/2025/QH15 Article 8; Decree 331/2026 Articles 11–16).
    pub level: i64,
    /// Number of the decision that approved the level.
    pub level_decision: Option<String>,
    pub state: String,
    /// Where it stands: own room, provincial data centre, rented cloud …
    pub hosting: String,
    pub services: String,
    pub operating_system: String,
    pub security_measures: String,
    pub domains: String,
    pub public_addresses: String,
    pub contact_name: String,
    pub contact_title: String,
    pub contact_phone: Personal,
    pub contact_email: Personal,
    /// On the list of systems critical to national security.
    pub critical: bool,
    /// Handles state secrets: registered by code name, owner and level only.
    pub secret: bool,
    /// Counts changes; a form built on an older one is refused.
    pub version: i64,
}

/// What a form or an import gives.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct NewSystem {
    pub code: String,
    pub name: String,
    pub agency_id: String,
    pub operator: String,
    pub purpose: String,
    /// 1 to 5; 0 where none was chosen.
    #[serde(deserialize_with = "chosen_level")]
    pub level: i64,
    pub level_decision: String,
    pub state: String,
    pub hosting: String,
    pub services: String,
    pub operating_system: String,
    pub security_measures: String,
    pub domains: String,
    pub public_addresses: String,
    pub contact_name: String,
    pub contact_title: String,
    pub contact_phone: String,
    pub contact_email: String,
    #[serde(deserialize_with = "checkbox")]
    pub critical: bool,
    #[serde(deserialize_with = "checkbox")]
    pub secret: bool,
    pub version: i64,
}

/// Browsers send a ticked box as `on`; files say true or false.
fn checkbox<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Ticked {
        Truth(bool),
        Word(String),
    }
    Ok(match Ticked::deserialize(deserializer)? {
        Ticked::Truth(truth) => truth,
        Ticked::Word(word) => matches!(word.as_str(), "on" | "true" | "1" | "yes"),
    })
}

/// Browsers send a choice as a word, empty where nothing was chosen; files hold numbers.
fn chosen_level<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Level {
        Number(i64),
        Word(String),
    }
    Ok(match Level::deserialize(deserializer)? {
        Level::Number(number) => number,
        Level::Word(word) if word.trim().is_empty() => 0,
        Level::Word(word) => word.trim().parse().unwrap_or(-1),
    })
}

const LONGEST_NAME: usize = 300;
const LONGEST_TEXT: usize = 4_000;

impl NewSystem {
    /// The input as it is kept; else what is wrong with it, field by field.
    pub fn checked(mut self) -> Result<Self, Error> {
        let mut faults = FieldFaults::default();
        self.code = faults.required_line("code", &self.code, 40);
        if faults.is_empty()
            && !self.code.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(letter))
        {
            faults.add("code", "field-invalid");
        }
        self.name = faults.required_line("name", &self.name, LONGEST_NAME);
        if !(1..=5).contains(&self.level) {
            faults.add("level", if self.level == 0 { "field-required" } else { "field-invalid" });
        }
        if State::from_code(&self.state).is_none() {
            faults.add("state", unfit(&self.state));
        }
        if self.agency_id.is_empty() {
            faults.add("agency_id", "field-required");
        }
        self.purpose = faults.lines("purpose", &self.purpose, LONGEST_TEXT);
        for (field, text) in [
            ("level_decision", &mut self.level_decision),
            ("operator", &mut self.operator),
            ("hosting", &mut self.hosting),
            ("services", &mut self.services),
            ("operating_system", &mut self.operating_system),
            ("security_measures", &mut self.security_measures),
            ("domains", &mut self.domains),
            ("public_addresses", &mut self.public_addresses),
            ("contact_name", &mut self.contact_name),
            ("contact_title", &mut self.contact_title),
            ("contact_phone", &mut self.contact_phone),
            ("contact_email", &mut self.contact_email),
        ] {
            *text = faults.line(field, text, LONGEST_TEXT);
        }
        if self.secret {
            // Nothing but code name, owner and level may be kept here (Law 117/2025/QH15).
            let told = [&self.purpose, &self.services, &self.domains, &self.public_addresses, &self.operating_system];
            if told.iter().any(|text| !text.is_empty()) {
                faults.add("secret", "system-secret-keeps-nothing");
            }
        }
        faults.into_result().map(|()| self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound() -> NewSystem {
        NewSystem {
            code: "SYT-01".into(),
            name: " Cổng thông tin ".into(),
            agency_id: "a".into(),
            level: 2,
            state: "operating".into(),
            ..NewSystem::default()
        }
    }

    fn wrong_fields(new: NewSystem) -> Vec<String> {
        match new.checked() {
            Err(Error::Invalid(wrong)) => wrong.into_iter().map(|error| error.field).collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn sound_input_is_normalised() {
        assert_eq!(sound().checked().unwrap().name, "Cổng thông tin");
    }

    #[test]
    fn signs_that_are_not_seen_are_refused_in_every_text() {
        let wrong = NewSystem {
            operator: "VNPT\u{202e}".into(),
            purpose: "một\nhai\u{200b}".into(),
            hosting: "một\nhai".into(),
            ..sound()
        };
        assert_eq!(wrong_fields(wrong), ["purpose", "operator", "hosting"]);
    }

    #[test]
    fn every_wrong_field_is_named() {
        let wrong = NewSystem { level: 6, state: "?".into(), code: "a b".into(), ..NewSystem::default() };
        assert_eq!(wrong_fields(wrong), ["code", "name", "level", "state", "agency_id"]);
    }

    #[test]
    fn a_system_with_state_secrets_keeps_name_owner_and_level_only() {
        let secret = NewSystem { secret: true, purpose: "x".into(), ..sound() };
        assert_eq!(wrong_fields(secret), ["secret"]);
        assert!(NewSystem { secret: true, ..sound() }.checked().is_ok());
    }
}
