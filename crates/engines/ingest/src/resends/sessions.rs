//! Messages of RELP sessions. A session begins with what the one before had no answer to, in the same order and before
//! anything else, so a repetition is the end of a run of messages.

use super::{LONGEST, MEMORY, Resends};
use event::Micros;
use std::collections::{HashMap, VecDeque};

/// Runs remembered of one sender.
const OF_ONE_SENDER: usize = 16;
/// Messages remembered of all senders: 32 MiB. Beyond it all is forgotten, and may be stored twice.
const TOTAL: usize = 4 << 20;

#[derive(Debug, Default)]
pub(super) struct Runs {
    senders: HashMap<String, VecDeque<Run>>,
    total: usize,
}

/// Messages stored one after another from one sender.
#[derive(Debug)]
struct Run {
    marks: Vec<u64>,
    since: Micros,
}

impl Runs {
    /// Keeps a run; of a long one its end.
    pub(super) fn keep(&mut self, sender: &str, mut marks: Vec<u64>, now: Micros) {
        marks.drain(..marks.len().saturating_sub(LONGEST));
        if marks.is_empty() {
            return;
        }
        if self.total + marks.len() > TOTAL {
            tracing::warn!("too many unanswered messages to remember; repeated ones may be stored twice");
            *self = Self::default();
        }
        self.total += marks.len();
        let runs = self.senders.entry(sender.to_owned()).or_default();
        runs.push_back(Run { marks, since: now });
        if runs.len() > OF_ONE_SENDER {
            self.total -= runs.pop_front().map_or(0, |run| run.marks.len());
        }
    }

    /// The runs of a sender that are not too old.
    pub(super) fn of(&mut self, sender: &str, now: Micros) -> Vec<Vec<u64>> {
        let Some(runs) = self.senders.get_mut(sender) else { return Vec::new() };
        let before: usize = runs.iter().map(|run| run.marks.len()).sum();
        runs.retain(|run| now - run.since < MEMORY);
        let marks: Vec<Vec<u64>> = runs.iter().map(|run| run.marks.clone()).collect();
        self.total -= before - marks.iter().map(Vec::len).sum::<usize>();
        if marks.is_empty() {
            self.senders.remove(sender);
        }
        marks
    }

    fn forget(&mut self, sender: &str, marks: &[u64]) {
        if let Some(runs) = self.senders.get_mut(sender)
            && let Some(place) = runs.iter().position(|run| run.marks == marks)
        {
            self.total -= marks.len();
            runs.remove(place);
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

impl<'r> Session<'r> {
    pub(super) fn new(resends: &'r Resends, sender: &str, runs: Vec<Vec<u64>>, now: Micros) -> Self {
        Self { resends, sender: sender.to_owned(), runs, candidates: None, stored: VecDeque::new(), now }
    }

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
            self.resends.runs().forget(&self.sender, marks);
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
        self.resends.runs().keep(&self.sender, self.stored.drain(..).collect(), self.now);
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
        resends.remember_session("10.0.0.1", [&b"a"[..]], 1 - MEMORY);
        assert_eq!(verdicts(&resends, &["a"]), [New]);
    }

    #[test]
    fn memory_is_bounded() {
        let resends = Resends::default();
        for number in 0..10 * OF_ONE_SENDER as u64 {
            resends.remember_session("one", [number.to_le_bytes().as_slice()], 0);
        }
        assert_eq!(resends.runs().total, OF_ONE_SENDER);
        let long: Vec<[u8; 8]> = (0..2 * LONGEST as u64).map(u64::to_le_bytes).collect();
        resends.remember_session("other", long.iter().map(<[u8; 8]>::as_slice), 0);
        assert_eq!(resends.runs().total, OF_ONE_SENDER + LONGEST);
    }
}
