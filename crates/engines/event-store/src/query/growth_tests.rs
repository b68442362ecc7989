//! What may grow and what may not, and that no way of nesting hides how long a text already is.

use super::{LIMIT, check, largest};
use crate::StoreError;
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::datasource::empty::EmptyTable;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::SessionContext;
use std::sync::Arc;

async fn plan(sql: &str) -> LogicalPlan {
    let context = SessionContext::new();
    let schema = Schema::new(vec![
        Field::new("raw", DataType::Utf8View, true),
        Field::new("host_name", DataType::Utf8View, true),
        Field::new("seq", DataType::Int64, false),
    ]);
    context.register_table("events", Arc::new(EmptyTable::new(Arc::new(schema)))).unwrap();
    context.state().create_logical_plan(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"))
}

async fn refused(sql: &str) -> bool {
    matches!(check(&plan(sql).await), Err(StoreError::Mistake(_)))
}

#[tokio::test]
async fn a_chain_of_joined_texts_is_refused_with_its_factor() {
    let twenty = ["r"; 20].join("||");
    let sql = format!(
        "WITH a0 AS (SELECT raw r FROM events), a1 AS (SELECT {twenty} r FROM a0), a2 AS (SELECT {twenty} r FROM a1)
         SELECT max(character_length(r)) FROM a2"
    );
    let Err(StoreError::Mistake(mistake)) = check(&plan(&sql).await) else { panic!("not refused") };
    assert_eq!(
        mistake.words,
        "the texts of this query could grow to 400 times their length; join or replace less at once"
    );
}

#[tokio::test]
async fn whatever_else_lengthens_is_refused() {
    let many = ["raw"; 30].join(", ");
    let long = "x".repeat(40);
    for sql in [
        "SELECT replace(replace(raw, 'a', 'aaaaaaaa'), 'a', 'aaaaaaaa') FROM events".to_owned(),
        "SELECT replace(raw, 'a', host_name) FROM events".to_owned(),
        "SELECT replace('aaaa', 'a', raw || raw || raw || raw || raw || raw || raw || raw) FROM events".to_owned(),
        format!("SELECT regexp_replace(raw, '', '{long}', 'g') FROM events"),
        format!("SELECT regexp_replace(raw, '[0-9]*', '{long}', 'g') FROM events"),
        format!("SELECT regexp_replace(raw, '(.*)', '{}') FROM events", r"\1".repeat(30)),
        "SELECT regexp_replace(raw, host_name, 'x', 'g') FROM events".to_owned(),
        format!("SELECT regexp_match(raw, '{}.*{}') FROM events", "(".repeat(30), ")".repeat(30)),
        format!("SELECT concat({many}) FROM events"),
        format!("SELECT concat_ws('-', {many}) FROM events"),
        format!("SELECT array_to_string(make_array({many}), '') FROM events"),
        format!("SELECT array_to_string(string_to_array(raw, ''), '{long}') FROM events"),
        format!("SELECT seq FROM events WHERE character_length(concat({many})) > 5"),
        format!("SELECT seq FROM events ORDER BY concat({many})"),
        format!("SELECT count(*) FROM events GROUP BY concat({many})"),
        format!("SELECT a.seq FROM events a JOIN events b ON a.raw = concat(b.raw, {})", many.replace("raw", "a.raw")),
        format!("SELECT seq FROM events WHERE EXISTS (SELECT 1 FROM events WHERE raw = concat({many}))"),
        format!("SELECT seq FROM events WHERE raw IN (SELECT concat({many}) FROM events)"),
        "SELECT string_agg(raw, ',') OVER (ORDER BY seq) FROM events".to_owned(),
        format!("EXPLAIN SELECT concat({many}) FROM events"),
    ] {
        assert!(refused(&sql).await, "{sql}");
    }
}

#[tokio::test]
async fn numbers_as_texts_grow_too() {
    let ten = ["r"; 10].join("||");
    for number in ["character_length(raw)", "seq", "count(*)", "1", "now()"] {
        let sql = format!(
            "WITH a0 AS (SELECT CAST({number} AS VARCHAR) r FROM events), a1 AS (SELECT {ten} r FROM a0),
             a2 AS (SELECT {ten} r FROM a1), a3 AS (SELECT {ten} r FROM a2) SELECT r FROM a3"
        );
        assert!(refused(&sql).await, "{number}");
    }
}

#[tokio::test]
async fn ordinary_questions_are_answered() {
    for sql in [
        "SELECT * FROM events",
        "SELECT host_name || ' ' || raw FROM events",
        "SELECT concat(host_name, ' ', raw, ' ', host_name, raw, host_name, raw) FROM events",
        "SELECT replace(raw, 'a', 'b') FROM events",
        "SELECT replace(replace(replace(raw, 'c99', 'b64'), 'x', 'y'), '  ', ' ') FROM events",
        "SELECT regexp_replace(raw, '[0-9]+', 'N', 'g') FROM events",
        r"SELECT regexp_replace(raw, '.*user=(\w+).*', '\1') FROM events",
        r"SELECT regexp_replace(raw, '\d+\.\d+\.\d+\.\d+', '<address>', 'gi') FROM events",
        r"SELECT (regexp_match(raw, 'user=(\w+)'))[1] FROM events",
        "SELECT split_part(lower(raw), ' ', 2) || substr(raw, 1, 20) FROM events",
        "SELECT a.raw || b.raw FROM events a JOIN events b ON a.seq = b.seq WHERE a.host_name || b.host_name = 'xy'",
        "SELECT raw || host_name FROM events UNION ALL SELECT host_name FROM events",
        "SELECT r FROM (SELECT raw || host_name AS r FROM events) WHERE r LIKE '%x%' ORDER BY r LIMIT 5",
        "SELECT seq FROM events WHERE raw IN (SELECT host_name || raw FROM events)",
        "SELECT host_name, count(*), max(raw), string_agg(raw, ', ') FROM events GROUP BY host_name",
        "SELECT array_to_string(array_agg(DISTINCT host_name), ', ') FROM events",
        "SELECT host_name, seq, count(*) FROM events GROUP BY ROLLUP (host_name, seq)",
        "SELECT lag(raw) OVER (ORDER BY seq), row_number() OVER (PARTITION BY host_name ORDER BY seq) FROM events",
        "SELECT to_char(now(), '%Y-%m-%d %H:%M:%S') || host_name FROM events",
        "SELECT * FROM (VALUES ('a', 1), ('b', 2)) AS v(letter, amount)",
        "EXPLAIN SELECT raw || raw FROM events",
    ] {
        let outcome = check(&plan(sql).await);
        assert!(outcome.is_ok(), "{sql}: {outcome:?}");
    }
    let pattern = format!("SELECT seq FROM events WHERE raw LIKE '%{}%'", "x".repeat(20_000));
    assert!(check(&plan(&pattern).await).is_ok(), "a long text to search for is no growth");
}

#[tokio::test]
async fn the_factor_goes_with_the_text() {
    for (sql, expected) in [
        ("SELECT raw FROM events", 1.0),
        ("SELECT r || r FROM (SELECT raw || raw AS r FROM events) AS a", 4.0),
        ("SELECT b.s || b.s FROM (SELECT raw || raw FROM events) AS b(s)", 4.0),
        ("SELECT r || r FROM (SELECT raw AS r FROM events UNION ALL SELECT raw || raw FROM events) AS a", 4.0),
        (
            "SELECT a.r || b.r FROM (SELECT raw || raw AS r, seq FROM events) a
             LEFT JOIN (SELECT raw || raw || raw AS r, seq FROM events) b ON a.seq = b.seq",
            5.0,
        ),
        (
            "SELECT b.r || b.r FROM events a
             RIGHT SEMI JOIN (SELECT raw || raw AS r, seq FROM events) b ON a.seq = b.seq",
            4.0,
        ),
        ("SELECT r || r FROM (SELECT CASE WHEN seq = 1 THEN raw || raw ELSE raw END AS r FROM events) AS a", 4.0),
        ("SELECT r || r FROM (SELECT coalesce(raw, host_name || raw) AS r FROM events) AS a", 4.0),
        ("SELECT (SELECT max(raw || raw) FROM events) || raw FROM events", 3.0),
        (
            "SELECT a.seq FROM (SELECT raw || raw AS r, seq FROM events) a
             WHERE EXISTS (SELECT 1 FROM events b WHERE b.raw = a.r || a.r)",
            4.0,
        ),
        (
            "SELECT c.s || c.s FROM (SELECT raw || raw AS r, seq FROM events) a,
             LATERAL (SELECT a.r || b.raw AS s FROM events b WHERE b.seq = a.seq) c",
            6.0,
        ),
        ("SELECT m || m FROM (SELECT max(raw || raw) AS m FROM events) AS a", 4.0),
        ("SELECT r || r FROM (SELECT raw || raw AS r, count(*) FROM events GROUP BY raw || raw) AS a", 4.0),
        ("SELECT r || r FROM (SELECT lag(raw || raw) OVER (ORDER BY seq) AS r FROM events) AS a", 4.0),
        ("SELECT r || r FROM (SELECT DISTINCT raw || raw AS r FROM events ORDER BY r LIMIT 5) AS a", 4.0),
        ("SELECT r || r FROM (SELECT unnest(make_array(raw, raw)) AS r FROM events) AS a", 4.0),
        ("SELECT r || r FROM (SELECT lower(CAST(raw || raw AS VARCHAR)) AS r FROM events) AS a", 4.0),
    ] {
        let found = largest(&plan(sql).await).unwrap();
        assert!((found - expected).abs() < 0.01, "{sql}: {found}");
        assert!(found <= LIMIT);
    }
}
