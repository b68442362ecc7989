//! The search language: what texts mean, what mistakes say, and that condition and live test agree.

use super::language::{Bound, Field, Node, Query, Term, Test};
use super::parse;
use crate::StoreError;
use proptest::prelude::*;

fn read(text: &str) -> Result<Query, StoreError> {
    parse(text, &jiff::tz::TimeZone::UTC)
}

fn tree(text: &str) -> Node {
    read(text).unwrap_or_else(|error| panic!("{text}: {error}")).root
}

fn term(field: Field, test: Test) -> Node {
    Node::Term(Term { field, test })
}

fn anywhere(text: &str) -> Node {
    term(Field::Anywhere, Test::Text(text.into()))
}

fn column(name: &'static str, text: &str) -> Node {
    term(Field::Column(name), Test::Text(text.into()))
}

#[test]
fn words_phrases_and_fields_are_told_apart() {
    assert_eq!(tree("  "), Node::All);
    assert_eq!(tree("root"), anywhere("root"));
    assert_eq!(tree("\"failed password\""), anywhere("failed password"));
    assert_eq!(tree("user_name:root"), column("user_name", "root"));
    assert_eq!(tree("user.name:root"), column("user_name", "root"));
    assert_eq!(tree("EventID:4688"), term(Field::Own("EventID".into()), Test::Text("4688".into())));
    assert_eq!(tree(r#"process_name:"my program""#), column("process_name", "my program"));
    assert_eq!(tree("user_name:adm*"), term(Field::Column("user_name"), Test::Wildcard("adm*".into())));
    assert_eq!(tree("user_name:\"adm*\""), column("user_name", "adm*"));
    assert_eq!(tree("user_name:*"), term(Field::Column("user_name"), Test::Exists));
    assert_eq!(tree("_exists_:user_name"), term(Field::Column("user_name"), Test::Exists));
}

#[test]
fn addresses_paths_and_times_are_no_fields() {
    let whole = |word: &str| term(Field::Anywhere, Test::Observable(word.into()));
    assert_eq!(tree("2001:DB8:0::1"), whole("2001:db8::1"));
    assert_eq!(tree("192.0.2.1"), whole("192.0.2.1"));
    assert_eq!(tree("\"192.0.2.1\""), anywhere("192.0.2.1"));
    assert_eq!(tree("192.0.2.1:8080"), anywhere("192.0.2.1:8080"));
    assert_eq!(tree("06:55:46"), anywhere("06:55:46"));
    assert_eq!(tree(r"C:\Windows\cmd.exe"), anywhere(r"C:\Windows\cmd.exe"));
    assert_eq!(tree("http://example.org/x"), anywhere("http://example.org/x"));
    assert!(matches!(tree("source_ip:2001:db8::/32"), Node::Term(Term { test: Test::Network(_), .. })));
}

#[test]
fn not_binds_tighter_than_and_than_or() {
    let expected = Node::Or(vec![
        Node::And(vec![anywhere("a"), Node::Not(Box::new(anywhere("b")))]),
        Node::And(vec![anywhere("c"), anywhere("d")]),
    ]);
    assert_eq!(tree("a and not b or c d"), expected);
    assert_eq!(tree("a -b OR c AND d"), expected);
    assert_eq!(tree("(a (not b)) || (c && d)"), expected);
    assert_eq!(tree("user_name:(a or b)"), Node::Or(vec![column("user_name", "a"), column("user_name", "b")]));
    assert_eq!(tree("\"and\""), anywhere("and"));
}

#[test]
fn ranges_compare_numbers_and_times() {
    let range = |low, high| Test::Range { low, high };
    let status = || Field::Column("http_response_status_code");
    assert_eq!(tree("http_response_status_code:>=400"), term(status(), range(Bound::Including(400.0), Bound::Open)));
    assert_eq!(
        tree("http_response_status_code:[400 TO 500}"),
        term(status(), range(Bound::Including(400.0), Bound::Excluding(500.0)))
    );
    assert_eq!(tree("http_response_status_code:{* to 3]"), term(status(), range(Bound::Open, Bound::Including(3.0))));
    let day = 1_795_219_200_000_000.0;
    assert_eq!(
        tree("time:2026-11-21"),
        term(Field::Column("time"), range(Bound::Including(day), Bound::Excluding(day + 86_400e6)))
    );
    assert_eq!(
        tree("time:>2026-11-21T07:00:00+07:00"),
        term(Field::Column("time"), range(Bound::Excluding(day), Bound::Open))
    );
}

#[test]
fn mistakes_name_their_place_and_help() {
    for (text, position) in [
        ("user_name:", 0),
        ("user_name: root", 10),
        ("a and", 5),
        ("or a", 0),
        ("(a", 0),
        ("a)", 1),
        ("()", 1),
        ("\"open", 0),
        ("x:[1 TO", 2),
        ("x:[1 5]", 2),
        ("x:>abc", 2),
        ("time:yesterday", 5),
        ("source_ip:10.0.0.0/33", 10),
        ("a 10.0.0.0/33", 2),
        ("2001:db8::/129", 0),
        ("source_ip:10.0.0", 10),
        ("source_ip:10.0.0.1..10.0.0.9", 10),
        ("source_ip:[1 TO 5]", 10),
        ("destination_port:http", 17),
        ("destination_port:1..x", 17),
        ("destination_port:5..1", 17),
        ("understood:maybe", 11),
        ("user_name:a..b", 10),
        ("user_name:/[ab/", 11),
        ("a /phòng (b+/", 9),
        ("/id=\\d{8,4}/", 6),
        ("/\\w{5000}{50}/", 0),
        ("understood:/t.*e/", 11),
        ("user_name:/a/b.*/", 10),
        ("/api/[0-9]/", 0),
        ("destination_port:10.0.0.0/8", 17),
        (":root", 0),
    ] {
        match read(text) {
            Err(StoreError::Search { position: at, .. }) => assert_eq!(at, position, "{text}"),
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn between_slashes_stands_a_regular_expression_and_a_path_is_a_text() {
    let expression = |source: &str| term(Field::Anywhere, Test::Expression(source.into()));
    assert_eq!(tree("/xsek.*y::log/"), expression("xsek.*y::log"));
    assert_eq!(tree(r"/id=\d{8}/"), expression(r"id=\d{8}"));
    assert_eq!(tree(r"/GET \/admin\/(a|b) \S+/"), expression(r"GET \/admin\/(a|b) \S+"));
    assert_eq!(tree("-/fail(ed)?/"), Node::Not(Box::new(expression("fail(ed)?"))));
    assert_eq!(tree("(/a+/ or /b+/)"), Node::Or(vec![expression("a+"), expression("b+")]));
    let message = |source: &str| term(Field::Column("message"), Test::Expression(source.into()));
    assert_eq!(tree("message:/x.*y/"), message("x.*y"));
    assert_eq!(tree("message:(/x+/ /y+/)"), Node::And(vec![message("x+"), message("y+")]));
    assert_eq!(tree("EventID:/^46/"), term(Field::Own("EventID".into()), Test::Expression("^46".into())));
    assert_eq!(tree("destination_port:/^80/"), term(Field::Column("destination_port"), Test::Expression("^80".into())));
    for path in ["/var/log/syslog", "/var/log/", "/etc/passwd", "/etc/", "/conf.d/", "/", "//", "/a", "\"/id=[0-9]/\""]
    {
        assert_eq!(tree(path), anywhere(path.trim_matches('"')), "{path}");
    }
    assert_eq!(tree("/usr/bin/*"), term(Field::Anywhere, Test::Wildcard("/usr/bin/*".into())));
    assert_eq!(tree("/tmp* /"), Node::And(vec![term(Field::Anywhere, Test::Wildcard("/tmp*".into())), anywhere("/"),]));
}

#[test]
fn a_small_network_is_its_addresses() {
    let whole = |word: &str| term(Field::Anywhere, Test::Observable(word.into()));
    assert_eq!(tree("198.51.100.9/32"), Node::Or(vec![whole("198.51.100.9")]));
    assert_eq!(tree("198.51.100.9/31"), Node::Or(vec![whole("198.51.100.8"), whole("198.51.100.9")]));
    assert_eq!(tree("2001:db8::6/127"), Node::Or(vec![whole("2001:db8::6"), whole("2001:db8::7")]));
    let network = |text: &str| term(Field::Anywhere, Test::Network(text.parse().unwrap()));
    assert_eq!(tree("198.51.100.0/24"), network("198.51.100.0/24"));
    assert!(matches!(tree("message:10.0.0.0/32"), Node::Term(Term { test: Test::Network(_), .. })));
}

#[test]
fn two_dots_are_a_range_of_numbers_and_times() {
    let range = |low, high| Test::Range { low: Bound::Including(low), high: Bound::Including(high) };
    assert_eq!(tree("destination_port:1..1024"), term(Field::Column("destination_port"), range(1.0, 1024.0)));
    assert_eq!(tree("bytes_sent:1.5..2.5"), term(Field::Own("bytes_sent".into()), range(1.5, 2.5)));
    let half = Test::Range { low: Bound::Including(1024.0), high: Bound::Open };
    assert_eq!(tree("destination_port:1024..*"), term(Field::Column("destination_port"), half));
    assert!(matches!(tree("time:2026-11-21..2026-11-22"), Node::Term(Term { test: Test::Range { .. }, .. })));
    assert_eq!(tree("url_original:../etc/passwd"), column("url_original", "../etc/passwd"));
    assert_eq!(tree("url_original:/a/../b"), column("url_original", "/a/../b"));
    assert_eq!(tree("user_name:\"a..b\""), column("user_name", "a..b"));
    assert_eq!(tree("url_original:/var/log/"), column("url_original", "/var/log/"));
}

#[test]
fn a_field_that_is_no_column_names_the_one_perhaps_meant() {
    let meant = |text: &str| {
        let fields = read(text).unwrap().unknown_fields();
        fields.into_iter().map(|one| (one.field, one.meant)).collect::<Vec<_>>()
    };
    assert_eq!(meant("sorce_ip:10.0.0.1 or not sorce_ip:*"), [("sorce_ip".to_owned(), Some("source_ip"))]);
    assert_eq!(meant("(userName:root a)"), [("userName".to_owned(), Some("user_name"))]);
    assert_eq!(meant("EventID:4688"), [("EventID".to_owned(), None)]);
    assert_eq!(meant("user_name:root word"), []);
}

#[test]
fn depth_and_number_of_terms_are_bounded() {
    assert!(read(&"(".repeat(4000)).is_err());
    assert!(read(&"-".repeat(4000)).is_err());
    assert!(read(&"not ".repeat(1000)).is_err());
    assert!(read(&"a ".repeat(2000)).is_err());
    assert!(read(&"a".repeat(5000)).is_err());
    assert!(read(&"a ".repeat(200)).is_ok());
    assert!(read(&"/a+/ ".repeat(17)).is_err() && read(&"/a+/ ".repeat(16)).is_ok());
}

proptest! {
    #[test]
    fn arbitrary_text_does_not_panic(text in ".{0,100}") {
        if let Ok(Query { root }) = read(&text) {
            let _ = super::condition::condition(&Query { root }).unwrap();
        }
    }

    #[test]
    fn plausible_text_does_not_panic(words in prop::collection::vec("(and|or|not|-|\\(|\\)|a|b:|user_name:|:|\"|\\[|TO|\\]|1|\\*|x\\?|10.0.0.0/8|time:|/|/x.y+/|\\\\|\\$)", 0..25), space in "( |)") {
        let text = words.join(&space);
        if let Ok(query) = read(&text) {
            let _ = super::condition::condition(&query).unwrap();
            query.matches(&event::Event::default());
        }
    }
}

#[test]
fn a_time_without_a_zone_is_that_of_the_store() {
    let hanoi = jiff::tz::TimeZone::fixed(jiff::tz::offset(7));
    let at = |text: &str| parse(text, &hanoi).unwrap().root;
    assert_eq!(at("time:>2026-11-21T07:00"), tree("time:>2026-11-21T07:00:00+07:00"));
    assert_eq!(at("time:>2026-11-21T07:00:00Z"), tree("time:>2026-11-21T07:00:00Z"));
    assert_eq!(at("time:2026-11-21"), tree("time:[2026-11-20T17:00:00Z TO 2026-11-21T17:00:00Z}"));
}
