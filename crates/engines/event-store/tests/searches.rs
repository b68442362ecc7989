//! The search language over a store, and that the live test of an event agrees with it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use bytes::Bytes;
use event::{Column, Event, Fields, Value};
use luytre_event_store::search::{Field, Names, Node, Predicate, Term, Test};
use luytre_event_store::{
    Cursor, ExportFormat, QueryContext, SearchRequest, Selection, SinceRequest, Sources, Store, search,
};
use support::{MIDNIGHT, SECOND, all, event, fill, open};

fn varied() -> Vec<Event> {
    let mut events = Vec::new();
    let mut one = event(1, "source-a", "Failed password for root from 183.62.140.253 port 22");
    one.columns.set(Column::SourceIp, &Value::from("183.62.140.253"));
    events.push(one);
    events.push(event(2, "source-a", "Cảnh báo: tài khoản quản trị bị khóa ở Đà Nẵng"));
    let mut one = event(3, "source-b", "x");
    one.raw = Bytes::from(
        r#"{"Image":"C:\\Windows\\System32\\cmd.exe","Hashes":["AA","D41D8CD98F00B204E9800998ECF8427E"],"Score":7.5}"#,
    );
    one.message = None;
    let mut fields = Fields::default();
    fields.push("Image", r"C:\Windows\System32\cmd.exe");
    fields.push("Hashes", Value::List(vec!["AA".into(), "D41D8CD98F00B204E9800998ECF8427E".into()]));
    fields.push("Score", Value::Float(7.5));
    one.fields = fields;
    one.columns.set(Column::ProcessExecutable, &Value::from(r"C:\Windows\System32\cmd.exe"));
    events.push(one);
    let mut one = event(4, "source-b", "nothing here");
    one.raw = Bytes::from_static(b"\xff\xfe broken");
    one.message = None;
    one.understood = false;
    one.problem = Some("no format fits".into());
    one.fields = Fields::default();
    events.push(one);
    events.push(event(5, "source-b", "GET /index.php?id=1%27 from 10.9.8.7"));
    events
}

async fn seqs(store: &Store, query: &str, context: &QueryContext) -> Vec<u64> {
    let request = SearchRequest { query: query.into(), columns: vec!["seq".into()], ..SearchRequest::default() };
    let result = store.search(&request, context).await.unwrap_or_else(|error| panic!("{query}: {error}"));
    assert_eq!(result.total as usize, result.rows.len(), "{query}");
    let mut seqs: Vec<u64> = result.rows.iter().map(|row| row["seq"].as_u64().unwrap()).collect();
    seqs.reverse();
    seqs
}

const CASES: &[(&str, &[u64])] = &[
    ("", &[1, 2, 3, 4, 5]),
    ("password", &[1]),
    ("PASSWORD", &[1]),
    ("\"failed password\"", &[1]),
    ("canh bao", &[2]),
    ("\"quan tri bi khoa\"", &[2]),
    ("\"QUẢN TRỊ bị khoá\"", &[2]),
    ("da nang", &[2]),
    ("183.62.140.253", &[1]),
    ("83.62.140.253", &[]),
    ("from", &[1, 5]),
    ("from -root", &[5]),
    ("from and not password", &[5]),
    ("password or canh", &[1, 2]),
    (r"C:\Windows\System32", &[3]),
    (r#"process_executable:"c:\windows\system32\CMD.EXE""#, &[3]),
    (r"process_executable:*\cmd.exe", &[3]),
    (r"Image:*cmd.exe", &[3]),
    ("Hashes:aa", &[3]),
    ("d41d8cd98f00b204e9800998ecf8427e", &[3]),
    ("Score:>7", &[3]),
    ("Score:[7 TO 7.4]", &[]),
    ("EventID:4002", &[2]),
    ("EventID:>=4002", &[2, 5]),
    ("user_name:root", &[2, 4]),
    ("user_name:ADMIN", &[1, 3, 5]),
    ("user_name:(root or admin)", &[1, 2, 3, 4, 5]),
    ("user_name:r*t", &[2, 4]),
    ("source_ip:10.0.0.0/8", &[2, 3, 4, 5]),
    ("not source_ip:10.0.0.0/8", &[1]),
    ("source_ip:10.0.0.5", &[5]),
    ("http_response_status_code:>=400", &[2, 3]),
    ("http_response_status_code:[300 TO 400}", &[1, 5]),
    ("http_response_status_code:4*", &[2]),
    ("_exists_:problem", &[4]),
    ("not understood:true", &[4]),
    ("understood:false", &[4]),
    ("-_exists_:Image", &[1, 2, 4, 5]),
    ("pass* from", &[1]),
    ("assword*", &[]),
    ("source_id:source-b 10.9.8.7", &[5]),
    ("\"id=1%27\"", &[5]),
    ("100%", &[]),
    ("/fail(ed)? +PASS/", &[1]),
    (r"/id=\d%27/", &[5]),
    ("/tài khoản.*bị (khóa|xóa)/", &[2]),
    ("/TAI KHOAN .* khoa/", &[2]),
    (r"/system32\\cmd\.exe/", &[3]),
    (r"message:/^GET \/index/", &[5]),
    ("message:/^index+/", &[]),
    (r"Image:/\\cmd\.(exe|com)$/", &[3]),
    ("Hashes:/^d41d[0-9a-f]{28}$/", &[3]),
    ("EventID:/400[25]/", &[2, 5]),
    ("http_response_status_code:/^4/", &[2]),
    ("user_name:/^(r|a)../ -/password+/", &[2, 3, 4, 5]),
    ("not /[a-z]{3}/", &[]),
    ("183.62.140.253/32", &[1]),
    ("183.62.0.0/16", &[1]),
    ("10.9.8.0/24", &[5]),
    ("10.9.8.4/30", &[5]),
    ("not 10.0.0.0/8", &[1]),
    ("message:10.0.0.0/8", &[5]),
    ("message:183.62.140.0/24", &[1]),
    ("raw:192.0.2.0/24", &[]),
    ("2001:db8::/32", &[]),
    ("time:2026-11-21", &[1, 2, 3, 4, 5]),
    ("time:<2026-11-21T00:00:03Z", &[1, 2]),
    ("nosuchfield:x", &[]),
];

#[tokio::test]
async fn searches_find_what_they_say_in_memory_and_in_segments() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.insert(varied()).await.unwrap();
    for round in ["memory", "segments"] {
        for (query, expected) in CASES {
            assert_eq!(seqs(&store, query, &all()).await, *expected, "{query:?} in {round}");
        }
        store.seal().await.unwrap();
    }
    let only = QueryContext::new(Sources::only(["source-a"]));
    assert_eq!(seqs(&store, "", &only).await, [1, 2]);
    assert_eq!(seqs(&store, "not password or source_id:source-b", &only).await, [2]);
}

#[tokio::test]
async fn what_is_known_elsewhere_is_found_in_memory_and_in_segments_and_goes_into_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.insert(varied()).await.unwrap();
    let known = |column: &'static str, holds: fn(&str) -> bool| {
        Node::Term(Term { field: Field::Column(column), test: Test::Known(Predicate::new(holds)) })
    };
    let mut names = Names::default();
    names.insert("place", &Test::Text("b".into()), known("source_id", |source| source == "source-b"));
    names.insert("country", &Test::Exists, known("source_ip", |address| address.starts_with("183.")));
    names.insert("number", &Test::Exists, known("seq", |seq| seq == "2"));
    let named = QueryContext { names: names.clone(), ..all() };
    let cases: [(&str, &[u64]); 6] = [
        ("place:b", &[3, 4, 5]),
        ("not place:b", &[1, 2]),
        ("country:*", &[1]),
        ("not country:*", &[2, 3, 4, 5]),
        ("country:* place:b", &[]),
        ("number:* or country:*", &[1, 2]),
    ];
    for round in ["memory", "segments"] {
        for (query, expected) in cases {
            assert_eq!(seqs(&store, query, &named).await, expected, "{query:?} in {round}");
        }
        store.seal().await.unwrap();
    }
    let only = QueryContext { names: names.clone(), ..QueryContext::new(Sources::only(["source-a"])) };
    assert!(seqs(&store, "place:b", &only).await.is_empty(), "what is known opens no wall");
    let selection = Selection { query: "not place:b".into(), names, ..Selection::default() };
    let file = dir.path().join("out.jsonl");
    assert_eq!(store.export(&selection, ExportFormat::JsonLines, &file).await.unwrap().events, 2);
}

#[test]
fn the_live_test_agrees_with_the_search() {
    let events = varied();
    for (query, expected) in CASES {
        let parsed = search::parse(query, &jiff::tz::TimeZone::UTC).unwrap();
        let found: Vec<u64> = events.iter().filter(|event| parsed.matches(event)).map(|event| event.seq).collect();
        assert_eq!(found, *expected, "{query:?}");
    }
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_repeat() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let mut events: Vec<Event> = (1..=250).map(|seq| event(seq, "a", "x")).collect();
    // Many events of the same moment: the sequence decides.
    events.iter_mut().for_each(|event| event.time = MIDNIGHT + event.seq as i64 / 20 * SECOND);
    store.insert(events).await.unwrap();
    store.seal().await.unwrap();
    fill(&store, 251..=260).await;
    let mut request =
        SearchRequest { limit: 30, facets: false, columns: vec!["seq".into()], ..SearchRequest::default() };
    let mut seen = Vec::new();
    loop {
        let result = store.search(&request, &all()).await.unwrap();
        assert_eq!((result.total, result.total_exact), (260, true), "the total counts all pages");
        seen.extend(result.rows.iter().map(|row| row["seq"].as_u64().unwrap()));
        match result.next {
            Some(next) => request.before = Some(next),
            None => break,
        }
    }
    let expected: Vec<u64> = (1..=260).collect();
    seen.sort_unstable();
    assert_eq!(seen, expected);
    let first = store.search(&SearchRequest { limit: 1, ..SearchRequest::default() }, &all()).await.unwrap();
    assert_eq!(first.next, Some(Cursor { time: MIDNIGHT + 260 * SECOND, seq: 260 }));
    assert_eq!(first.rows[0]["raw"], "<13>line 260");
}

#[tokio::test]
async fn histogram_and_field_list_count_what_matches() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    fill(&store, 1..=600).await;
    store.seal().await.unwrap();
    let request = SearchRequest {
        query: "user_name:root".into(),
        from: Some(MIDNIGHT),
        to: Some(MIDNIGHT + 600 * SECOND),
        buckets: 10,
        ..SearchRequest::default()
    };
    let result = store.search(&request, &all()).await.unwrap();
    assert_eq!(result.histogram.bucket_micros, 60 * SECOND);
    assert_eq!(result.histogram.buckets.len(), 10);
    assert_eq!(
        result.histogram.buckets.iter().map(|bucket| bucket.count).collect::<Vec<_>>(),
        [29, 30, 30, 30, 30, 30, 30, 30, 30, 30]
    );
    assert_eq!(result.total, 299);
    let facet = |name: &str| result.facets.iter().find(|facet| facet.field == name).unwrap();
    assert_eq!(facet("user_name").values, [("root".to_owned(), 299)]);
    assert_eq!(facet("source_id").values, [("source-a".to_owned(), 200), ("source-b".to_owned(), 99)]);
    assert_eq!(facet("http_response_status_code").distinct, 2);
    assert_eq!(result.facets_over, 299);
}

#[tokio::test]
async fn a_live_tail_gets_what_is_inserted() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let mut tail = store.subscribe();
    fill(&store, 1..=3).await;
    assert_eq!(tail.recv().await.unwrap().len(), 3);
}

fn since(query: &str, after: u64, up_to: u64) -> SinceRequest {
    SinceRequest { query: query.into(), after, up_to, samples: 3, ..SinceRequest::default() }
}

#[tokio::test]
async fn ranges_of_sequences_hold_each_event_once_however_late_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    fill(&store, 1..=40).await;
    store.seal().await.unwrap();
    // Came last and happened first.
    let mut late = event(41, "source-a", "late");
    late.time = MIDNIGHT - 86_400 * SECOND;
    store.insert(vec![late]).await.unwrap();
    let mut found = 0;
    for (after, up_to) in [(0, 17), (17, 17), (17, 40), (40, 41), (41, 90)] {
        let answer = store.since(&since("user_name:admin", after, up_to), &all()).await.unwrap();
        found += answer.tallies.iter().map(|tally| tally.count).sum::<u64>();
    }
    assert_eq!(found, 21, "odd numbers up to 41");
    let last = store.since(&since("late", 40, 41), &all()).await.unwrap();
    assert_eq!((last.tallies[0].first_seq, last.tallies[0].first_time), (41, MIDNIGHT - 86_400 * SECOND));
    assert_eq!(last.tallies[0].first_arrival, MIDNIGHT + 41 * SECOND);
    let prompt = SinceRequest { longest_delay: Some(3_600 * SECOND), ..since("late", 0, 90) };
    assert!(store.since(&prompt, &all()).await.unwrap().tallies.is_empty(), "it was a day on its way");
    let recent = SinceRequest { from: Some(MIDNIGHT), ..since("late", 0, 90) };
    assert!(store.since(&recent, &all()).await.unwrap().tallies.is_empty());
}

#[tokio::test]
async fn what_came_is_counted_by_source_and_value_within_the_asker_s_sources() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    fill(&store, 1..=12).await;
    let by = |field: &str| SinceRequest { group_by: Some(field.into()), ..since("", 0, 12) };
    let names = store.since(&by("user_name"), &all()).await.unwrap();
    let told: Vec<_> = names
        .tallies
        .iter()
        .map(|tally| (tally.source_id.as_deref().unwrap(), tally.value.as_deref().unwrap(), tally.count))
        .collect();
    let expected =
        [("source-a", "Admin", 4), ("source-a", "root", 4), ("source-b", "Admin", 2), ("source-b", "root", 2)];
    assert_eq!(told, expected);
    assert_eq!(names.samples.iter().map(|sample| sample.0).collect::<Vec<_>>(), [1, 2, 3]);
    let numbers = store.since(&by("http_response_status_code"), &all()).await.unwrap();
    assert!(numbers.tallies.iter().any(|tally| tally.value.as_deref() == Some("300")), "{numbers:?}");
    let own = store.since(&by("EventID"), &all()).await.unwrap();
    assert_eq!((own.tallies.len(), own.tallies[0].value.as_deref()), (12, Some("4001")));
    let only = QueryContext::new(Sources::only(["source-b"]));
    let mine = store.since(&since("", 0, 12), &only).await.unwrap();
    assert_eq!((mine.tallies.len(), mine.tallies[0].count), (1, 4));
    assert!(mine.samples.iter().all(|sample| sample.2.as_deref() == Some("source-b")));
    assert!(store.since(&since("user_name:", 0, 12), &all()).await.is_err());
}
