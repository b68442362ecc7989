//! Consolidation: each system's way to the provincial data centre, and how far it has come. Rules here are pure.

mod api;
mod form;
mod pages;
pub mod service;
pub mod store;
pub mod tables;

use crate::systems::Hosting;
use crate::systems::words::words;
use kit::Error;
use kit::clock::Micros;
use kit::error::unfit;
use kit::text::FieldFaults;
use kit::web::Routes;
use serde::{Deserialize, Serialize};

pub fn routes() -> Routes {
    pages::routes().merge(api::routes())
}

words! {
    /// What becomes of a system.
    Way {
        Keep "keep" "consolidation-way-keep",
        Move "move" "consolidation-way-move",
        Merge "merge" "consolidation-way-merge",
        Retire "retire" "consolidation-way-retire",
    }
}

words! {
    /// How far a system has come on its way.
    Progress {
        Undecided "undecided" "consolidation-undecided",
        Late "late" "consolidation-late",
        Blocked "blocked" "consolidation-blocked",
        Waiting "waiting" "consolidation-waiting",
        Kept "kept" "consolidation-kept",
        There "there" "consolidation-there",
        Done "done" "consolidation-done",
    }
}

/// A system with what was decided of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SystemMove {
    pub system_id: String,
    pub code: String,
    pub name: String,
    pub agency_id: String,
    pub agency_name: String,
    pub level: i64,
    pub hosting_kind: String,
    pub hosting: String,
    /// See [`Way`]; nothing where nobody has decided.
    pub way: Option<String>,
    /// The system that it becomes part of, for whoever reaches that one.
    pub into_id: Option<String>,
    pub into_code: String,
    pub into_name: String,
    /// Whether it becomes part of a system that the reader does not reach.
    #[serde(skip)]
    pub into_out_of_reach: bool,
    /// The same in words, where that system is not in the register.
    pub into_words: String,
    pub wave: Option<i64>,
    /// The day on which it must be done, and the day on which it was.
    pub due: Option<Micros>,
    pub done_at: Option<Micros>,
    pub blocker: String,
    pub notes: String,
    /// Counts changes; 0 where nobody has decided.
    pub version: i64,
}

impl SystemMove {
    /// How far it has come at `now`. A day ends with its midnight.
    pub fn progress(&self, now: Micros) -> Progress {
        match self.way.as_deref().and_then(Way::from_code) {
            None if self.hosting_kind == Hosting::ProvincialDataCentre.code() => Progress::There,
            None => Progress::Undecided,
            Some(Way::Keep) => Progress::Kept,
            Some(_) if self.done_at.is_some() => Progress::Done,
            Some(_) if self.due.is_some_and(|due| due + kit::clock::DAY <= now) => Progress::Late,
            Some(_) if !self.blocker.is_empty() => Progress::Blocked,
            Some(_) => Progress::Waiting,
        }
    }
}

/// What a form gives. Days are `21/11/2026`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NewMove {
    pub way: String,
    /// Code of the system that it becomes part of.
    pub into_code: String,
    pub into_words: String,
    pub wave: String,
    pub due: String,
    pub done: String,
    pub blocker: String,
    pub notes: String,
    pub version: i64,
}

/// The same as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedMove {
    pub way: Way,
    pub into_code: String,
    pub into_words: String,
    pub wave: Option<i64>,
    pub due: Option<Micros>,
    pub done_at: Option<Micros>,
    pub blocker: String,
    pub notes: String,
}

const LONGEST_TEXT: usize = 2_000;
/// Most waves of one plan.
const MOST_WAVES: i64 = 99;

impl NewMove {
    /// The input as it is kept; else what is wrong with it, field by field. What stays says why; what goes says until when,
    /// and what merges into which system. `leads_on`: it leads already to a system that the asker does not reach.
    pub fn checked(&self, now: Micros, leads_on: bool) -> Result<CheckedMove, Error> {
        let mut faults = FieldFaults::default();
        let Some(way) = Way::from_code(&self.way) else { return Err(Error::invalid("way", unfit(&self.way))) };
        let mut line = |field, text: &str| faults.line(field, text, LONGEST_TEXT);
        let (into_code, into_words) = (line("into_code", &self.into_code), line("into_words", &self.into_words));
        let blocker = line("blocker", &self.blocker);
        let notes = faults.lines("notes", &self.notes, LONGEST_TEXT);
        let (due, done_at) = (faults.day("due", &self.due), faults.day("done", &self.done));
        let wave = self.wave.trim();
        let number = wave.parse::<i64>().ok().filter(|number| (1..=MOST_WAVES).contains(number));
        if number.is_none() && !wave.is_empty() {
            faults.add("wave", "consolidation-wave-wrong");
        }
        if way == Way::Keep {
            if notes.is_empty() {
                faults.add("notes", "consolidation-keep-why");
            }
        } else if self.due.trim().is_empty() {
            faults.add("due", "field-required");
        }
        if way == Way::Merge && into_code.is_empty() && into_words.is_empty() && !leads_on {
            faults.add("into_code", "consolidation-merge-into");
        }
        if done_at.is_some_and(|day| day > now) {
            faults.add("done", "consolidation-done-ahead");
        }
        faults.into_result()?;
        let merged = |text: String| if way == Way::Merge { text } else { String::new() };
        Ok(CheckedMove {
            way,
            into_code: merged(into_code),
            into_words: merged(into_words),
            wave: number,
            due,
            done_at,
            blocker,
            notes,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kit::civil;
    use kit::clock::DAY;

    /// 24 November 2026, 16:00 in Vietnam.
    const NOW: Micros = 1_795_510_800_000_000;

    fn wrong(new: &NewMove) -> Vec<String> {
        match new.checked(NOW, false) {
            Err(Error::Invalid(wrong)) => wrong.into_iter().map(|one| one.field).collect(),
            _ => Vec::new(),
        }
    }

    fn going(way: &str) -> NewMove {
        NewMove { way: way.into(), due: "31/12/2026".into(), ..NewMove::default() }
    }

    #[test]
    fn what_stays_says_why_and_what_goes_until_when() {
        assert_eq!(wrong(&NewMove::default()), ["way"]);
        assert_eq!(wrong(&NewMove { way: "keep".into(), ..NewMove::default() }), ["notes"]);
        assert_eq!(wrong(&NewMove { way: "move".into(), ..NewMove::default() }), ["due"]);
        assert_eq!(wrong(&going("merge")), ["into_code"]);
        assert!(going("merge").checked(NOW, true).is_ok(), "it leads already to one that is out of reach");
        let bad = NewMove { wave: "0".into(), done: "25/11/2026".into(), due: "mai".into(), ..going("retire") };
        assert_eq!(wrong(&bad), ["due", "wave", "done"]);
        let kept = NewMove { into_words: "Hệ thống khác".into(), wave: "2".into(), ..going("move") };
        let kept = kept.checked(NOW, false).unwrap();
        assert_eq!((kept.wave, kept.into_words.as_str()), (Some(2), ""), "only what merges leads into another");
    }

    #[test]
    fn progress_follows_from_what_was_decided_and_the_day() {
        let due = civil::moment("24/11/2026");
        let going = SystemMove { way: Some("move".into()), due, ..SystemMove::default() };
        assert_eq!(going.progress(NOW), Progress::Waiting, "the day itself still counts");
        assert_eq!(going.progress(NOW + DAY), Progress::Late);
        let blocked = SystemMove { blocker: "Chưa có đường truyền".into(), ..going.clone() };
        assert_eq!((blocked.progress(NOW), blocked.progress(NOW + DAY)), (Progress::Blocked, Progress::Late));
        assert_eq!(SystemMove { done_at: Some(NOW), ..going }.progress(NOW + DAY), Progress::Done);
        assert_eq!(SystemMove::default().progress(NOW), Progress::Undecided);
        let there = SystemMove { hosting_kind: "provincial_data_centre".into(), ..SystemMove::default() };
        assert_eq!(there.progress(NOW), Progress::There);
        assert_eq!(SystemMove { way: Some("keep".into()), ..there }.progress(NOW), Progress::Kept);
    }
}
