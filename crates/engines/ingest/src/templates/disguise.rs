//! A line without what tells of whom it is: a sample of a format needs the shape of a record, not its people.

use super::mask::{Piece, Slot, pieces};
use std::fmt::Write;

/// Digits from which a number may be that of a person, a telephone or an account.
const LONG_NUMBER: usize = 7;

/// Puts made-up values in the place of addresses, accounts, GUIDs, hashes and long numbers; equal ones stay equal. What a
/// plain word says is left: only a person can tell whether it is a name.
pub fn disguise(lines: &[&str]) -> Vec<String> {
    let mut known = Known::default();
    lines.iter().map(|line| known.line(line)).collect()
}

/// Values that were met, each with its number.
#[derive(Debug, Default)]
struct Known<'l> {
    addresses: Vec<&'l str>,
    accounts: Vec<&'l str>,
    others: Vec<&'l str>,
}

impl<'l> Known<'l> {
    fn line(&mut self, line: &'l str) -> String {
        let mut text = String::with_capacity(line.len());
        let mut rest = line;
        while !rest.is_empty() {
            let begins = rest.find(|letter: char| !is_blank(letter)).unwrap_or(rest.len());
            let (blanks, after) = rest.split_at(begins);
            text.push_str(blanks);
            let (word, next) = after.split_at(after.find(is_blank).unwrap_or(after.len()));
            pieces(word, &mut |piece| match piece {
                Piece::Text(plain) => text.push_str(plain),
                Piece::Value(slot, value) => self.value(slot, value, &mut text),
            });
            rest = next;
        }
        text
    }

    fn value(&mut self, slot: Slot, value: &'l str, text: &mut String) {
        match slot {
            Slot::Address if value.contains('/') => text.push_str("192.0.2.0/24"),
            Slot::Address => {
                let number = place(&mut self.addresses, value);
                // To a `String` it does not fail.
                let _ = if value.contains('.') && !value.contains(':') {
                    write!(text, "192.0.2.{}", number % 254 + 1)
                } else if value.split([':', '-']).count() == 6 && !value.contains("::") {
                    let sign = if value.contains('-') { '-' } else { ':' };
                    let parts = ["00", "00", "5e", "00", "53"].join(&sign.to_string());
                    write!(text, "{parts}{sign}{:02x}", number % 256)
                } else {
                    write!(text, "2001:db8::{:x}", number + 1)
                };
            }
            Slot::Mail => {
                let number = place(&mut self.accounts, value);
                let _ = write!(text, "account-{}@example.org", number + 1);
            }
            Slot::Guid | Slot::Hex => {
                let number = place(&mut self.others, value);
                text.push_str(&same_shape(value, number));
            }
            Slot::Number if value.bytes().filter(u8::is_ascii_digit).count() >= LONG_NUMBER => {
                let number = place(&mut self.others, value);
                text.push_str(&same_shape(value, number));
            }
            _ => text.push_str(value),
        }
    }
}

fn is_blank(letter: char) -> bool {
    letter.is_whitespace() || letter.is_control()
}

fn place<'l>(known: &mut Vec<&'l str>, value: &'l str) -> usize {
    known.iter().position(|one| *one == value).unwrap_or_else(|| {
        known.push(value);
        known.len() - 1
    })
}

/// Digits and letters of another number in the same places.
fn same_shape(value: &str, number: usize) -> String {
    let prefix = if value.starts_with("0x") || value.starts_with("0X") { 2 } else { 0 };
    let digit = char::from_digit((number % 9 + 1) as u32, 10).unwrap_or('1');
    let other = |(at, letter): (usize, char)| match letter {
        letter if at < prefix => letter,
        letter if letter.is_ascii_hexdigit() => digit,
        letter => letter,
    };
    value.chars().enumerate().map(other).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shape_stays_and_equal_values_stay_equal() {
        let lines = [
            "2026-11-23 10:11:12  an.nguyen@example.vn from 10.1.2.3:443, id=0f8fad5b-d9cb-469f-a165-70867728950e",
            "2026-11-23 10:11:13  an.nguyen@example.vn from 10.1.2.4:80, call 0912345678",
        ];
        assert_eq!(
            disguise(&lines),
            [
                "2026-11-23 10:11:12  account-1@example.org from 192.0.2.1:443, id=11111111-1111-1111-1111-111111111111",
                "2026-11-23 10:11:13  account-1@example.org from 192.0.2.2:80, call 2222222222",
            ]
        );
    }
}
