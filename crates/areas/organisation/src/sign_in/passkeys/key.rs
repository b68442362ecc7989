//! Public keys as authenticators give them (COSE, RFC 9053) and their signatures: ES256, EdDSA and RS256, which are
//! all that security keys, telephones and Windows Hello use.

use super::ceremony::Refusal;
use ciborium::Value;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};

/// COSE identifiers of what is offered, the best liked first.
pub(super) const ALGORITHMS: [i64; 3] = [ES256, EDDSA, RS256];
const ES256: i64 = -7;
const EDDSA: i64 = -8;
const RS256: i64 = -257;

/// Deepest nesting of what authenticators send.
const DEPTH: usize = 8;

/// One item of CBOR at the beginning of `bytes`, and how long it is.
pub(super) fn read(bytes: &[u8]) -> Result<(Value, usize), Refusal> {
    let mut rest = bytes;
    let value = ciborium::de::from_reader_with_recursion_limit(&mut rest, DEPTH).map_err(|_| Refusal::Unreadable)?;
    Ok((value, bytes.len() - rest.len()))
}

/// The value under a key of a map.
pub(super) fn entry<'map>(map: &'map Value, key: &Value) -> Option<&'map Value> {
    map.as_map()?.iter().find(|(have, _)| have == key).map(|(_, value)| value)
}

/// A key that can check signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PublicKey {
    Es256 { point: Vec<u8> },
    EdDsa { point: Vec<u8> },
    Rs256 { modulus: Vec<u8>, exponent: Vec<u8> },
}

impl PublicKey {
    /// Reads a COSE key.
    pub(super) fn parse(cose: &[u8]) -> Result<Self, Refusal> {
        let (map, _) = read(cose)?;
        let number = |label: i64| entry(&map, &label.into()).and_then(Value::as_integer).map(i128::from);
        let bytes = |label: i64| entry(&map, &label.into()).and_then(Value::as_bytes).ok_or(Refusal::Key);
        let sized = |label: i64, length: usize| {
            bytes(label).and_then(|bytes| if bytes.len() == length { Ok(bytes) } else { Err(Refusal::Key) })
        };
        // Kind of key (1), algorithm (3) and curve (-1) must fit each other.
        match (number(1), number(3).and_then(|one| i64::try_from(one).ok()), number(-1)) {
            (Some(2), Some(ES256), Some(1)) => {
                let point = [[4].as_slice(), sized(-2, 32)?.as_slice(), sized(-3, 32)?.as_slice()].concat();
                Ok(Self::Es256 { point })
            }
            (Some(1), Some(EDDSA), Some(6)) => Ok(Self::EdDsa { point: sized(-2, 32)?.clone() }),
            (Some(3), Some(RS256), _) => Ok(Self::Rs256 { modulus: bytes(-1)?.clone(), exponent: bytes(-2)?.clone() }),
            _ => Err(Refusal::Key),
        }
    }

    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Refusal> {
        let verified = match self {
            Self::Es256 { point } => UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(message, signature),
            Self::EdDsa { point } => UnparsedPublicKey::new(&ED25519, point).verify(message, signature),
            Self::Rs256 { modulus, exponent } => {
                let (n, e) = (modulus.as_slice(), exponent.as_slice());
                RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            }
        };
        verified.map_err(|_| Refusal::Signature)
    }
}
