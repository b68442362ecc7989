//! Identifiers: UUIDv7 as text, so that order is order of creation and both databases store the same.

use crate::clock::Micros;
use uuid::{NoContext, Timestamp, Uuid};

/// A new identifier for something created at `now`.
pub fn new_id(now: Micros) -> String {
    let micros = u64::try_from(now).unwrap_or_default();
    let timestamp = Timestamp::from_unix(NoContext, micros / 1_000_000, ((micros % 1_000_000) * 1_000) as u32);
    Uuid::new_v7(timestamp).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_identifiers_sort_later() {
        assert!(new_id(1_000_000_000_000_000) < new_id(1_000_000_001_000_000));
    }
}
