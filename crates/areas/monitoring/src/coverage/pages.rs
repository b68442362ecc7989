//! The coverage board: systems by level, one cell a day.

use super::store::{self, Day, DayFilter};
use super::{Figures, Part, day, unwatched};
use crate::settings::Settings;
use crate::sources::SolutionGroup;
use crate::sources::minutes::day_of;
use crate::sources::settings::CoverageSettings;
use askama::Template;
use assurance::systems::{self, System};
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use kit::calendar::vietnam_date;
use kit::clock::{DAY, Micros};
use kit::page::{Choice, Level, Page, Pagination, SlotState};
use kit::web::{Csv, Fail, Routes, Visit, render};
use kit::{Capability, Connection, Error};
use organisation::elevations::{file_link, leave};
use std::collections::{BTreeSet, HashMap, HashSet};

const PER_PAGE: usize = 100;
/// Days that a board may show; the first is what it begins with.
const SPANS: [i64; 3] = [14, 7, 31];
/// Days read for one page, and for a file of all systems.
const MOST_DAYS: u64 = 4_000;
const MOST_ROWS: u64 = 100_000;

pub(super) fn routes() -> Routes {
    Routes::new().get("/coverage", Capability::ViewSources, show_board)
}

/// One day of a system.
pub(super) struct Cell {
    pub(super) state: SlotState,
    /// Hundredths of what was expected that were seen; nothing where nothing was expected.
    pub(super) percent: Option<i64>,
    pub(super) title: String,
    pub(super) href: String,
}

impl Cell {
    /// The state as a mark of its own, so that colour says nothing alone.
    pub(super) fn mark(&self) -> &'static str {
        match self.state {
            SlotState::Seen => "●",
            SlotState::Partly => "◐",
            SlotState::Silent => "○",
            SlotState::Planned => "◇",
            SlotState::NotExpected => "–",
        }
    }
}

struct Line {
    system: System,
    level: Option<Level>,
    /// Groups of solutions, and whether a source of each is there.
    groups: Vec<(SolutionGroup, bool)>,
    cells: Vec<Cell>,
}

/// Systems of one level.
struct Band {
    level: i64,
    lines: Vec<Line>,
}

#[derive(Template)]
#[template(path = "coverage/templates/board.html")]
struct BoardPage {
    page: Page,
    words: String,
    levels: Vec<Choice>,
    spans: Vec<Choice>,
    /// Beginnings of the days, the oldest first.
    days: Vec<Micros>,
    bands: Vec<Band>,
    unwatched: u64,
    watched_from_level: i64,
    pagination: Pagination,
    may_plan: bool,
    csv: String,
}

/// Systems that the address asks for: those that are to be watched and those that have a source.
async fn asked(visit: &Visit, settings: &CoverageSettings) -> Result<Vec<System>, Error> {
    let text = |name: &str| visit.address.value(name).filter(|text| !text.is_empty()).map(ToOwned::to_owned);
    let level = text("level").and_then(|level| level.parse().ok());
    let filter = systems::store::Filter {
        words: text("q").unwrap_or_default(),
        level,
        agency_id: text("agency"),
        ..systems::store::Filter::default()
    };
    let view = visit.read();
    let with_source = with_source(&view).await?;
    let shown = |system: &System| {
        with_source.contains(&system.id) || (settings.asks_anything(system.level) && day::is_running(&system.state))
    };
    let mut found = systems::store::list(&view, &filter).await?;
    found.retain(shown);
    // Within a level they stay in the order of their agencies.
    found.sort_by_key(|system| std::cmp::Reverse(system.level));
    Ok(found)
}

async fn with_source(connection: &impl Connection) -> Result<HashSet<String>, Error> {
    let condition = connection.scope().agency_condition("agency_id");
    let sql = format!(
        "SELECT DISTINCT system_id FROM source_assignments \
         WHERE valid_to IS NULL AND system_id IS NOT NULL AND {condition}"
    );
    let statement = sea_orm::Statement::from_string(connection.get_database_backend(), sql);
    let rows = connection.query_all_raw(statement).await?;
    rows.iter().map(|row| Ok(row.try_get("", "system_id")?)).collect()
}

fn span(visit: &Visit) -> i64 {
    let days = visit.address.value("days").and_then(|days| days.parse().ok());
    days.filter(|days| SPANS.contains(days)).unwrap_or(SPANS[0])
}

async fn show_board(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::ViewSources)?;
    let settings = Settings::of(&visit.app)?;
    let coverage = &settings.sources.coverage;
    let (view, today, span) = (visit.read(), day_of(visit.now()), span(&visit));
    let from = today - (span - 1) * DAY;
    let all = asked(&visit, coverage).await?;
    if visit.address.has("format", "csv") {
        let ids = all.iter().map(|system| system.id.clone()).collect::<HashSet<_>>();
        let filter = DayFilter { by_group: true, ..DayFilter::default() };
        let mut found = store::days(&view, &filter, (from, today + DAY), MOST_ROWS, 0).await?;
        found.retain(|one| ids.contains(&one.system_id));
        return Ok(leave(&visit, csv(&visit, &all, &found)).await?);
    }
    // No more than the file has: a day of each of these systems, by group and all together.
    let most = (all.len() * (1 + SolutionGroup::ALL.len())) as u64 * span.unsigned_abs();
    let by_group = DayFilter { by_group: true, ..DayFilter::default() };
    let rows = store::count(&view, &by_group, (from, today + DAY)).await?.min(most);
    let pagination = Pagination::of(&visit.address, PER_PAGE as u64, all.len() as u64);
    let first = usize::try_from(pagination.offset()).unwrap_or(usize::MAX);
    let shown: Vec<System> = all.into_iter().skip(first).take(PER_PAGE).collect();
    let ids: Vec<String> = shown.iter().map(|system| system.id.clone()).collect();
    let (found, groups) = match ids.is_empty() {
        true => (Vec::new(), Vec::new()),
        false => {
            let filter = DayFilter { systems: ids, ..DayFilter::default() };
            let found = store::days(&view, &filter, (from, today + DAY), MOST_DAYS, 0).await?;
            let by_group = DayFilter { by_group: true, ..filter };
            (found, store::days(&view, &by_group, (today, today + DAY), MOST_DAYS, 0).await?)
        }
    };
    let days: Vec<Micros> = (0..span).map(|day| from + day * DAY).collect();
    let page = visit.page().await?;
    let template = BoardPage {
        words: visit.address.value("q").unwrap_or_default().to_owned(),
        levels: levels(&page, visit.address.value("level").unwrap_or_default()),
        spans: SPANS
            .map(|days| Choice::new(days.to_string(), page.tn("coverage-days", "days", days), days == span))
            .into(),
        bands: bands(&page, coverage, shown, &days, &found, &groups),
        days,
        unwatched: unwatched::list(&view, &settings.sources).await?.len() as u64,
        watched_from_level: coverage.watched_from_level,
        pagination,
        may_plan: visit.scope().may(Capability::ManageSources),
        csv: file_link(&visit, &page.address, rows).await?,
        page,
    };
    Ok(render(&template)?.into_response())
}

fn levels(page: &Page, chosen: &str) -> Vec<Choice> {
    let choice = |level: i64| {
        let code = level.to_string();
        let is_chosen = code == chosen;
        Choice::new(code, page.tn("coverage-level", "level", level), is_chosen)
    };
    (1..=5).rev().map(choice).collect()
}

fn bands(
    page: &Page,
    settings: &CoverageSettings,
    shown: Vec<System>,
    days: &[Micros],
    found: &[Day],
    groups: &[Day],
) -> Vec<Band> {
    let by_day: HashMap<(&str, Micros), &Day> =
        found.iter().map(|one| ((one.system_id.as_str(), one.day), one)).collect();
    let mut present: HashMap<&str, BTreeSet<SolutionGroup>> = HashMap::new();
    for one in groups.iter().filter(|one| !one.sources.is_empty()) {
        if let Part::Group(group) = one.part {
            present.entry(&one.system_id).or_default().insert(group);
        }
    }
    let mut bands: Vec<Band> = Vec::new();
    for system in shown {
        let of_system = present.get(system.id.as_str());
        let line = Line {
            level: Level::new(system.level),
            groups: SolutionGroup::ALL.map(|group| (group, of_system.is_some_and(|all| all.contains(&group)))).into(),
            cells: days
                .iter()
                .map(|at| {
                    cell(
                        page,
                        settings,
                        (&system.id, &system.name),
                        *at,
                        by_day.get(&(system.id.as_str(), *at)).copied(),
                    )
                })
                .collect(),
            system,
        };
        match bands.last_mut() {
            Some(band) if band.level == line.system.level => band.lines.push(line),
            _ => bands.push(Band { level: line.system.level, lines: vec![line] }),
        }
    }
    bands
}

/// A day of the system of this identifier and name.
pub(super) fn cell(
    page: &Page,
    settings: &CoverageSettings,
    (system_id, name): (&str, &str),
    at: Micros,
    day: Option<&Day>,
) -> Cell {
    let figures = day.map_or_else(Figures::default, |day| day.figures);
    let state = figures.state(settings);
    let said = page.tm(
        "coverage-cell",
        &[
            ("day", page.format.date(at).into()),
            ("state", page.t(state.key()).into()),
            ("seen", page.format.number(figures.seen).into()),
            ("expected", page.format.number(figures.expected).into()),
            ("maintenance", page.format.number(figures.maintenance).into()),
            ("gap", page.format.number(figures.longest_gap).into()),
        ],
    );
    let title = if name.is_empty() { said } else { format!("{name}, {said}") };
    Cell { state, percent: figures.percent(), title, href: day_href(system_id, at) }
}

/// Where the minutes of a day are.
pub(super) fn day_href(system_id: &str, day: Micros) -> String {
    format!("/coverage/{system_id}?day={}", date(day))
}

/// `2026-11-21`.
pub(super) fn date(day: Micros) -> Date {
    vietnam_date(day)
}

fn csv(visit: &Visit, systems: &[System], days: &[Day]) -> Csv {
    let known: HashMap<&str, &System> = systems.iter().map(|system| (system.id.as_str(), system)).collect();
    let heads = [
        "coverage-head-system",
        "coverage-head-agency",
        "coverage-head-level",
        "coverage-head-day",
        "coverage-head-group",
        "coverage-expected",
        "coverage-seen",
        "coverage-maintenance",
        "coverage-silent",
        "coverage-gap",
        "coverage-sources",
    ];
    let mut csv = Csv::new("coverage", heads.map(|key| visit.t(key)));
    for one in days {
        let system = known.get(one.system_id.as_str());
        csv.row([
            system.map(|system| system.name.clone()).unwrap_or_default(),
            system.map(|system| system.agency_name.clone()).unwrap_or_default(),
            one.level.to_string(),
            date(one.day).to_string(),
            one.part.code().to_owned(),
            one.figures.expected.to_string(),
            one.figures.seen.to_string(),
            one.figures.maintenance.to_string(),
            one.figures.silent().to_string(),
            one.figures.longest_gap.to_string(),
            one.sources.join(" "),
        ]);
    }
    csv
}
