//! The field list beside a result: which values common columns have, and how often, among the newest matches.

use super::request::Facet;
use arrow::array::{AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use std::collections::HashMap;

/// Columns worth a list of values.
pub(super) const COLUMNS: &[&str] = &[
    "source_id",
    "format",
    "host_name",
    "event_category",
    "event_action",
    "event_outcome",
    "event_code",
    "event_provider",
    "user_name",
    "target_user_name",
    "source_ip",
    "destination_ip",
    "destination_port",
    "process_name",
    "process_executable",
    "dns_question_name",
    "url_domain",
    "http_request_method",
    "http_response_status_code",
    "rule_name",
    "logon_type",
    "service_name",
    "log_product",
    "listener",
    "understood",
];

/// Newest matches that are counted.
pub(super) const SAMPLE: usize = 2_000;
/// Values per field.
const TOP: usize = 10;

/// `newest` has the columns of [`COLUMNS`], in their order.
pub(super) fn facets(newest: &RecordBatch) -> Vec<Facet> {
    let mut facets = Vec::new();
    for (index, name) in COLUMNS.iter().enumerate() {
        let mut counts: HashMap<String, u64> = HashMap::new();
        let Some(Ok(texts)) = newest.columns().get(index).map(|array| cast(array, &DataType::Utf8View)) else {
            continue;
        };
        for text in texts.as_string_view().iter().flatten() {
            match counts.get_mut(text) {
                Some(count) => *count += 1,
                None => {
                    counts.insert(text.to_owned(), 1);
                }
            }
        }
        if counts.is_empty() {
            continue;
        }
        let distinct = counts.len();
        let mut values: Vec<(String, u64)> = counts.into_iter().collect();
        values.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        values.truncate(TOP);
        facets.push(Facet { field: (*name).to_owned(), values, distinct });
    }
    facets
}
