//! Matches of imported records by rule and file, for the summary of an import.

use crate::alerts::grouping::RuleFacts;
use event::Event;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

/// Files remembered per rule; the count goes on beyond.
const MOST_FILES: usize = 10_000;

/// What one import raised.
#[derive(Debug, Default)]
pub struct ImportTally {
    rules: Mutex<BTreeMap<String, RuleTally>>,
}

/// Matches of one rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RuleTally {
    pub title: String,
    pub events: u64,
    pub files: BTreeSet<String>,
}

impl ImportTally {
    pub(super) fn add(&self, rule: &RuleFacts, event: &Event) {
        let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        let tally = rules.entry(rule.id.clone()).or_default();
        if tally.title.is_empty() {
            tally.title = rule.title.clone();
        }
        tally.events += 1;
        if let Some(file) = &event.origin.file
            && tally.files.len() < MOST_FILES
            && !tally.files.contains(file)
        {
            tally.files.insert(file.clone());
        }
    }

    /// What has been counted so far, by rule id.
    pub fn rules(&self) -> BTreeMap<String, RuleTally> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
