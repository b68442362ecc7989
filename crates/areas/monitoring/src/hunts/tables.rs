//! Hunts in the SQL catalogue, for whoever sees the trail: what a person looked for is nobody else's business. What stands
//! on lists for managers of rules alone is not named.

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
        column("subject_id", Text, "Identifier of what was looked for; NULL where that is not for everyone."),
        column("subject_name", Text, "Its name when the hunt began; NULL where that is not for everyone."),
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
    select: "SELECT h.id, h.subject_kind, s.id AS subject_id, s.name AS subject_name, h.time_from, h.time_to, h.state, \
             h.owner_id, h.events, h.matches, h.alerts, h.created_at, h.started_at, h.ended_at FROM hunts h \
             LEFT JOIN (SELECT o.id AS hunt_id, o.subject_id AS id, o.subject_name AS name FROM hunts o \
             WHERE o.subject_kind = 'rule' \
             OR EXISTS (SELECT 1 FROM indicator_lists l WHERE l.id = o.subject_id AND l.sharing = 'everyone') \
             OR EXISTS (SELECT 1 FROM indicators i JOIN indicator_lists l ON l.id = i.list_id \
             WHERE i.indicator_id = o.subject_id AND l.sharing = 'everyone')) s ON s.hunt_id = h.id",
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
