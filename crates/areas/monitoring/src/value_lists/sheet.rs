//! A table of values on lists (CSV or a workbook): new ones are added, known ones (by list, value and agency) get another note.
//! The dry run is the same work, not committed.

use super::service::{self, Kept, ValueInput};
use crate::enrichment::{agency_of, outcome};
use crate::rules::settings::EnrichmentSettings;
use kit::clock::Micros;
use kit::{Capability, Connection, Error, Tx};
use organisation::sheets::{self, Column, Faults, Line, Outcome, ReadTable, Report, Row};
use std::collections::{BTreeMap, BTreeSet};

pub(super) const COLUMNS: &[Column] = &[
    Column::new("list", "value-list-name"),
    Column::new("value", "value-list-value"),
    Column::new("agency_code", "person-agency-code").known_as("agency_id"),
    Column::new("note", "value-list-note"),
];

/// Reads a table of values, for [`import_sheet`].
pub async fn read_sheet(table: Vec<u8>) -> Result<ReadTable, Error> {
    sheets::read_apart(table, COLUMNS, &["list", "value"]).await
}

/// Takes every line that is right; the others are in the report with all their faults. Nothing is kept until the
/// transaction is committed.
pub async fn import_sheet(
    tx: &Tx<'_>,
    settings: &EnrichmentSettings,
    now: Micros,
    table: ReadTable,
) -> Result<Report, Error> {
    tx.scope().require(Capability::ManageSources)?;
    let mut lines = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for row in table.0 {
        let (line, subject, name, outcome) = match row {
            Err((line, fault)) => (line, String::new(), String::new(), Outcome::Refused(vec![fault])),
            Ok(mut row) => {
                let mut faults = std::mem::take(&mut row.faults);
                sheets::begin_line(tx).await?;
                let outcome = take(tx, settings, now, &row, &mut seen, &mut faults).await?;
                (row.line, row.text("value"), row.text("list"), sheets::end_line(tx, outcome, faults).await?)
            }
        };
        lines.insert(line, Line { line, subject, name, outcome });
    }
    Ok(Report::of(lines))
}

async fn take(
    tx: &Tx<'_>,
    settings: &EnrichmentSettings,
    now: Micros,
    row: &Row,
    seen: &mut BTreeSet<String>,
    faults: &mut Faults,
) -> Result<Outcome, Error> {
    let Some(agency_id) = agency_of(tx, row, faults).await? else { return Ok(Outcome::Same) };
    let input = ValueInput { list: row.text("list"), value: row.text("value"), agency_id, note: row.text("note") };
    let Some(Kept { before, after }) = faults.keep(service::keep(tx, settings, &input, now).await)? else {
        return Ok(Outcome::Same);
    };
    if !seen.insert(after.id.clone()) {
        faults.add("value", "sheet-twice");
    }
    let Some(before) = before else { return Ok(Outcome::New(Vec::new())) };
    Ok(outcome([
        ("value-list-value", before.value.as_str(), after.value.as_str()),
        ("value-list-note", before.note.as_str(), after.note.as_str()),
    ]))
}
