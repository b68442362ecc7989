//! Writes a sample first notice to the path given (add `letter` for an unissued official letter):
//! `cargo run -p luytre-documents --example first_notice -- out.docx`.

use luytre_documents::{
    Addressees, Appendix, Block, Column, DocumentKind, Field, OfficialDocument, Signature, Urgency, Written, render,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("give the path of the DOCX to write")?;
    let mut document = sample();
    if std::env::args().nth(2).as_deref() == Some("letter") {
        let summary = "đề nghị hỗ trợ ứng cứu, khắc phục sự cố an ninh mạng".to_owned();
        document.issuer_parent = None;
        document.issuer = "Phòng An ninh mạng và phòng, chống tội phạm sử dụng công nghệ cao".to_owned();
        document.kind = DocumentKind::Letter { summary };
        document.addressed_to = Addressees(vec!["Công an tỉnh Sông Lam".to_owned()]);
        (document.number, document.date, document.urgency, document.draft) = (None, None, None, true);
    }
    std::fs::write(path, render(&document)?)?;
    Ok(())
}

fn sample() -> OfficialDocument {
    let field = |label: &str, value: &str| Field { label: label.to_owned(), value: value.to_owned() };
    let column = |title: &str, share| Column { title: title.to_owned(), share };
    let heading = |level, text: &str| Block::Heading { level, text: text.to_owned() };
    OfficialDocument {
        issuer_parent: Some("Ủy ban nhân dân tỉnh Sông Lam".to_owned()),
        issuer: "Sở Khoa học và Công nghệ".to_owned(),
        number: Some(5),
        symbol: "BC-SKHCN".to_owned(),
        place: "Sông Lam".to_owned(),
        date: jiff::civil::Date::new(2026, 2, 5).ok(),
        kind: DocumentKind::Titled {
            title: "Báo cáo".to_owned(),
            summary: "Ban đầu sự cố an ninh mạng đối với Cổng dịch vụ công trực tuyến của tỉnh".to_owned(),
        },
        addressed_to: Addressees(vec![
            "Cục An ninh mạng và phòng, chống tội phạm sử dụng công nghệ cao, Bộ Công an".to_owned(),
            "Công an tỉnh Sông Lam".to_owned(),
        ]),
        legal_bases: vec![
            "Căn cứ Luật An ninh mạng số 116/2025/QH15".to_owned(),
            "Căn cứ điểm d khoản 2 Điều 31 Nghị định số 331/2026/NĐ-CP ngày 19 tháng 8 năm 2026 của Chính phủ".to_owned(),
        ],
        body: vec![
            Block::Paragraph("Sở Khoa học và Công nghệ báo cáo ban đầu về sự cố an ninh mạng mã SC-2026-0042 như sau:".to_owned()),
            heading(1, "ĐƠN VỊ BÁO CÁO"),
            Block::Fields(vec![
                field("Tên cơ quan", "Sở Khoa học và Công nghệ"),
                field("Địa chỉ", ""),
                field("Điện thoại", "0239 000 000"),
            ]),
            heading(1, "HỆ THỐNG BỊ SỰ CỐ"),
            Block::Fields(vec![
                field("Tên hệ thống", "Cổng dịch vụ công trực tuyến"),
                field("Cấp độ", "3 (Quyết định số 12/QĐ-UBND ngày 03/01/2026)"),
            ]),
            heading(1, "DIỄN BIẾN SỰ CỐ"),
            heading(2, "Thời điểm"),
            Block::Table {
                columns: vec![column("Mốc", 3), column("Thời điểm", 4), column("Căn cứ xác định", 6)],
                rows: vec![
                    vec!["Xảy ra".into(), "02:14 ngày 05/02/2026".into(), "Bản ghi gốc đầu tiên có liên quan".into()],
                    vec!["Phát hiện".into(), "02:31 ngày 05/02/2026".into(), "Cảnh báo của hệ thống giám sát".into()],
                    vec!["Có người xem".into(), "02:40 ngày 05/02/2026".into(), "Trực ban giám sát".into()],
                ],
            },
            heading(2, "Dấu hiệu và phạm vi đã biết"),
            Block::Paragraph("Máy chủ web ghi nhận tệp lạ được tải lên thư mục công khai, sau đó tiến trình của máy chủ web chạy lệnh hệ điều hành. Đến thời điểm báo cáo chưa ghi nhận dữ liệu cá nhân bị lộ; việc xác minh đang tiếp tục.".to_owned()),
            heading(2, "Biện pháp đã thực hiện"),
            Block::Items(vec![
                "Cô lập máy chủ web khỏi mạng nội bộ lúc 02:55;".to_owned(),
                "Sao lưu, niêm phong bản ghi hệ thống và ảnh đĩa;".to_owned(),
                "Đổi mật khẩu các tài khoản quản trị.".to_owned(),
            ]),
            heading(1, "ĐỀ NGHỊ HỖ TRỢ"),
            Block::Paragraph("Đề nghị Công an tỉnh hướng dẫn thu thập, bảo quản chứng cứ điện tử và điều phối lực lượng ứng cứu. Sở Khoa học và Công nghệ sẽ báo cáo nguyên nhân, phạm vi và biện pháp khắc phục trước 02:31 ngày 08/02/2026".to_owned()),
        ],
        signature: Some(Signature {
            authority: vec!["KT. Giám đốc".to_owned()],
            position: "Phó Giám đốc".to_owned(),
            name: "Nguyễn Thị Ỷ Ẫn".to_owned(),
        }),
        recipients: vec!["Như trên".to_owned(), "Giám đốc (để báo cáo)".to_owned(), "Lưu: VT, TTGS".to_owned()],
        urgency: Some(Urgency::Immediate),
        draft: false,
        appendices: vec![Appendix {
            title: "Cảnh báo kèm theo".to_owned(),
            body: vec![Block::Table {
                columns: vec![column("TT", 1), column("Cảnh báo", 6), column("Lần đầu", 4), column("Số sự kiện", 2)],
                rows: (1..=40)
                    .map(|n| vec![n.to_string(), "Tiến trình máy chủ web chạy lệnh hệ điều hành".into(), "02:31 05/02/2026".into(), (n * 3).to_string()])
                    .collect(),
            }],
        }],
        written: Written::default(),
    }
}
