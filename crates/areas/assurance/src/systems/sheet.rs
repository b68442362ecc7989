//! A table of systems (CSV or a workbook): new ones are registered, known ones changed where a cell says otherwise. A
//! system is known by its code, or by its owner and its name where a line has no code. An empty cell leaves a value as it
//! is. The dry run is the same work, not committed.

use super::sheet_cells::{cell, changes, level_of, text_mut};
use super::store::{self, Filter};
use super::words::{Hosting, ServiceScope, State};
use super::{NewSystem, System, service};
use kit::clock::Micros;
use kit::fold::fold;
use kit::locale::texts;
use kit::{Capability, Connection, Error, Lang, Tx};
use organisation::agencies::{self, Agency};
use organisation::audit;
use organisation::sheets::{self, Column, Faults, Line, Outcome, ReadTable, Report, Row, Table};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// Columns of the table, in the order in which it is written. `agency` is in exported lists and says nothing that
/// `agency_code` does not.
pub(super) const COLUMNS: &[Column] = &[
    Column::new("code", "system-code"),
    Column::new("name", "system-name"),
    Column::new("agency_code", "system-agency-code").known_as("agency_id"),
    Column::new("agency", "system-agency"),
    Column::new("level", "system-level"),
    Column::new("level_decision", "system-level-decision"),
    Column::new("state", "system-state"),
    Column::new("critical", "system-critical"),
    Column::new("secret", "system-secret"),
    Column::new("defence", "system-defence"),
    Column::new("operator_code", "system-operator-code").known_as("operator_id"),
    Column::new("operator", "system-operator-words"),
    Column::new("specialised_unit_code", "system-specialised-unit-code").known_as("specialised_unit_id"),
    Column::new("specialised_unit", "system-specialised-unit-words"),
    Column::new("purpose", "system-purpose"),
    Column::new("users", "system-users"),
    Column::new("user_count", "system-user-count"),
    Column::new("service_scope", "system-service-scope"),
    Column::new("services", "system-services"),
    Column::new("public_information", "system-public-information"),
    Column::new("private_information", "system-private-information"),
    Column::new("personal_information", "system-personal-information"),
    Column::new("basic_subjects", "system-basic-subjects"),
    Column::new("sensitive_subjects", "system-sensitive-subjects"),
    Column::new("hosting_kind", "system-hosting-kind"),
    Column::new("hosting", "system-hosting"),
    Column::new("network_ranges", "system-network-ranges"),
    Column::new("domains", "system-domains"),
    Column::new("public_addresses", "system-public-addresses"),
    Column::new("operating_system", "system-operating-system"),
    Column::new("security_measures", "system-security-measures"),
    Column::new("backup", "system-backup"),
    Column::new("contact_name", "system-contact-name"),
    Column::new("contact_title", "system-contact-title"),
    Column::new("contact_phone", "system-contact-phone"),
    Column::new("contact_email", "system-contact-email"),
];

/// Columns that a file of the register does not have: what is personal does not leave in bulk, and nothing of the armed
/// forces is here.
const UNWRITTEN: &[&str] = &["defence", "contact_phone", "contact_email"];

/// Answers that a column of yes or no takes.
const ANSWERS: [&str; 2] = ["yes", "no"];

pub(super) fn answer_key(code: &str) -> String {
    if code == "yes" { "shell-yes" } else { "system-no" }.to_owned()
}

/// Systems as a table that [`import_sheet`] reads again and finds nothing to change.
pub fn table(lang: Lang, systems: &[System]) -> Table {
    let written = || COLUMNS.iter().filter(|column| !UNWRITTEN.contains(&column.name()));
    Table {
        name: "systems",
        head: written().map(|column| texts().text(lang, column.key())).collect(),
        lines: systems
            .iter()
            .map(|system| {
                let given = NewSystem::from(system.clone());
                written().map(|column| cell(lang, system, &given, column.name())).collect()
            })
            .collect(),
    }
}

/// Reads a table of systems (CSV or a workbook), for [`import_sheet`].
pub async fn read_sheet(table: Vec<u8>) -> Result<ReadTable, Error> {
    sheets::read_apart(table, COLUMNS, &["name"]).await
}

/// What an import knows while it goes through the lines.
struct Import {
    by_code: BTreeMap<String, System>,
    /// By owner and folded name.
    by_name: BTreeMap<(String, String), String>,
    /// Agencies by the code as it was typed.
    agencies: BTreeMap<String, Option<Agency>>,
    /// Systems that a line of this table was about.
    told: BTreeSet<String>,
}

/// Takes every line that is right; the others are in the report with all their faults. Nothing is kept until the
/// transaction is committed.
pub async fn import_sheet(tx: &Tx<'_>, now: Micros, table: ReadTable) -> Result<Report, Error> {
    tx.scope().require(Capability::ManageSystems)?;
    let known = store::list(tx, &Filter::default()).await?;
    let named = |system: &System| ((system.agency_id.clone(), fold(&system.name)), system.code.clone());
    let mut import = Import {
        by_name: known.iter().map(named).collect(),
        by_code: known.into_iter().map(|system| (system.code.clone(), system)).collect(),
        agencies: BTreeMap::new(),
        told: BTreeSet::new(),
    };
    let mut lines = BTreeMap::new();
    for row in table.0 {
        let (line, subject, name, outcome) = match row {
            Err((line, fault)) => (line, String::new(), String::new(), Outcome::Refused(vec![fault])),
            Ok(mut row) => {
                let mut faults = std::mem::take(&mut row.faults);
                let mut code = row.text("code");
                sheets::begin_line(tx).await?;
                let outcome = import.take(tx, now, &row, &mut code, &mut faults).await?;
                let outcome = sheets::end_line(tx, outcome, faults).await?;
                (row.line, code, row.text("name"), outcome)
            }
        };
        lines.insert(line, Line { line, subject, name, outcome });
    }
    let report = Report::of(lines);
    let totals = report.totals();
    if totals.new + totals.changed > 0 {
        audit::record(tx, now, "system.import", "system", "", None, json!({ "lines": totals })).await?;
    }
    Ok(report)
}

impl Import {
    async fn agency(&mut self, tx: &Tx<'_>, code: &str) -> Result<Option<Agency>, Error> {
        if let Some(known) = self.agencies.get(code) {
            return Ok(known.clone());
        }
        let found = agencies::by_code(tx, code).await?;
        self.agencies.insert(code.to_owned(), found.clone());
        Ok(found)
    }

    /// Does what a line asks. Its faults are gathered as far as they can be told; `code` becomes the code that a system
    /// without one is given.
    async fn take(
        &mut self,
        tx: &Tx<'_>,
        now: Micros,
        row: &Row,
        code: &mut String,
        faults: &mut Faults,
    ) -> Result<Outcome, Error> {
        let owner = match row.get("agency_code") {
            None => None,
            Some(typed) => {
                let found = self.agency(tx, typed).await?;
                if found.is_none() {
                    faults.add("agency_code", "agency-no-such-code");
                }
                found
            }
        };
        if code.is_empty()
            && let Some(owner) = &owner
        {
            let key = (owner.id.clone(), fold(&row.text("name")));
            match self.by_name.get(&key) {
                Some(known) => code.clone_from(known),
                None => *code = free_code(tx, owner).await?,
            }
        }
        if code.is_empty() && row.get("agency_code").is_none() {
            faults.add("code", "system-code-or-agency");
        }
        if !code.is_empty() && !self.told.insert(code.clone()) {
            faults.add("code", "sheet-twice");
            return Ok(Outcome::Same);
        }
        let before = self.by_code.get(code.as_str()).cloned();
        let mut given = before.clone().map(NewSystem::from).unwrap_or_default();
        given.code.clone_from(code);
        if let Some(owner) = &owner {
            given.agency_id.clone_from(&owner.id);
        }
        self.apply_others(tx, row, before.as_ref(), &mut given, faults).await?;
        apply(row, &mut given, faults);
        match before {
            None => {
                if owner.is_none() && row.get("agency_code").is_none() {
                    faults.add("agency_code", "field-required");
                }
                let registered = faults.keep(register(tx, given, now, !faults.is_empty()).await)?;
                if let Some((id, given)) = registered
                    && faults.is_empty()
                {
                    let key = (given.agency_id.clone(), fold(&given.name));
                    self.by_name.insert(key, given.code.clone());
                    let made = System { id, code: given.code, name: given.name, ..System::default() };
                    self.by_code.insert(code.clone(), made);
                }
                Ok(Outcome::New(Vec::new()))
            }
            Some(system) => {
                let held = NewSystem::from(system.clone());
                let changes = changes(&held, &given, row, &system);
                if changes.is_empty() {
                    return Ok(Outcome::Same);
                }
                faults.keep(service::change(tx, &system.id, given, now).await)?;
                Ok(Outcome::Changed(changes))
            }
        }
    }

    /// Who runs and who guards it: agencies by their codes. One that is named already stays, though it be out of reach.
    async fn apply_others(
        &mut self,
        tx: &Tx<'_>,
        row: &Row,
        before: Option<&System>,
        given: &mut NewSystem,
        faults: &mut Faults,
    ) -> Result<(), Error> {
        let held = |of: fn(&System) -> &String| before.map(|system| of(system).clone()).unwrap_or_default();
        let columns = [
            ("operator_code", held(|system| &system.operator_code)),
            ("specialised_unit_code", held(|system| &system.specialised_unit_code)),
        ];
        for (column, held) in columns {
            let Some(typed) = row.get(column).filter(|typed| *typed != held) else { continue };
            match self.agency(tx, typed).await? {
                Some(agency) if column == "operator_code" => given.operator_id = agency.id,
                Some(agency) => given.specialised_unit_id = agency.id,
                None => faults.add(column, "agency-no-such-code"),
            }
        }
        Ok(())
    }
}

/// Registers a system, or only says what is wrong with it where the line has faults already.
async fn register(tx: &Tx<'_>, given: NewSystem, now: Micros, is_wrong: bool) -> Result<(String, NewSystem), Error> {
    if is_wrong {
        return given.checked().map(|given| (String::new(), given));
    }
    let id = service::register(tx, given.clone(), now).await?;
    Ok((id, given))
}

/// Puts what the cells say into what is given. Empty cells say nothing.
fn apply(row: &Row, given: &mut NewSystem, faults: &mut Faults) {
    let states: Vec<_> = State::ALL.iter().map(|one| one.code()).collect();
    let state_key = |code: &str| State::from_code(code).map(State::key).unwrap_or_default().to_owned();
    if let Some(code) = sheets::code(row, "state", states.iter().copied(), state_key, faults) {
        given.state = code;
    }
    let scopes: Vec<_> = ServiceScope::ALL.iter().map(|one| one.code()).collect();
    let scope_key = |code: &str| ServiceScope::from_code(code).map(ServiceScope::key).unwrap_or_default().to_owned();
    if let Some(code) = sheets::code(row, "service_scope", scopes.iter().copied(), scope_key, faults) {
        given.service_scope = code;
    }
    let places: Vec<_> = Hosting::ALL.iter().map(|one| one.code()).collect();
    let place_key = |code: &str| Hosting::from_code(code).map(Hosting::key).unwrap_or_default().to_owned();
    if let Some(code) = sheets::code(row, "hosting_kind", places.iter().copied(), place_key, faults) {
        given.hosting_kind = code;
    }
    for (column, is) in [
        ("critical", &mut given.critical),
        ("secret", &mut given.secret),
        ("defence", &mut given.defence),
        ("public_information", &mut given.public_information),
        ("private_information", &mut given.private_information),
        ("personal_information", &mut given.personal_information),
    ] {
        if let Some(answer) = sheets::code(row, column, ANSWERS.into_iter(), answer_key, faults) {
            *is = answer == "yes";
        }
    }
    if let Some(level) = row.get("level") {
        match level_of(level) {
            Some(level) => given.level = level,
            None => {
                faults.add("level", "system-level-wrong");
                // What stands there is no level that was forgotten.
                given.level = given.level.max(1);
            }
        }
    }
    for column in COLUMNS.iter().filter(|column| !column.is("code")) {
        let (Some(cell), Some(held)) = (row.get(column.name()), text_mut(given, column.name())) else { continue };
        if *cell != sheets::in_one_cell(held) && *cell != *held {
            cell.clone_into(held);
        }
    }
}

/// The next code of an agency that nothing has: `SYT-07`.
async fn free_code(tx: &Tx<'_>, owner: &Agency) -> Result<String, Error> {
    let mut number = store::count_of_agency(tx, &owner.id).await? + 1;
    loop {
        let code = format!("{}-{number:02}", owner.code);
        if !store::code_taken(tx, &code, "").await? {
            return Ok(code);
        }
        number += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_told_apart_by_their_titles_in_both_languages() {
        for lang in kit::Lang::ALL {
            let titles: BTreeSet<_> =
                COLUMNS.iter().map(|column| fold(&kit::locale::texts().text(lang, column.key()))).collect();
            assert_eq!(titles.len(), COLUMNS.len(), "{lang:?}");
        }
    }
}
