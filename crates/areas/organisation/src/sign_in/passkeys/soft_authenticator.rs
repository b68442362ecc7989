//! An authenticator without a device, for tests: makes a key, signs challenges, and lies where it is told to.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ciborium::Value as Cbor;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

enum Signer {
    Es256(Box<EcdsaKeyPair>),
    EdDsa(Box<Ed25519KeyPair>),
}

pub(crate) struct SoftAuthenticator {
    signer: Signer,
    credential: Vec<u8>,
    /// Where its browser is.
    pub(crate) origin: String,
    /// Person present and verified.
    pub(crate) flags: u8,
    pub(crate) counter: u32,
    pub(crate) framed: bool,
    handle: Value,
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn cbor(value: &Cbor) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).unwrap();
    bytes
}

impl SoftAuthenticator {
    pub(crate) fn es256(origin: &str) -> Self {
        let (random, kind) = (SystemRandom::new(), &ECDSA_P256_SHA256_ASN1_SIGNING);
        let key = EcdsaKeyPair::generate_pkcs8(kind, &random).unwrap();
        Self::new(origin, Signer::Es256(Box::new(EcdsaKeyPair::from_pkcs8(kind, key.as_ref(), &random).unwrap())))
    }

    pub(crate) fn ed25519(origin: &str) -> Self {
        let key = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Self::new(origin, Signer::EdDsa(Box::new(Ed25519KeyPair::from_pkcs8(key.as_ref()).unwrap())))
    }

    fn new(origin: &str, signer: Signer) -> Self {
        let mut authenticator = Self {
            signer,
            credential: Vec::new(),
            origin: origin.to_owned(),
            flags: 0b101,
            counter: 0,
            framed: false,
            handle: Value::Null,
        };
        authenticator.credential = Sha256::digest(authenticator.cose()).to_vec();
        authenticator
    }

    fn cose(&self) -> Vec<u8> {
        let pair = |label: i64, value: Cbor| (Cbor::from(label), value);
        let bytes = |bytes: &[u8]| Cbor::Bytes(bytes.to_vec());
        cbor(&Cbor::Map(match &self.signer {
            Signer::Es256(key) => {
                let (x, y) = key.public_key().as_ref()[1..].split_at(32);
                vec![
                    pair(1, 2.into()),
                    pair(3, (-7).into()),
                    pair(-1, 1.into()),
                    pair(-2, bytes(x)),
                    pair(-3, bytes(y)),
                ]
            }
            Signer::EdDsa(key) => {
                let point = bytes(key.public_key().as_ref());
                vec![pair(1, 1.into()), pair(3, (-8).into()), pair(-1, 6.into()), pair(-2, point)]
            }
        }))
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        match &self.signer {
            Signer::Es256(key) => key.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec(),
            Signer::EdDsa(key) => key.sign(message).as_ref().to_vec(),
        }
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let data = json!({
            "type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": self.framed,
        });
        data.to_string().into_bytes()
    }

    fn data(&self, site: &Value, flags: u8) -> Vec<u8> {
        let site = Sha256::digest(site.as_str().unwrap());
        [site.as_slice(), &[flags], &self.counter.to_be_bytes()].concat()
    }

    /// Makes its passkey: what the browser sends.
    pub(crate) fn make(&mut self, options: &Value) -> String {
        self.handle = options["user"]["id"].clone();
        let length = u16::try_from(self.credential.len()).unwrap().to_be_bytes();
        let model = [0; 16];
        let new = [model.as_slice(), &length, &self.credential, &self.cose()].concat();
        let data = [self.data(&options["rp"]["id"], self.flags | 1 << 6), new].concat();
        let object = Cbor::Map(vec![
            ("fmt".into(), "none".into()),
            ("attStmt".into(), Cbor::Map(Vec::new())),
            ("authData".into(), Cbor::Bytes(data)),
        ]);
        json!({
            "clientDataJSON": encode(self.client_data("webauthn.create", options)),
            "attestationObject": encode(cbor(&object)),
        })
        .to_string()
    }

    /// Uses it: what the browser sends.
    pub(crate) fn answer(&mut self, options: &Value) -> String {
        let client_data = self.client_data("webauthn.get", options);
        let data = self.data(&options["rpId"], self.flags);
        let message = [data.as_slice(), Sha256::digest(&client_data).as_slice()].concat();
        json!({
            "id": encode(&self.credential),
            "clientDataJSON": encode(client_data),
            "authenticatorData": encode(data),
            "signature": encode(self.sign(&message)),
            "userHandle": self.handle,
        })
        .to_string()
    }
}
