//! Hunts in the SQL catalogue, for whoever sees the trail: what a person looked for is nobody else's business.

use kit::Capability;
use kit::catalogue::ColumnKind::{Integer, Text, Time};
use kit::catalogue::{TableSpec, column};

pub const HUNTS: TableSpec = TableSpec {
    schema: "monitoring",
    name: "hunts",
    doc: "Rules and indicators that were looked for in what was stored already.",
    columns: &[
        column("id", Text, "Identifier of the hunt."),
        column("subject_kind", Text, "rule, indicator or list."),
        column("subject_id", Text, "Identifier of what was looked for."),
        column("subject_name", Text, "Its name when the hunt began."),
        column("time_from", Time, "Beginning of the window."),
        column("time_to", Time, "End of the window."),
        column("state", Text, "waiting, running, done, cancelled or failed."),
        column("owner_id", Text, "Person who began it."),
        column("events", Integer, "Records that were looked at one by one."),
        column("matches", Integer, "Matches."),
        column("alerts", Integer, "Alerts that were not there before."),
        column("created_at", Time, "When it was asked for."),
        column("started_at", Time, "When it began."),
        column("ended_at", Time, "When it ended."),
    ],
    select: "SELECT id, subject_kind, subject_id, subject_name, time_from, time_to, state, owner_id, events, matches, \
             alerts, created_at, started_at, ended_at FROM hunts",
    agency_column: None,
    capability: Some(Capability::ViewAudit),
};

pub const HUNT_ALERTS: TableSpec = TableSpec {
    schema: "monitoring",
    name: "hunt_alerts",
    doc: "Alerts that a hunt raised: they are of the past.",
    columns: &[
        column("alert_id", Text, "Alert; joins monitoring.alerts.id."),
        column("hunt_id", Text, "Hunt that raised it."),
        column("agency_id", Text, "Agency of the alert."),
    ],
    select: "SELECT h.alert_id, h.hunt_id, a.agency_id FROM hunt_alerts h JOIN alerts a ON a.id = h.alert_id",
    agency_column: Some("agency_id"),
    capability: Some(Capability::ViewAlerts),
};
