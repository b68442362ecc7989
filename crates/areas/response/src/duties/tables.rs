//! What the SQL catalogue may see of duties: one row per incident and duty.

use kit::Capability;
use kit::catalogue::{ColumnKind, TableSpec, column};

pub const DUTIES: TableSpec = TableSpec {
    schema: "response",
    name: "duties",
    doc: "Clocks of duties to report. Late is due_at before sent_at, or before now where nothing was sent.",
    columns: &[
        column("incident_id", ColumnKind::Text, "Incident; joins response.incidents.id."),
        column("duty_id", ColumnKind::Text, "Duty as in content/duties, for example IN-24."),
        column("agency_id", ColumnKind::Text, "Agency concerned; joins organisation.agencies.id."),
        column("form", ColumnKind::Text, "Form that fulfils it."),
        column("recipient_id", ColumnKind::Text, "Who must be told."),
        column("applies", ColumnKind::Boolean, "Whether its condition is met."),
        column("provisional", ColumnKind::Boolean, "Runs until the incident is classified."),
        column("assumed", ColumnKind::Boolean, "The start itself is unknown; the detection stands in for it."),
        column("started_at", ColumnKind::Time, "Start of the clock."),
        column("due_at", ColumnKind::Time, "Deadline."),
        column("sent_at", ColumnKind::Time, "When it was fulfilled."),
        column("receipt_at", ColumnKind::Time, "When the recipient confirmed."),
    ],
    select: "SELECT incident_id, duty_id, agency_id, form, recipient_id, applies, provisional, assumed, started_at, \
             due_at, sent_at, receipt_at FROM duty_clocks",
    agency_column: Some("agency_id"),
    capability: Some(Capability::ViewIncidents),
};
