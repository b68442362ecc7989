//! `monitoring.alerts` in the SQL catalogue.

use kit::Capability;
use kit::catalogue::ColumnKind::{Boolean, Float, Integer, Text, Time};
use kit::catalogue::{TableSpec, column};

pub const ALERTS: TableSpec = TableSpec {
    schema: "monitoring",
    name: "alerts",
    doc: "Matches of rules, grouped by rule, system and entity within a window.",
    columns: &[
        column("id", Text, "Identifier of the alert."),
        column("rule_id", Text, "Identifier of the rule."),
        column("rule_title", Text, "Title of the rule in its own language."),
        column("rule_title_vi", Text, "Vietnamese title, where the rule has one."),
        column("rule_level", Text, "Sigma's level of the rule."),
        column("severity", Text, "Severity after weighing with the level of the system."),
        column("score", Integer, "0 to 100: level of the rule and level of the system."),
        column("risk", Float, "What it adds to the risk of its entity, before that fades."),
        column("state", Text, "new, acknowledged, assigned, escalated, closed or suppressed."),
        column("source_id", Text, "Source of the first event."),
        column("system_id", Text, "System the source belonged to."),
        column("system_level", Integer, "Level of that system when the alert was raised."),
        column("agency_id", Text, "Agency of the system; empty while the source is not assigned."),
        column("entity_kind", Text, "Column that names the entity, for example source_ip."),
        column("entity_value", Text, "The entity: an address, a user, a host."),
        column("count", Integer, "Matches so far."),
        column("first_sequence", Integer, "Number of the first event (events.seq)."),
        column("last_sequence", Integer, "Number of the newest event."),
        column("first_event_time", Time, "Time of the first event by its own account."),
        column("last_event_time", Time, "Time of the newest event by its own account."),
        column("first_event_recorded", Time, "When the first event reached us."),
        column("detected_at", Time, "When the alert was raised."),
        column("updated_at", Time, "When the newest match was added."),
        column("techniques", Text, "ATT&CK techniques as a JSON list."),
        column("tactics", Text, "ATT&CK tactics of the rule as a JSON list."),
        column("story_id", Text, "Attack story it belongs to."),
        column("suppression_id", Text, "Suppression that held it back (suppressions.id)."),
        column("damped", Boolean, "Stands for the groups of a rule beyond its limit per minute."),
        column("seen_at", Time, "When a person first opened it."),
        column("seen_by", Text, "Who that was."),
        column("acknowledged_at", Time, "When it was acknowledged."),
        column("acknowledged_by", Text, "By whom."),
        column("assigned_to", Text, "Person it is assigned to."),
        column("escalated_at", Time, "When it became part of an incident."),
        column("closed_at", Time, "When it was closed."),
        column("closed_by", Text, "By whom."),
        column("close_reason", Text, "handled, benign, false-positive or duplicate."),
    ],
    select: "SELECT id, rule_id, rule_title, rule_title_vi, rule_level, severity, score, risk, state, source_id, system_id, \
             system_level, agency_id, entity_kind, entity_value, count, first_sequence, last_sequence, \
             first_event_time, last_event_time, first_event_recorded, detected_at, updated_at, techniques, tactics, \
             story_id, suppression_id, damped, seen_at, seen_by, acknowledged_at, acknowledged_by, assigned_to, escalated_at, closed_at, closed_by, \
             close_reason FROM alerts",
    agency_column: Some("agency_id"),
    capability: Some(Capability::ViewAlerts),
};
