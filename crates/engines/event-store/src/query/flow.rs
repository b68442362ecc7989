//! Answers that come in parts: a task on the threads of queries that hands over what it has so far. It ends with its
//! reader, with its time, or when it is cancelled, whichever is first. Its time stands still while it waits for a place.

use super::QueryContext;
use super::engine::{Engine, Session};
use super::places::{Place, Places};
use crate::StoreError;
use crate::memory::Snapshot;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

/// The end of the time is looked for no more often than this.
const STEP: Duration = Duration::from_millis(20);

/// The reader's end. Dropped, it ends the work.
pub(crate) struct Flow<T> {
    parts: mpsc::Receiver<Result<T, StoreError>>,
    task: Option<AbortOnDropHandle<()>>,
}

impl<T> Flow<T> {
    /// The next part; an error is the last. `None` once the work is done.
    pub(crate) async fn next(&mut self) -> Option<Result<T, StoreError>> {
        if let Some(part) = self.parts.recv().await {
            return Some(part);
        }
        let ended = self.task.take()?.await;
        ended.err().map(|error| Err(StoreError::Query(format!("the query broke off: {error}"))))
    }
}

/// The worker's end.
pub(crate) struct Parts<T> {
    sender: mpsc::Sender<Result<T, StoreError>>,
    places: Arc<Places>,
    context: QueryContext,
    time: Arc<Time>,
}

impl<T> Parts<T> {
    /// Waits until the reader has taken the part before the last. Hold no [`Parts::turn`] meanwhile.
    pub(crate) async fn send(&self, part: T) -> Result<(), StoreError> {
        self.sender.send(Ok(part)).await.map_err(|_| StoreError::Cancelled)
    }

    /// A place among the queries that run. Taken piece by piece, so that long work lets others in between.
    ///
    /// # Errors
    /// `Busy` where none came in time.
    pub(crate) async fn turn(&self) -> Result<Place, StoreError> {
        let _waiting = Pause::begin(&self.time);
        self.places.take_for(&self.context).await
    }
}

/// The time that a piece of work has taken, without that in which it waited for its turn.
struct Time {
    began: Instant,
    waited: Mutex<(Duration, Option<Instant>)>,
}

impl Time {
    fn taken(&self) -> Duration {
        let waited = self.waited.lock().unwrap_or_else(PoisonError::into_inner);
        let (before, now) = *waited;
        self.began.elapsed().saturating_sub(before + now.map_or(Duration::ZERO, |since| since.elapsed()))
    }

    /// Comes back once so much is taken.
    async fn up(&self, limit: Duration) {
        loop {
            let left = limit.saturating_sub(self.taken());
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left.max(STEP)).await;
        }
    }
}

/// While it lives the time stands still.
struct Pause<'t>(&'t Time);

impl<'t> Pause<'t> {
    fn begin(time: &'t Time) -> Self {
        time.waited.lock().unwrap_or_else(PoisonError::into_inner).1 = Some(Instant::now());
        Self(time)
    }
}

impl Drop for Pause<'_> {
    fn drop(&mut self) {
        let mut waited = self.0.waited.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(since) = waited.1.take() {
            waited.0 += since.elapsed();
        }
    }
}

impl Engine {
    /// Starts `work` in a session of its own, under the limits of the context.
    pub(crate) fn flow<T, W, F>(
        &self,
        context: &QueryContext,
        snapshot: Snapshot,
        work: W,
    ) -> Result<Flow<T>, StoreError>
    where
        T: Send + 'static,
        W: FnOnce(Arc<Session>, Parts<T>) -> F,
        F: Future<Output = Result<(), StoreError>> + Send + 'static,
    {
        let (runtime, places) = self.road(context.lane)?;
        // One part waits for the reader while the next is made; more would be made for nothing.
        let (sender, parts) = mpsc::channel(1);
        let last = sender.clone();
        let session = Arc::new(self.session(context, snapshot)?);
        let time = Arc::new(Time { began: Instant::now(), waited: Mutex::default() });
        let parts_of_it = Parts { sender, places, context: context.clone(), time: time.clone() };
        let work = work(session.clone(), parts_of_it);
        let (cancel, limit) = (context.cancel.clone(), context.timeout);
        let task = runtime.spawn(async move {
            let outcome = tokio::select! {
                biased;
                () = cancel.cancelled() => Err(StoreError::Cancelled),
                () = time.up(limit) => Err(StoreError::Timeout { limit }),
                outcome = session.within_memory(work) => outcome,
            };
            if let Err(error) = outcome {
                // Whoever is gone needs no reason.
                let _ = last.send(Err(error)).await;
            }
        });
        Ok(Flow { parts, task: Some(AbortOnDropHandle::new(task)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_time_stands_still_while_a_place_is_waited_for() {
        let long = Duration::from_secs(10);
        let began = Instant::now().checked_sub(2 * long).unwrap();
        let time = Time { began, waited: Mutex::new((long, Some(began + long))) };
        assert!(time.taken() < long, "it waited before, and it waits now");
        drop(Pause(&time));
        assert!(time.taken() < long && time.waited.lock().unwrap().1.is_none());
        let time = Time { began, waited: Mutex::default() };
        time.up(long).await;
        assert!(time.taken() >= 2 * long);
    }
}
