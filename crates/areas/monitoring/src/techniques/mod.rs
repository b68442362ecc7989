//! What is detectable: for each ATT&CK technique the rules that are on, whether the kind of log they need really arrives,
//! and whether their tests pass; and which kind of log would help most where it does not. Pure; the telemetry is in
//! `sources::telemetry`.

mod layer;
mod pages;

use crate::rules::states::{RuleState, alerts_itself};
use crate::rules::techniques::{LogSourceCost, Techniques};
use detection::{Rule, RuleLogSource, RuleSet};
use event::LogSource;
pub use pages::routes;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

/// How well a technique is seen, from worst to best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Sight {
    /// No rule is on for it.
    Blind,
    /// There are rules, but nothing that they could match arrives.
    Unfed,
    /// A rule is on and its kind of log arrives.
    Fed,
    /// Besides, a test of such a rule passes.
    Proven,
}

impl Sight {
    pub const ALL: [Sight; 4] = [Self::Proven, Self::Fed, Self::Unfed, Self::Blind];

    /// Word in addresses and classes.
    pub fn code(self) -> &'static str {
        match self {
            Self::Blind => "blind",
            Self::Unfed => "unfed",
            Self::Fed => "fed",
            Self::Proven => "proven",
        }
    }

    /// Key of the word for people.
    pub fn key(self) -> &'static str {
        match self {
            Self::Blind => "technique-blind",
            Self::Unfed => "technique-unfed",
            Self::Fed => "technique-fed",
            Self::Proven => "technique-proven",
        }
    }
}

/// One technique, sub-techniques included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// `T1059`.
    pub number: String,
    pub tactics: Vec<String>,
    pub sight: Sight,
    /// Rules that are on.
    pub rules: usize,
    /// Of them those that are fed, and those of the fed that a test proves.
    pub fed: usize,
    pub proven: usize,
}

/// A kind of log that does not arrive, and what it would bring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    pub log_source: RuleLogSource,
    /// Rules that wait for it.
    pub rules: usize,
    /// Techniques that would be seen and are not.
    pub gained: BTreeSet<String>,
    /// What it takes to get it.
    pub cost: Option<LogSourceCost>,
}

impl Gap {
    fn effort(&self) -> usize {
        self.cost.as_ref().map_or(1, |cost| cost.effort as usize).max(1)
    }

    /// More gained for the effort first; at an equal measure more gained, then more rules.
    fn before(&self, other: &Self) -> Ordering {
        let [own, its] = [self, other].map(|gap| gap.gained.len());
        (its * self.effort())
            .cmp(&(own * other.effort()))
            .then_with(|| its.cmp(&own))
            .then_with(|| other.rules.cmp(&self.rules))
    }
}

/// The whole picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// In the order of their numbers.
    pub techniques: Vec<Coverage>,
    /// Sub-techniques that rules which are on name, in the order of their numbers.
    pub sub_techniques: Vec<Coverage>,
    /// Those that bring most for what they take first.
    pub gaps: Vec<Gap>,
}

/// What the picture is made of.
#[derive(Debug, Clone, Copy)]
pub struct Sighted<'all> {
    pub techniques: &'all Techniques,
    pub rules: &'all RuleSet,
    /// Kinds of log that arrive.
    pub arriving: &'all [LogSource],
    /// Ids of rules whose tests pass.
    pub tested: &'all HashSet<String>,
    /// Ids of rules that alert nobody: off, or on trial.
    pub off: &'all HashSet<String>,
}

/// Looks at every technique that is known, and at those that only rules name.
pub fn picture(sighted: Sighted<'_>) -> Picture {
    let mut by_technique: BTreeMap<String, Vec<(bool, bool)>> = BTreeMap::new();
    let mut waiting: BTreeMap<[Option<&str>; 3], Vec<&Arc<Rule>>> = BTreeMap::new();
    let state = |rule: &Rule| if sighted.off.contains(&rule.id) { RuleState::Shadow } else { RuleState::On };
    for (position, rule) in sighted.rules.rules().iter().enumerate() {
        let silent = !alerts_itself(sighted.rules.rules(), rule, &state);
        if silent || !rule.needs_placeholders.is_empty() || sighted.off.contains(&rule.id) {
            continue;
        }
        let needed = sighted.rules.log_sources_of(position);
        let unfed: Vec<&RuleLogSource> =
            needed.iter().copied().filter(|needed| !arrives(needed, sighted.arriving)).collect();
        let fed = unfed.is_empty();
        let proven = fed && sighted.tested.contains(&rule.id);
        let named = rule.techniques();
        let mut numbers: Vec<String> = named.iter().cloned().map(parent).collect();
        numbers.extend(named);
        numbers.sort_unstable();
        numbers.dedup();
        for number in numbers {
            by_technique.entry(number).or_default().push((fed, proven));
        }
        // A rule that waits for several kinds is helped by none of them alone.
        if let [one] = unfed.as_slice() {
            let key = [one.product.as_deref(), one.category.as_deref(), one.service.as_deref()];
            waiting.entry(key).or_default().push(rule);
        }
    }
    let seen: HashSet<&str> = by_technique
        .iter()
        .filter(|(_, rules)| rules.iter().any(|(fed, _)| *fed))
        .map(|(number, _)| number.as_str())
        .collect();
    let mut gaps: Vec<Gap> = waiting
        .into_iter()
        .map(|([product, category, service], rules)| {
            let log_source = RuleLogSource {
                product: product.map(ToOwned::to_owned),
                category: category.map(ToOwned::to_owned),
                service: service.map(ToOwned::to_owned),
            };
            Gap {
                cost: sighted.techniques.cost(&log_source).cloned(),
                log_source,
                gained: rules
                    .iter()
                    .flat_map(|rule| rule.techniques())
                    .map(parent)
                    .filter(|number| !seen.contains(number.as_str()))
                    .collect(),
                rules: rules.len(),
            }
        })
        .collect();
    gaps.sort_by(Gap::before);
    let coverage = |number: &str, tactics: &[String]| {
        let rules = by_technique.get(number).map(Vec::as_slice).unwrap_or_default();
        let fed = rules.iter().filter(|(fed, _)| *fed).count();
        let proven = rules.iter().filter(|(_, proven)| *proven).count();
        let sight = match (rules.len(), fed, proven) {
            (0, ..) => Sight::Blind,
            (_, 0, _) => Sight::Unfed,
            (_, _, 0) => Sight::Fed,
            _ => Sight::Proven,
        };
        Coverage { number: number.to_owned(), tactics: tactics.to_vec(), sight, rules: rules.len(), fed, proven }
    };
    let below = by_technique.keys().filter(|number| number.contains('.'));
    Picture {
        techniques: sighted.techniques.all().map(|(number, tactics)| coverage(number, tactics)).collect(),
        sub_techniques: below.map(|number| coverage(number, &[])).collect(),
        gaps,
    }
}

fn parent(number: String) -> String {
    match number.split_once('.') {
        Some((above, _)) => above.to_owned(),
        None => number,
    }
}

fn arrives(needed: &RuleLogSource, arriving: &[LogSource]) -> bool {
    let part = |part: &Option<String>| part.as_deref().map(ToOwned::to_owned);
    let (product, category, service) = (part(&needed.product), part(&needed.category), part(&needed.service));
    arriving.iter().any(|kind| kind.matches(product.as_deref(), category.as_deref(), service.as_deref()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    const RULES: &str = "title: Shell\nid: a\nlogsource: {product: windows, category: process_creation}\n\
        tags: [attack.execution, attack.t1059.001]\ndetection: {s: {Image: x}, condition: s}\n---\n\
        title: Lookup\nid: b\nlogsource: {category: dns}\ntags: [attack.t1071.004, attack.t1059]\n\
        detection: {s: {query: x}, condition: s}\n---\n\
        title: Guess\nid: c\nname: guess\nlogsource: {product: linux, service: sshd}\ntags: [attack.t1110]\n\
        detection: {s: {user: x}, condition: s}\n---\n\
        title: Guesses\nid: d\ncorrelation: {type: event_count, rules: [guess], group-by: [source_ip], timespan: 5m, \
        condition: {gte: 3}}\ntags: [attack.t1110]\n";

    fn look(arriving: &[LogSource], tested: &[&str], off: &[&str]) -> Picture {
        let (rules, errors) = RuleSet::from_texts([("rules.yml", RULES)]);
        assert!(errors.is_empty(), "{errors:?}");
        let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
        let techniques = Settings::embedded().expect("sound").techniques;
        picture(Sighted { techniques: &techniques, rules: &rules, arriving, tested: &ids(tested), off: &ids(off) })
    }

    fn sight(picture: &Picture, number: &str) -> Sight {
        picture.techniques.iter().find(|one| one.number == number).expect("known").sight
    }

    fn windows() -> LogSource {
        LogSource {
            product: Some("windows".into()),
            categories: vec!["process_creation".into()],
            services: vec!["sysmon".into()],
        }
    }

    #[test]
    fn a_rule_counts_when_it_is_on_and_fed_and_more_when_its_test_passes() {
        assert_eq!(sight(&look(&[], &[], &[]), "T1059"), Sight::Unfed);
        assert_eq!(sight(&look(&[windows()], &[], &[]), "T1059"), Sight::Fed);
        assert_eq!(sight(&look(&[windows()], &["a"], &[]), "T1059"), Sight::Proven);
        assert_eq!(sight(&look(&[windows()], &["a"], &["a"]), "T1059"), Sight::Unfed);
        assert_eq!(sight(&look(&[windows()], &["a"], &[]), "T1003"), Sight::Blind);
    }

    #[test]
    fn a_correlation_is_fed_by_what_feeds_its_base() {
        let sshd = LogSource { product: Some("linux".into()), services: vec!["sshd".into()], ..LogSource::default() };
        assert_eq!(sight(&look(&[], &[], &[]), "T1110"), Sight::Unfed);
        assert_eq!(sight(&look(&[sshd], &["d"], &[]), "T1110"), Sight::Proven);
    }

    #[test]
    fn the_next_kind_of_log_is_the_one_that_shows_most_for_what_it_takes() {
        let gaps = look(&[], &[], &[]).gaps;
        let told: Vec<_> = gaps.iter().map(|gap| (gap.gained.len(), gap.effort())).collect();
        assert_eq!(told, [(1, 1), (2, 3), (1, 3)], "a setting of sshd, queries of DNS, an agent on Windows");
        assert_eq!(gaps[0].log_source.service.as_deref(), Some("sshd"));
        let gaps = look(&[windows()], &[], &[]).gaps;
        let dns = gaps.iter().find(|gap| gap.log_source.category.as_deref() == Some("dns")).expect("a gap");
        assert_eq!(dns.gained.iter().map(String::as_str).collect::<Vec<_>>(), vec!["T1071"]);
    }

    #[test]
    fn a_layer_holds_sub_techniques_and_marks_what_a_missing_kind_of_log_would_show() {
        let picture = look(&[windows()], &["a"], &[]);
        let told: Vec<_> = picture.sub_techniques.iter().map(|one| (one.number.as_str(), one.sight)).collect();
        assert_eq!(told, [("T1059.001", Sight::Proven), ("T1071.004", Sight::Unfed)]);
        let words = layer::Words { name: "Tỉnh Ví Dụ", gap: "gap", log_source: &|_| "DNS".to_owned() };
        let layer = layer::layer(&picture, "19", &words, |sight| sight.code().to_owned());
        assert_eq!(layer["name"], "Tỉnh Ví Dụ");
        let one = |number: &str| {
            let all = layer["techniques"].as_array().expect("a list");
            all.iter().find(|one| one["techniqueID"] == number).expect("a technique").clone()
        };
        assert_eq!(
            (one("T1059.001")["score"].as_i64(), one("T1059")["showSubtechniques"].as_bool()),
            (Some(3), Some(true))
        );
        assert!(one("T1059").get("color").is_none());
        assert!(one("T1071")["color"].is_string() && one("T1071.004")["color"].is_string());
        assert!(one("T1071")["comment"].as_str().expect("a comment").contains("DNS"));
    }
}
