//! Names in a search that stand in registers and in no event: `source_ip_range:"Văn phòng"`, `source_ip_range_kind:dmz`,
//! `user_name_list:administrators`. They are looked up when somebody asks, as far as the asker sees the registers
//! (`docs/decisions/0022-enrichment.md`).

use crate::address_ranges::{self, AddressRange};
use crate::enrichment::is_field;
use crate::value_lists;
use event::Column;
use event_store::Store;
use event_store::search::{Field, Names, Node, Query, Term, Test};
use kit::fold::fold;
use kit::{Connection, Error};

/// Ranges that are read, and values of one list; a search takes no more terms than a part of them.
const MOST_RANGES: u64 = 20_000;
const MOST_VALUES: u64 = 1_000;

/// What the names in a search text mean. A text that cannot be read is refused by the search itself.
pub async fn of_text(connection: &impl Connection, store: &Store, text: &str) -> Result<Names, Error> {
    match store.parse(text) {
        Ok(query) => of(connection, &query).await,
        Err(_) => Ok(Names::default()),
    }
}

/// What the names in a search mean.
pub(super) async fn of(connection: &impl Connection, query: &Query) -> Result<Names, Error> {
    let mut names = Names::default();
    let mut ranges = None;
    for (field, name) in query.names(is_field) {
        if let Some(column) = column(&field, "_list") {
            let filter = value_lists::store::Filter { list: Some(name.clone()), ..Default::default() };
            let values = value_lists::store::list(connection, &filter, MOST_VALUES, 0).await?;
            let one = |value: value_lists::ListedValue| term(column, Test::Text(value.value));
            names.insert(&field, &name, Node::Or(values.into_iter().map(one).collect()));
            continue;
        }
        let (by_name, by_kind) = (column(&field, "_range"), column(&field, "_range_kind"));
        let Some(column) = by_name.or(by_kind) else { continue };
        if ranges.is_none() {
            let filter = address_ranges::store::Filter::default();
            ranges = Some(address_ranges::store::list(connection, &filter, MOST_RANGES, 0).await?);
        }
        let known = ranges.as_deref().unwrap_or_default();
        let wanted = fold(&name);
        let is_meant = |range: &AddressRange| match by_name {
            Some(_) => fold(&range.name) == wanted,
            None => range.kind.code() == name.as_str(),
        };
        names.insert(&field, &name, within(known, column, is_meant));
    }
    Ok(names)
}

/// The column of a field that ends so.
fn column(field: &str, end: &str) -> Option<&'static str> {
    Column::from_name(field.strip_suffix(end)?).map(Column::name)
}

fn term(column: &'static str, test: Test) -> Node {
    Node::Term(Term { field: Field::Column(column), test })
}

/// Addresses of which the most exact range is one that is meant.
fn within(ranges: &[AddressRange], column: &'static str, is_meant: impl Fn(&AddressRange) -> bool) -> Node {
    let (meant, others): (Vec<&AddressRange>, Vec<&AddressRange>) = ranges.iter().partition(|range| is_meant(range));
    let network = |range: &AddressRange| term(column, Test::Network(range.network));
    let one = |range: &&AddressRange| {
        let narrower = |other: &&&AddressRange| {
            range.network.contains(&other.network) && other.network.prefix_len() > range.network.prefix_len()
        };
        let except: Vec<Node> = others.iter().filter(narrower).map(|other| network(other)).collect();
        match except.is_empty() {
            true => network(range),
            false => Node::And(vec![network(range), Node::Not(Box::new(Node::Or(except)))]),
        }
    };
    Node::Or(meant.iter().map(one).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use event::{Event, Value};

    fn range(network: &str, name: &str) -> AddressRange {
        AddressRange { network: network.parse().expect("a network"), name: name.to_owned(), ..AddressRange::default() }
    }

    #[test]
    fn the_most_exact_range_names_an_address() {
        let ranges = [
            range("10.0.0.0/8", "whole"),
            range("10.1.0.0/16", "office"),
            range("10.1.1.0/24", "whole"),
            range("192.0.2.0/24", "office"),
        ];
        let named = |address: &str, name: &str| {
            let mut event = Event::default();
            event.columns.set(Column::SourceIp, &Value::from(address));
            let root = within(&ranges, "source_ip", |range| range.name == name);
            Query { root }.matches(&event)
        };
        for (address, whole, office) in [
            ("10.9.9.9", true, false),
            ("10.1.2.3", false, true),
            ("10.1.1.3", true, false),
            ("192.0.2.7", false, true),
            ("198.51.100.1", false, false),
        ] {
            assert_eq!((named(address, "whole"), named(address, "office")), (whole, office), "{address}");
        }
        assert!(!named("10.1.2.3", "nowhere"));
    }

    #[test]
    fn fields_lead_to_their_columns() {
        assert_eq!(column("source_ip_range", "_range"), Some("source_ip"));
        assert_eq!(column("source_ip_range_kind", "_range"), None);
        assert_eq!(column("source_ip_range_kind", "_range_kind"), Some("source_ip"));
        assert_eq!(column("target_user_name_list", "_list"), Some("target_user_name"));
        assert_eq!(column("system_level", "_range"), None);
    }
}
