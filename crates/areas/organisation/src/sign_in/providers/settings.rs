//! What the administrator says of a provider (`[sign_in.providers.<id>]` of the configuration): where it is, how its
//! accounts become ours, and which role a group there gives here.

use super::client::is_safe;
use super::token::Algorithm;
use crate::policies::Policies;
use kit::Capability;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What proves to the provider that we are we. Never printed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientSecret(String);

impl ClientSecret {
    pub(super) fn reveal(&self) -> &str {
        &self.0
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&str> for ClientSecret {
    fn from(secret: &str) -> Self {
        Self(secret.to_owned())
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.0.is_empty() { "(none)" } else { "(secret)" })
    }
}

/// How an account there becomes one here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Linking {
    /// Somebody who may manage the person names the account there.
    #[default]
    Administrator,
    /// At the first sign-in the account here whose name the provider gives is linked for good. Accounts of
    /// administrators are not: whoever runs the provider would run the centre.
    FirstSignIn,
}

/// A group there that gives a role here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupRole {
    pub group: String,
    pub role: String,
    /// Code of the agency that the role is for; the person's own where not set.
    #[serde(default)]
    pub agency: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderSettings {
    /// What the button calls it.
    pub title: String,
    /// The address that it signs its tokens with, letter by letter.
    pub issuer: String,
    pub client_id: String,
    /// Empty for a client without a secret; PKCE is used in any case.
    #[serde(default)]
    pub client_secret: ClientSecret,
    /// Asked for beside `openid`.
    #[serde(default = "scopes")]
    pub scopes: Vec<String>,
    /// Signatures that are taken.
    #[serde(default = "algorithms")]
    pub algorithms: Vec<Algorithm>,
    #[serde(default)]
    pub linking: Linking,
    /// Claim with the name of the account here, for [`Linking::FirstSignIn`]. An `email` must be a verified one.
    #[serde(default = "account_claim")]
    pub account_claim: String,
    /// Claim with the names of groups.
    #[serde(default = "groups_claim")]
    pub groups_claim: String,
    /// Where not empty, the roles that the provider gave are set anew at each sign-in. Roles given here stay.
    #[serde(default)]
    pub roles: Vec<GroupRole>,
    /// Values of `acr` and `amr` by which the provider says that it has seen two factors. Without them a second factor
    /// of our own is asked for, as after a password.
    #[serde(default)]
    pub strong_acr: Vec<String>,
    #[serde(default)]
    pub strong_amr: Vec<String>,
}

fn scopes() -> Vec<String> {
    vec!["profile".to_owned(), "email".to_owned()]
}

fn algorithms() -> Vec<Algorithm> {
    vec![Algorithm::Rs256, Algorithm::Es256]
}

fn account_claim() -> String {
    "preferred_username".to_owned()
}

fn groups_claim() -> String {
    "groups".to_owned()
}

impl ProviderSettings {
    /// With everything that may be left out left out.
    pub fn new(title: &str, issuer: &str, client_id: &str) -> Self {
        Self {
            title: title.to_owned(),
            issuer: issuer.to_owned(),
            client_id: client_id.to_owned(),
            client_secret: ClientSecret::default(),
            scopes: scopes(),
            algorithms: algorithms(),
            linking: Linking::default(),
            account_claim: account_claim(),
            groups_claim: groups_claim(),
            roles: Vec::new(),
            strong_acr: Vec::new(),
            strong_amr: Vec::new(),
        }
    }

    pub(super) fn check(&self, id: &str, policies: &Policies) -> Result<(), ProviderError> {
        let wrong = |reason: &str| Err(ProviderError::new(id, reason.to_owned()));
        let fits = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
        if id.is_empty() || id.len() > 40 || !id.chars().all(fits) {
            return wrong("its name in the configuration is made of small letters, digits and -");
        }
        if self.title.trim().is_empty() || self.client_id.is_empty() {
            return wrong("title and client_id are needed");
        }
        if !is_safe(&self.issuer, &self.issuer) {
            return wrong("issuer must begin with https:// (http:// only for this machine itself)");
        }
        if self.algorithms.is_empty() {
            return wrong("algorithms is empty: no token would be taken");
        }
        for given in &self.roles {
            let Some(role) = policies.role(&given.role) else {
                return Err(ProviderError::new(id, format!("no role is called {}", given.role)));
            };
            if role.capabilities.contains(&Capability::Administer) && self.linking != Linking::Administrator {
                return wrong("a group may give a role that administers only where administrators link the accounts");
            }
        }
        Ok(())
    }
}

/// Settings of a provider that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("sign_in.providers.{id}: {reason}")]
pub struct ProviderError {
    id: String,
    reason: String,
}

impl ProviderError {
    pub(super) fn new(id: &str, reason: String) -> Self {
        Self { id: id.to_owned(), reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(change: impl FnOnce(&mut ProviderSettings)) -> String {
        let mut settings = ProviderSettings::new("Tỉnh", "https://id.example", "luytre");
        change(&mut settings);
        settings.check("tinh", &Policies::embedded().unwrap()).unwrap_err().to_string()
    }

    #[test]
    fn settings_that_would_be_unsafe_are_refused_by_name() {
        let role = |role: &str| vec![GroupRole { group: "g".into(), role: role.into(), agency: None }];
        assert!(refusal(|settings| settings.issuer = "http://id.example".into()).contains("sign_in.providers.tinh"));
        assert!(refusal(|settings| settings.issuer = "file:///etc/passwd".into()).contains("issuer"));
        assert!(refusal(|settings| settings.algorithms.clear()).contains("algorithms"));
        assert!(refusal(|settings| settings.roles = role("king")).contains("king"));
        let administers = refusal(|settings| {
            settings.linking = Linking::FirstSignIn;
            settings.roles = role("administrator");
        });
        assert!(administers.contains("administers"));
        let good = ProviderSettings::new("Tỉnh", "http://127.0.0.1:9000", "luytre");
        assert!(good.check("tinh", &Policies::embedded().unwrap()).is_ok());
        assert!(good.check("Tỉnh/..", &Policies::embedded().unwrap()).is_err());
    }

    #[test]
    fn the_secret_of_the_client_does_not_show() {
        let settings = ProviderSettings {
            client_secret: ClientSecret::from("quiet"),
            ..ProviderSettings::new("Tỉnh", "https://id.example", "luytre")
        };
        assert!(!format!("{settings:?}").contains("quiet"));
    }

    #[test]
    fn algorithms_that_anybody_can_make_cannot_even_be_named() {
        let text = "title = 'T'\nissuer = 'https://id.example'\nclient_id = 'l'\nalgorithms = ['NAME']";
        for name in ["RS256", "PS256", "ES256", "EdDSA"] {
            assert!(toml::from_str::<ProviderSettings>(&text.replace("NAME", name)).is_ok(), "{name}");
        }
        for name in ["none", "HS256", "rs256"] {
            assert!(toml::from_str::<ProviderSettings>(&text.replace("NAME", name)).is_err(), "{name}");
        }
    }
}
