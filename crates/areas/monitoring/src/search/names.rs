//! Names in a search that stand in registers and files and in no event: `source_ip_range:"Văn phòng"`,
//! `user_name_list:administrators`, `system_level:>=4`, `source_ip_country:VN`. They are looked up when somebody asks, as far
//! as the asker sees the registers (`docs/decisions/0022-enrichment.md`).

use crate::address_ranges::{self, AddressRange};
use crate::enrichment::{self, Enrichment, GeoIp, Said, is_field, is_of_owner};
use crate::value_lists;
use event::{Column, Value};
use event_store::Store;
use event_store::search::{Field, Names, Node, Predicate, Query, Term, Test};
use kit::fold::fold;
use kit::{Connection, Error};
use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::Arc;

/// Ranges that are read, and values of one list; a search takes no more terms than a part of them.
const MOST_RANGES: u64 = 20_000;
const MOST_VALUES: u64 = 1_000;
/// Sources that are sought one by one, which the files of events have an index for; more are held against a set.
const MOST_SOURCES: usize = 32;

/// Takes one thing out of what files say of an address.
type Pick = fn(Said) -> Option<Value>;

/// What files say of the address in a column, by the end of the field's name.
const SAID: [(&str, Pick); 3] =
    [("_country", |said| said.country), ("_asn", |said| said.number), ("_as_name", |said| said.name)];

/// What the names in a search text mean. A text that cannot be read is refused by the search itself.
pub async fn of_text(
    connection: &impl Connection,
    known: &Enrichment,
    store: &Store,
    text: &str,
) -> Result<Names, Error> {
    match store.parse(text) {
        Ok(query) => of(connection, known, &query).await,
        Err(_) => Ok(Names::default()),
    }
}

/// What the names in a search mean.
pub(super) async fn of(connection: &impl Connection, known: &Enrichment, query: &Query) -> Result<Names, Error> {
    let mut names = Names::default();
    let (mut ranges, mut owners) = (None, None);
    for (field, test) in query.names(is_field) {
        if is_of_owner(&field) {
            if owners.is_none() {
                owners = Some(enrichment::owners(connection).await?);
            }
            let holds = test.prepared();
            let owned = owners.iter().flatten().filter(|(_, owner)| owner.said(&field).is_some_and(&holds));
            names.insert(&field, &test, of_sources(owned.map(|(source, _)| source.to_string()).collect()));
            continue;
        }
        if let Some((column, said)) = SAID.iter().find_map(|(end, said)| Some((column(&field, end)?, *said))) {
            // Without files it stays a field that no record holds, which is said where nothing was found.
            if !known.geoip().is_empty() {
                names.insert(&field, &test, from(known.geoip(), column, said, &test));
            }
            continue;
        }
        let Test::Text(name) = &test else { continue };
        if let Some(column) = column(&field, "_list") {
            let filter = value_lists::store::Filter { list: Some(name.clone()), ..Default::default() };
            let values = value_lists::store::list(connection, &filter, MOST_VALUES, 0).await?;
            let one = |value: value_lists::ListedValue| term(column, Test::Text(value.value));
            names.insert(&field, &test, Node::Or(values.into_iter().map(one).collect()));
            continue;
        }
        let (by_name, by_kind) = (column(&field, "_range"), column(&field, "_range_kind"));
        let Some(column) = by_name.or(by_kind) else { continue };
        if ranges.is_none() {
            let filter = address_ranges::store::Filter::default();
            ranges = Some(address_ranges::store::list(connection, &filter, MOST_RANGES, 0).await?);
        }
        let all = ranges.as_deref().unwrap_or_default();
        let wanted = fold(name);
        let is_meant = |range: &AddressRange| match by_name {
            Some(_) => fold(&range.name) == wanted,
            None => range.kind.code() == name.as_str(),
        };
        names.insert(&field, &test, within(all, column, is_meant));
    }
    Ok(names)
}

/// Events of these sources.
fn of_sources(mut sources: Vec<String>) -> Node {
    sources.sort_unstable();
    if sources.len() <= MOST_SOURCES {
        return Node::Or(sources.into_iter().map(|source| term("source_id", Test::Text(source))).collect());
    }
    let sources: HashSet<String> = sources.into_iter().collect();
    term("source_id", Test::Known(Predicate::new(move |source| sources.contains(source))))
}

/// Addresses of which files say what is asked.
fn from(geoip: &Arc<GeoIp>, column: &'static str, said: fn(Said) -> Option<Value>, test: &Test) -> Node {
    let (geoip, passes) = (Arc::clone(geoip), test.prepared());
    let holds = move |text: &str| {
        let address = text.trim().parse::<IpAddr>().ok();
        address.and_then(|address| said(geoip.find(address))).is_some_and(|value| passes(&value))
    };
    term(column, Test::Known(Predicate::new(holds)))
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
    use crate::enrichment::geoip_files;
    use event::Event;

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
    fn many_sources_are_found_as_few_are() {
        for count in [0, 1, MOST_SOURCES, MOST_SOURCES + 1, 1_000] {
            let query = Query { root: of_sources((0..count).map(|number| format!("s{number}")).collect()) };
            let of = |source: &str| query.matches(&Event { source_id: Some(source.into()), ..Event::default() });
            assert_eq!((of("s0"), of(&format!("s{}", count.saturating_sub(1)))), (count > 0, count > 0), "{count}");
            assert!(!of(&format!("s{count}")) && !of("S"), "{count}");
        }
    }

    #[test]
    fn files_say_where_an_address_is_from_when_somebody_asks() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("country.mmdb");
        let file = geoip_files::file([203, 0, 113, 0], 24, &geoip_files::country("VN"), 1);
        std::fs::write(&path, file).expect("written");
        let geoip = Arc::new(GeoIp::open(&[path], 1));
        let asked = |address: &str, test: &Test| {
            let mut event = Event::default();
            event.columns.set(Column::SourceIp, &Value::from(address));
            Query { root: from(&geoip, "source_ip", |said| said.country, test) }.matches(&event)
        };
        for (test, is_so) in [
            (Test::Text("vn".into()), true),
            (Test::Text("CN".into()), false),
            (Test::Wildcard("V?".into()), true),
            (Test::Exists, true),
        ] {
            assert_eq!(asked("203.0.113.9", &test), is_so, "{test:?}");
            for nowhere in ["198.51.100.1", "10.1.2.3", "no address"] {
                assert!(!asked(nowhere, &test), "{nowhere}, {test:?}");
            }
        }
    }

    #[test]
    fn fields_lead_to_their_columns() {
        assert_eq!(column("source_ip_range", "_range"), Some("source_ip"));
        assert_eq!(column("source_ip_range_kind", "_range"), None);
        assert_eq!(column("source_ip_range_kind", "_range_kind"), Some("source_ip"));
        assert_eq!(column("target_user_name_list", "_list"), Some("target_user_name"));
        assert_eq!(column("system_level", "_range"), None);
        let of_file = |field: &str| SAID.iter().find_map(|(end, _)| column(field, end));
        for field in enrichment::FIELDS {
            let is_of_file = ["country", "asn", "as_name"].iter().any(|end| field.ends_with(end));
            assert_eq!(of_file(field).is_some(), is_of_file, "{field}");
            assert!(!(is_of_owner(field) && is_of_file));
        }
    }
}
