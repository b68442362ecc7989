//! What is in a bundle, counted from its files alone, and what of it does not hold: for whoever makes one, and for whoever looks
//! at one before it is taken.

use super::registers::Register;
use crate::enrichment::Placeholders;
use crate::rules::packs::{PackFile, holds_rules, is_of_a_pack};
use detection::{LoadOptions, RuleError, RuleSet, RuleSource, RuleTestFile};
use organisation::sheets;
use serde::Serialize;
use std::path::PathBuf;

/// How much of each kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Contents {
    /// Without correlations.
    pub rules: usize,
    pub correlations: usize,
    pub filters: usize,
    /// Cases of tests.
    pub cases: usize,
    /// With the number of their lines.
    pub tables: Vec<TableLines>,
    /// Terms: LICENSE, AUTHORS, NOTICE.
    pub terms: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TableLines {
    pub path: PathBuf,
    pub register: Register,
    pub lines: usize,
}

/// The files of a bundle, loaded by themselves.
#[derive(Debug, Default)]
pub struct Loaded {
    pub contents: Contents,
    pub set: RuleSet,
    pub tests: Vec<RuleTestFile>,
    /// What does not load, with file, line and reason.
    pub wrong: Vec<RuleError>,
}

/// Loads the files of a bundle. Rules expand the lists that come with them.
pub fn load(files: &[PackFile]) -> Loaded {
    let (mut loaded, mut sources, mut options) = (Loaded::default(), Vec::new(), LoadOptions::default());
    for PackFile { path, text } in files {
        let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
        let is_yaml = name.ends_with(".yml") || name.ends_with(".yaml");
        if let Some(register) = Register::of(path) {
            let lines = text.lines().filter(|line| !line.trim().is_empty()).count();
            loaded.contents.tables.push(TableLines { path: path.clone(), register, lines });
            if register == Register::ValueLists {
                gather(text, &mut options.placeholders);
            }
        } else if name.ends_with(".test.yml") || name.ends_with(".test.yaml") {
            match RuleTestFile::parse(path, text) {
                Ok(file) => loaded.tests.push(file),
                Err(error) => loaded.wrong.push(error),
            }
        } else if is_yaml && holds_rules(text) {
            loaded.contents.filters += text.lines().filter(|line| line.starts_with("filter:")).count();
            sources.push(RuleSource::Text { path: path.clone(), text: text.clone() });
        } else if !is_yaml && is_of_a_pack(path) {
            loaded.contents.terms += 1;
        }
    }
    let (set, errors) = RuleSet::load(&sources, &options);
    loaded.wrong.extend(errors);
    loaded.contents.correlations = set.rules().iter().filter(|rule| rule.is_correlation()).count();
    loaded.contents.rules = set.len() - loaded.contents.correlations;
    loaded.contents.cases = loaded.tests.iter().map(|file| file.cases.len()).sum();
    Loaded { set, ..loaded }
}

/// Adds the values of a table of lists.
fn gather(text: &str, placeholders: &mut Placeholders) {
    let Ok(mut lines) = sheets::lines(text.as_bytes()) else { return };
    let head = lines.next().and_then(|(_, cells)| cells.ok()).unwrap_or_default();
    let place = |name: &str| head.iter().position(|cell| cell.trim().eq_ignore_ascii_case(name));
    let (Some(list), Some(value)) = (place("list"), place("value")) else { return };
    for cells in lines.filter_map(|(_, cells)| cells.ok()) {
        if let (Some(list), Some(value)) = (cells.get(list), cells.get(value)) {
            placeholders.entry(list.trim().to_owned()).or_default().push(value.trim().to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> PackFile {
        PackFile { path: path.into(), text: text.into() }
    }

    const RULE: &str = "title: R\nid: 6f3b2a10-0000-4000-8000-000000000001\nname: r\nlogsource: {product: linux}\n\
        detection:\n  s: {'user_name|expand': '%quantri%'}\n  condition: s\n---\ntitle: Many\nid: \
        6f3b2a10-0000-4000-8000-000000000002\ncorrelation: {type: event_count, rules: [r], group-by: [user_name], \
        timespan: 10m, condition: {gte: 3}}\n";

    #[test]
    fn everything_in_a_bundle_is_counted_by_its_kind() {
        let case =
            "origin: documented\ncases:\n  - name: root\n    expect: []\n    events: [{columns: {user_name: x}}]\n";
        let loaded = load(&[
            file("LICENSE", "x"),
            file("indicators/c2.txt", "evil.example\n\nbad.example\n"),
            file("lists/quan-tri.csv", "list,value\nquantri,root\n"),
            file("rules/a.yml", RULE),
            file("rules/a.test.yml", case),
        ]);
        assert!(loaded.wrong.is_empty(), "{:?}", loaded.wrong);
        let Contents { rules, correlations, filters, cases, terms, tables } = loaded.contents;
        assert_eq!((rules, correlations, filters, cases, terms), (1, 1, 0, 1, 1));
        let tables: Vec<_> = tables.iter().map(|one| (one.register, one.lines)).collect();
        assert_eq!(tables, [(Register::Indicators, 2), (Register::ValueLists, 2)]);
        let waits = loaded.set.rules().iter().any(|rule| !rule.needs_placeholders.is_empty());
        assert!(!waits, "the list that comes along is expanded");
    }

    #[test]
    fn what_does_not_load_is_named() {
        let broken = "title: B\nlogsource: {product: linux}\ndetection: {condition: nothing}\n";
        let loaded = load(&[file("b.yml", broken), file("b.test.yml", "origin: guessed\ncases: []\n")]);
        let wrong: Vec<_> = loaded.wrong.iter().map(|one| one.path.display().to_string()).collect();
        assert_eq!(wrong, ["b.test.yml", "b.yml"]);
        assert_eq!(loaded.contents.rules, 0);
    }
}
