//! The inventory of a system: components, applications, devices, network zones, data sets, links to other systems,
//! suppliers, accounts. All are items of one shape; what a kind asks for is data. What a scan saw and nobody registered is
//! an item that is not registered yet.

mod api;
mod fields;
mod finder;
mod form;
mod model;
mod nmap;
pub mod oscal;
mod pages;
pub(crate) mod panel;
mod scan;
mod scan_page;
pub mod service;
mod sheet;
mod sheet_page;
pub mod store;
pub mod tables;

pub(crate) use fields::{FIELDS, Field, Takes, field_named};
pub use fields::{Kind, kind, kinds};
pub use finder::finder;
use kit::Error;
use kit::error::unfit;
use kit::text::FieldFaults;
use kit::web::Routes;
pub use nmap::{Host, Scan, read as read_scan};
pub use scan::take_scan;
use serde::Serialize;
pub use sheet::{import_sheet, read_sheet, table};
use std::collections::BTreeMap;

pub fn routes() -> Routes {
    pages::routes().merge(api::routes())
}

/// The system at the other end of a link, for whoever reaches it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Linked {
    pub id: String,
    pub code: String,
    pub name: String,
}

/// One item as pages and other areas see it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Item {
    pub id: String,
    pub system_id: String,
    pub system_code: String,
    pub system_name: String,
    pub agency_id: String,
    pub agency_name: String,
    pub kind: String,
    pub name: String,
    /// What its fields say, by their names; empty ones are not there. Days are `21/11/2026`.
    pub values: BTreeMap<&'static str, String>,
    pub linked: Option<Linked>,
    /// Whether it leads to a system that the reader does not reach.
    #[serde(skip)]
    pub links_out_of_reach: bool,
    /// Whether somebody registered it; else a scan has seen it.
    pub registered: bool,
    pub first_seen_at: Option<i64>,
    pub last_seen_at: Option<i64>,
    /// Counts changes; a form built on an older one is refused.
    pub version: i64,
}

impl Item {
    pub fn value(&self, field: &str) -> &str {
        self.values.get(field).map_or("", String::as_str)
    }

    /// Fields of the least that an inventory must say, which this item does not say.
    pub fn missing(&self) -> Vec<&'static str> {
        let Some(kind) = kind(&self.kind) else { return Vec::new() };
        let is_missing = |name: &&String| self.value(name).is_empty();
        kind.minimum.iter().filter(is_missing).filter_map(|name| field_named(name)).map(|field| field.name).collect()
    }
}

/// What a form, a table or the API gives of an item.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewItem {
    pub kind: String,
    pub name: String,
    pub values: BTreeMap<String, String>,
    pub version: i64,
}

const LONGEST_NAME: usize = 300;

impl NewItem {
    /// What names of a form or a request say. Names that no item has are left to whoever knows them.
    pub(crate) fn of(given: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut new = Self::default();
        for (name, value) in given {
            match name.as_str() {
                "kind" => new.kind = value,
                "name" => new.name = value,
                "version" => new.version = value.parse().unwrap_or_default(),
                _ if field_named(&name).is_some() => {
                    new.values.insert(name, value);
                }
                _ => {}
            }
        }
        new
    }

    /// The input as it is kept; else what is wrong with it, field by field.
    pub fn checked(mut self) -> Result<Self, Error> {
        let mut faults = FieldFaults::default();
        let Some(kind) = kind(&self.kind) else { return Err(Error::invalid("kind", unfit(&self.kind))) };
        self.name = faults.required_line("name", &self.name, LONGEST_NAME);
        let mut kept = BTreeMap::new();
        for (name, value) in &self.values {
            let Some(field) = field_named(name) else { continue };
            let value = field.checked(&mut faults, value);
            if value.is_empty() {
                continue;
            }
            if !kind.has(name) {
                faults.add(name.as_str(), "inventory-field-not-of-kind");
            }
            kept.insert(name.clone(), value);
        }
        self.values = kept;
        faults.into_result().map(|()| self)
    }
}

impl From<Item> for NewItem {
    fn from(item: Item) -> Self {
        Self {
            kind: item.kind,
            name: item.name,
            values: item.values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            version: item.version,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(pairs: &[(&str, &str)]) -> NewItem {
        NewItem::of(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    fn wrong(new: NewItem) -> Vec<String> {
        match new.checked() {
            Err(Error::Invalid(wrong)) => wrong.into_iter().map(|one| one.field).collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn every_wrong_field_is_named_and_fields_of_other_kinds_are_refused() {
        let new =
            given(&[("kind", "device"), ("addresses", "x"), ("support_end", "?"), ("licence", "GPL"), ("csrf", "y")]);
        assert_eq!(wrong(new), ["name", "addresses", "licence", "support_end"]);
        assert_eq!(wrong(given(&[("kind", "cloud")])), ["kind"]);
        assert_eq!(wrong(given(&[])), ["kind"]);
        let kept = given(&[("kind", "device"), ("name", " Máy chủ 1 "), ("licence", ""), ("status", "in-use")]);
        let kept = kept.checked().unwrap();
        assert_eq!((kept.name.as_str(), kept.values.len()), ("Máy chủ 1", 1));
    }

    #[test]
    fn what_an_inventory_must_say_at_least_is_told() {
        let mut item = Item { kind: "zone".into(), ..Item::default() };
        assert_eq!(item.missing(), ["purpose", "addresses"]);
        item.values.insert("addresses", "10.0.0.0/8".into());
        assert_eq!(item.missing(), ["purpose"]);
    }
}
