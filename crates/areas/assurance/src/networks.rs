//! Addresses and address ranges as people list them in one field.

use ipnet::IpNet;
use kit::text::FieldFaults;
use std::net::IpAddr;

/// Most addresses and ranges of one field.
const MOST_RANGES: usize = 500;

/// One address, or a range in the way of CIDR, as it is kept: host bits of a range are cleared.
pub fn range(text: &str) -> Option<String> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(address.to_string());
    }
    text.parse::<IpNet>().ok().map(|range| range.trunc().to_string())
}

/// The addresses and ranges of a field, separated by commas, semicolons or blanks, in the form in which they are kept:
/// each once, with `, ` between. Else the key of what is wrong.
pub fn ranges(text: &str) -> Result<String, &'static str> {
    let mut kept: Vec<String> = Vec::new();
    for part in text.split([',', ';']).flat_map(str::split_whitespace) {
        let part = range(part).ok_or("network-range-wrong")?;
        if !kept.contains(&part) {
            kept.push(part);
        }
        if kept.len() > MOST_RANGES {
            return Err("network-ranges-too-many");
        }
    }
    Ok(kept.join(", "))
}

/// The same for a field of a form, where it is one line already; as it was typed where it is wrong.
pub(crate) fn checked(faults: &mut FieldFaults, field: &str, text: &str) -> String {
    match ranges(text) {
        Ok(kept) => kept,
        Err(key) => {
            faults.add(field, key);
            text.to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_kept_in_one_form_and_wrong_ones_are_refused() {
        assert_eq!(
            ranges(" 10.1.2.3/24; 2001:DB8::1  192.0.2.7,10.1.2.0/24"),
            Ok("10.1.2.0/24, 2001:db8::1, 192.0.2.7".into())
        );
        assert_eq!(ranges(""), Ok(String::new()));
        for wrong in ["10.1.2.0/33", "10.1.2.256", "mạng trong", "10.1.2.1-10.1.2.9", "01.2.3.4"] {
            assert_eq!(ranges(wrong), Err("network-range-wrong"), "{wrong}");
        }
        let many: Vec<_> = (0..=MOST_RANGES).map(|number| format!("10.0.{}.{}", number / 256, number % 256)).collect();
        assert_eq!(ranges(&many.join(" ")), Err("network-ranges-too-many"));
    }
}
