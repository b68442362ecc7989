//! What the SQL catalogue may see of incidents.

use kit::Capability;
use kit::catalogue::{ColumnKind, TableSpec, column};

pub const INCIDENTS: TableSpec = TableSpec {
    schema: "response",
    name: "incidents",
    doc: "Incidents with their class, severity and the five kept times.",
    columns: &[
        column("id", ColumnKind::Text, "Identifier."),
        column("code", ColumnKind::Text, "Public code, unique in the centre."),
        column("title", ColumnKind::Text, "Title."),
        column("agency_id", ColumnKind::Text, "Agency concerned; joins organisation.agencies.id."),
        column("system_id", ColumnKind::Text, "System concerned; joins assurance.systems.id."),
        column("state", ColumnKind::Text, "detect, confirm, contain, eradicate, recover, review or closed."),
        column("severity", ColumnKind::Text, "Level of the scale in force; NULL until classified."),
        column("serious", ColumnKind::Boolean, "Whether the level is a serious one; NULL until classified."),
        column("law_class", ColumnKind::Text, "Class of the act, Law 116/2025 Article 18.1: a, b, c, d, dd or e."),
        column("technical_kind", ColumnKind::Text, "malware, intrusion, denial-of-service, data-leak …"),
        column("cause", ColumnKind::Text, "attack, technical-fault, operator-error, disaster or unknown."),
        column("false_alarm", ColumnKind::Boolean, "Closed as no incident."),
        column("occurred_at", ColumnKind::Time, "When it began, as far as known."),
        column("detected_at", ColumnKind::Time, "When it was detected."),
        column("seen_at", ColumnKind::Time, "When a person first looked."),
        column("reported_at", ColumnKind::Time, "When the first notice left."),
        column("receipt_at", ColumnKind::Time, "When the first receipt came."),
        column("opened_at", ColumnKind::Time, "Opened at."),
        column("closed_at", ColumnKind::Time, "Closed at."),
    ],
    select: "SELECT i.id, i.code, i.title, i.agency_id, i.system_id, i.state, i.severity, i.serious, i.law_class, \
             i.technical_kind, i.cause, i.false_alarm, \
             (SELECT MAX(t.at) FROM incident_times t WHERE t.incident_id = i.id AND t.kind = 'occurred' AND t.replaced_at IS NULL) AS occurred_at, \
             (SELECT MAX(t.at) FROM incident_times t WHERE t.incident_id = i.id AND t.kind = 'detected' AND t.replaced_at IS NULL) AS detected_at, \
             (SELECT MAX(t.at) FROM incident_times t WHERE t.incident_id = i.id AND t.kind = 'seen' AND t.replaced_at IS NULL) AS seen_at, \
             (SELECT MAX(t.at) FROM incident_times t WHERE t.incident_id = i.id AND t.kind = 'reported' AND t.replaced_at IS NULL) AS reported_at, \
             (SELECT MAX(t.at) FROM incident_times t WHERE t.incident_id = i.id AND t.kind = 'receipt' AND t.replaced_at IS NULL) AS receipt_at, \
             i.opened_at, i.closed_at FROM incidents i",
    agency_column: Some("agency_id"),
    capability: Some(Capability::ViewIncidents),
};
