//! Settings of a channel: where it leads, and the secrets. Sealed as one text.

use crate::delivery::{Writing, fill, find_unknown, is_mailbox};
use kit::error::{FieldError, unfit};
use serde::{Deserialize, Serialize};
use std::fmt;

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

    /// What is wrong, field by field.
    pub(super) fn faults(&self) -> Vec<FieldError> {
        let mut faults = Vec::new();
        let mut wrong = |field: &str, key| faults.push(FieldError { field: field.to_owned(), key });
        match self {
            Self::Mail(mail) => {
                if mail.host.is_empty() || mail.host.chars().any(|letter| letter.is_whitespace() || letter == '/') {
                    wrong("host", unfit(&mail.host));
                }
                if mail.port == 0 {
                    wrong("port", "channel-port-wrong");
                }
                if !is_mailbox(&mail.from) {
                    wrong("from", unfit(&mail.from));
                }
            }
            Self::Webhook(webhook) => {
                if !is_web_address(&webhook.url) {
                    wrong("url", "channel-url-wrong");
                }
            }
            Self::Gateway(gateway) => {
                let sample = fill(&gateway.url, &[], Writing::Percent);
                // The host may not be something that is filled in.
                if !is_web_address(&sample) || host_of(&gateway.url).contains('{') {
                    wrong("url", "channel-url-wrong");
                }
                let names = gateway.headers.iter().all(|(name, value)| {
                    !name.is_empty()
                        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter))
                        && !value.chars().any(char::is_control)
                });
                if !names {
                    wrong("headers", "channel-headers-wrong");
                }
                let mut texts = gateway.headers.iter().map(|(_, value)| value).chain([&gateway.url, &gateway.body]);
                if texts.any(|text| find_unknown(text).is_some()) {
                    wrong("body", "channel-place-unknown");
                }
                let writing = Writing::of(gateway.content_type());
                let body = fill(&gateway.body, &[], writing);
                if writing == Writing::Json && serde_json::from_str::<serde_json::Value>(&body).is_err() {
                    wrong("body", "channel-body-no-json");
                }
            }
        }
        faults
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
        settings.faults().into_iter().map(|fault| fault.field).collect()
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
