//! Signatures with Ed25519 (RFC 8032) and ML-DSA-65 (FIPS 204) together: both must fit, so what is signed stays believable when
//! one of the two is broken. What is signed says at its beginning what it is, so that no signature serves for another thing.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use ml_dsa::{EncodedVerifyingKey, Keypair as _, MlDsa65, Verifier as _};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::fmt;

/// Bytes of the two seeds.
pub const SEEDS: usize = 64;

/// Two keys that sign together.
pub struct KeyPair {
    ed25519: SigningKey,
    ml_dsa: ml_dsa::SigningKey<MlDsa65>,
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "KeyPair({})", self.public().fingerprint())
    }
}

impl KeyPair {
    /// Of two seeds of 32 bytes: Ed25519, ML-DSA-65.
    pub fn from_seeds(seeds: &[u8; SEEDS]) -> Self {
        let (ed25519, ml_dsa) = seeds.split_at(SEEDS / 2);
        let mut first = [0; SEEDS / 2];
        first.copy_from_slice(ed25519);
        let mut second = ml_dsa::Seed::default();
        second.copy_from_slice(ml_dsa);
        Self { ed25519: SigningKey::from_bytes(&first), ml_dsa: ml_dsa::SigningKey::from_seed(&second) }
    }

    pub fn public(&self) -> PublicKeys {
        PublicKeys {
            ed25519: hex::encode(self.ed25519.verifying_key().as_bytes()),
            ml_dsa_65: STANDARD.encode(self.ml_dsa.verifying_key().encode()),
        }
    }

    /// Signs these bytes as they are.
    pub fn sign(&self, bytes: &[u8]) -> Signatures {
        let ml_dsa: ml_dsa::Signature<MlDsa65> = ml_dsa::Signer::sign(&self.ml_dsa, bytes);
        Signatures {
            key: self.public().fingerprint(),
            ed25519: hex::encode(self.ed25519.sign(bytes).to_bytes()),
            ml_dsa_65: STANDARD.encode(ml_dsa.encode()),
        }
    }
}

/// Both signatures over the same bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signatures {
    /// [`PublicKeys::fingerprint`] of the keys that sign.
    pub key: String,
    /// Hexadecimal.
    pub ed25519: String,
    /// Base64.
    pub ml_dsa_65: String,
}

/// The public halves, for whoever verifies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublicKeys {
    /// Hexadecimal.
    pub ed25519: String,
    /// Base64.
    pub ml_dsa_65: String,
}

impl PublicKeys {
    /// SHA-256 of both: what people compare.
    pub fn fingerprint(&self) -> String {
        hex::encode(Sha256::digest(json!([self.ed25519, self.ml_dsa_65]).to_string().as_bytes()))
    }

    /// Whether both are keys, written as [`KeyPair::public`] writes them.
    pub fn are_sound(&self) -> bool {
        let ed25519 = self.ed25519_key().is_some_and(|key| hex::encode(key.as_bytes()) == self.ed25519);
        ed25519 && self.ml_dsa_key().is_some_and(|key| STANDARD.encode(key.encode()) == self.ml_dsa_65)
    }

    /// Whether both signatures over these bytes are by these keys.
    pub fn fit(&self, bytes: &[u8], signatures: &Signatures) -> bool {
        signatures.key == self.fingerprint()
            && self.fits_ed25519(bytes, &signatures.ed25519).unwrap_or(false)
            && self.fits_ml_dsa(bytes, &signatures.ml_dsa_65).unwrap_or(false)
    }

    fn ed25519_key(&self) -> Option<VerifyingKey> {
        let key = <[u8; 32]>::try_from(hex::decode(&self.ed25519).ok()?).ok()?;
        VerifyingKey::from_bytes(&key).ok()
    }

    fn ml_dsa_key(&self) -> Option<ml_dsa::VerifyingKey<MlDsa65>> {
        let key = STANDARD.decode(&self.ml_dsa_65).ok()?;
        let key = EncodedVerifyingKey::<MlDsa65>::try_from(key.as_slice()).ok()?;
        Some(ml_dsa::VerifyingKey::<MlDsa65>::decode(&key))
    }

    fn fits_ed25519(&self, bytes: &[u8], signature: &str) -> Option<bool> {
        let signature = <[u8; 64]>::try_from(hex::decode(signature).ok()?).ok()?;
        Some(self.ed25519_key()?.verify_strict(bytes, &ed25519_dalek::Signature::from_bytes(&signature)).is_ok())
    }

    fn fits_ml_dsa(&self, bytes: &[u8], signature: &str) -> Option<bool> {
        let signature = STANDARD.decode(signature).ok()?;
        let signature = ml_dsa::Signature::<MlDsa65>::try_from(signature.as_slice()).ok()?;
        Some(self.ml_dsa_key()?.verify(bytes, &signature).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_signatures_must_fit_the_same_bytes() {
        let (own, other) = (KeyPair::from_seeds(&[1; SEEDS]), KeyPair::from_seeds(&[2; SEEDS]));
        let (signed, forged) = (own.sign(b"text"), other.sign(b"text"));
        assert!(own.public().fit(b"text", &signed) && !own.public().fit(b"texts", &signed));
        for half in [
            Signatures { ed25519: forged.ed25519.clone(), ..signed.clone() },
            Signatures { ml_dsa_65: forged.ml_dsa_65.clone(), ..signed.clone() },
            Signatures { key: forged.key, ..signed },
        ] {
            assert!(!own.public().fit(b"text", &half), "one part of another key");
        }
    }

    #[test]
    fn what_is_no_key_is_not_taken_for_one() {
        let sound = KeyPair::from_seeds(&[1; SEEDS]).public();
        assert!(sound.are_sound());
        assert!(!PublicKeys { ed25519: sound.ed25519.to_uppercase(), ..sound.clone() }.are_sound());
        assert!(!PublicKeys { ml_dsa_65: "AAAA".into(), ..sound }.are_sound());
    }
}
