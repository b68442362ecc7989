//! Every component in both languages and themes, and the formats people read.

use super::*;
use crate::clock::{DAY, HOUR, MINUTE};
use crate::error::{Error, FieldError};
use crate::page::gallery::{TEST_NAME, TEST_NOW};
use askama::Template;

fn page(lang: Lang) -> Page {
    Gallery::demonstration_page(lang, Theme::Light, Address::parse("/gallery?severity=high&open=1"))
}

fn gallery(lang: Lang, theme: Theme) -> String {
    let address = Address::parse("/gallery?severity=high&open=1");
    Gallery::new(Gallery::demonstration_page(lang, theme, address)).render().unwrap()
}

#[test]
fn every_component_renders_in_every_language_and_theme() {
    for lang in Lang::ALL {
        for theme in [Theme::Light, Theme::Dark] {
            let html = gallery(lang, theme);
            assert!(html.contains(&format!("<html lang=\"{}\" data-bs-theme=\"{}\">", lang.code(), theme.code())));
            assert!(html.contains("Nguyễn Thị Ỷ Ẫn"), "the test name is shown as it is");
            for part in
                ["clock-bar", "interval-bar", "presence-strip", "severity-critical", "level-5", "verdict-proven"]
            {
                assert!(html.contains(part), "{part} is missing");
            }
        }
    }
}

#[test]
fn no_key_is_left_without_a_text() {
    for lang in Lang::ALL {
        let html = gallery(lang, Theme::Light);
        for (index, _) in html.match_indices("shell-") {
            let word: String = html[index..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
            assert!(texts().has(lang, &word), "{word} is shown as a key");
            // The settings of our scripts are keyed by the name of the text.
            assert!(html[index + word.len()..].starts_with("\":"), "{word} stands in the page");
        }
    }
}

#[test]
fn both_languages_have_the_same_keys() {
    let mut vi: Vec<_> = crate::locale::keys(Lang::Vi).into_iter().filter(|key| key.starts_with("shell-")).collect();
    let mut en: Vec<_> = crate::locale::keys(Lang::En).into_iter().filter(|key| key.starts_with("shell-")).collect();
    vi.sort();
    en.sort();
    assert_eq!(vi, en);
}

#[test]
fn pages_hold_nothing_the_policy_forbids() {
    let html = gallery(Lang::Vi, Theme::Light);
    for forbidden in [" style=\"", "onclick", "onload", "javascript:", "<style", "data:image"] {
        assert!(!html.contains(forbidden), "{forbidden} in the page");
    }
    for (index, _) in html.match_indices("<script") {
        let tag = &html[index..html[index..].find('>').map_or(html.len(), |end| index + end)];
        assert!(tag.contains("src=") || tag.contains("application/json"), "inline script: {tag}");
    }
}

#[test]
fn values_are_escaped_wherever_they_stand() {
    let evil = "</script><img src=x onerror=alert(1)>\"'";
    let page = page(Lang::Vi);
    let parts = [
        page.tag(evil, Tone::Bad).to_string(),
        page.why(evil, evil).to_string(),
        page.copy(evil).to_string(),
        page.empty("inbox", evil, evil, evil, evil).to_string(),
        page.field(&Entry::new("text", "name", evil).value(evil).hint(evil)).to_string(),
        page.chips(&[Chip::of(&page.address, "a", evil, evil, evil)], evil).to_string(),
        page.tabs(evil, &[Tab { name: evil.into(), href: evil.into(), ..Tab::default() }]).to_string(),
        page.histogram(&Histogram {
            title: evil.into(),
            series: vec![Series { name: evil.into(), counts: vec![1], colour: String::new() }],
            width: MINUTE,
            ..Histogram::default()
        })
        .to_string(),
    ];
    for part in parts {
        assert!(!part.contains("<img"), "{part}");
        assert!(!part.contains("</script><"), "{part}");
    }
}

#[test]
fn one_entry_of_the_navigation_is_the_place_we_are_in() {
    let item = |href| NavigationItem::new("shell-keys", "history", href);
    let here = |address: &str| {
        let mut page = Gallery::demonstration_page(Lang::Vi, Theme::Light, Address::parse(address));
        page.navigation = vec![
            item("/agencies").with_children(vec![item("/agencies"), item("/audit"), item("/audit/readings")]),
            item("/alerts"),
        ];
        let hrefs = ["/agencies", "/audit", "/audit/readings", "/alerts"];
        let groups: Vec<_> = page.navigation.iter().map(|group| page.is_in(group)).collect();
        (hrefs.into_iter().filter(|href| page.is_here(href)).collect::<Vec<_>>(), groups)
    };
    assert_eq!(here("/audit/readings?page=2"), (vec!["/audit/readings"], vec![true, false]));
    assert_eq!(here("/audit"), (vec!["/audit"], vec![true, false]));
    assert_eq!(here("/audit/7"), (vec!["/audit"], vec![true, false]));
    assert_eq!(here("/alerts/7"), (vec!["/alerts"], vec![false, true]));
    assert_eq!(here("/me"), (vec![], vec![false, false]));
    let mut page = Gallery::demonstration_page(Lang::Vi, Theme::Light, Address::parse("/events/7")).part_of("/alerts");
    page.navigation = vec![item("/agencies"), item("/alerts")];
    assert!(page.is_here("/alerts") && !page.is_here("/agencies"), "a page may belong where its address does not lie");
}

#[test]
fn numbers_are_written_as_each_language_writes_them() {
    let (vi, en) = (Format::new(Lang::Vi, TEST_NOW), Format::new(Lang::En, TEST_NOW));
    assert_eq!(vi.number(1_234_567), "1.234.567");
    assert_eq!(en.number(1_234_567), "1,234,567");
    assert_eq!(vi.number(-1_000), "\u{2212}1.000");
    assert_eq!(vi.number(999), "999");
    assert_eq!(vi.decimal(1234.56, 1), "1.234,6");
    assert_eq!(en.decimal(1234.56, 1), "1,234.6");
    assert_eq!(vi.decimal(-0.04, 1), "0,0");
    assert_eq!(vi.decimal(f64::NAN, 1), "–");
    assert_eq!(vi.percent(0.714), "71\u{a0}%");
    assert_eq!(vi.bytes(999u64), "999\u{a0}B");
    assert_eq!(vi.bytes(1_500_000_000u64), "1,5\u{a0}GB");
    assert_eq!(en.bytes(152_000u64), "152\u{a0}kB");
    assert_eq!(vi.bytes(u64::MAX), "18.447\u{a0}PB");
}

#[test]
fn times_are_vietnamese_and_relative_first() {
    let vi = Format::new(Lang::Vi, TEST_NOW);
    assert_eq!(vi.date_time(TEST_NOW), "21/11/2026 09:12");
    assert_eq!(vi.precise(TEST_NOW), "21/11/2026 09:12:00,000 UTC+7");
    assert_eq!(vi.relative(TEST_NOW), "vừa xong");
    assert_eq!(vi.relative(TEST_NOW - 3 * MINUTE), "3 phút trước");
    assert_eq!(vi.relative(TEST_NOW + 3 * MINUTE), "sau 3 phút");
    assert_eq!(vi.relative(TEST_NOW - 5 * HOUR), "04:12, hôm nay");
    assert_eq!(vi.relative(TEST_NOW - 10 * HOUR), "23:12, hôm qua");
    assert_eq!(vi.relative(TEST_NOW + 20 * HOUR), "05:12, ngày mai");
    assert_eq!(vi.relative(TEST_NOW - 40 * DAY), "09:12, 12/10/2026");
    assert_eq!(vi.until(TEST_NOW + 200 * MINUTE), "còn 3 giờ 20 phút");
    assert_eq!(vi.until(TEST_NOW - 12 * MINUTE), "muộn 12 phút");
    assert_eq!(Format::new(Lang::En, TEST_NOW).relative(TEST_NOW - MINUTE), "1 minute ago");
    assert_eq!(vi.end(TEST_NOW), "21/11/2026 09:12");
    let midnight = TEST_NOW - 9 * HOUR - 12 * MINUTE;
    assert_eq!(vi.end(midnight), "hết 20/11/2026", "the day before it is the last");
    assert_eq!(Format::new(Lang::En, TEST_NOW).end(midnight), "the end of 20/11/2026");
    assert_eq!(vi.date_time(i64::MAX), vi.date_time(0));
}

#[test]
fn an_interval_is_never_rounded_to_all_or_nothing() {
    let page = page(Lang::Vi);
    let figures =
        |proven, unproven, disproven| Interval { proven, unproven, disproven, ..Interval::default() }.figures(&page);
    assert_eq!(figures(71, 22, 7), "71–93\u{a0}%");
    assert_eq!(figures(999, 1, 0), "99–100\u{a0}%");
    assert_eq!(figures(0, 1, 999), "0–1\u{a0}%");
    assert_eq!(figures(10, 0, 0), "100\u{a0}%");
    assert_eq!(figures(0, 0, 0), "chưa có đối tượng nào");
}

#[test]
fn clock_marks_keep_their_order_and_their_distance() {
    let page = page(Lang::Vi);
    let bar = ClockBar {
        moments: vec![
            Moment { kind: MomentKind::Occurred, at: page.now - 2 * HOUR },
            Moment { kind: MomentKind::Detected, at: page.now - 2 * HOUR },
        ],
        duties: vec![Duty {
            name: TEST_NAME.into(),
            due: page.now + 70 * HOUR,
            state: DutyState::Running,
            href: String::new(),
        }],
    };
    let places: Vec<f64> =
        bar.placed(&page).iter().map(|placed| placed.x.trim_end_matches('%').parse().unwrap()).collect();
    assert_eq!(places.len(), 4);
    assert!(places.windows(2).all(|pair| pair[1] - pair[0] > 12.0), "{places:?}");
    assert!(places.iter().all(|place| (0.0..=100.0).contains(place)));
    assert_eq!(bar.most_urgent().map(|duty| duty.due), Some(page.now + 70 * HOUR));
    assert_eq!(ClockBar::default().placed(&page).len(), 1);
}

#[test]
fn page_links_show_the_ends_and_the_neighbours() {
    let steps = |page: u64, last: u64| Pagination { page, per_page: 10, total: last * 10 }.steps();
    assert_eq!(steps(1, 1), [Some(1)]);
    assert_eq!(steps(5, 20), [Some(1), None, Some(4), Some(5), Some(6), None, Some(20)]);
    assert_eq!(steps(2, 3), [Some(1), Some(2), Some(3)]);
    assert_eq!(steps(20, 20), [Some(1), None, Some(19), Some(20)]);
    let address = Address::parse("/alerts?page=99");
    assert_eq!(Pagination::of(&address, 20, 45).page, 3);
    assert_eq!(Pagination::of(&Address::parse("/alerts?page=x"), 20, 0).page, 1);
}

#[test]
fn only_known_columns_sort() {
    let allowed = ["-last", "title"];
    let sorting = |query: &str| Sorting::of(&Address::parse(query), &allowed);
    assert_eq!(sorting("/a").state("last"), "descending");
    assert_eq!(sorting("/a?sort=title").link(&Address::parse("/a?sort=title&page=2"), "title"), "/a?sort=-title");
    assert_eq!(sorting("/a?sort=password").column, "last");
}

/// Templates of kit and of every area, and the code beside them.
fn sources_of_pages() -> Vec<(std::path::PathBuf, String)> {
    fn gather(dir: &std::path::Path, found: &mut Vec<(std::path::PathBuf, String)>) {
        for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                gather(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "html" || extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    gather(&root.join("templates"), &mut found);
    gather(&root.join("../areas"), &mut found);
    found
}

/// What stands between `call` and the next quotation mark, wherever `call` occurs.
fn named<'a>(text: &'a str, call: &'a str) -> impl Iterator<Item = &'a str> {
    text.match_indices(call).filter_map(move |(at, _)| text[at + call.len()..].split('"').next())
}

#[test]
fn every_icon_that_a_template_names_is_in_the_sprite() {
    let sprite = include_str!("../../assets/icons.txt");
    let mut count = 0;
    for (path, text) in sources_of_pages() {
        for name in ["page.icon(\"", "page.empty(\"", "icon: \""].into_iter().flat_map(|call| named(&text, call)) {
            assert!(sprite.lines().any(|line| line == name), "{name} in {} is not in icons.txt", path.display());
            count += 1;
        }
    }
    assert!(count > 20, "only {count} icons found");
}

#[test]
fn every_text_that_a_template_names_exists_in_both_languages() {
    let mut count = 0;
    let mut missing = Vec::new();
    for (path, text) in sources_of_pages() {
        for key in
            ["page.t(\"", "page.tn(\"", "page.tn2(\"", "page.tm(\""].into_iter().flat_map(|call| named(&text, call))
        {
            // Keys put together from a state end in a dash or hold a place.
            if key.ends_with('-') || key.contains('{') {
                continue;
            }
            count += 1;
            if Lang::ALL.into_iter().any(|lang| !texts().has(lang, key)) {
                missing.push(format!("{key} ({})", path.display()));
            }
        }
    }
    assert!(count > 100, "only {count} keys found");
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn a_field_says_what_it_needs_and_what_is_wrong_to_who_cannot_see_it() {
    let mut errors = FormErrors::default();
    errors.add("account", "Chưa nhập tài khoản");
    let entry = Entry::new("text", "account", "Tài khoản").hint("Tên ngắn").required().autocomplete("username");
    let html = page(Lang::Vi).field(&entry.checked(&errors)).to_string();
    for attribute in [
        r#"aria-required="true""#,
        r#"aria-describedby="account-hint account-error""#,
        r#"aria-invalid="true""#,
        r#"autocomplete="username""#,
    ] {
        assert!(html.contains(attribute), "{attribute} is missing: {html}");
    }
}

#[test]
fn a_summary_names_each_field_in_the_order_of_the_form_and_leads_to_it() {
    let wrong =
        ["host", "elsewhere", "name"].map(|field| FieldError { field: field.to_owned(), key: "field-required" });
    let errors = FormErrors::of_error(Lang::Vi, Error::Invalid(wrong.into())).unwrap();
    let entries = [("name", "Tên"), ("kind", "Loại"), ("host", "Máy chủ")].map(|(name, label)| {
        let kind = if name == "kind" { "radio" } else { "text" };
        Entry::new(kind, name, label).required().checked(&errors)
    });
    let html = page(Lang::Vi).error_summary(&errors.summary(&entries)).to_string();
    let lines: Vec<_> = html.lines().filter(|line| line.starts_with("<li>")).collect();
    let expected = [
        "<li>Không được để trống</li>",
        "<li><a href=\"#name\">Tên: Không được để trống</a></li>",
        "<li><a href=\"#host\">Máy chủ: Không được để trống</a></li>",
    ];
    assert_eq!(lines, expected);
    assert_eq!(entries.map(|entry| entry.error), ["Không được để trống", "", "Không được để trống"]);
    let group = page(Lang::Vi).field(&Entry::new("radio", "kind", "Loại")).to_string();
    assert!(group.contains("id=\"kind\" tabindex=\"-1\""), "a group of boxes takes the focus: {group}");
    let other = FormErrors::of_error(Lang::Vi, Error::NotFound);
    assert!(matches!(other, Err(Error::NotFound)), "what is not about the form goes on its way");
}

#[test]
fn days_and_times_are_written_the_same_in_every_browser() {
    let fields = [("date", "21/11/2026", true), ("date-time", "21/11/2026 09:12", true), ("time", "22:30", false)];
    for lang in Lang::ALL {
        let page = page(lang);
        for (kind, value, has_calendar) in fields {
            let html = page.field(&Entry::new(kind, "at", "Lúc").hint("Gợi ý").value(value)).to_string();
            let written = page.t(&format!("shell-{kind}-written"));
            for part in [
                "type=\"text\"",
                "id=\"at\"",
                &format!("value=\"{value}\""),
                &format!("data-written=\"{kind}\""),
                "aria-describedby=\"at-written at-hint\"",
                &format!("<p class=\"field-hint\" id=\"at-written\">{written}</p>"),
            ] {
                assert!(html.contains(part), "{part} is missing: {html}");
            }
            assert_eq!(html.contains("data-calendar=\"at\""), has_calendar, "{html}");
        }
        assert_eq!(page.moment_fault("21/11/2026 09:12") + &page.moment_fault(" "), "");
        assert_eq!(page.moment_fault("11/23/2026"), page.t("field-date-time-wrong"));
    }
}
