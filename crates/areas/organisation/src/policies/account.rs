//! The policy of accounts: their types, and how long one may lie unused.

use super::Basis;
use serde::Deserialize;

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdleLimits {
    pub days: i64,
    pub kinds: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountPolicy {
    pub basis: Basis,
    /// Identifiers; the first is the ordinary one.
    pub kinds: Vec<String>,
    /// Nobody signs in to these at the pages.
    pub machines: Vec<String>,
    pub idle: IdleLimits,
}

impl AccountPolicy {
    /// The type of an account where nobody says otherwise.
    pub fn ordinary(&self) -> &str {
        self.kinds.first().map_or("", String::as_str)
    }

    pub fn is_machine(&self, kind: &str) -> bool {
        self.machines.iter().any(|one| one == kind)
    }
}
