//! A rule's condition as a tree that people can read, and what one record answers to each part of it. Not on the hot path:
//! every part is asked, and nothing is shared between rules.

use crate::correlation::{Condition, Correlation, Measure};
use crate::expression::Expression;
use crate::network::{Network, ShapeSlots};
use crate::pattern::{Shape, fold};
use crate::predicate::{Comparison, Predicate, Test, TimePart};
use crate::rules::{Body, RuleSet};
use crate::view::{Scratch, View};
use event::{Micros, Record, Value};
use rsigma_parser::ConditionOperator;
use std::sync::Arc;

/// Longest value shown, in bytes, and most values of a list.
const LONGEST_SHOWN: usize = 500;
const MOST_VALUES: usize = 10;

/// What a rule asks.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    Condition(Part),
    Correlation(CorrelationReading),
}

/// A part of a condition.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    pub link: Link,
    /// Whether it holds for the record; nothing where none was given.
    pub holds: Option<bool>,
    /// What it links.
    pub parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Link {
    All,
    Any,
    Not,
    AtLeast(u64),
    Ask(Ask),
    /// A base rule of a correlation, by its place among them.
    Base(usize),
}

/// A question about one field, or about every text of the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    pub field: Option<String>,
    pub how: How,
    /// Letter case counts.
    pub cased: bool,
    /// The value as the rule writes it.
    pub value: String,
    /// What the record has there; nothing where the field is absent, or no record was given.
    pub met: Option<String>,
}

/// How a field is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum How {
    Equals,
    NotEqual,
    StartsWith,
    EndsWith,
    Contains,
    /// Wildcards inside the value.
    Like,
    /// Another form of the value: encoded, with other dashes, or what a placeholder stands for.
    Derived,
    Regex,
    Network,
    Empty,
    Present,
    Absent,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    /// The value is the name of another field.
    SameAsField,
    StartsWithField,
    EndsWithField,
    ContainsField,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

/// What a correlation asks of the matches of other rules.
#[derive(Debug, Clone, PartialEq)]
pub struct CorrelationReading {
    pub measure: CorrelationMeasure,
    /// Comparisons that the measured number must pass; none where every base rule must be seen.
    pub comparisons: Vec<(How, f64)>,
    /// A combination of base rules, where the correlation names one.
    pub combination: Option<Part>,
    /// Fields whose values are measured.
    pub fields: Vec<String>,
    /// Positions of the base rules in the set.
    pub bases: Vec<usize>,
    pub group_by: Vec<String>,
    pub span: Micros,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum CorrelationMeasure {
    Events,
    DistinctValues,
    Sum,
    Average,
    /// 0 to 100.
    Percentile(f64),
    Rules,
    RulesInOrder,
}

/// What a record answers to a rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The rule is written for this kind of log.
    pub log_source_fits: bool,
    pub condition: Part,
}

impl Explanation {
    /// Whether the rule matches the record.
    pub fn matches(&self) -> bool {
        self.log_source_fits && self.condition.holds == Some(true)
    }
}

impl RuleSet {
    /// What the rule at a position asks.
    pub fn reading(&self, position: usize) -> Option<Reading> {
        Some(match &self.rules.get(position)?.body {
            Body::Condition(condition) => Reading::Condition(part(condition, None)),
            Body::Correlation(correlation) => Reading::Correlation(reading_of(correlation)),
        })
    }

    /// What a record answers to the rule at a position; nothing for a correlation, which asks about matches of its base
    /// rules and not about records.
    pub fn explain(&self, position: usize, record: &dyn Record) -> Option<Explanation> {
        let rule = self.rules.get(position)?;
        let Body::Condition(condition) = &rule.body else { return None };
        let network = Network::new(&self.rules, &[position]);
        let view = View::new(record, &network, &mut ShapeSlots::default(), &mut Scratch::default());
        let source = &rule.log_source;
        let (product, category, service) =
            (source.product.as_deref(), source.category.as_deref(), source.service.as_deref());
        Some(Explanation {
            log_source_fits: record.log_source().matches(product, category, service),
            condition: part(condition, Some(&Asked { view, network: &network })),
        })
    }
}

/// A record that is asked.
struct Asked<'r> {
    view: View<'r>,
    network: &'r Network,
}

impl Asked<'_> {
    fn answer(&self, predicate: &Predicate) -> bool {
        match &predicate.field {
            Some(field) => self.network.slot_of(field).is_some_and(|slot| predicate.test.holds(&self.view, slot)),
            None => self.keyword(&predicate.test).is_some(),
        }
    }

    /// The first text that a keyword is found in.
    fn keyword(&self, test: &Test) -> Option<&str> {
        let mut texts = self.view.keyword_texts().iter();
        texts.find(|(text, folded)| test.holds_for_text(text, folded)).map(|(text, _)| text.as_str())
    }

    fn met(&self, predicate: &Predicate) -> Option<String> {
        match &predicate.field {
            Some(field) => self.view.value_named(field).map(shown),
            None => self.keyword(&predicate.test).map(cut),
        }
    }
}

fn part(expression: &Expression, asked: Option<&Asked<'_>>) -> Part {
    match expression {
        Expression::Leaf(predicate) => ask(&[predicate], asked),
        Expression::All(parts) => linked(Link::All, parts, asked),
        Expression::Any(parts) => match variants(parts) {
            Some(predicates) => ask(&predicates, asked),
            None => linked(Link::Any, parts, asked),
        },
        Expression::AtLeast(wanted, parts) => linked(Link::AtLeast(*wanted), parts, asked),
        Expression::Not(inner) => {
            let inner = part(inner, asked);
            Part { link: Link::Not, holds: inner.holds.map(|holds| !holds), parts: vec![inner] }
        }
    }
}

/// The predicates of an alternative that is one value in several forms.
fn variants(parts: &[Expression]) -> Option<Vec<&Arc<Predicate>>> {
    let predicates: Vec<_> = parts.iter().map(leaf).collect::<Option<_>>()?;
    let (first, others) = predicates.split_first()?;
    let same = others.iter().all(|other| other.field == first.field && other.shown == first.shown);
    same.then_some(predicates)
}

fn leaf(part: &Expression) -> Option<&Arc<Predicate>> {
    match part {
        Expression::Leaf(predicate) => Some(predicate),
        _ => None,
    }
}

fn linked(link: Link, parts: &[Expression], asked: Option<&Asked<'_>>) -> Part {
    if let ([only], Link::All | Link::Any) = (parts, &link) {
        return part(only, asked);
    }
    let parts = parts.iter().map(|one| part(one, asked));
    // Alternatives of alternatives are alternatives, and so with conditions that must all hold.
    let flat = |one: Part| match (&link, one.link == link) {
        (Link::All | Link::Any, true) => one.parts,
        _ => vec![one],
    };
    let parts: Vec<Part> = parts.flat_map(flat).collect();
    let held = parts.iter().filter(|part| part.holds == Some(true)).count();
    let holds = asked.map(|_| match &link {
        Link::Any => held > 0,
        Link::AtLeast(wanted) => held as u64 >= *wanted,
        _ => held == parts.len(),
    });
    Part { link, holds, parts }
}

/// One value of a rule, in all its forms.
fn ask(forms: &[&Arc<Predicate>], asked: Option<&Asked<'_>>) -> Part {
    let holding = asked.and_then(|asked| forms.iter().find(|form| asked.answer(form)));
    let hows = || forms.iter().map(|form| how(form));
    let chosen = hows().find(|(how, _, _)| *how != How::Derived).or_else(|| hows().next());
    let (how, cased, value) = chosen.unwrap_or((How::Equals, false, String::new()));
    let field = forms.first().and_then(|form| form.field.as_deref()).map(ToOwned::to_owned);
    let met = asked.and_then(|asked| asked.met(holding.or_else(|| forms.first())?));
    Part {
        link: Link::Ask(Ask { field, how, cased, value, met }),
        holds: asked.map(|_| holding.is_some()),
        parts: Vec::new(),
    }
}

/// How a predicate asks, whether letter case counts, and for what.
fn how(predicate: &Predicate) -> (How, bool, String) {
    let shown = || predicate.shown.to_string();
    match &predicate.test {
        Test::Text(pattern) => text(&pattern.shape(), &predicate.shown),
        Test::Regex(_) => (How::Regex, false, shown()),
        Test::Network(_) => (How::Network, false, shown()),
        Test::Number { .. } | Test::Truth(_) => (How::Equals, false, shown()),
        Test::Null => (How::Empty, false, String::new()),
        Test::Exists(true) => (How::Present, false, String::new()),
        Test::Exists(false) => (How::Absent, false, String::new()),
        Test::Compare(comparison, _) => (compared(*comparison), false, shown()),
        Test::SameAs { other, cased, open_start, open_end } => {
            let how = match (open_start, open_end) {
                (false, false) => How::SameAsField,
                (false, true) => How::StartsWithField,
                (true, false) => How::EndsWithField,
                (true, true) => How::ContainsField,
            };
            (how, *cased, other.to_string())
        }
        Test::TimePart(part, comparison, _) => {
            let how = match part {
                TimePart::Minute => How::Minute,
                TimePart::Hour => How::Hour,
                TimePart::Day => How::Day,
                TimePart::Week => How::Week,
                TimePart::Month => How::Month,
                TimePart::Year => How::Year,
            };
            let sign = match comparison {
                None => "",
                Some(Comparison::Less) => "< ",
                Some(Comparison::LessOrEqual) => "≤ ",
                Some(Comparison::Greater) => "> ",
                Some(Comparison::GreaterOrEqual) => "≥ ",
            };
            (how, false, format!("{sign}{}", shown()))
        }
    }
}

fn compared(comparison: Comparison) -> How {
    match comparison {
        Comparison::Less => How::Less,
        Comparison::LessOrEqual => How::LessOrEqual,
        Comparison::Greater => How::Greater,
        Comparison::GreaterOrEqual => How::GreaterOrEqual,
    }
}

fn text(shape: &Shape, shown: &str) -> (How, bool, String) {
    let bare = |text: &str| fold(text).replace(['*', '?', '\\'], "");
    if bare(shown) != bare(&shape.literals) {
        return (How::Derived, shape.cased, shown.to_owned());
    }
    let how = match (shape.is_plain, shape.open_start, shape.open_end) {
        (true, false, false) => How::Equals,
        (true, false, true) => How::StartsWith,
        (true, true, false) => How::EndsWith,
        (true, true, true) => How::Contains,
        (false, ..) => How::Like,
    };
    if how != How::Like {
        // Stars of the value itself are told by the words.
        return (how, shape.cased, shown.trim_matches('*').to_owned());
    }
    let before = if shape.open_start && !shown.starts_with('*') { "*" } else { "" };
    let after = if shape.open_end && !shown.ends_with('*') { "*" } else { "" };
    (how, shape.cased, format!("{before}{shown}{after}"))
}

/// A value of a record for people.
fn shown(value: &Value) -> String {
    let mut texts = Vec::new();
    value.any_text(&mut |text| {
        texts.push(cut(text));
        texts.len() >= MOST_VALUES
    });
    texts.join(", ")
}

fn cut(text: &str) -> String {
    match text.get(..text.floor_char_boundary(LONGEST_SHOWN)) {
        Some(short) if short.len() < text.len() => format!("{short}…"),
        _ => text.to_owned(),
    }
}

fn reading_of(correlation: &Correlation) -> CorrelationReading {
    let (comparisons, combination) = match &correlation.condition {
        Condition::Number(comparisons) => {
            (comparisons.iter().map(|(operator, number)| (operator_of(*operator), *number)).collect(), None)
        }
        Condition::AllRules => (Vec::new(), None),
        Condition::Combination(expression) => (Vec::new(), Some(combination(expression))),
    };
    CorrelationReading {
        measure: match correlation.measure {
            Measure::Events => CorrelationMeasure::Events,
            Measure::DistinctValues => CorrelationMeasure::DistinctValues,
            Measure::Sum => CorrelationMeasure::Sum,
            Measure::Average => CorrelationMeasure::Average,
            Measure::Percentile(percent) => CorrelationMeasure::Percentile(percent),
            Measure::Rules => CorrelationMeasure::Rules,
            Measure::RulesInOrder => CorrelationMeasure::RulesInOrder,
        },
        comparisons,
        combination,
        fields: correlation.value_fields.clone(),
        bases: correlation.bases.clone(),
        group_by: correlation.group_by.clone(),
        span: correlation.span,
    }
}

fn operator_of(operator: ConditionOperator) -> How {
    match operator {
        ConditionOperator::Lt => How::Less,
        ConditionOperator::Lte => How::LessOrEqual,
        ConditionOperator::Gt => How::Greater,
        ConditionOperator::Gte => How::GreaterOrEqual,
        ConditionOperator::Eq => How::Equals,
        ConditionOperator::Neq => How::NotEqual,
    }
}

fn combination(expression: &Expression<usize>) -> Part {
    let all = |parts: &[Expression<usize>]| parts.iter().map(combination).collect();
    let (link, parts) = match expression {
        Expression::All(parts) => (Link::All, all(parts)),
        Expression::Any(parts) => (Link::Any, all(parts)),
        Expression::AtLeast(wanted, parts) => (Link::AtLeast(*wanted), all(parts)),
        Expression::Not(inner) => (Link::Not, vec![combination(inner)]),
        Expression::Leaf(base) => (Link::Base(*base), Vec::new()),
    };
    Part { link, holds: None, parts }
}

#[cfg(test)]
mod tests;
