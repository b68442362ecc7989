//! The policy of messages that leave the house: kinds, quiet hours, retries, networks, and escalation.

use super::Basis;
use ipnet::IpNet;
use kit::page::Severity;
use serde::Deserialize;
use std::collections::BTreeSet;

/// Kind of what no other kind takes.
pub const OTHER: &str = "other";

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoticePolicy {
    pub basis: Basis,
    /// Networks that are called although they are not public.
    pub reachable_networks: Vec<IpNet>,
    /// From here on nothing waits.
    pub through_quiet_hours: Severity,
    /// Minutes after midnight in Vietnam.
    pub daily_digest_minute: i64,
    pub most_per_hour: u64,
    pub kept_days: i64,
    pub retry: Retry,
    pub kind: Vec<Kind>,
    pub escalation: Escalation,
}

/// Seconds, and how often in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    pub first: i64,
    pub longest: i64,
    pub attempts: i64,
}

/// A kind of news.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kind {
    pub id: String,
    /// How the key of the inbox text begins.
    pub keys: Vec<String>,
    /// Variables of the text that may leave the house.
    pub may_leave: BTreeSet<String>,
}

impl Kind {
    /// Key of its name.
    pub fn key(&self) -> String {
        format!("news-kind-{}", self.id)
    }
}

/// When a message to those on duty must be acknowledged, and who hears next.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Escalation {
    pub severity: Severity,
    #[serde(default)]
    pub step: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// After the message.
    pub minutes: i64,
    pub posts: Vec<String>,
    pub roles: Vec<String>,
}

impl NoticePolicy {
    /// The kind of a message by the key of its text.
    pub fn kind_of(&self, title_key: &str) -> Option<&Kind> {
        let fits = |kind: &&Kind| kind.keys.iter().any(|key| title_key.starts_with(key.as_str()));
        self.kind.iter().find(fits).or_else(|| self.kind(OTHER))
    }

    pub fn kind(&self, id: &str) -> Option<&Kind> {
        self.kind.iter().find(|kind| kind.id == id)
    }

    /// What contradicts itself, for whoever reads the file. `posts` and `roles` are those that exist.
    pub(super) fn fault(&self, posts: &[String], roles: &[super::Role]) -> Option<String> {
        let retry = &self.retry;
        if retry.first < 1 || retry.longest < retry.first || retry.attempts < 1 {
            return Some("waits of retry contradict each other".to_owned());
        }
        if !(0..24 * 60).contains(&self.daily_digest_minute) || self.kept_days < 1 || self.most_per_hour == 0 {
            return Some("daily_digest_minute, kept_days or most_per_hour is impossible".to_owned());
        }
        if self.kind(OTHER).is_none() {
            return Some(format!("there is no kind {OTHER}"));
        }
        let mut last = 0;
        for step in &self.escalation.step {
            if step.minutes <= last {
                return Some("steps of escalation must come one after another".to_owned());
            }
            last = step.minutes;
            if let Some(post) = step.posts.iter().find(|post| !posts.contains(post)) {
                return Some(format!("no post is called {post}"));
            }
            if let Some(role) = step.roles.iter().find(|id| roles.iter().all(|role| role.id != **id)) {
                return Some(format!("no role is called {role}"));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::OTHER;
    use crate::policies::Policies;
    use kit::locale::{Lang, texts};

    #[test]
    fn every_kind_has_a_name_and_the_first_that_fits_counts() {
        let policy = &Policies::embedded().unwrap().notice;
        for lang in Lang::ALL {
            for kind in &policy.kind {
                assert!(texts().has(lang, &kind.key()), "{}", kind.key());
            }
        }
        let kind = |key: &str| policy.kind_of(key).unwrap().id.as_str();
        assert_eq!(kind("incident-message-opened"), "incident");
        assert_eq!(kind("inbox-account-locked"), "account");
        assert_eq!(kind("something-new"), OTHER);
    }

    #[test]
    fn nothing_that_names_a_person_or_an_address_may_leave() {
        for kind in &Policies::embedded().unwrap().notice.kind {
            for variable in ["account", "address", "name", "owner", "system", "file"] {
                assert!(!kind.may_leave.contains(variable), "{}: {variable}", kind.id);
            }
        }
    }

    #[test]
    fn a_policy_that_contradicts_itself_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let refused = |from: &str, to: &str| {
            let text = super::super::NOTICES.1.replacen(from, to, 1);
            assert_ne!(text, super::super::NOTICES.1, "{from}");
            std::fs::write(directory.path().join("notices.toml"), text).unwrap();
            Policies::load(Some(directory.path())).unwrap_err().to_string()
        };
        assert!(refused("\"lead\"", "\"king\"").contains("king"));
        assert!(refused("roles = [\"leader\"]", "roles = [\"emperor\"]").contains("emperor"));
        assert!(refused("minutes = 20", "minutes = 5").contains("one after another"));
        assert!(refused("longest = 3600", "longest = 1").contains("retry"));
        assert!(refused("id = \"other\"", "id = \"rest\"").contains("other"));
    }
}
