//! Certificates and skills of people, with the day on which they run out.

mod pages;
mod service;
mod store;
mod tables;

pub use pages::routes;
pub use service::{NewQualification, add, remove};
pub use store::{QualificationFilter, count, list};
pub use tables::QUALIFICATIONS;

use kit::Personal;
use kit::clock::Micros;
use kit::sealed::{Place, SealedColumn};
use sea_orm::FromQueryResult;

/// What is sealed at rest.
pub const SEALED: &[SealedColumn] = &[SealedColumn { table: "qualifications", row: "id", column: "number" }];

pub(crate) fn cell(id: &str) -> Place<'_> {
    Place { table: "qualifications", column: "number", row: id }
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Qualification {
    pub id: String,
    pub person_id: String,
    pub person_name: String,
    pub agency_id: String,
    pub agency_name: String,
    pub kind: String,
    pub name: String,
    pub issuer: String,
    pub number: Personal,
    pub obtained_at: Option<Micros>,
    /// First moment at which it no longer holds.
    pub expires_at: Option<Micros>,
}

impl Qualification {
    /// Key of the kind's name.
    pub fn kind_key(&self) -> String {
        format!("qualification-kind-{}", self.kind)
    }

    pub fn holds_at(&self, at: Micros) -> bool {
        self.expires_at.is_none_or(|end| at < end)
    }
}
