//! Sigma rules over records: loading, matching, correlation. Rules are parsed by `rsigma-parser`; what they mean is
//! compiled and evaluated here, to the letter of the Sigma specification 2. Knows no format and no storage: it asks
//! records by field name through [`event::Record`].

mod compile;
mod correlation;
mod cost;
mod engine;
mod explain;
mod expression;
mod hash;
mod indicators;
mod matches;
mod network;
mod pattern;
mod predicate;
mod retain;
mod rule_tests;
mod rules;
mod view;

pub use correlation::{
    CorrelationCounters, CorrelationError, CorrelationLimits, CorrelationMatch, CorrelationState, Moment,
};
pub use cost::RuleCost;
pub use engine::Engine;
pub use explain::{Ask, CorrelationMeasure, CorrelationReading, Explanation, How, Link, Part, Reading};
pub use indicators::{
    Indicator, IndicatorFacts, IndicatorHit, IndicatorHits, IndicatorKind, IndicatorSet, IndicatorSetBuilder, ListLine,
    PatternRefusal, Refusal, StixIndicator, StixRefusal, list_lines, read_bundle,
};
pub use matches::{Detection, MatchedField, Matches};
pub use rule_tests::{RuleTestCase, RuleTestFile, TestRecord};
pub use rules::{
    Clue, Level, LoadOptions, Related, Replaced, Rule, RuleError, RuleLogSource, RuleSet, RuleSource, Warning,
};
