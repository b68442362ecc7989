//! What the end of the log holds of senders that wait for an answer. A kill took their answers with it, and they
//! repeat what had none.

use event::{Listener, Micros, Origin, RawRecord};
use event_store::Store;
use ingest::resends::{LONGEST, Resends};
use std::collections::{HashMap, VecDeque};

/// Records at the end of the log that are looked through.
const LOG_END: u64 = 65_536;

/// The name under which a sender's records are compared. Agencies behind one address are told apart by their keys.
pub(crate) fn sender(origin: &Origin) -> Option<String> {
    let peer = origin.peer.as_deref()?;
    match origin.listener {
        Listener::Relp => Some(peer.to_owned()),
        Listener::Bulk => {
            let proven = [&origin.agency_id, &origin.source_id].map(|id| id.as_deref().unwrap_or_default());
            Some(format!("{peer} {}", proven.join(" ")))
        }
        _ => None,
    }
}

/// Reads the end of the log before the doors open.
pub async fn unanswered(store: &Store, now: Micros) -> Resends {
    let resends = Resends::default();
    let last = store.last_seq();
    let mut reader = store.read_log(last.saturating_sub(LOG_END).max(1));
    let mut runs: Vec<((String, Option<u64>), Run)> = Vec::new();
    let mut places = HashMap::new();
    loop {
        let records = match reader.next_stored(1_024).await {
            Ok(records) if !records.is_empty() => records,
            Ok(_) => break,
            Err(error) => {
                tracing::warn!(%error, "the end of the log does not read; repeated records may be stored twice");
                break;
            }
        };
        for (seq, record) in records {
            let Some(sender) = sender(&record.origin) else { continue };
            let whose = (sender, record.origin.connection);
            let place = *places.entry(whose.clone()).or_insert_with(|| {
                runs.push((whose, Run { first_seq: seq, records: VecDeque::new() }));
                runs.len() - 1
            });
            if let Some((_, run)) = runs.get_mut(place) {
                run.push(record);
            }
        }
    }
    for ((sender, _), run) in &runs {
        let records = run.records.iter().map(|record| (record.origin.index.as_deref(), &*record.bytes));
        resends.remember(sender, run.first_seq, records, now);
    }
    resends
}

/// Records of one connection, or of one request.
struct Run {
    first_seq: u64,
    records: VecDeque<RawRecord>,
}

impl Run {
    fn push(&mut self, record: RawRecord) {
        if self.records.len() == LONGEST {
            self.records.pop_front();
            self.first_seq += 1;
        }
        self.records.push_back(record);
    }
}
