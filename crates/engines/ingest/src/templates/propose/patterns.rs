//! Patterns with named groups, one for each template of the lines.

use super::file::{File, layout_of, quoted};
use super::{Proposal, Wanted};
use crate::templates::mask::{Slot, words};
use crate::templates::{Joined, Template, Templates};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Patterns of one proposal.
const MOST_PATTERNS: usize = 20;
/// Words at the beginning of a line that may be its time.
const TIME_WORDS: usize = 5;

/// Between two words, and at the end of a line. No `\s` and no `\d`, which take much room in a long expression.
const BLANKS: &str = r"[ \t]+";
const END: &str = r"[ \t]*$";

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

/// One pattern for each template.
pub(super) fn propose(wanted: &Wanted<'_>) -> Proposal {
    let mut templates = Templates::new(0.5);
    let (mut first, mut left_out) = (BTreeMap::new(), 0);
    for (place, text) in wanted.texts.iter().enumerate() {
        match templates.add("", text, MOST_PATTERNS) {
            Joined::New(number) => {
                first.insert(number, place);
            }
            Joined::Full => left_out += 1,
            Joined::Known(_) | Joined::Widened(_) => {}
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
        Some((source, layout_of(&stated)?))
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
    let plain: Vec<&str> = patterns.iter().map(|pattern| pattern.plain.as_str()).collect();
    let mut file = File::begin(wanted, "patterns");
    file.recognise(wanted, &plain);
    let groups = patterns.iter().flat_map(|pattern| &pattern.groups);
    file.columns(groups.map(|(name, slot)| (name.as_str(), *slot == Slot::Address)));
    let times: BTreeSet<_> = patterns.iter().filter_map(|pattern| pattern.time.clone()).collect();
    times.iter().for_each(|(from, layout)| file.time(&[from], layout));
    for pattern in patterns {
        file.line(&["\n[[pattern]]\nregex = ", &quoted(&pattern.named)]);
    }
    file.samples(wanted, patterns.iter().map(|pattern| pattern.record));
    file.text
}
