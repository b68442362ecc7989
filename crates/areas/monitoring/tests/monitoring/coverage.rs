//! Coverage: days are rolled up and never rewritten, maintenance is honoured and counted, silence and floods are alerts that end
//! by themselves, pages and programs see what is theirs.

use crate::centre::{Centre, NOW, in_a_centre, settings};
use crate::stream::{failures, figures, start};
use axum::http::StatusCode;
use event_store::{Options, Store};
use kit::Scope;
use kit::clock::{DAY, HOUR, MINUTE, Micros};
use kit::live::Live;
use monitoring::coverage::roll_up::roll_up;
use monitoring::maintenance::service::{self, MaintenanceInput};
use monitoring::sources::service::SourceInput;
use monitoring::sources::{flood, learning, silence};
use serde_json::{Value, json};

/// 21 November 2026, 00:00 in Vietnam.
const TODAY: Micros = NOW - 9 * HOUR - 12 * MINUTE;
const YESTERDAY: Micros = TODAY - DAY;
/// Every minute of an hour.
const WHOLE: i64 = (1 << 60) - 1;

async fn hear(centre: &Centre, source: &str, hour: Micros) {
    let sql = format!(
        "INSERT INTO source_presence (source_id, hour_start, minutes_seen, events) VALUES ('{source}', {hour}, {WHOLE}, 600)"
    );
    centre.change(&sql).await;
}

/// Counts at a moment; gives how many rows changed.
async fn count(centre: &Centre, now: Micros) -> usize {
    roll_up(&centre.db, &Scope::service("test"), &settings().sources, now).await.unwrap()
}

/// A figure of a system's day that stands.
async fn figure(centre: &Centre, column: &str, system: &str, day: Micros, part: &str) -> i64 {
    let sql = format!(
        "SELECT {column} AS value FROM coverage_days WHERE system_id = '{system}' AND day_start = {day} \
         AND solution_group = '{part}' AND superseded_at IS NULL"
    );
    figures(&centre.db, &sql).await
}

async fn plan(centre: &Centre, input: &MaintenanceInput) -> String {
    let scope = Scope::service("test");
    let tx = centre.db.scoped(&scope).begin().await.unwrap();
    let id = service::plan(&tx, &settings(), input, NOW).await.unwrap();
    tx.commit().await.unwrap();
    id
}

fn until_noon(reach: &str) -> MaintenanceInput {
    MaintenanceInput {
        reach: reach.into(),
        starts_at: "2026-11-21T09:12".into(),
        ends_at: "2026-11-21T12:12".into(),
        reason: "thay nguồn điện".into(),
        hold_alerts: String::new(),
    }
}

#[tokio::test]
async fn a_day_that_is_over_is_counted_once_and_what_was_known_of_it_stays() {
    in_a_centre(|centre| async move {
        let (source, system) = (&centre.a.source, &centre.a.system);
        hear(&centre, source, YESTERDAY + 10 * HOUR).await;
        hear(&centre, source, YESTERDAY + 11 * HOUR).await;
        // Two systems of level 3, two days, five groups and all together; and the day on which the source was heard.
        assert_eq!(count(&centre, NOW).await, 2 * 2 * 6 + 1);
        let of = async |column: &str, part: &str| figure(&centre, column, system, YESTERDAY, part).await;
        // Registered at 09:12; the last record speaks for the nine minutes after it, as long as the source may be silent.
        assert_eq!((of("minutes_expected", "any").await, of("minutes_seen", "any").await), (888, 129));
        assert_eq!((of("longest_gap", "any").await, of("minutes_maintenance", "any").await), (711, 0));
        assert_eq!((of("minutes_seen", "endpoint").await, of("minutes_seen", "network").await), (129, 0));
        assert_eq!(of("minutes_expected", "network").await, 888, "a group that is missing is silent");
        let sources = centre
            .value(&format!(
                "SELECT sources AS value FROM coverage_days WHERE system_id = '{system}' AND day_start = {YESTERDAY} \
                 AND solution_group = 'any'"
            ))
            .await;
        assert_eq!(sources, json!([source]).to_string());
        assert_eq!(count(&centre, NOW).await, 0, "nothing has changed");
        assert_eq!(count(&centre, NOW + MINUTE).await, 2 * 6, "the running day alone");
        hear(&centre, source, YESTERDAY + 12 * HOUR).await;
        assert_eq!(count(&centre, NOW + 2 * MINUTE).await, 2 * 6 + 3);
        assert_eq!(of("minutes_seen", "any").await, 189);
        let kept =
            "SELECT CAST(SUM(minutes_seen) AS BIGINT) AS value FROM coverage_days WHERE superseded_at IS NOT NULL";
        assert_eq!(figures(&centre.db, kept).await, 2 * 129, "what was known before");
        let kept = "SELECT COUNT(*) AS value FROM source_days WHERE superseded_at IS NOT NULL";
        assert_eq!(figures(&centre.db, kept).await, 1);
    })
    .await;
}

#[tokio::test]
async fn roll_ups_outlive_the_hours_that_they_were_made_of() {
    in_a_centre(|centre| async move {
        let mut settings = settings().sources;
        settings.coverage.hours_days = 1;
        hear(&centre, &centre.a.source, YESTERDAY + 10 * HOUR).await;
        let scope = Scope::service("test");
        let later = NOW + 3 * DAY;
        roll_up(&centre.db, &scope, &settings, later).await.unwrap();
        roll_up(&centre.db, &scope, &settings, later + MINUTE).await.unwrap();
        assert_eq!(figures(&centre.db, "SELECT COUNT(*) AS value FROM source_presence").await, 0);
        assert_eq!(figure(&centre, "minutes_seen", &centre.a.system, YESTERDAY, "any").await, 69);
        assert_eq!(
            figures(&centre.db, "SELECT CAST(SUM(minutes_heard) AS BIGINT) AS value FROM source_days").await,
            60
        );
    })
    .await;
}

#[tokio::test]
async fn a_source_that_is_adopted_is_counted_for_the_days_on_which_it_spoke() {
    in_a_centre(|centre| async move {
        let source = kit::id::new_id(NOW);
        for sql in [
            format!(
                "INSERT INTO sources (id, name, name_fold, name_sort, kind, state, sender_key, match_host, expected, \
                 max_silence_minutes, note, created_at, created_by, updated_at) VALUES ('{source}', 'web9', 'web9', '', \
                 'network', 'unassigned', 'syslog_tcp|10.9.9.9|web9', 'web9', FALSE, 15, '', 1, 'x', 1)"
            ),
            format!(
                "INSERT INTO source_status (source_id, rate_per_minute, events, not_understood, last_sequence) \
                 VALUES ('{source}', 0, 0, 0, 0)"
            ),
            format!(
                "INSERT INTO source_expectations (source_id, valid_from, expected, rhythm, max_silence_minutes) \
                 VALUES ('{source}', 1, FALSE, 'always', 15)"
            ),
        ] {
            centre.change(&sql).await;
        }
        hear(&centre, &source, YESTERDAY + 20 * HOUR).await;
        count(&centre, NOW).await;
        assert_eq!(figure(&centre, "minutes_seen", &centre.a.system, YESTERDAY, "network").await, 0);
        let all = Scope::service("test");
        let tx = centre.db.scoped(&all).begin().await.unwrap();
        monitoring::sources::service::adopt(&tx, &source, &centre.a.system, None, NOW).await.unwrap();
        tx.commit().await.unwrap();
        count(&centre, NOW + MINUTE).await;
        assert_eq!(figure(&centre, "minutes_seen", &centre.a.system, YESTERDAY, "network").await, 74);
        assert_eq!(figures(&centre.db, "SELECT COUNT(*) AS value FROM coverage_stale").await, 0);
    })
    .await;
}

#[tokio::test]
async fn planned_maintenance_is_no_silence_and_is_counted_as_such() {
    in_a_centre(|centre| async move {
        let (all, live, settings) = (Scope::service("test"), Live::default(), settings());
        centre.change(&format!("UPDATE source_status SET last_live = {NOW}")).await;
        plan(&centre, &until_noon(&format!("system:{}", centre.a.system))).await;
        let check = async |now| silence::check(&centre.db, &all, &live, &settings, now).await.unwrap();
        assert_eq!(check(NOW + 30 * MINUTE).await, (1, 0), "the other department alone");
        count(&centre, NOW + HOUR).await;
        let of = async |column: &str| figure(&centre, column, &centre.a.system, TODAY, "any").await;
        assert_eq!((of("minutes_expected").await, of("minutes_maintenance").await), (612, 60));
        assert_eq!((of("minutes_seen").await, of("longest_gap").await), (0, 552));
        assert_eq!(check(NOW + 3 * HOUR + 10 * MINUTE).await, (0, 0), "it has its time to speak again");
        assert_eq!(check(NOW + 3 * HOUR + 11 * MINUTE).await, (1, 0));
    })
    .await;
}

#[tokio::test]
async fn a_window_that_also_holds_back_alerts_is_one_act_and_ends_as_one() {
    in_a_centre(|centre| async move {
        let reach = format!("system:{}", centre.a.system);
        let quiet = plan(&centre, &until_noon(&reach)).await;
        let number = async |sql: &str| figures(&centre.db, sql).await;
        assert_eq!(number("SELECT COUNT(*) AS value FROM suppressions").await, 0, "only where it is asked for");
        let id = plan(&centre, &MaintenanceInput { hold_alerts: "true".into(), ..until_noon(&reach) }).await;
        let same = "SELECT COUNT(*) AS value FROM maintenance_windows m JOIN suppressions u ON u.id = m.suppression_id \
            WHERE u.system_id = m.system_id AND u.starts_at = m.starts_at AND u.ends_at = m.ends_at AND u.kind = 'maintenance'";
        assert_eq!(number(same).await, 1);
        let scope = Scope::service("test");
        let tx = centre.db.scoped(&scope).begin().await.unwrap();
        for one in [&quiet, &id] {
            service::end(&tx, one, "xong sớm", NOW + HOUR).await.unwrap();
        }
        tx.commit().await.unwrap();
        let ended = format!("SELECT ended_at AS value FROM suppressions WHERE ended_at = {}", NOW + HOUR);
        assert_eq!(number(&ended).await, NOW + HOUR);
        let wide = MaintenanceInput { hold_alerts: "true".into(), ..until_noon("centre") };
        let tx = centre.db.scoped(&scope).begin().await.unwrap();
        assert!(service::plan(&tx, &settings(), &wide, NOW).await.is_err(), "not every alert of the whole centre");
    })
    .await;
}

#[tokio::test]
async fn silence_is_one_alert_of_the_agency_and_its_end_closes_it() {
    in_a_centre(|centre| async move {
        let (all, live, settings) = (Scope::service("test"), Live::default(), settings());
        let heard = |at: Micros| format!("UPDATE source_status SET last_live = {at}, last_sequence = 7");
        centre.change(&heard(NOW)).await;
        let check = async |now| silence::check(&centre.db, &all, &live, &settings, now).await.unwrap();
        assert_eq!(check(NOW + 11 * MINUTE).await, (2, 0));
        assert_eq!(check(NOW + 12 * MINUTE).await, (0, 0));
        let own = format!("rule_id = 'source-silence' AND source_id = '{}'", centre.a.source);
        let number =
            async |what: &str| figures(&centre.db, &format!("SELECT {what} AS value FROM alerts WHERE {own}")).await;
        assert_eq!(number("COUNT(*)").await, 1);
        assert_eq!(
            (number("first_event_time").await, number("first_sequence").await),
            (NOW, 7),
            "when it was last well"
        );
        let text = async |what: &str| centre.value(&format!("SELECT {what} AS value FROM alerts WHERE {own}")).await;
        assert_eq!((text("agency_id").await, text("state").await), (centre.a.agency.clone(), "new".to_owned()));
        let id = text("id").await;
        let page = centre.get("0", &format!("/alerts/{id}")).await;
        assert!(
            page.says("Nguồn nhật ký im lặng") && page.says(&format!("/sources/{}", centre.a.source)),
            "{}",
            page.text
        );
        assert_eq!(centre.get("1", &format!("/alerts/{id}")).await.status, StatusCode::NOT_FOUND);
        centre.change(&heard(NOW + 13 * MINUTE)).await;
        assert_eq!(check(NOW + 14 * MINUTE).await, (0, 2));
        assert_eq!(text("state").await, "closed");
        let audited =
            format!("SELECT action AS value FROM audit_entries WHERE object_id = '{id}' AND action = 'alert.close'");
        assert_eq!(centre.value(&audited).await, "alert.close");
        assert_eq!(check(NOW + 30 * MINUTE).await, (2, 0));
        assert_eq!(number("COUNT(*)").await, 2, "another silence is another alert");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_is_connected_falls_silent_and_the_day_says_so_to_the_minute() {
    in_a_centre(|centre| async move {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path(), Options::default()).unwrap();
        let pipeline = start(&store, &centre.db).await;
        store.append(failures(0, 3, "10.0.0.5"), None).await.unwrap();
        pipeline.wait_evaluated(store.last_seq()).await.unwrap();
        pipeline.stop().await;
        let source = centre.value("SELECT id AS value FROM sources WHERE state = 'unassigned'").await;
        let (all, settings) = (Scope::service("test"), settings());
        let tx = centre.db.scoped(&all).begin().await.unwrap();
        monitoring::sources::service::adopt(&tx, &source, &centre.a.system, None, NOW).await.unwrap();
        let input = SourceInput {
            name: "Tường lửa".into(),
            kind: "network".into(),
            system_id: centre.a.system.clone(),
            match_host: "web01".into(),
            expected: "on".into(),
            max_silence_minutes: "15".into(),
            ..SourceInput::default()
        };
        monitoring::sources::service::change(&tx, &settings.sources, &source, &input, NOW).await.unwrap();
        tx.commit().await.unwrap();
        let alerts =
            format!("SELECT COUNT(*) AS value FROM alerts WHERE source_id = '{source}' AND rule_id = 'source-silence'");
        for (minutes, told) in [(15, 0), (16, 1), (17, 1)] {
            silence::check(&centre.db, &all, &Live::default(), &settings, NOW + minutes * MINUTE).await.unwrap();
            assert_eq!(figures(&centre.db, &alerts).await, told, "{minutes}");
        }
        count(&centre, NOW + 30 * MINUTE).await;
        let of = async |column: &str| figure(&centre, column, &centre.a.system, TODAY, "network").await;
        assert_eq!(
            (of("minutes_expected").await, of("minutes_seen").await, of("longest_gap").await),
            (582, 15, 552),
            "before it came, nobody watched the network"
        );
        // From its second minute on it may be silent for one minute: what was allowed before says nothing of those.
        let tx = centre.db.scoped(&all).begin().await.unwrap();
        let input = SourceInput { max_silence_minutes: "1".into(), ..input };
        monitoring::sources::service::change(&tx, &settings.sources, &source, &input, NOW + 2 * MINUTE).await.unwrap();
        tx.commit().await.unwrap();
        count(&centre, NOW + 40 * MINUTE).await;
        assert_eq!((of("minutes_expected").await, of("minutes_seen").await, of("longest_gap").await), (592, 2, 552));
    })
    .await;
}

#[tokio::test]
async fn a_flood_is_one_alert_until_it_ends() {
    in_a_centre(|centre| async move {
        let (all, live, settings) = (Scope::service("test"), Live::default(), settings());
        let usual = format!("[{}]", vec!["60.0"; 168].join(","));
        let hours = "f".repeat(42);
        let source = &centre.a.source;
        centre
            .change(&format!(
                "INSERT INTO source_rhythms (source_id, hours, max_silence_minutes, usual, weeks, learned_at) \
                 VALUES ('{source}', '{hours}', 15, '{usual}', 4, {NOW})"
            ))
            .await;
        let sends = async |rate: i64| {
            centre.change(&format!("UPDATE source_status SET rate_per_minute = {rate}")).await;
            flood::check(&centre.db, &all, &live, &settings, NOW).await.unwrap()
        };
        assert_eq!(sends(200).await, (0, 0), "many times what is usual, and still a handful");
        assert_eq!(sends(1_000).await, (1, 0), "of the other source nobody knows what is usual");
        assert_eq!(sends(1_000).await, (0, 0));
        assert_eq!(sends(200).await, (0, 0), "not over yet");
        assert_eq!(sends(100).await, (0, 1));
        let state = "SELECT state AS value FROM alerts WHERE rule_id = 'source-flood'";
        assert_eq!(centre.value(state).await, "closed");
    })
    .await;
}

#[tokio::test]
async fn a_source_learns_its_hours_from_whole_weeks() {
    in_a_centre(|centre| async move {
        let source = &centre.a.source;
        let monday = TODAY - 5 * DAY;
        for week in 1..=4 {
            hear(&centre, source, monday + 8 * HOUR - week * 7 * DAY).await;
        }
        let since = NOW - 35 * DAY;
        centre.change(&format!("UPDATE source_status SET first_seen = {since} WHERE source_id = '{source}'")).await;
        let (all, rhythm) = (Scope::service("test"), settings().sources.rhythm);
        assert_eq!(learning::learn_some(&centre.db, &all, &rhythm, NOW).await.unwrap(), 2);
        assert_eq!(learning::learn_some(&centre.db, &all, &rhythm, NOW).await.unwrap(), 0, "once a day");
        let ids = [source.clone(), centre.b.source.clone()];
        let learned = learning::learned(&centre.db.scoped(&all).read(), &ids).await.unwrap();
        let of = |id: &String| (learned[id].weeks, learned[id].hours.count());
        assert_eq!((of(source), of(&centre.b.source)), ((4, 1), (0, 0)));
        assert!(learned[source].hours.holds(monday + 8 * HOUR));
    })
    .await;
}

#[tokio::test]
async fn the_board_a_day_and_who_is_not_watched_are_shown_within_the_agency() {
    in_a_centre(|centre: Centre| async move {
        let (system, source) = (&centre.a.system, &centre.a.source);
        hear(&centre, source, TODAY + 8 * HOUR).await;
        centre
            .change(&format!(
                "UPDATE source_status SET last_live = {NOW}, last_sequence = 1 WHERE source_id = '{source}'"
            ))
            .await;
        count(&centre, NOW).await;
        let board = centre.get("0", "/coverage").await;
        assert_eq!(board.status, StatusCode::OK, "{}", board.text);
        assert!(board.says("Cổng thông tin Sở Y tế") && !board.says("Cổng thông tin Sở Giáo dục"), "{}", board.text);
        let day = format!("/coverage/{system}?day=2026-11-21");
        assert!(board.says(&day), "{}", board.text);
        let shown = centre.get("0", &day).await;
        assert_eq!(shown.status, StatusCode::OK, "{}", shown.text);
        assert!(shown.says("69 trên 552 phút") && shown.says("/search?q=source_id"), "{}", shown.text);
        assert_eq!(centre.get("1", &day).await.status, StatusCode::NOT_FOUND);
        let missing = centre.get("2", "/coverage/unwatched").await;
        assert!(missing.says("Thiếu nhóm giải pháp") && missing.says("Chưa từng nhận dòng nào"), "{}", missing.text);
        let own = centre.get("0", "/coverage/unwatched?format=csv").await;
        assert!(own.says("Sở Y tế") && !own.says("Sở Giáo dục"), "{}", own.text);
        let file = centre.get("0", "/coverage?format=csv").await;
        assert!(file.says("2026-11-21") && !file.says("Sở Giáo dục"), "{}", file.text);
        let page = centre.get("0", &format!("/sources/{source}")).await;
        assert!(page.says("Failed password for root") && page.says("source-rate"), "{}", page.text);
        let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        let rows = read(&centre.get("0", "/api/v1/coverage").await.text);
        assert_eq!(rows["total"], json!(6), "{rows}");
        assert_eq!(read(&centre.get("1", &format!("/api/v1/coverage?system={system}")).await.text)["total"], json!(0));
        let rows = read(&centre.get("0", "/api/v1/sources").await.text);
        assert_eq!((&rows["total"], &rows["rows"][0]["solution_group"]), (&json!(1), &json!("endpoint")), "{rows}");
        let one = format!("/api/v1/sources/{source}");
        assert_eq!(centre.get("0", &one).await.status, StatusCode::OK);
        assert_eq!(centre.get("1", &one).await.status, StatusCode::NOT_FOUND);
        let rows = read(&centre.get("0", "/api/v1/coverage/unwatched").await.text);
        assert_eq!(rows["rows"][0]["why"], json!("groups-missing"), "{rows}");
    })
    .await;
}

#[tokio::test]
async fn maintenance_is_announced_seen_and_ended_within_the_agency() {
    in_a_centre(|centre: Centre| async move {
        let system = &centre.a.system;
        let form = centre.get("0", &format!("/maintenance/new?system={system}")).await;
        assert!(form.says(&format!("value=\"system:{system}\" selected")), "{}", form.text);
        assert!(!form.says(&centre.b.system) && !form.says("value=\"centre\""), "{}", form.text);
        let fields = format!("reach=system%3A{system}&starts_at=2026-11-21T09:00&reason=thay%20ngu%E1%BB%93n");
        let wrong = centre.post("0", "/maintenance", &format!("{fields}&ends_at=")).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        let full = format!("{fields}&ends_at=2026-11-21T12:00");
        assert_eq!(centre.post("1", "/maintenance", &full).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        let made = centre.post("0", "/maintenance", &full).await;
        assert_eq!((made.status, made.location()), (StatusCode::SEE_OTHER, "/maintenance"), "{}", made.text);
        let audited = "SELECT details AS value FROM audit_entries WHERE action = 'maintenance.plan'";
        assert!(centre.value(audited).await.contains("thay nguồn"));
        assert!(centre.get("0", "/maintenance").await.says("thay nguồn"));
        assert!(!centre.get("1", "/maintenance").await.says("thay nguồn"));
        let id = centre.value("SELECT id AS value FROM maintenance_windows").await;
        let end = format!("/maintenance/{id}/end");
        assert_eq!(centre.post("1", &end, "reason=x").await.status, StatusCode::NOT_FOUND);
        assert_eq!(centre.post("0", &end, "reason=").await.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(centre.post("0", &end, "reason=xong").await.status, StatusCode::SEE_OTHER);
        assert!(centre.get("0", "/maintenance?show=over").await.says("thay nguồn"));
        let body = json!({
            "reach": format!("source:{}", centre.a.source), "reason": "đổi cáp",
            "starts_at": "2026-11-21T02:00:00Z", "ends_at": "2026-11-21T05:00:00Z",
        });
        let path = "/api/v1/maintenance";
        assert_eq!(centre.post_json("", path, &body.to_string()).await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(centre.post_json("1", path, &body.to_string()).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        let made = centre.post_json("0", path, &body.to_string()).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        let made: Value = serde_json::from_str(&made.text).unwrap();
        let one = format!("{path}/{}", made["id"].as_str().unwrap());
        for (who, status) in [("0", StatusCode::OK), ("1", StatusCode::NOT_FOUND), ("2", StatusCode::OK)] {
            assert_eq!(centre.get(who, &one).await.status, status, "{who}");
        }
    })
    .await;
}
