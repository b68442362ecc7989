//! Each way out of "one read-only question over your own events" is tried.

use super::guard::parse;
use crate::StoreError;

fn refused(sql: &str) -> bool {
    matches!(parse(sql), Err(StoreError::Mistake(_) | StoreError::Query(_)))
}

#[test]
fn only_one_reading_statement_is_taken() {
    for sql in [
        "SELECT 1",
        "select count(*) from events;",
        "WITH a AS (SELECT 1 AS x) SELECT x FROM a",
        "EXPLAIN SELECT * FROM events",
        "(SELECT 1) UNION ALL (SELECT 2)",
        "VALUES (1), (2)",
    ] {
        assert!(parse(sql).is_ok(), "{sql}");
    }
    for sql in [
        "",
        ";",
        "SELECT 1; SELECT 2",
        "SELECT 1; DROP TABLE events",
        "INSERT INTO events SELECT * FROM events",
        "UPDATE events SET raw = ''",
        "DELETE FROM events",
        "MERGE INTO events USING events ON true WHEN MATCHED THEN DELETE",
        "TRUNCATE TABLE events",
        "CREATE TABLE t AS SELECT * FROM events",
        "CREATE VIEW v AS SELECT * FROM events",
        "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/etc/passwd'",
        "CREATE SCHEMA s",
        "CREATE DATABASE d",
        "CREATE FUNCTION f() RETURNS INT RETURN 1",
        "DROP TABLE events",
        "ALTER TABLE events ADD COLUMN x INT",
        "COPY events TO '/tmp/out.parquet'",
        "COPY (SELECT * FROM events) TO '/tmp/out.csv' STORED AS CSV",
        "SET datafusion.execution.batch_size = 1",
        "RESET datafusion.execution.batch_size",
        "SHOW TABLES",
        "SHOW ALL",
        "DESCRIBE events",
        "PREPARE p AS SELECT 1",
        "EXECUTE p",
        "BEGIN",
        "COMMIT",
        "LOAD 'library'",
        "ATTACH 'file'",
        "CALL something()",
        "EXPLAIN ANALYZE SELECT * FROM events",
        "EXPLAIN VERBOSE SELECT * FROM events",
        "EXPLAIN (FORMAT TREE) SELECT * FROM events",
        "EXPLAIN FORMAT TREE SELECT * FROM events",
        "EXPLAIN COPY events TO '/tmp/x'",
        "EXPLAIN DELETE FROM events",
        "EXPLAIN EXPLAIN SELECT 1",
        "SELECT * INTO copy FROM events",
        "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT * FROM r",
        "WITH x AS (INSERT INTO events VALUES (1)) SELECT 1",
        "SELECT * FROM events FOR UPDATE",
    ] {
        assert!(refused(sql), "{sql}");
    }
}

#[test]
fn deep_and_long_texts_are_refused_without_harm() {
    assert!(refused(&format!("SELECT {}1{}", "(".repeat(20_000), ")".repeat(20_000))));
    assert!(refused(&format!("SELECT '{}'", "x".repeat(100_000))));
}

proptest::proptest! {
    #[test]
    fn arbitrary_text_does_not_panic(sql in ".{0,200}") {
        let _ = parse(&sql);
    }

    #[test]
    fn arbitrary_statements_do_not_panic(words in proptest::collection::vec("(SELECT|FROM|events|WITH|AS|\\(|\\)|,|x|EXPLAIN|UNION|WHERE|1|'a'|\\*|IN|JOIN|ON|;)", 0..30)) {
        let _ = parse(&words.join(" "));
    }
}
