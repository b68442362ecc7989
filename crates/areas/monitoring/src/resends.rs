//! What the end of the log holds of senders that wait for an answer. A kill took their answers with it, and they
//! repeat what had none.

use event::{Listener, Micros, Origin, RawRecord};
use event_store::Store;
use ingest::resends::{LONGEST, Resends};
use std::collections::{HashMap, VecDeque};

/// Records at the end of the log that are looked through.
const LOG_END: u64 = 65_536;
/// What a sender stored this long before the last that is known of it has had its answer: an answer follows the
/// write at once. A sender without times in its records, and equal ones every minute, must not lose them.
const ANSWERED_AFTER: Micros = 60 * 1_000_000;

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
    let mut runs: HashMap<(String, Option<u64>), Run> = HashMap::new();
    let mut last_of: HashMap<String, Micros> = HashMap::new();
    loop {
        let records = match reader.next_stored(1_024).await {
            Ok(records) if !records.is_empty() => records,
            Ok(_) => break,
            Err(error) => {
                tracing::warn!(%error, "the end of the log does not read; repeated records may be stored twice");
                break;
            }
        };
        for (sequence, record) in records {
            let Some(sender) = sender(&record.origin) else { continue };
            let last = last_of.entry(sender.clone()).or_default();
            *last = record.arrival.max(*last);
            runs.entry((sender, record.origin.connection)).or_default().push(sequence, record);
        }
    }
    let mut runs: Vec<_> = runs.into_iter().collect();
    runs.sort_by_key(|(_, run)| run.records.front().map(|(sequence, _)| *sequence));
    for ((sender, _), Run { records }) in &runs {
        let Some((_, last)) = records.back() else { continue };
        if last_of.get(sender).is_some_and(|newest| newest - last.arrival > ANSWERED_AFTER) {
            continue;
        }
        match last.origin.listener {
            Listener::Bulk => {
                let index = |record: &RawRecord| record.origin.index.clone().unwrap_or_default();
                let documents: Vec<_> =
                    records.iter().map(|(sequence, record)| (*sequence, index(record), &*record.bytes)).collect();
                let documents = documents.iter().map(|(sequence, index, bytes)| (*sequence, index.as_str(), *bytes));
                resends.remember_documents(sender, documents, now);
            }
            _ => resends.remember_session(sender, records.iter().map(|(_, record)| &*record.bytes), now),
        }
    }
    resends
}

/// What may be unanswered of one connection, with sequences: the end of a RELP session, or a bulk sender's last
/// request, since it sends none before it has read the answer to the one before.
#[derive(Default)]
struct Run {
    records: VecDeque<(u64, RawRecord)>,
}

impl Run {
    fn push(&mut self, sequence: u64, record: RawRecord) {
        let before = self.records.back().map(|(_, record)| record.position);
        if record.origin.listener == Listener::Bulk && before.is_some_and(|before| before >= record.position) {
            self.records.clear();
        }
        if self.records.len() == LONGEST {
            self.records.pop_front();
        }
        self.records.push_back((sequence, record));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use event_store::Options;
    use std::sync::Arc;

    const SECOND: Micros = 1_000_000;

    /// One request of a bulk client, stored.
    async fn store_request(store: &Store, connection: u64, texts: &[&str], arrival: Micros) {
        let origin = Arc::new(Origin {
            listener: Listener::Bulk,
            peer: Some("192.0.2.1".into()),
            index: Some("logs".into()),
            connection: Some(connection),
            ..Origin::default()
        });
        let record = |(place, text): (usize, &&str)| RawRecord {
            bytes: Bytes::copy_from_slice(text.as_bytes()),
            arrival,
            origin: origin.clone(),
            position: place as u64 + 1,
        };
        store.append(texts.iter().enumerate().map(record).collect(), None).await.unwrap();
    }

    #[tokio::test]
    async fn after_a_start_the_last_request_of_each_connection_may_be_unanswered() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path(), Options::default()).unwrap();
        let now = 1_000_000 * SECOND;
        store_request(&store, 1, &["long ago"], now - 2 * ANSWERED_AFTER).await;
        store_request(&store, 2, &["answered", "equal"], now).await;
        store_request(&store, 2, &["equal"], now).await;
        store_request(&store, 3, &["a", "b", "c"], now + SECOND).await;
        let resends = unanswered(&store, now).await;
        let sender = sender(&Origin { listener: Listener::Bulk, peer: Some("192.0.2.1".into()), ..Origin::default() });
        let repeated = |texts: &[&str]| {
            let documents: Vec<(&str, &[u8])> = texts.iter().map(|text| ("logs", text.as_bytes())).collect();
            resends.repeated(sender.as_deref().unwrap(), &documents, now)
        };
        assert_eq!(repeated(&["long ago", "answered"]), []);
        assert_eq!(repeated(&["b"]), [Some(6)]);
        assert_eq!(repeated(&["equal", "equal", "new", "c", "a"]), [Some(4), None, None, Some(7), Some(5)]);
    }
}
