//! The list of rules.

use super::figures;
use super::list::{Filter, Known, Row, SORTS, Standing, log_source_names, products, rows};
use super::scorecard::Verdict;
use super::states::{self, Decisions};
use super::{Book, costs, explain_page, log_source, rule_page, short_path};
use crate::search::run::monitoring;
use crate::settings::Settings;
use askama::Template;
use axum::response::{IntoResponse, Response};
use detection::RuleError;
use kit::Capability;
use kit::page::{Chip, Choice, Page, Pagination, Severity, Sorting, Tab};
use kit::web::{Csv, Fail, Routes, Visit, render};
use std::collections::HashMap;
use std::sync::Arc;

const PER_PAGE: u64 = 100;

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/rules", Capability::ViewRules, list_rules)
        .merge(rule_page::routes())
        .merge(explain_page::routes())
        .merge(costs::pages::routes())
}

#[derive(Template)]
#[template(path = "rules/templates/list.html")]
struct ListPage {
    page: Page,
    filter: Filter,
    chips: Vec<Chip>,
    tabs: Vec<Tab>,
    severities: Vec<Choice>,
    products: Vec<Choice>,
    verdicts: Vec<Choice>,
    rows: Vec<Row>,
    failed: Vec<(String, usize, String)>,
    pagination: Pagination,
    loaded_at: i64,
    settings: Arc<Settings>,
    /// Days whose alerts are judged.
    judged_days: i64,
    sorting: Sorting,
    may_measure: bool,
    csv: String,
}

/// Key of what it means that no rule stands so.
fn none_text_key(filter: &Filter) -> String {
    format!("{}-text", filter.standing.none_key())
}

async fn list_rules(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::ViewRules)?;
    let book = monitoring(&visit.app)?.rules.current();
    let settings = Settings::of(&visit.app)?;
    let thresholds = &settings.scorecard;
    let filter = Filter::of(&visit.address);
    let view = visit.read();
    let decisions = states::store::all(&view).await?;
    let figures = figures::by_rule(&view, thresholds, None, visit.now()).await?;
    let costs = costs::store::all(&view).await?;
    let known = Known { book: &book, decisions: &decisions, figures: &figures, costs: &costs, thresholds };
    let sorting = Sorting::of(&visit.address, &SORTS);
    if visit.address.has("format", "csv") {
        // Rules are of no agency.
        return Ok(csv(&known, &filter, &sorting, visit.lang).released());
    }
    let is_failed = filter.standing == Standing::Failed;
    let failed: Vec<_> = if is_failed { failed(&book, &filter) } else { Vec::new() };
    let all = if is_failed { Vec::new() } else { rows(&known, &filter, &sorting, visit.lang) };
    let pagination = Pagination::of(&visit.address, PER_PAGE, (all.len() + failed.len()) as u64);
    let shown = (pagination.offset() as usize, PER_PAGE as usize);
    let page = visit.page().await?;
    let template = ListPage {
        chips: chips(&page, &filter),
        tabs: tabs(&page, &book, &decisions, &filter),
        severities: severities(&page, &filter),
        verdicts: verdicts(&page, &filter),
        products: products(&book)
            .into_iter()
            .map(|(product, count)| {
                let chosen = filter.product.as_deref() == Some(product.as_str());
                let name = log_source::product(&product, page.lang);
                Choice::new(product, format!("{name} ({})", page.format.number(count)), chosen)
            })
            .collect(),
        rows: all.into_iter().skip(shown.0).take(shown.1).collect(),
        failed: failed.into_iter().skip(shown.0).take(shown.1).collect(),
        pagination,
        loaded_at: book.loaded_at,
        judged_days: thresholds.days,
        settings: Arc::clone(&settings),
        may_measure: costs::service::may_measure(&visit),
        sorting,
        csv: page.address.with("format", "csv").to_string(),
        filter,
        page,
    };
    Ok(render(&template)?.into_response())
}

fn failed(book: &Book, filter: &Filter) -> Vec<(String, usize, String)> {
    let words = kit::fold::fold(&filter.words);
    let row = |error: &RuleError| (short_path(&error.path), error.line, error.reason.clone());
    let rows = book.errors.iter().map(row);
    rows.filter(|(path, _, reason)| kit::fold::fold(&format!("{path} {reason}")).contains(&words)).collect()
}

const HEAD: [&str; 19] = [
    "id",
    "title",
    "state",
    "severity",
    "log_source",
    "techniques",
    "author",
    "licence",
    "file",
    "hits_24_hours",
    "hits_30_days",
    "excepted_30_days",
    "alerts_30_days",
    "judged_alerts",
    "false_positives",
    "false_positive_share",
    "verdict",
    "cost_nanoseconds",
    "cost_events",
];

fn csv(known: &Known<'_>, filter: &Filter, sorting: &Sorting, lang: kit::Lang) -> Csv {
    if filter.standing == Standing::Failed {
        let mut csv = Csv::new("rules-failed", ["file", "line", "reason"]);
        for (path, line, reason) in failed(known.book, filter) {
            csv.row([path, line.to_string(), reason]);
        }
        return csv;
    }
    let mut csv = Csv::new("rules", HEAD);
    for row in rows(known, filter, sorting, lang) {
        let (rule, figures) = (&row.rule, &row.figures);
        let share = row.false_share.map(|share| format!("{share:.3}"));
        csv.row([
            rule.id.as_str(),
            &row.title,
            row.standing.code(),
            row.severity.code(),
            &log_source_names(rule),
            &rule.techniques().join(" "),
            rule.author.as_deref().unwrap_or_default(),
            rule.licence.as_deref().unwrap_or_default(),
            &row.file,
            &figures.hits_day.to_string(),
            &figures.hits_month.to_string(),
            &figures.excepted_month.to_string(),
            &figures.alerts_month.to_string(),
            &figures.closings.judged().to_string(),
            &figures.closings.false_positives.to_string(),
            share.as_deref().unwrap_or_default(),
            row.verdict.map_or("", Verdict::code),
            &row.nanoseconds().map(|time| format!("{time:.0}")).unwrap_or_default(),
            &row.cost.map(|cost| cost.events.to_string()).unwrap_or_default(),
        ]);
    }
    csv
}

fn tabs(page: &Page, book: &Book, decisions: &Decisions, filter: &Filter) -> Vec<Tab> {
    let mut counts: HashMap<Standing, u64> = HashMap::from([(Standing::Failed, book.errors.len() as u64)]);
    for rule in book.set.rules() {
        *counts.entry(Standing::of(rule, decisions)).or_default() += 1;
    }
    let tab = |standing: Standing| Tab {
        name: page.t(standing.key()),
        href: page.address.with("state", standing.code()).to_string(),
        chosen: standing == filter.standing,
        count: Some(counts.get(&standing).copied().unwrap_or(0)),
    };
    Standing::ALL.into_iter().map(tab).collect()
}

fn severities(page: &Page, filter: &Filter) -> Vec<Choice> {
    let choice = |severity: Severity| {
        Choice::new(severity.code(), page.t(severity.key()), filter.severities.contains(&severity))
    };
    Severity::ALL.into_iter().map(choice).collect()
}

fn verdicts(page: &Page, filter: &Filter) -> Vec<Choice> {
    let choice = |verdict: Verdict| Choice::new(verdict.code(), page.t(verdict.key()), filter.verdict == Some(verdict));
    Verdict::ALL.into_iter().map(choice).collect()
}

fn chips(page: &Page, filter: &Filter) -> Vec<Chip> {
    let mut chips = Vec::new();
    let mut add = |parameter: &str, code: &str, name: &str, value: String| {
        chips.push(Chip::of(&page.address, parameter, code, page.t(name), value));
    };
    if !filter.words.is_empty() {
        add("q", &filter.words, "rule-words", filter.words.clone());
    }
    for severity in &filter.severities {
        add("severity", severity.code(), "shell-severity", page.t(severity.key()));
    }
    if let Some(verdict) = filter.verdict {
        add("verdict", verdict.code(), "rule-verdict", page.t(verdict.key()));
    }
    if let Some(product) = &filter.product {
        add("product", product, "rule-product", log_source::product(product, page.lang));
    }
    if let Some(technique) = page.address.value("technique").filter(|text| !text.is_empty()) {
        add("technique", technique, "rule-technique", technique.to_owned());
    }
    if filter.alerting {
        add("alerting", "1", "rule-alerts", page.t("rule-alerting"));
    }
    chips
}
