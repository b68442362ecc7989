//! The policy of second factors: who needs one, from where, and which acts ask again who is there.

use super::{Basis, ThrottleLimits};
use crate::people::Grant;
use ipnet::IpNet;
use kit::clock::{DAY, Micros};
use serde::Deserialize;
use std::net::IpAddr;

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecondFactorPolicy {
    pub basis: Basis,
    pub required: Required,
    /// Wrong codes for one account.
    pub attempts: ThrottleLimits,
    /// Seconds between the password and the second factor.
    pub step: i64,
    pub recovery_codes: usize,
    /// Steps of thirty seconds that a code of an app counts before and after its own.
    pub code_patience: u16,
    pub first: First,
    pub confirmation: Confirmation,
}

/// The first second factor of somebody who must have one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct First {
    /// How long the password alone is enough to add it.
    pub days: i64,
    /// Seconds that a proof of who is there counts for it.
    pub proof: i64,
}

impl First {
    pub fn lasts(self) -> Micros {
        self.days * DAY
    }
}

/// Who must have a second factor.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Required {
    /// Everybody who holds one of these roles, wherever they are.
    pub roles: Vec<String>,
    /// Everybody, whatever the role, whose address lies in none of these networks.
    pub outside_of: Vec<IpNet>,
}

impl Required {
    /// Whether a second factor is needed. An address that the server does not know lies outside.
    pub fn asks(&self, grants: &[Grant], address: Option<IpAddr>, now: Micros) -> bool {
        let by_role = grants.iter().any(|grant| grant.holds_at(now) && self.roles.contains(&grant.role));
        let inside = address.is_some_and(|address| {
            let address = address.to_canonical();
            self.outside_of.iter().any(|network| network.contains(&address))
        });
        by_role || !inside
    }
}

/// Acts that are done only by somebody who has proven lately who it is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confirmation {
    /// Seconds that a proof counts.
    pub lifetime: i64,
    pub acts: Vec<String>,
}

#[cfg(test)]
mod tests {
    use crate::people::Grant;
    use crate::policies::Policies;

    fn grant(role: &str) -> Grant {
        Grant {
            id: "g".into(),
            person_id: "p".into(),
            role: role.into(),
            agency_id: "a".into(),
            agency_name: "A".into(),
            at_root: false,
            starts_at: 10,
            ends_at: Some(20),
        }
    }

    #[test]
    fn administrators_always_need_a_second_factor_and_others_from_outside() {
        let policies = Policies::embedded().unwrap();
        let required = &policies.second_factor.required;
        let asks = |role: &str, address: &str, now| required.asks(&[grant(role)], address.parse().ok(), now);
        assert!(asks("administrator", "10.1.2.3", 15));
        assert!(!asks("administrator", "10.1.2.3", 20), "the role has ended");
        assert!(!asks("officer", "10.1.2.3", 15));
        assert!(!asks("officer", "::ffff:10.1.2.3", 15), "the same address in the other form");
        assert!(asks("officer", "203.0.113.9", 15));
        assert!(asks("officer", "2001:db8::1", 15));
        assert!(required.asks(&[], None, 15), "nobody knows where this is");
    }
}
