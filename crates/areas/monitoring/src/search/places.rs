//! How many searches and questions one person has under way, and how many live tails the person follows. Everyone shares
//! the threads of queries and what looks through incoming events; nobody may take all of them, be it with many tabs or with
//! a program.

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

/// Searches under way and live tails that are followed, by who asked.
#[derive(Debug)]
pub struct Searches {
    pub limits: SearchLimits,
    asking: Places,
    following: Places,
}

/// Held while a search or a question is under way, or a tail is followed.
#[derive(Debug)]
pub struct Place {
    _permit: OwnedSemaphorePermit,
}

impl Searches {
    /// `tails`: live tails that one person follows at a time (`content/organisation/session-policy.toml`).
    pub fn new(limits: SearchLimits, tails: usize) -> Self {
        Self { limits, asking: Places::new(limits.per_person), following: Places::new(tails) }
    }

    /// A place for one more search or question of this asker.
    ///
    /// # Errors
    /// `Refused` with 429 where as many as allowed stay under way.
    pub async fn enter(&self, scope: &Scope) -> Result<Place, Error> {
        self.asking.take(scope, "error-too-many-searches").await
    }

    /// A place for one more live tail.
    ///
    /// # Errors
    /// `Refused` with 429 where as many as allowed stay open.
    pub async fn follow(&self, scope: &Scope) -> Result<Place, Error> {
        self.following.take(scope, "error-too-many-tails").await
    }
}

/// Places of one kind: so many for each who asks.
#[derive(Debug)]
struct Places {
    each: usize,
    held: Mutex<HashMap<String, Arc<Semaphore>>>,
}

impl Places {
    fn new(each: usize) -> Self {
        Self { each: each.max(1), held: Mutex::default() }
    }

    async fn take(&self, scope: &Scope, refused: &'static str) -> Result<Place, Error> {
        match tokio::time::timeout(MOMENT, self.of(&scope.actor().id()).acquire_owned()).await {
            Ok(Ok(_permit)) => Ok(Place { _permit }),
            _ => Err(Error::Refused { status: 429, key: refused, words: String::new() }),
        }
    }

    fn of(&self, asker: &str) -> Arc<Semaphore> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever has nothing under way and is not about to is forgotten.
        held.retain(|_, places| places.available_permits() < self.each || Arc::strong_count(places) > 1);
        held.entry(asker.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(self.each))).clone()
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
        let searches = Searches::new(SearchLimits { per_person: 2, ..SearchLimits::default() }, 1);
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
    async fn tails_have_places_of_their_own() {
        let searches = Searches::new(SearchLimits { per_person: 1, ..SearchLimits::default() }, 2);
        let (a, b) = (person("a"), person("b"));
        let _search = searches.enter(&a).await.unwrap();
        let _tails = [searches.follow(&a).await.unwrap(), searches.follow(&a).await.unwrap()];
        let third = searches.follow(&a).await.unwrap_err();
        assert_eq!((third.status(), third.key()), (429, "error-too-many-tails"));
        assert!(searches.follow(&b).await.is_ok());
    }

    #[tokio::test]
    async fn who_asks_for_nothing_any_more_is_forgotten() {
        let searches = Searches::new(SearchLimits::default(), 1);
        for id in ["a", "b", "c"] {
            drop(searches.enter(&person(id)).await.unwrap());
        }
        assert_eq!(searches.asking.held.lock().unwrap().len(), 1);
    }
}
