//! The clock bar: the five times of one incident on a line, each duty's deadline as a flag, now as a cursor.
//! Running, sent and late are told by word and shape. The line is not to scale: an hour and three days must both
//! be read, so gaps grow with their logarithm and no two marks come closer than a label needs.

use super::{Page, Tone};
use crate::clock::{MINUTE, Micros};

/// Which of the five kept times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MomentKind {
    Occurred,
    Detected,
    Seen,
    Reported,
    Receipt,
}

impl MomentKind {
    pub fn key(self) -> &'static str {
        match self {
            Self::Occurred => "shell-moment-occurred",
            Self::Detected => "shell-moment-detected",
            Self::Seen => "shell-moment-seen",
            Self::Reported => "shell-moment-reported",
            Self::Receipt => "shell-moment-receipt",
        }
    }
}

/// A time that has been.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    pub kind: MomentKind,
    pub at: Micros,
}

/// How a duty stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DutyState {
    Running,
    /// Sent in time.
    Sent(Micros),
    /// Sent after the deadline; late stays late.
    SentLate(Micros),
    /// Deadline passed, nothing sent.
    Late,
    NotApplicable,
}

impl DutyState {
    pub fn key(self) -> &'static str {
        match self {
            Self::Running => "shell-duty-running",
            Self::Sent(_) => "shell-duty-sent",
            Self::SentLate(_) => "shell-duty-sent-late",
            Self::Late => "shell-duty-late",
            Self::NotApplicable => "shell-duty-not-applicable",
        }
    }

    pub fn code(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Sent(_) => "sent",
            Self::SentLate(_) => "sent-late",
            Self::Late => "late",
            Self::NotApplicable => "not-applicable",
        }
    }

    pub fn tone(self) -> Tone {
        match self {
            Self::Running => Tone::Active,
            Self::Sent(_) => Tone::Good,
            Self::SentLate(_) => Tone::Attention,
            Self::Late => Tone::Bad,
            Self::NotApplicable => Tone::Neutral,
        }
    }
}

/// One duty with its deadline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duty {
    /// In words, short: "Báo cáo 24 giờ".
    pub name: String,
    pub due: Micros,
    pub state: DutyState,
    /// Where it is done; empty for no link.
    pub href: String,
}

impl Duty {
    /// "còn 3 giờ 20 phút", "đã gửi 09:12, hôm nay", "muộn 12 phút".
    pub fn words(&self, page: &Page) -> String {
        match self.state {
            DutyState::Running | DutyState::Late => page.format.until(self.due),
            DutyState::Sent(at) => page.tn("shell-duty-sent-at", "at", page.format.relative(at)),
            DutyState::SentLate(at) => page.tn2(
                "shell-duty-sent-late-at",
                "at",
                page.format.relative(at),
                "late",
                page.format.duration(at.saturating_sub(self.due)),
            ),
            DutyState::NotApplicable => page.t(self.state.key()),
        }
    }
}

/// One incident's times and duties.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClockBar {
    pub moments: Vec<Moment>,
    pub duties: Vec<Duty>,
}

/// What stands at one place of the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark<'a> {
    Moment(MomentKind),
    Duty(&'a Duty),
    Now,
}

/// One mark with its place in percent of the line and its words.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed<'a> {
    pub mark: Mark<'a>,
    pub at: Micros,
    pub x: String,
    pub name: String,
    pub time: String,
    /// The last mark keeps its words, which may be long, inside the drawing.
    pub anchor: &'static str,
    /// Its words stand further from the line, clear of the words before them.
    pub far: bool,
}

impl Placed<'_> {
    /// Duties have their words above the line, the rest below.
    pub fn is_above(&self) -> bool {
        matches!(self.mark, Mark::Duty(_))
    }
}

const FIRST: f64 = 5.0;
const LAST: f64 = 95.0;
/// Percent of the line that words need at the width where the line is drawn at all.
const WORDS: f64 = 13.0;

impl ClockBar {
    /// Marks from left to right. Duties that do not apply are in the list below the line only.
    pub fn placed<'a>(&'a self, page: &Page) -> Vec<Placed<'a>> {
        let mut marks: Vec<(Micros, Mark<'a>)> =
            self.moments.iter().map(|moment| (moment.at, Mark::Moment(moment.kind))).collect();
        let applicable = self.duties.iter().filter(|duty| duty.state != DutyState::NotApplicable);
        marks.extend(applicable.map(|duty| (duty.due, Mark::Duty(duty))));
        marks.push((page.now, Mark::Now));
        marks.sort_by_key(|(at, _)| *at);
        let places = places(&marks.iter().map(|(at, _)| *at).collect::<Vec<_>>());
        let count = marks.len();
        // Where the words of the last near mark stand, below and above the line.
        let mut near = [f64::MIN; 2];
        marks
            .into_iter()
            .zip(places)
            .enumerate()
            .map(|(index, ((at, mark), place))| {
                let last = index + 1 == count;
                let middle = if last { place - WORDS / 2.0 } else { place };
                let side = usize::from(matches!(mark, Mark::Duty(_)));
                let far = near.get(side).is_some_and(|before| middle - before < WORDS);
                if let (false, Some(before)) = (far, near.get_mut(side)) {
                    *before = middle;
                }
                Placed {
                    mark,
                    at,
                    x: format!("{place:.2}%"),
                    name: match mark {
                        Mark::Moment(kind) => page.t(kind.key()),
                        Mark::Duty(duty) => duty.name.clone(),
                        Mark::Now => page.t("shell-now"),
                    },
                    time: short_time(page, at),
                    anchor: if last { "end" } else { "middle" },
                    far,
                }
            })
            .collect()
    }

    /// Place of now, where the solid line ends.
    pub fn now_place(&self, page: &Page) -> String {
        self.placed(page).into_iter().find(|placed| placed.mark == Mark::Now).map(|placed| placed.x).unwrap_or_default()
    }

    /// The duty to look at first: late ones, then the nearest deadline.
    pub fn most_urgent(&self) -> Option<&Duty> {
        self.duties
            .iter()
            .filter(|duty| matches!(duty.state, DutyState::Running | DutyState::Late))
            .min_by_key(|duty| duty.due)
    }
}

/// Height of the drawing and of its line, in pixels: room for a second line of words where some stand far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Drawing {
    pub height: u32,
    pub line: u32,
}

impl Drawing {
    pub(super) fn of(marks: &[Placed<'_>]) -> Self {
        let room = |above: bool| marks.iter().any(|placed| placed.far && placed.is_above() == above);
        let (above, below) = (if room(true) { 88 } else { 52 }, if room(false) { 88 } else { 52 });
        Self { height: above + below, line: above }
    }
}

/// Time alone today, with the day otherwise.
fn short_time(page: &Page, at: Micros) -> String {
    if page.format.date(at) == page.format.date(page.now) {
        page.format.time(at)
    } else {
        let date = page.format.date(at);
        format!("{} {}", page.format.time(at), date.get(..5).unwrap_or(&date))
    }
}

/// Places in percent for sorted times.
fn places(times: &[Micros]) -> Vec<f64> {
    let gaps: Vec<f64> = times
        .windows(2)
        .map(|pair| match pair {
            [earlier, later] => (1.0 + later.saturating_sub(*earlier) as f64 / (10.0 * MINUTE as f64)).ln(),
            _ => 0.0,
        })
        .collect();
    let span = LAST - FIRST;
    let least = span / gaps.len().max(1) as f64 * 0.7;
    let free = span - least * gaps.len() as f64;
    let sum: f64 = gaps.iter().sum();
    let mut place = FIRST;
    let mut places = vec![place];
    for gap in &gaps {
        place += least + if sum > 0.0 { free * gap / sum } else { free / gaps.len() as f64 };
        places.push(place);
    }
    places.truncate(times.len());
    places
}
