//! Which functions SQL may call: a list of DataFusion's own, and a few of ours. What can make a text of any
//! length out of nothing (repeat, lpad, range …), read files or tell of the machine is not on it.

mod known;
mod number;
mod text;
mod time;

pub(crate) use known::known;
pub(crate) use text::{
    field, field_equals, field_expression, field_like, field_number, ip_in, member, text_equals, text_expression,
    text_has, text_ip_in, text_like, text_number, text_word,
};

use datafusion::execution::SessionStateDefaults;
use datafusion::logical_expr::{AggregateUDF, ScalarUDF, WindowUDF};
use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

const SCALAR: &[&str] = &[
    // Any type.
    "coalesce",
    "nullif",
    "nvl",
    "nvl2",
    "greatest",
    "least",
    "get_field",
    "arrow_typeof",
    // Time.
    "now",
    "current_date",
    "current_time",
    "date_bin",
    "date_part",
    "date_trunc",
    "from_unixtime",
    "make_date",
    "to_char",
    "to_date",
    "to_local_time",
    "to_timestamp",
    "to_timestamp_seconds",
    "to_timestamp_millis",
    "to_timestamp_micros",
    "to_timestamp_nanos",
    "to_unixtime",
    // Text.
    "ascii",
    "bit_length",
    "btrim",
    "character_length",
    "chr",
    "concat",
    "concat_ws",
    "contains",
    "ends_with",
    "find_in_set",
    "initcap",
    "left",
    "levenshtein",
    "lower",
    "ltrim",
    "octet_length",
    "overlay",
    "regexp_count",
    "regexp_instr",
    "regexp_like",
    "regexp_match",
    "regexp_replace",
    "replace",
    "reverse",
    "right",
    "rtrim",
    "split_part",
    "starts_with",
    "strpos",
    "substr",
    "substr_index",
    "to_hex",
    "translate",
    "upper",
    // Lists.
    "array_distinct",
    "array_element",
    "array_has",
    "array_has_all",
    "array_has_any",
    "array_length",
    "array_position",
    "array_sort",
    "array_to_string",
    "cardinality",
    "make_array",
    "string_to_array",
];

const AGGREGATE: &[&str] = &[
    "approx_distinct",
    "approx_median",
    "approx_percentile_cont",
    "array_agg",
    "avg",
    "bool_and",
    "bool_or",
    "corr",
    "count",
    "first_value",
    "grouping",
    "last_value",
    "max",
    "median",
    "min",
    "nth_value",
    "percentile_cont",
    "stddev",
    "stddev_pop",
    "string_agg",
    "sum",
    "var",
    "var_pop",
];

const WINDOW: &[&str] = &[
    "cume_dist",
    "dense_rank",
    "first_value",
    "lag",
    "last_value",
    "lead",
    "nth_value",
    "ntile",
    "percent_rank",
    "rank",
    "row_number",
];

struct Allowed {
    scalar: Vec<Arc<ScalarUDF>>,
    aggregate: Vec<Arc<AggregateUDF>>,
    window: Vec<Arc<WindowUDF>>,
    names: BTreeSet<String>,
}

static ALLOWED: LazyLock<Allowed> = LazyLock::new(|| {
    let mut scalar = SessionStateDefaults::default_scalar_functions();
    scalar.retain(|function| SCALAR.contains(&function.name()));
    for function in &mut scalar {
        if function.name() == "date_trunc" {
            *function = Arc::new(ScalarUDF::from(time::DateTruncInUtc(function.clone())));
        }
    }
    scalar.extend(text::all());
    scalar.push(number::round());
    let mut aggregate = SessionStateDefaults::default_aggregate_functions();
    aggregate.retain(|function| AGGREGATE.contains(&function.name()));
    let mut window = SessionStateDefaults::default_window_functions();
    window.retain(|function| WINDOW.contains(&function.name()));
    let names = scalar.iter().map(|function| function.name());
    let names = names.chain(aggregate.iter().map(|function| function.name()));
    let names = names.chain(window.iter().map(|function| function.name())).map(str::to_owned).collect();
    Allowed { scalar, aggregate, window, names }
});

type Functions = (Vec<Arc<ScalarUDF>>, Vec<Arc<AggregateUDF>>, Vec<Arc<WindowUDF>>);

pub(super) fn allowed() -> Functions {
    (ALLOWED.scalar.clone(), ALLOWED.aggregate.clone(), ALLOWED.window.clone())
}

pub(super) fn is_allowed(name: &str) -> bool {
    ALLOWED.names.contains(name)
}

pub(super) fn names() -> Vec<String> {
    ALLOWED.names.iter().cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_on_the_list_exists() {
        for name in SCALAR.iter().chain(AGGREGATE).chain(WINDOW) {
            assert!(is_allowed(name), "{name}");
        }
    }
}
