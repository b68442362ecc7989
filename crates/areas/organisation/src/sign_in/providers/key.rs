//! Public keys of a provider (JWK, RFC 7517) and their signatures (RFC 7518 §3, RFC 8037).

use super::token::{Algorithm, Refusal};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaPublicKeyComponents,
    UnparsedPublicKey,
};
use serde_json::Value;

/// More keys than any provider has at once.
const MOST: usize = 100;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Material {
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    P256 { point: Vec<u8> },
    Ed25519 { point: Vec<u8> },
}

/// One key that checks signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Key {
    name: Option<String>,
    /// The only algorithm that the provider uses it for, where it says so.
    algorithm: Option<String>,
    material: Material,
}

/// The keys that a provider has now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct KeySet(Vec<Key>);

fn text<'value>(value: &'value Value, name: &str) -> Option<&'value str> {
    value.get(name).and_then(Value::as_str)
}

fn number(value: &Value, name: &str) -> Option<Vec<u8>> {
    let bytes = URL_SAFE_NO_PAD.decode(text(value, name)?).ok()?;
    // A big number has no zeros before it; some providers write one.
    let start = bytes.iter().position(|byte| *byte != 0)?;
    bytes.get(start..).map(<[u8]>::to_vec)
}

fn sized(value: &Value, name: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text(value, name)?).ok().filter(|bytes| bytes.len() == 32)
}

impl Key {
    /// `None` for a key of another kind or another use: secrets shared by both sides among them.
    fn parse(value: &Value) -> Option<Self> {
        let signs = text(value, "use").is_none_or(|use_| use_ == "sig");
        let verifies =
            value.get("key_ops").and_then(Value::as_array).is_none_or(|all| all.iter().any(|one| one == "verify"));
        if !signs || !verifies {
            return None;
        }
        let material = match (text(value, "kty")?, text(value, "crv")) {
            ("RSA", _) => Material::Rsa { modulus: number(value, "n")?, exponent: number(value, "e")? },
            ("EC", Some("P-256")) => {
                let (x, y) = (sized(value, "x")?, sized(value, "y")?);
                Material::P256 { point: [[4].as_slice(), x.as_slice(), y.as_slice()].concat() }
            }
            ("OKP", Some("Ed25519")) => Material::Ed25519 { point: sized(value, "x")? },
            _ => return None,
        };
        let owned = |name| text(value, name).map(ToOwned::to_owned);
        Some(Self { name: owned("kid"), algorithm: owned("alg"), material })
    }

    /// Whether this kind of key makes signatures of this kind.
    fn fits(&self, algorithm: Algorithm) -> bool {
        let kind = matches!(
            (&self.material, algorithm),
            (Material::Rsa { .. }, Algorithm::Rs256 | Algorithm::Ps256)
                | (Material::P256 { .. }, Algorithm::Es256)
                | (Material::Ed25519 { .. }, Algorithm::EdDsa)
        );
        kind && self.algorithm.as_deref().is_none_or(|only| only == algorithm.name())
    }

    fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        let verified = match (&self.material, algorithm) {
            (Material::Rsa { modulus, exponent }, Algorithm::Rs256 | Algorithm::Ps256) => {
                let parameters = match algorithm {
                    Algorithm::Ps256 => &RSA_PSS_2048_8192_SHA256,
                    _ => &RSA_PKCS1_2048_8192_SHA256,
                };
                let (n, e) = (modulus.as_slice(), exponent.as_slice());
                RsaPublicKeyComponents { n, e }.verify(parameters, message, signature)
            }
            (Material::P256 { point }, Algorithm::Es256) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature)
            }
            (Material::Ed25519 { point }, Algorithm::EdDsa) => {
                UnparsedPublicKey::new(&ED25519, point).verify(message, signature)
            }
            _ => return false,
        };
        verified.is_ok()
    }
}

impl KeySet {
    /// Of `{"keys": […]}`. Keys that are of no use here are left out.
    pub(super) fn parse(value: &Value) -> Option<Self> {
        let keys = value.get("keys")?.as_array()?;
        Some(Self(keys.iter().take(MOST).filter_map(Key::parse).collect()))
    }

    /// Checks a signature by the key that the token names, or by any of the kind where it names none.
    pub(super) fn verify(
        &self,
        name: Option<&str>,
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), Refusal> {
        let named = |key: &&Key| name.is_none_or(|name| key.name.as_deref() == Some(name));
        let mut fitting = self.0.iter().filter(named).filter(|key| key.fits(algorithm)).peekable();
        if fitting.peek().is_none() {
            return Err(Refusal::UnknownKey);
        }
        match fitting.any(|key| key.verifies(algorithm, message, signature)) {
            true => Ok(()),
            false => Err(Refusal::Signature),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_of_another_kind_or_use_are_left_out() {
        let point = URL_SAFE_NO_PAD.encode([7; 32]);
        let keys = json!({ "keys": [
            { "kty": "oct", "k": "c2VjcmV0", "kid": "shared" },
            { "kty": "EC", "crv": "P-256", "x": point, "y": point, "use": "enc" },
            { "kty": "EC", "crv": "P-256", "x": "AA", "y": point },
            { "kty": "EC", "crv": "P-521", "x": point, "y": point },
            { "kty": "RSA", "n": "", "e": "AQAB" },
            { "kty": "OKP", "crv": "Ed25519", "x": point, "key_ops": ["sign"] },
            7,
        ] });
        assert_eq!(KeySet::parse(&keys), Some(KeySet::default()));
        assert_eq!(KeySet::parse(&json!({})), None);
    }

    #[test]
    fn a_key_checks_only_signatures_of_its_own_kind() {
        let point = URL_SAFE_NO_PAD.encode([7; 32]);
        let keys = json!({ "keys": [
            { "kty": "EC", "crv": "P-256", "x": point, "y": point, "kid": "a" },
            { "kty": "RSA", "n": "AKo", "e": "AQAB", "alg": "PS256", "kid": "b" },
        ] });
        let keys = KeySet::parse(&keys).unwrap();
        let verify = |name, algorithm| keys.verify(Some(name), algorithm, b"message", b"signature");
        assert_eq!(verify("a", Algorithm::Rs256), Err(Refusal::UnknownKey));
        assert_eq!(verify("b", Algorithm::Rs256), Err(Refusal::UnknownKey), "the provider uses it for PS256 alone");
        assert_eq!(verify("c", Algorithm::Es256), Err(Refusal::UnknownKey));
        assert_eq!(verify("a", Algorithm::Es256), Err(Refusal::Signature));
        assert_eq!(verify("b", Algorithm::Ps256), Err(Refusal::Signature), "far too short a key");
    }
}
