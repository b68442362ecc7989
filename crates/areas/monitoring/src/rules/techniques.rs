//! Names of ATT&CK techniques, which rules give by number (`content/monitoring/techniques.toml`).

use crate::settings::{Basis, Checked, Checks};
use detection::RuleLogSource;
use kit::Lang;
use kit::locale::texts;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Names, and what the matrix is made of.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Techniques {
    pub basis: Basis,
    pub matrix: Matrix,
    cost: Vec<LogSourceCost>,
    en: BTreeMap<String, String>,
    vi: BTreeMap<String, String>,
    /// By technique, never by sub-technique.
    tactics: BTreeMap<String, Vec<String>>,
}

/// What the matrix goes by.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Matrix {
    /// Version of ATT&CK Enterprise that the names and tactics are of.
    pub version: String,
    /// Days after which a kind of log that was not heard no longer arrives.
    pub days: i64,
}

/// What it takes to get a kind of log; parts that are left out fit everything.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogSourceCost {
    product: Option<String>,
    category: Option<String>,
    service: Option<String>,
    /// 1 (a setting on a machine that is there) to 5 (a project of its own).
    pub effort: u32,
    why_vi: String,
    why_en: String,
}

impl LogSourceCost {
    pub fn why(&self, lang: Lang) -> &str {
        match lang {
            Lang::Vi => &self.why_vi,
            Lang::En => &self.why_en,
        }
    }

    fn fits(&self, source: &RuleLogSource) -> bool {
        let fits = |wanted: &Option<String>, part: &Option<String>| wanted.is_none() || wanted == part;
        fits(&self.product, &source.product)
            && fits(&self.category, &source.category)
            && fits(&self.service, &source.service)
    }
}

impl Checked for Techniques {
    fn check(&self, checks: &mut Checks<'_>) {
        checks.filled("matrix.version", !self.matrix.version.trim().is_empty());
        checks.within("matrix.days", self.matrix.days, 1..=366);
        for cost in &self.cost {
            checks.within("cost.effort", cost.effort, 1..=5);
            checks.filled("cost.why_vi", !cost.why_vi.trim().is_empty() && !cost.why_en.trim().is_empty());
        }
        // The last one stands for every kind that no other does.
        checks.filled("cost", self.cost.last().is_some_and(|last| last.fits(&RuleLogSource::default())));
        for number in self.vi.keys() {
            checks.known(&format!("vi.{number}"), number, self.en.contains_key(number));
        }
        for (number, tactics) in &self.tactics {
            let key = format!("tactics.{number}");
            checks.known(&key, number, !number.contains('.') && self.en.contains_key(number));
            checks.filled(&key, !tactics.is_empty());
        }
    }
}

/// A technique as a page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Technique {
    /// `T1110.003`.
    pub number: String,
    /// In the language of the page where it has a name there, else in English; empty where it is not known.
    pub name: String,
}

impl Techniques {
    pub fn of(&self, number: &str, lang: Lang) -> Technique {
        Technique { number: number.to_owned(), name: self.name(number, lang) }
    }

    /// Name of a technique; that of a sub-technique stands after the technique it belongs to.
    pub fn name(&self, number: &str, lang: Lang) -> String {
        let one = |number: &str| {
            let own = self.vi.get(number).filter(|_| lang == Lang::Vi);
            own.or_else(|| self.en.get(number)).map(String::as_str)
        };
        let whole = number.split_once('.').and_then(|(above, _)| one(above));
        match (whole, one(number)) {
            (Some(above), Some(name)) if above != name => format!("{above}: {name}"),
            (_, Some(name)) => name.to_owned(),
            // A sub-technique without a name of its own still says what it is a part of.
            (Some(above), None) => above.to_owned(),
            (None, None) => String::new(),
        }
    }

    /// What it takes to get a kind of log.
    pub fn cost(&self, source: &RuleLogSource) -> Option<&LogSourceCost> {
        self.cost.iter().find(|cost| cost.fits(source))
    }

    /// Every technique that is known, without sub-techniques, with the tactics it serves, in the order of their numbers.
    pub fn all(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.tactics.iter().map(|(number, tactics)| (number.as_str(), tactics.as_slice()))
    }
}

/// Word for a tactic; as the rule names it where there is none.
pub fn tactic(name: &str, lang: Lang) -> String {
    let key = format!("tactic-{}", name.replace('_', "-"));
    if texts().has(lang, &key) { texts().text(lang, &key) } else { name.replace(['-', '_'], " ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    fn settings() -> Settings {
        Settings::embedded().expect("sound")
    }

    #[test]
    fn a_technique_has_its_name_in_the_language_of_the_page_or_in_english() {
        let techniques = settings().techniques;
        let name = |number, lang| techniques.name(number, lang);
        assert_eq!(name("T1110.003", Lang::Vi), "Dò mật khẩu: Rải mật khẩu");
        assert_eq!(name("T1110.003", Lang::En), "Brute Force: Password Spraying");
        assert_eq!(name("T1218.011", Lang::Vi), "Chạy mã qua chương trình có sẵn của hệ thống: Rundll32");
        assert_eq!(name("T1053.005", Lang::Vi), "Tác vụ theo lịch");
        assert_eq!(name("T9999", Lang::Vi), "");
    }

    #[test]
    fn the_techniques_of_our_rules_all_have_names() {
        let rules = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../content/rules")).expect("rules");
        let files = rules.filter_map(|file| std::fs::read_to_string(file.ok()?.path()).ok());
        let texts: Vec<String> = files.collect();
        let (set, _) = detection::RuleSet::from_texts(texts.iter().map(|text| ("rules.yml", text.as_str())));
        let techniques: Vec<String> = set.rules().iter().flat_map(|rule| rule.techniques()).collect();
        assert!(techniques.len() > 20, "only {} were read", techniques.len());
        let names = settings().techniques;
        let nameless: Vec<_> = techniques.iter().filter(|number| names.name(number, Lang::En).is_empty()).collect();
        assert!(nameless.is_empty(), "{nameless:?}");
    }

    #[test]
    fn every_technique_of_the_matrix_has_a_name_and_tactics_that_stories_know() {
        let Settings { scoring, techniques, .. } = settings();
        assert!(techniques.all().count() > 200);
        for (number, tactics) in techniques.all() {
            assert!(tactics.iter().all(|tactic| scoring.story.tactics().contains(tactic)), "{number}: {tactics:?}");
            let [vi, en] = [Lang::Vi, Lang::En].map(|lang| techniques.name(number, lang));
            assert!(number == "T1014" || vi != en, "{number} in Vietnamese");
        }
    }
}
