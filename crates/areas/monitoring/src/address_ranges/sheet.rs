//! A table of address ranges (CSV or a workbook): new ones are added, known ones (by network and agency) changed where a cell
//! says otherwise. The dry run is the same work, not committed.

use super::service::{self, Kept, RangeInput};
use super::{Kind, key_of};
use crate::enrichment::{agency_of, outcome};
use crate::rules::settings::EnrichmentSettings;
use kit::clock::Micros;
use kit::{Capability, Connection, Error, Tx};
use organisation::sheets::{self, Column, Faults, Line, Outcome, ReadTable, Report, Row};
use std::collections::{BTreeMap, BTreeSet};

/// Columns of the table.
pub(super) const COLUMNS: &[Column] = &[
    Column::new("network", "address-range-network"),
    Column::new("name", "address-range-name"),
    Column::new("kind", "address-range-kind"),
    Column::new("agency_code", "person-agency-code").known_as("agency_id"),
    Column::new("note", "address-range-note"),
];

/// Reads a table of ranges, for [`import_sheet`].
pub async fn read_sheet(table: Vec<u8>) -> Result<ReadTable, Error> {
    sheets::read_apart(table, COLUMNS, &["network", "name"]).await
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
                (row.line, row.text("network"), row.text("name"), sheets::end_line(tx, outcome, faults).await?)
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
    let codes = Kind::ALL.iter().map(|kind| kind.code());
    let kind = match row.get("kind") {
        None => Some(Kind::default().code().to_owned()),
        Some(_) => sheets::code(row, "kind", codes, key_of, faults),
    };
    let Some(agency_id) = agency_of(tx, row, faults).await? else { return Ok(Outcome::Same) };
    let input = RangeInput {
        network: row.text("network"),
        name: row.text("name"),
        // A kind that is none is told already.
        kind: kind.unwrap_or_else(|| Kind::Other.code().to_owned()),
        agency_id,
        note: row.text("note"),
    };
    let Some(Kept { before, after }) = faults.keep(service::keep(tx, settings, &input, now).await)? else {
        return Ok(Outcome::Same);
    };
    if !seen.insert(after.id.clone()) {
        faults.add("network", "sheet-twice");
    }
    let Some(before) = before else { return Ok(Outcome::New(Vec::new())) };
    Ok(outcome([
        ("address-range-name", before.name.as_str(), after.name.as_str()),
        ("address-range-kind", before.kind.code(), after.kind.code()),
        ("address-range-note", before.note.as_str(), after.note.as_str()),
    ]))
}
