//! The CSV of a list: RFC 4180, UTF-8 with a byte-order mark so that spreadsheets read Vietnamese, and every cell
//! that a spreadsheet would take for a formula made harmless.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

/// A table being written.
#[derive(Debug, Clone)]
pub struct Csv {
    name: String,
    text: String,
}

impl Csv {
    /// `name` becomes the file's name, without its ending; letters, digits, `-` and `_` of it are kept.
    pub fn new<H: AsRef<str>>(name: &str, head: impl IntoIterator<Item = H>) -> Self {
        let name = name.chars().filter(|letter| letter.is_ascii_alphanumeric() || "-_".contains(*letter)).collect();
        let mut csv = Self { name, text: "\u{feff}".to_owned() };
        csv.row(head);
        csv
    }

    /// Adds one row.
    pub fn row<C: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = C>) {
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

impl IntoResponse for Csv {
    fn into_response(self) -> Response {
        let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{}.csv\"", self.name))
            .unwrap_or(HeaderValue::from_static("attachment"));
        (
            [
                (header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8")),
                (header::CONTENT_DISPOSITION, disposition),
            ],
            self.text,
        )
            .into_response()
    }
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
        assert_eq!(csv.name, "abc");
        assert_eq!(
            csv.text(),
            "\u{feff}name\r\n\"'=HYPERLINK(\"\"http://x\"\")\"\r\n-12.5\r\n\"'@cmd\",\"'\tx\",\"'-rm\",\"'+84 900\"\r\n\
             \"a,b\",\"say \"\"hi\"\"\",\"two\nlines\"\r\n"
        );
    }
}
