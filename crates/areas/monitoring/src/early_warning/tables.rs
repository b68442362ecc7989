//! `monitoring.early_warnings` in the SQL catalogue.

use kit::Capability;
use kit::catalogue::ColumnKind::{Integer, Text, Time};
use kit::catalogue::{TableSpec, column};

pub const EARLY_WARNINGS: TableSpec = TableSpec {
    schema: "monitoring",
    name: "early_warnings",
    doc: "What was unusual, with what would have been normal.",
    columns: &[
        column("id", Text, "Identifier of the finding."),
        column("detector", Text, "Detector that found it (alerts.rule_id of its alert)."),
        column("agency_id", Text, "Agency of the source; empty while the source is not assigned."),
        column("source_id", Text, "Source of the event."),
        column(
            "entity_kind",
            Text,
            "Columns that name what it is about, for example user_name; source for the source itself.",
        ),
        column("entity_value", Text, "What it is about."),
        column("sequence", Integer, "Number of the event with which it became unusual (events.seq)."),
        column("time", Time, "Time of that event by its own account."),
        column("anomaly", Text, "What was observed, what is normal and the figures of the chart, as JSON."),
    ],
    select: "SELECT id, detector, agency_id, source_id, entity_kind, entity_value, sequence, time, anomaly \
             FROM early_warnings",
    agency_column: Some("agency_id"),
    capability: Some(Capability::ViewAlerts),
};
