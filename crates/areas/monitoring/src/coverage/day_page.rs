//! One day of a system: its hours and minutes, its gaps with the last record before each, its groups of solutions and sources.

use super::day::{self, PartMinutes, SystemDay};
use super::pages::{date, day_href};
use super::{Figures, Part};
use crate::maintenance::{self, Planned};
use crate::search::clause::clause;
use crate::settings::Settings;
use crate::sources::minutes::{Minutes, OF_DAY, day_of};
use askama::Template;
use assurance::systems::{self, System};
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use kit::Capability;
use kit::calendar::start_of_day;
use kit::civil;
use kit::clock::{DAY, HOUR, Micros};
use kit::page::{Address, Level, Page, SlotState};
use kit::web::{Fail, Routes, Visit, render};

/// Gaps that are listed, the longest first.
const MOST_GAPS: usize = 50;
/// Sources that a search names.
const MOST_NAMED: usize = 20;

pub(super) fn routes() -> Routes {
    Routes::new().get("/coverage/{id}", Capability::ViewSources, show_day)
}

/// Minutes of one kind that follow one another, within an hour.
struct Stretch {
    x: String,
    width: String,
    y: u32,
    height: u32,
    state: SlotState,
    title: String,
}

struct Hour {
    name: String,
    stretches: Vec<Stretch>,
    seen: i64,
    expected: i64,
    /// Its events, for those who may read them.
    href: String,
}

/// A run of minutes in which nothing was heard that was to be heard.
struct Gap {
    from: Micros,
    to: Micros,
    minutes: u64,
    is_planned: bool,
    /// Why it was planned.
    reason: String,
    /// The records before it, for those who may read them.
    href: String,
}

/// Figures of one part.
struct PartLine {
    name: String,
    figures: Figures,
    sources: usize,
}

/// A source and what came of it.
struct SourceLine {
    source_id: String,
    name: String,
    group: String,
    heard: i64,
    figures: Figures,
    last: Option<Micros>,
}

#[derive(Template)]
#[template(path = "coverage/templates/day.html")]
struct DayPage {
    page: Page,
    system: System,
    level: Option<Level>,
    /// The day as a field takes it.
    day: String,
    at: Micros,
    before: String,
    after: Option<String>,
    figures: Figures,
    hours: Vec<Hour>,
    gaps: Vec<Gap>,
    parts: Vec<PartLine>,
    sources: Vec<SourceLine>,
    may_plan: bool,
}

async fn show_day(visit: Visit, Path(id): Path<String>) -> Result<Response, Fail> {
    visit.require(Capability::ViewSources)?;
    let settings = Settings::of(&visit.app)?;
    let (view, now) = (visit.read(), visit.now());
    let system = systems::store::find(&view, &id).await?;
    let asked = visit.address.value("day").and_then(civil::day).map(start_of_day);
    let at = asked.unwrap_or(day_of(now)).min(day_of(now));
    let heard = day::heard(&view, at, Some(&id)).await?;
    let only = [id.clone()];
    let found = day::systems(&view, &settings.sources, at, now, Some(&only), &heard).await?.pop();
    let empty = || SystemDay {
        system_id: id.clone(),
        agency_id: system.agency_id.clone(),
        level: system.level,
        watched: None,
        required: Vec::new(),
        running: Minutes::default(),
        planned: Minutes::default(),
        sources: Vec::new(),
    };
    let found = found.unwrap_or_else(empty);
    let minutes = found.part(Part::Any);
    let planned = maintenance::store::planned(&view, at, at + DAY).await?;
    let page = visit.page().await?;
    let may_search = visit.scope().may(Capability::ViewEvents);
    let template = DayPage {
        level: Level::new(system.level),
        day: civil::day_field(at),
        at,
        before: day_href(&id, at - DAY),
        after: (at + DAY <= now).then(|| day_href(&id, at + DAY)),
        figures: minutes.figures(),
        hours: hours(&page, &found, &minutes, at, may_search),
        gaps: gaps(&found, &minutes, &planned, at, may_search),
        parts: parts(&page, &found),
        sources: found.sources.iter().map(|source| source_line(&page, source, at)).collect(),
        may_plan: visit.scope().may(Capability::ManageSources),
        system,
        page,
    };
    Ok(render(&template)?.into_response())
}

/// What a minute is called.
fn state(minutes: &PartMinutes, minute: usize) -> SlotState {
    match (minutes.expected.holds(minute), minutes.seen.holds(minute), minutes.planned.holds(minute)) {
        (_, true, _) => SlotState::Seen,
        (true, false, true) => SlotState::Planned,
        (true, false, false) => SlotState::Silent,
        (false, false, _) => SlotState::NotExpected,
    }
}

fn hours(page: &Page, system: &SystemDay, minutes: &PartMinutes, at: Micros, may_search: bool) -> Vec<Hour> {
    let hour = |hour: usize| {
        let span = Minutes::between(hour * 60, hour * 60 + 60);
        let (from, to) = (day::at(at, hour * 60), day::at(at, hour * 60 + 60));
        let seen = minutes.seen.and(&span).count();
        Hour {
            name: format!("{hour:02}:00"),
            stretches: stretches(page, minutes, at, hour),
            seen: minutes.expected.and(&minutes.seen).and(&span).count(),
            expected: minutes.expected.and(&span).count(),
            href: if may_search && seen > 0 { search(system, from, to) } else { String::new() },
        }
    };
    (0..OF_DAY / 60).map(hour).collect()
}

fn stretches(page: &Page, minutes: &PartMinutes, at: Micros, hour: usize) -> Vec<Stretch> {
    let mut runs: Vec<(usize, usize, SlotState)> = Vec::new();
    for minute in hour * 60..hour * 60 + 60 {
        let state = state(minutes, minute);
        match runs.last_mut() {
            Some((_, length, same)) if *same == state => *length += 1,
            _ => runs.push((minute, 1, state)),
        }
    }
    let stretch = |(first, length, state): (usize, usize, SlotState)| {
        let (y, height) = state.mark();
        Stretch {
            x: format!("{:.3}%", (first % 60) as f64 / 0.6),
            width: format!("{:.3}%", length as f64 / 0.6),
            y,
            height,
            state,
            title: page.tm(
                "coverage-stretch",
                &[
                    ("from", page.format.time(day::at(at, first)).into()),
                    ("to", page.format.time(day::at(at, first + length)).into()),
                    ("state", page.t(state.key()).into()),
                    ("minutes", page.format.number(length as u64).into()),
                ],
            ),
        }
    };
    runs.into_iter().map(stretch).collect()
}

/// Events of the system's sources in a span.
fn search(system: &SystemDay, from: Micros, to: Micros) -> String {
    let sources = system.sources.iter().take(MOST_NAMED);
    let named: Vec<String> = sources.map(|source| clause("source_id", &source.source_id)).collect();
    Address::parse("/search")
        .with("q", named.join(" OR "))
        .with("from", kit::page::iso(from))
        .with("to", kit::page::iso(to))
        .to_string()
}

fn gaps(system: &SystemDay, minutes: &PartMinutes, planned: &[Planned], at: Micros, may_search: bool) -> Vec<Gap> {
    let unseen = minutes.expected.without(&minutes.seen);
    let silent = unseen.without(&minutes.planned).runs().into_iter().map(|run| (run, false));
    let worked_on = unseen.and(&minutes.planned).runs().into_iter().map(|run| (run, true));
    let mut runs: Vec<((usize, usize), bool)> = silent.chain(worked_on).collect();
    runs.sort_by_key(|((_, length), _)| std::cmp::Reverse(*length));
    runs.truncate(MOST_GAPS);
    runs.sort_unstable();
    let gap = |((first, length), is_planned): ((usize, usize), bool)| {
        let (from, to) = (day::at(at, first), day::at(at, first + length));
        let about = planned.iter().filter(|one| is_planned && one.from < to && one.to > from);
        let reasons = about.filter(|one| {
            let of_source = |source: &day::SourceDay| {
                one.covers_source(&source.source_id, Some(&system.system_id), Some(&system.agency_id))
            };
            one.covers_system(&system.system_id, &system.agency_id) || system.sources.iter().any(of_source)
        });
        Gap {
            from,
            to,
            minutes: length as u64,
            is_planned,
            reason: reasons.map(|one| one.reason.as_str()).collect::<Vec<_>>().join("; "),
            href: if may_search && !system.sources.is_empty() {
                search(system, from - HOUR, from)
            } else {
                String::new()
            },
        }
    };
    runs.into_iter().map(gap).collect()
}

fn parts(page: &Page, system: &SystemDay) -> Vec<PartLine> {
    let line = |part: Part| PartLine {
        name: match part {
            Part::Any => page.t("coverage-part-any"),
            Part::Group(group) => page.t(&group.key()),
        },
        figures: system.part(part).figures(),
        sources: system.sources_of(part).count(),
    };
    system.parts().into_iter().map(line).collect()
}

fn source_line(page: &Page, source: &day::SourceDay, at: Micros) -> SourceLine {
    SourceLine {
        source_id: source.source_id.clone(),
        name: source.name.clone(),
        group: source.group.map_or_else(|| "–".to_owned(), |group| page.t(&group.key())),
        heard: source.heard.count(),
        figures: Figures::of(&source.expected, &source.seen, &source.planned),
        last: source.heard.last().map(|minute| day::at(at, minute)),
    }
}

/// `2026-11-21`, for the name of the day in the address.
fn iso_day(at: &Micros) -> String {
    date(*at).to_string()
}
