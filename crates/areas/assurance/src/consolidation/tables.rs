//! What the SQL catalogue may see of consolidation.

use kit::catalogue::{ColumnKind, TableSpec, column};

pub const CONSOLIDATION: TableSpec = TableSpec {
    schema: "assurance",
    name: "consolidation",
    doc: "What was decided of systems on their way to the provincial data centre; no row where nobody has decided.",
    columns: &[
        column("system_id", ColumnKind::Text, "System; joins assurance.systems.id."),
        column("agency_id", ColumnKind::Text, "Owner of the system; joins organisation.agencies.id."),
        column("way", ColumnKind::Text, "keep, move, merge or retire."),
        column("into_system_id", ColumnKind::Text, "System that it becomes part of; joins assurance.systems.id."),
        column("wave", ColumnKind::Integer, "Wave of the plan."),
        column("due", ColumnKind::Time, "Day on which it must be done."),
        column("done_at", ColumnKind::Time, "Day on which it was done."),
        column("blocker", ColumnKind::Text, "What stands in the way."),
        column("updated_at", ColumnKind::Time, "Last changed at."),
    ],
    select: "SELECT m.system_id, s.agency_id, m.way, m.into_system_id, m.wave, m.due, m.done_at, m.blocker, m.updated_at \
             FROM system_moves m JOIN systems s ON s.id = m.system_id",
    agency_column: Some("agency_id"),
    capability: Some(kit::Capability::ViewSystems),
};
