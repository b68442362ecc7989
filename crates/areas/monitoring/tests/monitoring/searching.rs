//! Searches that go on after the first page: rows before totals, figures that fill in, an end when nobody listens, and
//! a share for everybody.

use crate::centre::{Answer, in_small_slices};
use axum::http::{Method, StatusCode};
use futures::StreamExt;
use serde_json::Value;

const ALL: &str = "/search?range=7d";
const EVENTS: u64 = 400;

/// Where a page asks for the rest.
fn counting(page: &Answer) -> Option<String> {
    let rest = page.text.split("data-counting=\"").nth(1)?;
    Some(rest.split('"').next()?.replace("&amp;", "&").replace("&#38;", "&"))
}

/// Events of a stream: name and data.
fn events(text: &str) -> Vec<(&str, &str)> {
    text.split("\n\n")
        .filter_map(|block| {
            let line = |start: &str| block.lines().find_map(|line| line.strip_prefix(start));
            Some((line("event: ")?, line("data: ").unwrap_or_default()))
        })
        .collect()
}

fn last<'e>(events: &[(&'e str, &'e str)], name: &str) -> Option<&'e str> {
    events.iter().rev().find(|(have, _)| *have == name).map(|(_, data)| *data)
}

#[tokio::test]
async fn the_first_rows_are_there_before_the_total_which_fills_in() {
    let (centre, _database) = in_small_slices(4).await;
    centre.happen_often(EVENTS).await;
    for lang in ["vi", "en"] {
        let page = centre.send("2", lang, Method::GET, ALL, None).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.says("data-row=\"409\""), "the newest is not on the first page: {}", page.text);
        assert!(page.says("<strong>≥ "), "a total that is not known is told as if it were");
        assert!(
            page.says("<noscript><a href=\"/search?range=7d&#38;whole=1\"") || page.says("whole=1"),
            "{}",
            page.text
        );
        assert!(!page.says(" style=\"") && !page.says("onclick="));
    }
    let page = centre.get("2", ALL).await;
    let shown = page.text.matches("<tr data-row=").count();
    let rest = centre.get("2", &counting(&page).expect("the rest is asked for")).await;
    assert_eq!(rest.headers["content-type"], "text/event-stream");
    let events = events(&rest.text);
    let rows: usize =
        events.iter().filter(|(name, _)| *name == "rows").map(|(_, html)| html.matches("<tr data-row=").count()).sum();
    assert_eq!(shown + rows, 100, "a page has a hundred rows, here or later");
    let summary = last(&events, "summary").expect("a total");
    assert!(summary.contains("<strong>402 sự kiện") && !summary.contains('≥'), "{summary}");
    assert!(last(&events, "histogram").unwrap().contains("\"data\":["));
    assert!(last(&events, "fields").unwrap().contains("203.0.113.9"));
    assert_eq!(events.last().unwrap().0, "end");
    assert!(last(&events, "end").unwrap().contains("Đã đếm xong"));
    assert!(events.iter().all(|(name, _)| *name != "none" && *name != "failed"), "{events:?}");
}

#[tokio::test]
async fn without_scripts_everything_is_counted_in_one_answer() {
    let (centre, _database) = in_small_slices(4).await;
    centre.happen_often(EVENTS).await;
    let page = centre.get("2", &format!("{ALL}&whole=1")).await;
    assert!(page.says("<strong>402 sự kiện"), "{}", page.text);
    assert!(counting(&page).is_none() && !page.says("counting.js"));
    let older = page.text.split('"').find(|piece| piece.contains("before=")).expect("a next page");
    let older = centre.get("2", &older.replace("&amp;", "&").replace("&#38;", "&")).await;
    assert!(older.says("data-row=\"309\"") && !older.says("data-row=\"310\""), "{}", older.text);
}

#[tokio::test]
async fn a_search_that_finds_nothing_says_so_in_the_end() {
    let (centre, _database) = in_small_slices(4).await;
    centre.happen_often(EVENTS).await;
    let asked = "/search/counting?range=7d&q=nothing-like-this";
    let rest = centre.get("2", asked).await;
    let events = events(&rest.text);
    assert!(last(&events, "none").unwrap().contains("Không có sự kiện nào khớp"), "{events:?}");
    assert_eq!(last(&events, "rows"), None);
    // A department sees its own and no others, here as anywhere.
    let others = centre.get("1", "/search/counting?range=7d").await;
    assert!(!others.says("203.0.113.9") && others.says("198.51.100.7"), "{}", others.text);
}

#[tokio::test]
async fn leaving_the_page_ends_its_search_and_nobody_has_more_than_their_share() {
    let (centre, _database) = in_small_slices(1).await;
    centre.happen_often(EVENTS).await;
    let page = centre.get("2", ALL).await;
    let open = centre.open("2", &counting(&page).unwrap(), "text/event-stream").await;
    assert_eq!(open.status(), StatusCode::OK);
    let mut body = open.into_body().into_data_stream();
    body.next().await.expect("a first part").unwrap();
    let refused = centre.get("2", ALL).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.says("quá nhiều câu tìm chạy cùng lúc") && refused.headers.contains_key("retry-after"));
    let question = centre.get("2", "/questions?sql=SELECT%201").await;
    assert_eq!(question.status, StatusCode::TOO_MANY_REQUESTS, "questions count as well");
    let api = centre.get("2", "/api/v1/search?range=7d").await;
    assert_eq!(
        (api.status, api.headers["content-type"].to_str().unwrap()),
        (StatusCode::TOO_MANY_REQUESTS, "application/problem+json")
    );
    assert_eq!(centre.get("0", ALL).await.status, StatusCode::OK, "others are not held up");
    drop(body);
    assert_eq!(centre.get("2", ALL).await.status, StatusCode::OK);
}

#[tokio::test]
async fn programs_get_lines_as_they_are_found() {
    let (centre, _database) = in_small_slices(4).await;
    centre.happen_often(EVENTS).await;
    let answer = centre.open("2", "/api/v1/search?range=7d&limit=5&columns=seq", "application/x-ndjson").await;
    assert_eq!(answer.headers()["content-type"], "application/x-ndjson");
    let body = axum::body::to_bytes(answer.into_body(), 8_000_000).await.unwrap();
    let lines: Vec<Value> =
        body.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect();
    assert!(lines.len() > 3, "{lines:?}");
    let seqs: Vec<u64> = lines
        .iter()
        .flat_map(|line| line["rows"].as_array().unwrap())
        .map(|row| row["seq"].as_u64().unwrap())
        .collect();
    assert_eq!(seqs, [409, 408, 407, 406, 405]);
    let (first, last) = (&lines[0], &lines[lines.len() - 1]);
    assert_eq!((&first["done"], &first["total_exact"]), (&Value::from(false), &Value::from(false)));
    assert_eq!(
        (&last["done"], &last["total"], &last["total_exact"]),
        (&Value::from(true), &Value::from(402), &Value::from(true))
    );
    assert!(last["next"].is_string());
    let whole = centre.get("2", "/api/v1/search?range=7d&limit=5&columns=seq").await;
    assert_eq!(whole.headers["content-type"], "application/json", "the form of one answer stays");
}

#[tokio::test]
async fn files_that_are_lost_are_told_of() {
    let (centre, _database) = in_small_slices(4).await;
    centre.store().seal().await.unwrap();
    let whole = centre.get("2", ALL).await;
    assert!(!whole.says("bị mất hoặc hỏng"));
    centre.lose_segments();
    let page = centre.get("2", "/search?range=7d&q=root").await;
    assert!(page.says("1 khối trong khoảng này bị mất hoặc hỏng"), "{}", page.text);
    let api = centre.get("2", "/api/v1/search?range=7d").await;
    assert!(api.says("\"unreadable_files\":1"), "{}", api.text);
}

#[tokio::test]
async fn answers_in_sql_and_files_tell_what_they_lack() {
    const SQL: &str = "/questions?sql=SELECT%20count(raw)%20FROM%20events";
    let (centre, _database) = in_small_slices(4).await;
    centre.store().seal().await.unwrap();
    assert!(!centre.get("0", SQL).await.says("bị mất hoặc hỏng"));
    centre.lose_segments();
    let page = centre.get("0", "/questions?sql=SELECT%20count(message)%20FROM%20events").await;
    assert!(page.says("1 khối trong khoảng này bị mất hoặc hỏng") && page.says("incomplete=yes"), "{}", page.text);
    let api = centre.post_json("0", "/api/v1/query", r#"{"sql":"SELECT count(raw) FROM events"}"#).await;
    assert!(api.says("\"unreadable\":[{\"why\":\"damaged\",\"days\":[\""), "{}", api.text);
    for file in [&format!("{SQL}&format=csv"), "/search?range=7d&format=csv"] {
        let refused = centre.get("0", file).await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{file}: {}", refused.text);
        let taken = centre.get("0", &format!("{file}&incomplete=yes")).await;
        assert_eq!(taken.status, StatusCode::OK, "{file}: {}", taken.text);
    }
    let search = centre.get("0", "/search?range=7d").await;
    assert!(search.says("incomplete=yes"), "whoever was told gets the rest: {}", search.text);
}
