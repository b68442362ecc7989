//! The start page and its wall view.

use super::DutySettings;
use crate::Monitoring;
use crate::alerts::AlertState;
use crate::alerts::listing::{self, Filter, Row};
use crate::settings::Settings;
use crate::sources::store::{Listed, SourceFilter, list};
use crate::stories::account::StoryLine;
use crate::stories::store as stories;
use crate::timespan::Timespan;
use askama::Template;
use axum::response::{IntoResponse, Response};
use kit::clock::Micros;
use kit::page::{Address, Level, Page, Sorting};
use kit::web::{Access, Fail, Routes, SlotContent, Visit, render};
use kit::{Capability, Connection, Error};
use organisation::audit::{Checkpoints, KeyTrouble};
use organisation::sign_in::SignIn;

/// Records that wait for the rules while everything is well: what arrives in some seconds of a busy centre.
const MANY_WAITING: u64 = 50_000;

pub(super) fn routes() -> Routes {
    Routes::new().get("/", Access::SignedIn, show_duty)
}

/// A system of which nothing is heard, with the source that fell silent first.
pub(super) struct SilentSystem {
    pub system_id: String,
    pub name: String,
    pub level: Option<Level>,
    pub agency: String,
    pub since: Micros,
    /// How many of its sources are silent.
    pub sources: usize,
    pub source_id: String,
    pub source_name: String,
}

struct AlertLine {
    row: Row,
    title: String,
}

/// Everything the page shows, whatever the frame around it.
struct Panels {
    /// What other areas show in the wide column (clocks) and in the narrow one (who is on duty, handover).
    slots: Vec<SlotContent>,
    side_slots: Vec<SlotContent>,
    /// Attack stories with such alerts; the alerts beside them belong to none.
    stories: Vec<StoryLine>,
    alerts: Vec<AlertLine>,
    alerts_total: u64,
    alerts_href: String,
    may_see_alerts: bool,
    silent: Vec<SilentSystem>,
    silent_total: u64,
    may_see_sources: bool,
    hours: i64,
    /// Why the audit trail is not signed, as the key of a text, for who looks after it.
    unsigned: Option<&'static str>,
    /// Nothing is taken in: the disk of the event store is full.
    disk_full: bool,
    /// The list of breached passwords cannot be read; told to administrators.
    breached_unread: bool,
    /// Records that are kept but not searched through yet, where they are so many that alerts come late.
    waiting: Option<u64>,
}

#[derive(Template)]
#[template(path = "duty/templates/duty.html")]
struct DutyPage {
    page: Page,
    panels: Panels,
    wall: String,
}

#[derive(Template)]
#[template(path = "duty/templates/wall.html")]
struct WallPage {
    page: Page,
    panels: Panels,
}

async fn show_duty(visit: Visit) -> Result<Response, Fail> {
    let panels = panels(&visit).await?;
    let page = visit.page().await?;
    if visit.address.has("wall", "1") {
        return Ok(render(&WallPage { page, panels })?.into_response());
    }
    Ok(render(&DutyPage { page, panels, wall: "/?wall=1".to_owned() })?.into_response())
}

async fn panels(visit: &Visit) -> Result<Panels, Error> {
    let (scope, connection, now) = (visit.scope(), visit.read(), visit.now());
    let may_see_alerts = scope.may(Capability::ViewAlerts);
    let may_see_sources = scope.may(Capability::ViewSources);
    let settings = Settings::of(&visit.app)?;
    let settings = &settings.duty;
    let filter = unacknowledged(settings, now);
    let (rows, stories, alerts_total) = if may_see_alerts {
        let urgent_first = Sorting { column: "severity".to_owned(), descending: true };
        let loose = Filter { is_loose: true, ..filter.clone() };
        let rows = listing::rows(&connection, &loose, &urgent_first, settings.rows, 0).await?;
        let stories = stories::list(&connection, &filter, settings.rows, 0).await?;
        (rows, stories, listing::count(&connection, &filter).await?)
    } else {
        (Vec::new(), Vec::new(), 0)
    };
    let mut silent = if may_see_sources { silent_systems(&connection).await? } else { Vec::new() };
    let silent_total = silent.len() as u64;
    silent.truncate(settings.rows as usize);
    let mut alerts_href = Address::parse("/alerts?state=new").with("range", format!("{}h", settings.alerts_hours));
    for severity in &filter.severities {
        alerts_href = alerts_href.and("severity", severity.code());
    }
    // People stand beside what happens, not above it.
    let (side_slots, slots) =
        visit.fragments("duty.panel", "").await.into_iter().partition(|slot| slot.title_key.starts_with("roster"));
    let monitoring = visit.app.ports.get::<Monitoring>();
    let breached_unread = match visit.app.ports.get::<SignIn>() {
        Some(sign_in) if scope.may(Capability::Administer) => sign_in.breached_trouble().await.is_some(),
        _ => false,
    };
    Ok(Panels {
        slots,
        side_slots,
        stories: StoryLine::of(visit, stories)?,
        alerts: rows.into_iter().map(|row| AlertLine { title: row.title(visit.lang).to_owned(), row }).collect(),
        alerts_total,
        alerts_href: alerts_href.to_string(),
        may_see_alerts,
        silent,
        silent_total,
        may_see_sources,
        hours: settings.alerts_hours,
        unsigned: Checkpoints::of(&visit.app)
            .filter(|_| scope.may(Capability::ViewAudit) || scope.may(Capability::Administer))
            .and_then(|checkpoints| checkpoints.trouble())
            .map(KeyTrouble::key),
        breached_unread,
        disk_full: monitoring.as_ref().is_some_and(|monitoring| monitoring.store.is_disk_full()),
        waiting: monitoring.map(|monitoring| waiting(&monitoring.store)).filter(|waiting| *waiting > MANY_WAITING),
    })
}

/// Records between the door and the rules.
fn waiting(store: &event_store::Store) -> u64 {
    store.last_seq().saturating_sub(store.inserted())
}

/// New alerts of high severity lately.
pub(super) fn unacknowledged(settings: &DutySettings, now: Micros) -> Filter {
    Filter {
        states: vec![AlertState::New],
        severities: settings.severities(),
        rule_id: None,
        system_id: None,
        agency_id: None,
        source_id: None,
        entity: None,
        technique: None,
        assigned_to: None,
        hunt_id: None,
        live_only: true,
        story_id: None,
        suppression_id: None,
        is_loose: false,
        words: String::new(),
        span: Timespan { from: Some(settings.since(now)), to: None, range: "" },
    }
}

/// Most silent sources that are looked at.
const MOST_SOURCES: u64 = 2_000;

/// Systems with silent sources: highest level first, then the longest silence.
pub(super) async fn silent_systems(connection: &impl Connection) -> Result<Vec<SilentSystem>, Error> {
    let filter = SourceFilter { silent: true, ..SourceFilter::default() };
    let mut systems: Vec<SilentSystem> = Vec::new();
    for listed in list(connection, &filter, MOST_SOURCES, 0).await? {
        let Some(silent) = silent_system(listed) else { continue };
        match systems.iter_mut().find(|system| system.system_id == silent.system_id) {
            Some(system) => {
                system.sources += 1;
                if silent.since < system.since {
                    system.since = silent.since;
                    system.source_id = silent.source_id;
                    system.source_name = silent.source_name;
                }
            }
            None => systems.push(silent),
        }
    }
    systems.sort_by(|one, other| other.level.cmp(&one.level).then_with(|| one.since.cmp(&other.since)));
    Ok(systems)
}

fn silent_system(listed: Listed) -> Option<SilentSystem> {
    Some(SilentSystem {
        system_id: listed.system_id?,
        name: listed.system_name.unwrap_or_default(),
        level: listed.system_level.and_then(Level::new),
        agency: listed.agency_name.unwrap_or_default(),
        since: listed.status.silent_since?,
        sources: 1,
        source_id: listed.source.id,
        source_name: listed.source.name,
    })
}
