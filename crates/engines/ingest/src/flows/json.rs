//! Elements as JSON.

use super::elements::Kind;
use super::reader::{float, signed, unsigned};
use super::summary::{milliseconds, ntp, seconds};
use event::Micros;
use jiff::Timestamp;
use std::fmt::Write;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Writes `,"name":value`. What does not fit its type is written in hexadecimal, so that nothing is lost.
pub(super) fn element(out: &mut String, name: &str, kind: Kind, value: &[u8]) {
    out.push(',');
    text(out, name);
    out.push(':');
    let begun = out.len();
    if write_value(out, kind, value).is_none() {
        out.truncate(begun);
        hexadecimal(out, value);
    }
}

// Writing to a string cannot fail.
fn write_value(out: &mut String, kind: Kind, value: &[u8]) -> Option<()> {
    match kind {
        Kind::Unsigned => write!(out, "{}", unsigned(value)?).ok(),
        Kind::Signed => write!(out, "{}", signed(value)?).ok(),
        Kind::Float => write!(out, "{:?}", float(value).filter(|number| number.is_finite())?).ok(),
        Kind::Boolean => match value {
            [1] => write!(out, "true").ok(),
            [2] => write!(out, "false").ok(),
            _ => None,
        },
        Kind::String => {
            let end = value.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            text(out, &String::from_utf8_lossy(value.get(..end)?));
            Some(())
        }
        Kind::MacAddress => {
            let [a, b, c, d, e, f] = value else { return None };
            write!(out, "\"{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}\"").ok()
        }
        Kind::Ipv4Address => write!(out, "\"{}\"", Ipv4Addr::from(<[u8; 4]>::try_from(value).ok()?)).ok(),
        Kind::Ipv6Address => write!(out, "\"{}\"", Ipv6Addr::from(<[u8; 16]>::try_from(value).ok()?)).ok(),
        Kind::DateTimeSeconds => time(out, seconds(value)?),
        Kind::DateTimeMilliseconds => time(out, milliseconds(value)?),
        Kind::DateTimeMicroseconds | Kind::DateTimeNanoseconds => time(out, ntp(value)?),
        Kind::OctetArray => None,
    }
}

/// A time in quotes; nothing where no calendar has it.
pub(super) fn time(out: &mut String, at: Micros) -> Option<()> {
    write!(out, "\"{}\"", Timestamp::from_microsecond(at).ok()?).ok()
}

fn hexadecimal(out: &mut String, value: &[u8]) {
    out.push('"');
    for byte in value {
        let _ = write!(out, "{byte:02x}");
    }
    out.push('"');
}

fn text(out: &mut String, text: &str) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            control if control < ' ' => {
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(kind: Kind, value: &[u8]) -> String {
        let mut out = String::from("{\"a\":1");
        element(&mut out, "b", kind, value);
        out.push('}');
        let read: serde_json::Value = serde_json::from_str(&out).unwrap();
        read["b"].to_string()
    }

    #[test]
    fn each_type_has_its_words() {
        assert_eq!(written(Kind::Unsigned, &[1, 0]), "256");
        assert_eq!(written(Kind::Signed, &[255]), "-1");
        assert_eq!(written(Kind::Float, &0.5_f64.to_be_bytes()), "0.5");
        assert_eq!(written(Kind::Boolean, &[2]), "false");
        assert_eq!(written(Kind::String, b"a\"\\\n\xff\0\0"), "\"a\\\"\\\\\\n\u{fffd}\"");
        assert_eq!(written(Kind::MacAddress, &[0, 1, 2, 3, 4, 255]), "\"00:01:02:03:04:ff\"");
        assert_eq!(written(Kind::Ipv4Address, &[192, 0, 2, 1]), "\"192.0.2.1\"");
        assert_eq!(written(Kind::Ipv6Address, &[0; 16]), "\"::\"");
        assert_eq!(written(Kind::DateTimeSeconds, &[0, 0, 0, 1]), "\"1970-01-01T00:00:01Z\"");
        assert_eq!(written(Kind::OctetArray, &[1, 171]), "\"01ab\"");
    }

    #[test]
    fn what_does_not_fit_is_kept() {
        assert_eq!(written(Kind::Ipv4Address, &[1, 2]), "\"0102\"");
        assert_eq!(written(Kind::Unsigned, &[0; 9]), format!("\"{}\"", "00".repeat(9)));
        assert_eq!(written(Kind::Float, &f64::NAN.to_be_bytes()), "\"7ff8000000000000\"");
        assert_eq!(written(Kind::DateTimeMilliseconds, &[255; 8]), format!("\"{}\"", "ff".repeat(8)));
        assert_eq!(written(Kind::Boolean, &[7]), "\"07\"");
    }
}
