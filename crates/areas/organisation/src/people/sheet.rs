//! A table of people (CSV or a workbook): new accounts are made, known ones (by account) changed where a cell says
//! otherwise, roles given with their dates. An empty cell leaves a value as it is; nothing is ever closed or taken away by
//! a table. The report shows telephone numbers and addresses as masks.

use super::service::{self, NewPerson, PersonChange};
use super::{Person, roles, store};
use crate::policies::Policies;
use crate::sheets::{self, Change, Column, Faults, Line, Outcome, ReadTable, Report, Row};
use crate::{agencies, audit};
use kit::clock::{DAY, Micros};
use kit::{Capability, Connection, Error, Personal, Tx};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// Columns of the table. `agency`, `roles` and `state` are in exported lists and only say in words what other columns do.
pub(super) const COLUMNS: &[Column] = &[
    Column::new("account", "sign-in-account"),
    Column::new("full_name", "person-name"),
    Column::new("agency_code", "person-agency-code").known_as("agency_id"),
    Column::new("agency", "agency"),
    Column::new("title", "person-title"),
    Column::new("kind", "account-kind"),
    Column::new("phone", "person-phone"),
    Column::new("email", "person-email"),
    Column::new("roles", "person-roles"),
    Column::new("state", "person-state"),
    Column::new("role", "role-column"),
    Column::new("role_agency_code", "role-agency-column").known_as("role_agency_id"),
    Column::new("role_from", "role-from-column").known_as("starts_at"),
    Column::new("role_to", "role-to-column").known_as("ends_at"),
];

/// Columns that the page names.
pub(super) fn told_columns() -> Vec<&'static Column> {
    let is_silent = |column: &Column| ["agency", "roles", "state"].into_iter().any(|name| column.is(name));
    COLUMNS.iter().filter(|column| !is_silent(column)).collect()
}

#[derive(Debug, Clone, Default)]
struct Wanted {
    account: String,
    full_name: Option<String>,
    agency_code: Option<String>,
    title: Option<String>,
    kind: Option<String>,
    phone: Option<String>,
    email: Option<String>,
    role: Option<String>,
    role_agency_code: Option<String>,
    role_from: Option<Micros>,
    role_to: Option<Micros>,
}

/// What a line asks for, as far as its cells can be read; the others are among its faults.
fn wanted(row: &Row, policies: &Policies, faults: &mut Faults) -> Wanted {
    let cell = |name| row.get(name).map(ToOwned::to_owned);
    let kinds = policies.account.kinds.iter().map(String::as_str);
    let kind = sheets::code(row, "kind", kinds, |id| format!("account-kind-{id}"), faults);
    let roles = policies.roles.iter().map(|role| role.id.as_str());
    let role = sheets::code(row, "role", roles, |id| format!("role-{id}"), faults);
    let [role_from, last_day] = ["role_from", "role_to"].map(|name| sheets::day(row, name, faults));
    // A role that ends on a day lasts until its end.
    let role_to = last_day.map(|day| day + DAY);
    if role_from.zip(role_to).is_some_and(|(from, to)| to <= from) {
        faults.add("role_to", "role-ends-before-start");
    }
    let account = row.text("account").to_lowercase();
    if account.is_empty() {
        faults.add("account", "field-required");
    }
    Wanted {
        account,
        full_name: cell("full_name"),
        agency_code: cell("agency_code"),
        title: cell("title"),
        kind,
        phone: cell("phone"),
        email: cell("email"),
        role,
        role_agency_code: cell("role_agency_code"),
        role_from,
        role_to,
    }
}

/// Reads a table of people (CSV or a workbook), for [`import_sheet`].
pub async fn read_sheet(table: Vec<u8>) -> Result<ReadTable, Error> {
    sheets::read_apart(table, COLUMNS, &["account"]).await
}

/// Takes every line that is right; the others are in the report with all their faults. Nothing is kept until the
/// transaction is committed. New accounts have no password yet.
pub async fn import_sheet(tx: &Tx<'_>, policies: &Policies, now: Micros, table: ReadTable) -> Result<Report, Error> {
    tx.scope().require(Capability::ManagePeople)?;
    let mut lines = BTreeMap::new();
    let mut accounts = BTreeSet::new();
    for row in table.0 {
        let (line, subject, name, outcome) = match row {
            Err((line, fault)) => (line, String::new(), String::new(), Outcome::Refused(vec![fault])),
            Ok(mut row) => {
                let mut faults = std::mem::take(&mut row.faults);
                let wanted = wanted(&row, policies, &mut faults);
                let outcome = if !wanted.account.is_empty() && !accounts.insert(wanted.account.clone()) {
                    faults.add("account", "sheet-twice");
                    Outcome::Refused(faults.into_found())
                } else {
                    sheets::begin_line(tx).await?;
                    let outcome = take(tx, policies, now, &wanted, &mut faults).await?;
                    sheets::end_line(tx, outcome, faults).await?
                };
                (row.line, row.text("account"), row.text("full_name"), outcome)
            }
        };
        lines.insert(line, Line { line, subject, name, outcome });
    }
    let report = Report::of(lines);
    let totals = report.totals();
    if totals.new + totals.changed > 0 {
        audit::record(tx, now, "person.import", "person", "", None, json!({ "lines": totals })).await?;
    }
    Ok(report)
}

/// Does what a line asks, as far as its faults let it, so that the rest of them is found as well.
async fn take(
    tx: &Tx<'_>,
    policies: &Policies,
    now: Micros,
    wanted: &Wanted,
    faults: &mut Faults,
) -> Result<Outcome, Error> {
    let agency = match &wanted.agency_code {
        Some(code) => faults.keep(agency_of(tx, "agency_code", code).await)?,
        None => None,
    };
    let agency_id = agency.as_ref().map(|agency| agency.id.clone());
    let (person, outcome) = match store::by_account(tx, &wanted.account).await? {
        None => {
            let text = |cell: &Option<String>| cell.clone().unwrap_or_default();
            let new = NewPerson {
                account: wanted.account.clone(),
                full_name: text(&wanted.full_name),
                agency_id: agency_id.clone().unwrap_or_default(),
                title: text(&wanted.title),
                phone: text(&wanted.phone),
                email: text(&wanted.email),
                kind: text(&wanted.kind),
                ..NewPerson::default()
            };
            (faults.keep(service::create(tx, now, new).await)?, Outcome::New(Vec::new()))
        }
        Some(person) => {
            let changes = faults.keep(change(tx, policies, now, &person, agency, wanted).await)?.unwrap_or_default();
            let outcome = if changes.is_empty() { Outcome::Same } else { Outcome::Changed(changes) };
            (Some(person), outcome)
        }
    };
    let place = match &wanted.role_agency_code {
        Some(code) => faults.keep(agency_of(tx, "role_agency_code", code).await)?.map(|agency| agency.id),
        None => agency_id.or_else(|| person.as_ref().map(|person| person.agency_id.clone())),
    };
    let given = match (&wanted.role, person, place) {
        (Some(role), Some(person), Some(place)) => {
            faults.keep(give_role(tx, policies, now, &person, (role.as_str(), place.as_str()), wanted).await)?
        }
        _ => None,
    };
    Ok(outcome.and(given.unwrap_or_default()))
}

async fn agency_of(tx: &Tx<'_>, field: &'static str, code: &str) -> Result<agencies::Agency, Error> {
    agencies::by_code(tx, code).await?.ok_or_else(|| Error::invalid(field, "agency-no-such-code"))
}

async fn change(
    tx: &Tx<'_>,
    policies: &Policies,
    now: Micros,
    person: &Person,
    agency: Option<agencies::Agency>,
    wanted: &Wanted,
) -> Result<Vec<Change>, Error> {
    let or = |cell: &Option<String>, held: &str| cell.clone().unwrap_or_else(|| held.to_owned());
    let (agency_id, agency_name) = match agency {
        Some(agency) => (agency.id, agency.name),
        None => (person.agency_id.clone(), person.agency_name.clone()),
    };
    // What a line does not name is written back as it is; nobody gets to see it.
    let wish = PersonChange {
        full_name: or(&wanted.full_name, &person.full_name),
        agency_id,
        title: or(&wanted.title, &person.title),
        signs_as: person.signs_as.clone(),
        phone: or(&wanted.phone, person.phone.reveal()),
        email: or(&wanted.email, person.email.reveal()),
        kind: or(&wanted.kind, &person.kind),
    };
    let mut changes = Vec::new();
    for (key, before, after) in [
        ("person-name", &person.full_name, &wish.full_name),
        ("agency", &person.agency_name, &agency_name),
        ("person-title", &person.title, &wish.title),
        ("account-kind", &person.kind, &wish.kind),
    ] {
        if before != after {
            changes.push(Change::new(key, before, after));
        }
    }
    for (key, before, after) in
        [("person-phone", &person.phone, &wish.phone), ("person-email", &person.email, &wish.email)]
    {
        let after = Personal::from(after.as_str());
        if *before != after {
            changes.push(Change::new(key, before, after));
        }
    }
    if !changes.is_empty() || wish.agency_id != person.agency_id {
        service::change(tx, policies, now, &person.id, wish).await?;
    }
    Ok(changes)
}

/// The role of a line at an agency; one that is held already stays as it is.
async fn give_role(
    tx: &Tx<'_>,
    policies: &Policies,
    now: Micros,
    person: &Person,
    (role, agency_id): (&str, &str),
    wanted: &Wanted,
) -> Result<Vec<Change>, Error> {
    let held = store::grants_of(tx, &person.id).await?;
    if held.iter().any(|grant| grant.role == role && grant.agency_id == agency_id && grant.lasts_after(now)) {
        return Ok(Vec::new());
    }
    let from = wanted.role_from.map_or(now, |day| day.max(now));
    let agency = agencies::find(tx, agency_id).await?;
    roles::grant_role(tx, policies, now, &person.id, role, agency_id, from, wanted.role_to).await?;
    Ok(vec![Change::new("role-column", "", format!("{role} – {}", agency.name))])
}
