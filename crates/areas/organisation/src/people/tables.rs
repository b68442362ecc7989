//! People as the SQL catalogue sees them: no passwords, sessions or keys.

use kit::catalogue::{ColumnKind, TableSpec, column};

/// `organisation.people`
pub const PEOPLE: TableSpec = TableSpec {
    schema: "organisation",
    name: "people",
    doc: "People with an account, without any secret.",
    columns: &[
        column("id", ColumnKind::Text, "Identifier."),
        column("account", ColumnKind::Text, "User name."),
        column("full_name", ColumnKind::Text, "Name."),
        column("agency_id", ColumnKind::Text, "Agency the person belongs to."),
        column("title", ColumnKind::Text, "Position."),
        column("kind", ColumnKind::Text, "Type of the account."),
        column("active", ColumnKind::Boolean, "Whether the account is open."),
        column("created_at", ColumnKind::Time, "When the account was made."),
    ],
    select: "SELECT id, account, full_name, agency_id, title, kind, active, created_at FROM people",
    agency_column: Some("agency_id"),
    capability: Some(kit::Capability::ViewPeople),
};
