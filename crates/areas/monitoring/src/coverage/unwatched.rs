//! Who is not watched: systems of the levels that are to be watched around the clock of which nothing is heard, or of which
//! groups of solutions are missing, each with the next step.

use super::day::is_running;
use crate::settings::Settings;
use crate::sources::settings::{RequiredGroups, SourceSettings};
use crate::sources::store::{self as sources, Listed, SourceFilter};
use crate::sources::{SolutionGroup, SourceState};
use askama::Template;
use assurance::systems::{self, System};
use axum::response::{IntoResponse, Response};
use kit::clock::Micros;
use kit::page::{Level, Page, Tone};
use kit::web::{ApiVisit, Csv, Fail, Routes, Visit, render};
use kit::{Capability, Connection, Error};
use organisation::elevations::{ListAnswer, file_link, leave, list_given};
use serde::Serialize;
use std::collections::{BTreeSet, HashMap};

/// Sources looked at.
const MOST_SOURCES: u64 = 100_000;

pub(super) fn routes() -> Routes {
    Routes::new().get("/coverage/unwatched", Capability::ViewSources, show_unwatched).get(
        "/api/v1/coverage/unwatched",
        Capability::ViewSources,
        list_unwatched,
    )
}

/// What is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// No source belongs to it.
    NoSource,
    /// It has sources, and nothing ever came from them.
    NeverHeard,
    /// All of its sources are silent.
    Silent,
    /// It is heard, and groups of solutions are missing.
    GroupsMissing,
}

impl Why {
    /// Key of what it is called; behind it `-next` is that of the next step.
    pub fn key(self) -> &'static str {
        match self {
            Self::NoSource => "coverage-why-no-source",
            Self::NeverHeard => "coverage-why-never-heard",
            Self::Silent => "coverage-why-silent",
            Self::GroupsMissing => "coverage-why-groups-missing",
        }
    }

    fn tone(self) -> Tone {
        match self {
            Self::NoSource | Self::Silent => Tone::Bad,
            Self::NeverHeard | Self::GroupsMissing => Tone::Attention,
        }
    }
}

/// A source as far as this list looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ear {
    pub source_id: String,
    pub group: Option<SolutionGroup>,
    /// When it was last heard live.
    pub last: Option<Micros>,
    pub is_silent: bool,
}

/// What is missing of a system with these sources, and which groups; nothing where it is watched.
pub fn missing(ears: &[Ear], required: &[SolutionGroup]) -> Option<(Why, Vec<SolutionGroup>)> {
    let heard = |ear: &&Ear| ear.last.is_some() && !ear.is_silent;
    let present: BTreeSet<SolutionGroup> = ears.iter().filter(heard).filter_map(|ear| ear.group).collect();
    let groups: Vec<SolutionGroup> = required.iter().copied().filter(|group| !present.contains(group)).collect();
    let why = if ears.is_empty() {
        Why::NoSource
    } else if ears.iter().all(|ear| ear.last.is_none()) {
        Why::NeverHeard
    } else if !ears.iter().any(|ear| heard(&ear)) {
        Why::Silent
    } else if !groups.is_empty() {
        Why::GroupsMissing
    } else {
        return None;
    };
    Some((why, groups))
}

/// A system that is not watched, or not as it is to be.
pub struct Unwatched {
    pub system: System,
    pub why: Why,
    pub groups: Vec<SolutionGroup>,
    /// When anything was last heard of it.
    pub last: Option<Micros>,
    /// The source of that.
    pub source_id: Option<String>,
}

impl Unwatched {
    fn level(&self) -> Option<Level> {
        Level::new(self.system.level)
    }

    fn next_key(&self) -> String {
        format!("{}-next", self.why.key())
    }

    /// Where the next step is done: the source that is silent, or the page that says how to connect one.
    fn next_href(&self) -> String {
        match (&self.source_id, self.why) {
            (Some(id), Why::Silent | Why::NeverHeard) => format!("/sources/{id}"),
            _ => format!("/sources/connect?system={}", self.system.id),
        }
    }
}

/// All in scope: the highest level first, of a level the worst first.
pub async fn list(connection: &impl Connection, settings: &SourceSettings) -> Result<Vec<Unwatched>, Error> {
    let filter = SourceFilter { states: vec![SourceState::Registered], ..SourceFilter::default() };
    let mut ears: HashMap<String, Vec<Ear>> = HashMap::new();
    for listed in sources::list(connection, &filter, MOST_SOURCES, 0).await? {
        if let Some(system_id) = listed.system_id.clone() {
            ears.entry(system_id).or_default().push(ear(&listed));
        }
    }
    let coverage = &settings.coverage;
    let found = systems::store::list(connection, &systems::store::Filter::default()).await?;
    let watched = found.into_iter().filter(|system| is_running(&system.state) && coverage.asks_anything(system.level));
    let unwatched = watched.filter_map(|system| {
        let ears = ears.remove(&system.id).unwrap_or_default();
        let (why, groups) = missing(&ears, &coverage.required_groups(system.level))?;
        let last = ears.iter().max_by_key(|ear| ear.last);
        Some(Unwatched {
            last: last.and_then(|ear| ear.last),
            source_id: last.map(|ear| ear.source_id.clone()),
            system,
            why,
            groups,
        })
    });
    let mut unwatched: Vec<_> = unwatched.collect();
    unwatched.sort_by_key(|one| (std::cmp::Reverse(one.system.level), one.why));
    Ok(unwatched)
}

fn ear(listed: &Listed) -> Ear {
    Ear {
        source_id: listed.source.id.clone(),
        group: listed.source.group(),
        last: listed.status.last_live,
        is_silent: listed.status.silent_since.is_some(),
    }
}

#[derive(Template)]
#[template(path = "coverage/templates/unwatched.html")]
struct UnwatchedPage {
    page: Page,
    rows: Vec<Unwatched>,
    watched_from_level: i64,
    /// What asks for the groups, by levels.
    required: Vec<RequiredGroups>,
    csv: String,
}

fn levels(one: &RequiredGroups) -> String {
    one.levels.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

async fn show_unwatched(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::ViewSources)?;
    let settings = Settings::of(&visit.app)?;
    let rows = list(&visit.read(), &settings.sources).await?;
    let page = visit.page().await?;
    if visit.address.has("format", "csv") {
        return Ok(leave(&visit, csv(&page, &rows)).await?);
    }
    let template = UnwatchedPage {
        csv: file_link(&visit, &page.address, rows.len() as u64).await?,
        rows,
        watched_from_level: settings.sources.coverage.watched_from_level,
        required: settings.sources.coverage.required.clone(),
        page,
    };
    Ok(render(&template)?.into_response())
}

fn group_words(page: &Page, groups: &[SolutionGroup]) -> String {
    groups.iter().map(|group| page.t(&group.key())).collect::<Vec<_>>().join(", ")
}

fn csv(page: &Page, rows: &[Unwatched]) -> Csv {
    let heads = [
        "coverage-head-system",
        "coverage-head-agency",
        "coverage-head-level",
        "coverage-why",
        "coverage-missing",
        "coverage-last",
        "coverage-next",
    ];
    let mut csv = Csv::new("unwatched", heads.map(|key| page.t(key)));
    for row in rows {
        csv.row([
            row.system.name.clone(),
            row.system.agency_name.clone(),
            row.system.level.to_string(),
            page.t(row.why.key()),
            group_words(page, &row.groups),
            row.last.map(kit::page::iso).unwrap_or_default(),
            page.t(&row.next_key()),
        ]);
    }
    csv
}

#[derive(Serialize)]
struct Shown {
    system_id: String,
    system_name: String,
    agency_id: String,
    level: i64,
    why: Why,
    missing_groups: Vec<&'static str>,
    last_heard: Option<Micros>,
    source_id: Option<String>,
}

async fn list_unwatched(ApiVisit(visit): ApiVisit) -> Result<ListAnswer<Shown>, Fail> {
    let settings = Settings::of(&visit.app)?;
    let rows: Vec<Shown> = list(&visit.read(), &settings.sources)
        .await?
        .into_iter()
        .map(|one| Shown {
            system_id: one.system.id,
            system_name: one.system.name,
            agency_id: one.system.agency_id,
            level: one.system.level,
            why: one.why,
            missing_groups: one.groups.into_iter().map(SolutionGroup::code).collect(),
            last_heard: one.last,
            source_id: one.source_id,
        })
        .collect();
    Ok(list_given(&visit, &visit.address, rows.len() as u64, rows).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ear(group: SolutionGroup, last: Option<Micros>, is_silent: bool) -> Ear {
        Ear { source_id: "s".into(), group: Some(group), last, is_silent }
    }

    #[test]
    fn a_system_is_watched_where_each_group_is_heard() {
        use SolutionGroup::*;
        let why = |ears: &[Ear]| missing(ears, &[Network, Endpoint]).map(|(why, groups)| (why, groups.len()));
        assert_eq!(why(&[]), Some((Why::NoSource, 2)));
        assert_eq!(why(&[ear(Network, None, false)]), Some((Why::NeverHeard, 2)));
        assert_eq!(why(&[ear(Network, Some(1), true), ear(Endpoint, None, false)]), Some((Why::Silent, 2)));
        assert_eq!(why(&[ear(Network, Some(1), false), ear(Endpoint, Some(1), true)]), Some((Why::GroupsMissing, 1)));
        assert_eq!(why(&[ear(Network, Some(1), false), ear(Endpoint, Some(1), false)]), None);
    }
}
