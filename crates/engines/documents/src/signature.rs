//! What stands under the text: recipients on the left, the one who signs on the right (boxes 7 and 9b).

use crate::head::without_mark;
use crate::letterhead::RECIPIENTS;
use crate::official::{OfficialDocument, Signature};
use crate::page::{BODY, GAP, HEAD, TEXT_WIDTH, centred, run, spacing};
use crate::text::{capitals, single_line};
use docx_rs::{DocumentChild, Paragraph, Table, TableCell, TableCellMargins, TableLayoutType, TableRow, WidthType};

const LEFT: u32 = 4_300;
const RIGHT: u32 = TEXT_WIDTH - LEFT;
/// Room for hand, seal and the picture of a digital signature, in twips (30 mm).
const ROOM_TO_SIGN: u32 = 1_700;

pub(crate) fn signature(document: &OfficialDocument) -> Vec<DocumentChild> {
    if document.signature.is_none() && document.recipients.is_empty() {
        return Vec::new();
    }
    let left = recipients(&document.recipients);
    let right = document.signature.as_ref().map(signer).unwrap_or_else(|| vec![Paragraph::new()]);
    let row = TableRow::new(vec![cell(LEFT, left), cell(RIGHT, right)]).cant_split();
    let table = Table::without_borders(vec![row])
        .set_grid(vec![LEFT as usize, RIGHT as usize])
        .width(TEXT_WIDTH as usize, WidthType::Dxa)
        .layout(TableLayoutType::Fixed)
        .margins(TableCellMargins::new().margin(0, 0, 0, 0));
    let gap = Paragraph::new().size(8).keep_next(true).line_spacing(spacing(0, 0));
    vec![DocumentChild::Paragraph(Box::new(gap)), DocumentChild::Table(Box::new(table))]
}

fn cell(width: u32, paragraphs: Vec<Paragraph>) -> TableCell {
    paragraphs.into_iter().fold(TableCell::new().width(width as usize, WidthType::Dxa), TableCell::add_paragraph)
}

/// The word 12 points bold italic, the list 11 points, each line with ";" and the last with "." (Annex I, II.9).
fn recipients(names: &[String]) -> Vec<Paragraph> {
    if names.is_empty() {
        return vec![Paragraph::new()];
    }
    let line = |run| Paragraph::new().line_spacing(spacing(0, 0)).add_run(run);
    let mut lines = vec![line(run(RECIPIENTS, HEAD).bold().italic())];
    for (position, name) in names.iter().enumerate() {
        let mark = if position + 1 == names.len() { "." } else { ";" };
        lines.push(line(run(format!("- {}{mark}", without_mark(name)), 11)));
    }
    lines
}

fn signer(signature: &Signature) -> Vec<Paragraph> {
    let mut lines: Vec<Paragraph> =
        signature.authority.iter().map(|line| centred(run(capitals(line), BODY).bold())).collect();
    lines.push(centred(run(capitals(&signature.position), BODY).bold()));
    lines.push(centred(run(single_line(&signature.name), BODY).bold()).line_spacing(spacing(ROOM_TO_SIGN, GAP)));
    lines
}
