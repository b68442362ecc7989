//! What is wrong with a question has a code and says what was perhaps meant; what can be answered is.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use async_trait::async_trait;
use luytre_event_store::{Cell, ExternalColumn, ExternalKind, ExternalRows, ExternalTable, StoreError};
use std::sync::Arc;
use support::{all, fill, open};

async fn filled() -> (tempfile::TempDir, luytre_event_store::Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    fill(&store, 1..=20).await;
    (dir, store)
}

struct Nobody;

#[async_trait]
impl ExternalRows for Nobody {
    async fn fetch(&self) -> Result<Vec<Vec<Cell>>, String> {
        Ok(Vec::new())
    }
}

#[tokio::test]
async fn the_usual_mistakes_have_a_code_and_name_what_was_perhaps_meant() {
    let (_dir, store) = filled().await;
    let agencies = ExternalTable {
        schema: "organisation".into(),
        name: "agencies".into(),
        doc: String::new(),
        columns: vec![ExternalColumn { name: "id".into(), kind: ExternalKind::Text, doc: String::new() }],
        rows: Arc::new(Nobody),
    };
    let context = all().with_tables(vec![agencies]);
    for (sql, code, arguments) in [
        ("SELECT user_nam FROM events", "query-unknown-column", "column=user_nam near=user_name"),
        ("SELECT zzzzzzzz FROM events", "query-unknown-column", "column=zzzzzzzz near=none"),
        ("SELECT * FROM evnts", "query-unknown-table", "table=evnts near=events"),
        (
            "SELECT * FROM organisation.agency",
            "query-unknown-table",
            "table=organisation.agency near=organisation.agencies",
        ),
        ("SELECT * FROM organisatio.agencies", "query-unknown-table", ""),
        ("SELECT 1 FROM", "query-syntax-end", ""),
        ("SELECT 1\nFRM events x y", "query-syntax", "line=2"),
        ("SELECT 'x", "query-syntax-sign", "line=1 column=8"),
        ("SELECT lowr(raw) FROM events", "query-unknown-function", "function=lowr near=lower"),
        ("SELECT repeat('x', 3)", "query-unknown-function", "function=repeat"),
        ("SELECT raw + INTERVAL '1 day' FROM events", "query-type-mismatch", ""),
        ("SELECT sum(raw) FROM events", "query-type-mismatch", "part=sum"),
        (
            "SELECT a.seq FROM events a JOIN events b ON a.seq = b.seq WHERE seq > 1",
            "query-ambiguous-column",
            "column=seq",
        ),
        ("SELECT 1 / (seq - seq) FROM events", "query-divide-zero", ""),
        ("SELECT CAST(raw AS BIGINT) FROM events", "query-cast", ""),
        ("SELECT count(*) FROM events WHERE time > 'yesterday'", "query-time-unreadable", "value=yesterday"),
        ("SELECT host_name, count(*) FROM events", "query-group-by", "column=events.host_name"),
        ("SELECT *, raw FROM events", "query-duplicate-column", ""),
        ("SELECT 1; SELECT 2", "query-one-select", ""),
        ("DROP TABLE events", "query-one-select", ""),
        (" ", "query-empty", ""),
        ("SELECT * FROM information_schema.df_settings", "query-table-closed", ""),
    ] {
        let Err(StoreError::Mistake(mistake)) = store.query(sql, &context).await else {
            panic!("{sql}: {:?}", store.query(sql, &context).await.map(|answer| answer.rows))
        };
        let told: Vec<_> = mistake.arguments.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let told = told.join(" ");
        assert_eq!(mistake.code, code, "{sql}: {told}: {}", mistake.words);
        assert!(told.starts_with(arguments), "{sql}: {told} is not {arguments}: {}", mistake.words);
    }
}

#[tokio::test]
async fn columns_of_one_name_are_told_apart() {
    let (_dir, store) = filled().await;
    for (sql, names) in [
        ("SELECT 1 a, 2 a", vec!["a", "a_2"]),
        ("SELECT 1 AS a, 2 AS A, 3 AS a_2, 4 AS a", vec!["a", "a_3", "a_2", "a_4"]),
        ("SELECT seq, seq FROM events", vec!["seq", "seq_2"]),
        ("SELECT x.a_2 FROM (SELECT 1 a, 2 a) AS x", vec!["a_2"]),
        ("WITH x AS (SELECT 1 a, 2 a) SELECT * FROM x", vec!["a", "a_2"]),
        ("SELECT 1 a, 2 a UNION ALL SELECT 3 a, 4 a", vec!["a", "a_2"]),
        (
            "SELECT x.seq, y.seq FROM events x JOIN events y ON x.seq = y.seq ORDER BY y.seq LIMIT 1",
            vec!["seq", "seq_2"],
        ),
        ("SELECT count(*), count(*) FROM events", vec!["count(*)", "count(*)_2"]),
    ] {
        let answer = store.query(sql, &all()).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        assert_eq!(answer.columns(), names, "{sql}");
        let rows = answer.to_json_rows().unwrap();
        assert_eq!(rows.first().map(|row| row.len()), Some(names.len()), "{sql}");
    }
}
