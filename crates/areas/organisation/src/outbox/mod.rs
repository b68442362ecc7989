//! The outbox: what is to leave the house and what has left. A row is written in the transaction that causes the
//! message; the sender takes it from there, at least once. What leaves is a title, a kind and a link: of the title only
//! those variables that the policy lets out.

mod pages;
mod plan;
mod retry;
mod sender;
mod store;
mod tables;
mod words;

pub use pages::routes;
pub(crate) use plan::{Planned, plan};
pub use retry::next_attempt;
pub use sender::Sender;
pub(crate) use store::{NewRow, put};
pub use store::{OutboxFilter, count, list, try_again};
pub use tables::OUTBOX;

use kit::clock::Micros;
use sea_orm::FromQueryResult;

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Waiting,
    Sent,
    /// Given up.
    Failed,
    /// No longer needed: read before it was due, or its channel is out of use.
    Withdrawn,
}

impl State {
    pub const ALL: [State; 4] = [Self::Waiting, Self::Sent, Self::Failed, Self::Withdrawn];

    pub fn code(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Withdrawn => "withdrawn",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// Key of its name.
    pub fn key(self) -> &'static str {
        match self {
            Self::Waiting => "outbox-waiting",
            Self::Sent => "outbox-sent",
            Self::Failed => "outbox-failed",
            Self::Withdrawn => "outbox-withdrawn",
        }
    }
}

/// A message on its way out. Where exactly it goes is not part of it.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Outgoing {
    pub id: String,
    pub channel_id: String,
    pub channel_name: String,
    pub channel_kind: String,
    pub agency_id: String,
    pub person_id: Option<String>,
    pub person_name: Option<String>,
    pub message_id: Option<String>,
    pub kind: String,
    pub severity: String,
    pub title_key: String,
    pub title_arguments: String,
    pub link: String,
    pub bundled: bool,
    /// Code of a [`State`].
    pub state: String,
    pub attempts: i64,
    pub due_at: Micros,
    pub created_at: Micros,
    pub done_at: Option<Micros>,
    /// Code of a [`crate::delivery::Reason`] of the last attempt; empty for none.
    pub failure: String,
    /// Status that the receiver answered with.
    pub answer: String,
}

impl Outgoing {
    pub fn state(&self) -> State {
        State::from_code(&self.state).unwrap_or(State::Waiting)
    }

    pub fn severity(&self) -> kit::page::Severity {
        self.severity.parse().unwrap_or_default()
    }
}
