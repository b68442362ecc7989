//! Cells of a table of systems: what stands in each, and what a line changes.

use super::amounts;
use super::sheet::{COLUMNS, answer_key};
use super::words::{Hosting, ServiceScope, State};
use super::{NewSystem, System};
use crate::networks;
use kit::fold::fold;
use kit::locale::texts;
use kit::page::Level;
use kit::{Lang, Personal};
use organisation::sheets::{Change, Row, in_one_cell};

/// What stands in a cell of the file.
pub(super) fn cell(lang: Lang, system: &System, given: &NewSystem, column: &str) -> String {
    let word = |key: Option<&'static str>| key.map(|key| texts().text(lang, key)).unwrap_or_default();
    let answer = |is: bool| texts().text(lang, &answer_key(yes(is)));
    match column {
        "agency_code" => system.agency_code.clone(),
        "agency" => system.agency_name.clone(),
        "operator_code" => system.operator_code.clone(),
        "specialised_unit_code" => system.specialised_unit_code.clone(),
        "level" => system.level.to_string(),
        "state" => word(State::from_code(&system.state).map(State::key)),
        "service_scope" => word(ServiceScope::from_code(&system.service_scope).map(ServiceScope::key)),
        "hosting_kind" => word(Hosting::from_code(&system.hosting_kind).map(Hosting::key)),
        "critical" => answer(system.critical),
        "secret" => answer(system.secret),
        "public_information" => answer(system.public_information),
        "private_information" => answer(system.private_information),
        "personal_information" => answer(system.personal_information),
        other => text_of(given, other).map(|text| in_one_cell(text)).unwrap_or_default(),
    }
}

/// Fields that are texts, under the names of their columns; of amounts, what was typed.
macro_rules! texts {
    ($($column:ident),+ $(,)?) => {
        pub(super) fn text_of<'given>(given: &'given NewSystem, column: &str) -> Option<&'given String> {
            match column { $(stringify!($column) => Some(&given.$column),)+ _ => None }
        }

        pub(super) fn text_mut<'given>(given: &'given mut NewSystem, column: &str) -> Option<&'given mut String> {
            match column { $(stringify!($column) => Some(&mut given.$column),)+ _ => None }
        }
    };
}

texts!(
    code,
    name,
    level_decision,
    operator,
    specialised_unit,
    purpose,
    users,
    user_count,
    services,
    basic_subjects,
    sensitive_subjects,
    hosting,
    network_ranges,
    domains,
    public_addresses,
    operating_system,
    security_measures,
    backup,
    contact_name,
    contact_title,
    contact_phone,
    contact_email,
);

/// `3`, `C3`, `Cấp độ 3`, `Level 3`.
pub(super) fn level_of(cell: &str) -> Option<i64> {
    let folded = fold(cell);
    let digits = folded.trim_start_matches(|letter: char| letter.is_ascii_alphabetic() || letter == ' ');
    digits.parse().ok().filter(|level: &i64| Level::new(*level).is_some())
}

/// What a line changes, each value in the form in which it is kept; personal data is masked.
pub(super) fn changes(held: &NewSystem, given: &NewSystem, row: &Row, system: &System) -> Vec<Change> {
    let mut changes = Vec::new();
    for column in COLUMNS {
        let (name, key) = (column.name(), column.key());
        let cell = || row.text(name);
        let of_agency =
            |before: &str, after: &str, code: &str| (before != after).then(|| Change::new(key, code, cell()));
        let answered = |before: bool, after: bool| (before != after).then(|| Change::new(key, yes(before), yes(after)));
        let found = match name {
            "agency_code" => of_agency(&held.agency_id, &given.agency_id, &system.agency_code),
            "operator_code" => of_agency(&held.operator_id, &given.operator_id, &system.operator_code),
            "specialised_unit_code" => {
                of_agency(&held.specialised_unit_id, &given.specialised_unit_id, &system.specialised_unit_code)
            }
            "level" => (held.level != given.level).then(|| Change::new(key, held.level, given.level)),
            "critical" => answered(held.critical, given.critical),
            "secret" => answered(held.secret, given.secret),
            "defence" => answered(held.defence, given.defence),
            "public_information" => answered(held.public_information, given.public_information),
            "private_information" => answered(held.private_information, given.private_information),
            "personal_information" => answered(held.personal_information, given.personal_information),
            "state" => worded(key, &held.state, &given.state),
            "service_scope" => worded(key, &held.service_scope, &given.service_scope),
            "hosting_kind" => worded(key, &held.hosting_kind, &given.hosting_kind),
            "user_count" | "basic_subjects" | "sensitive_subjects" => {
                let kept =
                    |text: Option<&String>| text.map(|text| amounts::plain(text).unwrap_or_else(|| text.clone()));
                worded(
                    key,
                    &kept(text_of(held, name)).unwrap_or_default(),
                    &kept(text_of(given, name)).unwrap_or_default(),
                )
            }
            "network_ranges" => {
                let kept = networks::ranges(&given.network_ranges).unwrap_or_else(|_| given.network_ranges.clone());
                worded(key, &held.network_ranges, &kept)
            }
            "contact_phone" | "contact_email" => {
                let masked = |text: &str| Personal::from(text).to_string();
                let (before, after) = (text_of(held, name), text_of(given, name));
                (before != after).then(|| {
                    Change::new(key, masked(before.map_or("", |text| text)), masked(after.map_or("", |text| text)))
                })
            }
            _ => match (text_of(held, name), text_of(given, name)) {
                (Some(before), Some(after)) => worded(key, before, after),
                _ => None,
            },
        };
        changes.extend(found);
    }
    changes
}

fn yes(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}

fn worded(key: &'static str, before: &str, after: &str) -> Option<Change> {
    (before != after).then(|| Change::new(key, before, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_read_as_people_write_them() {
        for (cell, level) in [
            ("3", Some(3)),
            ("C3", Some(3)),
            ("Cấp độ 4", Some(4)),
            ("level 1", Some(1)),
            ("6", None),
            ("ba", None),
            ("", None),
        ] {
            assert_eq!(level_of(cell), level, "{cell}");
        }
    }
}
