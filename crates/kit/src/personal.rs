//! Telephone numbers, mail addresses and the like of a person. Pages, logs, answers and audit rows show the mask; the
//! text comes out by [`Personal::reveal`] alone, and whoever calls it records the reading.

use crate::sealed::{KeyRing, Place};
use sea_orm::{ColIdx, QueryResult, TryGetError, TryGetable};
use serde::{Serialize, Serializer};
use std::fmt;

/// A text that is masked unless it is asked for by name.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Personal(String);

/// Characters at the end of a number that stay: enough to recognise one's own.
const SHOWN: usize = 3;
const DOTS: &str = "••••••";

impl Personal {
    /// The text of a sealed cell. One that does not open is told in the log and shown as dots.
    pub fn opened(keys: &KeyRing, place: Place<'_>, sealed: &str) -> Self {
        keys.open(place, sealed).map_or_else(
            |error| {
                tracing::warn!(table = place.table, column = place.column, row = place.row, %error, "not opened");
                Self(DOTS.to_owned())
            },
            Self,
        )
    }

    /// The same for a cell that was read as it stands.
    #[must_use]
    pub fn open(&self, keys: &KeyRing, place: Place<'_>) -> Self {
        Self::opened(keys, place, &self.0)
    }

    pub fn reveal(&self) -> &str {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&str> for Personal {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Display for Personal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return Ok(());
        }
        if let Some((name, host)) = self.0.split_once('@') {
            let first: String = name.chars().take(1).collect();
            return write!(formatter, "{first}{DOTS}@{host}");
        }
        let letters: Vec<char> = self.0.chars().collect();
        let end: String = match letters.len() >= 2 * SHOWN {
            true => letters.iter().rev().take(SHOWN).rev().collect(),
            false => String::new(),
        };
        write!(formatter, "{DOTS}{end}")
    }
}

impl fmt::Debug for Personal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Personal({self})")
    }
}

impl Serialize for Personal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl TryGetable for Personal {
    fn try_get_by<I: ColIdx>(row: &QueryResult, index: I) -> Result<Self, TryGetError> {
        String::try_get_by(row, index).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_reveal_tells_the_whole_text() {
        let phone = Personal::from("0912 345 678");
        assert_eq!(phone.to_string(), "••••••678");
        assert_eq!(format!("{phone:?}"), "Personal(••••••678)");
        assert_eq!(serde_json::to_string(&phone).unwrap(), "\"••••••678\"");
        assert_eq!(phone.reveal(), "0912 345 678");
        assert_eq!(Personal::from("nguyen.van.a@tinh.gov.vn").to_string(), "n••••••@tinh.gov.vn");
        assert_eq!(Personal::from("113").to_string(), "••••••", "a short number is masked whole");
        assert_eq!(Personal::default().to_string(), "");
    }

    #[test]
    fn a_cell_that_does_not_open_is_dots_and_not_its_ciphertext() {
        let place = Place { table: "people", column: "phone", row: "p" };
        let shown = Personal::opened(&KeyRing::default(), place, "sealed:0123abcd:AAAA");
        assert_eq!(shown.reveal(), "••••••");
    }
}
