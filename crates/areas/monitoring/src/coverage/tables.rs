//! `monitoring.coverage` and the roll-ups of presence in the SQL catalogue.

use kit::Capability;
use kit::catalogue::ColumnKind::{Boolean, Integer, Text, Time};
use kit::catalogue::{TableSpec, column};

pub const COVERAGE: TableSpec = TableSpec {
    schema: "monitoring",
    name: "coverage",
    doc: "How long each system was watched on each day, by group of solution. A later row of the same day supersedes an earlier \
          one.",
    columns: &[
        column("system_id", Text, "The system."),
        column("agency_id", Text, "Agency of the system when it was counted."),
        column("system_level", Integer, "Its level when it was counted."),
        column("day_start", Time, "Beginning of the day in Vietnam."),
        column(
            "solution_group",
            Text,
            "network, endpoint, application, data or user; any for all of its sources together.",
        ),
        column(
            "minutes_expected",
            Integer,
            "Minutes in which something was to be heard: seen, maintenance and silent together.",
        ),
        column("minutes_seen", Integer, "Of these, minutes for which an arriving record speaks."),
        column("minutes_maintenance", Integer, "Of these, minutes that were not seen and lie in planned maintenance."),
        column("longest_gap", Integer, "Longest run of expected minutes that were neither."),
        column("sources", Text, "Identifiers of the sources behind it, as a JSON list."),
        column("complete", Boolean, "The day was over when it was counted."),
        column("known_at", Time, "When it was counted."),
        column("superseded_at", Time, "When another count took its place; empty for the one that stands."),
    ],
    select: "SELECT system_id, agency_id, system_level, day_start, solution_group, minutes_expected, minutes_seen, \
             minutes_maintenance, longest_gap, sources, complete, known_at, superseded_at FROM coverage_days",
    agency_column: Some("agency_id"),
    capability: Some(Capability::ViewSources),
};

pub const PRESENCE_DAYS: TableSpec = TableSpec {
    schema: "monitoring",
    name: "presence_days",
    doc: "Minutes of each day in which a source was heard live. A later row of the same day supersedes an earlier one.",
    columns: &[
        column("source_id", Text, "The source."),
        column("system_id", Text, "System it belonged to when the day began."),
        column("agency_id", Text, "Agency it belonged to when the day began."),
        column("day_start", Time, "Beginning of the day in Vietnam."),
        column(
            "minutes",
            Text,
            "One bit a minute, as 360 hexadecimal digits; the lowest bit of the first pair is 00:00.",
        ),
        column("minutes_heard", Integer, "How many minutes that are."),
        column("events", Integer, "Events that arrived on the day."),
        column("complete", Boolean, "The day was over when it was counted."),
        column("known_at", Time, "When it was counted."),
        column("superseded_at", Time, "When another count took its place; empty for the one that stands."),
    ],
    select: "SELECT d.source_id, a.system_id, a.agency_id, d.day_start, d.minutes, d.minutes_heard, d.events, d.complete, \
             d.known_at, d.superseded_at FROM source_days d LEFT JOIN source_assignments a ON a.source_id = d.source_id \
             AND a.valid_from <= d.day_start AND (a.valid_to IS NULL OR a.valid_to > d.day_start)",
    agency_column: Some("agency_id"),
    capability: Some(Capability::ViewSources),
};

pub const PRESENCE_MONTHS: TableSpec = TableSpec {
    schema: "monitoring",
    name: "presence_months",
    doc: "Minutes of each month in which a source was heard live, of the days that stand.",
    columns: &[
        column("source_id", Text, "The source."),
        column("agency_id", Text, "Agency it belonged to on these days."),
        column("month_start", Time, "Beginning of the month in Vietnam."),
        column("days_heard", Integer, "Days on which it was heard."),
        column("minutes_heard", Integer, "Minutes in which it was heard."),
        column("events", Integer, "Events that arrived."),
        column("known_at", Time, "When the last of these days was counted."),
    ],
    select: "SELECT d.source_id, a.agency_id, d.month_start, COUNT(*) AS days_heard, \
             CAST(SUM(d.minutes_heard) AS BIGINT) AS minutes_heard, CAST(SUM(d.events) AS BIGINT) AS events, \
             MAX(d.known_at) AS known_at FROM source_days d LEFT JOIN source_assignments a ON a.source_id = d.source_id \
             AND a.valid_from <= d.day_start AND (a.valid_to IS NULL OR a.valid_to > d.day_start) \
             WHERE d.superseded_at IS NULL GROUP BY d.source_id, a.agency_id, d.month_start",
    agency_column: Some("agency_id"),
    capability: Some(Capability::ViewSources),
};
