//! Unknown senders are adopted in bulk: by rule and as their neighbours suggest, by who sees the whole centre alone.

use crate::centre::{Centre, NOW, in_a_centre};
use axum::http::StatusCode;

/// An unknown sender as the program makes it; gives its id.
async fn unknown(centre: &Centre, address: &str, host: &str) -> String {
    let id = kit::id::new_id(NOW);
    for sql in [
        format!(
            "INSERT INTO sources (id, name, name_fold, name_sort, kind, state, sender_key, match_listener, match_network, \
             match_host, expected, max_silence_minutes, note, created_at, created_by, updated_at) VALUES ('{id}', '{host}', \
             '{host}', '', 'other', 'unassigned', 'syslog_tcp|{address}|{host}', 'syslog_tcp', '{address}', '{host}', FALSE, \
             15, '', 1, 'x', 1)"
        ),
        format!(
            "INSERT INTO source_status (source_id, rate_per_minute, events, not_understood, last_sequence) \
             VALUES ('{id}', 0, 0, 0, 0)"
        ),
    ] {
        centre.change(&sql).await;
    }
    id
}

async fn system_of(centre: &Centre, source: &str) -> String {
    centre
        .value(&format!(
            "SELECT COALESCE(MAX(system_id), '') AS value FROM source_assignments WHERE source_id = '{source}' \
             AND valid_to IS NULL"
        ))
        .await
}

#[tokio::test]
async fn a_rule_adopts_whom_it_fits_and_neighbours_suggest_the_next() {
    in_a_centre(|centre: Centre| async move {
        let one = unknown(&centre, "10.7.1.1", "may-so-1").await;
        let two = unknown(&centre, "10.7.1.2", "may-so-2").await;
        let other = unknown(&centre, "10.8.1.1", "khac").await;
        let system = &centre.a.system;
        let rule = format!("network=10.7.0.0%2F16&host=may-*&listener=&system_id={system}");
        let page = centre.get("2", "/sources").await;
        assert!(page.says("Nhận hàng loạt theo quy tắc") && !page.says("/sources/adopt-suggested"), "{}", page.text);
        centre.post("0", "/sources/adopt-matching", &rule).await;
        assert_eq!(system_of(&centre, &one).await, "", "who sees the own agency alone sees no unknown sender");
        let wide = centre.post("2", "/sources/adopt-matching", &format!("system_id={system}")).await;
        assert_eq!(wide.status, StatusCode::SEE_OTHER);
        assert_eq!(system_of(&centre, &other).await, "", "a rule that says nothing takes nobody");
        centre.post("2", "/sources/adopt-matching", &rule).await;
        assert_eq!((&system_of(&centre, &one).await, &system_of(&centre, &two).await), (system, system));
        assert_eq!(system_of(&centre, &other).await, "");
        let next = unknown(&centre, "10.7.1.9", "khong-giong").await;
        let page = centre.get("2", "/sources").await;
        assert!(page.says("/sources/adopt-suggested"), "{}", page.text);
        centre.post("2", "/sources/adopt-suggested", "").await;
        assert_eq!(&system_of(&centre, &next).await, system);
        assert_eq!(system_of(&centre, &other).await, "", "nobody is near it");
    })
    .await;
}
