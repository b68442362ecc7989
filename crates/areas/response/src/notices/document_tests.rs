use super::*;
use crate::incidents::{Incident, Knowledge as KnownBy, KnownTime, TimeKind};
use crate::notices::prefill::{AffectedSystem, Knowledge, Reporter, prefill};
use crate::notices::{Letterhead, Notice};
use std::io::{Cursor, Read};

const NOW: i64 = 1_795_287_600_000_000; // 22 November 2026, 02:00 in Vietnam

fn known() -> Knowledge {
    let time = |kind, at| KnownTime {
        kind,
        at,
        known_by: KnownBy::Machine,
        reference: "rule".into(),
        recorded_at: NOW,
        recorded_by: "Trực ban".into(),
    };
    Knowledge {
        reporter: Reporter {
            name: "Sở Y tế".into(),
            address: "01 đường Trần Phú".into(),
            phone: "0200 000 000".into(),
            email: "syt@example".into(),
            letterhead: Letterhead {
                issuer_parent: "Ủy ban nhân dân tỉnh Bình Lâm".into(),
                issuer: "Sở Y tế".into(),
                symbol: "SYT".into(),
                place: "Bình Lâm".into(),
                position: "Giám đốc".into(),
                signer: "Nguyễn Thị Ỷ Ẫn".into(),
                ..Letterhead::default()
            },
        },
        writer: "Trần Văn Bộ, Chuyên viên".into(),
        system: Some(AffectedSystem {
            name: "Hồ sơ sức khỏe".into(),
            owner: "Sở Y tế".into(),
            level: "3 (12/QĐ-UBND)".into(),
            ..AffectedSystem::default()
        }),
        incident: Incident {
            code: "SC-2026-0042".into(),
            title: "Mã web shell trên cổng".into(),
            state: "contain".into(),
            severity: Some("M2".into()),
            technical_kind: "intrusion".into(),
            law_class: "c".into(),
            ..Incident::default()
        },
        times: vec![time(TimeKind::Detected, NOW)],
        alerts: vec![RelatedAlert {
            title: "Tiến trình máy chủ web chạy lệnh".into(),
            severity: "high".into(),
            entity: "web-01".into(),
            first_event_at: NOW - 60_000_000,
            events: 7,
        }],
        first_notice_number: String::new(),
        now: NOW,
    }
}

fn notice(number: Option<i64>) -> (Notice, Surroundings) {
    let law = Law::embedded().unwrap();
    let known = known();
    let notice = Notice {
        incident_code: known.incident.code.clone(),
        incident_title: known.incident.title.clone(),
        form: "first-notice".into(),
        fields: prefill(law.form("first-notice").unwrap(), &law, &known),
        letterhead: known.reporter.letterhead.clone(),
        recipients: vec!["ministry-force".into(), "provincial-police".into()],
        number,
        ..Notice::default()
    };
    let date = number.map(|_| jiff::civil::date(2026, 11, 22));
    (notice, Surroundings { alerts: known.alerts, next_due: "02:00 ngày 25/11/2026".into(), date, now: NOW })
}

/// All text of `word/document.xml`, tags taken out.
fn words(notice: &Notice, around: &Surroundings) -> String {
    let law = Law::embedded().unwrap();
    let package = documents::render(&document(notice, law.form("first-notice").unwrap(), &law, around)).unwrap();
    let mut xml = String::new();
    let mut archive = zip::ZipArchive::new(Cursor::new(package)).unwrap();
    archive.by_name("word/document.xml").unwrap().read_to_string(&mut xml).unwrap();
    let mut words = String::new();
    for piece in xml.split('<') {
        words.push_str(piece.split_once('>').map_or("", |(_, text)| text));
        words.push(' ');
    }
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn what_the_system_knows_stands_in_the_notice() {
    let (notice, around) = notice(Some(5));
    let words = words(&notice, &around);
    for expected in [
        "Số: 05/BC-SYT",
        "Bình Lâm, ngày 22 tháng 11 năm 2026",
        "Ban đầu sự cố an ninh mạng đối với Hồ sơ sức khỏe",
        "Công an tỉnh.",
        "SC-2026-0042",
        "M2 – Nghiêm trọng",
        "02:00 ngày 22/11/2026 (theo bản ghi của hệ thống)",
        "Xâm nhập; xâm nhập, làm tổn hại, chiếm đoạt dữ liệu",
        "Tiến trình máy chủ web chạy lệnh (web-01): lần đầu 01:59 ngày 22/11/2026, 7 sự kiện",
        "trước 02:00 ngày 25/11/2026",
        "HỎA TỐC",
        "Nguyễn Thị Ỷ Ẫn",
        "CẢNH BÁO VÀ BẢN GHI LIÊN QUAN",
    ] {
        assert!(words.contains(expected), "{expected} is not in: {words}");
    }
    assert!(!words.contains("DỰ THẢO") && !words.contains("{ $"), "{words}");
}

#[test]
fn a_draft_says_that_it_is_one_and_shows_its_blanks() {
    let (draft, around) = notice(None);
    let drafted = words(&draft, &around);
    assert!(drafted.contains("DỰ THẢO") && drafted.contains("Đề nghị hỗ trợ: ……"), "{drafted}");
    let (issued, around) = notice(Some(5));
    assert!(!words(&issued, &around).contains("Đề nghị hỗ trợ"), "an optional field without a value is left out");
}

#[test]
fn a_promise_of_the_next_report_is_made_only_where_one_is_due() {
    let (notice, around) = notice(Some(5));
    let words = words(&notice, &Surroundings { next_due: String::new(), ..around });
    assert!(!words.contains("sẽ báo cáo nguyên nhân"), "{words}");
}

#[test]
fn prefilled_values_name_their_source_and_unknown_ones_stay_empty() {
    let (notice, _) = notice(None);
    assert_eq!(notice.fields["system-name"].source, "system-name");
    assert_eq!(notice.fields["occurred"], FieldValue::default(), "the occurrence is not known");
    assert_eq!(notice.fields["contact-person"].value, "Trần Văn Bộ, Chuyên viên", "no contact is registered");
}
