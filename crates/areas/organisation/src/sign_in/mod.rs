//! Signing in and staying signed in: passwords, second factors, passkeys, accounts from elsewhere, sessions, one-time
//! links, and kit's [`Authenticate`] for cookies and API keys. The same answer, and the same work, for accounts that exist and those that do not.
//!
//! [`Authenticate`]: kit::session::Authenticate

mod attempt;
mod authenticate;
mod authorization;
mod breached;
mod confirmation;
mod cookie;
mod devices;
mod door;
mod ending;
mod help;
mod link;
mod me;
mod notice;
mod origin;
mod pages;
mod passkeys;
mod password;
mod passwords;
mod preferences;
mod providers;
mod refused;
mod second_factors;
mod service;
mod sessions;
mod standing;
mod steps;
mod throttle;
mod tokens;

pub use attempt::{Attempt, NewDevice, Outcome};
pub use authenticate::SignIn;
pub(crate) use authorization::KEY_PREFIX;
pub use authorization::{Credential, credential};
pub use breached::Breached;
pub use confirmation::require_confirmation;
pub use cookie::{cookie_name, device_cookie_name, set_cookie, set_device_cookie, set_step_cookie, step_cookie_name};
pub use link::create_sign_in_link;
pub use me::own_routes;
pub use origin::{Origin, is_local_path};
pub use pages::routes;
pub use password::{Hasher, Owner, check_rules, temporary};
pub(crate) use providers::ProviderLinks;
pub use providers::{Algorithm, ClientSecret, GroupRole, Linking, ProviderError, ProviderSettings, Providers};
pub use second_factors::SEALED;
pub use sessions::{SessionRow, end_all_sessions, end_session, end_sessions_of, own_sessions};
pub use standing::Due;
pub use steps::NewStep;

use kit::scope::{Actor, Agencies};
use kit::{Error, Scope};
use rand::TryRngCore;
use rand::rngs::OsRng;
use sha2::{Digest, Sha256};

/// The scope in which sign-in looks up accounts: every agency, and not one capability.
pub(crate) fn own_scope() -> Scope {
    Scope::new(Actor::Service { name: "sign-in" }, Agencies::All, [], None)
}

/// 32 bytes from the system's generator, as base64url.
pub(crate) fn secret() -> Result<String, Error> {
    use base64::Engine;
    let mut bytes = [0_u8; 32];
    OsRng.try_fill_bytes(&mut bytes).map_err(Error::internal)?;
    Ok(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes))
}

/// What is kept of a secret of high entropy: SHA-256 in hexadecimal. No salt is needed for 256 random bits.
pub(crate) fn hash_of(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}
