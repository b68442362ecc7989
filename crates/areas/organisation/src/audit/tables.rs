//! The trail as the SQL catalogue sees it.

use kit::catalogue::{ColumnKind, TableSpec, column};

/// `organisation.audit`
pub const AUDIT: TableSpec = TableSpec {
    schema: "organisation",
    name: "audit",
    doc: "The audit trail: who did what to which record, hash-chained.",
    columns: &[
        column("sequence", ColumnKind::Integer, "Place in the chain, without gaps."),
        column("at", ColumnKind::Time, "When it was done."),
        column("actor_id", ColumnKind::Text, "Person, API key, or service:<name>."),
        column("actor_name", ColumnKind::Text, "Name at that time."),
        column("on_behalf_of", ColumnKind::Text, "Agency the actor acted for, or who ran a command."),
        column("action", ColumnKind::Text, "noun.verb, for example alert.acknowledge."),
        column("object_kind", ColumnKind::Text, "Kind of record."),
        column("object_id", ColumnKind::Text, "Identifier of the record."),
        column("agency_id", ColumnKind::Text, "Agency whose record it is; empty for the whole centre."),
        column("origin", ColumnKind::Text, "Network address, where known."),
        column("details", ColumnKind::Text, "JSON: what before, what after, why."),
        column("hash", ColumnKind::Text, "SHA-256 over the row before and this row."),
    ],
    select: "SELECT sequence, at, actor_id, actor_name, on_behalf_of, action, object_kind, object_id, agency_id, origin, details, hash \
             FROM audit_entries",
    agency_column: Some("agency_id"),
    capability: Some(kit::Capability::ViewAudit),
};
