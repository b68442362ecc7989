//! `/early-warning`: detectors with how they stand and how much each has learnt, and what was unusual lately.

use super::account::sentence;
use super::address_of;
use super::chart::Chart;
use super::policy::{Policy, Watched};
use super::store::{self, Learnt, Listed};
use crate::rules::states::service::require_whole;
use crate::rules::states::{self, Decision, RuleState};
use crate::settings::Settings;
use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use kit::page::{Address, Chip, Choice, FlashKind, Page, Pagination, Tone};
use kit::web::{Fail, Form, Routes, Visit, render, see_other_saying};
use kit::{Capability, Error};
use serde::Deserialize;

const PER_PAGE: u64 = 20;
/// Subjects of a detector that are named as such of which nothing is told.
const MOST_UNJUDGED: u64 = 10;

pub(super) fn routes() -> Routes {
    Routes::new().get("/early-warning", Capability::ViewAlerts, list_early_warnings).post(
        "/early-warning/{id}/state",
        Capability::ManageRules,
        change_state,
    )
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
    /// States that it may be put into.
    states: Vec<Choice>,
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
}

/// The detector that a list is narrowed to.
pub(super) fn asked(visit: &Visit, policy: &Policy) -> Option<String> {
    visit.address.value("detector").filter(|id| policy.place(id).is_some()).map(ToOwned::to_owned)
}

async fn list_early_warnings(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::ViewAlerts)?;
    let (view, policy) = (visit.read(), Settings::of(&visit.app)?.early_warning.clone());
    let asked = asked(&visit, &policy);
    let pagination = Pagination::of(&visit.address, PER_PAGE, store::count(&view, asked.as_deref()).await?);
    let found = store::list(&view, asked.as_deref(), PER_PAGE, pagination.offset()).await?;
    let mut learnt = store::learnt(&view, policy.history_days).await?;
    let page = visit.page().await?;
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
    let template = ListPage {
        chips: chips.collect(),
        chosen: chosen.map(|watched| of_chosen(&visit, &page, watched, decisions.state(&watched.id))),
        history_days: policy.history_days,
        detectors,
        rows: found.into_iter().map(|listed| row(listed, &page, visit.now())).collect(),
        pagination,
        page,
    };
    Ok(render(&template)?.into_response())
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

/// What may be done about a detector; nobody decides here about one that the centre's settings have off.
fn of_chosen(visit: &Visit, page: &Page, watched: &Watched, now: RuleState) -> Chosen {
    let may_decide = watched.enabled && require_whole(visit.scope()).is_ok();
    let others = RuleState::ALL.into_iter().filter(|state| may_decide && *state != now);
    Chosen {
        states: others.map(|state| Choice::new(state.code(), page.t(state.key()), false)).collect(),
        may_except: visit.scope().may(Capability::TuneRules),
        may_see_exceptions: visit.scope().may(Capability::ViewRules),
        exceptions: Address::parse("/rules/exceptions").with("rule", &watched.id).to_string(),
        id: watched.id.clone(),
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct StateForm {
    state: String,
    reason: String,
}

async fn change_state(visit: Visit, Path(id): Path<String>, Form(form): Form<StateForm>) -> Result<Response, Fail> {
    Settings::of(&visit.app)?.early_warning.place(&id).ok_or(Error::NotFound)?;
    let state = RuleState::from_code(&form.state).ok_or_else(|| Error::invalid("state", "field-required"))?;
    let tx = visit.begin().await?;
    match states::service::set(&tx, &id, state, &form.reason, visit.now()).await {
        Ok(()) => {
            tx.commit().await?;
            Ok(see_other_saying(address_of(&id), FlashKind::Done, "early-warning-state-changed"))
        }
        Err(Error::Conflict(key)) => Ok(see_other_saying(address_of(&id), FlashKind::Problem, key)),
        Err(error) => Err(error.into()),
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
