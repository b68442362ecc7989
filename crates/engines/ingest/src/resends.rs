//! Records that are sent again because their answers were lost. A sender whose connection broke, or whose server was
//! killed, repeats what it had no answer to, although some of it is stored. Those records are a run of what was
//! stored from that sender last, in the same order, often in another cut: a request of a thousand documents comes
//! again one by one. Such a run, and nothing else, is answered without storing it twice; a single equal record later
//! is a second event (`settled` 3, decision 0006).

use event::Micros;
use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Records remembered of one run; windows of RELP senders (128) and batches of rsyslog (1,024) are smaller unless set
/// otherwise.
pub const LONGEST: usize = 8_192;
/// Runs remembered of one sender.
const RUNS: usize = 16;
/// Records remembered of all senders: 32 MiB of marks. Beyond it all is forgotten, and may be stored twice.
const TOTAL: usize = 4 << 20;
/// How long a sender may stay away before its repeated records are taken for new ones.
const MEMORY: Micros = 24 * 3600 * 1_000_000;

/// A number that no other connection or request has, of this run of the program or an earlier one.
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
    unsettled: Mutex<Unsettled>,
}

#[derive(Debug, Default)]
struct Unsettled {
    runs: HashMap<String, VecDeque<Run>>,
    total: usize,
}

/// Records stored one after another from one sender.
#[derive(Debug, Clone)]
struct Run {
    /// Sequence of the first, 0 where the door does not know it.
    first_seq: u64,
    marks: Vec<u64>,
    /// Place of the record that comes next, once the sender has begun to repeat.
    next: Option<usize>,
    since: Micros,
}

impl Unsettled {
    fn keep(&mut self, sender: &str, run: Run) {
        if self.total + run.marks.len() > TOTAL {
            tracing::warn!("too many unanswered records to remember; repeated ones may be stored twice");
            *self = Self::default();
        }
        self.total += run.marks.len();
        let runs = self.runs.entry(sender.to_owned()).or_default();
        runs.push_back(run);
        if runs.len() > RUNS {
            self.total -= runs.pop_front().map_or(0, |run| run.marks.len());
        }
    }

    /// The runs of a sender that are not too old.
    fn of(&mut self, sender: &str, now: Micros) -> Option<&mut VecDeque<Run>> {
        let runs = self.runs.get_mut(sender)?;
        let before: usize = runs.iter().map(|run| run.marks.len()).sum();
        runs.retain(|run| now - run.since < MEMORY);
        self.total -= before - runs.iter().map(|run| run.marks.len()).sum::<usize>();
        (!runs.is_empty()).then_some(runs)
    }

    fn forget(&mut self, sender: &str, marks: &[u64]) {
        if let Some(runs) = self.runs.get_mut(sender)
            && let Some(place) = runs.iter().position(|run| run.marks == marks)
        {
            self.total -= marks.len();
            runs.remove(place);
        }
    }
}

impl Resends {
    /// Remembers records that are stored but may have had no answer, in their order; of a long run its end.
    /// `index` is the one that a bulk document names.
    pub fn remember<'a>(
        &self,
        sender: &str,
        first_seq: u64,
        records: impl IntoIterator<Item = (Option<&'a str>, &'a [u8])>,
        now: Micros,
    ) {
        let marks = records.into_iter().map(|(index, bytes)| self.mark(index, bytes)).collect();
        self.keep(sender, first_seq, marks, now);
    }

    fn keep(&self, sender: &str, first_seq: u64, mut marks: Vec<u64>, now: Micros) {
        let earlier = marks.len().saturating_sub(LONGEST);
        marks.drain(..earlier);
        if !marks.is_empty() {
            let run = Run { first_seq: first_seq + earlier as u64, marks, next: None, since: now };
            self.unsettled().keep(sender, run);
        }
    }

    fn mark(&self, index: Option<&str>, bytes: &[u8]) -> u64 {
        self.hasher.hash_one((index, bytes))
    }

    fn unsettled(&self) -> MutexGuard<'_, Unsettled> {
        self.unsettled.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many records of a request, from its first on, are stored already, and the sequence of the first of them.
    /// For doors whose requests stand alone: a run goes on where the sender's last request left it, whatever other
    /// requests came between.
    pub fn repeated(&self, sender: &str, request: &[(&str, &[u8])], now: Micros) -> Option<(usize, u64)> {
        let mut unsettled = self.unsettled();
        let runs = unsettled.of(sender, now)?;
        let marks: Vec<u64> = request.iter().map(|(index, bytes)| self.mark(Some(index), bytes)).collect();
        let first = *marks.first()?;
        let going_on = |place: usize, run: &Run| {
            let rest = run.marks.get(place..).unwrap_or_default();
            let both = rest.len().min(marks.len());
            (both > 0 && rest.iter().zip(&marks).all(|(one, other)| one == other)).then_some((both, place))
        };
        let (number, (count, place)) = runs
            .iter()
            .enumerate()
            .filter_map(|(number, run)| {
                let found = match run.next {
                    Some(place) => going_on(place, run),
                    None => (0..run.marks.len())
                        .filter(|place| run.marks.get(*place) == Some(&first))
                        .find_map(|place| going_on(place, run)),
                };
                Some((number, found?))
            })
            .max_by_key(|(number, (count, _))| (*count, *number))?;
        let run = runs.get_mut(number)?;
        let sequence = run.first_seq + place as u64;
        if place + count == run.marks.len() {
            let gone = run.marks.len();
            runs.remove(number);
            unsettled.total -= gone;
        } else {
            run.next = Some(place + count);
        }
        Some((count, sequence))
    }

    /// A new session of this sender.
    pub(crate) fn begin(&self, sender: &str, now: Micros) -> Session<'_> {
        let runs = self.unsettled().of(sender, now).map(|runs| runs.iter().map(|run| run.marks.clone()).collect());
        Session {
            resends: self,
            sender: sender.to_owned(),
            runs: runs.unwrap_or_default(),
            candidates: None,
            stored: VecDeque::new(),
            now,
        }
    }
}

/// What a message of a session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It and all before it go along a run that has not ended yet.
    Repeating,
    /// It is the end of the run: it and all before it were stored already.
    Repeated,
    /// It and all before it are new; what went along a run only looked like one.
    New,
}

/// One session of a sender that repeats in order what it had no answer to, before anything else. Compares its first
/// messages with the runs remembered, and notes what is stored.
pub(crate) struct Session<'r> {
    resends: &'r Resends,
    sender: String,
    runs: Vec<Vec<u64>>,
    /// Runs still possible and the place in them that comes next; none before the first message.
    candidates: Option<Vec<(usize, usize)>>,
    stored: VecDeque<u64>,
    now: Micros,
}

impl Session<'_> {
    /// Whether the next message may still belong to a repeated run.
    pub(crate) fn is_comparing(&self) -> bool {
        !self.runs.is_empty()
    }

    /// Looks at the next message. After `Repeated` or `New` the comparison is over.
    pub(crate) fn compare(&mut self, message: &[u8]) -> Verdict {
        let mark = self.resends.mark(None, message);
        let is_at = |run: usize, place: usize| self.runs.get(run).and_then(|marks| marks.get(place)) == Some(&mark);
        let mut candidates = self.candidates.take().unwrap_or_else(|| {
            let everywhere = self.runs.iter().enumerate();
            let everywhere = everywhere.flat_map(|(run, marks)| (0..marks.len()).map(move |place| (run, place)));
            everywhere.filter(|(run, place)| is_at(*run, *place)).collect()
        });
        candidates.retain_mut(|(run, place)| {
            let goes_along = is_at(*run, *place);
            *place += 1;
            goes_along
        });
        let ended =
            candidates.iter().find_map(|(run, place)| self.runs.get(*run).filter(|marks| marks.len() == *place));
        if let Some(marks) = ended {
            self.resends.unsettled().forget(&self.sender, marks);
            self.runs.clear();
            return Verdict::Repeated;
        }
        if candidates.is_empty() {
            self.runs.clear();
            return Verdict::New;
        }
        self.candidates = Some(candidates);
        Verdict::Repeating
    }

    /// Notes a message that is stored, now or before.
    pub(crate) fn stored(&mut self, message: &[u8], at: Micros) {
        if self.stored.len() == LONGEST {
            self.stored.pop_front();
        }
        self.stored.push_back(self.resends.mark(None, message));
        self.now = at;
    }

    /// The sender closed in order: it has every answer.
    pub(crate) fn closed_in_order(&mut self) {
        self.stored.clear();
    }
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        self.resends.keep(&self.sender, 0, self.stored.drain(..).collect(), self.now);
    }
}

#[cfg(test)]
mod tests {
    use super::Verdict::{New, Repeated, Repeating};
    use super::*;

    fn broken(resends: &Resends, texts: &[&str]) {
        let mut session = resends.begin("10.0.0.1", 0);
        for line in texts {
            session.stored(line.as_bytes(), 0);
        }
    }

    fn verdicts(resends: &Resends, texts: &[&str]) -> Vec<Verdict> {
        let mut session = resends.begin("10.0.0.1", 1);
        texts.iter().map(|line| if session.is_comparing() { session.compare(line.as_bytes()) } else { New }).collect()
    }

    #[test]
    fn the_end_of_a_broken_session_is_recognised_once() {
        let resends = Resends::default();
        broken(&resends, &["a", "b", "c", "d"]);
        assert_eq!(verdicts(&resends, &["c", "d", "e"]), [Repeating, Repeated, New]);
        assert_eq!(verdicts(&resends, &["c", "d", "e"]), [New, New, New], "only once");
    }

    #[test]
    fn a_session_that_breaks_while_repeating_leaves_the_run_as_it_was() {
        let resends = Resends::default();
        broken(&resends, &["a", "b", "c", "d"]);
        assert_eq!(verdicts(&resends, &["b", "c"]), [Repeating, Repeating]);
        assert_eq!(verdicts(&resends, &["c", "d", "e"]), [Repeating, Repeated, New]);
    }

    #[test]
    fn equal_lines_that_are_not_the_end_are_new() {
        let resends = Resends::default();
        broken(&resends, &["a", "b", "c", "d"]);
        assert_eq!(verdicts(&resends, &["b", "x"]), [Repeating, New]);
        assert_eq!(verdicts(&resends, &["x", "d"]), [New, New]);
    }

    #[test]
    fn repeated_lines_within_the_run_are_kept_apart() {
        let resends = Resends::default();
        broken(&resends, &["m", "m", "m", "n"]);
        assert_eq!(verdicts(&resends, &["m", "m", "n"]), [Repeating, Repeating, Repeated]);
    }

    #[test]
    fn a_session_closed_in_order_leaves_nothing_to_repeat() {
        let resends = Resends::default();
        let mut session = resends.begin("10.0.0.1", 0);
        session.stored(b"a", 0);
        session.closed_in_order();
        drop(session);
        assert_eq!(verdicts(&resends, &["a"]), [New]);
    }

    #[test]
    fn old_messages_are_not_taken_for_repeated_ones() {
        let resends = Resends::default();
        resends.remember("10.0.0.1", 1, [(None, &b"a"[..])], 1 - MEMORY);
        assert_eq!(verdicts(&resends, &["a"]), [New]);
    }

    fn request(resends: &Resends, texts: &[&str]) -> Option<(usize, u64)> {
        let documents: Vec<(&str, &[u8])> = texts.iter().map(|text| ("logs", text.as_bytes())).collect();
        resends.repeated("key", &documents, 1)
    }

    fn killed(first_seq: u64, texts: &[&str]) -> Resends {
        let resends = Resends::default();
        resends.remember("key", first_seq, texts.iter().map(|text| (Some("logs"), text.as_bytes())), 0);
        resends
    }

    #[test]
    fn a_request_comes_again_in_any_cut() {
        let resends = killed(10, &["a", "b", "c", "d", "e"]);
        assert_eq!(request(&resends, &["a"]), Some((1, 10)));
        assert_eq!(request(&resends, &["x"]), None, "another worker of the sender goes on");
        assert_eq!(request(&resends, &["b", "c"]), Some((2, 11)));
        assert_eq!(request(&resends, &["b"]), None, "each is repeated once");
        assert_eq!(request(&resends, &["d", "e", "f"]), Some((2, 13)), "what follows the run is new");
        assert_eq!(request(&resends, &["e"]), None, "the run is over");
        assert_eq!(resends.unsettled().total, 0);
    }

    #[test]
    fn a_request_that_leaves_the_run_is_new() {
        let resends = killed(10, &["a", "b", "c"]);
        assert_eq!(request(&resends, &["a", "x"]), None);
        assert_eq!(resends.repeated("key", &[("other", b"a")], 1), None, "an equal document for another index");
        assert_eq!(resends.repeated("another key", &[("logs", b"a")], 1), None);
    }

    #[test]
    fn equal_documents_are_counted() {
        let resends = killed(10, &["m", "m", "n"]);
        assert_eq!(request(&resends, &["m"]), Some((1, 10)));
        assert_eq!(request(&resends, &["m"]), Some((1, 11)));
        assert_eq!(request(&resends, &["m"]), None);
        assert_eq!(request(&resends, &["n"]), Some((1, 12)));
    }

    #[test]
    fn memory_is_bounded() {
        let resends = Resends::default();
        for number in 0..10 * RUNS as u64 {
            resends.remember("key", 1, [(None, number.to_le_bytes().as_slice())], 0);
        }
        assert_eq!(resends.unsettled().total, RUNS);
        let long: Vec<[u8; 8]> = (0..2 * LONGEST as u64).map(u64::to_le_bytes).collect();
        resends.remember("other", 1, long.iter().map(|bytes| (None, bytes.as_slice())), 0);
        assert_eq!(resends.unsettled().total, RUNS + LONGEST);
    }
}
