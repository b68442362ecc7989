//! Agencies, and what is decided about them for a day to come, as the SQL catalogue sees them.

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

/// `organisation.agency_decisions`
pub const AGENCY_DECISIONS: TableSpec = TableSpec {
    schema: "organisation",
    name: "agency_decisions",
    doc: "Mergers and new names that were decided for a day to come, and what became of them.",
    columns: &[
        column("id", ColumnKind::Text, "Identifier."),
        column("agency_id", ColumnKind::Text, "Agency that merges or has a new name; joins organisation.agencies.id."),
        column("into_id", ColumnKind::Text, "Its successor; empty for a new name."),
        column("name", ColumnKind::Text, "The new name; empty for a merger."),
        column("at", ColumnKind::Time, "First moment of the day in Vietnam."),
        column("basis", ColumnKind::Text, "Document that says so."),
        column("entered_at", ColumnKind::Time, "When it was entered."),
        column("state", ColumnKind::Text, "waiting, done, refused or revoked."),
        column("settled_at", ColumnKind::Time, "When it was done, refused or revoked; empty while it waits."),
        column("refusal", ColumnKind::Text, "Key of why it could not be done on its day; empty otherwise."),
    ],
    select: "SELECT id, agency_id, into_id, name, at, basis, entered_at, state, settled_at, refusal \
             FROM agency_scheduled_changes",
    agency_column: Some("agency_id"),
    capability: None,
};
