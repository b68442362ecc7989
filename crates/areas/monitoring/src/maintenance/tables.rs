//! `monitoring.maintenance` in the SQL catalogue.

use kit::Capability;
use kit::catalogue::ColumnKind::{Text, Time};
use kit::catalogue::{TableSpec, column};

pub const MAINTENANCE: TableSpec = TableSpec {
    schema: "monitoring",
    name: "maintenance",
    doc: "Planned maintenance, in which silence is no news.",
    columns: &[
        column("id", Text, "Identifier of the window."),
        column(
            "agency_id",
            Text,
            "Agency where it holds, or that the system or source belongs to; empty for the centre.",
        ),
        column("system_id", Text, "System where it holds."),
        column("source_id", Text, "Source where it holds."),
        column("reason", Text, "Why."),
        column("starts_at", Time, "From when."),
        column("ends_at", Time, "Until when, as planned."),
        column("created_by", Text, "Person who entered it."),
        column("created_at", Time, "When."),
        column("ended_by", Text, "Person who ended it before its time."),
        column("ended_at", Time, "When."),
        column("suppression_id", Text, "Suppression that holds back alerts in the same time."),
    ],
    select: "SELECT id, agency_id, system_id, source_id, reason, starts_at, ends_at, created_by, created_at, ended_by, \
             ended_at, suppression_id FROM maintenance_windows",
    agency_column: Some("agency_id"),
    capability: Some(Capability::ViewSources),
};
