use super::super::soft_authenticator::SoftAuthenticator;
use super::*;
use proptest::prelude::*;

const SITE: &str = "https://soc.example";
const PERSON: &[u8] = b"0199-person";

fn party() -> RelyingParty {
    RelyingParty::of(SITE).unwrap()
}

fn register(authenticator: &mut SoftAuthenticator) -> Result<Made, Refusal> {
    let options = party().creation("Trung tâm", "c1", (PERSON, "can.bo", "Cán Bộ"), &[]);
    let new = serde_json::from_str(&authenticator.make(&options)).unwrap();
    party().register("c1", &new)
}

fn kept(made: &Made) -> Kept<'_> {
    Kept { public_key: &made.public_key, counter: made.counter, person: PERSON }
}

fn use_it(authenticator: &mut SoftAuthenticator, made: &Made, asked: &str, expected: &str) -> Result<u32, Refusal> {
    let options = party().request(asked, std::slice::from_ref(&made.credential_id));
    let used: Assertion = serde_json::from_str(&authenticator.answer(&options)).unwrap();
    assert_eq!(used.id, made.credential_id);
    party().authenticate(expected, kept(made), &used)
}

#[test]
fn a_passkey_of_either_kind_is_made_and_used() {
    for mut authenticator in [SoftAuthenticator::es256(SITE), SoftAuthenticator::ed25519(SITE)] {
        let made = register(&mut authenticator).unwrap();
        assert_eq!(use_it(&mut authenticator, &made, "c2", "c2"), Ok(0));
    }
}

#[test]
fn what_does_not_belong_here_is_refused() {
    type Lie = fn(&mut SoftAuthenticator);
    let lies: [(Lie, Refusal); 6] = [
        (|one| one.origin = "https://soc.example.evil".into(), Refusal::Site),
        (|one| one.origin = "http://soc.example".into(), Refusal::Site),
        (|one| one.framed = true, Refusal::Site),
        (|one| one.flags = 0b001, Refusal::NotVerified),
        (|one| one.flags = 0b100, Refusal::NotVerified),
        (|one| one.flags = 0b1_0101, Refusal::Flags),
    ];
    for (lie, refusal) in lies {
        let mut authenticator = SoftAuthenticator::es256(SITE);
        let made = register(&mut authenticator).unwrap();
        lie(&mut authenticator);
        assert_eq!(register(&mut authenticator), Err(refusal));
        assert_eq!(use_it(&mut authenticator, &made, "c2", "c2"), Err(refusal));
    }
    let mut authenticator = SoftAuthenticator::es256(SITE);
    let made = register(&mut authenticator).unwrap();
    assert_eq!(use_it(&mut authenticator, &made, "c2", "c3"), Err(Refusal::Challenge));
    assert_eq!(use_it(&mut authenticator, &made, "", ""), Err(Refusal::Challenge), "no challenge is none");
    let elsewhere = RelyingParty::of("https://other.example").unwrap().request("c2", &[]);
    let used = serde_json::from_str(&authenticator.answer(&elsewhere)).unwrap();
    assert_eq!(party().authenticate("c2", kept(&made), &used), Err(Refusal::Site), "signed for another site");
    let other = register(&mut SoftAuthenticator::es256(SITE)).unwrap();
    let mut mixed = made.clone();
    mixed.public_key = other.public_key;
    assert_eq!(use_it(&mut authenticator, &mixed, "c2", "c2"), Err(Refusal::Signature), "the key of another");
    let options = party().request("c2", &[]);
    let used = serde_json::from_str(&authenticator.answer(&options)).unwrap();
    let somebody = Kept { person: b"another", ..kept(&made) };
    assert_eq!(party().authenticate("c2", somebody, &used), Err(Refusal::Person));
}

#[test]
fn an_answer_to_one_question_is_none_to_the_other() {
    let mut authenticator = SoftAuthenticator::es256(SITE);
    let made = register(&mut authenticator).unwrap();
    let options = party().creation("Trung tâm", "c1", (PERSON, "can.bo", "Cán Bộ"), &[]);
    let new: NewPasskey = serde_json::from_str(&authenticator.make(&options)).unwrap();
    let used: Assertion = serde_json::from_str(&authenticator.answer(&party().request("c1", &[]))).unwrap();
    let as_used = Assertion { client_data: new.client_data, ..used.clone() };
    assert_eq!(party().authenticate("c1", kept(&made), &as_used), Err(Refusal::Type));
    let as_new = NewPasskey { client_data: used.client_data, attestation_object: new.attestation_object };
    assert_eq!(party().register("c1", &as_new), Err(Refusal::Type));
}

#[test]
fn a_counter_that_goes_back_tells_a_copy() {
    let mut authenticator = SoftAuthenticator::es256(SITE);
    authenticator.counter = 7;
    let mut made = register(&mut authenticator).unwrap();
    assert_eq!(use_it(&mut authenticator, &made, "c2", "c2"), Err(Refusal::Counter));
    authenticator.counter = 8;
    assert_eq!(use_it(&mut authenticator, &made, "c2", "c2"), Ok(8));
    made.counter = 8;
    authenticator.counter = 0;
    assert_eq!(use_it(&mut authenticator, &made, "c2", "c2"), Err(Refusal::Counter));
}

#[test]
fn a_signature_of_windows_hello_is_checked() {
    let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
    let key = PublicKey::Rs256 { modulus: bytes(MODULUS), exponent: vec![1, 0, 1] };
    assert_eq!(key.verify("tre xanh".as_bytes(), &bytes(SIGNATURE)), Ok(()));
    assert_eq!(key.verify("tre vàng".as_bytes(), &bytes(SIGNATURE)), Err(Refusal::Signature));
}

#[test]
fn a_site_has_a_name_and_is_safe() {
    let of = |address| RelyingParty::of(address).map(|party| (party.id, party.origin));
    let found = |id: &str, origin: &str| Some((id.to_owned(), origin.to_owned()));
    assert_eq!(of("https://SOC.example/"), found("soc.example", "https://soc.example"));
    assert_eq!(of("https://soc.example:443"), found("soc.example", "https://soc.example"));
    assert_eq!(of("https://soc.example:8443/path"), found("soc.example", "https://soc.example:8443"));
    assert_eq!(of("http://localhost:8080"), found("localhost", "http://localhost:8080"));
    for address in ["", "soc.example", "http://soc.example", "https://192.0.2.1", "https://[::1]:8080", "https://a b"] {
        assert_eq!(of(address), None, "{address}");
    }
}

proptest! {
    #[test]
    fn no_answer_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), cut in 0_usize..400) {
        let mut authenticator = SoftAuthenticator::ed25519(SITE);
        let options = party().creation("Trung tâm", "c1", (PERSON, "can.bo", "Cán Bộ"), &[]);
        let mut new: NewPasskey = serde_json::from_str(&authenticator.make(&options)).unwrap();
        let whole = URL_SAFE_NO_PAD.decode(&new.attestation_object).unwrap();
        for object in [bytes.as_slice(), whole.get(..cut.min(whole.len().saturating_sub(1))).unwrap_or_default()] {
            new.attestation_object = URL_SAFE_NO_PAD.encode(object);
            prop_assert!(party().register("c1", &new).is_err());
        }
        prop_assert!(PublicKey::parse(&bytes).is_err());
    }
}

const MODULUS: &str = "kqGxjcdHVADqs_IYYm5SbBuIzRCbrhDLYmWUGt_k-gtbCDl6k5sYTjwSeJ5IoVMu48chlbeIUKv_5GtihGswv5nzBpNRjCg-_eH_exQi-zkgZUd_vhYUgHMakDYOa3AVR0K5IZPjjd3JtDb8TQcKxAH8YuSzC_rWOYTTP8n4VzTEqkYDXLWNEqRVlPAa14yvSgfbCMyb0YfFjdmUp5WQHy8wvE-oq7EM0K9Qha7_gU3FT7-qMZ6mDhw3WIQglWuji1i_NsXDTWM-q0-T1pPp7lod1hXZ7Et-bHrpvL1B74OWEXwvIC5YDVJZnSAGs42qAKVtqWxNs95wYBIAwZRuQw";
const SIGNATURE: &str = "eb9R9CH2kBaFBxEKhT6eFEoGZgjtrXlB9yLyYZKGGNluX7gfIv5fq_6JYKaJ9N_0nwlmV_TIszbbP2zfnjoIQ2RIfIFsP9IkOAPwMUW5mkhHWjRs-9uZZsExMrCaX_x9eGFB7mavtcwmr83wxs_cYmG4nLzLkqcWV30w9mk1zClSUsg8ysTDmPBWTcDyCzro330no8M0IrrsLRw7X29TsGfd_vK-1ivNf6XRwiHmn5R4ACEIrZ9eX9E1e4QAFueOYte4_72c7-ZtadZmTDtf3xwv5ehDlKoFi9_P_PV_9RJQ3IRHxx3Ezt0wSiSDkegUsAIMUylSlVsgYYpJCJzUZQ";
