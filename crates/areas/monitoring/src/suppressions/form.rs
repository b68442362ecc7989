//! The form of a new suppression: filled from an alert, a rule or a system where one leads here.

use super::Kind;
use super::service::{self, SuppressionInput};
use crate::alerts::{self, Alert};
use crate::rules::exceptions::Reach;
use crate::rules::exceptions::form::reaches;
use crate::rules::settings::HitSettings;
use crate::rules::title;
use crate::search::run::monitoring;
use crate::settings::Settings;
use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use event::Column;
use kit::civil::moment_field;
use kit::clock::HOUR;
use kit::locale::texts;
use kit::page::{Choice, Entry, ErrorSummary, FlashKind, FormErrors, Page};
use kit::web::{Fail, OnceForm, Visit, render, see_other_saying};
use kit::{Capability, Error};

#[derive(Template)]
#[template(path = "suppressions/templates/form.html")]
struct FormPage {
    page: Page,
    entries: Vec<Entry>,
    alert: Option<Alert>,
    errors: ErrorSummary,
}

/// The alert that leads here, where there is one.
async fn alert(visit: &Visit, id: &str) -> Result<Option<Alert>, Error> {
    match id {
        "" => Ok(None),
        id => {
            visit.require(Capability::ViewAlerts)?;
            Ok(Some(alerts::store::get(&visit.read(), id).await?))
        }
    }
}

pub(super) async fn new_suppression(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::TuneRules)?;
    let asked = |name: &str| visit.address.value(name).unwrap_or_default().to_owned();
    let alert = alert(&visit, &asked("alert")).await?;
    let hours = Settings::of(&visit.app)?.tuning.suppressions.default_hours;
    let mut input = SuppressionInput {
        kind: Kind::Maintenance.code().to_owned(),
        rule_id: asked("rule"),
        starts_at: moment_field(visit.now()),
        ends_at: moment_field(visit.now() + hours * HOUR),
        ..SuppressionInput::default()
    };
    let system = asked("system");
    if !system.is_empty() {
        input.reach = Reach::System(system).code();
    }
    if let Some(alert) = &alert {
        begin_with(&mut input, alert);
    }
    Ok(show(&visit, &input, alert, FormErrors::default()).await?)
}

/// The narrowest reach, the rule and whom the alert is about.
fn begin_with(input: &mut SuppressionInput, alert: &Alert) {
    let reach = match &alert.system_id {
        Some(id) => Reach::System(id.clone()),
        None => Reach::Source(alert.source_id.clone()),
    };
    input.kind = Kind::Other.code().to_owned();
    input.reach = reach.code();
    input.rule_id = alert.rule_id.clone();
    input.alert = alert.id.clone();
    if Column::from_name(&alert.entity.kind).is_some() {
        input.field = alert.entity.kind.clone();
        input.value = alert.entity.value.clone();
    }
}

async fn show(
    visit: &Visit,
    input: &SuppressionInput,
    alert: Option<Alert>,
    errors: FormErrors,
) -> Result<Response, Error> {
    let page = visit.page().await?;
    let settings = Settings::of(&visit.app)?;
    let tuning = &settings.tuning;
    let entry = |kind, name: &str, key: &str, value: &str| Entry::new(kind, name, page.t(key)).value(value);
    let kinds = Kind::ALL.map(|kind| Choice::new(kind.code(), page.t(kind.key()), false));
    let entries = vec![
        entry("select", "kind", "suppression-kind", &input.kind).choices(kinds.into()).required(),
        entry("select", "reach", "rule-exception-reach", &input.reach)
            .hint(page.t("rule-exception-reach-hint"))
            .choices(reaches(visit, &page, alert.as_ref()).await?)
            .required(),
        entry("select", "rule_id", "suppression-rule", &input.rule_id).choices(rules(visit, &page, input, &alert)?),
        entry("select", "field", "suppression-field", &input.field)
            .hint(page.t("suppression-field-hint"))
            .choices(fields(visit, &page, &tuning.hits, &input.field)),
        entry("text", "value", "suppression-value", &input.value),
        entry("date-time", "starts_at", "suppression-starts", &input.starts_at)
            .hint(page.t("suppression-starts-hint"))
            .required(),
        entry("date-time", "ends_at", "suppression-ends", &input.ends_at)
            .hint(page.tn("suppression-ends-hint", "hours", tuning.suppressions.most_hours))
            .required(),
        entry("textarea", "reason", "shell-reason", &input.reason).hint(page.t("shell-reason-hint")).rows(3).required(),
    ];
    let entries: Vec<Entry> = entries.into_iter().map(|entry| entry.checked(&errors)).collect();
    let template = FormPage { errors: errors.summary(&entries), entries, alert, page };
    let status = if template.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok((status, render(&template)?).into_response())
}

/// All rules, or the one that led here.
fn rules(visit: &Visit, page: &Page, input: &SuppressionInput, alert: &Option<Alert>) -> Result<Vec<Choice>, Error> {
    let book = monitoring(&visit.app)?.rules.current();
    let mut choices = vec![Choice::new("", page.t("suppression-every-rule"), false)];
    if let Some(rule) = book.rule(&input.rule_id) {
        choices.push(Choice::new(rule.id.clone(), title(rule, visit.lang), false));
    } else if let Some(alert) = alert {
        choices.push(Choice::new(alert.rule_id.clone(), alert.title(visit.lang), false));
    }
    Ok(choices)
}

/// Columns by which matches are told apart, and the one that was chosen.
fn fields(visit: &Visit, page: &Page, hits: &HitSettings, chosen: &str) -> Vec<Choice> {
    let columns = hits.columns();
    let mut names: Vec<&str> = columns.iter().map(|column| column.name()).collect();
    if !chosen.is_empty() && !names.contains(&chosen) {
        names.push(chosen);
    }
    let named = |name: &str| {
        let doc = format!("catalogue-events-{name}");
        let words = if texts().has(visit.lang, &doc) { format!("{name}: {}", page.t(&doc)) } else { name.to_owned() };
        Choice::new(name, words, false)
    };
    let none = Choice::new("", page.t("suppression-any-entity"), false);
    std::iter::once(none).chain(names.into_iter().map(named)).collect()
}

pub(super) async fn create_suppression(
    visit: Visit,
    OnceForm(input, identity): OnceForm<SuppressionInput>,
) -> Result<Response, Fail> {
    let alert = alert(&visit, &input.alert).await?;
    let done = || see_other_saying("/suppressions", FlashKind::Done, "suppression-made");
    let tx = visit.begin().await?;
    if identity.claim(&tx, visit.now()).await?.is_some() {
        return Ok(done());
    }
    let settings = Settings::of(&visit.app)?;
    match service::create(&tx, &settings.tuning, &input, visit.now()).await {
        Ok(id) => {
            identity.answer(&tx, &id).await?;
            tx.commit().await?;
            Ok(done())
        }
        Err(error) => {
            tx.rollback().await?;
            let errors = FormErrors::of_error(visit.lang, error)?;
            Ok(show(&visit, &input, alert, errors).await?)
        }
    }
}
