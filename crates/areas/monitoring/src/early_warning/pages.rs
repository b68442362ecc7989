//! `/early-warning`: detectors with how much each has learnt, and what was unusual lately.

use super::account::sentence;
use super::chart::Chart;
use super::policy::Watched;
use super::store::{self, Learnt, Listed};
use crate::settings::Settings;
use askama::Template;
use axum::response::{IntoResponse, Response};
use kit::Capability;
use kit::page::{Address, Chip, Page, Pagination, Tone};
use kit::web::{Fail, Routes, Visit, render};

const PER_PAGE: u64 = 20;

pub(super) fn routes() -> Routes {
    Routes::new().get("/early-warning", Capability::ViewAlerts, list_early_warnings)
}

struct DetectorRow {
    name: String,
    about: String,
    state: &'static str,
    tone: Tone,
    learnt: Learnt,
    found: u64,
    href: String,
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
    detectors: Vec<DetectorRow>,
    rows: Vec<Row>,
    pagination: Pagination,
}

async fn list_early_warnings(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::ViewAlerts)?;
    let (view, policy) = (visit.read(), Settings::of(&visit.app)?.early_warning.clone());
    let asked = visit.address.value("detector").filter(|id| policy.place(id).is_some()).map(ToOwned::to_owned);
    let pagination = Pagination::of(&visit.address, PER_PAGE, store::count(&view, asked.as_deref()).await?);
    let found = store::list(&view, asked.as_deref(), PER_PAGE, pagination.offset()).await?;
    let mut learnt = store::learnt(&view, policy.history_days).await?;
    let page = visit.page().await?;
    let mut detectors = Vec::new();
    for watched in &policy.detectors {
        let learnt = learnt.remove(&watched.id).unwrap_or_default();
        let (state, tone) = state(watched, &learnt);
        detectors.push(DetectorRow {
            name: page.t(&watched.id),
            about: page.t(&format!("{}-about", watched.id)),
            state,
            tone,
            learnt,
            found: store::count(&view, Some(&watched.id)).await?,
            href: Address::parse("/early-warning").with("detector", &watched.id).to_string(),
        });
    }
    let chips =
        asked.iter().map(|id| Chip::of(&page.address, "detector", id, page.t("early-warning-detector"), page.t(id)));
    let template = ListPage {
        chips: chips.collect(),
        history_days: policy.history_days,
        detectors,
        rows: found.into_iter().map(|listed| row(listed, &page, visit.now())).collect(),
        pagination,
        page,
    };
    Ok(render(&template)?.into_response())
}

/// On, learning still, or off.
fn state(watched: &Watched, learnt: &Learnt) -> (&'static str, Tone) {
    match (watched.enabled, learnt.grown) {
        (false, _) => ("early-warning-off", Tone::Neutral),
        (true, 0) => ("early-warning-learning", Tone::Attention),
        (true, _) => ("early-warning-on", Tone::Good),
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
