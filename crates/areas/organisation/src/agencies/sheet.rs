//! A table of agencies (CSV or a workbook): new ones are added, known ones (by code) changed where a cell says
//! otherwise, communes that merged are ended with what they became. An empty cell leaves a value as it is. The dry run is
//! the same work, not committed.

use super::service::{self, AgencyChange};
use super::{Agency, NewAgency, become_part_of, code, kinds, scheduled, store, succession};
use crate::answers::csv_time;
use crate::audit;
use crate::sheets::{self, Change, Column, Faults, Line, Outcome, ReadTable, Report, Row};
use kit::clock::Micros;
use kit::live::Live;
use kit::{Capability, Connection, Error, Tx};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// Columns of the table. `parent` is in exported lists and says nothing that `parent_code` does not.
pub(super) const COLUMNS: &[Column] = &[
    Column::new("code", "agency-code"),
    Column::new("name", "agency-name"),
    Column::new("kind", "agency-kind"),
    Column::new("parent_code", "agency-parent-code"),
    Column::new("parent", "agency-parent"),
    Column::new("address", "agency-address"),
    Column::new("phone", "agency-phone"),
    Column::new("email", "agency-email"),
    Column::new("duty_hours", "agency-duty-hours"),
    Column::new("valid_from", "agency-valid-from").known_as("since"),
    Column::new("valid_to", "agency-valid-to").known_as("at"),
    Column::new("became", "agency-became-code"),
    Column::new("basis", "agency-basis"),
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

/// What a line asks for, as far as its cells can be read; the others are among its faults.
fn wanted(row: &Row, faults: &mut Faults) -> Wanted {
    let cell = |name| row.get(name).map(ToOwned::to_owned);
    let ids = kinds().iter().map(|kind| kind.id.as_str());
    let kind = sheets::code(row, "kind", ids, |id| format!("agency-kind-{id}"), faults);
    let code = row.text("code");
    if code.is_empty() {
        faults.add("code", "field-required");
    }
    let [valid_from, valid_to] = ["valid_from", "valid_to"].map(|name| sheets::day(row, name, faults));
    if valid_from.zip(valid_to).is_some_and(|(from, to)| to < from) {
        faults.add("valid_to", "agency-ends-before-start");
    }
    Wanted {
        line: row.line,
        code,
        valid_from,
        valid_to,
        name: cell("name"),
        kind,
        parent_code: cell("parent_code"),
        address: cell("address"),
        phone: cell("phone"),
        email: cell("email"),
        duty_hours: cell("duty_hours"),
        became: cell("became"),
        basis: row.text("basis"),
    }
}

/// Reads a table of agencies (CSV or a workbook), for [`import_sheet`].
pub async fn read_sheet(table: Vec<u8>) -> Result<ReadTable, Error> {
    sheets::read_apart(table, COLUMNS, &["code"]).await
}

/// Takes every line that is right; the others are in the report with all their faults. Nothing is kept until the
/// transaction is committed.
pub async fn import_sheet(tx: &Tx<'_>, live: &Live, now: Micros, table: ReadTable) -> Result<Report, Error> {
    tx.scope().require(Capability::Administer)?;
    let mut lines = BTreeMap::new();
    let mut waiting = Vec::new();
    let mut codes = BTreeSet::new();
    let mut tell = |line, subject: &str, name: &str, outcome| {
        lines.insert(line, Line { line, subject: subject.to_owned(), name: name.to_owned(), outcome });
    };
    for row in table.0 {
        match row {
            Err((line, fault)) => tell(line, "", "", Outcome::Refused(vec![fault])),
            Ok(mut row) => {
                let mut faults = std::mem::take(&mut row.faults);
                let wanted = wanted(&row, &mut faults);
                if !wanted.code.is_empty() && !codes.insert(code::key(&wanted.code)) {
                    faults.add("code", "sheet-twice");
                    tell(wanted.line, &wanted.code, &row.text("name"), Outcome::Refused(faults.into_found()));
                } else {
                    waiting.push((wanted, faults));
                }
            }
        }
    }
    // Parents and successors may stand below in the file. Lines whose own never come are taken last, to find their
    // other faults.
    let mut is_stuck = false;
    let mut circular: BTreeSet<String> = BTreeSet::new();
    while !waiting.is_empty() {
        let before = waiting.len();
        let mut later = Vec::new();
        for (wanted, mut faults) in waiting {
            let missing = missing(tx, &wanted).await?;
            if !missing.is_empty() && !is_stuck {
                later.push((wanted, faults));
                continue;
            }
            if circular.contains(&code::key(&wanted.code)) {
                faults.add("parent_code", "agency-above-itself");
            }
            missing.into_iter().for_each(|(column, key)| faults.add(column, key));
            sheets::begin_line(tx).await?;
            let outcome = take(tx, live, now, &wanted, &mut faults).await?;
            let outcome = sheets::end_line(tx, outcome, faults).await?;
            tell(wanted.line, &wanted.code, wanted.name.as_deref().unwrap_or_default(), outcome);
        }
        is_stuck = later.len() == before;
        if is_stuck {
            circular = above_themselves(&later);
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

/// Codes, by their keys, of lines whose parents lead back to themselves.
fn above_themselves(waiting: &[(Wanted, Faults)]) -> BTreeSet<String> {
    let parents: BTreeMap<String, String> = waiting
        .iter()
        .filter_map(|(wanted, _)| Some((code::key(&wanted.code), code::key(wanted.parent_code.as_deref()?))))
        .collect();
    let returns = |own: &&String| {
        let above = std::iter::successors(parents.get(*own), |above| parents.get(*above));
        above.take(parents.len()).any(|above| above == *own)
    };
    parents.keys().filter(returns).cloned().collect()
}

/// Columns that name an agency which is not there, or not yet, and what to say of each.
async fn missing(tx: &Tx<'_>, wanted: &Wanted) -> Result<Vec<(&'static str, &'static str)>, Error> {
    let named = [
        ("parent_code", &wanted.parent_code, "agency-no-such-parent"),
        ("became", &wanted.became, "agency-no-such-successor"),
    ];
    let mut missing = Vec::new();
    for (column, code, key) in named {
        if let Some(code) = code
            && store::by_code(tx, code).await?.is_none()
        {
            missing.push((column, key));
        }
    }
    Ok(missing)
}

/// Does what a line asks, as far as its faults let it, so that the rest of them is found as well.
async fn take(tx: &Tx<'_>, live: &Live, now: Micros, wanted: &Wanted, faults: &mut Faults) -> Result<Outcome, Error> {
    let outcome = match store::by_code(tx, &wanted.code).await? {
        None => {
            faults.keep(enter(tx, now, wanted).await)?;
            Outcome::New(Vec::new())
        }
        Some(agency) => change(tx, live, now, &agency, wanted, faults).await?,
    };
    let ended = faults.keep(end(tx, live, now, wanted).await)?;
    Ok(outcome.and(ended.unwrap_or_default()))
}

async fn enter(tx: &Tx<'_>, now: Micros, wanted: &Wanted) -> Result<(), Error> {
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
    // Of what ended, the parent may have ended with it.
    let last = wanted.valid_to.map_or(now, |end| now.min(end - 1));
    service::create_lasting(tx, now, new, last).await.map(|_| ())
}

async fn change(
    tx: &Tx<'_>,
    live: &Live,
    now: Micros,
    agency: &Agency,
    wanted: &Wanted,
    faults: &mut Faults,
) -> Result<Outcome, Error> {
    let or = |cell: &Option<String>, held: &str| cell.clone().unwrap_or_else(|| held.to_owned());
    let name = or(&wanted.name, &agency.name);
    let details = AgencyChange {
        kind: or(&wanted.kind, &agency.kind),
        address: or(&wanted.address, &agency.address),
        phone: or(&wanted.phone, &agency.phone),
        email: or(&wanted.email, &agency.email),
        duty_hours: or(&wanted.duty_hours, &agency.duty_hours),
    };
    let told = wanted.valid_from.filter(|from| csv_time(Some(*from)) != csv_time(Some(agency.valid_from)));
    let is_ahead = name != agency.name && told.is_some_and(|since| since > now);
    let mut changes = Vec::new();
    if let Some(code) = &wanted.parent_code
        && let Some(parent) = store::by_code(tx, code).await?
        && agency.parent_id.as_deref() != Some(parent.id.as_str())
    {
        faults.keep(service::move_under(tx, now, &agency.id, &parent.id).await)?;
        changes.push(Change::new("agency-parent", agency.parent_name.as_deref().unwrap_or_default(), &parent.name));
    }
    for (key, before, after) in [
        ("agency-name", &agency.name, &name),
        ("agency-kind", &agency.kind, &details.kind),
        ("agency-address", &agency.address, &details.address),
        ("agency-phone", &agency.phone, &details.phone),
        ("agency-email", &agency.email, &details.email),
        ("agency-duty-hours", &agency.duty_hours, &details.duty_hours),
    ] {
        if before != after && !(key == "agency-name" && is_ahead) {
            changes.push(Change::new(key, before, after));
        }
    }
    faults.keep(service::change(tx, now, &agency.id, &details).await)?;
    if let Some(since) = told.filter(|_| is_ahead) {
        if !scheduled::waits(tx, &agency.id, (None, &name), since).await? {
            let done = scheduled::rename_on(tx, live, now, &agency.id, &name, since, &wanted.basis).await;
            faults.keep(done)?;
            changes.push(Change::new("agency-name-ahead", &agency.name, &name));
            changes.push(Change::of_moments("agency-name-since", None, Some(since)));
        }
    } else if name != agency.name {
        if let Some(since) = told {
            changes.push(Change::of_moments("agency-name-since", None, Some(since)));
        }
        let since = told.unwrap_or(now);
        faults.keep(service::rename_since(tx, now, &agency.id, &name, since, &wanted.basis).await)?;
    } else if let Some(since) = told
        // The day of the last name, in a table that is brought again.
        && store::former_names(tx, &agency.id).await?.first().is_none_or(|(_, until)| *until != since)
    {
        faults.keep(service::begin_since(tx, now, &agency.id, since).await)?;
        changes.push(Change::of_moments("agency-valid-from", Some(agency.valid_from), told));
    }
    Ok(if changes.is_empty() { Outcome::Same } else { Outcome::Changed(changes) })
}

/// Ends an agency on its day, with what it became. One that could not be entered has nothing to end.
async fn end(tx: &Tx<'_>, live: &Live, now: Micros, wanted: &Wanted) -> Result<Vec<Change>, Error> {
    let mut changes = Vec::new();
    let Some(agency) = store::by_code(tx, &wanted.code).await? else { return Ok(changes) };
    if let Some(code) = &wanted.became {
        let Some(into) = store::by_code(tx, code).await? else { return Ok(changes) };
        let known = succession::became(tx, &agency.id).await?;
        if known.iter().any(|one| one.agency_id == into.id) {
            return Ok(changes);
        }
        let at = wanted.valid_to.unwrap_or(now);
        if at > now {
            if !scheduled::waits(tx, &agency.id, (Some(&into.id), ""), at).await? {
                scheduled::merge_on(tx, live, now, &agency.id, &into.id, at, &wanted.basis).await?;
                changes.push(Change::new("agency-becomes-ahead", "", &into.name));
                changes.push(Change::of_moments("agency-became-at", None, Some(at)));
            }
            return Ok(changes);
        }
        become_part_of(tx, now, &agency.id, &into.id, at, &wanted.basis).await?;
        changes.push(Change::new("agency-became", "", &into.name));
        if agency.valid_to != Some(at) {
            changes.push(Change::of_moments("agency-valid-to", agency.valid_to, Some(at)));
        }
    } else if wanted.valid_to.is_some() && agency.valid_to != wanted.valid_to {
        service::close(tx, now, &agency.id, wanted.valid_to).await?;
        changes.push(Change::of_moments("agency-valid-to", agency.valid_to, wanted.valid_to));
    }
    Ok(changes)
}
