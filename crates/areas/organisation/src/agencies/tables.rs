//! Agencies as the SQL catalogue sees them.

use kit::catalogue::{ColumnKind, TableSpec, column};

/// `organisation.agencies`
pub const AGENCIES: TableSpec = TableSpec {
    schema: "organisation",
    name: "agencies",
    doc: "Agencies of the province: departments, communes, bodies, enterprises, partners.",
    columns: &[
        column("id", ColumnKind::Text, "Identifier."),
        column("code", ColumnKind::Text, "Short public code."),
        column("name", ColumnKind::Text, "Name today."),
        column("kind", ColumnKind::Text, "Kind, for example department or commune."),
        column("parent_id", ColumnKind::Text, "Agency above it."),
        column("valid_from", ColumnKind::Time, "Since when it exists."),
        column("valid_to", ColumnKind::Time, "When it ended; empty while it exists."),
        column("address", ColumnKind::Text, "Postal address."),
        column("phone", ColumnKind::Text, "Telephone."),
        column("email", ColumnKind::Text, "Official mailbox."),
        column("duty_hours", ColumnKind::Text, "When somebody answers."),
    ],
    select: "SELECT id, code, name, kind, parent_id, valid_from, valid_to, address, phone, email, duty_hours FROM agencies",
    agency_column: Some("id"),
    capability: None,
};
