//! Keys that are used from where they may not be: which of these uses becomes a row of the trail. A machine that is set
//! up wrongly tries many times a second.

use kit::clock::{MINUTE, Micros};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Most pairs of key and address within a minute; what comes on top is in the log alone.
const MOST: usize = 1_000;

/// When each pair of key and address was last told.
#[derive(Debug, Default)]
pub(crate) struct Refusals(Mutex<HashMap<(String, String), Micros>>);

impl Refusals {
    /// Whether this one is to be told: the first of its minute.
    pub(crate) fn is_due(&self, key_id: &str, address: &str, now: Micros) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.retain(|_, at| (0..MINUTE).contains(&(now - *at)));
        let place = (key_id.to_owned(), address.to_owned());
        if told.len() >= MOST || told.contains_key(&place) {
            return false;
        }
        told.insert(place, now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_and_an_address_are_told_once_a_minute_and_only_so_many() {
        let refusals = Refusals::default();
        assert!(refusals.is_due("a", "192.0.2.1", 0));
        assert!(!refusals.is_due("a", "192.0.2.1", MINUTE - 1));
        assert!(refusals.is_due("a", "192.0.2.2", 1) && refusals.is_due("b", "192.0.2.1", 1));
        assert!(refusals.is_due("a", "192.0.2.1", MINUTE));
        let due = (0..2 * MOST).filter(|number| refusals.is_due("a", &number.to_string(), 3 * MINUTE)).count();
        assert_eq!(due, MOST);
        assert!(refusals.is_due("a", "192.0.2.1", 5 * MINUTE), "room again after a minute");
    }
}
