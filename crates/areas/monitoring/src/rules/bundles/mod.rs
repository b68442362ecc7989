//! Bundles: one file that carries rules, and what they are matched with, from whoever keeps them to centres without the Internet, signed with two keys together.
//! `manifest.json` says what it is and the digest of every file, `signature.json` holds both signatures over the manifest's exact
//! bytes. Reading is pure; who is trusted and what came before is asked in `service`.

pub mod api;
mod container;
pub mod contents;
pub mod pages;
pub mod registers;
pub mod service;
pub mod store;

pub use container::MOST_BYTES;

use super::packs::{PackFile, is_name};
use container::Member;
use jiff::Timestamp;
use kit::Error;
use kit::clock::Micros;
use organisation::signatures::{KeyPair, PublicKeys, Signatures};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::path::PathBuf;

/// Members that every bundle begins with.
pub(super) const MEMBERS: [&str; 2] = ["manifest.json", "signature.json"];
/// What every manifest begins with, so that its signature serves for nothing else.
const FORMAT: &str = "luytre bundle 1";
const LONGEST_VERSION: usize = 60;

/// What is in a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Rules with their tests and terms, and tables for the registers that they are matched with.
    Rules,
}

/// What a bundle says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub format: String,
    pub kind: Kind,
    /// Small letters, digits and hyphens; the same for every version.
    pub name: String,
    /// For people.
    pub version: String,
    /// Rises with every version.
    pub serial: i64,
    pub made_at: Timestamp,
    /// It is not taken after that.
    pub valid_until: Timestamp,
    /// In ascending order of their paths.
    pub files: Vec<Listed>,
}

/// A file of a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    pub path: String,
    /// In bytes.
    pub size: u64,
    /// Hexadecimal.
    pub sha256: String,
}

/// Why a file is no bundle, or cannot become one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error("no bundle")]
    NoBundle,
    #[error("too large")]
    TooLarge,
    #[error("too many files")]
    TooMany,
    /// It is not as a bundle is written: damaged, or changed by somebody.
    #[error("altered")]
    Altered,
    /// Made by a program that knows more than this one.
    #[error("of another format")]
    Format,
    #[error("not as its manifest says: {0}")]
    File(String),
    #[error("wrong in the manifest: {0}")]
    Manifest(&'static str),
    #[error("cannot be called so: {0}")]
    Path(String),
}

impl From<Unfit> for Error {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::NoBundle => Self::mistake("bundle-none", []),
            Unfit::TooLarge => Self::mistake("bundle-too-large", [("most", (MOST_BYTES >> 20).to_string())]),
            Unfit::TooMany => Self::mistake("bundle-too-many", []),
            Unfit::Altered => Self::mistake("bundle-altered", []),
            Unfit::Format => Self::mistake("bundle-format", []),
            Unfit::File(path) => Self::mistake("bundle-file-altered", [("path", path)]),
            Unfit::Manifest(field) => Self::mistake("bundle-manifest", [("field", field.to_owned())]),
            Unfit::Path(path) => Self::mistake("bundle-path", [("path", path)]),
        }
    }
}

/// What a new bundle is called and how long it holds.
#[derive(Debug, Clone)]
pub struct Label {
    pub name: String,
    pub version: String,
    pub serial: i64,
    pub made_at: Micros,
    pub valid_until: Micros,
}

/// A bundle that is whole in itself. Whether its signatures fit is not said by that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    pub manifest: Manifest,
    pub signatures: Signatures,
    /// SHA-256 of the file, hexadecimal.
    pub digest: String,
    pub files: Vec<PackFile>,
    signed: Vec<u8>,
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Manifest {
    fn check(&self) -> Result<(), Unfit> {
        let fields = [
            ("name", is_name(&self.name)),
            ("version", is_version(&self.version)),
            ("serial", self.serial > 0),
            ("valid_until", self.made_at < self.valid_until),
            ("files", !self.files.is_empty() && self.files.is_sorted_by(|one, next| one.path < next.path)),
        ];
        match fields.into_iter().find(|(_, sound)| !sound) {
            Some((field, _)) => Err(Unfit::Manifest(field)),
            None => Ok(()),
        }
    }

    pub fn ends_at(&self) -> Micros {
        self.valid_until.as_microsecond()
    }
}

fn is_version(version: &str) -> bool {
    !version.is_empty() && version.len() <= LONGEST_VERSION && version.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Makes the file of a bundle.
pub fn make(label: Label, files: Vec<PackFile>, keys: &KeyPair) -> Result<Vec<u8>, Unfit> {
    let mut members: Vec<Member> = Vec::new();
    for PackFile { path, text } in files {
        let path = path.to_string_lossy().into_owned();
        if !container::is_sound(&path) || MEMBERS.contains(&&*path) {
            return Err(Unfit::Path(path));
        }
        members.push((path, text.into_bytes()));
    }
    members.sort();
    let listed = members.iter().map(|(path, content)| Listed {
        path: path.clone(),
        size: content.len() as u64,
        sha256: sha256(content),
    });
    let time = |at: Micros, field| Timestamp::from_microsecond(at).map_err(|_| Unfit::Manifest(field));
    let manifest = Manifest {
        format: FORMAT.to_owned(),
        kind: Kind::Rules,
        name: label.name,
        version: label.version,
        serial: label.serial,
        made_at: time(label.made_at, "made_at")?,
        valid_until: time(label.valid_until, "valid_until")?,
        files: listed.collect(),
    };
    manifest.check()?;
    let signed = serde_json::to_vec_pretty(&manifest).map_err(|_| Unfit::Manifest("files"))?;
    let signatures = serde_json::to_vec(&keys.sign(&signed)).map_err(|_| Unfit::Manifest("files"))?;
    let [first, second] = MEMBERS.map(ToOwned::to_owned);
    let head = [(first, signed), (second, signatures)];
    container::write(&head.into_iter().chain(members).collect::<Vec<_>>())
}

impl Bundle {
    /// Reads a bundle; every file is as the manifest says.
    pub fn read(bytes: &[u8]) -> Result<Self, Unfit> {
        let mut members = container::read(bytes)?.into_iter();
        let mut named = |name: &str| {
            let member = members.next().filter(|(have, _)| have == name);
            member.map(|(_, content)| content).ok_or(Unfit::NoBundle)
        };
        let [signed, signatures] = [named("manifest.json")?, named("signature.json")?];
        let manifest = read_manifest(&signed)?;
        let read: Signatures = serde_json::from_slice(&signatures).map_err(|_| Unfit::Altered)?;
        // One way to write these, too.
        if serde_json::to_vec(&read).ok().as_deref() != Some(&*signatures) {
            return Err(Unfit::Altered);
        }
        let mut files = Vec::new();
        for listed in &manifest.files {
            let wrong = || Unfit::File(listed.path.clone());
            let (path, content) = members.next().ok_or_else(wrong)?;
            let fits = path == listed.path && content.len() as u64 == listed.size && sha256(&content) == listed.sha256;
            if !fits {
                return Err(wrong());
            }
            files.push(PackFile { path: PathBuf::from(path), text: String::from_utf8(content).map_err(|_| wrong())? });
        }
        match members.next() {
            Some((path, _)) => Err(Unfit::File(path)),
            None => Ok(Self { manifest, signatures: read, digest: sha256(bytes), files, signed }),
        }
    }

    /// Whether these keys signed it, both of them.
    pub fn is_by(&self, keys: &PublicKeys) -> bool {
        keys.fit(&self.signed, &self.signatures)
    }
}

fn read_manifest(bytes: &[u8]) -> Result<Manifest, Unfit> {
    #[derive(Deserialize)]
    struct Head {
        format: String,
    }
    let head: Head = serde_json::from_slice(bytes).map_err(|_| Unfit::NoBundle)?;
    if head.format != FORMAT {
        return Err(Unfit::Format);
    }
    let manifest: Manifest = serde_json::from_slice(bytes).map_err(|_| Unfit::Format)?;
    manifest.check()?;
    Ok(manifest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kit::clock::DAY;
    use organisation::signatures::SEEDS;

    fn keys(seed: u8) -> KeyPair {
        KeyPair::from_seeds(&[seed; SEEDS])
    }

    fn label() -> Label {
        Label { name: "so-tttt".into(), version: "2026.11".into(), serial: 7, made_at: DAY, valid_until: 31 * DAY }
    }

    fn file(path: &str, text: &str) -> PackFile {
        PackFile { path: path.into(), text: text.into() }
    }

    fn bundle() -> Vec<u8> {
        make(label(), vec![file("rules/b.yml", "title: B\n"), file("LICENSE", "x")], &keys(1)).unwrap()
    }

    #[test]
    fn what_is_made_is_read_and_is_by_its_keys() {
        let read = Bundle::read(&bundle()).unwrap();
        assert_eq!(read.files, [file("LICENSE", "x"), file("rules/b.yml", "title: B\n")]);
        assert_eq!((read.manifest.serial, read.manifest.ends_at()), (7, 31 * DAY));
        assert!(read.is_by(&keys(1).public()) && !read.is_by(&keys(2).public()));
        assert_eq!(bundle(), bundle(), "the same files make the same bundle");
    }

    #[test]
    fn a_bundle_with_any_byte_changed_is_never_taken() {
        let (bytes, public) = (bundle(), keys(1).public());
        for place in 0..bytes.len() {
            let mut other = bytes.clone();
            other[place] ^= 1 << (place % 8);
            assert!(!Bundle::read(&other).is_ok_and(|read| read.is_by(&public)), "byte {place}");
        }
        for length in 0..bytes.len() {
            assert!(Bundle::read(&bytes[..length]).is_err(), "{length} bytes");
        }
    }

    /// The members of the bundle, changed and written anew by somebody without the keys.
    fn altered(change: impl FnOnce(&mut Vec<Member>)) -> Result<Bundle, Unfit> {
        let mut members = container::read(&bundle()).unwrap();
        change(&mut members);
        Bundle::read(&container::write(&members).unwrap())
    }

    #[test]
    fn files_changed_left_out_added_or_moved_are_found() {
        let wrong = |path: &str| Err(Unfit::File(path.to_owned()));
        assert_eq!(altered(|members| members[2].1 = b"y".to_vec()), wrong("LICENSE"));
        assert_eq!(altered(|members| drop(members.pop())), wrong("rules/b.yml"));
        assert_eq!(altered(|members| members.push(("z.yml".into(), Vec::new()))), wrong("z.yml"));
        assert_eq!(altered(|members| members.swap(2, 3)), wrong("LICENSE"));
        assert_eq!(altered(|members| members[3].0 = "rules/a.yml".into()), wrong("rules/b.yml"));
        assert_eq!(altered(|members| members.swap(0, 1)), Err(Unfit::NoBundle));
        assert_eq!(altered(|members| members[1].1.push(b' ')), Err(Unfit::Altered));
    }

    #[test]
    fn a_manifest_written_by_another_is_not_signed() {
        let later = |members: &mut Vec<Member>| {
            let text = String::from_utf8(members[0].1.clone()).unwrap();
            members[0].1 = text.replace("\"serial\": 7", "\"serial\": 8").into_bytes();
        };
        let read = altered(later).unwrap();
        assert_eq!(read.manifest.serial, 8);
        assert!(!read.is_by(&keys(1).public()));
        let newer =
            |members: &mut Vec<Member>| members[0].1 = b"{\"format\": \"luytre bundle 2\", \"more\": 1}".to_vec();
        assert_eq!(altered(newer), Err(Unfit::Format));
    }

    #[test]
    fn what_makes_no_sense_is_not_made() {
        let made = |label: Label, path: &str| make(label, vec![file(path, "x")], &keys(1)).err();
        assert_eq!(made(Label { name: "../x".into(), ..label() }, "a.yml"), Some(Unfit::Manifest("name")));
        assert_eq!(made(Label { serial: 0, ..label() }, "a.yml"), Some(Unfit::Manifest("serial")));
        assert_eq!(made(Label { valid_until: DAY, ..label() }, "a.yml"), Some(Unfit::Manifest("valid_until")));
        assert_eq!(made(label(), "manifest.json"), Some(Unfit::Path("manifest.json".into())));
        assert_eq!(made(label(), "a.yml"), None);
        let twice = vec![file("a.yml", "x"), file("a.yml", "y")];
        assert_eq!(make(label(), twice, &keys(1)).err(), Some(Unfit::Manifest("files")));
    }
}
