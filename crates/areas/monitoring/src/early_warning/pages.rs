//! `/early-warning`: detectors with how they stand and how much each has learnt, and what was unusual lately.

use super::account::sentence;
use super::address_of;
use super::chart::Chart;
use super::policy::{Policy, Watched};
use super::store::{self, Learnt, Listed};
use crate::rules::states::pages::StateForm;
use crate::rules::states::{self, Decision, RuleState};
use crate::settings::Settings;
use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kit::page::{Address, Chip, Entry, ErrorSummary, FormErrors, Page, Pagination, Tone};
use kit::web::{Fail, Routes, Visit, render};
use kit::{Capability, Error};

const PER_PAGE: u64 = 20;
/// Subjects of a detector that are named as such of which nothing is told.
const MOST_UNJUDGED: u64 = 10;

pub(super) fn routes() -> Routes {
    Routes::new().get("/early-warning", Capability::ViewAlerts, list_early_warnings)
}

struct DetectorRow {
    name: String,
    about: String,
    state: &'static str,
    tone: Tone,
    learnt: Learnt,
    /// Some of those of which nothing is told, by name.
    unjudged: Vec<String>,
    /// What somebody decided about it.
    decision: Option<Decision>,
    found: u64,
    href: String,
}

/// The detector that the list is narrowed to, and what the asker may do about it.
struct Chosen {
    id: String,
    may_except: bool,
    may_see_exceptions: bool,
    exceptions: String,
}

struct Row {
    listed: Listed,
    name: String,
    /// The entity, or the name of the source that it is.
    about: String,
    sentence: String,
    chart: Chart,
    alerts: String,
}

#[derive(Template)]
#[template(path = "early_warning/templates/list.html")]
struct ListPage {
    page: Page,
    history_days: i64,
    chips: Vec<Chip>,
    chosen: Option<Chosen>,
    detectors: Vec<DetectorRow>,
    rows: Vec<Row>,
    pagination: Pagination,
    /// Fields for another state of the chosen one; none for whoever may not decide.
    state_form: Vec<Entry>,
    errors: ErrorSummary,
}

/// The detector that a list is narrowed to.
pub(super) fn asked(address: &Address, policy: &Policy) -> Option<String> {
    address.value("detector").filter(|id| policy.place(id).is_some()).map(ToOwned::to_owned)
}

async fn list_early_warnings(visit: Visit) -> Result<Response, Fail> {
    Ok(show(&visit, visit.address.clone(), &StateForm::default(), FormErrors::default()).await?)
}

/// The page as `address` has it, with what was typed into the form of the chosen detector.
pub(crate) async fn show(
    visit: &Visit,
    address: Address,
    typed: &StateForm,
    errors: FormErrors,
) -> Result<Response, Error> {
    visit.require(Capability::ViewAlerts)?;
    let (view, policy) = (visit.read(), Settings::of(&visit.app)?.early_warning.clone());
    let asked = asked(&address, &policy);
    let pagination = Pagination::of(&address, PER_PAGE, store::count(&view, asked.as_deref()).await?);
    let found = store::list(&view, asked.as_deref(), PER_PAGE, pagination.offset()).await?;
    let mut learnt = store::learnt(&view, policy.history_days).await?;
    let mut page = visit.page().await?;
    page.address = address;
    let decisions = states::store::all(&view).await?;
    let mut detectors = Vec::new();
    for watched in &policy.detectors {
        let learnt = learnt.remove(&watched.id).unwrap_or_default();
        let decided = decisions.state(&watched.id);
        let (state, tone) = state(watched, decided, &learnt);
        let unjudged = match learnt.unjudged {
            0 => Vec::new(),
            _ => store::unjudged(&view, &watched.id, policy.history_days, MOST_UNJUDGED).await?,
        };
        detectors.push(DetectorRow {
            unjudged,
            decision: decisions.of(&watched.id).cloned(),
            name: page.t(&watched.id),
            about: page.t(&format!("{}-about", watched.id)),
            state,
            tone,
            learnt,
            found: store::count(&view, Some(&watched.id)).await?,
            href: address_of(&watched.id),
        });
    }
    let chips =
        asked.iter().map(|id| Chip::of(&page.address, "detector", id, page.t("early-warning-detector"), page.t(id)));
    let chosen = asked.as_deref().and_then(|id| policy.place(id)).and_then(|place| policy.detectors.get(place));
    // Nobody decides here about a detector that the centre's settings have off.
    let state_form = match chosen.filter(|watched| watched.enabled) {
        Some(watched) => states::pages::entries(visit, &page, decisions.state(&watched.id), typed, &errors),
        None => Vec::new(),
    };
    let template = ListPage {
        chips: chips.collect(),
        chosen: chosen.map(|watched| of_chosen(visit, watched)),
        errors: errors.summary(&state_form),
        state_form,
        history_days: policy.history_days,
        detectors,
        rows: found.into_iter().map(|listed| row(listed, &page, visit.now())).collect(),
        pagination,
        page,
    };
    let status = if template.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok((status, render(&template)?).into_response())
}

/// On, learning still, on trial or off.
fn state(watched: &Watched, decided: RuleState, learnt: &Learnt) -> (&'static str, Tone) {
    match (watched.enabled, decided) {
        (false, _) | (true, RuleState::Off) => ("early-warning-off", Tone::Neutral),
        (true, RuleState::Shadow) => (RuleState::Shadow.key(), Tone::Attention),
        (true, RuleState::On) if learnt.grown == 0 => ("early-warning-learning", Tone::Attention),
        (true, RuleState::On) => ("early-warning-on", Tone::Good),
    }
}

/// What may be done about a detector.
fn of_chosen(visit: &Visit, watched: &Watched) -> Chosen {
    Chosen {
        may_except: visit.scope().may(Capability::TuneRules),
        may_see_exceptions: visit.scope().may(Capability::ViewRules),
        exceptions: Address::parse("/rules/exceptions").with("rule", &watched.id).to_string(),
        id: watched.id.clone(),
    }
}

fn row(listed: Listed, page: &Page, now: i64) -> Row {
    let warning = &listed.warning;
    let entity = format!("{}:{}", warning.entity.kind, warning.entity.value);
    let alerts = Address::parse("/alerts?state=all&range=all").with("rule", &warning.detector).with("entity", entity);
    let of_source = listed.source_name.clone().filter(|_| warning.entity.kind == "source");
    Row {
        name: page.t(&warning.detector),
        about: of_source.unwrap_or_else(|| warning.entity.value.clone()),
        sentence: sentence(&warning.anomaly.normal, page.lang, now),
        chart: Chart::of(warning, page),
        alerts: alerts.to_string(),
        listed,
    }
}
