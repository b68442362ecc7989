//! Pages of sources: the list with who is unknown on top, one source, adoption.

use super::adoption::{Neighbour, suggestion};
use super::presence::{self, StripFor};
use super::rhythm::{Learned, WeekHours};
use super::service::AdoptionInput;
use super::store::{self, Listed, SourceFilter};
use super::{Rhythm, SourceState, doors, form, learning, service, source_page};
use crate::maintenance::{self, Planned};
use crate::settings::Settings;
use askama::Template;
use assurance::systems;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use kit::clock::{HOUR, Micros, SECOND};
use kit::page::{Chip, Choice, FlashKind, Level, Page, Pagination, Presence, Tab, Tone};
use kit::web::{Csv, Fail, Form, Routes, Visit, render, see_other_saying};
use kit::{Capability, Connection, Error};
use organisation::elevations::{file_link, leave};
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

const PER_PAGE: u64 = 100;
const MOST_ROWS: u64 = 10_000;
/// Registered sources that are looked at for suggestions.
const MOST_NEIGHBOURS: u64 = 20_000;
/// Hours a strip shows.
const HOURS: i64 = 24;

pub fn routes() -> Routes {
    Routes::new()
        .get("/sources", Capability::ViewSources, list_sources)
        .post("/sources", Capability::ManageSources, form::register_source)
        .get("/sources/new", Capability::ManageSources, form::new_source)
        .get("/sources/doors", Capability::ManageSources, doors::show_doors)
        .post("/sources/adopt", Capability::ManageSources, adopt_sources)
        .post("/sources/adopt-matching", Capability::ManageSources, adopt_matching)
        .post("/sources/adopt-suggested", Capability::ManageSources, adopt_suggested)
        .get("/sources/{id}", Capability::ViewSources, source_page::show_source)
        .post("/sources/{id}", Capability::ManageSources, form::change_source)
        .get("/sources/{id}/edit", Capability::ManageSources, form::edit_source)
        .post("/sources/{id}/retire", Capability::ManageSources, retire_source)
}

/// One line of the list.
pub(super) struct Line {
    pub(super) listed: Listed,
    pub(super) strip: Presence,
}

impl Line {
    pub(super) fn level(&self) -> Option<Level> {
        self.listed.system_level.and_then(Level::new)
    }

    pub(super) fn is_unassigned(&self) -> bool {
        self.listed.source.state == SourceState::Unassigned
    }
}

/// Sources of one agency.
struct Group {
    agency_id: Option<String>,
    agency_name: String,
    lines: Vec<Line>,
}

#[derive(Template)]
#[template(path = "sources/templates/list.html")]
struct ListPage {
    page: Page,
    words: String,
    tabs: Vec<Tab>,
    chips: Vec<Chip>,
    unassigned: Vec<Line>,
    groups: Vec<Group>,
    systems: Vec<Choice>,
    /// What neighbours suggest, by sender.
    suggested: BTreeMap<String, (String, String)>,
    pagination: Pagination,
    may_change: bool,
    may_search: bool,
    csv: String,
}

/// Name of the system that is suggested for a sender.
fn suggested_name<'page>(suggested: &'page BTreeMap<String, (String, String)>, line: &Line) -> Option<&'page str> {
    suggested.get(&line.listed.source.id).map(|(_, name)| name.as_str())
}

pub(super) fn filter_of(visit: &Visit) -> SourceFilter {
    let text = |name: &str| visit.address.value(name).filter(|text| !text.is_empty()).map(ToOwned::to_owned);
    let state = text("state").and_then(|code| SourceState::from_code(&code));
    SourceFilter {
        states: state.map_or_else(|| vec![SourceState::Unassigned, SourceState::Registered], |state| vec![state]),
        agency_id: text("agency"),
        system_id: text("system"),
        silent: visit.address.has("silent", "1"),
        words: text("q").unwrap_or_default(),
    }
}

async fn list_sources(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::ViewSources)?;
    let filter = filter_of(&visit);
    let view = visit.read();
    let page = visit.page().await?;
    if visit.address.has("format", "csv") {
        return Ok(leave(&visit, csv(&page, &store::list(&view, &filter, MOST_ROWS, 0).await?)).await?);
    }
    let pagination = Pagination::of(&visit.address, PER_PAGE, store::count(&view, &filter).await?);
    let listed = store::list(&view, &filter, PER_PAGE, pagination.offset()).await?;
    let may_change = visit.scope().may(Capability::ManageSources);
    let (unassigned, registered): (Vec<_>, Vec<_>) =
        lines(&visit, listed).await?.into_iter().partition(Line::is_unassigned);
    let systems = if unassigned.is_empty() || !may_change { Vec::new() } else { system_choices(&visit, "").await? };
    let unknown: Vec<Listed> = unassigned.iter().map(|line| line.listed.clone()).collect();
    let suggested = match systems.is_empty() {
        true => BTreeMap::new(),
        false => suggestions(&view, &unknown).await?,
    };
    let template = ListPage {
        suggested,
        tabs: tabs(&visit, &page, &filter).await?,
        chips: chips(&page, &filter, registered.first()),
        unassigned,
        groups: group(&page, registered),
        systems,
        pagination,
        may_change,
        may_search: visit.scope().may(Capability::ViewEvents),
        csv: file_link(&visit, &page.address, pagination.total).await?,
        words: filter.words,
        page,
    };
    Ok(render(&template)?.into_response())
}

pub(super) async fn lines(visit: &Visit, listed: Vec<Listed>) -> Result<Vec<Line>, Error> {
    let now = visit.now();
    let ids: Vec<_> = listed.iter().map(|one| one.source.id.clone()).collect();
    let mut hours = presence::hours(&visit.read(), &ids, now - (HOURS + 1) * HOUR, now + HOUR).await?;
    let rhythms = Rhythms::of(visit, &listed, now - (HOURS + 1) * HOUR).await?;
    let line = |listed: Listed| {
        let hours = hours.remove(&listed.source.id).unwrap_or_default();
        let planned = rhythms.planned(&listed);
        Line { strip: strip(visit, rhythms.strip_for(&listed, &planned), &hours, HOURS), listed }
    };
    Ok(listed.into_iter().map(line).collect())
}

/// When sources are expected, and what is planned for them.
pub(super) struct Rhythms {
    settings: Arc<Settings>,
    learned: HashMap<String, Learned>,
    planned: Vec<Planned>,
}

impl Rhythms {
    pub(super) async fn of(visit: &Visit, listed: &[Listed], from: Micros) -> Result<Self, Error> {
        let view = visit.read();
        let learners = listed.iter().filter(|one| one.source.rhythm == Rhythm::Learned);
        let ids: Vec<String> = learners.map(|one| one.source.id.clone()).collect();
        Ok(Self {
            settings: Settings::of(&visit.app)?,
            learned: learning::learned(&view, &ids).await?,
            planned: maintenance::store::planned(&view, from, visit.now() + HOUR).await?,
        })
    }

    pub(super) fn hours(&self, listed: &Listed) -> WeekHours {
        let learned = self.learned.get(&listed.source.id);
        WeekHours::expected(listed.source.rhythm, learned, &self.settings.sources.rhythm)
    }

    pub(super) fn planned(&self, listed: &Listed) -> Vec<(Micros, Micros)> {
        let (system, agency) = (listed.system_id.as_deref(), listed.agency_id.as_deref());
        maintenance::of_source(&self.planned, &listed.source.id, system, agency)
    }

    pub(super) fn strip_for<'source>(
        &self,
        listed: &'source Listed,
        planned: &'source [(Micros, Micros)],
    ) -> StripFor<'source> {
        let most = self.settings.sources.coverage.seen_minutes;
        let reach = usize::try_from(listed.source.max_silence_minutes).unwrap_or_default().clamp(1, most);
        StripFor {
            id: &listed.source.id,
            name: &listed.source.name,
            expected: listed.source.expected,
            hours: self.hours(listed),
            planned,
            since: listed.source.created_at,
            reach: u32::try_from(reach).unwrap_or(1),
        }
    }
}

/// A strip whose hours lead to their events, for those who may read events.
pub(super) fn strip(visit: &Visit, source: StripFor<'_>, hours: &[presence::HourPresence], count: i64) -> Presence {
    let mut strip = presence::strip(source, hours, visit.now(), count);
    if !visit.scope().may(Capability::ViewEvents) {
        strip.slots.iter_mut().for_each(|slot| slot.href.clear());
    }
    strip
}

fn group(page: &Page, lines: Vec<Line>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for line in lines {
        match groups.last_mut() {
            Some(group) if group.agency_id == line.listed.agency_id => group.lines.push(line),
            _ => groups.push(Group {
                agency_id: line.listed.agency_id.clone(),
                agency_name: line.listed.agency_name.clone().unwrap_or_else(|| page.t("source-no-agency")),
                lines: vec![line],
            }),
        }
    }
    groups
}

async fn tabs(visit: &Visit, page: &Page, filter: &SourceFilter) -> Result<Vec<Tab>, Error> {
    let view = visit.read();
    let base = SourceFilter { states: Vec::new(), silent: false, ..filter.clone() };
    let both = vec![SourceState::Unassigned, SourceState::Registered];
    let mut tabs = Vec::new();
    let mut tab = async |key: &str, state: Option<SourceState>, silent: bool| {
        let states = state.map_or_else(|| both.clone(), |state| vec![state]);
        let chosen = filter.silent == silent && filter.states == states;
        let asked = SourceFilter { states, silent, ..base.clone() };
        let address = page.address.without("page").without("state").without("silent");
        let address = match (state, silent) {
            (Some(state), _) => address.with("state", state.code()),
            (None, true) => address.with("silent", "1"),
            (None, false) => address,
        };
        let count = store::count(&view, &asked).await?;
        tabs.push(Tab { name: page.t(key), href: address.to_string(), chosen, count: Some(count) });
        Ok::<_, Error>(())
    };
    tab("source-tab-all", None, false).await?;
    tab("source-tab-silent", None, true).await?;
    tab("source-tab-unassigned", Some(SourceState::Unassigned), false).await?;
    tab("source-tab-retired", Some(SourceState::Retired), false).await?;
    Ok(tabs)
}

fn chips(page: &Page, filter: &SourceFilter, first: Option<&Line>) -> Vec<Chip> {
    let mut chips = Vec::new();
    if !filter.words.is_empty() {
        chips.push(Chip::of(&page.address, "q", &filter.words, page.t("source-words"), filter.words.clone()));
    }
    let named = |name: Option<&String>, id: &String| name.cloned().unwrap_or_else(|| id.clone());
    if let Some(id) = &filter.agency_id {
        let name = named(first.and_then(|line| line.listed.agency_name.as_ref()), id);
        chips.push(Chip::of(&page.address, "agency", id, page.t("source-agency"), name));
    }
    if let Some(id) = &filter.system_id {
        let name = named(first.and_then(|line| line.listed.system_name.as_ref()), id);
        chips.push(Chip::of(&page.address, "system", id, page.t("source-system"), name));
    }
    chips
}

fn csv(page: &Page, sources: &[Listed]) -> Csv {
    let heads = [
        "source-name",
        "source-kind",
        "source-state",
        "source-agency",
        "source-system",
        "source-network",
        "source-host",
        "source-last-seen",
        "source-rate",
        "source-events",
        "source-not-understood",
        "source-lag",
    ];
    let mut csv = Csv::new("sources", heads.map(|key| page.t(key)));
    for one in sources {
        let source = &one.source;
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        csv.row([
            source.name.clone(),
            page.t(&source.kind.key()),
            page.t(&format!("source-state-{}", source.state.code())),
            text(&one.agency_name),
            text(&one.system_name),
            text(&source.match_network),
            text(&source.match_host),
            one.status.last_seen.map(kit::page::iso).unwrap_or_default(),
            format!("{:.1}", one.status.rate_per_minute),
            one.status.events.to_string(),
            one.status.not_understood.to_string(),
            one.status.lag.map(|lag| format!("{:.3}", lag as f64 / SECOND as f64)).unwrap_or_default(),
        ]);
    }
    csv
}

/// Systems in scope, named with their agency.
pub(crate) async fn system_choices(visit: &Visit, chosen: &str) -> Result<Vec<Choice>, Error> {
    let systems = systems::store::list(&visit.read(), &systems::store::Filter::default()).await?;
    let choice = |system: systems::System| {
        let name = format!("{} — {} (C{})", system.agency_name, system.name, system.level);
        Choice::new(system.id.clone(), name, system.id == chosen)
    };
    Ok(systems.into_iter().map(choice).collect())
}

#[derive(Deserialize)]
struct Adoption {
    #[serde(default)]
    id: Vec<String>,
    #[serde(default)]
    system_id: String,
    #[serde(default)]
    name: String,
}

async fn adopt_sources(visit: Visit, Form(adoption): Form<Adoption>) -> Result<Response, Fail> {
    visit.require(Capability::ManageSources)?;
    if adoption.id.is_empty() || adoption.system_id.is_empty() {
        return Ok(see_other_saying("/sources", FlashKind::Problem, "source-adopt-choose"));
    }
    let name = Some(adoption.name.as_str()).filter(|_| adoption.id.len() == 1);
    let tx = visit.begin().await?;
    for id in &adoption.id {
        service::adopt(&tx, id, &adoption.system_id, name, visit.now()).await?;
    }
    tx.commit().await?;
    let to = match adoption.id.as_slice() {
        [only] => format!("/sources/{only}"),
        _ => "/sources".to_owned(),
    };
    Ok(see_other_saying(to, FlashKind::Done, "source-adopted"))
}

async fn adopt_matching(visit: Visit, Form(input): Form<AdoptionInput>) -> Result<Response, Fail> {
    visit.require(Capability::ManageSources)?;
    let tx = visit.begin().await?;
    match service::adopt_matching(&tx, &input, visit.now()).await {
        Ok(_) => {
            tx.commit().await?;
            Ok(see_other_saying("/sources", FlashKind::Done, "source-adopted"))
        }
        Err(Error::Conflict(key)) => Ok(see_other_saying("/sources", FlashKind::Problem, key)),
        Err(Error::Invalid(fields)) => {
            let key = fields.first().map_or("source-adopt-rule-empty", |one| one.key);
            Ok(see_other_saying("/sources", FlashKind::Problem, key))
        }
        Err(error) => Err(error.into()),
    }
}

/// Adopts the chosen senders, or all, each into the system that its neighbours suggest.
async fn adopt_suggested(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::ManageSources)?;
    let tx = visit.begin().await?;
    let filter = SourceFilter { states: vec![SourceState::Unassigned], ..SourceFilter::default() };
    let unknown = store::list(&tx, &filter, MOST_ROWS, 0).await?;
    let suggested = suggestions(&tx, &unknown).await?;
    for (id, system) in &suggested {
        service::adopt(&tx, id, &system.0, None, visit.now()).await?;
    }
    if suggested.is_empty() {
        return Ok(see_other_saying("/sources", FlashKind::Problem, "source-adopt-nobody"));
    }
    tx.commit().await?;
    Ok(see_other_saying("/sources", FlashKind::Done, "source-adopted"))
}

/// What the neighbours of unknown senders suggest: identifier and name of a system, by sender.
async fn suggestions(
    connection: &impl Connection,
    unknown: &[Listed],
) -> Result<BTreeMap<String, (String, String)>, Error> {
    let filter = SourceFilter { states: vec![SourceState::Registered], ..SourceFilter::default() };
    let mut names: HashMap<String, String> = HashMap::new();
    let mut neighbours = Vec::new();
    for listed in store::list(connection, &filter, MOST_NEIGHBOURS, 0).await? {
        if let Some(system) = &listed.system_id {
            neighbours.push(Neighbour::of(&listed.source, system));
            names.insert(system.clone(), listed.system_name.clone().unwrap_or_default());
        }
    }
    let of = |one: &Listed| {
        let system = suggestion(&one.source, &neighbours)?;
        let name = names.get(system).cloned().unwrap_or_default();
        Some((one.source.id.clone(), (system.to_owned(), name)))
    };
    Ok(unknown.iter().filter_map(of).collect())
}

async fn retire_source(visit: Visit, Path(id): Path<String>) -> Result<Response, Fail> {
    let tx = visit.begin().await?;
    service::retire(&tx, &id, visit.now()).await?;
    tx.commit().await?;
    Ok(see_other_saying(format!("/sources/{id}"), FlashKind::Done, "source-retired"))
}

/// Tone of a source's state beside its word.
pub(super) fn tone(line: &Line) -> Tone {
    match line.listed.source.state {
        SourceState::Unassigned => Tone::Attention,
        SourceState::Retired => Tone::Neutral,
        SourceState::Registered if line.listed.status.silent_since.is_some() => Tone::Bad,
        SourceState::Registered if line.listed.status.last_live.is_some() => Tone::Good,
        SourceState::Registered => Tone::Active,
    }
}

/// Key of the word for it.
pub(super) fn state_key(line: &Line) -> &'static str {
    match line.listed.source.state {
        SourceState::Unassigned => "source-state-unassigned",
        SourceState::Retired => "source-state-retired",
        SourceState::Registered if line.listed.status.silent_since.is_some() => "source-state-silent",
        SourceState::Registered if line.listed.status.last_seen.is_some() => "source-state-heard",
        SourceState::Registered => "source-state-waiting",
    }
}
