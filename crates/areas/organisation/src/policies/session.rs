//! The policy of sessions and of attempts to sign in.

use super::Basis;
use kit::clock::{DAY, Micros};
use kit::web::Rate;
use serde::Deserialize;

/// Seconds throughout.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionLimits {
    pub idle: i64,
    pub administrator_idle: i64,
    pub absolute: i64,
    pub seen_every: i64,
    pub background_paths: Vec<String>,
    pub at_most: u64,
}

/// So many failures within a window close the door for a while. Seconds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThrottleLimits {
    pub failures: i64,
    pub window: i64,
    pub lock: i64,
}

/// So many failures of strangers within a window make them wait, each time twice as long. Seconds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlowLimits {
    pub failures: i64,
    pub window: i64,
    pub first_wait: i64,
    pub longest_wait: i64,
}

/// How long a device stays known, and how many a person may have.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceLimits {
    pub lifetime: i64,
    pub at_most: u64,
}

/// Seconds between two messages of the same kind about one account.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockNotice {
    pub every: i64,
}

/// What one person follows at a time.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LiveLimits {
    pub tails: usize,
}

/// How long a key may last. Days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyLimits {
    pub longest_days: u32,
    /// What the form of a new key begins with.
    pub offered_days: u32,
}

impl KeyLimits {
    pub fn longest(self) -> Micros {
        i64::from(self.longest_days) * DAY
    }

    pub fn offered(self) -> Micros {
        i64::from(self.offered_days.min(self.longest_days)) * DAY
    }
}

/// Which refused rights become rows of the trail, and how many.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefusalLimits {
    /// Paths whose reading counts, and what lies below them; what would have changed something always does.
    pub reads: Vec<String>,
    /// Rows of one asker within `window` seconds.
    pub rows: u64,
    pub window: i64,
}

impl RefusalLimits {
    /// Whether reading this is told when it is refused.
    pub fn tells_of(&self, path: &str) -> bool {
        self.reads
            .iter()
            .any(|one| path.strip_prefix(one.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkLimits {
    pub lifetime: i64,
}

/// What browsers are asked for where the public address has TLS.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StrictTransport {
    /// Seconds that a browser remembers it; 0: it is not asked.
    pub seconds: i64,
    pub with_subdomains: bool,
}

impl StrictTransport {
    /// Value of `Strict-Transport-Security` for a public address; none where it is not `https`.
    pub fn header(&self, public_url: &str) -> Option<String> {
        let subdomains = if self.with_subdomains { "; includeSubDomains" } else { "" };
        let asked = self.seconds > 0 && public_url.starts_with("https:");
        asked.then(|| format!("max-age={}{subdomains}", self.seconds))
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionPolicy {
    pub basis: Basis,
    pub session: SessionLimits,
    pub account_lock: ThrottleLimits,
    /// What says how long a lock lasts; `None` where it is this centre's own choice.
    pub account_lock_basis: Option<Basis>,
    pub account_slow: SlowLimits,
    pub known_device: DeviceLimits,
    pub lock_notice: LockNotice,
    pub address_limit: ThrottleLimits,
    pub live: LiveLimits,
    pub requests: Rate,
    /// Of a key that asks the API; records that it sends are not counted.
    pub key_requests: Rate,
    pub api_key: KeyLimits,
    pub refusals: RefusalLimits,
    pub link: LinkLimits,
    pub strict_transport: StrictTransport,
}

#[cfg(test)]
mod tests {
    use crate::policies::Policies;

    #[test]
    fn what_lies_below_a_path_is_told_and_what_only_begins_like_it_is_not() {
        let refusals = Policies::embedded().unwrap().session.refusals.clone();
        assert!(
            refusals.tells_of("/people") && refusals.tells_of("/people/0193") && refusals.tells_of("/api/v1/alerts")
        );
        assert!(!refusals.tells_of("/people-of-mine") && !refusals.tells_of("/counters") && !refusals.tells_of("/"));
    }

    #[test]
    fn browsers_are_asked_for_tls_for_a_year_where_the_public_address_has_it() {
        let mut strict = Policies::embedded().unwrap().session.strict_transport.clone();
        let header = strict.header("https://soc.tinh.example").unwrap();
        assert_eq!(header, "max-age=31536000; includeSubDomains");
        for elsewhere in ["", "http://localhost:8080", "soc.tinh.example"] {
            assert_eq!(strict.header(elsewhere), None, "{elsewhere}");
        }
        strict.seconds = 0;
        assert_eq!(strict.header("https://soc.tinh.example"), None);
    }
}
