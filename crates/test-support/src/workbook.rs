//! Workbooks of Excel (.xlsx) for tests, as small as they may be, from the XML of their rows.

use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;

const RELATIONS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";

/// Styles of cells: 1 a day, 2 a day with its time, 3 a time, 4 a length of time.
const STYLES: &str = r#"<numFmts count="1"><numFmt numFmtId="164" formatCode="dd/mm/yyyy\ hh:mm"/></numFmts>
<cellXfs count="5"><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="20"/><xf numFmtId="46"/></cellXfs>"#;

/// A workbook with one sheet: `rows` is what stands in its `sheetData`, `strings` are the texts that cells share.
pub fn workbook(rows: &str, strings: &[&str]) -> Vec<u8> {
    let parts = parts(rows, strings);
    packed(&parts.iter().map(|(name, text)| (*name, text.as_bytes())).collect::<Vec<_>>())
}

/// The same of texts alone, line by line.
pub fn workbook_of(lines: &[&[&str]]) -> Vec<u8> {
    let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;");
    let cell = |text: &&str| format!(r#"<c t="inlineStr"><is><t>{}</t></is></c>"#, escaped(text));
    let row = |cells: &&[&str]| format!("<row>{}</row>", cells.iter().map(cell).collect::<String>());
    workbook(&lines.iter().map(row).collect::<String>(), &[])
}

/// Names and contents of the parts of such a workbook.
pub fn parts(rows: &str, strings: &[&str]) -> Vec<(&'static str, String)> {
    let shared: String = strings.iter().map(|text| format!("<si><t>{text}</t></si>")).collect();
    let count = strings.len();
    let relation = |id: &str, kind: &str, target: &str| {
        format!(r#"<Relationship Id="{id}" Type="{RELATIONS}/{kind}" Target="{target}"/>"#)
    };
    let relations = |inner: &str| {
        let package = "http://schemas.openxmlformats.org/package/2006/relationships";
        format!(r#"<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="{package}">{inner}</Relationships>"#)
    };
    let main = |name: &str, inner: &str| {
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?><{name} xmlns="{MAIN}" xmlns:r="{RELATIONS}">{inner}</{name}>"#
        )
    };
    let sheet = r#"<sheets><sheet name="Bảng 1" sheetId="1" r:id="rId1"/></sheets>"#;
    let inside = ["worksheet", "styles", "sharedStrings"].into_iter().zip(1..).map(|(kind, number)| {
        let target = if kind == "worksheet" { "worksheets/sheet1.xml".to_owned() } else { format!("{kind}.xml") };
        relation(&format!("rId{number}"), kind, &target)
    });
    let inside = relations(&inside.collect::<String>());
    let strings = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><sst xmlns="{MAIN}" count="{count}" uniqueCount="{count}">{shared}</sst>"#
    );
    vec![
        ("_rels/.rels", relations(&relation("rId1", "officeDocument", "xl/workbook.xml"))),
        ("xl/workbook.xml", main("workbook", sheet)),
        ("xl/_rels/workbook.xml.rels", inside),
        ("xl/styles.xml", main("styleSheet", STYLES)),
        ("xl/sharedStrings.xml", strings),
        ("xl/worksheets/sheet1.xml", main("worksheet", &format!("<sheetData>{rows}</sheetData>"))),
    ]
}

/// A zip archive of these parts.
pub fn packed(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        archive.start_file(*name, SimpleFileOptions::default()).expect("a part begins");
        archive.write_all(bytes).expect("a part is written");
    }
    archive.finish().expect("the archive ends").into_inner()
}
