//! An event with what is known about it, as rules ask it. A field of the record of the same name goes first.

use super::asked::Asked;
use super::known::Enrichment;
use event::{Column, Event, LogSource, Record, Shape, Value};
use std::borrow::Cow;
use std::net::IpAddr;

/// Columns of addresses, which have names of ranges.
const ADDRESSES: [Column; 3] = [Column::SourceIp, Column::DestinationIp, Column::HostIp];
/// Columns that are held against lists.
const LISTED: [Column; 5] =
    [Column::UserName, Column::TargetUserName, Column::HostName, Column::SourceIp, Column::DestinationIp];

/// Columns of addresses of which files say where they are from.
const REMOTE: [Column; 2] = [Column::SourceIp, Column::DestinationIp];

/// Names of everything that can be known: the owner's, then two of each of [`ADDRESSES`], then one of each of [`LISTED`],
/// then three of each of [`REMOTE`].
pub const FIELDS: [&str; 21] = [
    "system_code",
    "system_name",
    "system_level",
    "agency_code",
    "source_ip_range",
    "source_ip_range_kind",
    "destination_ip_range",
    "destination_ip_range_kind",
    "host_ip_range",
    "host_ip_range_kind",
    "user_name_list",
    "target_user_name_list",
    "host_name_list",
    "source_ip_list",
    "destination_ip_list",
    "source_ip_country",
    "source_ip_asn",
    "source_ip_as_name",
    "destination_ip_country",
    "destination_ip_asn",
    "destination_ip_as_name",
];
/// How many of them are of the owner.
pub(super) const OF_OWNER: usize = 4;
const FIRST_RANGE: usize = OF_OWNER;
const FIRST_LIST: usize = FIRST_RANGE + 2 * ADDRESSES.len();
const FIRST_REMOTE: usize = FIRST_LIST + LISTED.len();

/// Whether a field is not the record's own, so that no stored record holds it.
pub fn is_field(name: &str) -> bool {
    FIELDS.contains(&name)
}

/// Whether a field is of the owner of an event: of its system or agency.
pub(crate) fn is_of_owner(name: &str) -> bool {
    FIELDS.iter().take(OF_OWNER).any(|field| *field == name)
}

/// An event with what is known about it.
pub struct Enriched<'e> {
    event: &'e Event,
    facts: [Option<Cow<'e, Value>>; FIELDS.len()],
}

impl<'e> Enriched<'e> {
    /// What is known of an event, as far as it is asked for.
    pub fn of(event: &'e Event, known: &'e Enrichment, asked: Asked) -> Self {
        let mut enriched = Self { event, facts: [const { None }; FIELDS.len()] };
        if !asked.is_empty() {
            enriched.look_up(known, asked);
        }
        enriched
    }

    fn set(&mut self, place: usize, value: Option<Cow<'e, Value>>) {
        if let Some(fact) = self.facts.get_mut(place) {
            *fact = value;
        }
    }

    fn look_up(&mut self, known: &'e Enrichment, asked: Asked) {
        let event = self.event;
        let owner = known.owner(event.source_id.as_deref());
        if let Some(owner) = owner {
            for (place, fact) in owner.facts().into_iter().enumerate() {
                self.set(place, fact.map(Cow::Borrowed));
            }
        }
        let agency = owner.map(|owner| &*owner.agency_id);
        let address = |column: Column| event.columns.text(column).and_then(|text| text.parse::<IpAddr>().ok());
        if !known.ranges.is_empty() {
            for (column, place) in ADDRESSES.into_iter().zip((FIRST_RANGE..).step_by(2)) {
                let address = address(column).filter(|_| asked.asks_any(place, 2));
                if let Some(range) = address.and_then(|address| known.ranges.find(address, agency, &known.above)) {
                    self.set(place, Some(Cow::Borrowed(&range.name)));
                    self.set(place + 1, Some(Cow::Borrowed(&range.kind)));
                }
            }
        }
        if !known.lists.is_empty() {
            for (column, place) in LISTED.into_iter().zip(FIRST_LIST..) {
                let text = event.columns.text(column).filter(|_| asked.asks(place));
                self.set(place, text.and_then(|text| known.lists.find(text, agency, &known.above)));
            }
        }
        if !known.geoip.is_empty() {
            for (column, place) in REMOTE.into_iter().zip((FIRST_REMOTE..).step_by(3)) {
                if let Some(address) = address(column).filter(|_| asked.asks_any(place, 3)) {
                    let said = known.geoip.find(address);
                    self.set(place, said.country.map(Cow::Owned));
                    self.set(place + 1, said.number.map(Cow::Owned));
                    self.set(place + 2, said.name.map(Cow::Owned));
                }
            }
        }
    }

    /// What is known, by the names that rules use.
    pub fn facts(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        FIELDS.into_iter().zip(&self.facts).filter_map(|(name, fact)| Some((name, fact.as_deref()?)))
    }
}

impl Record for Enriched<'_> {
    fn field(&self, name: &str) -> Option<&Value> {
        self.event.field(name).or_else(|| self.facts().find(|(have, _)| *have == name).map(|(_, value)| value))
    }

    fn column(&self, column: Column) -> Option<&Value> {
        self.event.column(column)
    }

    fn each_field<'a>(&'a self, visit: &mut dyn FnMut(&'a str, &'a Value)) {
        self.event.each_field(visit);
        // Behind the record's own: a name that comes twice holds its first value.
        self.facts().for_each(|(name, value)| visit(name, value));
    }

    fn shaped(&self) -> Option<(&Shape, &[Value])> {
        self.event.shaped()
    }

    fn each_other_field<'a>(&'a self, visit: &mut dyn FnMut(&'a str, &'a Value)) {
        self.event.each_other_field(visit);
        self.facts().for_each(|(name, value)| visit(name, value));
    }

    fn text(&self) -> Option<&str> {
        self.event.text()
    }

    fn any_text(&self, visit: &mut dyn FnMut(&str) -> bool) -> bool {
        self.event.any_text(visit)
    }

    fn log_source(&self) -> &LogSource {
        self.event.log_source()
    }
}

#[cfg(test)]
mod tests {
    use super::super::geoip::{self, GeoIp};
    use super::super::known::Owner;
    use super::super::store::Registers;
    use super::*;
    use crate::address_ranges::{AddressRange, Kind};
    use crate::value_lists::ListedValue;
    use detection::{Engine, Matches, RuleSet};
    use std::collections::HashMap;
    use std::sync::Arc;

    fn known() -> Enrichment {
        let owner = Owner::new("a".into(), Some("SYT".into()), Some("HIS".into()), Some("Bệnh viện".into()), Some(4));
        let range = AddressRange {
            network: "10.1.0.0/16".parse().expect("a network"),
            name: "Vùng máy chủ".into(),
            kind: Kind::Dmz,
            ..AddressRange::default()
        };
        let listed = ListedValue { list: "administrators".into(), value: "quantri".into(), ..ListedValue::default() };
        Enrichment::of(Registers {
            ranges: vec![range],
            values: vec![listed],
            owners: HashMap::from([("s".into(), owner)]),
            above: Vec::new(),
        })
    }

    fn event() -> Event {
        let mut event = Event { source_id: Some("s".into()), ..Event::default() };
        event.columns.set(Column::SourceIp, &"10.1.2.3".into());
        event.columns.set(Column::DestinationIp, &"192.0.2.1".into());
        event.columns.set(Column::UserName, &"QuanTri".into());
        event
    }

    #[test]
    fn names_say_what_they_are_of_and_are_nobody_elses() {
        assert!(FIELDS.iter().all(|name| Column::from_name(name).is_none()));
        for (column, name) in ADDRESSES.iter().zip(FIELDS.iter().skip(FIRST_RANGE).step_by(2)) {
            assert_eq!(*name, format!("{column}_range"));
        }
        for (column, name) in LISTED.iter().zip(FIELDS.iter().skip(FIRST_LIST)) {
            assert_eq!(*name, format!("{column}_list"));
        }
        for (column, name) in REMOTE.iter().zip(FIELDS.iter().skip(FIRST_REMOTE).step_by(3)) {
            assert_eq!(*name, format!("{column}_country"));
        }
        assert_eq!(FIRST_REMOTE + 3 * REMOTE.len(), FIELDS.len());
    }

    #[test]
    fn an_event_is_told_what_the_registers_know() {
        let (known, event) = (known(), event());
        let facts: Vec<(&str, Value)> =
            Enriched::of(&event, &known, Asked::ALL).facts().map(|(name, value)| (name, value.clone())).collect();
        let wanted: [(&str, Value); 7] = [
            ("system_code", "HIS".into()),
            ("system_name", "Bệnh viện".into()),
            ("system_level", 4.into()),
            ("agency_code", "SYT".into()),
            ("source_ip_range", "Vùng máy chủ".into()),
            ("source_ip_range_kind", "dmz".into()),
            ("user_name_list", "administrators".into()),
        ];
        assert_eq!(facts, wanted);
        assert_eq!(Enriched::of(&event, &Enrichment::default(), Asked::ALL).facts().count(), 0);
    }

    #[test]
    fn files_say_where_addresses_are_from_and_nothing_is_looked_up_unasked() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("country.mmdb");
        std::fs::write(&path, geoip::tests::file([192, 0, 2, 0], 24, &geoip::tests::country("VN"), 1))
            .expect("written");
        let known = known().with_geoip(Arc::new(GeoIp::open(&[path], 1)));
        let event = event();
        let enriched = Enriched::of(&event, &known, Asked::ALL);
        assert_eq!(enriched.field("destination_ip_country"), Some(&"VN".into()));
        assert_eq!(enriched.field("source_ip_country"), None, "it is inside");
        assert_eq!(Enriched::of(&event, &known, Asked::default()).facts().count(), 0);
    }

    #[test]
    fn what_the_record_says_is_never_overwritten_and_keywords_search_it_alone() {
        let (known, mut event) = (known(), event());
        event.fields.set("system_code", "its own");
        let enriched = Enriched::of(&event, &known, Asked::ALL);
        assert_eq!(enriched.field("system_code"), Some(&"its own".into()));
        assert_eq!(enriched.field("agency_code"), Some(&"SYT".into()));
        let mut first = None;
        enriched.each_field(&mut |name, value| {
            if name == "system_code" && first.is_none() {
                first = Some(value.clone());
            }
        });
        assert_eq!(first, Some("its own".into()));
        assert!(!enriched.any_text(&mut |text| text.contains("SYT")));
    }

    #[test]
    fn rules_ask_it_like_fields() {
        let rules = "title: A\nid: 6f3b2a10-0000-4000-8000-000000000011\nlogsource: {product: linux}\ndetection: {s: \
            {source_ip_range_kind: dmz, 'system_level|gte': 4, user_name_list: administrators}, condition: s}\n---\n\
            title: B\nid: 6f3b2a10-0000-4000-8000-000000000012\nlogsource: {product: linux}\ndetection: {s: \
            {'system_level|gte': 5}, condition: s}\n---\n\
            title: C\nid: 6f3b2a10-0000-4000-8000-000000000013\nlogsource: {product: linux}\ndetection: {words: \
            [administrators], condition: words}\n";
        let (set, errors) = RuleSet::from_texts([("a.yml", rules)]);
        assert_eq!(errors, []);
        let (engine, mut matches) = (Engine::new(set), Matches::default());
        let (known, mut event) = (known(), event());
        event.log_source.product = Some("linux".into());
        engine.evaluate(&Enriched::of(&event, &known, Asked::ALL), &mut matches);
        let matched: Vec<usize> = matches.detections().iter().map(|detection| detection.rule).collect();
        assert_eq!(matched, [0]);
        let fields: Vec<&str> =
            matches.detections()[0].fields.iter().filter_map(|field| field.field.as_deref()).collect();
        assert!(fields.contains(&"source_ip_range_kind"), "what was known stands in the alert: {fields:?}");
        engine.evaluate(&event, &mut matches);
        assert!(matches.is_empty());
    }
}
