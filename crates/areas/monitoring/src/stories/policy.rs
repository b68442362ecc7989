//! What makes a story: the section `[story]` of `content/monitoring/scoring.toml`, and the judgement over alerts.

use super::{Link, Piece};
use event::{Column, Event, Value};
use kit::clock::{DAY, HOUR, Micros};
use kit::page::Severity;
use serde::Deserialize;
use std::collections::HashSet;
use std::net::IpAddr;

/// Longest value kept; longer ones are cut at the start of what is too much.
const MAX_VALUE: usize = 256;

/// The policy in force.
#[derive(Debug, Clone)]
pub struct StoryPolicy {
    /// An alert joins where it lies within this of another one.
    pub window: Micros,
    /// A story takes nothing that lies further than this from its beginning.
    pub longest: Micros,
    pub least_alerts: usize,
    pub least_rules: usize,
    /// Tactics that must follow each other in their order.
    pub least_steps: usize,
    pub least_severity: Severity,
    /// Values kept with an alert.
    pub links_per_alert: usize,
    /// A value that more alerts share within the window tells nothing (a proxy, a domain controller).
    pub most_alerts_of_a_link: usize,
    /// Tactics in the order of an attack.
    tactics: Vec<String>,
    links: Vec<LinkKind>,
}

#[derive(Debug, Clone)]
struct LinkKind {
    kind: String,
    columns: Vec<Column>,
    ignored: HashSet<String>,
    ignored_ends: Vec<String>,
    is_address: bool,
}

/// The section as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Section {
    window_hours: i64,
    longest_days: i64,
    least_alerts: usize,
    least_rules: usize,
    least_steps: usize,
    least_severity: String,
    links_per_alert: usize,
    most_alerts_of_a_link: usize,
    tactics: Vec<String>,
    link: Vec<LinkEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LinkEntry {
    kind: String,
    columns: Vec<String>,
    #[serde(default)]
    ignored: Vec<String>,
    #[serde(default)]
    ignored_ends: Vec<String>,
    /// Values are addresses; those of the machine itself, of no one and of everyone tell nothing.
    #[serde(default)]
    address: bool,
}

impl StoryPolicy {
    /// Reads the section; says what is out of range or unknown.
    pub(crate) fn of(section: Section) -> Result<Self, String> {
        if !(1..=168).contains(&section.window_hours) || !(1..=60).contains(&section.longest_days) {
            return Err("story.window_hours must be 1 to 168, story.longest_days 1 to 60".to_owned());
        }
        if section.least_alerts < 2 {
            return Err("story.least_alerts must be at least 2".to_owned());
        }
        if !(1..=100).contains(&section.links_per_alert) || section.most_alerts_of_a_link < 2 {
            return Err("story.links_per_alert must be 1 to 100, story.most_alerts_of_a_link at least 2".to_owned());
        }
        if section.tactics.is_empty() {
            return Err("story.tactics names none".to_owned());
        }
        let least_severity = section
            .least_severity
            .parse()
            .map_err(|()| format!("story.least_severity: unknown severity {}", section.least_severity))?;
        let mut links = Vec::new();
        for entry in section.link {
            let columns = entry.columns.iter().map(|name| {
                Column::from_name(name).ok_or_else(|| format!("story.link {}: unknown column {name}", entry.kind))
            });
            links.push(LinkKind {
                columns: columns.collect::<Result<_, _>>()?,
                ignored: entry.ignored.iter().map(|value| value.to_lowercase()).collect(),
                ignored_ends: entry.ignored_ends.iter().map(|value| value.to_lowercase()).collect(),
                is_address: entry.address,
                kind: entry.kind,
            });
        }
        Ok(Self {
            window: section.window_hours * HOUR,
            longest: section.longest_days * DAY,
            least_alerts: section.least_alerts,
            least_rules: section.least_rules,
            least_steps: section.least_steps,
            least_severity,
            links_per_alert: section.links_per_alert,
            most_alerts_of_a_link: section.most_alerts_of_a_link,
            tactics: section.tactics,
            links,
        })
    }

    /// Tactics in the order of an attack.
    pub fn tactics(&self) -> &[String] {
        &self.tactics
    }

    /// Kinds of what alerts may share, in the order in which they are told.
    pub fn kinds(&self) -> impl Iterator<Item = &str> {
        self.links.iter().map(|link| link.kind.as_str())
    }

    /// Adds what an event may share with others, each value once, up to the limit.
    pub fn gather(&self, event: &Event, links: &mut Vec<Link>) {
        for kind in &self.links {
            for column in &kind.columns {
                if links.len() >= self.links_per_alert {
                    return;
                }
                let Some(value) = event.columns.get(*column).and_then(Value::as_text) else { continue };
                let Some(value) = kind.value(&value) else { continue };
                let link = Link { kind: kind.kind.clone(), value };
                if !links.contains(&link) {
                    links.push(link);
                }
            }
        }
    }

    /// The tactic of a rule that comes latest in an attack: a rule that names several is told by how far it leads.
    pub fn main_tactic<'tactic>(&self, tactics: &'tactic [String]) -> Option<&'tactic str> {
        let ranked = tactics.iter().filter_map(|tactic| Some((self.rank(tactic)?, tactic.as_str())));
        ranked.max_by_key(|(rank, _)| *rank).map(|(_, tactic)| tactic)
    }

    fn rank(&self, tactic: &str) -> Option<usize> {
        let plain = tactic.replace('_', "-");
        self.tactics.iter().position(|known| *known == plain)
    }

    /// How many tactics follow each other in the order of an attack: the longest chain of alerts, each not earlier and
    /// further on than the one before.
    pub fn steps(&self, pieces: &[Piece]) -> usize {
        let mut ordered: Vec<(Micros, Vec<usize>)> = pieces
            .iter()
            .map(|piece| {
                let mut ranks: Vec<usize> = piece.tactics.iter().filter_map(|tactic| self.rank(tactic)).collect();
                ranks.sort_unstable();
                (piece.first, ranks)
            })
            .collect();
        ordered.sort();
        let mut longest = vec![0_usize; self.tactics.len()];
        for (_, ranks) in ordered {
            let before = longest.clone();
            for rank in ranks {
                let reached = before.iter().take(rank).max().copied().unwrap_or(0) + 1;
                if let Some(best) = longest.get_mut(rank) {
                    *best = reached.max(*best);
                }
            }
        }
        longest.into_iter().max().unwrap_or(0)
    }

    /// Whether these alerts are told as one.
    pub fn is_story(&self, pieces: &[Piece]) -> bool {
        let rules: HashSet<&str> = pieces.iter().map(|piece| piece.rule_id.as_str()).collect();
        pieces.len() >= self.least_alerts && rules.len() >= self.least_rules && self.steps(pieces) >= self.least_steps
    }
}

impl LinkKind {
    /// The value as it is compared; none where it tells nothing.
    fn value(&self, text: &str) -> Option<String> {
        let value = kit::text::without_nul(text.trim()).to_lowercase();
        if value.is_empty() || value.len() > MAX_VALUE || self.ignored.contains(&value) {
            return None;
        }
        if self.ignored_ends.iter().any(|end| value.ends_with(end.as_str())) {
            return None;
        }
        if self.is_address {
            let address = value.parse::<IpAddr>().ok()?.to_canonical();
            let says_nothing = address.is_loopback() || address.is_unspecified() || address.is_multicast();
            return (!says_nothing && value != "255.255.255.255").then(|| address.to_string());
        }
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;
    use proptest::prelude::*;

    fn policy() -> StoryPolicy {
        Settings::embedded().expect("sound").scoring.story.clone()
    }

    fn piece(rule: &str, first: Micros, tactics: &[&str]) -> Piece {
        Piece {
            id: format!("{rule}-{first}"),
            rule_id: rule.to_owned(),
            story_id: None,
            first,
            last: first,
            tactics: tactics.iter().map(|tactic| (*tactic).to_owned()).collect(),
        }
    }

    #[test]
    fn alerts_that_go_on_along_the_tactics_are_a_story_and_the_same_backwards_are_none() {
        let forward = [
            piece("web", 1, &["initial-access"]),
            piece("shell", 2, &["execution"]),
            piece("dump", 3, &["credential-access"]),
        ];
        assert!(policy().is_story(&forward));
        let backward = [
            piece("web", 3, &["initial-access"]),
            piece("shell", 2, &["execution"]),
            piece("dump", 1, &["credential-access"]),
        ];
        assert_eq!(policy().steps(&backward), 1);
        assert!(!policy().is_story(&backward));
    }

    #[test]
    fn one_rule_again_and_again_is_no_story() {
        let same: Vec<Piece> = (0..50).map(|at| piece("ssh", at, &["credential-access"])).collect();
        assert!(!policy().is_story(&same));
    }

    #[test]
    fn service_accounts_and_addresses_of_nobody_link_nothing() {
        let mut event = Event::default();
        for (column, value) in [
            (Column::HostName, "WEB01"),
            (Column::UserName, "SYSTEM"),
            (Column::TargetUserName, "MAY01$"),
            (Column::SourceIp, "127.0.0.1"),
            (Column::DestinationIp, "::ffff:10.1.2.3"),
        ] {
            event.columns.set(column, &Value::from(value));
        }
        let mut links = Vec::new();
        policy().gather(&event, &mut links);
        let values: Vec<_> = links.iter().map(|link| (link.kind.as_str(), link.value.as_str())).collect();
        assert_eq!(values, vec![("machine", "web01"), ("address", "10.1.2.3")]);
    }

    proptest! {
        #[test]
        fn the_order_in_which_alerts_come_does_not_matter(
            mut pieces in proptest::collection::vec((0i64..20, 0usize..14, 0usize..4), 0..20),
            seed in any::<u64>(),
        ) {
            let policy = policy();
            let make = |pieces: &[(i64, usize, usize)]| -> Vec<Piece> {
                pieces.iter().map(|(at, tactic, rule)| {
                    let tactic = policy.tactics.get(*tactic).map(String::as_str).unwrap_or_default();
                    piece(&rule.to_string(), *at, &[tactic])
                }).collect()
            };
            let before = (policy.steps(&make(&pieces)), policy.is_story(&make(&pieces)));
            let turn = usize::try_from(seed % pieces.len().max(1) as u64).unwrap_or(0);
            pieces.rotate_left(turn);
            pieces.reverse();
            prop_assert_eq!(before, (policy.steps(&make(&pieces)), policy.is_story(&make(&pieces))));
        }
    }
}
