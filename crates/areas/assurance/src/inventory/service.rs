//! What can be done with items of the inventory, in the caller's scope and transaction.

use super::store::{self, Row};
use super::{Item, NewItem};
use crate::systems;
use crate::systems::System;
use kit::clock::Micros;
use kit::id::new_id;
use kit::{Capability, Connection, Error, Tx};
use organisation::audit;
use serde_json::json;
use std::collections::BTreeMap;

/// Adds an item to a system; returns its id.
pub async fn add(tx: &Tx<'_>, system_id: &str, new: NewItem, now: Micros) -> Result<String, Error> {
    tx.scope().require(Capability::ManageSystems)?;
    let system = systems::store::find(tx, system_id).await?;
    add_to(tx, &system, new, now).await
}

/// The same, where the system has been found already.
pub(super) async fn add_to(tx: &Tx<'_>, system: &System, new: NewItem, now: Micros) -> Result<String, Error> {
    let new = new.checked()?;
    require_open_to(system)?;
    let linked = linked(tx, &new, None).await?;
    if store::name_taken(tx, &system.id, &new, "").await? {
        return Err(Error::invalid("name", "field-taken"));
    }
    let id = new_id(now);
    let row = Row { id: &id, system_id: &system.id, linked: linked.as_deref(), seen_at: None };
    store::insert(tx, &row, &new, now).await?;
    let details = json!({ "system": system.code, "kind": new.kind, "name": new.name, "values": new.values });
    audit::record(tx, now, "inventory.add", "inventory-item", &id, Some(&system.agency_id), details).await?;
    Ok(id)
}

/// Of a system that handles state secrets nothing but code name, owner and level is kept.
pub(super) fn require_open_to(system: &System) -> Result<(), Error> {
    if system.secret { Err(Error::Conflict("inventory-of-secret")) } else { Ok(()) }
}

/// Changes an item; one that was only seen is registered by it. The form carries the version it was built on.
pub async fn change(tx: &Tx<'_>, id: &str, new: NewItem, now: Micros) -> Result<(), Error> {
    tx.scope().require(Capability::ManageSystems)?;
    let before = store::find(tx, id).await?;
    let new = NewItem { kind: before.kind.clone(), ..new }.checked()?;
    let linked = linked(tx, &new, Some(&before)).await?;
    if store::name_taken(tx, &before.system_id, &new, id).await? {
        return Err(Error::invalid("name", "field-taken"));
    }
    if !store::update(tx, id, &new, linked.as_deref(), now).await? {
        return Err(Error::Conflict("inventory-changed-meanwhile"));
    }
    let action = if before.registered { "inventory.change" } else { "inventory.register" };
    let held = NewItem::from(before.clone());
    let mut sides: [BTreeMap<&str, &str>; 2] = Default::default();
    let names = held.values.keys().chain(new.values.keys());
    let names = names.map(String::as_str).filter(|name| held.values.get(*name) != new.values.get(*name));
    for name in names {
        for (side, values) in sides.iter_mut().zip([&held.values, &new.values]) {
            side.insert(name, values.get(name).map_or("", String::as_str));
        }
    }
    if held.name != new.name {
        sides.iter_mut().zip([&held.name, &new.name]).for_each(|(side, name)| {
            side.insert("name", name);
        });
    }
    let details = json!({ "system": before.system_code, "kind": before.kind, "before": sides[0], "after": sides[1] });
    audit::record(tx, now, action, "inventory-item", id, Some(&before.agency_id), details).await
}

/// A scan has seen an item. Services that it found stand in the place of what was known, which the trail keeps; one that found
/// none may not have looked for them. Returns what the item said of its services before, where that is no more.
pub(super) async fn see(tx: &Tx<'_>, item: &Item, services: &str, now: Micros) -> Result<Option<String>, Error> {
    store::see(tx, &item.id, now).await?;
    let before = item.value("services");
    if services.is_empty() || services == before {
        return Ok(None);
    }
    store::set_services(tx, item, services, now).await?;
    let side = |services: &str| json!({ "services": services });
    let details =
        json!({ "system": item.system_code, "kind": item.kind, "before": side(before), "after": side(services) });
    audit::record(tx, now, "inventory.change", "inventory-item", &item.id, Some(&item.agency_id), details).await?;
    Ok(Some(before.to_owned()))
}

/// Takes an item out of the inventory; what it said is in the trail.
pub async fn remove(tx: &Tx<'_>, id: &str, now: Micros) -> Result<Item, Error> {
    tx.scope().require(Capability::ManageSystems)?;
    let item = store::find(tx, id).await?;
    store::delete(tx, id).await?;
    let details = json!({ "system": item.system_code, "kind": item.kind, "name": item.name, "values": item.values });
    audit::record(tx, now, "inventory.remove", "inventory-item", id, Some(&item.agency_id), details).await?;
    Ok(item)
}

/// The system that a link or a component names by its code. One that the asker does not reach is told apart from none by
/// nobody; one that is named already and is out of reach stays where nothing else is named.
async fn linked(tx: &Tx<'_>, new: &NewItem, before: Option<&Item>) -> Result<Option<String>, Error> {
    let Some(code) = new.values.get("linked_system") else {
        return match before {
            Some(before) if before.links_out_of_reach => store::linked_id(tx, &before.id).await,
            _ => Ok(None),
        };
    };
    if let Some(linked) = before.and_then(|before| before.linked.as_ref()).filter(|linked| linked.code == *code) {
        return Ok(Some(linked.id.clone()));
    }
    let found = systems::store::by_code(tx, code).await?;
    found.map(|system| Some(system.id)).ok_or_else(|| Error::invalid("linked_system", "inventory-no-such-system"))
}
