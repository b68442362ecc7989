//! The columns of the `events` table: names, types and what they mean. Names never change; new ones go to the
//! end, and files that lack them read as null. Segments hold a few columns more, which say where a text was
//! left out that `raw` holds already.

use crate::query::functions;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use datafusion::common::Column;
use datafusion::logical_expr::{Expr, when};
use event::ColumnKind;
use serde::Serialize;
use std::sync::{Arc, LazyLock};

/// Description of one column for help pages and completion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ColumnDoc {
    pub name: &'static str,
    /// `text`, `integer`, `boolean` or `time`.
    pub kind: &'static str,
    pub doc: &'static str,
}

const BEFORE: &[(&str, &str, &str)] = &[
    ("seq", "integer", "Number given when the record was stored; the identity of the event in its store."),
    ("time", "time", "When it happened, by the record's own account."),
    ("arrival", "time", "When it reached this centre."),
    ("time_quality", "text", "exact, assumed (year or zone was missing), missing (arrival stands in) or implausible."),
    ("source_id", "text", "Registered source the event is bound to."),
    ("format", "text", "Format and its version; unparsed@1 where nothing fitted."),
    ("understood", "boolean", "Whether the format understood the record."),
    ("problem", "text", "Why the record was not, or not wholly, understood."),
    (
        "listener",
        "text",
        "The door it came through: syslog_udp, syslog_tcp, relp, bulk, otlp, hec, gelf_udp, gelf_tcp, gelf_http, flow, watch, pull, import.",
    ),
    ("peer", "text", "Address of the sender."),
    ("file", "text", "Imported file, with the member's name for archives."),
    ("position", "integer", "1-based number of the record in its file or batch."),
    ("log_product", "text", "Sigma log source: product."),
    ("log_categories", "text", "Sigma log source: categories, separated by spaces."),
    ("log_services", "text", "Sigma log source: services, separated by spaces."),
];

const AFTER: &[(&str, &str, &str)] = &[
    (
        "observables",
        "text",
        "Addresses, e-mail addresses, domains and hashes anywhere in the record, lower case, each between spaces.",
    ),
    ("message", "text", "The line a person reads, where the format has one."),
    ("raw", "text", "The record as it arrived; base64 where it is no UTF-8."),
    ("raw_encoding", "text", "base64 where raw is; null otherwise."),
    (
        "fields",
        "text",
        "The fields of the record's own format as one JSON object; read one with field(fields, 'Name').",
    ),
];

/// In segments only. `message_from`: `message` is null there and is `substr(raw, message_from)`.
/// `message_field`: it is the member of that name of `fields`. `fields_in_raw`: `fields` is null there and is
/// `raw` itself.
const STORED: &[(&str, DataType)] =
    &[("message_from", DataType::Int64), ("message_field", DataType::Utf8View), ("fields_in_raw", DataType::Boolean)];

/// Columns looked up by exact value: a bloom filter each.
pub(crate) const EXACT: &[&str] = &[
    "source_id",
    "host_name",
    "host_ip",
    "user_name",
    "target_user_name",
    "source_ip",
    "destination_ip",
    "destination_domain",
    "file_hash",
    "dns_question_name",
    "url_domain",
    "event_code",
    "rule_id",
];

/// Columns of long texts that are read for few rows, and so are compressed as far as may be. The others are read for all
/// rows of a question.
pub(crate) const LONG: &[&str] = &[
    "problem",
    "process_command_line",
    "process_parent_command_line",
    "file_hash",
    "registry_data",
    "url_original",
    "http_referrer",
    "user_agent",
    "observables",
    "message",
    "raw",
    "fields",
];

/// The text columns of the common schema.
pub(crate) fn event_texts() -> impl Iterator<Item = &'static str> {
    event::Column::ALL.iter().filter(|column| column.kind() == ColumnKind::Text).map(|column| column.name())
}

pub(crate) fn docs() -> Vec<ColumnDoc> {
    let fixed =
        |part: &'static [(&str, &str, &str)]| part.iter().map(|&(name, kind, doc)| ColumnDoc { name, kind, doc });
    let common = event::Column::ALL.iter().map(|column| {
        let kind = match column.kind() {
            ColumnKind::Text => "text",
            ColumnKind::Integer => "integer",
        };
        ColumnDoc { name: column.name(), kind, doc: column.doc() }
    });
    fixed(BEFORE).chain(common).chain(fixed(AFTER)).collect()
}

/// Type of the time columns.
pub(crate) fn time_type() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

/// Arrow schema of segments and of rows in memory.
pub(crate) fn schema() -> SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
        let field = |doc: &ColumnDoc| {
            let kind = match doc.kind {
                "integer" => DataType::Int64,
                "boolean" => DataType::Boolean,
                "time" => time_type(),
                _ => DataType::Utf8View,
            };
            let required = matches!(doc.name, "seq" | "time" | "arrival");
            Field::new(doc.name, kind, !required)
        };
        let stored = STORED.iter().map(|(name, kind)| Field::new(*name, kind.clone(), true));
        Arc::new(Schema::new(docs().iter().map(field).chain(stored).collect::<Vec<_>>()))
    });
    SCHEMA.clone()
}

/// A column of `events` as SQL sees it, made of those of [`schema`].
pub(crate) fn expression(name: &str) -> datafusion::error::Result<Expr> {
    let column = |name: &str| Expr::Column(Column::from_name(name));
    match name {
        "message" => {
            let tail = datafusion::functions::unicode::expr_fn::substr(column("raw"), column("message_from"));
            let member = functions::member(expression("fields")?, column("message_field"));
            when(column("message_from").is_not_null(), tail)
                .when(column("message_field").is_not_null(), member)
                .otherwise(column("message"))
        }
        "fields" => when(column("fields_in_raw").is_true(), column("raw")).otherwise(column("fields")),
        name => Ok(column(name)),
    }
}

/// All columns of `events`, under their names.
pub(crate) fn projection() -> datafusion::error::Result<Vec<Expr>> {
    docs().iter().map(|doc| named(doc.name)).collect()
}

pub(crate) fn named(name: &str) -> datafusion::error::Result<Expr> {
    let expression = expression(name)?;
    Ok(if matches!(expression, Expr::Column(_)) { expression } else { expression.alias(name) })
}

/// Whether `events` has a column of this name.
pub(crate) fn exists(name: &str) -> bool {
    docs().iter().any(|doc| doc.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_exact_column_exists() {
        for name in EXACT {
            assert!(schema().field_with_name(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = docs().iter().map(|doc| doc.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len() + STORED.len(), schema().fields().len());
    }
}
