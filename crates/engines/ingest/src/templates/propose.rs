//! A first text of a format for lines that none reads: patterns with named groups from their templates. A person goes on from
//! there; every line it was made of is read by it.

use super::mask::{Slot, words};
use super::{Template, Templates};
use jiff::Timestamp;
use jiff::fmt::strtime::BrokenDownTime;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Patterns of one proposal.
const MOST_PATTERNS: usize = 20;
/// Order of a format by its lines: after those of products, before those that say little.
const ORDER: i32 = 450;
/// Words at the beginning of a line that may be its time.
const TIME_WORDS: usize = 5;

/// Between two words, and at the end of a line. No `\s` and no `\d`, which take much room in a long expression.
const BLANKS: &str = r"[ \t]+";
const END: &str = r"[ \t]*$";

/// How times are written; the first that reads one is proposed.
const LAYOUTS: [&str; 12] = [
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y/%m/%d %H:%M:%S",
    "%d/%m/%Y %H:%M:%S",
    "%d-%m-%Y %H:%M:%S",
    "%d/%b/%Y:%H:%M:%S %z",
    "%d/%b/%Y:%H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%a %b %d %H:%M:%S %Y",
    "%b %d %Y %H:%M:%S",
    "%b %d %H:%M:%S",
];

/// Columns, what fields that fill them are often called, and whether they take nothing but addresses.
const COLUMNS: [(&str, &[&str], bool); 6] = [
    ("source_ip", &["src", "srcip", "src_ip", "source", "client", "from_address", "rhost", "remote"], true),
    ("destination_ip", &["dst", "dstip", "dst_ip", "dest", "destination", "server", "to_address"], true),
    ("source_port", &["spt", "sport", "srcport", "src_port"], false),
    ("destination_port", &["dpt", "dport", "dstport", "dst_port"], false),
    ("user_name", &["user", "username", "usr", "account", "login"], false),
    ("host_name", &["host", "hostname", "devname", "device"], false),
];

/// What is known of the format that is wanted.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'w> {
    pub name: &'w str,
    pub title: &'w str,
    pub version: u32,
    /// The program that writes the lines, where they stand inside a syslog envelope that names one.
    pub program: Option<&'w str>,
    /// Where the lines come from.
    pub origin: &'w str,
    /// What patterns are made of: records, or their messages inside an envelope.
    pub texts: &'w [&'w str],
    /// The records themselves, one to a text.
    pub records: &'w [&'w str],
    /// Whether samples are written without what tells of whom they are.
    pub disguised: bool,
}

/// A proposed format file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    pub text: String,
    pub patterns: usize,
    /// Lines of templates beyond [`MOST_PATTERNS`].
    pub left_out: usize,
}

/// One template as a pattern.
struct Pattern {
    named: String,
    plain: String,
    /// Group and what it holds.
    groups: Vec<(String, Slot)>,
    /// Source of a time and its layout.
    time: Option<(String, &'static str)>,
    record: usize,
}

pub fn propose(wanted: &Wanted<'_>) -> Proposal {
    let mut templates = Templates::new(0.5);
    let (mut first, mut left_out) = (BTreeMap::new(), 0);
    for (place, text) in wanted.texts.iter().enumerate() {
        match templates.add("", text, MOST_PATTERNS) {
            super::Joined::New(number) => {
                first.insert(number, place);
            }
            super::Joined::Full => left_out += 1,
            super::Joined::Known(_) | super::Joined::Widened(_) => {}
        }
    }
    let pattern = |(number, template): (usize, &Template)| {
        let place = first.get(&number).copied().unwrap_or_default();
        pattern_of(template, wanted.texts.get(place).copied().unwrap_or_default(), place)
    };
    let patterns: Vec<Pattern> = templates.all().iter().enumerate().map(pattern).collect();
    Proposal { text: written(wanted, &patterns), patterns: patterns.len(), left_out }
}

fn pattern_of(template: &Template, text: &str, record: usize) -> Pattern {
    let mut names = Names::default();
    let (mut named, mut plain) = ("^".to_owned(), "^".to_owned());
    let mut heads = Vec::new();
    let mut before = "";
    for (place, word) in template.words.iter().enumerate() {
        let is_rest = word.chars().eq([Slot::Rest.sign()]);
        if place > 0 && !is_rest {
            named.push_str(BLANKS);
            plain.push_str(BLANKS);
        }
        let known = names.groups.len();
        expression(word, before, &mut names, &mut named, &mut plain);
        if place < TIME_WORDS && heads.len() == place && is_head(word) {
            heads.extend(names.groups.get(known).map(|(name, _)| name.clone()));
        }
        before = word;
    }
    named.push_str(END);
    plain.push_str(END);
    Pattern { named, plain, time: time_of(&heads, text), groups: names.groups, record }
}

/// Whether a word is one value and may be part of a time.
fn is_head(word: &str) -> bool {
    let mut signs = word.chars().filter(|letter| !matches!(letter, '[' | ']' | '(' | ')' | ',' | ':'));
    let slot = signs.next().and_then(Slot::of_sign);
    signs.next().is_none() && matches!(slot, Some(Slot::Time | Slot::Number))
}

/// Source and layout of the time at the beginning of a text, where one is known.
fn time_of(heads: &[String], text: &str) -> Option<(String, &'static str)> {
    let (words, _) = words(text);
    let bare: Vec<&str> = words.iter().map(|word| word.trim_matches(['[', ']', '(', ')', ',', ':'])).collect();
    (1..=heads.len().min(bare.len())).rev().find_map(|count| {
        let source = match heads.get(..count)? {
            [only] => only.clone(),
            several => several.iter().map(|name| format!("{{{name}}}")).collect::<Vec<_>>().join(" "),
        };
        let stated = bare.get(..count)?.join(" ");
        if stated.parse::<Timestamp>().is_ok() {
            return Some((source, "rfc3339"));
        }
        let layout = LAYOUTS.into_iter().find(|layout| BrokenDownTime::parse(layout, &stated).is_ok())?;
        Some((source, layout))
    })
}

/// Names of groups that were given.
#[derive(Default)]
struct Names {
    taken: BTreeSet<String>,
    groups: Vec<(String, Slot)>,
}

impl Names {
    fn give(&mut self, wish: &str, slot: Slot) -> String {
        let mut name = wish.to_owned();
        for number in 2.. {
            if self.taken.insert(name.clone()) {
                break;
            }
            name = format!("{wish}_{number}");
        }
        self.groups.push((name.clone(), slot));
        name
    }
}

/// Adds a word to an expression with groups and to one without.
fn expression(word: &str, before: &str, names: &mut Names, named: &mut String, plain: &mut String) {
    let mut literal = String::new();
    let mut letters = word.chars();
    loop {
        let letter = letters.next();
        let slot = letter.and_then(Slot::of_sign);
        if let (Some(letter), None) = (letter, slot) {
            literal.push(letter);
            continue;
        }
        let escaped = regex::escape(&literal);
        named.push_str(&escaped);
        plain.push_str(&escaped);
        let Some(slot) = slot else { return };
        let name = names.give(&wish(&literal, before, slot), slot);
        let values = values_of(slot);
        // To a `String` it does not fail.
        let _ = write!(named, "(?P<{name}>{values})");
        let _ = write!(plain, "(?:{values})");
        literal.clear();
    }
}

/// What a group may be called: by the name before `=` or `:`, else by the word before, else by what it holds.
fn wish(literal: &str, before: &str, slot: Slot) -> String {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '.');
    let key = literal.trim_end_matches(['"', '\'']);
    if let Some(key) = key.strip_suffix(['=', ':'])
        && let Some(name) = name_of(key.rsplit(|letter: char| !is_part(letter)).next().unwrap_or_default())
    {
        return name;
    }
    let is_word = before.len() <= 20 && before.chars().all(|letter| letter.is_ascii_alphabetic() || letter == '_');
    match name_of(before).filter(|_| literal.is_empty() && is_word) {
        Some(name) if slot == Slot::Address => format!("{name}_address"),
        Some(name) if !matches!(slot, Slot::Time | Slot::Rest) => name,
        _ => slot.code().to_owned(),
    }
}

/// A name that an expression takes.
fn name_of(text: &str) -> Option<String> {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '_' };
    let name: String = text.chars().take(40).map(plain).collect();
    name.starts_with(|letter: char| letter.is_ascii_lowercase()).then_some(name)
}

/// The texts that a place may hold.
fn values_of(slot: Slot) -> &'static str {
    match slot {
        Slot::Number => r"[-+]*[0-9]+(?:\.[0-9]+)?%*",
        Slot::Address => "[0-9A-Fa-f.:/-]+",
        Slot::Time => "[0-9A-Za-z:./+-]+",
        Slot::Guid => r"\{?[0-9A-Fa-f-]{36}\}?",
        Slot::Hex => "(?:0[xX])?[0-9A-Fa-f]+",
        Slot::Mail => r"[^ \t]+@[^ \t]+",
        Slot::Path | Slot::Word => r"[^ \t]+",
        Slot::Rest => ".*",
    }
}

fn written(wanted: &Wanted<'_>, patterns: &[Pattern]) -> String {
    let mut text = String::new();
    let mut line = |parts: &[&str]| {
        parts.iter().for_each(|part| text.push_str(part));
        text.push('\n');
    };
    line(&["name = ", &quoted(wanted.name)]);
    line(&["version = ", &wanted.version.to_string()]);
    line(&["title = ", &quoted(wanted.title)]);
    line(&["order = ", &ORDER.to_string()]);
    line(&["extract = \"patterns\"\n\n[recognise]"]);
    match wanted.program {
        Some(program) => line(&["programs = [", &quoted(program), "]"]),
        None => {
            let is_whole = wanted.texts.iter().zip(wanted.records).all(|(text, record)| text.trim() == record.trim());
            line(&[if is_whole { "lines" } else { "messages" }, " = ["]);
            patterns.iter().for_each(|pattern| line(&["  ", &quoted(&pattern.plain), ","]));
            line(&["]"]);
        }
    }
    let columns = columns_of(patterns);
    if !columns.is_empty() {
        line(&["\n[columns]"]);
    }
    for (column, fields) in columns {
        let fields: Vec<String> = fields.iter().map(|field| quoted(field)).collect();
        line(&[column, " = [", &fields.join(", "), "]"]);
    }
    let times: BTreeSet<_> = patterns.iter().filter_map(|pattern| pattern.time.clone()).collect();
    for (from, layout) in times {
        line(&["\n[[time]]\nfrom = [", &quoted(&from), "]\nlayouts = [", &quoted(layout), "]"]);
    }
    for pattern in patterns {
        line(&["\n[[pattern]]\nregex = ", &quoted(&pattern.named)]);
    }
    let samples: Vec<&str> =
        patterns.iter().filter_map(|pattern| wanted.records.get(pattern.record)).copied().collect();
    let samples = match wanted.disguised {
        true => super::disguise(&samples),
        false => samples.into_iter().map(ToOwned::to_owned).collect(),
    };
    for sample in &samples {
        line(&[
            "\n[[sample]]\nline = ",
            &quoted(sample),
            "\norigin = ",
            &quoted(wanted.origin),
            "\nevidence = \"seen\"",
        ]);
    }
    text
}

/// The columns that groups fill by what they are called.
fn columns_of(patterns: &[Pattern]) -> Vec<(&'static str, BTreeSet<String>)> {
    let groups = || patterns.iter().flat_map(|pattern| &pattern.groups);
    let filled = |(column, called, addresses): (&'static str, &[&str], bool)| {
        let fits =
            |(name, slot): &&(String, Slot)| called.contains(&name.as_str()) && addresses == (*slot == Slot::Address);
        let fields: BTreeSet<String> = groups().filter(fits).map(|(name, _)| name.clone()).collect();
        (!fields.is_empty()).then_some((column, fields))
    };
    COLUMNS.into_iter().filter_map(filled).collect()
}

/// A text as TOML writes it; an expression stays as it is where it may.
fn quoted(text: &str) -> String {
    match text.contains('\'') || text.chars().any(char::is_control) {
        true => toml::Value::from(text).to_string(),
        false => format!("'{text}'"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FormatSet;
    use event::{Column, Event, Origin, RawRecord};
    use std::sync::Arc;

    const LINES: [&str; 3] = [
        "2026-11-23 10:11:12 gate: opened by=anna from 10.1.2.3 port 4711",
        "2026-11-23 10:11:13 gate: opened by=bao from 10.1.2.4 port 80",
        "2026-11-23 10:12:00 gate: battery low, 12%",
    ];

    fn proposed(disguised: bool) -> Proposal {
        propose(&Wanted {
            name: "gate",
            title: "Cổng",
            version: 1,
            program: None,
            origin: "Máy chủ cổng",
            texts: &LINES,
            records: &LINES,
            disguised,
        })
    }

    fn read(text: &str, line: &str) -> Event {
        let set = FormatSet::load(&[("gate.toml".to_owned(), text.to_owned())]).expect("a format");
        let origin = Arc::new(Origin::default());
        set.parse(&RawRecord { bytes: line.to_owned().into(), arrival: crate::SAMPLES_ARRIVED, origin, position: 1 })
    }

    #[test]
    fn every_line_is_read_by_what_is_proposed_for_it() {
        let Proposal { text, patterns, left_out } = proposed(false);
        assert_eq!((patterns, left_out), (2, 0), "{text}");
        for line in LINES {
            assert!(read(&text, line).understood, "{line}\n{text}");
        }
        let event = read(&text, LINES[0]);
        assert_eq!(event.fields.text("port").as_deref(), Some("4711"), "{text}");
        assert_eq!(event.columns.text(Column::SourceIp), Some("10.1.2.3"), "{text}");
        assert_eq!(event.problem, None);
        assert_eq!(event.time, "2026-11-23T10:11:12Z".parse::<Timestamp>().expect("a time").as_microsecond());
    }

    #[test]
    fn samples_are_read_also_in_disguise() {
        for disguised in [false, true] {
            let text = proposed(disguised).text;
            let set = FormatSet::load(&[("gate.toml".to_owned(), text.clone())]).expect("a format");
            let (passed, failures) = set.check_samples(crate::SAMPLES_ARRIVED);
            assert_eq!((passed, failures.as_slice()), (2, &[][..]), "{text}");
            assert_eq!(text.contains("10.1.2.3"), !disguised, "{text}");
        }
    }

    #[test]
    fn what_stands_in_an_envelope_is_known_by_its_program() {
        let records = ["<13>Nov 20 10:11:12 srv gate[7]: it's open"];
        let wanted = Wanted {
            name: "gate",
            title: "Cổng",
            version: 1,
            program: Some("gate"),
            origin: "srv",
            texts: &["it's open"],
            records: &records,
            disguised: false,
        };
        let text = propose(&wanted).text;
        assert!(text.contains("programs = ['gate']"), "{text}");
        assert!(FormatSet::load(&[("gate.toml".to_owned(), text.clone())]).is_ok(), "{text}");
    }
}
