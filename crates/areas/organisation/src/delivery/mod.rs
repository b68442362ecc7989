//! How a message leaves the house: by mail, to a webhook, through a gateway. Nothing here knows the database; what
//! leaves is a title, a kind and a link.

mod addresses;
mod mail;
mod obstacles;
mod places;
mod signature;
mod web;

pub use addresses::is_public;
pub(crate) use mail::{is_mailbox, send_mail};
pub(crate) use obstacles::{Obstacle, obstacle};
pub(crate) use places::{Writing, fill, find_unknown, has_place};
pub(crate) use signature::signature;
pub use web::Web;

use kit::Personal;

/// What leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parcel {
    /// The same at every attempt, so that a receiver can tell a repetition.
    pub(crate) id: String,
    /// Identifier of the kind, for machines.
    pub(crate) kind: String,
    /// The kind in words.
    pub(crate) kind_name: String,
    pub(crate) severity: String,
    pub(crate) title: String,
    pub(crate) link: String,
    /// What a digest holds, one line each; empty for a single message.
    pub(crate) lines: Vec<String>,
    /// Mail address, or identifier at the gateway; empty for what is posted to a channel itself.
    pub(crate) to: Personal,
}

/// Why it did not leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The receiver stands on a network that is not called.
    Barred,
    Unreachable,
    Timeout,
    /// The receiver answered, and not with yes.
    Refused,
    /// The channel is set up wrongly, or its secrets do not open.
    Settings,
    /// Nobody to send it to: no address, or none that can be one.
    Recipient,
}

impl Reason {
    pub const ALL: [Reason; 6] =
        [Self::Barred, Self::Unreachable, Self::Timeout, Self::Refused, Self::Settings, Self::Recipient];

    pub fn code(self) -> &'static str {
        match self {
            Self::Barred => "barred",
            Self::Unreachable => "unreachable",
            Self::Timeout => "timeout",
            Self::Refused => "refused",
            Self::Settings => "settings",
            Self::Recipient => "recipient",
        }
    }
}

/// An attempt that failed. Foreign words are not kept: an answer may quote addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub reason: Reason,
    /// Status of HTTP or SMTP.
    pub answer: String,
    /// Whether another attempt would end the same way.
    pub lasting: bool,
}

impl Failure {
    pub(crate) fn lasting(reason: Reason) -> Self {
        Self { reason, answer: String::new(), lasting: true }
    }

    pub(crate) fn passing(reason: Reason) -> Self {
        Self { reason, answer: String::new(), lasting: false }
    }
}
