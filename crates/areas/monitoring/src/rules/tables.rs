//! Rules as people keep them, in the SQL catalogue.

use kit::Capability;
use kit::catalogue::ColumnKind::{Boolean, Integer, Text, Time};
use kit::catalogue::{TableSpec, column};

pub const RULE_STATES: TableSpec = TableSpec {
    schema: "monitoring",
    name: "rule_states",
    doc: "Rules that somebody put into a state; a rule without a row is on.",
    columns: &[
        column("rule_id", Text, "Identifier of the rule (alerts.rule_id)."),
        column("state", Text, "on, shadow (counts and alerts nobody) or off."),
        column("reason", Text, "Why."),
        column("changed_by", Text, "Person who decided it."),
        column("changed_at", Time, "When."),
    ],
    select: "SELECT rule_id, state, reason, changed_by, changed_at FROM rule_states",
    agency_column: None,
    capability: Some(Capability::ViewRules),
};

pub const RULE_EXCEPTIONS: TableSpec = TableSpec {
    schema: "monitoring",
    name: "rule_exceptions",
    doc: "What rules are not to alert on, where and until when.",
    columns: &[
        column("id", Text, "Identifier of the exception."),
        column("rule_id", Text, "Identifier of the rule (alerts.rule_id)."),
        column(
            "agency_id",
            Text,
            "Agency where it holds, or that the system or source belongs to; empty for the centre.",
        ),
        column("system_id", Text, "System where it holds."),
        column("source_id", Text, "Source where it holds."),
        column("conditions", Text, "Fields and values that must all hold, as a JSON list."),
        column("reason", Text, "Why."),
        column("expires_at", Time, "When it ends."),
        column("alert_id", Text, "Alert that it was made from."),
        column("created_by", Text, "Person who made it."),
        column("created_at", Time, "When."),
        column("removed_by", Text, "Person who ended it before its time."),
        column("removed_at", Time, "When."),
    ],
    select: "SELECT id, rule_id, agency_id, system_id, source_id, conditions, reason, expires_at, alert_id, created_by, \
             created_at, removed_by, removed_at FROM rule_exceptions",
    agency_column: Some("agency_id"),
    capability: Some(Capability::ViewRules),
};

pub const RULE_HITS: TableSpec = TableSpec {
    schema: "monitoring",
    name: "rule_hits",
    // Not the values that tell matches apart: they are of events, which not everybody may read who sees alerts.
    doc: "Matches of rules by hour of arrival (by the day where they are older), source and what tells them apart.",
    columns: &[
        column("rule_id", Text, "Identifier of the rule (alerts.rule_id)."),
        column(
            "hour_start",
            Time,
            "Beginning of the hour, or of the day in Vietnam, in which the matching events arrived.",
        ),
        column("hours", Integer, "1 for an hour, 24 for a day."),
        column("source_id", Text, "Source of the events; empty where groups are counted together."),
        column("system_id", Text, "System the source belonged to."),
        column("agency_id", Text, "Agency of the system."),
        column("detailed", Boolean, "False where groups beyond the limit are counted together."),
        column("alerted", Integer, "Matches that became part of an alert."),
        column("shadowed", Integer, "Matches while the rule was on trial."),
        column("excepted", Integer, "Matches that an exception left out."),
    ],
    select: "SELECT rule_id, hour_start, hours, source_id, system_id, agency_id, detailed, alerted, shadowed, excepted \
             FROM rule_hits",
    agency_column: Some("agency_id"),
    capability: Some(Capability::ViewAlerts),
};
