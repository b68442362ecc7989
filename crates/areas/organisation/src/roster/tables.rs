//! The roster as the SQL catalogue sees it.

use kit::catalogue::{ColumnKind, TableSpec, column};

/// `organisation.roster`
pub const ROSTER: TableSpec = TableSpec {
    schema: "organisation",
    name: "roster",
    doc: "Duty shifts: who was or will be on watch.",
    columns: &[
        column("id", ColumnKind::Text, "Identifier."),
        column("agency_id", ColumnKind::Text, "Whose roster."),
        column("person_id", ColumnKind::Text, "Who."),
        column("post", ColumnKind::Text, "At which post."),
        column("starts_at", ColumnKind::Time, "From."),
        column("ends_at", ColumnKind::Time, "Until."),
        column("note", ColumnKind::Text, "What the shift left to the next."),
        column("note_at", ColumnKind::Time, "When the note was written."),
    ],
    select: "SELECT id, agency_id, person_id, post, starts_at, ends_at, note, note_at FROM duty_shifts",
    agency_column: Some("agency_id"),
    capability: None,
};
