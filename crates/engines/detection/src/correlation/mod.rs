//! Correlations: rules over matches of other rules in time (Sigma correlation specification 2). This file holds
//! what a correlation asks; `state` holds what has been seen, `resolve` ties correlations to their base rules.

mod chains;
mod measure;
mod observe;
mod resolve;
mod saved;
mod state;
mod window;

pub(crate) use resolve::resolve;
pub use saved::CorrelationError;
pub use state::{CorrelationCounters, CorrelationLimits, CorrelationMatch, CorrelationState, Moment};

use crate::expression::Expression;
use event::Micros;
use rsigma_parser as sigma;
use rsigma_parser::{ConditionExpr, ConditionOperator, CorrelationCondition, CorrelationType};

/// What is computed over the events of a window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Measure {
    Events,
    DistinctValues,
    Sum,
    Average,
    /// 0 to 100.
    Percentile(f64),
    /// Distinct base rules.
    Rules,
    /// Distinct base rules, in the order in which the correlation lists them.
    RulesInOrder,
}

/// What a file says in numbers that the parser does not read exactly.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Numbers {
    /// The comparisons of the condition.
    pub(crate) comparisons: Vec<(ConditionOperator, f64)>,
    pub(crate) percentile: Option<f64>,
}

impl Measure {
    /// Whether an event counts only with a value of the condition's field.
    pub(crate) fn needs_value(self) -> bool {
        !matches!(self, Self::Events | Self::Rules | Self::RulesInOrder)
    }

    /// It is about which rules matched, not about how often or what.
    pub(crate) fn is_temporal(self) -> bool {
        matches!(self, Self::Rules | Self::RulesInOrder)
    }

    /// A record counts once, however many of the base rules it matches.
    pub(crate) fn counts_records(self) -> bool {
        !matches!(self, Self::DistinctValues | Self::Rules | Self::RulesInOrder)
    }

    /// What a match brings to it. Measures of one kind can go on with what another of them has seen.
    fn brings(self) -> &'static str {
        match self {
            Self::Events | Self::Rules | Self::RulesInOrder => "itself",
            Self::DistinctValues => "text",
            Self::Sum => "summand",
            Self::Average | Self::Percentile(_) => "number",
        }
    }
}

/// When a window matches.
#[derive(Debug, Clone)]
pub(crate) enum Condition {
    /// Every comparison holds for the measured number.
    Number(Vec<(ConditionOperator, f64)>),
    /// Every base rule was seen.
    AllRules,
    /// A boolean combination of base rules, by position.
    Combination(Expression<usize>),
}

/// A compiled correlation.
#[derive(Debug)]
pub(crate) struct Correlation {
    pub(crate) measure: Measure,
    pub(crate) condition: Condition,
    /// Where it is about rules: the lists of base rules of which one must be complete, each in the order of the rules.
    pub(crate) chains: Option<Vec<Vec<usize>>>,
    /// Field(s) whose values are measured; several count as one combined value.
    pub(crate) value_fields: Vec<String>,
    /// Base rules by id or name, as written.
    pub(crate) references: Vec<String>,
    /// Their positions in the rule set, filled by [`resolve`].
    pub(crate) bases: Vec<usize>,
    pub(crate) group_by: Vec<String>,
    /// For each base the field behind each `group-by` entry.
    pub(crate) group_fields: Vec<Vec<String>>,
    aliases: Vec<sigma::FieldAlias>,
    pub(crate) span: Micros,
    pub(crate) generate: bool,
    /// Entries that are kept per group; beyond it what the measure does not miss goes first.
    pub(crate) capacity: usize,
    /// What is remembered is kept under it, filled by [`resolve`]: the same number, the same matches are taken in.
    pub(crate) memory: u64,
}

/// Entries that are kept per group at least.
const MIN_CAPACITY: usize = 1_024;
/// Highest number of events or values that is accepted as a threshold: a group keeps twice as many entries.
const MAX_THRESHOLD: f64 = 100_000.0;

impl Correlation {
    /// `numbers` are those of the file, where they could be read.
    pub(crate) fn new(rule: &sigma::CorrelationRule, numbers: Option<Numbers>) -> Result<Self, String> {
        if rule.window != sigma::WindowMode::Sliding {
            return Err(format!("the window '{}' is not part of the Sigma specification", rule.window.as_str()));
        }
        if rule.rules.is_empty() {
            return Err("the correlation names no rules".to_owned());
        }
        let span = i64::try_from(rule.timespan.seconds).ok().and_then(|seconds| seconds.checked_mul(1_000_000));
        let Some(span) = span else { return Err("the timespan is too long".to_owned()) };
        let (predicates, fields, percentile) = match &rule.condition {
            CorrelationCondition::Threshold { predicates, field, percentile } => {
                let predicates = predicates.iter().map(|(operator, number)| (*operator, *number as f64)).collect();
                (predicates, field.clone().unwrap_or_default(), percentile.map(|rank| rank as f64))
            }
            CorrelationCondition::Extended(_) => (Vec::new(), Vec::new(), None),
        };
        let (predicates, percentile) = match numbers {
            Some(numbers) if numbers.comparisons.len() == predicates.len() => {
                (numbers.comparisons, numbers.percentile.or(percentile))
            }
            _ => (predicates, percentile),
        };
        let measure = match rule.correlation_type {
            CorrelationType::EventCount => Measure::Events,
            CorrelationType::ValueCount => Measure::DistinctValues,
            CorrelationType::Temporal => Measure::Rules,
            CorrelationType::TemporalOrdered => Measure::RulesInOrder,
            CorrelationType::ValueSum => Measure::Sum,
            CorrelationType::ValueAvg => Measure::Average,
            CorrelationType::ValueMedian => Measure::Percentile(50.0),
            CorrelationType::ValuePercentile => Measure::Percentile(percentile.unwrap_or(50.0).clamp(0.0, 100.0)),
        };
        if measure.needs_value() && fields.is_empty() {
            return Err(format!("{} needs a field in its condition", rule.correlation_type.as_str()));
        }
        let condition = condition(rule, measure, &predicates)?;
        let threshold = predicates.iter().map(|(_, number)| *number).fold(0.0, f64::max);
        // Only of these the threshold says how many entries it takes; a sum may take any number.
        let counts_entries = matches!(measure, Measure::Events | Measure::DistinctValues);
        if counts_entries && threshold > MAX_THRESHOLD {
            return Err(format!("a threshold of more than {MAX_THRESHOLD} events or values is not kept in memory"));
        }
        let counted = if counts_entries { threshold.ceil() as usize } else { 0 };
        let capacity = counted.saturating_mul(2).max(MIN_CAPACITY);
        Ok(Self {
            chains: chains::of(measure, &condition, rule.rules.len())?,
            measure,
            condition,
            value_fields: fields,
            references: rule.rules.clone(),
            bases: Vec::new(),
            group_by: rule.group_by.clone(),
            group_fields: Vec::new(),
            aliases: rule.aliases.clone(),
            span,
            generate: rule.generate,
            capacity,
            memory: 0,
        })
    }
}

fn condition(
    rule: &sigma::CorrelationRule,
    measure: Measure,
    predicates: &[(ConditionOperator, f64)],
) -> Result<Condition, String> {
    let temporal = measure.is_temporal();
    if let CorrelationCondition::Extended(expression) = &rule.condition {
        return if temporal {
            combination(expression, &rule.rules).map(Condition::Combination)
        } else {
            Err(format!("{} wants a comparison as its condition", rule.correlation_type.as_str()))
        };
    }
    // The parser stands in `gte: 1` where a temporal correlation has no condition; every rule must be seen then.
    if temporal && matches!(predicates, [(ConditionOperator::Gte, number)] if *number == 1.0) {
        return Ok(Condition::AllRules);
    }
    use ConditionOperator as Op;
    let rises = predicates.iter().any(|(operator, number)| match operator {
        Op::Gt => true,
        Op::Gte | Op::Eq => *number > 0.0,
        Op::Neq => *number == 0.0,
        Op::Lt | Op::Lte => false,
    });
    let averages = matches!(measure, Measure::Average | Measure::Percentile(_));
    if !rises && !averages {
        return Err(
            "a condition that holds without any event cannot be decided on a stream: name a lower bound".to_owned()
        );
    }
    Ok(Condition::Number(predicates.to_vec()))
}

fn combination(expression: &ConditionExpr, rules: &[String]) -> Result<Expression<usize>, String> {
    let all = |parts: &[ConditionExpr]| -> Result<Vec<_>, String> {
        parts.iter().map(|part| combination(part, rules)).collect()
    };
    match expression {
        ConditionExpr::And(parts) => Ok(Expression::All(all(parts)?)),
        ConditionExpr::Or(parts) => Ok(Expression::Any(all(parts)?)),
        ConditionExpr::Identifier(name) => match rules.iter().position(|rule| rule == name) {
            Some(position) => Ok(Expression::Leaf(position)),
            None => Err(format!("the condition names '{name}', which is not among the rules")),
        },
        ConditionExpr::Not(_) => Err("the absence of a match cannot be decided on a stream".to_owned()),
        ConditionExpr::Selector { .. } => Err("a correlation's condition names its rules one by one".to_owned()),
    }
}

impl Condition {
    pub(crate) fn number_holds(&self, number: f64) -> bool {
        match self {
            Self::Number(comparisons) => comparisons.iter().all(|(operator, limit)| match operator {
                ConditionOperator::Lt => number < *limit,
                ConditionOperator::Lte => number <= *limit,
                ConditionOperator::Gt => number > *limit,
                ConditionOperator::Gte => number >= *limit,
                ConditionOperator::Eq => number == *limit,
                ConditionOperator::Neq => number != *limit,
            }),
            Self::AllRules | Self::Combination(_) => false,
        }
    }
}

#[cfg(test)]
mod tests;
