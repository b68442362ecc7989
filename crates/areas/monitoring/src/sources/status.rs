//! What is heard of each source, gathered in memory and written every few seconds: last seen, rate, clock lag,
//! and the presence of every minute. Each source remembers the last sequence it counted, so reading the log again
//! counts nothing twice.

use super::resolver::Known;
use super::store::execute;
use super::telemetry::LogSources;
use event::{Event, Listener, TimeQuality};
use kit::clock::{HOUR, MINUTE, Micros};
use kit::{Error, Tx};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Lags of recent events of which the median is shown.
const LAGS: usize = 31;
/// Minutes over which the rate is taken.
const RATE_MINUTES: i64 = 5;

/// Minutes of an hour in which something arrived, and how much.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct HourSeen {
    minutes: i64,
    events: i64,
}

/// One source since the last write.
#[derive(Debug, Default)]
struct Heard {
    events: i64,
    not_understood: i64,
    first_seen: Option<Micros>,
    last_seen: Micros,
    last_live: Option<Micros>,
    last_event_time: Micros,
    last_sequence: u64,
    hours: BTreeMap<Micros, HourSeen>,
    lags: Vec<Micros>,
    next_lag: usize,
    /// Events per minute of arrival, the last few minutes.
    minutes: BTreeMap<i64, i64>,
    written_rate: f64,
    log_sources: LogSources,
    dirty: bool,
}

impl Heard {
    fn lag(&self) -> Option<Micros> {
        let mut lags = self.lags.clone();
        lags.sort_unstable();
        lags.get(lags.len() / 2).copied()
    }

    /// Events per minute over the last full minutes before `now`.
    fn rate(&mut self, now: Micros) -> f64 {
        let minute = now.div_euclid(MINUTE);
        self.minutes.retain(|at, _| *at > minute - RATE_MINUTES);
        self.minutes.values().sum::<i64>() as f64 / RATE_MINUTES as f64
    }
}

/// The gathering over all sources.
#[derive(Debug, Default)]
pub struct StatusBoard {
    heard: HashMap<Arc<str>, Heard>,
}

impl StatusBoard {
    /// Counts one event of a source.
    pub fn hear(&mut self, known: &Known, event: &Event) {
        let heard = self.heard.entry(known.owner.source_id.clone()).or_insert_with(|| Heard {
            last_sequence: known.counted_to,
            last_event_time: Micros::MIN,
            ..Heard::default()
        });
        if event.seq <= heard.last_sequence {
            return;
        }
        heard.last_sequence = event.seq;
        heard.dirty = true;
        heard.events += 1;
        heard.not_understood += i64::from(!event.understood);
        heard.first_seen.get_or_insert(event.arrival);
        heard.last_seen = heard.last_seen.max(event.arrival);
        heard.last_event_time = heard.last_event_time.max(event.time);
        let minute = event.arrival.div_euclid(MINUTE);
        *heard.minutes.entry(minute).or_default() += 1;
        // An imported file proves nothing about who was connected when.
        if event.origin.listener == Listener::Import {
            return;
        }
        heard.last_live = heard.last_live.max(Some(event.arrival));
        heard.log_sources.hear(&event.log_source, event.arrival);
        let hour = heard.hours.entry(event.arrival.div_euclid(HOUR) * HOUR).or_default();
        hour.minutes |= 1 << minute.rem_euclid(60);
        hour.events += 1;
        if event.time_quality == TimeQuality::Exact {
            let lag = event.arrival.saturating_sub(event.time);
            match heard.lags.get_mut(heard.next_lag) {
                Some(place) => *place = lag,
                None => heard.lags.push(lag),
            }
            heard.next_lag = (heard.next_lag + 1) % LAGS;
        }
    }

    /// Whether there is anything to write.
    pub fn has_news(&mut self, now: Micros) -> bool {
        self.heard.values_mut().any(|heard| heard.dirty || heard.rate(now) != heard.written_rate)
    }

    /// Writes what changed. Call [`Self::written`] once the transaction is committed.
    pub async fn write(&mut self, tx: &Tx<'_>, now: Micros) -> Result<(), Error> {
        for (source_id, heard) in &mut self.heard {
            let rate = heard.rate(now);
            if !heard.dirty && rate == heard.written_rate {
                continue;
            }
            heard.written_rate = rate;
            heard.log_sources.write(tx, source_id).await?;
            write_status(tx, source_id, heard, rate).await?;
            for (hour, seen) in &heard.hours {
                let sql = "INSERT INTO source_presence (source_id, hour_start, minutes_seen, events) \
                    VALUES ($1, $2, $3, $4) ON CONFLICT (source_id, hour_start) DO UPDATE SET \
                    minutes_seen = source_presence.minutes_seen | excluded.minutes_seen, \
                    events = source_presence.events + excluded.events";
                let values = [(&**source_id).into(), (*hour).into(), seen.minutes.into(), seen.events.into()];
                execute(tx, sql, values).await?;
            }
        }
        Ok(())
    }

    /// The last write is committed: start counting anew.
    pub fn written(&mut self) {
        for heard in self.heard.values_mut() {
            heard.dirty = false;
            heard.events = 0;
            heard.not_understood = 0;
            heard.log_sources.written();
            heard.hours.clear();
        }
    }
}

async fn write_status(tx: &Tx<'_>, source_id: &str, heard: &Heard, rate: f64) -> Result<(), Error> {
    if !heard.dirty {
        let sql = "UPDATE source_status SET rate_per_minute = $2 WHERE source_id = $1";
        return execute(tx, sql, [source_id.into(), rate.into()]).await;
    }
    // The larger of two values in words that both databases know.
    let sql = "UPDATE source_status SET first_seen = COALESCE(first_seen, $2), \
        last_seen = CASE WHEN last_seen IS NULL OR last_seen < $3 THEN $3 ELSE last_seen END, \
        last_live = CASE WHEN $4 IS NULL THEN last_live WHEN last_live IS NULL OR last_live < $4 THEN $4 \
            ELSE last_live END, \
        last_event_time = CASE WHEN last_event_time IS NULL OR last_event_time < $5 THEN $5 ELSE last_event_time END, \
        lag = COALESCE($6, lag), rate_per_minute = $7, events = events + $8, not_understood = not_understood + $9, \
        last_sequence = $10 WHERE source_id = $1";
    let values = [
        source_id.into(),
        heard.first_seen.into(),
        heard.last_seen.into(),
        heard.last_live.into(),
        heard.last_event_time.into(),
        heard.lag().into(),
        rate.into(),
        heard.events.into(),
        heard.not_understood.into(),
        i64::try_from(heard.last_sequence).unwrap_or(i64::MAX).into(),
    ];
    execute(tx, sql, values).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::grouping::Owner;

    #[test]
    fn the_median_lag_ignores_a_single_odd_record() {
        let mut heard = Heard { lags: vec![5, 7, 6, 1_000_000, 5], ..Heard::default() };
        assert_eq!(heard.lag(), Some(6));
        heard.lags.clear();
        assert_eq!(heard.lag(), None);
    }

    #[test]
    fn the_rate_forgets_what_is_older_than_its_minutes() {
        let mut heard = Heard { minutes: BTreeMap::from([(100, 50), (104, 10), (90, 1_000)]), ..Heard::default() };
        assert_eq!(heard.rate(104 * MINUTE), 12.0);
        assert_eq!(heard.rate(200 * MINUTE), 0.0);
    }

    #[test]
    fn an_event_read_again_is_not_counted_again() {
        let known = known();
        let mut board = StatusBoard::default();
        for seq in [4, 5, 6, 6, 5] {
            board.hear(&known, &Event { seq, arrival: 61 * MINUTE, ..Event::default() });
        }
        // The source had counted up to 4 before the restart.
        assert_eq!(board.heard["s"].events, 2);
    }

    fn known() -> Known {
        Known::for_test(Owner { source_id: "s".into(), ..Owner::default() }, 4)
    }
}
