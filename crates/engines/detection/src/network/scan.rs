//! Looks for triggers in the texts of one field: a hash table for whole values, one automaton for parts.

use super::need::Trigger;
use crate::hash::{NameHashBuilder, folded_hash, stable_hash};
use crate::pattern::fold;
use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use event::Value;
use std::collections::HashMap;
use std::fmt::Write as _;

/// Triggers of one field while a network is built.
#[derive(Debug, Default)]
pub(super) struct ScanBuilder {
    whole: HashMap<String, Vec<u32>>,
    parts: HashMap<String, Vec<u32>>,
    present: Vec<u32>,
}

impl ScanBuilder {
    pub(super) fn add(&mut self, trigger: Trigger, rule: u32) {
        let rules = match trigger {
            Trigger::Whole(text) => self.whole.entry(text).or_default(),
            Trigger::Part(text) => self.parts.entry(text).or_default(),
            Trigger::Present => &mut self.present,
        };
        if rules.last() != Some(&rule) {
            rules.push(rule);
        }
    }

    pub(super) fn build(mut self, slot: usize) -> FieldScan {
        let longest = self.whole.keys().map(String::len).max();
        let mut whole: HashMap<u64, Vec<u32>, NameHashBuilder> = HashMap::default();
        for (text, rules) in self.whole {
            whole.entry(stable_hash([text.as_bytes()])).or_default().extend(rules);
        }
        let mut parts: Vec<(String, Vec<u32>)> = self.parts.into_iter().collect();
        parts.sort();
        let automaton = (!parts.is_empty()).then(|| automaton(&parts)).flatten();
        if automaton.is_none() {
            // An automaton that cannot be built (far too many literals) costs speed, not matches.
            self.present.extend(parts.iter().flat_map(|(_, rules)| rules));
        }
        let part_rules = parts.into_iter().map(|(_, rules)| rules).collect();
        FieldScan { slot, whole, longest, automaton, part_rules, present: self.present }
    }
}

fn automaton(parts: &[(String, Vec<u32>)]) -> Option<AhoCorasick> {
    // Small automata are fastest as a full table; large ones would fill the memory of a small node.
    let states: usize = parts.iter().map(|(text, _)| text.len()).sum();
    let kind = if states <= 2_000 { AhoCorasickKind::DFA } else { AhoCorasickKind::ContiguousNFA };
    AhoCorasick::builder()
        .match_kind(MatchKind::Standard)
        .ascii_case_insensitive(true)
        .kind(Some(kind))
        .build(parts.iter().map(|(text, _)| text))
        .ok()
}

/// Compiled triggers of one field.
#[derive(Debug)]
pub(super) struct FieldScan {
    pub(super) slot: usize,
    /// By hash of the folded text. Two texts with one hash only make a candidate too many.
    whole: HashMap<u64, Vec<u32>, NameHashBuilder>,
    longest: Option<usize>,
    automaton: Option<AhoCorasick>,
    /// By pattern of the automaton.
    part_rules: Vec<Vec<u32>>,
    present: Vec<u32>,
}

impl FieldScan {
    /// Names every rule that has a trigger in this value; `spelling` is scratch memory.
    pub(super) fn scan(&self, value: &Value, spelling: &mut String, nominate: &mut dyn FnMut(u32)) {
        self.present.iter().for_each(|rule| nominate(*rule));
        self.scan_value(value, spelling, nominate);
    }

    fn scan_value(&self, value: &Value, spelling: &mut String, nominate: &mut dyn FnMut(u32)) {
        match value {
            Value::Text(text) => self.look(text, nominate),
            Value::Int(number) => {
                spelling.clear();
                // Writing to a String cannot fail.
                let _ = write!(spelling, "{number}");
                self.look(spelling, nominate);
            }
            // A whole number is looked up in one spelling, however the record writes it.
            Value::Float(number) if number.fract() == 0.0 && number.abs() < 9.0e15 => {
                self.scan_value(&Value::Int(*number as i64), spelling, nominate);
            }
            Value::List(values) => values.iter().for_each(|one| self.scan_value(one, spelling, nominate)),
            other => {
                if let Some(text) = other.as_text() {
                    self.look(&text, nominate);
                }
            }
        }
    }

    /// The same for one text, presence included.
    pub(super) fn scan_text(&self, text: &str, nominate: &mut dyn FnMut(u32)) {
        self.present.iter().for_each(|rule| nominate(*rule));
        self.look(text, nominate);
    }

    fn look(&self, text: &str, nominate: &mut dyn FnMut(u32)) {
        if text.is_ascii() {
            self.look_folded(text, nominate);
        } else {
            self.look_folded(&fold(text), nominate);
        }
    }

    /// `text` is folded or plain ASCII, whose letter case the automaton and the hash ignore.
    fn look_folded(&self, text: &str, nominate: &mut dyn FnMut(u32)) {
        if self.longest.is_some_and(|longest| text.len() <= longest)
            && let Some(rules) = self.whole.get(&folded_hash(text))
        {
            rules.iter().for_each(|rule| nominate(*rule));
        }
        let Some(automaton) = &self.automaton else { return };
        let Ok(found) = automaton.try_find_overlapping_iter(text) else { return };
        for part in found {
            if let Some(rules) = self.part_rules.get(part.pattern().as_usize()) {
                rules.iter().for_each(|rule| nominate(*rule));
            }
        }
    }
}
