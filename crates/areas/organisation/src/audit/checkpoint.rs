//! A checkpoint says how many rows the trail had at a time and what the hash of the last one was, signed as everything here
//! ([`crate::signatures`]). Checkpoints are chained among themselves.

use crate::signatures::{KeyPair, PublicKeys, SEEDS, Signatures};
use kit::clock::Micros;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};

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

    /// Whether both signatures are by these keys.
    pub fn is_by(&self, keys: &PublicKeys) -> bool {
        let signatures =
            Signatures { key: self.key.clone(), ed25519: self.ed25519.clone(), ml_dsa_65: self.ml_dsa_65.clone() };
        keys.fit(self.signed_text().as_bytes(), &signatures)
    }

    /// SHA-256 over everything, signatures included.
    pub fn digest(&self) -> String {
        let all = json!([self.signed_text(), self.ed25519, self.ml_dsa_65]).to_string();
        hex::encode(Sha256::digest(all.as_bytes()))
    }
}

/// Signs checkpoints. Whoever has it can write another history: it lies outside the database, and copies of
/// checkpoints belong where this machine cannot reach them.
#[derive(Debug)]
pub struct TrailKey(KeyPair);

impl TrailKey {
    /// Of two seeds of 32 bytes: Ed25519, ML-DSA-65.
    pub fn from_seeds(seeds: &[u8; SEEDS]) -> Self {
        Self(KeyPair::from_seeds(seeds))
    }

    pub fn public(&self) -> PublicKeys {
        self.0.public()
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
        let Signatures { ed25519, ml_dsa_65, .. } = self.0.sign(checkpoint.signed_text().as_bytes());
        checkpoint.ed25519 = ed25519;
        checkpoint.ml_dsa_65 = ml_dsa_65;
        checkpoint
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
        assert!(checkpoint.is_by(&own.public()));
        assert!(!checkpoint.is_by(&other.public()));
        let forged = other.sign(None, 5, 100, "ab");
        for half in [
            Checkpoint { ed25519: forged.ed25519, ..checkpoint.clone() },
            Checkpoint { ml_dsa_65: forged.ml_dsa_65, ..checkpoint.clone() },
        ] {
            assert!(!half.is_by(&own.public()), "one signature of another key");
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
            assert!(!altered.is_by(&own.public()), "{altered:?}");
        }
    }
}
