//! Keys for machines: made for an agency, with few capabilities, maybe bound to one source, maybe with an end.
//! The key is shown once; what is kept is its hash. It never does more than its maker may do now (`standing.rs`).

mod key_page;
mod pages;
mod refusals;
mod service;
mod standing;
mod store;

pub use pages::routes;
pub(crate) use refusals::Refusals;
pub(crate) use service::open_until;
pub use service::{NewKey, create, revoke};
pub(crate) use standing::{Standing, standing, standings};
pub(crate) use store::{by_secret, held_open_by, maker_of, used};
pub use store::{count, find, list, source_of};

use ipnet::IpNet;
use kit::Capability;
use kit::clock::Micros;
use sea_orm::FromQueryResult;
use std::net::IpAddr;

/// The key as Elasticsearch clients send it after `Authorization: ApiKey`: base64 of `id:key`.
pub fn encoded(id: &str, key: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(format!("{id}:{key}"))
}

/// One key, without the key.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct ApiKey {
    pub id: String,
    pub name: String,
    pub agency_id: String,
    pub agency_name: String,
    /// Source that everything sent with it belongs to.
    pub source_id: Option<String>,
    /// Names of capabilities, separated by blanks.
    pub capabilities: String,
    pub created_by: String,
    pub created_at: Micros,
    pub expires_at: Option<Micros>,
    pub last_used_at: Option<Micros>,
    /// Address of the last use; empty where unknown.
    pub last_used_from: String,
    /// Networks it may be used from, separated by blanks; empty: anywhere.
    pub networks: String,
    pub revoked_at: Option<Micros>,
}

/// Whether what made a key is a person: parts of the program are called `service:…` ([`kit::scope::Actor::id`]).
fn is_person(maker: &str) -> bool {
    !maker.starts_with("service:")
}

impl ApiKey {
    pub(crate) fn has_maker(&self) -> bool {
        is_person(&self.created_by)
    }

    pub fn is_valid_at(&self, at: Micros) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| at < end)
    }

    /// Whether it may be used from an address. One that the server does not know lies in no network.
    pub fn is_used_from(&self, address: Option<IpAddr>) -> bool {
        if self.networks.is_empty() {
            return true;
        }
        let address = address.map(|address| address.to_canonical());
        let mut networks = self.networks.split(' ').filter_map(|network| network.parse::<IpNet>().ok());
        address.is_some_and(|address| networks.any(|network| network.contains(&address)))
    }

    pub fn capabilities(&self) -> Vec<Capability> {
        self.capabilities.split(' ').filter_map(Capability::from_name).collect()
    }
}
