//! Sources, their assignments and their presence in the SQL catalogue.

use kit::Capability;
use kit::catalogue::ColumnKind::{Boolean, Float, Integer, Text, Time};
use kit::catalogue::{TableSpec, column};

pub const SOURCES: TableSpec = TableSpec {
    schema: "monitoring",
    name: "sources",
    doc: "Who sends us records, whose it is now and when it was last heard.",
    columns: &[
        column("id", Text, "Identifier of the source (events.source_id)."),
        column("name", Text, "Name of the source."),
        column("kind", Text, "server, endpoint, network, application, database, sensor or other."),
        column("state", Text, "unassigned, registered or retired."),
        column("agency_id", Text, "Agency it belongs to now."),
        column("system_id", Text, "System it belongs to now."),
        column("match_network", Text, "Address or network it is recognised by."),
        column("match_host", Text, "Host name in the record it is recognised by."),
        column("match_certificate", Text, "SHA-256 of the certificate that the sender shows in TLS."),
        column("expected", Boolean, "Expected: its silence is news."),
        column("rhythm", Text, "When it is expected: always, office (office hours) or learned (as in its own past)."),
        column(
            "solution_group",
            Text,
            "network, endpoint, application, data or user, where it is set; empty where the kind says it.",
        ),
        column("max_silence_minutes", Integer, "Silence longer than this is news."),
        column("first_seen", Time, "Arrival of its first event."),
        column("last_seen", Time, "Arrival of its newest event."),
        column("last_live", Time, "Arrival of its newest event that was not imported from a file."),
        column("last_event_time", Time, "Newest event by its own account."),
        column("lag_microseconds", Integer, "Median of arrival minus event time."),
        column("rate_per_minute", Float, "Events a minute, lately."),
        column("events", Integer, "Events so far."),
        column("not_understood", Integer, "Of these, how many no format understood."),
        column("silent_since", Time, "Since when an expected source has been silent; empty while it speaks."),
        column("flood_since", Time, "Since when it sends many times what is usual for it; empty otherwise."),
    ],
    select: "SELECT s.id, s.name, s.kind, s.state, a.agency_id, a.system_id, s.match_network, s.match_host, s.match_certificate, s.expected, \
             s.rhythm, s.solution_group, s.max_silence_minutes, t.first_seen, t.last_seen, t.last_live, t.last_event_time, \
             t.lag AS lag_microseconds, t.rate_per_minute, t.events, t.not_understood, t.silent_since, t.flood_since \
             FROM sources s JOIN source_status t ON t.source_id = s.id \
             LEFT JOIN source_assignments a ON a.source_id = s.id AND a.valid_to IS NULL",
    agency_column: Some("agency_id"),
    capability: Some(Capability::ViewSources),
};

pub const SOURCE_ASSIGNMENTS: TableSpec = TableSpec {
    schema: "monitoring",
    name: "source_assignments",
    doc: "Whose a source was, from when until when.",
    columns: &[
        column("source_id", Text, "The source."),
        column("system_id", Text, "System it belonged to."),
        column("agency_id", Text, "Agency it belonged to."),
        column("valid_from", Time, "From when; the beginning of time where the past was righted."),
        column("valid_to", Time, "Until when, exclusive; empty while it holds."),
        column("recorded_at", Time, "When this was recorded."),
        column("recorded_by", Text, "By whom."),
    ],
    select: "SELECT source_id, system_id, agency_id, valid_from, valid_to, recorded_at, recorded_by \
             FROM source_assignments",
    agency_column: Some("agency_id"),
    capability: Some(Capability::ViewSources),
};

pub const PRESENCE: TableSpec = TableSpec {
    schema: "monitoring",
    name: "presence",
    doc: "Minutes of each hour in which a source was heard live.",
    columns: &[
        column("source_id", Text, "The source."),
        column("system_id", Text, "System it belonged to in that hour."),
        column("agency_id", Text, "Agency it belonged to in that hour."),
        column("hour_start", Time, "Beginning of the hour."),
        column("minutes_seen", Integer, "Bit n is set when something arrived in minute n."),
        column("events", Integer, "Events that arrived in the hour."),
    ],
    select: "SELECT p.source_id, a.system_id, a.agency_id, p.hour_start, p.minutes_seen, p.events \
             FROM source_presence p LEFT JOIN source_assignments a ON a.source_id = p.source_id \
             AND a.valid_from <= p.hour_start AND (a.valid_to IS NULL OR a.valid_to > p.hour_start)",
    agency_column: Some("agency_id"),
    capability: Some(Capability::ViewSources),
};
