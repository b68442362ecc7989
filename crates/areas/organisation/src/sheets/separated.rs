//! Lines of a table that is text (RFC 4180): commas, semicolons and tabs all separate. Quotes are followed here and not
//! by a library, because one that nobody closes must cost its own line alone and be named by it.

use super::read::Record;
use kit::Error;

/// Most cells of one line; one with more is no line of any table.
const MOST_CELLS: usize = 1_000;

/// What is not UTF-8 is refused: in another encoding every name would be wrong.
pub(super) fn text(table: &[u8]) -> Result<&str, Error> {
    std::str::from_utf8(table).map_err(|_| Error::mistake("sheet-not-text", []))
}

/// Every line but empty ones, with its number in the file.
pub(super) fn records(text: &str) -> impl Iterator<Item = Record> {
    let text = text.trim_start_matches('\u{feff}');
    Reader { rest: text, line: 1, delimiter: delimiter(text) }
}

struct Reader<'text> {
    rest: &'text str,
    /// Number of the line that `rest` begins in.
    line: u64,
    delimiter: char,
}

impl Iterator for Reader<'_> {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        while self.end_line() {}
        if self.rest.is_empty() {
            return None;
        }
        let line = self.line;
        let mut cells = Vec::new();
        loop {
            let begin = self.rest;
            let cell = match begin.strip_prefix('"') {
                Some(inside) => self.quoted(inside),
                None => Some(self.plain()),
            };
            let Some(cell) = cell else {
                // Nobody can say where the cell was meant to end; the lines below are read as if it had ended here.
                let line = self.line;
                self.rest = begin.find(['\r', '\n']).and_then(|end| begin.get(end..)).unwrap_or_default();
                return Some(Record { line, cells: Err("sheet-quote-open") });
            };
            cells.push(Ok(cell));
            if cells.len() > MOST_CELLS {
                self.rest = self.rest.find(['\r', '\n']).and_then(|end| self.rest.get(end..)).unwrap_or_default();
                return Some(Record { line, cells: Err("sheet-line-cells") });
            }
            match self.rest.strip_prefix(self.delimiter) {
                Some(rest) => self.rest = rest,
                None => {
                    self.end_line();
                    return Some(Record { line, cells: Ok(cells) });
                }
            }
        }
    }
}

impl<'text> Reader<'text> {
    fn plain(&mut self) -> String {
        let end = self.rest.find([self.delimiter, '\r', '\n']).unwrap_or(self.rest.len());
        let (cell, rest) = self.rest.split_at(end);
        self.rest = rest;
        cell.to_owned()
    }

    /// The cell behind an opening quote, line ends and doubled quotes included; nothing where the quote is not closed at
    /// the end of a cell.
    fn quoted(&mut self, inside: &'text str) -> Option<String> {
        let mut cell = String::new();
        let mut rest = inside;
        loop {
            let (part, after) = rest.split_once('"')?;
            cell.push_str(part);
            if let Some(more) = after.strip_prefix('"') {
                cell.push('"');
                rest = more;
                continue;
            }
            let after = after.trim_start_matches(' ');
            if !after.is_empty() && !after.starts_with([self.delimiter, '\r', '\n']) {
                return None;
            }
            self.rest = after;
            self.line += line_ends(&cell);
            return Some(cell);
        }
    }

    /// Goes over one line end, if there is one.
    fn end_line(&mut self) -> bool {
        let text = self.rest;
        let rest = ["\r\n", "\n", "\r"].into_iter().find_map(|end| text.strip_prefix(end));
        if let Some(rest) = rest {
            self.rest = rest;
            self.line += 1;
        }
        rest.is_some()
    }
}

/// Line ends of one or two characters.
fn line_ends(text: &str) -> u64 {
    let ends = text.replace("\r\n", "\n");
    ends.chars().filter(|letter| matches!(letter, '\r' | '\n')).map(|_| 1).sum()
}

fn delimiter(text: &str) -> char {
    let head = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let count = |letter: char| head.matches(letter).count();
    let best = [',', ';', '\t'].into_iter().max_by_key(|letter| (count(*letter), *letter == ','));
    best.filter(|letter| count(*letter) > 0).unwrap_or(',')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Number and cells of every line; a line that has no cells by the key of what is wrong.
    fn read(text: &str) -> Vec<(u64, Result<Vec<String>, &'static str>)> {
        let cells = |cells: Vec<Result<String, &'static str>>| cells.into_iter().map(Result::unwrap).collect();
        records(text).map(|record| (record.line, record.cells.map(cells))).collect()
    }

    fn line(number: u64, cells: &[&str]) -> (u64, Result<Vec<String>, &'static str>) {
        (number, Ok(cells.iter().map(|cell| (*cell).to_owned()).collect()))
    }

    #[test]
    fn quotes_hold_separators_line_ends_and_themselves() {
        let text = "a,b\n\n\"x,\r\ny\",\"say \"\"no\"\"\" \r\nSở \"Y\",\nlast,\"\"";
        let expected = [
            line(1, &["a", "b"]),
            line(3, &["x,\r\ny", "say \"no\""]),
            line(5, &["Sở \"Y\"", ""]),
            line(6, &["last", ""]),
        ];
        assert_eq!(read(text), expected);
    }

    #[test]
    fn a_quote_that_nobody_closes_costs_its_own_line_alone() {
        let open = |number| (number, Err("sheet-quote-open"));
        let ends = "a,b\nX,\"Xã Một\nY,Xã Hai\nZ,Xã Ba\n";
        assert_eq!(read(ends), [line(1, &["a", "b"]), open(2), line(3, &["Y", "Xã Hai"]), line(4, &["Z", "Xã Ba"])]);
        let meets = "a,b\nX,\"Xã Một\nY,\"Xã Hai\"\nZ,\"Xã\nBa\"\n";
        assert_eq!(read(meets), [line(1, &["a", "b"]), open(2), line(3, &["Y", "Xã Hai"]), line(4, &["Z", "Xã\nBa"])]);
        let late = "a,b\n\"X\nX\",\"Xã\nY,y\n";
        assert_eq!(read(late), [line(1, &["a", "b"]), open(3), line(4, &["Y", "y"])], "the line where the quote opens");
        assert_eq!(read("a,\"b"), [open(1)]);
    }

    #[test]
    fn a_line_with_cells_without_end_is_refused_alone() {
        let text = format!("a,b\n{}\nX,x\n", ",".repeat(5 * MOST_CELLS));
        assert_eq!(read(&text), [line(1, &["a", "b"]), (2, Err("sheet-line-cells")), line(3, &["X", "x"])]);
    }

    proptest! {
        #[test]
        fn every_table_that_is_written_by_the_rules_is_read_as_it_was(
            rows in prop::collection::vec(prop::collection::vec("[a-c\",;\n\r ạ]{0,6}", 2..4), 1..6),
        ) {
            let quote = |cell: &String| format!("\"{}\"", cell.replace('"', "\"\""));
            let text: String = std::iter::once("h,h".to_owned())
                .chain(rows.iter().map(|row| row.iter().map(quote).collect::<Vec<_>>().join(",")))
                .map(|line| line + "\n")
                .collect();
            let found: Vec<_> = records(&text).skip(1).map(|record| record.cells).collect();
            let written: Vec<Result<Vec<_>, &str>> =
                rows.iter().map(|row| Ok(row.iter().map(|cell| Ok(cell.clone())).collect())).collect();
            prop_assert_eq!(found, written);
        }

        #[test]
        fn no_text_makes_the_reader_loop_or_panic(text in "[a\",;\n\r]{0,60}") {
            let lines = u64::try_from(text.len()).unwrap() + 1;
            prop_assert!(records(&text).all(|record| (1..=lines).contains(&record.line)));
        }
    }
}
