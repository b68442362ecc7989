//! A table as it leaves: its head and its lines, as CSV or as a workbook of Excel with one sheet. What is read again says
//! the same. A cell of a workbook is a text or a whole number, never a formula.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use kit::Error;
use kit::web::{Csv, Visit};
use std::fmt::Write as _;
use std::io::{Cursor, Write};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const RELATIONS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
/// Digits that a workbook keeps of a number.
const MOST_DIGITS: usize = 15;

/// A table to be written.
#[derive(Debug, Clone, Default)]
pub struct Table {
    /// Name of the file, without its ending.
    pub name: &'static str,
    pub head: Vec<String>,
    pub lines: Vec<Vec<String>>,
}

impl Table {
    pub fn csv(&self) -> Csv {
        let mut csv = Csv::new(self.name, &self.head);
        self.lines.iter().for_each(|line| csv.row(line));
        csv
    }

    /// The table as a workbook (.xlsx).
    pub fn workbook(&self) -> Result<Vec<u8>, Error> {
        let mut rows = String::new();
        for line in std::iter::once(&self.head).chain(&self.lines) {
            rows.push_str("<row>");
            line.iter().for_each(|text| cell(&mut rows, text));
            rows.push_str("</row>");
        }
        let relation = |kind: &str, target: &str| {
            format!(
                r#"<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" Type="{RELATIONS}/{kind}" Target="{target}"/></Relationships>"#
            )
        };
        let part = |kind: &str| format!("application/vnd.openxmlformats-officedocument.spreadsheetml.{kind}+xml");
        let types = format!(
            r#"<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="{}"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="{}"/></Types>"#,
            part("sheet.main"),
            part("worksheet")
        );
        let book = format!(
            r#"<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets><sheet name="{}" sheetId="1" r:id="rId1"/></sheets></workbook>"#,
            self.name
        );
        let sheet = format!(
            r#"<worksheet xmlns="{MAIN}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetData>{rows}</sheetData></worksheet>"#
        );
        packed(&[
            ("[Content_Types].xml", types),
            ("_rels/.rels", relation("officeDocument", "xl/workbook.xml")),
            ("xl/workbook.xml", book),
            ("xl/_rels/workbook.xml.rels", relation("worksheet", "worksheets/sheet1.xml")),
            ("xl/worksheets/sheet1.xml", sheet),
        ])
    }

    /// Lets the table go as the file that the address asks for (`format=csv` or `format=xlsx`), or leads elsewhere where so
    /// many rows need a second person. Nothing where no file is asked for.
    pub async fn leave(visit: &Visit, table: impl FnOnce() -> Table) -> Result<Option<Response>, Error> {
        if visit.address.has("format", "csv") {
            return Ok(Some(crate::elevations::leave(visit, table().csv()).await?));
        }
        if !visit.address.has("format", "xlsx") {
            return Ok(None);
        }
        let table = table();
        if let Some(elsewhere) = crate::elevations::export_refused(visit, table.lines.len()).await? {
            return Ok(Some(elsewhere));
        }
        let disposition = format!("attachment; filename=\"{}.xlsx\"", table.name);
        let headers = [
            (
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            ),
            (
                header::CONTENT_DISPOSITION,
                HeaderValue::from_str(&disposition).unwrap_or(HeaderValue::from_static("attachment")),
            ),
        ];
        Ok(Some((headers, table.workbook()?).into_response()))
    }
}

/// A text of several lines as it stands in one cell.
pub fn in_one_cell(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

fn cell(rows: &mut String, text: &str) {
    let number = !text.is_empty() && text.len() <= MOST_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
    if number && (text == "0" || !text.starts_with('0')) {
        // Writing into a text never fails.
        let _ = write!(rows, "<c><v>{text}</v></c>");
        return;
    }
    rows.push_str(r#"<c t="inlineStr"><is><t xml:space="preserve">"#);
    for letter in text.chars() {
        match letter {
            '&' => rows.push_str("&amp;"),
            '<' => rows.push_str("&lt;"),
            '>' => rows.push_str("&gt;"),
            // XML 1.0 has no way to write these.
            letter if letter.is_control() && !matches!(letter, '\n' | '\t') => {}
            '\u{fffe}' | '\u{ffff}' => {}
            letter => rows.push(letter),
        }
    }
    rows.push_str("</t></is></c>");
}

fn packed(parts: &[(&str, String)]) -> Result<Vec<u8>, Error> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        archive.start_file(*name, SimpleFileOptions::default()).map_err(Error::internal)?;
        let declared = format!(r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>{text}"#);
        archive.write_all(declared.as_bytes()).map_err(Error::internal)?;
    }
    Ok(archive.finish().map_err(Error::internal)?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sheets;

    #[test]
    fn a_table_reads_as_it_was_written_in_both_ways() {
        let line = |cells: [&str; 3]| cells.map(ToOwned::to_owned).to_vec();
        let table = Table {
            name: "systems",
            head: line(["code", "name", "level"]),
            lines: vec![line(["0012", "Sở Y tế & <Giáo dục>", "3"]), line(["=1+1", "hai, \"ba\"", ""])],
        };
        let read = |bytes: &[u8]| -> Vec<Vec<String>> {
            sheets::lines(bytes).unwrap().map(|(_, cells)| cells.unwrap()).collect()
        };
        let wanted: Vec<_> = std::iter::once(&table.head).chain(&table.lines).cloned().collect();
        assert_eq!(read(&table.workbook().unwrap()), wanted);
        let mut guarded = wanted;
        guarded[2][0] = "'=1+1".to_owned();
        assert_eq!(read(table.csv().text().as_bytes()), guarded);
    }
}
