//! The register of experts who can be called: where they work, in what they are good, until when they have agreed, and
//! how they are reached at night. They need no account.

mod pages;
mod service;
mod store;
mod tables;

pub use pages::routes;
pub use service::{ExpertData, add, change, close, record_reveal};
pub use store::{ExpertFilter, count, find, list};
pub use tables::EXPERTS;

use kit::Personal;
use kit::clock::Micros;
use kit::sealed::{Place, SealedColumn};
use sea_orm::FromQueryResult;

/// What is sealed at rest.
pub const SEALED: &[SealedColumn] = &[
    SealedColumn { table: "experts", row: "id", column: "phone" },
    SealedColumn { table: "experts", row: "id", column: "night_phone" },
    SealedColumn { table: "experts", row: "id", column: "night_call" },
    SealedColumn { table: "experts", row: "id", column: "email" },
];

pub(crate) fn cell<'cell>(column: &'cell str, id: &'cell str) -> Place<'cell> {
    Place { table: "experts", column, row: id }
}

#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Expert {
    pub id: String,
    /// Whose register.
    pub agency_id: String,
    pub agency_name: String,
    pub full_name: String,
    pub workplace: String,
    /// What they are good in, in words.
    pub fields: String,
    pub phone: Personal,
    /// The number at night, where it is another one.
    pub night_phone: Personal,
    /// How to call at night, in words: whom to ask for, what to say at the gate.
    pub night_call: Personal,
    pub email: Personal,
    /// May be called between 22:00 and 06:00.
    pub at_night: bool,
    /// First moment at which the agreement no longer holds; `None` without end.
    pub agreed_until: Option<Micros>,
    pub active: bool,
}

impl Expert {
    pub fn may_be_called(&self, at: Micros) -> bool {
        self.active && self.agreed_until.is_none_or(|end| at < end)
    }
}
