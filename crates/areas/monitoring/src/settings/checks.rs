//! What is looked at in the values of a file; every fault names file, line and key.

use super::Bounds;
use organisation::regulations::Fault;
use std::fmt::Display;
use std::ops::RangeInclusive;

/// Gathers what is wrong with the values of one file.
pub(crate) struct Checks<'a> {
    path: &'a str,
    text: &'a str,
    faults: Vec<Fault>,
}

impl<'a> Checks<'a> {
    pub(crate) fn new(path: &'a str, text: &'a str) -> Self {
        Self { path, text, faults: Vec::new() }
    }

    pub(crate) fn into_faults(self) -> Vec<Fault> {
        self.faults
    }

    fn add<const N: usize>(&mut self, key: &str, sentence: &'static str, arguments: [(&'static str, String); N]) {
        self.faults.push(Fault::new(self.path, line_of(self.text, key), sentence, arguments));
    }

    /// A number lies between two others. `key` goes with its tables: `hits.keep_days`.
    pub(crate) fn within<T: PartialOrd + Display>(&mut self, key: &str, number: T, range: RangeInclusive<T>) {
        if !range.contains(&number) {
            let arguments = [
                ("key", key.to_owned()),
                ("number", number.to_string()),
                ("least", range.start().to_string()),
                ("most", range.end().to_string()),
            ];
            self.add(key, "setting-fault-range", arguments);
        }
    }

    /// A number is no less than that of another key.
    pub(crate) fn no_less<T: PartialOrd + Display>(&mut self, key: &str, number: T, other: &str, least: T) {
        if number < least {
            let arguments = [
                ("key", key.to_owned()),
                ("number", number.to_string()),
                ("other", other.to_owned()),
                ("least", least.to_string()),
            ];
            self.add(key, "setting-fault-order", arguments);
        }
    }

    /// A name is one of those that the program knows.
    pub(crate) fn known(&mut self, key: &str, name: &str, is_known: bool) {
        if !is_known {
            self.add(key, "setting-fault-unknown", [("key", key.to_owned()), ("name", name.to_owned())]);
        }
    }

    /// A list or table that says nothing.
    pub(crate) fn filled(&mut self, key: &str, is_filled: bool) {
        if !is_filled {
            self.add(key, "setting-fault-empty", [("key", key.to_owned())]);
        }
    }

    /// Bounds lie within others, and what a form begins with lies within them.
    pub(crate) fn bounds(&mut self, table: &str, bounds: &Bounds, range: RangeInclusive<i64>) {
        let key = |name: &str| format!("{table}.{name}");
        self.within(&key("least"), bounds.least, range.clone());
        self.within(&key("most"), bounds.most, range);
        self.within(&key("default"), bounds.default, bounds.least..=bounds.most);
    }
}

/// Line of a key, counted from 1; of several of the same name the first.
fn line_of(text: &str, key: &str) -> Option<usize> {
    let mut table = "";
    text.lines()
        .position(|line| {
            let line = line.trim();
            if let Some(head) = line.strip_prefix('[') {
                table = head.trim_start_matches('[').split(']').next().unwrap_or_default().trim();
                return table == key;
            }
            let name = line.split_once('=').map(|(name, _)| name.trim().trim_matches('"'));
            name.is_some_and(|name| match table {
                "" => name == key,
                table => key.strip_prefix(table).and_then(|rest| rest.strip_prefix('.')) == Some(name),
            })
        })
        .map(|index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_a_key_is_that_in_its_table() {
        let text = "days = 1\n# days = 2\n[a]\ndays = 3\n[[b]]\n  days=4\n[[b]]\ndays = 5\n[c.d]\n\"T1\" = 1\n";
        let lines = ["days", "a.days", "b.days", "c.d", "c.d.T1", "a.hours"].map(|key| line_of(text, key));
        assert_eq!(lines, [Some(1), Some(4), Some(6), Some(9), Some(10), None]);
    }

    #[test]
    fn what_is_no_number_lies_within_nothing() {
        let mut checks = Checks::new("monitoring/a.toml", "share = nan\n");
        checks.within("share", f64::NAN, 0.0..=1.0);
        checks.within("share", 0.5, 0.0..=1.0);
        let faults = checks.into_faults();
        assert_eq!(faults.len(), 1);
        assert_eq!(faults[0].line, Some(1));
    }
}
