//! One rule: what it says, how it stands and what it did.

use super::bundles::{self, store::Import};
use super::closings::{self, Closing};
use super::costs::{self, Cost};
use super::exceptions::store::Filter;
use super::figures::{self, Figures};
use super::list::{Known, Standing};
use super::reading::{self, Words};
use super::scorecard::Verdict;
use super::states::pages::StateForm;
use super::states::{self, Decision, Retirement, RuleState};
use super::techniques::{Technique, tactic};
use super::versions::{self, Version};
use super::{Book, description, exceptions, log_source, severity, short_path, text, title};
use crate::search::run::monitoring;
use crate::settings::Settings;
use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use detection::{Related, Rule, RuleTestFile};
use kit::page::{Entry, ErrorSummary, FormErrors, Page, Severity};
use kit::web::{Fail, Routes, Visit, render};
use kit::{Capability, Error, Lang};
use organisation::audit::AuditEntry;
use std::collections::HashMap;
use std::sync::Arc;

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/rules/{id}", Capability::ViewRules, show_rule)
        .merge(states::pages::routes())
        .merge(versions::pages::routes())
        .merge(exceptions::pages::routes())
}

/// Rows of history and of closings shown.
const MOST_HISTORY: u64 = 20;
const MOST_CLOSINGS: u64 = 20;
/// As many as a rule may have, or nearly.
const MOST_EXCEPTIONS: u64 = 200;

#[derive(Template)]
#[template(path = "rules/templates/rule.html")]
struct RulePage {
    page: Page,
    rule: Arc<Rule>,
    title: String,
    severity: Severity,
    log_source: String,
    what_to_do: Option<String>,
    description: Option<String>,
    description_is_translated: bool,
    /// What may be mistaken for it, a line each.
    false_positives: Vec<String>,
    false_positives_are_translated: bool,
    tactics: Vec<String>,
    techniques: Vec<Technique>,
    file: String,
    standing: Standing,
    /// Whether its matches are alerts of their own.
    alerts: bool,
    /// Correlations that count it and do not generate.
    counted_by: Vec<Counting>,
    decision: Option<Decision>,
    /// Why it alerts nobody though nobody decided so.
    retirement: Option<String>,
    related: Vec<RelatedLine>,
    history: Vec<Change>,
    figures: Figures,
    verdict: Option<Verdict>,
    judged_days: i64,
    /// What it cost when it was measured last.
    cost: Option<Cost>,
    may_measure: bool,
    /// The condition in words.
    reading: Words,
    cases: Vec<Case>,
    /// Whether the cases were run for this page.
    ran: bool,
    versions: Vec<Version>,
    /// The bundle that brought it as it is.
    bundle: Option<Import>,
    closings: Vec<Closing>,
    /// Exceptions in force.
    exceptions: Vec<exceptions::pages::Row>,
    may_except: bool,
    /// The form that puts it into another state; empty for who may not.
    state_form: Vec<Entry>,
    may_see_alerts: bool,
    /// Where a hunt for it is begun.
    hunt: Option<String>,
    errors: ErrorSummary,
}

/// A correlation that counts the rule.
struct Counting {
    id: String,
    title: String,
    standing: Standing,
}

fn status_key(rule: &Rule) -> String {
    format!("rule-status-{}", rule.status)
}

/// A day as rules write it (`2026-11-21`, of old `2026/11/21`) as people read it.
fn day(text: &str) -> String {
    let date = text.replace('/', "-").parse::<jiff::civil::Date>();
    date.map_or_else(|_| text.to_owned(), |date| date.strftime("%d/%m/%Y").to_string())
}

/// A test that lies beside the rule.
struct Case {
    name: String,
    place: String,
    events: usize,
    /// It expects this rule to match.
    must_match: bool,
    /// What differed when it was run.
    wrong: Option<String>,
}

/// A row of the trail about a rule.
struct Change {
    entry: AuditEntry,
    /// State it was put into, and why.
    state: Option<RuleState>,
    reason: String,
}

impl Change {
    fn of(entry: AuditEntry) -> Self {
        let details: serde_json::Value = serde_json::from_str(&entry.details).unwrap_or_default();
        let text = |name: &str| details.get(name).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
        let state = (entry.action == "rule.state").then(|| RuleState::from_code(&text("to"))).flatten();
        Self { state, reason: text("reason"), entry }
    }
}

async fn show_rule(visit: Visit, Path(id): Path<String>) -> Result<Response, Fail> {
    Ok(show(&visit, &id, &StateForm::default(), FormErrors::default()).await?)
}

pub(super) async fn show(visit: &Visit, id: &str, typed: &StateForm, errors: FormErrors) -> Result<Response, Error> {
    let book = monitoring(&visit.app)?.rules.current();
    let rule = book.rule(id).ok_or(Error::NotFound)?.clone();
    let view = visit.read();
    let settings = Settings::of(&visit.app)?;
    let thresholds = &settings.scorecard;
    let decisions = states::store::all(&view).await?;
    let figures = figures::by_rule(&view, thresholds, Some(&rule.id), visit.now()).await?;
    let costs = HashMap::new();
    let known = Known { book: &book, decisions: &decisions, figures: &figures, costs: &costs, thresholds };
    let history = organisation::audit::store::history(&view, "rule", &rule.id, MOST_HISTORY).await?;
    let ran = visit.address.has("tests", "run");
    let may_see_alerts = visit.scope().may(Capability::ViewAlerts);
    let closings = match may_see_alerts {
        true => closings::of_rule(&view, &rule.id, MOST_CLOSINGS).await?,
        false => Vec::new(),
    };
    let in_force = Filter { rule_id: Some(rule.id.clone()), in_force: Some((true, visit.now())) };
    let excepted = exceptions::store::list(&view, &in_force, MOST_EXCEPTIONS, 0).await?;
    let lang = visit.lang;
    let page = visit.page().await?;
    let position = book.set.position(&rule.id).unwrap_or_default();
    let described = description(&rule, lang);
    let mistaken = rule.text_of("false_positives_vi").filter(|_| lang == Lang::Vi);
    let alerts = known.alerts(&rule);
    let counting = |correlation: &Arc<Rule>| Counting {
        id: correlation.id.clone(),
        title: title(correlation, lang).to_owned(),
        standing: known.standing(correlation),
    };
    let state_form = states::pages::entries(visit, &page, decisions.state_of(&rule), typed, &errors);
    let template = RulePage {
        title: title(&rule, lang).to_owned(),
        severity: severity(rule.level),
        log_source: log_source::words(&rule.log_source, lang),
        what_to_do: text(&rule, "what_to_do", lang).map(ToOwned::to_owned),
        description_is_translated: described.is_some_and(|(_, is_own)| is_own),
        description: described.map(|(text, _)| text.to_owned()),
        false_positives_are_translated: mistaken.is_some(),
        false_positives: match mistaken {
            Some(text) => text.split("; ").map(ToOwned::to_owned).collect(),
            None => rule.false_positives.clone(),
        },
        tactics: rule.tactics().into_iter().map(|name| tactic(name, lang)).collect(),
        techniques: rule.techniques().iter().map(|number| settings.techniques.of(number, lang)).collect(),
        file: short_path(&rule.path),
        standing: known.standing(&rule),
        counted_by: states::over(book.set.rules(), &rule).map(counting).collect(),
        retirement: decisions.retirement(&rule).map(|why| retirement(&page, &book, why)),
        related: rule.related.iter().map(|one| RelatedLine::of(&book, one, lang)).collect(),
        decision: decisions.of(&rule.id).cloned(),
        history: history.into_iter().map(Change::of).collect(),
        figures: known.figures(&rule),
        verdict: known.verdict(&rule),
        cost: costs::store::of_rule(&view, &rule.id).await?,
        may_measure: !rule.is_correlation() && costs::service::may_measure(visit),
        judged_days: thresholds.days,
        reading: reading::of(&book, position, lang, &page.format),
        cases: cases_of(visit, &book, &rule, ran).await?,
        ran,
        versions: versions::store::of_rule(&view, &rule.id).await?,
        bundle: bundles::store::origin(&view, &rule.id, &versions::digest(&rule.text)).await?,
        closings,
        exceptions: exceptions::pages::rows(visit, &book, excepted),
        may_except: alerts && visit.scope().may(Capability::TuneRules),
        errors: errors.summary(&state_form),
        state_form,
        may_see_alerts,
        alerts,
        hunt: crate::hunts::pages::begin_href(visit, crate::hunts::SubjectKind::Rule, &rule.id),
        rule,
        page,
    };
    let status = if template.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok((status, render(&template)?).into_response())
}

/// A rule that this one names.
struct RelatedLine {
    /// Key of what it is to this one.
    key: String,
    id: String,
    /// Where it is loaded.
    title: Option<String>,
}

impl RelatedLine {
    fn of(book: &Book, one: &Related, lang: Lang) -> Self {
        let named = book.rule(&one.id);
        Self {
            key: format!("rule-related-{}", one.kind),
            id: named.map_or(&one.id, |rule| &rule.id).clone(),
            title: named.map(|rule| title(rule, lang).to_owned()),
        }
    }
}

fn retirement(page: &Page, book: &Book, why: Retirement<'_>) -> String {
    match why {
        Retirement::Deprecated => page.t("rule-retired-deprecated"),
        Retirement::Replaced(id) => {
            let newer = book.rule(id).map_or(id, |rule| title(rule, page.lang));
            page.tn("rule-retired-replaced", "title", newer)
        }
    }
}

/// The cases of the files beside the rule; run against all rules in force where the page is asked to.
async fn cases_of(visit: &Visit, book: &Arc<Book>, rule: &Rule, run: bool) -> Result<Vec<Case>, Error> {
    let mut shown: Vec<Case> = Vec::new();
    for file in book.tests.iter().filter(|file| file.rule_file() == rule.path) {
        shown.extend(file.cases.iter().map(|case| Case {
            name: case.name.clone(),
            place: format!("{}:{}", short_path(&file.path), case.line),
            events: case.records.len(),
            must_match: case.expect.contains(&rule.id),
            wrong: None,
        }));
    }
    if run && !shown.is_empty() {
        let (book, path) = (book.clone(), rule.path.clone());
        let (formats, now) = (monitoring(&visit.app)?.formats.current(), visit.now());
        let work = move || {
            let beside = |file: &&RuleTestFile| file.rule_file() == path;
            let places = book.tests.iter().flat_map(|file| file.cases.iter().map(move |_| file));
            let outcomes = places.zip(book.outcomes(&formats, now)).filter(|(file, _)| beside(file));
            outcomes.map(|(_, outcome)| outcome.wrong.clone()).collect::<Vec<_>>()
        };
        let wrong = tokio::task::spawn_blocking(work).await.map_err(Error::internal)?;
        for (case, wrong) in shown.iter_mut().zip(wrong) {
            case.wrong = wrong;
        }
    }
    Ok(shown)
}
