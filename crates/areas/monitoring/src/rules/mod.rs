//! Rules as people see them: which are in force, which did not load and why, what each says about itself. The
//! engine compiles and matches; here is the shelf that it and the pages read from.

pub mod attribution;
pub mod bundles;
pub mod cases;
pub mod closings;
pub mod costs;
pub mod exceptions;
pub mod explain;
mod explain_page;
pub mod figures;
pub mod hits;
pub mod list;
pub mod log_source;
pub mod packs;
pub mod pages;
pub mod reading;
mod rule_page;
pub mod scorecard;
pub mod settings;
pub mod states;
pub mod tables;
pub mod techniques;
pub mod tuning;
pub mod versions;

use detection::{Level, Rule, RuleError, RuleSet, RuleTestFile};
use kit::Lang;
use kit::clock::Micros;
use kit::page::Severity;
use kit::web::Routes;
use std::sync::{Arc, OnceLock};

pub fn routes() -> Routes {
    pages::routes().merge(packs::pages::routes()).merge(bundles::pages::routes()).merge(bundles::api::routes())
}

/// All rules of one loading.
#[derive(Debug, Default)]
pub struct Book {
    pub set: Arc<RuleSet>,
    /// What did not load, with file, line and reason.
    pub errors: Vec<RuleError>,
    /// Tests that lie beside rules.
    pub tests: Vec<RuleTestFile>,
    /// What the tests came to, once somebody asked ([`Book::outcomes`]).
    pub outcomes: OnceLock<Vec<cases::Outcome>>,
    pub loaded_at: Micros,
}

impl Book {
    /// A rule by its id, in any case.
    pub fn rule(&self, id: &str) -> Option<&Arc<Rule>> {
        self.set.position(id).and_then(|position| self.set.rules().get(position))
    }
}

/// The rules in force.
pub type Shelf = kit::Shelf<Book>;

/// Title for people: Vietnamese where the rule brings one and the reader reads it, else the rule's own.
pub fn title(rule: &Rule, lang: Lang) -> &str {
    match lang {
        Lang::Vi => rule.text_of("title_vi").unwrap_or(&rule.title),
        Lang::En => &rule.title,
    }
}

/// A text of ours in the language of the reader (`what_to_do` reads `what_to_do_vi`), in the other where only
/// that exists.
pub fn text<'rule>(rule: &'rule Rule, name: &str, lang: Lang) -> Option<&'rule str> {
    let other = if lang == Lang::Vi { Lang::En } else { Lang::Vi };
    [lang, other].into_iter().find_map(|lang| rule.text_of(&format!("{name}_{}", lang.code())))
}

/// What a rule looks for, and whether that is in the language of the reader: in Vietnamese where we wrote it, else in
/// the words of its author.
pub fn description(rule: &Rule, lang: Lang) -> Option<(&str, bool)> {
    let own = rule.text_of("description_vi").filter(|_| lang == Lang::Vi);
    own.map(|text| (text, true)).or_else(|| rule.description.as_deref().map(|text| (text, lang == Lang::En)))
}

/// Severity of a rule's level.
pub fn severity(level: Level) -> Severity {
    match level {
        Level::Informational => Severity::Informational,
        Level::Low => Severity::Low,
        Level::Medium => Severity::Medium,
        Level::High => Severity::High,
        Level::Critical => Severity::Critical,
    }
}

/// The last two parts of a rule file's path: enough to find it, without the machine's folders.
pub fn short_path(path: &std::path::Path) -> String {
    let parts: Vec<_> = path.components().rev().take(2).map(|part| part.as_os_str().to_string_lossy()).collect();
    parts.into_iter().rev().collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_is_read_in_the_language_of_the_reader_where_it_exists() {
        let texts = ["luytre: {description_vi: Tìm root}\n", ""].map(|ours| {
            format!(
                "title: A\nid: 7d0f4a4e-1b7c-4d53-9a0b-2f3b5c6d7e8f\ndescription: Looks for root\nlevel: low\n\
                 logsource: {{product: linux}}\ndetection: {{s: {{user_name: root}}, condition: s}}\n{ours}"
            )
        });
        let rule = |text: &str| RuleSet::from_texts([("a.yml", text)]).0.rules()[0].clone();
        let [ours, foreign] = [rule(&texts[0]), rule(&texts[1])];
        assert_eq!(description(&ours, Lang::Vi), Some(("Tìm root", true)));
        assert_eq!(description(&ours, Lang::En), Some(("Looks for root", true)));
        assert_eq!(description(&foreign, Lang::Vi), Some(("Looks for root", false)));
    }
}
