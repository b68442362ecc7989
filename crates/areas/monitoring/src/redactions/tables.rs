//! `monitoring.source_redactions` in the SQL catalogue.

use kit::Capability;
use kit::catalogue::ColumnKind::{Integer, Text, Time};
use kit::catalogue::{TableSpec, column};

pub const SOURCE_REDACTIONS: TableSpec = TableSpec {
    schema: "monitoring",
    name: "source_redactions",
    doc: "Rules of data minimisation: fields of a source whose values are not kept.",
    columns: &[
        column("id", Text, "Identifier of the rule."),
        column("source_id", Text, "Source whose records it changes; joins monitoring.sources.id."),
        column("agency_id", Text, "Agency of the source now."),
        column("field", Text, "Field or common column whose values are not kept."),
        column("act", Text, "drop or hash."),
        column("reason", Text, "Why."),
        column("created_by", Text, "Person who made it."),
        column("created_at", Time, "When."),
        column("ended_at", Time, "Until when it held; empty while it does."),
        column("records", Integer, "Records from which it took a value."),
    ],
    select: "SELECT r.id, r.source_id, a.agency_id, r.field, r.act, r.reason, r.created_by, r.created_at, r.ended_at, \
             r.records FROM source_redactions r \
             LEFT JOIN source_assignments a ON a.source_id = r.source_id AND a.valid_to IS NULL",
    agency_column: Some("agency_id"),
    capability: Some(Capability::ViewSources),
};
