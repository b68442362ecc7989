//! Feeds that are fetched on a schedule: JSON over HTTP(S), from addresses that may be called. Each record is stored
//! once: a cursor goes along where the feed has one, what stood in the answer before is left out, and how far a feed was
//! stored is marked as for watched files.

mod answer;

pub use answer::CursorSettings;

use crate::import::files::unread;
use crate::watch::marks::{Mark, hash};
use answer::Answer;
use bytes::Bytes;
use event::{LONGEST_RECORD, Listener, Micros, Origin, RawRecord};
use event_store::{Store, StoreError};
use ingest::files::Place;
use kit::clock::Clock;
use organisation::delivery::{Failure, Web};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// One feed.
#[derive(Clone, Default)]
pub struct FeedSettings {
    /// Of our own; stored with its records and under which it is marked.
    pub name: String,
    pub url: String,
    /// Names and values, keys among them.
    pub headers: Vec<(String, String)>,
    pub every: Duration,
    /// Where the records are in the answer, as names behind slashes (`/data/items`); empty where it is a list itself.
    pub records: String,
    pub cursor: Option<CursorSettings>,
    /// Registered source that the records are of.
    pub source_id: Option<String>,
    /// Format by name; recognised by itself where absent.
    pub format: Option<String>,
    /// IANA name or offset for records without a zone.
    pub time_zone: Option<String>,
}

/// Bytes of one answer.
const LONGEST: usize = 16 << 20;
/// Answers that are fetched one after the other while the cursor moves on.
const TURNS: usize = 20;
/// Records that are stored at once, and records whose hashes are remembered.
const AT_ONCE: usize = 1_000;
const MOST_SEEN: usize = 20_000;

/// Figures of one feed since the start.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedFigures {
    pub name: String,
    pub fetched: u64,
    pub records: u64,
    /// When it last answered.
    pub answered: Option<Micros>,
    /// Why the last attempt failed.
    pub trouble: Option<String>,
}

/// Where a feed stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    cursor: Option<String>,
    /// Hashes of the records of the last answer.
    seen: Vec<String>,
}

#[derive(Debug, thiserror::Error)]
enum PullError {
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The feed does not answer, or not as it was set.
    #[error("{0}")]
    Answer(String),
}

/// Figures of all feeds. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct FeedBoard(Arc<Mutex<Vec<FeedFigures>>>);

impl FeedBoard {
    pub fn figures(&self) -> Vec<FeedFigures> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn change(&self, number: usize, change: impl FnOnce(&mut FeedFigures)) {
        if let Some(one) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get_mut(number) {
            change(one);
        }
    }
}

/// Fetches feeds into the store.
pub struct Pull {
    feeds: Vec<FeedSettings>,
    web: Web,
    store: Store,
    clock: Arc<dyn Clock>,
    board: FeedBoard,
}

impl Pull {
    pub fn new(feeds: Vec<FeedSettings>, web: Web, store: Store, clock: Arc<dyn Clock>) -> Self {
        let named = |feed: &FeedSettings| FeedFigures { name: feed.name.clone(), ..FeedFigures::default() };
        let board = FeedBoard(Arc::new(Mutex::new(feeds.iter().map(named).collect())));
        Self { feeds, web, store, clock, board }
    }

    pub fn board(&self) -> FeedBoard {
        self.board.clone()
    }

    /// Fetches all feeds, each in its own time, until stopped.
    pub async fn run(self, stop: CancellationToken) {
        let mut each = Vec::with_capacity(self.feeds.len());
        for (number, feed) in self.feeds.iter().enumerate() {
            each.push(self.keep(number, feed, &stop));
        }
        futures::future::join_all(each).await;
    }

    async fn keep(&self, number: usize, feed: &FeedSettings, stop: &CancellationToken) {
        let every = feed.every.max(Duration::from_secs(1));
        loop {
            tokio::select! { () = stop.cancelled() => return, () = self.look(number, feed) => {} }
            tokio::select! { () = stop.cancelled() => return, () = tokio::time::sleep(every) => {} }
        }
    }

    /// Fetches all feeds once. May be cut off at any moment.
    pub async fn look_at_all(&self) {
        for (number, feed) in self.feeds.iter().enumerate() {
            self.look(number, feed).await;
        }
    }

    async fn look(&self, number: usize, feed: &FeedSettings) {
        let done = self.fetch(number, feed).await;
        let trouble = done.err().map(|error| error.to_string());
        self.board.change(number, |one| {
            if let Some(trouble) = trouble.as_ref().filter(|trouble| one.trouble.as_ref() != Some(*trouble)) {
                tracing::warn!(feed = %feed.name, %trouble, "a feed could not be fetched");
            }
            one.trouble = trouble;
        });
    }

    async fn fetch(&self, number: usize, feed: &FeedSettings) -> Result<(), PullError> {
        let key = format!("pull/{}", feed.name);
        let mut mark = match Mark::load(&self.store, &key).await? {
            Some(mark) => mark,
            None => Mark { path: feed.name.clone(), ..Mark::default() },
        };
        for _ in 0..TURNS {
            let state: State = serde_json::from_str(&mark.tail).unwrap_or_default();
            let url = answer::address(&feed.url, feed.cursor.as_ref(), state.cursor.as_deref());
            let body = self.web.get(&url, &feed.headers, LONGEST).await;
            let body = body.map_err(|failure| PullError::Answer(words(&failure)))?;
            let found = Answer::read(&body, &feed.records, feed.cursor.as_ref()).map_err(PullError::Answer)?;
            let (answered, cursor) = (self.clock.now(), found.cursor.clone().or(state.cursor.clone()));
            let count = self.store_answer(feed, &key, &mut mark, state.clone(), found).await?;
            self.board.change(number, |one| {
                one.fetched += 1;
                one.records += count;
                one.answered = Some(answered);
            });
            if cursor == state.cursor {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Stores what is new in an answer, in parts; the cursor moves with the last of them.
    async fn store_answer(
        &self,
        feed: &FeedSettings,
        key: &str,
        mark: &mut Mark,
        before: State,
        answer: Answer,
    ) -> Result<u64, PullError> {
        let known: HashSet<&str> = before.seen.iter().map(String::as_str).collect();
        let hashed: Vec<(String, Bytes)> =
            answer.records.into_iter().map(|record| (hash(&record).chars().take(32).collect(), record)).collect();
        if answer.cursor.is_none() && hashed.len() > MOST_SEEN {
            let reason =
                format!("more than {MOST_SEEN} records in an answer without a cursor: which are new cannot be known");
            return Err(PullError::Answer(reason));
        }
        // What an earlier answer held may come again after one that does not.
        let mut seen: Vec<String> = hashed.iter().map(|(hash, _)| hash.clone()).collect();
        let own: HashSet<&str> = hashed.iter().map(|(hash, _)| hash.as_str()).collect();
        seen.extend(before.seen.iter().filter(|hash| !own.contains(hash.as_str())).cloned());
        seen.truncate(MOST_SEEN);
        let after = State { cursor: answer.cursor.or_else(|| before.cursor.clone()), seen };
        let fresh: Vec<(String, Bytes)> =
            hashed.into_iter().filter(|(hash, _)| !known.contains(hash.as_str())).collect();
        if fresh.is_empty() && after == before {
            return Ok(0);
        }
        let origin = Arc::new(Origin {
            listener: Listener::Pull,
            source_id: feed.source_id.clone(),
            format: feed.format.clone(),
            file: Some(feed.name.clone()),
            time_zone: feed.time_zone.clone(),
            ..Origin::default()
        });
        let (mut stored, count) = (before.clone(), fresh.len() as u64);
        let mut parts = fresh.chunks(AT_ONCE).peekable();
        loop {
            let part = parts.next().unwrap_or_default();
            let arrival = self.clock.now();
            let record = |(position, (_, bytes)): (u64, &(String, Bytes))| {
                let bytes = match bytes.len() {
                    0..=LONGEST_RECORD => bytes.clone(),
                    long => unread(&feed.name, position, &format!("it has {long} bytes")),
                };
                RawRecord { bytes, arrival, origin: origin.clone(), position }
            };
            let records: Vec<RawRecord> = (mark.done.lines + 1..).zip(part).map(record).collect();
            let to = Place { bytes: 0, lines: mark.done.lines + part.len() as u64 };
            let last = parts.peek().is_none();
            stored.seen.extend(part.iter().map(|(hash, _)| hash.clone()));
            let state = if last { &after } else { &stored };
            let tail = serde_json::to_string(state).map_err(|error| PullError::Answer(error.to_string()))?;
            self.store.pace().await;
            mark.advance(&self.store, key, to, tail, records).await?;
            if last {
                return Ok(count);
            }
        }
    }
}

/// Why a feed did not answer.
fn words(failure: &Failure) -> String {
    match failure.answer.as_str() {
        "" => failure.reason.code().to_owned(),
        answer => format!("{} {answer}", failure.reason.code()),
    }
}
