//! What rules of SigmaHQ find in the recordings of the shared data, read as an import reads them: as many matches as the
//! golden table says (`engines/detection/tests/golden`), and every attack of the regression folders.

use crate::program::shared_data;
use detection::{Engine, Matches, RuleSet};
use event::{Origin, RawRecord};
use ingest::FormatSet;
use ingest::files::{FileRecords, Limits, list};
use luytre::content::Content;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const TABLE: &str = include_str!("../../../engines/detection/tests/golden/golden_shared.txt");
const FOLDERS: [&str; 3] = ["evtx", "regression", "windows-json"];
/// When the records arrive: nothing that rules ask depends on it.
const ARRIVAL: i64 = 1_790_000_000_000_000;

/// Matches by id of the rule.
type Counts = BTreeMap<String, u64>;

/// The formats of the program and all rules of the shared data.
struct Matching {
    formats: FormatSet,
    engine: Engine,
    matches: Matches,
}

impl Matching {
    fn new(shared: &Path) -> Self {
        let files = Content::default().files("formats", &[".toml"]).expect("formats");
        let (rules, errors) = RuleSet::from_directory(&shared.join("sigma"));
        assert_eq!(errors, []);
        Self {
            formats: FormatSet::load(&files).expect("formats"),
            engine: Engine::new(rules),
            matches: Matches::default(),
        }
    }

    /// Records of a file that could be read, and how often each rule matches them.
    fn count(&mut self, file: &Path) -> (u64, Counts) {
        let (mut records, mut counts, mut origin) = (0, Counts::new(), Arc::new(Origin::default()));
        for record in FileRecords::new(file, Limits::default()) {
            let Ok(bytes) = record.result else { continue };
            origin = origin.under(record.header.as_deref());
            let raw = RawRecord { bytes, arrival: ARRIVAL, origin: origin.clone(), position: record.position };
            records += 1;
            self.engine.evaluate(&self.formats.parse(&raw), &mut self.matches);
            for found in self.matches.detections() {
                *counts.entry(self.engine.rules()[found.rule].id.clone()).or_default() += 1;
            }
        }
        (records, counts)
    }
}

/// A file as the golden table knows it.
struct Recording {
    name: &'static str,
    bytes: u64,
    checksum: &'static str,
    records: u64,
    counts: Counts,
}

fn number(text: &str) -> u64 {
    text.parse().unwrap_or_else(|_| panic!("{text} is no number"))
}

/// What the table says of the rules it was made with, and its recordings.
fn table() -> (&'static str, Vec<Recording>) {
    let (mut rules, mut recordings) = ("", Vec::<Recording>::new());
    for line in TABLE.lines() {
        let (word, rest) = line.split_once(' ').expect("two words");
        match word {
            "rules" => rules = rest,
            "file" => {
                let parts: Vec<&str> = rest.splitn(4, ' ').collect();
                let &[bytes, checksum, records, name] = parts.as_slice() else { panic!("{line}") };
                let (bytes, records) = (number(bytes), number(records));
                recordings.push(Recording { name, bytes, checksum, records, counts: Counts::new() });
            }
            rule => {
                let last = recordings.last_mut().expect("a file stands above its rules");
                last.counts.insert(rule.to_owned(), number(rest));
            }
        }
    }
    (rules, recordings)
}

/// Adler-32 as zlib counts it, of what follows on bytes whose checksum is known.
fn checksum(before: u32, bytes: &[u8]) -> u32 {
    let (mut low, mut high) = (before & 0xffff, before >> 16);
    for byte in bytes {
        low = (low + u32::from(*byte)) % 65_521;
        high = (high + low) % 65_521;
    }
    (high << 16) | low
}

/// All files below a folder for which a name asks, in their order.
fn below(folder: &Path, wanted: &dyn Fn(&Path) -> bool) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("directory").map(|entry| entry.expect("entry").path()) {
        if entry.is_dir() {
            found.extend(below(&entry, wanted));
        } else if wanted(&entry) {
            found.push(entry);
        }
    }
    found.sort();
    found
}

/// Number and checksum of the rules that lie there.
fn rules_of(shared: &Path) -> String {
    let files = below(&shared.join("sigma"), &|path| path.extension().is_some_and(|ending| ending == "yml"));
    let sum = files.iter().fold(1, |sum, path| checksum(sum, &std::fs::read(path).expect("rule")));
    format!("{} {sum:08x}", files.len())
}

#[test]
fn matches_on_the_shared_recordings_are_those_of_the_golden_table() {
    let Some(shared) = shared_data() else { return };
    let (rules, recordings) = table();
    assert_eq!(rules, rules_of(&shared), "the golden table was made with other rules: number and checksum");
    let known: BTreeSet<&str> = recordings.iter().map(|recording| recording.name).collect();
    for file in list(&FOLDERS.map(|folder| shared.join(folder))).files {
        let name = file.path.strip_prefix(&shared).expect("below the shared data").display().to_string();
        if !known.contains(name.as_str()) {
            println!("left out, not in the golden table: {name}");
        }
    }
    let mut matching = Matching::new(&shared);
    let (mut records, mut pairs, mut wrong) = (0, 0, Vec::new());
    for recording in &recordings {
        let path = shared.join(recording.name);
        let Ok(content) = std::fs::read(&path) else {
            wrong.push(format!("{}: in the golden table, but not to be read", recording.name));
            continue;
        };
        let sum = format!("{:08x}", checksum(1, &content));
        if (content.len() as u64, sum.as_str()) != (recording.bytes, recording.checksum) {
            wrong.push(format!("{}: not the file that the golden table was made with", recording.name));
            continue;
        }
        let (read, counts) = matching.count(&path);
        if read != recording.records {
            wrong.push(format!("{}: golden {} records, ours {read}", recording.name, recording.records));
        }
        records += read;
        pairs += counts.values().sum::<u64>();
        for rule in recording.counts.keys().chain(counts.keys()).collect::<BTreeSet<_>>() {
            let (want, have) = (recording.counts.get(rule), counts.get(rule));
            if want != have {
                wrong.push(format!("{}: {rule}: golden {want:?}, ours {have:?}", recording.name));
            }
        }
    }
    println!("{pairs} matches in {records} records of {} files", recordings.len());
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// How often the rules of a folder must match the records of one of its files: as often as the test of its name says.
fn wanted(info: &Value, file: &Path) -> u64 {
    let tests = info["regression_tests_info"].as_array().map(Vec::as_slice).unwrap_or_default();
    let of_file =
        |test: &&Value| test["path"].as_str().is_some_and(|path| Path::new(path).file_stem() == file.file_stem());
    tests.iter().find(of_file).and_then(|test| test["match_count"].as_u64()).unwrap_or(1)
}

#[test]
fn every_recording_of_the_regression_folders_raises_its_rule_as_often_as_it_must() {
    let Some(shared) = shared_data() else { return };
    let folders = below(&shared.join("regression"), &|path| path.ends_with("info.yml"));
    assert!(!folders.is_empty(), "there are regression folders");
    let mut matching = Matching::new(&shared);
    let (mut files, mut missed) = (0, Vec::new());
    for path in &folders {
        let info: Value = serde_yaml_ng::from_str(&std::fs::read_to_string(path).expect("info.yml")).expect("YAML");
        let folder = path.parent().expect("a folder");
        let rules: Vec<&str> =
            info["rule_metadata"].as_array().into_iter().flatten().filter_map(|rule| rule["id"].as_str()).collect();
        let recordings = list(&[folder.to_owned()]).files;
        if rules.is_empty() || recordings.is_empty() {
            missed.push(format!("{}: {} rules, {} recordings", folder.display(), rules.len(), recordings.len()));
        }
        for recording in recordings {
            files += 1;
            let (records, counts) = matching.count(&recording.path);
            let least = wanted(&info, &recording.path);
            for rule in &rules {
                let have = counts.get(*rule).copied().unwrap_or(0);
                if have < least {
                    let name = recording.path.display();
                    missed.push(format!("{name}: {rule} matches {have} of {records} records, {least} at least"));
                }
            }
        }
    }
    println!("{files} recordings of {} folders, {} missed", folders.len(), missed.len());
    assert!(missed.is_empty(), "{} missed:\n{}", missed.len(), missed.join("\n"));
}
