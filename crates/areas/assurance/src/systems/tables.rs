//! What the SQL catalogue may see of systems.

use kit::catalogue::{ColumnKind, TableSpec, column};

pub const SYSTEMS: TableSpec = TableSpec {
    schema: "assurance",
    name: "systems",
    doc: "Information systems of the register.",
    columns: &[
        column("id", ColumnKind::Text, "Identifier."),
        column("code", ColumnKind::Text, "Public code, unique in the province."),
        column("name", ColumnKind::Text, "Name."),
        column("agency_id", ColumnKind::Text, "Owner; joins organisation.agencies.id."),
        column("level", ColumnKind::Integer, "Level 1 to 5 (Decree 331/2026 Articles 11-16)."),
        column("level_decision", ColumnKind::Text, "Number of the decision that approved the level."),
        column("state", ColumnKind::Text, "proposed, building, on_trial, operating or retired."),
        column("hosting", ColumnKind::Text, "Where it stands."),
        column("critical", ColumnKind::Boolean, "On the list of systems critical to national security."),
        column("created_at", ColumnKind::Time, "Registered at."),
        column("updated_at", ColumnKind::Time, "Last changed at."),
    ],
    select: "SELECT id, code, name, agency_id, level, level_decision, state, hosting, critical, created_at, updated_at \
             FROM systems",
    agency_column: Some("agency_id"),
    capability: Some(kit::Capability::ViewSystems),
};
