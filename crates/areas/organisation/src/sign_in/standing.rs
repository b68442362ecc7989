//! What must be done before a session may do anything: a password that is due, a second factor that is missing.

use super::providers::PROVIDER;
use super::{SignIn, passwords, second_factors};
use crate::people::Grant;
use crate::policies::Policies;
use kit::clock::Micros;
use kit::{Capability, Connection, Error};
use std::net::IpAddr;

/// The one thing that a session may do until it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    Password,
    SecondFactor,
}

impl Due {
    /// Key of what stands in place of the role's name.
    pub fn role_key(self) -> &'static str {
        match self {
            Self::Password => "role-password-due",
            Self::SecondFactor => "role-second-factor-due",
        }
    }

    /// Where it is done.
    pub fn path(self) -> &'static str {
        match self {
            Self::Password => "/me",
            Self::SecondFactor => "/me/second-factors",
        }
    }
}

/// How a person stands with password and second factors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) administrator: bool,
    pub(super) password_due: bool,
}

impl Standing {
    /// What is due in a session that began by `method` and now comes from `address`.
    pub(super) fn due(
        self,
        policies: &Policies,
        grants: &[Grant],
        method: &str,
        address: Option<IpAddr>,
        now: Micros,
    ) -> Option<Due> {
        if matches!(method, "password" | PROVIDER) && policies.second_factor.required.asks(grants, address, now) {
            return Some(Due::SecondFactor);
        }
        // Whoever came without the password is not asked for a new one.
        (self.password_due && method != "passkey" && !method.starts_with(PROVIDER)).then_some(Due::Password)
    }
}

impl SignIn {
    pub(super) async fn standing(
        &self,
        connection: &impl Connection,
        person_id: &str,
        grants: &[Grant],
        now: Micros,
    ) -> Result<Standing, Error> {
        let mut held =
            grants.iter().filter(|grant| grant.holds_at(now)).filter_map(|grant| self.policies.role(&grant.role));
        let administrator = held.any(|role| role.capabilities.contains(&Capability::Administer));
        let password = passwords::find(connection, person_id).await?;
        let password_due = match password {
            Some(row) => {
                let second_factor = second_factors::factors(connection, person_id).await?.any();
                row.is_due(&self.policies.password.rules, administrator, second_factor, now)
            }
            None => false,
        };
        Ok(Standing { administrator, password_due })
    }
}
