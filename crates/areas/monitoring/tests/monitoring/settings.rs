//! Settings: a content directory changes what the program does, file by file; a broken file is refused with its key; what
//! is changed while the program runs holds from then on.

use crate::centre::{Centre, NOW, RULE, in_a_centre, migrations, settings, shelf};
use crate::stream::{RULES, failures, figures, start_under};
use axum::http::StatusCode;
use event::{Column, Event, Value};
use event_store::{Options, Store};
use kit::Lang;
use kit::clock::DAY;
use kit::locale::texts;
use kit::page::Severity;
use monitoring::Monitoring;
use monitoring::entities::Band;
use monitoring::retention::Wish;
use monitoring::rules::scorecard::{Closings, Verdict, verdict};
use monitoring::settings::{MonitoringSettings, Settings, Shelf, embedded};
use organisation::regulations::{Book, Files, LawError, Regulations};
use std::time::Duration;

/// The built-in text of a file with another value.
fn changed(name: &str, old: &str, new: &str) -> (String, String) {
    let path = format!("monitoring/{name}");
    let text = embedded().remove(&path).unwrap();
    assert!(text.contains(old), "{name} holds no {old}");
    (path, text.replacen(old, new, 1))
}

/// What is in force where this file stands in the content directory.
fn opened(name: &str, old: &str, new: &str) -> Result<Shelf, LawError> {
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir(directory.path().join("monitoring")).unwrap();
    let (path, text) = changed(name, old, new);
    std::fs::write(directory.path().join(path), text).unwrap();
    let shelf = shelf();
    Regulations::open(vec![Box::new(MonitoringSettings::new(shelf.clone()))], Some(directory.path())).map(|_| shelf)
}

/// What an administrator puts in force while the centre runs.
fn set(centre: &Centre, settings: Settings) {
    centre.app.ports.get::<Monitoring>().unwrap().settings.replace(settings);
}

fn with(name: &str, old: &str, new: &str) -> Settings {
    Settings::clone(&opened(name, old, new).unwrap().current())
}

#[test]
fn every_built_in_file_is_sound_and_has_a_title_a_source_and_a_date() {
    let book = MonitoringSettings::new(shelf());
    for (path, text) in embedded() {
        for lang in Lang::ALL {
            let described = book.describe(&path, &text, lang);
            assert_ne!(described.title, path, "no title in {lang:?}");
            assert!(!described.documents.is_empty(), "{path}");
            let dated = described.valid_from.is_some() || path == "monitoring/retention.toml";
            assert!(dated, "{path} says not since when");
        }
    }
}

#[test]
fn scores_come_from_the_content_directory() {
    assert_eq!(settings().scoring.weigh(Severity::High, None).0, 65);
    let changed = with("scoring.toml", "[score.high]\nnone = 65", "[score.high]\nnone = 71");
    assert_eq!(changed.scoring.weigh(Severity::High, None).0, 71);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_that_nobody_registered_may_be_silent_as_long_as_is_set() {
    let database = test_support::sqlite(&migrations(), kit::bus::Bus::default()).await;
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path(), Options::default()).unwrap();
    let settings = with("sources.toml", "default = 15", "default = 40");
    let pipeline = start_under(&store, &database.db, RULES, Shelf::new(settings)).await;
    store.append(failures(0, 1, "10.0.0.5"), None).await.unwrap();
    pipeline.wait_evaluated(store.last_seq()).await.unwrap();
    assert_eq!(figures(&database.db, "SELECT max_silence_minutes AS value FROM sources").await, 40);
    pipeline.stop().await;
}

#[test]
fn bands_of_risk_come_from_the_content_directory() {
    assert_eq!(settings().entity_risk.band(150.0), Band::Medium);
    assert_eq!(with("entity-risk.toml", "high = 200.0", "high = 150.0").entity_risk.band(150.0), Band::High);
}

#[test]
fn a_detector_is_switched_on_by_the_content_directory() {
    let mut event = Event { source_id: Some("s".into()), ..Event::default() };
    event.columns.set(Column::EventCategory, &Value::from("process"));
    event.columns.set(Column::HostName, &Value::from("may-01"));
    event.columns.set(Column::ProcessExecutable, &Value::from("C:\\a.exe"));
    let seen = |settings: &Settings| {
        let policy = &settings.early_warning;
        policy.detectors[policy.place("early-rare-program").unwrap()].seen(&event).is_some()
    };
    assert!(!seen(&settings()));
    let named = "id = \"early-rare-program\"\nenabled = ";
    assert!(seen(&with("early-warning.toml", &format!("{named}false"), &format!("{named}true"))));
}

#[test]
fn rules_are_judged_by_the_thresholds_of_the_content_directory() {
    let closings = Closings { real: 3, allowed: 3, ..Closings::default() };
    assert_eq!(verdict(&settings().scorecard, &closings, 1.0), Verdict::Tune);
    assert_eq!(verdict(&with("scorecard.toml", "noise = 0.5", "noise = 0.6").scorecard, &closings, 1.0), Verdict::Keep);
}

#[tokio::test]
async fn exceptions_last_as_long_as_the_content_directory_says() {
    in_a_centre(|centre: Centre| async move {
        // 345 days ahead.
        let form = "act=save&expires_on=2027-11-01&reason=x&reach=centre&field=user_name&values=root";
        let path = format!("/rules/{RULE}/exceptions");
        assert_eq!(centre.post("2", &path, form).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        set(&centre, with("tuning.toml", "most_days = 180", "most_days = 400"));
        assert_eq!(centre.post("2", &path, form).await.status, StatusCode::SEE_OTHER);
    })
    .await;
}

#[test]
fn techniques_are_called_as_in_the_content_directory() {
    let changed = with("techniques.toml", "[en]\n", "[en]\n\"T9001\" = \"Of our own\"\n");
    assert_eq!(changed.techniques.of("T9001", Lang::Vi).name, "Of our own");
    assert_eq!(settings().techniques.of("T9001", Lang::Vi).name, "");
}

#[test]
fn indicators_are_as_severe_as_the_content_directory_says() {
    let from = "confidence = 75\nseverity = ";
    let changed = with("indicators.toml", &format!("{from}\"high\""), &format!("{from}\"critical\""));
    assert_eq!(changed.indicators.severity(80), Severity::Critical);
    assert_eq!(settings().indicators.severity(80), Severity::High);
}

#[test]
fn scheduled_searches_take_as_long_as_the_content_directory_says() {
    let changed = with("saved-searches.toml", "timeout_seconds = 20", "timeout_seconds = 45");
    assert_eq!(changed.saved_searches.timeout(), Duration::from_secs(45));
    assert_eq!(settings().saved_searches.timeout(), Duration::from_secs(20));
}

#[tokio::test]
async fn the_duty_page_looks_back_as_far_as_the_content_directory_says() {
    in_a_centre(|centre: Centre| async move {
        assert!(!centre.get("0", "/").await.says("range=48h"));
        set(&centre, with("duty.toml", "alerts_hours = 24", "alerts_hours = 48"));
        let page = centre.get("0", "/").await;
        assert!(page.says("range=48h"), "{}", page.text);
    })
    .await;
}

#[test]
fn logs_are_kept_as_long_as_the_content_directory_says() {
    let levels = [("a".to_owned(), 3)];
    let short = Wish { days: Some(7), ..Wish::default() };
    let days = |settings: &Settings| settings.retention.plan(short, &levels).days_of(Some("a"), "web-access@2");
    assert_eq!(days(&settings()), 92);
    assert_eq!(days(&with("retention.toml", "days = 92", "days = 120")), 120);
}

#[test]
fn a_broken_file_is_refused_with_its_name_line_and_key() {
    for (name, old, new, key) in [
        ("scoring.toml", "samples = 20", "samples = 0", "samples"),
        ("scoring.toml", "window_hours = 12", "window_hours = 0", "story.window_hours"),
        ("scoring.toml", "window_minutes = 60", "window = 60", "window"),
        ("entity-risk.toml", "high = 200.0", "high = 20.0", "band.high"),
        ("early-warning.toml", "history_days = 7", "history_days = 3", "history_days"),
        ("scorecard.toml", "noise = 0.5", "noise = 50.0", "tune.noise"),
        ("tuning.toml", "keep_days = 31", "keep_days = 5", "hits.keep_days"),
        ("tuning.toml", "\"source_ip\",", "\"source\",", "hits.columns"),
        ("techniques.toml", "days = 7", "days = 0", "matrix.days"),
        ("indicators.toml", "default = 70", "default = 700", "confidence.default"),
        ("saved-searches.toml", "runs_at_once = 50", "", "runs_at_once"),
        ("duty.toml", "rows = 12", "rows = \"many\"", "rows"),
        ("retention.toml", "warn_days = 30", "warn_days = 0", "care.warn_days"),
        ("duty.toml", "basis.document", "basis.documents", "documents"),
    ] {
        let told = opened(name, old, new).err().unwrap().to_string();
        assert!(told.contains(&format!("monitoring/{name}")) && told.contains(key), "{name} {key}: {told}");
    }
    let told = opened("tuning.toml", "keep_days = 31", "keep_days = 5").err().unwrap();
    let text = embedded().remove("monitoring/tuning.toml").unwrap();
    let line = text.lines().position(|line| line == "keep_days = 31").map(|index| index + 1);
    assert_eq!(told.0[0].line, line);
}

#[test]
fn a_file_that_nobody_reads_and_one_that_is_missing_are_refused() {
    let mut files = embedded();
    files.insert("monitoring/scorring.toml".to_owned(), String::new());
    assert!(Settings::read(&files).unwrap_err().to_string().contains("monitoring/scorring.toml"));
    let mut files = embedded();
    files.remove("monitoring/duty.toml");
    assert!(Settings::read(&files).unwrap_err().to_string().contains("monitoring/duty.toml"));
}

#[test]
fn a_change_is_told_by_file_key_and_value_and_what_waits_for_the_next_start_is_said() {
    let book = MonitoringSettings::new(shelf());
    let effects = |name: &str, old: &str, new: &str| {
        let (path, text) = changed(name, old, new);
        let mut after: Files = embedded();
        after.insert(path, text);
        book.effects(&embedded(), &after, Lang::Vi)
    };
    let waits = texts().text(Lang::Vi, "setting-effect-next-start");
    let told = effects("tuning.toml", "most_days = 180", "most_days = 90");
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(["tuning", "exceptions.most_days", "180", "90"].iter().all(|part| told[0].contains(part)), "{told:?}");
    assert_eq!(effects("tuning.toml", "groups = 100_000", "groups = 50_000").last(), Some(&waits));
    let told = effects("early-warning.toml", "enabled = true", "enabled = false");
    assert!(told[0].contains("detector.early-volume.enabled") && told.contains(&waits), "{told:?}");
    assert!(effects("duty.toml", "# Rows", "# Lines").is_empty(), "a comment changes nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_changed_while_events_come_holds_from_the_next_ones_on() {
    test_support::on_each_database(&migrations(), kit::bus::Bus::default, |db| async move {
        let directory = tempfile::tempdir().unwrap();
        let (store, shelf) = (Store::open(directory.path(), Options::default()).unwrap(), shelf());
        let pipeline = start_under(&store, &db, RULES, shelf.clone()).await;
        store.append(failures(0, 5, "10.0.0.5"), None).await.unwrap();
        pipeline.wait_evaluated(store.last_seq()).await.unwrap();
        let score = "SELECT CAST(MAX(score) AS BIGINT) AS value FROM alerts";
        assert_eq!(figures(&db, score).await, 65);
        shelf.replace(with("scoring.toml", "[score.high]\nnone = 65", "[score.high]\nnone = 91"));
        store.append(failures(10, 5, "10.0.0.5"), None).await.unwrap();
        pipeline.wait_evaluated(store.last_seq()).await.unwrap();
        assert_eq!(figures(&db, score).await, 91);
        pipeline.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_weight_follows_the_settings_that_are_in_force_when_it_is_asked() {
    in_a_centre(|centre: Centre| async move {
        centre.change(&format!("UPDATE alerts SET risk = 100.0, last_event_time = {}", NOW - DAY / 2)).await;
        let before = centre.get("0", "/entities?format=csv").await;
        assert!(before.says(",medium,"), "{}", before.text);
        set(&centre, with("entity-risk.toml", "high = 200.0", "high = 81.0"));
        let after = centre.get("0", "/entities?format=csv").await;
        assert!(after.says(",high,"), "{}", after.text);
    })
    .await;
}
