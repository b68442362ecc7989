//! Rules as analysts write them: what a rule says about itself, and its compiled condition. Loading never stops
//! at a bad rule; each is listed with its reason and line.

mod clues;
mod conditions;
mod documents;
mod filters;
mod load;
mod locate;
mod numbers;

pub use clues::Clue;
pub use load::{LoadOptions, RuleSource};
pub(crate) use load::{is_test_file, read};
pub(crate) use locate::line_of_key;
use locate::line_that_holds;

use crate::correlation::Correlation;
use crate::expression::Expression;
use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Severity that a rule's author gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Informational,
    Low,
    /// Also where the rule does not say.
    #[default]
    Medium,
    High,
    Critical,
}

impl Level {
    /// The word of the Sigma specification.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Informational => "informational",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The kind of log a rule is written for; parts left out apply to everything. Lower case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct RuleLogSource {
    pub product: Option<String>,
    pub category: Option<String>,
    pub service: Option<String>,
}

/// A loaded rule.
#[derive(Debug)]
pub struct Rule {
    /// The id in the file; where it has none, `text-` and a hash of the rule's text.
    pub id: String,
    /// Short name by which correlations may refer to it.
    pub name: Option<String>,
    pub title: String,
    /// Texts of our own rules for people, under `luytre:` in the file (`title_vi`, `what_to_do_vi` …).
    pub texts: HashMap<String, String>,
    pub level: Level,
    /// `stable`, `test`, `experimental`, `deprecated`, `unsupported`, or empty.
    pub status: &'static str,
    /// As written, for example `attack.t1059.001`.
    pub tags: Vec<String>,
    pub author: Option<String>,
    /// Licence of the rule or of the collection it lies in (DRL 1.1 wants the author shown with every match).
    pub licence: Option<String>,
    pub description: Option<String>,
    pub false_positives: Vec<String>,
    pub references: Vec<String>,
    /// Rules that it names (rules specification 2.1, related).
    pub related: Vec<Related>,
    /// Loaded rules that take its place and alert themselves, by their ids.
    pub superseded_by: Vec<String>,
    /// Date of the last change, or of creation, as written.
    pub modified: Option<String>,
    pub log_source: RuleLogSource,
    pub path: PathBuf,
    /// 1-based line where the rule begins in its file.
    pub line: usize,
    /// The rule's own text.
    pub text: Arc<str>,
    /// Positions of the correlations over it that do not `generate`: where one of them takes part, a match is no alert of its
    /// own.
    pub counted_by: Vec<usize>,
    /// Placeholders (`%name%`) without a value; such a rule is listed but never matches.
    pub needs_placeholders: Vec<String>,
    /// What was odd but did not prevent loading.
    pub warnings: Vec<Warning>,
    pub(crate) body: Body,
}

/// Something odd in a rule that loaded all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// 1-based line in the file.
    pub line: usize,
    pub reason: String,
}

#[derive(Debug)]
pub(crate) enum Body {
    Condition(Expression),
    Correlation(Box<Correlation>),
}

/// A rule that another one names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Related {
    /// `correlation`, `derived`, `obsolete`, `merged`, `renamed` or `similar`.
    pub kind: &'static str,
    pub id: String,
}

impl Rule {
    /// Rules whose place it takes: it made them obsolete, or they were merged into it.
    pub fn supersedes(&self) -> impl Iterator<Item = &str> {
        self.related.iter().filter(|one| matches!(one.kind, "obsolete" | "merged")).map(|one| one.id.as_str())
    }

    /// ATT&CK techniques in upper case (`T1059.001`), in the order of the tags.
    pub fn techniques(&self) -> Vec<String> {
        let technique = |tag: &String| {
            let number = tag.strip_prefix("attack.t")?;
            number.bytes().next()?.is_ascii_digit().then(|| format!("T{number}"))
        };
        self.tags.iter().filter_map(technique).collect()
    }

    /// ATT&CK tactics as written in tags (`credential-access`).
    pub fn tactics(&self) -> Vec<&str> {
        let named = self.tags.iter().filter_map(|tag| tag.strip_prefix("attack."));
        named.filter(|name| !name.as_bytes().get(1).is_some_and(u8::is_ascii_digit)).collect()
    }

    /// A text of ours for people.
    pub fn text_of(&self, key: &str) -> Option<&str> {
        self.texts.get(key).map(String::as_str)
    }

    /// Whether a match is an alert of its own while every rule is on.
    pub fn alerts(&self) -> bool {
        self.counted_by.is_empty()
    }

    pub fn is_correlation(&self) -> bool {
        matches!(self.body, Body::Correlation(_))
    }
}

/// A rule that did not load, or an odd file.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct RuleError {
    pub path: PathBuf,
    /// 1-based line in the file.
    pub line: usize,
    pub reason: String,
}

impl fmt::Display for RuleError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: {}", self.path.display(), self.line, self.reason)
    }
}

/// A rule whose id came again later: the later one holds, so that an administrator's directory can replace what
/// the program brings along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replaced {
    pub id: String,
    pub earlier: PathBuf,
    pub later: PathBuf,
    /// Where it begins in the later file.
    pub line: usize,
}

/// Rules that loaded, in the order of their sources.
#[derive(Debug, Clone, Default)]
pub struct RuleSet {
    pub(crate) rules: Vec<Arc<Rule>>,
    pub(crate) replaced: Vec<Replaced>,
    /// Files and lines of filters.
    pub(crate) filters: Vec<(PathBuf, usize)>,
    /// What is odd about filters.
    pub(crate) odd_filters: Vec<RuleError>,
}

impl RuleSet {
    /// Loads rules from directories and texts. Everything that cannot load is in the list, with reason and line;
    /// the rest is in the set. Sources that come later replace rules of the same id.
    pub fn load(sources: &[RuleSource], options: &LoadOptions) -> (Self, Vec<RuleError>) {
        load::load(sources, options)
    }

    /// Loads one directory.
    pub fn from_directory(directory: &Path) -> (Self, Vec<RuleError>) {
        Self::load(&[RuleSource::Directory(directory.to_owned())], &LoadOptions::default())
    }

    /// Loads `(path, text)` pairs.
    pub fn from_texts<P: Into<PathBuf>, T: Into<String>>(
        texts: impl IntoIterator<Item = (P, T)>,
    ) -> (Self, Vec<RuleError>) {
        let sources: Vec<_> =
            texts.into_iter().map(|(path, text)| RuleSource::Text { path: path.into(), text: text.into() }).collect();
        Self::load(&sources, &LoadOptions::default())
    }

    pub fn rules(&self) -> &[Arc<Rule>] {
        &self.rules
    }

    /// Oddities of rules and filters that loaded all the same, each with its file, line and reason.
    pub fn warnings(&self) -> Vec<RuleError> {
        let mut renamed: HashMap<String, &str> = HashMap::new();
        for rule in &self.rules {
            let before = rule.related.iter().filter(|one| one.kind == "renamed");
            renamed.extend(before.map(|one| (one.id.to_lowercase(), rule.id.as_str())));
        }
        let of = |rule: &Arc<Rule>| {
            let at = |key: &str, reason: String| Warning { line: line_of_key(&rule.text, key, rule.line), reason };
            let waits = (!rule.needs_placeholders.is_empty()).then(|| {
                let names = rule.needs_placeholders.join(", ");
                let reason = format!("never matches until these placeholders have values: {names}");
                Warning { line: line_that_holds(&rule.text, "expand", rule.line), reason }
            });
            let old = matches!(rule.status, "deprecated" | "unsupported")
                .then(|| at("status", format!("its author calls it {}", rule.status)));
            let newer = rule.superseded_by.first().map(|newer| {
                let silent = "this one alerts nobody unless somebody turns it on";
                at("id", format!("the rule {newer} takes its place; {silent}"))
            });
            let now_called = renamed.get(&rule.id.to_lowercase()).filter(|newer| **newer != rule.id);
            let newer = newer
                .or_else(|| now_called.map(|newer| at("id", format!("it is called {newer} now; both are loaded"))));
            let error = |one: Warning| RuleError { path: rule.path.clone(), line: one.line, reason: one.reason };
            rule.warnings.iter().cloned().chain(waits).chain(old).chain(newer).map(error).collect::<Vec<_>>()
        };
        self.rules.iter().flat_map(of).chain(self.odd_filters.iter().cloned()).collect()
    }

    /// Files that hold filters, and the lines where these begin.
    pub fn filters(&self) -> &[(PathBuf, usize)] {
        &self.filters
    }

    /// Rules that a later source replaced.
    pub fn replaced(&self) -> &[Replaced] {
        &self.replaced
    }

    pub fn len(&self) -> usize {
        self.rules.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Position of a rule by its id.
    pub fn position(&self, id: &str) -> Option<usize> {
        self.rules.iter().position(|rule| rule.id.eq_ignore_ascii_case(id))
    }
}

#[cfg(test)]
mod tests;
