//! The password policy: what is accepted and what a hash costs.

use super::Basis;
use kit::clock::{HOUR, Micros};
use serde::Deserialize;

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordRules {
    pub alone: Strength,
    pub with_second_factor: Strength,
    pub max_length: usize,
    pub remembered: u64,
    pub administrator_max_age_days: i64,
    /// Words that everybody tries first, without accents, in small letters.
    pub refused_pieces: Vec<String>,
    /// Keys and letters that lie side by side.
    pub runs: Vec<String>,
    /// So many neighbours in a row are too many.
    pub longest_run: usize,
}

/// What a password must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Strength {
    pub min_length: usize,
    /// Of small letters, capitals, digits, everything else.
    pub min_classes: usize,
}

impl PasswordRules {
    pub fn strength(&self, second_factor: bool) -> Strength {
        if second_factor { self.with_second_factor } else { self.alone }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HashCost {
    pub memory_kib: u32,
    pub passes: u32,
    pub lanes: u32,
    pub at_once: usize,
}

/// Passwords made for a first sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Temporary {
    pub hours: i64,
}

impl Temporary {
    pub fn lasts(self) -> Micros {
        self.hours * HOUR
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordPolicy {
    pub basis: Basis,
    pub rules: PasswordRules,
    pub temporary: Temporary,
    pub argon2id: HashCost,
}
