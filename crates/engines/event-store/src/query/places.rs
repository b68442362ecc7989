//! Places among the queries that run, given fairly: nobody takes the last one while holding others, and of those who wait
//! it is the turn of whoever holds the fewest and was served longest ago.

use super::QueryContext;
use crate::StoreError;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// Askers whose last turn is remembered; of more, those who neither wait nor hold a place are forgotten.
const REMEMBERED: usize = 1_000;

/// The places of one lane.
#[derive(Debug)]
pub(crate) struct Places {
    all: usize,
    /// Of one asker.
    each: usize,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    taken: usize,
    askers: HashMap<Arc<str>, Asker>,
    waiting: Vec<Ticket>,
    tickets: u64,
    turns: u64,
}

#[derive(Debug, Default)]
struct Asker {
    held: usize,
    /// Number of the last turn; 0 before the first.
    served: u64,
}

#[derive(Debug)]
struct Ticket {
    number: u64,
    asker: Option<Arc<str>>,
}

/// Held while a query, or a piece of one, runs.
#[derive(Debug)]
pub(crate) struct Place {
    places: Arc<Places>,
    asker: Option<Arc<str>>,
}

impl Places {
    /// One asker gets all but one, where there is more than one.
    pub(super) fn new(all: usize) -> Arc<Self> {
        let all = all.max(1);
        Arc::new(Self { all, each: (all - 1).max(1), state: Mutex::default(), changed: Notify::new() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a place, no longer than `patience`. The program itself (no asker) may take all of them.
    ///
    /// # Errors
    /// `Busy` where none came.
    pub(super) async fn take(
        self: &Arc<Self>,
        asker: Option<Arc<str>>,
        patience: Duration,
    ) -> Result<Place, StoreError> {
        let ticket = Waiting::new(self, asker);
        tokio::time::timeout(patience, ticket.called()).await.map_err(|_| StoreError::Busy { waited: patience })
    }

    /// The same under the limits of a context.
    pub(super) async fn take_for(self: &Arc<Self>, context: &QueryContext) -> Result<Place, StoreError> {
        self.take(context.asker.clone(), context.patience).await
    }
}

impl State {
    /// Whose turn it is, where a place is free for somebody.
    fn next(&self, all: usize, each: usize) -> Option<u64> {
        if self.taken >= all {
            return None;
        }
        let may = self.waiting.iter().filter(|ticket| self.rank(ticket).0 < each);
        may.min_by_key(|ticket| (self.rank(ticket), ticket.number)).map(|ticket| ticket.number)
    }

    /// Places that its asker holds, and when the asker was last served: the least comes first.
    fn rank(&self, ticket: &Ticket) -> (usize, u64) {
        let asker = ticket.asker.as_ref().and_then(|asker| self.askers.get(asker));
        asker.map_or((0, 0), |asker| (asker.held, asker.served))
    }

    fn forget(&mut self) {
        if self.askers.len() > REMEMBERED {
            let waiting = &self.waiting;
            let waits = |name: &Arc<str>| waiting.iter().any(|ticket| ticket.asker.as_ref() == Some(name));
            self.askers.retain(|name, asker| asker.held > 0 || waits(name));
        }
    }
}

/// A ticket in the queue; given up, it leaves.
struct Waiting {
    places: Arc<Places>,
    number: u64,
    asker: Option<Arc<str>>,
}

impl Waiting {
    fn new(places: &Arc<Places>, asker: Option<Arc<str>>) -> Self {
        let mut state = places.state();
        state.tickets += 1;
        let number = state.tickets;
        state.waiting.push(Ticket { number, asker: asker.clone() });
        drop(state);
        Self { places: places.clone(), number, asker }
    }

    async fn called(self) -> Place {
        loop {
            let changed = self.places.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if let Some(place) = self.admit() {
                return place;
            }
            changed.await;
        }
    }

    fn admit(&self) -> Option<Place> {
        let mut state = self.places.state();
        if state.next(self.places.all, self.places.each) != Some(self.number) {
            return None;
        }
        state.waiting.retain(|ticket| ticket.number != self.number);
        state.taken += 1;
        state.turns += 1;
        let turn = state.turns;
        if let Some(name) = &self.asker {
            let asker = state.askers.entry(name.clone()).or_default();
            asker.held += 1;
            asker.served = turn;
        }
        state.forget();
        drop(state);
        // There may be a place for the next as well.
        self.places.changed.notify_waiters();
        Some(Place { places: self.places.clone(), asker: self.asker.clone() })
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let number = self.number;
        self.places.state().waiting.retain(|ticket| ticket.number != number);
        self.places.changed.notify_waiters();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.places.state();
        state.taken = state.taken.saturating_sub(1);
        if let Some(name) = &self.asker
            && let Some(asker) = state.askers.get_mut(name)
        {
            asker.held = asker.held.saturating_sub(1);
        }
        drop(state);
        self.places.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);
    const SHORT: Duration = Duration::from_millis(50);

    fn who(name: &str) -> Option<Arc<str>> {
        Some(Arc::from(name))
    }

    #[tokio::test]
    async fn the_last_place_stays_for_others_and_waiting_ends() {
        let places = Places::new(2);
        let first = places.take(who("a"), LONG).await.unwrap();
        let second = places.take(who("a"), SHORT).await;
        assert!(matches!(second, Err(StoreError::Busy { waited }) if waited == SHORT), "{second:?}");
        let other = places.take(who("b"), LONG).await.unwrap();
        assert!(places.take(who("c"), SHORT).await.is_err(), "both are taken");
        drop((first, other));
        let _all = [places.take(None, LONG).await.unwrap(), places.take(None, LONG).await.unwrap()];
        assert!(places.state().waiting.is_empty());
    }

    #[tokio::test]
    async fn of_those_who_wait_nobody_is_served_twice_before_the_others_once() {
        let places = Places::new(1);
        let held = places.take(who("a"), LONG).await.unwrap();
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = Vec::new();
        for name in ["a", "a", "a", "b", "c"] {
            let (places, order) = (places.clone(), order.clone());
            tasks.push(tokio::spawn(async move {
                let _place = places.take(who(name), LONG).await.unwrap();
                order.lock().unwrap().push(name);
            }));
            tokio::task::yield_now().await;
        }
        assert_eq!(places.state().waiting.len(), 5);
        drop(held);
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(*order.lock().unwrap(), ["b", "c", "a", "a", "a"]);
    }

    #[tokio::test]
    async fn whoever_gives_up_leaves_the_queue_to_the_others() {
        let places = Places::new(1);
        let held = places.take(who("a"), LONG).await.unwrap();
        let waiting = Waiting::new(&places, who("b"));
        let next = tokio::spawn({
            let places = places.clone();
            async move { places.take(who("c"), LONG).await.map(drop) }
        });
        tokio::task::yield_now().await;
        drop(held);
        drop(waiting);
        next.await.unwrap().unwrap();
    }
}
