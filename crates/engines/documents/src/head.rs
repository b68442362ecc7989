//! Everything above the text: the two-column head, title or "V/v", addressees, legal grounds.

use crate::letterhead::{ADDRESSED_TO, CONCERNING, DRAFT, MOTTO, NATION, number_and_symbol, place_and_date};
use crate::official::{DocumentKind, OfficialDocument, Urgency};
use crate::page::{BODY, GAP, HEAD, INDENT, TEXT_WIDTH, centred, justified, rule, run, spacing};
use crate::text::{capitals, single_line};
use crate::text_width::{bold_width, lines};
use docx_rs::{
    AlignmentType, DocumentChild, Paragraph, ParagraphBorder, ParagraphBorderPosition, ParagraphBorders, Run, Table,
    TableCell, TableCellMargins, TableLayoutType, TableRow, WidthType,
};

/// The right column holds Quốc hiệu on one line; the left has the rest.
const RIGHT: u32 = 5_060;
const LEFT: u32 = TEXT_WIDTH - RIGHT;
/// Keeps long names of the left column off the right one, in twips.
const GUTTER: i32 = 100;
/// In twips.
const MILLIMETRE: f64 = 56.7;

pub(crate) fn head(document: &OfficialDocument) -> Vec<DocumentChild> {
    let mut children = vec![table(document)];
    let mut push = |paragraph: Paragraph| children.push(DocumentChild::Paragraph(Box::new(paragraph)));
    if let DocumentKind::Titled { title, summary } = &document.kind {
        push(centred(run(capitals(title), BODY).bold()).line_spacing(spacing(2 * GAP, 0)));
        let summary = lines(&single_line(summary), BODY, TEXT_WIDTH);
        let length = summary.last().map_or(0, |line| bold_width(line, BODY)) * 2 / 5;
        summary.into_iter().for_each(|line| push(centred(run(line, BODY).bold())));
        push(rule(length, TEXT_WIDTH));
        push(Paragraph::new().line_spacing(spacing(0, 0)).size(12));
    } else {
        push(Paragraph::new().line_spacing(spacing(0, GAP)));
    }
    for paragraph in addressees(document) {
        push(paragraph);
    }
    let last = document.legal_bases.len();
    for (position, basis) in document.legal_bases.iter().enumerate() {
        let mark = if position + 1 == last { "." } else { ";" };
        push(justified().add_run(run(format!("{}{mark}", without_mark(basis)), BODY).italic()));
    }
    children
}

/// Two columns without borders: agency and nation above, number and date below, so that both rows keep one height.
fn table(document: &OfficialDocument) -> DocumentChild {
    let rows = [(agency(document), nation()), (number(document), vec![date(document)])];
    let rows = rows.map(|(left, right)| TableRow::new(vec![cell(LEFT, left), cell(RIGHT, right)]));
    let table = Table::without_borders(rows.into())
        .set_grid(vec![LEFT as usize, RIGHT as usize])
        .width(TEXT_WIDTH as usize, WidthType::Dxa)
        .layout(TableLayoutType::Fixed)
        .margins(TableCellMargins::new().margin(0, 0, 0, 0));
    DocumentChild::Table(Box::new(table))
}

fn cell(width: u32, paragraphs: Vec<Paragraph>) -> TableCell {
    paragraphs.into_iter().fold(TableCell::new().width(width as usize, WidthType::Dxa), TableCell::add_paragraph)
}

/// A centred line of the left column, kept off the right one.
fn left_line(run: Run) -> Paragraph {
    centred(run).indent(Some(GUTTER), None, Some(GUTTER), None)
}

fn agency(document: &OfficialDocument) -> Vec<Paragraph> {
    let room = LEFT - 2 * GUTTER.unsigned_abs();
    let broken = |name: &str| lines(&capitals(name), HEAD, room);
    let parent = document.issuer_parent.iter().flat_map(|parent| broken(parent));
    let issuer = broken(&document.issuer);
    let length = issuer.last().map_or(0, |line| bold_width(line, HEAD)) * 2 / 5;
    let mut column: Vec<Paragraph> = parent.map(|line| left_line(run(line, HEAD))).collect();
    column.extend(issuer.into_iter().map(|line| left_line(run(line, HEAD).bold())));
    column.push(rule(length, LEFT));
    column
}

/// The line under Tiêu ngữ is as long as the words.
fn nation() -> Vec<Paragraph> {
    vec![
        centred(run(NATION, HEAD).bold()),
        centred(run(MOTTO, HEAD + 1).bold()),
        rule(bold_width(MOTTO, HEAD + 1), RIGHT),
    ]
}

fn number(document: &OfficialDocument) -> Vec<Paragraph> {
    let number = number_and_symbol(document.number, &single_line(&document.symbol));
    let mut column = vec![left_line(run(number, HEAD + 1)).line_spacing(spacing(GAP, 0))];
    if let DocumentKind::Letter { summary } = &document.kind {
        let summary = format!("{CONCERNING} {}", single_line(summary));
        column.push(left_line(run(summary, HEAD)).line_spacing(spacing(GAP, 0)));
    }
    if let Some(urgency) = document.urgency {
        column.push(stamp(urgency));
    }
    if document.draft {
        column.push(left_line(run(DRAFT, BODY).bold()).line_spacing(spacing(GAP, 0)));
    }
    column
}

fn date(document: &OfficialDocument) -> Paragraph {
    let place = place_and_date(&single_line(&document.place), document.date);
    centred(run(place, HEAD + 1).italic()).line_spacing(spacing(GAP, 0))
}

/// The urgency stamp: 30 or 40 by 8 mm, bold capitals in a red single-line frame (Annex I, II.10b).
fn stamp(urgency: Urgency) -> Paragraph {
    let (words, millimetres) = match urgency {
        Urgency::Immediate => ("HỎA TỐC", 30.0),
        Urgency::VeryUrgent => ("THƯỢNG KHẨN", 40.0),
        Urgency::Urgent => ("KHẨN", 20.0),
    };
    let side = ((f64::from(LEFT) - millimetres * MILLIMETRE) / 2.0) as i32;
    let borders = [
        ParagraphBorderPosition::Top,
        ParagraphBorderPosition::Left,
        ParagraphBorderPosition::Bottom,
        ParagraphBorderPosition::Right,
    ]
    .into_iter()
    .fold(ParagraphBorders::with_empty(), |borders, position| {
        borders.set(ParagraphBorder::new(position).size(8).space(2).color("C00000"))
    });
    let mut paragraph = Paragraph::new()
        .align(AlignmentType::Center)
        .indent(Some(side), None, Some(side), None)
        .line_spacing(spacing(GAP, 0))
        .add_run(run(words, BODY).bold().color("C00000"));
    paragraph.property = paragraph.property.set_borders(borders);
    paragraph
}

/// One addressee on the line, several as a list with ";" and a final "." (Annex I, II.9).
fn addressees(document: &OfficialDocument) -> Vec<Paragraph> {
    let names: Vec<String> = document.addressed_to.0.iter().map(|name| without_mark(name)).collect();
    match names.as_slice() {
        [] => Vec::new(),
        [one] => {
            vec![centred(run(format!("{ADDRESSED_TO} {one}"), BODY)).line_spacing(spacing(GAP, 2 * GAP))]
        }
        several => {
            let indent = 2 * INDENT;
            let line = |text: String, after: u32, left: i32| {
                Paragraph::new()
                    .indent(Some(left), None, None, None)
                    .line_spacing(spacing(0, after))
                    .add_run(run(text, BODY))
            };
            let mut lines = vec![line(ADDRESSED_TO.to_owned(), 0, indent)];
            for (position, name) in several.iter().enumerate() {
                let last = position + 1 == several.len();
                let text = format!("- {name}{}", if last { "." } else { ";" });
                lines.push(line(text, if last { 2 * GAP } else { 0 }, indent + INDENT));
            }
            lines
        }
    }
}

/// The text on one line without the mark it ends with, since the layout sets its own.
pub(crate) fn without_mark(text: &str) -> String {
    single_line(text).trim_end_matches([';', '.', ',', ' ']).to_owned()
}
