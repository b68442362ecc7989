//! The form of a channel: what was typed, as settings and as fields. Secrets are never shown again; left empty they stay
//! as they are.

use super::{Channel, ChannelInput, ChannelKind, GatewaySettings, MailSettings, Security, Settings, WebhookSettings};
use crate::policies::NoticePolicy;
use kit::page::{Choice, Entry, FormErrors, Page};
use serde::Deserialize;

#[derive(Clone, Default, Deserialize)]
pub(super) struct Fields {
    #[serde(default)]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) agency_id: String,
    #[serde(default)]
    pub(super) kinds: Vec<String>,
    #[serde(default)]
    host: String,
    #[serde(default)]
    port: String,
    #[serde(default)]
    security: String,
    #[serde(default)]
    account: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    url: String,
    #[serde(default)]
    headers: String,
    #[serde(default)]
    body: String,
}

/// A body that most gateways take with other names.
const BODY: &str = "{\"chat_id\": \"{{to}}\", \"text\": \"{{kind}}: {{title}} {{link}}\"}";

impl Fields {
    pub(super) fn new_of(kind: ChannelKind, agency_id: &str) -> Self {
        let body = if kind == ChannelKind::Gateway { BODY } else { "" };
        Self {
            kind: kind.code().to_owned(),
            agency_id: agency_id.to_owned(),
            port: "465".to_owned(),
            security: Security::Tls.code().to_owned(),
            body: body.to_owned(),
            ..Self::default()
        }
    }

    /// What may be shown of a channel: no address of the web, no header, no password.
    pub(super) fn of(channel: &Channel, settings: Option<&Settings>) -> Self {
        let mut fields = Self {
            kind: channel.kind.clone(),
            name: channel.name.clone(),
            agency_id: channel.agency_id.clone(),
            kinds: channel.kinds.split(' ').filter(|kind| !kind.is_empty()).map(ToOwned::to_owned).collect(),
            ..Self::default()
        };
        match settings {
            Some(Settings::Mail(mail)) => {
                fields.host.clone_from(&mail.host);
                fields.port = mail.port.to_string();
                fields.security = mail.security.code().to_owned();
                fields.account.clone_from(&mail.account);
                fields.from.clone_from(&mail.from);
            }
            Some(Settings::Gateway(gateway)) => fields.body.clone_from(&gateway.body),
            Some(Settings::Webhook(_)) | None => {}
        }
        fields
    }

    pub(super) fn kind(&self) -> ChannelKind {
        ChannelKind::from_code(&self.kind).unwrap_or(ChannelKind::Mail)
    }

    /// What was typed over what there is. `secret` is what a new webhook signs with.
    pub(super) fn input(&self, old: Option<Settings>, secret: &str) -> ChannelInput {
        let settings = match (self.kind(), old) {
            (ChannelKind::Mail, old) => {
                let kept = match old {
                    Some(Settings::Mail(mail)) => mail,
                    _ => MailSettings::default(),
                };
                let host = self.host.trim().to_owned();
                // A password belongs to the server it was given for; another server does not get it.
                let same = host == kept.host && self.account.trim() == kept.account;
                let password = match self.password.as_str() {
                    "" if same => kept.password,
                    typed => typed.to_owned(),
                };
                Settings::Mail(MailSettings {
                    host,
                    port: self.port.trim().parse().unwrap_or_default(),
                    security: Security::from_code(&self.security).unwrap_or_default(),
                    account: self.account.trim().to_owned(),
                    password,
                    from: self.from.trim().to_owned(),
                })
            }
            (ChannelKind::Webhook, old) => {
                let kept = match old {
                    Some(Settings::Webhook(webhook)) => webhook,
                    _ => WebhookSettings { url: String::new(), secret: secret.to_owned() },
                };
                let url = if self.url.trim().is_empty() { kept.url } else { self.url.trim().to_owned() };
                Settings::Webhook(WebhookSettings { url, secret: kept.secret })
            }
            (ChannelKind::Gateway, old) => {
                let kept = match old {
                    Some(Settings::Gateway(gateway)) => gateway,
                    _ => GatewaySettings::default(),
                };
                // Headers often hold a token: with another address they are asked for again.
                let (url, headers) = match (self.url.trim(), self.headers.trim()) {
                    ("", "") => (kept.url, kept.headers),
                    ("", typed) => (kept.url, headers(typed)),
                    (url, typed) => (url.to_owned(), headers(typed)),
                };
                Settings::Gateway(GatewaySettings { url, headers, body: self.body.trim().to_owned() })
            }
        };
        ChannelInput { agency_id: self.agency_id.clone(), name: self.name.clone(), kinds: self.kinds.clone(), settings }
    }

    /// The fields of the form, those of the kind only.
    pub(super) fn entries(
        &self,
        page: &Page,
        places: &[(String, String)],
        changing: bool,
        errors: &FormErrors,
    ) -> Vec<Entry> {
        let entry =
            |kind, name: &str, key: &str, value: &str| Entry::new(kind, name, page.t(key)).value(value).checked(errors);
        let agencies =
            places.iter().map(|(id, name)| Choice::new(id.as_str(), name.as_str(), *id == self.agency_id)).collect();
        let mut entries = vec![
            entry("text", "name", "channel-name", &self.name).hint(page.t("channel-name-hint")).required(),
            entry("select", "agency_id", "agency", &self.agency_id)
                .hint(page.t("channel-agency-hint"))
                .choices(agencies)
                .required(),
        ];
        let url = |hint: &str| {
            let field = entry("text", "url", "channel-url", &self.url);
            if changing { field.hint(page.t("channel-kept-hint")) } else { field.hint(page.t(hint)).required() }
        };
        match self.kind() {
            ChannelKind::Mail => {
                let choice = |security: Security| {
                    let key = format!("channel-security-{}", security.code());
                    Choice::new(security.code(), page.t(&key), security.code() == self.security)
                };
                let password = entry("password", "password", "channel-password", "").autocomplete("new-password");
                entries.extend([
                    entry("text", "host", "channel-host", &self.host).required(),
                    entry("number", "port", "channel-port", &self.port).required(),
                    entry("radio", "security", "channel-security", &self.security)
                        .choices(Security::ALL.map(choice).to_vec())
                        .required(),
                    entry("text", "account", "channel-account", &self.account).autocomplete("off"),
                    if changing { password.hint(page.t("channel-kept-hint")) } else { password },
                    entry("text", "from", "channel-from", &self.from).hint(page.t("channel-from-hint")).required(),
                ]);
            }
            ChannelKind::Webhook => entries.push(url("channel-webhook-hint")),
            ChannelKind::Gateway => {
                let places = "{{title}} {{kind}} {{severity}} {{link}} {{to}} {{id}}";
                let headers_hint = if changing { "channel-kept-hint" } else { "channel-headers-hint" };
                entries.extend([
                    url("channel-gateway-hint"),
                    entry("textarea", "headers", "channel-headers", &self.headers).hint(page.t(headers_hint)).rows(3),
                    entry("textarea", "body", "channel-body", &self.body)
                        .hint(page.tn("channel-body-hint", "places", places))
                        .rows(6)
                        .required(),
                ]);
            }
        }
        entries
    }

    /// Kinds of news as boxes, where messages are posted to the channel itself.
    pub(super) fn kind_choices(&self, page: &Page, policy: &NoticePolicy) -> Vec<Choice> {
        if !self.kind().is_posted_to() {
            return Vec::new();
        }
        let chosen = |id: &str| self.kinds.iter().any(|one| one == id);
        policy.kind.iter().map(|kind| Choice::new(kind.id.as_str(), page.t(&kind.key()), chosen(&kind.id))).collect()
    }
}

/// `Name: value`, one a line.
fn headers(typed: &str) -> Vec<(String, String)> {
    typed
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| line.split_once(':').map_or((line, ""), |(name, value)| (name.trim(), value.trim())))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_stay_when_nothing_is_typed_and_go_with_their_server() {
        let old = || {
            Some(Settings::Mail(MailSettings {
                host: "mail.example".into(),
                account: "tre".into(),
                password: "secret".into(),
                ..MailSettings::default()
            }))
        };
        let password = |host: &str| {
            let fields = Fields { kind: "mail".into(), host: host.into(), account: "tre".into(), ..Fields::default() };
            match fields.input(old(), "").settings {
                Settings::Mail(mail) => mail.password,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(password("mail.example"), "secret");
        assert_eq!(password("evil.example"), "", "another server never gets the password");
    }

    #[test]
    fn headers_of_a_gateway_go_with_their_address() {
        let old = || {
            Some(Settings::Gateway(GatewaySettings {
                url: "https://api.example/".into(),
                headers: vec![("Authorization".into(), "Bearer secret".into())],
                body: "{}".into(),
            }))
        };
        let kept = |url: &str| {
            let fields = Fields { kind: "gateway".into(), url: url.into(), body: "{}".into(), ..Fields::default() };
            match fields.input(old(), "").settings {
                Settings::Gateway(gateway) => gateway.headers.len(),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!((kept(""), kept("https://evil.example/")), (1, 0));
        assert_eq!(headers("A: b:c\n\n X : y "), [("A".into(), "b:c".into()), ("X".into(), "y".into())]);
    }
}
