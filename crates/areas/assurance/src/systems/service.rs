//! What can be done with systems: one function per use case, in the caller's scope and transaction.

use super::{NewSystem, System, store};
use crate::inventory;
use kit::error::Error;
use kit::id::new_id;
use kit::{Capability, Connection, Personal, Tx};
use organisation::audit::{Reading, Touched};
use organisation::{agencies, audit};
use serde_json::json;

/// Registers a system; returns its id.
pub async fn register(tx: &Tx<'_>, new: NewSystem, now: i64) -> Result<String, Error> {
    tx.scope().require(Capability::ManageSystems)?;
    let new = new.checked()?;
    agencies::require_open(tx, now, "agency_id", &new.agency_id).await?;
    require_others(tx, now, &new, &System::default()).await?;
    if store::code_taken(tx, &new.code, "").await? {
        return Err(Error::invalid("code", "field-taken"));
    }
    let id = new_id(now);
    store::insert(tx, &id, &new, now).await?;
    let details = json!({ "code": new.code, "name": new.name, "level": new.level, "state": new.state });
    audit::record(tx, now, "system.register", "system", &id, Some(&new.agency_id), details).await?;
    Ok(id)
}

/// Changes a system. The form carries the version it was built on; a newer one in the database is a conflict
/// and nothing is written.
pub async fn change(tx: &Tx<'_>, id: &str, new: NewSystem, now: i64) -> Result<(), Error> {
    tx.scope().require(Capability::ManageSystems)?;
    let before = store::find(tx, id).await?;
    let new = new.checked()?;
    if new.agency_id == before.agency_id {
        agencies::require_named(tx, "agency_id", &new.agency_id).await?;
    } else {
        agencies::require_open(tx, now, "agency_id", &new.agency_id).await?;
    }
    require_others(tx, now, &new, &before).await?;
    if store::code_taken(tx, &new.code, id).await? {
        return Err(Error::invalid("code", "field-taken"));
    }
    if new.secret && !before.secret && inventory::store::any_of(tx, id).await? {
        return Err(Error::Conflict("system-secret-has-inventory"));
    }
    if !store::update(tx, id, &new, now).await? {
        return Err(Error::Conflict("system-changed-meanwhile"));
    }
    // The masks of the trail may be equal where the texts are not.
    let contact_changed =
        before.contact_phone.reveal() != new.contact_phone || before.contact_email.reveal() != new.contact_email;
    let details = json!({
        "before": changed(&before, &new, true), "after": changed(&before, &new, false),
        "contact_changed": contact_changed,
    });
    audit::record(tx, now, "system.change", "system", id, Some(&new.agency_id), details).await
}

/// Who runs and who guards a system is within reach and has not ended, unless that was said before.
async fn require_others(tx: &Tx<'_>, now: i64, new: &NewSystem, before: &System) -> Result<(), Error> {
    for (field, named, held) in [
        ("operator_id", &new.operator_id, &before.operator_id),
        ("specialised_unit_id", &new.specialised_unit_id, &before.specialised_unit_id),
    ] {
        if !named.is_empty() && held.as_ref() != Some(named) {
            agencies::require_open(tx, now, field, named).await?;
        }
    }
    Ok(())
}

/// A system whose contact somebody is going to see in full; that they did is in the trail. `purpose`: `reveal`, `edit`.
pub async fn reveal(tx: &Tx<'_>, id: &str, purpose: &str, now: i64) -> Result<System, Error> {
    tx.scope().require(Capability::ViewSystems)?;
    let system = store::find(tx, id).await?;
    record_reveal(tx, &system, purpose, now).await?;
    Ok(system)
}

/// Puts into the trail that the contact of a system was given out in full; nothing where there is none.
pub async fn record_reveal(tx: &Tx<'_>, system: &System, purpose: &str, now: i64) -> Result<(), Error> {
    if system.contact_phone.is_empty() && system.contact_email.is_empty() {
        return Ok(());
    }
    let touched = Touched::from([(system.agency_id.clone(), Some(1))]);
    let reading = Reading {
        object_kind: "system-contact",
        object_id: &system.id,
        purpose,
        query: "",
        count: 1,
        touched: &touched,
    };
    audit::record_reading(tx, now, &reading).await
}

/// The fields that differ, old or new side.
fn changed(before: &System, after: &NewSystem, old: bool) -> serde_json::Value {
    let masks = [("contact_phone", &after.contact_phone), ("contact_email", &after.contact_email)];
    let (Ok(serde_json::Value::Object(before)), Ok(serde_json::Value::Object(mut after))) =
        (serde_json::to_value(before), serde_json::to_value(after))
    else {
        return serde_json::Value::Null;
    };
    for (name, text) in masks {
        after.insert(name.to_owned(), Personal::from(text.as_str()).to_string().into());
    }
    // Amounts are numbers on one side and digits on the other.
    let words = |value: &serde_json::Value| match value {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    after
        .iter()
        .filter(|(name, _)| *name != "version")
        .filter_map(|(name, new)| before.get(name).map(|was| (name, was, new)))
        .filter(|(_, was, new)| words(was) != words(new))
        .map(|(name, was, new)| (name.clone(), if old { was.clone() } else { new.clone() }))
        .collect()
}
