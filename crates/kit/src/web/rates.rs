//! How many requests one account or key may send: so many at once, and so many more each second. Generous: it ends loops and
//! siphons and is never met by hand. The program puts it among the ports; without it nothing is counted.

use crate::clock::{MINUTE, Micros, SECOND};
use crate::error::Error;
use crate::session::Session;
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Accounts and keys remembered; those that have long been quiet are forgotten first.
const MOST: usize = 10_000;
/// What keys ask for; what they send (records) has limits of its own.
const API: &str = "/api/";

/// A bucket that fills again, as policies state it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Requests at once.
    pub burst: i64,
    pub each_second: i64,
}

impl Rate {
    /// Time that one request takes out of the bucket.
    fn interval(self) -> Micros {
        SECOND / self.each_second.clamp(1, SECOND)
    }
}

/// What is left for one asker.
#[derive(Debug)]
struct Bucket {
    /// When it will be full again.
    full_at: Micros,
    /// When the log last said that it was empty.
    told_at: Option<Micros>,
}

/// The buckets of everybody.
#[derive(Debug)]
pub struct RequestRates {
    people: Rate,
    keys: Rate,
    buckets: Mutex<HashMap<String, Bucket>>,
}

impl RequestRates {
    pub fn new(people: Rate, keys: Rate) -> Self {
        Self { people, keys, buckets: Mutex::default() }
    }

    /// Takes one request out of the asker's bucket; refuses where it is empty, and says so in the log once a minute.
    pub(super) fn take(&self, session: &Session, path: &str, now: Micros) -> Result<(), Error> {
        let rate = match session.api_key {
            true if !path.starts_with(API) => return Ok(()),
            true => self.keys,
            false => self.people,
        };
        let interval = rate.interval();
        let actor = session.scope.actor().id();
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MOST {
            buckets.retain(|_, bucket| bucket.full_at > now);
        }
        let bucket = buckets.entry(actor.clone()).or_insert(Bucket { full_at: now, told_at: None });
        bucket.full_at = bucket.full_at.max(now);
        if bucket.full_at - now > (rate.burst.max(1) - 1).saturating_mul(interval) {
            if bucket.told_at.is_none_or(|at| now - at >= MINUTE) {
                bucket.told_at = Some(now);
                tracing::warn!(actor, path, "too many requests");
            }
            let words = String::new();
            return Err(Error::Refused { status: 429, key: "error-too-many-requests", words });
        }
        bucket.full_at += interval;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scope::{Actor, Agencies, Scope};

    fn session(id: &str, api_key: bool) -> Session {
        let actor = match api_key {
            true => Actor::Key { id: id.into(), name: id.into() },
            false => Actor::Person { id: id.into(), name: id.into() },
        };
        Session {
            scope: Scope::new(actor, Agencies::All, [], None),
            csrf: String::new(),
            person_name: id.to_owned(),
            agency_name: String::new(),
            agency_id: String::new(),
            role_key: String::new(),
            api_key,
            confirmed_at: 0,
        }
    }

    #[test]
    fn so_many_pass_at_once_and_so_many_more_each_second_for_each_asker() {
        let rates = RequestRates::new(Rate { burst: 3, each_second: 2 }, Rate { burst: 1, each_second: 1 });
        let person = session("p", false);
        let pass = |session: &Session, path: &str, now| rates.take(session, path, now).is_ok();
        assert!((0..3).all(|_| pass(&person, "/alerts", 0)));
        assert!(!pass(&person, "/alerts", 0) && !pass(&person, "/alerts", SECOND / 2 - 1));
        assert!(pass(&person, "/alerts", SECOND / 2) && !pass(&person, "/alerts", SECOND / 2));
        assert!(pass(&session("q", false), "/alerts", 0), "another account has a bucket of its own");
        assert_eq!((0..9).filter(|_| pass(&person, "/alerts", 60 * SECOND)).count(), 3, "full again and not fuller");
        let key = session("k", true);
        assert!(pass(&key, "/api/v1/alerts", 0) && !pass(&key, "/api/v1/alerts", 0));
        assert!((0..9).all(|_| pass(&key, "/_bulk", 0)), "records are limited elsewhere");
        let refused = rates.take(&key, "/api/v1/alerts", 0).unwrap_err();
        assert_eq!((refused.status(), refused.code()), (429, "too-many-requests"));
    }
}
