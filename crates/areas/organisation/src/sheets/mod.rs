//! Many records at once from a table: CSV, as spreadsheets of any language write it, or a workbook of Excel. Every
//! line stands for itself: one that is wrong is named with its reason and spoils no other. What a line means is known to
//! the noun that reads it.

mod faults;
mod page;
mod read;
mod report;
mod separated;
mod workbook;

pub(crate) use faults::Faults;
pub use faults::{Fault, Unknown};
pub(crate) use page::{About, SheetForm, SheetPage};
pub use read::ReadTable;
pub(crate) use read::{Column, Row, code, day, read_apart};
pub use report::{Change, Line, Outcome, Report, Totals};
pub(crate) use report::{begin_line, end_line};
