//! The form of a new exception: filled from the alert, reckoned with the matches of the last days before it is saved.

use super::Reach;
use super::preview::{self, Preview};
use super::service::{self, ExceptionInput};
use crate::alerts::{self, Alert, AlertState, CloseReason};
use crate::early_warning;
use crate::rules::hits::{self, Hit};
use crate::rules::{title, versions};
use crate::search::run::monitoring;
use crate::search::senders::senders;
use crate::settings::Settings;
use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kit::civil::day_field;
use kit::clock::DAY;
use kit::locale::texts;
use kit::page::{Choice, Entry, ErrorSummary, FlashKind, FormErrors, Page, Place};
use kit::scope::Agencies;
use kit::web::{Fail, OnceForm, Visit, render, see_other_saying};
use kit::{Capability, Error, Tx};
use sea_orm::{ConnectionTrait, Statement};
use serde::Deserialize;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Values of a field named beside it, and systems offered.
const MOST_SEEN: usize = 5;
const MOST_SYSTEMS: u64 = 2_000;

/// A field with the values that are to be left out.
struct Row {
    id: String,
    field: String,
    doc: String,
    values: String,
    /// Values that matches of the rule had lately, busiest first, as words.
    seen: String,
}

#[derive(Template)]
#[template(path = "rules/templates/exception_form.html")]
struct FormPage {
    page: Page,
    rule_id: String,
    title: String,
    /// The rule's page, or what the detector found.
    rule_href: String,
    /// Where rules of this kind are listed: address and name.
    list: (&'static str, String),
    alert: Option<Alert>,
    reach: Entry,
    rows: Vec<Row>,
    expires: Entry,
    reason: Entry,
    /// The alert can be closed as a false positive along with it.
    may_close: bool,
    close_alert: bool,
    preview: Option<Preview>,
    values_error: String,
    errors: ErrorSummary,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Posted {
    reach: String,
    field: Vec<String>,
    values: Vec<String>,
    reason: String,
    expires_on: String,
    alert: String,
    close_alert: String,
    /// `preview` or `save`.
    act: String,
}

impl Posted {
    fn input(&self) -> ExceptionInput {
        ExceptionInput {
            reach: self.reach.clone(),
            field: self.field.clone(),
            values: self.values.clone(),
            reason: self.reason.clone(),
            expires_on: self.expires_on.clone(),
            alert: self.alert.clone(),
        }
    }
}

/// What the form is made around.
struct Subject {
    settings: Arc<Settings>,
    rule_id: String,
    title: String,
    rule_href: String,
    /// A detector of early warning, which stands among no rules.
    is_detector: bool,
    alert: Option<Alert>,
    /// Matches of the last days within the scope.
    hits: Vec<Hit>,
}

async fn subject(visit: &Visit, rule_id: &str, alert_id: &str) -> Result<Subject, Error> {
    let settings = Settings::of(&visit.app)?;
    let book = monitoring(&visit.app)?.rules.current();
    let (rule_id, title, rule_href, is_detector) = match book.rule(rule_id) {
        Some(rule) => (rule.id.clone(), title(rule, visit.lang).to_owned(), format!("/rules/{}", rule.id), false),
        None => {
            settings.early_warning.place(rule_id).ok_or(Error::NotFound)?;
            let title = early_warning::title_of(rule_id, visit.lang).unwrap_or_default();
            (rule_id.to_owned(), title, early_warning::address_of(rule_id), true)
        }
    };
    let view = visit.read();
    let sees_alerts = visit.scope().may(Capability::ViewAlerts);
    let alert = match alert_id {
        "" => None,
        id => {
            visit.require(Capability::ViewAlerts)?;
            Some(alerts::store::get(&view, id).await?).filter(|alert| alert.rule_id == rule_id)
        }
    };
    let since = preview::since(visit.now(), settings.tuning.exceptions.reckoned_days);
    let hits = if sees_alerts { hits::store::of_rule(&view, &rule_id, since).await? } else { Vec::new() };
    Ok(Subject { settings, rule_id, title, rule_href, is_detector, alert, hits })
}

pub(super) async fn new_exception(visit: Visit, Path(id): Path<String>) -> Result<Response, Fail> {
    visit.require(Capability::TuneRules)?;
    let subject = subject(&visit, &id, visit.address.value("alert").unwrap_or_default()).await?;
    let posted = beginning(&visit, &subject);
    Ok(show(&visit, &subject, &posted, FormErrors::default()).await?)
}

/// What the form begins with: the narrowest reach and what the alert is about.
fn beginning(visit: &Visit, subject: &Subject) -> Posted {
    let alert = subject.alert.as_ref();
    let reach = alert.map(|alert| match &alert.system_id {
        Some(id) => Reach::System(id.clone()),
        None => Reach::Source(alert.source_id.clone()),
    });
    let about = alert.map(about).unwrap_or_default();
    let last_day = visit.now() + subject.settings.tuning.exceptions.default_days * DAY;
    Posted {
        reach: reach.map(|reach| reach.code()).unwrap_or_default(),
        field: about.iter().map(|(field, _)| field.clone()).collect(),
        values: about.into_iter().map(|(_, value)| value).collect(),
        expires_on: day_field(last_day),
        alert: alert.map(|alert| alert.id.clone()).unwrap_or_default(),
        close_alert: "true".to_owned(),
        ..Posted::default()
    }
}

/// Whom or what an alert is about, field by field.
fn about(alert: &Alert) -> Vec<(String, String)> {
    match alert.entity.kind.as_str() {
        // Stands for the source itself, or for many.
        "" | "source" | "damped" => Vec::new(),
        kind if kind.contains(" + ") => {
            let fields = alert.samples.first().map(|sample| sample.fields.as_slice()).unwrap_or_default();
            fields.iter().filter_map(|one| Some((one.field.clone()?, one.value.clone()))).collect()
        }
        kind => vec![(kind.to_owned(), alert.entity.value.clone())],
    }
}

/// Values that matches had lately, by field: of the alert's own source where there is an alert.
fn seen(subject: &Subject) -> BTreeMap<&str, Vec<(&str, i64)>> {
    let source = subject.alert.as_ref().map(|alert| alert.source_id.as_str());
    let mut counts: BTreeMap<&str, BTreeMap<&str, i64>> = BTreeMap::new();
    for hit in subject.hits.iter().filter(|hit| source.is_none() || hit.source_id.as_deref() == source) {
        for (field, value) in &hit.entities {
            *counts.entry(field).or_default().entry(value).or_default() += hit.matched();
        }
    }
    counts.into_iter().map(|(field, values)| (field, busiest(values))).collect()
}

fn busiest(values: BTreeMap<&str, i64>) -> Vec<(&str, i64)> {
    let mut values: Vec<_> = values.into_iter().collect();
    values.sort_by_key(|(_, count)| Reverse(*count));
    values.truncate(MOST_SEEN);
    values
}

fn rows(visit: &Visit, page: &Page, subject: &Subject, posted: &Posted) -> Vec<Row> {
    let seen = seen(subject);
    let columns = subject.settings.tuning.hits.columns();
    let mut fields: Vec<&str> = posted.field.iter().map(String::as_str).collect();
    let others = columns.iter().map(|column| column.name()).chain(seen.keys().copied());
    for field in others.filter(|field| seen.contains_key(field) || subject.alert.is_none()) {
        if !fields.contains(&field) {
            fields.push(field);
        }
    }
    let row = |(number, field): (usize, &str)| {
        let place = posted.field.iter().position(|have| have == field);
        let values = place.and_then(|place| posted.values.get(place)).cloned().unwrap_or_default();
        let words = |(value, count): &(&str, i64)| format!("{value} ({})", page.format.number(*count));
        let doc = format!("catalogue-events-{field}");
        Row {
            id: format!("values-{number}"),
            field: field.to_owned(),
            doc: if texts().has(visit.lang, &doc) { page.t(&doc) } else { String::new() },
            values,
            seen: seen.get(field).map(|seen| seen.iter().map(words).collect::<Vec<_>>().join(", ")).unwrap_or_default(),
        }
    };
    fields.into_iter().enumerate().map(row).collect()
}

/// Where an exception or a suppression may hold: what the alert comes from, else any system within reach; the whole centre for who sees it.
pub(crate) async fn reaches(visit: &Visit, page: &Page, alert: Option<&Alert>) -> Result<Vec<Choice>, Error> {
    let view = visit.read();
    let mut offered: Vec<(Reach, String)> = Vec::new();
    if let Some(alert) = alert {
        let found = senders(&view, [alert.source_id.clone()], visit.now()).await?;
        if let Some(sender) = found.into_values().next() {
            let named = |id: Option<String>, name: Option<String>| id.map(|id| (id, name.unwrap_or_default()));
            let system = named(sender.system_id, sender.system_name);
            let agency = named(sender.agency_id, sender.agency_name);
            offered.extend(system.map(|(id, name)| (Reach::System(id), name)));
            offered.push((Reach::Source(sender.source_id), sender.source_name));
            offered.extend(agency.map(|(id, name)| (Reach::Agency(id), name)));
        }
    } else {
        let condition = visit.scope().agency_condition("agency_id");
        let sql = format!("SELECT id, name FROM systems WHERE {condition} ORDER BY name_sort, id LIMIT {MOST_SYSTEMS}");
        for row in view.query_all_raw(Statement::from_string(view.get_database_backend(), sql)).await? {
            offered.push((Reach::System(row.try_get("", "id")?), row.try_get("", "name")?));
        }
    }
    if matches!(visit.scope().agencies(), Agencies::All) {
        offered.push((Reach::Centre, String::new()));
    }
    let choice = |(reach, name): (Reach, String)| {
        let words = if name.is_empty() { page.t(reach.key()) } else { format!("{}: {name}", page.t(reach.key())) };
        Choice::new(reach.code(), words, false)
    };
    Ok(offered.into_iter().map(choice).collect())
}

async fn show(visit: &Visit, subject: &Subject, posted: &Posted, errors: FormErrors) -> Result<Response, Error> {
    let page = visit.page().await?;
    let entry = |kind, name: &str, key: &str, value: &str| {
        Entry::new(kind, name, page.t(key)).value(value).required().checked(&errors)
    };
    let most = subject.settings.tuning.exceptions.most_days;
    let reach = entry("select", "reach", "rule-exception-reach", &posted.reach)
        .hint(page.t("rule-exception-reach-hint"))
        .choices(reaches(visit, &page, subject.alert.as_ref()).await?);
    let expires = entry("date", "expires_on", "rule-exception-expires", &posted.expires_on);
    let reason = entry("textarea", "reason", "rule-exception-reason", &posted.reason);
    let values =
        Place { field: "values".to_owned(), element: "values".to_owned(), label: page.t("rule-exception-fields") };
    let places = [Place::from(&reach), values, Place::from(&expires), Place::from(&reason)];
    let template = FormPage {
        rule_id: subject.rule_id.clone(),
        title: subject.title.clone(),
        rule_href: subject.rule_href.clone(),
        list: match subject.is_detector {
            true => ("/early-warning", page.t("early-warning-title")),
            false => ("/rules", page.t("rule-title")),
        },
        reach,
        rows: rows(visit, &page, subject, posted),
        expires: expires.hint(page.tn("rule-exception-expires-hint", "days", most)),
        reason: reason.hint(page.t("shell-reason-hint")).rows(3),
        may_close: may_close(visit, subject.alert.as_ref()),
        close_alert: posted.close_alert == "true",
        preview: preview_of(visit, subject, posted).await?,
        alert: subject.alert.clone(),
        values_error: errors.of("values").to_owned(),
        errors: errors.summary(places),
        page,
    };
    let status = if template.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok((status, render(&template)?).into_response())
}

/// Matches a day: whole where they are many.
fn expectation(page: &Page, number: &f64) -> String {
    page.format.decimal(*number, usize::from(*number < 10.0 && number.fract() != 0.0))
}

fn may_close(visit: &Visit, alert: Option<&Alert>) -> bool {
    let open = alert.is_some_and(|alert| alert.state.may_become(AlertState::Closed));
    open && visit.scope().may(Capability::HandleAlerts)
}

/// What the exception as it stands in the form would have left out; nothing while the form does not say.
async fn preview_of(visit: &Visit, subject: &Subject, posted: &Posted) -> Result<Option<Preview>, Error> {
    if !visit.scope().may(Capability::ViewAlerts) {
        return Ok(None);
    }
    let view = visit.read();
    let extent = match service::extent(&view, &subject.settings.tuning.exceptions, &posted.input()).await {
        Ok((extent, _)) => extent,
        Err(Error::Invalid(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let versions = versions::store::of_rule(&view, &subject.rule_id).await?;
    let known_since = versions.last().map(|version| version.first_seen_at);
    let tuning = &subject.settings.tuning;
    let (days, columns) = (tuning.exceptions.reckoned_days, tuning.hits.columns());
    Ok(Some(preview::preview(&subject.hits, &extent, &columns, days, known_since, visit.now())))
}

pub(super) async fn create_exception(
    visit: Visit,
    Path(id): Path<String>,
    OnceForm(posted, identity): OnceForm<Posted>,
) -> Result<Response, Fail> {
    let subject = subject(&visit, &id, &posted.alert).await?;
    if posted.act != "save" {
        let errors = match service::extent(&visit.read(), &subject.settings.tuning.exceptions, &posted.input()).await {
            Ok(_) => FormErrors::default(),
            Err(error) => FormErrors::of_error(visit.lang, error)?,
        };
        return Ok(show(&visit, &subject, &posted, errors).await?);
    }
    let back = match &subject.alert {
        Some(alert) => format!("/alerts/{}", alert.id),
        None => subject.rule_href.clone(),
    };
    let done = || see_other_saying(&back, FlashKind::Done, "rule-exception-made");
    let tx = visit.begin().await?;
    if identity.claim(&tx, visit.now()).await?.is_some() {
        return Ok(done());
    }
    let limits = &subject.settings.tuning.exceptions;
    match service::create(&tx, limits, &subject.rule_id, &posted.input(), visit.now()).await {
        Ok(id) => {
            identity.answer(&tx, &id).await?;
            if posted.close_alert == "true" {
                close(&visit, &tx, subject.alert.as_ref(), &posted.reason).await?;
            }
            tx.commit().await?;
            Ok(done())
        }
        Err(error) => {
            tx.rollback().await?;
            let errors = FormErrors::of_error(visit.lang, error)?;
            Ok(show(&visit, &subject, &posted, errors).await?)
        }
    }
}

/// Closes the alert as a false positive, where it can be.
async fn close(visit: &Visit, tx: &Tx<'_>, alert: Option<&Alert>, reason: &str) -> Result<(), Error> {
    let Some(alert) = alert.filter(|alert| may_close(visit, Some(alert))) else { return Ok(()) };
    let ids = [alert.id.clone()];
    let live = &visit.app.live;
    alerts::service::close(tx, live, &ids, CloseReason::FalsePositive, reason, visit.now()).await.map(|_| ())
}
