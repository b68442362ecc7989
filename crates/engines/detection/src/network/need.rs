//! What must be seen in a record before a rule can match. Of several necessary things the rarest is looked for;
//! the estimate of rarity only decides speed, never a match.

use crate::expression::Expression;
use crate::pattern::Necessity;
use crate::predicate::{Predicate, Test};
use std::sync::Arc;

/// A thing to look for, folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trigger {
    /// The text is this.
    Whole(String),
    /// The text contains this.
    Part(String),
    /// There is a value.
    Present,
}

/// A trigger in a field, or in any text of the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Need {
    field: Option<Arc<str>>,
    trigger: Trigger,
}

impl Need {
    pub(super) fn split(self) -> (Option<Arc<str>>, Trigger) {
        (self.field, self.trigger)
    }

    /// Rough number of records out of a hundred that have it.
    fn frequency(&self) -> f32 {
        let by_length = |length: usize| match length {
            0 => 100.0,
            1 => 60.0,
            2 => 30.0,
            3 => 10.0,
            4 => 4.0,
            5..=7 => 1.0,
            _ => 0.3,
        };
        let base = match &self.trigger {
            Trigger::Present => 80.0,
            // Few values of a number or flag are many records; names and paths are rarer.
            Trigger::Whole(text) if text.len() <= 5 => 5.0,
            Trigger::Whole(_) => 0.5,
            Trigger::Part(text) if COMMON.contains(&text.as_str()) => 40.0,
            Trigger::Part(text) => by_length(text.len()),
        };
        // Looking through every text of a record is dear.
        if self.field.is_none() { base * 20.0 } else { base }
    }
}

/// Parts of paths that many records hold.
const COMMON: &[&str] = &[
    ".exe",
    ".dll",
    "\\",
    "c:\\",
    "\\windows\\",
    "c:\\windows\\",
    "\\system32\\",
    "c:\\windows\\system32\\",
    "\\cmd.exe",
    "\\powershell.exe",
    "\\svchost.exe",
    "\\services.exe",
    "\\explorer.exe",
    "c:\\program files",
    "c:\\program files\\",
    "\\users\\",
    "c:\\users\\",
    "\\appdata\\",
    "\\appdata\\local\\",
    "microsoft",
    "windows",
    "\\software\\",
    "hklm\\",
    "hku\\",
    "\\microsoft\\windows\\currentversion\\",
    "/bin/",
    "/usr/bin/",
    "http",
    " -",
    " /",
];

/// The things of which at least one is in every record that the expression holds for; `None` where nothing can be
/// named, for example under `not`.
pub(super) fn needs(expression: &Expression) -> Option<Vec<Need>> {
    weighed(expression).map(|(_, needs)| needs)
}

fn weighed(expression: &Expression) -> Option<(f32, Vec<Need>)> {
    match expression {
        Expression::Leaf(predicate) => {
            let need = of_predicate(predicate)?;
            Some((need.frequency(), vec![need]))
        }
        Expression::Not(_) => None,
        Expression::All(parts) => {
            parts.iter().filter_map(weighed).min_by(|(left, _), (right, _)| left.total_cmp(right))
        }
        Expression::AtLeast(0, _) => None,
        Expression::Any(parts) | Expression::AtLeast(_, parts) => {
            let mut sum = 0.0;
            let mut all = Vec::new();
            for part in parts {
                let (weight, needs) = weighed(part)?;
                sum += weight;
                all.extend(needs);
            }
            Some((sum, all))
        }
    }
}

fn of_predicate(predicate: &Predicate) -> Option<Need> {
    let trigger = match &predicate.test {
        Test::Text(pattern) => match pattern.necessity() {
            Necessity::Whole(text) => Trigger::Whole(crate::pattern::fold(text)),
            Necessity::Part(text) => Trigger::Part(crate::pattern::fold(text)),
            Necessity::Text => Trigger::Present,
        },
        Test::Number { spelled, value } => Trigger::Whole(number_spelling(*value, spelled)?),
        Test::Truth(truth) => Trigger::Whole(truth.to_string()),
        Test::Exists(false) | Test::Null => return None,
        _ => Trigger::Present,
    };
    Some(Need { field: predicate.field.clone(), trigger })
}

/// The one spelling under which a record's number is looked up; `None` where a number has several.
fn number_spelling(value: f64, spelled: &str) -> Option<String> {
    let whole = value.fract() == 0.0 && value.abs() < 9.0e15;
    let usual = if whole { (value as i64).to_string() } else { value.to_string() };
    (usual == spelled).then_some(usual)
}
