//! Data minimisation: fields of a source whose values are not to be kept. They are taken out of a record before anything is
//! stored of it, or are put as a keyed hash, by which equal values stay equal and nobody reads them. Pure; rows are in
//! `store`, acts in `service`, and [`Gate`] stands before the log.

mod gate;
mod pages;
pub mod rewrite;
pub mod service;
pub mod store;
pub mod tables;

pub use gate::Gate;
pub use rewrite::HashKey;

use kit::clock::Micros;
use kit::sealed::{Place, SealedColumn};
use kit::web::Routes;
use serde::Serialize;

pub fn routes() -> Routes {
    pages::routes()
}

/// What is sealed at rest: the key of hashes.
pub const SEALED: &[SealedColumn] = &[SealedColumn { table: "redaction_keys", row: "id", column: "sealed_key" }];

/// The one row of keys.
const KEY_ROW: &str = "centre";

fn key_place() -> Place<'static> {
    Place { table: "redaction_keys", column: "sealed_key", row: KEY_ROW }
}

/// What becomes of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    #[default]
    Drop,
    Hash,
}

impl Act {
    pub const ALL: [Act; 2] = [Self::Drop, Self::Hash];

    pub fn code(self) -> &'static str {
        match self {
            Self::Drop => "drop",
            Self::Hash => "hash",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|act| act.code() == code)
    }

    /// Key of the word for people.
    pub fn key(self) -> &'static str {
        match self {
            Self::Drop => "redaction-act-drop",
            Self::Hash => "redaction-act-hash",
        }
    }
}

/// A rule as records meet it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    pub id: String,
    /// Name of a field of the record's own, with those below it, or of a common column.
    pub field: String,
    pub act: Act,
}

/// A rule of a source as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Redaction {
    pub id: String,
    pub source_id: String,
    pub field: String,
    pub act: Act,
    pub reason: String,
    pub created_by: String,
    pub created_at: Micros,
    /// It does not hold any more.
    pub ended_at: Option<Micros>,
    /// Records from which it took a value.
    pub records: i64,
}
