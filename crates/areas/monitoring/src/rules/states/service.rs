//! Changing whether a rule works.

use super::{RuleState, store};
use detection::Rule;
use kit::clock::Micros;
use kit::scope::Agencies;
use kit::text::FieldFaults;
use kit::{Capability, Connection, Error, Scope, Tx};
use organisation::audit;
use serde_json::json;

/// Longest reason, in characters.
pub const LONGEST_REASON: usize = 2_000;

/// Puts what is no rule of the engine into a state, as [`set_rule`] does.
pub async fn set(tx: &Tx<'_>, rule_id: &str, state: RuleState, reason: &str, now: Micros) -> Result<(), Error> {
    require_whole(tx.scope())?;
    let before = store::all(tx).await?.state(rule_id);
    decide(tx, rule_id, (before, state), reason, now).await
}

/// Puts a rule into a state. It holds for every agency, so only who sees the whole centre decides it; and never without
/// a reason.
pub async fn set_rule(tx: &Tx<'_>, rule: &Rule, state: RuleState, reason: &str, now: Micros) -> Result<(), Error> {
    require_whole(tx.scope())?;
    let before = store::all(tx).await?.state_of(rule);
    decide(tx, &rule.id, (before, state), reason, now).await
}

async fn decide(
    tx: &Tx<'_>,
    rule_id: &str,
    (before, state): (RuleState, RuleState),
    reason: &str,
    now: Micros,
) -> Result<(), Error> {
    let reason = reason_of(reason)?;
    if before == state {
        return Err(Error::Conflict("rule-state-same"));
    }
    store::save(tx, rule_id, state, &reason, now).await?;
    let details = json!({ "from": before.code(), "to": state.code(), "reason": reason });
    audit::record(tx, now, "rule.state", "rule", rule_id, None, details).await
}

/// Puts rules that nobody decided about on trial, for a pack that was just imported; returns how many.
pub async fn begin_on_trial(tx: &Tx<'_>, rule_ids: &[String], reason: &str, now: Micros) -> Result<usize, Error> {
    require_whole(tx.scope())?;
    let reason = reason_of(reason)?;
    let decisions = store::all(tx).await?;
    let undecided: Vec<&String> = rule_ids.iter().filter(|id| decisions.of(id).is_none()).collect();
    for id in &undecided {
        store::save(tx, id, RuleState::Shadow, &reason, now).await?;
    }
    if !undecided.is_empty() {
        let details = json!({ "rules": undecided.len(), "reason": reason });
        audit::record(tx, now, "rule.trial", "rule", "", None, details).await?;
    }
    Ok(undecided.len())
}

/// A state holds for every agency.
pub(crate) fn require_whole(scope: &Scope) -> Result<(), Error> {
    scope.require(Capability::ManageRules)?;
    match scope.agencies() {
        Agencies::All => Ok(()),
        Agencies::Under(_) => Err(Error::Forbidden(Capability::ManageRules.name())),
    }
}

/// A reason as it is kept.
pub(crate) fn reason_of(text: &str) -> Result<String, Error> {
    let mut faults = FieldFaults::default();
    let reason = faults.required_lines("reason", text, LONGEST_REASON);
    faults.into_result()?;
    Ok(reason)
}
