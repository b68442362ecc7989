//! Fields that an item of the inventory may have, and kinds of item, each with the fields it asks for. Kinds are data
//! (`content/assurance/inventory.toml`); what a field takes is known here.

use crate::networks;
use crate::systems::amounts;
use kit::civil;
use kit::locale::{Lang, texts};
use kit::page::Level;
use kit::text::FieldFaults;
use serde::Deserialize;
use std::sync::LazyLock;

/// What a field takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Takes {
    Line,
    Lines,
    Day,
    /// Addresses and ranges.
    Ranges,
    Amount,
    Level,
    /// One of these words; their texts are `inventory-<field>-<word>`.
    Words(&'static [&'static str]),
    /// Another system, by its code.
    System,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) takes: Takes,
}

const fn field(name: &'static str, takes: Takes) -> Field {
    Field { name, takes }
}

/// Every field, in the order of pages and files.
pub(crate) const FIELDS: &[Field] = &[
    field("purpose", Takes::Lines),
    field("part_of", Takes::Line),
    field("linked_system", Takes::System),
    field("relation", Takes::Words(&["data-flow", "dependency", "function"])),
    field("direction", Takes::Words(&["in", "out", "both"])),
    field("addresses", Takes::Ranges),
    field("serial", Takes::Line),
    field("place", Takes::Line),
    field("zone", Takes::Line),
    field("platform", Takes::Line),
    field("edition", Takes::Line),
    field("status", Takes::Words(&["planned", "in-use", "spare", "broken", "retired"])),
    field("account_kind", Takes::Words(&["administration", "business", "technical", "service"])),
    field("scope", Takes::Line),
    field("owner", Takes::Line),
    field("licence", Takes::Line),
    field("support_end", Takes::Day),
    field("information", Takes::Lines),
    field("basic_subjects", Takes::Amount),
    field("sensitive_subjects", Takes::Amount),
    field("backup", Takes::Line),
    field("level", Takes::Level),
    field("basis", Takes::Line),
    field("begins", Takes::Day),
    field("ends", Takes::Day),
    field("responsible", Takes::Line),
    field("services", Takes::Lines),
    field("notes", Takes::Lines),
];

pub(crate) fn field_named(name: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|field| field.name == name)
}

const LONGEST_TEXT: usize = 4_000;

impl Field {
    /// The value in the form in which it is kept: a day as `21/11/2026`, an amount as digits.
    pub(super) fn checked(&self, faults: &mut FieldFaults, given: &str) -> String {
        let name = self.name;
        match self.takes {
            Takes::Line | Takes::System => faults.line(name, given, LONGEST_TEXT),
            Takes::Lines => faults.lines(name, given, LONGEST_TEXT),
            Takes::Ranges => networks::checked(faults, name, given),
            Takes::Day => match faults.day(name, given) {
                Some(day) => civil::day_field(day),
                None => given.trim().to_owned(),
            },
            Takes::Amount => amounts::plain(given).unwrap_or_else(|| {
                faults.add(name, "system-amount-wrong");
                given.to_owned()
            }),
            Takes::Level => {
                let level = given.trim();
                if !level.is_empty() && level.parse::<u8>().ok().and_then(Level::new).is_none() {
                    faults.add(name, "system-level-wrong");
                }
                level.to_owned()
            }
            Takes::Words(words) => {
                let word = given.trim();
                if !word.is_empty() && !words.contains(&word) {
                    faults.add(name, "field-invalid");
                }
                word.to_owned()
            }
        }
    }

    /// Key of the text of one of its words.
    pub(crate) fn word_key(&self, word: &str) -> String {
        format!("inventory-{}-{word}", self.name.replace('_', "-"))
    }

    /// Column in the database.
    pub(super) fn column(&self) -> &'static str {
        if self.takes == Takes::System { "linked_system_id" } else { self.name }
    }

    /// Whether the database keeps a number.
    pub(super) fn is_number(&self) -> bool {
        matches!(self.takes, Takes::Day | Takes::Amount | Takes::Level)
    }
}

/// A kind of item.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kind {
    pub id: String,
    pub icon: String,
    /// Names of the fields that it asks for.
    pub fields: Vec<String>,
    /// Those of them that are the least an inventory must say.
    pub minimum: Vec<String>,
}

impl Kind {
    pub(crate) fn fields(&self) -> impl Iterator<Item = &'static Field> {
        FIELDS.iter().filter(|field| self.has(field.name))
    }

    pub(crate) fn has(&self, field: &str) -> bool {
        self.fields.iter().any(|name| name == field)
    }

    /// Key of its name.
    pub fn key(&self) -> String {
        format!("inventory-kind-{}", self.id)
    }

    /// Key of what it calls a field.
    pub(crate) fn field_key(&self, field: &str) -> String {
        let field = field.replace('_', "-");
        let own = format!("inventory-field-{}-{field}", self.id);
        if texts().has(Lang::Vi, &own) { own } else { format!("inventory-field-{field}") }
    }
}

#[derive(Deserialize)]
struct File {
    kind: Vec<Kind>,
}

const FILE: &str = include_str!("../../../../../content/assurance/inventory.toml");

static KINDS: LazyLock<Vec<Kind>> =
    LazyLock::new(|| toml::from_str::<File>(FILE).map(|file| file.kind).unwrap_or_default());

/// All kinds, in the order of the file.
pub fn kinds() -> &'static [Kind] {
    &KINDS
}

pub fn kind(id: &str) -> Option<&'static Kind> {
    kinds().iter().find(|kind| kind.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_asks_for_fields_that_there_are_and_all_have_names() {
        toml::from_str::<File>(FILE).expect("the file reads");
        assert!(kinds().len() >= 8);
        for kind in kinds() {
            for name in &kind.fields {
                assert!(field_named(name).is_some(), "{} asks for {name}", kind.id);
            }
            for name in &kind.minimum {
                assert!(kind.has(name), "{} needs {name} and does not ask for it", kind.id);
            }
            for lang in Lang::ALL {
                assert!(texts().has(lang, &kind.key()), "{}", kind.id);
                for field in kind.fields() {
                    assert!(texts().has(lang, &kind.field_key(field.name)), "{} {}", kind.id, field.name);
                    if let Takes::Words(words) = field.takes {
                        assert!(words.iter().all(|word| texts().has(lang, &field.word_key(word))), "{}", field.name);
                    }
                }
            }
        }
    }

    #[test]
    fn values_are_kept_in_one_form() {
        let kept = |name: &str, given: &str| {
            let mut faults = FieldFaults::default();
            let kept = field_named(name).unwrap().checked(&mut faults, given);
            (kept, faults.is_empty())
        };
        assert_eq!(kept("support_end", "2028-05-01"), ("01/05/2028".into(), true));
        assert_eq!(kept("basic_subjects", "12.000"), ("12000".into(), true));
        assert_eq!(kept("addresses", "10.0.0.1;10.0.0.1"), ("10.0.0.1".into(), true));
        for (name, wrong) in
            [("support_end", "mai"), ("level", "6"), ("status", "ổn"), ("addresses", "x"), ("purpose", "a\u{200b}")]
        {
            assert!(!kept(name, wrong).1, "{name}");
        }
    }
}
