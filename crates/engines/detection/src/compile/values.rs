//! Values under their modifiers: what `CommandLine|windash|contains: ' -e '` really asks. Modifiers work from
//! left to right; what they refuse refuses the rule.

use super::{CompileError, Context, literals};
use crate::pattern::{Draft, Fragment, Pattern};
use crate::predicate::{Comparison, RegularExpression, Test, TimePart};
use regex::RegexBuilder;
use rsigma_parser::value::{SpecialChar, StringPart};
use rsigma_parser::{Modifier, SigmaString, SigmaValue};
use std::sync::Arc;

/// Most bytes a compiled regular expression may take.
const REGEX_SIZE_LIMIT: usize = 4 << 20;

/// A value between two modifiers.
enum Stage {
    /// Texts of which one must match; more than one after `windash`, `base64offset` or `expand`.
    Texts {
        drafts: Vec<Draft>,
        cased: bool,
        touched: bool,
        original: String,
    },
    Regex {
        source: String,
        insensitive: bool,
        multi_line: bool,
        dot_all: bool,
    },
    Number {
        value: f64,
        spelled: String,
    },
    FieldName {
        name: String,
        cased: bool,
        open_start: bool,
        open_end: bool,
    },
    Done(Test),
}

fn refuse<T>(reason: impl Into<String>) -> Result<T, CompileError> {
    Err(CompileError::new(reason))
}

/// The tests of which one must hold for this value.
pub(super) fn tests(
    value: &SigmaValue,
    modifiers: &[Modifier],
    keyword: bool,
    context: &mut Context<'_>,
) -> Result<Vec<Test>, CompileError> {
    let mut stage = first_stage(value, modifiers)?;
    for modifier in modifiers {
        stage = apply(stage, *modifier, context)?;
    }
    finish(stage, keyword)
}

fn first_stage(value: &SigmaValue, modifiers: &[Modifier]) -> Result<Stage, CompileError> {
    let textual = modifiers.iter().any(|modifier| {
        use Modifier::{Base64, Base64Offset, Cased, Contains, EndsWith, Re, StartsWith, WindAsh};
        matches!(modifier, Contains | StartsWith | EndsWith | Base64 | Base64Offset | WindAsh | Cased | Re)
    });
    let text = |text: String| Stage::Texts {
        drafts: vec![draft(&SigmaString::from_raw(&text))],
        cased: false,
        touched: false,
        original: text,
    };
    Ok(match value {
        SigmaValue::String(string) => {
            if string.original.starts_with("Mapping {") || string.original.starts_with("Sequence [") {
                return refuse("a value must be a text, a number, true, false or null, not a nested structure");
            }
            Stage::Texts {
                drafts: vec![draft(string)],
                cased: false,
                touched: false,
                original: string.original.clone(),
            }
        }
        SigmaValue::Integer(number) if textual => text(number.to_string()),
        SigmaValue::Float(number) if textual => text(number.to_string()),
        SigmaValue::Bool(truth) if textual => text(truth.to_string()),
        SigmaValue::Integer(number) => Stage::Number { value: *number as f64, spelled: number.to_string() },
        SigmaValue::Float(number) => Stage::Number { value: *number, spelled: number.to_string() },
        SigmaValue::Bool(truth) => Stage::Done(Test::Truth(*truth)),
        SigmaValue::Null => Stage::Done(Test::Null),
    })
}

fn draft(string: &SigmaString) -> Draft {
    let fragments = string.parts.iter().map(|part| match part {
        StringPart::Plain(text) => Fragment::Bytes(text.clone().into_bytes()),
        StringPart::Special(SpecialChar::WildcardMulti) => Fragment::Many,
        StringPart::Special(SpecialChar::WildcardSingle) => Fragment::One,
    });
    Draft { fragments: fragments.collect() }
}

fn apply(stage: Stage, modifier: Modifier, context: &mut Context<'_>) -> Result<Stage, CompileError> {
    use Modifier as M;
    match (modifier, stage) {
        (M::All | M::Neq, stage) => Ok(stage),
        (M::Contains | M::StartsWith | M::EndsWith, stage) => Ok(open(stage, modifier)?),
        (M::Cased, Stage::Texts { drafts, original, .. }) => {
            Ok(Stage::Texts { drafts, cased: true, touched: true, original })
        }
        (M::Cased, Stage::FieldName { name, open_start, open_end, .. }) => {
            Ok(Stage::FieldName { name, cased: true, open_start, open_end })
        }
        (M::Base64 | M::Base64Offset | M::Wide | M::Utf16 | M::Utf16be | M::WindAsh, stage) => encode(stage, modifier),
        (M::Re, Stage::Texts { original, touched: false, .. }) => {
            Ok(Stage::Regex { source: original, insensitive: false, multi_line: false, dot_all: false })
        }
        (M::IgnoreCase, Stage::Regex { source, multi_line, dot_all, .. }) => {
            Ok(Stage::Regex { source, insensitive: true, multi_line, dot_all })
        }
        (M::Multiline, Stage::Regex { source, insensitive, dot_all, .. }) => {
            Ok(Stage::Regex { source, insensitive, multi_line: true, dot_all })
        }
        (M::DotAll, Stage::Regex { source, insensitive, multi_line, .. }) => {
            Ok(Stage::Regex { source, insensitive, multi_line, dot_all: true })
        }
        (M::Cidr, Stage::Texts { original, touched: false, .. }) => Ok(Stage::Done(Test::Network(network(&original)?))),
        (M::Exists, Stage::Done(Test::Truth(wanted))) => Ok(Stage::Done(Test::Exists(wanted))),
        (M::Exists, _) => refuse("exists wants true or false"),
        (M::Expand, stage) => expand(stage, context),
        (M::FieldRef, Stage::Texts { drafts, cased, original, .. }) => {
            if drafts.iter().any(|draft| draft.fragments.iter().any(|part| !matches!(part, Fragment::Bytes(_)))) {
                return refuse("fieldref wants a field's name without wildcards");
            }
            Ok(Stage::FieldName { name: original, cased, open_start: false, open_end: false })
        }
        (M::Lt, stage) => compare(stage, Comparison::Less),
        (M::Lte, stage) => compare(stage, Comparison::LessOrEqual),
        (M::Gt, stage) => compare(stage, Comparison::Greater),
        (M::Gte, stage) => compare(stage, Comparison::GreaterOrEqual),
        (M::Minute, stage) => time_part(stage, TimePart::Minute),
        (M::Hour, stage) => time_part(stage, TimePart::Hour),
        (M::Day, stage) => time_part(stage, TimePart::Day),
        (M::Week, stage) => time_part(stage, TimePart::Week),
        (M::Month, stage) => time_part(stage, TimePart::Month),
        (M::Year, stage) => time_part(stage, TimePart::Year),
        (modifier, _) => refuse(format!("the modifier {modifier:?} does not fit this value or its other modifiers")),
    }
}

fn open(stage: Stage, modifier: Modifier) -> Result<Stage, CompileError> {
    let start = matches!(modifier, Modifier::Contains | Modifier::EndsWith);
    let end = matches!(modifier, Modifier::Contains | Modifier::StartsWith);
    match stage {
        Stage::Texts { mut drafts, cased, original, .. } => {
            for draft in &mut drafts {
                if start {
                    draft.open_start();
                }
                if end {
                    draft.open_end();
                }
            }
            Ok(Stage::Texts { drafts, cased, touched: true, original })
        }
        Stage::FieldName { name, cased, open_start, open_end } => {
            Ok(Stage::FieldName { name, cased, open_start: open_start || start, open_end: open_end || end })
        }
        // An expression is searched for anywhere already.
        regex @ Stage::Regex { .. } => Ok(regex),
        _ => refuse(format!("{modifier:?} wants a text")),
    }
}

fn encode(stage: Stage, modifier: Modifier) -> Result<Stage, CompileError> {
    let Stage::Texts { drafts, cased, original, .. } = stage else {
        return refuse(format!("{modifier:?} wants a text"));
    };
    let mut encoded = Vec::new();
    for draft in &drafts {
        let next = match modifier {
            Modifier::Base64 => draft.base64().map(|one| vec![one]),
            Modifier::Base64Offset => draft.base64_offsets(),
            Modifier::Wide => draft.utf16(false, false).map(|one| vec![one]),
            Modifier::Utf16 => draft.utf16(false, true).map(|one| vec![one]),
            Modifier::Utf16be => draft.utf16(true, false).map(|one| vec![one]),
            _ => draft.windash(),
        };
        encoded.extend(next.map_err(|error| CompileError::new(error.to_string()))?);
    }
    Ok(Stage::Texts { drafts: encoded, cased, touched: true, original })
}

fn network(text: &str) -> Result<ipnet::IpNet, CompileError> {
    let text = text.trim();
    let parsed = text.parse().ok().or_else(|| text.parse::<std::net::IpAddr>().ok().map(ipnet::IpNet::from));
    match parsed {
        Some(network) => Ok(network.trunc()),
        None => refuse(format!("'{text}' is no address range")),
    }
}

/// Replaces `%name%` by the values that the administrator gave; without a value the rule stays out of the engine
/// and says which placeholder it needs.
fn expand(stage: Stage, context: &mut Context<'_>) -> Result<Stage, CompileError> {
    let Stage::Texts { drafts, cased, original, .. } = stage else {
        return refuse("expand wants a text");
    };
    let mut expanded = Vec::new();
    for draft in drafts {
        let mut variants = vec![Draft::default()];
        for fragment in draft.fragments {
            let choices: Vec<Vec<Fragment>> = match &fragment {
                Fragment::Bytes(bytes) => expand_bytes(&String::from_utf8_lossy(bytes), context),
                _ => vec![vec![fragment]],
            };
            if variants.len().saturating_mul(choices.len()) > 10_000 {
                return refuse("the placeholders expand to more than 10,000 values");
            }
            variants =
                variants.iter().flat_map(|variant| choices.iter().map(|choice| joined(variant, choice))).collect();
        }
        expanded.extend(variants);
    }
    Ok(Stage::Texts { drafts: expanded, cased, touched: true, original })
}

fn joined(variant: &Draft, more: &[Fragment]) -> Draft {
    let mut fragments = variant.fragments.clone();
    fragments.extend_from_slice(more);
    Draft { fragments }
}

fn expand_bytes(text: &str, context: &mut Context<'_>) -> Vec<Vec<Fragment>> {
    let literal = |text: &str| Fragment::Bytes(text.as_bytes().to_vec());
    let named = text.split_once('%').and_then(|(before, rest)| {
        let (name, after) = rest.split_once('%')?;
        let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        (!name.is_empty() && name.bytes().all(word)).then_some((before, name, after))
    });
    let Some((before, name, after)) = named else { return vec![vec![literal(text)]] };
    let Some(values) = context.placeholders.get(name).cloned() else {
        context.missing.insert(name.to_owned());
        return vec![vec![literal(text)]];
    };
    let tails = expand_bytes(after, context);
    let mut all = Vec::new();
    for value in &values {
        for tail in &tails {
            let mut fragments = vec![literal(before)];
            fragments.extend(draft(&SigmaString::new(value)).fragments);
            fragments.extend_from_slice(tail);
            all.push(fragments);
        }
    }
    all
}

fn compare(stage: Stage, comparison: Comparison) -> Result<Stage, CompileError> {
    match stage {
        Stage::Number { value, .. } => Ok(Stage::Done(Test::Compare(comparison, value))),
        // `hour|gte: 22`: the modifiers of times make numbers, which these compare.
        Stage::Done(Test::TimePart(part, None, value)) => {
            Ok(Stage::Done(Test::TimePart(part, Some(comparison), value)))
        }
        Stage::Texts { original, .. } => match original.trim().parse() {
            Ok(value) => Ok(Stage::Done(Test::Compare(comparison, value))),
            Err(_) => refuse(format!("'{original}' is no number")),
        },
        _ => refuse("a comparison wants a number"),
    }
}

fn time_part(stage: Stage, part: TimePart) -> Result<Stage, CompileError> {
    let (comparison, value) = match stage {
        Stage::Number { value, .. } => (None, value),
        Stage::Done(Test::Compare(comparison, value)) => (Some(comparison), value),
        _ => return refuse("a part of a time is compared with a whole number"),
    };
    if value.fract() != 0.0 {
        return refuse("a part of a time is compared with a whole number");
    }
    Ok(Stage::Done(Test::TimePart(part, comparison, value as i64)))
}

fn finish(stage: Stage, keyword: bool) -> Result<Vec<Test>, CompileError> {
    match stage {
        Stage::Texts { drafts, cased, .. } => {
            let mut tests = Vec::with_capacity(drafts.len());
            for mut draft in drafts {
                if keyword {
                    // A keyword may stand anywhere in the log line.
                    draft.open_start();
                    draft.open_end();
                }
                let pieces = draft.finish().map_err(|error| CompileError::new(error.to_string()))?;
                tests.push(Test::Text(Pattern::new(&pieces, cased)));
            }
            Ok(tests)
        }
        Stage::Regex { source, insensitive, multi_line, dot_all } => {
            // The flags are written into the expression: predicates are told apart by how they are written.
            let flags = [(insensitive, 'i'), (multi_line, 'm'), (dot_all, 's')];
            let flags: String = flags.iter().filter(|(is_set, _)| *is_set).map(|(_, letter)| *letter).collect();
            let written = if flags.is_empty() { source.clone() } else { format!("(?{flags}){source}") };
            let regex = RegexBuilder::new(&written).size_limit(REGEX_SIZE_LIMIT).build();
            match regex {
                Ok(regex) => {
                    let literals = literals::necessary(&source, insensitive, multi_line, dot_all).into();
                    Ok(vec![Test::Regex(RegularExpression { regex, literals })])
                }
                Err(error) => {
                    // The message draws the place over several lines; its last line says what is wrong.
                    let message = error.to_string();
                    let last = message.lines().last().unwrap_or_default().trim_start_matches("error: ");
                    refuse(format!("the regular expression '{source}' is not understood: {last}"))
                }
            }
        }
        Stage::Number { spelled, .. } if keyword => {
            let mut draft = draft(&SigmaString::from_raw(&spelled));
            draft.open_start();
            draft.open_end();
            let pieces = draft.finish().map_err(|error| CompileError::new(error.to_string()))?;
            Ok(vec![Test::Text(Pattern::new(&pieces, false))])
        }
        Stage::Number { value, spelled } => Ok(vec![Test::Number { value, spelled: spelled.into() }]),
        Stage::FieldName { name, cased, open_start, open_end } if !keyword => {
            Ok(vec![Test::SameAs { other: Arc::from(name.as_str()), cased, open_start, open_end }])
        }
        Stage::Done(test) if !keyword => Ok(vec![test]),
        _ => refuse("this kind of value needs a field"),
    }
}
