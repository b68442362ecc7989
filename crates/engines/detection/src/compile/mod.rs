//! From the parser's syntax tree to an [`Expression`]: detections, selectors, conditions. Whatever cannot be
//! compiled refuses its rule alone, with the place in the file.

mod literals;
mod values;

use crate::expression::Expression;
use crate::predicate::{Predicate, Test};
use rsigma_parser::{ConditionExpr, Detection, DetectionItem, Detections, Modifier, Quantifier, SigmaValue};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Why a rule was refused, and the keys that lead to the place (`detection`, `selection`, `Image|endswith`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CompileError {
    pub(crate) reason: String,
    pub(crate) place: Vec<String>,
}

impl CompileError {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), place: Vec::new() }
    }

    pub(crate) fn at(mut self, key: &str) -> Self {
        self.place.insert(0, key.to_owned());
        self
    }
}

/// Values for `%placeholders%`.
pub(crate) type Placeholders = BTreeMap<String, Vec<String>>;

/// A compiled detection section.
#[derive(Debug, Clone)]
pub(crate) struct Compiled {
    pub(crate) expression: Expression,
    /// Placeholders that nobody gave a value for.
    pub(crate) missing: BTreeSet<String>,
}

/// What is known while compiling one rule.
struct Context<'c> {
    placeholders: &'c Placeholders,
    missing: BTreeSet<String>,
}

pub(crate) fn compile(detections: &Detections, placeholders: &Placeholders) -> Result<Compiled, CompileError> {
    let mut context = Context { placeholders, missing: BTreeSet::new() };
    let mut named = BTreeMap::new();
    for (name, detection) in &detections.named {
        let expression = context.detection(detection).map_err(|error| error.at(name))?;
        named.insert(name.as_str(), expression);
    }
    let mut conditions = Vec::with_capacity(detections.conditions.len());
    for condition in &detections.conditions {
        conditions.push(resolve(condition, &named).map_err(|error| error.at("condition"))?);
    }
    let expression = match conditions.len() {
        0 => return Err(CompileError::new("the rule has no condition").at("condition")),
        1 => conditions.remove(0),
        _ => Expression::Any(conditions),
    };
    Ok(Compiled { expression, missing: context.missing })
}

fn resolve(condition: &ConditionExpr, named: &BTreeMap<&str, Expression>) -> Result<Expression, CompileError> {
    let all = |parts: &[ConditionExpr]| parts.iter().map(|part| resolve(part, named)).collect::<Result<Vec<_>, _>>();
    Ok(match condition {
        ConditionExpr::And(parts) => Expression::All(all(parts)?),
        ConditionExpr::Or(parts) => Expression::Any(all(parts)?),
        ConditionExpr::Not(part) => Expression::Not(Box::new(resolve(part, named)?)),
        ConditionExpr::Identifier(name) => named.get(name.as_str()).cloned().ok_or_else(|| {
            CompileError::new(format!("the condition names '{name}', which the detection section does not define"))
        })?,
        ConditionExpr::Selector { quantifier, pattern } => {
            let hidden = matches!(pattern, rsigma_parser::SelectorPattern::Pattern(text) if text.starts_with('_'));
            let chosen: Vec<Expression> = named
                .iter()
                .filter(|(name, _)| pattern.matches_detection_name(name) && (hidden || !name.starts_with('_')))
                .map(|(_, expression)| expression.clone())
                .collect();
            if chosen.is_empty() {
                return Err(CompileError::new(format!("'{quantifier} of {pattern}' selects no detection")));
            }
            match quantifier {
                Quantifier::Any => Expression::Any(chosen),
                Quantifier::All => Expression::All(chosen),
                Quantifier::Count(wanted) => Expression::AtLeast(*wanted, chosen),
            }
        }
    })
}

impl Context<'_> {
    fn detection(&mut self, detection: &Detection) -> Result<Expression, CompileError> {
        match detection {
            Detection::AllOf(items) if items.is_empty() => Err(CompileError::new("the detection is empty")),
            Detection::AllOf(items) => {
                let parts = items.iter().map(|item| self.item(item)).collect::<Result<Vec<_>, _>>()?;
                Ok(Expression::All(parts))
            }
            Detection::AnyOf(parts) if parts.is_empty() => Err(CompileError::new("the detection is empty")),
            Detection::AnyOf(parts) => {
                Ok(Expression::Any(parts.iter().map(|part| self.detection(part)).collect::<Result<_, _>>()?))
            }
            Detection::And(parts) => {
                Ok(Expression::All(parts.iter().map(|part| self.detection(part)).collect::<Result<_, _>>()?))
            }
            Detection::Keywords(values) => {
                if values.is_empty() {
                    return Err(CompileError::new("the list of keywords is empty"));
                }
                let item =
                    DetectionItem { field: rsigma_parser::FieldSpec::new(None, Vec::new()), values: values.clone() };
                self.item(&item)
            }
            Detection::ArrayMatch { field, .. } => Err(CompileError::new(format!(
                "'{field}' uses array matching (sigma-version 3), which is not part of the Sigma specification 2"
            ))),
            Detection::Conditional { .. } => Err(CompileError::new(
                "nested conditions in a detection (sigma-version 3) are not part of the Sigma specification 2",
            )),
        }
    }

    /// One line of a detection: a field with its values. Values are linked by or, with `|all` by and; what one
    /// value expands to is always linked by or.
    fn item(&mut self, item: &DetectionItem) -> Result<Expression, CompileError> {
        let key = shown_key(item);
        self.item_unplaced(item).map_err(|error| error.at(&key))
    }

    fn item_unplaced(&mut self, item: &DetectionItem) -> Result<Expression, CompileError> {
        let field: Option<Arc<str>> =
            item.field.name.as_deref().map(|name| rsigma_parser::fieldpath::unescape_brackets(name).as_ref().into());
        let mut linked = Vec::with_capacity(item.values.len());
        for value in &item.values {
            let tests = values::tests(value, &item.field.modifiers, field.is_none(), self)?;
            let shown: Arc<str> = shown_value(value).into();
            let leaf = |test: Test| Expression::Leaf(Arc::new(Predicate::new(field.clone(), test, shown.clone())));
            linked.push(one_of(tests.into_iter().map(leaf).collect()));
        }
        if linked.is_empty() {
            // No value at all means null (pySigma: "no value: map to none type").
            if field.is_none() {
                return Err(CompileError::new("a keyword needs a value"));
            }
            linked.push(Expression::Leaf(Arc::new(Predicate::new(field, Test::Null, "null".into()))));
        }
        let linked = match linked.len() {
            1 => linked.remove(0),
            _ if item.field.has_modifier(Modifier::All) => Expression::All(linked),
            _ => Expression::Any(linked),
        };
        Ok(if item.field.has_modifier(Modifier::Neq) { Expression::Not(Box::new(linked)) } else { linked })
    }
}

fn one_of(mut parts: Vec<Expression>) -> Expression {
    if parts.len() == 1 { parts.remove(0) } else { Expression::Any(parts) }
}

fn shown_value(value: &SigmaValue) -> String {
    value.to_string()
}

/// The key as the file writes it, as far as the parser kept it: the field's name, or the first value's text.
fn shown_key(item: &DetectionItem) -> String {
    item.field.name.clone().unwrap_or_default()
}
