//! `monitoring.unread_lines` in the SQL catalogue: figures alone. Templates hold words of records, which only who may read
//! events of their source is shown, on the page and by the API.

use kit::Capability;
use kit::catalogue::ColumnKind::{Boolean, Integer, Text, Time};
use kit::catalogue::{TableSpec, column};

pub const UNREAD_LINES: TableSpec = TableSpec {
    schema: "monitoring",
    name: "unread_lines",
    doc: "Templates of lines that no format reads, by source.",
    columns: &[
        column("id", Text, "Identifier of the template."),
        column("source_id", Text, "Source that sends the lines (sources.id)."),
        column("agency_id", Text, "Agency that the source belongs to now."),
        column("part", Text, "record: nothing of it is read; message: an envelope around it is."),
        column("lines", Integer, "Lines so far."),
        column("estimated", Boolean, "Lines were counted by a sample of them."),
        column("first_seen", Time, "Arrival of the first line."),
        column("last_seen", Time, "Arrival of the last line."),
        column("state", Text, "new, ignored or solved."),
        column("solved_by", Text, "Format that reads the samples by now."),
    ],
    select: "SELECT u.id, u.source_id, a.agency_id, u.part, u.lines, u.estimated, u.first_seen, \
             u.last_seen, u.state, u.solved_by FROM unread_lines u \
             LEFT JOIN source_assignments a ON a.source_id = u.source_id AND a.valid_to IS NULL",
    agency_column: Some("agency_id"),
    capability: Some(Capability::ViewSources),
};
