//! What can be done with elevations: ask, approve, refuse, use, end. Whoever asked never decides.

use super::{Elevation, Standing, given, store};
use crate::inbox::{self, Message, Recipient};
use crate::policies::{ElevationKind, Policies};
use crate::{agencies, audit};
use kit::clock::Micros;
use kit::id::new_id;
use kit::live::Live;
use kit::page::Severity;
use kit::text::{FieldFaults, one_line};
use kit::{Capability, Connection, Error, Tx};
use serde_json::{Value, json};

const LONGEST_REASON: usize = 2_000;

/// What somebody asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    pub kind: String,
    /// Agency that the person acts for.
    pub agency_id: String,
    /// Code of the agency it is for, where the kind names one.
    pub agency_code: String,
    pub reason: String,
}

fn kind_of<'policies>(policies: &'policies Policies, kind: &str) -> Result<&'policies ElevationKind, Error> {
    policies.elevation.kind(kind).ok_or_else(|| Error::unfit("kind", kind))
}

fn reason_of(text: &str, required: bool) -> Result<String, Error> {
    let mut faults = FieldFaults::default();
    let reason = match required {
        true => faults.required_lines("reason", text, LONGEST_REASON),
        false => faults.lines("reason", text, LONGEST_REASON),
    };
    faults.into_result()?;
    Ok(reason)
}

/// Asks for one; whoever may approve it finds it in the inbox. Returns its identifier.
pub async fn ask(tx: &Tx<'_>, live: &Live, policies: &Policies, now: Micros, asked: &Asked) -> Result<String, Error> {
    let person = tx.scope().person_id().ok_or(Error::Forbidden("person"))?.to_owned();
    let kind = kind_of(policies, &asked.kind)?;
    tx.scope().require(kind.needs)?;
    let reason = reason_of(&asked.reason, true)?;
    let agency_id = match kind.names_agency {
        true => {
            let code = one_line(&asked.agency_code).map_err(|key| Error::invalid("agency", key))?;
            let unknown = || Error::invalid("agency", "elevation-no-agency");
            store::agency_named(tx, &code).await?.ok_or_else(unknown)?
        }
        false => {
            agencies::require_in_scope(tx, &asked.agency_id).await?;
            asked.agency_id.clone()
        }
    };
    let open =
        |one: &Elevation| matches!(one.standing(&policies.elevation, now), Standing::Waiting | Standing::Running);
    let same = |one: &Elevation| one.agency_id == agency_id || !kind.names_agency;
    if store::of_kind(tx, &person, &kind.id).await?.iter().any(|one| open(one) && same(one)) {
        return Err(Error::Conflict("elevation-open-already"));
    }
    let id = new_id(now);
    store::insert(tx, &id, (&kind.id, &person, &agency_id), &reason, now).await?;
    let roles: Vec<_> = policies.roles_with(Capability::ApproveElevations).collect();
    let recipients: Vec<_> =
        roles.iter().map(|role| Recipient::Role { role: &role.id, agency_id: Some(agency_id.as_str()) }).collect();
    let message = message("elevation-message-asked", tx.scope().actor().name(), &reason, &agency_id);
    inbox::notify_all(tx, live, now, &recipients, &message).await?;
    let details = json!({ "kind": kind.id, "reason": reason });
    audit::record(tx, now, "elevation.ask", "elevation", &id, Some(&agency_id), details).await?;
    Ok(id)
}

fn message(title_key: &'static str, name: &str, body: &str, agency_id: &str) -> Message {
    Message {
        severity: Severity::Medium,
        title_key,
        title_arguments: vec![("name", name.to_owned())],
        body: body.to_owned(),
        link: "/elevations".to_owned(),
        agency_id: Some(agency_id.to_owned()),
    }
}

/// Approves a request of somebody else; from now on it runs.
pub async fn approve(
    tx: &Tx<'_>,
    live: &Live,
    policies: &Policies,
    now: Micros,
    id: &str,
    reason: &str,
) -> Result<(), Error> {
    decide(tx, live, policies, now, id, reason, true).await
}

/// Refuses it, with what speaks against it.
pub async fn refuse(
    tx: &Tx<'_>,
    live: &Live,
    policies: &Policies,
    now: Micros,
    id: &str,
    reason: &str,
) -> Result<(), Error> {
    decide(tx, live, policies, now, id, reason, false).await
}

async fn decide(
    tx: &Tx<'_>,
    live: &Live,
    policies: &Policies,
    now: Micros,
    id: &str,
    reason: &str,
    approved: bool,
) -> Result<(), Error> {
    tx.scope().require(Capability::ApproveElevations)?;
    let by = tx.scope().person_id().ok_or(Error::Forbidden("approve-elevations"))?.to_owned();
    let elevation = store::find(tx, id).await?;
    if elevation.person_id == by {
        return Err(Error::Conflict("elevation-not-for-oneself"));
    }
    if elevation.standing(&policies.elevation, now) != Standing::Waiting {
        return Err(Error::Conflict("elevation-decided-already"));
    }
    let kind = kind_of(policies, &elevation.kind)?;
    let reason = reason_of(reason, !approved)?;
    let ends_at = approved.then(|| now + kind.lasts());
    let state = if approved { "approved" } else { "refused" };
    if !store::decide(tx, id, (state, &by, &reason), ends_at, now).await? {
        return Err(Error::Conflict("elevation-decided-already"));
    }
    let key = if approved { "elevation-message-approved" } else { "elevation-message-refused" };
    let message = message(key, tx.scope().actor().name(), &reason, &elevation.agency_id);
    inbox::notify(tx, live, now, Recipient::Person(&elevation.person_id), &message).await?;
    let details = json!({
        "kind": elevation.kind, "person": elevation.person_id, "reason": reason, "ends_at": ends_at,
    });
    let action = if approved { "elevation.approve" } else { "elevation.refuse" };
    audit::record(tx, now, action, "elevation", id, Some(&elevation.agency_id), details).await
}

/// Goes before an act of a kind that touches so many rows, for whoever holds the capability of the kind; see [`give`].
pub async fn spend(
    tx: &Tx<'_>,
    policies: &Policies,
    now: Micros,
    kind: &str,
    rows: u64,
    details: Value,
) -> Result<Option<String>, Error> {
    tx.scope().require(kind_of(policies, kind)?.needs)?;
    give(tx, policies, now, kind, rows, details).await
}

/// Goes before so many rows leave: they are counted where so few need no approval, with what left before; a use of the
/// running elevation otherwise, whose identifier it gives; [`Error::Conflict`] `elevation-needed` where none runs. `details`
/// say in the trail what it was used for.
pub async fn give(
    tx: &Tx<'_>,
    policies: &Policies,
    now: Micros,
    kind: &str,
    rows: u64,
    details: Value,
) -> Result<Option<String>, Error> {
    let kind = kind_of(policies, kind)?;
    if kind.rows > 0 && given::take(tx, kind, rows, now).await? {
        return Ok(None);
    }
    let running = running(tx, policies, kind, now).await?;
    store::count_use(tx, &running.id, now).await?;
    let details = json!({ "kind": kind.id, "rows": rows, "for": details });
    audit::record(tx, now, "elevation.use", "elevation", &running.id, Some(&running.agency_id), details).await?;
    Ok(Some(running.id))
}

/// What the asker may use of a kind now, else the request that still waits for an answer. An approval counts for the
/// agency that it was asked for; what is done for another one needs its own.
pub async fn held(
    connection: &impl Connection,
    policies: &Policies,
    now: Micros,
    kind: &str,
) -> Result<Option<Elevation>, Error> {
    let Some(person) = connection.scope().person_id() else { return Ok(None) };
    let mut held = store::of_kind(connection, person, kind).await?;
    let place = connection.scope().on_behalf_of();
    held.retain(|one| place.is_empty() || place == one.agency_id);
    let at = |wanted| held.iter().position(|one| one.standing(&policies.elevation, now) == wanted);
    let found = at(Standing::Running).or_else(|| at(Standing::Waiting));
    Ok(found.map(|at| held.swap_remove(at)))
}

/// How many of the rows wanted may leave at `now`: all of them by a running elevation, else those that need none. Nothing
/// is counted yet.
pub async fn allowed(
    connection: &impl Connection,
    policies: &Policies,
    now: Micros,
    kind: &str,
    wanted: u64,
) -> Result<u64, Error> {
    let kind = kind_of(policies, kind)?;
    let left = given::left(connection, kind, now).await?;
    if wanted <= left {
        return Ok(wanted);
    }
    match running(connection, policies, kind, now).await {
        Ok(_) => Ok(wanted),
        Err(Error::Conflict(_) | Error::Forbidden(_)) if left > 0 => Ok(left),
        Err(error) => Err(error),
    }
}

/// The asker's elevation of a kind that runs now.
async fn running(
    connection: &impl Connection,
    policies: &Policies,
    kind: &ElevationKind,
    now: Micros,
) -> Result<Elevation, Error> {
    let needed = || Error::Conflict("elevation-needed");
    connection.scope().person_id().ok_or_else(needed)?;
    connection.scope().require(kind.needs)?;
    let held = held(connection, policies, now, &kind.id).await?;
    held.filter(|one| one.standing(&policies.elevation, now) == Standing::Running).ok_or_else(needed)
}

/// Ends it before its time: whoever asked for it, or whoever may approve it.
pub async fn end(tx: &Tx<'_>, policies: &Policies, now: Micros, id: &str) -> Result<(), Error> {
    let elevation = store::find(tx, id).await?;
    if tx.scope().person_id() != Some(elevation.person_id.as_str()) {
        tx.scope().require(Capability::ApproveElevations)?;
    }
    if elevation.standing(&policies.elevation, now) != Standing::Running {
        return Err(Error::Conflict("elevation-not-running"));
    }
    store::end(tx, id, now).await?;
    let details = json!({ "kind": elevation.kind, "person": elevation.person_id });
    audit::record(tx, now, "elevation.end", "elevation", id, Some(&elevation.agency_id), details).await
}
