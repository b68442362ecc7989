//! The audit trail: append-only, each row hashed together with the one before it. Every service of every area
//! calls [`record`] inside its transaction, as the last write: the head row is locked until the commit, and a
//! lock taken early would make others wait and could deadlock on PostgreSQL.

mod chain;
mod pages;
pub mod store;
mod tables;

pub use chain::{Broken, verify};
pub use pages::routes;
pub use tables::AUDIT;

use kit::clock::Micros;
use kit::{Connection, Error, Tx};
use sea_orm::FromQueryResult;
use serde_json::{Value, json};

/// One row of the trail. `details` is JSON exactly as it was hashed.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct AuditEntry {
    pub sequence: i64,
    pub at: Micros,
    pub actor_id: String,
    pub actor_name: String,
    pub action: String,
    pub object_kind: String,
    pub object_id: String,
    pub agency_id: Option<String>,
    /// Network address of the asker where the act knows it (sign-in), else empty.
    pub origin: String,
    pub details: String,
    /// SHA-256 in hexadecimal of the row before and this one.
    pub hash: String,
}

/// Records a change by the transaction's actor. `action` reads `noun.verb` (`alert.acknowledge`), and
/// `agency_id` is the agency whose record was touched; rows without one are seen by the whole centre only.
pub async fn record(
    tx: &Tx<'_>,
    now: Micros,
    action: &str,
    object_kind: &str,
    object_id: &str,
    agency_id: Option<&str>,
    details: Value,
) -> Result<(), Error> {
    let actor = tx.scope().actor();
    let entry = AuditEntry {
        sequence: 0,
        at: now,
        actor_id: actor.id(),
        actor_name: actor.name().to_owned(),
        action: action.to_owned(),
        object_kind: object_kind.to_owned(),
        object_id: object_id.to_owned(),
        agency_id: agency_id.map(ToOwned::to_owned),
        origin: String::new(),
        details: details.to_string(),
        hash: String::new(),
    };
    chain::append(tx, entry).await
}

/// Records that sensitive records were read: once per request (`settled` 28), with what was asked, why, how
/// many rows came back and which agencies they belong to. One row per agency, so that each can see who looked.
pub async fn record_read(
    tx: &Tx<'_>,
    now: Micros,
    object_kind: &str,
    purpose: &str,
    query: &str,
    count: u64,
    agencies: &[String],
) -> Result<(), Error> {
    let action = format!("{object_kind}.read");
    let details = json!({ "purpose": purpose, "query": query, "count": count, "agencies": agencies });
    if agencies.is_empty() {
        return record(tx, now, &action, object_kind, "", None, details).await;
    }
    for agency in agencies {
        record(tx, now, &action, object_kind, "", Some(agency), details.clone()).await?;
    }
    Ok(())
}

/// Records an act of somebody who is not the transaction's actor: sign-in knows the person only afterwards.
pub(crate) async fn record_for(
    tx: &Tx<'_>,
    now: Micros,
    actor: (&str, &str),
    origin: &str,
    action: &str,
    agency_id: Option<&str>,
    details: Value,
) -> Result<(), Error> {
    let entry = AuditEntry {
        sequence: 0,
        at: now,
        actor_id: actor.0.to_owned(),
        actor_name: actor.1.to_owned(),
        action: action.to_owned(),
        object_kind: "person".to_owned(),
        object_id: actor.0.to_owned(),
        agency_id: agency_id.map(ToOwned::to_owned),
        origin: origin.to_owned(),
        details: details.to_string(),
        hash: String::new(),
    };
    chain::append(tx, entry).await
}
