//! What a relying party checks of a new passkey (WebAuthn §7.1) and of a passkey that is used (§7.2). Pure: challenges,
//! keys and counters are parameters. No attestation is asked for, so none is looked at.

use super::key::{ALGORITHMS, PublicKey, entry, read};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Who asks for passkeys: the name of the site, and the one address that its pages come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RelyingParty {
    id: String,
    origin: String,
}

/// Why something is no passkey of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("it cannot be read")]
    Unreadable,
    #[error("it answers another question")]
    Type,
    #[error("it answers another challenge")]
    Challenge,
    #[error("it was made for another site")]
    Site,
    #[error("nobody was verified")]
    NotVerified,
    #[error("its flags contradict each other")]
    Flags,
    #[error("its key is none of the kinds offered")]
    Key,
    #[error("its signature is wrong")]
    Signature,
    #[error("its counter went back: there may be a copy")]
    Counter,
    #[error("it belongs to somebody else")]
    Person,
}

/// What a browser sends of a new passkey; everything base64url.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewPasskey {
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    attestation_object: String,
}

/// What a browser sends of a passkey that is used.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Assertion {
    pub(crate) id: String,
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    authenticator_data: String,
    signature: String,
    #[serde(default)]
    user_handle: Option<String>,
}

/// A passkey that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Made {
    /// Both base64url.
    pub(crate) credential_id: String,
    pub(crate) public_key: String,
    pub(crate) counter: u32,
}

/// What is kept of a passkey and must fit its use.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kept<'row> {
    pub(crate) public_key: &'row str,
    pub(crate) counter: u32,
    pub(crate) person: &'row [u8],
}

const LONGEST_CREDENTIAL: usize = 1_023;
const PRESENT: u8 = 1;
const VERIFIED: u8 = 1 << 2;
const MAY_BE_COPIED: u8 = 1 << 3;
const IS_COPIED: u8 = 1 << 4;
const CREDENTIAL: u8 = 1 << 6;

fn bytes(text: &str) -> Result<Vec<u8>, Refusal> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| Refusal::Unreadable)
}

impl RelyingParty {
    /// Of an address such as `https://soc.example`. Passkeys need TLS or this machine itself, and a name.
    pub(crate) fn of(address: &str) -> Option<Self> {
        let (scheme, rest) = address.trim_end_matches('/').split_once("://")?;
        let authority = rest.split(['/', '?', '#']).next()?;
        let authority = if scheme == "https" { authority.trim_end_matches(":443") } else { authority };
        let name = authority.split(':').next()?.to_ascii_lowercase();
        let named = name.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-'))
            && name.chars().any(|letter| letter.is_ascii_alphabetic());
        let safe = scheme == "https" || (scheme == "http" && name == "localhost");
        (named && safe).then(|| Self { origin: format!("{scheme}://{}", authority.to_ascii_lowercase()), id: name })
    }

    /// What the browser needs to make a passkey for a person.
    pub(crate) fn creation(&self, site: &str, challenge: &str, person: (&[u8], &str, &str), have: &[String]) -> Value {
        let (id, account, full_name) = person;
        let algorithms = ALGORITHMS.map(|algorithm| json!({ "type": "public-key", "alg": algorithm }));
        json!({
            "challenge": challenge,
            "rp": { "id": self.id, "name": site },
            "user": { "id": URL_SAFE_NO_PAD.encode(id), "name": account, "displayName": full_name },
            "pubKeyCredParams": algorithms,
            "excludeCredentials": descriptors(have),
            "authenticatorSelection": { "residentKey": "preferred", "userVerification": "required" },
            "attestation": "none",
        })
    }

    /// What the browser needs to use one: any of the site, or one of these.
    pub(crate) fn request(&self, challenge: &str, allowed: &[String]) -> Value {
        json!({
            "challenge": challenge,
            "rpId": self.id,
            "allowCredentials": descriptors(allowed),
            "userVerification": "required",
        })
    }

    fn client_data(&self, kind: &str, challenge: &str, data: &[u8]) -> Result<(), Refusal> {
        let data: Value = serde_json::from_slice(data).map_err(|_| Refusal::Unreadable)?;
        let says = |name: &str| data.get(name).and_then(Value::as_str).unwrap_or_default();
        if says("type") != kind {
            return Err(Refusal::Type);
        }
        if challenge.is_empty() || says("challenge") != challenge {
            return Err(Refusal::Challenge);
        }
        let framed = data.get("crossOrigin").and_then(Value::as_bool).unwrap_or_default();
        if says("origin") != self.origin || framed { Err(Refusal::Site) } else { Ok(()) }
    }

    /// Checks what every authenticator says of itself; its flags, its counter and what follows.
    fn authenticator<'data>(&self, data: &'data [u8]) -> Result<(u8, u32, &'data [u8]), Refusal> {
        let (site, rest) = data.split_at_checked(32).ok_or(Refusal::Unreadable)?;
        let (flags, rest) = rest.split_first().ok_or(Refusal::Unreadable)?;
        let (counter, rest) = rest.split_first_chunk::<4>().ok_or(Refusal::Unreadable)?;
        if site != Sha256::digest(self.id.as_bytes()).as_slice() {
            return Err(Refusal::Site);
        }
        if flags & PRESENT == 0 || flags & VERIFIED == 0 {
            return Err(Refusal::NotVerified);
        }
        if flags & IS_COPIED != 0 && flags & MAY_BE_COPIED == 0 {
            return Err(Refusal::Flags);
        }
        Ok((*flags, u32::from_be_bytes(*counter), rest))
    }

    /// A new passkey, made for this challenge.
    pub(crate) fn register(&self, challenge: &str, new: &NewPasskey) -> Result<Made, Refusal> {
        self.client_data("webauthn.create", challenge, &bytes(&new.client_data)?)?;
        let (object, _) = read(&bytes(&new.attestation_object)?)?;
        let data = entry(&object, &"authData".into()).and_then(ciborium::Value::as_bytes).ok_or(Refusal::Unreadable)?;
        let (flags, counter, rest) = self.authenticator(data)?;
        if flags & CREDENTIAL == 0 {
            return Err(Refusal::Flags);
        }
        // Model of the authenticator (16), length of the identifier (2), identifier, key.
        let (_, rest) = rest.split_at_checked(16).ok_or(Refusal::Unreadable)?;
        let (length, rest) = rest.split_first_chunk::<2>().ok_or(Refusal::Unreadable)?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (id, rest) = rest.split_at_checked(length).ok_or(Refusal::Unreadable)?;
        if id.is_empty() || id.len() > LONGEST_CREDENTIAL {
            return Err(Refusal::Unreadable);
        }
        let (_, length) = read(rest)?;
        let key = rest.get(..length).ok_or(Refusal::Unreadable)?;
        PublicKey::parse(key)?;
        Ok(Made { credential_id: URL_SAFE_NO_PAD.encode(id), public_key: URL_SAFE_NO_PAD.encode(key), counter })
    }

    /// A passkey used for this challenge; what its counter says now.
    pub(crate) fn authenticate(&self, challenge: &str, kept: Kept<'_>, used: &Assertion) -> Result<u32, Refusal> {
        let client_data = bytes(&used.client_data)?;
        self.client_data("webauthn.get", challenge, &client_data)?;
        let data = bytes(&used.authenticator_data)?;
        let (_, counter, _) = self.authenticator(&data)?;
        if let Some(handle) = used.user_handle.as_deref().filter(|handle| !handle.is_empty())
            && bytes(handle)? != kept.person
        {
            return Err(Refusal::Person);
        }
        let message = [data.as_slice(), Sha256::digest(&client_data).as_slice()].concat();
        PublicKey::parse(&bytes(kept.public_key)?)?.verify(&message, &bytes(&used.signature)?)?;
        // Authenticators that do not count always say nought.
        let counted = counter != 0 || kept.counter != 0;
        if counted && counter <= kept.counter { Err(Refusal::Counter) } else { Ok(counter) }
    }
}

fn descriptors(ids: &[String]) -> Vec<Value> {
    ids.iter().map(|id| json!({ "type": "public-key", "id": id })).collect()
}

#[cfg(test)]
#[path = "ceremony_tests.rs"]
mod tests;
