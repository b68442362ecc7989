//! SQL over the store: what it answers, whose events it shows, and that there is no way around that.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use async_trait::async_trait;
use luytre_event_store::{
    Cell, ExternalColumn, ExternalKind, ExternalRows, ExternalTable, Lane, Options, QueryContext, ReadLimits, Sources,
    Store, StoreError,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use support::{MIDNIGHT, SECOND, all, event, fill, number, number_in, open};

/// Half in segments, half in memory.
async fn filled() -> (tempfile::TempDir, luytre_event_store::Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    fill(&store, 1..=300).await;
    store.seal().await.unwrap();
    fill(&store, 301..=600).await;
    (dir, store)
}

#[tokio::test]
async fn a_query_sees_only_the_sources_of_its_asker() {
    let (_dir, store) = filled().await;
    let only = QueryContext::new(Sources::only(["source-b"]));
    assert_eq!(number(&store, "SELECT count(*) FROM events").await, 600);
    for sql in [
        "SELECT count(*) FROM events",
        "SELECT count(*) FROM events WHERE source_id = 'source-b' OR true",
        "SELECT count(*) FROM (SELECT * FROM events UNION ALL SELECT * FROM events WHERE source_id = 'source-a')",
        "WITH e AS (SELECT seq FROM events) SELECT count(*) FROM e",
        "SELECT count(*) FROM centre.public.events",
        "SELECT count(*) FROM events a WHERE EXISTS (SELECT 1 FROM events b WHERE b.seq = a.seq)",
        "SELECT count(DISTINCT a.seq) FROM events a JOIN events b ON a.host_name = b.host_name",
        "SELECT (SELECT count(*) FROM events)",
        "SELECT count(*) FROM events WHERE seq IN (SELECT seq FROM events WHERE source_id <> 'source-b' OR seq > 0)",
        "SELECT sum(n) FROM (SELECT count(*) AS n FROM events GROUP BY source_id)",
        "SELECT count(*) FROM (SELECT row_number() OVER (ORDER BY seq) FROM events)",
    ] {
        assert_eq!(number_in(&store, sql, &only).await, 200, "{sql}");
    }
    let others = "SELECT count(*) FROM events WHERE source_id IS DISTINCT FROM 'source-b'";
    assert_eq!(number_in(&store, others, &only).await, 0);
    assert_eq!(number_in(&store, "SELECT min(seq) FROM events", &only).await, 3);
    assert_eq!(number_in(&store, "SELECT max(seq) FROM events", &only).await, 600);
    let nobody = QueryContext::new(Sources::only(Vec::<String>::new()));
    assert_eq!(number_in(&store, "SELECT count(*) FROM events", &nobody).await, 0);
    let rows = store.query("SELECT * FROM events LIMIT 1000", &only).await.unwrap().to_json_rows().unwrap();
    assert_eq!(rows.len(), 200);
    assert!(rows.iter().all(|row| row["source_id"] == "source-b"));
}

/// An expression that fails on a row tells of it. None is evaluated on rows of others, in memory or in segments.
#[tokio::test]
async fn what_fails_on_rows_of_others_does_not_fail_here() {
    let (_dir, store) = filled().await;
    let only = QueryContext::new(Sources::only(["source-b"]));
    let foreign = ["source_id <> 'source-b'", "seq IN (1, 2, 301, 302)", "seq < 3", "host_name IS NOT NULL"];
    let failing = [
        "cast(CASE WHEN source_id = 'source-b' THEN '1' ELSE raw END AS INT) = 1",
        "cast(CASE WHEN source_id = 'source-b' THEN '2026-01-01' ELSE raw END AS TIMESTAMP) IS NOT NULL",
        "to_timestamp(CASE WHEN source_id = 'source-b' THEN '2026-01-01' ELSE raw END) IS NOT NULL",
        "1 / (CASE WHEN source_id = 'source-b' THEN 1 ELSE 0 END) = 1",
        "cast(CASE WHEN source_id = 'source-b' THEN 'true' ELSE user_name END AS BOOLEAN)",
        "cast(CASE WHEN source_id = 'source-b' THEN '1 day' ELSE raw END AS INTERVAL) IS NOT NULL",
        "regexp_like(raw, CASE WHEN source_id = 'source-b' THEN 'x' ELSE '(' END)",
        "ip_in(source_ip, CASE WHEN source_id = 'source-b' THEN '10.0.0.0/8' ELSE raw END)",
    ];
    for expression in failing {
        for rows in foreign {
            for sql in [
                format!("SELECT count(*) FROM events WHERE {rows} AND {expression}"),
                format!("SELECT count(*) FROM events WHERE {expression} AND {rows}"),
                format!("SELECT count(*) FILTER (WHERE {expression}) FROM events WHERE {rows}"),
                format!("SELECT seq FROM events WHERE {rows} ORDER BY {expression} LIMIT 5"),
                format!(
                    "SELECT count(*) FROM events a JOIN events b ON a.seq = b.seq WHERE a.{rows} AND {}",
                    qualified(expression)
                ),
                format!("SELECT {expression} AS found FROM events WHERE {rows} GROUP BY 1"),
            ] {
                let outcome = store.query(&sql, &only).await;
                let told = outcome.as_ref().err().map(ToString::to_string);
                // What cannot be planned at all says nothing of rows.
                let planned =
                    !matches!(&outcome, Err(StoreError::Mistake(found)) if found.code == "query-type-mismatch");
                assert!(!planned || told.is_none(), "{sql}: {told:?}");
                assert!(planned, "{sql} is not planned: {told:?}");
            }
            let whole = format!("SELECT count(*) FROM events WHERE {expression}");
            assert!(store.query(&whole, &all()).await.is_err(), "{whole} fails on no row: it proves nothing");
        }
    }
}

/// The columns of an expression as those of `a`.
fn qualified(expression: &str) -> String {
    ["source_id", "source_ip", "raw", "user_name", "seq"]
        .iter()
        .fold(expression.to_owned(), |text, column| text.replace(column, &format!("a.{column}")))
}

#[tokio::test]
async fn an_explanation_tells_nothing_of_others() {
    let (dir, store) = filled().await;
    let only = QueryContext::new(Sources::only(["source-b"]));
    for sql in ["EXPLAIN SELECT * FROM events", "EXPLAIN SELECT count(*), max(seq) FROM events"] {
        let text = store.query(sql, &only).await.unwrap().to_csv().unwrap();
        for hidden in ["source-a", ".parquet", "600", "300", dir.path().to_str().unwrap()] {
            assert!(!text.contains(hidden), "{hidden} in {text}");
        }
    }
    for sql in ["SELECT * FROM information_schema.tables", "SELECT * FROM information_schema.columns"] {
        let text = store.query(sql, &only).await.unwrap().to_csv().unwrap();
        assert!(text.contains("events") && !text.contains(dir.path().to_str().unwrap()), "{text}");
    }
}

#[tokio::test]
async fn files_functions_and_tables_outside_are_out_of_reach() {
    let (dir, store) = filled().await;
    let parquet = dir.path().join("segments/2026-11-21/000000000001-000000000300-0.parquet");
    let parquet = parquet.to_str().unwrap();
    for sql in [
        format!("SELECT * FROM '{parquet}'"),
        format!("SELECT * FROM \"{parquet}\""),
        format!("SELECT * FROM read_parquet('{parquet}')"),
        format!("SELECT * FROM parquet_metadata('{parquet}')"),
        "SELECT * FROM 'segments://events/2026-11-21'".to_owned(),
        "SELECT * FROM '/etc/passwd'".to_owned(),
        "SELECT * FROM read_csv('/etc/passwd')".to_owned(),
        "SELECT * FROM generate_series(1, 1000000000)".to_owned(),
        "SELECT * FROM range(1, 10)".to_owned(),
        "SELECT generate_series(1, 1000000000)".to_owned(),
        "SELECT range(1, 1000000000)".to_owned(),
        "SELECT repeat('x', 1000000000)".to_owned(),
        "SELECT lpad('x', 1000000000, 'y')".to_owned(),
        "SELECT array_repeat(1, 1000000000)".to_owned(),
        "SELECT version()".to_owned(),
        "SELECT input_file_name() FROM events".to_owned(),
        "SELECT uuid()".to_owned(),
        "SELECT * FROM information_schema.df_settings".to_owned(),
        "SELECT * FROM centre.information_schema.df_settings s".to_owned(),
        "SELECT * FROM (SELECT value FROM information_schema.df_settings)".to_owned(),
        "SELECT 1 WHERE EXISTS (SELECT 1 FROM information_schema.df_settings)".to_owned(),
    ] {
        let outcome = store.query(&sql, &all()).await;
        assert!(matches!(outcome, Err(StoreError::Query(_) | StoreError::Mistake(_))), "{sql}: {outcome:?}");
    }
}

#[tokio::test]
async fn results_come_as_json_and_csv() {
    let (_dir, store) = filled().await;
    let sql = "SELECT seq, time, user_name, understood, problem, field(fields, 'EventID') AS id FROM events ORDER BY seq LIMIT 2";
    let result = store.query(sql, &all()).await.unwrap();
    assert_eq!(result.columns(), ["seq", "time", "user_name", "understood", "problem", "id"]);
    let rows = serde_json::to_string(&result.to_json_rows().unwrap()).unwrap();
    assert_eq!(
        rows,
        r#"[{"seq":1,"time":"2026-11-21T00:00:01Z","user_name":"Admin","understood":true,"problem":null,"id":"4001"},{"seq":2,"time":"2026-11-21T00:00:02Z","user_name":"root","understood":true,"problem":null,"id":"4002"}]"#
    );
    assert_eq!(
        result.to_csv().unwrap(),
        "seq,time,user_name,understood,problem,id\n1,2026-11-21T00:00:01Z,Admin,true,,4001\n2,2026-11-21T00:00:02Z,root,true,,4002\n"
    );
    let none = store.query("SELECT seq FROM events WHERE false", &all()).await.unwrap();
    assert_eq!((none.to_csv().unwrap().as_str(), none.to_json_rows().unwrap().len()), ("seq\n", 0));
}

#[tokio::test]
async fn our_functions_work_in_sql() {
    let (_dir, store) = filled().await;
    for (sql, expected) in [
        ("SELECT count(*) FROM events WHERE fold(user_name) = 'admin'", 300),
        ("SELECT count(*) FROM events WHERE ip_in(source_ip, '10.0.1.0/24')", 250),
        ("SELECT count(*) FROM events WHERE field_number(fields, 'EventID') > 4590", 10),
        ("SELECT count(*) FROM events WHERE text_has(message, 'LINE 59')", 11),
        ("SELECT count(*) FROM events WHERE observables LIKE '% 10.0.0.7 %'", 1),
        ("SELECT count(*) FROM events WHERE time >= '2026-11-21T00:05:00Z' AND time < '2026-11-21T00:06:00Z'", 60),
        ("SELECT cast(round(avg(http_response_status_code)) AS BIGINT) FROM events", 350),
        ("SELECT count(*) FROM (SELECT date_bin(INTERVAL '1 minute', time) AS m, count(*) FROM events GROUP BY m)", 11),
        ("SELECT CASE WHEN fold('Hòa Bình') = fold('hoà bình') THEN 1 ELSE 0 END", 1),
    ] {
        assert_eq!(number(&store, sql).await, expected, "{sql}");
    }
    let bad = store.query("SELECT ip_in(source_ip, 'nonsense') FROM events", &all()).await;
    assert!(matches!(bad, Err(StoreError::Query(text)) if text.contains("nonsense")));
}

#[tokio::test]
async fn files_are_left_out_by_time_and_source() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    for part in 0..4u64 {
        let source = format!("source-{part}");
        let mut one = event(part + 1, &source, "x");
        one.time = MIDNIGHT + part as i64 * 3600 * SECOND;
        store.insert(vec![one]).await.unwrap();
        store.seal().await.unwrap();
    }
    let files = |sql: &'static str, context: QueryContext| {
        let store = store.clone();
        async move {
            let result = store.query(sql, &context).await.unwrap();
            (result.files_read, result.files_total)
        }
    };
    assert_eq!(files("SELECT count(*) FROM events", all()).await, (4, 4));
    assert_eq!(files("SELECT raw FROM events WHERE time >= '2026-11-21T02:30:00Z'", all()).await, (1, 4));
    assert_eq!(files("SELECT raw FROM events WHERE seq = 2", all()).await, (1, 4));
    assert_eq!(files("SELECT raw FROM events", QueryContext::new(Sources::only(["source-2"]))).await, (1, 4));
    assert_eq!(files("SELECT raw FROM events WHERE source_id = 'source-3'", all()).await, (1, 4));
    assert_eq!(files("SELECT raw FROM events WHERE source_id IN ('source-0', 'source-1')", all()).await, (2, 4));
    assert_eq!(files("SELECT raw FROM events WHERE source_id <> 'source-0'", all()).await, (4, 4));
    assert_eq!(files("SELECT raw FROM events WHERE source_id IS NULL OR listener = 'relp'", all()).await, (4, 4));
    let hour = "SELECT raw FROM events WHERE time BETWEEN '2026-11-21T01:00:00Z' AND '2026-11-21T01:59:59Z' \
                AND source_id = 'source-2' AND listener = 'syslog_udp'";
    assert_eq!(files(hour, all()).await, (0, 4));
    assert_eq!(
        files("SELECT raw FROM events WHERE seq = 2", QueryContext::new(Sources::only(["other"]))).await,
        (0, 4)
    );
}

#[tokio::test]
async fn limits_of_rows_time_and_cancelling_hold() {
    let (_dir, store) = filled().await;
    let few = QueryContext { max_rows: 10, ..all() };
    let result = store.query("SELECT seq FROM events", &few).await.unwrap();
    assert_eq!((result.rows, result.truncated), (10, true));
    let exact = QueryContext { max_rows: 600, ..all() };
    assert!(!store.query("SELECT seq FROM events", &exact).await.unwrap().truncated);
    let slow = "SELECT count(*) FROM events a, events b, events c, events d WHERE a.raw || b.raw || c.raw || d.raw LIKE '%zzz%'";
    let short = QueryContext { timeout: Duration::from_millis(300), ..all() };
    assert!(matches!(store.query(slow, &short).await, Err(StoreError::Timeout { .. })));
    let cancelled = all();
    let token = cancelled.cancel.clone();
    let (outcome, ()) = tokio::join!(store.query(slow, &cancelled), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        token.cancel();
    });
    assert!(matches!(outcome, Err(StoreError::Cancelled)));
    let poor = QueryContext { memory: 200_000, ..all() };
    let hungry = "SELECT count(DISTINCT a.raw || b.raw) FROM events a, events b";
    // More than once: two partitions that find no memory at the same moment must not wait for each other.
    for _ in 0..10 {
        let outcome = store.query(hungry, &poor).await;
        assert!(matches!(outcome, Err(StoreError::Memory { .. })), "{outcome:?}");
    }
    assert_eq!(number(&store, "SELECT count(*) FROM events").await, 600, "the store goes on");
}

/// A question that takes longer than any test.
const HEAVY: &str = "SELECT count(*) FROM events a, events b, events c, events d \
                     WHERE a.raw || b.raw || c.raw || d.raw LIKE '%zzz%'";

fn asked_by(name: &str) -> QueryContext {
    QueryContext { asker: Some(name.into()), lane: Lane::Question, ..all() }
}

#[tokio::test]
async fn one_person_with_many_questions_holds_up_themselves_and_nobody_else() {
    let (_dir, store) = filled().await;
    let heavy: Vec<_> = (0..4).map(|_| asked_by("a")).collect();
    let (outcomes, (other, own)) =
        tokio::join!(futures::future::join_all(heavy.iter().map(|context| store.query(HEAVY, context))), async {
            let other = store.query("SELECT 1", &asked_by("b")).await;
            let hasty = QueryContext { patience: Duration::from_millis(200), ..asked_by("a") };
            let own = store.query("SELECT 1", &hasty).await;
            heavy.iter().for_each(|context| context.cancel.cancel());
            (other, own)
        });
    assert_eq!(other.unwrap().rows, 1);
    assert!(matches!(own, Err(StoreError::Busy { .. })), "{own:?}");
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Err(StoreError::Cancelled))), "{outcomes:?}");
    let background = QueryContext { lane: Lane::Background, ..all() };
    let (outcome, answered) = tokio::join!(store.query(HEAVY, &background), async {
        let answered = store.query("SELECT 1", &asked_by("a")).await;
        background.cancel.cancel();
        answered
    });
    assert!(matches!(outcome, Err(StoreError::Cancelled)) && answered.is_ok(), "{answered:?}");
}

#[tokio::test]
async fn the_time_of_a_question_begins_with_its_place() {
    let (_dir, store) = filled().await;
    let first = QueryContext { timeout: Duration::from_secs(1), ..asked_by("a") };
    let second = QueryContext { timeout: Duration::from_secs(1), ..asked_by("a") };
    let began = std::time::Instant::now();
    let (one, two) = tokio::join!(store.query(HEAVY, &first), store.query("SELECT 1", &second));
    assert!(matches!(one, Err(StoreError::Timeout { .. })), "{one:?}");
    assert!(two.is_ok() && began.elapsed() >= Duration::from_secs(1), "it waited as long as it may run: {two:?}");
}

#[tokio::test]
async fn bytes_that_are_read_are_bounded_for_people_and_not_for_the_program() {
    let dir = tempfile::tempdir().unwrap();
    let read_limits = ReadLimits { question: 1_000, asker: 0, window: Duration::from_secs(60) };
    let store = Store::open(dir.path(), Options { read_limits, ..support::options() }).unwrap();
    fill(&store, 1..=300).await;
    store.seal().await.unwrap();
    let sql = "SELECT count(raw) FROM events WHERE raw LIKE '%line%'";
    let outcome = store.query(sql, &asked_by("a")).await;
    assert!(matches!(outcome, Err(StoreError::ReadTooMuch { limit: 1_000 })), "{outcome:?}");
    let own = store.query(sql, &all()).await.unwrap();
    assert!(own.bytes_read > 1_000, "{}", own.bytes_read);
    assert_eq!(store.query("SELECT count(*) FROM events WHERE seq > 300", &asked_by("a")).await.unwrap().bytes_read, 0);
}

#[tokio::test]
async fn a_long_chain_of_conditions_does_no_harm() {
    let (_dir, store) = filled().await;
    let chains = [
        format!("SELECT count(*) FROM events WHERE {}", vec!["seq = 1"; 990].join(" OR ")),
        format!("SELECT count(*) FROM events WHERE seq = {}", vec!["1"; 1980].join("+")),
        format!("SELECT count(*) FROM events WHERE {} true", "NOT ".repeat(3900)),
        format!("SELECT {}", vec!["SELECT 1"; 990].join(" UNION ALL ")),
    ];
    for chain in chains {
        let outcome = store.query(&chain, &all()).await;
        let calm =
            matches!(outcome, Ok(_) | Err(StoreError::Mistake(_) | StoreError::Query(_) | StoreError::Timeout { .. }));
        assert!(calm, "{}: {outcome:?}", &chain[..60]);
    }
    let longer = format!("SELECT {}", vec!["1"; 10_000].join("+"));
    assert!(matches!(store.query(&longer, &all()).await, Err(StoreError::Mistake(_))));
    assert_eq!(number(&store, "SELECT count(*) FROM events").await, 600);
}

#[tokio::test]
async fn texts_that_would_grow_without_bound_are_refused() {
    let (_dir, store) = filled().await;
    let growing = "with a0 as (select raw r from events limit 8000),
        a1 as (select r||r||r||r||r||r||r||r||r||r as r from a0),
        a2 as (select r||r||r||r||r||r||r||r||r||r as r from a1) select max(character_length(r)) from a2";
    let outcome = store.query(growing, &all()).await;
    assert!(matches!(&outcome, Err(StoreError::Mistake(found)) if found.words.contains("100 times")), "{outcome:?}");
    let plain = store.query("SELECT host_name || ' ' || raw FROM events LIMIT 1", &all()).await.unwrap();
    assert_eq!(plain.rows, 1);
    let wide: Vec<String> = (0..20).map(|number| format!("raw||raw||raw||raw||raw||raw AS c{number}")).collect();
    let outcome = store.query(&format!("SELECT {} FROM events", wide.join(", ")), &all()).await;
    assert!(matches!(&outcome, Err(StoreError::Mistake(found)) if found.words.contains("100 times")), "{outcome:?}");
    // Thirty levels are a thousand million scans.
    let mut doubling = "WITH a0 AS (SELECT seq FROM events)".to_owned();
    for level in 1..30 {
        let before = level - 1;
        doubling += &format!(", a{level} AS (SELECT x.seq FROM a{before} x JOIN a{before} y ON x.seq = y.seq)");
    }
    let outcome = store.query(&format!("{doubling} SELECT count(*) FROM a29"), &all()).await;
    assert!(
        matches!(&outcome, Err(StoreError::Mistake(found)) if found.words.contains("too many parts")),
        "{outcome:?}"
    );
}

struct Agencies(AtomicUsize);

#[async_trait]
impl ExternalRows for Agencies {
    async fn fetch(&self) -> Result<Vec<Vec<Cell>>, String> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(vec![
            vec![Cell::Text("source-a".into()), Cell::Text("Sở Y tế".into()), Cell::Integer(3), Cell::Time(MIDNIGHT)],
            vec![Cell::Text("source-b".into()), Cell::Text("Sở Nội vụ".into()), Cell::Integer(2), Cell::Null],
        ])
    }
}

#[tokio::test]
async fn tables_of_the_caller_join_with_events_and_are_fetched_once() {
    let (_dir, store) = filled().await;
    let rows = Arc::new(Agencies(AtomicUsize::new(0)));
    let column = |name: &str, kind| ExternalColumn { name: name.into(), kind, doc: String::new() };
    let table = ExternalTable {
        schema: "organisation".into(),
        name: "agencies".into(),
        doc: "Agencies".into(),
        columns: vec![
            column("source_id", ExternalKind::Text),
            column("title", ExternalKind::Text),
            column("level", ExternalKind::Integer),
            column("since", ExternalKind::Time),
        ],
        rows: rows.clone(),
    };
    let context = all().with_tables(vec![table]);
    assert_eq!(number_in(&store, "SELECT count(*) FROM events", &context).await, 600);
    assert_eq!(rows.0.load(Ordering::Relaxed), 0, "not used, not fetched");
    let sql = "SELECT a.title, count(*) AS n FROM events e JOIN organisation.agencies a ON a.source_id = e.source_id
               WHERE a.level IN (SELECT level FROM organisation.agencies) GROUP BY a.title ORDER BY n";
    let rows_out = store.query(sql, &context).await.unwrap().to_json_rows().unwrap();
    assert_eq!(rows.0.load(Ordering::Relaxed), 1);
    assert_eq!(rows_out[1]["title"], "Sở Y tế");
    assert_eq!((rows_out[0]["n"].as_i64(), rows_out[1]["n"].as_i64()), (Some(200), Some(400)));
    assert_eq!(number_in(&store, "SELECT count(*) FROM organisation.agencies WHERE since IS NULL", &context).await, 1);
}

#[tokio::test]
async fn a_few_rows_out_of_many_pages_weigh_only_what_they_hold() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    // Noise that does not compress, so that pages are as large as they come; one row in five hundred is asked for.
    let noise = |seq: u64| {
        (0..40)
            .map(|part| format!("{:016x}", (seq * 40 + part).wrapping_mul(0x9E37_79B9_7F4A_7C15)))
            .collect::<String>()
    };
    for first in (1..=60_000_u64).step_by(2_000) {
        let events = (first..first + 2_000).map(|seq| {
            let who = if seq % 500 == 7 { "nguyen.van.x" } else { "khac" };
            event(seq, "source-a", &format!("{who} {}", noise(seq)))
        });
        store.insert(events.collect()).await.unwrap();
        if first % 20_000 == 1 {
            store.seal().await.unwrap();
        }
    }
    store.seal().await.unwrap();
    let small = QueryContext { memory: 4 << 20, ..all() };
    let sql = "SELECT time, raw FROM events WHERE message LIKE 'nguyen.van.x %' ORDER BY time DESC LIMIT 100";
    let result = store.query(sql, &small).await.unwrap();
    assert_eq!(result.rows, 100);
}

#[tokio::test]
async fn times_are_truncated_as_the_calendar_has_it() {
    let (_dir, store) = filled().await;
    for (unit, expected) in [
        ("second", "2026-11-21T00:09:59Z"),
        ("minute", "2026-11-21T00:09:00Z"),
        ("hour", "2026-11-21T00:00:00Z"),
        ("day", "2026-11-21T00:00:00Z"),
        ("week", "2026-11-16T00:00:00Z"),
        ("month", "2026-11-01T00:00:00Z"),
        ("quarter", "2026-10-01T00:00:00Z"),
        ("year", "2026-01-01T00:00:00Z"),
    ] {
        let sql = format!("SELECT date_trunc('{unit}', time) AS t FROM events WHERE seq = 599");
        let rows = store.query(&sql, &all()).await.unwrap().to_json_rows().unwrap();
        assert_eq!(rows[0]["t"], expected, "{unit}");
    }
    let sql = "SELECT date_trunc('hour', TIMESTAMP '2026-11-21T07:35:00+07:00') AS t, date_trunc('day', to_timestamp('1969-12-31T23:00:00Z')) AS u";
    let rows = store.query(sql, &all()).await.unwrap().to_json_rows().unwrap();
    assert!(rows[0]["t"].as_str().unwrap().starts_with("2026-11-21T00:00:00"), "{rows:?}");
    assert!(rows[0]["u"].as_str().unwrap().starts_with("1969-12-31T00:00:00"), "{rows:?}");
}

#[tokio::test]
async fn aggregations_answer_over_columns_and_over_fields_of_a_format() {
    let (_dir, store) = filled().await;
    for (sql, expected) in [
        ("SELECT count(DISTINCT source_ip) FROM events", 600),
        ("SELECT count(DISTINCT field(fields, 'EventID')) FROM events", 600),
        ("SELECT count(*) FROM (SELECT date_bin(INTERVAL '5 minutes', time) AS t FROM events GROUP BY t)", 3),
        ("SELECT count(*) FROM (SELECT date_trunc('hour', time) AS t, user_name FROM events GROUP BY t, user_name)", 2),
        ("SELECT CAST(median(field_number(fields, 'EventID')) AS BIGINT) FROM events", 4300),
        ("SELECT CAST(percentile_cont(0.5) WITHIN GROUP (ORDER BY seq) AS BIGINT) FROM events", 300),
        (
            "SELECT n FROM (SELECT user_name, count(*) AS n FROM events GROUP BY user_name ORDER BY n DESC, user_name LIMIT 1)",
            300,
        ),
    ] {
        assert_eq!(number(&store, sql).await, expected, "{sql}");
    }
    // HyperLogLog with 2^14 registers: a standard error of 0.81 %; four times that is out of reach.
    let about = number(&store, "SELECT approx_distinct(source_ip) FROM events").await;
    assert!((580..=620).contains(&about), "{about}");
    for percentile in [
        "approx_percentile_cont(seq, 0.95)",
        "approx_percentile_cont(seq, 0.95, 200)",
        "approx_percentile_cont(0.95) WITHIN GROUP (ORDER BY seq)",
        "approx_percentile_cont(field_number(fields, 'EventID') - 4000, 0.95)",
    ] {
        let about = number(&store, &format!("SELECT CAST({percentile} AS BIGINT) FROM events")).await;
        assert!((564..=576).contains(&about), "{percentile}: {about}");
    }
}

#[tokio::test]
async fn a_percentile_cannot_be_made_to_take_all_memory() {
    let (_dir, store) = filled().await;
    for call in [
        "approx_percentile_cont(seq, 0.5, 1000000000000)",
        "approx_percentile_cont(seq, 0.5, 9223372036854775807)",
        "approx_percentile_cont(seq, 0.5, 1000000 * 1000000)",
        "approx_percentile_cont(seq, 0.5, CAST('1000000000000' AS BIGINT))",
        "approx_percentile_cont(0.5, 1000000000000) WITHIN GROUP (ORDER BY seq)",
        "approx_percentile_cont(seq, 0.5, 1000000000000) OVER ()",
    ] {
        let answer = store.query(&format!("SELECT {call} FROM events"), &all()).await;
        assert!(matches!(answer, Err(StoreError::Mistake(_) | StoreError::Query(_))), "{call}: {answer:?}");
    }
}
