//! The sheet: A4 portrait, margins, face, page number in the top margin from the second page on (Decree 30/2020, Annex I, part I).

use docx_rs::{
    AlignmentType, Docx, Header, LineSpacing, LineSpacingType, PageMargin, PageNum, Paragraph, ParagraphBorder,
    ParagraphBorderPosition, ParagraphBorders, Run, RunFonts, SpecialIndentType,
};

/// Type face prescribed by the decree.
pub(crate) const FACE: &str = "Times New Roman";
/// Type size of the text, in points (the decree allows 13 and 14).
pub(crate) const BODY: u32 = 14;
/// Type size of Quốc hiệu and of the agency, in points (12 or 13); Tiêu ngữ and the date are one point larger.
pub(crate) const HEAD: u32 = 12;
/// First-line indent, 1.27 cm in twips.
pub(crate) const INDENT: i32 = 720;
/// Six points between paragraphs, in twips.
pub(crate) const GAP: u32 = 120;

const PAGE_WIDTH: u32 = 11_906;
const PAGE_HEIGHT: u32 = 16_838;
const MARGIN_TOP_BOTTOM: i32 = 1_134; // 20 mm
const MARGIN_LEFT: i32 = 1_701; // 30 mm
const MARGIN_RIGHT: i32 = 851; // 15 mm
const PAGE_NUMBER_FROM_EDGE: i32 = 567; // 10 mm, the middle of the top margin

/// Width of the text, in twips.
pub(crate) const TEXT_WIDTH: u32 = PAGE_WIDTH - 1_701 - 851;

/// Sets sheet, margins, face and page number.
pub(crate) fn page(docx: Docx) -> Docx {
    let number = Header::new().add_paragraph(
        Paragraph::new().align(AlignmentType::Center).size(half_points(BODY)).add_page_num(PageNum::new()),
    );
    docx.page_size(PAGE_WIDTH, PAGE_HEIGHT)
        .page_margin(
            PageMargin::new()
                .top(MARGIN_TOP_BOTTOM)
                .bottom(MARGIN_TOP_BOTTOM)
                .left(MARGIN_LEFT)
                .right(MARGIN_RIGHT)
                .header(PAGE_NUMBER_FROM_EDGE)
                .footer(PAGE_NUMBER_FROM_EDGE),
        )
        .default_fonts(RunFonts::new().ascii(FACE).hi_ansi(FACE).east_asia(FACE).cs(FACE))
        .default_size(half_points(BODY))
        .header(number)
        .first_header(Header::new().add_paragraph(Paragraph::new()))
        .title_pg()
}

/// WordprocessingML counts type sizes in half points.
pub(crate) fn half_points(points: u32) -> usize {
    usize::try_from(points).unwrap_or(14) * 2
}

/// A run of text at a size in points.
pub(crate) fn run(text: impl Into<String>, points: u32) -> Run {
    Run::new().add_text(text).size(half_points(points))
}

/// A centred paragraph without gaps, as the head and the signature block use.
pub(crate) fn centred(run: Run) -> Paragraph {
    Paragraph::new().align(AlignmentType::Center).line_spacing(spacing(0, 0)).add_run(run)
}

/// A justified paragraph of the text: first line indented, six points after it, spacing a little over single.
pub(crate) fn justified() -> Paragraph {
    Paragraph::new()
        .align(AlignmentType::Both)
        .indent(None, Some(SpecialIndentType::FirstLine(INDENT)), None, None)
        .line_spacing(spacing(0, GAP).line_rule(LineSpacingType::Auto).line(264))
}

/// Space before and after, in twips.
pub(crate) fn spacing(before: u32, after: u32) -> LineSpacing {
    LineSpacing::new().before(before).after(after)
}

/// A thin rule of `length` twips in the middle of a column: the border of an almost empty paragraph, which every word
/// processor keeps in place, unlike a drawn line.
pub(crate) fn rule(length: u32, column: u32) -> Paragraph {
    let side = i32::try_from(column.saturating_sub(length) / 2).unwrap_or(0);
    let border = ParagraphBorder::new(ParagraphBorderPosition::Bottom).size(6).color("000000");
    let mut paragraph = Paragraph::new()
        .size(2)
        .indent(Some(side), None, Some(side), None)
        .line_spacing(spacing(0, 40).line_rule(LineSpacingType::Exact).line(40));
    paragraph.property = paragraph.property.set_borders(ParagraphBorders::with_empty().set(border));
    paragraph
}
