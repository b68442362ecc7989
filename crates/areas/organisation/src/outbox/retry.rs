//! When a failed message is tried again (pure).

use crate::policies::Retry;
use kit::clock::{Micros, SECOND};

/// The time of the next attempt after so many that failed; `None` where it is given up. The wait doubles up to the
/// longest.
pub fn next_attempt(retry: &Retry, attempts: i64, now: Micros) -> Option<Micros> {
    if attempts >= retry.attempts {
        return None;
    }
    let doublings = u32::try_from(attempts.saturating_sub(1).clamp(0, 40)).unwrap_or_default();
    let wait = retry.first.saturating_mul(1_i64 << doublings).clamp(retry.first, retry.longest);
    Some(now.saturating_add(wait.saturating_mul(SECOND)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RETRY: Retry = Retry { first: 60, longest: 3600, attempts: 10 };

    #[test]
    fn the_wait_doubles_up_to_the_longest_and_then_it_is_given_up() {
        let waits: Vec<_> = (1..=10).map(|attempts| next_attempt(&RETRY, attempts, 0).map(|at| at / SECOND)).collect();
        let expected = [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600].map(Some);
        assert_eq!(waits.get(..9), Some(&expected[..]));
        assert_eq!(waits.last(), Some(&None));
    }

    proptest! {
        #[test]
        fn no_number_of_attempts_overflows_or_goes_back(
            first in 1..100_000_i64, more in 0..i64::MAX / 2, attempts in 0..i64::MAX, now in 0..i64::MAX,
        ) {
            let retry = Retry { first, longest: first + more, attempts: i64::MAX };
            if let Some(at) = next_attempt(&retry, attempts, now) {
                prop_assert!(at >= now);
            }
        }
    }
}
