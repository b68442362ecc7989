//! A rule's condition in words: generated from what the engine compiled, so it says what is really asked. With a record,
//! each line also says whether it holds and what the record has there. Pure.

use super::{Book, title};
use detection::{Ask, CorrelationMeasure, CorrelationReading, Explanation, How, Link, Part, Reading};
use kit::Lang;
use kit::locale::{Argument, texts};
use kit::page::Format;

/// Values named one by one; the rest is counted.
const MOST_VALUES: usize = 12;
/// Deepest indentation of a line.
const DEEPEST: usize = 6;

/// One line; a line that is deeper belongs to the one above it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Line {
    pub depth: usize,
    pub words: String,
    /// Whether it holds for the record; nothing where none was given.
    pub holds: Option<bool>,
    /// What the record has there; nothing where it has no such field.
    pub met: Option<String>,
    /// The line asks about a field, and does not only link others.
    pub asks: bool,
}

impl Line {
    /// `holds`, `fails`, or nothing without a record.
    pub fn mark(&self) -> &'static str {
        match self.holds {
            Some(true) => "holds",
            Some(false) => "fails",
            None => "",
        }
    }
}

/// A rule that a correlation is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    pub rule_id: String,
    pub title: String,
}

/// The whole condition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words {
    pub lines: Vec<Line>,
    pub bases: Vec<Base>,
}

/// What the rule at a position of the set asks.
pub fn of(book: &Book, position: usize, lang: Lang, format: &Format) -> Words {
    match book.set.reading(position) {
        Some(Reading::Condition(part)) => Words { lines: lines(&part, lang), bases: Vec::new() },
        Some(Reading::Correlation(reading)) => correlation(book, &reading, lang, format),
        None => Words::default(),
    }
}

/// The same with what a record answers.
pub fn explained(explanation: &Explanation, lang: Lang) -> Vec<Line> {
    lines(&explanation.condition, lang)
}

fn lines(part: &Part, lang: Lang) -> Vec<Line> {
    let mut lines = Vec::new();
    add(part, 0, lang, &mut lines);
    lines
}

fn text(lang: Lang, key: &str, arguments: &[(&str, Argument<'_>)]) -> String {
    texts().text_with(lang, key, arguments)
}

fn add(part: &Part, depth: usize, lang: Lang, lines: &mut Vec<Line>) {
    let line = |words: String| Line { depth: depth.min(DEEPEST), words, holds: part.holds, met: None, asks: false };
    match &part.link {
        Link::Ask(ask) => lines.push(asked(&[(ask, part.holds)], depth, lang)),
        Link::Base(place) => lines.push(line(text(lang, "rule-reading-base", &[("number", (place + 1).into())]))),
        Link::Any => {
            let groups = groups(&part.parts);
            let alone = groups.len() == 1;
            if !alone {
                lines.push(line(text(lang, "rule-reading-any", &[])));
            }
            for group in groups {
                let depth = if alone { depth } else { depth + 1 };
                match group {
                    Group::Alike(asks) => lines.push(asked(&asks, depth, lang)),
                    Group::Other(part) => add(part, depth, lang, lines),
                }
            }
        }
        link => {
            let words = match link {
                Link::Not => text(lang, "rule-reading-not", &[]),
                Link::AtLeast(wanted) => text(lang, "rule-reading-at-least", &[("count", (*wanted).into())]),
                _ => text(lang, "rule-reading-all", &[]),
            };
            lines.push(line(words));
            part.parts.iter().for_each(|part| add(part, depth + 1, lang, lines));
        }
    }
}

/// Alternatives: questions that differ in the value alone are one line.
enum Group<'p> {
    Alike(Vec<(&'p Ask, Option<bool>)>),
    Other(&'p Part),
}

fn groups(parts: &[Part]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for part in parts {
        let Link::Ask(ask) = &part.link else {
            groups.push(Group::Other(part));
            continue;
        };
        let alike = groups.iter_mut().find_map(|group| match group {
            Group::Alike(asks) if asks.first().is_some_and(|(first, _)| is_alike(first, ask)) => Some(asks),
            _ => None,
        });
        match alike {
            Some(asks) => asks.push((ask, part.holds)),
            None => groups.push(Group::Alike(vec![(ask, part.holds)])),
        }
    }
    groups
}

fn is_alike(one: &Ask, other: &Ask) -> bool {
    (&one.field, one.how, one.cased) == (&other.field, other.how, other.cased)
}

/// Questions that differ in the value alone, as one line.
fn asked(asks: &[(&Ask, Option<bool>)], depth: usize, lang: Lang) -> Line {
    let holding = asks.iter().find(|(_, holds)| *holds == Some(true));
    let shown = holding.or_else(|| asks.first()).map(|(ask, _)| *ask);
    let field = shown.and_then(|ask| ask.field.clone()).unwrap_or_else(|| text(lang, "rule-ask-anywhere", &[]));
    let values: Vec<&str> = asks.iter().map(|(ask, _)| ask.value.as_str()).collect();
    let how = shown.map_or(How::Equals, |ask| ask.how);
    let mut words = text(lang, how_key(how), &[("field", field.into()), ("value", list(&values, lang).into())]);
    if shown.is_some_and(|ask| ask.cased) {
        words.push_str(&text(lang, "rule-ask-cased", &[]));
    }
    Line {
        depth: depth.min(DEEPEST),
        words,
        holds: asks.iter().map(|(_, holds)| *holds).collect::<Option<Vec<_>>>().map(|all| all.contains(&true)),
        met: shown.and_then(|ask| ask.met.clone()),
        asks: true,
    }
}

/// “a”, “b” or “c”.
fn list(values: &[&str], lang: Lang) -> String {
    let quoted: Vec<String> = values.iter().take(MOST_VALUES).map(|value| format!("“{value}”")).collect();
    let more = values.len().saturating_sub(MOST_VALUES);
    if more > 0 {
        return text(lang, "rule-ask-values-more", &[("values", quoted.join(", ").into()), ("count", more.into())]);
    }
    match quoted.split_last() {
        Some((last, before)) if !before.is_empty() => {
            text(lang, "rule-ask-values", &[("values", before.join(", ").into()), ("last", last.as_str().into())])
        }
        Some((last, _)) => last.clone(),
        None => String::new(),
    }
}

fn how_key(how: How) -> &'static str {
    match how {
        How::Equals => "rule-ask-equals",
        How::NotEqual => "rule-ask-not-equal",
        How::StartsWith => "rule-ask-starts-with",
        How::EndsWith => "rule-ask-ends-with",
        How::Contains => "rule-ask-contains",
        How::Like => "rule-ask-like",
        How::Derived => "rule-ask-derived",
        How::Regex => "rule-ask-regex",
        How::Network => "rule-ask-network",
        How::Empty => "rule-ask-empty",
        How::Present => "rule-ask-present",
        How::Absent => "rule-ask-absent",
        How::Less => "rule-ask-less",
        How::LessOrEqual => "rule-ask-less-or-equal",
        How::Greater => "rule-ask-greater",
        How::GreaterOrEqual => "rule-ask-greater-or-equal",
        How::SameAsField => "rule-ask-same-as-field",
        How::StartsWithField => "rule-ask-starts-with-field",
        How::EndsWithField => "rule-ask-ends-with-field",
        How::ContainsField => "rule-ask-contains-field",
        How::Minute => "rule-ask-minute",
        How::Hour => "rule-ask-hour",
        How::Day => "rule-ask-day",
        How::Week => "rule-ask-week",
        How::Month => "rule-ask-month",
        How::Year => "rule-ask-year",
    }
}

fn correlation(book: &Book, reading: &CorrelationReading, lang: Lang, format: &Format) -> Words {
    let line = |depth: usize, words: String| Line { depth, words, holds: None, met: None, asks: false };
    let span = format.duration(reading.span);
    let window = match reading.group_by.as_slice() {
        [] => text(lang, "rule-correlation-window", &[("span", span.into())]),
        fields => {
            let arguments = [("span", span.into()), ("fields", fields.join(", ").into())];
            text(lang, "rule-correlation-window-by", &arguments)
        }
    };
    let fields = reading.fields.join(", ");
    let measure = match reading.measure {
        CorrelationMeasure::Events => text(lang, "rule-correlation-events", &[]),
        CorrelationMeasure::DistinctValues => text(lang, "rule-correlation-values", &[("fields", fields.into())]),
        CorrelationMeasure::Sum => text(lang, "rule-correlation-sum", &[("fields", fields.into())]),
        CorrelationMeasure::Average => text(lang, "rule-correlation-average", &[("fields", fields.into())]),
        CorrelationMeasure::Percentile(percent) => {
            let percent = format.decimal(percent, 0);
            let arguments = [("fields", fields.into()), ("percent", percent.into())];
            text(lang, "rule-correlation-percentile", &arguments)
        }
        CorrelationMeasure::Rules if reading.combination.is_some() => text(lang, "rule-correlation-combination", &[]),
        CorrelationMeasure::Rules => text(lang, "rule-correlation-rules", &[]),
        CorrelationMeasure::RulesInOrder => text(lang, "rule-correlation-rules-in-order", &[]),
    };
    let mut lines = vec![line(0, window), line(1, measure)];
    for (how, number) in &reading.comparisons {
        let decimals = if number.fract() == 0.0 { 0 } else { 2 };
        let arguments = [("number", format.decimal(*number, decimals).into())];
        lines.push(line(2, text(lang, number_key(*how), &arguments)));
    }
    if let Some(part) = &reading.combination {
        add(part, 2, lang, &mut lines);
    }
    let base = |position: &usize| {
        let rule = book.set.rules().get(*position)?;
        Some(Base { rule_id: rule.id.clone(), title: title(rule, lang).to_owned() })
    };
    Words { lines, bases: reading.bases.iter().filter_map(base).collect() }
}

fn number_key(how: How) -> &'static str {
    match how {
        How::Less => "rule-number-less",
        How::LessOrEqual => "rule-number-less-or-equal",
        How::Greater => "rule-number-greater",
        How::GreaterOrEqual => "rule-number-greater-or-equal",
        How::NotEqual => "rule-number-not-equal",
        _ => "rule-number-equals",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use detection::RuleSet;
    use event::{Event, Value};
    use std::sync::Arc;

    fn book(texts: &[&str]) -> Book {
        let (set, errors) = RuleSet::from_texts(texts.iter().map(|text| ("a.yml", *text)));
        assert_eq!(errors, []);
        Book { set: Arc::new(set), ..Book::default() }
    }

    fn words(book: &Book, position: usize) -> Vec<(usize, String)> {
        let words = of(book, position, Lang::Vi, &Format::new(Lang::Vi, 0));
        words.lines.into_iter().map(|line| (line.depth, line.words)).collect()
    }

    const RULE: &str = "title: T\nid: 6f3b2a10-0000-4000-8000-000000000001\nlogsource: {product: windows}\ndetection:\n  \
        s: {Image|endswith: ['\\cmd.exe', '\\pwsh.exe'], User: root}\n  f: {Host: backup}\n  condition: s and not f\n";

    #[test]
    fn a_condition_reads_as_sentences() {
        let lines = words(&book(&[RULE]), 0);
        let wanted = [
            (0, "Thỏa tất cả các điều kiện sau:"),
            (1, "Image kết thúc bằng “\\cmd.exe” hoặc “\\pwsh.exe”"),
            (1, "User là “root”"),
            (1, "Không được thỏa:"),
            (2, "Host là “backup”"),
        ];
        assert_eq!(lines, wanted.map(|(depth, words)| (depth, words.to_owned())));
    }

    #[test]
    fn a_long_list_is_counted_and_not_recited() {
        let values: Vec<String> = (0..40).map(|number| format!("v{number}")).collect();
        let rule = format!(
            "title: T\nlogsource: {{product: windows}}\ndetection:\n  s: {{User: [{}]}}\n  condition: s\n",
            values.join(", ")
        );
        let lines = words(&book(&[&rule]), 0);
        assert_eq!(lines.len(), 1);
        assert!(
            lines[0].1.contains("“v11”") && !lines[0].1.contains("“v12”") && lines[0].1.contains("28"),
            "{lines:?}"
        );
    }

    #[test]
    fn a_record_is_met_line_by_line() {
        let book = book(&[RULE]);
        let mut event = Event::default();
        event.fields.set("Image", Value::from("C:\\tools\\pwsh.exe"));
        let explanation = book.set.explain(0, &event).expect("a condition");
        let lines = explained(&explanation, Lang::Vi);
        let held: Vec<_> =
            lines.iter().filter(|line| line.asks).map(|line| (line.holds, line.met.as_deref())).collect();
        assert_eq!(held, vec![(Some(true), Some("C:\\tools\\pwsh.exe")), (Some(false), None), (Some(false), None)]);
    }

    #[test]
    fn a_correlation_says_what_it_counts_and_of_which_rules() {
        let many = "title: Many\nid: 6f3b2a10-0000-4000-8000-000000000002\ncorrelation: {type: value_count, \
                    rules: [6f3b2a10-0000-4000-8000-000000000001], group-by: [source_ip], timespan: 10m, \
                    condition: {gte: 5, field: user_name}}\n";
        let book = book(&[RULE, many]);
        let words = of(&book, 1, Lang::Vi, &Format::new(Lang::Vi, 0));
        assert_eq!(words.bases.iter().map(|base| base.title.as_str()).collect::<Vec<_>>(), vec!["T"]);
        let all: Vec<&str> = words.lines.iter().map(|line| line.words.as_str()).collect();
        assert!(all.iter().any(|words| words.contains("10 phút") && words.contains("source_ip")), "{all:?}");
        assert!(all.iter().any(|words| words.contains("user_name")), "{all:?}");
        assert!(all.iter().any(|words| words.contains("từ 5 trở lên")), "{all:?}");
    }
}
