//! Records that are sent again because their answers were lost. A sender whose connection broke, or whose server was
//! killed, repeats what it had no answer to, although some of it is stored, often in another cut and not at once.
//! What may have had no answer is remembered, and answered without storing it twice when it comes again; every other
//! equal record is a second event (`settled` 3, decision 0006).

mod documents;
mod sessions;

pub(crate) use sessions::{Session, Verdict};

use documents::Documents;
use event::Micros;
use sessions::Runs;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Records remembered of one session or request; windows of RELP senders (128) and batches of rsyslog (1,024) are
/// smaller unless set otherwise.
pub const LONGEST: usize = 8_192;
/// How long a sender may stay away before its repeated records are taken for new ones.
const MEMORY: Micros = 24 * 3600 * 1_000_000;

/// A number that no other connection has, of this run of the program or an earlier one.
pub fn connection_number(now: Micros) -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let now = u64::try_from(now).unwrap_or_default();
    let next = |last: u64| Some(now.max(last + 1));
    LAST.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).map_or(now, |last| now.max(last + 1))
}

/// What was stored and may have had no answer. Shared by all doors.
#[derive(Debug, Default)]
pub struct Resends {
    hasher: RandomState,
    runs: Mutex<Runs>,
    documents: Mutex<Documents>,
}

impl Resends {
    fn mark(&self, index: Option<&str>, bytes: &[u8]) -> u64 {
        self.hasher.hash_one((index, bytes))
    }

    fn runs(&self) -> MutexGuard<'_, Runs> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn documents(&self) -> MutexGuard<'_, Documents> {
        self.documents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers the messages of a session that are stored but may have had no answer, in their order; of many the
    /// last.
    pub fn remember_session<'a>(&self, sender: &str, messages: impl IntoIterator<Item = &'a [u8]>, now: Micros) {
        let marks = messages.into_iter().map(|bytes| self.mark(None, bytes)).collect();
        self.runs().keep(sender, marks, now);
    }

    /// A new session of this sender.
    pub(crate) fn begin(&self, sender: &str, now: Micros) -> Session<'_> {
        let runs = self.runs().of(sender, now);
        Session::new(self, sender, runs, now)
    }

    /// Remembers documents that are stored but may have had no answer: sequence, index that the document names, text.
    pub fn remember_documents<'a>(
        &self,
        sender: &str,
        documents: impl IntoIterator<Item = (u64, &'a str, &'a [u8])>,
        now: Micros,
    ) {
        let marks = documents.into_iter().map(|(sequence, index, bytes)| (self.mark(Some(index), bytes), sequence));
        let marks: Vec<(u64, u64)> = marks.collect();
        self.documents().keep(sender, marks.into_iter(), now);
    }

    /// For each document of a request the sequence under which it is stored already, if it is a repeated one; empty
    /// if none is. Each stored document stands for one repeated one.
    pub fn repeated(&self, sender: &str, request: &[(&str, &[u8])], now: Micros) -> Vec<Option<u64>> {
        if !self.documents().knows(sender, now) {
            return Vec::new();
        }
        // Hashed before the lock: other senders need not wait for it.
        let marks: Vec<u64> = request.iter().map(|(index, bytes)| self.mark(Some(index), bytes)).collect();
        self.documents().take(sender, marks.into_iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_connections_have_one_number() {
        let first = connection_number(1_000);
        assert!(connection_number(1_000) > first);
        assert!(connection_number(900) > first, "a clock that goes back");
    }
}
