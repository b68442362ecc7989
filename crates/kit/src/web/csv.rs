//! The CSV of a list: RFC 4180, UTF-8 with a byte-order mark so that spreadsheets read Vietnamese, and every cell
//! that a spreadsheet would take for a formula made harmless. It is no answer before its rows were counted.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

/// A table being written.
#[derive(Debug, Clone)]
pub struct Csv {
    name: String,
    text: String,
    rows: usize,
}

impl Csv {
    /// `name` becomes the file's name, without its ending; letters, digits, `-` and `_` of it are kept.
    pub fn new<H: AsRef<str>>(name: &str, head: impl IntoIterator<Item = H>) -> Self {
        let name = name.chars().filter(|letter| letter.is_ascii_alphanumeric() || "-_".contains(*letter)).collect();
        let mut csv = Self { name, text: "\u{feff}".to_owned(), rows: 0 };
        csv.line(head);
        csv
    }

    /// Adds one row.
    pub fn row<C: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = C>) {
        self.line(cells);
        self.rows += 1;
    }

    fn line<C: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = C>) {
        for (number, cell) in cells.into_iter().enumerate() {
            if number > 0 {
                self.text.push(',');
            }
            self.text.push_str(&csv_cell(cell.as_ref()));
        }
        self.text.push_str("\r\n");
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// How many rows it has, the head aside.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The file as an answer, for whoever has counted its rows (`organisation::elevations::leave` does both) or gives none
    /// of any agency.
    pub fn released(self) -> Response {
        let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{}.csv\"", self.name))
            .unwrap_or(HeaderValue::from_static("attachment"));
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8")),
            (header::CONTENT_DISPOSITION, disposition),
        ];
        (headers, self.text).into_response()
    }
}

/// One cell as it stands in a file. Spreadsheets run what begins with `=`, `+`, `-`, `@`, a tab or a return; an apostrophe before
/// it makes it text. A plain number keeps its sign.
pub fn csv_cell(cell: &str) -> String {
    let runs =
        cell.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']) && cell.parse::<f64>().is_err();
    let quoted = runs || cell.contains([',', '"', '\n', '\r', ';']);
    if !quoted {
        return cell.to_owned();
    }
    format!("\"{}{}\"", if runs { "'" } else { "" }, cell.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_that_a_spreadsheet_would_run_becomes_text() {
        let mut csv = Csv::new("a b/../c", ["name"]);
        csv.row(["=HYPERLINK(\"http://x\")"]);
        csv.row(["-12.5"]);
        csv.row(["@cmd", "\tx", "-rm", "+84 900"]);
        csv.row(["a,b", "say \"hi\"", "two\nlines"]);
        assert_eq!((csv.name.as_str(), csv.rows()), ("abc", 4));
        assert_eq!(
            csv.text(),
            "\u{feff}name\r\n\"'=HYPERLINK(\"\"http://x\"\")\"\r\n-12.5\r\n\"'@cmd\",\"'\tx\",\"'-rm\",\"'+84 900\"\r\n\
             \"a,b\",\"say \"\"hi\"\"\",\"two\nlines\"\r\n"
        );
    }
}
