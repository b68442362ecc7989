//! `luytre formats read`: what the formats make of files, without storing anything.

use super::super::{about_file, print_json, say, tell};
use super::load;
use crate::configuration::Configuration;
use anyhow::{Result, ensure};
use clap::Args;
use event::{Micros, Origin, RawRecord};
use ingest::FormatSet;
use ingest::files::{FileRecords, Limits, list};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// Characters of a line that are shown.
const SHOWN: usize = 200;

#[derive(Debug, Args)]
pub(super) struct Read {
    /// Files and directories, as `luytre import` reads them.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Directory of formats that are laid over the built-in ones, file by file.
    #[arg(long, value_name = "DIRECTORY")]
    formats: Option<PathBuf>,
    /// Lines shown of each file that no format understands.
    #[arg(long, default_value_t = 5)]
    unknown: usize,
    /// Print one JSON object per file.
    #[arg(long)]
    json: bool,
}

/// What was read of one file.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
struct Figures {
    file: String,
    read: u64,
    understood: u64,
    /// Records that no format understands.
    unknown: u64,
    /// Records that could not even be taken out of the file.
    unreadable: u64,
    formats: BTreeMap<String, OfFormat>,
    lines: Vec<Line>,
}

#[derive(Debug, Default, PartialEq, Eq, Serialize)]
struct OfFormat {
    records: u64,
    /// Of them such as have a remark on what was not, or not wholly, understood.
    remarked: u64,
}

/// A record that was not understood.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Line {
    record: u64,
    reason: String,
    /// Its beginning.
    text: String,
}

impl Read {
    pub(super) fn run(&self, configuration: &Configuration) -> Result<ExitCode> {
        for path in &self.paths {
            ensure!(path.exists(), about_file(path, "command-no-file"));
        }
        let formats = load(configuration, self.formats.as_deref())?;
        let now = jiff::Timestamp::now().as_microsecond();
        let listing = list(&self.paths);
        let mut unreadable = 0;
        for file in &listing.files {
            let figures = figures(&formats, &file.path, now, self.unknown);
            unreadable += figures.unreadable;
            if self.json { print_json(&figures)? } else { figures.tell() }
        }
        if !self.json {
            for skipped in &listing.skipped {
                let file = skipped.path.display().to_string();
                tell("import-skipped", &[("file", file.into()), ("reason", skipped.reason.clone().into())]);
            }
        }
        Ok(if unreadable == 0 { ExitCode::SUCCESS } else { ExitCode::from(2) })
    }
}

/// Reads a file as `luytre import` does, as if it had come in at `now`.
fn figures(formats: &FormatSet, path: &Path, now: Micros, shown: usize) -> Figures {
    let mut figures = Figures { file: path.display().to_string(), ..Figures::default() };
    let mut origin = Arc::new(Origin::default());
    for record in FileRecords::new(path, Limits::default()) {
        figures.read += 1;
        let bytes = match record.result {
            Ok(bytes) => bytes,
            Err(reason) => {
                figures.unreadable += 1;
                figures.show(shown, record.position, reason, &[]);
                continue;
            }
        };
        origin = origin.under(record.header.as_deref());
        let raw = RawRecord { bytes, arrival: now, origin: origin.clone(), position: record.position };
        let event = formats.parse(&raw);
        if event.understood {
            figures.understood += 1;
            let of = figures.formats.entry(event.format.to_string()).or_default();
            of.records += 1;
            of.remarked += u64::from(event.problem.is_some());
        } else {
            figures.unknown += 1;
            figures.show(shown, record.position, event.problem.unwrap_or_default(), &raw.bytes);
        }
    }
    figures
}

impl Figures {
    fn show(&mut self, most: usize, record: u64, reason: String, bytes: &[u8]) {
        if self.lines.len() < most {
            let start = bytes.get(..bytes.len().min(4 * SHOWN)).unwrap_or_default();
            let text = String::from_utf8_lossy(start).chars().take(SHOWN).collect();
            self.lines.push(Line { record, reason, text });
        }
    }

    fn tell(&self) {
        let figures = [
            ("file", self.file.clone().into()),
            ("read", self.read.into()),
            ("understood", self.understood.into()),
            ("unknown", self.unknown.into()),
            ("unreadable", self.unreadable.into()),
        ];
        tell("formats-read", &figures);
        let mut formats: Vec<_> = self.formats.iter().collect();
        formats.sort_by_key(|(_, of)| std::cmp::Reverse(of.records));
        for (format, OfFormat { records, remarked }) in formats {
            let figures =
                [("format", format.clone().into()), ("records", (*records).into()), ("remarked", (*remarked).into())];
            tell("formats-read-by", &figures);
        }
        for Line { record, reason, text } in &self.lines {
            tell("formats-read-unknown", &[("record", (*record).into()), ("reason", reason.clone().into())]);
            say!("    {text}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::Content;

    #[test]
    fn every_record_of_a_file_is_counted_once() {
        let files = Content::default().files("formats", &[".toml"]).expect("content");
        let formats = FormatSet::load(&files).expect("formats");
        let directory = tempfile::tempdir().expect("directory");
        let path = directory.path().join("mixed.log");
        let sshd = "Nov 20 10:11:12 srv sshd[77]: Failed password for root from 192.0.2.7 port 40000 ssh2";
        let text = format!("{sshd}\nwords of no format\n{sshd}\nand other words\n");
        std::fs::write(&path, text).expect("file");
        let figures = figures(&formats, &path, 1_795_200_000_000_000, 1);
        assert_eq!((figures.read, figures.understood, figures.unknown, figures.unreadable), (4, 2, 2, 0));
        assert_eq!(figures.formats.get("sshd@1"), Some(&OfFormat { records: 2, remarked: 0 }));
        let shown: Vec<_> = figures.lines.iter().map(|line| (line.record, line.text.as_str())).collect();
        assert_eq!(shown, [(2, "words of no format")]);
    }
}
