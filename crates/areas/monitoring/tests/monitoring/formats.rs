//! Formats: the list, the page where lines are pasted, and what is refused there.

use crate::centre::{Centre, in_a_centre};
use axum::http::StatusCode;
use ingest::FormatSet;
use monitoring::Monitoring;
use monitoring::formats::reading::MOST_LINES;
use monitoring::formats::{Formats, Shelf};
use organisation::regulations::{Files, LawError, Regulations};

const ENVELOPE: &str = "name = 'syslog'\nversion = 1\ntitle = 'Syslog'\norder = 500\nextract = 'syslog'\n\
    [recognise]\nlines = ['^<[0-9]{1,3}>']\n";

/// As a form sends it.
fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn read_by(centre: &Centre, texts: &[&str]) {
    let files: Vec<_> = texts.iter().enumerate().map(|(at, text)| (format!("{at}.toml"), (*text).to_owned())).collect();
    centre.app.ports.get::<Monitoring>().unwrap().formats.replace(FormatSet::load(&files).unwrap());
}

#[tokio::test]
async fn pasted_lines_are_read_and_a_format_is_proposed_that_reads_them() {
    in_a_centre(|centre: Centre| async move {
        read_by(&centre, &[ENVELOPE]);
        let lines = encoded("gate 3 opened by anna from 10.1.2.3\ngate 4 opened by bao from 10.1.2.4");
        let page = centre.post("0", "/formats/workshop", &format!("lines={lines}&then=read")).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        assert!(page.says("Chưa đọc được"), "{}", page.text);
        let form = format!("lines={lines}&name=gate&title=Gate&disguised=true&then=propose");
        let page = centre.post("0", "/formats/workshop", &form).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        assert!(page.says("order = 450") && page.says("192.0.2.1"), "{}", page.text);
        assert!(page.says("vẫn đọc như cũ") && page.says("Đọc được"), "the proposal is tried: {}", page.text);
        let broken = format!("lines={lines}&text={}&then=read", encoded("name = 1"));
        let page = centre.post("0", "/formats/workshop", &broken).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", page.text);
        assert!(page.says("dòng 1"), "the fault has its place: {}", page.text);
        assert_eq!(centre.get("0", "/formats").await.status, StatusCode::OK);
        assert_eq!(centre.get("0", "/formats/workshop").await.status, StatusCode::OK);
    })
    .await;
}

#[tokio::test]
async fn the_interface_reads_lines_within_its_bounds() {
    in_a_centre(|centre: Centre| async move {
        read_by(&centre, &[ENVELOPE]);
        let body = r#"{"lines":"<13>Nov 20 10:11:12 srv gate[7]: opened by anna\ndoor is open"}"#;
        let answer = centre.post_json("0", "/api/v1/formats/read", body).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        let readings: serde_json::Value = serde_json::from_str(&answer.text).unwrap();
        assert_eq!(readings[0]["format"], "syslog@1");
        assert_eq!(readings[0]["unread"], "opened by anna");
        assert_eq!(readings[1]["understood"], false);
        let many = format!("{{\"lines\":\"{}\"}}", "x\\n".repeat(MOST_LINES + 1));
        for body in [many.as_str(), "{}", r#"{"lines":"x","text":"name = 1"}"#] {
            let answer = centre.post_json("0", "/api/v1/formats/read", body).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text);
        }
        assert_eq!(centre.get("0", "/api/v1/formats").await.status, StatusCode::OK);
    })
    .await;
}

#[tokio::test]
async fn a_format_is_saved_by_who_may_change_law_of_the_whole_centre_and_only_if_it_loads() {
    in_a_centre(|centre: Centre| async move {
        let sound = serde_json::json!({ "text": ENVELOPE, "reason": "thiết bị mới" }).to_string();
        let answer = centre.post_json("0", "/api/v1/formats", &sound).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.text);
        let broken = r#"{"text":"name = 'x'","reason":"thử"}"#;
        let answer = centre.post_json("2", "/api/v1/formats", broken).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text);
        let kept = "SELECT CAST(COUNT(*) AS TEXT) AS value FROM law_drafts";
        assert_eq!(centre.value(kept).await, "0");
    })
    .await;
}

#[test]
fn a_file_of_the_content_directory_goes_before_what_is_built_in_and_must_load() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir(directory.path().join("formats")).unwrap();
    let shelf = Shelf::new(FormatSet::load(&[]).unwrap());
    let open = |text: &str| -> Result<Regulations, LawError> {
        std::fs::write(directory.path().join("formats/syslog.toml"), text).unwrap();
        let embedded = Files::from([("formats/syslog.toml".to_owned(), ENVELOPE.to_owned())]);
        Regulations::open(vec![Box::new(Formats::new(shelf.clone(), embedded, "UTC"))], Some(directory.path()))
    };
    let regulations = open(&ENVELOPE.replace("'Syslog'", "'Of this centre'")).unwrap();
    assert_eq!(shelf.current().titles(), [("syslog", "Of this centre")]);
    assert_eq!(regulations.current().files["formats/syslog.toml"].source.code(), "directory");
    let broken = open(&ENVELOPE.replace("order = 500", "order = 'first'")).err().unwrap();
    assert!(broken.to_string().contains("formats/syslog.toml"), "{broken}");
}
