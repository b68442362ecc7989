//! Indicators: domains, addresses, links, hashes, e-mail addresses and file names that others found to be bad, matched
//! against every record. A set is immutable and shared between threads; a changed list makes a new set. What is looked at
//! in a record is what [`event::observables`] finds in its texts, and the columns that name files.
//!
//! A set knows of each indicator only what a match needs. Who gave it and what he said of it is kept by the owner of the
//! lists, under the indicator's reference.

mod ascii;
mod index;
mod key;
mod lines;
mod link;
mod look;
mod private;
mod reading;
mod refusal;
mod set;
mod stix;
#[cfg(test)]
mod tests;

pub use lines::{ListLine, list_lines};
pub use look::{IndicatorHit, IndicatorHits};
pub use reading::Indicator;
pub use refusal::Refusal;
pub use set::{IndicatorFacts, IndicatorSet, IndicatorSetBuilder};
pub use stix::{PatternRefusal, StixIndicator, StixRefusal, read_bundle};

/// What kind of thing an indicator is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum IndicatorKind {
    Domain,
    /// An IPv4 or IPv6 address, or a range of them in CIDR notation.
    Address,
    Url,
    /// MD5, SHA-1 or SHA-256 of a file.
    Hash,
    Mail,
    FileName,
}

impl IndicatorKind {
    pub const ALL: [Self; 6] = [Self::Domain, Self::Address, Self::Url, Self::Hash, Self::Mail, Self::FileName];

    pub fn code(self) -> &'static str {
        match self {
            Self::Domain => "domain",
            Self::Address => "address",
            Self::Url => "url",
            Self::Hash => "hash",
            Self::Mail => "mail",
            Self::FileName => "file-name",
        }
    }

    /// The kind that a code of ours, a type of MISP or an object of STIX 2.1 means, in any letter case.
    pub fn from_name(name: &str) -> Option<Self> {
        match name.trim().to_ascii_lowercase().replace(['_', ' '], "-").as_str() {
            "domain" | "domain-name" | "hostname" | "host" | "fqdn" => Some(Self::Domain),
            "address" | "ip" | "ipv4" | "ipv6" | "ip-src" | "ip-dst" | "ipv4-addr" | "ipv6-addr" | "ip-address"
            | "cidr" | "range" | "ip-range" => Some(Self::Address),
            "url" | "uri" | "link" => Some(Self::Url),
            "hash" | "md5" | "sha1" | "sha-1" | "sha256" | "sha-256" | "filehash-md5" | "filehash-sha1"
            | "filehash-sha256" => Some(Self::Hash),
            "mail" | "email" | "e-mail" | "email-src" | "email-dst" | "email-addr" => Some(Self::Mail),
            "file-name" | "filename" | "file" => Some(Self::FileName),
            _ => None,
        }
    }
}
