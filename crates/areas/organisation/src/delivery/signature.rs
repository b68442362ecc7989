//! The signature of a webhook: HMAC-SHA-256 over the time and the body, so that a receiver knows who sent it and that it
//! is no old one played again.

use ring::hmac;

/// `v1=` and the hexadecimal HMAC-SHA-256 of `<timestamp>.<body>`; the timestamp in seconds.
pub(crate) fn signature(secret: &str, timestamp: i64, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, format!("{timestamp}.{body}").as_bytes());
    format!("v1={}", hex::encode(tag.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mac_is_that_of_rfc_4231() {
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"Jefe");
        let tag = hmac::sign(&key, b"what do ya want for nothing?");
        assert_eq!(hex::encode(tag.as_ref()), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }

    #[test]
    fn another_time_body_or_secret_is_another_signature() {
        let first = signature("s", 1_795_227_120, "{}");
        assert!(first.starts_with("v1=") && first.len() == 3 + 64);
        for other in [signature("t", 1_795_227_120, "{}"), signature("s", 1_795_227_121, "{}"), signature("s", 1, "[]")]
        {
            assert_ne!(other, first);
        }
    }
}
