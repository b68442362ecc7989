//! Answers that come in parts: a task on the threads of queries that hands over what it has so far. It ends with its
//! reader, with its time, or when it is cancelled, whichever is first.

use super::QueryContext;
use super::engine::{Engine, Session};
use crate::StoreError;
use crate::memory::Snapshot;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::task::AbortOnDropHandle;

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
    places: Arc<Semaphore>,
}

impl<T> Parts<T> {
    /// Waits until the reader has taken the part before the last. Hold no [`Parts::turn`] meanwhile.
    pub(crate) async fn send(&self, part: T) -> Result<(), StoreError> {
        self.sender.send(Ok(part)).await.map_err(|_| StoreError::Cancelled)
    }

    /// A place among the queries that run. Taken piece by piece, so that long work lets others in between.
    pub(crate) async fn turn(&self) -> Result<OwnedSemaphorePermit, StoreError> {
        self.places.clone().acquire_owned().await.map_err(|_| StoreError::Closed)
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
        let work = work(session.clone(), Parts { sender, places });
        let (cancel, limit) = (context.cancel.clone(), context.timeout);
        let task = runtime.spawn(async move {
            let outcome = tokio::select! {
                biased;
                () = cancel.cancelled() => Err(StoreError::Cancelled),
                () = tokio::time::sleep(limit) => Err(StoreError::Timeout { limit }),
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
