//! Amounts that people type: digits, with the signs that either language puts between thousands.

use serde::{Deserialize, Deserializer};

/// Largest amount; more people than there are.
const LARGEST: i64 = 100_000_000_000;

/// The digits of an amount, empty where none is given; nothing where it is no amount.
pub(crate) fn plain(text: &str) -> Option<String> {
    let text = text.trim();
    if text.is_empty() {
        return Some(String::new());
    }
    let groups: Vec<&str> = text.split(['.', ',', ' ', '\u{a0}', '\u{202f}']).collect();
    let digits = |group: &&str| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit());
    let (first, rest) = groups.split_first()?;
    let grouped = rest.is_empty() || (first.len() <= 3 && rest.iter().all(|group| group.len() == 3));
    if !groups.iter().all(digits) || !grouped {
        return None;
    }
    groups.concat().parse::<i64>().ok().filter(|amount| *amount <= LARGEST).map(|amount| amount.to_string())
}

/// An amount in a form is a text, in JSON also a number or nothing.
pub(crate) fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Amount {
        Number(i64),
        Word(String),
        Nothing(()),
    }
    Ok(match Amount::deserialize(deserializer)? {
        Amount::Number(number) => number.to_string(),
        Amount::Word(word) => word,
        Amount::Nothing(()) => String::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_both_languages_write_them() {
        for (text, kept) in [
            ("", ""),
            (" 0 ", "0"),
            ("120.000", "120000"),
            ("1,234,567", "1234567"),
            ("98 500", "98500"),
            ("12345", "12345"),
        ] {
            assert_eq!(plain(text).as_deref(), Some(kept), "{text}");
        }
        for wrong in ["-1", "1.5", "12.34", "một", "1e9", "9999999999999", "1..000", ".5", "1234.567"] {
            assert_eq!(plain(wrong), None, "{wrong}");
        }
    }
}
