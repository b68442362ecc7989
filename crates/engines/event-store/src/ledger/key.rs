//! The key that signs the ledger: Ed25519 (RFC 8032).

use crate::segment::hex;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use std::fmt;

/// Signs the ledger. Whoever has it can write another history, so keep the public key and now and then a hash of the
/// ledger where the machine cannot reach them.
#[derive(Clone)]
pub struct LedgerKey(SigningKey);

impl LedgerKey {
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// Of a seed of 64 hexadecimal digits.
    pub fn from_hex(seed: &str) -> Option<Self> {
        unhex::<32>(seed).map(|seed| Self::from_seed(&seed))
    }

    /// The public half, hexadecimal.
    pub fn public(&self) -> String {
        hex(self.0.verifying_key().as_bytes())
    }

    pub(super) fn sign(&self, bytes: &[u8]) -> [u8; 64] {
        self.0.sign(bytes).to_bytes()
    }
}

impl fmt::Debug for LedgerKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "LedgerKey({})", self.public())
    }
}

pub(super) fn verify(key: &str, bytes: &[u8], signature: &str) -> Result<(), String> {
    let key = unhex::<32>(key).and_then(|key| VerifyingKey::from_bytes(&key).ok()).ok_or("its key is none")?;
    let signature = unhex::<64>(signature).ok_or("its signature is none")?;
    let signature = Signature::from_bytes(&signature);
    key.verify_strict(bytes, &signature).map_err(|_| "its signature does not fit".to_owned())
}

/// Bytes of hexadecimal digits, of exactly this length.
pub(super) fn unhex<const LENGTH: usize>(text: &str) -> Option<[u8; LENGTH]> {
    let digits = text.as_bytes();
    if digits.len() != LENGTH * 2 {
        return None;
    }
    let mut bytes = [0; LENGTH];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |at: usize| pair.get(at).and_then(|digit| char::from(*digit).to_digit(16));
        *byte = u8::try_from(digit(0)? << 4 | digit(1)?).ok()?;
    }
    Some(bytes)
}
