//! Rolls presence up by day. The running day is counted again every minute; a day that is over is counted once more while the
//! next one runs, for what was still on its way through the pipeline, and again where a source is adopted that was heard then.
//! A row of a day that was over is never changed: another follows it, and both keep since when they were known (`settled` 23).

use super::day::{self, Heard, SystemDay};
use super::{Figures, Part};
use crate::sources::minutes::{Minutes, day_of, month_of};
use crate::sources::settings::SourceSettings;
use crate::sources::store::execute;
use kit::clock::{DAY, Micros};
use kit::{Connection, Db, Error, Scope, Tx};
use sea_orm::{ConnectionTrait, Statement, Value};
use std::collections::HashMap;

/// Days of the past counted at once; the rest waits for the next time.
const MOST_DAYS: i64 = 31;

/// Counts the running day, the one before and what is stale. `scope` is the program's own. Returns how many rows changed.
pub async fn roll_up(db: &Db, scope: &Scope, settings: &SourceSettings, now: Micros) -> Result<usize, Error> {
    let today = day_of(now);
    let from = first_open(&db.scoped(scope).read(), today).await?;
    let last = today.min(from + (MOST_DAYS - 1) * DAY);
    let mut changed = 0;
    let mut at = from;
    while at <= last {
        changed += roll_up_day(db, scope, settings, at, now, None).await?;
        at += DAY;
    }
    if last == today {
        changed += roll_up_stale(db, scope, settings, today, now).await?;
        forget_hours(db, scope, from.min(today - settings.coverage.hours_days * DAY)).await?;
    }
    Ok(changed)
}

/// The last day that was counted when it was over; the first that anything was heard on where there is none.
async fn first_open(connection: &impl Connection, today: Micros) -> Result<Micros, Error> {
    let sql = "SELECT (SELECT MAX(day_start) FROM source_days WHERE complete) AS heard, \
        (SELECT MAX(day_start) FROM coverage_days WHERE complete) AS covered, \
        (SELECT MIN(hour_start) FROM source_presence) AS first";
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    let Some(row) = connection.query_one_raw(statement).await? else { return Ok(today) };
    let number = |name: &str| row.try_get::<Option<i64>>("", name);
    let counted = number("heard")?.max(number("covered")?);
    Ok(counted.or(number("first")?.map(day_of)).unwrap_or(today).min(today))
}

/// One day of all systems, or of these alone.
async fn roll_up_day(
    db: &Db,
    scope: &Scope,
    settings: &SourceSettings,
    at: Micros,
    now: Micros,
    only: Option<&[String]>,
) -> Result<usize, Error> {
    let scoped = db.scoped(scope);
    let view = scoped.read();
    let complete = at + DAY <= now;
    let heard = day::heard(&view, at, None).await?;
    let systems = day::systems(&view, settings, at, now, only, &heard).await?;
    let fresh = systems.iter().flat_map(covered).collect();
    let plan = Plan { at, now, complete };
    let covered = plan.changes(known_coverage(&view, at, only).await?, fresh);
    let heard = match only {
        None => {
            let spoke = heard.into_iter().filter(|(_, heard)| !heard.minutes.is_empty());
            let fresh = spoke.map(|(id, Heard { minutes, events, .. })| (id, (minutes, events))).collect();
            plan.changes(known_days(&view, at).await?, fresh)
        }
        Some(_) => Vec::new(),
    };
    if covered.is_empty() && heard.is_empty() {
        return Ok(0);
    }
    let tx = scoped.begin().await?;
    for change in &heard {
        plan.write_day(&tx, change).await?;
    }
    for change in &covered {
        plan.write_coverage(&tx, change).await?;
    }
    tx.commit().await?;
    Ok(heard.len() + covered.len())
}

/// What a row of coverage says.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Covered {
    agency_id: String,
    level: i64,
    figures: Figures,
    /// JSON list of identifiers.
    sources: String,
}

fn covered(system: &SystemDay) -> Vec<((String, &'static str), Covered)> {
    let of = |part: Part| {
        let sources: Vec<&str> = system.sources_of(part).map(|source| source.source_id.as_str()).collect();
        let covered = Covered {
            agency_id: system.agency_id.clone(),
            level: system.level,
            figures: system.part(part).figures(),
            sources: serde_json::to_string(&sources).unwrap_or_default(),
        };
        ((system.system_id.clone(), part.code()), covered)
    };
    system.parts().into_iter().map(of).collect()
}

/// A row that stands, with whether its day was over then.
type Standing<V> = (V, bool);

/// What is to be written under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Change<K, V> {
    key: K,
    /// `None` where nothing is to stand there any more.
    value: Option<V>,
    /// The row that stands is kept as it was known; otherwise it is written over.
    supersedes: bool,
    /// A row stands there.
    stands: bool,
}

/// The day under count.
struct Plan {
    at: Micros,
    now: Micros,
    complete: bool,
}

impl Plan {
    fn changes<K: Clone + Eq + std::hash::Hash + Ord, V: PartialEq>(
        &self,
        mut known: HashMap<K, Standing<V>>,
        fresh: HashMap<K, V>,
    ) -> Vec<Change<K, V>> {
        let mut changes = Vec::new();
        for (key, value) in fresh {
            let standing = known.remove(&key);
            let same = standing.as_ref().is_some_and(|(held, complete)| *held == value && *complete == self.complete);
            if !same {
                let supersedes = standing.as_ref().is_some_and(|(_, complete)| *complete);
                changes.push(Change { key, value: Some(value), supersedes, stands: standing.is_some() });
            }
        }
        // What was counted of a day that is over stays, also of a system that is no longer to be watched.
        let gone = known.into_iter().filter(|(_, (_, complete))| !complete);
        changes.extend(gone.map(|(key, _)| Change { key, value: None, supersedes: false, stands: true }));
        changes.sort_by(|one, other| one.key.cmp(&other.key));
        changes
    }

    async fn write_day(&self, tx: &Tx<'_>, change: &Change<String, (Minutes, i64)>) -> Result<(), Error> {
        if change.stands {
            let sql = match change.supersedes {
                true => {
                    "UPDATE source_days SET superseded_at = $3 \
                     WHERE source_id = $1 AND day_start = $2 AND superseded_at IS NULL AND known_at < $3"
                }
                false => {
                    "DELETE FROM source_days WHERE source_id = $1 AND day_start = $2 AND superseded_at IS NULL \
                     AND known_at <= $3"
                }
            };
            execute(tx, sql, [change.key.as_str().into(), self.at.into(), self.now.into()]).await?;
        }
        let Some((minutes, events)) = &change.value else { return Ok(()) };
        let sql = "INSERT INTO source_days (source_id, day_start, month_start, minutes, minutes_heard, events, complete, \
            known_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
            ON CONFLICT (source_id, day_start, known_at) DO NOTHING";
        let values = [
            change.key.as_str().into(),
            self.at.into(),
            month_of(self.at).into(),
            minutes.encode().into(),
            minutes.count().into(),
            (*events).into(),
            self.complete.into(),
            self.now.into(),
        ];
        execute(tx, sql, values).await
    }

    async fn write_coverage(&self, tx: &Tx<'_>, change: &Change<(String, &'static str), Covered>) -> Result<(), Error> {
        let (system_id, part) = &change.key;
        if change.stands {
            let sql = match change.supersedes {
                true => {
                    "UPDATE coverage_days SET superseded_at = $4 WHERE system_id = $1 AND day_start = $2 \
                     AND solution_group = $3 AND superseded_at IS NULL AND known_at < $4"
                }
                false => {
                    "DELETE FROM coverage_days WHERE system_id = $1 AND day_start = $2 AND solution_group = $3 \
                     AND superseded_at IS NULL AND known_at <= $4"
                }
            };
            execute(tx, sql, [system_id.as_str().into(), self.at.into(), (*part).into(), self.now.into()]).await?;
        }
        let Some(Covered { agency_id, level, figures, sources }) = &change.value else { return Ok(()) };
        let sql = "INSERT INTO coverage_days (system_id, day_start, solution_group, agency_id, system_level, \
            minutes_expected, minutes_seen, minutes_maintenance, longest_gap, sources, complete, known_at) \
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
            ON CONFLICT (system_id, day_start, solution_group, known_at) DO NOTHING";
        let values = [
            system_id.as_str().into(),
            self.at.into(),
            (*part).into(),
            agency_id.as_str().into(),
            (*level).into(),
            figures.expected.into(),
            figures.seen.into(),
            figures.maintenance.into(),
            figures.longest_gap.into(),
            sources.as_str().into(),
            self.complete.into(),
            self.now.into(),
        ];
        execute(tx, sql, values).await
    }
}

async fn known_days(
    connection: &impl Connection,
    at: Micros,
) -> Result<HashMap<String, Standing<(Minutes, i64)>>, Error> {
    let sql =
        "SELECT source_id, minutes, events, complete FROM source_days WHERE day_start = $1 AND superseded_at IS NULL";
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [at.into()]);
    let mut known = HashMap::new();
    for row in connection.query_all_raw(statement).await? {
        let minutes = Minutes::decode(&row.try_get::<String>("", "minutes")?);
        let value = (minutes, row.try_get("", "events")?);
        known.insert(row.try_get("", "source_id")?, (value, row.try_get("", "complete")?));
    }
    Ok(known)
}

async fn known_coverage(
    connection: &impl Connection,
    at: Micros,
    only: Option<&[String]>,
) -> Result<HashMap<(String, &'static str), Standing<Covered>>, Error> {
    let sql = "SELECT system_id, solution_group, agency_id, system_level, minutes_expected, minutes_seen, \
        minutes_maintenance, longest_gap, sources, complete FROM coverage_days \
        WHERE day_start = $1 AND superseded_at IS NULL";
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [at.into()]);
    let mut known = HashMap::new();
    for row in connection.query_all_raw(statement).await? {
        let system_id: String = row.try_get("", "system_id")?;
        let part = Part::from_code(&row.try_get::<String>("", "solution_group")?);
        let (Some(part), true) = (part, only.is_none_or(|only| only.contains(&system_id))) else { continue };
        let covered = Covered {
            agency_id: row.try_get("", "agency_id")?,
            level: row.try_get("", "system_level")?,
            figures: super::store::figures(&row)?,
            sources: row.try_get("", "sources")?,
        };
        known.insert((system_id, part.code()), (covered, row.try_get("", "complete")?));
    }
    Ok(known)
}

/// Counts again what changed owner for the past: some days at a time.
async fn roll_up_stale(
    db: &Db,
    scope: &Scope,
    settings: &SourceSettings,
    today: Micros,
    now: Micros,
) -> Result<usize, Error> {
    let scoped = db.scoped(scope);
    let view = scoped.read();
    let sql = "SELECT system_id, from_day FROM coverage_stale ORDER BY from_day, system_id";
    let rows = view.query_all_raw(Statement::from_string(view.get_database_backend(), sql)).await?;
    let stale: Vec<(String, Micros)> = rows
        .iter()
        .map(|row| Ok((row.try_get("", "system_id")?, row.try_get("", "from_day")?)))
        .collect::<Result<_, Error>>()?;
    let Some(first) = stale.iter().map(|(_, from)| *from).min() else { return Ok(0) };
    let end = today.min(first + MOST_DAYS * DAY);
    let mut changed = 0;
    let mut at = first;
    while at < end {
        let of: Vec<String> = stale.iter().filter(|(_, from)| *from <= at).map(|(id, _)| id.clone()).collect();
        changed += roll_up_day(db, scope, settings, at, now, Some(&of)).await?;
        at += DAY;
    }
    let tx = scoped.begin().await?;
    for (system_id, from) in stale.iter().filter(|(_, from)| *from < end) {
        let key: [Value; 2] = [system_id.as_str().into(), (*from).into()];
        // What was found stale from an earlier day on in the meantime stays so.
        match end >= today {
            true => execute(&tx, "DELETE FROM coverage_stale WHERE system_id = $1 AND from_day = $2", key).await?,
            false => {
                let sql = "UPDATE coverage_stale SET from_day = $3 WHERE system_id = $1 AND from_day = $2";
                let [id, from] = key;
                execute(&tx, sql, [id, from, end.into()]).await?;
            }
        }
    }
    tx.commit().await?;
    Ok(changed)
}

/// Lets hours go that are older than is set and counted in days.
async fn forget_hours(db: &Db, scope: &Scope, before: Micros) -> Result<(), Error> {
    let scoped = db.scoped(scope);
    let sql = "SELECT MIN(hour_start) AS first FROM source_presence";
    let view = scoped.read();
    let row = view.query_one_raw(Statement::from_string(view.get_database_backend(), sql)).await?;
    let first: Option<Micros> = row.map(|row| row.try_get("", "first")).transpose()?.flatten();
    // Once a day is enough.
    if first.is_none_or(|first| first >= before - DAY) {
        return Ok(());
    }
    let tx = scoped.begin().await?;
    execute(&tx, "DELETE FROM source_presence WHERE hour_start < $1", [before.into()]).await?;
    tx.commit().await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(complete: bool, known: &[(&str, i64, bool)], fresh: &[(&str, i64)]) -> Vec<(String, Option<i64>, bool)> {
        let plan = Plan { at: 0, now: 1, complete };
        let known = known.iter().map(|(key, value, complete)| ((*key).to_owned(), (*value, *complete))).collect();
        let fresh = fresh.iter().map(|(key, value)| ((*key).to_owned(), *value)).collect();
        let changes = plan.changes(known, fresh);
        changes.into_iter().map(|change| (change.key, change.value, change.supersedes)).collect()
    }

    #[test]
    fn what_was_known_of_a_day_that_is_over_is_kept() {
        let known = [("changed", 1, true), ("gone", 1, true), ("same", 1, true)];
        let found = changes(true, &known, &[("changed", 2), ("same", 1), ("new", 1)]);
        assert_eq!(found, [("changed".into(), Some(2), true), ("new".into(), Some(1), false)]);
        let running = changes(false, &[("gone", 1, false)], &[]);
        assert_eq!(running, [("gone".into(), None, false)]);
    }

    #[test]
    fn the_running_day_is_written_over_and_closed_once() {
        assert_eq!(changes(false, &[("a", 1, false)], &[("a", 2)]), [("a".into(), Some(2), false)]);
        assert_eq!(changes(false, &[("a", 1, false)], &[("a", 1)]), []);
        assert_eq!(changes(true, &[("a", 1, false)], &[("a", 1)]), [("a".into(), Some(1), false)]);
        assert_eq!(changes(true, &[("a", 1, true)], &[("a", 1)]), []);
    }
}
