//! How many bytes of segments a question may read, and one asker within a while: what would read the whole store for one
//! answer is stopped and told to be narrower, however patient its asker is.

use crate::StoreError;
use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// Askers whose reading is remembered; of more, those whose window is over are forgotten.
const REMEMBERED: usize = 1_000;

/// Bytes that may be read; nothing is bounded where a limit is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadLimits {
    /// For one question.
    pub question: u64,
    /// By one asker within the window.
    pub asker: u64,
    pub window: Duration,
}

impl Default for ReadLimits {
    fn default() -> Self {
        Self { question: 64 << 30, asker: 512 << 30, window: Duration::from_secs(3_600) }
    }
}

/// What askers have read in their windows.
#[derive(Debug)]
pub(super) struct Reading {
    limits: ReadLimits,
    askers: Mutex<HashMap<Arc<str>, Window>>,
}

#[derive(Debug)]
struct Window {
    began: Instant,
    read: u64,
}

impl Reading {
    pub(super) fn new(limits: ReadLimits) -> Self {
        Self { limits, askers: Mutex::default() }
    }

    /// Counts what an asker reads at `now`; how long they have to wait where it is too much.
    fn count(&self, asker: &Arc<str>, bytes: u64, now: Instant) -> Result<(), Duration> {
        let window = self.limits.window;
        let mut askers = self.askers.lock().unwrap_or_else(PoisonError::into_inner);
        if askers.len() > REMEMBERED {
            askers.retain(|_, one| now.saturating_duration_since(one.began) < window);
        }
        let one = askers.entry(asker.clone()).or_insert(Window { began: now, read: 0 });
        let passed = now.saturating_duration_since(one.began);
        if passed >= window {
            *one = Window { began: now, read: 0 };
        }
        if self.limits.asker > 0 && one.read.saturating_add(bytes) > self.limits.asker {
            return Err(window.saturating_sub(passed));
        }
        one.read += bytes;
        Ok(())
    }
}

/// What one question has read. The program's own (no asker) are counted and not bounded.
#[derive(Debug)]
pub(crate) struct Budget {
    reading: Arc<Reading>,
    asker: Option<Arc<str>>,
    read: AtomicU64,
    over: OnceLock<StoreError>,
}

impl Budget {
    pub(super) fn new(reading: Arc<Reading>, asker: Option<Arc<str>>) -> Self {
        Self { reading, asker, read: AtomicU64::new(0), over: OnceLock::new() }
    }

    /// Before so many bytes are read.
    ///
    /// # Errors
    /// Where that is too much; [`Self::over`] says why.
    pub(super) fn take(&self, bytes: u64) -> io::Result<()> {
        let limits = &self.reading.limits;
        let sum = self.read.fetch_add(bytes, Ordering::AcqRel).saturating_add(bytes);
        let Some(asker) = &self.asker else { return Ok(()) };
        let refused = match limits.question {
            limit @ 1.. if sum > limit => Some(StoreError::ReadTooMuch { limit }),
            _ => self.reading.count(asker, bytes, Instant::now()).err().map(|wait| StoreError::ReadEnough {
                limit: limits.asker,
                window: limits.window,
                wait,
            }),
        };
        let Some(refused) = refused else { return Ok(()) };
        let words = refused.to_string();
        let _ = self.over.set(refused);
        Err(io::Error::other(words))
    }

    /// Why no more was read.
    pub(super) fn over(&self) -> Option<StoreError> {
        self.over.get().cloned()
    }

    pub(super) fn read(&self) -> u64 {
        self.read.load(Ordering::Acquire)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(question: u64, asker: u64) -> (Arc<Reading>, Arc<str>) {
        let limits = ReadLimits { question, asker, window: Duration::from_secs(60) };
        (Arc::new(Reading::new(limits)), Arc::from("a"))
    }

    #[test]
    fn a_question_reads_so_much_and_no_more() {
        let (reading, asker) = budget(100, 0);
        let one = Budget::new(reading.clone(), Some(asker.clone()));
        assert!(one.take(100).is_ok() && one.over().is_none());
        assert!(one.take(1).is_err());
        assert!(matches!(one.over(), Some(StoreError::ReadTooMuch { limit: 100 })), "{:?}", one.over());
        assert!(Budget::new(reading.clone(), Some(asker)).take(100).is_ok(), "the next has its own");
        let program = Budget::new(reading, None);
        assert!(program.take(1_000).is_ok());
        assert_eq!(program.read(), 1_000);
    }

    #[test]
    fn an_asker_reads_so_much_in_a_while() {
        let (reading, asker) = budget(0, 100);
        for _ in 0..2 {
            assert!(Budget::new(reading.clone(), Some(asker.clone())).take(50).is_ok());
        }
        let third = Budget::new(reading.clone(), Some(asker.clone()));
        assert!(third.take(1).is_err());
        assert!(matches!(third.over(), Some(StoreError::ReadEnough { limit: 100, .. })), "{:?}", third.over());
        assert!(Budget::new(reading.clone(), Some(Arc::from("b"))).take(100).is_ok(), "others are not concerned");
        let later = Instant::now() + Duration::from_secs(61);
        assert_eq!(reading.count(&asker, 100, later), Ok(()));
        assert_eq!(reading.count(&asker, 1, later + Duration::from_secs(20)), Err(Duration::from_secs(40)));
    }
}
