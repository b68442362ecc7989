//! What is decided about an agency for a day to come: that it becomes part of another, or has a new name. It is entered ahead
//! of time with the document that says so, shown at the agencies it concerns, and carried out by the server when the day has
//! come in Vietnam, or at its next start. Until then it can be revoked. What can no longer be done by then is refused, and
//! those who can mend it are told.

mod pages;
mod run;
mod service;
mod store;

pub(super) use pages::{retry_change, revoke_change};
pub use run::carry_out_due;
#[cfg(test)]
pub(super) use run::in_order;
pub use service::{merge_on, rename_on, retry, revoke};
pub use store::concerning;
pub(super) use store::{waiting, waits};

use kit::clock::Micros;
use sea_orm::FromQueryResult;

/// Where one stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// For its day.
    Waiting,
    Done,
    /// Its day came and it could not be done.
    Refused,
    Revoked,
}

impl State {
    pub fn code(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Revoked => "revoked",
        }
    }
}

/// One decision, with the names of the agencies whatever the scope.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct ScheduledChange {
    pub id: String,
    pub agency_id: String,
    pub agency_name: String,
    /// Whether the scope reaches it.
    pub agency_reachable: bool,
    /// The successor of a merger.
    pub into_id: Option<String>,
    pub into_name: Option<String>,
    pub into_reachable: bool,
    /// The new name; empty for a merger.
    pub name: String,
    /// First moment of the day in Vietnam.
    pub at: Micros,
    /// Document that says so.
    pub basis: String,
    pub entered_by: String,
    /// Code of a [`State`].
    pub state: String,
    /// Key of why it could not be carried out; empty otherwise.
    pub refusal: String,
}

impl ScheduledChange {
    pub fn is_refused(&self) -> bool {
        self.state == State::Refused.code()
    }

    /// Whether its day has come and the server has yet to carry it out, or tries again.
    pub fn is_due(&self, now: Micros) -> bool {
        !self.is_refused() && self.at <= now
    }

    /// Name of the successor, or the new name.
    pub fn becomes(&self) -> &str {
        self.into_name.as_deref().unwrap_or(&self.name)
    }

    /// Of the two texts that stand for a merger and a new name, the one that fits.
    pub(super) fn either(&self, merger: &'static str, name: &'static str) -> &'static str {
        if self.into_id.is_some() { merger } else { name }
    }
}
