//! An agency: a body of the province, a commune, an enterprise, a partner, or the centre itself. Agencies form
//! one tree; what a person may see follows it. Names and parents change with time, the identity does not.

mod code;
mod finder;
mod form;
mod import;
mod kinds;
mod merger;
mod pages;
mod reach;
pub mod scheduled;
mod service;
mod sheet;
mod sheet_page;
mod store;
mod succession;
mod tables;

#[cfg(test)]
mod merger_tests;

pub(crate) use code::SAME_CODE;
pub use finder::finder;
pub use import::import_agencies;
pub use kinds::{Kind, Province, kinds, provinces};
pub use pages::routes;
pub use reach::{in_reach, require_named, require_open};
pub use service::{
    AgencyChange, begin_since, change, close, create, ensure_root_agency, move_under, rename, rename_since,
};
pub use sheet::{import_sheet, read_sheet};
pub(crate) use store::above_each;
pub use store::{
    AgencyFilter, ancestors, by_code, children, choices, count, find, list, numbered, require_in_scope, root,
};
pub use succession::{Succession, became, become_part_of, came_from};
pub use tables::{AGENCIES, AGENCY_DECISIONS};

use kit::clock::Micros;
use sea_orm::FromQueryResult;

/// One agency as anyone in scope may see it.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Agency {
    pub id: String,
    /// Short public code, unique in the centre in whatever case: `SYT`, `X-27136`.
    pub code: String,
    pub name: String,
    /// Identifier of a kind in `content/agencies/kinds.toml`.
    pub kind: String,
    pub parent_id: Option<String>,
    /// Name of the agency above, whatever the scope.
    pub parent_name: Option<String>,
    pub parent_code: Option<String>,
    pub valid_from: Micros,
    /// When it ended (merged, dissolved).
    pub valid_to: Option<Micros>,
    pub address: String,
    pub phone: String,
    pub email: String,
    pub duty_hours: String,
}

impl Agency {
    /// Key of the kind's name.
    pub fn kind_key(&self) -> String {
        format!("agency-kind-{}", self.kind)
    }

    /// Whether another agency had the same code, so that this one was numbered.
    pub fn is_numbered(&self) -> bool {
        code::is_numbered(&self.code)
    }

    /// Whether it existed at `at`.
    pub fn exists_at(&self, at: Micros) -> bool {
        self.valid_from <= at && self.valid_to.is_none_or(|end| at < end)
    }

    /// Whether it exists no longer at `at`: nothing new is put there.
    pub fn has_ended(&self, at: Micros) -> bool {
        self.valid_to.is_some_and(|end| end <= at)
    }
}

/// What makes a new agency. `parent_code` empty: directly under the root.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewAgency {
    pub code: String,
    pub name: String,
    pub kind: String,
    pub parent_code: String,
    /// Microseconds UTC; the time of entry where absent.
    pub valid_from: Option<Micros>,
    pub address: String,
    pub phone: String,
    pub email: String,
    pub duty_hours: String,
}
