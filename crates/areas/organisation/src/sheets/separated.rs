//! Lines of a table that is text: commas, semicolons and tabs all separate.

use super::read::Record;
use kit::Error;

/// What is not UTF-8 is refused: in another encoding every name would be wrong.
pub(super) fn text(table: &[u8]) -> Result<&str, Error> {
    std::str::from_utf8(table).map_err(|_| Error::mistake("sheet-not-text", []))
}

/// Every line, blank ones too, with its number in the file.
pub(super) fn records(text: &str) -> impl Iterator<Item = Record> {
    let text = text.trim_start_matches('\u{feff}');
    let reader = csv::ReaderBuilder::new()
        .delimiter(delimiter(text))
        .flexible(true)
        .has_headers(false)
        .from_reader(text.as_bytes());
    reader.into_records().zip(1_u64..).map(move |(record, counted)| match record {
        Err(_) => Record { line: counted, cells: Err("sheet-line-unreadable") },
        Ok(record) => {
            // Quoted cells may hold line ends, so the reader knows better where it can say.
            let line = record.position().map_or(counted, |place| place.line() + line_ends_at(text, place.byte()));
            Record { line, cells: Ok(record.iter().map(|cell| Ok(cell.to_owned())).collect()) }
        }
    })
}

/// Line ends right where the reader says that a record begins: it counts neither blank lines before the record nor the
/// second half of a line end of two characters.
fn line_ends_at(text: &str, byte: u64) -> u64 {
    let rest = usize::try_from(byte).ok().and_then(|byte| text.as_bytes().get(byte..)).unwrap_or_default();
    let ends = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).filter(|byte| **byte == b'\n');
    ends.map(|_| 1).sum()
}

fn delimiter(text: &str) -> u8 {
    let head = text.lines().next().unwrap_or_default();
    let count = |letter: char| head.matches(letter).count();
    let best =
        [(count(','), b','), (count(';'), b';'), (count('\t'), b'\t')].into_iter().max_by_key(|(count, _)| *count);
    best.filter(|(count, _)| *count > 0).map_or(b',', |(_, letter)| letter)
}
