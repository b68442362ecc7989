//! A saved search: a search or a question in SQL that somebody keeps under a name, alone or for others. It holds a text
//! and never rows: whoever opens it asks in the own scope. Pure; rows are in `store`, acts in `service`, what runs by
//! itself in `schedules`.

pub mod alerts;
pub mod api;
mod form;
pub mod opening;
pub mod pages;
pub mod schedules;
pub mod service;
pub mod settings;
pub mod store;
pub mod tables;

use crate::timespan::Timespan;
use kit::Capability;
use kit::clock::Micros;
use kit::page::Address;
use kit::web::Routes;
use schedules::Schedule;
use serde::{Deserialize, Serialize};

pub fn routes() -> Routes {
    pages::routes().merge(schedules::routes()).merge(api::routes())
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// In the language of the search page, over events.
    #[default]
    Search,
    /// A statement over the whole catalogue.
    Sql,
}

impl Kind {
    pub const ALL: [Kind; 2] = [Self::Search, Self::Sql];

    pub fn code(self) -> &'static str {
        match self {
            Self::Search => "search",
            Self::Sql => "sql",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// What whoever opens it must hold.
    pub fn capability(self) -> Capability {
        match self {
            Self::Search => Capability::ViewEvents,
            Self::Sql => Capability::QuerySql,
        }
    }

    /// The page where it is asked.
    pub fn page(self) -> &'static str {
        match self {
            Self::Search => "/search",
            Self::Sql => "/questions",
        }
    }

    pub fn key(self) -> &'static str {
        match self {
            Self::Search => "saved-search-kind-search",
            Self::Sql => "saved-search-kind-sql",
        }
    }
}

/// Who sees it beside its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sharing {
    #[default]
    Private,
    /// Whoever sees the owner's agency.
    Agency,
    /// Everybody who may ask such questions.
    Everyone,
}

impl Sharing {
    pub const ALL: [Sharing; 3] = [Self::Private, Self::Agency, Self::Everyone];

    pub fn code(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Agency => "agency",
            Self::Everyone => "everyone",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sharing| sharing.code() == code)
    }

    pub fn key(self) -> &'static str {
        match self {
            Self::Private => "saved-search-sharing-private",
            Self::Agency => "saved-search-sharing-agency",
            Self::Everyone => "saved-search-sharing-everyone",
        }
    }
}

/// One saved search, with its schedule where it has one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SavedSearch {
    pub id: String,
    pub kind: Kind,
    pub name: String,
    pub description: String,
    pub text: String,
    /// Code of a range (`24h`), or empty where the ends are given.
    pub range: String,
    pub from: Option<Micros>,
    pub to: Option<Micros>,
    pub columns: Vec<String>,
    pub sharing: Sharing,
    pub owner_id: String,
    pub owner_name: String,
    /// The account of its owner is closed: nobody else would ever change or delete it.
    pub owner_left: bool,
    pub agency_id: Option<String>,
    pub agency_name: Option<String>,
    pub created_at: Micros,
    pub updated_at: Micros,
    pub schedule: Option<Schedule>,
}

impl SavedSearch {
    /// The address that asks it, with what is asked in it: it stays right for whoever keeps it.
    pub fn address(&self) -> Address {
        let saved = |address: Address| address.with("saved", &self.id);
        if self.kind == Kind::Sql {
            return saved(Address::parse("/questions").with("sql", &self.text));
        }
        let mut address = Address::parse("/search").with("q", &self.text);
        if self.range.is_empty() {
            for (name, end) in [("from", self.from), ("to", self.to)] {
                if let Some(end) = end {
                    address = address.with(name, end / 1_000);
                }
            }
        } else {
            address = address.with("range", &self.range);
        }
        if !self.columns.is_empty() {
            address = address.with("columns", self.columns.join(","));
        }
        saved(address)
    }

    /// The short address that stays the same when the search changes.
    pub fn permanent(&self) -> String {
        Address::parse(self.kind.page()).with("saved", &self.id).to_string()
    }

    /// The time that it is about, for people.
    pub fn span(&self) -> Timespan {
        Timespan { from: self.from, to: self.to, range: crate::timespan::known_range(&self.range) }
    }

    pub fn is_owned_by(&self, person_id: Option<&str>) -> bool {
        person_id == Some(self.owner_id.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saved() -> SavedSearch {
        SavedSearch {
            id: "s".into(),
            kind: Kind::Search,
            name: "Đăng nhập sai".into(),
            description: String::new(),
            text: "user_name:root and \"failed password\"".into(),
            range: "7d".into(),
            from: None,
            to: None,
            columns: vec!["source_ip".into(), "user_name".into()],
            sharing: Sharing::Private,
            owner_id: "p".into(),
            owner_name: String::new(),
            owner_left: false,
            agency_id: None,
            agency_name: None,
            created_at: 0,
            updated_at: 0,
            schedule: None,
        }
    }

    #[test]
    fn what_is_opened_asks_what_was_saved() {
        let question = crate::search::Question::of(&saved().address(), 0);
        assert_eq!(question.query, saved().text);
        assert_eq!((question.span.range, question.columns), ("7d", saved().columns));
        let ends = SavedSearch { range: String::new(), from: Some(5_000_000), to: Some(9_000_000), ..saved() };
        let span = crate::search::Question::of(&ends.address(), 0).span;
        assert_eq!((span.from, span.to), (Some(5_000_000), Some(9_000_000)));
    }

    #[test]
    fn codes_lead_back() {
        assert!(Kind::ALL.into_iter().all(|kind| Kind::from_code(kind.code()) == Some(kind)));
        assert!(Sharing::ALL.into_iter().all(|sharing| Sharing::from_code(sharing.code()) == Some(sharing)));
    }
}
