//! What varies in a line, put aside before lines are compared: numbers, addresses, times, GUIDs, paths, accounts.

use std::net::IpAddr;

/// Bytes of a line that are looked at.
const LONGEST: usize = 2_048;
/// Words of a line that are looked at; what follows is [`Slot::Rest`].
const MOST_WORDS: usize = 64;

/// A place in a template where something varies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Slot {
    Number,
    /// An IP or hardware address.
    Address,
    Time,
    Guid,
    /// A path of a file system or a URL.
    Path,
    /// A hash or another number in hexadecimal.
    Hex,
    /// `name@host`.
    Mail,
    /// A word that differs from line to line.
    Word,
    /// Everything up to the end.
    Rest,
}

impl Slot {
    pub const ALL: [Slot; 9] = [
        Self::Number,
        Self::Address,
        Self::Time,
        Self::Guid,
        Self::Path,
        Self::Hex,
        Self::Mail,
        Self::Word,
        Self::Rest,
    ];

    /// Sign that stands for it inside a template; of the private use area, which lines are cleared of.
    pub(super) fn sign(self) -> char {
        match self {
            Self::Number => '\u{e000}',
            Self::Address => '\u{e001}',
            Self::Time => '\u{e002}',
            Self::Guid => '\u{e003}',
            Self::Path => '\u{e004}',
            Self::Hex => '\u{e005}',
            Self::Mail => '\u{e006}',
            Self::Word => '\u{e007}',
            Self::Rest => '\u{e008}',
        }
    }

    pub(super) fn of_sign(sign: char) -> Option<Self> {
        Self::ALL.into_iter().find(|slot| slot.sign() == sign)
    }

    /// As people and programs read it.
    pub fn code(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Address => "address",
            Self::Time => "time",
            Self::Guid => "guid",
            Self::Path => "path",
            Self::Hex => "hex",
            Self::Mail => "mail",
            Self::Word => "word",
            Self::Rest => "rest",
        }
    }
}

/// A piece of a line: as it stands there, or what varies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece<'l> {
    Text(&'l str),
    Value(Slot, &'l str),
}

/// The words of a line with signs in the place of what varies.
pub(super) fn mask(line: &str) -> Vec<String> {
    let (words, rest) = words(line);
    let mut masked: Vec<String> = words.into_iter().map(masked).collect();
    if rest {
        masked.push(Slot::Rest.sign().to_string());
    }
    masked
}

/// The words that are looked at, and whether there are more.
pub(super) fn words(line: &str) -> (Vec<&str>, bool) {
    let end = line.floor_char_boundary(LONGEST);
    let (head, tail) = line.split_at(end);
    let mut all =
        head.split(|letter: char| letter.is_whitespace() || letter.is_control()).filter(|word| !word.is_empty());
    let words: Vec<&str> = all.by_ref().take(MOST_WORDS).collect();
    let more = all.next().is_some() || !tail.trim().is_empty();
    (words, more)
}

fn masked(word: &str) -> String {
    let mut text = String::with_capacity(word.len());
    pieces(word, &mut |piece| match piece {
        Piece::Value(slot, _) => text.push(slot.sign()),
        Piece::Text(plain) => text.extend(plain.chars().map(|letter| match letter {
            '\u{e000}'..='\u{f8ff}' => '\u{fffd}',
            letter => letter,
        })),
    });
    text
}

/// Takes a word apart at the signs that stand between names and values.
pub(super) fn pieces<'l>(word: &'l str, visit: &mut impl FnMut(Piece<'l>)) {
    if let Some(slot) = whole(word) {
        return visit(Piece::Value(slot, word));
    }
    let mut rest = word;
    while !rest.is_empty() {
        let begins = rest.find(|letter: char| !is_between(letter)).unwrap_or(rest.len());
        let (between, after) = rest.split_at(begins);
        if !between.is_empty() {
            visit(Piece::Text(between));
        }
        let ends = after.find(is_between).unwrap_or(after.len());
        let (atom, next) = after.split_at(ends);
        of_atom(atom, visit);
        rest = next;
    }
}

fn is_between(letter: char) -> bool {
    matches!(letter, '=' | ',' | ';' | '(' | ')' | '[' | ']' | '{' | '}' | '"' | '\'' | '<' | '>' | '|')
}

/// Something between two of these signs.
fn of_atom<'l>(atom: &'l str, visit: &mut impl FnMut(Piece<'l>)) {
    if atom.is_empty() {
        return;
    }
    // A full stop or colon at the end belongs to the sentence.
    let core = atom.trim_end_matches([':', '.', '!', '?']);
    let end = atom.get(core.len()..).unwrap_or_default();
    match (slot(core), core.split_once(':')) {
        (Some(slot), _) => visit(Piece::Value(slot, core)),
        (None, Some((name, value))) if !name.is_empty() && !value.is_empty() => {
            match slot(name) {
                Some(slot) => visit(Piece::Value(slot, name)),
                None => visit(Piece::Text(name)),
            }
            visit(Piece::Text(core.get(name.len()..=name.len()).unwrap_or(":")));
            of_atom(value, visit);
        }
        (None, _) if !core.is_empty() => visit(Piece::Text(core)),
        (None, _) => {}
    }
    if !end.is_empty() {
        visit(Piece::Text(end));
    }
}

/// A word that is one value though it holds signs that stand between others.
fn whole(word: &str) -> Option<Slot> {
    if word.strip_prefix('{').and_then(|word| word.strip_suffix('}')).is_some_and(is_guid) {
        return Some(Slot::Guid);
    }
    let is_path = word.starts_with('/') && word.len() > 1 && !word.starts_with("//");
    (is_path && !word.contains(['=', '"', ',', ';'])).then_some(Slot::Path)
}

/// Whether a text may be of a kind by its first letter, whether it is, and the kind.
type Kind = (bool, fn(&str) -> bool, Slot);

/// What a text is, where it is something that varies.
fn slot(text: &str) -> Option<Slot> {
    let first = text.chars().next()?;
    let begins_number = first.is_ascii_digit() || matches!(first, '-' | '+');
    let kinds: [Kind; 8] = [
        (begins_number, is_number, Slot::Number),
        (first.is_ascii_hexdigit() || first == ':', is_address, Slot::Address),
        (begins_number, is_time, Slot::Time),
        (first.is_ascii_hexdigit(), is_guid, Slot::Guid),
        (first.is_ascii_hexdigit(), is_hex, Slot::Hex),
        (true, is_path, Slot::Path),
        (true, is_mail, Slot::Mail),
        (first.is_ascii_uppercase(), is_month_or_day, Slot::Time),
    ];
    kinds.into_iter().find(|(may_be, is, _)| *may_be && is(text)).map(|(_, _, slot)| slot)
}

fn is_number(text: &str) -> bool {
    let digits = text.trim_start_matches(['-', '+']).trim_end_matches('%');
    let is_one = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    match digits.split_once('.') {
        Some((whole, part)) => is_one(whole) && is_one(part),
        None => is_one(digits),
    }
}

/// `10:11:12`, `2026-11-23`, `2026-11-23T10:11:12.5+07:00`, `23/Nov/2026:10:11:12`.
fn is_time(text: &str) -> bool {
    let count = |sign: char| text.matches(sign).count();
    let fits = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, ':' | '-' | '/' | '.' | '+');
    let letters = text.bytes().filter(u8::is_ascii_alphabetic).count();
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    // No address of hardware: `00:1a:2b:3c:4d:5e` has more colons than any time.
    let parted = (2..=3).contains(&count(':')) || count('-') >= 2 || count('/') == 2;
    text.chars().all(fits) && digits >= 5 && letters <= 4 && parted && count(':') <= 3 && count('-') <= 3
}

fn is_guid(text: &str) -> bool {
    let parts = [8, 4, 4, 4, 12];
    text.len() == 36
        && text.split('-').count() == parts.len()
        && text
            .split('-')
            .zip(parts)
            .all(|(part, length)| part.len() == length && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn is_address(text: &str) -> bool {
    let is_ip = |text: &str| text.parse::<IpAddr>().is_ok();
    let is_count = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_ip(text) || text.split_once('/').is_some_and(|(address, bits)| is_ip(address) && is_count(bits)) {
        return true;
    }
    let octet = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    [':', '-'].into_iter().any(|sign| text.split(sign).count() == 6 && text.split(sign).all(octet))
}

fn is_hex(text: &str) -> bool {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    let all = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match digits {
        Some(digits) => all(digits),
        None => text.len() >= 8 && all(text) && text.bytes().any(|byte| byte.is_ascii_digit()),
    }
}

fn is_path(text: &str) -> bool {
    let drive = |text: &str| {
        let mut letters = text.chars();
        letters.next().is_some_and(|letter| letter.is_ascii_alphabetic())
            && letters.next() == Some(':')
            && letters.next() == Some('\\')
    };
    (text.starts_with('/') && text.len() > 1) || text.starts_with("\\\\") || text.contains("://") || drive(text)
}

fn is_mail(text: &str) -> bool {
    text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.len() > 1 && !host.contains('@'))
}

fn is_month_or_day(text: &str) -> bool {
    const NAMES: [&str; 19] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Mon", "Tue", "Wed", "Thu",
        "Fri", "Sat", "Sun",
    ];
    NAMES.contains(&text)
}

#[cfg(test)]
mod tests {
    use super::super::shown;
    use super::*;

    fn of(line: &str) -> String {
        shown(&mask(line).join(" "))
    }

    #[test]
    fn what_varies_is_put_aside() {
        for (line, wanted) in [
            ("retry 3 of 10, 12.5%", "retry <number> of <number>, <number>"),
            ("from 10.1.2.3 to 2001:db8::1", "from <address> to <address>"),
            ("src=10.1.2.3:443 dst=10.0.0.0/8;", "src=<address>:<number> dst=<address>;"),
            ("2026-11-23T10:11:12.5+07:00 up", "<time> up"),
            ("Nov 23 10:11:12 up", "<time> <number> <time> up"),
            ("[23/Nov/2026:10:11:12 +0700] up", "[<time> <number>] up"),
            ("id {0f8fad5b-d9cb-469f-a165-70867728950e} gone", "id <guid> gone"),
            ("id=0f8fad5b-d9cb-469f-a165-70867728950e.", "id=<guid>."),
            ("open /var/log/a.log: no", "open <path> no"),
            (r"open C:\a\b.txt", "open <path>"),
            ("get http://a.example/b", "get <path>"),
            ("sum deadbeef01 at 0x1f", "sum <hex> at <hex>"),
            ("card 00:1a:2b:3c:4d:5e", "card <address>"),
            ("to an.nguyen@example.vn, done", "to <mail>, done"),
            ("app[1234]: user:root ready.", "app[<number>]: user:root ready."),
            ("không đọc được tệp", "không đọc được tệp"),
        ] {
            assert_eq!(of(line), wanted);
        }
    }

    #[test]
    fn long_lines_end_in_a_rest_and_private_signs_are_cleared() {
        let long = "word ".repeat(1_000);
        let words = mask(&long);
        assert_eq!(words.len(), MOST_WORDS + 1);
        assert_eq!(words.last().map(String::as_str), Some("\u{e008}"));
        assert_eq!(of("a \u{e001} b"), "a \u{fffd} b");
    }
}
