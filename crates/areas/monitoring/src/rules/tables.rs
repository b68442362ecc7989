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

pub const RULE_HITS: TableSpec = TableSpec {
    schema: "monitoring",
    name: "rule_hits",
    doc: "Matches of rules by hour of arrival, source and what tells them apart.",
    columns: &[
        column("rule_id", Text, "Identifier of the rule (alerts.rule_id)."),
        column("hour_start", Time, "Hour in which the matching events arrived."),
        column("source_id", Text, "Source of the events; empty where groups are counted together."),
        column("system_id", Text, "System the source belonged to."),
        column("agency_id", Text, "Agency of the system."),
        column("entities", Text, "Values that tell matches apart, as a JSON object."),
        column("detailed", Boolean, "False where groups beyond the limit are counted together."),
        column("alerted", Integer, "Matches that became part of an alert."),
        column("shadowed", Integer, "Matches while the rule was on trial."),
        column("excepted", Integer, "Matches that an exception left out."),
    ],
    select: "SELECT rule_id, hour_start, source_id, system_id, agency_id, entities, detailed, alerted, shadowed, excepted \
             FROM rule_hits",
    agency_column: Some("agency_id"),
    capability: Some(Capability::ViewAlerts),
};
