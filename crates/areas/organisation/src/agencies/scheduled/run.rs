//! The day has come: each decision is carried out in a transaction of its own, once, however often and by however many
//! servers it is tried.

use super::service::{message, record, record_with, tell_heads};
use super::{ScheduledChange, State, store};
use crate::agencies::{become_part_of, rename_since, store as agencies};
use crate::inbox::{self, Recipient};
use kit::clock::Micros;
use kit::live::Live;
use kit::{Db, Error, Scope, Tx};
use serde_json::json;

/// Carries out what is due at `now`; what is due from days before counts from its own day. Gives how many were done. An error
/// that says nothing about a decision ends it here: that one and those after it wait for the next time.
pub async fn carry_out_due(db: &Db, scope: &Scope, live: &Live, now: Micros) -> Result<usize, Error> {
    let scoped = db.scoped(scope);
    let mut done = 0;
    let due = store::due(&scoped.read(), now).await?;
    for change in in_order(due) {
        let tx = scoped.begin().await?;
        match carry_out(&tx, live, now, &change).await {
            Ok(true) => {
                tx.commit().await?;
                done += 1;
            }
            Ok(false) => tx.rollback().await?,
            Err(error) => {
                tx.rollback().await?;
                let Some(key) = key_of(&error) else { return Err(error) };
                let tx = scoped.begin().await?;
                refuse(&tx, live, now, &change, key).await?;
                tx.commit().await?;
            }
        }
    }
    Ok(done)
}

/// On one day an agency takes others over before it becomes part of another itself. They come by day.
pub(in crate::agencies) fn in_order(mut left: Vec<ScheduledChange>) -> Vec<ScheduledChange> {
    let mut ordered = Vec::new();
    while let Some(day) = left.first().map(|first| first.at) {
        let still_comes = |id: &str| left.iter().any(|one| one.at == day && one.into_id.as_deref() == Some(id));
        // A circle has no first one; none is entered.
        let next = left.iter().position(|one| one.at == day && !still_comes(&one.agency_id)).unwrap_or_default();
        ordered.push(left.remove(next));
    }
    ordered
}

/// False where somebody has revoked it or done it in the meantime.
async fn carry_out(tx: &Tx<'_>, live: &Live, now: Micros, change: &ScheduledChange) -> Result<bool, Error> {
    if !store::settle(tx, change, State::Done, "", now).await? {
        return Ok(false);
    }
    tell_heads(tx, live, now, change, change.either("agency-message-merged", "agency-message-renamed")).await?;
    let id = &change.agency_id;
    match &change.into_id {
        Some(into_id) => become_part_of(tx, now, id, into_id, change.at, &change.basis).await?,
        None => {
            if agencies::find(tx, id).await?.has_ended(change.at) {
                return Err(Error::Conflict("agency-ended-by-then"));
            }
            rename_since(tx, now, id, &change.name, change.at, &change.basis).await?;
        }
    }
    record(tx, now, "agency.schedule-done", change).await?;
    Ok(true)
}

/// Notes that it cannot be done, and tells those who can mend it.
async fn refuse(
    tx: &Tx<'_>,
    live: &Live,
    now: Micros,
    change: &ScheduledChange,
    key: &'static str,
) -> Result<(), Error> {
    if !store::settle(tx, change, State::Refused, key, now).await? {
        return Ok(());
    }
    let administrators = Recipient::Role { role: "administrator", agency_id: None };
    inbox::notify(tx, live, now, administrators, &message(change, "agency-message-refused")).await?;
    record_with(tx, now, "agency.schedule-refuse", change, json!(key)).await
}

/// What an error says about the decision itself; none where something else is wrong.
fn key_of(error: &Error) -> Option<&'static str> {
    match error {
        Error::Conflict(key) => Some(*key),
        Error::Invalid(fields) => fields.first().map(|field| field.key),
        _ => None,
    }
}
