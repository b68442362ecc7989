//! Qualifications as the SQL catalogue sees them, without their numbers.

use kit::catalogue::{ColumnKind, TableSpec, column};

/// `organisation.qualifications`
pub const QUALIFICATIONS: TableSpec = TableSpec {
    schema: "organisation",
    name: "qualifications",
    doc: "Certificates, training and skills of people, with the day on which they run out.",
    columns: &[
        column("id", ColumnKind::Text, "Identifier."),
        column("person_id", ColumnKind::Text, "Whose."),
        column("agency_id", ColumnKind::Text, "Agency of that person."),
        column("kind", ColumnKind::Text, "certificate, training or skill."),
        column("name", ColumnKind::Text, "Name."),
        column("issuer", ColumnKind::Text, "Who issued it."),
        column("obtained_at", ColumnKind::Time, "Since when."),
        column("expires_at", ColumnKind::Time, "Until; empty without end."),
    ],
    select: "SELECT qualifications.id, qualifications.person_id, people.agency_id, qualifications.kind, \
             qualifications.name, qualifications.issuer, qualifications.obtained_at, qualifications.expires_at \
             FROM qualifications JOIN people ON people.id = qualifications.person_id",
    agency_column: Some("agency_id"),
    capability: Some(kit::Capability::ViewPeople),
};
