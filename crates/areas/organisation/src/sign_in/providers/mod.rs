//! Signing in with an account from elsewhere (OpenID Connect Core 1.0, authorization code with PKCE). Who the person is
//! there is told by a signed token; who it is here by a link that this centre made. No account is ever made here.

mod client;
mod flow;
mod key;
mod links;
mod managing;
mod pages;
mod settings;
mod sign_out;
mod token;

pub(crate) use managing::ProviderLinks;
pub(super) use pages::routes;
pub use settings::{ClientSecret, GroupRole, Linking, ProviderError, ProviderSettings};
pub use token::Algorithm;

use crate::policies::Policies;
use client::Client;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How a session began in which the provider vouches for one factor.
pub(super) const PROVIDER: &str = "provider";
/// The same where it vouches for two.
const TWO_FACTORS: &str = "provider+second-factor";

/// One provider.
#[derive(Debug)]
struct Provider {
    /// Part of addresses: small letters, digits and `-`.
    id: String,
    settings: ProviderSettings,
    client: Client,
}

/// All that the administrator has named. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Providers(Arc<BTreeMap<String, Provider>>);

impl Providers {
    /// Checks the settings; asks nobody yet.
    pub fn new(settings: &BTreeMap<String, ProviderSettings>, policies: &Policies) -> Result<Self, ProviderError> {
        let mut providers = BTreeMap::new();
        for (id, settings) in settings {
            settings.check(id, policies)?;
            let client = Client::new(settings).map_err(|error| ProviderError::new(id, error.to_string()))?;
            providers.insert(id.clone(), Provider { id: id.clone(), settings: settings.clone(), client });
        }
        Ok(Self(Arc::new(providers)))
    }

    fn get(&self, id: &str) -> Option<&Provider> {
        self.0.get(id)
    }

    fn iter(&self) -> impl Iterator<Item = &Provider> {
        self.0.values()
    }

    /// Identifier and title of each, for buttons.
    pub(super) fn titles(&self) -> Vec<(String, String)> {
        self.iter().map(|provider| (provider.id.clone(), provider.settings.title.clone())).collect()
    }
}

/// Where a session came from: whose sign-out there ends it here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Came {
    issuer: String,
    /// The provider's own name of its session (`sid`), where it gives one.
    session: String,
}

impl Came {
    /// What a step between the provider and the second factor remembers; `None` where a password came before.
    pub(super) fn of(state: &str) -> Option<Self> {
        serde_json::from_str(state).ok()
    }

    pub(super) fn issuer(&self) -> &str {
        &self.issuer
    }

    pub(super) fn session(&self) -> &str {
        &self.session
    }
}
