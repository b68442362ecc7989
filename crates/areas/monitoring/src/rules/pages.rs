//! Pages of the rules: the list and one rule.

use super::list::{Filter, Row, State, products, rows};
use super::techniques::Technique;
use super::{Book, severity, short_path, text, title};
use crate::Monitoring;
use crate::alerts::listing;
use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use detection::{Rule, RuleError};
use kit::clock::DAY;
use kit::page::{Chip, Choice, Page, Pagination, Severity};
use kit::web::{Csv, Fail, Routes, Visit, render};
use kit::{Capability, Error};
use std::sync::Arc;

const PER_PAGE: u64 = 100;
/// Span of the alert counts beside the rules.
const COUNTED: i64 = 30 * DAY;

pub(super) fn routes() -> Routes {
    Routes::new().get("/rules", Capability::ViewRules, list_rules).get("/rules/{id}", Capability::ViewRules, show_rule)
}

fn book(visit: &Visit) -> Result<Arc<Book>, Error> {
    let monitoring = visit.app.ports.get::<Monitoring>().ok_or_else(|| Error::Unavailable("detection".to_owned()))?;
    Ok(monitoring.rules.current())
}

#[derive(Template)]
#[template(path = "rules/templates/list.html")]
struct ListPage {
    page: Page,
    filter: Filter,
    chips: Vec<Chip>,
    states: Vec<(State, u64, String)>,
    severities: Vec<Choice>,
    products: Vec<Choice>,
    rows: Vec<Row>,
    failed: Vec<(String, usize, String)>,
    pagination: Pagination,
    loaded_at: i64,
    csv: String,
}

async fn list_rules(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::ViewRules)?;
    let book = book(&visit)?;
    let filter = Filter::of(&visit.address);
    let counts = if visit.scope().may(Capability::ViewAlerts) {
        listing::counts_by_rule(&visit.read(), visit.now() - COUNTED).await?
    } else {
        Default::default()
    };
    if visit.address.has("format", "csv") {
        return Ok(csv(&book, &filter, &counts, visit.lang).into_response());
    }
    let failed: Vec<_> = if filter.state == State::Failed { failed(&book, &filter) } else { Vec::new() };
    let all = if filter.state == State::Failed { Vec::new() } else { rows(&book, &filter, &counts, visit.lang) };
    let pagination = Pagination::of(&visit.address, PER_PAGE, (all.len() + failed.len()) as u64);
    let shown = (pagination.offset() as usize, PER_PAGE as usize);
    let page = visit.page().await?;
    let template = ListPage {
        chips: chips(&page, &filter),
        states: states(&page, &book, &filter),
        severities: severities(&page, &filter),
        products: products(&book)
            .into_iter()
            .map(|(product, count)| {
                let chosen = filter.product.as_deref() == Some(product.as_str());
                Choice::new(product.clone(), format!("{product} ({})", page.format.number(count)), chosen)
            })
            .collect(),
        rows: all.into_iter().skip(shown.0).take(shown.1).collect(),
        failed: failed.into_iter().skip(shown.0).take(shown.1).collect(),
        pagination,
        loaded_at: book.loaded_at,
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

fn csv(book: &Book, filter: &Filter, counts: &std::collections::HashMap<String, u64>, lang: kit::Lang) -> Csv {
    if filter.state == State::Failed {
        let mut csv = Csv::new("rules-failed", ["file", "line", "reason"]);
        for (path, line, reason) in failed(book, filter) {
            csv.row([path, line.to_string(), reason]);
        }
        return csv;
    }
    let head = ["id", "title", "severity", "log_source", "techniques", "author", "licence", "file", "alerts_30_days"];
    let mut csv = Csv::new("rules", head);
    for row in rows(book, filter, counts, lang) {
        let rule = &row.rule;
        csv.row([
            rule.id.as_str(),
            &row.title,
            row.severity.code(),
            &row.log_source,
            &rule.techniques().join(" "),
            rule.author.as_deref().unwrap_or_default(),
            rule.licence.as_deref().unwrap_or_default(),
            &row.file,
            &row.alerts.to_string(),
        ]);
    }
    csv
}

fn states(page: &Page, book: &Book, filter: &Filter) -> Vec<(State, u64, String)> {
    let waiting = book.set.rules().iter().filter(|rule| State::of(rule) == State::Waiting).count();
    State::ALL
        .into_iter()
        .map(|state| {
            let count = match state {
                State::InForce => book.set.len() - waiting,
                State::Waiting => waiting,
                State::Failed => book.errors.len(),
            };
            let href = if state == filter.state {
                String::new()
            } else {
                page.address.with("state", state.code()).to_string()
            };
            (state, count as u64, href)
        })
        .collect()
}

fn severities(page: &Page, filter: &Filter) -> Vec<Choice> {
    let choice = |severity: Severity| {
        Choice::new(severity.code(), page.t(severity.key()), filter.severities.contains(&severity))
    };
    Severity::ALL.into_iter().map(choice).collect()
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
    if let Some(product) = &filter.product {
        add("product", product, "rule-product", product.clone());
    }
    if let Some(technique) = page.address.value("technique").filter(|text| !text.is_empty()) {
        add("technique", technique, "rule-technique", technique.to_owned());
    }
    if filter.alerting {
        add("alerting", "1", "rule-alerts", page.t("rule-alerting"));
    }
    chips
}

#[derive(Template)]
#[template(path = "rules/templates/rule.html")]
struct RulePage {
    page: Page,
    rule: Arc<Rule>,
    title: String,
    severity: Severity,
    what_to_do: Option<String>,
    description: Option<String>,
    description_is_translated: bool,
    tactics: Vec<String>,
    techniques: Vec<Technique>,
    file: String,
    alerts: u64,
    waiting: bool,
}

async fn show_rule(visit: Visit, Path(id): Path<String>) -> Result<Response, Fail> {
    visit.require(Capability::ViewRules)?;
    let book = book(&visit)?;
    let rule = book.rule(&id).ok_or(Error::NotFound)?.clone();
    let alerts = if visit.scope().may(Capability::ViewAlerts) {
        let counts = listing::counts_by_rule(&visit.read(), visit.now() - COUNTED).await?;
        counts.get(&rule.id).copied().unwrap_or(0)
    } else {
        0
    };
    let lang = visit.lang;
    let template = RulePage {
        page: visit.page().await?,
        title: title(&rule, lang).to_owned(),
        severity: severity(rule.level),
        what_to_do: text(&rule, "what_to_do", lang).map(ToOwned::to_owned),
        description_is_translated: text(&rule, "description", lang).is_some(),
        description: text(&rule, "description", lang).or(rule.description.as_deref()).map(ToOwned::to_owned),
        tactics: rule.tactics().into_iter().map(|tactic| tactic.replace(['-', '_'], " ")).collect(),
        techniques: rule.techniques().iter().map(|number| Technique::of(number, lang)).collect(),
        file: short_path(&rule.path),
        alerts,
        waiting: State::of(&rule) == State::Waiting,
        rule,
    };
    Ok(render(&template)?.into_response())
}
