//! Reading a table: the head line says which column is which, by the names of this program or by the words of an
//! exported list. What the file is, a workbook or text, is told from its first bytes and not from its name.

use super::faults::{Fault, Faults};
use super::{separated, workbook};
use kit::civil::moment;
use kit::clock::Micros;
use kit::fold::{fold, normalise};
use kit::locale::texts;
use kit::text::one_line;
use kit::{Error, Lang};
use std::collections::BTreeMap;
use tokio::sync::Semaphore;

/// Most lines of one table; a province has some hundreds of agencies and some thousands of people.
pub(super) const MOST_LINES: usize = 20_000;

/// A column: its name in files, and the key of what lists and people call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    pub(super) name: &'static str,
    pub(super) key: &'static str,
    /// What services call it.
    pub(super) field: &'static str,
}

impl Column {
    pub const fn new(name: &'static str, key: &'static str) -> Self {
        Self { name, key, field: name }
    }

    /// With the name that services have for it.
    pub const fn known_as(self, field: &'static str) -> Self {
        Self { field, ..self }
    }

    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Key of what lists and people call it.
    pub const fn key(&self) -> &'static str {
        self.key
    }

    pub fn is(&self, name: &str) -> bool {
        self.name == name
    }
}

/// One line with its number in the file; empty cells are not there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    pub line: u64,
    cells: BTreeMap<&'static str, String>,
    /// What is wrong with cells that hold no value, to which the reader of the row adds.
    pub faults: Faults,
}

impl Row {
    pub fn get(&self, name: &str) -> Option<&str> {
        self.cells.get(name).map(String::as_str)
    }

    /// The cell, empty where there is none.
    pub fn text(&self, name: &str) -> String {
        self.get(name).unwrap_or_default().to_owned()
    }
}

/// A line that cannot be taken apart.
pub type Unread = (u64, Fault);

/// The text of a cell, or the key of what is wrong with it.
pub(super) type Cell = Result<String, &'static str>;

/// A line as it stands in the file, with its number there; the key of what is wrong where it has no cells.
pub(super) struct Record {
    pub(super) line: u64,
    pub(super) cells: Result<Vec<Cell>, &'static str>,
}

/// The lines of a table, read for the noun that takes them.
#[derive(Debug)]
pub struct ReadTable(pub Vec<Result<Row, Unread>>);

/// Tables read at the same time. Each takes a processor for a while, and memory.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

/// Does the work of reading a table apart from what answers requests, when its turn has come.
pub async fn apart<T: Send + 'static>(work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    let turn = AT_ONCE.acquire().await.map_err(Error::internal)?;
    let work = move || {
        // Whoever asked may be gone; the turn ends with the work.
        let _turn = turn;
        work()
    };
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}

/// All lines of a table, read apart from what answers requests, and before the transaction that takes them.
pub async fn read_apart(
    table: Vec<u8>,
    columns: &'static [Column],
    required: &'static [&'static str],
) -> Result<ReadTable, Error> {
    apart(move || read(&table, columns, required).map(ReadTable)).await
}

/// All lines of a table. A head that lacks one of `required` or holds an unknown column refuses the whole: nobody could
/// say which lines are right.
pub(super) fn read(
    table: &[u8],
    columns: &'static [Column],
    required: &[&str],
) -> Result<Vec<Result<Row, Unread>>, Error> {
    if workbook::is_one(table) {
        rows(workbook::records(table)?.into_iter(), columns, required)
    } else {
        rows(separated::records(separated::text(table)?), columns, required)
    }
}

fn rows(
    mut records: impl Iterator<Item = Record>,
    columns: &'static [Column],
    required: &[&str],
) -> Result<Vec<Result<Row, Unread>>, Error> {
    let head = match records.next().map(|record| record.cells) {
        None => return Err(Error::mistake("sheet-empty", [])),
        Some(Err(_)) => return Err(Error::mistake("sheet-head-unreadable", [])),
        Some(Ok(head)) => head,
    };
    let mut names: Vec<Option<&'static str>> = Vec::new();
    let title = |cell: &Cell| normalise(cell.as_deref().unwrap_or("#"));
    for named in &head {
        let cell = named.as_deref().unwrap_or("#");
        names.push(match (cell.trim().is_empty(), column_of(cell, columns)) {
            (true, _) => None,
            (false, Some(name)) => {
                if let Some((_, first)) = names.iter().zip(&head).find(|(known, _)| **known == Some(name)) {
                    return Err(Error::mistake(
                        "sheet-column-twice",
                        [("first", title(first)), ("second", title(named))],
                    ));
                }
                Some(name)
            }
            (false, None) => return Err(Error::mistake("sheet-column-unknown", [("column", normalise(cell))])),
        });
    }
    let missing = |column: &&Column| required.contains(&column.name) && !names.contains(&Some(column.name));
    if let Some(Column { name, key, .. }) = columns.iter().find(missing) {
        let title = |lang| texts().text(lang, key);
        let names = [("vi", title(Lang::Vi)), ("en", title(Lang::En)), ("name", (*name).to_owned())];
        return Err(Error::mistake("sheet-column-missing", names));
    }
    let mut rows = Vec::new();
    for Record { line, cells } in records {
        if rows.len() >= MOST_LINES {
            return Err(too_long());
        }
        let wrong = |key| (line, Fault::whole(key));
        match cells {
            Err(key) => rows.push(Err(wrong(key))),
            Ok(cells) if cells.iter().all(is_blank) => {}
            Ok(cells) if cells.len() < names.len() || !cells.iter().skip(names.len()).all(is_blank) => {
                rows.push(Err(wrong("sheet-line-cells")));
            }
            Ok(cells) => rows.push(Ok(row(line, &names, &cells, Faults::new(columns)))),
        }
    }
    Ok(rows)
}

/// One line; a cell that holds no value, or one that cannot be kept, is among its faults.
fn row(line: u64, names: &[Option<&'static str>], cells: &[Cell], faults: Faults) -> Row {
    let mut row = Row { line, cells: BTreeMap::new(), faults };
    for (name, cell) in names.iter().zip(cells) {
        let Some(name) = *name else { continue };
        let kept = cell.as_deref().map_err(|key| *key).and_then(|text| one_line(unguarded(text)));
        let text = match kept {
            Ok(text) => text,
            Err(key) => {
                row.faults.add(name, key);
                continue;
            }
        };
        if !text.is_empty() {
            row.cells.insert(name, text);
        }
    }
    row
}

fn is_blank(cell: &Cell) -> bool {
    cell.as_ref().is_ok_and(|text| text.trim().is_empty())
}

pub(super) fn too_long() -> Error {
    Error::mistake("sheet-too-long", [("most", MOST_LINES.to_string())])
}

fn column_of(cell: &str, columns: &[Column]) -> Option<&'static str> {
    let cell = fold(cell);
    columns
        .iter()
        .find(|column| {
            column.name == cell || Lang::ALL.iter().any(|lang| fold(&texts().text(*lang, column.key)) == cell)
        })
        .map(|column| column.name)
}

/// Exported lists put an apostrophe before what a spreadsheet would run; it is no part of the cell.
fn unguarded(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@']) => rest,
        _ => cell,
    }
}

/// The code that a column names; one that is none of `codes` is a fault. `key` makes the key of the name of a code.
pub fn code<'code>(
    row: &Row,
    name: &str,
    codes: impl Iterator<Item = &'code str> + Clone,
    key: impl Fn(&str) -> String,
    faults: &mut Faults,
) -> Option<String> {
    let cell = row.get(name)?;
    let code = named(cell, codes.clone(), &key);
    if code.is_none() {
        faults.add_unknown(name, cell, codes, &key);
    }
    code
}

/// Which of `codes` a cell means: the code itself, or its name in either language (`key` makes the key of a code).
fn named<'code>(
    cell: &str,
    codes: impl IntoIterator<Item = &'code str>,
    key: impl Fn(&str) -> String,
) -> Option<String> {
    let folded = fold(cell);
    codes
        .into_iter()
        .find(|code| *code == cell || Lang::ALL.iter().any(|lang| fold(&texts().text(*lang, &key(code))) == folded))
        .map(ToOwned::to_owned)
}

/// The day of a column; one that cannot be read is a fault.
pub fn day(row: &Row, name: &str, faults: &mut Faults) -> Option<Micros> {
    let cell = row.get(name)?;
    let day = moment(cell);
    if day.is_none() {
        faults.add(name, "sheet-date-wrong");
    }
    day
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[Column] = &[Column::new("code", "agency-code"), Column::new("name", "agency-name")];

    fn cells(text: &str) -> Vec<Option<(u64, String, String)>> {
        let rows = read(text.as_bytes(), COLUMNS, &["code"]).unwrap();
        rows.into_iter().map(|row| row.ok().map(|row| (row.line, row.text("code"), row.text("name")))).collect()
    }

    #[test]
    fn the_head_may_speak_either_language_and_any_separator_will_do() {
        for text in ["code,name\nSYT,Sở Y tế\n", "\u{feff}Mã;Tên\r\nSYT;Sở Y tế\r\n", "NAME\tCode\nSở Y tế\tSYT"]
        {
            assert_eq!(cells(text), [Some((2, "SYT".into(), "Sở Y tế".into()))], "{text}");
        }
    }

    #[test]
    fn a_line_that_cannot_be_taken_apart_spoils_no_other() {
        let text = "code,name\nA\nB,b,too many\n\nC,\"two\nlines\"\nD,d\n";
        let found = cells(text);
        assert_eq!(found.len(), 4, "{found:?}");
        assert_eq!(found[3], Some((7, "D".into(), "d".into())));
        let unread: Vec<_> = read(text.as_bytes(), COLUMNS, &[]).unwrap().into_iter().filter_map(Result::err).collect();
        let unread: Vec<_> = unread.iter().map(|(line, fault)| (*line, fault.key)).collect();
        assert_eq!(unread, [(2, "sheet-line-cells"), (3, "sheet-line-cells")]);
    }

    #[test]
    fn a_table_is_read_apart_from_what_answers_requests() {
        let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build().unwrap();
        runtime.block_on(async {
            let (free, taken) = std::sync::mpsc::channel::<()>();
            let other = tokio::task::spawn_blocking(move || taken.recv());
            let reading = tokio::spawn(read_apart(b"code,name\nA,b\n".to_vec(), COLUMNS, &["code"]));
            tokio::task::yield_now().await;
            assert!(!reading.is_finished(), "the thread of requests has read it");
            drop(free);
            assert!(other.await.unwrap().is_err());
            assert_eq!(reading.await.unwrap().unwrap().0.len(), 1);
        });
    }

    #[test]
    fn what_cannot_be_kept_is_a_fault_of_its_cell() {
        let text = "code,name\nA,Sở\u{202e} Y tế\nB,\u{feff}b\nC,c\u{0}\nD,\"hai\ndòng\"\nE,Tie\u{302}\u{301}ng\n";
        let rows = read(text.as_bytes(), COLUMNS, &["code"]).unwrap();
        let rows: Vec<_> = rows.into_iter().map(Result::unwrap).collect();
        assert_eq!(rows[4].text("name"), "Tiếng");
        let faults = |row: Row| row.faults.into_found().into_iter().map(|fault| (fault.column, fault.key)).collect();
        let faults: Vec<Vec<_>> = rows.into_iter().map(faults).collect();
        let hidden = vec![("name", "text-hidden-sign")];
        assert_eq!(faults, [hidden.clone(), hidden.clone(), hidden, vec![("name", "text-one-line")], Vec::new()]);
    }

    #[test]
    fn a_head_that_nobody_understands_refuses_the_whole() {
        for (text, code) in [
            ("", "sheet-empty"),
            ("code,colour\nA,red\n", "sheet-column-unknown"),
            ("name\nSở Y tế\n", "sheet-column-missing"),
            ("code,Tên,name\nA,b,c\n", "sheet-column-twice"),
            ("\"code\nA\n", "sheet-head-unreadable"),
        ] {
            assert_eq!(read(text.as_bytes(), COLUMNS, &["code"]).unwrap_err().code(), code, "{text}");
        }
        let Err(Error::Mistake(mistake)) = read(b"name\nA\n", COLUMNS, &["code"]) else {
            panic!("a column is missing")
        };
        assert!(mistake.sentence(Lang::Vi).contains("“Mã”"), "{}", mistake.sentence(Lang::Vi));
        assert!(mistake.sentence(Lang::En).contains("“Code”"), "{}", mistake.sentence(Lang::En));
        let Err(Error::Mistake(mistake)) = read("Tên,code,Name\n".as_bytes(), COLUMNS, &["code"]) else {
            panic!("a column stands there twice")
        };
        for lang in Lang::ALL {
            let sentence = mistake.sentence(lang);
            assert!(sentence.contains("“Tên”") && sentence.contains("“Name”"), "{sentence}");
        }
        let latin = b"code,name\nA,S\xf4ng\n";
        assert_eq!(read(latin, COLUMNS, &["code"]).unwrap_err().code(), "sheet-not-text");
    }

    #[test]
    fn what_an_export_guards_comes_back_as_it_was() {
        assert_eq!(cells("code,name\nA,'+84 900\n")[0].as_ref().unwrap().2, "+84 900");
        assert_eq!(cells("code,name\nA,'quoted'\n")[0].as_ref().unwrap().2, "'quoted'");
    }

    #[test]
    fn dates_are_read_in_both_ways_of_writing_and_impossible_ones_are_not() {
        assert_eq!(moment("01/07/2025"), moment("2025-07-01"));
        assert!(moment("2025-07-01").is_some());
        for text in ["", "31/02/2026", "1/7", "hôm qua", "07-01-2025x"] {
            assert_eq!(moment(text), None, "{text}");
        }
    }

    #[test]
    fn a_code_may_be_written_by_its_name() {
        let key = |code: &str| format!("agency-kind-{code}");
        assert_eq!(named("Xã", ["ward", "commune"], key), Some("commune".to_owned()));
        assert_eq!(named("ward", ["ward", "commune"], key), Some("ward".to_owned()));
        assert_eq!(named("vương quốc", ["ward", "commune"], key), None);
    }
}
