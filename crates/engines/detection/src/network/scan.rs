//! Looks for triggers in the texts of one field: a table for whole values, a search for parts.

use super::need::Trigger;
use super::needles::Needles;
use crate::hash::{NameHashBuilder, stable_hash};
use crate::pattern::with_folded;
use crate::view::{SEPARATOR, View};
use event::Value;
use std::collections::HashMap;
use std::io::Write as _;

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
        let (mut lengths, mut longer) = (0_u128, false);
        let mut numbers: HashMap<i64, Box<[u32]>, NameHashBuilder> = HashMap::default();
        let mut whole: HashMap<u64, Vec<u32>, NameHashBuilder> = HashMap::default();
        for (text, rules) in self.whole {
            match 1_u128.checked_shl(u32::try_from(text.len()).unwrap_or(u32::MAX)) {
                Some(bit) => lengths |= bit,
                None => longer = true,
            }
            if let Some(number) = text.parse::<i64>().ok().filter(|number| number.to_string() == text) {
                numbers.insert(number, rules.clone().into());
            }
            whole.entry(stable_hash([text.as_bytes()])).or_default().extend(rules);
        }
        let whole = whole.into_iter().map(|(hash, rules)| (hash, rules.into())).collect();
        // A text between separators cannot hold one, so that such a part would never be found.
        self.parts.retain(|text, rules| {
            let sought = !text.contains(SEPARATOR);
            if !sought {
                self.present.extend_from_slice(rules);
            }
            sought
        });
        let mut parts: Vec<(String, Vec<u32>)> = self.parts.into_iter().collect();
        parts.sort();
        let literals: Vec<&[u8]> = parts.iter().map(|(text, _)| text.as_bytes()).collect();
        let needles = if literals.is_empty() { None } else { Needles::new(&literals) };
        if needles.is_none() {
            // A search that cannot be built (far too many literals) costs speed, not matches.
            self.present.extend(parts.iter().flat_map(|(_, rules)| rules));
        }
        let shortest = parts.iter().map(|(text, _)| text.len()).min().unwrap_or(usize::MAX);
        let numeric = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.einfatrusl".contains(&byte));
        FieldScan {
            slot,
            numbers,
            whole,
            lengths,
            longer,
            needles,
            shortest,
            parts_in_numbers: parts.iter().any(|(text, _)| numeric(text)),
            part_rules: parts.into_iter().map(|(_, rules)| rules.into()).collect(),
            present: self.present,
        }
    }
}

/// Compiled triggers of one field.
#[derive(Debug)]
pub(super) struct FieldScan {
    pub(super) slot: usize,
    /// By whole number, for records that hold numbers.
    numbers: HashMap<i64, Box<[u32]>, NameHashBuilder>,
    /// By hash of the folded text. Two texts with one hash only make a candidate too many.
    whole: HashMap<u64, Box<[u32]>, NameHashBuilder>,
    /// Lengths of whole values below 128, as bits.
    lengths: u128,
    /// There are whole values of 128 bytes and more.
    longer: bool,
    needles: Option<Needles>,
    /// Length of the shortest part.
    shortest: usize,
    /// By number of the needle.
    part_rules: Vec<Box<[u32]>>,
    /// A part may stand in the spelling of a number or of a truth.
    parts_in_numbers: bool,
    present: Vec<u32>,
}

impl FieldScan {
    /// Names every rule that has a trigger in this field of the record.
    pub(super) fn scan(&self, view: &View<'_>, nominate: &mut dyn FnMut(u32)) {
        let Some(value) = view.value(self.slot) else { return };
        self.present.iter().for_each(|rule| nominate(*rule));
        match view.folded(self.slot) {
            Some(text) => self.look(text, nominate),
            None => self.scan_value(value, nominate),
        }
    }

    fn scan_value(&self, value: &Value, nominate: &mut dyn FnMut(u32)) {
        match value {
            Value::Int(number) => self.scan_number(*number, nominate),
            // A whole number is looked up in one spelling, however the record writes it.
            Value::Float(number) if number.fract() == 0.0 && number.abs() < 9.0e15 => {
                self.scan_number(*number as i64, nominate);
            }
            Value::Bool(truth) => self.look(if *truth { "true" } else { "false" }, nominate),
            Value::List(values) => values.iter().for_each(|one| self.scan_value(one, nominate)),
            other => {
                other.with_text(|text| with_folded(text, |text| self.look(text, nominate)));
            }
        }
    }

    fn scan_number(&self, number: i64, nominate: &mut dyn FnMut(u32)) {
        if let Some(rules) = self.numbers.get(&number) {
            rules.iter().for_each(|rule| nominate(*rule));
        }
        if self.parts_in_numbers {
            let mut digits = [0_u8; 20];
            let mut rest = digits.as_mut_slice();
            // No whole number of 64 bits is longer than that.
            let _ = write!(rest, "{number}");
            let left = rest.len();
            if let Some(Ok(text)) = digits.get(..digits.len() - left).map(std::str::from_utf8) {
                self.look_for_parts(text, nominate);
            }
        }
    }

    /// Length of the shortest part, where parts are looked for.
    pub(super) fn shortest_part(&self) -> Option<usize> {
        self.needles.as_ref().map(|_| self.shortest)
    }

    pub(super) fn parts_in_numbers(&self) -> bool {
        self.parts_in_numbers
    }

    /// Rules for which the presence of a text is enough.
    pub(super) fn present(&self) -> &[u32] {
        &self.present
    }

    /// A folded text.
    fn look(&self, text: &str, nominate: &mut dyn FnMut(u32)) {
        let may_be_whole = match 1_u128.checked_shl(u32::try_from(text.len()).unwrap_or(u32::MAX)) {
            Some(bit) => self.lengths & bit != 0,
            None => self.longer,
        };
        if may_be_whole && let Some(rules) = self.whole.get(&stable_hash([text.as_bytes()])) {
            rules.iter().for_each(|rule| nominate(*rule));
        }
        self.look_for_parts(text, nominate);
    }

    pub(super) fn look_for_parts(&self, text: &str, nominate: &mut dyn FnMut(u32)) {
        let Some(needles) = self.needles.as_ref().filter(|_| text.len() >= self.shortest) else { return };
        needles.find(text.as_bytes(), &mut |number| {
            if let Some(rules) = self.part_rules.get(number) {
                rules.iter().for_each(|rule| nominate(*rule));
            }
        });
    }
}
