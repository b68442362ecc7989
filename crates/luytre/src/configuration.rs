//! Settings from four places, later ones win: built-in values, `luytre.toml` in the data directory (or
//! `--configuration FILE`), environment (`LUYTRE_…`, two underscores between levels), flags. Unknown keys are
//! refused; secrets are redacted wherever settings are shown.

use crate::archive::Archive;
use crate::feeds::{self, PulledFeed, WatchedFolder};
use anyhow::{Context, Result, bail};
use event_store::ReadLimits;
use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use monitoring::intake::{ConnectionLimits, DoorKind, TlsSettings, WantedDoor};
use monitoring::retention::Wish;
use monitoring::search::places::SearchLimits;
use organisation::sign_in::ProviderSettings;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

/// A value that is never printed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    pub fn reveal(&self) -> &str {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Host and port of an address of a database, which may be told. None for a socket in a directory.
    pub fn host(&self) -> Option<String> {
        let address = self.0.split_once("://")?.1.split(['/', '?']).next()?;
        let host = address.rsplit_once('@').map_or(address, |(_, host)| host);
        let port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        (!host.is_empty() && !host.contains('%')).then(|| if port { host.to_owned() } else { format!("{host}:5432") })
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.0.is_empty() { "(none)" } else { "(secret)" })
    }
}

/// Everything that can be set.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Configuration {
    /// Name of the centre, shown on every page and in documents.
    pub centre: String,
    pub web: Web,
    pub intake: Intake,
    /// Folders whose files are followed.
    pub watch: Vec<WatchedFolder>,
    /// Feeds of JSON that are fetched on a schedule.
    pub pull: Vec<PulledFeed>,
    pub database: Database,
    pub events: Events,
    pub search: Search,
    pub secrets: Secrets,
    pub sign_in: SignInSettings,
    pub enrichment: Enriching,
    /// Directory whose files replace built-in content of the same path.
    pub content_directory: Option<PathBuf>,
    /// Directory of Sigma rules that is watched; `rules` in the data directory where not set.
    pub rules_directory: Option<PathBuf>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Enriching {
    /// Files in the format MMDB (country, autonomous system) that say where addresses are from; what the first says of an
    /// address counts. Looked at every two seconds.
    pub geoip: Vec<PathBuf>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Web {
    /// Address of pages, API, `_bulk`, OTLP, HEC and GELF over HTTP.
    pub listen: SocketAddr,
    /// Address people type, for links in documents and messages.
    pub public_url: String,
    /// Allows plain HTTP on an address that is not loopback (behind a proxy that ends TLS).
    pub insecure: bool,
    /// Connections open at once, those of this machine not counted (a proxy is one address for everybody).
    pub connections: usize,
    /// Of these, how many for one address (IPv6: one /64).
    pub connections_per_address: usize,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Intake {
    pub syslog_udp: Option<SocketAddr>,
    pub syslog_tcp: Option<SocketAddr>,
    pub relp: Option<SocketAddr>,
    /// GELF (Graylog) over UDP and TCP; over HTTP it comes to the address of the pages, as OTLP and Splunk's HEC do.
    pub gelf_udp: Option<SocketAddr>,
    pub gelf_tcp: Option<SocketAddr>,
    /// NetFlow 5 and 9 and IPFIX over UDP.
    pub flow_udp: Option<SocketAddr>,
    /// IPFIX over TCP.
    pub ipfix_tcp: Option<SocketAddr>,
    /// More doors, any number of a kind; those in TLS stand here alone.
    pub listeners: Vec<MoreDoor>,
    /// An address of its own for Elasticsearch clients; the address of the pages takes them too.
    pub elastic: Option<SocketAddr>,
    /// Connections that each of the doors for syslog over TCP, RELP and GELF over TCP keeps open at once.
    pub connections: usize,
    /// Of these, how many for one address (IPv6: one /64), so that one sender cannot lock the others out. To be raised
    /// where one relay or address translation speaks for more senders.
    pub connections_per_address: usize,
}

/// One more door for logs.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MoreDoor {
    /// `syslog_udp`, `syslog_tcp`, `syslog_tls`, `relp`, `relp_tls`, `gelf_udp`, `gelf_tcp`, `gelf_tls`, `flow_udp` or
    /// `ipfix_tcp`.
    pub kind: DoorKind,
    pub address: SocketAddr,
    /// PEM file with the certificate of a door in TLS and those between it and its authority. Paths count from the data
    /// directory.
    pub certificate: Option<PathBuf>,
    /// PEM file with its private key.
    pub key: Option<PathBuf>,
    /// PEM file with the authorities that senders' certificates are of; none are asked for without it.
    pub client_authority: Option<PathBuf>,
    /// Whether senders without a certificate are turned away.
    #[serde(default)]
    pub client_required: bool,
}

impl MoreDoor {
    fn check(&self) -> Result<()> {
        let door = format!("intake.listeners: {} on {}", self.kind.code(), self.address);
        if self.kind.is_tls() && (self.certificate.is_none() || self.key.is_none()) {
            bail!("{door} is a door in TLS and needs `certificate` and `key`");
        }
        let tells = self.certificate.is_some() || self.key.is_some() || self.client_authority.is_some();
        if !self.kind.is_tls() && (tells || self.client_required) {
            bail!("{door} is no door in TLS and takes no certificates; `syslog_tls`, `relp_tls` and `gelf_tls` do");
        }
        if self.client_required && self.client_authority.is_none() {
            bail!("{door}: `client_required` needs `client_authority`, which says whose certificates are trusted");
        }
        Ok(())
    }

    fn wanted(&self, data: &Path) -> WantedDoor {
        let tls = self.certificate.as_ref().zip(self.key.as_ref()).map(|(certificate, key)| TlsSettings {
            certificate: data.join(certificate),
            key: data.join(key),
            client_authority: self.client_authority.as_ref().map(|path| data.join(path)),
            client_required: self.client_required,
        });
        WantedDoor { kind: self.kind, address: self.address, tls }
    }
}

impl Intake {
    /// All doors that have an address.
    pub fn doors(&self, data: &Path) -> Vec<WantedDoor> {
        let named = [
            (DoorKind::SyslogUdp, self.syslog_udp),
            (DoorKind::SyslogTcp, self.syslog_tcp),
            (DoorKind::Relp, self.relp),
            (DoorKind::GelfUdp, self.gelf_udp),
            (DoorKind::GelfTcp, self.gelf_tcp),
            (DoorKind::FlowUdp, self.flow_udp),
            (DoorKind::IpfixTcp, self.ipfix_tcp),
        ];
        let named =
            named.into_iter().filter_map(|(kind, address)| Some(WantedDoor { kind, address: address?, tls: None }));
        named.chain(self.listeners.iter().map(|door| door.wanted(data))).collect()
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Database {
    /// `postgres://…`; SQLite in the data directory where empty.
    pub url: Secret,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Events {
    /// Days that events are kept while there is room; as long as `content/monitoring/retention.toml` asks where absent.
    /// What it asks for systems by their level holds in any case.
    pub retention_days: Option<u32>,
    /// Whether the centre keeps logs as a provider of services: the lines that bind providers hold as well.
    pub service_provider: bool,
    /// Bytes that events may take on the disk; all but a twentieth of the disk where absent.
    pub disk_bytes: Option<u64>,
    /// Where events of days long past go.
    pub archive: Archive,
    /// Zone (IANA name or offset) of records that name none and whose source has none set.
    pub time_zone: String,
}

/// Where the keys are that personal data and secrets of the registers are sealed with.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Secrets {
    /// The keys themselves, the one that seals first, for whoever keeps them in the environment
    /// (`LUYTRE_SECRETS__KEYS`). They come before the file.
    pub keys: Secret,
    /// File of keys; `fields.key` in the data directory where not set.
    pub key_file: Option<PathBuf>,
}

/// What signing in takes from the machine; its rules are content (`content/organisation/`).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SignInSettings {
    /// File of passwords known from breaches: `SHA-1:count`, one a line, in order of the hash.
    pub breached_passwords: Option<PathBuf>,
    /// Providers of accounts (OpenID Connect) by a name of our own, which is part of addresses.
    pub providers: BTreeMap<String, ProviderSettings>,
}

/// What one person may use of the event store.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Search {
    /// Searches and questions of one person, or of one key, at a time.
    pub per_person: usize,
    /// Longest time of a search; what it found by then is shown.
    pub seconds: u64,
    /// Events, about, that are looked at before the first rows are shown.
    pub first_slice: u64,
    /// Bytes of stored events that one search or question may read; 0 does not bound them.
    pub read_bytes: u64,
    /// The same for all those of one person, or of one key, within an hour.
    pub read_bytes_an_hour: u64,
}

impl Search {
    pub fn read_limits(&self) -> ReadLimits {
        let window = ReadLimits::default().window;
        ReadLimits { question: self.read_bytes, asker: self.read_bytes_an_hour, window }
    }
}

impl Default for Search {
    fn default() -> Self {
        let (limits, reading) = (SearchLimits::default(), ReadLimits::default());
        Self {
            per_person: limits.per_person,
            seconds: limits.time.as_secs(),
            first_slice: limits.slice_rows,
            read_bytes: reading.question,
            read_bytes_an_hour: reading.asker,
        }
    }
}

impl Events {
    pub fn wish(&self) -> Wish {
        Wish { days: self.retention_days, service_provider: self.service_provider }
    }
}

impl Default for Events {
    fn default() -> Self {
        Self {
            retention_days: None,
            service_provider: false,
            disk_bytes: None,
            archive: Archive::default(),
            time_zone: "Asia/Ho_Chi_Minh".to_owned(),
        }
    }
}

impl Default for Configuration {
    fn default() -> Self {
        Self {
            centre: "Trung tâm An ninh mạng".to_owned(),
            web: Web::default(),
            intake: Intake::default(),
            watch: Vec::new(),
            pull: Vec::new(),
            database: Database::default(),
            events: Events::default(),
            search: Search::default(),
            secrets: Secrets::default(),
            sign_in: SignInSettings::default(),
            enrichment: Enriching::default(),
            content_directory: None,
            rules_directory: None,
        }
    }
}

impl Default for Web {
    fn default() -> Self {
        Self {
            listen: ([127, 0, 0, 1], 8080).into(),
            public_url: String::new(),
            insecure: false,
            connections: 640,
            connections_per_address: 192,
        }
    }
}

impl Default for Intake {
    fn default() -> Self {
        let limits = ConnectionLimits::default();
        Self {
            connections: limits.all,
            connections_per_address: limits.per_address,
            syslog_udp: Some(([127, 0, 0, 1], 5514).into()),
            syslog_tcp: Some(([127, 0, 0, 1], 5514).into()),
            relp: Some(([127, 0, 0, 1], 2514).into()),
            gelf_udp: None,
            gelf_tcp: None,
            flow_udp: None,
            ipfix_tcp: None,
            listeners: Vec::new(),
            elastic: None,
        }
    }
}

impl Configuration {
    /// Reads all places.
    pub fn load(data_directory: &Path, file: Option<&Path>) -> Result<Self> {
        let beside = data_directory.join("luytre.toml");
        let mut figment = Figment::from(Serialized::defaults(Self::default()));
        match file {
            Some(file) if !file.exists() => bail!("configuration file {} does not exist", file.display()),
            Some(file) => figment = figment.merge(Toml::file_exact(file)),
            None if beside.exists() => figment = figment.merge(Toml::file_exact(beside)),
            None => {}
        }
        let environment = Env::prefixed("LUYTRE_").split("__").ignore(&[
            "data_dir",
            "configuration",
            "log",
            "shared_data",
            "test_postgres",
            "test_s3",
            "test_s3_trusts",
            "binary",
        ]);
        let found: Self = figment.merge(environment).extract().context("the configuration is not valid")?;
        if found.events.retention_days == Some(0) {
            bail!("events.retention_days is 0: no event would be kept; give at least one day");
        }
        found.events.archive.settings()?;
        feeds::check(&found)?;
        if found.search.per_person == 0 || found.search.seconds == 0 {
            bail!("search.per_person and search.seconds must be at least 1");
        }
        Ok(found)
    }

    /// The address that people type, as far as it is known: passkeys are made for it.
    pub fn address_of_pages(&self, listening: SocketAddr) -> String {
        match (self.web.public_url.as_str(), is_loopback(listening.ip())) {
            ("", true) => format!("http://localhost:{}", listening.port()),
            (address, _) => address.to_owned(),
        }
    }

    /// Name of this node and address of the pages as senders write them: what people type, where it is set; else what is listened
    /// on, under the machine's own name where that is every address.
    pub fn address_for_senders(&self, listening: SocketAddr, own_name: &str) -> (String, String) {
        if let Some((_, rest)) = self.web.public_url.split_once("://") {
            let place = rest.split('/').next().unwrap_or_default();
            let host = match place.rsplit_once(':') {
                Some((host, port)) if port.parse::<u16>().is_ok() => host,
                _ => place,
            };
            return (host.to_owned(), self.web.public_url.trim_end_matches('/').to_owned());
        }
        let host = match listening {
            _ if listening.ip().is_unspecified() && !own_name.is_empty() => own_name.to_owned(),
            SocketAddr::V6(six) => format!("[{}]", six.ip()),
            SocketAddr::V4(four) => four.ip().to_string(),
        };
        let url = format!("http://{host}:{}", listening.port());
        (host, url)
    }

    /// Refuses plain HTTP towards a network unless told that something else ends TLS.
    pub fn check(&self) -> Result<()> {
        if !is_loopback(self.web.listen.ip()) && !self.web.insecure {
            bail!(
                "{} is reachable from the network and would be plain HTTP. Listen on 127.0.0.1 behind a proxy that \
                 ends TLS, or pass --insecure if you know why.",
                self.web.listen
            );
        }
        if self.intake.connections == 0 || self.intake.connections_per_address == 0 {
            bail!("intake.connections and intake.connections_per_address must be at least 1");
        }
        self.intake.listeners.iter().try_for_each(MoreDoor::check)?;
        if self.web.connections == 0 || self.web.connections_per_address == 0 {
            bail!("web.connections and web.connections_per_address must be at least 1");
        }
        Ok(())
    }
}

fn is_loopback(address: IpAddr) -> bool {
    address.is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn senders_are_told_the_name_that_they_can_reach() {
        let told = |public_url: &str, listening: &str| {
            let web = Web { public_url: public_url.to_owned(), ..Web::default() };
            let configuration = Configuration { web, ..Configuration::default() };
            configuration.address_for_senders(listening.parse().unwrap(), "trung-tam")
        };
        let both = |host: &str, url: &str| (host.to_owned(), url.to_owned());
        assert_eq!(told("", "127.0.0.1:8080"), both("127.0.0.1", "http://127.0.0.1:8080"));
        assert_eq!(told("", "0.0.0.0:8080"), both("trung-tam", "http://trung-tam:8080"));
        assert_eq!(told("", "[::1]:8080"), both("[::1]", "http://[::1]:8080"));
        assert_eq!(
            told("https://log.tinh.example/", "0.0.0.0:1"),
            both("log.tinh.example", "https://log.tinh.example")
        );
        assert_eq!(told("http://log:8443/x", "0.0.0.0:1"), both("log", "http://log:8443/x"));
    }

    #[test]
    fn unknown_keys_are_refused_by_name() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("luytre.toml"), "[web]\nlissen = \"127.0.0.1:1\"\n").unwrap();
        let error = format!("{:#}", Configuration::load(directory.path(), None).unwrap_err());
        assert!(error.contains("lissen"), "{error}");
    }

    #[test]
    fn no_retention_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("luytre.toml"), "[events]\nretention_days = 0\n").unwrap();
        let error = format!("{:#}", Configuration::load(directory.path(), None).unwrap_err());
        assert!(error.contains("retention_days"), "{error}");
    }

    #[test]
    fn searches_without_a_place_or_time_are_refused() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("luytre.toml");
        std::fs::write(&file, "[search]\nper_person = 8\nseconds = 300\n").unwrap();
        let search = Configuration::load(directory.path(), None).unwrap().search;
        assert_eq!((search.per_person, search.seconds, search.first_slice), (8, 300, 65_536));
        assert_eq!(search.read_limits(), ReadLimits::default());
        std::fs::write(&file, "[search]\nper_person = 0\n").unwrap();
        assert!(Configuration::load(directory.path(), None).is_err());
    }

    #[test]
    fn secrets_do_not_show() {
        let configuration =
            Configuration { database: Database { url: Secret("postgres://u:p@h/d".into()) }, ..Default::default() };
        assert!(!format!("{configuration:?}").contains("u:p"));
        let host = |url: &str| Secret(url.into()).host();
        assert_eq!(host("postgres://u:p@h/d").as_deref(), Some("h:5432"));
        assert_eq!(host("postgres://u:p@h:6543/d?sslmode=require").as_deref(), Some("h:6543"));
        assert_eq!(host("postgres://[::1]/d").as_deref(), Some("[::1]:5432"));
        assert_eq!(host("postgres:///d?host=/run/postgresql"), None);
    }

    #[test]
    fn shares_of_connections_are_set_beside_the_doors() {
        let directory = tempfile::tempdir().unwrap();
        let text = "[intake]\nconnections = 4096\nconnections_per_address = 2000\n";
        std::fs::write(directory.path().join("luytre.toml"), text).unwrap();
        let mut configuration = Configuration::load(directory.path(), None).unwrap();
        let intake = &configuration.intake;
        assert_eq!((intake.connections, intake.connections_per_address), (4096, 2000));
        configuration.intake.connections_per_address = 0;
        assert!(configuration.check().is_err());
    }

    #[test]
    fn a_provider_of_accounts_is_named_with_what_it_needs_and_its_secret_does_not_show() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("luytre.toml");
        let text = "[sign_in.providers.tinh]\ntitle = \"Tỉnh\"\nissuer = \"https://id.example\"\nclient_id = \"luytre\"\n\
                    client_secret = \"quiet\"\nlinking = \"first-sign-in\"\n\
                    [[sign_in.providers.tinh.roles]]\ngroup = \"soc\"\nrole = \"analyst\"\n";
        std::fs::write(&file, text).unwrap();
        let configuration = Configuration::load(directory.path(), None).unwrap();
        let provider = configuration.sign_in.providers.get("tinh").unwrap();
        assert_eq!((provider.account_claim.as_str(), provider.roles.len()), ("preferred_username", 1));
        assert!(!format!("{configuration:?}").contains("quiet"));
        std::fs::write(&file, "[sign_in.providers.tinh]\ntitle = \"Tỉnh\"\n").unwrap();
        assert!(Configuration::load(directory.path(), None).is_err());
    }

    #[test]
    fn plain_http_towards_the_network_is_refused() {
        let mut configuration = Configuration::default();
        assert!(configuration.check().is_ok());
        configuration.web.listen = ([0, 0, 0, 0], 80).into();
        assert!(configuration.check().is_err());
        configuration.web.insecure = true;
        assert!(configuration.check().is_ok());
    }
}
