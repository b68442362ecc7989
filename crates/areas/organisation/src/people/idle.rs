//! Accounts that nobody has used for longer than the policy allows are closed. The last administrators stay: a centre
//! that nobody can open any more is worse off than one with an old account.

use super::store;
use crate::policies::Policies;
use crate::{audit, sign_in};
use kit::clock::{DAY, Micros};
use kit::{Capability, Connection, Error, Tx};
use sea_orm::{ConnectionTrait, FromQueryResult, Statement, Value};
use serde_json::json;
use std::collections::BTreeSet;

/// An account that was closed because nobody used it.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct IdleAccount {
    pub id: String,
    pub account: String,
    pub agency_id: String,
}

/// So many at a time: each writes a row of the trail.
const AT_ONCE: u64 = 500;

/// Open accounts of the policy's types without a sign of use since `days` before `now`.
async fn idle(tx: &Tx<'_>, policies: &Policies, now: Micros) -> Result<Vec<IdleAccount>, Error> {
    let limits = &policies.account.idle;
    if limits.days <= 0 || limits.kinds.is_empty() {
        return Ok(Vec::new());
    }
    let places: Vec<_> = (2..limits.kinds.len() + 2).map(|place| format!("${place}")).collect();
    let sql = format!(
        "SELECT people.id, people.account, people.agency_id FROM people WHERE people.active \
         AND people.created_at < $1 AND people.opened_at < $1 AND people.kind IN ({}) \
         AND NOT EXISTS (SELECT 1 FROM sessions WHERE sessions.person_id = people.id AND sessions.seen_at >= $1) \
         ORDER BY people.id LIMIT {AT_ONCE}",
        places.join(", ")
    );
    let before = now - limits.days * DAY;
    let kinds = limits.kinds.iter().map(|kind| Value::from(kind.as_str()));
    let values: Vec<Value> = std::iter::once(Value::from(before)).chain(kinds).collect();
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
    Ok(IdleAccount::find_by_statement(statement).all(tx).await?)
}

/// Closes them, each with its row in the trail. Returns what was closed.
pub async fn close_idle(tx: &Tx<'_>, policies: &Policies, now: Micros) -> Result<Vec<IdleAccount>, Error> {
    tx.scope().require(Capability::Administer)?;
    let mut unused = idle(tx, policies, now).await?;
    let mut administrators = BTreeSet::new();
    for role in policies.roles_with(Capability::Administer) {
        administrators.extend(store::with_role(tx, &role.id, None, now).await?);
    }
    let somebody_left = administrators.iter().any(|id| unused.iter().all(|account| account.id != *id));
    if !somebody_left {
        unused.retain(|account| !administrators.contains(&account.id));
    }
    for account in &unused {
        store::set_active(tx, &account.id, false, now).await?;
        let ended = sign_in::end_sessions_of(tx, &account.id, now).await?;
        let details = json!({
            "reason": "idle", "days": policies.account.idle.days, "basis": policies.account.basis.document,
            "sessions_ended": ended,
        });
        audit::record(tx, now, "person.disable", "person", &account.id, Some(&account.agency_id), details).await?;
    }
    Ok(unused)
}
