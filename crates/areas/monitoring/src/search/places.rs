//! How many searches and questions one person has under way. Everyone shares the threads of queries; nobody may take
//! all of them, be it with many tabs or with a program.

use kit::Error;
use kit::scope::Scope;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What one person may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SearchLimits {
    /// Searches and questions at a time.
    pub per_person: usize,
    /// Longest time of one of them.
    pub time: Duration,
    /// Events, about, that are looked at before the first rows are shown.
    pub slice_rows: u64,
}

impl Default for SearchLimits {
    fn default() -> Self {
        Self { per_person: 4, time: Duration::from_secs(120), slice_rows: event_store::search::SLICE_ROWS }
    }
}

/// A search that was just left takes a moment to end; its place is waited for.
const MOMENT: Duration = Duration::from_secs(1);

/// Searches under way, by who asked.
#[derive(Debug, Default)]
pub struct Searches {
    pub limits: SearchLimits,
    asking: Mutex<HashMap<String, Arc<Semaphore>>>,
}

/// Held while a search or a question is under way.
#[derive(Debug)]
pub struct Place {
    _permit: OwnedSemaphorePermit,
}

impl Searches {
    pub fn new(limits: SearchLimits) -> Self {
        Self { limits, asking: Mutex::default() }
    }

    /// A place for one more of this asker.
    ///
    /// # Errors
    /// `Refused` with 429 where as many as allowed stay under way.
    pub async fn enter(&self, scope: &Scope) -> Result<Place, Error> {
        let waiting = tokio::time::timeout(MOMENT, self.places(&scope.actor().id()).acquire_owned());
        match waiting.await {
            Ok(Ok(_permit)) => Ok(Place { _permit }),
            _ => Err(Error::Refused { status: 429, key: "error-too-many-searches", words: String::new() }),
        }
    }

    fn places(&self, asker: &str) -> Arc<Semaphore> {
        let mut asking = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
        let all = self.limits.per_person.max(1);
        // Whoever has nothing under way and is not about to is forgotten.
        asking.retain(|_, places| places.available_permits() < all || Arc::strong_count(places) > 1);
        asking.entry(asker.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(all))).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kit::scope::{Actor, Agencies};

    fn person(id: &str) -> Scope {
        Scope::new(Actor::Person { id: id.into(), name: id.into() }, Agencies::All, [], None)
    }

    #[tokio::test]
    async fn nobody_has_more_than_their_share_and_nobody_takes_anothers() {
        let searches = Searches::new(SearchLimits { per_person: 2, ..SearchLimits::default() });
        let (a, b) = (person("a"), person("b"));
        let first = searches.enter(&a).await.unwrap();
        let _second = searches.enter(&a).await.unwrap();
        assert_eq!(searches.enter(&a).await.unwrap_err().status(), 429);
        let _other = searches.enter(&b).await.unwrap();
        // One that ends while the next waits makes room for it.
        let (third, ()) = tokio::join!(searches.enter(&a), async { drop(first) });
        assert!(third.is_ok());
    }

    #[tokio::test]
    async fn who_asks_for_nothing_any_more_is_forgotten() {
        let searches = Searches::default();
        for id in ["a", "b", "c"] {
            drop(searches.enter(&person(id)).await.unwrap());
        }
        assert_eq!(searches.asking.lock().unwrap().len(), 1);
    }
}
