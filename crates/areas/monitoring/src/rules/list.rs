//! The list of rules: what may be asked of it and which rules answer. Pure.

use super::{Book, severity, short_path, title};
use detection::Rule;
use kit::Lang;
use kit::fold::fold;
use kit::page::{Address, Severity};
use std::collections::{BTreeMap, HashMap};
use std::str::FromStr;
use std::sync::Arc;

/// Which rules to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum State {
    #[default]
    InForce,
    /// Loaded, but never matches: a placeholder has no value.
    Waiting,
    /// Did not load.
    Failed,
}

impl State {
    pub const ALL: [State; 3] = [Self::InForce, Self::Waiting, Self::Failed];

    pub fn code(self) -> &'static str {
        match self {
            Self::InForce => "loaded",
            Self::Waiting => "waiting",
            Self::Failed => "failed",
        }
    }

    pub fn key(self) -> &'static str {
        match self {
            Self::InForce => "rule-state-loaded",
            Self::Waiting => "rule-state-waiting",
            Self::Failed => "rule-state-failed",
        }
    }

    pub fn of(rule: &Rule) -> Self {
        if rule.needs_placeholders.is_empty() { Self::InForce } else { Self::Waiting }
    }
}

/// What an address asks of the list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    pub state: State,
    pub severities: Vec<Severity>,
    pub product: Option<String>,
    pub technique: Option<String>,
    /// Only rules that raised alerts lately.
    pub alerting: bool,
    /// Words in title, id, author or file; accents and case do not matter.
    pub words: String,
}

impl Filter {
    pub fn of(address: &Address) -> Self {
        let text = |name: &str| address.value(name).filter(|text| !text.is_empty()).map(ToOwned::to_owned);
        Self {
            state: address
                .value("state")
                .and_then(|code| State::ALL.into_iter().find(|state| state.code() == code))
                .unwrap_or_default(),
            severities: address
                .pairs()
                .iter()
                .filter(|(name, _)| name == "severity")
                .filter_map(|(_, code)| Severity::from_str(code).ok())
                .collect(),
            product: text("product"),
            technique: text("technique").map(|technique| technique.to_uppercase()),
            alerting: address.has("alerting", "1"),
            words: text("q").unwrap_or_default(),
        }
    }
}

/// A rule as a row.
pub struct Row {
    pub rule: Arc<Rule>,
    pub title: String,
    pub severity: Severity,
    /// Product, category and service in one line.
    pub log_source: String,
    pub file: String,
    /// Alerts of the last thirty days within the reader's scope.
    pub alerts: u64,
}

impl Row {
    fn new(rule: &Arc<Rule>, lang: Lang, alerts: u64) -> Self {
        let source = &rule.log_source;
        let parts = [&source.product, &source.category, &source.service];
        Self {
            title: title(rule, lang).to_owned(),
            severity: severity(rule.level),
            log_source: parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" / "),
            file: short_path(&rule.path),
            alerts,
            rule: rule.clone(),
        }
    }
}

/// Rules that pass, busiest first, then by urgency and title.
pub fn rows(book: &Book, filter: &Filter, counts: &HashMap<String, u64>, lang: Lang) -> Vec<Row> {
    let words = fold(&filter.words);
    let words: Vec<&str> = words.split_whitespace().collect();
    let mut rows: Vec<Row> = book
        .set
        .rules()
        .iter()
        .filter(|rule| State::of(rule) == filter.state)
        .filter(|rule| filter.severities.is_empty() || filter.severities.contains(&severity(rule.level)))
        .filter(|rule| filter.product.is_none() || rule.log_source.product == filter.product)
        .filter(|rule| filter.technique.as_ref().is_none_or(|wanted| has_technique(rule, wanted)))
        .filter(|rule| !filter.alerting || counts.contains_key(&rule.id))
        .filter(|rule| words.is_empty() || says(rule, &words))
        .map(|rule| Row::new(rule, lang, counts.get(&rule.id).copied().unwrap_or(0)))
        .collect();
    rows.sort_by(|one, other| {
        (other.alerts, other.severity).cmp(&(one.alerts, one.severity)).then_with(|| one.title.cmp(&other.title))
    });
    rows
}

/// The technique itself or one of its sub-techniques.
fn has_technique(rule: &Rule, wanted: &str) -> bool {
    rule.techniques()
        .iter()
        .any(|have| have.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
}

/// Rules whose title, author or file hold all words; accents and case do not matter.
pub fn named<'book>(book: &'book Book, text: &str) -> impl Iterator<Item = &'book Arc<Rule>> {
    let words = fold(text);
    let says = move |rule: &&Arc<Rule>| says(rule, &words.split_whitespace().collect::<Vec<_>>());
    book.set.rules().iter().filter(says)
}

fn says(rule: &Rule, words: &[&str]) -> bool {
    let mut text = fold(&rule.title);
    for more in [rule.text_of("title_vi"), rule.author.as_deref(), Some(&rule.id)].into_iter().flatten() {
        text.push(' ');
        text.push_str(&fold(more));
    }
    text.push(' ');
    text.push_str(&fold(&short_path(&rule.path)));
    words.iter().all(|word| text.contains(word))
}

/// Products with the number of their rules, for the filter.
pub fn products(book: &Book) -> Vec<(String, u64)> {
    let mut products: BTreeMap<String, u64> = BTreeMap::new();
    for rule in book.set.rules() {
        if let Some(product) = &rule.log_source.product {
            *products.entry(product.clone()).or_default() += 1;
        }
    }
    let mut products: Vec<_> = products.into_iter().collect();
    products.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    products
}
