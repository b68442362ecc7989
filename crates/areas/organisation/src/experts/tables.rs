//! Experts as the SQL catalogue sees them, without how to reach them.

use kit::catalogue::{ColumnKind, TableSpec, column};

/// `organisation.experts`
pub const EXPERTS: TableSpec = TableSpec {
    schema: "organisation",
    name: "experts",
    doc: "Experts who can be called, without their numbers.",
    columns: &[
        column("id", ColumnKind::Text, "Identifier."),
        column("agency_id", ColumnKind::Text, "Whose register."),
        column("full_name", ColumnKind::Text, "Name."),
        column("workplace", ColumnKind::Text, "Where they work."),
        column("fields", ColumnKind::Text, "What they are good in."),
        column("at_night", ColumnKind::Boolean, "Whether they may be called at night."),
        column("agreed_until", ColumnKind::Time, "Until when they have agreed; empty without end."),
        column("active", ColumnKind::Boolean, "Whether they are in the register now."),
    ],
    select: "SELECT id, agency_id, full_name, workplace, fields, at_night, agreed_until, active FROM experts",
    agency_column: Some("agency_id"),
    capability: Some(kit::Capability::ViewPeople),
};
