//! What is found in records, and the matcher against one that looks for every indicator in every text.

use super::*;
use event::{Column, Event, Micros, Value};
use proptest::prelude::*;
use regex::Regex;
use std::net::IpAddr;
use std::sync::LazyLock;

const NOW: Micros = 1_800_000_000_000_000;

fn facts(subdomains: bool, valid_until: Option<Micros>) -> IndicatorFacts {
    IndicatorFacts { list: 3, confidence: 70, valid_from: None, valid_until, with_subdomains: subdomains, reference: 7 }
}

fn set(texts: &[&str]) -> IndicatorSet {
    let mut builder = IndicatorSetBuilder::default();
    for text in texts {
        builder.add(&Indicator::read(text, None).expect(text), &facts(true, None)).expect("room");
    }
    builder.build()
}

fn found(set: &IndicatorSet, event: &Event) -> Vec<(String, String, Option<String>)> {
    let mut hits = IndicatorHits::default();
    set.look(event, NOW, &mut hits);
    hits.iter().map(|hit| (set.text(hit.indicator).expect("known"), hit.found.clone(), hit.field.clone())).collect()
}

fn message(text: &str) -> Event {
    Event { message: Some(text.to_owned()), ..Event::default() }
}

fn check(indicator: &str, text: &str) -> bool {
    !found(&set(&[indicator]), &message(text)).is_empty()
}

#[test]
fn every_spelling_of_an_indicator_is_read_as_one() {
    for (text, kind, read) in [
        ("Evil[.]Example.", IndicatorKind::Domain, "evil.example"),
        ("*.evil(dot)example", IndicatorKind::Domain, "evil.example"),
        ("bücher.example", IndicatorKind::Domain, "xn--bcher-kva.example"),
        ("com.evil.vn", IndicatorKind::Domain, "com.evil.vn"),
        ("198.51.100[.]7", IndicatorKind::Address, "198.51.100.7"),
        ("198.51.100.7:4444", IndicatorKind::Address, "198.51.100.7"),
        ("198.51.100.7/24", IndicatorKind::Address, "198.51.100.0/24"),
        ("198.51.100.7/32", IndicatorKind::Address, "198.51.100.7"),
        ("::ffff:198.51.100.7", IndicatorKind::Address, "198.51.100.7"),
        ("2001:DB8::1", IndicatorKind::Address, "2001:db8::1"),
        ("[2001:db8::1]:443", IndicatorKind::Address, "2001:db8::1"),
        ("2001:db8:1::/48", IndicatorKind::Address, "2001:db8:1::/48"),
        ("hXXps://Evil[.]example:443/A?b#c", IndicatorKind::Url, "https://evil.example/A?b"),
        ("evil.example/a", IndicatorKind::Url, "http://evil.example/a"),
        ("http://198.51.100.7", IndicatorKind::Url, "http://198.51.100.7/"),
        ("D41D8CD98F00B204E9800998ECF8427F", IndicatorKind::Hash, "d41d8cd98f00b204e9800998ecf8427f"),
        ("An[@]Evil[.]example", IndicatorKind::Mail, "an@evil.example"),
        ("Payload.EXE", IndicatorKind::FileName, "payload.exe"),
    ] {
        let indicator = Indicator::read(text, None).expect(text);
        assert_eq!((indicator.kind(), indicator.text()), (kind, read), "{text}");
        // What is kept is read as itself.
        assert_eq!(Indicator::read(indicator.text(), Some(kind)), Ok(indicator));
    }
}

#[test]
fn what_stands_for_too_much_or_for_nothing_is_refused() {
    for (text, refusal) in [
        ("", Refusal::Empty),
        ("  \"\" ", Refusal::Empty),
        ("com", Refusal::TooBroad),
        ("gov.vn", Refusal::TooBroad),
        ("co.uk", Refusal::TooBroad),
        ("id.vn", Refusal::TooBroad),
        ("0.0.0.0/0", Refusal::TooBroad),
        ("::/0", Refusal::TooBroad),
        ("10.1.2.3", Refusal::Private),
        ("192.0.0.0/8", Refusal::Private),
        ("127.0.0.1", Refusal::Private),
        ("fe80::1", Refusal::Private),
        ("224.0.0.251", Refusal::Private),
        ("printer.local", Refusal::Private),
        ("http://192.168.1.1/login", Refusal::Private),
        ("http://com/", Refusal::NotUrl),
        ("http://evil.example/a b", Refusal::NotUrl),
        ("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", Refusal::EmptyFile),
        ("00000000000000000000000000000000", Refusal::EmptyFile),
        ("abcdefabcdefabcdefabcdefabcdefabcdef", Refusal::NotHash),
        ("an@localhost", Refusal::Private),
        ("an@@evil.example", Refusal::NotMail),
        ("evil..example", Refusal::NotDomain),
        ("1.2.3", Refusal::NotDomain),
        ("two words", Refusal::Unknown),
    ] {
        assert_eq!(Indicator::read(text, None), Err(refusal), "{text}");
    }
    assert_eq!(Indicator::read("evil.example", Some(IndicatorKind::Hash)), Err(Refusal::NotHash));
    assert_eq!(Indicator::read("a/b.exe", Some(IndicatorKind::FileName)), Err(Refusal::NotFileName));
    let long = format!("http://evil.example/{}", "a".repeat(3_000));
    assert_eq!(Indicator::read(&long, None), Err(Refusal::TooLong));
}

#[test]
fn indicators_are_found_in_running_text() {
    for (indicator, text, expected) in [
        ("evil.example", "ping -n 1 www.EVIL.example.", true),
        ("evil.example", "GET http://evil.example:8080/x", true),
        ("evil.example", "q=http%3A%2F%2Fevil.example%2F", true),
        ("evil.example", "an@mail.evil.example", true),
        ("evil.example", "notevil.example evil.example.vn evil-example", false),
        ("198.51.100.0/24", "dst=198.51.100.77:443", true),
        ("198.51.100.0/24", "dst=198.51.101.77", false),
        ("198.51.100.7", "from ::ffff:198.51.100.7 port 22", true),
        ("2001:db8::/32", "client [2001:DB8:0:5::1]:443", true),
        ("d41d8cd98f00b204e9800998ecf8427f", "SHA1=x,MD5=D41D8CD98F00B204E9800998ECF8427F,y", true),
        ("d41d8cd98f00b204e9800998ecf8427f", "D41D8CD98F00B204E9800998ECF8427F00", false),
        ("http://evil.example/a?b=1", "iwr 'https://evil.example/a?b=1')", true),
        ("http://evil.example/a?b=1", "iwr 'https://evil.example/a?b=2')", false),
        ("http://evil.example/", "opened http://evil.example, closed", true),
        ("https://bücher.example/x", "to https://xn--bcher-kva.example/x", true),
        ("https://xn--bcher-kva.example/x", "to https://BÜCHER.example/x", true),
        ("bücher.example", "to https://bücher.example/y", true),
        ("đường.vn", "Máy tính hỏi tên www.Đường.vn, rồi im.", true),
        ("đường.vn", "query[A] xn--ng-pma05d708i.vn from 10.0.0.1", true),
        ("đường.vn", "con đường.Vn và đường dài", true),
        ("đường.vn", "đường.vnx máyđường.vn đường vn", false),
        ("evil.example", "từ ễevil.example", true),
        ("an@evil.example", "mailto:An@Evil.example>", true),
        ("an@evil.example", "dan@evil.example", false),
    ] {
        assert_eq!(check(indicator, text), expected, "{indicator} in {text}");
    }
}

#[test]
fn links_inside_a_link_are_found_and_do_not_cost_their_square() {
    assert!(check("http://evil.example/a", "https://a.example/go?to=http://evil.example/a"));
    // As often read as there are links, this would take minutes.
    for piece in ["a://", "a://?", "http://a/"] {
        assert!(!check("http://evil.example/a", &piece.repeat(300_000)));
    }
}

#[test]
fn an_indicator_takes_less_than_a_hundred_bytes() {
    let line = |number: u32| match number % 10 {
        0..5 => format!("a-name-of-some-length-{number}.example"),
        5 | 6 => format!("{}.{}.{}.7", 11 + number % 80, number / 7 % 250, number / 1_000 % 250),
        7 => format!("http://host{number}.example/a/path/of/some/length/{number}.php?with=a&query={number}"),
        8 => format!("{:064x}", u128::from(number) + (1 << 100)),
        _ => format!("somebody.{number}@mail.example"),
    };
    let mut builder = IndicatorSetBuilder::default();
    for number in 0..100_000 {
        let indicator = Indicator::read(&line(number), None).expect("an indicator");
        builder.add(&indicator, &facts(true, Some(NOW))).expect("room");
    }
    let set = builder.build();
    assert!(set.memory() < 100 * set.len(), "{} bytes each", set.memory() / set.len());
}

#[test]
fn subdomains_count_only_where_the_list_says_so() {
    let mut builder = IndicatorSetBuilder::with_capacity(1);
    builder.add(&Indicator::read("evil.example", None).unwrap(), &facts(false, None)).unwrap();
    let set = builder.build();
    assert!(found(&set, &message("www.evil.example")).is_empty());
    assert_eq!(found(&set, &message("evil.example")).len(), 1);
}

#[test]
fn columns_name_domains_files_and_links_as_a_whole() {
    let set = set(&["bücher.example", "payload.exe", "http://evil.example/a", "198.51.100.7"]);
    let mut event = Event::default();
    event.columns.set(Column::DnsQuestionName, &Value::from("www.BÜCHER.example."));
    event.columns.set(Column::FilePath, &Value::from(r"C:\Temp\Payload.exe"));
    event.columns.set(Column::UrlDomain, &Value::from("Evil.example"));
    event.columns.set(Column::UrlOriginal, &Value::from("/a#top"));
    event.columns.set(Column::DestinationIp, &Value::from("198.51.100.7"));
    let mut names: Vec<_> = found(&set, &event).into_iter().map(|(text, _, field)| (text, field.unwrap())).collect();
    names.sort();
    assert_eq!(
        names,
        [
            ("198.51.100.7".to_owned(), "destination_ip".to_owned()),
            ("evil.example/a".to_owned(), "url_original".to_owned()),
            ("payload.exe".to_owned(), "file_path".to_owned()),
            ("xn--bcher-kva.example".to_owned(), "dns_question_name".to_owned()),
        ]
    );
}

#[test]
fn an_indicator_of_two_lists_is_found_for_each_until_it_expires() {
    let indicator = Indicator::read("evil.example", None).unwrap();
    let mut builder = IndicatorSetBuilder::default();
    for (list, valid_until) in [(1, None), (2, Some(NOW)), (3, Some(NOW + 1_000_000)), (4, Some(-5))] {
        let facts = IndicatorFacts { list, ..facts(true, valid_until) };
        builder.add(&indicator, &facts).unwrap();
    }
    let set = builder.build();
    let mut hits = IndicatorHits::default();
    set.look(&message("evil.example a.evil.example"), NOW, &mut hits);
    let lists: Vec<_> = hits.iter().map(|hit| set.facts(hit.indicator).unwrap()).map(|facts| facts.list).collect();
    assert_eq!(lists, [1, 3]);
    assert_eq!(set.facts(0), Some(IndicatorFacts { list: 1, ..facts(true, None) }));
    assert_eq!(set.facts(2), Some(IndicatorFacts { list: 3, ..facts(true, Some(NOW + 1_000_000)) }));
}

#[test]
fn an_indicator_is_found_from_its_first_moment_on() {
    let indicator = Indicator::read("evil.example", None).unwrap();
    let mut builder = IndicatorSetBuilder::default();
    for (list, valid_from) in [(1, None), (2, Some(NOW)), (3, Some(NOW + 1_000_000))] {
        builder.add(&indicator, &IndicatorFacts { list, valid_from, ..facts(true, None) }).unwrap();
    }
    let set = builder.build();
    let mut hits = IndicatorHits::default();
    let lists = [-1_000_000, 0, 1_000_000].map(|later| {
        set.look(&message("evil.example"), NOW + later, &mut hits);
        hits.iter().map(|hit| set.facts(hit.indicator).unwrap().list).collect::<Vec<_>>()
    });
    assert_eq!(lists, [vec![1], vec![1, 2], vec![1, 2, 3]]);
    assert_eq!(set.facts(2).unwrap().valid_from, Some(NOW + 1_000_000));
}

#[test]
fn a_record_that_is_a_list_itself_has_so_many_hits_and_no_more() {
    let names: Vec<String> = (0..1_000).map(|number| format!("a{number}.example")).collect();
    let texts: Vec<&str> = names.iter().map(String::as_str).collect();
    assert_eq!(found(&set(&texts), &message(&names.join(" "))).len(), 256);
    assert_eq!(found(&set(&texts), &message(&names[..256].join(" "))).len(), 256);
}

/// Whether an indicator is in a text, without any index: everything that is fast is left out.
fn naive(indicator: &Indicator, facts: &IndicatorFacts, text: &str) -> bool {
    static SCHEME: LazyLock<Regex> = LazyLock::new(|| Regex::new("[A-Za-z][A-Za-z0-9+.-]*$").unwrap());
    static REST: LazyLock<Regex> = LazyLock::new(|| Regex::new("^[^\\s\"'`<>\\\\^{|}]*").unwrap());
    let lower = text.to_ascii_lowercase();
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || ".-_".contains(letter);
    match indicator.kind() {
        IndicatorKind::Domain => lower.split(|letter| !is_name(letter)).any(|name| {
            let name = name.trim_matches(['.', '-', '_']);
            let above = name.strip_suffix(indicator.text());
            above.is_some_and(|above| above.is_empty() || above.ends_with('.') && facts.with_subdomains)
        }),
        IndicatorKind::Address => {
            let range = reading::address_of(indicator.text()).unwrap();
            lower
                .split(|letter: char| !letter.is_ascii_digit() && letter != '.')
                .filter_map(|digits| digits.trim_matches('.').parse::<IpAddr>().ok())
                .any(|address| range.contains(&address))
        }
        IndicatorKind::Hash => {
            lower.split(|letter: char| !letter.is_ascii_hexdigit()).any(|digits| digits == indicator.text())
        }
        IndicatorKind::Mail => lower.split(|letter: char| !is_name(letter) && !":@+".contains(letter)).any(|run| {
            let run = run.trim_matches(['.', '-', '_', '+', '@']);
            run.matches('@').count() == 1 && run.rsplit_once(':').map_or(run, |(_, mail)| mail) == indicator.text()
        }),
        IndicatorKind::Url => text.match_indices("://").any(|(place, _)| {
            let (before, behind) = text.split_at(place);
            let Some(scheme) = SCHEME.find(before) else { return false };
            let link = format!("{}{}", scheme.as_str(), REST.find(behind).unwrap().as_str());
            let key = |link: &str| {
                let link = link.trim_end_matches(['.', ',', ';', ':', '!', ')']);
                let (scheme, rest) = link.split_once("://")?;
                let rest = rest.split('#').next().unwrap_or_default();
                let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
                let host = authority.rsplit('@').next().unwrap_or_default().to_ascii_lowercase();
                let own = match scheme.to_ascii_lowercase().as_str() {
                    "http" => ":80",
                    "https" => ":443",
                    _ => ":0",
                };
                let host = host.strip_suffix(own).unwrap_or(&host);
                let slash = if path.starts_with('/') { "" } else { "/" };
                Some(format!("{host}{slash}{path}"))
            };
            key(&link) == key(indicator.text())
        }),
        IndicatorKind::FileName => false,
    }
}

fn host() -> impl Strategy<Value = String> {
    "(a|b|evil)(\\.(a|b))?\\.(example|vn|com\\.vn)"
}

fn thing() -> impl Strategy<Value = String> {
    prop_oneof![
        host(),
        "198\\.51\\.(100|101)\\.[1-3]",
        "(http|https)://(a|evil)\\.example(:80|:443|:8080)?(/[ab](\\?c)?)?",
        "d41d8cd98f00b204e9800998ecf8427[01]",
        "(an|bo)@(a|evil)\\.example",
    ]
}

fn indicator() -> impl Strategy<Value = (Indicator, IndicatorFacts)> {
    let text = prop_oneof![4 => thing(), 1 => "198\\.51\\.(100|101)\\.[0-9]/(24|30|31)"];
    let facts = (any::<bool>(), prop_oneof![Just(None), Just(Some(NOW - 5_000_000)), Just(Some(NOW + 5_000_000))]);
    (text, facts).prop_filter_map("refused", |(text, (subdomains, until))| {
        Some((Indicator::read(&text, None).ok()?, facts_of(subdomains, until)))
    })
}

fn facts_of(subdomains: bool, until: Option<Micros>) -> IndicatorFacts {
    facts(subdomains, until)
}

fn text() -> impl Strategy<Value = String> {
    let glue = "( |,|=|/|\\(|\"|ễ|<|;|#|\\?|\\.|-|_|:|@|x|9|EVIL\\.|\\. |\\) )";
    let thing = (thing(), any::<bool>()).prop_map(|(text, upper)| if upper { text.to_uppercase() } else { text });
    prop::collection::vec((glue, thing), 1..8)
        .prop_map(|parts| parts.into_iter().map(|(glue, thing)| glue + &thing).collect::<String>())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn the_set_finds_what_a_naive_matcher_finds(
        indicators in prop::collection::vec(indicator(), 0..12),
        texts in prop::collection::vec(text(), 1..4),
    ) {
        let mut builder = IndicatorSetBuilder::default();
        for (indicator, facts) in &indicators {
            builder.add(indicator, facts).expect("room");
        }
        let set = builder.build();
        let mut event = Event::default();
        for (place, text) in texts.iter().enumerate() {
            match place {
                0 => event.message = Some(text.clone()),
                place => event.fields.push(if place > 1 { "list" } else { "one" }, text.as_str()),
            }
        }
        let mut hits = IndicatorHits::default();
        set.look(&event, NOW, &mut hits);
        let mut found: Vec<_> = hits.iter().map(|hit| hit.indicator).collect();
        found.sort_unstable();
        let expected: Vec<_> = indicators
            .iter()
            .enumerate()
            .filter(|(_, (indicator, facts))| {
                facts.valid_until.is_none_or(|until| until > NOW) && texts.iter().any(|text| naive(indicator, facts, text))
            })
            .map(|(place, _)| place)
            .collect();
        prop_assert_eq!(found, expected, "{:?} in {:?}", indicators, texts);
    }

    #[test]
    fn no_text_is_too_odd(text in ".*", kind in 0..6_usize) {
        let _ = found(&set(&["evil.example", "http://evil.example/", "198.51.100.7", "an@evil.example"]), &message(&text));
        if let Ok(indicator) = Indicator::read(&text, IndicatorKind::ALL.get(kind).copied()) {
            prop_assert_eq!(Indicator::read(indicator.text(), Some(indicator.kind())), Ok(indicator));
        }
        let _ = read_bundle(&text, &mut |_| {});
    }
}
