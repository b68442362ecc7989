//! What an imported pack of rules changes: a SigmaHQ release or rules in our own layout against what lies there from the last
//! time. Pure; files are read and written by the program.

use crate::rules::attribution::Attribution;
use crate::rules::bundles::registers::Brought;
use crate::rules::versions::digest;
use detection::{Replaced, Rule, RuleError, RuleSet, RuleTestFile};
use kit::diff::Mark;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file of a pack, by its path within the pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackFile {
    pub path: PathBuf,
    pub text: String,
}

/// A rule as the preview names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Named {
    pub id: String,
    pub title: String,
    pub path: PathBuf,
    #[serde(flatten)]
    pub attribution: Attribution,
    /// Of a changed rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lines: Option<Lines>,
}

/// How many lines came and went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Lines {
    pub added: usize,
    pub removed: usize,
}

impl Lines {
    fn between(before: &str, after: &str) -> Self {
        let (before, after): (Vec<_>, Vec<_>) = (before.lines().collect(), after.lines().collect());
        let changes = kit::diff::between(&before, &after);
        let count = |mark| changes.iter().filter(|line| line.mark == mark).count();
        Self { added: count(Mark::Added), removed: count(Mark::Removed) }
    }
}

/// What an import does.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Plan {
    pub added: Vec<Named>,
    pub changed: Vec<Named>,
    pub removed: Vec<Named>,
    /// Old rules that stay since what takes their place is refused.
    pub kept: Vec<Named>,
    pub unchanged: usize,
    /// Filters that load.
    pub filters: usize,
    /// Rules that take the place of one with the same id elsewhere, for example of the built-in pack.
    pub replaces: Vec<Named>,
    pub refused: Vec<RuleError>,
    /// Of a bundle: what its tables do to registers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub registers: Vec<Brought>,
    /// Rules of which neither the rule nor a LICENSE beside it says the licence.
    pub without_licence: usize,
    /// Files that hold neither rules nor what belongs to them.
    pub ignored: usize,
    #[serde(skip)]
    pub write: Vec<PackFile>,
    #[serde(skip)]
    pub delete: Vec<PathBuf>,
    /// Every rule of the pack that loads: its id and the digest of its text.
    #[serde(skip)]
    pub rules: Vec<(String, String)>,
}

impl Plan {
    pub fn is_empty(&self) -> bool {
        self.write.is_empty() && self.delete.is_empty()
    }
}

/// Folder of rules that are no part of the pack; hidden folders are none either.
const ELSEWHERE: &str = ".elsewhere";

/// What a file of a pack is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rules,
    Tests,
    /// LICENSE, AUTHORS, NOTICE: what must go along with the rules.
    Terms,
    Other,
}

/// Whether a file belongs into a pack by its name, so that others need not be read.
pub fn is_of_a_pack(path: &Path) -> bool {
    !is_hidden(path) && by_name(path) != Kind::Other
}

fn is_hidden(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str().to_string_lossy().starts_with('.'))
}

fn by_name(path: &Path) -> Kind {
    let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    let stem = name.split('.').next().unwrap_or_default();
    match name.as_str() {
        name if name.ends_with(".test.yml") || name.ends_with(".test.yaml") => Kind::Tests,
        name if name.ends_with(".yml") || name.ends_with(".yaml") => Kind::Rules,
        _ if matches!(stem, "license" | "licence" | "authors" | "notice") => Kind::Terms,
        _ => Kind::Other,
    }
}

/// Repositories hold other YAML as well.
pub(in crate::rules) fn holds_rules(text: &str) -> bool {
    let keys = ["detection:", "correlation:", "filter:"];
    text.lines().any(|line| keys.iter().any(|key| line.starts_with(key)))
}

/// Paths without the folder that holds everything, which a release names by its version.
pub fn without_common_folder(files: Vec<PackFile>) -> Vec<PackFile> {
    let mut first = files.iter().map(|file| {
        let mut parts = file.path.components();
        let folder = parts.next().map(|part| part.as_os_str().to_owned());
        folder.filter(|_| parts.next().is_some())
    });
    let Some(Some(folder)) = first.next() else { return files };
    if !first.all(|other| other.as_ref() == Some(&folder)) {
        return files;
    }
    let stripped = |file: PackFile| PackFile {
        path: file.path.strip_prefix(&folder).map(Path::to_owned).unwrap_or(file.path),
        text: file.text,
    };
    files.into_iter().map(stripped).collect()
}

/// What a pack changes against what lies there. `unread` are files of the pack that could not be read, `elsewhere` the rules
/// of other places.
pub fn plan(pack: Vec<PackFile>, unread: Vec<RuleError>, present: &[PackFile], elsewhere: &RuleSet) -> Plan {
    let mut plan = Plan::default();
    let (mut kept, mut rules) = (Vec::new(), Vec::new());
    for file in pack {
        match by_name(&file.path) {
            _ if is_hidden(&file.path) => plan.ignored += 1,
            Kind::Rules if holds_rules(&file.text) => rules.push(file),
            Kind::Tests => match RuleTestFile::parse(&file.path, &file.text) {
                Ok(_) => kept.push(file),
                Err(error) => plan.refused.push(error),
            },
            Kind::Terms => kept.push(file),
            Kind::Rules | Kind::Other => plan.ignored += 1,
        }
    }
    let new = Loaded::of(&rules, elsewhere);
    let old = Loaded::of(present, elsewhere);
    let stays = files_of_refused(&old, &new, &rules, &[new.errors.as_slice(), unread.as_slice()].concat());
    rules.retain(|file| !stays.contains(&file.path));
    plan.refused.extend(new.errors.iter().cloned());
    plan.refused.extend(unread);
    let failed: BTreeSet<PathBuf> = new.errors.iter().map(|error| error.path.clone()).collect();
    let new = if stays.is_empty() { new } else { Loaded::of(&rules, elsewhere) };
    let mut sound: BTreeSet<&Path> = new.rules.iter().map(|rule| rule.path.as_path()).collect();
    sound.extend(new.filters.iter().map(PathBuf::as_path));
    // One that makes nothing but errors is refused.
    kept.extend(rules.into_iter().filter(|file| sound.contains(&*file.path) || !failed.contains(&file.path)));
    plan.filters = new.filters.len();
    plan.refused.extend(new.twice.iter().map(|twice| RuleError {
        path: twice.later.clone(),
        line: twice.line,
        reason: format!(
            "the id {} is also that of {}; only the rule of this file is loaded",
            twice.id,
            twice.earlier.display()
        ),
    }));
    compare(&mut plan, &new.rules, (old.rules.as_slice(), &stays), elsewhere.rules(), &licences(&kept));
    let texts: HashMap<&Path, &str> = present.iter().map(|file| (file.path.as_path(), file.text.as_str())).collect();
    let paths: BTreeSet<&Path> = kept.iter().map(|file| file.path.as_path()).collect();
    let is_gone = |path: &&PathBuf| !paths.contains(path.as_path()) && !stays.contains(*path);
    plan.delete = present.iter().map(|file| &file.path).filter(is_gone).cloned().collect();
    let is_new = |file: &&PackFile| texts.get(file.path.as_path()) != Some(&file.text.as_str());
    plan.write = kept.iter().filter(is_new).cloned().collect();
    plan
}

/// Files that stay as they are: with rules that no rule of the pack follows, because what should is refused. It is told by
/// its id, or by its path.
fn files_of_refused(old: &Loaded, new: &Loaded, rules: &[PackFile], errors: &[RuleError]) -> BTreeSet<PathBuf> {
    let loaded: BTreeSet<String> = new.rules.iter().map(|rule| rule.id.to_lowercase()).collect();
    let failed: BTreeSet<&Path> = errors.iter().map(|error| error.path.as_path()).collect();
    let refused: BTreeSet<String> =
        rules.iter().filter(|file| failed.contains(file.path.as_path())).flat_map(|file| ids(&file.text)).collect();
    let at_its_place = |path: &Path| {
        // What could not be read is named with the folder of the release.
        let below = |failed: &Path| failed.components().skip(1).eq(path.components());
        failed.iter().any(|failed| *failed == path || below(failed))
    };
    old.rules
        .iter()
        .filter(|rule| {
            let id = rule.id.to_lowercase();
            !loaded.contains(&id) && (refused.contains(&id) || at_its_place(&rule.path))
        })
        .map(|rule| rule.path.clone())
        .collect()
}

/// Identifiers that a text of rules names, whether it loads or not.
fn ids(text: &str) -> impl Iterator<Item = String> {
    let id = |line: &str| line.strip_prefix("id:").and_then(|id| id.split_whitespace().next().map(str::to_lowercase));
    text.lines().filter_map(id).map(|id| id.trim_matches(['"', '\'']).to_owned())
}

/// What the files of a pack bring.
struct Loaded {
    /// In the order of files and lines.
    rules: Vec<Arc<Rule>>,
    /// A file for each.
    filters: Vec<PathBuf>,
    errors: Vec<RuleError>,
    /// Rules of the pack that have the id of another of it.
    twice: Vec<Replaced>,
}

impl Loaded {
    /// Correlations of the pack may count rules of elsewhere.
    fn of(files: &[PackFile], elsewhere: &RuleSet) -> Self {
        let of_rules = files.iter().filter(|file| by_name(&file.path) == Kind::Rules && holds_rules(&file.text));
        let own: Vec<(PathBuf, String)> = of_rules.map(|file| (file.path.clone(), file.text.clone())).collect();
        let counts = own.iter().any(|(_, text)| text.lines().any(|line| line.starts_with("correlation:")));
        let others = elsewhere.rules().iter().filter(|_| counts);
        let others = others.map(|rule| (Path::new(ELSEWHERE).join(&rule.path), rule.text.to_string()));
        let (set, errors) = RuleSet::from_texts(others.chain(own));
        let is_own = |path: &Path| !path.starts_with(ELSEWHERE);
        let mut rules: Vec<Arc<Rule>> = set.rules().iter().filter(|rule| is_own(&rule.path)).cloned().collect();
        rules.sort_by(|one, other| (&one.path, one.line).cmp(&(&other.path, other.line)));
        Self {
            rules,
            filters: set.filters().iter().map(|(path, _)| path.clone()).collect(),
            errors: errors.into_iter().filter(|error| is_own(&error.path)).collect(),
            twice: set
                .replaced()
                .iter()
                .filter(|twice| is_own(&twice.earlier) && is_own(&twice.later))
                .cloned()
                .collect(),
        }
    }
}

/// Folders whose LICENSE is the Detection Rule License, as loading reads it.
fn licences(files: &[PackFile]) -> BTreeMap<PathBuf, &'static str> {
    let terms = files.iter().filter(|file| file.path.file_name().is_some_and(|name| name == "LICENSE"));
    let known = terms.filter(|file| file.text.chars().take(400).collect::<String>().contains("Detection Rule License"));
    known.filter_map(|file| Some((file.path.parent()?.to_owned(), "DRL-1.1"))).collect()
}

fn compare(
    plan: &mut Plan,
    new: &[Arc<Rule>],
    (old, stays): (&[Arc<Rule>], &BTreeSet<PathBuf>),
    elsewhere: &[Arc<Rule>],
    licences: &BTreeMap<PathBuf, &'static str>,
) {
    let by_id = |rules: &[Arc<Rule>]| -> HashMap<String, Arc<Rule>> {
        rules.iter().map(|rule| (rule.id.to_lowercase(), rule.clone())).collect()
    };
    let (before, others, after) = (by_id(old), by_id(elsewhere), by_id(new));
    let licence = |rule: &Rule| {
        let above = rule.path.ancestors().skip(1).find_map(|folder| licences.get(folder));
        rule.licence.clone().or_else(|| above.map(ToString::to_string))
    };
    let named = |rule: &Rule| Named {
        id: rule.id.clone(),
        title: rule.title.clone(),
        path: rule.path.clone(),
        attribution: Attribution { author: rule.author.clone(), licence: licence(rule) },
        lines: None,
    };
    for rule in new {
        let id = rule.id.to_lowercase();
        match before.get(&id) {
            None => plan.added.push(named(rule)),
            Some(earlier) if earlier.text != rule.text => {
                let lines = Some(Lines::between(&earlier.text, &rule.text));
                plan.changed.push(Named { lines, ..named(rule) });
            }
            Some(_) => plan.unchanged += 1,
        }
        if others.contains_key(&id) {
            plan.replaces.push(named(rule));
        }
        plan.without_licence += usize::from(licence(rule).is_none());
    }
    let gone = old.iter().filter(|rule| !after.contains_key(&rule.id.to_lowercase()));
    let (kept, removed): (Vec<_>, Vec<_>) = gone.partition(|rule| stays.contains(&rule.path));
    plan.kept = kept.into_iter().map(|rule| named(rule)).collect();
    plan.removed = removed.into_iter().map(|rule| named(rule)).collect();
    plan.rules = new.iter().map(|rule| (rule.id.clone(), digest(&rule.text))).collect();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> PackFile {
        PackFile { path: path.into(), text: text.into() }
    }

    fn rule(number: u8, value: &str) -> String {
        format!(
            "title: Rule {number}\nid: 6f3b2a10-0000-4000-8000-00000000000{number}\nauthor: A. Author\n\
             logsource: {{product: linux}}\ndetection:\n  s: {{user_name: {value}}}\n  condition: s\n"
        )
    }

    fn titles(named: &[Named]) -> Vec<&str> {
        named.iter().map(|one| one.title.as_str()).collect()
    }

    const LICENCE: &str = "# Detection Rule License (DRL) 1.1\n";

    #[test]
    fn a_release_is_compared_rule_by_rule() {
        let present = [
            file("rules/a.yml", &rule(1, "root")),
            file("rules/b.yml", &rule(2, "root")),
            file("rules/c.yml", &rule(3, "x")),
        ];
        let pack = vec![
            file("LICENSE", LICENCE),
            file("rules/a.yml", &rule(1, "root")),
            file("rules/moved/b.yml", &rule(2, "admin")),
            file("rules/d.yml", &rule(4, "x")),
            file("rules/broken.yml", "title: Broken\nlogsource: {product: linux}\ndetection: {condition: nothing}\n"),
            file(".github/workflows/test.yml", "on: push\n"),
            file("tests/config.yml", "a: b\n"),
        ];
        let builtin = RuleSet::from_texts([("content/rules/x.yml", rule(4, "y"))]).0;
        let plan = plan(pack, Vec::new(), &present, &builtin);
        assert_eq!((titles(&plan.added), titles(&plan.changed)), (vec!["Rule 4"], vec!["Rule 2"]));
        assert_eq!((titles(&plan.removed), titles(&plan.replaces)), (vec!["Rule 3"], vec!["Rule 4"]));
        assert_eq!((plan.unchanged, plan.ignored, plan.without_licence), (1, 2, 0));
        assert_eq!(plan.changed[0].lines, Some(Lines { added: 1, removed: 1 }));
        assert_eq!(plan.rules.len(), 3, "what is refused came by no pack");
        assert_eq!(plan.added[0].attribution.licence.as_deref(), Some("DRL-1.1"));
        assert_eq!(plan.refused.len(), 1);
        assert_eq!((plan.refused[0].path.clone(), plan.refused[0].line), (PathBuf::from("rules/broken.yml"), 3));
        let written: Vec<_> = plan.write.iter().map(|file| file.path.display().to_string()).collect();
        assert_eq!(written, vec!["LICENSE", "rules/moved/b.yml", "rules/d.yml"], "what is the same is left alone");
        assert_eq!(plan.delete, vec![PathBuf::from("rules/b.yml"), PathBuf::from("rules/c.yml")]);
    }

    #[test]
    fn the_same_release_again_changes_nothing() {
        let pack = vec![file("LICENSE", LICENCE), file("a.yml", &rule(1, "root"))];
        let plan = plan(pack.clone(), Vec::new(), &pack, &RuleSet::default());
        assert!(plan.is_empty() && plan.added.is_empty() && plan.changed.is_empty() && plan.unchanged == 1);
    }

    #[test]
    fn an_old_rule_stays_where_the_new_version_of_it_is_refused() {
        let broken = |number: u8| {
            format!(
                "title: Rule {number}\nid: '6F3B2A10-0000-4000-8000-00000000000{number}'\n\
                 logsource: {{product: linux}}\ndetection: {{condition: nothing}}\n"
            )
        };
        let present = [
            file("a.yml", &rule(1, "root")),
            file("b.yml", &rule(2, "root")),
            file("c.yml", &format!("{}---\n{}", rule(3, "x"), rule(4, "x"))),
            file("d.yml", &rule(5, "x")),
            file("e.yml", &rule(6, "x")),
        ];
        let pack = vec![
            file("a.yml", &broken(1)),
            file("moved/b.yml", &broken(2)),
            file("c.yml", &format!("{}---\n{}", rule(3, "y"), broken(4))),
            file("f.yml", &rule(7, "x")),
        ];
        let unread = vec![RuleError { path: "sigma-r2026/d.yml".into(), line: 1, reason: "no text".into() }];
        let plan = plan(pack, unread, &present, &RuleSet::default());
        assert_eq!(titles(&plan.kept), ["Rule 1", "Rule 2", "Rule 3", "Rule 4", "Rule 5"]);
        assert_eq!((titles(&plan.added), titles(&plan.removed)), (vec!["Rule 7"], vec!["Rule 6"]));
        assert!(plan.changed.is_empty(), "a file of which one rule is refused stays whole");
        assert_eq!(plan.delete, [PathBuf::from("e.yml")]);
        assert_eq!(plan.write.iter().map(|file| file.path.clone()).collect::<Vec<_>>(), [PathBuf::from("f.yml")]);
        assert_eq!(plan.refused.len(), 4, "{:?}", plan.refused);
    }

    #[test]
    fn tests_travel_with_rules_and_wrong_ones_are_refused() {
        let case =
            "origin: documented\ncases:\n  - name: root\n    expect: []\n    events: [{columns: {user_name: root}}]\n";
        let pack = vec![
            file("a.yml", &rule(1, "root")),
            file("a.test.yml", case),
            file("b.test.yml", "origin: guessed\ncases: []\n"),
        ];
        let plan = plan(pack, Vec::new(), &[], &RuleSet::default());
        assert!(plan.write.iter().any(|file| file.path == Path::new("a.test.yml")));
        assert_eq!(
            plan.refused.iter().map(|one| one.path.clone()).collect::<Vec<_>>(),
            vec![PathBuf::from("b.test.yml")]
        );
        assert_eq!(plan.without_licence, 1);
    }

    #[test]
    fn a_pack_may_count_and_narrow_rules_of_elsewhere() {
        let named = rule(1, "root").replace("author:", "name: root_used\nauthor:");
        let builtin = RuleSet::from_texts([("a.yml", named)]).0;
        let over = "title: Often\nid: 6f3b2a10-0000-4000-8000-000000000009\ncorrelation:\n  type: event_count\n  \
                    rules: [root_used]\n  timespan: 1m\n  condition: {gte: 3}\n";
        let filter = "title: Not here\nlogsource: {product: linux}\nfilter:\n  rules: [root_used]\n  \
                      selection: {host_name: test}\n  condition: not selection\n";
        let plan = plan(vec![file("a.yml", over), file("b.yml", filter)], Vec::new(), &[], &builtin);
        assert_eq!((titles(&plan.added), plan.filters, plan.refused.clone()), (vec!["Often"], 1, vec![]));
        assert_eq!(plan.write.len(), 2);
        let alone = super::plan(vec![file("b.yml", filter)], Vec::new(), &[], &builtin);
        assert_eq!((alone.added.len(), alone.filters, alone.write.len()), (0, 1, 1));
    }

    #[test]
    fn the_folder_of_a_release_does_not_count() {
        let files =
            |folder: &str| vec![file(&format!("{folder}/rules/a.yml"), "x"), file(&format!("{folder}/LICENSE"), "x")];
        let stripped = without_common_folder(files("sigma-r2026"));
        assert_eq!(stripped[0].path, PathBuf::from("rules/a.yml"));
        let mixed = vec![file("a/x.yml", "x"), file("b/y.yml", "x")];
        assert_eq!(without_common_folder(mixed.clone()), mixed);
        assert_eq!(without_common_folder(vec![file("x.yml", "x")])[0].path, PathBuf::from("x.yml"));
    }
}
