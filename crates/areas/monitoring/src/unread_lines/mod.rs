//! Lines that no format reads: stored whole and searchable like all others, counted here by template, a queue of what nobody has
//! written a format for yet. Gathered beside the pipeline by `gather`; samples are events and are read as such.

mod api;
mod detail;
pub(crate) mod gather;
mod pages;
pub mod service;
pub mod settings;
pub(crate) mod solving;
pub mod store;
pub mod tables;

use kit::clock::Micros;
use kit::web::Routes;

pub fn routes() -> Routes {
    pages::routes().merge(detail::routes()).merge(api::routes())
}

/// Where a template stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum State {
    #[default]
    New,
    /// Somebody said that it need not be read.
    Ignored,
    /// A format reads its samples by now.
    Solved,
}

impl State {
    pub const ALL: [State; 3] = [Self::New, Self::Ignored, Self::Solved];

    /// Word in the database and in addresses.
    pub fn code(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Ignored => "ignored",
            Self::Solved => "solved",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// Key of the word for people.
    pub fn key(self) -> &'static str {
        match self {
            Self::New => "unread-line-state-new",
            Self::Ignored => "unread-line-state-ignored",
            Self::Solved => "unread-line-state-solved",
        }
    }
}

/// How much of a record is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Part {
    #[default]
    Record,
    /// The message inside an envelope.
    Message,
}

impl Part {
    pub const ALL: [Part; 2] = [Self::Record, Self::Message];

    pub fn code(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::Message => "message",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.code() == code)
    }

    /// Key of the word for people.
    pub fn key(self) -> &'static str {
        match self {
            Self::Record => "unread-line-part-record",
            Self::Message => "unread-line-part-message",
        }
    }
}

/// Lines of one source that differ only in what varies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnreadLine {
    pub id: String,
    pub source_id: String,
    pub source_name: String,
    pub agency_id: Option<String>,
    pub agency_name: Option<String>,
    pub part: Part,
    pub program: String,
    pub template: String,
    pub lines: i64,
    pub estimated: bool,
    pub first_seen: Micros,
    pub last_seen: Micros,
    pub samples: Vec<u64>,
    pub state: State,
    pub reason: String,
    pub decided_at: Option<Micros>,
    pub solved_by: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use kit::Lang;
    use kit::locale::texts;

    #[test]
    fn codes_lead_back_and_have_their_words() {
        for state in State::ALL {
            assert_eq!(State::from_code(state.code()), Some(state));
            assert!(Lang::ALL.iter().all(|lang| texts().has(*lang, state.key())), "{state:?}");
        }
        for part in Part::ALL {
            assert_eq!(Part::from_code(part.code()), Some(part));
            assert!(Lang::ALL.iter().all(|lang| texts().has(*lang, part.key())), "{part:?}");
        }
    }
}
