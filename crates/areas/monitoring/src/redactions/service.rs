//! What can be done with rules of data minimisation: make one for a source, end one.

use super::{Act, Redaction, store};
use crate::sources::{self, SourceState};
use kit::clock::Micros;
use kit::text::FieldFaults;
use kit::{Capability, Connection, Error, Tx};
use organisation::audit;
use serde::Deserialize;
use serde_json::json;

const LONGEST_FIELD: usize = 200;
const LONGEST_REASON: usize = 1_000;
/// Rules in force of one source.
const MOST: usize = 50;

/// What a form or a program gives.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct RedactionInput {
    /// Name of a field of the records, with those below it, or of a common column.
    pub field: String,
    /// `drop` or `hash`.
    pub act: String,
    pub reason: String,
}

/// Makes a rule; returns its id. It holds within seconds, for what arrives from then on.
pub async fn create(tx: &Tx<'_>, source_id: &str, input: &RedactionInput, now: Micros) -> Result<String, Error> {
    tx.scope().require(Capability::ManageSources)?;
    let listed = sources::store::get(tx, source_id).await?;
    if listed.source.state != SourceState::Registered {
        return Err(Error::Conflict("source-adopt-first"));
    }
    let mut faults = FieldFaults::default();
    let field = faults.required_line("field", &input.field, LONGEST_FIELD);
    let act = Act::from_code(&input.act);
    if act.is_none() {
        faults.add("act", kit::error::unfit(&input.act));
    }
    let reason = faults.required_lines("reason", &input.reason, LONGEST_REASON);
    faults.into_result()?;
    let open: Vec<Redaction> =
        store::of_source(tx, source_id).await?.into_iter().filter(|one| one.ended_at.is_none()).collect();
    if open.iter().any(|one| one.field == field) {
        return Err(Error::invalid("field", "redaction-field-taken"));
    }
    if open.len() >= MOST {
        return Err(Error::Conflict("redaction-too-many"));
    }
    store::ensure_hash_key(tx).await?;
    let redaction = Redaction {
        id: kit::id::new_id(now),
        source_id: source_id.to_owned(),
        field,
        act: act.unwrap_or_default(),
        reason,
        created_by: tx.scope().actor().id(),
        created_at: now,
        ended_at: None,
        records: 0,
    };
    store::insert(tx, &redaction).await?;
    let details = json!({ "field": redaction.field, "act": redaction.act, "reason": redaction.reason });
    let agency = listed.agency_id.as_deref();
    audit::record(tx, now, "source.redact", "source", source_id, agency, details).await?;
    Ok(redaction.id)
}

/// Ends a rule: what arrives from then on is kept whole; what was taken stays away.
pub async fn end(tx: &Tx<'_>, source_id: &str, id: &str, now: Micros) -> Result<(), Error> {
    tx.scope().require(Capability::ManageSources)?;
    let listed = sources::store::get(tx, source_id).await?;
    if !store::end(tx, source_id, id, now).await? {
        return Err(Error::NotFound);
    }
    let agency = listed.agency_id.as_deref();
    audit::record(tx, now, "source.redact-end", "source", source_id, agency, json!({ "redaction": id })).await
}
