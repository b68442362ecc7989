//! The list of rules: what may be asked of it and which rules answer. Pure.

use super::costs::Cost;
use super::figures::Figures;
use super::scorecard::{Thresholds, Verdict};
use super::states::{Decisions, RuleState, alerts_itself};
use super::{Book, log_source, severity, short_path, title};
use detection::Rule;
use kit::Lang;
use kit::fold::fold;
use kit::page::{Address, Severity, Sorting, Tone};
use std::collections::{BTreeMap, HashMap};
use std::str::FromStr;
use std::sync::Arc;

/// How a rule stands, by what people decided and by what loading said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Standing {
    #[default]
    On,
    /// Counts and alerts nobody.
    Shadow,
    Off,
    /// Alerts nobody since its author gave it up or another rule takes its place.
    Retired,
    /// Loaded, but never matches: a placeholder has no value.
    Waiting,
    /// Did not load.
    Failed,
}

impl Standing {
    pub const ALL: [Standing; 6] = [Self::On, Self::Shadow, Self::Off, Self::Retired, Self::Waiting, Self::Failed];

    pub fn code(self) -> &'static str {
        match self {
            Self::On => RuleState::On.code(),
            Self::Shadow => RuleState::Shadow.code(),
            Self::Off => RuleState::Off.code(),
            Self::Retired => "retired",
            Self::Waiting => "waiting",
            Self::Failed => "failed",
        }
    }

    pub fn key(self) -> &'static str {
        match self {
            Self::On => RuleState::On.key(),
            Self::Shadow => RuleState::Shadow.key(),
            Self::Off => RuleState::Off.key(),
            Self::Retired => "rule-state-retired",
            Self::Waiting => "rule-state-waiting",
            Self::Failed => "rule-state-failed",
        }
    }

    /// Key of the text where no rule stands so.
    pub fn none_key(self) -> String {
        format!("rule-none-{}", self.code())
    }

    pub fn tone(self) -> Tone {
        match self {
            Self::On => Tone::Good,
            Self::Shadow => Tone::Active,
            Self::Off | Self::Retired => Tone::Neutral,
            Self::Waiting => Tone::Attention,
            Self::Failed => Tone::Bad,
        }
    }

    pub fn of(rule: &Rule, decisions: &Decisions) -> Self {
        match decisions.state(&rule.id) {
            RuleState::Off => Self::Off,
            _ if !rule.needs_placeholders.is_empty() => Self::Waiting,
            _ if decisions.retirement(rule).is_some() => Self::Retired,
            RuleState::Shadow => Self::Shadow,
            RuleState::On => Self::On,
        }
    }

    /// Whether its alerts say something about it.
    pub fn is_judged(self) -> bool {
        matches!(self, Self::On | Self::Shadow)
    }
}

/// Everything that the list is made of.
pub struct Known<'k> {
    pub book: &'k Book,
    pub decisions: &'k Decisions,
    /// Within the reader's scope.
    pub figures: &'k HashMap<String, Figures>,
    pub costs: &'k HashMap<String, Cost>,
    pub thresholds: &'k Thresholds,
}

/// Columns that the list can be ordered by: the busiest first unless the address says otherwise.
pub const SORTS: [&str; 2] = ["-busy", "cost"];

impl Known<'_> {
    pub fn standing(&self, rule: &Rule) -> Standing {
        Standing::of(rule, self.decisions)
    }

    /// Whether its matches are alerts of their own, as far as correlations leave them.
    pub fn alerts(&self, rule: &Rule) -> bool {
        alerts_itself(self.book.set.rules(), rule, &|rule| self.decisions.state_of(rule))
    }

    pub fn figures(&self, rule: &Rule) -> Figures {
        self.figures.get(&rule.id).copied().unwrap_or_default()
    }

    pub fn verdict(&self, rule: &Rule) -> Option<Verdict> {
        let judged = self.alerts(rule) && self.standing(rule).is_judged();
        judged.then(|| self.figures(rule).verdict(self.thresholds))
    }
}

/// What an address asks of the list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    pub standing: Standing,
    pub verdict: Option<Verdict>,
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
            standing: address
                .value("state")
                .and_then(|code| Standing::ALL.into_iter().find(|standing| standing.code() == code))
                .unwrap_or_default(),
            verdict: address.value("verdict").and_then(Verdict::from_code),
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
    /// Product, category and service in words.
    pub log_source: String,
    pub file: String,
    pub standing: Standing,
    pub figures: Figures,
    /// Share of judged alerts that were false.
    pub false_share: Option<f64>,
    pub verdict: Option<Verdict>,
    pub cost: Option<Cost>,
}

impl Row {
    /// Nanoseconds per event, where it was measured.
    pub fn nanoseconds(&self) -> Option<f64> {
        self.cost.and_then(|cost| cost.nanoseconds)
    }

    fn cost_or(&self, unknown: f64) -> f64 {
        self.nanoseconds().unwrap_or(unknown)
    }

    fn new(rule: &Arc<Rule>, known: &Known<'_>, lang: Lang) -> Self {
        Self {
            title: title(rule, lang).to_owned(),
            severity: severity(rule.level),
            log_source: log_source::words(&rule.log_source, lang),
            file: short_path(&rule.path),
            standing: known.standing(rule),
            figures: known.figures(rule),
            false_share: known.figures(rule).closings.false_share(),
            verdict: known.verdict(rule),
            cost: known.costs.get(&rule.id).copied(),
            rule: rule.clone(),
        }
    }
}

/// Product, category and service in one line, as rules write them.
pub fn log_source_names(rule: &Rule) -> String {
    let source = &rule.log_source;
    let parts = [&source.product, &source.category, &source.service];
    parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" / ")
}

/// Rules that pass, busiest first, then by urgency and title; by cost where that is asked for, what was never measured last.
pub fn rows(known: &Known<'_>, filter: &Filter, sorting: &Sorting, lang: Lang) -> Vec<Row> {
    let words = fold(&filter.words);
    let words: Vec<&str> = words.split_whitespace().collect();
    let rules = known.book.set.rules().iter();
    let mut rows: Vec<Row> = rules
        .filter(|rule| known.standing(rule) == filter.standing)
        .filter(|rule| filter.severities.is_empty() || filter.severities.contains(&severity(rule.level)))
        .filter(|rule| filter.product.is_none() || rule.log_source.product == filter.product)
        .filter(|rule| filter.technique.as_ref().is_none_or(|wanted| has_technique(rule, wanted)))
        .filter(|rule| !filter.alerting || known.figures(rule).alerts_month > 0)
        .filter(|rule| filter.verdict.is_none() || known.verdict(rule) == filter.verdict)
        .filter(|rule| words.is_empty() || says(rule, &words))
        .map(|rule| Row::new(rule, known, lang))
        .collect();
    let busy = |row: &Row| (row.figures.alerts_month, row.figures.hits_month, row.severity);
    rows.sort_by(|one, other| busy(other).cmp(&busy(one)).then_with(|| one.title.cmp(&other.title)));
    match (sorting.column.as_str(), sorting.descending) {
        ("cost", true) => rows.sort_by(|one, other| other.cost_or(-1.0).total_cmp(&one.cost_or(-1.0))),
        ("cost", false) => rows.sort_by(|one, other| one.cost_or(f64::MAX).total_cmp(&other.cost_or(f64::MAX))),
        (_, true) => {}
        (_, false) => rows.reverse(),
    }
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
