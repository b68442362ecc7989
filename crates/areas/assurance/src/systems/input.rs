//! What a form, a table or the API gives of a system, and what is wrong with it, field by field.

use super::words::{Hosting, ServiceScope, State};
use super::{System, amounts};
use crate::networks;
use kit::Error;
use kit::error::unfit;
use kit::page::Level;
use kit::text::FieldFaults;
use serde::{Deserialize, Serialize};

/// What is given of a system. Amounts are digits, empty where nobody knows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NewSystem {
    pub code: String,
    pub name: String,
    pub agency_id: String,
    /// The agency that runs it; empty where the owner does, or somebody who is no agency of the register.
    pub operator_id: String,
    /// Who runs it, where that is no agency of the register.
    pub operator: String,
    pub specialised_unit_id: String,
    pub specialised_unit: String,
    pub purpose: String,
    pub users: String,
    #[serde(deserialize_with = "amounts::given")]
    pub user_count: String,
    /// How far its service reaches; see [`ServiceScope`].
    pub service_scope: String,
    #[serde(deserialize_with = "checkbox")]
    pub public_information: bool,
    #[serde(deserialize_with = "checkbox")]
    pub private_information: bool,
    #[serde(deserialize_with = "checkbox")]
    pub personal_information: bool,
    #[serde(deserialize_with = "amounts::given")]
    pub basic_subjects: String,
    #[serde(deserialize_with = "amounts::given")]
    pub sensitive_subjects: String,
    /// 1 to 5; 0 where none was chosen.
    #[serde(deserialize_with = "chosen_level")]
    pub level: i64,
    pub level_decision: String,
    pub state: String,
    /// In what kind of place it stands; see [`Hosting`].
    pub hosting_kind: String,
    /// The name of that place.
    pub hosting: String,
    pub backup: String,
    pub services: String,
    pub operating_system: String,
    pub security_measures: String,
    pub domains: String,
    pub public_addresses: String,
    pub network_ranges: String,
    pub contact_name: String,
    pub contact_title: String,
    pub contact_phone: String,
    pub contact_email: String,
    #[serde(deserialize_with = "checkbox")]
    pub critical: bool,
    #[serde(deserialize_with = "checkbox")]
    pub secret: bool,
    /// Of the armed forces or of cryptography: such a system is not registered here.
    #[serde(deserialize_with = "checkbox")]
    pub defence: bool,
    pub version: i64,
}

/// Browsers send a ticked box as `on`; files say true or false.
pub(crate) fn checkbox<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
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
pub(crate) fn chosen_level<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
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
        if self.defence {
            faults.add("defence", "system-defence-refused");
        }
        self.code = faults.required_line("code", &self.code, 40);
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
        if !self.code.is_empty() && !self.code.chars().all(plain) {
            faults.add("code", "field-invalid");
        }
        self.name = faults.required_line("name", &self.name, LONGEST_NAME);
        if Level::new(self.level).is_none() {
            faults.add("level", if self.level == 0 { "field-required" } else { "field-invalid" });
        }
        if State::from_code(&self.state).is_none() {
            faults.add("state", unfit(&self.state));
        }
        if self.agency_id.is_empty() {
            faults.add("agency_id", "field-required");
        }
        if !self.service_scope.is_empty() && ServiceScope::from_code(&self.service_scope).is_none() {
            faults.add("service_scope", "field-invalid");
        }
        if !self.hosting_kind.is_empty() && Hosting::from_code(&self.hosting_kind).is_none() {
            faults.add("hosting_kind", "field-invalid");
        }
        self.check_texts(&mut faults);
        for (field, amount) in [
            ("user_count", &mut self.user_count),
            ("basic_subjects", &mut self.basic_subjects),
            ("sensitive_subjects", &mut self.sensitive_subjects),
        ] {
            match amounts::plain(amount) {
                Some(digits) => *amount = digits,
                None => faults.add(field, "system-amount-wrong"),
            }
        }
        let counted = |amount: &str| amount.chars().any(|digit| digit.is_ascii_digit() && digit != '0');
        if !self.personal_information && (counted(&self.basic_subjects) || counted(&self.sensitive_subjects)) {
            faults.add("personal_information", "system-subjects-without-personal");
        }
        if self.secret {
            self.filled_beyond_secret().into_iter().for_each(|field| faults.add(field, "system-secret-keeps-nothing"));
        }
        faults.into_result().map(|()| self)
    }

    fn check_texts(&mut self, faults: &mut FieldFaults) {
        self.purpose = faults.lines("purpose", &self.purpose, LONGEST_TEXT);
        self.users = faults.lines("users", &self.users, LONGEST_TEXT);
        self.backup = faults.lines("backup", &self.backup, LONGEST_TEXT);
        for (field, text) in [
            ("level_decision", &mut self.level_decision),
            ("operator", &mut self.operator),
            ("specialised_unit", &mut self.specialised_unit),
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
        self.network_ranges = networks::checked(faults, "network_ranges", &self.network_ranges);
    }

    /// Fields that say something, of a system of which nothing but code name, owner and level may be kept here (Law
    /// 117/2025/QH15).
    fn filled_beyond_secret(&self) -> Vec<&'static str> {
        let mut filled: Vec<_> = [
            ("operator_id", &self.operator_id),
            ("operator", &self.operator),
            ("specialised_unit_id", &self.specialised_unit_id),
            ("specialised_unit", &self.specialised_unit),
            ("purpose", &self.purpose),
            ("users", &self.users),
            ("user_count", &self.user_count),
            ("service_scope", &self.service_scope),
            ("basic_subjects", &self.basic_subjects),
            ("sensitive_subjects", &self.sensitive_subjects),
            ("level_decision", &self.level_decision),
            ("hosting_kind", &self.hosting_kind),
            ("hosting", &self.hosting),
            ("backup", &self.backup),
            ("services", &self.services),
            ("operating_system", &self.operating_system),
            ("security_measures", &self.security_measures),
            ("domains", &self.domains),
            ("public_addresses", &self.public_addresses),
            ("network_ranges", &self.network_ranges),
            ("contact_name", &self.contact_name),
            ("contact_title", &self.contact_title),
            ("contact_phone", &self.contact_phone),
            ("contact_email", &self.contact_email),
        ]
        .into_iter()
        .filter(|(_, text)| !text.is_empty())
        .map(|(field, _)| field)
        .collect();
        let ticked = [
            ("public_information", self.public_information),
            ("private_information", self.private_information),
            ("personal_information", self.personal_information),
        ];
        filled.extend(ticked.into_iter().filter(|(_, is)| *is).map(|(field, _)| field));
        filled
    }
}

/// What would be given to leave a system as it is.
impl From<System> for NewSystem {
    fn from(system: System) -> Self {
        let amount = |amount: Option<i64>| amount.map(|amount| amount.to_string()).unwrap_or_default();
        Self {
            code: system.code,
            name: system.name,
            agency_id: system.agency_id,
            operator_id: system.operator_id.unwrap_or_default(),
            operator: system.operator,
            specialised_unit_id: system.specialised_unit_id.unwrap_or_default(),
            specialised_unit: system.specialised_unit,
            purpose: system.purpose,
            users: system.users,
            user_count: amount(system.user_count),
            service_scope: system.service_scope,
            public_information: system.public_information,
            private_information: system.private_information,
            personal_information: system.personal_information,
            basic_subjects: amount(system.basic_subjects),
            sensitive_subjects: amount(system.sensitive_subjects),
            level: system.level,
            level_decision: system.level_decision.unwrap_or_default(),
            state: system.state,
            hosting_kind: system.hosting_kind,
            hosting: system.hosting,
            backup: system.backup,
            services: system.services,
            operating_system: system.operating_system,
            security_measures: system.security_measures,
            domains: system.domains,
            public_addresses: system.public_addresses,
            network_ranges: system.network_ranges,
            contact_name: system.contact_name,
            contact_title: system.contact_title,
            contact_phone: system.contact_phone.reveal().to_owned(),
            contact_email: system.contact_email.reveal().to_owned(),
            critical: system.critical,
            secret: system.secret,
            defence: false,
            version: system.version,
        }
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
        let new = NewSystem {
            personal_information: true,
            basic_subjects: "120.000".into(),
            network_ranges: "10.1.2.3/24;10.1.2.0/24".into(),
            ..sound()
        };
        let kept = new.checked().unwrap();
        assert_eq!(kept.name, "Cổng thông tin");
        assert_eq!((kept.basic_subjects.as_str(), kept.network_ranges.as_str()), ("120000", "10.1.2.0/24"));
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
        let wrong = NewSystem {
            service_scope: "moon".into(),
            hosting_kind: "cave".into(),
            network_ranges: "10.0.0.0/99".into(),
            user_count: "nhiều".into(),
            sensitive_subjects: "5".into(),
            ..sound()
        };
        let fields = ["service_scope", "hosting_kind", "network_ranges", "user_count", "personal_information"];
        assert_eq!(wrong_fields(wrong), fields);
    }

    #[test]
    fn a_system_with_state_secrets_keeps_name_owner_and_level_only() {
        let secret = NewSystem { secret: true, purpose: "x".into(), contact_name: "An".into(), ..sound() };
        assert_eq!(wrong_fields(secret), ["purpose", "contact_name"]);
        assert!(NewSystem { secret: true, ..sound() }.checked().is_ok());
        let every: serde_json::Value = serde_json::to_value(NewSystem::default()).unwrap();
        let kept = ["code", "name", "agency_id", "level", "state", "critical", "secret", "defence", "version"];
        for field in every.as_object().unwrap().keys().filter(|field| !kept.contains(&field.as_str())) {
            let mut given = serde_json::to_value(NewSystem { secret: true, ..sound() }).unwrap();
            given[field] = if every[field].is_boolean() { true.into() } else { "1".into() };
            let new: NewSystem = serde_json::from_value(given).unwrap();
            assert!(wrong_fields(new).contains(field), "{field}");
        }
    }

    #[test]
    fn a_system_of_the_armed_forces_is_refused() {
        assert_eq!(wrong_fields(NewSystem { defence: true, ..sound() }), ["defence"]);
    }
}
