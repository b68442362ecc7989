//! A table of the inventory (CSV or a workbook), items of every kind and system together: new ones are added, known ones
//! (by system, kind and name) changed where a cell says otherwise. An empty cell leaves a value as it is. The dry run is the
//! same work, not committed.

use super::store::{self, Filter, MOST_OF_SYSTEM};
use super::{FIELDS, Item, NewItem, Takes, field_named, kind, kinds, service};
use crate::systems;
use crate::systems::System;
use kit::clock::Micros;
use kit::fold::fold;
use kit::locale::texts;
use kit::{Capability, Connection, Error, Lang, Tx, civil};
use organisation::audit;
use organisation::sheets::{self, Change, Column, Faults, Line, Outcome, ReadTable, Report, Row, Table};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// Columns of the table. `system` is in exported lists and says nothing that `system_code` does not.
pub(super) const COLUMNS: &[Column] = &[
    Column::new("system_code", "inventory-system-code"),
    Column::new("system", "inventory-system"),
    Column::new("kind", "inventory-kind"),
    Column::new("name", "inventory-name"),
    Column::new("purpose", "inventory-field-purpose"),
    Column::new("part_of", "inventory-field-part-of"),
    Column::new("linked_system", "inventory-field-linked-system"),
    Column::new("relation", "inventory-field-relation"),
    Column::new("direction", "inventory-field-direction"),
    Column::new("addresses", "inventory-field-addresses"),
    Column::new("serial", "inventory-field-serial"),
    Column::new("place", "inventory-field-place"),
    Column::new("zone", "inventory-field-zone"),
    Column::new("platform", "inventory-field-platform"),
    Column::new("edition", "inventory-field-edition"),
    Column::new("status", "inventory-field-status"),
    Column::new("account_kind", "inventory-field-account-kind"),
    Column::new("scope", "inventory-field-scope"),
    Column::new("owner", "inventory-field-owner"),
    Column::new("licence", "inventory-field-licence"),
    Column::new("support_end", "inventory-field-support-end"),
    Column::new("information", "inventory-field-information"),
    Column::new("basic_subjects", "inventory-field-basic-subjects"),
    Column::new("sensitive_subjects", "inventory-field-sensitive-subjects"),
    Column::new("backup", "inventory-field-backup"),
    Column::new("level", "inventory-field-level"),
    Column::new("basis", "inventory-field-basis"),
    Column::new("begins", "inventory-field-begins"),
    Column::new("ends", "inventory-field-ends"),
    Column::new("responsible", "inventory-field-responsible"),
    Column::new("services", "inventory-field-services"),
    Column::new("notes", "inventory-field-notes"),
];

/// Items as a table that [`import_sheet`] reads again and finds nothing to change.
pub fn table(lang: Lang, items: &[Item]) -> Table {
    Table {
        name: "inventory",
        head: COLUMNS.iter().map(|column| texts().text(lang, column.key())).collect(),
        lines: items
            .iter()
            .map(|item| COLUMNS.iter().map(|column| cell(lang, item, column.name())).collect())
            .collect(),
    }
}

fn cell(lang: Lang, item: &Item, column: &str) -> String {
    match column {
        "system_code" => item.system_code.clone(),
        "system" => item.system_name.clone(),
        "kind" => kind(&item.kind).map(|kind| texts().text(lang, &kind.key())).unwrap_or_default(),
        "name" => item.name.clone(),
        _ => words(lang, column, item.value(column)),
    }
}

/// A value as it stands in one cell.
fn words(lang: Lang, field: &str, value: &str) -> String {
    match field_named(field) {
        Some(field) if matches!(field.takes, Takes::Words(_)) && !value.is_empty() => {
            texts().text(lang, &field.word_key(value))
        }
        _ => sheets::in_one_cell(value),
    }
}

/// Reads a table of the inventory (CSV or a workbook), for [`import_sheet`].
pub async fn read_sheet(table: Vec<u8>) -> Result<ReadTable, Error> {
    sheets::read_apart(table, COLUMNS, &["system_code", "kind", "name"]).await
}

/// System, kind and folded name: by these an item is known.
type Key = (String, String, String);

/// What an import knows: of systems that a line has named, and of their items.
#[derive(Default)]
struct Import {
    /// By their codes; nothing where none within reach has the code.
    systems: BTreeMap<String, Option<System>>,
    items: BTreeMap<Key, Item>,
    told: BTreeSet<Key>,
}

/// Takes every line that is right; the others are in the report with all their faults. Nothing is kept until the
/// transaction is committed.
pub async fn import_sheet(tx: &Tx<'_>, now: Micros, table: ReadTable) -> Result<Report, Error> {
    tx.scope().require(Capability::ManageSystems)?;
    let mut import = Import::default();
    let mut lines = BTreeMap::new();
    for row in table.0 {
        let (line, subject, name, outcome) = match row {
            Err((line, fault)) => (line, String::new(), String::new(), Outcome::Refused(vec![fault])),
            Ok(mut row) => {
                let mut faults = std::mem::take(&mut row.faults);
                sheets::begin_line(tx).await?;
                let outcome = import.take(tx, now, &row, &mut faults).await?;
                let outcome = sheets::end_line(tx, outcome, faults).await?;
                (row.line, row.text("system_code"), row.text("name"), outcome)
            }
        };
        lines.insert(line, Line { line, subject, name, outcome });
    }
    let report = Report::of(lines);
    let totals = report.totals();
    if totals.new + totals.changed > 0 {
        audit::record(tx, now, "inventory.import", "system", "", None, json!({ "lines": totals })).await?;
    }
    Ok(report)
}

impl Import {
    /// The system that a line names, with whose items the line is compared.
    async fn system(&mut self, tx: &Tx<'_>, code: &str) -> Result<Option<System>, Error> {
        if let Some(known) = self.systems.get(code) {
            return Ok(known.clone());
        }
        let found = systems::store::by_code(tx, code).await?;
        if let Some(system) = &found {
            let own = Filter { system_id: system.id.clone(), ..Filter::default() };
            let items = store::list(tx, &own, MOST_OF_SYSTEM, 0).await?;
            let key = |item: &Item| (item.system_code.clone(), item.kind.clone(), fold(&item.name));
            self.items.extend(items.into_iter().map(|item| (key(&item), item)));
        }
        self.systems.insert(code.to_owned(), found.clone());
        Ok(found)
    }

    async fn take(&mut self, tx: &Tx<'_>, now: Micros, row: &Row, faults: &mut Faults) -> Result<Outcome, Error> {
        let ids = kinds().iter().map(|kind| kind.id.as_str());
        let chosen = sheets::code(row, "kind", ids, |id| format!("inventory-kind-{id}"), faults);
        if row.get("kind").is_none() {
            faults.add("kind", "field-required");
        }
        let (code, name) = (row.text("system_code"), row.text("name"));
        if name.is_empty() {
            faults.add("name", "field-required");
        }
        let system = self.system(tx, &code).await?;
        if system.is_none() {
            faults.add("system_code", if code.is_empty() { "field-required" } else { "inventory-no-such-system" });
        }
        let Some(chosen) = chosen else { return Ok(Outcome::Same) };
        let key = (code, chosen.clone(), fold(&name));
        if !self.told.insert(key.clone()) {
            faults.add("name", "sheet-twice");
        }
        let before = self.items.get(&key);
        let mut given = before.cloned().map(NewItem::from).unwrap_or_default();
        given.kind = chosen;
        if before.is_none() {
            given.name = name;
        }
        apply(row, &mut given, faults);
        let checked = match given.clone().checked() {
            Err(error) => {
                faults.keep::<()>(Err(error))?;
                return Ok(Outcome::Same);
            }
            Ok(checked) => checked,
        };
        let Some(system) = system.filter(|_| faults.is_empty()) else { return Ok(Outcome::Same) };
        let Some(item) = before else {
            faults.keep(service::add_to(tx, &system, given, now).await)?;
            return Ok(Outcome::New(Vec::new()));
        };
        let mut changes = changes(item, &checked);
        if !item.registered {
            changes.push(Change::new("inventory-registered", "no", "yes"));
        }
        if changes.is_empty() {
            return Ok(Outcome::Same);
        }
        faults.keep(service::change(tx, &item.id, given, now).await)?;
        Ok(Outcome::Changed(changes))
    }
}

/// Puts what the cells say into what is given. Empty cells say nothing.
fn apply(row: &Row, given: &mut NewItem, faults: &mut Faults) {
    for field in FIELDS {
        let Some(cell) = row.get(field.name) else { continue };
        let held = given.values.get(field.name).map_or("", String::as_str);
        let value = match field.takes {
            Takes::Words(words) => {
                let key = |word: &str| field.word_key(word);
                match sheets::code(row, field.name, words.iter().copied(), key, faults) {
                    Some(word) => word,
                    None => continue,
                }
            }
            Takes::Day => match sheets::day(row, field.name, faults) {
                Some(day) => civil::day_field(day),
                None => continue,
            },
            Takes::Lines if cell == sheets::in_one_cell(held) => continue,
            _ => cell.to_owned(),
        };
        given.values.insert(field.name.to_owned(), value);
    }
}

/// What a line changes of an item, each value in the form in which it is kept.
fn changes(item: &Item, given: &NewItem) -> Vec<Change> {
    let changed = |field: &&super::Field| {
        let before = item.value(field.name);
        before != given.values.get(field.name).map_or("", String::as_str)
    };
    let change = |field: &super::Field| {
        let column = COLUMNS.iter().find(|column| column.is(field.name))?;
        let after = given.values.get(field.name).map_or("", String::as_str);
        Some(Change::new(column.key(), item.value(field.name), after))
    };
    FIELDS.iter().filter(changed).filter_map(change).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_has_its_column() {
        for field in FIELDS {
            assert!(COLUMNS.iter().any(|column| column.is(field.name)), "{}", field.name);
        }
        assert_eq!(COLUMNS.len(), FIELDS.len() + 4);
        for lang in kit::Lang::ALL {
            let titles: BTreeSet<_> =
                COLUMNS.iter().map(|column| fold(&kit::locale::texts().text(lang, column.key()))).collect();
            assert_eq!(titles.len(), COLUMNS.len(), "{lang:?}");
        }
    }
}
