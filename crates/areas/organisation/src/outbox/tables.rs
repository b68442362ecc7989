//! The outbox as the SQL catalogue sees it: without words, recipients' addresses and settings.

use kit::catalogue::{ColumnKind, TableSpec, column};

/// `organisation.outbox`
pub const OUTBOX: TableSpec = TableSpec {
    schema: "organisation",
    name: "outbox",
    doc: "Messages that left the house or are to leave it: on which channel, when, and how it ended.",
    columns: &[
        column("id", ColumnKind::Text, "Identifier, the same at every attempt."),
        column("agency_id", ColumnKind::Text, "Agency of the channel."),
        column("channel_id", ColumnKind::Text, "Which channel."),
        column("channel_kind", ColumnKind::Text, "mail, webhook or gateway."),
        column("person_id", ColumnKind::Text, "Recipient; empty where it is posted to the channel itself."),
        column("kind", ColumnKind::Text, "Kind of news."),
        column("severity", ColumnKind::Text, "Severity of the message."),
        column("state", ColumnKind::Text, "waiting, sent, failed or withdrawn."),
        column("attempts", ColumnKind::Integer, "How often it was tried."),
        column("created_at", ColumnKind::Time, "When the message was caused."),
        column("due_at", ColumnKind::Time, "When it goes out next, or went."),
        column("done_at", ColumnKind::Time, "When it was sent, given up or withdrawn."),
        column("failure", ColumnKind::Text, "Why the last attempt failed; empty where it did not."),
    ],
    select: "SELECT notice_outbox.id, notice_channels.agency_id, notice_outbox.channel_id, \
             notice_channels.kind AS channel_kind, notice_outbox.person_id, notice_outbox.kind, notice_outbox.severity, \
             notice_outbox.state, notice_outbox.attempts, notice_outbox.created_at, notice_outbox.due_at, \
             notice_outbox.done_at, notice_outbox.failure \
             FROM notice_outbox JOIN notice_channels ON notice_channels.id = notice_outbox.channel_id",
    agency_column: Some("agency_id"),
    capability: Some(kit::Capability::ViewAudit),
};
