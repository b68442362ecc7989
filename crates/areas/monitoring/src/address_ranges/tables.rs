//! `monitoring.address_ranges` in the SQL catalogue.

use kit::Capability;
use kit::catalogue::ColumnKind::{Text, Time};
use kit::catalogue::{TableSpec, column};

pub const ADDRESS_RANGES: TableSpec = TableSpec {
    schema: "monitoring",
    name: "address_ranges",
    doc: "What networks are called, of which kind they are and for whose events that holds.",
    columns: &[
        column("id", Text, "Identifier of the range."),
        column(
            "network",
            Text,
            "The network, for example 10.1.0.0/16; ip_in(source_ip, '10.1.0.0/16') asks events by network.",
        ),
        column("name", Text, "What it is called; rules ask for it as source_ip_range."),
        column("kind", Text, "internal, servers, dmz, users, guests, remote, public, partner or other."),
        column("agency_id", Text, "Agency in whose events it holds, and in those below it; empty for all."),
        column("note", Text, "Note."),
        column("updated_at", Time, "When it was last changed."),
    ],
    select: "SELECT id, network, name, kind, agency_id, note, updated_at FROM address_ranges",
    agency_column: Some("agency_id"),
    capability: Some(Capability::ViewSources),
};
