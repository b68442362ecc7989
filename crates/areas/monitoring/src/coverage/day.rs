//! One day of systems and their sources, put together from what is remembered of it: presence, whose sources were, what was
//! expected of them then, what was planned.

use super::{Figures, Part};
use crate::maintenance::{self, Planned};
use crate::sources::minutes::{Minutes, OF_DAY};
use crate::sources::rhythm::{Learned, Rhythm, WeekHours};
use crate::sources::settings::SourceSettings;
use crate::sources::{SolutionGroup, SourceKind};
use kit::clock::{DAY, HOUR, MINUTE, Micros};
use kit::{Connection, Error};
use sea_orm::{QueryResult, Statement, Value};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A source on a day, as far as it belonged to a system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceDay {
    pub source_id: String,
    pub name: String,
    pub group: Option<SolutionGroup>,
    /// Minutes in which something arrived.
    pub heard: Minutes,
    /// Those and the ones that they speak for.
    pub seen: Minutes,
    pub expected: Minutes,
    /// Minutes in which it was a source of the system that was to be heard, at whatever hours.
    pub standing: Minutes,
    pub planned: Minutes,
}

/// A system on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemDay {
    pub system_id: String,
    pub agency_id: String,
    pub level: i64,
    /// To be watched around the clock, whatever its sources are declared to do: the minutes of that.
    pub watched: Option<Minutes>,
    /// Groups of solutions that it is to have in the minutes in which it ran.
    pub required: Vec<SolutionGroup>,
    pub running: Minutes,
    /// Maintenance of all of it.
    pub planned: Minutes,
    pub sources: Vec<SourceDay>,
}

/// What one part of a system comes to, by minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PartMinutes {
    pub expected: Minutes,
    pub seen: Minutes,
    pub planned: Minutes,
}

impl PartMinutes {
    pub fn figures(&self) -> Figures {
        Figures::of(&self.expected, &self.seen, &self.planned)
    }
}

impl SystemDay {
    /// Its sources of a part.
    pub fn sources_of(&self, part: Part) -> impl Iterator<Item = &SourceDay> {
        self.sources.iter().filter(move |source| match part {
            Part::Any => true,
            Part::Group(group) => source.group == Some(group),
        })
    }

    pub fn part(&self, part: Part) -> PartMinutes {
        let (mut expected, mut seen, mut unplanned) = (Minutes::default(), Minutes::default(), Minutes::default());
        let mut standing = Minutes::default();
        for source in self.sources_of(part) {
            expected = expected.or(&source.expected);
            seen = seen.or(&source.seen);
            standing = standing.or(&source.standing);
            unplanned = unplanned.or(&source.expected.without(&source.planned));
        }
        // Where all of its sources that were to be heard are worked on, so is it.
        let planned = self.planned.or(&expected.without(&unplanned));
        // Where a source has to be and none is, nobody watches: to take one away never makes a day better.
        let is_required = match part {
            Part::Any => !self.required.is_empty(),
            Part::Group(group) => self.required.contains(&group),
        };
        let expected = match (part, self.watched) {
            (Part::Any, Some(watched)) => watched,
            _ if is_required => expected.or(&self.running.without(&standing)),
            _ => expected,
        };
        PartMinutes { expected, seen, planned }
    }

    /// All together, then the groups that it has, and those that it is to have.
    pub fn parts(&self) -> Vec<Part> {
        let mut groups: BTreeSet<SolutionGroup> = self.sources.iter().filter_map(|source| source.group).collect();
        groups.extend(self.required.iter().copied());
        std::iter::once(Part::Any).chain(groups.into_iter().map(Part::Group)).collect()
    }
}

/// What was heard of each source on a day: its minutes, how many events, and the last minute of the day before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Heard {
    pub minutes: Minutes,
    pub events: i64,
    pub before: Option<usize>,
}

/// What was heard on a day, by source, of one system or of all. The caller narrows it to what the asker may see.
pub async fn heard(
    connection: &impl Connection,
    day: Micros,
    system_id: Option<&str>,
) -> Result<HashMap<String, Heard>, Error> {
    let mut found: HashMap<String, Heard> = HashMap::new();
    let of_system = match system_id {
        Some(_) => "AND source_id IN (SELECT source_id FROM source_assignments WHERE system_id = $3)",
        None => "",
    };
    let values = |one: Micros, two: Micros| {
        let ids = system_id.map(Value::from);
        [Value::from(one), Value::from(two)].into_iter().chain(ids).collect::<Vec<_>>()
    };
    let sql = format!(
        "SELECT source_id, day_start, minutes, events FROM source_days \
         WHERE day_start IN ($1, $2) AND complete AND superseded_at IS NULL {of_system}"
    );
    for row in rows(connection, sql, values(day, day - DAY)).await? {
        let heard = found.entry(row.try_get("", "source_id")?).or_default();
        let minutes = Minutes::decode(&row.try_get::<String>("", "minutes")?);
        match row.try_get::<i64>("", "day_start")? == day {
            true => (heard.minutes, heard.events) = (minutes, row.try_get("", "events")?),
            false => heard.before = minutes.last(),
        }
    }
    let sql = format!(
        "SELECT source_id, hour_start, minutes_seen, events FROM source_presence \
         WHERE hour_start >= $1 AND hour_start < $2 {of_system} ORDER BY source_id, hour_start"
    );
    let mut fresh: HashMap<String, i64> = HashMap::new();
    for row in rows(connection, sql, values(day - HOUR, day + DAY)).await? {
        let source_id: String = row.try_get("", "source_id")?;
        let heard = found.entry(source_id.clone()).or_default();
        let (hour, minutes): (Micros, i64) = (row.try_get("", "hour_start")?, row.try_get("", "minutes_seen")?);
        if hour < day {
            let mut last = Minutes::default();
            last.insert_hour(day - DAY, hour, minutes);
            heard.before = heard.before.max(last.last());
        } else {
            heard.minutes.insert_hour(day, hour, minutes);
            *fresh.entry(source_id).or_default() += row.try_get::<i64>("", "events")?;
        }
    }
    for (source_id, events) in fresh {
        let heard = found.entry(source_id).or_default();
        heard.events = heard.events.max(events);
    }
    Ok(found)
}

async fn rows(connection: &impl Connection, sql: String, values: Vec<Value>) -> Result<Vec<QueryResult>, Error> {
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    Ok(connection.query_all_raw(statement).await?)
}

/// The systems in scope on a day, with all that is known of it at `now`. `only` narrows it to these.
pub async fn systems(
    connection: &impl Connection,
    settings: &SourceSettings,
    day: Micros,
    now: Micros,
    only: Option<&[String]>,
    heard: &HashMap<String, Heard>,
) -> Result<Vec<SystemDay>, Error> {
    let planned = maintenance::store::planned(connection, day, day + DAY).await?;
    let mut systems = watched_systems(connection, settings, day, now, only, &planned).await?;
    let condition = connection.scope().agency_condition("y.agency_id");
    let sql = format!(
        "SELECT s.id, s.name, s.kind, s.solution_group, a.system_id, a.valid_from AS owned_from, a.valid_to AS owned_to, \
         e.valid_from, e.valid_to, e.expected, e.rhythm, e.max_silence_minutes, y.agency_id, \
         r.hours, r.weeks, r.max_silence_minutes AS learned_silence \
         FROM source_assignments a JOIN sources s ON s.id = a.source_id JOIN systems y ON y.id = a.system_id \
         JOIN source_expectations e ON e.source_id = s.id LEFT JOIN source_rhythms r ON r.source_id = s.id \
         WHERE a.valid_from < $2 AND (a.valid_to IS NULL OR a.valid_to > $1) \
         AND e.valid_from < $2 AND (e.valid_to IS NULL OR e.valid_to > $1) AND {condition} \
         ORDER BY s.name_sort, s.id, a.valid_from, e.valid_from"
    );
    for row in rows(connection, sql, vec![day.into(), (day + DAY).into()]).await? {
        let system_id: String = row.try_get("", "system_id")?;
        if let Some(system) = systems.get_mut(&system_id) {
            add(system, &row, settings, (day, now), heard, &planned)?;
        }
    }
    let counts =
        |system: &SystemDay| system.watched.is_some() || !system.required.is_empty() || !system.sources.is_empty();
    Ok(systems.into_values().filter(counts).collect())
}

async fn watched_systems(
    connection: &impl Connection,
    settings: &SourceSettings,
    day: Micros,
    now: Micros,
    only: Option<&[String]>,
    planned: &[Planned],
) -> Result<BTreeMap<String, SystemDay>, Error> {
    let condition = connection.scope().agency_condition("agency_id");
    let sql =
        format!("SELECT id, agency_id, level, state, created_at FROM systems WHERE created_at < $1 AND {condition}");
    let mut systems = BTreeMap::new();
    for row in rows(connection, sql, vec![(day + DAY).into()]).await? {
        let system_id: String = row.try_get("", "id")?;
        if only.is_some_and(|only| !only.contains(&system_id)) {
            continue;
        }
        let (agency_id, level): (String, i64) = (row.try_get("", "agency_id")?, row.try_get("", "level")?);
        let state: String = row.try_get("", "state")?;
        let (is_running, coverage) = (is_running(&state), &settings.coverage);
        let created: Micros = row.try_get("", "created_at")?;
        let running = if is_running { Minutes::within(day, created, now) } else { Minutes::default() };
        let about = planned.iter().filter(|one| one.covers_system(&system_id, &agency_id));
        let system = SystemDay {
            watched: (is_running && level >= coverage.watched_from_level).then_some(running),
            required: if is_running { coverage.required_groups(level) } else { Vec::new() },
            running,
            planned: spans(day, about.map(|one| (one.from, one.to))),
            level,
            agency_id,
            system_id: system_id.clone(),
            sources: Vec::new(),
        };
        systems.insert(system_id, system);
    }
    Ok(systems)
}

/// Whether a system in this state is to be watched.
pub(super) fn is_running(state: &str) -> bool {
    matches!(state, "operating" | "on_trial")
}

fn spans(day: Micros, spans: impl Iterator<Item = (Micros, Micros)>) -> Minutes {
    spans.fold(Minutes::default(), |minutes, (from, to)| minutes.or(&Minutes::touched(day, from, to)))
}

/// Adds what one row says of a source: an assignment, and an expectation that held then.
fn add(
    system: &mut SystemDay,
    row: &QueryResult,
    settings: &SourceSettings,
    (day, now): (Micros, Micros),
    heard: &HashMap<String, Heard>,
    planned: &[Planned],
) -> Result<(), Error> {
    let end = |at: Option<Micros>| at.unwrap_or(Micros::MAX).min(now);
    let owned = Minutes::within(day, row.try_get("", "owned_from")?, end(row.try_get("", "owned_to")?));
    let (valid_from, valid_to) = (row.try_get("", "valid_from")?, end(row.try_get("", "valid_to")?));
    let held = Minutes::within(day, valid_from, valid_to).and(&owned);
    let rhythm = Rhythm::from_code(&row.try_get::<String>("", "rhythm")?).unwrap_or_default();
    let learned = learned(row)?;
    let silence = match (rhythm, &learned) {
        (Rhythm::Learned, Some(learned)) if learned.weeks >= settings.rhythm.least_weeks => learned.max_silence_minutes,
        _ => row.try_get("", "max_silence_minutes")?,
    };
    let source_id: String = row.try_get("", "id")?;
    let Heard { minutes, before, .. } = heard.get(&source_id).copied().unwrap_or_default();
    let reach = usize::try_from(silence).unwrap_or_default().clamp(1, settings.coverage.seen_minutes);
    // How far a record reaches is what was expected then: an older expectation says nothing of the minutes of a newer one.
    let in_force = Minutes::touched(day, valid_from, valid_to).and(&owned);
    let seen = minutes.carried(reach, before).and(&in_force).and(&Minutes::within(day, Micros::MIN, now));
    let standing = if row.try_get::<bool>("", "expected")? { held } else { Minutes::default() };
    let expected = WeekHours::expected(rhythm, learned.as_ref(), &settings.rhythm).of_day(day).and(&standing);
    if let Some(known) = system.sources.iter_mut().find(|known| known.source_id == source_id) {
        known.heard = known.heard.or(&minutes.and(&owned));
        known.seen = known.seen.or(&seen);
        known.expected = known.expected.or(&expected);
        known.standing = known.standing.or(&standing);
        return Ok(());
    }
    let kind = SourceKind::from_code(&row.try_get::<String>("", "kind")?).unwrap_or_default();
    let group = row.try_get::<Option<String>>("", "solution_group")?;
    let (system_id, agency_id) = (Some(system.system_id.as_str()), Some(system.agency_id.as_str()));
    system.sources.push(SourceDay {
        planned: spans(day, maintenance::of_source(planned, &source_id, system_id, agency_id).into_iter()),
        name: row.try_get("", "name")?,
        group: group.and_then(|code| SolutionGroup::from_code(&code)).or_else(|| SolutionGroup::of_kind(kind)),
        heard: minutes.and(&owned),
        seen,
        expected,
        standing,
        source_id,
    });
    Ok(())
}

/// Its hours and how long it may be silent in them, as far as it has learned them.
fn learned(row: &QueryResult) -> Result<Option<Learned>, Error> {
    let Some(hours) = row.try_get::<Option<String>>("", "hours")? else { return Ok(None) };
    Ok(Some(Learned {
        hours: WeekHours::decode(&hours),
        max_silence_minutes: row.try_get("", "learned_silence")?,
        usual: Vec::new(),
        weeks: row.try_get("", "weeks")?,
    }))
}

/// The moment that a minute of a day begins.
pub fn at(day: Micros, minute: usize) -> Micros {
    day + i64::try_from(minute.min(OF_DAY)).unwrap_or_default() * MINUTE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> SourceSettings {
        crate::settings::Settings::embedded().expect("sound").sources
    }

    fn source(id: &str, group: Option<SolutionGroup>, seen: Minutes, expected: Minutes, planned: Minutes) -> SourceDay {
        let standing = if expected.is_empty() { expected } else { Minutes::between(0, OF_DAY) };
        SourceDay { source_id: id.into(), name: id.into(), group, heard: seen, seen, expected, standing, planned }
    }

    fn system(watched: Option<Minutes>, sources: Vec<SourceDay>) -> SystemDay {
        let required = if watched.is_some() { settings().coverage.required_groups(3) } else { Vec::new() };
        SystemDay {
            system_id: "y".into(),
            agency_id: "a".into(),
            level: 3,
            watched,
            required,
            running: watched.unwrap_or_default(),
            planned: Minutes::default(),
            sources,
        }
    }

    #[test]
    fn a_system_of_level_three_is_to_be_watched_whatever_its_sources_are_declared_to_do() {
        let (all, day) = (Minutes::between(0, OF_DAY), Minutes::between(420, 1_080));
        let sources = || vec![source("s", Some(SolutionGroup::Endpoint), day, day, Minutes::default())];
        let (high, low) = (system(Some(all), sources()), system(None, sources()));
        assert_eq!(low.part(Part::Any).figures(), Figures { expected: 660, seen: 660, ..Figures::default() });
        assert_eq!((high.part(Part::Any).figures().expected, high.part(Part::Any).figures().seen), (1_440, 660));
        let group = |group| high.part(Part::Group(group)).figures();
        assert_eq!(group(SolutionGroup::Endpoint).silent(), 0);
        assert_eq!(group(SolutionGroup::Network).silent(), 1_440, "a group that is missing is silent");
        assert_eq!(high.parts().len(), 1 + SolutionGroup::ALL.len());
        assert_eq!(low.parts(), [Part::Any, Part::Group(SolutionGroup::Endpoint)]);
    }

    #[test]
    fn a_group_whose_only_source_was_taken_away_at_noon_is_unseen_from_then_on() {
        let (all, morning) = (Minutes::between(0, OF_DAY), Minutes::between(0, 720));
        let group = Some(SolutionGroup::Network);
        let taken = SourceDay { standing: morning, ..source("s", group, morning, morning, Minutes::default()) };
        let of = |system: &SystemDay| {
            let figures = system.part(Part::Group(SolutionGroup::Network)).figures();
            (figures.expected, figures.seen)
        };
        assert_eq!(of(&system(Some(all), vec![taken.clone()])), (1_440, 720));
        assert_eq!(of(&system(None, vec![taken])), (720, 720), "where nothing is required, it may go");
    }

    #[test]
    fn a_lower_level_that_is_to_have_a_group_has_it_counted_and_no_other() {
        let all = Minutes::between(0, OF_DAY);
        let low = SystemDay { required: vec![SolutionGroup::Data], running: all, ..system(None, Vec::new()) };
        assert_eq!(low.parts(), [Part::Any, Part::Group(SolutionGroup::Data)]);
        assert!(low.parts().into_iter().all(|part| low.part(part).figures().silent() == 1_440));
    }

    #[test]
    fn work_on_one_of_two_sources_excuses_the_system_only_where_the_other_is_not_expected() {
        let (all, none) = (Minutes::between(0, OF_DAY), Minutes::default());
        let planned = Minutes::between(0, 600);
        let other = |expected| source("t", None, none, expected, none);
        let with = |other| system(None, vec![source("s", None, none, all, planned), other]);
        assert_eq!(with(other(none)).part(Part::Any).figures().maintenance, 600);
        assert_eq!(with(other(all)).part(Part::Any).figures().maintenance, 0);
        assert_eq!(with(other(Minutes::between(0, 60))).part(Part::Any).figures().maintenance, 540);
    }
}
