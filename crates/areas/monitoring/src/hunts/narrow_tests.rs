//! Conditions against what matching itself finds, in a real store, and that files are left unopened.

use super::*;
use detection::{Engine, Indicator, IndicatorFacts, IndicatorHits, IndicatorSetBuilder, Matches};
use event::{Event, Fields, LogSource, Value};
use event_store::{Options, QueryContext, Sources, Store};
use proptest::prelude::*;

fn listed(text: &str) -> Listed {
    let indicator = Indicator::read(text, None).expect(text);
    Listed {
        list_id: String::new(),
        list_name: String::new(),
        indicator_id: String::new(),
        kind: indicator.kind(),
        text: indicator.text().to_owned(),
        confidence: 0,
        valid_from: 0,
        valid_until: 0,
        reference: String::new(),
        added_at: 0,
        renewed_at: 0,
    }
}

/// A record of each shape: a line alone, fields with escapes, columns, more observables than are listed.
fn events() -> Vec<Event> {
    let line = |text: &str| Event { raw: text.to_owned().into(), ..Event::default() };
    let with = |name: &str, value: &str| {
        let mut fields = Fields::default();
        fields.set(name, value);
        Event { fields, ..Event::default() }
    };
    let column = |column: Column, value: &str| {
        let mut event = Event::default();
        event.columns.set(column, &Value::from(value));
        event
    };
    let many: String = (0..90).map(|number| format!("192.0.2.{number} ")).collect();
    let mut events = vec![
        line("query www.EVIL.example. from 10.0.0.1"),
        line("[web] dst=198.51.100.77:443"),
        line("from ::ffff:198.51.100.7 and ::ffff:c633:6408"),
        line("client [2001:DB8:0:5::1]:443"),
        line(&format!("{many} 198.51.100.7")),
        line("GET https://BÜCHER.example/x"),
        line("mailto:An@Evil.example>"),
        line("nothing to see"),
        with("Hashes", "MD5=D41D8CD98F00B204E9800998ECF8427F"),
        with("CommandLine", "C:\\temp\\Evil.exe \"-c\" http://evil.example/a"),
        with("Note", "{\"host\": \"evil.example\"}"),
        column(Column::DnsQuestionName, "www.evil.example"),
        column(Column::FilePath, "{x}\\nasty\\Payload.exe"),
        column(Column::UrlOriginal, "http://198.51.100.9:8080/a"),
    ];
    for (event, seq) in events.iter_mut().zip(1..) {
        event.seq = seq;
        event.source_id = Some("a".into());
        event.log_source = LogSource { product: Some("Windows".into()), ..LogSource::default() };
    }
    events
}

/// All conditions together, as one.
fn condition_of(texts: &[&str]) -> String {
    let listed: Vec<_> = texts.iter().map(|text| listed(text)).collect();
    format!("({})", of_indicators(&listed).expect("conditions").join(" OR "))
}

async fn passing(store: &Store, condition: &str) -> (Vec<u64>, usize) {
    let sql = format!("SELECT seq FROM events WHERE seq < 1000 AND {condition} ORDER BY seq");
    let result = store.query(&sql, &QueryContext::new(Sources::All)).await.expect(&sql);
    let rows = result.to_json_rows().expect("rows");
    (rows.iter().filter_map(|row| row["seq"].as_u64()).collect(), result.files_read)
}

fn found(texts: &[&str], events: &[Event]) -> Vec<u64> {
    let mut builder = IndicatorSetBuilder::default();
    for text in texts {
        let facts = IndicatorFacts {
            list: 0,
            confidence: 0,
            valid_from: None,
            valid_until: None,
            with_subdomains: true,
            reference: 0,
        };
        builder.add(&Indicator::read(text, None).expect(text), &facts).expect("room");
    }
    let (set, mut hits, mut found) = (builder.build(), IndicatorHits::default(), Vec::new());
    for event in events {
        set.look(event, 0, &mut hits);
        found.extend((!hits.is_empty()).then_some(event.seq));
    }
    found
}

#[tokio::test]
async fn what_is_found_passes_the_condition_in_memory_and_in_files() {
    let directory = tempfile::tempdir().expect("directory");
    let store = Store::open(directory.path(), Options::default()).expect("store");
    let events = events();
    store.insert(events.clone()).await.expect("inserted");
    for sealed in [false, true] {
        if sealed {
            store.seal().await.expect("sealed");
        }
        for (text, at_least) in [
            ("evil.example", 5),
            ("198.51.100.7", 2),
            ("198.51.100.8", 1),
            ("198.51.100.0/22", 4),
            ("198.51.100.4/30", 2),
            ("198.0.0.0/9", 4),
            ("198.51.96.0/20", 4),
            ("2001:db8::/32", 1),
            ("2001:db8::/45", 1),
            ("2001:0:0:8::/64", 0),
            ("2001:db8:0:5::1", 1),
            ("bücher.example", 1),
            ("https://bücher.example/x", 1),
            ("an@evil.example", 1),
            ("d41d8cd98f00b204e9800998ecf8427f", 1),
            ("http://evil.example/a", 1),
            ("http://198.51.100.9:8080/a", 1),
            ("evil.exe", 0),
            ("payload.exe", 1),
        ] {
            let condition = condition_of(&[text]);
            let (passing, _) = passing(&store, &condition).await;
            let found = found(&[text], &events);
            assert!(found.len() >= at_least, "{text} is found in {found:?} alone");
            assert!(found.iter().all(|seq| passing.contains(seq)), "{text}: {found:?} are found, {passing:?} pass");
            assert!(!passing.contains(&8), "{text} lets everything through");
        }
    }
}

#[tokio::test]
async fn what_a_rule_matches_passes_its_condition() {
    let directory = tempfile::tempdir().expect("directory");
    let store = Store::open(directory.path(), Options::default()).expect("store");
    let events = events();
    store.insert(events.clone()).await.expect("inserted");
    store.seal().await.expect("sealed");
    for (detection, matches) in [
        ("s: {CommandLine|contains: '\\Evil.EXE \"-C\"'}, condition: s", 1),
        ("s: {CommandLine|re: 'evil\\.(exe|dll)'}, condition: s", 0),
        ("s: {file_path|endswith: payload.exe}, condition: s", 1),
        ("s: ['from 10.0.0', www.evil], condition: s", 1),
        ("s: {Hashes|contains: [D41D8CD9, 0BADC0DE]}, condition: s", 1),
    ] {
        let rule = format!("title: T\nlogsource: {{product: windows}}\ndetection: {{{detection}}}\n");
        let (set, errors) = RuleSet::from_texts([("t.yml", rule)]);
        assert_eq!(errors, [], "{detection}");
        let condition = of_rule(&set, 0).expect("narrower than everything");
        let (passing, _) = passing(&store, &condition).await;
        let (engine, mut kept) = (Engine::of_rule(set, 0), Matches::default());
        let mut matched = Vec::new();
        for event in &events {
            engine.evaluate(event, &mut kept);
            matched.extend((!kept.is_empty()).then_some(event.seq));
        }
        assert!(matched.len() >= matches, "{detection} matches {matched:?}");
        assert!(matched.iter().all(|seq| passing.contains(seq)), "{detection}: {matched:?} match, {passing:?} pass");
        assert!(passing.len() < events.len(), "{detection} lets everything through");
    }
}

#[tokio::test]
async fn files_without_it_are_not_opened() {
    let directory = tempfile::tempdir().expect("directory");
    let store = Store::open(directory.path(), Options::default()).expect("store");
    store.insert(events()).await.expect("inserted");
    store.seal().await.expect("sealed");
    let lists = [
        vec!["absent.invalid-name.example"],
        vec!["203.0.113.200"],
        vec![
            "00112233445566778899aabbccddeeff",
            "an@absent-host.example",
            "absentee.exe",
            "https://absent-two.example/",
        ],
    ];
    for texts in lists {
        let (rows, files) = passing(&store, &condition_of(&texts)).await;
        // The record with more observables than are listed has to be read for what is looked up there.
        let least = usize::from(texts.iter().any(|text| !text.contains("absent")));
        assert!(files <= least, "{texts:?}: {files} files were opened, {rows:?} pass");
    }
    let rule =
        "title: T\nlogsource: {product: windows}\ndetection: {s: {CommandLine|contains: mimikatz}, condition: s}\n";
    let (set, _) = RuleSet::from_texts([("t.yml", rule)]);
    assert_eq!(passing(&store, &of_rule(&set, 0).expect("a condition")).await, (Vec::new(), 0));
}

#[test]
fn more_than_the_store_takes_is_asked_in_parts_or_not_at_all() {
    let all_fit = |conditions: &[String]| conditions.iter().all(|condition| condition.len() <= LONGEST);
    let long = |number: usize| listed(&format!("{}{number}.example", "a".repeat(50)));
    let parts = of_indicators(&(0..MOST_TERMS).map(long).collect::<Vec<_>>()).expect("conditions");
    assert!(parts.len() > 1 && all_fit(&parts), "{}", parts.len());
    let short = |number: usize| listed(&format!("a{number}.example"));
    let one = of_indicators(&(0..MOST_TERMS).map(short).collect::<Vec<_>>()).expect("a condition");
    assert!(one.len() == 1 && all_fit(&one));
    let many = of_indicators(&(0..2_000).map(short).collect::<Vec<_>>()).expect("conditions");
    assert!((7..=MOST_QUESTIONS).contains(&many.len()) && all_fit(&many), "{}", many.len());
    assert_eq!(of_indicators(&(0..=MOST_INDICATORS).map(short).collect::<Vec<_>>()), None);
    let addresses = (0..MOST_TERMS).map(|number| listed(&format!("198.51.{}.{}", number / 200, number % 200)));
    assert!(of_indicators(&addresses.collect::<Vec<_>>()).is_some_and(|conditions| all_fit(&conditions)));
    assert_eq!(of_indicators(&[]), None);
    let quoted = of_indicators(&[listed("it's.exe")]).expect("a condition");
    assert!(quoted[0].contains("it''s\\.exe"), "{quoted:?}");
    assert_eq!(of_indicators(&[listed("người.việt")]), None, "no part of it is spelled in one way alone");
}

#[tokio::test]
async fn what_one_of_many_finds_passes_one_of_their_conditions() {
    let directory = tempfile::tempdir().expect("directory");
    let store = Store::open(directory.path(), Options::default()).expect("store");
    let events = events();
    store.insert(events.clone()).await.expect("inserted");
    store.seal().await.expect("sealed");
    let wanted = ["evil.example", "198.51.100.0/22", "an@evil.example", "payload.exe", "2001:db8::/32"];
    let others: Vec<String> = (0..900).map(|number| format!("absent{number}.invalid-name.example")).collect();
    let texts: Vec<&str> = others.iter().map(String::as_str).chain(wanted).collect();
    let listed: Vec<_> = texts.iter().map(|text| listed(text)).collect();
    let conditions = of_indicators(&listed).expect("conditions");
    assert!(conditions.len() > 1);
    let mut passed = BTreeSet::new();
    for condition in &conditions {
        passed.extend(passing(&store, condition).await.0);
    }
    let found = found(&texts, &events);
    assert!(found.len() > 8 && found.iter().all(|seq| passed.contains(seq)), "{found:?} are found, {passed:?} pass");
    assert!(!passed.contains(&8), "not everything passes");
}

proptest! {
    #[test]
    fn every_address_of_a_range_begins_as_is_asked_and_none_of_another_does(
        bits in any::<u32>(), host in any::<u32>(), length in 0_u8..=29,
    ) {
        let range = Ipv4Net::new(bits.into(), length).expect("a range").trunc();
        let begins = of_four(range);
        let fits = |address: u32| {
            let spelled = format!("{} ", std::net::Ipv4Addr::from(address));
            begins.iter().any(|begin| spelled.starts_with(begin.as_str()))
        };
        prop_assert!(fits(u32::from(range.network()) | (host & u32::from(range.hostmask()))), "{range}: {begins:?}");
        prop_assert_eq!(fits(host), range.contains(&std::net::Ipv4Addr::from(host)), "{}", range);
    }

    #[test]
    fn every_address_of_a_range_of_ipv6_begins_as_is_asked(
        bits in any::<u128>(), zeros in any::<u128>(), host in any::<u128>(), length in 0_u8..=127,
    ) {
        let range = Ipv6Net::new((bits & zeros).into(), length).expect("a range").trunc();
        let inside = std::net::Ipv6Addr::from(u128::from(range.network()) | (host & zeros & u128::from(range.hostmask())));
        if let Some(pattern) = of_six(range) {
            let begin = pattern.trim_matches('%');
            prop_assert!(format!(" {inside} ").contains(begin), "{range}: {inside}, {begin}");
        }
    }
}
