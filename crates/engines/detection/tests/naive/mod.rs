//! What a rule means, said as plainly as can be: the parser's tree walked once per record, every pattern compared one
//! character at a time. Shares nothing with the engine but the parser and the types of records.

use event::{Event, Record, Value};
use rsigma_parser::value::{SpecialChar, StringPart};
use rsigma_parser::{
    ConditionExpr, Detection, DetectionItem, Detections, Modifier, Quantifier, SelectorPattern, SigmaString, SigmaValue,
};

/// Whether the rule holds for the record, its log source aside.
pub(crate) fn holds(rule: &Detections, record: &Event) -> bool {
    rule.conditions.iter().any(|condition| condition_holds(condition, rule, record))
}

fn condition_holds(condition: &ConditionExpr, rule: &Detections, record: &Event) -> bool {
    let named = |name: &str| rule.named.get(name).is_some_and(|detection| detection_holds(detection, record));
    match condition {
        ConditionExpr::And(parts) => parts.iter().all(|part| condition_holds(part, rule, record)),
        ConditionExpr::Or(parts) => parts.iter().any(|part| condition_holds(part, rule, record)),
        ConditionExpr::Not(part) => !condition_holds(part, rule, record),
        ConditionExpr::Identifier(name) => named(name),
        ConditionExpr::Selector { quantifier, pattern } => {
            let wanted = |name: &&String| match pattern {
                SelectorPattern::Them => !name.starts_with('_'),
                SelectorPattern::Pattern(pattern) => {
                    (pattern.starts_with('_') || !name.starts_with('_'))
                        && glob(&parts_of_selector(pattern), &name.chars().collect::<Vec<_>>())
                }
            };
            let mut answers = rule.named.keys().filter(wanted).map(|name| named(name));
            match quantifier {
                Quantifier::Any => answers.any(|holds| holds),
                Quantifier::All => answers.all(|holds| holds),
                Quantifier::Count(least) => answers.filter(|holds| *holds).count() as u64 >= *least,
            }
        }
    }
}

fn parts_of_selector(pattern: &str) -> Vec<Part> {
    pattern.chars().map(|one| if one == '*' { Part::Many } else { Part::Char(one) }).collect()
}

fn detection_holds(detection: &Detection, record: &Event) -> bool {
    match detection {
        Detection::AllOf(items) => items.iter().all(|item| item_holds(item, record)),
        Detection::AnyOf(parts) => parts.iter().any(|part| detection_holds(part, record)),
        Detection::And(parts) => parts.iter().all(|part| detection_holds(part, record)),
        Detection::Keywords(values) => values.iter().any(|value| value_holds(None, value, &[], record)),
        other => panic!("not of this specification: {other:?}"),
    }
}

fn item_holds(item: &DetectionItem, record: &Event) -> bool {
    let field = item.field.name.as_deref();
    let modifiers = &item.field.modifiers;
    let one = |value: &SigmaValue| value_holds(field, value, modifiers, record);
    let holds = if item.values.is_empty() {
        field_of(record, field.unwrap()).is_none_or(is_null)
    } else if modifiers.contains(&Modifier::All) {
        item.values.iter().all(one)
    } else {
        item.values.iter().any(one)
    };
    holds != modifiers.contains(&Modifier::Neq)
}

fn field_of<'r>(record: &'r Event, name: &str) -> Option<&'r Value> {
    record.fields.iter().find(|(have, _)| *have == name).map(|(_, value)| value)
}

fn is_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::List(values) => values.iter().all(is_null),
        _ => false,
    }
}

/// The scalars of a field, lists opened.
fn scalars(value: &Value) -> Vec<&Value> {
    match value {
        Value::List(values) => values.iter().flat_map(scalars).collect(),
        other => vec![other],
    }
}

fn spelled(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text.to_string()),
        Value::Int(number) => Some(format!("{number}")),
        Value::Float(number) => Some(format!("{number}")),
        Value::Bool(truth) => Some(format!("{truth}")),
        _ => None,
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Part {
    Char(char),
    One,
    Many,
}

fn value_holds(field: Option<&str>, value: &SigmaValue, modifiers: &[Modifier], record: &Event) -> bool {
    let has = |modifier| modifiers.contains(&modifier);
    let Some(field) = field else {
        // A keyword, looked for in every text.
        let mut found = false;
        record.any_text(&mut |text| {
            found |= keyword_holds(value, modifiers, text);
            found
        });
        return found;
    };
    let there = field_of(record, field);
    if has(Modifier::Exists) {
        return *value == SigmaValue::Bool(true) && there.is_some()
            || *value == SigmaValue::Bool(false) && there.is_none();
    }
    if *value == SigmaValue::Null {
        return there.is_none_or(is_null);
    }
    let Some(there) = there else { return false };
    let all = scalars(there);
    if has(Modifier::FieldRef) {
        let other = match value {
            SigmaValue::String(name) => field_of(record, &name.original),
            _ => panic!("a name"),
        };
        let fold = |text: String| if has(Modifier::Cased) { text } else { lower(&text) };
        let Some(other) = other else { return false };
        return all.iter().filter_map(|left| spelled(left)).any(|left| {
            scalars(other).iter().filter_map(|right| spelled(right)).any(|right| {
                let (left, right) = (fold(left.clone()), fold(right));
                if has(Modifier::Contains) {
                    left.contains(&right)
                } else if has(Modifier::StartsWith) {
                    left.starts_with(&right)
                } else if has(Modifier::EndsWith) {
                    left.ends_with(&right)
                } else {
                    left == right
                }
            })
        });
    }
    type Compares = fn(f64, f64) -> bool;
    let comparisons: [(Modifier, Compares); 4] = [
        (Modifier::Lt, |left, right| left < right),
        (Modifier::Lte, |left, right| left <= right),
        (Modifier::Gt, |left, right| left > right),
        (Modifier::Gte, |left, right| left >= right),
    ];
    for (modifier, holds) in comparisons {
        if has(modifier) {
            let limit = match value {
                SigmaValue::Integer(number) => *number as f64,
                SigmaValue::Float(number) => *number,
                SigmaValue::String(text) => text.original.trim().parse().unwrap(),
                other => panic!("no number: {other:?}"),
            };
            let number = |one: &&Value| match one {
                Value::Int(number) => Some(*number as f64),
                Value::Float(number) => Some(*number),
                Value::Text(text) => text.trim().parse().ok(),
                _ => None,
            };
            return all.iter().filter_map(number).any(|number| holds(number, limit));
        }
    }
    let textual = modifiers.iter().any(|modifier| !matches!(modifier, Modifier::All | Modifier::Neq));
    match value {
        SigmaValue::Integer(wanted) if !textual => all.iter().any(|one| match one {
            Value::Int(number) => number == wanted,
            Value::Float(number) => *number == *wanted as f64,
            Value::Text(text) => **text == *wanted.to_string(),
            _ => false,
        }),
        SigmaValue::Float(wanted) if !textual => all.iter().any(|one| match one {
            Value::Int(number) => *number as f64 == *wanted,
            Value::Float(number) => number == wanted,
            Value::Text(text) => **text == *wanted.to_string(),
            _ => false,
        }),
        SigmaValue::Bool(wanted) if !textual => all.iter().any(|one| match one {
            Value::Bool(truth) => truth == wanted,
            Value::Text(text) => lower(text) == wanted.to_string(),
            _ => false,
        }),
        _ => all.iter().filter_map(|one| spelled(one)).any(|text| text_holds(value, modifiers, &text)),
    }
}

fn keyword_holds(value: &SigmaValue, modifiers: &[Modifier], text: &str) -> bool {
    let mut modifiers = modifiers.to_vec();
    if !modifiers.contains(&Modifier::Re) {
        modifiers.push(Modifier::Contains);
    }
    text_holds(value, &modifiers, text)
}

fn text_holds(value: &SigmaValue, modifiers: &[Modifier], text: &str) -> bool {
    let string = match value {
        SigmaValue::String(string) => string.clone(),
        SigmaValue::Integer(number) => SigmaString::from_raw(&number.to_string()),
        SigmaValue::Float(number) => SigmaString::from_raw(&number.to_string()),
        SigmaValue::Bool(truth) => SigmaString::from_raw(&truth.to_string()),
        SigmaValue::Null => return false,
    };
    let has = |modifier| modifiers.contains(&modifier);
    if has(Modifier::Re) {
        let regex = regex::RegexBuilder::new(&string.original)
            .case_insensitive(has(Modifier::IgnoreCase))
            .multi_line(has(Modifier::Multiline))
            .dot_matches_new_line(has(Modifier::DotAll))
            .build();
        return regex.unwrap().is_match(text);
    }
    if has(Modifier::Cidr) {
        let wanted: ipnet::IpNet = string.original.parse().unwrap();
        return text.trim().parse::<std::net::IpAddr>().is_ok_and(|address| {
            let bits = |address: std::net::IpAddr| match address {
                std::net::IpAddr::V4(address) => (u128::from(u32::from(address)), 32),
                std::net::IpAddr::V6(address) => (u128::from(address), 128),
            };
            let ((have, width), (want, width_wanted)) = (bits(address.to_canonical()), bits(wanted.addr()));
            let rest = width_wanted - u32::from(wanted.prefix_len());
            width == width_wanted && have.checked_shr(rest).unwrap_or(0) == want.checked_shr(rest).unwrap_or(0)
        });
    }
    let mut patterns: Vec<Vec<Part>> = vec![parts(&string)];
    for modifier in modifiers {
        patterns = match modifier {
            Modifier::Wide => patterns.into_iter().map(wide).collect(),
            Modifier::WindAsh => patterns.iter().flat_map(|pattern| dashes(pattern)).collect(),
            Modifier::Base64 => patterns.iter().map(|pattern| chars(&encode(&bytes(pattern)))).collect(),
            Modifier::Base64Offset => patterns.iter().flat_map(|pattern| offsets(&bytes(pattern))).collect(),
            Modifier::Contains => patterns.into_iter().map(|pattern| around(pattern, true, true)).collect(),
            Modifier::StartsWith => patterns.into_iter().map(|pattern| around(pattern, false, true)).collect(),
            Modifier::EndsWith => patterns.into_iter().map(|pattern| around(pattern, true, false)).collect(),
            _ => patterns,
        };
    }
    let fold = |text: &str| if has(Modifier::Cased) { text.to_owned() } else { lower(text) };
    let text: Vec<char> = fold(text).chars().collect();
    patterns.iter().any(|pattern| {
        let folded = |part: &Part| match part {
            Part::Char(one) => fold(&one.to_string()).chars().map(Part::Char).collect(),
            other => vec![*other],
        };
        glob(&pattern.iter().flat_map(folded).collect::<Vec<_>>(), &text)
    })
}

fn lower(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

fn parts(string: &SigmaString) -> Vec<Part> {
    let of = |part: &StringPart| match part {
        StringPart::Plain(text) => text.chars().map(Part::Char).collect(),
        StringPart::Special(SpecialChar::WildcardMulti) => vec![Part::Many],
        StringPart::Special(SpecialChar::WildcardSingle) => vec![Part::One],
    };
    string.parts.iter().flat_map(of).collect()
}

fn around(mut pattern: Vec<Part>, start: bool, end: bool) -> Vec<Part> {
    if start {
        pattern.insert(0, Part::Many);
    }
    if end {
        pattern.push(Part::Many);
    }
    pattern
}

/// Backtracking comparison of a whole text.
fn glob(pattern: &[Part], text: &[char]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((Part::Many, rest)), _) if glob(rest, text) => true,
        (Some((Part::Many, _)), Some((_, after))) => glob(pattern, after),
        (Some((Part::One, rest)), Some((_, after))) => glob(rest, after),
        (Some((Part::Char(wanted), rest)), Some((have, after))) => wanted == have && glob(rest, after),
        _ => false,
    }
}

fn dashes(pattern: &[Part]) -> Vec<Vec<Part>> {
    let word = |part: Option<&Part>| matches!(part, Some(Part::Char(one)) if one.is_alphanumeric() || *one == '_');
    let places: Vec<usize> = (0..pattern.len())
        .filter(|at| {
            matches!(pattern[*at], Part::Char('-' | '/'))
                && !(at.checked_sub(1).is_some_and(|before| word(pattern.get(before))))
                && word(pattern.get(at + 1))
        })
        .collect();
    let mut all = vec![pattern.to_vec()];
    for place in places {
        let spellings = ['-', '/', '–', '—', '―'];
        all = all
            .iter()
            .flat_map(|one| {
                spellings.iter().map(move |dash| {
                    let mut other = one.clone();
                    other[place] = Part::Char(*dash);
                    other
                })
            })
            .collect();
    }
    all
}

/// Two bytes a letter, the lower first; for ASCII.
fn wide(pattern: Vec<Part>) -> Vec<Part> {
    let pair = |part: Part| match part {
        Part::Char(one) if one.is_ascii() => [part, Part::Char('\0')],
        other => panic!("not encoded here: {other:?}"),
    };
    pattern.into_iter().flat_map(pair).collect()
}

fn bytes(pattern: &[Part]) -> Vec<u8> {
    let text: String = pattern
        .iter()
        .map(|part| match part {
            Part::Char(one) => *one,
            _ => panic!("wildcards cannot be encoded"),
        })
        .collect();
    text.into_bytes()
}

fn chars(text: &str) -> Vec<Part> {
    text.chars().map(Part::Char).collect()
}

fn encode(bytes: &[u8]) -> String {
    let alphabet: Vec<char> = ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(['+', '/']).collect();
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let number = group.iter().chain([&0, &0]).take(3).fold(0usize, |all, byte| all << 8 | usize::from(*byte));
        for place in 0..4 {
            let letter = alphabet[number >> (18 - 6 * place) & 63];
            text.push(if place <= group.len() { letter } else { '=' });
        }
    }
    text
}

/// What stays the same wherever the bytes stand, found by trying different neighbours.
fn offsets(bytes: &[u8]) -> Vec<Vec<Part>> {
    let around = |offset: usize, before: u8, after: u8| {
        let mut all = vec![before; offset];
        all.extend_from_slice(bytes);
        all.extend(vec![after; 3 - all.len() % 3]);
        encode(&all).chars().collect::<Vec<_>>()
    };
    let of = |offset: usize| {
        let (low, high) = (around(offset, 0, 0), around(offset, 0xff, 0xff));
        let same: Vec<bool> = low.iter().zip(&high).map(|(one, other)| one == other).collect();
        let start = (offset * 8).div_ceil(6);
        let end = ((offset + bytes.len()) * 8) / 6;
        assert!(same[start..end].iter().all(|same| *same));
        low[start..end.max(start)].iter().map(|one| Part::Char(*one)).collect()
    };
    (0..3).map(of).collect()
}
