//! The presence strip: a day or a month of a source or a system, one cell a slot. Height says the state as well as
//! colour: full is seen, half is partly, a low mark is silent, a dot is planned, nothing is not expected.

use super::Page;
use crate::clock::Micros;

/// State of one slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SlotState {
    Seen,
    Partly,
    Silent,
    /// Planned maintenance, announced before.
    Planned,
    NotExpected,
}

impl SlotState {
    pub const ALL: [SlotState; 5] = [Self::Seen, Self::Partly, Self::Silent, Self::Planned, Self::NotExpected];

    pub fn code(self) -> &'static str {
        match self {
            Self::Seen => "seen",
            Self::Partly => "partly",
            Self::Silent => "silent",
            Self::Planned => "planned",
            Self::NotExpected => "not-expected",
        }
    }

    pub fn key(self) -> &'static str {
        match self {
            Self::Seen => "shell-presence-seen",
            Self::Partly => "shell-presence-partly",
            Self::Silent => "shell-presence-silent",
            Self::Planned => "shell-presence-planned",
            Self::NotExpected => "shell-presence-not-expected",
        }
    }

    /// Top edge and height of the mark in a strip 20 high.
    pub fn mark(self) -> (u32, u32) {
        match self {
            Self::Seen => (1, 18),
            Self::Partly => (10, 9),
            Self::Silent => (15, 4),
            Self::Planned => (8, 4),
            Self::NotExpected => (18, 1),
        }
    }
}

/// One cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    pub from: Micros,
    pub to: Micros,
    pub state: SlotState,
    /// Events seen in the slot.
    pub count: u64,
    /// Those minutes, then those events; empty for no link.
    pub href: String,
}

/// Cells in the order of time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Presence {
    pub slots: Vec<Slot>,
    /// Whose strip this is, for those who hear the page: a name already in words.
    pub name: String,
}

/// Geometry and words of one cell.
pub struct Cell<'a> {
    pub slot: &'a Slot,
    pub x: String,
    pub width: String,
    pub y: u32,
    pub height: u32,
    pub title: String,
}

impl Presence {
    pub fn cells<'a>(&'a self, page: &Page) -> Vec<Cell<'a>> {
        let step = 100.0 / self.slots.len().max(1) as f64;
        self.slots
            .iter()
            .enumerate()
            .map(|(index, slot)| {
                let (y, height) = slot.state.mark();
                Cell {
                    slot,
                    x: format!("{:.3}%", step * (index as f64 + 0.06)),
                    width: format!("{:.3}%", step * 0.88),
                    y,
                    height,
                    title: page.tm(
                        "shell-presence-cell",
                        &[
                            ("from", page.format.date_time(slot.from).into()),
                            ("to", page.format.time(slot.to).into()),
                            ("state", page.t(slot.state.key()).into()),
                            ("count", page.format.number(slot.count).into()),
                        ],
                    ),
                }
            })
            .collect()
    }

    /// "Tường lửa Sở Y tế: 22 có, 1 một phần, 1 im lặng".
    pub fn sentence(&self, page: &Page) -> String {
        let parts: Vec<String> = SlotState::ALL
            .into_iter()
            .filter_map(|state| {
                let count = self.slots.iter().filter(|slot| slot.state == state).count();
                (count > 0).then(|| format!("{} {}", page.format.number(count as u64), page.t(state.key())))
            })
            .collect();
        format!("{}: {}", self.name, parts.join(", "))
    }

    /// First and last moment, for the labels under the strip.
    pub fn ends(&self) -> Option<(Micros, Micros)> {
        Some((self.slots.first()?.from, self.slots.last()?.to))
    }

    pub fn linked(&self) -> bool {
        self.slots.iter().any(|slot| !slot.href.is_empty())
    }
}
