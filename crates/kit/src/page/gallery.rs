//! Every component in every state on one page, with the string that breaks most layouts. For engineers and for
//! the screenshots of `make shots`; mounted in the demonstration only.

use super::*;
use crate::clock::{DAY, HOUR, MINUTE};
use askama::Template;
use axum::Router;
use axum::extract::OriginalUri;
use axum::http::HeaderMap;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;

/// The worst a name can do to a layout: stacked accents, capitals, long words.
pub(super) const TEST_NAME: &str = "Nguyễn Thị Ỷ Ẫn – ỨNG CỨU SỰ CỐ, Đắk Lắk";

/// The moment at which the gallery stands still: 21 November 2026, 09:12 in Vietnam.
pub(super) const TEST_NOW: Micros = 1_795_227_120_000_000;

struct Row {
    id: u32,
    title: String,
    severity: Severity,
    level: Level,
    line: Sparkline,
    at: Micros,
    count: u64,
}

/// All components at once.
#[derive(Template)]
#[template(path = "gallery.html")]
pub struct Gallery {
    page: Page,
    name: &'static str,
    open: bool,
    chips: Vec<Chip>,
    clocks: Vec<ClockBar>,
    intervals: Vec<Interval>,
    strips: Vec<Presence>,
    severities: [Severity; 5],
    levels: Vec<Level>,
    verdicts: Vec<VerdictMark>,
    tags: Vec<(String, Tone)>,
    times: Vec<Micros>,
    tabs: Vec<Tab>,
    sorting: Sorting,
    rows: Vec<Row>,
    pagination: Pagination,
    histogram: Histogram,
    errors: ErrorSummary,
    reason: Entry,
    entries: Vec<Entry>,
}

impl Gallery {
    /// The gallery around a given frame.
    pub fn new(page: Page) -> Self {
        let now = page.now;
        let address = page.address.clone();
        let chips = vec![
            Chip::of(&address, "severity", "high", page.t("shell-severity"), page.t("shell-severity-high")),
            Chip::of(&address, "q", TEST_NAME, page.t("shell-search"), TEST_NAME),
        ];
        let mut errors = FormErrors::default();
        errors.add("name", TEST_NAME);
        let entries = entries(&errors);
        Self {
            name: TEST_NAME,
            open: address.value("open").is_some(),
            chips,
            clocks: clocks(now),
            intervals: intervals(),
            strips: strips(now),
            severities: Severity::ALL,
            levels: (1..=5).filter_map(|number: u8| Level::new(number)).collect(),
            verdicts: verdicts(now),
            tags: [Tone::Neutral, Tone::Active, Tone::Good, Tone::Attention, Tone::Bad]
                .map(|tone| (format!("{} – Ẫ", tone.code()), tone))
                .to_vec(),
            times: vec![now, now - 3 * MINUTE, now - 5 * HOUR, now - 20 * HOUR, now - 40 * DAY, now + 200 * MINUTE],
            tabs: ["ỨNG CỨU", "Bằng chứng", "Thực thể"]
                .iter()
                .enumerate()
                .map(|(index, name)| Tab {
                    name: (*name).to_owned(),
                    href: format!("#tab-{index}"),
                    chosen: index == 0,
                    count: (index > 0).then_some(index as u64 * 17),
                })
                .collect(),
            sorting: Sorting::of(&address, &["-last", "title", "count"]),
            rows: rows(now),
            pagination: Pagination::of(&address.with("page", 4), 20, 1234),
            histogram: histogram(now),
            errors: errors.summary(&entries),
            reason: Entry::new("text", "reason", "Lý do").hint(TEST_NAME).required(),
            entries,
            page,
        }
    }

    /// A frame without a database: navigation, counters and a person of the demonstration.
    pub fn demonstration_page(lang: Lang, theme: Theme, address: Address) -> Page {
        let item = |group, icon, href| NavigationItem::new(group, icon, href);
        Page::new(PageParts {
            lang,
            theme,
            address,
            csrf: "gallery".to_owned(),
            centre: "Trung tâm An ninh mạng tỉnh Đắk Lắk".to_owned(),
            person: Some(PersonBadge {
                id: String::new(),
                name: TEST_NAME.split(" – ").next().unwrap_or_default().to_owned(),
                role: "Trực ban".to_owned(),
                agency: "Trung tâm An ninh mạng".to_owned(),
                href: "/gallery".to_owned(),
            }),
            scopes: vec![
                ScopeChoice { name: "Toàn tỉnh".to_owned(), href: "/gallery".to_owned(), chosen: true },
                ScopeChoice { name: "Sở Y tế".to_owned(), href: "/gallery".to_owned(), chosen: false },
            ],
            navigation: vec![
                item("shell-group-duty", "alarm", "/"),
                item("shell-group-monitoring", "radar-2", "/alerts"),
                item("shell-group-response", "lifebuoy", "/gallery").with_children(vec![
                    item("gallery-title", "star", "/gallery"),
                    item("shell-group-response", "lifebuoy", "/incidents"),
                ]),
                item("shell-group-assurance", "shield-check", "/systems"),
                item("shell-group-organisation", "sitemap", "/people"),
            ],
            counters: [("clocks", "clock", 3, true), ("silent", "wifi-off", 2, false), ("inbox", "bell", 0, false)]
                .map(|(name, icon, count, urgent)| Counter {
                    name: name.to_owned(),
                    icon: icon.to_owned(),
                    count,
                    key: format!("shell-counter-{name}"),
                    href: "/gallery".to_owned(),
                    urgent,
                })
                .to_vec(),
            flash: [FlashKind::Done, FlashKind::Note, FlashKind::Problem]
                .map(|kind| Flash { kind, text: TEST_NAME.to_owned() })
                .to_vec(),
            now: TEST_NOW,
            ..PageParts::default()
        })
    }
}

fn clocks(now: Micros) -> Vec<ClockBar> {
    let moment = |kind, at| Moment { kind, at };
    let duty = |name: &str, due, state| Duty { name: name.to_owned(), due, state, href: "/gallery".to_owned() };
    let start = now - 7 * HOUR;
    let begun = vec![
        moment(MomentKind::Occurred, start),
        moment(MomentKind::Detected, start + 17 * MINUTE),
        moment(MomentKind::Seen, start + 26 * MINUTE),
    ];
    let mut ended = begun.iter().map(|m| moment(m.kind, m.at - 3 * DAY)).collect::<Vec<_>>();
    ended.push(moment(MomentKind::Reported, now - 3 * DAY + 20 * HOUR));
    ended.push(moment(MomentKind::Receipt, now - 3 * DAY + 21 * HOUR));
    vec![
        ClockBar {
            moments: begun,
            duties: vec![
                duty("Báo ngay", start + 40 * MINUTE, DutyState::Sent(start + 30 * MINUTE)),
                duty("Báo cáo ban đầu 24 giờ", start + DAY, DutyState::Running),
                duty("Báo cáo 72 giờ", start + 3 * DAY, DutyState::Running),
                duty("Thông báo chủ thể dữ liệu", start + 3 * DAY, DutyState::NotApplicable),
            ],
        },
        ClockBar {
            moments: ended,
            duties: vec![
                duty("Báo ngay", start - 3 * DAY + HOUR, DutyState::SentLate(start - 3 * DAY + 2 * HOUR)),
                duty("Báo cáo ban đầu 24 giờ", start - 2 * DAY, DutyState::Sent(now - 3 * DAY + 20 * HOUR)),
                duty(TEST_NAME, now - 12 * MINUTE, DutyState::Late),
            ],
        },
    ]
}

fn intervals() -> Vec<Interval> {
    let bar = |proven, unproven, disproven| Interval {
        proven,
        unproven,
        disproven,
        target: Some(1.0),
        trend: Some(Trend { change: 0.04, weeks: 4 }),
        href: "/gallery".to_owned(),
        to_do: String::new(),
        to_do_href: "/gallery".to_owned(),
    };
    vec![
        Interval { to_do: "17 hệ thống cần làm".to_owned(), ..bar(71, 22, 7) },
        Interval { target: Some(0.8), trend: Some(Trend { change: -0.02, weeks: 4 }), ..bar(140, 0, 0) },
        Interval { trend: Some(Trend { change: 0.0, weeks: 1 }), ..bar(0, 1, 299) },
        Interval { trend: None, target: None, ..bar(299, 1, 0) },
        bar(0, 0, 0),
    ]
}

fn strips(now: Micros) -> Vec<Presence> {
    let state = |index: i64| match index {
        3 | 4 => SlotState::Partly,
        9..=12 => SlotState::Silent,
        16 => SlotState::Planned,
        0 | 1 => SlotState::NotExpected,
        _ => SlotState::Seen,
    };
    let strip = |name: &str, slots: i64, width: Micros, href: &str| Presence {
        name: name.to_owned(),
        slots: (0..slots)
            .map(|index| Slot {
                from: now - (slots - index) * width,
                to: now - (slots - index - 1) * width,
                state: state(index),
                count: if matches!(state(index), SlotState::Seen) { 4211 } else { 0 },
                href: href.to_owned(),
            })
            .collect(),
    };
    vec![strip(TEST_NAME, 24, HOUR, "/gallery"), strip("30 ngày", 30, DAY, "")]
}

fn verdicts(now: Micros) -> Vec<VerdictMark> {
    vec![
        VerdictMark { verdict: Verdict::Proven, evidence_at: Some(now - 3 * DAY), expires_at: Some(now + 4 * DAY) },
        VerdictMark { verdict: Verdict::Unproven, evidence_at: Some(now - 9 * DAY), expires_at: Some(now - 2 * DAY) },
        VerdictMark::new(Verdict::Disproven),
        VerdictMark::new(Verdict::NotApplicable),
    ]
}

fn rows(now: Micros) -> Vec<Row> {
    (0..8u32)
        .filter_map(|index| {
            let position = index as usize % 5;
            Some(Row {
                id: index,
                title: if index % 2 == 0 {
                    "Đoán mật khẩu SSH nhiều lần từ một địa chỉ".to_owned()
                } else {
                    TEST_NAME.to_owned()
                },
                severity: *Severity::ALL.get(position)?,
                level: Level::new(index % 5 + 1)?,
                line: Sparkline {
                    counts: (0..24).map(|hour| u64::from((hour * (index + 3)) % 17)).collect(),
                    name: "24 h".to_owned(),
                },
                at: now - i64::from(index) * 47 * MINUTE,
                count: 7u64.pow(index),
            })
        })
        .collect()
}

fn histogram(now: Micros) -> Histogram {
    let counts = |factor: u64| (0..48u64).map(|bucket| (bucket * factor) % 23 + bucket / 4).collect();
    Histogram {
        id: "gallery-chart".to_owned(),
        title: "Nguồn nào im lặng hơn bình thường?".to_owned(),
        start: now - 24 * HOUR,
        width: 30 * MINUTE,
        series: vec![
            Series { name: "Cao".to_owned(), counts: counts(3), colour: "high".to_owned() },
            Series { name: "Khác".to_owned(), counts: counts(7), colour: "accent".to_owned() },
        ],
        zoom: Some(("from".to_owned(), "to".to_owned())),
    }
}

fn entries(errors: &FormErrors) -> Vec<Entry> {
    let choices = || vec![Choice::new("a", "ỨNG CỨU", false), Choice::new("b", TEST_NAME, true)];
    vec![
        Entry::new("text", "name", "Họ và tên").hint(TEST_NAME).value(TEST_NAME).required().checked(errors),
        Entry::new("textarea", "what", "Chuyện gì đã xảy ra?").value(TEST_NAME),
        Entry::new("select", "agency", "Cơ quan").choices(choices()).required(),
        Entry::new("radio", "kind", "Loại").choices(choices()).required().hint(TEST_NAME),
        Entry::new("checkbox", "sure", TEST_NAME).required(),
        Entry::new("date-time", "when", "Khi nào").value("21/11/2026 09:12"),
    ]
}

/// `GET /gallery`, as it stands: whoever mounts it says who may see it.
pub fn gallery_router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/gallery", get(show_gallery))
}

async fn show_gallery(OriginalUri(uri): OriginalUri, headers: HeaderMap) -> Response {
    let address = Address::parse(&uri.to_string());
    let cookie = |name: &str| {
        let all = headers.get(axum::http::header::COOKIE)?.to_str().ok()?;
        all.split(';').filter_map(|pair| pair.trim().split_once('=')).find(|(key, _)| *key == name).map(|pair| pair.1)
    };
    let lang = cookie("lang").and_then(Lang::from_code).unwrap_or_default();
    let theme = cookie("theme").and_then(Theme::from_code).unwrap_or_default();
    match Gallery::new(Gallery::demonstration_page(lang, theme, address)).render() {
        Ok(html) => Html(html).into_response(),
        Err(error) => (axum::http::StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
