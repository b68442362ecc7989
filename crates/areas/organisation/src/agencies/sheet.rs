//! A table of agencies (CSV or a workbook): new ones are added, known ones (by code) changed where a cell says
//! otherwise, communes that merged are ended with what they became. An empty cell leaves a value as it is. The dry run is
//! the same work, not committed.

use super::service::{self, AgencyChange};
use super::{Agency, NewAgency, become_part_of, kinds, store, succession};
use crate::answers::csv_time;
use crate::audit;
use crate::sheets::{self, Change, Column, Line, Outcome, Report, Row};
use kit::clock::Micros;
use kit::error::FieldError;
use kit::{Capability, Connection, Error, Tx};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// Columns of the table. `parent` is in exported lists and says nothing that `parent_code` does not.
pub(super) const COLUMNS: &[Column] = &[
    Column { name: "code", key: "agency-code" },
    Column { name: "name", key: "agency-name" },
    Column { name: "kind", key: "agency-kind" },
    Column { name: "parent_code", key: "agency-parent-code" },
    Column { name: "parent", key: "agency-parent" },
    Column { name: "address", key: "agency-address" },
    Column { name: "phone", key: "agency-phone" },
    Column { name: "email", key: "agency-email" },
    Column { name: "duty_hours", key: "agency-duty-hours" },
    Column { name: "valid_from", key: "agency-valid-from" },
    Column { name: "valid_to", key: "agency-valid-to" },
    Column { name: "became", key: "agency-became-code" },
    Column { name: "basis", key: "agency-basis" },
];

/// What a line asks for.
#[derive(Debug, Clone, Default)]
struct Wanted {
    line: u64,
    code: String,
    name: Option<String>,
    kind: Option<String>,
    parent_code: Option<String>,
    address: Option<String>,
    phone: Option<String>,
    email: Option<String>,
    duty_hours: Option<String>,
    valid_from: Option<Micros>,
    valid_to: Option<Micros>,
    became: Option<String>,
    basis: String,
}

fn wanted(row: &Row) -> Result<Wanted, Vec<FieldError>> {
    let mut errors = Vec::new();
    let mut wrong = |field: &str| errors.push(FieldError { field: field.to_owned(), key: "field-invalid" });
    let cell = |name| row.get(name).map(ToOwned::to_owned);
    let kind = row.get("kind").map(|kind| {
        let ids = kinds().iter().map(|kind| kind.id.as_str());
        sheets::named(kind, ids, |id| format!("agency-kind-{id}"))
    });
    if kind == Some(None) {
        wrong("kind");
    }
    let mut day = |name| {
        let at = row.get(name).map(sheets::date);
        if at == Some(None) {
            wrong(name);
        }
        at.flatten()
    };
    let wanted = Wanted {
        line: row.line,
        code: row.text("code"),
        valid_from: day("valid_from"),
        valid_to: day("valid_to"),
        name: cell("name"),
        kind: kind.flatten(),
        parent_code: cell("parent_code"),
        address: cell("address"),
        phone: cell("phone"),
        email: cell("email"),
        duty_hours: cell("duty_hours"),
        became: cell("became"),
        basis: row.text("basis"),
    };
    if wanted.code.is_empty() {
        errors.push(FieldError { field: "code".to_owned(), key: "field-required" });
    }
    if errors.is_empty() { Ok(wanted) } else { Err(errors) }
}

/// Takes every line that is right; the others are in the report with their reasons. Nothing is kept until the
/// transaction is committed.
pub async fn import_sheet(tx: &Tx<'_>, now: Micros, table: &[u8]) -> Result<Report, Error> {
    tx.scope().require(Capability::Administer)?;
    let mut lines = BTreeMap::new();
    let mut waiting = Vec::new();
    let mut codes = BTreeSet::new();
    let mut tell = |line, subject: &str, name: &str, outcome| {
        lines.insert(line, Line { line, subject: subject.to_owned(), name: name.to_owned(), outcome });
    };
    for row in sheets::read(table, COLUMNS, &["code"])? {
        match row {
            Err((line, error)) => tell(line, "", "", Outcome::Refused(vec![error])),
            Ok(row) => match wanted(&row) {
                Err(errors) => tell(row.line, &row.text("code"), &row.text("name"), Outcome::Refused(errors)),
                Ok(wanted) if !codes.insert(wanted.code.clone()) => {
                    let twice = FieldError { field: "code".to_owned(), key: "sheet-twice" };
                    tell(wanted.line, &wanted.code, &row.text("name"), Outcome::Refused(vec![twice]));
                }
                Ok(wanted) => waiting.push(wanted),
            },
        }
    }
    // Parents and successors may stand below in the file.
    while !waiting.is_empty() {
        let before = waiting.len();
        let mut later = Vec::new();
        for wanted in waiting {
            if missing(tx, &wanted).await?.is_some() {
                later.push(wanted);
                continue;
            }
            sheets::begin_line(tx).await?;
            let outcome = sheets::end_line(tx, take(tx, now, &wanted).await).await?;
            tell(wanted.line, &wanted.code, wanted.name.as_deref().unwrap_or_default(), outcome);
        }
        if later.len() == before {
            for wanted in &later {
                let reason = missing(tx, wanted).await?.into_iter().collect();
                let name = wanted.name.as_deref().unwrap_or_default();
                tell(wanted.line, &wanted.code, name, Outcome::Refused(reason));
            }
            break;
        }
        waiting = later;
    }
    let report = Report::of(lines);
    let totals = report.totals();
    if totals.new + totals.changed > 0 {
        let root = store::root(tx).await?.map(|root| root.id).unwrap_or_default();
        audit::record(tx, now, "agency.import", "agency", &root, Some(&root), json!({ "lines": totals })).await?;
    }
    Ok(report)
}

/// The agency that a line refers to and that is not there, or not yet.
async fn missing(tx: &Tx<'_>, wanted: &Wanted) -> Result<Option<FieldError>, Error> {
    let named = [
        ("parent_code", &wanted.parent_code, "agency-no-such-parent"),
        ("became", &wanted.became, "agency-no-such-successor"),
    ];
    for (field, code, key) in named {
        if let Some(code) = code
            && store::by_code(tx, code).await?.is_none()
        {
            return Ok(Some(FieldError { field: field.to_owned(), key }));
        }
    }
    Ok(None)
}

async fn take(tx: &Tx<'_>, now: Micros, wanted: &Wanted) -> Result<Outcome, Error> {
    let outcome = enter(tx, now, wanted).await?;
    Ok(outcome.and(end(tx, now, wanted).await?))
}

async fn enter(tx: &Tx<'_>, now: Micros, wanted: &Wanted) -> Result<Outcome, Error> {
    match store::by_code(tx, &wanted.code).await? {
        None => {
            let text = |cell: &Option<String>| cell.clone().unwrap_or_default();
            let new = NewAgency {
                code: wanted.code.clone(),
                name: text(&wanted.name),
                kind: text(&wanted.kind),
                parent_code: text(&wanted.parent_code),
                // What is entered as ended must have begun before.
                valid_from: wanted.valid_from.or(wanted.valid_to.map(|end| end.min(now))),
                address: text(&wanted.address),
                phone: text(&wanted.phone),
                email: text(&wanted.email),
                duty_hours: text(&wanted.duty_hours),
            };
            service::create(tx, now, new).await?;
            Ok(Outcome::New)
        }
        Some(agency) => change(tx, now, &agency, wanted).await,
    }
}

async fn change(tx: &Tx<'_>, now: Micros, agency: &Agency, wanted: &Wanted) -> Result<Outcome, Error> {
    let or = |cell: &Option<String>, held: &str| cell.clone().unwrap_or_else(|| held.to_owned());
    let name = or(&wanted.name, &agency.name);
    let details = AgencyChange {
        kind: or(&wanted.kind, &agency.kind),
        address: or(&wanted.address, &agency.address),
        phone: or(&wanted.phone, &agency.phone),
        email: or(&wanted.email, &agency.email),
        duty_hours: or(&wanted.duty_hours, &agency.duty_hours),
    };
    let mut changes = Vec::new();
    if let Some(code) = &wanted.parent_code {
        let parent = store::by_code(tx, code).await?.ok_or(Error::NotFound)?;
        if agency.parent_id.as_deref() != Some(parent.id.as_str()) {
            service::move_under(tx, now, &agency.id, &parent.id).await?;
            changes.push(Change::new("agency-parent", agency.parent_name.as_deref().unwrap_or_default(), &parent.name));
        }
    }
    for (key, before, after) in [
        ("agency-name", &agency.name, &name),
        ("agency-kind", &agency.kind, &details.kind),
        ("agency-address", &agency.address, &details.address),
        ("agency-phone", &agency.phone, &details.phone),
        ("agency-email", &agency.email, &details.email),
        ("agency-duty-hours", &agency.duty_hours, &details.duty_hours),
    ] {
        if before != after {
            changes.push(Change::new(key, before, after));
        }
    }
    service::change(tx, now, &agency.id, &details).await?;
    service::rename_since(tx, now, &agency.id, &name, now, &wanted.basis).await?;
    Ok(if changes.is_empty() { Outcome::Same } else { Outcome::Changed(changes) })
}

/// Ends an agency on its day, with what it became.
async fn end(tx: &Tx<'_>, now: Micros, wanted: &Wanted) -> Result<Vec<Change>, Error> {
    let agency = store::by_code(tx, &wanted.code).await?.ok_or(Error::NotFound)?;
    let mut changes = Vec::new();
    if let Some(code) = &wanted.became {
        let into = store::by_code(tx, code).await?.ok_or(Error::NotFound)?;
        let known = succession::became(tx, &agency.id).await?;
        if known.iter().any(|one| one.agency_id == into.id) {
            return Ok(changes);
        }
        let at = wanted.valid_to.unwrap_or(now);
        become_part_of(tx, now, &agency.id, &into.id, at, &wanted.basis).await?;
        changes.push(Change::new("agency-became", "", &into.name));
        if agency.valid_to != Some(at) {
            changes.push(Change::new("agency-valid-to", csv_time(agency.valid_to), csv_time(Some(at))));
        }
    } else if wanted.valid_to.is_some() && agency.valid_to != wanted.valid_to {
        service::close(tx, now, &agency.id, wanted.valid_to).await?;
        changes.push(Change::new("agency-valid-to", csv_time(agency.valid_to), csv_time(wanted.valid_to)));
    }
    Ok(changes)
}
