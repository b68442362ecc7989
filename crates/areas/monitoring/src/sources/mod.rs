//! A source: something that sends us records, how it is recognised, and whose it is from when until when. Pure;
//! binding of events is in `resolver`, what was heard in `status`, rows in `store`, acts in `service`.

pub mod adoption;
mod api;
mod doors;
pub mod flood;
mod form;
pub mod learning;
pub mod minutes;
pub mod pages;
pub mod presence;
mod raised;
pub mod reach;
pub mod resolver;
pub mod rhythm;
pub mod service;
pub mod settings;
pub mod silence;
mod source_page;
pub mod status;
pub mod store;
pub mod tables;
pub mod telemetry;

pub use reach::sources_in_scope;
pub use resolver::SourceResolver;
pub use rhythm::Rhythm;

use event::Listener;
use kit::clock::Micros;
use kit::web::Routes;
use serde::{Deserialize, Serialize};

pub fn routes() -> Routes {
    pages::routes().merge(api::routes())
}

/// Sources that the program makes by itself for unknown senders; what comes beyond goes to one collective source.
pub const MOST_AUTOMATIC: usize = 5_000;
/// Key of that collective source.
pub const COLLECTIVE: &str = "collective";

/// Whether alerts of this rule are about a source itself.
pub fn raises(rule_id: &str) -> bool {
    [silence::RULE, flood::RULE].contains(&rule_id)
}

/// What kind of thing sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SourceKind {
    Server,
    Endpoint,
    Network,
    Application,
    Database,
    Sensor,
    #[default]
    Other,
}

impl SourceKind {
    pub const ALL: [SourceKind; 7] =
        [Self::Server, Self::Endpoint, Self::Network, Self::Application, Self::Database, Self::Sensor, Self::Other];

    pub fn code(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Endpoint => "endpoint",
            Self::Network => "network",
            Self::Application => "application",
            Self::Database => "database",
            Self::Sensor => "sensor",
            Self::Other => "other",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// Key of the word for people.
    pub fn key(self) -> String {
        format!("source-kind-{}", self.code())
    }
}

/// What of a system a source watches: the five groups of solutions of plan 04-KH/BCĐTW, IV.3b.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SolutionGroup {
    Network,
    Endpoint,
    Application,
    Data,
    User,
}

impl SolutionGroup {
    pub const ALL: [SolutionGroup; 5] = [Self::Network, Self::Endpoint, Self::Application, Self::Data, Self::User];

    pub fn code(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Endpoint => "endpoint",
            Self::Application => "application",
            Self::Data => "data",
            Self::User => "user",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|group| group.code() == code)
    }

    /// Key of the word for people.
    pub fn key(self) -> String {
        format!("solution-group-{}", self.code())
    }

    /// What a kind of source watches where nothing else is said.
    pub fn of_kind(kind: SourceKind) -> Option<Self> {
        match kind {
            SourceKind::Server | SourceKind::Endpoint => Some(Self::Endpoint),
            SourceKind::Network | SourceKind::Sensor => Some(Self::Network),
            SourceKind::Application => Some(Self::Application),
            SourceKind::Database => Some(Self::Data),
            SourceKind::Other => None,
        }
    }
}

/// Where a source stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SourceState {
    /// Made by the program for an unknown sender; belongs to nobody yet.
    Unassigned,
    Registered,
    /// Kept for its past; no longer expected.
    Retired,
}

impl SourceState {
    pub const ALL: [SourceState; 3] = [Self::Unassigned, Self::Registered, Self::Retired];

    pub fn code(self) -> &'static str {
        match self {
            Self::Unassigned => "unassigned",
            Self::Registered => "registered",
            Self::Retired => "retired",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }
}

/// A registered or automatically made source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    pub id: String,
    pub name: String,
    pub kind: SourceKind,
    pub state: SourceState,
    /// `listener|peer|host` of a source that the program made.
    pub sender_key: Option<String>,
    pub match_listener: Option<String>,
    /// Address or network in CIDR notation.
    pub match_network: Option<String>,
    /// Host name in the record, any case.
    pub match_host: Option<String>,
    /// SHA-256 of the certificate that the sender shows in TLS.
    pub match_certificate: Option<String>,
    /// Format named instead of recognised.
    pub format: Option<String>,
    /// Names of the fields of records that come without them, as behind `#Fields:`.
    pub header: Option<String>,
    /// IANA name or offset for records without a zone.
    pub time_zone: Option<String>,
    /// Year for records without one.
    pub year_default: Option<i64>,
    /// Seconds by which its clock is ahead and event times are corrected, where that was asked for; negative: behind.
    pub clock_ahead: Option<i64>,
    /// Silence is news.
    pub expected: bool,
    /// When it is to be heard, where it is expected.
    pub rhythm: Rhythm,
    /// What it watches, where its kind does not say it.
    pub solution_group: Option<SolutionGroup>,
    pub max_silence_minutes: i64,
    pub note: String,
    pub created_at: Micros,
    pub updated_at: Micros,
}

impl Source {
    /// Whether something tells whose records are its.
    pub fn is_declared(&self) -> bool {
        self.match_network.is_some() || self.match_host.is_some() || self.match_certificate.is_some()
    }

    /// What of a system it watches.
    pub fn group(&self) -> Option<SolutionGroup> {
        self.solution_group.or_else(|| SolutionGroup::of_kind(self.kind))
    }
}

/// Whose a source is, from when until when (`settled` 9).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    pub id: String,
    pub source_id: String,
    pub system_id: Option<String>,
    pub agency_id: String,
    pub valid_from: Micros,
    /// Exclusive; `None` holds until changed.
    pub valid_to: Option<Micros>,
    pub recorded_at: Micros,
    pub recorded_by: String,
}

/// An unknown sender, as far as the record and its listener tell.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Sender {
    pub listener: Listener,
    pub peer: Option<String>,
    pub host: Option<String>,
    /// SHA-256 of the certificate that it showed in TLS.
    pub certificate: Option<String>,
    /// Agency whose key it has; its records belong to no other agency's source.
    pub agency_id: Option<String>,
}

/// Longest host name taken from a record (RFC 1035 allows 253).
const MAX_HOST: usize = 253;

impl Sender {
    /// The sender of an event. Host names are lower case and bounded: they come from outside.
    pub fn of(event: &event::Event) -> Self {
        let host = event.columns.text(event::Column::HostName).map(|host| {
            host.chars().filter(|letter| !letter.is_control() && *letter != '|').take(MAX_HOST).collect::<String>()
        });
        Self {
            listener: event.origin.listener,
            peer: event.origin.peer.clone(),
            certificate: event.origin.certificate.clone(),
            host: host.map(|host| host.trim().to_lowercase()).filter(|host| !host.is_empty()),
            agency_id: event.origin.agency_id.clone(),
        }
    }

    /// Key under which the source of an unknown sender is kept. Who shows a certificate is the same at every address, and nobody
    /// without it is.
    pub fn key(&self) -> String {
        let place = self.certificate.as_ref().map(|certificate| format!("certificate:{certificate}"));
        let parts =
            [place.as_deref().or(self.peer.as_deref()), self.host.as_deref()].map(Option::unwrap_or_default).join("|");
        let agency = self.agency_id.iter().map(|agency| format!("|{agency}")).collect::<String>();
        format!("{}|{parts}{agency}", self.listener.as_str())
    }

    /// A name for people to begin with.
    pub fn name(&self) -> String {
        match (&self.host, &self.peer) {
            (Some(host), Some(peer)) if host != peer => format!("{host} ({peer})"),
            (Some(name), _) | (None, Some(name)) => name.clone(),
            (None, None) => self.listener.as_str().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use event::{Column, Event, Value};

    #[test]
    fn a_hostile_host_name_cannot_pose_as_another_sender() {
        let mut event = Event::default();
        event.columns.set(Column::HostName, &Value::from(format!("a|b\n{}", "x".repeat(5_000))));
        let sender = Sender::of(&event);
        assert_eq!(sender.key().matches('|').count(), 2);
        assert!(sender.key().len() < 300);
        assert!(!sender.key().contains('\n'));
    }

    #[test]
    fn a_sender_without_host_is_named_by_its_address() {
        let sender = Sender { listener: Listener::SyslogTcp, peer: Some("10.1.2.3".into()), ..Sender::default() };
        assert_eq!(sender.name(), "10.1.2.3");
        assert_eq!(sender.key(), "syslog_tcp|10.1.2.3|");
    }

    #[test]
    fn a_certificate_is_the_same_sender_at_every_address_and_none_without_it() {
        let at = |peer: &str, certificate: Option<&str>| {
            let (peer, certificate) = (Some(peer.to_owned()), certificate.map(ToOwned::to_owned));
            Sender { listener: Listener::SyslogTcp, peer, certificate, host: Some("web".into()), agency_id: None }.key()
        };
        assert_eq!(at("10.1.2.3", Some("ab")), at("10.9.9.9", Some("ab")));
        assert_ne!(at("10.1.2.3", Some("ab")), at("10.1.2.3", None));
        assert_ne!(at("10.1.2.3", Some("ab")), at("10.1.2.3", Some("cd")));
    }
}
