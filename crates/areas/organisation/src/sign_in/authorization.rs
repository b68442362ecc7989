//! Reading the `Authorization` header of machines: `ApiKey base64(id:key)` as Elasticsearch clients send it,
//! `ApiKey key`, both behind `Bearer` and `Splunk`, too, and `Basic` with the key's id as user and the key as password, which rsyslog's
//! omelasticsearch uses. Anything else is no credential.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// Keys begin with this, so that they are recognised in logs and by secret scanners.
pub(crate) const KEY_PREFIX: &str = "luytre_";
const LONGEST: usize = 1_024;

/// A key as it was sent, not yet checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// Identifier of the key, where the form has one; it must fit then.
    pub id: Option<String>,
    pub key: String,
}

/// The credential of a header's value.
pub fn credential(header: &str) -> Option<Credential> {
    if header.len() > LONGEST {
        return None;
    }
    let (scheme, value) = header.trim().split_once(' ')?;
    let value = value.trim();
    match scheme.to_ascii_lowercase().as_str() {
        // Splunk: as senders to its HTTP Event Collector write it.
        "apikey" | "bearer" | "splunk" => plain(value).or_else(|| pair(value)),
        "basic" => pair(value),
        _ => None,
    }
}

fn plain(value: &str) -> Option<Credential> {
    value.starts_with(KEY_PREFIX).then(|| Credential { id: None, key: value.to_owned() })
}

fn pair(value: &str) -> Option<Credential> {
    let bytes = STANDARD.decode(value).or_else(|_| URL_SAFE_NO_PAD.decode(value.trim_end_matches('='))).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (id, key) = text.split_once(':')?;
    (!id.is_empty() && !key.is_empty()).then(|| Credential { id: Some(id.to_owned()), key: key.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_form_that_clients_send_is_read() {
        let encoded = STANDARD.encode("0197:luytre_abc");
        let with_id = Some(Credential { id: Some("0197".into()), key: "luytre_abc".into() });
        let without = Some(Credential { id: None, key: "luytre_abc".into() });
        assert_eq!(credential(&format!("ApiKey {encoded}")), with_id);
        assert_eq!(credential(&format!("apikey {}", URL_SAFE_NO_PAD.encode("0197:luytre_abc"))), with_id);
        assert_eq!(credential(&format!("Basic {encoded}")), with_id);
        assert_eq!(credential("ApiKey luytre_abc"), without);
        assert_eq!(credential("Bearer luytre_abc"), without);
        assert_eq!(credential("Splunk luytre_abc"), without);
        assert_eq!(credential(&format!("Splunk {encoded}")), with_id);
    }

    #[test]
    fn other_headers_are_no_credentials() {
        for header in ["", "Bearer", "Bearer abc", "Digest x", "Basic !!!", "Basic Og==", "ApiKey ", &"x".repeat(5_000)]
        {
            assert_eq!(credential(header), None, "{header}");
        }
    }

    proptest! {
        #[test]
        fn no_header_makes_it_panic(header in "\\PC{0,200}") {
            let _ = credential(&header);
            let _ = credential(&format!("Basic {header}"));
        }
    }
}
