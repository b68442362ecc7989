//! One source: what is known of it, how much came and when, its last records, whose it was.

use super::pages::{Line, Rhythms, lines, state_key, strip, system_choices, tone};
use super::{Assignment, presence, store};
use crate::search::event_page::last_records;
use askama::Template;
use assurance::systems;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use kit::clock::{HOUR, Micros, SECOND};
use kit::page::{Choice, Histogram, Page, Presence, Series};
use kit::web::{Fail, Visit, render};
use kit::{Capability, Error};

/// A clock that is off by more than this is shown as such.
const NOTABLE_LAG: i64 = 60 * SECOND;
/// Records shown of a source.
const SAMPLES: usize = 5;

#[derive(Template)]
#[template(path = "sources/templates/source.html")]
struct SourcePage {
    page: Page,
    line: Line,
    assignments: Vec<(Assignment, String)>,
    month: Presence,
    systems: Vec<Choice>,
    may_change: bool,
    may_search: bool,
    may_see_alerts: bool,
    off_clock: bool,
    /// Events by the hour of the last days.
    chart: Histogram,
    /// Its last records as they arrived, with their numbers.
    samples: Vec<(u64, String)>,
    /// Hours of a week in which it is expected.
    expected_hours: u64,
}

/// What came in each hour of the last seven days.
fn rate_chart(page: &Page, hours: &[presence::HourPresence], now: Micros) -> Histogram {
    let start = now.div_euclid(HOUR) * HOUR - (7 * 24 - 1) * HOUR;
    let mut counts = vec![0_u64; 7 * 24];
    for hour in hours {
        let place = usize::try_from((hour.hour_start - start).div_euclid(HOUR)).ok();
        if let Some(count) = place.and_then(|place| counts.get_mut(place)) {
            *count += u64::try_from(hour.events).unwrap_or_default();
        }
    }
    Histogram {
        id: "source-rate".to_owned(),
        title: page.t("source-rate-chart"),
        start,
        width: HOUR,
        series: vec![Series { name: page.t("source-events"), counts, colour: "accent".to_owned() }],
        zoom: None,
    }
}

pub(super) async fn show_source(visit: Visit, Path(id): Path<String>) -> Result<Response, Fail> {
    visit.require(Capability::ViewSources)?;
    let view = visit.read();
    let listed = store::get(&view, &id).await?;
    let now = visit.now();
    let hours = presence::hours(&view, std::slice::from_ref(&id), now - 7 * 24 * HOUR, now + HOUR).await?;
    let hours = hours.get(&id).map(Vec::as_slice).unwrap_or_default();
    let rhythms = Rhythms::of(&visit, std::slice::from_ref(&listed), now - 7 * 24 * HOUR).await?;
    let planned = rhythms.planned(&listed);
    let month = strip(&visit, rhythms.strip_for(&listed, &planned), hours, 7 * 24);
    let expected_hours = rhythms.hours(&listed).count() as u64;
    let page = visit.page().await?;
    let chart = rate_chart(&page, hours, now);
    let samples = last_records(&visit, &listed, SAMPLES).await?;
    let may_change = visit.scope().may(Capability::ManageSources);
    let line = lines(&visit, vec![listed]).await?.pop().ok_or(Error::NotFound)?;
    let systems = if may_change && line.is_unassigned() { system_choices(&visit, "").await? } else { Vec::new() };
    let template = SourcePage {
        page,
        chart,
        samples,
        expected_hours,
        assignments: named_assignments(&visit, &id).await?,
        off_clock: line.listed.status.lag.is_some_and(|lag| lag.abs() > NOTABLE_LAG),
        line,
        month,
        systems,
        may_change,
        may_search: visit.scope().may(Capability::ViewEvents),
        may_see_alerts: visit.scope().may(Capability::ViewAlerts),
    };
    Ok(render(&template)?.into_response())
}

async fn named_assignments(visit: &Visit, id: &str) -> Result<Vec<(Assignment, String)>, Error> {
    let view = visit.read();
    let mut named = Vec::new();
    for assignment in store::assignments(&view, id).await? {
        let name = match &assignment.system_id {
            Some(system) => systems::store::find(&view, system).await.map(|system| system.name).unwrap_or_default(),
            None => String::new(),
        };
        named.push((assignment, name));
    }
    Ok(named)
}
