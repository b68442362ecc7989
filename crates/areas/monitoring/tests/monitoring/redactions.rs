//! Data minimisation: what a rule names never reaches the log; rules are behind the walls of their source.

use crate::centre::{Centre, NOW, in_a_centre, migrations, settings};
use axum::http::StatusCode;
use event::{Listener, Origin, RawRecord};
use event_store::{Options, Store};
use kit::clock::FixedClock;
use kit::{Scope, Shelf};
use monitoring::redactions::service::{self, RedactionInput};
use monitoring::redactions::{Gate, store};
use monitoring::sources::SourceResolver;
use std::path::Path;
use std::sync::Arc;

const FORM: &str = "field=user&act=drop&reason=kh%C3%B4ng%20c%E1%BA%A7n";

#[tokio::test]
async fn a_rule_is_made_seen_and_ended_within_its_walls() {
    in_a_centre(|centre: Centre| async move {
        let path = format!("/sources/{}/redactions", centre.a.source);
        let wrong = centre.post("0", &path, "field=&act=hide&reason=").await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", wrong.text);
        let made = centre.post("0", &path, FORM).await;
        assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.text);
        let twice = centre.post("0", &path, FORM).await;
        assert_eq!(twice.status, StatusCode::UNPROCESSABLE_ENTITY, "one rule for a field");
        let page = centre.get("0", &path).await;
        assert!(page.says("<code>user</code>"), "{}", page.text);
        for (who, status) in [("1", StatusCode::NOT_FOUND), ("3", StatusCode::FORBIDDEN)] {
            assert_eq!(centre.post(who, &path, FORM).await.status, status, "{who}");
        }
        assert_eq!(centre.get("1", &path).await.status, StatusCode::NOT_FOUND);
        let id = centre.value("SELECT id AS value FROM source_redactions").await;
        let end = format!("{path}/{id}/end");
        assert_eq!(centre.post("1", &end, "").await.status, StatusCode::NOT_FOUND);
        let other = format!("/sources/{}/redactions/{id}/end", centre.b.source);
        assert_eq!(centre.post("1", &other, "").await.status, StatusCode::NOT_FOUND, "by the name of an own source");
        assert_eq!(centre.post("0", &end, "").await.status, StatusCode::SEE_OTHER);
        assert_eq!(centre.post("0", &end, "").await.status, StatusCode::NOT_FOUND, "it has ended");
        let api = format!("/api/v1/sources/{}/redactions", centre.a.source);
        let again = centre.post_json("0", &api, r#"{"field":"user","act":"hash","reason":"x"}"#).await;
        assert_eq!(again.status, StatusCode::CREATED, "{}", again.text);
        assert!(centre.get("0", &api).await.says("\"hash\""));
        assert_eq!(centre.get("1", &api).await.status, StatusCode::NOT_FOUND);
    })
    .await;
}

fn formats() -> ingest::FormatSet {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../content/formats");
    let read = |name: &str| (name.to_owned(), std::fs::read_to_string(folder.join(name)).unwrap());
    ingest::FormatSet::load(&["sshd.toml", "syslog.toml", "json.toml"].map(read)).unwrap()
}

fn line(host: &str, user: &str) -> RawRecord {
    let head = format!("<86>1 2026-11-21T02:12:00Z {host} sshd 77 - -");
    let text = format!("{head} Accepted password for {user} from 192.0.2.7 port 4711 ssh2");
    let origin = Origin { listener: Listener::SyslogTcp, peer: Some("192.0.2.1".into()), ..Origin::default() };
    RawRecord { bytes: text.into(), arrival: NOW, origin: Arc::new(origin), position: 0 }
}

#[tokio::test]
async fn what_a_rule_names_never_reaches_the_log() {
    test_support::on_each_database(&migrations(), kit::bus::Bus::default, |db| async move {
        let centre = Centre::new(db.clone()).await;
        let host = |system: &str| {
            let sql = format!("SELECT match_host AS value FROM sources WHERE id = '{system}'");
            let centre = &centre;
            async move { centre.value(&sql).await }
        };
        let (of_a, of_b) = (host(&centre.a.source).await, host(&centre.b.source).await);
        let scope = Scope::service("test");
        let tx = db.scoped(&scope).begin().await.unwrap();
        let input = |act: &str| RedactionInput { field: "user_name".into(), act: act.into(), reason: "thử".into() };
        service::create(&tx, &centre.a.source, &input("drop"), NOW).await.unwrap();
        service::create(&tx, &centre.b.source, &input("hash"), NOW).await.unwrap();
        tx.commit().await.unwrap();
        let directory = tempfile::tempdir().unwrap();
        let events = Store::open(directory.path(), Options::default()).unwrap();
        let (clock, actor) = (Arc::new(FixedClock::at(NOW)), Scope::service("pipeline"));
        let resolver = SourceResolver::open(db.clone(), actor, clock, Shelf::new(settings())).await.unwrap();
        let gate = Gate::new(Shelf::new(formats()), Arc::new(resolver));
        events.set_gate(gate.clone());
        let batch =
            vec![line(&of_a, "nguyenvana"), line(&of_b, "tranthib"), line(&of_b, "tranthib"), line("khac", "lequangc")];
        events.append(batch, None).await.unwrap();
        gate.write_counts(&db, &scope).await.unwrap();
        let records = events.read_log(1).next(10).await.unwrap();
        let kept: Vec<String> =
            records.into_iter().map(|(_, record)| String::from_utf8(record.bytes.to_vec()).unwrap()).collect();
        assert!(kept[0].contains("for [redacted] from 192.0.2.7"), "{kept:?}");
        assert!(kept[1].contains("for hash-") && kept[1] == kept[2], "{kept:?}");
        assert!(kept[3].contains("lequangc"), "a source without rules is kept whole: {kept:?}");
        let counted = store::of_source(&db.scoped(&scope).read(), &centre.b.source).await.unwrap();
        assert_eq!(counted.iter().map(|rule| rule.records).collect::<Vec<_>>(), [2]);
    })
    .await;
}

#[tokio::test]
async fn a_record_whose_host_is_taken_stays_with_its_source_and_counts_once_it_is_kept() {
    test_support::on_each_database(&migrations(), kit::bus::Bus::default, |db| async move {
        let centre = Centre::new(db.clone()).await;
        let sql = format!("SELECT match_host AS value FROM sources WHERE id = '{}'", centre.a.source);
        let host = centre.value(&sql).await;
        let scope = Scope::service("test");
        let tx = db.scoped(&scope).begin().await.unwrap();
        let input = RedactionInput { field: "host_name".into(), act: "drop".into(), reason: "thử".into() };
        service::create(&tx, &centre.a.source, &input, NOW).await.unwrap();
        tx.commit().await.unwrap();
        let (clock, actor) = (Arc::new(FixedClock::at(NOW)), Scope::service("pipeline"));
        let resolver = SourceResolver::open(db.clone(), actor, clock, Shelf::new(settings())).await.unwrap();
        let gate = Gate::new(Shelf::new(formats()), Arc::new(resolver));
        let mut records = vec![line(&host, "nguyenvana"), line("khac", "lequangc")];
        let kept = event_store::Gate::pass(&*gate, &mut records);
        assert!(!String::from_utf8_lossy(&records[0].bytes).contains(&host));
        assert_eq!(records[0].origin.source_id.as_deref(), Some(centre.a.source.as_str()));
        assert_eq!(records[1].origin.source_id, None);
        let counted = async || {
            gate.write_counts(&db, &scope).await.unwrap();
            store::of_source(&db.scoped(&scope).read(), &centre.a.source).await.unwrap()[0].records
        };
        assert_eq!(counted().await, 0, "nothing was kept yet");
        kept();
        assert_eq!(counted().await, 1);
    })
    .await;
}
