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
        let base = match &self.trigger {
            Trigger::Present => 80.0,
            // Few values of a number or flag are many records; names and paths are rarer.
            Trigger::Whole(text) if text.len() <= 8 => 5.0,
            Trigger::Whole(text) => by_length(telling(text)).min(2.0),
            Trigger::Part(text) => by_length(telling(text)),
        };
        // Looking through every text of a record is dear.
        if self.field.is_none() { base * 20.0 } else { base }
    }
}

fn by_length(length: usize) -> f32 {
    match length {
        0 => 60.0,
        1 => 40.0,
        2 => 20.0,
        3 => 8.0,
        4 => 4.0,
        5..=7 => 1.0,
        _ => 0.3,
    }
}

/// Words that many records hold, longer ones before those that are part of them.
const COMMON: &[&str] = &[
    "\\system\\currentcontrolset\\",
    "\\windows nt\\currentversion\\",
    "\\microsoft\\windows\\currentversion\\",
    "c:\\windows\\system32\\",
    "\\windows\\system32\\",
    "\\program files",
    "\\programdata\\",
    "\\appdata\\local\\",
    "powershell",
    "currentversion",
    "\\services\\",
    "system32",
    "syswow64",
    "microsoft",
    "software",
    "explorer",
    "services",
    "svchost",
    "windows",
    "unknown",
    "(x86)",
    "\\users\\",
    "appdata",
    "\\temp\\",
    "lsass",
    "hidden",
    "local",
    "ntdll",
    "new-object",
    "-noni",
    "-nop",
    "hklm",
    "hkcu",
    "http",
    "/bin/",
    "/usr",
    ".exe",
    ".dll",
    "cmd",
    "0x",
    "c:",
];

/// Bytes of a text that are neither part of common words nor punctuation.
fn telling(text: &str) -> usize {
    let mut rest = text.to_owned();
    for word in COMMON {
        if rest.contains(word) {
            rest = rest.replace(word, "\\");
        }
    }
    rest.bytes().filter(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii()).count() + usize::from(rest.len() > 16)
}

/// The things of which at least one is in every record that the expression holds for; `None` where nothing can be
/// named, for example under `not`.
pub(super) fn needs(expression: &Expression) -> Option<Vec<Need>> {
    weighed(expression, &of_predicate).map(|(_, needs)| needs)
}

/// The same as texts alone, folded, each with its field (none for keywords).
pub(crate) fn texts(expression: &Expression) -> Option<Vec<(Option<Arc<str>>, String)>> {
    let is_text = |need: &Need| matches!(need.trigger, Trigger::Whole(_) | Trigger::Part(_));
    let of_texts = |predicate: &Predicate| of_predicate(predicate).filter(|needs| needs.iter().all(is_text));
    let (_, needs) = weighed(expression, &of_texts)?;
    let text = |need: Need| match need.trigger {
        Trigger::Whole(text) | Trigger::Part(text) => Some((need.field, text)),
        Trigger::Present => None,
    };
    needs.into_iter().map(text).collect()
}

/// What a predicate needs, if that can be named.
type OfPredicate<'f> = &'f dyn Fn(&Predicate) -> Option<Vec<Need>>;

fn weighed(expression: &Expression, of_predicate: OfPredicate<'_>) -> Option<(f32, Vec<Need>)> {
    match expression {
        Expression::Leaf(predicate) => {
            let needs = of_predicate(predicate)?;
            Some((needs.iter().map(Need::frequency).sum(), needs))
        }
        Expression::Not(_) => None,
        Expression::All(parts) => {
            let parts = parts.iter().filter_map(|part| weighed(part, of_predicate));
            parts.min_by(|(left, _), (right, _)| left.total_cmp(right))
        }
        Expression::AtLeast(0, _) => None,
        Expression::Any(parts) | Expression::AtLeast(_, parts) => {
            let mut sum = 0.0;
            let mut all = Vec::new();
            for part in parts {
                let (weight, needs) = weighed(part, of_predicate)?;
                sum += weight;
                all.extend(needs);
            }
            Some((sum, all))
        }
    }
}

fn of_predicate(predicate: &Predicate) -> Option<Vec<Need>> {
    let need = |trigger| Need { field: predicate.field.clone(), trigger };
    let trigger = match &predicate.test {
        Test::Text(pattern) => match pattern.necessity() {
            Necessity::Whole(text) => Trigger::Whole(crate::pattern::fold(text)),
            Necessity::Part(text) => Trigger::Part(crate::pattern::fold(text)),
            Necessity::Text => Trigger::Present,
        },
        Test::Number { spelled, value } => Trigger::Whole(number_spelling(*value, spelled)?),
        Test::Truth(truth) => Trigger::Whole(truth.to_string()),
        Test::Exists(false) | Test::Null => return None,
        Test::Regex(expression) if !expression.literals.is_empty() => {
            return Some(expression.literals.iter().map(|text| need(Trigger::Part(text.clone()))).collect());
        }
        _ => Trigger::Present,
    };
    Some(vec![need(trigger)])
}

/// The one spelling under which a record's number is looked up; `None` where a number has several.
fn number_spelling(value: f64, spelled: &str) -> Option<String> {
    let whole = value.fract() == 0.0 && value.abs() < 9.0e15;
    let usual = if whole { (value as i64).to_string() } else { value.to_string() };
    (usual == spelled).then_some(usual)
}
