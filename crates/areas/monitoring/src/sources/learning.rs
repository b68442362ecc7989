//! Learns the rhythms of registered sources from what was heard of them: some at a time, each once a day.

use super::presence;
use super::rhythm::{Learned, OF_WEEK, PastHour, WeekHours, hour_of_week, learn};
use super::settings::RhythmSettings;
use super::store::execute;
use kit::clock::{DAY, HOUR, Micros};
use kit::{Connection, Db, Error, Scope};
use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};
use std::collections::HashMap;

/// Sources learned from at once.
const AT_ONCE: u64 = 50;
const WEEK: Micros = 7 * DAY;

/// What was learned of these sources. The caller has the ids from a query in scope.
pub async fn learned(connection: &impl Connection, source_ids: &[String]) -> Result<HashMap<String, Learned>, Error> {
    let mut found = HashMap::new();
    for chunk in source_ids.chunks(400) {
        let values: Vec<Value> = chunk.iter().map(|id| Value::from(id.as_str())).collect();
        let places: Vec<_> = (1..=values.len()).map(|place| format!("${place}")).collect();
        let sql = format!(
            "SELECT source_id, hours, max_silence_minutes, usual, weeks FROM source_rhythms WHERE source_id IN ({})",
            places.join(", ")
        );
        let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
        for row in connection.query_all_raw(statement).await? {
            found.insert(row.try_get("", "source_id")?, read(&row)?);
        }
    }
    Ok(found)
}

fn read(row: &QueryResult) -> Result<Learned, Error> {
    Ok(Learned {
        hours: WeekHours::decode(&row.try_get::<String>("", "hours")?),
        max_silence_minutes: row.try_get("", "max_silence_minutes")?,
        usual: serde_json::from_str(&row.try_get::<String>("", "usual")?).unwrap_or_default(),
        weeks: row.try_get("", "weeks")?,
    })
}

/// When the week of a moment began.
fn week_of(at: Micros) -> Micros {
    at.div_euclid(HOUR) * HOUR - hour_of_week(at) as i64 * HOUR
}

/// The whole weeks between two beginnings of a week.
fn weeks(hours: &[presence::HourPresence], from: Micros, to: Micros) -> Vec<Vec<PastHour>> {
    let count = usize::try_from((to - from).max(0) / WEEK).unwrap_or_default();
    let mut weeks = vec![vec![PastHour::default(); OF_WEEK]; count];
    for hour in hours {
        let week = usize::try_from((hour.hour_start - from).div_euclid(WEEK)).ok().and_then(|week| weeks.get_mut(week));
        if let Some(past) = week.and_then(|week| week.get_mut(hour_of_week(hour.hour_start))) {
            *past = PastHour { minutes: hour.minutes, events: hour.events };
        }
    }
    weeks
}

/// Learns from the sources that were not looked at for a day. Returns how many. `scope` is the program's own.
pub async fn learn_some(db: &Db, scope: &Scope, settings: &RhythmSettings, now: Micros) -> Result<usize, Error> {
    let scoped = db.scoped(scope);
    let view = scoped.read();
    let sql = format!(
        "SELECT s.id, COALESCE(t.first_seen, s.created_at) AS since FROM sources s \
         JOIN source_status t ON t.source_id = s.id LEFT JOIN source_rhythms r ON r.source_id = s.id \
         WHERE s.state = 'registered' AND COALESCE(r.learned_at, 0) <= $1 \
         ORDER BY COALESCE(r.learned_at, 0), s.id LIMIT {AT_ONCE}"
    );
    let values = [now.saturating_sub(DAY).into()];
    let rows = view.query_all_raw(Statement::from_sql_and_values(view.get_database_backend(), sql, values)).await?;
    let due: Vec<(String, Micros)> =
        rows.iter().map(|row| Ok((row.try_get("", "id")?, row.try_get("", "since")?))).collect::<Result<_, Error>>()?;
    if due.is_empty() {
        return Ok(0);
    }
    let to = week_of(now);
    let from = to - settings.learn_weeks * WEEK;
    let ids: Vec<String> = due.iter().map(|(id, _)| id.clone()).collect();
    let mut heard = presence::hours(&view, &ids, from, to).await?;
    let tx = scoped.begin().await?;
    for (id, since) in &due {
        // The week in which it first spoke was no whole one.
        let begins = if *since <= from { from } else { week_of(*since) + WEEK };
        let learned = learn(&weeks(&heard.remove(id).unwrap_or_default(), begins, to), settings);
        let sql = "INSERT INTO source_rhythms (source_id, hours, max_silence_minutes, usual, weeks, learned_at) \
            VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (source_id) DO UPDATE SET hours = excluded.hours, \
            max_silence_minutes = excluded.max_silence_minutes, usual = excluded.usual, weeks = excluded.weeks, \
            learned_at = excluded.learned_at";
        let values = [
            id.as_str().into(),
            learned.hours.encode().into(),
            learned.max_silence_minutes.into(),
            serde_json::to_string(&learned.usual).map_err(Error::internal)?.into(),
            learned.weeks.into(),
            now.into(),
        ];
        execute(&tx, sql, values).await?;
    }
    tx.commit().await?;
    Ok(due.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Monday 2 November 2026, 00:00 in Vietnam.
    const MONDAY: Micros = 1_793_552_400_000_000;

    #[test]
    fn hours_of_the_past_find_their_place_in_the_week() {
        assert_eq!([week_of(MONDAY), week_of(MONDAY + WEEK - 1), week_of(MONDAY - 1)], [MONDAY, MONDAY, MONDAY - WEEK]);
        let hour = |hour_start| presence::HourPresence { hour_start, minutes: 1, events: 7 };
        let hours = [hour(MONDAY - HOUR), hour(MONDAY + 26 * HOUR), hour(MONDAY + WEEK), hour(MONDAY + 2 * WEEK)];
        let weeks = weeks(&hours, MONDAY, MONDAY + 2 * WEEK);
        let heard = |week: usize| (0..OF_WEEK).filter(|hour| weeks[week][*hour].minutes != 0).collect::<Vec<_>>();
        assert_eq!((weeks.len(), heard(0), heard(1)), (2, vec![26], vec![0]));
    }
}
