//! Programs and devices that agencies have, and the lines that make them send their logs here (`content/senders/`). From a
//! page of them an officer registers a source, has its lines with addresses and key, and sees when the first record has come.
//! Pure; pages are in `pages`.

mod pages;

use crate::intake::DoorKind;
use base64::Engine as _;
use kit::web::Routes;
use serde::Deserialize;
use std::collections::BTreeSet;

/// The folder of `content/`.
pub const FOLDER: &str = "senders";

pub fn routes() -> Routes {
    pages::routes()
}

/// Where our doors can be reached, as senders must write it. Registered by `luytre` as a port.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListenerAddresses {
    /// Host name or address of this node.
    pub host: String,
    /// Ports of the open doors, the first of a kind first.
    pub doors: Vec<(DoorKind, u16)>,
    /// `http://host:port` of the pages, which takes what Elasticsearch, OpenTelemetry, Splunk and Graylog take over HTTP.
    pub elastic: Option<String>,
}

impl ListenerAddresses {
    pub fn port(&self, kind: DoorKind) -> Option<u16> {
        self.doors.iter().find(|(one, _)| *one == kind).map(|(_, port)| *port)
    }
}

/// Under which heading a sender stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    Server,
    Windows,
    Network,
    Flow,
    Program,
}

impl Group {
    pub const ALL: [Group; 5] = [Self::Server, Self::Windows, Self::Network, Self::Flow, Self::Program];

    /// Key of the heading.
    pub fn key(self) -> &'static str {
        match self {
            Self::Server => "sender-group-server",
            Self::Windows => "sender-group-windows",
            Self::Network => "sender-group-network",
            Self::Flow => "sender-group-flow",
            Self::Program => "sender-group-program",
        }
    }
}

/// What makes a first record come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    Logger,
    Windows,
    Device,
    Flow,
    Program,
}

impl Check {
    pub const ALL: [Check; 5] = [Self::Logger, Self::Windows, Self::Device, Self::Flow, Self::Program];

    /// Key of the sentence that says it.
    pub fn key(self) -> &'static str {
        match self {
            Self::Logger => "sender-check-logger",
            Self::Windows => "sender-check-windows",
            Self::Device => "sender-check-device",
            Self::Flow => "sender-check-flow",
            Self::Program => "sender-check-program",
        }
    }
}

/// Where a sender sends to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", untagged)]
pub enum Way {
    Door(DoorKind),
    Web(Web),
}

/// The address of the pages, which wants a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Web {
    Web,
}

/// A sender and its lines, as `content/senders/README.md` says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sender {
    pub id: String,
    pub product: String,
    pub group: Group,
    pub kind: String,
    pub door: Way,
    pub file: String,
    pub check: Check,
    pub origin: String,
    pub tested: bool,
    pub lines: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    sender: Vec<Sender>,
}

/// All senders that can be connected. Registered by `luytre` as a port.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Senders(Vec<Sender>);

impl Senders {
    /// Reads the files of the folder: path and text of each.
    ///
    /// # Errors
    /// What cannot be read is named with its file.
    pub fn parse(files: &[(String, String)]) -> Result<Self, String> {
        let mut senders = Vec::new();
        let mut known = BTreeSet::new();
        for (path, text) in files {
            let file: File = toml::from_str(text).map_err(|error| format!("{FOLDER}/{path}: {error}"))?;
            for sender in file.sender {
                if !known.insert(sender.id.clone()) {
                    return Err(format!("{FOLDER}/{path}: there are two senders {}", sender.id));
                }
                let is_plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
                if sender.id.is_empty() || !sender.id.chars().all(is_plain) {
                    return Err(format!(
                        "{FOLDER}/{path}: {:?} is no id: small letters, digits and hyphens",
                        sender.id
                    ));
                }
                if crate::sources::SourceKind::from_code(&sender.kind).is_none() {
                    return Err(format!("{FOLDER}/{path}: {}: {:?} is no kind of source", sender.id, sender.kind));
                }
                senders.push(sender);
            }
        }
        senders.sort_by_key(|one| one.group);
        Ok(Self(senders))
    }

    /// Those whose door is open.
    pub fn open<'s>(&'s self, addresses: &'s ListenerAddresses) -> impl Iterator<Item = &'s Sender> {
        self.0.iter().filter(|sender| sender.is_open(addresses))
    }

    pub fn find(&self, id: &str) -> Option<&Sender> {
        self.0.iter().find(|sender| sender.id == id)
    }
}

/// A key as lines need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    pub id: String,
    pub key: String,
}

impl Sender {
    /// Whether it needs a key, which says whose its records are.
    pub fn needs_key(&self) -> bool {
        matches!(self.door, Way::Web(_))
    }

    /// Whether it may show a certificate.
    pub fn may_show_certificate(&self) -> bool {
        matches!(self.door, Way::Door(door) if door.is_tls())
    }

    fn is_open(&self, addresses: &ListenerAddresses) -> bool {
        match self.door {
            Way::Door(door) => addresses.port(door).is_some(),
            Way::Web(_) => addresses.elastic.is_some(),
        }
    }

    /// Its lines with our addresses; words stand in the place of a key that was not made yet.
    pub fn lines(&self, addresses: &ListenerAddresses, key: Option<&Key>) -> String {
        let host = if addresses.host.is_empty() { "luytre.example" } else { &addresses.host };
        let url = addresses.elastic.as_deref().unwrap_or_default();
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        let usual = if url.starts_with("https:") { "443" } else { "80" };
        let (url_host, url_port) = rest.rsplit_once(':').unwrap_or((rest, usual));
        let port = match self.door {
            Way::Door(door) => addresses.port(door).map_or_else(String::new, |port| port.to_string()),
            Way::Web(_) => String::new(),
        };
        let (key_id, secret) = key.map_or(("KEY-ID", "API-KEY"), |key| (&*key.id, &*key.key));
        let encoded = key.map_or_else(
            || "API-KEY".to_owned(),
            |key| base64::engine::general_purpose::STANDARD.encode(format!("{}:{}", key.id, key.key)),
        );
        [
            ("@HOST@", host),
            ("@PORT@", &port),
            ("@URL@", url),
            ("@URL_HOST@", url_host),
            ("@URL_PORT@", url_port),
            ("@KEY@", secret),
            ("@KEY_ID@", key_id),
            ("@KEY_ENCODED@", &encoded),
        ]
        .iter()
        .fold(self.lines.clone(), |lines, (sign, text)| lines.replace(sign, text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kit::Lang;
    use kit::locale::texts;
    use std::path::Path;

    fn all() -> Senders {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../content/senders");
        let mut files: Vec<(String, String)> = std::fs::read_dir(folder)
            .expect("the folder")
            .map(|entry| entry.expect("a file").path())
            .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
            .map(|path| (path.display().to_string(), std::fs::read_to_string(&path).expect("a text")))
            .collect();
        files.sort();
        Senders::parse(&files).expect("senders")
    }

    #[test]
    fn every_sender_has_lines_in_which_nothing_is_left_to_fill_in() {
        let everywhere = ListenerAddresses {
            host: "log.tinh.example".into(),
            doors: DoorKind::ALL.iter().zip(6001..).map(|(kind, port)| (*kind, port)).collect(),
            elastic: Some("https://log.tinh.example".into()),
        };
        let key = Key { id: "key-1".into(), key: "luytre_secret".into() };
        let all = all();
        assert_eq!(all.open(&everywhere).count(), all.0.len());
        for sender in all.open(&everywhere) {
            let lines = sender.lines(&everywhere, Some(&key));
            assert!(!lines.contains("@PORT") && !lines.contains("@HOST@") && !lines.contains("@URL"), "{lines}");
            assert!(!lines.contains("@KEY") && lines.contains("log.tinh.example"), "{lines}");
            let holds_key = lines.contains("luytre_secret") || lines.contains("a2V5LTE6bHV5dHJlX3NlY3JldA==");
            assert_eq!(holds_key, sender.needs_key(), "{lines}");
        }
    }

    #[test]
    fn only_what_has_an_open_door_is_offered() {
        let all = all();
        assert_eq!(all.open(&ListenerAddresses::default()).count(), 0);
        let relp = ListenerAddresses { doors: vec![(DoorKind::Relp, 2514)], ..ListenerAddresses::default() };
        assert_eq!(all.open(&relp).map(|sender| sender.id.as_str()).collect::<Vec<_>>(), ["rsyslog-relp"]);
    }

    #[test]
    fn headings_and_sentences_have_their_words() {
        let keys = Group::ALL.map(Group::key).into_iter().chain(Check::ALL.map(Check::key));
        for key in keys {
            assert!(Lang::ALL.iter().all(|lang| texts().has(*lang, key)), "{key}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let read = |text: &str| Senders::parse(&[("a.toml".into(), text.into())]).expect_err("a fault");
        assert!(read("[[sender]]\nid = 1").contains("senders/a.toml"));
        let sound = "[[sender]]\nid = 'a'\nproduct = 'A'\ngroup = 'server'\nkind = 'server'\ndoor = 'web'\nfile = ''\n\
            check = 'logger'\norigin = ''\ntested = false\nlines = ''\n";
        assert!(read(&sound.repeat(2)).contains("two senders a"));
        assert!(read(&sound.replace("'a'", "'A b'")).contains("is no id"));
        assert!(read(&sound.replace("kind = 'server'", "kind = 'oven'")).contains("no kind"));
        assert!(read(&sound.replace("'web'", "'window'")).contains("senders/a.toml"));
    }
}
