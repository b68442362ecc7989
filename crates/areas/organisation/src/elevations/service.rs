//! What can be done with elevations: ask, approve, refuse, use, withdraw, end. Whoever asked never decides, and what is used
//! is what was approved.

use super::{Elevation, Standing, given, keys, store, subject};
use crate::api_keys::{self, ApiKey};
use crate::inbox::{self, Message, Recipient};
use crate::policies::{Binding, EXPORT, ElevationKind, Policies};
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
    /// What it is for, where the kind is bound to something: the digest of a draft or of a backup, the address of a question,
    /// the identifier of a key.
    pub subject: String,
    /// Path of the file of law that it is about, where the kind is bound to a draft.
    pub about: String,
    /// Rows that are to leave by the key, where it is for one, within the window of exports.
    pub rows: u64,
    pub reason: String,
}

/// What an elevation is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Act<'act> {
    pub kind: &'act str,
    /// As it was approved; empty for kinds that are bound to an agency alone.
    pub subject: &'act str,
    pub rows: u64,
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
    let subject = subject::read(kind, &asked.subject)?;
    let key = match kind.binding() {
        Binding::Key => Some(key_named(tx, &subject, now).await?),
        Binding::Agency | Binding::Draft | Binding::Backup | Binding::Question => None,
    };
    let (reason, allowance) = match key {
        Some(_) => rows_and_reason(policies, kind, asked)?,
        None => (reason_of(&asked.reason, true)?, 0),
    };
    let agency_id = match &key {
        Some(key) => key.agency_id.clone(),
        None => agency_of(tx, kind, asked).await?,
    };
    let open =
        |one: &Elevation| matches!(one.standing(&policies.elevation, now), Standing::Waiting | Standing::Running);
    let same = |one: &Elevation| one.agency_id == agency_id || !kind.names_agency;
    let is_open = match &key {
        // More, or less, may be asked for while something runs; whoever asks.
        Some(key) => {
            let asked = keys::asked_for_key(tx, policies, &key.id, now).await?;
            asked.iter().any(|(standing, _)| *standing == Standing::Waiting)
        }
        None => {
            let asked = store::of_kind(tx, &person, &kind.id, Some(&subject)).await?;
            asked.iter().any(|one| open(one) && same(one))
        }
    };
    if is_open {
        return Err(Error::Conflict("elevation-open-already"));
    }
    let id = new_id(now);
    let about = match kind.binding() {
        Binding::Draft => asked.about.as_str(),
        Binding::Agency | Binding::Backup | Binding::Question | Binding::Key => "",
    };
    let texts = (about, reason.as_str(), allowance);
    store::insert(tx, &id, (&kind.id, &person, &agency_id, &subject), texts, now).await?;
    let roles: Vec<_> = policies.roles_with(Capability::ApproveElevations).collect();
    let recipients: Vec<_> =
        roles.iter().map(|role| Recipient::Role { role: &role.id, agency_id: Some(agency_id.as_str()) }).collect();
    let name = key.as_ref().map_or(about, |key| key.name.as_str());
    let body = if name.is_empty() { reason.clone() } else { format!("{name}: {reason}") };
    let message = message("elevation-message-asked", tx.scope().actor().name(), &body, &agency_id);
    inbox::notify_all(tx, live, now, &recipients, &message).await?;
    let mut details = json!({ "kind": kind.id, "subject": subject, "about": about, "reason": reason });
    if allowance > 0 {
        details["rows"] = allowance.into();
    }
    audit::record(tx, now, "elevation.ask", "elevation", &id, Some(&agency_id), details).await?;
    Ok(id)
}

/// The agency it is asked for at: the one that the asker names, or acts for.
async fn agency_of(tx: &Tx<'_>, kind: &ElevationKind, asked: &Asked) -> Result<String, Error> {
    if !kind.names_agency {
        agencies::require_in_scope(tx, &asked.agency_id).await?;
        return Ok(asked.agency_id.clone());
    }
    let code = one_line(&asked.agency_code).map_err(|key| Error::invalid("agency", key))?;
    let unknown = || Error::invalid("agency", "elevation-no-agency");
    store::agency_named(tx, &code).await?.ok_or_else(unknown)
}

/// The key that something is asked for, while it may be used.
async fn key_named(tx: &Tx<'_>, id: &str, now: Micros) -> Result<ApiKey, Error> {
    let key = api_keys::find(tx, id).await?;
    if key.is_valid_at(now) { Ok(key) } else { Err(Error::Conflict("elevation-key-over")) }
}

/// What is asked for a key: more rows than everybody may have, and no more than the policy lets anybody grant.
fn rows_and_reason(policies: &Policies, kind: &ElevationKind, asked: &Asked) -> Result<(String, i64), Error> {
    let mut faults = FieldFaults::default();
    let everybody = policies.elevation.kind(EXPORT).map_or(0, |export| export.window_rows);
    if asked.rows <= everybody {
        faults.add("rows", "key-rows-few");
    } else if asked.rows > kind.most_rows {
        faults.add("rows", "key-rows-many");
    }
    let reason = faults.required_lines("reason", &asked.reason, LONGEST_REASON);
    faults.into_result()?;
    Ok((reason, i64::try_from(asked.rows).unwrap_or(i64::MAX)))
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

/// Approves a request of somebody else; from now on it runs. `seen`: the digest of the draft that was shown, where the
/// request is for one.
pub async fn approve(
    tx: &Tx<'_>,
    live: &Live,
    policies: &Policies,
    now: Micros,
    id: &str,
    seen: &str,
) -> Result<(), Error> {
    let elevation = store::find(tx, id).await?;
    if kind_of(policies, &elevation.kind)?.binding() == Binding::Draft && elevation.subject != seen {
        return Err(Error::Conflict("elevation-draft-unseen"));
    }
    decide(tx, live, policies, now, id, "", true).await
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
    let ends_at = match (approved, kind.binding()) {
        (false, _) => None,
        (true, Binding::Key) => {
            let end = api_keys::open_until(tx, &elevation.subject, now).await?;
            // What is granted now takes the place of what ran.
            keys::end_running(tx, now, &elevation.subject).await?;
            Some(end.ok_or(Error::Conflict("elevation-key-over"))?)
        }
        (true, _) => Some(now + kind.lasts()),
    };
    let state = if approved { "approved" } else { "refused" };
    if !store::decide(tx, id, (state, &by, &reason), ends_at, now).await? {
        return Err(Error::Conflict("elevation-decided-already"));
    }
    let key = if approved { "elevation-message-approved" } else { "elevation-message-refused" };
    let message = message(key, tx.scope().actor().name(), &reason, &elevation.agency_id);
    inbox::notify(tx, live, now, Recipient::Person(&elevation.person_id), &message).await?;
    let mut details = json!({
        "kind": elevation.kind, "person": elevation.person_id, "subject": elevation.subject, "reason": reason,
        "ends_at": ends_at,
    });
    if elevation.allowance > 0 {
        details["rows"] = elevation.allowance.into();
    }
    let action = if approved { "elevation.approve" } else { "elevation.refuse" };
    audit::record(tx, now, action, "elevation", id, Some(&elevation.agency_id), details).await
}

/// Goes before an act, for whoever holds the capability of its kind; see [`give`].
pub async fn spend(
    tx: &Tx<'_>,
    policies: &Policies,
    now: Micros,
    act: &Act<'_>,
    details: Value,
) -> Result<Option<String>, Error> {
    tx.scope().require(kind_of(policies, act.kind)?.needs)?;
    give(tx, policies, now, act, details).await
}

/// Goes before so many rows leave: they are counted where so few need no approval, with what left before; a use of the
/// running elevation otherwise, whose identifier it gives. `details` say in the trail what it was used for.
///
/// # Errors
/// [`Error::Conflict`]: `elevation-needed` where none runs, `elevation-for-another` where one runs for something else.
pub async fn give(
    tx: &Tx<'_>,
    policies: &Policies,
    now: Micros,
    act: &Act<'_>,
    details: Value,
) -> Result<Option<String>, Error> {
    let kind = kind_of(policies, act.kind)?;
    if given::take(tx, kind, act.rows, now).await? {
        return Ok(None);
    }
    let running = running(tx, policies, kind, act.subject, now).await?;
    store::count_use(tx, &running.id, now).await?;
    let details = json!({ "kind": kind.id, "subject": act.subject, "rows": act.rows, "for": details });
    audit::record(tx, now, "elevation.use", "elevation", &running.id, Some(&running.agency_id), details).await?;
    Ok(Some(running.id))
}

/// What the asker may use of a kind now for this subject, else the request that still waits for an answer. An approval counts
/// for the agency that it was asked for; what is done for another one needs its own.
pub async fn held(
    connection: &impl Connection,
    policies: &Policies,
    now: Micros,
    kind: &str,
    subject: &str,
) -> Result<Option<Elevation>, Error> {
    any_held(connection, policies, now, kind, Some(subject)).await
}

/// The same, for whatever it was asked where no subject is given.
async fn any_held(
    connection: &impl Connection,
    policies: &Policies,
    now: Micros,
    kind: &str,
    subject: Option<&str>,
) -> Result<Option<Elevation>, Error> {
    let Some(person) = connection.scope().person_id() else { return Ok(None) };
    let mut held = store::of_kind(connection, person, kind, subject).await?;
    let place = connection.scope().on_behalf_of();
    held.retain(|one| place.is_empty() || place == one.agency_id);
    let at = |wanted| held.iter().position(|one| one.standing(&policies.elevation, now) == wanted);
    let found = at(Standing::Running).or_else(|| at(Standing::Waiting));
    Ok(found.map(|at| held.swap_remove(at)))
}

/// How many of the rows of an act may leave at `now`: all of them by a running elevation, else those that need none. Nothing
/// is counted yet.
pub async fn allowed(
    connection: &impl Connection,
    policies: &Policies,
    now: Micros,
    act: &Act<'_>,
) -> Result<u64, Error> {
    let kind = kind_of(policies, act.kind)?;
    let left = given::left(connection, kind, now).await?;
    if act.rows <= left {
        return Ok(act.rows);
    }
    match running(connection, policies, kind, act.subject, now).await {
        Ok(_) => Ok(act.rows),
        Err(Error::Conflict(_) | Error::Forbidden(_)) if left > 0 => Ok(left),
        Err(error) => Err(error),
    }
}

/// The asker's elevation of a kind that runs now for this subject.
async fn running(
    connection: &impl Connection,
    policies: &Policies,
    kind: &ElevationKind,
    subject: &str,
    now: Micros,
) -> Result<Elevation, Error> {
    let needed = || Error::Conflict("elevation-needed");
    connection.scope().person_id().ok_or_else(needed)?;
    connection.scope().require(kind.needs)?;
    let runs = |one: &Elevation| one.standing(&policies.elevation, now) == Standing::Running;
    if let Some(held) = held(connection, policies, now, &kind.id, subject).await?.filter(runs) {
        return Ok(held);
    }
    match any_held(connection, policies, now, &kind.id, None).await?.filter(runs) {
        Some(_) => Err(Error::Conflict("elevation-for-another")),
        None => Err(needed()),
    }
}

/// Ends one whose act can be done but once, when it is done.
pub async fn use_up(tx: &Tx<'_>, now: Micros, id: &str) -> Result<(), Error> {
    store::end(tx, id, now).await
}

/// Takes the asker's own requests back that nobody has answered, since what they were for is no more.
pub async fn withdraw(tx: &Tx<'_>, now: Micros, kind: &str, subject: &str) -> Result<(), Error> {
    let Some(person) = tx.scope().person_id().filter(|_| !subject.is_empty()) else { return Ok(()) };
    for (id, agency_id) in store::withdraw(tx, person, kind, subject).await? {
        let details = json!({ "kind": kind, "subject": subject });
        audit::record(tx, now, "elevation.withdraw", "elevation", &id, Some(&agency_id), details).await?;
    }
    Ok(())
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
