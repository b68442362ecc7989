//! Second factors of a person: codes of an authenticator app, recovery codes, passkeys. What is needed by whom is
//! data (`content/organisation/second-factor-policy.toml`).

mod app;
mod first;
mod pages;
mod recovery;
mod service;
mod step_pages;
mod store;
mod totp;

pub(super) use first::require_open_way;
pub(super) use pages::{added, routes};
pub(super) use step_pages::routes as step_routes;
pub(super) use store::{Factors, factors, open_way};

use kit::sealed::{Place, SealedColumn};

/// What is sealed at rest.
pub const SEALED: &[SealedColumn] = &[SealedColumn { table: "totp_secrets", row: "person_id", column: "secret" }];

/// The cell of a person's secret.
fn cell(person_id: &str) -> Place<'_> {
    Place { table: "totp_secrets", column: "secret", row: person_id }
}
