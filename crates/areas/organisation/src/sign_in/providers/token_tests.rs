//! Tokens that are right, and each way in which one can be wrong.

use super::*;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::json;

const NOW: i64 = 1_795_227_120;
const ISSUER: &str = "https://id.example";

struct Signer(EcdsaKeyPair);

impl Signer {
    fn new() -> Self {
        let (random, kind) = (SystemRandom::new(), &ECDSA_P256_SHA256_FIXED_SIGNING);
        let key = EcdsaKeyPair::generate_pkcs8(kind, &random).unwrap();
        Self(EcdsaKeyPair::from_pkcs8(kind, key.as_ref(), &random).unwrap())
    }

    fn keys(&self) -> KeySet {
        let (x, y) = self.0.public_key().as_ref()[1..].split_at(32);
        let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
        KeySet::parse(&json!({ "keys": [{ "kty": "EC", "crv": "P-256", "kid": "one", "x": x, "y": y }] })).unwrap()
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        let signature = self.0.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }
}

fn expected() -> Expected<'static> {
    Expected {
        issuer: ISSUER,
        client_id: "luytre",
        algorithms: &[Algorithm::Rs256, Algorithm::Es256],
        now: NOW * SECOND,
    }
}

fn header() -> Value {
    json!({ "alg": "ES256", "kid": "one", "typ": "JWT" })
}

fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": "luytre", "sub": "248", "nonce": "n", "iat": NOW - 5, "exp": NOW + 300,
        "groups": ["soc"], "email_verified": true,
    })
}

/// A copy with some members exchanged; `null` takes one away.
fn but(mut value: Value, changes: Value) -> Value {
    let members = value.as_object_mut().unwrap();
    for (name, change) in changes.as_object().unwrap() {
        if change.is_null() {
            members.remove(name);
        } else {
            members.insert(name.clone(), change.clone());
        }
    }
    value
}

#[test]
fn a_right_token_is_taken_and_tells_who_it_is() {
    let signer = Signer::new();
    let take = |claims: &Value| signed_in(&signer.sign(&header(), claims), &signer.keys(), &expected(), "n");
    let taken = take(&claims()).unwrap();
    assert_eq!((taken.text("sub"), taken.texts("groups")), (Some("248"), vec!["soc"]));
    assert!(taken.is_true("email_verified") && !taken.is_true("groups"));
    assert!(take(&but(claims(), json!({ "aud": ["luytre"] }))).is_ok());
    assert!(take(&but(claims(), json!({ "aud": ["luytre", "other"], "azp": "luytre" }))).is_ok());
    assert!(take(&but(claims(), json!({ "exp": NOW - 30, "iat": NOW + 30 }))).is_ok(), "clocks differ a little");
    let unnamed = signer.sign(&json!({ "alg": "ES256" }), &claims());
    assert!(signed_in(&unnamed, &signer.keys(), &expected(), "n").is_ok(), "the only key there is");
}

#[test]
fn each_wrong_claim_is_refused_for_what_it_is() {
    let signer = Signer::new();
    for (change, refusal) in [
        (json!({ "iss": "https://id.example/" }), Refusal::Issuer),
        (json!({ "iss": null }), Refusal::Issuer),
        (json!({ "aud": "other" }), Refusal::Audience),
        (json!({ "aud": null }), Refusal::Audience),
        (json!({ "aud": ["luytre", "other"] }), Refusal::Audience),
        (json!({ "azp": "other" }), Refusal::Audience),
        (json!({ "exp": NOW - 61 }), Refusal::Expired),
        (json!({ "exp": null }), Refusal::Expired),
        (json!({ "exp": "never" }), Refusal::Expired),
        (json!({ "iat": NOW + 61 }), Refusal::Time),
        (json!({ "iat": NOW - 601 }), Refusal::Time),
        (json!({ "iat": null }), Refusal::Time),
        (json!({ "nbf": NOW + 61 }), Refusal::Time),
        (json!({ "nonce": "m" }), Refusal::Nonce),
        (json!({ "nonce": null }), Refusal::Nonce),
        (json!({ "sub": "" }), Refusal::Subject),
        (json!({ "sub": 248 }), Refusal::Subject),
        (json!({ "sub": "x".repeat(256) }), Refusal::Subject),
        (json!({ "events": { SIGN_OUT: {} } }), Refusal::Kind),
    ] {
        let token = signer.sign(&header(), &but(claims(), change.clone()));
        assert_eq!(signed_in(&token, &signer.keys(), &expected(), "n"), Err(refusal), "{change}");
    }
    let token = signer.sign(&header(), &but(claims(), json!({ "nonce": "" })));
    assert_eq!(signed_in(&token, &signer.keys(), &expected(), ""), Err(Refusal::Nonce), "no question was asked");
}

#[test]
fn the_token_does_not_choose_how_it_is_checked() {
    let (signer, other) = (Signer::new(), Signer::new());
    let keys = signer.keys();
    let take = |token: &str| signed_in(token, &keys, &expected(), "n");
    let none = signer.sign(&json!({ "alg": "none" }), &claims());
    assert_eq!(take(&none), Err(Refusal::Algorithm));
    let unsigned = format!("{}.", none.rsplit_once('.').unwrap().0);
    assert_eq!(take(&unsigned), Err(Refusal::Algorithm));
    for named in ["HS256", "ES384", "es256", "EdDSA", ""] {
        let token = signer.sign(&json!({ "alg": named, "kid": "one" }), &claims());
        assert_eq!(take(&token), Err(Refusal::Algorithm), "{named}");
    }
    let confused = signer.sign(&json!({ "alg": "RS256", "kid": "one" }), &claims());
    assert_eq!(take(&confused), Err(Refusal::UnknownKey), "a key of one kind, a signature of another");
    assert_eq!(take(&other.sign(&header(), &claims())), Err(Refusal::Signature));
    let elsewhere = json!({ "alg": "ES256", "kid": "two", "jku": "https://evil.example/keys" });
    assert_eq!(take(&signer.sign(&elsewhere, &claims())), Err(Refusal::UnknownKey));
    let critical = but(header(), json!({ "crit": ["b64"], "b64": false }));
    assert_eq!(take(&signer.sign(&critical, &claims())), Err(Refusal::Critical));
    let right = signer.sign(&header(), &claims());
    let (message, signature) = right.rsplit_once('.').unwrap();
    let (head, _) = message.split_once('.').unwrap();
    let other_claims = URL_SAFE_NO_PAD.encode(but(claims(), json!({ "sub": "249" })).to_string());
    assert_eq!(take(&format!("{head}.{other_claims}.{signature}")), Err(Refusal::Signature));
    for unreadable in ["", ".", "..", "a.b", "a.b.c", "e30.e30", &"x".repeat(LONGEST + 1)] {
        assert_eq!(take(unreadable), Err(Refusal::Unreadable), "{unreadable:.20}");
    }
}

#[test]
fn a_token_of_signing_out_signs_nobody_in_and_the_other_way_round() {
    let signer = Signer::new();
    let out = |changes: Value| {
        let event = json!({ "events": { SIGN_OUT: {} }, "nonce": null, "sid": "s" });
        let header = but(header(), json!({ "typ": SIGN_OUT_TYPE }));
        let token = signer.sign(&header, &but(but(claims(), event), changes));
        signed_out(&token, &signer.keys(), &expected())
    };
    assert_eq!(out(json!({})).unwrap().text("sid"), Some("s"));
    assert!(out(json!({ "sub": null })).is_ok());
    assert_eq!(out(json!({ "sub": null, "sid": null })), Err(Refusal::Subject));
    assert_eq!(out(json!({ "nonce": "n" })), Err(Refusal::Kind));
    assert_eq!(out(json!({ "events": { "other": {} } })), Err(Refusal::Kind));
    assert_eq!(out(json!({ "aud": "other" })), Err(Refusal::Audience));
    for (kind, claims) in [("JWT", claims()), (SIGN_OUT_TYPE, claims()), ("at+jwt", claims())] {
        let token = signer.sign(&but(header(), json!({ "typ": kind })), &claims);
        assert_eq!(signed_out(&token, &signer.keys(), &expected()), Err(Refusal::Kind), "{kind}");
        let signs_in = signed_in(&token, &signer.keys(), &expected(), "n");
        assert_eq!(signs_in.is_ok(), kind == "JWT", "{kind}");
    }
}
