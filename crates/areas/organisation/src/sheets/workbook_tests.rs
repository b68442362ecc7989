//! Workbooks as people make them, and as those make them who mean harm.

use super::*;
use crate::sheets::Fault;
use crate::sheets::read::{Column, Row, read};
use proptest::prelude::*;
use test_support::workbook::{packed, parts, workbook, workbook_of};

const COLUMNS: &[Column] = &[
    Column::new("code", "agency-code"),
    Column::new("name", "agency-name"),
    Column::new("valid_from", "agency-valid-from"),
];

fn lines(file: &[u8]) -> Vec<Result<Row, (u64, Fault)>> {
    read(file, COLUMNS, &["code"]).unwrap()
}

fn refusal(file: &[u8]) -> &'static str {
    read(file, COLUMNS, &["code"]).unwrap_err().code()
}

/// What the cells of one row say, after a head of as many columns.
fn says(cells: &str) -> Vec<Cell> {
    let head = r#"<row r="1"><c r="A1"><v>1</v></c><c r="F1"><v>6</v></c></row>"#;
    let file = workbook(&format!(r#"{head}<row r="2">{cells}</row>"#), &["Xã Thạch Lạc", "'+84 239"]);
    records(&file).unwrap().remove(1).cells.unwrap()
}

fn texts(cells: &str) -> Vec<String> {
    says(cells).into_iter().map(|cell| cell.unwrap()).filter(|text| !text.is_empty()).collect()
}

/// The parts of a workbook, one of them with other contents.
fn with_part(name: &str, bytes: &[u8]) -> Vec<u8> {
    let parts = parts(r#"<row><c t="s"><v>0</v></c></row>"#, &["code"]);
    let changed = |part: &str, text: &str| if part == name { bytes.to_vec() } else { text.as_bytes().to_vec() };
    let parts: Vec<_> = parts.iter().map(|(part, text)| (*part, changed(part, text))).collect();
    packed(&parts.iter().map(|(part, bytes)| (*part, bytes.as_slice())).collect::<Vec<_>>())
}

#[test]
fn a_workbook_reads_as_the_same_table_in_csv() {
    let file = workbook_of(&[&["Mã", "Tên", "valid_from"], &["X-1", "Xã Thạch Lạc & Thạch Khê", "01/07/2025"]]);
    let text = "Mã;Tên;valid_from\nX-1;Xã Thạch Lạc & Thạch Khê;01/07/2025\n";
    assert_eq!(lines(&file), lines(text.as_bytes()));
}

#[test]
fn every_kind_of_cell_has_the_text_of_a_csv() {
    assert_eq!(texts(r#"<c r="A2" t="s"><v>0</v></c><c r="B2" t="s"><v>1</v></c>"#), ["Xã Thạch Lạc", "'+84 239"]);
    assert_eq!(
        texts(r#"<c><v>84912345678</v></c><c><v>45</v></c><c><v>2.50</v></c><c><v>1.1000000000000001</v></c>"#),
        ["84912345678", "45", "2.5", "1.1"]
    );
    assert_eq!(texts(r#"<c t="b"><v>1</v></c><c t="b"><v>0</v></c>"#), ["TRUE", "FALSE"]);
    let formulas = r#"<c t="str"><f>A1&amp;"x"</f><v>Xã x</v></c><c><f>1+1</f><v>2</v></c><c><f>1+1</f></c>"#;
    assert_eq!(texts(formulas), ["Xã x", "2"]);
    let rich = r#"<c t="inlineStr"><is><r><t>Xã </t></r><r><t>Một</t></r></is></c>"#;
    assert_eq!(texts(rich).concat().replace(' ', ""), "XãMột");
    assert_eq!(texts(r#"<c t="d"><v>2025-07-01T00:00:00</v></c>"#), ["2025-07-01"]);
}

#[test]
fn days_of_a_workbook_are_days() {
    let days = r#"<c s="1"><v>45839</v></c><c s="2"><v>45839.395833333336</v></c><c s="3"><v>0.3125</v></c>
                  <c s="4"><v>1.5</v></c><c s="1"><v>59</v></c><c s="1"><v>61</v></c>"#;
    let texts = texts(days);
    assert_eq!(texts, ["2025-07-01", "2025-07-01 09:30", "07:30", "36:00", "1900-02-28", "1900-03-01"]);
    let date = kit::civil::moment;
    assert_eq!(date(&texts[0]), date("01/07/2025"));
    assert!(date(&texts[1]) > date(&texts[0]));
    for serial in ["60", "-1", "2958466", "1e300"] {
        assert_eq!(says(&format!(r#"<c s="1"><v>{serial}</v></c>"#))[0], Err("sheet-cell-error"), "{serial}");
    }
    let book =
        r#"<workbook xmlns:r="r"><workbookPr date1904="1"/><sheets><sheet name="A" r:id="rId1"/></sheets></workbook>"#;
    let rows = r#"<row><c s="1"><v>44377</v></c></row>"#;
    let parts: Vec<_> = parts(rows, &[])
        .into_iter()
        .map(|(name, text)| (name, if name == "xl/workbook.xml" { book.to_owned() } else { text }))
        .collect();
    let file = packed(&parts.iter().map(|(name, text)| (*name, text.as_bytes())).collect::<Vec<_>>());
    assert_eq!(records(&file).unwrap()[0].cells, Ok(vec![Ok("2025-07-01".to_owned())]));
}

#[test]
fn lines_have_the_numbers_that_excel_shows_and_each_stands_for_itself() {
    let text = |cell: &str, text: &str| format!(r#"<c r="{cell}" t="inlineStr"><is><t>{text}</t></is></c>"#);
    let rows = [
        format!(r#"<row r="3">{}{}{}</row>"#, text("A3", "Mã"), text("B3", "Tên"), text("C3", "valid_from")),
        // Only what was merged or formatted.
        r#"<row r="4"><c r="A4" s="1"/><c r="B4" s="1"/></row>"#.to_owned(),
        format!(r#"<row r="5">{}</row>"#, text("A5", "X-1")),
        format!(r#"<row r="7">{}<c r="C7" t="e"><v>#N/A</v></c></row>"#, text("A7", "X-2")),
        format!(r#"<row r="8">{}{}</row>"#, text("A8", "X-3"), text("XFD8", "xa")),
        format!(r#"<row r="1048576">{}</row>"#, text("A1048576", "X-4")),
    ];
    let lines = lines(&workbook(&rows.concat(), &[]));
    let (sound, faulty): (Vec<_>, Vec<_>) = lines.iter().flatten().partition(|row| row.faults.is_empty());
    let read: Vec<_> = sound.iter().map(|row| (row.line, row.text("code"))).collect();
    assert_eq!(read, [(5, "X-1".to_owned()), (1_048_576, "X-4".to_owned())]);
    let refused: Vec<_> = lines.iter().filter_map(|line| line.as_ref().err()).collect();
    assert_eq!(refused, [&(8, Fault::whole("sheet-line-cells"))]);
    let faults =
        |row: &Row| row.faults.clone().into_found().iter().map(|one| (one.column, one.key)).collect::<Vec<_>>();
    let faulty: Vec<_> = faulty.into_iter().map(|row| (row.line, faults(row))).collect();
    assert_eq!(faulty, [(7, vec![("valid_from", "sheet-cell-error")])]);
}

#[test]
fn a_head_that_nobody_understands_refuses_the_whole() {
    assert_eq!(refusal(&workbook("", &[])), "sheet-empty");
    assert_eq!(refusal(&workbook_of(&[&["code", "colour"], &["A", "red"]])), "sheet-column-unknown");
    assert_eq!(refusal(&workbook_of(&[&["Tên"], &["Sở Y tế"]])), "sheet-column-missing");
    assert_eq!(refusal(&workbook(r#"<row r="1"><c r="XFD1"><v>1</v></c></row>"#, &[])), "sheet-too-wide");
}

#[test]
fn only_the_first_sheet_that_is_shown_is_read() {
    let book = r#"<workbook xmlns:r="r"><sheets><sheet name="Ẩn" state="hidden" r:id="rId2"/>
                  <sheet name="Bảng" r:id="rId1"/></sheets></workbook>"#;
    let kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet";
    let relations = format!(
        r#"<Relationships><Relationship Id="rId1" Type="{kind}" Target="worksheets/sheet1.xml"/>
           <Relationship Id="rId2" Type="{kind}" Target="worksheets/sheet2.xml"/></Relationships>"#
    );
    let parts: Vec<_> = parts(r#"<row><c t="inlineStr"><is><t>code</t></is></c></row>"#, &[])
        .into_iter()
        .map(|(name, text)| match name {
            "xl/workbook.xml" => (name, book.to_owned()),
            "xl/_rels/workbook.xml.rels" => (name, relations.clone()),
            _ => (name, text),
        })
        .collect();
    let file = packed(&parts.iter().map(|(name, text)| (*name, text.as_bytes())).collect::<Vec<_>>());
    assert!(lines(&file).is_empty());
}

#[test]
fn a_bomb_is_refused_before_it_is_unpacked() {
    let zeros = vec![b' '; usize::try_from(MOST_UNPACKED).unwrap() + 1];
    let bomb = with_part("xl/worksheets/sheet1.xml", &zeros);
    assert!(bomb.len() < MOST_BYTES);
    assert_eq!(refusal(&bomb), "sheet-file-too-large");
    // The same, and both its heads say that it holds one byte.
    let size = u32::try_from(zeros.len()).unwrap().to_le_bytes();
    let places: Vec<_> =
        bomb.windows(4).enumerate().filter(|(_, window)| *window == size).map(|(place, _)| place).collect();
    assert!(!places.is_empty());
    let mut liar = bomb;
    for place in places {
        liar[place..place + 4].copy_from_slice(&1_u32.to_le_bytes());
    }
    assert!(["sheet-file-too-large", "sheet-file-unreadable"].contains(&refusal(&liar)));
    let many: Vec<_> = (0..=MOST_PARTS).map(|number| format!("{number}.xml")).collect();
    let many = packed(&many.iter().map(|name| (name.as_str(), b"".as_slice())).collect::<Vec<_>>());
    assert_eq!(refusal(&many), "sheet-file-too-large");
    let mut long = WORKBOOK.to_vec();
    long.resize(MOST_BYTES + 1, 0);
    assert_eq!(refusal(&long), "sheet-file-too-large");
}

#[test]
fn one_long_text_that_every_cell_shares_and_lines_without_end_are_refused() {
    let head = r#"<row><c t="inlineStr"><is><t>code</t></is></c></row>"#;
    let long = "a".repeat(100_000);
    let rows = r#"<row><c t="s"><v>0</v></c></row>"#.repeat(MOST_TEXT / 100_000 + 1);
    assert_eq!(refusal(&workbook(&format!("{head}{rows}"), &[long.as_str()])), "sheet-file-too-large");
    let rows = "<row><c><v>1</v></c></row>".repeat(MOST_LINES + 1);
    assert_eq!(refusal(&workbook(&format!("{head}{rows}"), &[])), "sheet-too-long");
    let longest = "a".repeat(LONGEST_CELL + 1);
    assert_eq!(refusal(&workbook_of(&[&["code"], &[longest.as_str()]])), "sheet-file-too-large");
}

#[test]
fn a_file_that_asks_for_more_memory_than_there_is_gets_none() {
    for said in ["99999999999999", " = '00099999999999999'", "18446744073709551615"] {
        let said = if said.starts_with(' ') { said.to_owned() } else { format!("=\"{said}\"") };
        let strings = format!("<sst uniqueCount{said}><si><t>code</t></si></sst>");
        assert_eq!(refusal(&with_part("xl/sharedStrings.xml", strings.as_bytes())), "sheet-file-unreadable", "{said}");
    }
    assert!(!promises_too_much(b"<sst uniqueCount=\"2\"><si/><si/></sst>"));
}

#[test]
fn what_is_no_workbook_is_refused_in_words_that_help() {
    let whole = workbook_of(&[&["code"], &["A"]]);
    assert_eq!(refusal(&whole[..whole.len() / 2]), "sheet-file-unreadable");
    assert_eq!(refusal(WORKBOOK), "sheet-file-unreadable");
    assert_eq!(refusal(&[OLD_WORKBOOK, b"rest".as_slice()].concat()), "sheet-file-old");
    assert_eq!(refusal(&packed(&[("readme.xml", b"<a/>".as_slice())])), "sheet-file-unreadable");
    assert_eq!(
        refusal(&with_part("xl/worksheets/sheet1.xml", b"<worksheet><sheetData><row>")),
        "sheet-file-unreadable"
    );
    // Rows that go back, and numbers beyond all numbers.
    let back = r#"<row r="5"><c r="A5"><v>1</v></c></row><row r="2"><c r="A2"><v>1</v></c></row>"#;
    assert_eq!(refusal(&workbook(back, &[])), "sheet-file-unreadable");
    for cell in
        [r#"<c r="ZZZZZZZZZZ1"><v>1</v></c>"#, r#"<c r="A99999999999"><v>1</v></c>"#, r#"<c t="n"><v>x</v></c>"#]
    {
        let file = workbook(&format!("<row>{cell}</row>"), &[]);
        let refused = read(&file, COLUMNS, &["code"]);
        assert!(refused.is_err(), "{cell}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_bytes_stop_the_reader(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        let mut file = workbook_of(&[&["code", "name"], &["X-1", "Xã Một"]]);
        for (place, byte) in changes {
            let place = place.index(file.len());
            file[place] = byte;
        }
        let _ = read(&file, COLUMNS, &["code"]);
    }

    #[test]
    fn no_rows_stop_the_reader(rows in r#"(<row( r="[0-9]{0,12}")?>|</row>|<c( r="[A-Z]{0,8}[0-9]{0,12}")?( [st]="[a-z0-9]{1,3}")?>|</c>|<v>|</v>|<f/>|<is>|</is>|<t>|</t>|[0-9a-z.&;]{0,6}){0,24}"#) {
        let _ = read(&workbook(&rows, &["code"]), COLUMNS, &["code"]);
    }
}
