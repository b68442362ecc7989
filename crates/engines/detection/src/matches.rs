//! What a record matched, and the working memory of evaluation, reused from record to record.

use crate::network::{Memory, Network};
use crate::view::Scratch;
use event::LogSource;
use std::sync::Arc;

/// A field that made a rule match, for people and for highlighting.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct MatchedField {
    /// Name of the field; `None` for a keyword, which was found anywhere in the record.
    pub field: Option<String>,
    /// The record's value (the first that fits, of a list), cut at 4,096 bytes.
    pub value: String,
    /// The value as the rule writes it.
    pub pattern: String,
}

/// A rule matched a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detection {
    /// Position of the rule in [`crate::Engine::rules`].
    pub rule: usize,
    pub fields: Vec<MatchedField>,
}

/// Detections of the last evaluated record. Keep one per thread and hand it in again: it holds scratch memory.
#[derive(Debug, Default)]
pub struct Matches {
    pub(crate) detections: Vec<Detection>,
    /// The engine that the memory belongs to.
    pub(crate) engine: u64,
    /// Log sources seen lately, with what applies to them; the one seen last stands first.
    pub(crate) sources: Vec<SourceMemory>,
    pub(crate) scratch: Scratch,
}

/// What is remembered of a log source.
#[derive(Debug)]
pub(crate) struct SourceMemory {
    pub(crate) source: LogSource,
    pub(crate) network: Arc<Network>,
    pub(crate) memory: Memory,
}

impl Matches {
    /// What matched, in the order of the rules.
    pub fn detections(&self) -> &[Detection] {
        &self.detections
    }

    pub fn is_empty(&self) -> bool {
        self.detections.is_empty()
    }

    /// Whether a rule matched.
    pub fn contains(&self, rule: usize) -> bool {
        self.detections.iter().any(|detection| detection.rule == rule)
    }
}
