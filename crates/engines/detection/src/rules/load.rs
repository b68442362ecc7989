//! Loading: files to documents, documents to rules, filters onto rules, correlations to their base rules.

use super::filters::Filter;
use super::{
    Body, Level, Related, Replaced, Rule, RuleError, RuleLogSource, RuleSet, Warning, conditions, documents, locate,
    numbers,
};
use crate::compile::{self, Placeholders};
use crate::correlation::Correlation;
use crate::hash::stable_hash;
use rsigma_parser as sigma;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where rules come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleSource {
    /// Every `.yml` and `.yaml` below it, except `*.test.yml`, in the order of their paths.
    Directory(PathBuf),
    /// A file already in memory, for example one embedded in the program.
    Text { path: PathBuf, text: String },
}

/// Settings of loading.
#[derive(Debug, Clone, Default)]
pub struct LoadOptions {
    /// Values for `%placeholders%` of rules with the `expand` modifier.
    pub placeholders: Placeholders,
}

/// Largest rule file that is read.
const MAX_FILE_BYTES: u64 = 1 << 20;
const MAX_DIRECTORY_DEPTH: usize = 32;
/// Characters of a message of the parser that are kept: it repeats itself for every level of a nested condition.
const MAX_MESSAGE: usize = 400;

struct Loading<'o> {
    options: &'o LoadOptions,
    errors: Vec<RuleError>,
    rules: Vec<Rule>,
    filters: Vec<Filter>,
    positions: HashMap<String, usize>,
    replaced: Vec<Replaced>,
}

pub(super) fn load(sources: &[RuleSource], options: &LoadOptions) -> (RuleSet, Vec<RuleError>) {
    let mut loading = Loading {
        options,
        errors: Vec::new(),
        rules: Vec::new(),
        filters: Vec::new(),
        positions: HashMap::new(),
        replaced: Vec::new(),
    };
    for source in sources {
        match source {
            RuleSource::Directory(directory) => {
                let licence = std::iter::once(directory.as_path()).chain(directory.parent()).find_map(licence_of);
                loading.directory(directory, licence.as_deref(), 0);
            }
            RuleSource::Text { path, .. } if is_test_file(path) => {}
            RuleSource::Text { path, text } => loading.file(path, text, None),
        }
    }
    loading.finish()
}

/// The licence that a directory's LICENSE file names, as far as we know it.
fn licence_of(directory: &Path) -> Option<String> {
    let text = read(&directory.join("LICENSE")).ok()?;
    let head: String = text.chars().take(400).collect();
    head.contains("Detection Rule License").then(|| "DRL-1.1".to_owned())
}

impl Loading<'_> {
    fn error(&mut self, path: &Path, line: usize, reason: impl Into<String>) {
        self.errors.push(RuleError { path: path.to_owned(), line, reason: reason.into() });
    }

    fn directory(&mut self, directory: &Path, licence: Option<&str>, depth: usize) {
        if depth > MAX_DIRECTORY_DEPTH {
            return self.error(directory, 1, "directories are nested too deeply");
        }
        let entries = std::fs::read_dir(directory).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let mut entries = match entries {
            Ok(entries) => entries,
            Err(error) => return self.error(directory, 1, format!("cannot be read: {error}")),
        };
        entries.sort_by_key(std::fs::DirEntry::file_name);
        let own = licence_of(directory);
        let licence = own.as_deref().or(licence);
        for entry in entries {
            let path = entry.path();
            // A link to a directory is not followed: it may lead back here.
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                self.directory(&path, licence, depth + 1);
            } else if is_rule_file(&path) {
                match read(&path) {
                    Ok(text) => self.file(&path, &text, licence),
                    Err(error) => self.error(&path, 1, error.to_string()),
                }
            }
        }
    }

    fn file(&mut self, path: &Path, text: &str, licence: Option<&str>) {
        for document in documents::split(text) {
            let line = |inside: usize| document.line + inside - 1;
            let parsed = match parse(document.text) {
                Ok(parsed) => parsed,
                Err(error) => {
                    let message = error.to_string();
                    self.error(path, line(locate::line_of_parser_message(document.text, &message)), message);
                    continue;
                }
            };
            let several = parsed.len() > 1;
            let place = Place { path, line: document.line, text: document.text, licence, several };
            let told = parsed.errors.iter().map(|message| {
                let told = conditions::in_words(document.text, message);
                let (inside, reason) = told
                    .unwrap_or_else(|| (locate::line_of_parser_message(document.text, message), first_line(message)));
                (line(inside), reason)
            });
            if parsed.is_empty() {
                for (line, reason) in told {
                    self.error(path, line, reason);
                }
                continue;
            }
            let warnings: Vec<Warning> = told.map(|(line, reason)| Warning { line, reason }).collect();
            for rule in parsed.rules {
                self.detection(&place, rule, warnings.clone());
            }
            for correlation in parsed.correlations {
                self.correlation(&place, correlation, warnings.clone());
            }
            for filter in parsed.filters {
                self.filter(&place, filter);
            }
        }
    }

    fn detection(&mut self, place: &Place<'_>, rule: sigma::SigmaRule, mut warnings: Vec<Warning>) {
        let compiled = match compile::compile(&rule.detection, &self.options.placeholders) {
            Ok(compiled) => compiled,
            Err(error) => {
                let line = place.line + locate::line_of_compile_error(place.text, &error) - 1;
                return self.error(place.path, line, error.reason);
            }
        };
        let log_source = log_source(&rule.logsource);
        if log_source == RuleLogSource::default() {
            let line = locate::line_of_key(place.text, "logsource", place.line);
            let reason =
                "the rule names no product, category or service as its logsource: every record is asked".to_owned();
            warnings.push(Warning { line, reason });
        }
        self.push(Rule {
            id: rule.id.unwrap_or_else(|| place.id_of_text(&rule.title)),
            name: rule.name,
            title: rule.title,
            texts: texts(rule.custom_attributes.get("luytre")),
            level: rule.level.map(level).unwrap_or_default(),
            status: rule.status.map(status).unwrap_or_default(),
            tags: lowered(rule.tags),
            author: rule.author,
            licence: rule.license.or_else(|| place.licence.map(str::to_owned)),
            description: rule.description,
            false_positives: rule.falsepositives,
            references: rule.references,
            related: related(rule.related),
            superseded_by: Vec::new(),
            modified: rule.modified.or(rule.date),
            log_source,
            path: place.path.to_owned(),
            line: place.line,
            text: place.text.into(),
            counted_by: Vec::new(),
            needs_placeholders: compiled.missing.into_iter().collect(),
            warnings,
            body: Body::Condition(compiled.expression),
        });
    }

    fn correlation(&mut self, place: &Place<'_>, rule: sigma::CorrelationRule, warnings: Vec<Warning>) {
        let exact = if place.several { None } else { numbers::read(place.text) };
        let correlation = match Correlation::new(&rule, exact) {
            Ok(correlation) => correlation,
            Err(reason) => {
                let line = place.line + locate::line_of_keys(place.text, &["correlation"]) - 1;
                return self.error(place.path, line, reason);
            }
        };
        self.push(Rule {
            id: rule.id.unwrap_or_else(|| place.id_of_text(&rule.title)),
            name: rule.name,
            title: rule.title,
            texts: texts(rule.custom_attributes.get("luytre")),
            level: rule.level.map(level).unwrap_or_default(),
            status: rule.status.map(status).unwrap_or_default(),
            tags: lowered(rule.tags),
            author: rule.author,
            licence: rule.license.or_else(|| place.licence.map(str::to_owned)),
            description: rule.description,
            false_positives: rule.falsepositives,
            references: rule.references,
            related: related(rule.related),
            superseded_by: Vec::new(),
            modified: rule.modified.or(rule.date),
            log_source: RuleLogSource::default(),
            path: place.path.to_owned(),
            line: place.line,
            text: place.text.into(),
            counted_by: Vec::new(),
            needs_placeholders: Vec::new(),
            warnings,
            body: Body::Correlation(Box::new(correlation)),
        });
    }

    fn filter(&mut self, place: &Place<'_>, filter: sigma::FilterRule) {
        match compile::compile(&filter.detection, &self.options.placeholders) {
            Ok(compiled) if compiled.missing.is_empty() => self.filters.push(Filter {
                rules: match filter.rules {
                    sigma::FilterRuleTarget::Any => None,
                    sigma::FilterRuleTarget::Specific(rules) => Some(rules),
                },
                log_source: filter.logsource.as_ref().map(log_source).unwrap_or_default(),
                expression: compiled.expression,
                path: place.path.to_owned(),
                line: place.line,
                line_of_rules: place.line + locate::line_of_keys(place.text, &["filter", "rules"]) - 1,
            }),
            Ok(compiled) => {
                let names: Vec<String> = compiled.missing.into_iter().collect();
                self.error(place.path, place.line, format!("the filter needs a value for: {}", names.join(", ")));
            }
            Err(error) => {
                let mut keys = vec!["filter"];
                keys.extend(error.place.iter().map(String::as_str));
                let line = place.line + locate::line_of_keys(place.text, &keys) - 1;
                self.error(place.path, line, error.reason);
            }
        }
    }

    fn push(&mut self, rule: Rule) {
        let key = rule.id.to_lowercase();
        let line = rule.line;
        match self.positions.get(&key).and_then(|position| self.rules.get_mut(*position)) {
            Some(earlier) => {
                self.replaced.push(Replaced {
                    id: rule.id.clone(),
                    earlier: earlier.path.clone(),
                    later: rule.path.clone(),
                    line,
                });
                *earlier = rule;
            }
            None => {
                self.positions.insert(key, self.rules.len());
                self.rules.push(rule);
            }
        }
    }

    fn finish(mut self) -> (RuleSet, Vec<RuleError>) {
        for rule in &mut self.rules {
            self.filters.iter().for_each(|filter| filter.apply(rule));
        }
        let odd_filters = self.filters.iter().flat_map(|filter| filter.odd(&self.rules)).collect();
        let filters = self.filters.into_iter().map(|filter| (filter.path, filter.line)).collect();
        let refused = crate::correlation::resolve(&mut self.rules);
        for error in refused {
            self.errors.push(error);
        }
        settle_succession(&mut self.rules);
        self.errors.sort_by(|left, right| (&left.path, left.line).cmp(&(&right.path, right.line)));
        let rules = self.rules.into_iter().map(Arc::new).collect();
        (RuleSet { rules, replaced: self.replaced, filters, odd_filters }, self.errors)
    }
}

/// Parses a document. Of numbers that the parser does not take as they are written those of a correlation are read later.
fn parse(text: &str) -> sigma::Result<sigma::SigmaCollection> {
    if let Some(quoted) = numbers::with_digits(text)
        && let Ok(parsed) = sigma::parse_sigma_yaml(&quoted)
        && parsed.errors.is_empty()
    {
        return Ok(parsed);
    }
    let parsed = sigma::parse_sigma_yaml(text)?;
    let refused = parsed.is_empty() && parsed.errors.iter().any(|message| message.contains("condition operator"));
    match refused.then(|| numbers::with_whole(text)).flatten() {
        Some(whole) => sigma::parse_sigma_yaml(&whole),
        None => Ok(parsed),
    }
}

/// Where a document stands.
struct Place<'p> {
    path: &'p Path,
    line: usize,
    text: &'p str,
    licence: Option<&'p str>,
    /// The text holds more than one rule (`action:` collections).
    several: bool,
}

impl Place<'_> {
    /// Stands for the id of a rule that has none.
    fn id_of_text(&self, title: &str) -> String {
        let title = if self.several { title.as_bytes() } else { &[] };
        format!("text-{:016x}", stable_hash([self.text.as_bytes(), title, &[]]))
    }
}

fn is_rule_file(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    matches!(extension, Some("yml" | "yaml")) && !is_test_file(path)
}

/// Tests beside rules are no rules (`rule_tests`).
pub(crate) fn is_test_file(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.ends_with(".test.yml") || name.ends_with(".test.yaml")
}

/// Reads a rule file. A pipe or a device is refused: nobody may ever write into it.
pub(crate) fn read(path: &Path) -> std::io::Result<String> {
    let metadata = std::fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(std::io::Error::other("it is no regular file but a pipe, socket, device or folder"));
    }
    let size = metadata.len();
    if size > MAX_FILE_BYTES {
        return Err(std::io::Error::other(format!("the file has {size} bytes; a rule file may have {MAX_FILE_BYTES}")));
    }
    std::fs::read_to_string(path)
}

/// Conditions that do not parse come with a drawing of several lines; its first and last say enough.
fn first_line(message: &str) -> String {
    let mut lines = message.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default();
    let words = lines.next_back().map_or_else(|| first.to_owned(), |last| format!("{first} {last}"));
    words.chars().take(MAX_MESSAGE).collect()
}

fn log_source(source: &sigma::LogSource) -> RuleLogSource {
    let lower = |part: &Option<String>| part.as_ref().map(|text| text.to_lowercase());
    RuleLogSource {
        product: lower(&source.product),
        category: lower(&source.category),
        service: lower(&source.service),
    }
}

fn related(related: Vec<sigma::Related>) -> Vec<Related> {
    let kind = |one: sigma::RelationType| match one {
        sigma::RelationType::Correlation => "correlation",
        sigma::RelationType::Derived => "derived",
        sigma::RelationType::Obsolete => "obsolete",
        sigma::RelationType::Merged => "merged",
        sigma::RelationType::Renamed => "renamed",
        sigma::RelationType::Similar => "similar",
    };
    related.into_iter().map(|one| Related { kind: kind(one.relation_type), id: one.id }).collect()
}

/// Tells each rule which others take its place. Where that leads round in a circle nobody takes anybody's.
fn settle_succession(rules: &mut [Rule]) {
    let mut successors: HashMap<String, Vec<String>> = HashMap::new();
    // What never alerts itself cannot alert in the place of another.
    for rule in rules.iter().filter(|rule| rule.alerts() && rule.needs_placeholders.is_empty()) {
        for old in rule.supersedes() {
            successors.entry(old.to_lowercase()).or_default().push(rule.id.clone());
        }
    }
    for rule in rules {
        let id = rule.id.to_lowercase();
        if !leads_back(&successors, &id) {
            rule.superseded_by = successors.get(&id).cloned().unwrap_or_default();
        }
    }
}

/// Whether a rule comes to take its own place.
fn leads_back(successors: &HashMap<String, Vec<String>>, id: &str) -> bool {
    let mut seen: HashSet<String> = HashSet::new();
    let mut open = vec![id.to_owned()];
    while let Some(one) = open.pop() {
        for next in successors.get(&one).into_iter().flatten().map(|next| next.to_lowercase()) {
            if next == id {
                return true;
            }
            if seen.insert(next.clone()) {
                open.push(next);
            }
        }
    }
    false
}

fn lowered(tags: Vec<String>) -> Vec<String> {
    tags.into_iter().map(|tag| tag.to_lowercase()).collect()
}

fn level(level: sigma::Level) -> Level {
    match level {
        sigma::Level::Informational => Level::Informational,
        sigma::Level::Low => Level::Low,
        sigma::Level::Medium => Level::Medium,
        sigma::Level::High => Level::High,
        sigma::Level::Critical => Level::Critical,
    }
}

fn status(status: sigma::Status) -> &'static str {
    match status {
        sigma::Status::Stable => "stable",
        sigma::Status::Test => "test",
        sigma::Status::Experimental => "experimental",
        sigma::Status::Deprecated => "deprecated",
        sigma::Status::Unsupported => "unsupported",
    }
}

/// The texts under our own key.
fn texts(value: Option<&impl serde::Serialize>) -> HashMap<String, String> {
    let json = value.and_then(|value| serde_json::to_value(value).ok());
    let Some(serde_json::Value::Object(entries)) = json else { return HashMap::new() };
    let text = |(key, value): (String, serde_json::Value)| Some((key, value.as_str()?.trim().to_owned()));
    entries.into_iter().filter_map(text).collect()
}
