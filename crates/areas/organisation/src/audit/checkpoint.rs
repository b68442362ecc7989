//! A checkpoint says how many rows the trail had at a time and what the hash of the last one was, signed with Ed25519
//! (RFC 8032) and ML-DSA-65 (FIPS 204) together: both signatures must fit, so the trail stays believable when one of
//! the two is broken. Checkpoints are chained among themselves.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use kit::clock::Micros;
use ml_dsa::{EncodedVerifyingKey, Keypair as _, MlDsa65, Verifier as _};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::fmt;

/// Bytes of the two seeds.
const SEEDS: usize = 64;

/// One checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// From 1, without gaps.
    pub number: u64,
    pub at: Micros,
    /// Rows of the trail; the number of the last one.
    pub rows: i64,
    /// Hash of that row.
    pub hash: String,
    /// [`Checkpoint::digest`] of the checkpoint before; empty for the first.
    pub previous: String,
    /// [`PublicKeys::fingerprint`] of the keys that sign.
    pub key: String,
    /// Hexadecimal.
    pub ed25519: String,
    /// Base64.
    pub ml_dsa_65: String,
}

impl Checkpoint {
    fn signed_text(&self) -> String {
        json!(["luytre audit checkpoint", self.number, self.at, self.rows, self.hash, self.previous, self.key])
            .to_string()
    }

    /// SHA-256 over everything, signatures included.
    pub fn digest(&self) -> String {
        let all = json!([self.signed_text(), self.ed25519, self.ml_dsa_65]).to_string();
        hex::encode(Sha256::digest(all.as_bytes()))
    }
}

/// Signs checkpoints. Whoever has it can write another history: it lies outside the database, and copies of
/// checkpoints belong where this machine cannot reach them.
pub struct TrailKey {
    ed25519: SigningKey,
    ml_dsa: ml_dsa::SigningKey<MlDsa65>,
}

impl fmt::Debug for TrailKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "TrailKey({})", self.public().fingerprint())
    }
}

impl TrailKey {
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

    /// The checkpoint after `last` over a trail that ends with row `rows` of this hash.
    pub fn sign(&self, last: Option<&Checkpoint>, at: Micros, rows: i64, hash: &str) -> Checkpoint {
        let mut checkpoint = Checkpoint {
            number: last.map_or(1, |last| last.number + 1),
            at,
            rows,
            hash: hash.to_owned(),
            previous: last.map(Checkpoint::digest).unwrap_or_default(),
            key: self.public().fingerprint(),
            ed25519: String::new(),
            ml_dsa_65: String::new(),
        };
        let text = checkpoint.signed_text();
        checkpoint.ed25519 = hex::encode(self.ed25519.sign(text.as_bytes()).to_bytes());
        let ml_dsa: ml_dsa::Signature<MlDsa65> = ml_dsa::Signer::sign(&self.ml_dsa, text.as_bytes());
        checkpoint.ml_dsa_65 = STANDARD.encode(ml_dsa.encode());
        checkpoint
    }
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

    /// Whether both signatures are by these keys.
    pub fn fit(&self, checkpoint: &Checkpoint) -> bool {
        let text = checkpoint.signed_text();
        checkpoint.key == self.fingerprint()
            && self.fits_ed25519(text.as_bytes(), &checkpoint.ed25519).unwrap_or(false)
            && self.fits_ml_dsa(text.as_bytes(), &checkpoint.ml_dsa_65).unwrap_or(false)
    }

    fn fits_ed25519(&self, text: &[u8], signature: &str) -> Option<bool> {
        let key = <[u8; 32]>::try_from(hex::decode(&self.ed25519).ok()?).ok()?;
        let signature = <[u8; 64]>::try_from(hex::decode(signature).ok()?).ok()?;
        let key = VerifyingKey::from_bytes(&key).ok()?;
        Some(key.verify_strict(text, &ed25519_dalek::Signature::from_bytes(&signature)).is_ok())
    }

    fn fits_ml_dsa(&self, text: &[u8], signature: &str) -> Option<bool> {
        let key = STANDARD.decode(&self.ml_dsa_65).ok()?;
        let key = EncodedVerifyingKey::<MlDsa65>::try_from(key.as_slice()).ok()?;
        let signature = STANDARD.decode(signature).ok()?;
        let signature = ml_dsa::Signature::<MlDsa65>::try_from(signature.as_slice()).ok()?;
        Some(ml_dsa::VerifyingKey::<MlDsa65>::decode(&key).verify(text, &signature).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(seed: u8) -> TrailKey {
        TrailKey::from_seeds(&[seed; SEEDS])
    }

    #[test]
    fn both_signatures_must_fit() {
        let (own, other) = (key(1), key(2));
        let checkpoint = own.sign(None, 5, 100, "ab");
        assert!(own.public().fit(&checkpoint));
        assert!(!other.public().fit(&checkpoint));
        let forged = other.sign(None, 5, 100, "ab");
        for half in [
            Checkpoint { ed25519: forged.ed25519, ..checkpoint.clone() },
            Checkpoint { ml_dsa_65: forged.ml_dsa_65, ..checkpoint.clone() },
        ] {
            assert!(!own.public().fit(&half), "one signature of another key");
        }
    }

    #[test]
    fn every_field_is_signed() {
        let own = key(1);
        let first = own.sign(None, 5, 100, "ab");
        let checkpoint = own.sign(Some(&first), 6, 200, "cd");
        assert_eq!(checkpoint.previous, first.digest());
        for altered in [
            Checkpoint { number: 3, ..checkpoint.clone() },
            Checkpoint { at: 7, ..checkpoint.clone() },
            Checkpoint { rows: 199, ..checkpoint.clone() },
            Checkpoint { hash: "ce".into(), ..checkpoint.clone() },
            Checkpoint { previous: String::new(), ..checkpoint.clone() },
            Checkpoint { key: String::new(), ..checkpoint.clone() },
        ] {
            assert!(!own.public().fit(&altered), "{altered:?}");
        }
    }
}
