//! An information system: what it is, whose it is, its level and its state. Rules here are pure.

pub(crate) mod amounts;
pub mod api;
mod finder;
mod form;
mod input;
pub mod pages;
pub mod service;
mod sheet;
mod sheet_cells;
mod sheet_page;
pub mod store;
pub mod tables;
pub(crate) mod words;

pub use finder::finder;
pub use input::NewSystem;
use kit::Personal;
use kit::sealed::{Place, SealedColumn};
use kit::web::Routes;
use serde::Serialize;
pub use sheet::{import_sheet, read_sheet, table};
pub use words::{Hosting, ServiceScope, State};

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

/// A registered system as other areas and pages see it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct System {
    pub id: String,
    pub code: String,
    pub name: String,
    pub agency_id: String,
    /// Name of the owner agency at the time of reading.
    pub agency_name: String,
    pub agency_code: String,
    /// The agency that runs it day by day; nothing where the owner does, or somebody who is no agency of the register.
    pub operator_id: Option<String>,
    /// Its name at the time of reading.
    pub operator_name: String,
    pub operator_code: String,
    /// Who runs it, in words, where that is no agency of the register.
    pub operator: String,
    /// The specialised unit of the owner (Decree 331/2026 Articles 18, 31, 32).
    pub specialised_unit_id: Option<String>,
    pub specialised_unit_name: String,
    pub specialised_unit_code: String,
    pub specialised_unit: String,
    pub purpose: String,
    /// Who uses it, in words, and how many there are.
    pub users: String,
    pub user_count: Option<i64>,
    /// How far its service reaches; see [`ServiceScope`], empty where nobody said.
    pub service_scope: String,
    /// Kinds of information it holds (Decree 331/2026 Article 9.1); state secrets are `secret`.
    pub public_information: bool,
    pub private_information: bool,
    pub personal_information: bool,
    /// Of how many people it holds basic and sensitive personal data.
    pub basic_subjects: Option<i64>,
    pub sensitive_subjects: Option<i64>,
    /// 1 to 5 (Law 116/2025/QH15 Article 8; Decree 331/2026 Articles 11–16).
    pub level: i64,
    /// Number of the decision that approved the level.
    pub level_decision: Option<String>,
    pub state: String,
    /// In what kind of place it stands; see [`Hosting`], empty where nobody said.
    pub hosting_kind: String,
    /// The name of that place.
    pub hosting: String,
    /// What is backed up, how often, and where to.
    pub backup: String,
    pub services: String,
    pub operating_system: String,
    pub security_measures: String,
    pub domains: String,
    pub public_addresses: String,
    /// Ranges of its networks, private and public, separated by `, `.
    pub network_ranges: String,
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

impl System {
    /// Who runs it, by name; the owner where nobody else is said to.
    pub fn run_by(&self) -> &str {
        let named = [&self.operator_name, &self.operator, &self.agency_name];
        named.into_iter().find(|name| !name.is_empty()).map_or("", String::as_str)
    }

    /// Who guards it, by name; empty where nobody said.
    pub fn guarded_by(&self) -> &str {
        if self.specialised_unit_name.is_empty() { &self.specialised_unit } else { &self.specialised_unit_name }
    }
}
