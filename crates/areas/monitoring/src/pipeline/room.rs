//! What happens when there is no room, neither for segments nor for alerts, or the registers are away. The log keeps what
//! was acknowledged; those who wait are told, so that a command ends with the reason. A running server waits until there
//! is room again, and one that is to stop does not.

use super::Pipeline;
use event_store::StoreError;
use kit::Error;
use std::sync::PoisonError;
use std::time::Duration;

/// How often those who wait look again.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How long one try may still take once the pipeline is to stop.
const LAST_TRY: Duration = Duration::from_secs(15);

/// What of the log can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    Everything,
    /// The disk is full; so many durable records wait in the log.
    AllBut(u64),
    /// Everything can be searched, but alerts of it could not be written.
    Unevaluated,
}

impl Pipeline {
    /// Why nothing goes on until somebody makes room on a disk.
    pub fn no_room(&self) -> Option<String> {
        if self.0.store.is_stuck() {
            return Some(StoreError::DiskFull.to_string());
        }
        let refused = self.0.refused.read().unwrap_or_else(PoisonError::into_inner);
        refused.as_ref().filter(|error| error.is_disk_full()).map(ToString::to_string)
    }

    /// Ends when [`Pipeline::no_room`] has something to say.
    pub async fn out_of_room(&self) -> String {
        loop {
            if let Some(reason) = self.no_room() {
                return reason;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Waits like [`Pipeline::wait_evaluated`], but not for room that does not come: reading needs none.
    pub async fn wait_shown(&self, seq: u64) -> Result<Shown, Error> {
        tokio::select! {
            biased;
            reached = self.wait_evaluated(seq) => reached.map(|()| Shown::Everything),
            () = self.shown_without_room(seq) => Ok(match seq.saturating_sub(self.0.store.inserted()) {
                0 => Shown::Unevaluated,
                left => Shown::AllBut(left),
            }),
        }
    }

    async fn shown_without_room(&self, seq: u64) {
        loop {
            self.out_of_room().await;
            // While alerts cannot be written, events still become searchable as long as memory takes them.
            if self.0.store.is_stuck() || self.0.store.inserted() >= seq {
                return;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Ends when the pipeline is to stop and cannot take in what it holds; the log keeps it for the next start.
    pub(super) async fn stopped_without_room(&self) {
        self.0.stop.cancelled().await;
        tokio::select! {
            _ = self.out_of_room() => {}
            () = tokio::time::sleep(LAST_TRY) => {}
        }
    }

    /// What a try at the registers gives, or an error where the pipeline is to stop and they do not answer.
    pub(super) async fn while_running<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let out_of_patience = async {
            self.0.stop.cancelled().await;
            tokio::time::sleep(LAST_TRY).await;
        };
        tokio::select! {
            biased;
            done = work => done,
            () = out_of_patience => Err(Error::Unavailable("the registers do not answer".to_owned())),
        }
    }

    /// Time between two tries; none where the pipeline is to stop.
    pub(super) async fn pause(&self, time: Duration) {
        tokio::select! {
            () = self.0.stop.cancelled() => {}
            () = tokio::time::sleep(time) => {}
        }
    }

    pub(super) fn set_refused(&self, error: Option<Error>) {
        *self.0.refused.write().unwrap_or_else(PoisonError::into_inner) = error;
    }
}
