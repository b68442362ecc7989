//! Asking a provider over the network: where its parts are, which keys it has, and what a code is worth. Every answer is
//! bounded in time and length, no redirect is followed, and nothing is asked over an open line.

use super::ProviderSettings;
use super::key::KeySet;
use super::token::{Claims, Expected, Refusal};
use kit::clock::{DAY, MINUTE, Micros};
use reqwest::Url;
use reqwest::header::{ACCEPT, HeaderValue};
use reqwest::redirect::Policy;
use serde_json::Value;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Longest answer, in bytes.
const LONGEST: usize = 256 << 10;
const CONNECT: Duration = Duration::from_secs(5);
const ANSWER: Duration = Duration::from_secs(10);
/// What a provider says of itself is asked for again after this.
const LIFETIME: Micros = DAY;
/// A key that we do not know makes us ask again, but not more often than this.
const KEYS_AGAIN: Micros = MINUTE;

/// Why a provider did not help.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error("it cannot be reached: {0}")]
    Unreachable(#[from] reqwest::Error),
    #[error("its answer is too long")]
    TooLong,
    #[error("it answers with status {0}")]
    Status(u16),
    #[error("its answer cannot be read")]
    Unreadable,
    #[error("it calls itself by another name")]
    Issuer,
    #[error("it names an address that is not safe")]
    Address,
    #[error("{0}")]
    Refusal(#[from] Refusal),
}

impl Trouble {
    /// Whether it may help to come back later.
    pub(super) fn passes(&self) -> bool {
        !matches!(self, Self::Refusal(_) | Self::Status(400..=499))
    }
}

/// Whether an address may be asked: over TLS, or on this machine where the issuer itself is on this machine.
pub(super) fn is_safe(address: &str, issuer: &str) -> bool {
    let near = |address: &Url| {
        let host = address.host_str().unwrap_or_default().trim_matches(['[', ']']);
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    };
    let (Ok(address), Ok(issuer)) = (Url::parse(address), Url::parse(issuer)) else { return false };
    match address.scheme() {
        "https" => address.has_host(),
        "http" => issuer.scheme() == "http" && near(&issuer) && near(&address),
        _ => false,
    }
}

/// What a provider says of itself (OpenID Connect Discovery 1.0).
#[derive(Debug, Clone)]
pub(super) struct Metadata {
    authorization: Url,
    token: Url,
    keys: Url,
    /// The secret goes into the form instead of the header.
    secret_in_form: bool,
    /// It names itself in what the browser brings back (RFC 9207).
    pub(super) names_itself: bool,
}

impl Metadata {
    fn parse(said: &Value, issuer: &str) -> Result<Self, Trouble> {
        let text = |name: &str| said.get(name).and_then(Value::as_str).unwrap_or_default();
        if text("issuer") != issuer {
            return Err(Trouble::Issuer);
        }
        let address = |name: &str| match is_safe(text(name), issuer) {
            true => Url::parse(text(name)).map_err(|_| Trouble::Address),
            false => Err(Trouble::Address),
        };
        let ways = said.get("token_endpoint_auth_methods_supported").and_then(Value::as_array);
        let takes = |way: &str| ways.is_some_and(|ways| ways.iter().any(|one| one == way));
        Ok(Self {
            authorization: address("authorization_endpoint")?,
            token: address("token_endpoint")?,
            keys: address("jwks_uri")?,
            secret_in_form: !takes("client_secret_basic") && takes("client_secret_post"),
            names_itself: said
                .get("authorization_response_iss_parameter_supported")
                .and_then(Value::as_bool)
                .unwrap_or_default(),
        })
    }
}

#[derive(Debug, Clone)]
struct Known {
    metadata: Arc<Metadata>,
    keys: Arc<KeySet>,
    at: Micros,
    keys_at: Micros,
}

/// What goes with somebody to the provider.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question<'flow> {
    pub(super) back: &'flow str,
    pub(super) state: &'flow str,
    pub(super) nonce: &'flow str,
    pub(super) challenge: &'flow str,
}

/// A connection to one provider, with what it said of itself.
#[derive(Debug)]
pub(super) struct Client {
    http: reqwest::Client,
    settings: ProviderSettings,
    known: Mutex<Option<Known>>,
}

impl Client {
    pub(super) fn new(settings: &ProviderSettings) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            .redirect(Policy::none())
            .user_agent("luytre")
            .build()?;
        Ok(Self { http, settings: settings.clone(), known: Mutex::new(None) })
    }

    fn remembered(&self) -> Option<Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn remember(&self, known: Option<Known>) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = known;
    }

    async fn ask(&self, request: reqwest::RequestBuilder) -> Result<Value, Trouble> {
        let mut response = request.header(ACCEPT, HeaderValue::from_static("application/json")).send().await?;
        let status = response.status();
        if !status.is_success() {
            return Err(Trouble::Status(status.as_u16()));
        }
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await? {
            if body.len() + piece.len() > LONGEST {
                return Err(Trouble::TooLong);
            }
            body.extend_from_slice(&piece);
        }
        serde_json::from_slice(&body).map_err(|_| Trouble::Unreadable)
    }

    async fn ask_keys(&self, metadata: &Metadata) -> Result<KeySet, Trouble> {
        KeySet::parse(&self.ask(self.http.get(metadata.keys.clone())).await?).ok_or(Trouble::Unreadable)
    }

    /// What the provider says of itself, asked for once a day.
    async fn known(&self, now: Micros) -> Result<Known, Trouble> {
        if let Some(known) = self.remembered().filter(|known| now - known.at < LIFETIME) {
            return Ok(known);
        }
        let issuer = self.settings.issuer.as_str();
        let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let metadata = Metadata::parse(&self.ask(self.http.get(address)).await?, issuer)?;
        let keys = self.ask_keys(&metadata).await?;
        let known = Known { metadata: Arc::new(metadata), keys: Arc::new(keys), at: now, keys_at: now };
        self.remember(Some(known.clone()));
        Ok(known)
    }

    pub(super) async fn metadata(&self, now: Micros) -> Result<Arc<Metadata>, Trouble> {
        Ok(self.known(now).await?.metadata)
    }

    /// Where the browser goes to sign in.
    pub(super) async fn address(&self, question: Question<'_>, now: Micros) -> Result<String, Trouble> {
        let mut address = self.known(now).await?.metadata.authorization.clone();
        let scopes = std::iter::once("openid").chain(self.settings.scopes.iter().map(String::as_str));
        address
            .query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("redirect_uri", question.back)
            .append_pair("scope", &scopes.collect::<Vec<_>>().join(" "))
            .append_pair("state", question.state)
            .append_pair("nonce", question.nonce)
            .append_pair("code_challenge", question.challenge)
            .append_pair("code_challenge_method", "S256");
        Ok(address.into())
    }

    /// The token that a code is worth, as it came.
    pub(super) async fn exchange(
        &self,
        code: &str,
        verifier: &str,
        back: &str,
        now: Micros,
    ) -> Result<String, Trouble> {
        let metadata = self.known(now).await?.metadata;
        let (id, secret) = (self.settings.client_id.as_str(), self.settings.client_secret.reveal());
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", back),
            ("code_verifier", verifier),
        ];
        let mut request = self.http.post(metadata.token.clone());
        if self.settings.client_secret.is_empty() {
            form.push(("client_id", id));
        } else if metadata.secret_in_form {
            form.extend([("client_id", id), ("client_secret", secret)]);
        } else {
            request = request.basic_auth(encoded(id), Some(encoded(secret)));
        }
        let answer = self.ask(request.form(&form)).await?;
        answer.get("id_token").and_then(Value::as_str).map(ToOwned::to_owned).ok_or(Trouble::Unreadable)
    }

    /// Checks a token with the provider's keys; with its present ones where it has new ones.
    pub(super) async fn check(
        &self,
        now: Micros,
        check: impl Fn(&KeySet, &Expected<'_>) -> Result<Claims, Refusal>,
    ) -> Result<Claims, Trouble> {
        let known = self.known(now).await?;
        let expected = Expected {
            issuer: &self.settings.issuer,
            client_id: &self.settings.client_id,
            algorithms: &self.settings.algorithms,
            now,
        };
        match check(&known.keys, &expected) {
            Err(Refusal::UnknownKey) if now - known.keys_at >= KEYS_AGAIN => {
                // Noted before the answer comes: whoever invents keys does not make us ask twice.
                self.remember(Some(Known { keys_at: now, ..known.clone() }));
                let keys = Arc::new(self.ask_keys(&known.metadata).await?);
                self.remember(Some(Known { keys: Arc::clone(&keys), keys_at: now, ..known }));
                Ok(check(&keys, &expected)?)
            }
            checked => Ok(checked?),
        }
    }
}

/// As forms write it: what RFC 6749 §2.3.1 wants of the two parts of the header.
fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_addresses_over_tls_or_on_this_machine_are_asked() {
        let (far, near) = ("https://id.example", "http://127.0.0.1:9000");
        assert!(is_safe("https://other.example/keys", far) && is_safe("https://id.example/", near));
        assert!(is_safe("http://localhost:9000/keys", near) && is_safe("http://[::1]:9000/", "http://[::1]:9000"));
        for (address, issuer) in [
            ("http://id.example/keys", far),
            ("http://127.0.0.1:8500/v1/secret", far),
            ("http://192.0.2.7/", near),
            ("http://127.0.0.1.evil.example/", near),
            ("ftp://127.0.0.1/", near),
            ("javascript:alert(1)", far),
            ("", far),
        ] {
            assert!(!is_safe(address, issuer), "{address}");
        }
    }

    #[test]
    fn a_provider_that_calls_itself_otherwise_or_sends_us_elsewhere_is_refused() {
        let issuer = "https://id.example";
        let said = |name: &str, keys: &str| {
            json!({
                "issuer": name, "authorization_endpoint": "https://id.example/auth",
                "token_endpoint": "https://id.example/token", "jwks_uri": keys,
            })
        };
        assert!(Metadata::parse(&said(issuer, "https://keys.example/"), issuer).is_ok());
        assert!(matches!(
            Metadata::parse(&said("https://id.example/", "https://k.example"), issuer),
            Err(Trouble::Issuer)
        ));
        let inside = said(issuer, "http://169.254.169.254/latest");
        assert!(matches!(Metadata::parse(&inside, issuer), Err(Trouble::Address)));
    }

    #[test]
    fn a_secret_with_signs_stays_one_secret() {
        assert_eq!(encoded("a:b c%ũ"), "a%3Ab%20c%25%C5%A9");
    }
}
