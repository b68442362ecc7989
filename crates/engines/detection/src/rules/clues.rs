//! What of rules can be asked of an index, for whoever looks for one of them in stored records.

use super::{Body, Rule, RuleLogSource, RuleSet};
use crate::network::texts;
use crate::predicate::Test;
use std::sync::Arc;

/// A text that a record holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clue {
    /// The field or column that holds it; `None` where it may be any text of the record.
    pub field: Option<Arc<str>>,
    /// Folded; numbers and truths as they are spelled.
    pub text: String,
}

impl Rule {
    /// Texts of which every record that the rule matches holds at least one. `None` where none can be named, and for
    /// correlations, which ask nothing of records.
    pub fn clues(&self) -> Option<Vec<Clue>> {
        let Body::Condition(expression) = &self.body else { return None };
        Some(texts(expression)?.into_iter().map(|(field, text)| Clue { field, text }).collect())
    }
}

impl Rule {
    /// Names every field that the rule asks records for, some more than once: those of its condition, or those that a
    /// correlation groups by and measures.
    pub fn each_field(&self, visit: &mut dyn FnMut(&str)) {
        match &self.body {
            Body::Condition(expression) => {
                expression.map(&mut |predicate| {
                    predicate.field.iter().for_each(|field| visit(field));
                    if let Test::SameAs { other, .. } = &predicate.test {
                        visit(other);
                    }
                });
            }
            Body::Correlation(correlation) => {
                let fields = correlation.group_by.iter().chain(correlation.group_fields.iter().flatten());
                fields.chain(&correlation.value_fields).for_each(|field| visit(field));
            }
        }
    }
}

impl RuleSet {
    /// Positions of a rule and of all rules that it counts, directly or through other correlations.
    pub fn with_bases(&self, position: usize) -> Vec<usize> {
        let mut found = vec![position];
        let mut next = 0;
        while let Some(rule) = found.get(next).and_then(|position| self.rules.get(*position)) {
            next += 1;
            if let Body::Correlation(correlation) = &rule.body {
                for base in &correlation.bases {
                    if !found.contains(base) {
                        found.push(*base);
                    }
                }
            }
        }
        found
    }

    /// Kinds of log that a rule needs: its own, or those of the rules that a correlation counts, each once.
    pub fn log_sources_of(&self, position: usize) -> Vec<&RuleLogSource> {
        let mut found: Vec<&RuleLogSource> = Vec::new();
        let rules = self.with_bases(position).into_iter().filter_map(|position| self.rules.get(position));
        for rule in rules.filter(|rule| !rule.is_correlation()) {
            if !found.contains(&&rule.log_source) {
                found.push(&rule.log_source);
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clues(detection: &str) -> Option<Vec<(Option<String>, String)>> {
        let rule = format!("title: T\nlogsource: {{category: process_creation}}\ndetection: {{{detection}}}\n");
        let (set, errors) = RuleSet::from_texts([("t.yml", rule)]);
        assert_eq!(errors, []);
        let clues = set.rules()[0].clues()?;
        Some(clues.into_iter().map(|clue| (clue.field.map(|field| field.to_string()), clue.text)).collect())
    }

    fn of(field: &str, text: &str) -> (Option<String>, String) {
        (Some(field.to_owned()), text.to_owned())
    }

    #[test]
    fn what_every_match_holds_is_named_and_nothing_else() {
        for (detection, expected) in [
            ("s: {Image|endswith: '\\Evil.EXE', User: x}, condition: s", Some(vec![of("Image", "\\evil.exe")])),
            (
                "s: {CommandLine|contains: [mimikatz, sekurlsa]}, condition: s",
                Some(vec![of("CommandLine", "mimikatz"), of("CommandLine", "sekurlsa")]),
            ),
            ("s: {EventID: 4688}, f: {User: x}, condition: s and not f", Some(vec![of("EventID", "4688")])),
            ("s: [needle], condition: s", Some(vec![(None, "needle".to_owned())])),
            ("s: {Image|endswith: a.exe}, t: {User|exists: true}, condition: s or t", None),
            ("s: {Image: null}, condition: s", None),
            ("s: {DestinationIp|cidr: 10.0.0.0/8}, condition: s", None),
        ] {
            assert_eq!(clues(detection), expected, "{detection}");
        }
    }

    #[test]
    fn a_correlation_needs_all_that_it_counts() {
        let base = |name: &str, service: &str| {
            format!(
                "title: {name}\nname: {name}\nlogsource: {{service: {service}}}\ndetection: {{s: {{a: {name}}}, condition: s}}\n"
            )
        };
        let over = |name: &str, rules: &str| {
            format!(
                "title: {name}\nname: {name}\ncorrelation: {{type: event_count, rules: [{rules}], group-by: [u], \
                 timespan: 1m, condition: {{gte: 2}}}}\n"
            )
        };
        let texts = [base("a", "sshd"), base("b", "sshd"), over("c", "a, b"), over("d", "c"), base("e", "cron")];
        let (set, errors) = RuleSet::from_texts([("t.yml", texts.join("---\n"))]);
        assert_eq!(errors, []);
        let position = |title: &str| set.rules().iter().position(|rule| rule.title == title).expect(title);
        let mut needed = set.with_bases(position("d"));
        needed.sort_unstable();
        let mut expected = ["a", "b", "c", "d"].map(position);
        expected.sort_unstable();
        assert_eq!(needed, expected);
        assert_eq!(set.log_sources_of(position("d")).len(), 1);
        assert_eq!(set.with_bases(position("e")), [position("e")]);
    }
}
