//! `monitoring.suppressions` in the SQL catalogue.

use kit::Capability;
use kit::catalogue::ColumnKind::{Text, Time};
use kit::catalogue::{TableSpec, column};

pub const SUPPRESSIONS: TableSpec = TableSpec {
    schema: "monitoring",
    name: "suppressions",
    doc: "Windows in which alerts are held back.",
    columns: &[
        column("id", Text, "Identifier of the suppression (alerts.suppression_id)."),
        column("kind", Text, "maintenance, drill or other."),
        column("rule_id", Text, "Identifier of the rule (alerts.rule_id); empty for every rule."),
        column(
            "agency_id",
            Text,
            "Agency where it holds, or that the system or source belongs to; empty for the centre.",
        ),
        column("system_id", Text, "System where it holds."),
        column("source_id", Text, "Source where it holds."),
        column("conditions", Text, "Fields and values that must all hold, as a JSON list."),
        column("reason", Text, "Why."),
        column("starts_at", Time, "From when."),
        column("ends_at", Time, "Until when, as planned."),
        column("alert_id", Text, "Alert that it was made from."),
        column("created_by", Text, "Person who made it."),
        column("created_at", Time, "When."),
        column("ended_by", Text, "Person who ended it before its time."),
        column("ended_at", Time, "When."),
    ],
    select: "SELECT id, kind, rule_id, agency_id, system_id, source_id, conditions, reason, starts_at, ends_at, alert_id, \
             created_by, created_at, ended_by, ended_at FROM suppressions",
    agency_column: Some("agency_id"),
    capability: Some(Capability::ViewAlerts),
};
