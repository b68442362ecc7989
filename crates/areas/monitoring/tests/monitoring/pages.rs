//! The pages as people meet them: in both languages, with their acts, their files and their errors.

use crate::centre::{CORRELATION, Centre, NOW, RULE, in_a_centre};
use axum::http::{Method, StatusCode};

/// A text key that has no text is shown as the key itself: `alert-…`, `search-…`.
fn missing_texts(html: &str) -> Vec<String> {
    let prefixes = [
        "alert-",
        "story-",
        "tactic-",
        "log-source-",
        "search-",
        "rule-",
        "question-",
        "duty-",
        "event-",
        "timespan-",
        "monitoring-",
        "shell-",
    ];
    let mut missing = Vec::new();
    for piece in html.split(['>', '"']) {
        let word = piece.split('<').next().unwrap_or_default().trim();
        let key = prefixes.iter().any(|prefix| word.starts_with(prefix));
        if key
            && !word.contains([' ', '/', '=', '#'])
            && kit::locale::keys(kit::Lang::Vi).iter().any(|have| have == word)
        {
            missing.push(word.to_owned());
        }
    }
    missing
}

#[tokio::test]
async fn every_page_is_rendered_in_both_languages() {
    in_a_centre(|centre: Centre| async move {
        let pages = [
            "/".to_owned(),
            "/sources".to_owned(),
            format!("/sources/{}", centre.a.source),
            "/sources/connect".to_owned(),
            "/sources/new".to_owned(),
            "/coverage".to_owned(),
            "/coverage?days=31&level=3&q=y".to_owned(),
            format!("/coverage/{}", centre.a.system),
            format!("/coverage/{}?day=20/11/2026", centre.b.system),
            "/coverage/unwatched".to_owned(),
            "/maintenance".to_owned(),
            "/maintenance?show=over".to_owned(),
            "/maintenance/new".to_owned(),
            "/find".to_owned(),
            "/find?q=may".to_owned(),
            "/?wall=1".to_owned(),
            "/alerts".to_owned(),
            "/alerts?q=khong-co".to_owned(),
            format!("/alerts?open={}", centre.a.alert),
            format!("/alerts/{}", centre.a.alert),
            "/search?range=all".to_owned(),
            "/search?range=all&q=nothing-like-this".to_owned(),
            "/search?live=1&range=all".to_owned(),
            "/search?whole=1&range=all".to_owned(),
            "/search?range=7d&columns=event_action&before=1795227060000000.2".to_owned(),
            "/search/value?field=source_ip&value=203.0.113.9&q=root".to_owned(),
            format!("/events/{}", centre.a.seq),
            "/questions".to_owned(),
            "/questions?sql=SELECT%20seq%2C%20user_name%20FROM%20events".to_owned(),
            "/stories".to_owned(),
            "/techniques".to_owned(),
            format!("/techniques?system={}", centre.a.system),
            "/stories?state=all&range=all".to_owned(),
            "/rules".to_owned(),
            "/rules?state=failed".to_owned(),
            "/rules?state=waiting".to_owned(),
            "/rules?state=off".to_owned(),
            format!("/rules/{RULE}"),
            format!("/rules/{RULE}?tests=run"),
            format!("/rules/{CORRELATION}"),
            format!("/events/{}/explain", centre.a.seq),
            format!("/events/{}/explain?rule={RULE}", centre.a.seq),
            format!("/events/{}/explain?rule={CORRELATION}", centre.a.seq),
            "/rules/exceptions".to_owned(),
            "/rules/exceptions?show=ended".to_owned(),
            format!("/rules/{RULE}/exceptions/new"),
            format!("/rules/{RULE}/exceptions/new?alert={}", centre.a.alert),
        ];
        for path in &pages {
            for lang in ["vi", "en"] {
                let answer = centre.send("2", lang, Method::GET, path, None).await;
                assert_eq!(answer.status, StatusCode::OK, "{path} in {lang}: {}", answer.text);
                assert!(answer.says(&format!("lang=\"{lang}\"")), "{path} is not in {lang}");
                let keys: Vec<_> =
                    missing_texts(&answer.text).into_iter().filter(|key| answer.says(&format!(">{key}<"))).collect();
                assert!(keys.is_empty(), "{path} in {lang} shows keys: {keys:?}");
                assert!(!answer.says(" style=\"") && !answer.says("onclick="), "{path} needs what the policy forbids");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn an_alert_shows_why_it_fired_with_what_matched_marked() {
    in_a_centre(|centre: Centre| async move {
        let page = centre.get("0", &format!("/alerts/{}", centre.a.alert)).await;
        for text in [
            "Đăng nhập sai nhiều lần",
            "<mark>root</mark>",
            "T1110",
            "Cổng thông tin Sở Y tế",
            "203.0.113.9",
            "Chặn địa chỉ",
        ] {
            assert!(page.says(text), "no {text:?}");
        }
        let seen = format!("SELECT seen_by AS value FROM alerts WHERE id = '{}'", centre.a.alert);
        assert_eq!(centre.value(&seen).await, centre.a.person);
    })
    .await;
}

#[tokio::test]
async fn acknowledging_moves_an_alert_out_of_the_default_list() {
    in_a_centre(|centre: Centre| async move {
        assert!(centre.get("0", "/alerts").await.says("Đăng nhập sai nhiều lần"));
        let answer =
            centre.post("0", "/alerts/act", &format!("act=acknowledge&row={}&to=/alerts", centre.a.alert)).await;
        assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/alerts"));
        assert!(!centre.get("0", "/alerts").await.says(&centre.a.alert));
        assert!(centre.get("0", "/alerts?state=acknowledged").await.says(&centre.a.alert));
        // A second time is a conflict that the list explains, not an error page.
        let again = centre.post("0", "/alerts/act", &format!("act=acknowledge&row={}", centre.a.alert)).await;
        assert_eq!(again.status, StatusCode::SEE_OTHER);
        let elsewhere =
            centre.post("0", "/alerts/act", &format!("act=take&row={}&to=//evil.example/", centre.a.alert)).await;
        assert_eq!(elsewhere.location(), "/alerts");
    })
    .await;
}

#[tokio::test]
async fn a_key_acts_on_the_row_under_it_and_not_on_what_is_selected() {
    in_a_centre(|centre: Centre| async move {
        let (under, selected) = (&centre.a.alert, &centre.b.alert);
        let form = format!("one=acknowledge%3A{under}&row={selected}");
        assert_eq!(centre.post("2", "/alerts/act", &form).await.status, StatusCode::SEE_OTHER);
        let state = |id: &str| format!("SELECT state AS value FROM alerts WHERE id = '{id}'");
        assert_eq!(centre.value(&state(under)).await, "acknowledged");
        assert_eq!(centre.value(&state(selected)).await, "new");
    })
    .await;
}

#[tokio::test]
async fn closing_needs_a_reason() {
    in_a_centre(|centre: Centre| async move {
        let row = &centre.a.alert;
        let without = centre.post("0", "/alerts/act", &format!("act=close&row={row}&reason=")).await;
        assert_eq!(without.status, StatusCode::UNPROCESSABLE_ENTITY);
        let with = centre
            .post("0", "/alerts/act", &format!("act=close&row={row}&reason=benign&note=di%E1%BB%85n%20t%E1%BA%ADp"))
            .await;
        assert_eq!(with.status, StatusCode::SEE_OTHER);
        let page = centre.get("0", &format!("/alerts/{row}")).await;
        assert!(page.says("diễn tập") && page.says("Hoạt động được phép"));
    })
    .await;
}

#[tokio::test]
async fn a_query_that_cannot_be_read_is_shown_with_its_place() {
    in_a_centre(|centre: Centre| async move {
        let page = centre.get("0", "/search?q=user_name%3Aroot%20AND%20%28a").await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.says("Chưa hiểu câu tìm") && page.says("<mark>(</mark>"), "{}", page.text);
        assert!(page.says("value=\"user_name:root AND (a\""), "the query is lost");
        let answer = centre.get("0", "/api/v1/search?q=%28a").await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert!(
            answer.says("Ký tự 1: Dấu ( này chưa đóng") && answer.says("\"code\":\"search-open\""),
            "{}",
            answer.text
        );
        assert_eq!(answer.headers["content-type"], "application/problem+json");
    })
    .await;
}

#[tokio::test]
async fn a_click_on_a_value_narrows_the_search_to_it() {
    in_a_centre(|centre: Centre| async move {
        let page = centre.get("2", "/search?range=all").await;
        let link = page.text.split('"').find(|piece| {
            piece.starts_with("/search?") && piece.contains("source_ip%3A%22198.51.100.7%22") && !piece.contains("NOT")
        });
        let link = link.expect("a link that includes the address").replace("&amp;", "&").replace("&#38;", "&");
        let narrowed = centre.get("2", &link).await;
        assert_eq!(narrowed.status, StatusCode::OK, "{link}");
        assert!(narrowed.says("/events/2") && !narrowed.says("/events/1?"), "{link}");
    })
    .await;
}

#[tokio::test]
async fn files_hold_no_formula() {
    in_a_centre(|centre: Centre| async move {
        let sql = "SELECT%20'%3Dcmd()'%20AS%20x%20FROM%20events";
        let csv = centre.get("0", &format!("/questions?sql={sql}&format=csv")).await;
        assert!(csv.says("\"'=cmd()\""), "{}", csv.text);
        assert!(csv.headers["content-type"].to_str().unwrap().starts_with("text/csv"));
    })
    .await;
}

#[test]
fn every_mistake_has_a_sentence_in_both_languages() {
    let own = [
        "query-memory",
        "query-timeout",
        "query-busy",
        "query-spill",
        "query-read",
        "query-read-window",
        "export-incomplete",
        "store-export-incomplete",
    ];
    for code in event_store::MISTAKES.into_iter().chain(own) {
        for lang in kit::Lang::ALL {
            assert!(kit::locale::texts().has(lang, code), "{code} in {lang:?}");
        }
    }
}

#[tokio::test]
async fn a_time_that_cannot_be_read_or_ends_before_it_begins_is_told_at_its_field() {
    in_a_centre(|centre: Centre| async move {
        let page = centre.get("0", "/search?from=abc").await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.says("id=\"search-from-error\"") && page.says("“abc”: Không đọc được thời điểm"), "{}", page.text);
        let backwards = "from=2026-11-21T10%3A00&to=2026-11-21T09%3A00";
        let page = centre.get("0", &format!("/search?{backwards}")).await;
        assert!(page.says("id=\"search-to-error\"") && page.says("phải sau thời điểm"), "{}", page.text);
        assert!(page.says("value=\"21/11/2026 10:00\""), "what was typed is lost: {}", page.text);
        for path in
            ["/api/v1/search?from=abc", "/search?from=abc&format=csv", "/api/v1/search?to=x", "/api/v1/search?range=9y"]
        {
            let answer = centre.get("0", path).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}: {}", answer.text);
        }
        let problem = centre.get("0", &format!("/api/v1/search?{backwards}")).await;
        assert!(problem.says("timespan-backwards"), "{}", problem.text);
        let body =
            serde_json::json!({ "kind": "search", "name": "x", "text": "x", "from": "abc", "sharing": "private" });
        let kept = centre.post_json("0", "/api/v1/saved-searches", &body.to_string()).await;
        assert_eq!(kept.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", kept.text);
    })
    .await;
}

#[tokio::test]
async fn a_search_offers_a_link_whose_time_does_not_move() {
    in_a_centre(|centre: Centre| async move {
        let page = centre.get("0", "/search?q=root&range=24h").await;
        let link = page.text.split("<p class=\"search-permanent").nth(1).expect("the link");
        let link = link.split("href=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("an address");
        let link = link.replace("&amp;", "&").replace("&#38;", "&");
        assert!(link.contains("from=") && link.contains("to=") && !link.contains("range="), "{link}");
        let fixed = centre.get("0", &link).await;
        assert_eq!(fixed.status, StatusCode::OK, "{}", fixed.text);
        assert!(fixed.says("203.0.113.9"), "{}", fixed.text);
    })
    .await;
}

#[tokio::test]
async fn sql_that_may_not_run_is_explained_on_the_page() {
    in_a_centre(|centre: Centre| async move {
        for (sql, sentence) in [
            ("DROP%20TABLE%20events", "Mỗi lần chỉ hỏi được một câu SELECT"),
            ("SELECT%20user_nam%20FROM%20events", "gần giống: user_name"),
            ("SELECT%20*%20FROM%20evens", "gần giống: events"),
            ("SELECT%201%20FROM%20events%20WHERE%20", "cuối câu còn thiếu"),
            ("COPY%20events%20TO%20'x'", "Mỗi lần chỉ hỏi được một câu SELECT"),
        ] {
            let page = centre.get("0", &format!("/questions?sql={sql}")).await;
            assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{sql}");
            assert!(page.says("Không chạy được") && page.says(sentence), "{sql}: {}", page.text);
            assert!(!page.says("Chi tiết kỹ thuật"), "{sql}: foreign words behind a known mistake");
        }
        // What is not recognised keeps its own words, folded away.
        let page = centre.get("0", "/questions?sql=SELECT%20ip_in(source_ip%2C%20'nonsense')%20FROM%20events").await;
        assert!(page.says("<summary>Chi tiết kỹ thuật") && page.says("nonsense"), "{}", page.text);
        let body = "{\"sql\":\"SELECT user_nam FROM events\"}";
        let problem = centre.post_json("0", "/api/v1/query", body).await;
        assert_eq!(problem.status, StatusCode::BAD_REQUEST);
        assert!(problem.says("\"code\":\"query-unknown-column\""), "{}", problem.text);
        let twice = centre.post_json("0", "/api/v1/query", "{\"sql\":\"SELECT 1 a, 2 a\"}").await;
        assert!(twice.says("{\"a\":1,\"a_2\":2}"), "{}", twice.text);
    })
    .await;
}

#[tokio::test]
async fn reading_events_leaves_one_row_in_the_trail_for_each_request() {
    in_a_centre(|centre: Centre| async move {
        let count = "SELECT CAST(COUNT(*) AS TEXT) AS value FROM audit_entries WHERE action = 'event.read'";
        let before = centre.value(count).await;
        centre.get("0", "/search?range=all&q=root").await;
        let after = centre.value(count).await;
        assert_eq!((before.as_str(), after.as_str()), ("0", "1"));
        let agency = "SELECT agency_id AS value FROM audit_readings";
        assert_eq!(centre.value(agency).await, centre.a.agency);
    })
    .await;
}

#[tokio::test]
async fn rules_that_did_not_load_are_listed_with_their_reason() {
    in_a_centre(|centre: Centre| async move {
        let page = centre.get("0", "/rules?state=failed").await;
        assert!(page.says("own/broken.yml"), "{}", page.text);
        let csv = centre.get("0", "/rules?format=csv").await;
        assert!(csv.says("Đăng nhập sai nhiều lần") && csv.says("T1110"));
    })
    .await;
}

#[tokio::test]
async fn the_start_page_counts_what_waits() {
    in_a_centre(|centre: Centre| async move {
        let page = centre.get("2", "/").await;
        assert!(page.says("2 cảnh báo"), "no counter in the top bar");
        let own = centre.get("0", "/").await;
        assert!(own.says("1 cảnh báo") && own.says("/alerts?state=new"));
        let system = centre.a.system.clone();
        assert!(!own.says(&format!("/systems/{system}")), "a source that was never heard is not silent yet");
        let _ = &centre.app;
    })
    .await;
}

#[tokio::test]
async fn what_columns_mean_is_said_in_the_language_of_the_page() {
    in_a_centre(|centre: Centre| async move {
        let value = centre.get("0", "/search/value?field=source_ip&value=203.0.113.9").await;
        assert!(value.says("Địa chỉ khởi phát hoạt động") && !value.says("the activity came from"), "{}", value.text);
        let tables = centre.get("0", "/questions").await;
        assert!(tables.says("Số lần khớp đến nay") && !tables.says("Matches so far"), "{}", tables.text);
        let english = centre.send("0", "en", Method::GET, "/questions", None).await;
        assert!(english.says("Matches so far"));
    })
    .await;
}

#[tokio::test]
async fn what_the_router_refuses_is_said_in_the_language_and_form_of_the_asker() {
    in_a_centre(|centre: Centre| async move {
        let page = centre.get("0", "/events/abc").await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST);
        assert!(page.says("Yêu cầu không hợp lệ") && page.says("Chi tiết kỹ thuật"), "{}", page.text);
        let english = centre.send("0", "en", Method::GET, "/events/abc", None).await;
        assert!(english.says("<html lang=\"en\"") && english.says("Technical detail"), "{}", english.text);
        let method = centre.post("0", "/search", "q=x").await;
        assert_eq!(method.status, StatusCode::METHOD_NOT_ALLOWED);
        assert!(method.says("không nhận kiểu yêu cầu") && method.headers.contains_key("allow"), "{}", method.text);
        let problem = centre.post_json("0", "/api/v1/query", "{").await;
        assert_eq!(problem.status, StatusCode::BAD_REQUEST);
        assert_eq!(problem.headers["content-type"], "application/problem+json");
        assert!(problem.says("Yêu cầu không hợp lệ. Chi tiết kỹ thuật"), "{}", problem.text);
        let fields = centre.post_json("0", "/api/v1/query", "{}").await;
        assert_eq!(fields.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(fields.says("không đúng cấu trúc"), "{}", fields.text);
    })
    .await;
}

#[tokio::test]
async fn a_body_over_the_limit_is_too_large_and_not_merely_wrong() {
    in_a_centre(|centre: Centre| async move {
        let long = "x".repeat(3 << 20);
        let form = centre.post("0", "/alerts/act", &format!("note={long}")).await;
        assert_eq!(form.status, StatusCode::PAYLOAD_TOO_LARGE);
        assert!(form.says("Nội dung gửi lên quá lớn"), "{}", form.text);
        let json = centre.post_json("0", "/api/v1/query", &format!("{{\"sql\":\"{long}\"}}")).await;
        assert_eq!(json.status, StatusCode::PAYLOAD_TOO_LARGE);
        assert!(json.says("Nội dung gửi lên quá lớn"), "{}", json.text);
    })
    .await;
}

#[tokio::test]
async fn sources_speak_only_of_what_the_reader_may_do() {
    in_a_centre(|centre: Centre| async move {
        centre.change(&format!("UPDATE sources SET state = 'unassigned' WHERE id = '{}'", centre.b.source)).await;
        let own = format!("/sources/{}", centre.b.source);
        for path in ["/sources", own.as_str()] {
            let may = centre.get("2", path).await;
            assert!(may.says("/sources/adopt"), "{path}");
            let reads = centre.get("3", path).await;
            assert_eq!(reads.status, StatusCode::OK);
            assert!(reads.says("Người phụ trách nguồn nhật ký của Trung tâm"), "{path}: {}", reads.text);
            assert!(!reads.says("/sources/adopt") && !reads.says("bấm Nhận") && !reads.says("Nhận máy này"), "{path}");
        }
    })
    .await;
}

#[tokio::test]
async fn events_of_a_fast_clock_do_not_stand_before_what_is_new() {
    in_a_centre(|centre: Centre| async move {
        centre.happen(7, NOW + kit::clock::HOUR).await;
        let page = centre.get("0", "/search").await;
        assert!(page.says("/events/1?") || page.says("/events/1\""), "{}", page.text);
        assert!(!page.says("/events/7"), "{}", page.text);
        assert!(page.says("1 sự kiện có thời gian ở tương lai"), "{}", page.text);
        let link = page.text.split('"').find(|piece| piece.starts_with("/search?from=") && !piece.contains("to="));
        let link = link.expect("a link to them");
        let ahead = centre.get("0", link).await;
        assert!(ahead.says("/events/7") && !ahead.says("/events/1\""), "{link}");
        let other = centre.get("1", "/search").await;
        assert!(!other.says("ở tương lai"), "the other agency's events are counted");
    })
    .await;
}

#[tokio::test]
async fn a_correlation_lists_what_it_counted_with_the_common_values_marked() {
    in_a_centre(|centre: Centre| async move {
        let samples = format!(
            "[{{\"seq\":1,\"time\":{NOW},\"fields\":[{{\"field\":\"source_ip\",\"value\":\"203.0.113.9\",\
             \"pattern\":\"203.0.113.9\"}}]}}]"
        );
        let id = &centre.a.alert;
        centre
            .change(&format!("UPDATE alerts SET rule_id = '{CORRELATION}', samples = '{samples}' WHERE id = '{id}'"))
            .await;
        let page = centre.get("0", &format!("/alerts/{id}")).await;
        assert!(page.says("Các sự kiện được đếm"), "{}", page.text);
        assert!(page.says("Failed password for root from <mark>203.0.113.9</mark> port 4711"), "{}", page.text);
        assert!(page.says("T1110</a> Dò mật khẩu"), "the technique has no name: {}", page.text);
        assert!(page.says("q=source_ip%3A%22203.0.113.9%22"), "the events around are sought by their common values");
    })
    .await;
}
