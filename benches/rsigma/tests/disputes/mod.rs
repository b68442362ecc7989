//! What rsigma-eval 0.23 is known to read otherwise: for each dispute of `disputes.md`, whether a rule and a record have to
//! do with it. That a dispute is one does not say that a difference is right: the naive evaluator must answer as we do.

use event::{Event, Value};
use rsigma_parser::{Detection, DetectionItem, Detections, Modifier, SigmaString, SigmaValue};

/// The table of disputes, each with the sentence of the specification that decides it.
pub(crate) const WRITTEN: &str = include_str!("../../disputes.md");

/// What of a rule and a record disputes are about.
#[derive(Default)]
struct Traits {
    items: Vec<(bool, Vec<Modifier>, Vec<SigmaValue>)>,
    record_texts: Vec<String>,
    record_holds_scalars: bool,
    record_holds_null: bool,
}

impl Traits {
    fn of(rule: &Detections, record: &Event) -> Self {
        let mut all = Self::default();
        rule.named.values().for_each(|detection| all.take(detection));
        record.message.iter().for_each(|message| all.record_texts.push(message.clone()));
        record.fields.iter().for_each(|(_, value)| all.see(value));
        all
    }

    fn take(&mut self, detection: &Detection) {
        match detection {
            Detection::AllOf(items) => items.iter().for_each(|item| self.take_item(item)),
            Detection::AnyOf(parts) | Detection::And(parts) => parts.iter().for_each(|part| self.take(part)),
            Detection::Keywords(values) => self.items.push((true, Vec::new(), values.clone())),
            _ => {}
        }
    }

    fn take_item(&mut self, item: &DetectionItem) {
        self.items.push((item.field.name.is_none(), item.field.modifiers.clone(), item.values.clone()));
    }

    fn see(&mut self, value: &Value) {
        match value {
            Value::Null => self.record_holds_null = true,
            Value::Bool(_) | Value::Int(_) | Value::Float(_) => self.record_holds_scalars = true,
            Value::Text(text) => self.record_texts.push(text.to_string()),
            Value::List(values) => {
                self.record_holds_null |= values.is_empty();
                values.iter().for_each(|one| self.see(one));
            }
        }
    }

    /// Whether an item, of fields or a keyword, is so.
    fn any(&self, holds: impl Fn(bool, &[Modifier], &[SigmaValue]) -> bool) -> bool {
        self.items.iter().any(|(keyword, modifiers, values)| holds(*keyword, modifiers, values))
    }

    fn has(&self, wanted: Modifier) -> bool {
        self.any(|_, modifiers, _| modifiers.contains(&wanted))
    }

    fn texts_of_rule(&self) -> impl Iterator<Item = &SigmaString> {
        self.items.iter().flat_map(|(_, _, values)| values).filter_map(|value| match value {
            SigmaValue::String(text) => Some(text),
            _ => None,
        })
    }
}

fn with_wildcards(values: &[SigmaValue]) -> bool {
    values.iter().any(|value| matches!(value, SigmaValue::String(text) if !text.is_plain()))
}

const PLACED: [Modifier; 2] = [Modifier::StartsWith, Modifier::EndsWith];

type Applies = fn(&Traits) -> bool;

/// Each under its name in `disputes.md`, the most telling first.
const DISPUTES: [(&str, Applies); 14] = [
    ("windash", |all| all.has(Modifier::WindAsh)),
    ("base64offset", |all| all.has(Modifier::Base64Offset)),
    ("wildcards at an end", |all| {
        all.any(|_, modifiers, values| {
            with_wildcards(values) && modifiers.iter().any(|modifier| PLACED.contains(modifier))
        })
    }),
    ("all keywords", |all| all.any(|keyword, modifiers, _| keyword && modifiers.contains(&Modifier::All))),
    ("wildcards and line ends", |all| {
        all.any(|_, _, values| with_wildcards(values)) && all.record_texts.iter().any(|text| text.contains('\n'))
    }),
    ("existence of null", |all| all.has(Modifier::Exists) && all.record_holds_null),
    ("neq", |all| all.has(Modifier::Neq)),
    ("field references", |all| all.has(Modifier::FieldRef)),
    ("addresses", |all| all.has(Modifier::Cidr)),
    ("numbers", |all| {
        all.any(|_, _, values| {
            values.iter().any(|value| matches!(value, SigmaValue::Integer(_) | SigmaValue::Float(_)))
        })
    }),
    ("truths", |all| {
        all.any(|_, modifiers, values| {
            !modifiers.contains(&Modifier::Exists) && values.iter().any(|value| matches!(value, SigmaValue::Bool(_)))
        })
    }),
    ("null", |all| {
        all.record_holds_null
            && all.any(|_, _, values| values.is_empty() || values.iter().any(|value| *value == SigmaValue::Null))
    }),
    ("keywords in numbers", |all| all.any(|keyword, _, _| keyword) && all.record_holds_scalars),
    ("letters beyond ASCII", |all| {
        all.record_texts.iter().any(|text| !text.is_ascii())
            || all.texts_of_rule().any(|text| !text.original.is_ascii())
    }),
];

pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    DISPUTES.iter().map(|(name, _)| *name)
}

/// The first dispute that a rule and a record have to do with.
pub(crate) fn of(rule: &Detections, record: &Event) -> Option<&'static str> {
    let all = Traits::of(rule, record);
    DISPUTES.iter().find(|(_, applies)| applies(&all)).map(|(name, _)| *name)
}
