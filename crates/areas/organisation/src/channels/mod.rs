//! Channels: ways by which messages leave the house. A channel belongs to an agency and carries what concerns that agency
//! and those below it. Its settings hold addresses and secrets and are sealed whole; pages show the host alone.

mod form;
mod pages;
mod service;
mod settings;
mod store;

pub use pages::routes;
pub use service::{ChannelInput, change, create, queue_test, set_active};
pub use settings::{GatewaySettings, MailSettings, Security, Settings, WebhookSettings};
pub use store::{find, list};
pub(crate) use store::{offered_to, opened, posting};

use kit::clock::Micros;
use kit::sealed::{Place, SealedColumn};
use sea_orm::FromQueryResult;

/// What is sealed at rest.
pub const SEALED: &[SealedColumn] = &[SealedColumn { table: "notice_channels", row: "id", column: "settings" }];

pub(crate) fn cell(id: &str) -> Place<'_> {
    Place { table: "notice_channels", column: "settings", row: id }
}

/// A way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChannelKind {
    Mail,
    Webhook,
    Gateway,
}

impl ChannelKind {
    pub const ALL: [ChannelKind; 3] = [Self::Mail, Self::Webhook, Self::Gateway];

    pub fn code(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Webhook => "webhook",
            Self::Gateway => "gateway",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// Key of its name.
    pub fn key(self) -> &'static str {
        match self {
            Self::Mail => "channel-kind-mail",
            Self::Webhook => "channel-kind-webhook",
            Self::Gateway => "channel-kind-gateway",
        }
    }

    /// Whether people may have messages of their own sent there.
    pub fn is_personal(self) -> bool {
        matches!(self, Self::Mail | Self::Gateway)
    }

    /// Whether messages are posted to the channel itself.
    pub fn is_posted_to(self) -> bool {
        matches!(self, Self::Webhook | Self::Gateway)
    }
}

/// A channel as its page shows it. No setting is part of it.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Channel {
    pub id: String,
    pub agency_id: String,
    pub agency_name: String,
    /// Code of a [`ChannelKind`].
    pub kind: String,
    pub name: String,
    /// Kinds of news posted to the channel itself, with blanks between.
    pub kinds: String,
    pub active: bool,
    pub created_at: Micros,
    pub updated_at: Micros,
}

impl Channel {
    pub fn kind(&self) -> ChannelKind {
        ChannelKind::from_code(&self.kind).unwrap_or(ChannelKind::Mail)
    }
}

/// Whether a list of kinds as it is kept holds one.
pub(crate) fn holds(kinds: &str, kind: &str) -> bool {
    kinds.split(' ').any(|one| one == kind)
}
