//! The file of a format as it is written for a person to go on from.

use super::Wanted;
use crate::templates::disguise;
use jiff::Timestamp;
use jiff::fmt::strtime::BrokenDownTime;
use std::collections::BTreeSet;

/// Order of a format by its lines: after those of products, before those that say little.
const ORDER: i32 = 450;
/// How times are written; the first that reads one is proposed.
const LAYOUTS: [&str; 12] = [
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y/%m/%d %H:%M:%S",
    "%d/%m/%Y %H:%M:%S",
    "%d-%m-%Y %H:%M:%S",
    "%d/%b/%Y:%H:%M:%S %z",
    "%d/%b/%Y:%H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%a %b %d %H:%M:%S %Y",
    "%b %d %Y %H:%M:%S",
    "%b %d %H:%M:%S",
];

/// Columns, what fields that fill them are often called, and whether they take nothing but addresses.
const COLUMNS: [(&str, &[&str], bool); 6] = [
    ("source_ip", &["src", "srcip", "src_ip", "source", "client", "from_address", "rhost", "remote"], true),
    ("destination_ip", &["dst", "dstip", "dst_ip", "dest", "destination", "server", "to_address"], true),
    ("source_port", &["spt", "sport", "srcport", "src_port"], false),
    ("destination_port", &["dpt", "dport", "dstport", "dst_port"], false),
    ("user_name", &["user", "username", "usr", "account", "login"], false),
    ("host_name", &["host", "hostname", "devname", "device"], false),
];

#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) text: String,
}

impl File {
    /// With the head of the file.
    pub(super) fn begin(wanted: &Wanted<'_>, extract: &str) -> Self {
        let mut file = Self::default();
        file.line(&["name = ", &quoted(wanted.name)]);
        file.line(&["version = ", &wanted.version.to_string()]);
        file.line(&["title = ", &quoted(wanted.title)]);
        file.line(&["order = ", &ORDER.to_string()]);
        file.line(&["extract = ", &quoted(extract)]);
        file
    }

    pub(super) fn line(&mut self, parts: &[&str]) {
        parts.iter().for_each(|part| self.text.push_str(part));
        self.text.push('\n');
    }

    /// By the program of the envelope, else by expressions on the lines.
    pub(super) fn recognise(&mut self, wanted: &Wanted<'_>, expressions: &[&str]) {
        self.line(&["\n[recognise]"]);
        match wanted.program {
            Some(program) => self.line(&["programs = [", &quoted(program), "]"]),
            None => {
                self.line(&[if wanted.are_whole() { "lines" } else { "messages" }, " = ["]);
                expressions.iter().for_each(|one| self.line(&["  ", &quoted(one), ","]));
                self.line(&["]"]);
            }
        }
    }

    /// The columns that fields fill by what they are called; of each field its name and whether it holds addresses.
    pub(super) fn columns<'n>(&mut self, fields: impl Iterator<Item = (&'n str, bool)>) {
        let fields: Vec<(&str, bool)> = fields.collect();
        let mut begun = false;
        for (column, called, addresses) in COLUMNS {
            let fits =
                |(name, holds): &&(&str, bool)| called.contains(&last_name(name).as_str()) && addresses == *holds;
            let filled: BTreeSet<String> = fields.iter().filter(fits).map(|(name, _)| quoted(name)).collect();
            if !filled.is_empty() {
                if !std::mem::replace(&mut begun, true) {
                    self.line(&["\n[columns]"]);
                }
                self.line(&[column, " = [", &filled.into_iter().collect::<Vec<_>>().join(", "), "]"]);
            }
        }
    }

    pub(super) fn time(&mut self, from: &[&str], layout: &str) {
        let from: Vec<String> = from.iter().map(|source| quoted(source)).collect();
        self.line(&["\n[[time]]\nfrom = [", &from.join(", "), "]\nlayouts = [", &quoted(layout), "]"]);
    }

    /// The records with these numbers.
    pub(super) fn samples(&mut self, wanted: &Wanted<'_>, records: impl Iterator<Item = usize>) {
        let samples: Vec<&str> = records.filter_map(|number| wanted.records.get(number)).copied().collect();
        let samples = match wanted.disguised {
            true => disguise(&samples),
            false => samples.into_iter().map(ToOwned::to_owned).collect(),
        };
        for sample in &samples {
            let origin = quoted(wanted.origin);
            self.line(&["\n[[sample]]\nline = ", &quoted(sample), "\norigin = ", &origin, "\nevidence = 'seen'"]);
        }
    }
}

/// `client.Src-IP` is called `src_ip`.
fn last_name(name: &str) -> String {
    name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase().replace('-', "_")
}

/// How a time is written, where that is known.
pub(super) fn layout_of(stated: &str) -> Option<&'static str> {
    if stated.parse::<Timestamp>().is_ok() {
        return Some("rfc3339");
    }
    LAYOUTS.into_iter().find(|layout| BrokenDownTime::parse(layout, stated).is_ok())
}

/// A text as TOML writes it; an expression stays as it is where it may.
pub(super) fn quoted(text: &str) -> String {
    match text.contains('\'') || text.chars().any(char::is_control) {
        true => toml::Value::from(text).to_string(),
        false => format!("'{text}'"),
    }
}
