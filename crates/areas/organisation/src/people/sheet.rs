//! A table of people (CSV or a workbook): new accounts are made, known ones (by account) changed where a cell says
//! otherwise, roles given with their dates. An empty cell leaves a value as it is; nothing is ever closed or taken away by
//! a table. The report shows telephone numbers and addresses as masks.

use super::service::{self, NewPerson, PersonChange};
use super::{Person, roles, store};
use crate::policies::Policies;
use crate::sheets::{self, Change, Column, Line, Outcome, Report, Row};
use crate::{agencies, audit};
use kit::clock::{DAY, Micros};
use kit::error::FieldError;
use kit::{Capability, Connection, Error, Personal, Tx};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// Columns of the table. `agency`, `roles` and `state` are in exported lists and only say in words what other columns do.
pub(super) const COLUMNS: &[Column] = &[
    Column { name: "account", key: "sign-in-account" },
    Column { name: "full_name", key: "person-name" },
    Column { name: "agency_code", key: "person-agency-code" },
    Column { name: "agency", key: "agency" },
    Column { name: "title", key: "person-title" },
    Column { name: "kind", key: "account-kind" },
    Column { name: "phone", key: "person-phone" },
    Column { name: "email", key: "person-email" },
    Column { name: "roles", key: "person-roles" },
    Column { name: "state", key: "person-state" },
    Column { name: "role", key: "role-column" },
    Column { name: "role_agency_code", key: "role-agency-column" },
    Column { name: "role_from", key: "role-from-column" },
    Column { name: "role_to", key: "role-to-column" },
];

/// Columns that the page names.
pub(super) fn told_columns() -> Vec<&'static str> {
    let silent = ["agency", "roles", "state"];
    COLUMNS.iter().map(|column| column.name).filter(|name| !silent.contains(name)).collect()
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

fn wanted(row: &Row, policies: &Policies) -> Result<Wanted, Vec<FieldError>> {
    let mut errors = Vec::new();
    let mut wrong = |field: &str| errors.push(FieldError { field: field.to_owned(), key: "field-invalid" });
    let cell = |name| row.get(name).map(ToOwned::to_owned);
    let kinds = policies.account.kinds.iter().map(String::as_str);
    let kind = row.get("kind").map(|kind| sheets::named(kind, kinds, |id| format!("account-kind-{id}")));
    let ids = policies.roles.iter().map(|role| role.id.as_str());
    let role = row.get("role").map(|role| sheets::named(role, ids, |id| format!("role-{id}")));
    let days = ["role_from", "role_to"].map(|name| row.get(name).map(sheets::date));
    for (field, is_wrong) in [
        ("kind", kind == Some(None)),
        ("role", role == Some(None)),
        ("role_from", days[0] == Some(None)),
        ("role_to", days[1] == Some(None)),
    ] {
        if is_wrong {
            wrong(field);
        }
    }
    let wanted = Wanted {
        account: row.text("account").to_lowercase(),
        full_name: cell("full_name"),
        agency_code: cell("agency_code"),
        title: cell("title"),
        kind: kind.flatten(),
        phone: cell("phone"),
        email: cell("email"),
        role: role.flatten(),
        role_agency_code: cell("role_agency_code"),
        role_from: days[0].flatten(),
        // A role that ends on a day lasts until its end.
        role_to: days[1].flatten().map(|day| day + DAY),
    };
    if wanted.account.is_empty() {
        errors.push(FieldError { field: "account".to_owned(), key: "field-required" });
    }
    if errors.is_empty() { Ok(wanted) } else { Err(errors) }
}

/// Takes every line that is right; the others are in the report with their reasons. Nothing is kept until the
/// transaction is committed. New accounts have no password yet.
pub async fn import_sheet(tx: &Tx<'_>, policies: &Policies, now: Micros, table: &[u8]) -> Result<Report, Error> {
    tx.scope().require(Capability::ManagePeople)?;
    let mut lines = BTreeMap::new();
    let mut accounts = BTreeSet::new();
    for row in sheets::read(table, COLUMNS, &["account"])? {
        let (line, subject, name, outcome) = match row {
            Err((line, error)) => (line, String::new(), String::new(), Outcome::Refused(vec![error])),
            Ok(row) => {
                let outcome = match wanted(&row, policies) {
                    Err(errors) => Outcome::Refused(errors),
                    Ok(wanted) if !accounts.insert(wanted.account.clone()) => {
                        Outcome::Refused(vec![FieldError { field: "account".to_owned(), key: "sheet-twice" }])
                    }
                    Ok(wanted) => {
                        sheets::begin_line(tx).await?;
                        sheets::end_line(tx, take(tx, policies, now, &wanted).await).await?
                    }
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

async fn take(tx: &Tx<'_>, policies: &Policies, now: Micros, wanted: &Wanted) -> Result<Outcome, Error> {
    let agency = match &wanted.agency_code {
        Some(code) => Some(agency_of(tx, "agency_code", code).await?),
        None => None,
    };
    let (person, outcome) = match store::by_account(tx, &wanted.account).await? {
        None => {
            let text = |cell: &Option<String>| cell.clone().unwrap_or_default();
            let new = NewPerson {
                account: wanted.account.clone(),
                full_name: text(&wanted.full_name),
                agency_id: agency
                    .map(|agency| agency.id)
                    .ok_or_else(|| Error::invalid("agency_code", "field-required"))?,
                title: text(&wanted.title),
                phone: text(&wanted.phone),
                email: text(&wanted.email),
                kind: text(&wanted.kind),
                ..NewPerson::default()
            };
            (service::create(tx, now, new).await?, Outcome::New)
        }
        Some(person) => {
            let changes = change(tx, policies, now, &person, agency, wanted).await?;
            let outcome = if changes.is_empty() { Outcome::Same } else { Outcome::Changed(changes) };
            (person, outcome)
        }
    };
    Ok(outcome.and(give_role(tx, policies, now, &person, wanted).await?))
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

/// The role of a line, at its agency or the person's own; one that is held already stays as it is.
async fn give_role(
    tx: &Tx<'_>,
    policies: &Policies,
    now: Micros,
    person: &Person,
    wanted: &Wanted,
) -> Result<Vec<Change>, Error> {
    let Some(role) = &wanted.role else { return Ok(Vec::new()) };
    let code = wanted.role_agency_code.as_ref().or(wanted.agency_code.as_ref());
    let agency = match code {
        Some(code) => agency_of(tx, "role_agency_code", code).await?,
        None => agencies::find(tx, &person.agency_id).await?,
    };
    let held = store::grants_of(tx, &person.id).await?;
    if held.iter().any(|grant| grant.role == *role && grant.agency_id == agency.id && grant.lasts_after(now)) {
        return Ok(Vec::new());
    }
    let from = wanted.role_from.map_or(now, |day| day.max(now));
    roles::grant_role(tx, policies, now, &person.id, role, &agency.id, from, wanted.role_to).await?;
    Ok(vec![Change::new("role-column", "", format!("{role} – {}", agency.name))])
}
