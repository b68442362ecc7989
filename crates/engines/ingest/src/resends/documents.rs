//! Documents of bulk senders. Requests stand alone and come again in any cut: rsyslog splits a batch that failed in
//! single documents, goes on, and puts those that fail alone at the head of a later batch, between others that were
//! never stored. So documents are known one by one.

use super::MEMORY;
use event::Micros;
use std::collections::{BTreeSet, HashMap};

/// Documents remembered of one sender; beyond it, its first ones are forgotten.
pub(super) const OF_ONE_SENDER: usize = 65_536;
/// Documents remembered of all senders: some 32 MiB. Beyond it all is forgotten, and may be stored twice.
const TOTAL: usize = 1 << 20;

#[derive(Debug, Default)]
pub(super) struct Documents {
    senders: HashMap<String, Unanswered>,
    total: usize,
}

#[derive(Debug, Default)]
struct Unanswered {
    /// Mark and sequence.
    stored: BTreeSet<(u64, u64)>,
    since: Micros,
}

impl Documents {
    pub(super) fn keep(&mut self, sender: &str, documents: impl Iterator<Item = (u64, u64)>, now: Micros) {
        let unanswered = self.senders.entry(sender.to_owned()).or_default();
        let before = unanswered.stored.len();
        unanswered.stored.extend(documents);
        unanswered.since = now;
        if unanswered.stored.len() > OF_ONE_SENDER {
            let mut sequences: Vec<u64> = unanswered.stored.iter().map(|(_, sequence)| *sequence).collect();
            sequences.sort_unstable();
            let first = sequences.get(sequences.len() - OF_ONE_SENDER).copied().unwrap_or_default();
            unanswered.stored.retain(|(_, sequence)| *sequence >= first);
        }
        self.total = self.total + unanswered.stored.len() - before;
        if self.total > TOTAL {
            tracing::warn!("too many unanswered documents to remember; repeated ones may be stored twice");
            *self = Self::default();
        }
    }

    /// Whether anything is remembered of a sender, after what is too old is forgotten.
    pub(super) fn knows(&mut self, sender: &str, now: Micros) -> bool {
        let Some(unanswered) = self.senders.get(sender) else { return false };
        let fresh = now - unanswered.since < MEMORY;
        if !fresh {
            self.total -= unanswered.stored.len();
            self.senders.remove(sender);
        }
        fresh
    }

    /// Takes the documents of a request that are remembered; empty if none is.
    pub(super) fn take(&mut self, sender: &str, request: impl Iterator<Item = u64>) -> Vec<Option<u64>> {
        let Some(unanswered) = self.senders.get_mut(sender) else { return Vec::new() };
        let before = unanswered.stored.len();
        let taken: Vec<Option<u64>> = request
            .map(|mark| {
                let found = unanswered.stored.range((mark, 0)..=(mark, u64::MAX)).next().copied()?;
                unanswered.stored.remove(&found);
                Some(found.1)
            })
            .collect();
        let left = unanswered.stored.len();
        self.total -= before - left;
        if left == 0 {
            self.senders.remove(sender);
        }
        if left < before { taken } else { Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Resends;
    use super::*;

    const NOTHING: [Option<u64>; 0] = [];

    fn request(resends: &Resends, texts: &[&str]) -> Vec<Option<u64>> {
        let documents: Vec<(&str, &[u8])> = texts.iter().map(|text| ("logs", text.as_bytes())).collect();
        resends.repeated("key", &documents, 1)
    }

    fn killed(first_seq: u64, texts: &[&str]) -> Resends {
        let resends = Resends::default();
        let stored = (first_seq..).zip(texts).map(|(sequence, text)| (sequence, "logs", text.as_bytes()));
        resends.remember_documents("key", stored, 0);
        resends
    }

    #[test]
    fn a_request_comes_again_in_any_cut() {
        let resends = killed(10, &["a", "b", "c", "d", "e"]);
        assert_eq!(request(&resends, &["a"]), [Some(10)]);
        assert_eq!(request(&resends, &["x"]), NOTHING, "another worker of the sender goes on");
        assert_eq!(request(&resends, &["c", "d"]), [Some(12), Some(13)]);
        assert_eq!(request(&resends, &["c"]), NOTHING, "each is repeated once");
        assert_eq!(request(&resends, &["never stored", "b", "new", "e"]), [None, Some(11), None, Some(14)]);
        assert_eq!(request(&resends, &["e"]), NOTHING, "nothing is left");
        let documents = resends.documents.lock().unwrap();
        assert_eq!((documents.total, documents.senders.len()), (0, 0));
    }

    #[test]
    fn only_the_same_document_of_the_same_sender_is_repeated() {
        let resends = killed(10, &["a"]);
        assert_eq!(resends.repeated("key", &[("other", b"a")], 1), NOTHING, "an equal document for another index");
        assert_eq!(resends.repeated("another key", &[("logs", b"a")], 1), NOTHING);
        assert_eq!(resends.repeated("key", &[("logs", b"a")], MEMORY), NOTHING, "a day later");
    }

    #[test]
    fn equal_documents_are_counted() {
        let resends = killed(10, &["m", "m", "n"]);
        assert_eq!(request(&resends, &["m", "m", "m"]), [Some(10), Some(11), None]);
        assert_eq!(request(&resends, &["m"]), NOTHING);
        assert_eq!(request(&resends, &["n"]), [Some(12)]);
    }

    #[test]
    fn memory_is_bounded() {
        let mut documents = Documents::default();
        let many = 2 * OF_ONE_SENDER as u64;
        documents.keep("one", (1..=many).map(|number| (number % 7, number)), 0);
        assert_eq!(documents.total, OF_ONE_SENDER);
        assert_eq!(documents.take("one", [many % 7].into_iter()).len(), 1, "its last ones are kept");
        for sender in 0..2 * TOTAL / OF_ONE_SENDER {
            documents.keep(&sender.to_string(), (0..OF_ONE_SENDER as u64).map(|number| (number, number)), 0);
            assert!(documents.total <= TOTAL);
        }
    }
}
