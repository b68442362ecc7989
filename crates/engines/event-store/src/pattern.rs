//! How texts are compared when people search: case and Vietnamese accents do not matter, JSON escapes are
//! looked through. Used by the SQL functions and by the live tail alike, so that both find the same.

use event::observables::{Observable, in_text};
use ipnet::IpNet;
use regex::bytes::{Regex, RegexBuilder};
use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Lower case without accents: `Bảo mật` becomes `bao mat`, `Đà Nẵng` becomes `da nang`; hòa and hoà are equal.
pub fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Cow::Owned(text.to_ascii_lowercase());
        }
        return Cow::Borrowed(text);
    }
    let mut folded = String::with_capacity(text.len());
    for letter in text.nfd() {
        match letter {
            'đ' | 'Đ' => folded.push('d'),
            letter if is_combining_mark(letter) => {}
            letter => folded.extend(letter.to_lowercase()),
        }
    }
    Cow::Owned(folded)
}

/// Escapes of JSON strings resolved, roughly: enough to search in a JSON text as if it were plain.
pub(crate) fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        plain.push_str(before);
        let mut letters = after.chars();
        match letters.next() {
            Some('n') => plain.push('\n'),
            Some('t') => plain.push('\t'),
            Some('r') => plain.push('\r'),
            Some('b') => plain.push('\u{8}'),
            Some('f') => plain.push('\u{c}'),
            Some('u') => {
                let code = after.get(1..5).and_then(|digits| u32::from_str_radix(digits, 16).ok());
                // Halves of a pair part words, as the sign they stand for would; no folded text depends on them.
                plain.push(code.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER));
                letters = after.get(5..).unwrap_or_default().chars();
            }
            Some(letter) => plain.push(letter),
            None => {}
        }
        rest = letters.as_str();
    }
    plain.push_str(rest);
    plain
}

/// What every escaped letter of JSON begins with.
static ESCAPE: LazyLock<memchr::memmem::Finder<'static>> = LazyLock::new(|| memchr::memmem::Finder::new(b"\\u"));

/// How a text may have to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    Plain,
    /// JSON with escapes.
    Escaped,
    /// Plain, with something in it that may be JSON with escapes, as behind the head of a syslog line.
    Both,
}

fn reading(text: &str) -> Reading {
    if memchr::memchr(b'\\', text.as_bytes()).is_none() {
        return Reading::Plain;
    }
    match text.bytes().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{' | b'[') => Reading::Escaped,
        _ if memchr::memchr2(b'{', b'[', text.as_bytes()).is_some() => Reading::Both,
        _ => Reading::Plain,
    }
}

fn regex(pattern: &str) -> Option<Regex> {
    RegexBuilder::new(pattern).case_insensitive(true).dot_matches_new_line(true).size_limit(1 << 20).build().ok()
}

/// A text somewhere inside another.
#[derive(Debug, Clone)]
pub(crate) struct Contains {
    needle: String,
    quick: Option<Quick>,
    /// The needle has letters that JSON writes with a backslash.
    escaped: bool,
}

impl Contains {
    pub(crate) fn new(needle: &str) -> Self {
        let needle = fold(needle).into_owned();
        let escaped = needle.contains(|letter: char| matches!(letter, '\\' | '"' | '/') || letter.is_control());
        let quick = needle.is_ascii().then(|| Quick::new(&needle));
        Self { needle, quick, escaped }
    }

    pub(crate) fn is_in(&self, text: &str) -> bool {
        if let Some(quick) = &self.quick {
            match quick.is_in(text.as_bytes()) {
                true if reading(text) != Reading::Escaped => return true,
                true => {}
                // Without accents and escapes there is nothing that folding could uncover.
                false if text.is_ascii() => {
                    let hidden = self.escaped || ESCAPE.find(text.as_bytes()).is_some();
                    if !(hidden && reading(text) != Reading::Plain) {
                        return false;
                    }
                }
                false => {}
            }
        }
        let plain = || fold(text).contains(&self.needle);
        let unescaped = || fold(&unescape(text)).contains(&self.needle);
        match reading(text) {
            Reading::Plain => plain(),
            Reading::Escaped => unescaped(),
            Reading::Both => plain() || unescaped(),
        }
    }
}

/// Plain search for ASCII letters of either case: looks for the rarest letter of the needle and compares there.
#[derive(Debug, Clone)]
struct Quick {
    needle: Vec<u8>,
    /// Place of that letter.
    rare: usize,
    either: [u8; 2],
}

impl Quick {
    fn new(needle: &str) -> Self {
        // From rare to frequent in logs; what is not listed is taken for rarer than vowels.
        const ORDER: &[u8] = b"qzjxkvbywgpfmhuldcrs";
        const FREQUENT: &[u8] = b" \"0123456789:,.-_eatoin";
        let rank = |letter: &u8| match ORDER.iter().position(|one| one == letter) {
            Some(place) => place,
            None if FREQUENT.contains(letter) => 100,
            None => 50,
        };
        let rare = needle.bytes().enumerate().min_by_key(|(_, letter)| rank(letter));
        let (rare, letter) = rare.unwrap_or((0, b' '));
        Self { needle: needle.as_bytes().to_vec(), rare, either: [letter, letter.to_ascii_uppercase()] }
    }

    fn is_in(&self, text: &[u8]) -> bool {
        let [lower, upper] = self.either;
        self.needle.is_empty()
            || memchr::memchr2_iter(lower, upper, text).any(|at| {
                let window = at.checked_sub(self.rare).and_then(|from| text.get(from..from + self.needle.len()));
                window.is_some_and(|window| window.eq_ignore_ascii_case(&self.needle))
            })
    }
}

/// A pattern with `*` and `?` over a whole text, or over words inside it.
#[derive(Debug, Clone)]
pub(crate) struct Like(Option<Regex>);

impl Like {
    pub(crate) fn whole(pattern: &str) -> Self {
        Self(regex(&format!("^(?:{})$", Self::translate(pattern, ".*", "."))))
    }

    pub(crate) fn words(pattern: &str) -> Self {
        let start = if pattern.starts_with(|letter: char| letter.is_alphanumeric()) { r"\b" } else { "" };
        Self(regex(&format!("{start}(?:{})", Self::translate(pattern, r"\S*", r"\S"))))
    }

    fn translate(pattern: &str, many: &str, one: &str) -> String {
        let mut translated = String::new();
        let mut letters = pattern.chars();
        let mut plain = String::new();
        while let Some(letter) = letters.next() {
            let wild = match letter {
                '*' => many,
                '?' => one,
                // `\*` is a star; any other backslash is itself, as in paths of Windows.
                '\\' => {
                    match letters.as_str().chars().next() {
                        Some(next @ ('*' | '?')) => {
                            letters.next();
                            plain.push(next);
                        }
                        _ => plain.push('\\'),
                    }
                    continue;
                }
                letter => {
                    plain.push(letter);
                    continue;
                }
            };
            translated.push_str(&regex::escape(&fold(&std::mem::take(&mut plain))));
            translated.push_str(wild);
        }
        translated.push_str(&regex::escape(&fold(&plain)));
        translated
    }

    /// The plain texts of a pattern, which stand in whatever it fits.
    pub(crate) fn literals(pattern: &str) -> Vec<String> {
        let mut literals = vec![String::new()];
        let mut letters = pattern.chars().peekable();
        while let Some(letter) = letters.next() {
            let last = literals.last_mut();
            match (letter, letters.peek()) {
                ('\\', Some(next @ ('*' | '?'))) => {
                    last.into_iter().for_each(|text| text.push(*next));
                    letters.next();
                }
                ('*' | '?', _) => literals.push(String::new()),
                (letter, _) => last.into_iter().for_each(|text| text.push(letter)),
            }
        }
        literals.retain(|text| !text.is_empty());
        literals
    }

    pub(crate) fn fits(&self, text: &str) -> bool {
        self.0.as_ref().is_some_and(|regex| fits(regex, text))
    }
}

fn fits(regex: &Regex, text: &str) -> bool {
    let plain = || regex.is_match(fold(text).as_bytes());
    let unescaped = || regex.is_match(fold(&unescape(text)).as_bytes());
    match reading(text) {
        Reading::Plain => plain(),
        Reading::Escaped => unescaped(),
        Reading::Both => plain() || unescaped(),
    }
}

/// A regular expression somewhere in a text. A dot stands for any sign, also the end of a line.
#[derive(Debug, Clone)]
pub(crate) struct Expression(Option<Regex>);

impl Expression {
    /// One that is too large, or none at all, fits nothing.
    pub(crate) fn new(source: &str) -> Self {
        Self(regex(&Self::folded(source)))
    }

    pub(crate) fn is_usable(&self) -> bool {
        self.0.is_some()
    }

    /// Without accents, which the texts it is held against have lost as well. Case is for the matching: `\S` is not `\s`.
    pub(crate) fn folded(source: &str) -> String {
        let mut folded = String::with_capacity(source.len());
        let mut letters = [0; 4];
        for letter in source.chars() {
            match letter.is_ascii() {
                true => folded.push(letter),
                false => folded.push_str(&fold(letter.encode_utf8(&mut letters))),
            }
        }
        folded
    }

    pub(crate) fn fits(&self, text: &str) -> bool {
        self.0.as_ref().is_some_and(|regex| fits(regex, text))
    }
}

/// Equal up to case and accents.
pub(crate) fn equal(a_folded: &str, b: &str) -> bool {
    match b.is_ascii() {
        true => a_folded.eq_ignore_ascii_case(b),
        false => a_folded == fold(b),
    }
}

/// Whether an address lies in a network.
pub(crate) fn address_within(network: &IpNet, text: &str) -> bool {
    text.trim().parse::<IpAddr>().is_ok_and(|address| network.contains(&address.to_canonical()))
}

/// Whether any address that stands in a text lies in a network.
pub(crate) fn holds_address_within(network: &IpNet, text: &str) -> bool {
    let mut holds = false;
    in_text(text, |_| false, &mut |found| {
        if let Observable::Address(address) = found {
            holds |= network.contains(&address.to_canonical());
        }
    });
    holds
}

/// A network, or a single address as one.
pub(crate) fn network(text: &str) -> Option<IpNet> {
    text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

/// The value of a member of the `fields` column: a flat, compact JSON object as this store writes it.
/// In such a text `"name":` behind `{` or `,` can only be the member itself, since quotes inside texts are
/// escaped; so there is no need to parse what stands before it.
pub(crate) fn member<'a>(fields: &'a str, name: &str) -> Option<&'a str> {
    let key = format!("{}:", serde_json::to_string(name).ok()?);
    let mut from = 0;
    loop {
        let at = from + memchr::memmem::find(fields.as_bytes().get(from..)?, key.as_bytes())?;
        let before = fields.as_bytes().get(at.checked_sub(1)?);
        from = at + key.len();
        if matches!(before, Some(b'{' | b',')) {
            let rest = fields.get(from..)?;
            let mut values = serde_json::Deserializer::from_str(rest).into_iter::<&serde_json::value::RawValue>();
            return values.next()?.ok().map(serde_json::value::RawValue::get);
        }
    }
}

/// A member as text: texts without quotes, numbers and truths as written, lists as JSON, null as nothing.
pub(crate) fn member_text<'a>(fields: &'a str, name: &str) -> Option<Cow<'a, str>> {
    let raw = member(fields, name)?;
    match raw.as_bytes().first()? {
        b'"' => Some(match raw.contains('\\') {
            true => Cow::Owned(serde_json::from_str(raw).ok()?),
            false => Cow::Borrowed(raw.get(1..raw.len().checked_sub(1)?)?),
        }),
        b'n' => None,
        _ => Some(Cow::Borrowed(raw)),
    }
}

/// Whether a member, or an item of it when it is a list, passes.
pub(crate) fn any_member(fields: &str, name: &str, test: &dyn Fn(&str) -> bool) -> bool {
    let Some(raw) = member(fields, name) else { return false };
    if !raw.starts_with('[') {
        return member_text(fields, name).is_some_and(|text| test(&text));
    }
    let items: Vec<serde_json::Value> = serde_json::from_str(raw).unwrap_or_default();
    items.iter().any(|item| match item {
        serde_json::Value::String(text) => test(text),
        serde_json::Value::Null => false,
        other => test(&other.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn accents_and_case_fold() {
        assert_eq!(fold("Bảo Mật ĐÀ NẴNG"), "bao mat da nang");
        assert_eq!(fold("hòa"), fold("hoà"));
        assert_eq!(fold("hoa\u{300}"), "hoa");
    }

    #[test]
    fn texts_are_found_through_json_escapes() {
        let json = r#"{"path":"C:\\Windows\\System32\\cmd.exe","note":"b\u1ea3o m\u1eadt\nxong"}"#;
        assert!(Contains::new(r"windows\system32").is_in(json));
        assert!(Contains::new("bao mat").is_in(json));
        assert!(Contains::new("bảo mật").is_in(json));
        assert!(Contains::new("xong").is_in(json));
        assert!(!Contains::new("nxong").is_in(json));
        assert!(Contains::new("MẬT").is_in("nhan vien bao mat"));
        let behind_a_head = r#"<14>Nov 22 fw app: {"note":"b\u1ea3o m\u1eadt"} C:\new"#;
        for needle in ["bảo mật", "bao mat", r"c:\new"] {
            assert!(Contains::new(needle).is_in(behind_a_head), "{needle}");
        }
    }

    #[test]
    fn wildcards_fit_whole_texts_or_words() {
        assert!(Like::whole(r"*\cmd.exe").fits(r"C:\Windows\CMD.EXE"));
        assert!(Like::whole("adm?n").fits("Admin"));
        assert!(!Like::whole("adm?n").fits("administrator"));
        assert!(Like::words("power*l").fits("run powershell now"));
        assert!(!Like::words("ower*").fits("run powershell now"));
        assert!(Like::whole(r"a\*b").fits("a*b") && !Like::whole(r"a\*b").fits("axb"));
    }

    #[test]
    fn expressions_fit_anywhere_without_regard_to_case_and_accents() {
        let fits = |source: &str, text: &str| Expression::new(source).fits(text);
        assert!(fits(r"id=\d{8}", "GET /x?ID=12345678") && !fits(r"id=\d{8}$", "id=123456789"));
        assert!(fits("bảo.mật", "phòng BAO MAT") && fits("bao mat", "Phòng Bảo Mật") && fits("[đạ]+ng", "ĐÀNG"));
        assert!(fits(r"^\S+\s\S+$", "hai từ") && !fits(r"^\S+$", "hai từ"));
        assert!(fits(r"system32\\cmd", r#"{"a":"C:\\Windows\\System32\\cmd.exe"}"#));
        assert!(fits("a.b", "a\nb") && fits(r"\/etc\/", "cat /etc/passwd"));
        assert!(!Expression::new(r"\w{5000}{50}").is_usable() && !fits(r"\w{5000}{50}", "a") && !fits("(", "("));
    }

    #[test]
    fn addresses_in_a_text_are_held_against_a_network() {
        let holds = |network: &str, text: &str| holds_address_within(&network.parse().unwrap(), text);
        assert!(
            holds("198.51.100.0/24", "ssh root@198.51.100.9:22 connected") && !holds("198.51.101.0/24", "198.51.100.9")
        );
        assert!(holds("2001:db8::/32", "src=[2001:DB8:0::1]:80") && holds("10.0.0.0/8", " 192.0.2.1 10.9.8.7 "));
        assert!(!holds("10.0.0.0/8", "no address, version 10.0") && holds("10.0.0.0/8", "::ffff:10.0.0.1"));
    }

    #[test]
    fn plain_texts_of_a_pattern() {
        assert_eq!(Like::literals(r"*\cmd.exe*/c ?\*x"), [r"\cmd.exe", "/c ", "*x"]);
    }

    #[test]
    fn members_are_read_without_being_fooled_by_texts() {
        let fields = r#"{"a":"x,\"b\":1","b":2,"c":["p","q"],"d":null,"e":"t\"u"}"#;
        assert_eq!(member_text(fields, "b").as_deref(), Some("2"));
        assert_eq!(member_text(fields, "d"), None);
        assert_eq!(member_text(fields, "e").as_deref(), Some("t\"u"));
        assert_eq!(member_text(fields, "z"), None);
        assert!(any_member(fields, "c", &|text| text == "q"));
    }

    proptest! {
        #[test]
        fn members_read_back_whatever_the_names_and_values(
            pairs in prop::collection::btree_map(".{0,8}", ".{0,12}", 1..6)
        ) {
            let text = serde_json::to_string(&pairs).unwrap();
            for (name, value) in &pairs {
                prop_assert_eq!(member_text(&text, name).unwrap(), value.as_str());
            }
        }

        #[test]
        fn searching_agrees_with_folding(text in "[a-zA-Zàảđ .\\\\]{0,20}", needle in "[a-zà]{1,3}") {
            prop_assert_eq!(Contains::new(&needle).is_in(&text), fold(&text).contains(&*fold(&needle)));
        }

        #[test]
        fn nothing_panics(text in ".{0,60}", pattern in ".{0,20}") {
            Contains::new(&pattern).is_in(&text);
            Like::whole(&pattern).fits(&text);
            Like::words(&pattern).fits(&text);
            Expression::new(&pattern).fits(&text);
            member_text(&text, &pattern);
            fold(&text);
        }
    }
}
