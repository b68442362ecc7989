//! Times in forms: `datetime-local` fields speak Vietnamese wall time without a zone.

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use kit::Error;
use kit::clock::{Micros, VIETNAM_OFFSET_SECONDS};

fn zone() -> TimeZone {
    TimeZone::fixed(Offset::from_seconds(VIETNAM_OFFSET_SECONDS).unwrap_or(Offset::UTC))
}

/// Value of a field: `2026-11-22T02:14`.
pub(crate) fn to_field(at: Micros) -> String {
    let timestamp = jiff::Timestamp::from_microsecond(at).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    zone().to_datetime(timestamp).strftime("%Y-%m-%dT%H:%M").to_string()
}

/// Time of a field; `None` for an empty one.
pub(crate) fn from_field(field: &str, text: &str) -> Result<Option<Micros>, Error> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = || Error::invalid(field, "field-invalid");
    let local: DateTime = text.parse().map_err(|_| wrong())?;
    let timestamp = zone().to_timestamp(local).map_err(|_| wrong())?;
    Ok(Some(timestamp.as_microsecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_vietnamese_time_and_leads_back() {
        let at = from_field("at", "2026-11-22T02:14").unwrap().unwrap();
        assert_eq!(at, 1_795_287_600_000_000 + 14 * 60 * 1_000_000);
        assert_eq!(to_field(at), "2026-11-22T02:14");
        assert_eq!(from_field("at", " ").unwrap(), None);
        assert!(from_field("at", "tomorrow").is_err());
    }
}
