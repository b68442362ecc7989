//! Passkeys (WebAuthn level 2) as the first factor or the second. The person is always verified by the device (PIN,
//! finger, face), so a passkey is two factors by itself.

mod begin;
mod ceremony;
mod key;
mod pages;
mod service;
#[cfg(test)]
mod soft_authenticator;
mod store;

pub(super) use ceremony::RelyingParty;
pub(super) use pages::{open_routes, own_routes};
pub(super) use store::remove_all;

use kit::clock::Micros;
use sea_orm::FromQueryResult;

/// A passkey of a person, without its key.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub(super) struct Passkey {
    pub(super) id: String,
    pub(super) person_id: String,
    /// Identifier that the authenticator gave it, base64url.
    pub(super) credential_id: String,
    /// COSE key, base64url.
    pub(super) public_key: String,
    pub(super) counter: i64,
    pub(super) name: String,
    pub(super) added_at: Micros,
    pub(super) last_used_at: Option<Micros>,
}
