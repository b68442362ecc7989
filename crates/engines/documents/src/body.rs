//! The text: numbered headings, justified paragraphs, dashed lists, fields, ruled tables, appendices.

use crate::letterhead::{APPENDIX, END, letter, roman};
use crate::official::{Appendix, Block, Column, Field, OfficialDocument};
use crate::page::{BODY, GAP, TEXT_WIDTH, centred, justified, rule, run, spacing};
use crate::text::{capitals, lines, single_line};
use crate::text_width::{self, bold_width};
use docx_rs::{
    AlignmentType, DocumentChild, Paragraph, Run, Table, TableAlignmentType, TableBorder, TableBorderPosition,
    TableCell, TableCellMargins, TableLayoutType, TableRow, VAlignType, WidthType,
};

/// Tables are set two points smaller than the text, so that a column holds a system's name.
const TABLE: u32 = BODY - 2;
/// What a hand fills in later.
const BLANK: &str = "………………………………";

pub(crate) fn body(document: &OfficialDocument) -> Vec<DocumentChild> {
    let mut children = blocks(&document.body);
    match children.last_mut() {
        // The closing mark stands behind the last words; the last paragraph stays with the signature.
        Some(DocumentChild::Paragraph(last)) => {
            let closed = std::mem::take(last.as_mut()).add_run(run(END, BODY)).keep_next(document.signature.is_some());
            **last = closed;
        }
        _ => children.push(child(justified().add_run(run(END, BODY)).keep_next(true))),
    }
    children
}

/// An appendix on its own page: heading bold and centred, numbered in Roman figures when there are several.
pub(crate) fn appendix(position: usize, total: usize, appendix: &Appendix) -> Vec<DocumentChild> {
    let head = if total > 1 { format!("{APPENDIX} {}", roman(position + 1)) } else { APPENDIX.to_owned() };
    let title = text_width::lines(&capitals(&appendix.title), BODY, TEXT_WIDTH);
    let length = title.last().map_or(0, |line| bold_width(line, BODY)) * 2 / 5;
    let mut children = vec![child(centred(run(head, BODY).bold()).page_break_before(true))];
    children.extend(title.into_iter().map(|line| child(centred(run(line, BODY).bold()))));
    children.push(child(rule(length, TEXT_WIDTH)));
    children.push(child(Paragraph::new().line_spacing(spacing(0, GAP))));
    children.extend(blocks(&appendix.body));
    children
}

fn blocks(blocks: &[Block]) -> Vec<DocumentChild> {
    let mut numbers = [0_usize; 3];
    let mut children = Vec::new();
    for block in blocks {
        match block {
            Block::Heading { level, text } => children.push(child(heading(&mut numbers, *level, text))),
            Block::Paragraph(text) => {
                children.extend(lines(text).into_iter().map(|line| child(justified().add_run(run(line, BODY)))));
            }
            Block::Items(items) => children.extend(items.iter().flat_map(|item| {
                dashed(lines(item).into_iter().enumerate().map(|(position, line)| {
                    if position == 0 { vec![run(format!("- {line}"), BODY)] } else { vec![run(line, BODY)] }
                }))
            })),
            Block::Fields(fields) => children.extend(fields.iter().flat_map(field)),
            Block::Table { columns, rows } if !columns.is_empty() => {
                children.push(table(columns, rows));
                children.push(child(Paragraph::new().size(8).line_spacing(spacing(0, 0))));
            }
            Block::Table { .. } => {}
        }
    }
    children
}

fn child(paragraph: Paragraph) -> DocumentChild {
    DocumentChild::Paragraph(Box::new(paragraph))
}

fn dashed(lines: impl Iterator<Item = Vec<Run>>) -> Vec<DocumentChild> {
    lines.map(|runs| child(runs.into_iter().fold(justified(), Paragraph::add_run))).collect()
}

/// Numbers the heading and starts the levels under it anew.
fn heading(numbers: &mut [usize; 3], level: u8, text: &str) -> Paragraph {
    let text = single_line(text);
    let [parts, sections, points] = numbers;
    let run = match level {
        0 | 1 => {
            (*parts, *sections, *points) = (*parts + 1, 0, 0);
            run(format!("{}. {text}", roman(*parts)), BODY).bold()
        }
        2 => {
            (*sections, *points) = (*sections + 1, 0);
            run(format!("{sections}. {text}"), BODY).bold()
        }
        _ => {
            *points += 1;
            run(format!("{}) {text}", letter(*points)), BODY)
        }
    };
    justified().keep_next(true).add_run(run)
}

/// `- Label: value`; further lines of the value become paragraphs of their own. A blank is not stretched to the margin.
fn field(field: &Field) -> Vec<DocumentChild> {
    let label = format!("- {}: ", single_line(&field.label).trim_end_matches(':'));
    let mut values = lines(&field.value).into_iter();
    let Some(first) = values.next() else {
        let blank = justified().align(AlignmentType::Left);
        return vec![child(blank.add_run(run(label, BODY)).add_run(run(BLANK, BODY)))];
    };
    let head = vec![run(label, BODY), run(first, BODY)];
    dashed(std::iter::once(head).chain(values.map(|line| vec![run(line, BODY)])))
}

fn table(columns: &[Column], rows: &[Vec<String>]) -> DocumentChild {
    let shares: u64 = columns.iter().map(|column| u64::from(column.share.max(1))).sum();
    let widths: Vec<usize> = columns
        .iter()
        .map(|column| (u64::from(TEXT_WIDTH) * u64::from(column.share.max(1)) / shares.max(1)) as usize)
        .collect();
    let head = columns.iter().zip(&widths).map(|(column, width)| {
        let title = run(single_line(&column.title), TABLE).bold();
        cell(*width).vertical_align(VAlignType::Center).add_paragraph(centred(title))
    });
    let mut table_rows = vec![TableRow::new(head.collect()).cant_split()];
    for row in rows {
        let cells = widths.iter().enumerate().map(|(position, width)| {
            let lines = row.get(position).map(|text| lines(text)).unwrap_or_default();
            if lines.is_empty() {
                return cell(*width).add_paragraph(Paragraph::new().line_spacing(spacing(0, 0)));
            }
            lines.into_iter().fold(cell(*width), |cell, line| {
                let paragraph = Paragraph::new().align(AlignmentType::Left).line_spacing(spacing(0, 0));
                cell.add_paragraph(paragraph.add_run(run(line, TABLE)))
            })
        });
        table_rows.push(TableRow::new(cells.collect()).cant_split());
    }
    let table = [
        TableBorderPosition::Top,
        TableBorderPosition::Left,
        TableBorderPosition::Bottom,
        TableBorderPosition::Right,
        TableBorderPosition::InsideH,
        TableBorderPosition::InsideV,
    ]
    .into_iter()
    .fold(Table::new(table_rows), |table, position| table.set_border(TableBorder::new(position).size(4)))
    .set_grid(widths)
    .width(TEXT_WIDTH as usize, WidthType::Dxa)
    .layout(TableLayoutType::Fixed)
    .align(TableAlignmentType::Center)
    .margins(TableCellMargins::new().margin(40, 80, 40, 80));
    DocumentChild::Table(Box::new(table))
}

fn cell(width: usize) -> TableCell {
    TableCell::new().width(width, WidthType::Dxa)
}
