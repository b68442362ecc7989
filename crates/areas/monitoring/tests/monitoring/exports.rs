//! Many rows leave only with a second person, as a file or by the API.

use crate::centre::{Centre, NOW, RULE, in_a_centre};
use crate::entities::raise;
use crate::indicators::make;
use axum::http::StatusCode;
use kit::clock::HOUR;
use kit::live::Live;
use kit::scope::{Actor, Agencies};
use kit::{Capability, Scope};
use organisation::Policies;
use organisation::elevations::{self, Asked};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

const FILE: &str = "/alerts?state=all&range=all&format=csv";

fn scope(person: &str, agencies: Agencies) -> Scope {
    let actor = Actor::Person { id: person.into(), name: "Người thử".into() };
    Scope::new(actor, agencies, Capability::ALL.iter().copied(), None)
}

/// Asks for an export for the person of the first agency; gives the number of the request.
async fn ask(centre: &Centre, question: &str) -> String {
    let own = scope(&centre.a.person, Agencies::Under([centre.a.agency.clone()].into()));
    let asked = Asked {
        kind: "export".into(),
        agency_id: centre.a.agency.clone(),
        subject: question.into(),
        reason: "Theo công văn 12".into(),
        ..Asked::default()
    };
    let policies = Policies::embedded().unwrap();
    let tx = centre.db.scoped(&own).begin().await.unwrap();
    let id = elevations::ask(&tx, &Live::default(), &policies, NOW, &asked).await.unwrap();
    tx.commit().await.unwrap();
    id
}

/// Lets somebody else approve it.
async fn approve(centre: &Centre, id: &str) {
    let above = scope(&centre.b.person, Agencies::All);
    let policies = Policies::embedded().unwrap();
    let tx = centre.db.scoped(&above).begin().await.unwrap();
    elevations::approve(&tx, &Live::default(), &policies, NOW, id, "").await.unwrap();
    tx.commit().await.unwrap();
}

/// So many alerts more of the first agency.
async fn more_alerts(centre: &Centre, count: u64) {
    let copied = "rule_id, rule_title, rule_title_vi, title_fold, rule_level, first_sequence, last_sequence, source_id, \
                  system_id, system_level, agency_id, entity_kind, entity_value, severity, severity_rank, score, state, \
                  count, first_event_time, last_event_time, first_event_recorded, detected_at, updated_at, techniques, \
                  samples, damped";
    let sql = format!(
        "INSERT INTO alerts (id, group_key, {copied}) WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL \
         SELECT number + 1 FROM numbers WHERE number < {count}) SELECT 'copy-' || CAST(number AS TEXT), \
         'copy-' || CAST(number AS TEXT), {copied} FROM alerts, numbers WHERE id = '{}'",
        centre.a.alert
    );
    let service = Scope::service("test");
    let tx = centre.db.scoped(&service).begin().await.unwrap();
    tx.execute_unprepared(&sql).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_large_file_leads_to_the_second_person_and_leaves_once_approved() {
    in_a_centre(|centre: Centre| async move {
        let policies = Policies::embedded().unwrap();
        let most = policies.elevation.kind("export").unwrap().rows;
        assert_eq!(centre.get("0", FILE).await.status, StatusCode::OK);
        more_alerts(&centre, most).await;
        let refused = centre.get("0", FILE).await;
        assert_eq!(refused.status, StatusCode::SEE_OTHER);
        assert_eq!(
            refused.headers["location"],
            "/elevations?kind=export&question=%2Falerts%3Frange%3Dall%26state%3Dall"
        );
        assert!(!refused.says("copy-"), "nothing of the file comes along");
        let id = ask(&centre, FILE).await;
        assert_eq!(centre.get("0", FILE).await.status, StatusCode::SEE_OTHER, "asking is not enough");
        approve(&centre, &id).await;
        let file = centre.get("0", FILE).await;
        assert_eq!(file.status, StatusCode::OK);
        assert!(file.says("copy-1"));
        let other = centre.get("0", &format!("{FILE}&sort=count")).await;
        assert_eq!(other.status, StatusCode::SEE_OTHER, "another question than the one approved");
        let used = centre.value("SELECT CAST(used AS TEXT) AS value FROM elevations").await;
        assert_eq!(used, "1");
    })
    .await;
}

/// Rows of a page of the API, or the code of what was refused.
fn given(answer: &crate::centre::Answer) -> Result<usize, String> {
    let value: Value = serde_json::from_str(&answer.text).unwrap();
    match value["rows"].as_array() {
        Some(rows) => Ok(rows.len()),
        None => Err(format!("{} {}", answer.status.as_u16(), value["code"].as_str().unwrap())),
    }
}

#[tokio::test]
async fn small_files_and_pages_of_the_api_are_one_large_file() {
    in_a_centre(|centre: Centre| async move {
        let policies = Policies::embedded().unwrap();
        let kind = policies.elevation.kind("export").unwrap();
        assert_eq!((kind.rows, kind.window_rows), (1_000, 2_000));
        centre.happen_often(2_500).await;
        let page = "/api/v1/search?range=24h&columns=seq&limit=800";
        let needed = Err("409 elevation-needed-rows".to_owned());
        assert_eq!(given(&centre.get("0", page).await), Ok(800));
        assert_eq!(centre.get("0", "/alerts?state=all&range=all&format=csv").await.status, StatusCode::OK);
        let sql = r#"{"sql":"SELECT seq FROM events","max_rows":900}"#;
        assert_eq!(given(&centre.post_json("0", "/api/v1/query", sql).await), Ok(900));
        assert_eq!(given(&centre.get("0", page).await), needed, "a third page");
        let few = given(&centre.post_json("0", "/api/v1/query", sql).await).unwrap();
        assert!((1..300).contains(&few), "a question is answered as far as it may: {few}");
        assert_eq!(given(&centre.post_json("0", "/api/v1/query", sql).await), needed);
        let lines = centre.open("0", page, "application/x-ndjson").await;
        let lines = axum::body::to_bytes(lines.into_body(), 8_000_000).await.unwrap();
        let last: Value = lines
            .split(|byte| *byte == b'\n')
            .filter_map(|line| serde_json::from_slice(line).ok())
            .next_back()
            .unwrap();
        assert_eq!(last["status"], Value::from(409), "{last}");
        assert!(!String::from_utf8_lossy(&lines).contains("\"seq\""), "no row comes before the refusal");
        assert_eq!(
            given(&centre.get("1", "/api/v1/search?range=24h&columns=seq").await).map(|_| ()),
            Ok(()),
            "another"
        );
    })
    .await;
}

/// How many rows have been counted, for all people together.
async fn counted(centre: &Centre) -> usize {
    let sum = "SELECT CAST(COALESCE(SUM(given), 0) AS TEXT) AS value FROM given_rows";
    centre.value(sum).await.parse().unwrap()
}

/// As if everybody who has taken something had taken all that needs no second person.
async fn use_up(centre: &Centre) {
    let all = Policies::embedded().unwrap().elevation.kind("export").unwrap().window_rows;
    centre.change(&format!("UPDATE given_rows SET given = {all} WHERE minute > 0")).await;
}

#[tokio::test]
async fn every_list_of_the_api_is_counted_and_says_how_to_ask_for_more() {
    in_a_centre(|centre: Centre| async move {
        raise(&centre, &centre.a, "r1", "may-01", NOW - HOUR).await;
        let list = make(&centre, "NCSC", "everyone").await;
        let file = json!({"type": "bundle", "objects": [
            {"type": "indicator", "id": "indicator--1", "pattern": "[domain-name:value = 'evil.example']"},
        ]});
        let import = format!("/api/v1/indicator-lists/{list}/import");
        assert_eq!(centre.post_json("2", &import, &file.to_string()).await.status, StatusCode::OK);
        let search = json!({ "kind": "search", "name": "Máy", "text": "root", "range": "1h", "sharing": "private" });
        let kept = centre.post_json("2", "/api/v1/saved-searches", &search.to_string()).await;
        assert_eq!(kept.status, StatusCode::CREATED, "{}", kept.text);
        let hunt = json!({ "kind": "rule", "subject": RULE, "range": "all" });
        let window = json!({
            "kind": "maintenance", "reach": "centre", "reason": "nâng cấp", "field": "host_name", "value": "web01",
            "starts_at": "2026-11-21T02:00:00Z", "ends_at": "2026-11-21T05:00:00Z",
        });
        for (path, body) in [("/api/v1/hunts", hunt), ("/api/v1/suppressions", window)] {
            let made = centre.post_json("2", path, &body.to_string()).await;
            assert_eq!(made.status, StatusCode::CREATED, "{path}: {}", made.text);
        }
        let normal = r#"{"kind":"hour","hour":3,"weekend":false,"share":0.0,"observations":90,"days":9}"#;
        centre
            .change(&format!(
                "INSERT INTO early_warnings (id, detector, agency_id, source_id, entity_kind, entity_value, sequence, \
                 time, anomaly) VALUES ('w1', 'early-volume', '{}', '{source}', 'source', '{source}', 1, {NOW}, \
                 '{{\"normal\":{normal},\"bars\":[]}}')",
                centre.a.agency,
                source = centre.a.source
            ))
            .await;
        let (source, system, agency) = (&centre.a.source, &centre.a.system, &centre.a.agency);
        for sql in [
            format!(
                "INSERT INTO coverage_days (system_id, day_start, solution_group, agency_id, system_level, minutes_expected, \
                 minutes_seen, minutes_maintenance, longest_gap, sources, complete, known_at) VALUES ('{system}', {}, 'any', \
                 '{agency}', 3, 1440, 1, 0, 1439, '[\"{source}\"]', TRUE, {NOW})",
                NOW - 24 * HOUR
            ),
            format!(
                "INSERT INTO maintenance_windows (id, agency_id, system_id, reason, starts_at, ends_at, created_by, created_at) \
                 VALUES ('m1', '{agency}', '{system}', 'nâng cấp', {NOW}, {}, 'x', {NOW})",
                NOW + HOUR
            ),
            format!(
                "INSERT INTO unread_lines (id, source_id, part, program, template, template_fold, words, lines, estimated, \
                 first_seen, last_seen, samples, state, reason) VALUES ('u1', '{source}', 'record', '', 'Dòng', 'dong', 'Dòng', \
                 1, FALSE, {NOW}, {NOW}, '1', 'new', '')"
            ),
        ] {
            centre.change(&sql).await;
        }
        let area = monitoring::area();
        // Tables and formats are of no agency.
        let free = ["/api/v1/tables", "/api/v1/formats"];
        let is_list = |path: &str| path.starts_with("/api/v1/") && !path.contains('{') && !free.contains(&path);
        let lists = area.routes.operations().iter().filter(|one| one.method == "GET" && is_list(one.path));
        let lists: Vec<_> = lists.map(|one| one.path).collect();
        assert!(lists.len() > 5, "{lists:?}");
        let mut rows = 0;
        for path in &lists {
            let answer = centre.get("2", path).await;
            let found = given(&answer).unwrap_or_else(|code| panic!("{path}: {code}"));
            assert!(found > 0, "{path} proves nothing: {}", answer.text);
            rows += found;
            assert_eq!(counted(&centre).await, rows, "{path}");
        }
        use_up(&centre).await;
        for path in &lists {
            let answer = centre.get("2", path).await;
            assert_eq!(given(&answer), Err("409 elevation-needed-rows".to_owned()), "{path}: {}", answer.text);
            assert!(answer.says("(/elevations)"), "{path}: {}", answer.text);
        }
        let refused = centre.get("2", "/api/v1/alerts?state=all&limit=5&offset=0").await;
        assert!(refused.says("/alerts?state=all "), "the question to ask for: {}", refused.text);
        for page in ["/alerts", "/entities", "/indicators", "/indicators/lists", "/saved-searches", "/sources"] {
            assert_eq!(centre.get("2", page).await.status, StatusCode::OK, "{page}");
        }
        for file in ["/indicators", "/indicators/lists", "/saved-searches", "/sources"] {
            let answer = centre.get("2", &format!("{file}?format=csv")).await;
            assert!(answer.location().starts_with("/elevations?kind=export&question="), "{file}: {}", answer.text);
        }
        assert_eq!(centre.get("2", "/rules?format=csv").await.status, StatusCode::OK, "rules are of no agency");
    })
    .await;
}

#[tokio::test]
async fn what_was_approved_leaves_by_the_api_page_by_page() {
    in_a_centre(|centre: Centre| async move {
        let (first, second) = ("/api/v1/alerts?state=all&limit=1", "/api/v1/alerts?state=all&limit=1&offset=1");
        more_alerts(&centre, 1).await;
        assert_eq!(given(&centre.get("0", first).await), Ok(1));
        use_up(&centre).await;
        assert!(given(&centre.get("0", second).await).is_err());
        let id = ask(&centre, first).await;
        approve(&centre, &id).await;
        assert_eq!((given(&centre.get("0", first).await), given(&centre.get("0", second).await)), (Ok(1), Ok(1)));
        assert_eq!(centre.value("SELECT CAST(used AS TEXT) AS value FROM elevations").await, "2");
        let other = given(&centre.get("0", "/api/v1/alerts?state=new").await);
        assert_eq!(other, Err("409 elevation-for-another".to_owned()));
    })
    .await;
}
