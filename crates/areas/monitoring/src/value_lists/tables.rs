//! `monitoring.listed_values` in the SQL catalogue.

use kit::Capability;
use kit::catalogue::ColumnKind::{Text, Time};
use kit::catalogue::{TableSpec, column};

pub const LISTED_VALUES: TableSpec = TableSpec {
    schema: "monitoring",
    name: "listed_values",
    doc: "Values on the lists that the centre keeps: administrators, servers, service accounts.",
    columns: &[
        column("id", Text, "Identifier of the value on its list."),
        column("list", Text, "Name of the list, as rules write it."),
        column("value", Text, "The value: an account, a host name, an address."),
        column("agency_id", Text, "Agency in whose events it counts, and in those below it; empty for all."),
        column("note", Text, "Note."),
        column("updated_at", Time, "When it was last changed."),
    ],
    select: "SELECT id, list, value, agency_id, note, updated_at FROM listed_values",
    agency_column: Some("agency_id"),
    capability: Some(Capability::ViewSources),
};
