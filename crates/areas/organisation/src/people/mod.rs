//! A person with an account, and the roles the person holds per agency subtree. What a role may do is data
//! (`content/organisation/roles.toml`); what it means for one request is worked out in [`reach`].

mod finder;
mod form;
mod groups;
mod idle;
mod pages;
mod person_page;
pub mod reach;
mod roles;
mod roles_page;
mod service;
mod sheet;
mod sheet_page;
mod standing;
mod store;
mod tables;

pub use finder::finder;
pub(crate) use groups::follow_groups;
pub use idle::{IdleAccount, close_idle};
pub use pages::routes;
pub(crate) use roles::manageable;
pub use roles::{grant_role, may_hand_out, revoke_role};
pub(crate) use roles_page::role_routes;
pub(crate) use service::record_reveal;
pub use service::{NewPerson, PersonChange, change, create, disable, enable};
pub use sheet::{import_sheet, read_sheet};
pub use standing::scope_of;
pub use store::{PersonFilter, by_account, count, find, grants_of, heads_of, list, name_of, who_may};
pub(crate) use store::{roles_of_each, signed_in, signing_in, with_role};
pub use tables::PEOPLE;

use kit::Personal;
use kit::clock::Micros;
use kit::sealed::{Place, SealedColumn};
use sea_orm::FromQueryResult;

/// What is sealed at rest.
pub const SEALED: &[SealedColumn] = &[
    SealedColumn { table: "people", row: "id", column: "phone" },
    SealedColumn { table: "people", row: "id", column: "email" },
];

/// A cell of a person.
pub(crate) fn cell<'cell>(column: &'cell str, person_id: &'cell str) -> Place<'cell> {
    Place { table: "people", column, row: person_id }
}

/// A person as anyone in scope may see it. No secret is ever part of it.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Person {
    pub id: String,
    /// User name or e-mail address that signs in.
    pub account: String,
    pub full_name: String,
    pub agency_id: String,
    pub agency_name: String,
    pub title: String,
    /// The lines above the name where the person signs, the position last; empty: the title alone.
    pub signs_as: String,
    pub phone: Personal,
    pub email: Personal,
    /// Type of the account (`content/organisation/account-policy.toml`).
    pub kind: String,
    pub active: bool,
    pub created_at: Micros,
}

impl Person {
    /// Key of the account type's name.
    pub fn kind_key(&self) -> String {
        format!("account-kind-{}", self.kind)
    }

    /// Whether somebody may sign in to it at the pages.
    pub(crate) fn may_sign_in(&self, policies: &crate::Policies) -> bool {
        self.active && !policies.account.is_machine(&self.kind)
    }
}

/// One role of a person at an agency, from a time and maybe until one.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Grant {
    pub id: String,
    pub person_id: String,
    pub role: String,
    pub agency_id: String,
    pub agency_name: String,
    /// The agency is the top of the tree.
    pub at_root: bool,
    pub starts_at: Micros,
    pub ends_at: Option<Micros>,
}

impl Grant {
    /// Key of the role's name.
    pub fn role_key(&self) -> String {
        format!("role-{}", self.role)
    }

    /// Whether it still holds, or will.
    pub fn lasts_after(&self, at: Micros) -> bool {
        self.ends_at.is_none_or(|end| end > at)
    }

    pub fn holds_at(&self, at: Micros) -> bool {
        self.starts_at <= at && self.ends_at.is_none_or(|end| at < end)
    }
}
