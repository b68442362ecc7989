//! What the SQL catalogue may see of notices. The text itself stays in the notice.

use kit::Capability;
use kit::catalogue::{ColumnKind, TableSpec, column};

pub const NOTICES: TableSpec = TableSpec {
    schema: "response",
    name: "notices",
    doc: "Notices and reports on incidents.",
    columns: &[
        column("id", ColumnKind::Text, "Identifier."),
        column("incident_id", ColumnKind::Text, "Incident; joins response.incidents.id."),
        column("agency_id", ColumnKind::Text, "Agency that reports; joins organisation.agencies.id."),
        column("form", ColumnKind::Text, "Form as in content/reports, for example first-notice."),
        column("state", ColumnKind::Text, "draft, submitted, approved, sent or receipt."),
        column("symbol", ColumnKind::Text, "Number and symbol, once approved."),
        column("created_at", ColumnKind::Time, "Drafted at."),
        column("submitted_at", ColumnKind::Time, "Submitted at."),
        column("approved_at", ColumnKind::Time, "Approved at."),
        column("sent_at", ColumnKind::Time, "Sent at."),
        column("channel", ColumnKind::Text, "document-system, ministry-software, e-mail, paper or phone."),
        column("receipt_at", ColumnKind::Time, "Receipt came at."),
        column("document_sha256", ColumnKind::Text, "SHA-256 of the approved document."),
    ],
    select: "SELECT id, incident_id, agency_id, form, state, symbol, created_at, submitted_at, approved_at, sent_at, \
             channel, receipt_at, document_sha256 FROM notices",
    agency_column: Some("agency_id"),
    capability: Some(Capability::ViewIncidents),
};
