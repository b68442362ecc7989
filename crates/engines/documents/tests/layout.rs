//! What stands in `word/document.xml`, and that hostile text cannot break it.

#![expect(clippy::expect_used, reason = "a test stops at the first surprise")]

use luytre_documents::{
    Addressees, Appendix, Block, Column, DocumentError, DocumentKind, Field, OfficialDocument, Signature, Written,
    render,
};
use proptest::prelude::*;
use std::io::{Cursor, Read};

fn part(package: &[u8], name: &str) -> String {
    let mut archive = zip::ZipArchive::new(Cursor::new(package)).expect("a zip archive");
    let mut text = String::new();
    archive.by_name(name).expect("the part").read_to_string(&mut text).expect("UTF-8");
    text
}

fn report() -> OfficialDocument {
    OfficialDocument {
        issuer_parent: Some("Ủy ban nhân dân tỉnh Sông Lam".into()),
        issuer: "Sở Y tế".into(),
        number: Some(5),
        symbol: "BC-SYT".into(),
        place: "Sông Lam".into(),
        date: jiff::civil::Date::new(2026, 2, 5).ok(),
        kind: DocumentKind::Titled { title: "Báo cáo".into(), summary: "Ban đầu sự cố an ninh mạng".into() },
        addressed_to: Addressees(vec!["Công an tỉnh".into()]),
        legal_bases: vec!["Căn cứ Luật An ninh mạng số 116/2025/QH15;".into()],
        body: vec![
            Block::Heading { level: 1, text: "HỆ THỐNG".into() },
            Block::Fields(vec![
                Field { label: "Tên hệ thống".into(), value: "Cổng <thông tin> & dịch vụ".into() },
                Field { label: "Cấp độ".into(), value: String::new() },
            ]),
            Block::Heading { level: 2, text: "Diễn biến".into() },
            Block::Table {
                columns: vec![Column { title: "Mốc".into(), share: 1 }, Column { title: "Thời điểm".into(), share: 2 }],
                rows: vec![vec!["Xảy ra".into()], vec!["Phát hiện".into(), "02:31".into(), "thừa".into()]],
            },
            Block::Heading { level: 3, text: "Biện pháp".into() },
            Block::Items(vec!["Cô lập máy chủ".into()]),
            Block::Paragraph("Trân trọng báo cáo".into()),
        ],
        signature: Some(Signature {
            authority: vec!["KT. Giám đốc".into()],
            position: "Phó Giám đốc".into(),
            name: "Nguyễn Thị Ỷ Ẫn".into(),
        }),
        recipients: vec!["Như trên".into(), "Lưu: VT".into()],
        urgency: None,
        draft: false,
        appendices: vec![Appendix { title: "Cảnh báo".into(), body: vec![Block::Paragraph("Không có".into())] }],
        written: Written {
            first: "2026-02-04T09:00:00.5Z".parse().expect("a time"),
            last: "2026-02-05T01:30:00Z".parse().expect("a time"),
        },
    }
}

#[test]
fn the_file_says_what_it_is_whose_and_of_when() {
    let mut document = report();
    document.issuer = "Sở <Y> & tế".into();
    let properties = part(&render(&document).expect("renders"), "docProps/core.xml");
    for piece in [
        "<dc:title>Báo cáo: Ban đầu sự cố an ninh mạng</dc:title>",
        "<dc:creator>Sở &lt;Y&gt; &amp; tế</dc:creator>",
        "W3CDTF\">2026-02-04T09:00:00Z</dcterms:created>",
        "W3CDTF\">2026-02-05T01:30:00Z</dcterms:modified>",
    ] {
        assert!(properties.contains(piece), "{piece} is not in {properties}");
    }
    assert!(!properties.contains("unknown") && !properties.contains("1970"), "{properties}");
}

#[test]
fn the_file_says_which_program_wrote_it_and_names_no_template() {
    let properties = part(&render(&report()).expect("renders"), "docProps/app.xml");
    assert!(properties.contains("<Application>Lũy Tre</Application>"), "{properties}");
    let version = properties.split("<AppVersion>").nth(1).and_then(|rest| rest.split('<').next()).expect("a version");
    let (major, minor) = version.split_once('.').expect("two numbers");
    assert!(major.parse::<u32>().is_ok() && minor.len() == 4 && minor.parse::<u32>().is_ok(), "{version}");
    assert!(!properties.contains("Template"), "{properties}");
}

#[test]
fn a_report_looks_as_it_did() {
    let xml = part(&render(&report()).expect("renders"), "word/document.xml");
    insta::assert_snapshot!(xml.replace("<w:p ", "\n<w:p ").replace("<w:tbl>", "\n<w:tbl>"));
}

#[test]
fn the_same_document_gives_the_same_package() {
    assert_eq!(render(&report()).expect("renders"), render(&report()).expect("renders"));
}

#[test]
fn an_unissued_draft_has_blanks_and_says_so() {
    let draft = OfficialDocument { number: None, date: None, draft: true, ..report() };
    let xml = part(&render(&draft).expect("renders"), "word/document.xml");
    assert!(xml.contains("Số:          /BC-SYT") && xml.contains("DỰ THẢO") && xml.contains("ngày      tháng"));
}

#[test]
fn the_page_number_starts_on_the_second_page() {
    let package = render(&report()).expect("renders");
    let xml = part(&package, "word/document.xml");
    assert!(xml.contains("<w:titlePg"));
    let headers = ["word/header1.xml", "word/header2.xml"].map(|name| part(&package, name));
    assert_eq!(headers.iter().filter(|header| header.contains("PAGE")).count(), 1);
}

#[test]
fn a_document_without_a_required_part_is_refused() {
    let cases = [
        (OfficialDocument { issuer: " \u{0}".into(), ..report() }, "issuing body"),
        (OfficialDocument { body: Vec::new(), ..report() }, "text"),
        (OfficialDocument { kind: DocumentKind::Letter { summary: String::new() }, ..report() }, "summary"),
    ];
    for (document, part) in cases {
        assert_eq!(render(&document), Err(DocumentError::Missing(part)));
    }
}

#[test]
fn a_document_beyond_the_bounds_is_refused() {
    let body = vec![Block::Paragraph("a".repeat(2_000_001))];
    let result = render(&OfficialDocument { body, ..report() });
    assert!(matches!(result, Err(DocumentError::TooLarge { unit: "characters", .. })), "{result:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn hostile_text_never_breaks_the_xml(text in "(?s).{0,200}") {
        let body = vec![
            Block::Heading { level: 9, text: text.clone() },
            Block::Paragraph(text.clone()),
            Block::Items(vec![text.clone()]),
            Block::Fields(vec![Field { label: text.clone(), value: text.clone() }]),
            Block::Table { columns: vec![Column { title: text.clone(), share: 0 }], rows: vec![vec![text.clone()]] },
        ];
        let document = OfficialDocument { body, recipients: vec![text.clone()], ..report() };
        let xml = part(&render(&document).expect("renders"), "word/document.xml");
        for character in xml.chars() {
            prop_assert!(character == '\n' || !character.is_control(), "{:?}", character);
        }
        prop_assert_eq!(xml.matches("<w:p ").count(), xml.matches("</w:p>").count());
    }
}
