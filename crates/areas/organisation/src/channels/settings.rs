//! Settings of a channel: where it leads, and the secrets. Sealed as one text.

use crate::delivery::{Writing, fill, find_unknown, has_place, is_mailbox};
use kit::error::unfit;
use kit::text::{FieldFaults, one_line};
use serde::{Deserialize, Serialize};
use std::fmt;

const LONGEST_LINE: usize = 2_000;
const LONGEST_BODY: usize = 20_000;

/// How mail is protected on its way to the server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// From the first byte (port 465).
    #[default]
    Tls,
    /// After a greeting in plain; without it nothing is sent (port 587).
    StartTls,
    /// Only towards this machine and listed networks.
    None,
}

impl Security {
    pub const ALL: [Security; 3] = [Self::Tls, Self::StartTls, Self::None];

    pub fn code(self) -> &'static str {
        match self {
            Self::Tls => "tls",
            Self::StartTls => "starttls",
            Self::None => "none",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|security| security.code() == code)
    }
}

#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailSettings {
    pub host: String,
    pub port: u16,
    pub security: Security,
    /// Empty: the server asks for none.
    pub account: String,
    pub password: String,
    /// `Trung tâm <canh-bao@tinh.example>`
    pub from: String,
}

#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookSettings {
    pub url: String,
    /// What signatures are made with; the receiver has it too.
    pub secret: String,
}

/// A gateway that takes an HTTP request: the address, headers and body are templates.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewaySettings {
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Settings {
    Mail(MailSettings),
    Webhook(WebhookSettings),
    Gateway(GatewaySettings),
}

/// Where it leads, and nothing else.
impl fmt::Debug for Settings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Settings({})", self.host())
    }
}

impl fmt::Debug for MailSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "MailSettings({}:{})", self.host, self.port)
    }
}

impl GatewaySettings {
    /// Whether a request says to whom it is.
    pub(crate) fn names_recipient(&self) -> bool {
        let headers = self.headers.iter().map(|(_, value)| value);
        [&self.url, &self.body].into_iter().chain(headers).any(|template| has_place(template, "to"))
    }

    /// Content type of the body.
    pub fn content_type(&self) -> &str {
        let named = self.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        named.map_or("application/json", |(_, value)| value.as_str())
    }
}

impl Settings {
    pub fn kind(&self) -> super::ChannelKind {
        match self {
            Self::Mail(_) => super::ChannelKind::Mail,
            Self::Webhook(_) => super::ChannelKind::Webhook,
            Self::Gateway(_) => super::ChannelKind::Gateway,
        }
    }

    /// Host it leads to: what pages and the trail may show. The path of an address often holds a token.
    pub fn host(&self) -> String {
        match self {
            Self::Mail(mail) => mail.host.clone(),
            Self::Webhook(WebhookSettings { url, .. }) | Self::Gateway(GatewaySettings { url, .. }) => host_of(url),
        }
    }

    /// The same as it is kept; what is wrong with it, field by field, goes into `faults`.
    pub(super) fn checked(&self, faults: &mut FieldFaults) -> Self {
        match self {
            Self::Mail(mail) => Self::Mail(mail.checked(faults)),
            Self::Webhook(webhook) => {
                let url = faults.line("url", &webhook.url, LONGEST_LINE);
                if !is_web_address(&url) {
                    faults.add("url", "channel-url-wrong");
                }
                Self::Webhook(WebhookSettings { url, secret: webhook.secret.clone() })
            }
            Self::Gateway(gateway) => Self::Gateway(gateway.checked(faults)),
        }
    }
}

impl MailSettings {
    fn checked(&self, faults: &mut FieldFaults) -> Self {
        let host = faults.line("host", &self.host, LONGEST_LINE);
        if host.is_empty() || host.chars().any(|letter| letter.is_whitespace() || letter == '/') {
            faults.add("host", unfit(&host));
        }
        if self.port == 0 {
            faults.add("port", "channel-port-wrong");
        }
        let account = faults.line("account", &self.account, LONGEST_LINE);
        let from = faults.line("from", &self.from, LONGEST_LINE);
        if !is_mailbox(&from) {
            faults.add("from", unfit(&from));
        }
        Self { host, account, from, ..self.clone() }
    }
}

impl GatewaySettings {
    fn checked(&self, faults: &mut FieldFaults) -> Self {
        let url = faults.line("url", &self.url, LONGEST_LINE);
        let sample = fill(&url, &[], Writing::Percent);
        // The host may not be something that is filled in.
        if !is_web_address(&sample) || host_of(&url).contains('{') {
            faults.add("url", "channel-url-wrong");
        }
        let names = self.headers.iter().all(|(name, value)| {
            !name.is_empty()
                && name.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter))
                && one_line(value).is_ok()
        });
        if !names {
            faults.add("headers", "channel-headers-wrong");
        }
        let body = faults.lines("body", &self.body, LONGEST_BODY);
        let has_unknown = |text: &String| find_unknown(text).is_some();
        if self.headers.iter().any(|(_, value)| has_unknown(value)) || has_unknown(&url) || has_unknown(&body) {
            faults.add("body", "channel-place-unknown");
        }
        let writing = Writing::of(self.content_type());
        let sample = fill(&body, &[], writing);
        if writing == Writing::Json && serde_json::from_str::<serde_json::Value>(&sample).is_err() {
            faults.add("body", "channel-body-no-json");
        }
        Self { url, headers: self.headers.clone(), body }
    }
}

fn host_of(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    host.rsplit_once('@').map_or(host, |(_, host)| host).to_owned()
}

/// An address of the web without a name and password in it.
fn is_web_address(url: &str) -> bool {
    reqwest::Url::parse(url).is_ok_and(|url| {
        matches!(url.scheme(), "https" | "http")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gateway(url: &str, body: &str) -> Settings {
        Settings::Gateway(GatewaySettings { url: url.into(), headers: Vec::new(), body: body.into() })
    }

    fn fields(settings: &Settings) -> Vec<String> {
        let mut faults = FieldFaults::default();
        settings.checked(&mut faults);
        match faults.into_result() {
            Err(kit::Error::Invalid(wrong)) => wrong.into_iter().map(|fault| fault.field).collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn a_gateway_must_make_a_request_that_can_be_sent() {
        let body = "{\"chat_id\": \"{{to}}\", \"text\": \"{{title}} {{link}}\"}";
        assert!(fields(&gateway("https://api.example/bot7/send?x={{id}}", body)).is_empty());
        assert_eq!(fields(&gateway("https://{{to}}.example/", body)), ["url"]);
        assert_eq!(fields(&gateway("https://user:pass@api.example/", body)), ["url"]);
        assert_eq!(fields(&gateway("ftp://api.example/", body)), ["url"]);
        assert_eq!(fields(&gateway("https://api.example/", "{\"text\": \"{{title}}\"")), ["body"], "no JSON");
        assert_eq!(fields(&gateway("https://api.example/", "{\"text\": \"{{body}}\"}")), ["body"], "no such place");
    }

    #[test]
    fn the_path_of_an_address_and_a_password_never_show() {
        let settings = gateway("https://api.example/bot123:secret/send", "{}");
        assert_eq!(settings.host(), "api.example");
        assert!(!format!("{settings:?}").contains("secret"));
        let mail = MailSettings { host: "mail.example".into(), password: "secret".into(), ..Default::default() };
        assert!(!format!("{mail:?}").contains("secret"));
    }

    #[test]
    fn settings_are_read_back_as_they_were_sealed() {
        let settings = Settings::Webhook(WebhookSettings { url: "https://a.example/".into(), secret: "s".into() });
        let text = serde_json::to_string(&settings).unwrap();
        assert_eq!(serde_json::from_str::<Settings>(&text).unwrap(), settings);
    }
}
