//! What correlations remember, across restarts: a text of the engine's in the registers, with the position in the log up to
//! which it was observed, written in the transaction that moves the detection cursor. What comes after that position is
//! read from the log again at a start, and the log keeps it until then (`docs/decisions/0020-correlation-memory.md`).

use super::Worker;
use crate::alerts::record::{self, Cursor};
use crate::rules::settings::CorrelationSettings;
use detection::CorrelationState;
use kit::clock::Micros;
use kit::{Connection, Error, Tx};
use sea_orm::{ConnectionTrait, Statement};
use std::time::{Duration, Instant};

const NAME: &str = Cursor::Correlations.name();
/// It is written at most this often, and never for more than so great a share of the time.
const EVERY: Duration = Duration::from_secs(1);
const SHARE: u32 = 20;
/// However long writing takes, the log is kept no longer for it.
const AT_LEAST_EVERY: Duration = Duration::from_secs(60);

/// Up to where correlations have seen the log, and up to where that would survive a kill.
pub(super) struct Memory {
    settings: CorrelationSettings,
    /// Where the text that was taken up at the start stood: everything up to here was seen then.
    begun_at: u64,
    observed: u64,
    kept: u64,
    /// Observations that are in the text in the registers; nothing while it has none of this run.
    kept_observations: Option<u64>,
    next: Instant,
    ready: Option<Ready>,
}

/// What the next transaction writes.
struct Ready {
    to: u64,
    observations: u64,
    /// Nothing where only the position has moved.
    text: Option<String>,
    began: Instant,
}

/// What the last run left behind.
pub(super) struct Left {
    pub(super) memory: Memory,
    pub(super) correlations: CorrelationState,
    /// The log is needed from behind this on.
    pub(super) position: u64,
}

impl Memory {
    /// Takes up what the last run left; begins anew where there is nothing, or nothing that can be used. `cursor` is how
    /// far detection had come, `last` the end of the log.
    pub(super) async fn take_up(
        connection: &impl Connection,
        settings: CorrelationSettings,
        cursor: u64,
        last: u64,
    ) -> Result<Left, Error> {
        let position = record::cursor(connection, Cursor::Correlations).await?;
        let text = read(connection).await?;
        let taken = match text {
            None => None,
            // The registers or the events were put back to another time.
            Some(_) if position > cursor || cursor > last => {
                tracing::warn!(
                    position,
                    cursor,
                    last,
                    "what correlations remember is not of this log; they begin anew"
                );
                None
            }
            Some(text) => {
                let load = move || CorrelationState::load(settings.limits(), &text);
                match tokio::task::spawn_blocking(load).await.map_err(Error::internal)? {
                    Ok(correlations) => Some(correlations),
                    Err(error) => {
                        tracing::warn!(%error, "correlations begin anew");
                        None
                    }
                }
            }
        };
        let begun_at = if taken.is_some() { position } else { 0 };
        let correlations = taken.unwrap_or_else(|| CorrelationState::new(settings.limits()));
        let memory = Self {
            settings,
            begun_at,
            observed: begun_at,
            kept: begun_at,
            kept_observations: (begun_at > 0).then(|| correlations.observations()),
            next: Instant::now(),
            ready: None,
        };
        Ok(Left { position: if begun_at > 0 { begun_at } else { cursor.min(last) }, memory, correlations })
    }

    /// Whether an event was seen before the start already.
    pub(super) fn has_seen(&self, seq: u64) -> bool {
        seq <= self.begun_at
    }

    pub(super) fn observed(&mut self, seq: u64) {
        self.observed = self.observed.max(seq);
    }

    /// Whether the next transaction has something to write.
    pub(super) fn is_ready(&self) -> bool {
        self.ready.is_some()
    }

    /// In the transaction that writes what was found up to there.
    pub(super) async fn write(&self, tx: &Tx<'_>, now: Micros) -> Result<(), Error> {
        let Some(ready) = &self.ready else { return Ok(()) };
        if let Some(text) = &ready.text {
            let sql = "INSERT INTO correlation_memory (name, state, updated_at) VALUES ($1, $2, $3) \
                       ON CONFLICT (name) DO UPDATE SET state = excluded.state, updated_at = excluded.updated_at";
            let values = [NAME.into(), text.as_str().into(), now.into()];
            tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
        }
        record::set_cursor(tx, Cursor::Correlations, ready.to, now).await
    }

    /// Up to here what was observed would survive a kill: correlations need the log no more.
    pub(super) fn kept(&self) -> u64 {
        self.kept
    }

    /// The transaction is committed.
    pub(super) fn written(&mut self) {
        let Some(Ready { to, observations, text, began }) = self.ready.take() else { return };
        self.kept = to;
        self.kept_observations = Some(observations);
        if text.is_some() {
            self.next = Instant::now() + (began.elapsed() * SHARE).clamp(EVERY, AT_LEAST_EVERY);
        }
    }
}

/// Makes the text that the next transaction writes, where it is time; at the end it is always.
pub(super) async fn prepare(mut worker: Worker, ends: bool) -> Result<Worker, Error> {
    let began = Instant::now();
    let memory = &worker.memory;
    let observations = worker.correlations.observations();
    let changed = memory.kept_observations != Some(observations);
    if memory.observed == memory.kept || changed && !ends && began < memory.next {
        return Ok(worker);
    }
    let to = memory.observed;
    let text = if changed {
        let most = memory.settings.kept_megabytes << 20;
        let save = move || {
            let text = worker.correlations.save(most);
            (worker, text)
        };
        let (same, text) = tokio::task::spawn_blocking(save).await.map_err(Error::internal)?;
        worker = same;
        Some(text)
    } else {
        None
    };
    worker.memory.ready = Some(Ready { to, observations, text, began });
    Ok(worker)
}

async fn read(connection: &impl Connection) -> Result<Option<String>, Error> {
    let sql = "SELECT state FROM correlation_memory WHERE name = $1";
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [NAME.into()]);
    let row = connection.query_one_raw(statement).await?;
    Ok(row.map(|row| row.try_get("", "state")).transpose()?)
}
