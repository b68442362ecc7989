//! Connecting a source from the page of a sender: registered once, its lines with our addresses, heard or not, behind the walls.

use crate::centre::{Answer, Centre, in_a_centre};
use axum::http::StatusCode;

const HOST: &str = "match_host=may-moi";

async fn connect(centre: &Centre, sender: &str, form: &str) -> Answer {
    let form = format!("system_id={}&name=M%C3%A1y%20m%E1%BB%9Bi&{form}", centre.a.system);
    centre.post("0", &format!("/sources/connect/{sender}"), &form).await
}

#[tokio::test]
async fn who_can_send_to_an_open_door_is_listed_and_only_they() {
    in_a_centre(|centre: Centre| async move {
        let page = centre.get("0", "/sources/connect").await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.says("href=\"/sources/connect/rsyslog-tcp\""), "{}", page.text);
        assert!(page.says("href=\"/sources/connect/rsyslog-tls\"") && page.says("href=\"/sources/connect/filebeat\""));
        assert!(!page.says("rsyslog (RELP)") && !page.says("Cisco"), "their doors are shut");
        let chosen = centre.get("0", &format!("/sources/connect?system={}", centre.a.system)).await;
        assert!(
            chosen.says(&format!("href=\"/sources/connect/rsyslog-tcp?system={}\"", centre.a.system)),
            "{}",
            chosen.text
        );
        let reader = centre.get("3", "/sources/connect").await;
        assert!(reader.says("rsyslog (TCP)") && !reader.says("href=\"/sources/connect/rsyslog-tcp\""));
        assert_eq!(centre.get("3", "/sources/connect/rsyslog-tcp").await.status, StatusCode::FORBIDDEN);
        for unknown in ["cisco-ios", "nobody"] {
            let answer = centre.get("0", &format!("/sources/connect/{unknown}")).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{unknown}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_source_is_registered_once_and_its_lines_hold_our_addresses() {
    in_a_centre(|centre: Centre| async move {
        let nothing = connect(&centre, "rsyslog-tcp", "match_host=&match_network=%20").await;
        assert_eq!(nothing.status, StatusCode::UNPROCESSABLE_ENTITY, "nothing tells its records");
        let broken = connect(&centre, "rsyslog-tls", "match_certificate=AB%3ACD").await;
        assert_eq!(broken.status, StatusCode::UNPROCESSABLE_ENTITY);
        let form = format!("{HOST}&request=once");
        let made = connect(&centre, "rsyslog-tcp", &form).await;
        assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.text);
        let again = connect(&centre, "rsyslog-tcp", &form).await;
        assert_eq!(again.location(), made.location(), "the same form makes one source");
        let lines = centre.get("0", made.location()).await;
        assert!(lines.says("target=&#34;log.tinh.example&#34; port=&#34;6514&#34;"), "{}", lines.text);
        let of_source = made.location().trim_end_matches("/connect/rsyslog-tcp");
        let heard = centre.get("3", &format!("{of_source}/heard")).await;
        assert!(heard.status == StatusCode::OK && heard.says("hx-trigger"), "{}", heard.text);
        let id = of_source.trim_start_matches("/sources/");
        centre.change(&format!("UPDATE source_status SET last_seen = 1795227120000000 WHERE source_id = '{id}'")).await;
        let heard = centre.get("0", &format!("{of_source}/heard")).await;
        assert!(heard.says("flash-done") && !heard.says("hx-trigger"), "{}", heard.text);
    })
    .await;
}

#[tokio::test]
async fn sources_of_others_are_not_connected_and_not_heard_of() {
    in_a_centre(|centre: Centre| async move {
        for path in ["heard", "connect/rsyslog-tcp"] {
            let answer = centre.get("1", &format!("/sources/{}/{path}", centre.a.source)).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}: {}", answer.text);
        }
        let form = format!("system_id={}&name=M&{HOST}", centre.a.system);
        let answer = centre.post("1", "/sources/connect/rsyslog-tcp", &form).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "the system of another agency: {}", answer.text);
    })
    .await;
}

#[tokio::test]
async fn a_fingerprint_is_kept_in_one_spelling() {
    in_a_centre(|centre: Centre| async move {
        let shown = ["AB"; 32].join("%3A");
        let made = connect(&centre, "rsyslog-tls", &format!("{HOST}&match_certificate={shown}")).await;
        assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.text);
        let sql = "SELECT match_certificate AS value FROM sources WHERE match_certificate IS NOT NULL";
        assert_eq!(centre.value(sql).await, "ab".repeat(32));
    })
    .await;
}
