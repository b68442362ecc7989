//! Address ranges as events are held against them: the most exact one that holds for the owner of the event.

use super::known::Above;
use crate::address_ranges::AddressRange;
use event::Value;
use ipnet::IpNet;
use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

/// A range as rules see it.
#[derive(Debug, PartialEq)]
pub(super) struct Range {
    pub(super) name: Value,
    pub(super) kind: Value,
    agency_id: Option<Box<str>>,
}

#[derive(Debug, Default)]
pub(super) struct Ranges {
    /// Those of one network, the closest to its agency first, that of the centre last.
    by_network: HashMap<IpNet, Vec<Range>>,
    /// Lengths that occur, the longest first.
    lengths: [Vec<u8>; 2],
}

impl Ranges {
    pub(super) fn of(ranges: &[AddressRange], above: &Above) -> Self {
        let mut made = Self::default();
        let mut lengths = [BTreeSet::new(), BTreeSet::new()];
        let mut ordered: Vec<&AddressRange> = ranges.iter().collect();
        ordered.sort_by_key(|range| std::cmp::Reverse(above.depth(range.agency_id.as_deref())));
        for range in ordered {
            let [four, six] = &mut lengths;
            let family = if range.network.addr().is_ipv4() { four } else { six };
            family.insert(range.network.prefix_len());
            made.by_network.entry(range.network.trunc()).or_default().push(Range {
                name: Value::from(range.name.as_str()),
                kind: Value::from(range.kind.code()),
                agency_id: range.agency_id.as_deref().map(Into::into),
            });
        }
        made.lengths = lengths.map(|family| family.into_iter().rev().collect());
        made
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_network.is_empty()
    }

    /// What an address is called in events of `owner`.
    pub(super) fn find(&self, address: IpAddr, owner: Option<&str>, above: &Above) -> Option<&Range> {
        let address = address.to_canonical();
        let [four, six] = &self.lengths;
        let lengths = if address.is_ipv4() { four } else { six };
        lengths.iter().find_map(|length| {
            let network = IpNet::new(address, *length).ok()?.trunc();
            let ranges = self.by_network.get(&network)?;
            ranges.iter().find(|range| above.holds(range.agency_id.as_deref(), owner))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address_ranges::Kind;

    fn range(network: &str, name: &str, agency: Option<&str>) -> AddressRange {
        AddressRange {
            network: network.parse().expect("a network"),
            name: name.to_owned(),
            kind: Kind::Servers,
            agency_id: agency.map(ToOwned::to_owned),
            ..AddressRange::default()
        }
    }

    #[test]
    fn the_most_exact_range_names_an_address_and_only_where_it_holds() {
        let pairs = [("a", "a"), ("a", "root"), ("b", "b"), ("b", "root"), ("root", "root")];
        let above = Above::of(pairs.map(|(one, other)| (one.to_owned(), other.to_owned())).into());
        let all = [
            range("10.0.0.0/8", "whole", None),
            range("10.1.0.0/16", "of root", Some("root")),
            range("10.1.0.0/16", "of a", Some("a")),
            range("10.1.1.0/24", "of b", Some("b")),
            range("2001:db8::/32", "six", None),
        ];
        let ranges = Ranges::of(&all, &above);
        let name = |address: &str, owner: Option<&str>| {
            let found = ranges.find(address.parse().expect("an address"), owner, &above)?;
            found.name.as_text().map(|name| name.into_owned())
        };
        assert_eq!(name("10.1.1.7", Some("a")).as_deref(), Some("of a"), "what is of another agency says nothing");
        assert_eq!(name("10.1.1.7", Some("b")).as_deref(), Some("of b"));
        assert_eq!(name("10.1.2.7", Some("b")).as_deref(), Some("of root"));
        assert_eq!(name("10.1.1.7", None).as_deref(), Some("whole"), "whose event it is nobody knows");
        assert_eq!(name("::ffff:10.9.9.9", None).as_deref(), Some("whole"));
        assert_eq!(name("2001:db8::1", None).as_deref(), Some("six"));
        assert_eq!(name("192.0.2.1", Some("a")), None);
    }
}
