//! The audit trail: append-only, each row hashed together with the one before it, and signed every hour. Every
//! service of every area calls [`record`] inside its transaction, as the last write: the head row is locked until the
//! commit, and a lock taken early would make others wait and could deadlock on PostgreSQL.

mod chain;
mod checkpoint;
mod checkpoints;
mod export;
mod pages;
mod readings;
mod readings_page;
pub mod store;
mod tables;
mod verify;
mod walk;

pub use crate::signatures::PublicKeys;
pub use checkpoint::{Checkpoint, TrailKey};
pub use checkpoints::{Checkpoints, KeyTrouble};
pub use export::{Exported, export, verify_export};
pub use pages::routes;
pub use readings::{Reading, Touched, record_reading};
pub use tables::AUDIT;
pub use verify::{verify, verify_copy};
pub use walk::{Fault, Problem, Report};

use kit::clock::Micros;
use kit::locale::texts;
use kit::{Capability, Connection, Error, Lang, Tx};
use sea_orm::FromQueryResult;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One row of the trail. `details` is JSON exactly as it was hashed.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditEntry {
    pub sequence: i64,
    pub at: Micros,
    pub actor_id: String,
    pub actor_name: String,
    /// Identifier of the agency the actor acted for, or the operating system's name of who ran a command.
    pub on_behalf_of: String,
    pub action: String,
    pub object_kind: String,
    pub object_id: String,
    pub agency_id: Option<String>,
    /// Network address of the asker; empty for the program's own acts.
    pub origin: String,
    pub details: String,
    /// SHA-256 in hexadecimal of the row before and this one.
    pub hash: String,
}

impl AuditEntry {
    /// Who it was, in words.
    pub fn actor_words(&self, lang: Lang) -> String {
        actor_words(lang, &self.actor_id, &self.actor_name)
    }
}

/// The name of an actor; a part of the program (`service:…`) by the text that says what it does.
pub fn actor_words(lang: Lang, id: &str, name: &str) -> String {
    let text = |key: &str| texts().text(lang, key);
    let key = id.strip_prefix("service:").map(|service| format!("audit-service-{}", service.replace(' ', "-")));
    match key.filter(|key| texts().has(lang, key)) {
        Some(key) => text(&key),
        None if name.is_empty() => text("audit-nobody"),
        None => name.to_owned(),
    }
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
    let entry = entry_of(tx, now, action, object_kind, object_id, agency_id, &details);
    chain::append(tx, entry).await.map(|_| ())
}

/// Number and hash of the last row, for whoever sees the whole trail.
pub async fn head(connection: &impl Connection) -> Result<(i64, String), Error> {
    connection.scope().require(Capability::ViewAudit)?;
    store::head(connection).await
}

fn entry_of(
    tx: &Tx<'_>,
    now: Micros,
    action: &str,
    object_kind: &str,
    object_id: &str,
    agency_id: Option<&str>,
    details: &Value,
) -> AuditEntry {
    let scope = tx.scope();
    AuditEntry {
        sequence: 0,
        at: now,
        actor_id: scope.actor().id(),
        actor_name: scope.actor().name().to_owned(),
        on_behalf_of: scope.on_behalf_of().to_owned(),
        action: action.to_owned(),
        object_kind: object_kind.to_owned(),
        object_id: object_id.to_owned(),
        agency_id: agency_id.map(ToOwned::to_owned),
        origin: scope.origin().to_owned(),
        details: details.to_string(),
        hash: String::new(),
    }
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
        on_behalf_of: String::new(),
        action: action.to_owned(),
        object_kind: "person".to_owned(),
        object_id: actor.0.to_owned(),
        agency_id: agency_id.map(ToOwned::to_owned),
        origin: origin.to_owned(),
        details: details.to_string(),
        hash: String::new(),
    };
    chain::append(tx, entry).await.map(|_| ())
}
