//! RELP messages that are sent again. A sender whose session broke repeats what it had no answer to, although
//! some of it is stored: the answers were lost. Those messages are one run at the end of what was stored from that
//! sender, in the same order, and come first in the next session. Such a run, and nothing else, is answered
//! without storing it twice; a single equal line later is a second event (`settled` 3).

use bytes::Bytes;
use event::Micros;
use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};

/// Messages remembered of one broken session; windows of senders are smaller (128 where not set otherwise).
const REMEMBERED: usize = 2_048;
/// Broken sessions remembered of one sender, and senders remembered.
const SESSIONS: usize = 8;
const SENDERS: usize = 4_096;
/// A message stored longer ago than this is not taken for a repeated one.
const FRESH: Micros = 600 * 1_000_000;

type Mark = (u64, Micros);

/// What senders may send again. Shared by all sessions of a listener.
#[derive(Debug, Default)]
pub struct Resends {
    hasher: RandomState,
    broken: Mutex<HashMap<String, VecDeque<Vec<Mark>>>>,
}

impl Resends {
    /// What the log holds of a sender after a restart, oldest first.
    pub fn remember<'a>(&self, peer: &str, stored: impl IntoIterator<Item = (&'a Bytes, Micros)>) {
        let marks: Vec<Mark> = stored.into_iter().map(|(bytes, at)| (self.hasher.hash_one(bytes), at)).collect();
        self.keep(peer, marks);
    }

    fn keep(&self, peer: &str, mut marks: Vec<Mark>) {
        if marks.is_empty() {
            return;
        }
        marks.drain(..marks.len().saturating_sub(REMEMBERED));
        let mut broken = self.broken.lock().unwrap_or_else(PoisonError::into_inner);
        if broken.len() >= SENDERS && !broken.contains_key(peer) {
            broken.clear();
        }
        let sessions = broken.entry(peer.to_owned()).or_default();
        if sessions.len() == SESSIONS {
            sessions.pop_front();
        }
        sessions.push_back(marks);
    }

    /// A new session of this sender.
    pub(super) fn begin(&self, peer: &str, now: Micros) -> Session<'_> {
        let broken = self.broken.lock().unwrap_or_else(PoisonError::into_inner);
        let tails: Vec<Vec<u64>> = broken
            .get(peer)
            .into_iter()
            .flatten()
            .map(|marks| marks.iter().filter(|(_, at)| now - at < FRESH).map(|(mark, _)| *mark).collect())
            .filter(|marks: &Vec<u64>| !marks.is_empty())
            .collect();
        Session { resends: self, peer: peer.to_owned(), tails, runs: Vec::new(), seen: 0, stored: VecDeque::new() }
    }
}

/// What is to be done with the messages held so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// They may be a repeated run; wait for the next message.
    Unknown,
    /// They were a repeated run up to and with this message.
    Repeated,
    /// They are new.
    New,
}

/// One session: compares its first messages with the ends of broken ones, and notes what it stores itself.
pub(super) struct Session<'r> {
    resends: &'r Resends,
    peer: String,
    tails: Vec<Vec<u64>>,
    /// Runs still possible: tail and place in it where the run began.
    runs: Vec<(usize, usize)>,
    seen: usize,
    stored: VecDeque<Mark>,
}

impl Session<'_> {
    /// Whether the next message may still belong to a repeated run.
    pub(super) fn is_comparing(&self) -> bool {
        !self.tails.is_empty()
    }

    /// Looks at the next message. After `Repeated` or `New` the comparison is over.
    pub(super) fn compare(&mut self, message: &Bytes) -> Verdict {
        let mark = self.resends.hasher.hash_one(message);
        if self.seen == 0 {
            let places = |(tail, marks): (usize, &Vec<u64>)| {
                let found: Vec<_> = marks.iter().enumerate().filter(|(_, one)| **one == mark).collect();
                found.into_iter().map(|(place, _)| (tail, place)).collect::<Vec<_>>()
            };
            self.runs = self.tails.iter().enumerate().flat_map(places).collect();
        } else {
            let (tails, seen) = (&self.tails, self.seen);
            self.runs.retain(|(tail, place)| tails.get(*tail).and_then(|marks| marks.get(place + seen)) == Some(&mark));
        }
        self.seen += 1;
        let (tails, seen) = (&self.tails, self.seen);
        let complete =
            self.runs.iter().find(|(tail, place)| tails.get(*tail).is_some_and(|marks| marks.len() == place + seen));
        match complete {
            Some((tail, _)) => {
                self.forget(*tail);
                self.tails.clear();
                Verdict::Repeated
            }
            None if self.runs.is_empty() => {
                self.tails.clear();
                Verdict::New
            }
            None => Verdict::Unknown,
        }
    }

    /// Ends the comparison: no further message came to make the run whole.
    pub(super) fn give_up(&mut self) {
        self.tails.clear();
    }

    /// A run is repeated once; the session that broke is settled.
    fn forget(&self, tail: usize) {
        let mut broken = self.resends.broken.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some(sessions), Some(marks)) = (broken.get_mut(&self.peer), self.tails.get(tail)) {
            // Old marks may have been left out of the tail, so the end decides.
            let same = |kept: &Vec<Mark>| {
                kept.iter().rev().map(|(mark, _)| mark).zip(marks.iter().rev()).all(|(one, other)| one == other)
            };
            sessions.retain(|kept| !same(kept));
        }
    }

    /// Notes a stored message.
    pub(super) fn stored(&mut self, message: &Bytes, at: Micros) {
        if self.stored.len() == REMEMBERED {
            self.stored.pop_front();
        }
        self.stored.push_back((self.resends.hasher.hash_one(message), at));
    }

    /// The sender closed in order: it has every answer.
    pub(super) fn closed_in_order(&mut self) {
        self.stored.clear();
    }
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        self.resends.keep(&self.peer, self.stored.drain(..).collect());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(texts: &[&str]) -> Vec<Bytes> {
        texts.iter().map(|text| Bytes::copy_from_slice(text.as_bytes())).collect()
    }

    fn broken(resends: &Resends, texts: &[&str]) {
        let mut session = resends.begin("10.0.0.1", 0);
        session.give_up();
        for line in lines(texts) {
            session.stored(&line, 0);
        }
    }

    fn verdicts(resends: &Resends, texts: &[&str]) -> Vec<Verdict> {
        let mut session = resends.begin("10.0.0.1", 1);
        lines(texts)
            .iter()
            .map(|line| if session.is_comparing() { session.compare(line) } else { Verdict::New })
            .collect()
    }

    #[test]
    fn the_end_of_a_broken_session_is_recognised_once() {
        let resends = Resends::default();
        broken(&resends, &["a", "b", "c", "d"]);
        use Verdict::{New, Repeated, Unknown};
        assert_eq!(verdicts(&resends, &["c", "d", "e"]), [Unknown, Repeated, New]);
        assert_eq!(verdicts(&resends, &["c", "d", "e"]), [New, New, New], "only once");
    }

    #[test]
    fn equal_lines_that_are_not_the_end_are_new() {
        let resends = Resends::default();
        broken(&resends, &["a", "b", "c", "d"]);
        use Verdict::{New, Unknown};
        assert_eq!(verdicts(&resends, &["b", "x"]), [Unknown, New]);
        assert_eq!(verdicts(&resends, &["x", "d"]), [New, New]);
    }

    #[test]
    fn repeated_lines_within_the_run_are_kept_apart() {
        let resends = Resends::default();
        broken(&resends, &["m", "m", "m", "n"]);
        use Verdict::{Repeated, Unknown};
        assert_eq!(verdicts(&resends, &["m", "m", "n"]), [Unknown, Unknown, Repeated]);
    }

    #[test]
    fn a_session_closed_in_order_leaves_nothing_to_repeat() {
        let resends = Resends::default();
        let mut session = resends.begin("10.0.0.1", 0);
        session.stored(&Bytes::from_static(b"a"), 0);
        session.closed_in_order();
        drop(session);
        assert_eq!(verdicts(&resends, &["a"]), [Verdict::New]);
    }

    #[test]
    fn old_messages_are_not_taken_for_repeated_ones() {
        let resends = Resends::default();
        resends.remember("10.0.0.1", [(&Bytes::from_static(b"a"), -FRESH)]);
        assert_eq!(verdicts(&resends, &["a"]), [Verdict::New]);
    }
}
