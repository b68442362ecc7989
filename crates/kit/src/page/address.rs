//! The address of the request as path and query, and addresses derived from it. A list keeps its whole state in
//! its address, so a filter, a sort order and a page are each a link.

use std::fmt;

/// Path and decoded query.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Address {
    path: String,
    query: Vec<(String, String)>,
}

impl Address {
    /// Reads `/alerts?severity=high&page=2`. Never fails: what is no pair becomes a name without a value.
    pub fn parse(text: &str) -> Self {
        let (path, query) = text.split_once('?').unwrap_or((text, ""));
        let query = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                (decode(name), decode(value))
            })
            .collect();
        Self { path: path.to_owned(), query }
    }

    pub fn path(&self) -> &str {
        &self.path
    }

    /// All pairs in the order of the address.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.query
    }

    /// First value of `name`.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Whether `name=value` is part of the address.
    pub fn has(&self, name: &str, value: &str) -> bool {
        self.query.iter().any(|(key, held)| key == name && held == value)
    }

    /// Same address with `name` set to `value` alone. The page number goes: another filter has another first page.
    pub fn with(&self, name: &str, value: impl fmt::Display) -> Self {
        let mut next = self.without(name);
        next.query.push((name.to_owned(), value.to_string()));
        next
    }

    /// Same address with one more `name=value`.
    pub fn and(&self, name: &str, value: impl fmt::Display) -> Self {
        let mut next = self.clone();
        next.query.retain(|(key, _)| key != "page");
        next.query.push((name.to_owned(), value.to_string()));
        next
    }

    /// Same address without any `name`.
    pub fn without(&self, name: &str) -> Self {
        let mut next = self.clone();
        next.query.retain(|(key, _)| key != name && key != "page");
        next
    }

    /// Same address without the one pair `name=value`.
    pub fn without_value(&self, name: &str, value: &str) -> Self {
        let mut next = self.clone();
        next.query.retain(|(key, held)| !(key == name && held == value) && key != "page");
        next
    }

    /// Same query under another path, for the CSV beside a list.
    pub fn at(&self, path: &str) -> Self {
        Self { path: path.to_owned(), query: self.query.clone() }
    }

    /// Whether we are at `href` or below it. The start page is only itself.
    pub fn within(&self, href: &str) -> bool {
        let href = href.split('?').next().unwrap_or_default();
        self.path == href || (href.len() > 1 && self.path.strip_prefix(href).is_some_and(|rest| rest.starts_with('/')))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.path)?;
        for (index, (name, value)) in self.query.iter().enumerate() {
            out.write_str(if index == 0 { "?" } else { "&" })?;
            write!(out, "{}={}", encode(name), encode(value))?;
        }
        Ok(())
    }
}

/// Percent-encodes one name or value of a query.
fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut rest = bytes.iter();
    while let Some(&byte) = rest.next() {
        match byte {
            b'+' => decoded.push(b' '),
            b'%' => {
                let mut ahead = rest.clone();
                let pair = (hex(ahead.next()), hex(ahead.next()));
                if let (Some(high), Some(low)) = pair {
                    decoded.push(high * 16 + low);
                    rest = ahead;
                } else {
                    decoded.push(b'%');
                }
            }
            _ => decoded.push(byte),
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

fn hex(byte: Option<&u8>) -> Option<u8> {
    byte.and_then(|byte| char::from(*byte).to_digit(16)).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_survives_reading_and_writing() {
        let address = Address::parse("/alerts?q=%E1%BB%A8ng+c%E1%BB%A9u&severity=high&severity=critical&page=3");
        assert_eq!(address.value("q"), Some("Ứng cứu"));
        assert_eq!(Address::parse(&address.to_string()), address);
    }

    #[test]
    fn another_filter_starts_at_the_first_page() {
        let address = Address::parse("/alerts?severity=high&page=3");
        assert_eq!(address.with("severity", "low").to_string(), "/alerts?severity=low");
        assert_eq!(address.and("severity", "low").to_string(), "/alerts?severity=high&severity=low");
        assert_eq!(address.without("severity").to_string(), "/alerts");
        assert_eq!(address.with("page", 4).to_string(), "/alerts?severity=high&page=4");
    }

    #[test]
    fn broken_escapes_are_kept_as_they_are() {
        assert_eq!(Address::parse("/?a=%zz&b=%4").value("a"), Some("%zz"));
        assert_eq!(Address::parse("/?a=%zz&b=%4").value("b"), Some("%4"));
        assert_eq!(Address::parse("/?a=%FF").value("a"), Some("\u{fffd}"));
    }

    #[test]
    fn the_start_page_is_not_around_every_page() {
        assert!(!Address::parse("/alerts").within("/"));
        assert!(Address::parse("/alerts/7").within("/alerts"));
        assert!(!Address::parse("/alerts-old").within("/alerts"));
    }
}
