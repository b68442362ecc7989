//! Lines that no format reads: gathered by template beside the pipeline, over stops and kills; shown within the scope, with who
//! looked; solved by the format that reads them.

use crate::centre::{Centre, NOW, in_a_centre, migrations, settings, shelf};
use crate::stream::{RULES, figures, opened, start_reading};
use axum::http::{Method, StatusCode};
use event::{Listener, Origin, RawRecord};
use event_store::{Options, Store};
use ingest::FormatSet;
use kit::Db;
use monitoring::formats::Shelf;
use monitoring::pipeline::Pipeline;
use std::sync::Arc;

const GATE: &str = "name = 'gate'\nversion = 2\ntitle = 'Cổng'\norder = 450\nextract = 'patterns'\n[recognise]\n\
    lines = ['^gate ']\n[[pattern]]\nregex = '^gate (?P<gate>[0-9]+) opened by (?P<user>[a-z]+)'\n";
const ENVELOPE: &str = "name = 'syslog'\nversion = 1\ntitle = 'Syslog'\norder = 500\nextract = 'syslog'\n\
    [recognise]\nlines = ['^<[0-9]{1,3}>']\n";

fn formats(texts: &[&str]) -> FormatSet {
    let files: Vec<_> = texts.iter().enumerate().map(|(at, text)| (format!("{at}.toml"), (*text).to_owned())).collect();
    FormatSet::load(&files).unwrap()
}

async fn begin(store: &Store, db: &Db, formats: &Shelf) -> Pipeline {
    start_reading(store, db, RULES, shelf(), formats.clone()).await
}

async fn send(store: &Store, pipeline: &Pipeline, lines: &[&str]) {
    let origin = Origin { listener: Listener::SyslogTcp, peer: Some("10.0.0.5".into()), ..Origin::default() };
    let origin = Arc::new(origin);
    let record =
        |line: &&str| RawRecord { bytes: (*line).to_owned().into(), arrival: NOW, origin: origin.clone(), position: 0 };
    store.append(lines.iter().map(record).collect(), None).await.unwrap();
    pipeline.wait_evaluated(store.last_seq()).await.unwrap();
}

const TEMPLATES: &str = "SELECT COUNT(*) AS value FROM unread_lines";
const LINES: &str = "SELECT CAST(SUM(lines) AS BIGINT) AS value FROM unread_lines";
const SOLVED: &str = "SELECT COUNT(*) AS value FROM unread_lines WHERE state = 'solved' AND solved_by = 'gate@2'";

#[tokio::test(flavor = "multi_thread")]
async fn every_line_is_counted_once_over_stops_and_kills_until_a_format_reads_it() {
    test_support::on_each_database(&migrations(), kit::bus::Bus::default, |db| async move {
        let directory = tempfile::tempdir().unwrap();
        let formats_in_force = Shelf::new(formats(&[ENVELOPE]));
        let store = Store::open(directory.path(), Options::default()).unwrap();
        let pipeline = begin(&store, &db, &formats_in_force).await;
        send(&store, &pipeline, &["gate 3 opened by anna", "gate 4 opened by bao", "the battery is low"]).await;
        send(&store, &pipeline, &["<13>Nov 21 09:00:00 srv lamp[7]: bulb 3 broken"]).await;
        assert_eq!((figures(&db, TEMPLATES).await, figures(&db, LINES).await), (3, 4));
        let parts = "SELECT COUNT(*) AS value FROM unread_lines WHERE part = 'message' AND program = 'lamp' \
                     AND template = 'bulb <number> broken'";
        assert_eq!(figures(&db, parts).await, 1);
        pipeline.stop().await;
        drop((pipeline, store));

        let store = Store::open(directory.path(), Options::default()).unwrap();
        let pipeline = begin(&store, &db, &formats_in_force).await;
        send(&store, &pipeline, &["gate 5 opened by chi"]).await;
        assert_eq!((figures(&db, TEMPLATES).await, figures(&db, LINES).await), (3, 5), "the template goes on");
        pipeline.abandon();
        drop((pipeline, store));

        let store = opened(directory.path()).await;
        let pipeline = begin(&store, &db, &formats_in_force).await;
        send(&store, &pipeline, &["gate 6 opened by dao"]).await;
        assert_eq!((figures(&db, TEMPLATES).await, figures(&db, LINES).await), (3, 6), "nothing is counted again");

        formats_in_force.replace(formats(&[ENVELOPE, GATE]));
        pipeline.solve_unread().await.unwrap();
        assert_eq!(figures(&db, SOLVED).await, 1, "its samples are read by now");
        send(&store, &pipeline, &["gate 7 opened by em"]).await;
        assert_eq!(figures(&db, LINES).await, 6, "what is read is not counted here");
        formats_in_force.replace(formats(&[ENVELOPE]));
        send(&store, &pipeline, &["gate 8 opened by giang"]).await;
        assert_eq!((figures(&db, SOLVED).await, figures(&db, LINES).await), (0, 7), "it is back on the list");
        pipeline.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_strange_lines_is_counted_whole_and_makes_no_more_templates_than_may_be() {
    let database = test_support::sqlite(&migrations(), kit::bus::Bus::default()).await;
    let (db, directory) = (database.db.clone(), tempfile::tempdir().unwrap());
    let store = Store::open(directory.path(), Options::default()).unwrap();
    let pipeline = begin(&store, &db, &Shelf::new(formats(&[]))).await;
    let lines: Vec<String> = (0..5_000_u64)
        .map(|number| {
            let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            (0..number % 9 + 1)
                .map(|at| format!("w{:x}", mixed.rotate_left(at as u32 * 7)))
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect();
    for together in lines.chunks(1_000) {
        let together: Vec<&str> = together.iter().map(String::as_str).collect();
        send(&store, &pipeline, &together).await;
    }
    assert_eq!(figures(&db, LINES).await, 5_000);
    let most = settings().sources.unread_lines.templates_per_source as i64;
    // Beside the templates one row for the lines beyond.
    assert!(figures(&db, TEMPLATES).await <= most + 1);
    pipeline.stop().await;
}

/// A template of each department, of the event that each has.
async fn with_templates(centre: &Centre) -> (String, String) {
    for (of, id, word) in [(&centre.a, "unread-a", "alpha"), (&centre.b, "unread-b", "beta")] {
        let sql = format!(
            "INSERT INTO unread_lines (id, source_id, part, program, template, template_fold, words, lines, estimated, \
             first_seen, last_seen, samples, state, reason) VALUES ('{id}', '{}', 'record', '', 'gate {word} <number>', \
             'gate {word} <number>', 'gate', 7, FALSE, {NOW}, {NOW}, '{}', 'new', '')",
            of.source, of.seq
        );
        centre.change(&sql).await;
    }
    ("unread-a".to_owned(), "unread-b".to_owned())
}

#[tokio::test]
async fn templates_and_their_lines_are_seen_by_who_may_read_events_of_their_source() {
    in_a_centre(|centre: Centre| async move {
        let (own, other) = with_templates(&centre).await;
        for path in ["/unread-lines", "/unread-lines?format=csv", "/api/v1/unread-lines"] {
            let answer = centre.get("0", path).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
            assert!(answer.says("gate alpha") && !answer.says("gate beta"), "{path}: {}", answer.text);
            let whole = centre.get("2", path).await;
            assert!(whole.says("gate alpha") && whole.says("gate beta"), "{path}: {}", whole.text);
            let fewer = centre.get("7", path).await;
            assert!(!fewer.says("gate alpha") && fewer.says("gate beta"), "{path}: {}", fewer.text);
            assert_eq!(centre.get("6", path).await.status, StatusCode::FORBIDDEN, "{path}");
        }
        for path in ["/unread-lines", "/api/v1/unread-lines"] {
            let page = centre.get("0", &format!("{path}/{own}")).await;
            assert_eq!(page.status, StatusCode::OK, "{}", page.text);
            assert!(page.says("Failed password for root from 203.0.113.9"), "{}", page.text);
            assert_eq!(centre.get("0", &format!("{path}/{other}")).await.status, StatusCode::NOT_FOUND);
        }
        let workshop = centre.get("0", &format!("/formats/workshop?unread={own}")).await;
        assert!(workshop.says("Failed password for root from 203.0.113.9"), "{}", workshop.text);
        let foreign = centre.get("0", &format!("/formats/workshop?unread={other}")).await;
        assert_eq!(foreign.status, StatusCode::NOT_FOUND);
        let read = "SELECT CAST(COUNT(*) AS TEXT) AS value FROM audit_entries \
                    WHERE action = 'event.read' AND details LIKE '{\"purpose\":\"unread-lines\"%'";
        assert_ne!(centre.value(read).await, "0", "whoever looks at samples is in the trail");
    })
    .await;
}

#[tokio::test]
async fn lines_are_taken_off_the_list_with_a_reason_and_put_back() {
    in_a_centre(|centre: Centre| async move {
        let (own, other) = with_templates(&centre).await;
        let state = |id: &str| format!("SELECT state AS value FROM unread_lines WHERE id = '{id}'");
        let act = |id: &str, act: &str| format!("/unread-lines/{id}/{act}");
        let without = centre.post("0", &act(&own, "ignore"), "reason=").await;
        assert_eq!(without.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", without.text);
        assert_eq!(centre.post("0", &act(&other, "ignore"), "reason=x").await.status, StatusCode::NOT_FOUND);
        assert_eq!(centre.value(&state(&other)).await, "new");
        assert_eq!(centre.post("0", &act(&own, "ignore"), "reason=test").await.status, StatusCode::SEE_OTHER);
        assert_eq!(centre.value(&state(&own)).await, "ignored");
        assert!(!centre.get("0", "/unread-lines").await.says("gate alpha"));
        assert!(centre.get("0", "/unread-lines?state=ignored").await.says("gate alpha"));
        let path = format!("/api/v1/unread-lines/{own}/reopen");
        let again = centre.send("0", "vi", Method::POST, &path, None).await;
        assert_eq!(again.status, StatusCode::OK, "{}", again.text);
        assert_eq!(centre.value(&state(&own)).await, "new");
        let trail = "SELECT CAST(COUNT(*) AS TEXT) AS value FROM audit_entries WHERE action = 'unread-line.decide'";
        assert_eq!(centre.value(trail).await, "2");
    })
    .await;
}
