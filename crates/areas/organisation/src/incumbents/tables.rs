//! Posts and who holds them as the SQL catalogue sees them.

use kit::catalogue::{ColumnKind, TableSpec, column};

/// `organisation.incumbents`
pub const INCUMBENTS: TableSpec = TableSpec {
    schema: "organisation",
    name: "incumbents",
    doc: "Who holds or held which post at an agency: head, deputy, dedicated officer.",
    columns: &[
        column("id", ColumnKind::Text, "Identifier."),
        column("agency_id", ColumnKind::Text, "Agency."),
        column("person_id", ColumnKind::Text, "Who."),
        column("post", ColumnKind::Text, "head, deputy or dedicated."),
        column("decision", ColumnKind::Text, "Decision of appointment."),
        column("starts_at", ColumnKind::Time, "From."),
        column("ends_at", ColumnKind::Time, "Until; empty without end."),
    ],
    select: "SELECT id, agency_id, person_id, post, decision, starts_at, ends_at FROM incumbents",
    agency_column: Some("agency_id"),
    capability: Some(kit::Capability::ViewPeople),
};
