//! Many records at once from a table: CSV, as spreadsheets of any language write it, or a workbook of Excel. Every
//! line stands for itself: one that is wrong is named with its reason and spoils no other. What a line means is known to
//! the noun that reads it.

mod faults;
mod page;
mod read;
mod report;
mod separated;
mod workbook;
mod written;

pub use faults::{Fault, Faults, Unknown};
pub use page::{About, SheetForm, SheetPage, posted};
pub use read::{Column, ReadTable, Row, Unread, apart, code, day, read_apart};
pub use report::{Change, Line, Outcome, Report, Totals, begin_line, end_line};
pub use written::{Table, in_one_cell};

/// A line of a table with its number: its cells as they stand, or the key of what is wrong with it.
pub type PlainLine = (u64, Result<Vec<String>, &'static str>);

/// All lines of a table, the head among them, for whoever knows its columns better than this program does. Lines of a
/// text are read as they are asked for.
pub fn lines(table: &[u8]) -> Result<Box<dyn Iterator<Item = PlainLine> + '_>, kit::Error> {
    let plain = |record: read::Record| (record.line, record.cells.and_then(|cells| cells.into_iter().collect()));
    Ok(match workbook::is_one(table) {
        true => Box::new(workbook::records(table)?.into_iter().map(plain)),
        false => Box::new(separated::records(separated::text(table)?).map(plain)),
    })
}
