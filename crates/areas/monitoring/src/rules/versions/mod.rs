//! Versions of a rule: every text of it that was ever loaded, so that one can see what changed and when, also after the
//! file is gone. Pure; rows are in `store`, differences in `diff`.

pub mod diff;
pub mod pages;
pub mod store;

use kit::clock::Micros;
use sha2::{Digest, Sha256};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// From 1 on.
    pub number: i64,
    pub digest: String,
    pub file: String,
    pub author: Option<String>,
    pub licence: Option<String>,
    pub first_seen_at: Micros,
}

/// What tells one text from another.
pub fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
