//! Checking a provider's signed tokens (OpenID Connect Core 1.0 §3.1.3.7, Back-Channel Logout 1.0 §2.6). Pure: keys, the
//! clock and what is expected are parameters. Which algorithms are taken is said by the settings, never by the token.

use super::key::KeySet;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kit::clock::{Micros, SECOND};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Signatures that two sides without a shared secret can use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Algorithm {
    #[serde(rename = "RS256")]
    Rs256,
    #[serde(rename = "PS256")]
    Ps256,
    #[serde(rename = "ES256")]
    Es256,
    #[serde(rename = "EdDSA")]
    EdDsa,
}

impl Algorithm {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }
}

/// Why a token is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("the token cannot be read")]
    Unreadable,
    #[error("the token is signed in a way that is not taken")]
    Algorithm,
    #[error("the token needs what is not understood here")]
    Critical,
    #[error("the token is signed with a key that the provider does not show")]
    UnknownKey,
    #[error("the signature of the token is wrong")]
    Signature,
    #[error("the token is from another issuer")]
    Issuer,
    #[error("the token is for somebody else")]
    Audience,
    #[error("the token is no longer valid")]
    Expired,
    #[error("the token is from another time")]
    Time,
    #[error("the token answers another question")]
    Nonce,
    #[error("the token names nobody")]
    Subject,
    #[error("the token is of another kind")]
    Kind,
}

/// Longest token, in bytes.
const LONGEST: usize = 64 << 10;
/// Clocks of two machines may differ so much, in seconds.
const SKEW: i64 = 60;
/// A token for signing in was made just now: seconds.
const OLDEST: i64 = 600;
/// What an event of signing out is called.
const SIGN_OUT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// What a token must say.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expected<'flow> {
    pub(super) issuer: &'flow str,
    pub(super) client_id: &'flow str,
    pub(super) algorithms: &'flow [Algorithm],
    pub(super) now: Micros,
}

/// What a token says, once its signature, issuer, audience and times are right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Claims(Map<String, Value>);

impl Claims {
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    /// One text, or a list of them.
    pub(super) fn texts(&self, name: &str) -> Vec<&str> {
        match self.0.get(name) {
            Some(Value::String(one)) => vec![one.as_str()],
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }

    pub(super) fn is_true(&self, name: &str) -> bool {
        self.0.get(name).and_then(Value::as_bool).unwrap_or_default()
    }

    fn seconds(&self, name: &str) -> Option<i64> {
        // Some providers write a fraction.
        self.0.get(name).and_then(|value| value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds as i64)))
    }
}

fn object(part: &str) -> Result<Map<String, Value>, Refusal> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| Refusal::Unreadable)?;
    serde_json::from_slice(&bytes).map_err(|_| Refusal::Unreadable)
}

/// What a token of signing out says it is (`typ`). One of another kind with a type of its own is taken for nothing else.
const SIGN_OUT_TYPE: &str = "logout+jwt";

/// Checks what every token of a provider must hold.
fn verify(token: &str, keys: &KeySet, expected: &Expected<'_>, signs_out: bool) -> Result<Claims, Refusal> {
    if token.len() > LONGEST {
        return Err(Refusal::Unreadable);
    }
    let (message, signature) = token.rsplit_once('.').ok_or(Refusal::Unreadable)?;
    let (header, claims) = message.split_once('.').ok_or(Refusal::Unreadable)?;
    let header = object(header)?;
    if header.contains_key("crit") {
        return Err(Refusal::Critical);
    }
    let kind = header.get("typ").and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
    let kind = kind.strip_prefix("application/").unwrap_or(&kind);
    let fits = if signs_out { kind == SIGN_OUT_TYPE } else { !kind.ends_with("+jwt") };
    if !fits {
        return Err(Refusal::Kind);
    }
    let named = header.get("alg").and_then(Value::as_str).unwrap_or_default();
    let algorithm = *expected.algorithms.iter().find(|one| one.name() == named).ok_or(Refusal::Algorithm)?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| Refusal::Unreadable)?;
    let key = header.get("kid").and_then(Value::as_str);
    keys.verify(key, algorithm, message.as_bytes(), &signature)?;
    let claims = Claims(object(claims)?);
    if claims.text("iss") != Some(expected.issuer) {
        return Err(Refusal::Issuer);
    }
    let audience = claims.texts("aud");
    let party = claims.text("azp");
    let for_us = audience.contains(&expected.client_id)
        && (audience.len() == 1 || party.is_some())
        && party.is_none_or(|party| party == expected.client_id);
    if !for_us {
        return Err(Refusal::Audience);
    }
    let now = expected.now.div_euclid(SECOND);
    // Without an end a token would hold for ever.
    if claims.seconds("exp").is_none_or(|end| end.saturating_add(SKEW) <= now) {
        return Err(Refusal::Expired);
    }
    let made = claims.seconds("iat").ok_or(Refusal::Time)?;
    let begins = claims.seconds("nbf").unwrap_or(made);
    let soonest = now.saturating_add(SKEW);
    if made > soonest || begins > soonest || made.saturating_add(OLDEST) < now {
        return Err(Refusal::Time);
    }
    Ok(claims)
}

/// The token of somebody who signs in: it must answer this very question.
pub(super) fn signed_in(token: &str, keys: &KeySet, expected: &Expected<'_>, nonce: &str) -> Result<Claims, Refusal> {
    let claims = verify(token, keys, expected, false)?;
    if nonce.is_empty() || claims.text("nonce") != Some(nonce) {
        return Err(Refusal::Nonce);
    }
    if claims.0.contains_key("events") {
        return Err(Refusal::Kind);
    }
    // Core §2: at most 255 characters.
    match claims.text("sub") {
        Some(subject) if !subject.is_empty() && subject.len() <= 255 => Ok(claims),
        _ => Err(Refusal::Subject),
    }
}

/// The token by which a provider says that somebody has signed out there.
pub(super) fn signed_out(token: &str, keys: &KeySet, expected: &Expected<'_>) -> Result<Claims, Refusal> {
    let claims = verify(token, keys, expected, true)?;
    let says_so = claims.0.get("events").and_then(|events| events.get(SIGN_OUT)).is_some_and(Value::is_object);
    if !says_so || claims.0.contains_key("nonce") {
        return Err(Refusal::Kind);
    }
    let named = |name| claims.text(name).is_some_and(|text| !text.is_empty());
    if named("sub") || named("sid") { Ok(claims) } else { Err(Refusal::Subject) }
}

#[cfg(test)]
#[path = "token_tests.rs"]
mod tests;
