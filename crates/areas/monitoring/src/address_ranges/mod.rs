//! Address ranges: what a network is called, of which kind it is and for whom that holds, so that rules and people read
//! “máy chủ, DMZ” where a record says 10.1.2.3. One kept for an agency names addresses in its events and in those of the
//! agencies below it alone: private networks are the same everywhere. Pure; rows are in `store`, acts in `service`.

mod form;
mod pages;
pub mod service;
mod sheet;
pub mod store;
pub mod tables;

pub use sheet::{import_sheet, read_sheet};

use crate::alerts::grouping::hash;
use crate::enrichment::Noun;
use ipnet::IpNet;
use kit::clock::Micros;
use kit::web::Routes;

/// What its pages are called.
const NOUN: Noun = Noun { key: "address-range", path: "/address-ranges" };

pub fn routes() -> Routes {
    pages::routes().merge(form::routes())
}

/// What a range is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Kind {
    #[default]
    Internal,
    Servers,
    Dmz,
    Users,
    Guests,
    Remote,
    Public,
    Partner,
    Other,
}

impl Kind {
    pub const ALL: [Kind; 9] = [
        Self::Internal,
        Self::Servers,
        Self::Dmz,
        Self::Users,
        Self::Guests,
        Self::Remote,
        Self::Public,
        Self::Partner,
        Self::Other,
    ];

    /// Word in the database, in tables and in rules.
    pub fn code(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Servers => "servers",
            Self::Dmz => "dmz",
            Self::Users => "users",
            Self::Guests => "guests",
            Self::Remote => "remote",
            Self::Public => "public",
            Self::Partner => "partner",
            Self::Other => "other",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// Key of the word for people.
    pub fn key(self) -> String {
        key_of(self.code())
    }
}

fn key_of(code: &str) -> String {
    format!("address-range-kind-{code}")
}

/// A range with everything that people read of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AddressRange {
    pub id: String,
    pub network: IpNet,
    pub name: String,
    pub kind: Kind,
    /// For whose events it holds; none for all.
    pub agency_id: Option<String>,
    pub agency_name: Option<String>,
    pub agency_code: Option<String>,
    pub note: String,
    pub updated_at: Micros,
}

/// Identity of a range: one network has one name for one agency.
fn identity(network: &IpNet, agency_id: Option<&str>) -> String {
    hash(&[network.to_string().as_str(), agency_id.unwrap_or_default()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use kit::Lang;
    use kit::locale::texts;

    #[test]
    fn codes_lead_back_and_have_their_words() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_code(kind.code()), Some(kind));
            assert!(Lang::ALL.iter().all(|lang| texts().has(*lang, &kind.key())), "{kind:?}");
        }
    }

    #[test]
    fn one_network_has_one_name_for_one_agency() {
        let network: IpNet = "10.0.0.0/8".parse().expect("a network");
        assert_eq!(identity(&network, Some("a")), identity(&network, Some("a")));
        assert_ne!(identity(&network, Some("a")), identity(&network, None));
    }
}
