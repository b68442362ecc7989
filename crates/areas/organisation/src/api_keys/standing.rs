//! What a key may do now: of what it was given, no more than its maker may do at its agency. Keys that were made on the
//! machine itself (`luytre user add-key`, the demonstration) have no person behind them and keep what they were given;
//! whoever may write the data directory revokes them.

use super::ApiKey;
use crate::agencies;
use crate::people::{self, reach};
use crate::policies::Policies;
use kit::clock::Micros;
use kit::{Capability, Connection, Error};
use std::collections::BTreeSet;

/// What is awake of a key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    /// The account of its maker is closed or gone: it opens nothing.
    pub(crate) is_stopped: bool,
    pub(crate) awake: BTreeSet<Capability>,
    /// Whether it reads raw events of its agency and below.
    pub(crate) raw_events: bool,
}

impl Standing {
    /// Of what the key was given: what its maker has lost.
    pub(crate) fn asleep(&self, key: &ApiKey) -> Vec<Capability> {
        key.capabilities().into_iter().filter(|one| !self.awake.contains(one)).collect()
    }
}

/// How each of these keys stands, in their order, with as many questions for many as for one. The connection must reach every
/// account; see [`crate::sign_in::own_scope`].
pub(crate) async fn standings(
    connection: &impl Connection,
    policies: &Policies,
    keys: &[ApiKey],
    now: Micros,
) -> Result<Vec<Standing>, Error> {
    let made = || keys.iter().filter(|key| key.has_maker());
    let makers = people::roles_of_each(connection, &made().map(|key| key.created_by.as_str()).collect()).await?;
    let above = agencies::above_each(connection, &made().map(|key| key.agency_id.as_str()).collect()).await?;
    let standing = |key: &ApiKey| {
        let given: BTreeSet<_> = key.capabilities().into_iter().collect();
        if !key.has_maker() {
            return Standing { is_stopped: false, awake: given, raw_events: true };
        }
        let Some((true, grants)) = makers.get(&key.created_by) else {
            return Standing { is_stopped: true, ..Standing::default() };
        };
        let held = reach::over(policies, grants, now, above.get(&key.agency_id).map(Vec::as_slice).unwrap_or_default());
        let is_awake = |one: &Capability| match one {
            // No person sends events; whoever may make keys may give it.
            Capability::IngestEvents => held.capabilities.contains(&Capability::ManageSources),
            other => held.capabilities.contains(other),
        };
        let awake = given.into_iter().filter(is_awake).collect();
        Standing { is_stopped: false, awake, raw_events: held.raw_events }
    };
    Ok(keys.iter().map(standing).collect())
}

/// How one key stands.
pub(crate) async fn standing(
    connection: &impl Connection,
    policies: &Policies,
    key: &ApiKey,
    now: Micros,
) -> Result<Standing, Error> {
    let standings = standings(connection, policies, std::slice::from_ref(key), now).await?;
    Ok(standings.into_iter().next().unwrap_or_default())
}
