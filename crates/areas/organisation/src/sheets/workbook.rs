//! A workbook of Excel (.xlsx): the first sheet that is shown, row by row, each cell as the text that the same table
//! would have as CSV. Formulas count by their stored value and are never worked out; macros and links are not looked at.

use super::read::{Cell, MOST_LINES, Record, too_long};
use calamine::{DataRef, ExcelDateTime, Reader, Sheet, SheetType, SheetVisible, Xlsx};
use jiff::{Span, civil};
use kit::Error;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};
use std::panic::catch_unwind;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// How workbooks begin: they are zip archives.
const WORKBOOK: &[u8] = b"PK\x03\x04";
/// How older workbooks begin (.xls), and all that are locked by a password.
const OLD_WORKBOOK: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

/// Largest file, in bytes. A form holds less (`page::MOST_POSTED`).
const MOST_BYTES: usize = 4 << 20;
/// Most bytes that all parts of the file may have unpacked.
const MOST_UNPACKED: u64 = 32 << 20;
/// Most parts of the file; one with a single sheet has some ten.
const MOST_PARTS: usize = 1_000;
/// Most columns of the head.
const MOST_COLUMNS: usize = 100;
/// Longest text of one cell, in bytes: what Excel takes is 32,767 letters.
const LONGEST_CELL: usize = 4 * 32_767;
/// Most text of the whole table, in bytes: cells may share one long text, so the file says nothing of it.
const MOST_TEXT: usize = 16 << 20;

const DAY_SECONDS: i64 = 24 * 60 * 60;
/// Days between the two calendars that a workbook may count in.
const DAYS_FROM_1900_TO_1904: i64 = 1_462;
/// The day after 9999-12-31 in the calendar from 1900; there the count of Excel ends.
const NO_DAY: f64 = 2_958_466.0;

pub(super) fn is_one(table: &[u8]) -> bool {
    table.starts_with(WORKBOOK) || table.starts_with(OLD_WORKBOOK)
}

/// The rows that are not empty, the head first, with the numbers that Excel shows.
pub(super) fn records(file: &[u8]) -> Result<Vec<Record>, Error> {
    if file.starts_with(OLD_WORKBOOK) {
        return Err(Error::mistake("sheet-file-old", []));
    }
    if file.len() > MOST_BYTES {
        return Err(too_large());
    }
    // Of bytes made to harm, the reader of workbooks may count beyond its numbers: such a file is unreadable, no more.
    catch_unwind(|| rows(unpacked(file)?)).unwrap_or_else(|_| Err(unreadable(())))
}

/// The same archive without compression, and only with what the reader of workbooks reads. That reader knows no bounds;
/// it gets nothing that has not been counted here.
fn unpacked(file: &[u8]) -> Result<Vec<u8>, Error> {
    let mut archive = ZipArchive::new(Cursor::new(file)).map_err(unreadable)?;
    if archive.len() > MOST_PARTS {
        return Err(too_large());
    }
    let mut copy = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let (mut declared, mut read) = (0_u64, 0_u64);
    for number in 0..archive.len() {
        let (name, size) = {
            let part = archive.by_index_raw(number).map_err(unreadable)?;
            (part.name().to_owned(), part.size())
        };
        declared = declared.saturating_add(size);
        if declared > MOST_UNPACKED {
            return Err(too_large());
        }
        let folded = name.to_ascii_lowercase();
        if !folded.ends_with(".xml") && !folded.ends_with(".rels") {
            continue;
        }
        let part = archive.by_index(number).map_err(unreadable)?;
        let mut bytes = Vec::new();
        part.take(MOST_UNPACKED - read + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        read += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if read > MOST_UNPACKED {
            return Err(too_large());
        }
        if promises_too_much(&bytes) {
            return Err(unreadable(()));
        }
        copy.start_file(name, stored).map_err(unreadable)?;
        copy.write_all(&bytes).map_err(unreadable)?;
    }
    Ok(copy.finish().map_err(unreadable)?.into_inner())
}

/// Whether a part says that it holds more shared texts than it has room for. The reader of workbooks makes room for as
/// many as are said, and to ask for more memory than there is ends the whole program.
fn promises_too_much(part: &[u8]) -> bool {
    const PROMISE: &[u8] = b"uniqueCount";
    /// Bytes of the shortest text, `<si/>`.
    const SHORTEST: usize = 5;
    let places = part.windows(PROMISE.len()).enumerate().filter(|(_, window)| *window == PROMISE);
    places.map(|(place, _)| part.get(place + PROMISE.len()..).unwrap_or_default()).any(|rest| {
        let before = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'=' | b'"' | b'\'' | b'+');
        let digits = rest.iter().copied().skip_while(before).take_while(u8::is_ascii_digit);
        let said =
            digits.fold(0_usize, |said, digit| said.saturating_mul(10).saturating_add(usize::from(digit - b'0')));
        said > part.len() / SHORTEST
    })
}

fn rows(archive: Vec<u8>) -> Result<Vec<Record>, Error> {
    let mut book: Xlsx<Cursor<Vec<u8>>> = Xlsx::new(Cursor::new(archive)).map_err(unreadable)?;
    let since_1904 = book.has_1904_epoch();
    let is_shown = |sheet: &&Sheet| sheet.typ == SheetType::WorkSheet && sheet.visible == SheetVisible::Visible;
    let Some(name) = book.sheets_metadata().iter().find(is_shown).map(|sheet| sheet.name.clone()) else {
        return Err(Error::mistake("sheet-empty", []));
    };
    let mut cells = book.worksheet_cells_reader(&name).map_err(unreadable)?;
    let mut table = Table::default();
    while let Some(cell) = cells.next_cell().map_err(unreadable)? {
        let (row, column) = cell.get_position();
        if let Some(text) = text_of(cell.get_value(), since_1904) {
            table.put(row, column, text)?;
        }
    }
    table.close_row()?;
    Ok(table.records)
}

/// A table as it is filled cell by cell.
#[derive(Default)]
struct Table {
    records: Vec<Record>,
    /// Cells of the head up to the last that is not empty; no line may have more.
    width: Option<usize>,
    /// Bytes of text so far.
    text: usize,
    row: OpenRow,
}

/// The row that is being read, counted from 0.
#[derive(Default)]
struct OpenRow {
    number: u32,
    cells: BTreeMap<usize, Cell>,
    is_too_wide: bool,
}

impl Table {
    /// A cell that is not empty. Rows come from above to below; no program writes them otherwise.
    fn put(&mut self, row: u32, column: u32, cell: Cell) -> Result<(), Error> {
        match row.cmp(&self.row.number) {
            Ordering::Less => return Err(unreadable(())),
            Ordering::Equal => {}
            Ordering::Greater => {
                self.close_row()?;
                self.row.number = row;
            }
        }
        let length = cell.as_ref().map_or(0, String::len);
        self.text = self.text.saturating_add(length);
        if length > LONGEST_CELL || self.text > MOST_TEXT {
            return Err(too_large());
        }
        let column = usize::try_from(column).unwrap_or(usize::MAX);
        match self.width {
            Some(width) if column >= width => self.row.is_too_wide = true,
            None if column >= MOST_COLUMNS => {
                return Err(Error::mistake("sheet-too-wide", [("most", MOST_COLUMNS.to_string())]));
            }
            _ => {
                self.row.cells.insert(column, cell);
            }
        }
        Ok(())
    }

    fn close_row(&mut self) -> Result<(), Error> {
        let OpenRow { number, mut cells, is_too_wide } = std::mem::take(&mut self.row);
        if cells.is_empty() && !is_too_wide {
            return Ok(());
        }
        // The head and the lines.
        if self.records.len() > MOST_LINES {
            return Err(too_long());
        }
        let last = cells.last_key_value().map_or(0, |(column, _)| *column);
        let width = *self.width.get_or_insert(last + 1);
        let cells = match is_too_wide {
            true => Err("sheet-line-cells"),
            false => Ok((0..width).map(|column| cells.remove(&column).unwrap_or_else(|| Ok(String::new()))).collect()),
        };
        self.records.push(Record { line: u64::from(number) + 1, cells });
        Ok(())
    }
}

/// What a cell says; nothing where it is empty.
fn text_of(value: &DataRef<'_>, since_1904: bool) -> Option<Cell> {
    let text = match value {
        DataRef::Empty => return None,
        DataRef::String(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Int(number) => number.to_string(),
        // Whole numbers are written without a fraction.
        DataRef::Float(number) if number.is_finite() => number.to_string(),
        DataRef::Float(_) | DataRef::Error(_) => return Some(Err("sheet-cell-error")),
        DataRef::Bool(true) => "TRUE".to_owned(),
        DataRef::Bool(false) => "FALSE".to_owned(),
        DataRef::DateTime(at) if at.is_duration() => return Some(length(at.as_f64()).ok_or("sheet-cell-error")),
        DataRef::DateTime(at) => return Some(moment(at, since_1904).ok_or("sheet-cell-error")),
        DataRef::DateTimeIso(text) => whole_day(text).to_owned(),
    };
    (!text.trim().is_empty()).then_some(Ok(text))
}

/// `2025-07-01`, `2025-07-01 09:30` or, for a time of no day, `09:30`. Excel counts days, and in the calendar from 1900
/// one that never was: 1900-02-29.
fn moment(at: &ExcelDateTime, since_1904: bool) -> Option<String> {
    let (days, seconds) = days_and_seconds(at.as_f64())?;
    if at.as_f64() < 1.0 && seconds > 0 {
        return Some(clock(seconds));
    }
    let (days, first) = match (since_1904, days) {
        (true, _) => (days + DAYS_FROM_1900_TO_1904, civil::date(1899, 12, 30)),
        (false, 60) => return None,
        (false, ..60) => (days, civil::date(1899, 12, 31)),
        (false, _) => (days, civil::date(1899, 12, 30)),
    };
    let day = first.checked_add(Span::new().try_days(days).ok()?).ok()?;
    Some(if seconds == 0 { day.to_string() } else { format!("{day} {}", clock(seconds)) })
}

/// A length of time as hours and minutes; hours may be more than a day has.
fn length(days: f64) -> Option<String> {
    let (days, seconds) = days_and_seconds(days)?;
    Some(clock(days * DAY_SECONDS + seconds))
}

/// Whole days and the seconds left, rounded: a count in fractions of days is never quite a second.
fn days_and_seconds(serial: f64) -> Option<(i64, i64)> {
    if !(0.0..NO_DAY).contains(&serial) {
        return None;
    }
    let seconds = (serial * 86_400.0).round() as i64;
    Some((seconds / DAY_SECONDS, seconds % DAY_SECONDS))
}

fn clock(seconds: i64) -> String {
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if rest == 0 { format!("{hours:02}:{minutes:02}") } else { format!("{hours:02}:{minutes:02}:{rest:02}") }
}

/// A date that is written out, without the midnight that belongs to it.
fn whole_day(text: &str) -> &str {
    let text = text.trim().trim_end_matches('Z');
    match text.split_once('T') {
        Some((day, time)) if time.chars().all(|letter| matches!(letter, '0' | ':' | '.')) => day,
        _ => text,
    }
}

fn too_large() -> Error {
    Error::mistake("sheet-file-too-large", [])
}

/// What exactly is broken in the file helps nobody who can only save it again.
fn unreadable<E>(_: E) -> Error {
    Error::mistake("sheet-file-unreadable", [])
}

#[cfg(test)]
#[path = "workbook_tests.rs"]
mod tests;
